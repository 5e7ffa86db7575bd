-- Playbooks: JSON documents that fill a desk's configuration rows (design 6).

CREATE FUNCTION csflow.shipped_playbooks() RETURNS SETOF text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT substr(p.proname::text, 10)
  FROM pg_catalog.pg_proc AS p
  WHERE p.pronamespace = 'csflow'::regnamespace AND p.proname LIKE 'playbook\_%' AND p.pronargs = 0
    AND p.prorettype = 'text'::regtype
  ORDER BY 1;
END;
COMMENT ON FUNCTION csflow.shipped_playbooks() IS
'Names of the playbooks that ship with the extension, each the text of csflow.playbook_<name>(). Design 6.';

CREATE FUNCTION csflow.shipped_playbook(name text) RETURNS jsonb
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  document jsonb;
BEGIN
  IF name NOT IN (SELECT csflow.shipped_playbooks()) THEN
    RAISE EXCEPTION USING ERRCODE = 'SF002',
      MESSAGE = format('unknown playbook: "%s"', left(name, 100)),
      DETAIL = 'Playbooks are: ' || (SELECT coalesce(string_agg(p, ', ' ORDER BY p), 'none') FROM csflow.shipped_playbooks() AS p) || '.',
      HINT = 'A document of your own goes into an existing desk with csflow.load_playbook(desk_id, document).';
  END IF;
  EXECUTE format('SELECT csflow.%I()::jsonb', 'playbook_' || name) INTO document;
  RETURN document;
END
$$;
COMMENT ON FUNCTION csflow.shipped_playbook(text) IS
'A shipped playbook as a document for load_playbook(). Argument: a name of shipped_playbooks(); NULL gives NULL. Errors: SF002 unknown playbook, with the list. Design 6.';

CREATE FUNCTION csflow.load_playbook(desk_id bigint, playbook jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  document jsonb := csflow.standard_playbook() || load_playbook.playbook;
BEGIN
  INSERT INTO csflow.channel (desk_id, channel, is_instant)
  SELECT load_playbook.desk_id, c ->> 'code', (c -> 'instant')::boolean FROM jsonb_array_elements(document -> 'channels') AS c;
  INSERT INTO csflow.caption (desk_id, kind, code, lang, text, sort_order)
  SELECT load_playbook.desk_id, k.key, c.value ->> 'code', l.lang, c.value ->> l.lang, c.ordinality
  FROM jsonb_each(document -> 'captions') AS k, jsonb_array_elements(k.value) WITH ORDINALITY AS c,
    (VALUES ('zh'), ('en')) AS l (lang);
  INSERT INTO csflow.priority_rule (desk_id, mode, impact, urgency, priority)
  SELECT load_playbook.desk_id, 'matrix', (c -> 'impact')::smallint, (c -> 'urgency')::smallint, (c ->> 'priority')::csflow.priority
  FROM jsonb_array_elements(document -> 'matrix') AS c;
  INSERT INTO csflow.working_calendar (desk_id, code, base, calendar, caption)
  SELECT load_playbook.desk_id, c ->> 'code', t::csflow.calendar, t::csflow.calendar, c ->> 'caption'
  FROM jsonb_array_elements(document -> 'calendars') AS c,
    format('%s; %s', document ->> 'zone', c ->> 'hours') AS t;
  INSERT INTO csflow.transition (desk_id, from_state, to_state)
  SELECT load_playbook.desk_id, NULL, s FROM jsonb_array_elements_text(document -> 'opening_states') AS s
  UNION ALL
  SELECT load_playbook.desk_id, f.key, s FROM jsonb_each(document -> 'transitions') AS f, jsonb_array_elements_text(f.value) AS s;
END
$$;
COMMENT ON FUNCTION csflow.load_playbook(bigint, jsonb) IS
'Fills an empty desk from a playbook: channels, captions, matrix, calendars, transitions.';
