"""What leaves the house as evidence: one projection a file, each a pure function of what is stored.

    kantara   a Kantara Consent Receipt 1.1, of what was granted
    dpv       ISO/IEC TS 27560 through the Data Privacy Vocabulary, as JSON-LD
    csv       a row for each receipt, for tables
    jsonl     a line for each receipt: the signed bytes, and what they say

    bundle    all that shows what a receipt says, in one file
    parts     a file of an export, made here or by another process
    period    the receipts of a period, in one of these forms, with a manifest
    declarations  a policy's declarations as a table, which is taken in again as well
    verify    checks bundles and exports: a program of one file, for other people's machines

The first four are renderings: what proves anything is the signed receipt, which goes along.
"""
