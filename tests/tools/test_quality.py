# SPDX-License-Identifier: Apache-2.0
"""The quality benchmark's rows and tables: the parts that need no network and no packages."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench" / "quality"))
import rows  # noqa: E402
import table  # noqa: E402

SCORES = {"ordinary": {"Lite0": [98, 100], "Lite1": [60.4, 80]}, "whole": {"Lite0": [96, 100]},
          "classes": 50, "jpeg": 83.9, "shift": 97, "resize": 100.2, "logit": 44.84, "photos": 3.25}


class Rows(unittest.TestCase):
    def test_classes(self):
        self.assertEqual(len(rows.CLASSES), 50)
        self.assertEqual(rows.CLASSES[:3] + rows.CLASSES[-1:], [7, 27, 47, 987])

    def test_each_row_costs_what_it_says(self):
        for row in rows.ROWS:
            words = dict(zip(row.options.split()[::2], row.options.split()[1::2]))
            each = rows_evaluations(words, row)
            self.assertEqual(row.evaluations, each, row.name)
            if not row.peer:
                self.assertLessEqual(abs(each - rows.EVALUATIONS), 2, row.name)

    def test_names_are_unique(self):
        self.assertEqual(len(rows.BY_NAME), len(rows.ROWS))

    def test_class_of_a_file(self):
        self.assertEqual(rows.class_of("a/class_8_hen.png"), 8)
        self.assertEqual(rows.class_of("class_987.png"), 987)
        for name in ("class_8_hen.jpg", "montage.jpg", "class_hen.png"):
            self.assertIsNone(rows.class_of(name))

    def test_pictures_of_a_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("class_27_eft.png", "class_7_cock.png", "row.json"):
                (Path(folder) / name).touch()
            self.assertEqual(list(rows.pictures(folder)), [7, 27])

    def test_command_names_all_classes(self):
        command = rows.command_of(rows.BY_NAME["lucid"])
        self.assertIn("class:7,27,47", command)
        self.assertIn("--recipe lucid --size 224 --steps 256", command)


def rows_evaluations(words, row):
    """What a row's options add up to."""
    crops = 6 if row.peer == "horama" else 1
    count = int(words["--steps"]) * crops
    return count * int(words.get("--copies", 1)) * int(words.get("--levels", 1))


class Tables(unittest.TestCase):
    def test_recognition(self):
        text = table.recognition([(rows.BY_NAME["fovea"], SCORES, 6.04)], ["Lite0", "Lite1"], None)
        self.assertEqual(text.split("\n")[2],
                         "| `fovea` | 256 | 98/100 | 60/80 | 96/100 | – | 6.0 |")

    def test_few_classes_are_said(self):
        row = rows.BY_NAME["lucent-program-512"]
        self.assertIn("(first 10 classes)", table.title(row, {"classes": 10}))
        self.assertEqual(table.title(row, {"classes": 50}), row.title)

    def test_activation_without_photos(self):
        scores = {k: v for k, v in SCORES.items() if k != "photos"}
        text = table.activation([(rows.BY_NAME["lucid"], scores, None)])
        self.assertEqual(text.split("\n")[2], "| `lucid` | 44.8 | – | 84 % | 97 % | 100 % |")

    def test_tables_are_replaced_and_nothing_else(self):
        text = f"before\n{table.START}old\n{table.END}\nafter\n"
        self.assertEqual(table.replace_between(text, "new\n"),
                         f"before\n{table.START}new\n{table.END}\nafter\n")
        with self.assertRaises(ValueError):
            table.replace_between("no marks", "new\n")


if __name__ == "__main__":
    unittest.main()
