"""The address of a server, and a connection that leads nowhere else."""

import pickle
from xml.etree import ElementTree as ET

import pytest

import trialsched as ts
from trialsched.push import PushError, checked_url, collection, collections, connect, create
from trialsched.push.server import Read, _entries, address

NOBODY = "http://127.0.0.2:9/"  # the discard port, where nothing listens


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://cal.example.org", "https://cal.example.org/"),
        ("https://cal.example.org:8443/dav/", "https://cal.example.org:8443/dav/"),
        ("HTTPS://Cal.Example.org/Dav", "https://Cal.Example.org/Dav"),
        ("http://127.0.0.2:5232/x/", "http://127.0.0.2:5232/x/"),
        ("http://[::1]:5232", "http://[::1]:5232/"),
    ],
)
def test_addresses_that_are_safe(url: str, checked: str) -> None:
    """Https anywhere, plain http on this machine's own address; a path is made where there is none."""
    assert checked_url(url) == checked


@pytest.mark.parametrize(
    "url",
    [
        "http://cal.example.org/",
        f"http://local{'host'}:5232/",  # a name, which may lead anywhere
        "http://127.0.0.2.example.org/",
        "http://192.168.1.2/",
        "http://2130706433/",  # a loopback address as one number: some programs read it so, others do not
        "ftp://cal.example.org/",
        "cal.example.org",
        "//cal.example.org/",
        "https://",
        "https:///dav/",
        "https://cal.example.org:0/",
        "https://cal.example.org:port/",
        "https://cal.example.org:99999/",
        "https://[::1/",
        "https://cal.example.org/?a=b",
        "https://cal.example.org/?",
        "https://cal.example.org/#a",
        "https://cal.example.org/\n",
        "",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    """Without TLS, of other schemes, not whole: refused before anything is sent, the place named."""
    with pytest.raises(ts.InvalidValueError) as caught:
        checked_url(url, where="--url")
    assert caught.value.where == "--url"


@pytest.mark.parametrize(
    "url",
    [
        "https://ania:Pl4nted@cal.example.org/",
        "https://ania:Pl4nted@",
        "https://ania:Pl4nted@[::1/",
        "http://Pl4nted@127.0.0.2/",
        "ania:Pl4nted@cal.example.org",
        "https://cal.example.org/Pl4nted@x",
    ],
)
def test_a_password_in_an_address_is_refused_without_showing_it(url: str) -> None:
    """Nothing of the address is told: neither in the message nor in the error behind it."""
    with pytest.raises(ts.InvalidValueError) as caught:
        checked_url(url)
    told = f"{caught.value!r} {caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert "Pl4nted" not in told


@pytest.mark.parametrize("sign", ["?key=", "#"])
def test_a_key_in_an_address_is_not_shown(sign: str) -> None:
    """Some servers' addresses have a secret behind the sign, which would stand in a log then."""
    with pytest.raises(ts.InvalidValueError, match="without") as caught:
        checked_url(f"https://cal.example.org/{sign}s3cret")
    assert "s3cret" not in str(caught.value)


LIST = """<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:response><D:href>/als/</D:href><D:propstat><D:prop><D:getetag>"c"</D:getetag></D:prop>
<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>
<D:response><D:href>/als/gone.ics</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>
<D:response><D:href>/als/a.ics</D:href><D:propstat><D:prop><D:getetag>"a"</D:getetag>
<C:calendar-data>BEGIN:VCALENDAR</C:calendar-data></D:prop>
<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>
</D:multistatus>"""


def test_a_list_may_name_the_collection_and_what_was_deleted_meanwhile() -> None:
    """RFC 4918, section 9.1: neither is an entry, and the list is whole without them."""
    assert _entries(ET.XML(LIST), "https://cal.example.org/als/") == [Read("/als/a.ics", '"a"', "BEGIN:VCALENDAR")]


HREFS = [
    ("/dav/als/a.ics", "https://cal.example.org/dav/als/a.ics"),
    ("a.ics", "https://cal.example.org/dav/als/a.ics"),
    ("https://CAL.example.org:443/dav/als/a.ics", "https://CAL.example.org:443/dav/als/a.ics"),
    ("http://cal.example.org/dav/als/a.ics", ""),
    ("https://cal.example.org:8443/dav/als/a.ics", ""),
    ("https://other.example.org/dav/als/a.ics", ""),
    ("//other.example.org/dav/als/a.ics", ""),
    ("https://ania:pw@cal.example.org/dav/als/a.ics", ""),
    ("https://[::/a.ics", ""),
    ("https://cal.example.org:port/a.ics", ""),
    ("mailto:ania@cal.example.org", ""),
]


@pytest.mark.parametrize(("href", "whole"), HREFS)
def test_the_address_of_an_entry_is_on_the_server(href: str, whole: str) -> None:
    """RFC 3986, section 5: a path or a whole address; one of another scheme, host or port is none."""
    with connect("https://cal.example.org/dav/") as client:
        place = collection(client, "https://cal.example.org/dav/als/", [])
        assert place is not None
        assert address(place, href) == whole


def test_a_server_that_is_not_there_is_said_in_one_line() -> None:
    """Nobody listens: an error of one line without user or password, that may pass by itself."""
    with connect(NOBODY, "ania", "Pl4nted") as client:
        for ask in (lambda: collections(client), lambda: create(client, "x")):
            with pytest.raises(PushError) as caught:
                ask()
            assert str(caught.value) == f"{NOBODY}: cannot be reached, or broke the connection off"
            assert not caught.value.refused
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__


def test_requests_to_any_other_place_are_not_made() -> None:
    """Only the server's own scheme, host and port are reachable through a connection, with TLS and without."""
    with connect("https://cal.example.org/dav/", "ania", "pw") as client:
        get = client.session.get_adapter
        for url in ("https://cal.example.org/x", "https://CAL.example.org:443/x"):
            get(url)
        for url in (
            "http://cal.example.org/x",
            "https://cal.example.org.evil.example/",
            "https://cal.example.org:8443/x",
            "https://evil.example/",
        ):
            with pytest.raises(OSError, match="not on the server"):
                get(url)
        assert client.ssl_verify_cert is True
        assert client.timeout == 30


def test_a_collection_is_known_by_its_name_or_by_its_address_on_the_server() -> None:
    """An address of another server is refused, and so is one with a password, which is not shown."""
    with connect("https://cal.example.org/dav/") as client:
        found = collection(client, "https://cal.example.org/dav/a%20b/", [])
        assert found is not None
        assert str(found.url) == "https://cal.example.org/dav/a%20b/"
        mail = collection(client, "https://cal.example.org/ania@example.org/als/", [])
        assert mail is not None
        assert str(mail.url) == "https://cal.example.org/ania%40example.org/als/"
        assert collection(client, "ALS", []) is None
        assert collection(client, "ALS", [("als", found), ("ALS", found)]) is found
        with pytest.raises(ts.InvalidValueError, match="2 calendars are called 'ALS'"):
            collection(client, "ALS", [("ALS", found), ("ALS", found)])
        for url in ("https://cal.example.org:444/dav/", "https://evil.example/", "https://a:Pl4nted@cal.example.org/"):
            with pytest.raises(ts.InvalidValueError) as caught:
                collection(client, url, [])
            assert caught.value.where == "calendar"
            assert "Pl4nted" not in str(caught.value)
        for name in ("", "  ", "a\nb"):
            with pytest.raises(ts.InvalidValueError, match="printable"):
                create(client, name)


def test_the_error_survives_pickle() -> None:
    """It keeps whether it is a refusal and what was done before."""
    error = PushError("m", where="w", refused=True)
    error.report = (1, 2)
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert isinstance(twin, PushError)
    assert (str(twin), twin.refused, twin.report) == ("w: m", True, (1, 2))
