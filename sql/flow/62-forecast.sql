-- Surges and forecasts for boards (handbook G3, G6; kpi.md).

CREATE VIEW csflow.surge WITH (security_invoker = true) AS
SELECT e.desk_id, e.category_id, c.caption_zh, c.caption_en, e.started_at, e.ended_at, e.ended_at IS NULL AS is_open,
  e.counted_to - interval '24 hours' AS counted_from, e.counted_to, e.base_count,
  e.last_week_count, e.start_count, 100 * (e.start_count - e.base_count)::double precision / nullif(e.base_count, 0) AS start_growth_pct,
  e.peak_at, e.peak_count, 100 * (e.peak_count - e.base_count)::double precision / nullif(e.base_count, 0) AS peak_growth_pct,
  e.checked_at, e.last_count, e.investigation_no, t.state AS investigation_state, t.team_id, t.agent_id
FROM csflow.surge_episode AS e
JOIN csflow.category AS c ON c.desk_id = e.desk_id AND c.category_id = e.category_id
JOIN csflow.ticket AS t ON t.desk_id = e.desk_id AND t.ticket_no = e.investigation_no;
COMMENT ON VIEW csflow.surge IS 'Categories that grew beyond measure within 24 hours, one row an episode with its investigation. Counts are tickets opened, as csflow.health_between() and the score-cards counted them when the watch looked (by_created); a ticket that was moved to another category or marked a duplicate since is counted here still (handbook G3).';
COMMENT ON COLUMN csflow.surge.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.surge.category_id IS 'Category.';
COMMENT ON COLUMN csflow.surge.caption_zh IS 'The category in Chinese.';
COMMENT ON COLUMN csflow.surge.caption_en IS 'The category in English.';
COMMENT ON COLUMN csflow.surge.started_at IS 'Pass of the watch that found it.';
COMMENT ON COLUMN csflow.surge.ended_at IS 'Pass at which growth had fallen to half the threshold, or there were fewer than surge_minimum tickets; NULL: it lasts.';
COMMENT ON COLUMN csflow.surge.is_open IS 'Whether it lasts.';
COMMENT ON COLUMN csflow.surge.counted_from IS 'Start of the 24 whole hours in which it was found.';
COMMENT ON COLUMN csflow.surge.counted_to IS 'Their end, not part of them.';
COMMENT ON COLUMN csflow.surge.base_count IS 'Tickets in the 24 hours before counted_from: the base of both growths.';
COMMENT ON COLUMN csflow.surge.last_week_count IS 'Tickets in the same 24 hours a week before; NULL where they were not looked at.';
COMMENT ON COLUMN csflow.surge.start_count IS 'Tickets from counted_from to counted_to.';
COMMENT ON COLUMN csflow.surge.start_growth_pct IS 'Growth from base_count to start_count, in percent; NULL when base_count is 0.';
COMMENT ON COLUMN csflow.surge.peak_at IS 'Pass that saw the most tickets.';
COMMENT ON COLUMN csflow.surge.peak_count IS 'Tickets in the 24 whole hours up to the hour of peak_at.';
COMMENT ON COLUMN csflow.surge.peak_growth_pct IS 'Growth from base_count to peak_count, in percent; NULL when base_count is 0.';
COMMENT ON COLUMN csflow.surge.checked_at IS 'Last pass that looked at it.';
COMMENT ON COLUMN csflow.surge.last_count IS 'Tickets in the 24 whole hours up to the hour of checked_at.';
COMMENT ON COLUMN csflow.surge.investigation_no IS 'The ticket under which it is investigated.';
COMMENT ON COLUMN csflow.surge.investigation_state IS 'State of that ticket.';
COMMENT ON COLUMN csflow.surge.team_id IS 'Department that investigates.';
COMMENT ON COLUMN csflow.surge.agent_id IS 'Who investigates; NULL: nobody yet.';

CREATE VIEW csflow.forecast WITH (security_invoker = true) AS
SELECT d.desk_id, f.*
FROM csflow.desk AS d
CROSS JOIN LATERAL csflow.forecast_at(d.desk_id, now()) AS f;
COMMENT ON VIEW csflow.forecast IS 'Tickets expected on each of fourteen days from today, in total and by kind, from the last 26 weeks: additive Holt-Winters with the week as season, campaigns taken out of the past and put on coming days; with what the same method would have been wrong by (handbook G6).';
COMMENT ON COLUMN csflow.forecast.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.forecast.kind IS 'Code of the kind; NULL: all tickets, forecast on their own, so that kinds need not add up to it.';
COMMENT ON COLUMN csflow.forecast.caption_zh IS 'kind in Chinese.';
COMMENT ON COLUMN csflow.forecast.caption_en IS 'kind in English.';
COMMENT ON COLUMN csflow.forecast.bucket_date IS 'The day; today is the first, for it is not over.';
COMMENT ON COLUMN csflow.forecast.bucket_start IS 'Instant at which it begins in zone.';
COMMENT ON COLUMN csflow.forecast.zone IS 'Time zone of the days: the desk''s.';
COMMENT ON COLUMN csflow.forecast.step IS '1 for today, 2 for tomorrow …';
COMMENT ON COLUMN csflow.forecast.expected_count IS 'Tickets expected, not less than 0.';
COMMENT ON COLUMN csflow.forecast.low_count IS 'Lower end of the interval, not less than 0; NULL where the error is not known.';
COMMENT ON COLUMN csflow.forecast.high_count IS 'Upper end of the interval; NULL where the error is not known.';
COMMENT ON COLUMN csflow.forecast.campaign_factor IS 'Product of the factors of the campaigns on that day, in expected_count, low_count and high_count already.';
COMMENT ON COLUMN csflow.forecast.confidence_pct IS 'Confidence of the interval.';
COMMENT ON COLUMN csflow.forecast.history_day_count IS 'Days it was learnt from.';
COMMENT ON COLUMN csflow.forecast.compared_count IS 'Values compared in the back-test; 0 with less than five weeks of history.';
COMMENT ON COLUMN csflow.forecast.mae IS 'Mean absolute error of the back-test, in tickets a day, campaigns taken out; NULL with too little history, as the next four.';
COMMENT ON COLUMN csflow.forecast.naive_mae IS 'That of the naive forecast: as on the same weekday of the last week known.';
COMMENT ON COLUMN csflow.forecast.relative_mae IS 'mae over naive_mae: from 1 on the naive forecast is as good.';
COMMENT ON COLUMN csflow.forecast.mase IS 'mae over the mean absolute difference from week to week.';
COMMENT ON COLUMN csflow.forecast.coverage_pct IS 'Values of the back-test that lay inside their interval, in percent; to be compared with confidence_pct.';
