-- Checking a playbook: every fault with its JSON path, before anything is written (design 6).

CREATE FUNCTION csflow.playbook_codes(playbook jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH p AS MATERIALIZED (SELECT * FROM csflow.playbook_parts(playbook)),
  code AS (
    SELECT p.part AS type, p.item ->> 'code' AS code FROM p WHERE p.part IN ('team', 'channel', 'calendar')
    UNION ALL
    SELECT 'kind', p.item ->> 'code' FROM p WHERE p.part = 'category'
    UNION ALL
    SELECT 'category', concat_ws('/', p.parent, p.item ->> 'code') FROM p WHERE p.part IN ('category', 'subcategory')
    UNION ALL
    SELECT p.parent, p.item ->> 'code' FROM p WHERE p.part = 'caption' AND p.parent IN ('customer_tier', 'close_reason', 'milestone', 'template', 'approval_subject')
    UNION ALL
    SELECT 'signal', s.signal FROM csflow.signals() AS s
    UNION ALL
    SELECT 'signal', p.item ->> 'code' FROM p WHERE p.part = 'caption' AND p.parent = 'milestone'
    UNION ALL
    SELECT 'state', s.state FROM csflow.states() AS s
    UNION ALL
    SELECT 'recipient', r FROM unnest('{owner,team,supervisor,head,coordinator}'::text[]) AS r
    UNION ALL
    SELECT 'recipient', (p.item ->> 'code') || o.post
    FROM p, (VALUES (''), ('/supervisor'), ('/head')) AS o (post) WHERE p.part = 'team'
    UNION ALL
    SELECT 'approval_subject', 'all'
    UNION ALL
    SELECT 'approver', r FROM unnest('{team,supervisor,head,coordinator}'::text[]) AS r
    UNION ALL
    SELECT 'approver', (p.item ->> 'code') || o.post
    FROM p, (VALUES (''), ('/supervisor'), ('/head')) AS o (post) WHERE p.part = 'team'
    UNION ALL
    SELECT 'steps', m.key FROM csflow.json_members(playbook -> 'steps', '') AS m
  )
  SELECT jsonb_object_agg(c.type, c.codes)
  FROM (SELECT code.type, jsonb_agg(code.code) FILTER (WHERE code.code IS NOT NULL) AS codes FROM code GROUP BY code.type) AS c
$$;
COMMENT ON FUNCTION csflow.playbook_codes(jsonb) IS
'The codes a playbook defines, by what they name. Argument: a document completed by complete_playbook(). Result: an object of arrays: team, channel, calendar, kind, category, customer_tier, close_reason, milestone, template, approval_subject, approver, signal, state, recipient, steps. Design 6.';

CREATE FUNCTION csflow.scalar_fault(type text, value jsonb, codes jsonb) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  shown text := left(value::text, 60);
  word text := value #>> '{}';
  name text := split_part(type, ' ', 1);
  bounds text[];
BEGIN
  IF name IN ('integer', 'amount', 'percent', 'weight', 'share', 'growth', 'factor') THEN
    IF jsonb_typeof(value) <> 'number' THEN
      RETURN 'must be a number, not ' || shown;
    END IF;
    IF name = 'integer' THEN
      bounds := regexp_match(type, '(-?[0-9]+)[.]{2}([0-9]+)');
      IF word::numeric <> trunc(word::numeric) OR word::numeric NOT BETWEEN bounds[1]::numeric AND bounds[2]::numeric THEN
        RETURN format('must be a whole number from %s to %s, not %s', bounds[1], bounds[2], shown);
      END IF;
    ELSIF word::numeric < 0 OR (name = 'factor' AND word::numeric > 1000) OR (name = 'percent' AND word::numeric > 10000)
      OR (name = 'share' AND (word::numeric = 0 OR word::numeric > 1))
      OR (name = 'growth' AND (word::numeric = 0 OR word::numeric > 10000)) OR (name = 'weight' AND word::numeric NOT BETWEEN 0.001 AND 10) THEN
      RETURN format('must be %s, not %s', CASE name WHEN 'weight' THEN 'more than 0 and at most 10'
        WHEN 'share' THEN 'more than 0 and at most 1' WHEN 'factor' THEN 'from 0 to 1000' WHEN 'growth' THEN 'more than 0 and at most 10000 percent'
        WHEN 'percent' THEN 'from 0 to 10000 percent' ELSE 'at least 0' END, shown);
    END IF;
    RETURN NULL;
  ELSIF name = 'boolean' THEN
    RETURN CASE WHEN jsonb_typeof(value) <> 'boolean' THEN 'must be true or false, not ' || shown END;
  ELSIF jsonb_typeof(value) <> 'string' THEN
    RETURN 'must be a text, not ' || shown;
  END IF;
  RETURN CASE
    WHEN name = 'text' THEN NULL
    WHEN btrim(word) = '' THEN 'is empty'
    WHEN name IN ('word', 'alias') THEN csflow.word_fault(word, name = 'alias') || ': ' || shown
    WHEN name = 'code' THEN CASE WHEN word ~ '[/[:cntrl:]]' OR word <> btrim(word) OR length(word) > 63
      THEN 'must be a code of up to 63 characters without slash, not ' || shown END
    WHEN name = 'clock' THEN CASE WHEN word !~ '^[a-z][a-z0-9_]{0,62}$'
      THEN 'must be a lower-case letter, then letters, digits or underscores, not ' || shown END
    WHEN name = 'one' THEN CASE WHEN NOT word = ANY (string_to_array(substr(type, 8), ', '))
      THEN format('must be one of %s, not %s', substr(type, 8), shown) END
    WHEN name = 'span' THEN CASE WHEN csflow.read_value('span', word) IS NULL THEN 'is no interval: ' || shown
      WHEN word::interval < interval '0' THEN 'must not be negative: ' || shown END
    WHEN name IN ('interval', 'time', 'date', 'priority', 'zone', 'tag_word')
      THEN CASE WHEN csflow.read_value(name, word) IS NULL THEN format('is no %s: %s', replace(name, '_', ' '), shown) END
    ELSE CASE WHEN NOT coalesce(codes -> name, '[]') ? word THEN format('unknown %s: %s', replace(name, '_', ' '), shown) END
  END;
END
$$;
COMMENT ON FUNCTION csflow.scalar_fault(text, jsonb, jsonb) IS
'Why a single value of a playbook is not of its type. Arguments: type of playbook_shape(), the value, playbook_codes(). Result: NULL when it is. Design 6.';

CREATE FUNCTION csflow.value_faults(type text, value jsonb, root text, codes jsonb) RETURNS TABLE (path text, fault text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  element text := CASE type WHEN 'texts' THEN 'word' WHEN 'alias_words' THEN 'alias' WHEN 'teams' THEN 'team' WHEN 'states' THEN 'state' WHEN 'signals' THEN 'signal'
    WHEN 'recipients' THEN 'recipient' WHEN 'approval_subjects' THEN 'approval_subject' WHEN 'scores' THEN 'one of efficiency, attitude, clarity, fairness, overall'
    WHEN 'questions' THEN 'one of efficiency, attitude, clarity, fairness, overall, nps, ces' END;
  problem text;
BEGIN
  IF type = 'steps' AND jsonb_typeof(value) = 'string' THEN
    RETURN QUERY SELECT root, f.fault FROM csflow.scalar_fault('steps', value, codes) AS f (fault) WHERE f.fault IS NOT NULL;
  ELSIF type IN ('objects', 'steps') OR element IS NOT NULL THEN
    IF jsonb_typeof(value) <> 'array' THEN
      RETURN QUERY SELECT root, 'must be a list, not ' || left(value::text, 60);
    END IF;
    RETURN QUERY
    SELECT i.path, f.fault
    FROM csflow.json_items(value, root) AS i,
      LATERAL (SELECT CASE WHEN element IS NOT NULL THEN csflow.scalar_fault(element, i.item, codes)
        WHEN jsonb_typeof(i.item) <> 'object' THEN 'must be an object, not ' || left(i.item::text, 60) END AS fault) AS f
    WHERE f.fault IS NOT NULL;
  ELSIF type IN ('object', 'lists', 'aliases', 'keywords', 'state_lists') THEN
    IF jsonb_typeof(value) <> 'object' THEN
      RETURN QUERY SELECT root, 'must be an object, not ' || left(value::text, 60);
    ELSIF type = 'keywords' THEN
      RETURN QUERY SELECT m.path, 'a weight is a whole number from 1 to 100' FROM csflow.json_members(value, root) AS m
        WHERE m.key !~ '^([1-9][0-9]?|100)$';
    ELSIF type = 'aliases' THEN
      RETURN QUERY SELECT m.path, csflow.word_fault(m.key, true) FROM csflow.json_members(value, root) AS m
        WHERE csflow.word_fault(m.key, true) IS NOT NULL;
    END IF;
    IF type <> 'object' THEN
      RETURN QUERY SELECT f.path, f.fault FROM csflow.json_members(value, root) AS m,
        csflow.value_faults(CASE type WHEN 'lists' THEN 'objects' WHEN 'state_lists' THEN 'states' WHEN 'aliases' THEN 'alias_words' ELSE 'texts' END, m.item, m.path, codes) AS f;
    END IF;
  ELSE
    problem := csflow.scalar_fault(type, value, codes);
    IF problem IS NOT NULL THEN
      RETURN QUERY SELECT root, problem;
    END IF;
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.value_faults(text, jsonb, text, jsonb) IS
'Everything in a value of a playbook that is not of its type. Arguments: type of playbook_shape(), the value, its JSON path, playbook_codes(). Result: path and fault. Design 6.';

CREATE FUNCTION csflow.calendar_fault(base text, days date[], rules text[]) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  detail text;
BEGIN
  PERFORM csflow.calendar_merge(base::csflow.calendar, days, rules);
  RETURN NULL;
EXCEPTION
  WHEN data_exception THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws('; ', SQLERRM, nullif(detail, ''));
END
$$;
COMMENT ON FUNCTION csflow.calendar_fault(text, date[], text[]) IS
'Why a calendar with its exceptional days is refused. Arguments: text of a calendar, dates, their rules. Result: the message of the type; NULL when it is a calendar. Design 2.4.';

CREATE FUNCTION csflow.shape_faults(playbook jsonb) RETURNS TABLE (path text, fault text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH p AS MATERIALIZED (SELECT * FROM csflow.playbook_parts(playbook) AS a WHERE jsonb_typeof(a.item) = 'object'),
  s AS MATERIALIZED (SELECT * FROM csflow.playbook_shape()),
  c AS MATERIALIZED (SELECT csflow.playbook_codes(playbook) AS codes)
  SELECT m.path, 'unknown key; known are ' || (SELECT string_agg(s.key, ', ' ORDER BY s.key) FROM s WHERE s.part = p.part)
  FROM p, csflow.json_members(p.item, p.path) AS m
  WHERE NOT EXISTS (SELECT FROM s WHERE s.part = p.part AND s.key = m.key)
  UNION ALL
  SELECT p.path || '.' || s.key, 'is missing'
  FROM p JOIN s ON s.part = p.part WHERE s.is_required AND NOT p.item ? s.key
  UNION ALL
  SELECT p.path || '.' || s.key, 'is empty'
  FROM p JOIN s ON s.part = p.part WHERE s.is_required AND s.type = 'text' AND p.item -> s.key = '""'
  UNION ALL
  SELECT f.path, f.fault
  FROM p JOIN s ON s.part = p.part AND p.item ? s.key, c,
    csflow.value_faults(s.type, p.item -> s.key, p.path || '.' || s.key, c.codes) AS f
  WHERE jsonb_typeof(p.item -> s.key) <> 'null'
$$;
COMMENT ON FUNCTION csflow.shape_faults(jsonb) IS
'Unknown and missing keys, values of a wrong type and unknown codes in a playbook. Argument: a document completed by complete_playbook(). Result: JSON path and fault. Design 6.';

CREATE FUNCTION csflow.rule_faults(playbook jsonb, rules jsonb, faulty text[]) RETURNS TABLE (path text, fault text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH alias AS (
    SELECT array_agg(w.item #>> '{}' ORDER BY w.path) AS words, array_agg(m.key ORDER BY w.path) AS canonicals
    FROM csflow.json_members(playbook -> 'aliases', '') AS m, csflow.json_items(m.item, m.path) AS w
    WHERE csflow.word_fault(w.item #>> '{}', true) IS NULL AND csflow.word_fault(m.key, true) IS NULL
  ),
  r AS MATERIALIZED (
    SELECT r.path, coalesce(r.content ->> 'field', 'text') AS field, r.content,
      csflow.json_texts(r.content -> 'any_of') AS any_of, csflow.json_texts(r.content -> 'all_of') AS all_of,
      csflow.json_texts(r.content -> 'none_of') AS none_of
    FROM jsonb_to_recordset(rules) AS r (path text, content jsonb)
    WHERE NOT EXISTS (SELECT FROM unnest(faulty) AS f (path) WHERE starts_with(f.path, r.path))
  )
  SELECT r.path, f.fault
  FROM r, alias, csflow.keyword_rule_fault(r.field, r.content ->> 'attribute_key', r.any_of, r.all_of, r.none_of,
    (r.content -> 'within_characters')::integer, coalesce((r.content -> 'part_of_word')::boolean, false),
    (r.content -> 'amount_at_least')::numeric, (r.content -> 'amount_below')::numeric, alias.words, alias.canonicals) AS f (fault)
  WHERE f.fault IS NOT NULL
  UNION ALL
  SELECT r.path, format('unknown %s: "%s"', replace(r.field, '_', ' '), u.code)
  FROM r, unnest(r.any_of || r.none_of) AS u (code)
  WHERE r.field IN ('channel', 'customer_tier') AND NOT coalesce(csflow.playbook_codes(playbook) -> r.field, '[]') ? u.code
$$;
COMMENT ON FUNCTION csflow.rule_faults(jsonb, jsonb, text[]) IS
'Keyword rules of a playbook that could never work, though every value is of its type. Arguments: a document completed by complete_playbook(); its rules as a JSON array of objects path and content, see playbook_rows(); paths of what has faults already and is left alone. Result: JSON path and fault. Handbook B2, H4.';

CREATE FUNCTION csflow.meaning_faults(playbook jsonb, faulty text[]) RETURNS TABLE (path text, fault text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH p AS MATERIALIZED (SELECT * FROM csflow.playbook_parts(playbook) AS a WHERE jsonb_typeof(a.item) = 'object'),
  r AS MATERIALIZED (SELECT * FROM csflow.playbook_rows(playbook)),
  t AS MATERIALIZED (
    SELECT r.path, r.key, r.content, csflow.json_texts(r.content -> 'stops_on') AS stops_on FROM r WHERE r.what = 'target'
  )
  SELECT d.path, format('is there twice, first at %s', d.first_path)
  FROM (
    SELECT r.path, first_value(r.path) OVER w AS first_path, row_number() OVER w AS number
    FROM r WINDOW w AS (PARTITION BY r.what, r.key ORDER BY length(r.path), r.path)) AS d
  WHERE d.number > 1
  UNION ALL
  SELECT m.path, 'unknown kind of caption; known are ' || (SELECT string_agg(k, ', ' ORDER BY k)
    FROM jsonb_object_keys(csflow.standard_playbook() -> 'captions') AS k)
  FROM csflow.json_members(playbook -> 'captions', '$.captions') AS m WHERE NOT csflow.standard_playbook() -> 'captions' ? m.key
  UNION ALL
  SELECT p.path, 'has no text, neither zh nor en' FROM p WHERE p.part = 'caption' AND NOT p.item ?| '{zh,en}'
  UNION ALL
  SELECT p.path, CASE p.parent WHEN 'milestone' THEN format('has the name of a signal: "%s"', p.item ->> 'code')
    ELSE format('unknown %s: "%s"', p.parent, p.item ->> 'code') END
  FROM p
  WHERE p.part = 'caption' AND CASE p.parent
    WHEN 'state' THEN p.item ->> 'code' NOT IN (SELECT s.state FROM csflow.states() AS s)
    WHEN 'priority' THEN NOT p.item ->> 'code' = ANY ('{E,A,B,C}')
    WHEN 'milestone' THEN p.item ->> 'code' IN (SELECT s.signal FROM csflow.signals() AS s) END
  UNION ALL
  SELECT m.path, f.fault
  FROM csflow.json_members(playbook -> 'transitions', '$.transitions') AS m,
    csflow.scalar_fault('state', to_jsonb(m.key), csflow.playbook_codes(playbook)) AS f (fault) WHERE f.fault IS NOT NULL
  UNION ALL
  SELECT p.path || '.code', 'goes into the tag where tag_word is missing, and cannot: ' || (p.item ->> 'code') FROM p
  WHERE p.part = 'category' AND NOT p.item ? 'tag_word' AND csflow.read_value('tag_word', p.item ->> 'code') IS NULL
    AND p.item ->> 'code' <> ''
  UNION ALL
  SELECT '$.settings.survey_questions', 'is empty' WHERE playbook #> '{settings,survey_questions}' = '[]'
  UNION ALL
  SELECT '$.settings.link_validity', 'must be more than 0'
  WHERE csflow.read_value('span', playbook #>> '{settings,link_validity}')::interval = interval '0'
  UNION ALL
  SELECT '$.opening_states', 'is empty, so no ticket could be opened' WHERE playbook -> 'opening_states' = '[]'
  UNION ALL
  SELECT f.path, f.fault FROM csflow.rule_faults(playbook, (SELECT jsonb_agg(jsonb_build_object('path', r.path, 'content', r.content))
    FROM r WHERE r.what = 'keyword_rule'), faulty) AS f
  UNION ALL
  SELECT p.path, 'has no effect: give category, domain, impact, urgency, raise_to, team or notify_team' FROM p
  WHERE p.part = 'rule' AND NOT p.item ?| '{category,domain,impact,urgency,raise_to,team,notify_team}'
  UNION ALL
  SELECT p.path, 'needs a condition' FROM p
  WHERE p.part = 'raise' AND NOT p.item ?| '{impact,urgency,kind,category,channel,customer_tier,amount_at_least}'
  UNION ALL
  SELECT p.path, c.fault
  FROM p, LATERAL (
    SELECT csflow.calendar_fault(concat_ws('; ', coalesce(p.item ->> 'zone', playbook ->> 'zone'), p.item ->> 'hours'),
      array_agg((d.item ->> 'day')::date ORDER BY d.ordinal) FILTER (WHERE csflow.read_value('date', d.item ->> 'day') IS NOT NULL),
      array_agg(d.item ->> 'rule' ORDER BY d.ordinal) FILTER (WHERE csflow.read_value('date', d.item ->> 'day') IS NOT NULL)) AS fault
    FROM csflow.json_items(p.item -> 'days', '') AS d) AS c
  WHERE p.part = 'calendar' AND c.fault IS NOT NULL
  UNION ALL
  SELECT t.path || '.' || f.field, f.fault
  FROM t, csflow.target_faults(coalesce(t.content ->> 'mode', 'once'), coalesce(t.content ->> 'due_from', 'duration'),
    csflow.read_value('interval', t.content ->> 'duration')::interval, csflow.read_value('time', t.content ->> 'daily_at')::time,
    coalesce(t.content -> 'exempt' = 'true', false), csflow.json_texts(coalesce(t.content -> 'starts_on', '["opened"]')), t.stops_on,
    csflow.json_texts(t.content -> 'rearms_on'), csflow.json_texts(t.content -> 'pauses_in'),
    coalesce(t.content ->> 'subject', 'ticket'), coalesce(t.content -> 'is_window' = 'true', false)) AS f
  WHERE NOT (t.content ? 'duration' AND f.fault LIKE 'is missing%')
  UNION ALL
  SELECT '$.targets', format('name %s milestones, and there is room for %s', m.named, m.room)
  FROM (
    SELECT count(DISTINCT u.signal) AS named, 64 - (SELECT count(*) FROM csflow.signals()) AS room
    FROM t, unnest(csflow.json_texts(t.content -> 'starts_on') || t.stops_on || csflow.json_texts(t.content -> 'rearms_on')) AS u (signal)
    WHERE u.signal NOT IN (SELECT s.signal FROM csflow.signals() AS s)) AS m
  WHERE m.named > m.room
  UNION ALL
  SELECT t.path, format('no ticket is both of kind %s and of category %s', t.key[2], t.key[3])
  FROM t WHERE t.key[2] <> '' AND t.key[3] <> '' AND split_part(t.key[3], '/', 1) <> t.key[2]
  UNION ALL
  SELECT b.path, format('can match the same ticket as %s, and neither is more specific', a.path)
  FROM t AS a JOIN t AS b ON a.key[1] = b.key[1] AND a.path <> b.path
    AND (length(a.path), a.path) < (length(b.path), b.path)
  WHERE a.key <> b.key
    AND cardinality(array_remove(a.key, '')) = cardinality(array_remove(b.key, ''))
    AND NOT EXISTS (SELECT FROM unnest(a.key, b.key) AS k (one, other) WHERE k.one <> '' AND k.other <> '' AND k.one <> k.other)
    AND NOT EXISTS (
      SELECT FROM (VALUES (a.key, b.key), (b.key, a.key)) AS v (one, other)
      WHERE (v.one[3] <> '' AND v.other[2] <> '' AND split_part(v.one[3], '/', 1) <> v.other[2])
        OR (v.one[5] <> '' AND v.other[6] <> '' AND v.other[6] <> (
          SELECT CASE WHEN c.item -> 'instant' = 'true' THEN 'instant' ELSE 'asynchronous' END
          FROM p AS c WHERE c.part = 'channel' AND c.item ->> 'code' = v.one[5] LIMIT 1)))
  UNION ALL
  SELECT p.path, f.fault
  FROM p, LATERAL (VALUES
    (CASE WHEN (p.item ? 'at_pct') = (p.item ? 'offset') THEN 'needs at_pct or offset, one of them' END),
    (CASE WHEN (p.item ->> 'action' = 'assign_team') <> (p.item ? 'team') THEN 'team goes with action assign_team, and only with it' END),
    (CASE WHEN (p.item ->> 'action' = 'close') <> (p.item ? 'close_reason') THEN 'close_reason goes with action close, and only with it' END),
    (CASE WHEN (p.item ->> 'action' IN ('message_customer', 'open_ticket')) <> (p.item ? 'template')
      THEN 'template goes with actions message_customer and open_ticket, and only with them' END),
    (CASE WHEN (p.item ->> 'action' = 'open_ticket') <> (p.item ? 'category') THEN 'category goes with action open_ticket, and only with it' END),
    (CASE WHEN p.item ? 'review_kind' AND p.item ->> 'action' <> 'open_review' THEN 'review_kind goes only with action open_review' END),
    (CASE WHEN p.item ->> 'action' IN ('notify', 'open_review', 'ask_late_cause') AND csflow.json_texts(p.item -> 'recipients') = '{}'
      THEN 'needs recipients' END)) AS f (fault)
  WHERE p.part = 'step' AND f.fault IS NOT NULL
  UNION ALL
  SELECT format('%s[%s]', l.path, f.ordinal - 1), f.fault
  FROM (
    SELECT s.list AS path, jsonb_agg(jsonb_build_object('action', s.item -> 'action',
      'at_pct', CASE WHEN jsonb_typeof(s.item -> 'at_pct') = 'number' THEN s.item -> 'at_pct' END,
      'offset', csflow.read_value('interval', s.item ->> 'offset')) ORDER BY s.ordinal) AS steps
    FROM (SELECT regexp_replace(p.path, '[[][0-9]+[]]$', '') AS list, p.* FROM p WHERE p.part = 'step') AS s
    GROUP BY s.list) AS l, csflow.step_faults(l.steps) AS f
$$;
COMMENT ON FUNCTION csflow.meaning_faults(jsonb, text[]) IS
'What is wrong with a playbook although every value is of its type: duplicates, rules without effect, targets and steps that contradict themselves or one another, calendars that are none. Arguments: a document completed by complete_playbook(); paths at which shape_faults() has found something. Result: JSON path and fault. Handbook H4, design 6.';

CREATE FUNCTION csflow.check_playbook(playbook jsonb) RETURNS TABLE (path text, fault text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF playbook IS NULL OR jsonb_typeof(playbook) <> 'object' THEN
    RETURN QUERY SELECT '$', 'a playbook must be a JSON object, not ' || coalesce(jsonb_typeof(playbook), 'NULL');
    RETURN;
  END IF;
  RETURN QUERY
  WITH d AS (SELECT csflow.complete_playbook(playbook) AS document),
  shape AS MATERIALIZED (SELECT s.path, s.fault FROM d, csflow.shape_faults(d.document) AS s)
  SELECT f.path, f.fault
  FROM (SELECT shape.path, shape.fault FROM shape
    UNION SELECT m.path, m.fault FROM d, csflow.meaning_faults(d.document, ARRAY(SELECT shape.path FROM shape)) AS m) AS f
  ORDER BY f.path COLLATE "C", f.fault COLLATE "C";
END
$$;
COMMENT ON FUNCTION csflow.check_playbook(jsonb) IS
'Everything that is wrong with a playbook. Argument: a document as for load_playbook(). Result: JSON path and fault, by path; no row when it can be loaded. Handbook H4, design 6.';
