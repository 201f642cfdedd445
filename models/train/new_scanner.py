#!/usr/bin/env python3
"""What learning on the spot recovers on a simulated new scanner: films blurred and windowed anew.

    models/train/new_scanner.py DATA build/native/pleura [--draws 10]

DATA holds chest/.  Films are the "select" half of validation.csv (the other half reports and is left alone), as far as
the gate lets them through on the scanner.  In each draw 100 of them, by child, are the site's labelled films and those
of all other children judge: as the films were, on the scanner, and there with the profile that `pleura learn` makes of
the 100; where it refuses, all stays as it was.  Medians and ranges over the draws; "recovered" is the share of what
was lost.
"""

import argparse
import contextlib
import csv
import pathlib
import random
import subprocess
import tempfile

import numpy as np
from PIL import Image

from interventions import blur
from metrics import auc, rates

MODEL = pathlib.Path(__file__).parents[1] / "child-pneumonia"
LABELLED = 100
TASKS = ("calibrate", "adapt")
FIGURES = ("balanced accuracy", "label accuracy", "AUC")
SHORTER = 512  # side of a scanned film; the model reads 192

# Standard deviation of the blur in 1/224 of the shorter side, and the window in shares of white.
SCANNERS = {"mild": (3, (0.3, 0.7)), "soft": (5, (0.2, 0.8)), "clipped": (5, (0.45, 0.75)), "strong": (6, (0, 1))}
TOO_FEW = 4  # exit status of `pleura learn`: nothing was learnt


def scan(film, sigma, window):
    """A film as that scanner gives it; greys outside the window are cut."""
    shrink = SHORTER / min(film.size)
    film = film.convert("L").resize([round(side * shrink) for side in film.size], Image.BOX)
    grey = blur(sigma * SHORTER / 224)(np.asarray(film)) / 255
    low, high = window
    return Image.fromarray(np.rint(255 * np.clip((grey - low) / (high - low), 0, 1)).astype(np.uint8))


def draw(rows, seed, most):
    """Films of children in an order of the seed's, as many; and those of all other children."""
    children = sorted({row["patient"] for row in rows})
    random.Random(seed).shuffle(children)
    order = {child: place for place, child in enumerate(children)}
    rows = sorted(rows, key=lambda row: order[row["patient"]])
    last = rows[most - 1]["patient"]
    return rows[:most], [row for row in rows[most:] if row["patient"] != last]


def run(pleura, *arguments, also=0):
    done = subprocess.run([pleura, *arguments, "--model", MODEL / "model.onnx"], capture_output=True, text=True,
                          check=False)
    if done.returncode not in (0, 1, also):  # 1: some films could not be read
        raise SystemExit(done.stderr)
    return done


def answers(pleura, folder, suffix, rows, *more):
    """By path: the probabilities, and whether the finding was called; of films that the gate lets through."""
    files = {str(folder / pathlib.Path(row["path"]).with_suffix(suffix)): row["path"] for row in rows}
    found = csv.DictReader(run(pleura, "classify", "--csv", *more, *files).stdout.splitlines())
    return {files[row["file"]]: {key: float(row[key]) for key in row if key.startswith("p_") or key == "threshold"}
            for row in found if row["p_pneumonia"]}


def figures(rows, answer):
    ill = np.array([row["label"] != "normal" for row in rows])
    score = np.array([answer[row["path"]]["p_pneumonia"] for row in rows])
    labels = [key for key in answer[rows[0]["path"]] if key.startswith("p_") and key != "p_pneumonia"]
    likeliest = [max(labels, key=answer[row["path"]].get) for row in rows]
    right = np.array([f"p_{row['label']}" == label for row, label in zip(rows, likeliest)])
    threshold = answer[rows[0]["path"]]["threshold"]
    return {"balanced accuracy": sum(rates(score, ill, threshold)) / 2, "label accuracy": right.mean(),
            "AUC": auc(score, ill)}


def learn(pleura, rows, folder, task):
    table, profile = folder / "site.csv", folder / "profile.json"
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "labels", "patient"])
        writer.writerows([pathlib.Path(row["path"]).with_suffix(".png"), row["label"], row["patient"]]
                         for row in rows)
    done = run(pleura, "learn", "--labels", table, "--folder", folder, "--task", task, "--draws", "100",
               "--accept-no-better", "--out", profile, also=TOO_FEW)
    return None if done.returncode == TOO_FEW else profile


def measure(pleura, rows, folder, were, draws):
    """How many films pass the gate on this scanner; for each draw the figures in each state; refusals to learn."""
    on_it = answers(pleura, folder, ".png", rows)
    passed = [row for row in rows if row["path"] in on_it and row["path"] in were]
    found, refused = [], 0
    for seed in range(draws):
        site, others = draw(passed, seed, LABELLED)
        states = {"was": figures(others, were), "lost": figures(others, on_it)}
        for task in TASKS:
            profile = learn(pleura, site, folder, task)
            refused += profile is None
            after = answers(pleura, folder, ".png", others, "--profile", profile) if profile else on_it
            states[task] = figures(others, after)
        found.append(states)
    return len(passed), found, refused


def spread(values, form):
    low, middle, high = (format(value, form) for value in np.quantile(values, (0, 0.5, 1)))
    return f"{middle} ({low} to {high})"


def tell(found):
    for figure in FIGURES:
        of = {state: np.array([states[state][figure] for states in found]) for state in found[0]}
        print(f"  {figure}: was {spread(of['was'], '.3f')}, lost {spread(of['lost'], '.3f')}")
        for task in TASKS:
            lost = np.median(of["was"]) - np.median(of["lost"])
            share = f"{(np.median(of[task]) - np.median(of['lost'])) / lost:.0%}" if lost > 0.005 else "-"
            print(f"    {task:10} {spread(of[task], '.3f')}, gained {spread(of[task] - of['lost'], '+.3f')}, "
                  f"recovered {share}")


def select_films():
    with open(MODEL / "validation.csv", newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["part"] == "select"]


@contextlib.contextmanager
def scanned(data, rows, sigma, window):
    """A folder with the films as the scanner would have them, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for row in rows:
            target = (folder / row["path"]).with_suffix(".png")
            target.parent.mkdir(exist_ok=True)
            scan(Image.open(data / "chest" / row["path"]), sigma, window).save(target, compress_level=1)
        yield folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("pleura")
    parser.add_argument("--draws", type=int, default=10)
    asked = parser.parse_args()
    rows = select_films()
    were = answers(asked.pleura, asked.data / "chest", ".jpg", rows)
    for name, (sigma, window) in SCANNERS.items():
        with scanned(asked.data, rows, sigma, window) as folder:
            passed, found, refused = measure(asked.pleura, rows, folder, were, asked.draws)
        print(f"{name} (blur {sigma}, window {window[0]} to {window[1]}): {passed} of {len(rows)} films pass the gate; "
              f"{refused} of {asked.draws * len(TASKS)} times too few of a label", flush=True)
        tell(found)


if __name__ == "__main__":
    main()
