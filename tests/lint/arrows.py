"""Which folder may include which, where third-party headers may be named, and no cycles."""

import os
import re

from tree import Finding, without_comments

# Folder -> the folders it may include, besides itself and libsync/include.
ARROWS = {
    "libsync/include": (),
    "libsync/base": (),
    "libsync/port": ("libsync/base",),
    # codec implements port/parity.h.
    "libsync/codec": ("libsync/base", "libsync/port"),
    "libsync/model": ("libsync/base",),
    "libsync/collective": ("libsync/base", "libsync/port"),
    "libsync/rounds": ("libsync/base", "libsync/port", "libsync/codec", "libsync/model"),
    "libsync/engine": ("libsync/base", "libsync/port", "libsync/codec", "libsync/model"),
    "libsync/group": ("libsync/base", "libsync/port", "libsync/codec", "libsync/model",
                      "libsync/rounds", "libsync/collective", "libsync/engine"),
    "transport/wan": ("libsync/base", "libsync/port"),
    "transport/udp": ("libsync/base", "libsync/port"),
    "transport/ucx": ("libsync/base", "libsync/port"),
    "transport/rendezvous": ("libsync/base",),
    "transport/link": ("libsync/base", "libsync/port", "transport/wan", "transport/udp",
                       "transport/ucx"),
    "ckpt/store": ("libsync/base", "libsync/port", "libsync/model"),
    # It looks at what each of them would use.
    "ckpt/doctor": ("libsync/base", "libsync/port", "transport/udp", "transport/wan",
                    "transport/ucx", "transport/link", "ckpt/store"),
    "ckpt/cli": (),
    "sim-link": ("libsync/base", "libsync/port"),
    # What the emulation is held against: closed forms and measurements.
    "sim-link/check": ("libsync/base", "libsync/port", "sim-link"),
    # The program opens the relay's real sockets.
    "sim-link/cli": ("libsync/base", "libsync/port", "sim-link", "sim-link/check",
                     "transport/udp"),
    # It measures single parts, which <satsync/...> does not show: codecs by themselves, and links in
    # virtual time, where the engine's threads would make runs differ.
    "bench": ("libsync/base", "libsync/port", "libsync/codec", "libsync/collective",
              "libsync/rounds", "transport/wan", "transport/udp", "transport/ucx",
              "transport/link", "sim-link"),
    "bench/open_mpi": (),
    "examples": (),
}
ANYTHING = ("tests", "assembly.c")
# base stands below the public interface: only these two of it.
BASE_PUBLIC = ("satsync/status.h", "satsync/option.h")
# The simulator is a library of its own.
SIM_USERS = ("sim-link/", "bench/", "tests/", "assembly.c")

# Third-party header -> the only files (or folders, with a trailing /) that may include it.
FENCES = {
    "sodium.h": ("libsync/codec/seal.c", "transport/wan/noise.c", "transport/wan/keys.c"),
    # Optional at build time: SATSYNC_LIBCRYPTO.
    "openssl/": ("libsync/codec/seal_libcrypto.c",),
    "zstd.h": ("libsync/codec/entropy.c",),
    "zstd_errors.h": ("libsync/codec/entropy.c",),
    "xxhash.h": ("libsync/codec/checksum.c",),
    "liburing.h": ("ckpt/store/disk_uring.c", "transport/udp/udp_uring.c"),
    "isa-l.h": ("libsync/codec/parity.c",),
    "isa-l/": ("libsync/codec/parity.c",),
    "ucp/": ("transport/ucx/",),
    "ucs/": ("transport/ucx/",),
    "uct/": ("transport/ucx/",),
    "mpi.h": ("bench/open_mpi/",),
    "raft.h": ("libsync/rounds/agreement_wire.h",),
    "jansson.h": ("libsync/model/json_tree.c", "ckpt/cli/", "bench/", "examples/"),
    "pthread.h": ("libsync/engine/", "transport/link/"),
    "cmocka.h": ("tests/",),
    "immintrin.h": ("libsync/codec/",),
    "arm_neon.h": ("libsync/codec/",),
}
# A fenced folder may name the header in so many files only.
AT_MOST = {"pthread.h": 2}

LIBC = set("""aio alloca assert complex ctype dirent dlfcn endian errno fcntl fenv float fnmatch
ftw getopt glob grp ifaddrs inttypes iso646 langinfo libgen limits locale malloc math mntent
netdb poll pwd regex sched semaphore setjmp signal spawn stdalign stdarg stdatomic stdbool stddef
stdint stdio stdlib stdnoreturn string strings syslog sysexits termios tgmath threads time uchar
unistd utime wchar wctype""".split())
LIBC_FOLDERS = ("arpa/", "asm/", "linux/", "net/", "netinet/", "sys/")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def folder_of(path):
    for folder in sorted(ARROWS, key=len, reverse=True):
        if path.startswith(folder + "/"):
            return folder
    return path.split("/")[0]


def includes(tree, path):
    text = without_comments(tree.texts[path])
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1) == '"', match.group(2)


def resolve(tree, path, name):
    """The tree's file that a quoted include means, as the compiler would look for it."""
    for place in (os.path.dirname(path), "libsync", "", "tests", "libsync/include"):
        candidate = os.path.normpath(os.path.join(place, name))
        if candidate in tree.texts:
            return candidate
    return None


def fence_of(name):
    for fence in FENCES:
        if name == fence or (fence.endswith("/") and name.startswith(fence)):
            return fence
    return None


def is_libc(name):
    return name.removesuffix(".h") in LIBC or name.startswith(LIBC_FOLDERS)


def quoted(tree, path, line, name):
    target = resolve(tree, path, name)
    if target is None:
        yield Finding(path, line, "arrow", f'"{name}" is no file of this tree; use <> for others')
        return
    source, to = folder_of(path), folder_of(target)
    if source == to or source in ANYTHING or path in ANYTHING:
        return
    if to == "libsync/include":
        yield Finding(path, line, "arrow", f'include the public header as <{name}>')
    elif to not in ARROWS.get(source, ()):
        allowed = ", ".join(ARROWS.get(source, ())) or "only <satsync/...>"
        yield Finding(path, line, "arrow", f"{source} may not include {to}; it may: {allowed}")


def public(path, line, name):
    if folder_of(path) == "libsync/base" and name not in BASE_PUBLIC:
        yield Finding(path, line, "arrow", "base may include only " + " and ".join(BASE_PUBLIC))
    if name == "satsync/sim.h" and not path.startswith(SIM_USERS):
        yield Finding(path, line, "arrow", "only sim-link, bench and tests may use the simulator")


def arrow(tree):
    for path in tree.sources():
        for line, is_quoted, name in includes(tree, path):
            if is_quoted:
                yield from quoted(tree, path, line, name)
            elif name.startswith("satsync/"):
                yield from public(path, line, name)


def fence(tree):
    users = {}
    for path in tree.sources():
        if path.startswith("tests/"):
            continue
        for line, is_quoted, name in includes(tree, path):
            if is_quoted or name.startswith("satsync/") or is_libc(name):
                continue
            known = fence_of(name)
            if known is None:
                yield Finding(path, line, "fence",
                              f"<{name}> is not known; name its place in tests/lint/arrows.py")
            elif not any(path == place or (place.endswith("/") and path.startswith(place))
                         for place in FENCES[known]):
                yield Finding(path, line, "fence",
                              f"<{name}> may be included only by {', '.join(FENCES[known])}")
            elif known in AT_MOST:
                users.setdefault(known, []).append((path, line))
    for name, places in users.items():
        for path, line in places[AT_MOST[name]:]:
            yield Finding(path, line, "fence",
                          f"<{name}> is in {AT_MOST[name]} files already: {places[0][0]} ...")


def cycle(tree):
    graph = {}
    for path in tree.sources():
        if folder_of(path) in ANYTHING or path in ANYTHING:
            continue
        for line, is_quoted, name in includes(tree, path):
            target = resolve(tree, path, name) if is_quoted else None
            if target and folder_of(target) != folder_of(path):
                graph.setdefault(folder_of(path), {})[folder_of(target)] = (path, line)
    for start in sorted(graph):
        trail = find_way(graph, start, start, [start])
        if trail and start == min(trail):
            path, line = graph[start][trail[1]]
            yield Finding(path, line, "cycle", "folders include each other: " + " -> ".join(trail))


def find_way(graph, at, goal, trail):
    for target in graph.get(at, ()):
        if target == goal:
            return trail + [goal]
        if target not in trail:
            way = find_way(graph, target, goal, trail + [target])
            if way:
                return way
    return None
