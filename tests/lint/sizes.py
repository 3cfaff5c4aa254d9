"""Sizes: files, functions, parameters. Relies on clang-format: only definitions start at column 0."""

import re

from tree import Finding

FILE_LINES = 500
FUNCTION_LINES = 70
PARAMETERS = 5

ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)|\b[A-Z][A-Z0-9_]+\s*\([^()]*\)")
ERROR_DETAIL = re.compile(r"struct satsync_error \*\w+$")
SIGNATURE = re.compile(r"\b([A-Za-z_]\w*)\s*\(")


def functions(tree, path):
    """(name, first line, last line, parameter count) of every function defined in the file."""
    head, first, current = "", 0, None
    for number, line in enumerate(tree.code(path).split("\n"), 1):
        if current:
            if line.startswith("}"):
                yield (*current, number)
                current, head = None, ""
            continue
        if not head and (not line or line[0] in " \t}{"):
            continue
        if not head:
            first = number
        head += " " + line.strip()
        if head.endswith("{"):
            found = signature(head)
            current = (*found, first) if found else None
            head = ""
        elif head.endswith((";", ":")):
            head = ""


def signature(head):
    head = ATTRIBUTE.sub(" ", head)
    match = SIGNATURE.search(head)
    if not match or "=" in head[:match.start()] or head.split()[0] in ("extern",):
        return None
    depth, count, at = 0, 1, match.end() - 1
    for at in range(match.end() - 1, len(head)):
        depth += {"(": 1, ")": -1}.get(head[at], 0)
        count += head[at] == "," and depth == 1
        if depth == 0:
            break
    inside = head[match.end():at].strip()
    if inside in ("void", ""):
        count = 0
    # Neither the rest of a format nor the error detail that fallible calls end with can be swapped.
    uncounted = inside.endswith("...") or ERROR_DETAIL.search(inside) is not None
    return match.group(1), count - uncounted


def file_size(tree):
    for path in tree.paths(".c", ".h", ".py", ".sh", ".cmake", "CMakeLists.txt"):
        lines = tree.texts[path].count("\n")
        if lines > FILE_LINES:
            yield Finding(path, lines, "file-size",
                          f"{lines} lines, at most {FILE_LINES}; split it by the nouns it holds")


def function_size(tree):
    for path in tree.sources():
        for name, _, first, last in functions(tree, path):
            lines = last - first + 1
            if lines > FUNCTION_LINES:
                yield Finding(path, first, "function-size",
                              f"{name} has {lines} lines, at most {FUNCTION_LINES}; "
                              "move its parts into functions of their own", name)


def parameters(tree):
    for path in tree.sources():
        for name, count, first, _ in functions(tree, path):
            if count > PARAMETERS:
                yield Finding(path, first, "parameters",
                              f"{name} takes {count}, at most {PARAMETERS}; make them a struct",
                              name)
