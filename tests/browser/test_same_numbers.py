"""A seed gives the same figures in the browser as here, whatever the line."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

STUDIES = Path(__file__).with_name("numbers.py")
RUN = """async ([runtime, source]) => {
    const { loadPyodide } = await import(runtime + "pyodide.mjs");
    const pyodide = await loadPyodide({ lockFileURL: runtime + "lab-lock.json", packages: ["linelab"] });
    pyodide.runPython(source);
    return [pyodide.runPython("import sys; sys.platform"), pyodide.runPython("studies()")];
}"""


def test_the_browser_computes_the_same_numbers(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}en/index.html")
    platform, said = page.evaluate(RUN, [f"{site_url}runtime/pyodide/", STUDIES.read_text("utf-8")])
    assert platform == "emscripten"
    there = json.loads(said)
    here = json.loads(runpy.run_path(str(STUDIES))["studies"]())
    assert there.keys() == here.keys()
    for name, values in here.items():
        np.testing.assert_allclose(there[name], values, rtol=1e-9, atol=1e-9, err_msg=name)
