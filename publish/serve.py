"""A static web server for a built site or for published editions, on this machine only.

publish.serve.serve(folder: Path, port: int = 8000) -> None      # until Ctrl-C
publish.serve.server(folder: Path, port: int = 0) -> ThreadingHTTPServer     # for tests; port 0: any free
"""

from __future__ import annotations

import http.server
import os
import re
from email.utils import formatdate
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import click

from publish import hosting
from publish.errors import PublishError

WORKER = "sw.js"  # of an edition: see publish/offline.py


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files as `publish.hosting` has it, compressed to who takes them, and says nothing about it."""

    protocol_version = "HTTP/1.1"  # keeps connections open: a lab asks for some forty files

    def send_head(self) -> BinaryIO | None:
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.partition("?")[0].endswith("/"):
            path /= "index.html"
        if not path.is_file() and path.name == WORKER:
            return self.send_gone()  # of a site that was served at this port before
        if not path.is_file():
            # the base class redirects to a folder's address with a slash, and says what is not there
            try:
                return super().send_head()
            except ValueError:  # a name that no file can have
                self.send_error(404)
                return None
        return self.send_file(path)

    def list_directory(self, path: object) -> None:
        """No listing: a folder without a page is not there, as on other hosts."""
        self.send_error(404)

    def send_file(self, path: Path) -> BinaryIO | None:
        """Send the headers of a file, and return the file if its content is wanted."""
        taken, coding = self._copy(path)
        about = taken.stat()
        tag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
        fresh = tag in re.findall(r'"[^"]*"', self.headers.get("If-None-Match", ""))
        self.send_response(304 if fresh else 200)
        self.send_header("ETag", tag)
        self.send_header("Vary", "Accept-Encoding")
        self.send_header("Cache-Control", hosting.cache_control(self.path.partition("?")[0]))
        if not fresh:
            self.send_header("Content-Type", hosting.content_type(path.name))
            self.send_header("Content-Length", str(about.st_size))
            self.send_header("Last-Modified", formatdate(about.st_mtime, usegmt=True))
            if coding:
                self.send_header("Content-Encoding", coding)
        self.end_headers()
        return None if fresh else taken.open("rb")

    def send_gone(self) -> BinaryIO:
        """Send a worker that ends a site's own: the browser would go on showing the pages that it keeps."""
        return self.send_content(Path(__file__).with_name("gone.js").read_bytes(), "text/javascript")

    def send_content(self, content: bytes, kind: str) -> BinaryIO:
        """Send the headers of what is no file of the folder, and return it."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        return BytesIO(content)

    def _copy(self, path: Path) -> tuple[Path, str]:
        """The smallest form of a file that the browser takes."""
        accepted = self.headers.get("Accept-Encoding", "")
        for end, coding in hosting.CODINGS.items():
            copy = path.with_name(f"{path.name}.{end}")
            if re.search(rf"\b{coding}\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", accepted) and copy.is_file():
                return copy, coding
        return path, ""

    def end_headers(self) -> None:
        for name, value in hosting.ALWAYS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    """A server whose readers may leave in the middle of a file."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def server(folder: Path, port: int = 0, handler: type[Handler] = Handler) -> Server:
    """A server for `folder` on the loopback address; the port asked for, or a free one if it is taken."""
    if not folder.is_dir():
        raise PublishError(f"{folder}: no such folder; build the site first: course site build")
    serving = partial(handler, directory=os.fspath(folder))
    try:
        return Server(("127.0.0.1", port), serving)
    except OSError:
        return Server(("127.0.0.1", 0), serving)


def serve(folder: Path, port: int = 8000) -> None:
    """Serve `folder` until interrupted, and print its address."""
    with server(folder, port) as running:
        click.echo(f"http://127.0.0.1:{running.server_port}/   (Ctrl-C ends it)")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            click.echo("")
