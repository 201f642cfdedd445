"""A convolutional network as a list of layers in NHWC, with seeded random weights.

The three files that are written from it (ONNX, TensorFlow Lite, plain) hold the same numbers. Padding
is PyTorch's everywhere, k // 2 on every side.
"""
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Value:
    height: int
    width: int
    channels: int
    low: float = 0.0  # the range that calibration saw
    high: float = 0.0

    @property
    def shape(self):
        return (1, self.height, self.width, self.channels)


@dataclass
class Layer:
    """kind: conv, depthwise, norm (batch norm with ReLU), add, concat, max, average, mean, dense."""
    kind: str
    inputs: list
    output: int
    kernel: int = 1
    stride: int = 1
    pad: int = 0
    act: str = ""  # "", relu or relu6
    weights: dict = field(default_factory=dict)


class Net:
    def __init__(self, name, size=224, seed=1):
        self.name = name
        self.random = np.random.default_rng(seed)
        self.values = [Value(size, size, 3)]
        self.layers = []
        self.macs = 0

    def channels(self, x):
        return self.values[x].channels

    def _layer(self, kind, inputs, height, width, channels, **rest):
        self.values.append(Value(height, width, channels))
        self.layers.append(Layer(kind, inputs, len(self.values) - 1, **rest))
        return len(self.values) - 1

    def _weights(self, shape, fan_in, act):
        # He's initialisation: the values neither die nor explode on their way through.
        scale = np.float32(np.sqrt((2 if act else 1) / fan_in))
        return self.random.standard_normal(shape, dtype=np.float32) * scale

    def _window(self, kind, x, channels, kernel, stride, pad, **rest):
        side = [(s + 2 * pad - kernel) // stride + 1 for s in self.values[x].shape[1:3]]
        return self._layer(kind, [x], *side, channels, kernel=kernel, stride=stride, pad=pad, **rest)

    def conv(self, x, channels, kernel, stride=1, act=""):
        from_channels = self.channels(x)
        weights = self._weights((channels, kernel, kernel, from_channels), kernel**2 * from_channels, act)
        y = self._window("conv", x, channels, kernel, stride, kernel // 2, act=act,
                         weights={"filter": weights, "bias": self._small(channels)})
        self.macs += self.values[y].height * self.values[y].width * weights.size
        return y

    def depthwise(self, x, kernel, stride=1, act=""):
        channels = self.channels(x)
        weights = self._weights((kernel, kernel, channels), kernel**2, act)
        y = self._window("depthwise", x, channels, kernel, stride, kernel // 2, act=act,
                         weights={"filter": weights, "bias": self._small(channels)})
        self.macs += self.values[y].height * self.values[y].width * weights.size
        return y

    def norm(self, x):
        value = self.values[x]
        weights = {
            "gamma": self.random.uniform(0.75, 1.25, value.channels).astype(np.float32),
            "beta": self._small(value.channels),
            "mean": self._small(value.channels),
            "variance": self.random.uniform(0.5, 1.5, value.channels).astype(np.float32),
        }
        return self._layer("norm", [x], *value.shape[1:], act="relu", weights=weights)

    def add(self, a, b, act=""):
        return self._layer("add", [a, b], *self.values[a].shape[1:], act=act)

    def concat(self, a, b):
        value = self.values[a]
        return self._layer("concat", [a, b], value.height, value.width, value.channels + self.channels(b))

    def max(self, x, kernel, stride):
        return self._window("max", x, self.channels(x), kernel, stride, kernel // 2)

    def average(self, x, kernel, stride):
        return self._window("average", x, self.channels(x), kernel, stride, 0)

    def mean(self, x):
        return self._layer("mean", [x], 1, 1, self.channels(x))

    def dense(self, x, channels):
        weights = self._weights((channels, self.channels(x)), self.channels(x), "")
        self.macs += weights.size
        return self._layer("dense", [x], 1, 1, channels,
                           weights={"filter": weights, "bias": self._small(channels)})

    def _small(self, count):
        return (self.random.standard_normal(count) * 0.05).astype(np.float32)


EPSILON = 1e-5


def folded_norm(weights):
    """Batch norm as one product and one sum."""
    scale = weights["gamma"] / np.sqrt(weights["variance"] + np.float32(EPSILON))
    return scale, weights["beta"] - weights["mean"] * scale


def mobilenet_v2():
    net = Net("mobilenetv2")
    x = net.conv(0, 32, 3, 2, "relu6")
    for expand, channels, times, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                            (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(times):
            y = net.conv(x, net.channels(x) * expand, 1, 1, "relu6") if expand > 1 else x
            y = net.depthwise(y, 3, stride if i == 0 else 1, "relu6")
            y = net.conv(y, channels, 1)
            x = net.add(x, y) if i > 0 else y
    net.dense(net.mean(net.conv(x, 1280, 1, 1, "relu6")), 1000)
    return net


def resnet_18():
    net = Net("resnet18")
    x = net.max(net.conv(0, 64, 7, 2, "relu"), 3, 2)
    for channels, stride in [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]:
        y = net.conv(net.conv(x, channels, 3, stride, "relu"), channels, 3)
        x = net.add(y, x if stride == 1 else net.conv(x, channels, 1, stride), "relu")
    net.dense(net.mean(x), 1000)
    return net


def densenet_121():
    net = Net("densenet121")
    x = net.max(net.conv(0, 64, 7, 2, "relu"), 3, 2)
    for block, times in enumerate([6, 12, 24, 16]):
        for _ in range(times):
            y = net.conv(net.norm(x), 128, 1, 1, "relu")
            x = net.concat(x, net.conv(y, 32, 3))
        if block < 3:
            x = net.average(net.conv(net.norm(x), net.channels(x) // 2, 1), 2, 2)
    net.dense(net.mean(net.norm(x)), 18)
    return net


NETS = {"mobilenetv2": mobilenet_v2, "resnet18": resnet_18, "densenet121": densenet_121}
