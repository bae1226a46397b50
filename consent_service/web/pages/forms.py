"""What people type: read from a request, shown again as it was where it does not fit."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from python_multipart.exceptions import MultipartParseError
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from consent_service.errors import ConsentError, Invalid
from consent_service.web.limits import body

MAX_FORM = 64_000
"""Bytes of an ordinary form."""

_TYPE = "application/x-www-form-urlencoded"


class _Values(dict[str, str]):
    """A field that was not sent is empty."""

    def __missing__(self, name: str) -> str:
        return ""


class _Errors(dict[str, tuple[str, ...]]):
    """A field without a message has none."""

    def __missing__(self, name: str) -> tuple[str, ...]:
        return ()


class Form:
    """Fields as typed, by name, and what is wrong with them."""

    def __init__(
        self, pairs: Iterable[tuple[str, str]] = (), labels: Mapping[str, str] | None = None
    ) -> None:
        self._pairs = tuple(pairs)
        self._labels: Callable[[str], str] = lambda name: (labels or {}).get(name, name)
        self.values: dict[str, str] = _Values(self._pairs)
        self.errors: dict[str, tuple[str, ...]] = _Errors()
        self.findings: dict[str, tuple[str, ...]] = _Errors()
        """What can be saved, and not be published yet."""
        self.checked = False
        """Whether its fields have a place for such."""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value sent under that name: of boxes that are ticked."""
        return tuple(value for sent, value in self._pairs if sent == name)

    def labelled(self, labels: Callable[[str], str] | Mapping[str, str]) -> "Form":
        """The same form, its fields called by these names in messages."""
        self._labels = labels if callable(labels) else lambda name: labels.get(name, name)
        return self

    def label(self, name: str) -> str:
        """What people call the field."""
        return self._labels(name)

    def find(self, findings: Iterable[tuple[str, str]]) -> "Form":
        """The same form, with what keeps it from being published at its fields."""
        self.checked = True
        for name, message in findings:
            said = f"{message[:1].upper()}{message[1:]}."
            self.findings[name] = (*self.findings[name], said)
        return self

    def refuse(self, error: ConsentError, field: str = "") -> "Form":
        """The same form, with the message of an error at its field (or at `field`)."""
        name = field or error.field
        message = error.message.removeprefix(f"{error.field}: ")
        self.errors[name] = (*self.errors[name], f"{message[:1].upper()}{message[1:]}.")
        return self


async def read(request: Request, most: int = MAX_FORM) -> Form:
    """The form that a request brings. Raises `TooLarge`, `WrongType` and `Invalid`."""
    content = await body(request, most, (_TYPE,))
    try:
        pairs = parse_qsl(content.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise Invalid("the form is not in UTF-8") from error
    return Form((name, _plain(value)) for name, value in pairs)


class Upload(NamedTuple):
    """A form that may bring a file along."""

    form: Form
    content: bytes
    """The file's; empty where none was chosen."""


_WITH_FILE = "multipart/form-data"
_MOST_PARTS = 16


async def read_upload(request: Request, name: str, most: int) -> Upload:
    """The form that a request brings, and the file under that name.

    Raises `TooLarge` before more than `most` bytes are read, `WrongType` and `Invalid`.
    """
    if not request.headers.get("content-type", "").lower().startswith(_WITH_FILE):
        return Upload(await read(request, most), b"")
    content = await body(request, most, (_WITH_FILE,))

    async def once() -> AsyncGenerator[bytes, None]:
        yield content

    parser = MultiPartParser(
        request.headers, once(), max_files=1, max_fields=_MOST_PARTS, max_part_size=most
    )
    try:
        data = await parser.parse()
        try:
            return await _parts(data, name)
        finally:
            await data.close()
    except (MultiPartException, MultipartParseError, KeyError, UnicodeDecodeError) as error:
        raise Invalid("the form cannot be read: send it again") from error


async def _parts(data: FormData, name: str) -> Upload:
    pairs, content = [], b""
    for field, value in data.multi_items():
        if isinstance(value, str):
            pairs.append((field, _plain(value)))
        elif field == name:
            content = await value.read()
    return Upload(Form(pairs), content)


def _plain(value: str) -> str:
    """Browsers send line breaks as CR LF; texts are kept with LF."""
    if "\0" in value:
        raise Invalid("there is a character in the form that no text can have")
    return value.replace("\r\n", "\n").replace("\r", "\n")
