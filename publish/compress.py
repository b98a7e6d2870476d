"""Compresses ahead what browsers take compressed: `x.br` and `x.gz` beside `x`, as web servers look for them.

Node's zlib does it, so that no package is needed and the same file gives the same bytes. What was compressed
once is kept in the build folder by the hash of its content.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import click

from publish import fetch, sources
from publish.errors import PublishError
from publish.paths import BUILD

FORMS = ("br", "gz")
TEXTS = {".html", ".css", ".js", ".mjs", ".json", ".ipynb", ".svg", ".xml", ".txt", ".wasm", ".webmanifest",
         ".ttf", ".py"}  # fmt: skip
SMALLEST = 512  # bytes; below, the header of the answer is larger than what is saved
GAIN = 0.95  # a copy that is not smaller than this share is not worth its place
VERSION = "1"  # change it with the settings in compress.mjs


def compress(files: Iterable[Path], store: Path = BUILD / "compressed") -> list[Path]:
    """Write the compressed copies of those files that gain by it; those there already are left alone.

    Raises
    ------
    PublishError
        If node does not run.
    """
    store.mkdir(parents=True, exist_ok=True)
    wanted: dict[Path, Path] = {}  # the copy -> where the store has it
    jobs: dict[Path, dict[str, str]] = {}
    for file in files:
        if file.suffix not in TEXTS or file.stat().st_size < SMALLEST:
            continue
        name = f"{fetch.sha256(file)[:32]}-{VERSION}"
        for form in FORMS:
            copy, kept = file.with_name(f"{file.name}.{form}"), store / f"{name}.{form}"
            if copy.exists():
                continue
            wanted[copy] = kept
            if not kept.exists():
                jobs[kept] = {"file": str(file.resolve()), "to": str(kept.resolve()), "form": form}
    if jobs:
        # the large ones first, so that the last to end is a small one
        _run(sorted(jobs.values(), key=lambda job: (-Path(job["file"]).stat().st_size, job["to"])))
    written = []
    for copy, kept in wanted.items():
        if kept.stat().st_size < GAIN * copy.with_suffix("").stat().st_size:
            shutil.copyfile(kept, copy)
            written.append(copy)
    return written


def _run(jobs: list[dict[str, str]]) -> None:
    script = Path(__file__).with_suffix(".mjs")
    try:
        command = [*sources.node(), str(script)]
    except sources.SourceError as error:
        raise PublishError(f"{script}: node does not run: {error}") from None
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        assert node.stderr is not None
        node.stdin.write(json.dumps(jobs))
        node.stdin.close()
        with click.progressbar(length=len(jobs), label="Compressing") as bar:
            for _ in node.stdout:
                bar.update(1)
        said = node.stderr.read()
    if node.returncode:
        raise PublishError(f"{script}: {(said.strip().splitlines() or ['no message'])[-1][:300]}")
