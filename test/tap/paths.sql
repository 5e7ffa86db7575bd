-- Whatever brings the rows (one by one, INSERT … SELECT, COPY, ON CONFLICT, several desks or several messages of a ticket in
-- one statement), the same comes of them: tickets, events, clocks, notices. Design 2.1, handbook I1.
-- Not in make quick: every way in takes its time.
\ir ../lib/internet_desk.sql
SELECT no_plan();

-- Desks with the same configuration under the same ids, so that their rows can be compared as they are.
CREATE FUNCTION twin(name text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  part name;
  columns text;
  twin_id bigint;
BEGIN
  INSERT INTO csflow.desk (name, review_team_id) VALUES (twin.name, NULL) RETURNING desk_id INTO twin_id;
  FOREACH part IN ARRAY '{caption,channel,team,agent,category,keyword_rule,keyword_alias,lexicon,priority_rule,working_calendar,target,step,transition,customer}'::name[] LOOP
    SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
    WHERE attrelid = ('csflow.' || part)::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'desk_id';
    EXECUTE format('INSERT INTO csflow.%1$I (desk_id, %2$s) SELECT %3$s, %2$s FROM csflow.%1$I WHERE desk_id = csflow.desk_id(''support'') %4$s', part, columns, twin_id,
      CASE part WHEN 'category' THEN 'ORDER BY parent_id NULLS FIRST' ELSE '' END);
  END LOOP;
  -- What is a duplicate depends on the order in which rows come.
  UPDATE csflow.desk SET duplicate_at_intake = false, review_team_id = (SELECT review_team_id FROM csflow.desk WHERE desk_id = csflow.desk_id('support')) WHERE desk_id = twin_id;
  RETURN twin_id;
END
$$;
UPDATE team SET supervisor_id = NULL, head_id = NULL WHERE desk_id = :desk;
-- To whom a ticket is offered depends on who has how many at that moment, so on the order of the sweep.
UPDATE step SET action = 'notify', recipients = '{team}' WHERE desk_id = :desk AND action = 'offer_next';
SELECT twin('ten_thousand') AS many, twin('ten_thousand_singly') AS many_singly, twin('one_by_one') AS one, twin('in_bulk') AS bulk, twin('mixed') AS mixed, twin('copied') AS copied \gset

-- Everything that came of a desk's tickets, without the numbers they drew.
CREATE FUNCTION outcome(wanted bigint) RETURNS TABLE (what text, external_id text, rest text) LANGUAGE sql STABLE AS $$
  SELECT 'ticket', t.external_id, (to_jsonb(t) - '{desk_id,ticket_no,rules_version}'::text[])::text FROM csflow.ticket t WHERE desk_id = wanted
  UNION ALL
  SELECT 'event', t.external_id, (to_jsonb(e) - '{desk_id,ticket_no,recorded_at,text_digest,hash,message_no}'::text[] || jsonb_build_object('text', x.text))::text
  FROM csflow.event e JOIN csflow.ticket t USING (desk_id, ticket_no) LEFT JOIN csflow.event_text x USING (desk_id, ticket_no, seq) WHERE desk_id = wanted
  UNION ALL
  SELECT 'clock', t.external_id, (to_jsonb(c) - '{desk_id,ticket_no}'::text[])::text FROM csflow.clock c JOIN csflow.ticket t USING (desk_id, ticket_no) WHERE desk_id = wanted
  UNION ALL
  SELECT 'notice', t.external_id, (to_jsonb(o) - '{desk_id,ticket_no,outbox_id}'::text[])::text FROM csflow.outbox o JOIN csflow.ticket t USING (desk_id, ticket_no) WHERE desk_id = wanted
  UNION ALL
  SELECT 'message', t.external_id, (to_jsonb(m) - '{desk_id,ticket_no,message_no}'::text[])::text FROM csflow.message m JOIN csflow.ticket t USING (desk_id, ticket_no) WHERE desk_id = wanted
  UNION ALL
  SELECT 'chain', t.external_id, h.seq::text FROM csflow.ticket_chain h JOIN csflow.ticket t USING (desk_id, ticket_no) WHERE desk_id = wanted
$$;
CREATE FUNCTION differences(a bigint, b bigint) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  WITH sides AS MATERIALIZED (SELECT 1 AS side, o FROM outcome(a) o UNION ALL SELECT -1, o FROM outcome(b) o)
  SELECT CASE WHEN sum(side) > 0 THEN 'first only: ' ELSE 'second only: ' END || o FROM sides GROUP BY o HAVING sum(side) <> 0 ORDER BY 1 LIMIT 10
$$;

CREATE TABLE input AS
SELECT i, (ARRAY['email', 'live_chat', 'hotline', 'web_form', 'social_message'])[1 + i % 5] AS channel,
  (ARRAY['提现失败，钱不见了', '怎么开通会员', 'the app crashes', '建议增加夜间模式', '密码被改', '随便说说', '客服态度差', ''])[1 + i % 8] AS body,
  '2025-03-03 09:00'::timestamptz + i * interval '7.000001 seconds' AS opened_at, CASE WHEN i % 3 > 0 THEN i % 3 END AS customer_id,
  CASE WHEN i % 11 = 0 THEN 250.00 END AS amount, CASE WHEN i % 4 = 0 THEN 11 WHEN i % 17 = 0 THEN 21 END AS agent_id,
  CASE WHEN i % 13 = 0 THEN 'in_progress' WHEN i % 29 = 0 THEN 'invalid' WHEN i % 31 = 0 THEN 'answered' ELSE 'new' END AS state
FROM generate_series(1, 10000) i;

-- 10,000 rows in one statement, against one by one
CREATE PROCEDURE insert_singly(wanted bigint, rows integer) LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT * FROM input WHERE i <= rows ORDER BY i LOOP
    INSERT INTO csflow.ticket (desk_id, channel, body, opened_at, customer_id, amount, agent_id, state, external_id)
    VALUES (wanted, r.channel, r.body, r.opened_at, r.customer_id, r.amount, r.agent_id, r.state, r.i::text);
  END LOOP;
END
$$;
INSERT INTO ticket (desk_id, channel, body, opened_at, customer_id, amount, agent_id, state, external_id)
SELECT :many, channel, body, opened_at, customer_id, amount, agent_id, state, i::text FROM input ORDER BY i;
CALL insert_singly(:many_singly, 10000);
ANALYZE;
SELECT is((SELECT count(*) FROM ticket WHERE desk_id = :many), 10000::bigint, '2.1: 10,000 rows by one statement');
SELECT ok((SELECT count(*) > 20000 FROM clock WHERE desk_id = :many), '2.1: with clocks by the thousand');
SELECT is_empty(format('SELECT differences(%s, %s)', :many, :many_singly), '2.1: the same as one by one');
SELECT is((SELECT count(DISTINCT ticket_no) FROM ticket), (SELECT count(*) FROM ticket), 'A4: all numbers differ');

-- From here on 2,500 rows, more than the engine works on at a time.
INSERT INTO ticket (desk_id, channel, body, opened_at, customer_id, amount, agent_id, state, external_id)
SELECT :bulk, channel, body, opened_at, customer_id, amount, agent_id, state, i::text FROM input WHERE i <= 2500 ORDER BY i;
CALL insert_singly(:one, 2500);
SELECT set_config('test.one', :'one', false) IS NULL AS s \gset

-- several desks in one statement, and DO NOTHING with repeats within it and against what is there
INSERT INTO ticket (desk_id, channel, body, opened_at, customer_id, amount, agent_id, state, external_id)
SELECT d, channel, body, opened_at, customer_id, amount, agent_id, state, i::text
FROM input, (VALUES (:mixed::bigint), (:bulk)) AS v (d), generate_series(1, 2) AS twice WHERE i <= 1000 ORDER BY i % 7, twice, d
ON CONFLICT (desk_id, source, external_id) DO NOTHING;
INSERT INTO ticket (desk_id, channel, body, opened_at, customer_id, amount, agent_id, state, external_id)
SELECT :mixed, channel, body, opened_at, customer_id, amount, agent_id, state, i::text FROM input WHERE i <= 2500 ORDER BY i DESC
ON CONFLICT (desk_id, source, external_id) DO NOTHING;
SELECT is_empty(format('SELECT differences(%s, %s)', :one, :mixed), 'I1: ON CONFLICT DO NOTHING, repeats and several desks in one statement: the same');
SELECT is_empty(format('SELECT differences(%s, %s)', :one, :bulk), 'I1: and what was there is as it was');

-- COPY
SELECT twin('copy_source') AS copy_source \gset
SELECT format('ALTER TABLE csflow.ticket ALTER desk_id SET DEFAULT %s', :copied) \gexec
COPY csflow.ticket (channel, body, opened_at, customer_id, amount, agent_id, state, external_id) FROM STDIN WITH (FORMAT csv);
email,"提现失败，钱不见了",2025-03-03 09:00:00.000001+08,1,,,new,1
live_chat,"the app
crashes",2025-03-03 09:00:07+08,2,250.00,11,new,2
hotline,怎么开通会员,2025-03-03 09:01:00+08,,,21,in_progress,3
web_form,,2025-03-03 09:02:00+08,,,,invalid,4
email,建议增加夜间模式,2025-03-03 09:03:00+08,,99.99,,answered,5
\.
ALTER TABLE csflow.ticket ALTER desk_id DROP DEFAULT;
INSERT INTO ticket (desk_id, channel, body, opened_at, customer_id, amount, agent_id, state, external_id) VALUES (:copy_source, 'email', '提现失败，钱不见了', '2025-03-03 09:00:00.000001+08', 1, NULL, NULL, 'new', '1');
INSERT INTO ticket (desk_id, channel, body, opened_at, customer_id, amount, agent_id, state, external_id) VALUES (:copy_source, 'live_chat', E'the app\ncrashes', '2025-03-03 09:00:07+08', 2, 250.00, 11, 'new', '2');
INSERT INTO ticket (desk_id, channel, body, opened_at, customer_id, amount, agent_id, state, external_id) VALUES (:copy_source, 'hotline', '怎么开通会员', '2025-03-03 09:01:00+08', NULL, NULL, 21, 'in_progress', '3');
INSERT INTO ticket (desk_id, channel, body, opened_at, customer_id, amount, agent_id, state, external_id) VALUES (:copy_source, 'web_form', NULL, '2025-03-03 09:02:00+08', NULL, NULL, NULL, 'invalid', '4');
INSERT INTO ticket (desk_id, channel, body, opened_at, customer_id, amount, agent_id, state, external_id) VALUES (:copy_source, 'email', '建议增加夜间模式', '2025-03-03 09:03:00+08', NULL, 99.99, NULL, 'answered', '5');
SELECT is((SELECT count(*) FROM ticket WHERE desk_id = :copied), 5::bigint, '2.1: COPY takes the same path');
SELECT is_empty(format($$SELECT differences(%s, %s)$$, :copied, :copy_source), '2.1: COPY: the same as one by one');

-- ON CONFLICT DO UPDATE: insert and update in one statement
INSERT INTO ticket AS t (desk_id, channel, body, opened_at, external_id, changed_at)
SELECT d, 'email', '闪退', '2025-03-03 09:00', x, NULL FROM (VALUES (:copied::bigint)) v (d), unnest('{5,6}'::text[]) x
ON CONFLICT (desk_id, source, external_id) DO UPDATE SET title = 'seen again', amount = 7, changed_at = '2025-03-03 12:00';
UPDATE ticket SET title = 'seen again', amount = 7, changed_at = '2025-03-03 12:00' WHERE desk_id = :copy_source AND external_id = '5';
INSERT INTO ticket (desk_id, channel, body, opened_at, external_id) VALUES (:copy_source, 'email', '闪退', '2025-03-03 09:00', '6');
SELECT is_empty(format('SELECT differences(%s, %s)', :copied, :copy_source), 'I1: ON CONFLICT DO UPDATE: an INSERT and an UPDATE');
SELECT is((SELECT events(ticket_no) FROM ticket WHERE desk_id = :copied AND external_id = '5'), 'opened edited', 'I1: each row with its own events');

-- UPDATE of many rows
UPDATE ticket SET state = 'in_progress', agent_id = 12, changed_at = '2025-03-05 09:00', change_reason = 'morning' WHERE desk_id = :bulk AND state IN ('new', 'assigned');
UPDATE ticket SET team_id = (SELECT team_id FROM team WHERE desk_id = :desk AND code = 'product'), changed_at = '2025-03-05 10:00', change_reason = 'theirs' WHERE desk_id = :bulk AND state = 'in_progress' AND external_id::int % 3 = 0;
UPDATE ticket SET priority = 'E', changed_at = '2025-03-05 10:30', change_reason = 'worse' WHERE desk_id = :bulk AND external_id::int % 10 = 1;
DO $$
DECLARE
  r record;
  one bigint := current_setting('test.one');
  product bigint := (SELECT team_id FROM csflow.team WHERE desk_id = csflow.desk_id('support') AND code = 'product');
BEGIN
  FOR r IN SELECT ticket_no, external_id::int AS i, state FROM csflow.ticket WHERE desk_id = one ORDER BY ticket_no DESC LOOP
    IF r.state IN ('new', 'assigned') THEN
      UPDATE csflow.ticket SET state = 'in_progress', agent_id = 12, changed_at = '2025-03-05 09:00', change_reason = 'morning' WHERE desk_id = one AND ticket_no = r.ticket_no;
    END IF;
    IF r.state IN ('new', 'assigned', 'in_progress') AND r.i % 3 = 0 THEN
      UPDATE csflow.ticket SET team_id = product, changed_at = '2025-03-05 10:00', change_reason = 'theirs' WHERE desk_id = one AND ticket_no = r.ticket_no;
    END IF;
    IF r.i % 10 = 1 THEN
      UPDATE csflow.ticket SET priority = 'E', changed_at = '2025-03-05 10:30', change_reason = 'worse' WHERE desk_id = one AND ticket_no = r.ticket_no;
    END IF;
  END LOOP;
END
$$;
SELECT is_empty(format('SELECT differences(%s, %s)', :one, :bulk), '2.1: UPDATEs of thousands of rows: the same as one by one');

-- messages: several of one ticket, out of order, in one statement
CREATE TABLE said AS
SELECT i, n, CASE (i + n) % 4 WHEN 0 THEN 'customer' WHEN 1 THEN 'system' ELSE 'agent' END AS author_kind, n % 4 <> 3 AS is_public,
  '2025-03-06 09:00'::timestamptz + (i % 50 + 10 * n) * interval '1 minute' AS at, CASE WHEN n = 3 THEN 'cause_located' END AS milestone,
  CASE WHEN n % 4 = 2 AND (i + n) % 4 <> 0 THEN '2025-03-07 09:00'::timestamptz END AS next_news_at, CASE WHEN (i + n) % 4 > 1 THEN 12 END AS changed_by
FROM generate_series(1, 300) i, generate_series(1, 6) n;
INSERT INTO message (desk_id, ticket_no, author_kind, is_public, at, milestone, next_news_at, changed_by, body, external_id)
SELECT :bulk, t.ticket_no, author_kind, is_public, at, milestone, s.next_news_at, s.changed_by, 'text ' || n, n::text
FROM said s JOIN ticket t ON t.desk_id = :bulk AND t.external_id = s.i::text ORDER BY n DESC, i;
ANALYZE;
SELECT is_empty(format($$SELECT FROM csflow.ticket t JOIN csflow.event e USING (desk_id, ticket_no) WHERE desk_id = %s
  GROUP BY ticket_no HAVING array_agg(at ORDER BY seq) <> array_agg(at ORDER BY at, seq)$$, :bulk), '2.1: events of each ticket in the order of their instants');
DO $$
DECLARE
  r record;
  one bigint := current_setting('test.one');
BEGIN
  FOR r IN SELECT * FROM said ORDER BY i, at LOOP
    INSERT INTO csflow.message (desk_id, ticket_no, author_kind, is_public, at, milestone, next_news_at, changed_by, body, external_id)
    SELECT one, ticket_no, r.author_kind, r.is_public, r.at, r.milestone, r.next_news_at, r.changed_by, 'text ' || r.n, r.n::text
    FROM csflow.ticket WHERE desk_id = one AND source = 'csflow' AND external_id = r.i::text;
  END LOOP;
END
$$;
SELECT is_empty(format('SELECT differences(%s, %s)', :one, :bulk), '2.1: several messages of a ticket in one statement: the same as one by one');

-- sweeps: small batches or one large
DO $$
BEGIN
  WHILE csflow.fire_steps(current_setting('test.one')::bigint, '2025-03-20 09:00', 97, false) > 0 LOOP END LOOP;
  WHILE csflow.fire_steps(current_setting('test.one')::bigint, '2025-03-20 09:00', 97, true) > 0 LOOP END LOOP;
END
$$;
SELECT fire_steps(:bulk, '2025-03-20 09:00', 1000000, false) > 5000 AND fire_steps(:bulk, '2025-03-20 09:00', 1000000, true) > 50 AS much \gset
SELECT is(:'much'::boolean, true, '2.3: a sweep of everything at once');
SELECT is_empty(format('SELECT differences(%s, %s)', :one, :bulk), '2.3: the same as in batches of 97');
SELECT * FROM finish();
