-- What a support lead wants to see of a desk at an instant, in both languages. Variables: desk (desk_id), source, at.
\pset footer off
\pset border 1
\pset linestyle unicode
\pset null ''
SET search_path = csflow, pg_catalog;

SELECT caption AS desk_caption, to_char(:'at'::timestamptz, 'YYYY-MM-DD HH24:MI TZ') AS as_of FROM desk WHERE desk_id = :desk \gset
\echo
\echo '════' :desk_caption ' 截至 as of' :as_of '════'

\echo
\echo '1  工单：状态与优先级  Tickets by state and priority'
SELECT csflow_demo.caption(:desk, 'state', s.state) AS "状态 state",
  count(t.*) FILTER (WHERE t.priority = 'E') AS "E", count(t.*) FILTER (WHERE t.priority = 'A') AS "A",
  count(t.*) FILTER (WHERE t.priority = 'B') AS "B", count(t.*) FILTER (WHERE t.priority = 'C') AS "C", count(t.*) AS "合计 total"
FROM (SELECT * FROM states() UNION ALL VALUES (NULL, NULL, 99)) AS s
JOIN ticket AS t ON t.desk_id = :desk AND (s.state IS NULL OR t.state = s.state)
GROUP BY s.state, s.sort_order ORDER BY s.sort_order;

SELECT coalesce(k.caption_zh || ' ' || k.caption_en, '（未分类）not classified') AS "类别 kind", count(*) AS "工单 tickets",
  round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS "占比 %", count(*) FILTER (WHERE t.customer_tier = 'vip') AS "VIP",
  count(*) FILTER (WHERE t.transfer_count > 0) AS "转交 handed over", count(*) FILTER (WHERE t.reopen_count > 0) AS "重开 reopened",
  count(*) FILTER (WHERE t.needs_review) AS "待人工判定 needs a person"
FROM ticket AS t
LEFT JOIN category AS k ON k.desk_id = t.desk_id AND k.code = t.kind AND k.parent_id IS NULL
WHERE t.desk_id = :desk
GROUP BY k.category_id, k.caption_zh, k.caption_en, k.sort_order ORDER BY k.sort_order NULLS LAST, 2 DESC;

SELECT csflow_demo.caption(:desk, 'channel', t.channel) AS "渠道 channel", count(*) AS "工单 tickets",
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t.first_response_at - t.opened_at)) / 60)::numeric, 1) AS "首复中位数（分） median first reply (min)"
FROM ticket AS t WHERE t.desk_id = :desk
GROUP BY t.channel ORDER BY 2 DESC;

\echo
\echo '2  时限达成率  Attainment by clock'
\echo '   达成率 = 按时 ÷（按时 + 超时），只算已结束的   met % counts what is completed'
SELECT csflow_demo.caption(:desk, 'clock', a.clock) AS "时限 clock", sum(a.started_count) AS "开始 started", sum(a.met_count) AS "按时 met",
  sum(a.breached_count) AS "超时 breached", sum(a.overdue_count) AS "逾期未完 overdue", sum(a.running_count) AS "进行中 running",
  round((100 * sum(a.met_count) / nullif(sum(a.total_count), 0))::numeric, 1) AS "达成率 met %"
FROM attainment_at(:desk, :'at') AS a
GROUP BY a.clock ORDER BY min((SELECT c.sort_order FROM caption AS c WHERE c.desk_id = :desk AND c.kind = 'clock' AND c.code = a.clock AND c.lang = 'zh')), a.clock;

\echo
\echo '3  升级：多少，为什么  What escalated and why'
SELECT csflow_demo.caption(:desk, 'clock', e.clock) AS "时限 clock",
  CASE e.level WHEN 'breach' THEN '超时 breach' ELSE '升级 escalation' END AS "级别 level",
  csflow_demo.caption(:desk, 'action', e.action) AS "动作 action", count(*) AS "次数 times", count(DISTINCT e.ticket_no) AS "工单 tickets"
FROM escalation AS e
WHERE e.desk_id = :desk AND e.action <> 'close'
GROUP BY 1, 2, 3, e.clock, e.level ORDER BY e.clock, e.level, 4 DESC;

\echo '   最近十次  The latest ten'
SELECT to_char(e.fired_at, 'MM-DD HH24:MI') AS "时间 at", e.ticket_no::text AS "工单 ticket", e.priority::text AS "级",
  csflow_demo.caption(:desk, 'clock', e.clock) AS "时限 clock",
  to_char(e.started_at, 'MM-DD HH24:MI') AS "开始 started", to_char(e.clock_due_at, 'MM-DD HH24:MI') AS "到期 due",
  csflow_demo.caption(:desk, 'action', e.action) || csflow_demo.told(e.recipients) AS "动作与通知 what was done, who was told"
FROM escalation AS e
WHERE e.desk_id = :desk AND e.action <> 'close'
ORDER BY e.level DESC, e.fired_at DESC, e.ticket_no DESC, e.seq DESC LIMIT 10;

SELECT EXISTS (SELECT FROM review WHERE desk_id = :desk) AS reviews \gset
\if :reviews
\echo
\echo '4  升级评审会：首次转交 24 小时仍无突破  Escalation reviews: no breakthrough 24 hours after the first hand-over'
SELECT to_char(r.opened_at, 'MM-DD HH24:MI') AS "召开 opened", r.ticket_no::text AS "工单 ticket", t.priority::text AS "级",
  csflow_demo.team(:desk, t.team_id) AS "部门 department", csflow_demo.cut(t.title, 34) AS "标题 title",
  array_to_string(r.participants, ', ') AS "参加 participants"
FROM review AS r JOIN ticket AS t USING (desk_id, ticket_no)
WHERE r.desk_id = :desk
ORDER BY r.opened_at, r.ticket_no LIMIT 8;
SELECT count(*) - least(count(*), 8) AS more FROM review WHERE desk_id = :desk \gset
\echo '   另有 and' :more '次 more'
\endif

\echo
\echo '5  关闭原因  Why tickets were closed'
SELECT csflow_demo.caption(:desk, 'close_reason', t.close_reason) AS "原因 reason", count(*) AS "工单 tickets"
FROM ticket AS t WHERE t.desk_id = :desk AND t.state = 'closed'
GROUP BY 1 ORDER BY 2 DESC;

SELECT csflow_demo.telling_ticket(:desk) AS story, csflow_demo.explained_ticket(:desk) AS why \gset
\echo
\echo '6  一张工单的全过程  The whole story of ticket' :story
SELECT csflow_demo.cut(t.title, 60) AS "标题 title", csflow_demo.caption(:desk, 'channel', t.channel) AS "渠道 channel",
  csflow_demo.caption(:desk, 'customer_tier', t.customer_tier) AS "客户 customer", t.tag::text AS "标签 tag"
FROM ticket AS t WHERE t.desk_id = :desk AND t.ticket_no = :'story';
SELECT to_char(l.at, 'MM-DD HH24:MI:SS') AS "时间 at",
  CASE l.actor_kind WHEN 'agent' THEN coalesce(l.actor_name, '客服 agent') WHEN 'customer' THEN '客户' WHEN 'system' THEN '系统' ELSE '—' END AS "谁 who",
  l.caption_zh || ' ' || l.caption_en AS "事件 event",
  csflow_demo.cut(concat_ws(' ', l.clock_zh, l.detail_zh), 30) AS "说明",
  csflow_demo.cut(coalesce(l.text, nullif(concat_ws(' ', l.clock_en, l.detail_en), '')), 42) AS "内容 text or detail"
FROM timeline AS l WHERE l.desk_id = :desk AND l.ticket_no = :'story'
ORDER BY l.seq;

\if :{?why}
\echo
\echo '7  这张工单为什么是这个优先级  Why ticket' :why 'has its priority'
SELECT csflow_demo.cut(t.body, 96) AS "客户原话 what the customer wrote" FROM ticket AS t WHERE t.desk_id = :desk AND t.ticket_no = :'why';
SELECT x.matched_text AS "命中 matched", x.pattern AS "规则词 pattern", x.character_position AS "位置 at", x.weight AS "权重 weight",
  x.effect AS "作用 effect", CASE WHEN x.counted THEN '是 yes' ELSE '否 no: ' || x.reason END AS "计入 counted"
FROM ticket AS t, LATERAL explain_classification(t.desk_id, t.body) AS x
WHERE t.desk_id = :desk AND t.ticket_no = :'why';
SELECT t.impact AS "影响 impact", t.urgency AS "紧急 urgency", t.priority::text || ' ' || csflow_demo.caption(:desk, 'priority', t.priority::text) AS "优先级 priority",
  csflow_demo.reason(:desk, t.priority_reason) AS "依据 reason", t.tag::text AS "标签 tag", csflow_demo.team(:desk, t.team_id) AS "部门 department",
  (SELECT string_agg(csflow_demo.team(:desk, n), ', ') FROM unnest(t.notified_team_ids) AS n) AS "立即告知 told at once"
FROM ticket AS t WHERE t.desk_id = :desk AND t.ticket_no = :'why';

\echo '   金额与客户等级也能提级  Amount and customer tier raise too'
SELECT DISTINCT ON (t.priority_reason) t.ticket_no::text AS "工单 ticket", csflow_demo.cut(t.title, 40) AS "标题 title", t.amount AS "金额 amount", t.customer_tier AS "客户 tier",
  t.priority::text AS "级", csflow_demo.reason(:desk, t.priority_reason) AS "依据 reason"
FROM ticket AS t WHERE t.desk_id = :desk AND t.priority_reason NOT LIKE 'matrix%'
ORDER BY t.priority_reason, t.ticket_no;
\endif

\echo
\echo '8  工单编号：年月 + 当月序号  Ticket numbers: month and serial'
SELECT to_char(ticket_month(t.ticket_no), 'YYYY-MM') AS "月 month", min(t.ticket_no)::text AS "第一 first", max(t.ticket_no)::text AS "最后 last", count(*) AS "工单 tickets",
  max(ticket_serial(t.ticket_no)) - count(*) AS "缺号 gaps"
FROM ticket AS t WHERE t.desk_id = :desk GROUP BY ticket_month(t.ticket_no) ORDER BY 1;
RESET search_path;
