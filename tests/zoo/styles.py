#!/usr/bin/python3
"""Small classifiers in the styles of exporters other than torchvision's, against ONNX Runtime.

    tests/zoo/styles.py [NAME...]      builds as for zoo.py; needs python3-onnx and python3-numpy

forms.py adds, operator by operator, the forms in which they write it: "forms" names them all.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from onnx import TensorProto, helper

import forms
from writer import Writer, random

HERE = pathlib.Path(__file__).resolve().parent


def keras_efficientnet(path):
    """tf2onnx: channels last outside, SAME padding, depthwise, squeeze and excite by reshaping."""
    w = Writer(13)
    x = w.node("Transpose", "image", perm=[0, 3, 1, 2])
    x = w.node("Sub", x, w.constant(np.float32(0.1).reshape(1, 1, 1, 1)))
    x = w.norm(w.conv(x, 3, 16, 3, strides=[2, 2], auto_pad="SAME_UPPER"), 16)
    x = w.node("Mul", x, w.node("Sigmoid", x))
    for stride in (1, 2):
        y = w.norm(w.conv(x, 16, 48, 1), 48)
        y = w.node("Mul", y, w.node("Sigmoid", y))
        y = w.node("Pad", y, w.constant_node(np.array([0, 0, 0, 0, 0, 0, 1, 1], np.int64)))
        y = w.norm(w.conv(y, 48, 48, 3, group=48, strides=[stride, stride],
                          **({"auto_pad": "VALID"} if stride == 2 else {"pads": [1, 1, 0, 0]})), 48)
        y = w.node("Mul", y, w.node("Sigmoid", y))
        last = w.node("Transpose", y, perm=[0, 2, 3, 1])  # the mean in channels last
        s = w.node("ReduceMean", last, axes=[1, 2], keepdims=0)
        shape = w.node("Concat", w.node("Unsqueeze", w.node("Squeeze", w.node(
            "Slice", w.node("Shape", s), w.constant_node(np.array([0], np.int64)),
            w.constant_node(np.array([1], np.int64)))), w.constant_node(np.array([0], np.int64))),
            w.constant_node(np.array([1, 1, 48], np.int64)), axis=0)
        s = w.node("Transpose", w.node("Reshape", s, shape), perm=[0, 3, 1, 2])
        s = w.conv(s, 48, 4, 1)
        s = w.node("Mul", s, w.node("Sigmoid", s))
        y = w.node("Mul", y, w.node("Sigmoid", w.conv(s, 4, 48, 1)))
        y = w.norm(w.conv(y, 48, 16, 1), 16)
        x = y if stride == 2 else w.node("Add", x, y)
    x = w.node("GlobalAveragePool", x)
    x = w.node("Squeeze", x, w.constant_node(np.array([2, 3], np.int64)))
    x = w.node("MatMul", x, w.constant(w.weights(16, 10)))
    x = w.node("Softmax", w.node("Add", x, w.constant(w.weights(10))), axis=-1)
    w.save(path, x, (33, 35, 3), "batch")


def keras_resnet(path):
    """tf2onnx of an older Keras: long names, explicit pads, norms left as they are, bytes for an image."""
    w = Writer(15)
    w.name = lambda stem, of=w.name: "StatefulPartitionedCall/model/" + of(stem) + ":0"
    x = w.node("Cast", "image", to=TensorProto.FLOAT)
    x = w.node("Div", x, w.constant(np.array([255], np.float32)))
    x = w.node("Sub", x, w.constant(np.array([0.4, 0.5, 0.6], np.float32)))  # the last axis, channels
    x = w.node("Transpose", x, perm=[0, 3, 1, 2])
    x = w.node("Pad", x, w.constant(np.array([0, 0, 3, 3, 0, 0, 3, 3], np.int64)))
    x = w.node("Relu", w.norm(w.conv(x, 3, 16, 7, strides=[2, 2], auto_pad="VALID"), 16))
    x = w.node("Pad", x, w.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)),
               w.constant(np.float32(-np.inf)))
    x = w.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad="VALID")
    y = w.node("Relu", w.norm(w.conv(x, 16, 8, 1, auto_pad="VALID"), 8))
    y = w.norm(w.conv(y, 8, 16, 3, auto_pad="SAME_LOWER"), 16)
    x = w.node("Relu", w.node("Add", y, x))
    x = w.node("Transpose", x, perm=[0, 2, 3, 1])
    x = w.node("BatchNormalization", w.node("Transpose", x, perm=[0, 3, 1, 2]),
               *[w.constant(random.uniform(0.5, 1.5, 16).astype(np.float32)) for _ in range(4)])
    x = w.node("Squeeze", w.node("GlobalAveragePool", x), w.constant(np.array([2, 3], np.int64)))
    x = w.node("Gemm", x, w.constant(w.weights(16, 10)), w.constant(w.weights(10)))
    w.save(path, w.node("Sigmoid", x), (32, 33, 3), "unk__123", kind=TensorProto.UINT8)


def dynamo(path):
    """PyTorch's newer exporter: axes as inputs, parts counted, sizes as lists in nodes, names with dots."""
    w = Writer(18)

    def ints(*numbers):
        out = w.name("val")
        w.nodes.append(helper.make_node("Constant", [], [out], value_ints=list(numbers)))
        return out

    def number(value):
        out = w.name("scalar")
        w.nodes.append(helper.make_node("Constant", [], [out], value_float=value))
        return out

    x = w.conv("image", 3, 24, 3, strides=[2, 2], pads=[1, 1, 1, 1], dilations=[1, 1],
               auto_pad="NOTSET")
    x = w.node("Clip", w.norm(x, 24), number(0.0), number(6.0))
    s = w.node("ReduceMean", x, ints(-1, -2), keepdims=1, noop_with_empty_axes=0)
    s = w.node("Sigmoid", w.conv(s, 24, 24, 1))
    x = w.node("Mul", x, s)
    a, b, c = w.node("Split", x, outputs=3, axis=1, num_outputs=3)
    x = w.node("Concat", w.node("Add", a, b), w.node("Mul", c, w.node("CastLike", number(0.5), c)),
               axis=1)
    x = w.node("Pad", x, ints(1, 0, 1, 2), "", ints(2, -1))
    size = w.node("Concat", w.node("Shape", x, start=0, end=2), ints(-1), axis=0)
    x = w.node("Transpose", w.node("Reshape", x, size, allowzero=1), perm=[0, 2, 1])
    x = w.node("LayerNormalization", x, w.constant(random.uniform(.5, 1.5, 16).astype(np.float32)),
               w.constant(w.weights(16)), axis=-1, epsilon=1e-6, stash_type=1)
    y = w.node("ReduceMax", x, ints(1), keepdims=0)
    z = w.node("ReduceL2", x, ints(1), keepdims=0)
    x = w.node("Concat", y, w.node("Div", z, number(3.0)), axis=-1)
    x = w.node("Gemm", x, w.constant(w.weights(10, 32)), w.constant(w.weights(10)), transB=1,
               alpha=1.0, beta=1.0)
    w.save(path, x, (3, 31, 30), "s0", extra=[y])


def timm(path):
    """Blocks that torchvision has not: anti-aliasing pool, group norm, gated and old hard swish."""
    w = Writer(11)
    x = w.conv("image", 3, 16, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    scaled = w.node("Add", x, w.constant(np.float32(3)))
    gate = w.node("Clip", scaled, w.constant(np.float32(0)), w.constant(np.float32(6)))
    x = w.node("Div", w.node("Mul", x, gate), w.constant(np.float32(6)))
    x = w.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1,
               count_include_pad=0)
    y = w.node("Reshape", x, w.constant(np.array([0, 4, -1], np.int64)))  # group norm, unfused
    y = w.node("InstanceNormalization", y, w.constant(np.ones(4, np.float32)),
               w.constant(np.zeros(4, np.float32)), epsilon=1e-5)
    y = w.node("Reshape", y, w.node("Shape", x))
    y = w.node("Add", w.node("Mul", y, w.constant(w.weights(16, 1, 1))),
               w.constant(w.weights(16, 1, 1)))
    a, b = w.node("Split", w.conv(y, 16, 32, 1), outputs=2, axis=1, split=[16, 16])
    y = w.node("Mul", a, w.node("Tanh", w.node("Softplus", b)))  # Mish's gate
    x = w.node("Add", x, w.node("LeakyRelu", y, alpha=0.1))
    x = w.node("PRelu", x, w.constant(random.uniform(0, 1, (16, 1, 1)).astype(np.float32)))
    x = w.node("Pad", x, w.constant(np.array([0, 0, 1, 2, 0, 0, 2, 1], np.int64)), mode="reflect")
    x = w.node("Elu", w.conv(x, 16, 24, 3, dilations=[2, 2]), alpha=0.7)
    x = w.node("Slice", x, w.constant(np.array([-1, 0], np.int64)),
               w.constant(np.array([-100, 100], np.int64)), w.constant(np.array([2, 3], np.int64)),
               w.constant(np.array([-1, 2], np.int64)))
    x = w.node("ReduceMean", x, axes=[-2, -1], keepdims=0)
    x = w.node("Gemm", x, w.constant(w.weights(24, 10)), w.constant(w.weights(1, 10)), alpha=0.5)
    w.save(path, x, (3, 45, 47))


def caffe(path):
    """Local response norm, ceiling pools, typed fields, initializers listed as inputs, opset 7."""
    w = Writer(7)
    typed = w.constant
    w.constant = lambda array, stem="c", t=True: typed(array, stem, True)
    x = w.node("Relu", w.conv("image", 3, 24, 7, strides=[2, 2], pads=[3, 3, 3, 3]))
    x = w.node("LRN", x, size=5, alpha=1e-2, beta=0.75, bias=1.0)
    x = w.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 2, 2])
    x = w.node("Relu", w.conv(x, 24, 32, 5, group=2, pads=[2, 2, 2, 2]))
    x = w.node("Concat", x, w.node("MaxPool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1]), axis=1)
    x = w.node("Dropout", x, outputs=2, ratio=0.4)[0]
    x = w.node("Flatten", w.node("AveragePool", x, kernel_shape=[9, 9], strides=[8, 8]))
    w.save(path, w.node("Softmax", w.node("Gemm", x, w.constant(w.weights(10, 64) * 4),
                                          w.constant(w.weights(10)), transB=1)), (3, 61, 61),
           listed=True)


def transformer(path):
    """Attention with computed products, layer norm and GELU as arithmetic, a class token."""
    w = Writer(12)
    d, n = 32, 16
    x = w.conv("image", 3, d, 8, strides=[8, 8])
    x = w.node("Transpose", w.node("Reshape", x, w.constant(np.array([0, d, -1], np.int64))),
               perm=[0, 2, 1])
    token = w.node("Expand", w.constant(w.weights(1, 1, d)),
                   w.constant(np.array([1, 1, 1], np.int64)))
    x = w.node("Add", w.node("Concat", token, x, axis=1), w.constant(w.weights(1, n + 1, d)))

    def layer_norm(x):
        off = w.node("Sub", x, w.node("ReduceMean", x, axes=[-1]))
        square = w.node("Pow", off, w.constant(np.float32(2)))
        spread = w.node("Add", w.node("ReduceMean", square, axes=[-1]), w.constant(np.float32(1e-6)))
        x = w.node("Div", off, w.node("Sqrt", spread))
        return w.node("Add", w.node("Mul", x, w.constant(random.uniform(.5, 1.5, d)
                                                         .astype(np.float32))),
                      w.constant(w.weights(d)))

    for _ in range(2):
        y = w.node("MatMul", layer_norm(x), w.constant(w.weights(d, 3 * d)))
        y = w.node("Reshape", y, w.constant(np.array([1, n + 1, 3, 4, d // 4], np.int64)))
        y = w.node("Transpose", y, perm=[2, 0, 3, 1, 4])
        q, k, v = [w.node("Gather", y, w.constant(np.array(i, np.int64)), axis=0)
                   for i in range(3)]
        scores = w.node("MatMul", q, w.node("Transpose", k, perm=[0, 1, 3, 2]))
        scores = w.node("Softmax", w.node("Mul", scores, w.constant(np.float32(0.35))), axis=3)
        y = w.node("Transpose", w.node("MatMul", scores, v), perm=[0, 2, 1, 3])
        y = w.node("Reshape", y, w.constant(np.array([1, n + 1, d], np.int64)))
        x = w.node("Add", x, w.node("MatMul", y, w.constant(w.weights(d, d))))
        y = w.node("MatMul", layer_norm(x), w.constant(w.weights(d, 2 * d)))
        gate = w.node("Add", w.node("Erf", w.node("Div", y, w.constant(np.float32(np.sqrt(2))))),
                      w.constant(np.float32(1)))
        y = w.node("Mul", w.node("Mul", y, gate), w.constant(np.float32(0.5)))
        x = w.node("Add", x, w.node("MatMul", y, w.constant(w.weights(2 * d, d))))
    x = w.node("Gather", x, w.constant(np.array(0, np.int64)), axis=1)
    w.save(path, w.node("MatMul", x, w.constant(w.weights(d, 10))), (3, 32, 32))


def half(path):
    """Weights of 16 bits, cast around a float input and output."""
    w = Writer(13)
    w.half = True
    x = w.node("Cast", "image", to=TensorProto.FLOAT16)
    x = w.node("Relu", w.norm(w.conv(x, 3, 16, 3, strides=[2, 2]), 16))
    x = w.node("Relu", w.conv(x, 16, 16, 3, pads=[1, 1, 1, 1]))
    x = w.node("Flatten", w.node("GlobalMaxPool", x))
    x = w.node("Gemm", x, w.constant(w.weights(10, 16)), transB=1)
    x = w.node("Cast", x, to=TensorProto.FLOAT)
    w.half = False
    w.save(path, x, (3, 32, 32))


def ends(path):
    """Scores and then the best one's index, as further outputs."""
    w = Writer(13)
    x = w.node("Relu", w.conv("image", 1, 8, 3))
    x = w.node("Flatten", w.node("GlobalMaxPool", x))
    scores = w.node("Softmax", w.node("MatMul", x, w.constant(w.weights(8, 5) * np.float32(0.3))))
    w.save(path, scores, (1, 20, 20), "N", extra=[w.node("ArgMax", scores, axis=1)])


def quantised(path, signed=False):
    """QDQ as ONNX Runtime's quantiser writes it: weights by channel, biases of 32 bits."""
    w = Writer(13)
    kind = np.int8 if signed else np.uint8

    def grid(x, scale, zero):
        scale, zero = w.constant(np.float32(scale)), w.constant(kind(zero - 128 * signed))
        x = w.node("QuantizeLinear", x, scale, zero)
        return w.node("DequantizeLinear", x, scale, zero)

    def stored(array, axis):
        steps = (np.abs(array).max(axis=tuple(i for i in range(array.ndim) if i != axis)) / 127)
        shape = [-1 if i == axis else 1 for i in range(array.ndim)]
        whole = np.clip(np.rint(array / steps.reshape(shape)), -127, 127).astype(np.int8)
        return steps.astype(np.float32), w.node(
            "DequantizeLinear", w.constant(whole), w.constant(steps.astype(np.float32)),
            w.constant(np.zeros(len(steps), np.int8)), axis=axis)

    def bias(count, steps):
        whole = random.integers(-500, 500, count).astype(np.int32)
        return w.node("DequantizeLinear", w.constant(whole), w.constant(steps),
                      w.constant(np.zeros(count, np.int32)), axis=0)

    def conv(x, step, into, out, kernel, group=1, **attributes):
        steps, weights = stored(w.weights(out, into // group, kernel, kernel), 0)
        return w.node("Conv", x, weights, bias(out, steps * np.float32(step)), group=group,
                      **attributes)

    x = grid("image", 0.03, 128)
    x = grid(w.node("Relu", conv(x, 0.03, 3, 16, 3, strides=[2, 2])), 0.02, 0)
    y = grid(w.node("Clip", conv(x, 0.02, 16, 16, 3, group=16, pads=[1, 1, 1, 1]),
                    w.constant(np.float32(0)), w.constant(np.float32(6))), 0.0235, 0)
    y = grid(conv(y, 0.0235, 16, 16, 1), 0.03, 120)
    x = grid(w.node("Add", x, y), 0.04, 100)
    x = grid(w.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]), 0.04, 100)
    x = grid(w.node("Concat", x, grid(conv(x, 0.04, 16, 8, 1), 0.05, 128), axis=1), 0.05, 128)
    x = grid(w.node("GlobalAveragePool", x), 0.02, 100)
    x = w.node("Flatten", x)
    steps, weights = stored(w.weights(10, 24), 0)
    x = grid(w.node("Gemm", x, weights, bias(10, steps * np.float32(0.02)), transB=1), 0.03, 128)
    w.save(path, x, (3, 33, 33))


def quantised_signed(path):
    """The same with signed activations."""
    quantised(path, True)


def quantised_16(path):
    """Activations of 16 bits, as operator set 21 has them."""
    w = Writer(21)

    def grid(x, scale, zero, kind):
        pair = w.constant(np.float32(scale)), w.constant(kind(zero))
        return w.node("DequantizeLinear", w.node("QuantizeLinear", x, *pair), *pair)

    def weights(*shape):
        whole = random.integers(-127, 128, shape).astype(np.int8)
        return w.node("DequantizeLinear", w.constant(whole), w.constant(np.float32(0.004)),
                      w.constant(np.int8(0)))

    x = grid("image", 1e-4, 32768, np.uint16)
    x = grid(w.node("Relu", w.node("Conv", x, weights(16, 3, 3, 3), strides=[2, 2])), 1e-4, -32768,
             np.int16)
    x = grid(w.node("Add", x, w.node("Conv", x, weights(16, 16, 1, 1))), 2e-4, 0, np.int16)
    x = w.node("Flatten", w.node("GlobalAveragePool", x))
    w.save(path, grid(w.node("MatMul", x, weights(16, 10)), 1e-4, 100, np.int16), (3, 33, 33))


def quantised_oddly(path):
    """Integers that are moved between the two nodes, shared and repeated pairs, no zero points."""
    w = Writer(13)
    scale = w.constant(np.float32(0.05))
    x = w.node("QuantizeLinear", "image", scale, w.constant(np.int8(3)))
    x = w.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = w.node("Transpose", x, perm=[0, 1, 3, 2])
    a = w.node("DequantizeLinear", x, scale, w.constant(np.int8(3)))
    b = w.node("DequantizeLinear", x, scale, w.constant(np.int8(3)))
    a = w.conv(a, 3, 8, 3)
    y = w.node("QuantizeLinear", w.node("Relu", a), w.constant(np.float32(0.02)))
    y = w.node("DequantizeLinear", y, w.constant(np.float32(0.02)))
    z = w.node("QuantizeLinear", a, w.constant(np.float32(0.05)), w.constant(np.uint8(128)))
    z = w.node("DequantizeLinear", z, w.constant(np.float32(0.05)), w.constant(np.uint8(128)))
    channels = w.node("QuantizeLinear", y, w.constant(np.linspace(.02, .05, 8, dtype=np.float32)),
                      w.constant(np.zeros(8, np.int8)), axis=1)
    y = w.node("DequantizeLinear", channels,
               w.constant(np.linspace(.02, .05, 8, dtype=np.float32)),
               w.constant(np.zeros(8, np.int8)), axis=1)
    x = w.node("Concat", w.node("Add", y, z), w.conv(b, 3, 4, 3), axis=1)
    x = w.node("Flatten", w.node("GlobalAveragePool", x))
    w.save(path, w.node("MatMul", x, w.constant(w.weights(12, 10))), (3, 28, 30))


def quantised_by_operators(path):
    """ONNX Runtime's operator-oriented quantisation: QLinearConv and its kin."""
    w = Writer(13)

    def number(value, kind=np.float32):
        return w.constant(kind(value))

    def grid(scale, zero):
        return number(scale), number(zero, np.uint8)

    def conv(x, of, to, into, out, kernel, group=1, **attributes):
        weights = w.weights(out, into // group, kernel, kernel)
        steps = (np.abs(weights).max(axis=(1, 2, 3)) / 127).astype(np.float32)
        whole = np.rint(weights / steps.reshape(-1, 1, 1, 1)).astype(np.int8)
        return w.node("QLinearConv", x, *of, w.constant(whole), w.constant(steps),
                      w.constant(np.zeros(out, np.int8)), *to,
                      w.constant(random.integers(-500, 500, out).astype(np.int32)), group=group,
                      **attributes)

    def own(op, *inputs, **attributes):
        return w.node(op, *inputs, domain="com.microsoft", **attributes)

    image, wide, thin, sums = grid(0.03, 128), grid(0.02, 0), grid(0.03, 120), grid(0.04, 100)
    x = w.node("QuantizeLinear", "image", *image)
    x = conv(x, image, wide, 3, 16, 3, strides=[2, 2])
    y = conv(x, wide, wide, 16, 16, 3, group=16, pads=[1, 1, 1, 1])
    y = conv(y, wide, thin, 16, 16, 1)
    x = own("QLinearAdd", x, *wide, y, *thin, *sums)
    x = w.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    y = own("QLinearLeakyRelu", conv(x, sums, thin, 16, 8, 1), *thin, *thin, alpha=0.1)
    x = own("QLinearConcat", *sums, x, *sums, y, *thin, axis=1)
    s = own("QLinearSigmoid", conv(own("QLinearGlobalAveragePool", x, *sums, *thin), thin, sums,
                                   24, 24, 1), *sums, number(1 / 256), number(0, np.uint8))
    x = own("QLinearMul", x, *sums, s, number(1 / 256), number(0, np.uint8), *thin)
    x = own("QLinearAveragePool", x, *thin, *thin, kernel_shape=[2, 2], strides=[2, 2])
    x = own("QLinearGlobalAveragePool", x, *thin, *wide)
    x = w.node("Flatten", x)
    weights = random.integers(-127, 128, (24, 20)).astype(np.int8)
    x = own("QGemm", x, *wide, w.constant(weights), number(0.01), number(0, np.int8),
            w.constant(random.integers(-500, 500, 20).astype(np.int32)), *thin, alpha=1.0)
    weights = random.integers(0, 256, (20, 10)).astype(np.uint8)
    x = w.node("QLinearMatMul", x, *thin, w.constant(weights), number(0.01),
               number(130, np.uint8), *thin)
    w.save(path, w.node("DequantizeLinear", x, *thin), (3, 33, 33))


def quantised_as_it_runs(path):
    """ONNX Runtime's dynamic quantisation: the grids of activations follow from their numbers."""
    w = Writer(13)

    def scaled(product, by, step):
        scale = w.node("Mul", by, w.constant(np.float32(step)))
        return w.node("Mul", w.node("Cast", product, to=TensorProto.FLOAT), scale)

    def conv(x, into, out, kernel, **attributes):
        x, scale, zero = w.node("DynamicQuantizeLinear", x, outputs=3)
        weights = random.integers(0, 256, (out, into, kernel, kernel)).astype(np.uint8)
        y = w.node("ConvInteger", x, w.constant(weights), zero, w.constant(np.uint8(125)),
                   **attributes)
        return w.node("Add", scaled(y, scale, 0.002), w.constant(w.weights(1, out, 1, 1)))

    x = w.node("Relu", conv("image", 3, 16, 3, strides=[2, 2], pads=[1, 1, 1, 1]))
    x = w.node("Relu", conv(x, 16, 12, 3, group=1))
    x = w.node("Flatten", w.node("GlobalAveragePool", x))
    x, scale, zero = w.node("DynamicQuantizeLinear", x, outputs=3)
    weights = random.integers(-128, 128, (12, 10)).astype(np.int8)
    x = scaled(w.node("MatMulInteger", x, w.constant(weights), zero,
                      w.constant(np.zeros(10, np.int8))), scale, 0.01)
    w.save(path, w.node("Add", x, w.constant(w.weights(10))), (3, 33, 33))


# A sum that lies between two steps may fall to the other side than with ONNX Runtime, as it is added
# up in another order: one step of the 128 of the answer, or several where a Sigmoid lies between.
STEP = {"quantised_16": 1e-3, "quantised": 0.008, "quantised_signed": 0.008, "quantised_by_operators": 0.03} | forms.STEP

STYLES = [keras_efficientnet, keras_resnet, dynamo, timm, caffe, transformer, half, ends, quantised, quantised_signed,
          quantised_16, quantised_oddly, quantised_by_operators, quantised_as_it_runs] + forms.FORMS


def main():
    failed = 0
    names = sys.argv[1:]
    for style in STYLES:
        if names and style.__name__ not in names and not ("forms" in names and style in forms.FORMS):
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / f"{style.__name__}.onnx"
            style(path)
            done = subprocess.run(["node", str(HERE / "check.mjs"), str(path),
                                   str(STEP.get(style.__name__, 1e-4))],
                                  capture_output=True, text=True)
        row = json.loads(done.stdout) if done.stdout else {"engines": done.stderr[-600:]}
        print(style.__name__, row.get("spread"), row["engines"], flush=True)
        failed += done.returncode != 0
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
