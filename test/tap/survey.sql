-- Surveys and links with one-time tokens. Handbook F1, F5, F6.
\ir ../lib/small_desk.sql
SELECT no_plan();
CREATE FUNCTION opened(desk bigint, at timestamptz DEFAULT '2025-03-03 09:00') RETURNS ticket_no LANGUAGE sql
  AS $$SELECT csflow.open_ticket(desk, 'email', '闪退', customer_id => 7, at => at)$$;
CREATE FUNCTION token(no ticket_no, topic text) RETURNS text LANGUAGE sql STABLE
  AS $$SELECT payload ->> 'token' FROM csflow.outbox o WHERE o.ticket_no = no AND o.topic = token.topic ORDER BY outbox_id DESC LIMIT 1$$;

-- F5: sent automatically, as the desk says
SELECT opened(:desk) AS t0 \gset
SELECT answer(:desk, :'t0', 'done', agent_id => 21, at => '2025-03-03 10:00'), close_ticket(:desk, :'t0', 'customer_confirmed', agent_id => 21, at => '2025-03-03 10:01') \g /dev/null
SELECT is_empty('SELECT * FROM survey', 'F5: a desk that says never sends none');
SELECT is_empty('SELECT * FROM customer_link', 'F1: nor asks whether it is solved');
UPDATE desk SET survey_on = 'answered', survey_questions = '{overall,nps,ces}', confirm_by_link = true WHERE desk_id = :desk;
SELECT opened(:desk) AS t1 \gset
SELECT assign(:desk, :'t1', 21, at => '2025-03-03 09:30'), answer(:desk, :'t1', 'done', agent_id => 21, at => '2025-03-03 10:00') \g /dev/null
SELECT results_eq(format($$SELECT topic, recipient_kind, recipient_id, recipient, created_at, due_at, payload - 'token' - 'expires_at' FROM outbox WHERE ticket_no = %L AND topic IN ('survey', 'confirmation') ORDER BY topic$$, :'t1'),
  $$VALUES ('confirmation', 'customer', 7::bigint, 'email', '2025-03-03 10:00'::timestamptz, '2025-03-10 10:00'::timestamptz, '{"language": "zh"}'::jsonb),
    ('survey', 'customer', 7, 'email', '2025-03-03 10:00', '2025-03-10 10:00', '{"language": "zh", "questions": ["overall", "nps", "ces"]}')$$, 'F1, F5: with the answer go the survey and the question whether it is solved');
SELECT token(:'t1', 'survey') AS tok, token(:'t1', 'confirmation') AS conf \gset
SELECT ok(:'tok' ~ '^\d+-[0-9a-f]{64}$' AND :'tok' <> :'conf', 'F5: each with a token of its own');
SELECT is((SELECT count(*) FROM customer_link k WHERE ticket_no = :'t1' AND token_hash = sha256(convert_to(CASE purpose WHEN 'survey' THEN :'tok' ELSE :'conf' END, 'UTF8'))), 2::bigint, 'F5: of which only the hash is kept');
SELECT is((SELECT count(*) FROM customer_link k WHERE k::text LIKE '%' || substr(:'tok', 5) || '%'), 0::bigint, 'F5: nowhere else');
UPDATE outbox SET sent_at = '2025-03-03 10:01' WHERE ticket_no = :'t1';
SELECT is(token(:'t1', 'survey'), NULL, 'F5: once it is sent, the outbox forgets the token');
SELECT is((SELECT (sent_at, sent_count, team_id, agent_id, answered_at)::text FROM survey WHERE ticket_no = :'t1'), ('2025-03-03 10:00'::timestamptz, 1, 2, 21, NULL::timestamptz)::text, 'F5: a survey waits for its answer');

-- F5: refused
SELECT throws_ok(format('SELECT answer_survey(%L, overall => %s, at => ''2025-03-03 11:00'')', :'tok', v), '22023', m, 'F5: refused: ' || v)
  FROM (VALUES ('0', 'overall of 0 is not on the scale'), ('6', 'overall of 6 is not on the scale'), ('4.5', 'overall of 4.5 is not on the scale'), ('''NaN''', 'overall of NaN is not on the scale'), ('''Infinity''', 'overall of Infinity is not on the scale'), ('''-Infinity''', 'overall of -Infinity is not on the scale')) x (v, m);
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 4, %s => %s, at => ''2025-03-03 11:00'')', :'tok', k, v), '22023', NULL, format('F5: refused: %s %s', k, v))
  FROM (VALUES ('nps', '-1'), ('nps', '11'), ('nps', '''NaN'''), ('ces', '0'), ('ces', '8'), ('efficiency', '6'), ('attitude', '0'), ('clarity', '-1'), ('fairness', '99999')) x (k, v);
SELECT throws_ok(format('SELECT answer_survey(%L, at => ''2025-03-03 11:00'')', :'tok'), 'SF017', 'the survey has no answer', 'F5: an empty answer is none');
SELECT throws_ok(format('SELECT answer_survey(%L, comment => %L, at => ''2025-03-03 11:00'')', :'tok', '  '), 'SF017', NULL, 'F5: nor are blanks');
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 5)', t), 'SF020', 'unknown survey token', 'F5: unknown: ' || coalesce(t, 'NULL'))
  FROM (VALUES (:'conf'), (''), ('1-' || repeat('0', 64)), (upper(:'tok')), (:'tok' || '0'), ('99999999999999999999-' || repeat('0', 64)), (NULL)) v (t);
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 5, at => %L)', :'tok', '2025-03-10 10:00:00.000001'), 'SF020', 'this survey token has expired', 'F5: expired by a microsecond');
SELECT is((SELECT answered_at FROM survey WHERE ticket_no = :'t1'), NULL, 'F5: what is refused leaves nothing');
SELECT throws_ok(format('UPDATE csflow.survey SET %s WHERE ticket_no = %L', s, :'t1'), '23514', NULL, 'F5: the table refuses it too: ' || s)
  FROM (VALUES ('overall = 6, answered_at = now()'), ('nps = -1, answered_at = now()'), ('ces = 0, answered_at = now()'), ('overall = 5')) v (s);

-- F5: answers once
SELECT is(answer_survey(:'tok', overall => 5, nps => 9, ces => 7, comment => ' 很快 ', at => '2025-03-10 10:00'), false, 'F5: the last instant of its validity; a good answer is not low');
SELECT is((SELECT (answered_at, answer_count, overall, nps, ces, comment, efficiency, is_low)::text FROM survey WHERE ticket_no = :'t1'), ('2025-03-10 10:00'::timestamptz, 1, 5, 9, 7, '很快', NULL::int, false)::text, 'F5: kept');
SELECT results_eq(format($$SELECT author_kind, is_public, body, milestone FROM message WHERE ticket_no = %L AND body LIKE 'survey%%'$$, :'t1'), $$VALUES ('system', false, 'survey: overall 5, nps 9, ces 7, 很快', NULL::text)$$, 'F5, F7: and noted');
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 1, at => %L)', :'tok', '2025-03-10 10:00'), 'SF020', 'this survey token was used already', 'F5: the same token answers once');
SELECT is((SELECT overall FROM survey WHERE ticket_no = :'t1'), 5::smallint, 'F5: the first answer stands');

-- F5: sent again, the last valid answer counts
SELECT is(send_survey(:desk, :'t1', at => '2025-03-11 09:00'), 1, 'F5: sent again');
SELECT token(:'t1', 'survey') AS tok2 \gset
SELECT is(send_survey(:desk, :'t1', at => '2025-03-11 09:00'), 1, 'F5: and again');
SELECT token(:'t1', 'survey') AS tok3 \gset
SELECT is((SELECT (sent_at, last_sent_at, sent_count)::text FROM survey WHERE ticket_no = :'t1'), ('2025-03-03 10:00'::timestamptz, '2025-03-11 09:00'::timestamptz, 3)::text, 'F5: is one survey');
SELECT is(answer_survey(:'tok3', overall => 2, at => '2025-03-11 10:00'), true, 'F6: two stars are low');
SELECT is(answer_survey(:'tok2', overall => 4, nps => 8, at => '2025-03-11 11:00'), false, 'F5: a token sent before is good too');
SELECT is((SELECT (answered_at, answer_count, overall, nps, ces, comment, is_low)::text FROM survey WHERE ticket_no = :'t1'), ('2025-03-11 11:00'::timestamptz, 3, 4, 8, NULL::int, NULL::text, false)::text, 'F5: the last answer counts, whole');
SELECT is((SELECT count(*) FROM message WHERE ticket_no = :'t1' AND author_kind = 'system'), 3::bigint, 'F5: the others remain as notes');
SELECT throws_ok(format('SELECT send_survey(%s, %L)', :desk, '202501001'), 'SF004', NULL, 'F5: no survey of a ticket that is not there');

-- F6: which score is low is a setting
SELECT is(record_survey(:desk, :'t1', efficiency => e, attitude => a, clarity => c, fairness => f, overall => o, at => '2025-03-12 09:00'), low, format('F6: %s %s %s %s %s', e, a, c, f, o))
  FROM (VALUES (4, 4, 4, 4, 4, false), (3, 5, 5, 5, 5, true), (5, 3, 5, 5, 5, true), (5, 5, 3, 5, 5, true), (5, 5, 5, 3, 5, true), (5, 5, 5, 5, 3, true), (NULL, NULL, NULL, NULL, NULL, NULL)) v (e, a, c, f, o, low) WHERE low IS NOT NULL;
SELECT is(record_survey(:desk, :'t1', nps => 0, ces => 1, at => '2025-03-12 09:00'), false, 'F6: NPS and CES are not among the five');
UPDATE desk SET low_score = 2, low_score_of = '{overall}' WHERE desk_id = :desk;
SELECT is(record_survey(:desk, :'t1', efficiency => 1, overall => 3, at => '2025-03-12 09:00'), false, 'F6: set to overall of two or less');
SELECT is(record_survey(:desk, :'t1', overall => 2, at => '2025-03-12 09:00'), true, 'F6: two is');
UPDATE desk SET low_score = 0 WHERE desk_id = :desk;
SELECT is(record_survey(:desk, :'t1', overall => 1, at => '2025-03-12 09:00'), false, 'F6: set to none');
UPDATE desk SET low_score = 3, low_score_of = '{efficiency,attitude,clarity,fairness,overall}' WHERE desk_id = :desk;
SELECT throws_ok(format('UPDATE csflow.desk SET %s', s), '23514', NULL, 'H4: refused: ' || s) FROM (VALUES ('low_score = 6'), ('low_score_of = ''{nps}'''), ('survey_on = ''later'''), ('survey_questions = ''{}'''), ('survey_questions = ''{mood}'''), ('link_validity = ''0''')) v (s);

-- F5: on closing; where it was to go with the answer and there was none, too
SELECT opened(:desk) AS t2 \gset
SELECT accept(:desk, :'t2', agent_id => 21, at => '2025-03-03 09:10'), close_ticket(:desk, :'t2', 'long_term_plan_explained', agent_id => 21, at => '2025-03-03 09:20') \g /dev/null
SELECT is((SELECT array_agg(purpose) FROM customer_link WHERE ticket_no = :'t2'), '{survey}', 'F5: closed without an answer: the survey goes out all the same');
UPDATE desk SET survey_on = 'closed', confirm_by_link = false, link_validity = '2 hours' WHERE desk_id = :desk;
SELECT opened(:desk) AS t3 \gset
SELECT answer(:desk, :'t3', 'done', agent_id => 21, at => '2025-03-03 10:00') AS answered \gset
SELECT is((SELECT count(*) FROM customer_link WHERE ticket_no = :'t3'), 0::bigint, 'F5: set to closing: not with the answer');
SELECT close_ticket(:desk, :'t3', 'customer_confirmed', agent_id => 21, at => '2025-03-03 10:30') AS closed \gset
SELECT is((SELECT array_agg((purpose, expires_at)::text) FROM customer_link WHERE ticket_no = :'t3'), ARRAY[('survey', '2025-03-03 12:30'::timestamptz)::text], 'F5: but on completion');
INSERT INTO ticket (desk_id, channel, body, opened_at) SELECT :desk, 'email', '闪退', '2025-03-03 09:00' FROM generate_series(1, 3000);
UPDATE ticket SET state = 'in_progress', agent_id = 21, changed_at = '2025-03-03 09:30', changed_by = 21 WHERE desk_id = :desk AND state = 'new';
ANALYZE ticket; -- plans of foreign keys were made for a handful of tickets
UPDATE ticket SET state = 'closed', close_reason = 'customer_confirmed', changed_at = '2025-03-03 10:30' WHERE desk_id = :desk AND state = 'in_progress';
SELECT is((SELECT (count(*), count(DISTINCT token_hash))::text FROM customer_link WHERE desk_id = :desk AND sent_at = '2025-03-03 10:30'), '(3001,3001)', 'F5: one each when many are closed at once');

-- F1: the customer says through the link whether it is solved
UPDATE desk SET survey_on = 'never', confirm_by_link = true, link_validity = '7 days' WHERE desk_id = :desk;
SELECT opened(:desk) AS c1, opened(:desk) AS c2, opened(:desk) AS c3 \gset
SELECT answer(:desk, no, 'done', agent_id => 21, at => '2025-03-03 10:00') FROM unnest(ARRAY[:'c1', :'c2', :'c3']::ticket_no[]) no \g /dev/null
SELECT token(:'c1', 'confirmation') AS k1, token(:'c2', 'confirmation') AS k2, token(:'c3', 'confirmation') AS k3 \gset
SELECT throws_ok(format('SELECT confirm_by_token(%L, NULL)', :'k1'), 'SF017', NULL, 'F1: yes or no');
SELECT is(confirm_by_token(:'k1', true, at => '2025-03-03 11:00'), 'closed', 'F1: solved closes');
SELECT is((SELECT (close_reason, closed_at, changed_by_kind)::text FROM ticket WHERE ticket_no = :'c1'), ('customer_confirmed', '2025-03-03 11:00'::timestamptz, 'customer')::text, 'F1, F2: the customer did');
SELECT throws_ok(format('SELECT confirm_by_token(%L, false)', :'k1'), 'SF020', 'this confirmation token was used already', 'F1: once');
SELECT is(confirm_by_token(:'k2', false, '还是闪退', at => '2025-03-03 11:00'), 'in_progress', 'F1: not solved reopens');
SELECT is((SELECT (reopen_count, changed_by_kind)::text FROM ticket WHERE ticket_no = :'c2'), '(1,customer)', 'F1: counted');
SELECT is((SELECT array_agg((author_kind, body)::text) FROM message WHERE ticket_no = :'c2' AND author_kind = 'customer'), '{"(customer,还是闪退)"}', 'F1: with the customer''s words');
SELECT throws_ok(format('SELECT confirm_by_token(%L, true)', :'k3'), 'SF020', 'this confirmation token has expired', 'F1: not for ever');
SELECT is(request_confirmation(:desk, :'c3', at => '2025-03-20 10:00'), 1, 'F1: asked again');
SELECT is(confirm_by_token(token(:'c3', 'confirmation'), true, at => '2025-03-20 11:00'), 'closed', 'F1: with another link');
SELECT request_confirmation(:desk, :'c3', at => '2025-03-20 12:00') AS n \gset
SELECT is(confirm_by_token(token(:'c3', 'confirmation'), true, at => '2025-03-20 12:00'), 'closed', 'F1: what is closed stays so');
SELECT request_confirmation(:desk, :'c3', at => '2025-03-20 12:00') AS n \gset
SELECT is(confirm_by_token(token(:'c3', 'confirmation'), false, at => '2025-03-20 13:00'), 'in_progress', 'F1: or is reopened');

-- F6 as the playbook has it: the supervisor's review at once, explanation and second call within 24 hours
SELECT create_desk('live', 'reception') AS live \gset
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:live, 199, 'application', current_user, true);
SELECT open_ticket(:live, 'live_chat', '外卖延迟', at => '2025-03-03 09:00') AS r1 \gset
SELECT answer(:live, :'r1', 'done', agent_id => 199, at => '2025-03-03 10:00') AS answered \gset
SELECT is((SELECT payload -> 'questions' FROM outbox WHERE ticket_no = :'r1' AND topic = 'survey'), '["efficiency", "attitude", "clarity", "fairness", "overall"]', 'F5: reception asks five dimensions before the conversation ends');
SELECT is(answer_survey(token(:'r1', 'survey'), 4, 3, 5, 5, 4, at => '2025-03-03 10:05'), true, 'F6: any of the five');
SELECT results_eq(format('SELECT clock, started_at, due_at FROM clock WHERE ticket_no = %L AND clock IN (''low_score_explanation'', ''second_call'') ORDER BY 1', :'r1'),
  $$VALUES ('low_score_explanation', '2025-03-03 10:05'::timestamptz, '2025-03-04 10:05'::timestamptz), ('second_call', '2025-03-03 10:05', '2025-03-04 10:05')$$, 'F6: both clocks run 24 hours');
SELECT escalate_batch('2025-03-03 10:05') AS fired \gset
SELECT results_eq(format('SELECT participants FROM review WHERE ticket_no = %L', :'r1'), $$VALUES ('{supervisor}'::text[])$$, 'F6: the supervisor''s review is open');
SELECT open_ticket(:live, 'live_chat', '外卖延迟', at => '2025-03-03 09:00') AS r2 \gset
SELECT answer(:live, :'r2', 'done', agent_id => 199, at => '2025-03-03 10:00'), close_ticket(:live, :'r2', 'customer_confirmed', agent_id => 199, at => '2025-03-03 10:01') \g /dev/null
SELECT is(answer_survey(token(:'r2', 'survey'), 1, 1, 1, 1, 1, at => '2025-03-03 12:00'), true, 'F6: a score that comes after closing');
SELECT is((SELECT array_agg(clock ORDER BY clock) FROM clock WHERE ticket_no = :'r2' AND stopped_at IS NULL AND due_at = '2025-03-04 12:00'), '{low_score_explanation,second_call}', 'F6: starts both clocks on the closed ticket, for they outlive closing');
SELECT create_desk('formal', 'complaint') AS formal, create_desk('bot_first', 'tiered') AS tiered \gset
SELECT is((SELECT (survey_on, confirm_by_link)::text FROM desk WHERE desk_id = :formal), '(closed,t)', 'F5: complaint sends it on completion');
SELECT is((SELECT survey_questions FROM desk WHERE desk_id = :tiered), '{overall,nps,ces}', 'F5: tiered asks NPS and CES');
SELECT is_empty(format('SELECT * FROM load_playbook(%s, export_playbook(%s)) WHERE added + changed + removed > 0', :live, :live), 'H4: exported and loaded back, nothing changes');
SELECT is((SELECT array_agg(path || ' ' || fault ORDER BY path) FROM check_playbook('{"settings": {"survey_on": "later", "survey_questions": [], "low_score_of": ["mood"], "low_score": 9, "link_validity": "0", "surge_growth_pct": 0, "shift_calendar": "moon", "sample_size": -1}}')),
  ARRAY['$.settings.link_validity must be more than 0', '$.settings.low_score must be a whole number from 0 to 5, not 9', '$.settings.low_score_of[0] must be one of efficiency, attitude, clarity, fairness, overall, not "mood"', '$.settings.sample_size must be a whole number from 0 to 1000, not -1', '$.settings.shift_calendar unknown calendar: "moon"', '$.settings.surge_growth_pct must be more than 0 and at most 10000 percent, not 0', '$.settings.survey_on must be one of never, answered, closed, not "later"', '$.settings.survey_questions is empty'], 'H4: each fault of a playbook with its path');

SELECT finish();
