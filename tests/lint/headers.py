"""Every public header compiles alone as C11, C++11 and C++20, with each compiler that is found."""

import os
import shutil
import subprocess
import sys

from tree import Finding, read_tree

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-fsyntax-only"]
MODES = [("c", "c11", ("gcc", "clang")), ("c++", "c++11", ("g++", "clang++")),
         ("c++", "c++20", ("g++", "clang++"))]
PUBLIC = "libsync/include/"


def compile_alone(root, path, mode, compiler):
    language, standard, _ = mode
    include = f"#include <{path[len(PUBLIC):]}>\n"
    done = subprocess.run([compiler, "-x", language, f"-std={standard}", *WARNINGS, "-I",
                           os.path.join(root, PUBLIC), "-"], input=include, text=True,
                          capture_output=True, check=False)
    return done.returncode == 0, done.stderr


def header(tree):
    for path in tree.paths(".h"):
        if not path.startswith(PUBLIC):
            continue
        for mode in MODES:
            for compiler in filter(shutil.which, mode[2]):
                fine, output = compile_alone(tree.root, path, mode, compiler)
                if not fine:
                    first = output.strip().split("\n")[0]
                    yield Finding(path, 1, "header", f"alone as {mode[1]} with {compiler}: {first}")


def main():
    found = list(header(read_tree(sys.argv[1])))
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
