"""The whole line on an invented archive: every script, in the order of run.sh, and again from a cut."""

import argparse
import contextlib
import csv
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import numpy as np
import onnx
from PIL import Image

import card
import distil
import doubts
import evaluate
import export
import folds
import gate
import noise
import settle
import soup
import train
from net import CLASSES
from test_train import nets    # which has the net "tiny"

COLUMNS = ("path", "source", "labels", "patient_id", "dup_group", "res_kind")


def film(rng, label):
    """Classes differ in the middle: bright, or striped one way or the other."""
    picture = rng.normal(120, 25, (72, 96))
    stripes = 40 * np.sign(np.sin(np.arange(96) / 2.0))
    picture[16:56, 16:80] += (70, stripes[None, 16:80], stripes[16:56, None])[label]
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def archive(folder, count=180):
    rng, rows = np.random.default_rng(0), []
    (folder / "chest").mkdir()
    (folder / "ood").mkdir()
    for place in range(count):
        label = place % 3
        rows.append((f"k{place}.png", "kermany", CLASSES[label], f"IM-{place}", "", "original"))
        film(rng, label).save(folder / "chest" / rows[-1][0])
    for place in range(40):
        source = ("rsna_normal", "tb_pakistan")[place % 2]
        rows.append((f"a{place}.png", source, "normal", f"adult{place}", "", ""))
        film(rng, 0).rotate(20).save(folder / "chest" / rows[-1][0])
    for place in range(16):
        Image.fromarray(rng.integers(0, 256, (50, 50), dtype=np.uint8)).save(
            folder / "ood" / f"o{place}.png")
    with open(folder / "chest" / "index.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])


class Line(unittest.TestCase):
    def call(self, module, *arguments):
        """A script's main, with this command line."""
        words = [str(word) for word in arguments]
        with mock.patch.object(sys, "argv", [module.__name__, *words]), \
                contextlib.redirect_stdout(io.StringIO()):
            module.main()

    def test_from_films_to_a_model_file(self):
        assert "tiny" in nets.NETS
        with tempfile.TemporaryDirectory() as name, \
                mock.patch.object(argparse.ArgumentParser, "error",
                                  lambda parser, message: self.fail(message)), \
                mock.patch.object(evaluate, "DRAWS", 20):
            root = pathlib.Path(name)
            archive(root)
            data = ("--data", root, "--cache", root / "cache")
            net = (*data, "--threads", 1, "--net", "tiny", "--size", 48, "--epochs", 2, "--resume", "--rate", 0.05)

            self.call(folds, *net, "--out", root / "folds", "--predictions", root / "answers",
                      "--only", "0:0", "0:1", "0:2", "0:3", "0:4", "c1")
            summary = json.loads((root / "answers" / "summary.json").read_text())
            self.assertEqual(summary["films"], {"seed0": 180})
            self.assertIn("cluster1", summary["clusters"])
            self.call(noise, "--predictions", root / "answers", "--out", root / "suspects.csv")
            self.call(distil, "--data", root, "--predictions", root / "answers",
                      "--out", root / "teacher.npy")
            self.assertEqual(np.load(root / "teacher.npy").shape, (180, 3))

            run = ("--teacher", root / "teacher.npy", "--out", root / "net")
            self.call(train, *net, *run)
            longer = [*net]
            longer[longer.index("--epochs") + 1] = 4
            self.call(train, *longer, *run)
            history = json.loads((root / "net" / "history.json").read_text())
            self.assertEqual([epoch["epoch"] for epoch in history["epochs"]], [1, 2, 3, 4])

            self.call(doubts, *data, "--checkpoint", root / "net" / "model.pt",
                      "--out", root / "doubted.json")
            runs = json.loads((root / "doubted.json").read_text())
            self.assertEqual(set(runs["runs"]), set(CLASSES[1:]))
            runs["runs"]["viral_pneumonia"] = [[0, 60]]
            (root / "doubted.json").write_text(json.dumps(runs))
            again = [*net, "--start", root / "net" / "model.pt", "--doubted", root / "doubted.json"]
            again[again.index("--epochs") + 1] = 1
            self.call(train, *again, "--out", root / "sure")
            history = json.loads((root / "sure" / "history.json").read_text())
            self.assertEqual([epoch["epoch"] for epoch in history["epochs"]], [1, 2, 3, 4, 5])
            self.assertEqual(history["settings"]["doubted"], runs["runs"])
            held = history["epochs"][4]["validation"]
            self.assertNotEqual(held["believed"]["loss"], held["loss"])

            self.call(train, *again, "--seed", 1, "--out", root / "other")
            self.call(soup, *data, "--threads", 1, "--out", root / "soup", "--size", 64,
                      root / "sure" / "model.pt", root / "other" / "model.pt")
            trained, rounded = root / "soup" / "model.pt", root / "net8" / "model.pt"
            self.call(settle, *data, "--threads", 1, "--net", "tiny", "--size", 64, "--epochs", 1, "--trained",
                      trained, "--out", root / "net8")
            for checkpoint, weights in ((trained, "float16"), (rounded, "qdq")):
                out = root / weights
                self.call(gate, *data, "--pictures", root / "ood", "--checkpoint", checkpoint,
                          "--children", 60, "--adults", 40, "--drawn", 20,
                          "--out", root / "gate.npz")
                self.call(evaluate, *data, "--checkpoint", checkpoint, "--gate",
                          root / "gate.json", "--doubted", root / "doubted.json", "--out", out)
                self.call(card, "--metrics", out / "metrics.json", "--out", out / "card.md")
                self.call(export, "--checkpoint", checkpoint, "--gate", root / "gate.npz",
                          "--weights", weights, "--metrics", out / "metrics.json",
                          "--card", out / "card.md", "--out", out / "model.onnx")
                model = onnx.load(str(out / "model.onnx"))
                self.assertEqual([output.name for output in model.graph.output],
                                 ["logits", "gate"])
                facts = json.loads((out / "metrics.json").read_text())
                self.assertEqual(facts["network"]["settled"], 1 if weights == "qdq" else None)
                self.assertEqual(facts["network"]["averaged"], 2)
                self.assertEqual(facts["input"]["size"], 64)
                self.assertTrue(0.0 <= facts["report"]["auc"] <= 1.0)


if __name__ == "__main__":
    unittest.main()
