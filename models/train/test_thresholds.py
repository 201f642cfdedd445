"""Thresholds on invented scores: the best one, the mean of the best, and what they bring where the odds have moved."""

import unittest

import numpy as np

import thresholds


def invented(random, films, shift=0.0):
    ill = np.arange(films) % 2 == 1
    odds = 2 * random.normal(size=films) + np.where(ill, 2.5, -2.5) + shift
    return odds, ill


class Thresholds(unittest.TestCase):
    def test_the_best_has_most_room(self):
        score, ill = np.array([0.9, 0.8, 0.5, 0.3, 0.1]), np.array([True, True, False, True, False])
        self.assertAlmostEqual(thresholds.best(score, ill), 0.65)  # as good as 0.2, with more room

    def test_equal_scores_are_not_parted(self):
        score, ill = np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False])
        self.assertIn(round(float(thresholds.best(score, ill)), 3), (0.3, 0.7))

    def test_the_mean_is_nearer_to_what_is_best_for_all(self):
        off = []
        for seed in range(20):
            random = np.random.default_rng(seed)
            odds, ill = invented(random, 100)
            score = thresholds.sigmoid(odds)
            found = thresholds.best(score, ill), thresholds.mean_of_best(score, ill, random)
            off.append([np.log(one / (1 - one)) ** 2 for one in found])
        best, mean = np.mean(off, axis=0)
        self.assertLess(mean, best / 1.5)

    def test_what_a_shift_has_cost_comes_back(self):
        def answer(odds):
            p = thresholds.sigmoid(odds)
            return {"p_normal": 1 - p, "p_bacterial_pneumonia": p / 2, "p_viral_pneumonia": p / 2}

        odds, ill = invented(np.random.default_rng(1), 300)
        rows = [{"path": str(i), "patient": str(i), "label": "bacterial_pneumonia" if ill[i] else "normal"}
                for i in range(300)]
        were = {row["path"]: answer(one) for row, one in zip(rows, odds)}
        on_it = {row["path"]: answer(one + 4) for row, one in zip(rows, odds)}
        was, lost, best, mean = thresholds.measure(rows, were, on_it, 3).mean(axis=0)
        self.assertLess(lost, was - 0.1)
        for after in (best, mean):
            self.assertGreater(after, was - 0.03)


if __name__ == "__main__":
    unittest.main()
