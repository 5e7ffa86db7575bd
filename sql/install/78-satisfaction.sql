-- What surveys say: satisfaction by month and cut, and what low scores have in common (handbook F5, G2, G4, G7; kpi.md).

CREATE FUNCTION csflow.satisfaction_at(desk_id bigint, at timestamptz DEFAULT now(), months integer DEFAULT 12)
RETURNS TABLE (bucket_date date, bucket_start timestamptz, zone text, is_complete boolean, cut text, value text, caption_zh text,
  caption_en text, sort_order integer, sent_count bigint, response_count bigint, response_rate_pct double precision,
  rated_count bigint, positive_count bigint, csat_pct double precision, csat_mean double precision,
  efficiency_mean double precision, attitude_mean double precision, clarity_mean double precision, fairness_mean double precision,
  nps_count bigint, promoter_count bigint, detractor_count bigint, nps double precision, nps_mean double precision,
  ces_count bigint, ces_top_count bigint, ces_mean double precision, ces_top_pct double precision, low_count bigint)
LANGUAGE plpgsql STABLE ROWS 200
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  desk_zone text;
  last_month date;
BEGIN
  IF months IS NULL OR months NOT BETWEEN 1 AND 1200 THEN
    RAISE EXCEPTION 'satisfaction of % months', coalesce(months::text, 'NULL')
      USING ERRCODE = '22023', HINT = 'Give a number of months from 1 to 1200.';
  ELSIF satisfaction_at.at IS NULL OR NOT isfinite(satisfaction_at.at) THEN
    RAISE EXCEPTION 'satisfaction as of %', coalesce(satisfaction_at.at::text, 'NULL') USING ERRCODE = '22023', HINT = 'Give a finite instant.';
  END IF;
  PERFORM csflow.require_desk(satisfaction_at.desk_id);
  SELECT d.zone INTO desk_zone FROM csflow.desk AS d WHERE d.desk_id = satisfaction_at.desk_id;
  last_month := date_trunc('month', satisfaction_at.at AT TIME ZONE desk_zone)::date;
  RETURN QUERY
  WITH month AS (
    SELECT m.day::date AS bucket, m.day AT TIME ZONE desk_zone AS starts, (m.day + interval '1 month') AT TIME ZONE desk_zone AS ends
    FROM generate_series(last_month::timestamp - make_interval(months => months - 1), last_month::timestamp, interval '1 month') AS m (day)
  ), asked AS (
    SELECT date_trunc('month', s.sent_at AT TIME ZONE desk_zone)::date AS bucket, s.answered_at <= satisfaction_at.at AS is_answered,
      s.team_id, s.agent_id, s.efficiency, s.attitude, s.clarity, s.fairness, s.overall, s.nps, s.ces, s.is_low,
      t.kind, coalesce(t.customer_tier, '') AS customer_tier
    FROM csflow.survey AS s
    JOIN csflow.ticket AS t ON t.desk_id = s.desk_id AND t.ticket_no = s.ticket_no AND t.state NOT IN ('duplicate', 'invalid')
    WHERE s.desk_id = satisfaction_at.desk_id AND s.sent_at >= (SELECT min(m.starts) FROM month AS m) AND s.sent_at <= satisfaction_at.at
  ), cell AS (
    SELECT a.bucket, v.cut, v.value, count(*) AS sent, count(*) FILTER (WHERE a.is_answered) AS responses,
      csflow.csat(a.overall) FILTER (WHERE a.is_answered) AS overall,
      avg(a.efficiency) FILTER (WHERE a.is_answered)::double precision AS efficiency,
      avg(a.attitude) FILTER (WHERE a.is_answered)::double precision AS attitude,
      avg(a.clarity) FILTER (WHERE a.is_answered)::double precision AS clarity,
      avg(a.fairness) FILTER (WHERE a.is_answered)::double precision AS fairness,
      csflow.nps(a.nps) FILTER (WHERE a.is_answered) AS recommended, csflow.ces(a.ces) FILTER (WHERE a.is_answered) AS ease,
      count(*) FILTER (WHERE a.is_answered AND a.is_low) AS low
    FROM asked AS a
    CROSS JOIN LATERAL (VALUES ('all', ''), ('kind', coalesce(a.kind, '')), ('team', coalesce(a.team_id::text, '')),
      ('customer_tier', a.customer_tier), ('agent', coalesce(a.agent_id::text, ''))) AS v (cut, value)
    GROUP BY a.bucket, v.cut, v.value
  )
  SELECT m.bucket, m.starts, desk_zone, m.ends <= satisfaction_at.at, p.cut, nullif(k.value, ''), n.zh, n.en, p.place,
    coalesce(c.sent, 0), coalesce(c.responses, 0), 100 * c.responses::double precision / nullif(c.sent, 0),
    coalesce(csflow.csat_count(c.overall), 0), coalesce(csflow.csat_positive_count(c.overall), 0), csflow.csat_pct(c.overall),
    csflow.csat_mean(c.overall), c.efficiency, c.attitude, c.clarity, c.fairness,
    coalesce(csflow.nps_count(c.recommended), 0), coalesce(csflow.nps_promoter_count(c.recommended), 0),
    coalesce(csflow.nps_detractor_count(c.recommended), 0), csflow.nps(c.recommended), csflow.nps_mean(c.recommended),
    coalesce(csflow.ces_count(c.ease), 0), coalesce(csflow.ces_top_count(c.ease), 0), csflow.ces_mean(c.ease), csflow.ces_top_pct(c.ease),
    coalesce(c.low, 0)
  FROM (VALUES ('all', 1), ('kind', 2), ('team', 3), ('customer_tier', 4), ('agent', 5)) AS p (cut, place)
  CROSS JOIN LATERAL (SELECT DISTINCT e.value FROM cell AS e WHERE e.cut = p.cut UNION SELECT '' WHERE p.cut = 'all') AS k
  CROSS JOIN month AS m
  LEFT JOIN cell AS c ON c.bucket = m.bucket AND c.cut = p.cut AND c.value = k.value
  CROSS JOIN LATERAL csflow.cut_caption(satisfaction_at.desk_id, p.cut, k.value) AS n
  ORDER BY m.bucket, p.place, k.value COLLATE "C";
END
$$;
COMMENT ON FUNCTION csflow.satisfaction_at(bigint, timestamptz, integer) IS
'What csflow.satisfaction shows, as of the instant at and for so many months up to its own: surveys sent in each month of the desk''s zone (by_created: the first sending decides), with the answers given by then. Errors: SF001 unknown desk, SF014 no flow, 22023 months or an instant that is not finite. Handbook F5, G2, G4.';

CREATE FUNCTION csflow.cut_caption(desk_id bigint, cut text, value text, OUT zh text, OUT en text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  CASE
    WHEN cut = 'all' THEN
      zh := '全部';
      en := 'all';
    WHEN coalesce(value, '') = '' THEN
      zh := '未定';
      en := 'none';
    WHEN cut = 'kind' THEN
      SELECT c.caption_zh, c.caption_en INTO zh, en FROM csflow.category AS c
      WHERE c.desk_id = cut_caption.desk_id AND c.parent_id IS NULL AND c.code = value;
    WHEN cut = 'category' THEN
      SELECT concat_ws('/', k.caption_zh, c.caption_zh), concat_ws('/', k.caption_en, c.caption_en) INTO zh, en
      FROM csflow.category AS c LEFT JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id
      WHERE c.desk_id = cut_caption.desk_id AND c.category_id = value::bigint;
    WHEN cut = 'team' THEN
      SELECT t.name_zh, t.name_en INTO zh, en FROM csflow.team AS t WHERE t.desk_id = cut_caption.desk_id AND t.team_id = value::bigint;
    WHEN cut = 'agent' THEN
      SELECT a.name, a.name INTO zh, en FROM csflow.agent AS a WHERE a.desk_id = cut_caption.desk_id AND a.agent_id = value::bigint;
    WHEN cut IN ('customer_tier', 'clock', 'priority') THEN
      SELECT max(c.text) FILTER (WHERE c.lang = 'zh'), max(c.text) FILTER (WHERE c.lang = 'en') INTO zh, en FROM csflow.caption AS c
      WHERE c.desk_id = cut_caption.desk_id AND c.kind = cut AND c.code = value;
    WHEN cut = 'dimension' THEN
      SELECT n.zh, n.en INTO cut_caption.zh, cut_caption.en
      FROM (VALUES ('efficiency', '解决效率', 'efficiency'), ('attitude', '服务态度', 'attitude'), ('clarity', '沟通清晰度', 'clarity'),
        ('fairness', '方案合理性', 'fairness of the solution'), ('overall', '整体体验', 'overall')) AS n (code, zh, en)
      WHERE n.code = value;
    ELSE
      SELECT n.zh, n.en INTO cut_caption.zh, cut_caption.en
      FROM (VALUES ('course', 'reopened', '重新打开过', 'reopened'), ('course', 'transferred', '转交过', 'transferred'),
        ('score_band', 'low', '低分', 'low score'), ('score_band', 'good', '未低分', 'no low score'), ('score_band', 'none', '未评价', 'not rated'),
        ('improvement_source', 'sample', '每周抽样', 'weekly sample'), ('improvement_source', 'survey', '满意度调查', 'survey'),
        ('improvement_source', 'surge', '激增预警', 'surge'), ('improvement_source', 'review', '复核', 'review'),
        ('improvement_source', 'incident', '群体事件', 'incident'), ('improvement_source', 'suggestion', '建议', 'suggestion'),
        ('improvement_source', 'other', '其他', 'other'), ('improvement_state', 'open', '进行中', 'open'),
        ('improvement_state', 'done', '已完成', 'done'), ('improvement_state', 'dropped', '已放弃', 'dropped'),
        ('compared_measure', 'first_response_seconds', '首次响应用时（秒）', 'first response (seconds)'),
        ('compared_measure', 'answer_seconds', '答复用时（秒）', 'time to answer (seconds)'),
        ('compared_measure', 'close_seconds', '关闭用时（秒）', 'time to close (seconds)'),
        ('compared_measure', 'tickets_per_day', '每日工单数', 'tickets a day'), ('compared_measure', 'csat_mean', '平均满意度', 'mean satisfaction'),
        ('compared_measure', 'ces_mean', '平均费力度', 'mean effort score'), ('compared_measure', 'nps', '净推荐值', 'net promoter score'),
        ('compared_measure', 'csat_pct', '满意率（%）', 'satisfied (%)'), ('compared_measure', 'low_score_pct', '低分率（%）', 'low scores (%)'),
        ('compared_measure', 'reopen_pct', '重开率（%）', 'reopened (%)'), ('compared_measure', 'transfer_pct', '转交率（%）', 'transferred (%)'),
        ('compared_measure', 'sla_met_pct', '时限达成率（%）', 'promises kept (%)')) AS n (cut, code, zh, en)
      WHERE n.cut = cut_caption.cut AND n.code = value;
  END CASE;
  zh := coalesce(zh, value);
  en := coalesce(en, value);
END
$$;
COMMENT ON FUNCTION csflow.cut_caption(bigint, text, text) IS
'What people read for a value by which views cut: zh and en. Arguments: desk; all, kind, category, team, agent, customer_tier, clock, priority, dimension (of a survey), course (reopened, transferred), score_band (of a sample), improvement_source, improvement_state or compared_measure; code or id as text, empty for none. The value itself where there is no caption. Handbook A9.';

CREATE FUNCTION csflow.negative_feedback_between(desk_id bigint, since timestamptz, until timestamptz DEFAULT 'infinity',
  max_terms integer DEFAULT 20, minimum_documents integer DEFAULT 3)
RETURNS TABLE (aspect text, value text, caption_zh text, caption_en text, sort_order integer, low_count bigint, low_total_count bigint,
  low_pct double precision, other_count bigint, other_total_count bigint, other_pct double precision, log_odds double precision,
  z_score double precision)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  prior_documents CONSTANT double precision := 10;
BEGIN
  PERFORM csflow.require_desk(negative_feedback_between.desk_id);
  IF coalesce(max_terms, 0) < 1 OR coalesce(minimum_documents, 0) < 1 THEN
    RAISE EXCEPTION 'max_terms and minimum_documents must be at least 1: % and %', coalesce(max_terms::text, 'null'),
      coalesce(minimum_documents::text, 'null') USING ERRCODE = '22023';
  END IF;
  RETURN QUERY
  WITH answered AS MATERIALIZED (
    SELECT s.ticket_no, s.is_low, s.comment, s.efficiency, s.attitude, s.clarity, s.fairness, s.overall, d.low_score, d.low_score_of,
      t.category_id, s.team_id, t.reopen_count, t.transfer_count
    FROM csflow.survey AS s
    JOIN csflow.desk AS d ON d.desk_id = s.desk_id
    JOIN csflow.ticket AS t ON t.desk_id = s.desk_id AND t.ticket_no = s.ticket_no AND t.state NOT IN ('duplicate', 'invalid')
    WHERE s.desk_id = negative_feedback_between.desk_id AND s.answered_at >= since AND s.answered_at < until
  ), found AS (
    SELECT a.ticket_no, a.is_low, 'dimension' AS aspect, v.name AS value, 0::smallint AS words
    FROM answered AS a
    CROSS JOIN LATERAL (VALUES ('efficiency', a.efficiency), ('attitude', a.attitude), ('clarity', a.clarity),
      ('fairness', a.fairness), ('overall', a.overall)) AS v (name, score)
    WHERE v.score <= a.low_score AND v.name = ANY (a.low_score_of)
    UNION ALL
    SELECT a.ticket_no, a.is_low, v.aspect, v.value, 0 FROM answered AS a
    CROSS JOIN LATERAL (VALUES ('category', a.category_id::text), ('team', a.team_id::text),
      ('course', CASE WHEN a.reopen_count > 0 THEN 'reopened' END),
      ('course', CASE WHEN a.transfer_count > 0 THEN 'transferred' END)) AS v (aspect, value)
    WHERE v.value IS NOT NULL
    UNION ALL
    SELECT DISTINCT a.ticket_no, a.is_low, 'clock', c.clock, 0 FROM answered AS a
    JOIN csflow.clock AS c ON c.desk_id = negative_feedback_between.desk_id AND c.ticket_no = a.ticket_no AND c.outcome = 'breached'
    UNION ALL
    SELECT a.ticket_no, a.is_low, 'term', x.term, x.words FROM answered AS a CROSS JOIN LATERAL csflow.text_terms(a.comment) AS x
  ), size AS (
    SELECT v.aspect, v.low, v.other FROM (
      SELECT 'term' AS aspect, count(*) FILTER (WHERE a.is_low AND a.comment IS NOT NULL) AS low,
        count(*) FILTER (WHERE NOT a.is_low AND a.comment IS NOT NULL) AS other FROM answered AS a
      UNION ALL
      SELECT k.aspect, count(*) FILTER (WHERE a.is_low), count(*) FILTER (WHERE NOT a.is_low)
      FROM answered AS a CROSS JOIN (VALUES ('dimension'), ('category'), ('team'), ('course'), ('clock')) AS k (aspect)
      GROUP BY k.aspect) AS v
  ), counted AS MATERIALIZED (
    SELECT f.aspect, f.value, max(f.words) AS words, count(*) FILTER (WHERE f.is_low) AS low, count(*) FILTER (WHERE NOT f.is_low) AS other,
      s.low::double precision AS low_size, s.other::double precision AS other_size
    FROM found AS f JOIN size AS s ON s.aspect = f.aspect
    GROUP BY f.aspect, f.value, s.low, s.other
    HAVING count(*) FILTER (WHERE f.is_low) >= CASE f.aspect WHEN 'term' THEN minimum_documents ELSE 1 END
  ), prior AS (
    SELECT c.*, prior_documents * (c.low + c.other) / (c.low_size + c.other_size) AS with_it,
      prior_documents * (1 - (c.low + c.other) / (c.low_size + c.other_size)) AS without_it
    FROM counted AS c
  ), scored AS MATERIALIZED (
    -- Where every answer has it, there are no other answers, or the scores themselves are asked, there is nothing to compare.
    SELECT p.*, CASE WHEN p.without_it > 0 AND p.other_size > 0 AND p.aspect <> 'dimension' THEN
        ln((p.low + p.with_it) / (p.low_size - p.low + p.without_it)) - ln((p.other + p.with_it) / (p.other_size - p.other + p.without_it)) END AS odds,
      CASE WHEN p.without_it > 0 THEN sqrt(1 / (p.low + p.with_it) + 1 / (p.low_size - p.low + p.without_it)
        + 1 / (p.other + p.with_it) + 1 / (p.other_size - p.other + p.without_it)) END AS deviation
    FROM prior AS p
  ), ranked AS (
    SELECT s.*, row_number() OVER (PARTITION BY s.aspect ORDER BY s.odds / s.deviation DESC NULLS LAST, s.low DESC, s.value COLLATE "C") AS place
    FROM scored AS s
    -- Of terms only what speaks for low scores by more than rounding, and no piece of a longer one that occurs as often.
    WHERE s.aspect <> 'term' OR (s.odds > 1e-9 OR s.other_size = 0) AND NOT EXISTS (SELECT FROM scored AS l
      WHERE l.aspect = 'term' AND l.words = 0 AND s.words = 0 AND length(l.value) = length(s.value) + 1 AND l.low = s.low AND l.other = s.other
        AND (left(l.value, -1) = s.value OR right(l.value, -1) = s.value))
  )
  SELECT r.aspect, r.value, n.zh, n.en, r.place::integer, r.low, r.low_size::bigint, 100 * r.low / nullif(r.low_size, 0), r.other,
    r.other_size::bigint, 100 * r.other / nullif(r.other_size, 0), r.odds, r.odds / r.deviation
  FROM ranked AS r CROSS JOIN LATERAL csflow.cut_caption(negative_feedback_between.desk_id, r.aspect, r.value) AS n
  WHERE r.aspect <> 'term' OR r.place <= max_terms
  ORDER BY r.aspect, r.place;
END
$$;
COMMENT ON FUNCTION csflow.negative_feedback_between(bigint, timestamptz, timestamptz, integer, integer) IS
'What low scores have in common, of surveys answered at or after since and before until: what csflow.negative_feedback shows of the last 90 days. At most max_terms terms (csflow.text_terms()), each in at least minimum_documents comments of low scores. log_odds and z_score as in csflow.suggest_keywords(), low against other answers, with a prior worth 10 answers; NULL where there are no other answers, terms then by how often they occur. Errors: SF001 unknown desk, 22023 max_terms or minimum_documents below 1, SF014 no flow. Handbook G7.';
