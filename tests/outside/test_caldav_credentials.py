"""Where user and password must not go: to another server, over a line without TLS, into any message."""

import re
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Self

import pytest
from trustme import CA

import trialsched as ts
from tests.outside.radicale_server import HOST
from tests.support.shell import Result, trialsched
from trialsched.push import PushError, collection, collections, connect, push

PLAN = ts.schedule(ts.load_protocol("alstem"), ts.Subject("P01-007", baseline=date(2026, 3, 2)))
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class _Answering(ThreadingHTTPServer):
    """Answers every request in one way, and keeps the headers that came."""

    daemon_threads = True

    def __init__(self, status: int, answer: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__((HOST, 0), _Answer)
        self.status, self.answer, self.headers = status, answer, headers or {}
        self.seen: list[dict[str, str]] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Answering

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.reply
        raise AttributeError(name)

    def reply(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append({key.lower(): value for key, value in self.headers.items()})
        self.server.paths.append(self.path)
        asked = "Authorization" not in self.headers
        self.send_response_only(401 if asked else self.server.status)
        headers = {"WWW-Authenticate": 'Basic realm="x"'} if asked else self.server.headers
        body = "" if asked else self.server.answer
        for key, value in {**headers, "Content-Length": str(len(body.encode()))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


HOME = """<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:response><D:href>/</D:href>
<D:propstat><D:prop><D:current-user-principal><D:href>{}</D:href></D:current-user-principal>
<C:calendar-home-set><D:href>{}</D:href></C:calendar-home-set></D:prop>
<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"""


@pytest.mark.parametrize("kind", [301, 302, 307, 308, "principal", "home"])
def test_credentials_do_not_follow_to_another_server(kind: int | str) -> None:
    """Neither a redirection nor an absolute address in an answer makes us talk to another server at all."""
    with _Answering(207, HOME, {"Content-Type": "text/xml"}) as other:
        principal = other.url if kind == "principal" else "/"
        status = kind if isinstance(kind, int) else 207
        headers = {"Location": other.url, "Content-Type": "text/xml"}
        with (
            _Answering(status, HOME.format(principal, other.url), headers) as first,
            connect(first.url, "ania", "secret") as client,
        ):
            with pytest.raises(PushError) as caught:
                collections(client)
            assert first.seen
            assert other.seen == []
    assert "another server" in str(caught.value) or "another address" in str(caught.value) or kind == "principal"
    assert "secret" not in repr(caught.value)


class _Digest(_Answer):
    """Lets in whoever proves by RFC 7616, section 3.4.1 that they know the password, without being told it."""

    def reply(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', self.headers.get("Authorization", "")))
        self.server.seen.append({key.lower(): value for key, value in self.headers.items()})
        secret, done = _md5("ania:x:pw"), _md5(f"{self.command}:{self.path}")
        proof = _md5(":".join([secret, "n0", said.get("nc", ""), said.get("cnonce", ""), "auth", done]))
        known = said.get("response") == proof
        self.send_response_only(self.server.status if known else 401)
        if not known:
            self.send_header("WWW-Authenticate", 'Digest realm="x", nonce="n0", qop="auth", algorithm=MD5')
        self.send_header("Content-Length", "0")
        self.end_headers()


def _md5(text: str) -> str:
    return md5(text.encode()).hexdigest()  # noqa: S324 - as the standard has it


@pytest.mark.parametrize(("password", "said"), [("pw", "(404)"), ("other", "(401)")])
def test_a_server_may_ask_for_digest(password: str, said: str) -> None:
    """Then the password is never sent, and the answers to the proof are bounded as all others."""
    with _Answering(404) as server, connect(server.url, "ania", password) as client:
        server.RequestHandlerClass = _Digest
        with pytest.raises(PushError) as caught:
            push(collection(client, f"{server.url}cal/", []), PLAN, stamp=STAMP)
        assert said in str(caught.value)
        assert server.seen[-1]["authorization"].startswith("Digest ")
        assert not any("Basic" in seen.get("authorization", "") for seen in server.seen)


def test_no_redirection_is_followed_on_the_same_server() -> None:
    """Followed, a PUT would become a GET, and its 200 would look like an event that was written."""
    with _Answering(302, "", {"Location": "/elsewhere/"}) as server, connect(server.url, "ania", "pw") as client:
        with pytest.raises(PushError, match="not followed"):
            push(collection(client, f"{server.url}cal/", []), PLAN, stamp=STAMP)
        assert server.paths == ["/cal/", "/cal/"]  # without and with the password


def push_once(server: _Answering, folder: Path, **environment: str) -> Result:
    """Run the command in a process of its own."""
    options = ("--calendar", "A", "--protocol", "alstem", "--subject", "P01-007", "--baseline", "2026-03-02")
    login = {"TRIALSCHED_CALDAV_USER": "ania", "TRIALSCHED_CALDAV_PASSWORD": "Pl4nted"}
    return trialsched("push", "--url", server.url, *options, cwd=folder, env={**login, **environment})


def test_plain_http_goes_through_no_proxy(tmp_path: Path) -> None:
    """What is sent without TLS stays on this machine, whatever the environment says."""
    with _Answering(404) as server, _Answering(404) as proxy:
        names = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
        result = push_once(server, tmp_path, NO_PROXY="", no_proxy="", **dict.fromkeys(names, proxy.url))
        assert (result.code, proxy.seen) == (2, [])
        assert server.seen[-1]["authorization"].startswith("Basic ")


def test_the_library_writes_nothing_down(tmp_path: Path) -> None:
    """What caldav can be told to dump into files and logs by the environment is not written by us."""
    more = {"PYTHON_CALDAV_COMMDUMP": "1", "PYTHON_CALDAV_DEBUGMODE": "DEBUG", "TMPDIR": str(tmp_path)}
    with _Answering(207, HOME.format("/", "/"), {"Content-Type": "text/xml"}) as server:
        result = push_once(server, tmp_path, **more)
    assert (result.code, result.out, list(tmp_path.iterdir())) == (2, "", [])
    assert result.err.splitlines() == [
        "error: --calendar: no calendar 'A' on the server, which has: none; --create makes it"
    ]


@pytest.mark.parametrize(
    ("status", "answer", "kind", "refused"),
    [
        (500, "secret", "text/plain", False),
        (503, "secret", "text/plain", False),
        (429, "secret", "text/plain", False),
        (403, "secret", "text/plain", True),
        (404, "secret", "text/plain", True),
        (200, "<html>secret</html>", "text/html", False),
        (207, "<D:multistatus xmlns:D='DAV:'><D:response/>", "text/xml", False),
        (207, "", "text/xml", False),
        (207, "<x/>", "text/xml", False),
    ],
)
def test_what_is_no_caldav_server_is_said_in_one_line(status: int, answer: str, kind: str, refused: bool) -> None:  # noqa: FBT001
    """Errors, broken XML, web pages: one `PushError`, no words of the server, when asked for lists and when read."""
    with _Answering(status, answer, {"Content-Type": kind}) as server, connect(server.url, "ania", "pw") as client:
        place = collection(client, f"{server.url}cal/", [])
        with pytest.raises(PushError) as caught:
            push(place, PLAN, stamp=STAMP)
        assert caught.value.refused == refused
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)
        try:
            assert collections(client) == []
        except PushError as error:
            assert "secret" not in str(error)  # noqa: PT017 - or an empty list


def test_a_certificate_that_cannot_be_verified_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS is verified always: nothing is sent to a server whose certificate nobody vouches for.

    With its authority named by REQUESTS_CA_BUNDLE the same certificate is taken: it was the reason. Then it is our
    user who logs in when asked to, not the one whom netrc has for the server.
    """
    authority, bundle_file = CA(), tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle_file))
    context = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    (tmp_path / "netrc").write_text(f"machine {HOST} login other password other\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with _Answering(404) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        for bundle, said in ((None, "certificate"), (bundle_file, "404")):
            if bundle is not None:
                monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
            with connect(server.url.replace("http:", "https:"), "ania", "pw") as client:
                with pytest.raises(PushError, match=said):
                    collections(client)
                assert bool(server.seen) == (bundle is not None)
        assert "authorization" not in server.seen[0]
        assert server.seen[1]["authorization"] == f"Basic {b64encode(b'ania:pw').decode()}"
