"""Each rule is fed what it must refuse, and beside it what it must accept."""

import unittest

import collisions
import exports
import headers
import lint
from tree import Tree

BIG = "int f(void) {\n" + "    g();\n" * 69 + "}\n"
FITS = "int f(void) {\n" + "    g();\n" * 68 + "}\n"
BASE = {"libsync/base/bytes.h": "", "libsync/port/disk.h": "", "transport/udp/udp.h": "",
        "libsync/include/satsync/store.h": ""}

# Rule, path, text that is refused, text that is accepted.
CASES = [
    ("arrow", "libsync/base/x.h", '#include "port/disk.h"\n', '#include "base/bytes.h"\n'),
    ("arrow", "libsync/base/x.h", "#include <satsync/store.h>\n", "#include <satsync/status.h>\n"),
    ("arrow", "libsync/port/x.h", '#include "transport/udp/udp.h"\n', '#include "base/bytes.h"\n'),
    ("arrow", "libsync/engine/x.h", '#include "satsync/store.h"\n', "#include <satsync/store.h>\n"),
    ("arrow", "transport/wan/x.h", '  #  include "transport/udp/udp.h"\n',
     '/*\n#include "transport/udp/udp.h"\n*/\n'),
    ("arrow", "transport/wan/x.h", '#include "base/gone.h"\n', '#include "base/bytes.h"\n'),
    ("arrow", "examples/x.h", '#include "base/bytes.h"\n', "#include <satsync/store.h>\n"),
    ("arrow", "ckpt/cli/x.h", "#include <satsync/sim.h>\n", "#include <satsync/site.h>\n"),
    ("fence", "libsync/codec/planes.h", "#include <sodium.h>\n", "#include <string.h>\n"),
    ("fence", "transport/link/x.h", "#include <ucp/api/ucp.h>\n", "#include <sys/uio.h>\n"),
    ("fence", "libsync/base/x.h", "#include <glib.h>\n", "#include <stdio.h>\n"),
    ("file-size", "libsync/base/x.h", "int a;\n" * 501, "int a;\n" * 500),
    ("function-size", "bench/x.c", BIG, FITS),
    ("function-size", "bench/x.c", "struct a *f(int b,\n" + " " * 12 + "int c) {\n" + BIG[15:],
     "static const int a[] = {\n" + "    1,\n" * 80 + "};\n"),
    ("parameters", "bench/x.c", "int f(int a, int b, int c, int d, int e, int (*g)(int)) {\n}\n",
     "int f(int a, int b, int c, int d, int (*g)(int, int), ...) {\n}\n"),
    ("parameters", "bench/x.c",
     "int f(int a, int b, int c, int d, int e, int g, struct satsync_error *error) {\n}\n",
     "int f(int a, int b, int c, int d, int e, struct satsync_error *error) {\n}\n"),
    ("space", "bench/x.c", "int a; \n", "int a;\n"),
    ("space", "bench/x.c", "\tint a;\n", "    int a;\n"),
    ("space", "bench/x.c", "int a;", "int a;\n"),
    ("space", "bench/x.c", "/* " + "a" * 95 + " */\n", "/* " + "a" * 94 + " */\n"),
    ("comment", "bench/x.c", "/* */\n", "/* why */\n"),
    ("comment", "bench/x.c", "//\n", "// why\n"),
    ("comment", "bench/x.c", "/* ---- parts ---- */\n", "/* parts -- of it */\n"),
    ("name", "bench/wan_utils.c", "int a;\n", None),
    ("name", "bench/common/x.c", "int a;\n", None),
    ("effect", "transport/wan/x.h", "int a = malloc(1);\n", "int a = port->malloc(1);\n"),
    ("float", "transport/wan/x.h", "double a;\n", '/* double */ char *a = "double";\n'),
    ("doing", "bench/x.c", 'int a = error_set_errno(e, errno, p, "cannot open");\n',
     'int a = error_set_errno(e, errno, p, "opening");\nchar *b = "cannot open";\n'),
    ("pair", "libsync/base/x.c", "int a;\n", None),
    ("fuzz", "tests/fuzz/fuzz_x.c", "int a;\n", None),
    ("fuzz", "tests/fuzz/corpus/fuzz_gone/a", "a", None),
]


def rules_of(texts):
    tree = Tree({**BASE, **texts})
    return {finding.rule for finding in lint.without_exceptions(tree, lint.findings(tree))}


class Rules(unittest.TestCase):
    def test_each_rule_refuses_and_accepts(self):
        for rule, path, refused, accepted in CASES:
            with self.subTest(rule=rule, path=path, text=refused[:60]):
                self.assertEqual(rules_of({path: refused}), {rule})
                if accepted is not None:
                    self.assertEqual(rules_of({path: accepted}), set())

    def test_every_rule_has_a_case(self):
        names = {rule.__name__.replace("_", "-").removesuffix("s") for rule in lint.RULES}
        covered = {rule.removesuffix("s") for rule, *_ in CASES} | {"cycle"}
        self.assertEqual(names, covered)

    def test_folders_that_include_each_other_are_a_cycle(self):
        self.assertIn("cycle", rules_of({"libsync/port/x.h": '#include "codec/y.h"\n',
                                         "libsync/codec/y.h": '#include "port/x.h"\n'}))

    def test_third_user_of_a_header_for_two_is_refused(self):
        threads = "#include <pthread.h>\n"
        two = {"libsync/engine/a.h": threads, "libsync/engine/b.h": threads}
        self.assertEqual(rules_of(two), set())
        self.assertEqual(rules_of({**two, "transport/link/c.h": threads}), {"fence"})

    def test_source_with_its_test_is_a_pair(self):
        self.assertEqual(rules_of({"libsync/base/x.c": "int a;\n",
                                   "tests/libsync/base/test_x.c": "int a;\n"}), set())

    def test_part_of_a_noun_is_tested_with_it(self):
        noun = {"libsync/base/x.c": "int a;\n", "tests/libsync/base/test_x.c": "int a;\n"}
        self.assertEqual(rules_of({**noun, "libsync/base/x_part.c": "int b;\n"}), set())
        self.assertEqual(rules_of({**noun, "libsync/base/xy.c": "int b;\n"}), {"pair"})

    def test_target_with_its_corpus_is_accepted(self):
        self.assertEqual(rules_of({"tests/fuzz/fuzz_x.c": "int a;\n",
                                   "tests/fuzz/corpus/fuzz_x/one": "a"}), set())


class Exceptions(unittest.TestCase):
    def rules_with(self, exceptions):
        return rules_of({"bench/x.c": BIG, lint.EXCEPTIONS: exceptions})

    def test_exception_excuses_its_finding(self):
        self.assertEqual(self.rules_with("function-size bench/x.c:f one table\n"), set())
        self.assertEqual(self.rules_with("function-size bench/*.c one table\n"), set())

    def test_unused_exception_is_an_error(self):
        self.assertEqual(self.rules_with("function-size bench/x.c:g a table\n"),
                         {"function-size", "exception"})

    def test_exception_without_reason_is_an_error(self):
        self.assertEqual(self.rules_with("function-size bench/x.c:f\n"),
                         {"function-size", "exception"})


class Exports(unittest.TestCase):
    def check(self, symbols, listed):
        return len(list(exports.compare(symbols, listed, "lib", "list")))

    def test_library_must_equal_its_list(self):
        self.assertEqual(self.check({"satsync_a"}, {"satsync_a"}), 0)
        self.assertEqual(self.check({"satsync_a", "ranges_add"}, {"satsync_a"}), 1)
        self.assertEqual(self.check({"satsync_a"}, set()), 1)
        self.assertEqual(self.check(set(), {"satsync_a"}), 1)


class Collisions(unittest.TestCase):
    def test_name_that_a_library_exports_is_refused(self):
        found = collisions.collisions({"json_string", "ring_push"}, {"json_string"}, "lib")
        self.assertEqual(len(list(found)), 1)


class Headers(unittest.TestCase):
    def test_header_that_needs_another_is_refused(self):
        import os
        import tempfile
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "libsync/include/satsync"))
            for text, refused in (("uint8_t a;\n", True), ("#include <stdint.h>\n", False)):
                path = "libsync/include/satsync/x.h"
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
                self.assertEqual(bool(list(headers.header(Tree({path: text}, root)))), refused)


if __name__ == "__main__":
    unittest.main()
