"""FactorySimPy: its Source, Machine, Buffer and Sink."""

import contextlib
import io
import random
from itertools import pairwise

import simpy
from factorysimpy.edges.buffer import Buffer
from factorysimpy.nodes.machine import Machine
from factorysimpy.nodes.sink import Sink
from factorysimpy.nodes.source import Source


def run(parts: int, seed: int, failing: bool) -> float:
    if failing:
        raise NotImplementedError("FactorySimPy knows no failures")
    with contextlib.redirect_stdout(io.StringIO()):  # it prints as it goes
        return _run(parts, seed)


def _run(parts: int, seed: int) -> float:
    env, rng = simpy.Environment(), random.Random(seed)
    source = Source(env, id="source", inter_arrival_time=0, blocking=True)
    machines = [
        Machine(
            env, id=f"M{j}", work_capacity=1, processing_delay=lambda: rng.expovariate(1.0), blocking=True
        )
        for j in range(5)
    ]
    sink = Sink(env, id="sink")
    nodes = [source, *machines, sink]
    for j, (a, b) in enumerate(pairwise(nodes)):
        buffer = Buffer(env, id=f"B{j}", capacity=5 if 0 < j < 5 else 1, mode="FIFO")
        buffer.connect(a, b)
    time = parts / 0.79
    env.run(until=time)
    return sink.stats["num_item_received"] / time
