"""A child of the supervisor: `python -m clarion.serve.child KIND APP`, KIND one of prepare, http, worker.

Standard input brings one line of orders; after it nothing comes but its end, which means: finish. It ends
when the supervisor says so and also when the supervisor is gone, however it went, so no child outlives it.
"""

import asyncio
import gc
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import cast

import msgspec
import uvloop

from clarion import log
from clarion.errors import ClarionError
from clarion.serve.port import GRACE_S, App, Done, Orders, Prepared, Refused, decode_orders, encode

#: The supervisor is gone, and PostgreSQL with it: there is little left to finish.
_ORPHAN_GRACE_S = 1.5

_log = log.get(__name__)


def main(kind: str, app_name: str) -> int:
    """Do what the orders say; returns the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # only the supervisor decides
    os.umask(0o077)
    app = cast(App, importlib.import_module(app_name))
    line = _first_line()
    if not line:
        return 0  # the supervisor gave up before it had orders
    orders = decode_orders(line)
    log.configure(format=orders.settings.log_format, level=orders.settings.log_level, process=orders.name)
    rest_from_collecting()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(kind, app, orders))
    except ClarionError as exc:
        if kind == "prepare":
            _answer(Refused(str(exc)))
        else:
            _log.error(str(exc), action="child_refused")
        return 1
    except Exception:
        _log.exception("this is a bug in Clarion; please report it", action="child_crashed")
        return 1
    return 0


def rest_from_collecting() -> None:
    """What was imported stays for good, and a request's values are not cyclic: collecting as often as Python does by
    itself took a quarter of the time of an accepted event.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


async def _work(kind: str, app: App, orders: Orders) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    threading.Thread(target=_lifeline, args=(loop, stop, GRACE_S[kind]), daemon=True, name="lifeline").start()
    await _KINDS[kind](app, orders, stop)


async def _prepare(app: App, orders: Orders, stop: asyncio.Event) -> None:
    result = await app.prepare(orders.settings, orders.addresses)
    _answer(Done(msgspec.convert(msgspec.to_builtins(result), Prepared)))


async def _http(app: App, orders: Orders, stop: asyncio.Event) -> None:
    from clarion.serve.http import serve_asgi  # noqa: PLC0415 - Granian's 20 MB are of no use to the others

    assert orders.listener, "orders of the HTTP child name its socket"
    os.set_inheritable(orders.listener.descriptor, False)  # what this process starts must not keep the port
    async with app.http(orders.settings, orders.addresses) as asgi:
        await serve_asgi(asgi, orders.listener, orders.settings, stop)


async def _worker(app: App, orders: Orders, stop: asyncio.Event) -> None:
    await app.worker(orders.settings, orders.addresses, stop)


_KINDS: dict[str, Callable[[App, Orders, asyncio.Event], Awaitable[None]]] = {
    "prepare": _prepare,
    "http": _http,
    "worker": _worker,
}


def _answer(answer: Done | Refused) -> None:
    os.write(1, encode(answer))


def _first_line() -> bytes:
    """Standard input up to its first line's end, read unbuffered; empty when it ends before."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 65536)
        if not part:
            return b""
        line += part
    return line


def _lifeline(loop: asyncio.AbstractEventLoop, stop: asyncio.Event, grace_s: float) -> None:
    """Wait for the end of standard input; then set `stop`, and end the process if it is still there after
    the grace.
    """
    parent = os.getppid()
    while os.read(0, 4096):
        pass
    try:
        loop.call_soon_threadsafe(stop.set)
    except RuntimeError:
        pass  # the loop is closed: it is ending by itself
    since = time.monotonic()
    while (waited_s := time.monotonic() - since) < grace_s:
        if os.getppid() != parent and waited_s > _ORPHAN_GRACE_S:
            break
        time.sleep(0.05)
    _log.warning("what was in flight did not finish in time and is cut off", action="drain_cut")
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
