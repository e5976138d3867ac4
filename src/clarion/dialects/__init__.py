"""Dialects: the vendors' APIs that we speak, each in one package of the same shape.

`__init__` (what is spoken, words, what is not), `wire` (the vendor's types and names), `auth` (where the
credential hides), `rules` (what the vendor refuses), `mapping` (wire -> ours), `reply` (outcomes and errors
-> the vendor's words), `routes` (the only file that reads, awaits and answers); `COVERAGE.csv` says which
statements of the vendor's contract hold and which test shows it. Dialects keep no tables and do not know each
other. What all of them need of HTTP is in `_http`, what they are given by the server in `_door`.
"""
