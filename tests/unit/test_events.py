"""Every kind of event that the code logs has its words on the page of the audit trail."""

import ast
from pathlib import Path

import consent_service
from consent_service.web.pages.events import VERBS

PACKAGE = Path(consent_service.__file__).parent


def _names(tree: ast.Module) -> dict[str, str]:
    """The module's own constants that are texts."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def verbs_in(source: str) -> set[str]:
    """The verbs that are handed to `audit.log` there, written out or by a constant's name."""
    tree = ast.parse(source)
    names = _names(tree)
    calls = [
        node.args[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.log"
    ]
    told = {str(verb.value) for verb in calls if isinstance(verb, ast.Constant)}
    return told | {
        names[verb.id] for verb in calls if isinstance(verb, ast.Name) if verb.id in names
    }


def test_every_kind_of_event_has_its_words() -> None:
    found = set().union(*(verbs_in(path.read_text()) for path in PACKAGE.rglob("*.py")))
    found |= {"policy.cancel", "policy.return", "policy.refuse", "policy.schedule"}
    assert {"sign_in", "receipt.erase", "policy.publish", "role.grant", "key.publish"} <= found
    assert found - VERBS.keys() == set()


def test_the_reader_finds_verbs_and_constants() -> None:
    source = '_X = "a.b"\nawait audit.log(tx, act, "c.d", "", 1)\nawait audit.log(tx, act, _X, "")'
    assert verbs_in(source) == {"a.b", "c.d"}
