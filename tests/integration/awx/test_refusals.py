"""What is wrong is refused before AWX is told anything, with what to do."""

from __future__ import annotations

from integration.ansible_run import ROOT, run
from integration.awx.client import Awx
from integration.awx.platform import REPOSITORY, Platform

PLAYBOOK = str(ROOT / "playbooks" / "awx.yml")


def words(text: str) -> str:
    return " ".join(text.split())


def test_no_address_no_login_no_key() -> None:
    """All of it in one answer."""
    options = [
        "-e",
        f"awx_project_url={REPOSITORY} awx_image=ee:1",
        "-e",
        '{"awx_inventories": {"hosts": "inventories/vms"}}',
    ]
    done = run(
        ["ansible-playbook", PLAYBOOK, *options], CONTROLLER_HOST="", CONTROLLER_OAUTH_TOKEN="", CONTROLLER_USERNAME=""
    )
    assert done.returncode != 0
    for refusal in (
        "awx_connection: the address of AWX is missing; set CONTROLLER_HOST",
        "awx_connection: a login is missing; make a token in AWX",
        "awx_credentials: machine is missing, without which 'Roll out the platform' reaches nothing; give it",
    ):
        assert refusal in words(done.stdout)


def test_a_wrong_token(platform: Platform, awx: Awx) -> None:
    done = platform.run("-e", '{"awx_connection": {"controller_oauthtoken": "wrong"}}')
    assert done.returncode != 0
    assert "Invalid authentication credentials" in words(done.stdout + done.stderr)
    assert not platform.ours("organizations")


def test_a_name_that_is_theirs(platform: Platform, awx: Awx) -> None:
    status, organization = awx.ask("POST", "organizations", {"name": platform.name})
    assert status == 201
    body = {"name": f"{platform.name} hosts", "organization": organization["id"]}
    assert awx.ask("POST", "inventories", body)[0] == 201
    done = platform.run()
    assert done.returncode != 0
    assert f"awx_name: AWX has '{platform.name} hosts' already (inventories)" in words(done.stdout)
    assert not platform.ours("projects")
    assert awx.ask("DELETE", f"organizations/{organization['id']}")[0] in (202, 204)
