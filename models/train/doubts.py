"""Films whose kind of pneumonia is not to be believed: they come in runs of film numbers.

    python3 models/train/doubts.py --data DIR --checkpoint RUN/model.pt --out doubted.json

The archive numbers its films of each kind (person1345_bacteria_3428).  Over most numbers a network that
learned from all of them agrees with nine of ten bacterial labels; from about 3,300 on it agrees with half,
though it was taught them, and three runs of viral numbers are alike.  Whether the labels there are
wrong or their films were taken otherwise cannot be told from here.  ``find`` finds such runs on training
films alone; ``train.py --doubted`` then believes of their films that they are ill, and not what kind.
"""

import argparse
import json
import pathlib
import re

import numpy as np

import data
import metrics
from net import CLASSES, fold
from preprocess import SIZE

WINDOW = 41     # films, in the order of their numbers, over which disagreement is averaged
SHARE = 1 / 3   # of them at which a film in the middle is doubted
KINDS = (1, 2)


def film_number(path):
    """The number at the end of a film's name."""
    return int(re.search(r"(\d+)\.\w+$", str(path)).group(1))


def find(number, wrong):
    """[(first, last)] of the numbers where disagreement is common; a run to the very end has no last.

    Runs a window or less apart are one, and those shorter than half a window are chance.
    """
    order = np.argsort(number, kind="stable")
    number, wrong = np.asarray(number)[order], np.asarray(wrong, float)[order]
    ones = np.ones(min(WINDOW, len(wrong)))
    share = np.convolve(wrong, ones, "same") / np.convolve(np.ones(len(wrong)), ones, "same")
    joined = []
    for place in np.flatnonzero(share > SHARE):
        if joined and place - joined[-1][1] <= WINDOW:
            joined[-1][1] = place
        else:
            joined.append([place, place])
    return [(int(number[first]), None if last == len(number) - 1 else int(number[last]))
            for first, last in joined if last - first + 1 >= WINDOW // 2]


def marks(rows, runs):
    """Whether each film is of one of the runs: {class name: [(first, last)]}."""
    found = []
    for row in rows:
        mine = runs.get(CLASSES[row["class"]], ())
        at = film_number(row["path"]) if mine else 0
        found.append(any(first <= at and (last is None or at <= last) for first, last in mine))
    return np.array(found, bool)


def read(path):
    """The runs in a file; none without one."""
    if path is None:
        return {}
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["runs"]


def figures(rows, probability, doubted):
    """How well the answers tell viral from bacterial, inside the runs and outside."""
    labels = np.array([row["class"] for row in rows])
    out = {}
    for name, part in (("believed", ~doubted), ("doubted", doubted)):
        at = part & (labels > 0)
        out[name] = {"films": int(at.sum()),
                     **{CLASSES[kind]: int((at & (labels == kind)).sum()) for kind in KINDS},
                     "bacterial_or_viral_auc": metrics.viral_auc(probability[at], labels[at])}
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds chest/index.csv")
    parser.add_argument("--checkpoint", required=True, help="model.pt of a run that believed all")
    parser.add_argument("--out", required=True, help="the .json to write")
    parser.add_argument("--cache", help="folder for decoded films")
    parser.add_argument("--split", type=int, default=0)
    args = parser.parse_args()
    from train import Device, inputs, load, logits      # which reads this module's files

    rows = data.read_index(args.data)
    films = data.Films(args.data, rows, args.cache)
    parts = np.array(data.split(rows, args.split))
    net, state = load(args.checkpoint)
    size = state.get("size", SIZE)
    answers = {}
    for part in ("train", "select"):
        places = np.flatnonzero(parts == part)
        answers[part] = places, metrics.softmax(logits(
            fold(net), inputs(films, places, size=size), Device(half=False)))
    places, probability = answers["train"]
    labels = np.array([rows[place]["class"] for place in places])
    numbers = np.array([film_number(rows[place]["path"]) for place in places])
    called = probability[:, 1:].argmax(1) + 1
    runs = {CLASSES[kind]: find(numbers[labels == kind], called[labels == kind] != kind)
            for kind in KINDS}
    found = {part: figures([rows[place] for place in chosen], value,
                           marks([rows[place] for place in chosen], runs))
             for part, (chosen, value) in answers.items()}
    pathlib.Path(args.out).write_text(
        json.dumps({"runs": runs, "figures": found}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"runs": runs, "figures": found}, indent=1))


if __name__ == "__main__":
    main()
