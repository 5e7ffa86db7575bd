-- Views over the flow: handbook A9, D6, D9, G2, G9; kpi.md.
\ir ../lib/small_desk.sql
SELECT no_plan();

-- G2: attainment of nothing is unknown, not 0 %.
SELECT is((SELECT count(*) FROM attainment), 0::bigint, 'G2: no clocks, no rows');
SELECT open_ticket(:desk, 'email', '闪退', external_id => 'a', at => '2025-03-03 09:00') AS a \gset
SELECT is((SELECT (started_count, met_count, breached_count, total_count, met_pct, running_count, overdue_count, met_pct_incl_open_breached)::text
    FROM attainment_at(:desk, '2025-03-03 10:00') WHERE clock = 'resolve'),
  (1, 0, 0, 0, NULL, 1, 0, NULL)::text, 'G2: running only: percentages are NULL');
SELECT is((SELECT (total_count, met_pct, running_count, overdue_count, total_count_incl_open_breached, met_pct_incl_open_breached)::text
    FROM attainment_at(:desk, '2025-03-04 09:00:01') WHERE clock = 'resolve'),
  (0, NULL, 0, 1, 1, 0)::text, 'G2: overdue counts in the stricter percentage only, sweep or no sweep');
SELECT is((SELECT overdue_count FROM attainment_at(:desk, '2025-03-04 09:00') WHERE clock = 'resolve'), 0::bigint, 'G2: due is not yet overdue');

SELECT open_ticket(:desk, 'email', '白屏', external_id => x, at => '2025-03-03 09:00') FROM unnest('{b,c,d}'::text[]) AS x \g /dev/null
SELECT answer(:desk, ticket_no, '已修复。', agent_id => 21, at => at) FROM ticket JOIN (VALUES ('b', '2025-03-03 20:00'::timestamptz),
  ('c', '2025-03-04 09:00'), ('d', '2025-03-04 09:00:01')) AS v (x, at) ON external_id = x \g /dev/null
SELECT is((SELECT (started_count, met_count, breached_count, total_count, round(met_pct::numeric, 3), overdue_count,
    round(met_pct_incl_open_breached::numeric, 3))::text FROM attainment_at(:desk, '2025-03-05 00:00') WHERE clock = 'resolve'),
  (4, 2, 1, 3, 66.667, 1, 50.000)::text, 'G2: two met (one at the very instant), one late, one overdue');
SELECT is((SELECT (met_count, breached_count)::text FROM attainment_at(:desk, '2025-03-05 00:00', '2025-03-03 20:00') WHERE clock = 'resolve'),
  (1, 1)::text, 'G2: by event: of a period only what was completed in it');
SELECT is((SELECT (clock, priority::text, met_count)::text FROM attainment WHERE desk_id = :desk AND clock = 'resolve'), ('resolve', 'B', 2)::text,
  'G2: the view says the same at present');
SELECT is((SELECT count(*) FROM attainment WHERE clock = 'auto_close'), 0::bigint, 'G2: automatic closing is no promise');
SELECT reply(:desk, ticket_no, '您好', agent_id => 11, at => '2025-03-04 23:00') FROM ticket WHERE external_id = 'a' \g /dev/null
SELECT is((SELECT breached_count FROM attainment WHERE clock = 'first_response'), 2::bigint, 'A2: first responses that came late');
SELECT mark_invalid(:desk, ticket_no, 'a test', agent_id => 11, at => '2025-03-05 00:00') FROM ticket WHERE external_id = 'a' \g /dev/null
SELECT is((SELECT overdue_count FROM attainment WHERE clock = 'resolve'), 0::bigint, 'A8: the clocks of an invalid ticket are void');
SELECT is((SELECT breached_count FROM attainment WHERE clock = 'first_response'), 1::bigint, 'A8: and what it missed before counts no more');

-- D6, D9: one clock through running, paused, overdue and stopped
SELECT open_ticket(:desk, 'live_chat', '怎么用', external_id => 'w', at => '2025-03-10 08:00') AS w \gset
SELECT accept(:desk, :'w', agent_id => 11, at => '2025-03-10 08:10') IS NOT NULL AS accepted \gset
SELECT is((SELECT (status, is_breached, spent, remaining, share_pct)::text FROM clock_status_at(:desk, '2025-03-10 14:00')
    WHERE ticket_no = :'w' AND clock = 'resolve'),
  ('running', false, interval '6 hours', interval '18 hours', 25::double precision)::text, 'D6: a quarter is spent');
SELECT wait_for_customer(:desk, :'w', agent_id => 11, at => '2025-03-10 14:00') IS NOT NULL AS waiting \gset
SELECT is((SELECT (status, spent, remaining, paused, due_at)::text FROM clock_status_at(:desk, '2025-03-12 14:00')
    WHERE ticket_no = :'w' AND clock = 'resolve'),
  ('paused', interval '6 hours', interval '18 hours', interval '48 hours', NULL::timestamptz)::text, 'D9: two days later nothing more');
SELECT receive(:desk, :'w', '这里', at => '2025-03-12 14:00') IS NOT NULL AS received \gset
SELECT is((SELECT (status, is_breached, share_pct)::text FROM clock_status_at(:desk, '2025-03-13 14:00')
    WHERE ticket_no = :'w' AND clock = 'resolve'), ('overdue', true, 125::double precision)::text, 'D6: overdue at 125 %');
SELECT answer(:desk, :'w', '请看说明。', agent_id => 11, at => '2025-03-13 14:00') IS NOT NULL AS answered \gset
SELECT is((SELECT (status, is_breached, spent, remaining, stopped_at)::text FROM clock_status WHERE ticket_no = :'w' AND clock = 'resolve'),
  ('breached', true, interval '30 hours', interval '-6 hours', '2025-03-13 14:00'::timestamptz)::text, 'D6: breached, for good');
SELECT is((SELECT is_breached FROM clock_status WHERE ticket_no = :'w' AND clock = 'auto_close'), false, 'F2: the 72 hours are no promise');

-- G9: the queue
SELECT open_ticket(:desk, 'email', x || ' 怎么用', title => x, external_id => 'q' || x, at => '2025-04-01 09:00'::timestamptz + n * interval '1 hour')
FROM unnest('{1,2,3,4}'::text[]) WITH ORDINALITY AS q (x, n) \g /dev/null
SELECT correct(:desk, ticket_no, 'funds', priority => 'E', agent_id => 91, at => '2025-04-01 14:00') FROM ticket WHERE external_id = 'q3' \g /dev/null
UPDATE ticket SET emotion = -0.8 WHERE external_id = 'q2';
SELECT is((SELECT array_agg(title ORDER BY place) FROM queue WHERE title IN ('1', '2', '3', '4')), '{3,2,1,4}'::text[],
  'G9, B8: by priority, then strong negative emotion, then what is due first');
SELECT is((SELECT place FROM queue WHERE title = '2') < (SELECT place FROM queue WHERE title = '1'), true, 'B8: the desk''s threshold is −0.5');
UPDATE desk SET emotion_threshold = 0.9 WHERE desk_id = :desk;
SELECT is((SELECT array_agg(title ORDER BY place) FROM queue WHERE title IN ('1', '2', '3', '4')), '{3,1,2,4}'::text[], 'B8: less than another threshold moves nothing');
UPDATE desk SET emotion_threshold = 0.5 WHERE desk_id = :desk;
UPDATE ticket SET emotion = 0 WHERE external_id = 'q2';
INSERT INTO lexicon (desk_id, word, class, weight) VALUES (:desk, '愤怒', 'anger', 3), (:desk, '着急', 'anxiety', 2);
SELECT open_ticket(:desk, 'email', body, title => title, external_id => 'soothe' || title, at => '2025-04-01 14:00')
FROM (VALUES ('furious', '怎么用？我很愤怒，也着急'), ('worried', '怎么用？我很着急'), ('calm', '怎么用？谢谢')) AS s (title, body) \g /dev/null
SELECT is((SELECT array_agg(title || ' ' || coalesce(soothing, '-') || ' ' || priority ORDER BY title) FROM queue WHERE title IN ('furious', 'worried', 'calm')),
  (SELECT ARRAY['calm - ' || q.priority, 'furious anger ' || q.priority, 'worried anxiety ' || q.priority] FROM queue q WHERE q.title = 'calm'),
  'B8: the angry and the anxious are told apart, and have the priority of the calm');
SELECT is((SELECT bool_and(place < (SELECT min(place) FROM queue WHERE title IN ('calm', '1', '2', '4'))) FROM queue WHERE title IN ('furious', 'worried')), true,
  'B8: both go before the calm of their priority, though these came before them');
SELECT is((SELECT array_agg(substr(soothing_hint_zh, 1, 10) || ' ' || split_part(soothing_hint_en, ':', 1) ORDER BY title) FROM queue WHERE title IN ('furious', 'worried')),
  ARRAY['客户很生气：先安抚， The customer is angry', '客户很着急：先安抚， The customer is anxious'], 'B8, A9: the soothing hint in both languages');
SELECT is((SELECT count(*) FROM queue WHERE (soothing IS NULL) <> (soothing_hint_zh IS NULL) OR (soothing IS NULL) <> (soothing_hint_en IS NULL)), 0::bigint, 'B8: no hint where nobody need be soothed');
SELECT load_playbook(:desk, jsonb_set(jsonb_set(jsonb_set(export_playbook(:desk), '{settings,anger_threshold}', '1'), '{settings,anxiety_threshold}', '0.95'), '{settings,emotion_threshold}', '1')) \g /dev/null
SELECT is((SELECT count(soothing) FROM queue), 0::bigint, 'B8, H4: thresholds come with the playbook');
SELECT is(export_playbook(:desk) #> '{settings}' ->> 'anxiety_threshold', '0.95', 'H4: and go with it');
SELECT is((SELECT array_agg(path ORDER BY path) FROM check_playbook('{"settings": {"emotion_threshold": 0, "anger_threshold": 1.5, "anxiety_threshold": "much"}}')),
  '{$.settings.anger_threshold,$.settings.anxiety_threshold,$.settings.emotion_threshold}'::text[], 'H4: what is no threshold is refused with its path');
SELECT throws_ok(format('UPDATE csflow.desk SET anger_threshold = %L WHERE desk_id = %s', v, :desk), '23514', NULL, 'B8: no threshold of ' || v) FROM unnest('{0,-1,1.1,NaN}'::text[]) AS v;
UPDATE desk SET emotion_threshold = 0.5, anger_threshold = 0.5, anxiety_threshold = 0.4 WHERE desk_id = :desk;
UPDATE ticket SET state = 'invalid', change_reason = 'a test' WHERE external_id LIKE 'soothe%';
SELECT is((SELECT (next_due_clock, next_due_at, seconds_to_due, overdue_count, waiting_since, waiting_seconds)::text
    FROM queue_at(:desk, '2025-04-01 17:00') WHERE title = '3'),
  ('resolve', '2025-04-01 16:00'::timestamptz, -3600::double precision, 1, '2025-04-01 12:00'::timestamptz, 18000::double precision)::text,
  'G9: what is due, and how long the customer waits');
SELECT reply(:desk, ticket_no, '在看', agent_id => 11, at => '2025-04-01 15:00') FROM ticket WHERE external_id = 'q3' \g /dev/null
SELECT is((SELECT (waiting_since, waiting_seconds)::text FROM queue_at(:desk, '2025-04-01 17:00') WHERE title = '3'),
  (NULL::timestamptz, NULL::double precision)::text, 'G9: answered, the customer waits for nothing');
SELECT receive(:desk, ticket_no, m, at => at) FROM ticket, (VALUES ('喂', '2025-04-01 15:30'::timestamptz), ('在吗', '2025-04-01 16:00')) AS v (m, at)
WHERE external_id = 'q3' ORDER BY at \g /dev/null
SELECT is((SELECT (waiting_since, last_customer_message_at)::text FROM queue_at(:desk, '2025-04-01 17:00') WHERE title = '3'),
  ('2025-04-01 15:30'::timestamptz, '2025-04-01 16:00'::timestamptz)::text, 'G9: the oldest word without an answer counts, not the last');
SELECT answer(:desk, ticket_no, '好了', agent_id => 11, at => '2025-04-01 16:30') FROM ticket WHERE external_id = 'q3' \g /dev/null
SELECT is((SELECT count(*) FROM queue WHERE title = '3'), 0::bigint, 'G9: answered tickets leave the queue');

-- A9: a ticket's story in both languages
SELECT is((SELECT array_agg(concat_ws(' ', caption_zh, detail_zh, caption_en, detail_en) ORDER BY seq) FROM timeline
    WHERE ticket_no = :'w' AND kind IN ('opened', 'accepted', 'answered')),
  '{建单 待处理; 低 opened new; low,受理 待处理 → 处理中 accepted new → in progress,答复 处理中 → 已答复 answered in progress → answered}'::text[],
  'A9: captions of events and states');
SELECT is((SELECT array_agg(text ORDER BY seq) FROM timeline WHERE ticket_no = :'w' AND kind IN ('customer_message', 'reply')),
  '{这里,请看说明。}'::text[], 'F7: with what was said');
SELECT is((SELECT array_agg(seq ORDER BY seq) FROM timeline WHERE ticket_no = :'w'),
  (SELECT array_agg(n ORDER BY n) FROM generate_series(1, (SELECT max(seq) FROM event WHERE ticket_no = :'w')) AS n), 'F7: every event once');

-- Every view and each of its columns is explained, and runs with the reader's own rights.
SELECT is((SELECT array_agg(c.relname::text) FROM pg_class c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind = 'v'
    AND obj_description(c.oid) IS NULL), NULL, 'every view has a comment');
SELECT is((SELECT array_agg(a.attrelid::regclass::text || '.' || a.attname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind = 'v' AND a.attnum > 0 AND col_description(c.oid, a.attnum) IS NULL),
  NULL, 'every column of a view has a comment');
SELECT is((SELECT array_agg(c.relname::text) FROM pg_class c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind = 'v'
    AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false) AND c.relname !~ '^my_'), NULL, 'every view is security_invoker');
SELECT is((SELECT array_agg(c.relname::text) FROM pg_class c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind = 'v'
    AND c.relname ~ '^my_' AND NOT coalesce('security_barrier=true' = ANY (c.reloptions), false)), NULL, 'but those that show what is one''s own, which are barriers');
DROP ROLE IF EXISTS views_stranger;
CREATE ROLE views_stranger;
GRANT USAGE ON SCHEMA csflow TO views_stranger;
GRANT SELECT ON csflow.queue, csflow.attainment TO views_stranger;
SET ROLE views_stranger;
SELECT throws_ok('SELECT * FROM csflow.queue', '42501', NULL, '2.11: a view shows nobody more than the tables do');
RESET ROLE;
DROP OWNED BY views_stranger;
DROP ROLE views_stranger;
SELECT * FROM finish();
