"""The room's named queries."""

from clarion import db

Q = db.load("clarion.messaging")
