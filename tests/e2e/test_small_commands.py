"""What the command line says of a server that runs at a port of its own."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest


@pytest.fixture
def shop(server: Any) -> Any:
    """`shop(words…)`: what a command prints in a fresh workspace; decoded, with `plain=False`."""
    name = f"w{uuid4().hex[:12]}"
    server.run("workspace", "create", name)

    def do(*words: str, plain: bool = True) -> Any:
        done = server.run(*words, "--workspace", name, *([] if plain else ["--json"]), check=False)
        return done if plain else json.loads(done.stdout)

    return do


def test_a_previews_links_lead_to_the_server_that_runs(server: Any, shop: Any, tmp_path: Path) -> None:
    """They led to the port of the settings, 8080."""
    (tmp_path / "news.txt").write_text("$unsubscribe_url")
    done = shop("template", "create", "news", "--subject", "Hi", "--text", str(tmp_path / "news.txt"))
    assert done.returncode == 0, done.stderr
    assert shop("template", "preview", "news", plain=False)["text"].startswith(f"{server.url}/p/unsubscribe/")


def test_the_doctor_knows_where_the_folder_is_served(server: Any) -> None:
    findings = json.loads(server.run("doctor", "--json", check=False).stdout)["findings"]
    (port,) = [one for one in findings if one["name"] == "port"]
    assert (port["state"], server.url in port["detail"]) == ("ok", True)
