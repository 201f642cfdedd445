"""Place the decision and measure it.

    python3 models/train/evaluate.py --data DIR --checkpoint RUN/model.pt --out DIR

With --engine the answers are the core's (``engine.py``): integers have no other.

Validation children come in two halves.  "select" fits the temperature and places threshold and margin
here.  "report" has chosen nothing: every figure of metrics.json that describes the model comes from it.
Both are drawn from the archive the network was trained on, so they flatter it; that is why each figure
is repeated under interventions, and for kinds of film (``clusters.py``) by themselves.

The decision is placed on films under all interventions together, not on clean films, where
healthy and ill are told apart partly by their framing and any threshold looks good.
"""

import argparse
import csv
import datetime
import json
import os
import pathlib

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch

import data
import doubts
import metrics
from engine import PLAIN, answering
from interventions import INTERVENTIONS
from net import CLASSES
from train import PREVALENCE, load, prior_weights

# Of the ill "select" films, clean ones and under all interventions, at least: 0.97 is wanted, and half a
# standard error of it over so few films comes on top.
SENSITIVITY = 0.975
OPPOSITE = 0.01         # at most this share may get opposite clear answers under a 5 % crop
MARGINS = np.arange(0.03, 0.151, 0.005)
DRAWS = 2000


def fit_temperature(scores, labels, weights, doubted):
    """The temperature with the smallest (weighted) log loss, by golden-section search.

    Of a film whose kind is doubted only "normal or ill" counts.
    """

    def loss(log_temperature):
        probability = metrics.softmax(scores, np.exp(log_temperature))
        chosen = np.where(doubted, metrics.pneumonia(probability),
                          probability[np.arange(len(labels)), labels])
        chosen = np.maximum(chosen, 1e-12)
        return -(weights[labels] * np.log(chosen)).mean()

    low, high, golden = np.log(0.2), np.log(5.0), (np.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return round(float(np.exp((low + high) / 2)), 4)


def in_range(alone, temperature, ends):
    """Which films the core frames otherwise, too: by the probability of the whole film."""
    first = metrics.pneumonia(metrics.softmax(alone, temperature))
    return (ends[0] <= first) & (first <= ends[1])


def frame(score, scores, places, temperature, ends):
    """Puts the mean over framings in place of these films' answers, as the core does; returns their share."""
    near = {name: in_range(value, temperature, ends) for name, value in scores.items()}
    for name, value in scores.items():
        if near[name].any():
            value[near[name]] = score(places[near[name]], name)
    return float(near[PLAIN].mean())


def place_threshold(*sick):
    """The highest threshold that finds SENSITIVITY of each of these sets of ill films.

    Sensitivity and specificity do not depend on prevalence.  The highest, because films from elsewhere
    are known to err to one side: networks trained on this archive over-call them.
    """
    grid = np.arange(0.02, 0.981, 0.005)
    kept = [t for t in grid if all((ill >= t).mean() >= SENSITIVITY for ill in sick)]
    return round(float(max(kept, default=grid[0])), 3)


def clear(ill, threshold, margin):
    """1 pneumonia, -1 none, 0 too near the threshold to say."""
    return np.where(np.abs(ill - threshold) < margin, 0, np.where(ill >= threshold, 1, -1))


def place_margin(ill, cropped, threshold):
    """The smallest margin at which a 5 % crop seldom turns one clear answer into the other."""
    for margin in MARGINS:
        product = clear(ill, threshold, margin) * clear(cropped, threshold, margin)
        if (product < 0).mean() <= OPPOSITE:
            break
    return round(float(margin), 3)


def at_prevalence(truth, prevalence=PREVALENCE):
    """A weight for each film, as if ``prevalence`` of them were ill."""
    share = max(float(truth.mean()), 1e-9), max(float((~truth).mean()), 1e-9)
    return np.where(truth, prevalence / share[0], (1.0 - prevalence) / share[1])


def measures(probability, labels, decision):
    """All figures of one set of films: what ``pleura evaluate --prevalence 0.5`` tells too."""
    ill, truth = metrics.pneumonia(probability), labels > 0
    sensitivity, specificity = metrics.rates(ill, truth, decision["threshold"])
    sick = labels[truth]
    called = probability[truth][:, 1:].argmax(1) + 1
    answer = clear(ill, decision["threshold"], decision["margin"])
    return {
        "auc": metrics.auc(ill, truth),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "accuracy": float(((ill >= decision["threshold"]) == truth).mean()),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "three_class_accuracy": float((probability.argmax(1) == labels).mean()),
        "bacterial_or_viral_auc": metrics.viral_auc(probability, labels),
        "bacterial_or_viral_accuracy": float((called == sick).mean()),
        "calibration_error": metrics.calibration_error(ill, truth, at_prevalence(truth)),
        "brier": float((at_prevalence(truth) * (ill - truth) ** 2).mean()),
        "cannot_say": float((answer == 0).mean()),
    }


def intervals(probability, labels, groups, decision):
    """95 % intervals by drawing children, not films: films of one child are not independent."""
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(groups == key) for key in np.unique(groups)]
    draws = []
    for _ in range(DRAWS):
        chosen = rng.integers(0, len(members), len(members))
        place = np.concatenate([members[index] for index in chosen])
        draws.append(measures(probability[place], labels[place], decision))
    found = {name: [float(np.quantile([draw[name] for draw in draws], q)) for q in (0.025, 0.975)]
             for name in draws[0]}
    for name, side in (("sensitivity", labels > 0), ("specificity", labels == 0)):
        if found[name][0] == 1.0:   # no error to draw: the exact (Clopper-Pearson) lower bound
            found[name][0] = float(0.025 ** (1.0 / len(np.unique(groups[side]))))
    return found


def compare(before, after, decision):
    """How many answers an intervention changed."""
    threshold, margin = decision["threshold"], decision["margin"]
    product = clear(before, threshold, margin) * clear(after, threshold, margin)
    return {
        "decisions_changed": float(((before >= threshold) != (after >= threshold)).mean()),
        "opposite_clear_answers": float((product < 0).mean()),
        "mean_absolute_change": float(np.abs(before - after).mean()),
    }


def rounding_cost(exact, rounded, truth, threshold):
    """What eight bits change beside the same network in float32."""
    exact, rounded = metrics.pneumonia(exact), metrics.pneumonia(rounded)
    return {"films": len(truth), "auc": [metrics.auc(exact, truth), metrics.auc(rounded, truth)],
            "decisions_changed": int(((exact >= threshold) != (rounded >= threshold)).sum()),
            "largest_change": float(np.abs(exact - rounded).max())}


def operating_points(ill, truth, count=33):
    """[threshold, sensitivity, specificity], thresholds even in specificity and in probability."""
    healthy = np.quantile(ill[~truth], np.linspace(0.5, 1.0, count // 2))
    grid = np.concatenate([np.linspace(0.05, 0.95, count - count // 2), healthy])
    grid = sorted({round(float(value), 4) for value in grid if 0.0 < value < 1.0})
    return [[value, *metrics.rates(ill, truth, value)] for value in grid]


def spread(labels, groups):
    return {"films": len(labels), "children": len(np.unique(groups)),
            **{name: int((labels == place).sum()) for place, name in enumerate(CLASSES)}}


def evaluate(args):
    torch.set_num_threads(args.threads)
    net, state = load(args.checkpoint)
    rows = data.read_index(args.data)
    parts = np.array(data.split(rows, args.seed))
    groups = np.array(data.group(rows))
    labels = np.array([row["class"] for row in rows])
    films = data.Films(args.data, rows, args.cache)
    runs = doubts.read(args.doubted)
    doubted = doubts.marks(rows, runs)
    weights = prior_weights(labels)
    places = {part: np.flatnonzero(parts == part) for part in ("select", "report")}
    score = answering(args, films, net, state["size"], args.weights)
    scores = {part: {name: score(chosen, name) for name in INTERVENTIONS}
              for part, chosen in places.items()}

    seen = labels[places["select"]]
    pooled = np.concatenate(list(scores["select"].values()))
    pooled_labels = np.tile(seen, len(INTERVENTIONS))
    pooled_doubts = np.tile(doubted[places["select"]], len(INTERVENTIONS))
    temperature = fit_temperature(pooled, pooled_labels, weights, pooled_doubts)
    decision = {"prevalence": PREVALENCE, "sensitivity_wanted": SENSITIVITY, "opposite_allowed": OPPOSITE}
    alone = {part: each[PLAIN].copy() for part, each in scores.items()}
    if args.framings:
        decision.update(framings=args.framings, framings_range=args.framings_range)
        mean = answering(args, films, net, state["size"], args.weights, framings=args.framings, framings_range=[0, 1])
        decision["framed"] = {part: frame(mean, each, places[part], temperature, args.framings_range)
                              for part, each in scores.items()}
    probability = {part: {name: metrics.softmax(value, temperature) for name, value in each.items()}
                   for part, each in scores.items()}
    ill = {name: metrics.pneumonia(value) for name, value in probability["select"].items()}
    threshold = place_threshold(ill[PLAIN][seen > 0],
                                np.concatenate([value[seen > 0] for value in ill.values()]))
    margin = place_margin(ill[PLAIN], ill["crop 5 %"], threshold)
    decision.update(temperature=temperature, threshold=threshold, margin=margin)

    rounding = None
    if args.exact:
        exact = answering(args, films, load(args.exact)[0], state["size"], "float32")
        rounding = {part: rounding_cost(
            metrics.softmax(exact(chosen, PLAIN), temperature), metrics.softmax(alone[part], temperature),
            labels[chosen] > 0, threshold) for part, chosen in places.items()}

    kept, report = places["report"], probability["report"]
    truth = labels[kept]
    plain = report[PLAIN]
    base = measures(plain, truth, decision)
    before = metrics.pneumonia(plain)
    changed = {}
    for name, value in report.items():
        if name != PLAIN:
            changed[name] = {**measures(value, truth, decision),
                             **compare(before, metrics.pneumonia(value), decision)}
    worst = max(changed, key=lambda name: changed[name]["decisions_changed"])
    confusion = np.zeros((len(CLASSES), len(CLASSES)), int)
    np.add.at(confusion, (truth, plain.argmax(1)), 1)
    shape = np.array([films[int(place)].shape for place in kept])
    original = np.array([rows[place]["res_kind"] == "original" for place in kept])
    interval = intervals(plain, truth, groups[kept], decision)
    sure = ~doubted[kept]
    lengths = [len(history) for history in (*state.get("before", []), state["history"])]
    settled = lengths.pop() if state.get("rounded") else None
    digits = lambda value: round(value, 4)
    facts = {
        "created": args.date,
        "checkpoint_epoch": sum(lengths) + (settled or 0),
        "network": {"name": state["name"], "epochs": lengths, "settled": settled,
                    "averaged": state.get("averaged", 1)},
        "rounding": rounding,
        "answers": "core" if args.engine else "torch",
        "input": {"size": state["size"], "trained_size": state.get("trained_size", state["size"]),
                  "parameters": sum(p.numel() for p in net.parameters())},
        "films": {part: spread(labels[parts == part], groups[parts == part])
                  for part in ("train", "select", "report")},
        "decision": decision,
        "headline": {
            "set": "report half of the validation children",
            "films": len(kept),
            **{name: [digits(base[name]), *map(digits, interval[name])]
               for name in ("auc", "sensitivity", "specificity", "accuracy",
                            "three_class_accuracy", "bacterial_or_viral_auc")},
            "cannot_say": digits(base["cannot_say"]),
            "worst_intervention": [worst, digits(changed[worst]["sensitivity"]),
                                   digits(changed[worst]["specificity"]),
                                   digits(changed[worst]["decisions_changed"])],
        },
        "report": base,
        "intervals_95": interval,
        "doubted_runs": runs,
        **({"believed": {
            "films": spread(truth[sure], groups[kept][sure]),
            "report": measures(plain[sure], truth[sure], decision),
            "intervals_95": intervals(plain[sure], truth[sure], groups[kept][sure], decision),
            "doubted_viral_auc": metrics.viral_auc(plain[~sure], truth[~sure])}} if runs else {}),
        "confusion_rows_truth": confusion.tolist(),
        "reliability": metrics.reliability(before, truth > 0, at_prevalence(truth > 0)),
        "interventions": changed,
        "worst_intervention": worst,
        "select": measures(probability["select"][PLAIN], seen, decision),
        "auc_by_origin": {
            "full_size_original": metrics.auc(before[original], truth[original] > 0),
            "re_encoded": metrics.auc(before[~original], truth[~original] > 0)},
        "auc_of_aspect_ratio_alone": metrics.auc(shape[:, 1] / shape[:, 0], truth > 0),
        **({"gate": json.loads(pathlib.Path(args.gate).read_text())} if args.gate else {}),
        "operating_points": operating_points(before, truth > 0),
    }
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    write_validation(out / "validation.csv", rows, groups, places, probability)
    print(json.dumps({"decision": decision, **facts["headline"]}, indent=1))


def write_validation(path, rows, groups, places, probability):
    """Which films were held back, and what the shipped model says about each."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "part", "label", "patient", *(f"p_{name}" for name in CLASSES)])
        for part, chosen in places.items():
            for place, value in zip(chosen, probability[part][PLAIN]):
                row = rows[place]
                writer.writerow([row["path"], part, CLASSES[row["class"]], groups[place],
                                 *(f"{number:.7f}" for number in value)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds chest/index.csv")
    parser.add_argument("--checkpoint", required=True, help="model.pt of a training run")
    parser.add_argument("--weights", choices=("float32", "float16", "int8", "qdq"), default="float32",
                        help="as export.py will store them: what is measured is what ships")
    parser.add_argument("--out", required=True, help="where metrics.json and validation.csv go")
    parser.add_argument("--cache", help="folder for decoded films")
    parser.add_argument("--doubted", help="what doubts.py wrote: films whose kind is not believed")
    parser.add_argument("--exact", help="model.pt or model file in float32, to tell what roundings cost")
    parser.add_argument("--engine", help="the core's command line, to answer in torch's place")
    numbers = lambda text: [float(number) for number in text.split(",")]
    parser.add_argument("--framings", type=numbers, help="with --engine, shares of a side that are cut off (below 0: "
                                                         "added) at each edge: 0.1,-0.1")
    parser.add_argument("--framings-range", type=numbers, default=[0.1, 0.9],
                        help="of the whole film's probability, where they are run")
    parser.add_argument("--gate", help=".json written by gate.py, for the card")
    parser.add_argument("--flip", action="store_true", help="mean over each film and its mirror")
    parser.add_argument("--seed", type=int, default=0, help="of the split: the one trained with")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    args = parser.parse_args()
    if args.framings and not args.engine:
        parser.error("--framings needs --engine: the core frames films, not torch")
    evaluate(args)


if __name__ == "__main__":
    main()
