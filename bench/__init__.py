"""Benches: what Clarion costs, measured through the front door, beside references on the same machine.

`./run bench` lists them. A bench starts a fresh server in a temporary folder, listens on 127.0.0.1 only, and ends
what it started. Adding one: a module with a function of cyclopts' kind, and a line in `__main__.BENCHES`.

| file | what |
|---|---|
| workload | the events that are sent, and the requests that carry them |
| load, client, orders | the load generator: a process of its own, its HTTP client, what it is told and says |
| generator | this process's hold on it |
| server, null_door | the server measured; the same door with nothing behind it |
| references | binary COPY into a bare table of the same PostgreSQL |
| histogram, usage, watch | latencies; CPU and memory; what the database says while it works |
| velocity | templates beside airspeed; no server |
| ingest, report, tables | the bench: its phases, what follows from them, how it is printed |
"""
