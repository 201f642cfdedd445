"""The films: which there are, which belong together, which are kept for validation.

Only the official training folders of the Kermany set are used (the official test is measured
elsewhere, once the model is final).  A child must not be on both sides of a split, so films are
joined into groups first: same patient, same person number whatever the diagnosis in its name (the
archive numbers patients per class, so this joins too many rather than too few), and byte-identical
copies.
"""

import csv
import hashlib
import json
import pathlib
import re

import numpy as np

from net import CLASSES
from preprocess import read_grey, squash

# shares of the films; "select" chooses epoch, temperature and threshold, "report" only reports
SHARES = {"select": 0.08, "report": 0.08}
SOURCE = "kermany"
SQUARE = 288    # films are about this large, so that squashing them for training loses nothing


def read_index(folder):
    """Rows of ``folder``/chest/index.csv for our source, each with its class number."""
    with open(pathlib.Path(folder) / "chest" / "index.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == SOURCE]
    for row in rows:
        names = row["labels"].split(";")
        (row["class"],) = [CLASSES.index(name) for name in names if name in CLASSES]
    return sorted(rows, key=lambda row: row["path"])


def person(patient):
    """A key that is equal for all films that might show the same child."""
    match = re.match(r"person(\d+)_", patient)
    return f"person{match.group(1)}" if match else patient


def group(rows):
    """A group number per row: union-find over person and duplicate marks."""
    parent = list(range(len(rows)))

    def root(node):
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    first = {}
    for place, row in enumerate(rows):
        marks = [("person", person(row["patient_id"]))]
        marks += [("copy", row["dup_group"])] if row["dup_group"] else []
        for mark in marks:
            parent[root(place)] = root(first.setdefault(mark, place))
    return [root(place) for place in range(len(rows))]


def split(rows, seed=0, shares=None):
    """"train", "select" or "report" for each row; whole groups only, classes in proportion.

    Groups are dealt in random order, each to a part that still needs films of its commonest class.
    """
    shares = SHARES if shares is None else shares
    groups = group(rows)
    members = {}
    for place, key in enumerate(groups):
        members.setdefault(key, []).append(place)
    totals = np.bincount([row["class"] for row in rows], minlength=len(CLASSES))
    need = {part: share * totals for part, share in shares.items()}
    parts = ["train"] * len(rows)
    for key in np.random.default_rng(seed).permutation(sorted(members)):
        counts = np.bincount([rows[p]["class"] for p in members[key]], minlength=len(CLASSES))
        commonest = int(counts.argmax())
        for part, left in need.items():
            if left[commonest] >= counts[commonest] and np.all(left >= counts - 1):
                left -= counts
                for place in members[key]:
                    parts[place] = part
                break
    return parts


def folds(rows, seed, count=5):
    """A fold number for each row: whole groups, classes in proportion; other seeds, other folds."""
    parts = split(rows, seed, {fold: 1.0 / count for fold in range(count - 1)})
    return np.array([count - 1 if part == "train" else part for part in parts])


class Films:
    """Decoded grey films (uint8, own shape), from a memory-mapped cache where there is one."""

    def __init__(self, folder, rows, cache=None):
        self.paths = [pathlib.Path(folder) / "chest" / row["path"] for row in rows]
        self.pixels = None
        self.key = hashlib.sha256("\n".join(row["path"] for row in rows).encode()).hexdigest()[:12]
        self.cache = None if cache is None else pathlib.Path(cache)
        if cache is None:
            return
        pixels = self.cache / f"films-{self.key}.npy"
        shapes = self.cache / f"films-{self.key}.json"
        if not shapes.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            pictures = [self.decode(path) for path in self.paths]
            np.save(pixels, np.concatenate([picture.ravel() for picture in pictures]))
            shapes.write_text(json.dumps([picture.shape for picture in pictures]))
        self.shapes = json.loads(shapes.read_text())
        self.pixels = np.load(pixels, mmap_mode="r")
        self.offsets = np.cumsum([0] + [height * width for height, width in self.shapes])

    @staticmethod
    def decode(path):
        return np.rint(read_grey(path) * 255.0).astype(np.uint8)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, place):
        if self.pixels is None:
            return self.decode(self.paths[place])
        start, stop = self.offsets[place], self.offsets[place + 1]
        return np.array(self.pixels[start:stop]).reshape(self.shapes[place])

    def squares(self, side=SQUARE):
        """All films squashed to side x side (uint8), and their width / height: what training views."""
        cache = self.cache and self.cache / f"squares-{self.key}-{side}.npy"
        if cache and cache.exists():
            return np.load(cache), np.array([width / height for height, width in self.shapes])
        squares = np.empty((len(self), side, side), np.uint8)
        aspect = np.empty(len(self))
        for place in range(len(self)):
            film = self[place]
            aspect[place] = film.shape[1] / film.shape[0]
            squares[place] = np.rint(squash(film.astype(np.float32), side))
        if cache:
            np.save(cache, squares)
        return squares, aspect
