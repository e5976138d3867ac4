"""The calls that are done at once: the routes are made of this table."""

from clarion.dialects._spoken import Spoken
from clarion.dialects.smashsend.contacts import keys, people, properties, wire

_ANN = '{"properties": {"email": "ann@example.com", "firstName": "Ann", "plan": "premium"}}'
_KEYS = "/v1/workspaces/{workspaceId}/api-keys"

CALLS: tuple[Spoken, ...] = (
    Spoken(
        method="POST", path="/v1/contacts", serve=people.upsert,
        body=wire.Properties, answers=wire.WrittenContact, sample=_ANN,
    ),
    Spoken(
        method="POST", path="/v1/contacts/batch", serve=people.upsert_batch, query=wire.BatchWish,
        body=wire.Batch, answers=wire.BatchDone, sample=f'{{"contacts": [{_ANN}]}}',
        sample_query="allowPartialSuccess=true",
    ),
    Spoken(
        method="GET", path="/v1/contacts", serve=people.list_all, query=wire.Listing, answers=wire.Contacts,
        sample_query="limit=50&includeCount=true",
    ),
    Spoken(
        method="GET", path="/v1/contacts/search", serve=people.search, query=wire.Search,
        answers=wire.FoundContact, sample_query="email=ann@example.com",
    ),
    Spoken(method="GET", path="/v1/contacts/{contactId}", serve=people.show, answers=wire.OneContact),
    Spoken(
        method="PUT", path="/v1/contacts/{contactId}", serve=people.update,
        body=wire.Changes, answers=wire.OneContact,
        sample='{"properties": {"plan": "free", "colours": {"add": ["red"], "remove": ["blue"]}}}',
    ),
    Spoken(
        method="DELETE", path="/v1/contacts/{contactId}", serve=people.delete, answers=wire.DeletedContact
    ),
    Spoken(
        method="DELETE", path="/v1/contacts/by-email/{email}", serve=people.delete_by_email,
        answers=wire.DeletedContact,
    ),
    Spoken(
        method="GET", path="/v1/contacts/properties", serve=properties.list_all, query=wire.PropertyListing,
        answers=wire.PropertyList, sample_query="type=CUSTOM",
    ),
    Spoken(
        method="POST", path="/v1/contact-properties", serve=properties.create,
        body=wire.NewProperty, answers=wire.OneProperty,
        sample='{"displayName": "industry", "type": "SELECT", "typeConfig": {"options": ["Technology", "Retail"]}}',
    ),
    Spoken(
        method="PUT", path="/v1/contact-properties/{propertyId}", serve=properties.update,
        body=wire.PropertyUpdate, answers=wire.OneProperty, sample='{"type": "SELECT"}',
    ),
    Spoken(method="GET", path="/v1/api-keys/check", serve=keys.check, answers=wire.Checked),
    Spoken(method="GET", path="/v1/api-keys/current", serve=keys.current, answers=wire.OneKey),
    Spoken(method="GET", path=_KEYS, serve=keys.list_all, query=wire.KeyListing, answers=wire.Keys),
    Spoken(
        method="POST", path=_KEYS, serve=keys.create, body=wire.NewKey, answers=wire.OneKey,
        sample='{"displayName": "reports", "role": "VIEWER"}',
    ),
    Spoken(method="GET", path=_KEYS + "/{apiKeyId}", serve=keys.show, answers=wire.OneKey),
    Spoken(
        method="POST", path=_KEYS + "/{apiKeyId}", serve=keys.archive, body=wire.KeyUpdate,
        answers=wire.OneKey, sample='{"status": "ARCHIVED"}',
    ),
    Spoken(method="DELETE", path=_KEYS + "/{apiKeyId}", serve=keys.archive, answers=wire.OneKey),
)  # fmt: skip
