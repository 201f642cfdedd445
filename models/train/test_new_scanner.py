"""A simulated scanner: what it does to a film, whose films judge, and what is told of a tool that learns or refuses."""

import contextlib
import io
import pathlib
import stat
import sys
import tempfile
import unittest

import numpy as np
from PIL import Image

import new_scanner

# In the command line's place: the mean grey is the probability, the gate refuses what is nearly white, and what is
# learnt, from 20 films on, is a threshold between the darkest ill film and the brightest other one.
STAND_IN = """#!%s
import csv, pathlib, sys
import numpy as np
from PIL import Image
grey = lambda path: float(np.asarray(Image.open(path)).mean()) / 255
after = lambda word: sys.argv[sys.argv.index(word) + 1]
if sys.argv[1] == "learn":
    rows = list(csv.DictReader(open(after("--labels"))))
    if len(rows) < 20:
        sys.exit(4)
    of = lambda ill: [grey(pathlib.Path(after("--folder")) / r["path"]) for r in rows if (r["labels"] != "normal") == ill]
    pathlib.Path(after("--out")).write_text(str((max(of(False)) + min(of(True))) / 2))
else:
    threshold = float(open(after("--profile")).read()) if "--profile" in sys.argv else 0.5
    print("file,p_normal,p_bacterial_pneumonia,p_viral_pneumonia,p_pneumonia,threshold")
    for path in sys.argv:
        if path.endswith((".png", ".jpg")):
            p = grey(path)
            print(path + (f",{1 - p},{p},0,{p},{threshold}" if p < 0.95 else ",,,,,"))
""" % sys.executable


class Scanner(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.pleura = self.folder / "pleura"
        self.pleura.write_text(STAND_IN, encoding="utf-8")
        self.pleura.chmod(stat.S_IRWXU)

    def test_blur_and_window(self):
        film = np.zeros((600, 900), np.uint8)
        film[:, 450:] = 153
        found = np.asarray(new_scanner.scan(Image.fromarray(film), 3, (0.3, 0.5)))
        self.assertEqual(found.shape, (512, 768))
        self.assertEqual((found[:, :300].max(), found[:, 500:].min()), (0, 255))  # cut on both sides
        edge = found[256, 300:500].astype(int)
        self.assertTrue((np.diff(edge) >= 0).all() and len(np.unique(edge)) > 4)

    def test_children_stand_on_one_side(self):
        rows = [{"path": str(film), "patient": str(film // 3)} for film in range(60)]
        site, others = new_scanner.draw(rows, 1, 20)
        self.assertEqual(len(site), 20)
        self.assertFalse({row["patient"] for row in site} & {row["patient"] for row in others})
        self.assertEqual(len(others), 39)  # the film of the last child that is in neither
        self.assertNotEqual(site, new_scanner.draw(rows, 2, 20)[0])

    def films(self, count):
        """Ill ones of 0.6 and others of 0.4; on the scanner 0.3 darker; the last one white there."""
        rows, were = [], {}
        for film in range(count):
            ill = film % 2
            path = f"{film}.jpg"
            rows.append({"path": path, "patient": str(film), "label": "bacterial_pneumonia" if ill else "normal"})
            grey = 255 if film == count - 1 else 76 * ill + 26
            Image.fromarray(np.full((4, 4), grey, np.uint8)).save(self.folder / f"{film}.png")
            were[path] = {"p_normal": 0.6 - 0.2 * ill, "p_bacterial_pneumonia": 0.4 + 0.2 * ill, "p_viral_pneumonia": 0.0,
                          "p_pneumonia": 0.4 + 0.2 * ill, "threshold": 0.5}
        return rows, were

    def test_a_threshold_that_is_off_is_recovered(self):
        rows, were = self.films(150)
        passed, found, refused = new_scanner.measure(self.pleura, rows, self.folder, were, 1)
        self.assertEqual((passed, refused), (149, 0))
        self.assertEqual([found[0][state]["balanced accuracy"] for state in ("was", "lost", "calibrate", "adapt")],
                         [1, 0.5, 1, 1])
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            new_scanner.tell(found)
        self.assertIn("calibrate  1.000 (1.000 to 1.000), gained +0.500 (+0.500 to +0.500), recovered 100%", told.getvalue())
        self.assertIn("AUC: was 1.000 (1.000 to 1.000), lost 1.000", told.getvalue())
        self.assertIn("recovered -", told.getvalue())  # of the AUC, where nothing was lost

    def test_a_refusal_recovers_nothing(self):
        rows, were = self.films(40)
        most, new_scanner.LABELLED = new_scanner.LABELLED, 12
        self.addCleanup(setattr, new_scanner, "LABELLED", most)
        _, found, refused = new_scanner.measure(self.pleura, rows, self.folder, were, 1)
        self.assertEqual(refused, 2)
        self.assertEqual(found[0]["adapt"], found[0]["lost"])


if __name__ == "__main__":
    unittest.main()
