"""`trialsched sdtm`, as a statistician gives it."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import Result, trialsched
from trialsched.cli import main

SUBJECTS = "subject,baseline\nP1,2026-03-02\nP2,2026-03-09\n"
RECORDS = (
    "subject,visit,attended,mode,outcome,note\n"
    "P1,DOSE1,2026-03-02,on-site,,\n"
    "P1,DOSE2,2026-04-14,on-site,,\n"
    'P1,DOSE3,,,missed,"moved\nabroad"\n'
    "P2,SCR1,2025-12-09,on-site,,\n"
)
LISTS = ("--subjects", "s.csv", "--records", "r.csv", "--protocol", "alstem", "--as-of", "2026-07-01")
ONE = ("--subject", "S", "--baseline", "2026-03-02", "--attended", "RAND=2026-03-02", "--as-of", "2026-07-01")
STAMP = ("--stamp", "2026-07-01T12:00:00Z")
NAMES = ["dv.csv", "dv.json", "sv.csv", "sv.json", "tv.csv", "tv.json"]
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs `sdtm` in a folder of its own with two subjects."""
    (tmp_path / "s.csv").write_text(SUBJECTS)
    (tmp_path / "r.csv").write_text(RECORDS)
    return lambda *arguments, **options: trialsched("sdtm", *arguments, cwd=tmp_path, **options)


def table(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names(folder: Path) -> list[str]:
    """Return the names of everything in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def test_a_list_of_subjects_gives_the_files_of_three_datasets(run: Run, tmp_path: Path) -> None:
    """Lower-case names, CSV and JSON; ALSTEM repeats nothing, so there is no td. The counts are by hand."""
    result = run(*LISTS, "-o", "out", *STAMP)
    assert result.code == 0
    assert result.out == "out: tv 17, sv 4, dv 2 rows of 2 subjects by alstem 2022-05-03, as of 2026-07-01\n"
    assert names(tmp_path / "out") == NAMES
    assert [
        (row["USUBJID"], row["VISITNUM"], row["SVOCCUR"], row["SVSTDY"]) for row in table(tmp_path / "out/sv.csv")
    ] == [
        ("alstem-P1", "4", "Y", "1"),
        ("alstem-P1", "5", "Y", "44"),
        ("alstem-P1", "6", "N", ""),
        ("alstem-P2", "1", "Y", ""),
    ]
    assert table(tmp_path / "out/sv.csv")[2]["SVREASOC"] == "moved abroad"
    assert [(row["DVDECOD"], row["DVSTDTC"]) for row in table(tmp_path / "out/dv.csv")] == [
        ("LATE", "2026-04-14"),
        ("MISSED", ""),
    ]


def test_json_and_csv_say_the_same(run: Run, tmp_path: Path) -> None:
    """Each value, null where the CSV has nothing; the stamp is the one given."""
    run(*LISTS, "-o", "out", *STAMP)
    for name in ("tv", "sv", "dv"):
        document = json.loads((tmp_path / f"out/{name}.json").read_bytes())
        columns = [column["name"] for column in document["columns"]]
        rows = [dict(zip(columns, row, strict=True)) for row in document["rows"]]
        text = [{key: "" if value is None else str(value) for key, value in row.items()} for row in rows]
        assert text == table(tmp_path / f"out/{name}.csv")
        assert (document["name"], document["datasetJSONCreationDateTime"]) == (name.upper(), "2026-07-01T12:00:00Z")


def test_the_same_stamp_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    """Files of ours are replaced by the next run; without a stamp the time is now."""
    run(*LISTS, "-o", "out", *STAMP)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert run(*LISTS, "-o", "out", *STAMP).code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert run(*LISTS, "-o", "out").code == 0
    assert (tmp_path / "out/sv.csv").read_bytes() == before["sv.csv"]
    assert (tmp_path / "out/sv.json").read_bytes() != before["sv.json"]


@pytest.mark.parametrize(("form", "ending"), [("csv", ".csv"), ("json", ".json")])
def test_one_format_on_request(run: Run, tmp_path: Path, form: str, ending: str) -> None:
    """`--format csv` or `json`: no file of the other."""
    assert run(*LISTS, "-o", "deep/er", "--format", form).code == 0
    assert names(tmp_path / "deep/er") == [f"dv{ending}", f"sv{ending}", f"tv{ending}"]


def test_files_of_an_earlier_run_are_told(run: Run, tmp_path: Path) -> None:
    """They stay, and are not of the same facts any more; those written now are not told."""
    assert "not of this run" not in run(*LISTS, "-o", "out").err
    assert "not of this run" not in run(*LISTS, "-o", "out").err
    result = run(*LISTS, "-o", "out", "--format", "json")
    told = [line for line in result.err.splitlines() if "not of this run" in line]
    assert told == [f"note: out/{name}.csv is not of this run" for name in ("tv", "sv", "dv")]
    assert names(tmp_path / "out") == NAMES


def test_the_study_has_the_id_given(run: Run, tmp_path: Path) -> None:
    """STUDYID, and USUBJID that begins with it."""
    run(*LISTS, "-o", "out", "--study-id", "PBKM ALS 1")
    assert {(row["STUDYID"], row["USUBJID"]) for row in table(tmp_path / "out/sv.csv")} == {
        ("PBKM ALS 1", "PBKM ALS 1-P1"),
        ("PBKM ALS 1", "PBKM ALS 1-P2"),
    }


def test_one_subject_by_options_and_cycles_by_position(run: Run, tmp_path: Path) -> None:
    """A protocol that repeats has td; visits without numbers are refused by name, or numbered by position."""
    cycles = ("--protocol", "cycles", "--arm", "A", *ONE)
    refused = run(*cycles, "-o", "out")
    assert refused.code == 2
    assert "error: VISITNUM: SCR, RAND, SAFE, M06, M07: no number; expected" in refused.err
    assert "--number-by-position" in refused.err
    assert not (tmp_path / "out").exists()
    result = run(*cycles, "-o", "out", "--number-by-position")
    assert result.out == "out: tv 20, sv 1, td 2 rows of 1 subject by cycles 1, as of 2026-07-01\n"
    assert "note: VISITNUM is the place of each visit in the protocol" in result.err
    assert [row["TDNUMRPT"] for row in table(tmp_path / "out/td.csv")] == ["3", "2"]


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        (LISTS, ("-o DIR is missing: the folder for the files",)),
        ((*LISTS, "-o", "-"), ("-o DIR is missing",)),
        ((*LISTS, "-o", "out", "--stamp", "today"), ("--stamp: read 'today', expected a time with its zone",)),
        ((*LISTS[:-1], "soon", "--stamp", "x"), ("-o DIR is missing", "--as-of: read 'soon'", "--stamp: read 'x'")),
        ((*LISTS, "-o", "s.csv"), ("s.csv: is not a folder",)),
        ((*LISTS, "-o", "sv.csv"), ("-o sv.csv: a folder is meant, the files of tv, sv, dv and td in it",)),
        ((*LISTS, "-o", "new/SV.JSON"), ("-o new/SV.JSON: a folder is meant",)),
        ((*LISTS, "-o", "s.csv/out"), ("s.csv/out: is not a folder",)),
        (
            (*LISTS[:5], "cycles", *LISTS[6:], "-o", "out", "--study-id", " "),
            ("--study-id: a text of 1 to", "VISITNUM: SCR, RAND"),
        ),
    ],
)
def test_bad_input_is_told_at_once_and_nothing_is_written(
    run: Run, tmp_path: Path, options: tuple[str, ...], messages: tuple[str, ...]
) -> None:
    """Exit code 2, every fault named, no traceback, no folder."""
    result = run(*options)
    assert (result.code, result.out) == (2, "")
    for message in messages:
        assert f"error: {message}" in result.err
    assert "Traceback" not in result.err
    assert names(tmp_path) == ["r.csv", "s.csv"]


def test_the_good_rows_of_a_list_are_written(run: Run, tmp_path: Path) -> None:
    """A bad one is named, and the exit code is 2; without a good one nothing is written."""
    (tmp_path / "s.csv").write_text(f"{SUBJECTS}P3,never\n")
    result = run(*LISTS, "-o", "out")
    assert result.code == 2
    assert result.out.startswith("out: tv 17, sv 4, dv 2 rows of 2 subjects")
    assert "error: s.csv line 4: baseline: read 'never'" in result.err
    (tmp_path / "s.csv").write_text("subject,baseline\nP3,never\n")
    none = run("--subjects", "s.csv", "-o", "none")
    assert (none.code, none.out, (tmp_path / "none").exists()) == (2, "", False)
    assert [line for line in none.err.splitlines() if line.startswith("error")] == [
        "error: s.csv line 2: baseline: read 'never', expected a date as 'YYYY-MM-DD'"
    ]


def test_what_is_wrong_with_the_datasets_is_told_with_the_bad_rows(run: Run, tmp_path: Path) -> None:
    """Both in one go."""
    (tmp_path / "s.csv").write_text(f"{SUBJECTS}P3,never\n")
    result = run("--subjects", "s.csv", "--protocol", "cycles", "-o", "out")
    assert result.code == 2
    assert result.err.index("error: s.csv line 4: baseline") < result.err.index("error: VISITNUM: SCR, RAND")


def test_files_of_others_are_not_replaced_and_then_none_is(run: Run, tmp_path: Path) -> None:
    """All are looked at before any is written; `--force` replaces them."""
    folder = tmp_path / "out"
    run(*LISTS, "-o", "out", *STAMP)
    (folder / "sv.json").write_text('{"sourceSystem": {"name": "EDC", "version": "1"}}')
    (folder / "dv.csv").write_text("my notes\n")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = run(*LISTS, "-o", "out", "--study-id", "OTHER")
    assert (result.code, result.out) == (2, "")
    for name in ("sv.json", "dv.csv"):
        assert (
            f"error: out/{name}: exists and is not known to be written by trialsched; --force replaces it\n"
            in result.err
        )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert run(*LISTS, "-o", "out", "--study-id", "OTHER", "--force").code == 0
    assert names(folder) == NAMES
    assert b"OTHER" in (folder / "tv.csv").read_bytes()


def test_a_tv_with_the_columns_of_the_guide_and_other_rules_is_somebodys(run: Run, tmp_path: Path) -> None:
    """All nine variables of the guide are anybody's header; our rule of the anchor visit is ours."""
    run(*LISTS, "-o", "out", "--format", "csv")
    tv = tmp_path / "out/tv.csv"
    theirs = tv.read_bytes().replace(b"On the planned baseline", b"First dose")
    tv.write_bytes(theirs)
    refused = run(*LISTS, "-o", "out")
    assert (refused.code, "error: out/tv.csv: exists and is not known" in refused.err) == (2, True)
    assert tv.read_bytes() == theirs
    assert run(*LISTS, "-o", "out", "--force").code == 0
    assert b"On the planned baseline" in tv.read_bytes()


CYCLES = ("--protocol", "cycles", "--arm", "A", "--subject", "S", "--baseline", "2026-03-02", "--number-by-position")
BEFORE = ("--as-of", "2026-01-01", *STAMP)


@pytest.mark.parametrize(("form", "endings"), [("csv", [".csv"]), ("json", [".json"]), ("both", [".csv", ".json"])])
def test_a_dataset_without_rows_has_no_file(run: Run, tmp_path: Path, form: str, endings: list[str]) -> None:
    """Nothing is recorded: no SV and no DV, and a note for each; the same command may be given again."""
    for _ in range(2):
        result = run(*CYCLES, *BEFORE, "-o", "out", "--format", form)
        assert result.code == 0
        assert result.out == "out: tv 20, td 2 rows of 1 subject by cycles 1, as of 2026-01-01\n"
        assert "note: SV is left out: no visit is recorded, and an empty dataset is not submitted\n" in result.err
        assert "note: DV is left out: no deviation is found, and an empty dataset is not submitted\n" in result.err
        assert names(tmp_path / "out") == [f"{name}{ending}" for name in ("td", "tv") for ending in endings]


def test_files_of_ours_that_would_seem_current_are_removed(run: Run, tmp_path: Path) -> None:
    """A dataset that has no rows now takes its files of an earlier run with it, and says so."""
    missed = ("--attended", "RAND=2026-03-09", "--missed", "SCR", *BEFORE)
    assert run(*CYCLES, *missed, "-o", "out").code == 0
    assert names(tmp_path / "out") == [f"{name}.{end}" for name in ("dv", "sv", "td", "tv") for end in ("csv", "json")]
    again = run(*CYCLES, *BEFORE, "-o", "out")
    assert again.code == 0
    assert names(tmp_path / "out") == ["td.csv", "td.json", "tv.csv", "tv.json"]
    for name in ("dv", "sv"):
        for end in ("csv", "json"):
            told = f"note: removed out/{name}.{end} of an earlier run: {name.upper()} has no rows now\n"
            assert told in again.err
    repeats = run(*LISTS, "-o", "out")  # another trial, which repeats nothing
    assert "note: removed out/td.csv of an earlier run: TD has no rows now\n" in repeats.err
    assert names(tmp_path / "out") == NAMES


def test_files_of_others_and_of_the_other_format_stay_and_are_told(run: Run, tmp_path: Path) -> None:
    """Nobody else's file is removed, not with `--force` either, nor through a link, nor one that was not asked for."""
    missed = ("--attended", "RAND=2026-03-09", "--missed", "SCR", *BEFORE)
    assert run(*CYCLES, *missed, "-o", "out").code == 0
    folder = tmp_path / "out"
    (folder / "sv.csv").write_text("my notes\n")
    kept = (folder / "dv.csv").rename(tmp_path / "kept.csv")
    (folder / "dv.csv").symlink_to(kept)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = run(*CYCLES, *BEFORE, "-o", "out", "--format", "csv", "--force")
    assert again.code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    for name in ("sv.csv", "sv.json", "dv.csv", "dv.json", "tv.json", "td.json"):
        assert f"note: out/{name} is not of this run\n" in again.err
    assert "removed" not in again.err
    assert kept.exists()


def test_nothing_is_removed_when_nothing_is_written(run: Run, tmp_path: Path) -> None:
    """Somebody's tv.csv stops the command: the files of the earlier run stay all together."""
    missed = ("--attended", "RAND=2026-03-09", "--missed", "SCR", *BEFORE)
    assert run(*CYCLES, *missed, "-o", "out").code == 0
    (tmp_path / "out/tv.csv").write_text("my notes\n")
    there = names(tmp_path / "out")
    refused = run(*CYCLES, *BEFORE, "-o", "out")
    assert (refused.code, names(tmp_path / "out")) == (2, there)


def test_a_lone_td_with_the_columns_of_the_guide_is_somebodys(run: Run, tmp_path: Path) -> None:
    """Its header is anybody's: a file of ours beside it tells."""
    assert run(*CYCLES, *BEFORE, "-o", "out", "--format", "csv").code == 0
    (tmp_path / "out/tv.csv").unlink()
    assert run(*CYCLES, *BEFORE, "-o", "out", "--format", "csv").code == 2
    assert names(tmp_path / "out") == ["td.csv"]


def test_a_folder_in_the_place_of_a_file_is_told(run: Run, tmp_path: Path) -> None:
    """Also with `--force`; nothing else is written."""
    (tmp_path / "out/sv.csv").mkdir(parents=True)
    for force in ((), ("--force",)):
        result = run(*LISTS, "-o", "out", *force)
        assert (result.code, "error: out/sv.csv: is a folder, a file is meant\n" in result.err) == (2, True)
    assert names(tmp_path / "out") == ["sv.csv"]


def test_when_the_disk_fails_the_old_files_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, the folder named, nothing half-written and nothing left beside."""
    (tmp_path / "s.csv").write_text(SUBJECTS)
    arguments = ["sdtm", "--subjects", str(tmp_path / "s.csv"), "-o", str(tmp_path / "out"), *STAMP]
    assert main(arguments) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    calls = []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device", "part")

    monkeypatch.setattr("os.fsync", full)
    capsys.readouterr()
    assert main([*arguments, "--study-id", "OTHER"]) == 3
    assert capsys.readouterr().err.endswith(f"error: {tmp_path / 'out'}: No space left on device\n")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_bad_rows_are_told_when_the_disk_fails_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are to be put right; the exit code is that of the disk."""
    (tmp_path / "s.csv").write_text(f"{SUBJECTS}P3,never\n")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "part")

    monkeypatch.setattr("os.fsync", full)
    arguments = ("--subjects", str(tmp_path / "s.csv"), "--protocol", "alstem", "--as-of", "2026-07-01")
    assert main(["sdtm", *arguments, "-o", str(tmp_path / "out")]) == 3
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("error: s.csv line 4: baseline")
    assert second == f"error: {tmp_path / 'out'}: No space left on device"


def test_a_trial_folder_with_amendments(run: Run, tmp_path: Path) -> None:
    """The example trial: the version in force on the day is told, its cycle of calls is td."""
    trial = Path(__file__).parents[2] / "examples" / "trial"
    result = run(str(trial), "--as-of", "2026-07-01", "-o", "out", "--format", "csv")
    assert result.code == 0
    assert ", td 1 rows of 10 subjects by example 2, as of 2026-07-01\n" in result.out
    assert "note: TV and TD are by version 2, in force on 2026-07-01 (other versions: 1)\n" in result.err
    # by hand: the calls begin 120 days after dose 1 and come every 14 days, which is 106 days before the first interval
    (row,) = table(tmp_path / "out/td.csv")
    assert list(row.values()) == ["example", "TD", "1", "ANCH1DT", "P106D", "P2W", "P11D", "P17D", "3"]
    earlier = run(str(trial), "--as-of", "2026-05-14", "-o", "before", "--format", "csv")
    assert " by example 1, as of 2026-05-14\n" in earlier.out


FIRST_DOSE = """
schema = "trialsched/protocol/1"
id = "rf"
version = "1"
anchor = "RAND"
study_days_from = "DOSE1"

[[visits]]
code = "RAND"
mode = "on-site"
window = "±0 days"
number = 1

[[visits]]
code = "DOSE1"
mode = "on-site"
when = "3 days after RAND"
window = "-3/+4 days"
number = 2
nominal_day = 1

[[visits]]
code = "W4"
mode = "on-site"
when = "4 weeks after DOSE1"
window = "±3 days"
number = 3
nominal_day = 29
"""


def test_study_days_of_a_folder_count_from_the_first_dose(run: Run, tmp_path: Path) -> None:
    """Randomised on 15 January, first dose on the 18th, week 4 on 20 February: SVSTDY -3, 1 and 34, by hand."""
    trial = tmp_path / "trial"
    trial.mkdir()
    (trial / "protocol.toml").write_text(FIRST_DOSE, encoding="utf-8")
    (trial / "subjects.csv").write_text("subject,baseline\nS1,2026-01-15\n")
    visits = "S1,RAND,2026-01-15\nS1,DOSE1,2026-01-18\nS1,W4,2026-02-20\n"
    (trial / "visits.csv").write_text(f"subject,visit,attended\n{visits}")
    assert run("trial", "-o", "out", "--as-of", "2026-03-01").code == 0
    found = table(tmp_path / "out/sv.csv")
    assert [(row["VISIT"], row["VISITDY"], row["SVSTDY"]) for row in found] == [
        ("RAND", "", "-3"),
        ("DOSE1", "1", "1"),
        ("W4", "29", "34"),
    ]
    assert [(row["DVSTDTC"], row["DVSTDY"]) for row in table(tmp_path / "out/dv.csv")] == [("2026-02-20", "34")]
    assert [row["TVSTRL"] for row in table(tmp_path / "out/tv.csv")] == [
        "On the planned baseline, window ±0 days",
        "3 days after RAND, window -3/+4 days",
        "4 weeks after DOSE1, window ±3 days",
    ]
    plan = json.loads(trialsched("plan", "trial", "--format", "jsonl", cwd=tmp_path).out)
    assert [(row["study_day"], row["protocol_day"]) for row in plan["visits"]] == [(-3, 0), (1, 3), (29, 31)]
    told = trialsched("protocol", "lint", "trial/protocol.toml", cwd=tmp_path).out
    assert "nominal" not in told
    plain = FIRST_DOSE.replace('study_days_from = "DOSE1"', "")
    (trial / "protocol.toml").write_text(plain, encoding="utf-8")
    told = trialsched("protocol", "lint", "trial/protocol.toml", cwd=tmp_path).out
    assert "visits[2].nominal_day: the nominal day of W4 is not its study day: RAND is day 1" in told
    assert "(`study_days_from` names another visit as day 1); read '29'; expected 32" in told


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_write_protected_file_is_replaced_or_removed_by_force_only(run: Run, tmp_path: Path, form: str) -> None:
    """A person locked it: none of the files is written, nor is one of an earlier run removed."""
    out = tmp_path / "out"
    records = tmp_path / "r.csv"
    assert run(*LISTS, "-o", "out", "--format", form).code == 0
    earlier = {path.name: path.read_bytes() for path in out.iterdir()}
    records.write_text(RECORDS.splitlines()[0] + "\n")
    for name, words in ((f"tv.{form}", "replaces"), (f"sv.{form}", "removes")):
        (out / name).chmod(0o444)
        result = run(*LISTS, "-o", "out", "--format", form)
        assert (result.code, f"{name}: is write-protected; --force {words} it" in result.err) == (2, True)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == earlier
        (out / name).chmod(0o644)
    for name in names(out):
        (out / name).chmod(0o444)
    assert run(*LISTS, "-o", "out", "--format", form, "--force").code == 0
    assert names(out) == [f"tv.{form}"]


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_pipe_in_the_place_of_a_file_is_refused(run: Run, tmp_path: Path, force: tuple[str, ...]) -> None:
    """It is not replaced in silence, and nothing else is written."""
    out = tmp_path / "out"
    out.mkdir()
    os.mkfifo(out / "sv.csv")
    result = run(*LISTS, "-o", "out", *force)
    assert (result.code, "sv.csv: is no file, a file is meant" in result.err) == (2, True)
    assert names(out) == ["sv.csv"]


def test_a_link_that_a_person_made_stays_a_link(run: Run, tmp_path: Path) -> None:
    """As for every output: the file behind it is made or replaced."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tv.csv").symlink_to("../elsewhere.csv")
    for _ in range(2):
        assert run(*LISTS, "-o", "out").code == 0
        assert (tmp_path / "out" / "tv.csv").is_symlink()
        assert (tmp_path / "elsewhere.csv").read_text("utf-8").startswith("STUDYID,DOMAIN,VISITNUM")
