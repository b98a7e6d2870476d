"""What a plant wrote down, for a model to be compared with."""

from __future__ import annotations

from linelab.cases import Case
from linelab.experiment import simulate
from linelab.results import Run

SHIFTS = 20
SEED = 20_003  # of days that no model shares


def plant_record(case: Case) -> Run:
    """The plant's own record: as many shifts as were written down, one replication each.

    Parameters
    ----------
    case : Case
        One with a `plant`, such as ``load("w03")`` or a trainee's variant of it.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        If the case is no model of a plant.

    Examples
    --------
    >>> from linelab.cases import load
    >>> record = plant_record(load("w03"))
    >>> len(record.throughput.samples)
    20
    """
    if not case.plant:
        raise ValueError(f"case {case.id}: has no plant; only a case with settings under plant: has a record")
    line, begin = case.apply(case.plant), case.warm_up
    return simulate(line, horizon=begin + case.shift, warm_up=begin, replications=SHIFTS, seed=SEED)
