"""Pages for people tell no stale story: their links lead somewhere, their commands exist."""

import html
import re
import shlex
from pathlib import Path

import click
import pytest

from consent_service.cli import cli
from consent_service.web.pages import help as help_pages
from tests.tools import ROOT, project_files

HELP = ROOT / "consent_service/help"
PAGES = [path for path in project_files() if path.suffix == ".md"]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _links(path: Path) -> list[str]:
    """Where a page's links lead, as far as that is here: no scheme, no mere anchor."""
    # A link in an example is an example.
    text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(), flags=re.S)
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)", text)
    # `{cookies}` in a starting point is an address that each site fills in.
    elsewhere = ("mailto:", "{")
    return [link for link in links if "://" not in link and not link.startswith(elsewhere)]


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    assert not [link for link in _links(path) if not _leads_somewhere(path, link)]


def _leads_somewhere(path: Path, link: str) -> bool:
    if path.parent == HELP:
        # Served at /help/{page}: its neighbours have no ending, other addresses are the service's.
        return link.startswith("/") or (HELP / f"{link}.md").is_file()
    return (path.parent / link).exists()


@pytest.mark.parametrize("path", [path for path in PAGES if path.parent == HELP], ids=_name)
def test_a_help_page_opens_with_its_title_and_has_one(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
    assert text.startswith("# ")
    assert len(re.findall(r"^# ", text, flags=re.M)) == 1


def test_a_reader_of_the_cookie_is_shown_as_it_is_shipped() -> None:
    shown = html.unescape(help_pages.pages()["read-the-cookie"].html)
    readers = project_files("consent_service/help/readers")
    assert {path.suffix for path in readers} == {".py", ".php", ".mjs"}
    assert not [path.name for path in readers if path.read_text() not in shown]


def _calls(path: Path) -> list[list[str]]:
    """The calls of our command line in a page's examples, as words."""
    text = path.read_text().replace("\\\n", " ")
    examples = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.S))
    calls = re.findall(r"(?<!-u )\bconsent-service +([a-z][^`\n]*)", examples)
    return [shlex.split(call, comments=True) for call in calls]


def _unknown(words: list[str]) -> list[str]:
    """The words that should be a command or an option of our command line, and are not."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    options = {"--help", *(option for each in command.params for option in each.opts)}
    lost = [word for word in words if word.startswith("--") and word not in options]
    return words if isinstance(command, click.Group) and set(words) - options else lost


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_command_in_a_page_is_one_that_there_is(path: Path) -> None:
    assert not {" ".join(words): lost for words in _calls(path) if (lost := _unknown(words))}


@pytest.mark.parametrize(
    ("call", "unknown"),
    [
        ("serve --port 8080", []),
        ("key rotate receipts", []),
        ("site --help", []),
        ("srve", ["srve"]),
        ("serve --prot 8080", ["--prot"]),
        ("key turn", ["turn"]),
    ],
)
def test_a_command_that_there_is_not_is_seen(call: str, unknown: list[str]) -> None:
    assert _unknown(call.split()) == unknown
