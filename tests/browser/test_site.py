"""A walk through every page of the built site, with all other hosts switched off."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from lxml import html
from playwright.sync_api import Browser, Page, Response, expect

from publish import check
from publish.book import words_of
from publish.paths import LANGUAGES

pytestmark = pytest.mark.browser


def pages(site_folder: Path, language: str) -> list[str]:
    return sorted(
        p.relative_to(site_folder).as_posix()
        for p in (site_folder / language).rglob("*.html")
        if "_static" not in p.parts
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_loads_whole_and_without_an_error(
    page: Page, site_url: str, site_folder: Path, language: str
) -> None:
    trouble: list[str] = []
    page.on("console", lambda m: trouble.append(f"{page.url}: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda e: trouble.append(f"{page.url}: {e}"))
    page.on("response", lambda r: trouble.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    names = pages(site_folder, language)
    assert len(names) >= 8
    for name in names:
        page.goto(site_url + name, wait_until="load")
        assert page.evaluate("document.documentElement.lang") == language
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        assert not wide, f"{name} scrolls sideways"
        for image in page.locator("article img").all():
            image.scroll_into_view_if_needed()
        empty = page.evaluate(
            """async () => {
                const images = [...document.querySelectorAll('article img')];
                await Promise.allSettled(images.map((image) => image.decode()));
                return images.filter((image) => !image.naturalWidth).map((image) => image.src);
            }"""
        )
        assert not empty, f"{name}: pictures that show nothing: {empty}"
    assert not trouble, "\n".join(trouble)


def test_the_site_holds_no_solution_and_names_no_host_to_load_from(site_folder: Path) -> None:
    """In pages, search index, notebooks, wheels and compiled code alike."""
    assert check.find_leaks(site_folder, check.needles()) == []
    assert check.find_foreign_hosts(site_folder) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_has_its_licence_and_the_name_of_the_course(site_folder: Path, language: str) -> None:
    title = words_of(language)["title"]
    for name in pages(site_folder, language):
        text = (site_folder / name).read_text("utf-8")
        assert "CC BY 4.0" in text, name
        assert f'<meta property="og:site_name" content="{title}">' in text, name
    assert not (site_folder / language / "_static" / "locales").exists(), (
        "other languages' words of the theme"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_switch_leads_to_the_same_page(site_folder: Path, language: str) -> None:
    other = next(x for x in LANGUAGES if x != language)
    for name in pages(site_folder, language):
        (link,) = html.parse(site_folder / name).findall(
            f".//nav[@class='lang-switch']//a[@hreflang='{other}']"
        )
        target = (site_folder / name).parent / link.get("href")
        assert target.resolve() == (site_folder / other / name.removeprefix(f"{language}/")).resolve()
        assert target.is_file()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_switch_is_in_reach_on_every_width(page: Page, site_url: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(site_url + "vi/index.html")
    switch = page.locator(".lang-switch a[hreflang=en]")
    assert switch.is_visible()
    switch.click()
    assert page.url == site_url + "en/index.html"


@pytest.mark.parametrize(
    ("locale", "language"), [("en-US", "en"), ("vi-VN", "vi"), ("ko-KR", "vi"), ("fr-FR", "vi")]
)
def test_landing_follows_the_browser(browser: Browser, site_url: str, locale: str, language: str) -> None:
    context = browser.new_context(locale=locale)
    try:
        page = context.new_page()
        page.goto(site_url)
        page.wait_for_url(f"{site_url}{language}/index.html")
    finally:
        context.close()


def test_landing_works_without_scripts(browser: Browser, site_url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(site_url)
        page.get_by_role("link", name="Tiếng Việt").click()
        assert page.url == site_url + "vi/index.html"
    finally:
        context.close()


@pytest.mark.parametrize("query", ["nhip san xuat", "nhịp sản xuất", "NHỊP"])
def test_vietnamese_is_found_with_or_without_diacritics(page: Page, site_url: str, query: str) -> None:
    page.goto(f"{site_url}vi/search.html?q={query}")
    page.locator("#search-results a", has_text="Tuần 1").first.wait_for()


@pytest.mark.parametrize(
    ("language", "query", "found", "marked"),
    [
        ("vi", "nut that", "Bảng thuật ngữ", ["nút", "thắt"]),
        ("vi", "that co chai", "Tuần 1. Nhìn thấy nhà máy", ["thắt", "cổ", "chai"]),
        ("vi", "thắt cổ chai", "Tuần 1. Nhìn thấy nhà máy", ["thắt", "cổ", "chai"]),
        ("vi", "hang doi", "Bảng thuật ngữ", ["hàng", "đợi"]),
        ("vi", "thong luong", "Bảng thuật ngữ", ["thông", "lượng"]),
        ("en", "bottleneck", "Week 2. Factory physics", ["bottleneck"]),
        ("en", "simulations", "Week 3", ["simulation"]),
        ("en", "thoi gian luu trinh", "Glossary", ["thời", "gian", "lưu", "trình"]),
    ],
)
def test_a_result_shows_the_place_with_the_words_marked(
    page: Page, site_url: str, language: str, query: str, found: str, marked: list[str]
) -> None:
    """Offline as it is: every other host is refused (see `context`), and the policy of the page holds."""
    refused: list[str] = []
    page.on("console", lambda m: refused.append(m.text) if m.type == "error" else None)
    page.goto(f"{site_url}{language}/index.html")
    page.locator(".search-button__button").first.click()
    page.locator("#pst-search-dialog input").fill(query)
    page.keyboard.press("Enter")
    result = page.locator("#search-results li", has=page.locator("a", has_text=found)).first
    excerpt = result.locator("p.context")
    expect(excerpt).not_to_be_empty()
    marks = [x.lower() for x in excerpt.locator("mark").all_inner_texts()]
    assert set(marks) >= set(marked), (marks, excerpt.inner_text())
    assert 40 < len(excerpt.inner_text()) < 500
    told = {"vi": r"Tìm xong, có \d+ kết quả", "en": r"found \d+ page"}[language]
    expect(page.get_by_role("status")).to_contain_text(re.compile(told))  # said aloud
    result.locator("a").first.click()
    assert page.url.startswith(f"{site_url}{language}/")
    expect(page.locator("article h1")).to_be_visible()
    assert refused == []


@pytest.mark.parametrize(
    ("language", "query", "first"),
    [
        ("vi", "nut that co chai", "Bảng thuật ngữ > công đoạn thắt cổ chai (nút thắt cổ chai)"),
        ("vi", "dinh luat little", "Bảng thuật ngữ > định luật little"),
        ("vi", "kiem tra giay chung nhan", "Kiểm tra giấy chứng nhận"),
        ("vi", "vat ly nha may", "Tuần 2. Vật lý nhà máy"),
        ("vi", "hang doi", "Tuần 1. Nhìn thấy nhà máy"),  # not "thiếu hàng (đói liệu)"
        ("en", "bottlenecks", "Glossary > bottleneck"),
        ("en", "takt time", "Glossary > takt time"),
        (
            "en",
            "flow times shift",
            "Week 1. Seeing the factory",
        ),  # no heading: weeks, which teach, come first
    ],
)
def test_what_is_named_as_asked_comes_first(
    page: Page, site_url: str, language: str, query: str, first: str
) -> None:
    page.goto(f"{site_url}{language}/search.html?q={query}")
    expect(page.locator("#search-results li > a").first).to_have_text(first)
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"\d"))
    links = [link.get_attribute("href") for link in page.locator("#search-results li > a").all()]
    assert len(links) == len(set(links))


def test_a_search_for_nothing_there_says_so(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}vi/search.html?q=qwertzuiop")
    expect(page.get_by_role("status")).to_contain_text("Không tìm thấy trang nào")


@pytest.mark.parametrize(
    "week", ["w01-seeing-the-factory", "w02-factory-physics", "w03-simulation-you-can-trust"]
)
def test_a_page_is_light_until_the_lab_starts(page: Page, site_url: str, week: str) -> None:
    """Nothing of a lab's runtime, and 300 KB at most as a host with compression sends it."""
    got: dict[str, int] = {}

    def note(response: Response) -> None:
        body = response.body()
        text = not response.url.split("?")[0].endswith((".woff", ".woff2", ".png", ".jpg"))
        got[response.url] = len(gzip.compress(body)) if text else len(body)

    page.on("response", note)
    page.goto(f"{site_url}vi/{week}/index.html", wait_until="networkidle")
    assert not [a for a in got if "/runtime/" in a or "/front/main" in a or "opening" in a]
    total = sum(got.values())
    print(f"\n{week}: {total / 1000:.0f} KB before the lab starts")
    assert total < 300_000, sorted(got.items(), key=lambda x: -x[1])[:8]


def test_formulas_are_typeset_and_said(page: Page, site_url: str) -> None:
    page.goto(site_url + "vi/w02-factory-physics/index.html")
    formula = page.locator("div.math").first
    assert formula.locator("svg").is_visible()
    assert formula.locator("math mfrac").count() >= 1
    left = page.evaluate(
        "[...document.querySelectorAll('.math')].filter(e => /\\\\[(\\[]/.test(e.textContent)).length"
    )
    assert left == 0, "TeX is left on the page"
