"""What the calls about e-mails answer, shown: for the reference page."""

from collections.abc import Mapping

from msgspec import Struct

from clarion.dialects.smashsend.emails import wire

_ID = "0199c0ffee0000000000000000000001"
_WHEN = "2026-01-15T10:30:00.000Z"
_TEMPLATE = wire.Template(
    id=f"tpl_{_ID}", name="welcome-email", display_name="welcome-email", subject="Welcome, $!firstName",
    preview_text="", status="ACTIVE", created_at=_WHEN, updated_at=_WHEN,
    variables={"firstName": wire.Variable("firstName")}, body_html="<p>Hello $!firstName</p>", body_text=None,
)  # fmt: skip

#: By the type of the answer.
ANSWERS: Mapping[type[Struct], Struct] = {
    wire.OneEmail: wire.OneEmail(
        wire.SentEmail(
            message_id=f"msg_{_ID}", status="SCHEDULED", to="ann@example.com", type="raw",
            from_="Shop <hello@shop.example>", subject="Your order has shipped", group_by="order-shipped",
        )
    ),
    wire.Templates: wire.Templates(wire.TemplatePage([_TEMPLATE], None, has_more=False)),
    wire.OneTemplate: wire.OneTemplate(_TEMPLATE),
}  # fmt: skip
