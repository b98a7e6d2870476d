"""Asks the addresses outside that the pages link to, and says which of them no longer answer.

`make links` does it on demand: sites outside may be slow, and a build must not hang on them. An address that
answered is believed for a month (`.cache/links.json`); one that did not is asked again each time. Each host
is asked for one address at a time, with a rest in between.
"""

from __future__ import annotations

import html
import json
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click

from publish.errors import PublishError
from publish.paths import CACHE, SITE
from publish.quality.valid import pages_of

KEPT = CACHE / "links.json"
BELIEVED = timedelta(days=30)
TIMEOUT = 20.0  # seconds
REST = 1.0  # seconds between two questions to a host
HOSTS = 8  # asked at the same time
AGENT = "course-link-check/1 (asks once a month whether a cited page is still there)"
# what a site says that lets nobody but browsers in, or nobody for now; whether the page is there stays open
CLOSED = {401, 403, 406, 418, 429, 451, 503, 999}
LINK = re.compile(r'<a\b[^>]*\bhref="(https?://[^"#]+)')


@dataclass(frozen=True)
class Answer:
    """What came of an address: an HTTP status, or 0 and the reason why none came."""

    status: int
    reason: str = ""
    day: str = ""

    @property
    def good(self) -> bool:
        """Whether the page is there."""
        return 200 <= self.status < 300

    @property
    def open(self) -> bool:
        """Whether it stays open if the page is there."""
        return self.status in CLOSED


def addresses(site: Path) -> dict[str, list[str]]:
    """The addresses outside, each with the pages that link to it."""
    found: dict[str, list[str]] = {}
    for page in pages_of(site):
        name = page.relative_to(site).as_posix()
        for address in dict.fromkeys(map(html.unescape, LINK.findall(page.read_text("utf-8")))):
            found.setdefault(address, []).append(name)
    return dict(sorted(found.items()))


def ask(address: str) -> Answer:
    """Ask for the head of a page; for all of it, where the site does not like that."""
    answer = _ask(address, "HEAD")
    return answer if answer.good else _ask(address, "GET")


def _ask(address: str, method: str) -> Answer:
    headers = {"User-Agent": AGENT, "Accept": "*/*"}
    request = urllib.request.Request(address, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answered:
            return Answer(answered.status)
    except urllib.error.HTTPError as error:
        error.close()
        return Answer(error.code, str(error.reason))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return Answer(0, " ".join(str(reason).split()) or type(error).__name__)


def check(wanted: Iterable[str], kept: Path = KEPT, today: date | None = None) -> dict[str, Answer]:
    """The answer of each address, from what is kept where that is good and not old.

    Answers are kept as they come, so that an interrupted check goes on where it was.
    """
    today = today or datetime.now(UTC).date()
    known = _load(kept)
    answers: dict[str, Answer] = {}
    hosts: dict[str, list[str]] = {}
    for address in wanted:
        before = known.get(address)
        if before and before.good and today - date.fromisoformat(before.day) < BELIEVED:
            answers[address] = before
        else:
            hosts.setdefault(urlsplit(address).netloc, []).append(address)

    def ask_host(those: list[str]) -> list[tuple[str, Answer]]:
        found = []
        for number, address in enumerate(those):
            if number:
                time.sleep(REST)
            found.append((address, ask(address)))
        return found

    with ThreadPoolExecutor(HOSTS) as pool:
        for found in pool.map(ask_host, hosts.values()):
            for address, answer in found:
                answers[address] = Answer(answer.status, answer.reason, today.isoformat())
            _save(kept, known | answers)
    return answers


def _load(kept: Path) -> dict[str, Answer]:
    try:
        return {address: Answer(**answer) for address, answer in json.loads(kept.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # ask anew


def _save(kept: Path, answers: Mapping[str, Answer]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(".new")
    shown = {address: asdict(answer) for address, answer in sorted(answers.items())}
    fresh.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n", "utf-8")
    fresh.replace(kept)


def report(wanted: Mapping[str, list[str]], answers: Mapping[str, Answer]) -> tuple[list[str], list[str]]:
    """One line for each address that is gone, and for each that does not let itself be asked."""
    gone: list[str] = []
    closed: list[str] = []
    for address, pages in wanted.items():
        answer = answers[address]
        if answer.good:
            continue
        said = f"{answer.status} {answer.reason}".strip() if answer.status else answer.reason
        line = f"{address}: {said} (in {', '.join(pages)})"
        (closed if answer.open else gone).append(line)
    return gone, closed


def main(site: Path = SITE, kept: Path = KEPT) -> int:
    """Check the links of the built site; 1 if an address is gone."""
    if not (site / "index.html").exists():
        raise PublishError(f"{site} is not built; run: make site")
    wanted = addresses(site)
    click.echo(f"asking for {len(wanted)} addresses, those that answered this month left out", err=True)
    answers = check(wanted, kept)
    if answers and not any(answer.status for answer in answers.values()):
        raise PublishError(f"none of {len(answers)} addresses answered; is this machine connected?")
    gone, closed = report(wanted, answers)
    for line in gone:
        click.echo(line)
    for line in closed:
        click.echo(f"look by hand: {line}")
    click.echo(f"{len(wanted)} addresses: {len(gone)} gone, {len(closed)} to look at by hand")
    return bool(gone)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PublishError as error:
        sys.exit(f"Error: {error.message}")
