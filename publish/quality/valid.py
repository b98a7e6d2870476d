"""Whether the pages are valid HTML: `python -m publish.quality.valid` looks at all pages of the built site.

html-validate does it, by the rules of htmlvalidate.mjs. JupyterLite's own pages are not ours to mend.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from publish.errors import PublishError
from publish.paths import LANGUAGES, SITE
from publish.quality import npm

RULES = Path(__file__).with_name("htmlvalidate.mjs")


def pages_of(site: Path) -> list[Path]:
    """The pages of a site that are ours."""
    found = [site / "index.html"]
    for language in LANGUAGES:
        found += [p for p in sorted((site / language).rglob("*.html")) if "_static" not in p.parts]
    return found


def find_invalid(pages: Sequence[Path], within: Path) -> list[str]:
    """Where pages are not valid HTML, one line each.

    Parameters
    ----------
    pages : sequence of Path
        Which to look at.
    within : Path
        Their folder; the lines name pages from there.

    Raises
    ------
    PublishError
        If the validator does not run.
    """
    command = [*npm.program("html-validate/bin/html-validate.mjs"), "--config", str(RULES)]
    with tempfile.TemporaryDirectory() as temporary:
        # into a file: the program ends before a long answer is through a pipe
        answer = Path(temporary) / "found.json"
        command += ["--formatter", f"json={answer}", *map(str, pages)]
        done = subprocess.run(command, capture_output=True, text=True)
        if not answer.exists():
            said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
            raise PublishError(f"html-validate does not run: {said[:300]}")
        reports = json.loads(answer.read_text("utf-8"))
    return [
        f"{Path(report['filePath']).relative_to(within)}:{m['line']}: {m['message']} ({m['ruleId']})"
        for report in reports
        for m in report["messages"]
    ]


def main() -> int:
    if not (SITE / "index.html").exists():
        raise PublishError(f"{SITE} is not built; run: make site")
    pages = pages_of(SITE)
    found = find_invalid(pages, SITE)
    for line in found:
        print(line)
    print(f"{len(pages)} pages, {len(found)} finds")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
