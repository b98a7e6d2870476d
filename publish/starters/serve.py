# The offline pack's server, part of start-linux.sh and start-macos.command: sends the files of one folder to
# this machine alone. It needs nothing but Python 3.7; publish/pack.py fills in what stands between two @.
import contextlib
import http.server
import os
import subprocess
import sys
import urllib.request

TYPES = dict(line.split(" ", 1) for line in """@TYPES@""".splitlines())


class Handler(http.server.SimpleHTTPRequestHandler):
    timeout = 60  # a browser may open a connection and say nothing

    def guess_type(self, path):
        return TYPES.get(os.path.splitext(path)[1].lower(), "application/octet-stream")

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def send_head(self):
        try:
            return super().send_head()
        except ValueError:  # a name that no file can have
            self.send_error(404)

    def list_directory(self, path):
        self.send_error(404)

    def log_message(self, *said):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass  # a reader who left in the middle of a file


def is_same(port):
    """Whether this very pack is served there already."""
    try:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        address = f"http://127.0.0.1:{port}/editions.json"
        with direct.open(address, timeout=3) as answer, open("editions.json", "rb") as own:
            return answer.read() == own.read()
    except OSError:
        return False


def show(port):
    address = f"http://127.0.0.1:{port}/@START@"
    print("""@RUNNING@""".replace("{address}", address), flush=True)
    opener = os.environ.get("COURSE_OPEN")
    if opener:
        subprocess.Popen([opener, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if hasattr(sys.stdout, "reconfigure"):
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
for port in range(int("@FIRST@"), int("@LAST@") + 1):
    if is_same(port):
        show(port)
        break
    try:
        server = Server(("127.0.0.1", port), Handler)
    except OSError:
        continue
    show(port)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    break
else:
    sys.exit("""@NO_PORT@""")
