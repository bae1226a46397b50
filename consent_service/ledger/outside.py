"""The checkpoint beside the database: one file a site, in a folder of its own.

A database that was put back to yesterday is in order by itself, and would sign another tree of a
size that it has signed before: a fork. So the last checkpoint is kept outside it as well. Whoever
appends looks here first, and where the file knows more than the table, or something else, nothing
is signed until a person has decided.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consent_service.errors import ConsentError, Forked, Misconfigured
from consent_service.merkle import Checkpoint, Hashes, parse_checkpoint, parse_note, tree_root
from consent_service.merkle.proving import root_tiles
from consent_service.store import Store
from consent_service.store.ledger import Head

DECIDE = (
    "nothing is signed until you decide: put the newer database back, or, where it is lost, "
    "run `consent-service ledger accept-fork`"
)


class Outside:
    """The folder of those files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._agreed: dict[int, bytes] = {}
        """The last file's content that was found to agree with the table, by site."""

    def path(self, origin: str) -> Path:
        """The file of a ledger: its name, without what a file's name cannot hold."""
        name = origin.replace("/", "_").replace(":", "_")
        return self._folder / f"{name}.checkpoint"

    async def check(self, tx: Store, head: Head) -> None:
        """Raises `Forked` where the file is not of this tree. Under the head's lock."""
        path = self.path(head.origin)
        content = _content(path)
        if content is None or self._agreed.get(head.site_id) == content:
            return
        said = _checkpoint(path, content)
        if said.origin != head.origin:
            raise Forked(f"{path} is of {said.origin}, not of {head.origin}; {DECIDE}")
        if said.size > head.size:
            raise Forked(
                f"{head.origin} was signed with {said.size} entries, and the database has "
                f"{head.size}: it was put back to an older state; {DECIDE}"
            )
        if await _root(tx, head, said.size) != said.root:
            raise Forked(
                f"the first {said.size} entries of {head.origin} are not those that were "
                f"signed: the database holds another history; {DECIDE}"
            )
        self._agreed[head.site_id] = content

    def write(self, head: Head) -> None:
        """Keep the head's checkpoint, after its commit. A file that is ahead stays."""
        path = self.path(head.origin)
        try:
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            with _alone(self._folder):
                content = _content(path)
                if content is None or _checkpoint(path, content).size < head.size:
                    _write_durably(path.with_name(f".{path.name}"), head.note)
                    path.with_name(f".{path.name}").rename(path)
        except OSError as error:
            raise Misconfigured(f"the checkpoint {path} cannot be written: {error}") from error

    def set_aside(self, origin: str, now: int) -> Path | None:
        """Give the file another name, so that its ledger goes on without it: a fork accepted."""
        path = self.path(origin)
        aside = path.with_name(f"{path.name}.forked-{now}")
        if not path.exists():
            return None
        path.rename(aside)
        return aside


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer at a time, of all processes: else a checkpoint could take a newer one's place."""
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Misconfigured(f"the checkpoint {path} cannot be read: {error}") from error


def _checkpoint(path: Path, content: bytes) -> Checkpoint:
    try:
        return parse_checkpoint(parse_note(content).text)
    except ConsentError as error:
        raise Forked(f"{path} is not a checkpoint ({error.message}); {DECIDE}") from error


async def _root(tx: Store, head: Head, size: int) -> bytes:
    """The root that the tree had at that size, from the tiles as they are now."""
    if size == head.size:
        return head.root
    keys = [(tile.level, tile.number) for tile in root_tiles(size)]
    held = await tx.ledger.tiles(head.site_id, keys)
    return tree_root(Hashes(size, lambda tile: held.get((tile.level, tile.number), b"")))


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
