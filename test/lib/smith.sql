-- A database for SQLsmith: two desks, rows in every table, owned by a role without other rights, and a
-- list of functions that holds all of csflow and a tenth of PostgreSQL's own, so that statements are about csflow; without those
-- that refuse a wrong type modifier with an internal error.
\set ON_ERROR_STOP 1
CREATE ROLE smith LOGIN;
CREATE EXTENSION csflow;
ALTER DATABASE smith OWNER TO smith;
ALTER ROLE smith SET statement_timeout = '2s';
ALTER ROLE smith SET lock_timeout = '1s';
ALTER ROLE smith SET client_min_messages = error;
ALTER ROLE smith SET log_error_verbosity = verbose;
GRANT ALL ON SCHEMA csflow, public TO smith;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA csflow TO smith;
SET ROLE smith;
\ir internet_desk.sql
\ir every_table.sql
INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, opened_at)
  SELECT :desk, 'email', 1 + n % 2, (ARRAY['闪退', '钱不见了', 'refund please', '怎么用', '投诉'])[1 + n % 5] || n, '2025-03-03 09:00'::timestamptz + n * interval '7 minutes'
  FROM generate_series(1, 300) AS n;
UPDATE csflow.ticket SET state = 'in_progress', agent_id = 21, changed_at = opened_at + interval '1 hour' WHERE ticket_no::bigint % 3 = 0 AND state IN ('new', 'assigned');
INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body, at) SELECT desk_id, ticket_no, 'customer', '?', changed_at + interval '1 hour' FROM csflow.ticket;
CALL csflow.refresh_health();
SELECT csflow.create_desk('empty', NULL);
RESET ROLE;
CREATE SCHEMA smith;
CREATE VIEW smith.pg_proc AS SELECT p.* FROM pg_catalog.pg_proc AS p
  WHERE p.pronamespace = 'csflow'::regnamespace OR (p.pronamespace = 'pg_catalog'::regnamespace AND p.oid::bigint % 10 = 0 AND p.provolatile = 'i'
    AND p.proname NOT IN ('interval', 'time', 'timetz', 'timestamp', 'timestamptz', 'bpchar', 'varchar', 'bit', 'varbit', 'numeric'));
GRANT USAGE ON SCHEMA smith TO smith;
GRANT SELECT ON smith.pg_proc TO smith;
ALTER ROLE smith SET search_path = smith, pg_catalog;
