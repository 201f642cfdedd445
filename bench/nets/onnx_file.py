"""The network as PyTorch exports it: NCHW, opset 13, batch norm where nothing can absorb it; or with
QuantizeLinear and DequantizeLinear around every layer."""
import numpy as np
import onnx
from net import EPSILON
from onnx import TensorProto, helper, numpy_helper
from quantise import activation, filters


class Writer:
    def __init__(self, net, quantised):
        self.net, self.quantised = net, quantised
        self.nodes, self.tensors = [], {}
        self.names = {}

    def tensor(self, name, array):
        self.tensors[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def value(self, index, name):
        """A value is there; where the net is quantised, what follows sees its 8 bits."""
        if self.quantised:
            scale, zero = activation(self.net.values[index])
            constants = [self.tensor(f"s{index}", np.float32(scale)), self.tensor(f"z{index}", np.int8(zero))]
            name = self.node("QuantizeLinear", [name, *constants], f"q{index}")
            name = self.node("DequantizeLinear", [name, *constants], f"d{index}")
        self.names[index] = name

    def weights(self, layer):
        """The names of filter and bias, in ONNX's order of axes."""
        n, w = layer.output, layer.weights["filter"]
        if layer.kind == "conv":
            w = w.transpose(0, 3, 1, 2)
        elif layer.kind == "depthwise":
            w = w.transpose(2, 0, 1)[:, np.newaxis]
        bias = layer.weights["bias"]
        if not self.quantised:
            return [self.tensor(f"w{n}", w), self.tensor(f"b{n}", bias)]
        packed, scale = filters(w, 0)
        bias_scale = (scale * activation(self.net.values[layer.inputs[0]])[0]).astype(np.float32)
        names = []
        for kind, data, scales in [("w", packed, scale), ("b", np.rint(bias / bias_scale).astype(np.int32), bias_scale)]:
            inputs = [self.tensor(f"{kind}q{n}", data), self.tensor(f"{kind}s{n}", scales),
                      self.tensor(f"{kind}z{n}", np.zeros(len(scales), data.dtype))]
            names.append(self.node("DequantizeLinear", inputs, f"{kind}{n}", axis=0))
        return names

    def layer(self, layer):
        x, n = [self.names[i] for i in layer.inputs], layer.output
        window = {"kernel_shape": [layer.kernel] * 2, "strides": [layer.stride] * 2}
        pads = {"pads": [layer.pad] * 4}
        if layer.kind in ("conv", "depthwise"):
            group = self.net.channels(layer.inputs[0]) if layer.kind == "depthwise" else 1
            y = self.node("Conv", x + self.weights(layer), f"v{n}", group=group, **window, **pads)
        elif layer.kind == "norm":
            names = [self.tensor(f"{part}{n}", layer.weights[part]) for part in ("gamma", "beta", "mean", "variance")]
            y = self.node("BatchNormalization", x + names, f"v{n}", epsilon=EPSILON)
        elif layer.kind == "add":
            y = self.node("Add", x, f"v{n}")
        elif layer.kind == "concat":
            y = self.node("Concat", x, f"v{n}", axis=1)
        elif layer.kind == "max":
            y = self.node("MaxPool", x, f"v{n}", **window, **pads)
        elif layer.kind == "average":
            y = self.node("AveragePool", x, f"v{n}", **window)
        elif layer.kind == "mean":
            y = self.node("GlobalAveragePool", x, f"v{n}")
        else:
            flat = self.node("Flatten", x, f"flat{n}", axis=1)
            y = self.node("Gemm", [flat, *self.weights(layer)], f"v{n}", transB=1)
        if layer.act == "relu":
            y = self.node("Relu", [y], f"r{n}")
        elif layer.act == "relu6":
            y = self.node("Clip", [y, self.tensor("zero", np.float32(0)), self.tensor("six", np.float32(6))], f"r{n}")
        self.value(n, y)


def write(net, path, quantised):
    writer = Writer(net, quantised)
    writer.value(0, "input")
    for layer in net.layers:
        writer.layer(layer)
    first, last = net.values[0], net.values[-1]
    last_name = writer.names[len(net.values) - 1]
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, first.height, first.width])]
    outputs = [helper.make_tensor_value_info(last_name, TensorProto.FLOAT, [1, last.channels])]
    graph = helper.make_graph(writer.nodes, net.name, inputs, outputs, list(writer.tensors.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8,
                              producer_name="pleura-bench")
    onnx.checker.check_model(model)
    onnx.save(model, path)
