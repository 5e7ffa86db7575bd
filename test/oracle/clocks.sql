-- What the independent replay of clocks reads and writes: test/oracle/clocks.pl computes the runs of all clocks from the lines
-- of replay.input, which hold events, departments of messages, and configuration; nothing of csflow.clock.
CREATE SCHEMA replay;
CREATE TABLE replay.setting (desk_id bigint, horizon timestamptz);

CREATE FUNCTION replay.us(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN (extract(epoch FROM at) * 1000000)::bigint;
CREATE FUNCTION replay.line(VARIADIC fields text[]) RETURNS text LANGUAGE sql IMMUTABLE RETURN array_to_string(fields, '|', '');

-- In the order (place, ticket_no, seq).
CREATE VIEW replay.input AS
SELECT 1 AS place, NULL::bigint AS ticket_no, 0::bigint AS seq, replay.line('horizon', replay.us(horizon)::text) AS line FROM replay.setting
UNION ALL
SELECT 1, NULL, 0, replay.line('signal', signal) FROM csflow.signals()
UNION ALL
SELECT 1, NULL, 0, replay.line('category', c.category_id::text, coalesce(k.code, c.code))
FROM replay.setting s JOIN csflow.category c USING (desk_id) LEFT JOIN csflow.category k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id
UNION ALL
SELECT 2, NULL, t.target_id, replay.line('target', t.target_id::text, t.clock, t.kind, t.priority::text, CASE t.channel_class WHEN 'instant' THEN 't' WHEN 'asynchronous' THEN 'f' END,
  t.customer_tier, t.handling_tier::text, CASE WHEN t.is_exempt THEN 't' ELSE 'f' END, t.mode,
  (extract(epoch FROM t.duration - extract(day FROM t.duration) * interval '1 day') * 1000000)::bigint::text, extract(day FROM t.duration)::text,
  t.due_from, (extract(epoch FROM t.daily_at) * 1000000)::bigint::text, array_to_string(t.starts_on, ','), array_to_string(t.stops_on, ','),
  array_to_string(t.rearms_on, ','), array_to_string(t.pauses_in, ','), t.on_reopen, t.subject, CASE WHEN t.outlives_closing THEN 't' ELSE 'f' END,
  CASE WHEN t.is_window THEN 't' ELSE 'f' END, CASE WHEN t.goal_lasts THEN 't' ELSE 'f' END, t.repeat_limit::text,
  CASE WHEN EXISTS (SELECT FROM csflow.step x WHERE x.desk_id = t.desk_id AND x.target_id = t.target_id AND x.action = 'close') THEN 't' ELSE 'f' END, w.calendar::text, num_nonnulls(t.category_id, t.channel, t.complexity)::text)
FROM replay.setting s JOIN csflow.target t USING (desk_id) JOIN csflow.working_calendar w ON w.desk_id = t.desk_id AND w.code = t.calendar
WHERE t.is_active
UNION ALL
SELECT 3, t.ticket_no::bigint, 0, replay.line('ticket', t.ticket_no::text, CASE WHEN h.is_instant THEN 't' ELSE 'f' END, t.customer_tier, t.handling_tier::text,
  t.category_id::text, replay.us(t.opened_at)::text)
FROM replay.setting s JOIN csflow.ticket t USING (desk_id) JOIN csflow.channel h ON h.desk_id = t.desk_id AND h.channel = t.channel
UNION ALL
SELECT 3, e.ticket_no::bigint, e.seq, replay.line('event', replay.us(e.at)::text, e.kind, e.actor_kind, replay.us(e.due_at)::text, e.old_state, e.new_state,
  e.old_value, e.new_value, m.team_id::text, e.same_act::text)
FROM replay.setting s JOIN csflow.event e USING (desk_id) LEFT JOIN csflow.message m ON m.desk_id = e.desk_id AND m.ticket_no = e.ticket_no AND m.message_no = e.message_no
WHERE e.kind NOT IN ('step_fired', 'step_skipped', 'clocks_recomputed');

-- Runs are numbered for each subject; instants and spans are microseconds.
CREATE TABLE replay.run (ticket_no csflow.ticket_no, clock text, run integer, target_id bigint, priority text, started_at bigint, length bigint, spent bigint,
  run_since bigint, due_at bigint, paused_at bigint, paused bigint, stopped_at bigint, outcome text, subject bigint, missed integer, turn text, counted bigint,
  own bigint, customer bigint, partner bigint);

-- The same of what csflow recorded.
CREATE VIEW replay.actual AS
SELECT ticket_no, clock, row_number() OVER (PARTITION BY ticket_no, clock, subject_id ORDER BY run)::integer AS run, target_id, priority::text,
  replay.us(started_at) AS started_at, length_microseconds AS length, spent_microseconds AS spent, replay.us(run_since) AS run_since, replay.us(due_at) AS due_at,
  replay.us(paused_at) AS paused_at, paused_microseconds AS paused, replay.us(stopped_at) AS stopped_at, outcome, coalesce(subject_id, 0) AS subject,
  coalesce(missed, 0)::integer AS missed, CASE WHEN stopped_at IS NULL THEN coalesce(turn, 'own') END AS turn,
  CASE WHEN stopped_at IS NULL THEN replay.us(coalesce(counted_until, started_at)) END AS counted, coalesce(own_microseconds, 0) AS own,
  coalesce(customer_microseconds, 0) AS customer, coalesce(partner_microseconds, 0) AS partner
FROM replay.setting JOIN csflow.clock USING (desk_id);
