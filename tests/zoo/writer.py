"""Writes ONNX graphs node by node: for styles.py and forms.py."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(3)


class Writer:
    """Nodes and initializers of a graph; every method returns the name of what it makes."""

    def __init__(self, opset, half=False):
        self.opset, self.half = opset, half
        self.nodes, self.initializers, self.count = [], [], 0

    def name(self, stem):
        self.count += 1
        return f"{stem}_{self.count}"

    def constant(self, array, stem="c", typed=False):
        array = np.asarray(array)
        if self.half and array.dtype == np.float32:
            array = array.astype(np.float16)
        name = self.name(stem)
        if typed and array.dtype in (np.float32, np.int64):
            kind = TensorProto.FLOAT if array.dtype == np.float32 else TensorProto.INT64
            tensor = helper.make_tensor(name, kind, array.shape, array.flatten().tolist())
        else:
            tensor = numpy_helper.from_array(array.copy(), name)
        self.initializers.append(tensor)
        return name

    def constant_node(self, array):
        out = self.name("k")
        self.nodes.append(helper.make_node("Constant", [], [out],
                                           value=numpy_helper.from_array(np.asarray(array))))
        return out

    def node(self, op, *inputs, outputs=1, domain="", **attributes):
        outs = [self.name(op.lower()) for _ in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), outs, name=self.name(op),
                                           domain=domain, **attributes))
        return outs[0] if outputs == 1 else outs

    def weights(self, *shape):
        fan = int(np.prod(shape[1:])) or 1
        return (random.standard_normal(shape) * np.sqrt(2 / fan)).astype(np.float32)

    def conv(self, x, into, out, kernel, group=1, **attributes):
        w = self.constant(self.weights(out, into // group, kernel, kernel), "w")
        b = self.constant((random.standard_normal(out) * 0.1).astype(np.float32), "b")
        return self.node("Conv", x, w, b, group=group, **attributes)

    def norm(self, x, channels):
        parts = [random.uniform(0.5, 1.5, channels), random.standard_normal(channels) * 0.1,
                 random.standard_normal(channels) * 0.1, random.uniform(0.5, 1.5, channels)]
        return self.node("BatchNormalization", x,
                         *[self.constant(p.astype(np.float32)) for p in parts], epsilon=1e-3)

    def save(self, path, output, shape, batch=1, listed=False, extra=(), kind=TensorProto.FLOAT):
        inputs = [helper.make_tensor_value_info("image", kind, [batch, *shape])]
        if listed:  # as older exporters did
            inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims)
                       for t in self.initializers]
        outputs = [onnx.ValueInfoProto(name=name) for name in (output, *extra)]
        graph = helper.make_graph(self.nodes, "style", inputs, outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[
            helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)])
        model.ir_version = 7 if self.opset < 21 else 10
        onnx.save(model, path)
