"""The network as TensorFlow Lite: NHWC, activations fused, PyTorch's padding by a PAD where SAME is
another one. Batch norm is a 1 x 1 depthwise convolution, which its XNNPACK runs in one pass. Written with
FlatBuffers alone; numbers of fields, operators and types are those of TensorFlow Lite's schema, version 3."""
import flatbuffers
import numpy as np
from net import folded_norm
from quantise import activation, filters

FLOAT32, INT32, INT8 = 0, 2, 9
TYPES = {"float32": FLOAT32, "int32": INT32, "int8": INT8}
SAME, VALID = 0, 1
ACTS = {"": 0, "relu": 1, "relu6": 3}
# name: (operator, version in fp32, version in int8, options' type)
OPERATORS = {
    "ADD": (0, 1, 2, 11), "AVERAGE_POOL_2D": (1, 1, 2, 5), "CONCATENATION": (2, 1, 2, 10),
    "CONV_2D": (3, 1, 3, 1), "DEPTHWISE_CONV_2D": (4, 1, 3, 2), "DEQUANTIZE": (6, 2, 2, 46),
    "FULLY_CONNECTED": (9, 1, 4, 8), "MAX_POOL_2D": (17, 1, 2, 5), "PAD": (34, 1, 2, 22),
    "MEAN": (40, 1, 2, 27), "QUANTIZE": (114, 1, 1, 84),
}


class Table:
    """The fields of a FlatBuffers table: number -> (method's name, value, default)."""

    def __init__(self, builder, size, **fields):
        self.builder, self.size, self.fields = builder, size, fields

    def end(self):
        self.builder.StartObject(self.size)
        for key, (kind, value) in self.fields.items():
            getattr(self.builder, f"Prepend{kind}Slot")(int(key[1:]), value, 0)
        return self.builder.EndObject()


class Writer:
    def __init__(self, net, quantised):
        self.net, self.quantised = net, quantised
        self.builder = flatbuffers.Builder(1 << 24)
        self.buffers, self.tensors, self.operators = [b""], [], []

    # --- what the file holds ---

    def tensor(self, name, shape, kind, data=None, scales=None, zeros=None, axis=0):
        buffer = 0
        if data is not None:
            self.buffers.append(np.ascontiguousarray(data).tobytes())
            buffer = len(self.buffers) - 1
        self.tensors.append((name, list(shape), kind, buffer, scales, zeros, axis))
        return len(self.tensors) - 1

    def constant(self, name, array, **rest):
        return self.tensor(name, array.shape, TYPES[array.dtype.name], array, **rest)

    def value(self, index, shape=None, name="v"):
        value = self.net.values[index]
        shape = shape or value.shape
        if not self.quantised:
            return self.tensor(f"{name}{index}", shape, FLOAT32)
        scale, zero = activation(value)
        return self.tensor(f"{name}{index}", shape, INT8, scales=[float(scale)], zeros=[zero])

    def operator(self, name, inputs, output, **options):
        self.operators.append((name, inputs, [output], options))

    # --- the network ---

    def weights(self, layer):
        n, w = layer.output, layer.weights
        if layer.kind == "norm":
            scale, shift = folded_norm(w)
            return [self.constant(f"w{n}", scale.reshape(1, 1, 1, -1)), self.constant(f"b{n}", shift)]
        filter_, axis = w["filter"], 0
        if layer.kind == "depthwise":
            filter_, axis = filter_[np.newaxis], 3
        if not self.quantised:
            return [self.constant(f"w{n}", filter_), self.constant(f"b{n}", w["bias"])]
        packed, scale = filters(filter_, axis)
        bias_scale = (scale * activation(self.net.values[layer.inputs[0]])[0]).astype(np.float32)
        zeros = [0] * len(scale)
        return [
            self.constant(f"w{n}", packed, scales=[float(s) for s in scale], zeros=zeros, axis=axis),
            self.constant(f"b{n}", np.rint(w["bias"] / bias_scale).astype(np.int32),
                          scales=[float(s) for s in bias_scale], zeros=zeros),
        ]

    def padded(self, layer, x):
        """The input of a window, and its padding: SAME is PyTorch's for odd windows of stride 1."""
        if layer.pad == 0:
            return x, VALID
        if layer.stride == 1:
            return x, SAME
        source, p = self.net.values[layer.inputs[0]], layer.pad
        shape = (1, source.height + 2 * p, source.width + 2 * p, source.channels)
        wide = self.value(layer.inputs[0], shape, f"pad{layer.output}of")
        margins = self.constant(f"pads{layer.output}", np.array([[0, 0], [p, p], [p, p], [0, 0]], np.int32))
        self.operator("PAD", [x, margins], wide)
        return wide, VALID

    def layer(self, layer, ids, y):
        x, n = [ids[i] for i in layer.inputs], layer.output
        act = ("Int8", ACTS[layer.act])
        stride, kernel, one = ("Int32", layer.stride), ("Int32", layer.kernel), ("Int32", 1)
        if layer.kind in ("conv", "depthwise", "norm"):
            weights = self.weights(layer)
            source, padding = self.padded(layer, x[0])
            pad = ("Int8", padding)
            if layer.kind == "conv":
                self.operator("CONV_2D", [source, *weights], y, _0=pad, _1=stride, _2=stride, _3=act, _4=one, _5=one)
            else:
                self.operator("DEPTHWISE_CONV_2D", [source, *weights], y, _0=pad, _1=stride, _2=stride, _3=one,
                              _4=act, _5=one, _6=one)
        elif layer.kind in ("max", "average"):
            source, padding = self.padded(layer, x[0])
            name = "MAX_POOL_2D" if layer.kind == "max" else "AVERAGE_POOL_2D"
            self.operator(name, [source], y, _0=("Int8", padding), _1=stride, _2=stride, _3=kernel, _4=kernel)
        elif layer.kind == "add":
            self.operator("ADD", x, y, _0=act)
        elif layer.kind == "concat":
            self.operator("CONCATENATION", x, y, _0=("Int32", 3))
        elif layer.kind == "mean":
            axes = self.constant(f"axes{n}", np.array([1, 2], np.int32))
            self.operator("MEAN", [*x, axes], y, _0=("Bool", True))
        else:
            self.operator("FULLY_CONNECTED", [*x, *self.weights(layer)], y)

    def network(self):
        """Returns the ids of input and output."""
        first, last = self.net.values[0], self.net.values[-1]
        ids = {0: self.value(0)}
        given, result = ids[0], None
        if self.quantised:
            given = self.tensor("input", first.shape, FLOAT32)
            self.operator("QUANTIZE", [given], ids[0])
        for layer in self.net.layers:
            is_last = layer is self.net.layers[-1]
            ids[layer.output] = self.value(layer.output, (1, last.channels) if is_last else None)
            self.layer(layer, ids, ids[layer.output])
        result = ids[len(self.net.values) - 1]
        if self.quantised:
            floats = self.tensor("output", (1, last.channels), FLOAT32)
            self.operator("DEQUANTIZE", [result], floats)
            result = floats
        return given, result

    # --- FlatBuffers ---

    def vector(self, kind, items, width):
        self.builder.StartVector(width, len(items), max(width, 4))
        for item in reversed(items):
            getattr(self.builder, f"Prepend{kind}")(item)
        return self.builder.EndVector()

    def table(self, size, **fields):
        return Table(self.builder, size, **fields).end()

    def offsets(self, items):
        return self.vector("UOffsetTRelative", items, 4)

    def bytes_table(self, data):
        if not data:
            return self.table(1)
        # By slice: byte for byte would take minutes. 16: TensorFlow Lite reads the weights in place.
        b = self.builder
        b.StartVector(1, len(data), 16)
        b.head -= len(data)
        b.Bytes[b.head:b.head + len(data)] = data
        return self.table(1, _0=("UOffsetTRelative", b.EndVector()))

    def tensor_table(self, name, shape, kind, buffer, scales, zeros, axis):
        fields = {"_0": ("UOffsetTRelative", self.vector("Int32", shape, 4)), "_1": ("Int8", kind),
                  "_2": ("Uint32", buffer), "_3": ("UOffsetTRelative", self.builder.CreateString(name))}
        if scales:
            scale, zero = self.vector("Float32", scales, 4), self.vector("Int64", zeros, 8)
            fields["_4"] = ("UOffsetTRelative", self.table(
                7, _2=("UOffsetTRelative", scale), _3=("UOffsetTRelative", zero), _6=("Int32", axis)))
        return self.table(8, **fields)

    def operator_table(self, codes, name, inputs, outputs, options):
        ins, outs = self.vector("Int32", inputs, 4), self.vector("Int32", outputs, 4)
        size = 1 + max([int(key[1:]) for key in options], default=-1)
        chosen = self.table(max(size, 0), **options)
        return self.table(9, _0=("Uint32", codes.index(name)), _1=("UOffsetTRelative", ins),
                          _2=("UOffsetTRelative", outs), _3=("Uint8", OPERATORS[name][3]),
                          _4=("UOffsetTRelative", chosen))

    def file(self):
        given, result = self.network()
        codes = sorted({name for name, *_ in self.operators})
        buffers = self.offsets([self.bytes_table(data) for data in self.buffers])
        tensors = self.offsets([self.tensor_table(*tensor) for tensor in self.tensors])
        operators = self.offsets([self.operator_table(codes, *operator) for operator in self.operators])
        ins, outs = self.vector("Int32", [given], 4), self.vector("Int32", [result], 4)
        name = self.builder.CreateString(self.net.name)
        graph = self.table(5, _0=("UOffsetTRelative", tensors), _1=("UOffsetTRelative", ins),
                           _2=("UOffsetTRelative", outs), _3=("UOffsetTRelative", operators),
                           _4=("UOffsetTRelative", name))
        graphs = self.offsets([graph])
        versions = 2 if self.quantised else 1
        code_tables = self.offsets([
            self.table(4, _0=("Int8", min(OPERATORS[c][0], 127)), _2=("Int32", OPERATORS[c][versions]),
                       _3=("Int32", OPERATORS[c][0])) for c in codes])
        text = self.builder.CreateString("pleura-bench")
        model = self.table(8, _0=("Uint32", 3), _1=("UOffsetTRelative", code_tables),
                           _2=("UOffsetTRelative", graphs), _3=("UOffsetTRelative", text),
                           _4=("UOffsetTRelative", buffers))
        self.builder.Finish(model, file_identifier=b"TFL3")
        return bytes(self.builder.Output())


def write(net, path, quantised):
    with open(path, "wb") as file:
        file.write(Writer(net, quantised).file())
