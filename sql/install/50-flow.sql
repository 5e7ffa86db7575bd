-- The flow of a database: its tables on first use, its desks, its monthly partitions, its version (design 2.6, 2.7, 2.17).

CREATE FUNCTION csflow.flow_version() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN 1;
COMMENT ON FUNCTION csflow.flow_version() IS
'Version of the flow''s tables that this library serves. Result: integer; the version of the tables that stand is in csflow.flow. Design 2.6.';

CREATE FUNCTION csflow.states() RETURNS TABLE (state text, category text, sort_order integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT s.state, s.category, s.sort_order
  FROM (VALUES
    ('new', 'new', 1), ('assigned', 'open', 2), ('in_progress', 'open', 3),
    ('waiting_customer', 'pending', 4), ('waiting_partner', 'hold', 5), ('waiting_approval', 'open', 6),
    ('answered', 'solved', 7), ('under_review', 'open', 8), ('closed', 'closed', 9),
    ('duplicate', NULL, 10), ('invalid', NULL, 11)) AS s (state, category, sort_order);
END;
COMMENT ON FUNCTION csflow.states() IS
'The states a ticket can be in. Result: state, its category (new, open, pending, hold, solved, closed; NULL: outside every indicator) and the usual order. Design 3; handbook A9.';

CREATE FUNCTION csflow.state_category(state text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE state
  WHEN 'new' THEN 'new'
  WHEN 'assigned' THEN 'open'
  WHEN 'in_progress' THEN 'open'
  WHEN 'waiting_approval' THEN 'open'
  WHEN 'under_review' THEN 'open'
  WHEN 'waiting_customer' THEN 'pending'
  WHEN 'waiting_partner' THEN 'hold'
  WHEN 'answered' THEN 'solved'
  WHEN 'closed' THEN 'closed'
END;
COMMENT ON FUNCTION csflow.state_category(text) IS
'Category of a ticket state in the indicators. Argument: a value of ticket.state. Result: new, open, pending, hold, solved or closed; NULL for duplicate, invalid and anything that is no state. Without a SET clause, so that it can be inlined into queries. Design 3.';

CREATE FUNCTION csflow.require_flow() RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF to_regclass('csflow.flow') IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SF014',
      MESSAGE = 'the tables of the flow do not exist in database "' || current_database() || '"',
      DETAIL = 'CREATE EXTENSION creates types and functions only; the first desk creates the tables.',
      HINT = 'Create a desk: SELECT csflow.create_desk(''support'', playbook => ''internet'').';
  END IF;
  PERFORM csflow.require_flow_version();
END
$$;
COMMENT ON FUNCTION csflow.require_flow() IS
'Raises SF014 unless the tables of the flow stand in this database, SF015 unless their version is one this library serves: its own or the one before. Result: void. Design 2.6.';

CREATE FUNCTION csflow.require_flow_version() RETURNS void
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'csf_require_flow_version';
COMMENT ON FUNCTION csflow.require_flow_version() IS
'Raises SF015 unless the version of the flow''s tables is one this library serves, SF014 where there are none; part of require_flow(). Result: void. Design 2.6.';

CREATE FUNCTION csflow.desk_id(name text) RETURNS bigint
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found_id bigint;
  names text;
BEGIN
  PERFORM csflow.require_flow();
  SELECT d.desk_id INTO found_id FROM csflow.desk AS d WHERE d.name = desk_id.name;
  IF found_id IS NULL THEN
    SELECT string_agg(d.name, ', ' ORDER BY d.name) INTO names
    FROM (SELECT k.name FROM csflow.desk AS k ORDER BY k.name LIMIT 20) AS d;
    RAISE EXCEPTION USING ERRCODE = 'SF001',
      MESSAGE = format('unknown desk: "%s"', left(name, 100)),
      DETAIL = CASE WHEN names IS NULL THEN 'There is no desk yet.' ELSE 'Desks are: ' || names || '.' END,
      HINT = 'Create it: SELECT csflow.create_desk(''support'', playbook => ''internet'').';
  END IF;
  RETURN found_id;
END
$$;
COMMENT ON FUNCTION csflow.desk_id(text) IS
'Id of a desk. Argument: desk.name. Result: desk.desk_id. Errors: SF001 unknown desk (with the names of the first 20), SF014 no flow. Design 2.7.';

CREATE FUNCTION csflow.require_desk(desk_id bigint) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_flow();
  IF NOT EXISTS (SELECT FROM csflow.desk AS d WHERE d.desk_id = require_desk.desk_id) THEN
    RAISE EXCEPTION USING ERRCODE = 'SF001',
      MESSAGE = format('unknown desk: %s', coalesce(desk_id::text, 'NULL')),
      HINT = 'csflow.desk_id(name) gives the id of a desk; SELECT desk_id, name FROM csflow.desk lists them.';
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.require_desk(bigint) IS
'Raises SF001 unless there is a desk of this id, SF014 unless there is a flow. Argument: desk_id. Result: void. Design 2.7.';

CREATE FUNCTION csflow.create_partitions(from_month date DEFAULT NULL, months integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  first_month date;
  month date;
  parent record;
  made integer := 0;
BEGIN
  IF months IS NULL OR months NOT BETWEEN 1 AND 240 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('cannot create partitions for %s months', coalesce(months::text, 'NULL')),
      HINT = 'Give a number of months from 1 to 240.';
  END IF;
  PERFORM csflow.require_flow();
  SELECT date_trunc('month', coalesce(from_month::timestamp, now() AT TIME ZONE f.zone))::date
  INTO first_month FROM csflow.flow AS f;

  -- One at a time: two sessions making the same partition would wait for each other's locks on parent and default.
  PERFORM pg_advisory_xact_lock(hashtextextended('csflow.create_partitions', 0));
  FOR parent IN
    SELECT c.oid, c.relname AS name, pg_get_userbyid(c.relowner) AS owner
    FROM pg_partitioned_table AS p
      JOIN pg_class AS c ON c.oid = p.partrelid
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
    WHERE c.relnamespace = 'csflow'::regnamespace AND p.partstrat = 'r' AND p.partnatts = 1 AND a.attname = 'ticket_no'
    ORDER BY c.relname
  LOOP
    made := made + csflow.create_partition(parent.name, parent.owner, NULL)::integer;
    FOR step IN 0 .. months - 1 LOOP
      month := first_month + make_interval(months => step);
      made := made + csflow.create_partition(parent.name, parent.owner, month)::integer;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;
COMMENT ON FUNCTION csflow.create_partitions(date, integer) IS
'Creates the monthly partitions of every table partitioned by ticket_no, and their default partitions, where they are missing; rows of those months that already lie in a default partition move over. Arguments: any day of the first month (NULL: the current month in the flow''s zone), number of months (1 to 240). Result: partitions created; 0 when run again. Errors: 22023 bad number, 55P03 somebody goes on reading those tables for two seconds, SF014 no flow. To be run by the owner of the tables, ahead of time. Design 2.17, handbook I5.';

CREATE FUNCTION csflow.create_partition(parent text, owner text, month date) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- While it waits for the default partition, which somebody may be reading for hours, everybody who changes a ticket waits behind it.
SET lock_timeout = '2s'
-- The definitions of triggers are rewritten below.
SET quote_all_identifiers = off
AS $$
DECLARE
  partition text := parent || '_' || coalesce(to_char(month, 'YYYYMM'), 'default');
  default_partition text := parent || '_default';
  -- Clocks are updated many times a life, the others only grow.
  storage text := CASE parent
    WHEN 'clock' THEN 'fillfactor = 75, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0'
    ELSE 'autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05' END;
  bounds text := 'DEFAULT';
  low csflow.ticket_no;
  high csflow.ticket_no;
  moves boolean := false;
  columns text;
  guard record;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_partitioned_table AS p JOIN pg_class AS c ON c.oid = p.partrelid
      WHERE c.relnamespace = 'csflow'::regnamespace AND c.relname = parent) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('csflow.%s is not a partitioned table', left(parent, 100));
  ELSIF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = owner) THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('role "%s" does not exist', left(owner, 100));
  END IF;
  IF to_regclass(format('csflow.%I', partition)) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE csflow.%I (LIKE csflow.%I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE) WITH (%s)',
    partition, parent, storage);
  IF month IS NOT NULL THEN
    low := csflow.ticket_no(month, 1);
    high := csflow.ticket_no((month + interval '1 month')::date, 1);
    bounds := format('FOR VALUES FROM (%L) TO (%L)', low, high);
    EXECUTE format('SELECT EXISTS (SELECT FROM csflow.%I WHERE ticket_no >= %L AND ticket_no < %L)', default_partition, low, high)
      INTO moves;
  END IF;
  IF moves THEN
    -- Detached, the default partition has no triggers of its parent: the record may not be changed through those.
    EXECUTE format('ALTER TABLE csflow.%I DETACH PARTITION csflow.%I', parent, default_partition);
    -- All but the generated columns that somebody has added: these are computed again.
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns FROM pg_attribute AS a
    WHERE a.attrelid = to_regclass(format('csflow.%I', parent)) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
    EXECUTE format('INSERT INTO csflow.%1$I (%3$s) SELECT %3$s FROM csflow.%2$I WHERE ticket_no >= %4$L AND ticket_no < %5$L',
      partition, default_partition, columns, low, high);
    EXECUTE format('DELETE FROM csflow.%I WHERE ticket_no >= %L AND ticket_no < %L', default_partition, low, high);
  END IF;
  EXECUTE format('ALTER TABLE csflow.%I ATTACH PARTITION csflow.%I %s', parent, partition, bounds);
  IF moves THEN
    EXECUTE format('ALTER TABLE csflow.%I ATTACH PARTITION csflow.%I DEFAULT', parent, default_partition);
  END IF;
  -- A partition inherits row triggers, not the statement triggers that refuse TRUNCATE.
  FOR guard IN
    SELECT t.tgname AS name, pg_get_triggerdef(t.oid) AS definition, t.tgenabled = 'A' AS is_always
    FROM pg_trigger AS t
    WHERE t.tgrelid = to_regclass(format('csflow.%I', parent)) AND NOT t.tgisinternal AND t.tgtype & 1 = 0 AND t.tgtype & 32 <> 0
  LOOP
    EXECUTE replace(guard.definition, format(' ON csflow.%I ', parent), format(' ON csflow.%I ', partition));
    IF guard.is_always THEN
      EXECUTE format('ALTER TABLE csflow.%I ENABLE ALWAYS TRIGGER %I', partition, guard.name);
    END IF;
  END LOOP;
  EXECUTE format('ALTER TABLE csflow.%I OWNER TO %I', partition, owner);
  EXECUTE format('COMMENT ON TABLE csflow.%I IS %L', partition,
    format('Rows of csflow.%s for tickets %s.', parent, coalesce('of ' || to_char(month, 'YYYY-MM'), 'of months without a partition')));
  RETURN true;
END
$$;
COMMENT ON FUNCTION csflow.create_partition(text, text, date) IS
'Creates one partition unless it stands; part of create_partitions(). Arguments: table and its owner, first day of the month (NULL: the default partition). Result: whether it was created. Errors: 22023 no such partitioned table, 42704 no such role. Design 2.17.';

CREATE FUNCTION csflow.create_flow(zone text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Held to the end of the transaction: a second session finds the tables complete or not at all.
  PERFORM pg_advisory_xact_lock(hashtextextended('csflow.create_flow', 0));
  IF to_regclass('csflow.flow') IS NOT NULL THEN
    IF to_regclass('csflow.event') IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'SF014',
        MESSAGE = format('the tables of the flow in database "%s" are no longer complete', current_database()),
        DETAIL = 'DROP EXTENSION csflow CASCADE has taken the columns of its types, and the tables partitioned by them.',
        HINT = 'Remove what is left with DROP SCHEMA csflow CASCADE, then CREATE EXTENSION csflow and restore the tables from a dump.';
    END IF;
    IF NOT EXISTS (SELECT FROM csflow.flow) THEN
      RAISE EXCEPTION USING ERRCODE = 'SF014',
        MESSAGE = format('the tables of the flow in database "%s" have no version', current_database()),
        DETAIL = 'csflow.flow has no row: the tables were restored without their rows.',
        HINT = format('Restore the rows too, or say what the tables are: INSERT INTO csflow.flow (flow_version, zone) VALUES (%s, %L);',
          csflow.flow_version(), create_flow.zone);
    END IF;
    RETURN false;
  END IF;
  IF NOT has_schema_privilege(current_user, 'csflow', 'CREATE') THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
      MESSAGE = format('role "%s" may not create the tables of the flow', current_user),
      DETAIL = 'The first desk of a database creates them in schema csflow, and its creator owns them.',
      HINT = format('Have a superuser or the owner of the schema run: GRANT CREATE, USAGE ON SCHEMA csflow TO %I', current_user);
  END IF;
  EXECUTE csflow.flow_script();
  INSERT INTO csflow.flow (flow_version, zone) VALUES (csflow.flow_version(), create_flow.zone);
  PERFORM csflow.create_partitions(NULL, 3);
  RETURN true;
END
$$;
COMMENT ON FUNCTION csflow.create_flow(text) IS
'Creates the tables of the flow, unless they stand; part of create_desk(). Argument: IANA zone in which ticket numbers change month. Result: whether they were created. Errors: 42501 without CREATE on schema csflow, SF014 what DROP EXTENSION … CASCADE left of them, or tables restored without rows. Design 2.6.';

CREATE FUNCTION csflow.create_desk(name text, playbook text DEFAULT 'internet', zone text DEFAULT NULL, caption text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  document jsonb := csflow.shipped_playbook(playbook);
  desk_zone text := csflow.zone_name(coalesce(zone, document ->> 'zone', 'Asia/Shanghai'));
  standing record;
  new_id bigint;
BEGIN
  IF name IS NULL OR name !~ '^[a-z][a-z0-9_]{0,62}$' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = coalesce('invalid name of a desk: "' || left(name, 100) || '"', 'a desk needs a name'),
      HINT = 'A name is a lower-case letter, then up to 62 lower-case letters, digits or underscores.';
  END IF;
  PERFORM csflow.create_flow(desk_zone);
  INSERT INTO csflow.desk (name, caption, playbook, zone)
  VALUES (create_desk.name, coalesce(create_desk.caption, create_desk.name), create_desk.playbook, desk_zone)
  ON CONFLICT ON CONSTRAINT desk_name_key DO NOTHING
  RETURNING desk_id INTO new_id;
  IF new_id IS NULL THEN
    SELECT d.desk_id, d.playbook INTO standing FROM csflow.desk AS d WHERE d.name = create_desk.name;
    IF standing.playbook IS DISTINCT FROM create_desk.playbook THEN
      RAISE EXCEPTION USING ERRCODE = 'duplicate_object',
        MESSAGE = format('desk "%s" already exists with another playbook', name),
        DETAIL = format('It was created with %s, not %s.', coalesce('"' || standing.playbook || '"', 'no playbook'),
          coalesce('"' || playbook || '"', 'none')),
        HINT = format('To change its configuration: SELECT * FROM csflow.load_playbook(%s, csflow.shipped_playbook(%L)).',
          standing.desk_id, coalesce(playbook, 'internet'));
    END IF;
    RAISE NOTICE 'desk "%" already exists, nothing changed', name;
    RETURN standing.desk_id;
  END IF;
  INSERT INTO csflow.configuration_version (desk_id) VALUES (new_id) ON CONFLICT DO NOTHING;
  PERFORM csflow.load_playbook(new_id, coalesce(document, '{}') || jsonb_build_object('zone', desk_zone));
  RETURN new_id;
END
$$;
COMMENT ON FUNCTION csflow.create_desk(text, text, text, text) IS
'Creates a desk and fills it from a shipped playbook; the first desk of a database creates the flow''s tables, which its caller then owns. Arguments: name (lower-case), playbook (NULL: an empty desk, with the usual channels, states and a 24×7 calendar but no categories and no targets), IANA zone (NULL: the playbook''s), caption (NULL: the name). Result: desk_id; of the existing desk, with a notice, where one of that name and playbook stands. Errors: SF002 unknown playbook, 22023 bad name or zone, 42710 a desk of that name with another playbook, 42501 without CREATE on schema csflow. Design 2.6, 2.7.';

-- What creates or changes tables needs rights on them anyway; these names are kept from PUBLIC so that nobody tries in vain.
REVOKE EXECUTE ON FUNCTION csflow.create_partitions(date, integer), csflow.create_desk(text, text, text, text) FROM PUBLIC;
