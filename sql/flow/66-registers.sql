-- Samples, campaigns and improvements as people read them: with captions, and what follows from dates and counts (handbook G6, G8, A9).

CREATE VIEW csflow.sample_list WITH (security_invoker = true) AS
SELECT s.desk_id, s.week, s.ticket_no, s.kind, k.zh AS kind_zh, k.en AS kind_en, s.priority, p.zh AS priority_zh, p.en AS priority_en,
  s.score_band, b.zh AS score_band_zh, b.en AS score_band_en, s.place, s.stratum_count, n.sampled_count,
  s.stratum_count::double precision / n.sampled_count AS stands_for_count, s.drawn_at, s.reviewed_at, s.reviewed_by, a.name AS reviewer_name, s.finding,
  dense_rank() OVER (PARTITION BY s.desk_id, s.week ORDER BY s.kind COLLATE "C", s.priority DESC, s.score_band) AS sort_order
FROM csflow.sample AS s
CROSS JOIN LATERAL (SELECT count(*) AS sampled_count FROM csflow.sample AS o
  WHERE o.desk_id = s.desk_id AND o.week = s.week AND o.kind IS NOT DISTINCT FROM s.kind AND o.priority IS NOT DISTINCT FROM s.priority
    AND o.score_band = s.score_band) AS n
CROSS JOIN LATERAL csflow.cut_caption(s.desk_id, 'kind', s.kind) AS k
CROSS JOIN LATERAL csflow.cut_caption(s.desk_id, 'priority', s.priority::text) AS p
CROSS JOIN LATERAL csflow.cut_caption(s.desk_id, 'score_band', s.score_band) AS b
LEFT JOIN csflow.agent AS a ON a.desk_id = s.desk_id AND a.agent_id = s.reviewed_by;
COMMENT ON VIEW csflow.sample_list IS 'The weekly samples with captions and weights; findings are written into csflow.sample (handbook G8).';
COMMENT ON COLUMN csflow.sample_list.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.sample_list.week IS 'Monday of the week in which the ticket was opened, in the desk''s zone.';
COMMENT ON COLUMN csflow.sample_list.ticket_no IS 'Ticket.';
COMMENT ON COLUMN csflow.sample_list.kind IS 'Its kind when it was drawn, as the next two.';
COMMENT ON COLUMN csflow.sample_list.kind_zh IS 'kind in Chinese.';
COMMENT ON COLUMN csflow.sample_list.kind_en IS 'kind in English.';
COMMENT ON COLUMN csflow.sample_list.priority IS 'Its priority.';
COMMENT ON COLUMN csflow.sample_list.priority_zh IS 'priority in Chinese.';
COMMENT ON COLUMN csflow.sample_list.priority_en IS 'priority in English.';
COMMENT ON COLUMN csflow.sample_list.score_band IS 'low, good or none: what the survey said.';
COMMENT ON COLUMN csflow.sample_list.score_band_zh IS 'score_band in Chinese.';
COMMENT ON COLUMN csflow.sample_list.score_band_en IS 'score_band in English.';
COMMENT ON COLUMN csflow.sample_list.place IS 'Place within the stratum.';
COMMENT ON COLUMN csflow.sample_list.stratum_count IS 'Tickets of the week with that kind, priority and score band.';
COMMENT ON COLUMN csflow.sample_list.sampled_count IS 'Of these, in the sample.';
COMMENT ON COLUMN csflow.sample_list.stands_for_count IS 'For how many tickets this one stands: stratum_count / sampled_count.';
COMMENT ON COLUMN csflow.sample_list.drawn_at IS 'When the sample was drawn.';
COMMENT ON COLUMN csflow.sample_list.reviewed_at IS 'When it was reviewed; NULL: not yet.';
COMMENT ON COLUMN csflow.sample_list.reviewed_by IS 'Agent who reviewed it.';
COMMENT ON COLUMN csflow.sample_list.reviewer_name IS 'That agent''s name.';
COMMENT ON COLUMN csflow.sample_list.finding IS 'What the review found.';
COMMENT ON COLUMN csflow.sample_list.sort_order IS 'Order of the strata of a week.';

CREATE VIEW csflow.campaign_list WITH (security_invoker = true) AS
SELECT c.desk_id, c.campaign_id, c.name, c.kind, k.zh AS kind_zh, k.en AS kind_en, c.first_day, c.last_day,
  (c.last_day - c.first_day + 1)::bigint AS day_count, c.factor, 100 * (c.factor - 1) AS change_pct, t.today > c.last_day AS is_over,
  t.today BETWEEN c.first_day AND c.last_day AS is_running
FROM csflow.campaign AS c
JOIN csflow.desk AS d ON d.desk_id = c.desk_id
CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE d.zone)::date AS today) AS t
CROSS JOIN LATERAL csflow.cut_caption(c.desk_id, CASE WHEN c.kind IS NULL THEN 'all' ELSE 'kind' END, c.kind) AS k;
COMMENT ON VIEW csflow.campaign_list IS 'The campaigns that the forecast knows, with captions, as of the start of the transaction (handbook G6).';
COMMENT ON COLUMN csflow.campaign_list.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.campaign_list.campaign_id IS 'Number of the campaign.';
COMMENT ON COLUMN csflow.campaign_list.name IS 'Its name.';
COMMENT ON COLUMN csflow.campaign_list.kind IS 'Kind of tickets concerned; NULL: all.';
COMMENT ON COLUMN csflow.campaign_list.kind_zh IS 'kind in Chinese.';
COMMENT ON COLUMN csflow.campaign_list.kind_en IS 'kind in English.';
COMMENT ON COLUMN csflow.campaign_list.first_day IS 'First day in the desk''s zone.';
COMMENT ON COLUMN csflow.campaign_list.last_day IS 'Last day, which belongs to it.';
COMMENT ON COLUMN csflow.campaign_list.day_count IS 'Days it lasts.';
COMMENT ON COLUMN csflow.campaign_list.factor IS 'Expected tickets as a multiple of an ordinary day''s.';
COMMENT ON COLUMN csflow.campaign_list.change_pct IS 'The same as a change in percent.';
COMMENT ON COLUMN csflow.campaign_list.is_over IS 'Whether its last day is past.';
COMMENT ON COLUMN csflow.campaign_list.is_running IS 'Whether today is one of its days.';

CREATE VIEW csflow.improvement_list WITH (security_invoker = true) AS
SELECT i.desk_id, i.improvement_id, i.title, i.source, s.zh AS source_zh, s.en AS source_en, i.ticket_no, i.owner_id, a.name AS owner_name, i.due_on,
  i.state = 'open' AND i.due_on < (now() AT TIME ZONE d.zone)::date AS is_overdue, i.measure, m.zh AS measure_zh, m.en AS measure_en,
  i.figure_before, i.figure_after, i.figure_after - i.figure_before AS figure_change, i.state, e.zh AS state_zh, e.en AS state_en,
  i.customers_told_at, i.created_at, i.done_at
FROM csflow.improvement AS i
JOIN csflow.desk AS d ON d.desk_id = i.desk_id
LEFT JOIN csflow.agent AS a ON a.desk_id = i.desk_id AND a.agent_id = i.owner_id
CROSS JOIN LATERAL csflow.cut_caption(i.desk_id, 'improvement_source', i.source) AS s
CROSS JOIN LATERAL csflow.cut_caption(i.desk_id, 'improvement_state', i.state) AS e
LEFT JOIN LATERAL csflow.cut_caption(i.desk_id, 'compared_measure', i.measure) AS m ON i.measure IS NOT NULL;
COMMENT ON VIEW csflow.improvement_list IS 'The register of improvements with captions, as of the start of the transaction; entries are written into csflow.improvement (handbook G8).';
COMMENT ON COLUMN csflow.improvement_list.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.improvement_list.improvement_id IS 'Number of the entry.';
COMMENT ON COLUMN csflow.improvement_list.title IS 'What is to be improved.';
COMMENT ON COLUMN csflow.improvement_list.source IS 'Where it came from.';
COMMENT ON COLUMN csflow.improvement_list.source_zh IS 'source in Chinese.';
COMMENT ON COLUMN csflow.improvement_list.source_en IS 'source in English.';
COMMENT ON COLUMN csflow.improvement_list.ticket_no IS 'A ticket that shows it.';
COMMENT ON COLUMN csflow.improvement_list.owner_id IS 'Agent who sees to it.';
COMMENT ON COLUMN csflow.improvement_list.owner_name IS 'That agent''s name.';
COMMENT ON COLUMN csflow.improvement_list.due_on IS 'Day by which it is to be done.';
COMMENT ON COLUMN csflow.improvement_list.is_overdue IS 'Whether it is open and that day past, in the desk''s zone; NULL where no day is set.';
COMMENT ON COLUMN csflow.improvement_list.measure IS 'What the figures measure.';
COMMENT ON COLUMN csflow.improvement_list.measure_zh IS 'measure in Chinese, where it is one of csflow.compare_periods().';
COMMENT ON COLUMN csflow.improvement_list.measure_en IS 'measure in English, likewise.';
COMMENT ON COLUMN csflow.improvement_list.figure_before IS 'The figure before.';
COMMENT ON COLUMN csflow.improvement_list.figure_after IS 'The figure after.';
COMMENT ON COLUMN csflow.improvement_list.figure_change IS 'figure_after - figure_before; NULL where one is missing.';
COMMENT ON COLUMN csflow.improvement_list.state IS 'open, done or dropped.';
COMMENT ON COLUMN csflow.improvement_list.state_zh IS 'state in Chinese.';
COMMENT ON COLUMN csflow.improvement_list.state_en IS 'state in English.';
COMMENT ON COLUMN csflow.improvement_list.customers_told_at IS 'When the customers concerned were told; NULL: not yet.';
COMMENT ON COLUMN csflow.improvement_list.created_at IS 'When it was entered.';
COMMENT ON COLUMN csflow.improvement_list.done_at IS 'When it was done.';
