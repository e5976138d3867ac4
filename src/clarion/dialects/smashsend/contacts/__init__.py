"""What is done at once: contacts, contact properties, API keys. The next read shows it.

`wire` (types under the vendor's names), `mapping` (contact properties <-> traits), `people`, `properties`, `keys`
(the calls, one function each), `calls` (the table of them, of which the routes are made),
`shown` (answers, for the reference page).
"""

from clarion.dialects.smashsend.contacts.calls import CALLS
from clarion.dialects.smashsend.contacts.shown import ANSWERS

__all__ = ["ANSWERS", "CALLS"]
