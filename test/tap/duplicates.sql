-- Duplicates, the customer's history, tickets like one. Handbook A7, A8, B9; design 2.3, 2.12.
\ir ../lib/small_desk.sql
SELECT no_plan();
-- What the pass does by itself; intake's own look, which small_desk switches off, is in intake_duplicates.
INSERT INTO customer (desk_id, customer_id, nickname) VALUES (:desk, 8, 'panda8'), (:desk, 9, 'panda9');
CREATE FUNCTION opened(desk bigint, customer bigint, body text, at timestamptz) RETURNS ticket_no LANGUAGE sql
  AS $$SELECT csflow.open_ticket(desk, 'email', body, customer_id => customer, at => at)$$;
CREATE FUNCTION marks(desk bigint) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(string_agg(format('%s>%s', n, o), ' ' ORDER BY n), '-') FROM (SELECT ticket_no, duplicate_of, state, row_number() OVER (ORDER BY opened_at, ticket_no) AS n FROM csflow.ticket
    WHERE desk_id = desk) t JOIN (SELECT ticket_no, row_number() OVER (ORDER BY opened_at, ticket_no) AS o FROM csflow.ticket WHERE desk_id = desk) x ON x.ticket_no = t.duplicate_of WHERE t.state = 'duplicate'
$$;
CREATE FUNCTION uses(statement text, index_name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE line text; BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || statement LOOP IF line LIKE '%' || index_name || '%' THEN RETURN true; END IF; END LOOP; RETURN false;
END $$;

-- A8: what is marked
SELECT opened(:desk, 7, 'App 闪退，打不开首页，怎么办？', '2025-03-03 09:00') AS a \gset
SELECT opened(:desk, 7, 'APP閃退,打不開首頁 怎麼辦', '2025-03-03 09:30') AS b \gset
SELECT opened(:desk, 8, 'App 闪退，打不开首页，怎么办？', '2025-03-03 09:40') AS c \gset
SELECT opened(:desk, 7, '发票抬头写错了，请重开', '2025-03-03 09:50') AS d \gset
SELECT opened(:desk, 7, 'App 闪退，打不开首页，怎么办呢？', '2025-03-04 09:00:00.000001') AS e \gset
INSERT INTO ticket (desk_id, channel, body, opened_at) SELECT :desk, 'email', 'nobody says who', '2025-03-03 09:10' FROM generate_series(1, 2);
SELECT is((SELECT count(*) FROM clock WHERE ticket_no = :'b' AND stopped_at IS NULL), 2::bigint, 'A8: until the pass its clocks run');
SELECT is(mark_duplicates(:desk, '2025-03-03 09:29:59'), 0, 'A8: the pass knows nothing that comes after its instant');
SELECT is(mark_duplicates(:desk, '2025-03-03 10:00'), 1, 'A8: same customer, similar text, in the window');
SELECT is((SELECT (state, duplicate_of, changed_at, changed_by_kind, change_reason)::text FROM ticket WHERE ticket_no = :'b'),
  ('duplicate', :'a'::ticket_no, '2025-03-03 10:00'::timestamptz, 'system', format('100 %% like %s', :'a'))::text, 'A8: traditional, half width, other case: marked, pointed at the original');
SELECT is((SELECT array_agg(DISTINCT outcome) FROM clock WHERE ticket_no = :'b'), '{void}', 'A8: no clock of it counts');
SELECT is((SELECT array_agg((kind, actor_kind, old_state, new_state, new_value)::text ORDER BY seq) FROM event WHERE ticket_no = :'b'), ARRAY[
  ('opened', 'customer', NULL, 'new', 'B')::text, ('state_changed', 'system', 'new', 'duplicate', :'a')::text], 'A8, H1: the event says so');
SELECT is((SELECT array_agg(state) FROM ticket WHERE ticket_no IN (:'a', :'c', :'d')), '{new,new,new}', 'A8: not the original, not another customer''s, not another matter');
SELECT is(mark_duplicates(:desk, '2025-03-03 10:00'), 0, 'A8: nothing left');
SELECT is(mark_duplicates(:desk, '2025-03-04 10:00'), 0, 'A8: the window is 24 hours to the microsecond, and a duplicate is no original');
UPDATE desk SET duplicate_window = '24 hours 1 microsecond' WHERE desk_id = :desk;
SELECT is(mark_duplicates(:desk, '2025-03-04 10:00'), 0, 'A8: what was looked at once is not looked at again');
SELECT is(recheck_duplicates(:desk, '2025-03-03 09:50'), 2::bigint, 'A8: unless asked to');
SELECT is(mark_duplicates(:desk, '2025-03-04 10:00'), 1, 'A8: a longer window is a setting of the desk');
SELECT is((SELECT duplicate_of FROM ticket WHERE ticket_no = :'e'), :'a'::ticket_no, 'A8: the earliest is the original');
UPDATE desk SET duplicate_window = '24 hours' WHERE desk_id = :desk;
SELECT answer(:desk, :'a', '请更新到 5.2 版', agent_id => 21, at => '2025-03-04 11:00') AS answered \gset
SELECT is(o::text, (:'a'::ticket_no, 'answered', '2025-03-04 11:00'::timestamptz, NULL::timestamptz, NULL, '请更新到 5.2 版')::text, 'A8: the outcome of the original') FROM duplicate_outcome(:desk, :'b') o;
SELECT is_empty(format('SELECT * FROM duplicate_outcome(%s, %L)', :desk, :'a'), 'A8: an original has none');

-- A8: the threshold
SELECT opened(:desk, 9, 'abcdefghijk', '2025-03-05 09:00') AS f \gset
SELECT opened(:desk, 9, 'abcdefghxyz', '2025-03-05 09:01') AS g \gset
SELECT is(text_similarity('abcdefghijk', 'abcdefghxyz'), 0.7::double precision, 'A8: seven bigrams of ten in common');
SELECT is(mark_duplicates(:desk, '2025-03-05 10:00'), 0, 'A8: 0.7 is under 0.8');
UPDATE desk SET duplicate_similarity = 0.7 WHERE desk_id = :desk;
SELECT recheck_duplicates(:desk, '2025-03-05') > 0 AS rechecked \gset
SELECT is(mark_duplicates(:desk, '2025-03-05 10:00'), 1, 'A8: and enough where the desk says 0.7');
UPDATE desk SET duplicate_similarity = 0.8 WHERE desk_id = :desk;
SELECT throws_ok(format('UPDATE csflow.desk SET %s WHERE desk_id = %s', s, :desk), '23514', NULL, 'A8: refused: ' || s) FROM (VALUES
  ('duplicate_similarity = 0'), ('duplicate_similarity = 1.1'), ('duplicate_similarity = ''NaN'''), ('duplicate_window = ''-1 second''')) v (s);

-- A8: a human can undo it, and that lasts
SELECT undo_mark(:desk, :'g', 'not the same', agent_id => 11, at => '2025-03-05 10:05') AS undone \gset
UPDATE desk SET duplicate_similarity = 0.7 WHERE desk_id = :desk;
SELECT recheck_duplicates(:desk, '2025-03-05') > 0 AS rechecked \gset
SELECT is(mark_duplicates(:desk, '2025-03-05 10:10'), 0, 'A8: undone is not marked again');
SELECT is((SELECT (state, duplicate_of IS NULL)::text FROM ticket WHERE ticket_no = :'g'), '(new,t)', 'A8: it is new again');
SELECT is((SELECT array_agg((clock, outcome IS NULL)::text ORDER BY clock) FROM clock WHERE ticket_no = :'g' AND stopped_at IS NULL), '{"(first_response,t)","(resolve,t)"}', 'A8: with running clocks');
SELECT opened(:desk, 9, 'abcdefghijkl', '2025-03-05 10:20') AS h \gset
SELECT mark_invalid(:desk, :'h', 'a test', agent_id => 11, at => '2025-03-05 10:21') AS invalid \gset
SELECT is(mark_duplicates(:desk, '2025-03-05 10:30'), 0, 'A8: an invalid one is left alone');
UPDATE ticket SET state = 'new', changed_at = '2025-03-05 10:40', changed_by_kind = 'system' WHERE ticket_no = :'h';
SELECT recheck_duplicates(:desk, '2025-03-05') > 0 AS rechecked \gset
SELECT is(mark_duplicates(:desk, '2025-03-05 10:45'), 0, 'A8: also after its mark was taken back');
SELECT opened(:desk, 9, 'abcdefghijk?', '2025-03-05 10:50') AS i \gset
SELECT is(mark_duplicates(:desk, '2025-03-05 10:51'), 1, 'A8: another one is marked');
UPDATE ticket SET state = 'new', changed_at = '2025-03-05 10:52', changed_by_kind = 'customer' WHERE ticket_no = :'i';
SELECT recheck_duplicates(:desk, '2025-03-05') > 0 AS rechecked \gset
SELECT is(mark_duplicates(:desk, '2025-03-05 10:53'), 0, 'A8: undone lasts, whoever did it');
UPDATE desk SET duplicate_similarity = 0.8 WHERE desk_id = :desk;

-- A8: what somebody has worked on
SELECT opened(:desk, 8, '提现一直没有到账', '2025-03-06 09:00') AS p \gset
SELECT opened(:desk, 8, '提现一直没有到账!', '2025-03-06 09:01') AS q1 \gset
SELECT opened(:desk, 8, '提现一直没有到账!!', '2025-03-06 09:02') AS q2 \gset
SELECT opened(:desk, 8, '提现一直没有到账。', '2025-03-06 09:03') AS q3 \gset
SELECT opened(:desk, 8, '提现，一直没有到账', '2025-03-06 09:04') AS q4 \gset
SELECT opened(:desk, 8, '提现 一直没有到账', '2025-03-06 09:05') AS q5 \gset
SELECT note(:desk, :'q1', '看一下', agent_id => 21, at => '2025-03-06 09:10') AS noted \gset
SELECT reply(:desk, :'q2', '在查', agent_id => 21, at => '2025-03-06 09:10') AS replied \gset
SELECT accept(:desk, :'q3', agent_id => 21, at => '2025-03-06 09:10') AS accepted \gset
SELECT receive(:desk, :'q4', '急', at => '2025-03-06 09:10') AS received \gset
INSERT INTO message (desk_id, ticket_no, author_kind, body, at) VALUES (:desk, :'q5', 'system', '已收到', '2025-03-06 09:05:01');
UPDATE ticket SET agent_id = 12, changed_by_kind = 'system', changed_at = '2025-03-06 09:06' WHERE ticket_no = :'q5';
SELECT is((SELECT array_agg(is_untouched(:desk, no)) FROM unnest(ARRAY[:'p', :'q1', :'q2', :'q3', :'q4', :'q5']::ticket_no[]) no), '{t,f,f,f,t,t}', 'A8: a note, a reply, an acceptance are work; the customer''s words and the system''s, and routing, are not');
SELECT is(mark_duplicates(:desk, '2025-03-06 10:00'), 2, 'A8: only what nobody has worked on is marked');
SELECT is((SELECT array_agg(state ORDER BY ticket_no) FROM ticket WHERE ticket_no IN (:'p', :'q1', :'q2', :'q3', :'q4', :'q5')), '{new,new,new,in_progress,duplicate,duplicate}', 'A8: the rest stays as it is');
SELECT is((SELECT duplicate_of FROM ticket WHERE ticket_no = :'q5'), :'p'::ticket_no, 'A8: assigned by the system is no obstacle');
SELECT close_ticket(:desk, :'q3', 'customer_confirmed', agent_id => 21, at => '2025-03-06 10:30') AS closed \gset

-- A8: what is no original, what says nothing
SELECT create_desk('other', NULL) AS other \gset
UPDATE desk SET duplicate_at_intake = false WHERE desk_id = :other;
INSERT INTO customer (desk_id, customer_id, nickname) VALUES (:other, 7, 'panda7'), (:other, 8, 'panda8'), (:other, 9, 'panda9');
SELECT opened(:other, 7, '……', '2025-03-07 09:00'), opened(:other, 7, '！！', '2025-03-07 09:01'), opened(:other, 7, '', '2025-03-07 09:02'), opened(:other, 7, '', '2025-03-07 09:03') \g /dev/null
SELECT is(mark_duplicates(:other, '2025-03-07 10:00'), 0, 'A8: texts without a letter are no duplicates of one another');
SELECT opened(:other, 8, '闪退闪退闪退', '2025-03-07 09:10') AS closed1 \gset
UPDATE ticket SET state = 'invalid', change_reason = 'test', changed_at = '2025-03-07 09:11' WHERE ticket_no = :'closed1';
SELECT opened(:other, 8, '闪退闪退闪退', '2025-03-07 09:12') AS closed2 \gset
SELECT is(mark_duplicates(:other, '2025-03-07 10:00'), 0, 'A8: an invalid ticket is no original');

-- A8: chains, always to a first one, whatever arrives together
SELECT opened(:other, 9, 'aabbccddeeff', '2025-03-08 09:00') AS r1, opened(:other, 9, 'aabbccddeexx', '2025-03-08 09:01') AS r2, opened(:other, 9, 'aabbccddyyxx', '2025-03-08 09:02') AS r3, opened(:other, 9, 'aabbzzddyyxx', '2025-03-08 09:03') AS r4 \gset
UPDATE desk SET duplicate_similarity = 0.7 WHERE desk_id = :other;
SELECT results_eq(format($$SELECT ticket_no, original_no FROM find_duplicates(%s, '2025-03-08 10:00', ARRAY(SELECT ticket_no FROM csflow.duplicate_queue)) WHERE original_no IS NOT NULL$$, :other), format($$VALUES (%L::ticket_no, %L::ticket_no)$$, :'r2', :'r1'), 'A8: at first only what is like a first one');
CALL run_duplicate_check('2025-03-08 10:00', 1);
SELECT results_eq(format($$SELECT ticket_no, state, duplicate_of FROM csflow.ticket WHERE desk_id = %s AND customer_id = 9 ORDER BY 1$$, :other), format($$VALUES (%L::ticket_no, 'new', NULL), (%L, 'duplicate', %L::ticket_no), (%L, 'new', NULL), (%L, 'duplicate', %L)$$, :'r1', :'r2', :'r1', :'r3', :'r4', :'r3'),
  'A8: no duplicate of a duplicate, however small the batches');
SELECT is((SELECT (last_rows, last_errors, last_error IS NULL)::text FROM job WHERE job = 'duplicate_check'), '(4,0,t)', 'A8, H3: done by the job, which settled four');
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) SELECT :other, 'email', 8, '同一句话说了很多遍', '2025-03-09 09:00' FROM generate_series(1, 300);
ANALYZE ticket;
SELECT is(mark_duplicates(:other, '2025-03-09 10:00', 250) + mark_duplicates(:other, '2025-03-09 10:00', 250) + mark_duplicates(:other, '2025-03-09 10:00', 250), 299, 'A8: many at once, in one statement opened');
SELECT is((SELECT count(DISTINCT duplicate_of) FROM ticket WHERE desk_id = :other AND customer_id = 8 AND opened_at = '2025-03-09 09:00'), 1::bigint, 'A8: all of the first');
SELECT is((SELECT count(*) FROM ticket o WHERE o.state = 'duplicate' AND EXISTS (SELECT FROM ticket t WHERE t.duplicate_of = o.ticket_no)), 0::bigint, 'A8: no original is a duplicate anywhere');

-- A8: metamorphic: script, case and width change no verdict
UPDATE desk SET duplicate_similarity = 0.8 WHERE desk_id = :other;
INSERT INTO customer (desk_id, customer_id, nickname) SELECT :other, 1000 + i, 'm' || i FROM generate_series(1, 200) i;
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at)
  SELECT :other, 'email', 1000 + i, b, '2025-03-10 09:00'::timestamptz + n * interval '1 minute' FROM generate_series(1, 200) i,
    LATERAL (VALUES (1, '订单' || i || '退款没有到账，请尽快处理 order ' || i), (2, upper(translate('订单' || i || '退款没有到账,请尽快处理 order ' || i, '订单没帐账请尽处', '訂單沒帳賬請盡處'))), (3, '换一个手机号 ' || i || ' please')) v (n, b);
ANALYZE ticket;
SELECT is(mark_duplicates(:other, '2025-03-10 10:00'), 200, 'A8: traditional characters, capitals, other punctuation: the same verdict for 200 texts');
SELECT is((SELECT count(*) FROM ticket WHERE desk_id = :other AND state = 'duplicate' AND body LIKE '换%'), 0::bigint, 'A8: and none for another matter');

-- 2.12: a long queue without duplicates, batch by batch
SELECT mark_duplicates(:other, '2025-03-10 10:00') AS rest \g /dev/null
SELECT recheck_duplicates(:other, '2025-03-10 09:02:30') AS queued \gset
SELECT is(:queued, 200, '2.12: two hundred tickets wait');
SELECT is(check_duplicates(:other, '2025-03-10 10:00', 70)::text, '(70,0)', '2.12: one call looks at one batch, duplicates or not');
SELECT is((SELECT count(*) FROM duplicate_queue WHERE desk_id = :other), 130::bigint, '2.12: and takes no more from the queue');
SELECT is(duplicate_check_batch('2025-03-10 10:00', 70), 70, '2.12: the job knows that there is more to do');
CALL run_duplicate_check('2025-03-10 10:00', 25);
SELECT is((SELECT count(*) FROM duplicate_queue WHERE desk_id = :other), 0::bigint, '2.12: and goes on to the end');
SELECT is((SELECT rows FROM job_run WHERE job = 'duplicate_check' ORDER BY run_id DESC LIMIT 1), 60::bigint, '2.12, H3: three batches, all it settled is counted');
SELECT is(check_duplicates(:other, '2025-03-10 10:00')::text, '(0,0)', '2.12: nothing left');

-- 2.12: one bad ticket does not stop the others; a desk may forbid the mark; the arguments
CREATE FUNCTION jam() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.title = 'bad' AND NEW.state = 'duplicate' THEN RAISE EXCEPTION 'jammed'; END IF; RETURN NEW; END$$;
CREATE TRIGGER jam BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION jam();
INSERT INTO ticket (desk_id, channel, customer_id, title, body, opened_at) SELECT :other, 'email', 1001, t, '验证码收不到验证码收不到', '2025-03-11 09:00' FROM unnest('{first,bad,good}'::text[]) t;
SELECT is(mark_duplicates(:other, '2025-03-11 10:00'), 1, '2.12: the good one is marked');
SELECT is((SELECT array_agg((job, attempts, error_code, error)::text) FROM set_aside), '{"(duplicate_check,1,P0001,jammed)"}', '2.12: the bad one set aside');
SELECT is(mark_duplicates(:other, '2025-03-11 10:00:59'), 0, '2.12: not tried before its time');
DROP TRIGGER jam ON ticket;
SELECT is(duplicate_check_batch('2025-03-11 10:01'), 1, '2.12: then it is');
SELECT is((SELECT count(*) FROM set_aside), 0::bigint, '2.12: and forgotten');
DELETE FROM transition WHERE desk_id = :other AND from_state = 'new' AND to_state = 'duplicate';
SELECT opened(:other, 1002, '验证码收不到验证码收不到', '2025-03-12 09:00'), opened(:other, 1002, '验证码收不到验证码收不到', '2025-03-12 09:00') \g /dev/null
SELECT is(mark_duplicates(:other, '2025-03-12 10:00'), 0, 'A8: a desk that forbids the transition has no marks');
UPDATE desk SET duplicate_window = '0';
SELECT is(duplicate_check_batch('2025-03-12 10:00'), 0, 'A8: a desk without a window looks for none');
UPDATE desk SET duplicate_window = '24 hours';
SELECT throws_ok(format('SELECT mark_duplicates(%s, %L, %s)', :desk, at, b), s, NULL, format('A8: refused: %s, %s', at, b)) FROM (VALUES ('2025-03-12', '0', '22023'), ('2025-03-12', 'NULL', '22023'), ('infinity', '1', '22023')) v (at, b, s);
CREATE ROLE csflow_test_clerk;
SELECT is(array_agg(p.oid::regprocedure::text), NULL, 'rights: jobs are for the owner') FROM pg_proc p WHERE pronamespace = 'csflow'::regnamespace AND proname ~ '^((re)?(mark_|check_)(found_|queued_)?duplicates|find_duplicates|duplicate_check_batch|run_duplicate_check)$' AND has_function_privilege('csflow_test_clerk', p.oid, 'EXECUTE');
DROP ROLE csflow_test_clerk;


-- H4: the settings are part of a playbook
SELECT count(*) AS loaded FROM load_playbook(:other, jsonb_set(export_playbook(:other), '{settings}', '{"duplicate_at_intake": false, "incident_factor": 2.5, "duplicate_window": "2 days", "duplicate_similarity": 0.75, "incident_minimum": 0, "incident_window": "0"}')) \gset
SELECT is((SELECT (duplicate_at_intake, duplicate_window, duplicate_similarity, incident_minimum, incident_factor, incident_window)::text FROM desk WHERE desk_id = :other), '(f,"2 days",0.75,0,2.5,00:00:00)', 'A8, B9, H4: loaded from a playbook');
SELECT is((SELECT jsonb_object_agg(key, value) FROM jsonb_each(export_playbook(:other) -> 'settings') WHERE key ~ '^(duplicate|incident)_'),
  '{"duplicate_at_intake": false, "incident_factor": 2.5, "duplicate_window": "2 days", "duplicate_similarity": 0.75, "incident_minimum": 0, "incident_window": "00:00:00"}', 'H4: and exported');
SELECT is((SELECT count(*) FROM playbook_changes(:other, export_playbook(:other))), 0::bigint, 'H4: loading that changes nothing');
SELECT throws_ok(format('SELECT load_playbook(%s, jsonb_set(export_playbook(%s), ''{settings,%s}'', %L))', :other, :other, k, v), 'SF003', NULL, format('H4: refused: %s %s', k, v)) FROM (VALUES
  ('duplicate_window', '"-1 day"'), ('duplicate_window', '"soon"'), ('incident_window', '5'), ('duplicate_similarity', '0'), ('duplicate_similarity', '1.01'), ('duplicate_similarity', '"0.8"'), ('incident_minimum', '-1')) v (k, v);

-- Indexes, with enough rows
INSERT INTO customer (desk_id, customer_id, nickname) SELECT :desk, 5000 + i, 'n' || i FROM generate_series(0, 299) i;
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) SELECT :desk, 'email', 5000 + i % 300, '白屏 ' || i, '2025-02-01'::timestamptz + i * interval '5 minutes' FROM generate_series(1, 6000) i;
ANALYZE ticket;
SELECT ok(uses(format('SELECT ticket_no FROM csflow.ticket WHERE desk_id = %s AND customer_id = 5001 AND opened_at >= %L AND opened_at <= %L ORDER BY opened_at DESC, ticket_no DESC LIMIT 100', :desk, '2025-02-03', '2025-02-04'), 'ticket_customer'), 'A8: candidates of a customer come through ticket_customer');
SELECT ok(uses(format('SELECT ticket_no FROM csflow.ticket WHERE desk_id = %s AND opened_at > %L AND opened_at <= %L AND state IN (''new'', ''assigned'')', :desk, '2025-02-03', '2025-02-04'), 'ticket_opened'), 'A8, B9: those of a span through ticket_opened');
SELECT ok(uses(format('SELECT ticket_no FROM csflow.ticket WHERE desk_id = %s AND category_id = 3 AND opened_at BETWEEN %L AND %L AND state NOT IN (''answered'', ''closed'', ''duplicate'', ''invalid'')', :desk, '2025-02-03', '2025-02-04'), 'ticket_category'), 'B9: open tickets of a category through ticket_category');

-- For people: candidates
SELECT results_eq(format('SELECT candidate_no, round(similarity::numeric, 2), state FROM duplicate_candidates(%s, %L)', :desk, :'b'), format('VALUES (%L::ticket_no, 1.00, ''answered''), (%L, 0.96, ''duplicate'')', :'a', :'e'), 'A8: candidates before and after, with their state');
SELECT is((SELECT count(*) FROM duplicate_candidates(:desk, :'b', 0)), 3::bigint, 'A8: all of the window, on request');
SELECT throws_ok(format('SELECT * FROM %s(%s, ''202501001'')', f, :desk), 'SF004', NULL, f || ': unknown ticket') FROM unnest('{duplicate_candidates,customer_history,similar_tickets}'::text[]) f;

-- A7: history
SELECT opened(:desk, 7, 'App 又闪退了，白屏', '2025-04-01 09:00') AS back \gset
SELECT close_ticket(:desk, :'a', 'customer_confirmed', agent_id => 21, at => '2025-03-04 12:00') AS closed \gset
SELECT results_eq(format('SELECT earlier_no, state, relation FROM customer_history(%s, %L)', :desk, :'back'),
  format('VALUES (%L::ticket_no, ''duplicate'', ''repeat''), (%L, ''new'', NULL), (%L, ''duplicate'', ''repeat''), (%L, ''closed'', ''repeat'')', :'e', :'d', :'b', :'a'), 'A7: the earlier tickets, and which are the same matter: the second-level category');
UPDATE ticket SET priority = 'A', change_reason = 'again', changed_at = '2025-04-01 09:01', changed_by = 21 WHERE ticket_no = :'back';
SELECT is((SELECT relation FROM customer_history(:desk, :'back') WHERE earlier_no = :'a'), 'escalation', 'A7: more severe than before: an escalation');
SELECT is((SELECT array_agg(relation) FROM customer_history(:desk, :'q5') WHERE earlier_no IN (:'p', :'q3')), '{repeat,escalation}', 'A7: and so is one that comes before the first is closed');
SELECT is((SELECT count(*) FROM customer_history(:desk, :'back', 2)), 2::bigint, 'A7: at most so many');
SELECT is_empty(format('SELECT * FROM customer_history(%s, %L)', :desk, :'a'), 'A7: a first ticket has no history');

-- B9: like it, by other customers
SELECT opened(:desk, 8, '闪退：支付页面打不开', '2025-04-02 09:00') AS s1, opened(:desk, 9, '支付页面打不开了，闪退', '2025-04-02 09:10') AS s2, opened(:desk, 8, '闪退 支付页面', '2025-04-02 09:20') AS s3,
  opened(:desk, 7, '怎么用 支付页面打不开', '2025-04-02 09:20') AS s4, opened(:desk, 7, '闪退：支付页面打不开', '2025-04-04 09:20') AS s5 \gset
SELECT results_eq(format('SELECT similar_no FROM similar_tickets(%s, %L)', :desk, :'s2'), format('VALUES (%L::ticket_no), (%L)', :'s1', :'s3'), 'B9: other customers'' open tickets of the category in the span, the most alike first');
SELECT results_eq(format('SELECT similar_no FROM similar_tickets(%s, %L, 1, ''3 days'')', :desk, :'s1'), format('VALUES (%L::ticket_no)', :'s5'), 'B9: another span, another number');

-- A8: duplicates in a circle would be nobody's work
SELECT mark_duplicate(:desk, :'s3', :'s1'), mark_duplicate(:desk, :'s1', :'s5') \g /dev/null
SELECT throws_ok(format('SELECT mark_duplicate(%s, %L, %L)', :desk, :'s5', original), 'SF010', NULL, 'A8: no duplicate of one''s own duplicate, ' || what)
FROM (VALUES (:'s1', 'of the first degree'), (:'s3', 'or of the second')) AS v (original, what);
SELECT undo_mark(:desk, :'s1') \g /dev/null
SELECT is(mark_duplicate(:desk, :'s5', :'s1'), 'duplicate', 'A8: once that mark is taken back it may be');
SELECT * FROM finish();
