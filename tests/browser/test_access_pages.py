"""Pages for readers who hear them, zoom in, or choose colours and spacing of their own (WCAG 2.2 AA).

CI looks at a page of each kind; `make accessible` looks at every page in both languages, light and dark, wide
and narrow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from publish.paths import LANGUAGES
from publish.quality.valid import find_invalid, pages_of

pytestmark = pytest.mark.browser

EVERY = "COURSE_EVERY_PAGE" in os.environ
KINDS = (
    "index.html",
    "w01-seeing-the-factory/index.html",
    "w02-factory-physics/sheet.html",
    "w03-simulation-you-can-trust/index.html",
    "my-progress.html",
    "hand-in.html",
    "exam.html",
    "verify.html",
    "guides/instructor.html",
    "reference/theory.html",
    "how-it-works.html",
    "glossary.html",
    "references.html",
    "genindex.html",
    "search.html?q=WIP",
)
LOOKS = [(x, y, z) for x in LANGUAGES for y in ("light", "dark") for z in (1280, 390)]
SAMPLE = [("vi", "light", 1280), ("en", "dark", 390)]
LOADING = 60_000


def pages(site_folder: Path, language: str) -> list[str]:
    """Addresses below the language's folder."""
    if not EVERY:
        return list(KINDS)
    folder = site_folder / language
    every = [p.relative_to(folder).as_posix() for p in pages_of(site_folder) if p.is_relative_to(folder)]
    return [*every, KINDS[-1]]


def test_axe_finds_nothing_on_the_landing_page(
    page: Page, site_url: str, axe: Callable[[Page, str], list[str]]
) -> None:
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.goto(f"{site_url}#choose")
        assert axe(page, "html") == []


# What of the text cannot be read: it hangs out of the window, or of a box that neither shows nor scrolls it.
CUT = """() => {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth + 1)
    found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  const roots = [document.body, document.documentElement];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = { checkOpacity: true, checkVisibilityCSS: true };
  while (walker.nextNode()) {
    const text = walker.currentNode, parent = text.parentElement;
    if (!text.data.trim() || !parent.checkVisibility(seen)) continue;
    if (parent.closest("svg, math, .course-mathml, script, style, noscript, option, .skip-link")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    let inside = false; // of a box that scrolls
    for (let around = parent; around && !inside; around = around.parentElement) {
      const style = getComputedStyle(around), edge = around.getBoundingClientRect();
      if (edge.width <= 2 || edge.height <= 2) { inside = true; break; } // said, not shown
      const scrolls = (value) => value === "auto" || value === "scroll";
      if (!roots.includes(around) && scrolls(style.overflowX)) inside = true;
      const clips = (value) => value === "hidden" || value === "clip";
      const wide = clips(style.overflowX) && (box.right > edge.right + 1 || box.left < edge.left - 1);
      const high = clips(style.overflowY) && box.bottom > edge.bottom + 1;
      if ((wide || high) && around !== document.body)
        found.push(`cut by <${around.tagName} ${around.className}>: ${text.data.trim().slice(0, 60)}`);
    }
    if (!inside && (box.right > innerWidth + 1 || box.left < -1))
      found.push(`hangs out, ${box.left | 0} to ${box.right | 0} px: ${text.data.trim().slice(0, 60)}`);
  }
  return found;
}"""
# WCAG 1.4.12
SPACING = """
* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""
ZOOMED: Any = {"width": 320, "height": 256}  # what 400 % leaves of 1280 x 1024


STICKS = """() => [...document.querySelectorAll("body *")].filter((e) =>
  e.checkVisibility({ checkVisibilityCSS: true })
  && ["fixed", "sticky"].includes(getComputedStyle(e).position)
  && !e.closest(".skip-link") && e.offsetHeight > innerHeight / 4)
  .map((e) => `${e.tagName} ${e.className} sticks, ${e.offsetHeight} px high`)"""


@pytest.mark.slow
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS if EVERY else SAMPLE)
def test_a_page_passes_axe_and_loses_nothing_at_400_percent_or_with_more_space(
    page: Page,
    site_url: str,
    site_folder: Path,
    axe: Callable[[Page, str], list[str]],
    language: str,
    theme: Any,
    width: int,
) -> None:
    """One load of each page for all three; none scrolls sideways, nothing sticks over the text."""
    size: Any = {"width": width, "height": 844}
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    found: list[str] = []
    for name in pages(site_folder, language):
        page.set_viewport_size(size)
        page.goto(f"{site_url}{language}/{name}", wait_until="networkidle")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        lines = axe(page, "html")
        page.set_viewport_size(ZOOMED)
        lines += [f"at 400 %: {line}" for line in page.evaluate(CUT) + page.evaluate(STICKS)]
        page.set_viewport_size(size)
        before = set(page.evaluate(CUT))
        page.add_style_tag(content=SPACING)
        lines += [f"with space: {line}" for line in page.evaluate(CUT) if line not in before]
        found += [f"{name}: {line}" for line in lines]
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "week"), [("vi", "w01-seeing-the-factory"), ("en", "w03-simulation-you-can-trust")]
)
def test_a_running_lab_can_be_used_at_400_percent_and_with_more_space(
    page: Page, site_url: str, language: str, week: str
) -> None:
    page.set_viewport_size(ZOOMED)
    page.goto(f"{site_url}{language}/{week}/index.html")
    mount = page.locator(".course-lab")
    mount.locator(".course-lab-start").click()
    expect(mount).to_have_attribute("data-state", "live", timeout=LOADING)
    mount.locator("[data-lever] label").nth(1).click()
    mount.locator(".ll-guess").fill("80")
    mount.locator(".ll-guess").press("Enter")
    expect(mount.locator(".ll-runs tbody tr")).to_have_count(1, timeout=20_000)
    mount.locator(".ll-details summary").click()
    assert page.evaluate(CUT) == []
    page.add_style_tag(content=SPACING)
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_colours_of_the_readers_own_focus_and_states_still_show(
    browser: Browser, site_url: str, scheme: Any
) -> None:
    context = browser.new_context(forced_colors="active", color_scheme=scheme)
    try:
        page = context.new_page()
        page.goto(f"{site_url}en/w02-factory-physics/index.html", wait_until="networkidle")
        plain = page.evaluate("getComputedStyle(document.querySelector('article p')).color")
        assert page.evaluate("getComputedStyle(document.querySelector('.math svg')).color") == plain
        for selector in ("nav.bd-links a", ".theme-switch-button", "details > summary", ".cq-check"):
            page.locator(selector).first.focus()
            page.keyboard.press("Shift+Tab")
            page.keyboard.press("Tab")
            ring = page.evaluate(
                "(({ outlineStyle, outlineWidth }) => [outlineStyle, parseFloat(outlineWidth)])"
                "(getComputedStyle(document.activeElement))"
            )
            assert ring[0] != "none", selector
            assert ring[1] >= 2, selector
        mount = page.locator(".course-lab")
        mount.locator(".course-lab-start").click()
        mount.locator(".ll-bar > span").first.wait_for(timeout=LOADING)
        painted = mount.locator(".ll-bar").first.evaluate(
            "bar => [...bar.children].map((x) => getComputedStyle(x))"
            ".filter((s) => parseFloat(s.width) > 4).map((s) => s.backgroundColor + s.backgroundImage)"
        )
        assert len(set(painted)) == len(painted) > 1, "shares of a bar cannot be told apart"
    finally:
        context.close()


def test_what_should_keep_still_keeps_still(page: Page, site_url: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{site_url}en/w01-seeing-the-factory/index.html")
    mount = page.locator(".course-lab")
    mount.locator(".course-lab-start").click()
    expect(mount).to_have_attribute("data-state", "live", timeout=LOADING)
    expect(mount.locator(".ll-play")).to_have_attribute("aria-label", "Play")
    clock = mount.locator(".ll-clock").inner_text()
    page.wait_for_timeout(800)
    assert mount.locator(".ll-clock").inner_text() == clock
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].flatMap((e) => {
             const { transitionDuration, animationName, animationDuration } = getComputedStyle(e);
             const lasts = (x) => x.split(",").some((y) => parseFloat(y) > 0.01);
             return lasts(transitionDuration) || (animationName !== "none" && lasts(animationDuration))
               ? [`${e.tagName} ${e.className}`] : [];
           })"""
    )
    assert not moving, moving[:5]


class Outline(HTMLParser):
    """What of a page's structure is said aloud: headings, pictures, landmarks, languages."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.pictures: list[str | None] = []
        self.landmarks: list[tuple[str, str | None]] = []
        self.language: str | None = None
        self.korean: list[str] = []
        self.stack: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang")
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "img":
            self.pictures.append(given.get("alt"))
        if tag in ("nav", "aside", "dialog") or given.get("role") in ("complementary", "region", "toolbar"):
            self.landmarks.append((tag, given.get("aria-label") or given.get("aria-labelledby")))
        if tag not in ("img", "meta", "link", "input", "br", "hr", "col", "source", "wbr"):
            self.stack.append((tag, given.get("lang")))

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        hidden = any(tag in ("script", "style", "title") for tag, _ in self.stack)
        if not hidden and re.search("[\uac00-\ud7a3]", data):
            self.korean.append(next((lang for _, lang in reversed(self.stack) if lang), None) or "")


def test_every_page_says_its_structure_aloud(site_folder: Path) -> None:
    """One first heading and no level left out, a name for each landmark, words for each picture."""
    found = []
    for path in pages_of(site_folder):
        name, outline = path.relative_to(site_folder).as_posix(), Outline(path.read_text("utf-8"))
        if outline.levels[:1] != [1] or outline.levels.count(1) != 1:
            found.append(f"{name}: headings {outline.levels}")
        for above, below in zip(outline.levels, outline.levels[1:], strict=False):
            if below > above + 1:
                found.append(f"{name}: from h{above} to h{below}")
        if outline.language != (name.split("/")[0] if "/" in name else "vi"):
            found.append(f"{name}: lang={outline.language}")
        labels = [label for _, label in outline.landmarks]
        found += [f"{name}: <{tag}> has no name" for tag, label in outline.landmarks if not label]
        found += [f"{name}: Korean said as {lang}" for lang in outline.korean if lang != "ko"]
        if name != "index.html":
            for alt in outline.pictures:
                if not alt or len(alt) < 20 or re.search(r"\.(png|svg|jpe?g)\b", alt):
                    found.append(f"{name}: a picture says {alt!r}")
            assert "Toggle" not in " ".join(filter(None, labels))
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_every_page_is_valid_html(site_folder: Path) -> None:
    assert find_invalid(pages_of(site_folder), site_folder) == []


def test_what_is_not_valid_is_named_with_its_page_and_line(tmp_path: Path) -> None:
    body = '<p id="a">x</p>\n<p id="a">y</p><img src="a.png"><ul><p>z</p></ul>'
    page = tmp_path / "vi" / "bad.html"
    page.parent.mkdir()
    page.write_text(f'<!DOCTYPE html><html lang="vi"><head><title>x</title></head><body>{body}</body></html>')
    found = find_invalid([page], tmp_path)
    assert [line for line in found if line.startswith("vi/bad.html:2: ") and "no-dup-id" in line]
    assert any("permitted as content" in line for line in found)
    assert any("wcag/h37" in line for line in found)
