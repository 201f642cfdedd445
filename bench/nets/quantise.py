"""8-bit quantisation as ONNX's QDQ and TensorFlow Lite both define it: activations asymmetric for a
tensor, weights symmetric for an output channel, biases in 32 bits at the product of both scales."""
import numpy as np


def activation(value):
    """(scale, zero point) of signed 8 bits, with an exact zero."""
    low, high = min(value.low, 0.0), max(value.high, 0.0)
    scale = np.float32(max(high - low, 1e-6) / 255)
    return scale, int(np.clip(round(-128 - low / scale), -128, 127))


def filters(weights, axis):
    """int8 weights and a scale for each index of `axis`, the output channels."""
    others = tuple(i for i in range(weights.ndim) if i != axis)
    scale = (np.maximum(np.abs(weights).max(axis=others), 1e-6) / 127).astype(np.float32)
    shape = [1] * weights.ndim
    shape[axis] = -1
    return np.clip(np.rint(weights / scale.reshape(shape)), -127, 127).astype(np.int8), scale


def same_scale(net):
    """Max pooling changes no number, so that it keeps its input's scale."""
    for layer in net.layers:
        if layer.kind == "max":
            source, target = net.values[layer.inputs[0]], net.values[layer.output]
            target.low, target.high = source.low, source.high
