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

import export
import net as nets
import quantise
from net import CLASSES, Net, start
from test_train import small, stirred

KEYS = """schema name version title labels groups finding activation temperature threshold margin
operating_points input.fit input.depth input.normalise input.std_floor input.range gate.min_side gate.max_age population
training_data intended_use limits licence created metrics card""".split()

OPERATORS = {"Conv", "Relu", "Add", "GlobalAveragePool", "Flatten", "Gemm"}
SIZE = 32


def grid(array, scale, zero, axis):
    """Scale and zero point, shaped for the array."""
    if scale.ndim == 1 and axis is not None:
        shape = [-1 if place == axis else 1 for place in range(array.ndim)]
        return scale.reshape(shape), zero.reshape(shape).float()
    return scale, zero.float()


def run(graph, image, rounded=True):
    """A plain interpreter for the operators we allow ourselves; without the roundings of results, if so asked."""
    values = {t.name: torch.from_numpy(onnx.numpy_helper.to_array(t).copy())
              for t in graph.initializer}
    values["image"] = image
    stored = set(values) - {"image"}
    for node in graph.node:
        given = [values[name] for name in node.input]
        keys = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Conv":
            pads = keys["pads"]
            assert pads[:2] == pads[2:]
            out = functional.conv2d(*given, stride=keys["strides"], padding=pads[:2],
                                    groups=keys["group"])
        elif node.op_type == "Relu":
            out = functional.relu(given[0])
        elif node.op_type == "Clip":
            out = torch.clamp(given[0], float(given[1]), float(given[2]))
        elif node.op_type == "Cast":
            out = given[0].float()
        elif not rounded and node.op_type in ("QuantizeLinear", "DequantizeLinear") and node.input[0] not in stored:
            out = given[0]
        elif node.op_type == "QuantizeLinear":
            scale, zero = grid(*given, None)
            out = torch.clamp(torch.round(given[0] / scale) + zero, 0, 255)
        elif node.op_type == "DequantizeLinear":
            scale, zero = grid(*given, keys.get("axis"))
            out = (given[0].float() - zero) * scale
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
    return values


GATE = {"names": ["not_chest", "adult"], "thresholds": [0.5, 0.75],
        "weight": np.random.default_rng(1).normal(size=(2, 48)).astype(np.float32),
        "bias": np.float32([0.1, -0.2])}


def image(seed=0):
    return torch.from_numpy(
        np.random.default_rng(seed).normal(size=(1, 1, SIZE, SIZE)).astype(np.float32))


class Export(unittest.TestCase):
    def setUp(self):
        self.net = stirred(small())
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "a" / "model.onnx"

    def written(self, gate=None, **options):
        facts = export.untrained_facts()
        facts["decision"]["threshold"] = 0.1 + 0.2
        export.write(export.to_onnx(self.net, SIZE, gate=gate, **options),
                     export.metadata(facts, "A card.", gate), self.path)
        model = onnx.load(str(self.path))
        return model, {p.key: p.value for p in model.metadata_props}

    def test_keys(self):
        _, strings = self.written()
        self.assertEqual(set(strings), {"pleura." + key for key in KEYS})
        self.assertEqual(strings["pleura.labels"].split(","), list(CLASSES))
        self.assertEqual(float(strings["pleura.threshold"]), 0.1 + 0.2)
        self.assertTrue(all(strings.values()))
        _, gated = self.written(GATE)
        self.assertEqual(gated["pleura.gate.labels"], "not_chest,adult")
        self.assertEqual(gated["pleura.gate.thresholds"], "0.5,0.75")
        self.assertEqual(gated["pleura.gate.output"], "gate")

    def test_operating_points_parse(self):
        _, strings = self.written()
        points = [tuple(map(float, point.split(":")))
                  for point in strings["pleura.operating_points"].split(";")]
        self.assertTrue(all(len(point) == 3 for point in points))
        self.assertEqual([p[0] for p in points], sorted(p[0] for p in points))

    def test_plain_operators_and_names(self):
        model, _ = self.written(GATE)
        self.assertLessEqual({node.op_type for node in model.graph.node}, OPERATORS)
        self.assertEqual([v.name for v in model.graph.input], ["image"])
        self.assertEqual([v.name for v in model.graph.output], ["logits", "gate"])
        self.assertEqual(model.opset_import[0].version, export.OPSET)

    def test_graph_computes_what_the_network_does(self):
        model, _ = self.written(GATE)
        values = run(model.graph, image())
        with torch.no_grad():
            torch.testing.assert_close(values["logits"], self.net(image()), atol=1e-4, rtol=1e-4)
            gate = (self.net.pooled(image()) @ torch.from_numpy(GATE["weight"]).T
                    + torch.from_numpy(GATE["bias"]))
            torch.testing.assert_close(values["gate"], gate, atol=1e-4, rtol=1e-4)

    def test_rounded_weights_are_smaller_and_near(self):
        with torch.no_grad():
            wanted, sizes = self.net(image()), []
            for weights, tolerance in (("float32", 1e-4), ("float16", 1e-2), ("int8", 0.2)):
                model, _ = self.written(weights=weights)
                sizes.append(sum(len(tensor.raw_data) for tensor in model.graph.initializer))
                torch.testing.assert_close(run(model.graph, image())["logits"], wanted,
                                           atol=tolerance, rtol=tolerance)
        self.assertLess(sizes[1], 0.6 * sizes[0])
        self.assertLess(sizes[2], 0.5 * sizes[0])

    def test_what_is_measured_is_what_ships(self):
        """quantise.store gives the network exactly the weights that the file has, in large kernels too."""
        net = nets.fold(Net("whole"))
        model = export.to_onnx(net, 32, "int8")
        arrays = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
        nodes = [node for node in model.graph.node if node.op_type == "DequantizeLinear"]
        most = set()
        for node, conv in zip(nodes, quantise.store(net, "int8").convolutions()):
            whole, scale = arrays[node.input[0]], arrays[node.input[1]]
            most.add(int(np.abs(whole).max()))
            np.testing.assert_array_equal(whole * scale.reshape(-1, 1, 1, 1), conv.weight.detach().numpy())
        self.assertEqual(most, {quantise.WEIGHT_MOST, quantise.LARGE_MOST})

    def test_qdq_is_the_rounded_network(self):
        with self.assertRaises(ValueError):
            export.to_onnx(self.net, SIZE, "qdq")
        exact, self.net = self.net, quantise.prepare(self.net, [image(s) for s in range(8)])
        model, _ = self.written(GATE, weights="qdq")
        values = run(model.graph, image())
        with torch.no_grad():
            rounded, plain = self.net(image()), exact(image())
            gate = self.net.pooled(image()) @ torch.from_numpy(GATE["weight"]).T + torch.from_numpy(GATE["bias"])
        torch.testing.assert_close(values["logits"], rounded, atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(values["gate"], gate, atol=1e-3, rtol=1e-3)
        readers = {node.input[0] for node in model.graph.node if node.op_type == "Gemm"}
        self.assertEqual(len(readers), 1)
        self.assertTrue(torch.equal(values["features"], values[readers.pop()]))
        whole = {t.name for t in model.graph.initializer if t.data_type == onnx.TensorProto.INT8}
        self.assertIn("logits.weight.int8", whole)
        self.assertNotIn("gate.weight.int8", whole)
        self.assertLess(float((rounded - plain).abs().max()), 0.1 * float(plain.abs().max()))
        # ONNX Runtime refuses to add two tensors whose scales are lists of one number.
        dims = {t.name: list(t.dims) for t in model.graph.initializer}
        grids = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
        self.assertEqual({tuple(dims[name]) for node in grids for name in node.input[1:]}, {()})
        self.assertTrue(torch.is_tensor(values["image.quantised"]))
        for name, value in values.items():
            if name.endswith(".quantised"):
                self.assertEqual(float((value - value.round()).abs().max()), 0)

    def test_a_channel_that_is_its_bias_alone_has_room_for_it(self):
        with torch.no_grad():
            self.net.features[0].norm.weight[3] = 0.0
        self.net = quantise.prepare(self.net, [image(s) for s in range(4)])
        conv, given = self.net.convolutions()[0], self.net.round_input.scale
        scale = quantise.weight_scale(conv.weight)
        self.assertEqual(float(conv.weight[3].abs().max()), 0.0)
        self.assertLess(float((conv.bias / (given * scale)).abs().max()), 2 ** 31)

    def test_a_model_file_is_a_start(self):
        for weights in ("float32", "float16"):
            self.written(weights=weights)
            other = Net("tiny", dropout=0.0)
            start(other, self.path, image())
            with torch.no_grad():
                torch.testing.assert_close(other.eval()(image()), self.net(image()),
                                           atol=1e-2, rtol=1e-2)
        with self.assertRaisesRegex(ValueError, "not those of the net 'short'"):
            start(Net("short"), self.path, image())

    def test_a_gate_put_on_a_file_changes_no_answer(self):
        plain, strings = self.written()
        both, _ = self.written(GATE)
        facts = {"gates": GATE["names"],
                 "held_back": {"adult": {"pictures": 3, "refused": 1.0, "by_its_own_gate": 1.0}}}
        plain = onnx.load_from_string(plain.SerializeToString())
        strings["pleura.card"] = "# child-pneumonia " + export.VERSION + "\n\n## Limits\n"
        del plain.metadata_props[:]
        onnx.helper.set_model_props(plain, strings)
        model, strings = export.add_gate(plain, GATE, facts, "9.9.9")
        export.write(model, strings, self.path)     # which checks it
        for name in ("logits", "gate"):
            torch.testing.assert_close(run(model.graph, image())[name],
                                       run(both.graph, image())[name])
        self.assertEqual(strings["pleura.gate.labels"], "not_chest,adult")
        self.assertTrue(strings["pleura.card"].startswith("# child-pneumonia 9.9.9\n"))
        self.assertRegex(strings["pleura.card"], r"(?s)## When it does not answer.*## Limits")

    def test_relu6_is_kept(self):
        nets.NETS["capped"] = (*nets.NETS["tiny"][:2], 6.0)
        self.net = stirred(Net("capped", dropout=0.0))
        with torch.no_grad():
            self.net.features[0].norm.weight.mul_(20)     # so that it bites
        model, _ = self.written()
        self.assertIn("Clip", {node.op_type for node in model.graph.node})
        with torch.no_grad():
            torch.testing.assert_close(run(model.graph, image())["logits"], self.net(image()),
                                       atol=1e-4, rtol=1e-4)

    def test_nothing_partial_is_left(self):
        self.written()
        self.assertEqual([p.name for p in self.path.parent.iterdir()], ["model.onnx"])


class Shipped(unittest.TestCase):
    """What is in the folder belongs together: one run, one card, one file."""

    def test_model_card_and_metrics_agree(self):
        folder = pathlib.Path(__file__).parent.parent / "child-pneumonia"
        facts = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        model = onnx.load(str(folder / "model.onnx"))
        strings = {p.key: p.value for p in model.metadata_props}
        text = (folder / "card.md").read_text(encoding="utf-8")
        self.assertEqual(strings["pleura.card"], text)
        self.assertIn("# child-pneumonia " + strings["pleura.version"], text)
        for key in ("threshold", "temperature", "margin"):
            self.assertEqual(float(strings["pleura." + key]), facts["decision"][key])
        self.assertEqual(json.loads(strings["pleura.metrics"]), facts["headline"])
        history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
        self.assertEqual(history["best_epoch"], facts["checkpoint_epoch"])

    def test_the_shipped_model_is_a_start(self):
        path = pathlib.Path(__file__).parent.parent / "child-pneumonia" / "model.onnx"
        graph = onnx.load(str(path)).graph
        net, size = nets.like(str(path), torch.randn(2, 1, 64, 64))
        picture = torch.randn(1, 1, size, size)
        with torch.no_grad():
            torch.testing.assert_close(net(picture), run(graph, picture, rounded=False)["logits"],
                                       atol=1e-3, rtol=1e-3)


if __name__ == "__main__":
    unittest.main()
