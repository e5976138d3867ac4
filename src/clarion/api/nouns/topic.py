"""Topics: what marketing is about, and whether it wants a yes."""

from typing import Annotated

from msgspec import Meta, Struct

from clarion import accounts, messaging
from clarion.api import consent_views as views
from clarion.api.ports import Call, Nothing

TopicName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]


class Set(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A topic, new or as it is from now on. `title` is what readers see; `opt_in`: nobody gets it without a yes."""

    name: TopicName
    title: Annotated[str, Meta(max_length=200, pattern="^[^\\u0000]*$")] = ""
    opt_in: bool = False


async def list_all(call: Call, wish: Nothing) -> list[views.Topic]:
    """All topics, by name."""
    async with call.app() as tx:
        return [views.topic(one) for one in await messaging.list_topics(tx, call.workspace_id)]


async def set_(call: Call, wish: Set) -> views.Topic:
    """Make a topic, or change it; what people said to it stays."""
    made = messaging.Topic(name=wish.name, title=wish.title, opt_in=wish.opt_in)
    async with call.app() as tx:
        await messaging.set_topic(tx, call.workspace_id, made)
        await accounts.audit(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="topic set",
            topic=wish.name, opt_in=wish.opt_in,
        )  # fmt: skip
    return views.topic(made)
