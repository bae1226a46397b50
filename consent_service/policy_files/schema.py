"""The JSON Schema of a policy's file, made from the very types that read it."""

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec

from consent_service.policy_files.form import PolicyFile

SCHEMA_PATH = "/schemas/policy.json"
"""Where the service serves it: a promise, since files in git name it."""


@cache
def schema(base_url: str) -> dict[str, Any]:
    """The schema (JSON Schema 2020-12), with what each member is for."""
    (whole,), parts = msgspec.json.schema_components([PolicyFile], ref_template="#/$defs/{name}")
    for kind in _structs(PolicyFile):
        _describe(parts[kind.__name__], kind)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base_url}{SCHEMA_PATH}",
        "title": "The policy of a site",
        **whole,
        "$defs": parts,
    }


def _structs(kind: type) -> set[type]:
    """A type and every struct that its members are made of."""
    found: set[type] = set()
    waiting: list[Any] = [kind]
    while waiting:
        described = waiting.pop()
        if isinstance(described, type):
            described = msgspec.inspect.type_info(described)
        if isinstance(described, msgspec.inspect.StructType) and described.cls not in found:
            found.add(described.cls)
            waiting += [field.type for field in described.fields]
        else:
            waiting += _inner(described)
    return found


def _inner(described: Any) -> list[Any]:
    """What a type of JSON's is made of: a list's items, an object's values."""
    names = ("item_type", "value_type", "types", "item_types", "type")
    inner: list[Any] = []
    for name in names:
        each = getattr(described, name, ())
        inner += each if isinstance(each, tuple) else (each,)
    return inner


def _documented(kind: type) -> dict[str, str]:
    """What the source says below each member."""
    parsed = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    body = [each for node in parsed.body if isinstance(node, ast.ClassDef) for each in node.body]
    said: dict[str, str] = {}
    for member, after in pairwise(body):
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            text = _string(after)
            if text:
                said[member.target.id] = " ".join(text.split())
    return said


def _string(node: ast.stmt) -> str:
    literal = node.value if isinstance(node, ast.Expr) else None
    value = literal.value if isinstance(literal, ast.Constant) else None
    return value if isinstance(value, str) else ""


def _describe(described: dict[str, Any], kind: type) -> None:
    """Add what the library leaves out: what a member is for, and which names an object takes."""
    said = _documented(kind)
    for field in msgspec.inspect.type_info(kind).fields:  # type: ignore[attr-defined]  # of a struct
        more: dict[str, Any] = {}
        if field.name in said:
            more["description"] = said[field.name]
        keys = getattr(field.type, "key_type", None)
        if isinstance(keys, msgspec.inspect.EnumType):
            more["propertyNames"] = {"enum": [each.value for each in keys.cls]}
        described["properties"][field.encode_name] |= more
