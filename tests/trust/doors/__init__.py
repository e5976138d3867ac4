"""The doors that the trust tests knock at, as a table: how an event is written for each, and what its answers say.

A new door is a file with one more `Front`, and its line in DOORS: the tests of poison and of isolation run over it.
"""

from tests.trust.doors.esputnik import ESPUTNIK
from tests.trust.doors.front import KEY, Front, Verdict
from tests.trust.doors.smartapppush import SMARTAPPPUSH
from tests.trust.doors.smartpush import SMARTPUSH
from tests.trust.doors.smashsend import SMASHSEND
from tests.trust.doors.yotpo import YOTPO

DOORS = (SMASHSEND, ESPUTNIK, SMARTPUSH, SMARTAPPPUSH, YOTPO)

__all__ = ["DOORS", "KEY", "Front", "Verdict"]
