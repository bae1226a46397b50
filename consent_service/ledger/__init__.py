"""The ledger's verbs: every receipt, publish, key and erasure becomes an entry of its site's tree.

    head = await ledger.sequence(desk, site, now)     what waits is entered, and signed
    proof = await ledger.prove(store, site.id, receipt_id)   None while it waits

What waits is put there by the database itself, in the transaction of what it tells of. One
process at a time enters it, under the lock of the ledger's head: entries, tiles and the signed
checkpoint are written together, or nothing is.

A module imports only from those above it:

    outside        the checkpoint beside the database, by which a restored backup is found out
    entering       from what waits to entries
    appending      from entries to a grown, signed tree
    sequencing     every second, for every site
    proving        proofs of inclusion and consistency, tiles, checkpoints: for auditors
    trusting       whom an auditor is offered to trust, and which checkpoints they vouched for
    filed          that what is on file, but for receipts, is what was entered
    comparing      what happened to entries that are not those of the tree
    verifying      a whole ledger, entry by entry
"""

from consent_service.ledger.appending import Desk, append, begun, lock, origin_of, publish, trouble
from consent_service.ledger.entering import enter, enter_key, event, place_now
from consent_service.ledger.outside import Outside
from consent_service.ledger.proving import (
    Proved,
    checkpoint,
    consistency,
    cosigned,
    entry_at,
    head_of,
    mark_proof,
    prove,
    prove_place,
    tile_bytes,
    vkeys,
)
from consent_service.ledger.sequencing import Sequencer, sequence
from consent_service.ledger.trusting import is_vouched, newest_vouched, trust_of
from consent_service.ledger.verifying import Finding, Report, Wanted, verify_ledger
from consent_service.merkle import Tile

__all__ = [
    "Desk",
    "Finding",
    "Outside",
    "Proved",
    "Report",
    "Sequencer",
    "Tile",
    "Wanted",
    "append",
    "begun",
    "checkpoint",
    "consistency",
    "cosigned",
    "enter",
    "enter_key",
    "entry_at",
    "event",
    "head_of",
    "is_vouched",
    "lock",
    "mark_proof",
    "newest_vouched",
    "origin_of",
    "place_now",
    "prove",
    "prove_place",
    "publish",
    "sequence",
    "tile_bytes",
    "trouble",
    "trust_of",
    "verify_ledger",
    "vkeys",
]
