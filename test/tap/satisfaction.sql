-- Satisfaction and negative feedback. Handbook F5, G2, G4, G7; kpi.md "CSAT", "NPS", "CES".
-- Not in make quick: much random or real data.
\ir ../lib/small_desk.sql
SELECT no_plan();
CREATE FUNCTION opened(desk bigint, at timestamptz, body text DEFAULT '闪退', customer bigint DEFAULT 7) RETURNS ticket_no LANGUAGE sql
  AS $$SELECT csflow.open_ticket(desk, 'email', body, customer_id => customer, at => at)$$;

-- G2: nothing asked, nothing known
SELECT results_eq(format($$SELECT bucket_date, is_complete, cut, value, sent_count, response_rate_pct, csat_pct, csat_mean, nps, ces_mean, ces_top_pct FROM satisfaction_at(%s, '2025-03-15 12:00', 2)$$, :desk),
  $$VALUES ('2025-02-01'::date, true, 'all', NULL::text, 0::bigint, NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8), ('2025-03-01', false, 'all', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL)$$, 'kpi: empty months are rows, their ratios NULL; the last is not complete');
SELECT is((SELECT count(*) FROM satisfaction WHERE desk_id = :desk), 12::bigint, 'kpi: the view has twelve months');

-- G2: against a slow reckoning of its own over random surveys
SELECT setseed(0.20251103) \g /dev/null
\echo '# setseed(0.20251103)'
INSERT INTO customer (desk_id, customer_id, tier) SELECT :desk, 1000 + i, CASE WHEN i % 3 = 0 THEN 'vip' ELSE 'standard' END FROM generate_series(1, 20) i;
SELECT opened(:desk, '2025-01-20 00:00'::timestamptz + (i * 97) * interval '13 minutes', CASE i % 3 WHEN 0 THEN '闪退' WHEN 1 THEN '怎么用' ELSE 'nothing known' END, 1000 + 1 + i % 20) FROM generate_series(1, 60) i \g /dev/null
UPDATE ticket SET agent_id = CASE WHEN customer_id % 2 = 0 THEN 21 ELSE 11 END, changed_at = opened_at + interval '1 minute' WHERE desk_id = :desk AND customer_id % 5 > 0;
SELECT send_survey(:desk, ticket_no, at => opened_at + interval '1 hour') FROM ticket WHERE desk_id = :desk AND customer_id <> 1003 \g /dev/null
CREATE TABLE answer AS SELECT ticket_no, opened_at + random() * interval '20 days' + interval '1 hour' AS at, CASE WHEN random() < 0.8 THEN 1 + floor(random() * 5) END AS overall, CASE WHEN random() < 0.7 THEN floor(random() * 11) END AS nps,
  CASE WHEN random() < 0.7 THEN 1 + floor(random() * 7) END AS ces, 1 + floor(random() * 5) AS clarity,
  CASE WHEN random() < 0.7 THEN 1 + floor(random() * 5) END AS efficiency, CASE WHEN random() < 0.7 THEN 1 + floor(random() * 5) END AS attitude, CASE WHEN random() < 0.7 THEN 1 + floor(random() * 5) END AS fairness,
  CASE WHEN random() < 0.8 THEN (SELECT string_agg((ARRAY['slow', 'rude', 'late', 'kind', 'quick', 'refund'])[1 + floor(random() * 6)::int], ' ') FROM generate_series(1, 1 + (ticket_no::bigint % 4)::int)) END AS comment FROM ticket, generate_series(1, 2) WHERE desk_id = :desk AND customer_id <> 1003 AND ticket_no::bigint % 4 > 0;
SELECT record_survey(:desk, ticket_no, overall => overall, nps => nps, ces => ces, clarity => clarity, efficiency => efficiency, attitude => attitude, fairness => fairness, comment => comment, at => at) FROM (SELECT * FROM answer ORDER BY at) a \g /dev/null
SELECT mark_invalid(:desk, min(ticket_no), 'a test', agent_id => 11, at => '2025-05-01') FROM ticket WHERE desk_id = :desk \g /dev/null
CREATE FUNCTION slow(cut text, wanted text, month date, OUT sent bigint, OUT responses bigint, OUT rated bigint, OUT positive bigint, OUT csat_mean float8, OUT nps float8, OUT ces_mean float8, OUT ces_top_pct float8, OUT clarity float8, OUT efficiency float8, OUT attitude float8, OUT fairness float8, OUT nps_count bigint, OUT promoters bigint, OUT detractors bigint, OUT nps_mean float8, OUT ces_count bigint, OUT ces_top bigint, OUT low bigint) LANGUAGE plpgsql AS $$
DECLARE t record; a record; recommends bigint := 0; sum_nps float8 := 0; dims float8[] := '{0,0,0}'; ns float8[] := '{0,0,0}'; eased bigint := 0; top bigint := 0; stars float8 := 0; ease float8 := 0; clear float8 := 0;
BEGIN
  sent := 0; responses := 0; rated := 0; positive := 0; promoters := 0; detractors := 0; low := 0;
  FOR t IN SELECT k.*, v.team_id AS asked_team, v.agent_id AS asked_agent, v.sent_at FROM csflow.ticket k JOIN csflow.survey v USING (desk_id, ticket_no) WHERE k.state <> 'invalid' LOOP
    CONTINUE WHEN to_char(t.sent_at, 'YYYY-MM') <> to_char(month, 'YYYY-MM');
    CONTINUE WHEN coalesce(wanted, '-') <> coalesce(CASE cut WHEN 'kind' THEN t.kind WHEN 'team' THEN t.asked_team::text WHEN 'agent' THEN t.asked_agent::text WHEN 'customer_tier' THEN t.customer_tier END, '-');
    sent := sent + 1;
    SELECT * INTO a FROM public.answer x WHERE x.ticket_no = t.ticket_no ORDER BY x.at DESC LIMIT 1;
    CONTINUE WHEN NOT FOUND;
    responses := responses + 1;
    clear := clear + a.clarity;
    dims := ARRAY[dims[1] + coalesce(a.efficiency, 0), dims[2] + coalesce(a.attitude, 0), dims[3] + coalesce(a.fairness, 0)];
    ns := ARRAY[ns[1] + (a.efficiency IS NOT NULL)::int, ns[2] + (a.attitude IS NOT NULL)::int, ns[3] + (a.fairness IS NOT NULL)::int];
    IF least(a.overall, a.clarity, a.efficiency, a.attitude, a.fairness) <= 3 THEN low := low + 1; END IF;
    IF a.overall IS NOT NULL THEN rated := rated + 1; stars := stars + a.overall; IF a.overall > 3 THEN positive := positive + 1; END IF; END IF;
    IF a.nps IS NOT NULL THEN recommends := recommends + 1; sum_nps := sum_nps + a.nps; IF a.nps > 8 THEN promoters := promoters + 1; ELSIF a.nps < 7 THEN detractors := detractors + 1; END IF; END IF;
    IF a.ces IS NOT NULL THEN eased := eased + 1; ease := ease + a.ces; IF a.ces > 4 THEN top := top + 1; END IF; END IF;
  END LOOP;
  csat_mean := stars / nullif(rated, 0); nps := 100.0 * promoters / nullif(recommends, 0) - 100.0 * detractors / nullif(recommends, 0); ces_mean := ease / nullif(eased, 0); ces_top_pct := 100.0 * top / nullif(eased, 0); clarity := clear / nullif(responses, 0);
  efficiency := dims[1] / nullif(ns[1], 0); attitude := dims[2] / nullif(ns[2], 0); fairness := dims[3] / nullif(ns[3], 0); nps_count := recommends; nps_mean := sum_nps / nullif(recommends, 0); ces_count := eased; ces_top := top;
END $$;
SELECT ok(count(*) > 30 AND sum(response_count) FILTER (WHERE cut = 'all') = (SELECT count(DISTINCT ticket_no) FROM answer WHERE ticket_no IN (SELECT ticket_no FROM ticket WHERE state <> 'invalid')), 'F5: all answers are in') FROM satisfaction_at(:desk, '2025-05-10', 6);
SELECT is_empty(format($$SELECT s.bucket_date, s.cut, s.value, s.sent_count, s.response_count, s.rated_count, s.positive_count, s.csat_mean, s.nps, o FROM satisfaction_at(%s, '2025-05-10', 6) s, LATERAL slow(s.cut, s.value, s.bucket_date) o
  WHERE (sent_count, response_count, rated_count, positive_count) IS DISTINCT FROM (o.sent, o.responses, o.rated, o.positive) OR round((csat_pct - 100.0 * o.positive / nullif(o.rated, 0))::numeric, 9) <> 0 OR csat_pct IS NULL <> (o.rated = 0)
    OR round(s.csat_mean::numeric, 9) IS DISTINCT FROM round(o.csat_mean::numeric, 9) OR round(s.nps::numeric, 9) IS DISTINCT FROM round(o.nps::numeric, 9) OR round(s.ces_mean::numeric, 9) IS DISTINCT FROM round(o.ces_mean::numeric, 9)
    OR round(s.ces_top_pct::numeric, 9) IS DISTINCT FROM round(o.ces_top_pct::numeric, 9) OR round(s.clarity_mean::numeric, 9) IS DISTINCT FROM round(o.clarity::numeric, 9)
    OR (s.nps_count, s.promoter_count, s.detractor_count, s.ces_count, s.ces_top_count, s.low_count) IS DISTINCT FROM (o.nps_count, o.promoters, o.detractors, o.ces_count, o.ces_top, o.low) OR s.response_rate_pct IS DISTINCT FROM 100 * o.responses::float8 / nullif(o.sent, 0)
    OR round(s.efficiency_mean::numeric, 9) IS DISTINCT FROM round(o.efficiency::numeric, 9) OR round(s.attitude_mean::numeric, 9) IS DISTINCT FROM round(o.attitude::numeric, 9) OR round(s.fairness_mean::numeric, 9) IS DISTINCT FROM round(o.fairness::numeric, 9)
    OR round(s.nps_mean::numeric, 9) IS DISTINCT FROM round(o.nps_mean::numeric, 9) OR s.bucket_start <> s.bucket_date::timestamp AT TIME ZONE 'Asia/Shanghai' OR s.zone <> 'Asia/Shanghai' OR s.is_complete <> (s.bucket_date < '2025-05-01') OR s.sort_order <> array_position('{all,kind,team,customer_tier,agent}', s.cut)$$, :desk), 'G2, G4: every figure of every month and cut equals a slow reckoning');
SELECT is((SELECT array_agg(DISTINCT cut || ' ' || coalesce(caption_zh, '-') || ' ' || caption_en ORDER BY cut || ' ' || coalesce(caption_zh, '-') || ' ' || caption_en) FROM satisfaction_at(:desk, '2025-05-10', 6)),
  '{"agent Lin Lin","agent Tao Tao","agent 未定 none","all 全部 all","customer_tier VIP客户 VIP","customer_tier 普通客户 standard","kind 业务咨询 inquiry","kind 技术故障 technical fault","kind 未定 none","team 客服 service","team 技术团队 technical team","team 未定 none"}', 'G4: cuts with captions in both languages');
SELECT is((SELECT sum(response_count) FROM satisfaction_at(:desk, (SELECT min(at) FROM answer) - interval '1 second', 2) WHERE cut = 'all'), 0::numeric, 'kpi: answers after the instant asked about do not count yet');
SELECT is((SELECT count(*) FROM satisfaction_at(:desk, '2025-05-10', 6) WHERE cut = 'all'), 6::bigint, 'kpi: every month, also without surveys');
SELECT throws_ok(format('SELECT * FROM satisfaction_at(%s, now(), %s)', :desk, n), '22023', NULL, 'kpi: refused: ' || n || ' months') FROM (VALUES ('0'), ('-1'), ('NULL')) v (n);
SELECT throws_ok(format('SELECT * FROM satisfaction_at(%s, %s)', :desk, n), '22023', NULL, 'kpi: refused: as of ' || n) FROM (VALUES ('''infinity'''), ('''-infinity'''), ('NULL')) v (n);
SELECT throws_ok('SELECT * FROM satisfaction_at(4711)', 'SF001', NULL, 'kpi: unknown desk');

-- G7: against a slow reckoning over the same random answers, some of whose tickets were late, handed on or reopened
SELECT answer(:desk, ticket_no, 'so', agent_id => 21, at => greatest(changed_at, opened_at + random() * interval '60 hours')) FROM ticket WHERE desk_id = :desk AND state NOT IN ('invalid', 'answered', 'closed') AND random() < 0.7 \g /dev/null
SELECT reopen(:desk, ticket_no, 'no', at => changed_at + interval '1 hour') FROM ticket WHERE desk_id = :desk AND state = 'answered' AND random() < 0.5 \g /dev/null
UPDATE ticket SET team_id = CASE team_id WHEN 1 THEN 2 ELSE 1 END, agent_id = NULL, changed_at = changed_at + interval '1 hour', change_reason = 'theirs' WHERE desk_id = :desk AND state = 'in_progress' AND random() < 0.5;
CREATE TABLE trait AS
WITH last AS (SELECT DISTINCT ON (x.ticket_no) x.*, least(x.overall, x.clarity, x.efficiency, x.attitude, x.fairness) <= 3 AS low, v.team_id AS asked_team, k.category_id FROM answer x JOIN ticket k USING (ticket_no) JOIN survey v USING (ticket_no) WHERE k.state <> 'invalid' ORDER BY x.ticket_no, x.at DESC)
SELECT * FROM (SELECT DISTINCT l.ticket_no, l.at, l.low, l.comment IS NOT NULL AS spoke, d.aspect, d.value FROM last l, LATERAL (
  SELECT 'dimension' AS aspect, v.n AS value FROM (VALUES ('efficiency', l.efficiency), ('attitude', l.attitude), ('clarity', l.clarity), ('fairness', l.fairness), ('overall', l.overall)) v (n, stars) WHERE v.stars < 4
  UNION ALL SELECT 'category', l.category_id::text UNION ALL SELECT 'team', l.asked_team::text
  UNION ALL SELECT 'course', CASE e.kind WHEN 'reopened' THEN 'reopened' ELSE 'transferred' END FROM event e WHERE e.ticket_no = l.ticket_no AND e.kind IN ('reopened', 'transferred')
  UNION ALL SELECT 'clock', c.clock FROM clock c WHERE c.ticket_no = l.ticket_no AND c.stopped_at > c.due_at AND c.outcome <> 'void'
  UNION ALL SELECT 'term', w FROM regexp_split_to_table(l.comment, ' ') w
  UNION ALL SELECT 'term', w[i] || ' ' || w[i + 1] FROM (SELECT string_to_array(l.comment, ' ') AS w) z, generate_series(1, cardinality(w) - 1) i
  UNION ALL SELECT '', '') d) t WHERE value IS NOT NULL;
CREATE FUNCTION slow_feedback(since timestamptz, until timestamptz) RETURNS TABLE (aspect text, value text, low bigint, lows bigint, other bigint, others bigint, odds float8, z float8) LANGUAGE plpgsql AS $$
DECLARE share float8; a float8; b float8; c float8; d float8;
BEGIN
  FOR aspect, value, low, other IN SELECT t.aspect, t.value, count(*) FILTER (WHERE t.low), count(*) FILTER (WHERE NOT t.low) FROM public.trait t WHERE t.aspect <> '' AND t.at >= since AND t.at < until GROUP BY 1, 2 LOOP
    SELECT count(*) FILTER (WHERE t.low), count(*) FILTER (WHERE NOT t.low) INTO lows, others FROM public.trait t WHERE t.aspect = '' AND t.at >= since AND t.at < until AND (slow_feedback.aspect <> 'term' OR t.spoke);
    CONTINUE WHEN low < CASE aspect WHEN 'term' THEN 3 ELSE 1 END;
    -- Ten answers' worth of what is usual are added to either side.
    share := 10.0 * (low + other) / (lows + others);
    odds := NULL;
    IF aspect <> 'dimension' AND share < 10 AND others > 0 THEN
      a := low + share; b := lows - low + 10 - share; c := other + share; d := others - other + 10 - share;
      odds := ln(a / b) - ln(c / d);
      z := odds / sqrt(1 / a + 1 / b + 1 / c + 1 / d);
    ELSE z := NULL;
    END IF;
    CONTINUE WHEN aspect = 'term' AND others > 0 AND (odds > 1e-9) IS NOT TRUE;
    RETURN NEXT;
  END LOOP;
END $$;
SELECT is_empty(format($$SELECT p, f.*, e FROM (VALUES ('2025-01-01'::timestamptz, '2025-12-31'::timestamptz), ('2025-02-01 00:00', '2025-02-25 12:00')) p (since, until), LATERAL (
    SELECT f.*, e FROM negative_feedback_between(%s, since, until, 1000) f FULL JOIN slow_feedback(since, until) e USING (aspect, value)
    WHERE (f.low_count, f.low_total_count, f.other_count, f.other_total_count) IS DISTINCT FROM (e.low, e.lows, e.other, e.others) OR f.low_pct <> 100 * e.low::float8 / e.lows OR f.other_pct IS DISTINCT FROM 100 * e.other::float8 / nullif(e.others, 0)
      OR round(f.log_odds::numeric, 9) IS DISTINCT FROM round(e.odds::numeric, 9) OR round(f.z_score::numeric, 9) IS DISTINCT FROM round(e.z::numeric, 9)) f$$, :desk), 'G7: negative_feedback, every term and cause with every figure equals a slow reckoning');
SELECT is((SELECT array_agg(DISTINCT aspect ORDER BY aspect) FROM negative_feedback_between(:desk, '2025-01-01')), '{category,clock,course,dimension,team,term}', 'G7: of all six aspects');
SELECT ok(bool_and(sort_order = place), 'G7: in order of z_score') FROM (SELECT sort_order, row_number() OVER (PARTITION BY aspect ORDER BY z_score DESC NULLS LAST, low_count DESC, value COLLATE "C") AS place FROM negative_feedback_between(:desk, '2025-01-01')) v;

-- G7: words and causes of low scores
SELECT create_desk('blunt', NULL) AS blunt \gset
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:blunt, 299, 'application', current_user, true);
INSERT INTO category (desk_id, category_id, code, caption_zh, caption_en) VALUES (:blunt, 801, 'delivery', '配送', 'delivery'), (:blunt, 802, 'menu', '菜单', 'menu');
INSERT INTO ticket (desk_id, channel, body, category_id, opened_at) SELECT :blunt, 'email', 'x', CASE WHEN i <= 20 THEN 801 ELSE 802 END, '2025-03-01 09:00'::timestamptz + i * interval '1 minute' FROM generate_series(1, 60) i;
SELECT accept(:blunt, ticket_no, agent_id => 299, at => '2025-03-02 09:00'), answer(:blunt, ticket_no, 'so', agent_id => 299, at => '2025-03-02 10:00') FROM ticket WHERE desk_id = :blunt \g /dev/null
SELECT reopen(:blunt, ticket_no, 'no', at => '2025-03-02 11:00') FROM ticket WHERE desk_id = :blunt AND category_id = 801 ORDER BY ticket_no LIMIT 12 \g /dev/null
SELECT record_survey(:blunt, ticket_no, attitude => CASE WHEN n <= 15 THEN 2 ELSE 5 END, overall => CASE WHEN n <= 5 THEN 1 ELSE 5 END,
    comment => CASE WHEN n <= 12 THEN '骑手态度差,配送太慢' WHEN n <= 40 THEN '配送快,很满意 ' END, at => '2025-03-03 09:00') FROM (SELECT ticket_no, row_number() OVER (ORDER BY ticket_no) AS n FROM ticket WHERE desk_id = :blunt) v \g /dev/null
SELECT results_eq(format($$SELECT aspect, value, low_count, low_total_count, other_count, other_total_count, round(z_score::numeric, 2) FROM negative_feedback_between(%s, '2025-03-01') WHERE aspect <> 'term'$$, :blunt),
  $$VALUES ('category', '801', 15::bigint, 15::bigint, 5::bigint, 45::bigint, round(((ln((15 + 10 * 20 / 60.0) / (10 - 10 * 20 / 60.0)) - ln((5 + 10 * 20 / 60.0) / (40 + 10 - 10 * 20 / 60.0))) / sqrt(1 / (15 + 10 * 20 / 60.0) + 1 / (10 - 10 * 20 / 60.0) + 1 / (5 + 10 * 20 / 60.0) + 1 / (50 - 10 * 20 / 60.0)))::numeric, 2)),
    ('course', 'reopened', 12, 15, 0, 45, round(((ln(14 / 11.0) - ln(2 / 53.0)) / sqrt(1 / 14.0 + 1 / 11.0 + 1 / 2.0 + 1 / 53.0))::numeric, 2)), ('dimension', 'attitude', 15, 15, 0, 45, NULL), ('dimension', 'overall', 5, 15, 0, 45, NULL)$$, 'G7: causes: what happened to tickets with low scores more than to others');
SELECT is((SELECT array_agg(caption_zh || ' ' || caption_en ORDER BY aspect, sort_order) FROM negative_feedback_between(:blunt, '2025-03-01') WHERE aspect <> 'term'), '{"配送 delivery","重新打开过 reopened","服务态度 attitude","整体体验 overall"}', 'G7: with captions');
SELECT results_eq(format($$SELECT value, low_count, low_total_count, other_count, other_total_count FROM negative_feedback_between(%s, '2025-03-01') WHERE aspect = 'term' AND (value LIKE '%%态度%%' OR value LIKE '%%满意%%' OR value = '配送') ORDER BY 1$$, :blunt),
  $$VALUES ('手态度差', 12::bigint, 15::bigint, 0::bigint, 25::bigint), ('骑手态度', 12, 15, 0, 25)$$, 'G7: terms of low scores, not those of all or of good ones');
SELECT is_empty(format($$SELECT * FROM negative_feedback_between(%s, '2025-03-03 09:00:01')$$, :blunt), 'G7: by the instant of the answer');
SELECT is((SELECT count(*) FROM negative_feedback_between(:blunt, '2025-03-01', max_terms => 1) WHERE aspect = 'term'), 1::bigint, 'G7: at most so many terms');
SELECT is_empty(format($$SELECT * FROM negative_feedback_between(%s, '2025-03-01', minimum_documents => 13) WHERE aspect = 'term'$$, :blunt), 'G7: in so many comments');
SELECT throws_ok(format('SELECT * FROM negative_feedback_between(%s, now(), max_terms => 0)', :blunt), '22023', NULL, 'G7: refused');
SELECT lives_ok('SELECT * FROM negative_feedback', 'G7: the view');

-- F5: real answers give the figures of their README
\set here `test -r ../shared/data/nps_retail/nps_retail.csv && echo true || echo false`
\if :here
CREATE TABLE retail (number integer, nps integer, satisfaction integer, intention integer, wave integer);
\copy retail FROM '../shared/data/nps_retail/nps_retail.csv' WITH (FORMAT csv, HEADER)
SELECT create_desk('garden', NULL) AS garden \gset
INSERT INTO ticket (desk_id, channel, body, external_id, opened_at) SELECT :garden, 'email', 'x', number, '2025-03-01 09:00' FROM retail;
INSERT INTO survey (desk_id, ticket_no, sent_at, last_sent_at, answered_at, answer_count, nps, overall, is_low)
  SELECT :garden, ticket_no, '2025-03-02 09:00', '2025-03-02 09:00', CASE WHEN num_nonnulls(nps, satisfaction) > 0 THEN '2025-03-03 09:00'::timestamptz END, 1, nps, (satisfaction + 1) / 2, false FROM retail JOIN ticket ON desk_id = :garden AND external_id = number::text;
SELECT is((SELECT (sent_count, nps_count, promoter_count, nps_count - promoter_count - detractor_count, detractor_count, round(nps::numeric, 4), round(nps_mean::numeric, 4))::text FROM satisfaction_at(:garden, '2025-03-31', 1) WHERE cut = 'all'),
  '(13954,13612,8465,3953,1194,53.4161,8.7030)', 'F5, G2: NPS of 13,954 customers of a garden centre');
SELECT is((SELECT (rated_count, positive_count, round(csat_pct::numeric, 4))::text FROM satisfaction_at(:garden, '2025-03-31', 1) WHERE cut = 'all'), '(13893,12274,88.3466)', 'F5, G2: and satisfaction, seven of ten or more as four of five stars');
SELECT is((SELECT (count(*), nps_count(nps(satisfaction)), round(nps_mean(nps(satisfaction))::numeric, 4), nps_promoter_count(nps(satisfaction)), round(100.0 * nps_promoter_count(nps(satisfaction)) / nps_count(nps(satisfaction)), 3), nps_count(nps(satisfaction), 7, 10))::text FROM retail),
  '(13954,13893,8.3494,7303,52.566,12274)', 'F5, G2: its mean and shares on the scale of ten');
SELECT is((SELECT (nps_count(n), nps_promoter_count(n), nps_count(n, 7, 8), nps_detractor_count(n), round(nps(n)::numeric, 4), round(nps_mean(n)::numeric, 4))::text FROM (SELECT nps(nps) AS n FROM retail) v), '(13612,8465,3953,1194,53.4161,8.7030)', 'G2: the aggregate says the same, unanswered rows in no base');
\else
SELECT skip('NOT COMPARED: there is no ../shared/data/nps_retail/nps_retail.csv here', 4);
\endif

SELECT finish();
