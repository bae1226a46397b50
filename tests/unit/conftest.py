"""What the tests of signatures share: a keyring in a folder of its own, and what it signed."""

import hypothesis
import pytest

from consent_service.model import Receipt
from consent_service.signing import Keyring, open_keyring
from tests.unit.signed import NOW, PAYLOAD

# How long one example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return open_keyring(tmp_path_factory.mktemp("house") / "keys", NOW)


@pytest.fixture(scope="module")
def receipt(keyring: Keyring) -> Receipt:
    return keyring.sign_receipt(PAYLOAD)
