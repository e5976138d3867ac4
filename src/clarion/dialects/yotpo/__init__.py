"""Yotpo: custom customer events and customers of the Core API v3, as its public pages said in 2026.

Spoken: PATCH and POST …/customer_events and …/custom_events, …/access_tokens, …/customers (all under
/core/v3/stores/{store_id}), and POST /oauth/token. Not spoken: products, orders, reviews, loyalty, messages.

| the vendor's word | ours |
|---|---|
| store, app_key | workspace; the store id is made of its id |
| secret | credential |
| access token | a credential with an expiry, which another one was shown for |
| customer | profile |
| external_id, email, phone_number | identity |
| metadata of the customer, custom_properties | trait |
| type (of an event) | metric |
| metadata of the event | property |
| unique identifier (of an event) | the key by which a later event takes the place of an earlier one, for ever |

The vendor's page labels fields and hides the names of some; all names that its clients may use are taken. Each such
choice is in docs/reference/yotpo.md, each statement of the page with its test in COVERAGE.csv.
"""
