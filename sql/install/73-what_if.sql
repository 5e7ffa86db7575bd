-- Attainment under other targets: what was recorded, replayed (design 2.2).

CREATE FUNCTION csflow.what_if_targets(base jsonb, given jsonb, keys text[]) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  -- Those given come first and in their order, so that the path of a fault is that in the caller's own document.
  WITH item AS (
    SELECT i.item, i.ordinal, i.is_given, (
      SELECT array_agg(coalesce(CASE k WHEN 'priority' THEN csflow.read_value('priority', i.item ->> k) END, i.item ->> k, '') ORDER BY k)
      FROM unnest(keys) AS k) AS key
    FROM (SELECT b.item, b.ordinal, false AS is_given FROM csflow.json_items(base, '') AS b
      UNION ALL SELECT g.item, g.ordinal, true FROM csflow.json_items(given, '') AS g) AS i
  )
  SELECT CASE WHEN given IS NULL THEN base WHEN jsonb_typeof(given) <> 'array' THEN given ELSE coalesce(jsonb_agg(
      CASE WHEN i.is_given AND b.item IS NOT NULL AND jsonb_typeof(i.item) = 'object' THEN b.item || i.item ELSE i.item END
      ORDER BY i.is_given DESC, i.ordinal), '[]') END
  FROM item AS i LEFT JOIN item AS b ON i.is_given AND NOT b.is_given AND b.key = i.key
  WHERE i.is_given OR NOT EXISTS (SELECT FROM item AS g WHERE g.is_given AND g.key = i.key)
$$;
COMMENT ON FUNCTION csflow.what_if_targets(jsonb, jsonb, text[]) IS
'A list of targets or calendars with some of them changed: an item given changes the one with the same keys, member by member, or is added. Arguments: the list as it is, the items given (NULL: none), the members that tell items apart. Part of csflow.what_if_playbook.';

CREATE FUNCTION csflow.what_if_playbook(desk_id bigint, targets jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  given jsonb := coalesce(targets, '{}');
  base jsonb := csflow.export_playbook(desk_id);
  problems text;
  number bigint;
BEGIN
  SELECT count(*), string_agg(f.path || ': ' || f.fault, E'\n' ORDER BY f.path COLLATE "C") INTO number, problems
  FROM (
    SELECT '$' AS path, 'must be an object, not ' || jsonb_typeof(given) AS fault WHERE jsonb_typeof(given) <> 'object'
    UNION ALL
    SELECT m.path, 'is not something to try out; calendars, steps and targets are' FROM csflow.json_members(given, '$') AS m
    WHERE m.key NOT IN ('calendars', 'steps', 'targets')) AS f;
  IF number > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'SF003',
      MESSAGE = format('invalid targets: %s fault%s', number, CASE WHEN number > 1 THEN 's' ELSE '' END), DETAIL = problems,
      HINT = 'Give an object such as {"targets": [{"clock": "resolve", "priority": "A", "duration": "6 hours"}]}.';
  END IF;
  given := jsonb_strip_nulls(given);
  -- What clocks do not ask about is left out, for checking it takes longest.
  base := base || jsonb_build_object('rules', '[]'::jsonb, 'lexicon', '[]'::jsonb, 'domains', '[]'::jsonb, 'aliases', '{}'::jsonb,
    'categories', (SELECT coalesce(jsonb_agg((c.item - 'keywords') || CASE WHEN c.item ? 'children' THEN jsonb_build_object('children',
        (SELECT jsonb_agg(h.item - 'keywords' ORDER BY h.ordinal) FROM csflow.json_items(c.item -> 'children', '') AS h)) ELSE '{}' END
      ORDER BY c.ordinal), '[]') FROM csflow.json_items(base -> 'categories', '') AS c),
    'targets', csflow.what_if_targets(base -> 'targets', given -> 'targets',
      '{clock,kind,category,priority,channel,channel_class,customer_tier,handling_tier,complexity}'),
    'calendars', csflow.what_if_targets(base -> 'calendars', given -> 'calendars', '{code}'))
    || CASE WHEN given ? 'steps' THEN jsonb_build_object('steps', given -> 'steps') ELSE '{}' END;
  PERFORM csflow.require_sound_playbook(base);
  RETURN csflow.complete_playbook(base);
END
$$;
COMMENT ON FUNCTION csflow.what_if_playbook(bigint, jsonb) IS
'The desk''s playbook with other targets, calendars or lists of steps. Arguments: desk_id, the changes as csflow.what_if takes them. Result: a complete, checked document without keywords. Errors: SF003 with the path of each fault, SF001 unknown desk. Design 6.';

CREATE FUNCTION csflow.what_if_calendar_rows(playbook jsonb) RETURNS TABLE (code text, calendar csflow.calendar)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH r AS MATERIALIZED (SELECT * FROM csflow.playbook_rows(playbook) AS p WHERE p.what IN ('working_calendar', 'calendar_day'))
  SELECT c.key[1], csflow.calendar_merge((c.content ->> 'base')::csflow.calendar,
    ARRAY(SELECT d.key[2]::date FROM r AS d WHERE d.what = 'calendar_day' AND d.key[1] = c.key[1] ORDER BY d.key[2]),
    ARRAY(SELECT d.content ->> 'rule' FROM r AS d WHERE d.what = 'calendar_day' AND d.key[1] = c.key[1] ORDER BY d.key[2]))
  FROM r AS c WHERE c.what = 'working_calendar' ORDER BY c.key[1]
$$;
COMMENT ON FUNCTION csflow.what_if_calendar_rows(jsonb) IS
'The calendars of a playbook with their days merged, as csflow.working_calendar would have them. Argument: a complete document. Part of csflow.what_if.';

CREATE FUNCTION csflow.what_if_target_rows(desk_id bigint, playbook jsonb)
RETURNS TABLE (target_id bigint, clock text, kind text, category_id bigint, priority csflow.priority, channel text, channel_class text,
  customer_tier text, handling_tier smallint, complexity text, is_exempt boolean, mode text, duration interval, due_from text,
  daily_at time, calendar text, starts_on text[], stops_on text[], rearms_on text[], pauses_in text[], on_reopen text,
  is_active boolean, subject text, outlives_closing boolean, is_window boolean, goal_lasts boolean, repeat_limit smallint, key text[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT row_number() OVER (ORDER BY r.key), r.key[1], nullif(r.key[2], ''), csflow.category_id(what_if_target_rows.desk_id, nullif(r.key[3], '')),
    nullif(r.key[4], '')::csflow.priority, nullif(r.key[5], ''), nullif(r.key[6], ''), nullif(r.key[7], ''),
    nullif(r.key[8], '')::smallint, nullif(r.key[9], ''), coalesce((r.content -> 'exempt')::boolean, false),
    coalesce(r.content ->> 'mode', 'once'), (r.content ->> 'duration')::interval, coalesce(r.content ->> 'due_from', 'duration'),
    (r.content ->> 'daily_at')::time, coalesce(r.content ->> 'calendar', 'around_the_clock'),
    csflow.json_texts(coalesce(r.content -> 'starts_on', '["opened"]')), csflow.json_texts(r.content -> 'stops_on'),
    csflow.json_texts(r.content -> 'rearms_on'), csflow.json_texts(r.content -> 'pauses_in'),
    coalesce(r.content ->> 'on_reopen', 'none'), true,
    -- What a playbook does not carry is as the desk has it.
    coalesce(r.content ->> 'subject', g.subject, 'ticket'), coalesce((r.content -> 'outlives_closing')::boolean, g.outlives_closing, false),
    coalesce((r.content -> 'is_window')::boolean, g.is_window, false), coalesce((r.content -> 'goal_lasts')::boolean, g.goal_lasts, true),
    coalesce((r.content -> 'repeat_limit')::smallint, g.repeat_limit, 12), r.key
  FROM csflow.playbook_rows(playbook) AS r
    LEFT JOIN csflow.target AS g ON g.desk_id = what_if_target_rows.desk_id AND csflow.target_key(g.desk_id, g.target_id) = r.key
  WHERE r.what = 'target'
  ORDER BY r.key[1], 1
$$;
COMMENT ON FUNCTION csflow.what_if_target_rows(bigint, jsonb) IS
'The targets of a playbook as csflow.target would have them, numbered from 1, and the key of each in csflow.playbook_rows(). Arguments: desk_id, a complete document. Part of csflow.what_if.';

CREATE FUNCTION csflow.what_if_step_rows(desk_id bigint, playbook jsonb)
RETURNS TABLE (target_id bigint, "position" smallint, at_share_pct double precision, at_offset interval, level text, action text,
  recipients text[], team_id bigint, close_reason text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.target_id, r.key[10]::smallint, (r.content -> 'at_pct')::double precision, (r.content ->> 'offset')::interval,
    coalesce(r.content ->> 'level', 'escalation'), r.content ->> 'action', csflow.json_texts(r.content -> 'recipients'),
    csflow.team_id(what_if_step_rows.desk_id, r.content ->> 'team'), r.content ->> 'close_reason'
  FROM csflow.what_if_target_rows(what_if_step_rows.desk_id, playbook) AS t
    JOIN csflow.playbook_rows(playbook) AS r ON r.what = 'step' AND r.key[1:9] = t.key
  ORDER BY t.target_id, 2
$$;
COMMENT ON FUNCTION csflow.what_if_step_rows(bigint, jsonb) IS
'The steps of a playbook as csflow.step would have them, with the numbers that csflow.what_if_target_rows gives. Arguments: desk_id, a complete document. Part of csflow.what_if.';

CREATE FUNCTION csflow.replay_attainment(desk_id bigint, playbook jsonb, opened_from timestamptz, opened_to timestamptz, at timestamptz)
RETURNS TABLE (clock text, kind text, met bigint, breached bigint)
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 50 COST 10000
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'csf_replay_attainment';
COMMENT ON FUNCTION csflow.replay_attainment(bigint, jsonb, timestamptz, timestamptz, timestamptz) IS
'What the clocks of the tickets opened in a time come to when their events are replayed under a playbook''s targets. Arguments: desk_id; a complete document, or NULL: no replay but the stored clocks that are still running and overdue; opened_from (included, NULL: any) and opened_to (excluded, NULL: any); the instant at which clocks still running are judged. Result: clock, code of the kind, runs met and breached. With the caller''s rights. Part of csflow.what_if.';

CREATE FUNCTION csflow.what_if(desk_id bigint, targets jsonb, opened_from timestamptz DEFAULT NULL, opened_to timestamptz DEFAULT NULL,
  at timestamptz DEFAULT now())
RETURNS TABLE (clock text, kind text, met_then bigint, breached_then bigint, total_then bigint, met_pct_then double precision,
  met_now bigint, breached_now bigint, total_now bigint, met_pct_now double precision)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET intervalstyle = 'postgres'
SET datestyle = 'ISO, YMD'
AS $$
#variable_conflict use_column
DECLARE
  document jsonb;
BEGIN
  PERFORM csflow.require_desk(what_if.desk_id);
  document := csflow.what_if_playbook(what_if.desk_id, what_if.targets);
  RETURN QUERY
  SELECT a.clock, a.kind, a.met_then, a.breached_then, a.met_then + a.breached_then,
    100 * a.met_then / nullif(a.met_then + a.breached_then, 0)::double precision,
    a.met_now, a.breached_now, a.met_now + a.breached_now,
    100 * a.met_now / nullif(a.met_now + a.breached_now, 0)::double precision
  FROM (
    SELECT u.clock, u.kind, coalesce(sum(u.met) FILTER (WHERE u.is_then), 0)::bigint AS met_then,
      coalesce(sum(u.breached) FILTER (WHERE u.is_then), 0)::bigint AS breached_then,
      coalesce(sum(u.met) FILTER (WHERE NOT u.is_then), 0)::bigint AS met_now,
      coalesce(sum(u.breached) FILTER (WHERE NOT u.is_then), 0)::bigint AS breached_now
    FROM (
      SELECT true AS is_then, c.clock, t.kind, count(*) FILTER (WHERE c.outcome = 'met') AS met, count(*) FILTER (WHERE c.outcome = 'breached') AS breached
      FROM csflow.ticket AS t JOIN csflow.clock AS c ON c.desk_id = t.desk_id AND c.ticket_no = t.ticket_no
      WHERE t.desk_id = what_if.desk_id AND t.opened_at >= coalesce(what_if.opened_from, '-infinity')
        AND t.opened_at < coalesce(what_if.opened_to, 'infinity') AND c.outcome IN ('met', 'breached')
      GROUP BY c.clock, t.kind
      UNION ALL
      SELECT true, s.clock, s.kind, s.met, s.breached
      FROM csflow.replay_attainment(what_if.desk_id, NULL, what_if.opened_from, what_if.opened_to, what_if.at) AS s
      UNION ALL
      SELECT false, r.clock, r.kind, r.met, r.breached
      FROM csflow.replay_attainment(what_if.desk_id, document, what_if.opened_from, what_if.opened_to, what_if.at) AS r) AS u
    GROUP BY u.clock, u.kind) AS a
  WHERE a.met_then + a.breached_then + a.met_now + a.breached_now > 0
  ORDER BY a.clock COLLATE "C", a.kind COLLATE "C";
END
$$;
COMMENT ON FUNCTION csflow.what_if(bigint, jsonb, timestamptz, timestamptz, timestamptz) IS
'Attainment of the tickets opened in a time as it was recorded, and as it would be under other targets, calendars or opening hours: their events are replayed by the code that runs live clocks, and nothing is written. Arguments: desk_id; targets: an object with targets, calendars or steps in the playbook''s form, where an item changes the desk''s own of the same clock and conditions (calendar: code) member by member, or is added (exempt: true takes a clock away); opened_from (included) and opened_to (excluded), NULL: any; at: the instant at which clocks still running are judged. Result: by clock and kind, met and breached runs, their sum and share in percent, then (as recorded) and now (as replayed); NULL percent where there is none. What people did is taken as it happened: they are not supposed to have worked faster, and no step is fired. With the caller''s rights. Errors: SF003 with the path of each fault, SF001 unknown desk, SF014 no flow. Handbook G5, design 2.2.';
