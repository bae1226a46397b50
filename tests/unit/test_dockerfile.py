"""The image and the composition, read as text: no engine is needed to see that they fit.

What their steps do is exercised by `make stages`, which replays them.
"""

import json
import os
import re
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import PurePosixPath
from threading import Thread
from typing import Any

import pytest
import yaml

from consent_service.settings import HELP, PREFIX, load_settings
from tests.dockerfile import instructions, only, stages
from tests.tools import ROOT

PINNED = re.compile(r"^[a-z]+:\d+(\.\d+)*-[a-z-]+$")


INSTRUCTIONS = instructions()
STAGES = [each.rest for each in INSTRUCTIONS if each.name == "FROM"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def _environment() -> dict[str, str]:
    return dict(word.split("=", 1) for word in only("ENV").split())


def test_the_image_is_built_in_three_stages() -> None:
    assert len(STAGES) == 3


@pytest.mark.parametrize("stage", STAGES)
def test_every_base_image_is_pinned_to_a_version(stage: str) -> None:
    assert PINNED.match(stage.split()[0])


def test_the_wheel_and_what_runs_it_have_one_python() -> None:
    service, runs = (stage.split()[0].split("-")[0] for stage in STAGES[1:])
    assert service == runs


def _copied_from_the_project() -> list[str]:
    copies = [rest.split() for name, rest in INSTRUCTIONS if name == "COPY"]
    own = [words for words in copies if not words[0].startswith("--from")]
    return [source for *sources, _ in own for source in sources]


@pytest.mark.parametrize("source", _copied_from_the_project())
def test_what_the_image_copies_is_there_and_not_ignored(source: str) -> None:
    assert (ROOT / source).exists()
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert f"!{PurePosixPath(source).parts[0]}" in allowed


def test_nothing_gets_into_an_image_that_is_not_named() -> None:
    rules = [rule for rule in (ROOT / ".dockerignore").read_text().splitlines() if rule[0] != "#"]
    assert rules[0] == "*"


def test_what_a_stage_takes_from_another_is_made_there() -> None:
    taken = [rest.split() for name, rest in INSTRUCTIONS if name == "COPY" and "--from" in rest]
    named = {stage.split()[-1] for stage in STAGES[:-1]}
    assert {words[0].removeprefix("--from=") for words in taken} == named


def _made() -> list[str]:
    runs = " ".join(rest for name, rest in INSTRUCTIONS if name == "RUN")
    return re.findall(r"\bmake ([a-z-]+)", runs)


def test_the_image_is_made_by_targets_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M)
    assert {"banner", "installed"} <= set(_made()) <= set(targets)


def test_every_target_is_phony_and_explained_or_part_of_another() -> None:
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    (phony,) = re.findall(r"^\.PHONY:(.*)$", text, flags=re.M)
    assert set(re.findall(r"^([a-z-]+):", text, flags=re.M)) == set(phony.split())


def test_with_its_extra_the_image_takes_screenshots() -> None:
    for stage in ("service", ""):
        assert only("ARG", stage) == 'EXTRAS=""', "nobody gets a browser unasked"
    browser = only("RUN")
    assert browser.startswith('if [ "$EXTRAS" = render ]; then')
    assert " chromium " in browser
    command = ["make", "--dry-run", "installed"]
    for extras, named in (("render", True), ("", False)):
        environ = os.environ | {"EXTRAS": extras}
        made = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        assert ("[render]" in made.stdout) is named


def test_the_image_does_not_run_as_root() -> None:
    account, group = map(int, only("USER").split(":"))
    assert min(account, group) >= 1000


def test_the_volume_belongs_to_the_account_that_runs() -> None:
    assert only("VOLUME") == "/data"
    copies = [rest for name, rest in stages()[""] if name == "COPY" and rest.endswith(" /data")]
    assert f"--chown={only('USER')}" in copies[0].split()


def test_all_that_the_image_writes_is_on_its_volume() -> None:
    ours = {name: value for name, value in _environment().items() if name.startswith(PREFIX)}
    settings = load_settings(ours)
    assert settings.database.startswith("sqlite:////data/")
    assert settings.keys.is_relative_to("/data")


@pytest.mark.parametrize("instruction", ["ENTRYPOINT", "CMD"])
def test_no_shell_stands_between_the_engine_and_the_service(instruction: str) -> None:
    words = json.loads(only(instruction))
    assert words
    assert "sh" not in words


def _health_check() -> list[str]:
    words: list[str] = json.loads(only("HEALTHCHECK").partition("CMD ")[2])
    assert words[0] == "python"
    return [sys.executable, *words[1:]]


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (404, False)])
def test_the_health_check_says_what_the_service_says(status: int, healthy: bool) -> None:
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.handle_request, daemon=True).start()
        ran = _checked(server.server_port)
    assert (ran.returncode == 0) is healthy
    assert asked == ["/healthz"]


def test_a_service_that_does_not_answer_is_not_healthy() -> None:
    # Held, so that nobody else takes it meanwhile, and nobody listens.
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert _checked(held.getsockname()[1]).returncode != 0


def _checked(port: int) -> subprocess.CompletedProcess[bytes]:
    environ = os.environ | {"CONSENT_PORT": str(port), "no_proxy": "*"}
    return subprocess.run(_health_check(), env=environ, capture_output=True, timeout=60)


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_of_the_composition_is_shut_in(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert any(mount.startswith("/tmp") for mount in service["tmpfs"])
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_kept_lies_on_a_named_volume(name: str) -> None:
    (mount,) = SERVICES[name]["volumes"]
    volume, folder = mount.split(":")
    assert volume in COMPOSE["volumes"]
    assert folder in {"/data", "/var/lib/postgresql/data"}


def test_the_service_waits_for_a_healthy_database() -> None:
    assert SERVICES["service"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert SERVICES["database"]["healthcheck"]["test"][1] == "pg_isready"


def test_the_database_is_reached_by_the_service_alone() -> None:
    assert "ports" not in SERVICES["database"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["service"]["ports"])


def test_the_composition_holds_no_password_and_starts_with_none() -> None:
    secret = "${POSTGRES_PASSWORD:?set a password}"
    assert SERVICES["database"]["environment"]["POSTGRES_PASSWORD"] == secret
    assert f":{secret}@" in SERVICES["service"]["environment"]["CONSENT_DATABASE"]


def test_the_composition_sets_only_what_is_a_setting() -> None:
    ours = [name for name in SERVICES["service"]["environment"] if name.startswith(PREFIX)]
    assert {name.removeprefix(PREFIX).lower() for name in ours} <= set(HELP)


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_from_elsewhere_is_pinned_to_a_version(name: str) -> None:
    service = SERVICES[name]
    assert "build" in service or PINNED.match(service["image"])
