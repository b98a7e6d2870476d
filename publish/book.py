"""Builds the book in one language with Jupyter Book: stages a tree, then runs its command on it.

``python -m publish.book vi`` builds one language into ``_build/book/vi`` and says where.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import yaml
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from publish import sheet
from publish.errors import PublishError
from publish.glossary import GLOSSARY, Term, sort_key, terms
from publish.light import lighten
from publish.parts import digest, is_current, renewed
from publish.paths import ASSETS, BOOK, BUILD, LABS, LANGUAGES, ROOT
from publish.quiz import QUIZZES
from publish.quiz_form import seal
from publish.sheet import SHEETS, Sheet

LEFT_OUT = (".buildinfo", "_sources", "objects.inv", "reports", "*.map", "*webpack-macros.html", "locales")


def build_book(language: str, out: Path, address: str = "") -> Path:
    """Build one language's book into `out`, or leave it if its inputs have not changed.

    Parameters
    ----------
    language : {"vi", "en"}
        Which of the two.
    out : Path
        Folder to make; holds the pages, ready to be copied to ``/vi`` or ``/en`` of the site.
    address : str
        The site's own address; see `publish.ext.about`.
    """
    if language not in LANGUAGES:
        raise PublishError(f"language {language!r}: use {' or '.join(LANGUAGES)}")
    inputs = _inputs(language, address)
    if is_current(out, inputs, f"book ({language})"):
        return out
    click.echo(f"book ({language}): building")
    html = build_pages(stage(language, address), BUILD / "jb" / f"book-{language}", f"book ({language})")
    with renewed(out, inputs) as fresh:
        shutil.copytree(html, fresh, ignore=shutil.ignore_patterns(*LEFT_OUT), dirs_exist_ok=True)
        lighten(fresh)
        seal(fresh)  # after the formulas, which explanations hold too
    return out


def build_pages(source: Path, work: Path, name: str) -> Path:
    """Run Jupyter Book on a staged tree, with every warning an error; returns the folder of pages.

    Raises
    ------
    PublishError
        The first warnings and errors, and the file that holds all of what was said.
    """
    # Neither Sphinx nor the cache of executed pages watches extensions, cases and linelab: when something has
    # changed, all pages are read, and their code is run, again.
    for name in ("html", ".doctrees", ".jupyter_cache"):
        shutil.rmtree(work / "_build" / name, ignore_errors=True)
    command = [str(Path(sys.executable).with_name("jupyter-book")), *arguments(source, work), "--all"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=ROOT)
    log = BUILD / f"{work.name}.log"
    log.write_text(done.stdout + done.stderr, "utf-8")
    html = work / "_build" / "html"
    if done.returncode or not (html / "index.html").exists():
        said = complaints(done.stdout + done.stderr)
        raise PublishError("\n".join([f"{name} does not build; all of it in {log}:", *said]))
    return html


def arguments(source: Path, work: Path) -> list[str]:
    """What Jupyter Book's command is given to build a staged tree."""
    return ["build", str(source), "--path-output", str(work), "-W", "-n", "--keep-going", "--quiet"]


def environment() -> dict[str, str]:
    """The environment of a build: a fixed time, and this checkout's own code, whichever one is installed."""
    path = os.pathsep.join([str(ROOT), str(LABS), *filter(None, [os.environ.get("PYTHONPATH")])])
    return os.environ | {"PYTHONPATH": path, "SOURCE_DATE_EPOCH": "315532800", "COLUMNS": "200"}


def complaints(said: str) -> list[str]:
    """The first warnings and errors in what Sphinx said."""
    return [line for line in said.splitlines() if "WARNING" in line or "ERROR" in line][:12]


def stage(language: str, address: str = "", target: Path | None = None) -> Path:
    """Lay out what Jupyter Book builds: pages, shared files, configuration and words of one language."""
    words = words_of(language)
    target = target or BUILD / "src" / language
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(BOOK / language, target)
    (target / "glossary.md").write_text(glossary_page(language, words), "utf-8")
    for week in sheet.weeks():
        page = sheet_page(sheet.load(week), language)
        (next(target.glob(f"{week}-*")) / "sheet.md").write_text(page, "utf-8")
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    for part in toc["parts"]:
        part["caption"] = words["captions"][part["caption"]]
    about = {"course_descriptions": words["descriptions"]}
    configure(target, language, words, toc, about, f"{address.rstrip('/')}/{language}/" if address else "")
    return target


def site_address() -> str:
    """The site's own address as _config.yml has it; empty where it has none."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    return str(config["html"].get("baseurl") or "")


def words_of(language: str) -> dict[str, Any]:
    """The words of one language that the configuration needs."""
    words: dict[str, Any] = yaml.safe_load((ROOT / "locale" / f"{language}.yml").read_text("utf-8"))
    return words


def configure(
    target: Path,
    language: str,
    words: dict[str, Any],
    toc: dict[str, Any],
    more: Mapping[str, Any] | None = None,
    address: str = "",
) -> None:
    """Write configuration and table of contents into a staged tree, with what its pages share.

    `more` are further settings for Sphinx; `address` is that of the tree itself, if it has one.
    """
    shutil.copyfile(BOOK / "references.bib", target / "references.bib")
    shutil.copyfile(ASSETS / "logo.svg", target / "logo.svg")
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    config["title"] = words["title"]
    config["html"]["baseurl"] = address
    sphinx = config["sphinx"]["config"]
    sphinx |= {
        **(more or {}),
        "project": words["title"],
        "language": language,
        "course_names": words["names"],
        "locale_dirs": [str(_catalogue(language, words["strings"]))],
    }
    # these options take the place of those that Jupyter Book makes of `html`
    sphinx["html_theme_options"] |= {
        "extra_footer": f"<p>{words['footer']}</p>",
        "search_bar_text": words["names"]["search"],
    }
    if not sphinx.get("course_published", True):  # the theme asks whether a part is empty before it is filled
        sphinx["html_theme_options"]["article_header_end"].remove("offline")
    for name, data in (("_config.yml", config), ("_toc.yml", toc)):
        (target / name).write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf-8")


def sheet_page(made: Sheet, language: str) -> str:
    """The page of a company sheet."""
    title = made.text("title", language)
    return f"({made.week}-sheet-page)=\n# {title}\n\n```{{sheet}} {made.week}\n```\n"


def glossary_page(language: str, words: dict[str, Any]) -> str:
    """The glossary as a page; an entry's terms in both languages lead to it from either book."""
    other = next(x for x in LANGUAGES if x != language)
    lines = ["(glossary)=", f"# {words['glossary']}", "", words["glossary_intro"], "", "```{glossary}"]
    for term in sorted(terms(), key=lambda term: sort_key(term.term[language], language)):
        more = [term.korean] if term.korean else []
        more += [
            f"{words[name]}: {value}"
            for name, value in (
                ("symbol", term.symbol),
                ("unit", term.unit),
                ("also", _unsaid(term, term.forms[language])),
                ("elsewhere", _unsaid(term, term.avoid[language])),
            )
            if value
        ]
        about = f" *{' · '.join(more)}*" if more else ""
        names = dict.fromkeys((term.term[language], term.term[other]))
        lines += [*names, f"  {term.definition[language].rstrip('.')}.{about}", ""]
    return "\n".join([*lines, "```", ""])


def _unsaid(term: Term, names: Iterable[str]) -> str:
    """Those of a term's other names that its entry does not hold already; readers look for them, too."""
    said = " ".join(term.term.values()).casefold()
    return ", ".join(name for name in names if name.casefold() not in said)


def _catalogue(language: str, strings: dict[str, str]) -> Path:
    """Compile the words that Sphinx and the theme lack, where Sphinx looks for them."""
    folder = BUILD / "locale"
    messages = folder / language / "LC_MESSAGES"
    messages.mkdir(parents=True, exist_ok=True)
    catalogue = Catalog(locale=language, charset="utf-8")
    for word, translation in strings.items():
        catalogue.add(word, translation)
    for domain in ("sphinx", "booktheme"):
        with (messages / f"{domain}.mo").open("wb") as stream:
            write_mo(stream, catalogue)
    data = {"locale": language, "messages": strings, "plural_expr": "0"}
    script = f"Documentation.addTranslations({json.dumps(data, ensure_ascii=False)});"
    (messages / "sphinx.js").write_text(script, "utf-8")
    return folder


def _inputs(language: str, address: str) -> str:
    """A hash of everything that the pages depend on."""
    files = digest(
        [
            *_files(BOOK / language),
            *_files(QUIZZES),
            *_files(SHEETS),
            *(
                ROOT / "publish" / f"{name}.py"
                for name in ("glossary", "quiz", "quiz_form", "sheet", "sheet_pdf")
            ),
            BOOK / "references.bib",
            GLOSSARY,
            ROOT / "_config.yml",
            ROOT / "_toc.yml",
            ROOT / "locale" / f"{language}.yml",
            ROOT / "requirements.txt",
            Path(__file__),
            *(ROOT / "publish" / f"{name}.py" for name in ("light", "icons", "bundle")),
            *(ROOT / "publish" / name for name in ("typeset.mjs", "page.js")),
            *_files(ROOT / "publish" / "ext"),
            *_files(ASSETS / "templates"),
            ASSETS / "logo.svg",
            *_files(LABS / "linelab"),
        ]
    )
    return f"{files} {address}".strip()


def _files(folder: Path) -> Iterable[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


if __name__ == "__main__":
    for asked in sys.argv[1:] or LANGUAGES:
        click.echo(build_book(asked, BUILD / "book" / asked))
