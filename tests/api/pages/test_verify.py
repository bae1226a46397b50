"""Checking without us: the program that auditors take away."""

import pytest

from tests.served import House
from tests.tools import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_anybody_may_take_the_verifier_that_was_released(house: House) -> None:
    answer = await house.client.get("/verify.py")
    assert answer.content == (ROOT / "consent_service/exports/verify.py").read_bytes()
    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="verify.py"'
