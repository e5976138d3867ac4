"""Metrics: the named kinds of events, their status, the catalogue of their properties, counts per day.

An unknown name is discovered with its first event. A paused metric's events are counted as discarded, not kept.
A caller may declare one before, with the attributes of its events; then it is pending until the first of them.
What the names of apps' system events mean is known before they happen, without a row for each.
"""

from clarion.metrics.catalogue import Property, Shape, shape_of
from clarion.metrics.declared import Attribute, AttributeType, Declaration, TooMany
from clarion.metrics.store import (
    Category,
    Known,
    Metric,
    Resolved,
    begin_syncing,
    count_days,
    count_discarded,
    declare,
    delete,
    edit,
    forget_examples,
    list_declared,
    list_metrics,
    note_properties,
    quarter_of,
    resolve,
    set_status,
)
from clarion.metrics.system import SYSTEM_EVENTS, SystemEvent

__all__ = [
    "SYSTEM_EVENTS",
    "Attribute",
    "AttributeType",
    "Category",
    "Declaration",
    "Known",
    "Metric",
    "Property",
    "Resolved",
    "Shape",
    "SystemEvent",
    "TooMany",
    "begin_syncing",
    "count_days",
    "count_discarded",
    "declare",
    "delete",
    "edit",
    "forget_examples",
    "list_declared",
    "list_metrics",
    "note_properties",
    "quarter_of",
    "resolve",
    "set_status",
    "shape_of",
]
