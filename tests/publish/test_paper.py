"""The book on paper: its pages taken apart, its sorting, and the finished PDF of each language."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from publish import check
from publish.book import words_of
from publish.errors import PublishError
from publish.glossary import finder, initial, sort_key, term_of, terms
from publish.paper import pdf as paper
from publish.paper import volume
from publish.paper.pages import read, said
from publish.paths import BUILD, LANGUAGES, book_name
from publish.quiz import load
from publish.quiz_form import form

MM = 72 / 25.4
VIETNAMESE = "áàảãạăắằẳẵặâấầẩẫậđéèẻẽẹêếềểễệíìỉĩịóòỏõọôốồổỗộơớờởỡợúùủũụưứừửữựýỳỷỹỵ"


def _page(folder: Path, content: str) -> Path:
    path = folder / "page.html"
    section = f'<section id="a"><h1>A</h1>{content}</section>'
    path.write_text(f'<html><body><article class="bd-article">{section}</article></body></html>', "utf-8")
    return path


# -- sorting


def test_vietnamese_sorts_by_letter_then_tone_syllable_by_syllable() -> None:
    right = ["can", "cản", "cạn", "cạn kiệt", "căn", "cằn", "cân", "cân bằng", "cấn"]
    right += ["dư", "đa", "đá", "ổn định", "ơn"]
    mixed = sorted(right)
    assert mixed != right
    assert sorted(mixed, key=lambda x: sort_key(x, "vi")) == right
    assert [initial(x, "vi") for x in ("đa", "ăn", "ổn", "5S")] == ["Đ", "Ă", "Ô", "0–9"]


def test_english_sorts_without_regard_to_diacritics() -> None:
    assert sorted(["cafe b", "café a", "cab"], key=lambda x: sort_key(x, "en")) == ["cab", "café a", "cafe b"]


# -- a page


@pytest.mark.parametrize(
    ("mathml", "text"),
    [
        ("<mi>C</mi><mo>=</mo><mfrac><mn>1</mn><mrow><mi>a</mi><mi>b</mi></mrow></mfrac>", "C = (1)/(ab)"),
        ("<msub><mi>r</mi><mi>b</mi></msub><mo>&#x2062;</mo><msup><mi>x</mi><mn>10</mn></msup>", "r_bx^{10}"),
        ("<msqrt><mi>n</mi></msqrt><mo>≤</mo><mn>2</mn>", "√(n) ≤ 2"),
    ],
)
def test_a_formula_is_said_in_one_line(mathml: str, text: str) -> None:
    assert said(html.fromstring(f"<math>{mathml}</math>")) == text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("week", ["w01", "w02", "w03"])
def test_a_quiz_is_printed_with_its_questions_and_without_its_answers(
    week: str, language: str, tmp_path: Path
) -> None:
    words = words_of(language)["paper"]
    quiz = load(week)
    page = read(_page(tmp_path, form(quiz, language, lambda question: "chart.svg")), words)
    shown, source = page.text_content(), html.tostring(page, encoding="unicode")
    assert words["quiz"] in shown
    assert len(page.xpath(".//*[@class='cq-question']")) == len(quiz.questions)
    assert not page.xpath(".//input | .//select | .//button | .//template | .//form | .//@data-right")
    for question in quiz.questions:
        for option in question.get("options", ()):
            plain = _letters(option["text"][language])
            assert plain in _letters(shown)
            assert _letters(option["say"][language]) not in _letters(source)
        for pair in question.get("pairs", ()):
            assert _letters(pair["right"][language]) in _letters(shown)
        if "say" in question:
            assert _letters(question["say"][language]) not in _letters(source)


def _letters(text: str) -> str:
    return re.sub(r"\W", "", re.sub(r"\$[^$]*\$|\\\([^)]*\\\)", "", text))


def test_a_fold_is_open_and_an_exercise_is_a_note(tmp_path: Path) -> None:
    words = words_of("en")["paper"]
    content = (
        "<details><summary><span>Look</span></summary><div><p>inside</p></div></details>"
        '<p><a class="course-exercise" href="../lite/notebooks/index.html?path=en/w02.ipynb">Open</a></p>'
    )
    page = read(_page(tmp_path, content), words)
    assert [x.text_content() for x in page.xpath(".//*[@class='fold']")] == ["Lookinside"]
    assert words["exercise"].format(week=2) in page.text_content()
    assert not page.xpath(".//details | .//a")


def test_a_lab_is_its_still_with_a_caption_and_a_note(tmp_path: Path) -> None:
    words = words_of("vi")["paper"]
    inside = '<img src="s.svg" alt="Ảnh"><button>Bắt đầu</button>'
    content = f'<div class="course-lab" data-app="lab03">{inside}</div>'
    page = read(_page(tmp_path, content), words)
    (figure,) = page.iter("figure")
    assert figure.find("img").get("alt") == "Ảnh"
    assert figure.find("figcaption").text == words["lab"].format(week=3)
    assert words["lab_online"].format(week=3) in page.text_content()
    assert "Bắt đầu</button>" not in html.tostring(page, encoding="unicode")


def test_the_book_leaves_out_what_needs_a_browser_and_what_is_for_organisers() -> None:
    names = {name for chapter in volume.chapters() for name in chapter.names}
    assert names & {"hand-in", "exam", "my-progress", "verify", "guides/instructor"} == set()
    assert {"index", "glossary", "references"} <= names
    weeks = [chapter for chapter in volume.chapters() if chapter.kind == "week"]
    assert [chapter.number for chapter in weeks] == [str(i + 1) for i in range(len(weeks))]


def test_without_pango_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(PublishError, match="WeasyPrint is missing"):
        paper.typeset(built_pages("en"), "en", tmp_path / "book.pdf")


# -- the finished book


def built_pages(language: str) -> Path:
    folder = BUILD / "book" / language
    if not (folder / "index.html").exists():
        pytest.fail(f"{folder} is not built; run: make site")
    return folder


@dataclass
class Book:
    """A finished book, and what programs say of it."""

    path: Path
    language: str
    folder: Path

    @cached_property
    def reader(self) -> PdfReader:
        return PdfReader(self.path)

    @cached_property
    def texts(self) -> list[str]:
        """The text of each page, lines joined."""
        return _run("pdftotext", "-layout", self.path, "-").split("\f")[:-1]

    @cached_property
    def outline(self) -> list[tuple[int, str, int]]:
        """Level, title and page number of each bookmark."""

        def walk(items: list[Any], level: int) -> Iterator[tuple[int, str, int]]:
            for item in items:
                if isinstance(item, list):
                    yield from walk(item, level + 1)
                else:
                    yield level, str(item.title), (self.reader.get_destination_page_number(item) or 0) + 1

        return list(walk(self.reader.outline, 1))

    def bare(self, page: int) -> str:
        """A page's text without white space and hyphens, of which line breaks may be made."""
        return _bare(self.texts[page - 1])

    @cached_property
    def pictures(self) -> list[Image.Image]:
        folder = self.folder / "pages"
        folder.mkdir()
        _run("pdftoppm", "-r", "36", "-gray", self.path, folder / "p")
        return [Image.open(path) for path in sorted(folder.iterdir())]

    @property
    def words(self) -> dict[str, str]:
        found: dict[str, str] = words_of(self.language)["paper"]
        return found


def _bare(text: str) -> str:
    return re.sub(r"[\s\-‐\u00ad]", "", text)


TYPESET = """
import sys
from pathlib import Path
from publish.paper import pdf, volume
everything = volume.chapters()
volume.chapters = lambda: [x for x in everything if x.number in ("", "1")]
pdf.typeset(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), edition="2026-test-1")
"""


def _typeset(language: str, target: Path, seed: str) -> None:
    """Typeset a short version, all but the later weeks and the appendix, as another process does it."""
    command = [sys.executable, "-c", TYPESET, built_pages(language), language, target]
    done = subprocess.run(
        [str(x) for x in command], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=LANGUAGES)
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The short version; with COURSE_BOOKS=FOLDER the finished book in that folder (`make books`)."""
    language, folder = request.param, tmp_path_factory.mktemp("paper")
    made = os.environ.get("COURSE_BOOKS")
    if made:
        return Book(Path(made) / book_name(language, "pdf"), language, folder)
    _typeset(language, folder / "book.pdf", "1")
    return Book(folder / "book.pdf", language, folder)


@pytest.mark.slow
def test_the_book_is_a4_in_its_language_tagged_and_with_its_title(book: Book) -> None:
    root: DictionaryObject = book.reader.trailer["/Root"]  # type: ignore[assignment]
    assert root["/Lang"] == book.language
    assert root["/MarkInfo"]["/Marked"]
    assert book.reader.metadata
    assert book.reader.metadata.title == words_of(book.language)["title"]
    for page in book.reader.pages:
        assert [round(float(x) / MM) for x in page.mediabox[2:]] == [210, 297]


@pytest.mark.slow
def test_fonts_are_embedded_and_show_every_vietnamese_letter(book: Book) -> None:
    lines = _run("pdffonts", book.path).splitlines()[2:]
    assert lines
    for line in lines:
        assert re.search(r"\byes\s+yes\s+yes\b", line), f"not embedded, cut down and readable: {line}"
        assert re.match(r"[A-Z]{6}\+Book-", line), f"a font that is not pinned: {line}"
    if book.language == "vi":
        assert set(VIETNAMESE) - set("".join(book.texts).lower()) <= set("ẵỵỷẽỹ")  # rare ones may not occur


@pytest.mark.slow
def test_the_cover_says_title_edition_licence_and_that_cases_are_composed(book: Book) -> None:
    cover = book.bare(1)
    title, words = words_of(book.language)["title"], book.words
    for text in (title, words["composed"], words["licence_short"], words["edition"].format(edition="2026-")):
        assert _bare(text) in cover


@pytest.mark.slow
def test_the_contents_name_the_page_of_every_chapter_and_section(book: Book) -> None:
    start = next(page for _, title, page in book.outline if title == book.words["contents"])
    first = next(page for level, _, page in book.outline if level == 1 and page > start)
    chapters = [entry for entry in book.outline if entry[2] >= first and entry[0] <= 2]
    listed = "".join(book.bare(page) for page in range(start, first)).replace(".", "")
    assert len(chapters) > 25
    for _, title, page in chapters:
        assert f"{_bare(title).replace('.', '')}{page}" in listed, f"{title}: page {page}"
        assert _bare(title) in book.bare(page)


@pytest.mark.slow
def test_each_chapter_begins_a_page(book: Book) -> None:
    chapters = [(title, page) for level, title, page in book.outline if level == 1]
    assert len({page for _, page in chapters}) == len(chapters) >= 7
    for title, page in chapters:
        assert book.bare(page).startswith(_bare(title))


@pytest.mark.slow
def test_figures_are_numbered_in_the_books_language_and_have_alternative_texts(book: Book) -> None:
    text = "\n".join(book.texts)
    label = book.words["figure"].format(number=r"(\d\.\d+)").replace(". ", r"\.\s")
    numbers = re.findall(rf"^\s*{label}", text, re.M)
    weeks = sorted({number[0] for number in numbers})
    assert weeks[0] == "1"
    for week in weeks:
        own = [number for number in dict.fromkeys(numbers) if number.startswith(f"{week}.")]
        assert own == [f"{week}.{i + 1}" for i in range(len(own))]
        assert len(own) >= 2  # a chart and the lab
    figures = [x for x in _structure(book.reader) if x.get("/S") == "/Figure"]
    assert len(figures) > 30  # formulas, too
    assert [x for x in figures if not x.get("/Alt")] == []


def _structure(reader: PdfReader) -> Iterator[DictionaryObject]:
    root: DictionaryObject = reader.trailer["/Root"]  # type: ignore[assignment]
    waiting: list[Any] = [root["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop()
        node = node.get_object() if isinstance(node, IndirectObject) else node
        if isinstance(node, ArrayObject):
            waiting += list(node)
        elif isinstance(node, DictionaryObject):
            yield node
            if "/K" in node:
                waiting.append(node["/K"])


@pytest.mark.slow
def test_formulas_and_figures_are_drawn_and_not_made_of_pixels(book: Book) -> None:
    assert _run("pdfimages", "-list", book.path).splitlines()[2:] == []


@pytest.mark.slow
def test_nothing_reaches_into_the_margins(book: Book) -> None:
    for number, picture in enumerate(book.pictures[1:], 2):
        width, height = picture.size
        inner = picture.point(lambda tone: 255 if tone < 200 else 0).getbbox()
        if inner:
            left, top, right, bottom = inner
            millimetres = [25.4 / 36 * x for x in (left, top, width - right, height - bottom)]
            assert min(millimetres) >= 7, f"page {number}: {[round(x) for x in millimetres]} mm left"


@pytest.mark.slow
def test_only_the_end_of_a_chapter_leaves_much_of_a_page_empty(book: Book) -> None:
    begun = {page for level, _, page in book.outline if level == 1} | {len(book.pictures) + 1}
    begun |= {page for _, title, page in book.outline if re.match(r"Week \d sheet|Phiếu tuần \d", title)}
    for number, picture in enumerate(book.pictures, 1):
        if number <= 2 or number + 1 in begun:
            continue
        body = picture.crop((0, 0, picture.width, int(picture.height * 0.93)))  # without the page number
        ink = body.point(lambda tone: 255 if tone < 200 else 0).getbbox()
        assert ink
        assert ink[3] / picture.height > 0.62, f"page {number} ends at {100 * ink[3] / picture.height:.0f} %"


@pytest.mark.slow
def test_links_lead_inside_the_book_or_to_named_sources(book: Book) -> None:
    names = set(book.reader.named_destinations)
    inside = outside = 0
    for page in book.reader.pages:
        for annotation in page.get("/Annots", ()):
            link = annotation.get_object()
            action = link.get("/A", {})
            if "/URI" in action:
                outside += 1
                assert re.match(r"https?://[^/\s]+\.[a-z]", action["/URI"]), action["/URI"]
            else:
                inside += 1
                target = link.get("/Dest") or action.get("/D")
                assert isinstance(target, ArrayObject) or str(target) in names
    assert inside > 200
    assert outside > 5


@pytest.mark.slow
def test_a_cross_reference_names_the_page_of_its_heading(book: Book) -> None:
    found = 0
    pages_of: dict[str, set[int]] = {}
    for _, title, page in book.outline:
        pages_of.setdefault(_bare(title), set()).add(page)
    text = _bare("".join(book.texts))
    for title, pages in pages_of.items():
        for named in re.findall(rf"{re.escape(title)}\({_bare(book.words['page'])}(\d+)\)", text):
            found += 1
            assert int(named) in pages, title
    assert found >= 5


@pytest.mark.slow
def test_the_index_sorts_every_term_and_names_pages_that_use_it(book: Book) -> None:
    page_of = {title: page for level, title, page in book.outline if level == 1}
    start, glossary = page_of[book.words["index"]], page_of[words_of(book.language)["glossary"]]
    raw = [" ".join(text.split()) for text in _run("pdftotext", "-raw", book.path, "-").split("\f")]
    listed = " ".join(raw[start - 1 :])
    places = []
    for term in sorted(terms(), key=lambda term: sort_key(term.term[book.language], book.language)):
        name = term.term[book.language]
        entry = re.search(rf"{re.escape(name)}((?:, \d+(?:–\s?\d+)?)+)", listed)
        assert entry, name
        places.append(entry.start())
        runs = [[int(page) for page in run.split("–")] for run in entry[1].split(", ")[1:]]
        pages = [page for run in runs for page in range(run[0], run[-1] + 1)]
        assert pages == sorted(set(pages))
        assert glossary <= pages[-1] < start, f"{name} is explained on no page of the glossary"
        for page in pages[:-1]:
            # a term may begin at the end of its page
            words = re.sub(r"(\w)- (\w)", r"\1-\2", f"{raw[page - 1]} {raw[page][:200]}")
            found = [term_of(m[0], book.language) for m in finder(book.language).finditer(words)]
            assert term in found, f"{name}: page {page}"
    assert places == sorted(places)


def _run(*command: object) -> str:
    done = subprocess.run([str(x) for x in command], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.slow
def test_the_book_holds_no_solution_and_nothing_of_the_instructors_notes(book: Book) -> None:
    text = _bare("".join(book.texts))
    assert [line for line in (*check.needles(), *check.notes()) if _bare(line) in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("book", ["vi"], indirect=True)
def test_another_process_makes_the_same_bytes(book: Book) -> None:
    if os.environ.get("COURSE_BOOKS"):
        pytest.skip("COURSE_BOOKS names books of another edition than this test makes")
    again = book.folder / "again.pdf"
    _typeset(book.language, again, "2")
    assert again.read_bytes() == book.path.read_bytes()


def test_pages_of_two_chapters_never_meet() -> None:
    numbers = [chapter.names for chapter in volume.chapters()]
    assert all(not set(a) & set(b) for a, b in pairwise(numbers))
