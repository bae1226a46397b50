"""The text of a trust: `tlog-policy`, read strictly and written back."""

import re
from collections.abc import Callable
from typing import NamedTuple

from consent_service.errors import Invalid
from consent_service.merkle.keys import Key, KeyType, parse_vkey
from consent_service.merkle.text import MAX_TEXT, decimal, shown
from consent_service.merkle.trust import NONE, Group, Log, Trust, Witness

_BLANK = re.compile(r"[ \t]*(#.*)?")
_CONTROL = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")


def parse_trust(data: bytes) -> Trust:
    """The trust in strangers' bytes. Total: it returns, or raises `Invalid`, naming the line."""
    if len(data) > MAX_TEXT or _CONTROL.search(data) or data[-1:] != b"\n":
        raise Invalid("this is not a tlog-policy: it is too long, or its lines do not all end")
    # Bytes above ASCII mean nothing in this format: they come out again as they went in.
    lines = data.decode("utf-8", "surrogateescape")[:-1].split("\n")
    reader = _Reader([], [], [], [], set(), set())
    for number, line in enumerate(lines, start=1):
        if not _BLANK.fullmatch(line):
            _in_line(number, reader, re.findall(r"[^ \t]+", line))
    if not reader.quorums:
        raise Invalid("a tlog-policy has a quorum line: `quorum none` where no witness is asked")
    parts = tuple(reader.logs), tuple(reader.witnesses), tuple(reader.groups)
    return Trust(*parts, reader.quorums[0])


def format_trust(trust: Trust) -> bytes:
    """The text of a trust. Raises `Invalid` if it could not be read back as the same."""
    lines = [
        *(["log", log.key.vkey, log.url] for log in trust.logs),
        *(["witness", each.name, each.key.vkey, each.url] for each in trust.witnesses),
        *(["group", each.name, str(each.threshold), *each.members] for each in trust.groups),
        ["quorum", trust.quorum],
    ]
    text = "".join(" ".join(filter(None, words)) + "\n" for words in lines)
    data = text.encode("utf-8", "surrogateescape")
    if parse_trust(data) != trust:
        raise Invalid("a name or an address in a tlog-policy has no spaces and is not empty")
    return data


class _Reader(NamedTuple):
    logs: list[Log]
    witnesses: list[Witness]
    groups: list[Group]
    quorums: list[str]
    names: set[str]
    """What witnesses and groups are called: one name stands for one thing."""
    members: set[str]
    """What is in a group already. No witness counts twice."""


def _in_line(number: int, reader: _Reader, words: list[str]) -> None:
    read = _LINES.get(words[0])
    try:
        if read is None:
            raise Invalid(f"a line begins with log, witness, group or quorum: {shown(words[0])}")
        read(reader, words[1:])
    except Invalid as error:
        raise Invalid(f"line {number} of the tlog-policy: {error.message}") from error


def _read_log(reader: _Reader, words: list[str]) -> None:
    if len(words) not in (1, 2):
        raise Invalid("a log has a key, and perhaps an address")
    key = _key(words[0], KeyType.LOG, [log.key for log in reader.logs])
    reader.logs.append(Log(key, *words[1:]))


def _read_witness(reader: _Reader, words: list[str]) -> None:
    if len(words) not in (2, 3):
        raise Invalid("a witness has a name, a key, and perhaps an address")
    key = _key(words[1], KeyType.WITNESS, [each.key for each in reader.witnesses])
    _define(reader, words[0])
    reader.witnesses.append(Witness(words[0], key, *words[2:]))


def _read_group(reader: _Reader, words: list[str]) -> None:
    if len(words) < 3:
        raise Invalid("a group has a name, a number (or any, or all), and members")
    name, count, *members = words
    for member in members:
        if member not in reader.names:
            raise Invalid(f"no witness or group before this line is called {shown(member)}")
        if member in reader.members:
            raise Invalid(f"{shown(member)} is in a group already, and would count twice")
        reader.members.add(member)
    _define(reader, name)
    reader.groups.append(Group(name, _threshold(count, len(members)), tuple(members)))


def _read_quorum(reader: _Reader, words: list[str]) -> None:
    if reader.quorums or len(words) != 1:
        raise Invalid("there is one quorum line, with one name")
    if words[0] not in reader.names | {NONE}:
        raise Invalid(f"no witness or group before this line is called {shown(words[0])}")
    reader.quorums.append(words[0])


_LINES: dict[str, Callable[[_Reader, list[str]], None]] = {
    "log": _read_log,
    "witness": _read_witness,
    "group": _read_group,
    "quorum": _read_quorum,
}


def _define(reader: _Reader, name: str) -> None:
    if name == NONE or name in reader.names:
        raise Invalid(f"the name {shown(name)} is taken")
    reader.names.add(name)


def _key(vkey: str, type_: KeyType, known: list[Key]) -> Key:
    key = parse_vkey(vkey)
    if key.type != type_:
        raise Invalid(f"a key of type {type_:d} belongs here, and this one is of {key.type:d}")
    # Two names for one key would let one holder speak for two.
    if key.public in [other.public for other in known]:
        raise Invalid(f"the key of {shown(key.name)} is here already, perhaps under another name")
    return key


def _threshold(count: str, members: int) -> int:
    if count in ("any", "all"):
        return 1 if count == "any" else members
    threshold = decimal(count, "a group's number")
    if not 1 <= threshold <= members:
        raise Invalid(f"of {members} members {threshold} cannot be asked for")
    return threshold
