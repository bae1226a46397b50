"""What comes from strangers, with anything in it: a value or a clear refusal, and nothing else."""

import copy
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consent_service import words
from consent_service.errors import Invalid, NotFound, TooLarge
from consent_service.model import Choice, Policy
from consent_service.parsing import parse
from consent_service.policies import Publication, parse_policy
from consent_service.receipts import parse_choice
from consent_service.store.columns import digest_bytes, uuid_bytes
from consent_service.web.api.policies import DraftSaving
from consent_service.web.hot import encoding, matches
from tests.given import choice, policy_json

# No time limit: other work on the machine would make it one of luck.
EXAMPLES = settings(max_examples=400, deadline=None)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
KINDS: list[type] = [Choice, Policy, Publication, DraftSaving]


def value_or_refusal(kind: type, body: bytes) -> Any:
    """What came out, or None where it was refused, which must be in words."""
    try:
        return parse(kind, body)
    except Invalid as refusal:
        said = refusal
    assert said.message
    assert said.message.encode()
    assert not said.field or said.field in said.message
    return None


@pytest.mark.parametrize("kind", KINDS)
@EXAMPLES
@given(st.binary(max_size=300))
@example(b"")
@example(b"\xff")
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b'{"id":"\\ud800\\ud800"}')
@example(b'{"id":"\\udc00"}')
@example(b'{"\\ud800":1,"\\ud800":1}')
@example(b'{"version":' + b"9" * 10_000 + b"}")
@example(b'{"version":-0}')
@example(b'{"version":1E400}')
@example(b'{" - at `$.x`":1}')
@example(b'{"a`b - at `key` in `$`":1}')
def test_any_bytes_are_parsed_or_refused(kind: type, body: bytes) -> None:
    value_or_refusal(kind, body)


@pytest.mark.parametrize("kind", KINDS)
@EXAMPLES
@given(JSON)
def test_any_json_is_parsed_or_refused(kind: type, value: Any) -> None:
    value_or_refusal(kind, json.dumps(value).encode())


GOOD = choice("0123456789abcdef")
MEMBERS = st.sampled_from([*GOOD, *(f"choices.{name}" for name in GOOD["choices"])])


def changed(path: str, value: Any) -> Any:
    """The good choice with another value at that place."""
    whole = copy.deepcopy(GOOD)
    inner: Any = whole["choices"] if "." in path else whole
    inner[path.rpartition(".")[2]] = value
    return whole


@EXAMPLES
@given(MEMBERS, JSON)
def test_a_choice_with_anything_as_a_member_is_a_choice_or_refused(path: str, value: Any) -> None:
    """What comes out is what went in: nothing is coerced, nothing is made up."""
    whole = changed(path, value)
    parsed = value_or_refusal(Choice, json.dumps(whole).encode())
    if parsed is not None:
        # As text: to Python, 1 equals true.
        assert json.dumps(msgspec.to_builtins(parsed)) == json.dumps(whole)


@EXAMPLES
@given(st.text(), JSON)
def test_r45_a_choice_with_a_member_more_is_refused(name: str, value: Any) -> None:
    if name not in GOOD:
        assert value_or_refusal(Choice, json.dumps({**GOOD, name: value}).encode()) is None


@EXAMPLES
@given(st.data())
def test_a_good_choice_with_some_bytes_changed_is_a_choice_or_refused(data: st.DataObject) -> None:
    body = bytearray(json.dumps(GOOD).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        kind = data.draw(st.sampled_from(["replace", "insert", "delete"]))
        byte = data.draw(st.binary(min_size=1, max_size=1))
        body[at : at + (kind != "insert")] = b"" if kind == "delete" else byte
        if not body:
            break
    try:
        parsed = parse_choice(bytes(body))
    except (Invalid, TooLarge):
        return
    assert set(json.loads(body)) == set(GOOD)
    assert parsed.choices.necessary is True


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_good_policy_with_some_bytes_changed_is_a_policy_or_refused(data: st.DataObject) -> None:
    body = bytearray(json.dumps(policy_json()).encode())
    at = data.draw(st.integers(0, len(body) - 1))
    body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        parsed = parse_policy(bytes(body))
    except Invalid:
        return
    assert parsed.days.refused >= 120


def test_the_good_ones_are_good() -> None:
    """Else the tests above would only ever see refusals."""
    assert value_or_refusal(Choice, json.dumps(GOOD).encode()) is not None
    assert value_or_refusal(Policy, json.dumps(policy_json()).encode()) is not None


# --- Headers and names ---------------------------------------------------------------------------

HEADER = st.binary(max_size=200) | st.text(',;q=0.1* abgrsvzip-/W"', max_size=80).map(str.encode)


@EXAMPLES
@given(HEADER)
@example(b"," * 10_000)
@example(b";q=" * 1_000)
def test_any_accept_encoding_gives_an_encoding(header: bytes) -> None:
    assert encoding(header) in ("br", "gzip", "identity")


@EXAMPLES
@given(HEADER)
def test_any_if_none_match_matches_only_where_the_tag_is_in_it(header: bytes) -> None:
    if matches(header, b'"abc-br"'):
        assert header.strip() == b"*" or b'"abc-br"' in header
    assert matches(header + b', "abc-br"', b'"abc-br"')


@EXAMPLES
@given(st.text(max_size=200) | HEADER.map(lambda header: header.decode("latin-1")))
@example("sv;q=nan,en;q=inf")
@example("sv;q=-1")
@example("-" * 100_000)
@example("en;q=1_0")
def test_any_accept_language_gives_an_offered_language_or_none(header: str) -> None:
    assert words.negotiate(header, ("en", "sv", "pt-BR")) in ("en", "sv", "pt-BR", None)
    assert words.nearest(header, ("en", "sv", "pt-BR")) in ("en", "sv", "pt-BR", None)
    assert words.negotiate(header, ()) is None


@EXAMPLES
@given(st.text(max_size=60))
@example("0" * 32)
@example(" " * 36)
@example("0196f1d0-1111-7000-8000-00000000000\u0660")
def test_any_text_is_an_id_in_one_spelling_or_none(text: str) -> None:
    readers: list[Callable[[str], bytes]] = [uuid_bytes, digest_bytes]
    for read in readers:
        try:
            raw = read(text)
        except NotFound:
            continue
        assert len(raw) in (16, 32)
        assert text.isascii()
