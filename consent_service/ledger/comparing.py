"""Where two rows of hashes part: what happened to the entries that one of them is of."""

from collections.abc import Iterator

HASH = 32

Named = tuple[int, str]
"""An entry's place, and what is wrong there."""


def differences(kept: bytes, made: bytes, first: int) -> Iterator[Named]:
    """What happened to entries whose hashes are `made`, where those of the tree are `kept`.

    Both are of as many entries, from place `first` on.
    """
    old, new = _hashes(kept), _hashes(made)
    wrong = [at for at, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    if not wrong:
        return
    at, last = wrong[0], wrong[-1]
    if new[at:-1] == old[at + 1 :]:
        yield first + at, "it was taken out: those after it have moved up"
    elif old[at:-1] == new[at + 1 :]:
        yield first + at, "it was put in: those after it have moved on"
    elif sorted(old) == sorted(new):
        places = ", ".join(str(first + each) for each in wrong[:10])
        yield first + at, f"entries {places} stand in another order than they were entered"
    else:
        for each in wrong[: 1 + last - at]:
            yield first + each, "it is not the entry that the tree was made of"


def _hashes(row: bytes) -> list[bytes]:
    return [row[at : at + HASH] for at in range(0, len(row), HASH)]
