"""The keys that sign notes, as C2SP writes them: `name+id+base64(type || public key)`."""

import re
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple

from consent_service.errors import Invalid
from consent_service.merkle.text import b64, shown, unb64


class KeyType(IntEnum):
    """What a key's signature says, and over which bytes."""

    LOG = 1
    """Ed25519 over the note's text: the log itself."""
    WITNESS = 4
    """Ed25519 over a time and the note's text: `cosignature/v1`."""


class Key(NamedTuple):
    """A public key that may sign notes, under the name of its holder."""

    name: str
    type: KeyType
    public: bytes
    """The raw Ed25519 public key, 32 bytes."""

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names its key. They prove nothing."""
        start = self.name.encode() + b"\n"
        return sha256(start + bytes([self.type]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as others read it, in one line."""
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.type]) + self.public)}"


_VKEY = re.compile(r"([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]*)")


def log_key(name: str, public: bytes) -> Key:
    """The key by which a ledger signs its checkpoints. Raises `Invalid`."""
    return _checked(Key(name, KeyType.LOG, public))


def witness_key(name: str, public: bytes) -> Key:
    """The key by which a witness cosigns. Raises `Invalid`."""
    return _checked(Key(name, KeyType.WITNESS, public))


def parse_vkey(text: str) -> Key:
    """The key in one line of text. Raises `Invalid`."""
    found = _VKEY.fullmatch(text)
    if not found:
        raise Invalid(f"a key is written name+id+base64, and this is not one: {shown(text)}")
    material = unb64(found[3], "the public key in a vkey")
    if material[:1] not in (b"\x01", b"\x04"):
        raise Invalid(f"the key {shown(text)} is of another type than Ed25519 (1) or a witness (4)")
    key = _checked(Key(found[1], KeyType(material[0]), material[1:]))
    if key.id.hex() != found[2]:
        raise Invalid(f"the key {shown(text)} has the id {key.id.hex()}, not the one it says")
    return key


def check_name(name: str) -> None:
    """Raises `Invalid` if no key can have that name."""
    bad = any(char.isspace() or char == "+" or char < " " for char in name)
    # Bytes that were no UTF-8 are half surrogates here, and have no encoding.
    if not name or bad or any("\ud800" <= char <= "\udfff" for char in name):
        raise Invalid(f"a key's name is UTF-8 without spaces and plus signs: {shown(name)}")


def _checked(key: Key) -> Key:
    check_name(key.name)
    if len(key.public) != 32:
        raise Invalid(f"an Ed25519 public key has 32 bytes, and this one has {len(key.public)}")
    return key
