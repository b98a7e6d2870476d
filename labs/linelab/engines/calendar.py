"""When a machine cannot work, whatever comes: off shift, in planned maintenance, down by the calendar.

None of this depends on the line, so that the end of an operation is known when it begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import count

from linelab.model import Failures, Maintenance, Shift, Station
from linelab.streams import FAILURE, MINOR_STOP, REPAIR, RESTART, Feed

Window = tuple[float, float]


class Calendar:
    """The windows in which a machine is kept from work, in order and apart from each other."""

    def __init__(self, sources: list[tuple[str, Iterator[Window]]]) -> None:
        self._sources = [_Source(state, windows) for state, windows in sources]  # the first has the say
        self._windows: deque[tuple[float, float, str]] = deque()
        self._known = 0.0  # how far the windows have been worked out

    def finish(self, begin: float, work: float) -> float:
        """When `work` seconds that begin at `begin` are done."""
        now, end = begin, begin + work
        for low, high, _ in self._ahead():
            if low >= end:
                break
            if high > now:
                end += high - max(low, now)
                now = high
        return end

    def ready(self, now: float) -> float:
        """The first time from `now` on at which the machine can work."""
        for low, high, _ in self._ahead():
            if low > now:
                break
            now = max(now, high)
        return now

    def shares(self, begin: float, end: float) -> Iterator[tuple[str, float]]:
        """Seconds of each kept-away state between two times; nothing before `begin` is asked for again."""
        while self._windows and self._windows[0][1] <= begin:
            self._windows.popleft()
        for low, high, state in self._ahead():
            if low >= end:
                break
            if high > begin:
                yield state, min(high, end) - max(low, begin)

    def _ahead(self) -> Iterator[tuple[float, float, str]]:
        """The windows from those that are still needed on, worked out as far as they are asked for."""
        for i in count():
            while i >= len(self._windows):
                self._extend()
            yield self._windows[i]

    def _extend(self) -> None:
        """Go on to the next moment at which something changes."""
        state, change = "", float("inf")
        for source in self._sources:
            begin, end = source.window_after(self._known)
            if begin <= self._known:
                state = state or source.state
                change = min(change, end)
            else:
                change = min(change, begin)
        if state:
            self._windows.append((self._known, change, state))
        self._known = change


class _Source:
    """One reason to stand still, and its windows."""

    def __init__(self, state: str, windows: Iterator[Window]) -> None:
        self.state, self._windows = state, windows
        self._window = next(windows)

    def window_after(self, now: float) -> Window:
        """The first window that is not over."""
        while self._window[1] <= now:
            self._window = next(self._windows)
        return self._window


def calendar_of(station: Station, feed: Callable[..., Feed]) -> Calendar | None:
    """The calendar of one machine, None if nothing ever keeps it; `feed` makes the stream of a purpose."""
    sources: list[tuple[str, Iterator[Window]]] = []
    if station.shift:
        sources.append(("off", _off(station.shift)))
    if station.maintenance:
        sources.append(("maintenance", _planned(station.maintenance)))
    for state, stops, gap, length in (
        ("down", station.failures, FAILURE, REPAIR),
        ("stopped", station.minor_stops, MINOR_STOP, RESTART),
    ):
        if stops and stops.clock == "calendar":
            sources.append((state, _breakdowns(stops, feed, gap, length)))
    return Calendar(sources) if sources else None


def _off(shift: Shift) -> Iterator[Window]:
    last = 0.0
    for period in count():
        for begin, end in shift.windows:
            yield last, period * shift.period + begin
            last = period * shift.period + end


def _planned(maintenance: Maintenance) -> Iterator[Window]:
    for k in count(1):
        yield k * maintenance.interval - maintenance.duration, k * maintenance.interval


def _breakdowns(stops: Failures, feed: Callable[..., Feed], gap: int, length: int) -> Iterator[Window]:
    gaps, lengths = feed(stops.time_to_failure, gap), feed(stops.time_to_repair, length)
    now = 0.0
    while True:
        down = now + gaps.next()
        now = down + lengths.next()
        yield down, now
