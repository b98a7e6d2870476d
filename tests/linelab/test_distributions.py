"""What a distribution says of itself is what it draws."""

from __future__ import annotations

import numpy as np
import pytest

from linelab import (
    Deterministic,
    Distribution,
    Empirical,
    Exponential,
    Gamma,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
    Weibull,
)
from linelab.streams import Draws, Feed, stream_states

ALL = [
    Deterministic(3.0),
    Exponential(4.0),
    Normal(5.0, 1.0),
    Normal(1.0, 2.0),  # a third of it is cut away
    Lognormal(6.0, 0.8),
    Gamma(3.0, 0.5),
    Triangular(1.0, 2.0, 6.0),
    Uniform(2.0, 8.0),
    Weibull(5.0, 1.7),
    Weibull(5.0, 0.8),
    Empirical((1.0, 2.0, 2.0, 9.0)),
]


@pytest.mark.parametrize("distribution", ALL, ids=str)
def test_mean_and_scv(distribution: Distribution) -> None:
    """Of 400,000 draws, within four standard errors (99.99 %) of the formula."""
    draws = distribution.sample(np.random.default_rng(7), 400_000)
    n, mean = len(draws), distribution.average
    assert (draws >= 0).all()
    assert abs(draws.mean() - mean) <= 4 * draws.std() / np.sqrt(n) + 1e-12
    squares = (draws - mean) ** 2
    assert abs(squares.mean() - distribution.scv * mean**2) <= 4 * squares.std() / np.sqrt(n) + 1e-12


@pytest.mark.parametrize("distribution", ALL, ids=str)
def test_blocks_do_not_change_the_draws(distribution: Distribution) -> None:
    one, other = (Draws(distribution, 3, 1, 0, range(2)) for _ in range(2))
    together = np.concatenate([one.next(7), one.next(1), one.next(40)])
    np.testing.assert_array_equal(together, other.next(48))
    feed = Feed(distribution, 3, 1, 0, 1)
    assert [feed.next() for _ in range(48)] == together[:, 1].tolist()


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**64 + 5, 2**127, 2**200 + 3])
def test_streams_are_those_of_numpys_seed_sequence(seed: int) -> None:
    ours = stream_states(seed, range(3, 9), 5, 1002)
    for row, replication in zip(ours, range(3, 9), strict=True):
        sequence = np.random.SeedSequence(seed, spawn_key=(replication, 5, 1002))
        np.testing.assert_array_equal(row, sequence.generate_state(4, np.uint64))
