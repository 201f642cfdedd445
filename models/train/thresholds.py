#!/usr/bin/env python3
"""Two ways to choose the threshold from a new scanner's films: the best one, and the mean of the best of many samples.

    models/train/thresholds.py DATA build/native/pleura [--draws 15]

The scanners of new_scanner.py, and two on which little or nothing is lost.  As there, 100 films of "select" are learnt
from and those of all other children judge; the probabilities are calibrated here as core/src/learn/calibrate.c does,
and the threshold comes from those out of fold.  Prints the mean and the least balanced accuracy over the draws.
"""

import argparse
import pathlib

import numpy as np
from scipy.optimize import minimize

from metrics import rates
from new_scanner import LABELLED, SCANNERS, answers, draw, scanned, select_films

LITTLE = {"slight": (1, (0.05, 0.95)), "none": (0.01, (0, 1))}
LABELS = ("normal", "bacterial_pneumonia", "viral_pneumonia")
FOLDS, SAMPLES, FEWEST = 5, 50, 20


def odds(z, scale):
    z = scale * z
    return np.logaddexp(z[:, 1], z[:, 2]) - z[:, 0]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def platt(z, ill):
    """Scale and shift by maximum likelihood, with Platt's targets."""
    target = np.where(ill, (ill.sum() + 1) / (ill.sum() + 2), 1 / ((~ill).sum() + 2))

    def loss(at):
        x = odds(z, np.exp(at[0])) + at[1]
        return (np.logaddexp(0, x) - target * x).sum()

    t, shift = minimize(loss, [0, 0], method="L-BFGS-B", bounds=[(-3, 3), (None, None)]).x
    return np.exp(t), shift


def best(score, ill):
    """Half-way between the neighbours that part the films best; of equals, those furthest apart."""
    order = np.argsort(-score)
    score, ill = score[order], ill[order]
    below = np.append(score[1:], 0)
    worth = np.cumsum(ill) / ill.sum() - np.cumsum(~ill) / (~ill).sum()
    worth[:-1][score[:-1] == score[1:]] = -1
    place = np.lexsort((score - below, worth))[-1]
    return (score[place] + below[place]) / 2


def mean_of_best(score, ill, random):
    found = []
    for _ in range(SAMPLES):
        drawn = random.integers(len(ill), size=len(ill))
        if 0 < ill[drawn].sum() < len(ill):
            threshold = best(score[drawn], ill[drawn])
            found.append(np.log(threshold / (1 - threshold)))
    return sigmoid(np.mean(found))


def out_of_fold(z, ill, random):
    fold = random.permutation(len(ill)) % FOLDS
    score = np.zeros(len(ill))
    for k in range(FOLDS):
        scale, shift = platt(z[fold != k], ill[fold != k])
        score[fold == k] = sigmoid(odds(z[fold == k], scale) + shift)
    return score


def measure(rows, were, on_it, draws):
    """For each draw: as it was, lost, with the best threshold, with the mean; where too few are of a kind, as lost."""
    found = []

    def logs(answer, of):
        return np.log(np.maximum([[answer[row["path"]][f"p_{label}"] for label in LABELS] for row in of], 1e-9))

    for seed in range(draws):
        site, others = draw([row for row in rows if row["path"] in on_it and row["path"] in were], seed, LABELLED)
        ill, truth = (np.array([row["label"] != "normal" for row in of]) for of in (site, others))

        def balanced(score, threshold, truth=truth):
            return sum(rates(score, truth, threshold)) / 2

        was, lost = (balanced(sigmoid(odds(logs(of, others), 1)), 0.5) for of in (were, on_it))
        after = [lost, lost]
        if min(ill.sum(), (~ill).sum()) >= FEWEST:
            random, z = np.random.default_rng(seed), logs(on_it, site)
            scale, shift = platt(z, ill)
            score, held = sigmoid(odds(logs(on_it, others), scale) + shift), out_of_fold(z, ill, random)
            after = [balanced(score, best(held, ill)), balanced(score, mean_of_best(held, ill, random))]
        found.append([was, lost, *after])
    return np.array(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("pleura")
    parser.add_argument("--draws", type=int, default=15)
    asked = parser.parse_args()
    rows = select_films()
    were = answers(asked.pleura, asked.data / "chest", ".jpg", rows)
    for name, how in (SCANNERS | LITTLE).items():
        with scanned(asked.data, rows, *how) as folder:
            found = measure(rows, were, answers(asked.pleura, folder, ".png", rows), asked.draws)
        print(name, *(f"{title} {column.mean():.3f} ({column.min():.3f})"
                      for title, column in zip(("was", "lost", "best", "mean"), found.T)), flush=True)


if __name__ == "__main__":
    main()
