"""A site's policy as a file in git: YAML that is read strictly and written to be read. Pure.

The types of `model.py` are the whole of its format: a member that a policy gains is in the file,
in the published JSON Schema and in what is refused, without a line here.
"""

from consent_service.policy_files.form import PolicyFile
from consent_service.policy_files.reading import Place, Source, Unreadable, read
from consent_service.policy_files.schema import SCHEMA_PATH, schema
from consent_service.policy_files.writing import with_revision, written

__all__ = [
    "SCHEMA_PATH",
    "Place",
    "PolicyFile",
    "Source",
    "Unreadable",
    "read",
    "schema",
    "with_revision",
    "written",
]
