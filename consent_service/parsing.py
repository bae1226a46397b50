"""Strangers' bytes become types here, or a clear refusal. Total: nothing else comes out.

One door for all JSON that reaches the service; it is this function that is fuzzed.
"""

import json
import re
from typing import TypeVar

import msgspec

from consent_service.errors import Invalid

Parsed = TypeVar("Parsed")

_AT = re.compile(r"^(?P<what>.*?)(?: - at (?:`key` in )?`\$\.?(?P<path>.*)`)?$", re.DOTALL)
_NAMED = re.compile(r"^Object (?:missing required field|contains unknown field) `(?P<name>[^`]*)`$")


def parse(kind: type[Parsed], body: bytes) -> Parsed:
    """JSON bytes to a value of `kind`.

    Raises `Invalid` whose `field` is the path of what does not fit (`choices.marketing`), and
    whose message says what was expected and what came.
    """
    try:
        parsed = msgspec.json.decode(body, type=kind)
        # Of a member that is there twice one would be taken, and not everybody takes the same.
        _ONCE_EACH.decode(body.decode())
        return parsed
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise Invalid(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise Invalid("the body is nested too deeply") from error


def _once(members: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            raise Invalid(f"{name}: this member is there twice", name)
        seen.add(name)


_ONCE_EACH = json.JSONDecoder(object_pairs_hook=_once)
"""What it reads is thrown away. Made here, since making one takes nearly as long as reading."""


def _invalid(message: str) -> Invalid:
    found = _AT.match(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    named = _NAMED.match(what)
    if named:
        path = f"{path}.{named['name']}".lstrip(".")
    return Invalid(f"{path}: {_plain(what)}" if path else _plain(what), path)


def _plain(what: str) -> str:
    """msgspec's words, without its back-ticks and with JSON's names for JSON's things."""
    missing = what.startswith("Object missing")
    if missing or what.startswith("Object contains unknown"):
        return "this member is required" if missing else "there is no such member"
    names = {"bool": "a boolean", "int": "a whole number", "str": "a string", "float": "a number"}
    names |= {"object": "an object", "array": "a list", "null": "null"}
    text = re.sub(r"`([^`]*)`", lambda match: names.get(match[1], match[1]), what)
    return text[:1].lower() + text[1:]
