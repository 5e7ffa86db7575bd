-- Desks with very many tickets and running clocks, for test/bench/42* to 46*: rows as triggers would have written them, inserted
-- directly. Ticket numbers go by months, 2,000,000 a month, so that partitions are as in real life.
CREATE SCHEMA IF NOT EXISTS bench;
SELECT csflow.create_desk('clocks', NULL);
INSERT INTO csflow.team (desk_id, team_id, code, name_zh, name_en) VALUES (1, 1, 'service', '客服', 'service');
INSERT INTO csflow.working_calendar (desk_id, code, base) VALUES
  (1, 'office', 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00; sat 10:00-14:00; 2025-10-01..2025-10-07 off');
INSERT INTO csflow.target (desk_id, target_id, clock, duration, calendar, starts_on, stops_on, pauses_in, on_reopen) VALUES
  (1, 1, 'first_response', '8 hours', 'around_the_clock', '{opened}', '{person_message}', '{}', 'none'),
  (1, 2, 'acknowledge', '2 hours', 'office', '{opened}', '{public_message}', '{}', 'none'),
  (1, 3, 'cause', '16 hours', 'office', '{opened}', '{answered}', '{waiting_customer}', 'resume'),
  (1, 4, 'resolve', '40 hours', 'office', '{opened}', '{answered}', '{waiting_customer}', 'resume');
INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, level, action, recipients)
SELECT 1, t, p, 50 * p, 'breach', 'notify', '{team}' FROM generate_series(1, 4) AS t, generate_series(1, 3) AS p;

CREATE FUNCTION bench.number(i bigint) RETURNS csflow.ticket_no LANGUAGE sql IMMUTABLE
RETURN csflow.ticket_no((date '2025-01-01' + make_interval(months => ((i - 1) / 2000000)::integer))::date, (i - 1) % 2000000 + 1);
SELECT csflow.create_partitions('2025-01-01', 6);

-- tickets from first to last with opening event and chain head, clocks of them running; every ticket opened seconds after the
-- one before. clocks: how many of the four targets.
CREATE PROCEDURE bench.load(first bigint, last bigint, clocks integer) LANGUAGE plpgsql AS $$
BEGIN
  SET LOCAL session_replication_role = replica;
  CREATE TEMP TABLE numbers ON COMMIT DROP AS
  SELECT i, bench.number(i) AS no, timestamptz '2025-01-06 01:00+08' + i * interval '1 second' AS at FROM generate_series(first, last) AS i;
  INSERT INTO csflow.ticket (desk_id, ticket_no, state, channel, title, body, kind, priority, team_id, source, opened_at, changed_at, changed_by_kind)
  SELECT 1, no, 'in_progress', 'email', 'Withdrawal failed', repeat('The withdrawal failed. ', 8), NULL, 'B', 1, 'bench', at, at, 'customer' FROM numbers;
  INSERT INTO csflow.event (desk_id, ticket_no, seq, at, recorded_at, kind, actor_kind, new_state, new_value, hash)
  SELECT 1, no, 1, at, at, 'opened', 'customer', 'in_progress', 'B', sha256(int8send(i)) FROM numbers;
  INSERT INTO csflow.ticket_chain (desk_id, ticket_no, seq, head) SELECT 1, no, 1, sha256(int8send(i)) FROM numbers;
  INSERT INTO csflow.clock (desk_id, ticket_no, clock, run, target_id, calendar, priority, started_at, length_microseconds, run_since, due_at, next_position, next_at)
  SELECT 1, no, t.clock, 1, t.target_id, t.calendar, 'B', at, extract(epoch FROM t.duration)::bigint * 1000000, at, csflow.business_add(w.calendar, at, t.duration), 1,
    csflow.business_add(w.calendar, at, t.duration / 2)
  FROM numbers CROSS JOIN csflow.target AS t JOIN csflow.working_calendar AS w ON w.desk_id = t.desk_id AND w.code = t.calendar WHERE t.desk_id = 1 AND t.target_id > 4 - clocks;
END
$$;
CREATE FUNCTION bench.sizes() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s %s', name, pg_size_pretty(size)), ', ' ORDER BY name) FROM (
    SELECT coalesce(p.inhparent::regclass::text, c.oid::regclass::text) AS name, sum(pg_total_relation_size(c.oid)) AS size
    FROM pg_class AS c LEFT JOIN pg_inherits AS p ON p.inhrelid = c.oid
    WHERE c.relkind = 'r' AND coalesce(p.inhparent, c.oid) IN ('csflow.clock'::regclass, 'csflow.event'::regclass, 'csflow.ticket'::regclass, 'csflow.ticket_chain'::regclass) GROUP BY 1) AS s
$$;
