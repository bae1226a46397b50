"""The shelf of policies: drafts by compare-and-swap, versions and artifacts for ever."""

import asyncio

import pytest
from msgspec.structs import replace

from consent_service.errors import Conflict, NotFound
from consent_service.model import Draft, Part
from consent_service.store import Store, open_store
from tests.store import given


async def test_a_draft_is_made_saved_and_read(store: Store) -> None:
    site = await given.site(store)
    assert await store.policies.draft(site.id) is None
    first = await store.policies.save_draft(site.id, 0, b"{}", given.NOW, "ed@shop.example")
    assert first == Draft(
        revision=1, body=b"{}", changed_at=given.NOW, changed_by="ed@shop.example"
    )
    second = await store.policies.save_draft(site.id, 1, b'{"a": 1}', given.NOW + 9, "al")
    assert (second.revision, second.body, second.changed_at) == (2, b'{"a": 1}', given.NOW + 9)
    assert await store.policies.draft(site.id) == second


STALE = [0, 1, 3]


@pytest.mark.parametrize("seen", STALE)
async def test_a_stale_save_is_refused_and_changes_nothing(store: Store, seen: int) -> None:
    site = await given.site(store)
    await store.policies.save_draft(site.id, 0, b"1", 1, "ed")
    draft = await store.policies.save_draft(site.id, 1, b"2", 2, "ed")
    with pytest.raises(Conflict, match=f"no longer at revision {seen}; read it again"):
        await store.policies.save_draft(site.id, seen, b"3", 3, "al")
    assert await store.policies.draft(site.id) == draft


async def test_a_save_without_a_draft_is_refused(store: Store) -> None:
    site = await given.site(store)
    with pytest.raises(Conflict):
        await store.policies.save_draft(site.id, 1, b"", 1, "ed")
    with pytest.raises(Conflict):
        await store.policies.claim_draft(site.id, 1)


async def test_of_five_saves_of_one_revision_one_wins(store: Store) -> None:
    site = await given.site(store)
    for seen in (0, 1):
        saves = [store.policies.save_draft(site.id, seen, b"%d" % n, n, "ed") for n in range(5)]
        saved = await asyncio.gather(*saves, return_exceptions=True)
        (won,) = [one for one in saved if isinstance(one, Draft)]
        assert sum(isinstance(one, Conflict) for one in saved) == 4
        assert await store.policies.draft(site.id) == won


async def test_of_five_claims_of_one_revision_one_wins(store: Store) -> None:
    site = await given.site(store)
    await store.policies.save_draft(site.id, 0, b"{}", 1, "ed")
    claims = (store.policies.claim_draft(site.id, 1) for _ in range(5))
    claimed = await asyncio.gather(*claims, return_exceptions=True)
    assert [one.revision for one in claimed if isinstance(one, Draft)] == [2]
    assert sum(isinstance(one, Conflict) for one in claimed) == 4


async def test_of_five_simultaneous_publishes_exactly_one_wins(store: Store, url: str) -> None:
    site = await given.site(store)
    await store.policies.save_draft(site.id, 0, b"{}", 1, "ed")

    async def publish(number: int) -> str:
        async with open_store(url) as own, own.transaction() as tx:
            draft = await tx.policies.claim_draft(site.id, 1)
            await asyncio.sleep(0.01)
            await tx.policies.add_version(given.version(site.id, 1, b"by %d" % number))
            await tx.policies.add_artifact(given.artifact(site.id))
            return f"{number} at {draft.revision}"

    ended = await asyncio.gather(*map(publish, range(5)), return_exceptions=True)
    (won,) = [one for one in ended if isinstance(one, str)]
    assert sum(isinstance(one, Conflict) for one in ended) == 4
    (version,) = await store.policies.versions(site.id)
    assert (version.body, "at 2") == (b"by %d" % int(won[0]), won[2:])


async def test_a_publish_that_fails_gives_the_claim_back(store: Store) -> None:
    site = await given.site(store)
    draft = await store.policies.save_draft(site.id, 0, b"{}", 1, "ed")

    async def fail() -> None:
        async with store.transaction() as tx:
            await tx.policies.claim_draft(site.id, 1)
            await tx.policies.add_version(given.version(site.id, 2))

    with pytest.raises(Conflict, match="version 2 is not the next one"):
        await fail()
    assert await store.policies.draft(site.id) == draft
    assert await store.policies.versions(site.id) == []


async def test_versions_are_found_by_number_and_by_digest_for_ever(store: Store) -> None:
    site = await given.site(store)
    assert await store.policies.current(site.id) is None
    records = [given.version(site.id, n, at=given.NOW + 100 * n) for n in (1, 2, 3)]
    for record in records:
        await store.policies.add_version(record)
    kept = [
        replace(records[0], superseded_at=given.NOW + 200),
        replace(records[1], superseded_at=given.NOW + 300),
        records[2],
    ]
    assert await store.policies.versions(site.id) == kept[::-1]
    assert await store.policies.current(site.id) == kept[2]
    for record in kept:
        assert await store.policies.version(site.id, record.number) == record
        assert await store.policies.version_by_digest(site.id, record.digest) == record


WRONG_NUMBERS = [0, 1, 3, -1]


@pytest.mark.parametrize("number", WRONG_NUMBERS)
async def test_a_version_that_is_not_the_next_one_is_a_conflict(store: Store, number: int) -> None:
    site = await given.published(store)
    with pytest.raises(Conflict):
        await store.policies.add_version(given.version(site.id, number, b"other"))
    assert len(await store.policies.versions(site.id)) == 1


async def test_the_same_bytes_twice_on_one_site_are_a_conflict(store: Store) -> None:
    site, other = await given.site(store), await given.site(store, "other")
    await store.policies.add_version(given.version(site.id, 1, b"same"))
    with pytest.raises(Conflict):
        await store.policies.add_version(given.version(site.id, 2, b"same"))
    await store.policies.add_version(given.version(other.id, 1, b"same"))


UNKNOWN_DIGESTS = {
    "another one": "A" * 43,
    "too short": "abc",
    "not base64": "!" * 43,
    "not ASCII": "ä" * 43,
    "empty": "",
    "another spelling": "A" * 42 + "B",
    "padded": "A" * 43 + "=",
}


@pytest.mark.parametrize("digest", UNKNOWN_DIGESTS.values(), ids=UNKNOWN_DIGESTS)
async def test_an_unknown_digest_is_not_found(store: Store, digest: str) -> None:
    site = await given.published(store)
    with pytest.raises(NotFound):
        await store.policies.version_by_digest(site.id, digest)
    with pytest.raises(NotFound):
        await store.policies.artifact_by_digest(site.id, digest)


async def test_a_site_does_not_see_anothers_versions_and_banners(store: Store) -> None:
    site, other = await given.published(store), await given.site(store, "other")
    version = await store.policies.version(site.id, 1)
    artifact = given.artifact(site.id)
    await store.policies.add_artifact(artifact)
    with pytest.raises(NotFound):
        await store.policies.version(other.id, 1)
    with pytest.raises(NotFound):
        await store.policies.version_by_digest(other.id, version.digest)
    with pytest.raises(NotFound):
        await store.policies.artifact(other.id, 1, "en")
    with pytest.raises(NotFound):
        await store.policies.artifact_by_tag(other.id, artifact.tag)
    with pytest.raises(NotFound):
        await store.policies.artifact_by_digest(other.id, artifact.digest)
    assert await store.policies.languages(other.id, 1) == []


async def test_a_banner_is_found_by_digest_by_tag_and_as_the_newest(store: Store) -> None:
    site = await given.published(store)
    old, new = given.artifact(site.id), given.artifact(site.id, at=given.NOW + 1)
    swedish = given.artifact(site.id, language="sv")
    for artifact in (new, old, swedish):
        await store.policies.add_artifact(artifact)
    assert await store.policies.artifact(site.id, 1, "en") == new
    assert await store.policies.artifact(site.id, 1, "sv") == swedish
    assert await store.policies.artifact_by_tag(site.id, old.tag) == old
    assert await store.policies.artifact_by_digest(site.id, old.digest) == old
    assert await store.policies.languages(site.id, 1) == ["en", "sv"]


async def test_the_same_banner_twice_changes_nothing_and_another_with_its_tag_is_a_conflict(
    store: Store,
) -> None:
    site = await given.published(store)
    artifact = given.artifact(site.id)
    await store.policies.add_artifact(artifact)
    await store.policies.add_artifact(replace(artifact, created_at=given.NOW + 5))
    assert await store.policies.artifact(site.id, 1, "en") == artifact
    other = given.artifact(site.id, language="sv", tag=artifact.tag)
    with pytest.raises(Conflict, match=artifact.tag):
        await store.policies.add_artifact(other)


async def test_a_banner_of_no_version_is_a_conflict(store: Store) -> None:
    site = await given.published(store)
    with pytest.raises(Conflict):
        await store.policies.add_artifact(given.artifact(site.id, 9))


async def test_the_second_file_is_found_by_its_digest_alone(store: Store) -> None:
    """A receipt names the banner, and never what the banner loads."""
    site = await given.published(store)
    first = given.artifact(site.id)
    second = replace(given.artifact(site.id, at=given.NOW + 1), part=Part.SETTINGS)
    for artifact in (first, second):
        await store.policies.add_artifact(artifact)
    assert await store.policies.artifact_by_digest(site.id, second.digest) == second
    assert await store.policies.artifact(site.id, 1, "en") == first
    assert await store.policies.artifact_by_tag(site.id, first.tag) == first
    with pytest.raises(NotFound):
        await store.policies.artifact_by_tag(site.id, second.tag)
    swedish = replace(given.artifact(site.id, language="sv"), part=Part.SETTINGS)
    await store.policies.add_artifact(swedish)
    assert await store.policies.languages(site.id, 1) == ["en"]


UNKNOWN_TAGS = ["", "0" * 16, "0" * 15, "g" * 16, "00 00" * 4, "ABCDEF0123456789"]


@pytest.mark.parametrize("tag", UNKNOWN_TAGS)
async def test_an_unknown_tag_is_not_found(store: Store, tag: str) -> None:
    site = await given.published(store)
    await store.policies.add_artifact(given.artifact(site.id, tag="abcdef0123456789"))
    with pytest.raises(NotFound):
        await store.policies.artifact_by_tag(site.id, tag)


async def test_versions_are_read_page_by_page_the_newest_first(store: Store) -> None:
    site = await given.site(store)
    for number in range(1, 6):
        await store.policies.add_version(given.version(site.id, number))
    pages = [await store.policies.page(site.id, before, 2) for before in (None, 4, 2, 1)]
    assert [[each.number for each in page] for page in pages] == [[5, 4], [3, 2], [1], []]
    assert [each.superseded_at is None for each in pages[0]] == [True, False]
