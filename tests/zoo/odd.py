#!/usr/bin/python3
"""Models that are refused, and models that look odd and are not.

    tests/zoo/odd.py PROGRAM [ARGUMENT...]      as run_model, or node and run_model.cjs; needs python3-onnx

Each refusal must come with status 1, in one sentence that names what is wrong and where.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CASES = []
FLOAT, HALF, TEXT = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.STRING
node = helper.make_node


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


KERNEL = constant("w", np.ones((4, 3, 3, 3), np.float32))
CONV, MEAN, FLAT = (node("Conv", ["image", "w"], ["a"], name="first"), node("GlobalAveragePool", ["a"], ["b"]),
                    node("Flatten", ["b"], ["scores"]))


def model(nodes=(CONV, MEAN, FLAT), constants=(KERNEL,), shape=(1, 3, 8, 8), kind=FLOAT, opset=13, ir=7,
          outputs=("scores",), inputs=None, domains=()):
    graph = helper.make_graph(
        nodes, "odd", inputs or [helper.make_tensor_value_info("image", kind, shape)],
        [onnx.ValueInfoProto(name=n) for n in outputs], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)] +
                             [helper.make_opsetid(d, 1) for d in domains])
    made.ir_version = ir
    return made


def case(says, file):
    """`says`: every word that the sentence must have; none: the model runs."""
    CASES.append((says, file if isinstance(file, bytes) else file.SerializeToString()))


def between(*nodes, constants=(), **options):
    """Nodes from `image` to `z`, which the rest of the network goes on with."""
    rest = [node("GlobalAveragePool", ["z"], ["b"]), FLAT]
    return model([*nodes, *rest], constants, **options)


def branch(name):
    return helper.make_graph([node("Identity", ["image"], [name])], name, [],
                             [helper.make_tensor_value_info(name, FLOAT, None)])


case([], model())
case([], model(ir=99))  # what it says of itself is not what is read
case([], model(shape=("batch", 3, "height", "width")))
case([], between(node("Sum", ["image", "image", "image"], ["z"])))
case([], model(outputs=("scores", "a")))
case([], model(shape=(4, 3, 8, 8)))
case(["batches of 100"], model(shape=(100, 3, 8, 8)))
case(["operator set 0", "3 to 24"], model(opset=0))
case(["operator set 99"], model(opset=99))
# What the answer does not need may be of any kind.
case([], model(inputs=[helper.make_tensor_value_info(n, t, d) for n, t, d in (
    ("phase", TensorProto.BOOL, ()), ("image", FLOAT, (1, 3, 8, 8)))]))
case([], model([CONV, node("Unique", ["a"], ["u"]), node("NonZero", ["a"], ["n"]), MEAN, FLAT], outputs=("scores", "n")))
case([], between(node("Identity", ["image"], ["z"]), constants=[
    TensorProto(name="words", data_type=TEXT, dims=[1], string_data=[b"cat"])]))
BEST = (CONV, MEAN, FLAT, node("ArgMax", ["scores"], ["best"], axis=1, keepdims=0))
NAMES = TensorProto(name="names", data_type=TEXT, dims=[4], string_data=[b"a", b"b", b"c", b"d"])
case([], model([*BEST, node("Gather", ["names", "best"], ["label"])], (KERNEL, NAMES), outputs=("label",)))
case([], model([*BEST, node("ArrayFeatureExtractor", ["names", "best"], ["label"], domain="ai.onnx.ml")],
               (KERNEL, NAMES), outputs=("label",), domains=["ai.onnx.ml"]))
case([], model([CONV, MEAN, FLAT, node("ZipMap", ["scores"], ["map"], name="names", domain="ai.onnx.ml",
                                       classlabels_int64s=[0, 1, 2, 3])], outputs=("map",), domains=["ai.onnx.ml"]))
case(["0 nodes", "no classifier"], model(()))
case(["0 outputs", "no classifier"], model(outputs=()))
case(["no input"], model([node("Identity", ["w"], ["scores"])], inputs=[
    helper.make_tensor_value_info("w", FLOAT, KERNEL.dims)]))
case(["Frobnicate", "'here'", "is not supported; supported are Abs, "],
     between(node("Frobnicate", ["image"], ["z"], name="here")))
case(["Frobnicate 'node[1], output z'", "supported are Abs, "],
     between(node("Relu", ["image"], ["y"]), node("Frobnicate", ["y"], ["z"])))
YES = constant("yes", np.bool_(True))
CHOICE = node("If", ["yes"], ["z"], then_branch=branch("t"), else_branch=branch("e"))
case(["Frobnicate 'node[2], output c'"], model([CHOICE, node("GlobalAveragePool", ["z"], ["b"]),
                                               node("Frobnicate", ["b"], ["c"]), node("Flatten", ["c"], ["scores"])], [YES]))
case(["Frobnicate 'node[1], output t (graph 1)'"], between(node(
    "If", ["yes"], ["z"], else_branch=branch("e"), then_branch=helper.make_graph(
        [node("Relu", ["image"], ["r"]), node("Frobnicate", ["r"], ["t"])], "t", [],
        [helper.make_tensor_value_info("t", FLOAT, None)])), constants=[YES]))
case(["tensor 'node[0], output k' is of element type 8"], between(
    node("Constant", [], ["k"], value=TensorProto(data_type=TEXT, dims=[1], string_data=[b"cat"])),
    node("Add", ["image", "k"], ["z"])))
# What has no name, no node can read.
UNNAMED = helper.make_tensor_value_info("", FLOAT, (1, 3, 8, 8))
case([], model(inputs=[UNNAMED, helper.make_tensor_value_info("image", FLOAT, (1, 3, 8, 8))]))
case([], model(constants=(KERNEL, TensorProto(data_type=FLOAT, dims=[4], raw_data=b"1"))))
case(["Conv 'first' has 2 inputs", "cannot have"], model([node("Conv", ["", "w"], ["a"], name="first"), MEAN, FLAT], inputs=[UNNAMED]))
case(["damaged"], model(outputs=("",)))
case(["my.domain::Relu", "'own'", "supported are"],
     between(node("Relu", ["image"], ["z"], name="own", domain="my.domain"), domains=["my.domain"]))
case(["LSTM", "'memory'", "supported are"],
     between(node("LSTM", ["image", "w", "w"], ["z"], name="memory", hidden_size=4), constants=[KERNEL]))
case(["ai.onnx.ml::Normalizer", "'scale'", "supported are"],
     between(node("Normalizer", ["image"], ["z"], name="scale", domain="ai.onnx.ml"), domains=["ai.onnx.ml"]))
case(["If whose condition depends on the image"],
     between(node("ReduceMax", ["image"], ["top"], keepdims=0), node("Cast", ["top"], ["c"], to=9),
             node("If", ["c"], ["z"], name="choice", then_branch=branch("t"), else_branch=branch("e"))))
case(["Loop", "'again'"], between(node("Loop", ["", "", "image"], ["z"], name="again", body=branch("body"))))
case(["Dropout 'drop'", "training"],
     between(node("Dropout", ["image", "half", "yes"], ["z"], name="drop"),
             constants=[constant("half", np.float32(0.5)), constant("yes", np.bool_(True))]))
case(["SoftmaxCrossEntropyLoss", "supported are"],
     between(node("SoftmaxCrossEntropyLoss", ["image", "w"], ["z"], name="loss"), constants=[KERNEL]))
case(["Conv 'first'", "channels", "[1x2x8x8]"], model(shape=(1, 2, 8, 8)))
case(["Conv 'first'", "window", "larger than its padded input"], model(shape=(1, 3, 2, 2)))
case(["Conv 'first' reads 'w'", "nothing before it makes"], model(constants=()))
case(["Add", "reads 'y'", "nothing before it makes"], between(node("Add", ["image", "y"], ["z"]),
                                                       node("Relu", ["z"], ["y"])))
case(["'a'", "nothing before it makes"], model([node("Identity", ["a"], ["scores"]), node("Identity", ["scores"], ["a"])]))
PIECES = node("SplitToSequence", ["image", "n"], ["s"], name="cuts", axis=1)
case(["SplitToSequence 'takes'", "not there"], between(
    PIECES, node("SequenceAt", ["s", "at"], ["z"], name="takes"),
    constants=[constant("n", np.int64(2)), constant("at", np.int64(2))]))
case(["SplitToSequence 'takes'", "not known"], between(
    PIECES, node("SequenceAt", ["s", "at"], ["z"], name="takes"),
    constants=[constant("n", np.int64(0)), constant("at", np.int64(0))]))
case(["ConcatFromSequence 'joins'", "sequences"], between(
    PIECES, node("ConcatFromSequence", ["s"], ["z"], name="joins", axis=1), constants=[constant("n", np.int64(1))]))
case(["'first'", "two producers"], model([CONV, CONV, MEAN, FLAT]))
case(["two tensors are named 'w'"], model(constants=(KERNEL, KERNEL)))
case(["nothing makes the output 'absent'"], model(outputs=("absent",)))
case(["'big'", "more than"], between(node("Add", ["image", "big"], ["z"]), constants=[
    TensorProto(name="big", data_type=FLOAT, dims=[1 << 20, 1 << 20], raw_data=b"")]))
case(["'big'", "dimension of"], between(node("Add", ["image", "big"], ["z"]), constants=[
    TensorProto(name="big", data_type=FLOAT, dims=[1 << 62, 4], raw_data=b"")]))
case(["Reshape 'turn'", "shape"], between(
    node("Reshape", ["image", "s"], ["z"], name="turn"),
    constants=[constant("s", np.array([1 << 40, 1 << 40, 1, 1], np.int64))]))
case(["Tile 'tiles'", "too"], between(
    node("Tile", ["image", "s"], ["z"], name="tiles"),
    constants=[constant("s", np.array([1, 1, 1 << 60, 16], np.int64))]))
GRID = constant("g", np.zeros((1, 8, 8, 2), np.float32))
case(["GridSample 'looks'", "a grid that does not fit"], between(
    node("GridSample", ["image", "g"], ["z"], name="looks"), constants=[constant("g", np.zeros((1, 8, 8, 3), np.float32))]))
case(["GridSample 'looks'", "a mode other than"], between(
    node("GridSample", ["image", "g"], ["z"], name="looks", mode="lanczos"), constants=[GRID]))
case(["GridSample 'looks'", "a padding other than"], between(
    node("GridSample", ["image", "g"], ["z"], name="looks", padding_mode="wrap"), constants=[GRID]))
case(["AffineGrid 'turns'", "a size that does not fit"], between(
    node("AffineGrid", ["m", "s"], ["g"], name="turns"), node("GridSample", ["image", "g"], ["z"]),
    constants=[constant("m", np.ones((1, 2, 3), np.float32)), constant("s", np.array([1, 3, 4, 8, 8], np.int64))]))
case(["'short'", "bytes of data"], between(node("Add", ["image", "short"], ["z"]), constants=[
    TensorProto(name="short", data_type=FLOAT, dims=[1, 3, 8, 8], raw_data=b"1234")]))
case(["'words'", "element type 8"], between(node("Add", ["image", "words"], ["z"]), constants=[
    TensorProto(name="words", data_type=TEXT, dims=[1], string_data=[b"cat"])]))
case(["'image'", "no tensor of numbers", "element type 8"], model(kind=TEXT))
case(["'image'", "four dimensions"], model(shape=(1, 192)))
case(["'image'", "dimension 1"], between(node("Relu", ["image"], ["z"]), shape=(1, "channels", 8, 8)))
case(["'image' and 'other'"], between(node("Add", ["image", "other"], ["z"]), inputs=[
    helper.make_tensor_value_info(n, FLOAT, (1, 3, 8, 8)) for n in ("image", "other")]))
case(["channels", "1 or 3"], model(constants=(constant("w", np.ones((4, 5, 3, 3), np.float32)),), shape=(1, 5, 8, 8)))
elsewhere = TensorProto(name="w", data_type=FLOAT, dims=[4, 3, 3, 3], data_location=TensorProto.EXTERNAL)
elsewhere.external_data.add(key="location", value="weights.bin")
case(["'w'", "in another file", "single file"], model(constants=(elsewhere,)))
case(["Cast 'names'", "text"], between(node("Cast", ["image"], ["z"], name="names", to=TEXT)))
case(["damaged"], model().SerializeToString()[:-40])
case(["damaged"], b"\x89PNG\r\n\x1a\n" + bytes(100))
case(["damaged"], b"\xff" * 64)


def main():
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        (here / "inputs").write_bytes(np.linspace(-1, 1, 5 * 192, dtype=np.float32).tobytes())
        for number, (says, file) in enumerate(CASES):
            (here / "model.onnx").write_bytes(file)
            done = subprocess.run([*sys.argv[1:], here / "model.onnx", here / "inputs", here / "out"],
                                  capture_output=True, text=True, timeout=60)
            missing = [word for word in says if word not in done.stderr]
            if done.returncode != (1 if says else 0) or missing:
                print(f"{number}: status {done.returncode}, says {done.stderr.strip()[:300]!r}, not {missing or says}")
                wrong += 1
    print(f"{len(CASES) - wrong} passed, {wrong} failed")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()
