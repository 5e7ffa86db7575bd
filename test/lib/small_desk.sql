-- A small desk for tests of the flow: one kind, two departments, four people, and a clock of every sort. Instants of the
-- tests lie in March 2025, in Shanghai; ticket numbers carry the month in which the test runs.
\set ON_ERROR_STOP 1
SET TimeZone = 'Asia/Shanghai';
SET search_path = public, csflow;
SET client_min_messages = warning;

SELECT create_desk('small', NULL) AS desk \gset
-- The tests say the same words again and again, each as a ticket of its own.
UPDATE desk SET duplicate_at_intake = false WHERE desk_id = :desk;
INSERT INTO team (desk_id, team_id, code, name_zh, name_en) VALUES
  (:desk, 1, 'service', '客服', 'service'), (:desk, 2, 'technical', '技术团队', 'technical team');
INSERT INTO agent (desk_id, agent_id, name, team_id) VALUES
  (:desk, 11, 'Lin', 1), (:desk, 12, 'Mei', 1), (:desk, 21, 'Tao', 2), (:desk, 91, 'Supervisor', 1), (:desk, 92, 'Head', 1);
UPDATE team SET supervisor_id = 91, head_id = 92 WHERE desk_id = :desk;
-- Whoever runs the tests is a pooled application.
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:desk, 99, 'application', current_user, true);
INSERT INTO category (desk_id, category_id, code, caption_zh, caption_en, tag_word, team_id, impact, urgency) VALUES
  (:desk, 1, 'fault', '技术故障', 'technical fault', '故障', 2, 2, 2), (:desk, 2, 'inquiry', '业务咨询', 'inquiry', '咨询', 1, 3, 2);
INSERT INTO category (desk_id, category_id, parent_id, code, caption_zh, caption_en) VALUES (:desk, 3, 1, 'crash', '闪退', 'crash');
INSERT INTO keyword_rule (desk_id, any_of, category_id) VALUES (:desk, '{闪退,白屏}', 3), (:desk, '{怎么用}', 2);
INSERT INTO customer (desk_id, customer_id, nickname) VALUES (:desk, 7, 'panda7');

INSERT INTO target (desk_id, target_id, clock, priority, duration, calendar, mode, daily_at, starts_on, stops_on, rearms_on, pauses_in,
  on_reopen) VALUES
  (:desk, 1, 'first_response', NULL, '24 hours', 'around_the_clock', 'once', NULL, '{opened}', '{person_message}', '{}', '{}', 'none'),
  (:desk, 2, 'accept', NULL, '15 minutes', 'around_the_clock', 'each', NULL, '{assigned}', '{accepted}', '{}', '{}', 'none'),
  (:desk, 3, 'resolve', NULL, '24 hours', 'around_the_clock', 'once', NULL, '{opened}', '{answered}', '{}',
    '{waiting_customer,waiting_partner}', 'resume'),
  (:desk, 4, 'resolve', 'E', '4 hours', 'around_the_clock', 'once', NULL, '{opened}', '{answered}', '{}',
    '{waiting_customer,waiting_partner}', 'resume'),
  (:desk, 5, 'progress_update', NULL, NULL, 'around_the_clock', 'daily_at', '10:00', '{transferred}', '{part_completed}',
    '{progress_entered}', '{}', 'none'),
  (:desk, 6, 'breakthrough', NULL, '24 hours', 'around_the_clock', 'once', NULL, '{transferred}', '{cause_located,answered}', '{}', '{}',
    'none'),
  (:desk, 7, 'objection_response', NULL, '2 hours', 'around_the_clock', 'each', NULL, '{enter_under_review}', '{person_message}', '{}',
    '{}', 'none'),
  (:desk, 8, 'auto_close', NULL, '72 hours', 'around_the_clock', 'each', NULL, '{answered}', '{customer_message,reopened,closed}', '{}',
    '{}', 'none');
INSERT INTO step (desk_id, target_id, position, at_share_pct, level, action, recipients, close_reason) VALUES
  (:desk, 2, 1, 100, 'breach', 'offer_next', '{supervisor}', NULL),
  (:desk, 3, 1, 75, 'warning', 'notify', '{owner}', NULL), (:desk, 3, 2, 100, 'breach', 'notify', '{supervisor}', NULL),
  (:desk, 3, 3, 150, 'escalation', 'notify', '{head}', NULL),
  (:desk, 4, 1, 100, 'breach', 'notify', '{supervisor,head}', NULL),
  (:desk, 5, 1, 100, 'breach', 'notify', '{team,owner}', NULL),
  (:desk, 6, 1, 100, 'escalation', 'open_review', '{head,technical}', NULL),
  (:desk, 8, 1, 100, 'escalation', 'close', '{}', 'no_new_request');
