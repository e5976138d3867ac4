"""SmartAppPush: events of mobile and web apps, as the vendor's public pages said in 2026.

Spoken: POST /events, /pushes/opened, /devices/refresh-token. /developer/push is read and mapped (`developer`), and
spoken as soon as there is a channel that carries pushes; until then it is answered with 404.

| the vendor's word | ours |
|---|---|
| tenant, account | workspace; the tenant_id is made of its id |
| api_key | credential; it stands in apps, so all that it can do is report |
| app_user_id | identity (external_id) |
| anonymous ID | identity (anonymous_id), made of the device's token |
| event, behaviour | event; its name is the metric |
| params | properties |
| context | context |
| device token, FCM token, subscription ID | the token of a device |
| push_permission_granted | whether a device may be pushed to: never assumed |
| fingerprint | the key by which a repeat is known, for ever |

Each choice where the vendor's page leaves one is in docs/reference/smartapppush.md, each statement of the page with
its test in COVERAGE.csv.
"""
