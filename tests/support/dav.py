"""A collection of a CalDAV server, held in memory."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

BASE = "/ania/als/"
_DAV, _CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"


class Collection:
    """A collection as RFC 4791 and RFC 9110 say: entries with ETags, written under conditions only."""

    def __init__(self, data: dict[str, bytes] | None = None) -> None:
        """Hold entries by their paths."""
        self.url = f"https://cal.example.org{BASE}"
        self.client = self
        self.held: dict[str, tuple[str, bytes]] = {}
        self.sent: list[tuple[str, dict[str, str]]] = []
        self.editions = 0
        self.words = ""
        self.hidden: set[str] = set()
        self.twice: list[str] = []
        self.other: dict[str, str] = {}
        self.listed_at: dict[str, str] = {}
        self.answer: Callable[[int], int | None] = lambda _: None
        for path, one in (data or {}).items():
            self.store(path, one)

    def store(self, path: str, data: bytes) -> None:
        """Hold an entry in a new state."""
        self.editions += 1
        self.held[path] = (f'"{self.editions}"', data)

    def report(self, url: str, query: str, depth: int) -> Any:  # noqa: ANN401 - caldav's answer
        """Answer a calendar-query."""
        assert (url, depth) == (self.url, 1)
        assert "VEVENT" in query
        tree = ET.Element(f"{_DAV}multistatus")
        listed = [(path, *one) for path, one in self.held.items() if path not in self.hidden]
        listed += [(path, self.other.get(path, self.held[path][0]), self.held[path][1]) for path in self.twice]
        for path, etag, data in listed:
            response = ET.SubElement(tree, f"{_DAV}response")
            ET.SubElement(response, f"{_DAV}href").text = self.listed_at.get(path, path)
            prop = ET.SubElement(ET.SubElement(response, f"{_DAV}propstat"), f"{_DAV}prop")
            ET.SubElement(prop, f"{_DAV}getetag").text = etag
            ET.SubElement(prop, f"{_CALDAV}calendar-data").text = data.decode().replace("\r\n", "\n")  # as XML has it
        return SimpleNamespace(status=207, tree=tree)

    def request(self, url: str, method: str, body: str, headers: dict[str, str]) -> Any:  # noqa: ANN401 - caldav's
        """Answer what the collection holds."""
        assert (url, method, headers) == (self.url, "PROPFIND", {"Depth": "1"})
        assert "getcontenttype" in body
        tree = ET.Element(f"{_DAV}multistatus")
        for path in self.held:
            response = ET.SubElement(tree, f"{_DAV}response")
            ET.SubElement(response, f"{_DAV}href").text = path
            prop = ET.SubElement(ET.SubElement(response, f"{_DAV}propstat"), f"{_DAV}prop")
            ET.SubElement(prop, f"{_DAV}getcontenttype").text = "text/calendar;charset=utf-8;component=VEVENT"
        return SimpleNamespace(status=207, tree=tree)

    def put(self, url: str, body: str, headers: dict[str, str]) -> Any:  # noqa: ANN401 - caldav's answer
        """Take an entry when its condition holds."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == "https://cal.example.org"
        self.sent.append((parts.path, headers))
        forced = self.answer(len(self.sent))
        if forced is not None:
            return SimpleNamespace(status=forced, raw=self.words)
        there = self.held.get(parts.path)
        if headers.get("If-None-Match") == "*":
            holds = there is None
        else:
            holds = there is not None and there[0] == headers["If-Match"]
        if holds:
            self.store(parts.path, body.encode())
        return SimpleNamespace(status=(201 if there is None else 204) if holds else 412, raw="")

    def edit(self, path: str, *changes: tuple[bytes, bytes]) -> None:
        """Change an entry as a person does."""
        data = self.held[path][1]
        for old, new in changes:
            assert old in data
            data = data.replace(old, new)
        self.store(path, data)
