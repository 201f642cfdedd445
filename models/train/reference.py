#!/usr/bin/env python3
"""Writes reference.bin beside a model: embeddings of held-back films that learning on the spot must not forget.

    models/train/reference.py DATA build/native/pleura

DATA holds chest/.  The films are of the "select" half of validation.csv, at most 60 of a label and one of a
patient, in its order; no picture is in the file.  The same build writes the same bytes.
"""

import collections
import csv
import pathlib
import subprocess
import sys
import tempfile

MODEL = pathlib.Path(__file__).parents[1] / "child-pneumonia"
OF_A_LABEL = 60


def choose(rows):
    """Of each label as many, and no patient twice: an interval is then what it seems."""
    seen, have, chosen = set(), collections.Counter(), []
    for row in rows:
        if row["part"] != "select" or row["patient"] in seen or have[row["label"]] == OF_A_LABEL:
            continue
        seen.add(row["patient"])
        have[row["label"]] += 1
        chosen.append(row)
    return chosen


def main():
    data, pleura = sys.argv[1:]
    with open(MODEL / "validation.csv", newline="", encoding="utf-8") as file:
        rows = choose(csv.DictReader(file))
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["path", "labels", "patient"])
        writer.writerows([row["path"], row["label"], row["patient"]] for row in rows)
        table.flush()
        subprocess.run([pleura, "learn", "--labels", table.name, "--folder", pathlib.Path(data) / "chest",
                        "--model", MODEL / "model.onnx", "--write-reference", MODEL / "reference.bin"], check=True)


if __name__ == "__main__":
    main()
