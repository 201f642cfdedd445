"""The mean of runs that began at the same weights.

    python3 models/train/soup.py --data DIR --out OUT RUN/model.pt RUN2/model.pt ...

Networks trained on from one start stay in one basin, where the mean of their weights is one network that does
mostly better than each (Wortsman et al., Model soups, ICML 2022).  The statistics of batch norm are no mean
of theirs: they are taken afresh, from views of training films (Izmailov et al., Averaging weights, UAI 2018).
OUT gets ``model.pt`` and the first run's ``history.json``.

With --size the model reads films larger than it was trained at.  Views show a part of a film, mostly, on the
training's pixels, so that lungs are larger in them than in a whole film of that size (Touvron et al., Fixing the
train-test resolution discrepancy, NeurIPS 2019).
"""

import argparse
import pathlib
import shutil

import numpy as np
import torch

import data
from augment import views
from train import keep, load, parts

VIEWS, BATCH = 2048, 64     # for batch norm's statistics


def mean(nets):
    """The first network with every weight the mean of all."""
    states = [net.state_dict() for net in nets]
    with torch.no_grad():
        nets[0].load_state_dict({name: sum(state[name] for state in states) / len(states)
                                 if value.dtype.is_floating_point else value
                                 for name, value in states[0].items()})
    return nets[0]


def refresh(net, batches):
    """Batch norm's statistics anew: those of all ``batches`` together."""
    norms = [module for module in net.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None    # a plain mean over batches
    net.train()
    with torch.no_grad():
        for batch in batches:
            net.pooled(batch.contiguous(memory_format=torch.channels_last))
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    return net.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", help="model.pt of each run")
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--cache", help="folder for decoded films")
    parser.add_argument("--split", type=int, default=0, help="seed of the split that the runs had")
    parser.add_argument("--size", type=int, help="of the film that the model reads, in pixels; the training's unless given")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    args.fold = args.cluster = None
    torch.set_num_threads(args.threads)
    nets, states = zip(*(load(path) for path in args.runs))
    if len({(state["name"], state["size"]) for state in states}) > 1:
        parser.error("these runs are not of one kind of network and one size")
    rows = data.read_index(args.data)
    films = data.Films(args.data, rows, args.cache)
    trained, _ = parts(rows, args, films)
    squares, aspect = (torch.from_numpy(each) for each in films.squares())
    generator = torch.Generator().manual_seed(args.split)
    at = np.random.default_rng(args.split).permutation(trained)[:VIEWS]
    seen = (views(squares[some], aspect[some].float(), generator, states[0]["size"])
            for some in np.array_split(at, max(1, len(at) // BATCH)))
    net = refresh(mean(nets), seen) if len(nets) > 1 else nets[0]
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    keep(out / "model.pt", {**states[0], "average": net.state_dict(), "averaged": len(nets),
                             "size": args.size or states[0]["size"], "trained_size": states[0]["size"]})
    shutil.copy(pathlib.Path(args.runs[0]).with_name("history.json"), out / "history.json")


if __name__ == "__main__":
    main()
