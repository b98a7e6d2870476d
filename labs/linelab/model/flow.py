"""What moves through the line, and who decides when: buffers, release, control, products, people, vehicles.

Every time is in seconds. A bare number in place of a distribution is a time that never varies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from linelab.distributions import Distribution, as_distribution
from linelab.model.faults import seconds, share, time, whole

RULES = ("fifo", "lifo", "spt", "edd")
TASKS = ("work", "changeover", "repair")


@dataclass(frozen=True)
class Buffer:
    """The lane between two neighbouring stations.

    Parameters
    ----------
    capacity : int
        Places for parts between the two machines; a part takes its place when it leaves the upstream machine
        and gives it back when the downstream machine starts on it. 0 means hand to hand.
    transfer_lot : int
        Parts are moved on only when so many have gathered; at most `capacity`.
    transfer_time : float
        Seconds that one move takes. Moves do not wait for each other, unless they need a vehicle.
    vehicle : str, optional
        Name of the `Vehicles` that make the moves; each returns empty in the same time.
    interval : float
        With a value above zero, what has gathered moves only at multiples of it: a milk run.
    rule : {"fifo", "lifo", "spt", "edd"}
        Which waiting part is taken next: first or last come, shortest process time, earliest due date.
    """

    capacity: int
    transfer_lot: int = 1
    transfer_time: float = 0.0
    vehicle: str | None = None
    interval: float = 0.0
    rule: str = "fifo"
    short: ClassVar[str] = "capacity"

    def faults(self, path: str, vehicles: tuple[str, ...]) -> Iterator[str]:
        counts = [
            *whole(self.capacity, f"{path}.capacity", low=0),
            *whole(self.transfer_lot, f"{path}.transfer_lot"),
        ]
        yield from counts
        if not counts and self.transfer_lot > max(self.capacity, 1):
            yield (
                f"{path}: a lot of {self.transfer_lot} cannot gather in {self.capacity} places; "
                "raise capacity or lower transfer_lot"
            )
        yield from seconds(self.transfer_time, f"{path}.transfer_time")
        yield from seconds(self.interval, f"{path}.interval")
        if self.capacity == 0 and (self.transfer_time or self.interval or self.vehicle):
            yield f"{path}: hand to hand (capacity 0) takes no time and no vehicle; raise capacity"
        if self.vehicle is not None and self.vehicle not in vehicles:
            there = ", ".join(vehicles) or "none"
            yield f"{path}.vehicle: {self.vehicle!r} is not among the vehicles; there are {there}"
        if self.vehicle is not None and self.interval:
            yield f"{path}: a milk run has its own vehicle; leave out vehicle or interval"
        if self.rule not in RULES:
            yield f"{path}.rule: {self.rule!r} is no rule; use one of {', '.join(RULES)}"


@dataclass(frozen=True)
class Saturated:
    """Raw material is always there: the first station never starves."""

    kind: ClassVar[str] = "saturated"

    def faults(self, path: str) -> Iterator[str]:
        yield from ()


@dataclass(frozen=True)
class Arrivals:
    """Parts or orders arrive with independent gaps; with exponential gaps a Poisson stream."""

    interarrival: Distribution
    kind: ClassVar[str] = "arrivals"

    def __post_init__(self) -> None:
        object.__setattr__(self, "interarrival", as_distribution(self.interarrival))

    def faults(self, path: str) -> Iterator[str]:
        yield from time(self.interarrival, f"{path}.interarrival")


@dataclass(frozen=True)
class Schedule:
    """Parts are released at given times, in seconds, in ascending order; then no more."""

    times: tuple[float, ...]
    kind: ClassVar[str] = "schedule"

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", tuple(float(t) for t in self.times))

    def faults(self, path: str) -> Iterator[str]:
        if not self.times:
            yield f"{path}.times: none given; give at least one release time"
        for i, (before, now) in enumerate(zip((0.0, *self.times), self.times, strict=False)):
            if not before <= now < float("inf"):
                yield f"{path}.times[{i}]: {now!r} must be seconds, not before the one ahead of it"
                return


@dataclass(frozen=True)
class Push:
    """Nothing but full buffers holds a station back."""

    kind: ClassVar[str] = "push"

    def faults(self, path: str, names: tuple[str, ...]) -> Iterator[str]:
        yield from ()


@dataclass(frozen=True)
class Conwip:
    """Constant WIP: a part enters only with a free card, and frees it on leaving.

    Spearman, Woodruff & Hopp (1990), *CONWIP: a pull alternative to kanban*, doi:10.1080/00207549008942761.
    """

    cards: int
    kind: ClassVar[str] = "conwip"

    def faults(self, path: str, names: tuple[str, ...]) -> Iterator[str]:
        yield from whole(self.cards, f"{path}.cards")


@dataclass(frozen=True)
class Kanban:
    """Cards at each station: it starts a part only with a card of its own free.

    The card stays with the part until the next station (or the customer) takes it.
    """

    cards: tuple[int, ...]
    kind: ClassVar[str] = "kanban"

    def __post_init__(self) -> None:
        object.__setattr__(self, "cards", tuple(self.cards))

    def faults(self, path: str, names: tuple[str, ...]) -> Iterator[str]:
        if len(self.cards) != len(names):
            yield f"{path}.cards: {len(self.cards)} given; give one number for each of {len(names)} stations"
        for i, cards in enumerate(self.cards):
            yield from whole(cards, f"{path}.cards[{i}]")


@dataclass(frozen=True)
class DrumBufferRope:
    """Release is tied to the constraint: at most `rope` parts from release up to the end of the drum."""

    drum: str
    rope: int
    kind: ClassVar[str] = "drum_buffer_rope"

    def faults(self, path: str, names: tuple[str, ...]) -> Iterator[str]:
        yield from whole(self.rope, f"{path}.rope")
        if self.drum not in names:
            yield f"{path}.drum: {self.drum!r} is no station; there are {', '.join(names)}"


@dataclass(frozen=True)
class Product:
    """One of the products that share the line.

    Parameters
    ----------
    name : str
    share : float
        Of all parts, in proportion to the other products' shares.
    process_times : mapping of str to Distribution
        Where they differ from the station's own.
    allowance : float
        Seconds from release to due date.
    """

    name: str
    share: float = 1.0
    process_times: tuple[tuple[str, Distribution], ...] = ()
    allowance: float = 0.0

    def __post_init__(self) -> None:
        given = self.process_times.items() if isinstance(self.process_times, dict) else self.process_times
        object.__setattr__(self, "process_times", tuple((n, as_distribution(t)) for n, t in given))

    def faults(self, path: str, names: tuple[str, ...]) -> Iterator[str]:
        yield from share(self.share, f"{path}.share", low=1e-6, high=1e6)
        yield from seconds(self.allowance, f"{path}.allowance")
        for station, value in self.process_times:
            yield from time(value, f"{path}.process_times.{station}")
            if station not in names:
                yield f"{path}.process_times.{station}: no such station; there are {', '.join(names)}"


@dataclass(frozen=True)
class Mix:
    """The order in which the products come.

    Parameters
    ----------
    products : sequence of Product
    order : {"random", "level", "lots"}
        At random by share; levelled, each as evenly spread as its share allows (heijunka; the goal chasing
        of Monden, *Toyota Production System*); or in lots of one product after the other.
    lot : int
        Parts a lot of the product with the smallest share, when the order is "lots".
    """

    products: tuple[Product, ...]
    order: str = "level"
    lot: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "products", tuple(self.products))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.products)

    def faults(self, path: str, names: tuple[str, ...]) -> Iterator[str]:
        if not self.products:
            yield f"{path}.products: none given; give at least one, or no mix"
        for i, product in enumerate(self.products):
            if self.names.index(product.name) != i:
                yield f"{path}.products[{i}].name: {product.name!r} is used twice"
            if not isinstance(product.name, str) or not product.name or ">" in product.name:
                yield f"{path}.products[{i}].name: {product.name!r} must be text without '>'"
            yield from product.faults(f"{path}.products[{i}]", names)
        if self.order not in ("random", "level", "lots"):
            yield f"{path}.order: {self.order!r} is no order; use random, level or lots"
        yield from whole(self.lot, f"{path}.lot")


@dataclass(frozen=True)
class Operators:
    """People who serve several stations; what they do there waits for one of them to be at hand.

    Who has done their part of an operation (the setup, the repair) goes; a worker leaves a broken machine.

    Parameters
    ----------
    name : str
    stations : tuple of str
        Where they are skilled.
    count : int
    does : tuple of {"work", "changeover", "repair"}
    walking_time : float
        Seconds from one station to its neighbour in the line; twice that to the next but one.
    """

    name: str
    stations: tuple[str, ...]
    count: int = 1
    does: tuple[str, ...] = ("work",)
    walking_time: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "stations", tuple(self.stations))
        object.__setattr__(self, "does", tuple(self.does))

    def faults(self, path: str, names: tuple[str, ...]) -> Iterator[str]:
        yield from whole(self.count, f"{path}.count", high=1000)
        yield from seconds(self.walking_time, f"{path}.walking_time")
        if not self.stations or not self.does:
            yield f"{path}: needs stations and tasks; give what they serve and do"
        for station in self.stations:
            if station not in names:
                yield f"{path}.stations: {station!r} is no station; there are {', '.join(names)}"
        for task in self.does:
            if task not in TASKS:
                yield f"{path}.does: {task!r} is no task; use {', '.join(TASKS)}"


@dataclass(frozen=True)
class Vehicles:
    """Transporters (hand carts, forklifts, AGVs) that the lanes naming them share."""

    name: str
    count: int = 1

    def faults(self, path: str) -> Iterator[str]:
        yield from whole(self.count, f"{path}.count", high=1000)


@dataclass(frozen=True)
class Demand:
    """Customers who take finished parts from stock, one each; who finds none waits for it."""

    interarrival: Distribution

    def __post_init__(self) -> None:
        object.__setattr__(self, "interarrival", as_distribution(self.interarrival))

    def faults(self, path: str) -> Iterator[str]:
        yield from time(self.interarrival, f"{path}.interarrival")
