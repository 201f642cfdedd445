"""The gate: one more layer on the network's features, one output for each reason to refuse.

    python3 models/train/gate.py --data DIR --pictures DIR --checkpoint RUN/model.pt --out RUN/gate.npz
    python3 models/train/gate.py --data DIR --pictures DIR --model model.onnx --out gate.npz

The network itself stays as it is, so that its answers do not depend on the gate.  Each output is a
logistic regression by itself and is taught only by what can have that fault: "adult", for instance,
by films of adults against films of children, both upright.  Half of everything, by patient or by file,
is held back; thresholds are placed on "select" children and "select" others, figures told on the rest.
"""

import argparse
import csv
import json
import pathlib

import numpy as np
import torch
from torch.nn import functional

import data
import pictures
from interventions import INTERVENTIONS
from net import GATES, fold, like
from preprocess import SIZE, prepare
from train import Device, load

ACCEPTED = 0.99         # of children's "select" films, under the interventions, at least
UNKNOWN = float("nan")  # in a row of labels: teaches this output nothing


def features(net, films, device, size=SIZE, batch=16):
    """What the classes are read from, for each film."""
    found = []
    with torch.no_grad(), device.cast():
        for first in range(0, len(films), batch):
            part = np.stack([prepare(film.astype(np.float32) / 255.0, size)
                             for film in films[first:first + batch]])
            found.append(net.pooled(device.images(torch.from_numpy(part))).float().cpu())
    return torch.cat(found).numpy()


def row(**marks):
    return [float(marks.get(name, UNKNOWN)) for name in GATES]


# What each kind of picture teaches: 1 the fault is there, 0 it is not, nothing: cannot be said.
CHILD = row(not_chest=0, inverted=0, rotated=0, cropped=0, adult=0)
ADULT = row(not_chest=0, inverted=0, rotated=0, cropped=0, adult=1)
TAUGHT = {
    "child": CHILD, "adult": ADULT, "other": row(not_chest=1),
    "inverted": row(not_chest=0, inverted=1, rotated=0, cropped=0),
    "rotated": row(not_chest=0, inverted=0, rotated=1, cropped=0),
    "cropped": row(cropped=1),
}


def adults(folder, limit, seed):
    """Films of adults: (patient, path) of two sources alike, one film a patient."""
    with open(pathlib.Path(folder) / "chest" / "index.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] in ("rsna_normal", "tb_pakistan")]
    one = {}
    for entry in rows:
        one.setdefault((entry["source"], entry["patient_id"] or entry["path"]), entry["path"])
    rng, chosen = np.random.default_rng(seed), []
    for source in ("rsna_normal", "tb_pakistan"):
        mine = sorted(path for (where, _), path in one.items() if where == source)
        chosen += [mine[place] for place in rng.permutation(len(mine))[:limit // 2]]
    return chosen


def gather(args):
    """[(kind, part, picture)]: part is train, select or report."""
    rows = data.read_index(args.data)
    films = data.Films(args.data, rows, args.cache)
    part = data.split(rows, args.split)
    rng = np.random.default_rng(args.seed)
    chosen = rng.permutation(np.flatnonzero(np.array(part) == "train"))[:args.children]
    chosen = [*chosen, *(place for place, name in enumerate(part) if name != "train")]
    sheet = []
    for place in chosen:
        film = films[int(place)]
        sheet.append(("child", part[place], film))
        if part[place] == "train":      # as others would frame and process it
            name = list(INTERVENTIONS)[int(rng.integers(1, len(INTERVENTIONS)))]
            sheet.append(("child", "train", INTERVENTIONS[name](film)))
        for kind, spoil in pictures.SPOILT.items():
            if rng.random() < 0.5:
                sheet.append((kind, part[place], spoil(film, rng)))
    deal = lambda place: ("train", "train", "select", "report")[place % 4]
    for place, path in enumerate(adults(args.data, args.adults, args.seed)):
        film = data.Films.decode(pathlib.Path(args.data) / "chest" / path)
        sheet.append(("adult", deal(place), film))
        if deal(place) == "train":
            name = list(INTERVENTIONS)[int(rng.integers(1, len(INTERVENTIONS)))]
            sheet.append(("adult", "train", INTERVENTIONS[name](film)))
            for kind, spoil in pictures.SPOILT.items():
                if rng.random() < 0.3:
                    sheet.append((kind, "train", spoil(film, rng)))
    files = {}
    for folder in (args.pictures, pathlib.Path(args.data) / "ood"):
        for name, picture in pictures.found(folder):
            if pathlib.Path(name).name.startswith("lateral"):
                continue    # one film of one child teaches nothing
            # one head, seen from many sides: all of it teaches, none of it judges
            part = "train" if ".inv3" in name else deal(files.setdefault(name, len(files)))
            sheet.append(("other", part, picture))
    for place, (_, picture) in enumerate(pictures.drawn(args.drawn, args.seed)):
        sheet.append(("other", deal(place // len(pictures.DRAWN)), picture))
    return sheet


def fit(x, taught, decay=1e-3, steps=60):
    """One logistic regression a gate, both sides weighing the same; returns weights and biases."""
    x, y = torch.from_numpy(x).float(), torch.from_numpy(taught).float()
    mean, deviation = x.mean(0), x.std(0).clamp_min(1e-3)
    z = (x - mean) / deviation
    weight = torch.zeros(y.shape[1], x.shape[1], requires_grad=True)
    bias = torch.zeros(y.shape[1], requires_grad=True)
    known = ~torch.isnan(y)
    target = torch.nan_to_num(y)
    each = torch.zeros_like(target)
    for gate in range(y.shape[1]):
        for side in (0.0, 1.0):
            at = known[:, gate] & (target[:, gate] == side)
            each[at, gate] = 0.5 / max(int(at.sum()), 1)
    optim = torch.optim.LBFGS([weight, bias], max_iter=steps, line_search_fn="strong_wolfe")

    def loss():
        optim.zero_grad()
        score = z @ weight.T + bias
        value = (functional.binary_cross_entropy_with_logits(score, target, reduction="none")
                 * each).sum() + decay * weight.square().sum()
        value.backward()
        return value

    optim.step(loss)
    with torch.no_grad():
        plain = weight / deviation
        return plain.numpy(), (bias - plain @ mean).numpy()


def sigmoid(score):
    return 1.0 / (1.0 + np.exp(-np.clip(score, -60, 60)))


def place_thresholds(children, decided):
    """The lowest thresholds, from 0.5 up, that together let ACCEPTED of the children's films pass.

    All gates move together: each lets the same share pass.
    """
    for refused in np.linspace(1.0 - ACCEPTED, 0.0, 40):
        limits = np.maximum(np.quantile(children, 1.0 - refused, axis=0), 0.5)
        limits = np.minimum(np.where(limits > 0.5, limits + 1e-4, limits), 0.9999)
        passed = (children[:, decided] < limits[decided]).all(1).mean()
        if passed >= ACCEPTED:
            break
    return np.round(limits, 4)


def report(score, kinds, parts, limits, decided):
    """Shares refused, of each kind, on films that nothing was taught or placed on."""
    fired = (score >= limits)[:, decided]
    out = {}
    for kind in sorted(set(kinds)):
        at = (kinds == kind) & (parts == "report")
        out[kind] = {"pictures": int(at.sum()), "refused": round(float(fired[at].any(1).mean()), 4)}
        if kind in GATES:
            own = score[at][:, GATES.index(kind)] >= limits[GATES.index(kind)]
            out[kind]["by_its_own_gate"] = round(float(own.mean()), 4)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds chest/index.csv and ood/")
    parser.add_argument("--pictures", required=True, help="what pictures.sh fetched")
    parser.add_argument("--checkpoint", help="model.pt of a training run")
    parser.add_argument("--model", help="a model file of ours, in place of a checkpoint")
    parser.add_argument("--out", required=True, help="the .npz to write")
    parser.add_argument("--cache", help="folder for decoded films")
    parser.add_argument("--split", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--children", type=int, default=1200, help="films to learn from, at most")
    parser.add_argument("--adults", type=int, default=1600)
    parser.add_argument("--drawn", type=int, default=1200)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = Device(half=False)     # as the core computes
    sheet = gather(args)
    if args.model:
        net, size = like(args.model, torch.randn(2, 1, 64, 64))
        net = device.put(net).to(memory_format=torch.channels_last)
    else:
        net, state = load(args.checkpoint)
        net = device.put(fold(net)).to(memory_format=torch.channels_last)
        size = state["size"]
    kinds, parts = (np.array([entry[place] for entry in sheet]) for place in (0, 1))
    x = features(net, [entry[2] for entry in sheet], device, size)
    taught = np.array([TAUGHT[kind] for kind in kinds])
    at = parts == "train"
    weight, bias = fit(x[at], taught[at])
    decided = [g for g in range(len(GATES)) if (taught[at][:, g] == 1).any()]
    score = sigmoid(x @ weight.T + bias)
    limits = place_thresholds(score[(kinds == "child") & (parts == "select")], decided)
    figures = report(score, kinds, parts, limits, decided)
    names = [GATES[g] for g in decided]
    np.savez(args.out, weight=weight[decided].astype(np.float32), names=names,
             bias=bias[decided].astype(np.float32), thresholds=limits[decided])
    pathlib.Path(args.out).with_suffix(".json").write_text(
        json.dumps({"gates": names, "thresholds": limits[decided].tolist(), "held_back": figures},
                   indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
