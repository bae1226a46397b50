"""A running service, as a policy's file is kept in step with it: over HTTP, with a token."""

from typing import Any, NamedTuple, TypeVar

import click
import httpx
import msgspec

from consent_service.model import Policy, PolicyVersion
from consent_service.policies import Publication
from consent_service.web.api.plans import PlanDocument, PlanList
from consent_service.web.api.policies import DraftProposal, VersionSummary
from consent_service.web.errors import Problem

FOUND_DIFFERENCES, MISUSED, MOVED_ON, NOT_PUBLISHABLE, NOT_REACHED, PROPOSED = 1, 2, 3, 4, 5, 6
"""Exit statuses, beside 0. `help/policy-as-code.md` promises them."""

SECONDS = 30.0

Answer = TypeVar("Answer")


class Stopped(click.ClickException):
    """A command that cannot go on: what to say, and with which status to end."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.exit_code = status  # type: ignore[misc]  # click asks the instance

    def show(self, file: Any = None) -> None:
        """One line on stderr, or a few, as every command of ours ends."""
        click.echo(f"consent-service: {self.message}", err=True, file=file)


class RefusedByService(Stopped):
    """The service answered, and said no. `problem` is how."""

    def __init__(self, problem: Problem) -> None:
        status = _STATUS.get(problem.status, NOT_REACHED)
        super().__init__(f"the service refused this: {problem.detail}", status)
        self.problem = problem


_STATUS = {409: MOVED_ON, 422: NOT_PUBLISHABLE}


class SavedDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft as the service tells it."""

    revision: int
    changed_by: str
    changed_at: int
    policy: Policy


class Remote(NamedTuple):
    """One site of a running service, and the token that opens it."""

    url: str
    token: str
    site: str

    def draft(self) -> SavedDraft:
        """The draft as it stands."""
        return self._ask(SavedDraft, "GET", "/draft")

    def version(self, number: int) -> PolicyVersion:
        """A published version."""
        return self._ask(PolicyVersion, "GET", f"/versions/{number}")

    def proposal(self, revision: int, policy: Policy) -> DraftProposal:
        """What saving and publishing this would mean, were it made from that revision."""
        saving = {"revision": revision, "policy": policy}
        return self._ask(DraftProposal, "POST", "/draft/proposal", saving)

    def save(self, revision: int, policy: Policy) -> SavedDraft:
        """Save the draft over that revision."""
        return self._ask(SavedDraft, "PUT", "/draft", {"revision": revision, "policy": policy})

    def publish(self, asked: Publication) -> VersionSummary | PlanDocument:
        """Publish the draft, or plan to."""
        response = self._send("POST", "/versions", msgspec.json.encode(asked))
        if response.status_code == 202:
            return self._read(PlanDocument, response)
        return self._read(VersionSummary, response)

    def plans(self) -> tuple[PlanDocument, ...]:
        """The newest planned publications, the newest first."""
        return self._ask(PlanList, "GET", "/plans").plans

    def cancel(self, id: str) -> PlanDocument:
        """Take back one that waits."""
        return self._ask(PlanDocument, "DELETE", f"/plans/{id}")

    def _ask(self, kind: type[Answer], method: str, path: str, body: object = None) -> Answer:
        return self._read(
            kind, self._send(method, path, msgspec.json.encode(body) if body else b"")
        )

    def _read(self, kind: type[Answer], response: httpx.Response) -> Answer:
        try:
            if response.is_success:
                return msgspec.json.decode(response.content, type=kind)
            raise RefusedByService(msgspec.json.decode(response.content, type=Problem))
        except msgspec.DecodeError as error:
            text = (
                f"{self.url} answered {response.status_code}, in a form that is not known here: "
                f"is it the service, and of this version? ({error})"
            )
            raise Stopped(text, NOT_REACHED) from error

    def _send(self, method: str, path: str, body: bytes) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        address = f"{self.url}/v1/sites/{self.site}/policy{path}"
        try:
            return httpx.request(method, address, content=body, headers=headers, timeout=SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            said = str(error) or type(error).__name__
            raise Stopped(f"{self.url} cannot be reached: {said}", NOT_REACHED) from error
