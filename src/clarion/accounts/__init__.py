"""Accounts: workspaces and their keys, members and roles, credentials, numbers, audit.

Owns the small shared tables (workspace, member, membership, credential) and, per workspace, number and audit.
A credential is found by the hash of its secret and kept sealed beside it, so that owner and developer may see it
again; every such view is audited. A token is a credential with an end, which another one issued and which stands for
it. The wrapped data key of a workspace is a column here; `Vaults` unwraps it.
`Rates` holds callers to their limits, `Use` counts how they use them.
"""

from clarion.accounts.credentials import Credential, Credentials, NewCredential, SecretForm, new_secret
from clarion.accounts.rates import Rates
from clarion.accounts.roles import DEVELOPERS, EVERYBODY, MARKETERS, OWNERS, Role
from clarion.accounts.store import (
    CHANGED,
    audit,
    create_credential,
    create_workspace,
    find_workspace,
    has_number,
    ids_of_numbers,
    issue_token,
    list_credentials,
    list_workspaces,
    load_credential,
    load_data_key,
    number_of,
    read_workspace,
    reveal_credential,
    revoke_credential,
    set_rate,
    set_workspace,
    take_numbers,
)
from clarion.accounts.use import HOUR_US, BucketUse, Use, drop_old_use, use_of_limits
from clarion.accounts.workspaces import DeviceTokens, Plan, Vaults, Workspace

__all__ = [
    "CHANGED",
    "DEVELOPERS",
    "EVERYBODY",
    "HOUR_US",
    "MARKETERS",
    "OWNERS",
    "BucketUse",
    "Credential",
    "Credentials",
    "DeviceTokens",
    "NewCredential",
    "Plan",
    "Rates",
    "Role",
    "SecretForm",
    "Use",
    "Vaults",
    "Workspace",
    "audit",
    "create_credential",
    "create_workspace",
    "drop_old_use",
    "find_workspace",
    "has_number",
    "ids_of_numbers",
    "issue_token",
    "list_credentials",
    "list_workspaces",
    "load_credential",
    "load_data_key",
    "new_secret",
    "number_of",
    "read_workspace",
    "reveal_credential",
    "revoke_credential",
    "set_rate",
    "set_workspace",
    "take_numbers",
    "use_of_limits",
]
