"""Eight bits: the roundings of an integer network, put into a trained one.

Weights are signed, symmetric, one scale for each output channel; what layers pass on is unsigned with
one scale and zero point for each tensor: 0 is exactly 0, as zero padding needs, and ReLU is nothing but
the range's end.  ``prepare`` folds batch norm, watches the ranges on some films and sets a rounding on
every weight and every result; ``settle.py`` then lets the weights settle for a few epochs (Jacob et al.
2018).  ``export.py`` writes the same numbers as QuantizeLinear and DequantizeLinear.
"""

import numpy as np
import torch
from torch import nn

from net import Inverted, fold

WEIGHT_MOST = 127       # -128 is left out: a range that is symmetric, products that cannot overflow
RESULT_MOST = 255


class RoundWeight(nn.Module):
    """To multiples of a scale for each output channel, which follows the weights."""

    def forward(self, weight):
        return weight + (stored(weight.detach()) - weight).detach()


def weight_scale(weight):
    """Of a channel that is nothing but its bias: one in whose steps a bias has room."""
    most = weight.detach().abs().flatten(1).amax(1)
    return torch.where(most < 1e-8, torch.ones_like(most), most) / WEIGHT_MOST


class RoundResult(nn.Module):
    """To one of 256 values between fixed ends, with a gradient only between them."""

    def __init__(self, low=0.0, high=1.0):
        super().__init__()
        low, high = min(float(low), 0.0), max(float(high), 1e-6)
        scale = (high - low) / RESULT_MOST
        self.register_buffer("scale", torch.tensor(scale))
        self.register_buffer("zero", torch.tensor(float(round(-low / scale))))

    def forward(self, x):
        scale, zero = float(self.scale), int(self.zero)
        if torch.is_grad_enabled():
            return torch.fake_quantize_per_tensor_affine(x.float(), scale, zero, 0, RESULT_MOST)
        return (x / scale).round_().clamp_(-zero, RESULT_MOST - zero).mul_(scale)     # five times as fast


def store(net, weights):
    """Gives a folded network the convolution weights that a file with such ``weights`` would give."""
    with torch.no_grad():
        for conv in net.convolutions():
            kernel = conv.weight
            if weights == "float16":
                kernel.copy_(kernel.half().float())
            elif weights == "int8":
                kernel.copy_(stored(kernel))
    return net


LARGE = 100_000         # weights of a kernel from which stored ones get seven bits
LARGE_MOST = 63


def stored_weights(kernel):
    """Whole numbers and scales (one for each output channel) as a file with "int8" weights has them.

    Large kernels get seven bits: they are where the bytes are (2.12 MB after brotli with eight
    everywhere, 1.97 with seven there), and the least sensitive.
    """
    most = LARGE_MOST if kernel.numel() > LARGE else WEIGHT_MOST
    scale = weight_scale(kernel) * (WEIGHT_MOST / most)
    whole = torch.round(kernel / scale.view(-1, *[1] * (kernel.ndim - 1)))
    return torch.clamp(whole, -most, most), scale


def stored(kernel):
    """What is read back."""
    whole, scale = stored_weights(kernel)
    return whole * scale.view(-1, *[1] * (kernel.ndim - 1))


def rounded_modules(net):
    """What rounds its result: every convolution, the sum of every residual block, and the mean."""
    return [module for module in net.modules() if hasattr(module, "round_result")
            and not (isinstance(module, Inverted) and not module.residual)]


def ranges(net, batches, share=1e-4):
    """(low, high) of every rounded module's result, but for the outermost ``share`` of its values."""
    modules, seen = rounded_modules(net), {}

    def watch(module, _, result):
        values = result.detach().float().flatten()
        values = values[torch.randperm(len(values))[:200000]]
        ends = [torch.quantile(values, q) for q in (share, 1.0 - share)]
        seen.setdefault(module, []).append([float(end) for end in ends])

    hooks = [module.register_forward_hook(watch) for module in modules]
    with torch.no_grad():
        for batch in batches:
            net(batch)
    for hook in hooks:
        hook.remove()
    return [tuple(np.mean(seen[module], 0)) for module in modules]


def shape(net):
    """Fold ``net`` and give it its roundings, of ranges still to be set or loaded."""
    net = fold(net)
    for module in rounded_modules(net):
        module.round_result = RoundResult()
    for layer in [*net.convolutions(), net.linear]:
        layer.round_weight = RoundWeight()
    net.round_input = RoundResult()
    return net


def prepare(net, batches):
    """A copy that rounds as the integer network will; its ranges are those of the batches."""
    found = ranges(fold(net), batches)
    net = shape(net)
    for module, ends in zip(rounded_modules(net), found):
        module.round_result = RoundResult(*ends)
    net.round_input = RoundResult(min(float(batch.min()) for batch in batches),
                                  max(float(batch.max()) for batch in batches))
    return net
