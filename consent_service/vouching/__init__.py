"""Those outside who vouch for a ledger: witnesses, a time-stamping authority, readers of mail.

What makes a ledger hold against its own operator is what others have of it. Again and again the
newest checkpoint is handed to each witness of a site, stamped by its authority, and mailed to
whoever keeps it. Each of these is an errand: a row, taken by one process at a time. Whatever
somebody outside does or does not do ends there: it is named, and tried again, and neither banners
nor receipts nor the ledger wait for it.

A module imports only from those above it:

    outgoing       the one way out: a request with a time-out and a limit, redirects not followed
    visits         one go at somebody outside, and what it needs
    witnesses      C2SP tlog-witness, as the ledger that asks
    authorities    RFC 3161 time stamps
    mailing        checkpoints by e-mail
    rounds         who is due, one after the other
    pointing       a site is pointed at them
    standing       how it stands with each, for people
"""

from consent_service.vouching.authorities import stamp
from consent_service.vouching.mailing import DAY, Mailer, check_mail, mailer_of, mailing
from consent_service.vouching.outgoing import Trouble
from consent_service.vouching.pointing import point
from consent_service.vouching.rounds import Doing, Rounds
from consent_service.vouching.standing import Party, Standing, standing
from consent_service.vouching.witnesses import cosign

__all__ = [
    "DAY",
    "Doing",
    "Mailer",
    "Party",
    "Rounds",
    "Standing",
    "Trouble",
    "check_mail",
    "cosign",
    "mailer_of",
    "mailing",
    "point",
    "stamp",
    "standing",
]
