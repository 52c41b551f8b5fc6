"""One calendar as many, and many as one."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given

import trialsched as ts
from trialsched import strategies
from trialsched.clinic import Clinic
from trialsched.formats import ical
from trialsched.formats.ical.lines import cut

STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WARSAW = Clinic("Europe/Warsaw")
HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//trialsched//trialsched//EN\r\nCALSCALE:GREGORIAN\r\n"
END = "END:VCALENDAR\r\n"


def zone(name: str, offset: str = "+0100") -> str:
    """Return a time zone."""
    return (
        f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\n"
        f"TZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )


def event(uid: str, *lines: str) -> str:
    """Return an event."""
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT", ""])


def test_pieces_by_hand() -> None:
    """Events of one UID together, in any case; each piece with the zones that it names, quoted, folded or nested."""
    once = event("a", "DTSTART;TZID=One:20260402T090000")
    again = event("A", "RECURRENCE-ID:20260409T090000", 'DTSTART;TZ\r\n ID="Two, too":20260402T090000')
    alarm = event("b", "BEGIN:VALARM", "TRIGGER;tzid=One:20260402T080000", "END:VALARM", "X-A:TZID=Two\\, too")
    todo = "BEGIN:VTODO\r\nUID:c\r\nEND:VTODO\r\n"
    one, two = zone("One"), zone("Two\\, too")
    data = "BEGIN:VCALENDAR\r\nX-A:1\r\n" + once + one + alarm + zone("Three") + again + two + todo + END
    assert ical.split(data) == {
        "a": (HEAD + one + two + once + again + END).encode(),
        "b": (HEAD + one + alarm + END).encode(),
        "c": (HEAD + todo + END).encode(),
    }
    assert ical.merge([data]).decode() == HEAD + one + zone("Three") + two + once + alarm + again + todo + END
    assert ical.split(HEAD + END) == {}
    assert ical.merge([]).decode() == HEAD + END


@given(strategies.plans())
def test_what_is_split_merges_to_the_same_events(plan: ts.Plan) -> None:
    """Nothing is lost or changed, whatever the order of the pieces; zones come once."""
    export = ical.dumps(plan, stamp=STAMP, clinic=WARSAW)
    pieces = ical.split(export)
    uids = [ical.uid(plan.protocol.id, plan.subject.code, row.code) for row in plan]
    written = export.decode().replace("\r\n ", "")
    assert list(pieces) == [uid for uid in uids if f"UID:{uid}\r\n" in written]  # none that is called off and new
    merged = ical.merge(pieces.values())
    assert cut(merged).blocks == cut(export).blocks
    assert sorted(cut(ical.merge(reversed(pieces.values()))).blocks) == sorted(cut(export).blocks)
    assert ical.split(merged) == pieces
    assert ical.loads(list(pieces.values()), plan, clinic=WARSAW) == ical.loads(export, plan, clinic=WARSAW)


def test_a_booked_time_has_its_zone_in_its_piece_only() -> None:
    """The other 16 visits are days, which have none."""
    subject = ts.Subject("P01-007", baseline=date(2026, 3, 2)).booked("DOSE2", date(2026, 4, 2), time(9, 30))
    export = ical.dumps(ts.schedule(ts.load_protocol("alstem"), subject), stamp=STAMP, clinic=WARSAW)
    with_zone = [uid for uid, piece in ical.split(export).items() if b"BEGIN:VTIMEZONE" in piece]
    assert with_zone == ["1c33f76a-d8ca-5a08-9061-7bcc66b063d5"]


def test_an_event_without_uid_is_refused() -> None:
    """Two of them would become one."""
    with pytest.raises(ts.InvalidValueError, match="VEVENT without UID"):
        ical.split(HEAD + "BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n" + END)


def test_two_zones_of_one_name() -> None:
    """Where nothing names them the first stays; else one has another name, in whatever order they come."""
    parts = [HEAD + zone("Custom", offset) + END for offset in ("+0100", "+0100", "+0200")]
    assert ical.merge(parts).decode() == HEAD + zone("Custom") + END
    one = event("a", "DTSTART;TZID=Custom:20260402T090000")
    two = event("b", "DTSTART;TZID=Custom:20260402T090000")
    first, second = HEAD + zone("Custom") + one + END, HEAD + zone("Custom", "+0200") + two + END
    moved = two.replace("TZID=Custom", "TZID=Custom (2)")
    merged = HEAD + zone("Custom") + zone("Custom (2)", "+0200") + one + moved + END
    assert ical.merge([first, second]).decode() == merged
    assert ical.merge([merged, second.replace("UID:b", "UID:c")]).count(b"TZID:Custom") == 3
    assert ical.split(first + second) == {
        "a": first.encode(),
        "b": (HEAD + zone("Custom (2)", "+0200") + moved + END).encode(),
    }


@pytest.mark.parametrize("data", ["", "x", b"\xff", "BEGIN:VCALENDAR", "\ud800"])
def test_what_is_no_calendar(data: bytes | str) -> None:
    """Refused by both."""
    with pytest.raises(ts.InvalidValueError):
        ical.split(data)
    with pytest.raises(ts.InvalidValueError):
        ical.merge([HEAD + END, data])


def test_limits() -> None:
    """Those of a file, and four times its bytes for all pieces together."""
    small = ical.Limits(components=1)
    for verb in (lambda data: ical.split(data, limits=small), lambda data: ical.merge([data], limits=small)):
        with pytest.raises(ts.InvalidValueError, match="more than 1 events"):
            verb(HEAD + event("a") + event("b") + END)
    big = zone("Z").replace("END:VTIMEZONE", "X-A:" + "x" * 5000 + "\r\nEND:VTIMEZONE")
    data = HEAD + big + "".join(event(str(n), "DTSTART;TZID=Z:20260402T090000") for n in range(50)) + END
    assert len(ical.split(data)) == 50
    with pytest.raises(ts.InvalidValueError, match="more than 48,000 bytes"):
        ical.split(data, limits=ical.Limits(octets=12_000))
