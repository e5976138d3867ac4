"""Calls that send, prepared messages, and what became of what was sent.

All that a call wants is planned in one transaction: its answer says that it is on disk, and each recipient's
requestId is the message's id.
"""
