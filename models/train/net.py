"""The network: MobileNetV2 on grey, ending in average pooling and one layer.

Training has batch norm: without it the same films took three epochs for what else takes one.  What is
shipped, quantised and read from files has it folded into the convolutions (``fold``).  Activations are
ReLU, not ReLU6: in bfloat16 on a CPU its gradient costs a third of the other's, and integer kernels
get it for nothing.

The class activation map is the last layer applied to the map before pooling.
"""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional

CLASSES = ("normal", "bacterial_pneumonia", "viral_pneumonia")
GATES = ("not_chest", "lateral", "inverted", "rotated", "cropped", "adult")

# expansion, channels out, repeats, stride of the first: the table of Sandler et al. 2018; then the
# width of the last convolution, and where activations end (None: nowhere)
WHOLE = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
         (6, 160, 3, 2), (6, 320, 1, 1))
NETS = {
    "whole": (WHOLE, 1280, None),
    "short": (WHOLE[:5], 576, 6.0),     # what 0.1.0 is: thirteen blocks, stride 16, ReLU6
}

FEATURES_SIZE = 8.0     # root mean square length of a film's features when training starts

# deviation of photographs as ImageNet networks saw them, in [-1, 1]; our input has deviation 1
IMAGENET_DEVIATION = 0.45


class Conv(nn.Module):
    """Convolution, batch norm (or, folded, a bias), and ReLU (up to ``top``) unless linear."""

    def __init__(self, inside, outside, kernel=1, stride=1, groups=1, linear=False, top=None):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outside, inside // groups, kernel, kernel))
        nn.init.kaiming_normal_(self.weight, mode="fan_out")
        self.norm, self.bias = nn.BatchNorm2d(outside), None
        self.stride, self.groups, self.linear, self.top = stride, groups, linear, top
        # set by quantise.prepare(): roundings of weights and of the result, in training
        self.round_weight = self.round_result = None

    def fold(self):
        """The same function without batch norm."""
        if self.norm is None:
            return
        with torch.no_grad():
            gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
            self.bias = nn.Parameter(self.norm.bias - self.norm.running_mean * gain)
            self.weight.mul_(gain.view(-1, 1, 1, 1))
        self.norm = None

    def convolve(self, x):
        kernel = self.weight if self.round_weight is None else self.round_weight(self.weight)
        return functional.conv2d(x, kernel, self.bias, self.stride, self.weight.shape[-1] // 2,
                                 groups=self.groups)

    def forward(self, x):
        x = self.convolve(x)
        x = x if self.norm is None else self.norm(x)
        if not self.linear:
            x = functional.relu(x) if self.top is None else torch.clamp(x, 0.0, self.top)
        return x if self.round_result is None else self.round_result(x)

    def start(self, x, kernel, bias):
        """Take a folded kernel and bias, batch norm put back so that the function stays theirs.

        The norm takes the statistics of what reaches it for the sample ``x`` as its running ones,
        and a gain and bias that undo them.  Returns the result, for the next layer.
        """
        with torch.no_grad():
            self.weight.copy_(kernel)
            y = self.convolve(x)
            mean, variance = y.mean((0, 2, 3)), y.var((0, 2, 3), unbiased=False)
            self.norm.running_mean.copy_(mean)
            self.norm.running_var.copy_(variance)
            self.norm.weight.copy_(torch.sqrt(variance + self.norm.eps))
            self.norm.bias.copy_(mean + bias)


class Inverted(nn.Module):
    """Expand, filter each channel, project; added to its input where the shapes allow."""

    def __init__(self, inside, outside, expansion, stride, top):
        super().__init__()
        middle = inside * expansion
        steps = [] if expansion == 1 else [Conv(inside, middle, top=top)]
        steps += [Conv(middle, middle, 3, stride, groups=middle, top=top),
                  Conv(middle, outside, linear=True)]
        self.body = nn.Sequential(*steps)
        self.residual = stride == 1 and inside == outside
        self.round_result = None

    def forward(self, x):
        if not self.residual:
            return self.body(x)
        x = x + self.body(x)
        return x if self.round_result is None else self.round_result(x)


class Mean(nn.Module):
    """Of each channel over the image."""

    def __init__(self):
        super().__init__()
        self.round_result = None

    def forward(self, x):
        x = x.mean((2, 3))
        return x if self.round_result is None else self.round_result(x)


class Dense(nn.Linear):
    """The last layer."""

    round_weight = None

    def forward(self, x):
        weight = self.weight if self.round_weight is None else self.round_weight(self.weight)
        return functional.linear(x, weight, self.bias)


class Net(nn.Module):
    """Grey (n, 1, h, w), normalised -> logits (n, 3)."""

    def __init__(self, name="whole", dropout=0.2):
        super().__init__()
        blocks, head, top = NETS[name]
        self.name, self.round_input = name, None
        channels = 32
        layers = [Conv(1, channels, 3, 2, top=top)]
        for expansion, outside, repeats, stride in blocks:
            for index in range(repeats):
                layers.append(Inverted(channels, outside, expansion,
                                       stride if index == 0 else 1, top))
                channels = outside
        layers.append(Conv(channels, head, top=top))
        self.features = nn.Sequential(*layers)
        self.pool = Mean()
        self.dropout = nn.Dropout(dropout)
        self.linear = Dense(head, len(CLASSES))
        nn.init.normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)

    def pooled(self, x):
        """The features that the classes, and the gate, are read from."""
        x = x if self.round_input is None else self.round_input(x)
        return self.pool(self.features(x))

    def forward(self, x):
        return self.linear(self.dropout(self.pooled(x)))

    def convolutions(self):
        return [module for module in self.modules() if isinstance(module, Conv)]


def fold(net):
    """A copy with batch norm folded into the convolutions: what is shipped."""
    net = copy.deepcopy(net).eval()
    for conv in net.convolutions():
        conv.fold()
    return net


def start(net, path, sample):
    """Start from a folded ImageNet MobileNetV2 (.npz) or a model file of ours (.onnx).

    ``sample`` is a batch of real inputs, for the statistics of batch norm.
    """
    read = read_onnx if str(path).endswith(".onnx") else read_imagenet
    stored = read(net, path)

    def hook(conv, inputs):
        conv.start(inputs[0], *next(stored))

    hooks = [conv.register_forward_pre_hook(hook) for conv in net.convolutions()]
    training = net.training
    with torch.no_grad():
        size = net.eval().pooled(sample).square().sum(1).mean().sqrt() / FEATURES_SIZE
        # The last layer's steps grow with the square of its features: at their ImageNet size the first
        # step at a rate of 0.02 threw the loss from 1.6 to 28. ReLU lets a scale through, so that the
        # function stays what it is.
        if net.convolutions()[-1].top is None:
            net.convolutions()[-1].norm.weight.div_(size)
            net.convolutions()[-1].norm.bias.div_(size)
            net.linear.weight.mul_(size)
    for each in hooks:
        each.remove()
    net.train(training)


def folded_names(net):
    """The names, in the ImageNet file, of our convolutions in order."""
    names = ["Conv"]
    blocks = [module for module in net.features if isinstance(module, Inverted)]
    for index, block in enumerate(blocks):
        scope = "expanded_conv" + (f"_{index}" if index else "")
        parts = ("expand", "depthwise", "project")
        names += [f"{scope}/{part}" for part in parts[3 - len(block.body):]]
    return names + ["Conv_1" if len(blocks) == 17 else f"expanded_conv_{len(blocks)}/expand"]


def read_imagenet(net, path):
    """Kernels and biases, in our order, of an .npz of TFLite-layout arrays."""
    stored = np.load(path)
    for conv, name in zip(net.convolutions(), folded_names(net)):
        scope = f"MobilenetV2/{name}/"
        key = next(k for k in stored.files if k.startswith(scope) and "|" not in k)
        bias = next(k for k in stored.files if k.startswith(scope) and k.endswith("|bias"))
        kernel = torch.from_numpy(stored[key].astype(np.float32))
        kernel = kernel.permute(3, 0, 1, 2) if conv.groups > 1 else kernel.permute(0, 3, 1, 2)
        if name == "Conv":
            kernel = kernel.sum(1, keepdim=True) * IMAGENET_DEVIATION
        if kernel.shape != conv.weight.shape:
            raise ValueError(f"{path}: {key} is {tuple(kernel.shape)}, "
                             f"{tuple(conv.weight.shape)} wanted")
        yield kernel, torch.from_numpy(stored[bias].astype(np.float32))


def read_onnx(net, path):
    """The same of a model file of ours, whose convolutions stand in the order of the net's; the last
    layer is set too."""
    import onnx
    import onnx.numpy_helper

    graph = onnx.load(path).graph
    arrays = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:     # weights that are stored rounded: int8, or fp16
        if node.op_type == "DequantizeLinear" and node.input[0] in arrays:
            array, scale = arrays[node.input[0]], arrays[node.input[1]]
            scale = scale.reshape(-1, *[1] * (array.ndim - 1)) if scale.size > 1 else scale
            arrays[node.output[0]] = array.astype(np.float32) * scale
        elif node.op_type == "Cast" and node.input[0] in arrays:
            arrays[node.output[0]] = arrays[node.input[0]]
    tensor = lambda name: torch.from_numpy(arrays[name].astype(np.float32))
    convs = [node for node in graph.node if node.op_type == "Conv"]
    if [tensor(n.input[1]).shape for n in convs] != [c.weight.shape for c in net.convolutions()]:
        raise ValueError(f"{path}: its convolutions are not those of the net {net.name!r}")
    last = next(node for node in graph.node if node.op_type == "Gemm")
    with torch.no_grad():
        net.linear.weight.copy_(tensor(last.input[1]))
        net.linear.bias.copy_(tensor(last.input[2]))
    for node in convs:
        yield tensor(node.input[1]), tensor(node.input[2])


def like(path, sample):
    """The network of a model file of ours: the same function, and its side in pixels."""
    import onnx

    graph = onnx.load(path).graph
    count = sum(node.op_type == "Conv" for node in graph.node)
    name = next((name for name in NETS if len(Net(name).convolutions()) == count), None)
    if name is None:
        raise ValueError(f"{path}: its {count} convolutions are those of no net we know")
    net = Net(name)
    start(net, path, sample)
    return net.eval(), graph.input[0].type.tensor_type.shape.dim[2].dim_value
