"""Settings: from two sources, and a wrong one stops the start and says which it is."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consent_service.errors import Misconfigured
from consent_service.settings import HELP, PREFIX, Settings, load_settings

PAGE = files("consent_service").joinpath("help", "settings.md").read_text()


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "consent.toml"


def test_without_any_source_each_setting_has_its_default() -> None:
    assert load_settings({}) == Settings()


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(toml: Path) -> None:
    toml.write_text('port = 8001\nhost = "10.0.0.1"\n')
    settings = load_settings({"CONSENT_PORT": "8002"}, toml)
    assert (settings.port, settings.host, settings.log_level) == (8002, "10.0.0.1", "info")


def test_the_environment_can_name_the_file(toml: Path) -> None:
    toml.write_text("session_hours = 1")
    assert load_settings({"CONSENT_CONFIG": str(toml)}).session_hours == 1


def test_a_path_is_read_from_either_source(toml: Path) -> None:
    toml.write_text('keys = "/srv/keys"')
    assert load_settings({}, toml).keys == Path("/srv/keys")
    assert load_settings({"CONSENT_KEYS": "/run/keys"}, toml).keys == Path("/run/keys")


def test_what_is_not_ours_in_the_environment_is_left_alone() -> None:
    assert load_settings({"PATH": "/bin", "PORT": "1"}) == Settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("port", "eighty"),
        ("port", ""),
        ("port", "65536"),
        ("port", "-1"),
        ("port", "80.5"),
        ("keys", ""),
        ("receipts_queue", "0"),
        ("receipts_batch", "2001"),
        ("retire_hours", "23"),
        ("session_hours", "0"),
        ("base_url", "consent.example.org"),
        ("base_url", "https://consent.example.org/"),
        ("database", "mysql://consent"),
        ("database", "sqlite://relative.db"),
        ("smtp_tls", "ssl"),
        ("smtp_port", "0"),
        ("log_level", "INFO"),
        ("log_level", "loud"),
    ],
)
def test_a_malformed_setting_stops_the_start_and_is_named(variable: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=variable):
        load_settings({PREFIX + variable.upper(): value})


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"SMTP_HOST": "mail.example"}, "smtp_from"),
        ({"SMTP_HOST": "mail.example", "SMTP_FROM": "nobody"}, "smtp_from"),
        ({"SMTP_USER": "me", "SMTP_TLS": "none"}, "smtp_tls"),
    ],
)
def test_settings_that_do_not_go_together_stop_the_start(
    values: dict[str, str], named: str
) -> None:
    with pytest.raises(Misconfigured, match=named):
        load_settings({PREFIX + name: value for name, value in values.items()})


@pytest.mark.parametrize("text", ["port = true", "port = [80]", "keys = 3", "host = 1"])
def test_a_value_of_the_wrong_type_in_the_file_names_setting_and_file(
    toml: Path, text: str
) -> None:
    toml.write_text(text)
    with pytest.raises(Misconfigured, match=text.split()[0]) as caught:
        load_settings({}, toml)
    assert str(toml) in caught.value.message


def test_a_malformed_variable_is_said_to_be_in_the_environment(toml: Path) -> None:
    toml.write_text("port = 8001")
    with pytest.raises(Misconfigured, match=r"^the environment .*port"):
        load_settings({"CONSENT_PORT": "eighty"}, toml)


def test_an_unknown_variable_stops_the_start_and_is_named() -> None:
    with pytest.raises(Misconfigured, match=r"^the environment has no such setting: prot \(known"):
        load_settings({"CONSENT_PROT": "80"})


def test_an_unknown_name_in_the_file_is_named_with_the_file_and_what_is_known(toml: Path) -> None:
    toml.write_text("prot = 80\nhots = 1")
    with pytest.raises(Misconfigured, match="no such setting: hots, prot") as caught:
        load_settings({}, toml)
    assert caught.value.message.startswith(str(toml))
    assert all(name in caught.value.message for name in HELP)


def test_a_file_that_is_not_there_stops_the_start(toml: Path) -> None:
    with pytest.raises(Misconfigured, match="there is no settings file") as caught:
        load_settings({"CONSENT_CONFIG": str(toml)})
    assert str(toml) in caught.value.message


@pytest.mark.parametrize("content", [b"port = ", b"port 80", b"\xff\xfe"])
def test_a_file_that_is_no_toml_stops_the_start(toml: Path, content: bytes) -> None:
    toml.write_bytes(content)
    with pytest.raises(Misconfigured, match="cannot be read"):
        load_settings({}, toml)


@pytest.mark.parametrize(
    ("base_url", "secure"), [("https://consent.example.org", True), ("http://localhost", False)]
)
def test_cookies_are_secure_where_the_service_is_reached_over_tls(
    base_url: str, secure: bool
) -> None:
    assert load_settings({"CONSENT_BASE_URL": base_url}).secure is secure


def test_every_setting_has_help_and_nothing_else_has() -> None:
    assert set(HELP) == {field.name for field in msgspec.structs.fields(Settings)}


def test_the_page_has_a_row_for_every_setting_with_its_true_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `([^`]*)` \|", PAGE, flags=re.M)
    defaults = msgspec.structs.asdict(Settings())
    expected = [(name, PREFIX + name.upper(), str(defaults[name])) for name in HELP]
    assert rows == expected


def test_the_page_describes_every_setting_in_a_section_of_its_own() -> None:
    titles = re.findall(r"^## (.*)$", PAGE, flags=re.M)
    described = [name for title in titles for name in title.split(", ")]
    assert [name for name in described if name in HELP] == list(HELP)


def test_the_pages_example_is_a_file_that_loads(toml: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.S)
    toml.write_text(example)
    named: dict[str, Any] = tomllib.loads(example)
    assert str(load_settings({}, toml).keys) == named["keys"]
