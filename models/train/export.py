"""Write the model file: ordinary ONNX, with all that makes it a classifier in ``metadata_props``.

The graph gives logits for one film.  Everything the core needs beside it (labels, preprocessing,
temperature, threshold, operating points) and everything a reader needs (population, data, limits,
the card) is a string in the same file, so neither can get lost.
"""

import argparse
import json
import os
import pathlib

import numpy as np
import onnx
import onnx.checker
import onnx.helper
import onnx.numpy_helper
import torch

import preprocess
import quantise
from net import CLASSES, Inverted, Net, fold
from train import load

VERSION = "0.4.0"
OPSET = 13

FIXED = {
    "pleura.schema": "1",
    "pleura.name": "child-pneumonia",
    "pleura.version": VERSION,
    "pleura.title": "Pneumonia in chest X-rays of young children",
    "pleura.labels": ",".join(CLASSES),
    "pleura.groups": "pneumonia=bacterial_pneumonia+viral_pneumonia",
    "pleura.finding": "pneumonia",
    "pleura.activation": "softmax",
    "pleura.input.fit": "squash",
    "pleura.input.depth": "8",
    "pleura.input.normalise": "image",
    "pleura.input.std_floor": repr(preprocess.STD_FLOOR),
    "pleura.input.range": "unit",
    "pleura.gate.min_side": "200",
    "pleura.gate.max_age": "18",
    "pleura.population": (
        "Children of about 1 to 5 years, frontal (AP) chest radiographs, one hospital: Guangzhou "
        "Women and Children's Medical Center. Not adults, not newborns, not lateral views."
    ),
    "pleura.training_data": (
        "Chest X-ray part of: Kermany, Zhang, Goldbaum, Labeled Optical Coherence Tomography (OCT) "
        "and Chest X-Ray Images for Classification, Mendeley Data 2018, doi 10.17632/rscbjbr9sj, "
        "CC BY 4.0 (Kermany et al., Cell 172:1122, 2018); official training part only. The "
        "weights start from an ImageNet MobileNetV2 (Google Coral test data, Apache-2.0)."
    ),
    "pleura.intended_use": (
        "Research and education only. Not a medical device; not for diagnosis, triage or any "
        "decision about a patient."
    ),
    "pleura.limits": (
        "One hospital and one archive. Framing, sharpness and tone of a film still move the "
        "answer: tightly framed healthy chests are over-called. Other findings are not looked for; "
        "'no finding' does not mean healthy. The bacterial/viral split follows the data set's "
        "labels. Adult films are outside its population."
    ),
    "pleura.licence": "Weights: Apache-2.0. Training data: CC BY 4.0, attribution as above.",
}


def gate_strings(gate):
    """What the core needs to read the output "gate"."""
    return {"pleura.gate.output": "gate",
            "pleura.gate.labels": ",".join(str(name) for name in gate["names"]),
            "pleura.gate.thresholds": ",".join(repr(float(v)) for v in gate["thresholds"])}


def framing_strings(decision):
    """Which further framings of a film the core runs, and where."""
    if not decision.get("framings"):
        return {}
    numbers = lambda key: ",".join(repr(float(value)) for value in decision[key])
    return {"pleura.framings": numbers("framings"), "pleura.framings.range": numbers("framings_range")}


def metadata(facts, card, gate=None):
    """All metadata strings.  ``facts`` is metrics.json; floats keep full (repr) precision."""
    decision = facts["decision"]
    points = (":".join(repr(float(value)) for value in point)
              for point in facts["operating_points"])
    return {
        **FIXED,
        **({} if gate is None else gate_strings(gate)),
        **framing_strings(decision),
        "pleura.temperature": repr(float(decision["temperature"])),
        "pleura.threshold": repr(float(decision["threshold"])),
        "pleura.margin": repr(float(decision["margin"])),
        "pleura.operating_points": ";".join(points),
        "pleura.created": facts["created"],
        "pleura.metrics": json.dumps(facts["headline"], separators=(",", ":")),
        "pleura.card": card,
    }


class Graph:
    """Nodes and weights, added in the order in which they are run.

    ``weights`` is how they are stored: "float32"; "float16", then cast; "int8", then dequantised to
    float, one scale for each output channel; or "qdq", where what layers pass on is eight bits too.
    """

    def __init__(self, weights):
        self.weights, self.nodes, self.tensors = weights, [], []

    def tensor(self, name, array):
        # not np.ascontiguousarray: it makes a list of a scalar, and ONNX Runtime takes no list for a scale
        self.tensors.append(onnx.numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def number(self, value):
        name = f"constant_{value:g}"
        if all(tensor.name != name for tensor in self.tensors):
            self.tensor(name, np.float32(value))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(onnx.helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def kernel(self, name, array):
        """A convolution's weights; returns the name of what the convolution reads."""
        if self.weights == "float32":
            return self.tensor(name, array)
        if self.weights == "float16":
            stored = self.tensor(f"{name}.half", array.astype(np.float16))
            return self.node("Cast", [stored], name, to=onnx.TensorProto.FLOAT)
        return self.whole(name, array)

    def whole(self, name, array):
        """Weights as whole numbers of a scale for each output channel."""
        whole, scale = (value.numpy() for value in quantise.stored_weights(torch.from_numpy(array)))
        stored = self.tensor(f"{name}.int8", whole.astype(np.int8))
        zero = self.tensor(f"{name}.zero", np.zeros(len(scale), np.int8))
        return self.node("DequantizeLinear", [stored, self.tensor(f"{name}.scale", scale), zero],
                         name, axis=0)

    def rounded(self, x, rounding):
        """QuantizeLinear and DequantizeLinear with a rounding's scale and zero point."""
        if self.weights != "qdq":
            return x
        ends = [self.tensor(f"{x}.scale", np.float32(rounding.scale.item())),
                self.tensor(f"{x}.zero", np.uint8(rounding.zero.item()))]
        self.node("QuantizeLinear", [x, *ends], f"{x}.quantised")
        return self.node("DequantizeLinear", [f"{x}.quantised", *ends], f"{x}.dequantised")

    def convolution(self, x, conv, name):
        pad = conv.weight.shape[-1] // 2
        weight = self.kernel(f"{name}.weight", conv.weight.detach().numpy())
        bias = self.tensor(f"{name}.bias", conv.bias.detach().numpy())
        x = self.node("Conv", [x, weight, bias], name, strides=[conv.stride] * 2,
                      pads=[pad] * 4, kernel_shape=list(conv.weight.shape[2:]), group=conv.groups)
        if not conv.linear and conv.top is None:
            x = self.node("Relu", [x], f"{name}.relu")
        elif not conv.linear:
            ends = [self.number(0.0), self.number(conv.top)]
            x = self.node("Clip", [x, *ends], f"{name}.clip")
        return self.rounded(x, conv.round_result)

    def dense(self, x, weight, bias, name, store=None):
        (store or self.tensor)(f"{name}.weight", weight.astype(np.float32))
        self.tensor(f"{name}.bias", bias.astype(np.float32))
        return self.node("Gemm", [x, f"{name}.weight", f"{name}.bias"], name, transB=1)


def to_onnx(net, size, weights="float32", gate=None):
    """The network as a checked ONNX model: input "image", outputs "logits" and, with one, "gate"."""
    net = fold(net).to("cpu").to(memory_format=torch.contiguous_format)
    if (weights == "qdq") != (net.round_input is not None):
        raise ValueError("qdq is for networks that settle.py has rounded, and for them only")
    graph = Graph(weights)
    x = graph.rounded("image", net.round_input)
    for place, module in enumerate(net.features):
        parts = module.body if isinstance(module, Inverted) else [module]
        before = x
        for part, conv in enumerate(parts):
            x = graph.convolution(x, conv, f"block{place}.conv{part}")
        if isinstance(module, Inverted) and module.residual:
            x = graph.rounded(graph.node("Add", [before, x], f"block{place}.sum"),
                              module.round_result)
    x = graph.rounded(graph.node("GlobalAveragePool", [x], "pooled"), net.pool.round_result)
    x = graph.node("Flatten", [x], "features")
    graph.dense(x, net.linear.weight.detach().numpy(), net.linear.bias.detach().numpy(), "logits",
                graph.whole if weights == "qdq" else None)
    outputs = [onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT,
                                                  [1, len(CLASSES)])]
    if gate is not None:    # in floats: eight bits for its weights let one adult film in ten pass
        graph.dense(x, gate["weight"], gate["bias"], "gate")
        outputs.append(onnx.helper.make_tensor_value_info("gate", onnx.TensorProto.FLOAT,
                                                          [1, len(gate["bias"])]))
    image = onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 1, size, size])
    model = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, "child_pneumonia", [image], outputs, graph.tensors),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)])
    model.ir_version, model.producer_name, model.producer_version = 8, "pleura", VERSION
    model.doc_string = FIXED["pleura.title"] + ". " + FIXED["pleura.intended_use"]
    return model


def halve(model):
    """Convolution weights of a model file stored as float16; the graph computes in float32 as before."""
    graph, casts = model.graph, []
    kernels = {node.input[1] for node in graph.node if node.op_type == "Conv"}
    for tensor in graph.initializer:
        if tensor.name in kernels and tensor.data_type == onnx.TensorProto.FLOAT:
            name = tensor.name
            half = onnx.numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(onnx.numpy_helper.from_array(half, f"{name}.half"))
            casts.append(onnx.helper.make_node("Cast", [tensor.name], [name], f"{name}.cast",
                                               to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def add_gate(model, gate, facts, version):
    """Put a gate on a model file that is there; its answers stay as they are.

    ``facts`` is what gate.py measured, for the card.
    """
    import card

    graph = model.graph
    last = next(node for node in graph.node if node.op_type == "Gemm")
    more = Graph("float32")
    more.dense(last.input[0], gate["weight"], gate["bias"], "gate")
    graph.node.extend(more.nodes)
    graph.initializer.extend(more.tensors)
    graph.output.append(onnx.helper.make_tensor_value_info("gate", onnx.TensorProto.FLOAT,
                                                           [1, len(gate["bias"])]))
    strings = {p.key: p.value for p in model.metadata_props}
    before, model.producer_version = strings["pleura.version"], version
    text = strings["pleura.card"].replace(f"# child-pneumonia {before}",
                                          f"# child-pneumonia {version}")
    text = text.replace("\n## Limits", card.gate_text({"gate": facts}) + "\n## Limits")
    strings.update(gate_strings(gate))
    strings.update({"pleura.version": version, "pleura.card": text})
    return model, strings


def write(model, strings, path):
    """Attach the strings and put the file in place in one step; readers never see half of it."""
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, strings)
    onnx.checker.check_model(model, full_check=True)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(model.SerializeToString())
    os.replace(partial, path)


def untrained_facts():
    """Stand-in facts for a file with random weights: a loader's test needs keys, not truth."""
    return {
        "created": "1970-01-01",
        "decision": {"temperature": 1.0, "threshold": 0.5, "margin": 0.03},
        "operating_points": [[t / 20, 1 - t / 20, t / 20] for t in range(1, 20)],
        "headline": {"untrained": True},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", help="model.pt of a training run")
    parser.add_argument("--random", action="store_true", help="untrained weights, for loader tests")
    parser.add_argument("--gate", help=".npz written by gate.py")
    parser.add_argument("--onto", help="a model file that gets --gate and --version, and float16 "
                                       "weights if asked for, nothing else")
    parser.add_argument("--version", help="with --onto: the new version")
    parser.add_argument("--weights", choices=("float32", "float16", "int8", "qdq"),
                        default="float32")
    parser.add_argument("--metrics", help="metrics.json written by evaluate.py")
    parser.add_argument("--card", help="card.md")
    parser.add_argument("--out", required=True, help="the .onnx to write")
    args = parser.parse_args()
    torch.manual_seed(0)
    gate = np.load(args.gate) if args.gate else None
    if args.onto:
        facts = json.loads(pathlib.Path(args.gate).with_suffix(".json").read_text(encoding="utf-8"))
        model, strings = add_gate(onnx.load(args.onto), gate, facts, args.version)
        model = halve(model) if args.weights == "float16" else model
        write(model, strings, args.out)
        pathlib.Path(args.card).write_text(strings["pleura.card"], encoding="utf-8")
        return
    if args.random:
        net, size = Net("short"), preprocess.SIZE
        facts, card = untrained_facts(), "Untrained: random weights, for tests of the loader."
    else:
        net, state = load(args.checkpoint)
        size = state["size"]
        facts = json.loads(pathlib.Path(args.metrics).read_text(encoding="utf-8"))
        card = pathlib.Path(args.card).read_text(encoding="utf-8")
    write(to_onnx(net, size, args.weights, gate), metadata(facts, card, gate), args.out)


if __name__ == "__main__":
    main()
