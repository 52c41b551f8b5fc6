"""PyPI `recurring-ical-events`: the occurrences that a calendar program would show."""

from collections.abc import Iterator

from tests.outside.reading import Event, answer, moment, program


def main() -> None:
    """Judge a folder."""
    recurring, icalendar = program("recurring_ical_events"), program("icalendar")

    def read(data: bytes) -> Iterator[Event]:
        calendar = icalendar.Calendar.from_ical(data)
        for event in recurring.of(calendar, components=["VEVENT"]).all():
            yield Event(str(event["UID"]), str(event["SUMMARY"]), moment(event.start), moment(event.end))

    answer(read)


if __name__ == "__main__":
    main()
