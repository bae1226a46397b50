"""A policy's file with anything in it: read, or refused with a place; and nothing is lost."""

import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from consent_service.policy_files import PolicyFile, Unreadable, read, written
from consent_service.policy_files.reading import load
from tests.given import policy

EXAMPLES = settings(max_examples=300, deadline=None)
YAML = st.text("ab: -[]{},#&*!|>'\"%@`\n\t?0~<", max_size=80)


@EXAMPLES
@given(st.binary(max_size=200) | YAML.map(str.encode))
@example(b"%YAML 9.9\n---\n")
@example(b"%TAG ! tag:x,2026:\n---\n!x y")
@example(b"\xef\xbb\xbfsite: tea")
@example(b"- " * 1_000)
@example(b"{" * 10_000)
@example(b"? " * 1_000)
@example(b"a: |999\n x")
def test_any_bytes_are_a_file_or_refused_with_a_place(content: bytes) -> None:
    refused = refusal(content)
    if refused:
        lines = re.split(rb"\r\n|[\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9]", content)
        assert refused.message
        # What is missing at the end of a file is missed on the line after its last.
        assert 1 <= refused.place.line <= len(lines) + 1
        assert refused.place.column >= 1


def refusal(content: bytes) -> Unreadable | None:
    """How a file is refused, if it is. Nothing else may come out."""
    try:
        read(content)
    except Unreadable as refused:
        return refused
    return None


@EXAMPLES
@given(YAML)
def test_what_is_read_has_only_what_json_has(content: str) -> None:
    try:
        value, _ = load(content)
    except Unreadable:
        return
    assert _is_json(value)


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(each) for name, each in value.items())
    if isinstance(value, list):
        return all(_is_json(each) for each in value)
    return value is None or isinstance(value, str | int | float | bool)


# What cannot be in a YAML stream is refused when it is read, and never saved by a page.
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff\ufeff")
    | st.sampled_from("\n\t #:-*&!|>'\"%@`{}[],?\u2028\u2029\x85"),
    max_size=120,
)


@EXAMPLES
@given(WORDS, WORDS, WORDS)
@example("a" * 200, "x  \n  y", "\n a\n")
@example("- a\n- b", "# no comment", "---")
@example("a\n\n\n", "...", "  \n  ")
@example("word " * 40, "a  b " * 30, " lead " * 20)
@example("a\nb ", "a\n b", "a \nb")
def test_any_text_is_read_again_as_it_was_written(one: str, two: str, three: str) -> None:
    documents = {"cookies": {"en": one, "sv": two}, "privacy": {"en": three, two[:20]: "x"}}
    before = PolicyFile(site="tea", policy=policy(documents=documents))
    assert read(written(before, "https://x").encode()).file == before
