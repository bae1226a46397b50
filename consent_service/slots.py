"""What goes into the built widget's free names, such as `__VERSION__`: a literal for each. Pure.

Only what a version can need is handed over, in the shortest form: texts with their fixed names
already in them, lists in the order of the product instead of objects, one regular expression for
all the names of a kind. `widget/types/internal.d.ts` says what each name holds.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from consent_service.model import OPTIONAL, Category, Colours, Reload, Scheme, Storage, Theme

Config = Mapping[str, Any]

_SLOT = re.compile(rb"__(\w+?)__")
_STORAGES = (Storage.COOKIE, Storage.LOCAL_STORAGE, Storage.SESSION_STORAGE, Storage.INDEXED_DB)
"""Those that a page can delete from, in the order in which the widget knows them."""


def literal(value: Any) -> bytes:
    """JSON that may stand inside a script, also inside an inline one."""
    text = msgspec.json.encode(value).decode()
    for character in ("<", "\u2028", "\u2029"):
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def names(built: bytes) -> set[str]:
    """The free names of a built file."""
    return {match.decode() for match in _SLOT.findall(built)}


def filled(built: bytes, literals: Mapping[str, bytes]) -> bytes:
    """The built file with each free name replaced. What is put in is not looked at again."""
    return _SLOT.sub(lambda match: literals[match[1].decode()], built)


def of(config: Config) -> dict[str, bytes]:
    """The literals that follow from a configuration."""
    values = {
        "SITE": config["site"],
        "VERSION": config["version"],
        "LANGUAGE": config["language"],
        "DIRECTION": config["direction"],
        "EPOCHS": [config["epochs"][category] for category in OPTIONAL],
        "GRANTED_DAYS": config["days"].granted,
        "REFUSED_DAYS": config["days"].refused,
        "DOMAIN": config["domain"],
        "CATEGORIES": [[each["title"], each["text"]] for each in config["categories"]],
        "PROVIDERS": _providers(config["declarations"]),
        "HOSTS": _narrower_first(config["hosts"]),
        "CHANGES": _changes(config),
        "CHANGED": any(config["changes"].values()),
        "RELOAD": config["withdrawal"].reload is Reload.AUTO,
        "HOOK": config["withdrawal"].hook,
        "BUTTON": config["theme"].button,
        "NOTICED": config["notice"]["version"] if config["notice"] else 0,
        "notice": config["notice"]["text"] if config["notice"] else "",
        "LANGUAGES": _languages(config),
        "ITEMS": [_items(config, category) for category in Category],
        **_texts(config),
    }
    literals = {name: literal(value) for name, value in values.items()}
    return literals | _declared(config["declarations"])


def themed(theme: Theme) -> str:
    """The style sheet of a theme: what the built ones have left open."""
    first = theme.dark if theme.scheme is Scheme.DARK else theme.light
    schemes = "light dark" if theme.scheme is Scheme.AUTO else theme.scheme.value
    worn = f"*{{{_worn(first)};--round:{theme.radius}px;color-scheme:{schemes}}}"
    if theme.scheme is not Scheme.AUTO:
        return worn
    return f"{worn}@media(prefers-color-scheme:dark){{*{{{_worn(theme.dark)}}}}}"


def _worn(colours: Colours) -> str:
    return f"--back:{colours.back};--ink:{colours.ink};--act:{colours.act}"


def _texts(config: Config) -> dict[str, str]:
    texts: dict[str, str] = config["texts"]
    controller, count = config["controller"], _third_parties(config)
    filled_in = {
        "who": _fill(texts["who"], controller=controller, count=count),
        "free": _fill(texts["free"], settings=texts["settings"]),
    }
    # Visitors can only be told of changes where there were some.
    unneeded = {} if any(config["changes"].values()) else {"changed": "", "rest": ""}
    return {**texts, **filled_in, **unneeded}


def _third_parties(config: Config) -> int:
    """How many others than the controller have a part in what is asked (R14)."""
    return len({each["provider"] for each in _optional(config)} - {config["controller"]})


def _optional(config: Config) -> Iterable[dict[str, Any]]:
    return (each for each in config["declarations"] if each["category"] != Category.NECESSARY)


def _providers(declarations: Iterable[dict[str, Any]]) -> dict[str, str]:
    return {
        host: each["provider"]
        for each in declarations
        if each["category"] != Category.NECESSARY
        for host in each["hosts"]
    }


def _narrower_first(hosts: dict[str, str]) -> list[tuple[str, str]]:
    """Where two declared hosts cover an address, the browser takes the first."""
    return sorted(hosts.items(), key=lambda each: (-len(each[0]), each[0]))


def _languages(config: Config) -> list[str]:
    own = config["language"]
    return [own, *(name for name in config["languages"] if name != own)]


def _changes(config: Config) -> list[tuple[int, int, str]]:
    return [
        (place, change.epoch, _told(config, change))
        for place, category in enumerate(Category)
        for change in config["changes"].get(category, ())
    ]


def _told(config: Config, change: Any) -> str:
    text = config["texts"][f"change_{change.kind}"]
    return _fill(text, name=change.name, provider=change.provider)


def _items(config: Config, category: Category) -> list[Any]:
    own = [each for each in config["declarations"] if each["category"] == category]
    summary = _fill(config["texts"]["items"], count=len(own))
    return [summary, *(_item(config, each) for each in own)]


def _item(config: Config, item: dict[str, Any]) -> list[str]:
    country = f" ({item['country']})" if item["country"] else ""
    provider = item["provider"] + country
    kind = config["texts"][item["storage"]]
    return [item["name"], provider, item["purpose"], item["duration"], kind]


def _declared(declarations: Iterable[dict[str, Any]]) -> dict[str, bytes]:
    """For each category the names of cookies to delete, and the same of each other storage."""
    kept = list(declarations)
    cookies, *others = (
        [_names(kept, storage, category) for category in Category] for storage in _STORAGES
    )
    while others and not any(others[-1][1:]):
        others.pop()
    storages = f"[{','.join(_patterns(row) for row in others)}]"
    # Where nothing optional is declared nothing is ever deleted.
    return {
        "DECLARED": (_patterns(cookies) if any(cookies[1:]) else "[]").encode(),
        "STORAGES": storages.encode(),
    }


def _patterns(row: list[list[str]]) -> str:
    return f"[{','.join(pattern(each) for each in row)}]"


def has_storages(config: Config) -> bool:
    """Whether anything but cookies is to be deleted when its category is denied."""
    return any(each["storage"] in _STORAGES[1:] for each in _optional(config))


def _names(
    declarations: Iterable[dict[str, Any]], storage: Storage, category: Category
) -> list[str]:
    chosen = (storage, category)
    return [each["name"] for each in declarations if (each["storage"], each["category"]) == chosen]


def pattern(declared: Iterable[str]) -> str:
    """A regular expression for all of these names, in which `*` stands for any characters; or 0."""
    each = [_escaped(name).replace("*", "[^]*") for name in sorted(set(declared), key=_units)]
    if not each:
        return "0"
    return f"/^{each[0]}$/" if len(each) == 1 else f"/^(?:{'|'.join(each)})$/"


def _units(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


def _escaped(name: str) -> str:
    """Everything but letters, digits, `_`, `-` and `*` by its number: no name can say more."""
    units = _units(name)
    codes = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return "".join(_character(code) for code in codes)


def _character(code: int) -> str:
    character = chr(code)
    plain = character.isascii() and (character.isalnum() or character in "_-*")
    return character if plain else f"\\u{code:04x}"


def _fill(text: str, **values: Any) -> str:
    """The text with these names filled in, each once over: what is put in is not looked at."""
    return re.sub(
        r"\{(\w+)\}",
        lambda match: str(values[match[1]]) if match[1] in values else match[0],
        text,
    )
