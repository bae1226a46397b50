"""The shelf of policies: drafts, published versions, and the banners made of them."""

from consent_service.errors import Conflict, NotFound
from consent_service.model import Artifact, ChangeClass, Composed, Draft, Part, VersionRecord
from consent_service.store.columns import digest_bytes, digest_text, found
from consent_service.store.database import Database, Row

_VERSIONS = """
    select v.*, (
        select later.published_at from versions later
        where later.site_id = v.site_id and later.number = v.number + 1
    ) as superseded_at
    from versions v where v.site_id = :site_id"""

_FIRST_DRAFT = """
    insert into drafts (site_id, revision, body, changed_at, changed_by)
    values (:site_id, :seen + 1, :body, :now, :changed_by)
    on conflict do nothing returning *"""

_NEXT_DRAFT = """
    update drafts
    set revision = revision + 1, body = :body, changed_at = :now, changed_by = :changed_by
    where site_id = :site_id and revision = :seen
    returning *"""


_AFTER_ALL = 2**31 - 1
"""No version has a higher number."""


class Policies:
    """A site's one draft, its versions from 1 on, and their artifacts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def draft(self, site_id: int) -> Draft | None:
        """The site's draft; None before the first is saved."""
        row = await self._database.fetch_one(
            "select * from drafts where site_id = :site_id", site_id=site_id
        )
        return _draft(row) if row else None

    async def save_draft(
        self, site_id: int, revision_seen: int, body: bytes, now: int, by: str
    ) -> Draft:
        """The draft with another body, if it still is at the revision that the editor saw.

        0 makes the first. Raises `Conflict` where somebody else saved or published meanwhile.
        """
        row = await self._database.fetch_one(
            _FIRST_DRAFT if revision_seen == 0 else _NEXT_DRAFT,
            site_id=site_id,
            seen=revision_seen,
            body=body,
            now=now,
            changed_by=by,
        )
        return _claimed(row, revision_seen)

    async def claim_draft(self, site_id: int, revision: int) -> Draft:
        """Take the draft if it still is at `revision`, which goes up. Of several, one wins.

        Raises `Conflict` for the others. Part of a publish: call it inside a transaction.
        """
        row = await self._database.fetch_one(
            """
            update drafts set revision = revision + 1
            where site_id = :site_id and revision = :revision
            returning *""",
            site_id=site_id,
            revision=revision,
        )
        return _claimed(row, revision)

    async def hold_draft(self, site_id: int, revision: int) -> None:
        """Keep the draft at `revision` until the transaction ends. Raises `Conflict` elsewhere."""
        held = await self._database.execute(
            """
            update drafts set revision = revision
            where site_id = :site_id and revision = :revision""",
            site_id=site_id,
            revision=revision,
        )
        if not held:
            raise _moved_on(revision)

    async def move_draft(self, site_id: int) -> None:
        """Another revision of the same draft: what it was compared with is not in force any more.

        Part of publishing something else than the draft: call it inside a transaction.
        """
        await self._database.execute(
            "update drafts set revision = revision + 1 where site_id = :site_id", site_id=site_id
        )

    async def add_version(self, record: VersionRecord) -> None:
        """Keep a version for ever. Its number is the next one; `superseded_at` is not read.

        Raises `Conflict` where another version has the number, or numbers would be left out.
        """
        added = await self._database.execute(
            """
            insert into versions (site_id, number, digest, change_class, published_at,
                published_by, body)
            select :site_id, :number, :digest, :change_class, :published_at, :published_by, :body
            where :number = (
                select coalesce(max(number), 0) + 1 from versions where site_id = :site_id
            )
            on conflict do nothing""",
            site_id=record.site_id,
            number=record.number,
            digest=digest_bytes(record.digest),
            change_class=record.change_class.value,
            published_at=record.published_at,
            published_by=record.published_by,
            body=record.body,
        )
        if not added:
            raise Conflict(f"version {record.number} is not the next one; read the policy again")

    async def version(self, site_id: int, number: int) -> VersionRecord:
        """The version of that number. Raises `NotFound`."""
        row = await self._database.fetch_one(
            f"{_VERSIONS} and v.number = :number", site_id=site_id, number=number
        )
        return _version(found(row, f"policy version {number}"))

    async def version_by_digest(self, site_id: int, digest: str) -> VersionRecord:
        """The version whose bytes have that SHA-256 (base64url). Raises `NotFound`."""
        row = await self._database.fetch_one(
            f"{_VERSIONS} and v.digest = :digest", site_id=site_id, digest=digest_bytes(digest)
        )
        return _version(found(row, f"policy version {digest}"))

    async def current(self, site_id: int) -> VersionRecord | None:
        """The newest version; None before the first publish."""
        row = await self._database.fetch_one(
            f"{_VERSIONS} order by v.number desc limit 1", site_id=site_id
        )
        return _version(row) if row else None

    async def versions(self, site_id: int) -> list[VersionRecord]:
        """Every version with its body, the newest first."""
        rows = await self._database.fetch_all(
            f"{_VERSIONS} order by v.number desc", site_id=site_id
        )
        return [_version(row) for row in rows]

    async def numbers(self, site_id: int) -> list[int]:
        """The numbers of the versions, the oldest first."""
        rows = await self._database.fetch_all(
            "select number from versions where site_id = :site_id order by number",
            site_id=site_id,
        )
        return [row["number"] for row in rows]

    async def page(self, site_id: int, before: int | None, limit: int) -> list[VersionRecord]:
        """The newest versions with a number below `before`, if that is given."""
        rows = await self._database.fetch_all(
            f"{_VERSIONS} and v.number < :before order by v.number desc limit :limit",
            site_id=site_id,
            before=_AFTER_ALL if before is None else before,
            limit=limit,
        )
        return [_version(row) for row in rows]

    async def add_artifact(self, artifact: Artifact) -> None:
        """Keep a banner for ever. The same bytes a second time change nothing.

        Raises `Conflict` where other bytes have this tag, or there is no such version.
        """
        added = await self._database.execute(
            """
            insert into artifacts (site_id, version, language, part, tag, digest, created_at,
                body, brotli, gzip)
            values (:site_id, :version, :language, :part, :tag, :digest, :created_at, :body,
                :brotli, :gzip)
            on conflict do nothing""",
            site_id=artifact.site_id,
            version=artifact.version,
            language=artifact.language,
            part=artifact.part.value,
            tag=_tag_bytes(artifact.tag),
            digest=digest_bytes(artifact.digest),
            created_at=artifact.created_at,
            body=artifact.body,
            brotli=artifact.brotli,
            gzip=artifact.gzip,
        )
        if not added and not await self._has_artifact(artifact.site_id, artifact.digest):
            raise Conflict(f"another banner has the tag {artifact.tag}")

    async def artifact(self, site_id: int, version: int, language: str) -> Artifact:
        """The newest banner of a version in a language. Raises `NotFound`."""
        row = await self._database.fetch_one(
            """
            select * from artifacts
            where site_id = :site_id and version = :version and language = :language
                and part = 'banner'
            order by created_at desc, digest desc limit 1""",
            site_id=site_id,
            version=version,
            language=language,
        )
        return _artifact(found(row, f"banner of version {version} in {language}"))

    async def artifact_by_digest(self, site_id: int, digest: str) -> Artifact:
        """The file whose bytes have that SHA-256 (base64url). Raises `NotFound`."""
        row = await self._database.fetch_one(
            "select * from artifacts where site_id = :site_id and digest = :digest",
            site_id=site_id,
            digest=digest_bytes(digest),
        )
        return _artifact(found(row, f"banner {digest}"))

    async def artifact_by_tag(self, site_id: int, tag: str) -> Artifact:
        """The banner that holds these 16 hex digits. Raises `NotFound`."""
        row = await self._database.fetch_one(
            """
            select * from artifacts
            where site_id = :site_id and tag = :tag and part = 'banner'""",
            site_id=site_id,
            tag=_tag_bytes(tag),
        )
        return _artifact(found(row, f"banner with the tag {tag}"))

    async def settings_of(self, site_id: int, version: int, language: str) -> list[Artifact]:
        """Every second layer of a version in a language, the newest first."""
        rows = await self._database.fetch_all(
            """
            select * from artifacts
            where site_id = :site_id and version = :version and language = :language
                and part = 'settings'
            order by created_at desc, digest desc""",
            site_id=site_id,
            version=version,
            language=language,
        )
        return [_artifact(row) for row in rows]

    async def second_layer(self, banner: Artifact) -> Artifact | None:
        """The settings that this very banner names by their hash."""
        for artifact in await self.settings_of(banner.site_id, banner.version, banner.language):
            if artifact.digest.encode() in banner.body:
                return artifact
        return None

    async def banners_of(self, site_id: int, version: int) -> list[Composed]:
        """Every banner of a version, in the order of languages, the newest first in each."""
        rows = await self._database.fetch_all(
            """
            select language, digest, created_at from artifacts
            where site_id = :site_id and version = :version and part = 'banner'
            order by language, created_at desc, digest desc""",
            site_id=site_id,
            version=version,
        )
        return [
            Composed(row["language"], digest_text(row["digest"]), row["created_at"]) for row in rows
        ]

    async def files_of(self, site_id: int, version: int) -> list[str]:
        """The digest of every file of a version's banners, the oldest first."""
        rows = await self._database.fetch_all(
            """
            select digest from artifacts where site_id = :site_id and version = :version
            order by created_at, language, part, digest""",
            site_id=site_id,
            version=version,
        )
        return [digest_text(row["digest"]) for row in rows]

    async def languages(self, site_id: int, version: int) -> list[str]:
        """The languages that the version has a banner in, in the order of the alphabet."""
        rows = await self._database.fetch_all(
            """
            select distinct language from artifacts
            where site_id = :site_id and version = :version and part = 'banner'
            order by language""",
            site_id=site_id,
            version=version,
        )
        return [row["language"] for row in rows]

    async def _has_artifact(self, site_id: int, digest: str) -> bool:
        row = await self._database.fetch_one(
            "select 1 as there from artifacts where site_id = :site_id and digest = :digest",
            site_id=site_id,
            digest=digest_bytes(digest),
        )
        return row is not None


def _claimed(row: Row | None, revision: int) -> Draft:
    if row is None:
        raise _moved_on(revision)
    return _draft(row)


def _moved_on(revision: int) -> Conflict:
    return Conflict(f"the draft is no longer at revision {revision}; read it again", "revision")


def _tag_bytes(tag: str) -> bytes:
    try:
        raw = bytes.fromhex(tag)
    except ValueError:
        raw = b""
    if len(raw) != 8 or raw.hex() != tag:
        raise NotFound(f"there is no banner with the tag {tag[:20]!r}: a tag is 16 hex digits")
    return raw


def _draft(row: Row) -> Draft:
    return Draft(
        revision=row["revision"],
        body=row["body"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )


def _version(row: Row) -> VersionRecord:
    return VersionRecord(
        site_id=row["site_id"],
        number=row["number"],
        digest=digest_text(row["digest"]),
        body=row["body"],
        change_class=ChangeClass(row["change_class"]),
        published_at=row["published_at"],
        published_by=row["published_by"],
        superseded_at=row["superseded_at"],
    )


def _artifact(row: Row) -> Artifact:
    return Artifact(
        site_id=row["site_id"],
        version=row["version"],
        language=row["language"],
        part=Part(row["part"]),
        tag=row["tag"].hex(),
        digest=digest_text(row["digest"]),
        body=row["body"],
        brotli=row["brotli"],
        gzip=row["gzip"],
        created_at=row["created_at"],
    )
