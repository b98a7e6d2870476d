"""salabim: a component for each station, a Store for each buffer."""

import random

import salabim as sim


def run(parts: int, seed: int, failing: bool) -> float:
    rng, left = random.Random(seed), []
    env = sim.Environment(trace=False, yieldless=False)
    buffers = [sim.Store(capacity=5, env=env) for _ in range(4)]

    class Station(sim.Component):
        def setup(self, j):
            self.j = j

        def process(self):
            life = rng.expovariate(1 / 100)
            for _ in range(parts):
                if self.j:
                    part = yield self.from_store(buffers[self.j - 1])
                else:
                    part = sim.Component(env=env)
                work = rng.expovariate(1.0)
                while failing and life < work:
                    yield self.hold(life)
                    work -= life
                    yield self.hold(rng.expovariate(1 / 10))
                    life = rng.expovariate(1 / 100)
                life -= work
                yield self.hold(work)
                if self.j < 4:
                    yield self.to_store(buffers[self.j], part)
                else:
                    left.append(env.now())

    for j in range(5):
        Station(j=j, env=env)
    env.run()
    return parts / left[-1]
