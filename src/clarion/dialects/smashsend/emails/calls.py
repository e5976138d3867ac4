"""The calls about e-mails: the routes are made of this table."""

from clarion.dialects._spoken import Spoken
from clarion.dialects.smashsend.emails import sending, templates, wire

_RAW = (
    '{"from": "Shop <hello@shop.example>", "to": "ann@example.com", "subject": "Your order has shipped", '
    '"html": "<p>Your order 12345 is on its way.</p>", "groupBy": "order-shipped", '
    '"idempotencyKey": "order-12345-shipped"}'
)

CALLS: tuple[Spoken, ...] = (
    Spoken(
        method="POST", path="/v1/emails", serve=sending.send, body=wire.Email, answers=wire.OneEmail, sample=_RAW
    ),
    Spoken(method="GET", path="/v1/emails/{messageId}", serve=sending.show, answers=wire.OneEmail),
    Spoken(
        method="GET", path="/v1/transactional", serve=templates.list_all, query=wire.TemplateListing,
        answers=wire.Templates, sample_query="status=ACTIVE",
    ),
    Spoken(method="GET", path="/v1/transactional/{transactionalId}", serve=templates.show, answers=wire.OneTemplate),
)  # fmt: skip
