-- What pg_cron did: the runs since an instant, and the ticket that was opened meanwhile. Variables: since, desk.
SELECT r.job AS "任务 job", to_char(r.started_at, 'HH24:MI:SS.MS') AS "开始 started", to_char(r.finished_at, 'HH24:MI:SS.MS') AS "结束 finished",
  r.rows AS "处理 steps fired", r.errors AS "失败 errors"
FROM csflow.job_run AS r WHERE r.started_at > :'since' AND r.finished_at IS NOT NULL ORDER BY r.started_at, r.job;
\echo '处理数包含日志结束后到期的时限。   The steps are those that fell due since the log ended.'
SELECT EXISTS (SELECT FROM csflow.ticket WHERE desk_id = :desk AND external_id = 'live') AS live \gset
\if :live
\echo
\echo '刚才真实建立的工单  The ticket that was opened just now'
SELECT to_char(l.at, 'HH24:MI:SS') AS "时间 at", l.ticket_no::text AS "工单 ticket", l.caption_zh || ' ' || l.caption_en AS "事件 event",
  csflow_demo.cut(concat_ws(' ', l.clock_zh, l.detail_zh), 40) AS "说明 detail",
  (SELECT string_agg(coalesce(b.recipient, b.recipient_kind), ', ') FROM csflow.outbox AS b
    WHERE b.desk_id = l.desk_id AND b.ticket_no = l.ticket_no AND b.clock = l.clock AND b.created_at = l.at) AS "已通知 told"
FROM csflow.timeline AS l JOIN csflow.ticket AS t ON t.desk_id = l.desk_id AND t.ticket_no = l.ticket_no
WHERE t.desk_id = :desk AND t.external_id = 'live' ORDER BY l.seq;
\endif
