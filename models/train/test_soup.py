"""The mean of networks is one network of theirs, with statistics of what it sees itself."""

import copy
import unittest

import torch

import soup
from test_train import small, stirred


class Soup(unittest.TestCase):
    def test_every_weight_is_the_mean(self):
        first, second = stirred(small()), stirred(small())
        for value in second.state_dict().values():
            if value.dtype.is_floating_point:
                value.normal_()
        wanted = {name: (value + second.state_dict()[name]) / 2 for name, value in first.state_dict().items()
                  if value.dtype.is_floating_point}
        found = soup.mean([first, second]).state_dict()
        for name, value in wanted.items():
            torch.testing.assert_close(found[name], value)

    def test_statistics_are_those_of_all_batches(self):
        torch.manual_seed(1)
        net, batches = stirred(small()), [torch.randn(8, 1, 32, 32) for _ in range(4)]
        first = net.features[0]
        with torch.no_grad():
            seen = torch.cat([first.convolve(batch) for batch in batches])
        before = copy.deepcopy(net.state_dict())
        soup.refresh(net, batches)
        torch.testing.assert_close(first.norm.running_mean, seen.mean((0, 2, 3)), atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(first.norm.running_var, seen.var((0, 2, 3)), atol=1e-3, rtol=1e-2)
        torch.testing.assert_close(first.norm.weight, before["features.0.norm.weight"])
        self.assertFalse(net.training)
        self.assertIsNotNone(first.norm.momentum)


if __name__ == "__main__":
    unittest.main()
