"""The network can learn, its start keeps its function, and the figures are what they claim."""

import pathlib
import tempfile
import unittest

import numpy as np
import torch

import card
import evaluate
import metrics
import net as nets
import train
from net import Net, fold, folded_names, start

nets.NETS["tiny"] = (((1, 16, 1, 1), (2, 24, 2, 2)), 48, None)


def small():
    torch.manual_seed(0)
    return Net("tiny", dropout=0.0)


def stirred(net):
    """With statistics as training leaves them."""
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    return net.eval()


class Learning(unittest.TestCase):
    def test_small_net_overfits_eight_pictures(self):
        torch.manual_seed(0)
        net, pictures = small().train(), torch.randn(8, 1, 32, 32)
        target = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
        optim = train.optimiser(net, 1e-4)
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


class Targets(unittest.TestCase):
    def test_a_teacher_takes_its_share(self):
        alone = train.targets(np.array([2]), None, 0.7)
        torch.testing.assert_close(alone.sum(1), torch.ones(1))
        self.assertGreater(float(alone[0, 2]), 0.96)
        both = train.targets(np.array([2]), np.array([[1.0, 0.0, 0.0]]), 0.7)
        torch.testing.assert_close(both, 0.3 * alone + torch.tensor([[0.7, 0.0, 0.0]]))


    def test_a_doubted_film_teaches_only_that_it_is_ill(self):
        scores = torch.tensor([[0.3, -0.2, 0.9], [1.0, 0.5, -0.5]], requires_grad=True)
        target = train.targets(np.array([1, 1]), None, 0.0)
        logs = torch.nn.functional.log_softmax(scores, 1)
        doubted = torch.tensor([True, False])
        wanted = train.unkind(target, scores, doubted)
        torch.testing.assert_close(wanted[1], target[1])
        (found,) = torch.autograd.grad(-(wanted[0] * logs[0]).sum(), scores, retain_graph=True)
        ill = torch.logsumexp(logs[0, 1:], 0)
        (plain,) = torch.autograd.grad(-(target[0, 0] * logs[0, 0] + target[0, 1:].sum() * ill), scores)
        torch.testing.assert_close(found, plain)


class Folding(unittest.TestCase):
    def test_the_folded_network_is_the_same_function(self):
        net, x = stirred(small()), torch.randn(2, 1, 32, 32)
        folded = fold(net)
        self.assertFalse([m for m in folded.modules() if isinstance(m, torch.nn.BatchNorm2d)])
        with torch.no_grad():
            torch.testing.assert_close(folded(x), net(x), atol=1e-5, rtol=1e-5)


class Start(unittest.TestCase):
    def test_batch_norm_put_back_changes_nothing(self):
        """Every layer of the started network gives convolution + stored bias, and can be trained."""
        net, rng, stored = Net("whole"), np.random.default_rng(0), {}
        convs, names = net.convolutions(), folded_names(net)
        self.assertEqual(len(names), len(convs))
        for conv, name in zip(convs, names):
            out, inside, height, width = conv.weight.shape
            shape = (out, height, width, 3 if name == "Conv" else inside)
            if conv.groups > 1:
                shape = (1, height, width, out)
            stored[f"MobilenetV2/{name}/w"] = rng.normal(0, 0.1, shape).astype(np.float16)
            stored[f"MobilenetV2/{name}/b|bias"] = rng.normal(0, 0.1, out).astype(np.float16)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "start.npz"
            np.savez(path, **stored)
            sample = torch.randn(4, 1, 64, 64)
            start(net, path, sample)
        with torch.no_grad():
            size = net.eval().pooled(sample).square().sum(1).mean().sqrt()
        self.assertAlmostEqual(float(size), nets.FEATURES_SIZE, places=2)
        folded = fold(net)
        last = folded.convolutions()[-1]        # scaled as a whole, for the last layer's sake
        wanted = stored[f"MobilenetV2/{names[-1]}/w"].astype(np.float32)
        scale = float(np.abs(wanted).sum()) / float(last.weight.abs().sum())
        with torch.no_grad():
            last.weight.mul_(scale)
            last.bias.mul_(scale)
        for conv, name in zip(folded.convolutions(), names):
            bias = torch.from_numpy(stored[f"MobilenetV2/{name}/b|bias"].astype(np.float32))
            torch.testing.assert_close(conv.bias.detach(), bias, atol=2e-3, rtol=2e-3)
            kernel = torch.from_numpy(stored[f"MobilenetV2/{name}/w"].astype(np.float32))
            kernel = kernel.permute(3, 0, 1, 2) if conv.groups > 1 else kernel.permute(0, 3, 1, 2)
            if name == "Conv":
                kernel = kernel.sum(1, keepdim=True) * nets.IMAGENET_DEVIATION
            torch.testing.assert_close(conv.weight.detach(), kernel, atol=2e-3, rtol=2e-3)


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
        none = np.zeros(4000, bool)
        fit = lambda labels, doubted: evaluate.fit_temperature(scores * 2.5, labels, np.ones(3), doubted)
        self.assertAlmostEqual(fit(labels, none), 2.5, delta=0.2)
        swapped = np.where(labels > 0, 3 - labels, 0)      # all kinds wrong, but not believed
        self.assertAlmostEqual(fit(swapped, labels > 0), 2.5, delta=0.3)
        self.assertGreater(fit(swapped, none), 4.0)

    def test_calibration_error(self):
        self.assertAlmostEqual(metrics.calibration_error([0.25] * 4, [0, 0, 0, 1]), 0.0)
        self.assertAlmostEqual(metrics.calibration_error([0.95] * 4, [0, 0, 0, 0]), 0.95)

    def test_six_films_as_in_the_core(self):
        """The same six films as in tests/unit/test_metrics.c."""
        score = np.array([1.0, 0.75, 0.75, 0.5, 0.25, 0.125])
        truth = np.array([1, 1, 0, 0, 1, 0], bool)
        self.assertAlmostEqual(metrics.auc(score, truth), 6.5 / 9)
        self.assertEqual(metrics.rates(score, truth, 0.75), (2 / 3, 2 / 3))
        self.assertAlmostEqual(metrics.calibration_error(score, truth), 1.875 / 6)

    def test_prevalence_is_what_the_weights_make_it(self):
        truth = np.arange(10) < 7
        weight = evaluate.at_prevalence(truth, 0.2)
        self.assertAlmostEqual(weight[truth].sum() / weight.sum(), 0.2)

    def test_reliability_has_each_bin_once(self):
        rows = metrics.reliability([0.05, 0.07, 0.95, 1.0], [0, 1, 1, 1], np.array([3.0, 1, 1, 1]))
        np.testing.assert_allclose(rows, [[2, 0.055, 0.25], [2, 0.975, 1.0]])

    def test_threshold_between_two_groups(self):
        ill, truth = np.array([0.1] * 50 + [0.7] * 50), np.arange(100) >= 50
        threshold = evaluate.place_threshold(ill[truth])
        self.assertGreaterEqual((ill[truth] >= threshold).mean(), evaluate.SENSITIVITY)
        self.assertLess((ill[truth] >= threshold + 0.02).mean(), evaluate.SENSITIVITY)
        self.assertLess(evaluate.place_threshold(ill[truth], ill[truth] - 0.2), threshold - 0.1)

    def test_margin_catches_answers_that_flip(self):
        before = np.array([0.47] * 5 + [0.9] * 95)
        after = np.array([0.55] * 5 + [0.9] * 95)
        margin = evaluate.place_margin(before, after, 0.5)
        answers = (evaluate.clear(before, 0.5, margin), evaluate.clear(after, 0.5, margin))
        self.assertTrue((answers[0] * answers[1] >= 0).all())


class Card(unittest.TestCase):
    def test_every_part_is_filled_in(self):
        figure = {name: 0.9 for _, name in card.FIGURES}
        part = {"films": 4, "children": 3, **{name: 1 for name in nets.CLASSES}}
        facts = {
            "created": "1970-01-01", "checkpoint_epoch": 7, "report": figure,
            "network": {"name": "whole", "settled": 0, "epochs": [20, 8]},
            "rounding": {"select": {"films": 418, "auc": [0.99, 0.98], "decisions_changed": 1, "largest_change": 0.1}},
            "doubted_runs": {"bacterial_pneumonia": [[3430, None]], "viral_pneumonia": [[5, 9]]},
            "believed": {"films": part, "report": figure, "doubted_viral_auc": 0.4,
                         "intervals_95": {name: [0.8, 1.0] for name in figure}},
            "input": {"size": 192, "parameters": 2200000},
            "films": {name: part for name in ("train", "select", "report")},
            "decision": {"temperature": 1.1, "threshold": 0.4, "margin": 0.05,
                         "sensitivity_wanted": 0.97, "opposite_allowed": 0.01},
            "intervals_95": {name: [0.8, 1.0] for name in figure},
            "interventions": {"blur": {**figure, "decisions_changed": 0.1,
                                       "opposite_clear_answers": 0.0}},
            "worst_intervention": "blur", "reliability": [[5, 0.12, 0.2]], "auc_of_aspect_ratio_alone": 0.85,
            "gate": {"gates": ["adult"],
                     "held_back": {"adult": {"pictures": 9, "refused": 1, "by_its_own_gate": 1}}}}
        text = card.card(facts)
        self.assertNotRegex(text, r"[{}]")
        self.assertIn("| adult | 9 | 1.000 | 1.000 |", text)
        flat = " ".join(text.split())
        self.assertIn("rounded to eight bits, without more training;", flat)
        self.assertIn('1 of 418 ("select"); AUC from 0.9900 to 0.9800', flat)
        self.assertIn("bacterial 3430 on, viral 5 to 9", text)
        self.assertIn("for 20 epochs, and not in the last 8", text)
        facts["network"].update(epochs=[20], settled=3)
        facts["rounding"] = None
        self.assertIn("and trained so for 3 epochs", " ".join(card.card(facts).split()))
        facts["network"]["settled"] = None
        self.assertNotIn("eight bits", card.card(facts))
        self.assertNotIn("epochs were run", card.card(facts))
        facts["network"].update(epochs=[20, 12], averaged=3)
        self.assertIn("The last 12 epochs were run 3 times", card.card(facts))
        self.assertNotIn("Views had", card.card(facts))
        facts["input"]["trained_size"] = 160
        self.assertIn("Views had 160 x 160 pixels. A film is read at 192 x 192", card.card(facts))
        facts["network"].update(epochs=[20], averaged=1)
        self.assertIn("This network was taught it.", card.card(facts))
        facts["doubted_runs"] = {}
        self.assertNotIn("believed", card.card(facts))
        del facts["gate"]
        self.assertNotIn("When it does not answer", card.card(facts))


if __name__ == "__main__":
    unittest.main()
