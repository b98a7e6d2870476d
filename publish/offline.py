"""What a browser may keep of a site for use without a network, and the site as an app that it may install.

The files fall into parts: the pages of either language, what labs run on, and the exercises' JupyterLite.
Each is listed with its size and hash; the workers and the panel in `publish/assets/offline` use it.
``python -m publish.offline WEB/EDITION`` prints how large the parts of a published edition are.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from publish.book import words_of
from publish.errors import PublishError
from publish.layout import SHARED, Layout
from publish.lock import LAB_LOCK
from publish.paths import LANGUAGES
from publish.serve import WORKER
from publish.store import OF_AN_EDITION

LITE_WORKER = "lite/service-worker.js"
LIST = "assets/offline/files.js"
DERIVED = (LIST, WORKER, LITE_WORKER)  # another with any other change
ICON = "assets/offline/icon-{size}.png"
ICON_SIZES = (192, 512)
GREEN, AMBER, WHITE = "#0b5d4e", "#e69f00", "#ffffff"

# What no page asks for, what is for paper, and what the network alone can tell: who issues, what is revoked.
LEFT_OUT = (".po", ".mo", ".eot", ".orig", ".LICENSE.txt", "LICENSE", ".py.txt")
NEVER = (
    "books/",
    "assets/social/",
    "assets/verify/issuers.json",
    "runtime/",
    *(f"lite/{x}/" for x in SHARED),
)
READ_BY_PAGES = ("lite/files/", "lite/api/contents/")  # My progress, Hand in, a lab's way to its exercise
OF_THE_HOST = ("sitemap.xml", "robots.txt", *DERIVED)
CORE = ("pyodide.asm.js",)  # pyodide.js is JupyterLite's way to the same

SITE_WORKER = """\
// Written when the site was put together (publish/offline.py): keeps the edition in the reader's browser.
self.VERSION = {version};
self.HOME = new URL("./", self.location.href).href;
importScripts({scripts});
"""
LITE_LINES = """\
// Written when the site was put together (publish/offline.py): answers what is kept, else is JupyterLite's
self.VERSION = {version};
self.HOME = new URL("../", self.location.href).href;
importScripts({scripts});
"""

Files = dict[str, tuple[Path, set[str]]]  # address from the edition's folder -> the file, and its parts


def write(site: Path, layout: Layout, python: Path, lite: Path) -> None:
    """Write the list, the workers and the app's manifest into an assembled site.

    Parameters
    ----------
    site : Path
        All of it that does not lie elsewhere; nothing may be changed in it afterwards.
    layout : Layout
        Where the rest lies.
    python, lite : Path
        Pyodide and JupyterLite as built.
    """
    _write_app(site)
    found = _files(site, layout, python, lite)
    strange = [name for name in found if any(sign in name for sign in "%?#\\")]
    if strange:
        raise PublishError(f"{strange[0]}: browsers read such a name in another way; rename it")
    listed = {name: [*_seal(path), " ".join(sorted(parts))] for name, (path, parts) in sorted(found.items())}
    version = hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]
    course = {"edition": layout.edition, "version": version, "files": listed}
    text = json.dumps(course, ensure_ascii=False, separators=(",", ":"))
    (site / LIST).write_text(f"self.COURSE = {text};\n", "utf-8")
    answers = ("files", "answer")
    (site / WORKER).write_text(_worker(SITE_WORKER, version, "", (*answers, "keep")), "utf-8")
    own = lite / "service-worker.js"
    if own.is_file():
        target = site / LITE_WORKER
        target.unlink()  # it may be a link to a part of the build
        lines = _worker(LITE_LINES, version, "../", answers)
        target.write_text(lines + own.read_text("utf-8"), "utf-8")


def table(edition: Path) -> list[str]:
    """A line for each part of a published edition: files, their megabytes, and those sent with brotli."""
    text = (edition / LIST).read_text("utf-8").removeprefix("self.COURSE = ").rstrip(";\n")
    files: dict[str, tuple[str, int, str]] = json.loads(text)["files"]
    lines = []
    for part in (*LANGUAGES, "labs", "exercises"):
        names = {name: size for name, (_, size, parts) in files.items() if part in parts.split()}
        copies = {name: edition / f"{name}.br" for name in names}
        sent = sum(copies[x].stat().st_size if copies[x].exists() else size for x, size in names.items())
        lines.append(f"| {part} | {len(names)} | {sum(names.values()) / 1e6:.1f} | {sent / 1e6:.1f} |")
    return lines


def _worker(text: str, version: str, up: str, names: tuple[str, ...]) -> str:
    scripts = ", ".join(json.dumps(f"{up}assets/offline/{name}.js") for name in names)
    return text.format(version=json.dumps(version), scripts=scripts)


def _files(site: Path, layout: Layout, python: Path, lite: Path) -> Files:
    found: Files = {}

    def add(name: str, path: Path, *parts: str) -> None:
        if not name.endswith(LEFT_OUT):
            found.setdefault(name, (path, set()))[1].update(parts)

    for name, path in _below(site):
        if name in OF_THE_HOST or name.startswith(NEVER) or "/_static/locales/" in f"/{name}":
            continue
        top = name.split("/")[0]
        if top in LANGUAGES:
            add(name, path, top)
        elif top == "lite":
            add(name, path, "exercises", *(LANGUAGES if name.startswith(READ_BY_PAGES) else []))
        else:
            add(name, path, *LANGUAGES)
    for folder in SHARED:
        for name, path in _below(lite / folder):
            if name != "service-worker.js":
                add(f"{layout.program}{folder}/{name}", path, "exercises")
    lock = json.loads((python / LAB_LOCK).read_text("utf-8"))
    lab = {entry["file_name"] for entry in lock["packages"].values()} | {"python_stdlib.zip"}
    for path in sorted(python.iterdir()):
        of_labs = path.name in lab or path.suffix not in (".whl", ".zip", ".js") or path.name in CORE
        where = layout.locks if path.name in OF_AN_EDITION else layout.python
        add(f"{where}{path.name}", path, "exercises", *(["labs"] if of_labs else []))
    return found


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def _seal(path: Path) -> tuple[str, int]:
    content = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
    return digest.rstrip("="), len(content)


def _write_app(site: Path) -> None:
    """The manifest that lets browsers install the site as an app, in each language, and its icons."""
    icons = [{"src": "assets/logo.svg", "sizes": "any", "type": "image/svg+xml"}]
    (site / ICON).parent.mkdir(parents=True, exist_ok=True)
    for size in ICON_SIZES:
        name = ICON.format(size=size)
        (site / name).write_bytes(_icon(size))
        said = {"src": name, "sizes": f"{size}x{size}", "type": "image/png"}
        icons += [said, said | {"purpose": "maskable"}]
    for language in LANGUAGES:
        words = words_of(language)
        app = {
            "name": words["title"],
            "short_name": words["app"],
            "lang": language,
            "start_url": f"{language}/index.html",
            "scope": "./",
            "display": "minimal-ui",  # with a way back
            "background_color": WHITE,
            "theme_color": GREEN,
            "icons": icons,
        }
        text = json.dumps(app, ensure_ascii=False, indent=1)
        (site / f"{language}.webmanifest").write_text(text + "\n", "utf-8")


def _icon(size: int) -> bytes:
    """The logo to the edges, so that any mask that a phone lays over it leaves the factory whole."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # a second that other builds need not take
    from matplotlib.figure import Figure
    from matplotlib.patches import Circle, Polygon

    figure = Figure(figsize=(1, 1), dpi=size, facecolor=GREEN)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set(xlim=(0, 64), ylim=(64, 0))
    axes.axis("off")
    roof = [(8, 50), (8, 26), (20, 34), (20, 26), (32, 34), (32, 26), (44, 34), (44, 14), (54, 14), (54, 50)]
    axes.add_patch(Polygon(roof, color=WHITE, lw=0))
    axes.plot([14, 48], [43, 43], color=AMBER, lw=4 / 64 * 0.8 * 72, solid_capstyle="round")
    for x in (20, 32, 44):
        axes.add_patch(Circle((x, 43), 4, color=GREEN, lw=0))
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=size, metadata={"Software": None})
    return out.getvalue()


if __name__ == "__main__":
    for line in table(Path(sys.argv[1])):
        click.echo(line)
