"""What goes to a witness and what comes back, byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.errors import ConsentError, Invalid
from consent_service.merkle import (
    format_size,
    format_submission,
    parse_note,
    parse_size,
    parse_submission,
)
from consent_service.merkle.submitting import MAX_SUBMISSION

# The example of the specification, C2SP tlog-witness.
EXAMPLE = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\N{EM DASH} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Z\
hcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
""".encode()
HASH = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="
NOTE = EXAMPLE.partition(b"\n\n")[2]


def test_the_example_of_the_specification_is_read_and_written() -> None:
    sent = parse_submission(EXAMPLE)
    assert (sent.old, len(sent.proof), sent.proof[0][:2]) == (20852014, 4, b"\x3e\x54")
    assert parse_note(sent.note).text.splitlines()[1] == "20852163"
    assert format_submission(*sent) == EXAMPLE


@pytest.mark.parametrize(
    ("head", "finding"),
    [
        ("", "a line `old` with a size"),
        ("new 3", "a line `old` with a size"),
        ("old", "a line `old` with a size"),
        ("old 03", "not a decimal number"),
        ("old -1", "not a decimal number"),
        ("old 9223372036854775808", "not a decimal number"),
        ("old  3", "not a decimal number"),
        ("old 3\r", "not a decimal number"),
        (f"old 3\n{HASH[:-1]}", "hash 0 of the proof is not base64"),
        (f"old 3\n{HASH}\nAAAA", "hash 1 of the proof has 3 bytes"),
        (f"old 3\n {HASH}", "hash 0 of the proof is not base64"),
        ("old 3" + f"\n{HASH}" * 64, "63 hashes at the most, and this one 64"),
    ],
)
def test_what_is_not_a_submission_is_named(head: str, finding: str) -> None:
    with pytest.raises(Invalid, match=finding):
        parse_submission(f"{head}\n\n".encode() + NOTE)


@pytest.mark.parametrize("data", [b"old 3\n\n", b"old 3\n", b"\xff 3\n\n" + NOTE])
def test_a_submission_without_its_parts_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        parse_submission(data)


def test_a_submission_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(Invalid, match="at most 65536 bytes"):
        parse_submission(EXAMPLE + b"x" * MAX_SUBMISSION)


@pytest.mark.parametrize("submission", [(-1, (), NOTE), (3, (b"short",), NOTE), (3, (), b"")])
def test_no_submission_is_written_that_could_not_be_read_back(
    submission: tuple[int, tuple[bytes, ...], bytes],
) -> None:
    with pytest.raises(Invalid):
        format_submission(*submission)


# The cases of sigsum-go's own test of these answers, but for the content type.
@pytest.mark.parametrize(
    ("body", "size"), [(b"", None), (b"0\n", 0), (b"50\n", 50), (b"50", None), (b"050\n", None)]
)
def test_the_size_that_a_witness_has_is_read(body: bytes, size: int | None) -> None:
    if size is None:
        with pytest.raises(Invalid):
            parse_size(body)
    else:
        assert parse_size(body) == size
        assert format_size(size) == body


@given(st.binary(max_size=400))
def test_any_bytes_are_a_submission_or_refused(data: bytes) -> None:
    for sent in (data, EXAMPLE[:200] + data):
        try:
            assert format_submission(*parse_submission(sent)) == sent
            parse_size(sent)
        except ConsentError:
            pass
