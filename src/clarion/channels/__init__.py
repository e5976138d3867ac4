"""Who carries messages: one file a provider, all behind `messaging.port`; `_outbound` is the one way out.

A provider builds what goes over the wire and reads what comes back in pure functions; its `send` only moves bytes and
awaits `committing` at the point of no return. It keeps no state but open connections. What a workspace set is
looked at here, when it is set and at each connection: it must not lead behind this installation.
"""

from clarion.channels._outbound import Guard, guard
from clarion.channels._request import Web

__all__ = ["Guard", "Web", "guard"]
