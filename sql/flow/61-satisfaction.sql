-- Satisfaction and negative feedback for boards (handbook F5, G2, G4, G7; kpi.md).

CREATE VIEW csflow.satisfaction WITH (security_invoker = true) AS
SELECT d.desk_id, s.*
FROM csflow.desk AS d
CROSS JOIN LATERAL csflow.satisfaction_at(d.desk_id, now(), 12) AS s;
COMMENT ON VIEW csflow.satisfaction IS 'Surveys and their answers by month of sending (by_created), this month and the eleven before, in total and by kind, team, customer tier and agent; the last answer of each survey counts, duplicate and invalid tickets do not. Months without a survey are rows of zeros (handbook F5, G2, G4, kpi.md "CSAT", "NPS", "CES").';
COMMENT ON COLUMN csflow.satisfaction.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.satisfaction.bucket_date IS 'First day of the month.';
COMMENT ON COLUMN csflow.satisfaction.bucket_start IS 'Instant at which the month begins in zone.';
COMMENT ON COLUMN csflow.satisfaction.zone IS 'Time zone of the months: the desk''s.';
COMMENT ON COLUMN csflow.satisfaction.is_complete IS 'Whether the month is over. Answers to its surveys may still come while links are good.';
COMMENT ON COLUMN csflow.satisfaction.cut IS 'By what: all, kind, team, customer_tier or agent; team and agent as of the last sending.';
COMMENT ON COLUMN csflow.satisfaction.value IS 'Code of the kind or tier, id of the team or agent; NULL for all, and for tickets without one.';
COMMENT ON COLUMN csflow.satisfaction.caption_zh IS 'value in Chinese.';
COMMENT ON COLUMN csflow.satisfaction.caption_en IS 'value in English.';
COMMENT ON COLUMN csflow.satisfaction.sort_order IS 'Place of the cut.';
COMMENT ON COLUMN csflow.satisfaction.sent_count IS 'Surveys first sent, or taken down by an agent, in the month: the denominator of response_rate_pct.';
COMMENT ON COLUMN csflow.satisfaction.response_count IS 'Of these, answered.';
COMMENT ON COLUMN csflow.satisfaction.response_rate_pct IS 'response_count in percent of sent_count; NULL when none was sent.';
COMMENT ON COLUMN csflow.satisfaction.rated_count IS 'Answers with overall stars: the denominator of csat_pct.';
COMMENT ON COLUMN csflow.satisfaction.positive_count IS 'Of these, 4 or 5 stars.';
COMMENT ON COLUMN csflow.satisfaction.csat_pct IS 'positive_count in percent of rated_count; NULL when nobody rated.';
COMMENT ON COLUMN csflow.satisfaction.csat_mean IS 'Mean of the overall stars, 1 … 5.';
COMMENT ON COLUMN csflow.satisfaction.efficiency_mean IS 'Mean stars for efficiency, 1 … 5.';
COMMENT ON COLUMN csflow.satisfaction.attitude_mean IS 'Mean stars for attitude, 1 … 5.';
COMMENT ON COLUMN csflow.satisfaction.clarity_mean IS 'Mean stars for clarity, 1 … 5.';
COMMENT ON COLUMN csflow.satisfaction.fairness_mean IS 'Mean stars for fairness, 1 … 5.';
COMMENT ON COLUMN csflow.satisfaction.nps_count IS 'Answers to whether they would recommend: the denominator of nps.';
COMMENT ON COLUMN csflow.satisfaction.promoter_count IS 'Of these, 9 or 10.';
COMMENT ON COLUMN csflow.satisfaction.detractor_count IS 'Of these, 0 to 6.';
COMMENT ON COLUMN csflow.satisfaction.nps IS 'Promoters less detractors in percent of nps_count, -100 … 100; NULL when nobody answered.';
COMMENT ON COLUMN csflow.satisfaction.nps_mean IS 'Mean of the answers, 0 … 10.';
COMMENT ON COLUMN csflow.satisfaction.ces_count IS 'Answers to how easy it was: the denominator of ces_top_pct.';
COMMENT ON COLUMN csflow.satisfaction.ces_top_count IS 'Of these, 5 to 7.';
COMMENT ON COLUMN csflow.satisfaction.ces_mean IS 'Mean of the answers, 1 … 7.';
COMMENT ON COLUMN csflow.satisfaction.ces_top_pct IS 'ces_top_count in percent of ces_count; NULL when nobody answered.';
COMMENT ON COLUMN csflow.satisfaction.low_count IS 'Answers with a low score (handbook F6).';

CREATE VIEW csflow.negative_feedback WITH (security_invoker = true) AS
SELECT d.desk_id, n.*
FROM csflow.desk AS d
CROSS JOIN LATERAL csflow.negative_feedback_between(d.desk_id, now() - interval '90 days') AS n;
COMMENT ON VIEW csflow.negative_feedback IS 'What answers with a low score have in common, against the other answers of the last 90 days (by_event: the instant of the answer): words of the comments, and what happened to the tickets (handbook G7). csflow.negative_feedback_between() has other periods.';
COMMENT ON COLUMN csflow.negative_feedback.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.negative_feedback.aspect IS 'term: words of the comment; dimension: which score was low; category, team; clock: a promise that was broken; course: reopened, transferred.';
COMMENT ON COLUMN csflow.negative_feedback.value IS 'The term, code or id.';
COMMENT ON COLUMN csflow.negative_feedback.caption_zh IS 'value in Chinese.';
COMMENT ON COLUMN csflow.negative_feedback.caption_en IS 'value in English.';
COMMENT ON COLUMN csflow.negative_feedback.sort_order IS 'Place within the aspect, by z_score.';
COMMENT ON COLUMN csflow.negative_feedback.low_count IS 'Low answers with it.';
COMMENT ON COLUMN csflow.negative_feedback.low_total_count IS 'Low answers, of aspect term those with a comment: the denominator of low_pct.';
COMMENT ON COLUMN csflow.negative_feedback.low_pct IS 'low_count in percent of low_total_count.';
COMMENT ON COLUMN csflow.negative_feedback.other_count IS 'Other answers with it.';
COMMENT ON COLUMN csflow.negative_feedback.other_total_count IS 'Other answers, of aspect term those with a comment: the denominator of other_pct.';
COMMENT ON COLUMN csflow.negative_feedback.other_pct IS 'other_count in percent of other_total_count; NULL when there are none.';
COMMENT ON COLUMN csflow.negative_feedback.log_odds IS 'Natural logarithm of the odds among low answers over those among the others, with a prior; NULL for dimension, for what every answer has, and where there are no other answers.';
COMMENT ON COLUMN csflow.negative_feedback.z_score IS 'log_odds over its standard error: beyond about 2 it is hardly chance.';
