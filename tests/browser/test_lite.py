"""JupyterLite on the shared runtime: the exercise opens, linelab is there, the lab's controls answer."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from .crawl import LOADING, run

pytestmark = pytest.mark.browser


def test_a_lab_runs_in_the_notebook(page: Page, site_url: str) -> None:
    begun = time.perf_counter()
    page.goto(f"{site_url}lite/notebooks/index.html?path=en/w01.ipynb")
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    # until the file is read, JupyterLite shows an empty notebook below its spinner
    expect(cell).to_contain_text("TRAINEE", timeout=LOADING)
    editor = cell.locator(".cm-content")
    editor.fill("from linelab.apps import open_lab\nopen_lab('lab01', lang='en')")
    expect(editor).to_contain_text("open_lab('lab01'")
    run(cell)
    lab = cell.locator(".ll")
    expect(lab.locator(".ll-line")).to_be_visible(timeout=LOADING)
    print(f"\nJupyterLite: lab in the notebook {time.perf_counter() - begun:.1f} s after opening it")
    lab.locator('[data-lever="transfer_lot"] label').nth(1).click()
    expect(lab.get_by_text("Cost 6 of")).to_be_visible()
