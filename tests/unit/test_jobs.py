"""Exports are taken away when their time is over: those, and nothing else."""

from pathlib import Path

from consent_service.jobs import KEPT, clear
from consent_service.signing import uuid7

NOW = 1_800_000_000


def test_an_export_is_taken_away_seven_days_after_it_was_asked_for(tmp_path: Path) -> None:
    ages = {"young": 0, "last": KEPT - 1, "over": KEPT + 1}
    folders = {name: tmp_path / uuid7((NOW - age) * 1000) for name, age in ages.items()}
    for folder in folders.values():
        (folder / "parts").mkdir(parents=True)
    assert clear(tmp_path, NOW) == 1
    assert [name for name, folder in folders.items() if folder.exists()] == ["young", "last"]


def test_what_is_no_export_is_left_alone(tmp_path: Path) -> None:
    for name in ("my-own", "2026-01-01"):
        (tmp_path / name).mkdir()
    assert clear(tmp_path, NOW) == 0
    assert len(list(tmp_path.iterdir())) == 2
