"""The same source gives the same bytes, wherever and by whomever it is built."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from publish import reproduce
from publish.reproduce import World

# One of everything that a page can hold; `make reproducible` does the whole site.
PAGE = """---
file_format: mystnb
kernelspec: {name: python3, display_name: Python 3}
---

# Trang thử

Nhịp sản xuất là $t = T / d$.

```{code-cell} ipython3
import matplotlib.pyplot as plt

plt.plot([1, 2, 3])
print({"a", "b", "c"} == set("abc"))
```

```{lab} lab01
```

```{quiz} w01
```

```{sheet} w01
```
"""
SCRIPT = """
import shutil, sys
from pathlib import Path
from publish.book import LEFT_OUT, build_pages, configure, glossary_page, words_of
from publish.light import lighten
from publish.notebooks import build_releases
from publish.paths import BUILD, LABS
from publish.quiz_form import seal
from publish.wheels import build_wheel

out, source, words = Path(sys.argv[1]), BUILD / "tiny", words_of("vi")
source.mkdir(parents=True)
(source / "index.md").write_text(sys.argv[2], "utf-8")
(source / "glossary.md").write_text(glossary_page("vi", words), "utf-8")
configure(source, "vi", words, {"format": "jb-book", "root": "index", "chapters": [{"file": "glossary"}]})
pages = build_pages(source, BUILD / "work", "tiny")
shutil.copytree(pages, out / "vi", ignore=shutil.ignore_patterns(*LEFT_OUT))
lighten(out / "vi")
seal(out / "vi")
build_releases(out / "files")
build_wheel(LABS, out)
"""


@pytest.mark.slow
def test_a_page_its_exercises_and_the_labs_wheel_repeat_on_another_machine(tmp_path: Path) -> None:
    def build(world: World) -> Path:
        out = world.folder / "out"
        world.run("-c", SCRIPT, str(out), PAGE)
        return out

    assert reproduce.check(tmp_path, build) == []
    made = {path.name for path in (tmp_path / "a" / "out").rglob("*")}
    assert {"index.html", "searchindex.js", "lab01-opening.json", "w01-vi.pdf", "w01.ipynb"} <= made
    assert any(name.endswith(".whl") for name in made)
    assert any(name.endswith(".png") for name in made)


def test_the_two_worlds_differ_where_builds_go_wrong(tmp_path: Path) -> None:
    """Else the test above could not fail: an order, a hash, a time zone, a path that creeps in must show."""
    leak = """
import os, sys, time
from pathlib import Path
out = Path(sys.argv[1])
out.mkdir()
for name in "abc":
    (out / name).write_text("")
{line}
"""
    lines = {
        "order": '(out / "x").write_text(" ".join(os.listdir(out)))',
        "walk": '(out / "x").write_text(" ".join(sum((f for _, _, f in os.walk(out)), [])))',
        "glob": '(out / "x").write_text(" ".join(path.name for path in out.glob("*")))',
        "hash": '(out / "x").write_text(str(hash("a")))',
        "zone": '(out / "x").write_text(time.strftime("%H"))',
        "mask": '(out / "x").write_text(oct((out / "a").stat().st_mode))',
        "path": '(out / "x").write_text(__import__("publish").__file__)',
        "home": '(out / "x").write_text(str(Path.home()))',
    }
    pair = reproduce.worlds(tmp_path)
    for name, line in lines.items():
        outs = []
        for world in pair:
            outs.append(world.folder / f"out-{name}")
            world.run("-c", leak.format(line=line), str(outs[-1]))
        found = reproduce.differences(*outs)
        assert [text.partition(":")[0] for text in found] == ["x"], (name, found)


def test_what_differs_and_what_shows_its_origin_is_named(tmp_path: Path) -> None:
    for side in ("one", "other"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "same.txt").write_text("x")
        (tmp_path / side / "page.html").write_text(f"<p>made in {side}")
        with zipfile.ZipFile(tmp_path / side / "a.whl", "w") as archive:
            archive.writestr("lib/where.py", f"/home/{side}/course")
    (tmp_path / "one" / "more.txt").write_text("")
    wheel, more, page = reproduce.differences(tmp_path / "one", tmp_path / "other")
    assert wheel == "a.whl: differs in lib/where.py"
    assert more == "more.txt: is only in one of the two"
    assert page.startswith("page.html: differs at byte 12")
    assert "a.whl!lib/where.py: holds '/home/one'" in reproduce.traces(tmp_path / "one", ["/home/one"])
