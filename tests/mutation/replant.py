"""replant.py [--only WORD]... [FOLDER]: plants each fault of faults.py and asks its test."""

import argparse
import os
import shutil
import subprocess
import sys

from faults import FAULTS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def copy_tree(to):
    """The files that git knows, as they are now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and os.path.isfile(os.path.join(ROOT, name)):
            target = os.path.join(to, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, name), target)


def passes(build, test):
    """Whether the test builds and passes; a hang counts as noticed."""
    made = subprocess.run(["ninja", "-C", build, test], capture_output=True, text=True,
                          check=False)
    if made.returncode != 0:
        sys.exit(f"{test} does not build:\n{made.stdout[-2000:]}")
    try:
        return subprocess.run([os.path.join(build, "tests", test)], capture_output=True,
                              check=False, timeout=300).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def plant(tree, fault):
    _, path, old, new, _ = fault
    name = os.path.join(tree, path)
    with open(name, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        sys.exit(f"{path} holds this {text.count(old)} times, not once; mend faults.py:\n{old}")
    with open(name, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))
    return name, text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("folder", nargs="?", default="build-mutation")
    args = parser.parse_args()
    tree = os.path.join(args.folder, "tree")
    build = os.path.join(args.folder, "build")
    shutil.rmtree(tree, ignore_errors=True)
    copy_tree(tree)
    subprocess.run(["cmake", "-S", tree, "-B", build, "-G", "Ninja"], check=True,
                   stdout=subprocess.DEVNULL)
    chosen = [fault for fault in FAULTS
              if not args.only or any(word in fault[0] for word in args.only)]
    for test in sorted({fault[4] for fault in chosen}):
        if not passes(build, test):
            sys.exit(f"{test} fails without any fault")
    missed = 0
    for fault in chosen:
        name, text = plant(tree, fault)
        noticed = not passes(build, fault[4])
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
        missed += not noticed
        print(f"{'noticed' if noticed else 'MISSED':8}{fault[0]:28}{fault[4]}", flush=True)
    print(f"{len(chosen)} faults, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
