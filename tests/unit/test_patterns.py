"""What a declared name covers, and where two names cover the same."""

import json
from typing import Any

import pytest

from consent_service import checks, patterns
from tests.given import declaration, policy
from tests.tools import ROOT

COVERS = json.loads((ROOT / "tests/vectors/patterns.json").read_text())


@pytest.mark.parametrize("row", COVERS, ids=str)
def test_r24_a_pattern_covers_what_the_widget_deletes_by_it(row: list[Any]) -> None:
    pattern, name, covered = row
    assert patterns.covers(pattern, name) is covered


OVERLAP = (
    ("_ga", "_ga", True),
    ("_ga*", "_gat", True),
    ("_ga*", "_gid", False),
    ("_ga_*", "_ga*", True),
    ("*_id", "shop_*", True),
    ("a*z", "b*z", False),
    ("a*y", "a*z", False),
    ("a*b*c", "a*c", True),
    ("*", "anything", True),
)


@pytest.mark.parametrize(("one", "other", "both"), OVERLAP)
def test_two_names_overlap_where_one_name_is_in_both(one: str, other: str, both: bool) -> None:
    assert patterns.overlap(one, other) is both
    assert patterns.overlap(other, one) is both


@pytest.mark.parametrize(("one", "other", "both"), OVERLAP)
def test_a_list_of_names_finds_the_same_pairs(one: str, other: str, both: bool) -> None:
    pairs = list(patterns.overlaps([one, other]))
    assert bool(pairs) is (both and one != other)


ITEMS: tuple[tuple[str, dict[str, Any], dict[str, Any], bool], ...] = (
    ("two categories", {}, {}, True),
    ("one category", {"category": "statistics"}, {}, False),
    ("two kinds of storage", {"storage": "local_storage"}, {}, False),
    ("two domains", {"domain": "a.example"}, {}, False),
    ("pixels, which nothing deletes", {"storage": "pixel"}, {"storage": "pixel"}, False),
)


@pytest.mark.parametrize(("_", "one", "other", "refused"), ITEMS, ids=[row[0] for row in ITEMS])
def test_r24_overlapping_patterns_of_two_categories_are_refused_at_the_narrower_one(
    _: str, one: dict[str, Any], other: dict[str, Any], refused: bool
) -> None:
    declared = [
        declaration("_gat_x", "marketing") | one,
        declaration("_gat*", "statistics") | other,
    ]
    found = checks.findings(policy(declarations=declared), frozenset({"en", "sv"}))
    assert [(each.rule, each.field) for each in found] == (
        [("R24", "declarations[0].name")] if refused else []
    )
    item = policy(declarations=declared).declarations[0]
    alone = checks.of_declaration(policy(declarations=declared), 0, item)
    assert [(each.rule, each.field) for each in alone] == ([("R24", "name")] if refused else [])
