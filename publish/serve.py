"""A static web server for the built site, on this machine only.

publish.serve.serve(folder: Path, port: int = 8000) -> None      # until Ctrl-C
publish.serve.server(folder: Path, port: int = 0) -> ThreadingHTTPServer     # for tests; port 0: any free
"""

from __future__ import annotations

import http.server
from functools import partial
from pathlib import Path

import click

from publish.errors import PublishError

# The machine's own table of types may lack these, and browsers refuse modules and WebAssembly without them.
TYPES = {
    ".wasm": "application/wasm",
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".json": "application/json",
    ".ipynb": "application/json",
    ".whl": "application/zip",
    ".zip": "application/zip",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files with the right types and says nothing about it."""

    protocol_version = "HTTP/1.1"  # keeps connections open: a lab asks for some forty files
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, **TYPES}  # noqa: RUF012

    def end_headers(self) -> None:
        # The site may have been built again since; the browser must ask, and mostly hears "not modified".
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def guess_type(self, path: object) -> str:
        kind = super().guess_type(str(path))
        text = kind.startswith("text/") or kind in ("application/json", "image/svg+xml")
        return f"{kind}; charset=utf-8" if text else kind

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    """A server whose readers may leave in the middle of a file."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def server(folder: Path, port: int = 0) -> Server:
    """A server for `folder` on the loopback address; the port asked for, or a free one if it is taken."""
    if not folder.is_dir():
        raise PublishError(f"{folder}: no such folder; build the site first: course site build")
    handler = partial(Handler, directory=str(folder))
    try:
        return Server(("127.0.0.1", port), handler)
    except OSError:
        return Server(("127.0.0.1", 0), handler)


def serve(folder: Path, port: int = 8000) -> None:
    """Serve `folder` until interrupted, and print its address."""
    with server(folder, port) as running:
        click.echo(f"http://127.0.0.1:{running.server_port}/   (Ctrl-C ends it)")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            click.echo("")
