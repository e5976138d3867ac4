"""SmartPush (SHOPLINE): its Open API for contacts and custom events, as its public page said in 2026.

Spoken: createContact, createCustomMetric, its alias `bulk_create_custom_metrics.json`, and reportCustomEvent, which is
ours: the vendor names no call by which an event is reported. Not spoken: nothing else of the vendor's is public.

| the vendor's word | ours |
|---|---|
| store | workspace |
| contact | profile |
| custom attribute (`cus_…`) | trait |
| API tag | an element of the trait `tags` |
| custom event, EventCode | metric |
| event attribute | attribute of a metric, property of an event |
| API Token | credential |

The vendor publishes no bodies and no errors. Each choice of ours is in docs/reference/smartpush.md, each statement of
the page with its test in COVERAGE.csv.
"""
