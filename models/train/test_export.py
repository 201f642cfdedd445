"""The file carries every key, holds plain operators only, and computes what the network does."""

import json
import pathlib
import tempfile
import unittest

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch.nn import functional

import card
import export
from net import CLASSES, Net

KEYS = """schema name version title labels groups finding activation temperature threshold margin
operating_points input.fit input.normalise input.std_floor input.range gate.min_side population
training_data intended_use limits licence created metrics card""".split()

OPERATORS = {"Conv", "Clip", "Add", "GlobalAveragePool", "Flatten", "Gemm"}


def run(graph, image):
    """A plain interpreter for the operators we allow ourselves."""
    values = {t.name: torch.from_numpy(onnx.numpy_helper.to_array(t).copy())
              for t in graph.initializer}
    values["image"] = image
    for node in graph.node:
        given = [values[name] for name in node.input]
        keys = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Conv":
            pads = keys["pads"]
            assert pads[:2] == pads[2:]
            out = functional.conv2d(*given, stride=keys["strides"], padding=pads[:2],
                                    groups=keys["group"])
        elif node.op_type == "Clip":
            out = torch.clamp(given[0], float(given[1]), float(given[2]))
        elif node.op_type == "Add":
            out = given[0] + given[1]
        elif node.op_type == "GlobalAveragePool":
            out = given[0].mean((2, 3), keepdim=True)
        elif node.op_type == "Flatten":
            out = given[0].flatten(1)
        else:
            assert keys.get("transB") == 1 and keys.get("alpha", 1.0) == 1.0
            out = given[0] @ given[1].T + given[2]
        values[node.output[0]] = out
    return values["logits"]


class Export(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.net = Net().eval()
        for module in self.net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "a" / "model.onnx"
        facts = export.untrained_facts()
        facts["decision"]["threshold"] = 0.1 + 0.2
        export.write(export.to_onnx(self.net), export.metadata(facts, "A card."), self.path)
        self.model = onnx.load(str(self.path))
        self.strings = {p.key: p.value for p in self.model.metadata_props}

    def test_keys(self):
        self.assertEqual(set(self.strings), {"pleura." + key for key in KEYS})
        self.assertEqual(self.strings["pleura.labels"].split(","), list(CLASSES))
        self.assertEqual(float(self.strings["pleura.threshold"]), 0.1 + 0.2)
        self.assertTrue(all(self.strings.values()))

    def test_operating_points_parse(self):
        points = [tuple(map(float, point.split(":")))
                  for point in self.strings["pleura.operating_points"].split(";")]
        self.assertTrue(all(len(point) == 3 for point in points))
        self.assertEqual([p[0] for p in points], sorted(p[0] for p in points))

    def test_plain_operators_and_names(self):
        graph = self.model.graph
        self.assertLessEqual({node.op_type for node in graph.node}, OPERATORS)
        self.assertEqual([v.name for v in graph.input], ["image"])
        self.assertEqual([v.name for v in graph.output], ["logits"])
        self.assertEqual(self.model.opset_import[0].version, 16)

    def test_graph_computes_what_the_network_does(self):
        image = torch.from_numpy(
            np.random.default_rng(0).normal(size=(1, 1, 160, 160)).astype(np.float32))
        with torch.no_grad():
            torch.testing.assert_close(run(self.model.graph, image), self.net(image),
                                       atol=1e-4, rtol=1e-4)

    def test_nothing_partial_is_left(self):
        self.assertEqual([p.name for p in self.path.parent.iterdir()], ["model.onnx"])


class Shipped(unittest.TestCase):
    """What is in the folder belongs together: one run, one card, one file."""

    def test_model_card_and_metrics_agree(self):
        folder = pathlib.Path(__file__).parent.parent / "child-pneumonia"
        facts = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        text = (folder / "card.md").read_text(encoding="utf-8")
        self.assertEqual(text, card.card(facts))
        model = onnx.load(str(folder / "model.onnx"))
        strings = {p.key: p.value for p in model.metadata_props}
        self.assertEqual(strings, export.metadata(facts, text))
        history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
        self.assertEqual(history["best_epoch"], facts["checkpoint_epoch"])


if __name__ == "__main__":
    unittest.main()
