"""Figures of merit, in numpy only: small enough to be checked by eye."""

import numpy as np


def auc(score, positive):
    """Area under the ROC curve: the chance that a positive outranks a negative, ties half."""
    positive = np.asarray(positive, dtype=bool)
    good, bad = int(positive.sum()), int((~positive).sum())
    if not good or not bad:
        return float("nan")
    values, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2.0
    return float((rank[place][positive].sum() - good * (good + 1) / 2.0) / (good * bad))


def rates(score, positive, threshold):
    """(sensitivity, specificity) of calling ``score >= threshold`` positive."""
    called, positive = np.asarray(score) >= threshold, np.asarray(positive, dtype=bool)
    return share(called[positive]), share(~called[~positive])


def share(marks):
    """How many of them are true; NaN of none."""
    return float(marks.mean()) if len(marks) else float("nan")


def calibration_error(probability, positive, weight=None, bins=10):
    """Expected calibration error over equal-width bins, optionally weighted to a prevalence."""
    probability, positive = np.asarray(probability), np.asarray(positive, dtype=float)
    weight = np.ones(len(positive)) if weight is None else weight
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [abs(np.sum((weight * (probability - positive))[place == b])) for b in range(bins)]
    return float(sum(gaps) / weight.sum())


def reliability(probability, positive, weight=None, bins=10):
    """[[films, mean probability, share positive]] of each bin that has films: a calibration plot."""
    probability, positive = np.asarray(probability), np.asarray(positive, dtype=float)
    weight = np.ones(len(positive)) if weight is None else weight
    place = np.minimum((probability * bins).astype(int), bins - 1)
    return [[int((place == b).sum()),
             *(float(np.average(value[place == b], weights=weight[place == b]))
               for value in (probability, positive))]
            for b in range(bins) if (place == b).any()]


def softmax(logits, temperature=1.0):
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled = np.exp(scaled - scaled.max(1, keepdims=True))
    return scaled / scaled.sum(1, keepdims=True)


def pneumonia(probability):
    """Bacterial plus viral: the finding the threshold is about."""
    return probability[:, 1] + probability[:, 2]


def viral_auc(probability, labels):
    """Viral against bacterial, among the ill: by the share of viral in pneumonia."""
    sick = labels > 0
    return auc(probability[sick, 2] / np.maximum(pneumonia(probability[sick]), 1e-12),
               labels[sick] == 2)
