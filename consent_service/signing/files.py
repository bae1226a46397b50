"""Key files: what a private key on disk is called, who may read it, and what it holds.

A file's name says its purpose, its time and the start of its `kid`, and must be true of what the
file holds. Names sort by purpose and oldest to newest.
"""

import os
import re
import shlex
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from consent_service.errors import Invalid, Misconfigured
from consent_service.signing.encoding import sha256_b64, unb64url
from consent_service.signing.jwk import thumbprint


class Purpose(StrEnum):
    """What a key is for. A key never serves two purposes."""

    RECEIPTS = "receipts"
    LEDGER = "ledger"
    SESSIONS = "sessions"


class KeyFile(NamedTuple):
    """A private key on disk, without its secret."""

    path: Path
    purpose: Purpose
    created_at: int
    """Unix seconds, UTC."""
    kid: str
    """RFC 7638 thumbprint; for a session secret, its SHA-256."""


@dataclass(frozen=True)
class PrivateKey:
    """A key file with its secret: a seed of 32 bytes, or a session secret."""

    file: KeyFile
    secret: bytes = field(repr=False)  # So that no log or traceback ever shows it.


# The time comes first and has a fixed width: names sort oldest to newest.
_KEY_NAME = re.compile(r"(receipts|ledger|sessions)-([0-9]{12})-[A-Za-z0-9_-]{8}\.(pem|secret)")


def list_keys(folder: Path) -> tuple[KeyFile, ...]:
    """The key files, by purpose and oldest to newest, each checked. Raises `Misconfigured`."""
    with in_plain_words(folder):
        return tuple(key.file for key in read_keys(folder, names_in(folder)))


def names_in(folder: Path) -> tuple[str, ...]:
    """The names of the key files, sorted. Dot files are the lock and half-written keys."""
    names = (name for name in os.listdir(folder) if name.endswith((".pem", ".secret")))
    return tuple(sorted(name for name in names if not name.startswith(".")))


def missing_from(names: Iterable[str]) -> list[Purpose]:
    """The purposes that have no key file among those names."""
    present = {name.partition("-")[0] for name in names}
    return [purpose for purpose in Purpose if purpose not in present]


def read_keys(folder: Path, names: Iterable[str]) -> list[PrivateKey]:
    """The keys in the files of those names, each checked. Raises `Misconfigured`, `OSError`."""
    refuse_open_mode(folder, folder.stat(), 0o022, "700", "changed")
    return [read_key(folder / name) for name in names]


@contextmanager
def in_plain_words(folder: Path) -> Iterator[None]:
    """What the system refuses to do with the key folder becomes `Misconfigured`."""
    try:
        yield
    except OSError as error:
        raise Misconfigured(
            f"the key folder {folder} cannot be used: {error}; it must exist, and belong to the "
            "account that the service runs as"
        ) from error


def file_name(key: KeyFile) -> str:
    """The one name that the file of this key may have."""
    suffix = "secret" if key.purpose == Purpose.SESSIONS else "pem"
    return f"{key.purpose}-{key.created_at:012}-{key.kid[:8]}.{suffix}"


def key_id(purpose: Purpose, secret: bytes) -> str:
    """A key's `KeyFile.kid`."""
    if purpose == Purpose.SESSIONS:
        return sha256_b64(secret)
    return thumbprint(public_half(secret))


def public_half(seed: bytes) -> bytes:
    """The raw Ed25519 public key of a seed, both of 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def read_key(path: Path) -> PrivateKey:
    """The key in a file, if it is what its name says, and private. Raises `Misconfigured`."""
    named = _KEY_NAME.fullmatch(path.name)
    if not named:
        raise Misconfigured(
            f"{path} does not have the name of a key, such as receipts-001700000000-AbCdEfGh.pem: "
            "restore the name it had, or move it out of the folder"
        )
    purpose, created_at = Purpose(named[1]), int(named[2])
    with path.open("rb") as file:
        refuse_open_mode(path, os.fstat(file.fileno()), 0o077, "600", "read")
        content = file.read(65_536)
    read = _read_secret if purpose == Purpose.SESSIONS else read_pem
    secret = read(path, content)
    key_file = KeyFile(path, purpose, created_at, key_id(purpose, secret))
    if path.name != file_name(key_file):
        raise Misconfigured(
            f"{path} holds another key than its name says: restore {path.name} from the backup"
        )
    return PrivateKey(key_file, secret)


def refuse_open_mode(path: Path, status: os.stat_result, bits: int, mode: str, verb: str) -> None:
    """Raises `Misconfigured` where others than the owner could do that to it."""
    if status.st_mode & bits:
        raise Misconfigured(
            f"{path} can be {verb} by others (mode {stat.S_IMODE(status.st_mode):04o}); "
            f"run: chmod {mode} {shlex.quote(str(path))}"
        )


def read_pem(path: Path, content: bytes) -> bytes:
    """The seed of an Ed25519 key in a file's content. Raises `Misconfigured`."""
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Misconfigured(
            f"{path} is not an unencrypted private key in PEM: restore it from the backup"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Misconfigured(f"{path} holds a private key, but not an Ed25519 one")
    return key.private_bytes_raw()


def _read_secret(path: Path, content: bytes) -> bytes:
    try:
        secret = unb64url(content.decode("ascii").removesuffix("\n"))
    except (UnicodeDecodeError, Invalid) as error:
        raise Misconfigured(
            f"{path} is not a secret in base64url: restore it from the backup"
        ) from error
    if len(secret) < 32:
        raise Misconfigured(f"{path} has a secret of {len(secret)} bytes; it needs 32 or more")
    return secret
