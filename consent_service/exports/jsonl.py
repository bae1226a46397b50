"""Receipts as JSON Lines: each line has the signed receipt, and what it says to be read.

Whoever checks takes `receipt`, a JWS; `claims` are the same bytes that were signed, so that
nothing has to be decoded to look into them.
"""

_LINE = b'{"receipt":"%s","claims":%s}\n'


def line(payload: bytes, token: bytes) -> bytes:
    """The line of one receipt, from its signed payload and its JWS."""
    # The payload is JSON without line breaks: it was encoded so before it was signed.
    return _LINE % (token, payload)
