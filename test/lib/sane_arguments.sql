-- After internet_desk.sql: values of every type, as literals.sql makes them; tickets in which each function finds what it asks for; and sane_value(), the
-- argument with which a function does its work instead of refusing it. For tests that call all functions.
INSERT INTO approval_limit (desk_id, subject, approver, up_to) VALUES (:desk, 'refund', 'supervisor', 1000);
INSERT INTO campaign (desk_id, name, first_day, last_day, factor) VALUES (:desk, 'sale', '2025-03-03', '2025-03-05', 2);
UPDATE desk SET survey_on = 'answered', survey_questions = '{overall,nps,ces}', confirm_by_link = true WHERE desk_id = :desk;
-- A ticket for each state in which a verb begins; all but the first two with a person.
CREATE TABLE subject (name text PRIMARY KEY, ticket_no ticket_no);
INSERT INTO subject SELECT n, open_ticket(:desk, 'email', '闪退 ' || n, customer_id => 1, external_id => n, at => '2025-03-03 09:00')
  FROM unnest('{new,duplicate,assigned,working,waiting,approving,answered,closed,child,reviewed,granted,contested,late}'::text[]) WITH ORDINALITY AS s (n, o) ORDER BY o;
CREATE FUNCTION subject(wanted text) RETURNS ticket_no LANGUAGE sql STABLE RETURN (SELECT s.ticket_no FROM subject AS s WHERE s.name = wanted);
SELECT assign(:desk, s.ticket_no, 21, 'theirs', 91, '2025-03-03 09:05') FROM subject AS s WHERE name NOT IN ('new', 'duplicate') ORDER BY s.ticket_no \g /dev/null
SELECT accept(:desk, s.ticket_no, 21, '2025-03-03 09:06') FROM subject AS s WHERE name NOT IN ('new', 'duplicate', 'assigned') ORDER BY s.ticket_no \g /dev/null
SELECT mark_duplicate(:desk, subject('duplicate'), subject('new'), agent_id => 91, at => '2025-03-03 09:10'),
  wait_for_customer(:desk, subject('waiting'), 'which version?', 21, '2025-03-03 09:10'),
  request_approval(:desk, subject('approving'), 'give it back', 21, '2025-03-03 09:10', 'refund', 10),
  add_task(:desk, subject('working'), 'call back', agent_id => 21, at => '2025-03-03 09:10'),
  open_review(:desk, subject('reviewed'), 'supervisor', '{supervisor}', 91, '2025-03-03 09:10'),
  grant_temporary_right(:desk, 12, now() + interval '1 day', 'holidays', subject('granted'), agent_id => 91),
  answer(:desk, subject('answered'), 'done', 21, '2025-03-03 10:00'), answer(:desk, subject('closed'), 'done', 21, '2025-03-03 10:00'),
  answer(:desk, subject('contested'), 'done', 21, '2025-03-03 10:00'), note(:desk, subject('late'), 'found', 'cause_located', agent_id => 21, at => '2025-03-03 18:00') \g /dev/null
SELECT object(:desk, subject('contested'), 'not so', 91, '2025-03-03 11:00') \g /dev/null
SELECT close_ticket(:desk, subject('closed'), 'customer_confirmed', 91, '2025-03-03 10:30') \g /dev/null
INSERT INTO subject SELECT 'parent', open_incident(:desk, '2025-03-03 11:00', t.category_id, 'version', '2.1', ARRAY[t.ticket_no], 1) FROM ticket AS t WHERE t.ticket_no = subject('child');
SELECT escalate_batch('2025-03-03 20:00'), refresh_health_batch('2025-03-03 20:00'), anchor_audit(:desk, '2025-03-03 20:00') \g /dev/null
\ir literals.sql

-- By name of the argument, and where a function wants another value, by its name, too. The first of the most special counts.
CREATE TABLE sane_argument (routine text, argument text NOT NULL, value text, UNIQUE (routine, argument));
INSERT INTO sane_argument (argument, value) VALUES
  ('agent_id', '91'), ('assignee_id', '21'), ('holder_id', '12'), ('reviewer_id', '12'), ('actor_kind', 'agent'), ('author_kind', 'agent'), ('cause', 'resources'), ('channel', 'email'),
  ('clock', 'resolve'), ('cut', 'kind'), ('customer_tier', 'standard'), ('external_id', NULL), ('highest', '5'), ('job', 'escalation'), ('kind', 'technical_fault'), ('lang', 'zh'), ('measure', 'answer_seconds'),
  ('milestone', NULL), ('category', NULL), ('message_no', NULL), ('name', 'tickets'), ('next_news_at', NULL), ('outcome', 'agreed'), ('participants', '{supervisor}'), ('part', NULL), ('prefix', 'sane'), ('recipients', '{supervisor}'),
  ('state', 'waiting_customer'), ('subject', 'refund'), ('team', 'technical_team'), ('zone', 'Asia/Shanghai'), ('overall', '4'), ('efficiency', '4'), ('attitude', '4'), ('clarity', '4'), ('fairness', '4'),
  ('ticket_no', subject('working')), ('rules', '{09:00-12:00}'), ('degrees', '5'), ('opened_from', '2025-03-01'), ('opened_before', '2025-04-01'), ('opened_to', '2025-04-01'),
  ('since', '2025-03-01'), ('until', '2025-04-01'), ('from_at', '2025-03-01'), ('to_at', '2025-04-01'), ('first_day', '2025-03-01'), ('last_day', '2025-03-31'), ('from_date', '2025-03-01'), ('to_date', '2025-03-31'),
  ('steps', '[{"at_pct": 50, "level": "warning", "action": "notify", "recipients": ["owner"]}]'),
  ('targets', '{"targets": [{"clock": "resolve", "duration": "4 hours"}]}'),
  ('playbook', '{"name": "sane", "teams": [{"code": "service", "zh": "客服", "en": "service"}], "categories": [{"code": "fault", "zh": "故障", "en": "fault", "tag_word": "故障", "team": "service", "impact": 2, "urgency": 2, "keywords": {"2": ["闪退"]}}],
    "calendars": [{"code": "office", "hours": "mon-fri 09:00-18:00"}], "steps": {"usual": [{"at_pct": 100, "level": "breach", "action": "notify", "recipients": ["owner"]}]},
    "targets": [{"clock": "resolve", "duration": "4 hours", "calendar": "office", "starts_on": ["opened"], "stops_on": ["answered"], "steps": "usual"}]}');
INSERT INTO sane_argument (routine, argument, value) VALUES
  ('accept', 'agent_id', '21'), ('accept', 'ticket_no', subject('assigned')), ('add_task', 'due_at', '2025-03-05'), ('add_task', 'team', NULL), ('answer_children', 'parent_no', subject('parent')),
  ('calendar_china', 'shifts', '09:00-12:00,13:00-18:00'), ('close_review', 'review_no', (SELECT max(review_no)::text FROM review)), ('close_review', 'ticket_no', subject('reviewed')),
  ('close_ticket', 'reason', 'customer_confirmed'), ('close_ticket', 'ticket_no', subject('answered')), ('compare_periods', 'after_from', '2025-03-03'), ('compare_periods', 'after_to', '2025-03-04'),
  ('compare_periods', 'before_from', '2025-03-01'), ('compare_periods', 'before_to', '2025-03-03'), ('confirm', 'ticket_no', subject('answered')), ('continue_recompute', 'after', '202001001'), ('change_health', 'changes', '{}'),
  ('create_desk', 'name', 'another'), ('create_desk', 'playbook', 'internet'), ('create_partition', 'month', '2031-01-01'), ('create_partition', 'owner', current_user), ('create_partition', 'parent', 'message'),
  ('decide', 'ticket_no', subject('approving')), ('desk_codes', 'what', 'team'), ('desk_id', 'name', 'support'), ('event_hash', 'previous', '\x' || repeat('ab', 32)), ('event_hash', 'text_digest', '\x' || repeat('cd', 32)),
  ('grant_temporary_right', 'expires_at', (now() + interval '1 day')::text), ('grant_temporary_right', 'team', NULL), ('json_texts', 'value', '["x"]'), ('mark_duplicate', 'original_no', subject('new')),
  ('name_reviewer', 'ticket_no', subject('contested')), ('normal_item', 'item', '{"clock": "resolve", "duration": "4 hours"}'), ('normal_item', 'part', 'target'), ('object', 'ticket_no', subject('answered')),
  ('open_incident', 'facet', 'category'), ('open_incident', 'tickets', ARRAY[subject('working')]::text), ('open_review', 'kind', 'supervisor'), ('read_value', 'type', 'interval'), ('read_value', 'value', '1 hour'),
  ('record_late_cause', 'clock', 'cause_located'), ('record_late_cause', 'ticket_no', subject('late')), ('record_survey', 'ces', '3'), ('record_survey', 'nps', '9'), ('record_survey', 'ticket_no', subject('answered')),
  ('refuse_unknown_ticket', 'ticket_no', '202012001'), ('reopen', 'ticket_no', subject('closed')), ('require_code', 'code', 'x'), ('require_code', 'codes', '{x}'), ('resolve_incident', 'parent_no', subject('parent')),
  ('resume', 'ticket_no', subject('waiting')), ('rule_faults', 'rules', '[]'), ('scalar_fault', 'type', 'interval'), ('scalar_fault', 'value', '"1 hour"'), ('health_sketch', 'name', 'resolution'), ('score_of', 'score', '4'), ('setup_roles', 'prefix', 'other'), ('setup_policies', 'relation', 'csflow.ticket'),
  ('setup_policies', 'rows_of', 'ticket'), ('shipped_playbook', 'name', 'internet'), ('staff_needed', 'first_day', '2025-03-05'), ('staff_needed', 'occupancy_pct', '80'), ('staff_needed', 'target_pct', '80'), ('staff_needed', 'handling', '10 minutes'), ('staff_needed', 'wait', '30 seconds'),
  ('ticket_no_from_bigint', '', subject('new')::bigint::text), ('undo_mark', 'ticket_no', subject('duplicate')), ('use_link', 'purpose', 'survey'),
  ('answer_survey', 'ces', '3'), ('answer_survey', 'nps', '9');
INSERT INTO sane_argument (routine, argument, value)
  SELECT r, 'token', (SELECT o.payload ->> 'token' FROM outbox AS o WHERE o.ticket_no = subject('answered') AND o.topic = t) FROM (VALUES ('answer_survey', 'survey'), ('use_link', 'survey'), ('confirm_by_token', 'confirmation')) AS v (r, t);
INSERT INTO sane_argument (argument, value) SELECT 'run_id', start_job('escalation', '2025-03-04 09:00+08');
-- What the playbook of the desk would change to, with a little more and less of everything.
INSERT INTO sane_argument (argument, value) SELECT 'changes', jsonb_agg(to_jsonb(c)) FROM playbook_changes(:desk, jsonb_set(export_playbook(:desk), '{targets,0,duration}', '"7 minutes"')
  #- '{rules,-1}' #- '{targets,-1}' #- '{raises,-1}' #- '{lexicon,-1}' #- '{categories,0,children,-1}') AS c;
INSERT INTO sane_argument (routine, argument, value) SELECT r, 'playbook', complete_playbook(s.value::jsonb) FROM sane_argument AS s, unnest('{replay_attainment,what_if_calendar_rows,what_if_target_rows,what_if_step_rows,playbook_rows}'::text[]) AS r
  WHERE s.argument = 'playbook' AND s.routine IS NULL;
INSERT INTO sane_argument (routine, argument, value) SELECT 'assemble_playbook', 'rows', jsonb_agg(to_jsonb(r)) FROM playbook_rows(complete_playbook((SELECT s.value::jsonb FROM sane_argument AS s WHERE s.argument = 'playbook' AND s.routine IS NULL))) AS r;
-- What is here for nobody was renamed.
DO $$
DECLARE
  lost record;
BEGIN
  FOR lost IN SELECT s.* FROM sane_argument AS s WHERE NOT EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = 'csflow'::regnamespace AND (s.routine = p.proname OR s.routine IS NULL)
    AND (s.argument = '' OR s.argument = ANY (p.proargnames[:p.pronargs]))) LOOP
    RAISE EXCEPTION 'no function % has an argument "%"', coalesce(lost.routine, 'at all'), lost.argument;
  END LOOP;
END $$;
-- As it stands in a call: of the routine, else of every routine, else the first literal of the type.
CREATE FUNCTION sane_value(routine oid, place integer) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT format('%L::%s', (coalesce((SELECT ARRAY[s.value] FROM sane_argument AS s WHERE s.argument = a.name AND (s.routine = p.proname OR s.routine IS NULL) ORDER BY s.routine LIMIT 1),
    (SELECT ARRAY[l.value] FROM literal AS l WHERE l.type = a.type ORDER BY l.n LIMIT 1)))[1], a.type)
  FROM pg_proc AS p CROSS JOIN LATERAL (SELECT p.proargtypes[place - 1]::regtype AS type, coalesce(p.proargnames[place], '') AS name) AS a WHERE p.oid = routine
$$;
