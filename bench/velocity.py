"""`./run bench velocity`: an order mail of about 3 KB with five rows, rendered by our Velocity and by airspeed.

Both render the same template with the same order in turn, so that both are of one machine and hour; before anything
is counted their outputs are compared. Seconds are of this process's CPU.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import airspeed
import msgspec
from cyclopts import Parameter
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from clarion import velocity as ours

_ROW = """\
<tr>
  <td style="padding:8px"><a href="$item.url"><img src="$item.image" width="80" alt="$item.name"></a></td>
  <td style="padding:8px;font-family:Arial,sans-serif;font-size:14px">$item.name#if($item.color), $item.color#end</td>
  <td style="padding:8px;text-align:right">$item.quantity &times; $item.price</td>
  #if($item.quantity > 1)<td style="padding:8px">$!item.total</td>#else<td></td>#end

</tr>
"""
TEMPLATE = f"""\
<html><head><title>Order $order.id</title></head>
<body style="margin:0;background:#f4f4f4">
<table width="600" align="center" cellpadding="0" cellspacing="0" style="background:#ffffff">
<tr><td colspan="4" style="padding:24px"><h1>Thank you, $!customer.first_name!</h1>
#if($order.status == "paid")<p>Your order $order.id is paid; we pack it today.</p>
#elseif($order.status == "new")<p>Your order $order.id waits for its payment.</p>
#else<p>Your order $order.id is being looked at.</p>#end
</td></tr>
#set($count = 0)
#foreach($item in $order.items)
#set($count = $count + $item.quantity)
{_ROW}#end
<tr><td colspan="3" style="padding:8px">Pieces</td><td style="text-align:right">$count</td></tr>
#if($order.discount > 0)<tr><td colspan="3">Discount</td><td>- $order.discount $order.currency</td></tr>#end
<tr><td colspan="3" style="padding:8px">Delivery: $order.delivery.method, $order.delivery.address</td>
<td style="text-align:right">$order.delivery.price</td></tr>
<tr><td colspan="3" style="padding:8px"><b>Total</b></td><td><b>$order.total $order.currency</b></td></tr>
</table>
<p style="padding:24px;font-family:Arial,sans-serif;font-size:14px">We write again when the parcel leaves our house,
with the number under which the carrier shows where it is. Until then you can change the address or the hour on
the page of your order. What you do not like goes back within thirty days, at no cost.</p>
<p style="font-size:12px">You get this mail at $customer.email because you ordered with us.
<a href="https://shop.example/unsubscribe?c=$customer.id">No more mails</a> $!nothing</p>
</body></html>
"""
ORDER: dict[str, Any] = {
    "customer": {"id": 815, "first_name": "Ann", "email": "ann@example.com"},
    "order": {
        "id": "100500",
        "status": "paid",
        "total": 129.5,
        "discount": 5,
        "currency": "EUR",
        "delivery": {"method": "courier", "address": "First str. 1", "price": 4.5},
        "items": [
            {
                "name": f"Super Device {number}",
                "color": "black" if number % 2 else "",
                "url": f"https://shop.example/item/{number}",
                "image": f"https://shop.example/item/{number}/image.png",
                "quantity": number,
                "price": 19.9,
                "total": 19.9 * number,
            }
            for number in range(1, 6)
        ],
    },
}
RATIO_MIN = 5.0


class Engine(Struct, frozen=True, kw_only=True):
    """Renders a second (median, least and most of the rounds), and milliseconds to compile."""

    renders_per_s: float
    least: float
    most: float
    compile_ms: float


class Found(Struct, frozen=True, kw_only=True):
    template_bytes: int
    mail_bytes: int
    clarion: Engine
    airspeed: Engine
    ratio: float


def velocity(
    *,
    seconds: Annotated[float, Parameter(help="Length of each counted phase.")] = 1.0,
    rounds: Annotated[int, Parameter(help="How often both engines are taken in turn.")] = 5,
    json: Annotated[bool, Parameter(negative="", help="One JSON document instead of a table.")] = False,
) -> int:
    """Render an order mail beside airspeed; exit 1 when we are not five times as fast, or the mails differ."""
    if not (0.05 <= seconds <= 600 and 1 <= rounds <= 100):
        sys.stderr.write("bench: give 0.05 to 600 seconds, 1 to 100 rounds\n")
        return 2
    template, other = ours.compile(TEMPLATE), airspeed.Template(TEMPLATE)
    mail, their_mail = template.render(ORDER), other.merge(ORDER)
    if mail.split() != their_mail.split():
        sys.stderr.write("bench: the two engines make different mails of the template\n")
        return 1
    found = _measured(template, other, seconds, rounds, len(mail.encode()))
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        _show(found)
    return 0 if found.ratio >= RATIO_MIN else 1


def _measured(template: ours.Template, other: Any, seconds: float, rounds: int, mail_bytes: int) -> Found:
    rates: tuple[list[float], list[float]] = ([], [])
    compiles: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        rates[0].append(_rate(lambda: template.render(ORDER), seconds))
        rates[1].append(_rate(lambda: other.merge(ORDER), seconds))
        compiles[0].append(1000 / _rate(lambda: ours.compile(TEMPLATE), seconds / 4))
        # airspeed parses when it first renders.
        first = 1000 / _rate(lambda: airspeed.Template(TEMPLATE).merge(ORDER), seconds / 4)
        compiles[1].append(max(0.0, first - 1000 / rates[1][-1]))
    return Found(
        template_bytes=len(TEMPLATE.encode()),
        mail_bytes=mail_bytes,
        clarion=_engine(rates[0], compiles[0]),
        airspeed=_engine(rates[1], compiles[1]),
        ratio=statistics.median(one / another for one, another in zip(*rates, strict=True)),
    )


def _engine(rates: list[float], compile_ms: list[float]) -> Engine:
    return Engine(
        renders_per_s=statistics.median(rates),
        least=min(rates),
        most=max(rates),
        compile_ms=statistics.median(compile_ms),
    )


def _rate(once: Callable[[], object], seconds: float) -> float:
    """How often a second of CPU, over at least so many seconds of it."""
    count, begin = 0, time.process_time()
    while (passed := time.process_time() - begin) < seconds:
        once()
        count += 1
    return count / passed


def _show(found: Found) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("order mail", "renders/s", "least", "most", "compile ms"):
        table.add_column(title, justify="right" if title != "order mail" else "left")
    for name in ("clarion", "airspeed"):
        engine: Engine = getattr(found, name)
        rates = (f"{value:,.0f}" for value in (engine.renders_per_s, engine.least, engine.most))
        table.add_row(name, *rates, f"{engine.compile_ms:.2f}")
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    console.print(table)
    console.print(
        f"{found.ratio:.1f} times airspeed (median of the rounds; at least {RATIO_MIN:g} is promised). "
        f"The template has {found.template_bytes:,} bytes, the mail {found.mail_bytes:,}."
    )
