"""The bundled ALSTEM protocol against the registry record NCT04651855, last modified 2022-05-03."""

from datetime import date

import trialsched as ts

ALSTEM = ts.load_protocol("alstem")
REGISTERED = ALSTEM.as_registered()

# The record: "Three visits on site to check the eligibility criteria (around 90, 60 and 30 days before first IMP
# administration)"; "IMP three times: on baseline (day 0), 30 and 60 days after baseline (+/- 7 days)"; "Four on-site
# visits (3, 6, 9, 12 months after first IMP administration) and seven phone visits (4, 5, 7, 8, 10, 11 and 18
# months after first IMP administration)". VISITNUM in the order of time.
SCREENING = {"SCR1": 90, "SCR2": 60, "SCR3": 30}
DOSES = {"DOSE2": 30, "DOSE3": 60}
ON_SITE_MONTHS = (3, 6, 9, 12)
PHONE_MONTHS = (4, 5, 7, 8, 10, 11, 18)


def test_the_seventeen_contacts_in_the_order_of_time() -> None:
    """17 contacts, numbered 1 to 17, ten on site and seven by phone."""
    assert len(ALSTEM.expanded) == 17
    assert [visit.numbering.number for visit in ALSTEM.expanded] == list(range(1, 18))
    assert [visit.mode for visit in ALSTEM.expanded].count("on-site") == 10
    assert [visit.mode for visit in ALSTEM.expanded].count("phone") == 7
    targets = [row.target for row in ts.schedule(ALSTEM, ts.Subject("S", baseline=date(2026, 3, 2)))]
    assert targets == sorted(targets)


def test_when_each_visit_is() -> None:
    """Screening, doses and follow-up count from the first dose as the record says."""
    expected = {code: f"{days} days before DOSE1" for code, days in SCREENING.items()}
    expected |= {code: f"{days} days after DOSE1" for code, days in DOSES.items()}
    expected |= {f"M{n:02}": f"{n} months after DOSE1" for n in (*ON_SITE_MONTHS, *PHONE_MONTHS)}
    assert {v.code: str(v.timing.when) for v in ALSTEM.expanded if v.timing.when} == expected
    assert ALSTEM.anchor == "DOSE1"
    assert ALSTEM.visit("DOSE1").timing.when is None


def test_how_each_visit_is_held() -> None:
    """The follow-ups on site and by phone are those of the record."""
    modes = {f"M{n:02}": "on-site" for n in ON_SITE_MONTHS} | {f"M{n:02}": "phone" for n in PHONE_MONTHS}
    assert {v.code: v.mode for v in ALSTEM.expanded if v.code.startswith("M")} == modes


def test_only_the_doses_have_a_window_of_the_record() -> None:
    """±7 days is stated for the doses and assumed for everything else."""
    stated = {v.code for v in ALSTEM.expanded if v.timing.window and not v.timing.assumed}
    assert stated == {"DOSE1", "DOSE2", "DOSE3"}
    assert {str(v.timing.window) for v in ALSTEM.expanded} == {"±7 days"}
    assert {v.code for v in REGISTERED.expanded if v.timing.window} == stated


def test_the_spacings_are_assumed() -> None:
    """At least 23 days between two doses is no rule of the record (choice 3)."""
    assert [(s.first, s.second, str(s.at_least), s.assumed) for s in ALSTEM.spacings] == [
        ("DOSE1", "DOSE2", "23 days", True),
        ("DOSE2", "DOSE3", "23 days", True),
    ]
    assert REGISTERED.spacings == ()
    assert REGISTERED.meta.variant == "as-registered"


def test_nominal_days_are_cdisc_study_days() -> None:
    """Screening -90, -60, -30, doses 1, 31, 61; months fall on different days and have none."""
    days = [v.numbering.nominal_day for v in ALSTEM.expanded]
    assert days == [-90, -60, -30, 1, 31, 61, *[None] * 11]


def test_the_eight_date_rules() -> None:
    """The criteria that a date alone decides, with fact, comparison and period."""
    assert [(r.id, r.fact, r.comparison, str(r.period)) for r in ALSTEM.eligibility] == [
        ("I1", "birth", "at_least", "216 months"),
        ("I4", "onset", "less_than", "24 months"),
        ("I5", "diagnosis", "more_than", "6 months"),
        ("I9", "riluzole", "at_least", "1 month"),
        ("E17", "substance_abuse", "not_within", "12 months"),
        ("E18", "malignancy", "not_within", "60 months"),
        ("E20", "immunomodulators", "not_within", "6 months"),
        ("E21", "other_trial", "not_within", "6 months"),
    ]
    assert {r.id: r.reference for r in ALSTEM.eligibility if r.reference} == {"I9": "baseline"}


def test_labels_are_english_and_polish() -> None:
    """Every visit and the title have both languages; no procedures are invented."""
    assert all(set(v.label) == {"en", "pl"} for v in ALSTEM.expanded)
    assert set(ALSTEM.meta.title) == {"en", "pl"}
    assert all(v.procedures == () for v in ALSTEM.expanded)


def test_month_three_never_collides_with_dose_three() -> None:
    """Month 3 falls 22 days or more after dose 3's window closes, for every baseline of a leap cycle (choice 6)."""
    first = date(2023, 1, 1).toordinal()
    gaps = []
    for ordinal in range(first, first + 1461):
        plan = ts.schedule(ALSTEM, ts.Subject("S", baseline=date.fromordinal(ordinal)))
        assert 89 <= plan["M03"].protocol_day <= 92
        latest = plan["DOSE3"].latest
        assert latest is not None
        gaps.append((plan["M03"].target - latest).days)
    assert min(gaps) == 22
