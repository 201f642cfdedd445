"""Changes to a film that change no lung.  An answer that moves with them was not about the lung.

Each takes and gives a uint8 film at its own size, before any preprocessing.
"""

import functools
import io

import numpy as np
from PIL import Image

from augment import glyph


@functools.lru_cache(maxsize=512)
def blur_matrix(size, sigma):
    """Rows of a Gaussian, renormalised at the edges; a blur is ``m @ picture @ m.T``."""
    place = np.arange(size)
    weights = np.exp(-0.5 * ((place[:, None] - place[None]) / sigma) ** 2)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def jpeg(film, quality):
    """The film after one more JPEG round at this quality."""
    buffer = io.BytesIO()
    Image.fromarray(film).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def letters(film):
    """Lead letters and a line of text, burned in where they hide no lung."""
    film = film.copy()
    height, width = film.shape
    for word, top, left in (("L", 0.04, 0.88), ("PORTABLE", 0.02, 0.03), ("08:15", 0.93, 0.04)):
        ink = glyph(word, max(8, height // 18)).numpy()
        row, column = int(top * height), min(int(left * width), width - ink.shape[1])
        spot = film[row:row + ink.shape[0], column:column + ink.shape[1]]
        ink = ink[:spot.shape[0], :spot.shape[1]]
        spot[:] = np.rint(spot + ink * (240.0 - spot))
    return film


def crop(share):
    """Cut ``share`` of the side off each edge."""

    def change(film):
        height, width = film.shape
        top, left = round(height * share), round(width * share)
        return film[top:height - top, left:width - left]

    return change


def zoom_out(share):
    """Add ``share`` of the side at each edge, in black as a collimator would."""

    def change(film):
        height, width = film.shape
        top, left = round(height * share), round(width * share)
        return np.pad(film, ((top, top), (left, left)))

    return change


def blur(sigma):
    def change(film):
        height, width = film.shape
        soft = blur_matrix(height, sigma) @ film.astype(np.float32) @ blur_matrix(width, sigma).T
        return np.clip(np.rint(soft), 0, 255).astype(np.uint8)

    return change


def sharpen(sigma, amount):
    def change(film):
        height, width = film.shape
        grey = film.astype(np.float32)
        soft = blur_matrix(height, sigma) @ grey @ blur_matrix(width, sigma).T
        return np.clip(np.rint(grey + amount * (grey - soft)), 0, 255).astype(np.uint8)

    return change


def gamma(power):
    table = np.rint(255.0 * (np.arange(256) / 255.0) ** power).astype(np.uint8)
    return lambda film: table[film]


INTERVENTIONS = {
    "as it is": lambda film: film,
    "crop 5 %": crop(0.05),
    "crop 10 %": crop(0.10),
    "zoom out 10 %": zoom_out(0.10),
    "blur": blur(1.0),
    "sharpen": sharpen(1.0, 1.0),
    "gamma 0.7": gamma(0.7),
    "gamma 1.4": gamma(1.4),
    "JPEG q50": lambda film: jpeg(film, 50),
    "letters": letters,
    "mirror": lambda film: film[:, ::-1],
}
