"""What PostgreSQL and every later reader can take."""

import math
from typing import Any

from clarion.model import Event, IdentityKind, ProfileChange


def assert_storable(offer: Any) -> None:
    inbound = offer.inbound
    assert isinstance(inbound, Event | ProfileChange)
    for identity in inbound.identities:
        assert isinstance(identity.kind, IdentityKind)
        assert_value(identity.value)
    assert_value(offer.dedup.key)
    assert_value([reach.value for reach in inbound.reaches])
    assert_value(inbound.traits)
    if isinstance(inbound, Event):
        assert_value(inbound.name)
        assert_value(inbound.properties)
        assert_value(inbound.context)
        assert_value(inbound.session)
        assert isinstance(inbound.occurred_at_us, int)
        if inbound.device is not None:
            assert_value([getattr(inbound.device, name) for name in inbound.device.__struct_fields__])


def assert_value(value: Any) -> None:
    match value:
        case bool() | None:
            pass
        case str():
            assert "\0" not in value
            value.encode("utf-8")
        case int():
            assert -(2**63) <= value < 2**63
        case float():
            assert math.isfinite(value)
        case list():
            for item in value:
                assert_value(item)
        case dict():
            for key, item in value.items():
                assert_value(key)
                assert_value(item)
        case _:
            raise AssertionError(f"{type(value)} is not JSON")
