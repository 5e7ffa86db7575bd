-- Mass incidents: opened, fed, resolved. Handbook B9.
\ir ../lib/small_desk.sql
SELECT no_plan();
INSERT INTO customer (desk_id, customer_id, nickname) SELECT :desk, 100 + i, 'c' || i FROM generate_series(1, 60) i;
CREATE FUNCTION opened(desk bigint, customer bigint, body text, at timestamptz, attributes jsonb DEFAULT '{}') RETURNS ticket_no LANGUAGE sql
  AS $$SELECT csflow.open_ticket(desk, 'email', body, customer_id => customer, at => at, attributes => attributes)$$;
CREATE FUNCTION story(desk bigint) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT format('%s %s %s %s %s', facet, value, instant, children, state) FROM (
    SELECT i.facet, i.value, to_char(i.opened_at, 'DD HH24:MI') AS instant, p.state, i.opened_at, i.parent_no,
      (SELECT count(*) FROM csflow.ticket c WHERE c.desk_id = i.desk_id AND c.parent_no = i.parent_no) AS children
    FROM csflow.incident i JOIN csflow.ticket p ON p.desk_id = i.desk_id AND p.ticket_no = i.parent_no WHERE i.desk_id = desk) v ORDER BY opened_at, parent_no
$$;

-- B9: so many different customers in the window
SELECT is_empty(format('SELECT * FROM incident_groups(%s, %L)', :desk, '2025-03-03 12:00'), 'B9: no tickets, no incident');
SELECT opened(:desk, 100 + i, '闪退 ' || i, '2025-03-03 09:00'::timestamptz + i * interval '1 minute') FROM generate_series(1, 4) i \g /dev/null
SELECT opened(:desk, 104, '闪退 again', '2025-03-03 09:05'), opened(:desk, NULL, '闪退, nobody says who', '2025-03-03 09:05'), opened(:desk, 106, '闪退', '2025-03-03 08:01') \g /dev/null
SELECT opened(:desk, 110 + i, '怎么用', '2025-03-03 09:05') FROM generate_series(1, 4) i \g /dev/null
INSERT INTO ticket (desk_id, channel, customer_id, body, category_id, opened_at) SELECT :desk, 'email', 120 + i, 'some fault', 1, '2025-03-03 09:05' FROM generate_series(1, 8) i;
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) SELECT :desk, 'email', 130 + i, 'no words of a rule', '2025-03-03 09:05' FROM generate_series(1, 8) i;
SELECT is(find_incidents(:desk, '2025-03-03 09:10'), 0, 'B9: four customers are not five: not by a second ticket, not by one of nobody, nor one more than an hour ago; undecided and unclassified tickets have nothing in common');
SELECT opened(:desk, 105, '白屏', '2025-03-03 09:10') AS fifth \gset
SELECT is(find_incidents(:desk, '2025-03-03 09:09'), 0, 'B9: the pass knows nothing that comes after its instant');
SELECT is(find_incidents(:desk, '2025-03-03 09:10'), 8, 'B9: the fifth customer makes it one: opened, and seven tickets linked');
SELECT parent_no AS parent FROM incident WHERE desk_id = :desk \gset
SELECT results_eq(format('SELECT story(%s)', :desk), ARRAY['category  03 09:10 7 new'], 'B9: with the instant of the pass');
SELECT is((SELECT (priority, category_id, kind, team_id, customer_id, source, changed_by_kind, opened_at, title)::text FROM ticket WHERE ticket_no = :'parent'),
  ('A'::priority, 3::bigint, 'fault', 2::bigint, NULL::bigint, 'incident', 'system', '2025-03-03 09:10'::timestamptz, 'Incident: 闪退 crash')::text, 'B9: a parent ticket, of the department concerned');
SELECT ok(EXISTS (SELECT FROM clock WHERE ticket_no = :'parent'), 'B9: with clocks of its own');
SELECT is((SELECT array_agg((topic, recipient_kind, recipient_id)::text) FROM outbox WHERE ticket_no = :'parent'), '{"(incident,team,2)"}', 'B9: its department is told');
SELECT is((SELECT array_agg(DISTINCT (priority, priority_reason)::text) FROM ticket WHERE parent_no = :'parent'), ARRAY[('A', 'incident ' || :'parent')::text], 'B9: children are at least A, and why');
SELECT is((SELECT array_agg((kind, actor_kind, old_value, new_value)::text ORDER BY seq) FROM event WHERE ticket_no = :'fifth' AND kind <> 'opened'), '{"(priority_changed,system,B,A)","(edited,system,,parent_no)"}', 'B9, H1: the events say so');
SELECT is((SELECT count(*) FROM ticket WHERE parent_no IS NOT NULL AND (customer_id = 106 OR category_id IS DISTINCT FROM 3)), 0::bigint, 'B9: nothing else is a child');
SELECT is(find_incidents(:desk, '2025-03-03 09:10'), 0, 'B9: a second pass finds nothing to do');

-- B9: new matches, the workaround, E stays E
SELECT opened(:desk, 141, '闪退', '2025-03-03 09:20') AS n1, opened(:desk, 142, 'other words', '2025-03-03 09:20') AS n2 \gset
INSERT INTO ticket (desk_id, channel, customer_id, body, priority, opened_at) VALUES (:desk, 'email', 143, '闪退', 'E', '2025-03-03 09:20') RETURNING ticket_no AS n3 \gset
SELECT mark_duplicate(:desk, opened(:desk, 141, '闪退', '2025-03-03 09:21'), :'n1', agent_id => 11, at => '2025-03-03 09:22') AS marked \gset
SELECT is(known_workaround(:desk, :'n1'), NULL, 'B9: none is known yet');
SELECT is(find_incidents(:desk, '2025-03-03 09:25'), 2, 'B9: what is new and matches is linked at the next pass, a duplicate is not');
SELECT is((SELECT array_agg((priority, parent_no)::text ORDER BY ticket_no) FROM ticket WHERE ticket_no IN (:'n1', :'n2', :'n3')), ARRAY[('A', :'parent')::text, ('B', NULL)::text, ('E', :'parent')::text], 'B9: at least A, never less');
UPDATE incident SET workaround = '请用网页版' WHERE parent_no = :'parent';
SELECT opened(:desk, 144, '闪退', '2025-03-03 10:30') AS n4 \gset
SELECT is(known_workaround(:desk, :'n4'), '请用网页版', 'B9: known for a match before it is linked');
SELECT is(known_workaround(:desk, :'n2'), NULL, 'B9: but for no other');
SELECT is(find_incidents(:desk, '2025-03-03 10:31'), 11, 'B9: a match an hour later is linked too, and all ten children are told');
SELECT is((SELECT array_agg(DISTINCT (author_kind, is_public, body, at)::text) FROM message), ARRAY[('system', true, '请用网页版', '2025-03-03 10:31'::timestamptz)::text], 'B9: by an automatic message');
SELECT is((SELECT count(*) FROM ticket WHERE first_response_at IS NOT NULL), 0::bigint, 'A2, B9: which is no first response');
UPDATE incident SET workaround = '请用网页版或小程序' WHERE parent_no = :'parent';
SELECT is(find_incidents(:desk, '2025-03-03 10:32'), 0, 'B9: once each');

-- B9: closing the parent answers the children
SELECT accept(:desk, :'n1', agent_id => 21, at => '2025-03-03 10:40'), wait_for_customer(:desk, :'n3', agent_id => 21, at => '2025-03-03 10:41') \g /dev/null
SELECT close_ticket(:desk, :'n1', 'customer_confirmed', agent_id => 21, at => '2025-03-03 10:42') AS closed \gset
SELECT answer(:desk, :'fifth', 'for you alone', agent_id => 21, at => '2025-03-03 10:40'), object(:desk, :'fifth', 'no', at => '2025-03-03 10:41') \g /dev/null
SELECT throws_ok(format('SELECT resolve_incident(%s, %L, %L)', :desk, no, body), state, NULL, what) FROM (VALUES (:'parent', ' ', 'SF017', 'B9: an answer needs words'), (:'n1', 'done', 'SF004', 'B9: a child is no incident'), ('202501001', 'done', 'SF004', 'B9: an unknown ticket is none')) v (no, body, state, what);
SELECT is(resolve_incident(:desk, :'parent', '5.2.1 版已修复', agent_id => 21, at => '2025-03-03 11:00'), 8, 'B9: answers the children being worked on');
SELECT is((SELECT array_agg((state, n)::text ORDER BY state) FROM (SELECT state, count(*) n FROM ticket WHERE parent_no = :'parent' GROUP BY 1) v), '{"(answered,8)","(closed,1)","(under_review,1)"}', 'B9: one that is closed stays so, an objection is for its reviewers');
SELECT is((SELECT (state, answered_at)::text FROM ticket WHERE ticket_no = :'parent'), ('answered', '2025-03-03 11:00'::timestamptz)::text, 'B9: and the parent');
SELECT is((SELECT array_agg((m.body, m.author_kind, m.changed_by, t.answered_at, c.outcome)::text ORDER BY clock) FROM ticket t JOIN message m USING (desk_id, ticket_no) JOIN clock c USING (desk_id, ticket_no) WHERE ticket_no = :'n4' AND author_kind = 'agent' AND clock IN ('first_response', 'resolve')),
  ARRAY[('5.2.1 版已修复', 'agent', 21, '2025-03-03 11:00'::timestamptz, 'met')::text, ('5.2.1 版已修复', 'agent', 21, '2025-03-03 11:00'::timestamptz, 'met')::text], 'B9: with the same words, which stop the clocks');
SELECT is((SELECT resolved_at FROM incident WHERE parent_no = :'parent'), '2025-03-03 11:00'::timestamptz, 'B9: it is over');
SELECT throws_ok(format('SELECT resolve_incident(%s, %L, ''again'')', :desk, :'parent'), 'SF006', NULL, 'B9: once');
SELECT is(known_workaround(:desk, :'n4'), '请用网页版或小程序', 'B9: the children still know it');

-- B9: once an episode
SELECT opened(:desk, 145 + i, '闪退', '2025-03-03 11:00') FROM generate_series(1, 5) i \g /dev/null
SELECT is(find_incidents(:desk, '2025-03-03 11:01'), 0, 'B9: what came before its end makes no second one');
SELECT opened(:desk, 100 + i, '闪退', '2025-03-03 11:02') FROM generate_series(1, 5) i \g /dev/null
SELECT is(find_incidents(:desk, '2025-03-03 11:03'), 11, 'B9: five customers after it are another episode, which takes up what the first one left');
SELECT parent_no AS second FROM incident WHERE desk_id = :desk AND resolved_at IS NULL \gset
SELECT reply(:desk, :'second', '已恢复', agent_id => 21, at => '2025-03-03 11:10'), change_state(:desk, :'second', 'answered', agent_id => 21, at => '2025-03-03 11:11') \g /dev/null
SELECT is(find_incidents(:desk, '2025-03-03 11:12'), 11, 'B9: a parent answered without the verb answers its children at the next pass');
SELECT is((SELECT array_agg(DISTINCT (t.state, m.author_kind, m.body, t.answered_at)::text) FROM ticket t JOIN message m USING (desk_id, ticket_no) WHERE t.parent_no = :'second'), ARRAY[('answered', 'system', '已恢复', '2025-03-03 11:12'::timestamptz)::text], 'B9: with its last public words');
SELECT opened(:desk, 100 + i, '闪退', '2025-03-03 13:00') FROM generate_series(1, 5) i \g /dev/null
SELECT is(find_incidents(:desk, '2025-03-03 13:01'), 6, 'B9: and a third');
SELECT parent_no AS third FROM incident WHERE resolved_at IS NULL \gset
SELECT mark_invalid(:desk, :'third', 'no incident, a campaign', agent_id => 21, at => '2025-03-03 13:05') AS invalid \gset
SELECT is(find_incidents(:desk, '2025-03-03 13:06'), 1, 'B9: an invalid parent ends it');
SELECT is((SELECT array_agg(DISTINCT state) FROM ticket WHERE parent_no = :'third'), '{new}', 'B9: its children stay with their handlers');
SELECT is(find_incidents(:desk, '2025-03-03 13:07'), 0, 'B9: and do not make it again');

-- B9: region and version
SELECT results_eq(format('SELECT facet || value FROM incident_facets(%L) ORDER BY 1', a), w::text[], 'B9: ' || a) FROM (VALUES ('{}', '{category}'), ('{"region": " 華東 "}', '{region华东}'), ('{"version": 5.2, "app_version": "5.3", "region": ""}', '{version5.3}'), ('{"version": 5.2, "region": "EAST"}', '{regioneast,version5.2}'), ('{"region": null}', '{category}')) v (a, w);
SELECT opened(:desk, 100 + i, '闪退', '2025-03-05 09:00', jsonb_build_object('region', CASE WHEN i < 4 THEN '华东' ELSE '华南' END)) FROM generate_series(1, 7) i \g /dev/null
SELECT is(find_incidents(:desk, '2025-03-05 09:10'), 0, 'B9: three and four in two regions are not five in one');
SELECT opened(:desk, 108, '闪退', '2025-03-05 09:11', '{"region": "華南", "app_version": "5.2"}') AS both, opened(:desk, 109, '闪退', '2025-03-05 09:11', '{"region": "华南"}') \gset
SELECT is(find_incidents(:desk, '2025-03-05 09:12'), 7, 'B9: five in one are, in either script');
SELECT opened(:desk, 110 + i, '闪退', '2025-03-05 09:20', '{"app_version": "5.2", "region": "华北"}') FROM generate_series(1, 6) i \g /dev/null
SELECT is(find_incidents(:desk, '2025-03-05 09:21'), 7, 'B9: the same in region and in version is one incident, not two');
SELECT opened(:desk, 120 + i, '闪退', '2025-03-05 09:22', jsonb_build_object('version', '5.2')) FROM generate_series(1, 5) i \g /dev/null
SELECT is(find_incidents(:desk, '2025-03-05 09:23'), 6, 'B9: that of a version');
SELECT results_eq(format('SELECT story(%s) OFFSET 3', :desk), ARRAY['region 华南 05 09:12 6 new', 'region 华北 05 09:21 6 new', 'version 5.2 05 09:23 5 new'], 'B9: each with its own');
SELECT is((SELECT attributes FROM ticket t JOIN incident i USING (desk_id) WHERE t.ticket_no = i.parent_no AND i.facet = 'version'), '{"version": "5.2"}', 'B9: the parent says which');

-- B9: the job, and what a desk can set
UPDATE desk SET incident_minimum = 0 WHERE desk_id = :desk;
SELECT opened(:desk, 130 + i, '怎么用', '2025-03-06 09:00') FROM generate_series(1, 9) i \g /dev/null
CALL run_incident_watch('2025-03-06 09:10');
SELECT is((SELECT (last_rows, last_errors, last_error IS NULL)::text FROM job WHERE job = 'incident_watch'), '(0,0,t)', 'B9: a desk without a minimum opens none');
UPDATE desk SET incident_minimum = 10, incident_window = '8 minutes' WHERE desk_id = :desk;
CALL run_incident_watch('2025-03-06 09:10');
SELECT opened(:desk, 139 + i, '怎么用', '2025-03-06 09:10') FROM generate_series(1, 10) i \g /dev/null
CALL run_incident_watch('2025-03-06 09:10', 1);
SELECT is((SELECT (last_rows, last_errors, last_error IS NULL)::text FROM job WHERE job = 'incident_watch'), '(11,0,t)', 'B9: ten in eight minutes, where the desk says so');
SELECT throws_ok(format('UPDATE csflow.desk SET %s', s), '23514', NULL, 'B9: refused: ' || s) FROM (VALUES ('incident_minimum = -1'), ('incident_factor = -1'), ('incident_factor = ''NaN'''), ('incident_window = ''-1 second''')) v (s);
SELECT throws_ok('SELECT find_incidents(1, ''infinity'')', '22023', NULL, 'B9: an infinite instant is none');
SELECT is(find_incidents(-1, '2025-03-06'), 0, 'B9: a desk that is none has none');
-- One bad ticket does not stop the others.
CREATE FUNCTION jam() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.title = 'bad' AND NEW.parent_no IS NOT NULL THEN RAISE EXCEPTION 'jammed'; END IF; RETURN NEW; END$$;
CREATE TRIGGER jam BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION jam();
INSERT INTO ticket (desk_id, channel, customer_id, title, body, opened_at) SELECT :desk, 'email', 150 + i, CASE i WHEN 1 THEN 'bad' ELSE 'good' END, '怎么用', '2025-03-06 09:11' FROM generate_series(1, 3) i;
SELECT is(find_incidents(:desk, '2025-03-06 09:12'), 2, '2.12: the good ones are linked');
SELECT is((SELECT array_agg((job, attempts, error_code, error)::text) FROM set_aside), '{"(incident_watch,1,P0001,jammed)"}', '2.12: the bad one set aside');
SELECT is(find_incidents(:desk, '2025-03-06 09:12:59'), 0, '2.12: not tried before its time');
DROP TRIGGER jam ON ticket;
SELECT is(incident_watch_batch('2025-03-06 09:14'), 1, '2.12: then it is');
SELECT is((SELECT count(*) FROM set_aside), 0::bigint, '2.12: and forgotten');
-- A child whose answer must be approved first stays with its handler, and stops neither the parent nor the others.
INSERT INTO customer (desk_id, customer_id, nickname) SELECT :desk, 400 + i, 'e' || i FROM generate_series(1, 10) i;
SELECT min(opened(:desk, 400 + i, '闪退', '2025-03-12 09:00')) AS asked FROM generate_series(1, 10) i \gset
SELECT find_incidents(:desk, '2025-03-12 09:05') AS found \gset
SELECT parent_no AS fourth FROM incident WHERE opened_at = '2025-03-12 09:05' \gset
SELECT request_approval(:desk, :'asked', '退款', agent_id => 21, at => '2025-03-12 09:10', subject => 'refund') \g /dev/null
SELECT is(resolve_incident(:desk, :'fourth', '已修复', agent_id => 21, at => '2025-03-12 09:20'), 9, 'B9, E2: all children but the one that waits for an approval');
SELECT is((SELECT state FROM ticket WHERE ticket_no = :'asked'), 'waiting_approval', 'B9, E2: which stays with its handler');
-- One bad desk does not stop the others: a workaround that its desk does not accept as a message.
UPDATE desk SET incident_minimum = 5, incident_window = '1 hour' WHERE desk_id = :desk;
SELECT opened(:desk, 400 + i, '怎么用', '2025-03-13 09:00') FROM generate_series(1, 10) i \g /dev/null
SELECT find_incidents(:desk, '2025-03-13 09:05') > 0 AS found \gset
UPDATE incident SET workaround = repeat('重启', 1000) WHERE desk_id = :desk AND category_id = 2 AND resolved_at IS NULL;
SELECT create_desk('later', playbook => 'internet') AS later \gset
INSERT INTO customer (desk_id, customer_id) SELECT :later, 500 + i FROM generate_series(1, 5) i;
SELECT open_ticket(:later, 'email', '系统崩溃', customer_id => 500 + i, at => '2025-03-13 09:30') FROM generate_series(1, 5) i \g /dev/null
UPDATE desk SET maximum_text_bytes = 1000 WHERE desk_id = :desk;
SELECT throws_ok(format('SELECT incident_watch_batch(%L)', '2025-03-13 09:35'), 'SF013', NULL, '2.12: by hand the error is raised');
\set ON_ERROR_STOP 0
CALL run_incident_watch('2025-03-13 09:35');
\set ON_ERROR_STOP 1
SELECT is(:'LAST_ERROR_SQLSTATE'::text, 'SF013', '2.12: the run raises it at its end');
SELECT is((SELECT count(*) FROM incident WHERE desk_id = :later), 1::bigint, '2.12: the desks behind one that fails have their turn');
SELECT is((SELECT last_error FROM job WHERE job = 'incident_watch'), format('desk %s: a message of 6000 bytes is too long', :desk), '2.12: the run says which desk failed, and why');
UPDATE incident SET workaround = NULL WHERE desk_id = :desk AND category_id = 2 AND resolved_at IS NULL;
UPDATE desk SET maximum_text_bytes = 100000 WHERE desk_id = :desk;
-- A busy desk: what is usual is no incident
INSERT INTO customer (desk_id, customer_id, nickname) SELECT :desk, 1000 + i, 'd' || i FROM generate_series(1, 300) i;
UPDATE desk SET incident_minimum = 5, incident_window = '1 hour' WHERE desk_id = :desk;
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) SELECT :desk, 'email', 1000 + i, '闪退', '2025-03-20 09:00'::timestamptz + i * interval '6 minutes' FROM generate_series(1, 240) i;
SELECT opened(:desk, 1240 + i, '闪退', '2025-03-21 09:30') FROM generate_series(1, 29) i \g /dev/null
SELECT is_empty(format('SELECT * FROM incident_groups(%s, %L)', :desk, '2025-03-21 10:00'), 'B9: 29 customers in an hour, where ten are usual, are not three times as many');
SELECT opened(:desk, 1270, '闪退', '2025-03-21 09:31') \g /dev/null
SELECT results_eq(format('SELECT facet, customers, usual FROM incident_groups(%s, %L)', :desk, '2025-03-21 10:00'), 'VALUES (''category'', 30::bigint, 10::double precision)', 'B9: 30 are');
UPDATE desk SET incident_factor = 3.1 WHERE desk_id = :desk;
SELECT is_empty(format('SELECT * FROM incident_groups(%s, %L)', :desk, '2025-03-21 10:00'), 'B9: the factor is a setting of the desk');
UPDATE desk SET incident_factor = 0 WHERE desk_id = :desk;
SELECT is((SELECT count(*) FROM incident_groups(:desk, '2025-03-21 10:00')), 1::bigint, 'B9: without one the minimum decides');
UPDATE channel SET is_active = false WHERE desk_id = :desk;
SELECT find_incidents(:desk, '2025-03-21 10:00') \g /dev/null
SELECT is_empty(format('SELECT FROM incident WHERE desk_id = %s AND opened_at = %L', :desk, '2025-03-21 10:00'), 'B9: a desk that takes no tickets any more has no incidents, and fails no pass');
CREATE ROLE csflow_test_clerk;
SELECT is(array_agg(p.oid::regprocedure::text), NULL, 'rights: the pass is for the owner') FROM pg_proc p WHERE pronamespace = 'csflow'::regnamespace AND proname ~ '^(find_incidents|incident_(groups|matches|watch_batch)|(link|open|tell|follow)_(.*_)?(incidents?|workarounds|parents)|run_incident_watch)$' AND has_function_privilege('csflow_test_clerk', p.oid, 'EXECUTE');
DROP ROLE csflow_test_clerk;
SELECT is((SELECT count(*) FROM ticket c JOIN incident i ON i.desk_id = c.desk_id AND i.parent_no = c.ticket_no WHERE c.parent_no IS NOT NULL), 0::bigint, 'B9: no parent is a child');
SELECT * FROM finish();
