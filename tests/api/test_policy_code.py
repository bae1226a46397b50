"""Policy as code: a file and a running service, by the command line, as a pipeline uses it."""

import asyncio
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from consent_service import plans, sites
from consent_service.audit import Act
from consent_service.cli import cli
from consent_service.model import Policy, Role
from consent_service.policy_files import PolicyFile, read, written
from tests import given
from tests.api.test_policies import versions
from tests.given import policy
from tests.served import Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

OK, DIFFERENT, MISUSED, MOVED_ON, NOT_PUBLISHABLE, NOT_REACHED = range(6)


class Developer:
    """Somebody with a file, a token, and a shell."""

    def __init__(self, shop: Shop, token: str, path: Path) -> None:
        self.shop, self.token, self.path = shop, token, path

    async def run(self, command: str, *options: str, **environment: str) -> Result:
        """What a command says, and how it ends. Off the loop, which serves the service."""
        words = ["policy", command, str(self.path), *options]
        known = {"CONSENT_URL": self.shop.house.url, "CONSENT_TOKEN": self.token, **environment}
        return await asyncio.to_thread(CliRunner().invoke, cli, words, env=known)

    async def pull(self, *options: str) -> Result:
        """Pull, which goes well."""
        result = await self.run("pull", "--site", self.shop.site.key, *options)
        assert result.exit_code == OK, result.output
        return result

    @property
    def text(self) -> str:
        """What the file says."""
        return self.path.read_text()

    @property
    def file(self) -> PolicyFile:
        return read(self.path.read_bytes()).file

    def edit(self, old: str, new: str) -> None:
        """Change a text in the file."""
        assert old in self.text
        self.path.write_text(self.text.replace(old, new))

    def write(self, content: Policy, revision: int) -> None:
        """Make the file anew."""
        file = PolicyFile(site=self.shop.site.key, revision=revision, policy=content)
        self.path.write_text(written(file, "https://x/schema"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site.yaml"


async def developer(shop: Shop, path: Path, role: Role = Role.EDITOR) -> Developer:
    token = (await shop.token(role))["authorization"].removeprefix("Bearer ")
    return Developer(shop, token, path)


def major() -> Policy:
    return policy(declarations=given.with_another_advertiser()["declarations"])


# --- A round -------------------------------------------------------------------------------------


async def test_a_developer_pulls_edits_looks_and_publishes(shop: Shop, path: Path) -> None:
    ada = await developer(shop, path)
    await ada.pull()
    assert ada.text.startswith(f"# yaml-language-server: $schema={shop.house.url}/schemas/")
    same = await ada.run("diff")
    assert (same.exit_code, same.stderr) == (OK, "")
    assert "says what version 1 says" in same.stdout
    ada.edit("What _adpix is for.", "What _adpix may do.")
    looked = await ada.run("diff")
    assert looked.exit_code == DIFFERENT
    assert "major  purpose _adpix [marketing]: What visitors were told" in looked.stdout
    assert "may do+}." in looked.stdout
    assert "Cookies, row by row:\n  changed  _adpix" in looked.stdout
    assert "Proposed: major. Asked again about: marketing." in looked.stdout
    pushed = await ada.run("push")
    assert (pushed.exit_code, pushed.stdout) == (
        OK,
        f"The draft of {shop.site.key} is at revision 3.\n",
    )
    assert ada.file.revision == 3
    published = await ada.run("publish")
    assert published.exit_code == OK, published.output
    assert "Published version 2 (major) " in published.stdout
    assert [each["change_class"] for each in await versions(shop)] == ["major", "major"]
    again = await ada.run("publish")
    assert (again.exit_code, len(await versions(shop))) == (OK, 2)
    assert "says what version 2 says" in again.stdout


async def test_a_file_keeps_its_comments_and_its_order(shop: Shop, path: Path) -> None:
    ada = await developer(shop, path)
    await ada.pull()
    ada.edit("  banner:\n", "  # Checked by legal.\n  banner:\n")
    ada.edit("Which cookies?", "Which of them?")
    before = ada.text
    assert (await ada.run("publish", "--class", "minor", "--reason", "Plainer.")).exit_code == OK
    assert ada.text == before.replace("revision: 2", "revision: 4")
    assert (await ada.run("pull")).exit_code == OK
    assert "# Checked by legal." in ada.text


async def test_a_dry_run_shows_the_same_and_saves_nothing(shop: Shop, path: Path) -> None:
    ada = await developer(shop, path)
    ada.write(major(), 2)
    before, file = shop.house.contents(), ada.text
    shown = [(await ada.run(command, "--dry-run")) for command in ("push", "publish")]
    assert [each.exit_code for each in shown] == [OK, OK]
    assert shown[0].stdout == shown[1].stdout == (await ada.run("diff")).stdout
    assert "Asked again about: marketing." in shown[0].stdout
    assert (shop.house.contents(), ada.text) == (before, file)


async def test_a_note_to_visitors_goes_with_a_minor_version(shop: Shop, path: Path) -> None:
    ada = await developer(shop, path)
    documents = {"cookies": given.text("# Other words"), "privacy": given.text("# Privacy")}
    ada.write(policy(documents=documents), 2)
    options = ("--notice", "en=We wrote it anew.", "--notice", "sv=Nya ord.")
    assert (await ada.run("publish", *options)).exit_code == OK
    assert (await shop.get("/policy")).json()["notice"] == {
        "en": "We wrote it anew.",
        "sv": "Nya ord.",
    }


async def test_an_old_version_is_taken_back_by_publishing_it_anew(shop: Shop, path: Path) -> None:
    await shop.publish(major())
    ada = await developer(shop, path)
    await ada.pull("--version", "1")
    assert ada.file.policy == policy()
    assert (await ada.run("publish")).exit_code == OK
    current = (await shop.get("/policy")).json()
    assert (current["number"], len(current["policy"]["declarations"])) == (3, 4)


# --- Two editors ---------------------------------------------------------------------------------


async def test_what_somebody_else_saved_is_never_written_over(shop: Shop, path: Path) -> None:
    ada = await developer(shop, path)
    await ada.pull()
    await shop.draft(policy(domain="theirs.example"))
    ada.edit("Which cookies?", "Mine?")
    before, file = shop.house.contents(), ada.text
    for command in ("push", "publish"):
        refused = await ada.run(command)
        assert refused.exit_code == MOVED_ON
        assert "revision 3 by operator, 2027-" in refused.stderr
        assert "set `revision: 3` in it, and push again" in refused.stderr
        assert "[-theirs.example-]" in refused.stdout
        assert "{+Mine+}?" in refused.stdout
    assert (shop.house.contents(), ada.text) == (before, file)
    ada.edit("revision: 2", "revision: 3")
    assert (await ada.run("push")).exit_code == OK


async def test_a_pipeline_need_not_write_the_revision_back(shop: Shop, path: Path) -> None:
    """What it saved itself is the same hand; what an editor saved between is not."""
    pipeline = await developer(shop, path)
    for title in ("One?", "Two?", "Three?"):
        pipeline.write(policy(banner={"title": given.text(title), "intro": given.text("I")}), 2)
        done = await pipeline.run("publish", "--class", "patch", "--reason", "A test.")
        assert done.exit_code == OK, done.output
    assert len(await versions(shop)) == 4
    await shop.draft(policy(domain="theirs.example"))
    pipeline.write(policy(), 2)
    refused = await pipeline.run("publish")
    assert refused.exit_code == MOVED_ON
    assert "by operator" in refused.stderr
    assert "by token:" not in refused.stderr
    other = await developer(shop, path)
    other.write(policy(), 2)
    assert "by token:" in (await other.run("push")).stderr


async def test_of_two_who_began_at_the_same_state_the_later_is_told(
    shop: Shop, tmp_path: Path
) -> None:
    ended = []
    for name in "ab":
        hand = await developer(shop, tmp_path / f"{name}.yaml")
        hand.write(policy(domain=f"{name}.tea.example"), 2)
        ended.append((await hand.run("push")).exit_code)
    assert ended == [OK, MOVED_ON]


async def test_a_file_of_another_service_is_not_taken_for_one_of_this(
    shop: Shop, path: Path
) -> None:
    ada = await developer(shop, path)
    ada.write(policy(domain="tea.example"), 40)
    refused = await ada.run("push")
    assert refused.exit_code == MOVED_ON
    assert "is this the service that it was pulled from?" in refused.stderr


async def test_pull_does_not_write_over_a_file_that_says_more(shop: Shop, path: Path) -> None:
    ada = await developer(shop, path)
    await ada.pull()
    ada.edit("Which cookies?", "Mine?")
    before = ada.text
    refused = await ada.run("pull")
    assert (refused.exit_code, ada.text) == (MOVED_ON, before)
    assert "--replace" in refused.stderr
    assert (await ada.run("pull", "--replace")).exit_code == OK
    assert ada.file.policy == policy()


# --- What does not fit ---------------------------------------------------------------------------


async def test_findings_keep_it_back_and_name_their_lines(shop: Shop, path: Path) -> None:
    ada = await developer(shop, path)
    ada.write(policy(declarations=[given.declaration("_ga", "necessary")]), 2)
    for command, status in (("diff", DIFFERENT), ("publish", NOT_PUBLISHABLE)):
        result = await ada.run(command)
        assert result.exit_code == status
        found = next(line for line in result.stdout.splitlines() if line.startswith("R20 "))
        line, column = found.rpartition("site.yaml:")[2].rstrip(")").split(":")
        place = ada.text.splitlines()[int(line) - 1][int(column) - 1 :]
        assert place == "category: necessary"
    assert (await ada.run("push")).exit_code == OK, "a draft need not be complete"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("site:", "site: x\nsite:", "site.yaml:3:1: site: this member is there twice"),
        ("refused: 150", "refused: 15", "policy.days.refused: expected a whole number"),
        ("languages: [en, sv]", "languages: [en, sv", "this is not YAML"),
    ],
)
async def test_a_broken_file_is_told_with_line_and_column(
    shop: Shop, path: Path, old: str, new: str, said: str
) -> None:
    ada = await developer(shop, path)
    ada.write(policy(), 2)
    ada.edit(old, new)
    for command in ("diff", "push", "publish"):
        result = await ada.run(command)
        assert result.exit_code == MISUSED
        assert said in result.stderr
        assert str(path) in result.stderr


async def test_a_class_without_its_reason_is_refused(shop: Shop, path: Path) -> None:
    ada = await developer(shop, path)
    ada.write(major(), 2)
    refused = await ada.run("publish", "--class", "minor")
    assert refused.exit_code == NOT_PUBLISHABLE
    assert "write the reason" in refused.stderr
    assert len(await versions(shop)) == 1
    asked = await ada.run("publish", "--class", "minor", "--reason", "Bought.")
    assert asked.exit_code == OK


UNREACHED: dict[str, tuple[dict[str, str], int, str]] = {
    "no service": ({"CONSENT_URL": "http://127.0.0.1:1"}, NOT_REACHED, "cannot be reached"),
    "no address": ({"CONSENT_URL": ""}, MISUSED, "--url"),
    "half an address": ({"CONSENT_URL": "consent.example"}, MISUSED, "--url"),
    "no host": ({"CONSENT_URL": "http://["}, NOT_REACHED, "cannot be reached"),
    "no token": ({"CONSENT_TOKEN": ""}, MISUSED, "--token"),
    "a token that is none": ({"CONSENT_TOKEN": "x"}, NOT_REACHED, "token is not known"),
    "a token of two lines": ({"CONSENT_TOKEN": "a\nb"}, NOT_REACHED, "cannot be reached"),
}


@pytest.mark.parametrize("name", UNREACHED)
async def test_what_keeps_it_from_the_service_is_one_line(
    stall: Shop, path: Path, name: str
) -> None:
    environment, status, said = UNREACHED[name]
    ada = await developer(stall, path)
    ada.write(policy(), 2)
    result = await ada.run("diff", **environment)
    assert result.exit_code == status, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output


async def test_a_page_that_is_not_the_service_is_told_apart(stall: Shop, path: Path) -> None:
    ada = await developer(stall, path)
    ada.write(policy(), 2)
    result = await ada.run("diff", CONSENT_URL=f"{stall.house.url}/help")
    assert result.exit_code == NOT_REACHED


async def test_only_an_editor_may(stall: Shop, path: Path) -> None:
    auditor = await developer(stall, path, Role.AUDITOR)
    auditor.write(policy(), 2)
    result = await auditor.run("push")
    assert result.exit_code == NOT_REACHED
    assert "this is for an editor" in result.stderr


async def test_a_site_must_be_named_once(stall: Shop, path: Path) -> None:
    ada = await developer(stall, path)
    assert (await ada.run("pull")).exit_code == MISUSED
    assert (await ada.run("diff")).exit_code == MISUSED
    await ada.pull()
    assert (await ada.run("pull")).exit_code == OK


# --- Over HTTP -----------------------------------------------------------------------------------


async def test_the_schema_is_where_files_say(stall: Shop) -> None:
    answer = await stall.client.get("/schemas/policy.json")
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    described: dict[str, Any] = answer.json()
    assert described["$id"] == f"{stall.house.settings.base_url}/schemas/policy.json"
    jsonschema.Draft202012Validator.check_schema(described)


async def test_the_draft_as_it_stands_is_proposed(shop: Shop) -> None:
    token, revision = await shop.token(), await shop.draft(major())
    found = (await shop.get("/policy/draft/proposal", **token)).json()
    assert (found["revision"], found["saved"], found["current"]) == (revision, True, 1)
    assert (found["proposed"], found["asked"]) == ("major", ["marketing"])
    assert [each["kind"] for each in found["changes"]] == ["added"]
    assert found["others"] == []


# --- Later, and by two people --------------------------------------------------------------------

PROPOSED = 6


async def prepared(shop: Shop, tmp_path: Path) -> Developer:
    """Somebody whose file says something new: a domain, which is major."""
    made = await developer(shop, tmp_path / "site.yaml")
    await made.pull()
    made.write(policy(domain="tea.example"), made.file.revision)
    return made


async def test_a_file_is_scheduled_listed_and_cancelled(shop: Shop, tmp_path: Path) -> None:
    dev = await prepared(shop, tmp_path)
    later = ("--at", "2027-03-01T09:00", "--zone", "Europe/Stockholm", "--announce")
    for _ in range(2):
        # A pipeline that runs again finds it waiting.
        result = await dev.run("publish", *later)
        assert result.exit_code == OK, result.output
        assert "scheduled for 2027-03-01 08:00:00 UTC (major)" in result.output
    listed = await dev.run("planned")
    assert listed.output.count("scheduled") == 1
    cancelled = await dev.run("cancel")
    assert (cancelled.exit_code, "cancelled" in cancelled.output) == (OK, True)
    again = await dev.run("cancel")
    assert again.exit_code != OK
    assert [each["number"] for each in await versions(shop)] == [1]


NO_TIME = [
    (("--at", "2020-01-01T09:00"), "--at: "),
    (("--at", "2027-03-28T02:30", "--zone", "Europe/Stockholm"), "leave it out"),
    (("--at", "2027-03-01T09:00", "--zone", "Stockholm"), "--zone: "),
    (("--announce",), "--announce: "),
]


@pytest.mark.parametrize(("options", "said"), NO_TIME)
async def test_a_time_that_is_none_is_a_wrong_call(
    shop: Shop, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    dev = await prepared(shop, tmp_path)
    result = await dev.run("publish", *options)
    assert (result.exit_code, said in result.output) == (MISUSED, True), result.output


async def test_where_two_are_wanted_a_pipeline_proposes_and_says_so_by_its_status(
    shop: Shop, tmp_path: Path
) -> None:
    await sites.set_approval(shop.house.store, shop.site, True, shop.house.operator)
    dev = await prepared(shop, tmp_path)
    for _ in range(2):
        result = await dev.run("publish")
        assert result.exit_code == PROPOSED, result.output
        assert "Somebody else is to approve it" in result.output
    assert [each["number"] for each in await versions(shop)] == [1]
    (plan,) = await shop.house.store.plans.page(shop.site.id)
    other = Act("al@shop.example", shop.house.clock())
    await plans.approve(shop.house.store, shop.site, plan.id, other)
    result = await dev.run("publish")
    assert (result.exit_code, "says what version 2 says" in result.output) == (OK, True)
