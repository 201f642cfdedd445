"""Eight bits from a trained network: its roundings, and a short run with them.

    python3 models/train/settle.py --data DIR --trained RUN/model.pt --out RUN8

With --epochs 0 nothing is trained: the ranges of what layers pass on are those of training films. A model file of
ours (.onnx, its history.json beside it) can be rounded like a run's model.pt.
"""

import argparse

import numpy as np

import data
import quantise
from train import Run, inputs, load, options

WATCHED_FILMS = 192     # for the ranges of what layers pass on


class Settle(Run):
    """Starts from a trained network, rounds from the first step on."""

    rounded = True

    def begin(self):
        trained, state = load(self.args.trained)
        self.before = [*state.get("before", []), state["history"]]
        self.averaged = state.get("averaged", 1)
        films = data.Films(self.args.data, data.read_index(self.args.data), self.args.cache)
        at = np.random.default_rng(0).permutation(self.trained)[:WATCHED_FILMS]
        self.net = quantise.prepare(trained, inputs(films, at, size=self.args.size).split(64))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options(parser)
    parser.set_defaults(epochs=3, rate=1e-3, dropout=0.0)
    parser.add_argument("--trained", required=True, help="model.pt of a training run, or a model file of ours")
    args = parser.parse_args()
    args.start = args.trained
    Settle(args).go()


if __name__ == "__main__":
    main()
