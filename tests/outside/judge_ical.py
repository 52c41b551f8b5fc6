"""PyPI `ical`, which Home Assistant uses: in its strict mode, without the leniency it has for other vendors."""

from collections.abc import Iterator

from tests.outside.reading import Event, answer, moment, program


def main() -> None:
    """Judge a folder."""
    stream, errors = program("ical.calendar_stream"), program("ical.exceptions")

    def read(data: bytes) -> Iterator[Event]:
        calendar = stream.IcsCalendarStream.calendar_from_ics(data.decode())
        for event in calendar.events:
            yield Event(event.uid, event.summary or "", moment(event.start), moment(event.end))

    answer(read, errors.CalendarError)


if __name__ == "__main__":
    main()
