"""`clarion credential`: ways in for callers."""

from typing import Annotated, TypeAlias

from cyclopts import App, Parameter

from clarion import errors
from clarion.accounts import Role
from clarion.api import Call, Nothing, auth, views
from clarion.api.nouns import credential
from clarion.api.nouns._fields import LIMIT_MAX
from clarion.cli._call import OfWorkspace, example, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_one
from clarion.dialects import DIALECTS
from clarion.serve import folder

app = App(name="credential", help="Credentials: keys for vendors' callers, tokens for the management API.")

Bare: TypeAlias = Annotated[
    bool, Parameter(negative="", help="Print what the caller needs alone, a value a line, for scripts.")
]
_COLUMNS = ("id", "dialect", "role", "label", "token_start", "rates", "created_at", "last_used_at", "revoked")


@app.command
def create(
    *,
    workspace: OfWorkspace = None,
    dialect: Annotated[str | None, Parameter(help="Whose callers it is for.")] = None,
    manage: Annotated[bool, Parameter(negative="", help="A token of the management API.")] = False,
    role: Annotated[Role | None, Parameter(help="What that token may do.")] = None,
    label: Annotated[str, Parameter(help="To tell it from others.")] = "",
    bare: Bare = False,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Make a credential and show what its caller needs, by the names that the vendor uses, and a first call."""
    if manage == (dialect is not None):
        raise errors.Invalid(f"give --manage, or --dialect with one of: {', '.join(DIALECTS)}")
    wish = credential.Create(dialect=dialect or auth.DIALECT, role=role, label=label)

    async def make(call: Call) -> dict[str, str]:
        return await credential.create(call, wish)

    told = with_call(place, "credential create", workspace, make)
    _show_secret(told, bare, json)
    if dialect and not bare and not json:
        (key,) = (value for name, value in told.items() if name not in views.ISSUED_BESIDE)
        settings = place.load().settings
        base_url = folder.served_at(settings.data) or settings.base_url
        print(f"\nTry it:\n\n  {DIALECTS[dialect].curl(base_url, key)}")


@app.command(name="list")
def list_(*, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """All credentials without their secrets, oldest first."""

    async def ask(call: Call) -> list[views.Credential]:
        return await credential.list_all(call, Nothing())

    found = with_call(place, "credential list", workspace, ask)
    if not found and not json:
        words = f"credential create --dialect {next(iter(DIALECTS))}"
        if workspace:
            words += f" --workspace {workspace}"
        print(f"No credentials yet. Make one:\n\n  {example(words, place)}")
        return
    show_rows(found, _COLUMNS, json=json)


@app.command
def show(
    credential_id: str,
    *,
    reveal: Annotated[bool, Parameter(negative="", help="With its secret; the audit notes it.")] = False,
    bare: Bare = False,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """One credential."""
    wish = credential.One(credential_id)

    async def ask(call: Call) -> dict[str, str] | views.Credential:
        return await (credential.reveal(call, wish) if reveal else credential.show(call, wish))

    found = with_call(place, "credential show", workspace, ask)
    if isinstance(found, dict):
        _show_secret(found, bare, json)
    else:
        show_one(found, json=json)


@app.command
def use(
    credential_id: str | None = None,
    /,
    *,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """What callers used of their limits in the last hour."""

    async def ask(call: Call) -> list[views.CredentialUse]:
        return await credential.use(call, credential.Used(credential_id=credential_id))

    columns = views.CredentialUse.__struct_fields__
    none = "Nobody called in the last hour."
    show_rows(with_call(place, "credential use", workspace, ask), columns, json=json, none=none)


@app.command
def rejected(
    credential_id: str,
    *,
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """What its callers were refused and why, newest first; the audit notes who looked."""
    if not 1 <= limit <= LIMIT_MAX:
        raise errors.Invalid(f"a limit is between 1 and {LIMIT_MAX}")
    wish = credential.Rejections(credential_id=credential_id, limit=limit)

    async def ask(call: Call) -> list[views.Rejected]:
        return await credential.rejected(call, wish)

    found = with_call(place, "credential rejected", workspace, ask)
    none = "Nothing that its callers sent was refused, or it was deleted with a person who was erased."
    show_rows(found, ("at", "code", "message", "body"), json=json, none=none)


@app.command
def revoke(
    credential_id: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False
) -> None:
    """From now on it opens nothing."""

    async def do(call: Call) -> views.Credential:
        return await credential.revoke(call, credential.One(credential_id))

    show_one(with_call(place, "credential revoke", workspace, do), json=json)


@app.command(name="set")
def set_(
    *,
    dialect: Annotated[str, Parameter(help="Whose callers' limits.")],
    rate: Annotated[int, Parameter(help="Requests a minute; 0 is no limit.")],
    bucket: Annotated[str | None, Parameter(help="Which of the dialect's limits; else all.")] = None,
    credential_id: Annotated[str | None, Parameter(name="--id", help="Of this credential; else all.")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Set rate limits of one or all of a dialect's credentials."""
    if not 0 <= rate <= credential.PER_MINUTE_MAX:
        raise errors.Invalid(
            f"a rate is between 0 (no limit) and {credential.PER_MINUTE_MAX} requests a minute"
        )
    wish = credential.SetRates(dialect=dialect, per_minute=rate, bucket=bucket, credential_id=credential_id)

    async def do(call: Call) -> list[views.Credential]:
        return await credential.set_rates(call, wish)

    show_rows(with_call(place, "credential set", workspace, do), _COLUMNS, json=json)


def _show_secret(told: dict[str, str], bare: bool, json: bool) -> None:
    if bare:
        print(*(value for name, value in told.items() if name not in views.ISSUED_BESIDE), sep="\n")
    else:
        show_one(told, json=json)
