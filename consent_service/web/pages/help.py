"""The help pages, always of the running version, and the API's description for people."""

import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from consent_service import starting, words
from consent_service.errors import NotFound
from consent_service.web import openapi
from consent_service.web.pages.markdown import inline, rendered, title
from consent_service.web.pages.policy_form import language_name
from consent_service.web.render import page

_FILE = re.compile(r"^```file\n(.+)\n```$", re.M)
_LANGUAGES = "```languages\n```"

_FIRST = (
    "install-the-tag",
    "publish-a-policy",
    "languages",
    "check-a-receipt",
    "audit",
    "signals",
    "blocking",
    "api",
    "read-the-cookie",
    "accounts",
)
"""What most come for; the rest follows by name."""

_CACHE = {"cache-control": "public, max-age=300"}


class Help(NamedTuple):
    """A page of the help."""

    name: str
    title: str
    html: Markup


@cache
def pages() -> dict[str, Help]:
    """Every help page by its name in addresses, in the order of the index."""
    folder = files("consent_service").joinpath("help")
    named = {
        file.name.removesuffix(".md"): _filled(folder, file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".md")
    }
    order = sorted(named, key=lambda name: (name not in _FIRST, _place(name), name))
    return {name: _help(name, named[name]) for name in order}


def _filled(folder: Traversable, text: str) -> str:
    """A page with what it shows of the running version: a block of kind `file` names one that lies
    beside it, and a block of kind `languages` stands for the table of them.
    """

    def shown(block: re.Match[str]) -> str:
        return f"```\n{folder.joinpath(block[1]).read_text(encoding='utf-8')}```"

    return _FILE.sub(shown, text).replace(_LANGUAGES, _languages())


def _languages() -> str:
    rows = (
        f"| {words.own_name(name)} | {language_name(name)} | `{name}` "
        f"| {'yes' if name in starting.languages() else 'not yet'} |"
        for name in sorted(words.languages(), key=language_name)
    )
    return "\n".join(
        ("| its own name | in English | tag | starting points |", "|---|---|---|---|", *rows)
    )


def _place(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else 0


def _help(name: str, text: str) -> Help:
    heading, rest = title(text)
    return Help(name, heading, rendered(rest))


async def index(request: Request) -> Response:
    """What there is help about."""
    return page(request, "help/index.html", {"pages": pages().values()}, headers=_CACHE)


async def one(request: Request) -> Response:
    """A help page."""
    found = pages().get(request.path_params["page"])
    if found is None:
        raise NotFound("there is no help page of this name")
    context = {"pages": pages().values(), "help": found}
    return page(request, "help/page.html", context, headers=_CACHE)


async def docs(request: Request) -> Response:
    """The API: the OpenAPI document as a page."""
    document = openapi.document()
    context = {
        "document": document,
        "operations": _operations(document),
        "schemas": _schemas(),
        "inline": inline,
    }
    return page(request, "help/docs.html", context, headers=_CACHE)


class Operation(NamedTuple):
    """One address and method, as the page shows it."""

    id: str
    method: str
    path: str
    described: dict[str, Any]


def _operations(document: dict[str, Any]) -> list[Operation]:
    return [
        Operation(described["operationId"], method.upper(), path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


class Member(NamedTuple):
    """One member of a type."""

    name: str
    type: str
    link: str
    """The type's name, where it is described on the page; else empty."""
    required: bool
    text: str


class Schema(NamedTuple):
    """A type: its members, or the values that it can have."""

    name: str
    text: str
    members: tuple[Member, ...]
    values: tuple[str, ...]


@cache
def _schemas() -> tuple[Schema, ...]:
    schemas: dict[str, Any] = openapi.document()["components"]["schemas"]
    return tuple(_schema(name, schema) for name, schema in schemas.items())


def _schema(name: str, schema: dict[str, Any]) -> Schema:
    required = schema.get("required", ())
    members = tuple(
        Member(
            member,
            type_name(described),
            _link(described),
            member in required,
            described.get("description", ""),
        )
        for member, described in schema.get("properties", {}).items()
    )
    values = tuple(str(value) for value in schema.get("enum", ()))
    return Schema(name, schema.get("description", ""), members, values)


def _link(schema: dict[str, Any]) -> str:
    reference = schema.get("$ref") or schema.get("items", {}).get("$ref", "")
    return str(reference).rpartition("/")[2]


def type_name(schema: dict[str, Any]) -> str:
    """A schema in words: `list of string`, `string or null`, a type's name."""
    if "$ref" in schema:
        return _link(schema)
    if "anyOf" in schema:
        return " or ".join(type_name(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {type_name(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_name(schema['additionalProperties'])}"
    return f"{schema.get('type', 'anything')}{_limits(schema)}"


_LIMITS = (
    ("pattern", " like {}"),
    ("minLength", ", at least {} characters"),
    ("maxLength", ", at most {} characters"),
    ("minimum", ", at least {}"),
    ("maximum", ", at most {}"),
)


def _limits(schema: dict[str, Any]) -> str:
    return "".join(text.format(schema[name]) for name, text in _LIMITS if name in schema)
