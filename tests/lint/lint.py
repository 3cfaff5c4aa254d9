"""lint.py ROOT: the house rules that a machine can check. One line per finding:
path:line: rule: what to do. tests/lint/exceptions.txt excuses single ones, with a reason."""

import fnmatch
import sys

import arrows
import pairs
import sizes
import texts
from tree import Finding, read_tree

RULES = (arrows.arrow, arrows.fence, arrows.cycle, sizes.file_size, sizes.function_size,
         sizes.parameters, texts.space, texts.comment, texts.name, texts.effect, texts.floats,
         texts.doing, pairs.pair, pairs.fuzz)
EXCEPTIONS = "tests/lint/exceptions.txt"


def findings(tree):
    return [finding for rule in RULES for finding in rule(tree)]


def excuses(finding, rule, place):
    path, _, function = place.partition(":")
    return (rule == finding.rule and fnmatch.fnmatchcase(finding.path, path)
            and function in ("", finding.subject))


def without_exceptions(tree, found):
    """What no line of the exception list excuses, and the lines that excuse nothing."""
    left = list(found)
    for number, line in enumerate(tree.texts.get(EXCEPTIONS, "").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split(None, 2)
        if len(words) < 3:
            left.append(Finding(EXCEPTIONS, number, "exception",
                                "write: RULE PATH[:FUNCTION] REASON"))
        elif not any(excuses(finding, *words[:2]) for finding in found):
            left.append(Finding(EXCEPTIONS, number, "exception", "delete it: it excuses nothing"))
        else:
            left = [finding for finding in left if not excuses(finding, *words[:2])]
    return left


def main():
    tree = read_tree(sys.argv[1])
    found = without_exceptions(tree, findings(tree))
    for finding in found:
        print(finding)
    print(f"{len(tree.texts)} files, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
