-- The people of the demo's desk: whoever steps of clocks tell, and whoever decides approvals. Everybody else comes from the
-- log. Nobody has a name.
INSERT INTO csflow.agent (desk_id, name, team_id, tier)
SELECT t.desk_id, c.code || '-' || r.role, t.team_id, 'expert'
FROM csflow.team AS t
JOIN (VALUES ('customer_service', 'CS'), ('technical_team', 'TECH'), ('risk_control', 'RISK'), ('product', 'PROD'), ('operations', 'OPS'),
  ('emergency_response_group', 'EMER')) AS c (team, code) ON c.team = t.code
CROSS JOIN (VALUES ('supervisor'), ('head')) AS r (role)
WHERE t.desk_id = :desk AND NOT EXISTS (SELECT FROM csflow.agent AS a WHERE a.desk_id = t.desk_id AND a.name = c.code || '-' || r.role)
ORDER BY t.team_id, r.role DESC;

UPDATE csflow.team AS t
SET supervisor_id = (SELECT a.agent_id FROM csflow.agent AS a WHERE a.desk_id = t.desk_id AND a.team_id = t.team_id AND a.name LIKE '%-supervisor'),
  head_id = (SELECT a.agent_id FROM csflow.agent AS a WHERE a.desk_id = t.desk_id AND a.team_id = t.team_id AND a.name LIKE '%-head')
WHERE t.desk_id = :desk AND t.supervisor_id IS NULL AND t.head_id IS NULL;

INSERT INTO csflow.agent (desk_id, name, is_bot)
SELECT :desk, 'dispatcher', true
WHERE NOT EXISTS (SELECT FROM csflow.agent AS a WHERE a.desk_id = :desk AND a.name = 'dispatcher');
