"""Metrics: the named kinds of events, their status, the catalogue of their properties, counts per day.

An unknown name is discovered with its first event. A paused metric's events are counted as discarded, not kept.
"""

from clarion.metrics.catalogue import Property
from clarion.metrics.store import (
    Known,
    Metric,
    count_days,
    forget_examples,
    list_metrics,
    note_properties,
    quarter_of,
    resolve,
    set_status,
)

__all__ = [
    "Known",
    "Metric",
    "Property",
    "count_days",
    "forget_examples",
    "list_metrics",
    "note_properties",
    "quarter_of",
    "resolve",
    "set_status",
]
