-- From one version of the flow's tables to the next, step by step (design 2.6). The steps are the files of sql/migrate, in
-- csflow.migration_steps().

CREATE FUNCTION csflow.migrate_step() RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  caller text := current_setting('role');
  standing integer;
  step record;
  changed bigint;
BEGIN
  IF to_regclass('csflow.flow') IS NULL THEN
    PERFORM csflow.require_flow();
  END IF;
  -- One at a time; whoever waited goes on with the step after.
  PERFORM pg_advisory_xact_lock(hashtextextended('csflow.create_flow', 0));
  SELECT f.flow_version INTO STRICT standing FROM csflow.flow AS f;
  IF standing > csflow.flow_version() THEN
    RAISE EXCEPTION USING ERRCODE = 'SF015',
      MESSAGE = format('the tables of the flow have version %s, this version of csflow builds %s', standing, csflow.flow_version()),
      HINT = 'Install the version of csflow they were migrated with, then ALTER EXTENSION csflow UPDATE.';
  ELSIF standing = csflow.flow_version() THEN
    RETURN NULL;
  END IF;
  SELECT s.* INTO step FROM csflow.migration_steps() AS s
  WHERE s.to_version = standing + 1
    AND NOT EXISTS (SELECT FROM csflow.migration AS m WHERE m.to_version = s.to_version AND m.position = s.position)
  ORDER BY s.position LIMIT 1;
  IF step.name IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SF015',
      MESSAGE = format('there is no step from version %s of the flow''s tables to version %s', standing, standing + 1),
      HINT = 'Migrate with the versions of csflow in between first.';
  END IF;
  -- Whatever a step creates belongs to whoever owns the rest.
  PERFORM set_config('role', (SELECT pg_get_userbyid(c.relowner)::text FROM pg_class AS c WHERE c.oid = 'csflow.flow'::regclass), true);
  EXECUTE step.script;
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF NOT step.is_repeated OR changed = 0 THEN
    INSERT INTO csflow.migration (to_version, position, name) VALUES (step.to_version, step.position, step.name);
  END IF;
  IF NOT EXISTS (SELECT FROM csflow.migration_steps() AS s
      WHERE s.to_version = step.to_version
        AND NOT EXISTS (SELECT FROM csflow.migration AS m WHERE m.to_version = s.to_version AND m.position = s.position)) THEN
    UPDATE csflow.flow SET flow_version = step.to_version;
  END IF;
  PERFORM set_config('role', caller, true);
  RETURN format('version %s, step %s: %s%s', step.to_version, step.position, step.name,
    CASE WHEN step.is_repeated THEN format(' (%s rows)', changed) ELSE '' END);
END
$$;
COMMENT ON FUNCTION csflow.migrate_step() IS
'Does the next step towards the version of the flow''s tables that this version of csflow builds, with the rights of their owner, and records it in csflow.migration; the last step of a version raises flow.flow_version in the same transaction. Result: which step; NULL when there is nothing left to do. Errors: SF014 no flow, SF015 the tables are newer than the library or too old for it, 42501 for a role that is no member of the owner. Design 2.6.';

CREATE FUNCTION csflow.migrate() RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  done text;
BEGIN
  LOOP
    done := csflow.migrate_step();
    EXIT WHEN done IS NULL;
    RAISE NOTICE '%', done;
  END LOOP;
  RETURN (SELECT f.flow_version FROM csflow.flow AS f);
END
$$;
COMMENT ON FUNCTION csflow.migrate() IS
'Brings the tables of the flow to the version this version of csflow builds, all steps in one transaction; csflow.run_migration() commits each. Run again it changes nothing. Result: the version they have then. Errors: as migrate_step(). Design 2.6.';

CREATE PROCEDURE csflow.run_migration()
LANGUAGE plpgsql
AS $$
DECLARE
  done text;
BEGIN
  LOOP
    done := csflow.migrate_step();
    COMMIT;
    EXIT WHEN done IS NULL;
    RAISE NOTICE '%', done;
  END LOOP;
END
$$;
COMMENT ON PROCEDURE csflow.run_migration() IS
'The same as csflow.migrate() with a commit after each step, for large flows: interrupted, it goes on at the next call where it was. Not inside a transaction block. Errors: as migrate_step(). Design 2.6, 2.12.';

REVOKE EXECUTE ON FUNCTION csflow.migrate_step(), csflow.migrate() FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE csflow.run_migration() FROM PUBLIC;
