"""What the text of a file looks like: white space, comments, names, and what pure code may call."""

import os
import re

from tree import Finding

COLUMNS = 100
GRAB_BAGS = {"util", "utils", "utility", "common", "misc", "helper", "helpers", "internal",
             "types", "stuff", "shared"}
EMPTY_COMMENT = re.compile(r"/\*[\s*]*\*/|//[ \t]*$", re.M)
BANNER = re.compile(r"/\*[ \t]*[*=~#-]{3,}|//[ \t]*[*=~#/-]{3,}|[*=~#-]{4,}[ \t]*\*/")

# Code that must be a function of (state, input, now): effects come in through the ports.
PURE = ("libsync/base/", "libsync/codec/", "libsync/model/", "libsync/rounds/", "transport/wan/")
EFFECT = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|rand|srand|time|clock_gettime|gettimeofday|"
                    r"getenv|fopen|socket|getrandom|usleep|nanosleep)\s*\(")
EFFECT_HOME = ("libsync/base/memory.c",)
# Integers decide here.
INTEGER = ("transport/wan/", "libsync/codec/", "sim-link/")
# These only report.
REPORTS = ("sim-link/check/", "sim-link/cli/")
FLOAT = re.compile(r"\b(float|double)\b")
# error_set_errno() goes on with " failed: " and the reason.
FAILS_TWICE = re.compile(r'\berror_set_errno\([^;]*?"(cannot|could not|failed)\b')


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def space(tree):
    for path in tree.paths(".c", ".h", ".py", ".sh", ".cmake", "CMakeLists.txt"):
        text = tree.texts[path]
        if text and not text.endswith("\n"):
            yield Finding(path, text.count("\n") + 1, "space", "end the last line")
        for number, line in enumerate(tree.lines(path), 1):
            if line != line.rstrip():
                yield Finding(path, number, "space", "remove the white space at the end")
            if path.endswith((".c", ".h")) and "\t" in line:
                yield Finding(path, number, "space", "indent with spaces")
            if path.endswith((".c", ".h")) and len(line) > COLUMNS:
                yield Finding(path, number, "space", f"break it before column {COLUMNS}")


def comment(tree):
    for path in tree.sources():
        text = tree.texts[path]
        for match in EMPTY_COMMENT.finditer(text):
            yield Finding(path, line_of(text, match.start()), "comment",
                          "say why, or delete the empty comment")
        for line in sorted({line_of(text, match.start()) for match in BANNER.finditer(text)}):
            yield Finding(path, line, "comment",
                          "delete the decoration; a file is one noun")


def name(tree):
    for path in tree.paths():
        stem = os.path.basename(path).split(".")[0]
        for word in path.split("/")[:-1] + re.split(r"[_-]", stem):
            if word.lower() in GRAB_BAGS:
                yield Finding(path, 1, "name", f'"{word}" names a grab-bag; name it after the '
                              "noun it holds")


def effect(tree):
    for path in tree.sources():
        if path.startswith(PURE) and path not in EFFECT_HOME:
            code = tree.code(path)
            for match in EFFECT.finditer(code):
                yield Finding(path, line_of(code, match.start()), "effect",
                              f"{match.group(1)}() does not belong here; hand its result in")


def floats(tree):
    for path in tree.sources():
        if path.startswith(INTEGER) and not path.startswith(REPORTS):
            code = tree.code(path)
            for match in FLOAT.finditer(code):
                yield Finding(path, line_of(code, match.start()), "float",
                              "only integers decide here: the same bits on every CPU")


def doing(tree):
    for path in tree.paths(".c"):
        for match in FAILS_TWICE.finditer(tree.texts[path]):
            yield Finding(path, line_of(tree.texts[path], match.start()), "doing",
                          'say what was being done, such as "opening the file"')
