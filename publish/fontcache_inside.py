"""Runs in Pyodide: lists matplotlib's fonts once, so that no browser has to.

Pyodide's matplotlib reads `matplotlib/fontlist.json`, but brings one of another version, which it does not
accept: it looks through all fonts at every start. Importing the font manager writes the right one.
"""

import json
import zipfile
from pathlib import Path

from matplotlib import font_manager

fonts = json.loads(Path(font_manager.__file__).with_name("fontlist.json").read_text("utf-8"))
for kind in ("afmlist", "ttflist"):  # the order in which a set gives them is another at every start
    fonts[kind].sort(key=lambda font: font["fname"])
with zipfile.ZipFile("/out.zip", "w") as out:
    out.writestr("matplotlib/fontlist.json", json.dumps(fonts, indent=2))
