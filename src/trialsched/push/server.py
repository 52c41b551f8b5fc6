"""The server: one connection that credentials cannot leave, and what may go wrong with it in plain words."""

from __future__ import annotations

import re
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit
from uuid import uuid5

from caldav.collection import Calendar
from caldav.davclient import DAVClient
from caldav.lib import error as dav_errors

from trialsched._text import shown, unprintable
from trialsched.errors import InvalidValueError, TrialschedError
from trialsched.formats import ical
from trialsched.push.wire import BOUNDS, Bounds, OneServer, WireError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

TIMEOUT: Final = BOUNDS.seconds
"""Seconds that the server may take for a whole answer."""
_EXPECTED = "expected an address as https://cal.example.org/dav/"
# RFC 4791, section 7.8: the events of a collection, with their ETags.
_QUERY = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:prop><D:getetag/><C:calendar-data/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter>
</C:calendar-query>"""
_KIND = """<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/></D:prop></D:propfind>"""
_DAV, _CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_MEMBERS = """<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:"><D:prop><D:getcontenttype/></D:prop></D:propfind>"""
_MOST = "{DAV:}number-of-matches-within-limits"  # RFC 4791, section 7.8
_NO_XML = "what the server sends ends before its end, is no XML, or has an entry of more than 10 MB"  # as lxml reads it
_OK, _PART, _FORBIDDEN, _NOT_FOUND = 200, 207, 403, 404
_SUCCESS = range(200, 300)
_ETAG = re.compile(r"[!-~]{1,1000}")  # as RFC 9110, section 8.8.3, but for the quotes, which some servers forget
# What caldav raises on answers that are none of a CalDAV server (lxml's error of broken XML is a SyntaxError).
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, SyntaxError, RecursionError)
# What the HTTP library raises, by the names of its classes: its texts may hold the password of a proxy.
_FAILURES = {
    "TooManyRedirects": "sends us to another address, which is not followed: give the address that it leads to",
    "InvalidSchema": "leads to another server, which gets no password: give that server's own address",
    "SSLError": "its certificate cannot be verified",
    "ProxyError": "the proxy cannot be used",
    "Timeout": "no answer in time",
    "ChunkedEncodingError": "its answer ends before its end",
    "ConnectionError": "cannot be reached, or broke the connection off",
}


class PushError(TrialschedError):
    """The server cannot be reached, refuses or fails; no credential is in it.

    `refused`: the same would be refused again, as a wrong password. `report` is the `PushReport` of what was done
    until then, or None.
    """

    def __init__(self, message: str, *, where: str = "", refused: bool = False) -> None:
        """Keep the message, and whether it is a refusal."""
        super().__init__(message, where=where)
        self.refused = refused
        self.report: Any = None


def checked_url(url: str, *, where: str = "url") -> str:
    """Return a server's address: https, or plain http to a loopback address, without user, query and fragment.

    Raises `InvalidValueError`, which never shows a password.
    """
    if "@" in url:
        message = "an address without '@' is meant: user and password are never part of it, lists of processes show it"
        raise InvalidValueError(message, where=where)
    try:
        parts = urlsplit(url)
        usable = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        usable = False
    if "?" in url or "#" in url:  # behind them stand keys of some servers, which are not shown
        raise InvalidValueError(f"an address without '?' and '#' is meant; {_EXPECTED}", where=where)
    if not usable or parts.scheme not in ("https", "http") or unprintable(url):
        raise InvalidValueError(f"read {shown(url)!r}, {_EXPECTED}", where=where)
    if parts.scheme == "http" and not _is_loopback(str(parts.hostname)):
        message = f"read {shown(url)!r}: without TLS everybody on the way reads it; expected https://"
        raise InvalidValueError(message, where=where)
    return parts._replace(path=parts.path or "/").geturl()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _origins(url: str) -> list[str]:
    """Return how all addresses of a server begin: with its port and, if that is the usual one, without."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    usual = {"https": 443, "http": 80}[parts.scheme]
    port = parts.port or usual
    return [f"{parts.scheme}://{host}:{port}/", *([f"{parts.scheme}://{host}/"] if port == usual else [])]


def _as_it_is(request: Any) -> Any:  # noqa: ANN401 - the HTTP library's own
    """Add no credentials to a request."""
    return request


@contextmanager
def connect(
    url: str, user: str | None = None, password: str | None = None, *, bounds: Bounds = BOUNDS
) -> Iterator[DAVClient]:
    """Open a connection to one server.

    Certificates are verified; nothing is sent to another scheme, host or port, and no redirection is followed. An
    answer that is not whole within the bounds is a `PushError`. Raises `InvalidValueError` for an address that
    `checked_url` refuses.
    """
    url = checked_url(url)
    dav_errors.debug_dump_communication = False  # it would write all that is sent to files
    client: Any = DAVClient(url, username=user, password=password, enable_rfc6764=False)
    client.timeout = bounds.seconds
    client.session.close()
    client.session = session = OneServer(_origins(url), bounds)
    session.auth = _as_it_is  # else the library would ask netrc, whoever the user is
    if urlsplit(url).scheme == "http":
        session.trust_env = False  # a proxy would take it off this machine
    with client:
        yield client


@contextmanager
def _speaking(url: str) -> Iterator[None]:
    """Say what went wrong in our own words: what was sent may be in those of the libraries."""
    try:
        yield
    except TrialschedError:
        raise
    except dav_errors.AuthorizationError as error:
        message = "the server does not know the user, or the password is wrong (401)"
        if error.status == _FORBIDDEN:
            message = "the server does not allow it to this user (403)"
        raise PushError(message, where=url, refused=True) from None
    except dav_errors.NotFoundError:
        raise PushError("there is nothing at this address (404)", where=url, refused=True) from None
    except dav_errors.RateLimitError:
        raise PushError("the server asks to come back later", where=url) from None
    except dav_errors.DAVError as error:
        status = f" {error.status}" if error.status else ""
        raise PushError(f"the server answers{status}, which is no answer of CalDAV", where=url) from None
    except NotImplementedError:
        message = "the server asks for another way to log in than Basic or Digest"
        raise PushError(message, where=url, refused=True) from None
    except WireError as error:
        raise PushError(str(error), where=url) from None
    except OSError as error:
        names = {kind.__name__ for kind in type(error).__mro__}
        said = [words for name, words in _FAILURES.items() if name in names]
        raise PushError(said[0] if said else "the connection failed", where=url) from None
    except _UNREADABLE:
        raise PushError("what answers there is no CalDAV server", where=url) from None


class Read(NamedTuple):
    """One entry of a collection as it was read; without an ETag nobody can say which state it is in."""

    href: str
    etag: str
    data: str


def read(calendar: Calendar) -> list[Read]:
    """Return all entries of a collection that hold events. Raises `PushError`, also for a list that is not whole."""
    url = str(calendar.url)
    client: Any = calendar.client
    with _speaking(url):
        try:
            response = client.report(url, _QUERY, 1)
        except SyntaxError:  # lxml's, of XML that is cut off or is none
            raise _not_whole(url, _NO_XML) from None
        except dav_errors.AuthorizationError as error:
            if _MOST not in error.preconditions:
                raise
            raise _not_whole(url, "the server gives no more than a number of them") from None
        if response.status == _PART and response.tree is None:
            raise _not_whole(url, "the answer is empty, or no XML")
        return _entries(_multistatus(response, url, "list of events"), url)


def check_whole(calendar: Calendar, listed: Iterable[Read], missing: Collection[str]) -> None:
    """Refuse a list of entries that lacks what stands in the collection: an entry that would be made, or all events.

    `missing` are the UIDs of what would be made. Raises `PushError`.
    """
    url = str(calendar.url)
    client: Any = calendar.client
    known = {_path(entry.href) for entry in listed}
    with _speaking(url):
        try:
            response = client.request(url, "PROPFIND", _MEMBERS, {"Depth": "1"})
        except SyntaxError:
            raise _not_whole(url, _NO_XML) from None
        tree = _multistatus(response, url, "list of what it holds")
        for member in tree.iterfind(f"{_DAV}response"):
            path = _path(member.findtext(f"{_DAV}href") or "")
            name = path.rpartition("/")[2].removesuffix(".ics").lower()
            is_event = "component=vevent" in _text(member, f"{_DAV}getcontenttype").lower()
            if path not in known and (name in missing or (is_event and not known)):
                raise _not_whole(url, "the server holds an entry that it leaves out")


def _not_whole(url: str, why: str) -> PushError:
    return PushError(f"the list of entries is not whole, nothing is written: {why}; push again later", where=url)


def _multistatus(response: Any, url: str, what: str) -> Any:  # noqa: ANN401 - caldav's answer, lxml's element
    """Return the tree of a list. Raises `PushError` for any other answer."""
    status, tree = response.status, response.tree
    if status == _NOT_FOUND:
        raise PushError("there is no calendar at this address (404)", where=url, refused=True)
    if status not in (_OK, _PART) or tree is None or tree.tag != f"{_DAV}multistatus":
        raise PushError(f"the server answers {status}, which is no {what}", where=url)
    return tree


def _entries(tree: Any, url: str) -> list[Read]:  # noqa: ANN401 - lxml's element
    """Return the entries of a list, each once. Raises `PushError` for one that is not whole (RFC 4791, section 7.8).

    A list names an address once (RFC 4918, section 14.24). Where it does not, all that it says is read, and nobody
    can say which state is there.
    """
    found: dict[tuple[str, str], Read] = {}
    states: dict[str, set[Read]] = {}
    for entry in tree.iterfind(f"{_DAV}response"):
        href = (entry.findtext(f"{_DAV}href") or "").strip()
        status = _code(entry.findtext(f"{_DAV}status"))
        if status == _NOT_FOUND:  # deleted while the list was made
            continue
        if status not in _SUCCESS:
            raise _not_whole(url, f"the server says {status} of a part of it")
        data = _text(entry, f"{_CALDAV}calendar-data")
        if not data and _path(href) == _path(url):
            continue
        if not href or not data:
            raise _not_whole(url, "an entry comes without its data")
        etag = _text(entry, f"{_DAV}getetag").strip()
        one = Read(href, etag if _ETAG.fullmatch(etag) else "", data)
        found.setdefault((_path(href), data), one)
        states.setdefault(_path(href), set()).add(one)
    return [one if len(states[path]) == 1 else one._replace(etag="") for (path, _), one in found.items()]


def _text(entry: Any, name: str) -> str:  # noqa: ANN401 - lxml's element
    """Return a property that the server gives, '' without it (RFC 4918, section 14.22)."""
    for part in entry.iterfind(f"{_DAV}propstat"):
        if _code(part.findtext(f"{_DAV}status")) in _SUCCESS:
            text = part.findtext(f"{_DAV}prop/{name}")
            if text and text.strip():
                return str(text)
    return ""


def _code(status: str | None) -> int:
    """Return the number of a status line as 'HTTP/1.1 200 OK'; without one all is well."""
    if status is None:
        return _OK
    found = re.search(r" ([0-9]{3})(?: |$)", status.strip())
    return int(found[1]) if found else 0


def _path(href: str) -> str:
    """Return a path as it can be compared, whether written whole or not, and escaped or not."""
    try:
        path = urlsplit(href.strip()).path
    except ValueError:  # no address
        path = href.strip()
    return unquote(path).rstrip("/")


def address(calendar: Calendar, href: str) -> str:
    """Return the address of an entry as a server gives it, whole; '' for one that is none, or on another server."""
    base = f"{str(calendar.url).rstrip('/')}/"
    try:
        url = urljoin(base, href)
        parts = urlsplit(url)
        safe = "@" not in parts.netloc and _origins(url) == _origins(base)
    except (ValueError, KeyError):  # brackets or a port that are none; another scheme
        return ""
    return url if safe else ""


class Answer(NamedTuple):
    """What the server says to an entry that was sent: the status, and the rule that it names for a refusal."""

    status: int
    rules: tuple[str, ...] = ()

    @property
    def elsewhere(self) -> bool:
        """Whether the entry's id stands elsewhere (RFC 4791, section 5.3.2.1)."""
        return not dav_errors.UID_CONFLICT_PRECONDITIONS.isdisjoint(self.rules)


def put(calendar: Calendar, url: str, data: bytes, condition: dict[str, str]) -> Answer:
    """Send one entry under a condition; return what the server says to it. Raises `PushError` for 401 and 429."""
    client: Any = calendar.client
    headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
    with _speaking(url):
        try:
            response = client.put(url, data.decode(), headers)
        except dav_errors.AuthorizationError as error:
            if error.status != _FORBIDDEN:
                raise
            return Answer(_FORBIDDEN, tuple(error.preconditions))
        return Answer(int(response.status), tuple(dav_errors.parse_preconditions(response.raw)))


def collections(client: DAVClient) -> list[tuple[str, Calendar]]:
    """Return the user's collections with their display names. Raises `PushError`."""
    url = str(client.url)
    with _speaking(url):
        found = [(str(calendar.get_display_name() or ""), calendar) for calendar in client.get_calendars()]
        if not found:  # the library takes a web page, too, for an answer without calendars
            _multistatus(client.request(url, "PROPFIND", _KIND, {"Depth": "0"}), url, "answer of CalDAV")
        return found


def collection(client: DAVClient, name: str, known: Iterable[tuple[str, Calendar]]) -> Calendar | None:
    """Return the collection of a display name among these, or the one at an address; None without one.

    Raises `InvalidValueError` for a name that several have, and for an address of another server.
    """
    if re.match(r"https?://", name, re.IGNORECASE):
        for origin in _origins(str(client.url)):  # below the server's own name it is part of a user's name
            name = origin + name.removeprefix(origin).replace("@", "%40") if name.startswith(origin) else name
        url = checked_url(name, where="calendar")
        if _origins(url) != _origins(str(client.url)):
            message = f"read {shown(name)!r}, expected an address on the same server as {client.url}"
            raise InvalidValueError(message, where="calendar")
        return Calendar(client, url)
    found = [calendar for title, calendar in known if title == name]
    if len(found) > 1:
        places = ", ".join(str(calendar.url) for calendar in found)
        message = f"{len(found)} calendars are called {shown(name)!r}: give the address of one, {places}"
        raise InvalidValueError(message, where="calendar")
    return found[0] if found else None


def check_calendar(calendar: Calendar) -> None:
    """Refuse an address that is no calendar: what is written into a home would become calendars there.

    RFC 4791, section 4.2. Raises `InvalidValueError` and `PushError`.
    """
    url = str(calendar.url)
    client: Any = calendar.client
    with _speaking(url):
        tree = client.propfind(url, _KIND, 0).tree
        if tree is None or tree.find(f".//{_CALDAV}calendar") is None:
            message = f"read {shown(url)!r}, expected the address of a calendar; there is something else"
            raise InvalidValueError(message, where="calendar")


def create(client: DAVClient, name: str) -> Calendar:
    """Make a collection of this display name (MKCALENDAR); its address follows from the name. Raises `PushError`.

    Raises `InvalidValueError` for a name that is empty or holds a control character.
    """
    if not name.strip() or unprintable(name):
        raise InvalidValueError(f"read {shown(name)!r}, expected a name of printable characters", where="calendar")
    with _speaking(str(client.url)):
        made = client.get_principal().make_calendar(name, str(uuid5(ical.UID_NAMESPACE, f"calendar\x1f{name}")))
        if isinstance(made, Calendar):
            return made
    raise PushError("the calendar was not made", where=str(client.url))
