"""A deployed copy is held against its manifests: each way to differ is found; what cannot be told is said."""

from __future__ import annotations

import gzip
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from course import main
from publish import audit, editions, minisign
from publish.errors import PublishError
from publish.serve import Handler, server

Publish = Callable[..., str]
ONE, TWO = "2026-central-1", "2026-central-2"
PASSPHRASE = "a passphrase of a test"


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    """A copy of two signed editions, to do with as a test likes."""
    return shutil.copytree(published, tmp_path / "copy")


@contextmanager
def online(folder: Path, handler: type[Handler] = Handler) -> Iterator[str]:
    with server(folder, handler=handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def check(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["publish", "--check", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def test_a_true_copy_passes_wherever_it_is(copy: Path, keys: Path, tmp_path: Path) -> None:
    moved = tmp_path / "some" / "where else"
    shutil.copytree(copy, moved)
    said = check(moved, "--key", keys / "own.pub").output
    assert "all as published" in said
    with online(moved.parent) as address:
        for place in (f"{address}where%20else", f"{address}where%20else/index.html"):
            assert "all as published" in check(place, "--key", keys / "own.pub").output
        one = check(f"{address}where%20else/{ONE}/").output
    assert "all as published" in one
    number = int(said.split(" files,")[0].rsplit("\n", 1)[-1])
    assert int(one.split(" files,")[0].rsplit("\n", 1)[-1]) < number


def overwrite(path: Path) -> None:
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))


TAMPERED: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "changed": (f"{ONE}/vi/index.html", overwrite, "has another content"),
    "longer": (f"{ONE}/vi/index.html", lambda path: path.write_bytes(b"x"), "has 1 bytes, not"),
    "compressed": (f"{TWO}/vi/glossary.html.br", overwrite, "has another content"),
    "missing": (f"{TWO}/en/glossary.html", Path.unlink, "is not there"),
    "shared": ("runtime/*/pyodide.asm.wasm", overwrite, "has another content"),
    "manifest": (
        f"{ONE}/manifest.json",
        lambda path: path.write_bytes(path.read_bytes() + b" "),
        "was changed",
    ),
    "no manifest": (f"{ONE}/manifest.json", Path.unlink, "is not there"),
    "no signature": (f"{ONE}/manifest.json.minisig", Path.unlink, "nobody vouches"),
}


@pytest.mark.parametrize("online_copy", [False, True])
@pytest.mark.parametrize("kind", TAMPERED)
def test_each_difference_is_one_line_that_names_the_file(
    copy: Path, keys: Path, kind: str, online_copy: bool
) -> None:
    name, tamper, said = TAMPERED[kind]
    (path,) = copy.glob(name)
    tamper(path)
    if online_copy:
        with online(copy) as address:
            output = check(address, "--key", keys / "own.pub", code=1).output
    else:
        output = check(copy, "--key", keys / "own.pub", code=1).output
    (line,) = [line for line in output.splitlines() if said in line]
    assert line.startswith(path.relative_to(copy).as_posix())


@pytest.mark.parametrize("name", [f"{ONE}/vi/new.html", "runtime/0123456789abcdef/x.js", "new.html"])
def test_what_no_manifest_names_is_found_in_a_folder(copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).write_text("<script>")
    assert f"{name}: no manifest names it\n" in check(copy, code=1).output
    with online(copy) as address:
        assert "a web host does not tell what else it has" in check(address).output


def test_one_edition_can_be_checked_alone(copy: Path) -> None:
    (copy / TWO / "vi" / "index.html").unlink()
    assert "other editions" in check(copy, "--edition", ONE).output
    check(copy, "--edition", TWO, code=1)
    assert f"there are {TWO}, {ONE}" in check(copy, "--edition", "2026-9", code=1).output


def test_another_key_does_not_pass(copy: Path, keys: Path) -> None:
    own, other = (minisign.public_key(str(keys / f"{name}.pub")) for name in ("own", "other"))
    output = check(copy, "--key", keys / "other.pub", code=1).output
    assert f"is signed by key {own.name}, not by the given key {other.name}" in output
    assert f"(key {own.name})" in check(copy).output, "without a key it says which one to ask for"
    assert "all as published" in check(copy, "--key", own.text).output, "the key itself in place of a file"


def test_a_draft_cannot_pass_as_another_edition(copy: Path, keys: Path) -> None:
    """A signed edition put in the place of another is true to its manifest, but not to its name."""
    shutil.rmtree(copy / ONE)
    shutil.copytree(copy / TWO, copy / ONE)
    output = check(copy, "--key", keys / "own.pub", code=1).output
    assert f"{ONE}/manifest.json: is the manifest of edition {TWO}" in output


class Packing(Handler):
    """A host that sends everything compressed, asked or not."""

    def do_GET(self) -> None:  # noqa: N802 - the base class names it
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        content = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        return None


class Failing(Handler):
    """A host that breaks down at one file for good, and at another once."""

    broken: str = "/vi/glossary.html"
    once = True

    def do_GET(self) -> None:  # noqa: N802 - the base class names it
        if self.path.endswith(self.broken) or (self.path.endswith("/vi/index.html") and type(self).once):
            type(self).once = self.path.endswith(self.broken) and type(self).once
            return self.send_error(503)
        return super().do_GET()


def test_a_host_that_compresses_on_its_own_passes(copy: Path) -> None:
    with online(copy, Packing) as address:
        found = audit.check(address, ONE)
    assert [line for line in found.differences if not line.partition(":")[0].endswith(".gz")] == []


def test_a_host_that_fails_is_asked_again_and_then_named(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAUSES", (0, 0, 0))
    with online(copy, Failing) as address:
        found = audit.check(address, ONE)
    (line,) = found.differences
    assert line.startswith(f"{ONE}/vi/glossary.html: cannot be had")


def test_a_host_that_is_not_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAUSES", (0, 0))
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as closed:
        port = closed.server_port
    with pytest.raises(PublishError, match=rf"--check http://127\.0\.0\.1:{port}: editions\.json") as raised:
        audit.check(f"http://127.0.0.1:{port}")
    assert "\n" not in raised.value.message


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "vi/../../x"])
def test_a_manifest_that_leads_elsewhere_is_refused(copy: Path, path: str) -> None:
    file = copy / ONE / "manifest.json"
    made = json.loads(file.read_text("utf-8"))
    made["files"][path] = {"sha256": "0", "size": 0}
    file.write_text(json.dumps(made))
    with pytest.raises(PublishError, match="is no manifest"):
        audit.check(str(copy))


# -- keys and signatures


def test_minisign_itself_accepts_the_signature(copy: Path, keys: Path) -> None:
    if shutil.which("minisign") is None:
        pytest.fail("no minisign on this machine; run: make system")
    command = ["minisign", "-V", "-m", str(copy / ONE / "manifest.json"), "-p", str(keys / "own.pub")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"Trusted comment: edition {ONE}, commit c0ffee" in done.stdout
    overwrite(copy / ONE / "manifest.json")
    assert subprocess.run(command, capture_output=True).returncode != 0


def test_minisign_itself_signs_with_a_key_made_here(keys: Path, tmp_path: Path) -> None:
    if shutil.which("minisign") is None:
        pytest.fail("no minisign on this machine; run: make system")
    (tmp_path / "x").write_bytes(b"content")
    command = ["minisign", "-S", "-s", str(keys / "own.key"), "-m", "x", "-t", "a comment"]
    done = subprocess.run(command, input=f"{PASSPHRASE}\n", text=True, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    key = minisign.public_key(str(keys / "own.pub"))
    assert minisign.check(b"content", (tmp_path / "x.minisig").read_text(), key, "x") == "a comment"


def test_a_key_is_for_its_owner_and_opens_by_its_passphrase_alone(keys: Path) -> None:
    assert (keys / "own.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(PublishError, match="wrong passphrase"):
        minisign.unlock(keys / "own.key", "another passphrase")
    with pytest.raises(PublishError, match="is there already"):
        minisign.new_key(keys / "own", PASSPHRASE)


@pytest.mark.parametrize("text", ["", "hello", "untrusted comment: x\nAAAA\n", "a\nb\nc\nd\n"])
def test_what_is_no_key_or_signature_is_one_clear_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "own.key"
    file.write_text(text)
    key = minisign.PublicKey(b"12345678", b"x" * 32)
    for attempt in (
        lambda: minisign.unlock(file, PASSPHRASE),
        lambda: minisign.public_key(str(file)),
        lambda: minisign.check(b"", text, key, "x"),
    ):
        with pytest.raises(PublishError) as raised:
            attempt()
        assert "\n" not in raised.value.message


def test_a_changed_comment_does_not_pass(signer: minisign.Signer) -> None:
    text = signer.sign(b"content", "edition 2026-1")
    with pytest.raises(PublishError, match="does not hold"):
        minisign.check(b"content", text.replace("2026-1", "2026-2"), signer.public, "x")


def test_the_key_command_and_signing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    monkeypatch.setenv("COURSE_PUBLISHER_PASSPHRASE", "short")
    result = CliRunner().invoke(main, ["site", "key", str(tmp_path / "k")])
    assert result.exit_code == 1
    assert "shorter than 12" in result.output
    monkeypatch.setenv("COURSE_PUBLISHER_PASSPHRASE", PASSPHRASE)
    assert CliRunner().invoke(main, ["site", "key", str(tmp_path / "k")]).exit_code == 0
    asked: dict[str, Any] = {}

    def publish(edition: str, out: Path, **more: Any) -> str:
        asked.update(more)
        return "published"

    monkeypatch.setattr(editions, "publish", publish)
    monkeypatch.setattr(editions, "announce", lambda *arguments: None)
    arguments = ["publish", "--edition", ONE, str(out), "--sign", str(tmp_path / "k.key")]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert asked["signer"].public == minisign.public_key(str(tmp_path / "k.pub"))


def test_an_edition_can_be_signed_later(publish: Publish, out: Path, keys: Path, signer: Any) -> None:
    publish(ONE)
    assert "is not signed" in check(out).output
    assert publish(ONE, signer=signer) == "unchanged"
    assert "all as published" in check(out, "--key", keys / "own.pub").output
