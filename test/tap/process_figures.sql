-- How work goes through the house, against a slow reckoning event by event over random tickets. Handbook D11, G1, G2.
\set seed 0.61
\set tickets 80
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
\ir ../oracle/health.sql
\ir ../lib/health_life.sql
SELECT no_plan();
SELECT diag('seed ' || :'seed' || ', ' || :'tickets' || ' tickets');
SELECT is_empty(format($$SELECT * FROM process_figures_at(%s, '2025-03-01', '2025-04-01') WHERE event_count <> 0 OR base_count <> 0 OR num_nonnulls(pct, cal_mean_seconds, cal_p50_seconds, bus_p90_seconds) > 0$$, :desk), 'empty group: counts 0, percentages and times NULL');
SELECT is((SELECT count(*) FROM process_figures WHERE cut = 'total'), 7::bigint, 'the view has every measure, of nothing too');

UPDATE desk SET zone = 'America/New_York' WHERE desk_id = :desk;
INSERT INTO working_calendar (desk_id, code, base) VALUES (:desk, 'work', 'America/New_York; mon-fri 09:00-12:00,13:00-18:00');
SELECT setseed(:seed) \g /dev/null
CALL live(:desk, :tickets, 8, '2025-03-03 13:00', '2025-03-17 13:00');
INSERT INTO message (desk_id, ticket_no, author_kind, changed_by, is_public, at) SELECT desk_id, ticket_no, 'agent', 71, true, changed_at + interval '1 minute' FROM ticket WHERE desk_id = :desk AND random() < 0.4;
UPDATE ticket SET handling_tier = CASE handling_tier WHEN 2 THEN 3 ELSE 2 END, changed_at = changed_at + interval '2 minutes', change_reason = 'so' WHERE desk_id = :desk AND state IN ('new', 'assigned', 'in_progress') AND random() < 0.4;
SELECT answer(:desk, ticket_no, 'so', agent_id => 11, at => changed_at + interval '1 day') FROM ticket WHERE desk_id = :desk AND state IN ('assigned', 'in_progress') AND random() < 0.7 \g /dev/null
CREATE PROCEDURE asked(desk bigint) LANGUAGE sql AS $$
  INSERT INTO csflow.task (desk_id, ticket_no, title, team_id, created_at) SELECT desk_id, ticket_no, 'ask', team_id, changed_at + random() * interval '5 hours' FROM csflow.ticket WHERE desk_id = desk AND team_id IS NOT NULL AND state NOT IN ('closed', 'duplicate', 'invalid') AND random() < 0.6;
  UPDATE csflow.task k SET done_at = t.changed_at + random() * interval '50 hours' FROM csflow.ticket t WHERE t.desk_id = desk AND k.desk_id = desk AND k.ticket_no = t.ticket_no AND k.done_at IS NULL AND k.cancelled_at IS NULL AND random() < 0.5;
  UPDATE csflow.task k SET cancelled_at = t.changed_at + interval '1 hour' FROM csflow.ticket t WHERE t.desk_id = desk AND k.desk_id = desk AND k.ticket_no = t.ticket_no AND k.done_at IS NULL AND k.cancelled_at IS NULL AND random() < 0.3;
$$;
CALL asked(:desk);
CALL asked(:desk);

CREATE FUNCTION slow(desk bigint, since timestamptz, until timestamptz) RETURNS TABLE (kind text, team text, channel text, measure text, counted boolean, cal float8, bus float8) LANGUAGE plpgsql AS $$
DECLARE t csflow.ticket; e record; accepted timestamptz; closed timestamptz; solved timestamptz; moved boolean; moved_before boolean; bot boolean; person boolean; escalated boolean;
BEGIN
  FOR t IN SELECT * FROM csflow.ticket k WHERE k.desk_id = desk AND k.opened_at >= since AND k.opened_at < until AND k.state <> 'duplicate' AND k.state <> 'invalid' LOOP
    kind := coalesce(t.kind, ''); team := coalesce(t.team_id::text, ''); channel := t.channel;
    accepted := NULL; closed := NULL; solved := NULL; moved := false; moved_before := false; bot := false; person := false; escalated := false;
    FOR e IN SELECT * FROM csflow.event x WHERE x.desk_id = desk AND x.ticket_no = t.ticket_no ORDER BY x.seq LOOP
      IF e.kind = 'accepted' THEN accepted := coalesce(accepted, e.at); END IF;
      IF e.kind IN ('transferred', 'handling_tier_changed') THEN moved := true; END IF;
      IF e.new_state IN ('answered', 'closed') AND solved IS NULL THEN solved := e.at; moved_before := moved; END IF;
      IF e.new_state = 'closed' THEN closed := e.at; END IF;
      IF e.kind = 'automatic_message' AND e.actor_id = 71 THEN bot := true; END IF;
      IF e.kind = 'reply' THEN person := true; END IF;
      IF e.kind = 'step_fired' AND e.old_value <> 'warning' AND e.new_value <> 'close' THEN escalated := true; END IF;
    END LOOP;
    measure := 'acceptance'; counted := accepted IS NOT NULL; cal := extract(epoch FROM accepted - t.opened_at); bus := CASE WHEN counted THEN extract(epoch FROM oracle.business(desk, t.opened_at, accepted)) END; RETURN NEXT;
    measure := 'resolution'; counted := solved IS NOT NULL; cal := extract(epoch FROM solved - t.opened_at); bus := CASE WHEN counted THEN extract(epoch FROM oracle.business(desk, t.opened_at, solved)) END; RETURN NEXT;
    measure := 'closing'; counted := closed IS NOT NULL; cal := extract(epoch FROM closed - t.opened_at); bus := CASE WHEN counted THEN extract(epoch FROM oracle.business(desk, t.opened_at, closed)) END; RETURN NEXT;
    cal := NULL; bus := NULL;
    measure := 'escalation'; counted := escalated; RETURN NEXT;
    IF solved IS NOT NULL THEN measure := 'first_line'; counted := NOT moved_before; RETURN NEXT; END IF;
    IF bot THEN measure := 'bot_handover'; counted := person; RETURN NEXT; END IF;
    FOR e IN SELECT * FROM csflow.task k WHERE k.desk_id = desk AND k.ticket_no = t.ticket_no LOOP
      CONTINUE WHEN e.cancelled_at IS NOT NULL;
      measure := 'collaboration'; counted := e.done_at IS NOT NULL; cal := extract(epoch FROM e.done_at - e.created_at); bus := CASE WHEN counted THEN extract(epoch FROM oracle.business(desk, e.created_at, e.done_at)) END; RETURN NEXT;
    END LOOP;
  END LOOP;
END $$;
CREATE TABLE o AS SELECT p.n, v.cut, v.value, s.* FROM (VALUES (1, '2025-03-01'::timestamptz, '2025-04-01'::timestamptz), (2, '2025-03-04 10:00', '2025-03-05 17:30')) p (n, since, until), slow(:desk, since, until) s, LATERAL (VALUES ('total', ''), ('kind', s.kind), ('team', s.team), ('channel', s.channel)) v (cut, value);
SELECT is_empty(format($$SELECT p.n, c.cut, x.* FROM (VALUES (1, '2025-03-01'::timestamptz, '2025-04-01'::timestamptz), (2, '2025-03-04 10:00', '2025-03-05 17:30')) p (n, since, until), unnest('{total,kind,team,channel}'::text[]) c (cut), LATERAL (
  SELECT f.*, e.* FROM (SELECT * FROM process_figures_at(%s, since, until, c.cut) WHERE base_count > 0) f FULL JOIN (SELECT value, o.measure, count(*) FILTER (WHERE counted) AS n, count(*) AS base, avg(cal) AS cal, avg(bus) AS bus, percentile_disc('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY cal) AS cals, percentile_disc('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY bus) AS buses FROM o WHERE o.n = p.n AND o.cut = c.cut GROUP BY 1, 2) e ON e.value = f.cut_value AND e.measure = f.measure
  WHERE (f.event_count, f.base_count) IS DISTINCT FROM (e.n, e.base) OR f.pct <> 100.0::float8 * e.n / e.base OR (f.cal_p50_seconds, f.cal_p90_seconds, f.bus_p50_seconds, f.bus_p90_seconds) IS DISTINCT FROM (e.cals[1], e.cals[2], e.buses[1], e.buses[2])
    OR round(f.cal_mean_seconds::numeric, 3) IS DISTINCT FROM round(e.cal::numeric, 3) OR round(f.bus_mean_seconds::numeric, 3) IS DISTINCT FROM round(e.bus::numeric, 3)) x$$, :desk), 'D11, G1, G2: every figure by every cut, the mean time from creation to closing among them');
SELECT ok(bool_and(n BETWEEN 1 AND base - CASE measure WHEN 'escalation' THEN 0 ELSE 1 END) AND count(*) = 7, 'each measure counts some and not all: ' || string_agg(format('%s %s/%s', measure, n, base), ', ')) FROM (SELECT measure, count(*) FILTER (WHERE counted) AS n, count(*) AS base FROM o WHERE o.n = 1 AND cut = 'total' GROUP BY 1) v;
-- The same number where the score-card has it.
SELECT refresh_health_batch('2025-04-01') \g /dev/null
SELECT is((SELECT array_agg(event_count ORDER BY measure) FROM process_figures_at(:desk, '2025-03-01', '2025-05-01') WHERE measure IN ('resolution', 'escalation')),
  (SELECT array_agg(event_count ORDER BY measure) FROM health_between(:desk, '2025-03-01', '2025-05-01') WHERE measure IN ('first_resolution', 'escalated')), 'G2: resolved and escalated are what the score-card has');
SELECT is((SELECT array_agg(concat_ws(' ', measure_zh, measure_en) ORDER BY sort_order) FROM process_figures WHERE cut = 'total'), '{"受理 accepted","协作任务完成 collaborators'' tasks done","解决 resolved","一线解决 resolved by the first line","关闭 closed","升级 escalated","机器人转人工 handed from bot to person"}', 'A9: captions');
SELECT is((SELECT array_agg(DISTINCT (cut, cut_value, value_zh, value_en)::text) FROM process_figures), ARRAY['(total,"",全部,all)'], 'the view is of the last 28 days');
SELECT open_ticket(:desk, 'email', '提现失败', at => now() - interval '1 day') AS fresh \gset
SELECT ok(bool_and(since = now() - interval '28 days' AND until = now()) AND count(*) FILTER (WHERE cut = 'kind' AND measure = 'resolution' AND base_count = 1 AND pct = 0) = 1 AND count(DISTINCT cut) = 3, 'and of a ticket of yesterday, by kind and department') FROM process_figures;
SELECT * FROM finish();
