"""The first example of python/README.md runs as it stands."""

import contextlib
import io
import os
import pathlib
import re
import tempfile
import unittest

README = pathlib.Path(__file__).parents[2] / "python" / "README.md"


class Readme(unittest.TestCase):
    def test_the_example_runs_and_prints_what_it_says(self):
        example = re.search(r"```python\n(.*?)```", README.read_text(), re.S).group(1)
        expected = re.search(r"print\(.*?# (.*)", example).group(1)
        here = os.getcwd()
        out = io.StringIO()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                with contextlib.redirect_stdout(out):
                    exec(compile(example, str(README), "exec"), {})
            finally:
                os.chdir(here)
        self.assertEqual(out.getvalue().strip(), expected)


if __name__ == "__main__":
    unittest.main()
