"""Checking without us: the program that auditors take away."""

import re

import pytest

from consent_service import words
from tests.served import House
from tests.tools import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_anybody_may_take_the_verifier_that_was_released(house: House) -> None:
    answer = await house.client.get("/verify.py")
    assert answer.content == (ROOT / "consent_service/exports/verify.py").read_bytes()
    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="verify.py"'


async def test_r16_the_page_names_itself_in_every_language(house: House) -> None:
    answer = await house.client.get("/verify?lang=ar")
    assert '<html lang="ar" dir="rtl">' in answer.text
    named = dict(re.findall(r'hreflang="([\w-]+)" href="(http[^"]+)"', answer.text))
    whole = named.pop("x-default")
    assert whole.endswith("/verify")
    assert named == {each: f"{whole}?lang={each}" for each in words.languages()}
    offered = re.findall(r'<a href="/verify\?lang=([\w-]+)"', answer.text)
    assert offered == sorted(words.languages())
