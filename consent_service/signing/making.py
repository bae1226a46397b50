"""New keys: made under a lock, durable before they are used.

None is older than the one that it replaces, whatever the clock says.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from itsdangerous.encoding import base64_encode

from consent_service.signing.files import (
    KeyFile,
    Purpose,
    file_name,
    in_plain_words,
    key_id,
    list_keys,
    missing_from,
    names_in,
)


def rotate(folder: Path, purpose: Purpose, now: int) -> KeyFile:
    """Make a key that signs from now on; older ones still verify. Raises `Misconfigured`."""
    with in_plain_words(folder), _lock(folder):
        times = [key.created_at for key in list_keys(folder) if key.purpose == purpose]
        # A clock that runs behind must not make a key that is older than the one it replaces.
        return _make(folder, purpose, max([now, *(time + 1 for time in times)]))


def make_missing(folder: Path, now: int) -> None:
    """A key for each purpose that has none. Raises `OSError`."""
    with _lock(folder):
        # Read again: while this process waited for the lock, another may have made them.
        for purpose in missing_from(names_in(folder)):
            _make(folder, purpose, now)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the folder against other processes. The system lets go when a process dies."""
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(folder: Path, purpose: Purpose, now: int) -> KeyFile:
    """Make one key. The caller holds the lock."""
    secret, content = _new_key(purpose)
    kid = key_id(purpose, secret)
    name = file_name(KeyFile(folder, purpose, now, kid))
    unfinished = folder / ".unfinished"
    unfinished.unlink(missing_ok=True)  # What a crash left: never used, as it had no name.
    write_durably(unfinished, content)
    unfinished.rename(folder / name)
    sync_folder(folder)
    return KeyFile(folder / name, purpose, now, kid)


def _new_key(purpose: Purpose) -> tuple[bytes, bytes]:
    """A new secret, and how it is written down."""
    if purpose == Purpose.SESSIONS:
        secret = secrets.token_bytes(32)
        return secret, base64_encode(secret) + b"\n"
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key.private_bytes_raw(), pem


def write_durably(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read, and wait until it is on the disk."""
    # The mode is given as the file is made: at no moment can another account read it.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    # Else a power cut could take the new name away, and with it the key of receipts given out.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
