"""The model card, written from metrics.json so that its figures cannot go stale.

    /usr/bin/python3 models/train/card.py --metrics metrics.json --out card.md
"""

import argparse
import json
import pathlib
import textwrap

import export

CARD = """\
# child-pneumonia {version}

{title}. Three classes: normal, bacterial pneumonia, viral pneumonia;
the finding is pneumonia (the two added). Input: one frontal film, squashed to {size} x {size} grey.
{parameters:.2f} M parameters. Created {created}.

**{intended_use}**
Its output is a score of likeness to labelled films of one archive, to be read by someone who can
read the film.

## Population

{population}

## Data

{training_data}

| part | films | groups | normal | bacterial | viral | used for |
| --- | --- | --- | --- | --- | --- | --- |
{parts}

A group is what cannot be told apart from one child: the same patient, the same person number
whatever the diagnosis in the file name, byte-identical copies. No group is on two sides. The
official test part was not seen, nor used for any choice.

## Protocol

MobileNetV2 ({network}) on grey, from ImageNet weights, all of them trained: SGD with cosine schedule for
{epochs} epochs, label smoothing 0.05, dropout, averaged weights, classes weighted to half normal and
half pneumonia. Framing (scale 0.55 to 1.2, shift, rotation, mirror, and for half of the views the
proportions of another film of the batch), tone, shading, sharpness, noise, compression, borders,
burned-in letters and erasures are drawn at random, equally in all classes. The last averaged weights
are the model: no epoch was chosen.{averaged}

{rounded}{framings}{doubted}Temperature {temperature} and threshold {threshold} were placed on "select" films: the temperature under
all interventions of the table below, the threshold as the highest that still finds {wanted:.1%} of the
ill, on unchanged films and over all interventions, because networks trained on this archive over-call
films from elsewhere. (The rule was settled for 0.2.0, whose "report" figures at other thresholds had been seen by
then.) The margin {margin} is the smallest, from 0.03 up, at which a 5 % crop turns at most {opposite:.0%} of the answers on "select" films from one clear side to the other.{answers}

Probabilities are stated for a set in which half of the films show pneumonia. Within {margin} of the
threshold the answer is "cannot say".

## Figures ("report" films; 95 % intervals by drawing children, exact where no film was wrong)

| | value | interval |
| --- | --- | --- |
{figures}
{believed}
Calibration, where half of the films are ill: of the films given a probability in each tenth, how many
were ill.

| films | mean probability | share ill |
| --- | --- | --- |
{reliability}

Validation films come from the same hospital, years and archive as the training films, so
**these figures flatter the model**. On the official test films of this archive, networks of this
kind commonly lose several points, most of them in specificity. Do not compare these figures
with published ones on that test.

| film changed by | AUC | sensitivity | specificity | changed | opposite | cannot say |
| --- | --- | --- | --- | --- | --- | --- |
{interventions}

"Changed": decisions at the threshold that differ from the unchanged film's; "opposite": those with
both answers clear of the margin. No change in the table touches a lung (a tight crop may cut its
rim off). Worst by decisions changed: **{worst}**.
{gate}
The aspect ratio of the file alone, with no pixel seen, has AUC {aspect:.3f} for pneumonia in these
films: the archive itself gives answers away, and part of any score on it is of that kind.

## Limits

- Framing: in the archive healthy children are framed wide and ill ones tight. Training breaks this
  up but does not remove it; tightly framed healthy chests are over-called.
- One hospital, one archive, labels from its file names. Other machines, other processing and
  photographs of films were not measured. Adult films, newborns and lateral views are not supported.
- It looks for pneumonia only. "No finding" does not mean healthy.
- Bacterial or viral is the data set's label; it is not a microbiological result{unsure}.
- Threshold and probabilities belong to this version and hold for no other.

## Reproduce

```
{commands}
```

Weights: Apache-2.0. Data: CC BY 4.0, attribution above. `validation.csv` lists the held-back films
with this model's probabilities; `history.json` has every epoch.
"""

COMMANDS = "models/train/run.sh DATA WORK START.npz      # models/train/README.md"

GATE = """
## When it does not answer

A further output of the same file says that a picture is not one to judge: {names}. It was taught by
films of the training children, films of adults (RSNA normals, TB Pakistan), films inverted, turned and
cut down, and pictures of other things (photographs, icons, drawings, MRI, CT, radiographs computed from
the CT of one head, drawn bones, pages, noise); its limits were placed on "select" films so that 99 % of these children's pass. On pictures held back:

| pictures | how many | refused | by the output for it |
| --- | --- | --- | --- |
{rows}

Lateral films were not taught, for want of films, and are not told from frontal ones. Pictures drawn
by us are easier than those that others will bring.
"""


def gate_text(facts):
    """The part about the gate, where the model has one."""
    if "gate" not in facts:
        return ""
    rows = [f"| {kind} | {row['pictures']} | {row['refused']:.3f} | "
            f"{row.get('by_its_own_gate', row['refused']):.3f} |"
            for kind, row in facts["gate"]["held_back"].items()]
    return GATE.format(names=", ".join(facts["gate"]["gates"]), rows="\n".join(rows))


DOUBTED = """\
In these runs of film numbers the kind of pneumonia is not believed: {runs}. A network that was taught it
agrees with nearly nine labels of ten elsewhere and with about half of them there, on training films as on
others. Whether the labels are wrong there or the films were taken otherwise cannot be told from here. {taught}
The temperature was fitted without the kind of these films; that they are ill counts all the same.

"""

BELIEVED = """
The kind of pneumonia is not believed in some runs of film numbers (Protocol). Without the films of these runs
({films} "report" films are left, {bacterial_pneumonia} bacterial, {viral_pneumonia} viral):

| | value | interval |
| --- | --- | --- |
{rows}

On those left out the AUC, viral or bacterial, is {doubted:.3f}: as good as no answer, or worse.
"""


def doubts_text(facts):
    """What the card says of films whose kind is not believed: (protocol, figures)."""
    if not facts["doubted_runs"]:
        return "", ""
    runs = ["{} {} {}".format(name.split("_")[0], first, "on" if last is None else f"to {last}")
            for name, found in facts["doubted_runs"].items() for first, last in found]
    *first, last = facts["network"]["epochs"]
    taught = (f"This network was taught it for {sum(first)} epochs, and not in the last {last}." if first
              else "This network was taught it.")
    believed = facts["believed"]
    rows = [f"| {name} | {believed['report'][key]:.3f} | "
            "{:.3f} to {:.3f} |".format(*believed["intervals_95"][key])
            for name, key in FIGURES if key.startswith(("three", "bacterial"))]
    return (DOUBTED.format(taught=taught, runs=", ".join(runs)),
            BELIEVED.format(rows="\n".join(rows), doubted=believed["doubted_viral_auc"],
                            **believed["films"]))


FIGURES = (
    ("AUC, pneumonia or normal", "auc"),
    ("sensitivity at the threshold", "sensitivity"),
    ("specificity at the threshold", "specificity"),
    ("accuracy at the threshold", "accuracy"),
    ("three-class accuracy", "three_class_accuracy"),
    ("AUC, viral or bacterial, among pneumonia", "bacterial_or_viral_auc"),
    ("calibration error at prevalence one half", "calibration_error"),
    ("share answered \"cannot say\"", "cannot_say"),
)

NETWORKS = {"whole": "whole", "short": "its first thirteen blocks"}


def averaged_text(network):
    """What is said of runs whose weights are the model's mean."""
    runs = network.get("averaged", 1)
    return "" if runs == 1 else AVERAGED.format(runs=runs, last=network["epochs"][-1])


AVERAGED = """
The last {last} epochs were run {runs} times, with other films' order and views each time: the mean of the {runs} networks'
weights is the model, and the history shown is that of the first."""


def size_text(read):
    """What is said of films that are read larger than the views of training."""
    trained = read.get("trained_size", read["size"])
    return "" if trained == read["size"] else LARGER.format(trained=trained, size=read["size"])


LARGER = """
Views had {trained} x {trained} pixels. A film is read at {size} x {size}, since views show a part of it, mostly, and its lungs
are then about as large as they were in training."""


def rounded_text(facts):
    """What is said of eight bits, and what they cost."""
    epochs, cost = facts["network"]["settled"], facts["rounding"]
    if epochs is None:
        return ""
    text = ROUNDED.format(how=f"and trained so for {epochs} epochs" if epochs else "without more training")
    if cost is not None:
        text += " " + COST.format(
            changed=", ".join(f"{each['decisions_changed']} of {each['films']} (\"{part}\")"
                              for part, each in cost.items()),
            auc=", ".join("{:.4f} to {:.4f}".format(*each["auc"]) + f" (\"{part}\")"
                          for part, each in cost.items()),
            most=max(each["largest_change"] for each in cost.values()))
    return textwrap.fill(text, 100) + "\n\n"


ROUNDED = ("Weights are whole numbers of eight bits (seven in large kernels), one scale for each output channel; "
           "what layers pass on is rounded to eight bits, {how}; its ranges are those of 192 training films.")
COST = ("What the roundings cost, beside the same network in float32, at this threshold: decisions changed "
        "{changed}; AUC from {auc}; the largest change of a probability is {most:.3f}.")
ANSWERS = """
All answers are those of the core, which runs the model."""


def framings_text(decision):
    """What is said of further framings of a film."""
    if not decision.get("framings"):
        return ""
    ways = [f"cropped by {share:.0%} of its side at each edge" if share > 0 else
            f"with {-share:.0%} of its side added in black at each edge" for share in decision["framings"]]
    return textwrap.fill(FRAMINGS.format(ways=" and ".join(ways), low=decision["framings_range"][0],
                                         high=decision["framings_range"][1], share=decision["framed"]["report"]),
                         100) + "\n\n"


FRAMINGS = ("A film whose probability of pneumonia is from {low:g} to {high:g} is run again, {ways}, and the mean of the "
            "logits is its answer: of the \"report\" films, {share:.1%}. What is said of the gate and the heatmap is of "
            "the whole film alone.")
USES = (("train", "training"), ("select", "temperature, threshold, margin"),
        ("report", "the figures below, nothing else"))


def card(facts):
    """The text for these figures."""
    def line(*cells):
        return "| " + " | ".join(str(cell) for cell in cells) + " |"

    parts = [line(part, *(facts["films"][part][key] for key in (
        "films", "children", "normal", "bacterial_pneumonia", "viral_pneumonia")), use)
        for part, use in USES]
    figures = [line(name, f"{facts['report'][key]:.3f}",
                    "{:.3f} to {:.3f}".format(*facts["intervals_95"][key]))
               for name, key in FIGURES]
    changes = {"nothing": {**facts["report"], "decisions_changed": 0, "opposite_clear_answers": 0},
               **facts["interventions"]}
    interventions = [line(name, *(f"{row[key]:.3f}" for key in (
        "auc", "sensitivity", "specificity", "decisions_changed", "opposite_clear_answers",
        "cannot_say"))) for name, row in changes.items()]
    doubted, believed = doubts_text(facts)
    fixed = {key.split(".", 1)[1]: textwrap.fill(value, 96) for key, value in export.FIXED.items()}
    return CARD.format(
        version=fixed["version"], title=fixed["title"], intended_use=fixed["intended_use"],
        population=fixed["population"], training_data=fixed["training_data"],
        size=facts["input"]["size"], parameters=facts["input"]["parameters"] / 1e6,
        created=facts["created"], epochs=" and ".join(map(str, facts["network"]["epochs"])),
        doubted=doubted, believed=believed,
        unsure=", and in part of the archive not to be believed" if doubted else "",
        temperature=facts["decision"]["temperature"], threshold=facts["decision"]["threshold"],
        margin=facts["decision"]["margin"], wanted=facts["decision"]["sensitivity_wanted"],
        opposite=facts["decision"]["opposite_allowed"],
        worst=facts["worst_intervention"], gate=gate_text(facts),
        network=NETWORKS.get(facts["network"]["name"], facts["network"]["name"]),
        rounded=rounded_text(facts), framings=framings_text(facts["decision"]),
        averaged=averaged_text(facts["network"]) + size_text(facts["input"]), answers=ANSWERS if facts.get("answers") == "core" else "", aspect=facts["auc_of_aspect_ratio_alone"],
        parts="\n".join(parts), figures="\n".join(figures),
        reliability="\n".join(line(films, f"{mean:.3f}", f"{ill:.3f}")
                              for films, mean, ill in facts["reliability"]),
        interventions="\n".join(interventions), commands=COMMANDS)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--metrics", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    facts = json.loads(pathlib.Path(args.metrics).read_text(encoding="utf-8"))
    pathlib.Path(args.out).write_text(card(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
