"""Contacts, and what hangs on them: additional fields, groups, the unsubscribed list, imports.

`wire` (types under the vendor's names), `mapping` (contacts <-> profiles), `writing` and `reading` (one contact in a
transaction), `people`, `fields`, `groups`, `unsubscribed`, `importing` (the calls, one function each).
"""
