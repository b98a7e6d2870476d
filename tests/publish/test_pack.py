"""The offline pack: whole, the same at each making, and started by what a system has anyway."""

from __future__ import annotations

import http.client
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from course import main
from publish import audit, hosting
from publish.errors import PublishError
from publish.pack import FIRST_PORT, LAST_PORT, README, pack

EDITION = "2026-central-2"
Answer = tuple[int, http.client.HTTPMessage, bytes]
PROGRAMS = ("sh", "cat", "sed", "dirname", "basename", "uname")


@pytest.fixture(scope="module")
def packed(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("pack") / "course.zip"
    assert pack(published, file) == EDITION  # the newest
    return file


@pytest.fixture
def unpacked(packed: Path, tmp_path: Path) -> Path:
    """As a program of the system unpacks it, with the rights that files have in it."""
    folder = tmp_path / "USB stick (D)"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
        for about in archive.infolist():
            (folder / about.filename).chmod(about.external_attr >> 16)
    return folder / f"course-{EDITION}"


def test_the_same_edition_gives_the_same_bytes(published: Path, packed: Path, tmp_path: Path) -> None:
    time.sleep(1.1)  # a time inside would be another one now
    command = ["pack", str(published), str(tmp_path / "again.zip"), "--edition", EDITION]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert EDITION in done.output
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_it_is_what_was_published_and_can_be_checked(unpacked: Path, published: Path) -> None:
    site = unpacked / "site"
    found = audit.check(str(site))
    assert found.differences == []
    assert found.checked > 20
    assert not [path for path in site.rglob("*") if path.suffix in (".br", ".gz")]
    assert (site / EDITION / "manifest.json.minisig").exists()
    assert not (site / "2026-central-1").exists()
    page = site / EDITION / "vi" / "index.html"
    page.write_bytes(page.read_bytes() + b" ")
    assert any("vi/index.html" in line for line in audit.check(str(site)).differences)


def test_what_is_not_as_it_was_published_is_not_packed(published: Path, tmp_path: Path) -> None:
    copy = tmp_path / "web"
    shutil.copytree(published, copy)
    (copy / EDITION / "vi" / "glossary.html").write_text("changed")
    with pytest.raises(PublishError, match="glossary"):
        pack(copy, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()
    with pytest.raises(PublishError, match=r"2026-central-1"):
        pack(copy, tmp_path / "x.zip", "2020-1")
    with pytest.raises(PublishError, match="web root"):
        pack(copy, copy / "x.zip")
    with pytest.raises(PublishError, match="holds no edition"):
        pack(tmp_path / "empty", tmp_path / "x.zip")


def test_the_starters_are_ready_to_be_opened(unpacked: Path) -> None:
    for name in ("start-linux.sh", "start-macos.command"):
        assert (unpacked / name).stat().st_mode & stat.S_IXUSR
        assert b"\r" not in (unpacked / name).read_bytes()
        assert subprocess.run(["sh", "-n", str(unpacked / name)]).returncode == 0
    about = (unpacked / README).read_text("utf-8-sig")
    for name in ("start-windows.cmd", "start-macos.command", "start-linux.sh"):
        assert (unpacked / name).is_file()
        assert about.count(name) >= 2, "in both languages"
    files = [path for path in unpacked.iterdir() if path.is_file()]
    assert not [path for path in files if re.search(r"@[A-Z_]+@", path.read_text("utf-8"))]


def test_the_windows_starter_is_what_cmd_and_powershell_5_read(unpacked: Path) -> None:
    content = (unpacked / "start-windows.cmd").read_bytes()
    assert b"\n" not in content.replace(b"\r\n", b""), "cmd finds no label in a file with other line ends"
    batch, mark, script = content.decode().partition("# --- PowerShell")
    assert mark
    assert batch.isascii(), "cmd reads it in the code page of the machine"
    assert batch.rstrip().endswith("exit /b"), "cmd must not run into what follows"
    assert script.count("@'\r\n") == script.count("\r\n'@"), "each text has its end at the start of a line"
    assert "Loopback" in script
    assert not re.search(r"\?\?|\?\.|&&|\|\| ", script), "of PowerShell 7, not of 5.1"


@pytest.fixture(params=["python3", "perl"])
def programs(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A machine that has this one of the two."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in (*PROGRAMS, request.param):
        # not the one of the path, which may be a script that looks for the real one
        found = str(Path(sys.executable).resolve()) if name == "python3" else shutil.which(name)
        if found is None:
            pytest.fail(f"no {name} on this machine")
        (folder / name).symlink_to(found)
    return folder


class Started:
    """A starter at work."""

    def __init__(self, folder: Path, programs: Path, **more: str) -> None:
        environment = {"PATH": str(programs), "COURSE_OPEN": "", "LC_ALL": "C", **more}
        self.process = subprocess.Popen(
            ["sh", str(folder / "start-linux.sh")],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        self.said = ""
        for line in iter(self.process.stdout.readline, b""):
            self.said += line.decode()
            if "Ctrl+C" in self.said.partition("To stop")[2]:
                break
        found = re.search(r"http://\S+", self.said)
        assert found, self.said
        self.address = found[0]
        self.port = urlsplit(self.address).port

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, content

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)


@pytest.fixture
def started(unpacked: Path, programs: Path) -> Iterator[Started]:
    strange = unpacked / "site" / EDITION / "tệp có dấu & dấu cách.txt"
    strange.write_text("nội dung", "utf-8")
    (unpacked / "secret.txt").write_text("outside of the site")
    made = Started(unpacked, programs)
    yield made
    if made.process.poll() is None:
        made.stop()


def test_it_says_in_both_languages_where_the_course_is_and_how_to_stop(started: Started) -> None:
    for words in ("không cần mạng", "no network is needed", "Để dừng", "To stop"):
        assert words in started.said
    assert FIRST_PORT <= (started.port or 0) <= LAST_PORT
    with urllib.request.urlopen(started.address) as answer:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    started.stop()
    with pytest.raises(OSError):  # noqa: PT011 - refused, however the system says it
        urllib.request.urlopen(started.address, timeout=5)


def test_each_file_comes_whole_and_with_its_type(started: Started, unpacked: Path) -> None:
    site = unpacked / "site"
    for path in sorted(site.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(site).as_posix()
        status, headers, content = started.get(f"/{urllib.request.quote(name)}?a=1")
        assert (status, content) == (200, path.read_bytes()), name
        assert headers["Content-Type"] == hosting.content_type(name)
        assert headers["Content-Length"] == str(len(content))
        assert headers["X-Content-Type-Options"] == "nosniff"
    page = f"/{EDITION}/vi/index.html"
    status, headers, content = started.get(page, "HEAD")
    assert (status, content) == (200, b"")
    assert int(headers["Content-Length"]) == (site / page[1:]).stat().st_size
    status, _, content = started.get(page, Range="bytes=0-9")
    assert (status, content) == (200, (site / page[1:]).read_bytes()), "all of it, which the standard allows"
    status, headers, _ = started.get(f"/{EDITION}/vi")
    assert (status, headers["Location"]) == (301, f"/{EDITION}/vi/")
    assert started.get(f"/{EDITION}/vi/")[2] == (site / page[1:]).read_bytes()


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/x/../../secret.txt",
        "/..\\secret.txt",
        "//../secret.txt",
        "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/%00/etc/passwd",
        "/runtime/",
        "/gone.html",
        "/index.html/",
    ],
)
def test_nothing_outside_of_the_site_is_sent(started: Started, target: str) -> None:
    status, _, content = started.get(target)
    assert status in (400, 404)
    assert b"outside" not in content
    assert b"root:" not in content


def test_it_only_reads_and_bad_requests_do_not_end_it(started: Started) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert started.get("/index.html", method)[0] in (405, 501)
    for request in (
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x00\xff\xfe\r\n\r\n",
        b"GET http://a/ HTTP/1.1\r\n\r\n",
        b"",
    ):
        with socket.create_connection(("127.0.0.1", started.port or 0), timeout=5) as raw:
            raw.sendall(request)
    assert started.get("/index.html")[0] == 200


def test_many_are_answered_at_once_also_beside_one_that_says_nothing(started: Started) -> None:
    silent = [socket.create_connection(("127.0.0.1", started.port or 0)) for _ in range(8)]
    names = [f"/{EDITION}/{language}/index.html" for language in ("vi", "en")] * 40
    with ThreadPoolExecutor(16) as pool:
        assert {status for status, _, _ in pool.map(started.get, names)} == {200}
    for one in silent:
        one.close()


def test_it_listens_to_this_machine_alone(started: Started) -> None:
    wanted = f"{started.port:04X}"
    listening = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        if Path(f"/proc/net/{table}").exists()
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{wanted}")
    ]
    assert listening == [f"0100007F:{wanted}"]


def test_opening_it_again_shows_the_same_and_another_pack_has_a_place_of_its_own(
    started: Started, unpacked: Path, programs: Path, tmp_path: Path
) -> None:
    again = Started(unpacked, programs)
    assert again.address == started.address
    assert again.process.wait(10) == 0
    other = tmp_path / "other"
    shutil.copytree(unpacked, other)
    listed = other / "site" / "editions.json"
    listed.write_text(listed.read_text("utf-8") + " ", "utf-8")
    second = Started(other, programs)
    try:
        assert second.port != started.port
    finally:
        second.stop()


def test_it_opens_the_browser(unpacked: Path, programs: Path, tmp_path: Path) -> None:
    opener, told = tmp_path / "opener", tmp_path / "told"
    opener.write_text(f'#!{programs}/sh\nprintf %s "$1" > "{told}"\n')
    opener.chmod(0o755)
    started = Started(unpacked, programs, COURSE_OPEN=str(opener))
    try:
        for _ in range(100):
            if told.exists() and told.read_text():
                break
            time.sleep(0.05)
        assert told.read_text() == started.address
    finally:
        started.stop()


def test_half_a_pack_and_a_bare_machine_are_told_what_to_do(unpacked: Path, programs: Path) -> None:
    command = ["sh", str(unpacked / "start-linux.sh")]
    for name in ("python3", "perl"):
        (programs / name).unlink(missing_ok=True)
    options = {"env": {"PATH": str(programs)}, "stdin": subprocess.DEVNULL, "capture_output": True}
    done = subprocess.run(command, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 1
    assert "Python 3" in done.stdout
    (unpacked / "site").rename(unpacked / "elsewhere")
    done = subprocess.run(command, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 1
    assert "Unpack the whole zip" in done.stdout
    assert "giải nén" in done.stdout
