"""What goes over the wire: to one server only, each answer whole within a time and a size."""

from __future__ import annotations

import zlib
from io import BytesIO
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from niquests import Session
from niquests.adapters import HTTPAdapter
from niquests.exceptions import InvalidSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from niquests.models import PreparedRequest, Response

_CHUNK: Final = 65_536
_LATE = "it has not answered in time"
_CUT = "its answer ends before its end"
_NO_HTTP = "its answer is no HTTP"
_ENCODED = "its answer is encoded in another way than was asked for"
_GZIP: Final = 31  # zlib: a gzip member with the largest window


class Bounds(NamedTuple):
    """What an answer may take, as it is when nothing is compressed any more."""

    seconds: float = 30
    octets: int = 100_000_000
    tags: int = 1_000_000  # what XML of this size becomes in memory hangs on how many elements it has


BOUNDS: Final = Bounds()


class WireError(OSError):
    """The answer is late, too large or not whole; its words are ours, nothing of the server's is in them."""


class OneServer(Session):
    """A session that reaches the addresses of one server, and nothing else."""

    def __init__(self, origins: list[str], bounds: Bounds) -> None:
        """Follow no redirection, keep no cookie, take gzip: the only encoding that is measured."""
        super().__init__(disable_http3=True, allow_incoming_cookies=False)
        self.origins = origins
        self.bounded = _Bounded(bounds)
        self.max_redirects = 0
        self.headers["Accept-Encoding"] = "gzip"
        self.adapters.clear()
        self.mount(origins[0], self.bounded)

    def get_adapter(self, url: str) -> HTTPAdapter:
        """Return what sends to this server. Raises `InvalidSchema` for every other address."""
        if url.lower().startswith(tuple(origin.lower() for origin in self.origins)):
            return self.bounded
        message = "the address is not on the server"
        raise InvalidSchema(message)


class _Bounded(HTTPAdapter):
    """Sends a request, and reads the whole answer within the bounds."""

    def __init__(self, bounds: Bounds) -> None:
        super().__init__(disable_http3=True, allow_incoming_cookies=False)
        self.bounds = bounds

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - as they come
        """Return the answer, whose body is there.

        The time that a socket may take is for each octet: so all is done in a thread of its own, which is left alone
        when it takes too long.
        """
        kwargs["stream"] = True
        given_up = Event()

        def work() -> Response:
            response = super(_Bounded, self).send(request, *args, **kwargs)
            with response:
                chunks = _until(given_up, response.iter_raw(_CHUNK))
                body = _read(chunks, response.headers.get("Content-Encoding", ""), self.bounds)
            return self.build_response(request, _Body(body, response))

        return _within(self.bounds.seconds, work, given_up)


class _Body(BytesIO):
    """A body that was read, with what the answer says of it."""

    def __init__(self, body: bytes, response: Response) -> None:
        super().__init__(body)
        self.status = response.status_code
        self.headers = response.headers
        self.reason = response.reason


def _until(given_up: Event, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        if given_up.is_set():
            raise WireError(_LATE)
        yield chunk


def _read(chunks: Iterable[bytes], encoding: str, bounds: Bounds) -> bytes:
    """Return a body, no larger than it may be."""
    encoding = encoding.strip().lower()
    if encoding in ("gzip", "x-gzip"):
        chunks = _inflated(chunks, bounds.octets)
    elif encoding not in ("", "identity"):
        raise WireError(_ENCODED)
    body = bytearray()
    tags = 0
    for chunk in chunks:
        body += chunk
        tags += chunk.count(b"<")
        if len(body) > bounds.octets or tags > bounds.tags:
            message = f"its answer is larger than {bounds.octets:,} bytes or {bounds.tags:,} tags"
            raise WireError(message)
    return bytes(body)


def _inflated(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Yield what was compressed by gzip, in pieces of which none is larger than all may be (RFC 1952, section 2.2)."""
    member = None
    for chunk in chunks:
        rest = chunk
        while rest:
            member = member or zlib.decompressobj(_GZIP)
            try:
                yield member.decompress(rest, most + 1)
            except zlib.error:
                raise WireError(_ENCODED) from None
            rest = member.unused_data or member.unconsumed_tail
            if member.eof:
                member = None
    if member is not None:
        raise WireError(_CUT)


class _HandedOver:
    """Takes what was raised in one thread, to be raised in another."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        self.error = error
        return True


def _within(seconds: float, work: Callable[[], Response], given_up: Event) -> Response:
    """Return what the work gives. Raises what it raises, and `WireError` when it is not done in time."""
    done: list[Response] = []
    handed = _HandedOver()

    def run() -> None:
        with handed:
            done.append(work())

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        thread.join(seconds)
    finally:
        given_up.set()
    if thread.is_alive():
        message = f"no whole answer within {seconds:g} seconds"
        raise WireError(message)
    if handed.error is not None:
        # What the library below the HTTP library raises, and that one lets pass: the server's words are in it.
        below = "HTTPError" in {kind.__name__ for kind in type(handed.error).__mro__}
        if below and not isinstance(handed.error, OSError):
            raise WireError(_NO_HTTP)
        raise handed.error
    return done[0]
