"""Days and months after a time of the ledger, which is written YYYY-MM-DDTHH:MM:SSZ and always UTC."""

from __future__ import annotations

import calendar
from datetime import date, timedelta


def days_later(time: str, days: int) -> str:
    """Return the day that is so many days after a time."""
    return (date.fromisoformat(time[:10]) + timedelta(days=days)).isoformat()


def months_later(time: str, months: int) -> str:
    """Return the same hour so many months later (or before); the 31st becomes the month's last day."""
    day = date.fromisoformat(time[:10])
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)).isoformat() + time[10:]


def end_of(day: str) -> str:
    """Return the last second of a day."""
    return f"{day}T23:59:59Z"
