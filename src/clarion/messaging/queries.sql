-- name: set_provider
-- Who carries a channel from now on, and with what settings.
INSERT INTO provider (workspace_id, provider_id, channel, kind, sealed, changed_us) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (workspace_id, channel)
DO UPDATE SET provider_id = excluded.provider_id, kind = excluded.kind, sealed = excluded.sealed,
              changed_us = excluded.changed_us;

-- name: list_providers
-- All that were set, or that of one channel.
SELECT provider_id, channel, kind, sealed, changed_us FROM provider
WHERE workspace_id = $1 AND ($2::text IS NULL OR channel = $2) ORDER BY channel;

-- name: list_kinds_set
-- Which kinds of providers somebody has set, anywhere.
SELECT DISTINCT kind FROM provider;

-- name: insert_mailbox
-- A message lands; a second copy of a send does not, nor does one whose person was erased meanwhile.
INSERT INTO mailbox (workspace_id, mailbox_id, send_id, profile_id, channel, sealed, received_us, blind)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
WHERE NOT EXISTS (SELECT FROM send WHERE workspace_id = $1 AND send_id = $3 AND sealed IS NULL)
ON CONFLICT (workspace_id, send_id) DO NOTHING;

-- name: trim_mailbox
-- Only the newest stay.
DELETE FROM mailbox WHERE workspace_id = $1 AND mailbox_id <= (
    SELECT mailbox_id FROM mailbox WHERE workspace_id = $1 ORDER BY mailbox_id DESC OFFSET $2 LIMIT 1);

-- name: list_mailbox
-- Newest first.
SELECT mailbox_id, send_id, channel, sealed, received_us FROM mailbox
WHERE workspace_id = $1 AND mailbox_id < $2 AND ($3::text IS NULL OR channel = $3)
ORDER BY mailbox_id DESC LIMIT $4;

-- name: read_mailbox
-- One, by its own id or by its send's.
SELECT mailbox_id, send_id, channel, sealed, received_us FROM mailbox
WHERE workspace_id = $1 AND (mailbox_id = $2 OR send_id = $2);

-- name: erase_mailbox
-- What was written to somebody who was erased ($2), or went before $5 to an address of theirs ($3): where it is
-- somebody else's as well ($4), what was written to nobody known.
DELETE FROM mailbox WHERE workspace_id = $1 AND (profile_id = ANY($2::uuid[]) OR (blind = ANY($3::uuid[])
    AND mailbox_id < $5 AND (profile_id IS NULL OR blind <> ALL($4::uuid[])))) RETURNING mailbox_id;

-- name: save_template
-- A new one, or the next version of the one of this name, if it is of the same channel. What is null stays as it is.
INSERT INTO template (workspace_id, template_id, name, channel, class, topic, retry_unknown, version, changed_us,
    sender, sender_name, tags)
VALUES ($1, $2, $3, $4, coalesce($5::text, 'marketing'), nullif($6::text, ''), coalesce($7::boolean, false), 1, $8, $9,
    $10, coalesce($11::text[], '{}'))
ON CONFLICT (workspace_id, name) WHERE deleted_us IS NULL DO UPDATE SET class = coalesce($5, template.class),
    topic = CASE WHEN $6 IS NULL THEN template.topic ELSE excluded.topic END,
    retry_unknown = coalesce($7, template.retry_unknown), version = template.version + 1,
    changed_us = excluded.changed_us, sender = coalesce(excluded.sender, template.sender),
    sender_name = coalesce(excluded.sender_name, template.sender_name), tags = coalesce($11, template.tags)
WHERE template.channel = excluded.channel
RETURNING template_id, version;

-- name: rename_template
-- Whoever has the name already refuses it.
UPDATE template SET name = $3 WHERE workspace_id = $1 AND template_id = $2 AND deleted_us IS NULL;

-- name: delete_template
-- From now on nobody sends it; what is planned is still written.
UPDATE template SET deleted_us = $3 WHERE workspace_id = $1 AND template_id = $2 AND deleted_us IS NULL
RETURNING template_id;

-- name: find_waiting_of
-- Of a template's messages that are still to go out, the one that is due first.
SELECT send_id FROM send
WHERE workspace_id = $1 AND template_id = $2 AND state IN ('planned', 'deferred', 'attempting') ORDER BY due_us LIMIT 1;

-- name: lock_template
-- Before it is changed by somebody who has read it.
SELECT template_id FROM template WHERE workspace_id = $1 AND template_id = $2 AND deleted_us IS NULL FOR UPDATE;

-- name: share_templates
-- Some by name or by id: none is deleted or renamed until the commit.
SELECT template_id FROM template
WHERE workspace_id = $1 AND (name = ANY($2::text[]) OR template_id = ANY($3::uuid[])) AND deleted_us IS NULL
ORDER BY template_id FOR KEY SHARE;

-- name: insert_template_version
-- It never changes.
INSERT INTO template_version (workspace_id, template_id, version, texts, made_us) VALUES ($1, $2, $3, $4, $5);

-- name: find_templates
-- By id.
SELECT template_id, name, channel, class, topic, retry_unknown, version, changed_us, sender, sender_name, tags FROM template
WHERE workspace_id = $1 AND template_id = ANY($2::uuid[]) AND deleted_us IS NULL;

-- name: find_template_named
-- By name.
SELECT template_id, name, channel, class, topic, retry_unknown, version, changed_us, sender, sender_name, tags FROM template
WHERE workspace_id = $1 AND name = $2 AND deleted_us IS NULL;

-- name: list_templates
-- All, by name.
SELECT template_id, name, channel, class, topic, retry_unknown, version, changed_us, sender, sender_name, tags FROM template
WHERE workspace_id = $1 AND deleted_us IS NULL ORDER BY name;

-- name: read_template_version
-- What it says.
SELECT texts FROM template_version WHERE workspace_id = $1 AND template_id = $2 AND version = $3;

-- name: read_template_versions
-- What some versions say.
SELECT v.template_id, v.texts FROM template_version AS v
JOIN unnest($2::uuid[], $3::int[]) AS w(template_id, version) ON v.template_id = w.template_id AND v.version = w.version
WHERE v.workspace_id = $1;

-- name: plan_sends
-- In sorted order; one that was planned before stays as it was.
INSERT INTO send (workspace_id, send_key, send_id, cause_kind, cause_id, profile_id, channel, class, topic, template_id,
    version, retry_unknown, due_us, expires_us, changed_us, sealed, wish, blind)
SELECT $1, send_key, send_id, cause_kind, cause_id, profile_id, channel, class, topic, template_id, version,
    retry_unknown, due_us, expires_us, due_us, sealed, wish, blind
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[],
    $10::uuid[], $11::int[], $12::boolean[], $13::bigint[], $14::bigint[], $15::bytea[], $16::uuid[],
    $17::uuid[])
    AS s(send_key, send_id, cause_kind, cause_id, profile_id, channel, class, topic, template_id, version,
         retry_unknown, due_us, expires_us, sealed, wish, blind)
ORDER BY send_key
ON CONFLICT (workspace_id, send_key) DO NOTHING RETURNING send_key, send_id;

-- name: find_planned
-- Those that were planned before.
SELECT send_key, send_id, wish FROM send WHERE workspace_id = $1 AND send_key = ANY($2::uuid[]);

-- name: tell_workers
-- There are sends.
SELECT pg_notify($1, '');

-- name: count_due
-- What is transactional and waits to be sent on a channel, counted up to a most.
SELECT count(*) FROM (
    SELECT FROM send WHERE workspace_id = $1 AND channel = $2 AND class = 'transactional'
    AND state IN ('planned', 'deferred') AND due_us <= $3 LIMIT $4) AS waiting;

-- name: find_due_lines
-- Which workspaces have something due on which channels; then one line after the other.
SELECT w.workspace_id, c.channel FROM workspace AS w CROSS JOIN unnest($2::text[]) AS c(channel)
WHERE EXISTS (SELECT FROM send AS s WHERE s.workspace_id = w.workspace_id AND s.channel = c.channel
    AND s.state IN ('planned', 'deferred') AND s.due_us <= $1 AND s.leased_us < $1);

-- name: claim_sends
-- Those that wait longest, locked until the commit: nobody else finds them meanwhile.
SELECT send_id, profile_id, channel, class, topic, template_id, version, due_us, expires_us, attempts, doubt_us,
    retried, sealed FROM send
WHERE workspace_id = $1 AND channel = $2 AND state IN ('planned', 'deferred') AND due_us <= $3 AND leased_us < $3
ORDER BY due_us LIMIT $4 FOR UPDATE SKIP LOCKED;

-- name: set_aside
-- The one that waits longest: nobody's until `leased_us`.
UPDATE send SET leased_us = $4
WHERE workspace_id = $1 AND state IN ('planned', 'deferred') AND send_id = ANY(ARRAY(
    SELECT send_id FROM send
    WHERE workspace_id = $1 AND channel = $2 AND state IN ('planned', 'deferred') AND due_us <= $3 AND leased_us < $3
    ORDER BY due_us LIMIT 1 FOR UPDATE SKIP LOCKED));

-- name: lock_addresses
-- Two workers do not count one address's messages at the same time; in sorted order.
SELECT pg_advisory_xact_lock(hashtextextended($1::text || blind, 0)) FROM unnest($2::text[]) AS a(blind);

-- name: find_consents
-- What the owners of some addresses said.
SELECT blind, topic, agreed FROM consent WHERE workspace_id = $1 AND channel = $2 AND blind = ANY($3::uuid[]);

-- name: find_recent
-- The marketing that went to some addresses since, by this channel.
SELECT blind, send_id, sent_us FROM send
WHERE workspace_id = $1 AND blind = ANY($2::uuid[]) AND class = 'marketing' AND sent_us > $3 AND channel = $4;

-- name: find_rule
-- A channel's rules.
SELECT quiet_from, quiet_until, cap_messages, cap_hours, expires_hours, track_opens, track_clicks FROM sending_rule
WHERE workspace_id = $1 AND channel = $2;

-- name: keep_rule
-- The same, and nobody changes them until the commit.
SELECT quiet_from, quiet_until, cap_messages, cap_hours, expires_hours, track_opens, track_clicks FROM sending_rule
WHERE workspace_id = $1 AND channel = $2 FOR SHARE;

-- name: own_rule
-- The same, ours until the commit; also where there were none, for a row that is not there cannot be locked.
INSERT INTO sending_rule (workspace_id, channel) VALUES ($1, $2)
ON CONFLICT (workspace_id, channel) DO UPDATE SET channel = excluded.channel
RETURNING quiet_from, quiet_until, cap_messages, cap_hours, expires_hours, track_opens, track_clicks;

-- name: release_held
-- What quiet hours have held since before $3 is due again; what a worker has in its hands goes by the new rule anyway.
UPDATE send SET due_us = $3
WHERE workspace_id = $1 AND send_id = ANY(ARRAY(
    SELECT send_id FROM send
    WHERE workspace_id = $1 AND channel = $2 AND state IN ('planned', 'deferred') AND due_us > $3
        AND reason = ANY($4::text[]) AND changed_us <= $3
    LIMIT $5 FOR UPDATE SKIP LOCKED))
RETURNING send_id;

-- name: note_decisions
-- One record a message; of one that was held, the last word.
INSERT INTO send_decision (workspace_id, send_id, decision, reason, until_us, facts, recipient, decided_us)
SELECT $1, send_id, decision, reason, until_us, facts, recipient, $8
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::jsonb[], $7::bytea[])
    AS d(send_id, decision, reason, until_us, facts, recipient)
ON CONFLICT (workspace_id, send_id) DO UPDATE SET decision = excluded.decision, reason = excluded.reason,
    until_us = excluded.until_us, facts = excluded.facts, recipient = excluded.recipient, decided_us = excluded.decided_us,
    times = send_decision.times + 1;

-- name: note_attempts
-- The journal: rows are added and never changed.
INSERT INTO send_attempt (workspace_id, send_id, n, phase, token, at_us, provider_id, provider_kind, outcome, kind,
    provider_ref, sealed)
SELECT $1, send_id, n, phase, token, $2, provider_id, provider_kind, outcome, kind, provider_ref, sealed
FROM unnest($3::uuid[], $4::int[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::bytea[])
    AS a(send_id, n, phase, token, provider_id, provider_kind, outcome, kind, provider_ref, sealed)
ON CONFLICT (workspace_id, send_id, n, phase) DO NOTHING;

-- name: open_sends
-- A worker has them in its hands; the token fences it when it sleeps past the lease.
UPDATE send AS s SET state = 'attempting', reason = NULL, attempts = s.attempts + 1, blind = o.blind,
    provider_kind = o.provider_kind, sent_us = coalesce(s.sent_us, $5), changed_us = $5, leased_us = $6, token = $7
FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS o(send_id, blind, provider_kind)
WHERE s.workspace_id = $1 AND s.send_id = ANY($2) AND s.send_id = o.send_id;  -- ANY: by the key, whatever is known of the table

-- name: mark_sends
-- Exactly before the point of no return; whoever is not answered has lost its lease and must not go on.
WITH held AS (
    SELECT s.send_id, s.attempts, s.token FROM send AS s
    JOIN unnest($2::uuid[], $3::uuid[]) AS m(send_id, token) ON s.send_id = m.send_id AND s.token = m.token
    WHERE s.workspace_id = $1 AND s.send_id = ANY($2) AND s.state = 'attempting' AND s.leased_us > $4
    ORDER BY s.send_id FOR UPDATE OF s)
INSERT INTO send_attempt (workspace_id, send_id, n, phase, token, at_us)
SELECT $1, send_id, attempts, 'committing', token, $4 FROM held
ON CONFLICT (workspace_id, send_id, n, phase) DO NOTHING RETURNING send_id;

-- name: extend_leases
-- A worker is still at it.
UPDATE send SET leased_us = $3
WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]) AND token = $4 AND leased_us < $3;

-- name: lock_sends
-- Before their states change.
SELECT send_id, state, token, attempts, class, doubt_us, retried, sent_us, sealed IS NULL AS erased FROM send
WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]) ORDER BY send_id FOR UPDATE;

-- name: move_sends
-- To another state; nobody has them any more.
UPDATE send AS s SET state = m.state, reason = m.reason, due_us = coalesce(m.due_us, s.due_us), sent_us = m.sent_us,
    doubt_us = m.doubt_us, provider_ref = coalesce(m.provider_ref, s.provider_ref), changed_us = $2, token = NULL,
    leased_us = 0
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[])
    AS m(send_id, state, reason, due_us, sent_us, doubt_us, provider_ref)
WHERE s.workspace_id = $1 AND s.send_id = ANY($3) AND s.send_id = m.send_id;

-- name: put_off
-- Claimed and not opened: due again at `due_us`, as they were.
UPDATE send SET due_us = greatest(due_us, $3)
WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]) AND state IN ('planned', 'deferred');

-- name: find_lapsed_workspaces
-- Where a worker went away in the middle of an attempt.
SELECT DISTINCT workspace_id FROM send WHERE state = 'attempting' AND leased_us < $1;

-- name: lock_lapsed
-- Whose lease is over.
SELECT send_id, channel, state, token, attempts, class, doubt_us, retried, sent_us, sealed IS NULL AS erased FROM send
WHERE workspace_id = $1 AND state = 'attempting' AND leased_us < $2 ORDER BY send_id LIMIT $3 FOR UPDATE SKIP LOCKED;

-- name: find_marked
-- Of some attempts those that came to the point of no return, and by which provider they were opened.
SELECT c.send_id, c.at_us, o.provider_id FROM send_attempt AS c
JOIN send_attempt AS o ON o.workspace_id = c.workspace_id AND o.send_id = c.send_id AND o.n = c.n AND o.phase = 'open'
JOIN unnest($2::uuid[], $3::int[]) AS a(send_id, n) ON c.send_id = a.send_id AND c.n = a.n
WHERE c.workspace_id = $1 AND c.phase = 'committing';

-- name: abandon_unknown
-- Marketing of which nobody knows, for so long that nobody will ask.
UPDATE send SET state = 'abandoned', changed_us = $2
WHERE workspace_id = $1 AND state = 'unknown' AND class = 'marketing' AND changed_us < $3 RETURNING send_id;

-- name: retry_unknown
-- Once more, where the template says that twice is better than never.
UPDATE send SET state = 'deferred', retried = true, due_us = $2, changed_us = $2
WHERE workspace_id = $1 AND state = 'unknown' AND class = 'transactional' AND retry_unknown AND NOT retried
    AND changed_us < $3 AND (expires_us IS NULL OR expires_us > $2) AND sealed IS NOT NULL RETURNING send_id;

-- name: find_unknown_workspaces
-- Where there are sends of which nobody knows.
SELECT DISTINCT workspace_id FROM send WHERE state = 'unknown';

-- name: set_topic
-- New, or as it is now.
INSERT INTO topic (workspace_id, name, title, opt_in) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id, name) DO UPDATE SET title = excluded.title, opt_in = excluded.opt_in;

-- name: list_topics
-- By name.
SELECT name, title, opt_in FROM topic WHERE workspace_id = $1 ORDER BY name;

-- name: set_rule
-- A channel's rules from now on.
INSERT INTO sending_rule (workspace_id, channel, quiet_from, quiet_until, cap_messages, cap_hours, expires_hours,
    track_opens, track_clicks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (workspace_id, channel) DO UPDATE SET quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
    cap_messages = excluded.cap_messages, cap_hours = excluded.cap_hours, expires_hours = excluded.expires_hours,
    track_opens = excluded.track_opens, track_clicks = excluded.track_clicks;

-- name: agree
-- Of now: it never loses to what is stored.
INSERT INTO consent (workspace_id, channel, blind, topic, agreed, source, stamp_us, stamp_id)
SELECT $1, $2, $3, topic, agreed, $6, $7, $8 FROM unnest($4::text[], $5::boolean[]) AS c(topic, agreed) ORDER BY topic
ON CONFLICT (workspace_id, channel, blind, topic) DO UPDATE SET agreed = excluded.agreed, source = excluded.source,
    stamp_us = greatest(excluded.stamp_us, consent.stamp_us + 1), stamp_id = excluded.stamp_id
RETURNING topic;

-- name: read_reader
-- To whom a send went, and of which template it is.
SELECT s.profile_id, s.channel, s.blind, s.sealed, t.name AS template FROM send AS s
LEFT JOIN template AS t ON t.workspace_id = s.workspace_id AND t.template_id = s.template_id
WHERE s.workspace_id = $1 AND s.send_id = $2;

-- name: find_refs
-- By what a channel's provider calls them; of two the newest.
SELECT DISTINCT ON (provider_ref) provider_ref, send_id FROM send
WHERE workspace_id = $1 AND channel = $2 AND provider_ref = ANY($3::text[]) ORDER BY provider_ref, send_id DESC;

-- name: lock_reported
-- Sends of a channel of which an attempt was opened, before their states change.
SELECT send_id, state, token, attempts, class, doubt_us, retried, sent_us, blind, sealed IS NULL AS erased FROM send
WHERE workspace_id = $1 AND channel = $2 AND send_id = ANY($3::uuid[]) AND attempts > 0 ORDER BY send_id FOR UPDATE;

-- name: note_reports
-- Each kind of news of a send once.
INSERT INTO send_report (workspace_id, send_id, state, hard, origin, heard_us, sealed)
SELECT $1, send_id, state, hard, origin, heard_us, sealed
FROM unnest($2::uuid[], $3::text[], $4::boolean[], $5::text[], $6::bigint[], $7::bytea[])
    AS r(send_id, state, hard, origin, heard_us, sealed)
ON CONFLICT (workspace_id, send_id, state, hard) DO NOTHING RETURNING send_id, state, hard;

-- name: find_reports
-- What was told of some sends.
SELECT send_id, state, hard FROM send_report WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]);

-- name: read_reports
-- All that was told of one, as it came.
SELECT state, hard, origin, heard_us, sealed FROM send_report
WHERE workspace_id = $1 AND send_id = $2 ORDER BY heard_us, state;

-- name: any_attempting
-- Whether some of a channel's are in its provider's hands right now.
SELECT EXISTS (SELECT FROM send WHERE workspace_id = $1 AND state = 'attempting' AND channel = $2);

-- name: erase_reports
-- What was told of them: it may name the address. That it was told stays.
UPDATE send_report SET sealed = NULL
WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]) AND sealed IS NOT NULL;

-- name: note_opened
-- Once a send.
UPDATE send SET opened_us = $3 WHERE workspace_id = $1 AND send_id = $2 AND opened_us IS NULL RETURNING send_id;

-- name: read_seen
-- When it was opened and clicked first.
SELECT opened_us, clicked_us FROM send WHERE workspace_id = $1 AND send_id = $2;

-- name: note_clicked
-- Once a send.
UPDATE send SET clicked_us = $3 WHERE workspace_id = $1 AND send_id = $2 AND clicked_us IS NULL RETURNING send_id;

-- name: count_consents
-- How many addresses said what.
SELECT channel, topic, count(*) FILTER (WHERE agreed) AS yes, count(*) FILTER (WHERE NOT agreed) AS no FROM consent
WHERE workspace_id = $1 GROUP BY channel, topic ORDER BY channel, topic;

-- name: list_sends
-- Newest first; of one state, or of one cause.
SELECT send_id, cause_kind, cause_id, profile_id, channel, class, topic, template_id, version, state, send.reason,
    due_us, expires_us, changed_us, attempts, provider_kind, provider_ref, sealed, recipient
FROM send LEFT JOIN send_decision USING (workspace_id, send_id)
WHERE workspace_id = $1 AND send_id < $2 AND ($3::text IS NULL OR state = $3) AND ($4::uuid IS NULL OR cause_id = $4)
ORDER BY send_id DESC LIMIT $5;

-- name: list_sends_to
-- The same of a person's members ($6) and, by their blind indexes, of addresses: what went there to nobody known ($7),
-- or to whomever ($8). What was erased went to nobody any more.
SELECT send_id, cause_kind, cause_id, profile_id, channel, class, topic, template_id, version, state, send.reason,
    due_us, expires_us, changed_us, attempts, provider_kind, provider_ref, sealed, recipient
FROM send LEFT JOIN send_decision USING (workspace_id, send_id)
WHERE workspace_id = $1 AND send_id < $2 AND ($3::text IS NULL OR state = $3) AND ($4::uuid IS NULL OR cause_id = $4)
    AND (profile_id = ANY($6::uuid[]) OR (blind = ANY($7::uuid[]) AND profile_id IS NULL) OR blind = ANY($8::uuid[]))
    AND sealed IS NOT NULL
ORDER BY send_id DESC LIMIT $5;

-- name: read_send
-- One.
SELECT send_id, cause_kind, cause_id, profile_id, channel, class, topic, template_id, version, state, send.reason,
    due_us, expires_us, changed_us, attempts, provider_kind, provider_ref, sealed, recipient
FROM send LEFT JOIN send_decision USING (workspace_id, send_id)
WHERE workspace_id = $1 AND send_id = $2;

-- name: read_states
-- Where some of them stand.
SELECT send_id, channel, state, reason, due_us, changed_us FROM send
WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]);

-- name: read_decision
-- What was decided when it was due.
SELECT decision, reason, until_us, facts, decided_us, times FROM send_decision WHERE workspace_id = $1 AND send_id = $2;

-- name: list_attempts
-- Its journal, from the beginning.
SELECT n, phase, at_us, provider_kind, outcome, kind, provider_ref, sealed FROM send_attempt
WHERE workspace_id = $1 AND send_id = $2 ORDER BY n, at_us, array_position(ARRAY['open', 'committing', 'closed', 'evidence'], phase);

-- name: count_sends
-- By state; of all, or of one cause. Together they are what was planned.
SELECT state, count(*) AS sends FROM send WHERE workspace_id = $1 AND ($2::uuid IS NULL OR cause_id = $2) GROUP BY state;

-- name: erase_sends
-- What was written to somebody who was erased ($2), or would have been, and what went, or was to go, before $5 to an
-- address of theirs ($3); where that is somebody else's as well ($4), what is written to nobody known. What is in a
-- provider's hands right now ends its way.
UPDATE send SET sealed = NULL, provider_ref = NULL,
    token = CASE WHEN state IN ('planned', 'deferred') THEN NULL ELSE token END,
    state = CASE WHEN state IN ('planned', 'deferred') THEN 'suppressed' ELSE state END,
    reason = CASE WHEN state IN ('planned', 'deferred') THEN 'no_person' ELSE reason END
WHERE workspace_id = $1 AND sealed IS NOT NULL AND (profile_id = ANY($2::uuid[]) OR (blind = ANY($3::uuid[])
    AND send_id < $5 AND (profile_id IS NULL OR blind <> ALL($4::uuid[])))) RETURNING send_id;

-- name: erase_recipients
-- Whom they were decided for. The decisions stay.
UPDATE send_decision SET recipient = NULL
WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]) AND recipient IS NOT NULL;

-- name: erase_replies
-- What providers said of them: it may name the address. The journal's lines stay.
UPDATE send_attempt SET sealed = NULL, provider_ref = NULL
WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]) AND (sealed IS NOT NULL OR provider_ref IS NOT NULL);

-- name: list_old_sends
-- Planned before $3, oldest first, above $2.
SELECT send_id FROM send WHERE workspace_id = $1 AND send_id > $2 AND send_id < $3 ORDER BY send_id LIMIT $4;

-- name: lock_finished
-- Those of some that came to an end before $3.
SELECT send_id FROM send WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]) AND changed_us < $3
    AND state NOT IN ('planned', 'deferred', 'attempting') ORDER BY send_id FOR UPDATE SKIP LOCKED;

-- name: delete_decisions
-- Of old sends.
DELETE FROM send_decision WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]);

-- name: delete_attempts
-- Of old sends.
DELETE FROM send_attempt WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]);

-- name: delete_reports
-- Of old sends.
DELETE FROM send_report WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]);

-- name: delete_landed
-- Of old sends.
DELETE FROM mailbox WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]);

-- name: delete_sends
-- Old ones.
DELETE FROM send WHERE workspace_id = $1 AND send_id = ANY($2::uuid[]);

-- name: delete_old_landed
-- Of whatever send, or of none.
DELETE FROM mailbox WHERE workspace_id = $1 AND mailbox_id < $2;
