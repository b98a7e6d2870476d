"""The lab as a notebook in a Jupyter of one's own: the notebook that the site publishes, unchanged."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def jupyter(site_folder: Path, tmp_path: Path) -> Iterator[str]:
    """Address of a Jupyter server that holds the published notebook of lab 1."""
    shutil.copyfile(site_folder / "lite" / "files" / "en" / "lab01.ipynb", tmp_path / "lab01.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.token=", "--ip=127.0.0.1"]
    home = {**os.environ, "HOME": str(tmp_path / "home"), "JUPYTER_PREFER_ENV_PATH": "1"}
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "notebook", *options], cwd=tmp_path, env=home, stdout=log, stderr=log
        )
        try:
            _wait(f"http://127.0.0.1:{port}/api", server)
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()
            server.wait(20)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        assert server.poll() is None, "the Jupyter server ended"
        try:
            with urlopen(address, timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise AssertionError("the Jupyter server does not answer")


def test_the_published_lab_opens_in_a_local_jupyter(page: Page, jupyter: str) -> None:
    page.goto(f"{jupyter}notebooks/lab01.ipynb")
    # the notebook names the browser's kernel, which this Jupyter has not: it asks, and offers its own
    page.locator(".jp-Dialog .jp-mod-accept").click(timeout=60_000)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=60_000)
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".ll-player").wait_for(timeout=60_000)
    lever = page.locator('[data-lever="transfer_lot"] label')
    lever.nth(2).click()
    page.locator(".ll-guess").fill("150")
    page.locator(".ll-guess").press("Enter")
    expect(page.locator(".ll-runs tbody tr")).to_have_count(1, timeout=20_000)
    expect(page.locator(".ll-metrics")).to_contain_text("a clear difference")
    expect(page.locator(".ll-why-list li").first).to_contain_text("Glue")
