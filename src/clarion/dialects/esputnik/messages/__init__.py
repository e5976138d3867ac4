"""Calls that send, and what became of messages: `wire` and `mapping`.

Their routes wait for the room that sends; until then they are answered 404.
"""
