"""Answers of the core: asked of files that are there, in order, of a model that judges nothing; and what is made of them."""

import pathlib
import stat
import sys
import tempfile
import unittest

import numpy as np
import onnx
from PIL import Image

import evaluate
import export
import metrics
from engine import Engine
from interventions import INTERVENTIONS
from net import CLASSES
from test_train import small

# In the command line's place: a film's mean grey decides, and what the model file says is left behind.
STAND_IN = """#!%s
import json, pathlib, shutil, sys
import numpy as np
from PIL import Image
model = sys.argv[sys.argv.index("--model") + 1]
shutil.copy(model, pathlib.Path(sys.argv[0]).parent / "asked.onnx")
for path in sys.stdin.read().split():
    share = float(np.asarray(Image.open(path)).mean()) / 255
    print(json.dumps({"file": path, "probabilities": dict(zip(%r, (1 - share, share, 0.0)))}))
"""


class Films:
    """Two films of one grey each."""

    def __getitem__(self, place):
        return np.full((20, 20), (51, 204)[place], np.uint8)


class Answers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.program = self.folder / "pleura"
        self.write(STAND_IN % (sys.executable, CLASSES))
        self.engine = Engine(self.program, export.to_onnx(small(), 32),
                             export.metadata(export.untrained_facts(), "A card."))
        self.addCleanup(self.engine.folder.cleanup)

    def write(self, text):
        self.program.write_text(text, encoding="utf-8")
        self.program.chmod(stat.S_IRWXU)

    def test_films_under_an_intervention(self):
        found = self.engine.changed(Films(), [1, 0], INTERVENTIONS["as it is"])
        np.testing.assert_allclose(metrics.pneumonia(metrics.softmax(found)), [0.8, 0.2], atol=1e-6)
        padded = self.engine.changed(Films(), [1], INTERVENTIONS["zoom out 10 %"])
        np.testing.assert_allclose(metrics.pneumonia(metrics.softmax(padded)), [0.8 / 1.44], atol=1e-3)
        self.assertEqual([path.name for path in self.engine.path.parent.iterdir()], ["model.onnx"])

    def test_the_model_asked_refuses_nothing_and_sharpens_nothing(self):
        self.engine.changed(Films(), [0], INTERVENTIONS["as it is"])
        model = onnx.load(str(self.folder / "asked.onnx"))
        keys = {p.key for p in model.metadata_props}
        self.assertIn("pleura.labels", keys)
        self.assertFalse([key for key in keys if "gate" in key or key.split(".")[1] in ("temperature", "threshold", "margin")])

    def test_other_answers_than_asked_for_are_an_error(self):
        self.write((STAND_IN % (sys.executable, CLASSES)).replace('"file": path', '"file": "x"'))
        Image.fromarray(Films()[0]).save(self.folder / "film.png")
        with self.assertRaisesRegex(RuntimeError, "did not answer the files"):
            self.engine.files([self.folder / "film.png"])


class Framings(unittest.TestCase):
    decision = {"framings": [0.1, -0.1], "framings_range": [0.1, 0.9]}

    def test_films_in_the_range_get_the_mean_and_no_other_is_run_again(self):
        alone = np.log([[0.95, 0.03, 0.02], [0.5, 0.3, 0.2], [0.05, 0.5, 0.45]])
        scores, asked = {"as it is": alone.copy(), "blur": alone[::-1] - 1.0}, []

        def mean(places, name):
            asked.append((name, places.tolist()))
            return np.log([[0.4, 0.3, 0.3]] * len(places))

        share = evaluate.frame(mean, scores, np.array([7, 8, 9]), 1.0, (0.1, 0.9))
        self.assertEqual((share, asked), (1 / 3, [("as it is", [8]), ("blur", [8])]))
        for name in scores:
            np.testing.assert_allclose(metrics.softmax(scores[name])[1], [0.4, 0.3, 0.3])
        np.testing.assert_array_equal(scores["as it is"][[0, 2]], alone[[0, 2]])
        # Softer, all of them are in it.
        self.assertEqual(evaluate.in_range(alone, 4.0, (0.1, 0.9)).tolist(), [True, True, True])

    def test_strings(self):
        self.assertEqual(export.framing_strings(self.decision),
                         {"pleura.framings": "0.1,-0.1", "pleura.framings.range": "0.1,0.9"})
        self.assertEqual(export.framing_strings({"threshold": 0.5}), {})


if __name__ == "__main__":
    unittest.main()
