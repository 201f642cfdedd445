"""What the core answers: the command line, asked for films as they are or changed.

Eight bits all through are integers in the core, with the same bits wherever it runs.  Torch adds the same products in
floats, and a sum that falls on the other side of a rounding moves a probability by hundredths.  So what is told of such
a model, and what is placed on it, comes from here.
"""

import json
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx.helper
import torch
from PIL import Image

import export
import quantise
from interventions import INTERVENTIONS
from net import CLASSES, fold
from train import Device, inputs, logits

PLAIN = "as it is"      # the intervention that changes nothing

BATCH = 200     # films a call, each of which loads the model
DECISIONS = ("gate", "temperature", "threshold", "margin")      # keys, and what begins them
SMALLEST = 1.2e-38      # normal float32: what a probability is kept from being less than


class Engine:
    """A model without gate and temperature, so that every film has an answer from which its logits can be told."""

    def __init__(self, program, model, strings):
        """``model`` is an ONNX model, ``strings`` its metadata_props."""
        self.program, self.model = str(program), onnx.ModelProto()
        self.model.CopyFrom(model)
        del self.model.metadata_props[:]
        onnx.helper.set_model_props(self.model, {
            key: value for key, value in strings.items() if key.split(".")[1] not in DECISIONS})
        self.folder = tempfile.TemporaryDirectory(prefix="pleura-engine-")
        self.path = pathlib.Path(self.folder.name) / "model.onnx"
        self.path.write_bytes(self.model.SerializeToString())

    def files(self, paths):
        """Logits of image files, each film's less a constant, which no softmax sees."""
        ran = subprocess.run([self.program, "classify", "--json", "--model", self.path, "-"], check=True, text=True,
                             input="".join(f"{path}\n" for path in paths), stdout=subprocess.PIPE)
        lines = [json.loads(line) for line in ran.stdout.splitlines()]
        if [line["file"] for line in lines] != [str(path) for path in paths]:
            raise RuntimeError(f"{self.program} did not answer the files that it was asked for")
        found = np.array([[line["probabilities"][name] for name in CLASSES] for line in lines])
        return np.log(np.maximum(found, SMALLEST))

    def changed(self, films, places, change):
        """The same of films (``data.Films``) under an intervention."""
        found = []
        for first in range(0, len(places), BATCH):
            paths = []
            for place in places[first:first + BATCH]:
                paths.append(pathlib.Path(self.folder.name) / f"{place}.png")
                Image.fromarray(np.ascontiguousarray(change(films[int(place)]))).save(paths[-1], compress_level=1)
            found.append(self.files(paths))
            for path in paths:
                path.unlink()
        return np.concatenate(found)


def answering(args, films, net, size, weights, **framings):
    """A function from places of films and an intervention's name to their logits: torch's, or the core's.

    ``framings``: those of a decision, that the core is to run for every film whose answer is in their range.
    """
    if args.engine:
        engine = Engine(args.engine, export.to_onnx(net, size, weights),
                        {**export.FIXED, **export.framing_strings(framings)})
        return lambda chosen, name: (engine.files([films.paths[place] for place in chosen]) if name == PLAIN
                                     else engine.changed(films, chosen, INTERVENTIONS[name]))
    device = Device(half=False)     # as the core computes
    net = device.put(quantise.store(fold(net), weights)).to(memory_format=torch.channels_last)
    return lambda chosen, name: logits(net, inputs(films, chosen, INTERVENTIONS[name], size), device, args.flip)
