"""The verify page in a real browser: what it says of good, changed, revoked and foreign certificates."""

from __future__ import annotations

import copy
import json
import shutil
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from autograder.certify import credential, pdf, site, status, verify
from autograder.certify.link import link
from publish.paths import ASSETS, VERIFY
from publish.serve import server

from ..certify.cases import REVOKED, unmarked
from ..certify.cases import World as Issuers
from ..certify.samples import make, without_proof

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC)


class World(Issuers):
    """A copy of the site's verify pages that publishes the issuers, and certificates of one of them."""

    def __init__(self, folder: Path, built: Path) -> None:
        super().__init__(folder)
        self.site = folder / "web" / "course"
        (self.site / "assets").mkdir(parents=True)
        for part in ("vi", "en"):
            (self.site / part).symlink_to(built / part, target_is_directory=True)
        for part in (built / "assets").iterdir():
            if part.name != "verify":
                (self.site / "assets" / part.name).symlink_to(part)
        for source in (ASSETS / "verify", VERIFY):
            shutil.copytree(source, self.site / "assets" / "verify", dirs_exist_ok=True)
        self.signer = self.demo
        self.good = make(self.signer)
        self.revoked = make(self.signer, name="", index=REVOKED)
        self.publish(self.site, NOW)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, site_folder: Path) -> World:
    return World(tmp_path_factory.mktemp("verify"), site_folder)


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    with server(world.site.parent) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/course/"
        running.shutdown()


def give(page: Page, data: bytes, name: str = "credential.json") -> str:
    """Choose a file and return the verdict; the sentence is on the page then."""
    page.evaluate("document.querySelector('.cv-card')?.remove()")
    page.set_input_files(".cv-input", files=[{"name": name, "mimeType": "", "buffer": data}])
    page.wait_for_selector(".cv-card")
    return str(page.get_attribute(".cv-card", "data-verdict"))


def dump(document: Any) -> bytes:
    return credential.dump(document)


def text(page: Page) -> str:
    return page.inner_text(".cv-card")


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("vi", ["Hợp lệ, nhưng chỉ là bản trình diễn", "Nhìn thấy nhà máy", "Chưa bị thu hồi tính đến"]),
        ("en", ["Valid, but only a demo", "Seeing the factory", "Not revoked as of"]),
    ],
)
def test_a_good_certificate_in_both_languages(
    page: Page, url: str, world: World, language: str, says: list[str], faults: Callable[[], list[str]]
) -> None:
    page.goto(f"{url}{language}/verify.html")
    assert give(page, dump(world.good)) == "valid"
    seen = text(page)
    for words in (*says, "Nguyễn Thị Ánh", "K7P2-QD4M"):
        assert words in seen
    assert {"vi": "không do Bộ Công Thương hay Samsung cấp", "en": credential.DEMO}[language] in seen
    assert not faults()


def test_the_pdf_and_the_qr_link_say_the_same(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}vi/verify.html")
    assert give(page, pdf.render(world.good, "http://localhost:8000/"), "certificate.pdf") == "valid"
    page.goto("about:blank")
    page.goto("".join(link(world.good, url)))
    page.wait_for_selector(".cv-card")
    assert page.get_attribute(".cv-card", "data-verdict") == "valid"
    # opening another certificate's link in the same tab checks that one
    page.evaluate("link => { location.href = link }", "".join(link(world.revoked, url)))
    page.wait_for_selector(".cv-card[data-verdict=invalid]")


def test_one_changed_byte_anywhere_is_invalid(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}en/verify.html")
    data = dump(world.good)
    for position in range(5, len(data), 31):
        bad = bytearray(data)
        bad[position] ^= 1
        verdict = give(page, bytes(bad))
        readable = verdict != "error"
        assert verdict in ("invalid", "error"), bytes(bad[position - 20 : position + 20])
        if readable:
            assert "Nguyễn Thị Ánh" not in text(page), "what cannot be trusted is not shown"


def test_a_changed_pdf_and_a_changed_link_are_refused(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}en/verify.html")
    printed = pdf.render(world.good, "http://localhost:8000/")
    changed = zlib.compress(credential.dump(world.good).replace(b"60/100", b"10/100"))
    start = printed.find(b"stream", printed.find(b"/EmbeddedFile")) + 7
    end = printed.find(b"endstream", start)
    assert give(page, printed[:start] + changed + printed[end:], "c.pdf") in ("invalid", "error")
    for position in range(start, end, 97):
        bad = bytearray(printed)
        bad[position] ^= 1
        assert give(page, bytes(bad), "c.pdf") in ("invalid", "error"), position
    assert give(page, b"%PDF-1.7 nothing", "c.pdf") == "error"
    assert "No certificate is attached" in text(page)
    page.goto(f"{url}en/verify.html#1." + "4" * 300)
    page.wait_for_selector(".cv-card[data-verdict=error]")
    assert "The link is incomplete" in text(page)


@pytest.mark.parametrize("term", ["finalGrade", "https://example.org/#grade", "@index", "__proto__", ""])
def test_a_term_no_context_defines_is_refused(page: Page, url: str, world: World, term: str) -> None:
    page.goto(f"{url}en/verify.html")
    for place in (
        lambda d: d,
        lambda d: d["credentialSubject"],
        lambda d: d["credentialSubject"]["achievement"],
        lambda d: d["issuer"],
        lambda d: d["proof"][0],
        lambda d: d["credentialStatus"],
    ):
        bad = copy.deepcopy(world.good)
        place(bad)[term] = "A+"
        assert give(page, dump(bad)) == "invalid"
        assert "does not protect" in text(page)


def test_disguises_are_refused(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}en/verify.html")
    for change in (
        lambda d: d["@context"].append({"finalGrade": "https://example.org/grade"}),
        lambda d: d["@context"].append({"@vocab": "https://example.org/"}),
        lambda d: d["@context"].append("https://example.org/context.json"),
        lambda d: d["@context"].reverse(),
        lambda d: d.update(credentialStatus=[[d["credentialStatus"]]]),
        lambda d: d.update(evidence=[]),
        lambda d: d.update(validUntil=None),
        lambda d: d["type"].append("Diploma"),
        lambda d: d.pop("credentialStatus"),
    ):
        bad = copy.deepcopy(world.good)
        change(bad)
        assert give(page, dump(bad)) == "invalid", bad


def test_revoked(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}vi/verify.html")
    assert give(page, dump(world.revoked)) == "invalid"
    assert "thu hồi" in page.inner_text(".cv-banner")
    assert "K7P2-QD4M" in text(page)


def test_an_unknown_issuer_is_never_called_valid(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}en/verify.html")
    assert give(page, dump(make(world.stranger))) == "unknown"
    assert "Anyone can make a signing key" in text(page)
    forged = credential.sign(without_proof(world.good), world.stranger)
    forged["proof"][0]["verificationMethod"] = world.signer.issuer.method
    assert give(page, dump(forged)) == "invalid"


def test_a_demo_that_does_not_say_so_is_invalid(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}en/verify.html")
    assert give(page, dump(unmarked(world.demo))) == "invalid"
    assert "does not say that it is a demo" in text(page)


def test_dates_and_old_lists(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}en/verify.html")
    expired = make(world.signer, validUntil="2026-11-21T00:00:00Z")
    later = make(world.signer, validFrom="2999-01-01T00:00:00Z")
    assert give(page, dump(expired)) == "invalid"
    assert "Expired on" in text(page)
    assert give(page, dump(later)) == "invalid"
    assert "Not valid yet" in text(page)
    try:
        world.publish(world.site, NOW - timedelta(days=200))
        assert give(page, dump(world.good)) == "valid"
        assert "out of date" in text(page)
    finally:
        world.publish(world.site, NOW)


def test_a_forged_status_list_is_refused(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}en/verify.html")
    file = world.site / "assets" / "verify" / "status" / site.list_file(world.signer.issuer)
    kept = file.read_bytes()
    listed = json.loads(kept)
    listed["credentialSubject"]["encodedList"] = status.build([], world.signer)["credentialSubject"][
        "encodedList"
    ]
    try:
        file.write_bytes(dump(listed))
        assert give(page, dump(world.revoked)) == "invalid"
        assert "The revocation list is not valid" in text(page)
        file.unlink()
        assert give(page, dump(world.good)) == "valid"
        assert "could not be checked" in page.inner_text(".cv-banner")
    finally:
        file.write_bytes(kept)


def test_a_damaged_site_is_not_blamed_on_the_certificate(page: Page, url: str, world: World) -> None:
    page.route("**/contexts/*.json", lambda route: route.fulfill(body="{}"))
    page.goto(f"{url}en/verify.html")
    assert give(page, dump(world.good)) == "error"
    assert "The certificate is not at fault" in text(page)


def test_names_are_text_never_html(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}en/verify.html")
    hostile = "<img src=x onerror=\"document.title='owned'\"><b>Ánh</b>"
    assert give(page, dump(make(world.signer, name=hostile))) == "valid"
    assert hostile in text(page)
    assert page.locator(".cv-card img, .cv-card b").count() == 0
    assert page.title() != "owned"


def test_a_key_that_is_there_twice_is_refused(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}en/verify.html")
    good = dump(world.good)
    assert give(page, good.replace(b'"name":', b'"n\\u0061me":"x","name":', 1)) == "error"
    assert give(page, good) == "valid"


@pytest.mark.parametrize("content", [b"", b"hello", b"[1]", b"null", b"\xff\xfe", b'{"a": 1}'])
def test_other_files_get_a_plain_answer(page: Page, url: str, world: World, content: bytes) -> None:
    page.goto(f"{url}vi/verify.html")
    assert give(page, content, "other") in ("error", "invalid")
    assert len(page.inner_text(".cv-banner")) > 30


def test_it_works_without_webcrypto(page: Page, url: str, world: World) -> None:
    # as on a page that a factory's own server sends by plain HTTP
    page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', {value: undefined})")
    page.goto(f"{url}vi/verify.html")
    assert page.evaluate("crypto.subtle") is None
    assert give(page, dump(world.good)) == "valid"
    bad = copy.deepcopy(world.good)
    bad["name"] += "!"
    assert give(page, dump(bad)) == "invalid"


def test_it_works_where_webcrypto_has_no_ed25519(page: Page, url: str, world: World) -> None:
    page.add_init_script(
        "SubtleCrypto.prototype.importKey = async () => { throw new DOMException('', 'NotSupportedError') }"
    )
    page.goto(f"{url}vi/verify.html")
    assert give(page, dump(world.good)) == "valid"


def test_dropping_a_file_and_the_keyboard(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}en/verify.html")
    page.wait_for_selector(".cv-zone")
    page.evaluate(
        """data => {
            const files = new DataTransfer();
            files.items.add(new File([data], "c.json"));
            const drop = new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
            document.querySelector(".cv-zone").dispatchEvent(drop);
        }""",
        dump(world.good).decode(),
    )
    page.wait_for_selector(".cv-card[data-verdict=valid]")
    assert page.evaluate("document.activeElement.className") == "cv-verdict"
    assert page.get_attribute(".cv-result", "aria-live") == "polite"
    # Whether Chromium then opens its own window for files is not ours to test, and under load it was late.
    pressed = """() => {
        const input = document.querySelector(".cv-input");
        input.addEventListener("click", event => {
            event.preventDefault();
            input.dataset.pressed = event.isTrusted && document.activeElement === input;
        });
        input.focus();
    }"""
    page.evaluate(pressed)
    page.keyboard.press("Space")
    page.wait_for_selector(".cv-input[data-pressed=true]", state="attached")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_phone_needs_no_sideways_scrolling(page: Page, url: str, world: World, language: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{url}{language}/verify.html")
    give(page, dump(world.good))
    page.click(".cv-card summary")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.querySelector('.cv-card').getBoundingClientRect().right") <= 390


@pytest.mark.parametrize("language", ["vi", "en"])
def test_it_says_of_each_case_what_the_command_says(
    page: Page, url: str, world: World, language: str
) -> None:
    page.goto(f"{url}{language}/verify.html")
    trust = site.trust(world.site)
    for case in world.cases():
        report = verify.verify(case.document, trust)
        assert give(page, dump(case.document)) == case.verdict == report.verdict, case.name
        assert page.inner_text(".cv-verdict") == verify.say(report.title, language), case.name
        said = page.locator(".cv-checks li > span:last-child").all_inner_texts()
        assert said == [check.text(language) for check in report.checks], case.name
        marks = page.locator(".cv-checks li > .cv-dot").all_inner_texts()
        assert marks == [{True: "✓", False: "✕", None: "!"}[check.ok] for check in report.checks], case.name
        shown = page.locator(".cv-content").count()
        assert shown == report.trusted, "what cannot be trusted is not shown"


def test_a_clock_that_was_set_back_is_noticed(page: Page, url: str, world: World) -> None:
    late = make(world.real, validUntil=(NOW - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    page.clock.set_fixed_time(NOW - timedelta(days=2))
    page.goto(f"{url}en/verify.html")
    assert give(page, dump(world.good)) == "valid"
    assert "later than this device's clock" in text(page)
    assert give(page, dump(late)) == "invalid"
    assert "Expired on" in text(page)
    page.clock.set_fixed_time(NOW - timedelta(days=400))
    assert give(page, dump(world.good)) == "invalid"
    assert "check the clock of this device" in text(page)


def test_nothing_is_sent_anywhere(page: Page, url: str, world: World) -> None:
    asked: list[tuple[str, str, str | None]] = []
    page.on("request", lambda request: asked.append((request.url, request.method, request.post_data)))

    def requests(document: Any, printed: Any) -> set[tuple[str, str, str | None]]:
        page.goto("about:blank")
        asked.clear()
        page.goto("".join(link(document, url)))
        page.wait_for_selector(".cv-card[data-verdict=valid]")
        give(page, dump(document))
        give(page, pdf.render(printed, url), "c.pdf")
        return {(address.partition("#")[0], method, body) for address, method, body in asked}

    # Two certificates of different people, by link, file and PDF: the very same requests, all for files here.
    first, second = make(world.real), make(world.real, name="Trần Văn Bình", index=12)
    seen = requests(first, second)
    assert seen == requests(second, first)
    assert len(seen) > 5
    assert all(address.startswith(url) and method == "GET" and not body for address, method, body in seen)
    policy = page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    assert policy is not None
    assert "default-src 'self'" in policy
    assert "connect-src" not in policy, "connections are left to the default: this site alone"
    refused = page.evaluate(
        "fetch('https://example.org/', {method: 'POST', body: 'x'}).then(() => 'sent', () => 'refused')"
    )
    assert refused == "refused"
    assert (
        page.evaluate("Object.keys(localStorage).filter((key) => /cert|verify|K7P2/.test(key)).length") == 0
    )


CAMERA = """
(codes) => {
    globalThis.BarcodeDetector = class {
        async detect() { return codes.length ? [{ rawValue: codes.shift() }] : []; }
    };
    const picture = document.createElement("canvas");
    globalThis.stopped = 0;
    navigator.mediaDevices.getUserMedia = async () => {
        picture.getContext("2d").fillRect(0, 0, 9, 9);
        const stream = picture.captureStream(5);
        const [track] = stream.getTracks();
        const stop = track.stop.bind(track);
        track.stop = () => { globalThis.stopped += 1; stop(); };
        return stream;
    };
}
"""


def test_the_camera_reads_the_code_where_the_browser_can(page: Page, url: str, world: World) -> None:
    codes = ["https://example.org/menu", "".join(link(world.good, "https://course.example.org/"))]
    page.add_init_script(f"({CAMERA})({json.dumps(codes)})")
    page.goto(f"{url}en/verify.html")
    page.click("text=Scan the QR code with the camera")
    # an address in a code is never opened: only the part behind its # is read
    page.wait_for_selector(".cv-card[data-verdict=valid]")
    assert page.url == f"{url}en/verify.html"
    assert page.evaluate("stopped") == 1, "the camera is off again"
    assert page.locator("video").count() == 0


def test_a_camera_that_is_refused_or_stopped_leaves_the_page_as_it_was(
    page: Page, url: str, world: World
) -> None:
    page.add_init_script(f"({CAMERA})([])")
    page.goto(f"{url}vi/verify.html")
    page.click("text=Quét mã QR bằng máy ảnh")
    page.wait_for_selector("video")
    page.click("text=Dừng")
    assert page.locator("video").count() == 0
    assert page.evaluate("stopped") == 1
    refuse = "() => { navigator.mediaDevices.getUserMedia = async () => { throw new Error('refused') } }"
    page.evaluate(refuse)
    page.click("text=Quét mã QR bằng máy ảnh")
    page.wait_for_selector("text=Không dùng được máy ảnh")
    assert give(page, dump(world.good)) == "valid"


def test_without_a_reader_the_page_says_to_use_the_phones_camera(page: Page, url: str, world: World) -> None:
    page.add_init_script("delete globalThis.BarcodeDetector")
    page.goto(f"{url}en/verify.html")
    page.wait_for_selector(".cv-scan")
    assert page.locator(".cv-scan button").count() == 0
    assert "Open your phone's own camera" in page.inner_text(".cv-scan")


def test_the_page_has_no_serious_accessibility_fault(
    page: Page, url: str, world: World, axe: Callable[[Page, str], list[str]]
) -> None:
    page.add_init_script(f"({CAMERA})([])")
    page.goto(f"{url}vi/verify.html")
    give(page, dump(world.good))
    assert not axe(page, ".course-verify")


def test_a_check_takes_less_than_a_second(page: Page, url: str, world: World) -> None:
    page.goto(f"{url}vi/verify.html")
    give(page, dump(world.good))
    seconds = []
    for _ in range(5):  # the best of them: a busy machine says nothing about the page
        begun = datetime.now(UTC)
        give(page, dump(world.good))
        seconds.append((datetime.now(UTC) - begun).total_seconds())
    print(f"a check takes {min(seconds):.3f} s in the browser")
    assert min(seconds) < 1
