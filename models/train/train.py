"""Train the network.

    /usr/bin/python3 models/train/train.py --data DIR --out DIR [--start WEIGHTS.npz] [--resume]

What is saved in --out after each epoch: ``last.pt`` (all that is needed to go on with --resume),
``best.pt`` (averaged weights of the best epoch so far) and ``history.json``.

The best epoch is the one with the smallest loss on the "select" part of the validation children,
averaged over the film as it is, cropped and zoomed out.  Clean validation films are framed like the
training films of their class and would not notice a network that reads the framing.
"""

import argparse
import copy
import json
import math
import os
import pathlib
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small, the loaders many

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

import data
import metrics
from augment import view
from interventions import INTERVENTIONS
from net import CLASSES, Net, start_from_imagenet
from preprocess import prepare

# The loss sees half normal, half pneumonia, whatever the archive holds (26 % normal), so that a
# probability means what it says where half of the films are ill, and 0.5 is a sensible place.
PRIOR = (0.5, 0.25, 0.25)
SELECTED_ON = ("as it is", "crop 10 %", "zoom out 10 %")
AVERAGE = 0.995     # of weights over steps
SMOOTHING = 0.05
DECAY = 1e-4


class Views(Dataset):
    """One augmented view a film; which one depends on (seed, epoch, film) and nothing else."""

    def __init__(self, films, places, labels, seed):
        self.films, self.places, self.labels, self.seed = films, places, labels, seed
        self.epoch = 0

    def __len__(self):
        return len(self.places)

    def __getitem__(self, item):
        place = int(self.places[item])
        rng = np.random.default_rng([self.seed, self.epoch, place])
        return torch.from_numpy(view(self.films[place], rng)), self.labels[place]


def inputs(films, places, change=None):
    """Unaugmented network inputs, through exactly the preprocessing of the core."""
    change = change or (lambda film: film)
    grey = (change(films[int(place)]).astype(np.float32) / 255.0 for place in places)
    return torch.from_numpy(np.stack([prepare(picture) for picture in grey]))


def logits(net, batch, size=16):
    """Logits of a stack of inputs, in evaluation mode, as float64."""
    net.eval()
    with torch.no_grad():
        parts = [net(part.contiguous(memory_format=torch.channels_last))
                 for part in batch.split(size)]
    return torch.cat(parts).double().numpy()


def prior_weights(labels):
    """A weight per class that turns the class shares in ``labels`` into PRIOR; mean one."""
    share = np.bincount(labels, minlength=len(CLASSES)) / len(labels)
    return np.asarray(PRIOR) / share


def summary(scores, labels, weights):
    """Loss (weighted to PRIOR), three-class accuracy, and pneumonia AUC, precision and recall."""
    probability = metrics.softmax(scores)
    ill, labels = metrics.pneumonia(probability), np.asarray(labels)
    truth, called = labels > 0, ill >= 0.5
    chosen = np.maximum(probability[np.arange(len(labels)), labels], 1e-12)
    hits = float((called & truth).sum())
    return {
        "loss": float(-(weights[labels] * np.log(chosen)).mean()),
        "accuracy": float((probability.argmax(1) == labels).mean()),
        "auc": metrics.auc(ill, truth),
        "precision": hits / max(float(called.sum()), 1.0),
        "recall": hits / float(truth.sum()),
    }


def learning_rate(step, steps, peak, warm):
    """Linear warm-up, then half a cosine to nothing."""
    if step < warm:
        return peak * (step + 1) / warm
    return 0.5 * peak * (1 + math.cos(math.pi * (step - warm) / max(steps - warm, 1)))


def average_into(average, net, keep):
    """Exponential moving average of weights and of batch norm's statistics."""
    with torch.no_grad():
        for old, new in zip(average.state_dict().values(), net.state_dict().values()):
            if old.dtype.is_floating_point:
                old.lerp_(new, 1.0 - keep)
            else:
                old.copy_(new)


def optimiser(net):
    """SGD; no weight decay on batch norm and biases."""
    decayed = [p for p in net.parameters() if p.ndim > 1]
    free = [p for p in net.parameters() if p.ndim <= 1]
    return torch.optim.SGD([{"params": decayed, "weight_decay": DECAY},
                            {"params": free, "weight_decay": 0.0}],
                           lr=0.0, momentum=0.9, nesterov=True)


def run_epoch(net, average, optim, loader, weights, rate, step):
    """One pass over the training films; returns its summary (of augmented views) and last rate."""
    seen, labels = [], []
    loss_weights = torch.tensor(weights, dtype=torch.float32)
    net.train()
    for batch, target in loader:
        lr = rate(step)
        for family in optim.param_groups:
            family["lr"] = lr
        scores = net(batch.contiguous(memory_format=torch.channels_last))
        each = functional.cross_entropy(scores, target, reduction="none",
                                        label_smoothing=SMOOTHING)
        loss = (each * loss_weights[target]).mean()
        optim.zero_grad(set_to_none=True)
        loss.backward()
        optim.step()
        step += 1
        average_into(average, net, min(AVERAGE, step / (step + 10.0)))
        seen.append(scores.detach().double().numpy())
        labels.append(target.numpy())
    labels = np.concatenate(labels)
    return summary(np.concatenate(seen), labels, weights), lr, step


def save(path, content):
    """Save in one step: a run that is cut off leaves the previous file, never half of one."""
    partial = path.with_name(path.name + ".partial")
    torch.save(content, partial)
    os.replace(partial, path)


def train(args):
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rows = data.read_index(args.data)
    parts = np.array(data.split(rows, args.seed))
    labels = np.array([row["class"] for row in rows])
    films = data.Films(args.data, rows, args.cache)
    trained, held = np.flatnonzero(parts == "train"), np.flatnonzero(parts == "select")
    weights = prior_weights(labels[trained])
    checks = [inputs(films, held, INTERVENTIONS[name]) for name in SELECTED_ON]

    views = Views(films, trained, labels, args.seed)
    steps_each = len(trained) // args.batch
    rate = lambda step: learning_rate(step, steps_each * args.epochs, args.rate, steps_each)

    net = Net(dropout=args.dropout)
    history, best, step = [], None, 0
    if args.start:
        sample = torch.stack([views[item][0] for item in range(0, len(views), len(views) // 128)])
        start_from_imagenet(net, args.start, sample)
    net = net.to(memory_format=torch.channels_last)
    average, optim = copy.deepcopy(net), optimiser(net)
    if args.resume and (out / "last.pt").exists():
        state = torch.load(out / "last.pt")
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optim.load_state_dict(state["optim"])
        history, best, step = state["history"], state["best"], state["step"]

    for epoch in range(len(history), args.epochs):
        began = time.time()
        torch.manual_seed(args.seed * 1000 + epoch)
        views.epoch = epoch
        loader = DataLoader(views, args.batch, shuffle=True, drop_last=True,
                            num_workers=args.workers)
        seen, lr, step = run_epoch(net, average, optim, loader, weights, rate, step)
        scored = [summary(logits(average, check), labels[held], weights) for check in checks]
        worth = float(np.mean([score["loss"] for score in scored]))
        history.append({"epoch": epoch + 1, "train": seen, "validation": scored[0],
                        "validation_cropped": scored[1], "validation_zoomed_out": scored[2],
                        "selection_loss": worth, "lr": lr,
                        "seconds": round(time.time() - began, 1)})
        if best is None or worth < best["selection_loss"]:
            best = {"epoch": epoch + 1, "selection_loss": worth}
            save(out / "best.pt", {"net": average.state_dict(), "epoch": epoch + 1})
        save(out / "last.pt", {"net": net.state_dict(), "average": average.state_dict(),
                               "optim": optim.state_dict(), "history": history, "best": best,
                               "step": step})
        write_history(out / "history.json", args, history, best)
        print(f"epoch {epoch + 1}: train {seen['loss']:.4f} auc {seen['auc']:.4f} | "
              + " | ".join(f"{s['loss']:.4f} auc {s['auc']:.4f} acc {s['accuracy']:.3f}"
                           for s in scored)
              + f" | best {best['epoch']} | {history[-1]['seconds']} s", flush=True)
        if epoch + 1 - best["epoch"] >= args.patience:
            print(f"stopped: no better for {args.patience} epochs", flush=True)
            break


def write_history(path, args, history, best):
    settings = {name: getattr(args, name)
                for name in ("seed", "epochs", "batch", "rate", "dropout", "patience", "threads")}
    settings["start"] = "ImageNet" if args.start else "random"
    for entry in history:
        entry["best"] = entry["epoch"] == best["epoch"]
    text = json.dumps({"settings": settings, "best_epoch": best["epoch"], "epochs": history},
                      indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds chest/index.csv")
    parser.add_argument("--out", required=True, help="where checkpoints and history go")
    parser.add_argument("--start", help="folded ImageNet MobileNetV2 (.npz); without: from scratch")
    parser.add_argument("--cache", help="folder for decoded films, to decode only once")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--patience", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.02, help="peak learning rate")
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on from last.pt")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
