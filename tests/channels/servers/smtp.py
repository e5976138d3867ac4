"""A mail server of its own process: a port for each behaviour, and a ledger of what it took.

python -m tests.channels.servers.smtp LEDGER     prints one line of JSON: behaviour -> port, then serves until killed.

A script says, step by step, what is answered: a text, or a deed (`drop`, `reset`, `hang`, `late:S text`, `slow text`,
`huge`, `endless`). What no script says goes well. A message is in the ledger once its final dot was read, with whether
250 was said to it: that is what the other side cannot know when the reply is lost.
"""

import asyncio
import datetime
import json
import socket
import ssl
import struct
import sys
import tempfile
from pathlib import Path
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

EHLO = "250-sink\r\n250-8BITMIME\r\n250-SIZE 50000000\r\n250 SMTPUTF8"
TLS = "250-sink\r\n250-STARTTLS\r\n250 8BITMIME"
AUTH = "250-sink\r\n250 AUTH PLAIN LOGIN"
HANG_S = 60
SCRIPTS: dict[str, dict[str, str]] = {
    "accepts": {},
    "banner_late": {"banner": "late:0.5 220 sink"},
    "banner_never": {"banner": "hang"},
    "banner_554": {"banner": "554 no service for you"},
    "banner_421": {"banner": "421 too busy"},
    "banner_garbage": {"banner": "HTTP/1.1 400 Bad Request"},
    "banner_drop": {"banner": "drop"},
    "banner_endless": {"banner": "endless 220"},
    "ehlo_502": {"EHLO": "502 not implemented", "HELO": "250 sink"},
    "ehlo_421": {"EHLO": "421 going down"},
    "ehlo_550": {"EHLO": "550 go away", "HELO": "550 go away"},
    "ehlo_hang": {"EHLO": "hang"},
    "ehlo_endless": {"EHLO": "endless 250"},
    "starttls_missing": {},
    "starttls_454": {"EHLO": TLS, "STARTTLS": "454 no TLS now"},
    "starttls_broken": {"EHLO": TLS, "STARTTLS": "220 go\r\nthis is not TLS at all, is it"},
    "tls_untrusted": {"EHLO": TLS},
    "tls_accepts": {"EHLO": TLS},
    "auth_535": {"EHLO": AUTH, "AUTH": "535 5.7.8 wrong password"},
    "auth_454": {"EHLO": AUTH, "AUTH": "454 4.7.0 try later"},
    "auth_drop": {"EHLO": AUTH, "AUTH": "drop"},
    "auth_accepts": {"EHLO": AUTH, "AUTH": "235 welcome"},
    "mail_451": {"MAIL": "451 4.3.0 try later"},
    "mail_421": {"MAIL": "421 4.3.2 shutting down"},
    "mail_550": {"MAIL": "550 5.7.1 sender not allowed"},
    "mail_552": {"MAIL": "552 5.3.4 too big"},
    "mail_530": {"MAIL": "530 5.7.0 authentication required"},
    "mail_drop": {"MAIL": "drop"},
    "mail_hang": {"MAIL": "hang"},
    "rcpt_450": {"RCPT": "450 4.2.0 greylisted, come back in 5 minutes"},
    "rcpt_421": {"RCPT": "421 4.7.0 slow down"},
    "rcpt_550": {"RCPT": "550 5.1.1 no such user"},
    "rcpt_552": {"RCPT": "552 5.2.2 mailbox full"},
    "rcpt_554": {"RCPT": "554 5.7.1 you are listed"},
    "rcpt_251": {"RCPT": "251 will forward"},
    "rcpt_drop": {"RCPT": "drop"},
    "rcpt_slow": {"RCPT": "slow 250 fine, but you have to be patient with me today"},
    "data_451": {"DATA": "451 local error"},
    "data_421": {"DATA": "421 closing"},
    "data_554": {"DATA": "554 no valid recipients"},
    "data_250": {"DATA": "250 thanks already"},
    "data_drop": {"DATA": "drop"},
    "body_drop": {"body": "drop"},
    "body_552": {"body": "552 5.3.4 that is enough"},
    "body_unread": {"body": "hang"},
    "dot_421": {".": "421 4.3.2 shutting down"},
    "dot_451": {".": "451 4.3.0 not now"},
    "dot_452": {".": "452-4.3.1 disk\r\n452 4.3.1 full"},
    "dot_552": {".": "552 5.2.3 over your size"},
    "dot_554": {".": "554 5.7.1 this is spam"},
    "dot_drop": {".": "drop"},
    "dot_reset": {".": "reset"},
    "dot_hang": {".": "hang"},
    "dot_hang_many": {".": "hang"},
    "dot_half": {".": "cut 25"},
    "dot_garbage": {".": "yes, thanks a lot"},
    "dot_354": {".": "354 go on"},
    "dot_199": {".": "199 what is this"},
    "dot_late": {".": "late:1 250 2.0.0 Ok: queued as 4KXYZ1"},
    "dot_slow": {".": "slow 250 ok"},
    "dot_huge": {".": "huge 250"},
    "dot_endless": {".": "endless 250"},
    "idle_drop": {"idle": "drop"},
    "idle_421": {"idle": "421 idle for too long"},
}  # fmt: skip


class Gone(Exception):
    """This connection is over."""


class Session:
    """One connection under one script."""

    open_now: ClassVar[dict[str, int]] = {}
    most: ClassVar[dict[str, int]] = {}

    def __init__(
        self,
        name: str,
        ledger: Path,
        tls: ssl.SSLContext,
        pair: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.name, self.ledger, self.tls = name, ledger, tls
        self.script = SCRIPTS[name]
        self.reader, self.writer = pair
        self.taken = 0

    async def run(self) -> None:
        Session.open_now[self.name] = Session.open_now.get(self.name, 0) + 1
        Session.most[self.name] = max(Session.most.get(self.name, 0), Session.open_now[self.name])
        try:
            await self.answer("banner", "220 sink")
            while line := await self.reader.readline():
                await self.command(line.decode("utf-8", "replace").strip())
        except (Gone, OSError, ssl.SSLError):
            pass
        finally:
            Session.open_now[self.name] -= 1
            self.writer.close()

    async def command(self, line: str) -> None:
        verb = line[:4].upper()
        if line.upper().startswith("STARTTLS"):
            await self.answer("STARTTLS", "220 go")
            await self.writer.start_tls(self.tls)
        elif verb == "AUTH":
            await self.answer("AUTH", "504 unknown")
        elif verb == "DATA":
            await self.data()
        elif verb == "QUIT":
            await self.say("221 bye")
            raise Gone
        elif verb == "MAIL":
            if self.taken and "idle" in self.script:
                await self.answer("idle", "")
            self.sender = line[10:].partition(">")[0]
            await self.answer("MAIL", "250 ok")
        elif verb == "RCPT":
            self.recipient = line[9:].partition(">")[0]
            await self.answer("RCPT", "250 ok")
        else:
            await self.answer(verb, EHLO if verb == "EHLO" else "250 ok")

    async def data(self) -> None:
        await self.answer("DATA", "354 go on")
        if "DATA" in self.script:
            return  # it wants none
        if "body" in self.script:
            if self.script["body"] != "hang":
                await self.reader.readline()
            await self.answer("body", "")
            raise Gone
        body = bytearray()
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise Gone
            body += line[1:] if line.startswith(b".") else line
        self.taken += 1
        reply = self.script.get(".", "250 2.0.0 Ok: queued as 4KXYZ1")
        row = {
            "behaviour": self.name, "from": self.sender, "to": self.recipient, "body": body.decode("latin-1"),
            "reply": reply, "most_connections": Session.most[self.name], "nth": self.taken,
        }  # fmt: skip
        with self.ledger.open("a") as file:
            file.write(json.dumps(row) + "\n")
        await self.answer(".", reply)
        if "idle" in self.script and self.script["idle"] == "drop":
            raise Gone

    async def answer(self, step: str, usual: str) -> None:
        deed, _, text = self.script.get(step, usual).partition(" ")
        if deed == "drop":
            raise Gone
        if deed == "reset":
            self.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            self.writer.transport.abort()
            raise Gone
        if deed == "hang":
            await asyncio.sleep(HANG_S)
            raise Gone
        if deed.startswith("late:"):
            await asyncio.sleep(float(deed[5:]))
            await self.say(text)
        elif deed == "slow":
            for byte in text.encode() + b"\r\n":
                self.writer.write(bytes([byte]))
                await self.writer.drain()
                await asyncio.sleep(0.1)
        elif deed == "cut":
            self.writer.write(text.encode())
            await self.writer.drain()
            raise Gone
        elif deed == "huge":
            await self.say("\r\n".join([f"{text}-{'x' * 60}"] * 300 + [f"{text} 2.0.0 Ok: queued as 4KXYZ1"]))
        elif deed == "endless":
            for _ in range(20_000):
                self.writer.write(f"{text}-{'x' * 500}\r\n".encode())
                await self.writer.drain()
            raise Gone
        else:
            await self.say(f"{deed} {text}")
            if deed == "421":
                raise Gone

    async def say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()


def certificate() -> ssl.SSLContext:
    """For localhost, signed by nobody."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
        file.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))  # fmt: skip
        file.flush()
        context.load_cert_chain(file.name)
    return context


async def main(ledger: Path) -> None:
    tls, ports, servers = certificate(), {}, []
    for name in SCRIPTS:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str = name) -> None:
            await Session(name, ledger, tls, (reader, writer)).run()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=100_000)
        ports[name] = server.sockets[0].getsockname()[1]
        servers.append(server)
    print(json.dumps(ports), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
