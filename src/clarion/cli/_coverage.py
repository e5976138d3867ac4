"""`clarion coverage`."""

from clarion import coverage as contracts
from clarion.cli._options import Json
from clarion.cli._print import warn


def coverage(*, json: Json = False) -> int:
    """What of each vendor's contract is spoken, and which test shows it. Exit 1 when a claim does not hold."""
    found = contracts.report()
    print(contracts.show(found, as_json=json))
    if json:  # the table has them already
        for fault in found.faults:
            warn(fault)
    return 1 if found.faults else 0
