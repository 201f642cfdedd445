"""A fresh DenseNet-121 of 18 outputs, the architecture of TorchXRayVision, becomes a model that the
command line takes and that computes what PyTorch computes. Run after building the preset native:

    /usr/bin/python3 -m unittest discover models/convert
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import convert  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLEURA = ROOT / "build/native/pleura"
LABELS = ("Atelectasis,Consolidation,Infiltration,Pneumothorax,Edema,Emphysema,Fibrosis,Effusion,"
          "Pneumonia,Pleural_Thickening,Cardiomegaly,Nodule,Mass,Hernia,Lung Lesion,Fracture,"
          "Lung Opacity,Enlarged Cardiomediastinum")


def pleura(*arguments):
    return subprocess.run([str(PLEURA), *map(str, arguments)], check=True, capture_output=True,
                          text=True).stdout


class Conversion(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        torch.manual_seed(4)

    def run_model(self, model, image):
        image.numpy().astype("<f4").tofile(self.path / "in.f32")
        pleura("run", "--model", model, self.path / "in.f32", "--output", self.path / "out.f32")
        return np.fromfile(self.path / "out.f32", "<f4")

    def agrees(self, network, model, channels):
        image = torch.randn(1, channels, 224, 224) * 500
        with torch.no_grad():
            wanted = network(image).numpy()[0]
        got = self.run_model(model, image)
        self.assertEqual(got.shape, wanted.shape)
        self.assertGreater(np.ptp(wanted), 1e-3)
        np.testing.assert_allclose(got, wanted, atol=1e-4 * np.abs(wanted).max(), rtol=0)

    def test_random_densenet(self):
        model = self.path / "chest.onnx"
        network = convert.main(["--architecture", "densenet121", "--preset", "xrv", "--labels",
                                LABELS, "--finding", "Pneumonia", "--output", str(model)])
        self.agrees(network, model, 1)
        info = json.loads(pleura("info", model, "--json"))
        self.assertEqual(len(info["labels"]), 18)
        self.assertEqual(info["labels"][-1], "enlarged_cardiomediastinum")
        self.assertEqual(info["finding"], "pneumonia")
        self.assertEqual(info["input"]["channels"], 1)
        self.assertEqual(info["properties"]["pleura.input.range"], "xrv")
        film = ROOT / "tests/fixtures/films/normal-1.jpg"
        answer = json.loads(pleura("classify", "--model", model, "--json", film))
        self.assertEqual(len(answer["probabilities"]), 18)

    def test_weights_with_calibration_and_missing_labels(self):
        network = convert.build("densenet121", 1, 18)
        state = network.state_dict()
        older = {key.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): value
                 for key, value in state.items()}
        thresholds = torch.rand(18) * 0.8 + 0.1
        thresholds[1] = float("nan")
        older["op_threshs"] = thresholds
        torch.save(older, self.path / "weights.pt")
        labels = LABELS.split(",")
        labels[1] = ""
        model = self.path / "chest.onnx"
        made = convert.main(["--architecture", "densenet121", "--preset", "xrv", "--labels",
                             ",".join(labels), "--weights", str(self.path / "weights.pt"),
                             "--output", str(model)])
        self.agrees(made, model, 1)
        image = torch.randn(1, 1, 224, 224) * 500
        kept = [i for i in range(18) if i != 1]
        with torch.no_grad():
            p, t = torch.sigmoid(network(image))[0, kept].numpy(), thresholds[kept].numpy()
        bent = np.where(p < t, p / (2 * t), 1 - (1 - p) / (2 * (1 - t)))
        np.testing.assert_allclose(self.run_model(model, image), bent, atol=1e-4)
        info = json.loads(pleura("info", model, "--json"))
        self.assertEqual(len(info["labels"]), 17)
        self.assertEqual(info["properties"]["pleura.activation"], "none")

    def test_imagenet(self):
        model = self.path / "photo.onnx"
        network = convert.main(["--architecture", "mobilenet_v3_small", "--preset", "imagenet",
                                "--labels", ",".join(f"c{i}" for i in range(1000)),
                                "--output", str(model)])
        image = torch.randn(1, 3, 224, 224)
        with torch.no_grad():
            wanted = network(image).numpy()[0]
        np.testing.assert_allclose(self.run_model(model, image), wanted,
                                   atol=1e-4 * np.abs(wanted).max())

    def test_refuses_a_finding_that_is_no_label(self):
        with self.assertRaises(SystemExit):
            convert.main(["--architecture", "squeezenet1_1", "--preset", "imagenet", "--labels",
                          "a,b", "--finding", "c", "--output", str(self.path / "x.onnx")])


if __name__ == "__main__":
    unittest.main()
