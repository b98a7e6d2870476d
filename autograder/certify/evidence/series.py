"""The data of a project: a CSV file of measured values, each with its day or week.

The periods follow from the days and the sheet; a column ``period`` may repeat them and must then agree. Files
are taken as spreadsheets save them in Vietnam, too: semicolons between columns, a comma in numbers, days as
31/08/2026.
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from autograder.certify.evidence.sheet import PAIRED, Sheet
from autograder.errors import CourseError

MAX_BYTES = 5_000_000
MAX_ROWS = 50_000
MAX_POINTS = 2_000  # days or weeks, five years of daily values
LARGEST = 1e12
BEFORE, AFTER = "before", "after"
NAMES = {
    "date": "date", "ngày": "date", "ngay": "date", "week": "week", "tuần": "week", "tuan": "week",
    "period": "period", "giai đoạn": "period", "giai doan": "period",
    "value": "value", "giá trị": "value", "gia tri": "value",
}  # fmt: skip
PERIODS = {"before": BEFORE, "trước": BEFORE, "truoc": BEFORE, "after": AFTER, "sau": AFTER}
WEEK = re.compile(r"(\d{4})-?W(\d\d?)", re.IGNORECASE)
DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


@dataclass(frozen=True)
class Row:
    """A measured value; `first` and `last` are the days that it is for, the same for a daily one."""

    line: int
    first: date
    last: date
    value: float
    period: str
    pair: str = ""


@dataclass(frozen=True)
class Point:
    """The mean of all values of a day or week."""

    day: date
    value: float
    period: str


@dataclass(frozen=True)
class Series:
    """The rows of both periods by day, and how many lie outside of both."""

    rows: tuple[Row, ...]
    left_out: int

    def of(self, period: str) -> list[Row]:
        """The rows of a period."""
        return [row for row in self.rows if row.period == period]

    @property
    def points(self) -> list[Point]:
        """One value a day or week, in order of time."""
        values: dict[tuple[date, str], list[float]] = defaultdict(list)
        for row in self.rows:
            values[row.first, row.period].append(row.value)
        return [Point(day, statistics.fmean(some), period) for (day, period), some in sorted(values.items())]

    @property
    def after_weeks(self) -> float:
        """Weeks of data after the change, to a tenth, rounded down.

        A calendar week counts as a whole if it has as many days with data as is usual in this file, else by
        its share; a week without data does not count. So five days a week are whole weeks at a plant that
        works five days, and three days of a week at the end are no week.
        """
        days: dict[tuple[int, int], set[date]] = defaultdict(set)
        for row in self.rows:
            days[row.first.isocalendar()[:2]].add(row.first)
        usual = statistics.median(len(found) for found in days.values())
        after: dict[tuple[int, int], set[date]] = defaultdict(set)
        for row in self.of(AFTER):
            after[row.first.isocalendar()[:2]].add(row.first)
        return math.floor(sum(min(1.0, len(found) / usual) for found in after.values()) * 10 + 1e-9) / 10

    @property
    def fingerprint(self) -> str:
        """The same for the same values after the change on the same days, however the file is written."""
        after = sorted((row.first.isoformat(), repr(row.value)) for row in self.of(AFTER))
        return hashlib.sha256(repr(after).encode()).hexdigest()


def read(path: Path, sheet: Sheet, today: date) -> Series:
    """Read and check the data file; CourseError names the line, the column and the fix."""
    table = _table(path)
    head = [name.strip() for name in table[0][1]]
    columns = _columns(path, head, sheet)
    rows: list[Row] = []
    for line, cells in table[1:]:
        if len(cells) > len(head):
            raise CourseError(f"{path}: line {line}: has {len(cells)} cells, line 1 has {len(head)}; mend it")
        given = {name: cells[at].strip() if at < len(cells) else "" for name, at in columns.items()}
        rows.append(_row(f"{path}: line {line}", line, given, sheet, today))
    kept = sorted((row for row in rows if row.period), key=lambda row: (row.first, row.line))
    for period in (BEFORE, AFTER):
        if not any(row.period == period for row in kept):
            window = getattr(sheet, period)
            raise CourseError(
                f"{path}: no value of {window.first} to {window.last}, which {period} says in the sheet; "
                f"correct the days or add the data"
            )
    if len({row.first for row in kept}) > MAX_POINTS:
        raise CourseError(f"{path}: over {MAX_POINTS} days; compare shorter periods, or give values by week")
    return Series(tuple(kept), len(rows) - len(kept))


def _table(path: Path) -> list[tuple[int, list[str]]]:
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; put the data file into the folder") from None
    except UnicodeDecodeError:
        raise CourseError(f"{path}: is not UTF-8; save it as CSV UTF-8") from None
    if len(raw) > MAX_BYTES or "\0" in text:
        raise CourseError(f"{path}: is over {MAX_BYTES // 1_000_000} MB or no text; save it as CSV")
    lines = [(n, x) for n, x in enumerate(text.splitlines(), 1) if x.strip() and not x.startswith("#")]
    if not lines:
        raise CourseError(f"{path}: is empty; fill in the data")
    if len(lines) > MAX_ROWS:
        raise CourseError(f"{path}: over {MAX_ROWS} rows; give a value for each shift or day")
    between = max(",;\t", key=lines[0][1].count)
    try:
        cells = [next(csv.reader([line], delimiter=between)) for _, line in lines]
    except csv.Error as error:
        raise CourseError(f"{path}: {error}; save it as CSV UTF-8") from None
    return [
        (number, found) for (number, _), found in zip(lines, cells, strict=True) if any(map(str.strip, found))
    ]


def _columns(path: Path, head: list[str], sheet: Sheet) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, name in enumerate(head):
        known = NAMES.get(name.casefold())
        if known in found:
            raise CourseError(f"{path}: line 1: the column {known} is there twice; keep one")
        if known:
            found[known] = at
    if ("date" in found) == ("week" in found):
        raise CourseError(f"{path}: line 1: needs either the column date or the column week")
    if "value" not in found:
        raise CourseError(f"{path}: line 1: value: the column is missing; name so the measured values")
    if sheet.comparison == PAIRED:
        names = [name.casefold() for name in head]
        if sheet.pair.casefold() not in names:
            raise CourseError(f"{path}: line 1: no column {sheet.pair}, which the sheet names as data.pair")
        found["pair"] = names.index(sheet.pair.casefold())
    return found


def _row(where: str, line: int, given: dict[str, str], sheet: Sheet, today: date) -> Row:
    first, last = _week(where, given["week"]) if "week" in given else (_day(where, given["date"]),) * 2
    if first > today:
        raise CourseError(f"{where}: {first} has not come yet; correct the day")
    period = ""
    for name in (BEFORE, AFTER):
        window = getattr(sheet, name)
        if window.first <= first and last <= window.last:
            period = name
    if given.get("period"):
        said = PERIODS.get(given["period"].casefold())
        if said is None:
            raise CourseError(f"{where}: period: {given['period']!r}: write before or after")
        if said != (AFTER if first >= sheet.changed else BEFORE):
            raise CourseError(f"{where}: period: says {said}, the change was on {sheet.changed}; correct one")
    pair = given.get("pair", "")
    if "pair" in given and not pair:
        raise CourseError(f"{where}: {sheet.pair}: is empty; say which rows belong together")
    return Row(line, first, last, _value(where, given["value"]), period, pair)


def _day(where: str, text: str) -> date:
    try:
        if found := DAY.fullmatch(text):
            day, month, year = map(int, found.groups())
            return date(year, month, day)
        return date.fromisoformat(text)
    except ValueError:
        raise CourseError(f"{where}: date: {text!r} is no day; write 2026-08-31 or 31/08/2026") from None


def _week(where: str, text: str) -> tuple[date, date]:
    try:
        found = WEEK.fullmatch(text)
        year, week = map(int, found.groups()) if found else (0, 0)
        monday = date.fromisocalendar(year, week, 1)
    except ValueError:
        raise CourseError(f"{where}: week: {text!r} is no week; write it as 2026-W35") from None
    return monday, monday + timedelta(days=6)


def _value(where: str, text: str) -> float:
    plain = text.replace(" ", "").replace("\u00a0", "").replace("−", "-")
    if re.fullmatch(r"-?\d+,\d+", plain):
        plain = plain.replace(",", ".")  # a comma before the decimals
    try:
        value = float(plain)
    except ValueError:
        value = math.nan
    if not re.fullmatch(r"[-+.\deE]+", plain) or not abs(value) <= LARGEST:
        raise CourseError(f"{where}: value: {text!r} is no number; write 12.5 or 12,5, and no unit")
    return value


def pairs(rows: Iterable[Row]) -> tuple[dict[str, tuple[float, float]], list[str]]:
    """The mean before and after of each pair that has both, and the pairs that have one alone."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: {BEFORE: [], AFTER: []})
    for row in rows:
        found[row.pair][row.period].append(row.value)
    whole = {name: sides for name, sides in sorted(found.items()) if sides[BEFORE] and sides[AFTER]}
    means = {name: (statistics.fmean(x[BEFORE]), statistics.fmean(x[AFTER])) for name, x in whole.items()}
    return means, sorted(set(found) - set(whole))
