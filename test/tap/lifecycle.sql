-- States, transitions, assignment, transfer, reopening, closing: handbook A8, C2, C3, C4, D9, F1, F2, F3; design 3.
\ir ../lib/internet_desk.sql
SELECT no_plan();

INSERT INTO ticket (desk_id, channel, body, opened_at) VALUES (:desk, 'email', '闪退', '2025-03-03 09:00') RETURNING ticket_no AS original \gset

-- A ticket brought into a state by allowed steps.
CREATE FUNCTION ticket_in(wanted text) RETURNS csflow.ticket_no LANGUAGE plpgsql AS $$
DECLARE
  no csflow.ticket_no;
  step text;
BEGIN
  INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (csflow.desk_id('support'), 'email', '闪退', '2025-03-03 09:00') RETURNING ticket_no INTO no;
  FOREACH step IN ARRAY CASE WHEN wanted = 'new' THEN '{}' WHEN wanted = 'under_review' THEN '{answered,under_review}'
    WHEN wanted = 'closed' THEN '{in_progress,closed}' ELSE ARRAY[wanted] END
  LOOP
    PERFORM moved(no, step);
  END LOOP;
  RETURN no;
END
$$;
CREATE FUNCTION moved(no csflow.ticket_no, wanted text) RETURNS text LANGUAGE sql AS $$
  UPDATE csflow.ticket SET state = wanted, changed_at = changed_at + interval '1 minute',
    duplicate_of = CASE wanted WHEN 'duplicate' THEN (SELECT min(ticket_no) FROM csflow.ticket) END,
    close_reason = CASE wanted WHEN 'closed' THEN 'customer_confirmed' END
  WHERE ticket_no = no RETURNING state
$$;
CREATE FUNCTION tried(from_state text, to_state text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  no csflow.ticket_no := ticket_in(from_state);
  detail text;
BEGIN
  PERFORM moved(no, to_state);
  IF from_state <> to_state AND NOT EXISTS (SELECT FROM csflow.event e WHERE e.ticket_no = no AND e.old_state = from_state AND e.new_state = to_state) THEN
    RETURN 'no event';
  END IF;
  RETURN 'reached ' || (SELECT state FROM csflow.ticket t WHERE t.ticket_no = no);
EXCEPTION WHEN SQLSTATE 'SF006' THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN replace(SQLERRM, no::text, 'N') || ' ' || detail;
END
$$;

SELECT is(tried(f.state, t.state),
  CASE WHEN f.state = t.state OR EXISTS (SELECT FROM transition x WHERE x.desk_id = :desk AND x.from_state = f.state AND x.to_state = t.state)
    THEN 'reached ' || t.state
    ELSE format('ticket N of desk %s cannot go from "%s" to "%s" Allowed: %s.', :desk, f.state, t.state,
      (SELECT string_agg(x.to_state, ', ' ORDER BY s.sort_order) FROM transition x JOIN states() s ON s.state = x.to_state
        WHERE x.desk_id = :desk AND x.from_state = f.state)) END,
  format('design 3: %s to %s', f.state, t.state))
FROM states() f CROSS JOIN states() t ORDER BY f.sort_order, t.sort_order;
SELECT cmp_ok((SELECT count(*) FROM transition WHERE desk_id = :desk AND from_state IS NOT NULL), '=', 67::bigint, 'design 3: of 110 pairs 67 are allowed');

-- The matrix itself says what the handbook says.
SELECT is((SELECT count(*) FROM transition WHERE desk_id = :desk AND from_state = 'closed' AND to_state = 'under_review'), 1::bigint, 'F3: objection on a closed ticket');
SELECT is((SELECT array_agg(to_state ORDER BY to_state) FROM transition WHERE desk_id = :desk AND from_state IN ('duplicate', 'invalid') GROUP BY desk_id),
  '{assigned,assigned,in_progress,in_progress,new,new}'::text[], 'A8: a human can undo either mark');
SELECT is_empty(format($$SELECT FROM csflow.transition WHERE desk_id = %s AND to_state = 'closed' AND from_state IN ('new', 'assigned')$$, :desk), 'F2: nothing closes that nobody has worked on');

-- A transition is a row: the next statement knows it
SELECT ticket_in('new') AS direct \gset
INSERT INTO transition (desk_id, from_state, to_state) VALUES (:desk, 'new', 'closed');
SELECT is(moved(:'direct', 'closed'), 'closed', 'H4: a transition added is allowed at once');
DELETE FROM transition WHERE desk_id = :desk AND from_state = 'new' AND to_state = 'closed';
SELECT throws_ok(format('SELECT moved(%L, %L)', ticket_in('new'), 'closed'), 'SF006', NULL, 'H4: and one removed refused');

-- C2, C3: assignment and acceptance
SELECT ticket_in('new') AS first \gset
UPDATE ticket SET agent_id = 21, changed_at = '2025-03-03 09:05', changed_by = 91 WHERE ticket_no = :'first';
SELECT is((SELECT (state, agent_id, accepted_at)::text FROM ticket WHERE ticket_no = :'first'), '(assigned,21,)', 'C2: a new ticket given to a person is assigned');
UPDATE ticket SET state = 'in_progress', changed_at = '2025-03-03 09:10', changed_by = 21, change_reason = 'reads the log' WHERE ticket_no = :'first';
SELECT is((SELECT (state, accepted_at, changed_by, changed_by_kind)::text FROM ticket WHERE ticket_no = :'first'), ('in_progress', '2025-03-03 09:10'::timestamptz, 21, 'agent')::text,
  'C3: acceptance sets in_progress, with its instant');
SELECT is((SELECT (kind, actor_id, x.text)::text FROM event e JOIN event_text x USING (desk_id, ticket_no, seq) WHERE e.ticket_no = :'first'), '(accepted,21,"reads the log")',
  'C3: and the handler''s part');
SELECT is(events(:'first'), 'opened assigned state_changed accepted', 'C3: the story');
UPDATE ticket SET agent_id = 31, changed_at = '2025-03-03 09:15' WHERE ticket_no = :'first';
SELECT is((SELECT (state, transfer_count)::text FROM ticket WHERE ticket_no = :'first'), '(in_progress,0)', 'C4: another person of the department is no transfer');
UPDATE ticket SET agent_id = NULL, changed_at = '2025-03-03 09:16' WHERE ticket_no = :'first';
SELECT is((SELECT (kind, old_value, new_value)::text FROM event WHERE ticket_no = :'first' ORDER BY seq DESC LIMIT 1), '(unassigned,31,)', 'H1: giving it back is in the record');

-- C4: transfers
UPDATE ticket SET team_id = :product, changed_at = '2025-03-03 09:20', change_reason = 'their screen', changed_by = 21 WHERE ticket_no = :'first';
UPDATE ticket SET team_id = :product, changed_at = '2025-03-03 09:21' WHERE ticket_no = :'first';
UPDATE ticket SET team_id = :technical, agent_id = 21, state = 'assigned', changed_at = '2025-03-03 09:22', change_reason = 'back', changed_by = 41 WHERE ticket_no = :'first';
SELECT is((SELECT transfer_count FROM ticket WHERE ticket_no = :'first'), 2, 'C4: each change of department counts, once');
SELECT results_eq(format($$SELECT old_value::bigint, new_value::bigint, actor_id, x.text FROM csflow.event e JOIN csflow.event_text x USING (desk_id, ticket_no, seq)
  WHERE ticket_no = %L AND kind = 'transferred' ORDER BY seq$$, :'first'),
  format($$VALUES (%s::bigint, %s::bigint, 21::bigint, 'their screen'), (%2$s, %1$s, 41, 'back')$$, :technical, :product), 'C4: from where, to where, by whom and why');
INSERT INTO attachment (desk_id, ticket_no, name, uri, purpose) VALUES (:desk, :'first', 'screen.mp4', 's3://x/screen.mp4', 'scene_video');
SELECT is((SELECT count(*) FROM attachment WHERE ticket_no = :'first'), 1::bigint, 'C4: with its scene video');
INSERT INTO ticket (desk_id, channel, body, opened_at) VALUES (:desk, 'email', '天气', '2025-03-03 09:00') RETURNING ticket_no AS unsorted \gset
SELECT create_desk('plain', NULL) AS plain \gset
INSERT INTO team (desk_id, team_id, code, name_zh, name_en) VALUES (:plain, 901, 'one', '一', 'one'), (:plain, 902, 'two', '二', 'two');
INSERT INTO ticket (desk_id, channel, body, opened_at) VALUES (:plain, 'email', '闪退', '2025-03-03 09:00') RETURNING ticket_no AS homeless \gset
UPDATE ticket SET team_id = 901, changed_at = '2025-03-03 10:00' WHERE ticket_no = :'homeless';
SELECT is((SELECT (transfer_count, events(ticket_no))::text FROM ticket WHERE ticket_no = :'homeless'), '(0,"opened routed")', 'C4: the first department is no transfer');
UPDATE ticket SET team_id = 902, changed_at = '2025-03-03 10:00' WHERE ticket_no = :'homeless';
SELECT is((SELECT (transfer_count, events(ticket_no))::text FROM ticket WHERE ticket_no = :'homeless'), '(1,"opened routed transferred")', 'C4: the second is');
UPDATE ticket SET transfer_count = 77, reopen_count = 78, answered_at = now(), first_response_at = now(), tag = '咨询-会员-A级', score = 99, changed_at = '2025-03-03 10:01'
WHERE ticket_no = :'homeless';
SELECT is((SELECT (transfer_count, reopen_count, answered_at, first_response_at, tag, score)::text FROM ticket WHERE ticket_no = :'homeless'), '(1,0,,,,0)', 'H1: figures of the flow cannot be set by hand');

-- D9: waiting, and the customer's message that ends it
SELECT ticket_in('waiting_customer') AS waits \gset
INSERT INTO message (desk_id, ticket_no, author_kind, body, at) VALUES (:desk, :'waits', 'customer', '5.2', '2025-03-03 10:00');
SELECT is((SELECT (state, last_customer_message_at, changed_by_kind, changed_at)::text FROM ticket WHERE ticket_no = :'waits'),
  ('in_progress', '2025-03-03 10:00'::timestamptz, 'customer', '2025-03-03 10:00'::timestamptz)::text, 'D9: the customer has answered');
SELECT is(events(:'waits'), 'opened state_changed customer_message state_changed', 'D9: both are in the record');
UPDATE desk SET resume_on_customer_message = false WHERE desk_id = :desk;
SELECT ticket_in('waiting_customer') AS waits \gset
INSERT INTO message (desk_id, ticket_no, author_kind, body, at) VALUES (:desk, :'waits', 'customer', '5.2', '2025-03-03 10:00');
SELECT is((SELECT state FROM ticket WHERE ticket_no = :'waits'), 'waiting_customer', 'D9: where the desk wants it, a person decides');
UPDATE desk SET resume_on_customer_message = true WHERE desk_id = :desk;

-- F1, F3: reopening
SELECT ticket_in('answered') AS done \gset
SELECT is((SELECT answered_at FROM ticket WHERE ticket_no = :'done'), '2025-03-03 09:01'::timestamptz, 'F1: answered at');
SELECT moved(:'done', 'in_progress') || moved(:'done', 'answered') AS moved \gset
SELECT is((SELECT (reopen_count, answered_at)::text FROM ticket WHERE ticket_no = :'done'), (1, '2025-03-03 09:03'::timestamptz)::text, 'F1: reopened once, answered anew');
SELECT moved(:'done', 'closed') AS moved \gset
SELECT is((SELECT (reopen_count, closed_at, close_reason)::text FROM ticket WHERE ticket_no = :'done'), (1, '2025-03-03 09:04'::timestamptz, 'customer_confirmed')::text,
  'F1: from answered to closed is no reopening');
SELECT moved(:'done', 'under_review') AS moved \gset
SELECT is((SELECT (reopen_count, closed_at, close_reason)::text FROM ticket WHERE ticket_no = :'done'), '(2,,)', 'F3: an objection reopens a closed ticket, which is closed no longer');
SELECT moved(:'done', 'in_progress') || moved(:'done', 'answered') || moved(:'done', 'under_review') AS moved \gset
SELECT is((SELECT (reopen_count, events(ticket_no))::text FROM ticket WHERE ticket_no = :'done'),
  '(3,"opened answered reopened answered closed reopened state_changed answered reopened")', 'F3: each counts once, going on with a review counts none');
SELECT ticket_in('duplicate') AS marked \gset
SELECT moved(:'marked', 'new') AS moved \gset
SELECT is((SELECT reopen_count FROM ticket WHERE ticket_no = :'marked'), 0, 'A8: undoing a mark is no reopening');

-- F2: closing, always with a reason of the desk
SELECT set_eq(format($$SELECT DISTINCT code FROM csflow.caption WHERE desk_id = %s AND kind = 'close_reason'$$, :desk),
  '{customer_confirmed,no_new_request,long_term_plan_explained}'::text[], 'F2: the three reasons');
SELECT ticket_in('in_progress') AS plan \gset
SELECT throws_ok(format($$UPDATE csflow.ticket SET state = 'closed' WHERE ticket_no = %L$$, :'plan'), 'SF017', NULL, 'F2: not without one');
SELECT throws_ok(format($$UPDATE csflow.ticket SET state = 'closed', close_reason = 'because' WHERE ticket_no = %L$$, :'plan'), 'SF005', 'unknown close_reason "because"', 'F2: nor with any');
UPDATE ticket SET state = 'closed', close_reason = 'long_term_plan_explained', changed_at = '2025-03-03 12:00' WHERE ticket_no = :'plan';
SELECT is((SELECT (kind, new_value)::text FROM event WHERE ticket_no = :'plan' ORDER BY seq DESC LIMIT 1), '(closed,long_term_plan_explained)', 'F2: the reason is stored and in the record');
UPDATE ticket SET close_reason = 'no_new_request', changed_at = '2025-03-03 12:30' WHERE ticket_no = :'plan';
SELECT is((SELECT close_reason FROM ticket WHERE ticket_no = :'plan'), 'long_term_plan_explained', 'F2: and stays');
INSERT INTO caption (desk_id, kind, code, lang, text) VALUES (:desk, 'close_reason', 'withdrawn', 'en', 'withdrawn by the customer');
SELECT ticket_in('in_progress') AS own \gset
UPDATE ticket SET state = 'closed', close_reason = 'withdrawn', changed_at = '2025-03-03 12:00' WHERE ticket_no = :'own';
SELECT is((SELECT close_reason FROM ticket WHERE ticket_no = :'own'), 'withdrawn', 'H4: a reason of one''s own is a row');

-- 2.9: instants
SELECT ticket_in('in_progress') AS timed \gset
SELECT throws_ok(format($$UPDATE csflow.ticket SET state = 'answered', changed_at = '2025-03-03 09:00:59' WHERE ticket_no = %L$$, :'timed'), 'SF008', NULL, '2.9: not before the last change');
UPDATE ticket SET state = 'answered', changed_at = '2025-03-03 09:01' WHERE ticket_no = :'timed';
SELECT is((SELECT answered_at FROM ticket WHERE ticket_no = :'timed'), '2025-03-03 09:01'::timestamptz, '2.9: at the same instant, yes');
UPDATE ticket SET state = 'in_progress', changed_at = now() + interval '1 hour' WHERE ticket_no = :'timed';
BEGIN;
UPDATE ticket SET state = 'answered' WHERE ticket_no = :'timed';
SELECT is((SELECT changed_at FROM ticket WHERE ticket_no = :'timed') > now() + interval '59 minutes', true, '2.9: now is never before the last change');
ROLLBACK;
SELECT throws_ok($$UPDATE csflow.ticket SET opened_at = now() WHERE state = 'new'$$, 'SF007', NULL, '2.9: when it was opened is settled');

-- One UPDATE that does several things is one change: all its events at its instant, in a fixed order
SELECT ticket_in('new') AS much \gset
UPDATE ticket SET state = 'in_progress', team_id = :risk, agent_id = 31, priority = 'E', title = 'neu', changed_at = '2025-03-03 10:00', changed_by = 91, change_reason = 'all at once' WHERE ticket_no = :'much';
SELECT is((SELECT string_agg(kind, ' ' ORDER BY seq) FROM event WHERE ticket_no = :'much' AND at = '2025-03-03 10:00' AND actor_id = 91),
  'priority_changed transferred assigned accepted edited', 'H1: one UPDATE, all it did');
SELECT is((SELECT new_value FROM event WHERE ticket_no = :'much' AND kind = 'edited'), 'title', 'H1: edited columns are named');

-- A trigger of the owner's own that writes a note on the parent while a message writes on the child: both get what follows from it.
SELECT ticket_in('new') AS parent \gset
SELECT ticket_in('new') AS child \gset
UPDATE ticket SET parent_no = :'parent' WHERE ticket_no = :'child';
CREATE FUNCTION tell_parent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body) VALUES (NEW.desk_id, NEW.parent_no, 'system', 'news of a child');
  RETURN NEW;
END $$;
CREATE TRIGGER tell_parent BEFORE UPDATE ON csflow.ticket FOR EACH ROW WHEN (NEW.parent_no IS NOT NULL) EXECUTE FUNCTION tell_parent();
INSERT INTO message (desk_id, ticket_no, author_kind, changed_by, body) VALUES (:desk, :'child', 'agent', 11, 'an answer');
DROP TRIGGER tell_parent ON csflow.ticket;
SELECT is((SELECT array_agg((first_response_at IS NOT NULL, last_public_message_at IS NOT NULL)::text ORDER BY ticket_no) FROM ticket WHERE ticket_no IN (:'parent', :'child')), '{"(f,t)","(t,t)"}',
  'A2: what follows from a message, though a trigger writes another meanwhile');
-- An automatic first reply by a trigger of the owner's own: after the opening is recorded, or not at all.
CREATE FUNCTION welcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body) VALUES (NEW.desk_id, NEW.ticket_no, 'system', 'welcome');
  RETURN NULL;
END $$;
CREATE FUNCTION welcome_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body) SELECT n.desk_id, n.ticket_no, 'system', 'welcome' FROM fresh AS n;
  RETURN NULL;
END $$;
CREATE TRIGGER welcome AFTER INSERT ON csflow.ticket FOR EACH ROW EXECUTE FUNCTION welcome();
SELECT throws_like(format($$INSERT INTO ticket (desk_id, channel, body) VALUES (%s, 'email', 'x1')$$, :desk), '%is written to before its opening is recorded', 'A2: a row trigger is too early');
DROP TRIGGER welcome ON csflow.ticket;
CREATE CONSTRAINT TRIGGER welcome AFTER INSERT ON csflow.ticket DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION welcome();
INSERT INTO ticket (desk_id, channel, body) VALUES (:desk, 'email', 'x2') RETURNING ticket_no AS deferred \gset
DROP TRIGGER welcome ON csflow.ticket;
CREATE TRIGGER welcome_all AFTER INSERT ON csflow.ticket REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION welcome_all();
INSERT INTO ticket (desk_id, channel, body) VALUES (:desk, 'email', 'x3') RETURNING ticket_no AS whole \gset
DROP TRIGGER welcome_all ON csflow.ticket;
SELECT is((SELECT string_agg(kind, ' ' ORDER BY seq) FROM event WHERE ticket_no = no), 'opened automatic_message', 'A2: its reply follows the opening') FROM unnest(ARRAY[:'deferred', :'whole']::ticket_no[]) AS no;
SELECT * FROM finish();
