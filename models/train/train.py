"""Train one network.

    python3 models/train/train.py --data DIR --out RUN --start WEIGHTS [--fold K] [--resume]

What is saved in --out after each epoch: ``last.pt`` (all that is needed to go on with --resume) and
``history.json``; at the end ``model.pt``, the averaged weights.  Nothing is chosen on the films held back, not even the
epoch: the learning rate ends at nothing, the weights are averaged over steps, and the last average is
the model.  On a CUDA device all of it runs there, in bfloat16 where the device has it.
"""

import argparse
import copy
import ctypes
import json
import math
import os
import pathlib
import time

import numpy as np
import torch
from torch.nn import functional

import data
import doubts
import metrics
import quantise
from augment import views
from clusters import clusters
from interventions import INTERVENTIONS
from net import CLASSES, NETS, Net, like, start
from preprocess import SIZE, prepare

# The loss sees half normal, half pneumonia, whatever the archive holds (26 % normal), so that a
# probability means what it says where half of the films are ill, and 0.5 is a sensible place.
# Bacterial and viral pneumonia keep the archive's proportion.
PREVALENCE = 0.5
WATCHED = ("as it is", "crop 10 %", "zoom out 10 %")
AVERAGE = 0.995     # of weights over steps
SMOOTHING = 0.05


def inputs(films, places, change=None, size=SIZE):
    """Unaugmented network inputs, through exactly the preprocessing of the core."""
    change = change or (lambda film: film)
    grey = (change(films[int(place)]).astype(np.float32) / 255.0 for place in places)
    return torch.from_numpy(np.stack([prepare(picture, size) for picture in grey]))


TRIM, MAPPED = -1, -4       # mallopt's M_TRIM_THRESHOLD and M_MMAP_MAX (glibc's malloc.h)


def keep_memory():
    """Have glibc keep what is freed.

    Each step allocates and frees hundreds of megabytes in blocks that glibc would map and unmap:
    half of the gate's processor time went into clearing fresh pages.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return      # another C library
    mallopt(MAPPED, 0)
    mallopt(TRIM, 2 ** 31 - 1)


class Device:
    """Where the arithmetic happens, and in which type."""

    def __init__(self, name=None, half=None):
        keep_memory()
        self.name = name or ("cuda" if torch.cuda.is_available() else "cpu")
        self.half = half_pays(self.name) if half is None else half

    def put(self, value):
        return value.to(self.name, non_blocking=True)

    def images(self, value):
        return self.put(value).contiguous(memory_format=torch.channels_last)

    def cast(self):
        return torch.autocast(self.name, torch.bfloat16, enabled=self.half)


def half_pays(name):
    """Whether bfloat16 is worth having: it is slower where the processor only imitates it."""
    if name == "cuda":
        return torch.cuda.is_bf16_supported()
    try:
        return "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii")
    except OSError:
        return False


def logits(net, batch, device=None, flip=False, size=16):
    """Logits of a stack of inputs, in evaluation mode and float32, as float64.

    ``flip``: the mean over each film and its mirror image.
    """
    device = device or Device("cpu", False)
    net.eval()
    parts = []
    with torch.no_grad(), device.cast():
        for part in batch.split(size):
            part = device.images(part)
            score = net(part)
            if flip:
                score = (score + net(part.flip(3))) / 2
            parts.append(score.float().cpu())
    return torch.cat(parts).double().numpy()


def prior_weights(labels):
    """A weight per class that makes PREVALENCE of ``labels`` ill; mean one."""
    ill = float((np.asarray(labels) > 0).mean())
    normal, sick = (1.0 - PREVALENCE) / (1.0 - ill), PREVALENCE / ill
    return np.array([normal, sick, sick])


def summary(scores, labels, weights):
    """Loss (weighted to PREVALENCE), three-class accuracy, and pneumonia AUC, precision and recall."""
    probability = metrics.softmax(scores)
    ill, labels = metrics.pneumonia(probability), np.asarray(labels)
    truth, called = labels > 0, ill >= 0.5
    chosen = np.maximum(probability[np.arange(len(labels)), labels], 1e-12)
    hits = float((called & truth).sum())
    return {
        "loss": float(-(weights[labels] * np.log(chosen)).mean()),
        "accuracy": float((probability.argmax(1) == labels).mean()),
        "auc": metrics.auc(ill, truth),
        "viral_auc": metrics.viral_auc(probability, labels),
        "precision": hits / max(float(called.sum()), 1.0),
        "recall": hits / max(float(truth.sum()), 1.0),
    }


def targets(labels, teacher, share):
    """What each film should score: its label, smoothed, and a share of what a teacher said."""
    sharp = functional.one_hot(torch.as_tensor(labels), len(CLASSES)).float()
    smooth = sharp * (1.0 - SMOOTHING) + SMOOTHING / len(CLASSES)
    if teacher is None:
        return smooth
    return (1.0 - share) * smooth + share * torch.as_tensor(teacher, dtype=torch.float32)


def unkind(target, scores, doubted):
    """Targets whose kind of pneumonia is what the network says already, for films that are doubted.

    The gradient of the cross-entropy is then that of "normal or ill" alone.
    """
    kind = functional.softmax(scores.detach()[:, 1:], 1)
    without = torch.cat([target[:, :1], target[:, 1:].sum(1, keepdim=True) * kind], 1)
    return torch.where(doubted[:, None], without, target)


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


def optimiser(net, decay):
    """SGD; no weight decay on batch norm and biases."""
    decayed = [p for p in net.parameters() if p.ndim > 1]
    free = [p for p in net.parameters() if p.ndim <= 1]
    return torch.optim.SGD([{"params": decayed, "weight_decay": decay},
                            {"params": free, "weight_decay": 0.0}],
                           lr=0.0, momentum=0.9, nesterov=True)


class Run:
    """One training run: its films, its network, where it stands."""

    rounded, averaged = False, 1    # eight bits; how many runs its weights are the mean of

    def __init__(self, args):
        self.args, self.out = args, pathlib.Path(args.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.device = Device(args.device)
        torch.set_num_threads(args.threads)
        torch.manual_seed(args.seed)
        rows = data.read_index(args.data)
        self.labels = np.array([row["class"] for row in rows])
        films = data.Films(args.data, rows, args.cache)
        self.trained, self.held = parts(rows, args, films)
        squares, aspect = films.squares()
        self.squares = self.device.put(torch.from_numpy(squares))
        self.aspect = self.device.put(torch.from_numpy(aspect).float())
        self.weights = prior_weights(self.labels[self.trained])
        teacher = np.load(args.teacher) if args.teacher else None
        self.targets = self.device.put(targets(self.labels, teacher, args.teacher_share))
        self.doubted = torch.from_numpy(doubts.marks(rows, doubts.read(args.doubted)))
        self.checks = [inputs(films, self.held, INTERVENTIONS[name], args.size)
                       for name in WATCHED]
        self.net = Net(args.net, args.dropout)
        self.before, self.history, self.step = [], [], 0
        self.begin()
        self.net = self.device.put(self.net).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        self.optim = optimiser(self.net, args.decay)
        if args.resume and (self.out / "last.pt").exists():
            self.restore()

    def begin(self):
        if not self.args.start:
            return
        if self.args.start.endswith(".pt"):
            net, state = load(self.args.start)
            self.net.load_state_dict(net.state_dict())
            self.before = [*state.get("before", []), state["history"]]
            return
        history = pathlib.Path(self.args.start).with_name("history.json")
        if self.args.start.endswith(".onnx") and history.exists():
            self.before = [json.loads(history.read_text(encoding="utf-8"))["epochs"]]
        at = self.trained[::max(1, len(self.trained) // 128)]
        sample = views(self.squares[at], self.aspect[at],
                       torch.Generator().manual_seed(self.args.seed), self.args.size)
        start(self.net, self.args.start, sample.cpu())

    def restore(self):
        state = torch.load(self.out / "last.pt", map_location=self.device.name,
                           weights_only=False)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optim.load_state_dict(state["optim"])
        self.history, self.step = state["history"], state["step"]

    def rate(self):
        each = len(self.trained) // self.args.batch
        return learning_rate(self.step, each * self.args.epochs, self.args.rate,
                             min(each, each * self.args.epochs // 10))

    def epoch(self):
        """One pass over the training films; returns its summary (of augmented views)."""
        number = len(self.history)
        generator = torch.Generator().manual_seed(self.args.seed * 1000 + number)
        torch.manual_seed(self.args.seed * 1000 + number)
        order = self.trained[torch.randperm(len(self.trained), generator=generator).numpy()]
        loss_weights = self.device.put(torch.tensor(self.weights, dtype=torch.float32))
        seen, labels, batch = [], [], self.args.batch
        self.net.train()
        for first in range(0, len(order) - batch + 1, batch):
            places = order[first:first + batch]
            at = self.device.put(torch.from_numpy(places))
            label = self.device.put(torch.from_numpy(self.labels[places]))
            picture = views(self.squares[at], self.aspect[at], generator, self.args.size)
            scores = self.learn(self.device.images(picture), self.targets[at], loss_weights[label],
                                self.device.put(self.doubted[places]))
            seen.append(scores)
            labels.append(self.labels[places])
        scores = torch.cat(seen).double().cpu().numpy()
        return summary(scores, np.concatenate(labels), self.weights)

    def learn(self, picture, target, weight, doubted):
        """One step; returns the logits before it."""
        for family in self.optim.param_groups:
            family["lr"] = self.rate()
        with self.device.cast():
            scores = self.net(picture)
        scores = scores.float()
        target = unkind(target, scores, doubted)
        loss = -((target * functional.log_softmax(scores, 1)).sum(1) * weight).mean()
        self.optim.zero_grad(set_to_none=True)
        loss.backward()
        self.optim.step()
        self.step += 1
        average_into(self.average, self.net, min(AVERAGE, self.step / (self.step + 10.0)))
        return scores.detach()

    def go(self):
        while len(self.history) < self.args.epochs:
            began = time.time()
            seen = self.epoch()
            scored = [self.score(check) for check in self.checks]
            self.history.append({
                "epoch": len(self.history) + 1, "train": seen, "validation": scored[0],
                "validation_cropped": scored[1], "validation_zoomed_out": scored[2],
                "lr": self.rate(), "seconds": round(time.time() - began, 1)})
            self.save()
            print(self.line(), flush=True)
        write_history(self.out / "history.json", self.args, [*self.before, self.history])
        keep(self.out / "model.pt", self.facts())

    def score(self, check):
        """The summary of the films held back, and the same of those whose kind is believed."""
        answer, labels = logits(self.average, check, self.device), self.labels[self.held]
        sure = ~self.doubted.numpy()[self.held]
        return {**summary(answer, labels, self.weights),
                "believed": summary(answer[sure], labels[sure], self.weights)}

    def line(self):
        last = self.history[-1]
        parts = [f"epoch {last['epoch']}: train {last['train']['loss']:.4f}"]
        for name in ("validation", "validation_cropped", "validation_zoomed_out"):
            each = last[name]
            believed = each["believed"]
            parts.append(f"{each['loss']:.4f} auc {each['auc']:.4f}, where believed: "
                         f"acc {believed['accuracy']:.3f} viral {believed['viral_auc']:.3f}")
        return " | ".join([*parts, f"{last['seconds']} s"])

    def facts(self):
        """What is needed of the run once it is over."""
        return {"average": self.average.state_dict(), "before": self.before, "history": self.history,
                "name": self.net.name, "size": self.args.size, "rounded": self.rounded, "averaged": self.averaged}

    def save(self):
        keep(self.out / "last.pt", {
            **self.facts(), "net": self.net.state_dict(), "optim": self.optim.state_dict(),
            "step": self.step})
        write_history(self.out / "history.json", self.args, [*self.before, self.history])


def parts(rows, args, films):
    """Places of the films to train on and of those to watch (which nothing is chosen on)."""
    if args.cluster is not None:
        cluster = clusters(films)
        return np.flatnonzero(cluster != args.cluster), np.flatnonzero(cluster == args.cluster)
    if args.fold is not None:
        fold = data.folds(rows, args.split)
        return np.flatnonzero(fold != args.fold), np.flatnonzero(fold == args.fold)
    part = np.array(data.split(rows, args.split))
    return np.flatnonzero(part == "train"), np.flatnonzero(part == "select")


def keep(path, content):
    """Save in one step: a run that is cut off leaves the previous file, never half of one."""
    partial = path.with_name(path.name + ".partial")
    torch.save(content, partial)
    os.replace(partial, path)


def write_history(path, args, histories):
    """The settings of a run, and the epochs of those it started from and its own, numbered on."""
    epochs = [epoch for history in histories for epoch in history]
    epochs = [{**epoch, "epoch": place} for place, epoch in enumerate(epochs, 1)]
    names = ("net", "size", "seed", "split", "fold", "cluster", "epochs", "batch", "rate", "decay", "dropout")
    settings = {name: getattr(args, name) for name in names}
    settings["start"] = pathlib.Path(args.start).name if args.start else "random"
    settings["doubted"] = doubts.read(args.doubted)
    text = json.dumps({"settings": settings, "best_epoch": len(epochs), "epochs": epochs},
                      indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def shipped(path):
    """The network of a model file of ours and what its run is known by, from the history beside it."""
    torch.manual_seed(0)
    net, size = like(str(path), torch.randn(2, 1, 64, 64))
    history = json.loads(pathlib.Path(path).with_name("history.json").read_text(encoding="utf-8"))
    return net, {"name": net.name, "size": size, "history": history["epochs"]}


def load(path, device=None):
    """The averaged network of a run, or that of a model file."""
    if pathlib.Path(path).suffix == ".onnx":
        net, state = shipped(path)
        return (net if device is None else device.put(net)), state
    state = torch.load(path, map_location="cpu", weights_only=False)
    net = Net(state["name"])
    if state.get("rounded"):
        net = quantise.shape(net)
    net.load_state_dict(state["average"])
    net = net.to(memory_format=torch.channels_last).eval()
    return (net if device is None else device.put(net)), state


def options(parser):
    """What every kind of run takes."""
    parser.add_argument("--data", required=True, help="folder that holds chest/index.csv")
    parser.add_argument("--out", required=True, help="where checkpoints and history go")
    parser.add_argument("--cache", help="folder for decoded films, to decode only once")
    parser.add_argument("--start", help="folded ImageNet MobileNetV2 (.npz), a model of ours "
                                        "(.onnx) or a run's model.pt; without: from scratch")
    parser.add_argument("--net", choices=NETS, default="whole")
    parser.add_argument("--size", type=int, default=SIZE, help="of the views, in pixels")
    parser.add_argument("--split", type=int, default=0, help="seed of the split into parts or folds")
    parser.add_argument("--fold", type=int, help="0 to 4: hold this fifth back (cross-validation)")
    parser.add_argument("--cluster", type=int, help="0 to 5: hold this kind of film back instead")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and views")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.02, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=1e-4)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--doubted", help="what doubts.py wrote: films whose kind is not believed")
    parser.add_argument("--teacher", help=".npy of probabilities for each film: learn from them too")
    parser.add_argument("--teacher-share", type=float, default=0.7, help="of the target")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"))
    parser.add_argument("--resume", action="store_true", help="go on from last.pt")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options(parser)
    Run(parser.parse_args()).go()


if __name__ == "__main__":
    main()
