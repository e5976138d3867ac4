"""Writing one contact: in the transaction of a call, or of an import's job."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from clarion import accounts, errors, events, profiles
from clarion.db import Tx
from clarion.dialects.esputnik.contacts import mapping
from clarion.dialects.esputnik.contacts.mapping import Told, Whom
from clarion.dialects.esputnik.wire import Malformed
from clarion.model import Identity, IdentityKind, Ids, JSONObject, ProfileChange
from clarion.profiles import Person, Update
from clarion.vault import Vault

_TAKEN = "Another contact has this {}"
_NOT_FOUND = "Contact with id='{}' not found"


class Writer(Struct, frozen=True, kw_only=True):
    """Where and how contacts are written. `names`: additional fields by number. `now_us`: by the database's clock."""

    tx: Tx
    workspace_id: UUID
    namespace: str
    vault: Vault
    ids: Ids
    now_us: int
    names: Mapping[int, str]
    cause: str = "call"

    async def upsert(self, contact: Told, whom: Whom) -> tuple[UUID, bool]:
        """Make a contact, or change the one who is found; the profile, and whether it is new. Raises Invalid."""
        told = await self.traits(contact)
        held = await self.find(whom.identities)
        change = ProfileChange(
            identities=whom.identities, reaches=whom.reaches, traits=told | _restored(held)
        )
        written = await profiles.write(
            self.tx, self.workspace_id, change,
            vault=self.vault, ids=self.ids, now_us=self.now_us, cause=self.cause,
        )  # fmt: skip
        return written.member, held is None and written.made

    async def find(self, identities: Sequence[Identity]) -> Person | None:
        """Whom one of these finds already."""
        for identity in identities:
            found = await profiles.find_person(self.tx, self.workspace_id, identity, vault=self.vault)
            if found is not None:
                return found
        return None

    async def update(self, profile_id: UUID, contact: Told) -> UUID:
        """Change a contact by its profile; another e-mail takes the place of the one it has.

        Raises NotFound, AlreadyThere (somebody else has the e-mail or the shop's id), Invalid.
        """
        told = await self.traits(contact)
        email = contact.emails[0] if contact.emails else None
        named = [Identity(IdentityKind.EMAIL, "", email)] if email else []
        held = await profiles.read_person(self.tx, self.workspace_id, profile_id, vault=self.vault)
        wish = Update(traits=told | _restored(held), reaches=mapping.reaches(contact, named), email=email)
        try:
            member = await events.update_person(
                self.tx, self.workspace_id, profile_id, wish, vault=self.vault, ids=self.ids
            )
        except errors.AlreadyThere as exc:
            raise errors.AlreadyThere(_TAKEN.format("email")) from exc
        if contact.external_id is not None:
            await self._name(profile_id, contact.external_id)
        return member

    async def by_number(self, number: int) -> UUID:
        """Raises NotFound."""
        found = await accounts.ids_of_numbers(self.tx, self.workspace_id, profiles.PROFILE, [number])
        if number not in found:
            raise errors.NotFound(_NOT_FOUND.format(number))
        return found[number]

    async def traits(self, contact: Told) -> JSONObject:
        """By our names. Raises Invalid where a field's definition refuses a value."""
        try:
            told = mapping.traits(contact, self.names)
        except Malformed as exc:
            raise errors.Invalid(str(exc)) from exc
        problems = await profiles.check_traits(self.tx, self.workspace_id, told) if contact.fields else []
        if problems:
            number = next((n for n, name in self.names.items() if name == problems[0].name), 0)
            raise errors.Invalid(f"The field with id='{number}': {problems[0].reason}")
        return told

    async def _name(self, profile_id: UUID, external_id: str) -> None:
        """Give a contact the shop's id."""
        identity = Identity(IdentityKind.EXTERNAL_ID, self.namespace, external_id)
        leads = await profiles.leads_of(self.tx, self.workspace_id, [profile_id], vault=self.vault)
        lead = leads.get(profile_id)
        if lead is None or lead == identity:
            return
        holder = await self.find([identity])
        if holder is not None or (lead.kind is identity.kind and lead.namespace == identity.namespace):
            raise errors.AlreadyThere(_TAKEN.format("externalCustomerId"))
        change = ProfileChange(identities=(identity, lead))
        await events.write_person(self.tx, self.workspace_id, change, vault=self.vault, ids=self.ids)


def is_deleted(held: Person | None) -> bool:
    """Whether there is such a contact, deleted and not erased."""
    return held is not None and held.traits.get(mapping.DELETED) is True


def _restored(held: Person | None) -> JSONObject:
    """Who is written is there again."""
    return {mapping.DELETED: None} if is_deleted(held) else {}


async def field_names(tx: Tx, workspace_id: UUID) -> dict[int, str]:
    """Additional fields by their number."""
    return {one.number: one.name for one in await profiles.list_traits(tx, workspace_id)}
