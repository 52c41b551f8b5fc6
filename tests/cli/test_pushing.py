"""The command `push` without a server: options, user and password, what is said and the exit codes."""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.dav import BASE, Collection
from tests.support.shell import trialsched
from trialsched import cli, load_protocol
from trialsched import push as pushes
from trialsched.cli.pushing import PASSWORD, USER, credentials
from trialsched.formats import documents, ical

URL = "https://cal.example.org/dav/"
ONE = ("--protocol", "alstem", "--subject", "P01-007", "--baseline", "2026-03-02", "--stamp", "2026-03-01T12:00Z")
STAFF = "by alstem 2022-05-03, for site staff, not for the participant"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody is logged in, and a home without netrc."""
    for name in (USER, PASSWORD, "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the collections of a server in memory, by name; what was logged in with is under ''."""
    held: dict[str, Any] = {}

    @contextmanager
    def connect(url: str, user: str | None, password: str | None) -> Iterator[str]:
        held[""] = (url, user, password)
        yield url

    def create(_: str, name: str) -> Collection:
        held[name] = Collection()
        return held[name]  # type: ignore[no-any-return]

    monkeypatch.setattr(pushes, "connect", connect)
    monkeypatch.setattr(pushes, "create", create)
    monkeypatch.setattr(pushes, "collections", lambda _: [(name, one) for name, one in held.items() if name])
    return held


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command; return its exit code, standard output and error."""
    code = cli.main(["push", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_creates_then_updates_and_says_what_moved(capsys: pytest.CaptureFixture[str], server: dict[str, Any]) -> None:
    """A line for the collection, then a line for each event that moved; nothing else on standard output."""
    target = ("--url", URL, *ONE, "--calendar", "ALS", "--create")
    assert run(capsys, *target, "--dry-run") == (0, f"ALS (new): would be 17 created {STAFF}\n", "")
    assert "ALS" not in server
    assert run(capsys, *target) == (0, f"ALS (new): 17 created {STAFF}\n", "")
    assert run(capsys, *target) == (0, f"ALS: 17 unchanged {STAFF}\n", "")
    code, out, err = run(capsys, *target, "--booked", "M06=2026-09-04")
    assert (code, err) == (0, "")
    assert out == f"ALS: 1 updated, 16 unchanged {STAFF}\n  M06 2026-09-02 \u2192 2026-09-04 confirmed\n"


def test_a_collection_that_is_not_there_is_bad_input_and_those_there_are_told(
    capsys: pytest.CaptureFixture[str], server: dict[str, Any]
) -> None:
    """Without --create nothing is made."""
    server["Clinic"] = Collection()
    code, out, err = run(capsys, "--url", URL, *ONE, "--calendar", "ALS")
    assert (code, out) == (2, "")
    assert err == "error: --calendar: no calendar 'ALS' on the server, which has: 'Clinic'; --create makes it\n"


def test_conflicts_end_with_2_and_with_3_when_they_may_pass(
    capsys: pytest.CaptureFixture[str], server: dict[str, Any]
) -> None:
    """What a person changed is bad input until it is booked or written over; what changed meanwhile is not."""
    server["ALS"] = held = Collection()
    target = ("--url", URL, *ONE, "--calendar", "ALS")
    run(capsys, *target)
    path = f"{BASE}{ical.uid('alstem', 'P01-007', 'M06')}.ics"
    held.edit(path, (b"VALUE=DATE:20260902", b"VALUE=DATE:20260901"))
    code, out, err = run(capsys, *target)
    assert (code, out) == (2, f"ALS: 16 unchanged, 1 conflict {STAFF}\n")
    assert err == (
        "conflict: P01-007 M06: was moved on the server to 2026-09-01, the plan says 2026-09-02; it is left there\n"
        "book what holds (--booked CODE=DATE), or write over it with --overwrite\n"
    )
    code, out, err = run(capsys, *target, "--overwrite")
    assert (code, out) == (0, f"ALS: 1 updated, 16 unchanged {STAFF}\n  M06 2026-09-01 \u2192 2026-09-02\n")
    assert err.startswith("note: P01-007 M06: was moved by hand to 2026-09-01")
    held.answer = lambda _: 412
    code, out, err = run(capsys, *target, "--booked", "M06=2026-09-04")
    assert (code, out) == (3, f"ALS: 16 unchanged, 1 conflict {STAFF}\n")
    assert err == "conflict: P01-007 M06: was changed on the server since it was read: push again\n"


def test_a_server_that_fails_ends_with_3_and_tells_what_was_done(
    capsys: pytest.CaptureFixture[str], server: dict[str, Any]
) -> None:
    """Half done is told as such."""
    server["ALS"] = held = Collection()
    held.answer = lambda number: 507 if number == 3 else None
    code, out, err = run(capsys, "--url", URL, *ONE, "--calendar", "ALS")
    assert (code, out) == (3, f"ALS: stopped: 2 created {STAFF}\n")
    assert err.endswith(".ics: the server answers 507, and has not taken it\n")


@pytest.mark.usefixtures("server")
def test_a_refusal_ends_with_2(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password is the caller's to mend."""

    def refuse(_: object) -> None:
        raise pushes.PushError("no", where=URL, refused=True)

    monkeypatch.setattr(pushes, "collections", refuse)
    assert run(capsys, "--url", URL, *ONE, "--calendar", "ALS") == (
        2,
        "",
        f"error: {URL}: no; no user is given: TRIALSCHED_CALDAV_USER and TRIALSCHED_CALDAV_PASSWORD, or netrc\n",
    )


def test_bad_input_makes_no_collection(capsys: pytest.CaptureFixture[str], server: dict[str, Any]) -> None:
    """What is wrong with the plans is said before `--create` makes anything; an empty name is no name."""
    timed = (*ONE, "--booked", "M06=2026-09-04T09:30", "--calendar", "New", "--create")
    code, out, err = run(capsys, "--url", URL, *timed)
    assert (code, out, "M06: booked for 2026-09-04 at 09:30: a time needs" in err) == (2, "", True)
    code, out, err = run(capsys, "--url", URL, *ONE, "--calendar", "", "--create")
    assert (code, out, "--calendar: read ''" in err) == (2, "", True)
    assert set(server) <= {""}


@pytest.mark.usefixtures("server")
def test_many_subjects_in_one_collection_or_one_each(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A study's collection names the subject of each event; bad rows are told, the good ones are done."""
    rows = "subject,baseline\nA,2026-03-02\nB,2026-04-01\nC,2026-02-30\n"
    (tmp_path / "s.csv").write_text(rows, encoding="utf-8")
    many = ("--protocol", "alstem", "--subjects", str(tmp_path / "s.csv"), "--url", URL, "--create")
    code, out, err = run(capsys, *many, "--calendar", "ALS")
    assert (code, out) == (2, f"ALS (new): 34 created of 2 subjects {STAFF}\n")
    assert err.startswith("error: s.csv line 4:")
    code, out, err = run(capsys, *many, "--per-subject")
    assert (code, out) == (2, f"A (new): 17 created {STAFF}\nB (new): 17 created {STAFF}\n")
    (tmp_path / "s.csv").write_text(rows.replace("B,2026-04-01", "B,2026-04-02"), encoding="utf-8")
    code, out, err = run(capsys, *many, "--calendar", "ALS")
    assert out.splitlines()[0] == f"ALS: 17 updated, 17 unchanged of 2 subjects {STAFF}"
    assert out.splitlines()[1] == "  B SCR1 2026-01-01 \u2192 2026-01-02"


def test_the_subjects_of_a_folder(capsys: pytest.CaptureFixture[str], server: dict[str, Any], tmp_path: Path) -> None:
    """By the version in force, with the folder's key and its clinic, as those of a list."""
    folder = tmp_path / "trial"
    folder.mkdir()
    alstem = documents.dumps(load_protocol("alstem"))
    site = 'schema = "trialsched/trial/1"\nstudy_key_file = "key"\n[in_force]\n2 = 2026-05-15\n'
    files = {"subjects.csv": "subject,baseline\nA,2026-03-02\nB,2026-04-01\n", "trial.toml": site, "key": "secret\n"}
    files["visits.csv"] = "subject,visit,booked\nA,M06,2026-09-02T09:30\n"
    files["clinic.toml"] = 'schema = "trialsched/clinic/1"\nzone = "Europe/Warsaw"\n'
    files["protocol-1.toml"] = alstem
    files["protocol-2.toml"] = alstem.replace('version = "2022-05-03"', 'version = "2"\nin_force = 2026-05-01')
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    many = (str(folder), "--url", URL, "--create", "--as-of", "2026-05-14")
    code, out, err = run(capsys, *many, "--calendar", "ALS")
    assert (code, out) == (0, f"ALS (new): 34 created of 2 subjects {STAFF}\n")
    assert err.startswith("protocol: alstem 2022-05-03 (as of 2026-05-14")
    assert f"{BASE}{ical.uid('secret', 'A', 'M06')}.ics" in server["ALS"].held
    assert run(capsys, *many, "--per-subject")[1] == f"A (new): 17 created {STAFF}\nB (new): 17 created {STAFF}\n"
    code, out, err = run(capsys, *many, "--calendar", "ALS", "--audience", "participant")
    assert (code, "needs --per-subject" in err) == (2, True)
    (folder / "clinic.toml").unlink()
    for to in (("--per-subject",), ("--calendar", "ALS")):
        code, out, err = run(capsys, *many, *to)
        assert (code, "error: visits.csv: A M06: booked for 2026-09-02 at 09:30: a time" in err) == (2, True)
        assert f"write clinic.toml in {folder} (or give --clinic)" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*ONE,), "error: --calendar NAME or --per-subject is meant"),
        ((*ONE, "--calendar", "A", "--per-subject"), "error: --calendar NAME or --per-subject is meant"),
        (("--baseline", "2026-03-02", "--calendar", "A"), "error: --subject is missing"),
        (("--subjects", "s.csv", "--calendar", "A", "--audience", "participant"), "needs --per-subject"),
        ((*ONE, "--calendar", "A", "--url", "http://cal.example.org/"), "error: --url: read 'http://cal.example.org/'"),
        ((*ONE, "--calendar", "https://evil.example/dav/"), "expected an address on the same server"),
        ((*ONE, "--calendar", "A", "--booked", "M06=2026-09-02T09:30"), "a time needs the clinic's zone"),
    ],
)
def test_bad_input_is_said_in_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Everything that is wrong with the options ends with 2, and nothing is sent."""
    (tmp_path / "s.csv").write_text("subject,baseline\nA,2026-03-02\n", encoding="utf-8")
    arguments = tuple(str(tmp_path / one) if one == "s.csv" else one for one in arguments)
    url = () if "--url" in arguments else ("--url", URL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pushes, "collections", lambda _: [("A", Collection())])
        code, out, err = run(capsys, *url, *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_file_of_certificates_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str], server: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before anything is sent; one that is there says nothing, and a name too long for a file is none."""
    target = ("--url", URL, *ONE, "--calendar", "ALS", "--create")
    for name in (str(tmp_path / "none.pem"), "x" * 10_000):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", name)
        code, out, err = run(capsys, *target)
        assert (code, out, server) == (2, "", {})
        assert err.startswith(f"error: REQUESTS_CA_BUNDLE names {name[:3000]}")
    (tmp_path / "none.pem").write_bytes(b"")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    assert run(capsys, *target)[0] == 0


def test_visits_under_new_ids_are_a_note(capsys: pytest.CaptureFixture[str], server: dict[str, Any]) -> None:
    """What a program wrote again is told on standard error, at each push, and is no conflict."""
    target = ("--url", URL, *ONE, "--calendar", "ALS", "--create")
    run(capsys, *target)
    uid = ical.uid("alstem", "P01-007", "M06")
    data = server["ALS"].held[f"{BASE}{uid}.ics"][1]
    server["ALS"].store(f"{BASE}new.ics", data.replace(uid.encode(), b"new"))
    code, out, err = run(capsys, *target)
    assert (code, out) == (0, f"ALS: 17 unchanged {STAFF}\n")
    assert err.startswith("note: P01-007: M06: events with the titles of these visits stand there under ids that")


def test_a_password_in_the_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    """It stands in lists of processes by then, but in nothing that we write."""
    for option in ("--url", "--calendar"):
        places = {"--url": URL, "--calendar": "ALS", option: "https://ania:Pl4nted@cal.example.org/dav/"}
        arguments = [word for pair in places.items() for word in pair]
        result = trialsched("push", *arguments, *ONE, cwd=tmp_path, env={USER: "a", PASSWORD: "b"})
        assert result.code == 2
        assert "Pl4nted" not in result.out + result.err
        assert "an address without '@' is meant" in result.err


def test_user_and_password_come_from_the_environment_first(
    capsys: pytest.CaptureFixture[str], server: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both variables together; netrc's entry is for when there are none; without any nobody is logged in."""
    target = ("--url", URL, *ONE, "--calendar", "ALS", "--create")
    run(capsys, *target)
    assert server[""] == (URL, None, None)
    netrc = tmp_path / "n"
    netrc.write_text("machine cal.example.org login n password from-netrc\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    run(capsys, *target)
    assert server[""] == (URL, "n", "from-netrc")
    monkeypatch.setenv(USER, "e")
    code, _, err = run(capsys, *target)
    assert (code, err) == (2, f"error: {USER} and {PASSWORD} are meant together: one of them is not set\n")
    monkeypatch.setenv(PASSWORD, "from-environment")
    run(capsys, *target)
    assert server[""] == (URL, "e", "from-environment")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("machine cal.example.org login n Pl4nted\n", "is not understood near line"),
        ("Pl4nted\n", "is not understood near line"),
        ("machine other.example.org login n password Pl4nted\n", ""),
        ("default login n password Pl4nted\n", ""),
    ],
)
def test_netrc_files_are_never_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: str) -> None:
    """A file that is not understood is named with its line; entries for others, and the default one, are not used."""
    netrc = tmp_path / "n"
    netrc.write_text(text, encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    faults: list[str] = []
    assert credentials("cal.example.org", faults) == (None, None)
    assert "Pl4nted" not in "".join(faults)
    assert len(faults) == bool(said)
    assert said in "".join(faults)


def test_a_netrc_file_that_others_can_read_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The one at home is the owner's only; NETRC naming no file is a fault, no file at home is none."""
    faults: list[str] = []
    assert credentials("cal.example.org", faults) == (None, None)
    assert faults == []
    home = tmp_path / ".netrc"
    home.write_text("machine cal.example.org login n password p\n", encoding="utf-8")
    home.chmod(0o600)
    assert credentials("cal.example.org", faults) == ("n", "p")
    home.chmod(0o644)
    assert credentials("cal.example.org", faults) == (None, None)
    monkeypatch.setenv("NETRC", str(tmp_path / "nope"))
    assert credentials("cal.example.org", faults) == (None, None)
    monkeypatch.setenv("NETRC", str(tmp_path))
    assert credentials("cal.example.org", faults) == (None, None)
    assert faults == [
        "the netrc file ~/.netrc is not taken: others can read it",
        f"NETRC names {tmp_path / 'nope'}, which is not there",
        f"the netrc file {tmp_path} cannot be read",
    ]


@pytest.mark.parametrize("name", ["named", ".netrc"])
def test_a_netrc_file_that_is_a_pipe_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """Nobody writes to it: the one that NETRC names, and the one of the home."""
    os.mkfifo(tmp_path / name)
    if name == "named":
        monkeypatch.setenv("NETRC", str(tmp_path / name))
    faults: list[str] = []
    assert credentials("cal.example.org", faults) == (None, None)
    assert faults == [f"the netrc file {tmp_path / name}: is no file, a file is meant"]


def test_a_name_with_a_colon_cannot_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 7617, section 2: the colon ends the name."""
    monkeypatch.setenv(USER, "a:b")
    monkeypatch.setenv(PASSWORD, "p")
    faults: list[str] = []
    credentials("cal.example.org", faults)
    assert faults == [f"{USER}: a user's name with a colon cannot be sent"]


@pytest.mark.usefixtures("server")
def test_logging_is_off_during_a_push_only(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries cannot log what they send; afterwards logging is as it was."""
    seen = []

    def look(_: object) -> list[object]:
        seen.append(logging.getLogger("caldav").isEnabledFor(logging.CRITICAL))
        return []

    monkeypatch.setattr(pushes, "collections", look)
    run(capsys, "--url", URL, *ONE, "--calendar", "ALS")
    assert seen == [False]
    assert logging.getLogger("caldav").isEnabledFor(logging.CRITICAL)


def test_without_the_extra_it_is_said_what_to_install(tmp_path: Path) -> None:
    """No traceback where the package caldav is missing: how it is installed, and 2."""
    code = "import sys; sys.modules['caldav'] = None; from trialsched.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "push", "--url", URL, *ONE, "--calendar", "A"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == 'error: push needs the extra caldav: pip install "trialsched[caldav]"\n'


def test_there_is_no_way_around_verified_certificates(capsys: pytest.CaptureFixture[str]) -> None:
    """No option takes a password, or switches the verification off."""
    assert cli.main(["push", "--help"]) == 0
    options = re.findall(r"--[a-z-]+", capsys.readouterr().out)
    assert {"--url", "--calendar", "--subject", "--stamp", "--clinic"} <= set(options)
    assert not [option for option in options if re.search("pass|user|token|verif|insecure|cert|tls|ssl", option)]


def test_dates_are_those_of_the_plan(capsys: pytest.CaptureFixture[str], server: dict[str, Any]) -> None:
    """What stands in the collection afterwards is the plan, by its UIDs."""
    run(capsys, "--url", URL, *ONE, "--calendar", "ALS", "--create")
    data = server["ALS"].held[f"{BASE}{ical.uid('alstem', 'P01-007', 'DOSE1')}.ics"][1]
    assert f"DTSTART;VALUE=DATE:{date(2026, 3, 2):%Y%m%d}".encode() in data
