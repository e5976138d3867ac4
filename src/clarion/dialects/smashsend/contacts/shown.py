"""What the calls answer, shown: an answer to each call's sample, for the reference page."""

from collections.abc import Mapping

from msgspec import Struct

from clarion.dialects.smashsend.contacts import wire

_ID = "0199c0ffee0000000000000000000001"
_WHEN = "2026-01-15T10:30:00.000Z"
_ANN = {"email": "ann@example.com", "status": "SUBSCRIBED", "firstName": "Ann", "plan": "premium"}
_CONTACT = wire.Contact(f"ctc_{_ID}", _WHEN, _WHEN, f"wrk_{_ID}", _ANN)
_INDUSTRY = wire.ContactProperty(
    id=f"ctp_{_ID}", api_slug="industry", display_name="industry", type="SELECT", is_custom=True, created_at=_WHEN,
    type_config=wire.TypeConfig(["Technology", "Retail"], multiple=False),
)  # fmt: skip
_KEY = wire.ApiKey(
    id=f"key_{_ID}", workspace_id=f"wrk_{_ID}", display_name="reports", role="VIEWER", status="ACTIVE",
    created_at=_WHEN, key_start="sk_live_AbCd",
)  # fmt: skip

#: By the type of the answer.
ANSWERS: Mapping[type[Struct], Struct] = {
    wire.WrittenContact: wire.WrittenContact(_CONTACT, "CREATED"),
    wire.OneContact: wire.OneContact(_CONTACT),
    wire.FoundContact: wire.FoundContact(_CONTACT),
    wire.DeletedContact: wire.DeletedContact(is_deleted=True, deleted=True, contact=_CONTACT),
    wire.Contacts: wire.Contacts(wire.ContactPage([_CONTACT], None, has_more=False, total_count=1)),
    wire.BatchDone: wire.BatchDone("req_0199c0ffee00000001", [_CONTACT], wire.Summary(1, 0, 0, 1, 7)),
    wire.PropertyList: wire.PropertyList(wire.PropertyPage([_INDUSTRY], has_more=False)),
    wire.OneProperty: wire.OneProperty(_INDUSTRY),
    wire.Checked: wire.Checked("SUCCEED", "reports", "EDITOR"),
    wire.OneKey: wire.OneKey(_KEY),
    wire.Keys: wire.Keys(wire.KeyPage([_KEY], None, has_more=False)),
}
