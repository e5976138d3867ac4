"""The database: pools, transactions, the embedded PostgreSQL, migrations, named queries.

Two roles. `clarion_app` answers callers and is bound by row-level security to the workspace of its transaction;
`clarion_owner` owns the tables and does the workers' work and migrations. Rooms never open connections: they
are handed a `Tx`.
"""

from clarion.db.address import Address, Addresses
from clarion.db.again import transact
from clarion.db.migrate import migrate, pending
from clarion.db.partitions import (
    drop_months,
    drop_partitions,
    first_id_of,
    keep_partitions,
    lock_months,
    month_after,
    utc_day,
)
from clarion.db.pool import GONE, Database, Tx, is_lost_connection, is_transient
from clarion.db.queries import Queries, load
from clarion.db.roles import ensure_roles, roles_sql

__all__ = [
    "GONE",
    "Address",
    "Addresses",
    "Database",
    "Queries",
    "Tx",
    "drop_months",
    "drop_partitions",
    "ensure_roles",
    "first_id_of",
    "is_lost_connection",
    "is_transient",
    "keep_partitions",
    "load",
    "lock_months",
    "migrate",
    "month_after",
    "pending",
    "roles_sql",
    "transact",
    "utc_day",
]
