"""Random views of a film, the same for every class.

In this archive healthy children are framed wide and ill ones tight, their films a little sharper
or softer, darker or lighter.  A network takes such short cuts first.  So framing is drawn afresh
for each view, far beyond what the archive shows, and sharpness, tone and compression after it;
what remains in common within a class should be the lungs.

Each view is a function of the film and one random generator, hence repeatable.
"""

import io

import numpy as np
from PIL import Image

from preprocess import SIZE, normalise, resize_matrix

SCALE = (0.58, 1.2)     # side of the window, in sides of the film
ASPECT = 1.25
ANGLE = 10.0            # degrees
SLACK = 0.04            # shift past the film's edge, in sides


def view(film, rng, size=SIZE):
    """uint8 film -> normalised float32 (1, size, size)."""
    if rng.random() < 0.25:
        film = jpeg(film, int(rng.integers(25, 90)))
    fill = background(film, rng)
    if rng.random() < 0.6:
        film = rotate(film, rng.uniform(-ANGLE, ANGLE), fill)
    picture = frame(film, rng, fill / 255.0, size)
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    picture = tone(picture, rng)
    picture = focus(picture, rng)
    if rng.random() < 0.4:
        noise = rng.standard_normal(picture.shape, dtype=np.float32)
        picture = picture + noise * np.float32(rng.uniform(0.0, 0.04))
    picture = np.array(np.clip(picture, 0.0, 1.0), dtype=np.float32)
    if rng.random() < 0.25:
        border(picture, rng)
    if rng.random() < 0.3:
        erase(picture, rng)
    return normalise(picture)[None]


def jpeg(film, quality):
    """The film after one more JPEG round at this quality."""
    buffer = io.BytesIO()
    Image.fromarray(film).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def background(film, rng):
    """A grey for what lies beyond the film: black mostly, else the rim's mean, else anything."""
    choice = rng.random()
    if choice < 0.5:
        return float(rng.uniform(0, 20))
    if choice < 0.8:
        return float(np.mean([film[0].mean(), film[-1].mean(),
                              film[:, 0].mean(), film[:, -1].mean()]))
    return float(rng.uniform(0, 255))


def rotate(film, angle, fill):
    return np.asarray(Image.fromarray(film).rotate(angle, Image.BILINEAR, fillcolor=int(fill)))


def frame(film, rng, fill, size):
    """A window of random size, aspect and place, resized by the operator the core uses."""
    height, width = film.shape
    scale = np.exp(rng.uniform(np.log(SCALE[0]), np.log(SCALE[1])))
    stretch = np.exp(rng.uniform(-0.5, 0.5) * np.log(ASPECT))
    weights = []
    for length, side in ((height, scale * stretch), (width, scale / stretch)):
        reach = abs(1.0 - side) / 2.0 + SLACK
        centre = 0.5 + rng.uniform(-reach, reach)
        start, stop = (centre - side / 2.0) * length, (centre + side / 2.0) * length
        weights.append(resize_matrix(length, size, start, stop))
    rows, columns = weights
    inside = np.outer(rows.sum(1), columns.sum(1))
    return rows @ (film / np.float32(255.0)) @ columns.T + np.float32(fill) * (1.0 - inside)


def tone(picture, rng):
    """Gamma, then contrast and brightness with clipping: another exposure, another window."""
    picture = np.clip(picture, 0.0, 1.0)
    if rng.random() < 0.7:
        picture = picture ** np.float32(np.exp(rng.uniform(-0.6, 0.6)))
    if rng.random() < 0.5:
        contrast, brightness = rng.uniform(0.7, 1.4), rng.uniform(-0.12, 0.12)
        picture = (picture - 0.5) * np.float32(contrast) + np.float32(0.5 + brightness)
    if rng.random() < 0.1:
        rows = np.linspace(rng.uniform(0.75, 1.0), rng.uniform(0.75, 1.0), picture.shape[0])
        picture = picture * rows[:, None].astype(np.float32)
    return np.clip(picture, 0.0, 1.0)


def blur_matrix(size, sigma):
    """Rows of a Gaussian, renormalised at the edges; a blur is ``m @ picture @ m.T``."""
    place = np.arange(size)
    weights = np.exp(-0.5 * ((place[:, None] - place[None]) / sigma) ** 2)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def focus(picture, rng):
    """Softer, sharper, or as it was."""
    choice = rng.random()
    if choice > 0.6:
        return picture
    matrix = blur_matrix(picture.shape[0], rng.uniform(0.35, 1.4))
    soft = matrix @ picture @ matrix.T
    if choice < 0.35:
        return soft
    return picture + np.float32(rng.uniform(0.2, 1.2)) * (picture - soft)


def border(picture, rng):
    """Bars along some sides, as collimation and scanners leave them."""
    size = picture.shape[0]
    value = rng.choice([0.0, rng.random(), 1.0], p=[0.6, 0.3, 0.1])
    for turn in range(4):
        if rng.random() < 0.5:
            np.rot90(picture, turn)[: int(rng.integers(1, size // 10 + 2))] = value


def erase(picture, rng):
    """One or two rectangles of flat grey, so that no single spot decides."""
    size = picture.shape[0]
    for _ in range(int(rng.integers(1, 3))):
        height, width = (int(size * rng.uniform(0.08, 0.35)) for _ in range(2))
        top, left = int(rng.integers(0, size - height)), int(rng.integers(0, size - width))
        picture[top:top + height, left:left + width] = rng.random()
