-- name: find_identities
-- Members by blind index; a weaker identity may have none yet.
SELECT blind, profile_id FROM identity WHERE workspace_id = $1 AND blind = ANY($2::uuid[]);

-- name: insert_identities
-- New ones in sorted order; one that had no member gets the one given, in the person that it stands in.
INSERT INTO identity (workspace_id, blind, profile_id, root_id, kind, namespace, sealed, stamp_us, stamp_id)
SELECT $1, blind, profile_id, profile_id, kind, namespace, sealed, stamp_us, stamp_id
FROM unnest($2::uuid[], $3::uuid[], $4::smallint[], $5::text[], $6::bytea[], $7::bigint[], $8::uuid[])
     AS i(blind, profile_id, kind, namespace, sealed, stamp_us, stamp_id)
ORDER BY blind
ON CONFLICT (workspace_id, blind) DO UPDATE
    SET profile_id = excluded.profile_id, root_id = coalesce(identity.root_id, excluded.profile_id)
    WHERE identity.profile_id IS NULL AND excluded.profile_id IS NOT NULL
RETURNING blind, profile_id, root_id;

-- name: insert_profiles
-- Each is its own root, but for one whose identity was somebody's before.
INSERT INTO profile (workspace_id, profile_id, root_id, created_us)
SELECT $1, profile_id, root_id, created_us
FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS p(profile_id, root_id, created_us);

-- name: insert_addresses
-- Known ones stay as they are.
INSERT INTO address (workspace_id, profile_id, channel, blind, domain_blind, irregular, sealed, stamp_us, stamp_id)
SELECT $1, profile_id, channel, blind, domain_blind, irregular, sealed, stamp_us, stamp_id
FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::boolean[], $7::bytea[], $8::bigint[], $9::uuid[])
     AS a(profile_id, channel, blind, domain_blind, irregular, sealed, stamp_us, stamp_id)
ON CONFLICT (workspace_id, profile_id, channel, blind) DO NOTHING;

-- name: insert_links
-- Once a pair, with its first stamp; says which are new, or older than was known.
INSERT INTO identity_link (workspace_id, strong, weak, stamp_us, stamp_id, by_hand)
SELECT $1, strong, weak, stamp_us, stamp_id, $6
FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::uuid[]) AS l(strong, weak, stamp_us, stamp_id)
ON CONFLICT (workspace_id, strong, weak, by_hand) DO UPDATE
    SET stamp_us = excluded.stamp_us, stamp_id = excluded.stamp_id
    WHERE (identity_link.stamp_us, identity_link.stamp_id) > (excluded.stamp_us, excluded.stamp_id)
RETURNING strong, weak;

-- name: lock_people
-- Who is one person with whom is decided by one transaction of a workspace at a time.
SELECT pg_advisory_xact_lock(hashtextextended('people ' || $1::uuid::text, 0));

-- name: find_nodes
-- Identities, by blind index or as all of some people.
SELECT blind, kind, namespace, profile_id, root_id, newest, shared FROM identity
WHERE workspace_id = $1 AND (blind = ANY($2::uuid[]) OR root_id = ANY($3::uuid[]));

-- name: list_cuts
-- Made by hand, so few.
SELECT one_side, other_side, stamp_us FROM identity_cut WHERE workspace_id = $1;

-- name: find_component
-- All identities that are linked with some, at any distance, whatever became of the links.
WITH RECURSIVE reached (blind) AS (
    SELECT unnest($2::uuid[])
    UNION
    SELECT o.blind FROM reached AS r CROSS JOIN LATERAL (
        SELECT weak AS blind FROM identity_link WHERE workspace_id = $1 AND strong = r.blind
        UNION ALL
        SELECT strong FROM identity_link WHERE workspace_id = $1 AND weak = r.blind
    ) AS o
)
SELECT blind FROM reached LIMIT $3;

-- name: find_links
-- Among some identities.
SELECT strong, weak, stamp_us, stamp_id, by_hand FROM identity_link
WHERE workspace_id = $1 AND strong = ANY($2::uuid[]);

-- name: raise_newest
-- The newest link that names an identity.
UPDATE identity AS i SET newest = greatest(i.newest, n.newest)
FROM unnest($2::uuid[], $3::bytea[]) AS n(blind, newest) WHERE i.workspace_id = $1 AND i.blind = n.blind;

-- name: move_identities
-- Whom they find from now on.
UPDATE identity AS i SET root_id = n.root_id, shared = n.shared
FROM unnest($2::uuid[], $3::uuid[], $4::boolean[]) AS n(blind, root_id, shared)
WHERE i.workspace_id = $1 AND i.blind = n.blind;

-- name: move_members
-- Whose members they are from now on.
UPDATE profile AS p SET root_id = n.root_id FROM unnest($2::uuid[], $3::uuid[]) AS n(profile_id, root_id)
WHERE p.workspace_id = $1 AND p.profile_id = n.profile_id;

-- name: insert_cut
-- Two sides of an un-merge.
INSERT INTO identity_cut (workspace_id, cut_id, one_side, other_side, stamp_us) VALUES ($1, $2, $3, $4, $5);

-- name: share_definitions
-- Ours to read until the commit: who changes one waits for us, we for them.
SELECT pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 5));

-- name: own_definitions
-- Ours to change until the commit: nobody folds by what they were.
SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 5));

-- name: own_settling
-- One applies a changed definition at a time, and nobody changes one meanwhile. No row: those are locked after profiles.
SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 6));

-- name: list_traits
-- The workspace's definitions; a few hundred at most.
SELECT name, type, personal, options, readonly FROM trait WHERE workspace_id = $1;

-- name: insert_traits
-- Discovered from values; a definition that is there wins.
INSERT INTO trait (workspace_id, name, type, personal, example)
SELECT $1, name, type, personal, example::jsonb
FROM unnest($2::text[], $3::text[], $4::boolean[], $5::text[]) AS t(name, type, personal, example)
ON CONFLICT (workspace_id, name) DO NOTHING RETURNING name;

-- name: count_refused
-- By how much, and the last reason.
UPDATE trait AS t SET refused = t.refused + n.refused, refused_reason = n.reason, refused_us = n.stamp_us
FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[]) AS n(name, refused, reason, stamp_us)
WHERE t.workspace_id = $1 AND t.name = n.name;

-- name: lock_traits
-- In sorted order, before their counters.
SELECT name FROM trait WHERE workspace_id = $1 AND name = ANY($2::text[]) ORDER BY name FOR UPDATE;

-- name: show_traits
-- All definitions by name, or one.
SELECT name, type, required, readonly, personal, field_group, options, discovered, refused, refused_reason,
       refused_us, example::text, settling IS NOT NULL AS settling
FROM trait WHERE workspace_id = $1 AND ($2::text IS NULL OR name = $2) ORDER BY name;

-- name: define_trait
-- New, or as it shall be from now on. What is stored still has to be settled where type, seal or options changed.
INSERT INTO trait (workspace_id, name, type, required, readonly, personal, field_group, options, discovered)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false)
ON CONFLICT (workspace_id, name) DO UPDATE
SET type = excluded.type, required = excluded.required, readonly = excluded.readonly, personal = excluded.personal,
    field_group = excluded.field_group, options = excluded.options, discovered = false,
    example = CASE WHEN excluded.personal THEN NULL ELSE trait.example END,
    settling = CASE WHEN (trait.type, trait.personal, trait.options) IS DISTINCT FROM
                         (excluded.type, excluded.personal, excluded.options)
                    THEN '00000000-0000-0000-0000-000000000000'::uuid ELSE trait.settling END;

-- name: delete_trait
-- The definition; what profiles hold goes later.
DELETE FROM trait WHERE workspace_id = $1 AND name = $2 RETURNING type, personal, options, readonly;

-- name: count_holding
-- Profiles that hold a trait, or did.
SELECT count(*) FROM profile WHERE workspace_id = $1 AND stamps ? $2;

-- name: find_settling
-- How far a changed definition has been applied.
SELECT type, personal, options, readonly, settling FROM trait
WHERE workspace_id = $1 AND name = $2 AND settling IS NOT NULL;

-- name: set_settling
-- Applied up to this profile; null: to all.
UPDATE trait SET settling = $3 WHERE workspace_id = $1 AND name = $2;

-- name: lock_next_profiles
-- The next ones by id, with the fold where they are roots.
SELECT profile_id, root_id, traits, stamps, sealed, fold_traits, fold_stamps, fold_sealed FROM profile
WHERE workspace_id = $1 AND profile_id > $2 ORDER BY profile_id LIMIT $3 FOR UPDATE;

-- name: list_plain_changes
-- What the log of some profiles still says in plain of a trait.
SELECT profile_id, change_id, value FROM profile_change
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) AND what = $3 AND value IS NOT NULL;

-- name: seal_changes
-- The same, sealed.
UPDATE profile_change AS c SET value = NULL, sealed = n.sealed
FROM unnest($2::uuid[], $3::uuid[], $4::bytea[]) AS n(profile_id, change_id, sealed)
WHERE c.workspace_id = $1 AND c.profile_id = n.profile_id AND c.change_id = n.change_id;

-- name: lock_profiles
-- What members and their roots hold, ours until the commit, locked in sorted order.
SELECT profile_id, root_id, traits, stamps, sealed, fold_traits, fold_stamps, fold_sealed FROM profile
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[] || ARRAY(
    SELECT root_id FROM profile
    WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) AND root_id <> profile_id
)) ORDER BY profile_id FOR UPDATE;

-- name: lock_people_of
-- All members of some roots, locked in sorted order.
SELECT profile_id, root_id, traits, stamps, sealed, fold_traits, fold_stamps, fold_sealed FROM profile
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[] || ARRAY(
    SELECT profile_id FROM profile
    WHERE workspace_id = $1 AND root_id = ANY($2::uuid[]) AND root_id <> profile_id
)) ORDER BY profile_id FOR UPDATE;

-- name: update_traits
-- What they hold now. All are there, and locked: it never inserts. An UPDATE that joins the arrays may read all profiles
-- of the workspace instead of these, as the planner knows neither how many these are nor, of a young table, those.
INSERT INTO profile (workspace_id, profile_id, root_id, created_us, traits, stamps, sealed)
SELECT $1, profile_id, profile_id, 0, traits::jsonb, stamps::jsonb, sealed
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bytea[]) AS n(profile_id, traits, stamps, sealed)
ON CONFLICT (workspace_id, profile_id) DO UPDATE
    SET traits = excluded.traits, stamps = excluded.stamps, sealed = excluded.sealed;

-- name: update_folds
-- What people of several members hold together; null where there is one member only.
UPDATE profile AS p SET fold_traits = n.traits::jsonb, fold_stamps = n.stamps::jsonb, fold_sealed = n.sealed
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bytea[]) AS n(profile_id, traits, stamps, sealed)
WHERE p.workspace_id = $1 AND p.profile_id = n.profile_id;

-- name: delete_trait_blinds
-- Of values that changed.
DELETE FROM trait_blind WHERE workspace_id = $1 AND (profile_id, trait) IN (
    SELECT profile_id, trait FROM unnest($2::uuid[], $3::text[]) AS n(profile_id, trait)
);

-- name: insert_trait_blinds
-- What can be asked of first and last names.
INSERT INTO trait_blind (workspace_id, trait, blind, profile_id)
SELECT $1, trait, blind, profile_id FROM unnest($2::text[], $3::uuid[], $4::uuid[]) AS n(trait, blind, profile_id)
ON CONFLICT (workspace_id, trait, blind, profile_id) DO NOTHING;

-- name: find_by_name
-- The people of whom some member has this first and some member this last name; null: any.
SELECT DISTINCT p.root_id FROM profile AS p
WHERE p.workspace_id = $1
  AND p.profile_id IN (SELECT profile_id FROM trait_blind
                       WHERE workspace_id = $1 AND trait = $2 AND blind = $3)
  AND ($4::uuid IS NULL OR p.root_id IN (
      SELECT o.root_id FROM trait_blind AS b
      JOIN profile AS o ON o.workspace_id = b.workspace_id AND o.profile_id = b.profile_id
      WHERE b.workspace_id = $1 AND b.trait = 'last_name' AND b.blind = $4))
ORDER BY p.root_id LIMIT $5;

-- name: insert_changes
-- One line a changed value.
INSERT INTO profile_change (workspace_id, profile_id, change_id, what, value, sealed, stamp_us, stamp_id, cause,
                            refused)
SELECT $1, profile_id, change_id, what, value::jsonb, sealed, stamp_us, stamp_id, $9, refused
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::bigint[], $8::uuid[], $10::text[])
     AS c(profile_id, change_id, what, value, sealed, stamp_us, stamp_id, refused);

-- name: find_root
-- The person whom an identity finds.
SELECT root_id FROM identity WHERE workspace_id = $1 AND blind = $2;

-- name: read_members
-- A person's members, by any of them; the root among them.
SELECT m.profile_id, m.root_id, m.created_us, m.traits, m.sealed, m.fold_traits, m.fold_sealed
FROM profile AS one JOIN profile AS m ON m.workspace_id = one.workspace_id
     AND (m.profile_id = one.root_id OR (m.root_id = one.root_id AND m.root_id <> m.profile_id))
WHERE one.workspace_id = $1 AND one.profile_id = $2
ORDER BY m.profile_id;

-- name: list_identities
-- A person's, strongest first.
SELECT blind, kind, namespace, sealed FROM identity
WHERE workspace_id = $1 AND root_id = $2 AND NOT former ORDER BY kind, stamp_us, stamp_id;

-- name: list_addresses
-- Of some members, each once, by channel.
SELECT channel, blind, sealed, irregular FROM (
    SELECT DISTINCT ON (channel, blind) channel, blind, sealed, irregular, stamp_us, stamp_id FROM address
    WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) ORDER BY channel, blind, stamp_us, stamp_id
) AS once ORDER BY channel, stamp_us, stamp_id;

-- name: list_changes
-- Newest told first.
SELECT change_id, what, value, sealed, stamp_us, cause, refused FROM profile_change
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) ORDER BY stamp_us DESC, change_id DESC LIMIT $3;

-- name: lock_members
-- A person's members by any of them, ours until the commit, locked in sorted order; none of an erased one.
SELECT m.profile_id, m.root_id FROM profile AS m
WHERE m.workspace_id = $1 AND m.root_id = (SELECT root_id FROM profile WHERE workspace_id = $1 AND profile_id = $2)
  AND NOT m.erased
ORDER BY m.profile_id FOR UPDATE;

-- name: list_own_identities
-- A person's identities, by the root of some members.
SELECT blind, kind, sealed FROM identity WHERE workspace_id = $1 AND root_id IN (
    SELECT root_id FROM profile WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]));

-- name: find_held
-- Which of some addresses reach somebody.
SELECT DISTINCT blind FROM address
WHERE workspace_id = $1 AND channel = ANY('{email,sms}'::text[]) AND blind = ANY($2::uuid[]);

-- name: insert_tombstones
-- What processing knows an erased person by, and until when it was theirs.
INSERT INTO tombstone (workspace_id, blind, erased_us)
SELECT $1, blind, erased_us FROM unnest($2::uuid[], $3::bigint[]) AS t(blind, erased_us) ORDER BY blind, erased_us
ON CONFLICT (workspace_id, blind, erased_us) DO NOTHING;

-- name: find_tenures
-- Until when some identities were somebody's: what they became (null: that person was erased).
SELECT blind, stamp_us AS until_us, became FROM identity_moved WHERE workspace_id = $1 AND blind = ANY($2::uuid[])
UNION ALL
SELECT blind, erased_us, NULL FROM tombstone WHERE workspace_id = $1 AND blind = ANY($2::uuid[])
ORDER BY until_us;

-- name: erase_moved
-- What was replaced by identities of an erased person.
DELETE FROM identity_moved WHERE workspace_id = $1 AND became = ANY($2::uuid[]) RETURNING blind, stamp_us, address;

-- name: erase_identities
-- By blind index.
DELETE FROM identity WHERE workspace_id = $1 AND blind = ANY($2::uuid[]) RETURNING blind;

-- name: erase_links
-- On whichever side.
DELETE FROM identity_link WHERE workspace_id = $1 AND (strong = ANY($2::uuid[]) OR weak = ANY($2::uuid[]))
RETURNING strong;

-- name: find_cuts
-- Un-merges that name one of these, locked.
SELECT cut_id, one_side, other_side FROM identity_cut
WHERE workspace_id = $1 AND (one_side && $2::uuid[] OR other_side && $2::uuid[]) ORDER BY cut_id FOR UPDATE;

-- name: update_cut
-- What is left of its sides.
UPDATE identity_cut SET one_side = $3, other_side = $4 WHERE workspace_id = $1 AND cut_id = $2;

-- name: erase_addresses
-- Of some members.
DELETE FROM address WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) RETURNING channel, blind, sealed;

-- name: erase_trait_blinds
-- Of some members.
DELETE FROM trait_blind WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) RETURNING blind;

-- name: erase_changes
-- Of some members.
DELETE FROM profile_change WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) RETURNING change_id;

-- name: forget_examples
-- Those of traits that are a value of theirs, or were one.
UPDATE trait AS t SET example = NULL WHERE t.workspace_id = $1 AND t.example IS NOT NULL AND (
    EXISTS (SELECT FROM profile AS p WHERE p.workspace_id = $1 AND p.profile_id = ANY($2::uuid[])
            AND p.traits ->> t.name = t.example #>> '{}')
    OR EXISTS (SELECT FROM profile_change AS c WHERE c.workspace_id = $1 AND c.profile_id = ANY($2::uuid[])
               AND c.what = 'trait:' || t.name AND c.value #>> '{}' = t.example #>> '{}'))
RETURNING name;

-- name: erase_profiles
-- The rows stay, with nothing in them: whose the counted events are, without who that was.
UPDATE profile SET traits = '{}', stamps = '{}', sealed = NULL, zone = NULL, fold_traits = NULL, fold_stamps = NULL,
    fold_sealed = NULL, erased = true
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]);

-- name: insert_erasure
-- The receipt, with the line of this room.
INSERT INTO erasure (workspace_id, erasure_id, profile_id, erased_us, actor, awaited, lines)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb);

-- name: lock_erasure
-- One receipt, ours until the commit.
SELECT erasure_id, profile_id, erased_us, actor, awaited, lines FROM erasure
WHERE workspace_id = $1 AND erasure_id = $2 FOR UPDATE;

-- name: add_erasure_line
-- A room has erased its own.
UPDATE erasure SET lines = lines || $3::jsonb WHERE workspace_id = $1 AND erasure_id = $2;

-- name: list_erasures
-- Newest first; one where $2 names it.
SELECT erasure_id, profile_id, erased_us, actor, awaited, lines FROM erasure
WHERE workspace_id = $1 AND ($2::uuid IS NULL OR erasure_id = $2) ORDER BY erasure_id DESC LIMIT $3;

-- name: lock_person
-- All members of a profile's person, ours until the commit, locked in sorted order; none of the erased.
SELECT m.profile_id, m.root_id, m.traits, m.stamps, m.sealed FROM profile AS m
WHERE m.workspace_id = $1 AND NOT m.erased AND (m.profile_id = $2 OR m.root_id = (
    SELECT o.root_id FROM profile AS o WHERE o.workspace_id = $1 AND o.profile_id = $2))
ORDER BY m.profile_id FOR UPDATE;

-- name: find_roots
-- The persons of some profiles; of an unknown or an erased one nothing.
SELECT DISTINCT root_id FROM profile WHERE workspace_id = $1 AND NOT erased AND profile_id = ANY($2::uuid[]);

-- name: read_people
-- All members of the persons of some profiles, whoever these are members of by now; of an erased one nothing.
SELECT m.profile_id, m.root_id, m.created_us, m.traits, m.stamps, m.sealed, m.fold_traits, m.fold_sealed
FROM profile AS m CROSS JOIN (SELECT ARRAY(
    SELECT root_id FROM profile WHERE workspace_id = $1 AND NOT erased AND profile_id = ANY($2::uuid[])) AS ids) AS root
WHERE m.workspace_id = $1 AND (
    m.profile_id = ANY(root.ids) OR m.root_id = ANY(root.ids) AND m.root_id <> m.profile_id)
ORDER BY m.profile_id;

-- name: list_emails
-- The e-mails that find some persons, oldest first.
SELECT root_id, profile_id, blind, sealed, stamp_us, stamp_id FROM identity
WHERE workspace_id = $1 AND root_id = ANY($2::uuid[]) AND kind = 2 AND NOT former ORDER BY stamp_us, stamp_id;

-- name: list_people_up
-- A page of persons, oldest first; $3: a trait that has to be $4, and $5 where it is not set.
SELECT profile_id FROM profile
WHERE workspace_id = $1 AND NOT erased AND root_id = profile_id AND profile_id > $2
  AND ($3::text IS NULL OR coalesce(coalesce(fold_traits, traits) ->> $3::text, $5::text) = $4::text)
ORDER BY profile_id LIMIT $6;

-- name: list_people_down
-- The same, newest first.
SELECT profile_id FROM profile
WHERE workspace_id = $1 AND NOT erased AND root_id = profile_id AND profile_id < $2
  AND ($3::text IS NULL OR coalesce(coalesce(fold_traits, traits) ->> $3::text, $5::text) = $4::text)
ORDER BY profile_id DESC LIMIT $6;

-- name: count_people
-- How many there are in all.
SELECT count(*) FROM profile
WHERE workspace_id = $1 AND NOT erased AND root_id = profile_id
  AND ($2::text IS NULL OR coalesce(coalesce(fold_traits, traits) ->> $2::text, $4::text) = $3::text);

-- name: find_holder
-- Whom an identity finds, ours until the commit; null while it is only an address of somebody.
SELECT root_id FROM identity WHERE workspace_id = $1 AND blind = $2 FOR UPDATE;

-- name: give_identity
-- The first e-mail of a person, weaker than what the person was found by so far.
INSERT INTO identity (workspace_id, blind, root_id, kind, sealed, stamp_us, stamp_id) VALUES ($1, $2, $3, 2, $4, $5, $6)
ON CONFLICT (workspace_id, blind) DO UPDATE SET root_id = excluded.root_id WHERE identity.root_id IS NULL
RETURNING blind;

-- name: find_lead
-- The identity that made a profile, or one of those that found it first.
SELECT blind FROM identity WHERE workspace_id = $1 AND root_id = $2
ORDER BY profile_id = $2 DESC NULLS LAST, kind, blind LIMIT 1;

-- name: delete_nobody
-- An identity that only was an address.
DELETE FROM identity WHERE workspace_id = $1 AND blind = $2 AND root_id IS NULL;

-- name: rename_identity
-- Another value takes its place, whoever it finds; `former`: none does.
UPDATE identity SET blind = $3, sealed = $4, former = $5 WHERE workspace_id = $1 AND blind = $2;

-- name: set_identity_stamp
-- Since when it is the person's.
UPDATE identity SET stamp_us = $3, stamp_id = $4 WHERE workspace_id = $1 AND blind = $2;

-- name: rename_in_cuts
-- An un-merge parts the identity under its new value.
UPDATE identity_cut SET one_side = array_replace(one_side, $2::uuid, $3::uuid),
    other_side = array_replace(other_side, $2::uuid, $3::uuid)
WHERE workspace_id = $1 AND (one_side @> ARRAY[$2::uuid] OR other_side @> ARRAY[$2::uuid]);

-- name: drop_former_places
-- Wherever the person whom $2 finds had them before $4.
DELETE FROM address AS a
USING unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS f(became, blind, until_us), identity AS i, profile AS p
WHERE a.workspace_id = $1 AND a.channel = 'email' AND a.blind = f.blind AND a.stamp_us < f.until_us
  AND i.workspace_id = $1 AND i.blind = f.became
  AND p.workspace_id = $1 AND p.profile_id = a.profile_id AND p.root_id = i.root_id;

-- name: take_links
-- Of an identity that is replaced.
DELETE FROM identity_link WHERE workspace_id = $1 AND (strong = $2 OR weak = $2)
RETURNING strong, weak, stamp_us, stamp_id, by_hand;

-- name: insert_moved
-- What was accepted earlier under this identity goes by another from now on.
INSERT INTO identity_moved (workspace_id, blind, stamp_us, became, address) VALUES ($1, $2, $4, $3, $5);

-- name: follow_moved
-- What became one that is replaced goes on with it.
UPDATE identity_moved SET became = $3 WHERE workspace_id = $1 AND became = $2;

-- name: declare_trait
-- Not discovered but said; one that is there stays as it is.
INSERT INTO trait (workspace_id, name, type, personal, options, discovered) VALUES ($1, $2, $3, $4, $5, false)
ON CONFLICT (workspace_id, name) DO NOTHING RETURNING name;

-- name: list_definitions
-- By name.
SELECT name, type, personal, discovered, created_at, options FROM trait WHERE workspace_id = $1 ORDER BY name;

-- name: list_leads
-- The strongest identity of the person behind each of some profiles.
SELECT DISTINCT ON (p.profile_id) p.profile_id, i.blind, i.kind, i.namespace, i.sealed
FROM profile AS p JOIN identity AS i ON i.workspace_id = p.workspace_id AND i.root_id = p.root_id
WHERE p.workspace_id = $1 AND p.profile_id = ANY($2::uuid[])
ORDER BY p.profile_id, i.kind, i.stamp_us, i.stamp_id;

-- name: find_by_address
-- The people whom an address reaches.
SELECT DISTINCT p.root_id FROM address AS a
JOIN profile AS p ON p.workspace_id = a.workspace_id AND p.profile_id = a.profile_id
WHERE a.workspace_id = $1 AND a.channel = $2 AND a.blind = $3 ORDER BY p.root_id LIMIT $4;

-- name: find_reached
-- Whom some addresses reach: of each the person that was made first.
SELECT DISTINCT ON (a.blind) a.blind, p.root_id FROM address AS a
JOIN profile AS p ON p.workspace_id = a.workspace_id AND p.profile_id = a.profile_id
WHERE a.workspace_id = $1 AND a.channel = $2 AND a.blind = ANY($3::uuid[]) ORDER BY a.blind, p.root_id;

-- name: find_named
-- Whom some identities find.
SELECT blind, root_id FROM identity WHERE workspace_id = $1 AND blind = ANY($2::uuid[]) AND root_id IS NOT NULL;

-- name: list_newest_addresses
-- Where some people are reached on a channel: of each the address that was told last.
SELECT DISTINCT ON (p.root_id) p.root_id, a.blind, a.sealed FROM profile AS p
JOIN address AS a ON a.workspace_id = p.workspace_id AND a.profile_id = p.profile_id
WHERE p.workspace_id = $1 AND a.channel = $3
      AND (p.profile_id = ANY($2::uuid[]) OR (p.root_id = ANY($2::uuid[]) AND p.root_id <> p.profile_id))
ORDER BY p.root_id, a.stamp_us DESC, a.stamp_id DESC;

-- name: list_told_addresses
-- Of some members, the one that was told last first.
SELECT profile_id, channel, blind, sealed FROM address
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) ORDER BY stamp_us DESC, stamp_id DESC;

-- name: page_people
-- Persons in the order in which they were made, from the one at a place; $2: a trait that must not be set.
SELECT profile_id FROM profile
WHERE workspace_id = $1 AND root_id = profile_id AND NOT erased AND NOT coalesce(fold_traits, traits) ? $2::text
ORDER BY profile_id OFFSET $3 LIMIT $4;

-- name: list_oldest
-- Of each of some profiles' persons, whoever these are members of by now, the member that was made first.
SELECT asked.profile_id AS asked, oldest.profile_id
FROM profile AS asked CROSS JOIN LATERAL (
    SELECT profile_id, created_us FROM profile AS root
    WHERE root.workspace_id = $1 AND root.profile_id = asked.root_id
    UNION ALL
    SELECT profile_id, created_us FROM profile AS member
    WHERE member.workspace_id = $1 AND member.root_id = asked.root_id AND member.root_id <> member.profile_id
    ORDER BY created_us, profile_id LIMIT 1
) AS oldest
WHERE asked.workspace_id = $1 AND asked.profile_id = ANY($2::uuid[]);

-- name: suppress
-- In sorted order; one whose value an erasure took away is as good as new.
INSERT INTO suppression (workspace_id, channel, blind, reason, suppression_id, source, sealed)
SELECT $1, $2, blind, $4, suppression_id, $6, sealed
FROM unnest($3::uuid[], $5::uuid[], $7::bytea[]) AS s(blind, suppression_id, sealed) ORDER BY blind
ON CONFLICT (workspace_id, channel, blind, reason) DO UPDATE SET sealed = excluded.sealed
    WHERE suppression.sealed IS NULL
RETURNING blind;

-- name: unsuppress
-- Of some addresses some reasons.
DELETE FROM suppression
WHERE workspace_id = $1 AND channel = $2 AND blind = ANY($3::uuid[]) AND reason = ANY($4::text[]) RETURNING blind;

-- name: find_suppressed
-- All reasons of some addresses.
SELECT blind, reason FROM suppression WHERE workspace_id = $1 AND channel = $2 AND blind = ANY($3::uuid[]);

-- name: list_suppressed
-- Newest first.
SELECT suppression_id, channel, blind, reason, source, sealed, suppressed_at FROM suppression
WHERE workspace_id = $1 AND suppression_id < $2 AND ($3::text IS NULL OR channel = $3)
ORDER BY suppression_id DESC LIMIT $4;

-- name: show_suppressed
-- The reasons of one address.
SELECT suppression_id, channel, blind, reason, source, sealed, suppressed_at FROM suppression
WHERE workspace_id = $1 AND channel = $2 AND blind = $3 ORDER BY suppression_id DESC;

-- name: forget_suppressed
-- What was there to be shown.
UPDATE suppression AS s SET sealed = NULL FROM unnest($2::text[], $3::uuid[]) AS gone(channel, blind)
WHERE s.workspace_id = $1 AND s.channel = gone.channel AND s.blind = gone.blind AND s.sealed IS NOT NULL
RETURNING s.blind;

-- name: insert_lists
-- Those whose names are new.
INSERT INTO list (workspace_id, list_id, name)
SELECT $1, list_id, name FROM unnest($2::uuid[], $3::text[]) AS l(list_id, name) ORDER BY name
ON CONFLICT (workspace_id, name) DO NOTHING RETURNING list_id;

-- name: find_lists
-- By name.
SELECT list_id, name FROM list WHERE workspace_id = $1 AND name = ANY($2::text[]);

-- name: show_lists
-- By name, or one by its id; with how many people stand on each: a member counts whose word is their person's newest.
SELECT l.list_id, l.name, l.created_at, (
    SELECT count(*) FROM list_member AS m
    JOIN profile AS p ON p.workspace_id = m.workspace_id AND p.profile_id = m.profile_id
    WHERE m.workspace_id = $1 AND m.list_id = l.list_id AND m.attached AND NOT EXISTS (
        SELECT FROM profile AS o
        JOIN list_member AS n ON n.workspace_id = o.workspace_id AND n.list_id = m.list_id
                             AND n.profile_id = o.profile_id
        WHERE o.workspace_id = $1 AND (o.profile_id = p.root_id OR o.root_id = p.root_id AND o.root_id <> o.profile_id)
          AND (n.stamp_us, n.stamp_id, n.profile_id) > (m.stamp_us, m.stamp_id, m.profile_id)
    )
) AS members
FROM list AS l WHERE l.workspace_id = $1 AND ($2::uuid IS NULL OR l.list_id = $2) ORDER BY l.name;

-- name: list_people
-- Who is on a list, each person once, at the member whose word is the newest.
SELECT m.profile_id, p.root_id FROM list_member AS m
JOIN profile AS p ON p.workspace_id = m.workspace_id AND p.profile_id = m.profile_id
WHERE m.workspace_id = $1 AND m.list_id = $2 AND m.profile_id > $3 AND m.attached AND NOT EXISTS (
    SELECT FROM profile AS o
    JOIN list_member AS n ON n.workspace_id = o.workspace_id AND n.list_id = m.list_id AND n.profile_id = o.profile_id
    WHERE o.workspace_id = $1 AND (o.profile_id = p.root_id OR o.root_id = p.root_id AND o.root_id <> o.profile_id)
      AND (n.stamp_us, n.stamp_id, n.profile_id) > (m.stamp_us, m.stamp_id, m.profile_id)
)
ORDER BY m.profile_id LIMIT $4 OFFSET $5;

-- name: list_lists_of
-- Of some profiles' people: the lists that the newest word of any member puts them on.
SELECT n.asked, l.list_id, l.name FROM (
    SELECT DISTINCT ON (one.profile_id, m.list_id) one.profile_id AS asked, m.list_id, m.attached
    FROM profile AS one
    JOIN profile AS p ON p.workspace_id = one.workspace_id
         AND (p.profile_id = one.root_id OR p.root_id = one.root_id AND p.root_id <> p.profile_id)
    JOIN list_member AS m ON m.workspace_id = p.workspace_id AND m.profile_id = p.profile_id
    WHERE one.workspace_id = $1 AND one.profile_id = ANY($2::uuid[])
    ORDER BY one.profile_id, m.list_id, m.stamp_us DESC, m.stamp_id DESC, m.profile_id DESC
) AS n
JOIN list AS l ON l.workspace_id = $1 AND l.list_id = n.list_id
WHERE n.attached ORDER BY l.name;

-- name: lock_lists
-- Ours to change until the commit, in sorted order.
SELECT list_id, name FROM list WHERE workspace_id = $1 AND list_id = ANY($2::uuid[])
ORDER BY list_id FOR NO KEY UPDATE;

-- name: hold_profiles
-- Nobody is erased until the commit.
SELECT profile_id FROM profile WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[])
ORDER BY profile_id FOR KEY SHARE;

-- name: find_living
-- Those whom an identity finds: of the erased nothing but the row is left.
SELECT p.profile_id, p.root_id FROM profile AS p
WHERE p.workspace_id = $1 AND p.profile_id = ANY($2::uuid[])
  AND EXISTS (SELECT FROM identity AS i WHERE i.workspace_id = $1 AND i.root_id = p.root_id);

-- name: find_memberships
-- The newest word of any member of some people on some lists.
SELECT DISTINCT ON (p.root_id, m.list_id) p.root_id, m.list_id, m.attached, m.stamp_us
FROM profile AS p
JOIN list_member AS m ON m.workspace_id = p.workspace_id AND m.profile_id = p.profile_id
WHERE p.workspace_id = $1 AND m.list_id = ANY($2::uuid[])
  AND (p.profile_id = ANY($3::uuid[]) OR p.root_id = ANY($3::uuid[]) AND p.root_id <> p.profile_id)
ORDER BY p.root_id, m.list_id, m.stamp_us DESC, m.stamp_id DESC, m.profile_id DESC;

-- name: set_members
-- The newer word wins.
INSERT INTO list_member (workspace_id, list_id, profile_id, attached, stamp_us, stamp_id)
SELECT $1, list_id, profile_id, $4, stamp_us, $6
FROM unnest($2::uuid[], $3::uuid[], $5::bigint[]) AS n(list_id, profile_id, stamp_us) ORDER BY list_id, profile_id
ON CONFLICT (workspace_id, list_id, profile_id) DO UPDATE
SET attached = excluded.attached, stamp_us = excluded.stamp_us, stamp_id = excluded.stamp_id
WHERE (list_member.stamp_us, list_member.stamp_id) < (excluded.stamp_us, excluded.stamp_id);

-- name: erase_memberships
-- Of some members.
DELETE FROM list_member WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) RETURNING list_id;

-- name: find_kin
-- The members of the persons whose members some are; each root among its own.
SELECT m.profile_id, m.root_id, m.traits, m.sealed, m.fold_traits, m.fold_sealed, m.erased FROM profile AS m
WHERE m.workspace_id = $1 AND (
    m.profile_id = ANY(ARRAY(SELECT root_id FROM profile WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[])))
    OR m.root_id = ANY(ARRAY(SELECT root_id FROM profile WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[])))
       AND m.root_id <> m.profile_id);

-- name: find_erased
-- Which of some profiles are an erased person's.
SELECT profile_id FROM profile WHERE workspace_id = $1 AND erased AND profile_id = ANY($2::uuid[]);

-- name: list_roots
-- Whose members some profiles are.
SELECT profile_id, root_id FROM profile WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]);

-- name: count_made_traits
-- By the calls of one dialect.
SELECT count(*) FROM trait WHERE workspace_id = $1 AND made_by = $2;

-- name: make_traits
-- By a dialect's call; one that is there stays as it is.
INSERT INTO trait (workspace_id, name, type, personal, made_by)
SELECT $1, name, type, personal, $5 FROM unnest($2::text[], $3::text[], $4::boolean[]) AS t(name, type, personal)
ON CONFLICT (workspace_id, name) DO NOTHING RETURNING name;

-- name: lock_devices
-- Some by their tokens, ours until the commit, locked in sorted order.
SELECT blind, profile_id, may_push, stamp_us, stamp_id FROM device
WHERE workspace_id = $1 AND blind = ANY($2::uuid[]) ORDER BY blind FOR UPDATE;

-- name: put_devices
-- The newer stamp wins. A token that was replaced and is told of again is a device's as before.
INSERT INTO device (workspace_id, blind, profile_id, kind, platform, may_push, language, country, timezone, sealed,
                    stamp_us, stamp_id)
SELECT $1, blind, profile_id, kind, platform, may_push, language, country, timezone, sealed, stamp_us, stamp_id
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::text[], $9::text[],
            $10::bytea[], $11::bigint[], $12::uuid[])
     AS d(blind, profile_id, kind, platform, may_push, language, country, timezone, sealed, stamp_us, stamp_id)
ON CONFLICT (workspace_id, blind) DO UPDATE
SET profile_id = excluded.profile_id, platform = excluded.platform, may_push = excluded.may_push,
    language = excluded.language, country = excluded.country, timezone = excluded.timezone, successor = NULL,
    stamp_us = excluded.stamp_us, stamp_id = excluded.stamp_id
WHERE (device.stamp_us, device.stamp_id) < (excluded.stamp_us, excluded.stamp_id);

-- name: find_device
-- By its token, with the person whose it is.
SELECT d.blind, d.profile_id, p.root_id, d.platform, d.may_push, d.language, d.country, d.timezone, d.successor
FROM device AS d JOIN profile AS p ON p.workspace_id = d.workspace_id AND p.profile_id = d.profile_id
WHERE d.workspace_id = $1 AND d.blind = $2;

-- name: replace_device
-- Its token is another one now.
UPDATE device SET successor = $3, stamp_us = $4, stamp_id = $5 WHERE workspace_id = $1 AND blind = $2;

-- name: list_devices
-- Of some members, the one that was seen last first.
SELECT blind, kind, platform, may_push, language, country, timezone, sealed, successor, stamp_us FROM device
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) ORDER BY stamp_us DESC, blind;

-- name: erase_devices
-- Of some members.
DELETE FROM device WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) RETURNING blind;
