"""The files that are looked at, and what is found in them."""

import os
import re
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str
    subject: str = ""  # the function it is about, for the exception list

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class Tree:
    """Texts by path, relative to the root. Self-tests build one from a dict."""

    def __init__(self, texts, root=None):
        self.texts = texts
        self.root = root
        self.stripped = {}

    def paths(self, *endings):
        return sorted(path for path in self.texts if not endings or path.endswith(endings))

    def sources(self):
        return self.paths(".c", ".h")

    def lines(self, path):
        return self.texts[path].split("\n")

    def code(self, path):
        """The text without comments, string contents and preprocessor lines; lines stay in place."""
        if path not in self.stripped:
            self.stripped[path] = strip(self.texts[path])
        return self.stripped[path]


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def blank(match):
    text = match.group(0)
    if text[0] in "\"'":
        return text[0] * 2
    return "\n" * text.count("\n")


def without_comments(text):
    """Comments become blank; strings stay."""
    return TOKEN.sub(lambda m: m.group(0) if m.group(0)[0] in "\"'" else blank(m), text)


def strip(text):
    return DIRECTIVE.sub(lambda m: "\n" * m.group(0).count("\n"), TOKEN.sub(blank, text))


def tracked(root):
    """What git tracks under root, or None outside of a work tree."""
    try:
        top = subprocess.run(["git", "-C", root, "rev-parse", "--show-toplevel"],
                             capture_output=True, text=True, check=True).stdout.strip()
        if not os.path.samefile(top, root):
            return None
        listed = subprocess.run(["git", "-C", root, "ls-files", "-z"],
                                capture_output=True, text=True, check=True).stdout
        return [path for path in listed.split("\0") if path]
    except (OSError, subprocess.CalledProcessError):
        return None


def walked(root):
    """A source archive has no git: everything but build folders and dot folders."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders
                      if not name.startswith((".", "build")) and name != "__pycache__"]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    return found


def read_tree(root):
    paths = tracked(root)
    texts = {}
    for path in walked(root) if paths is None else paths:
        try:
            with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
                texts[path] = file.read()
        except UnicodeDecodeError:
            texts[path] = ""  # binary, such as a fuzz corpus: only its name counts
        except OSError:
            continue  # deleted but not yet committed
    return Tree(texts, root)
