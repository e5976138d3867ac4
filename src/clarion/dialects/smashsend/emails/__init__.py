"""E-mails that a caller sends, raw or by a template, what became of them, and the templates there are.

`wire` (types under the vendor's names), `mapping` (a wish -> a send, its state -> the vendor's word; pure), `sending`
and `templates` (the calls, one function each), `calls` (the table of them), `shown` (answers, for the reference page).
"""

from clarion.dialects.smashsend.emails.calls import CALLS
from clarion.dialects.smashsend.emails.shown import ANSWERS

__all__ = ["ANSWERS", "CALLS"]
