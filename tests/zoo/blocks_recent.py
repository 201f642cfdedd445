"""Blocks of later architectures, and of such as sample or weigh at run time: as blocks_conv.py's."""
import math

import torch
import torch.nn.functional as F
from torch import nn

from blocks_conv import conv

BLOCKS = {}


def block(kind):
    BLOCKS[kind.__name__.lower()] = kind
    return kind


@block
class SpatialTransformer(nn.Module):
    """Three grids of an image's own: each way to fill in, and each way between pixels."""

    def __init__(self):
        super().__init__()
        self.where = nn.Sequential(conv(16, 8, stride=2), nn.Flatten(), nn.Linear(512, 18))
        at = (torch.arange(16) * 2 + 1) / 16 - 1
        y, x = torch.meshgrid(at, at, indexing="ij")
        self.register_buffer("grid", torch.stack((x, y, torch.ones_like(x)), -1).reshape(1, 256, 3))

    def forward(self, x):
        turn = torch.eye(2, 3) + 0.3 * torch.tanh(self.where(x)).reshape(3, 2, 3)
        grids = (self.grid @ turn.transpose(1, 2)).reshape(3, 16, 16, 2)
        ways = (("bilinear", "zeros", False), ("bicubic", "border", True), ("nearest", "reflection", False))
        return sum(F.grid_sample(x, grids[i:i + 1], mode, fill, corners)
                   for i, (mode, fill, corners) in enumerate(ways))


@block
class CondConv(nn.Module):
    """Filters that are mixed for the image."""

    def __init__(self):
        super().__init__()
        self.experts = nn.Parameter(torch.randn(4, 16 * 16 * 9) * 0.1)
        self.route = nn.Linear(16, 4)

    def forward(self, x):
        mixed = torch.sigmoid(self.route(x.mean((2, 3)))) @ self.experts
        return F.conv2d(x, mixed.reshape(16, 16, 3, 3), padding=1)


@block
class Res2Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.into, self.out_of = conv(16, 16, 1), conv(16, 16, 1, act=None)
        self.convs = nn.ModuleList(conv(4, 4) for _ in range(3))

    def forward(self, x):
        parts = torch.split(self.into(x), 4, 1)
        done = [parts[0]]
        for part, layer in zip(parts[1:], self.convs):
            done.append(layer(part if len(done) == 1 else part + done[-1]))
        return F.relu(x + self.out_of(torch.cat(done, 1)))


@block
class ResNetD(nn.Module):
    out = 32

    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(conv(16, 32, stride=2), conv(32, 32, act=None))
        self.down = nn.Sequential(nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False),
                                  conv(16, 32, 1, act=None))

    def forward(self, x):
        return F.relu(self.main(x) + self.down(x))


@block
class VAN(nn.Module):
    """Attention by a large kernel, taken apart into two depthwise ones."""

    def __init__(self):
        super().__init__()
        self.near, self.far = nn.Conv2d(16, 16, 5, 1, 2, groups=16), nn.Conv2d(16, 16, 7, 1, 9, 3, groups=16)
        self.into, self.mix, self.scale = nn.Conv2d(16, 16, 1), nn.Conv2d(16, 16, 1), nn.Parameter(torch.ones(16))

    def forward(self, x):
        y = F.gelu(self.into(x))
        return x + self.scale[:, None, None] * (self.mix(self.far(self.near(y))) * y)


@block
class InceptionNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.square = nn.Conv2d(4, 4, 3, 1, 1, groups=4)
        self.wide = nn.Conv2d(4, 4, (1, 11), 1, (0, 5), groups=4)
        self.high = nn.Conv2d(4, 4, (11, 1), 1, (5, 0), groups=4)

    def forward(self, x):
        same, square, wide, high = torch.split(x, (4, 4, 4, 4), 1)
        return torch.cat((same, self.square(square), self.wide(wide), self.high(high)), 1)


@block
class StarNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.depth, self.one = conv(16, 16, 7, group=16, act=None), nn.Conv2d(16, 32, 1)
        self.two, self.back = nn.Conv2d(16, 32, 1), conv(32, 16, 1, act=None)

    def forward(self, x):
        y = self.depth(x)
        return x + self.back(F.relu6(self.one(y)) * self.two(y))


@block
class MetaFormer(nn.Module):
    """StarReLU, a norm over channels without a bias, and a scale of the skipped branch."""

    def __init__(self):
        super().__init__()
        self.weight, self.skip = nn.Parameter(torch.ones(16)), nn.Parameter(torch.ones(16))
        self.scale, self.shift = nn.Parameter(torch.tensor(0.9)), nn.Parameter(torch.tensor(-0.4))
        self.up, self.down = nn.Linear(16, 32, bias=False), nn.Linear(32, 16, bias=False)

    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        y = x - x.mean(-1, keepdim=True)
        y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight
        y = self.scale * F.relu(self.up(y)) ** 2 + self.shift
        return (x * self.skip + self.down(y)).permute(0, 3, 1, 2)


@block
class FocalNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.into, self.out_of = nn.Conv2d(16, 35, 1), nn.Conv2d(16, 16, 1)
        self.levels = nn.ModuleList(nn.Conv2d(16, 16, k, 1, k // 2, groups=16) for k in (3, 5))
        self.modulate = nn.Conv2d(16, 16, 1)

    def forward(self, x):
        query, context, gates = torch.split(self.into(x), (16, 16, 3), 1)
        total = 0
        for i, level in enumerate(self.levels):
            context = F.gelu(level(context))
            total = total + context * gates[:, i:i + 1]
        total = total + F.gelu(context.mean((2, 3), keepdim=True)) * gates[:, 2:]
        return x + self.out_of(query * self.modulate(total))


@block
class PVT(nn.Module):
    """Attention to a shrunken image."""

    def __init__(self):
        super().__init__()
        self.q, self.kv, self.shrink = nn.Linear(16, 16), nn.Linear(16, 32), nn.Conv2d(16, 16, 4, 4)
        self.norm, self.depth = nn.LayerNorm(16), nn.Conv2d(16, 16, 3, 1, 1, groups=16)

    def forward(self, x):
        n, c, h, w = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        q = self.q(tokens).reshape(n, h * w, 2, 8).permute(0, 2, 1, 3)
        few = self.norm(self.shrink(x).reshape(n, c, -1).permute(0, 2, 1))
        k, v = self.kv(few).reshape(n, -1, 2, 2, 8).permute(2, 0, 3, 1, 4).unbind(0)
        y = (q @ k.transpose(-2, -1) * 8 ** -0.5).softmax(-1) @ v
        y = tokens + y.transpose(1, 2).reshape(n, h * w, c)
        return y + self.depth(y.transpose(1, 2).reshape(n, c, h, w)).flatten(2).transpose(1, 2)


@block
class CaiT(nn.Module):
    """Talking heads, and a class token that asks the others once."""

    def __init__(self):
        super().__init__()
        self.qkv, self.before, self.after = nn.Linear(16, 48), nn.Linear(2, 2), nn.Linear(2, 2)
        self.token, self.ask = nn.Parameter(torch.randn(1, 1, 16)), nn.Linear(16, 16)
        self.scale = nn.Parameter(torch.full((16,), 0.1))

    def forward(self, x):
        x = F.avg_pool2d(x, 2).flatten(2).transpose(1, 2)
        n, count, c = x.shape
        q, k, v = self.qkv(x).reshape(n, count, 3, 2, 8).permute(2, 0, 3, 1, 4).unbind(0)
        talk = self.before((q @ k.transpose(-2, -1)).permute(0, 2, 3, 1)).permute(0, 3, 1, 2).softmax(-1)
        talk = self.after(talk.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        x = x + self.scale * (talk @ v).transpose(1, 2).reshape(n, count, c)
        token = self.token.expand(n, -1, -1)
        every = torch.cat((token, x), 1)
        return token + (self.ask(token) @ every.transpose(1, 2) / 4).softmax(-1) @ every


@block
class EVA(nn.Module):
    """Rotated queries and keys, a SwiGLU, and the norm of each."""

    def __init__(self):
        super().__init__()
        angle = torch.arange(64)[:, None] * 100 ** (-torch.arange(4) / 4)
        self.register_buffer("cos", angle.cos().repeat_interleave(2, -1))
        self.register_buffer("sin", angle.sin().repeat_interleave(2, -1))
        self.qkv, self.gate, self.up, self.down = (nn.Linear(16, n) for n in (48, 24, 24, 16))
        self.back, self.norm = nn.Linear(24, 16), nn.LayerNorm(24)

    def turn(self, x):
        other = torch.stack((-x[..., 1::2], x[..., ::2]), -1).reshape(x.shape)
        return x * self.cos + other * self.sin

    def forward(self, x):
        x = F.max_pool2d(x, 2).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(x).reshape(1, 64, 3, 2, 8).permute(2, 0, 3, 1, 4)
        y = (F.normalize(self.turn(q), dim=-1) @ F.normalize(self.turn(k), dim=-1).transpose(-2, -1) * 4).softmax(-1)
        x = x + self.down((y @ v).transpose(1, 2).flatten(2))
        return x + self.back(self.norm(F.silu(self.gate(x)) * self.up(x)))


@block
class MobileNetV4(nn.Module):
    """Attention of several queries to one set of keys, of a smaller image."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = nn.Conv2d(16, 32, 1), nn.Conv2d(16, 8, 1), nn.Conv2d(16, 8, 1)
        self.small = conv(16, 16, 3, 2, 16, act=None)
        self.out_of = nn.Conv2d(32, 16, 1)

    def forward(self, x):
        small = self.small(x)
        q = self.q(x).reshape(1, 4, 8, 256)
        k, v = self.k(small).flatten(2), self.v(small).flatten(2)
        score = torch.einsum("bhdl,bdm->bhlm", q, k) / math.sqrt(8)
        return x + self.out_of(torch.einsum("bhlm,bdm->bhdl", score.softmax(-1), v).reshape(1, 32, 16, 16))


@block
class DaViT(nn.Module):
    """Attention of channels to channels."""

    def __init__(self):
        super().__init__()
        self.qkv, self.back, self.place = nn.Linear(16, 48), nn.Linear(16, 16), nn.Conv2d(16, 16, 3, 1, 1, groups=16)

    def forward(self, x):
        x = x + self.place(x)
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = self.qkv(tokens).reshape(1, 256, 3, 2, 8).permute(2, 0, 3, 1, 4).unbind(0)
        y = ((q * 256 ** -0.5).transpose(-1, -2) @ k).softmax(-1) @ v.transpose(-1, -2)
        return tokens + self.back(y.permute(0, 3, 1, 2).reshape(1, 256, 16))


@block
class Quantile(nn.Module):
    """What is sorted, counted, filled in and looked up."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(16, 16)

    def forward(self, x):
        best = x.flatten(2).topk(5, -1)[0].mean(-1)
        middle = F.unfold(x, 3, padding=1).mean(-1).reshape(1, 16, 9).amax(-1)
        most = x.mean((2, 3)).argmax(-1)
        y = F.interpolate(x, scale_factor=0.5, mode="bicubic", align_corners=False)
        y = torch.where(y > 0.2, y, y.masked_fill(y < 0, -0.1).cumsum(-1) / 8)
        return y * torch.sigmoid(best + middle + self.table(most))[:, :, None, None]
