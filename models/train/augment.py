"""Random views of films, the same for every class, a batch at a time on the CPU or a GPU.

In this archive healthy children are framed wide and ill ones tight, their films a little sharper
or softer, darker or lighter.  A network takes such short cuts first.  So framing is drawn afresh
for each view, far beyond what the archive shows, and tone, sharpness, compression and marks after
it; what remains in common within a class should be the lungs.

Films come squashed to a square, since the network gets them so; their aspect ratio comes beside them,
because turning happens in the world and not in the square.  A batch of views is a function of the
films and one random generator, hence repeatable.
"""

import functools
import math

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch.nn import functional

SCALE = (0.55, 1.2)     # side of the window, in sides of the film
STRETCH = 1.25          # of its aspect ratio
ANGLE = 10.0            # degrees
SLACK = 0.04            # shift past the film's edge, in sides


class Draw:
    """Random numbers for a batch, from one generator, on the films' device."""

    def __init__(self, count, generator, device):
        self.count, self.generator, self.device = count, generator, device
        self.grains = None  # on a GPU: a second generator, for what is drawn by the million
        if torch.device(device).type != "cpu":
            self.grains = torch.Generator(device).manual_seed(self.whole(0, 2 ** 31))

    def uniform(self, low=0.0, high=1.0):
        value = torch.rand(self.count, generator=self.generator)
        return (low + (high - low) * value).to(self.device)

    def chance(self, probability):
        return self.uniform() < probability

    def order(self):
        return torch.randperm(self.count, generator=self.generator).to(self.device)

    def noise(self, shape):
        if self.grains is None:
            return torch.randn(shape, generator=self.generator)
        return torch.randn(shape, generator=self.grains, device=self.device)

    def whole(self, low, high):
        """One whole number in [low, high)."""
        return int(torch.randint(low, high, (1,), generator=self.generator))

    def number(self, low=0.0, high=1.0):
        return low + (high - low) * float(torch.rand(1, generator=self.generator))


def views(films, aspect, generator, size):
    """Squashed uint8 films (n, s, s), width / height (n) -> normalised float32 (n, 1, size, size)."""
    draw = Draw(len(films), generator, films.device)
    picture = frame(films.float() / 255.0, aspect, draw, size)
    picture = tone(picture, draw)
    picture = focus(picture, draw)
    picture = compress(picture, draw)
    grain = torch.where(draw.chance(0.4), draw.uniform(0.0, 0.04), 0.0 * aspect)
    picture = (picture + grain.view(-1, 1, 1) * draw.noise(picture.shape)).clamp_(0.0, 1.0)
    marks(picture, draw)
    return normalise(picture)[:, None]


def normalise(picture):
    """As preprocess.normalise, for a batch."""
    deviation, mean = torch.std_mean(picture, (1, 2), unbiased=False, keepdim=True)
    return (picture - mean) / deviation.clamp_min(0.02)


def frame(picture, aspect, draw, size):
    """A window of random size, aspect, place and angle of each film.

    For half of the views the aspect ratio is that of another film of the batch: ill children's
    films are wider, and what a window shows must not tell.
    """
    scale = torch.exp(draw.uniform(*(math.log(side) for side in SCALE)))
    shape = torch.where(draw.chance(0.5), aspect[draw.order()], aspect) / aspect
    shape = shape * torch.exp(draw.uniform(-1.0, 1.0) * math.log(STRETCH))
    wide, high = scale * shape.sqrt(), scale / shape.sqrt()
    # a window much past one pair of edges shows bars, not lungs
    wide, high = wide.clamp_max(1.3), high.clamp_max(1.3)
    right, down = (2.0 * draw.uniform(-1.0, 1.0) * ((1.0 - side).abs() / 2.0 + SLACK)
                   for side in (wide, high))
    angle = torch.where(draw.chance(0.6), draw.uniform(-ANGLE, ANGLE), 0.0 * scale) * math.pi / 180
    flip = torch.where(draw.chance(0.5), -1.0, 1.0).to(scale)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack([
        torch.stack([cos * wide * flip, -sin * high / aspect, right], 1),
        torch.stack([sin * wide * flip * aspect, cos * high, down], 1)], 1)
    fill = background(picture, draw).view(-1, 1, 1, 1)
    # twice as fine, then averaged: what the area average of the preprocessing does
    grid = functional.affine_grid(theta, (len(theta), 1, 2 * size, 2 * size), align_corners=False)
    seen = functional.grid_sample(picture[:, None] - fill, grid, align_corners=False) + fill
    return functional.avg_pool2d(seen, 2)[:, 0]


def background(picture, draw):
    """A grey for what lies beyond the film: black mostly, else the rim's mean, else anything."""
    rim = (picture[:, 0].mean(1) + picture[:, -1].mean(1)
           + picture[:, :, 0].mean(1) + picture[:, :, -1].mean(1)) / 4.0
    choice = draw.uniform()
    other = torch.where(choice < 0.8, rim, draw.uniform())
    return torch.where(choice < 0.5, draw.uniform(0.0, 0.08), other)


def tone(picture, draw):
    """Gamma, contrast and brightness with clipping, shading: another exposure, another window."""
    each = lambda value: value.view(-1, 1, 1)
    still = torch.ones(draw.count, device=draw.device)
    power = torch.where(draw.chance(0.7), torch.exp(draw.uniform(-0.6, 0.6)), still)
    picture = picture.clamp(1e-4, 1.0) ** each(power)
    moved = draw.chance(0.5)
    contrast = torch.where(moved, draw.uniform(0.7, 1.4), still)
    brightness = torch.where(moved, draw.uniform(-0.12, 0.12), 0.0 * still)
    picture = (picture - 0.5) * each(contrast) + 0.5 + each(brightness)
    field = draw.noise((draw.count, 1, 3, 3)) * 0.08 * draw.chance(0.3).view(-1, 1, 1, 1)
    shade = functional.interpolate(field, picture.shape[-2:], mode="bicubic", align_corners=False)
    return (picture * (1.0 + shade[:, 0])).clamp(0.0, 1.0)


def blur_matrix(size, sigma):
    """Rows of Gaussians (n, size, size), renormalised at the edges: blur is ``m @ picture @ m.T``."""
    place = torch.arange(size, device=sigma.device, dtype=torch.float32)
    distance = (place[:, None] - place[None]).square()
    weights = torch.exp(-0.5 * distance / sigma.clamp_min(0.05).square().view(-1, 1, 1))
    return weights / weights.sum(2, keepdim=True)


def focus(picture, draw):
    """Softer, sharper, or as it was."""
    matrix = blur_matrix(picture.shape[-1], draw.uniform(0.35, 1.4))
    soft = matrix @ picture @ matrix.transpose(1, 2)
    choice = draw.uniform()
    keep = torch.where(choice < 0.35, 0.0 * choice, 1.0 + draw.uniform(0.2, 1.2))
    keep = torch.where(choice > 0.6, torch.ones_like(keep), keep).view(-1, 1, 1)
    return soft + keep * (picture - soft)


# JPEG's luminance table (ITU-T T.81, annex K)
QUANTA = torch.tensor([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
    dtype=torch.float32).view(8, 8)


def cosines():
    """The orthonormal discrete cosine transform of eight values."""
    k, n = torch.arange(8.0)[:, None], torch.arange(8.0)[None]
    matrix = torch.cos(math.pi * (2 * n + 1) * k / 16) / 2
    matrix[0] /= math.sqrt(2)
    return matrix


def compress(picture, draw, share=0.25):
    """JPEG's loss at quality 25 to 90, on a grid of random place, for a share of the views."""
    chosen = torch.nonzero(draw.chance(share))[:, 0]
    quality = draw.uniform(25.0, 90.0)[chosen]
    down, right = draw.whole(0, 8), draw.whole(0, 8)
    if len(chosen) == 0:
        return picture
    scale = torch.where(quality < 50, 50.0 / quality, 2.0 - quality / 50.0).view(-1, 1, 1, 1, 1)
    step = (QUANTA.to(picture.device) * scale).clamp_min(1.0)
    part = torch.roll(picture[chosen], (down, right), (1, 2)) * 255.0 - 128.0
    count, height, width = part.shape
    part = part.reshape(count, height // 8, 8, width // 8, 8).transpose(2, 3)
    matrix = cosines().to(picture.device)
    part = torch.round(matrix @ part @ matrix.T / step) * step
    part = (matrix.T @ part @ matrix).transpose(2, 3).reshape(count, height, width)
    picture = picture.clone()
    picture[chosen] = torch.roll((part + 128.0) / 255.0, (-down, -right), (1, 2))
    return picture


@functools.lru_cache(maxsize=None)
def glyph(text, height):
    """A word as a small picture, 0 to 1."""
    font = ImageFont.load_default()
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=font)
    width = max(3, round(image.width * height / image.height))
    return torch.from_numpy(np.asarray(image.resize((width, height), Image.BILINEAR)) / np.float32(255))


WORDS = ("L", "R", "AP", "PA", "SUPINE", "ERECT", "PORTABLE", "12", "A-P 3/7", "L 08:15", "R >")


def marks(picture, draw):
    """Borders, erasures and burned-in letters, in place."""
    size = picture.shape[-1]
    bordered, erased, marked = (draw.chance(share).tolist() for share in (0.25, 0.3, 0.3))
    for view, (has_border, has_hole, has_mark) in enumerate(zip(bordered, erased, marked)):
        if has_border:
            border(picture[view], draw)
        if has_hole:
            erase(picture[view], draw)
        if has_mark:
            for _ in range(draw.whole(1, 3)):
                word = WORDS[draw.whole(0, len(WORDS))]
                mark(picture[view], glyph(word, draw.whole(size // 24, size // 9)), draw)


def border(view, draw):
    """Bars along some sides, as collimation and scanners leave them."""
    size, choice = view.shape[-1], draw.number()
    value = 0.0 if choice < 0.6 else draw.number() if choice < 0.9 else 1.0
    for turn in range(4):
        if draw.number() < 0.5:
            wide = draw.whole(1, size // 10 + 2)
            side = (view[:wide], view[:, :wide], view[-wide:], view[:, -wide:])[turn]
            side.fill_(value)


def erase(view, draw):
    """One or two rectangles of flat grey, so that no single spot decides."""
    size = view.shape[-1]
    for _ in range(draw.whole(1, 3)):
        high, wide = (int(size * draw.number(0.08, 0.3)) for _ in range(2))
        top, left = draw.whole(0, size - high), draw.whole(0, size - wide)
        view[top:top + high, left:left + wide] = draw.number()


def mark(view, word, draw):
    """A word near an edge, white as a lead letter or black on white."""
    size = view.shape[-1]
    word = word[:, :size // 2]
    high, wide = word.shape
    top, left = draw.whole(0, size - high), draw.whole(0, size - wide)
    if draw.number() < 0.5:
        top = (0, size - high)[draw.whole(0, 2)]
    else:
        left = (0, size - wide)[draw.whole(0, 2)]
    spot = view[top:top + high, left:left + wide]
    value = draw.number(0.75, 1.0)
    spot.copy_(spot + word.to(view.device) * (value - spot))
