"""The calls that are done at once: the routes are made of this table."""

from clarion.dialects._spoken import KB, Spoken
from clarion.dialects.esputnik import account
from clarion.dialects.esputnik.contacts import fields, groups, importing, people, telling, unsubscribed, wire
from clarion.dialects.esputnik.messages.calls import MESSAGES
from clarion.dialects.esputnik.orders import placing
from clarion.dialects.esputnik.orders import wire as orders_wire

_VERSION = account.Version("20417", "1.0")
_ANN = (
    '{"channels": [{"type": "email", "value": "ann@example.com"}, {"type": "sms", "value": "447911123456"}], '
    '"firstName": "Ann", "externalCustomerId": "12345", "address": {"town": "Kyiv"}}'
)
_CONTACT = wire.ShownContact(
    id=17, first_name="Ann", channels=[wire.ShownChannel("email", "ann@example.com")],
    address=wire.ShownAddress(town="Kyiv"), fields=[wire.ShownField(1, "M")], address_book_id=1,
    contact_key="12345", external_customer_id="12345", groups=[wire.ShownGroup(1, "news")],
)  # fmt: skip
_GENDER = fields.Field(
    "1", "Gender", "Gender", fields.Description("combobox", "false", "false", fields.Allowed(["M", "F"]))
)
_EMAILS = '{"emails": ["test1@mail.com", "test2@mail.com"]}'
_MEMBERS = '{"emails": ["ann@example.com"]}'
_ORDER = (
    '{"externalOrderId": "100500", "externalCustomerId": "12345", "totalCost": 1000, "status": "INITIALIZED", '
    '"date": "2017-03-08T09:30:00+02:00", "email": "mail@example.com", "currency": "USD", '
    '"items": [{"externalItemId": "200600", "name": "Super Device", "quantity": 1, "cost": 990}]}'
)
_CONTACT_ID = "/api/v1/contact/{contactId}"
_GROUP = "/api/v1/group/{groupId}/contacts"

ACCOUNT = (
    Spoken(
        method="GET", path="/api/v1/account/info", serve=account.info, answers=account.Info,
        answer=account.Info(1_234_567_890, "demo@example.com", "demo"),
    ),
    Spoken(
        method="GET", path="/api/v1/version", serve=account.version, answers=account.Version, answer=_VERSION
    ),
    Spoken(
        method="GET", path="/api/v2/version", serve=account.version, answers=account.Version, answer=_VERSION
    ),
    Spoken(
        method="GET", path="/api/v1/balance", serve=account.balance, answers=account.Balance,
        answer=account.Balance("0.0", "0.0", "USD", "0", "0"),
    ),
    Spoken(
        method="GET", path="/api/v1/addressbooks", serve=fields.catalogue, answers=fields.Catalogue,
        answer=fields.Catalogue(fields.Book("1", "Main", fields.Group("Personal", [_GENDER]))),
    ),
    Spoken(
        method="GET", path="/api/v1/additionalfields", serve=fields.list_all, answers=fields.Fields,
        answer=fields.Fields([_GENDER]),
    ),
)  # fmt: skip

CONTACTS = (
    Spoken(
        method="POST", path="/api/v1/contact", serve=people.upsert, body=wire.Contact, answers=wire.Written,
        answer=wire.Written("17"), sample=_ANN,
    ),
    Spoken(
        method="GET", path=_CONTACT_ID, serve=people.show, answers=wire.ShownContact, answer=_CONTACT
    ),
    Spoken(
        method="PUT", path=_CONTACT_ID, serve=people.update, body=wire.Contact, answers=str,
        answer="Contact with id='17' has been updated", sample='{"firstName": "Anna"}',
    ),
    Spoken(
        method="DELETE", path=_CONTACT_ID, serve=people.delete, query=wire.Erase, answers=str,
        answer="Contact with id='17' has been deleted",
    ),
    Spoken(
        method="DELETE", path="/api/v1/contact", serve=people.delete_by_external_id, query=wire.Removal,
        answers=str, answer="Contact with id='17' has been deleted",
        sample_query="externalCustomerId=$externalCustomerId&erase=true",
    ),
    Spoken(
        method="POST", path="/api/v1/contact/subscribe", serve=telling.subscribe, body=wire.Subscription,
        tells=True, answers=wire.Subscribed, answer=wire.Subscribed(17),
        sample=f'{{"contact": {_ANN}, "groups": ["news"], "formType": "footer"}}',
    ),
    Spoken(
        method="GET", path="/api/v1/contacts", serve=people.search, query=wire.Search,
        answers=list[wire.ShownContact], answer=[_CONTACT], sample_query="startindex=1&maxrows=50",
        limits="500 a page; the header TotalCount says how many there are.",
    ),
    Spoken(
        method="GET", path="/api/v1/contacts/email", serve=people.emails, query=wire.Numbers,
        answers=wire.ContactEmails, answer=wire.ContactEmails([wire.ContactEmail(17, "ann@example.com")]),
        sample_query="ids=17,18",
    ),
    Spoken(
        method="POST", path="/api/v1/contacts", serve=importing.begin, body=wire.Contacts,
        body_bytes_max=8 * KB * KB, tells=True, answers=wire.Imported,
        answer=wire.Imported(0, "0199c0ff-ee00-7000-8000-000000000001"),
        sample=f'{{"contacts": [{_ANN}], "dedupeOn": "email", "groupNames": ["news"]}}',
        limits="3,000 contacts, 8 MB.",
    ),
    Spoken(
        method="GET", path="/api/v1/importstatus/{sessionId}", serve=importing.status,
        answers=wire.ImportStatus,
        answer=wire.ImportStatus("0199c0ff-ee00-7000-8000-000000000001", "FINISHED"),
    ),
)  # fmt: skip

GROUPS = (
    Spoken(
        method="POST", path="/api/v1/emails/unsubscribed/add", serve=unsubscribed.add,
        body=unsubscribed.Emails, body_bytes_max=KB * KB, answers=None, answer=None, sample=_EMAILS,
        limits="10,000 addresses.",
    ),
    Spoken(
        method="POST", path="/api/v1/emails/unsubscribed/delete", serve=unsubscribed.remove,
        body=unsubscribed.Emails, body_bytes_max=KB * KB, answers=None, answer=None, sample=_EMAILS,
        limits="10,000 addresses.",
    ),
    Spoken(
        method="GET", path="/api/v1/groups", serve=groups.list_all, query=groups.Listing,
        answers=list[wire.ShownGroup], answer=[wire.ShownGroup(1, "news")], sample_query="name=new",
    ),
    Spoken(
        method="GET", path=_GROUP, serve=groups.members, query=groups.Page, answers=list[wire.ShownContact],
        answer=[_CONTACT], sample_query="startindex=1&maxrows=50", limits="500 a page.",
    ),
    Spoken(
        method="POST", path=_GROUP + "/attach", serve=groups.attach, body=groups.Members, answers=None,
        answer=None, sample=_MEMBERS, limits="500 contacts.",
    ),
    Spoken(
        method="POST", path=_GROUP + "/detach", serve=groups.detach, body=groups.Members, body_optional=True,
        answers=None, answer=None, sample=_MEMBERS, limits="500 contacts.",
    ),
)  # fmt: skip

ORDERS = (
    Spoken(
        method="POST", path="/api/v1/orders", serve=placing.place, body=orders_wire.Orders,
        body_bytes_max=16 * KB * KB, tells=True, answers=orders_wire.Failed,
        answer=orders_wire.Failed(orders_wire.FailedOrder("100501", "totalCost is required", 1)),
        sample=f'{{"orders": [{_ORDER}, {{"externalOrderId": "100501"}}]}}',
        limits="1,000 orders, 16 MB. Where all were added the answer is empty.",
    ),
    Spoken(
        method="DELETE", path="/api/v1/orders", serve=placing.remove, query=orders_wire.Removal, answers=None,
        answer=None, sample_query="externalOrderId=100500",
    ),
)  # fmt: skip

CALLS: tuple[Spoken, ...] = (*ACCOUNT, *CONTACTS, *GROUPS, *ORDERS, *MESSAGES)
