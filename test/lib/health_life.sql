-- Random tickets of the internet desk, through rows as an application writes them, seeded by the caller's setseed().
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:desk, 99, 'application', current_user, true);

-- Few texts and few customers: none is meant as a duplicate.
UPDATE desk SET duplicate_window = '0' WHERE desk_id = :desk;

CREATE FUNCTION any_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT choices[1 + floor(random() * cardinality(choices))::int]';

CREATE PROCEDURE happens(desk bigint, i integer, at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
  t csflow.ticket;
  what double precision := random();
  next text;
BEGIN
  SELECT * INTO t FROM csflow.ticket WHERE desk_id = desk AND external_id = i::text AND source = 'csflow';
  IF NOT FOUND THEN
    INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, external_id, opened_at, agent_id, state)
    VALUES (desk, any_of('email', 'live_chat', 'hotline', 'web_form'), any_of(NULL, '1', '2')::bigint, any_of('提现失败', '密码被改', '怎么用', '建议增加夜间模式', 'x'), i::text, at,
      any_of(NULL, NULL, '11', '21')::bigint, any_of('new', 'new', 'new', 'new', 'in_progress', 'answered', 'invalid'));
    RETURN;
  END IF;
  at := greatest(at, t.changed_at);
  IF what < 0.4 THEN
    SELECT x.to_state INTO next FROM csflow.transition x WHERE x.desk_id = desk AND x.from_state = t.state ORDER BY random() * CASE WHEN x.to_state IN ('duplicate', 'invalid') THEN 8 ELSE 1 END LIMIT 1;
    UPDATE csflow.ticket x SET state = next, changed_at = at, close_reason = CASE next WHEN 'closed' THEN 'customer_confirmed' END,
      duplicate_of = CASE next WHEN 'duplicate' THEN (SELECT min(ticket_no) FROM csflow.ticket y WHERE y.desk_id = desk AND y.ticket_no <> t.ticket_no) END,
      agent_id = CASE WHEN random() < 0.3 THEN any_of('11', '12', '21')::bigint ELSE x.agent_id END
    WHERE x.desk_id = desk AND x.ticket_no = t.ticket_no;
  ELSIF what < 0.48 THEN
    UPDATE csflow.ticket x SET category_id = (SELECT category_id FROM csflow.category c WHERE c.desk_id = desk ORDER BY random() LIMIT 1), changed_at = at, change_reason = 'so'
    WHERE x.desk_id = desk AND x.ticket_no = t.ticket_no;
  ELSIF what < 0.58 THEN
    UPDATE csflow.ticket x SET team_id = (SELECT team_id FROM csflow.team m WHERE m.desk_id = desk ORDER BY random() LIMIT 1), agent_id = any_of(NULL, '11', '41')::bigint, changed_at = at, change_reason = 'so'
    WHERE x.desk_id = desk AND x.ticket_no = t.ticket_no;
  ELSIF what < 0.61 THEN
    UPDATE csflow.ticket x SET customer_tier = any_of('standard', 'vip'), channel = any_of('email', 'hotline'), changed_at = at WHERE x.desk_id = desk AND x.ticket_no = t.ticket_no;
  ELSE
    INSERT INTO csflow.message (desk_id, ticket_no, author_kind, changed_by, is_public, at)
    SELECT desk, t.ticket_no, a.author, CASE WHEN a.author = 'agent' THEN any_of('11', '21', '71')::bigint END, random() < 0.8, happens.at
    FROM (SELECT any_of('customer', 'agent', 'agent', 'system') AS author) a;
  END IF;
END
$$;

-- changes: how many a ticket has on the average between two instants; sweeps fire in between.
CREATE PROCEDURE live(desk bigint, tickets integer, changes integer, since timestamptz, until timestamptz) LANGUAGE plpgsql AS $$
DECLARE
  op record;
BEGIN
  FOR op IN SELECT i, since + floor(random() * extract(epoch FROM until - since) * 1e6) * interval '1 microsecond' AS at
    FROM generate_series(1, tickets) i, generate_series(1, changes) UNION ALL
    SELECT NULL, since + random() * (until - since) FROM generate_series(1, 20)
    ORDER BY at, i
  LOOP
    IF op.i IS NOT NULL THEN
      CALL happens(desk, op.i, op.at);
    ELSE
      WHILE csflow.fire_steps(desk, op.at, 1000, false) > 0 LOOP END LOOP;
      WHILE csflow.fire_steps(desk, op.at, 1000, true) > 0 LOOP END LOOP;
    END IF;
  END LOOP;
END
$$;
