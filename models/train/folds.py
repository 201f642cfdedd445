"""Cross-validation: five folds of children, three seeds, in as many sittings as it takes.

    python3 models/train/folds.py --data DIR --out RUNS --predictions models/child-pneumonia/folds \
        [--only 0:3 c2 ...] [any option of train.py]

Each of the fifteen networks learns from four fifths of the children and answers for the fifth that it
never saw; the answers, as they are and under every intervention, are one small CSV file.  A file that
is there is not made again, so that runs may be spread over days and machines; the files are committed.
Six more leave out not children but a whole kind of film (``clusters.py``): c0 to c5.  ``summary`` puts
all together: mean over seeds and its 95 % interval, under every intervention, and each kind of film.
"""

import argparse
import csv
import json
import pathlib

import numpy as np

import data
import metrics
from interventions import INTERVENTIONS
from net import CLASSES
from train import Run, inputs, load, logits, options

SEEDS, FOLDS, CLUSTERS = 3, 5, 6


def predict(run, rows, films, flip):
    """A row for each film held back: path, label, and the logits under each intervention."""
    net, state = load(run.out / "model.pt", run.device)
    scores = {name: logits(net, inputs(films, run.held, change, state["size"]), run.device, flip)
              for name, change in INTERVENTIONS.items()}
    for item, place in enumerate(run.held):
        row = rows[int(place)]
        yield [row["path"], CLASSES[row["class"]],
               *(f"{value:.4f}" for name in INTERVENTIONS for value in scores[name][item])]


def name_of(each):
    return f"cluster{each[1:]}" if each.startswith("c") else "seed{}-fold{}".format(*each.split(":"))


def columns():
    return ["path", "label", *(f"{name}|{label}" for name in INTERVENTIONS for label in CLASSES)]


def write(path, rows):
    """In one step, so that a run cut off leaves no half file that looks done."""
    partial = path.with_name(path.name + ".partial")
    with open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns())
        writer.writerows(rows)
    partial.replace(path)


def read(folder, pattern="seed*-fold*"):
    """{seed or cluster: {path: (label, {intervention: logits})}} of all files in a folder."""
    found = {}
    for path in sorted(pathlib.Path(folder).glob(f"{pattern}.csv")):
        seed = path.stem.split("-")[0]
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                scores = {name: np.array([float(row[f"{name}|{label}"]) for label in CLASSES])
                          for name in INTERVENTIONS if f"{name}|{CLASSES[0]}" in row}
                found.setdefault(seed, {})[row["path"]] = (CLASSES.index(row["label"]), scores)
    return found


def figures(scores, labels):
    """What is told of one set of answers; rates at 0.5, where half of the films are ill."""
    probability = metrics.softmax(scores)
    ill, truth = metrics.pneumonia(probability), labels > 0
    sensitivity, specificity = metrics.rates(ill, truth, 0.5)
    return {"auc": metrics.auc(ill, truth), "sensitivity": sensitivity, "specificity": specificity,
            "three_class_accuracy": float((probability.argmax(1) == labels).mean()),
            "viral_auc": metrics.viral_auc(probability, labels)}


def spread(values):
    """Mean over seeds, and the interval for the mean (Student's t, few seeds)."""
    student = {2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776}
    values = np.asarray(values, float)
    half = (student.get(len(values), 1.96) * values.std(ddof=1) / np.sqrt(len(values))
            if len(values) > 1 else float("nan"))
    return [round(float(value), 4) for value in (values.mean(), values.mean() - half,
                                                 values.mean() + half)]


def summary(folder):
    """Every figure for each intervention: mean over seeds with its interval; decisions changed."""
    found = read(folder)
    out = {"films": {seed: len(films) for seed, films in found.items()}, "interventions": {}}
    for name in INTERVENTIONS:
        each = {}
        for films in found.values():
            labels = np.array([label for label, _ in films.values()])
            scores = np.array([scores[name] for _, scores in films.values()])
            plain = np.array([scores["as it is"] for _, scores in films.values()])
            values = figures(scores, labels)
            before, after = (metrics.pneumonia(metrics.softmax(s)) >= 0.5 for s in (plain, scores))
            values["decisions_changed"] = float((before != after).mean())
            for key, value in values.items():
                each.setdefault(key, []).append(value)
        out["interventions"][name] = {key: spread(values) for key, values in each.items()}
    out["clusters"] = {
        name: {"films": len(films),
               **figures(np.array([scores["as it is"] for _, scores in films.values()]),
                         np.array([label for label, _ in films.values()]))}
        for name, films in read(folder, "cluster*").items()}
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options(parser)
    parser.add_argument("--predictions", required=True, help="folder for the CSV files")
    parser.add_argument("--only", nargs="*", help="SEED:FOLD, such as 0:3, or cN; without: all")
    parser.add_argument("--flip", action="store_true", help="mean over each film and its mirror")
    args = parser.parse_args()
    folder, runs = pathlib.Path(args.predictions), pathlib.Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = args.only or [*(f"{seed}:{fold}" for seed in range(SEEDS) for fold in range(FOLDS)),
                           *(f"c{cluster}" for cluster in range(CLUSTERS))]
    rows = data.read_index(args.data)
    films = data.Films(args.data, rows, args.cache)
    for each in wanted:
        path = folder / f"{name_of(each)}.csv"
        if path.exists():
            continue
        if each.startswith("c"):
            args.cluster, args.fold = int(each[1:]), None
        else:
            seed, args.fold = map(int, each.split(":"))
            args.seed = args.split = seed
        args.out, args.resume = str(runs / name_of(each)), True
        run = Run(args)
        run.go()
        write(path, predict(run, rows, films, args.flip))
    if read(folder):
        (folder / "summary.json").write_text(json.dumps(summary(folder), indent=1) + "\n",
                                             encoding="utf-8")


if __name__ == "__main__":
    main()
