-- Each column of each table of the flow that holds rows, set to NULL and to values of its type that nobody expects, one at a time, and
-- rows of nothing but NULL: taken or refused, never with an error of class XX, and the server stands. Handbook H4; design 2.10.
-- Not in make quick: very many rows.
\ir ../lib/internet_desk.sql
\ir ../lib/literals.sql
SELECT no_plan();
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) VALUES (:desk, 'email', 1, '闪退', '2025-03-03 09:00'), (:desk, 'live_chat', 2, '钱不见了', '2025-03-03 09:00');
CREATE TABLE refused (relation regclass, attribute name, given text, state text, message text);
CREATE FUNCTION attempt(relation regclass, attribute name, given text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  state text; message text;
BEGIN
  EXECUTE statement;
  RAISE EXCEPTION USING ERRCODE = 'ZZ000';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
  INSERT INTO public.refused VALUES (relation, attribute, given, state, message);
END $$;
-- Of each type the last two, which are its strangest.
CREATE VIEW strange AS SELECT type, value FROM (SELECT type, value, row_number() OVER (PARTITION BY type ORDER BY n DESC) AS place FROM literal) AS l WHERE place <= 2;
CREATE VIEW tried AS
  SELECT c.oid::regclass AS relation, a.attname AS attribute, format_type(a.atttypid, NULL) AS type, a.attnum
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
  WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
SELECT count(attempt(t.relation, t.attribute, v.given, format('UPDATE %s SET %I = %s', t.relation, t.attribute, v.given))) AS updates
FROM tried AS t CROSS JOIN LATERAL (
  SELECT 'NULL' AS given UNION ALL SELECT format('%L::%s', l.value, t.type) FROM strange AS l WHERE l.type = t.type::regtype) AS v \gset
SELECT count(attempt(t.relation, t.attribute, v.given, format('INSERT INTO %s (%I) VALUES (%s)', t.relation, t.attribute, v.given))) AS inserts
FROM tried AS t CROSS JOIN LATERAL (
  SELECT 'NULL' AS given UNION ALL SELECT format('%L::%s', l.value, t.type) FROM strange AS l WHERE l.type = t.type::regtype) AS v \gset
SELECT diag(:'updates' || ' updates and ' || :'inserts' || ' inserts, ' || (SELECT count(*) FROM refused WHERE state = 'ZZ000') || ' of them taken');
SELECT cmp_ok(:updates + :inserts, '>', 2000, 'every column of every table was tried');
SELECT is((SELECT count(*) FROM refused), (:updates + :inserts)::bigint, 'and all were answered');
SELECT is((SELECT string_agg(format('%s.%s = %s: %s %s', relation, attribute, given, state, message), E'\n' ORDER BY relation::text, attribute, given) FROM refused WHERE state LIKE 'XX%'), NULL,
  'none with an internal error');
SELECT * FROM finish();
