"""SMASHSEND: the Events API v1, as its public page said in 2026.

Spoken: POST /v1/events, POST /v1/events/batch; contacts (/v1/contacts, …/batch, …/search, …/{id}, …/by-email/{email}),
contact properties (/v1/contacts/properties, /v1/contact-properties) and API keys (/v1/api-keys/check and current,
/v1/workspaces/{id}/api-keys), all in `contacts`; e-mails and their templates (/v1/emails, /v1/transactional), in
`emails`. `describe` has every call. Not spoken yet: /v1/identities, webhooks, flows; they answer 404 or 405 in the
vendor's shape.

| the vendor's word | ours |
|---|---|
| contact | profile, found by its e-mail |
| trait, contact property | trait |
| event | event; its name is a metric |
| e-mail | send; its messageId is the send's id |
| transactional | template |
| messageId of an event | the key by which a repeat is known, for 24 hours |

An event says who (identify.email), what about them (identify.traits), what happened (event, properties) and
when. The e-mail identifies; traits.phone only reaches. Where the vendor's page is silent we accept more
rather than less. Each such choice is in docs/reference/smashsend.md, each statement of the page with its test
in COVERAGE.csv.
"""
