"""What goes over the wire: an answer is whole within a time and a size, or it is an error."""

import gzip
from collections.abc import Callable, Iterator
from threading import Event

import pytest
from niquests.exceptions import InvalidSchema
from niquests.models import Response

from trialsched.push import BOUNDS, Bounds
from trialsched.push.wire import OneServer, WireError, _read, _within

SMALL = Bounds(octets=10, tags=3)


def pieces(data: bytes, size: int) -> list[bytes]:
    """Return data in pieces of a size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def test_the_bounds_that_are_shipped() -> None:
    """The 30 seconds of the documentation; 100 MB; the tags of 70,000 entries, each of which has fourteen."""
    assert BOUNDS == (30, 100_000_000, 1_000_000)


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
@pytest.mark.parametrize("size", [1, 3, 10])
def test_a_body_up_to_its_bounds(encoding: str, size: int) -> None:
    """Ten octets of which three begin a tag are taken, however they come; one more of either is too much."""
    body = b"<a><b/></a>"[:10]
    assert _read(pieces(body, size), encoding, SMALL) == body
    for larger in (body + b"x", b"<<<<"):
        with pytest.raises(WireError, match="larger than 10 bytes or 3 tags"):
            _read(pieces(larger, size), encoding, SMALL)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_what_is_compressed_is_measured_as_it_becomes(encoding: str, size: int) -> None:
    """RFC 1952, section 2.2: a file is one member after another; ten octets are taken, eleven are too much."""
    assert _read(pieces(gzip.compress(b"0123456789", mtime=0), size), encoding, SMALL) == b"0123456789"
    assert _read(pieces(gzip.compress(b"01234") + gzip.compress(b"56789"), size), encoding, SMALL) == b"0123456789"
    for data in (gzip.compress(b"0123456789x"), gzip.compress(b"0123456789", mtime=0) + gzip.compress(b"x")):
        with pytest.raises(WireError, match="larger"):
            _read(pieces(data, size), encoding, SMALL)


def test_a_bomb_is_not_blown_up() -> None:
    """Of what becomes a gigabyte no more is unpacked than may be, and the rest is never asked for."""
    asked = []

    def bomb() -> Iterator[bytes]:
        packed = gzip.compress(bytes(1_000_000))
        for number in range(1000):
            asked.append(number)
            yield packed

    with pytest.raises(WireError, match="larger than 2,500,000 bytes"):
        _read(bomb(), "gzip", Bounds(octets=2_500_000))
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("data", "encoding", "said"),
    [
        (gzip.compress(b"0123456789", mtime=0)[:-1], "gzip", "ends before its end"),
        (gzip.compress(b"0123456789", mtime=0)[:5], "gzip", "ends before its end"),
        (b"0123456789", "gzip", "encoded in another way"),
        (gzip.compress(b"01", mtime=0) + b"no member", "gzip", "encoded in another way"),
        (b"0123456789", "br", "encoded in another way"),
        (b"0123456789", "gzip, gzip", "encoded in another way"),
    ],
)
def test_what_is_cut_off_or_packed_otherwise_is_no_answer(data: bytes, encoding: str, said: str) -> None:
    """Only gzip was asked for, since only that is measured."""
    with pytest.raises(WireError, match=said):
        _read([data], encoding, SMALL)


def test_what_takes_too_long_is_left_alone() -> None:
    """Whoever waits goes on after the time that was given, and the work is told."""
    given_up, answer = Event(), Response()
    told = Event()

    def wait() -> Response:
        if given_up.wait(60):
            told.set()
        return answer

    with pytest.raises(WireError, match=r"no whole answer within 0\.01 seconds"):
        _within(0.01, wait, given_up)
    assert told.wait(60)


def test_what_is_done_in_time_is_handed_over() -> None:
    """The answer, or whatever was raised, an interruption too."""
    answer = Response()
    assert _within(60, lambda: answer, Event()) is answer

    def raising(error: BaseException) -> Callable[[], Response]:
        def work() -> Response:
            raise error

        return work

    for error in (ValueError("x"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught:
            _within(60, raising(error), Event())
        assert caught.value is error


def test_what_the_library_below_lets_pass_is_no_http() -> None:
    """An answer in chunks of no length ends there in an error that no class of ours or of the library has."""

    class HTTPError(Exception):
        """As the library below names what it raises."""

    def work() -> Response:
        message = "the server's words"
        raise HTTPError(message)

    with pytest.raises(WireError, match=r"^its answer is no HTTP$"):
        _within(60, work, Event())

    class KnownError(OSError, HTTPError):
        """As the HTTP library names what it knows."""

    def failing() -> Response:
        raise KnownError

    with pytest.raises(KnownError):
        _within(60, failing, Event())


def test_a_session_stays_with_its_server_after_it_was_closed() -> None:
    """A closed session opens anew when it is used; the addresses of others stay out of its reach."""
    session = OneServer(["https://cal.example.org:443/", "https://cal.example.org/"], BOUNDS)
    for _ in range(2):
        assert session.get_adapter("https://CAL.example.org/x") is session.bounded
        for url in ("https://cal.example.org.evil.example/", "https://evil.example/", "http://cal.example.org/"):
            with pytest.raises(InvalidSchema):
                session.get_adapter(url)
            with pytest.raises(InvalidSchema):
                session.get(url)
        session.close()
    assert session.max_redirects == 0
