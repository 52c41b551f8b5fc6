"""A real CalDAV server, Radicale, in a process of its own, behind a relay that keeps what is sent to it."""

import http.client
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

HOST = "127.0.0.1"
_DEADLINE = 60
_KEPT = ("depth", "content-type", "content-length", "if-match", "if-none-match", "authorization")
_ANSWERED = ("Content-Type", "ETag", "DAV", "WWW-Authenticate")
_QUERY = (
    '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/>'
    '</D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>'
)


class Request(NamedTuple):
    """What came over the wire."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int


class Entry(NamedTuple):
    """What the server holds under one address."""

    etag: str
    data: bytes


class Relay(ThreadingHTTPServer):
    """Passes everything on to the server and keeps it; `before` and `after` are called for each PUT with its number.

    With a `fault` it is a faulty proxy: what is sent with a password goes to that instead.
    """

    daemon_threads = True

    def __init__(self, port: int) -> None:
        """Listen on a free port, for the server at another."""
        super().__init__((HOST, 0), _Handler)
        self.behind = port
        self.requests: list[Request] = []
        self.puts = 0
        self.fault: Callable[[Exchange], None] | None = None
        self.over = threading.Event()
        self.before: Callable[[int], None] = lambda _: None
        self.after: Callable[[int], None] = lambda _: None

    def of(self, method: str) -> list[Request]:
        """Return the requests of a method that were not turned away for want of a password."""
        return [r for r in self.requests if r.method == method and r.status != 401]

    def forget(self) -> None:
        """Start counting again."""
        self.requests.clear()
        self.puts = 0

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that is gone."""


class Exchange:
    """One request to a faulty proxy: what was asked, and the ways to answer it."""

    def __init__(self, handler: "_Handler", body: bytes) -> None:
        """Keep what was read."""
        self._handler = handler
        self._body = body
        self.method = handler.command
        self.path = handler.path
        self.depth = handler.headers.get("Depth")
        self.over = handler.server.over

    def forward(self) -> tuple[int, dict[str, str], bytes]:
        """Ask the server; return its status, the headers that count and the body."""
        status, answered, answer = self._handler.ask(self._body)
        return status, {name: answered[name] for name in _ANSWERED if name in answered}, answer

    def answer(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Answer as a server that keeps to the rules, with what may be none."""
        self._handler.answer(status, {"Content-Length": str(len(body)), **headers}, body)

    def raw(self, data: bytes) -> None:
        """Send anything."""
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def drop(self) -> None:
        """End the connection."""
        self._handler.close_connection = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together
    server: Relay

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.relay
        raise AttributeError(name)

    def relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.fault is not None and "Authorization" in self.headers:
            self.server.fault(Exchange(self, body))
            return
        put = self.command == "PUT" and "Authorization" in self.headers
        if put:
            self.server.puts += 1
            self.server.before(self.server.puts)
        status, answered, answer = self.ask(body)
        if put:
            self.server.after(self.server.puts)
        headers = {name: answered[name] for name in _ANSWERED if name in answered}
        self.answer(status, {**headers, "Content-Length": str(len(answer))}, answer)

    def ask(self, body: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Pass a request on, and keep what it was."""
        headers = {name: value for name, value in self.headers.items() if name.lower() in _KEPT}
        status, answered, answer = send(self.server.behind, self.command, self.path, body, headers)
        kept = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Request(self.command, self.path, kept, status))
        return status, answered, answer

    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send an answer."""
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def send(
    port: int, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send one request to the server."""
    connection = http.client.HTTPConnection(HOST, port, timeout=_DEADLINE)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


class Server:
    """A running Radicale: its address through the relay, one user, and what others do on it."""

    def __init__(self, port: int, relay: Relay, password: str) -> None:
        """Know where it is and how to log in."""
        self.port = port
        self.relay = relay
        self.user = "ania"
        self.password = password
        self.url = f"http://{HOST}:{relay.server_port}/"

    def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> tuple[int, bytes]:
        """Send a request of another program, past the relay."""
        login = b64encode(f"{self.user}:{self.password}".encode()).decode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body.encode() if isinstance(body, str) else body
        status, _, answer = send(self.port, method, path, data, {"Authorization": f"Basic {login}", **named})
        return status, answer

    def calendars(self) -> dict[str, str]:
        """Return the addresses of the user's collections by their display names."""
        prop = '<D:propfind xmlns:D="DAV:"><D:prop><D:displayname/></D:prop></D:propfind>'
        _, answer = self.ask("PROPFIND", f"/{self.user}/", prop, Depth="1")
        found = {}
        for response in ET.fromstring(answer).iter("{DAV:}response"):  # noqa: S314 - our own server's
            name, href = response.findtext(".//{DAV:}displayname"), response.findtext("{DAV:}href")
            if name and href and href != f"/{self.user}/":
                found[name] = href
        return found

    def entries(self, name: str) -> dict[str, Entry]:
        """Return what a collection holds, by address."""
        _, answer = self.ask("REPORT", self.calendars()[name], _QUERY, Depth="1")
        found = {}
        for response in ET.fromstring(answer).iter("{DAV:}response"):  # noqa: S314 - our own server's
            data = response.findtext(".//{urn:ietf:params:xml:ns:caldav}calendar-data") or ""
            etag = response.findtext(".//{DAV:}getetag") or ""
            found[str(response.findtext("{DAV:}href"))] = Entry(etag, data.encode())
        return found

    def put(self, path: str, data: bytes) -> None:
        """Write an entry, as another program does."""
        status, answer = self.ask("PUT", path, data, Content_Type="text/calendar; charset=utf-8")
        assert status in (201, 204), answer


def _python() -> str:
    python = os.environ.get("TRIALSCHED_JUDGES", sys.executable)
    if subprocess.run([python, "-c", "import radicale"], capture_output=True, check=False).returncode:
        pytest.skip("the CalDAV server Radicale is not installed (see TRIALSCHED_JUDGES)")
    return python


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        return int(listening.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server takes connections."""
    deadline = time.monotonic() + _DEADLINE
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline, "the server does not answer"
            threading.Event().wait(0.05)
        else:
            return


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Run a server that keeps its data in a folder; skip with the reason when Radicale is not there."""
    python = _python()
    password = f"{secrets.token_urlsafe(12)}-\u0142\u20ac"
    users = folder / "users"
    users.write_text(f"ania:{password}\n", encoding="utf-8")
    port = _free_port()
    settings = ["--auth-type", "htpasswd", "--auth-htpasswd-filename", str(users), "--auth-delay", "0"]
    settings += ["--auth-htpasswd-encryption", "plain", "--storage-filesystem-folder", str(folder / "store")]
    settings += ["--hosts", f"{HOST}:{port}", "--config", ""]
    log = folder / "radicale.log"
    with (
        log.open("wb") as output,
        subprocess.Popen([python, "-m", "radicale", *settings], stdout=output, stderr=output) as process,
    ):
        try:
            _wait(port, process, log)
            with Relay(port) as relay:
                threading.Thread(target=relay.serve_forever, daemon=True).start()
                yield Server(port, relay, password)
                relay.shutdown()
        finally:
            process.terminate()
