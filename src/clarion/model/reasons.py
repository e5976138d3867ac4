"""Why an acknowledged item could not be processed."""

from enum import StrEnum


class Quarantined(StrEnum):
    UNREADABLE = "unreadable"  #: the block could not be opened or decoded: wrong key, damage, unknown version
    REFUSED_BY_DATABASE = "refused_by_database"  #: PostgreSQL refused the values that this item makes
    FAILED = "failed"  #: our code failed on this item; a defect, retry after an update
