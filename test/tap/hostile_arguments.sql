-- Every function of csflow with every kind of argument nobody should give: each call answers or refuses, none breaks. An error
-- of the server's own doing (class XX, a missing column, a division by zero, a bare NOT NULL violation …) is a fault of ours,
-- and so is a call that does not end within its time. Examples 3; issue "trust".
-- Not in make quick: very many calls. More of them: CSFLOW_MIXED=50000 CSFLOW_SEED=0.123 make check-tap TESTS=hostile_arguments
\ir ../lib/internet_desk.sql
SELECT no_plan();
SET client_min_messages = error;
\set mixed 1000
\set seed 0.5
\getenv mixed CSFLOW_MIXED
\getenv seed CSFLOW_SEED

\ir ../lib/sane_arguments.sql

CREATE TABLE fault (call text, code text, message text);
CREATE TABLE done (call text);
-- One call, undone whatever it did.
CREATE PROCEDURE try(kind "char", is_part boolean, call text) LANGUAGE plpgsql AS $$
DECLARE
  code text; said text;
BEGIN
  BEGIN
    EXECUTE CASE kind WHEN 'p' THEN 'CALL ' || call ELSE 'SELECT count(*) FROM (SELECT ' || call || ' LIMIT 100) AS x' END;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000';
  EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, said = MESSAGE_TEXT;
  END;
  INSERT INTO done VALUES (call);
  IF code ~ '^(XX|58|57|P0004|42883|42P01|42703|42601|42702|42804|42P18|22012|21000|2F|39|38)' OR code = '0A000' AND kind <> 'p'
    OR code ~ '^(23502|P0002|P0003)' AND NOT is_part AND said NOT LIKE '%relation "ticket"%' THEN
    INSERT INTO fault VALUES (left(call, 300), code, left(said, 300));
  END IF;
END $$;

-- What only part of another function calls need not say in its own words that it needs a value.
CREATE TABLE routine AS
  SELECT p.oid, p.prokind, p.proname, coalesce(obj_description(p.oid, 'pg_proc') ~* 'part of', false) AS is_part, p.proargtypes::oid[] AS types, row_number() OVER (ORDER BY p.oid::regprocedure::text) AS place
  FROM pg_proc p
  WHERE p.pronamespace = 'csflow'::regnamespace AND p.prokind IN ('f', 'p', 'a') AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
    AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) a JOIN pg_type t ON t.oid = a WHERE t.typtype = 'p' AND t.oid <> 'cstring'::regtype);
CREATE TABLE argument AS
  SELECT r.oid, a.n, a.type::regtype AS type, CASE a.type WHEN 'cstring'::regtype THEN 'text'::regtype ELSE a.type END AS read_as, sane_value(r.oid, a.n::integer) AS sane
  FROM routine r, unnest(r.types) WITH ORDINALITY AS a (type, n);
-- With each argument varied through all values of its type and NULL, the others sane; and with all NULL.
CREATE TABLE calls AS
  WITH varied AS (
    SELECT a.oid, a.n, v.value FROM argument a CROSS JOIN LATERAL (
      SELECT format('NULL::%s', a.type) UNION ALL SELECT format('%L::%s', l.value, a.type) FROM literal l WHERE l.type = a.read_as) AS v (value)
    UNION ALL SELECT r.oid, 0, NULL FROM routine r)
  SELECT r.prokind AS kind, r.is_part, format('csflow.%I(%s)', r.proname, (SELECT coalesce(string_agg(CASE WHEN v.n = 0 THEN format('NULL::%s', a.type)
      WHEN a.n = v.n THEN v.value ELSE a.sane END, ', ' ORDER BY a.n), '') FROM argument a WHERE a.oid = r.oid)) AS call
  FROM routine r JOIN varied v ON v.oid = r.oid
  ORDER BY r.proname, r.oid, v.n, v.value;
SELECT count(*) AS calls FROM calls \gset
SELECT ok(:calls > 10000, 'calls made up: ' || :calls);
-- Then several at once, at random: of three arguments one is sane.
CREATE FUNCTION draw(VARIADIC what text[]) RETURNS integer LANGUAGE sql IMMUTABLE RETURN ('x' || left(md5(array_to_string(what, '|')), 7))::bit(28)::integer;
INSERT INTO calls SELECT r.prokind, r.is_part, format('csflow.%I(%s)', r.proname, (
    SELECT string_agg(CASE WHEN draw(:'seed', g.i::text, a.n::text, 'sane') % 3 = 0 THEN a.sane ELSE coalesce((
        SELECT format('%L::%s', l.value, a.type) FROM literal l WHERE l.type = a.read_as ORDER BY draw(:'seed', g.i::text, a.n::text, l.n::text) LIMIT 1 OFFSET CASE WHEN draw(:'seed', g.i::text, a.n::text, 'null') % 8 = 0 THEN 1000 ELSE 0 END), 'NULL::' || a.type) END, ', ' ORDER BY a.n)
    FROM argument a WHERE a.oid = r.oid))
  FROM generate_series(1, :mixed) AS g (i) JOIN routine r ON r.place = draw(:'seed', g.i::text) % (SELECT count(*) FROM routine) + 1 WHERE cardinality(r.types) > 1;
SELECT diag('seed ' || :'seed' || ', ' || count(*) || ' calls') FROM calls;
-- Of each call the server's own time limit holds: a statement of its own.
SET statement_timeout = '20s';
\set ON_ERROR_STOP 0
SELECT format('CALL try(%L, %L, %L)', kind, is_part, call) FROM calls \gexec
RESET statement_timeout;
\set ON_ERROR_STOP 1
INSERT INTO fault SELECT left(call, 300), '57014', 'did not come back' FROM calls WHERE call NOT IN (SELECT d.call FROM done AS d);
SELECT is_empty('SELECT call, code, message FROM fault', 'examples 3: every call answers or refuses');
SELECT * FROM finish();
