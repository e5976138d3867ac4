"""`clarion serve`: one supervisor and its children.

    supervisor              main thread, no event loop; holds the listening socket and the data folder
    ├── postgres            the embedded engine, unless a database URL is set
    ├── http                one asyncio process: Granian serving the ASGI application of `app.http`
    └── worker-1 … -N       asyncio processes running `app.worker`

What holds:

* **Nothing outlives the supervisor**, however it ends. A child's standard input is a pipe whose other end
  only the supervisor has: its first line is the child's orders, its end is the order to drain (child.py).
  PostgreSQL is told by the kernel.
* **What dies comes back**: a child after 0.2 s, doubling to 10 s while it keeps dying; PostgreSQL likewise.
  Children survive a restart of PostgreSQL, and requests wait in the listening socket while the HTTP child
  is restarted.
* **A signal drains**: HTTP stops accepting and finishes what is in flight, then workers finish their
  transaction, then PostgreSQL stops. A second signal hurries, a third ends at once. Bounded in any case, by
  `port.GRACE_S`.

`supervisor.run` is the way in; `port.App` is what `clarion.app` provides. This package knows no room and no
route.
"""
