"""PyPI `vobject`, which CalDAV servers use: parsed, then validated as a whole."""

from collections.abc import Iterator

from tests.outside.reading import Event, answer, moment, program


def main() -> None:
    """Judge a folder."""
    vobject = program("vobject")
    # The first VTIMEZONE of a name counts for all later files of the process: each file is to be read for itself.
    zones = vars(vobject.icalendar)["__tzidMap"]

    def read(data: bytes) -> Iterator[Event]:
        for name in [*zones]:
            if name != "UTC":
                del zones[name]
        (calendar,) = vobject.readComponents(data.decode())
        calendar.validate(raiseException=True)
        for event in calendar.contents.get("vevent", []):
            start, end = moment(event.dtstart.value), moment(event.dtend.value)
            yield Event(event.uid.value, event.summary.value, start, end)

    answer(read, vobject.base.VObjectError)


if __name__ == "__main__":
    main()
