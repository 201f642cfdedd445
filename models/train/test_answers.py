"""What is read out of answers: folds put together, suspects found, clusters, teachers, the gate."""

import pathlib
import tempfile
import unittest

import numpy as np

import clusters
import distil
import doubts
import folds
import gate
import noise
import pictures
import tuberculosis
from interventions import INTERVENTIONS
from net import CLASSES, GATES


def answers(films=60, seed=0, sure=3.0):
    """Rows of a predictions file whose answers are mostly right."""
    rng = np.random.default_rng(seed)
    for place in range(films):
        label = place % 3
        scores = rng.normal(0, 1, (len(INTERVENTIONS), 3))
        scores[:, label] += sure
        yield [f"film{place}.jpg", CLASSES[label], *(f"{value:.4f}" for value in scores.ravel())]


class Folds(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for seed in range(3):
            rows = list(answers(seed=seed))
            folds.write(self.folder / f"seed{seed}-fold0.csv", rows[:30])
            folds.write(self.folder / f"seed{seed}-fold1.csv", rows[30:])
        folds.write(self.folder / "cluster2.csv", answers(9, 5))

    def test_what_is_written_is_read(self):
        found = folds.read(self.folder)
        self.assertEqual({seed: len(films) for seed, films in found.items()},
                         {"seed0": 60, "seed1": 60, "seed2": 60})
        label, scores = found["seed1"]["film4.jpg"]
        self.assertEqual((label, set(scores)), (1, set(INTERVENTIONS)))

    def test_summary(self):
        out = folds.summary(self.folder)
        self.assertEqual(out["clusters"]["cluster2"]["films"], 9)
        mean, low, high = out["interventions"]["as it is"]["auc"]
        self.assertTrue(0.5 < low <= mean <= high)
        self.assertEqual(out["interventions"]["as it is"]["decisions_changed"][0], 0.0)
        self.assertGreater(out["interventions"]["blur"]["decisions_changed"][0], 0.0)

    def test_interval_is_students(self):
        mean, low, high = folds.spread([0.9, 0.92, 0.94])
        self.assertAlmostEqual(mean, 0.92)
        self.assertAlmostEqual(high - low, 2 * 4.303 * 0.02 / 3 ** 0.5, places=3)

    def test_teacher_is_the_mean_answer(self):
        found = folds.read(self.folder)
        taught = distil.teach(found, ["film1.jpg", "film0.jpg", "stranger.jpg"])
        np.testing.assert_allclose(taught[:2].sum(1), 1.0)
        self.assertTrue(np.isnan(taught[2]).all())
        self.assertEqual(taught[:2].argmax(1).tolist(), [1, 0])


class Noise(unittest.TestCase):
    def test_swapped_labels_are_found(self):
        rng = np.random.default_rng(0)
        truth = rng.integers(0, 3, 900)
        probability = rng.dirichlet(np.ones(3), 900) * 0.3
        probability[np.arange(900), truth] += 0.7
        labels = truth.copy()
        wrong = rng.permutation(900)[:45]
        labels[wrong] = (labels[wrong] + 1) % 3
        joint, _ = noise.confident(probability, labels)
        self.assertAlmostEqual(1 - float(np.trace(joint)), 0.05, delta=0.02)
        order, chosen = noise.suspects(probability, labels)
        self.assertGreater(len(order), 20)      # only the confident ones are suspects
        self.assertLessEqual(set(order), set(wrong))
        self.assertTrue((chosen[order] != labels[order]).all())


class Doubts(unittest.TestCase):
    def test_runs_of_wrong_labels_are_found(self):
        rng = np.random.default_rng(0)
        number = rng.permutation(np.arange(0, 4000, 4))
        share = np.where((number >= 1000) & (number < 1400) | (number >= 3600), 0.6, 0.1)
        runs = doubts.find(number, rng.random(1000) < share)
        self.assertEqual(len(runs), 2)
        (first, last), (late, end) = runs
        for found, true in ((first, 1000), (last, 1400), (late, 3600)):
            self.assertLess(abs(found - true), 4 * doubts.WINDOW)
        self.assertIsNone(end)

    def test_chance_makes_no_run(self):
        wrong = np.random.default_rng(1).random(1000) < 0.12
        self.assertEqual(doubts.find(np.arange(1000), wrong), [])

    def test_marks_are_of_one_kind(self):
        rows = [{"class": kind, "path": f"k/person9_x_{number}.jpeg"}
                for kind, number in ((1, 30), (1, 29), (2, 30), (0, 30))]
        rows.append({"class": 0, "path": "k/no number.jpeg"})
        runs = {"bacterial_pneumonia": [(30, None)]}
        self.assertEqual(doubts.marks(rows, runs).tolist(), [True, False, False, False, False])
        self.assertFalse(doubts.marks(rows, {}).any())


class Clusters(unittest.TestCase):
    def test_soft_and_sharp_films_part(self):
        rng = np.random.default_rng(0)
        films = []
        for place in range(40):
            film = rng.integers(0, 256, (100, 120)).astype(np.float32)
            if place % 2:
                film = film.reshape(25, 4, 30, 4).mean((1, 3)).repeat(4, 0).repeat(4, 1)
            films.append(film.astype(np.uint8))
        found = clusters.clusters(films, 2)
        self.assertEqual(len(set(found[::2])), 1)
        self.assertEqual(len(set(found[1::2])), 1)
        self.assertNotEqual(found[0], found[1])


class Gate(unittest.TestCase):
    def test_each_output_learns_from_what_it_may(self):
        """Two features say two faults; the third fault is never taught."""
        rng = np.random.default_rng(0)
        x = rng.normal(0, 1, (600, 5))
        taught = np.full((600, len(GATES)), np.nan)
        taught[:, 0] = x[:, 0] > 0.5
        taught[:300, 1] = x[:300, 1] > -0.5
        taught[300:, 1] = np.nan
        weight, bias = gate.fit(x, taught)
        score = gate.sigmoid(x @ weight.T + bias)
        self.assertGreater(((score[:, 0] > 0.5) == (x[:, 0] > 0.5)).mean(), 0.93)
        self.assertGreater(((score[300:, 1] > 0.5) == (x[300:, 1] > -0.5)).mean(), 0.93)
        self.assertEqual(np.abs(weight[2]).max(), 0)

    def test_thresholds_let_children_pass(self):
        rng = np.random.default_rng(0)
        children = gate.sigmoid(rng.normal(-3, 2, (500, 4)))
        limits = gate.place_thresholds(children, [0, 1, 2, 3])
        self.assertGreaterEqual((children < limits).all(1).mean(), gate.ACCEPTED)
        self.assertTrue((limits >= 0.5).all())

    def test_drawn_and_spoilt_pictures_are_films(self):
        film = np.random.default_rng(0).integers(0, 256, (90, 120)).astype(np.uint8)
        for _, picture in pictures.drawn(2 * len(pictures.DRAWN), 0):
            self.assertEqual((picture.dtype, picture.ndim), (np.uint8, 2))
            self.assertGreater(picture.size, 1000)
        for spoil in pictures.SPOILT.values():
            out = spoil(film, np.random.default_rng(1))
            self.assertEqual((out.dtype, out.ndim), (np.uint8, 2))
            self.assertFalse(np.array_equal(out, film))

    def test_a_ball_casts_a_round_shadow_from_everywhere(self):
        z, y, x = np.mgrid[-20:20, -20:20, -20:20]
        ball = np.where(x ** 2 + y ** 2 + z ** 2 < 15 ** 2, 300.0, -1000.0)
        for shadow in pictures.radiographs(ball, (2.0, 2.0, 2.0), np.random.default_rng(0), 4):
            self.assertEqual((shadow.dtype, shadow.ndim), (np.uint8, 2))
            self.assertGreater(int(shadow.max()) - int(shadow.min()), 200)
            # a disc of 15 in a window of 24 to 40: something like half of it is bright
            self.assertTrue(0.2 < (shadow > 60).mean() < 0.95)

    def test_sections_are_films(self):
        cube = np.random.default_rng(0).normal(0, 500, (40, 50, 60)).astype(np.float32)
        found = list(pictures.sections(cube))
        self.assertEqual(len(found), 3 * 3 * pictures.EACH_VOLUME)
        self.assertEqual({picture.dtype for picture in found}, {np.dtype(np.uint8)})


class Tuberculosis(unittest.TestCase):
    def test_no_lung_is_left(self):
        film = np.random.default_rng(0).integers(0, 256, (100, 120)).astype(np.uint8)
        blank = tuberculosis.blank(film)
        self.assertEqual(np.unique(blank[12:88, 12:108]).tolist(), [128])
        self.assertTrue(np.array_equal(blank[:12], film[:12]))

    def test_equalised_films_have_the_same_greys(self):
        rng = np.random.default_rng(0)
        dark, light = (np.clip(rng.normal(m, 20, (90, 90)), 0, 255).astype(np.uint8) for m in (60, 170))
        means = [tuberculosis.equalise(film).mean() for film in (dark, light)]
        self.assertLess(abs(means[0] - means[1]), 4)

    def test_a_source_that_gives_the_label_away_is_seen(self):
        """Two sources differ in one feature, the illness shows in none: only the source is told."""
        rng = np.random.default_rng(0)
        source = np.array(["tb_pakistan"] * 200 + ["rsna_normal"] * 200)
        ill = np.array([True] * 150 + [False] * 250)
        x = rng.normal(0, 1, (400, 6)).astype(np.float32)
        x[source == "tb_pakistan", 2] += 6
        keys = np.array([str(place) for place in range(400)])
        told = tuberculosis.questions(x, ill, source, tuberculosis.deal(keys, 5), keys)
        self.assertGreater(told["which source, healthy films alone"][0], 0.98)
        self.assertGreater(told["tuberculosis or healthy, two sources"][0], 0.9)
        self.assertLess(abs(told["tuberculosis or healthy, one source"][0] - 0.5), 0.15)
        self.assertLess(abs(told["taught on two sources, judged in one"][0] - 0.5), 0.15)


if __name__ == "__main__":
    unittest.main()
