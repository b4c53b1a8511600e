"""`yizhan token` and `yizhan clients …`: tokens for people, credentials for hospitals' systems."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from http_edge.identity.client_register import CLIENTS_FILE, ClientRegister
from http_edge.identity.gate import build_gate
from http_edge.identity.identity_settings import LOCAL_IDENTITY
from http_edge.identity.roles import Role
from settlement.entrypoints.cli import app

HOSPITAL = "H50011200001"


def run(data: Path, *arguments: str, **environment: str) -> Result:
    """One command on a data folder."""
    runner = CliRunner(env={"YIZHAN_DATA": str(data), "COLUMNS": "200"} | environment)
    return runner.invoke(app, list(arguments), catch_exceptions=False)


def person(*roles: str, institution: str = HOSPITAL, operator: str = "张三") -> list[str]:
    """The words that ask for a person's token."""
    asked = [word for role in roles for word in ("--role", role)]
    return ["token", "--operator", operator, "--institution", institution, *asked]


def test_a_persons_token_is_good_where_it_was_issued(tmp_path: Path) -> None:
    """Printed alone, to be put into a variable; it says who, as what, for whom and how long."""
    told = run(tmp_path, *person("auditor", "finance", institution="*"), "--hours", "2")
    assert told.exit_code == 0, told.output
    caller = build_gate(LOCAL_IDENTITY, tmp_path).checker.check(told.stdout.strip())
    assert (caller.operator, caller.names_operators) == ("张三", False)
    assert caller.roles == {Role.AUDITOR, Role.FINANCE}
    assert caller.institutions == {"*"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (person("biller", institution="*"), "医院收费须写明机构编码"),
        (person("biller", institution="H 1"), "--institution"),
        (person("biller", operator="x" * 65), "--operator"),
        (person("biller", operator=" "), "--operator"),
        ([*person("biller"), "--hours", "25"], "--hours"),
        (person("king"), "king"),
        (["clients", "add", "--institution", HOSPITAL, "--role", "approver"], "yizhan token"),
        (
            ["clients", "add", "--institution", HOSPITAL, "--role", "biller", "--client-id", "a:b"],
            "--client-id",
        ),
        (["clients", "revoke", "nobody"], "nobody"),
    ],
)
def test_what_would_be_of_no_use_is_refused(tmp_path: Path, arguments: list[str], why: str) -> None:
    """With the reason, on standard error; nothing is issued."""
    told = run(tmp_path, *arguments)
    assert told.exit_code == 2
    assert why in told.stderr
    assert told.stdout == ""
    assert not (tmp_path / CLIENTS_FILE).exists()


def test_a_client_is_added_listed_and_revoked(tmp_path: Path) -> None:
    """Its secret is shown once, and works until the client is revoked."""
    asked = ["clients", "add", "--institution", HOSPITAL, "--role", "biller"]
    added = run(tmp_path, *asked, "--client-id", "his-1")
    assert added.exit_code == 0, added.output
    [secret] = [
        line.removeprefix("密钥 client_secret: ")
        for line in added.stdout.splitlines()
        if line.startswith("密钥 client_secret: ")
    ]
    register = ClientRegister(tmp_path / CLIENTS_FILE)
    assert register.check("his-1", secret) is not None

    listed = run(tmp_path, "clients", "list").stdout
    assert "his-1" in listed
    assert "医院收费（biller）" in listed
    assert secret not in listed
    assert "his-1" in run(tmp_path, *asked, "--client-id", "his-1").stderr
    assert register.check("his-1", secret) is not None

    assert run(tmp_path, "clients", "revoke", "his-1").exit_code == 0
    assert register.check("his-1", secret) is None
    by_default = run(tmp_path, *asked).stdout
    assert f"client_id: {HOSPITAL}-" in by_default


def test_with_a_provider_nothing_is_issued_here(tmp_path: Path) -> None:
    """The provider's tokens are asked of the provider; half a setting is refused by name."""
    provider = {"YIZHAN_OIDC_ISSUER": "https://id.example", "YIZHAN_OIDC_JWKS": "keys.json"}
    told = run(tmp_path, *person("auditor"), **provider)
    assert (told.exit_code, told.stdout) == (2, "")
    assert "https://id.example" in told.stderr
    half = run(tmp_path, "clients", "list", YIZHAN_OIDC_JWKS="keys.json")
    assert half.exit_code == 2
    assert "YIZHAN_OIDC_ISSUER" in half.stderr
    assert list(tmp_path.iterdir()) == []
