"""Two unreliable machines with a buffer between: Gershwin's exponential model.

Gershwin, *Manufacturing Systems Engineering*, 1994, ISBN 0-13-560608-X, chapter 3; Buzacott & Shanthikumar,
*Stochastic Models of Manufacturing Systems*, 1993, ISBN 0-13-847567-9. Machine i works at rate μ, fails at
rate p while it works (operation-dependent failures) and is repaired at rate r. n counts the parts that the
first machine has done and the second has not; with b places n goes up to N = b + 2: the first is blocked.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from linelab import Exponential, Failures, Line, Station, simulate
from linelab.exact import exact
from linelab.theory import two_exponential_machines


class Machine(NamedTuple):
    work: float
    failure: float
    repair: float

    @property
    def isolated_rate(self) -> float:
        """ρ = μ r / (r + p): production rate of the machine alone."""
        return self.work * self.repair / (self.repair + self.failure)


class Figures(NamedTuple):
    throughput: float
    blocked: float
    starved: float
    level: float  # mean n


PAIRS = [
    (Machine(1.0, 0.05, 0.2), Machine(1.0, 0.05, 0.2)),
    (Machine(1.5, 0.1, 0.3), Machine(1.0, 0.02, 0.2)),
    (Machine(1.0, 0.02, 0.1), Machine(1.8, 0.2, 0.25)),
]


def gershwin(first: Machine, second: Machine, buffer: int) -> Figures:
    """The chain of states (n, α1, α2) as Kronecker sums of what each machine does to its own digits."""
    top = buffer + 2
    level, on = np.arange(top + 1), np.array([0.0, 1.0])
    shift = np.eye(top + 1, k=1)  # n to n + 1
    up, fails, mended = np.diag(on), np.array([[0, 0], [1.0, 0]]), np.array([[0, 1.0], [0, 0]])
    not_full, not_empty, same = np.diag(1.0 * (level < top)), np.diag(1.0 * (level > 0)), np.eye(2)
    everywhere = np.eye(top + 1)

    def kron(a: Any, b: Any, c: Any) -> Any:
        return np.kron(a, np.kron(b, c))

    flow = (
        first.work * kron(not_full @ shift, up, same)
        + second.work * kron(not_empty @ shift.T, same, up)
        + first.failure * kron(not_full, fails, same)
        + second.failure * kron(not_empty, same, fails)
        + first.repair * kron(everywhere, mended, same)
        + second.repair * kron(everywhere, same, mended)
    )
    generator = flow - np.diag(flow.sum(axis=1))
    # a machine never fails while it cannot work, so (N, 0, ·) and (0, ·, 0) are left and not come back to
    n, first_up, second_up = (x.ravel() for x in np.meshgrid(level, on, on, indexing="ij"))
    equations = np.vstack([generator.T, np.ones(len(n))])
    shares = np.linalg.lstsq(equations, np.append(np.zeros(len(n)), 1.0), rcond=None)[0]
    return Figures(
        throughput=float(second.work * shares @ ((n > 0) & (second_up > 0))),
        blocked=float(shares @ ((n == top) & (first_up > 0))),
        starved=float(shares @ ((n == 0) & (second_up > 0))),
        level=float(shares @ n),
    )


def line(first: Machine, second: Machine, buffer: int) -> Line:
    return Line(
        [
            Station(
                name, Exponential(1 / m.work), Failures(Exponential(1 / m.failure), Exponential(1 / m.repair))
            )
            for name, m in (("a", first), ("b", second))
        ],
        [buffer],
    )


@pytest.mark.parametrize("buffer", [0, 1, 3, 10])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_three_chains_agree(first: Machine, second: Machine, buffer: int, chain: Any, rates: Any) -> None:
    figures = gershwin(first, second, buffer)
    solved = chain([rates(*first), rates(*second)], [buffer])
    ours = exact(line(first, second, buffer))
    for throughput in (solved.throughput, ours.throughput):
        assert throughput == pytest.approx(figures.throughput, abs=1e-10)
    assert ours.states["a"]["blocked"] == pytest.approx(figures.blocked, abs=1e-10)
    assert ours.states["b"]["starved"] == pytest.approx(figures.starved, abs=1e-10)
    # beside n parts there is one in the first machine, unless that is the blocked one that n counts
    assert ours.wip == pytest.approx(figures.level + 1 - figures.blocked, abs=1e-9)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_flow_rate_and_idle_time(first: Machine, second: Machine) -> None:
    """P = ρ_1 (1 - p_b) = ρ_2 (1 - p_s): a machine makes its isolated rate whenever it is not held up."""
    figures = gershwin(first, second, 4)
    assert figures.throughput == pytest.approx(first.isolated_rate * (1 - figures.blocked), abs=1e-10)
    assert figures.throughput == pytest.approx(second.isolated_rate * (1 - figures.starved), abs=1e-10)


@pytest.mark.parametrize("buffer", [0, 4])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_simulation(first: Machine, second: Machine, buffer: int, holds: Any) -> None:
    figures = gershwin(first, second, buffer)
    run = simulate(line(first, second, buffer), horizon=32_000, warm_up=2000, replications=160, seed=61)
    holds(run.throughput, figures.throughput)
    holds(run.wip, figures.level + 1 - figures.blocked, 0.02)
    held_up = run.station("a").states["blocked"]
    assert held_up.mean == pytest.approx(figures.blocked, abs=0.004)
    # the same relation holds on the floor, machine by machine
    shares = run.station("b").states
    assert run.throughput.mean == pytest.approx(
        second.isolated_rate * (1 - shares["starved"].mean), rel=0.005
    )


def test_without_failures_it_is_the_birth_death_chain() -> None:
    for buffer in (0, 2, 7):
        ours = gershwin(Machine(1.0, 0.0, 1.0), Machine(0.8, 0.0, 1.0), buffer)
        theirs = two_exponential_machines(1.0, 0.8, buffer)
        assert ours.throughput == pytest.approx(theirs.throughput, abs=1e-10)
        assert ours.level + 1 - ours.blocked == pytest.approx(theirs.wip, abs=1e-9)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_more_buffer_is_worth_less_and_less(first: Machine, second: Machine) -> None:
    """Throughput rises with the buffer, ever slower, up to the least isolated rate."""
    rises = [gershwin(first, second, b).throughput for b in range(9)]
    gains = np.diff(rises)
    assert (gains > 0).all()
    assert (np.diff(gains) < 0).all()
    limit = min(first.isolated_rate, second.isolated_rate)
    assert rises[-1] < limit


def test_endless_buffer_decouples(holds: Any) -> None:
    """With unequal isolated rates a long buffer gives the lesser of them."""
    first, second = PAIRS[1]
    limit = min(first.isolated_rate, second.isolated_rate)
    assert exact(line(first, second, 300)).throughput == pytest.approx(limit, rel=1e-3)
    run = simulate(line(first, second, 300), horizon=44_000, warm_up=14_000, replications=100, seed=62)
    holds(run.throughput, exact(line(first, second, 300)).throughput)


@pytest.mark.parametrize(("buffer", "factor"), [(0, 2 / 3), (2, 4 / 5), (6, 8 / 9)])
def test_rare_failures_of_equal_machines(buffer: int, factor: float) -> None:
    """With failures and repairs far slower than work, either both run as a reliable line or none works.

    While one machine is down the other soon fills or empties what little there is. So, as in Buzacott's line
    without storage, TH = TH_reliable / (1 + sum of p u / r), where u is each machine's share of working.
    """
    slow = 1e-5
    machine = Machine(1.0, 0.3 * slow, slow)
    expected = factor / (1 + 2 * 0.3 * factor)
    assert gershwin(machine, machine, buffer).throughput == pytest.approx(expected, rel=1e-3)
    assert exact(line(machine, machine, buffer)).throughput == pytest.approx(expected, rel=1e-3)
