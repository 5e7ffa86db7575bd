-- Why promises are broken, counted (handbook G5). csflow.late lists the cases themselves.

CREATE FUNCTION csflow.late_causes_at(desk_id bigint, since timestamptz, until timestamptz)
RETURNS TABLE (clock text, clock_zh text, clock_en text, cause text, cause_zh text, cause_en text, late_count bigint, total_count bigint,
  share_pct double precision, sort_order bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT x.clock, coalesce(kz.text, x.clock), coalesce(ke.text, x.clock), x.cause, coalesce(cz.text, x.cause, '未说明'), coalesce(ce.text, x.cause, 'not recorded'),
    x.late_count, x.total_count, 100 * x.late_count::double precision / x.total_count,
    row_number() OVER (ORDER BY x.total_count DESC, x.clock, x.late_count DESC, x.cause)
  FROM (
    SELECT c.clock, l.cause, count(*) AS late_count, (sum(count(*)) OVER (PARTITION BY c.clock))::bigint AS total_count
    FROM csflow.clock AS c
    JOIN csflow.ticket AS t ON t.desk_id = c.desk_id AND t.ticket_no = c.ticket_no AND t.state NOT IN ('duplicate', 'invalid')
    LEFT JOIN csflow.late_cause AS l ON l.desk_id = c.desk_id AND l.ticket_no = c.ticket_no AND l.clock = c.clock AND l.run = c.run
    WHERE c.desk_id = late_causes_at.desk_id AND c.due_at >= late_causes_at.since AND c.due_at < late_causes_at.until
      AND (c.outcome = 'breached' OR (c.stopped_at IS NULL AND c.due_at < now()))
      AND NOT EXISTS (SELECT FROM csflow.step AS s WHERE s.desk_id = c.desk_id AND s.target_id = c.target_id AND s.action = 'close')
      AND NOT EXISTS (SELECT FROM csflow.target AS g WHERE g.desk_id = c.desk_id AND g.target_id = c.target_id AND g.is_window)
    GROUP BY c.clock, l.cause) AS x
  LEFT JOIN csflow.caption AS kz ON kz.desk_id = late_causes_at.desk_id AND kz.kind = 'clock' AND kz.code = x.clock AND kz.lang = 'zh'
  LEFT JOIN csflow.caption AS ke ON ke.desk_id = late_causes_at.desk_id AND ke.kind = 'clock' AND ke.code = x.clock AND ke.lang = 'en'
  LEFT JOIN csflow.caption AS cz ON cz.desk_id = late_causes_at.desk_id AND cz.kind = 'late_cause' AND cz.code = x.cause AND cz.lang = 'zh'
  LEFT JOIN csflow.caption AS ce ON ce.desk_id = late_causes_at.desk_id AND ce.kind = 'late_cause' AND ce.code = x.cause AND ce.lang = 'en'
  ORDER BY x.total_count DESC, x.clock, x.late_count DESC, x.cause;
END;
COMMENT ON FUNCTION csflow.late_causes_at(bigint, timestamptz, timestamptz) IS
'Promises of a desk that fell due from since up to until and were broken, kept late or not yet, by clock and recorded cause, with each cause''s share of the clock''s broken promises; cause NULL: not recorded. Clocks that close the ticket at their end, windows, and duplicate and invalid tickets are left out. Read from the clocks. Without a SET clause so that it can be inlined; the body is bound when it is created. Handbook G5.';

CREATE VIEW csflow.late_causes WITH (security_invoker = true) AS
SELECT d.desk_id, now() - interval '91 days' AS since, now() AS until, l.*
FROM csflow.desk AS d
CROSS JOIN LATERAL csflow.late_causes_at(d.desk_id, now() - interval '91 days', now()) AS l;
COMMENT ON VIEW csflow.late_causes IS 'Why promises were broken that fell due in the last 91 days, by clock and cause (by event: the due instant), as of the start of the transaction (handbook G5). csflow.late_causes_at() for another period; csflow.late lists the open cases.';
COMMENT ON COLUMN csflow.late_causes.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.late_causes.since IS 'Start of the period.';
COMMENT ON COLUMN csflow.late_causes.until IS 'End of the period.';
COMMENT ON COLUMN csflow.late_causes.clock IS 'What was promised.';
COMMENT ON COLUMN csflow.late_causes.clock_zh IS 'clock in Chinese.';
COMMENT ON COLUMN csflow.late_causes.clock_en IS 'clock in English.';
COMMENT ON COLUMN csflow.late_causes.cause IS 'Recorded cause, csflow.late_cause; NULL: not recorded.';
COMMENT ON COLUMN csflow.late_causes.cause_zh IS 'cause in Chinese.';
COMMENT ON COLUMN csflow.late_causes.cause_en IS 'cause in English.';
COMMENT ON COLUMN csflow.late_causes.late_count IS 'Broken promises of the clock with this cause.';
COMMENT ON COLUMN csflow.late_causes.total_count IS 'Broken promises of the clock.';
COMMENT ON COLUMN csflow.late_causes.share_pct IS 'late_count in percent of total_count.';
COMMENT ON COLUMN csflow.late_causes.sort_order IS 'Order: the clock with most broken promises first, its causes by frequency.';
