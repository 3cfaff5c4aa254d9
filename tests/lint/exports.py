"""exports.py LIBRARY LIST: the shared library exports exactly the listed symbols, all satsync_*."""

import subprocess
import sys

PREFIX = "satsync_"


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    # A version node is listed as an absolute symbol.
    return {line.split()[2].split("@")[0] for line in lines if line.split()[1] != "A"}


def compare(symbols, listed, library, list_path):
    for symbol in sorted(symbols):
        if not symbol.startswith(PREFIX):
            yield f"{library}:0: exports: hide {symbol}, it does not begin with {PREFIX}"
        elif symbol not in listed:
            yield f"{list_path}:0: exports: add {symbol}, or hide it"
    for symbol in sorted(listed - symbols):
        yield f"{list_path}:0: exports: {symbol} is listed but not exported; write it or strike it"


def main():
    library, list_path = sys.argv[1:3]
    with open(list_path, encoding="utf-8") as file:
        listed = set(file.read().split())
    found = list(compare(exported(library), listed, library, list_path))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
