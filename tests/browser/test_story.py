"""The story of the README, played in a real browser on three origins."""

import json
from collections.abc import Callable
from urllib.request import urlopen

import jwt
import msgspec
from playwright.sync_api import expect

from consent_service.model import Category, ChangeClass, CookieDeclaration, Policy
from consent_service.web.api.receipts import Readable
from tests.browser.stage import SITE, Stage
from tests.browser.visit import Visit

STATISTICS_COOKIES = {"_nma", "_nma_s_4711"}
MARKETING_COOKIES = {"_adp", "adp_uid", "adp_seen"}


def with_another_marketing_cookie(policy: Policy) -> Policy:
    """What an editor does in the story: another text, another cookie."""
    marketing = policy.categories[Category.MARKETING]
    text = {lang: f"{words} Also elsewhere." for lang, words in marketing.text.items()}
    added = CookieDeclaration(
        name="_other",
        category=Category.MARKETING,
        provider="Another Ad Company",
        purpose=dict.fromkeys(policy.languages, "Recognises you on other sites."),
        seconds=86_400,
        country="US",
    )
    return msgspec.structs.replace(
        policy,
        categories={
            **policy.categories,
            Category.MARKETING: msgspec.structs.replace(marketing, text=text),
        },
        declarations=(*policy.declarations, added),
    )


def verify_with_public_key_only(stage: Stage, token: str) -> dict[str, object]:
    """What an auditor does: the published keys, and a library that is not ours."""
    with urlopen(f"{stage.service}/.well-known/jwks.json") as answer:
        keys = {key["kid"]: key for key in json.load(answer)["keys"]}
    kid = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWK(keys[kid], algorithm="EdDSA")
    # The stage's clock may be some publications ahead of the library's.
    claims: dict[str, object] = jwt.decode(token, key, algorithms=["EdDSA"], leeway=600)
    return claims


def assert_nothing_happened(visit: Visit) -> None:
    """No tag ran, no cookie was set, nothing was sent."""
    expect(visit.banner).to_be_visible()
    visit.settle()
    assert visit.cookies() == {}
    assert visit.stored() == []
    assert visit.asked_of_tags() == []
    assert visit.posts() == []


def accept(visit: Visit) -> Readable:
    """Accept everything; every tag runs. The receipt."""
    visit.press("Accept all")
    expect(visit.banner).to_have_count(0)
    visit.until(lambda: set(visit.cookies()) >= STATISTICS_COOKIES | MARKETING_COOKIES)
    assert {"/analytics.js", "/ads.js"} <= set(visit.asked_of_tags())
    return visit.recorded(1)


def withdraw(visit: Visit) -> Readable:
    """Withdraw everything in the settings; the page's cookies go. The receipt."""
    settings = visit.settings()
    # What runs is stopped by loading the page anew, once the receipt is on its way.
    with visit.page.expect_event("load"):
        visit.press("Reject all", settings)
    visit.until(lambda: not STATISTICS_COOKIES & set(visit.cookies()))
    visit.ready()
    visit.settle()
    # Cookies of a third party's own host are out of every page's reach: only a browser can.
    assert set(visit.cookies()) - {"adp_uid", "adp_seen", "lr_visitor"} == {"consent"}
    assert visit.stored() == []
    return visit.recorded(2)


def test_a_visitor_accepts_is_not_asked_again_and_withdraws(visit: Visit, stage: Stage) -> None:
    visit.open()
    assert_nothing_happened(visit)
    given = accept(visit)
    claims = verify_with_public_key_only(stage, given.receipt)
    assert (claims["act"], claims["cat"]) == ("accept_all", dict.fromkeys(Category, True))

    for path in ("/", "/product", "/video"):
        visit.open(path)
        visit.settle()
        expect(visit.banner).to_have_count(0)
    assert "/video.html" in visit.asked_of_tags()
    assert len(visit.posts()) == 1

    expect(visit.settings()).to_contain_text(given.id)
    visit.page.keyboard.press("Escape")
    expect(visit.dialog).to_be_hidden()
    withdrawal = verify_with_public_key_only(stage, withdraw(visit).receipt)
    assert withdrawal["act"] == "withdraw"
    assert "sub" not in withdrawal
    asked_before = len(visit.asked_of_tags())
    visit.open("/product")
    visit.settle()
    assert len(visit.asked_of_tags()) == asked_before


def test_who_granted_marketing_is_asked_about_it_when_it_changes_and_the_rest_goes_on(
    visit: Visit, stage: Stage
) -> None:
    visit.open()
    visit.press("Accept all")
    first = visit.recorded(1)
    visit.until(lambda: set(visit.cookies()) >= MARKETING_COOKIES)

    stage.publish(with_another_marketing_cookie, ChangeClass.MAJOR)
    asked_before = len(visit.asked_of_tags())
    visit.open("/product")
    expect(visit.banner).to_be_visible()
    expect(visit.banner).to_contain_text("_other")
    expect(visit.banner).to_contain_text("Another Ad Company")
    visit.settle()
    # Until the new answer marketing is off and the others go on.
    now_asked = visit.asked_of_tags()[asked_before:]
    assert "/analytics.js" in now_asked
    assert "/ads.js" not in now_asked
    state = visit.consent()
    assert (state["statistics"], state["marketing"]) == (True, False)

    visit.press("Accept")
    second = visit.recorded(2)
    claims = verify_with_public_key_only(stage, second.receipt)
    before = verify_with_public_key_only(stage, first.receipt)
    assert claims["epoch"] == {"preferences": 1, "statistics": 1, "marketing": 2}
    assert claims["sub"] == before["sub"]
    assert claims["prev"] is not None
    visit.reload()
    visit.settle()
    expect(visit.banner).to_have_count(0)


def test_who_refused_marketing_is_not_asked_when_it_changes(visit: Visit, stage: Stage) -> None:
    visit.open()
    visit.press("Choose")
    visit.dialog.get_by_role("switch", name="Statistics").check()
    visit.press("Save choices", visit.dialog)
    visit.recorded(1)
    stage.publish(with_another_marketing_cookie, ChangeClass.MAJOR)
    visit.open("/product")
    visit.settle()
    expect(visit.banner).to_have_count(0)
    assert len(visit.posts()) == 1


def test_a_refusal_stands_when_everything_changes(visit: Visit, stage: Stage) -> None:
    visit.open()
    visit.press("Reject all")
    visit.recorded(1)
    stage.publish(with_another_marketing_cookie, ChangeClass.MAJOR)
    visit.open()
    visit.settle()
    expect(visit.banner).to_have_count(0)
    assert visit.asked_of_tags() == []


def test_a_receipt_can_be_read_by_its_id_and_names_bytes_that_can_be_fetched(
    visit: Visit, stage: Stage
) -> None:
    visit.open()
    visit.press("Accept all")
    confirmed = visit.recorded(1)
    claims = verify_with_public_key_only(stage, confirmed.receipt)
    with urlopen(f"{stage.service}/v1/sites/{SITE}/receipts/{confirmed.id}") as answer:
        assert json.load(answer)["receipt"] == confirmed.receipt
    policy, banner = claims["pol"], claims["ui"]
    assert isinstance(policy, dict)
    assert isinstance(banner, dict)
    for address in (
        f"policy/versions/{policy['sha256']}",
        f"banner/{banner['sha256']}.js",
    ):
        with urlopen(f"{stage.service}/v1/sites/{SITE}/{address}") as answer:
            assert answer.status == 200


def test_two_visitors_share_nothing(visitor: Callable[..., Visit]) -> None:
    one, other = visitor(), visitor()
    one.open()
    one.press("Accept all")
    one.recorded(1)
    other.open()
    expect(other.banner).to_be_visible()
    other.settle()
    assert other.cookies() == {}
