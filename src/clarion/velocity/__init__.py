"""Velocity: the template language that eSputnik's users write, run safely.

The semantics are Apache Velocity Engine 2.4.1's (https://velocity.apache.org/engine/2.4.1/user-guide.html), with what
the vendor adds; docs/reference/velocity.md says what differs. It is a library of its own: it knows nothing of the rest
of Clarion.

    render("Hi $!name", {"name": "Ann"})                     # 'Hi Ann'
    order = compile("#foreach($i in $items)$i.name #end")   # once per version of a template
    order.render({"items": [{"name": "Tea"}]}, escape=True)

A context holds what JSON holds: strings, numbers, truth values, None, lists, dicts. What a template may do with them
stands in one table (methods.py); attributes of Python objects are never asked for, and everything has a budget
(limits.py). On the way: cursor, expressions, directives, parser -> tree -> references, compiler, statements.
"""

from clarion.velocity.errors import Exhausted, Failed, Malformed, Refused, VelocityError
from clarion.velocity.limits import Limits
from clarion.velocity.linter import Lint, lint
from clarion.velocity.template import Template, compile, render

__all__ = [
    "Exhausted",
    "Failed",
    "Limits",
    "Lint",
    "Malformed",
    "Refused",
    "Template",
    "VelocityError",
    "compile",
    "lint",
    "render",
]
