"""Contact properties: definitions of traits."""

from clarion import errors, profiles
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.smashsend.contacts import mapping, wire
from clarion.dialects.smashsend.wire import Malformed
from clarion.profiles import StoredTrait

_THERE = "A contact property with this apiSlug exists already"


async def list_all(asked: Asked) -> wire.PropertyList:
    """The properties that contacts have: defined ones, and those that values brought."""
    wish: wire.PropertyListing = asked.query
    found = await _definitions(asked)
    shown = [one for one in found if wish.type is None or one.is_custom is (wish.type == "CUSTOM")]
    return wire.PropertyList(wire.PropertyPage(shown[: wish.limit], len(shown) > wish.limit))


async def create(asked: Asked) -> wire.OneProperty:
    """Define a property before its first value."""
    wish: wire.NewProperty = asked.body
    slug = wish.api_slug or wish.display_name
    options = _options(wish)
    if profiles.canonical_name(slug) in mapping.VENDOR_NAMES:
        raise errors.AlreadyThere(_THERE)

    async def work(tx: Tx) -> list[StoredTrait]:
        try:
            await profiles.declare_trait(tx, asked.workspace_id, slug, mapping.OUR_TYPES[wish.type], options)
        except errors.AlreadyThere as exc:
            raise errors.AlreadyThere(_THERE) from exc
        return await profiles.list_definitions(tx, asked.workspace_id)

    name = profiles.canonical_name(slug)
    made = next(one for one in await asked.transact(work) if one.name == name)
    return wire.OneProperty(mapping.contact_property(made))


async def update(asked: Asked) -> wire.OneProperty:
    """Say a property's name, type and options again; none can be changed here."""
    wish: wire.PropertyUpdate = asked.body
    found = next((one for one in await _definitions(asked) if one.id == asked.places["propertyId"]), None)
    if found is None:
        raise errors.NotFound("Contact property not found")
    if wish.type not in (None, found.type):
        raise Malformed('"type" of a contact property cannot be changed')
    if wish.display_name not in (None, found.display_name):
        raise Malformed('"displayName" of a contact property cannot be changed')
    held = found.type_config.options if found.type_config else None
    if wish.type_config and wish.type_config.options not in (None, held):
        raise Malformed('"typeConfig.options" of a contact property cannot be changed')
    return wire.OneProperty(found)


def _options(wish: wire.NewProperty) -> list[str] | None:
    """Without repeats. Raises Malformed where there can be none."""
    options = wish.type_config.options if wish.type_config else None
    if options and wish.type not in ("SELECT", "MULTI_SELECT"):
        raise Malformed('"typeConfig.options" are for SELECT and MULTI_SELECT')
    return list(dict.fromkeys(options)) if options else None


async def _definitions(asked: Asked) -> list[wire.ContactProperty]:
    stored = await asked.transact(lambda tx: profiles.list_definitions(tx, asked.workspace_id))
    return [mapping.contact_property(one) for one in stored]
