"""A gateway of its own process that answers in every way: the first part of the path says how.

python -m tests.channels.servers.http LEDGER     prints {"gateway": port, "canary": port}, then serves until killed.

A request is in the ledger once it was whole. The canary is a server that nobody may reach: each connection is noted.
"""

import asyncio
import json
import socket
import struct
import sys
from pathlib import Path

OK = json.dumps({"messages": [{"id": "m-1", "status": "queued"}]})


def answer(status: str, body: str = "", *headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body.encode())}",
        "Content-Type: application/json",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


ANSWERS: dict[str, bytes] = {
    "accepts": answer("200 OK", OK),
    "accepts_202": answer("202 Accepted", OK),
    "continues": b"HTTP/1.1 100 Continue\r\n\r\n" + answer("200 OK", OK),
    "refuses_400": answer("400 Bad Request", '{"error": {"text": "no such number", "secret": "not shown"}}'),
    "refuses_413": answer("413 Too Large"),
    "refuses_422": answer("422 No", '["not shown"]'),
    "auth_401": answer("401 Unauthorized", "not shown"),
    "auth_403": answer("403 Forbidden"),
    "settings_404": answer("404 Not Found"),
    "settings_302": answer("302 Found", "", "Location: /followed"),
    "settings_307": answer("307 Again", "", "Location: /followed"),
    "later_429": answer("429 Slow down", "", "Retry-After: 7"),
    "later_503": answer(
        "503 Busy", "", "Date: Sat, 21 Nov 2026 12:00:00 GMT", "Retry-After: Sat, 21 Nov 2026 12:02:00 GMT"
    ),
    "later_408": answer("408 Timeout"),
    "says_no": answer("200 OK", '{"messages": [{"status": "rejected"}], "error": {"text": "blocked"}}'),
    "error_500": answer("500 Oops"),
    "error_502": answer("502 Bad Gateway"),
    "error_504": answer("504 Gateway Timeout"),
    "garbage": answer("200 OK", "<html>thanks</html>"),
    "empty": answer("200 OK"),
    "other": answer("200 OK", '{"ok": true}'),
    "status_207": answer("207 Some", OK),
    "half": answer("200 OK", OK)[:-10],
    "not_http": b"220 mail.example.com ESMTP\r\n",
    "nothing": b"",
    "followed": answer("200 OK", OK),
}  # fmt: skip


class Gateway:
    def __init__(self, ledger: Path) -> None:
        self.ledger = ledger

    def note(self, **row: object) -> None:
        with self.ledger.open("a") as file:
            file.write(json.dumps(row) + "\n")

    async def canary(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.note(behaviour="canary")
        writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if not await self.one(head.decode("latin-1"), reader, writer):
                    break
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def one(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        behaviour = path.strip("/").partition("/")[0].partition("?")[0]
        self.note(
            behaviour=behaviour, method=method, path=path, headers=headers, body=body.decode("latin-1"),
            from_port=writer.get_extra_info("peername")[1],
        )  # fmt: skip
        if behaviour == "hangs":
            await asyncio.sleep(60)
            return False
        if behaviour == "reset":
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            writer.transport.abort()
            return False
        if behaviour == "slow":
            for byte in ANSWERS["accepts"]:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.1)
            return False
        if behaviour == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            for _ in range(2_000):
                writer.write(b" " * 50_000)
                await writer.drain()
            return False
        writer.write(ANSWERS[behaviour])
        await writer.drain()
        return behaviour in ("accepts", "accepts_202")


async def main(ledger: Path) -> None:
    gateway = Gateway(ledger)
    serving = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    canary = await asyncio.start_server(gateway.canary, "127.0.0.1", 0)
    ports = {
        "gateway": serving.sockets[0].getsockname()[1],
        "canary": canary.sockets[0].getsockname()[1],
    }
    print(json.dumps(ports), flush=True)
    await asyncio.gather(serving.serve_forever(), canary.serve_forever())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
