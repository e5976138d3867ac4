"""Automations that lost something, as sentences."""

from collections.abc import Sequence

from clarion.api.automation_views import Affected
from clarion.cli._print import warn

_SAYS = {
    "paused": "automation {} is paused: its {} asked for it",
    "takes_no": "automation {}: everybody takes `no` where {} asked for it",
    "warned": "automation {} goes on, and {} still names it",
}


def tell(affected: Sequence[Affected]) -> None:
    """One line an effect, to people."""
    for one in affected:
        for effect in one.effects:
            warn(_SAYS[effect.effect].format(one.name, effect.where))
