#!/usr/bin/python3
"""Random small quantised (QDQ) networks, against ONNX Runtime.

    tests/zoo/quantised.py [SEED [COUNT]]     builds as for zoo.py; needs python3-onnx, python3-numpy

Layers of every kind that quantised classifiers have, in random order, on random grids, with weights of
one scale, of a zero point, or of a scale for each channel, with and without biases; some values are left
off any grid. A sum that lies between two steps may fall to the other side than with ONNX Runtime, which is
one step of a small answer: networks that are further away than TOLERANCE are named, to be looked at.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import styles
from styles import HERE, Writer

TOLERANCE = 0.06


class Network:
    """A network that grows layer by layer; `step` is the scale of x, where x is on a grid."""

    def __init__(self, random):
        self.random, self.w = random, Writer(13)
        self.kind = np.int8 if random.integers(2) else np.uint8
        self.size = [3, int(random.integers(5, 12)), int(random.integers(5, 12))]
        self.image, self.layers = tuple(self.size), []
        self.x, self.step = "image", np.float32(0.03)
        self.quantise(0.03, 128)

    def on_grid(self, x, scale=None, zero=None):
        scale = np.float32(self.random.uniform(0.02, 0.06) if scale is None else scale)
        zero = int(self.random.choice([0, 100, 120, 128]) if zero is None else zero)
        pair = (self.w.constant(scale),
                self.w.constant(self.kind(zero - (128 if self.kind == np.int8 else 0))))
        return self.w.node("DequantizeLinear", self.w.node("QuantizeLinear", x, *pair),
                           *pair), scale

    def quantise(self, scale=None, zero=None):
        self.x, self.step = self.on_grid(self.x, scale, zero)

    def filters(self, array, axis):
        """Stored as bytes; the name, and the scale or scales."""
        c = self.w.constant
        how = self.random.choice(["one scale", "zero point", "by channel"])
        if how == "zero point":
            step = np.float32((array.max() - array.min()) / 255)
            zero = int(np.clip(np.rint(-array.min() / step), 0, 255))
            stored = np.clip(np.rint(array / step) + zero, 0, 255).astype(np.uint8)
            return self.w.node("DequantizeLinear", c(stored), c(step), c(np.uint8(zero))), step
        others = tuple(i for i in range(array.ndim) if how == "one scale" or i != axis)
        step = (np.abs(array).max(axis=others) / 127).astype(np.float32)
        shape = [] if how == "one scale" else [-1 if i == axis else 1 for i in range(array.ndim)]
        stored = np.clip(np.rint(array / step.reshape(shape)), -127, 127).astype(np.int8)
        attributes = {} if how == "one scale" else {"axis": axis}
        return self.w.node("DequantizeLinear", c(stored), c(step),
                           c(np.zeros(step.shape, np.int8)), **attributes), step

    def bias(self, count, step):
        """None, floats, or integers of 32 bits in steps of input and weight."""
        c, how = self.w.constant, self.random.integers(3)
        if how == 0:
            return []
        if how == 1:
            return [c((self.random.standard_normal(count) * 0.3).astype(np.float32))]
        steps = (np.ones(count) * step * self.step).astype(np.float32)
        return [self.w.node("DequantizeLinear",
                            c(self.random.integers(-300, 300, count).astype(np.int32)), c(steps),
                            c(np.zeros(count, np.int32)), axis=0)]

    def conv(self, group, kernel):
        channels, height, width = self.size
        out = channels if group == channels else group * int(self.random.choice([2, 4, 8]))
        stride, pad = int(self.random.choice([1, 2])), int(self.random.integers(0, kernel))
        if min(height, width) <= kernel or channels % group:
            return
        filters, step = self.filters(self.w.weights(out, channels // group, kernel, kernel), 0)
        self.x = self.w.node("Conv", self.x, filters, *self.bias(out, step), group=group,
                             strides=[stride, stride], pads=[pad] * 4)
        self.size = [out] + [(n + 2 * pad - kernel) // stride + 1 for n in (height, width)]
        if self.random.integers(2):
            self.x = self.w.node("Relu", self.x)
        elif self.random.integers(2):
            c = self.w.constant
            self.x = self.w.node("Clip", self.x, c(np.float32(0)), c(np.float32(6)))

    def pool(self, op, kernel, **attributes):
        if min(self.size[1:]) > 3:
            pad = attributes.get("pads", [0])[0]
            self.x = self.w.node(op, self.x, kernel_shape=[kernel, kernel], strides=[2, 2],
                                 **attributes)
            self.size[1:] = [(n + 2 * pad - kernel) // 2 + 1 for n in self.size[1:]]

    def layer(self):
        w, x, r = self.w, self.x, self.random
        channels, height, width = self.size
        ints = lambda *numbers: w.constant(np.array(numbers, np.int64))  # noqa: E731
        kind = r.choice(["conv", "depthwise", "point", "group", "Add", "Mul", "Relu", "LeakyRelu",
                         "Sigmoid", "HardSwish", "max", "mean", "Concat", "Pad", "Slice", "Split",
                         "Transpose", "Resize", "norm"])
        self.layers.append(str(kind))
        if kind in ("conv", "depthwise", "point", "group"):
            group = {"depthwise": channels, "group": 2}.get(kind, 1)
            self.conv(group, 1 if kind == "point" else int(r.choice([2, 3])))
        elif kind == "Add":
            self.x = w.node("Add", x, self.on_grid(w.node("Neg", x))[0])
        elif kind == "Mul":
            gate = w.node("Sigmoid", w.node("GlobalAveragePool", x))
            self.x = w.node("Mul", x, self.on_grid(gate, 1 / 256, 0)[0])
        elif kind == "HardSwish":
            self.x = w.node("Mul", x, w.node("HardSigmoid", x, alpha=1 / 6, beta=0.5))
        elif kind == "max":
            self.pool("MaxPool", 3, pads=[1] * 4)
        elif kind == "mean":
            self.pool("AveragePool", 2)
        elif kind == "Concat":
            self.x = w.node("Concat", x, self.on_grid(w.node("Relu", x))[0], axis=1)
            self.size[0] *= 2
        elif kind == "Pad":
            self.x = w.node("Pad", x, ints(0, 0, 1, 0, 0, 0, 0, 1))
            self.size[1:] = [height + 1, width + 1]
        elif kind == "Slice" and height > 4:
            self.x = w.node("Slice", x, ints(1), ints(-1), ints(2))
            self.size[1] -= 2
        elif kind == "Split" and channels % 2 == 0:
            parts = w.node("Split", x, ints(channels // 2, channels // 2), outputs=2, axis=1)
            self.x = w.node("Add", *parts)
            self.size[0] //= 2
        elif kind == "Transpose":
            self.x = w.node("Transpose", x, perm=[0, 1, 3, 2])
            self.size[1:] = [width, height]
        elif kind == "Resize":
            self.x = w.node("Resize", x, "", w.constant(np.array([1, 1, 2, 2], np.float32)),
                            mode="nearest", coordinate_transformation_mode="asymmetric",
                            nearest_mode="floor")
            self.size[1:] = [2 * height, 2 * width]
        elif kind == "norm":
            self.x = w.norm(x, channels)
        elif kind in ("Relu", "LeakyRelu", "Sigmoid"):
            self.x = w.node(kind, x)
        if self.random.integers(4):
            self.quantise()

    def end(self):
        kind = self.random.choice(["Flatten", "Gemm", "MatMul"])
        self.layers.append(str(kind))
        if kind == "Flatten":
            self.x = self.w.node("Flatten", self.x)
            return
        self.x = self.w.node("Flatten", self.w.node("GlobalAveragePool", self.x))
        self.quantise(0.02)
        shape = (10, self.size[0]) if kind == "Gemm" else (self.size[0], 10)
        filters, step = self.filters(self.w.weights(*shape), 0 if kind == "Gemm" else 1)
        if kind == "Gemm":
            self.x = self.w.node("Gemm", self.x, filters, *self.bias(10, step), transB=1)
        else:
            self.x = self.w.node("MatMul", self.x, filters)
        if self.random.integers(2):
            self.quantise(0.03)


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    failed = same = 0
    for n in range(count):
        styles.random = np.random.default_rng([seed, n])
        network = Network(styles.random)
        for _ in range(int(styles.random.integers(1, 4))):
            network.layer()
        network.end()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "network.onnx"
            network.w.save(path, network.x, network.image)
            done = subprocess.run(["node", str(HERE / "check.mjs"), str(path), str(TOLERANCE)],
                                  capture_output=True, text=True)
        row = json.loads(done.stdout) if done.stdout else {"engines": done.stderr[-600:]}
        if not row.get("spread") and isinstance(row["engines"], dict):
            same += 1  # the same answer, mostly 0, to every input: it shows nothing
            continue
        far = not isinstance(row["engines"], dict) or any(
            off is None or isinstance(off, str) or off > TOLERANCE
            for off in row["engines"].values())
        if far:
            print(n, " ".join(network.layers), row["engines"], flush=True)
        failed += far
    print(f"{count - failed - same} of {count - same} agree")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
