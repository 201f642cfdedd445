"""A teacher for one small network: the mean answer of the cross-validated ones.

    python3 models/train/distil.py --predictions models/child-pneumonia/folds --data DIR --out t.npy

Each film's answer comes from networks that never saw it (out of fold), so the teacher says how hard a
film is, and softens labels that look wrong; its mean over seeds, interventions and sharpness
(``--temperature``) is what ``train.py --teacher`` takes.
"""

import argparse

import numpy as np

import data
import folds
import metrics


def teach(found, paths, temperature=1.0):
    """Probabilities (films, classes) in the order of ``paths``; NaN where a film has no answer."""
    answers = np.full((len(paths), 3), np.nan)
    for place, path in enumerate(paths):
        each = [metrics.softmax(np.array([scores]), temperature)[0]
                for films in found.values() if path in films
                for scores in films[path][1].values()]
        if each:
            answers[place] = np.mean(each, 0)
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--predictions", required=True, help="folder that folds.py wrote")
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--temperature", type=float, default=1.0)
    args = parser.parse_args()
    paths = [row["path"] for row in data.read_index(args.data)]
    answers = teach(folds.read(args.predictions), paths, args.temperature)
    missing = int(np.isnan(answers).any(1).sum())
    if missing:
        raise SystemExit(f"{missing} of {len(paths)} films have no answer: run all folds first")
    np.save(args.out, answers.astype(np.float32))


if __name__ == "__main__":
    main()
