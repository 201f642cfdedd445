"""From a decoded film to the tensor the network sees: the contract with the C core.

The core does exactly this, in this order, and nothing else:

1. grey in [0, 1]; colour becomes Rec.601 luma (0.299 R + 0.587 G + 0.114 B); films have no alpha
   (the core composes it over black);
2. the whole picture is squashed to size x size, aspect ignored (most of the training files have
   been through such a square before, so keeping the aspect would only reveal which ones);
3. ``image`` normalisation: (x - mean) / max(std, STD_FLOOR) over the resized picture.  It takes
   exposure and window away, which differ between machines and mean nothing.

The resize is separable, hence two small matrices: ``rows @ picture @ columns.T``.  Shrinking is an
exact area average with fractional coverage of the edge pixels, so every source pixel has its say
whatever the ratio; enlarging is bilinear with half-pixel centres.
"""

import numpy as np
from PIL import Image

SIZE = 192
STD_FLOOR = 0.02
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def read_grey(path):
    """Decode a file to float32 grey in [0, 1], shape (height, width)."""
    with Image.open(path) as image:
        return to_grey(image)


def to_grey(image):
    """A PIL image as float32 grey in [0, 1]."""
    if image.mode in ("I;16", "I;16B", "I"):
        return np.asarray(image, dtype=np.float32) / 65535.0
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"), dtype=np.float32) / 255.0
    if image.mode == "LA":
        return np.asarray(image.getchannel(0), dtype=np.float32) / 255.0
    return (np.asarray(image.convert("RGB"), dtype=np.float32) @ LUMA) / 255.0


def resize_matrix(source, target, start=0.0, stop=None):
    """Weights (target, source) that resample the interval [start, stop) of an axis.

    The interval is the whole axis unless told otherwise; training passes others, so that a random
    crop goes through the very same operator.  Parts outside the axis get no weight: such a row
    sums to less than one, and the caller decides what fills the rest.
    """
    stop = float(source) if stop is None else float(stop)
    step = (stop - start) / target
    if step > 1.0:
        edges = start + step * np.arange(target + 1)
        pixel = np.arange(source)
        overlap = (np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel))
        return (np.maximum(overlap, 0.0) / step).astype(np.float32)
    weights = np.zeros((target, source))
    centre = start + step * (np.arange(target) + 0.5)
    inside = np.flatnonzero((centre >= 0.0) & (centre < source))
    place = np.clip(centre[inside] - 0.5, 0.0, source - 1.0)
    left = np.floor(place).astype(int)
    right = np.minimum(left + 1, source - 1)
    np.add.at(weights, (inside, left), 1.0 - (place - left))
    np.add.at(weights, (inside, right), place - left)
    return weights.astype(np.float32)


def squash(grey, size=SIZE):
    """The whole picture resized to size x size, aspect ignored."""
    height, width = grey.shape
    return resize_matrix(height, size) @ grey @ resize_matrix(width, size).T


def normalise(picture):
    """Zero mean and unit (population) deviation; nearly flat pictures are not blown up."""
    mean = picture.mean(dtype=np.float64)
    deviation = picture.std(dtype=np.float64)
    return ((picture - mean) / max(deviation, STD_FLOOR)).astype(np.float32)


def prepare(grey, size=SIZE):
    """Grey picture in [0, 1] of any shape -> float32 (1, size, size), ready for the network."""
    return normalise(squash(grey, size))[None]
