"""eSputnik (Yespo): the API under /api as its public pages said in 2026, versions 1 to 3 of each resource.

Spoken: events (v1, v2, v3 `event` and `past_events`), account info, version and balance, contacts, the catalogue of
additional fields, the unsubscribed list, groups, orders, the calls that send to addresses and contacts, message
status, prepared messages. Not spoken: sends to groups, broadcasts, promocodes, web push.

| the vendor's word | ours |
|---|---|
| contact | profile; its id is a small number of ours |
| contactId, externalCustomerId, contactKey | identity |
| channel (of a contact) | address; the one by which contacts are told apart is an identity too |
| additional field | trait; its id is a small number of ours |
| event type, eventTypeKey | metric |
| parameter | property |
| keyValue | part of the key by which a repeat is known |
| group | list |
| unsubscribed list | suppression |
| message (prepared), its id | template, its small number |
| single message, requestId | send, its id |

Where the vendor's pages are silent we accept more rather than less. Each such choice is in docs/reference/esputnik.md,
each statement of the page with its test in COVERAGE.csv.
"""
