#!/usr/bin/python3
"""Every classification network of torchvision, against ONNX Runtime.

Each is made with random weights, exported to ONNX at its own input size, and run on 5 random inputs
by ONNX Runtime and by Pleura, natively and in WebAssembly (check.mjs). Needs Debian's
python3-torch, python3-torchvision, python3-onnx; builds of the presets native, wasm-simd and
wasm-relaxed; and `npm ci --ignore-scripts` in tests/.

    tests/zoo/zoo.py                    all; the table goes to standard output
    tests/zoo/zoo.py resnet18 vgg11     these
    tests/zoo/zoo.py --keep FOLDER ...  keeps the .onnx files there
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import torchvision

HERE = pathlib.Path(__file__).resolve().parent

# Inputs of other sizes than 224 (torchvision's recipes).
SIZES = {
    "inception_v3": 299,
    "efficientnet_b1": 240, "efficientnet_b2": 288, "efficientnet_b3": 300, "efficientnet_b4": 380,
    "efficientnet_b5": 456, "efficientnet_b6": 528, "efficientnet_b7": 600,
    "efficientnet_v2_s": 384, "efficientnet_v2_m": 480, "efficientnet_v2_l": 480,
    "regnet_y_128gf": 384, "vit_h_14": 224,
    "swin_v2_t": 256, "swin_v2_s": 256, "swin_v2_b": 256,
}


def names():
    """Classification models, which are what torchvision.models itself lists."""
    return [n for n in torchvision.models.list_models(module=torchvision.models)]


def make(name):
    """The network with random weights, whose batch norms have seen something: with a fresh mean of 0
    and variance of 1 the activations of deep networks vanish or grow without bound."""
    torch.manual_seed(1)
    options = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    network = torchvision.models.get_model(name, weights=None, **options)
    if hasattr(network, "aux_logits"):
        network.aux_logits = False
        for aux in ("aux1", "aux2", "AuxLogits"):
            if hasattr(network, aux):
                setattr(network, aux, None)
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # a plain average
        norm.train()
    network.eval()
    for norm in norms:
        norm.train()
    size = SIZES.get(name, 224)
    with torch.no_grad():
        if norms:
            network(torch.randn(2, 3, size, size))
    # Layer scales begin at 1e-6, which would leave ConvNeXt's blocks without effect.
    for key, parameter in network.named_parameters():
        if key.endswith("layer_scale"):
            parameter.data.fill_(0.3)
    # ViT's head begins at 0: it would answer 0 to everything.
    for module in network.modules():
        if isinstance(module, torch.nn.Linear) and not module.weight.any():
            torch.nn.init.normal_(module.weight, std=0.05)
    return network.eval(), size


def export(name, path):
    network, size = make(name)
    # Swin v2 sets the keys' biases to 0 in place, for which PyTorch 1.13 has no operator.
    torch.onnx.register_custom_op_symbolic(
        "aten::zero", lambda g, x: g.op("Mul", x, g.op("Constant", value_t=torch.tensor(0.0))), 16)
    torch.onnx.export(network, torch.randn(1, 3, size, size), str(path), opset_version=16,
                      input_names=["image"], output_names=["logits"])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the .onnx files")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    failed = 0
    print("| network | MB | spread of the outputs | native | wasm simd | wasm relaxed |")
    print("|---|---|---|---|---|---|")
    for name in arguments.names or names():
        with tempfile.TemporaryDirectory() as folder:
            path = (arguments.keep or pathlib.Path(folder)) / f"{name}.onnx"
            try:
                if not path.exists():
                    export(name, path)
            except Exception as error:  # what torch cannot export is told, not hidden
                print(f"| {name} | not exported: {str(error).splitlines()[0][:90]} | | | | |",
                      flush=True)
                continue
            done = subprocess.run(["node", str(HERE / "check.mjs"), str(path)],
                                  capture_output=True, text=True)
            if done.returncode not in (0, 1) or not done.stdout:
                print(f"| {name} | {done.stderr.strip().splitlines()[-1:]} | | | | |", flush=True)
                failed += 1
                continue
            row = json.loads(done.stdout)
            cells = [row["engines"].get(e, "–") for e in ("native", "simd", "relaxed")]
            print(f"| {name} | {row['megabytes']:.0f} | {row['spread'] or 0:.2g} | "
                  + " | ".join(c if isinstance(c, str) else f"{c:.1e}" for c in cells) + " |",
                  flush=True)
            failed += done.returncode
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
