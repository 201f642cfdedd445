#!/usr/bin/python3
"""Writes the benchmark's networks, with random weights, in the formats of all engines.

    bench/nets/make.py FOLDER [NET ...]

For each: NET.onnx, NET.tflite, NET.json with NET.bin (TensorFlow.js), NET-int8.onnx, NET-int8.tflite and
NET.expected.json: the outputs by plain NumPy, to which the benchmark holds every engine.
"""
import json
import sys
from pathlib import Path

import onnx_file
import plain_file
import quantise
import tflite_file
from net import NETS
from reference import fixed_input, run


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or NETS:
        net = NETS[name]()
        output = run(net, fixed_input(net.values[0].shape))
        facts = {"macs": net.macs, "output": [float(v) for v in output]}
        (folder / f"{name}.expected.json").write_text(json.dumps(facts), encoding="utf-8")
        plain_file.write(net, folder / name)
        onnx_file.write(net, folder / f"{name}.onnx", False)
        tflite_file.write(net, folder / f"{name}.tflite", False)
        # TensorFlow Lite joins only what has one scale: the nets that do are left in fp32.
        if not any(layer.kind == "concat" for layer in net.layers):
            quantise.same_scale(net)
            onnx_file.write(net, folder / f"{name}-int8.onnx", True)
            tflite_file.write(net, folder / f"{name}-int8.tflite", True)
        print(f"{name}: {net.macs / 1e6:.0f} million multiply-adds, {len(net.layers)} layers")


if __name__ == "__main__":
    main()
