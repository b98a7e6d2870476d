"""A module done by keyboard alone, and a lab as a screen reader says it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Locator, Page, expect

from linelab.texts import catalogue
from publish.paths import LANGUAGES

pytestmark = pytest.mark.browser
PAGE = "w01-seeing-the-factory/index.html"
LOADING = 60_000

# Where the keyboard is: whether that shows, and whether it can be seen.
FOCUS = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  const label = here.closest("label") ?? here.labels?.[0];
  const near = [here, label, here.closest("form"), ...here.children].filter(Boolean);
  const ring = (x) => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(x);
    const thick = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    const outline = thick ? outlineWidth + outlineColor : "";
    return outline + (boxShadow === "none" ? "" : boxShadow);
  };
  const on = near.map(ring);
  HTMLElement.prototype.blur.call(here);
  const off = near.map(ring);
  here.focus({ preventScroll: true });
  const area = (x) => x.getBoundingClientRect().width * x.getBoundingClientRect().height;
  const box = ([here, ...here.querySelectorAll("*")].find(area) ?? here).getBoundingClientRect();
  const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]];
  const seen = points.some(([x, y]) => {
    const top = document.elementFromPoint(box.left + x * box.width, box.top + y * box.height);
    return top && (here.contains(top) || top.contains(here) || label?.contains(top));
  });
  const said = here.getAttribute("aria-label") ?? here.innerText ?? here.value ?? "";
  return {
    name: `${here.tagName} ${here.className} ${String(said).slice(0, 40)} at ${box.left | 0}, ${box.top | 0}`,
    shows: on.some((look, i) => look && look !== off[i]),
    seen: seen && box.bottom > 0 && box.top < innerHeight,
  };
}"""


class Walker:
    """Presses Tab and looks at every stop."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.stops: list[str] = []
        self.faults: list[str] = []

    def step(self, key: str = "Tab") -> bool:
        """To the next stop; False at the end of the page."""
        self.page.keyboard.press(key)
        at = self.page.evaluate(FOCUS)
        if at is None:
            return False
        self.stops.append(at["name"])
        if not at["shows"]:
            self.faults.append(f"{at['name']}: the focus does not show")
        if not at["seen"]:
            self.faults.append(f"{at['name']}: the focus is covered or out of the window")
        return True

    def to(self, target: Locator, most: int = 200) -> None:
        """On to an element, by Tab alone."""
        for _ in range(most):
            if not self.step():
                break
            if target.evaluate("x => x === document.activeElement"):
                return
        raise AssertionError(f"Tab does not lead to {target}; the last stops: {self.stops[-5:]}")


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width", "height"), [("vi", 1280, 900), ("en", 390, 844)])
def test_a_module_can_be_done_by_keyboard_alone(
    page: Page,
    site_url: str,
    faults: Callable[[], list[str]],
    language: str,
    width: int,
    height: int,
) -> None:
    """Past the contents, a prediction, a lab with its player, levers and log, the self-check, to the end."""
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{site_url}{language}/{PAGE}", wait_until="networkidle")
    walk = Walker(page)

    walk.step()
    skip = page.locator("#pst-skip-link a")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    walk.step()
    assert page.evaluate("document.activeElement.closest('main') !== null"), "past the list of pages"

    # the question, answered on paper, then opened
    question = page.locator("details.sd-dropdown > summary").first
    walk.to(question)
    page.keyboard.press("Enter")
    assert question.evaluate("x => x.parentElement.open")

    # the lab
    mount = page.locator(".course-lab")
    walk.to(mount.locator(".course-lab-start"))
    page.keyboard.press("Enter")
    expect(mount).to_have_attribute("data-state", "live", timeout=LOADING)
    assert page.evaluate("document.activeElement.closest('.course-lab') !== null"), "the place is kept"
    play = mount.locator(".ll-play")
    walk.to(play)
    clock = mount.locator(".ll-clock").inner_text()
    page.keyboard.press("Space")
    page.wait_for_timeout(400)
    page.keyboard.press("Space")
    assert mount.locator(".ll-clock").inner_text() != clock, "the line has moved"
    lot = mount.locator('[data-lever="transfer_lot"] input')
    walk.to(mount.locator('[data-lever="transfer_lot"] input:checked'))
    page.keyboard.press("ArrowDown")
    expect(lot.nth(1)).to_be_focused()
    walk.to(mount.locator(".ll-guess"))
    page.keyboard.type("200")
    page.keyboard.press("Enter")
    expect(mount.locator(".ll-runs tbody tr")).to_have_count(1, timeout=20_000)
    assert page.evaluate("document.activeElement.closest('.ll-results') !== null"), "to the results"
    expect(mount.locator(".ll-why-list li").first).to_be_visible()  # nothing more comes in above
    expect(mount.locator(".ll-tradeoff svg")).to_be_visible()
    walk.to(mount.locator(".ll-send"))
    page.keyboard.press("Enter")
    expect(mount.locator(".ll-sent a")).to_have_count(1)
    walk.to(mount.locator(".ll-sent a"))

    # the self-check: the first question, whatever it is, then on to the page's end
    form = page.locator('.cq-question[data-kind="choice"]').first
    walk.to(form.locator("input").first)
    page.keyboard.press("Space")
    walk.to(form.locator(".cq-check"))
    page.keyboard.press("Enter")
    expect(form).to_have_attribute("data-state", re.compile("right|wrong"))
    expect(form.locator(".cq-reply")).not_to_be_empty()
    for _ in range(400):
        if not walk.step():
            break
    else:
        raise AssertionError(f"Tab does not lead out of the page: {walk.stops[-8:]}")
    assert len(walk.stops) > 60
    assert not walk.faults, "\n".join(dict.fromkeys(walk.faults))
    assert faults() == []


def test_a_button_of_the_page_keeps_the_keyboard_where_it_is(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}en/{PAGE}", wait_until="networkidle")
    theme = page.locator(".theme-switch-button")
    Walker(page).to(theme)
    before = page.evaluate("document.documentElement.dataset.mode")
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.mode") != before
    expect(theme).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Search the course")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search the course")).to_be_focused()
    page.keyboard.press("Escape")
    expect(theme).to_be_focused()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_list_of_pages_opens_and_closes_by_keyboard(page: Page, site_url: str, width: int) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{site_url}vi/{PAGE}", wait_until="networkidle")
    weeks = page.locator("nav.bd-links li.toctree-l1 > a")
    walk = Walker(page)
    if width < 960:
        walk.to(page.locator(".primary-toggle"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="Các trang của khóa học")).to_be_visible()
    walk.to(weeks.nth(2))
    branch = page.get_by_role("navigation", name="Các trang của khóa học").locator("summary").nth(1)
    assert "Tuần 2" in (branch.get_attribute("aria-label") or "")
    if width < 960:
        page.keyboard.press("Escape")
        expect(page.locator(".primary-toggle")).to_be_focused()
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert not walk.faults, "\n".join(walk.faults)


# Everything that a live region comes to hold while it may be said
HEAR = """
globalThis.said = [];
new MutationObserver((changes) => {
  for (const { target } of changes) {
    const from = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
    const region = from?.closest("[role=status], [role=alert], [aria-live]");
    if (!region || region.getAttribute("aria-live") === "off") continue;
    const words = region.textContent.trim().replace(/\\s+/g, " ");
    if (words && said.at(-1) !== words) said.push(words);
  }
}).observe(document, { childList: true, characterData: true, subtree: true });
"""


def regions(tools: CDPSession) -> list[str]:
    """What the live regions of the page hold, as the browser tells a screen reader."""
    nodes = tools.send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def words(node: dict[str, Any]) -> str:
        if node.get("role", {}).get("value") == "StaticText":
            return str(node["name"]["value"])
        return " ".join(words(by_id[x]) for x in node.get("childIds", []) if x in by_id)

    held = []
    for node in nodes:
        given = {p["name"]: p["value"].get("value") for p in node.get("properties", [])}
        if given.get("live") in ("polite", "assertive") and not node.get("ignored"):
            held.append(" ".join(words(node).split()))
    return [text for text in held if text]


def names(tools: CDPSession, role: str) -> list[str]:
    """The names of the page's elements of a role, as the browser tells a screen reader."""
    nodes = tools.send("Accessibility.getFullAXTree")["nodes"]
    return [x["name"]["value"] for x in nodes if not x.get("ignored") and x["role"]["value"] == role]


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lab_says_what_happens_in_it(
    context: BrowserContext, page: Page, site_url: str, language: str
) -> None:
    """From start to result: each step once, the interval in words, and no flood of megabytes."""
    text = {key: words[language] for key, words in catalogue().items() if key.startswith("lab.")}
    page.add_init_script(HEAR)
    page.emulate_media(reduced_motion="reduce")
    tools = context.new_cdp_session(page)
    page.goto(f"{site_url}{language}/{PAGE}", wait_until="networkidle")
    mount = page.locator(".course-lab")
    page.evaluate("said.length = 0")
    mount.locator(".course-lab-start").click()
    expect(mount).to_have_attribute("data-state", "live", timeout=LOADING)

    frame = {
        "vi": (
            "Đang khởi động Python",
            "Đang tải Python",
            "Đang chạy mô phỏng",
            "Bài thực hành đã sẵn sàng.",
        ),
        "en": ("Starting Python", "Loading Python", "Running the first", "The lab is ready."),
    }[language]
    said = page.evaluate("said")
    places = [next((i for i, words in enumerate(said) if words.startswith(x)), None) for x in frame]
    assert None not in places, (places, said)
    assert places[0] < places[1] < places[2] < places[3], said
    assert sum(words.startswith(frame[1]) for words in said) <= 5, said
    assert frame[3] in regions(tools)

    # the line in words, where it stands still
    picture = next(x for x in names(tools, "image") if text["lab.line.label"].split("{")[0].strip() in x)
    assert all(
        station in picture for station in (("In:", "Bế:") if language == "vi" else ("Print:", "Glue:"))
    )
    # a lever is a named group of named settings with their cost
    assert any("15" in x and re.search(r"15\D*\s", x) for x in names(tools, "radio")), names(tools, "radio")
    lever = mount.locator('[data-lever="transfer_lot"]')
    legend = lever.locator("legend").inner_text()
    assert legend in names(tools, "group"), names(tools, "group")

    page.evaluate("said.length = 0")
    lever.locator("label").nth(1).click()
    expect(mount.locator(".ll-guess")).to_be_visible()
    said = page.evaluate("said")
    assert text["lab.hidden"] in said
    cost = text["lab.budget"].split("{")[0]
    assert any(words.startswith(cost) for words in said), said
    mount.locator(".ll-guess").press("Enter")
    assert text["lab.predict.need"] in regions(tools)
    page.evaluate("said.length = 0")
    mount.locator(".ll-guess").fill("200")
    mount.locator(".ll-guess").press("Enter")
    expect(mount.locator(".ll-runs tbody tr")).to_have_count(1, timeout=20_000)
    number = r"[\d.,]+"
    metric = {"vi": "Thời gian lưu trình", "en": "Flow time"}[language]
    result = re.compile(
        rf"{metric}.*: {number} .*95 % .*{number} .*{number}.*"
        + {
            "vi": r"Giảm .*khác biệt rõ.*Bạn đoán 200",
            "en": r"Falls by .*clear difference.*You predicted 200",
        }[language]
    )
    assert [words for words in page.evaluate("said") if result.search(words)], page.evaluate("said")
    assert [words for words in regions(tools) if result.search(words)], regions(tools)
