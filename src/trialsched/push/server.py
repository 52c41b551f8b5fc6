"""The server: one connection that credentials cannot leave, and what may go wrong with it in plain words."""

from __future__ import annotations

import re
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid5

from caldav.collection import Calendar
from caldav.davclient import DAVClient
from caldav.lib import error as dav_errors

from trialsched._text import shown, unprintable
from trialsched.errors import InvalidValueError, TrialschedError
from trialsched.formats import ical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TIMEOUT: Final = 30
"""Seconds that the server may take for an answer."""
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
_OK, _PART, _FORBIDDEN, _NOT_FOUND = 200, 207, 403, 404
# What caldav raises on answers that are none of a CalDAV server (lxml's error of broken XML is a SyntaxError).
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, SyntaxError, RecursionError)
# What the HTTP library raises, by the names of its classes: its texts may hold the password of a proxy.
_FAILURES = {
    "TooManyRedirects": "sends us to another address, which is not followed: give the address that it leads to",
    "InvalidSchema": "leads to another server, which gets no password: give that server's own address",
    "SSLError": "its certificate cannot be verified",
    "ProxyError": "the proxy cannot be used",
    "Timeout": f"no answer within {TIMEOUT} seconds",
    "ConnectionError": "cannot be reached",
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
    if not usable or parts.scheme not in ("https", "http") or unprintable(url) or parts.query or parts.fragment:
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
def connect(url: str, user: str | None = None, password: str | None = None) -> Iterator[DAVClient]:
    """Open a connection to one server.

    Certificates are verified; nothing is sent to another scheme, host or port, and no redirection is followed.
    Raises `InvalidValueError` for an address that `checked_url` refuses.
    """
    url = checked_url(url)
    scheme = urlsplit(url).scheme
    dav_errors.debug_dump_communication = False  # it would write all that is sent to files
    client = DAVClient(url, username=user, password=password, timeout=TIMEOUT, enable_rfc6764=False)
    session: Any = client.session
    adapter = session.adapters[f"{scheme}://"]
    session.adapters.clear()
    for origin in _origins(url):
        session.mount(origin, adapter)
    session.max_redirects = 0
    session.auth = _as_it_is  # else the library would ask netrc, whoever the user is
    if scheme == "http":
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
    except OSError as error:
        names = {kind.__name__ for kind in type(error).__mro__}
        said = [words for name, words in _FAILURES.items() if name in names]
        raise PushError(said[0] if said else "the connection failed", where=url) from None
    except _UNREADABLE:
        raise PushError("what answers there is no CalDAV server", where=url) from None


class Read(NamedTuple):
    """One entry of a collection as it was read."""

    href: str
    etag: str
    data: str


def read(calendar: Calendar) -> list[Read]:
    """Return all entries of a collection that hold events. Raises `PushError`."""
    url = str(calendar.url)
    client: Any = calendar.client
    with _speaking(url):
        response = client.report(url, _QUERY, 1)
        status, tree = response.status, response.tree
        if status == _NOT_FOUND:
            raise PushError("there is no calendar at this address (404)", where=url, refused=True)
        if status not in (_OK, _PART) or tree is None or tree.tag != f"{_DAV}multistatus":
            raise PushError(f"the server answers {status}, which is no list of events", where=url)
        found = []
        for entry in tree.iter(f"{_DAV}response"):
            data = entry.findtext(f".//{_CALDAV}calendar-data")
            if data:
                etag = entry.findtext(f".//{_DAV}getetag") or ""
                found.append(Read(entry.findtext(f"{_DAV}href").strip(), etag.strip(), data))
    return found


def put(calendar: Calendar, url: str, data: bytes, condition: dict[str, str]) -> int:
    """Send one entry under a condition; return the status, 403 only for an id that stands elsewhere.

    Raises `PushError`.
    """
    client: Any = calendar.client
    with _speaking(url):
        try:
            headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
            return int(client.put(url, data.decode(), headers).status)
        except dav_errors.AuthorizationError as error:
            if dav_errors.UID_CONFLICT_PRECONDITIONS.isdisjoint(error.preconditions):
                raise
            return _FORBIDDEN


def collections(client: DAVClient) -> list[tuple[str, Calendar]]:
    """Return the user's collections with their display names. Raises `PushError`."""
    with _speaking(str(client.url)):
        return [(str(calendar.get_display_name() or ""), calendar) for calendar in client.get_calendars()]


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
