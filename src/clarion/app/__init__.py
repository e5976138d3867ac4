"""The composition root: settings in, rooms wired, routes and workers out. The only place that wires.

prepare(settings, addresses)       once at start: schema, master key, the workspace `demo`
http(settings, addresses)          the ASGI application and what runs beside it
worker(settings, addresses, stop)  settles blocks and keeps the house
rooms(settings, addresses)         the rooms opened, for commands
"""

from clarion.app.prepare import Prepared, prepare
from clarion.app.rooms import Rooms, rooms
from clarion.app.server import http
from clarion.app.worker import worker

__all__ = ["Prepared", "Rooms", "http", "prepare", "rooms", "worker"]
