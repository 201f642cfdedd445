"""The resize against a plain loop, and the rest of the contract with the core."""

import unittest

import numpy as np
from PIL import Image

import preprocess


def plain_axis(values, target):
    """One axis resized by the words of the contract, pixel by pixel."""
    source, out = len(values), []
    step = source / target
    for i in range(target):
        if step > 1.0:
            start, stop, total = i * step, (i + 1) * step, 0.0
            for j, value in enumerate(values):
                total += value * max(0.0, min(stop, j + 1) - max(start, j))
            out.append(total / step)
        else:
            place = min(max((i + 0.5) * step - 0.5, 0.0), source - 1.0)
            left = int(place)
            right = min(left + 1, source - 1)
            out.append(values[left] * (1 - place + left) + values[right] * (place - left))
    return out


def plain_resize(picture, size):
    rows = [plain_axis(list(row), size) for row in picture]
    columns = [plain_axis([row[x] for row in rows], size) for x in range(size)]
    return np.array(columns).T


class Resize(unittest.TestCase):
    def test_equals_plain_loop(self):
        rng = np.random.default_rng(0)
        for height, width, size in ((9, 13, 4), (7, 5, 7), (3, 4, 11), (20, 6, 8), (1, 1, 5)):
            picture = rng.random((height, width)).astype(np.float32)
            np.testing.assert_allclose(preprocess.squash(picture, size),
                                       plain_resize(picture, size), atol=2e-6)

    def test_rows_sum_to_one_and_same_size_is_identity(self):
        for source, target in ((1500, 160), (224, 160), (161, 160), (100, 160), (1, 160)):
            sums = preprocess.resize_matrix(source, target).sum(1)
            np.testing.assert_allclose(sums, 1.0, atol=1e-5)
        np.testing.assert_array_equal(preprocess.resize_matrix(160, 160), np.eye(160))

    def test_window_equals_cutting_first(self):
        picture = np.random.default_rng(1).random((40, 60)).astype(np.float32)
        rows = preprocess.resize_matrix(40, 8, 4, 36)
        columns = preprocess.resize_matrix(60, 8, 10, 50)
        np.testing.assert_allclose(rows @ picture @ columns.T,
                                   preprocess.squash(picture[4:36, 10:50], 8), atol=1e-6)

    def test_outside_gets_no_weight(self):
        np.testing.assert_allclose(preprocess.resize_matrix(4, 4, -4, 4).sum(1), [0, 0, 1, 1])


class Normalise(unittest.TestCase):
    def test_mean_and_deviation(self):
        value = preprocess.prepare(np.random.default_rng(0).random((300, 200)).astype(np.float32))
        self.assertEqual((value.shape, value.dtype), ((1, preprocess.SIZE, preprocess.SIZE), np.float32))
        self.assertAlmostEqual(float(value.mean()), 0.0, places=5)
        self.assertAlmostEqual(float(value.std()), 1.0, places=4)

    def test_exposure_does_not_matter(self):
        grey = np.random.default_rng(0).random((50, 50)).astype(np.float32)
        np.testing.assert_allclose(preprocess.prepare(grey * 0.5 + 0.2), preprocess.prepare(grey),
                                   atol=1e-5)

    def test_flat_picture_stays_finite(self):
        self.assertTrue(np.all(preprocess.prepare(np.full((9, 9), 0.3, np.float32)) < 1e-3))


class Grey(unittest.TestCase):
    def test_luma_and_depths(self):
        red = preprocess.to_grey(Image.new("RGB", (2, 2), (255, 0, 0)))
        self.assertAlmostEqual(float(red[0, 0]), 0.299, places=6)
        self.assertEqual(preprocess.to_grey(Image.new("L", (2, 2), 255))[0, 0], 1.0)
        self.assertEqual(preprocess.to_grey(Image.new("LA", (2, 2), (255, 0)))[0, 0], 1.0)
        deep = Image.fromarray(np.full((2, 2), 65535, np.uint16))
        self.assertEqual(preprocess.to_grey(deep)[0, 0], 1.0)


if __name__ == "__main__":
    unittest.main()
