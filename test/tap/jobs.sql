-- What happens because time passed, at explicit instants: handbook C3, D2, D3, D6, F2, H3; design 2.2, 2.3, 2.9, 2.12.
\ir ../lib/small_desk.sql
SELECT no_plan();

CREATE FUNCTION steps_of(ticket_no) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(clock || '/' || step_position, ' ' ORDER BY seq) FROM event WHERE ticket_no = $1 AND kind = 'step_fired'$$;

-- D6: warning, breach, escalation, each once, in order, with both instants
SELECT open_ticket(:desk, 'email', '闪退', at => '2025-03-03 09:00') AS slow \gset
SELECT accept(:desk, :'slow', agent_id => 21, at => '2025-03-03 09:10') IS NOT NULL AS accepted \gset
SELECT is(escalate_batch('2025-03-04 02:59:59'), 0, 'D6: nothing is due a second before 75 %');
SELECT is(escalate_batch('2025-03-04 03:00'), 1, 'D6: the warning at 75 %');
SELECT is(escalate_batch('2025-03-04 03:00'), 0, 'D6: fires once');
SELECT is((SELECT (topic, recipient_id)::text FROM outbox WHERE ticket_no = :'slow'), ('warning', 21)::text, 'D6: to the owner');
SELECT is((SELECT count(*) FROM escalation), 0::bigint, 'D6: a warning is no escalation');
SELECT is(escalate_batch('2025-03-05 10:00'), 2, 'D6: a sweep that comes late fires breach and escalation');
SELECT is(steps_of(:'slow'), 'resolve/1 resolve/2 resolve/3', 'D6: in order');
SELECT is((SELECT array_agg((clock, level, action, due_at, fired_at)::text ORDER BY seq) FROM escalation WHERE ticket_no = :'slow'), ARRAY[
    ('resolve', 'breach', 'notify', '2025-03-04 09:00'::timestamptz, '2025-03-05 10:00'::timestamptz)::text,
    ('resolve', 'escalation', 'notify', '2025-03-04 21:00'::timestamptz, '2025-03-05 10:00'::timestamptz)::text],
  'D6: with the instant each was due and the instant it fired');
SELECT is((SELECT array_agg(recipients::text ORDER BY seq) FROM escalation WHERE ticket_no = :'slow'), '{"{\"supervisor (Supervisor)\"}","{\"head (Head)\"}"}'::text[],
  'D6: supervisor, then head');

-- C3: not accepted in 15 minutes
SELECT open_ticket(:desk, 'email', '白屏', at => '2025-03-10 09:00') AS left_lying \gset
SELECT assign(:desk, :'left_lying', 21, agent_id => 91, at => '2025-03-10 09:00') IS NOT NULL AS assigned \gset
INSERT INTO agent (desk_id, agent_id, name, team_id) VALUES (:desk, 22, 'Yun', 2);
SELECT is(escalate_batch('2025-03-10 09:15'), 1, 'C3: 15 minutes without acceptance');
SELECT is((SELECT (state, agent_id)::text FROM ticket WHERE ticket_no = :'left_lying'), ('assigned', 22)::text, 'C3: offered to the next');
SELECT ok(EXISTS (SELECT FROM outbox WHERE ticket_no = :'left_lying' AND recipient_id = 91), 'C3: the supervisor is told');
SELECT accept(:desk, :'left_lying', agent_id => 22, at => '2025-03-10 09:20') IS NOT NULL AS accepted \gset
SELECT answer(:desk, :'left_lying', '已修复。', agent_id => 22, at => '2025-03-10 09:30') IS NOT NULL AS answered \gset

-- H4: a department is dissolved; its words come in, its tickets go on
BEGIN;
SELECT open_ticket(:desk, 'email', '闪退', at => '2025-03-11 09:00') AS standing \gset
SELECT assign(:desk, :'standing', 21, agent_id => 91, at => '2025-03-11 09:00') IS NOT NULL AS assigned \gset
UPDATE desk SET review_team_id = 1 WHERE desk_id = :desk;
UPDATE team SET is_active = false WHERE desk_id = :desk AND team_id = 2;
SELECT open_ticket(:desk, 'email', '闪退', at => '2025-03-11 09:10') AS coming \gset
SELECT is((SELECT (kind, team_id)::text FROM ticket WHERE ticket_no = :'coming'), '(fault,1)', 'H4: what a dissolved department would have is reviewed, not refused');
UPDATE desk SET review_team_id = NULL WHERE desk_id = :desk;
SELECT open_ticket(:desk, 'email', '闪退', at => '2025-03-11 09:10') AS coming \gset
SELECT is((SELECT (kind, team_id)::text FROM ticket WHERE ticket_no = :'coming'), '(fault,)', 'H4: or waits where nobody reviews');
SELECT is(fire_steps(:desk, '2025-03-11 09:15', 1, false, :'standing'), 1, 'C3: its own are still offered');
SELECT is((SELECT agent_id FROM ticket WHERE ticket_no = :'standing'), 22::bigint, 'C3: among its people');
UPDATE step SET action = 'assign_team', team_id = 2 WHERE desk_id = :desk AND target_id = 3 AND position = 1;
SELECT is(fire_steps(:desk, '2025-03-12 09:00', 1, false, :'coming') > 0, true, 'D3: a step that would give it a ticket does not, and the steps after it fire');
ROLLBACK;

-- C3: what nobody ever takes does not go round among them for ever
BEGIN;
UPDATE target SET rearms_on = '{assigned}' WHERE desk_id = :desk AND clock = 'accept';
SELECT open_ticket(:desk, 'email', '白屏', at => '2025-03-11 09:00') AS unwanted \gset
SELECT assign(:desk, :'unwanted', 21, agent_id => 91, at => '2025-03-11 09:00') IS NOT NULL AS assigned \gset
SELECT sum(fire_steps(:desk, '2025-03-11 09:00'::timestamptz + n * interval '15 minutes', 1, false, :'unwanted')) > 0 AS swept FROM generate_series(1, 40) AS n \gset
SELECT is((SELECT array_agg(run ORDER BY run) FROM clock WHERE ticket_no = :'unwanted' AND clock = 'accept'), (SELECT array_agg(n) FROM generate_series(1, 13) AS n), 'C3: offered twelve times, then it stays');
SELECT is((SELECT max(due_at) FROM event WHERE ticket_no = :'unwanted' AND clock = 'accept' AND kind = 'step_fired'), '2025-03-11 12:15', 'D6: and is told of as late a last time');
ROLLBACK;

-- F2: 72 hours of silence after the answer
SELECT is(auto_close_batch('2025-03-13 09:29:59'), 0, 'F2: a second before 72 hours nothing closes');
SELECT is(escalate_batch('2025-03-13 09:30'), 0, 'F2: the escalation sweep leaves closing alone');
SELECT is(auto_close_batch('2025-03-13 09:30'), 1, 'F2: at 72 hours it closes');
SELECT is((SELECT (state, close_reason, closed_at, changed_by_kind)::text FROM ticket WHERE ticket_no = :'left_lying'),
  ('closed', 'no_new_request', '2025-03-13 09:30'::timestamptz, 'system')::text, 'F2: with the reason, the system''s doing');
SELECT open_ticket(:desk, 'email', '怎么用', at => '2025-03-14 09:00') AS asks_again \gset
SELECT answer(:desk, :'asks_again', '请看说明。', agent_id => 11, at => '2025-03-14 10:00') IS NOT NULL AS answered \gset
SELECT receive(:desk, :'asks_again', '还有一个问题', at => '2025-03-16 10:00') IS NOT NULL AS received \gset
SELECT is(auto_close_batch('2025-03-17 10:00'), 0, 'F2: a message from the customer stops the 72 hours');

-- D2: daily by 10:00, D3: no breakthrough in 24 hours
SELECT open_ticket(:desk, 'email', '闪退', at => '2025-03-18 11:00') AS shared \gset
SELECT accept(:desk, :'shared', agent_id => 11, at => '2025-03-18 11:05') IS NOT NULL AS accepted \gset
SELECT transfer(:desk, :'shared', 'service', 'needs both', assignee_id => 11, agent_id => 21, at => '2025-03-18 11:10') IS NOT NULL AS transferred \gset
SELECT accept(:desk, :'shared', agent_id => 11, at => '2025-03-18 11:12') IS NOT NULL AS accepted \gset
SELECT is((SELECT due_at FROM clock WHERE ticket_no = :'shared' AND clock = 'progress_update'), '2025-03-19 10:00'::timestamptz,
  'D2: the first update is due at 10:00 of the next day');
SELECT is(progress_check_batch('2025-03-19 09:59'), 0, 'D2: not missing before 10:00');
SELECT is(progress_check_batch('2025-03-19 10:00') > 0, true, 'D2: chased at 10:00');
SELECT is((SELECT array_agg(recipient_kind || coalesce(recipient_id::text, '') ORDER BY outbox_id) FROM outbox
    WHERE ticket_no = :'shared' AND clock = 'progress_update'), '{team1,agent11}'::text[], 'D2: department and owner');
SELECT is((SELECT count(*) FROM missing_update WHERE ticket_no = :'shared'), 1::bigint, 'D2: listed as missing');
SELECT is(progress_check_batch('2025-03-19 10:15') >= 0 AND (SELECT count(*) = 2 FROM outbox WHERE ticket_no = :'shared' AND clock = 'progress_update'), true, 'D2: chased once a day');
SELECT is((SELECT max(due_at) FROM clock WHERE ticket_no = :'shared' AND clock = 'progress_update'), '2025-03-20 10:00'::timestamptz,
  'D2: armed for the next day');
SELECT is(escalate_batch('2025-03-19 11:10') > 0, true, 'D3: 24 hours after the hand-over');
SELECT is((SELECT (kind, opened_at, participants)::text FROM review WHERE ticket_no = :'shared'),
  ('escalation', '2025-03-19 11:10'::timestamptz, '{head,technical}'::text[])::text, 'D3: an escalation review is opened');
SELECT is((SELECT action FROM escalation WHERE ticket_no = :'shared' AND clock = 'breakthrough'), 'open_review', 'D3: and can be seen why');
SELECT escalate_batch('2025-03-21 00:00') IS NOT NULL AS swept \gset
SELECT is((SELECT count(*) FROM review WHERE ticket_no = :'shared'), 1::bigint, 'D3: once');

-- 2.9: no running ahead of time
SELECT lives_ok($$SELECT csflow.escalate_batch(now() + interval '1 second')$$, '2.9: who may date tickets may run ahead');
SELECT throws_ok($$SELECT csflow.escalate_batch('infinity')$$, '22023', NULL, '2.9: but not to the end of time');
SELECT throws_ok($$SELECT csflow.escalate_batch(batch => 0)$$, '22023', NULL, 'a batch of nothing');
DROP ROLE IF EXISTS jobs_operator;
CREATE ROLE jobs_operator;
GRANT USAGE ON SCHEMA csflow TO jobs_operator;
SET ROLE jobs_operator;
SELECT throws_ok('SELECT csflow.escalate_batch()', '42501', NULL, '2.11: batches are not for everybody');
SELECT throws_ok('CALL csflow.run_escalation()', '42501', NULL, '2.11: nor are the procedures');
SELECT throws_ok('SELECT csflow.schedule_jobs()', '42501', NULL, '2.11: nor is scheduling');
RESET ROLE;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA csflow TO jobs_operator;
GRANT ALL ON ALL TABLES IN SCHEMA csflow TO jobs_operator;
REVOKE UPDATE ON csflow.ticket FROM jobs_operator;
SET ROLE jobs_operator;
SELECT throws_ok($$SELECT csflow.escalate_batch(now() + interval '1 second')$$, 'SF009', NULL, '2.9: the future is refused');
RESET ROLE;

-- 2.12: a ticket that fails is set aside and stops nobody else
SELECT escalate_batch(now()) IS NOT NULL AND auto_close_batch(now()) IS NOT NULL AS swept \gset
CREATE FUNCTION refuse_bad() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN IF NEW.clock = 'resolve' AND EXISTS (SELECT FROM csflow.ticket t WHERE t.ticket_no = NEW.ticket_no AND t.title = 'bad')
    THEN RAISE EXCEPTION 'the letter box is full' USING ERRCODE = 'P0042'; END IF; RETURN NEW; END$$;
CREATE TRIGGER refuse_bad BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION refuse_bad();
SELECT open_ticket(:desk, 'email', '闪退', title => CASE n WHEN 2 THEN 'bad' ELSE 'good' END, external_id => 'x' || n, at => '2025-04-01 09:00')
FROM generate_series(1, 3) AS n \g /dev/null
SELECT assign(:desk, ticket_no, 21, agent_id => 91, at => '2025-04-01 09:00') FROM ticket WHERE external_id LIKE 'x_' \g /dev/null
SELECT accept(:desk, ticket_no, agent_id => 21, at => '2025-04-01 09:00') FROM ticket WHERE external_id LIKE 'x_' \g /dev/null
SELECT is(escalate_batch('2025-04-02 03:00'), 2, '2.12: the others of the batch are warned');
SELECT is((SELECT array_agg((t.title, s.job, s.at, s.retry_at, s.attempts, s.error_code, s.error)::text)
    FROM set_aside s JOIN ticket t USING (desk_id, ticket_no)), ARRAY[('bad', 'escalation', '2025-04-02 03:00'::timestamptz,
    '2025-04-02 03:01'::timestamptz, 1, 'P0042', 'the letter box is full')::text], '2.12: the bad one is set aside with its error');
SELECT is((SELECT count(*) FROM event JOIN ticket USING (desk_id, ticket_no) WHERE title = 'bad' AND event.kind = 'step_fired'), 0::bigint,
  '2.12: nothing of it is half written');
SELECT is(escalate_batch('2025-04-02 03:00:59'), 0, '2.12: not tried before its time');
SELECT is((SELECT attempts FROM set_aside), 1, '2.12: indeed not');
SELECT is(escalate_batch('2025-04-02 03:01'), 0, '2.12: tried again after a minute');
SELECT is((SELECT (attempts, retry_at)::text FROM set_aside), (2, '2025-04-02 03:03'::timestamptz)::text, '2.12: then after two');
-- A whole batch of bad ones hides nobody behind it.
UPDATE ticket SET title = 'bad' WHERE external_id IN ('x1', 'x3');
DELETE FROM set_aside;
SELECT open_ticket(:desk, 'email', '闪退', title => 'good', at => '2025-04-01 09:30') AS last \gset
SELECT accept(:desk, :'last', agent_id => 21, at => '2025-04-01 09:30') IS NOT NULL AS accepted \gset
SELECT is(escalate_batch('2025-04-02 09:00', 1) , 1, '2.12: bad ones in front of a good one');
SELECT is(steps_of(:'last'), 'resolve/1', '2.12: which gets its turn');
SET client_min_messages = error;
CALL csflow.run_escalation('2025-04-02 09:00', 1);
SET client_min_messages = warning;
SELECT is((SELECT (last_at, last_rows, last_errors, last_error)::text FROM job WHERE job = 'escalation'),
  ('2025-04-02 09:00'::timestamptz, 0, 3, 'P0042: the letter box is full')::text, 'H3: the view job tells');
DROP TRIGGER refuse_bad ON outbox;
SELECT is(escalate_batch('2025-04-02 09:01') >= 3, true, '2.12: once cured, all is made up for');
SELECT is((SELECT count(*) FROM set_aside), 0::bigint, '2.12: and forgotten');

-- H3: the procedures
CALL csflow.run_escalation('2025-04-03 12:00', 1);
SELECT replace(command, '()', '(''2025-04-03 12:00+08'')') FROM wanted_jobs() WHERE job <> 'escalation' ORDER BY sort_order \gexec
SELECT is((SELECT array_agg((j.job, j.last_finished_at IS NOT NULL, j.last_errors, j.last_error)::text) FROM job j),
  (SELECT array_agg(format('(%s,t,0,)', w.job) ORDER BY w.sort_order) FROM wanted_jobs() w), 'H3: each run is recorded');
SELECT ok((SELECT last_rows >= 3 FROM job WHERE job = 'escalation'), 'H3: in batches of one until nothing was left');
SELECT is((SELECT count(*) FROM due_tickets(:desk, 'escalation', '2025-04-03 12:00', 100)), 0::bigint, 'H3: indeed nothing');
INSERT INTO job_run (job, at, started_at) VALUES ('escalation', now(), now() - interval '91 days');
CALL csflow.run_duplicate_check('2025-04-03 12:00');
CALL csflow.run_incident_watch('2025-04-03 12:00');
CALL csflow.run_housekeeping();
SELECT is((SELECT count(*) FROM job_run WHERE started_at < now() - interval '90 days'), 0::bigint, 'H3: old runs are forgotten');
SELECT ok(to_regclass('csflow.event_' || to_char(now() AT TIME ZONE 'Asia/Shanghai' + interval '2 months', 'YYYYMM')) IS NOT NULL,
  '2.17: partitions stand ready two months ahead');

-- 2.3, 2.12: many desks: a sweep goes to those that have something due; what fails in one stops no other.
SELECT create_desk('second', NULL) AS second, create_desk('third', NULL) AS third \gset
INSERT INTO desk (name) SELECT 'desk_' || n FROM generate_series(1, 16) AS n;
SELECT is((SELECT count(*) FROM due_desks('escalation', '2000-01-01')), 19::bigint, '2.3: few desks are all asked');
INSERT INTO desk (name) VALUES ('desk_17');
SELECT is((SELECT count(*) FROM due_desks('escalation', '2000-01-01')), 0::bigint, '2.3: of many those with something due');
INSERT INTO target (desk_id, target_id, clock, duration, calendar, starts_on) SELECT d, n, c, '1 hour', 'around_the_clock', ARRAY[s]
FROM unnest(ARRAY[:second, :third]::bigint[]) AS d, (VALUES (1, 'resolve', 'opened'), (2, 'closing', 'answered')) AS v (n, c, s);
INSERT INTO step (desk_id, target_id, position, at_share_pct, level, action, recipients, close_reason) SELECT d, n, 1, 100, 'breach', a, r::text[], c
FROM unnest(ARRAY[:second, :third]::bigint[]) AS d, (VALUES (1, 'notify', '{supervisor}', NULL), (2, 'close', '{}', 'no_new_request')) AS v (n, a, r, c);
CREATE FUNCTION due(job text, at timestamptz) RETURNS text LANGUAGE sql STABLE AS
  $$SELECT string_agg(name, ' ' ORDER BY name) FROM csflow.desk WHERE desk_id IN (SELECT csflow.due_desks(job, at)) AND name IN ('second', 'third')$$;
SELECT open_ticket(:second, 'email', 'x', at => '2025-05-01 09:00') AS second_no, open_ticket(:third, 'email', 'x', at => '2025-05-01 10:00') AS third_no \gset
SELECT is(due('escalation', '2025-05-01 09:59:59'), NULL, '2.3: nothing due, no desk');
SELECT is(due('escalation', '2025-05-01 10:00'), 'second', '2.3: the desk with a step due');
SELECT is(due('escalation', '2025-05-01 11:00'), 'second third', '2.3: then both');
SELECT is(due('auto_close', '2025-05-01 11:00'), NULL, 'F2: none with a step that closes');
ANALYZE csflow.clock, csflow.desk;
BEGIN;
SELECT sum(seq_scan) AS before FROM pg_stat_xact_user_tables WHERE schemaname = 'csflow' AND relname LIKE 'clock%' \gset
SELECT due_desks('escalation', '2025-05-01 11:00') \g /dev/null
SELECT is((SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE schemaname = 'csflow' AND relname LIKE 'clock%'), :before::numeric, '2.3: no table of clocks is read through for it');
COMMIT;
CREATE FUNCTION refuse_second() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no letters for the second desk' USING ERRCODE = 'P0043'; END$$;
SELECT format('CREATE TRIGGER refuse_second BEFORE INSERT ON csflow.outbox FOR EACH ROW WHEN (NEW.desk_id = %s) EXECUTE FUNCTION refuse_second()', :second) \gexec
SET client_min_messages = error;
CALL csflow.run_escalation('2025-05-01 11:00');
SET client_min_messages = warning;
SELECT is((SELECT array_agg(desk_id || error_code) FROM set_aside), ARRAY[:'second' || 'P0043'], '2.12: what fails in one desk is set aside');
SELECT is((SELECT array_agg(ticket_no) FROM event WHERE desk_id IN (:second, :third) AND kind = 'step_fired'), ARRAY[:'third_no']::ticket_no[], '2.12: and the desk behind it has its turn');
SELECT is((SELECT (rows > 0, errors, error)::text FROM job_run WHERE job = 'escalation' ORDER BY run_id DESC LIMIT 1), '(t,1,"P0043: no letters for the second desk")', 'H3: as the history tells');
SELECT is(due('escalation', '2025-05-01 11:01'), 'second', '2.12: what is set aside is still due');
DROP TRIGGER refuse_second ON outbox;
CALL csflow.run_escalation('2025-05-01 11:01');
SELECT is((SELECT count(*) FROM event WHERE desk_id = :second AND kind = 'step_fired') - (SELECT count(*) FROM set_aside), 1::bigint, '2.12: until it is mended');
SELECT is(due('escalation', '2025-05-02 09:00'), NULL, '2.3: then nothing is');
SELECT answer(:third, :'third_no', 'y', at => '2025-05-01 12:00') AS answered \gset
SELECT is(due('auto_close', '2025-05-01 13:00'), 'third', 'F2: a step that closes is for the other job');
SELECT is(auto_close_batch('2025-05-01 13:00') > 0 AND due('escalation', '2025-05-01 13:00') IS NULL, true, 'F2: which does it');
SELECT is((SELECT state FROM ticket WHERE ticket_no = :'third_no'), 'closed', 'F2: and closes');

-- 2.12: the procedures take nothing from the caller's search_path.
CREATE SCHEMA trap;
CREATE FUNCTION trap.spring(bigint, integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trapped'; END$$;
CREATE OPERATOR trap.> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = trap.spring);
CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trapped'; END$$;
SET search_path = trap, pg_catalog;
SELECT pg_catalog.replace(command, '()', '(''2025-04-03 12:00+08'')') FROM csflow.wanted_jobs() \gexec
SET search_path = public, csflow;
SELECT is((SELECT count(*) FROM job_run WHERE error_code IS NOT NULL), 0::bigint, '2.12: no trap was sprung');

DROP OWNED BY jobs_operator;
DROP ROLE jobs_operator;
-- D3, D6: whoever has left gets no notice: their post is vacant, and what they owned is the department's
SELECT open_ticket(:desk, 'email', '闪退', at => '2025-03-24 09:00') AS orphan \gset
SELECT accept(:desk, :'orphan', agent_id => 21, at => '2025-03-24 09:05') \g /dev/null
UPDATE agent SET is_active = false WHERE desk_id = :desk AND agent_id IN (21, 91);
SELECT is(participant_id(:desk, :'orphan', r), NULL, 'D3: nobody holds the post: ' || r) FROM unnest('{owner,supervisor,technical/supervisor}'::text[]) r;
SELECT escalate_batch('2025-03-25 09:00') > 0 AS fired \gset
SELECT is((SELECT array_agg((topic, recipient_kind, recipient_id, recipient)::text ORDER BY outbox_id) FROM outbox WHERE ticket_no = :'orphan' AND clock = 'resolve'),
  '{"(warning,team,2,owner)","(breach,role,2,supervisor)"}', 'D3, D6: the notices go to the department and to the role');
UPDATE agent SET is_active = true WHERE desk_id = :desk AND agent_id IN (21, 91);
SELECT * FROM finish();
