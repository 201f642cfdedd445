#!/usr/bin/python3
"""A torchvision or TorchXRayVision classifier as a Pleura model: ONNX with its metadata.

    convert.py --architecture densenet121 --preset xrv --weights densenet.pt \\
        --labels "Atelectasis,Consolidation,...,Enlarged Cardiomediastinum" \\
        --finding Pneumonia --threshold 0.5 --output chest.onnx
    convert.py --architecture resnet50 --preset imagenet --weights resnet50.pth \\
        --labels labels.txt --output photo.onnx

--weights is a file of torch.save(): a state dict, or a whole module (for which its own package has to
be installed; loading runs code of the file, so take it only from whom you trust). Without it, the
weights are random: a file to try things with. Presets say what the network was trained on:

    xrv        one grey channel from -1024 to 1024, the image cut to a square, sigmoid answers
    imagenet   three channels with ImageNet's mean and deviation, softmax answers

TorchXRayVision's calibration (`op_threshs` in the state dict: the probability that becomes 0.5) is
made part of the graph; labels that are empty, which its models have for what they were not trained
on, are left out with their outputs.

Needs Debian's python3-torch, python3-torchvision and python3-onnx. docs/model-format.md says what the
metadata mean.
"""
import argparse
import pathlib
import re

import onnx
import torch
import torchvision
from torch import nn

OPSET = 16

PRESETS = {
    "xrv": {
        "channels": 1,
        "activation": "sigmoid",
        "pleura.input.range": "xrv",
        "pleura.input.fit": "crop",
        "pleura.input.mean": "0",
        "pleura.input.std": "1",
    },
    "imagenet": {
        "channels": 3,
        "activation": "softmax",
        "pleura.input.range": "unit",
        "pleura.input.fit": "crop",
        "pleura.input.mean": "0.485,0.456,0.406",
        "pleura.input.std": "0.229,0.224,0.225",
    },
}


def widen_first(network, channels):
    """Gives the first convolution another number of input channels, with fresh weights."""
    for name, module in network.named_modules():
        if not isinstance(module, nn.Conv2d):
            continue
        if module.in_channels == channels:
            return
        first = nn.Conv2d(channels, module.out_channels, module.kernel_size, module.stride,
                          module.padding, module.dilation, bias=module.bias is not None)
        parent, _, last = name.rpartition(".")
        setattr(network.get_submodule(parent), last, first)
        return


def last_linear(network):
    """The name of the layer that makes the answers."""
    names = [name for name, module in network.named_modules()
             if isinstance(module, (nn.Linear, nn.Conv2d))]
    return names[-1]


def build(architecture, channels, outputs):
    options = {"init_weights": True} if architecture in ("googlenet", "inception_v3") else {}
    network = torchvision.models.get_model(architecture, weights=None, num_classes=outputs,
                                           **options)
    if hasattr(network, "aux_logits"):
        network.aux_logits = False
        network.aux1 = network.aux2 = network.AuxLogits = None
    widen_first(network, channels)
    return network.eval()


def read_weights(path):
    """The state dict of a file, with today's names, and its calibration if it has one."""
    loaded = torch.load(path, map_location="cpu")
    state = loaded.state_dict() if isinstance(loaded, nn.Module) else loaded
    thresholds = getattr(loaded, "op_threshs", None)
    if "op_threshs" in state:
        thresholds = state["op_threshs"]
    # DenseNets of before torchvision 0.3: norm.1 is norm1.
    older = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.(?:weight|bias|"
                       r"running_mean|running_var|num_batches_tracked))$")
    state = {older.sub(r"\1\2", key): value for key, value in state.items()
             if key != "op_threshs"}
    return state, thresholds


class Calibrated(nn.Module):
    """Probabilities, bent so that each label's operating threshold becomes 0.5 (TorchXRayVision)."""

    def __init__(self, network, thresholds):
        super().__init__()
        self.network = network
        self.register_buffer("thresholds", thresholds.reshape(1, -1).float())

    def forward(self, image):
        p, t = torch.sigmoid(self.network(image)), self.thresholds
        return torch.where(p < t, p / (2 * t), 1 - (1 - p) / (2 * (1 - t)))


def keep_outputs(network, kept):
    """Only those rows of the last layer."""
    name = last_linear(network)
    layer = network.get_submodule(name)
    layer.weight.data = layer.weight.data[kept]
    if layer.bias is not None:
        layer.bias.data = layer.bias.data[kept]


def read_labels(text):
    path = pathlib.Path(text)
    if len(text) < 200 and path.is_file():
        text = ",".join(path.read_text(encoding="utf-8").splitlines())
    return [label.strip() for label in text.split(",")]


def make(architecture, preset, labels, weights=None):
    """The network that answers for `labels`, those that are not empty, and how its answers are read."""
    network = build(architecture, PRESETS[preset]["channels"], len(labels))
    thresholds = None
    if weights:
        state, thresholds = read_weights(weights)
        network.load_state_dict(state)
    kept = [i for i, label in enumerate(labels) if label]
    if len(kept) < len(labels):
        keep_outputs(network, kept)
    activation = PRESETS[preset]["activation"]
    if thresholds is not None:
        thresholds = torch.as_tensor(thresholds)[kept]
        network = Calibrated(network, torch.nan_to_num(thresholds, nan=0.5))
        activation = "none"
    return network.eval(), [labels[i] for i in kept], activation


def identifier(label):
    """A label as the metadata has it: words joined by underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_").lower()


def convert(arguments):
    network, labels, activation = make(arguments.architecture, arguments.preset,
                                       read_labels(arguments.labels), arguments.weights)
    labels = [identifier(label) for label in labels]
    preset = PRESETS[arguments.preset]
    image = torch.zeros(1, preset["channels"], arguments.size, arguments.size)
    torch.onnx.export(network, image, str(arguments.output), opset_version=OPSET,
                      input_names=["image"], output_names=["answers"])
    model = onnx.load(str(arguments.output))
    properties = {key: value for key, value in preset.items() if key.startswith("pleura.")}
    properties |= {
        "pleura.schema": "1",
        "pleura.name": arguments.name or arguments.output.stem,
        "pleura.version": arguments.version,
        "pleura.labels": ",".join(labels),
        "pleura.activation": activation,
        "pleura.input.normalise": "fixed",
    }
    if not arguments.weights:
        properties["pleura.limits"] = "Random weights: its answers mean nothing."
    if arguments.finding:
        finding = identifier(arguments.finding)
        if finding not in labels:
            raise SystemExit(f"--finding {arguments.finding}: no such label; there are "
                             + ", ".join(labels))
        properties |= {"pleura.finding": finding, "pleura.threshold": str(arguments.threshold)}
    for pair in arguments.property:
        key, _, value = pair.partition("=")
        properties[f"pleura.{key}"] = value
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, properties)
    onnx.save(model, str(arguments.output))
    return network


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", required=True, help="as torchvision names it")
    parser.add_argument("--preset", required=True, choices=sorted(PRESETS))
    parser.add_argument("--labels", required=True,
                        help="separated by commas, or a file with one a line")
    parser.add_argument("--weights", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--finding", help="the label that the threshold is about")
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--name")
    parser.add_argument("--version", default="0")
    parser.add_argument("--property", action="append", default=[], metavar="KEY=TEXT",
                        help="further metadata: population=..., limits=..., licence=...")
    parser.add_argument("--output", required=True, type=pathlib.Path)
    return convert(parser.parse_args(argv))


if __name__ == "__main__":
    main()
