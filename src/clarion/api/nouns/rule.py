"""Sending rules: when, how often and for how long marketing goes out on a channel, and whether it is tracked."""

import re
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from clarion import accounts, errors, messaging
from clarion.api import consent_views as views
from clarion.api.ports import Call, Nothing
from clarion.messaging import CHANNELS, Channel, SendingRule

NONE = "none"
_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
CAP_HOURS_MAX = 90 * 24  #: as long as messages are kept at least
_CAP = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,4})")


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; the rest stays. `quiet` as `22:00-08:00`, `cap` as `3/24` (messages in hours to one address);
    `none` takes either back, and so does `expires_hours` 0.
    """

    channel: Channel
    quiet: Annotated[str, Meta(max_length=20)] | None = None
    cap: Annotated[str, Meta(max_length=20)] | None = None
    expires_hours: Annotated[int, Meta(ge=0, le=87_600)] | None = None
    track_opens: bool | None = None
    track_clicks: bool | None = None


class One(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel."""

    channel: Channel


async def list_all(call: Call, wish: Nothing) -> list[views.Rule]:
    """The rules of every channel that has some."""
    async with call.app() as tx:
        found = {one: await messaging.find_rule(tx, call.workspace_id, one) for one in CHANNELS}
    return [views.rule(channel, one) for channel, one in found.items() if one != SendingRule()]


async def show(call: Call, wish: One) -> views.Rule:
    """A channel's rules, also where it has none."""
    async with call.app() as tx:
        found = await messaging.find_rule(tx, call.workspace_id, wish.channel)
    return views.rule(wish.channel, found)


async def change(call: Call, wish: Change) -> views.Rule:
    """Change a channel's rules; what waits for the end of quiet hours is asked again."""
    async with call.app() as tx:
        rule = await messaging.change_rule(
            tx, call.workspace_id, wish.channel, lambda before: _changed(before, wish), ids=call.ports.ids
        )
        await accounts.audit(
            tx,
            call.workspace_id,
            ids=call.ports.ids,
            actor=call.actor,
            action="rule set",
            channel=wish.channel,
        )
    return views.rule(wish.channel, rule)


def _changed(rule: SendingRule, wish: Change) -> SendingRule:
    if wish.quiet is not None:
        from_, until = _quiet(wish.quiet)
        rule = replace(rule, quiet_from=from_, quiet_until=until)
    if wish.cap is not None:
        messages, hours = _cap(wish.cap)
        rule = replace(rule, cap_messages=messages, cap_hours=hours)
    if wish.expires_hours is not None:
        rule = replace(rule, expires_hours=wish.expires_hours or None)
    if wish.track_opens is not None:
        rule = replace(rule, track_opens=wish.track_opens)
    if wish.track_clicks is not None:
        rule = replace(rule, track_clicks=wish.track_clicks)
    return rule


def _quiet(text: str) -> tuple[int | None, int | None]:
    """Minutes since midnight."""
    if text == NONE:
        return None, None
    found = _QUIET.fullmatch(text)
    if found is None:
        raise errors.Invalid("quiet hours should be like 22:00-08:00, or none")
    hours, minutes, until_hours, until_minutes = map(int, found.groups())
    from_, until = hours * 60 + minutes, until_hours * 60 + until_minutes
    if from_ == until:
        raise errors.Invalid("quiet hours should begin and end at different times; `none` takes them back")
    return from_, until


def _cap(text: str) -> tuple[int | None, int | None]:
    if text == NONE:
        return None, None
    found = _CAP.fullmatch(text)
    if found is None:
        raise errors.Invalid("a cap should be like 3/24 (messages in hours), or none")
    if int(found[2]) > CAP_HOURS_MAX:
        raise errors.Invalid(f"a cap counts at most {CAP_HOURS_MAX} hours: messages may go after 90 days")
    return int(found[1]), int(found[2])
