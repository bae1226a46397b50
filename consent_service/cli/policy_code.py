"""Policy as code: a file in git and a running service, kept in step without writing over anybody.

A file says which revision of the draft it was made from. The service knows who saved since. What
this token saved itself is the same hand, so a pipeline need not write the revision back; what
anybody else saved is never written over.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from consent_service import policy_files
from consent_service.cli.policy_text import (
    differences,
    found_lines,
    proposed_line,
    report,
    told_waiting,
)
from consent_service.cli.remote import (
    FOUND_DIFFERENCES,
    MISUSED,
    MOVED_ON,
    NOT_PUBLISHABLE,
    RefusedByService,
    Remote,
    Stopped,
)
from consent_service.cli.targets import Service
from consent_service.model import Category, ChangeClass, Text
from consent_service.policies import Publication, Saving
from consent_service.policy_files import PolicyFile, Source, Unreadable
from consent_service.web.api.plans import PlanDocument
from consent_service.web.api.policies import DraftProposal, VersionSummary


class Local(NamedTuple):
    """A file on this machine, read."""

    path: Path
    text: str
    source: Source

    @property
    def file(self) -> PolicyFile:
        return self.source.file

    def where(self, field: str) -> str:
        """Where that part of the policy stands: `site.yaml:12:3`."""
        place = self.source.place(f"policy.{field}")
        return f"{self.path}:{place.line}:{place.column}"

    def note(self, revision: int) -> None:
        """Keep in the file which revision it is at now; nothing else in it is touched."""
        if revision != self.file.revision:
            self._write(policy_files.with_revision(self.source, self.text, revision))

    def _write(self, text: str) -> None:
        self.path.write_bytes(text.encode())


def opened(path: Path) -> Local:
    """The file, read. Stops where it is none, with the line and column of what is wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Stopped(f"{path} cannot be read: {error.strerror}", MISUSED) from error
    try:
        source = policy_files.read(content)
    except Unreadable as error:
        place = f"{path}:{error.place.line}:{error.place.column}"
        raise Stopped(f"{place}: {error.message}", MISUSED) from error
    return Local(path, content.decode("utf-8-sig"), source)


# --- Pull ----------------------------------------------------------------------------------------


def pull_file(service: Service, path: Path, site: str, number: int | None, replace: bool) -> None:
    """Write the draft into a file, or an old version's policy; never over other work unasked."""
    local = opened(path) if path.exists() else None
    key = site or (local.file.site if local else "")
    if not key:
        raise Stopped("name the site with --site: the file does not say it yet", MISUSED)
    remote = service.of(key)
    draft = remote.draft()
    policy = draft.policy if number is None else remote.version(number).policy
    file = PolicyFile(site=key, revision=draft.revision, policy=policy)
    if local and local.file.policy == policy and local.file.site == key:
        local.note(draft.revision)
    elif local and not replace:
        _keep(local, file)
    else:
        schema = f"{service.url}{policy_files.SCHEMA_PATH}"
        path.write_bytes(policy_files.written(file, schema).encode())
    click.echo(f"{path} says what revision {draft.revision} of {key} says.")


def _keep(local: Local, theirs: PolicyFile) -> None:
    for line in differences(local.file.policy, theirs.policy):
        click.echo(line)
    raise Stopped(
        f"{local.path} says something else than the draft, as shown above, and was left as it is. "
        "Commit it first; then pull with --replace, or pull into a new file",
        MOVED_ON,
    )


# --- Diff ----------------------------------------------------------------------------------------


def diff_file(service: Service, path: Path) -> None:
    """Show what publishing the file would mean. Stops with 1 where it would mean anything."""
    local = opened(path)
    remote = service.of(local.file.site)
    found = _proposal(remote, local)
    same = _show(remote, local, found)
    if not same or found.findings:
        raise click.exceptions.Exit(FOUND_DIFFERENCES)


def _proposal(remote: Remote, local: Local) -> DraftProposal:
    try:
        return remote.proposal(local.file.revision, local.file.policy)
    except RefusedByService as refused:
        raise _placed(local, refused) from refused


def _placed(local: Local, refused: RefusedByService) -> Stopped:
    """What the service does not take, with its line in the file."""
    field = refused.problem.field.removeprefix("policy.")
    if refused.exit_code != NOT_PUBLISHABLE or not field:
        return refused
    return Stopped(f"{local.where(field)}: {refused.problem.detail}", MISUSED)


def _show(remote: Remote, local: Local, found: DraftProposal) -> bool:
    """Print what publishing would mean; whether it would mean nothing."""
    before = remote.version(found.current).policy if found.current else None
    policy = local.file.policy
    if before == policy:
        click.echo(f"{local.path} says what version {found.current} says.")
    elif before:
        click.echo(f"Against version {found.current} of {local.file.site}:")
        _say(report(found.changes, before, policy))
    else:
        click.echo(f"Nothing of {local.file.site} is published yet: this would be version 1.")
    if before != policy:
        click.echo(proposed_line(found.proposed, found.asked))
    _say(found_lines(found.findings, local.where))
    return before == policy


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


# --- Push ----------------------------------------------------------------------------------------


def push_file(service: Service, path: Path, dry_run: bool) -> None:
    """Save the file as the draft, unless somebody else saved since."""
    local = opened(path)
    remote = service.of(local.file.site)
    found = _proposal(remote, local)
    if dry_run:
        _show(remote, local, found)
    saved = _saved(remote, local, found, dry_run)
    if saved and not dry_run:
        local.note(saved)
        click.echo(f"The draft of {remote.site} is at revision {saved}.")


def _saved(remote: Remote, local: Local, found: DraftProposal, dry_run: bool = False) -> int:
    """The revision at which the draft says what the file says."""
    if found.saved:
        return found.revision
    if found.others or local.file.revision > found.revision:
        raise _moved_on(remote, local, found)
    if dry_run:
        return 0
    try:
        return remote.save(found.revision, local.file.policy).revision
    except RefusedByService as refused:
        if refused.exit_code == MOVED_ON:
            # Somebody saved between the question and the saving.
            raise _moved_on(remote, local, _proposal(remote, local)) from refused
        raise _placed(local, refused) from refused


def _moved_on(remote: Remote, local: Local, found: DraftProposal) -> Stopped:
    seen = local.file.revision
    if seen > found.revision:
        return Stopped(
            f"{local.path} was made from revision {seen}, and the draft of {remote.site} is at "
            f"{found.revision}: is this the service that it was pulled from? If it is, set "
            f"`revision: {found.revision}` after reading the draft",
            MOVED_ON,
        )
    theirs = remote.draft()
    click.echo(f"In the draft, and in {local.path}:")
    _say(differences(theirs.policy, local.file.policy))
    who = "; ".join(_who(saving) for saving in found.others[:5]) or theirs.changed_by
    return Stopped(
        f"the draft of {remote.site} moved on after revision {seen}, which {local.path} was made "
        f"from: {who}. Nothing was saved. Bring what you want of theirs into the file, set "
        f"`revision: {theirs.revision}` in it, and push again",
        MOVED_ON,
    )


def _who(saving: Saving) -> str:
    at = datetime.fromtimestamp(saving.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"revision {saving.revision} by {saving.by}, {at}"


# --- Publish -------------------------------------------------------------------------------------


class Wanted(NamedTuple):
    """How a version is to be published."""

    change_class: ChangeClass | None
    """None for the proposed one."""
    categories: tuple[Category, ...] = ()
    reason: str = ""
    notice: Text = {}  # noqa: RUF012 (never changed)
    at: str = ""
    zone: str = ""
    announce: bool = False

    def publication(self, revision: int, proposed: ChangeClass) -> Publication:
        """What is asked for, of the draft at that revision."""
        given = self._asdict() | {"change_class": self.change_class or proposed}
        return Publication(revision=revision, **given)


def publish_file(service: Service, path: Path, wanted: Wanted, dry_run: bool) -> None:
    """Push the file and publish it. Where the version in force says it already: nothing."""
    local = opened(path)
    remote = service.of(local.file.site)
    found = _proposal(remote, local)
    same = _show(remote, local, found)
    if found.findings:
        raise Stopped(f"{local.path} may not be published yet: see above", NOT_PUBLISHABLE)
    revision = _saved(remote, local, found, dry_run)
    if same or dry_run:
        return
    done = _asked(remote, wanted.publication(revision, found.proposed))
    local.note(remote.draft().revision)
    if isinstance(done, PlanDocument):
        told_waiting(done)
    else:
        click.echo(f"Published version {done.number} ({done.change_class.value}) {done.sha256}")


_OPTIONS = ("at", "zone", "announce")


def _asked(remote: Remote, asked: Publication) -> VersionSummary | PlanDocument:
    try:
        return remote.publish(asked)
    except RefusedByService as refused:
        if refused.problem.field in _OPTIONS:
            said = f"--{refused.problem.field}: {refused.problem.detail}"
            raise Stopped(said, MISUSED) from refused
        raise
