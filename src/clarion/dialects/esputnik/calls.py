"""The calls that are done at once: the routes are made of this table."""

from clarion.dialects.esputnik import account
from clarion.dialects.esputnik.serving import Spoken

_VERSION = account.Version("20417", "1.0")

CALLS: tuple[Spoken, ...] = (
    Spoken(
        method="GET", path="/api/v1/account/info", serve=account.info, answers=account.Info,
        answer=account.Info(1_234_567_890, "demo@example.com", "demo"),
    ),
    Spoken(
        method="GET", path="/api/v1/version", serve=account.version, answers=account.Version, answer=_VERSION
    ),
    Spoken(
        method="GET", path="/api/v2/version", serve=account.version, answers=account.Version, answer=_VERSION
    ),
    Spoken(
        method="GET", path="/api/v1/balance", serve=account.balance, answers=account.Balance,
        answer=account.Balance("0.0", "0.0", "USD", "0", "0"),
    ),
)  # fmt: skip
