"""Cimba: a C engine with a compiled Python model; parts and free places of each buffer are containers."""

import cimba as cb
from cimba import inputs

_exponential = inputs.dist.exponential


class Reliable(cb.Model):
    work0: cb.Input[float] = _exponential(mean=1.0)
    work1: cb.Input[float] = _exponential(mean=1.0)
    work2: cb.Input[float] = _exponential(mean=1.0)
    work3: cb.Input[float] = _exponential(mean=1.0)
    work4: cb.Input[float] = _exponential(mean=1.0)
    parts0: cb.Container
    places0: cb.Container = cb.Container(5)
    parts1: cb.Container
    places1: cb.Container = cb.Container(5)
    parts2: cb.Container
    places2: cb.Container = cb.Container(5)
    parts3: cb.Container
    places3: cb.Container = cb.Container(5)
    left: cb.Output[float]

    @cb.on_start
    def open(self):
        self.left = 0.0

    @cb.process
    def station0(self):
        while True:
            cb.hold(self.work0.next())
            self.places0.get(1)
            self.parts0.put(1)

    @cb.process
    def station1(self):
        while True:
            self.parts0.get(1)
            self.places0.put(1)
            cb.hold(self.work1.next())
            self.places1.get(1)
            self.parts1.put(1)

    @cb.process
    def station2(self):
        while True:
            self.parts1.get(1)
            self.places1.put(1)
            cb.hold(self.work2.next())
            self.places2.get(1)
            self.parts2.put(1)

    @cb.process
    def station3(self):
        while True:
            self.parts2.get(1)
            self.places2.put(1)
            cb.hold(self.work3.next())
            self.places3.get(1)
            self.parts3.put(1)

    @cb.process
    def station4(self):
        while True:
            self.parts3.get(1)
            self.places3.put(1)
            cb.hold(self.work4.next())
            self.left += 1.0


class Failing(cb.Model):
    work0: cb.Input[float] = _exponential(mean=1.0)
    life0: cb.Input[float] = _exponential(mean=100.0)
    repair0: cb.Input[float] = _exponential(mean=10.0)
    work1: cb.Input[float] = _exponential(mean=1.0)
    life1: cb.Input[float] = _exponential(mean=100.0)
    repair1: cb.Input[float] = _exponential(mean=10.0)
    work2: cb.Input[float] = _exponential(mean=1.0)
    life2: cb.Input[float] = _exponential(mean=100.0)
    repair2: cb.Input[float] = _exponential(mean=10.0)
    work3: cb.Input[float] = _exponential(mean=1.0)
    life3: cb.Input[float] = _exponential(mean=100.0)
    repair3: cb.Input[float] = _exponential(mean=10.0)
    work4: cb.Input[float] = _exponential(mean=1.0)
    life4: cb.Input[float] = _exponential(mean=100.0)
    repair4: cb.Input[float] = _exponential(mean=10.0)
    parts0: cb.Container
    places0: cb.Container = cb.Container(5)
    parts1: cb.Container
    places1: cb.Container = cb.Container(5)
    parts2: cb.Container
    places2: cb.Container = cb.Container(5)
    parts3: cb.Container
    places3: cb.Container = cb.Container(5)
    left: cb.Output[float]

    @cb.on_start
    def open(self):
        self.left = 0.0

    @cb.process
    def station0(self):
        life = self.life0.next()
        while True:
            work = self.work0.next()
            while life < work:
                cb.hold(life)
                work -= life
                cb.hold(self.repair0.next())
                life = self.life0.next()
            life -= work
            cb.hold(work)
            self.places0.get(1)
            self.parts0.put(1)

    @cb.process
    def station1(self):
        life = self.life1.next()
        while True:
            self.parts0.get(1)
            self.places0.put(1)
            work = self.work1.next()
            while life < work:
                cb.hold(life)
                work -= life
                cb.hold(self.repair1.next())
                life = self.life1.next()
            life -= work
            cb.hold(work)
            self.places1.get(1)
            self.parts1.put(1)

    @cb.process
    def station2(self):
        life = self.life2.next()
        while True:
            self.parts1.get(1)
            self.places1.put(1)
            work = self.work2.next()
            while life < work:
                cb.hold(life)
                work -= life
                cb.hold(self.repair2.next())
                life = self.life2.next()
            life -= work
            cb.hold(work)
            self.places2.get(1)
            self.parts2.put(1)

    @cb.process
    def station3(self):
        life = self.life3.next()
        while True:
            self.parts2.get(1)
            self.places2.put(1)
            work = self.work3.next()
            while life < work:
                cb.hold(life)
                work -= life
                cb.hold(self.repair3.next())
                life = self.life3.next()
            life -= work
            cb.hold(work)
            self.places3.get(1)
            self.parts3.put(1)

    @cb.process
    def station4(self):
        life = self.life4.next()
        while True:
            self.parts3.get(1)
            self.places3.put(1)
            work = self.work4.next()
            while life < work:
                cb.hold(life)
                work -= life
                cb.hold(self.repair4.next())
                life = self.life4.next()
            life -= work
            cb.hold(work)
            self.left += 1.0


_MODELS = {False: Reliable(), True: Failing()}


def run(parts: int, seed: int, failing: bool) -> float:
    model, time = _MODELS[failing], parts / (0.65 if failing else 0.79)
    window = cb.Window(warmup=0, duration=time)
    results = cb.Experiment(model, replications=1, window=window, seed=seed).run()
    return float(results[model].left.values.mean()) / time
