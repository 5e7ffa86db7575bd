-- Who a ticket waited for, and how long (handbook D9).

CREATE FUNCTION csflow.waiting_time_at(desk_id bigint, at timestamptz DEFAULT now())
RETURNS TABLE (ticket_no csflow.ticket_no, own_time interval, customer_waiting interval, partner_waiting interval, done_time interval)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT s.ticket_no,
    coalesce(sum(s.lasted) FILTER (WHERE s.state NOT IN ('waiting_customer', 'waiting_partner', 'answered', 'closed', 'duplicate', 'invalid')), interval '0'),
    coalesce(sum(s.lasted) FILTER (WHERE s.state = 'waiting_customer'), interval '0'),
    coalesce(sum(s.lasted) FILTER (WHERE s.state = 'waiting_partner'), interval '0'),
    coalesce(sum(s.lasted) FILTER (WHERE s.state IN ('answered', 'closed', 'duplicate', 'invalid')), interval '0')
  FROM (
    SELECT e.ticket_no, e.new_state AS state, extract(epoch FROM
      lead(e.at, 1, waiting_time_at.at) OVER (PARTITION BY e.ticket_no ORDER BY e.seq) - e.at) * interval '1 second' AS lasted
    FROM csflow.event AS e
    WHERE e.desk_id = waiting_time_at.desk_id AND e.new_state IS NOT NULL AND e.at <= waiting_time_at.at) AS s
  GROUP BY s.ticket_no;
END;
COMMENT ON FUNCTION csflow.waiting_time_at(bigint, timestamptz) IS
'Per ticket of a desk opened by the instant at, how long it was whose turn up to then, as csflow.waiting_time shows it at present. Without a SET clause so that conditions reach the table; the body is bound when it is created. Handbook D9.';

CREATE VIEW csflow.waiting_time WITH (security_invoker = true) AS
SELECT d.desk_id, w.*
FROM csflow.desk AS d
CROSS JOIN LATERAL csflow.waiting_time_at(d.desk_id, now()) AS w;
COMMENT ON VIEW csflow.waiting_time IS 'Per ticket, elapsed time in its states up to the start of the transaction, by whose turn it was; the four add up to its age. From the events. In business time, clock by clock: csflow.clock_status (handbook D9).';
COMMENT ON COLUMN csflow.waiting_time.desk_id IS 'Desk.';
COMMENT ON COLUMN csflow.waiting_time.ticket_no IS 'Ticket.';
COMMENT ON COLUMN csflow.waiting_time.own_time IS 'Our turn: open, and nobody outside was waited for; waiting for an approval is our own time.';
COMMENT ON COLUMN csflow.waiting_time.customer_waiting IS 'In waiting_customer.';
COMMENT ON COLUMN csflow.waiting_time.partner_waiting IS 'In waiting_partner.';
COMMENT ON COLUMN csflow.waiting_time.done_time IS 'Answered, closed, duplicate or invalid: nobody''s turn.';
