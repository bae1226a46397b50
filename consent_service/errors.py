"""What can go wrong, in the words of the domain.

`web/errors.py` gives each its HTTP status; the command line prints the message and exits with 1.
A message says what is wrong with which thing, and what to do. No driver's exception leaves
`store/`.
"""


class ConsentError(Exception):
    """The base of all that this service refuses. `field` names the culprit, if there is one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Invalid(ConsentError):
    """What came in is not what was asked for."""


class NotFound(ConsentError):
    """There is no such thing, or not for you."""


class Conflict(ConsentError):
    """Someone else changed it first, or this id stands for something else: read again."""


class Retired(ConsentError):
    """The policy version was superseded too long ago to be answered now."""


class Forbidden(ConsentError):
    """Known, but not allowed to do this."""


class SignInNeeded(ConsentError):
    """Nobody is signed in, and this is not for everybody."""


class TooMany(ConsentError):
    """Too many attempts. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(ConsentError):
    """The queue is full: nothing was stored. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(ConsentError):
    """The database does not answer. Nothing was stored."""


class TooLarge(ConsentError):
    """The body is larger than this address takes."""


class WrongType(ConsentError):
    """The body's content type is not one that this address takes."""


class Tampered(ConsentError):
    """A signature does not hold, or the thing signed is not of the form that we sign."""


class Forked(ConsentError):
    """A ledger is not the one that was signed. Nothing is appended until a person decides."""


class Refused(ConsentError):
    """A policy that may not be published. `findings` are `checks.Finding`s, worst first."""

    def __init__(self, message: str, findings: tuple[object, ...]) -> None:
        super().__init__(message)
        self.findings = findings


class NotRendered(ConsentError):
    """A banner could not be pictured: it did not show itself, or the browser broke."""


class Misconfigured(ConsentError):
    """The operator's settings, keys or database do not fit: the start is stopped."""
