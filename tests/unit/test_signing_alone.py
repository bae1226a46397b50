"""A witness's key: made once, private, the same for all who start at once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from consent_service.errors import Misconfigured
from consent_service.signing import open_pen, verify


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "witness.pem"
    pen = open_pen(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_pen(path).public == pen.public
    assert verify(pen.public, b"a text", pen.sign(b"a text"))
    assert [each.name for each in path.parent.iterdir()] == ["witness.pem"]


def test_all_who_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "witness.pem"
    with ThreadPoolExecutor(16) as pool:
        made = {pen.public for pen in pool.map(open_pen, [path] * 16)}
    assert made == {open_pen(path).public}
    assert [each.name for each in tmp_path.iterdir()] == ["witness.pem"]


@pytest.mark.parametrize(
    ("content", "mode", "finding"),
    [
        (b"hello", 0o600, "is not an unencrypted private key"),
        (None, 0o640, "chmod 600"),
        (None, 0o604, "can be read by others"),
    ],
)
def test_a_key_that_is_none_or_that_others_can_read_is_refused(
    tmp_path: Path, content: bytes | None, mode: int, finding: str
) -> None:
    path = tmp_path / "witness.pem"
    open_pen(path)
    if content:
        path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(Misconfigured, match=finding):
        open_pen(path)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Misconfigured, match="cannot be used"):
        open_pen(tmp_path / "file" / "witness.pem")
