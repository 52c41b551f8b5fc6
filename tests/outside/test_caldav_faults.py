"""A faulty proxy before a real CalDAV server: whatever it does, nothing is lost, and the next push makes it good."""

import gzip
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, repeat
from os import environ
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.outside.radicale_server import HOST, Entry, Exchange, Server, running
from tests.support.calendars import vevents
from trialsched import cli
from trialsched import push as pushes
from trialsched.formats import ical
from trialsched.push import Bounds, connect

PROTOCOL = """
schema = "trialsched/protocol/1"
id = "faults"
title = { en = "Faults" }
version = "1"
anchor = "V1"
[[visits]]
code = "V1"
epoch = "treatment"
mode = "on-site"
[[visits]]
code = "V2"
epoch = "treatment"
mode = "on-site"
when = "10 days after V1"
window = "±2 days"
[[visits]]
code = "V3"
epoch = "treatment"
mode = "on-site"
when = "20 days after V1"
window = "±2 days"
"""
FOREIGN = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//someone//else//EN\r\nBEGIN:VEVENT\r\nUID:dentist@example.org\r\n"
    b"DTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20260305\r\nSUMMARY:Dentist\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
UIDS = {visit: ical.uid("faults", "P1", visit) for visit in ("V1", "V2", "V3")}
FIRST = {"V1": "20260302", "V2": "20260312", "V3": "20260322"}
LATER = {"V1": "20260304", "V2": "20260314", "V3": "20260325"}  # V1 two days late; V3 was moved by a person
WORDS = "words-of-the-server"
TIGHT = Bounds(octets=1_000_000, tags=20_000)
HURRIED = TIGHT._replace(seconds=0.7)
BLOCK = b"<!--" + b" " * 65_529 + b"-->"
XML = {"Content-Type": "text/xml; charset=utf-8"}


class Fault(NamedTuple):
    """What a proxy does to one request, and the exit code of a push that meets it."""

    name: str
    code: int
    do: Callable[[Exchange], None]
    bounds: Bounds = TIGHT


def status(number: int, code: int) -> Fault:
    """Answer with a status only, without asking the server."""
    return Fault(str(number), code, lambda asked: asked.answer(number, {"Content-Type": "text/plain"}, WORDS.encode()))


def moved_to(host: str) -> Callable[[Exchange], None]:
    """Answer that it stands elsewhere."""
    return lambda asked: asked.answer(302, {"Location": f"{host}/elsewhere/"})


def cut_short(asked: Exchange) -> None:
    """Do it, and end the connection within the answer."""
    number, headers, body = asked.forward()
    body = body or b"nothing"
    asked.answer(200 if number == 204 else number, {**headers, "Content-Length": str(len(body) + 100)}, body)
    asked.drop()


def lost(asked: Exchange) -> None:
    """Do it, and say nothing of it."""
    asked.forward()
    asked.drop()


def silent(asked: Exchange) -> None:
    """Say nothing, and hold the connection."""
    asked.over.wait(60)
    asked.drop()


def another_protocol(asked: Exchange) -> None:
    """Answer as a mail server does."""
    asked.raw(b"220 mail.example.org ESMTP\r\n")
    asked.drop()


def another_framing(asked: Exchange) -> None:
    """Answer in chunks, of which none says how long it is (RFC 9112, section 7.1)."""
    asked.raw(head("Transfer-Encoding: chunked") + f"{WORDS}\r\n".encode())
    asked.drop()


def dripping(start: bytes) -> Callable[[Exchange], None]:
    """Send an octet at a time, for as long as anybody listens."""

    def drip(asked: Exchange) -> None:
        asked.raw(start)
        while not asked.over.wait(0.02):
            asked.raw(b"x")

    return drip


def endless(head: bytes, block: bytes) -> Callable[[Exchange], None]:
    """Send without an end."""

    def send(asked: Exchange) -> None:
        asked.raw(head)
        for _ in repeat(None):
            if asked.over.is_set():
                return
            asked.raw(block)

    return send


def head(*lines: str) -> bytes:
    """Return the head of an answer whose body ends with the connection."""
    return "\r\n".join(["HTTP/1.1 207 Multi-Status", "Content-Type: text/xml", *lines, "", ""]).encode()


def body(data: bytes, **headers: str) -> Callable[[Exchange], None]:
    """Answer with a body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda asked: asked.answer(207, {**XML, **named}, data)


MULTI = b'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">%s</D:multistatus>'
ENTITIES = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
LAUGHS = b'<!DOCTYPE x [<!ENTITY a0 "ha">' + ENTITIES + b"]>" + MULTI % b"&a11;"
# What any request may meet. 3 is for what may pass by itself, 2 for what would be refused again.
ANY = [
    status(401, 2),
    status(429, 3),
    status(500, 3),
    status(502, 3),
    status(503, 3),
    status(507, 3),
    status(304, 3),
    Fault("no-answer", 3, lambda asked: asked.drop()),
    Fault("answer-lost", 3, lost),
    Fault("cut-short", 3, cut_short),
    Fault("silent", 3, silent, HURRIED),
    Fault("drips-head", 3, dripping(b"HTTP/1.1 207 Multi-Status\r\nX-A: "), HURRIED),
    Fault("drips-body", 3, dripping(head()), HURRIED),
    Fault("goes-on-and-on", 3, endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), HURRIED),
    Fault("endless-head", 3, endless(head().removesuffix(b"\r\n"), b"X-A: " + b"b" * 1000 + b"\r\n"), HURRIED),
    Fault("endless-body", 3, endless(head(), BLOCK)),
    Fault("endless-gzip", 3, endless(head("Content-Encoding: gzip"), gzip.compress(BLOCK))),
    Fault("gzip-bomb", 3, body(gzip.compress(b" " * 100_000_000), Content_Encoding="gzip")),
    Fault("gzip-cut", 3, body(gzip.compress(MULTI % BLOCK)[:-20], Content_Encoding="gzip")),
    Fault("no-gzip", 3, body(MULTI % b"", Content_Encoding="gzip")),
    Fault("brotli", 3, body(b"\x0b\x02\x80<x/>\x03", Content_Encoding="br")),
    Fault("tags", 3, body(MULTI % (b"<a/>" * 20_001))),
    Fault("no-http", 3, another_protocol),
    Fault("no-chunks", 3, another_framing),
    Fault("elsewhere-here", 3, moved_to("")),
    Fault("elsewhere-there", 3, moved_to("http://cal.example.org")),
    Fault("elsewhere-https", 3, moved_to(f"https://{HOST}")),
]
# What a list may be.
LISTS = [
    status(403, 2),
    status(404, 2),
    status(400, 3),
    Fault("html", 3, lambda asked: asked.answer(200, {"Content-Type": "text/html"}, f"<p>{WORDS}</p>".encode())),
    Fault("nothing", 3, body(b"")),
    Fault("no-xml", 3, body(WORDS.encode())),
    Fault("other-xml", 3, body(b"<x/>")),
    Fault("deep-xml", 3, body(b"<a>" * 10_000)),
    Fault("entities", 3, body(LAUGHS)),
    Fault("half-a-character", 3, body(MULTI % b"\xff")),
]


def rewritten(change: Callable[[str], str]) -> Callable[[Exchange], None]:
    """Ask the server, and change what its list says."""

    def do(asked: Exchange) -> None:
        number, headers, data = asked.forward()
        before = data.decode()
        after = change(before)
        assert after != before
        asked.answer(number, headers, after.encode())

    return do


# As Radicale writes a list: without blanks between the elements, DAV: without a prefix.
_ENTRY = re.compile(r"<response>.*?</response>", re.DOTALL)
_NAMED = re.compile(f"<href>(?=/[^<]*{UIDS['V3']})")  # the address of the entry that a person moved
_TAG = re.compile(r"<getetag>.*?</getetag>")
_DATA = re.compile(r"<C:calendar-data>.*?</C:calendar-data>", re.DOTALL)
_END = "</multistatus>"
MANY = "<response><href>/ania/als/</href><status>HTTP/1.1 507 Insufficient Storage</status></response></multistatus>"


def ours(text: str) -> list[str]:
    """Return the entries of a list that are ours."""
    return [entry for entry in _ENTRY.findall(text) if "X-TRIALSCHED-SUBJECT" in entry]


def without(*uids: str) -> Callable[[str], str]:
    """Return what leaves entries out of a list without a word."""

    def leave_out(text: str) -> str:
        for entry in ours(text):
            if any(uid in entry for uid in uids):
                text = text.replace(entry, "")
        return text

    return leave_out


def again(change: Callable[[str], str]) -> Callable[[str], str]:
    """Return what repeats each entry of ours, changed."""
    return lambda text: text.replace(_END, "".join(map(change, ours(text))) + _END)


def no_data(text: str) -> str:
    """Take the data out of one entry, as if it had none."""
    entry = ours(text)[0]
    return text.replace(entry, _DATA.sub("", entry))


def refused_data(text: str) -> str:
    """Say of one entry that its data may not be read."""
    entry = ours(text)[0]
    return text.replace(entry, entry.replace("200 OK", "403 Forbidden"))


# What a list of entries may be when there are some; the last ones are no faults of the list.
ENTRIES = [
    Fault("more-than-told", 3, rewritten(lambda text: without(UIDS["V2"])(text).replace(_END, MANY))),
    Fault("one-left-out", 3, rewritten(without(UIDS["V2"]))),
    Fault("all-left-out", 3, rewritten(lambda text: _ENTRY.sub("", text))),
    Fault("half", 3, rewritten(lambda text: text[: len(text) // 2])),
    Fault("no-data", 3, rewritten(no_data)),
    Fault("data-refused", 3, rewritten(refused_data)),
    Fault("no-address", 3, rewritten(lambda text: re.sub(r"<href>[^<]*ics</href>", "", text))),
    Fault("status-unreadable", 3, rewritten(lambda text: text.replace("HTTP/1.1 200 OK", "fine"))),
    Fault("one-of-another-server", 2, rewritten(lambda text: _NAMED.sub("<href>http://cal.example.org/", text, 1))),
    Fault("one-at-no-address", 2, rewritten(lambda text: _NAMED.sub("<href>http://[::", text, 1))),
    Fault("the-same-twice", 2, rewritten(again(lambda entry: entry))),
    Fault("two-states", 3, rewritten(again(lambda entry: _TAG.sub('<getetag>"x"</getetag>', entry)))),
    Fault("other-states", 3, rewritten(lambda text: _TAG.sub('<getetag>"x"</getetag>', text))),
    Fault("broken-states", 3, rewritten(lambda text: _TAG.sub("<getetag>&quot;a&#10;b&quot;</getetag>", text))),
    Fault("no-states", 3, rewritten(lambda text: _TAG.sub("", text))),
]
# What one entry that is sent may meet: it is left, the others are written.
REFUSALS = [status(number, 2) for number in (400, 403, 404, 405, 409, 410, 413, 415, 422, 423)] + [status(412, 3)]


class Place:
    """One calendar on the server, with an entry of somebody else, and the command that pushes to it."""

    def __init__(self, server: Server, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Keep what is needed."""
        self.server = server
        self.folder = folder
        self.capsys = capsys
        self.name = "ALS"
        self.theirs = self.foreign()
        (folder / "p.toml").write_text(PROTOCOL, encoding="utf-8")

    def push(self, *facts: str) -> tuple[int, str]:
        """Run the command; nothing that it says holds the password, the server's words or a traceback."""
        options = ("--protocol", str(self.folder / "p.toml"), "--subject", "P1", "--baseline", "2026-03-02")
        code = cli.main(["push", "--url", self.server.url, "--calendar", self.name, *options, *facts])
        said = "".join(self.capsys.readouterr())
        login = b64encode(f"{self.server.user}:{self.server.password}".encode()).decode()
        for never in (self.server.password, login, WORDS, "Traceback"):
            assert never not in said
        assert max(map(len, said.splitlines())) < 500
        return code, said

    def starts(self) -> dict[str, str]:
        """Return when our events begin, each of which stands there once at most."""
        found: dict[str, str] = {}
        for entry in self.server.entries(self.name).values():
            for event in vevents(entry.data):
                assert str(event["UID"]) not in found
                found[str(event["UID"])] = event["DTSTART"].to_ical().decode()
        return {visit: found[uid] for visit, uid in UIDS.items() if uid in found}

    def foreign(self) -> list[Entry]:
        """Return the entries of others."""
        return [entry for entry in self.server.entries(self.name).values() if b"dentist@example.org" in entry.data]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server of its own: with few collections, that it is asked for soon."""
    with running(tmp_path_factory.mktemp("radicale")) as found:
        yield found


@pytest.fixture
def place(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """Return an empty calendar, which is taken away afterwards."""
    monkeypatch.setenv("TRIALSCHED_CALDAV_USER", server.user)
    monkeypatch.setenv("TRIALSCHED_CALDAV_PASSWORD", server.password)
    href = f"/{server.user}/als/"
    named = '<D:prop xmlns:D="DAV:"><D:displayname>ALS</D:displayname></D:prop>'
    calendar = (
        f'<C:mkcalendar xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set xmlns:D="DAV:">{named}</D:set></C:mkcalendar>'
    )
    assert server.ask("MKCALENDAR", href, calendar)[0] == 201
    server.put(f"{href}dentist.ics", FOREIGN)
    server.relay.over.clear()
    yield Place(server, tmp_path, capsys)
    server.relay.fault = None
    server.relay.over.set()
    for made in server.calendars().values():
        server.ask("DELETE", made)


def met(place: Place, method: str, fault: Fault, monkeypatch: pytest.MonkeyPatch, *facts: str) -> int:
    """Push while the first request of a method meets a fault, and of lists every one; return the exit code.

    MEMBERS is the question what the calendar holds, before anything is made.
    """
    numbers = count(1)

    def meet(asked: Exchange) -> None:
        members = (asked.method, asked.path, asked.depth) == ("PROPFIND", f"/{place.server.user}/als/", "1")
        if (members if method == "MEMBERS" else asked.method == method) and (method != "PUT" or next(numbers) == 1):
            fault.do(asked)
        else:
            asked.answer(*asked.forward())

    place.server.relay.fault = meet
    with monkeypatch.context() as patch:
        patch.setattr(pushes, "connect", partial(connect, bounds=fault.bounds))
        code, said = place.push(*facts)
    assert re.search("^(error|conflict): ", said, re.MULTILINE) or code == 0
    place.server.relay.fault = None
    place.server.relay.over.set()
    return code


def mended(place: Place, code: int, *facts: str) -> None:
    """Push twice without a fault: the first makes all good, the second has nothing to do."""
    assert place.push(*facts)[0] == code
    place.server.relay.forget()
    assert place.push(*facts)[0] == code
    assert place.server.relay.of("PUT") == []


def named(faults: list[Fault]) -> pytest.MarkDecorator:
    """Return a test for each fault, by its name."""
    return pytest.mark.parametrize("fault", faults, ids=[fault.name for fault in faults])


@named(ANY + LISTS)
@pytest.mark.parametrize("method", ["PROPFIND", "REPORT"])
def test_a_first_push_that_cannot_read(
    place: Place, method: str, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written before the calendars and the entries are known whole."""
    assert met(place, method, fault, monkeypatch) == fault.code
    assert (place.starts(), place.foreign()) == ({}, place.theirs)
    mended(place, 0)
    assert (place.starts(), place.foreign()) == (FIRST, place.theirs)


@named([*(fault for fault in ANY if fault.bounds is TIGHT), *LISTS])
def test_a_first_push_that_cannot_ask_again(place: Place, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made before it is known that it does not stand there."""
    assert met(place, "MEMBERS", fault, monkeypatch) == fault.code
    assert (place.starts(), place.foreign()) == ({}, place.theirs)
    mended(place, 0)


@named([*ANY, status(403, 2), status(405, 3), status(409, 3)])
def test_a_calendar_that_cannot_be_made(place: Place, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it was made or not, there is one afterwards."""
    place.name = "New"
    assert met(place, "MKCALENDAR", fault, monkeypatch, "--create") == fault.code
    assert place.push("--create")[0] == 0
    assert sorted(place.server.calendars()) == ["ALS", "New"]
    assert place.starts() == FIRST


MOVED = (("20260322", "20260325"), ("20260323", "20260326"))
ATTENDED = ("--attended", "V1=2026-03-04")


@pytest.fixture
def edited(place: Place) -> Place:
    """Return a calendar with our visits, of which a person has moved one."""
    assert place.push()[0] == 0
    href, entry = next((h, e) for h, e in place.server.entries("ALS").items() if UIDS["V3"].encode() in e.data)
    data = entry.data.decode()
    for old, new in MOVED:
        data = data.replace(f"VALUE=DATE:{old}", f"VALUE=DATE:{new}")
    place.server.put(href, data.encode())
    place.server.relay.over.clear()
    return place


@named(ENTRIES)
def test_a_list_of_entries_that_is_not_as_it_should_be(
    edited: Place, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a list leaves out is not made a second time; the moved visit and the others' stand as they stood."""
    code = met(edited, "REPORT", fault, monkeypatch, *ATTENDED)
    assert code == fault.code
    done = fault.code == 2
    assert edited.starts() == (LATER if done else {**FIRST, "V3": LATER["V3"]})
    mended(edited, 2, *ATTENDED)
    assert (edited.starts(), edited.foreign()) == (LATER, edited.theirs)


@named(ANY + REFUSALS)
def test_an_entry_that_cannot_be_written(edited: Place, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is new or old afterwards, never lost and never twice; a refusal of one entry leaves the others to go on."""
    assert met(edited, "PUT", fault, monkeypatch, *ATTENDED) == fault.code
    starts = edited.starts()
    assert starts["V1"] in (FIRST["V1"], LATER["V1"])
    assert starts["V2"] == (LATER if fault in REFUSALS else FIRST)["V2"]
    assert (starts["V3"], edited.foreign()) == (LATER["V3"], edited.theirs)
    mended(edited, 2, *ATTENDED)
    assert (edited.starts(), edited.foreign()) == (LATER, edited.theirs)


@named([fault for fault in ANY if fault.bounds is TIGHT])
def test_a_first_entry_that_cannot_be_written(place: Place, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new visit whose answer is lost is not made a second time."""
    assert met(place, "PUT", fault, monkeypatch) == fault.code
    assert {**FIRST, **place.starts()} == FIRST
    mended(place, 0)
    assert place.starts() == FIRST


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (1_000_000_000, 1_000_000_000))
from trialsched.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("fault", [f for f in ANY if f.name in ("endless-body", "endless-gzip")], ids=lambda f: f.name)
def test_an_endless_answer_takes_a_bounded_memory(place: Place, fault: Fault) -> None:
    """With the bounds as they are shipped a command that is sent to without an end ends within a gigabyte."""
    place.server.relay.fault = fault.do
    (place.folder / "p.toml").write_text(PROTOCOL, encoding="utf-8")
    options = ("--protocol", "p.toml", "--subject", "P1", "--baseline", "2026-03-02", "--calendar", "ALS")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "push", "--url", place.server.url, *options],
        cwd=place.folder,
        env={**environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, "its answer is larger than 100,000,000 bytes" in done.stderr) == (3, True), done.stderr
