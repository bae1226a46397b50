"""Claims of every kind that the service signs, drawn by Hypothesis."""

from hypothesis import strategies as st
from msgspec import UNSET

from consent_service.model import (
    OPTIONAL,
    SECONDS_A_DAY,
    Action,
    BannerReference,
    Category,
    Claims,
    PolicyReference,
    Source,
    Viewport,
)
from consent_service.signing import b64url

TEXTS = st.text(max_size=20) | st.sampled_from(
    [
        '<>","iat":0',
        '"',
        "\\",
        ',"sub":"<>"',
        "<>",
        '0,"prev":null}',
        "\x00",
        "\u2028",
        "å",
        "%b",
        "%%",
        "%",
    ]
)
IDS = st.uuids().map(str)
DIGESTS = st.binary(min_size=32, max_size=32).map(b64url)
NUMBERS = st.integers(0, 2**40)


@st.composite
def usual(draw: st.DrawFn) -> Claims:
    """What the service signs, with anything in it that may be."""
    at = draw(st.integers(0, 2**40))
    return Claims(
        iss=draw(TEXTS),
        jti=draw(IDS),
        iat=at,
        site=draw(TEXTS),
        sub=draw(st.just(UNSET) | st.binary(min_size=16, max_size=16).map(b64url)),
        act=draw(st.sampled_from(Action)).value,
        src=draw(st.sampled_from(Source)).value,
        cat={category.value: draw(st.booleans()) for category in Category},
        pol=PolicyReference(v=draw(NUMBERS), sha256=draw(DIGESTS), lang=draw(TEXTS)),
        ui=BannerReference(
            sha256=draw(DIGESTS),
            layer=draw(st.sampled_from((1, 2))),
            viewport=draw(st.sampled_from(Viewport)).value,
        ),
        epoch={category.value: draw(NUMBERS) for category in OPTIONAL},
        basis=draw(TEXTS),
        gpc=draw(st.booleans()),
        exp_consent=at + draw(st.integers(0, 400)) * SECONDS_A_DAY,
        prev=draw(st.none() | DIGESTS),
    )
