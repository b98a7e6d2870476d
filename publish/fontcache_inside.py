"""Runs in Pyodide: lists matplotlib's fonts once, so that no browser has to.

Pyodide's matplotlib reads `matplotlib/fontlist.json`, but brings one of another version, which it does not
accept: it looks through all fonts at every start. Importing the font manager writes the right one.
"""

import zipfile
from pathlib import Path

from matplotlib import font_manager

with zipfile.ZipFile("/out.zip", "w") as out:
    out.write(Path(font_manager.__file__).with_name("fontlist.json"), "matplotlib/fontlist.json")
