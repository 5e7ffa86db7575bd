-- After internet_desk.sql, or running_desk.sql: a life of which every table of the flow keeps a row. Tests that go through all tables ask
-- empty_tables() whether that is still so.
INSERT INTO working_calendar (desk_id, code, base) VALUES (:desk, 'office', 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00');
INSERT INTO calendar_day (desk_id, code, day, rule, reason) VALUES (:desk, 'office', '2025-03-12', 'off', '盘点');
INSERT INTO report_calendar (desk_id, calendar) VALUES (:desk, 'office');
INSERT INTO campaign (desk_id, name, first_day, last_day, factor) VALUES (:desk, 'sale', '2025-03-03', '2025-03-05', 2);
INSERT INTO approval_limit (desk_id, subject, approver, up_to) VALUES (:desk, 'refund', 'supervisor', 1000);
INSERT INTO improvement (desk_id, title, source) VALUES (:desk, '退款话术', 'review');
INSERT INTO migration (to_version, position, name) VALUES (1, 10, 'an earlier step');

-- The same fault of many customers: an incident, and a surge.
INSERT INTO customer (desk_id, customer_id, nickname) SELECT :desk, 100 + n, 'c' || n FROM generate_series(1, 40) AS n;
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at)
  SELECT :desk, 'email', 100 + n, '闪退' || n, '2025-03-03 09:00'::timestamptz + n * interval '1 minute' FROM generate_series(1, 40) AS n;

-- One ticket through the house: told, taken back, reviewed.
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) VALUES (:desk, 'email', 1, '请问会员怎么续费', '2025-03-03 09:00') RETURNING ticket_no AS no \gset
INSERT INTO attachment (desk_id, ticket_no, name, uri) VALUES (:desk, :'no', 'a.png', 's3://x/a.png');
SELECT add_task(:desk, :'no', '回电', '2025-03-04 12:00', at => '2025-03-03 09:01') AS task \gset
SELECT assign(:desk, :'no', 11, '对口', 91, '2025-03-03 09:05'), accept(:desk, :'no', 11, '2025-03-03 09:06'), reply(:desk, :'no', '您好', agent_id => 11, at => '2025-03-03 09:10') \g /dev/null
INSERT INTO message (desk_id, ticket_no, author_kind, body, at) VALUES (:desk, :'no', 'customer', '还是不行', '2025-03-03 09:20');
SELECT reply(:desk, :'no', '请稍等', agent_id => 11, at => '2025-03-03 09:30'),
  request_approval(:desk, :'no', '退款', 11, '2025-03-03 09:31', 'refund', 10), decide(:desk, :'no', true, '同意', 91, '2025-03-03 09:35'),
  answer(:desk, :'no', '已退款', agent_id => 11, at => '2025-03-03 09:40'), send_survey(:desk, :'no', '2025-03-03 09:41'),
  record_survey(:desk, :'no', overall => 2, comment => '慢', at => '2025-03-03 09:45'), reopen(:desk, :'no', '没到账', at => '2025-03-03 09:50'),
  open_review(:desk, :'no', 'supervisor', '{supervisor}', 91, '2025-03-03 10:00'),
  grant_temporary_right(:desk, 12, now() + interval '1 hour', '代班', :'no', agent_id => 91) \g /dev/null

-- A month that has left.
SELECT next_ticket_no('2020-01-15') AS old, create_partitions('2020-01-01', 1) AS made \gset
INSERT INTO ticket (desk_id, ticket_no, channel, body, opened_at) VALUES (:desk, :'old', 'email', '闪退', '2020-01-15 09:00');
UPDATE ticket SET state = 'invalid', changed_at = '2020-01-15 10:00' WHERE ticket_no = :'old';
SELECT anchor_audit(:desk, '2025-03-04 03:00') AS anchor \gset
SELECT count(*) AS left FROM drop_months('2020-03-01', 'five years', false) \gset

-- The jobs; a ticket that one of them cannot handle.
CALL run_escalation('2025-03-04 09:00');
SELECT find_incidents(:desk, '2025-03-03 10:00'), find_surges(:desk, '2025-03-03 10:00'), refresh_health_batch('2025-03-10 09:00'), draw_weekly_sample(:desk, '2025-03-03', '2025-03-10 09:00') \g /dev/null
INSERT INTO set_aside (desk_id, ticket_no, job, at, retry_at, error_code, error) VALUES (:desk, :'no', 'escalation', now(), 'infinity', 'SF010', 'x');
INSERT INTO late_cause (desk_id, ticket_no, clock, run, cause, recorded_at) SELECT desk_id, ticket_no, clock, run, 'resources', '2025-03-10 10:00' FROM clock WHERE desk_id = :desk AND clock = 'resolve' ORDER BY ticket_no LIMIT 1;
SELECT open_ticket(:desk, 'email', '怎么用', customer_id => 2, at => '2025-03-10 12:00') AS last \gset

CREATE FUNCTION pg_temp.empty_tables() RETURNS SETOF name LANGUAGE plpgsql STABLE AS $$
DECLARE
  relation record; is_there boolean;
BEGIN
  FOR relation IN
    SELECT c.oid::regclass AS id, c.relname FROM pg_class AS c
    WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', relation.id) INTO is_there;
    IF NOT is_there THEN
      RETURN NEXT relation.relname;
    END IF;
  END LOOP;
END $$;
