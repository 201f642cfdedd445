"""Views are repeatable, finite and of one shape; interventions do what their names say."""

import unittest

import numpy as np

import augment
from interventions import INTERVENTIONS


def film(seed=0, shape=(224, 301)):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


class Views(unittest.TestCase):
    def test_shape_finite_repeatable(self):
        for seed in range(40):
            first = augment.view(film(), np.random.default_rng(seed))
            self.assertEqual((first.shape, first.dtype), ((1, 160, 160), np.float32))
            self.assertTrue(np.isfinite(first).all())
            again = augment.view(film(), np.random.default_rng(seed))
            np.testing.assert_array_equal(first, again)

    def test_film_is_not_changed(self):
        picture = film()
        augment.view(picture, np.random.default_rng(0))
        np.testing.assert_array_equal(picture, film())

    def test_flat_film_stays_flat_in_a_frame_that_fits(self):
        white = np.full((100, 100), 255, np.uint8)
        seen = augment.frame(white, np.random.default_rng(0), 1.0, 32)
        np.testing.assert_allclose(seen, 1.0, atol=1e-5)


class Interventions(unittest.TestCase):
    def test_all_give_films(self):
        for name, change in INTERVENTIONS.items():
            out = change(film())
            self.assertEqual((out.dtype, out.ndim), (np.uint8, 2), name)

    def test_sizes(self):
        self.assertEqual(INTERVENTIONS["crop 10 %"](film(shape=(200, 300))).shape, (160, 240))
        self.assertEqual(INTERVENTIONS["zoom out 10 %"](film(shape=(200, 300))).shape, (240, 360))

    def test_gamma_direction(self):
        grey = np.full((2, 2), 128, np.uint8)
        self.assertGreater(INTERVENTIONS["gamma 0.7"](grey)[0, 0], 128)
        self.assertLess(INTERVENTIONS["gamma 1.4"](grey)[0, 0], 128)


if __name__ == "__main__":
    unittest.main()
