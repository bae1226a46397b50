"""An authority's certificates as an operator gives them: what is kept of a text, what refused."""

from collections.abc import Callable
from pathlib import Path
from ssl import DER_cert_to_PEM_cert, PEM_cert_to_DER_cert

import pytest

from consent_service.errors import Invalid
from consent_service.model import Keeping
from consent_service.sites import MOST_PEM, parse_certificates, pinned
from tests.unit.authority import Authority, authority, run

CUT = b"-----END CERTIFICATE-----"
VERSION = b"\xa0\3\2\1"
KEY = b"-----BEGIN PRIVATE KEY-----\n"


@pytest.fixture(scope="module", params=["ec", "rsa"])
def tsa(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tsa"), request.param)


# What is given, made of a certificate; how often that is in it.
TAKEN: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    "one": (bytes, 1),
    "several": (lambda pem: pem * 3, 3),
    "as many as are taken": (lambda pem: pem * 20, 20),
    "with words around it": (lambda pem: b"subject=CN = tsa\n" + pem + b"\nsee \xc3\xa9\n", 1),
    "with a browser's line breaks": (lambda pem: pem.replace(b"\n", b"\r\n"), 1),
    "without the last line break": (bytes.strip, 1),
    "indented": (lambda pem: pem.replace(b"\n", b"\n  "), 1),
    "by an old name": (lambda pem: pem.replace(b" CERT", b" X509 CERT"), 1),
}


@pytest.mark.parametrize("name", TAKEN)
def test_certificates_are_kept_and_nothing_else_of_the_text(tsa: Authority, name: str) -> None:
    made, count = TAKEN[name]
    assert parse_certificates(made(tsa.root).decode()) == tsa.root.decode() * count


def _of_version_8(pem: bytes) -> bytes:
    der = PEM_cert_to_DER_cert(pem.decode())
    assert VERSION in der
    return DER_cert_to_PEM_cert(der.replace(VERSION + b"\2", VERSION + b"\7")).encode()


# What is given, made of a certificate; what is said of it.
REFUSED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda _: b"", "or there is none"),
    "words": (lambda _: b"hello", "or there is none"),
    "a request": (lambda pem: pem.replace(b"TIFICATE", b"TIFICATE REQUEST"), "or there is none"),
    "one without an end": (lambda pem: pem.replace(CUT, b""), "cannot be read"),
    "a second one without an end": (lambda pem: pem + pem.replace(CUT, b""), "cannot be read"),
    "a first one without an end": (lambda pem: pem.replace(CUT, b"") + pem, "cannot be read"),
    "one that is cut": (lambda pem: pem[:200] + CUT, "cannot be read"),
    "one with a changed byte": (lambda pem: pem[:40] + b"!" + pem[41:], "cannot be read"),
    "what is none inside": (lambda pem: pem[:28] + b"aGVsbG8=\n" + CUT, "cannot be read"),
    "one of a version that there is not": (_of_version_8, "cannot be read"),
    "too many": (lambda pem: pem * 21, "20 certificates are the most"),
    "too much": (lambda pem: pem + b" " * MOST_PEM, "more than 64 KiB"),
    "too much in letters of two bytes": (
        lambda pem: pem + b"\xc3\xa9" * (MOST_PEM // 2),
        "more than 64 KiB",
    ),
    "a private key beside it": (lambda pem: pem + KEY, "there is a private key in it"),
    "a private key alone": (lambda _: KEY, "there is a private key in it"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_list_of_certificates_is_refused(tsa: Authority, name: str) -> None:
    made, message = REFUSED[name]
    with pytest.raises(Invalid, match=message) as refused:
        parse_certificates(made(tsa.root).decode())
    assert refused.value.field == "authority_pem"


@pytest.mark.parametrize("name", ["root.key", "tsa.key"])
def test_a_key_that_openssl_wrote_is_seen(tsa: Authority, name: str) -> None:
    with pytest.raises(Invalid, match="there is a private key in it"):
        parse_certificates((tsa.folder / name).read_text() + tsa.root.decode())


# The library takes a number below 1, as some old roots have, and warns that it will not for ever.
@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_whatever_byte_is_another_it_is_read_or_refused(tsa: Authority) -> None:
    pem = tsa.root.decode()
    begin, end = pem.index("\n") + 1, pem.index("\n-----END")
    refused = 0
    for at in range(begin, end):
        for letter in "A/":
            try:
                parse_certificates(pem[:at] + letter + pem[at + 1 :])
            except Invalid:
                refused += 1
    assert 20 < refused < 2 * (end - begin)


def test_a_certificate_is_called_as_openssl_calls_it(tsa: Authority, tmp_path: Path) -> None:
    (shown,) = pinned(Keeping(authority="https://tsa.example", authority_pem=tsa.root.decode()))
    told = tmp_path / "told"
    asked = ["-noout", "-fingerprint", "-sha256", "-subject", "-nameopt", "RFC2253"]
    run("x509", "-in", f"{tsa.folder}/root.pem", *asked, "-out", str(told))
    fingerprint, subject = sorted(told.read_text().splitlines())
    assert fingerprint.partition("=")[2] == shown.fingerprint
    assert subject.partition("=")[2] == shown.name


def test_a_name_moves_no_cursor(tmp_path: Path) -> None:
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", f"{tmp_path}/key", "-out", f"{tmp_path}/pem"]
    run(*new, "-subj", "/CN=a\n\x1b[2Jb", *files)
    pem = (tmp_path / "pem").read_text()
    (shown,) = pinned(Keeping(authority="https://tsa.example", authority_pem=pem))
    assert shown.name == "CN=a??[2Jb"


def test_without_certificates_nothing_is_asked_for() -> None:
    assert pinned(Keeping(authority="https://tsa.example")) == ()
