-- How work goes through the house (handbook G1, G2): what the score-cards do not keep, from the events and tasks of the tickets opened
-- in a period.

CREATE FUNCTION csflow.process_figures_at(desk_id bigint, since timestamptz, until timestamptz, cut text DEFAULT 'total')
RETURNS TABLE (cut_value text, value_zh text, value_en text, measure text, measure_zh text, measure_en text, event_count bigint, base_count bigint,
  pct double precision, cal_mean_seconds double precision, cal_p50_seconds double precision, cal_p90_seconds double precision,
  bus_mean_seconds double precision, bus_p50_seconds double precision, bus_p90_seconds double precision, sort_order integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH period AS MATERIALIZED (
    SELECT p.valid_from, p.valid_until, p.calendar FROM csflow.report_periods(process_figures_at.desk_id) AS p
  ),
  opened AS MATERIALIZED (
    SELECT t.desk_id, t.ticket_no, t.opened_at, coalesce(CASE process_figures_at.cut WHEN 'total' THEN '' WHEN 'kind' THEN t.kind
      WHEN 'category' THEN t.category_id::text WHEN 'team' THEN t.team_id::text WHEN 'channel' THEN t.channel WHEN 'customer_tier' THEN t.customer_tier END, '') AS value
    FROM csflow.ticket AS t
    WHERE t.desk_id = process_figures_at.desk_id AND t.opened_at >= process_figures_at.since AND t.opened_at < process_figures_at.until
      AND t.state NOT IN ('duplicate', 'invalid')
  ),
  told AS (
    SELECT e.ticket_no, min(e.at) FILTER (WHERE e.kind = 'accepted') AS accepted_at, max(e.at) FILTER (WHERE e.new_state = 'closed') AS closed_at,
      min(e.at) FILTER (WHERE e.new_state IN ('answered', 'closed')) AS solved_at, min(e.seq) FILTER (WHERE e.new_state IN ('answered', 'closed')) AS solved_seq,
      min(e.seq) FILTER (WHERE e.kind IN ('transferred', 'handling_tier_changed')) AS moved_seq,
      bool_or(e.kind = 'step_fired' AND e.old_value IN ('breach', 'escalation') AND e.new_value <> 'close') AS is_escalated,
      bool_or(e.kind = 'automatic_message' AND a.is_bot) AS bot_spoke, bool_or(e.kind = 'reply' OR e.new_value = 'handover_triggered') AS person_came
    FROM opened AS o
    JOIN csflow.event AS e ON e.desk_id = o.desk_id AND e.ticket_no = o.ticket_no
      AND (e.new_state IS NOT NULL OR e.kind IN ('accepted', 'transferred', 'handling_tier_changed', 'step_fired', 'automatic_message', 'reply', 'note'))
    LEFT JOIN csflow.agent AS a ON e.kind = 'automatic_message' AND a.desk_id = e.desk_id AND a.agent_id = e.actor_id
    GROUP BY e.ticket_no
  ),
  found AS (
    SELECT o.value, m.measure, m.is_counted, m.since, m.until
    FROM opened AS o
    LEFT JOIN told AS t ON t.ticket_no = o.ticket_no
    CROSS JOIN LATERAL (VALUES
      ('acceptance', t.accepted_at IS NOT NULL, o.opened_at, t.accepted_at),
      ('resolution', t.solved_at IS NOT NULL, o.opened_at, t.solved_at),
      ('closing', t.closed_at IS NOT NULL, o.opened_at, t.closed_at),
      ('first_line', CASE WHEN t.solved_at IS NOT NULL THEN coalesce(t.moved_seq > t.solved_seq, true) END, NULL, NULL),
      ('escalation', coalesce(t.is_escalated, false), NULL, NULL),
      ('bot_handover', CASE WHEN t.bot_spoke THEN t.person_came END, NULL, NULL)) AS m (measure, is_counted, since, until)
    WHERE m.is_counted IS NOT NULL
    UNION ALL
    SELECT o.value, 'collaboration', k.done_at IS NOT NULL, k.created_at, k.done_at
    FROM opened AS o
    JOIN csflow.task AS k ON k.desk_id = o.desk_id AND k.ticket_no = o.ticket_no AND k.cancelled_at IS NULL
  ),
  measured AS (
    SELECT f.value, f.measure, f.is_counted, CASE WHEN f.is_counted THEN extract(epoch FROM f.until - f.since)::double precision END AS cal,
      CASE WHEN f.is_counted AND f.until IS NOT NULL THEN (
        SELECT coalesce(sum(extract(epoch FROM csflow.business_between(p.calendar, greatest(f.since, p.valid_from), least(f.until, p.valid_until)))), 0)
        FROM period AS p WHERE p.valid_from < f.until AND p.valid_until > f.since)::double precision END AS bus
    FROM found AS f
  ),
  figure AS (
    SELECT m.value, m.measure, count(*) FILTER (WHERE m.is_counted) AS event_count, count(*) AS base_count, avg(m.cal) AS cal_mean,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY m.cal) AS cal_p50, percentile_disc(0.9) WITHIN GROUP (ORDER BY m.cal) AS cal_p90, avg(m.bus) AS bus_mean,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY m.bus) AS bus_p50, percentile_disc(0.9) WITHIN GROUP (ORDER BY m.bus) AS bus_p90
    FROM measured AS m GROUP BY m.value, m.measure
  )
  SELECT v.value, n.zh, n.en, m.measure, m.zh, m.en, coalesce(f.event_count, 0), coalesce(f.base_count, 0),
    100 * f.event_count::double precision / nullif(f.base_count, 0), f.cal_mean, f.cal_p50, f.cal_p90, f.bus_mean, f.bus_p50, f.bus_p90, m.place
  FROM (SELECT DISTINCT o.value FROM opened AS o UNION SELECT '' WHERE process_figures_at.cut = 'total') AS v
  CROSS JOIN (VALUES ('acceptance', '受理', 'accepted', 1), ('collaboration', '协作任务完成', 'collaborators'' tasks done', 2), ('resolution', '解决', 'resolved', 3),
    ('first_line', '一线解决', 'resolved by the first line', 4), ('closing', '关闭', 'closed', 5), ('escalation', '升级', 'escalated', 6),
    ('bot_handover', '机器人转人工', 'handed from bot to person', 7)) AS m (measure, zh, en, place)
  CROSS JOIN LATERAL csflow.cut_caption(process_figures_at.desk_id, CASE process_figures_at.cut WHEN 'total' THEN 'all' ELSE process_figures_at.cut END, v.value) AS n
  LEFT JOIN figure AS f ON f.value = v.value AND f.measure = m.measure
  ORDER BY v.value, m.place;
END;
COMMENT ON FUNCTION csflow.process_figures_at(bigint, timestamptz, timestamptz, text) IS
'How work went through the house with the tickets opened from since up to until (by_created), as their events tell so far, as a whole or by a cut (total, kind, category, team, channel, customer_tier; any other gives one value): one row a value and measure, event_count of base_count and pct, and mean, median and 90th percentile, exact, of elapsed (cal) and business (bus) time in seconds. acceptance: opening to first acceptance, of tickets opened; collaboration: making of a task to done, of tasks not cancelled; resolution: opening to first answered or closed, of tickets opened; first_line: resolved before any change of department or handling tier, of tickets resolved; closing: opening to last closed, of tickets opened; escalation: a step of level breach or escalation fired (those that close left out), of tickets opened, so by kind the escalation rate of complaints; bot_handover: a person replied or handover_triggered was recorded, of tickets in which a bot spoke. Percentages of nothing and times of what has not happened are NULL; duplicate and invalid tickets are left out. Read from the events: costs what the period holds. Without a SET clause so that it can be inlined; the body is bound when it is created. Handbook G1, G2.';

CREATE VIEW csflow.process_figures WITH (security_invoker = true) AS
SELECT d.desk_id, now() - interval '28 days' AS since, now() AS until, c.cut, p.*
FROM csflow.desk AS d
CROSS JOIN (VALUES ('total'), ('kind'), ('team')) AS c (cut)
CROSS JOIN LATERAL csflow.process_figures_at(d.desk_id, now() - interval '28 days', now(), c.cut) AS p;
COMMENT ON VIEW csflow.process_figures IS 'Acceptance, collaborators'' tasks, resolution, first-line resolution, closing, escalation and bots'' hand-overs of the tickets opened in the last 28 days (by_created), in total, by kind and by department (handbook G1, G2). csflow.process_figures_at() for other periods and cuts. Choose a cut: WHERE cut = ''total''.';
COMMENT ON COLUMN csflow.process_figures.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.process_figures.since IS 'Start of the period.';
COMMENT ON COLUMN csflow.process_figures.until IS 'End of the period, the start of the transaction.';
COMMENT ON COLUMN csflow.process_figures.cut IS 'total, kind or team, as the tickets have them now.';
COMMENT ON COLUMN csflow.process_figures.cut_value IS 'Code of the kind, number of the team; empty for total and where there is none.';
COMMENT ON COLUMN csflow.process_figures.value_zh IS 'cut_value in Chinese.';
COMMENT ON COLUMN csflow.process_figures.value_en IS 'cut_value in English.';
COMMENT ON COLUMN csflow.process_figures.measure IS 'acceptance, collaboration, resolution, first_line, closing, escalation, bot_handover: see csflow.process_figures_at().';
COMMENT ON COLUMN csflow.process_figures.measure_zh IS 'measure in Chinese.';
COMMENT ON COLUMN csflow.process_figures.measure_en IS 'measure in English.';
COMMENT ON COLUMN csflow.process_figures.event_count IS 'How many: the numerator of pct.';
COMMENT ON COLUMN csflow.process_figures.base_count IS 'Of how many: its denominator.';
COMMENT ON COLUMN csflow.process_figures.pct IS 'event_count in percent of base_count; NULL when that is 0.';
COMMENT ON COLUMN csflow.process_figures.cal_mean_seconds IS 'Mean elapsed time, in seconds; NULL where the measure has none.';
COMMENT ON COLUMN csflow.process_figures.cal_p50_seconds IS 'Median elapsed time, in seconds.';
COMMENT ON COLUMN csflow.process_figures.cal_p90_seconds IS '90th percentile of the elapsed time, in seconds.';
COMMENT ON COLUMN csflow.process_figures.bus_mean_seconds IS 'Mean business time, in seconds.';
COMMENT ON COLUMN csflow.process_figures.bus_p50_seconds IS 'Median business time, in seconds.';
COMMENT ON COLUMN csflow.process_figures.bus_p90_seconds IS '90th percentile of the business time, in seconds.';
COMMENT ON COLUMN csflow.process_figures.sort_order IS 'Order of the measures.';
