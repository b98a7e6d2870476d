"""Addresses outside: asked for politely and once a month, and each that is gone is one line."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from publish.errors import PublishError
from publish.quality import links

TODAY = date(2026, 11, 26)
BEHAVIOUR = {"/good": 200, "/gone": 404, "/broken": 500, "/closed": 403, "/busy": 429}


class Outside(http.server.BaseHTTPRequestHandler):
    """A site that answers by its paths, and remembers what it was asked."""

    asked: list[tuple[str, str]]

    def do_HEAD(self) -> None:
        self.asked.append(("HEAD", self.path))
        if self.path == "/no-head":
            self.send_response(405)
        elif self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/good")
        else:
            self.send_response(BEHAVIOUR[self.path])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.asked.append(("GET", self.path))
        self.send_response(200 if self.path == "/no-head" else BEHAVIOUR[self.path])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(links, "REST", 0.0)
    Outside.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outside) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_what_answers_is_good_and_what_does_not_is_named_with_its_pages(outside: str, tmp_path: Path) -> None:
    names = ("/good", "/moved", "/no-head", "/gone", "/broken", "/closed", "/busy")
    wanted = {outside + name: ["vi/a.html", "en/a.html"] for name in names}
    answers = links.check(wanted, tmp_path / "links.json", TODAY)
    gone, closed = links.report(wanted, answers)
    assert gone == [
        f"{outside}/gone: 404 Not Found (in vi/a.html, en/a.html)",
        f"{outside}/broken: 500 Internal Server Error (in vi/a.html, en/a.html)",
    ]
    assert [line.split(": ")[0] for line in closed] == [f"{outside}/closed", f"{outside}/busy"]
    assert Outside.asked[:2] == [("HEAD", "/good"), ("HEAD", "/moved")], "the head is enough"
    assert ("GET", "/no-head") in Outside.asked


def test_a_good_answer_is_believed_for_a_month_and_a_bad_one_not_at_all(outside: str, tmp_path: Path) -> None:
    kept, wanted = tmp_path / "deep" / "links.json", [f"{outside}/good", f"{outside}/gone"]
    links.check(wanted, kept, TODAY)
    assert json.loads(kept.read_text())[f"{outside}/good"]["day"] == "2026-11-26"
    Outside.asked.clear()
    links.check(wanted, kept, TODAY + timedelta(days=29))
    assert {path for _, path in Outside.asked} == {"/gone"}
    links.check(wanted, kept, TODAY + timedelta(days=31))
    assert {path for _, path in Outside.asked} == {"/gone", "/good"}


def test_a_damaged_record_is_no_harm(outside: str, tmp_path: Path) -> None:
    kept = tmp_path / "links.json"
    kept.write_text('{"http://a": [1]}')
    assert links.check([f"{outside}/good"], kept, TODAY)[f"{outside}/good"].good


def test_a_host_is_asked_one_address_at_a_time_with_a_rest(
    outside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    monkeypatch.setattr(links, "REST", 1.0)
    monkeypatch.setattr(links.time, "sleep", rests.append)
    links.check([f"{outside}/good", f"{outside}/gone", f"{outside}/moved"], tmp_path / "a.json", TODAY)
    assert rests == [1.0, 1.0]


def site_with(folder: Path, *addresses: str) -> Path:
    for name in ("index.html", "vi/index.html", "en/w01/index.html"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(f'<a class="x" href="{a}">a</a>' for a in addresses), "utf-8")
    return folder


def test_the_pages_of_the_site_are_read(tmp_path: Path) -> None:
    site = site_with(
        tmp_path, "https://a.example/?x=1&amp;y=2#part", "../b.html", "https://a.example/?x=1&amp;y=2"
    )
    assert links.addresses(site) == {
        "https://a.example/?x=1&y=2": ["index.html", "vi/index.html", "en/w01/index.html"]
    }


def test_the_command_says_what_is_gone_and_fails(
    outside: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = site_with(tmp_path / "site", f"{outside}/good")
    assert links.main(site, tmp_path / "links.json") == 0
    site_with(site, f"{outside}/good", f"{outside}/gone", f"{outside}/closed")
    assert links.main(site, tmp_path / "links.json") == 1
    out = capsys.readouterr().out.splitlines()
    assert out[-3].startswith(f"{outside}/gone: 404")
    assert out[-2].startswith(f"look by hand: {outside}/closed: 403")
    assert out[-1] == "3 addresses: 1 gone, 1 to look at by hand"


def test_without_a_network_one_line_says_so(tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", "http://127.0.0.1:9/nothing")
    with pytest.raises(PublishError, match="none of 1 addresses answered; is this machine connected"):
        links.main(site, tmp_path / "links.json")
