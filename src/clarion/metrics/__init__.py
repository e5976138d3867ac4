"""Metrics: the named kinds of events, their status, the catalogue of their properties, counts per day.

An unknown name is discovered with its first event. A paused metric's events are counted as discarded, not kept.
"""

from clarion.metrics.catalogue import Property, properties_of
from clarion.metrics.store import (
    Metric,
    count_days,
    list_metrics,
    note_properties,
    resolve,
    set_status,
)

__all__ = [
    "Metric",
    "Property",
    "count_days",
    "list_metrics",
    "note_properties",
    "properties_of",
    "resolve",
    "set_status",
]
