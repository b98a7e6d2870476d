"""Random numbers: one stream for each seed, replication, station and purpose, indexed by draw.

Because a stream belongs to a place and not to a moment, changing one lever leaves all other draws as they
were: scenarios compared under the same seed share their random numbers (common random numbers) in both
engines without further ado.
"""

from __future__ import annotations

import numpy as np

from linelab.distributions import Distribution, Floats

PROCESS, FAILURE, REPAIR = 0, 1, 2
_BLOCK = 256


class Stream:
    """The draws of one place in all replications, fetched in blocks.

    Parameters
    ----------
    seed, station, purpose : int
    replications : range
        Which replications; ``range(R)`` for a whole run, ``range(r, r + 1)`` for one.
    """

    def __init__(
        self, distribution: Distribution, seed: int, station: int, purpose: int, replications: range
    ) -> None:
        self._distribution = distribution
        self._generators = [
            np.random.Generator(
                np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(r, station, purpose)))
            )
            for r in replications
        ]
        self._blocks: list[Floats] = []

    def draw(self, index: int) -> Floats:
        """Draw number `index` of every replication, in seconds; shape ``(R,)``."""
        block, offset = divmod(index, _BLOCK)
        while block >= len(self._blocks):
            rows = [self._distribution.sample(g, _BLOCK) for g in self._generators]
            self._blocks.append(np.ascontiguousarray(np.array(rows).T))
        row: Floats = self._blocks[block][offset]
        return row

    def draw_each(self, index: np.ndarray, which: np.ndarray) -> Floats:
        """Draw number ``index[i]`` of replication ``which[i]``; shape of `which`."""
        self.draw(int(index.max()))
        block, offset = np.divmod(index, _BLOCK)
        return np.array([self._blocks[b][o, w] for b, o, w in zip(block, offset, which, strict=True)])
