"""The key files: made once whoever comes first, kept from others, refused with words."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from consent_service.cli import cli
from consent_service.cli.key import key as key_commands
from consent_service.errors import Misconfigured
from consent_service.signing import (
    Keyring,
    Purpose,
    list_keys,
    open_keyring,
    rotate,
    unb64url,
)
from consent_service.signing.files import read_key
from tests.tools import ROOT
from tests.unit.signed import PAYLOAD

NOW = 1_763_800_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a key for each purpose."""
    open_keyring(tmp_path / "data/keys", NOW)
    return tmp_path / "data/keys"


def key_file(folder: Path, purpose: str) -> Path:
    (path,) = folder.glob(f"{purpose}-*")
    return path


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_first_start_makes_a_key_for_each_purpose(folder: Path) -> None:
    keys = list_keys(folder)
    assert [key.purpose for key in keys] == ["ledger", "receipts", "sessions"]
    assert len({key.kid for key in keys}) == 3
    assert {key.created_at for key in keys} == {NOW}
    for key in keys:
        suffix = "secret" if key.purpose == Purpose.SESSIONS else "pem"
        assert key.path.name == f"{key.purpose}-001763800000-{key.kid[:8]}.{suffix}"


def test_only_the_owner_may_read_keys_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        open_keyring(tmp_path / "keys", NOW)
    finally:
        os.umask(before)
    assert mode(tmp_path / "keys") == 0o700
    files = list((tmp_path / "keys").iterdir())
    assert len(files) == 4  # The lock is one.
    assert {mode(path) for path in files} == {0o600}


def test_the_files_are_pkcs8_pem_that_other_tools_read(folder: Path) -> None:
    content = key_file(folder, "receipts").read_bytes()
    assert content.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert isinstance(load_pem_private_key(content, None), Ed25519PrivateKey)


def test_a_later_start_uses_the_keys_that_are_there(folder: Path) -> None:
    names = sorted(os.listdir(folder))
    first, later = open_keyring(folder, NOW), open_keyring(folder, NOW + 10_000)
    assert first.public_keys == later.public_keys
    assert sorted(os.listdir(folder)) == names
    assert later.sessions.open(first.sessions.seal({"a": 1}, NOW), NOW, 1) == {"a": 1}


def test_a_start_needs_no_writing_where_the_keys_are_there(folder: Path) -> None:
    (folder / ".lock").unlink()
    open_keyring(folder, NOW)
    assert not (folder / ".lock").exists()


def test_a_key_that_is_missing_is_made_beside_the_others(folder: Path) -> None:
    kid = open_keyring(folder, NOW).kid
    key_file(folder, "sessions").unlink()
    assert open_keyring(folder, NOW + 9).kid == kid
    assert list_keys(folder)[-1].created_at == NOW + 9


def test_what_a_crash_left_half_written_is_never_a_key(folder: Path) -> None:
    (folder / ".unfinished").write_bytes(b"-----BEGIN PRIV")
    assert len(list_keys(folder)) == 3
    rotate(folder, Purpose.LEDGER, NOW + 1)
    assert len(list_keys(folder)) == 4
    assert not (folder / ".unfinished").exists()


def test_other_files_in_the_folder_are_left_alone(folder: Path) -> None:
    (folder / "README").write_text("keys of the shop\n")
    (folder / "lost+found").mkdir()
    assert len(list_keys(folder)) == 3


# --- Refusals, each with what to do


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o644, 0o660, 0o601])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_key_file_that_others_can_reach_is_refused(
    folder: Path, purpose: Purpose, bits: int
) -> None:
    path = key_file(folder, purpose)
    path.chmod(bits)
    with pytest.raises(Misconfigured) as refused:
        open_keyring(folder, NOW)
    assert f"(mode {bits:04o}); run: chmod 600 {path}" in refused.value.message


@pytest.mark.parametrize("bits", [0o770, 0o702, 0o777])
def test_a_key_folder_that_others_can_write_to_is_refused(folder: Path, bits: int) -> None:
    folder.chmod(bits)
    with pytest.raises(Misconfigured, match=f"run: chmod 700 {folder}"):
        open_keyring(folder, NOW)


def pem(key: Ed25519PrivateKey | Ed448PrivateKey, password: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


GARBAGE = [
    ("receipts", b"", "not an unencrypted private key in PEM"),
    ("receipts", b"hello", "not an unencrypted private key in PEM"),
    ("receipts", b"\xff\x00" * 40_000, "not an unencrypted private key in PEM"),
    ("ledger", pem(Ed25519PrivateKey.generate(), b"secret"), "not an unencrypted private key"),
    ("ledger", pem(Ed448PrivateKey.generate()), "not an Ed25519 one"),
    ("receipts", pem(Ed25519PrivateKey.generate()), "holds another key than its name says"),
    ("sessions", b"", "secret of 0 bytes; it needs 32"),
    ("sessions", b"A" * 42, "secret of 31 bytes; it needs 32"),
    ("sessions", b"\xff" * 32, "not a secret in base64url"),
    ("sessions", b"not base64url, but long enough to be so", "not a secret in base64url"),
    ("sessions", b"A" * 43 + b"\n", "holds another key than its name says"),
]


@pytest.mark.parametrize(("purpose", "content", "says"), GARBAGE)
def test_a_garbage_file_is_refused_by_name(
    folder: Path, purpose: str, content: bytes, says: str
) -> None:
    path = key_file(folder, purpose)
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match=says) as refused:
        open_keyring(folder, NOW)
    assert str(path) in refused.value.message


@pytest.mark.parametrize(
    "name",
    ["receipts.pem", "receipts-1-AAAAAAAA.pem", "other-001763800000-AAAAAAAA.pem", "copy.secret"],
)
def test_a_key_under_a_strange_name_is_refused(folder: Path, name: str) -> None:
    shutil.copy2(key_file(folder, "receipts"), folder / name)
    with pytest.raises(Misconfigured, match="does not have the name of a key"):
        open_keyring(folder, NOW)


def test_a_key_of_one_purpose_under_the_name_of_another_is_refused(folder: Path) -> None:
    receipts = key_file(folder, "receipts")
    receipts.rename(folder / receipts.name.replace(".pem", ".secret"))
    with pytest.raises(Misconfigured):
        open_keyring(folder, NOW)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(Misconfigured, match="cannot be used"):
        open_keyring(tmp_path / "keys", NOW)


@pytest.mark.parametrize("act", [Keyring, list_keys, lambda path: rotate(path, Purpose.LEDGER, 1)])
def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, act: type[Keyring]) -> None:
    with pytest.raises(Misconfigured, match="it must exist"):
        act(tmp_path / "nowhere")


def test_no_secret_is_shown_by_what_holds_it(folder: Path) -> None:
    keyring = open_keyring(folder, NOW)
    path = key_file(folder, "sessions")
    shown = repr((keyring, vars(keyring), list_keys(folder), read_key(path)))
    secret = path.read_text().strip()
    assert path.name in shown
    assert secret not in shown
    assert repr(unb64url(secret)) not in shown


# --- Rotation and running processes


def test_a_rotated_key_is_newer_than_all_though_the_clock_runs_behind(folder: Path) -> None:
    made = [rotate(folder, Purpose.RECEIPTS, now) for now in (NOW, NOW - 500, NOW)]
    assert [key.created_at for key in made] == [NOW + 1, NOW + 2, NOW + 3]
    assert open_keyring(folder, NOW).kid == made[-1].kid


def test_a_rotated_key_signs_and_the_older_still_verifies(tmp_path: Path) -> None:
    keyring = open_keyring(tmp_path / "keys", NOW)
    before = keyring.sign_receipt(PAYLOAD)
    sealed_before = keyring.sessions.seal({"account": 1}, NOW)
    made = rotate(tmp_path / "keys", Purpose.RECEIPTS, NOW + 1)
    rotate(tmp_path / "keys", Purpose.SESSIONS, NOW + 1)
    assert keyring.kid == before.kid  # Not before it looks.

    assert keyring.refresh()
    after = keyring.sign_receipt(PAYLOAD)
    assert after.kid == keyring.kid == made.kid != before.kid
    assert [key.kid for key in keyring.public_keys] == [before.kid, after.kid]
    for receipt in (before, after):
        assert keyring.public.verify(receipt.token) == receipt
    assert keyring.sessions.open(sealed_before, NOW, 60) == {"account": 1}
    assert not keyring.refresh()


def test_a_rotation_touches_one_purpose(folder: Path) -> None:
    before = list_keys(folder)
    made = rotate(folder, Purpose.SESSIONS, NOW + 1)
    assert list_keys(folder) == (*before, made)


def test_a_keyring_is_read_again_only_when_the_listing_changed(folder: Path) -> None:
    keyring = open_keyring(folder, NOW)
    assert keyring.reread() is None
    made = rotate(folder, Purpose.RECEIPTS, NOW + 1)
    newer = keyring.reread()
    assert newer is not None
    assert (newer.kid, keyring.kid != made.kid) == (made.kid, True)
    keyring.adopt(newer)
    assert keyring.kid == made.kid
    assert keyring.reread() is None


def test_a_running_keyring_goes_on_when_the_folder_goes_bad(folder: Path) -> None:
    keyring = open_keyring(folder, NOW)
    kid = keyring.kid
    (folder / "receipts-009999999999-AAAAAAAA.pem").write_text("garbage")
    with pytest.raises(Misconfigured):
        keyring.refresh()
    assert keyring.kid == kid
    shutil.rmtree(folder)
    with pytest.raises(Misconfigured):
        keyring.refresh()
    assert keyring.kid == kid


def test_a_running_keyring_is_not_left_without_a_key(folder: Path) -> None:
    keyring = open_keyring(folder, NOW)
    key_file(folder, "sessions").unlink()
    with pytest.raises(Misconfigured, match="no key for: sessions"):
        keyring.refresh()
    assert keyring.sessions.seal({}, NOW)


STARTER = """
import sys, pathlib
from consent_service.signing import list_keys, open_keyring
print("ready", flush=True)
sys.stdin.readline()
keyring = open_keyring(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
print(keyring.kid, keyring.sessions.seal({}, 0), len(list_keys(keyring._folder)), flush=True)
"""


def start(folder: Path, now: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STARTER, str(folder), str(now)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def started_at_once(folder: Path, count: int) -> list[str]:
    """Several processes make or find the keys in the same moment; what each of them says."""
    processes = [start(folder, NOW + number) for number in range(count)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=60)[0].strip() for process in processes]


@pytest.mark.parametrize("round_", range(3))
def test_processes_that_start_at_once_agree_on_the_keys(tmp_path: Path, round_: int) -> None:
    said = started_at_once(tmp_path / "keys", 4)
    assert len(set(said)) == 1
    assert said[0].split()[2] == "3"


# --- The commands


def invoke(folder: Path, *arguments: str) -> Result:
    # As a command of the whole: a command by itself keeps its own `--help`, and no `-h`, for good.
    environment = {"CONSENT_KEYS": str(folder)}
    return CliRunner().invoke(cli, ["key", *arguments], env=environment, catch_exceptions=False)


def run(folder: Path, *arguments: str) -> str:
    result = invoke(folder, *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_show_and_rotate_keys(folder: Path) -> None:
    old = list_keys(folder)
    said = run(folder, "rotate")
    made = list_keys(folder)[2]
    assert made not in old
    assert made.kid in said
    assert f"Back up {made.path} now" in said

    lines = [line.split() for line in run(folder, "list").splitlines()]
    assert [(line[0], line[2], " ".join(line[3:])) for line in lines] == [
        ("ledger", old[0].kid, "in use"),
        ("receipts", old[1].kid, "retired"),
        ("receipts", made.kid, "in use"),
        ("sessions", old[2].kid, "in use"),
    ]
    assert lines[0][1] == "2025-11-22T08:26:40Z"


def test_the_commands_take_only_purposes_that_exist(folder: Path) -> None:
    result = invoke(folder, "rotate", "cookies")
    assert result.exit_code == 2
    assert "'cookies' is not one of" in result.output
    assert len(list_keys(folder)) == 3


def test_the_help_page_names_every_purpose_and_command() -> None:
    page = (ROOT / "consent_service/help/keys.md").read_text()
    for purpose in Purpose:
        assert f"`{purpose}-<time>-<id>." in page
    for command in key_commands.commands:
        assert f"consent-service key {command}" in page
