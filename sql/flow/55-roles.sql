-- Whose rights reach how far (handbook H2, A5): rights that lapse, and views that show texts as whoever asks may read them.
-- Without csflow.setup_roles() the owner sees all of it, and roles with grants of their own what they were granted.

CREATE INDEX agent_role ON csflow.agent (role_name) WHERE role_name IS NOT NULL;

CREATE SEQUENCE csflow.right_no_seq AS bigint;
CREATE TABLE csflow.temporary_right (
  desk_id bigint NOT NULL,
  right_no bigint NOT NULL DEFAULT nextval('csflow.right_no_seq'),
  agent_id bigint NOT NULL,
  ticket_no csflow.ticket_no,
  team_id bigint,
  as_written boolean NOT NULL DEFAULT false,
  reason text NOT NULL CHECK (reason <> ''),
  granted_by bigint,
  granted_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL CHECK (isfinite(expires_at)),
  given_back_at timestamptz,
  PRIMARY KEY (desk_id, right_no),
  FOREIGN KEY (desk_id, agent_id) REFERENCES csflow.agent,
  FOREIGN KEY (desk_id, ticket_no) REFERENCES csflow.ticket,
  FOREIGN KEY (desk_id, team_id) REFERENCES csflow.team,
  CONSTRAINT temporary_right_ticket_or_team CHECK (num_nonnulls(ticket_no, team_id) = 1),
  CONSTRAINT temporary_right_lasts CHECK (expires_at > granted_at),
  CONSTRAINT temporary_right_not_to_oneself CHECK (granted_by <> agent_id)
);
CREATE INDEX temporary_right_agent ON csflow.temporary_right (desk_id, agent_id, expires_at) WHERE given_back_at IS NULL;
COMMENT ON TABLE csflow.temporary_right IS 'Rights for a time: an agent sees and works on a ticket, or on the tickets of a team, until expires_at. Policies compare the instant, so nothing has to take them away. Written by csflow.grant_temporary_right() and csflow.give_back_right() (handbook H2; clock temporary_right of the reception desk).';
COMMENT ON COLUMN csflow.temporary_right.ticket_no IS 'The ticket it is for; NULL: team_id.';
COMMENT ON COLUMN csflow.temporary_right.team_id IS 'The team whose tickets it is for; NULL: ticket_no.';
COMMENT ON COLUMN csflow.temporary_right.as_written IS 'Whether texts are shown as they were written; false: with personal data masked.';
COMMENT ON COLUMN csflow.temporary_right.reason IS 'What it is needed for.';
COMMENT ON COLUMN csflow.temporary_right.granted_by IS 'Agent who granted it, never its holder; NULL: the owner of the flow.';
COMMENT ON COLUMN csflow.temporary_right.granted_at IS 'Since when it has been good.';
COMMENT ON COLUMN csflow.temporary_right.expires_at IS 'When it lapses by itself.';
COMMENT ON COLUMN csflow.temporary_right.given_back_at IS 'When it was given back or taken away before; a right given back stays so.';

CREATE TRIGGER temporary_right_before BEFORE INSERT OR UPDATE ON csflow.temporary_right
  FOR EACH ROW EXECUTE FUNCTION csflow.temporary_right_before();
CREATE TRIGGER temporary_right_after_insert AFTER INSERT ON csflow.temporary_right
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION csflow.temporary_right_after();
CREATE TRIGGER temporary_right_after_update AFTER UPDATE ON csflow.temporary_right
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION csflow.temporary_right_after();
CREATE TRIGGER temporary_right_kept BEFORE DELETE ON csflow.temporary_right
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_change('temporary_right', 'Give the right back instead: SELECT csflow.give_back_right(desk_id, right_no).');
CREATE TRIGGER temporary_right_not_truncated BEFORE TRUNCATE ON csflow.temporary_right
  FOR EACH STATEMENT EXECUTE FUNCTION csflow.refuse_change('temporary_right', 'Rights lapse by themselves.');

-- Owned by the flow's owner and not security_invoker: it tells whoever asks what is theirs, and nothing of anybody else.
CREATE VIEW csflow.my_right WITH (security_barrier = true) AS
WITH me AS (
  SELECT a.desk_id, a.agent_id, a.team_id, a.may_act_for_others
  FROM csflow.agent AS a
  WHERE a.role_name = current_user AND a.is_active
), my_group AS (
  SELECT g.name
  FROM csflow.flow AS f
  CROSS JOIN unnest('{reader,agent,supervisor,administrator}'::text[]) AS g (name)
  JOIN pg_catalog.pg_roles AS r ON r.rolname = f.role_prefix || '_' || g.name
  WHERE pg_catalog.pg_has_role(current_user, r.oid, 'USAGE')
)
SELECT m.desk_id, 'member'::text AS reach, m.agent_id AS id, false AS as_written, NULL::timestamptz AS expires_at
FROM me AS m WHERE EXISTS (SELECT FROM my_group)
UNION ALL
SELECT m.desk_id, 'administrator', m.agent_id, true, NULL FROM me AS m
WHERE EXISTS (SELECT FROM my_group AS g WHERE g.name = 'administrator')
UNION ALL
SELECT m.desk_id, 'desk', m.agent_id, true, NULL FROM me AS m
WHERE EXISTS (SELECT FROM my_group AS g WHERE g.name = 'administrator' OR g.name = 'agent' AND m.may_act_for_others)
UNION ALL
SELECT m.desk_id, 'self', m.agent_id, true, NULL FROM me AS m WHERE EXISTS (SELECT FROM my_group AS g WHERE g.name <> 'reader')
UNION ALL
SELECT t.desk_id, 'supervised', t.team_id, true, NULL FROM me AS m
JOIN csflow.team AS t ON t.desk_id = m.desk_id AND m.agent_id IN (t.supervisor_id, t.head_id)
WHERE EXISTS (SELECT FROM my_group AS g WHERE g.name = 'supervisor')
UNION ALL
SELECT m.desk_id, 'team', m.team_id, false, NULL FROM me AS m
WHERE m.team_id IS NOT NULL AND EXISTS (SELECT FROM my_group AS g WHERE g.name <> 'reader')
UNION ALL
SELECT r.desk_id, CASE WHEN r.team_id IS NULL THEN 'ticket' ELSE 'team' END, coalesce(r.team_id, csflow.ticket_no_to_bigint(r.ticket_no)),
  r.as_written, r.expires_at
FROM me AS m
JOIN csflow.temporary_right AS r ON r.desk_id = m.desk_id AND r.agent_id = m.agent_id
-- By the clock, not by the start of the transaction, which can be kept open.
WHERE r.given_back_at IS NULL AND r.granted_at <= now() AND r.expires_at > clock_timestamp()
  AND EXISTS (SELECT FROM my_group AS g WHERE g.name <> 'reader')
UNION ALL
-- Whom no row security binds and who may read texts in the tables, may read them here.
SELECT d.desk_id, 'desk', NULL, true, NULL FROM csflow.desk AS d
WHERE NOT pg_catalog.row_security_active('csflow.ticket') AND pg_catalog.has_column_privilege('csflow.ticket', 'body', 'SELECT');
COMMENT ON VIEW csflow.my_right IS 'How far the rights of current_user reach, by the groups of csflow.setup_roles(), csflow.agent, csflow.team and csflow.temporary_right (handbook H2). Everybody sees their own.';
COMMENT ON COLUMN csflow.my_right.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.my_right.reach IS 'member (of the desk), desk (all its tickets), administrator (its configuration too), supervised (team: its tickets and its members'' figures), team, ticket, self (what is assigned to that agent).';
COMMENT ON COLUMN csflow.my_right.id IS 'Team of supervised and team, ticket of ticket (as bigint), else the agent one is.';
COMMENT ON COLUMN csflow.my_right.as_written IS 'Whether texts of those tickets are shown as written; false: personal data masked.';
COMMENT ON COLUMN csflow.my_right.expires_at IS 'When a temporary right lapses; NULL: it is none.';

CREATE VIEW csflow.my_ticket WITH (security_barrier = true) AS
SELECT t.desk_id, t.ticket_no, t.state, t.channel, t.customer_id, t.customer_tier,
  CASE WHEN w.is_as_written THEN t.title ELSE csflow.mask_personal_data(t.title) END AS title,
  CASE WHEN w.is_as_written THEN t.body ELSE csflow.mask_personal_data(t.body) END AS body,
  CASE WHEN w.is_as_written THEN t.attributes ELSE csflow.mask_attributes(t.attributes) END AS attributes,
  CASE WHEN w.is_as_written THEN t.change_reason ELSE csflow.mask_personal_data(t.change_reason) END AS change_reason,
  w.is_as_written, t.kind, t.category_id, t.tag, t.priority, t.priority_reason, t.needs_review, t.emotion, t.team_id, t.agent_id,
  t.reviewer_id, t.amount, t.parent_no, t.duplicate_of, t.opened_at, t.accepted_at, t.first_response_at, t.answered_at, t.closed_at,
  t.close_reason, t.last_customer_message_at, t.last_public_message_at, t.next_news_at, t.changed_at, t.changed_by
FROM csflow.ticket AS t
CROSS JOIN LATERAL (
  SELECT coalesce(t.desk_id IN (SELECT r.desk_id FROM csflow.my_reach('desk', true) AS r), false)
    OR coalesce((t.desk_id, t.team_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach('team', true) AS r), false)
    OR coalesce((t.desk_id, t.agent_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach('self', true) AS r), false)
    OR coalesce((t.desk_id, t.reviewer_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach('self', true) AS r), false)
    OR coalesce((t.desk_id, csflow.ticket_no_to_bigint(t.ticket_no)) IN (SELECT r.desk_id, r.id FROM csflow.my_reach('ticket', true) AS r), false)
    AS is_as_written
  OFFSET 0) AS w
WHERE w.is_as_written
  OR (t.desk_id, t.team_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach('team', false) AS r)
  OR t.changed_at > now() - interval '1 hour' AND (t.desk_id, t.changed_by) IN (SELECT r.desk_id, r.id FROM csflow.my_reach('self', false) AS r)
  OR (t.desk_id, csflow.ticket_no_to_bigint(t.ticket_no)) IN (SELECT r.desk_id, r.id FROM csflow.my_reach('ticket', false) AS r);
COMMENT ON VIEW csflow.my_ticket IS 'The tickets that current_user may see, with their texts: as written for whoever handles or reviews the ticket, supervises its team or administers its desk, with personal data masked for the others (handbook H2, A5).';
COMMENT ON COLUMN csflow.my_ticket.is_as_written IS 'Whether title, body, attributes and change_reason are as written; false: personal data masked.';

CREATE VIEW csflow.my_message WITH (security_barrier = true) AS
SELECT m.desk_id, m.ticket_no, m.message_no, m.at, m.author_kind, m.changed_by, m.team_id, m.is_public, m.channel, m.milestone, m.next_news_at,
  CASE WHEN t.is_as_written THEN m.body ELSE csflow.mask_personal_data(m.body) END AS body, t.is_as_written
FROM csflow.message AS m
JOIN csflow.my_ticket AS t ON t.desk_id = m.desk_id AND t.ticket_no = m.ticket_no;
COMMENT ON VIEW csflow.my_message IS 'The messages of the tickets of csflow.my_ticket, masked or as written like these (handbook H2, A5).';
COMMENT ON COLUMN csflow.my_message.is_as_written IS 'Whether body is as written; false: personal data masked.';

CREATE VIEW csflow.my_event WITH (security_barrier = true) AS
SELECT e.desk_id, e.ticket_no, e.seq, e.at, e.kind, e.actor_kind, e.actor_id, e.old_state, e.new_state, e.old_value, e.new_value, e.clock,
  e.run, e.due_at, e.message_no,
  CASE WHEN t.is_as_written THEN x.text ELSE csflow.mask_personal_data(x.text) END AS text, t.is_as_written
FROM csflow.event AS e
JOIN csflow.my_ticket AS t ON t.desk_id = e.desk_id AND t.ticket_no = e.ticket_no
LEFT JOIN csflow.event_text AS x ON x.desk_id = e.desk_id AND x.ticket_no = e.ticket_no AND x.seq = e.seq;
COMMENT ON VIEW csflow.my_event IS 'What happened to the tickets of csflow.my_ticket, with reasons masked or as written like these (handbook H1, H2).';
COMMENT ON COLUMN csflow.my_event.text IS 'The reason or other free text of the event; NULL when there is none.';
COMMENT ON COLUMN csflow.my_event.is_as_written IS 'Whether text is as written; false: personal data masked.';

CREATE VIEW csflow.my_survey WITH (security_barrier = true) AS
SELECT s.desk_id, s.ticket_no, s.sent_at, s.answered_at, s.team_id, s.agent_id, s.efficiency, s.attitude, s.clarity, s.fairness, s.overall,
  s.nps, s.ces, s.is_low, CASE WHEN t.is_as_written THEN s.comment ELSE csflow.mask_personal_data(s.comment) END AS comment, t.is_as_written
FROM csflow.survey AS s
JOIN csflow.my_ticket AS t ON t.desk_id = s.desk_id AND t.ticket_no = s.ticket_no;
COMMENT ON VIEW csflow.my_survey IS 'Answers to the surveys of the tickets of csflow.my_ticket, comments masked or as written like these (handbook F5, H2).';
COMMENT ON COLUMN csflow.my_survey.is_as_written IS 'Whether comment is as written; false: personal data masked.';

-- Empty for whoever has no rights.
GRANT SELECT ON csflow.my_right, csflow.my_ticket, csflow.my_message, csflow.my_event, csflow.my_survey TO PUBLIC;

DO $csflow_do$
DECLARE
  shown record;
BEGIN
  FOR shown IN
    SELECT v.relname AS view, a.attname AS name, coalesce(col_description(b.oid, k.attnum), m.meaning, o.meaning) AS meaning
    FROM (VALUES ('my_ticket', 'ticket'), ('my_message', 'message'), ('my_event', 'event'), ('my_survey', 'survey')) AS s (view, base)
    JOIN pg_class AS v ON v.oid = to_regclass('csflow.' || s.view)
    JOIN pg_class AS b ON b.oid = to_regclass('csflow.' || s.base)
    JOIN pg_attribute AS a ON a.attrelid = v.oid AND a.attnum > 0
    LEFT JOIN pg_attribute AS k ON k.attrelid = b.oid AND k.attname = a.attname
    LEFT JOIN (VALUES ('desk_id', 'Desk.'), ('ticket_no', 'Ticket.'), ('body', 'The customer''s words, or the message''s.'),
      ('agent_id', 'Whose it is, csflow.agent.'), ('team_id', 'Handling department, csflow.team.'), ('at', 'Instant.'),
      ('actor_id', 'Agent who did it.'), ('old_state', 'State left.'), ('new_state', 'State reached.'), ('clock', 'Clock whose step fired.'),
      ('run', 'Run of the clock.'), ('message_no', 'The message.'), ('changed_by', 'Agent who wrote it.')) AS m (name, meaning)
      ON m.name = a.attname
    CROSS JOIN LATERAL (SELECT format('As in csflow.%s.', s.base) AS meaning) AS o
    WHERE col_description(v.oid, a.attnum) IS NULL
  LOOP
    EXECUTE format('COMMENT ON COLUMN csflow.%I.%I IS %L', shown.view, shown.name, shown.meaning);
  END LOOP;
END
$csflow_do$;
