"""Kinds of film by how they were acquired, without looking at the label.

Machine, processing and framing leave traces: sharpness, tone, margins, proportions.  Films are put into
``count`` clusters by them (k-means), and a network trained without one whole cluster says how it does on
films of a kind that it never saw, which validation drawn at random cannot.
"""

import numpy as np

from interventions import blur_matrix
from preprocess import squash


def traits(film):
    """Aspect ratio, sharpness, noise, margins and tone of one uint8 film."""
    grey = squash(film.astype(np.float32) / 255.0, 128)
    matrix = blur_matrix(128, 1.0)
    soft = matrix @ grey @ matrix.T
    rim = np.concatenate([grey[:4].ravel(), grey[-4:].ravel(), grey[:, :4].ravel(),
                          grey[:, -4:].ravel()])
    low, middle, high = np.quantile(grey, (0.05, 0.5, 0.95))
    return [np.log(film.shape[1] / film.shape[0]), np.log(np.var(grey - soft) + 1e-6), low, middle,
            high, rim.mean(), float((rim < 0.03).mean()), float((grey > 0.97).mean())]


def clusters(films, count=6, seed=0, rounds=60):
    """A cluster number for each film."""
    x = np.array([traits(film) for film in films])
    x = (x - x.mean(0)) / (x.std(0) + 1e-9)
    rng = np.random.default_rng(seed)
    centres = [x[rng.integers(len(x))]]
    while len(centres) < count:     # k-means++
        far = np.min([((x - centre) ** 2).sum(1) for centre in centres], 0)
        centres.append(x[rng.choice(len(x), p=far / far.sum())])
    centres = np.array(centres)
    for _ in range(rounds):
        chosen = ((x[:, None] - centres[None]) ** 2).sum(2).argmin(1)
        moved = np.array([x[chosen == c].mean(0) if (chosen == c).any() else centres[c]
                          for c in range(count)])
        if np.allclose(moved, centres):
            break
        centres = moved
    return chosen
