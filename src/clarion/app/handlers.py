"""Which facts are heard by whom."""

from collections.abc import Mapping, Sequence

from clarion import automations, events, messaging, orders, profiles
from clarion.accounts import Vaults
from clarion.dialects.esputnik.contacts import importing
from clarion.jobs import Handler
from clarion.model import Ids


def handlers(vaults: Vaults, ids: Ids) -> Mapping[str, Sequence[Handler]]:
    """Fact -> handlers, which run in this order in the one transaction of its job."""
    return {
        profiles.ERASED: (
            events.eraser(vaults, ids),
            orders.eraser(),
            messaging.eraser(),
            automations.eraser(),
        ),
        messaging.RULE_CHANGED: (messaging.releaser(),),
        profiles.TRAIT_DELETED: (profiles.trait_remover(vaults, ids),),
        importing.IMPORT: (importing.importer(vaults, ids),),
    }
