"""The few nouns that cross rooms. Imports nothing of ours.

Values are frozen. `Inbound` is what a caller told us, in our words; `Offer` is an inbound with the rule by
which repeats of it are known; `Outcome` is what became of one offered item.
"""

from clarion.model.ids import Ids, first_id_at, minute_of, parse_id, show_id, time_us_of
from clarion.model.inbound import (
    DAY_US,
    AddressChannel,
    Channel,
    Dedup,
    Device,
    Event,
    Identity,
    IdentityKind,
    Inbound,
    JSONObject,
    Mode,
    Offer,
    Platform,
    ProfileChange,
    Reach,
)
from clarion.model.outcome import Accepted, Duplicate, Outcome, Rejected, Sample
from clarion.model.reasons import Quarantined
from clarion.model.sources import Source

__all__ = [
    "DAY_US",
    "Accepted",
    "AddressChannel",
    "Channel",
    "Dedup",
    "Device",
    "Duplicate",
    "Event",
    "Identity",
    "IdentityKind",
    "Ids",
    "Inbound",
    "JSONObject",
    "Mode",
    "Offer",
    "Outcome",
    "Platform",
    "ProfileChange",
    "Quarantined",
    "Reach",
    "Rejected",
    "Sample",
    "Source",
    "first_id_at",
    "minute_of",
    "parse_id",
    "show_id",
    "time_us_of",
]
