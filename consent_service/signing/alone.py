"""A private key in a file of its own, apart from those of the service: a witness's."""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from consent_service.errors import Misconfigured
from consent_service.signing.files import read_pem, refuse_open_mode
from consent_service.signing.ledger import Pen
from consent_service.signing.making import sync_folder, write_durably


def open_pen(path: Path) -> Pen:
    """The key in that file; where there is none it is made first. Raises `Misconfigured`."""
    try:
        if not path.exists():
            _make(path)
        with path.open("rb") as file:
            refuse_open_mode(path, os.fstat(file.fileno()), 0o077, "600", "read")
            return Pen(read_pem(path, file.read(65_536)))
    except OSError as error:
        raise Misconfigured(f"the key {path} cannot be used: {error}") from error


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    # What a crash leaves is never used, as it has no name that anybody looks for.
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_durably(unfinished, pem)
    try:
        # Unlike a renaming, this takes no name away: of two that start at once, one makes it.
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
    sync_folder(path.parent)
