"""The network: the first thirteen blocks of MobileNetV2, on grey, with a short head.

Why cut there: what separates these films is texture at the scale of a lung zone, not objects.
Stride 16 gives a 10 x 10 map at 160 px, finer for a heatmap than the usual 5 x 5, and leaves out
the layers that hold most of the weights: 0.60 M parameters, 2.4 MB, 0.11 G multiply-adds.  It ends
in global average pooling and one linear layer, so the class activation map is that layer applied to
the map before pooling.
"""

import numpy as np
import torch
from torch import nn

CLASSES = ("normal", "bacterial_pneumonia", "viral_pneumonia")

# expansion, channels out, repeats, stride of the first: the table of Sandler et al. 2018, cut
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
HEAD = 576

# deviation of photographs as ImageNet networks saw them, in [-1, 1]; our input has deviation 1
IMAGENET_DEVIATION = 0.45


class ConvNorm(nn.Sequential):
    """Convolution and batch norm, with ReLU6 unless linear."""

    def __init__(self, inside, outside, kernel=1, stride=1, groups=1, linear=False):
        layers = [
            nn.Conv2d(inside, outside, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outside),
        ]
        super().__init__(*layers, *([] if linear else [nn.ReLU6(inplace=True)]))


class Inverted(nn.Module):
    """Expand, filter each channel, project; added to its input where the shapes allow."""

    def __init__(self, inside, outside, expansion, stride):
        super().__init__()
        middle = inside * expansion
        steps = [] if expansion == 1 else [ConvNorm(inside, middle)]
        steps += [ConvNorm(middle, middle, 3, stride, groups=middle),
                  ConvNorm(middle, outside, linear=True)]
        self.body = nn.Sequential(*steps)
        self.residual = stride == 1 and inside == outside

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class Net(nn.Module):
    """Grey (n, 1, h, w), normalised -> logits (n, 3)."""

    def __init__(self, dropout=0.2, blocks=BLOCKS, head=HEAD):
        super().__init__()
        channels = 32
        layers = [ConvNorm(1, channels, 3, 2)]
        for expansion, outside, repeats, stride in blocks:
            for index in range(repeats):
                layers.append(Inverted(channels, outside, expansion, stride if index == 0 else 1))
                channels = outside
        layers.append(ConvNorm(channels, head))
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(head, len(CLASSES))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
        nn.init.normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x):
        return self.linear(self.dropout(torch.flatten(self.pool(self.features(x)), 1)))


def folded_names(net):
    """The names, in the ImageNet file, of our convolutions in order."""
    names = ["Conv"]
    blocks = [m for m in net.features if isinstance(m, Inverted)]
    for index, block in enumerate(blocks):
        scope = "expanded_conv" + (f"_{index}" if index else "")
        parts = ("expand", "depthwise", "project")
        names += [f"{scope}/{part}" for part in parts[3 - len(block.body):]]
    return names + [f"expanded_conv_{len(blocks)}/expand"]


def start_from_imagenet(net, weights, sample):
    """Load a folded ImageNet MobileNetV2 and put its batch norm back without changing the function.

    ``weights`` is an .npz of TFLite-layout arrays; ``sample`` a batch of real inputs.  As the batch
    passes, each batch norm takes the statistics of what reaches it as its running ones, and a gain
    and bias that undo them: the network still computes what it did, and can be trained again.
    """
    stored = np.load(weights)
    keys = [key for key in stored.files if "|" not in key]
    pairs = [m for m in net.modules() if isinstance(m, ConvNorm)]
    hooks = []
    for pair, name in zip(pairs, folded_names(net)):
        key = next(k for k in keys if k.startswith(f"MobilenetV2/{name}/"))
        bias = next(k for k in stored.files
                    if k.endswith("|bias") and k.startswith(f"MobilenetV2/{name}/"))
        kernel = torch.from_numpy(stored[key].astype(np.float32))
        depthwise = pair[0].groups > 1
        kernel = kernel.permute(3, 0, 1, 2) if depthwise else kernel.permute(0, 3, 1, 2)
        if name == "Conv":
            kernel = kernel.sum(1, keepdim=True) * IMAGENET_DEVIATION
        assert kernel.shape == pair[0].weight.shape, (name, kernel.shape, pair[0].weight.shape)
        pair[0].weight.data.copy_(kernel)
        offset = torch.from_numpy(stored[bias].astype(np.float32))
        hooks.append(pair[1].register_forward_pre_hook(restore_norm(offset)))
    training = net.training
    with torch.no_grad():
        net.eval()(sample)
    for hook in hooks:
        hook.remove()
    net.train(training)


def restore_norm(offset):
    """A hook that makes a batch norm add ``offset`` and otherwise pass its input unchanged."""

    def hook(norm, inputs):
        x = inputs[0]
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.data.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.data.copy_(mean + offset)

    return hook
