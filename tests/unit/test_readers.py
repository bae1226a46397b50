"""The readers of the choice cookie that a site's own server uses, each on the one table.

The widget runs its own parser on the same table (`widget/test/cookie.test.mjs`).
"""

import importlib.util
import json
import subprocess
from collections.abc import Callable
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.model import Category, Days, StoredChoice, must_ask
from tests import tools
from tests.tools import ROOT

READERS = ROOT / "consent_service/help/readers"
RUNNERS = ROOT / "tests/unit/readers"
TABLE: list[dict[str, Any]] = json.loads((ROOT / "tests/vectors/cookie.json").read_text())
OPTIONAL = ("preferences", "statistics", "marketing")

Answer = dict[str, Any]


def _module() -> ModuleType:
    """The Python reader as a site has it: one file, part of no package."""
    spec = importlib.util.spec_from_file_location("consent", READERS / "consent.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CONSENT = _module()


def in_python(rows: list[dict[str, Any]]) -> list[Answer]:
    """What the Python reader reads of each row."""
    return [
        CONSENT.read(
            row["cookies"],
            {"epochs": row["epochs"], "policy": {"days": row["days"]}},
            "1" if row["gpc"] else None,
            row["now"],
        )._asdict()
        for row in rows
    ]


def in_php(rows: list[dict[str, Any]]) -> list[Answer]:
    """What the PHP reader reads of each row."""
    return _run([tools.php(), str(RUNNERS / "run.php")], rows)


def in_javascript(rows: list[dict[str, Any]]) -> list[Answer]:
    """What the JavaScript reader reads of each row."""
    return _run([tools.node(), str(RUNNERS / "run.mjs")], rows)


def _run(command: list[str], rows: list[dict[str, Any]]) -> list[Answer]:
    ran = subprocess.run(
        command, input=json.dumps(rows), capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    answers: list[Answer] = json.loads(ran.stdout)
    return answers


Reader = Callable[[list[dict[str, Any]]], list[Answer]]
EVERY = pytest.mark.parametrize("reader", [in_python, in_php, in_javascript])


def _expected(row: dict[str, Any]) -> Answer:
    granted = {name: name in row["in_force"] for name in OPTIONAL}
    return granted | {"decided": row["decided"], "id": row["id"]}


@EVERY
def test_a_reader_reads_of_every_cookie_what_the_table_says(reader: Reader) -> None:
    read = dict(zip([row["name"] for row in TABLE], reader(TABLE), strict=True))
    assert read == {row["name"]: _expected(row) for row in TABLE}


@EVERY
def test_a_request_without_cookies_grants_nothing(reader: Reader) -> None:
    row = next(row for row in TABLE if row["in_force"])
    (read,) = reader([row | {"cookies": None}])
    assert not any(read.values())


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row["choice"] and not row["gpc"]], ids=lambda row: row["name"]
)
def test_the_services_rule_agrees_with_the_table(row: dict[str, Any]) -> None:
    choice = {name: row["choice"][name] for name in ("day", "granted", "epochs")}
    stored = msgspec.convert(choice, StoredChoice)
    epochs = msgspec.convert(row["epochs"], dict[Category, int])
    verdict = must_ask(stored, epochs, Days(**row["days"]), row["now"] // 86_400)
    found = ([str(category) for category in verdict.in_force], not verdict.ask)
    # The rule knows days; that a grant was not confirmed within one is for the reader to know.
    given_up = row["choice"]["pending"] and row["id"] is None
    assert (found == (row["in_force"], row["decided"])) is not given_up


def test_the_table_has_rows_of_every_kind() -> None:
    assert len(TABLE) == len({row["name"] for row in TABLE}) > 80
    malformed = [row for row in TABLE if row["name"].startswith("malformed: ")]
    assert len(malformed) > 30
    assert not [row for row in malformed if row["choice"] or row["in_force"] or row["decided"]]
    choices = [row["choice"] for row in TABLE if row["choice"]]
    kinds = {(choice["despite"], choice["pending"], bool(choice["granted"])) for choice in choices}
    assert {(True, False, True), (False, True, True), (False, False, False)} <= kinds
    assert max(len(row["cookies"]) for row in TABLE if row["name"].startswith("the longest")) == 64


LETTERS = st.text(alphabet="1.-p7fqo=;consent ZAg_\0\u0661\U0001f36a", max_size=60)


@given(st.lists(LETTERS, max_size=4))
def test_no_cookie_makes_the_reader_fail(pairs: list[str]) -> None:
    cookies = "; ".join(f"consent=1.{pair}" for pair in pairs)
    (read,) = in_python([TABLE[0] | {"cookies": cookies}])
    assert not any(read[name] for name in OPTIONAL)
