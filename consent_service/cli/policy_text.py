"""What the policy's pages show, for a terminal: what would change, for whom, what is in the way."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import click

from consent_service.checks import Finding
from consent_service.cli.remote import PROPOSED
from consent_service.model import Category, Change, ChangeClass, PlanState, Policy
from consent_service.web.api.plans import PlanDocument
from consent_service.web.pages import diffs
from consent_service.web.pages.diffs import Piece, Row, Shown

Where = Callable[[str], str]
"""Where a finding's field stands: `site.yaml:12:3`, or nothing."""


def report(changes: Iterable[Change], before: Policy, after: Policy) -> Iterator[str]:
    """Every change, with texts compared word by word and cookies row by row."""
    for shown in diffs.shown(changes):
        yield _line(shown.change)
        yield from _indented(_compared(shown))
    rows = diffs.rows(before.declarations, after.declarations, after.languages)
    if rows:
        yield "Cookies, row by row:"
        for row in rows:
            yield from _row(row)


def _line(change: Change) -> str:
    where = ", ".join(change.categories)
    about = f" [{where}]" if where else ""
    return f"{change.proposed.value:5}  {change.kind.value} {change.name}{about}: {change.reason}"


def _compared(shown: Shown) -> str:
    return "".join(_piece(piece) for piece in shown.pieces)


def _piece(piece: Piece) -> str:
    """Marked with characters as well: colours are lost in a log."""
    if piece.kind == "del":
        return click.style(f"[-{piece.text}-]", fg="red")
    if piece.kind == "ins":
        return click.style(f"{{+{piece.text}+}}", fg="green")
    return piece.text


def _indented(text: str) -> Iterator[str]:
    return (f"         {line}" for line in text.splitlines())


def _row(row: Row) -> Iterator[str]:
    yield f"  {row.state}  {row.name}"
    more = ((f"Purpose ({language})", pieces) for language, pieces in row.purposes)
    for column, pieces in (*row.cells, *more):
        text = "".join(_piece(piece) for piece in pieces)
        if text:
            yield from _indented(f"{column}: {text}".replace("\n", "\n  "))


def proposed_line(proposed: ChangeClass, asked: Iterable[Category]) -> str:
    """The class, and who is asked again."""
    return f"Proposed: {proposed.value}. Asked again about: {', '.join(asked) or 'nobody'}."


def found_lines(findings: Iterable[Finding], where: Where = lambda _: "") -> Iterator[str]:
    """What keeps a policy from being published, each with its place."""
    for finding in findings:
        at = where(finding.field)
        place = f" ({at})" if at else ""
        yield f"{finding.rule} {finding.field}: {finding.message}{place}"


def differences(theirs: Policy, mine: Policy) -> Iterator[str]:
    """Field by field, where two people wrote different things."""
    for found in diffs.between(theirs, mine):
        yield f"  {found.name}"
        yield from _indented("".join(_piece(piece) for piece in found.pieces))


def told_waiting(plan: PlanDocument) -> None:
    """Say what waits. Ends with a status of its own where somebody else is to approve it."""
    click.echo(plan_line(plan))
    if plan.state is PlanState.PROPOSED:
        click.echo("Somebody else is to approve it, on its page or on the service's machine.")
        raise click.exceptions.Exit(PROPOSED)


def plan_line(plan: PlanDocument) -> str:
    """A plan in one line."""
    when = f" for {_time(plan.due_at)}" if plan.due_at else ""
    approved = f", approved by {plan.approved_by}" if plan.approved_by else ""
    why = f": {plan.said}" if plan.said else ""
    number = f" as version {plan.number}" if plan.number else ""
    said = f"{plan.state.value}{number}{when} ({plan.change_class.value})"
    return f"{plan.id}  {said} by {plan.made_by}{approved}{why}"


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
