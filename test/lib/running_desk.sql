-- A desk in the middle of its work, for tests that take a whole database elsewhere: rules changed by hand, tickets in every
-- state, clocks running and paused, steps fired, tasks, messages, files. Run by whoever is to own the tables, with every_table.sql after it.
SET TimeZone = 'Asia/Shanghai';
SELECT csflow.create_desk('support', 'internet');
SELECT csflow.create_desk('second', NULL);
INSERT INTO csflow.calendar_day (desk_id, code, day, rule, reason)
  SELECT desk_id, min(code), '2025-03-05', 'off', '盘点' FROM csflow.working_calendar WHERE desk_id = csflow.desk_id('support') GROUP BY desk_id;
INSERT INTO csflow.customer (desk_id, nickname, attributes) SELECT csflow.desk_id('support'), 'panda' || n, '{"vip": true}' FROM generate_series(1, 5) AS n;
INSERT INTO csflow.agent (desk_id, name, role_name, may_act_for_others) VALUES (csflow.desk_id('support'), 'Lin', 'keeper', true);
INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, attributes, source, external_id, opened_at)
  SELECT csflow.desk_id('support'), (ARRAY['email', 'email', 'email'])[1 + n % 3], 1 + n % 5,
    (ARRAY['登录后闪退，支付失败，马上处理！', '請問退款什麼時候到賬', 'The app crashes after login', '怎么用优惠券'])[1 + n % 4] || ' ' || n,
    jsonb_build_object('device', 'P' || n), 'mail', 'm-' || n, '2025-03-03 09:00'::timestamptz + n * interval '1 minute'
  FROM generate_series(1, 120) AS n;
INSERT INTO csflow.ticket (ticket_no, desk_id, channel, body, opened_at)
  VALUES (csflow.next_ticket_no('2024-12-31 12:00+08'), csflow.desk_id('support'), 'email', '去年的问题', '2024-12-31 12:00');
UPDATE csflow.ticket SET state = 'in_progress', changed_at = '2025-03-03 11:30' WHERE csflow.ticket_serial(ticket_no) % 5 = 1 AND opened_at > '2025-01-01';
UPDATE csflow.ticket SET state = 'waiting_customer', changed_at = '2025-03-03 12:00', change_reason = '等待客户补充信息'
  WHERE csflow.ticket_serial(ticket_no) % 10 = 1 AND opened_at > '2025-01-01';
INSERT INTO csflow.message (desk_id, ticket_no, at, author_kind, body)
  SELECT desk_id, ticket_no, '2025-03-03 12:10', 'agent', '正在处理' FROM csflow.ticket WHERE state = 'in_progress';
UPDATE csflow.ticket SET state = 'answered', changed_at = '2025-03-03 12:20' WHERE csflow.ticket_serial(ticket_no) % 10 = 6 AND opened_at > '2025-01-01';
INSERT INTO csflow.attachment (desk_id, ticket_no, name, uri) SELECT desk_id, ticket_no, 'log.txt', 'file:///log' FROM csflow.ticket LIMIT 3;
INSERT INTO csflow.target (desk_id, clock, calendar, mode, due_from, starts_on, stops_on, rearms_on, subject, outlives_closing)
  VALUES (csflow.desk_id('support'), 'task', 'around_the_clock', 'each', 'named', '{task_created}', '{task_done}', '{task_created}', 'task', true);
INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, level, action, recipients)
  SELECT desk_id, target_id, 1, 100, 'breach', 'notify', '{owner}' FROM csflow.target WHERE clock = 'task';
INSERT INTO csflow.task (desk_id, ticket_no, title, due_at, created_at)
  SELECT desk_id, ticket_no, '核对退款', '2025-03-03 18:00', '2025-03-03 12:25' FROM csflow.ticket WHERE csflow.ticket_serial(ticket_no) % 10 < 3 AND opened_at > '2025-01-01';
UPDATE csflow.task SET done_at = '2025-03-03 12:26' WHERE csflow.ticket_serial(ticket_no) % 10 = 2;
CALL csflow.run_escalation('2025-03-03 12:30');
INSERT INTO csflow.agent (desk_id, agent_id, name, team_id)
  SELECT t.desk_id, v.agent_id, v.name, t.team_id FROM csflow.team AS t, (VALUES (11, 'Mei'), (12, 'Tao'), (91, 'Supervisor')) AS v (agent_id, name)
  WHERE t.desk_id = csflow.desk_id('support') AND t.code = 'customer_service';
UPDATE csflow.team SET supervisor_id = 91 WHERE desk_id = csflow.desk_id('support');
SELECT csflow.desk_id('support') AS desk \gset
SET search_path = csflow;
