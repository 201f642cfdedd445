"""Could a second model, for tuberculosis in adults, be honest with the films at hand?

    python3 models/train/tuberculosis.py --data DIR --start WEIGHTS.npz --out figures.json

All films of one source that show tuberculosis are of that source, and most of the healthy ones of another.
So before a network is trained, this asks what can be told *without* looking at a lung: linear
classifiers on the features of a network that never saw an X-ray, and on plain statistics, cross-validated
by patient, for films as they are, for films with the lungs blanked out, and for films brought to one
look.  Where the blanked films are told apart as well as the whole ones, a high score proves nothing.
"""

import argparse
import csv
import json
import pathlib

import numpy as np
import torch

import data
import metrics
from gate import features, fit
from interventions import blur, crop
from net import Net, start
from train import Device

FOLDS = 5
DRAWS = 1000
BLANKED = (0.12, 0.10)      # of height and width left at each edge: lungs reach no further out
HEALTHY = ("tb_pakistan", "rsna_normal")


def read_adults(folder):
    """Rows of both adult sources; ``class``: 1 tuberculosis."""
    with open(pathlib.Path(folder) / "chest" / "index.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] in HEALTHY]
    for row in rows:
        row["class"] = int("tuberculosis" in row["labels"].split(";"))
    return sorted(rows, key=lambda row: row["path"])


# ---- What is shown ----

def blank(film):
    """Everything but a rim in flat grey: no lung is left."""
    film = film.copy()
    (top, left) = (int(share * side) for share, side in zip(BLANKED, film.shape))
    film[top:film.shape[0] - top, left:film.shape[1] - left] = 128
    return film


def equalise(film):
    """Histogram equalisation: every film gets the same greys."""
    count = np.bincount(film.ravel(), minlength=256)
    return np.rint(255.0 * np.cumsum(count) / film.size).astype(np.uint8)[film]


def one_look(film):
    """Rim cut away, softened beyond what separates prints from detectors, greys equalised."""
    return equalise(blur(2.5)(crop(0.10)(film)))


SHOWN = {"whole film": lambda film: film, "lungs blanked out": blank, "one look": one_look,
         "one look, lungs blanked out": lambda film: blank(one_look(film))}


def statistics(film):
    """Greys and sharpness, without any place: 32 shares and 6 logarithms."""
    shares = np.bincount(film.ravel() // 8, minlength=32) / film.size
    grey, sharp = film.astype(np.float32), []
    for sigma in (0.7, 1.5, 3.0):
        soft = blur(sigma)(film).astype(np.float32)
        sharp += [np.log(np.square(grey - soft).mean() + 1e-3), np.log(np.abs(grey - soft).mean() + 1e-3)]
        grey = soft
    return np.concatenate([shares, sharp]).astype(np.float32)


# ---- How well it is told apart ----

def deal(keys, count, seed=0):
    """A fold for each row, rows of one key together."""
    names = sorted(set(keys))
    places = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % count))
    return np.array([places[key] for key in keys])


def score(x, y, learn, judge):
    """Scores of ``judge`` by a classifier taught on ``learn``."""
    weight, bias = fit(x[learn], y[learn, None].astype(np.float32))
    return (x[judge] @ weight.T + bias)[:, 0]


def crossed(x, y, fold):
    """Scores of every row by a classifier that never saw its fold."""
    out = np.empty(len(x))
    for each in range(FOLDS):
        out[fold == each] = score(x, y, fold != each, fold == each)
    return out


def with_interval(scores, truth, keys):
    """[AUC, lower, upper]: 95 % by drawing patients."""
    rng = np.random.default_rng(0)
    members = {}
    for place, key in enumerate(keys):
        members.setdefault(key, []).append(place)
    members = [np.array(places) for places in members.values()]
    draws = []
    for _ in range(DRAWS):
        place = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        draws.append(metrics.auc(scores[place], truth[place]))
    return [round(float(v), 4) for v in (metrics.auc(scores, truth), *np.nanquantile(draws, (0.025, 0.975)))]


def questions(x, ill, source, fold, keys):
    """The four questions, of one way of showing the films."""
    home, ours = source == "tb_pakistan", {}

    def ask(name, at, truth):
        found = crossed(x[at], truth[at], fold[at])
        ours[name] = with_interval(found, truth[at], keys[at])

    ask("tuberculosis or healthy, one source", home, ill)
    ask("tuberculosis or healthy, two sources", ill | ~home, ill)
    ask("which source, healthy films alone", ~ill, home)
    # taught across sources, judged within one: what is left when the source cannot be told
    judged, wanted = np.empty(len(x)), ill | ~home
    for each in range(FOLDS):
        judged[fold == each] = score(x, ill, wanted & (fold != each), fold == each)
    ours["taught on two sources, judged in one"] = with_interval(judged[home], ill[home], keys[home])
    return ours


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds chest/index.csv")
    parser.add_argument("--start", required=True, help="folded ImageNet MobileNetV2 (.npz)")
    parser.add_argument("--out", required=True, help="the JSON file to write")
    parser.add_argument("--limit", type=int, help="films, at most: for a quick look")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = read_adults(args.data)
    if args.limit:
        rows = rows[::max(1, len(rows) // args.limit)]
    films = [data.Films.decode(pathlib.Path(args.data) / "chest" / row["path"]) for row in rows]
    keys = np.array([row["dup_group"] or row["patient_id"] or row["path"] for row in rows])
    ill = np.array([row["class"] == 1 for row in rows])
    source = np.array([row["source"] for row in rows])
    fold = deal(keys, FOLDS)
    net = Net("whole")
    start(net, args.start, torch.from_numpy(np.stack([films[i][None, :192, :192] for i in range(4)])
                                            .astype(np.float32) / 128 - 1))
    net.eval()
    out = {"films": {f"{name}, {label}": int(((source == name) & (ill == truth)).sum())
                     for name in HEALTHY for label, truth in (("tuberculosis", True), ("healthy", False))
                     if ((source == name) & (ill == truth)).any()}}
    for name, show in SHOWN.items():
        shown = [show(film) for film in films]
        out[name] = questions(features(net, shown, Device(half=False)), ill, source, fold, keys)
        print(name, json.dumps(out[name]), flush=True)
    for name, show in (("greys and sharpness alone", lambda film: film),
                       ("one look, greys and sharpness alone", one_look)):
        x = np.stack([statistics(show(film)) for film in films])
        out[name] = questions(x, ill, source, fold, keys)
        print(name, json.dumps(out[name]), flush=True)
    pathlib.Path(args.out).write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
