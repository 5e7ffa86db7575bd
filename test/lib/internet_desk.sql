-- A desk of the internet playbook with people and customers, for tests that hold the playbook to its word. Instants of the
-- tests lie in March 2025, in Shanghai; the caller owns the flow, so it may date tickets as it likes.
\set ON_ERROR_STOP 1
SET TimeZone = 'Asia/Shanghai';
SET search_path = public, csflow;
SET client_min_messages = warning;

SELECT create_desk('support') AS desk \gset
-- The tests say the same words again and again, each as a ticket of its own.
UPDATE desk SET duplicate_at_intake = false WHERE desk_id = :desk;
SELECT team_id AS service FROM team WHERE desk_id = :desk AND code = 'customer_service' \gset
SELECT team_id AS technical FROM team WHERE desk_id = :desk AND code = 'technical_team' \gset
SELECT team_id AS risk FROM team WHERE desk_id = :desk AND code = 'risk_control' \gset
SELECT team_id AS product FROM team WHERE desk_id = :desk AND code = 'product' \gset
SELECT team_id AS emergency FROM team WHERE desk_id = :desk AND code = 'emergency_response_group' \gset
INSERT INTO agent (desk_id, agent_id, name, team_id, is_bot) VALUES
  (:desk, 11, 'Lin', :service, false), (:desk, 12, 'Mei', :service, false), (:desk, 21, 'Tao', :technical, false),
  (:desk, 31, 'Ren', :risk, false), (:desk, 41, 'Pan', :product, false), (:desk, 71, 'Bot', :service, true),
  (:desk, 91, 'Supervisor', :service, false), (:desk, 92, 'Head', :service, false);
UPDATE team SET supervisor_id = 91, head_id = 92 WHERE desk_id = :desk;
INSERT INTO customer (desk_id, customer_id, external_id, nickname, tier) VALUES
  (:desk, 1, 'u-1', 'panda1', 'standard'), (:desk, 2, 'u-2', 'panda2', 'vip');

-- Rows as text, one a line, so that a test can show a whole story at once; instants without year and without idle zeros.
CREATE FUNCTION instant(at timestamptz) RETURNS text LANGUAGE sql STABLE RETURN
  coalesce(regexp_replace(to_char(at, 'MM-DD HH24:MI:SS.US'), '(:00)?\.0{6}$|0+$', ''), '-');
CREATE FUNCTION clocks(no csflow.ticket_no, wanted text DEFAULT NULL) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT format('%s/%s %s..%s due %s %s', clock, run, instant(started_at), instant(stopped_at), instant(due_at),
    coalesce(outcome, CASE WHEN run_since IS NULL THEN 'paused' ELSE 'running' END))
  FROM csflow.clock WHERE ticket_no = no AND (wanted IS NULL OR clock = wanted) ORDER BY clock COLLATE "C", run
$$;
CREATE FUNCTION steps(no csflow.ticket_no, wanted text DEFAULT NULL) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT format('%s/%s step %s %s %s due %s fired %s', clock, run, step_position, old_value, new_value, instant(due_at), instant(at))
  FROM csflow.event WHERE ticket_no = no AND kind = 'step_fired' AND (wanted IS NULL OR clock = wanted) ORDER BY seq
$$;
CREATE FUNCTION events(no csflow.ticket_no) RETURNS text LANGUAGE sql STABLE AS
  $$SELECT string_agg(kind, ' ' ORDER BY seq) FROM csflow.event WHERE ticket_no = no$$;
