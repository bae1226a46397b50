"""A checkpoint is stamped by a time-stamping authority (RFC 3161); the stamp is verified and kept.

What is stamped is the checkpoint's text, without its signatures. The stamp has to hold in the eyes
of two readers: the library that made the request, and the program that auditors will check it with.
Which authority is to be believed is the auditor's affair: here it is enough that the certificates
which come along fit. But where an operator has given certificates, it has to lead to one of them
too: who stands between us and an `http://` address could put another authority's in its place.
"""

from collections.abc import Sequence
from hashlib import sha256

from rfc3161_client import (
    TimestampRequestBuilder,
    TimeStampResponse,
    decode_timestamp_response,
)
from rfc3161_client.base import HashAlgorithm
from rfc3161_client.tsp import TimeStampRequest

from consent_service import sites
from consent_service.exports.verify import Failed, check_stamp, read_der, read_stamp
from consent_service.merkle import parse_note
from consent_service.signing import Certificate
from consent_service.store.ledger import Stamp
from consent_service.vouching.outgoing import Answer, Trouble, post
from consent_service.vouching.visits import Visit, best, check_clock

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
_GRANTED = (0, 1)
"""Granted, and granted in another form than asked for."""
_CERTIFICATES = 0xA0


async def stamp(visit: Visit) -> int:
    """Have the newest checkpoint stamped; its size. Raises `Trouble`."""
    kept, authority = await best(visit), visit.errand.whom
    text, pinned = parse_note(kept.note).text.encode(), sites.pinned(visit.site.keeping)
    for each in await visit.store.ledger.stamps(visit.site.id, kept.size):
        if each.authority == authority:
            # The certificates may have been given after it came.
            _check_pinned(each.token, text, pinned)
            return kept.size
    request = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = await post(visit.way, authority, request.as_bytes(), QUERY)
    time = _checked(answer, request, text)
    _check_pinned(answer.body, text, pinned)
    check_clock(time, visit.now)
    await visit.store.ledger.add_stamp(
        visit.site.id, Stamp(kept.size, authority, time, answer.body)
    )
    return kept.size


def _checked(answer: Answer, request: TimeStampRequest, text: bytes) -> int:
    """When it stamped that text, as it was asked to. Raises `Trouble`.

    1. It answers with a time stamp.
    2. It does not refuse.
    3. It is the stamp of that text, and the answer to this request.
    4. Its signature holds, and its certificates fit, as `verify.py` sees it.
    """
    if answer.status != 200:
        raise Trouble(f"does not stamp (status {answer.status}{answer.said})")
    stamped = _read(answer.body)  # 1
    if stamped.status not in _GRANTED:  # 2
        why = "; ".join(stamped.status_string)[:200] or f"status {stamped.status}"
        raise Trouble(f"refuses: {why!a}")
    info = stamped.tst_info
    if info.message_imprint.message != sha256(text).digest():  # 3
        raise Trouble("stamped something else: the hash in its answer is another")
    if info.nonce != request.nonce:
        raise Trouble("answers another request than ours: its nonce is another")
    try:
        return check_stamp(
            answer.body, text, read_stamp(answer.body).certificates, "its stamp"
        )  # 4
    except (Failed, ValueError) as error:
        raise Trouble(f"answers with a stamp that does not hold: {error}") from error


def _check_pinned(token: bytes, text: bytes, pinned: Sequence[Certificate]) -> None:
    """Raises `Trouble` where certificates are given, and the stamp leads to none of them."""
    if not pinned:
        return
    try:
        check_stamp(token, text, [each.parsed for each in pinned], "the stamp")
    except Failed as error:
        raise Trouble(f"stamps, but not under the certificates given for it: {error}") from error


def _read(body: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(_in_order(body))
    except ValueError as error:
        raise Trouble(f"answers with what is no time stamp: {str(error)[:200]}") from error


def _in_order(body: bytes) -> bytes:
    """The same with its certificates in the order that DER wants. OpenSSL writes them as they come,
    and the library reads DER alone; nothing is signed over their order.
    """
    try:
        content = read_der(body)[0].items()[1].items()[1].items()[0].items()
        field = next(part for part in content if part.tag == _CERTIFICATES)
        in_order = b"".join(sorted(each.whole for each in field.items()))
    except (Failed, IndexError, StopIteration):
        return body
    return body.replace(field.body, in_order, 1)
