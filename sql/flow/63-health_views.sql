-- Boards from the health figures (handbook G1, G4, I6; kpi.md). Figures are as of the last refresh_health; agent_load is live.

CREATE VIEW csflow.net_flow WITH (security_invoker = true) AS
SELECT h.desk_id, h.zone, h.cut, h.value, h.caption_zh, h.caption_en, h.sort_order, h.bucket_date, h.bucket_start, h.bucket_end, h.is_complete,
  h.opened_count_by_created AS opened_count_by_event, h.reopening_count_by_event,
  h.first_resolution_count_by_event + h.solved_again_count_by_event AS solved_count_by_event,
  h.opened_count_by_created + h.reopening_count_by_event - h.first_resolution_count_by_event - h.solved_again_count_by_event AS net_flow_by_event
FROM csflow.health_daily AS h;
COMMENT ON VIEW csflow.net_flow IS 'By local day, total and by each cut: tickets that came in (opened or reopened) less those solved; what some products call backlog. csflow.backlog is the stock (kpi.md).';

CREATE VIEW csflow.backlog WITH (security_invoker = true) AS
SELECT n.*, (sum(n.net_flow_by_event) OVER (PARTITION BY n.desk_id, n.cut, n.value ORDER BY n.bucket_date))::bigint AS backlog_open_count
FROM csflow.net_flow AS n;
COMMENT ON VIEW csflow.backlog IS 'By local day, total and by each cut: the stock of tickets opened and not solved at the end of the day, with the flows that made it (kpi.md "Backlog (stock)").';
COMMENT ON COLUMN csflow.backlog.backlog_open_count IS 'Tickets opened by the end of the bucket and not answered or closed then; in a bucket that is not complete, at the last refresh.';

CREATE VIEW csflow.first_response WITH (security_invoker = true) AS
SELECT h.desk_id, h.zone, h.cut, h.value, h.caption_zh, h.caption_en, h.sort_order, h.bucket_date, h.bucket_start, h.bucket_end, h.is_complete,
  h.opened_count_by_created, h.first_reply_count_by_event,
  h.first_reply_cal_mean_seconds, h.first_reply_cal_p50_seconds, h.first_reply_cal_p90_seconds, h.first_reply_cal_p95_seconds,
  h.first_reply_bus_mean_seconds, h.first_reply_bus_p50_seconds, h.first_reply_bus_p90_seconds, h.first_reply_bus_p95_seconds,
  h.next_reply_count_by_event,
  h.next_reply_cal_mean_seconds, h.next_reply_cal_p50_seconds, h.next_reply_cal_p90_seconds, h.next_reply_cal_p95_seconds,
  h.next_reply_bus_mean_seconds, h.next_reply_bus_p50_seconds, h.next_reply_bus_p90_seconds, h.next_reply_bus_p95_seconds
FROM csflow.health_daily AS h;
COMMENT ON VIEW csflow.first_response IS 'By local day, total and by each cut: how soon persons replied first, and to later messages, by the day of the reply (handbook G1, A2). Promises kept are in csflow.attainment, clock first_response.';

CREATE VIEW csflow.transfers WITH (security_invoker = true) AS
SELECT h.desk_id, h.zone, h.cut, h.value, h.caption_zh, h.caption_en, h.sort_order, h.bucket_date, h.bucket_start, h.bucket_end, h.is_complete,
  h.opened_count_by_created, h.transferred_count_by_created, h.transferred_pct, h.transfers_count_by_created,
  h.reassigned_count_by_created, h.reassigned_pct, h.reassignments_count_by_created,
  h.escalated_count_by_created, h.escalated_pct, h.escalations_count_by_created
FROM csflow.health_daily AS h;
COMMENT ON VIEW csflow.transfers IS 'By local day of opening, total and by each cut: tickets handed to another department, to another person, or escalated (handbook G1, C4, D6).';

-- The columns that these views take over mean the same there.
DO $csflow_do$
DECLARE
  copied record;
BEGIN
  FOR copied IN
    SELECT c.relname AS view, a.attname AS name, col_description('csflow.health_daily'::regclass, h.attnum) AS comment
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    JOIN pg_attribute AS h ON h.attrelid = 'csflow.health_daily'::regclass AND h.attname = a.attname
    WHERE c.oid IN ('csflow.net_flow'::regclass, 'csflow.backlog'::regclass, 'csflow.first_response'::regclass, 'csflow.transfers'::regclass)
  LOOP
    EXECUTE format('COMMENT ON COLUMN csflow.%I.%I IS %L', copied.view, copied.name, copied.comment);
  END LOOP;
  FOR copied IN SELECT * FROM unnest('{net_flow,backlog}'::text[]) AS v (view),
    (VALUES ('opened_count_by_event', 'Tickets opened in the bucket.'),
      ('solved_count_by_event', 'Times a ticket was answered or closed in the bucket, the first time or again.'),
      ('net_flow_by_event', 'Opened and reopened less solved in the bucket.')) AS x (name, comment)
  LOOP
    EXECUTE format('COMMENT ON COLUMN csflow.%I.%I IS %L', copied.view, copied.name, copied.comment);
  END LOOP;
END
$csflow_do$;

CREATE FUNCTION csflow.backlog_ageing_at(desk_id bigint, at timestamptz DEFAULT now())
RETURNS TABLE (basis text, age_band text, band_zh text, band_en text, from_seconds double precision, to_seconds double precision,
  open_count bigint, total_count bigint, share_pct double precision, sort_order integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH stock AS MATERIALIZED (
    SELECT f.ticket_no, f.opened_at, CASE WHEN f.last_reply_at <= backlog_ageing_at.at THEN f.last_reply_at
      WHEN f.first_reply_at <= backlog_ageing_at.at THEN (SELECT max(e.at) FROM csflow.event AS e
        WHERE e.desk_id = f.desk_id AND e.ticket_no = f.ticket_no AND e.kind = 'reply' AND e.at <= backlog_ageing_at.at) END AS last_reply_at
    FROM csflow.ticket_fact AS f
    WHERE f.desk_id = backlog_ageing_at.desk_id AND f.opened_at <= backlog_ageing_at.at
      AND (f.solved_at IS NULL OR f.solved_at > backlog_ageing_at.at)
      AND (f.first_solved_at IS NULL OR f.first_solved_at > backlog_ageing_at.at OR EXISTS (SELECT FROM csflow.reopening AS r
        WHERE r.desk_id = f.desk_id AND r.ticket_no = f.ticket_no AND r.reopened_at <= backlog_ageing_at.at
          AND (r.solved_at IS NULL OR r.solved_at > backlog_ageing_at.at)))
  ),
  age AS (
    SELECT 'opened' AS basis, backlog_ageing_at.at - s.opened_at AS age FROM stock AS s
    UNION ALL
    SELECT 'last_reply' AS basis, backlog_ageing_at.at - coalesce(s.last_reply_at, s.opened_at) AS age FROM stock AS s
  ),
  band (age_band, band_zh, band_en, low, high, place) AS (
    VALUES ('under_4h', '4 小时内', 'under 4 hours', interval '0', interval '4 hours', 1), ('4h_24h', '4 至 24 小时', '4 to 24 hours', '4 hours', '24 hours', 2),
      ('1d_3d', '1 至 3 天', '1 to 3 days', '24 hours', '72 hours', 3), ('3d_7d', '3 至 7 天', '3 to 7 days', '72 hours', '168 hours', 4),
      ('7d_30d', '7 至 30 天', '7 to 30 days', '168 hours', '720 hours', 5), ('over_30d', '30 天以上', 'over 30 days', '720 hours', NULL, 6)
  ),
  counted AS (
    SELECT b.basis, n.*, count(a.age) AS open_count
    FROM (VALUES ('opened', 0), ('last_reply', 10)) AS b (basis, place)
    CROSS JOIN band AS n
    LEFT JOIN age AS a ON a.basis = b.basis AND a.age >= n.low AND (n.high IS NULL OR a.age < n.high)
    GROUP BY b.basis, b.place, n.age_band, n.band_zh, n.band_en, n.low, n.high, n.place
  )
  SELECT c.basis, c.age_band, c.band_zh, c.band_en, extract(epoch FROM c.low)::double precision, extract(epoch FROM c.high)::double precision, c.open_count,
    (SELECT count(*) FROM stock), 100 * c.open_count::double precision / nullif((SELECT count(*) FROM stock), 0),
    CASE c.basis WHEN 'opened' THEN 0 ELSE 10 END + c.place
  FROM counted AS c
  ORDER BY CASE c.basis WHEN 'opened' THEN 0 ELSE 10 END + c.place;
END;
COMMENT ON FUNCTION csflow.backlog_ageing_at(bigint, timestamptz) IS
'How old the open tickets of a desk were at the instant at, in bands: by the time since opening (basis opened) and since the last public reply by a person, or opening where there was none (basis last_reply). From the facts as of the last refresh_health. Empty bands are rows. Without a SET clause so that it can be inlined; the body is bound when it is created. kpi.md "Backlog ageing".';

CREATE VIEW csflow.backlog_ageing WITH (security_invoker = true) AS
SELECT p.desk_id, p.refreshed_to, b.* FROM csflow.health_progress AS p
CROSS JOIN LATERAL csflow.backlog_ageing_at(p.desk_id, now()) AS b;
COMMENT ON VIEW csflow.backlog_ageing IS 'How old the tickets are that are not solved, in bands, as of the start of the transaction from what the last refresh knew; csflow.backlog_ageing_at() for another instant (kpi.md).';
COMMENT ON COLUMN csflow.backlog_ageing.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.backlog_ageing.refreshed_to IS 'Instant of the last refresh.';
COMMENT ON COLUMN csflow.backlog_ageing.basis IS 'opened: age since opening; last_reply: time since the last public reply by a person, or opening.';
COMMENT ON COLUMN csflow.backlog_ageing.age_band IS 'Band; its lower bound belongs to it.';
COMMENT ON COLUMN csflow.backlog_ageing.band_zh IS 'The band in Chinese.';
COMMENT ON COLUMN csflow.backlog_ageing.band_en IS 'The band in English.';
COMMENT ON COLUMN csflow.backlog_ageing.from_seconds IS 'Lower bound, elapsed seconds.';
COMMENT ON COLUMN csflow.backlog_ageing.to_seconds IS 'Upper bound, not part of the band; NULL: none.';
COMMENT ON COLUMN csflow.backlog_ageing.open_count IS 'Open tickets in the band.';
COMMENT ON COLUMN csflow.backlog_ageing.total_count IS 'All open tickets.';
COMMENT ON COLUMN csflow.backlog_ageing.share_pct IS 'open_count in percent of total_count; NULL when nothing is open.';
COMMENT ON COLUMN csflow.backlog_ageing.sort_order IS 'Order of the rows.';

CREATE FUNCTION csflow.heatmap_at(desk_id bigint, from_date date, to_date date)
RETURNS TABLE (zone text, cut text, value text, caption_zh text, caption_en text, weekday integer, weekday_zh text, weekday_en text, hour integer,
  contacts bigint, slots bigint, contacts_per_slot double precision, sort_order integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH slot AS MATERIALIZED (
    SELECT extract(isodow FROM s.at AT TIME ZONE p.zone)::integer AS weekday, extract(hour FROM s.at AT TIME ZONE p.zone)::integer AS hour, s.at
    FROM csflow.health_progress AS p
    JOIN csflow.health_value AS v ON v.desk_id = p.desk_id AND v.cut = 'total'
    CROSS JOIN LATERAL generate_series(greatest(heatmap_at.from_date, v.first_date, p.hours_from)::timestamp AT TIME ZONE p.zone,
      least(heatmap_at.to_date::timestamp AT TIME ZONE p.zone, p.refreshed_to) - interval '1 microsecond', interval '1 hour') AS s (at)
    WHERE p.desk_id = heatmap_at.desk_id
  ),
  grid AS (SELECT s.weekday, s.hour, count(*) AS slots FROM slot AS s GROUP BY s.weekday, s.hour),
  contact AS (
    SELECT h.cut, h.value, extract(isodow FROM h.bucket_start AT TIME ZONE p.zone)::integer AS weekday,
      extract(hour FROM h.bucket_start AT TIME ZONE p.zone)::integer AS hour, sum(h.event_count)::bigint AS contacts
    FROM csflow.health_progress AS p
    JOIN csflow.health_hour AS h ON h.desk_id = p.desk_id AND h.measure = 'opened'
      AND h.bucket_start >= greatest(heatmap_at.from_date, p.hours_from)::timestamp AT TIME ZONE p.zone AND h.bucket_start < heatmap_at.to_date::timestamp AT TIME ZONE p.zone
    WHERE p.desk_id = heatmap_at.desk_id
    GROUP BY 1, 2, 3, 4
  )
  SELECT p.zone, v.cut, v.value, v.caption_zh, v.caption_en, d.weekday, d.zh, d.en, o.hour, coalesce(c.contacts, 0), coalesce(g.slots, 0),
    coalesce(c.contacts, 0)::double precision / nullif(g.slots, 0), 24 * (d.weekday - 1) + o.hour
  FROM csflow.health_progress AS p
  JOIN csflow.health_cut AS v ON v.desk_id = p.desk_id
  CROSS JOIN (VALUES (1, '星期一', 'Monday'), (2, '星期二', 'Tuesday'), (3, '星期三', 'Wednesday'), (4, '星期四', 'Thursday'), (5, '星期五', 'Friday'),
    (6, '星期六', 'Saturday'), (7, '星期日', 'Sunday')) AS d (weekday, zh, en)
  CROSS JOIN generate_series(0, 23) AS o (hour)
  LEFT JOIN grid AS g ON g.weekday = d.weekday AND g.hour = o.hour
  LEFT JOIN contact AS c ON c.cut = v.cut AND c.value = v.value AND c.weekday = d.weekday AND c.hour = o.hour
  WHERE p.desk_id = heatmap_at.desk_id;
END;
COMMENT ON FUNCTION csflow.heatmap_at(bigint, date, date) IS
'Contacts, tickets opened, of a desk by weekday and hour of the report zone, from from_date up to the day before to_date, total and by each cut. slots: how often that hour of that weekday came in the period, from the day of the first ticket, or the first of which hours are kept (desk.hour_figures_kept), up to the last refresh, so that neither a young desk nor a change of daylight saving (a day of 23 or 25 hours) distorts contacts_per_slot. Without a SET clause so that it can be inlined; the body is bound when it is created. kpi.md "Contact heat map".';

CREATE VIEW csflow.heatmap WITH (security_invoker = true) AS
SELECT p.desk_id, w.to_date - 91 AS from_date, w.to_date - 1 AS last_date, h.*
FROM csflow.health_progress AS p
CROSS JOIN LATERAL (SELECT (p.refreshed_to AT TIME ZONE p.zone)::date AS to_date WHERE isfinite(p.refreshed_to)) AS w
CROSS JOIN LATERAL csflow.heatmap_at(p.desk_id, w.to_date - 91, w.to_date) AS h;
COMMENT ON VIEW csflow.heatmap IS 'Contacts by weekday and hour over the last 91 complete local days, thirteen weeks, total and by each cut (handbook G4). Choose a cut: WHERE cut = ''total''. csflow.heatmap_at() for another period.';
COMMENT ON COLUMN csflow.heatmap.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.heatmap.from_date IS 'First local date of the period.';
COMMENT ON COLUMN csflow.heatmap.last_date IS 'Last local date of the period.';
COMMENT ON COLUMN csflow.heatmap.zone IS 'Report zone.';
COMMENT ON COLUMN csflow.heatmap.cut IS 'total, kind, category, team, channel or customer_tier.';
COMMENT ON COLUMN csflow.heatmap.value IS 'Value of the cut, see csflow.health_cut.';
COMMENT ON COLUMN csflow.heatmap.caption_zh IS 'What people read for value, in Chinese.';
COMMENT ON COLUMN csflow.heatmap.caption_en IS 'The same in English.';
COMMENT ON COLUMN csflow.heatmap.weekday IS 'ISO weekday: 1 Monday … 7 Sunday.';
COMMENT ON COLUMN csflow.heatmap.weekday_zh IS 'The weekday in Chinese.';
COMMENT ON COLUMN csflow.heatmap.weekday_en IS 'The weekday in English.';
COMMENT ON COLUMN csflow.heatmap.hour IS 'Hour of the local day, 0 to 23.';
COMMENT ON COLUMN csflow.heatmap.contacts IS 'Tickets opened in that hour of that weekday (by event).';
COMMENT ON COLUMN csflow.heatmap.slots IS 'How often that hour came in the period, from the day of the first ticket on.';
COMMENT ON COLUMN csflow.heatmap.contacts_per_slot IS 'contacts divided by slots.';
COMMENT ON COLUMN csflow.heatmap.sort_order IS 'Order of the hours of the week.';

CREATE VIEW csflow.agent_load WITH (security_invoker = true) AS
SELECT a.desk_id, a.agent_id, a.name, a.tier, a.team_id, g.name_zh AS team_zh, g.name_en AS team_en, a.is_active,
  coalesce(o.open_count, 0) AS open_count, coalesce(o.working_count, 0) AS working_count, coalesce(o.waiting_count, 0) AS waiting_count, o.oldest_opened_at,
  a.capacity::bigint AS capacity, greatest(a.capacity - coalesce(o.open_count, 0), 0) AS free_capacity,
  100 * coalesce(o.open_count, 0)::double precision / nullif(a.capacity, 0) AS load_pct, NULL::double precision AS occupancy_pct
FROM csflow.agent AS a
LEFT JOIN csflow.team AS g ON g.desk_id = a.desk_id AND g.team_id = a.team_id
LEFT JOIN (
  SELECT t.desk_id, t.agent_id, count(*) AS open_count, count(*) FILTER (WHERE t.state NOT IN ('waiting_customer', 'waiting_partner')) AS working_count,
    count(*) FILTER (WHERE t.state IN ('waiting_customer', 'waiting_partner')) AS waiting_count, min(t.opened_at) AS oldest_opened_at
  FROM csflow.ticket AS t
  WHERE t.state NOT IN ('answered', 'closed', 'duplicate', 'invalid') AND t.agent_id IS NOT NULL
  GROUP BY t.desk_id, t.agent_id) AS o ON o.desk_id = a.desk_id AND o.agent_id = a.agent_id
WHERE NOT a.is_bot;
COMMENT ON VIEW csflow.agent_load IS 'What each person holds now and has room for, live from the tickets (handbook I6, G10).';
COMMENT ON COLUMN csflow.agent_load.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.agent_load.agent_id IS 'Agent.';
COMMENT ON COLUMN csflow.agent_load.name IS 'The agent''s name.';
COMMENT ON COLUMN csflow.agent_load.tier IS 'novice, backbone or expert.';
COMMENT ON COLUMN csflow.agent_load.team_id IS 'The agent''s department.';
COMMENT ON COLUMN csflow.agent_load.team_zh IS 'Its name in Chinese.';
COMMENT ON COLUMN csflow.agent_load.team_en IS 'Its name in English.';
COMMENT ON COLUMN csflow.agent_load.is_active IS 'Whether the agent is in service.';
COMMENT ON COLUMN csflow.agent_load.open_count IS 'Tickets assigned to the agent and not solved.';
COMMENT ON COLUMN csflow.agent_load.working_count IS 'Of these, tickets that wait for the agent''s side.';
COMMENT ON COLUMN csflow.agent_load.waiting_count IS 'Of these, tickets that wait for the customer or a third party.';
COMMENT ON COLUMN csflow.agent_load.oldest_opened_at IS 'When the oldest of them was opened.';
COMMENT ON COLUMN csflow.agent_load.capacity IS 'Open tickets the agent can hold at a time.';
COMMENT ON COLUMN csflow.agent_load.free_capacity IS 'capacity less open_count, not under 0.';
COMMENT ON COLUMN csflow.agent_load.load_pct IS 'open_count in percent of capacity; NULL for capacity 0.';
COMMENT ON COLUMN csflow.agent_load.occupancy_pct IS 'Handling time in percent of logged-in time: NULL, for it needs a log of presence; never guessed (kpi.md "Occupancy").';

CREATE FUNCTION csflow.hot_issues_at(desk_id bigint, from_date date, to_date date, places integer DEFAULT 10)
RETURNS TABLE (place bigint, category_id bigint, caption_zh text, caption_en text, opened_count bigint, total_count bigint, share_pct double precision,
  base_count bigint, growth_pct double precision, is_base_small boolean, is_complete boolean)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH now AS (
    SELECT d.value, sum(d.event_count)::bigint AS opened
    FROM csflow.health_day AS d
    WHERE d.desk_id = hot_issues_at.desk_id AND d.cut = 'category' AND d.measure = 'opened'
      AND d.bucket_date >= hot_issues_at.from_date AND d.bucket_date < hot_issues_at.to_date
    GROUP BY d.value
  ),
  before AS (
    SELECT d.value, sum(d.event_count)::bigint AS opened
    FROM csflow.health_day AS d
    WHERE d.desk_id = hot_issues_at.desk_id AND d.cut = 'category' AND d.measure = 'opened'
      AND d.bucket_date >= hot_issues_at.from_date - (hot_issues_at.to_date - hot_issues_at.from_date) AND d.bucket_date < hot_issues_at.from_date
    GROUP BY d.value
  )
  SELECT row_number() OVER (ORDER BY n.opened DESC, n.value), nullif(n.value, '')::bigint, v.caption_zh, v.caption_en, n.opened, s.total,
    100 * n.opened::double precision / s.total, coalesce(b.opened, 0),
    CASE WHEN s.is_complete THEN 100 * (n.opened - coalesce(b.opened, 0))::double precision / nullif(coalesce(b.opened, 0), 0) END,
    coalesce(b.opened, 0) < 20, s.is_complete
  FROM now AS n
  LEFT JOIN before AS b ON b.value = n.value
  LEFT JOIN csflow.health_cut AS v ON v.desk_id = hot_issues_at.desk_id AND v.cut = 'category' AND v.value = n.value
  CROSS JOIN (SELECT (SELECT sum(x.opened) FROM now AS x)::bigint AS total,
    hot_issues_at.to_date::timestamp AT TIME ZONE p.zone <= p.refreshed_to AS is_complete
    FROM csflow.health_progress AS p WHERE p.desk_id = hot_issues_at.desk_id) AS s
  WHERE n.opened > 0
  ORDER BY n.opened DESC, n.value
  LIMIT hot_issues_at.places;
END;
COMMENT ON FUNCTION csflow.hot_issues_at(bigint, date, date, integer) IS
'The categories with most tickets opened from from_date up to the day before to_date (local dates), at most so many places: share of all tickets of the period, and change in percent against as many days before; NULL when there were none before or the period is not complete. is_base_small: fewer than 20 before, so the change says little. Without a SET clause so that it can be inlined; the body is bound when it is created. Handbook G4; kpi.md "Category growth".';

CREATE VIEW csflow.hot_issues WITH (security_invoker = true) AS
SELECT p.desk_id, p.zone, w.to_date - 7 AS from_date, w.to_date - 1 AS last_date, h.*
FROM csflow.health_progress AS p
CROSS JOIN LATERAL (SELECT (p.refreshed_to AT TIME ZONE p.zone)::date AS to_date WHERE isfinite(p.refreshed_to)) AS w
CROSS JOIN LATERAL csflow.hot_issues_at(p.desk_id, w.to_date - 7, w.to_date, 10) AS h;
COMMENT ON VIEW csflow.hot_issues IS 'TOP 10 categories of the last seven complete local days, with their share and their change against the seven days before, by the day of opening (handbook G4). csflow.hot_issues_at() for another period or more places.';
COMMENT ON COLUMN csflow.hot_issues.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.hot_issues.zone IS 'Report zone.';
COMMENT ON COLUMN csflow.hot_issues.from_date IS 'First local date of the period.';
COMMENT ON COLUMN csflow.hot_issues.last_date IS 'Last local date of the period.';
COMMENT ON COLUMN csflow.hot_issues.place IS '1 for the most frequent; the sort order.';
COMMENT ON COLUMN csflow.hot_issues.category_id IS 'The category; NULL: tickets without one.';
COMMENT ON COLUMN csflow.hot_issues.caption_zh IS 'Kind / category in Chinese.';
COMMENT ON COLUMN csflow.hot_issues.caption_en IS 'Kind / category in English.';
COMMENT ON COLUMN csflow.hot_issues.opened_count IS 'Tickets opened in the period (by created).';
COMMENT ON COLUMN csflow.hot_issues.total_count IS 'Tickets of all categories opened in the period.';
COMMENT ON COLUMN csflow.hot_issues.share_pct IS 'opened_count in percent of total_count.';
COMMENT ON COLUMN csflow.hot_issues.base_count IS 'Tickets of the category opened in as many days before.';
COMMENT ON COLUMN csflow.hot_issues.growth_pct IS 'Change against base_count in percent; NULL when that is 0 or the period is not complete.';
COMMENT ON COLUMN csflow.hot_issues.is_base_small IS 'base_count is under 20: the change says little.';
COMMENT ON COLUMN csflow.hot_issues.is_complete IS 'Whether the period had ended at the last refresh.';
