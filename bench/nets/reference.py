"""The network in plain NumPy: what every file must compute, and where calibration sees the ranges."""
import numpy as np
from net import folded_norm


def fixed_input(shape):
    """The benchmark's input (bench/browser/input.mjs) in NHWC; it is counted in the order of NCHW."""
    _, height, width, channels = shape
    count = np.arange(height * width * channels)
    plain = ((count * 37 % 61) - 30).astype(np.float32) / 16
    return plain.reshape(1, channels, height, width).transpose(0, 2, 3, 1)


def windows(x, kernel, stride, pad, fill=0.0):
    """A view of shape height, width, channels, kernel, kernel."""
    x = np.pad(x[0], ((pad, pad), (pad, pad), (0, 0)), constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(0, 1))
    return view[::stride, ::stride]


def compute(layer, inputs):
    x, w = inputs[0], layer.weights
    if layer.kind == "conv":
        view = windows(x, layer.kernel, layer.stride, layer.pad)
        rows = view.transpose(0, 1, 3, 4, 2).reshape(view.shape[0], view.shape[1], -1)
        y = rows @ w["filter"].reshape(len(w["filter"]), -1).T + w["bias"]
    elif layer.kind == "depthwise":
        view = windows(x, layer.kernel, layer.stride, layer.pad)
        y = np.einsum("hwcij,ijc->hwc", view, w["filter"]) + w["bias"]
    elif layer.kind == "norm":
        scale, shift = folded_norm(w)
        y = x[0] * scale + shift
    elif layer.kind == "add":
        y = (x + inputs[1])[0]
    elif layer.kind == "concat":
        y = np.concatenate(inputs, axis=3)[0]
    elif layer.kind == "max":
        y = windows(x, layer.kernel, layer.stride, layer.pad, -np.inf).max(axis=(3, 4))
    elif layer.kind == "average":
        y = windows(x, layer.kernel, layer.stride, 0).mean(axis=(3, 4))
    elif layer.kind == "mean":
        y = x[0].mean(axis=(0, 1), keepdims=True)
    elif layer.kind == "dense":
        y = (x[0] @ w["filter"].T) + w["bias"]
    if layer.act:
        y = np.clip(y, 0, 6 if layer.act == "relu6" else None)
    return y[np.newaxis].astype(np.float32)


def run(net, x):
    """The output; every value's range is written down on the way."""
    values = [x]
    for layer in net.layers:
        values.append(compute(layer, [values[i] for i in layer.inputs]))
    for value, seen in zip(net.values, values):
        assert value.shape == seen.shape
        value.low, value.high = float(seen.min()), float(seen.max())
    return values[-1].ravel()
