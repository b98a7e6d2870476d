"""Random numbers: one stream for each seed, replication, place and purpose, indexed by draw.

Because a stream belongs to a place and not to a moment, changing one lever leaves all other draws as they
were: scenarios compared under the same seed share their random numbers (common random numbers) in both
engines without further ado.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

from linelab.distributions import Distribution, Floats

# what a stream is for; machines beside the first add 1,000 each, products 100 each
PROCESS, FAILURE, REPAIR, MINOR_STOP, RESTART, CHANGEOVER, DEFECT, INSPECTION = range(8)
RELEASE, PRODUCT, DEMAND = range(8, 11)
_TILE = 32


class Draws:
    """The draws of one distribution at one place, in all replications at once.

    Parameters
    ----------
    seed, place, purpose : int
        A place is a station's number in its line.
    replications : range
        Which replications.
    """

    def __init__(
        self, distribution: Distribution, seed: int, place: int, purpose: int, replications: range
    ) -> None:
        self._distribution = distribution
        states = stream_states(seed, replications, place, purpose)
        self._generators = [
            np.random.Generator(np.random.PCG64(_Known(state)))  # type: ignore[arg-type]  # numpy takes any ISeedSequence
            for state in states
        ]

    def next(self, size: int) -> Floats:
        """The next `size` draws of each replication; shape ``(size, replications)``."""
        if len(self._generators) == 1:
            return self._distribution.sample(self._generators[0], size)[:, None]
        fill = self._distribution.fill
        draws = np.empty((size, len(self._generators)))
        some = np.empty((_TILE, size))  # few enough to turn on their side within the processor's cache
        for first in range(0, len(self._generators), _TILE):
            generators = self._generators[first : first + _TILE]
            for row, generator in zip(some, generators, strict=False):
                fill(generator, row)
            draws[:, first : first + _TILE] = some[: len(generators)].T
        return draws


class Feed:
    """The draws of one place in one replication, handed out one at a time."""

    def __init__(
        self, distribution: Distribution, seed: int, place: int, purpose: int, replication: int
    ) -> None:
        self._draws = Draws(distribution, seed, place, purpose, range(replication, replication + 1))
        self._block: list[float] = []
        self._size = 32

    def next(self) -> float:
        if not self._block:
            self._size = min(2 * self._size, 4096)
            self._block = self._draws.next(self._size)[::-1, 0].tolist()
        return self._block.pop()


class _Known(ISeedSequence):
    """Hands a generator the state that was computed for it."""

    def __init__(self, state: NDArray[np.uint64]) -> None:
        self._state = state

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[np.uint64]:
        return self._state


def stream_states(seed: int, replications: range, place: int, purpose: int) -> NDArray[np.uint64]:
    """State of each replication's generator; shape ``(replications, 4)``.

    Row r equals ``SeedSequence(seed, spawn_key=(r, place, purpose)).generate_state(4, numpy.uint64)``: the
    same mixing, which numpy documents as fixed, done for all replications at once. Made one by one, the seeds
    of a large study would take longer than the study.
    """
    words = [seed >> shift & 0xFFFFFFFF for shift in range(0, max(seed.bit_length(), 1), 32)]
    words += [0] * (4 - len(words))
    entropy = [np.uint32(w) for w in words] + [
        np.array(replications, dtype=np.uint32),
        np.uint32(place),
        np.uint32(purpose),
    ]
    with np.errstate(over="ignore"):
        hashed = _Hash(0x43B0D7E5, 0x931E8875)
        pool = [hashed(word) for word in entropy[:4]]
        for source in range(4):
            for target in range(4):
                if source != target:
                    pool[target] = _mix(pool[target], hashed(pool[source]))
        for word in entropy[4:]:
            for target in range(4):
                pool[target] = _mix(pool[target], hashed(word))
        out = _Hash(0x8B51F9DD, 0x58F38DED)
        halves = [out(pool[i % 4]).astype(np.uint64) for i in range(8)]
    return np.stack([halves[2 * i] | halves[2 * i + 1] << np.uint64(32) for i in range(4)], axis=1)


class _Hash:
    """The running hash of SeedSequence; its multiplier moves on with every word."""

    def __init__(self, start: int, step: int) -> None:
        self._constant, self._step = start, step

    def __call__(self, value: Any) -> Any:
        value = value ^ np.uint32(self._constant)
        self._constant = self._constant * self._step & 0xFFFFFFFF
        value = value * np.uint32(self._constant)
        return value ^ value >> np.uint32(16)


def _mix(x: Any, y: Any) -> Any:
    result = np.uint32(0xCA01F9DD) * x - np.uint32(0x4973F715) * y
    return result ^ result >> np.uint32(16)
