"""SimPy as its textbooks show it: a process for each station, a Store for each buffer."""

import random

import simpy


def run(parts: int, seed: int, failing: bool) -> float:
    env, rng, left = simpy.Environment(), random.Random(seed), []
    buffers = [simpy.Store(env, capacity=5) for _ in range(4)]

    def station(j):
        life = rng.expovariate(1 / 100)
        for n in range(parts):
            part = (yield buffers[j - 1].get()) if j else n
            work = rng.expovariate(1.0)
            while failing and life < work:
                yield env.timeout(life)
                work -= life
                yield env.timeout(rng.expovariate(1 / 10))
                life = rng.expovariate(1 / 100)
            life -= work
            yield env.timeout(work)
            if j < 4:
                yield buffers[j].put(part)
            else:
                left.append(env.now)

    for j in range(5):
        env.process(station(j))
    env.run()
    return parts / left[-1]
