"""Which files are ours: every output can be written again by the same command, and nothing of a person's goes."""

from pathlib import Path

import pytest

from tests.support.folders import SMALL, Folder
from trialsched.cli.ours import ours_as, unmarked, wrote_csv, wrote_json, wrote_text

TWO = f"{SMALL}".replace('version = "1"', 'version = "2"\nin_force = 2026-05-01').replace("30 days", "31 days")
ONE = ("--baseline", "2026-03-02", "--subject", "P01-007", "--protocol", "trial/protocol.toml")


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    """Return a trial's folder with two versions, a deviation and a booking, beside which commands run."""
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path, capsys)
    folder.put("protocol.toml", SMALL)
    folder.put("protocol-2.toml", TWO)
    folder.put("visits.csv", "subject,visit,booked,attended\nP01-007,DOSE1,,2026-03-04\nP01-007,DOSE2,2026-05-09,\n")
    return folder


AS_OF = ("--as-of", "2026-04-20")
REVIEWS = [
    (name, "trial", *AS_OF, "--format", form)
    for name in ("check", "worklist", "adherence", "deviations")
    for form in ("table", "markdown", "csv", "json")
]
EVERY = [
    *REVIEWS,
    *(("plan", "trial", *AS_OF, "--format", form) for form in ("table", "markdown", "csv", "jsonl")),
    *(("plan", *ONE, "--format", form) for form in ("table", "markdown", "csv", "json", "jsonl")),
    *(("changes", "trial", "--format", form) for form in ("table", "jsonl")),
    *(("changes", "old.json", new, "--format", form) for form in ("table", "json") for new in ("old.json", "new.json")),
    ("check", "trial", *AS_OF, "--format", "csv", "--findings"),
    ("check", "trial", *AS_OF, "--format", "csv", "--excel"),
    ("adherence", "trial", *AS_OF, "--format", "csv", "--rates"),
    ("adherence", "trial", *AS_OF, "--format", "csv", "--rates", "--excel"),
    ("worklist", "trial", *AS_OF, "--format", "csv", "--excel"),
    ("deviations", "trial", "--as-of", "2026-03-01", "--level", "deviation", "--format", "table"),
    *(("protocol", "show", "trial/protocol.toml", "--format", form) for form in ("table", "toml", "json")),
    ("ics", *ONE, *AS_OF, "--stamp", "2026-03-02T09:00:00Z"),
    ("sdtm", "trial", *AS_OF, "--number-by-position"),
]


@pytest.mark.parametrize("command", EVERY, ids=lambda command: " ".join(command[:1] + command[-2:]))
def test_every_output_can_be_written_again_by_the_same_command(trial: Folder, command: tuple[str, ...]) -> None:
    """Run twice with `-o`, and once more when the lists have changed: no `--force` is needed, and the file is new."""
    for name, baseline in (("old", "2026-03-02"), ("new", "2026-03-12")):
        made = trial("plan", "--baseline", baseline, *ONE[2:], "--format", "json", "-o", f"{name}.json")
        assert made.code == 0
    results = []
    for _ in range(3):
        results.append(trial(*command, "-o", "output"))
        trial.put("subjects.csv", "subject,baseline\nP01-007,2026-03-02\n")
    assert [(result.code, result.err) for result in results if "error" in result.err] == []
    assert [result.code for result in results] == [0, 0, 0]
    assert Path("output").exists()


TEXTS = [command for command in EVERY if command[-1] in {"table", "markdown"}]


@pytest.mark.parametrize("command", TEXTS, ids=lambda command: " ".join(command[:1] + command[-2:]))
def test_a_persons_text_around_ours_is_theirs(trial: Folder, command: tuple[str, ...]) -> None:
    """Minutes that quote a report, and a report with notes below it, are not replaced; other line ends do no harm."""
    for name in ("old", "new"):
        trial("plan", *ONE, "--format", "json", "-o", f"{name}.json")
    assert trial(*command, "-o", "output").code == 0
    ours = Path("output").read_text("utf-8")
    for theirs in (
        f"Minutes of Monday\n\n{ours}",
        f"# Minutes\n\n{ours}",
        f"{ours}\nTo do: call P01-007\n",
        ours.replace("; trialsched", ", trialsched"),
        ours.splitlines()[-1] + "\n",
        ours.splitlines()[0] + "\nmade by trialsched\n",
    ):
        Path("output").write_text(theirs, "utf-8")
        result = trial(*command, "-o", "output")
        assert (result.code, "is not known to be written by trialsched; --force replaces it" in result.err) == (2, True)
        assert Path("output").read_text("utf-8") == theirs
    Path("output").write_bytes(b"\xef\xbb\xbf" + ours.replace("\n", "\r\n").encode())
    assert trial(*command, "-o", "output").code == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "x\n",
        "trialsched 0.1.0\n",
        "protocol a 1, sha256 " + "0" * 64 + "; trialsched 0.1.0\n",
        "Notes\nprotocol a 1, sha256 " + "0" * 64 + "; trialsched 0.1.0\n",
        "## Notes\nBaseline\nStamp: protocol a 1, sha256 " + "0" * 64 + "; trialsched 0.1.0.\n",
        "from Monday to Friday\nprotocol a 1, sha256 " + "0" * 64 + "; trialsched 0.1.0\n",
        " Subject of the letter\nx\nprotocol a 1, sha256 " + "0" * 64 + "; trialsched 0.1.0\n",
        "P1: baseline 2026-03-02; protocol a 1\nprotocol a 1, sha256 " + "0" * 63 + "; trialsched 0.1.0\n",
    ],
)
def test_what_only_mentions_us_is_not_ours(text: str) -> None:
    """Head and stamp are both asked for, each in its whole form."""
    assert not wrote_text(text.encode())


def test_a_text_of_ours_is_known_by_its_head_and_its_stamp() -> None:
    """Written out here once, so that what is asked for is seen."""
    stamp = "protocol a 1 (x), sha256 " + "0" * 64 + "; trialsched 0.1.0"
    for head in (
        "P1: baseline 2026-03-02; protocol a 1\n",
        "From 2026-07-01 to 2026-07-14: 0 to do\n",
        "0 findings\n",
        " Subject   DOSE1\n ───────\n",
        "a 1 (x): a title\n",
        "a 1 (x)\n",
        "from a 0 to a 1 (x), in force from 2026-05-15\n",
        "P1: nothing moves\n",
        "P1\n\n Visit   What     Old   New   Days\n",
    ):
        assert wrote_text(f"{head}{stamp}\n".encode())
        assert wrote_text(f"{head}as of 2026-07-01; {stamp}\n".encode())
    assert wrote_text(f"## P1\n\nArm A. Baseline 2026-03-02, day zero\n\nStamp: {stamp}.\n".encode())
    assert not wrote_text(b"\xff\xfe")


def test_a_format_without_a_mark_is_ours_by_its_bytes_alone(trial: Folder) -> None:
    """A protocol that a person edits after `protocol show --format toml` is never replaced."""
    assert ours_as("toml") is unmarked
    assert not unmarked(b"anything")
    show = ("protocol", "show", "alstem", "--format", "toml", "-o", "protocol.toml")
    assert (trial(*show).code, trial(*show).code) == (0, 0)
    path = Path("protocol.toml")
    path.write_text(path.read_text("utf-8").replace("2022-05-03", "2"), "utf-8")
    edited = path.read_bytes()
    assert trial(*show).code == 2
    assert path.read_bytes() == edited


def test_bookings_replace_no_list(trial: Folder) -> None:
    """Their columns are those of a person's list of visits: only the same rows may be written again."""
    assert trial("ics", *ONE, "-o", "x.ics", "--booked", "DOSE2=2026-04-07").code == 0
    read = ("bookings", *ONE, "x.ics", "-o", "new.csv")
    assert (trial(*read).code, trial(*read).code) == (0, 0)
    Path("new.csv").write_text(Path("new.csv").read_text("utf-8") + "P01-007,M03,,,2026-06-02,,,\n", "utf-8")
    assert trial(*read).code == 2


@pytest.mark.parametrize(
    ("data", "ours"),
    [
        (b'{"generator": {"name": "trialsched", "version": "1"}}', True),
        (b'{"generator": {"name": "trialsched"}}\n{"generator": {"name": "trialsched"}}\n', True),
        (b'{"generator": {"name": "trialsched"}}\n{"generator": {"name": "other"}}\n', False),
        (b'{"generator": "trialsched"}', False),
        (b"[]", False),
        (b"", False),
        (b"[" * 100_000, False),
        (b'{"generator": {"name": "trialsched"}, "x": [' + b"[]," * 1_000_000 + b"[]]}", False),
        (b"\xff", False),
    ],
)
def test_json_of_ours_is_known_by_its_generator(data: bytes, *, ours: bool) -> None:
    """A file, or every line of it, names trialsched."""
    assert wrote_json(data) is ours


def test_csv_of_ours_is_known_by_its_header() -> None:
    """The header line of a plan, a report or its findings, also for Excel; a list of subjects is not one."""
    assert wrote_csv(b"subject,visit,target,window_basis,generator_version\n")
    assert wrote_csv(b"subject,visit,kind,level,generator_version\n")
    assert wrote_csv(b"\xef\xbb\xbfsubject;visit;kind;level;generator_version\r\nP1;V1;late;note;0\r\n")
    assert not wrote_csv(b"subject,baseline\n")
    assert not wrote_csv(b"")
    assert not wrote_csv(b"\xff\xfe")


def test_a_foreign_csv_is_not_ours_though_it_begins_alike() -> None:
    """Every mark of the header counts."""
    assert not wrote_csv(b"subject,visit,attended\n")
    assert not wrote_csv(b"subject,visit,window_basis\n")
    assert not wrote_csv(b"subject,visit,generator_version\n")
    assert not wrote_csv(b"visit,subject,kind,generator_version\n")
    assert not wrote_csv(b"subject,visit,kind,generator_version,seen by\n")  # a person added a column


def test_rates_and_adherence_are_known_by_their_header() -> None:
    """The first column and the last two count."""
    end = "protocol_sha256,generator_version"
    assert wrote_csv(f"subject,DOSE1,as_of,{end}\n".encode())
    assert wrote_csv(f"window_basis,visit,{end}\r\n".encode())
    assert not wrote_csv(f"code,DOSE1,{end}\n".encode())
    assert not wrote_csv(b"subject,DOSE1,sha256,generator_version\n")
