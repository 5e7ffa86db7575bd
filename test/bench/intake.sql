-- The rivals of test/bench/40_intake.sh.
SELECT csflow.create_desk('bench');
CREATE SCHEMA bench;
-- Only the same text counts as repeated, so that the tickets of a customer are looked up and compared, but none is a duplicate
-- and all leave the same rows behind.
UPDATE csflow.desk SET duplicate_similarity = 1;
INSERT INTO csflow.customer (desk_id, customer_id, nickname) SELECT 1, g, 'customer ' || g FROM generate_series(1, 100001) AS g;

-- What one ticket leaves behind: read from a real one, without and with a customer, so that the rivals write as many rows
-- with the same values.
INSERT INTO csflow.ticket (desk_id, channel, body)
VALUES (1, 'live_chat', '昨天下午申请的提现失败，钱一直没到账，客服电话也打不通，请尽快帮我查一下到底是怎么回事，订单号已经发过两次了');
INSERT INTO csflow.ticket (desk_id, channel, customer_id, body)
VALUES (1, 'live_chat', 100000, '昨天下午申请的提现失败，钱一直没到账，客服电话也打不通，请尽快帮我查一下到底是怎么回事，订单号已经发过两次了');
CREATE TABLE bench.model_ticket AS SELECT ticket_no, customer_id IS NOT NULL AS has_customer FROM csflow.ticket;

-- The rows of a table that belong to the model ticket, its values as literals but for the number and the customer.
CREATE FUNCTION bench.model(relation regclass, number text, customer text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  result text;
  columns text;
BEGIN
  SELECT string_agg(CASE WHEN a.attname = 'ticket_no' THEN quote_literal(number)
    WHEN a.attname = 'customer_id' AND customer IS NOT NULL THEN quote_literal(customer) ELSE
      format($f$coalesce(quote_literal(x.%1$I::text), 'NULL') || '::%2$s'$f$, a.attname, format_type(a.atttypid, a.atttypmod)) END,
      ' || '', '' || ' ORDER BY a.attnum)
  INTO columns FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped;
  EXECUTE format('SELECT string_agg(''('' || %s || '')'', '', '') FROM %s AS x JOIN bench.model_ticket AS m USING (ticket_no) WHERE m.has_customer = %L',
    columns, relation, customer IS NOT NULL) INTO result;
  RETURN result;
END
$$;

-- The statement: number drawn as we do, the rest as values.
CREATE FUNCTION bench.cte_text(customer text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
  SELECT format('WITH n AS MATERIALIZED (SELECT csflow.next_ticket_no() AS no),
t AS (INSERT INTO csflow.ticket SELECT v.* FROM n, LATERAL (VALUES %s) AS v),
e AS (INSERT INTO csflow.event SELECT v.* FROM n, LATERAL (VALUES %s) AS v),
c AS (INSERT INTO csflow.clock SELECT v.* FROM n, LATERAL (VALUES %s) AS v)%s
INSERT INTO csflow.ticket_chain SELECT v.* FROM n, LATERAL (VALUES %s) AS v;',
    replace(bench.model('csflow.ticket', 'n.no', customer), E'\n', ' '), bench.model('csflow.event', 'n.no', customer),
    bench.model('csflow.clock', 'n.no', customer),
    CASE WHEN customer IS NOT NULL THEN ',
q AS (INSERT INTO csflow.duplicate_queue SELECT 1, no FROM n)' ELSE '' END,
    bench.model('csflow.ticket_chain', 'n.no', customer))
$$;

-- The same for many tickets; customer: an expression over n.place, the place of a ticket.
CREATE FUNCTION bench.bulk(count integer, customer text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  relation text;
BEGIN
  CREATE TEMP TABLE numbers ON COMMIT DROP AS SELECT csflow.next_ticket_no() AS no, g AS place FROM generate_series(1, count) AS g;
  FOREACH relation IN ARRAY ARRAY['ticket', 'event', 'clock', 'ticket_chain'] LOOP
    EXECUTE format('INSERT INTO csflow.%I SELECT v.* FROM numbers AS n, LATERAL (VALUES %s) AS v', relation,
      bench.model(format('csflow.%I', relation)::regclass, 'n.no', customer));
  END LOOP;
  IF customer IS NOT NULL THEN
    INSERT INTO csflow.duplicate_queue SELECT 1, n.no FROM numbers AS n;
  END IF;
END
$$;

-- Keyword routing, a deadline per promise and a log, the way it is usually written.
CREATE TABLE bench.word AS
SELECT r.rule_id, w.word, r.category_id FROM csflow.keyword_rule AS r, unnest(r.any_of) AS w (word)
WHERE r.desk_id = 1 AND r.category_id IS NOT NULL;
CREATE TABLE bench.ticket (
  ticket_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL, body text NOT NULL, category_id bigint, priority smallint, team_id bigint,
  state text NOT NULL DEFAULT 'new', opened_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON bench.ticket (team_id, opened_at) WHERE state = 'new';
CREATE INDEX ON bench.ticket (opened_at);
CREATE TABLE bench.log (
  log_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ticket_id bigint NOT NULL, kind text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(), detail jsonb);
CREATE INDEX ON bench.log (ticket_id, at);
CREATE TABLE bench.deadline (
  ticket_id bigint, name text, due_at timestamptz NOT NULL, met_at timestamptz, PRIMARY KEY (ticket_id, name));
CREATE INDEX ON bench.deadline (due_at) WHERE met_at IS NULL;
CREATE FUNCTION bench.route() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  SELECT w.category_id INTO NEW.category_id FROM bench.word AS w WHERE position(w.word IN NEW.body) > 0
  GROUP BY w.category_id ORDER BY count(*) DESC, w.category_id LIMIT 1;
  SELECT c.team_id, c.impact + c.urgency INTO NEW.team_id, NEW.priority FROM csflow.category AS c
  WHERE c.desk_id = 1 AND c.category_id = NEW.category_id;
  RETURN NEW;
END
$$;
CREATE FUNCTION bench.log_opening() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bench.log (ticket_id, kind, detail) VALUES (NEW.ticket_id, 'opened', jsonb_build_object('priority', NEW.priority));
  INSERT INTO bench.deadline (ticket_id, name, due_at)
  VALUES (NEW.ticket_id, 'acknowledge', NEW.opened_at + interval '1 minute'),
    (NEW.ticket_id, 'standby', NEW.opened_at + interval '1 minute'),
    (NEW.ticket_id, 'cause', NEW.opened_at + interval '4 hours'),
    (NEW.ticket_id, 'resolve', NEW.opened_at + interval '24 hours');
  RETURN NULL;
END
$$;
CREATE TRIGGER route BEFORE INSERT ON bench.ticket FOR EACH ROW EXECUTE FUNCTION bench.route();
CREATE TRIGGER log_opening AFTER INSERT ON bench.ticket FOR EACH ROW EXECUTE FUNCTION bench.log_opening();
ANALYZE;
