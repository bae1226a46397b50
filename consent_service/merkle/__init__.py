"""The ledger's floor: Merkle trees (RFC 6962) and the texts that ledgers exchange (C2SP). Pure.

Nothing here waits, reads a clock or a disk, or knows a private key: tiles come in through a
function that reads, signatures through functions that sign and verify.

`Invalid` says that bytes are not of the form that is read; `Tampered`, that they are, but do not
hold together. Each says what was found.

A module imports only from those above it:

    text           base64 and decimals, each written in one way
    hashing        the hashes of leaves, nodes and rows
    tiles          the tree as files: their paths and what they hold
    reading        the hash of any part of the tree, from the fewest tiles
    proving        proofs of inclusion and consistency: made
    verifying      the same: checked
    growing        from new leaves to new tiles
    entries        the 78 bytes of an entry, and its digests
    keys           public keys with names
    notes          signed notes: read and written
    opening        signing, cosigning, and who signed
    checkpoints    a ledger's name, size and root
    trust          whom an auditor trusts, and whether a checkpoint is vouched for
    trust_text     the same as a file: tlog-policy
    proof_text     an entry's proof as a file: tlog-proof
    submitting     a checkpoint on its way to a witness: tlog-witness
"""

from consent_service.merkle.checkpoints import Checkpoint, format_checkpoint, parse_checkpoint
from consent_service.merkle.entries import (
    ENTRY_BYTES,
    ENTRY_TYPES,
    NO_POLICY,
    Entry,
    EntryType,
    Reason,
    beginnings,
    content_digest,
    decode_entry,
    encode_entry,
    erasure_digest,
    prune_digest,
    receipt_digest,
)
from consent_service.merkle.growing import EMPTY, Edge, Growth, grow, read_edge
from consent_service.merkle.hashing import EMPTY_ROOT, leaf_hash, leaf_hashes, root_of
from consent_service.merkle.keys import Key, KeyType, log_key, parse_vkey, witness_key
from consent_service.merkle.notes import (
    Note,
    Signature,
    format_note,
    format_signature,
    parse_note,
    parse_signatures,
)
from consent_service.merkle.opening import (
    Sign,
    Signed,
    Verify,
    cosign,
    open_note,
    sign_note,
    with_signatures,
)
from consent_service.merkle.proof_text import EntryProof, check_proof, format_proof, parse_proof
from consent_service.merkle.proving import (
    consistency_tiles,
    inclusion_tiles,
    prove_consistency,
    prove_inclusion,
    root_tiles,
    tree_root,
)
from consent_service.merkle.reading import Hashes, Read
from consent_service.merkle.submitting import (
    Submission,
    format_size,
    format_submission,
    parse_size,
    parse_submission,
)
from consent_service.merkle.tiles import (
    ENTRIES,
    Tile,
    decode_bundle,
    edge_of,
    encode_bundle,
    parse_path,
    tiles_of,
    width_in,
)
from consent_service.merkle.trust import (
    Group,
    Log,
    Trust,
    Vouched,
    Witness,
    check_checkpoint,
    is_met,
)
from consent_service.merkle.trust_text import format_trust, parse_trust
from consent_service.merkle.verifying import check_consistency, check_inclusion

__all__ = [
    "EMPTY",
    "EMPTY_ROOT",
    "ENTRIES",
    "ENTRY_BYTES",
    "ENTRY_TYPES",
    "NO_POLICY",
    "Checkpoint",
    "Edge",
    "Entry",
    "EntryProof",
    "EntryType",
    "Group",
    "Growth",
    "Hashes",
    "Key",
    "KeyType",
    "Log",
    "Note",
    "Read",
    "Reason",
    "Sign",
    "Signature",
    "Signed",
    "Submission",
    "Tile",
    "Trust",
    "Verify",
    "Vouched",
    "Witness",
    "beginnings",
    "check_checkpoint",
    "check_consistency",
    "check_inclusion",
    "check_proof",
    "consistency_tiles",
    "content_digest",
    "cosign",
    "decode_bundle",
    "decode_entry",
    "edge_of",
    "encode_bundle",
    "encode_entry",
    "erasure_digest",
    "format_checkpoint",
    "format_note",
    "format_proof",
    "format_signature",
    "format_size",
    "format_submission",
    "format_trust",
    "grow",
    "inclusion_tiles",
    "is_met",
    "leaf_hash",
    "leaf_hashes",
    "log_key",
    "open_note",
    "parse_checkpoint",
    "parse_note",
    "parse_path",
    "parse_proof",
    "parse_signatures",
    "parse_size",
    "parse_submission",
    "parse_trust",
    "parse_vkey",
    "prove_consistency",
    "prove_inclusion",
    "prune_digest",
    "read_edge",
    "receipt_digest",
    "root_of",
    "root_tiles",
    "sign_note",
    "tiles_of",
    "tree_root",
    "width_in",
    "with_signatures",
    "witness_key",
]
