"""Folders of on-site projects, as trainees fill them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

CHANGED = date(2026, 8, 10)  # a Monday
TODAY = date(2026, 11, 26)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def days(first: date, weeks: int, a_week: int = 5) -> list[date]:
    """The working days of so many weeks, from a Monday on."""
    return [first + timedelta(weeks=w, days=d) for w in range(weeks) for d in range(a_week)]


BEFORE, AFTER = days(date(2026, 6, 29), 6), days(CHANGED, 6)


def values(level: float = 60.0, step: float = -15.0, trend: float = 0.0, seed: int = 1) -> list[float]:
    """Changeover times by day, before and after, with noise; `trend` is per week, all the time."""
    noise = np.random.default_rng(seed).normal(0, 3, len(BEFORE) + len(AFTER))
    weeks = np.array([(day - CHANGED).days / 7 for day in (*BEFORE, *AFTER)])
    steps = np.array([0.0] * len(BEFORE) + [step] * len(AFTER))
    return [round(float(x), 1) for x in level + trend * weeks + steps + noise]


def sheet(**changed: Any) -> dict[str, Any]:
    """A filled sheet; `change__date="…"` changes a field within a part, None takes it out."""
    data: dict[str, Any] = {
        "format": "course-project/1",
        "title": "Đổi khuôn nhanh trên máy dập 110 tấn",
        "measure": {"name": "thời gian đổi khuôn", "unit": "phút", "better": "smaller"},
        "change": {"date": CHANGED.isoformat(), "what": "chuẩn bị khuôn trước khi dừng máy"},
        "before": {"from": BEFORE[0].isoformat(), "to": BEFORE[-1].isoformat()},
        "after": {"from": AFTER[0].isoformat(), "to": AFTER[-1].isoformat()},
        "data": {"file": "data.csv", "comparison": "interrupted"},
        "confirmation": {"date": "2026-10-01", "position": "giám đốc sản xuất", "file": "xac-nhan.pdf"},
    }
    for name, value in changed.items():
        *parts, last = name.split("__")
        place = data
        for part in parts:
            place = place[part]
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return data


def table(rows: Sequence[Sequence[object]], head: str = "date,value") -> str:
    return head + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)


def daily(found: Sequence[float]) -> str:
    """A data file with a value a day."""
    return table(list(zip((*BEFORE, *AFTER), found, strict=True)))


def project(folder: Path, files: Mapping[str, bytes | str] | None = None, **changed: Any) -> Path:
    """Write a whole folder; `files` are added or put in place of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    content: dict[str, bytes | str] = {
        "project.yml": yaml.safe_dump(sheet(**changed), allow_unicode=True),
        "data.csv": daily(values()),
        "xac-nhan.pdf": PDF,
        **(files or {}),
    }
    for name, one in content.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(one.encode() if isinstance(one, str) else one)
    return folder
