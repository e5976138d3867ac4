"""The calls that are done at once: the routes are made of this table."""

from clarion.dialects.esputnik import account
from clarion.dialects.esputnik.serving import Spoken

CALLS: tuple[Spoken, ...] = (
    Spoken(method="GET", path="/api/v1/account/info", serve=account.info, answers=account.Info),
    Spoken(method="GET", path="/api/v1/version", serve=account.version, answers=account.Version),
    Spoken(method="GET", path="/api/v2/version", serve=account.version, answers=account.Version),
    Spoken(method="GET", path="/api/v1/balance", serve=account.balance, answers=account.Balance),
)
