"""Changes to a film that change no lung.  An answer that moves with them was not about the lung.

Each takes and gives a uint8 film at its own size, before any preprocessing.
"""

import functools

import numpy as np

import augment
from augment import jpeg

blur_matrix = functools.lru_cache(maxsize=512)(augment.blur_matrix)


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
    "mirror": lambda film: film[:, ::-1],
}
