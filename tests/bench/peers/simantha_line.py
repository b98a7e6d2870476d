"""simantha: machines, buffers, a source and a sink; times drawn by a cycle time of its own kind."""

import contextlib
import io
import random

from simantha import Buffer, Machine, Sink, Source, System


class Exponential(Machine):
    """simantha's cycle times are whole numbers or distributions of its own; this one is exponential."""

    def get_cycle_time(self):
        return random.expovariate(1.0)


def run(parts: int, seed: int, failing: bool) -> float:
    if failing:
        raise NotImplementedError("simantha fails by degradation in whole time steps, not on this clock")
    random.seed(seed)
    source, sink = Source(), Sink(collect_parts=False)
    machines = [Exponential(f"M{j}", cycle_time=1) for j in range(5)]
    buffers = [Buffer(f"B{j}", capacity=5) for j in range(4)]
    source.define_routing(downstream=[machines[0]])
    for j, machine in enumerate(machines):
        machine.define_routing(
            upstream=[buffers[j - 1]] if j else [source], downstream=[buffers[j]] if j < 4 else [sink]
        )
    for j, buffer in enumerate(buffers):
        buffer.define_routing(upstream=[machines[j]], downstream=[machines[j + 1]])
    sink.define_routing(upstream=[machines[4]])
    system = System(objects=[source, *machines, *buffers, sink])
    time = parts / 0.79
    with contextlib.redirect_stdout(io.StringIO()):
        system.simulate(simulation_time=time, verbose=False)
    return sink.level / time
