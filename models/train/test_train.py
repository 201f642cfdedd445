"""The network can learn, its start keeps its function, and the figures are what they claim."""

import pathlib
import tempfile
import unittest

import numpy as np
import torch

import evaluate
import metrics
import train
from net import ConvNorm, Net, folded_names, start_from_imagenet


def small():
    torch.manual_seed(0)
    return Net(dropout=0.0, blocks=((1, 16, 1, 1), (2, 24, 2, 2)), head=48)


class Learning(unittest.TestCase):
    def test_small_net_overfits_eight_pictures(self):
        torch.manual_seed(0)
        net, pictures = small().train(), torch.randn(8, 1, 32, 32)
        target = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
        optim = train.optimiser(net)
        for family in optim.param_groups:
            family["lr"] = 0.05
        for _ in range(60):
            loss = torch.nn.functional.cross_entropy(net(pictures), target)
            optim.zero_grad()
            loss.backward()
            optim.step()
        self.assertLess(float(loss), 0.1)
        self.assertTrue(bool((net(pictures).argmax(1) == target).all()))

    def test_schedule(self):
        rates = [train.learning_rate(step, 100, 1.0, 10) for step in range(100)]
        self.assertAlmostEqual(rates[9], 1.0)
        self.assertEqual(int(np.argmax(rates)), 9)
        self.assertLess(rates[-1], 0.01)

    def test_average_follows(self):
        first, second = small(), small()
        with torch.no_grad():
            second.linear.bias += 1.0
        train.average_into(first, second, 0.75)
        torch.testing.assert_close(first.linear.bias, torch.full((3,), 0.25))

    def test_prior_weights(self):
        labels = np.array([0] * 26 + [1] * 48 + [2] * 26)
        weights = train.prior_weights(labels)
        self.assertAlmostEqual(weights[labels].mean(), 1.0)
        self.assertAlmostEqual(weights[0] * 26, weights[1] * 48 + weights[2] * 26)


class Start(unittest.TestCase):
    def test_batch_norm_put_back_changes_nothing(self):
        """With restored batch norm, each layer still gives convolution + stored bias."""
        net, rng, stored = Net(), np.random.default_rng(0), {}
        pairs = [m for m in net.modules() if isinstance(m, ConvNorm)]
        names = folded_names(net)
        self.assertEqual(len(names), len(pairs))
        for pair, name in zip(pairs, names):
            out, inside, height, width = pair[0].weight.shape
            shape = (out, height, width, 3 if name == "Conv" else inside)
            if pair[0].groups > 1:
                shape = (1, height, width, out)
            stored[f"MobilenetV2/{name}/w"] = rng.normal(0, 0.1, shape).astype(np.float16)
            stored[f"MobilenetV2/{name}/b|bias"] = rng.normal(0, 0.1, out).astype(np.float16)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "start.npz"
            np.savez(path, **stored)
            start_from_imagenet(net, path, torch.randn(4, 1, 64, 64))
        first = pairs[0]
        x = torch.randn(2, 1, 64, 64)
        bias = torch.from_numpy(stored["MobilenetV2/Conv/b|bias"].astype(np.float32))
        with torch.no_grad():
            plain = first[0](x) + bias[None, :, None, None]
            torch.testing.assert_close(first[1].eval()(first[0](x)), plain, atol=1e-4, rtol=1e-4)


class Figures(unittest.TestCase):
    def test_auc_equals_counting_pairs(self):
        rng = np.random.default_rng(0)
        score, truth = rng.integers(0, 10, 60) / 10, rng.random(60) < 0.4
        pairs = [(a > b) + 0.5 * (a == b) for a in score[truth] for b in score[~truth]]
        self.assertAlmostEqual(metrics.auc(score, truth), float(np.mean(pairs)))

    def test_rates_call_the_threshold_itself_positive(self):
        self.assertEqual(metrics.rates([0.2, 0.5, 0.5, 0.9], [0, 0, 1, 1], 0.5), (1.0, 0.5))

    def test_temperature_is_found(self):
        rng = np.random.default_rng(0)
        scores = rng.normal(0, 2, (4000, 3))
        labels = np.array([rng.choice(3, p=p) for p in metrics.softmax(scores)])
        self.assertAlmostEqual(evaluate.fit_temperature(scores * 2.5, labels, np.ones(3)), 2.5,
                               delta=0.2)

    def test_calibration_error(self):
        self.assertAlmostEqual(metrics.calibration_error([0.25] * 4, [0, 0, 0, 1]), 0.0)
        self.assertAlmostEqual(metrics.calibration_error([0.95] * 4, [0, 0, 0, 0]), 0.95)

    def test_threshold_between_two_groups(self):
        ill, truth = np.array([0.1] * 50 + [0.7] * 50), np.arange(100) >= 50
        self.assertTrue(0.1 < evaluate.place_threshold(ill, truth, ill, truth) <= 0.7)

    def test_margin_catches_answers_that_flip(self):
        before = np.array([0.47] * 5 + [0.9] * 95)
        after = np.array([0.55] * 5 + [0.9] * 95)
        margin = evaluate.place_margin(before, after, 0.5)
        answers = (evaluate.clear(before, 0.5, margin), evaluate.clear(after, 0.5, margin))
        self.assertTrue((answers[0] * answers[1] >= 0).all())


if __name__ == "__main__":
    unittest.main()
