"""The embedded PostgreSQL: one cluster in Clarion's data folder, run as our own child.

What holds:
- One process owns a data folder at a time (lock); others attach to the engine of its `serve`, or wait.
- The server lives no longer than its owner, kill -9 included, and is never told to forget: fsync,
  full_page_writes, synchronous_commit and data checksums are asked of the running server, and it is refused
  without them.
- Nobody comes in without a password, nobody over a network: a Unix socket in a 0700 folder and SCRAM.
- As root the server is an unprivileged user's, who owns <data>/engine and nothing else; no folder that we did
  not make changes its mode.

Everything here is synchronous and made for a process's main thread. docs/decisions/0002 says why it is as it
is, docs/reference/data-folder.md what lies where.
"""

from clarion.db.engine.connection import Connection
from clarion.db.engine.failures import EngineBusy
from clarion.db.engine.supervisor import Engine, attach, borrowed

__all__ = ["Connection", "Engine", "EngineBusy", "attach", "borrowed"]
