-- Event logs for replaying: what file they came from, in which layout, checked and brought into one form (doc/demo.md).
-- A schema of its own beside csflow; the file goes into csflow_demo.raw, csflow_demo.load() turns it into csflow_demo.log.

CREATE SCHEMA csflow_demo;
COMMENT ON SCHEMA csflow_demo IS 'Replaying event logs into a desk: make demo.';

CREATE TABLE csflow_demo.log (
  source text NOT NULL,
  ticket text NOT NULL,
  position integer NOT NULL,
  row_no bigint NOT NULL,
  at timestamptz NOT NULL,
  event text NOT NULL,
  channel text,
  customer text,
  customer_tier text,
  team text,
  agent text,
  actor text,
  title text,
  body text,
  amount numeric,
  impact smallint,
  urgency smallint,
  priority csflow.priority,
  category text,
  milestone text,
  next_news_at timestamptz,
  original text,
  reason text,
  attributes jsonb,
  applied_at timestamptz,
  refusal text,
  PRIMARY KEY (source, ticket, position)
);
CREATE INDEX log_waiting ON csflow_demo.log (source, at, row_no, position) WHERE applied_at IS NULL;
COMMENT ON TABLE csflow_demo.log IS 'What a log says happened, one row an event. position: 1, 2 … within the ticket, so that a log loaded again adds only what is new; applied_at: when it was replayed; refusal: why the flow did not take it.';

CREATE VIEW csflow_demo.event_name AS
SELECT * FROM (VALUES
  ('opened', '{channel}'::text[]), ('automatic_message', '{body}'), ('customer_message', '{}'), ('reply', '{body}'), ('note', '{body}'),
  ('routed', '{team}'), ('assigned', '{agent}'), ('unassigned', '{}'), ('accepted', '{}'), ('transferred', '{team,reason}'),
  ('waiting_customer', '{}'), ('waiting_partner', '{}'), ('waiting_approval', '{reason}'), ('approved', '{}'), ('rejected', '{}'),
  ('resumed', '{}'), ('answered', '{}'), ('confirmed', '{}'), ('reopened', '{reason}'), ('objected', '{reason}'), ('closed', '{reason}'),
  ('duplicate', '{original}'), ('invalid', '{reason}'), ('restored', '{}'), ('category', '{category,reason}'),
  ('priority', '{priority,reason}'), ('severity', '{impact,urgency}')
) AS e (event, needs);
COMMENT ON VIEW csflow_demo.event_name IS 'The events a log may contain, and the columns each cannot do without.';

CREATE VIEW csflow_demo.layout AS
SELECT * FROM (VALUES
  ('events', '{at,ticket,event}'::text[],
    '{channel,customer,customer_tier,team,agent,actor,title,body,amount,impact,urgency,priority,category,milestone,next_news_at,original,reason}'::text[]),
  ('incidents', '{number,incident_state,opened_at,sys_updated_at,reassignment_count,caller_id,contact_type,category,subcategory,u_symptom,impact,urgency,assignment_group,assigned_to}',
    '{location,knowledge,closed_code}')
) AS l (layout, needs, takes);
COMMENT ON VIEW csflow_demo.layout IS 'The layouts of a log: the columns it needs, and those it takes besides.';

CREATE FUNCTION csflow_demo.columns(header text) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN (SELECT array_agg(lower(btrim(c.name, E' \t\r\n"\uFEFF')) ORDER BY c.n)
  FROM string_to_table(header, ',') WITH ORDINALITY AS c (name, n));
COMMENT ON FUNCTION csflow_demo.columns(text) IS 'Names of the columns in the first line of a CSV file.';

CREATE FUNCTION csflow_demo.recognise(names text[]) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  closest record;
BEGIN
  SELECT l.layout, l.needs, m.missing INTO closest
  FROM csflow_demo.layout AS l,
    LATERAL (SELECT coalesce(array_agg(n ORDER BY o), '{}') AS missing FROM unnest(l.needs) WITH ORDINALITY AS u (n, o) WHERE n <> ALL (names)) AS m
  ORDER BY cardinality(m.missing)::float / cardinality(l.needs), l.layout
  LIMIT 1;
  IF cardinality(closest.missing) > 0 THEN
    RAISE EXCEPTION 'this file cannot be replayed: no column %', array_to_string(closest.missing, ', ')
      USING ERRCODE = 'undefined_column', DETAIL = format('Its first line has: %s.', left(array_to_string(names, ', '), 500)),
        HINT = 'A log is a CSV file, separated by commas, whose first line names at, ticket and event; the other columns, and the second layout that is read, are in doc/demo.md.';
  END IF;
  RETURN closest.layout;
END
$$;
COMMENT ON FUNCTION csflow_demo.recognise(text[]) IS 'Layout of a log with these columns. Errors: 42703 with the columns missing.';

CREATE FUNCTION csflow_demo.prepare(header text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  names text[] := csflow_demo.columns(header);
  recognised text := csflow_demo.recognise(names);
  unused text;
BEGIN
  SELECT string_agg(f, ', ') INTO unused FROM unnest(names) AS f, csflow_demo.layout AS l
  WHERE l.layout = recognised AND f <> ALL (l.needs || l.takes);
  IF recognised = 'events' AND unused IS NOT NULL THEN
    RAISE NOTICE 'columns not known to the replay, kept as attributes of the ticket: %', unused;
  END IF;
  IF to_regclass('csflow_demo.raw') IS NOT NULL THEN
    DROP TABLE csflow_demo.raw;
  END IF;
  -- Numbered as they are copied: nothing else keeps the order of the file.
  EXECUTE format('CREATE TABLE csflow_demo.raw (%s, row_no bigserial)', (SELECT string_agg(format('%I text', f), ', ' ORDER BY o) FROM unnest(names) WITH ORDINALITY AS u (f, o)));
  RETURN recognised;
END
$$;
COMMENT ON FUNCTION csflow_demo.prepare(text) IS 'Makes csflow_demo.raw for a file with this first line, to be filled with COPY csflow_demo.raw (those columns) … (FORMAT csv, HEADER), and returns its layout. Errors: as csflow_demo.recognise.';

CREATE FUNCTION csflow_demo.copy_command(header text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN format('COPY csflow_demo.raw (%s) FROM STDIN WITH (FORMAT csv, HEADER)', (SELECT string_agg(quote_ident(c), ', ' ORDER BY n)
  FROM unnest(csflow_demo.columns(header)) WITH ORDINALITY AS u (c, n)));
COMMENT ON FUNCTION csflow_demo.copy_command(text) IS 'The COPY that fills csflow_demo.raw from a file with this first line.';

CREATE FUNCTION csflow_demo.typed_columns() RETURNS TABLE (name text, type text)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT * FROM (VALUES ('at', 'timestamptz'), ('next_news_at', 'timestamptz'), ('amount', 'numeric'), ('impact', 'smallint'),
    ('urgency', 'smallint'), ('priority', 'csflow.priority'), ('opened_at', 'timestamptz'), ('sys_updated_at', 'timestamptz'),
    ('reassignment_count', 'integer')) AS c (name, type);
END;
COMMENT ON FUNCTION csflow_demo.typed_columns() IS 'The columns of a log that are not plain text.';

CREATE FUNCTION csflow_demo.refuse_bad_value() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  cell record;
BEGIN
  FOR cell IN
    SELECT r.row_no, c.name, c.type, j.value
    FROM csflow_demo.raw AS r, jsonb_each_text(to_jsonb(r)) AS j (key, value), csflow_demo.typed_columns() AS c
    WHERE c.name = j.key AND j.value <> ''
    ORDER BY r.row_no
  LOOP
    BEGIN
      EXECUTE format('SELECT %L::%s', cell.value, cell.type);
    EXCEPTION WHEN data_exception THEN
      RAISE EXCEPTION 'row % of the log: % "%" cannot be read', cell.row_no, cell.name, left(cell.value, 100)
        USING ERRCODE = 'invalid_text_representation', DETAIL = SQLERRM || '.', HINT = 'Rows count from 1 after the line of names; the form of each column is in doc/demo.md.';
    END;
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow_demo.refuse_bad_value() IS 'Raises 22P02 with row, column and value of the first cell of csflow_demo.raw that is not of its column''s type.';

CREATE FUNCTION csflow_demo.refuse_bad_order(source text, desk_id bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  fault record;
BEGIN
  SELECT l.row_no, CASE
      WHEN e.event IS NULL THEN format('there is no event "%s"', left(l.event, 100))
      WHEN l.position = 1 AND l.event <> 'opened' THEN format('ticket "%s" begins with "%s", not with "opened"', l.ticket, l.event)
      WHEN l.position > 1 AND l.event = 'opened' THEN format('ticket "%s" is opened again', l.ticket)
      WHEN missing.name IS NOT NULL THEN format('"%s" needs a value in column "%s"', l.event, missing.name)
      WHEN c.channel IS NULL THEN format('there is no channel "%s"', l.channel)
    END AS message
  INTO fault
  FROM csflow_demo.log AS l
  LEFT JOIN csflow_demo.event_name AS e ON e.event = l.event
  LEFT JOIN LATERAL (SELECT n AS name FROM unnest(e.needs) AS n WHERE to_jsonb(l) ->> n IS NULL LIMIT 1) AS missing ON true
  LEFT JOIN csflow.channel AS c ON c.desk_id = refuse_bad_order.desk_id AND c.channel = l.channel AND c.is_active
  WHERE l.source = refuse_bad_order.source AND l.applied_at IS NULL
    AND (e.event IS NULL OR (l.position = 1) <> (l.event = 'opened') OR missing.name IS NOT NULL OR (l.event = 'opened' AND c.channel IS NULL))
  ORDER BY l.row_no, l.position
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'row % of the log: %', fault.row_no, fault.message
      USING ERRCODE = 'invalid_parameter_value', HINT = format('Channels are: %s. Events are: %s.',
        (SELECT string_agg(c.channel, ', ' ORDER BY c.channel) FROM csflow.channel AS c WHERE c.desk_id = refuse_bad_order.desk_id AND c.is_active),
        (SELECT string_agg(e.event, ', ') FROM csflow_demo.event_name AS e));
  END IF;
END
$$;
COMMENT ON FUNCTION csflow_demo.refuse_bad_order(text, bigint) IS 'Raises 22023 with row and reason for the first event of a loaded log that cannot be meant: an unknown name, a ticket that is not opened first, a value missing.';

CREATE FUNCTION csflow_demo.load_events(source text) RETURNS void
LANGUAGE plpgsql
SET client_min_messages = warning
AS $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT unnest(l.takes) FROM csflow_demo.layout AS l WHERE l.layout = 'events' LOOP
    EXECUTE format('ALTER TABLE csflow_demo.raw ADD COLUMN IF NOT EXISTS %I text', name);
  END LOOP;
  INSERT INTO csflow_demo.log (source, ticket, position, row_no, at, event, channel, customer, customer_tier, team, agent, actor, title, body,
    amount, impact, urgency, priority, category, milestone, next_news_at, original, reason, attributes)
  SELECT load_events.source, n.ticket, row_number() OVER (PARTITION BY n.ticket ORDER BY n.at::timestamptz, n.row_no), n.row_no,
    n.at::timestamptz, n.event, n.channel, n.customer, n.customer_tier, n.team, n.agent, n.actor, n.title, n.body, n.amount::numeric,
    n.impact::smallint, n.urgency::smallint, n.priority::csflow.priority, n.category, n.milestone, n.next_news_at::timestamptz,
    n.original, n.reason, nullif(jsonb_strip_nulls(n.cells - ARRAY(SELECT unnest(l.needs || l.takes) FROM csflow_demo.layout AS l WHERE l.layout = 'events')), '{}')
  FROM (
    SELECT r.row_no, r.cells, f.*
    FROM (
      SELECT r.row_no, (SELECT jsonb_object_agg(j.key, nullif(j.value, '')) FROM jsonb_each_text(to_jsonb(r) - 'row_no') AS j) AS cells
      FROM csflow_demo.raw AS r) AS r,
      jsonb_to_record(r.cells) AS f (at text, ticket text, event text, channel text, customer text, customer_tier text, team text,
        agent text, actor text, title text, body text, amount text, impact text, urgency text, priority text, category text, milestone text,
        next_news_at text, original text, reason text)) AS n
  ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION csflow_demo.load_events(text) IS 'csflow_demo.raw in the layout "events" into csflow_demo.log. An empty cell is none.';

CREATE FUNCTION csflow_demo.load(source text, desk_id bigint) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  layout text := csflow_demo.recognise(ARRAY(SELECT a.attname::text FROM pg_attribute AS a
    WHERE a.attrelid = 'csflow_demo.raw'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'row_no' ORDER BY a.attnum));
  loaded bigint;
BEGIN
  BEGIN
    IF layout = 'events' THEN
      PERFORM csflow_demo.load_events(source);
    ELSE
      PERFORM csflow_demo.load_incidents(source);
    END IF;
  EXCEPTION WHEN data_exception OR not_null_violation THEN
    PERFORM csflow_demo.refuse_bad_value();
    RAISE;
  END;
  PERFORM csflow_demo.refuse_bad_order(source, desk_id);
  SELECT count(*) INTO loaded FROM csflow_demo.log AS l WHERE l.source = load.source AND l.applied_at IS NULL;
  RETURN loaded;
END
$$;
COMMENT ON FUNCTION csflow_demo.load(text, bigint) IS 'Turns csflow_demo.raw into rows of csflow_demo.log under the name source, all or nothing, and returns how many events wait to be replayed into the desk. Errors: 22P02 a value that cannot be read, 22023 an event that cannot be meant, each with its row.';
