"""Evidence: all that shows what one receipt says, gathered from the shelves.

What `exports.verify` finds in it is what our own pages show: an auditor who takes it away finds
the same, without us.
"""

import contextlib
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from consent_service import ledger
from consent_service.errors import Tampered
from consent_service.exports.bundle import Evidence, Place, members
from consent_service.exports.verify import (
    Failed,
    Result,
    check_members,
    pack,
    read_stamp,
    screen_digest,
)
from consent_service.ledger import Proved
from consent_service.ledger.proving import reading
from consent_service.merkle import (
    EntryProof,
    Hashes,
    format_proof,
    inclusion_tiles,
    parse_note,
    prove_inclusion,
)
from consent_service.model import Artifact, Claims, Receipt, Site, StoredReceipt
from consent_service.signing import PublicKeys, jwks, sha256_b64, unb64url
from consent_service.store import Store
from consent_service.store.ledger import Kept, Stamp

_LOOKED_AT = 200
"""Kept checkpoints that are looked at for one that others have seen: more than a week's."""

_WORTH = 3_600
"""Seconds that the agreement of most witnesses is worth, against the word of one."""

_SCREENS = "screens/"

_MOST = 50
"""Receipts of one browser that are followed in each direction."""


class Office(NamedTuple):
    """Where evidence is gathered."""

    store: Store
    keys: PublicKeys
    base_url: str


async def gather(office: Office, site: Site, receipt: Receipt) -> Evidence:
    """All that is known of a receipt.

    Raises `NotFound` where its texts or its banner are not on file.
    """
    store, claims = office.store, receipt.claims
    record = await store.policies.version_by_digest(site.id, claims.pol.sha256)
    banner = await store.policies.artifact_by_digest(site.id, claims.ui.sha256)
    settings = await store.policies.second_layer(banner)
    former = await store.receipts.named(site.id, claims.prev) if claims.prev else None
    evidence = Evidence(
        token=receipt.token,
        claims=claims,
        policy=record.body,
        banner=banner.body,
        jwks=jwks(key.jwk for key in await store.keys.all()),
        settings=settings.body if settings else b"",
        previous=_claims(former.payload) if former else None,
        screens=await _screens(store, banner),
    )
    return evidence._replace(place=await _place(office, site, evidence))


def check(evidence: Evidence) -> list[Result]:
    """The five checks, as the verifier makes them of the bundle."""
    return check_members(members(evidence))


_SHARED = ("policy.json", "banner.js", "settings.js", "jwks.json", "tlog-policy.txt", "tsa.pem")


async def bundles(office: Office, site: Site, receipts: Iterable[StoredReceipt]) -> bytes:
    """A bundle of bundles: what many have alike lies in it once, by its hash."""
    made, shared = dict[str, bytes](), dict[str, bytes]()
    for stored in receipts:
        receipt = office.keys.verify_parts(stored.payload, stored.signature, stored.kid)
        files = members(await gather(office, site, receipt))
        alike = {name for name in files if name in _SHARED or name.endswith(".png")}
        shared |= {f"shared/{sha256(files[n]).hexdigest()}": files[n] for n in alike}
        own = {name: files[name] for name in files if name not in alike}
        made[f"bundles/{stored.id}.zip"] = pack(own)
    return pack({**made, **dict(sorted(shared.items()))})


def _claims(payload: bytes) -> Claims:
    return msgspec.json.decode(payload, type=Claims)


async def _screens(store: Store, banner: Artifact) -> Mapping[str, bytes]:
    found = await store.screens.of(banner.site_id, banner.digest)
    return {
        f"{banner.language}-{screen.viewport}-{screen.layer}": await store.screens.body(screen)
        for screen in found
    }


async def _place(office: Office, site: Site, evidence: Evidence) -> Place | None:
    """Where it stands in the ledger; None while it waits."""
    store, claims = office.store, evidence.claims
    at = await store.ledger.place(site.id, claims.jti)
    if at is None:
        return None
    # The first that others have seen with the receipt in it says earliest that it existed.
    after = await _seen(store, site, await store.ledger.kept_from(site.id, at + 1, _LOOKED_AT))
    proved = await ledger.prove(store, site.id, claims.jti, after[0].size if after else None)
    if proved is None:
        return None
    proofs = {"receipt": proved.text, **await _others(store, site, evidence, proved)}
    proofs |= await _late(store, site, _digests(evidence), proofs, after)
    before = await _seen(store, site, await store.ledger.kept_before(site.id, at, _LOOKED_AT))
    before = before if before and before[0].size else None
    under = [after[0] if after else Kept(proved.size, 0, proved.checkpoint)]
    under += [before[0]] if before else []
    place = Place(await ledger.trust_of(store, site, office.base_url, under), proofs)
    if before:
        path = await ledger.consistency(store, site.id, before[0].size, proved.size)
        place = place._replace(previous=ledger.cosigned(before[0]), consistency=path)
    return _stamped(place, {"checkpoint": after, "previous": before})


Seen = tuple[Kept, list[Stamp]] | None


async def _seen(store: Store, site: Site, kept: list[Kept]) -> Seen:
    """The first of these checkpoints that somebody else has cosigned or stamped.

    One that most witnesses cosigned is worth an hour: it holds without believing any one of them.
    """
    first: Seen = None
    for each in kept:
        if first and abs(each.at - first[0].at) > _WORTH:
            break
        if ledger.is_vouched(site, each):
            return each, await store.ledger.stamps(site.id, each.size)
        if first is None:
            stamps = await store.ledger.stamps(site.id, each.size)
            first = (each, stamps) if stamps or each.cosigned else None
    return first


async def _others(store: Store, site: Site, evidence: Evidence, under: Proved) -> dict[str, bytes]:
    """Proofs of the texts', the code's and the pictures' entries, each with the entry itself."""
    found = {}
    for name, digest in _digests(evidence).items():
        proof = await _mark(store, site, digest, under)
        if proof:
            found[name] = proof
    return found


def _digests(evidence: Evidence) -> dict[str, bytes]:
    """What the ledger has of the texts, of the code and of each picture."""
    banner = unb64url(evidence.claims.ui.sha256)
    digests = {"policy": unb64url(evidence.claims.pol.sha256), "banner": banner}
    for name, picture in evidence.screens.items():
        _, viewport, layer = name.rsplit("-", 2)
        digests[f"{_SCREENS}{name}"] = screen_digest(banner, int(layer), viewport, picture)
    return digests


async def _late(
    store: Store,
    site: Site,
    digests: Mapping[str, bytes],
    known: Mapping[str, bytes],
    after: Seen,
) -> dict[str, bytes]:
    """Proofs of pictures that came into the ledger after the checkpoint of the receipt's proof:
    each under the first later one that others vouch for as they do for that.
    """
    found = dict[str, bytes]()
    for name in sorted(set(digests) - set(known)):
        marks = await store.ledger.marks(site.id, digests[name])
        if after is None or not marks or not name.startswith(_SCREENS):
            continue
        kept = await store.ledger.kept_from(site.id, marks[0].place + 1, _LOOKED_AT)
        seen = await _seen(store, site, kept)
        if seen and ledger.is_vouched(site, seen[0]) >= ledger.is_vouched(site, after[0]):
            proved = await ledger.prove_place(store, site.id, marks[0].place, seen[0].size)
            found[name] = proved._replace(salt=proved.entry).text
    return found


async def _mark(store: Store, site: Site, digest: bytes, proved: Proved) -> bytes | None:
    """The proof of that digest's entry, under the checkpoint of the receipt's proof."""
    marks = await store.ledger.marks(site.id, digest)
    if not marks or marks[0].place >= proved.size:
        return None
    at = marks[0].place
    read = await reading(store, site.id, inclusion_tiles(at, proved.size))
    hashes = prove_inclusion(at, Hashes(proved.size, read))
    entry = await ledger.entry_at(store, site.id, at)
    return format_proof(EntryProof(at, hashes, parse_note(proved.checkpoint), entry))


def _stamped(place: Place, seen: Mapping[str, Seen]) -> Place:
    stamps = {
        f"{name}-{number}": stamp.token
        for name, each in seen.items()
        for number, stamp in enumerate(each[1] if each else (), start=1)
    }
    return place._replace(stamps=stamps, authorities=_authorities(stamps.values()))


def _authorities(stamps: Iterable[bytes]) -> bytes:
    """The certificates that came with the stamps, each once, PEM. They are to be compared."""
    found = dict[bytes, None]()
    for stamp in stamps:
        with contextlib.suppress(Failed, ValueError):
            found |= dict.fromkeys(
                certificate.public_bytes(Encoding.PEM)
                for certificate in read_stamp(stamp).certificates
            )
    return b"".join(found)


# --- The receipts of one browser -----------------------------------------------------------------


class Linked(NamedTuple):
    """One receipt of a browser's, beside the one that is looked at."""

    id: str
    at: int
    act: str
    holds: bool
    """Whether it verifies, and is of this chain by its own word: of the same browser, and not of
    a time after the one that replaced it."""
    this: bool
    """Whether it is the one that is looked at."""


async def history(office: Office, site: Site, receipt: Receipt) -> list[Linked]:
    """What this browser chose before and after, as far as it is on file, the oldest first."""
    before, current = list[Linked](), receipt
    while current.claims.prev and len(before) < _MOST:
        stored = await office.store.receipts.named(site.id, current.claims.prev)
        if stored is None:
            break
        found, later = _verified(office, stored), current
        before.append(_linked(found, stored, _fits(found, later)))
        if found is None:
            break
        current = found
    after = await _later(office, site, receipt)
    this = Linked(receipt.claims.jti, receipt.claims.iat, receipt.claims.act, True, True)
    return [*before[::-1], this, *after]


async def _later(office: Office, site: Site, receipt: Receipt) -> list[Linked]:
    found, current = list[Linked](), receipt
    while len(found) < _MOST:
        name = sha256_b64(current.token.encode())
        for stored in await office.store.receipts.after(site.id, name):
            later = _verified(office, stored)
            if later and later.claims.prev == name:
                found.append(_linked(later, stored, _fits(current, later)))
                current = later
                break
        else:
            break
    return found


def _verified(office: Office, stored: StoredReceipt) -> Receipt | None:
    try:
        return office.keys.verify_parts(stored.payload, stored.signature, stored.kid)
    except Tampered:
        return None


def _linked(found: Receipt | None, stored: StoredReceipt, holds: bool) -> Linked:
    act = found.claims.act if found else ""
    return Linked(stored.id, stored.recorded_at, act, holds, False)


def _fits(earlier: Receipt | None, later: Receipt) -> bool:
    """Whether the later one can have replaced the earlier one."""
    if earlier is None or earlier.claims.iat > later.claims.iat:
        return False
    # A refusal has no id of the browser; where both have one, it is the same.
    subs = {claims.sub for claims in (earlier.claims, later.claims) if isinstance(claims.sub, str)}
    return len(subs) <= 1
