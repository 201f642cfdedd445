"""Writes tests/unit/fixture_logistic.h: what scikit-learn's LogisticRegression says of made-up films.

    /usr/bin/python3 tests/learn/make_logistic.py > tests/unit/fixture_logistic.h

Debian's python3-sklearn; only needed to make the file again.
"""

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

FILMS, FEATURES, CLASSES, FOLDS = 72, 9, 3, 3
STRENGTHS = (0.05, 1.0, 30.0)


def films():
    draw = np.random.default_rng(7)
    labels = np.arange(FILMS) % CLASSES
    centres = draw.normal(0, 0.9, (CLASSES, FEATURES))
    mixing = draw.normal(0, 1, (FEATURES, FEATURES))
    x = np.maximum(centres[labels] + draw.normal(0, 1, (FILMS, FEATURES)) @ mixing * 0.6 + 0.5, 0)
    return x.astype(np.float32), labels, np.arange(FILMS) // CLASSES % FOLDS


def out_of_fold(x, labels, folds, strength, weights=None):
    x = x.astype(np.float64)    # else it computes in 32 bits
    answers = np.zeros((len(x), labels.max() + 1))
    for fold in range(FOLDS):
        train, test = folds != fold, folds == fold
        model = LogisticRegression(C=strength, tol=1e-10, max_iter=100_000)
        model.fit(x[train], labels[train], None if weights is None else weights[train])
        answers[test] = model.predict_proba(x[test])
    return answers


def array(name, kind, values, form):
    flat = [form % value for value in np.asarray(values).ravel()]
    lines = [", ".join(flat[i:i + 5]) for i in range(0, len(flat), 5)]
    return "static const %s %s[] = {\n    %s};\n" % (kind, name, ",\n    ".join(lines))


def main():
    x, labels, folds = films()
    two = labels < 2
    weights = 0.5 + (np.arange(FILMS) % 4) / 2
    print("/* Made by tests/learn/make_logistic.py with scikit-learn %s: do not edit. */" % sklearn.__version__)
    print("enum { FILMS = %d, FEATURES = %d, CLASSES = %d, FOLDS = %d, STRENGTHS = %d };"
          % (FILMS, FEATURES, CLASSES, FOLDS, len(STRENGTHS)))
    print(array("strengths", "double", STRENGTHS, "%g"))
    print(array("films_x", "float", x, "%.8ef"))
    print("/* Out of fold, at each strength: all classes; the first two alone; all, with weights. */")
    print(array("of_three", "double", [out_of_fold(x, labels, folds, c) for c in STRENGTHS], "%.7f"))
    print(array("of_two", "double",
                [out_of_fold(x[two], labels[two], folds[two], c) for c in STRENGTHS], "%.7f"))
    print(array("weighted", "double",
                [out_of_fold(x, labels, folds, c, weights) for c in STRENGTHS], "%.7f"), end="")


if __name__ == "__main__":
    main()
