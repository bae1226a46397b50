"""Versions published by earlier releases are read for ever: their bytes are on file (R43)."""

from pathlib import Path

import pytest

from consent_service import banner, policies
from consent_service.model import ChangeClass, Policy, Theme, Withdrawal
from consent_service.signing import sha256_b64

VECTORS = Path(__file__).parent.parent / "vectors"

# The bytes as that release encoded and hashed them, and their hash.
PUBLISHED = {"version-before-looks.json": "TyiQ97b9sFq0DtfMqsHCHiAtJ8cvvF46uhDDvj9aBp0"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_r43_a_version_of_an_earlier_release_is_read_and_shown(name: str) -> None:
    body = (VECTORS / name).read_bytes()
    assert sha256_b64(body) == PUBLISHED[name]
    version = policies.decode_version(body)
    assert (version.number, version.change_class) == (3, ChangeClass.MAJOR)
    assert version.history["marketing"][0].name == "_pix2"  # type: ignore[index]  # a category is its text
    assert banner.compose(1, version, "sv", 0).banner.version == 3


def test_what_earlier_versions_do_not_say_is_what_they_meant() -> None:
    """Looks as they were, no vendor told, nothing before a yes."""
    version = policies.decode_version((VECTORS / "version-before-looks.json").read_bytes())
    policy = version.policy
    assert (policy.theme, policy.withdrawal) == (Theme(), Withdrawal())
    assert (policy.signals, policy.google_advanced, policy.blocking) == ((), False, True)
    assert (version.notice, version.noticed) == ({}, 0)


def test_a_version_says_all_that_it_says_in_its_own_bytes() -> None:
    """What is left out today could mean another thing tomorrow: defaults are written too."""
    version = policies.decode_version((VECTORS / "version-before-looks.json").read_bytes())
    again = policies.encode(version)
    for name in Policy.__struct_fields__:
        assert f'"{name}":'.encode() in again
