"""An event as it was sent -> an event in our words, or what is wrong with it. Pure."""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from clarion.dialects.smashsend import rules, wire
from clarion.dialects.smashsend.codes import Code, Problem
from clarion.dialects.smashsend.rules import Valid
from clarion.model import DAY_US, Dedup, Event, Identity, IdentityKind, Mode, Offer, Reach, Sample

DEDUP_WINDOW_S = DAY_US // 1_000_000
_ID_OCTETS = 16
_EMAIL, _ONCE = IdentityKind.EMAIL, Mode.ONCE  # an enumeration's member costs 0.05 us to look up

_canonical_json = msgspec.json.Encoder(order="deterministic").encode

Judged = Offer | list[Problem]


def judge(sent: bytes | msgspec.Raw, now_us: int) -> Judged:
    """One event, alone or of a batch: what it offers, or all that is wrong with it."""
    if len(sent) > rules.EVENT_BYTES_MAX:
        return [Problem(Code.PAYLOAD_TOO_LARGE, rules.EVENT_TOO_LARGE)]
    plain = wire.read_plain(sent)
    if plain is not None and (valid := rules.check_plain(plain, now_us)) is not None:
        return offer(valid, now_us)
    try:
        track = wire.read_track(sent)
    except wire.Malformed as exc:
        return [malformed(exc)]
    checked = rules.check(track, now_us)
    return offer(checked, now_us) if isinstance(checked, Valid) else checked


def judge_batch(body: bytes, now_us: int) -> tuple[list[Judged], list[Sample]]:
    """Each event of a batch, and samples of what is refused. Raises wire.Malformed."""
    sent = wire.read_batch(body)
    plain = _plain_offers(body, now_us) if max(map(len, sent), default=0) <= rules.EVENT_BYTES_MAX else None
    if plain is not None:
        return plain, []
    judged = [judge(event, now_us) for event in sent]
    samples = [
        sample(event, found) for event, found in zip(sent, judged, strict=True) if isinstance(found, list)
    ]
    return judged, samples


def _plain_offers(body: bytes, now_us: int) -> list[Judged] | None:
    """What the events offer; None when one of them needs a closer look."""
    offers: list[Judged] = []
    for track in wire.read_plain_batch(body) or ():
        valid = rules.check_plain(track, now_us)
        if valid is None:
            return None
        offers.append(offer(valid, now_us))
    return offers or None


def malformed(exc: wire.Malformed) -> Problem:
    """What cannot be read at all."""
    return Problem(Code.INVALID_EVENT, str(exc))


def sample(sent: bytes | msgspec.Raw, problems: Sequence[Problem]) -> Sample:
    """What was refused, with the first of its problems."""
    return Sample.of(problems[0].code, problems[0].message, sent)


def offer(event: Valid, now_us: int) -> Offer:
    """The event, found by its e-mail, new unless its message id was seen in the last 24 hours."""
    traits = event.traits
    return Offer(
        Event(
            name=event.name,
            occurred_at_us=now_us if event.timestamp_us is None else event.timestamp_us,
            identities=(Identity(_EMAIL, "", event.email),),
            reaches=_reaches(traits.get("phone")) if traits else (),
            traits=traits,
            properties=event.properties,
        ),
        Dedup(_ONCE, event.message_id or made_message_id(event), DEDUP_WINDOW_S),
    )


def made_message_id(event: Valid) -> str:
    """The message id of an event that brought none: what it says, hashed.

    Keys are sorted, so their order does not matter. The time counts only if the caller gave one, else a retry
    would never be known. Made from what was sent, before it is stored: databases turn -0.0 into 0.0.
    """
    content = (event.name, event.email, event.traits, event.properties, event.timestamp_us)
    return f"msg_{blake2b(_canonical_json(content), digest_size=_ID_OCTETS).hexdigest()}"


def _reaches(phone: object) -> tuple[Reach, ...]:
    """`traits.phone` reaches a person by SMS; it never says who they are."""
    return (Reach("sms", phone),) if type(phone) is str and phone else ()
