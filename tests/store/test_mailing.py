"""Checkpoints by e-mail: a real SMTP server on loopback, and some that do not do as they should."""

import asyncio
import email
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from consent_service import ledger, vouching
from consent_service.audit import Act
from consent_service.merkle import parse_checkpoint, parse_note
from consent_service.model import Site
from consent_service.settings import Settings
from consent_service.store import Store
from consent_service.store.errands import Kind
from consent_service.vouching import DAY, Doing, Party, Rounds
from tests.store import given
from tests.store.given import NOW

ANN, BEA = "ann@auditors.example", "bea@lawyers.example"


@dataclass
class Post:
    """A mail server's handler, and what came to it."""

    refuses: str = ""
    """What it answers to a recipient, instead of taking it."""
    ends: str = "250 OK"
    """What it answers to a mail."""
    port: int = 0
    came: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 -- so it is called by aiosmtpd, after the command
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        if self.refuses:
            return self.refuses.format(address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 -- so it is called by aiosmtpd, after the command
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.came.append((envelope.rcpt_tos[0], message))
        if not self.ends:
            _hang_up(server)
        return self.ends


def _hang_up(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


@asynccontextmanager
async def mail_server(post: Post, **options: Any) -> AsyncIterator[Post]:
    """A mail server, until the block ends."""
    loop = asyncio.get_running_loop()
    made = list[SMTP]()

    def protocol() -> SMTP:
        made.append(SMTP(post, hostname="mail.example", loop=loop, **options))
        return made[-1]

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    post.port = server.sockets[0].getsockname()[1]
    async with server:
        yield post
    for each in made:
        _hang_up(each)


def settings(port: int, **changes: Any) -> Settings:
    chosen = {"smtp_host": "127.0.0.1", "smtp_from": "consent@shop.example", "smtp_tls": "none"}
    return Settings(base_url="https://consent.example", smtp_port=port, **{**chosen, **changes})


@pytest.fixture
async def site(store: Store, folder: Path) -> Site:
    """A site with a ledger, whose checkpoints two people keep."""
    made = await given.published(store)
    await given.entered(given.desk(store, folder))
    return await vouching.point(store, made, {"mail_to": (ANN, BEA)}, Act("operator", NOW))


async def gone_round(store: Store, chosen: Settings, now: float, patience: float = 10.0) -> None:
    mailer = vouching.mailer_of(chosen)
    assert mailer
    doing = Doing(vouching.mailing(mailer, patience), DAY, lease=DAY, repeats=True)
    await Rounds(store, {Kind.MAIL: doing}, lambda: now).round()


async def parties(store: Store, site: Site, folder: Path) -> dict[str, Party]:
    stands = await vouching.standing(given.desk(store, folder), site)
    return {party.name: party for party in stands.of("mail")}


async def test_each_gets_the_newest_checkpoint_once_a_day(
    store: Store, site: Site, folder: Path
) -> None:
    async with mail_server(Post()) as post:
        chosen = settings(post.port)
        for now in (NOW, NOW + 60, NOW + DAY - 1):
            both = (gone_round(store, chosen, now) for _ in range(2))
            await asyncio.gather(*both)
            assert sorted(to for to, _ in post.came) == [ANN, BEA]
        await gone_round(store, chosen, NOW + DAY)
        assert sorted(to for to, _ in post.came) == [ANN, ANN, BEA, BEA]
    found = await parties(store, site, folder)
    assert {each.done_at for each in found.values()} == {NOW + DAY}


MACHINE = "machine-under-the-desk.internal"
"""A name that no random boundary or id holds by chance, as a short one does now and then."""


async def test_what_is_mailed_is_the_checkpoint_to_the_byte_and_nothing_of_anybody(
    store: Store, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ask in ("gethostname", "getfqdn"):
        monkeypatch.setattr(socket, ask, lambda *_: MACHINE)
    async with mail_server(Post()) as post:
        await gone_round(store, settings(post.port), NOW)
    message = next(message for to, message in post.came if to == ANN)
    note = await ledger.checkpoint(store, site.id)
    (attachment,) = message.iter_attachments()
    assert attachment.get_content() == note
    head = await ledger.head_of(store, site.id)
    name = f"consent.example_ledger_shop-{head.size}.checkpoint"
    assert attachment.get_filename() == name
    assert parse_checkpoint(parse_note(note).text).size == head.size
    text = message.get_body()
    assert text is not None
    said = text.get_content().replace("\r\n", "\n")
    assert note.decode() in said
    assert f"consistency?from={head.size}&to=NEWER" in said
    assert message["subject"] == f"Checkpoint of consent.example/ledger/shop: {head.size} entries"
    assert (message["from"], message["to"]) == ("consent@shop.example", ANN)
    assert message["auto-submitted"] == "auto-generated"
    assert message["date"].datetime == datetime.fromtimestamp(NOW, UTC)
    assert message["message-id"].endswith("@consent.example>")
    assert MACHINE not in message.as_string()


# What the server does, what is said of it, and whether the mail may be tried again that day.
TROUBLES: dict[str, tuple[Post, str, bool]] = {
    "an unknown address": (
        Post(refuses="550 no such user {0}"),
        "says 550 'no such user [address]'",
        True,
    ),
    "greylisting": (Post(refuses="451 later"), "says 451 'later'", True),
    "a refusal of the text": (Post(ends="554 it is spam"), "says 554 'it is spam'", True),
    "hanging up after the text": (Post(ends=""), "has perhaps got its mail", False),
}


@pytest.mark.parametrize("name", TROUBLES)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_mail_that_fails_is_named_and_tried_again_unless_it_may_have_come(
    store: Store, site: Site, folder: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    scripted, trouble, again = TROUBLES[name]
    async with mail_server(Post(scripted.refuses, scripted.ends)) as post:
        await gone_round(store, settings(post.port), NOW)
        found = await parties(store, site, folder)
        assert all(trouble in party.trouble for party in found.values()), found
        assert all(party.done_at == 0 for party in found.values())
        came = len(post.came)
        post.refuses, post.ends = "", "250 OK"
        await gone_round(store, settings(post.port), NOW + 300)
        assert len(post.came) == came + (2 if again else 0)
        await gone_round(store, settings(post.port), NOW + DAY)
        assert len(post.came) == came + 2
    logged = " ".join(caplog.messages)
    assert f"an e-mail address of shop {trouble[:20]}" in logged or trouble in logged
    assert ANN not in logged
    assert BEA not in logged


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_server_that_is_not_there_or_silent_or_none_is_named(
    store: Store, site: Site, folder: Path
) -> None:
    await gone_round(store, settings(1), NOW)
    assert "does not do as it should" in (await parties(store, site, folder))[ANN].trouble

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def strange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-x\r\n")
        writer.close()

    for number, (serve, said) in enumerate(
        ((silent, "timed out"), (strange, "127.0.0.1 ")), start=1
    ):
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            chosen = settings(server.sockets[0].getsockname()[1])
            await gone_round(store, chosen, NOW + 300 * number, 0.3)
        assert said in (await parties(store, site, folder))[ANN].trouble


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_whoever_is_taken_off_and_put_on_again_is_not_mailed_twice_a_day(
    store: Store, site: Site
) -> None:
    async with mail_server(Post()) as post:
        act = Act("operator", NOW)
        for seconds, who in enumerate(((ANN,), (), (ANN, BEA), (BEA,), (ANN,))):
            await vouching.point(store, site, {"mail_to": who}, act)
            await gone_round(store, settings(post.port), NOW + seconds)
    assert sorted(to for to, _ in post.came) == [ANN, BEA]


# --- TLS -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + pem)
    return path


@pytest.fixture
def starttls(certificate: Path) -> dict[str, Any]:
    """The options of a server that wants TLS and a password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def signed_in(server: SMTP, session: Session, *rest: Any) -> AuthResult:
        data = rest[-1]
        right = (data.login, data.password) == (b"consent", b"secret")
        return AuthResult(success=right, handled=False)

    return {
        "tls_context": context,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": signed_in,
    }


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_it_signs_in_over_tls_where_the_certificate_is_trusted(
    store: Store,
    site: Site,
    starttls: dict[str, Any],
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with mail_server(Post(), **starttls) as post:
        chosen = settings(
            post.port, smtp_tls="starttls", smtp_user="consent", smtp_password="secret"
        )
        await gone_round(store, chosen, NOW)
    assert sorted(to for to, _ in post.came) == [ANN, BEA]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_certificate_that_nobody_trusts_gets_no_password(
    store: Store, site: Site, folder: Path, starttls: dict[str, Any]
) -> None:
    async with mail_server(Post(), **starttls) as post:
        chosen = settings(post.port, smtp_tls="starttls", smtp_user="consent")
        await gone_round(store, chosen, NOW)
        assert post.came == []
    trouble = (await parties(store, site, folder))[ANN].trouble
    assert "cannot be spoken to by TLS: CERTIFICATE_VERIFY_FAILED" in trouble
    async with mail_server(Post()) as plain:
        await gone_round(store, settings(plain.port, smtp_tls="starttls"), NOW + 300)
        assert plain.came == [], "it went on without TLS"
    trouble = (await parties(store, site, folder))[ANN].trouble
    assert "STARTTLS extension not supported" in trouble


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_password_that_is_wrong_is_named_and_not_shown(
    store: Store,
    scene: tuple[Site, Path],
    starttls: dict[str, Any],
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    site, folder = scene
    async with mail_server(Post(), **starttls) as post:
        chosen = settings(
            post.port, smtp_tls="starttls", smtp_user="consent", smtp_password="wrong-one"
        )
        await gone_round(store, chosen, NOW)
    trouble = (await parties(store, site, folder))[ANN].trouble
    assert "says 535" in trouble
    assert "wrong-one" not in trouble


@pytest.fixture
def scene(site: Site, folder: Path) -> tuple[Site, Path]:
    """A site, and where its checkpoints lie."""
    return site, folder
