"""layout.py COMPILER INCLUDE: every struct that Python declares is laid out as the headers say.

Asks the compiler for the size of each struct and for the place and size of each field. A struct that
starts with its size may have grown since: the library takes the shorter one.
"""

import inspect
import pathlib
import re
import subprocess
import sys
import tempfile

from satsync import abi


def c_name(struct):
    words = re.findall("[A-Z][a-z]*", struct.__name__)
    return "satsync_" + "_".join(words).lower()


def structs():
    return [value for value in vars(abi).values()
            if inspect.isclass(value) and issubclass(value, abi.Struct) and value is not abi.Struct]


def program():
    lines = ["#include <stdio.h>"]
    lines += [f"#include <satsync/{name}.h>" for name in ("doctor", "group", "patch", "ranks", "site")]
    lines += ["int main(void) {"]
    for struct in structs():
        name = c_name(struct)
        lines.append(f'    printf("{name} %zu\\n", sizeof(struct {name}));')
        for field, *_ in struct._fields_:
            lines.append(f'    printf("{name}.{field} %zu %zu\\n", '
                         f'offsetof(struct {name}, {field}), '
                         f'sizeof(((struct {name} *)0)->{field}));')
    return "\n".join(lines + ["    return 0;", "}", ""])


def facts_of_c(compiler, include):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "layout.c")
        source.write_text(program())
        binary = pathlib.Path(folder, "layout")
        subprocess.run([compiler, "-std=c11", f"-I{include}", source, "-o", binary], check=True)
        text = subprocess.run([binary], check=True, capture_output=True, text=True).stdout
    return {line.split()[0]: [int(word) for word in line.split()[1:]]
            for line in text.splitlines()}


def differences(facts):
    for struct in structs():
        name = c_name(struct)
        size = abi.ctypes.sizeof(struct)
        may_grow = struct._fields_[0][0] == "size"
        if size != facts[name][0] and not (may_grow and size < facts[name][0]):
            yield f"struct {name} has {facts[name][0]} bytes in C, {size} in Python"
        for field, *_ in struct._fields_:
            place = getattr(struct, field)
            if [place.offset, place.size] != facts[f"{name}.{field}"]:
                yield (f"{name}.{field} is at {facts[f'{name}.{field}']} (offset, bytes) in C, "
                       f"at {[place.offset, place.size]} in Python")


def status_differences(include):
    """The values of enum satsync_status, and the words of Dtype, as the headers write them."""
    text = pathlib.Path(include, "satsync", "status.h").read_text()
    values = {name: int(value)
              for name, value in re.findall(r"SATSYNC_(\w+) = (\d+)", text)
              if not name.startswith("CLASS_")}
    if values != {status.name: int(status) for status in abi.Status}:
        yield "enum satsync_status differs"
    from satsync import Dtype
    text = pathlib.Path(include, "satsync", "checkpoint.h").read_text()
    body = re.search(r"enum satsync_dtype \{(.*?)\};", text, re.S).group(1)
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    words = [word.removeprefix("SATSYNC_") for word in re.findall(r"SATSYNC_\w+", body)]
    if words != [dtype.name for dtype in Dtype]:
        yield f"enum satsync_dtype differs: {words}"


def undeclared(include):
    """Calls of the headers that Python does not know. Emulated links, options and names of values
    are for C programs."""
    left_out = {"satsync_option_", "satsync_status_", "satsync_dtype_", "satsync_sim_"}
    known = set(abi.FALLIBLE) | set(abi.PLAIN)
    for header in sorted(pathlib.Path(include, "satsync").glob("*.h")):
        for name in re.findall(r"^(?:SATSYNC_API )?[\w \*]*?\b(satsync_\w+)\(", header.read_text(),
                               re.M):
            if name not in known and not any(name.startswith(each) for each in left_out) \
                    and not name.endswith("_init"):
                yield f"{header.name}: {name} is not declared in python/satsync/abi.py"


def main():
    compiler, include = sys.argv[1:]
    found = [*differences(facts_of_c(compiler, include)), *status_differences(include),
             *undeclared(include)]
    for line in found:
        print(line)
    print(f"{len(structs())} structs, {len(abi.FALLIBLE) + len(abi.PLAIN)} calls, "
          f"{len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
