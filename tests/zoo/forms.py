"""Every form in which exporters write the same few operators: for styles.py, a model a family.

Each form is one branch from a small convolution; the answer has them all, one after another.
"""
import numpy as np
from onnx import helper

from writer import Writer, random

FLOAT = np.float32


def ints(*numbers):
    return np.array(numbers, np.int64)


def forms(path, branches, opset=13, side=12, **options):
    """`branches`: functions of the writer and of an image of 4 channels that answer with a tensor."""
    w = Writer(opset)
    x = w.conv("image", 3, 4, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    flat = [w.node("Flatten", w.node("Tanh", branch(w, x)), axis=1) for branch in branches]
    w.save(path, w.node("Concat", *flat, axis=1), (3, side, side), **options)


def broadcasts(path):
    """Constants of every shape that an image of [1, 4, 6, 6] takes, before it and behind it."""
    shapes = [(4, 1, 1), (1, 4, 1, 1), (1, 1, 6, 6), (6,), (6, 6), (), (1,), (1, 1, 1, 1), (4, 6, 6),
              (1, 4, 6, 6), (6, 1), (1, 4, 6, 1), (4, 1, 6)]

    def form(op, shape, behind):
        def branch(w, x):
            c = w.constant(random.uniform(0.5, 1.5, shape).astype(FLOAT))
            return w.node(op, x, c) if behind else w.node(op, c, x)
        return branch

    def slope(shape):
        return lambda w, x: w.node("PRelu", x, w.constant(random.uniform(0, 1, shape).astype(FLOAT)))

    def between_images(w, x):
        rows, columns = [w.node("ReduceMean", x, axes=[a], keepdims=1) for a in (2, 3)]
        channels = w.node("GlobalAveragePool", x)
        best = w.node("ReduceMax", x, axes=[1], keepdims=1)
        return w.node("Sub", w.node("Mul", w.node("Add", rows, columns), best), channels)

    forms(path, [form(op, shape, i % 2) for op in ("Add", "Sub", "Mul", "Div")
                 for i, shape in enumerate(shapes)]
          + [slope(s) for s in shapes[:4] + [(), (1,), (4, 6, 6)]] + [between_images])


WINDOWS = {"lower": {"auto_pad": "SAME_LOWER"}, "upper": {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
           "uneven": {"pads": [0, 2, 1, 0]}, "valid": {"auto_pad": "VALID"},
           "wide": {"strides": [1, 2], "pads": [1, 1, 1, 1]}, "plain": {"strides": [2, 2]}}


def windows(path):
    """Convolutions of every grouping and pools, with every way to say where windows lie."""
    def conv(group, out, attributes):
        return lambda w, x: w.conv(x, 4, out, 3, group=group, **attributes)

    def pool(op, attributes, **more):
        return lambda w, x: w.node(op, x, kernel_shape=[3, 3], **attributes, **more)

    spread = {"dilations": [2, 1], "pads": [2, 1, 2, 1]}, {"pads": [3, 3, 3, 3], "strides": [3, 3]}
    made = [conv(group, out, a) for group, out in ((1, 6), (2, 6), (4, 4), (4, 8))
            for a in (*WINDOWS.values(), *spread)]
    made += [pool("MaxPool", a) for a in WINDOWS.values()]
    made += [pool("AveragePool", a, count_include_pad=counts) for a in WINDOWS.values() for counts in (0, 1)]
    made += [pool(op, WINDOWS[a], ceil_mode=1) for op in ("AveragePool", "MaxPool") for a in ("wide", "plain")]
    made += [lambda w, x: w.node("MaxPool", x, kernel_shape=[2, 2], dilations=[2, 2]),
             lambda w, x: w.node("LpPool", x, kernel_shape=[2, 2], strides=[2, 2], p=2),
             lambda w, x: w.node("Conv", x, w.constant(w.weights(5, 4, 3, 2))),  # its size is its weights'
             lambda w, x: w.node("ConvTranspose", x, w.constant(w.weights(4, 5, 3, 3)), strides=[2, 2],
                                 pads=[1, 1, 1, 1], output_padding=[1, 1])]
    made += [lambda w, x, pads=pads, value=value: w.conv(w.node(
        "Pad", x, w.constant(ints(*pads)), w.constant(FLOAT(value))), 4 + pads[1] + pads[5], 5, 3)
        for pads, value in (((0, 0, 1, 2, 0, 0, 2, 1), 0), ((0, 0, 1, 1, 0, 0, 1, 1), 0.5),
                            ((0, 2, 0, 0, 0, 1, 0, 0), 0), ((0, 0, -1, 1, 0, 0, 1, -2), 0))]
    forms(path, made)


def resizes(path):
    """Sizes or scales, and every rule of where a pixel comes from."""
    rules = [{"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
             {"mode": "nearest"}, {"mode": "cubic", "cubic_coeff_a": -0.75}] + [
        {"mode": "linear", "coordinate_transformation_mode": rule}
        for rule in ("align_corners", "half_pixel", "pytorch_half_pixel", "asymmetric")]
    forms(path, [lambda w, x, r=r: w.node("Resize", x, "", w.constant(np.array([1, 1, 2, 1.5], FLOAT)), **r)
                 for r in rules]
          + [lambda w, x, r=r: w.node("Resize", x, "", "", w.constant(ints(1, 4, 4, 9)), **r) for r in rules])


def products(path):
    """Gemm and MatMul: whatever is turned, scaled, added, on the left or of three dimensions."""
    def flat(branch):
        return lambda w, x: w.node("Reshape", branch(w, w.node("Flatten", x)), w.constant(ints(1, -1)))

    def gemm(rows, added, **attributes):
        return flat(lambda w, x: w.node("Gemm", x, w.constant(w.weights(*rows)), *[
            w.constant(w.weights(*shape)) for shape in added], **attributes))

    forms(path, [
        gemm((144, 7), [(1,)], alpha=0.5, beta=2.0), gemm((7, 144), [(1, 7)], transB=1),
        gemm((144, 7), []), gemm((144, 7), [(7,)]), gemm((144, 7), [(1, 1)]),
        flat(lambda w, x: w.node("Gemm", w.node("Transpose", x), w.constant(w.weights(144, 7)), transA=1)),
        flat(lambda w, x: w.node("Gemm", w.constant(w.weights(5, 4)),
                                 w.node("Reshape", x, w.constant(ints(4, 36))), w.constant(w.weights(5, 1)))),
        flat(lambda w, x: w.node("MatMul", w.node("Reshape", x, w.constant(ints(144))),
                                 w.constant(w.weights(144, 9)))),
        lambda w, x: w.node("MatMul", x, w.constant(w.weights(6, 5))),
        lambda w, x: w.node("MatMul", w.constant(w.weights(5, 6)), x),
        lambda w, x: w.node("MatMul", x, w.constant(w.weights(4, 6, 5))),
        lambda w, x: w.node("MatMul", x, w.constant(w.weights(6))),
        lambda w, x: w.node("MatMul", x, w.node("Relu", x)),
        lambda w, x: w.node("Einsum", x, w.constant(w.weights(4, 5)), equation="bchw,cd->bdhw")])


def pieces(path):
    """Parts of an image: by Slice, Gather, Split, and by sequences of tensors."""
    def sequence(index, *split, **attributes):
        def branch(w, x):
            pieces = w.node("SplitToSequence", x, *[w.constant(s) for s in split], **attributes)
            return w.node("SequenceAt", pieces, w.constant(np.int64(index)))
        return branch

    def focus(w, x):
        ends = w.constant(ints(2**63 - 1, 2**31 - 1))
        return w.node("Concat", *[w.node("Slice", x, w.constant(ints(i, j)), ends, w.constant(ints(2, -1)),
                                         w.constant(ints(2, 2))) for i in (0, 1) for j in (0, 1)], axis=1)

    def uneven(w, x):
        first, second = w.node("Split", x, w.constant(ints(1, 3)), outputs=2, axis=-3)
        return w.node("Add", first, second)

    forms(path, [
        focus, uneven, lambda w, x: w.node("Gather", x, w.constant(ints(-1, 0, 2)), axis=1),
        lambda w, x: w.node("Gather", x, w.constant(np.int32(2)), axis=3),
        sequence(0, np.int64(4), axis=3), sequence(1, np.int64(4), axis=3), sequence(-1, np.int64(2), axis=1),
        sequence(0, ints(1, 3), axis=-3), sequence(-1, ints(1, 3), axis=1), sequence(3, axis=2),
        sequence(-1, axis=1, keepdims=0), sequence(0, np.int64(100), axis=1)])


def quantised_weights(path):
    """QDQ layers whose weights are signed or not, with and without zero points, for a tensor or a channel."""
    def stored(w, array, axis, kind, moved):
        others = None if axis is None else tuple(i for i in range(array.ndim) if i != axis)
        low, high = np.minimum(array.min(others), 0), np.maximum(array.max(others), 0)
        limits = np.iinfo(kind)
        step = ((high - low) / 255 if moved else np.maximum(high, -low) / 127).astype(FLOAT)
        zero = np.rint(limits.min - low / step) if moved else step * 0 + (128 if kind == np.uint8 else 0)
        shape = [] if axis is None else [-1 if i == axis else 1 for i in range(array.ndim)]
        whole = np.rint(array / step.reshape(shape)) + zero.reshape(shape)
        return w.node("DequantizeLinear", w.constant(np.clip(whole, limits.min, limits.max).astype(kind)),
                      w.constant(step), w.constant(zero.astype(kind)), **({} if axis is None else {"axis": axis}))

    def grid(w, x, scale, zero, kind=np.uint8):
        pair = w.constant(FLOAT(scale)), w.constant(kind(zero))
        return w.node("DequantizeLinear", w.node("QuantizeLinear", x, *pair), *pair)

    def conv(group, *of):
        return lambda w, x: grid(w, w.node("Relu", w.node(
            "Conv", grid(w, x, 0.03, 100), stored(w, w.weights(8, 4 // group, 3, 3), *of),
            w.constant(w.weights(8)), pads=[1, 1, 1, 1], group=group)), 0.03, 0)

    def dense(of, axis):
        def branch(w, x):
            x = w.node("Flatten", grid(w, x, 0.03, 0, np.int8))
            x = w.node("MatMul", x, stored(w, w.weights(144, 10), axis, *of))
            return grid(w, w.node("Add", x, w.constant(w.weights(10))), 0.03, 120)
        return branch

    kinds = [(kind, moved) for kind in (np.int8, np.uint8) for moved in (False, True)]
    forms(path, [conv(group, axis, *of) for of in kinds for axis in (None, 0) for group in (1, 4)]
          + [dense(of, axis) for of in kinds for axis in (None, 1)])


def names_of_classes(path):
    """What is not needed: names of the best class, unread inputs, and nodes of whatever kind behind them."""
    w = Writer(13)
    x = w.conv("image", 3, 8, 3, strides=[2, 2])
    w.nodes.append(helper.make_node("Unique", [x], ["seen"]))
    w.nodes.append(helper.make_node("NonZero", [x], ["places"]))
    scores = w.node("Softmax", w.node("Flatten", w.node("GlobalMaxPool", x)), axis=1)
    best = w.node("ArgMax", scores, axis=1, keepdims=0)
    names = w.constant(np.array([f"class {i}" for i in range(8)], object))
    w.save(path, scores, (3, 12, 12), extra=[w.node("Gather", names, best), "places"])


FORMS = [broadcasts, windows, resizes, products, pieces, quantised_weights, names_of_classes]
# A sum between two steps may fall to the other side: one of 0.03, of a Tanh whose largest is 1.
STEP = {"quantised_weights": 0.03}
