"""YAML as policies are written in: the plain part of it, with the line of whatever does not fit.

Read event by event and not by a loader of the library. A loader copies what an alias names
before anybody can count it (ten lines become a billion), takes the second of two members of one
name, and reads by YAML 1.1, in which Norway's `NO` is false.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import yaml

from consent_service.errors import Invalid
from consent_service.parsing import parse
from consent_service.policy_files.form import PolicyFile

MAX_BYTES = 16_000_000
"""Of a file: a draft of the largest size, with what YAML adds to it."""
MAX_DEPTH = 20
_MAX_DIGITS = 18

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What a YAML stream may hold (YAML 1.2.2, 5.1), the byte order mark not among it.
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
# The core schema of YAML 1.2.2, section 10.3: only these words and numbers are not text.
_CORE: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"(|~|null|Null|NULL)$"), lambda _: None),
    (re.compile(r"(true|True|TRUE)$"), lambda _: True),
    (re.compile(r"(false|False|FALSE)$"), lambda _: False),
    (re.compile(r"[-+]?[0-9]+$"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"), float),
)


class Place(NamedTuple):
    """Where in a file, both from 1."""

    line: int
    column: int


class Unreadable(Invalid):
    """A file is no policy's. `place` is where."""

    def __init__(self, message: str, place: Place, field: str = "") -> None:
        super().__init__(message, field)
        self.place = place


class Source(NamedTuple):
    """A file that was read, and where each of its parts stands."""

    file: PolicyFile
    places: dict[str, Place]
    """By path, as messages name it: `policy.declarations[0].name`."""

    def place(self, path: str) -> Place:
        """Where that part stands, or what it would be part of."""
        return _nearest(self.places, path)


def read(content: bytes) -> Source:
    """A file's bytes as a policy. Total: it returns, or raises `Unreadable`."""
    value, places = load(_text(content))
    try:
        return Source(parse(PolicyFile, msgspec.json.encode(value)), places)
    except Invalid as error:
        raise Unreadable(error.message, _nearest(places, error.field), error.field) from error


def _nearest(places: dict[str, Place], path: str) -> Place:
    while path and path not in places:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return places.get(path, Place(1, 1))


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise Unreadable(f"a policy's file has at most {MAX_BYTES} bytes", Place(1, 1))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = content[: error.start].decode("utf-8-sig")
        raise Unreadable("this is not UTF-8: save the file so", _place_at(good)) from error
    strange = _UNPRINTABLE.search(text)
    if strange:
        message = f"a character that no text has, U+{ord(strange[0]):04X}: remove it"
        raise Unreadable(message, _place_at(text[: strange.start()]))
    return text


def _place_at(before: str) -> Place:
    return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))


def load(text: str) -> tuple[Any, dict[str, Place]]:
    """A text's one value, made of what JSON has too, and the place of each of its parts."""
    building = _Building()
    try:
        for event in _events(text):
            building.take(event)
    except yaml.MarkedYAMLError as error:
        place = _mark(error.problem_mark)
        raise Unreadable(_plain(error, _is_tab(text, place)), place) from error
    except yaml.YAMLError as error:
        raise Unreadable(f"this is not YAML: {error}", Place(1, 1)) from error
    return building.value, building.places


def _events(text: str) -> Iterator[Any]:
    # The library has no types of its own; what is annotated is what it documents.
    events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
    return events


def _is_tab(text: str, place: Place) -> bool:
    line = text.split("\n")[place.line - 1 : place.line]
    return bool(line) and line[0][place.column - 1 : place.column] == "\t"


def _plain(error: yaml.MarkedYAMLError, tab: bool) -> str:
    hint = ": indent with spaces, not with tabs" if tab else ""
    within = f" ({error.context})" if error.context else ""
    return f"this is not YAML: {error.problem}{within}{hint}"


def _mark(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


class _Level(NamedTuple):
    """A mapping or a sequence that is not closed yet."""

    path: str
    value: Any
    key: list[str]
    """Of a mapping: the name that waits for its value, if one does."""


class _Building:
    """Puts events together, with a stack of its own: depth costs no recursion."""

    def __init__(self) -> None:
        self.value: Any = None
        self.places: dict[str, Place] = {}
        self._open: list[_Level] = []
        self._documents = 0

    def take(self, event: Any) -> None:
        """The next event of the stream."""
        place = _mark(event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise Unreadable("one file holds one policy: there is a second `---`", place)
        elif isinstance(event, yaml.AliasEvent):
            raise Unreadable(_NO_ALIAS, place)
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, place)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()

    def _node(self, event: Any, place: Place) -> None:
        if event.anchor is not None:
            raise Unreadable(_NO_ALIAS, place)
        if event.tag is not None:
            raise Unreadable(f"no tags here: remove {event.tag}", place)
        if self._is_key():
            self._key(event, place)
            return
        path = self._begin(place)
        if isinstance(event, yaml.ScalarEvent):
            self._put(_scalar(event, place))
            return
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._put(value)
        if len(self._open) >= MAX_DEPTH:
            raise Unreadable("this is nested too deeply for a policy", place)
        self._open.append(_Level(path, value, []))

    def _is_key(self) -> bool:
        return (
            bool(self._open) and isinstance(self._open[-1].value, dict) and not self._open[-1].key
        )

    def _key(self, event: Any, place: Place) -> None:
        level = self._open[-1]
        if not isinstance(event, yaml.ScalarEvent):
            raise Unreadable("a member's name is a word", place)
        path = f"{level.path}.{event.value}".lstrip(".")
        if event.value in level.value:
            first = self.places[path].line
            message = f"{path}: this member is there twice, first in line {first}"
            raise Unreadable(message, place, path)
        self.places[path] = place
        level.key.append(event.value)

    def _begin(self, place: Place) -> str:
        """The path of the value that comes now; the place of a member is that of its name."""
        if not self._open:
            return ""
        level = self._open[-1]
        if level.key:
            return f"{level.path}.{level.key[0]}".lstrip(".")
        path = f"{level.path}[{len(level.value)}]"
        self.places[path] = place
        return path

    def _put(self, value: Any) -> None:
        if not self._open:
            self.value = value
        elif self._open[-1].key:
            self._open[-1].value[self._open[-1].key.pop()] = value
        else:
            self._open[-1].value.append(value)


_NO_ALIAS = (
    "no anchors and aliases here (& and *): write it out, and put a name that begins with * "
    "into quotes"
)


def _scalar(event: Any, place: Place) -> Any:
    text: str = event.value
    if event.style:  # Quoted, or a block: text, whatever it looks like.
        return text
    for pattern, make in _CORE:
        if pattern.match(text):
            if len(text) > _MAX_DIGITS:
                raise Unreadable("a number of so many digits is none of a policy's", place)
            return make(text)
    return text


def is_no_text(text: str) -> bool:
    """Whether that, without quotes, would be read as a number, as true or false, or as nothing."""
    return any(pattern.match(text) for pattern, _ in _CORE)
