"""collisions.py ARCHIVE LIBRARY...: no name of ours is one that a library we link exports.

The linker would quietly take ours for theirs: in the static archive, in the tests, and inside
libsatsync itself."""

import subprocess
import sys


def names(path, *options):
    lines = subprocess.run(["nm", "--defined-only", *options, path], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    rows = [line.split() for line in lines]
    return {row[2].split("@")[0] for row in rows if len(row) == 3 and row[1] in "TDBRVW"}


def collisions(ours, theirs, library):
    for name in sorted(ours & theirs):
        yield f"{library}:0: collision: it exports {name} as well; rename ours"


def main():
    ours = names(sys.argv[1])
    found = [line for library in sys.argv[2:] if ".so" in library
             for line in collisions(ours, names(library, "-D"), library)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
