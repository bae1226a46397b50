"""What store tests begin with: a site, a published version, receipts that are truly signed."""

import os
import tempfile
import time
from functools import cache
from pathlib import Path

import msgspec

import tests.given
from consent_service import ledger, policies, receipts, signing
from consent_service.audit import Act
from consent_service.merkle import Reason
from consent_service.model import (
    OPTIONAL,
    Artifact,
    BannerReference,
    Category,
    ChangeClass,
    Claims,
    Erasure,
    PolicyReference,
    Screen,
    Site,
    StoredReceipt,
    VersionRecord,
)
from consent_service.policies import Publication
from consent_service.store import Store

NOW = 1_700_000_000


@cache
def keyring() -> signing.Keyring:
    """Keys made for this run of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        return signing.open_keyring(Path(folder), NOW)


def desk(store: Store, folder: Path, keys: signing.Keyring | None = None) -> ledger.Desk:
    """What appends to the ledgers of that store, with checkpoints in that folder."""
    outside = ledger.Outside(folder / "checkpoints")
    return ledger.Desk(store, keys or keyring(), "https://consent.example", outside, "a test")


async def entered(desk: ledger.Desk, now: int = NOW) -> int:
    """Enter all that waits; how many that was."""
    sequencer = ledger.Sequencer(desk, lambda: now)
    entered = await sequencer.round()
    assert sequencer.stuck == {}
    return entered


async def erased(
    desk: ledger.Desk, site: Site, id: str, reason: Reason = Reason.REQUEST, now: int = NOW
) -> Erasure:
    """Erase a receipt."""
    return await receipts.erase(desk, site, id, reason, Act("service", now))


def uuid() -> str:
    return signing.uuid7(int(time.time() * 1000))


async def site(store: Store, key: str = "shop") -> Site:
    return await store.sites.add(key, "Nordlund Tea", ("https://shop.example",), 300, NOW)


def version(
    site_id: int, number: int = 1, body: bytes | None = None, at: int = NOW
) -> VersionRecord:
    body = body or b'{"policy": %d}' % number
    return VersionRecord(
        site_id=site_id,
        number=number,
        digest=signing.sha256_b64(body),
        body=body,
        change_class=ChangeClass.MAJOR,
        published_at=at,
        published_by="ed@shop.example",
        superseded_at=None,
    )


def artifact(
    site_id: int, number: int = 1, language: str = "en", at: int = NOW, tag: str = ""
) -> Artifact:
    tag = tag or os.urandom(8).hex()
    body = f"/* {tag} {language} */".encode()
    return Artifact(
        site_id=site_id,
        version=number,
        language=language,
        tag=tag,
        digest=signing.sha256_b64(body),
        body=body,
        brotli=b"br" + body,
        gzip=b"gz" + body,
        created_at=at,
    )


def screen(site_id: int, banner: str, layer: int = 1, viewport: str = "wide") -> Screen:
    return Screen(
        site_id=site_id,
        banner=banner,
        layer=layer,
        viewport=viewport,
        taken_at=NOW,
        digest=signing.sha256_b64(b"a picture"),
        entry=signing.sha256_b64(f"{banner} {layer} {viewport}".encode()),
    )


async def published(store: Store, key: str = "shop") -> Site:
    """A site with version 1 and the public keys on their shelf: receipts can be stored."""
    made = await site(store, key)
    await store.policies.add_version(version(made.id))
    for public in keyring().public_keys:
        await store.keys.add(public)
    return made


async def published_policy(store: Store) -> Site:
    """As `published`, with a policy that can be read, as an editor publishes it."""
    made, act = await site(store), Act("ed", NOW)
    draft = await policies.save_draft(store, made, 0, tests.given.policy(), act)
    asked = Publication(revision=draft.revision, change_class=ChangeClass.MAJOR)
    await policies.publish(store, made, asked, act)
    for public in keyring().public_keys:
        await store.keys.add(public)
    return made


def token(receipt: StoredReceipt) -> bytes:
    """A receipt's signed form."""
    return signing.PublicKeys.assemble(receipt.payload, receipt.signature, receipt.kid).encode()


def receipt(
    site_id: int,
    name: str = "",
    at: int = NOW,
    number: int = 1,
    action: str = "accept_all",
    *,
    replaces: StoredReceipt | None = None,
) -> StoredReceipt:
    """A receipt as the service signs it."""
    name = name or uuid()
    claims = Claims(
        iss="https://consent.example",
        jti=name,
        iat=at,
        site="shop",
        act=action,
        src="banner",
        cat=dict.fromkeys(Category, True),
        pol=PolicyReference(v=number, sha256="p" * 43, lang="en"),
        ui=BannerReference(sha256="u" * 43, layer=1, viewport="wide"),
        epoch=dict.fromkeys(OPTIONAL, 1),
        basis="opt-in",
        gpc=False,
        exp_consent=at + 182 * 86_400,
        prev=signing.sha256_b64(token(replaces)) if replaces else None,
    )
    signed = keyring().sign_receipt(msgspec.json.encode(claims))
    return StoredReceipt(
        site_id=site_id,
        id=name,
        recorded_at=at,
        version=number,
        payload=signed.payload,
        signature=signed.signature,
        kid=signed.kid,
    )
