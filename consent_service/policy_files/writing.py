"""A policy as YAML that people like to read: texts as blocks, what is empty left out.

The same policy gives the same bytes, so that a diff in git shows what changed and nothing else.
"""

import re
from enum import Enum
from typing import Any

import msgspec
import yaml
from msgspec.structs import FieldInfo

from consent_service.policy_files.form import PolicyFile
from consent_service.policy_files.reading import Source, is_no_text, load

WIDTH = 96

_REVISION = re.compile(r"(revision\s*:\s*)\d+")
_SECTION = re.compile(r"policy\.\w+|policy\.declarations\[\d+\]")
# Line breaks to YAML 1.1 and not to 1.2, or the other way round: escaped, so that all agree.
_BREAKS = re.compile("[\r\x85\u2028\u2029]")
# In a block these could not be told from the indentation, or would be lost.
_NO_BLOCK = re.compile("\t|^\\s|\\s$")
_FOLDS = re.compile(r"\S+( \S+)+")


def written(file: PolicyFile, schema: str) -> str:
    """The file's text. `schema` is the address of the JSON Schema, for editors to check it by."""
    body = yaml.dump(
        _plain(file), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=WIDTH, indent=2
    )
    return f"# yaml-language-server: $schema={schema}\n{_spaced(body)}"


def _plain(value: Any) -> Any:
    """A value in what YAML has. A member that is left empty, and may be, is not written."""
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(value)
        members = ((field, getattr(value, field.name)) for field in fields)
        return {f.encode_name: _plain(each) for f, each in members if not _says_nothing(f, each)}
    if isinstance(value, dict):
        return {_plain(name): _plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value


def _says_nothing(field: FieldInfo, value: Any) -> bool:
    return not field.required and value in (None, "", (), {})


def _spaced(body: str) -> str:
    """A blank line before each section and each cookie."""
    _, places = load(body)
    starts = {place.line for path, place in places.items() if _SECTION.fullmatch(path)}
    starts -= {
        places[path].line + 1 for path in ("policy", "policy.declarations") if path in places
    }
    lines = body.split("\n")
    return "\n".join(f"\n{line}" if at in starts else line for at, line in enumerate(lines, 1))


def with_revision(source: Source, text: str, revision: int) -> str:
    """The same text, made from another revision: nothing else of it is touched."""
    at = source.place("revision" if "revision" in source.places else "site").line - 1
    # Not `splitlines`, which also breaks where YAML does not.
    lines = text.split("\n")
    if "revision" in source.places:
        lines[at] = _REVISION.sub(rf"\g<1>{revision}", lines[at], count=1)
    else:
        lines.insert(at, f"revision: {revision}")
    return "\n".join(lines)


class _Dumper(yaml.SafeDumper):
    """The library's, with items indented under their list and texts as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def analyze_scalar(self, scalar: str) -> Any:
        """A line may end in spaces in a block: it is Markdown's line break."""
        analysis: Any = super().analyze_scalar(scalar)
        if "\n" in scalar and not _NO_BLOCK.search(scalar.replace("\n", "")):
            analysis.allow_block = True
        return analysis


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if _BREAKS.search(text):
        style = '"'
    elif is_no_text(text):
        style = "'"
    elif "\n" in text:
        style = "|"
    elif len(text) > WIDTH - 20 and _FOLDS.fullmatch(text):
        style = ">"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.SequenceNode:
    short = all(isinstance(each, str) and len(each) < 40 for each in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=short)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)
