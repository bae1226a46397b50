"""Sessions: what a signed-in person's cookie holds, sealed by HMAC-SHA-256."""

import hashlib
import re
from collections.abc import Mapping, Sequence

import msgspec
from itsdangerous import BadData, TimestampSigner
from itsdangerous.encoding import base64_encode

from consent_service.errors import Invalid, Tampered
from consent_service.signing.encoding import unb64url

_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})")
# Two machines' clocks differ a little: what one sealed just now is not from the future.
_SKEW_SECONDS = 60


class _ClockedSigner(TimestampSigner):
    """itsdangerous' signer, told the time instead of asking for it."""

    def __init__(self, keys: Sequence[bytes], context: str, now: int) -> None:
        # SHA-1 and a bare concatenation are its defaults: both are replaced here.
        super().__init__(
            keys,
            salt=f"consent-service/{context}",
            sep=".",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )
        self._now = now

    def get_timestamp(self) -> int:
        return self._now


class Sessions:
    """Seals what a signed-in person's cookie holds. It can be read by its bearer, not changed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """From secrets of 32 bytes or more, oldest to newest."""
        self._keys = tuple(keys)

    def seal(self, payload: Mapping[str, object], now: int, context: str = "session") -> str:
        """A token that holds `payload`, sealed by the newest secret.

        What was sealed for one context never opens in another.
        """
        value = base64_encode(msgspec.json.encode(payload))
        return _ClockedSigner(self._keys, context, now).sign(value).decode("ascii")

    def open(
        self, token: str, now: int, max_age_seconds: int, context: str = "session"
    ) -> dict[str, object]:
        """The payload of a token not older than that. Raises `Tampered`."""
        form = _FORM.fullmatch(token)
        if not form:
            raise Tampered("this is not a sealed session", "form")
        payload, _, _ = (_part(part) for part in form.groups())
        try:
            signer = _ClockedSigner(self._keys, context, now)
            _, sealed = signer.unsign(token, return_timestamp=True)
        except BadData as error:
            raise Tampered("the session's seal does not hold", "signature") from error
        if not -_SKEW_SECONDS <= now - sealed.timestamp() <= max_age_seconds:
            raise Tampered("the session has run out: sign in again", "age")
        return msgspec.json.decode(payload, type=dict[str, object])


def _part(text: str) -> bytes:
    try:
        return unb64url(text)
    except Invalid as error:
        raise Tampered("the session is not in canonical form", "form") from error
