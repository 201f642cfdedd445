"""Blocks with attention and other mixing of tokens: 16 x 16 x 16 in; planes or tokens of `out` channels out."""
import math

import torch
import torch.nn.functional as F
from torch import nn

from blocks_conv import conv

BLOCKS = {}


def block(kind):
    BLOCKS[kind.__name__.lower()] = kind
    return kind


class Attention(nn.Module):
    """As timm writes it: one product for query, key and value."""

    def __init__(self, width=16, heads=4):
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.qkv, self.join = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, bias=None):
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        a = (q * self.scale) @ k.transpose(-2, -1)
        a = (a if bias is None else a + bias).softmax(dim=-1)
        return self.join((a @ v).transpose(1, 2).reshape(b, n, c))


class Mlp(nn.Module):
    def __init__(self, width, act=nn.GELU):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, 2 * width), act(), nn.Linear(2 * width, width))

    def forward(self, x):
        return self.layers(x)


def relative(size):
    """For each pair of places of a square, the index of their offset."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    places = torch.stack([y.flatten(), x.flatten()])
    offsets = places[:, :, None] - places[:, None] + size - 1
    return offsets[0] * (2 * size - 1) + offsets[1]


@block
class EfficientFormer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention()
        self.biases = nn.Parameter(torch.randn(4, 225) * 0.1)
        self.register_buffer("index", relative(8))
        self.norm, self.gamma = nn.LayerNorm(16), nn.Parameter(torch.ones(16))

    def forward(self, x):
        x = F.avg_pool2d(x, 2).flatten(2).transpose(1, 2)
        return x + self.gamma * self.attention(self.norm(x), self.biases[:, self.index])


@block
class CoAtNet(nn.Module):
    """Relative positions, and a shrunk MBConv before."""

    def __init__(self):
        super().__init__()
        self.norm, self.mb = nn.BatchNorm2d(16), nn.Sequential(
            conv(16, 32, 1, act=nn.GELU), conv(32, 32, 3, 2, 32, nn.GELU), nn.Conv2d(32, 16, 1))
        self.attention, self.mlp = Attention(), Mlp(16)
        self.table = nn.Parameter(torch.randn(225, 4) * 0.1)
        self.register_buffer("index", relative(8))

    def forward(self, x):
        x = F.max_pool2d(x, 2) + self.mb(self.norm(x))
        b, c, h, w = x.shape
        t = x.flatten(2).transpose(1, 2)
        t = F.layer_norm(t, (c,))
        bias = self.table[self.index.view(-1)].view(64, 64, -1).permute(2, 0, 1).contiguous().unsqueeze(0)
        t = t + self.attention(t, bias)
        return (t + self.mlp(t)).transpose(1, 2).reshape(b, c, h, w)


@block
class MobileViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.local, self.join = nn.Sequential(conv(16, 16, act=nn.SiLU), nn.Conv2d(16, 24, 1, bias=False)), conv(40, 16, act=nn.SiLU)
        self.layer = nn.TransformerEncoderLayer(24, 4, 48, batch_first=True, norm_first=True, activation=F.silu)
        self.back = conv(24, 24, 1, act=nn.SiLU)

    def forward(self, x):
        y = self.local(x)
        b, c, h, w = y.shape
        if h % 2 or w % 2:
            y = F.interpolate(y, (h + h % 2, w + w % 2), mode="bilinear")
        y = y.reshape(b * c * (h // 2), 2, w // 2, 2).transpose(1, 2).reshape(b, c, h * w // 4, 4)
        y = y.transpose(1, 3).reshape(b * 4, h * w // 4, c)
        n = F.layer_norm(y, (c,))
        q, k, v = (n.reshape(b * 4, -1, 4, 6).transpose(1, 2) for _ in range(3))
        y = y + (((q @ k.transpose(-2, -1)) * 6 ** -0.5).softmax(-1) @ v).transpose(1, 2).reshape(b * 4, -1, c)
        y = y.contiguous().view(b, 4, -1, c).transpose(1, 3)
        y = y.reshape(b * c * (h // 2), w // 2, 2, 2).transpose(1, 2).reshape(b, c, h, w)
        return self.join(torch.cat([x, self.back(y)], 1))


class CrossCovariance(nn.Module):
    def __init__(self, width=16, heads=4):
        super().__init__()
        self.heads, self.temperature = heads, nn.Parameter(torch.ones(heads, 1, 1))
        self.qkv, self.join = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 4, 1)
        q, k, v = qkv[0], qkv[1], qkv[2]
        a = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1) * self.temperature
        return self.join((a.softmax(dim=-1) @ v).permute(0, 3, 1, 2).reshape(b, n, c))


class Fourier(nn.Module):
    """Sines and cosines of places, made when it runs."""

    def __init__(self, width):
        super().__init__()
        self.project = nn.Conv2d(16, width, 1)

    def forward(self, x):
        b, _, h, w = x.shape
        mask = torch.zeros(b, h, w).bool()
        y, x = (~mask).cumsum(1, dtype=torch.float32), (~mask).cumsum(2, dtype=torch.float32)
        y, x = y / (y[:, -1:, :] + 1e-6) * 2 * math.pi, x / (x[:, :, -1:] + 1e-6) * 2 * math.pi
        rates = 10000 ** (2 * torch.div(torch.arange(8), 2, rounding_mode="floor") / 8)
        parts = [torch.stack([(p[..., None] / rates)[..., 0::2].sin(), (p[..., None] / rates)[..., 1::2].cos()],
                             dim=4).flatten(3) for p in (y, x)]
        return self.project(torch.cat(parts, dim=3).permute(0, 3, 1, 2))


@block
class XCiT(nn.Module):
    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(16) for _ in range(4))
        self.positions, self.xca = Fourier(16), CrossCovariance()
        self.local = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1, groups=16), nn.GELU(), nn.BatchNorm2d(16),
                                   nn.Conv2d(16, 16, 3, padding=1, groups=16))
        self.token, self.gammas = nn.Parameter(torch.zeros(1, 1, 16)), nn.Parameter(torch.ones(3, 16))
        self.q, self.k, self.v, self.mlp = (nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 16), Mlp(16))

    def forward(self, x):
        b, c, h, w = x.shape
        pos = self.positions(x).reshape(b, -1, h * w).permute(0, 2, 1)
        t = x.reshape(b, c, -1).permute(0, 2, 1) + pos
        t = t + self.gammas[0] * self.xca(self.norms[0](t))
        y = self.local(self.norms[1](t).permute(0, 2, 1).reshape(b, c, h, w))
        t = t + self.gammas[1] * y.reshape(b, c, h * w).permute(0, 2, 1)
        t = self.norms[2](torch.cat((self.token.expand(b, -1, -1), t), dim=1))
        q = self.q(t[:, 0]).unsqueeze(1).reshape(b, 1, 4, 4).permute(0, 2, 1, 3) * 0.5
        k, v = (f(t).reshape(b, h * w + 1, 4, 4).permute(0, 2, 1, 3) for f in (self.k, self.v))
        cls = ((q @ k.transpose(-2, -1)).softmax(-1) @ v).transpose(1, 2).reshape(b, 1, c)
        t = torch.cat([cls + self.gammas[2] * self.mlp(cls), t[:, 1:]], 1)
        return self.norms[3](t)[:, 0]


@block
class EdgeNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1, groups=4) for _ in range(3))
        self.norm, self.xca, self.mlp = nn.LayerNorm(16, 1e-6), CrossCovariance(), Mlp(16)
        self.gamma = nn.Parameter(torch.ones(16))

    def forward(self, x):
        b, c, h, w = x.shape
        parts = x.chunk(4, dim=1)
        y, done = parts[0], []
        for i, layer in enumerate(self.convs):
            y = layer(y if i == 0 else y + parts[i])
            done.append(y)
        y = torch.cat((*done, parts[-1]), 1).reshape(b, c, h * w).permute(0, 2, 1)
        y = y + self.gamma * self.xca(self.norm(y))
        y = self.mlp(self.norm(y).reshape(b, h, w, c)).permute(0, 3, 1, 2)
        return x + y


@block
class FastViT(nn.Module):
    """RepMixer and a convolutional feed-forward; attention over flattened planes."""

    def __init__(self):
        super().__init__()
        self.norm, self.mixer = nn.BatchNorm2d(16), conv(16, 16, 3, group=16, act=None)
        self.scale, self.ffn = nn.Parameter(torch.ones(16, 1, 1)), nn.Sequential(
            conv(16, 16, 7, group=16, act=None), nn.Conv2d(16, 48, 1), nn.GELU(), nn.Conv2d(48, 16, 1))
        self.attention = Attention()

    def forward(self, x):
        x = x + self.scale * (self.mixer(x) - self.norm(x))
        x = x + self.scale * self.ffn(x)
        y = torch.flatten(x, start_dim=2).transpose(-2, -1)
        return x + self.attention(y).transpose(-2, -1).reshape(x.shape)


class LinearNorm(nn.Module):
    def __init__(self, into, out):
        super().__init__()
        self.linear, self.norm = nn.Linear(into, out, bias=False), nn.BatchNorm1d(out)

    def forward(self, x):
        x = self.linear(x)
        return self.norm(x.flatten(0, 1)).reshape_as(x)


@block
class LeViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.kv, self.q, self.join = LinearNorm(16, 4 * (4 + 8)), LinearNorm(16, 16), LinearNorm(32, 24)
        self.biases, self.out = nn.Parameter(torch.randn(4, 64) * 0.1), 24
        self.register_buffer("index", torch.arange(16 * 64).reshape(16, 64) % 64)
        self.head = nn.BatchNorm1d(24)

    def forward(self, x):
        x = F.avg_pool2d(x, 2).flatten(2).transpose(1, 2)
        b = x.shape[0]
        k, v = self.kv(x).view(b, 64, 4, 12).split([4, 8], dim=3)
        k, v = k.permute(0, 2, 3, 1), v.permute(0, 2, 1, 3)
        q = x.view(b, 8, 8, 16)[:, ::2, ::2].reshape(b, -1, 16)
        q = self.q(q).view(b, 16, 4, 4).permute(0, 2, 1, 3)
        a = (q @ k * 0.5 + self.biases[:, self.index]).softmax(dim=-1)
        y = (a @ v).transpose(1, 2).reshape(b, 16, 32)
        return self.head(self.join(F.hardswish(y)).mean(1))


@block
class Swin(nn.Module):
    """Windows, shifted, with a mask."""

    def __init__(self):
        super().__init__()
        self.attention, self.norm = Attention(), nn.LayerNorm(16)
        self.merge, self.out = nn.Linear(64, 32, bias=False), 32
        mask = torch.zeros(16, 16)
        mask[-2:], mask[:, -2:] = 1, 2
        parts = mask.view(4, 4, 4, 4).transpose(1, 2).reshape(16, 16)
        difference = parts[:, None] - parts[:, :, None]
        self.register_buffer("mask", difference.masked_fill(difference != 0, -100.0)[:, None])

    def forward(self, x):
        y = torch.roll(self.norm(x.permute(0, 2, 3, 1)), shifts=(-2, -2), dims=(1, 2))
        y = y.view(-1, 4, 4, 4, 4, 16).permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, 16, 16)
        y = self.attention(y, self.mask)
        y = y.view(-1, 4, 4, 4, 4, 16).permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, 16, 16, 16)
        y = x.permute(0, 2, 3, 1) + torch.roll(y, shifts=(2, 2), dims=(1, 2))
        y = torch.cat([y[:, 0::2, 0::2], y[:, 1::2, 0::2], y[:, 0::2, 1::2], y[:, 1::2, 1::2]], -1)
        return self.merge(y).flatten(1, 2)


@block
class Vit(nn.Module):
    """Class and distillation tokens, positions resized, torch's own attention."""

    def __init__(self):
        super().__init__()
        self.patch, self.tokens = nn.Conv2d(16, 16, 4, 4), nn.Parameter(torch.zeros(1, 2, 16))
        self.positions = nn.Parameter(torch.randn(1, 9, 16))
        self.attention, self.norm, self.mlp = nn.MultiheadAttention(16, 4, batch_first=True), nn.LayerNorm(16), Mlp(16)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        grid = self.positions.reshape(1, 3, 3, 16).permute(0, 3, 1, 2)
        grid = F.interpolate(grid, size=(4, 4), mode="bicubic", align_corners=False)
        x = x + grid.permute(0, 2, 3, 1).reshape(1, -1, 16)
        x = torch.cat([self.tokens.expand(x.shape[0], -1, -1), x], 1)
        y = self.norm(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        x = x + self.mlp(self.norm(x))
        return (x[:, 0] + x[:, 1]) / 2


@block
class Mixer(nn.Module):
    """MLP-Mixer, with ResMLP's affine layers and gMLP's gate."""

    def __init__(self):
        super().__init__()
        self.tokens, self.mlp, self.norm = nn.Linear(64, 64), Mlp(16), nn.LayerNorm(16)
        self.alpha, self.beta = nn.Parameter(torch.ones(1, 1, 16)), nn.Parameter(torch.zeros(1, 1, 16))
        self.gate = nn.Linear(64, 64)

    def forward(self, x):
        x = F.avg_pool2d(x, 2).flatten(2).transpose(1, 2)
        x = x + self.tokens((self.alpha * x + self.beta).transpose(1, 2)).transpose(1, 2)
        u, v = self.mlp(self.norm(x)).chunk(2, dim=-1)
        v = self.gate(v.transpose(-1, -2)).transpose(-1, -2)
        return torch.addcmul(self.beta, torch.cat([u * v, u], -1), self.alpha, value=1)


@block
class BoTNet(nn.Module):
    """Attention over planes with relative positions by padding and reshaping, by einsum."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Conv2d(16, 48, 1, bias=False)
        self.height, self.width = nn.Parameter(torch.randn(15, 4) * 0.2), nn.Parameter(torch.randn(15, 4) * 0.2)

    def logits(self, q, rel):
        b, h, w, _ = q.shape
        x = (q @ rel.transpose(-1, -2)).reshape(-1, w, 2 * w - 1)
        x = F.pad(F.pad(x, [0, 1]).flatten(1), [0, w - 1])
        x = x.reshape(-1, w + 1, 2 * w - 1)[:, :w, w - 1:]
        return x.reshape(b, h, 1, w, w).expand(-1, -1, h, -1, -1)

    def forward(self, x):
        x = F.max_pool2d(x, 2)
        b, _, h, w = x.shape
        q, k, v = torch.split(self.qkv(x), [16, 16, 16], dim=1)
        q = q.reshape(b * 4, 4, -1).transpose(-1, -2)
        k, v = k.reshape(b * 4, 4, -1), v.reshape(b * 4, 4, -1).transpose(-1, -2)
        grid = q.reshape(b * 4, h, w, -1)
        wide = self.logits(grid, self.width).permute(0, 1, 3, 2, 4)
        high = self.logits(grid.transpose(1, 2), self.height).permute(0, 3, 1, 4, 2)
        a = torch.einsum("bid,bdj->bij", q, k) * 0.5 + (wide + high).reshape(b * 4, h * w, h * w)
        return torch.einsum("bij,bjd->bid", a.softmax(-1), v).transpose(-1, -2).reshape(b, 16, h, w)


@block
class Unfold(nn.Module):
    """T2T, TNT and VOLO: patches by unfolding; Involution: each place its own kernel."""

    def __init__(self):
        super().__init__()
        self.kernel, self.project, self.out = nn.Conv2d(16, 9 * 4, 1), nn.Linear(16 * 9, 24), 24

    def forward(self, x):
        b, c, h, w = x.shape
        weight = self.kernel(x).view(b, 4, 9, h, w).unsqueeze(2)
        patches = F.unfold(x, 3, 1, 1)
        y = (weight * patches.view(b, 4, 4, 9, h, w)).sum(dim=3).view(b, c, h, w)
        return self.project(F.unfold(y, kernel_size=3, stride=2, padding=1).transpose(1, 2))


@block
class Twins(nn.Module):
    """Keys and values of a reduced plane; positions by a depthwise convolution; a soft top k."""

    def __init__(self):
        super().__init__()
        self.q, self.kv, self.reduce = nn.Linear(16, 16), nn.Linear(16, 32), nn.Conv2d(16, 16, 4, 4)
        self.norm, self.positions = nn.LayerNorm(16), nn.Conv2d(16, 16, 3, padding=1, groups=16)

    def forward(self, x):
        b, c, h, w = x.shape
        t = x.flatten(2).transpose(1, 2)
        q = self.q(t).reshape(b, h * w, 2, 8).permute(0, 2, 1, 3)
        r = self.norm(self.reduce(t.permute(0, 2, 1).reshape(b, c, h, w)).reshape(b, c, -1).permute(0, 2, 1))
        k, v = self.kv(r).reshape(b, -1, 2, 2, 8).permute(2, 0, 3, 1, 4)
        a = (q @ k.transpose(-2, -1)) / math.sqrt(8)
        best = torch.topk(a, k=4, dim=-1)[0][..., -1:]
        a = torch.where(a < best, torch.full_like(a, float("-inf")), a).softmax(-1)
        t = t + (a @ v).transpose(1, 2).reshape(b, h * w, c)
        x = t.transpose(1, 2).view(b, c, h, w)
        return x + self.positions(x)
