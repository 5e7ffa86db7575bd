-- Loading a playbook: the difference between document and rows, and the statements that make it nought (design 6).

CREATE FUNCTION csflow.require_sound_playbook(playbook jsonb) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  fault_limit CONSTANT integer := 50;
  faults bigint;
  lines text;
BEGIN
  SELECT count(*), string_agg(f.path || ': ' || f.fault, E'\n') FILTER (WHERE f.ordinality <= fault_limit)
  INTO faults, lines
  FROM csflow.check_playbook(playbook) WITH ORDINALITY AS f;
  IF faults > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'SF003',
      MESSAGE = format('invalid playbook: %s fault%s', faults, CASE WHEN faults > 1 THEN 's' ELSE '' END),
      DETAIL = lines || CASE WHEN faults > fault_limit THEN format(E'\nand %s more', faults - fault_limit) ELSE '' END,
      HINT = 'SELECT * FROM csflow.check_playbook(document) lists them all. Nothing was changed.';
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.require_sound_playbook(jsonb) IS
'Raises SF003 with every fault of a playbook (the first 50 in full) unless it has none. Argument: a document as for load_playbook(). Result: void. Design 6.';

CREATE FUNCTION csflow.playbook_changes(desk_id bigint, playbook jsonb)
RETURNS TABLE (what text, change text, key text[], content jsonb, ids bigint[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH wanted AS MATERIALIZED (SELECT r.* FROM csflow.playbook_rows(csflow.complete_playbook(playbook)) AS r)
  SELECT coalesce(n.what, o.what),
    CASE WHEN o.what IS NULL THEN 'added' WHEN n.what IS NULL THEN 'removed' ELSE 'changed' END,
    coalesce(n.key, o.key), n.content, o.ids
  FROM wanted AS n
    FULL JOIN csflow.desk_rows(playbook_changes.desk_id) AS o ON o.what = n.what AND o.key = n.key
  WHERE n.content IS DISTINCT FROM o.content
    -- A calendar that targets out of use still name, those that go with this document too, has to stay; counting it as removed
    -- every time would be untrue.
    AND NOT (n.what IS NULL AND o.what = 'working_calendar' AND EXISTS (
      SELECT FROM csflow.target AS t
      WHERE t.desk_id = playbook_changes.desk_id AND t.calendar = o.key[1]
        AND csflow.target_key(t.desk_id, t.target_id) NOT IN (SELECT w.key FROM wanted AS w WHERE w.what = 'target')))
    -- Nor does what the health figures, or clocks, reckon by leave with a playbook.
    AND NOT (n.what IS NULL AND o.what IN ('working_calendar', 'calendar_day') AND (
      EXISTS (SELECT FROM csflow.report_calendar AS r WHERE r.desk_id = playbook_changes.desk_id AND r.calendar = o.key[1])
      OR EXISTS (SELECT FROM csflow.clock AS c
        WHERE c.desk_id = playbook_changes.desk_id AND c.calendar = o.key[1] AND c.stopped_at IS NULL)));
END
$$;
COMMENT ON FUNCTION csflow.playbook_changes(bigint, jsonb) IS
'What loading a playbook would change. Arguments: desk_id, a document without faults. Result: what (the table), added, changed or removed, key, new content, ids of the rows that are there; no row when the desk is as the document says. Design 6.';

CREATE FUNCTION csflow.category_id(desk_id bigint, path text) RETURNS bigint
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT c.category_id
    FROM csflow.category AS c LEFT JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id
    WHERE c.desk_id = category_id.desk_id AND concat_ws('/', k.code, c.code) = path);
END
$$;
COMMENT ON FUNCTION csflow.category_id(bigint, text) IS
'Id of a category by its codes. Arguments: desk_id; code of a kind, or kind/second level such as technical_fault/crash. Result: category_id, NULL where there is none. Handbook B1.';

CREATE FUNCTION csflow.team_id(desk_id bigint, code text) RETURNS bigint
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT t.team_id FROM csflow.team AS t WHERE t.desk_id = team_id.desk_id AND t.code = team_id.code);
END
$$;
COMMENT ON FUNCTION csflow.team_id(bigint, text) IS
'Id of a team by its code. Arguments: desk_id, team.code. Result: team_id, NULL where there is none. Handbook C1.';

-- The statements below run in this order because of what refers to what: rows that go, rows others refer to, the rest.
-- Codes a desk no longer uses are set inactive, never deleted: tickets and clocks of the past keep naming them.

CREATE FUNCTION csflow.apply_removals(desk_id bigint, changes jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  desk bigint := apply_removals.desk_id;
  gone jsonb := (SELECT coalesce(jsonb_agg(c), '[]') FROM jsonb_array_elements(changes) AS c WHERE c ->> 'change' = 'removed');
BEGIN
  DELETE FROM csflow.step AS t USING jsonb_to_recordset(gone) AS c (what text, ids bigint[])
  WHERE c.what = 'step' AND t.desk_id = desk AND t.step_id = ANY (c.ids);
  UPDATE csflow.target AS t SET is_active = false FROM jsonb_to_recordset(gone) AS c (what text, ids bigint[])
  WHERE c.what = 'target' AND t.desk_id = desk AND t.target_id = ANY (c.ids);
  DELETE FROM csflow.keyword_rule AS t USING jsonb_to_recordset(gone) AS c (what text, ids bigint[])
  WHERE c.what = 'keyword_rule' AND t.desk_id = desk AND t.rule_id = ANY (c.ids);
  DELETE FROM csflow.priority_rule AS t USING jsonb_to_recordset(gone) AS c (what text, ids bigint[])
  WHERE c.what = 'priority_rule' AND t.desk_id = desk AND t.rule_id = ANY (c.ids);
  DELETE FROM csflow.keyword_alias AS t USING jsonb_to_recordset(gone) AS c (what text, key text[])
  WHERE c.what = 'keyword_alias' AND t.desk_id = desk AND t.word = c.key[1];
  DELETE FROM csflow.lexicon AS t USING jsonb_to_recordset(gone) AS c (what text, key text[])
  WHERE c.what = 'lexicon' AND t.desk_id = desk AND t.word = c.key[1] AND t.class = c.key[2];
  DELETE FROM csflow.transition AS t USING jsonb_to_recordset(gone) AS c (what text, key text[])
  WHERE c.what = 'transition' AND t.desk_id = desk AND coalesce(t.from_state, '') = c.key[1] AND t.to_state = c.key[2];
  DELETE FROM csflow.approval_limit AS t USING jsonb_to_recordset(gone) AS c (what text, key text[])
  WHERE c.what = 'approval_limit' AND t.desk_id = desk AND t.subject = c.key[1]
    AND coalesce(trim_scale(t.up_to)::text, '') = c.key[2] AND t.approver = c.key[3];
  DELETE FROM csflow.calendar_day AS t USING jsonb_to_recordset(gone) AS c (what text, key text[])
  WHERE c.what = 'calendar_day' AND t.desk_id = desk AND t.code = c.key[1] AND t.day = c.key[2]::date;
END
$$;
COMMENT ON FUNCTION csflow.apply_removals(bigint, jsonb) IS
'Takes away what others refer to nothing of: steps, rules, words, approval limits, transitions, days; sets targets inactive. Part of load_playbook(). Arguments: desk_id, rows of playbook_changes() as a JSON array. Design 6.';

CREATE FUNCTION csflow.apply_taxonomy(desk_id bigint, changes jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  desk bigint := apply_taxonomy.desk_id;
  here jsonb := (SELECT coalesce(jsonb_agg(c), '[]') FROM jsonb_array_elements(changes) AS c WHERE c ->> 'change' <> 'removed');
  is_second_level boolean;
BEGIN
  INSERT INTO csflow.channel (desk_id, channel, is_instant)
  SELECT desk, c.key[1], (c.content -> 'instant')::boolean
  FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb) WHERE c.what = 'channel'
  ON CONFLICT ON CONSTRAINT channel_pkey DO UPDATE SET is_instant = excluded.is_instant, is_active = true;

  INSERT INTO csflow.team (desk_id, code, name_zh, name_en)
  SELECT desk, c.key[1], c.content ->> 'zh', c.content ->> 'en'
  FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb) WHERE c.what = 'team'
  ON CONFLICT ON CONSTRAINT team_desk_id_code_key
    DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en, is_active = true;

  INSERT INTO csflow.caption (desk_id, kind, code, lang, text, sort_order)
  SELECT desk, c.key[1], c.key[2], c.key[3], c.content ->> 'text', (c.content -> 'sort_order')::integer
  FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb) WHERE c.what = 'caption'
  ON CONFLICT ON CONSTRAINT caption_pkey DO UPDATE SET text = excluded.text, sort_order = excluded.sort_order;

  FOREACH is_second_level IN ARRAY '{false,true}'::boolean[] LOOP
    INSERT INTO csflow.category (desk_id, parent_id, code, caption_zh, caption_en, tag_word, team_id, coordinating_team_ids,
      impact, urgency, handling_tier, sort_order)
    SELECT desk, csflow.category_id(desk, nullif(c.key[1], '')), c.key[2], c.content ->> 'zh', c.content ->> 'en',
      c.content ->> 'tag_word', csflow.team_id(desk, c.content ->> 'team'),
      ARRAY(SELECT csflow.team_id(desk, t.code) FROM jsonb_array_elements_text(coalesce(c.content -> 'coordinating', '[]'))
        WITH ORDINALITY AS t (code, ordinal) ORDER BY t.ordinal),
      (c.content -> 'impact')::smallint, (c.content -> 'urgency')::smallint, (c.content -> 'handling_tier')::smallint,
      (c.content -> 'sort_order')::integer
    FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb)
    WHERE c.what = 'category' AND (c.key[1] <> '') = is_second_level
    ON CONFLICT (desk_id, parent_id, code) DO UPDATE SET caption_zh = excluded.caption_zh, caption_en = excluded.caption_en,
      tag_word = excluded.tag_word, team_id = excluded.team_id, coordinating_team_ids = excluded.coordinating_team_ids,
      impact = excluded.impact, urgency = excluded.urgency, handling_tier = excluded.handling_tier,
      sort_order = excluded.sort_order, is_active = true;
  END LOOP;

  INSERT INTO csflow.working_calendar (desk_id, code, base, calendar, caption)
  SELECT desk, c.key[1], (c.content ->> 'base')::csflow.calendar, (c.content ->> 'base')::csflow.calendar, c.content ->> 'caption'
  FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb) WHERE c.what = 'working_calendar'
  ON CONFLICT ON CONSTRAINT working_calendar_pkey DO UPDATE SET base = excluded.base, caption = excluded.caption;

  INSERT INTO csflow.calendar_day (desk_id, code, day, rule, reason)
  SELECT desk, c.key[1], c.key[2]::date, c.content ->> 'rule', c.content ->> 'reason'
  FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb) WHERE c.what = 'calendar_day'
  ON CONFLICT ON CONSTRAINT calendar_day_pkey DO UPDATE SET rule = excluded.rule, reason = excluded.reason;
END
$$;
COMMENT ON FUNCTION csflow.apply_taxonomy(bigint, jsonb) IS
'Writes what others refer to: channels, teams, captions, categories, calendars. Part of load_playbook(). Arguments: desk_id, rows of playbook_changes() as a JSON array. Design 6.';

CREATE FUNCTION csflow.apply_rules(desk_id bigint, changes jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  desk bigint := apply_rules.desk_id;
  here jsonb := (SELECT coalesce(jsonb_agg(c), '[]') FROM jsonb_array_elements(changes) AS c WHERE c ->> 'change' <> 'removed');
BEGIN
  -- Rules are checked with the aliases.
  INSERT INTO csflow.keyword_alias (desk_id, word, canonical)
  SELECT desk, c.key[1], c.content ->> 'canonical'
  FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb) WHERE c.what = 'keyword_alias'
  ON CONFLICT ON CONSTRAINT keyword_alias_pkey DO UPDATE SET canonical = excluded.canonical;

  INSERT INTO csflow.keyword_rule (desk_id, field, attribute_key, amount_at_least, amount_below, any_of, all_of, none_of, within_characters, part_of_word, weight, category_id,
    domain, impact, urgency, raise_to, team_id, notify_team_id, reason)
  SELECT desk, coalesce(c.content ->> 'field', 'text'), c.content ->> 'attribute_key', (c.content -> 'amount_at_least')::numeric,
    (c.content -> 'amount_below')::numeric, csflow.json_texts(c.content -> 'any_of'),
    csflow.json_texts(c.content -> 'all_of'), csflow.json_texts(c.content -> 'none_of'),
    (c.content -> 'within_characters')::integer, coalesce((c.content -> 'part_of_word')::boolean, false),
    coalesce((c.content -> 'weight')::smallint, 2), csflow.category_id(desk, c.content ->> 'category'), c.content ->> 'domain',
    (c.content -> 'impact')::smallint, (c.content -> 'urgency')::smallint, (c.content ->> 'raise_to')::csflow.priority,
    csflow.team_id(desk, c.content ->> 'team'), csflow.team_id(desk, c.content ->> 'notify_team'),
    coalesce(c.content ->> 'reason', '')
  FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb) WHERE c.what = 'keyword_rule';

  INSERT INTO csflow.lexicon (desk_id, word, class, weight)
  SELECT desk, c.key[1], c.key[2], (c.content -> 'weight')::double precision
  FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb) WHERE c.what = 'lexicon'
  ON CONFLICT ON CONSTRAINT lexicon_pkey DO UPDATE SET weight = excluded.weight;

  UPDATE csflow.priority_rule AS r SET priority = (c.content ->> 'priority')::csflow.priority
  FROM jsonb_to_recordset(here) AS c (what text, change text, content jsonb, ids bigint[])
  WHERE c.what = 'priority_rule' AND c.change = 'changed' AND r.desk_id = desk AND r.rule_id = ANY (c.ids);
  INSERT INTO csflow.priority_rule (desk_id, mode, impact, urgency, kind, category_id, channel, customer_tier, amount_at_least,
    priority, notify_team_id, reason)
  SELECT desk, c.key[1],
    CASE c.key[1] WHEN 'matrix' THEN c.key[2]::smallint ELSE (c.content -> 'impact')::smallint END,
    CASE c.key[1] WHEN 'matrix' THEN c.key[3]::smallint ELSE (c.content -> 'urgency')::smallint END,
    c.content ->> 'kind', csflow.category_id(desk, c.content ->> 'category'), c.content ->> 'channel', c.content ->> 'customer_tier',
    (c.content -> 'amount_at_least')::numeric, (c.content ->> 'priority')::csflow.priority,
    csflow.team_id(desk, c.content ->> 'notify_team'), coalesce(c.content ->> 'reason', '')
  FROM jsonb_to_recordset(here) AS c (what text, change text, key text[], content jsonb)
  WHERE c.what = 'priority_rule' AND c.change = 'added';

  INSERT INTO csflow.approval_limit (desk_id, subject, up_to, approver)
  SELECT desk, c.key[1], nullif(c.key[2], '')::numeric, c.key[3]
  FROM jsonb_to_recordset(here) AS c (what text, key text[]) WHERE c.what = 'approval_limit';

  INSERT INTO csflow.transition (desk_id, from_state, to_state)
  SELECT desk, nullif(c.key[1], ''), c.key[2]
  FROM jsonb_to_recordset(here) AS c (what text, key text[]) WHERE c.what = 'transition';
END
$$;
COMMENT ON FUNCTION csflow.apply_rules(bigint, jsonb) IS
'Writes keyword rules, aliases, the lexicon, priority rules, approval limits and transitions. Part of load_playbook(). Arguments: desk_id, rows of playbook_changes() as a JSON array. Design 6.';

CREATE FUNCTION csflow.target_key(desk_id bigint, target_id bigint) RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT ARRAY[t.clock, coalesce(t.kind, ''), concat_ws('/', k.code, c.code), coalesce(t.priority::text, ''),
      coalesce(t.channel, ''), coalesce(t.channel_class, ''), coalesce(t.customer_tier, ''),
      coalesce(t.handling_tier::text, ''), coalesce(t.complexity, '')]
    FROM csflow.target AS t
      LEFT JOIN csflow.category AS c ON c.desk_id = t.desk_id AND c.category_id = t.category_id
      LEFT JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id
    WHERE t.desk_id = target_key.desk_id AND t.target_id = target_key.target_id);
END
$$;
COMMENT ON FUNCTION csflow.target_key(bigint, bigint) IS
'What tells a target from the others, as playbook_rows() writes it: clock and conditions, empty text for any. Arguments: desk_id, target_id. Design 6.';

CREATE FUNCTION csflow.apply_targets(desk_id bigint, changes jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  desk bigint := apply_targets.desk_id;
  here jsonb := (SELECT coalesce(jsonb_agg(c), '[]') FROM jsonb_array_elements(changes) AS c
    WHERE c ->> 'change' <> 'removed' AND c ->> 'what' IN ('target', 'step'));
BEGIN
  -- A target that comes back into use starts with the document's steps, not with those it had then.
  DELETE FROM csflow.step AS s USING csflow.target AS t
  WHERE s.desk_id = desk AND t.desk_id = desk AND t.target_id = s.target_id AND NOT t.is_active
    AND EXISTS (SELECT FROM jsonb_to_recordset(here) AS c (what text, key text[])
      WHERE c.what = 'target' AND c.key = csflow.target_key(t.desk_id, t.target_id));

  INSERT INTO csflow.target (desk_id, clock, kind, category_id, priority, channel, channel_class, customer_tier, handling_tier,
    complexity, is_exempt, mode, duration, due_from, daily_at, calendar, starts_on, stops_on, rearms_on, pauses_in, on_reopen,
    subject, outlives_closing, is_window, goal_lasts, repeat_limit)
  SELECT desk, c.key[1], nullif(c.key[2], ''), csflow.category_id(desk, nullif(c.key[3], '')),
    nullif(c.key[4], '')::csflow.priority, nullif(c.key[5], ''), nullif(c.key[6], ''), nullif(c.key[7], ''),
    nullif(c.key[8], '')::smallint, nullif(c.key[9], ''), coalesce((c.content -> 'exempt')::boolean, false),
    coalesce(c.content ->> 'mode', 'once'), (c.content ->> 'duration')::interval, coalesce(c.content ->> 'due_from', 'duration'),
    (c.content ->> 'daily_at')::time, coalesce(c.content ->> 'calendar', 'around_the_clock'),
    csflow.json_texts(coalesce(c.content -> 'starts_on', '["opened"]')), csflow.json_texts(c.content -> 'stops_on'),
    csflow.json_texts(c.content -> 'rearms_on'), csflow.json_texts(c.content -> 'pauses_in'),
    coalesce(c.content ->> 'on_reopen', 'none'), coalesce(c.content ->> 'subject', 'ticket'),
    coalesce((c.content -> 'outlives_closing')::boolean, false), coalesce((c.content -> 'is_window')::boolean, false),
    coalesce((c.content -> 'goal_lasts')::boolean, true), coalesce((c.content -> 'repeat_limit')::smallint, 12)
  FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb) WHERE c.what = 'target'
  ON CONFLICT (desk_id, clock, kind, category_id, priority, channel, channel_class, customer_tier, handling_tier, complexity)
    DO UPDATE SET is_exempt = excluded.is_exempt, mode = excluded.mode, duration = excluded.duration,
      due_from = excluded.due_from, daily_at = excluded.daily_at, calendar = excluded.calendar, starts_on = excluded.starts_on,
      stops_on = excluded.stops_on, rearms_on = excluded.rearms_on, pauses_in = excluded.pauses_in,
      on_reopen = excluded.on_reopen, subject = excluded.subject, outlives_closing = excluded.outlives_closing,
      is_window = excluded.is_window, goal_lasts = excluded.goal_lasts, repeat_limit = excluded.repeat_limit, is_active = true;

  INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, at_offset, level, action, recipients, team_id, close_reason,
    review_kind, template, category_id)
  SELECT desk, t.target_id, c.key[10]::smallint, (c.content -> 'at_pct')::double precision, (c.content ->> 'offset')::interval,
    coalesce(c.content ->> 'level', 'escalation'), c.content ->> 'action', csflow.json_texts(c.content -> 'recipients'),
    csflow.team_id(desk, c.content ->> 'team'), c.content ->> 'close_reason', c.content ->> 'review_kind', c.content ->> 'template',
    csflow.category_id(desk, c.content ->> 'category')
  FROM jsonb_to_recordset(here) AS c (what text, key text[], content jsonb)
    JOIN (SELECT g.target_id, csflow.target_key(g.desk_id, g.target_id) AS key
      FROM csflow.target AS g WHERE g.desk_id = desk AND g.is_active) AS t ON t.key = c.key[1:9]
  WHERE c.what = 'step'
  ON CONFLICT ON CONSTRAINT step_desk_id_target_id_position_key DO UPDATE SET at_share_pct = excluded.at_share_pct,
    at_offset = excluded.at_offset, level = excluded.level, action = excluded.action, recipients = excluded.recipients,
    team_id = excluded.team_id, close_reason = excluded.close_reason, review_kind = excluded.review_kind,
    template = excluded.template, category_id = excluded.category_id;
END
$$;
COMMENT ON FUNCTION csflow.apply_targets(bigint, jsonb) IS
'Writes targets and their steps. Part of load_playbook(). Arguments: desk_id, rows of playbook_changes() as a JSON array. Design 6.';

CREATE FUNCTION csflow.apply_retirements(desk_id bigint, changes jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  desk bigint := apply_retirements.desk_id;
  gone jsonb := (SELECT coalesce(jsonb_agg(c), '[]') FROM jsonb_array_elements(changes) AS c WHERE c ->> 'change' = 'removed');
BEGIN
  DELETE FROM csflow.working_calendar AS t USING jsonb_to_recordset(gone) AS c (what text, key text[])
  WHERE c.what = 'working_calendar' AND t.desk_id = desk AND t.code = c.key[1];
  DELETE FROM csflow.caption AS t USING jsonb_to_recordset(gone) AS c (what text, key text[])
  WHERE c.what = 'caption' AND t.desk_id = desk AND t.kind = c.key[1] AND t.code = c.key[2] AND t.lang = c.key[3];
  UPDATE csflow.category AS t SET is_active = false FROM jsonb_to_recordset(gone) AS c (what text, ids bigint[])
  WHERE c.what = 'category' AND t.desk_id = desk AND t.category_id = ANY (c.ids);
  UPDATE csflow.team AS t SET is_active = false FROM jsonb_to_recordset(gone) AS c (what text, ids bigint[])
  WHERE c.what = 'team' AND t.desk_id = desk AND t.team_id = ANY (c.ids);
  UPDATE csflow.channel AS t SET is_active = false FROM jsonb_to_recordset(gone) AS c (what text, key text[])
  WHERE c.what = 'channel' AND t.desk_id = desk AND t.channel = c.key[1];
END
$$;
COMMENT ON FUNCTION csflow.apply_retirements(bigint, jsonb) IS
'Takes out of use what nothing refers to any more: deletes calendars and captions, sets categories, teams and channels inactive. Part of load_playbook(). Arguments: desk_id, rows of playbook_changes() as a JSON array. Design 6.';

CREATE FUNCTION csflow.apply_settings(desk_id bigint, changes jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  UPDATE csflow.desk AS d
  SET playbook = c.content ->> 'name',
    zone = c.content ->> 'zone',
    minimum_score = (c.content #> '{settings,minimum_score}')::integer,
    minimum_margin = (c.content #> '{settings,minimum_margin}')::integer,
    review_team_id = csflow.team_id(d.desk_id, c.content #>> '{settings,review_team}'),
    default_priority = (c.content #>> '{settings,default_priority}')::csflow.priority,
    maximum_text_bytes = (c.content #> '{settings,maximum_text_bytes}')::integer,
    resume_on_customer_message = (c.content #> '{settings,resume_on_customer_message}')::boolean,
    duplicate_at_intake = (c.content #> '{settings,duplicate_at_intake}')::boolean,
    duplicate_window = (c.content #>> '{settings,duplicate_window}')::interval,
    duplicate_similarity = (c.content #> '{settings,duplicate_similarity}')::double precision,
    emotion_threshold = (c.content #> '{settings,emotion_threshold}')::double precision,
    anger_threshold = (c.content #> '{settings,anger_threshold}')::double precision,
    anxiety_threshold = (c.content #> '{settings,anxiety_threshold}')::double precision,
    incident_minimum = (c.content #> '{settings,incident_minimum}')::integer,
    incident_factor = (c.content #> '{settings,incident_factor}')::double precision,
    incident_window = (c.content #>> '{settings,incident_window}')::interval,
    approval_for = csflow.json_texts(c.content #> '{settings,approval_for}'),
    survey_on = c.content #>> '{settings,survey_on}',
    survey_questions = csflow.json_texts(c.content #> '{settings,survey_questions}'),
    confirm_by_link = (c.content #> '{settings,confirm_by_link}')::boolean,
    link_validity = (c.content #>> '{settings,link_validity}')::interval,
    low_score = (c.content #> '{settings,low_score}')::integer,
    low_score_of = csflow.json_texts(c.content #> '{settings,low_score_of}'),
    surge_minimum = (c.content #> '{settings,surge_minimum}')::integer,
    surge_growth_pct = (c.content #> '{settings,surge_growth_pct}')::double precision,
    surge_guard = c.content #>> '{settings,surge_guard}',
    shift_calendar = c.content #>> '{settings,shift_calendar}',
    sample_size = (c.content #> '{settings,sample_size}')::integer
  FROM jsonb_to_recordset(changes) AS c (what text, content jsonb)
  WHERE c.what = 'desk' AND d.desk_id = apply_settings.desk_id;
END
$$;
COMMENT ON FUNCTION csflow.apply_settings(bigint, jsonb) IS
'Writes the settings of a desk. Part of load_playbook(). Arguments: desk_id, rows of playbook_changes() as a JSON array. Design 6.';

CREATE FUNCTION csflow.pass_used_ids(desk_id bigint, changes jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  drawn record;
  table_name text;
  id_sequence regclass;
  passed bigint;
  used bigint;
BEGIN
  FOR drawn IN
    SELECT k.id, k.tables, n.needed
    FROM (VALUES ('team_id', '{team}'::text[]), ('category_id', '{category}'), ('rule_id', '{keyword_rule,priority_rule}'),
        ('target_id', '{target}'), ('step_id', '{step}')) AS k (id, tables),
      LATERAL (SELECT count(*) AS needed FROM jsonb_array_elements(changes) AS c
        WHERE c ->> 'what' = ANY (k.tables) AND c ->> 'change' <> 'removed') AS n
    WHERE n.needed > 0
  LOOP
    id_sequence := format('csflow.%I', drawn.id || '_seq')::regclass;
    passed := coalesce(pg_sequence_last_value(id_sequence), 0);
    LOOP
      used := NULL;
      FOREACH table_name IN ARRAY drawn.tables LOOP
        EXECUTE format('SELECT greatest($1, max(t.%1$I)) FROM csflow.%2$I AS t WHERE t.desk_id = $2 AND t.%1$I > $3 AND t.%1$I <= $4',
          drawn.id, table_name)
        INTO used USING used, pass_used_ids.desk_id, passed, passed + drawn.needed;
      END LOOP;
      EXIT WHEN used IS NULL;
      -- Drawn one by one: setting a sequence asks for more rights than drawing from it, and could set it back under others.
      WHILE passed < used LOOP
        passed := nextval(id_sequence);
      END LOOP;
    END LOOP;
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow.pass_used_ids(bigint, jsonb) IS
'Draws from the sequences of ids past those that rows written by hand already have, as far as the rows to be written need. Part of load_playbook(). Arguments: desk_id, rows of playbook_changes() as a JSON array. Design 6.';

CREATE FUNCTION csflow.load_playbook(desk_id bigint, playbook jsonb)
RETURNS TABLE (what text, added integer, changed integer, removed integer)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET intervalstyle = 'postgres'
SET datestyle = 'ISO, YMD'
AS $$
#variable_conflict use_column
DECLARE
  changes jsonb;
BEGIN
  PERFORM csflow.require_desk(load_playbook.desk_id);
  PERFORM csflow.require_sound_playbook(playbook);
  -- Two loads of one desk: the second compares with what the first has written.
  PERFORM FROM csflow.desk AS d WHERE d.desk_id = load_playbook.desk_id FOR NO KEY UPDATE;
  SELECT coalesce(jsonb_agg(to_jsonb(c)), '[]') INTO changes FROM csflow.playbook_changes(load_playbook.desk_id, playbook) AS c;
  IF changes <> '[]' THEN
    PERFORM csflow.pass_used_ids(load_playbook.desk_id, changes);
    PERFORM csflow.apply_removals(load_playbook.desk_id, changes);
    PERFORM csflow.apply_taxonomy(load_playbook.desk_id, changes);
    PERFORM csflow.apply_rules(load_playbook.desk_id, changes);
    PERFORM csflow.apply_targets(load_playbook.desk_id, changes);
    PERFORM csflow.apply_settings(load_playbook.desk_id, changes);
    PERFORM csflow.apply_retirements(load_playbook.desk_id, changes);
  END IF;
  RETURN QUERY
  SELECT w.what, count(*) FILTER (WHERE c.change = 'added')::integer, count(*) FILTER (WHERE c.change = 'changed')::integer,
    count(*) FILTER (WHERE c.change = 'removed')::integer
  FROM unnest('{desk,channel,caption,team,category,keyword_rule,keyword_alias,lexicon,priority_rule,approval_limit,working_calendar,calendar_day,target,step,transition}'::text[])
      WITH ORDINALITY AS w (what, ordinal)
    LEFT JOIN jsonb_to_recordset(changes) AS c (what text, change text) ON c.what = w.what
  GROUP BY w.what, w.ordinal ORDER BY w.ordinal;
END
$$;
COMMENT ON FUNCTION csflow.load_playbook(bigint, jsonb) IS
'Makes a desk''s configuration what a playbook says, in one transaction and after checking all of it; rows that agree are not touched, so that loading twice changes nothing. Sections the document leaves out are the standard playbook''s. What the document no longer has: rules, words, approval limits, steps, transitions, captions and calendars are deleted; teams, categories, channels and targets, which tickets and clocks of the past name, are set inactive and come back to use when a document has them again. Agents, customers and rows set inactive by hand stay as they are. Arguments: desk_id, document (see doc/playbooks.md). Result: for each table the rows added, changed and removed. Errors: SF001 unknown desk, SF003 faults in the document, each with its path. Handbook H4, design 6.';

REVOKE EXECUTE ON FUNCTION csflow.load_playbook(bigint, jsonb) FROM PUBLIC;
