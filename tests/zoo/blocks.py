#!/usr/bin/python3
"""Blocks of architectures that torchvision has not, as small classifiers, against ONNX Runtime.

    tests/zoo/blocks.py [--opset N] [--keep FOLDER] [NAME...]     builds as for zoo.py; needs python3-torch

Each block is written from its paper, with few channels and random weights, between a stem and a head, and
exported by torch.onnx; blocks_conv.py, blocks_attention.py and blocks_recent.py have them.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import torch
from torch import nn

import blocks_attention
import blocks_conv
import blocks_recent

HERE = pathlib.Path(__file__).resolve().parent
BLOCKS = {**blocks_conv.BLOCKS, **blocks_attention.BLOCKS, **blocks_recent.BLOCKS}


class Classifier(nn.Module):
    """An image of 3 x 32 x 32 to 16 x 16 x 16, the block, and a linear layer on what it averages to."""

    def __init__(self, block):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.block = block
        self.head = nn.Linear(getattr(block, "out", 16), 10)

    def forward(self, x):
        y = self.block(self.stem(x))
        if y.dim() == 4:
            y = y.mean((2, 3))
        elif y.dim() == 3:
            y = y.mean(1)
        return self.head(y)


def make(name):
    """With batch norms that have seen something, and no parameter that is left at 0."""
    torch.manual_seed(5)
    network = Classifier(BLOCKS[name]())
    for parameter in network.parameters():
        if parameter.dim() < 2 or not parameter.any():
            parameter.data += torch.randn_like(parameter) * 0.3
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def export(name, path, opset):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(make(name), torch.randn(1, 3, 32, 32), str(path), opset_version=opset,
                          input_names=["image"], output_names=["logits"])


def check(path, tolerance=1e-4):
    """What check.mjs prints, and whether it is content."""
    done = subprocess.run(["node", str(HERE / "check.mjs"), str(path), str(tolerance)],
                          capture_output=True, text=True)
    row = json.loads(done.stdout) if done.stdout else {"engines": done.stderr[-600:]}
    return row, done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--opset", type=int, default=16)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the .onnx files")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    failed = 0
    names = arguments.names or list(BLOCKS)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            path = (arguments.keep or pathlib.Path(folder)) / f"{name}.onnx"
            try:
                export(name, path, arguments.opset)
            except Exception as error:  # what torch cannot export is told, not hidden
                print(name, "not exported:", str(error).splitlines()[0][:150], flush=True)
                continue
            row, good = check(path)
        print(name, row.get("spread"), row["engines"], flush=True)
        failed += not good
    print(f"{len(names) - failed} of {len(names)} agree, or are not exported")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
