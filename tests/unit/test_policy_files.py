"""A policy as a file: read strictly, with the line of what does not fit; written to be read."""

import json
from importlib.resources import files
from itertools import pairwise

import jsonschema
import msgspec
import pytest

from consent_service.model import Policy
from consent_service.policies import parse_policy
from consent_service.policy_files import (
    Place,
    PolicyFile,
    Unreadable,
    read,
    schema,
    with_revision,
    written,
)
from consent_service.policy_files.reading import load
from tests.given import Json, declaration, policy, policy_json, text

SCHEMA = "https://consent.example/schemas/policy.json"


def demo() -> Policy:
    return parse_policy(files("consent_service.demo").joinpath("policy.json").read_bytes())


def file(content: Policy | None = None, revision: int = 7) -> PolicyFile:
    return PolicyFile(site="tea", revision=revision, policy=content or policy())


def yaml_of(content: Policy | None = None) -> str:
    return written(file(content), SCHEMA)


# --- Written and read again ----------------------------------------------------------------------

NAMES_OF_YAML_1_1 = declaration("no", "statistics", provider="Off", country="NO", readers="1_000")


@pytest.mark.parametrize(
    "content",
    [
        demo(),
        policy(),
        policy(declarations=[NAMES_OF_YAML_1_1]),
        policy(
            controller={"name": "", "address": "", "email": ""}, banner={"title": {}, "intro": {}}
        ),
        policy(
            documents={"cookies": text("A line.  \nIts break.\n\n    code\n"), "privacy": text("")}
        ),
        policy(
            documents={"cookies": text("\n\n# Late\n\n\n"), "privacy": text("\ttab\r\nCR\u2028LS")}
        ),
        policy(signals=["google", "matomo"], withdrawal={"reload": "offer", "hook": "/expire"}),
    ],
    ids=["demo", "plain", "yaml 1.1", "empty", "markdown", "odd breaks", "widget"],
)
def test_what_is_written_is_read_again_as_it_was(content: Policy) -> None:
    once = yaml_of(content)
    assert read(once.encode()).file == file(content)
    assert yaml_of(read(once.encode()).file.policy) == once


def test_the_first_line_names_the_schema_that_editors_check_it_by() -> None:
    assert yaml_of().splitlines()[0] == f"# yaml-language-server: $schema={SCHEMA}"


def test_texts_are_blocks_and_what_says_nothing_is_left_out() -> None:
    long = "A sentence that goes on " + "and on " * 20 + "until it ends."
    content = policy(
        documents={"cookies": text("# One\n\nTwo, with a break.  \nThree."), "privacy": text(long)},
        declarations=[declaration("_a", "statistics", seconds=None)],
    )
    lines = yaml_of(content).splitlines()
    assert "      en: |-" in lines
    assert "        Two, with a break.  " in lines
    assert "      en: >-" in lines
    assert max(len(line) for line in lines) <= 100
    assert not [
        line for line in lines if line.strip().startswith(("seconds:", "readers:", "hosts:"))
    ]
    assert "  languages: [en, sv]" in lines


def test_only_the_revision_is_changed_when_a_file_was_pushed() -> None:
    mine = "# Ours.\nrevision:   7 # of the draft\nsite: tea\npolicy: " + json.dumps(policy_json())
    source = read(mine.encode())
    assert with_revision(source, mine, 12) == mine.replace("  7 #", "  12 #")
    without = mine.replace("revision:   7 # of the draft\n", "")
    assert read(with_revision(read(without.encode()), without, 3).encode()).file.revision == 3


# --- Broken files --------------------------------------------------------------------------------

HEAD = "site: tea\npolicy:\n"
BROKEN: dict[str, tuple[str, Place, str]] = {
    "nothing": ("", Place(1, 1), "expected an object, got null"),
    "a bracket that stays open": ("site: [tea\n", Place(2, 1), "this is not YAML"),
    "a tab as indentation": ("site: tea\npolicy:\n\tdays: {}\n", Place(3, 1), "not with tabs"),
    "a member without its colon": ("site: tea\nrevision\npolicy: {}\n", Place(3, 1), "not YAML"),
    "a member twice": ("site: tea\nsite: tee\n", Place(2, 1), "there twice, first in line 1"),
    "a name that there is not": (f"{HEAD}  preselected: all\n", Place(3, 3), "no such member"),
    "a part that is missing": (
        f"{HEAD}  languages: [en]\n",
        Place(2, 1),
        "this member is required",
    ),
    "a list for a text": (f"{HEAD}  languages: en\n", Place(3, 3), "expected a list, got a string"),
    "an item of a list": (
        f"{HEAD}  languages:\n    - en\n    - 5\n",
        Place(5, 7),
        "got a whole number",
    ),
    "an alias": (f"{HEAD}  a: &x 1\n  b: *x\n", Place(3, 6), "no anchors and aliases"),
    "a bare asterisk": (f"{HEAD}  name: *_ga\n", Place(3, 9), "into quotes"),
    "a tag": (f"{HEAD}  a: !!python/object:os.system x\n", Place(3, 6), "no tags here"),
    "a second policy": ("site: tea\n---\nsite: tee\n", Place(2, 1), "one file holds one policy"),
    "a name that is a list": ("? [a]\n: b\n", Place(1, 3), "a member's name is a word"),
    "a number without end": (f"site: tea\nrevision: {'9' * 5000}\n", Place(2, 11), "many digits"),
    "an invisible character": ("site: tea\nrevision: \x07\n", Place(2, 11), "U.0007: remove it"),
    "a hundred levels": ("[" * 100 + "]" * 100, Place(1, 21), "nested too deeply"),
    "another encoding": ("site: tea\nname: \udcff", Place(2, 7), "not UTF-8"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told_with_its_line_and_column(name: str) -> None:
    content, place, words = BROKEN[name]
    with pytest.raises(Unreadable, match=words) as refused:
        read(content.encode(errors="surrogateescape"))
    assert refused.value.place == place


def test_a_billion_laughs_are_not_laughed() -> None:
    lines = ["a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise("abcdefghi")]
    with pytest.raises(Unreadable, match="no anchors and aliases") as refused:
        read("\n".join(lines).encode())
    assert refused.value.place == Place(1, 4)


def test_a_file_of_more_than_it_may_have_is_refused_unread() -> None:
    with pytest.raises(Unreadable, match="at most 16000000 bytes"):
        read(b"#" * 16_000_001)


@pytest.mark.parametrize(
    ("written_as", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("", None),
        ("'~'", "~"),
        ('"7"', "7"),
        ("7", 7),
        ("1_000", "1_000"),
        ("0o17", "0o17"),
        ("12:30:45", "12:30:45"),
        ("2026-11-22", "2026-11-22"),
        ("1.5", 1.5),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_plain_words_are_read_as_yaml_1_2_does(written_as: str, value: object) -> None:
    assert load(f"a: {written_as}")[0] == {"a": value}


def test_a_finding_finds_its_line() -> None:
    content = yaml_of()
    source = read(content.encode())
    place = source.place("policy.declarations[3].purpose.sv")
    assert content.splitlines()[place.line - 1][place.column - 1 :].startswith("sv: What _adpix")
    above = source.place("policy.declarations[3].purpose.de")
    assert content.splitlines()[above.line - 1].strip() == "purpose:"
    assert source.place("nothing.of.it") == Place(1, 1)


# --- The schema ----------------------------------------------------------------------------------


def fits(value: Json) -> bool:
    validator = jsonschema.Draft202012Validator(schema("https://consent.example"))
    return bool(validator.is_valid(value))


def test_the_schema_is_one_and_says_what_each_member_is_for() -> None:
    described = schema("https://consent.example")
    jsonschema.Draft202012Validator.check_schema(described)
    assert described["$id"] == SCHEMA
    members = described["$defs"]["CookieDeclaration"]["properties"]
    assert members["seconds"]["description"].startswith("How long it lasts, in seconds")
    assert set(described["$defs"]["Policy"]["properties"]) == set(Policy.__struct_fields__)


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"languages": []}, False),
        ({"preselected": True}, False),
        ({"days": {"refused": 30}}, False),
        ({"categories": {"functional": {"title": {}, "text": {}}}}, False),
        ({"declarations": [declaration("x", "statistics", country="Sweden")]}, False),
    ],
)
def test_the_schema_takes_what_the_service_takes(change: Json, good: bool) -> None:
    value = {"site": "tea", "revision": 1, "policy": policy_json(**change)}
    assert fits(value) is good
    try:
        read(msgspec.json.encode(value))
        taken = True
    except Unreadable:
        taken = False
    assert taken is good
