"""The same studies here and in the browser; run by both, so it needs nothing but linelab."""

# ruff: noqa: F403, F405 - as a trainee would begin a notebook
import json

from linelab import *

TIMES = {
    "deterministic": Deterministic(3.0),
    "exponential": Exponential(3.0),
    "normal": Normal(3.0, 1.5),
    "lognormal": Lognormal(3.0, 0.8),
    "gamma": Gamma(3.0, 0.4),
    "triangular": Triangular(1.0, 2.0, 5.0),
    "uniform": Uniform(1.0, 5.0),
    "weibull": Weibull(3.0, 1.6),
    "empirical": Empirical((2.0, 3.0, 5.0)),
}


def studies():
    """Departure times and figures, by name."""
    figures = {}
    for name, time in TIMES.items():
        failures = Failures(Exponential(60), Gamma(8, 0.5))
        line = Line([Station("a", time, failures), Station("b", time), Station("c", 3.0)], [3, 0])
        for engine in ("simpy", "recursion"):
            run = simulate(line, parts=200, replications=3, seed=11, engine=engine)
            figures[f"{name} {engine}"] = run.departures.ravel().tolist()
    press = Station(
        "press",
        Lognormal(4, 0.5),
        Failures(Weibull(90, 1.5), 6, clock="calendar"),
        machines=2,
        changeover=Changeover(9),
        quality=Quality(0.1),
    )
    check = Station("check", 2.0, inspection=Inspection(rework="press"))
    shop = Line(
        [press, check],
        [6],
        mix=Mix([Product("A", 2), Product("B")], "random"),
        operators=[Operators("crew", ("press", "check"), 2, walking_time=1.0)],
        control=Conwip(8),
    )
    run = simulate(shop, horizon=3000, warm_up=300, replications=3, seed=5)
    figures["shop"] = [*run.throughput.samples, *run.lead_time.samples, *run.tally.states.ravel()]
    figures["shop oee"] = run.station("press").oee.samples.tolist()
    return json.dumps({name: [float(x) for x in values] for name, values in figures.items()})
