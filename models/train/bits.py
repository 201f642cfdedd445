#!/usr/bin/env python3
"""Writes tests/fixtures/films/logits.csv: what the shipped network says of the films there, to the last bit.

    models/train/bits.py build/native/pleura

Integers have the same bits in every build, and the tests ask each for them (docs/integer.md).
"""

import pathlib
import sys
import tempfile
import subprocess

import numpy as np

from net import CLASSES

ROOT = pathlib.Path(__file__).parents[2]
MODEL = ROOT / "models" / "child-pneumonia" / "model.onnx"
FILMS = ROOT / "tests" / "fixtures" / "films"


def logits(program, film, folder):
    tensor, answer = folder / "tensor.f32", folder / "answer.f32"
    for command, given, written in (("tensor", film, tensor), ("run", tensor, answer)):
        subprocess.run([program, command, given, "--model", MODEL, "--output", written], check=True)
    return np.fromfile(answer, "<f4")


def main():
    (program,) = sys.argv[1:]
    lines = [",".join(("file", *CLASSES))]
    with tempfile.TemporaryDirectory() as folder:
        for film in sorted(FILMS.glob("*.jpg")):
            found = logits(program, film, pathlib.Path(folder))
            # Nine digits tell all floats apart.
            lines.append(",".join((film.name, *(f"{value:.9g}" for value in found))))
    (FILMS / "logits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
