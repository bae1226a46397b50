"""The command line: help worth reading, one line for what goes wrong, and a whole round."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from consent_service import __version__
from consent_service.cli import cli, main
from consent_service.exports.verify import HOLDS, OPEN, check_file
from consent_service.signing import open_keyring
from tests.given import policy_json, with_another_advertiser

ORIGIN = "https://tea.example"


class Done(NamedTuple):
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on a SQLite file of its own."""
    monkeypatch.setenv("CONSENT_DATABASE", f"sqlite:///{tmp_path}/consent.db")
    monkeypatch.setenv("CONSENT_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("CONSENT_BASE_URL", "https://consent.example")

    def run(*arguments: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else int(code is not None), out, err)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Callable[[object], str]:
    """Writes a policy's file."""

    def write(content: object) -> str:
        path = tmp_path / "policy.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


def said(run: Run, *arguments: str) -> str:
    """What a command says that does what it is told."""
    done = run(*arguments)
    assert (done.status, done.err) == (0, "")
    return done.out


# --- Help ----------------------------------------------------------------------------------------


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command, as it is typed."""
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = list(commands(cli))


def _command(path: tuple[str, ...]) -> click.Command:
    found: click.Command = cli
    for name in path:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    return found


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_has_help_worth_reading(
    run: Run, path: tuple[str, ...], flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever the settings are: whoever asks for help may have them wrong.
    monkeypatch.setenv("CONSENT_PORT", "not a port")
    shown = said(run, *path, flag)
    assert shown.startswith("Usage:")
    assert len(shown.split("\n\n")[1].split()) >= 4
    for option in _command(path).params:
        if isinstance(option, click.Option) and option.name != "help":
            assert option.help, f"{' '.join(path)} --{option.name} says nothing"


def test_the_commands_are_those_of_the_readme() -> None:
    top = {path[0] for path in COMMANDS}
    assert {"serve", "demo", "db", "site", "account", "key", "policy", "health"} <= top


def test_the_first_page_shows_where_to_begin(run: Run) -> None:
    shown = said(run, "--help")
    assert "consent-service demo" in shown
    assert "CONSENT_DATABASE" in shown


def test_the_version_is_the_packages(run: Run) -> None:
    assert said(run, "--version").strip().endswith(__version__)


# --- What goes wrong -----------------------------------------------------------------------------

# What is typed; a part of the one line that is said.
WRONG: list[tuple[tuple[str, ...], str]] = [
    (("site", "add", "X", "--name", "Tea", "--origin", ORIGIN), "3 to 40"),
    (("site", "add", "tea", "--name", " ", "--origin", ORIGIN), "name"),
    (("site", "add", "tea", "--name", "Tea", "--origin", "tea.example"), "is not an origin"),
    (("site", "add", "tea", "--name", "Tea", "--origin", f"{ORIGIN}/path"), "is not an origin"),
    (("site", "add", "tea", "--name", "Tea", "--origin", f"{ORIGIN}:x"), "port"),
    (("site", "add", "tea", "--name", "Tea", "--origin", "https://["), "is not an origin"),
    (("site", "add", "tea\n", "--name", "Tea", "--origin", ORIGIN), "3 to 40"),
    (("policy", "publish", "nowhere"), "no site nowhere"),
    (("policy", "versions", "nowhere"), "no site nowhere"),
    (("account", "link", "nobody@tea.example"), "no account"),
    (("account", "add", "x", "--name", "X", "--role", "admin"), "e-mail"),
    (
        ("account", "add", "x@tea.example", "--name", "X", "--role", "admin", "--site", "no"),
        "no site no",
    ),
    (("account", "token", "--site", "no", "--role", "editor", "--label", "x"), "no site no"),
    (("key", "list"), "key folder"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=lambda value: repr(value))
def test_what_is_refused_is_one_line_and_exit_status_one(
    run: Run, arguments: tuple[str, ...], words: str
) -> None:
    done = run(*arguments)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("consent-service: ")
    assert done.err.count("\n") == 1
    assert words in done.err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CONSENT_PORT", "x", "port"),
        ("CONSENT_DATABSE", "x", "databse"),
        ("CONSENT_DATABASE", "mysql://x", "database must begin with"),
        ("CONSENT_CONFIG", "nowhere.toml", "nowhere.toml"),
    ],
)
def test_a_setting_that_is_wrong_stops_every_command(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    done = run("site", "list")
    assert (done.status, done.out) == (1, "")
    assert words in done.err
    assert done.err.count("\n") == 1


def test_settings_come_from_a_file_too(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('port = "x"\n')
    done = run("--config", str(config), "site", "list")
    assert done.status == 1
    assert "port" in done.err


@pytest.mark.parametrize(
    "arguments", [("nothing",), ("site", "add"), ("policy", "draft", "tea", "nowhere.json")]
)
def test_what_is_typed_wrong_is_shown_how_to_type(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.status == 2
    assert "Usage:" in done.err


# --- A whole round -------------------------------------------------------------------------------


def test_a_site_gets_a_policy_and_another_version(run: Run, file: Callable[[object], str]) -> None:
    made = said(run, "site", "add", "tea", "--name", "Tea", "--origin", ORIGIN)
    assert 'src="https://consent.example/v1/sites/tea/banner.js"' in made
    assert said(run, "site", "list") == f"tea  Tea  {ORIGIN}\n"
    assert "revision 1" in said(run, "policy", "draft", "tea", file(policy_json()))
    first = said(run, "policy", "publish", "tea")
    assert re.fullmatch(r"Published version 1 \(major\) [\w-]{43}\n", first)
    said(run, "policy", "draft", "tea", file(with_another_advertiser()))
    diff = said(run, "policy", "diff", "tea")
    assert "major  added _pix2 [marketing]" in diff
    assert "Proposed: major. Asked again about: marketing." in diff
    lower = run("policy", "publish", "tea", "--class", "minor")
    assert (lower.status, lower.out) == (1, "")
    assert "write the reason" in lower.err
    second = said(run, "policy", "publish", "tea", "--class", "minor", "--reason", "It was bought.")
    assert second.startswith("Published version 2 (minor)")
    listed = said(run, "policy", "versions", "tea").splitlines()
    assert [line.split()[:2] for line in listed] == [["2", "minor"], ["1", "major"]]


def test_an_editor_may_ask_again_about_more(run: Run, file: Callable[[object], str]) -> None:
    said(run, "site", "add", "tea", "--name", "Tea", "--origin", ORIGIN)
    for arguments in ((), ("--class", "major", "--ask", "statistics", "--ask", "marketing")):
        said(run, "policy", "draft", "tea", file(policy_json()))
        said(run, "policy", "publish", "tea", *arguments)
    nothing = run("policy", "publish", "tea", "--class", "major")
    assert nothing.status == 1
    assert "name the categories" in nothing.err


def test_findings_are_listed_one_a_line(run: Run, file: Callable[[object], str]) -> None:
    said(run, "site", "add", "tea", "--name", "Tea", "--origin", ORIGIN)
    unfit = policy_json(categories={})
    said(run, "policy", "draft", "tea", file(unfit))
    looked = run("policy", "diff", "tea")
    assert looked.status == 1
    assert "R14 categories.marketing: " in looked.out
    done = run("policy", "publish", "tea")
    assert (done.status, done.out) == (1, "")
    assert "  R14 categories.marketing: " in done.err
    assert said(run, "policy", "versions", "tea") == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "not JSON"), ("[]", "expected an object"), (policy_json(x=1), "x: there is no such")],
)
def test_a_file_that_is_no_policy_is_refused(
    run: Run, file: Callable[[object], str], content: object, words: str
) -> None:
    said(run, "site", "add", "tea", "--name", "Tea", "--origin", ORIGIN)
    done = run("policy", "draft", "tea", file(content))
    assert (done.status, done.out) == (1, "")
    assert words in done.err


def test_a_site_is_made_once(run: Run) -> None:
    said(run, "site", "add", "tea", "--name", "Tea", "--origin", ORIGIN)
    done = run("site", "add", "tea", "--name", "Other", "--origin", ORIGIN)
    assert done.status == 1
    assert "already" in done.err
    assert said(run, "site", "list").count("\n") == 1


def test_a_site_may_have_several_origins(run: Run) -> None:
    origins = ("https://tea.example:443", "http://localhost:8001", "https://Tea.example/")
    options = [part for origin in origins for part in ("--origin", origin)]
    said(run, "site", "add", "tea", "--name", "Tea", *options)
    assert said(run, "site", "list") == f"tea  Tea  {ORIGIN}, http://localhost:8001\n"


def test_people_get_links_and_roles(run: Run) -> None:
    said(run, "site", "add", "tea", "--name", "Tea", "--origin", ORIGIN)
    link = r"Sign in within the hour, once: https://consent\.example/sign-in/[\w-]{43}\n"
    ada = ("account", "add", "ada@tea.example", "--name", "Ada")
    first = said(run, *ada, "--role", "editor", "--site", "tea")
    second = said(run, *ada, "--role", "auditor")
    third = said(run, "account", "link", "ADA@tea.example")
    assert all(re.fullmatch(link, each) for each in (first, second, third))
    assert len({first, second, third}) == 3
    listed = said(run, "account", "list")
    assert listed.startswith("ada@tea.example  Ada  ")
    assert "editor of tea" in listed
    assert "auditor of every site" in listed
    assert listed.count("\n") == 1


def test_a_token_is_shown_once(run: Run, tmp_path: Path) -> None:
    said(run, "site", "add", "tea", "--name", "Tea", "--origin", ORIGIN)
    made = ("account", "token", "--site", "tea", "--role", "editor", "--label", "build")
    secret = said(run, *made).strip()
    assert re.fullmatch(r"[0-9a-f-]{36}\.[\w-]{43}", secret)
    assert secret.encode() not in (tmp_path / "consent.db").read_bytes()
    assert said(run, *made).strip() != secret


def test_keys_are_listed_and_rotated(run: Run, tmp_path: Path) -> None:
    open_keyring(tmp_path / "keys", 1_700_000_000)
    for _ in range(2):
        assert "in use" in said(run, "key", "rotate", "receipts")
    listed = said(run, "key", "list").splitlines()
    found = [(line.split()[0], line.split()[-1]) for line in listed]
    assert found == [
        ("ledger", "use"),
        ("receipts", "retired"),
        ("receipts", "retired"),
        ("receipts", "use"),
        ("sessions", "use"),
    ]
    refused = run("key", "rotate", "everything")
    assert refused.status == 2


def test_what_was_done_is_in_the_audit_trail(run: Run, tmp_path: Path) -> None:
    said(run, "site", "add", "tea", "--name", "Tea", "--origin", ORIGIN)
    said(run, "account", "add", "ada@tea.example", "--name", "Ada", "--role", "editor")
    with closing(sqlite3.connect(tmp_path / "consent.db")) as connection:
        told = connection.execute("select actor, verb from events order by id").fetchall()
    assert set(told) == {
        ("operator", "site.add"),
        ("operator", "account.add"),
        ("operator", "role.grant"),
    }


# --- Receipts ------------------------------------------------------------------------------------


def test_a_period_is_exported_into_a_folder_and_checked_by_anybody(
    run: Run, file: Callable[[object], str], tmp_path: Path
) -> None:
    said(run, "site", "add", "tea", "--name", "Tea", "--origin", ORIGIN)
    period = ("--from", "2026-01-01", "--to", "2026-02-01", "--into", str(tmp_path / "out"))
    done = run("receipts", "export", "tea", *period, "--format", "csv", "--granted", "marketing")
    assert done.status == 0, done.err
    made = Path(done.out.strip())
    assert made.name == "tea-2026-01-01-to-2026-02-01-csv.zip"
    assert [result.state for result in check_file(made)] == [HOLDS, HOLDS, OPEN]


def test_a_period_that_is_none_is_refused_in_a_line(run: Run, tmp_path: Path) -> None:
    period = ("--from", "2026-02-01", "--to", "2026-01-01", "--into", str(tmp_path / "out"))
    done = run("receipts", "export", "tea", *period)
    assert (done.status, done.out) == (1, "")
    assert done.err == "consent-service: the period ends before it begins\n"


def test_publishing_later_and_by_two_people_from_a_shell(
    run: Run, file: Callable[[object], str]
) -> None:
    run("site", "add", "shop", "--name", "Tea", "--origin", ORIGIN)
    run("policy", "draft", "shop", file(policy_json()))
    run("policy", "publish", "shop")
    assert run("site", "approval", "shop").out == "Nobody need approve.\n"
    run("policy", "draft", "shop", file(with_another_advertiser()))
    refused = run("policy", "publish", "shop", "--at", "2020-01-01T09:00")
    assert (refused.status, "is over" in refused.err) == (1, True)
    day = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    done = run("policy", "publish", "shop", "--at", f"{day}T09:00", "--zone", "Asia/Tokyo")
    assert (done.status, f"scheduled for {day} 00:00:00 UTC" in done.out) == (0, True)
    assert "cancelled" in run("policy", "cancel", "shop").out
    assert run("site", "approval", "shop", "--on").out == "A second person approves.\n"
    done = run("policy", "publish", "shop")
    assert (done.status, "proposed (major) by operator" in done.out) == (6, True)
    refused = run("policy", "approve", "shop")
    assert (refused.status, "operator proposed this" in refused.err) == (1, True)
    assert "Too soon." in run("policy", "return", "shop", "--word", "Too soon.").out
    assert "nothing of shop waits" in run("policy", "approve", "shop").err
    listed = run("policy", "planned", "shop").out.splitlines()
    assert [line.split()[1] for line in listed] == ["returned", "cancelled"]
    run("site", "approval", "shop", "--off")
    assert "Published version 2" in run("policy", "publish", "shop").out


def test_a_list_of_cookies_is_taken_into_a_draft(
    run: Run, file: Callable[[object], str], tmp_path: Path
) -> None:
    said(run, "site", "add", "tea", "--name", "Tea", "--origin", ORIGIN)
    said(run, "policy", "draft", "tea", file(policy_json()))
    listed = tmp_path / "list.csv"
    listed.write_text("name,category,provider\n_new,marketing,A\n_adpix,marketing,B\n,x,C\n")
    command = ("policy", "cookies", "tea", str(listed))
    tried = run(*command, "--dry-run")
    assert (tried.status, tried.out) == (
        0,
        "1 added, 0 changed, 0 as they are, 2 left out (nothing was saved).\n",
    )
    assert "line 3: _adpix: it is in the list already" in tried.err
    assert "line 4: no name: name: give the name" in tried.err
    assert run(*command, "--overwrite").out == "1 added, 1 changed, 0 as they are, 1 left out.\n"
    assert run(*command).out == "0 added, 0 changed, 2 as they are, 1 left out.\n"
    listed.write_text("a,b\n1,2\n")
    refused = run(*command)
    assert (refused.status, "one of them is" in refused.err) == (1, True)
