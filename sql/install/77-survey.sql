-- Links with one-time tokens, and what customers do with them: answer the survey, say whether it is solved (handbook F1, F5, F6).

CREATE FUNCTION csflow.send_links(desk_ids bigint[], ticket_nos csflow.ticket_no[], states text[], ats timestamptz[]) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  sent integer;
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT w.desk_id, w.ticket_no, p.purpose, w.at, w.at + d.link_validity AS expires_at,
      -- 244 random bits; the desk in front says where to look the token up.
      w.desk_id::text || '-' || replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '') AS token,
      d.survey_questions, t.customer_id, t.channel, t.team_id, t.agent_id, c.language
    FROM unnest(desk_ids, ticket_nos, states, ats) AS w (desk_id, ticket_no, state, at)
    JOIN csflow.desk AS d ON d.desk_id = w.desk_id
    JOIN csflow.ticket AS t ON t.desk_id = w.desk_id AND t.ticket_no = w.ticket_no
    LEFT JOIN csflow.customer AS c ON c.desk_id = t.desk_id AND c.customer_id = t.customer_id
    CROSS JOIN (VALUES ('survey'), ('confirmation')) AS p (purpose)
    -- states: answered and closed send what the settings say; the name of a purpose sends that.
    WHERE CASE WHEN w.state = p.purpose THEN true
      WHEN p.purpose = 'confirmation' THEN w.state = 'answered' AND d.confirm_by_link
      WHEN w.state = 'answered' THEN d.survey_on = 'answered'
      WHEN w.state = 'closed' THEN d.survey_on = 'closed' OR d.survey_on = 'answered' AND NOT EXISTS (
        SELECT FROM csflow.survey AS s WHERE s.desk_id = w.desk_id AND s.ticket_no = w.ticket_no)
      ELSE false END
  ), link AS (
    INSERT INTO csflow.customer_link (desk_id, token_hash, ticket_no, purpose, sent_at, expires_at)
    SELECT w.desk_id, sha256(convert_to(w.token, 'UTF8')), w.ticket_no, w.purpose, w.at, w.expires_at FROM wanted AS w
  ), survey AS (
    INSERT INTO csflow.survey AS s (desk_id, ticket_no, sent_at, last_sent_at, team_id, agent_id)
    SELECT w.desk_id, w.ticket_no, w.at, w.at, w.team_id, w.agent_id FROM wanted AS w WHERE w.purpose = 'survey'
    ON CONFLICT ON CONSTRAINT survey_pkey DO UPDATE SET last_sent_at = excluded.last_sent_at, sent_count = s.sent_count + 1,
      team_id = excluded.team_id, agent_id = excluded.agent_id
  )
  INSERT INTO csflow.outbox (desk_id, ticket_no, created_at, topic, recipient_kind, recipient_id, recipient, due_at, payload)
  SELECT w.desk_id, w.ticket_no, w.at, w.purpose, 'customer', w.customer_id, w.channel, w.expires_at,
    jsonb_strip_nulls(jsonb_build_object('token', w.token, 'expires_at', w.expires_at, 'language', w.language,
      'questions', CASE w.purpose WHEN 'survey' THEN to_jsonb(w.survey_questions) END))
  FROM wanted AS w
  ORDER BY w.desk_id, w.ticket_no, w.purpose;
  GET DIAGNOSTICS sent = ROW_COUNT;
  RETURN sent;
END
$$;
COMMENT ON FUNCTION csflow.send_links(bigint[], csflow.ticket_no[], text[], timestamptz[]) IS
'Sends the customers of tickets links with one-time tokens, as rows of csflow.outbox; only the hash of a token is kept besides. Arguments, place by place: desk, ticket, state it has entered (answered or closed: what survey_on and confirm_by_link of the desk say; or survey or confirmation: just that), instant. Returns how many. A survey sent again is the same survey, with another token. Part of the ticket triggers and of send_survey and request_confirmation. Handbook F1, F5.';

CREATE FUNCTION csflow.forget_token() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.payload := NEW.payload - 'token';
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.forget_token() IS
'Trigger of csflow.outbox: once a row is sent, its token is known to the customer only. Handbook F1, F5.';

CREATE FUNCTION csflow.send_survey(desk_id bigint, ticket_no csflow.ticket_no, at timestamptz DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM csflow.ticket AS t WHERE t.desk_id = send_survey.desk_id AND t.ticket_no = send_survey.ticket_no FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(send_survey.desk_id, send_survey.ticket_no);
  END IF;
  RETURN csflow.send_links(ARRAY[send_survey.desk_id], ARRAY[send_survey.ticket_no], '{survey}',
    ARRAY[csflow.sweep_instant(send_survey.at)]);
END
$$;
COMMENT ON FUNCTION csflow.send_survey(bigint, csflow.ticket_no, timestamptz) IS
'Sends the satisfaction survey of a ticket, for the first time or again: an outbox row for the customer with a new one-time token. at: the instant, NULL means now. Returns 1. Earlier tokens stay good until they expire; the last answer counts. Errors: SF004 unknown ticket, SF009 future instant. Handbook F5.';

CREATE FUNCTION csflow.request_confirmation(desk_id bigint, ticket_no csflow.ticket_no, at timestamptz DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM csflow.ticket AS t
  WHERE t.desk_id = request_confirmation.desk_id AND t.ticket_no = request_confirmation.ticket_no FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(request_confirmation.desk_id, request_confirmation.ticket_no);
  END IF;
  RETURN csflow.send_links(ARRAY[request_confirmation.desk_id], ARRAY[request_confirmation.ticket_no], '{confirmation}',
    ARRAY[csflow.sweep_instant(request_confirmation.at)]);
END
$$;
COMMENT ON FUNCTION csflow.request_confirmation(bigint, csflow.ticket_no, timestamptz) IS
'Asks the customer whether it is solved: an outbox row with a one-time token for csflow.confirm_by_token(). at: the instant, NULL means now. Returns 1. Errors: SF004 unknown ticket, SF009 future instant. Handbook F1.';

CREATE FUNCTION csflow.use_link(token text, purpose text, at timestamptz, OUT desk_id bigint, OUT ticket_no csflow.ticket_no)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  digest bytea := sha256(convert_to(coalesce(token, ''), 'UTF8'));
  link record;
  is_known boolean := false;
BEGIN
  IF token ~ '^[0-9]{1,18}-[0-9a-f]{64}$' THEN
    SELECT k.desk_id, k.ticket_no INTO use_link.desk_id, use_link.ticket_no FROM csflow.customer_link AS k
    WHERE k.desk_id = split_part(token, '-', 1)::bigint AND k.token_hash = digest AND k.purpose = use_link.purpose;
    -- The ticket first, as everybody locks; two uses at the same moment meet here.
    PERFORM FROM csflow.ticket AS t
    WHERE t.desk_id = use_link.desk_id AND t.ticket_no = use_link.ticket_no FOR NO KEY UPDATE;
    -- Read again: meanwhile it may have been used, or be gone with the customer's data.
    SELECT k.expires_at, k.used_at INTO link FROM csflow.customer_link AS k
    WHERE k.desk_id = use_link.desk_id AND k.token_hash = digest FOR NO KEY UPDATE;
    is_known := FOUND;
  END IF;
  IF NOT is_known THEN
    RAISE EXCEPTION 'unknown % token', purpose
      USING ERRCODE = 'SF020', HINT = 'Hand over the token of the link as it was sent, unchanged.';
  ELSIF link.used_at IS NOT NULL THEN
    RAISE EXCEPTION 'this % token was used already', purpose
      USING ERRCODE = 'SF020', DETAIL = format('It was used at %s.', link.used_at), HINT = 'Each token is good for one use; another can be sent.';
  -- An instant in the past does not bring a token back, except for whoever may date tickets.
  ELSIF (CASE WHEN has_column_privilege('csflow.ticket', 'opened_at', 'UPDATE') THEN at ELSE greatest(at, now()) END) > link.expires_at THEN
    RAISE EXCEPTION 'this % token has expired', purpose
      USING ERRCODE = 'SF020', DETAIL = format('It was good until %s.', link.expires_at), HINT = 'Another can be sent.';
  END IF;
  UPDATE csflow.customer_link AS k SET used_at = use_link.at WHERE k.desk_id = use_link.desk_id AND k.token_hash = digest;
END
$$;
COMMENT ON FUNCTION csflow.use_link(text, text, timestamptz) IS
'Takes a one-time token of a purpose (survey or confirmation) as used at an instant, locks its ticket and returns desk and number. Errors: SF020 unknown, used or expired. Part of answer_survey and confirm_by_token. Handbook F1, F5.';

CREATE FUNCTION csflow.score_of(name text, score double precision, lowest integer, highest integer) RETURNS smallint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF score IS NULL OR (score BETWEEN lowest AND highest AND score = trunc(score)) THEN
    RETURN score::smallint;
  END IF;
  RAISE EXCEPTION '% of % is not on the scale', name, score
    USING ERRCODE = '22023', DETAIL = format('It must be a whole number from %s to %s.', lowest, highest);
END
$$;
COMMENT ON FUNCTION csflow.score_of(text, double precision, integer, integer) IS
'A score as a whole number of its scale; NULL stays NULL. Arguments: its name for the message, the score, lowest, highest. Errors: 22023 out of range, a fraction, NaN or infinite. Handbook F5.';

CREATE FUNCTION csflow.record_survey(desk_id bigint, ticket_no csflow.ticket_no, efficiency double precision DEFAULT NULL,
  attitude double precision DEFAULT NULL, clarity double precision DEFAULT NULL, fairness double precision DEFAULT NULL,
  overall double precision DEFAULT NULL, nps double precision DEFAULT NULL, ces double precision DEFAULT NULL,
  comment text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(record_survey.at);
  stars smallint[] := ARRAY[csflow.score_of('efficiency', efficiency, 1, 5), csflow.score_of('attitude', attitude, 1, 5),
    csflow.score_of('clarity', clarity, 1, 5), csflow.score_of('fairness', fairness, 1, 5), csflow.score_of('overall', overall, 1, 5)];
  recommends smallint := csflow.score_of('nps', nps, 0, 10);
  ease smallint := csflow.score_of('ces', ces, 1, 7);
  words text := nullif(btrim(comment, E' \t\r\n\u3000'), '');
  ticket record;
  is_low boolean;
BEGIN
  IF num_nonnulls(efficiency, attitude, clarity, fairness, overall, nps, ces, words) = 0 THEN
    RAISE EXCEPTION 'the survey has no answer' USING ERRCODE = 'SF017', HINT = 'Give a score or a comment.';
  END IF;
  SELECT t.team_id, t.agent_id, t.changed_at INTO ticket FROM csflow.ticket AS t
  WHERE t.desk_id = record_survey.desk_id AND t.ticket_no = record_survey.ticket_no FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(record_survey.desk_id, record_survey.ticket_no);
  END IF;
  -- now() may be older than the ticket's last change; an earlier instant that was given is refused with the note below.
  IF record_survey.at IS NULL THEN
    instant := greatest(instant, ticket.changed_at);
  END IF;
  SELECT coalesce(bool_or(s.score <= d.low_score), false) INTO is_low
  FROM csflow.desk AS d,
    unnest('{efficiency,attitude,clarity,fairness,overall}'::text[], stars) AS s (name, score)
  WHERE d.desk_id = record_survey.desk_id AND s.name = ANY (d.low_score_of);
  INSERT INTO csflow.survey AS s (desk_id, ticket_no, sent_at, last_sent_at, sent_count, team_id, agent_id, answered_at, answer_count,
    efficiency, attitude, clarity, fairness, overall, nps, ces, comment, is_low)
  VALUES (record_survey.desk_id, record_survey.ticket_no, instant, instant, 0, ticket.team_id, ticket.agent_id, instant, 1,
    stars[1], stars[2], stars[3], stars[4], stars[5], recommends, ease, words, is_low)
  ON CONFLICT ON CONSTRAINT survey_pkey DO UPDATE SET answered_at = excluded.answered_at, answer_count = s.answer_count + 1,
    efficiency = excluded.efficiency, attitude = excluded.attitude, clarity = excluded.clarity, fairness = excluded.fairness,
    overall = excluded.overall, nps = excluded.nps, ces = excluded.ces, comment = words, is_low = excluded.is_low;
  PERFORM csflow.add_message(record_survey.desk_id, record_survey.ticket_no, 'system', false,
    'survey: ' || concat_ws(', ', 'efficiency ' || stars[1], 'attitude ' || stars[2], 'clarity ' || stars[3], 'fairness ' || stars[4],
      'overall ' || stars[5], 'nps ' || recommends, 'ces ' || ease, words),
    NULL, (SELECT c.code FROM csflow.caption AS c WHERE c.desk_id = record_survey.desk_id AND c.kind = 'milestone'
      AND c.code = 'low_score_received' AND is_low LIMIT 1), NULL, instant);
  RETURN is_low;
END
$$;
COMMENT ON FUNCTION csflow.record_survey(bigint, csflow.ticket_no, double precision, double precision, double precision, double precision, double precision, double precision, double precision, text, timestamptz) IS
'Takes down a customer''s answer to the survey of a ticket, by telephone or before the conversation ends: 1 … 5 stars for efficiency, attitude, clarity, fairness and overall, nps 0 … 10, ces 1 … 7, comment; what was not asked is NULL. It replaces an earlier answer, which stays a note of the ticket. at: the instant, NULL means now. Returns whether a score is low (desk.low_score, low_score_of): then the note records the milestone low_score_received, where the desk has it, which starts low_score_explanation with its supervisor''s review, and second_call. Errors: 22023 not on the scale, SF017 nothing answered, SF004 unknown ticket, SF008 earlier than the last change, SF009, SF010. Handbook F5, F6.';

CREATE FUNCTION csflow.answer_survey(token text, efficiency double precision DEFAULT NULL, attitude double precision DEFAULT NULL,
  clarity double precision DEFAULT NULL, fairness double precision DEFAULT NULL, overall double precision DEFAULT NULL,
  nps double precision DEFAULT NULL, ces double precision DEFAULT NULL, comment text DEFAULT NULL, at timestamptz DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  link record;
BEGIN
  SELECT u.desk_id, u.ticket_no INTO link
  FROM csflow.use_link(answer_survey.token, 'survey', csflow.sweep_instant(answer_survey.at)) AS u;
  RETURN csflow.record_survey(link.desk_id, link.ticket_no, efficiency, attitude, clarity, fairness, overall, nps, ces, comment, at);
END
$$;
COMMENT ON FUNCTION csflow.answer_survey(text, double precision, double precision, double precision, double precision, double precision, double precision, double precision, text, timestamptz) IS
'The customer answers the survey through the link: token as it was sent, the scores and comment as for csflow.record_survey(). Once a token; an answer that is refused does not use it up. Returns whether a score is low. Errors: SF020 unknown, used or expired token; as csflow.record_survey. Handbook F5, F6.';

CREATE FUNCTION csflow.confirm_by_token(token text, is_solved boolean, comment text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  link record;
  words text := nullif(btrim(comment, E' \t\r\n\u3000'), '');
  present text;
BEGIN
  IF is_solved IS NULL THEN
    RAISE EXCEPTION 'whether it is solved is missing' USING ERRCODE = 'SF017';
  END IF;
  SELECT u.desk_id, u.ticket_no INTO link
  FROM csflow.use_link(confirm_by_token.token, 'confirmation', csflow.sweep_instant(confirm_by_token.at)) AS u;
  SELECT t.state INTO present FROM csflow.ticket AS t WHERE t.desk_id = link.desk_id AND t.ticket_no = link.ticket_no;
  IF words IS NOT NULL THEN
    PERFORM csflow.add_message(link.desk_id, link.ticket_no, 'customer', true, words, NULL, NULL, NULL, at);
  END IF;
  IF is_solved AND present <> 'closed' THEN
    RETURN csflow.close_ticket(link.desk_id, link.ticket_no, 'customer_confirmed', NULL, at, 'customer');
  ELSIF NOT is_solved AND present IN ('answered', 'closed') THEN
    RETURN csflow.change_state(link.desk_id, link.ticket_no, 'in_progress', coalesce(words, 'not solved'), NULL, at, 'customer');
  END IF;
  RETURN present;
END
$$;
COMMENT ON FUNCTION csflow.confirm_by_token(text, boolean, text, timestamptz) IS
'The customer says through the link whether it is solved: true closes the ticket (customer_confirmed), false reopens it into diagnosis; comment becomes a message of theirs. at: the instant, NULL means now. Once a token. Returns the state then; a ticket that is closed, or being worked on again, already stays so. Errors: SF020 unknown, used or expired token, SF017 is_solved is NULL, SF006 forbidden transition, SF008, SF009, SF010. Handbook F1, F2.';
