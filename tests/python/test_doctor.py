import os
import tempfile
import unittest

import satsync


class Doctor(unittest.TestCase):
    def test_it_finds_what_every_machine_has(self):
        found = {finding.subject: finding for finding in satsync.doctor()}
        self.assertIn("io_uring", found)
        self.assertIn(str(len(os.sched_getaffinity(0))), found["cores"].found)

    def test_the_file_system_of_a_folder_is_asked(self):
        with tempfile.TemporaryDirectory() as folder:
            found = {finding.subject: finding for finding in satsync.doctor(folder)}
        self.assertIn(folder, found["o_direct"].found)

    def test_a_folder_that_is_none_is_an_error(self):
        with self.assertRaisesRegex(satsync.UsageError, "/nowhere"):
            satsync.doctor("/nowhere/at/all")


if __name__ == "__main__":
    unittest.main()
