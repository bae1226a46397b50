"""Lists of cookies as CSV: what each line would do, and what is no such list."""

from typing import Any

import msgspec
import pytest

from consent_service import checks, cookie_lists, known_cookies
from consent_service.cookie_lists import Step, applied, steps
from consent_service.errors import Invalid
from consent_service.exports import declarations
from consent_service.known_cookies import Library
from consent_service.model import Category, CookieDeclaration, Policy
from tests.given import declaration, elaborate, policy

OTHERS = (
    "ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,"
    "Data Controller,User Privacy & GDPR Rights Portals,Wildcard match\n"
)


def does(text: str, *, overwrite: bool = False, before: Policy | None = None) -> tuple[Step, ...]:
    return steps(text, before or policy(), overwrite=overwrite)


def test_a_line_of_the_open_cookie_database_becomes_a_declaration() -> None:
    line = (
        '1,Metrics,Analytics,_m_,.m.example (3rd party),"Counts, ""visits""",13 months,M Inc,,1\n'
    )
    (step,) = does(OTHERS + line)
    assert (step.line, step.does, step.name) == (2, "add", "_m_*")
    item = step.item
    assert item
    assert (item.category, item.provider, item.domain) == (Category.STATISTICS, "M Inc", "")
    assert (item.seconds, item.purpose) == (13 * 2_592_000, {"en": 'Counts, "visits"'})
    assert item.reason == {}


def test_r20_what_a_list_calls_necessary_has_no_reason_yet() -> None:
    (step,) = does(OTHERS + "1,Shop,Security,_s,,Keeps out robots,session,Shop AB,,0\n")
    assert step.item
    assert (step.item.category, step.item.reason, step.item.reviewed) == ("necessary", {}, "")
    alone = policy(declarations=[])
    found = checks.findings(applied(alone, (step,)), frozenset({"en", "sv"}))
    assert {"declarations[0].reason.en", "declarations[0].reviewed"} <= {one.field for one in found}


EXPORTED: tuple[dict[str, Any], ...] = (
    {"name": '=HYPERLINK("https://a.example")', "provider": "@sum", "readers": "-1+1"},
    {"name": "'=x", "provider": "'quoted'", "purpose": {"en": 'a\r\nb, "c";d', "sv": "\tå"}},
    {"seconds": None, "hosts": ["a.example", "b.example"], "domain": "shop.example"},
    {"seconds": 0, "storage": "local_storage", "country": "NO"},
)


@pytest.mark.parametrize("changes", EXPORTED, ids=lambda changes: str(changes)[:30])
def test_what_is_exported_is_taken_in_as_it_was(changes: dict[str, Any]) -> None:
    items = [declaration("_x", "marketing") | changes, declaration("_y", "necessary")]
    before = policy(declarations=items)
    text = cookie_lists.text_of(declarations.table(before))
    taken = applied(policy(declarations=[]), does(text, before=policy(declarations=[])))
    again = cookie_lists.text_of(declarations.table(taken))
    assert [step.does for step in does(again, before=taken)] == ["same", "same"]
    assert [_stripped(each) for each in before.declarations] == list(taken.declarations)


def _stripped(item: CookieDeclaration) -> CookieDeclaration:
    """A text is kept without the white space around it."""
    purpose = {name: text.strip() for name, text in item.purpose.items()}
    return msgspec.structs.replace(item, purpose=purpose)


def test_no_cell_of_an_export_is_a_formula() -> None:
    items = [declaration(f"{sign}cmd", "marketing", provider=sign) for sign in "=+-@"]
    lines = declarations.table(policy(declarations=items)).decode("utf-8-sig").splitlines()
    cells = [cell for line in lines for cell in line.split(",")]
    assert not [cell for cell in cells if cell.strip('"')[:1] in {"=", "+", "-", "@"}]


def test_everything_that_a_policy_declares_is_exported() -> None:
    head = declarations.table(elaborate()).decode("utf-8-sig").splitlines()[0].split(",")
    for name in ("name", "category", "provider", "readers", "seconds", "country", "reason.sv"):
        assert name in head


LINES: tuple[tuple[str, str, str], ...] = (
    ("_n,marketing,A,30 days", "add", ""),
    (",marketing,A,30 days", "skip", "name: give the name"),
    ("_n,,A,30 days", "skip", "category: category: this member is required"),
    ("_n,other,A,30 days", "skip", "category: 'other' is none of the four categories"),
    ("_n,marketing,A,-1 day", "skip", "lasts: '-1 day' is no duration such as"),
    ("_n,marketing,A,20 years", "skip", "lasts: '20 years' is no duration"),
    ("_n,marketing,A,varies", "skip", "lasts: 'varies' is no duration"),
    (f"{'x' * 129},marketing,A,", "skip", "name: name: expected"),
    ("_adpix,marketing,Nordic Metrics AB,30 days", "same", "as it is here"),
    ("_adpix,marketing,Other AB,30 days", "skip", "it is in the list already, and says otherwise"),
)


@pytest.mark.parametrize(("line", "what", "why"), LINES, ids=lambda each: str(each)[:24])
def test_each_line_says_what_it_would_do_and_why(line: str, what: str, why: str) -> None:
    (step,) = does(f"name,category,provider,lasts\n{line}\n")
    assert (step.does, why in step.why) == (what, True), step


def test_a_name_that_is_there_twice_is_taken_once() -> None:
    found = does("name,category\n_n,marketing\n_m,statistics\n_n,statistics\n")
    assert [step.does for step in found] == ["add", "add", "skip"]
    assert found[2].why == "the same name as in line 2"


def test_what_is_there_changes_only_where_that_is_wished_and_keeps_what_a_line_leaves_out() -> None:
    text = "name;provider;purpose.sv\n_adpix;Other AB;Annat.\n"
    found = does(text, overwrite=True)
    assert (found[0].does, found[0].why) == ("change", "provider, purpose")
    item = applied(policy(), found).declarations[3]
    assert (item.provider, item.seconds) == ("Other AB", 86_400 * 30)
    assert item.purpose == {"en": "What _adpix is for.", "sv": "Annat."}


WRONG: tuple[tuple[bytes, str], ...] = (
    (b"a,b\n1,2\n", "one of them is"),
    (b"", "one of them is"),
    (b"name,category\n_n,mark\xe9ting\n", "line 2 is not UTF-8"),
    (b"\x89PNG\r\n\x1a\n\0\0", "is not UTF-8"),
    (b"name,category\n_n,\0\n", "this is no text"),
    (b'name,category\n"_n,marketing\n', "line 2 cannot be read"),
    (b"name,category\n" + b"_n,marketing\n" * 10_001, "more than 10,000 lines"),
    (b"name,category\n_n," + b"x" * 200_000, "cannot be read: field larger than"),
    (b"x" * 4_000_001, "more than 4,000,000 bytes"),
)


@pytest.mark.parametrize(("content", "said"), WRONG, ids=lambda each: repr(each[:20]))
def test_what_is_no_such_list_is_refused_with_the_line(content: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=said) as refused:
        steps(cookie_lists.text_of(content), policy(), overwrite=False)
    assert refused.value.field == cookie_lists.FIELD


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_that_spreadsheets_write_are_read(encoding: str) -> None:
    text = cookie_lists.text_of("name,category,provider\n_n,marketing,Åbo Oy\n".encode(encoding))
    assert [step.item.provider for step in does(text) if step.item] == ["Åbo Oy"]


def test_a_list_that_is_too_long_is_refused_whole() -> None:
    text = "name,category\n" + "".join(f"_n{number},marketing\n" for number in range(10_000))
    found = does(text)
    assert {step.does for step in found} == {"add"}
    with pytest.raises(Invalid, match=r"at most 10,000 declarations, and these would be 10,004"):
        applied(policy(), found)


DURATIONS: tuple[tuple[str, int | None, bool], ...] = (
    ("session", None, True),
    ("End of session (browser)", None, True),
    ("13 months", 33_696_000, True),
    ("1 Year", 31_536_000, True),
    ("a day", 86_400, True),
    ("30 mins", 1_800, True),
    ("3 weeks", 1_814_400, True),
    ("minus 1 day", None, False),
    ("-1 day", None, False),
    ("0 days", None, False),
    ("20 years", None, False),
    ("2 years after last activity", None, False),
    ("Unknown", None, False),
    ("", None, False),
)


@pytest.mark.parametrize(("text", "seconds", "understood"), DURATIONS)
def test_a_duration_in_words_is_read_or_said_to_be_none(
    text: str, seconds: int | None, understood: bool
) -> None:
    assert known_cookies.duration(text) == (seconds, understood)


LIST = (
    OTHERS
    + """1,Metrics,Analytics,_m,,Counts.,2 years,M Inc,,0
2,Metrics,Analytics,_m_,,Counts by property.,2 years,M Inc,,1
3,Ads,Marketing,both,,Follows.,1 day,A Inc,,0
4,Shop,Functional,both,,Remembers.,1 day,S Inc,,0
5,Shop,Security,_keep,,Keeps out robots.,session,S Inc,,0
6,All,Marketing,x,,Everything.,1 day,A Inc,,1
"""
)


@pytest.fixture
def library() -> Library:
    return Library(cookie_lists.known(LIST.encode()))


def test_a_name_is_known_by_itself_and_by_a_pattern_but_not_by_one_letter(library: Library) -> None:
    assert [each.purpose for each in library.about("_m")] == ["Counts."]
    assert [each.purpose for each in library.about("_m_AB1")] == ["Counts by property."]
    assert library.about("xyz") == ()
    assert library.beginning("_M") == ("_m", "_m_*")
    assert library.beginning("") == ()


def test_r20_a_name_is_a_trackers_only_where_the_list_is_of_one_mind(library: Library) -> None:
    found = library.tracker("_m_1")
    assert found
    assert found.category is Category.STATISTICS
    assert library.tracker("both") is None
    assert library.tracker("_keep") is None
    assert library.tracker("unknown") is None
