"""House-keeping: what every file of the project keeps to."""

import ast
import json
import re
from pathlib import Path

import pytest

from tests.tools import ROOT, project_files

FILES = project_files()


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _ending(*endings: str) -> list[Path]:
    return [path for path in FILES if path.suffix in endings]


def _text(path: Path) -> str:
    """A file's text; nothing where it is no text, as a picture."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


# A folder that only one machine has: somebody's home, a build's working folder.
MACHINE_PATH = re.compile(r"(?<![\w.:/~*-])/(home|Users|root|work|workspace|builds|tmp)/\w")
# Where packages come from is the affair of the machine that installs them.
REGISTRY = re.compile(r"--(extra-)?index-url|--find-links|--registry|_authToken|artifact-?registry")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
SILENCED = re.compile(r"(#\s*(noqa|type:\s*ignore)|@ts-(ignore|expect-error|nocheck))(?P<rest>.*)")
PASSED_OVER = re.compile(r"\b(pytest\.(skip|xfail|importorskip)|mark\.(skip|skipif|xfail))\b")
PASSED_OVER_JS = re.compile(r"\b(test|it|describe|suite)\.(skip|only|todo)\b")
PUBLIC = "https://registry.npmjs.org/"
LONGEST = 50


def _lines(path: Path, pattern: re.Pattern[str]) -> list[str]:
    return [line.strip() for line in _text(path).splitlines() if pattern.search(line)]


@pytest.mark.parametrize(
    "pattern", [MACHINE_PATH, REGISTRY, UNFINISHED], ids=["machine", "registry", "unfinished"]
)
def test_no_file_names_what_is_of_one_machine_or_one_moment(pattern: re.Pattern[str]) -> None:
    own = Path(__file__)
    found = {
        _name(path): lines for path in FILES if path != own and (lines := _lines(path, pattern))
    }
    assert not found


@pytest.mark.parametrize(
    ("line", "pattern", "seen"),
    [
        ("cd /home/ada/consent", MACHINE_PATH, True),
        ('open("/tmp/out.txt")', MACHINE_PATH, True),
        ("tmpfs: [/tmp]", MACHINE_PATH, False),
        ("https://shop.example/home/page", MACHINE_PATH, False),
        ("pip install --index-url https://pypi.example", REGISTRY, True),
        ("# TO" + "DO: later", UNFINISHED, True),
    ],
)
def test_what_is_looked_for_is_seen(line: str, pattern: re.Pattern[str], seen: bool) -> None:
    assert bool(pattern.search(line)) is seen


def test_a_lock_file_names_no_registry_but_the_public_one() -> None:
    locks = [json.loads(path.read_text()) for path in FILES if path.name == "package-lock.json"]
    packages = [package for lock in locks for package in lock["packages"].values()]
    resolved = [package["resolved"] for package in packages if "resolved" in package]
    assert not [address for address in resolved if not address.startswith(PUBLIC)]


def test_a_check_is_silenced_only_with_the_reason_beside_it() -> None:
    bare = [
        f"{_name(path)}: {found.group()}"
        for path in _ending(".py", ".js", ".mjs", ".ts")
        if path != Path(__file__)
        for found in SILENCED.finditer(_text(path))
        if len(re.sub(r"^:?\s*(\[[\w, -]*\]|[A-Z]+\d+(,\s*[A-Z]+\d+)*)?", "", found["rest"])) < 12
    ]
    assert not bare


def test_no_test_is_passed_over() -> None:
    own = Path(__file__)
    python = {_name(path): _lines(path, PASSED_OVER) for path in _ending(".py") if path != own}
    scripts = {_name(path): _lines(path, PASSED_OVER_JS) for path in _ending(".js", ".mjs")}
    assert not {name: lines for name, lines in (python | scripts).items() if lines}


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{_name(path)}: {node.name}"
        for path in _ending(".py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST
    ]
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    modules = {path: path.read_text() for path in _ending(".py")}
    assert not [_name(path) for path, text in modules.items() if text and not _documented(text)]


def _documented(text: str) -> bool:
    return ast.get_docstring(ast.parse(text)) is not None


def test_the_tests_page_names_every_folder_of_tests() -> None:
    page = (ROOT / "tests/README.md").read_text()
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in project_files("tests")}
    assert not {name for name in folders if (ROOT / "tests" / name).is_dir() and name not in page}


@pytest.mark.parametrize("name", ["apt", "run", "same", "venv"])
def test_a_script_of_continuous_integration_can_be_run_and_stops_at_an_error(name: str) -> None:
    script = ROOT / ".ci" / name
    assert script.stat().st_mode & 0o111
    assert re.search(r"^set -eu", script.read_text(), flags=re.M)


def test_the_licence_is_the_one_that_the_package_names() -> None:
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()
    licence = (ROOT / "LICENSE").read_text()
    assert licence.lstrip().startswith("Apache License\n")
    assert "END OF TERMS AND CONDITIONS" in licence
