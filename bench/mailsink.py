"""A mail server that takes everything and keeps nothing but when it came: a process of its own.

python -m bench.mailsink MS     takes MS milliseconds after each final dot

It prints its port, then answers each line of its standard input: `count` with how many mails came, `report` with one
line of JSON, recipient -> monotonic nanoseconds of the final dot, and forgets them.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import uvloop

from bench.generator import end

_EHLO = b"250-sink\r\n250-8BITMIME\r\n250-SIZE 50000000\r\n250 SMTPUTF8\r\n"
_TAKEN = b"250 2.0.0 Ok: queued\r\n"
_DOT = b"\r\n.\r\n"
_REPORT_BYTES_MAX = 1 << 26


class Sink:
    """The process, started."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port
        self.pid = process.pid

    async def count(self) -> int:
        """Mails since the last report."""
        return int(await self._ask(b"count\n"))

    async def report(self) -> dict[str, int]:
        """Recipient -> monotonic nanoseconds of the last mail to them since the last report."""
        return msgspec.json.decode(await self._ask(b"report\n"), type=dict[str, int])

    async def _ask(self, words: bytes) -> bytes:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(words)
        return await self._process.stdout.readline()


@asynccontextmanager
async def mailsink(answer_ms: float = 0) -> AsyncIterator[Sink]:
    """Started; ended with the block. `answer_ms`: how long it takes over a mail before it answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.mailsink", str(answer_ms),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_REPORT_BYTES_MAX,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout
        yield Sink(process, int(await process.stdout.readline()))
    finally:
        await end(process)


class _Session(asyncio.Protocol):
    """One connection: lines until DATA, then a body until its dot."""

    def __init__(self, came: dict[str, int], answer_s: float) -> None:
        self._came = came
        self._answer_s = answer_s
        self._received = bytearray()
        self._recipient = ""
        self._in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._write = transport.write
        self._close = transport.close
        self._write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._step():
            pass

    def _step(self) -> bool:
        """Answer one command, or take one body; whether there was one."""
        mark = _DOT if self._in_body else b"\r\n"
        at = self._received.find(mark)
        if at < 0:
            return False
        line = bytes(self._received[:at])
        del self._received[: at + len(mark)]
        if self._in_body:
            self._in_body = False
            self._came[self._recipient] = time.monotonic_ns()
            if self._answer_s:
                asyncio.get_running_loop().call_later(self._answer_s, self._write, _TAKEN)
            else:
                self._write(_TAKEN)
        else:
            self._command(line)
        return True

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line[9:].partition(b">")[0].decode()
        self._in_body = verb == b"DATA"
        answers = {b"EHLO": _EHLO, b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
        self._write(answers.get(verb, b"250 ok\r\n"))
        if verb == b"QUIT":
            self._close()


async def _serve(answer_ms: float) -> None:
    came: dict[str, int] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Session(came, answer_ms / 1000), "127.0.0.1", 0)
    _say(str(server.sockets[0].getsockname()[1]).encode())
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(0, "rb"))
    while line := await reader.readline():
        if line == b"count\n":
            _say(str(len(came)).encode())
        else:
            _say(msgspec.json.encode(came))
            came.clear()


def _say(words: bytes) -> None:
    sys.stdout.buffer.write(words + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(_serve(float(sys.argv[1])))
