-- What people look at. Every view runs with the reader's own rights; "now" is the start of the transaction, and where another
-- instant is wanted there is a function with that instant as an argument.

CREATE FUNCTION csflow.clock_status_at(desk_id bigint, at timestamptz DEFAULT now())
RETURNS TABLE (ticket_no csflow.ticket_no, clock text, run integer, status text, is_breached boolean,
  priority csflow.priority, target_id bigint, calendar text, started_at timestamptz, due_at timestamptz, stopped_at timestamptz,
  length interval, spent interval, remaining interval, share_pct double precision, paused interval, subject_id bigint,
  own_time interval, customer_waiting interval, partner_waiting interval)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT c.ticket_no, c.clock, c.run,
    CASE
      WHEN c.outcome IS NOT NULL AND c.stopped_at <= clock_status_at.at THEN c.outcome
      WHEN c.due_at < clock_status_at.at THEN CASE WHEN g.is_window THEN 'lapsed' ELSE 'overdue' END
      WHEN c.run_since IS NULL AND c.stopped_at IS NULL THEN 'paused'
      ELSE 'running'
    END,
    coalesce(CASE WHEN c.stopped_at <= clock_status_at.at THEN c.outcome = 'breached'
      ELSE c.due_at < clock_status_at.at AND NOT coalesce(g.is_window, false) AND NOT EXISTS (SELECT FROM csflow.step AS x
        WHERE x.desk_id = c.desk_id AND x.target_id = c.target_id AND x.action = 'close') END, false),
    c.priority, c.target_id, c.calendar, c.started_at, c.due_at,
    CASE WHEN c.stopped_at <= clock_status_at.at THEN c.stopped_at END,
    l.length, s.spent, l.length - s.spent,
    100 * extract(epoch FROM s.spent)::double precision / nullif(extract(epoch FROM l.length)::double precision, 0),
    c.paused_microseconds * interval '1 microsecond'
      + CASE WHEN c.paused_at IS NOT NULL AND c.stopped_at IS NULL
        THEN greatest(extract(epoch FROM clock_status_at.at - c.paused_at), 0) * interval '1 second' ELSE interval '0' END,
    c.subject_id,
    coalesce(c.own_microseconds, 0) * interval '1 microsecond' + CASE WHEN c.turn IS NULL THEN u.since ELSE interval '0' END,
    coalesce(c.customer_microseconds, 0) * interval '1 microsecond' + CASE WHEN c.turn = 'customer' THEN u.since ELSE interval '0' END,
    coalesce(c.partner_microseconds, 0) * interval '1 microsecond' + CASE WHEN c.turn = 'partner' THEN u.since ELSE interval '0' END
  FROM csflow.clock AS c
  LEFT JOIN csflow.target AS g ON g.desk_id = c.desk_id AND g.target_id = c.target_id
  LEFT JOIN csflow.working_calendar AS w ON w.desk_id = c.desk_id AND w.code = c.calendar
  CROSS JOIN LATERAL (SELECT c.length_microseconds * interval '1 microsecond' AS length) AS l
  CROSS JOIN LATERAL (
    SELECT c.spent_microseconds * interval '1 microsecond'
      + CASE WHEN c.run_since IS NULL OR clock_status_at.at <= c.run_since THEN interval '0'
        ELSE csflow.business_between(w.calendar, c.run_since, clock_status_at.at) END AS spent) AS s
  CROSS JOIN LATERAL (
    SELECT CASE WHEN c.stopped_at IS NOT NULL OR clock_status_at.at <= coalesce(c.counted_until, c.started_at) THEN interval '0'
      ELSE csflow.business_between(w.calendar, coalesce(c.counted_until, c.started_at), clock_status_at.at) END AS since) AS u
  WHERE c.desk_id = clock_status_at.desk_id AND c.started_at <= clock_status_at.at;
END;
COMMENT ON FUNCTION csflow.clock_status_at(bigint, timestamptz) IS
'Every clock of a desk started by the instant at, as csflow.clock_status shows it at present: status, time spent and left. A clock that was running then is judged by its present due instant, and spent counts up to its last stop or pause when that came later; for live boards at is now. Without a SET clause so that conditions reach the table; the body is bound when it is created. Design 2.2, handbook D6, D9.';

CREATE VIEW csflow.clock_status WITH (security_invoker = true) AS
SELECT d.desk_id, s.*
FROM csflow.desk AS d
CROSS JOIN LATERAL csflow.clock_status_at(d.desk_id, now()) AS s;
COMMENT ON VIEW csflow.clock_status IS 'Every clock of every ticket, as of the start of the transaction: how it stands, time spent and left in business time (design 2.2, handbook D6, D9).';
COMMENT ON COLUMN csflow.clock_status.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.clock_status.ticket_no IS 'Ticket.';
COMMENT ON COLUMN csflow.clock_status.clock IS 'What is promised, such as first_response; the caption is in csflow.caption, kind clock.';
COMMENT ON COLUMN csflow.clock_status.run IS '1 for the clock''s first run on this ticket, 2 for the next …';
COMMENT ON COLUMN csflow.clock_status.status IS 'running, paused, overdue (not stopped, due instant passed), met, breached, measured (no length promised), lapsed (a window that came to its end), void (no longer applied).';
COMMENT ON COLUMN csflow.clock_status.is_breached IS 'Whether it passed its due instant, stopped or not: a fact of stored instants, whether a sweep has looked or not. Never true of a clock that closes the ticket at its end, which is no promise.';
COMMENT ON COLUMN csflow.clock_status.priority IS 'The ticket''s priority when the target took force.';
COMMENT ON COLUMN csflow.clock_status.target_id IS 'The target in force.';
COMMENT ON COLUMN csflow.clock_status.calendar IS 'The working calendar in force.';
COMMENT ON COLUMN csflow.clock_status.started_at IS 'When it started.';
COMMENT ON COLUMN csflow.clock_status.due_at IS 'Due instant; NULL while paused (unless overdue already) and when only measured.';
COMMENT ON COLUMN csflow.clock_status.stopped_at IS 'When it stopped; NULL while it lasts.';
COMMENT ON COLUMN csflow.clock_status.length IS 'Business time allowed; NULL when only measured.';
COMMENT ON COLUMN csflow.clock_status.spent IS 'Business time used.';
COMMENT ON COLUMN csflow.clock_status.remaining IS 'length less spent, negative when overdue; NULL when only measured.';
COMMENT ON COLUMN csflow.clock_status.share_pct IS 'spent in percent of length; 100 is the due instant. NULL when only measured.';
COMMENT ON COLUMN csflow.clock_status.subject_id IS 'The department or task it concerns; NULL: the ticket itself.';
COMMENT ON COLUMN csflow.clock_status.own_time IS 'Business time, while it lasted, in which it was our turn: neither waiting for anybody nor answered or closed.';
COMMENT ON COLUMN csflow.clock_status.customer_waiting IS 'Business time in which the customer was waited for, whether the clock paused or not (handbook D9).';
COMMENT ON COLUMN csflow.clock_status.partner_waiting IS 'Business time in which a partner was waited for.';
COMMENT ON COLUMN csflow.clock_status.paused IS 'Elapsed time in pauses, the present one included (handbook D9).';

CREATE FUNCTION csflow.attainment_at(desk_id bigint, at timestamptz DEFAULT now(), since timestamptz DEFAULT '-infinity')
RETURNS TABLE (clock text, priority csflow.priority, started_count bigint, met_count bigint, breached_count bigint,
  total_count bigint, met_pct double precision, running_count bigint, overdue_count bigint, total_count_incl_open_breached bigint,
  met_pct_incl_open_breached double precision)
LANGUAGE sql STABLE
BEGIN ATOMIC
  -- Grouped by number: pg_upgrade makes functions before the operator class by which a priority could be grouped.
  SELECT n.clock, n.priority::csflow.priority, n.started, n.met, n.breached, n.met + n.breached,
    100 * n.met::double precision / nullif(n.met + n.breached, 0),
    n.running, n.overdue, n.met + n.breached + n.overdue,
    100 * n.met::double precision / nullif(n.met + n.breached + n.overdue, 0)
  FROM (
    SELECT c.clock, c.priority::integer AS priority,
      count(*) FILTER (WHERE c.started_at > attainment_at.since) AS started,
      count(*) FILTER (WHERE c.outcome = 'met' AND c.stopped_at <= attainment_at.at) AS met,
      count(*) FILTER (WHERE c.outcome = 'breached' AND c.stopped_at <= attainment_at.at) AS breached,
      count(*) FILTER (WHERE (c.stopped_at IS NULL OR c.stopped_at > attainment_at.at)
        AND (c.due_at IS NULL OR c.due_at >= attainment_at.at)) AS running,
      count(*) FILTER (WHERE (c.stopped_at IS NULL OR c.stopped_at > attainment_at.at) AND c.due_at < attainment_at.at) AS overdue
    FROM csflow.clock AS c
    JOIN csflow.ticket AS t ON t.desk_id = c.desk_id AND t.ticket_no = c.ticket_no
    WHERE c.desk_id = attainment_at.desk_id AND c.started_at <= attainment_at.at
      AND (c.stopped_at IS NULL OR c.stopped_at > attainment_at.since)
      AND (c.outcome IS NULL OR c.outcome IN ('met', 'breached'))
      AND c.length_microseconds IS NOT NULL
      AND t.state NOT IN ('duplicate', 'invalid')
      AND NOT EXISTS (SELECT FROM csflow.step AS s
        WHERE s.desk_id = c.desk_id AND s.target_id = c.target_id AND s.action = 'close')
      AND NOT EXISTS (SELECT FROM csflow.target AS g WHERE g.desk_id = c.desk_id AND g.target_id = c.target_id AND g.is_window)
    GROUP BY c.clock, c.priority::integer) AS n;
END;
COMMENT ON FUNCTION csflow.attainment_at(bigint, timestamptz, timestamptz) IS
'Attainment of a desk''s clocks as csflow.attainment shows it, of the targets completed after since and not after at (by event: the instant of completion decides), with those not completed at that instant. Without a SET clause so that it can be inlined; the body is bound when it is created. kpi.md, "SLA achieved".';

CREATE VIEW csflow.attainment WITH (security_invoker = true) AS
SELECT d.desk_id, a.*, coalesce(cz.text, a.clock) AS clock_zh, coalesce(ce.text, a.clock) AS clock_en,
  coalesce(pz.text, a.priority::text) AS priority_zh, coalesce(pe.text, a.priority::text) AS priority_en
FROM csflow.desk AS d
CROSS JOIN LATERAL csflow.attainment_at(d.desk_id, now(), '-infinity') AS a
LEFT JOIN csflow.caption AS cz ON cz.desk_id = d.desk_id AND cz.kind = 'clock' AND cz.code = a.clock AND cz.lang = 'zh'
LEFT JOIN csflow.caption AS ce ON ce.desk_id = d.desk_id AND ce.kind = 'clock' AND ce.code = a.clock AND ce.lang = 'en'
LEFT JOIN csflow.caption AS pz ON pz.desk_id = d.desk_id AND pz.kind = 'priority' AND pz.code = a.priority::text AND pz.lang = 'zh'
LEFT JOIN csflow.caption AS pe ON pe.desk_id = d.desk_id AND pe.kind = 'priority' AND pe.code = a.priority::text AND pe.lang = 'en';
COMMENT ON VIEW csflow.attainment IS 'Promises kept: per desk, clock and priority, the targets completed so far (by event: the instant of completion) and those still open, as of the start of the transaction. Void clocks, windows, clocks that only measure or close the ticket at their end, and duplicate and invalid tickets are left out (handbook G2, kpi.md "SLA achieved").';
COMMENT ON COLUMN csflow.attainment.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.attainment.clock IS 'What is promised, such as first_response.';
COMMENT ON COLUMN csflow.attainment.priority IS 'The ticket''s priority when the target took force, not today''s.';
COMMENT ON COLUMN csflow.attainment.started_count IS 'Clocks started; each run of a repeating clock counts.';
COMMENT ON COLUMN csflow.attainment.met_count IS 'Completed, not later than due: the numerator of both percentages.';
COMMENT ON COLUMN csflow.attainment.breached_count IS 'Completed later than due.';
COMMENT ON COLUMN csflow.attainment.total_count IS 'Completed: met_count + breached_count, the denominator of met_pct.';
COMMENT ON COLUMN csflow.attainment.met_pct IS 'Percent of the completed targets that were met; NULL when none is completed.';
COMMENT ON COLUMN csflow.attainment.running_count IS 'Not completed and not overdue, paused ones included.';
COMMENT ON COLUMN csflow.attainment.overdue_count IS 'Not completed and past the due instant.';
COMMENT ON COLUMN csflow.attainment.total_count_incl_open_breached IS 'total_count + overdue_count, the denominator of met_pct_incl_open_breached.';
COMMENT ON COLUMN csflow.attainment.met_pct_incl_open_breached IS 'Percent met of the completed and the overdue targets; NULL when there are none.';
COMMENT ON COLUMN csflow.attainment.clock_zh IS 'clock in Chinese.';
COMMENT ON COLUMN csflow.attainment.clock_en IS 'clock in English.';
COMMENT ON COLUMN csflow.attainment.priority_zh IS 'priority in Chinese.';
COMMENT ON COLUMN csflow.attainment.priority_en IS 'priority in English.';

CREATE FUNCTION csflow.queue_at(desk_id bigint, at timestamptz DEFAULT now())
RETURNS TABLE (place bigint, ticket_no csflow.ticket_no, state text, priority csflow.priority, kind text, tag csflow.tag,
  title text, channel text, customer_tier text, team_id bigint, agent_id bigint, needs_review boolean, emotion double precision,
  opened_at timestamptz, last_customer_message_at timestamptz, waiting_since timestamptz, waiting_seconds double precision,
  next_due_clock text, next_due_at timestamptz, seconds_to_due double precision, overdue_count bigint,
  soothing text, soothing_hint_zh text, soothing_hint_en text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  -- Ranked inside, told outside: what only the shown rows need is looked up after the sort, so that LIMIT spares it.
  SELECT q.place, q.ticket_no, q.state, q.priority, q.kind, q.tag,
    (SELECT y.title FROM csflow.my_ticket AS y WHERE y.desk_id = queue_at.desk_id AND y.ticket_no = q.ticket_no),
    q.channel, q.customer_tier, q.team_id, q.agent_id, q.needs_review, q.emotion, q.opened_at, q.last_customer_message_at, q.since,
    extract(epoch FROM queue_at.at - q.since)::double precision,
    (SELECT c.clock FROM csflow.clock AS c
      WHERE c.desk_id = queue_at.desk_id AND c.ticket_no = q.ticket_no AND c.stopped_at IS NULL AND c.due_at = q.next_due_at
      ORDER BY c.clock, c.run LIMIT 1),
    q.next_due_at, extract(epoch FROM q.next_due_at - queue_at.at)::double precision, q.overdue, q.soothing,
    CASE WHEN q.soothing IS NOT NULL THEN (
      SELECT c.text FROM csflow.caption AS c WHERE c.desk_id = queue_at.desk_id AND c.kind = 'soothing' AND c.code = q.soothing AND c.lang = 'zh') END,
    CASE WHEN q.soothing IS NOT NULL THEN (
      SELECT c.text FROM csflow.caption AS c WHERE c.desk_id = queue_at.desk_id AND c.kind = 'soothing' AND c.code = q.soothing AND c.lang = 'en') END
  FROM (
    SELECT r.*, (
      -- The oldest word of the customer that no person has answered: opening the ticket, or a message after the last reply.
      SELECT CASE WHEN max(m.at) FILTER (WHERE m.author_kind = 'agent' AND m.is_public) IS NULL THEN r.opened_at
        ELSE (
          SELECT min(u.at)
          FROM csflow.message AS u
          WHERE u.desk_id = queue_at.desk_id AND u.ticket_no = r.ticket_no AND u.author_kind = 'customer'
            AND u.at > max(m.at) FILTER (WHERE m.author_kind = 'agent' AND m.is_public)) END
      FROM csflow.message AS m
      WHERE m.desk_id = queue_at.desk_id AND m.ticket_no = r.ticket_no) AS since
    FROM (
      SELECT t.ticket_no, t.state, t.priority, t.kind, t.tag, t.channel, t.customer_tier, t.team_id, t.agent_id, t.needs_review,
        t.emotion, t.opened_at, t.last_customer_message_at, h.code AS soothing, n.next_due_at, n.overdue,
        row_number() OVER (ORDER BY t.priority::integer DESC NULLS LAST,
          coalesce(t.emotion <= -d.emotion_threshold, false) OR h.code IS NOT NULL DESC,
          n.next_due_at NULLS LAST, t.opened_at, t.ticket_no) AS place
      FROM csflow.ticket AS t
      JOIN csflow.desk AS d ON d.desk_id = t.desk_id
      CROSS JOIN LATERAL (
        -- Of anger and anxiety the greater, where it reaches its threshold.
        SELECT CASE
          WHEN t.anger >= d.anger_threshold AND (t.anger >= t.anxiety OR t.anxiety < d.anxiety_threshold) IS NOT false THEN 'anger'
          WHEN t.anxiety >= d.anxiety_threshold THEN 'anxiety' END AS code) AS h
      CROSS JOIN LATERAL (
        SELECT min(c.due_at) AS next_due_at, count(*) FILTER (WHERE c.due_at < queue_at.at) AS overdue
        FROM csflow.clock AS c
        WHERE c.desk_id = t.desk_id AND c.ticket_no = t.ticket_no AND c.stopped_at IS NULL AND c.due_at IS NOT NULL) AS n
      WHERE t.desk_id = queue_at.desk_id AND t.state NOT IN ('answered', 'closed', 'duplicate', 'invalid') AND t.opened_at <= queue_at.at) AS r) AS q;
END;
COMMENT ON FUNCTION csflow.queue_at(bigint, timestamptz) IS
'The open tickets of a desk as csflow.queue shows them, with waiting times and times to due reckoned at the instant at; the tickets are those open now. Without a SET clause so that it can be inlined; the body is bound when it is created. Handbook G9, B8.';

CREATE VIEW csflow.queue WITH (security_invoker = true) AS
SELECT d.desk_id, q.*
FROM csflow.desk AS d
CROSS JOIN LATERAL csflow.queue_at(d.desk_id, now()) AS q
ORDER BY d.desk_id, q.place;
COMMENT ON VIEW csflow.queue IS 'Live queue: open tickets, the most urgent first, as of the start of the transaction (handbook G9). Urgency is priority, then strong emotion (B8: the desk''s emotion_threshold, anger_threshold, anxiety_threshold), then the next due instant, then age.';
COMMENT ON COLUMN csflow.queue.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.queue.place IS '1 for the most urgent ticket of the desk, 2 for the next …';
COMMENT ON COLUMN csflow.queue.ticket_no IS 'Ticket.';
COMMENT ON COLUMN csflow.queue.state IS 'State of the ticket; answered, closed, duplicate and invalid ones are not in the queue.';
COMMENT ON COLUMN csflow.queue.priority IS 'E > A > B > C: the first key of the order.';
COMMENT ON COLUMN csflow.queue.kind IS 'Code of the kind.';
COMMENT ON COLUMN csflow.queue.tag IS 'Kind, domain and priority in one.';
COMMENT ON COLUMN csflow.queue.title IS 'Title of the ticket.';
COMMENT ON COLUMN csflow.queue.channel IS 'Channel it came by.';
COMMENT ON COLUMN csflow.queue.customer_tier IS 'The customer''s tier when the ticket was opened.';
COMMENT ON COLUMN csflow.queue.team_id IS 'Handling department, csflow.team.';
COMMENT ON COLUMN csflow.queue.agent_id IS 'Whose ticket it is, csflow.agent; NULL: nobody''s yet.';
COMMENT ON COLUMN csflow.queue.needs_review IS 'The rules could not decide; a coordinator sorts it (handbook C2).';
COMMENT ON COLUMN csflow.queue.emotion IS '-1 very negative … 1 positive; the desk''s -emotion_threshold or less goes before the others of its priority (handbook B8).';
COMMENT ON COLUMN csflow.queue.opened_at IS 'When the ticket was opened.';
COMMENT ON COLUMN csflow.queue.last_customer_message_at IS 'The customer''s last message.';
COMMENT ON COLUMN csflow.queue.waiting_since IS 'The customer''s oldest message, or the opening, that no person has publicly answered; NULL when the customer waits for nothing.';
COMMENT ON COLUMN csflow.queue.waiting_seconds IS 'Elapsed seconds since waiting_since.';
COMMENT ON COLUMN csflow.queue.next_due_clock IS 'The running clock that is due first.';
COMMENT ON COLUMN csflow.queue.next_due_at IS 'Its due instant; past when it is overdue.';
COMMENT ON COLUMN csflow.queue.seconds_to_due IS 'Elapsed seconds until next_due_at, negative when overdue.';
COMMENT ON COLUMN csflow.queue.overdue_count IS 'Clocks of the ticket past their due instant and not stopped.';
COMMENT ON COLUMN csflow.queue.soothing IS 'anger or anxiety, whichever is greater, where it reaches the desk''s threshold: the customer is to be soothed first (handbook B8); NULL: no need.';
COMMENT ON COLUMN csflow.queue.soothing_hint_zh IS 'What to do then, in Chinese: the desk''s caption of kind soothing.';
COMMENT ON COLUMN csflow.queue.soothing_hint_en IS 'The same in English.';

CREATE FUNCTION csflow.event_value(desk_id bigint, event_kind text, value text, lang text) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(
    CASE
      WHEN value IS NULL THEN NULL
      WHEN event_kind = 'step_fired' AND lang = 'zh' AND value IN ('warning', 'breach', 'escalation') THEN
        CASE value WHEN 'warning' THEN '预警' WHEN 'breach' THEN '超时' ELSE '升级' END
      WHEN event_kind IN ('assigned', 'unassigned', 'reviewer_named', 'right_granted', 'right_given_back') THEN (
        SELECT a.name FROM csflow.agent AS a WHERE a.desk_id = event_value.desk_id AND a.agent_id::text = value)
      WHEN event_kind IN ('routed', 'transferred') THEN (
        SELECT CASE lang WHEN 'zh' THEN t.name_zh ELSE t.name_en END FROM csflow.team AS t
        WHERE t.desk_id = event_value.desk_id AND t.team_id::text = value)
      WHEN event_kind = 'category_changed' THEN (
        SELECT CASE lang WHEN 'zh' THEN concat_ws('/', k.caption_zh, c.caption_zh) ELSE concat_ws('/', k.caption_en, c.caption_en) END
        FROM csflow.category AS c
        LEFT JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id
        WHERE c.desk_id = event_value.desk_id AND c.category_id::text = value)
      ELSE (
        SELECT c.text FROM csflow.caption AS c
        WHERE c.desk_id = event_value.desk_id AND c.code = value AND c.lang = event_value.lang AND c.kind = CASE
          WHEN event_kind IN ('opened', 'priority_changed') THEN 'priority'
          WHEN event_kind = 'closed' THEN 'close_reason'
          WHEN event_kind = 'step_fired' THEN 'action'
          WHEN event_kind IN ('reply', 'note', 'customer_message', 'automatic_message') THEN 'milestone' END)
    END, value);
END;
COMMENT ON FUNCTION csflow.event_value(bigint, text, text, text) IS
'What people read for old_value or new_value of an event of event_kind: name of the agent or department, caption of category, priority, close reason, milestone or action. lang: zh or en. The value itself where there is no caption. Handbook A9.';

CREATE VIEW csflow.timeline WITH (security_invoker = true) AS
SELECT e.desk_id, e.ticket_no, e.seq, e.at, e.kind,
  coalesce(k.caption_zh, e.kind) AS caption_zh, coalesce(k.caption_en, e.kind) AS caption_en,
  e.actor_kind, e.actor_id, a.name AS actor_name, e.old_state, e.new_state, e.old_value, e.new_value,
  nullif(concat_ws('; ',
    nullif(concat_ws(' → ', coalesce(oz.text, e.old_state), coalesce(nz.text, e.new_state)), ''),
    nullif(concat_ws(CASE e.kind WHEN 'step_fired' THEN ': ' ELSE ' → ' END, CASE WHEN e.message_no IS NULL THEN csflow.event_value(e.desk_id, e.kind, e.old_value, 'zh') END,
      csflow.event_value(e.desk_id, e.kind, e.new_value, 'zh')), '')), '') AS detail_zh,
  nullif(concat_ws('; ',
    nullif(concat_ws(' → ', coalesce(oe.text, e.old_state), coalesce(ne.text, e.new_state)), ''),
    nullif(concat_ws(CASE e.kind WHEN 'step_fired' THEN ': ' ELSE ' → ' END, CASE WHEN e.message_no IS NULL THEN csflow.event_value(e.desk_id, e.kind, e.old_value, 'en') END,
      csflow.event_value(e.desk_id, e.kind, e.new_value, 'en')), '')), '') AS detail_en,
  e.clock, coalesce(cz.text, e.clock) AS clock_zh, coalesce(ce.text, e.clock) AS clock_en, e.run, e.step_position, e.due_at,
  e.message_no,
  CASE WHEN e.message_no IS NOT NULL THEN (
    SELECT m.body FROM csflow.my_message AS m WHERE m.desk_id = e.desk_id AND m.ticket_no = e.ticket_no AND m.message_no = e.message_no)
  ELSE (SELECT x.text FROM csflow.my_event AS x WHERE x.desk_id = e.desk_id AND x.ticket_no = e.ticket_no AND x.seq = e.seq) END AS text
FROM csflow.event AS e
LEFT JOIN (VALUES
  ('opened', '建单', 'opened'), ('routed', '分流', 'routed'), ('assigned', '分派', 'assigned'), ('unassigned', '取消分派', 'unassigned'),
  ('accepted', '受理', 'accepted'), ('transferred', '转交', 'transferred'), ('state_changed', '状态变更', 'state changed'),
  ('answered', '答复', 'answered'), ('reopened', '重新打开', 'reopened'), ('closed', '关闭', 'closed'),
  ('category_changed', '分类更正', 'category changed'), ('priority_changed', '优先级变更', 'priority changed'),
  ('channel_changed', '渠道变更', 'channel changed'), ('customer_tier_changed', '客户等级变更', 'customer tier changed'),
  ('complexity_changed', '复杂度变更', 'complexity changed'), ('handling_tier_changed', '处理层级变更', 'handling tier changed'),
  ('edited', '编辑', 'edited'), ('reviewer_named', '指定复核人', 'reviewer named'), ('customer_message', '客户消息', 'message from the customer'),
  ('automatic_message', '自动消息', 'automatic message'), ('reply', '回复', 'reply'), ('note', '内部备注', 'note'),
  ('step_fired', '时限动作', 'step of a clock'), ('step_skipped', '时限动作略过', 'step no longer needed'),
  ('task_created', '新建待办', 'task made'), ('task_changed', '待办变更', 'task changed'), ('task_done', '待办完成', 'task done'),
  ('task_cancelled', '待办取消', 'task cancelled'), ('clocks_recomputed', '时限重算', 'deadlines recomputed'),
  ('right_granted', '授予临时权限', 'temporary right granted'), ('right_given_back', '归还临时权限', 'temporary right given back')
) AS k (kind, caption_zh, caption_en) ON k.kind = e.kind
LEFT JOIN csflow.agent AS a ON a.desk_id = e.desk_id AND a.agent_id = e.actor_id
LEFT JOIN csflow.caption AS oz ON oz.desk_id = e.desk_id AND oz.kind = 'state' AND oz.code = e.old_state AND oz.lang = 'zh'
LEFT JOIN csflow.caption AS oe ON oe.desk_id = e.desk_id AND oe.kind = 'state' AND oe.code = e.old_state AND oe.lang = 'en'
LEFT JOIN csflow.caption AS nz ON nz.desk_id = e.desk_id AND nz.kind = 'state' AND nz.code = e.new_state AND nz.lang = 'zh'
LEFT JOIN csflow.caption AS ne ON ne.desk_id = e.desk_id AND ne.kind = 'state' AND ne.code = e.new_state AND ne.lang = 'en'
LEFT JOIN csflow.caption AS cz ON cz.desk_id = e.desk_id AND cz.kind = 'clock' AND cz.code = e.clock AND cz.lang = 'zh'
LEFT JOIN csflow.caption AS ce ON ce.desk_id = e.desk_id AND ce.kind = 'clock' AND ce.code = e.clock AND ce.lang = 'en';
COMMENT ON VIEW csflow.timeline IS 'The story of each ticket, one row an event, to be read in order of seq; with captions in both languages (handbook A9, F7, H1).';
COMMENT ON COLUMN csflow.timeline.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.timeline.ticket_no IS 'Ticket.';
COMMENT ON COLUMN csflow.timeline.seq IS '1, 2, 3 … within the ticket.';
COMMENT ON COLUMN csflow.timeline.at IS 'Instant at which it happened.';
COMMENT ON COLUMN csflow.timeline.kind IS 'As in csflow.event.';
COMMENT ON COLUMN csflow.timeline.caption_zh IS 'kind in Chinese.';
COMMENT ON COLUMN csflow.timeline.caption_en IS 'kind in English.';
COMMENT ON COLUMN csflow.timeline.actor_kind IS 'agent, customer, system or unknown.';
COMMENT ON COLUMN csflow.timeline.actor_id IS 'The agent who did it.';
COMMENT ON COLUMN csflow.timeline.actor_name IS 'The agent''s name.';
COMMENT ON COLUMN csflow.timeline.old_state IS 'State left.';
COMMENT ON COLUMN csflow.timeline.new_state IS 'State reached.';
COMMENT ON COLUMN csflow.timeline.old_value IS 'Former agent, team, category or priority, by kind; senior: of a message by a person who is no novice.';
COMMENT ON COLUMN csflow.timeline.new_value IS 'New agent, team, category or priority; close reason; milestone; action of a step; columns edited.';
COMMENT ON COLUMN csflow.timeline.detail_zh IS 'Change of state and value in Chinese; NULL when there is none.';
COMMENT ON COLUMN csflow.timeline.detail_en IS 'Change of state and value in English; NULL when there is none.';
COMMENT ON COLUMN csflow.timeline.clock IS 'Clock whose step fired.';
COMMENT ON COLUMN csflow.timeline.clock_zh IS 'Its caption in Chinese.';
COMMENT ON COLUMN csflow.timeline.clock_en IS 'Its caption in English.';
COMMENT ON COLUMN csflow.timeline.run IS 'Run of the clock.';
COMMENT ON COLUMN csflow.timeline.step_position IS 'Position of the step.';
COMMENT ON COLUMN csflow.timeline.due_at IS 'When the step was due, or the instant a message named for the next news.';
COMMENT ON COLUMN csflow.timeline.message_no IS 'The message, where the event is one.';
COMMENT ON COLUMN csflow.timeline.text IS 'Body of the message, else the reason given; NULL when there is none or it was purged.';

CREATE VIEW csflow.escalation WITH (security_invoker = true) AS
SELECT e.desk_id, e.ticket_no, e.seq, t.priority, t.kind, t.team_id, t.agent_id, e.clock, e.run, c.started_at, c.due_at AS clock_due_at,
  e.step_position, e.old_value AS level, e.new_value AS action, e.due_at, e.at AS fired_at,
  extract(epoch FROM e.at - e.due_at)::double precision AS late_seconds, o.recipients
FROM csflow.event AS e
JOIN csflow.ticket AS t ON t.desk_id = e.desk_id AND t.ticket_no = e.ticket_no
LEFT JOIN csflow.clock AS c ON c.desk_id = e.desk_id AND c.ticket_no = e.ticket_no AND c.clock = e.clock AND c.run = e.run
LEFT JOIN LATERAL (
  SELECT array_agg(b.recipient || coalesce(' (' || nullif(coalesce(a.name, g.code), b.recipient) || ')', '') ORDER BY b.outbox_id)
    AS recipients
  FROM csflow.outbox AS b
  LEFT JOIN csflow.agent AS a ON b.recipient_kind = 'agent' AND a.desk_id = b.desk_id AND a.agent_id = b.recipient_id
  LEFT JOIN csflow.team AS g ON b.recipient_kind = 'team' AND g.desk_id = b.desk_id AND g.team_id = b.recipient_id
  WHERE b.desk_id = e.desk_id AND b.ticket_no = e.ticket_no AND b.event_seq = e.seq) AS o ON true
WHERE e.kind = 'step_fired' AND e.old_value IN ('breach', 'escalation') AND e.new_value <> 'close';
COMMENT ON VIEW csflow.escalation IS 'What escalated and why: every step of level breach or escalation that fired, but for those that close the ticket at its time (handbook D3, D6).';
COMMENT ON COLUMN csflow.escalation.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.escalation.ticket_no IS 'Ticket.';
COMMENT ON COLUMN csflow.escalation.seq IS 'The event, csflow.event.';
COMMENT ON COLUMN csflow.escalation.priority IS 'The ticket''s priority now.';
COMMENT ON COLUMN csflow.escalation.kind IS 'Code of the ticket''s kind.';
COMMENT ON COLUMN csflow.escalation.team_id IS 'Handling department now.';
COMMENT ON COLUMN csflow.escalation.agent_id IS 'Whose ticket it is now.';
COMMENT ON COLUMN csflow.escalation.clock IS 'The promise in danger or broken.';
COMMENT ON COLUMN csflow.escalation.run IS 'Run of the clock.';
COMMENT ON COLUMN csflow.escalation.started_at IS 'When the clock started.';
COMMENT ON COLUMN csflow.escalation.clock_due_at IS 'Due instant of the clock; NULL while it is paused.';
COMMENT ON COLUMN csflow.escalation.step_position IS 'Position of the step.';
COMMENT ON COLUMN csflow.escalation.level IS 'breach or escalation.';
COMMENT ON COLUMN csflow.escalation.action IS 'What the step did: notify, raise_priority, raise_tier, assign_team, open_review, offer_next, message_customer, open_ticket, ask_late_cause.';
COMMENT ON COLUMN csflow.escalation.due_at IS 'When the step was due.';
COMMENT ON COLUMN csflow.escalation.fired_at IS 'When it fired.';
COMMENT ON COLUMN csflow.escalation.late_seconds IS 'Elapsed seconds from due_at to fired_at.';
COMMENT ON COLUMN csflow.escalation.recipients IS 'Who was told, from csflow.outbox: the recipient of the step and, in brackets, the person or department that is; NULL when nobody was.';

CREATE VIEW csflow.job WITH (security_invoker = true) AS
SELECT w.job, w.schedule AS wanted_schedule, w.command,
  CASE WHEN p.job IS NOT NULL THEN true WHEN csflow.sees_all_jobs() THEN false END AS present,
  p.job_id, p.schedule, p.is_active, p.username,
  r.started_at AS last_started_at, r.finished_at AS last_finished_at, r.at AS last_at, r.rows AS last_rows, r.errors AS last_errors,
  r.error AS last_error
FROM csflow.wanted_jobs() AS w
LEFT JOIN csflow.scheduled_jobs() AS p ON p.job = w.job
LEFT JOIN LATERAL (
  SELECT j.started_at, j.finished_at, j.at, j.rows, j.errors, j.error
  FROM csflow.job_run AS j
  WHERE j.job = w.job
  ORDER BY j.started_at DESC, j.run_id DESC
  LIMIT 1) AS r ON true
ORDER BY w.sort_order;
COMMENT ON VIEW csflow.job IS 'The scheduled jobs: what should run, whether pg_cron has it, and how the last run went (design 2.13, handbook H3). csflow.job_run has the history.';
COMMENT ON COLUMN csflow.job.job IS 'Name of the job.';
COMMENT ON COLUMN csflow.job.wanted_schedule IS 'Schedule that schedule_jobs() registers, in the form of pg_cron.';
COMMENT ON COLUMN csflow.job.command IS 'What it runs: one bare CALL.';
COMMENT ON COLUMN csflow.job.present IS 'Whether pg_cron has it; NULL when that cannot be known from here: pg_cron lives in another database, or its list is hidden from this role.';
COMMENT ON COLUMN csflow.job.job_id IS 'pg_cron''s number of it.';
COMMENT ON COLUMN csflow.job.schedule IS 'The schedule in force; a DBA changes it with cron.alter_job().';
COMMENT ON COLUMN csflow.job.is_active IS 'False when it was switched off in pg_cron.';
COMMENT ON COLUMN csflow.job.username IS 'Role it runs as.';
COMMENT ON COLUMN csflow.job.last_started_at IS 'When its last run started.';
COMMENT ON COLUMN csflow.job.last_finished_at IS 'When that run ended; NULL: it is running, or was killed.';
COMMENT ON COLUMN csflow.job.last_at IS 'The instant that run worked for.';
COMMENT ON COLUMN csflow.job.last_rows IS 'How much it did, see csflow.job_run.rows.';
COMMENT ON COLUMN csflow.job.last_errors IS 'Tickets set aside in it, see csflow.set_aside.';
COMMENT ON COLUMN csflow.job.last_error IS 'What went wrong in it; NULL: nothing.';

CREATE VIEW csflow.missing_update WITH (security_invoker = true) AS
SELECT c.desk_id, c.ticket_no, c.clock, c.run, CASE WHEN g.subject = 'team' THEN c.subject_id ELSE t.team_id END AS team_id, t.agent_id,
  c.started_at, c.due_at,
  extract(epoch FROM now() - c.due_at)::double precision AS late_seconds
FROM csflow.clock AS c
JOIN csflow.target AS g ON g.desk_id = c.desk_id AND g.target_id = c.target_id AND g.mode = 'daily_at'
JOIN csflow.ticket AS t ON t.desk_id = c.desk_id AND t.ticket_no = c.ticket_no
WHERE CASE WHEN c.stopped_at IS NULL THEN c.due_at < now()
  -- A sweep that finds the update missing ends the run when it was due and begins the next day's.
  ELSE c.outcome = 'breached' AND c.stopped_at = c.due_at AND EXISTS (
    SELECT FROM csflow.clock AS n
    WHERE n.desk_id = c.desk_id AND n.ticket_no = c.ticket_no AND n.clock = c.clock AND n.subject_id IS NOT DISTINCT FROM c.subject_id
      AND n.run > c.run AND n.started_at = c.due_at AND n.stopped_at IS NULL AND NOT n.due_at < now()) END;
COMMENT ON VIEW csflow.missing_update IS 'Updates due daily, such as a department''s progress by 10:00, that have not come, as of the start of the transaction (handbook D2). run_progress_check chases them.';
COMMENT ON COLUMN csflow.missing_update.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.missing_update.ticket_no IS 'Ticket.';
COMMENT ON COLUMN csflow.missing_update.clock IS 'Which update, such as progress_update.';
COMMENT ON COLUMN csflow.missing_update.run IS 'Run of the clock.';
COMMENT ON COLUMN csflow.missing_update.team_id IS 'Department that owes it, csflow.team.';
COMMENT ON COLUMN csflow.missing_update.agent_id IS 'Whose ticket it is, csflow.agent.';
COMMENT ON COLUMN csflow.missing_update.started_at IS 'Since when it was owed.';
COMMENT ON COLUMN csflow.missing_update.due_at IS 'When it was due.';
COMMENT ON COLUMN csflow.missing_update.late_seconds IS 'Elapsed seconds since then.';
