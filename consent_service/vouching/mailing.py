"""The newest checkpoint is mailed to those who keep it: auditors, lawyers, whoever is no operator.

At most one mail a day and address. So an errand's next time is a day off from the moment that it is
taken, and comes nearer only where it is certain that nothing was sent: whoever dies on the way, or
hears nothing after the text was sent, has perhaps sent it.
"""

import asyncio
import smtplib
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from consent_service import ledger
from consent_service.errors import Invalid
from consent_service.merkle import parse_checkpoint, parse_note
from consent_service.model import Site
from consent_service.settings import Settings
from consent_service.signing import new_secret
from consent_service.store.ledger import Kept
from consent_service.vouching.outgoing import SECONDS, Trouble, Uncertain
from consent_service.vouching.visits import Visit, best

DAY = 86_400
_TAKEN = 250


class Mailer(NamedTuple):
    """The mail server, and who writes."""

    host: str
    port: int
    user: str
    password: str
    tls: str
    """`starttls`, `tls` or `none`."""
    sender: str
    base_url: str


def mailer_of(settings: Settings) -> Mailer | None:
    """The mail server of the settings; None where there is none."""
    if not settings.smtp_host:
        return None
    return Mailer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password,
        tls=settings.smtp_tls,
        sender=settings.smtp_from,
        base_url=settings.base_url,
    )


def check_mail(settings: Settings, addresses: tuple[str, ...]) -> tuple[str, ...]:
    """The same addresses, if they can be mailed to at all. Raises `Invalid`."""
    if addresses and not settings.smtp_host:
        raise Invalid("this service has no mail server: set smtp_host and smtp_from", "mail_to")
    return addresses


def mailing(mailer: Mailer, patience: float = SECONDS) -> Callable[[Visit], Awaitable[int]]:
    """Mails by that server; `patience` is how many seconds each step of it may take."""

    async def mail(visit: Visit) -> int:
        kept = await best(visit)
        message = composed(mailer, visit.site, kept, visit)
        # The library waits: in a thread, so that nobody else does.
        await asyncio.to_thread(_send, mailer, visit.errand.whom, message, patience)
        return kept.size

    return mail


def composed(mailer: Mailer, site: Site, kept: Kept, visit: Visit) -> bytes:
    """The mail: the checkpoint as text and as a file, and what to do with it."""
    note = ledger.cosigned(kept)
    checkpoint = parse_checkpoint(parse_note(note).text)
    host = urlsplit(mailer.base_url).hostname or "localhost"
    message = EmailMessage(SMTP)
    message["From"], message["To"] = mailer.sender, visit.errand.whom
    message["Subject"] = f"Checkpoint of {checkpoint.origin}: {kept.size} entries"
    message["Date"] = format_datetime(datetime.fromtimestamp(visit.now, UTC))
    message["Message-ID"] = f"<{new_secret()}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    text = _TEXT.format(
        origin=checkpoint.origin,
        size=kept.size,
        note=note.decode(),
        base_url=mailer.base_url,
        site=site.key,
    )
    message.set_content(text, cte="quoted-printable")
    name = f"{checkpoint.origin.replace('/', '_').replace(':', '_')}-{kept.size}.checkpoint"
    message.add_attachment(note, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


_TEXT = """\
This is the newest checkpoint of the ledger {origin}: {size} entries.

Keep this mail, or the file in it, where whoever runs that service cannot reach it. With it can be
shown later whether any of these {size} entries was taken out, changed or put in another order, and
whether somebody else was shown another ledger.

{note}
How to use it:        {base_url}/help/audit
A newer checkpoint:   {base_url}/ledger/{site}/checkpoint
That it continues:    {base_url}/v1/sites/{site}/ledger/consistency?from={size}&to=NEWER

It is a number, a hash and signatures: nothing of any visitor is in it. One such mail comes a day,
at the most. To have no more of them, tell whoever runs the service.
"""


def _send(mailer: Mailer, to: str, message: bytes, patience: float) -> None:
    """Raises `Trouble` where it is certain that nothing was sent, else `Uncertain`."""
    with _plainly(mailer, to), _connected(mailer, patience) as server:
        for code, said in (server.mail(mailer.sender), server.rcpt(to)):
            if code not in (_TAKEN, 251):
                raise smtplib.SMTPResponseException(code, said)
        try:
            code, said = server.data(message)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise Uncertain(
                "has perhaps got its mail: the mail server hung up or fell silent after it was "
                "sent; it is not sent again today"
            ) from error
        if code != _TAKEN:
            raise smtplib.SMTPResponseException(code, said)


@contextmanager
def _connected(mailer: Mailer, patience: float) -> Iterator[smtplib.SMTP]:
    # Whom we say we are: else the library looks the machine's own name up, and tells it.
    name = urlsplit(mailer.base_url).hostname or "localhost"
    context = ssl.create_default_context()
    if mailer.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            mailer.host, mailer.port, name, timeout=patience, context=context
        )
    else:
        server = smtplib.SMTP(mailer.host, mailer.port, name, timeout=patience)
    try:
        if mailer.tls == "starttls":
            server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
        if mailer.user:
            server.login(mailer.user, mailer.password)
        yield server
    finally:
        _leave(server)


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        # It hung up first. What was to be said was said.
        server.close()


@contextmanager
def _plainly(mailer: Mailer, to: str) -> Iterator[None]:
    """What the library raises, in words that hold no address of a person."""
    where = f"got no mail: the mail server {mailer.host}"
    try:
        yield
    except smtplib.SMTPResponseException as error:
        text = error.smtp_error
        said = text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)
        said = " ".join(said.replace(to, "[address]").split())[:200]
        raise Trouble(f"{where} says {error.smtp_code} {said!a}") from error
    except ssl.SSLError as error:
        raise Trouble(f"{where} cannot be spoken to by TLS: {error.reason or error}") from error
    except TimeoutError as error:
        raise Trouble(f"{where} does not answer") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Trouble(f"{where} does not do as it should: {str(error)[:200]}") from error
