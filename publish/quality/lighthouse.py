"""Marks of Lighthouse for a few pages of the built site: `python -m publish.quality.lighthouse`.

Speed is measured several times and the median counts: a busy machine says little about a page. The site is
served as a web server would serve it, compressed ahead.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from publish.compress import compress
from publish.errors import PublishError
from publish.paths import LANGUAGES, SITE
from publish.quality import npm
from publish.serve import server

PAGES = (
    "vi/index.html",
    "vi/w01-seeing-the-factory/index.html",
    "en/w02-factory-physics/index.html",
    "en/reference/statistics.html",
)
FORMS = {"desktop": ("--preset=desktop",), "mobile": ()}
FLOORS = {"accessibility": 100, "best-practices": 100, "seo": 95}
SPEED = {"desktop": 95, "mobile": 90}
TIMEOUT = 120


@contextmanager
def served(site: Path = SITE) -> Iterator[str]:
    """The site with compressed copies beside its files, as it is published; its address."""
    with tempfile.TemporaryDirectory(dir=site.parent) as temporary:
        copy = Path(temporary) / "site"
        shutil.copytree(site, copy, copy_function=os.link)
        parts = (*LANGUAGES, "assets")
        compress(path for part in parts for path in sorted((copy / part).rglob("*")) if path.is_file())
        with server(copy) as running:
            threading.Thread(target=running.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{running.server_port}/"
            running.shutdown()


def measure(address: str, form: str, categories: Sequence[str] = (*FLOORS, "performance")) -> dict[str, Any]:
    """One run of Lighthouse over a page.

    Parameters
    ----------
    address : str
        Of the page.
    form : {"desktop", "mobile"}
        Screen, processor and network that are taken for granted.
    categories : sequence of str
        Which marks to give.

    Returns
    -------
    dict
        Lighthouse's own report.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise PublishError("no Chromium on this machine; run: make system")
    command = [*npm.program("lighthouse/cli/index.js"), address, "--quiet", "--output=json", *FORMS[form]]
    command += [f"--only-categories={','.join(categories)}", "--chrome-flags=--headless=new --no-sandbox"]
    environment = os.environ | {"CHROME_PATH": chromium}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, env=environment)
        report: dict[str, Any] = json.loads(done.stdout)
    except (ValueError, subprocess.TimeoutExpired) as error:
        raise PublishError(f"lighthouse does not run on {address}: {error}") from None
    if report.get("runtimeError"):
        raise PublishError(f"lighthouse on {address}: {report['runtimeError']['message']}")
    return report


def marks(report: dict[str, Any]) -> dict[str, int]:
    """The marks of a report, out of 100."""
    return {name: round(100 * (part["score"] or 0)) for name, part in report["categories"].items()}


def failures(report: dict[str, Any], category: str) -> list[str]:
    """What a page lost marks for in a category."""
    refs = {ref["id"] for ref in report["categories"][category]["auditRefs"] if ref["weight"]}
    audits = (report["audits"][name] for name in sorted(refs))
    return [f"{x['id']}: {x['title']}" for x in audits if x["score"] is not None and x["score"] < 1]


@click.command()
@click.option("--runs", default=5, show_default=True, help="Of each page and form; the median counts.")
@click.option("--page", "pages", multiple=True, default=PAGES, show_default=True, help="Of the site; repeat.")
def main(runs: int, pages: tuple[str, ...]) -> None:
    """Give the built site its marks; ends with exit code 1 if a page is below a floor."""
    if not (SITE / "index.html").exists():
        raise PublishError(f"{SITE} is not built; run: make site")
    below = []
    click.echo(f"{'page':44} {'form':8} speed (all)            LCP s  a11y  practice  seo")
    with served() as root:
        for page in pages:
            for form in FORMS:
                reports = [measure(root + page, form) for _ in range(runs)]
                found = [marks(report) for report in reports]
                speeds = sorted(mark["performance"] for mark in found)
                speed = statistics.median(speeds)
                lcp = statistics.median(
                    r["audits"]["largest-contentful-paint"]["numericValue"] / 1000 for r in reports
                )
                lowest = {name: min(mark[name] for mark in found) for name in FLOORS}
                click.echo(
                    f"{page:44} {form:8} {speed:5.0f} {speeds!s:17} {lcp:5.2f} "
                    f"{lowest['accessibility']:5} {lowest['best-practices']:9} {lowest['seo']:4}"
                )
                if speed < SPEED[form]:
                    below.append(f"{page}, {form}: performance {speed:.0f}, at least {SPEED[form]} is asked")
                for name, floor in FLOORS.items():
                    if lowest[name] < floor:
                        lost = "; ".join(failures(reports[0], name))
                        below.append(
                            f"{page}, {form}: {name} {lowest[name]}, at least {floor} is asked: {lost}"
                        )
    for line in below:
        click.echo(line)
    sys.exit(bool(below))


if __name__ == "__main__":
    main()
