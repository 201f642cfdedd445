"""No child on two sides of a split, and the index read as it is meant."""

import collections
import pathlib
import tempfile
import unittest

import numpy as np
from PIL import Image

import data


def row(patient, kind, copy="", number=0):
    return {"path": f"{patient}_{kind}_{number}.jpg", "patient_id": patient, "class": kind,
            "dup_group": copy}


def archive(seed=0, size=1500):
    """An invented archive with repeated patients, shared person numbers and copies."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(size):
        kind = int(rng.choice(3, p=[0.26, 0.48, 0.26]))
        person = int(rng.integers(0, size // 2))
        name = ("IM-%04d", "person%d_bacteria", "person%d_virus")[kind] % person
        copy = f"copy{rng.integers(0, 20)}" if rng.random() < 0.03 else ""
        rows.append(row(name, kind, copy, number))
    return rows


class Split(unittest.TestCase):
    def test_no_patient_person_or_copy_on_two_sides(self):
        for seed in range(3):
            rows = archive(seed)
            parts = data.split(rows, seed)
            seen = collections.defaultdict(set)
            for entry, part in zip(rows, parts):
                seen[data.person(entry["patient_id"])].add(part)
                if entry["dup_group"]:
                    seen[entry["dup_group"]].add(part)
            self.assertTrue(all(len(sides) == 1 for sides in seen.values()))

    def test_shares_and_classes(self):
        rows = archive()
        parts = np.array(data.split(rows))
        kinds = np.array([entry["class"] for entry in rows])
        for part, share in data.SHARES.items():
            for kind in range(3):
                self.assertAlmostEqual(
                    float((parts[kinds == kind] == part).mean()), share, delta=0.03)

    def test_folds_share_out_all_films_and_no_child(self):
        rows = archive()
        fold = data.folds(rows, 1)
        self.assertEqual(sorted(set(fold)), [0, 1, 2, 3, 4])
        groups, kinds = np.array(data.group(rows)), np.array([entry["class"] for entry in rows])
        for key in np.unique(groups):
            self.assertEqual(len(set(fold[groups == key])), 1)
        for kind in range(3):
            shares = np.bincount(fold[kinds == kind], minlength=5) / (kinds == kind).sum()
            np.testing.assert_allclose(shares, 0.2, atol=0.03)

    def test_repeatable(self):
        rows = archive()
        self.assertEqual(data.split(rows, 3), data.split(rows, 3))
        self.assertNotEqual(data.split(rows, 3), data.split(rows, 4))

    def test_person_number_joins_diagnoses(self):
        groups = data.group([row("person7_bacteria", 1), row("person7_virus", 2),
                             row("person8_virus", 2), row("IM-0007", 0)])
        self.assertEqual(groups[0], groups[1])
        self.assertEqual(len(set(groups)), 3)

    def test_copies_chain(self):
        groups = data.group([row("IM-1", 0, "a"), row("IM-2", 0, "a"), row("IM-2", 0, "b"),
                             row("IM-3", 0, "b")])
        self.assertEqual(len(set(groups)), 1)


class Index(unittest.TestCase):
    def test_reads_only_our_source_and_caches_pixels(self):
        with tempfile.TemporaryDirectory() as folder:
            chest = pathlib.Path(folder) / "chest"
            chest.mkdir()
            (chest / "index.csv").write_text(
                "path,source,labels,patient_id,dup_group\n"
                "b.png,kermany,pneumonia;viral_pneumonia,person1_virus,\n"
                "a.png,kermany,normal,IM-1,\n"
                "c.png,tb_pakistan,normal,x,\n", encoding="utf-8")
            Image.fromarray(np.full((3, 5), 7, np.uint8)).save(chest / "a.png")
            Image.fromarray(np.full((4, 2), 9, np.uint8)).save(chest / "b.png")
            rows = data.read_index(folder)
            self.assertEqual([entry["class"] for entry in rows], [0, 2])
            for films in (data.Films(folder, rows), data.Films(folder, rows, chest / "cache"),
                          data.Films(folder, rows, chest / "cache")):
                self.assertEqual((films[0].shape, films[1].shape), ((3, 5), (4, 2)))
                self.assertEqual((films[0][0, 0], films[1][3, 1]), (7, 9))
                for _ in range(2):      # the second time from the cache, where there is one
                    squares, aspect = films.squares(8)
                    self.assertEqual((squares.shape, squares.dtype), ((2, 8, 8), np.uint8))
                    self.assertEqual((squares[0] == 7).all() and (squares[1] == 9).all(), True)
                    np.testing.assert_allclose(aspect, [5 / 3, 0.5])


if __name__ == "__main__":
    unittest.main()
