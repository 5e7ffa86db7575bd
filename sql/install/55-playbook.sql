-- Playbooks: JSON documents that fill a desk's configuration rows (design 6).

CREATE FUNCTION csflow.shipped_playbooks() RETURNS SETOF text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT substr(p.proname::text, 10)
  FROM pg_catalog.pg_proc AS p
  WHERE p.pronamespace = 'csflow'::regnamespace AND starts_with(p.proname::text, 'playbook_') AND p.pronargs = 0
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

-- The shape of a document: its parts, their keys, the type of each value and what a missing one means. Everything below
-- reads it: checking, the canonical form, and the test that holds doc/playbooks.md complete. Its body is parsed once and for
-- all, so it needs no search_path; without one the planner puts it in line, and it is asked for every object.
CREATE FUNCTION csflow.playbook_shape() RETURNS TABLE (part text, key text, type text, is_required boolean, standard jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT s.part, s.key, s.type, s.is_required, s.standard::jsonb
  FROM (VALUES
    ('playbook', 'name', 'code', false, NULL),
    ('playbook', 'zone', 'zone', false, NULL),
    ('playbook', 'settings', 'object', false, NULL),
    ('playbook', 'channels', 'objects', false, NULL),
    ('playbook', 'captions', 'lists', false, NULL),
    ('playbook', 'teams', 'objects', false, NULL),
    ('playbook', 'categories', 'objects', false, NULL),
    ('playbook', 'domains', 'objects', false, NULL),
    ('playbook', 'aliases', 'aliases', false, NULL),
    ('playbook', 'lexicon', 'objects', false, NULL),
    ('playbook', 'rules', 'objects', false, NULL),
    ('playbook', 'matrix', 'objects', false, NULL),
    ('playbook', 'raises', 'objects', false, NULL),
    ('playbook', 'approvals', 'objects', false, NULL),
    ('playbook', 'calendars', 'objects', false, NULL),
    ('playbook', 'steps', 'lists', false, NULL),
    ('playbook', 'targets', 'objects', false, NULL),
    ('playbook', 'opening_states', 'states', false, NULL),
    ('playbook', 'transitions', 'state_lists', false, NULL),
    ('settings', 'minimum_score', 'integer 0..1000000', false, NULL),
    ('settings', 'minimum_margin', 'integer 0..1000000', false, NULL),
    ('settings', 'review_team', 'team', false, NULL),
    ('settings', 'default_priority', 'priority', false, NULL),
    ('settings', 'maximum_text_bytes', 'integer 1000..1048576', false, NULL),
    ('settings', 'resume_on_customer_message', 'boolean', false, NULL),
    ('settings', 'duplicate_at_intake', 'boolean', false, NULL),
    ('settings', 'duplicate_window', 'span', false, NULL),
    ('settings', 'duplicate_similarity', 'share', false, NULL),
    ('settings', 'emotion_threshold', 'share', false, NULL),
    ('settings', 'anger_threshold', 'share', false, NULL),
    ('settings', 'anxiety_threshold', 'share', false, NULL),
    ('settings', 'incident_minimum', 'integer 0..1000000', false, NULL),
    ('settings', 'incident_factor', 'factor', false, NULL),
    ('settings', 'incident_window', 'span', false, NULL),
    ('settings', 'survey_on', 'one of never, answered, closed', false, NULL),
    ('settings', 'survey_questions', 'questions', false, NULL),
    ('settings', 'confirm_by_link', 'boolean', false, NULL),
    ('settings', 'link_validity', 'span', false, NULL),
    ('settings', 'low_score', 'integer 0..5', false, NULL),
    ('settings', 'low_score_of', 'scores', false, NULL),
    ('settings', 'surge_minimum', 'integer 0..1000000', false, NULL),
    ('settings', 'surge_growth_pct', 'growth', false, NULL),
    ('settings', 'surge_guard', 'one of none, same_weekday, working_hours', false, NULL),
    ('settings', 'shift_calendar', 'calendar', false, NULL),
    ('settings', 'sample_size', 'integer 0..1000', false, NULL),
    ('settings', 'approval_for', 'approval_subjects', false, NULL),
    ('channel', 'code', 'code', true, NULL),
    ('channel', 'instant', 'boolean', true, NULL),
    ('caption', 'code', 'code', true, NULL),
    ('caption', 'zh', 'text', false, NULL),
    ('caption', 'en', 'text', false, NULL),
    ('caption', 'sort_order', 'integer -1000000..1000000', false, NULL),
    ('team', 'code', 'code', true, NULL),
    ('team', 'zh', 'text', true, NULL),
    ('team', 'en', 'text', true, NULL),
    ('category', 'code', 'code', true, NULL),
    ('category', 'zh', 'tag_word', true, NULL),
    ('category', 'en', 'text', true, NULL),
    ('category', 'tag_word', 'tag_word', false, NULL),
    ('category', 'team', 'team', false, NULL),
    ('category', 'coordinating', 'teams', false, '[]'),
    ('category', 'impact', 'integer 1..3', false, NULL),
    ('category', 'urgency', 'integer 1..3', false, NULL),
    ('category', 'handling_tier', 'integer 1..4', false, NULL),
    ('category', 'sort_order', 'integer -1000000..1000000', false, NULL),
    ('category', 'keywords', 'keywords', false, NULL),
    ('category', 'children', 'objects', false, NULL),
    ('subcategory', 'code', 'code', true, NULL),
    ('subcategory', 'zh', 'tag_word', true, NULL),
    ('subcategory', 'en', 'text', true, NULL),
    ('subcategory', 'tag_word', 'tag_word', false, NULL),
    ('subcategory', 'team', 'team', false, NULL),
    ('subcategory', 'coordinating', 'teams', false, '[]'),
    ('subcategory', 'impact', 'integer 1..3', false, NULL),
    ('subcategory', 'urgency', 'integer 1..3', false, NULL),
    ('subcategory', 'handling_tier', 'integer 1..4', false, NULL),
    ('subcategory', 'sort_order', 'integer -1000000..1000000', false, NULL),
    ('subcategory', 'keywords', 'keywords', false, NULL),
    ('domain', 'code', 'tag_word', true, NULL),
    ('domain', 'keywords', 'keywords', true, NULL),
    ('lexicon', 'class', 'one of anger, anxiety, negative, positive, intensifier, negation', true, NULL),
    ('lexicon', 'weight', 'weight', false, '1'),
    ('lexicon', 'words', 'texts', true, NULL),
    ('rule', 'field', 'one of text, title, body, channel, customer_tier, business_object, attribute, amount', false, '"text"'),
    ('rule', 'attribute_key', 'text', false, NULL),
    ('rule', 'amount_at_least', 'amount', false, NULL),
    ('rule', 'amount_below', 'amount', false, NULL),
    ('rule', 'any_of', 'texts', false, '[]'),
    ('rule', 'all_of', 'texts', false, '[]'),
    ('rule', 'none_of', 'texts', false, '[]'),
    ('rule', 'within_characters', 'integer 1..1000000', false, NULL),
    ('rule', 'part_of_word', 'boolean', false, 'false'),
    ('rule', 'weight', 'integer 1..100', false, '2'),
    ('rule', 'category', 'category', false, NULL),
    ('rule', 'domain', 'tag_word', false, NULL),
    ('rule', 'impact', 'integer 1..3', false, NULL),
    ('rule', 'urgency', 'integer 1..3', false, NULL),
    ('rule', 'raise_to', 'priority', false, NULL),
    ('rule', 'team', 'team', false, NULL),
    ('rule', 'notify_team', 'team', false, NULL),
    ('rule', 'reason', 'text', false, '""'),
    ('matrix', 'impact', 'integer 1..3', true, NULL),
    ('matrix', 'urgency', 'integer 1..3', true, NULL),
    ('matrix', 'priority', 'priority', true, NULL),
    ('raise', 'impact', 'integer 1..3', false, NULL),
    ('raise', 'urgency', 'integer 1..3', false, NULL),
    ('raise', 'kind', 'kind', false, NULL),
    ('raise', 'category', 'category', false, NULL),
    ('raise', 'channel', 'channel', false, NULL),
    ('raise', 'customer_tier', 'customer_tier', false, NULL),
    ('raise', 'amount_at_least', 'amount', false, NULL),
    ('raise', 'priority', 'priority', true, NULL),
    ('raise', 'notify_team', 'team', false, NULL),
    ('raise', 'reason', 'text', false, '""'),
    ('approval', 'subject', 'approval_subject', true, NULL),
    ('approval', 'up_to', 'amount', false, NULL),
    ('approval', 'approver', 'approver', true, NULL),
    ('calendar', 'code', 'code', true, NULL),
    ('calendar', 'zone', 'zone', false, NULL),
    ('calendar', 'hours', 'text', true, NULL),
    ('calendar', 'caption', 'text', false, '""'),
    ('calendar', 'days', 'objects', false, NULL),
    ('day', 'day', 'date', true, NULL),
    ('day', 'rule', 'text', true, NULL),
    ('day', 'reason', 'text', false, '""'),
    ('target', 'clock', 'clock', true, NULL),
    ('target', 'kind', 'kind', false, NULL),
    ('target', 'category', 'category', false, NULL),
    ('target', 'priority', 'priority', false, NULL),
    ('target', 'channel', 'channel', false, NULL),
    ('target', 'channel_class', 'one of instant, asynchronous', false, NULL),
    ('target', 'customer_tier', 'customer_tier', false, NULL),
    ('target', 'handling_tier', 'integer 1..4', false, NULL),
    ('target', 'complexity', 'text', false, NULL),
    ('target', 'exempt', 'boolean', false, 'false'),
    ('target', 'mode', 'one of once, each, every, daily_at', false, '"once"'),
    ('target', 'duration', 'interval', false, NULL),
    ('target', 'due_from', 'one of duration, named, none', false, '"duration"'),
    ('target', 'daily_at', 'time', false, NULL),
    ('target', 'calendar', 'calendar', false, '"around_the_clock"'),
    ('target', 'starts_on', 'signals', false, '["opened"]'),
    ('target', 'stops_on', 'signals', false, '[]'),
    ('target', 'rearms_on', 'signals', false, '[]'),
    ('target', 'pauses_in', 'states', false, '[]'),
    ('target', 'on_reopen', 'one of resume, restart, none', false, '"none"'),
    ('target', 'subject', 'one of ticket, team, task', false, '"ticket"'),
    ('target', 'outlives_closing', 'boolean', false, 'false'),
    ('target', 'is_window', 'boolean', false, 'false'),
    ('target', 'goal_lasts', 'boolean', false, 'true'),
    ('target', 'repeat_limit', 'integer 1..1000', false, '12'),
    ('target', 'steps', 'steps', false, NULL),
    ('step', 'position', 'integer 1..100', false, NULL),
    ('step', 'at_pct', 'percent', false, NULL),
    ('step', 'offset', 'interval', false, NULL),
    ('step', 'level', 'one of warning, breach, escalation', false, '"escalation"'),
    ('step', 'action', 'one of notify, raise_priority, raise_tier, assign_team, open_review, offer_next, message_customer, open_ticket, ask_late_cause, close', true, NULL),
    ('step', 'recipients', 'recipients', false, '[]'),
    ('step', 'team', 'team', false, NULL),
    ('step', 'close_reason', 'close_reason', false, NULL),
    ('step', 'review_kind', 'one of escalation, supervisor, objection, emergency', false, '"escalation"'),
    ('step', 'template', 'template', false, NULL),
    ('step', 'category', 'category', false, NULL)
  ) AS s (part, key, type, is_required, standard);
END;
COMMENT ON FUNCTION csflow.playbook_shape() IS
'Shape of a playbook document. Result: part, key, type of the value, whether it must be there, and the value a missing one stands for (NULL: none, or the standard playbook''s). Described in doc/playbooks.md. Design 6.';

CREATE FUNCTION csflow.json_items(value jsonb, root text) RETURNS TABLE (path text, ordinal integer, item jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%s[%s]', root, e.ordinality - 1), e.ordinality::integer, e.value
  FROM jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE '[]' END) WITH ORDINALITY AS e
$$;
COMMENT ON FUNCTION csflow.json_items(jsonb, text) IS
'Items of a JSON array with their JSON paths. Arguments: a value, its path. Result: path, position from 1, item; no row where the value is no array. Design 6.';

CREATE FUNCTION csflow.json_members(value jsonb, root text) RETURNS TABLE (path text, key text, item jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT root || CASE WHEN e.key ~ '^[A-Za-z_][A-Za-z0-9_]*$' THEN '.' || e.key ELSE '.' || to_json(e.key) END, e.key, e.value
  FROM jsonb_each(CASE jsonb_typeof(value) WHEN 'object' THEN value ELSE '{}' END) AS e
$$;
COMMENT ON FUNCTION csflow.json_members(jsonb, text) IS
'Members of a JSON object with their JSON paths. Arguments: a value, its path. Result: path, key, value; no row where the value is no object. Design 6.';

CREATE FUNCTION csflow.json_texts(value jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(array_agg(i.item #>> '{}' ORDER BY i.ordinal), '{}') FROM csflow.json_items(value, '') AS i
$$;
COMMENT ON FUNCTION csflow.json_texts(jsonb) IS
'Items of a JSON array as text, in order; an empty array where the value is none. Design 6.';

CREATE FUNCTION csflow.complete_playbook(playbook jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT b.standard || b.given || jsonb_build_object(
    'settings', CASE WHEN jsonb_typeof(coalesce(b.given -> 'settings', '{}')) = 'object'
      THEN (b.standard -> 'settings') || coalesce(b.given -> 'settings', '{}') ELSE b.given -> 'settings' END,
    'captions', CASE WHEN jsonb_typeof(coalesce(b.given -> 'captions', '{}')) = 'object'
      THEN (b.standard -> 'captions') || coalesce(b.given -> 'captions', '{}') ELSE b.given -> 'captions' END)
  FROM (SELECT csflow.standard_playbook() AS standard, jsonb_strip_nulls(playbook) AS given) AS b
$$;
COMMENT ON FUNCTION csflow.complete_playbook(jsonb) IS
'A playbook with the standard playbook''s sections where it has none; settings are completed one by one, captions kind by kind. Null means missing. Argument: a JSON object. Design 6.';

CREATE FUNCTION csflow.playbook_parts(playbook jsonb) RETURNS TABLE (part text, path text, ordinal integer, parent text, item jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'playbook', '$', 1, NULL, playbook
  UNION ALL
  SELECT 'settings', '$.settings', 1, NULL, playbook -> 'settings' WHERE playbook ? 'settings'
  UNION ALL
  SELECT s.part, i.path, i.ordinal, NULL, i.item
  FROM (VALUES ('channel', 'channels'), ('team', 'teams'), ('category', 'categories'), ('domain', 'domains'),
      ('lexicon', 'lexicon'), ('rule', 'rules'), ('matrix', 'matrix'), ('raise', 'raises'), ('approval', 'approvals'), ('calendar', 'calendars'),
      ('target', 'targets')) AS s (part, section),
    csflow.json_items(playbook -> s.section, '$.' || s.section) AS i
  UNION ALL
  SELECT s.part, i.path, i.ordinal, p.item ->> 'code', i.item
  FROM (VALUES ('subcategory', 'categories', 'children'), ('day', 'calendars', 'days')) AS s (part, section, list),
    csflow.json_items(playbook -> s.section, '$.' || s.section) AS p,
    csflow.json_items(p.item -> s.list, p.path || '.' || s.list) AS i
  UNION ALL
  SELECT s.part, i.path, i.ordinal, m.key, i.item
  FROM (VALUES ('caption', 'captions'), ('step', 'steps')) AS s (part, section),
    csflow.json_members(playbook -> s.section, '$.' || s.section) AS m,
    csflow.json_items(m.item, m.path) AS i
  UNION ALL
  SELECT 'step', i.path, i.ordinal, t.path, i.item
  FROM csflow.json_items(playbook -> 'targets', '$.targets') AS t,
    csflow.json_items(t.item -> 'steps', t.path || '.steps') AS i
$$;
COMMENT ON FUNCTION csflow.playbook_parts(jsonb) IS
'Every object of a playbook that playbook_shape() describes. Argument: a document. Result: part, JSON path, position in its list, what it belongs to (code of the kind or calendar, kind of caption, name of the step list or path of the target), the object. Design 6.';

CREATE FUNCTION csflow.read_value(type text, value text) RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
SET intervalstyle = 'postgres'
SET datestyle = 'ISO, YMD'
AS $$
BEGIN
  CASE type
    WHEN 'interval', 'span' THEN RETURN value::interval::text;
    WHEN 'time' THEN RETURN value::time::text;
    WHEN 'date' THEN RETURN value::date::text;
    WHEN 'priority' THEN RETURN value::csflow.priority::text;
    WHEN 'calendar' THEN RETURN value::csflow.calendar::text;
    WHEN 'zone' THEN RETURN csflow.zone_name(value);
    WHEN 'tag_word' THEN RETURN csflow.tag_kind((value || '-x-B')::csflow.tag);
  END CASE;
EXCEPTION
  WHEN data_exception THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION csflow.read_value(text, text) IS
'Canonical text of a value of a playbook. Arguments: interval, span, time, date, priority, calendar, zone or tag_word; the value. Result: as the type prints it; NULL where the type refuses it. Design 6.';

CREATE FUNCTION csflow.normal_item(part text, item jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(jsonb_object_agg(n.key, n.value) FILTER (WHERE n.value <> 'null' AND n.value IS DISTINCT FROM n.standard), '{}')
  FROM (
    SELECT s.key, s.standard,
      CASE WHEN s.type IN ('interval', 'span', 'time', 'date', 'priority')
        THEN coalesce(to_jsonb(csflow.read_value(s.type, item ->> s.key)), item -> s.key)
        ELSE item -> s.key END AS value
    FROM csflow.playbook_shape() AS s
    WHERE s.part = normal_item.part AND item ? s.key) AS n
$$;
COMMENT ON FUNCTION csflow.normal_item(text, jsonb) IS
'An object of a playbook without values that say nothing: unknown keys, nulls and defaults; times and priorities as their types print them. Arguments: part of playbook_shape(), the object. Design 6.';

CREATE FUNCTION csflow.playbook_rows(playbook jsonb) RETURNS TABLE (what text, path text, key text[], content jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH p AS MATERIALIZED (
    SELECT * FROM csflow.playbook_parts(playbook) AS a WHERE jsonb_typeof(a.item) = 'object'
  ),
  c AS (
    SELECT p.part, p.path, p.item, p.ordinal, coalesce(p.parent, '') AS parent,
      concat_ws('/', p.parent, p.item ->> 'code') AS code
    FROM p WHERE p.part IN ('category', 'subcategory')
  ),
  t AS (
    SELECT p.path, p.item, ARRAY[p.item ->> 'clock', coalesce(p.item ->> 'kind', ''), coalesce(p.item ->> 'category', ''),
      coalesce(csflow.read_value('priority', p.item ->> 'priority'), p.item ->> 'priority', ''),
      coalesce(p.item ->> 'channel', ''), coalesce(p.item ->> 'channel_class', ''), coalesce(p.item ->> 'customer_tier', ''),
      coalesce(p.item ->> 'handling_tier', ''), coalesce(p.item ->> 'complexity', '')] AS key
    FROM p WHERE p.part = 'target'
  )
  SELECT 'desk', '$', '{}'::text[], jsonb_strip_nulls(jsonb_build_object('name', playbook -> 'name',
    'zone', coalesce(csflow.read_value('zone', playbook ->> 'zone'), playbook ->> 'zone'),
    'settings', csflow.normal_item('settings', playbook -> 'settings')))
  UNION ALL
  SELECT 'channel', p.path, ARRAY[p.item ->> 'code'], jsonb_build_object('instant', p.item -> 'instant')
  FROM p WHERE p.part = 'channel'
  UNION ALL
  SELECT 'caption', p.path, ARRAY[p.parent, p.item ->> 'code', l.lang],
    jsonb_build_object('text', p.item -> l.lang, 'sort_order', coalesce(p.item -> 'sort_order', to_jsonb(p.ordinal)))
  FROM p, (VALUES ('zh'), ('en')) AS l (lang) WHERE p.part = 'caption' AND p.item ? l.lang
  UNION ALL
  SELECT 'team', p.path, ARRAY[p.item ->> 'code'], jsonb_build_object('zh', p.item -> 'zh', 'en', p.item -> 'en')
  FROM p WHERE p.part = 'team'
  UNION ALL
  SELECT 'category', c.path, ARRAY[c.parent, c.item ->> 'code'],
    csflow.normal_item('subcategory', c.item - '{code,keywords}'::text[])
      || jsonb_build_object('sort_order', coalesce(c.item -> 'sort_order', to_jsonb(c.ordinal)))
  FROM c
  UNION ALL
  SELECT 'keyword_rule', w.path, ARRAY[r.content::text], r.content
  FROM (
    SELECT c.path, c.code AS category, NULL AS domain, c.item FROM c
    UNION ALL
    SELECT p.path, NULL, p.item ->> 'code', p.item FROM p WHERE p.part = 'domain') AS k,
    csflow.json_members(k.item -> 'keywords', k.path || '.keywords') AS m,
    csflow.json_items(m.item, m.path) AS w,
    LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object('any_of', jsonb_build_array(w.item), 'category', k.category,
      'domain', k.domain, 'weight', CASE WHEN m.key ~ '^[0-9]{1,3}$' THEN nullif(m.key::integer, 2) END)) AS content) AS r
  UNION ALL
  SELECT 'keyword_rule', p.path, ARRAY[r.content::text], r.content
  FROM p, LATERAL csflow.normal_item('rule', p.item) AS r (content) WHERE p.part = 'rule'
  UNION ALL
  SELECT 'keyword_alias', w.path, ARRAY[w.item #>> '{}'], jsonb_build_object('canonical', m.key)
  FROM csflow.json_members(playbook -> 'aliases', '$.aliases') AS m, csflow.json_items(m.item, m.path) AS w
  UNION ALL
  SELECT 'lexicon', w.path, ARRAY[w.item #>> '{}', p.item ->> 'class'], jsonb_build_object('weight', coalesce(p.item -> 'weight', '1'))
  FROM p, csflow.json_items(p.item -> 'words', p.path || '.words') AS w WHERE p.part = 'lexicon'
  UNION ALL
  SELECT 'priority_rule', p.path, ARRAY['matrix', p.item ->> 'impact', p.item ->> 'urgency'],
    csflow.normal_item('matrix', p.item - '{impact,urgency}'::text[])
  FROM p WHERE p.part = 'matrix'
  UNION ALL
  SELECT 'priority_rule', p.path, ARRAY['raise', r.content::text], r.content
  FROM p, LATERAL csflow.normal_item('raise', p.item) AS r (content) WHERE p.part = 'raise'
  UNION ALL
  SELECT 'approval_limit', p.path, ARRAY[p.item ->> 'subject', CASE jsonb_typeof(p.item -> 'up_to')
      WHEN 'number' THEN trim_scale((p.item -> 'up_to')::numeric)::text ELSE coalesce(p.item ->> 'up_to', '') END, p.item ->> 'approver'], '{}'
  FROM p WHERE p.part = 'approval'
  UNION ALL
  SELECT 'working_calendar', p.path, ARRAY[p.item ->> 'code'], jsonb_build_object('caption', coalesce(p.item -> 'caption', '""'),
    'base', coalesce(csflow.read_value('calendar', b.text), b.text))
  FROM p, LATERAL (SELECT concat_ws('; ', coalesce(p.item ->> 'zone', playbook ->> 'zone'), p.item ->> 'hours') AS text) AS b
  WHERE p.part = 'calendar'
  UNION ALL
  SELECT 'calendar_day', p.path, ARRAY[p.parent, coalesce(csflow.read_value('date', p.item ->> 'day'), p.item ->> 'day')],
    jsonb_build_object('rule', p.item -> 'rule', 'reason', coalesce(p.item -> 'reason', '""'))
  FROM p WHERE p.part = 'day'
  UNION ALL
  SELECT 'target', t.path, t.key, csflow.normal_item('target',
    t.item - '{clock,kind,category,priority,channel,channel_class,customer_tier,handling_tier,complexity,steps}'::text[])
  FROM t
  UNION ALL
  SELECT 'step', s.path, t.key || coalesce(s.item ->> 'position', s.ordinal::text), csflow.normal_item('step', s.item - 'position')
  FROM t, csflow.json_items(CASE jsonb_typeof(t.item -> 'steps') WHEN 'string' THEN playbook -> 'steps' -> (t.item ->> 'steps')
      ELSE t.item -> 'steps' END, t.path || '.steps') AS s
  UNION ALL
  SELECT 'transition', s.path, ARRAY['', s.item #>> '{}'], '{}'
  FROM csflow.json_items(playbook -> 'opening_states', '$.opening_states') AS s
  UNION ALL
  SELECT 'transition', s.path, ARRAY[m.key, s.item #>> '{}'], '{}'
  FROM csflow.json_members(playbook -> 'transitions', '$.transitions') AS m, csflow.json_items(m.item, m.path) AS s
$$;
COMMENT ON FUNCTION csflow.playbook_rows(jsonb) IS
'The rows a playbook stands for, in a form that compares. Argument: a document completed by complete_playbook(). Result: what (the table), JSON path, key (codes, empty text for none), content (codes and values, without defaults). Must agree with desk_rows(). Design 6.';

CREATE FUNCTION csflow.desk_rows(desk_id bigint) RETURNS TABLE (what text, key text[], content jsonb, ids bigint[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET intervalstyle = 'postgres'
SET datestyle = 'ISO, YMD'
AS $$
#variable_conflict use_column
DECLARE
  wanted bigint := desk_rows.desk_id;
BEGIN
  RETURN QUERY
  WITH team AS (SELECT t.* FROM csflow.team AS t WHERE t.desk_id = wanted),
  category AS (
    SELECT c.*, concat_ws('/', k.code, c.code) AS full_code, k.code AS parent_code
    FROM csflow.category AS c LEFT JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id
    WHERE c.desk_id = wanted
  ),
  target AS (
    SELECT t.*, csflow.target_key(t.desk_id, t.target_id) AS key FROM csflow.target AS t WHERE t.desk_id = wanted AND t.is_active
  )
  SELECT 'desk'::text, '{}'::text[], jsonb_strip_nulls(jsonb_build_object('name', d.playbook, 'zone', d.zone,
    'settings', csflow.normal_item('settings', jsonb_build_object('minimum_score', d.minimum_score,
      'minimum_margin', d.minimum_margin, 'review_team', t.code, 'default_priority', d.default_priority,
      'maximum_text_bytes', d.maximum_text_bytes, 'resume_on_customer_message', d.resume_on_customer_message,
      'duplicate_at_intake', d.duplicate_at_intake, 'duplicate_window', csflow.read_value('span', d.duplicate_window::text), 'duplicate_similarity', d.duplicate_similarity,
      'emotion_threshold', d.emotion_threshold, 'anger_threshold', d.anger_threshold, 'anxiety_threshold', d.anxiety_threshold,
      'incident_minimum', d.incident_minimum, 'incident_factor', d.incident_factor, 'incident_window', csflow.read_value('span', d.incident_window::text),
      'approval_for', d.approval_for,
      'survey_on', d.survey_on, 'survey_questions', d.survey_questions, 'confirm_by_link', d.confirm_by_link,
      'link_validity', csflow.read_value('span', d.link_validity::text), 'low_score', d.low_score, 'low_score_of', d.low_score_of,
      'surge_minimum', d.surge_minimum, 'surge_growth_pct', d.surge_growth_pct, 'surge_guard', d.surge_guard,
      'shift_calendar', d.shift_calendar, 'sample_size', d.sample_size)))), NULL::bigint[]
  FROM csflow.desk AS d LEFT JOIN team AS t ON t.team_id = d.review_team_id
  WHERE d.desk_id = wanted
  UNION ALL
  SELECT 'channel', ARRAY[c.channel], jsonb_build_object('instant', c.is_instant), NULL
  FROM csflow.channel AS c WHERE c.desk_id = wanted AND c.is_active
  UNION ALL
  SELECT 'caption', ARRAY[c.kind, c.code, c.lang], jsonb_build_object('text', c.text, 'sort_order', c.sort_order), NULL
  FROM csflow.caption AS c WHERE c.desk_id = wanted
  UNION ALL
  SELECT 'team', ARRAY[t.code], jsonb_build_object('zh', t.name_zh, 'en', t.name_en), ARRAY[t.team_id] FROM team AS t WHERE t.is_active
  UNION ALL
  SELECT 'category', ARRAY[coalesce(c.parent_code, ''), c.code], csflow.normal_item('subcategory', jsonb_build_object(
    'zh', c.caption_zh, 'en', c.caption_en, 'tag_word', c.tag_word, 'team', t.code, 'impact', c.impact, 'urgency', c.urgency,
    'handling_tier', c.handling_tier, 'sort_order', c.sort_order, 'coordinating',
    (SELECT coalesce(jsonb_agg(h.code ORDER BY i.ordinality), '[]')
     FROM unnest(c.coordinating_team_ids) WITH ORDINALITY AS i JOIN team AS h ON h.team_id = i.i))),
    ARRAY[c.category_id]
  FROM category AS c LEFT JOIN team AS t ON t.team_id = c.team_id
  WHERE c.is_active
  UNION ALL
  SELECT 'keyword_rule', ARRAY[n.content::text], n.content, array_agg(r.rule_id)
  FROM csflow.keyword_rule AS r
    LEFT JOIN category AS c ON c.category_id = r.category_id
    LEFT JOIN team AS t ON t.team_id = r.team_id
    LEFT JOIN team AS o ON o.team_id = r.notify_team_id,
    LATERAL (SELECT csflow.normal_item('rule', jsonb_build_object('field', r.field,
      'attribute_key', r.attribute_key, 'amount_at_least', r.amount_at_least, 'amount_below', r.amount_below, 'any_of', r.any_of, 'all_of', r.all_of,
      'none_of', r.none_of, 'within_characters', r.within_characters, 'part_of_word', r.part_of_word, 'weight', r.weight,
      'category', c.full_code, 'domain', r.domain, 'impact', r.impact, 'urgency', r.urgency, 'raise_to', r.raise_to,
      'team', t.code, 'notify_team', o.code, 'reason', r.reason)) AS content) AS n
  WHERE r.desk_id = wanted AND r.is_active
  GROUP BY n.content
  UNION ALL
  SELECT 'keyword_alias', ARRAY[a.word], jsonb_build_object('canonical', a.canonical), NULL
  FROM csflow.keyword_alias AS a WHERE a.desk_id = wanted
  UNION ALL
  SELECT 'lexicon', ARRAY[l.word, l.class], jsonb_build_object('weight', l.weight), NULL FROM csflow.lexicon AS l WHERE l.desk_id = wanted
  UNION ALL
  SELECT 'priority_rule', ARRAY['matrix', r.impact::text, r.urgency::text], jsonb_build_object('priority', r.priority), ARRAY[r.rule_id]
  FROM csflow.priority_rule AS r WHERE r.desk_id = wanted AND r.is_active AND r.mode = 'matrix'
  UNION ALL
  SELECT 'priority_rule', ARRAY['raise', n.content::text], n.content, array_agg(r.rule_id)
  FROM csflow.priority_rule AS r
    LEFT JOIN category AS c ON c.category_id = r.category_id
    LEFT JOIN team AS o ON o.team_id = r.notify_team_id,
    LATERAL (SELECT csflow.normal_item('raise', jsonb_build_object('impact', r.impact, 'urgency', r.urgency, 'kind', r.kind,
      'category', c.full_code, 'channel', r.channel, 'customer_tier', r.customer_tier, 'amount_at_least', r.amount_at_least,
      'priority', r.priority, 'notify_team', o.code, 'reason', r.reason)) AS content) AS n
  WHERE r.desk_id = wanted AND r.is_active AND r.mode = 'raise'
  GROUP BY n.content
  UNION ALL
  SELECT 'approval_limit', ARRAY[l.subject, coalesce(trim_scale(l.up_to)::text, ''), l.approver], '{}', NULL
  FROM csflow.approval_limit AS l WHERE l.desk_id = wanted
  UNION ALL
  SELECT 'working_calendar', ARRAY[w.code], jsonb_build_object('caption', w.caption, 'base', w.base::text), NULL
  FROM csflow.working_calendar AS w WHERE w.desk_id = wanted
  UNION ALL
  SELECT 'calendar_day', ARRAY[d.code, d.day::text], jsonb_build_object('rule', d.rule, 'reason', d.reason), NULL
  FROM csflow.calendar_day AS d WHERE d.desk_id = wanted
  UNION ALL
  SELECT 'target', t.key, csflow.normal_item('target', jsonb_build_object('exempt', t.is_exempt, 'mode', t.mode,
    'duration', t.duration, 'due_from', t.due_from, 'daily_at', t.daily_at, 'calendar', t.calendar, 'starts_on', t.starts_on,
    'stops_on', t.stops_on, 'rearms_on', t.rearms_on, 'pauses_in', t.pauses_in, 'on_reopen', t.on_reopen,
    'subject', t.subject, 'outlives_closing', t.outlives_closing, 'is_window', t.is_window, 'goal_lasts', t.goal_lasts,
    'repeat_limit', t.repeat_limit)), ARRAY[t.target_id]
  FROM target AS t
  UNION ALL
  SELECT 'step', t.key || s.position::text, csflow.normal_item('step', jsonb_build_object('at_pct', s.at_share_pct,
    'offset', s.at_offset, 'level', s.level, 'action', s.action, 'recipients', s.recipients, 'team', m.code,
    'close_reason', s.close_reason, 'review_kind', s.review_kind, 'template', s.template, 'category', c.full_code)), ARRAY[s.step_id]
  FROM csflow.step AS s JOIN target AS t ON t.target_id = s.target_id LEFT JOIN team AS m ON m.team_id = s.team_id
    LEFT JOIN category AS c ON c.category_id = s.category_id
  WHERE s.desk_id = wanted
  UNION ALL
  SELECT 'transition', ARRAY[coalesce(t.from_state, ''), t.to_state], '{}', NULL
  FROM csflow.transition AS t WHERE t.desk_id = wanted;
END
$$;
COMMENT ON FUNCTION csflow.desk_rows(bigint) IS
'A desk''s active configuration in the form of playbook_rows(). Argument: desk_id. Result: what (the table), key, content, ids of the rows (several where equal rules stand twice; NULL for tables without ids). Design 6.';

CREATE FUNCTION csflow.assemble_playbook(rows jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH r AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(rows) AS e (what text, key text[], content jsonb)),
  word AS MATERIALIZED (
    SELECT coalesce(r.content ->> 'category', '') AS category, r.content ->> 'domain' AS domain,
      coalesce(r.content ->> 'weight', '2') AS weight, jsonb_agg(w.word ORDER BY w.word COLLATE "C") AS words
    FROM r, LATERAL (SELECT r.content -> 'any_of' ->> 0 AS word) AS w
    WHERE r.what = 'keyword_rule' AND r.content - '{any_of,weight,category,domain}'::text[] = '{}'
      AND jsonb_array_length(r.content -> 'any_of') = 1 AND (r.content ? 'category') <> (r.content ? 'domain')
    GROUP BY 1, 2, 3
  ),
  keywords AS (
    SELECT category, domain, jsonb_build_object('keywords', jsonb_object_agg(weight, words)) AS item FROM word GROUP BY 1, 2
  ),
  caption AS (
    SELECT g.kind, jsonb_agg(g.item || CASE WHEN g.sort_order = g.ordinal THEN '{}' ELSE jsonb_build_object('sort_order', g.sort_order) END
      ORDER BY g.ordinal) AS items
    FROM (
      SELECT r.key[1] AS kind, (r.content -> 'sort_order')::integer AS sort_order,
        jsonb_build_object('code', r.key[2]) || jsonb_object_agg(r.key[3], r.content -> 'text') AS item,
        row_number() OVER (PARTITION BY r.key[1] ORDER BY (r.content -> 'sort_order')::integer, r.key[2] COLLATE "C") AS ordinal
      FROM r WHERE r.what = 'caption'
      GROUP BY r.key[1], r.key[2], (r.content -> 'sort_order')::integer) AS g
    GROUP BY g.kind
  ),
  category AS (
    SELECT r.key[1] AS parent, r.key[2] AS code,
      row_number() OVER s AS ordinal,
      jsonb_build_object('code', r.key[2]) || (r.content - 'sort_order') || coalesce(k.item, '{}')
        || CASE WHEN (r.content -> 'sort_order')::bigint = row_number() OVER s THEN '{}'
          ELSE jsonb_build_object('sort_order', r.content -> 'sort_order') END AS item
    FROM r LEFT JOIN keywords AS k ON k.category = concat_ws('/', nullif(r.key[1], ''), r.key[2])
    WHERE r.what = 'category'
    WINDOW s AS (PARTITION BY r.key[1] ORDER BY (r.content -> 'sort_order')::bigint, r.key[2] COLLATE "C")
  ),
  step AS (
    SELECT g.target, jsonb_agg(g.content || CASE WHEN g.position = g.ordinal THEN '{}' ELSE jsonb_build_object('position', g.position) END
      ORDER BY g.ordinal) AS items
    FROM (
      SELECT r.key[1:9] AS target, r.key[10]::integer AS position, r.content,
        row_number() OVER (PARTITION BY r.key[1:9] ORDER BY r.key[10]::integer) AS ordinal
      FROM r WHERE r.what = 'step') AS g
    GROUP BY g.target
  )
  SELECT d.content || jsonb_build_object(
    'channels', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', r.key[1]) || r.content ORDER BY r.key[1] COLLATE "C"), '[]')
      FROM r WHERE r.what = 'channel'),
    'captions', (SELECT jsonb_object_agg(k.kind, coalesce(c.items, '[]'))
      FROM jsonb_object_keys(csflow.standard_playbook() -> 'captions') AS k (kind) LEFT JOIN caption AS c USING (kind)),
    'teams', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', r.key[1]) || r.content ORDER BY r.key[1] COLLATE "C"), '[]')
      FROM r WHERE r.what = 'team'),
    'categories', (SELECT coalesce(jsonb_agg(c.item || coalesce(h.children, '{}') ORDER BY c.ordinal), '[]')
      FROM category AS c LEFT JOIN (
        SELECT s.parent, jsonb_build_object('children', jsonb_agg(s.item ORDER BY s.ordinal)) AS children
        FROM category AS s GROUP BY s.parent) AS h ON h.parent = c.code
      WHERE c.parent = ''),
    'domains', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', k.domain) || k.item ORDER BY k.domain COLLATE "C"), '[]')
      FROM keywords AS k WHERE k.domain IS NOT NULL),
    'aliases', (SELECT coalesce(jsonb_object_agg(g.canonical, g.words), '{}')
      FROM (SELECT r.content ->> 'canonical' AS canonical, jsonb_agg(r.key[1] ORDER BY r.key[1] COLLATE "C") AS words
        FROM r WHERE r.what = 'keyword_alias' GROUP BY 1) AS g),
    'lexicon', (SELECT coalesce(jsonb_agg(jsonb_build_object('class', g.class, 'weight', g.weight, 'words', g.words)
        ORDER BY g.class COLLATE "C", g.weight::double precision DESC), '[]')
      FROM (SELECT r.key[2] AS class, r.content -> 'weight' AS weight, jsonb_agg(r.key[1] ORDER BY r.key[1] COLLATE "C") AS words
        FROM r WHERE r.what = 'lexicon' GROUP BY 1, 2) AS g),
    'rules', (SELECT coalesce(jsonb_agg(r.content ORDER BY r.key[1] COLLATE "C"), '[]')
      FROM r WHERE r.what = 'keyword_rule' AND NOT (r.content - '{any_of,weight,category,domain}'::text[] = '{}'
        AND jsonb_array_length(coalesce(r.content -> 'any_of', '[]')) = 1 AND (r.content ? 'category') <> (r.content ? 'domain'))),
    'matrix', (SELECT coalesce(jsonb_agg(jsonb_build_object('impact', r.key[2]::integer, 'urgency', r.key[3]::integer) || r.content
        ORDER BY r.key), '[]')
      FROM r WHERE r.what = 'priority_rule' AND r.key[1] = 'matrix'),
    'raises', (SELECT coalesce(jsonb_agg(r.content ORDER BY r.key[2] COLLATE "C"), '[]')
      FROM r WHERE r.what = 'priority_rule' AND r.key[1] = 'raise'),
    'approvals', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('subject', r.key[1], 'up_to', nullif(r.key[2], '')::numeric,
        'approver', r.key[3])) ORDER BY r.key[1] COLLATE "C", nullif(r.key[2], '')::numeric, r.key[3] COLLATE "C"), '[]')
      FROM r WHERE r.what = 'approval_limit'),
    'calendars', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('code', r.key[1], 'caption', nullif(r.content ->> 'caption', ''),
        'zone', nullif(split_part(r.content ->> 'base', ';', 1), d.content ->> 'zone'),
        'hours', btrim(substr(r.content ->> 'base', strpos(r.content ->> 'base', ';') + 1)),
        'days', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('day', y.key[2], 'rule', y.content -> 'rule',
            'reason', nullif(y.content ->> 'reason', ''))) ORDER BY y.key[2])
          FROM r AS y WHERE y.what = 'calendar_day' AND y.key[1] = r.key[1]))) ORDER BY r.key[1] COLLATE "C"), '[]')
      FROM r WHERE r.what = 'working_calendar'),
    'steps', '{}'::jsonb,
    'targets', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('clock', r.key[1], 'kind', nullif(r.key[2], ''),
        'category', nullif(r.key[3], ''), 'priority', nullif(r.key[4], ''), 'channel', nullif(r.key[5], ''),
        'channel_class', nullif(r.key[6], ''), 'customer_tier', nullif(r.key[7], ''),
        'handling_tier', nullif(r.key[8], '')::integer, 'complexity', nullif(r.key[9], ''), 'steps', s.items))
        || r.content ORDER BY array_to_string(r.key, '|') COLLATE "C"), '[]')
      FROM r LEFT JOIN step AS s ON s.target = r.key WHERE r.what = 'target'),
    'opening_states', (SELECT coalesce(jsonb_agg(r.key[2] ORDER BY r.key[2] COLLATE "C"), '[]')
      FROM r WHERE r.what = 'transition' AND r.key[1] = ''),
    'transitions', (SELECT coalesce(jsonb_object_agg(g.state, g.allowed), '{}')
      FROM (SELECT r.key[1] AS state, jsonb_agg(r.key[2] ORDER BY r.key[2] COLLATE "C") AS allowed
        FROM r WHERE r.what = 'transition' AND r.key[1] <> '' GROUP BY 1) AS g))
  FROM r AS d
  WHERE d.what = 'desk'
$$;
COMMENT ON FUNCTION csflow.assemble_playbook(jsonb) IS
'A playbook document from rows as playbook_rows() and desk_rows() give them: sections complete, sets sorted, lists of steps written out at their targets. Argument: a JSON array of objects what, key, content. Design 6.';

CREATE FUNCTION csflow.canonical_playbook(playbook jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT csflow.assemble_playbook(jsonb_agg(to_jsonb(r))) FROM csflow.playbook_rows(csflow.complete_playbook(playbook)) AS r
$$;
COMMENT ON FUNCTION csflow.canonical_playbook(jsonb) IS
'The form in which export_playbook() gives a playbook back: complete, sorted, without defaults inside objects. Argument: a document without faults. Design 6.';

CREATE FUNCTION csflow.export_playbook(desk_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM csflow.require_desk(export_playbook.desk_id);
  RETURN csflow.assemble_playbook((SELECT jsonb_agg(to_jsonb(r)) FROM csflow.desk_rows(export_playbook.desk_id) AS r));
END
$$;
COMMENT ON FUNCTION csflow.export_playbook(bigint) IS
'A desk''s active configuration as a document that load_playbook() takes; loading it changes nothing. Agents and rows with is_active = false are not in it. Argument: desk_id. Errors: SF001 unknown desk. Design 6.';
