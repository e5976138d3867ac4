"""The tutorial's script as it stands, with a mail server on loopback that takes what it sends."""

import email
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs" / "tutorial" / "first-messages.sh"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """What the mail server took: a line of JSON a mail."""
    return tmp_path / "ledger"


@pytest.fixture
def port(ledger: Path) -> Iterator[int]:
    """Of a mail server that takes everything."""
    words = [sys.executable, "-m", "tests.channels.servers.smtp", str(ledger)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as it:
        assert it.stdout is not None
        yield json.loads(it.stdout.readline())["accepts"]
        it.kill()


def test_from_the_first_line_to_the_mails(new_server: Any, port: int, ledger: Path) -> None:
    server = new_server()
    server.data.mkdir()
    (server.data / "clarion.toml").write_text(f'outbound_allow = "127.0.0.1:{port}"\n')
    server.start()
    server.run(
        "provider", "set", "email", "smtp", "host=127.0.0.1", f"port={port}", "security=none",
        "sender=shop@example.com", "--workspace", "demo",
    )  # fmt: skip
    server.run("metric", "create", "user.signup")  # as README's first event leaves it
    done = subprocess.run(
        ["sh", SCRIPT], capture_output=True, text=True, timeout=300, check=False,
        env=os.environ | {"CLARION_URL": server.url, "CLARION_DATA": str(server.data)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    mails = [parsed(line) for line in ledger.read_text().splitlines()]
    assert sorted((to(mail), mail["Subject"]) for mail in mails) == [
        ("ann", "5% off"), ("bob", "Order 7"), ("bob", "Order 9"), ("cid", "Order 8"), ("dee", "Welcome"),
    ]  # fmt: skip
    texts = {mail["Subject"]: text(mail) for mail in mails}
    assert (
        "Your discount is 5%. See what is on sale (https://example.site.com/items_for_sale)"
        in texts["5% off"]
    )
    assert "- Cup: 4.5" in texts["Order 7"] and "- Tea: 3" in texts["Order 7"]
    assert "- Lamp: 40" in texts["Order 8"] and "Cup" not in texts["Order 8"]
    assert "Welcome, Dee." in texts["Welcome"]
    assert done.stdout.count('"status":"SENT"') == 2, "both requests are answered for"


def parsed(line: str) -> EmailMessage:
    return email.message_from_string(json.loads(line)["body"], policy=policy.default)


def to(mail: EmailMessage) -> str:
    """The letters with which its recipient begins."""
    return str(mail["To"])[:3]


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
