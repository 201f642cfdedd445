"""Which labels look wrong?  Confident learning (Northcutt et al. 2021) on out-of-fold answers.

    python3 models/train/noise.py --predictions models/child-pneumonia/folds --out suspects.csv

A film counts as class j if its probability of j is at least the mean probability of j among the films
labelled j.  The counts of label by class, brought to the labels' totals, estimate how many labels are
wrong; the suspects are the films counted elsewhere, the most confident first.  They are reported, not
deleted: a hard film and a wrong label look alike from here.
"""

import argparse
import csv

import numpy as np

import folds
import metrics
from net import CLASSES


def confident(probability, labels):
    """(joint distribution of label and class, the class each film counts as or -1)."""
    count = probability.shape[1]
    limit = np.array([probability[labels == c, c].mean() for c in range(count)])
    above = probability >= limit
    chosen = np.where(above, probability, -1.0).argmax(1)
    chosen = np.where(above.any(1), chosen, -1)
    joint = np.zeros((count, count))
    kept = chosen >= 0
    np.add.at(joint, (labels[kept], chosen[kept]), 1.0)
    totals = np.bincount(labels, minlength=count)
    joint *= (totals / np.maximum(joint.sum(1), 1.0))[:, None]
    return joint / joint.sum(), chosen


def suspects(probability, labels):
    """Places of films that count as another class, the largest gap in probability first."""
    _, chosen = confident(probability, labels)
    at = np.flatnonzero((chosen >= 0) & (chosen != labels))
    gap = probability[at, chosen[at]] - probability[at, labels[at]]
    return at[np.argsort(-gap, kind="stable")], chosen


def mean_answers(found):
    """Paths, labels and probabilities, the mean over seeds, of the films as they are."""
    paths = sorted(set.intersection(*(set(films) for films in found.values())))
    labels = np.array([next(iter(found.values()))[path][0] for path in paths])
    each = [metrics.softmax(np.array([films[path][1]["as it is"] for path in paths]))
            for films in found.values()]
    return paths, labels, np.mean(each, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--predictions", required=True, help="folder that folds.py wrote")
    parser.add_argument("--out", required=True, help="the CSV of suspects")
    args = parser.parse_args()
    paths, labels, probability = mean_answers(folds.read(args.predictions))
    joint, _ = confident(probability, labels)
    order, chosen = suspects(probability, labels)
    with open(args.out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "label", "counts_as", *(f"p_{name}" for name in CLASSES)])
        for place in order:
            writer.writerow([paths[place], CLASSES[labels[place]], CLASSES[chosen[place]],
                             *(f"{value:.4f}" for value in probability[place])])
    print(f"{len(labels)} films; share of labels estimated wrong: {1 - np.trace(joint):.4f}")
    for label, line in zip(CLASSES, joint):
        print(f"  labelled {label}: " + ", ".join(f"{name} {value:.4f}"
                                                  for name, value in zip(CLASSES, line)))


if __name__ == "__main__":
    main()
