"""Write the model file: ordinary ONNX, with all that makes it a classifier in ``metadata_props``.

The graph gives logits for one film.  Everything the core needs beside it (labels, preprocessing,
temperature, threshold, operating points) and everything a reader needs (population, data, limits,
the card) is a string in the same file, so neither can get lost.
"""

import argparse
import io
import json
import os
import pathlib

import onnx
import onnx.checker
import onnx.helper
import onnx.numpy_helper
import torch

import preprocess
from net import CLASSES, Net

VERSION = "0.1.0"

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
    "pleura.input.normalise": "image",
    "pleura.input.std_floor": repr(preprocess.STD_FLOOR),
    "pleura.input.range": "unit",
    "pleura.gate.min_side": "200",
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


def metadata(facts, card):
    """All metadata strings.  ``facts`` is metrics.json; floats keep full (repr) precision."""
    decision = facts["decision"]
    points = (":".join(repr(float(value)) for value in point)
              for point in facts["operating_points"])
    return {
        **FIXED,
        "pleura.temperature": repr(float(decision["temperature"])),
        "pleura.threshold": repr(float(decision["threshold"])),
        "pleura.margin": repr(float(decision["margin"])),
        "pleura.operating_points": ";".join(points),
        "pleura.created": facts["created"],
        "pleura.metrics": json.dumps(facts["headline"], separators=(",", ":")),
        "pleura.card": card,
    }


def to_onnx(net, size=preprocess.SIZE):
    """The network as a checked ONNX model, batch norm folded, input "image", output "logits"."""
    buffer = io.BytesIO()
    torch.onnx.export(
        net.eval().to(memory_format=torch.contiguous_format), torch.zeros(1, 1, size, size), buffer,
        opset_version=16, input_names=["image"], output_names=["logits"])
    model = tidy(onnx.load_from_string(buffer.getvalue()))
    model.producer_name, model.producer_version = "pleura", VERSION
    model.doc_string = FIXED["pleura.title"] + ". " + FIXED["pleura.intended_use"]
    return model


def tidy(model):
    """Constants become shared initialisers, identities go, weights get readable names.

    The exporter leaves a pair of constants before every Clip, identities where two weights happen
    to be equal, and names such as "onnx::Conv_416"; none of it helps a reader or a loader.
    """
    graph = model.graph
    same, constants, kept = {}, {}, []
    for node in graph.node:
        if node.op_type == "Identity":
            same[node.output[0]] = same.get(node.input[0], node.input[0])
        elif node.op_type == "Constant":
            tensor = node.attribute[0].t
            array = onnx.numpy_helper.to_array(tensor)
            name = f"constant_{array.item():g}" if array.size == 1 else node.output[0]
            same[node.output[0]] = name
            constants[name] = onnx.numpy_helper.from_array(array, name)
        else:
            kept.append(node)
    for place, node in enumerate(n for n in kept if n.op_type == "Conv"):
        for slot, part in ((1, "weight"), (2, "bias")):
            name = same.get(node.input[slot], node.input[slot])
            if name.startswith("onnx::"):
                same.setdefault(name, f"conv{place}.{part}")
            node.input[slot] = same.get(name, name)
    for node in kept:
        for slot, name in enumerate(node.input):
            node.input[slot] = same.get(name, name)
    for tensor in graph.initializer:
        tensor.name = same.get(tensor.name, tensor.name)
    graph.initializer.extend(constants.values())
    del graph.node[:]
    graph.node.extend(kept)
    return model


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
    parser.add_argument("--checkpoint", help="best.pt of a training run")
    parser.add_argument("--random", action="store_true", help="untrained weights, for loader tests")
    parser.add_argument("--metrics", help="metrics.json written by evaluate.py")
    parser.add_argument("--card", help="card.md")
    parser.add_argument("--out", required=True, help="the .onnx to write")
    args = parser.parse_args()
    torch.manual_seed(0)
    net = Net()
    if args.random:
        facts, card = untrained_facts(), "Untrained: random weights, for tests of the loader."
    else:
        net.load_state_dict(torch.load(args.checkpoint, map_location="cpu")["net"])
        facts = json.loads(pathlib.Path(args.metrics).read_text(encoding="utf-8"))
        card = pathlib.Path(args.card).read_text(encoding="utf-8")
    write(to_onnx(net), metadata(facts, card), args.out)


if __name__ == "__main__":
    main()
