"""What must come in pairs: a source and its test, a fuzz target and its corpus."""

import os

from tree import Finding

UNTESTED = ("tests/", "examples/", "bench/")


def test_of(path):
    return os.path.join("tests", os.path.dirname(path), "test_" + os.path.basename(path))


def pair(tree):
    for path in tree.paths(".c"):
        stem = os.path.basename(path)
        if path.startswith(UNTESTED) or stem == "main.c" or "/" not in path:
            continue
        if test_of(path) not in tree.texts:
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
