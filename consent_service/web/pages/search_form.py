"""What auditors ask for, typed into a form: a period, a version, an action, what was granted."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from consent_service import policies
from consent_service.errors import Invalid
from consent_service.model import OPTIONAL, Action, Site
from consent_service.store import Asked, Cursor
from consent_service.web.pages.forms import Form
from consent_service.web.pages.policy_form import language_name
from consent_service.web.service import Service

ACTIONS = {
    "accept_all": "Accepted everything",
    "reject_all": "Refused everything",
    "custom": "Chose by category",
    "withdraw": "Took consent back",
    "gpc": "Refused by the browser's Global Privacy Control",
    "expire": "Lapsed",
    "import": "Imported",
}
LABELS = {
    "id": "Receipt's id",
    "before": "Place",
    "from": "From",
    "to": "To",
    "version": "Version",
    "action": "Choice",
    "language": "Language",
    "format": "Format",
    **{category.value: category.value.title() for category in OPTIONAL},
}
FIELDS = ("from", "to", "version", "action", "language", *(each.value for each in OPTIONAL))
STATES = (("", "Either"), ("granted", "Granted"), ("denied", "Denied"))
ACTION_OPTIONS = (("", "Any"), *ACTIONS.items())

_FOR_EVER = 2**62


def asked(form: Form) -> Asked:
    """What the form asks for. What does not fit is refused at its field, and not asked for."""
    states = {each.value: form.values[each.value] for each in OPTIONAL}
    begin, end = _day(form, "from", 0, 0), _day(form, "to", _FOR_EVER, 1)
    if begin >= end:
        form.refuse(Invalid("the period ends before it begins"), "to")
        begin, end = 0, _FOR_EVER
    return Asked(
        begin=begin,
        end=end,
        version=_version(form),
        action=_one_of(form, "action", {action.value for action in Action}),
        language=form.values["language"].strip()[:35],
        granted=tuple(name for name, state in states.items() if state == "granted"),
        denied=tuple(name for name, state in states.items() if state == "denied"),
    )


def place(form: Form) -> Cursor | None:
    """Where in the list to go on; what is no such place is refused."""
    try:
        return Cursor.parse(form.values["before"]) if form.values["before"] else None
    except Invalid as error:
        form.refuse(error)
        return None


async def languages(running: Service, site: Site) -> list[tuple[str, str]]:
    """The languages that the site asks in now."""
    record = await running.store.policies.current(site.id)
    offered = policies.decode_version(record.body).policy.languages if record else ()
    return [("", "Any"), *((name, language_name(name)) for name in offered)]


def query(form: Form, **more: str) -> str:
    """The same question in an address."""
    said = {name: form.values[name] for name in FIELDS if form.values[name]}
    return urlencode({**said, **more})


def _day(form: Form, name: str, default: int, later: int) -> int:
    """The beginning of a day in unix seconds, or of the day after it."""
    text = form.values[name].strip()
    if not text:
        return default
    try:
        day = date.fromisoformat(text) + timedelta(days=later)
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):
        form.refuse(Invalid("a day is written 2026-11-22"), name)
        return default


def _version(form: Form) -> int:
    text = form.values["version"].strip()
    if text and not (text.isascii() and text.isdigit() and 0 < int(text[:12]) < 2**31):
        form.refuse(Invalid("a version is a number, from 1 on"), "version")
        return 0
    return int(text or 0)


def _one_of(form: Form, name: str, known: set[str]) -> str:
    text = form.values[name]
    if text and text not in known:
        form.refuse(Invalid("choose one of the list"), name)
        return ""
    return text
