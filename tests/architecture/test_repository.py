"""The repository itself: tests mirror modules, documents keep their promises, nothing private is in it."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import trialsched

ROOT = Path(__file__).parents[2]
PACKAGE = Path(trialsched.__file__).parent
MIRRORED = [
    path.relative_to(PACKAGE)
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name not in ("__init__.py", "__main__.py", "_version.py", "_hypothesis.py")
]


@pytest.mark.parametrize("module", MIRRORED, ids=str)
def test_tests_mirror_modules(module: Path) -> None:
    """Each module has its test of the same name in the same place."""
    name = f"test_{module.name.removeprefix('_')}"
    assert (ROOT / "tests" / module.parent / name).is_file()


def test_every_test_says_what_holds() -> None:
    """Every test function has a docstring of one sentence."""
    silent = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tests = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.FunctionDef)]
        silent += [f"{path.name}: {n.name}" for n in tests if n.name.startswith("test_") and not ast.get_docstring(n)]
    assert silent == []


def tracked() -> list[Path]:
    """Return the text files of the project."""
    folders = ("src", "tests", "docs", "examples", "benchmarks", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]  # a file in a work tree
    skipped = {".pyc", ".so"}
    return [path for path in files if path.suffix not in skipped and "__pycache__" not in path.parts]


# Written so that this file does not find itself.
PRIVATE = re.compile(r"[/]home[/]|[/]root[/]|[/]work[/]|[/]opt[/]|local[h]ost|127[.]0[.]0[.]1|PRIVATE[ ]KEY")
LOOPBACK = re.compile(r"127[.]0[.]0[.]1")
SKIPPED = re.compile(r"pytest[.]skip|mark[.]skip|\b[x]fail\b|import[o]rskip|\b[s]leep\(|url[o]pen")
STATED = re.compile(r"pytest[.]skip\(f?\"[^\"]")


def test_no_path_of_a_machine_and_no_secret() -> None:
    """Nothing in the repository names a machine's folders, hosts or keys.

    Only the tests that start servers of others name the address of this machine, which is every machine's.
    """
    found = []
    for path in tracked():
        text = path.read_text("utf-8", errors="replace")
        if path.parent == ROOT / "tests" / "outside":
            text = LOOPBACK.sub("", text)
        if match := PRIVATE.search(text):
            found.append(f"{path.relative_to(ROOT)}: {match[0]}")
    assert found == []


def test_no_test_is_skipped_and_none_sleeps() -> None:
    """No hidden skip, no expected failure, no sleep, no network.

    Only a program of others may be absent, with the reason stated; `.ci/run` installs them and fails on any skip.
    """
    found = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        text = path.read_text("utf-8")
        if path.parent == ROOT / "tests" / "outside":
            text = STATED.sub("", text)
        if match := SKIPPED.search(text):
            found.append(f"{path.relative_to(ROOT)}: {match[0]}")
    assert found == []


def test_links_in_the_documentation_lead_somewhere() -> None:
    """Every relative link of README, CONTRIBUTING, CHANGELOG and docs names a file of the repository."""
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    pages += sorted((ROOT / "docs").rglob("*.md"))
    broken = []
    for page in pages:
        text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
        links = re.findall(r"\]\(([^)\s]+)\)", text.replace("\n", " "))
        inside = [link.partition("#")[0] for link in links if not re.match(r"https?:|#", link)]
        broken += [f"{page.relative_to(ROOT)}: {link}" for link in inside if not (page.parent / link).exists()]
    assert broken == []


def test_the_readme_has_two_commands() -> None:
    """Two commands do everything: a calendar, and the tests."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert blocks == [
        "python -m pip install . && python -m trialsched ics --baseline 2026-03-02 --subject P01-007\n",
        'python -m pip install ".[test]" && python -m pytest\n',
    ]


def test_core_dependencies_and_extras() -> None:
    """The dependencies are those of the design, each from a version on that works, none capped above."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = [re.fullmatch(r"([a-z-]+)>=[0-9.]+", text) for text in project["dependencies"]]
    names = {match[1] for match in named if match is not None}
    assert len(names) == len(project["dependencies"])
    assert names == {"python-dateutil", "icalendar", "pendulum", "pydantic", "tomli-w", "click", "rich"}
    assert set(project["optional-dependencies"]) == {"strategies", "caldav", "test", "dev", "judges"}
    assert project["requires-python"] == ">=3.11"


LAWS = [
    f"properties/test_{name}.py" for name in ("arithmetic", "checks", "plans", "exhaustive_months", "hunt", "datasets")
]
LAWS.append("outside/test_caldav_faults.py")


def names_in(path: Path) -> set[str]:
    """Return the names of a module's tests."""
    tree = ast.parse(path.read_text("utf-8"))
    return {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")}


def test_the_laws_page_names_tests_that_exist() -> None:
    """Each law on the page is held by a test of a module that it names, and each test of the laws' modules is on it."""
    page = (ROOT / "docs" / "reference" / "laws.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    held = {name for path in LAWS for name in names_in(ROOT / "tests" / path)}
    others = {name for path in re.findall(r"`(tests/[\w/]+\.py)`", page) for name in names_in(ROOT / path)}
    assert sorted(held - named) == []
    assert sorted(named - held - others) == []


def test_the_faults_page_names_tests_that_exist() -> None:
    """Each kind of fault on the page is held by a test that there is."""
    page = (ROOT / "docs" / "explanation" / "faults.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|") and not line.startswith(("| kind", "|---"))]
    named = [re.search(r"`([a-z_/]+\.py)::(test_\w+)` \|$", row) for row in rows]
    assert len(rows) > 60
    assert [row for row, match in zip(rows, named, strict=True) if match is None] == []
    gone = [match[0] for match in named if match and match[2] not in names_in(ROOT / "tests" / match[1])]
    assert gone == []


def test_the_continuous_integration_script_is_a_script() -> None:
    """`.ci/run` is executable and bash reads it."""
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", script], check=True)  # noqa: S607 - the one of the machine
