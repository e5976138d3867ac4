"""Batches large enough for the process that reads beside the door's, over HTTP, from the first one on."""

import time
from typing import Any
from uuid import uuid4

import httpx2
import psutil

_PADDING = "x" * 100


def _batch(run: str, part: int) -> list[dict[str, Any]]:
    """200 events, of which one has no address."""
    events = [
        {
            "event": f"large.{run}",
            "identify": {"email": f"u{part}-{n}@{run}.example.com"},
            "properties": {"padding": _PADDING},
            "messageId": f"{run}-{part}-{n}",
        }
        for n in range(200)
    ]
    events[77]["identify"] = {}
    return events


def test_batches_are_accepted_refused_and_known_again_whoever_reads_them(new_server: Any) -> None:
    server = new_server()
    server.start()
    credential, run, parts = server.create_credential("smashsend"), uuid4().hex[:8], 0
    key = credential["api_key"]
    until = time.monotonic() + 60
    with httpx2.Client(headers={"authorization": f"Bearer {key}"}) as client:

        def send(part: int) -> Any:
            answer = client.post(f"{server.url}/v1/events/batch", json={"events": _batch(run, part)})
            assert answer.status_code == 207, answer.text
            told = answer.json()
            assert [one["index"] for one in told["errors"]] == [77]
            assert [one["index"] for one in told["events"]] == [*range(77), *range(78, 200)]
            return told

        while not _reader(server) and time.monotonic() < until and parts < 30:
            assert send(parts)["accepted"] == 199
            parts += 1
            time.sleep(0.1)
        assert _reader(server), "no process reads beside the door's"
        reader = _reader(server)
        assert reader
        assert not reader.net_connections("inet"), "it must not keep the port"
        for part in range(parts, parts + 3):
            assert send(part)["accepted"] == 199
        assert send(0)["duplicated"] == 199, "read there, and known from being read here"
        assert send(parts + 1)["duplicated"] == 199
    server.settle()
    server.run("ledger", "show", "--workspace", "demo", "--verify")
    shown = server.cli("ledger", "show", "--workspace", "demo")
    assert str(199 * (parts + 3)) in str(shown)
    refused = server.cli(
        "credential", "rejected", "--workspace", "demo", credential["credential_id"], "--limit", "100"
    )
    assert len(refused) == parts + 5


def _reader(server: Any) -> psutil.Process | None:
    """Ready to read: it has stopped importing."""
    children = psutil.Process(server._process.pid).children(recursive=True)
    found = next((one for one in children if "clarion.dialects._reader" in " ".join(one.cmdline())), None)
    return found if found and found.status() == psutil.STATUS_SLEEPING else None
