"""The control of test_canaries.py, in the place of `clarion.app` (`--app tests.trust.unsealed`): nothing is sealed.

What was sealed by others (the command line runs the real application) still opens.
"""

from clarion.app import Prepared, http, prepare, worker
from clarion.vault import Vault

MARK = b"\x00unsealed\x00"

_open = Vault.open


def _seal_nothing(vault: Vault, plain: bytes, place: bytes) -> bytes:
    return MARK + plain


def _open_anything(vault: Vault, sealed: bytes, place: bytes) -> bytes:
    return sealed[len(MARK) :] if sealed.startswith(MARK) else _open(vault, sealed, place)


Vault.seal = _seal_nothing  # type: ignore[method-assign]
Vault.open = _open_anything  # type: ignore[method-assign]

__all__ = ["Prepared", "http", "prepare", "worker"]
