"""Mail by SMTP: one recipient a transaction, over connections that are kept.

aiosmtplib speaks; only DATA is ours, because its own sends body and final dot in one go: we send `DATA`, hear 354,
write the body but for its last 64 KB, wait until that is on its way, await `committing`, write the rest and the dot at
once (a write more a mail would cost a tenth of the throughput). A reply before the dot is heard too.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import aiosmtplib
from aiosmtplib import (
    SMTPException,
    SMTPHeloError,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from aiosmtplib.protocol import SMTPProtocol

from clarion import errors
from clarion.channels._outbound import SMTP_PORTS, Guard, Refused
from clarion.channels.email import message as mails
from clarion.channels.email._pool import Connection, Pool, Pools
from clarion.channels.email.message import Mail, Unwritable
from clarion.channels.email.replies import Step, parse
from clarion.messaging import configs
from clarion.messaging.port import Committing, Deferred, Kind, Outgoing, Rejected, Result, Unknown

_DOT = re.compile(rb"^\.", re.MULTILINE)
_START = 354
_LOOK_AGAIN_S = 0.01
_LEFT_BYTES_MAX = 65_536
_LAST_BYTES = 65_536


class Smtp:
    """The provider `smtp`."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._pools = Pools(guard)

    async def check(self, config: configs.Smtp) -> None:
        """Raises Invalid where the server must not be reached or the sender is none."""
        try:
            mails.address(config.sender)
        except Unwritable as exc:
            raise errors.Invalid(f"smtp: sender is {exc}") from exc
        local = (config.bounce_address or "").rpartition("@")[0]
        if len(local) > mails.BOUNCE_LOCAL_MAX:
            longest = mails.BOUNCE_LOCAL_MAX
            raise errors.Invalid(f"smtp: bounce_address has more than {longest} letters before its @")
        if config.user is not None and config.security == "none":
            host = config.host
            if (host, config.port) not in self._guard.allowed.targets:
                raise errors.Invalid("smtp: a password would travel in clear; use security starttls or tls")
        await self._guard.check(config.host, config.port, SMTP_PORTS)

    async def send(self, message: Outgoing, config: configs.Smtp, *, committing: Committing) -> Result:
        """Hand one mail to the server."""
        try:
            mail = mails.build(message, config)
        except Unwritable as exc:
            kind = Kind.BAD_ADDRESS if exc.address else Kind.REFUSED_CONTENT
            return Rejected(reason=str(exc), permanent=True, kind=kind)
        async with self._pools.of(message.workspace_id, config).turn() as pool:
            result, lost_idle = await _attempt(pool, mail, committing, fresh=False)
            if lost_idle:  # it had been closed while nobody used it: nothing was said yet
                result, _ = await _attempt(pool, mail, committing, fresh=True)
        return result

    def again_within_s(self, config: configs.Smtp) -> int:
        return 0

    async def close(self) -> None:
        """End what is open."""
        await self._pools.close()


async def _attempt(pool: Pool, mail: Mail, committing: Committing, *, fresh: bool) -> tuple[Result, bool]:
    """One transaction on a connection of the pool, and whether that was one that had died while it was idle."""
    try:
        connection = await pool.take(fresh=fresh)
    except Refused as exc:
        return Rejected(reason=str(exc), permanent=False, kind=Kind.SETTINGS), False
    except (SMTPException, OSError) as exc:
        return _failed(Step.CONNECT, exc), False
    try:
        result, step = await _hand_over(connection, mail, committing)
    except (
        BaseException
    ):  # the mark was refused, or we are stopped: the dot was not sent, or nobody reads the reply
        connection.drop()
        raise
    lost_idle = step is Step.MAIL and connection.sent > 0 and not connection.smtp.is_connected
    pool.put(connection)
    return result, lost_idle


async def _hand_over(connection: Connection, mail: Mail, committing: Committing) -> tuple[Result, Step]:
    """One transaction, and how far it came."""
    smtp, step = connection.smtp, Step.MAIL
    connection.dirty = True
    try:
        options, encoding = (["SMTPUTF8"], "utf-8") if mail.utf8 else ([], "ascii")
        if mail.utf8 and not await _speaks_utf8(smtp):
            reason = "the server takes ASCII addresses only"
            return Rejected(reason=reason, permanent=True, kind=Kind.BAD_ADDRESS), step
        await smtp.mail(mail.return_path, options=options, encoding=encoding)
        step = Step.RCPT
        await smtp.rcpt(mail.recipient, encoding=encoding)
        step = Step.DATA
        reply = await smtp.execute_command(b"DATA")
        if reply.code != _START:
            raise SMTPResponseException(reply.code, reply.message)
    except (SMTPException, OSError) as exc:
        return _failed(step, exc), step
    result = await _data(connection, mail.data, committing)
    connection.sent += 1
    return result, Step.END


async def _data(connection: Connection, data: bytes, committing: Committing) -> Result:
    """After 354: the body, the mark, the dot, the reply."""
    connection.whole = False  # until the reply is read, nobody else may speak here
    protocol, config = connection.smtp.protocol, connection.config
    if protocol is None or protocol.transport is None:
        return Deferred(reason="the body: connection lost")
    async with _listening(protocol) as reply:
        try:
            body = _DOT.sub(b"..", data)
            if len(body) > _LAST_BYTES:
                protocol.write(body[:-_LAST_BYTES])
                async with asyncio.timeout(config.timeout_s):
                    await _drained(protocol, reply)
            if not reply.done():
                await committing()
            if reply.done():  # it will not hear us out
                return _early(reply)
            protocol.write(body[-_LAST_BYTES:] + b".\r\n")
        except (SMTPException, OSError) as exc:
            return _failed(Step.BODY, exc)
        try:
            async with asyncio.timeout(config.final_timeout_s):
                code, text = await reply
        except SMTPResponseException as exc:
            return parse(Step.END, exc.code, exc.message)
        except (SMTPException, OSError) as exc:  # a TimeoutError is one
            return Unknown(f"{Step.END}: {str(exc) or 'no reply in time'}")
    connection.whole, connection.dirty = True, False
    return parse(Step.END, code, text)


@asynccontextmanager
async def _listening(
    protocol: SMTPProtocol,
) -> AsyncIterator["asyncio.Task[SMTPResponse]"]:
    """The next reply, heard from now on: aiosmtplib drops what comes while nobody waits."""
    reply = asyncio.create_task(protocol.read_response())
    await asyncio.sleep(0)
    try:
        yield reply
    finally:
        if reply.cancel():  # it had not ended
            await asyncio.gather(reply, return_exceptions=True)
        elif not reply.cancelled():
            reply.exception()  # heard, whether somebody asked or not


async def _drained(protocol: SMTPProtocol, reply: "asyncio.Task[SMTPResponse]") -> None:
    """Until the system has taken the body but for a little, or the server has spoken.

    It looks again and again: asyncio.StreamWriter, which could wait, closes the transport when it is thrown away.
    """
    while not reply.done():
        if protocol.transport is None:
            raise SMTPServerDisconnected("Connection lost")
        transport = cast(asyncio.WriteTransport, protocol.transport)  # uvloop's is no subclass of it
        if transport.get_write_buffer_size() <= _LEFT_BYTES_MAX:
            return
        await asyncio.sleep(_LOOK_AGAIN_S)


def _early(reply: "asyncio.Task[SMTPResponse]") -> Result:
    failed = reply.exception()
    if failed is None:
        return parse(Step.BODY, *reply.result())
    return _failed(Step.BODY, failed)


async def _speaks_utf8(smtp: aiosmtplib.SMTP) -> bool:
    if smtp.is_ehlo_or_helo_needed:
        await smtp.ehlo()
    return smtp.supports_extension("smtputf8")


def _failed(step: Step, exc: BaseException) -> Result:
    """Before the dot: what the server said, or that nothing can be said."""
    if isinstance(
        exc, SMTPHeloError | aiosmtplib.SMTPConnectResponseError | aiosmtplib.SMTPAuthenticationError
    ):
        step = Step.CONNECT
    if isinstance(exc, SMTPResponseException):
        return parse(step, exc.code, exc.message)
    what = "connection lost" if isinstance(exc, SMTPServerDisconnected) else str(exc) or type(exc).__name__
    return Deferred(reason=f"{step}: {what[:300]}")
