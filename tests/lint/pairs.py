"""What must come in pairs: a source and its test, a fuzz target and its corpus."""

import os

from tree import Finding

UNTESTED = ("tests/", "examples/", "bench/")


def test_of(path):
    return os.path.join("tests", os.path.dirname(path), "test_" + os.path.basename(path))


def tests_of(path):
    """The test of its own name, or of the noun that it is a part of: save_commit.c is of save."""
    words = os.path.basename(path)[:-2].split("_")
    folder = os.path.dirname(path)
    for count in range(len(words), 0, -1):
        yield test_of(os.path.join(folder, "_".join(words[:count]) + ".c"))


def pair(tree):
    for path in tree.paths(".c"):
        stem = os.path.basename(path)
        if path.startswith(UNTESTED) or stem == "main.c" or "/" not in path:
            continue
        if not any(test in tree.texts for test in tests_of(path)):
            yield Finding(path, 1, "pair", f"write {test_of(path)}")


def fuzz(tree):
    targets = {os.path.basename(path)[:-2] for path in tree.paths(".c")
               if path.startswith("tests/fuzz/fuzz_")}
    corpora = {path.split("/")[3] for path in tree.paths()
               if path.startswith("tests/fuzz/corpus/") and path.count("/") >= 4}
    for target in sorted(targets - corpora):
        yield Finding(f"tests/fuzz/{target}.c", 1, "fuzz",
                      f"put seed files into tests/fuzz/corpus/{target}/")
    for corpus in sorted(corpora - targets):
        yield Finding(f"tests/fuzz/corpus/{corpus}", 1, "fuzz",
                      f"write tests/fuzz/{corpus}.c or delete the corpus")
