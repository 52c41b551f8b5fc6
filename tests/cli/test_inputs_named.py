"""Files that options name: none is waited for, and none is an output of the same command."""

import os
from pathlib import Path

import pytest

from tests.support.folders import Folder

ONE = ("--baseline", "2026-03-02", "--subject", "P1")
SUBJECTS = ("--subjects", "s.csv")


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    """Return a trial's folder, and beside it the files that options name."""
    monkeypatch.chdir(tmp_path)
    Path("s.csv").write_text("subject,baseline\nP1,2026-03-02\n", "utf-8")
    Path("r.csv").write_text(RECORDS, "utf-8")
    Path("key.txt").write_text("a secret\n", "utf-8")
    Path("clinic.toml").write_text('schema = "trialsched/clinic/1"\nzone = "Europe/Warsaw"\n', "utf-8")
    folder = Folder(tmp_path, capsys)
    Path("own.toml").write_bytes((folder.path / "protocol.toml").read_bytes())
    return folder


WAITING = [
    ("plan", *ONE, "--protocol", "pipe"),
    ("protocol", "show", "pipe"),
    ("protocol", "lint", "pipe"),
    ("plan", "--subjects", "pipe"),
    ("plan", *SUBJECTS, "--records", "pipe"),
    ("ics", *ONE, "--study-key-file", "pipe"),
    ("ics", *ONE, "--clinic", "pipe"),
    ("ics", *ONE, "--previous", "pipe"),
    ("bookings", *ONE, "pipe"),
    ("bookings", *ONE, "x.ics", "--previous", "pipe"),
    ("check", *ONE, "--calendar", "pipe"),
    ("changes", "pipe", "pipe"),
]


@pytest.mark.parametrize("command", WAITING, ids=" ".join)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_pipe_or_device_is_refused_and_not_waited_for(trial: Folder, command: tuple[str, ...], kind: str) -> None:
    """Nobody writes to it, and the command ends all the same, with exit code 2."""
    if kind == "pipe":
        os.mkfifo("pipe")
    else:
        Path("pipe").symlink_to("/dev/zero")
    assert trial("ics", *ONE, "-o", "x.ics").code == 0
    result = trial(*command)
    assert (result.code, "pipe: is no file, a file is meant" in result.err) == (2, True)


@pytest.mark.parametrize(
    "name", ["key.txt", "subjects.csv", "visits.csv", "protocol.toml", "clinic.toml", "trial.toml"]
)
def test_a_pipe_in_a_trials_folder_is_refused_and_not_waited_for(trial: Folder, name: str) -> None:
    """The key file that `trial.toml` names, too."""
    if name != "trial.toml":
        trial.put("trial.toml", 'schema = "trialsched/trial/1"\nstudy_key_file = "key.txt"\n')
    (trial.path / name).unlink(missing_ok=True)
    os.mkfifo(trial.path / name)
    result = trial("ics", "trial", "-o", "out")
    assert (result.code, "is no file" in result.err, name in result.err) == (2, True, True)


def test_what_the_shell_has_opened_is_read(trial: Folder) -> None:
    """`--study-key-file <(pass show study)` gives the name of a descriptor, which is a pipe with a writer."""
    ours, theirs = os.pipe()
    os.write(theirs, b"a secret\n")
    os.close(theirs)
    stamp = ("--stamp", "2026-03-02T09:00:00Z")
    assert trial("ics", *ONE, *stamp, "--study-key-file", f"/dev/fd/{ours}", "-o", "piped.ics").code == 0
    os.close(ours)
    assert trial("ics", *ONE, *stamp, "--study-key-file", "key.txt", "-o", "read.ics").code == 0
    assert Path("piped.ics").read_bytes() == Path("read.ics").read_bytes()


OVER = [
    ("plan", *ONE, "--protocol", "own.toml", "-o", "own.toml"),
    ("check", *SUBJECTS, "-o", "s.csv"),
    ("worklist", *SUBJECTS, "--records", "r.csv", "-o", "./r.csv"),
    ("ics", *ONE, "--study-key-file", "key.txt", "-o", "key.txt"),
    ("ics", *ONE, "--clinic", "clinic.toml", "-o", "link"),
    ("ics", "trial", "--combined", "trial/key.txt"),
    ("plan", "trial", "-o", "trial/key.txt"),
    ("plan", "trial", "-o", "link-to-key"),
    ("plan", "trial", "-o", "hard-link-to-key"),
    ("deviations", "trial", "-o", "outer.txt"),
    ("changes", "trial", "-o", "outer.txt"),
    ("plan", *ONE, "-o", "trial/key.txt"),
    ("plan", *ONE, "-o", "trial/events.lock"),
    ("bookings", "trial", "x.ics", "-o", "outer.txt"),
    ("bookings", "trial", "x.ics", "-o", "x.ics"),
    ("bookings", *ONE, "x.ics", "-o", "./x.ics"),
    ("bookings", *ONE, "x.ics", "--previous", "y.ics", "-o", "y.ics"),
    ("check", *ONE, "--calendar", "y.ics", "--calendar", "x.ics", "-o", "x.ics"),
    ("changes", "old.json", "new.json", "-o", "old.json"),
    ("changes", "old.json", "new.json", "--format", "json", "-o", "new.json"),
    ("protocol", "show", "own.toml", "--format", "json", "-o", "own.toml"),
]


@pytest.mark.parametrize("command", OVER, ids=" ".join)
@pytest.mark.parametrize("key", ["key.txt", "../outer.txt"])
def test_what_is_read_is_never_written_over(trial: Folder, command: tuple[str, ...], key: str) -> None:
    """With `--force` neither: a study key that is lost makes every calendar that was given out a stranger's."""
    if "outer.txt" in command and key == "key.txt":
        key = "../outer.txt"
    trial.put("trial.toml", f'schema = "trialsched/trial/1"\nstudy_key_file = "{key}"\n')
    for name in ("trial/key.txt", "outer.txt"):
        Path(name).write_text("the secret of the study\n", "utf-8")
    Path("link").symlink_to("clinic.toml")
    Path("link-to-key").symlink_to(Path("trial", key))
    os.link(Path("trial", key), "hard-link-to-key")
    if key != "key.txt" and "trial/key.txt" in command:
        command = tuple(word.replace("trial/key.txt", "outer.txt") for word in command)
        command = (command[0], "trial", *command[-2:])
    for name in ("x.ics", "y.ics"):
        assert trial("ics", *ONE, "-o", name).code == 0
    for name in ("old.json", "new.json"):
        assert trial("plan", *ONE, "--format", "json", "-o", name).code == 0
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    result = trial(*command, "--force")
    assert (result.code, "expected another name" in result.err) == (2, True)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


RECORDS = "subject,visit,attended\nP1,DOSE1,2026-03-04\n"
KEY = "the secret of the study\n"
FIRST = ("--baseline", "2026-03-02", "--subject", "P01-007")
INTO = [
    (("ics", "trial", "-o", "trial"), "trial/P01-007.ics", KEY),
    (("ics", "trial", "-o", "link"), "trial/P01-007.ics", KEY),
    (("ics", *SUBJECTS, "--study-key-file", "out/P1.ics", "-o", "out"), "out/P1.ics", KEY),
    (("ics", *FIRST, "--study-key-file", "P01-007.ics"), "P01-007.ics", KEY),
    (("sdtm", "trial", "-o", "trial"), "trial/tv.csv", KEY),
    (("sdtm", "--subjects", "out/tv.csv", "-o", "out"), "out/tv.csv", "subject,baseline\nP1,2026-03-02\n"),
    (
        ("sdtm", *SUBJECTS, "--records", "out/sv.csv", "-o", "out"),
        "out/sv.csv",
        "subject,visit,attended\nP1,DOSE1,2026-03-04\n",
    ),
]


@pytest.mark.parametrize(("command", "name", "text"), INTO, ids=str)
def test_what_is_read_keeps_its_place_in_a_folder_of_outputs(
    trial: Folder, command: tuple[str, ...], name: str, text: str
) -> None:
    """With `--force` neither: a study key or list that bears the name of a calendar or of a dataset."""
    Path("out").mkdir()
    Path("link").symlink_to("trial")
    Path(name).write_text(text, "utf-8")
    if name.startswith("trial"):
        trial.put("trial.toml", f'schema = "trialsched/trial/1"\nstudy_key_file = "{Path(name).name}"\n')
    result = trial(*command, "--force")
    assert (result.code, f"{Path(name).name}: is a study key, or what this command reads" in result.err) == (2, True)
    assert Path(name).read_text("utf-8") == text


@pytest.mark.parametrize("name", ["x.ics", "-x.ics", "./-x.ics", "--force"])
@pytest.mark.parametrize("other", [False, True])
def test_a_calendar_may_be_made_over_the_one_that_previous_names(trial: Folder, name: str, *, other: bool) -> None:
    """It is read and written by one command, also where its name begins with a hyphen or is an option's."""
    assert trial("ics", *ONE, "-o", name).code == 0
    before = Path(name).read_bytes()
    booked = ("--booked", "DOSE1=2026-03-04")
    previous = f"{Path().absolute()}/{Path(name)}" if other else name
    result = trial("ics", *ONE, *booked, "--previous", previous, "-o", name)
    assert (result.code, f"{Path(name)}: updated; 17 visits of P1" in result.out) == (0, True)
    assert Path(name).read_bytes() != before
    assert not list(Path().glob("*.part"))
