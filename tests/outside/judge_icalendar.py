"""PyPI `icalendar`: what it could not read stands in the `errors` of each component."""

from collections.abc import Iterator

from tests.outside.reading import Event, answer, moment, program


def main() -> None:
    """Judge a folder."""
    icalendar = program("icalendar")

    def read(data: bytes) -> Iterator[Event]:
        calendar = icalendar.Calendar.from_ical(data)
        found = [f"{part.name} {name}: {words}" for part in calendar.walk() for name, words in part.errors]
        if found:
            raise ValueError(found)
        for event in calendar.walk("VEVENT"):
            yield Event(str(event["UID"]), str(event["SUMMARY"]), moment(event.start), moment(event.end))

    answer(read)


if __name__ == "__main__":
    main()
