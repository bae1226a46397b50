"""Checks evidence of consent: offline, and without the service that made it.

    python verify.py bundle.zip
    python verify.py export.zip

This one file needs Python 3.11 and `pip install cryptography`. It reads an evidence bundle (one
receipt) or an export (a period) and says of each check whether it holds, and what that proves.

Whom to trust is for the auditor to say. Without these, what the bundle brings is believed and
shown, to be compared with what you know:

    --jwks FILE     the service's public keys, as you fetched them
    --trust FILE    the ledgers and witnesses that you trust, a tlog-policy
    --tsa FILE      certificates of time-stamping authorities, PEM

The exit code is 0 if every check holds, 1 if one fails, 2 if none fails but something is not
shown, 3 if the file cannot be read at all.
"""

import argparse
import base64
import binascii
import hmac
import io
import json
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

HOLDS, OPEN, FAILS = "holds", "not shown", "FAILS"
SUMS = "SHA256SUMS"
MANIFEST = "manifest.json"
SLACK = 60
"""Seconds by which a receipt's own time may lie outside of its bracket: clocks differ."""
WIDTHS = {"narrow": 360, "medium": 768, "wide": 1440}
"""How wide the window was that a screenshot was taken in, in CSS pixels."""
MOST = 1 << 30
"""Bytes of the largest bundle that is read."""

Members = Mapping[str, bytes]
Claims = dict[str, Any]


class Failed(Exception):
    """Something is there that should not be so. The message says what."""


class NotShown(Exception):
    """There is nothing in the bundle to show it by. The message says what is missing."""


class Result(NamedTuple):
    """What became of one check."""

    name: str
    state: str
    text: str
    """What passing proves; or why it failed; or what is missing."""


class Anchors(NamedTuple):
    """What an auditor brings. Where there is none, the bundle's own is believed."""

    jwks: bytes | None = None
    trust: bytes | None = None
    tsa: bytes | None = None


NO_ANCHORS = Anchors()


# --- The file: a zip written in exactly one way ---------------------------------------------------
#
# Nothing is compressed and no time is in it, so that what it holds decides every byte of it: who
# packs the same members again gets the same file, and one that differs was changed.

_LOCAL, _CENTRAL, _END = "<4s5H3L2H", "<4s6H3L5H2L", "<4s4H2LH"
_HEAD = 30
_DAY = 0x21
"""1980-01-01, the first day of a zip's calendar."""


def pack(members: Members) -> bytes:
    """The zip that holds these members in this order."""
    parts, directory, at = list[bytes](), list[bytes](), 0
    for name, content in members.items():
        file, crc, size = name.encode(), zlib.crc32(content), len(content)
        common = (20, 0x800, 0, 0, _DAY, crc, size, size, len(file), 0)
        parts.append(struct.pack(_LOCAL, b"PK\3\4", *common) + file + content)
        rest = (0, 0, 0, 0o100644 << 16, at)
        directory.append(struct.pack(_CENTRAL, b"PK\1\2", 0x314, *common, *rest) + file)
        at += len(parts[-1])
    listing, count = b"".join(directory), len(members)
    end = struct.pack(_END, b"PK\5\6", 0, 0, count, count, len(listing), at, 0)
    return b"".join((*parts, listing, end))


def unpack(data: bytes) -> dict[str, bytes]:
    """The members of a zip that `pack` made. Raises `Failed`."""
    members, at = dict[str, bytes](), 0
    while data[at : at + 4] == b"PK\3\4":
        name, content = _member(data, at)
        if name in members:
            raise Failed(f"byte {at}: {name} is in the file twice")
        members[name] = content
        at += _HEAD + len(name.encode()) + len(content)
    if not members:
        raise Failed("this is not a bundle: it does not begin as a zip does")
    if data[at : at + 4] != b"PK\1\2":
        raise Failed(f"byte {at}: after {next(reversed(members))} the file is not as it was packed")
    return members


def _member(data: bytes, at: int) -> tuple[str, bytes]:
    if at + _HEAD > len(data):
        raise Failed(f"byte {at}: the file ends in the middle of a member's head")
    *_, size, _, length, extra = struct.unpack_from(_LOCAL, data, at)
    begin = at + _HEAD + length
    if extra or begin + size > len(data):
        raise Failed(f"byte {at}: the file ends before the member that begins here")
    try:
        return data[at + _HEAD : begin].decode(), data[begin : begin + size]
    except UnicodeDecodeError as error:
        raise Failed(f"byte {at}: a member's name is not UTF-8") from error


def sums(members: Members) -> bytes:
    """The list of what is in a bundle: a SHA-256 and a name in each line, as `sha256sum` has it."""
    lines = (f"{sha256(members[name]).hexdigest()}  {name}\n" for name in sorted(members))
    return "".join(lines).encode()


def check_whole(data: bytes, members: Members, listed: Members) -> str:
    """Whether the file is what was packed. `listed` has what lies elsewhere as well."""
    repacked = pack(members)
    if repacked != data:
        pairs = enumerate(zip(data, repacked, strict=False))
        at = next((at for at, (a, b) in pairs if a != b), min(len(data), len(repacked)))
        raise Failed(f"byte {at} of the file is not as it was packed")
    if SUMS not in members:
        raise Failed(f"there is no {SUMS}, the list of what is in the bundle")
    expected = sums({name: listed[name] for name in listed if name != SUMS})
    if members[SUMS] != expected:
        raise Failed(_difference(members[SUMS], expected))
    count = len(listed)
    return f"It holds {count} files: each as {SUMS} has it, nothing more and nothing less."


def _difference(found: bytes, expected: bytes) -> str:
    """What the list says otherwise than the files."""
    said, is_so = _lines(found), _lines(expected)
    changed = sorted(name for name in said.keys() & is_so.keys() if said[name] != is_so[name])
    missing, more = sorted(said.keys() - is_so.keys()), sorted(is_so.keys() - said.keys())
    for names, what in (
        (changed, "is not the file that the list names"),
        (missing, "is in the list and not in the bundle"),
        (more, "is in the bundle and not in the list"),
    ):
        if names:
            return f"{', '.join(names)[:200]!a} {what}"
    return f"{SUMS} is not written as it should be"


def _lines(listing: bytes) -> dict[str, str]:
    split = (line.partition("  ") for line in listing.decode("utf-8", "replace").splitlines())
    return {name: digest for digest, _, name in split}


# --- Small readers, each strict -------------------------------------------------------------------


_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def b64url(data: bytes) -> str:
    """Base64url without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode()


def _unb64url(text: str, what: str) -> bytes:
    try:
        plain = text.encode("ascii").translate(_FROM_URL)
        data = binascii.a2b_base64(plain + b"=" * (-len(plain) % 4))
    except ValueError as error:
        raise Failed(f"{what} is not base64url") from error
    if b64url(data) != text:
        raise Failed(f"{what} is not in the one canonical form of base64url")
    return data


def _unb64(text: str, what: str, size: int = 0) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failed(f"{what} is not base64") from error
    if base64.b64encode(data).decode() != text or (size and len(data) != size):
        raise Failed(f"{what} is not {size or 'some'} bytes in the one canonical form of base64")
    return data


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Failed(f"{what} is not UTF-8: byte {error.start} does not fit") from error


def _json(data: bytes, what: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Failed(f"{what} is not JSON: {error}") from error


def _sentence(error: Exception) -> str:
    """What an error says, as a sentence. The name of a file stays as it is."""
    text = str(error)
    first = text if "." in text.partition(" ")[0] else f"{text[:1].upper()}{text[1:]}"
    return f"{first}."


def _whole_number(text: str, what: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text) or int(text) >= 1 << 63:
        raise Failed(f"{what} is not a decimal number: {text[:40]!a}")
    return int(text)


def _utc(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"second {at}"


@lru_cache(maxsize=256)
def _public(raw: bytes) -> ed25519.Ed25519PublicKey:
    return ed25519.Ed25519PublicKey.from_public_bytes(raw)


def _verify(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        _public(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- 1. The signature -----------------------------------------------------------------------------

_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_HEADER = '{"alg":"%s","kid":"%s","typ":"consent-receipt+jwt"}'
_CATEGORIES = ("necessary", "preferences", "statistics", "marketing")
_MISSING = object()
_CLAIMS: dict[str, type | tuple[type, ...]] = {
    "iss": str,
    "jti": str,
    "iat": int,
    "site": str,
    "act": str,
    "src": str,
    "cat": dict,
    "pol": dict,
    "ui": dict,
    "epoch": dict,
    "basis": str,
    "gpc": bool,
    "exp_consent": int,
    "prev": (str, type(None)),
}


def read_jwks(document: bytes) -> dict[str, bytes]:
    """The Ed25519 keys of a key set, by their thumbprints. Raises `Failed`."""
    key_set = _json(document, "jwks.json")
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(keys, list):
        raise Failed("jwks.json is not a set of keys")
    return dict(map(_jwk, keys))


def _jwk(jwk: Any) -> tuple[str, bytes]:
    kind = (jwk.get("kty"), jwk.get("crv")) if isinstance(jwk, dict) else None
    if kind != ("OKP", "Ed25519") or not isinstance(jwk.get("x"), str):
        raise Failed("jwks.json has a key that is not of Ed25519")
    public = _unb64url(jwk["x"], "a key in jwks.json")
    canonical = f'{{"crv":"Ed25519","kty":"OKP","x":"{jwk["x"]}"}}'
    kid = b64url(sha256(canonical.encode()).digest())
    if len(public) != 32 or jwk.get("kid", kid) != kid:
        raise Failed(f"jwks.json calls a key {jwk.get('kid')!a} whose thumbprint is {kid}")
    return kid, public


def read_receipt(token: str, keys: Mapping[str, bytes]) -> Claims:
    """The claims of a receipt that one of these keys signed. Raises `Failed`."""
    return _claims(signed_payload(token, keys))


def signed_payload(token: str, keys: Mapping[str, bytes]) -> bytes:
    """What one of these keys signed. Raises `Failed`."""
    if not _JWS.fullmatch(token):
        raise Failed("it is not three parts of base64url with dots between them")
    header, payload, signature = token.split(".")
    kid = _kid(header)
    data, signed = _unb64url(payload, "the receipt's payload"), token[: -len(signature) - 1]
    raw = _unb64url(signature, "the receipt's signature")
    if kid not in keys:
        raise Failed(f"its header names the key {kid!a}, which is none of the {len(keys)} known")
    if not _verify(keys[kid], signed.encode(), raw):
        raise Failed(f"the signature does not hold under the key {kid}")
    return data


@lru_cache(maxsize=256)
def _kid(text: str) -> str:
    header = _unb64url(text, "the receipt's header")
    read = _json(header, "the receipt's header")
    kid, alg = (read.get("kid"), read.get("alg")) if isinstance(read, dict) else ("", "")
    # Byte for byte: a member more or less, or another order, is not a receipt's header.
    if alg not in ("EdDSA", "Ed25519") or (_HEADER % (alg, kid)).encode() != header:
        raise Failed("its header is not exactly the one of a consent receipt")
    return str(kid)


def _claims(payload: bytes) -> Claims:
    claims = _json(payload, "the receipt's payload")
    if not isinstance(claims, dict):
        raise Failed("the signature holds, but it is over no claims")
    for name, kind in _CLAIMS.items():
        if not isinstance(claims.get(name, _MISSING), kind):
            raise Failed(f"the signature holds, but the claim {name} is missing or not one")
    said = {name: claims["cat"].get(name) for name in _CATEGORIES}
    if set(claims["cat"]) != set(said) or not all(isinstance(yes, bool) for yes in said.values()):
        raise Failed("the signature holds, but it does not decide about the four categories")
    _members(claims["pol"], "pol", v=int, sha256=str, lang=str)
    _members(claims["ui"], "ui", sha256=str, layer=int, viewport=str)
    return claims


# What a receipt has for itself, between what many have alike. No text within JSON holds the bytes
# of a member, for its quotes are escaped: what is found is the claim.
_OWN = re.compile(
    rb'({"iss":"[^"]*","jti":")[0-9a-f-]{36}","iat":(0|[1-9][0-9]{0,10})(,"site":"[^"]*")'
    rb'(?:,"sub":"[\w-]*")?(,"act":.*,"exp_consent":)(?:0|[1-9][0-9]{0,10})'
    rb',"prev":(?:null|"[\w-]*")}'
).fullmatch


def _site_and_time(payload: bytes) -> tuple[str, int]:
    """`site` and `iat` of well-formed claims. Raises `Failed`. What many receipts say alike is
    looked at once: that takes as long as a tenth of their signature."""
    own = _OWN(payload)
    if own:
        return _site(own[1] + b'","iat":0' + own[3] + own[4] + b'0,"prev":null}'), int(own[2])
    claims = _claims(payload)
    return claims["site"], claims["iat"]


@lru_cache(maxsize=4_096)
def _site(payload: bytes) -> str:
    return str(_claims(payload)["site"])


def _members(value: dict[str, Any], what: str, **kinds: type) -> None:
    for name, kind in kinds.items():
        if not isinstance(value.get(name), kind):
            raise Failed(f"the signature holds, but the claim {what}.{name} is missing or not one")


# --- Keys, notes, and whom they are of (C2SP) -----------------------------------------------------

LOG, WITNESS = 1, 4


class Key(NamedTuple):
    """A key that signs notes."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names it."""
        start = self.name.encode() + b"\n"
        return sha256(start + bytes([self.type]) + self.public).digest()[:4]


class Trust(NamedTuple):
    """What a tlog-policy says."""

    logs: tuple[Key, ...]
    witnesses: Mapping[str, Key]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    quorum: str

    def is_met(self, keys: Iterable[Key]) -> bool:
        """Whether the witnesses with these keys are a quorum."""
        have = set(keys)
        agreed = {"none"} | {name for name, key in self.witnesses.items() if key in have}
        for name, (threshold, members) in self.groups.items():
            if len(agreed & set(members)) >= threshold:
                agreed.add(name)
        return self.quorum in agreed


def read_key(text: str) -> Key:
    """A key in one line: its name, its id, and its type with the public key. Raises `Failed`."""
    name, plus, rest = text.partition("+")
    id_, _, encoded = rest.partition("+")
    material = _unb64(encoded, f"the key of {name[:60]!a}", 33)
    key = Key(name, material[0], material[1:])
    if not plus or not name or key.type not in (LOG, WITNESS) or key.id.hex() != id_:
        raise Failed(f"{text[:80]!a} is not a key as ledgers and witnesses have it")
    return key


def read_trust(data: bytes) -> Trust:
    """The trust in a tlog-policy. Raises `Failed`, naming the line."""
    logs, quorums = list[Key](), list[str]()
    witnesses, groups = dict[str, Key](), dict[str, tuple[int, tuple[str, ...]]]()
    for number, line in enumerate(_text(data, "the tlog-policy").splitlines(), start=1):
        word, *rest = line.split("#")[0].split() or [""]
        if word == "log" and len(rest) in (1, 2):
            logs.append(read_key(rest[0]))
        elif word == "witness" and len(rest) in (2, 3):
            witnesses[rest[0]] = read_key(rest[1])
        elif word == "group" and len(rest) > 2:
            groups[rest[0]] = (_threshold(rest[1], len(rest) - 2), tuple(rest[2:]))
        elif word == "quorum" and len(rest) == 1:
            quorums += rest
        elif word:
            raise Failed(f"line {number} of the tlog-policy is none: {line[:60]!a}")
    _check_trust(logs, witnesses, groups, quorums)
    return Trust(tuple(logs), witnesses, groups, quorums[0])


def _threshold(text: str, members: int) -> int:
    count = {"any": 1, "all": members}.get(text) or _whole_number(text, "a group's number")
    if not 1 <= count <= members:
        raise Failed(f"the tlog-policy asks for {count} of {members} members")
    return count


def _check_trust(
    logs: list[Key],
    witnesses: Mapping[str, Key],
    groups: Mapping[str, tuple[int, tuple[str, ...]]],
    quorums: list[str],
) -> None:
    known = {"none"} | witnesses.keys() | groups.keys()
    named = [member for _, members in groups.values() for member in members]
    if len(quorums) != 1 or not {*named, *quorums} <= known or len(named) != len(set(named)):
        raise Failed("the tlog-policy does not have one quorum of known names, each named once")
    if any(key.type != LOG for key in logs) or any(k.type != WITNESS for k in witnesses.values()):
        raise Failed(
            "the tlog-policy has the key of a witness for a log, or of a log for a witness"
        )
    if len({key.public for key in witnesses.values()}) != len(witnesses):
        raise Failed("the tlog-policy has one witness's key twice")


class Line(NamedTuple):
    """A signature of a note, of which nothing is known yet."""

    name: str
    key_id: bytes
    value: bytes


class Note(NamedTuple):
    """A text, and signatures over it."""

    text: str
    lines: tuple[Line, ...]


class Checkpoint(NamedTuple):
    """A ledger's name, size and root; and who signed that, when."""

    origin: str
    size: int
    root: bytes
    text: str
    times: tuple[tuple[str, int], ...]
    """When which witness says that it saw this."""


def read_note(data: bytes, what: str) -> Note:
    """The note in these bytes. Raises `Failed`."""
    text, blank, lines = _text(data, what).rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise Failed(f"{what} is not a signed note")
    return Note(f"{text}\n", tuple(_line(line, what) for line in lines[:-1].split("\n")))


def _line(line: str, what: str) -> Line:
    found = re.fullmatch("\N{EM DASH} ([^ +]+) ([A-Za-z0-9+/=]+)", line)
    if not found:
        raise Failed(f"{what} has a line that is no signature: {line[:60]!a}")
    value = _unb64(found[2], f"a signature of {what}")
    return Line(found[1], value[:4], value[4:])


def read_checkpoint(note: Note, site: str, trust: Trust, what: str) -> Checkpoint:
    """The checkpoint of the site's ledger, signed by a trusted log and a quorum. Raises `Failed`.

    1. It is of the ledger of that site.
    2. A trusted key of that ledger signed it; no signature of a trusted key fails.
    3. As many witnesses cosigned it as the quorum asks for.
    """
    origin, size, root, *_ = (*note.text.split("\n"), "", "")
    if not origin.endswith(f"/ledger/{site}"):  # 1
        raise Failed(f"{what} is of {origin[:80]!a}, and not of the ledger of {site}")
    logs = [key for key in trust.logs if key.name == origin]
    signed = list(_signed(note, [*logs, *trust.witnesses.values()], what))  # 2
    if not any(key in logs for key, _ in signed):
        raise Failed(f"{what}: no trusted key of {origin[:80]!a} signed it")
    witnesses = [(key, time) for key, time in signed if key.type == WITNESS]
    if not trust.is_met(key for key, _ in witnesses):  # 3
        raise Failed(f"{what}: {len(witnesses)} witnesses cosigned it, which is not the quorum")
    number, times = _whole_number(size, f"the size in {what}"), [(k.name, t) for k, t in witnesses]
    root_bytes = _unb64(root, f"the root in {what}", 32)
    return Checkpoint(origin, number, root_bytes, note.text, tuple(times))


def _signed(note: Note, keys: Sequence[Key], what: str) -> Iterator[tuple[Key, int]]:
    known = {(key.name, key.id): key for key in keys}
    for line in note.lines:
        key = known.get((line.name, line.key_id))
        if key:
            yield key, _signed_at(note.text, line, key, what)


def _signed_at(text: str, line: Line, key: Key, what: str) -> int:
    time, message, value = 0, text.encode(), line.value
    if key.type == WITNESS:
        time, value = int.from_bytes(value[:8], "big"), value[8:]
        message = f"cosignature/v1\ntime {time}\n".encode() + message
    if time >= 1 << 40 or not _verify(key.public, message, value):
        raise Failed(f"{what}: the signature of {key.name[:80]!a} does not hold")
    return time


# --- 4. The place in the ledger (RFC 6962, C2SP tlog-proof) ---------------------------------------

RECEIPT, POLICY, IMPORT, SCRIPT, SCREENSHOT = 1, 2, 6, 7, 9
ENTRY = struct.Struct(">4sBBQ32s32s")


class Proof(NamedTuple):
    """A proof of an entry's place, of which nothing is checked yet."""

    at: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes


def read_proof(data: bytes, what: str) -> Proof:
    """The proof in these bytes. Raises `Failed`."""
    head, _, note = _text(data, what).partition("\n\n")
    title, *lines = head.split("\n")
    if title != "c2sp.org/tlog-proof@v1":
        raise Failed(f"{what} is not a tlog-proof")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = _unb64(lines.pop(0).removeprefix("extra "), f"the extra line of {what}")
    if not lines or not lines[0].startswith("index ") or len(lines) > 64:
        raise Failed(f"{what} does not have an index and then hashes")
    index = _whole_number(lines[0].removeprefix("index "), f"the index in {what}")
    path = tuple(_unb64(line, f"a hash in {what}", 32) for line in lines[1:])
    return Proof(index, path, read_note(note.encode(), f"the checkpoint in {what}"), extra)


def check_inclusion(
    entry: bytes, index: int, checkpoint: Checkpoint, path: Sequence[bytes]
) -> None:
    """Raises `Failed` unless that entry stands at that place of that tree (RFC 9162, 2.1.3.2)."""
    if not index < checkpoint.size:
        raise Failed(f"the proof is for entry {index}, and the ledger has {checkpoint.size}")
    node, last, hash_ = index, checkpoint.size - 1, sha256(b"\0" + entry).digest()
    for sibling in path:
        if last == 0:
            raise Failed("the proof is longer than any of this ledger can be")
        if node & 1 or node == last:
            hash_ = _node(sibling, hash_)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hash_ = _node(hash_, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or hash_ != checkpoint.root:
        raise Failed(
            f"entry {index} of the ledger is another one: the proof does not lead to the root of "
            f"the {checkpoint.size} entries"
        )


def check_consistency(old: Checkpoint, new: Checkpoint, path: Sequence[bytes]) -> None:
    """Raises `Failed` unless the new tree begins with all of the old one (RFC 9162, 2.1.4.2)."""
    if not 0 < old.size <= new.size:
        raise Failed(f"a ledger of {new.size} entries does not begin with one of {old.size}")
    if old.size == new.size:
        if path or old.root != new.root:
            raise Failed(f"there are two ledgers of {old.size} entries: it was forked")
        return
    if not path:
        raise Failed("there is no proof that the ledger grew from the checkpoint before it")
    # A perfect old tree is not in the proof: whoever checks has its hash.
    first, *rest = path if old.size & (old.size - 1) else (old.root, *path)
    node, last = old.size - 1, new.size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before, after = _climb(node, last, first, rest)
    if (before, after) != (old.root, new.root):
        raise Failed("the ledger was rewritten: it does not begin with the checkpoint before it")


def _climb(node: int, last: int, first: bytes, rest: Sequence[bytes]) -> tuple[bytes, bytes]:
    before = after = first
    for sibling in rest:
        if last == 0:
            raise Failed("the proof of consistency is too long")
        if node & 1 or node == last:
            before, after = _node(sibling, before), _node(sibling, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = _node(after, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise Failed("the proof of consistency is too short")
    return before, after


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


# --- 5. Time stamps (RFC 3161) --------------------------------------------------------------------


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    return bytes([first * 40 + second]) + b"".join(map(_base128, rest))


def _base128(number: int) -> bytes:
    groups = [number & 127]
    while number := number >> 7:
        groups.append(number & 127 | 128)
    return bytes(reversed(groups))


_SIGNED_DATA = _oid("1.2.840.113549.1.7.2")
_TST_INFO = _oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE, _DIGEST = _oid("1.2.840.113549.1.9.3"), _oid("1.2.840.113549.1.9.4")
_CERT_V1, _CERT_V2 = _oid("1.2.840.113549.1.9.16.2.12"), _oid("1.2.840.113549.1.9.16.2.47")
_HASHES: Mapping[bytes, hashes.HashAlgorithm] = {
    _oid("2.16.840.1.101.3.4.2.1"): hashes.SHA256(),
    _oid("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
    _oid("2.16.840.1.101.3.4.2.3"): hashes.SHA512(),
}
_INTEGER, _OCTETS, _OID, _SEQUENCE, _SET, _TIME = 0x02, 0x04, 0x06, 0x30, 0x31, 0x18
_CONTEXT = 0xA0


class Der(NamedTuple):
    """One value in DER: its tag, what is in it, and all of its bytes."""

    tag: int
    body: bytes
    whole: bytes

    def items(self) -> "list[Der]":
        """The values in this one."""
        return read_der(self.body)


def read_der(data: bytes) -> list[Der]:
    """The values that stand one after the other in these bytes. Raises `Failed`."""
    found, at = list[Der](), 0
    while at < len(data):
        begin, length = _der_length(data, at)
        if begin + length > len(data):
            raise Failed("a time stamp's parts are longer than it")
        end = begin + length
        found.append(Der(data[at], data[begin:end], data[at:end]))
        at = end
    return found


def _der_length(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the value at `at` begins, and how long it is."""
    first = data[at + 1] if at + 1 < len(data) else 0x80
    if first < 0x80:
        return at + 2, first
    begin = at + 2 + (first & 0x7F)
    if not 1 <= first & 0x7F <= 4 or begin > len(data):
        raise Failed("a time stamp has a part of no length")
    return begin, int.from_bytes(data[at + 2 : begin], "big")


def _at(values: Sequence[Der], index: int, tag: int) -> Der:
    if index >= len(values) or values[index].tag != tag:
        raise Failed("a time stamp is not built as RFC 3161 says")
    return values[index]


class Stamp(NamedTuple):
    """What a time-stamping authority signed, and by what. Nothing is checked yet."""

    info: bytes
    imprint: tuple[bytes, bytes]
    time: int
    certificates: tuple[x509.Certificate, ...]
    digest: bytes
    attributes: Der
    signature: bytes


def read_stamp(data: bytes) -> Stamp:
    """The stamp in a TimeStampResp. Raises `Failed`."""
    answer = _at(read_der(data), 0, _SEQUENCE).items()
    status = _at(_at(answer, 0, _SEQUENCE).items(), 0, _INTEGER)
    if status.body not in (b"\0", b"\1") or len(answer) != 2 or len(read_der(data)) != 1:
        raise Failed("the authority did not grant this time stamp")
    content = _at(answer, 1, _SEQUENCE).items()
    if _at(content, 0, _OID).body != _SIGNED_DATA:
        raise Failed("a time stamp has signed data, and this is none")
    signed = _at(_at(content, 1, _CONTEXT).items(), 0, _SEQUENCE).items()
    wrapped = _at(signed, 2, _SEQUENCE).items()
    if _at(wrapped, 0, _OID).body != _TST_INFO:
        raise Failed("what the authority signed is no time stamp")
    info = _at(_at(wrapped, 1, _CONTEXT).items(), 0, _OCTETS).body
    certificates = tuple(_certificates(signed[3])) if len(signed) > 4 else ()
    signer = _at(_at(signed, len(signed) - 1, _SET).items(), 0, _SEQUENCE).items()
    imprint, time = _info(info)
    digest = _at(_at(signer, 2, _SEQUENCE).items(), 0, _OID).body
    attributes, signature = _at(signer, 3, _CONTEXT), _at(signer, 5, _OCTETS).body
    return Stamp(info, imprint, time, certificates, digest, attributes, signature)


def _certificates(field: Der) -> Iterator[x509.Certificate]:
    if field.tag == _CONTEXT:
        yield from (x509.load_der_x509_certificate(one.whole) for one in field.items())


def _info(info: bytes) -> tuple[tuple[bytes, bytes], int]:
    """What was stamped (an algorithm and a hash), and when."""
    fields = _at(read_der(info), 0, _SEQUENCE).items()
    imprint = _at(fields, 2, _SEQUENCE).items()
    algorithm = _at(_at(imprint, 0, _SEQUENCE).items(), 0, _OID).body
    text = _at(fields, 4, _TIME).body.decode("ascii", "replace")
    if not re.fullmatch(r"[0-9]{14}(\.[0-9]+)?Z", text):
        raise Failed(f"the time in a time stamp is none: {text[:30]!a}")
    time = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return (algorithm, _at(imprint, 1, _OCTETS).body), int(time.timestamp())


def check_stamp(data: bytes, text: bytes, roots: Sequence[x509.Certificate], what: str) -> int:
    """When an authority under one of these roots stamped this text. Raises `Failed`.

    1. It is the stamp of this very text.
    2. The signed attributes name it, by its hash.
    3. A certificate in it, or a root, made the signature, and is named by the attributes.
    4. That certificate is for time stamps, and leads to a root; each held at that time.
    """
    try:
        stamp = read_stamp(data)
        return _check_stamp(stamp, text, roots)
    except Failed as error:
        raise Failed(f"{what}: {error}") from error
    except (
        Exception
    ) as error:  # A library's reader of certificates: whatever it says of strange ones.
        raise Failed(f"{what} cannot be read: {type(error).__name__} {error}") from error


def _check_stamp(stamp: Stamp, text: bytes, roots: Sequence[x509.Certificate]) -> int:
    algorithm, imprint = stamp.imprint
    if _hash(algorithm, text) != imprint:  # 1
        raise Failed("it is the time stamp of something else: the hash in it is another")
    attributes = {_at(a.items(), 0, _OID).body: a.items()[1] for a in stamp.attributes.items()}
    kind, digest = (_value(attributes, name) for name in (_CONTENT_TYPE, _DIGEST))
    if kind.body != _TST_INFO or digest.body != _hash(stamp.digest, stamp.info):  # 2
        raise Failed("what the authority signed is not this time")
    signer = _signer(attributes, (*stamp.certificates, *roots))  # 3
    signed = b"\x31" + stamp.attributes.whole[1:]
    if not _signed_by(signer, signed, stamp.signature, _algorithm(stamp.digest)):
        raise Failed("the authority's signature does not hold")
    # Roots first: what came along may have the same one again, issued by somebody else.
    _check_chain(signer, (*roots, *stamp.certificates), roots, stamp.time)  # 4
    return stamp.time


def _value(attributes: Mapping[bytes, Der], name: bytes) -> Der:
    if name not in attributes or len(attributes[name].items()) != 1:
        raise Failed("the authority's signature lacks what RFC 3161 asks for")
    return attributes[name].items()[0]


def _algorithm(oid: bytes) -> hashes.HashAlgorithm:
    if oid not in _HASHES:
        raise Failed("it is made with a hash that is not SHA-256, SHA-384 or SHA-512")
    return _HASHES[oid]


def _hash(oid: bytes, data: bytes) -> bytes:
    digest = hashes.Hash(_algorithm(oid))
    digest.update(data)
    return digest.finalize()


def _signer(
    attributes: Mapping[bytes, Der], certificates: Iterable[x509.Certificate]
) -> x509.Certificate:
    """The certificate that the signature says it was made with."""
    version = _CERT_V2 if _CERT_V2 in attributes else _CERT_V1
    first = _value(attributes, version).items()[0].items()[0].items()
    hash_ = next(part.body for part in first if part.tag == _OCTETS)
    algorithm: hashes.HashAlgorithm = hashes.SHA256() if version == _CERT_V2 else hashes.SHA1()  # noqa: S303  # RFC 3161 named certificates so, before RFC 5816
    if first[0].tag == _SEQUENCE and version == _CERT_V2:
        algorithm = _algorithm(_at(first[0].items(), 0, _OID).body)
    for certificate in certificates:
        if certificate.fingerprint(algorithm) == hash_:
            return certificate
    raise Failed("the authority's certificate is not there, or is another one")


def _signed_by(
    certificate: x509.Certificate, data: bytes, signature: bytes, hash_: hashes.HashAlgorithm
) -> bool:
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), hash_)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(hash_))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            raise Failed("the authority's key is not of RSA, ECDSA or Ed25519")
    except InvalidSignature:
        return False
    return True


def _check_chain(
    signer: x509.Certificate,
    certificates: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    time: int,
) -> None:
    usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if list(usage) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Failed("the certificate that signed it is not for time stamps")
    current, at = signer, datetime.fromtimestamp(time, UTC)
    for _ in range(8):
        if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
            name = current.subject.rfc4514_string()
            raise Failed(f"the certificate of {name} did not hold then")
        if current in roots:
            return
        current = _issuer(current, certificates)
    raise Failed("the authority's certificates lead to no root that is trusted")


def _issuer(
    certificate: x509.Certificate, certificates: Iterable[x509.Certificate]
) -> x509.Certificate:
    for issuer in certificates:
        if issuer.subject == certificate.issuer and issuer != certificate and _is_ca(issuer):
            try:
                certificate.verify_directly_issued_by(issuer)
            except (InvalidSignature, ValueError, TypeError):
                continue
            return issuer
    raise Failed("the authority's certificates lead to no root that is trusted")


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


# --- The five checks ------------------------------------------------------------------------------


class Case:
    """A bundle that is looked at, and what has come out so far."""

    def __init__(self, members: Members, anchors: Anchors = NO_ANCHORS) -> None:
        self.members, self.anchors = members, anchors
        self.claims: Claims = {}
        self.place: tuple[int, Checkpoint] | None = None

    def must(self, name: str) -> bytes:
        """That member. Raises `NotShown`."""
        if name not in self.members:
            raise NotShown(f"There is no {name} in the bundle.")
        return self.members[name]

    @property
    def trust(self) -> Trust:
        """The ledgers and witnesses that are trusted."""
        return read_trust(self.anchors.trust or self.must("tlog-policy.txt"))

    @property
    def roots(self) -> list[x509.Certificate]:
        """The certificates of time-stamping authorities that are trusted."""
        pem = self.anchors.tsa or self.members.get("tsa.pem", b"")
        try:
            return x509.load_pem_x509_certificates(pem) if pem else []
        except (
            Exception
        ) as error:  # A library's reader: whatever it says of what is no certificate.
            raise Failed(f"the authorities' certificates cannot be read: {error}") from error


def check_signature(case: Case) -> str:
    """The receipt is signed by a known key, and complete."""
    token = _text(case.must("receipt.jws"), "receipt.jws").removesuffix("\n")
    keys = read_jwks(case.anchors.jwks or case.must("jwks.json"))
    claims = read_receipt(token, keys)
    kid = _json(_unb64url(token.split(".")[0], "the header"), "the header")["kid"]
    case.claims = claims
    whose = "your" if case.anchors.jwks else "the bundle's"
    return (
        f"The holder of the key {kid}, one of {whose} keys, signed this receipt, and not one bit "
        f"has changed since. It says: {_said(claims)}."
    )


def _said(claims: Claims) -> str:
    granted = [name for name in _CATEGORIES[1:] if claims["cat"][name]]
    return (
        f"{claims['act']} on {claims['site']} at {_utc(claims['iat'])}, "
        f"granted: {', '.join(granted) or 'nothing'}"
    )


def check_texts(case: Case) -> str:
    """The policy in the bundle is the one that the receipt names."""
    claims, body = case.claims, case.must("policy.json")
    wanted = claims["pol"]
    if b64url(sha256(body).digest()) != wanted["sha256"]:
        raise Failed("policy.json is not the text that the receipt names: its hash is another")
    version = _json(body, "policy.json")
    found = tuple(version.get(name) for name in ("site", "number"))
    if found != (claims["site"], wanted["v"]):
        raise Failed(
            f"policy.json is version {found[1]!a} of {found[0]!a}, not what the receipt says"
        )
    if wanted["lang"] not in version["policy"]["languages"]:
        raise Failed(f"policy.json has no text in {wanted['lang']}, the language of the receipt")
    entered = _entered(case, "policy.tlog-proof", POLICY, sha256(body).digest())
    return (
        f"policy.json holds, byte for byte, the texts that the visitor was asked under: version "
        f"{wanted['v']}, in {wanted['lang']}.{entered}"
    )


def check_banner(case: Case) -> str:
    """The code in the bundle is the one that the receipt names; and how it looked."""
    ui, banner = case.claims["ui"], case.must("banner.js")
    digest = sha256(banner).digest()
    if b64url(digest) != ui["sha256"]:
        raise Failed("banner.js is not the code that the receipt names: its hash is another")
    settings = _settings(case, banner)
    entered = _entered(case, "banner.tlog-proof", SCRIPT, digest)
    code = f"banner.js is, byte for byte, the code that asked.{settings}{entered}"
    name = f"screens/{case.claims['pol']['lang']}-{ui['viewport']}-{ui['layer']}.png"
    if name not in case.members:
        raise NotShown(f"{code} There is no screenshot of it in the bundle ({name}).")
    picture = case.must(name)
    if not picture.startswith(b"\x89PNG\r\n\x1a\n"):
        raise Failed(f"{name} is not a picture")
    shown = screen_digest(digest, ui["layer"], ui["viewport"], picture)
    proof = name.replace(".png", ".tlog-proof")
    pictured = _entered(case, proof, SCREENSHOT, shown, after=True)
    if not pictured:
        raise NotShown(f"{code} {name} is said to show how it looked; the ledger does not say so.")
    hashed = b64url(sha256(picture).digest())
    return f"{code} {name}, with the SHA-256 {hashed}, shows how it looked.{pictured}"


def _settings(case: Case, banner: bytes) -> str:
    """The second layer's code, which the banner names by its hash."""
    if "settings.js" not in case.members:
        return ""
    digest = sha256(case.members["settings.js"]).digest()
    names = (digest.hex(), b64url(digest), base64.b64encode(digest).decode())
    if not any(name.encode() in banner for name in names):
        raise Failed("settings.js is not the code of the second layer that banner.js names")
    return " settings.js is the code of its second layer, which it names by its hash."


def screen_digest(banner: bytes, layer: int, viewport: str, picture: bytes) -> bytes:
    """What the ledger has of a screenshot: of which code, which layer, how wide, which bytes."""
    if viewport not in WIDTHS or layer not in (1, 2):
        raise Failed(f"there is no layer {layer} in a {viewport!a} window")
    place = struct.pack(">BH", layer, WIDTHS[viewport])
    return sha256(b"screen/v1\0" + banner + place + sha256(picture).digest()).digest()


def _entered(case: Case, name: str, kind: int, digest: bytes, after: bool = False) -> str:
    """That the ledger has an entry of that digest, before the receipt; nothing without a proof.

    `after`: it may have come later, and be under a later checkpoint, which as many vouch for.
    """
    if name not in case.members:
        return ""
    proof = read_proof(case.members[name], name)
    if len(proof.extra) != ENTRY.size:
        raise Failed(f"{name} does not hold the entry that it proves")
    policy = _unb64url(case.claims["pol"]["sha256"], "the policy's hash")
    magic, type_, flags, time, of, found = ENTRY.unpack(proof.extra)
    if (magic, type_, flags, of, found) != (b"CRL1", kind, 0, policy, digest):
        raise Failed(f"{name} is of another entry than the one of these bytes")
    index, checkpoint = _place(case)
    own = read_checkpoint(proof.note, case.claims["site"], case.trust, f"the checkpoint in {name}")
    later = after and own.origin == checkpoint.origin and own.size > checkpoint.size
    if own.text != checkpoint.text and not later:
        raise Failed(f"{name} is under another checkpoint than the receipt")
    check_inclusion(proof.extra, proof.at, own, proof.hashes)
    if not after and proof.at > index:
        raise Failed(f"{name}: it came into the ledger after the receipt, as entry {proof.at}")
    under = f", which had grown to {own.size} entries" if own.size > checkpoint.size else ""
    return f" It is entry {proof.at} of the ledger{under}, of {_utc(time)}."


def check_place(case: Case) -> str:
    """The receipt stands in its site's ledger."""
    index, checkpoint = _place(case)
    return (
        f"The receipt is entry {index} of the {checkpoint.size} that {checkpoint.origin} had then: "
        "it cannot be taken out, moved or replaced without that being seen by whoever keeps a "
        "checkpoint."
    )


def _place(case: Case) -> tuple[int, Checkpoint]:
    if case.place is None:
        case.place = _find_place(case)
    return case.place


def _find_place(case: Case) -> tuple[int, Checkpoint]:
    claims, what = case.claims, "receipt.tlog-proof"
    proof = read_proof(case.must(what), what)
    checkpoint = read_checkpoint(
        proof.note, claims["site"], case.trust, f"the checkpoint in {what}"
    )
    if len(proof.extra) != 32:
        raise Failed(f"{what} does not have the receipt's salt of 32 bytes")
    token = case.must("receipt.jws").removesuffix(b"\n")
    digest = hmac.digest(proof.extra, b"consent-receipt/commit/v1\0" + token, "sha256")
    policy = _unb64url(claims["pol"]["sha256"], "the policy's hash")
    kind = IMPORT if claims["act"] == "import" else RECEIPT
    entry = ENTRY.pack(b"CRL1", kind, 0, claims["iat"], policy.ljust(32, b"\0")[:32], digest)
    check_inclusion(entry, proof.at, checkpoint, proof.hashes)
    return proof.at, checkpoint


def check_time(case: Case) -> str:
    """The receipt existed by a time and not before another, on the word of others."""
    index, checkpoint = _place(case)
    iat = case.claims["iat"]
    seen = min(_stamped(case, checkpoint, "checkpoint-"), default=None)
    if seen is None:
        raise NotShown(
            "Nobody but the service says when: no witness cosigned the checkpoint, and no "
            f"authority stamped it. By the service's own clock it was {_utc(iat)}."
        )
    if iat > seen.time + SLACK:
        raise Failed(f"it says {_utc(iat)}, and {seen.who} saw it at {_utc(seen.time)}")
    upper = f"It existed by {_utc(seen.time)}: {seen.who} says so"
    earliest = _not_before(case, index, checkpoint)
    if earliest is None:
        raise NotShown(f"{upper}. Nothing shows that it did not exist long before.")
    if iat < earliest.time - SLACK:
        raise Failed(
            f"it is back-dated: it says {_utc(iat)}, and came into the ledger after "
            f"{_utc(earliest.time)}, as {earliest.who} says"
        )
    return (
        f"{upper}; and not before {_utc(earliest.time)}: {earliest.who} saw the ledger without it."
    )


class Seen(NamedTuple):
    """When somebody saw a checkpoint."""

    time: int
    who: str


def _stamped(case: Case, checkpoint: Checkpoint, prefix: str) -> Iterator[Seen]:
    yield from (Seen(time, f"the witness {name}") for name, time in checkpoint.times)
    roots = case.roots
    for name in sorted(case.members):
        if roots and name.startswith(prefix) and name.endswith(".tsr"):
            time = check_stamp(case.members[name], checkpoint.text.encode(), roots, name)
            yield Seen(time, f"a time-stamping authority ({name})")


def _not_before(case: Case, index: int, checkpoint: Checkpoint) -> Seen | None:
    """The last time that somebody saw the ledger before the receipt was in it."""
    what = "previous.checkpoint"
    if what not in case.members:
        return None
    note = read_note(case.members[what], what)
    previous = read_checkpoint(note, case.claims["site"], case.trust, what)
    if previous.size > index:
        raise Failed(
            f"{what} has {previous.size} entries, the receipt's (entry {index}) among them"
        )
    lines = _text(case.must("previous.consistency"), "previous.consistency").splitlines()
    path = [_unb64(line, "a hash in previous.consistency", 32) for line in lines]
    check_consistency(previous, checkpoint, path)
    return max(_stamped(case, previous, "previous-"), default=None)


CHECKS: tuple[tuple[str, Callable[[Case], str]], ...] = (
    ("signature", check_signature),
    ("texts", check_texts),
    ("banner", check_banner),
    ("ledger", check_place),
    ("time", check_time),
)


def check_members(members: Members, anchors: Anchors = NO_ANCHORS) -> list[Result]:
    """The five checks, of what is in a bundle. Total: it raises nothing."""
    case = Case(members, anchors)
    return [_result(name, check, case) for name, check in CHECKS]


def _result(name: str, check: Callable[[Case], str], case: Case) -> Result:
    if not case.claims and check is not check_signature:
        return Result(name, OPEN, "Not reached: nobody vouches for what the receipt says.")
    try:
        return Result(name, HOLDS, check(case))
    except NotShown as error:
        return Result(name, OPEN, str(error))
    except Failed as error:
        return Result(name, FAILS, _sentence(error))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError) as error:
        return Result(
            name, FAILS, f"What is in the bundle is not of the form it should be: {error!r}."
        )


def check_bundle(
    data: bytes, anchors: Anchors = NO_ANCHORS, shared: Members | None = None
) -> list[Result]:
    """The checks of a bundle's bytes: whether it is whole, and the five. Raises nothing.

    `shared` are files of a bundle of bundles, by the hex of their SHA-256: what a list names and
    its bundle does not hold lies there.
    """
    try:
        members = unpack(data)
    except Failed as error:
        return [Result("bundle", FAILS, _sentence(error))]
    listed = dict(members)
    for name, digest in _lines(members.get(SUMS, b"")).items():
        if name not in members and digest in (shared or {}):
            listed[name] = (shared or {})[digest]
    try:
        whole = Result("bundle", HOLDS, check_whole(data, members, listed))
    except Failed as error:
        whole = Result("bundle", FAILS, _sentence(error))
    return [whole, *check_members(listed, anchors)]


# --- An export: the receipts of a period, with a manifest -----------------------------------------

_CHUNK = 1 << 20
_FORMATS = ("csv", "jsonl", "bundles")


class Part(NamedTuple):
    """A file of receipts, as the manifest has it."""

    name: str
    receipts: int
    bytes: int
    sha256: str


class Manifest(NamedTuple):
    """What an export says of itself."""

    site: str
    format: str
    begin: int
    end: int
    receipts: int
    parts: tuple[Part, ...]


def read_manifest(data: bytes) -> Manifest:
    """The manifest in these bytes. Raises `Failed`."""
    read = _json(data, MANIFEST)
    try:
        parts = tuple(
            Part(str(p["name"]), int(p["receipts"]), int(p["bytes"]), str(p["sha256"]))
            for p in read["parts"]
        )
        period = int(read["from"]), int(read["to"])
        found = Manifest(
            str(read["site"]), str(read["format"]), *period, int(read["receipts"]), parts
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Failed(f"{MANIFEST} lacks {error}, or has it in another form") from error
    if found.format not in _FORMATS:
        raise Failed(f"{MANIFEST} names a format that is none: {found.format[:20]!a}")
    return found


class Export:
    """An export's file, open."""

    def __init__(self, file: zipfile.ZipFile, anchors: Anchors, quick: bool) -> None:
        self.file, self.anchors, self.quick = file, anchors, quick
        self.manifest = read_manifest(self.read(MANIFEST))

    def read(self, name: str) -> bytes:
        """A small file of it."""
        if name not in self.file.namelist():
            raise Failed(f"there is no {name} in the export")
        return self.file.read(name)

    def open(self, name: str) -> BinaryIO:
        """A file of it, to be read bit by bit."""
        if name not in self.file.namelist():
            raise Failed(f"{name} is in the manifest and not in the export")
        # By itself it reads lines in Python, a step for each.
        return io.BufferedReader(cast(io.RawIOBase, self.file.open(name)), _CHUNK)


def check_hashes(export: Export) -> str:
    """Every file of the export is the one that its list names."""
    names = [name for name in export.file.namelist() if name != SUMS]
    found = "".join(f"{_digest(export, name)[0]}  {name}\n" for name in sorted(names)).encode()
    listed = export.read(SUMS)
    if found != listed:
        raise Failed(_difference(listed, found))
    return f"It holds {len(names)} files: each as {SUMS} has it, nothing more and nothing less."


def _digest(export: Export, name: str) -> tuple[str, int]:
    digest, size = sha256(), 0
    with export.open(name) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def check_manifest(export: Export) -> str:
    """The parts are those of the manifest, with as many receipts as it says."""
    manifest = export.manifest
    for part in manifest.parts:
        digest, size = _digest(export, part.name)
        if (digest, size) != (part.sha256, part.bytes):
            raise Failed(f"{part.name} is not the part that the manifest names")
        count = _count(export, part)
        if count != part.receipts:
            raise Failed(f"{part.name} has {count} receipts, and the manifest says {part.receipts}")
    counted = sum(part.receipts for part in manifest.parts)
    if counted != manifest.receipts:
        raise Failed(
            f"the parts have {counted} receipts, and the manifest says {manifest.receipts}"
        )
    period = f"from {_utc(manifest.begin)} to before {_utc(manifest.end)}"
    return (
        f"It has {counted} receipts of {manifest.site}, {period}, in {len(manifest.parts)} parts, "
        "as the manifest says. What the service left out is not seen by this: the ledger tells."
    )


def _count(export: Export, part: Part) -> int:
    if export.manifest.format == "bundles":
        return sum(name.startswith("bundles/") for name in unpack(export.read(part.name)))
    with export.open(part.name) as file:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))
    return lines - (export.manifest.format == "csv")


def check_receipts(export: Export) -> str:
    """Each receipt is signed, and of this site and period."""
    if export.manifest.format == "csv":
        raise NotShown(
            "A table has no signatures: ask for JSON Lines, or for bundles, to check them."
        )
    if export.quick:
        raise NotShown("Not asked for: the signatures were passed over.")
    if export.manifest.format == "bundles":
        return _check_bundles(export)
    keys = read_jwks(export.anchors.jwks or export.read("jwks.json"))
    count = 0
    for part in export.manifest.parts:
        with export.open(part.name) as file:
            for line in file:
                count += 1
                _check_line(line, f"receipt {count}, in {part.name}", keys, export.manifest)
    return f"All {count} receipts are signed by known keys, and of that site and period."


def _check_line(line: bytes, what: str, keys: Mapping[str, bytes], manifest: Manifest) -> None:
    token = line[12:].partition(b'"')[0]
    try:
        payload = signed_payload(_text(token, what), keys)
        site, at = _site_and_time(payload)
    except Failed as error:
        raise Failed(f"{what}: {error}") from error
    # The line is put together again: what it shows to be read is what was signed.
    if line != b'{"receipt":"%s","claims":%s}\n' % (token, payload):
        raise Failed(f"{what}: what it shows is not what was signed")
    if site != manifest.site or not manifest.begin <= at < manifest.end:
        raise Failed(f"{what} is of another site or period")


def _check_bundles(export: Export) -> str:
    found = {HOLDS: 0, OPEN: 0}
    for part in export.manifest.parts:
        members = unpack(export.read(part.name))
        shared = {name.removeprefix("shared/"): members[name] for name in members}
        for name in members:
            if name.startswith("bundles/"):
                found[_bundle_state(members[name], name, export.anchors, shared)] += 1
    return (
        f"In {found[HOLDS]} bundles all checks hold; in {found[OPEN]} none fails, and something "
        "is not shown: take one out and check it by itself to see what."
    )


def _bundle_state(data: bytes, name: str, anchors: Anchors, shared: Members) -> str:
    results = check_bundle(data, anchors, shared)
    for result in results:
        if result.state == FAILS:
            raise Failed(f"{name}: {result.name}: {result.text}")
    return HOLDS if all(result.state == HOLDS for result in results) else OPEN


EXPORT_CHECKS: tuple[tuple[str, Callable[[Export], str]], ...] = (
    ("export", check_hashes),
    ("manifest", check_manifest),
    ("receipts", check_receipts),
)


def check_export(path: Path, anchors: Anchors = NO_ANCHORS, quick: bool = False) -> list[Result]:
    """The checks of an export's file, read bit by bit. Raises nothing."""
    try:
        with zipfile.ZipFile(path) as file:
            export = Export(file, anchors, quick)
            return [_export_result(name, check, export) for name, check in EXPORT_CHECKS]
    except (
        Failed,
        OSError,
        zipfile.BadZipFile,
        ValueError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        return [Result("export", FAILS, f"The export cannot be read: {error}.")]


def _export_result(name: str, check: Callable[[Export], str], export: Export) -> Result:
    try:
        return Result(name, HOLDS, check(export))
    except NotShown as error:
        return Result(name, OPEN, str(error))
    except (Failed, OSError, EOFError, zipfile.BadZipFile, zlib.error, struct.error) as error:
        return Result(name, FAILS, _sentence(error))
    except (ValueError, KeyError, TypeError, RuntimeError, NotImplementedError) as error:
        return Result(
            name, FAILS, f"What is in the export is not of the form it should be: {error!r}."
        )


# --- The command ----------------------------------------------------------------------------------


def check_file(path: Path, anchors: Anchors = NO_ANCHORS, quick: bool = False) -> list[Result]:
    """The checks of a file: of an export, if it has a manifest, else of a bundle."""
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as file:
                if MANIFEST in file.namelist():
                    return check_export(path, anchors, quick)
        except (OSError, zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError):
            pass  # Then it is read as a bundle, which says where it is broken.
    if path.stat().st_size > MOST:
        return [Result("bundle", FAILS, f"It is larger than {MOST} bytes: no bundle is.")]
    return check_bundle(path.read_bytes(), anchors)


def exit_code(results: Sequence[Result]) -> int:
    """0 where all hold, 1 where one fails, 2 where something is not shown."""
    states = {result.state for result in results}
    return 1 if FAILS in states else 2 if OPEN in states else 0


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(3, f"verify.py: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the file that the command line names, and say so. Returns the exit code."""
    parser = _Arguments("verify.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="an evidence bundle or an export, .zip")
    parser.add_argument("--jwks", type=Path, help="the service's public keys, as you fetched them")
    parser.add_argument("--trust", type=Path, help="the ledgers and witnesses that you trust")
    parser.add_argument("--tsa", type=Path, help="certificates of time-stamping authorities, PEM")
    parser.add_argument("--quick", action="store_true", help="of an export: skip the signatures")
    asked = parser.parse_args(arguments)
    try:
        anchors = Anchors(
            *(at.read_bytes() if at else None for at in (asked.jwks, asked.trust, asked.tsa))
        )
        results = check_file(asked.file, anchors, asked.quick)
    except OSError as error:
        sys.stderr.write(f"verify.py: {error}\n")
        return 3
    sys.stdout.write("".join(f"{r.name:10} {r.state.upper():10} {r.text}\n" for r in results))
    if None in anchors:
        sys.stdout.write(_BELIEVED)
    return exit_code(results)


_BELIEVED = """
Keys, ledgers, witnesses and authorities that you did not name were taken from the file itself.
Compare them with what you know: anybody can make a bundle that agrees with itself.
"""

if __name__ == "__main__":
    sys.exit(main())
