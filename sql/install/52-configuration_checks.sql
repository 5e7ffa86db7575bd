-- What makes a configuration row good: used by the triggers of sql/flow/50-configuration_checks.sql and by check_playbook().

CREATE FUNCTION csflow.signals() RETURNS TABLE (signal text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT s.signal, s.meaning
  FROM (VALUES
    ('opened', 'the ticket was opened'),
    ('condition_met', 'the ticket came to match the conditions of the target'),
    ('assigned', 'a person was assigned'),
    ('accepted', 'the person assigned took it up'),
    ('transferred', 'it went to another department'),
    ('answered', 'its state became answered, or a person wrote to the customer again while it was'),
    ('closed', 'its state became closed'),
    ('reopened', 'it left answered or closed for a working state'),
    ('customer_message', 'the customer wrote'),
    ('public_message', 'a message went to the customer, from a person or automatic'),
    ('person_message', 'a message went to the customer from a person'),
    ('news_named', 'a message to the customer named the time of the next news'),
    ('internal_note', 'a colleague left a note the customer does not see'),
    ('time_named', 'such a note named an expected time'),
    ('senior_message', 'a person who is no novice (agent.tier) wrote to the customer or left a note'),
    ('reviewer_named', 'under review, somebody other than the first handler was named as reviewer'),
    ('task_created', 'a task was made, or came to be due at another instant'),
    ('task_done', 'a task was done')) AS s (signal, meaning)
  UNION ALL
  SELECT 'enter_' || t.state, 'its state became ' || t.state FROM csflow.states() AS t
  UNION ALL
  SELECT 'leave_' || t.state, 'its state was ' || t.state || ' and became another' FROM csflow.states() AS t;
END;
COMMENT ON FUNCTION csflow.signals() IS
'What starts, stops and re-arms clocks (columns starts_on, stops_on, rearms_on of csflow.target); besides these, every milestone of the desk. Result: signal, meaning. Design 2.2.';

CREATE FUNCTION csflow.duration_fault(duration interval) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN CASE
  WHEN NOT isfinite(duration) THEN 'must be finite'
  WHEN extract(year FROM duration) <> 0 OR extract(month FROM duration) <> 0
    THEN 'has months, whose length varies: give days, hours or minutes'
  WHEN duration NOT BETWEEN interval '-3650 days' AND interval '3650 days' THEN 'is more than ten years'
END;
COMMENT ON FUNCTION csflow.duration_fault(interval) IS
'Why an interval is no business time to promise: it has months, is infinite or more than ten years, which calendars do not reach. Result: NULL when it is one. Design 2.4.';

CREATE FUNCTION csflow.target_faults(mode text, due_from text, duration interval, daily_at time, is_exempt boolean,
  starts_on text[], stops_on text[], rearms_on text[], pauses_in text[], subject text DEFAULT 'ticket', is_window boolean DEFAULT false)
RETURNS TABLE (field text, fault text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'duration', csflow.duration_fault(duration) WHERE csflow.duration_fault(duration) IS NOT NULL
  UNION ALL
  SELECT 'duration', format('must be more than nothing: %s', duration)
  WHERE csflow.duration_fault(duration) IS NULL AND (extract(day FROM duration) < 0
    OR duration - make_interval(days => extract(day FROM duration)::integer) < interval '0' OR duration = interval '0')
  UNION ALL
  SELECT 'duration', 'is missing; or say due_from = named or none'
  WHERE duration IS NULL AND due_from = 'duration' AND mode <> 'daily_at' AND NOT is_exempt
  UNION ALL
  SELECT 'duration', format('means nothing with due_from = %s', due_from) WHERE duration IS NOT NULL AND due_from <> 'duration'
  UNION ALL
  SELECT 'duration', 'means nothing with mode = daily_at' WHERE duration IS NOT NULL AND mode = 'daily_at'
  UNION ALL
  SELECT 'due_from', format('must be duration with mode = %s', mode) WHERE mode IN ('every', 'daily_at') AND due_from <> 'duration'
  UNION ALL
  SELECT 'daily_at', 'is missing, mode daily_at needs a local time of day' WHERE mode = 'daily_at' AND daily_at IS NULL
  UNION ALL
  SELECT 'daily_at', format('means nothing with mode = %s', mode) WHERE mode <> 'daily_at' AND daily_at IS NOT NULL
  UNION ALL
  SELECT 'starts_on', 'is empty, so the clock would never start' WHERE NOT is_exempt AND cardinality(starts_on) = 0
  UNION ALL
  SELECT 'subject', format('is %s, and nothing in starts_on tells of one', subject)
  WHERE subject <> 'ticket' AND NOT is_exempt AND CASE subject WHEN 'task' THEN NOT starts_on && '{task_created,task_done}'
    ELSE starts_on <@ (SELECT array_agg(s.signal) FROM csflow.signals() AS s
      WHERE s.signal NOT IN ('transferred', 'public_message', 'person_message', 'news_named', 'internal_note', 'time_named')) END
  UNION ALL
  SELECT 'is_window', 'needs a length and mode once or each' WHERE is_window AND (due_from = 'none' OR mode IN ('every', 'daily_at'))
  UNION ALL
  SELECT 'pauses_in', format('a clock cannot both stop and pause in state %s', p.state)
  FROM unnest(pauses_in) AS p (state) WHERE 'enter_' || p.state = ANY (stops_on) OR stops_on @> ARRAY[p.state]
  UNION ALL
  SELECT 'rearms_on', format('a signal cannot both stop and re-arm a clock: %s', s.signal)
  FROM unnest(rearms_on) AS s (signal) WHERE s.signal = ANY (stops_on)
$$;
COMMENT ON FUNCTION csflow.target_faults(text, text, interval, time, boolean, text[], text[], text[], text[], text, boolean) IS
'What is wrong with a target taken by itself. Arguments: the columns of csflow.target. Result: column and fault, no row when all is well. Handbook H4, design 2.8.';

CREATE FUNCTION csflow.step_faults(steps jsonb) RETURNS TABLE (ordinal integer, fault text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH s AS (
    SELECT e.ordinality::integer AS ordinal, e.value ->> 'action' AS action, (e.value ->> 'at_pct')::double precision AS share,
      (e.value ->> 'offset')::interval AS gap
    FROM jsonb_array_elements(steps) WITH ORDINALITY AS e
  ),
  pair AS (
    SELECT s.*, lag(s.action) OVER w AS before_action, lag(s.share) OVER w AS before_share, lag(s.gap) OVER w AS before_gap
    FROM s WINDOW w AS (ORDER BY s.ordinal)
  )
  SELECT p.ordinal, 'comes after a step that closes the ticket' FROM pair AS p WHERE p.before_action = 'close'
  UNION ALL
  SELECT p.ordinal, 'is due before the step ahead of it'
  FROM pair AS p
  WHERE p.share < p.before_share OR p.gap < p.before_gap
    OR (p.gap < interval '0' AND p.before_share >= 100) OR (p.before_gap > interval '0' AND p.share <= 100)
    OR (p.before_gap = interval '0' AND p.share < 100) OR (p.gap = interval '0' AND p.before_share > 100)
  UNION ALL
  SELECT p.ordinal, 'offset ' || csflow.duration_fault(p.gap) FROM pair AS p WHERE csflow.duration_fault(p.gap) IS NOT NULL
$$;
COMMENT ON FUNCTION csflow.step_faults(jsonb) IS
'What is wrong with a list of steps in order of position: steps after one that closes, steps that are due before their predecessor, offsets in months. Argument: an array of objects with action, at_pct (percent) or offset (interval). Result: number from 1 and fault. Handbook D6, H4.';

CREATE FUNCTION csflow.word_fault(word text, is_alias boolean DEFAULT false) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN CASE
  WHEN btrim(csflow.fold(word)) = '' THEN 'has nothing left after folding'
  WHEN length(csflow.fold(word)) > 100 THEN 'has more than 100 characters after folding'
  -- A single letter stands in too many places to be another way to write something; a single Chinese character is a word.
  WHEN is_alias AND btrim(csflow.fold(word)) ~ E'^[^\\u2e80-\\uffff]$' THEN 'is too short: it needs a Chinese character or two letters'
END;
COMMENT ON FUNCTION csflow.word_fault(text, boolean) IS
'Why a word cannot be looked for. Arguments: the word; whether it is part of an alias. Result: NULL when it can. Handbook B2, H4.';
