"""Views are repeatable, finite and of one shape; interventions do what their names say."""

import unittest
from unittest import mock

import numpy as np
import torch

import augment
import preprocess
from interventions import INTERVENTIONS


def film(seed=0, shape=(224, 301)):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def squares(count=8, side=96):
    return torch.stack([torch.from_numpy(film(seed, (side, side))) for seed in range(count)])


def views(films, seed=0, size=64):
    aspect = torch.linspace(0.9, 1.8, len(films))
    return augment.views(films, aspect, torch.Generator().manual_seed(seed), size)


class Views(unittest.TestCase):
    def test_shape_finite_normalised_repeatable(self):
        for seed in range(10):
            first = views(squares(), seed)
            self.assertEqual((first.shape, first.dtype), ((8, 1, 64, 64), torch.float32))
            self.assertTrue(bool(torch.isfinite(first).all()))
            torch.testing.assert_close(first.mean((1, 2, 3)), torch.zeros(8), atol=1e-4, rtol=0)
            torch.testing.assert_close(first, views(squares(), seed))
        self.assertFalse(bool(torch.equal(views(squares(), 0), views(squares(), 1))))

    def test_films_are_not_changed(self):
        films = squares()
        views(films)
        torch.testing.assert_close(films, squares())

    def test_normalised_as_the_core_does(self):
        picture = torch.rand(3, 20, 20)
        wanted = np.stack([preprocess.normalise(each.numpy()) for each in picture])
        torch.testing.assert_close(augment.normalise(picture), torch.from_numpy(wanted),
                                   atol=1e-5, rtol=1e-5)

    def test_flat_film_stays_flat_in_a_frame_that_fits(self):
        """With the rim as background there is nothing else to see, whatever the window."""
        draw = augment.Draw(6, torch.Generator().manual_seed(0), "cpu")
        white = torch.ones(6, 100, 100)
        with mock.patch.object(augment, "background", lambda picture, draw: torch.ones(6)):
            seen = augment.frame(white, torch.ones(6), draw, 32)
        torch.testing.assert_close(seen, torch.ones(6, 32, 32), atol=1e-5, rtol=0)

    def test_framing_does_not_depend_on_the_class(self):
        """How much of the film a window shows has the same distribution for narrow and wide films."""
        marked = torch.zeros(400, 64, 64)
        marked[:, 24:40, 24:40] = 1.0
        aspect = torch.where(torch.arange(400) < 200, 0.9, 1.6)
        draw = augment.Draw(400, torch.Generator().manual_seed(0), "cpu")
        with mock.patch.object(augment, "background", lambda picture, draw: torch.zeros(400)):
            share = augment.frame(marked, aspect, draw, 32).mean((1, 2))
        narrow, wide = float(share[:200].mean()), float(share[200:].mean())
        self.assertLess(abs(narrow - wide), 0.15 * narrow)

    def test_compression_at_best_quality_changes_little_and_at_worst_more(self):
        picture = torch.rand(4, 64, 64)
        draw = lambda: augment.Draw(4, torch.Generator().manual_seed(3), "cpu")
        low = mock.patch.object(augment.Draw, "uniform", lambda self, a=0.0, b=1.0:
                                torch.full((4,), a))
        high = mock.patch.object(augment.Draw, "uniform", lambda self, a=0.0, b=1.0:
                                 torch.full((4,), b - 1e-3))
        with low:
            worst = augment.compress(picture, draw(), share=1.0)
        with high:
            best = augment.compress(picture, draw(), share=1.1)
        small, large = (float((each - picture).abs().mean()) for each in (best, worst))
        self.assertLess(small, 0.05)
        self.assertLess(2 * small, large)


class Interventions(unittest.TestCase):
    def test_all_give_films(self):
        for name, change in INTERVENTIONS.items():
            out = change(film())
            self.assertEqual((out.dtype, out.ndim), (np.uint8, 2), name)

    def test_sizes(self):
        self.assertEqual(INTERVENTIONS["crop 10 %"](film(shape=(200, 300))).shape, (160, 240))
        self.assertEqual(INTERVENTIONS["zoom out 10 %"](film(shape=(200, 300))).shape, (240, 360))

    def test_letters_touch_the_rim_only(self):
        black = np.zeros((300, 300), np.uint8)
        changed = INTERVENTIONS["letters"](black) > 0
        self.assertTrue(changed.any())
        self.assertFalse(changed[40:270, 40:260].any())

    def test_gamma_direction(self):
        grey = np.full((2, 2), 128, np.uint8)
        self.assertGreater(INTERVENTIONS["gamma 0.7"](grey)[0, 0], 128)
        self.assertLess(INTERVENTIONS["gamma 1.4"](grey)[0, 0], 128)


if __name__ == "__main__":
    unittest.main()
