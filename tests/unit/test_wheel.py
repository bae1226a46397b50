"""The wheel holds all that the service needs to run: an install needs no Node and no checkout."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.tools import ROOT, project_files

MUST = (
    "consent_service/built/banner.js",
    "consent_service/built/settings.js",
    "consent_service/help/settings.md",
    "consent_service/locales/en.json",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The wheel as `make wheel` builds it, into a folder of its own."""
    dist = tmp_path_factory.mktemp("dist")
    subprocess.run(["make", "wheel", f"VENV={sys.prefix}", f"DIST={dist}"], cwd=ROOT, check=True)
    (path,) = Path(dist).glob("*.whl")
    return ZipFile(path)


def test_every_file_of_the_package_is_in_the_wheel(wheel: ZipFile) -> None:
    files = {str(path.relative_to(ROOT)) for path in project_files("consent_service")}
    assert set(MUST) <= files
    assert not files - set(wheel.namelist())


def test_the_wheel_holds_the_same_bytes(wheel: ZipFile) -> None:
    for path in project_files("consent_service"):
        assert wheel.read(str(path.relative_to(ROOT))) == path.read_bytes()


def test_nothing_but_the_package_is_in_the_wheel(wheel: ZipFile) -> None:
    others = {name for name in wheel.namelist() if not name.startswith("consent_service/")}
    assert all(name.split("/")[0].endswith(".dist-info") for name in others)
    assert any(name.endswith("/licenses/LICENSE") for name in others)
