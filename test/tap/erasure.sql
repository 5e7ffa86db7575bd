-- What a person's words leave behind: every column of every table that hangs on a ticket or a customer is filled with them and looked at
-- after archiving and after erasure. A column that is added is erased, or is named here as one for codes and numbers. Handbook F8, I5.
\ir ../lib/internet_desk.sql
\ir ../lib/every_table.sql
SELECT no_plan();
SELECT accept(:desk, :'no', 11), close_ticket(:desk, :'no', 'long_term_plan_explained', 11) \g /dev/null
INSERT INTO late_cause (desk_id, ticket_no, clock, run, cause, recorded_at) VALUES (:desk, :'no', 'resolve', 1, 'resources', now()) ON CONFLICT DO NOTHING;
INSERT INTO sample (desk_id, week, ticket_no, score_band, stratum_count, place, drawn_at) VALUES (:desk, '2025-03-03', :'no', 'low', 1, 1, now()) ON CONFLICT DO NOTHING;
INSERT INTO outbox (desk_id, ticket_no, created_at, topic, recipient_kind, payload) VALUES (:desk, :'no', now(), 'surge', 'team', '{}');
UPDATE approval SET decision = coalesce(decision, 'x') WHERE ticket_no = :'no';

-- What stands in one column after the person's words were put there and the statement has run.
CREATE FUNCTION left_behind(relation regclass, name name, condition text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  words constant text := '手机13812345678';
  kind text := (SELECT format_type(a.atttypid, NULL) FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attname = name);
  is_there boolean;
  filled bigint;
BEGIN
  BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE format('UPDATE %s AS r SET %I = %s WHERE %s', relation, name, format(CASE kind WHEN 'jsonb' THEN 'jsonb_build_object(''note'', %L)'
      WHEN 'text[]' THEN 'ARRAY[%L]' ELSE '%L || '' '' || r.ctid::text' END, words), condition);
    GET DIAGNOSTICS filled = ROW_COUNT;
    IF filled = 0 THEN
      RETURN 'has no row';
    END IF;
  EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE IN ('23514', '22P02', '0A000') THEN
      RETURN 'code';
    END IF;
    RETURN SQLERRM;
  END;
  BEGIN
    SET LOCAL session_replication_role = origin;
    EXECUTE statement;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s AS r WHERE %s AND to_jsonb(r) ->> %L LIKE %L)', relation, condition, name, '%13812345678%') INTO is_there;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = CASE WHEN is_there THEN 'stays' ELSE 'gone' END;
  EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
  END;
END $$;
CREATE FUNCTION columns_left(statement text, no csflow.ticket_no, customer bigint) RETURNS TABLE (name text, outcome text) LANGUAGE plpgsql AS $$
DECLARE
  found record;
  answer text;
BEGIN
  FOR found IN
    SELECT c.oid::regclass AS id, c.relname, a.attname,
      CASE c.relname WHEN 'customer' THEN format('customer_id = %s AND desk_id = 1', customer) ELSE format('ticket_no = %L', no) END AS condition
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND a.atttypid IN ('text'::regtype, 'jsonb'::regtype, 'text[]'::regtype)
      AND (c.relname = 'customer' OR EXISTS (SELECT FROM pg_attribute AS k WHERE k.attrelid = c.oid AND k.attname = 'ticket_no'))
    ORDER BY c.relname COLLATE "C", a.attnum
  LOOP
    name := format('%s.%s', found.relname, found.attname);
    -- A PL/pgSQL block with a handler undoes what it did, also the words.
    BEGIN
      answer := left_behind(found.id, found.attname, found.condition, statement);
      RAISE EXCEPTION USING ERRCODE = 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
      outcome := answer;
    END;
    RETURN NEXT;
  END LOOP;
END $$;
CREATE TABLE erased AS SELECT * FROM columns_left(format('SELECT csflow.erase_customer(%s, 1, %L)', :desk, 'request'), :'no', 1);
CREATE TABLE archived AS SELECT * FROM columns_left(format('SELECT csflow.archive_tickets(%s, now() + interval %L)', :desk, '1 year'), :'no', 1);
-- Codes that no constraint tells from words, and numbers given by other systems.
CREATE TABLE kept AS SELECT name FROM unnest(string_to_array('approval.approver approval.subject attachment.media_type attachment.uri clock.calendar clock.clock customer.language customer.tier event.actor_kind event.clock event.kind '
  'event.new_state event.new_value event.old_state event.old_value late_cause.cause late_cause.clock message.channel message.external_id message.milestone message.source outbox.clock outbox.recipient outbox.topic '
  'review.clock review.participants sample.kind set_aside.error_code set_aside.job ticket.channel ticket.close_reason ticket.complexity ticket.customer_tier ticket.domain ticket.external_id ticket.kind ticket.priority_reason ticket.source '
  'ticket.state ticket_fact.channel ticket_fact.customer_tier ticket_fact.kind', ' ')) AS name;
SELECT cmp_ok((SELECT count(*) FROM erased WHERE outcome = 'gone'), '>=', 18::bigint, 'I5: words are looked for');
SELECT is_empty($$SELECT name, outcome FROM erased WHERE outcome NOT IN ('gone', 'code', 'has no row') AND name NOT IN (SELECT name FROM kept)$$, 'I5: erasing a customer leaves no word of theirs');
SELECT cmp_ok((SELECT count(*) FROM archived WHERE outcome = 'gone'), '>=', 15::bigint, 'F8: words are looked for');
SELECT is_empty($$SELECT name, outcome FROM archived WHERE outcome NOT IN ('gone', 'code', 'has no row') AND name NOT IN (SELECT name FROM kept) AND name NOT LIKE 'customer.%'$$, 'F8: archiving leaves no telephone number in a text');
SELECT results_eq($$SELECT name FROM erased WHERE outcome = 'has no row'$$, ARRAY['improvement.title', 'improvement.source', 'improvement.measure', 'improvement.state'], 'I5: every table but the register of improvements was tried');
SELECT is_empty($$SELECT FROM kept WHERE name NOT IN (SELECT name FROM erased)$$, 'I5: no column named here is gone');
SELECT is((SELECT count(*) FROM erase_customer(:desk, 1, 'request')), 1::bigint, 'I5: in earnest');
SELECT is((SELECT reason FROM temporary_right WHERE ticket_no = :'no'), '-', 'I5: also why somebody else was let in');
SELECT is_empty(format('SELECT FROM event WHERE ticket_no = %L AND kind = %L', :'no', 'right_given_back'), 'H1: whose right is not given back by that');
-- Texts as long as the desk takes, which masking makes longer, and longer than it takes now.
SELECT open_ticket(:desk, 'email', repeat('a@b.cc ', 140), at => '2025-03-03 09:00') AS long_one,
  open_ticket(:desk, 'email', repeat('x', 2000), at => '2025-03-03 09:00') AS longer \gset
SELECT accept(:desk, n, 11, '2025-03-03 09:10'), close_ticket(:desk, n, 'long_term_plan_explained', 11, '2025-03-03 09:20')
FROM (VALUES (:'long_one'::ticket_no), (:'longer'::ticket_no)) AS v (n) \g /dev/null
UPDATE desk SET maximum_text_bytes = 1024 WHERE desk_id = :desk;
SELECT cmp_ok(archive_tickets(:desk), '>=', 2, 'F8: a text longer than the desk takes is archived');
SELECT is((SELECT body FROM ticket WHERE ticket_no = :'long_one'), mask_personal_data(repeat('a@b.cc ', 140)), 'F8: as is what masking makes longer');
SELECT is_empty(format('SELECT * FROM verify_audit(%s)', :desk), 'H1: and the record is whole');
SELECT * FROM finish();
