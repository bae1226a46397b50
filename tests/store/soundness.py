"""What must hold in any store, whatever a test did to it: checked after each one."""

from itertools import zip_longest

from consent_service.signing import PublicKeys, sha256_b64
from consent_service.store import Store, open_store
from tests.store.outside import FACTS, Outside, Refused, outside


async def assert_sound(url: str) -> None:
    """Receipts verify, versions are what they are named after, and facts cannot be changed."""
    async with open_store(url, migrate=False) as store:
        for site in await store.sites.all():
            await _assert_versions_are_sound(store, site.id)
            await _assert_receipts_verify(store, site.id)
    with outside(url) as connection:
        _assert_rows_agree(connection)
        _assert_facts_stand(connection)
        if url.startswith("sqlite"):
            assert connection.run("pragma integrity_check") == [("ok",)]
            assert connection.run("pragma foreign_key_check") == []


async def _assert_receipts_verify(store: Store, site_id: int) -> None:
    public = PublicKeys(key.jwk for key in await store.keys.all())
    receipts = await store.receipts.page(site_id, None, 1_000_000)
    assert len(receipts) == await store.receipts.count(site_id)
    for receipt in receipts:
        verified = public.verify_parts(receipt.payload, receipt.signature, receipt.kid)
        assert (verified.claims.jti, verified.claims.iat) == (receipt.id, receipt.recorded_at)
        assert await store.receipts.erasure(site_id, receipt.id) is None


async def _assert_versions_are_sound(store: Store, site_id: int) -> None:
    versions = (await store.policies.versions(site_id))[::-1]
    assert [version.number for version in versions] == list(range(1, len(versions) + 1))
    for version, after in zip_longest(versions, versions[1:]):
        assert sha256_b64(version.body) == version.digest
        assert version.superseded_at == (after and after.published_at)
        for language in await store.policies.languages(site_id, version.number):
            artifact = await store.policies.artifact(site_id, version.number, language)
            assert sha256_b64(artifact.body) == artifact.digest


def _assert_rows_agree(connection: Outside) -> None:
    salts = connection.run("select salt from receipts")
    assert len(set(salts)) == len(salts), "two receipts share a salt"
    assert all(len(salt) == 32 and any(salt) for (salt,) in salts)
    both = connection.run(
        "select r.id from receipts r join tombstones t on t.id = r.id and t.site_id = r.site_id"
    )
    assert both == [], "an erased receipt is there"


def _assert_facts_stand(connection: Outside) -> None:
    for table in FACTS:
        if connection.run(f"select count(*) from {table}") != [(0,)]:
            _assert_refused(connection, f"delete from {table}")
            _assert_refused(connection, f"{_AN_UPDATE[table].format(table=table)}")


_AN_UPDATE = {
    "versions": "update {table} set published_at = 0",
    "artifacts": "update {table} set created_at = 0",
    "keys": "update {table} set created_at = 0",
    "receipts": "update {table} set recorded_at = 0",
    "tombstones": "update {table} set erased_at = 0",
    "events": "update {table} set at = 0",
}


def _assert_refused(connection: Outside, sql: str) -> None:
    try:
        connection.run(sql)
    except Refused:
        return
    raise AssertionError(f"the database let this happen: {sql}")
