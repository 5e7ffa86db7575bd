-- Duplicates and what is like a ticket (handbook A7, A8, B9). Intake recognises a repeated ticket by itself (src/engine/duplicate.c).
-- What it cannot see, above all two that arrive at the same time, a later pass finds: every ticket with a customer waits in
-- csflow.duplicate_queue until it was looked at once, so that a pass costs what is new.

CREATE FUNCTION csflow.is_untouched(desk_id bigint, ticket_no csflow.ticket_no) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN NOT EXISTS (
    SELECT FROM csflow.event AS e
    LEFT JOIN csflow.agent AS a ON a.desk_id = e.desk_id AND a.agent_id = e.actor_id
    WHERE e.desk_id = is_untouched.desk_id AND e.ticket_no = is_untouched.ticket_no
      AND (e.old_state IN ('duplicate', 'invalid')
        OR (e.kind NOT IN ('opened', 'automatic_message') AND e.actor_kind IN ('agent', 'unknown') AND a.is_bot IS NOT TRUE)));
END
$$;
COMMENT ON FUNCTION csflow.is_untouched(bigint, csflow.ticket_no) IS
'Whether nobody has worked on the ticket yet, by its events: no person but the customer did anything to it after it was opened, and no mark was ever taken back (undo_mark). Only such a ticket is marked duplicate by a job. Handbook A8.';

CREATE FUNCTION csflow.find_duplicates(desk_id bigint, at timestamptz, checked csflow.ticket_no[])
RETURNS TABLE (ticket_no csflow.ticket_no, original_no csflow.ticket_no, similarity double precision)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  WITH setting AS MATERIALIZED (
    SELECT d.duplicate_window, d.duplicate_similarity FROM csflow.desk AS d WHERE d.desk_id = find_duplicates.desk_id
  ),
  arrived AS MATERIALIZED (
    SELECT t.ticket_no, t.customer_id, t.opened_at, t.state
    FROM unnest(find_duplicates.checked) AS c (ticket_no)
    JOIN csflow.ticket AS t ON t.desk_id = find_duplicates.desk_id AND t.ticket_no = c.ticket_no AND t.customer_id IS NOT NULL
  ),
  -- A ticket opened before one that was looked at already, by a transaction that took longer or an import, may be its original.
  looked_at AS MATERIALIZED (
    SELECT a.ticket_no FROM arrived AS a
    UNION
    SELECT l.ticket_no
    FROM arrived AS a
    CROSS JOIN setting AS s
    CROSS JOIN LATERAL (
      SELECT t.ticket_no, t.state FROM csflow.ticket AS t
      WHERE t.desk_id = find_duplicates.desk_id AND t.customer_id = a.customer_id
        AND t.opened_at >= a.opened_at AND t.opened_at <= least(a.opened_at + s.duplicate_window, find_duplicates.at)
      ORDER BY t.opened_at LIMIT 100) AS l
    WHERE a.state NOT IN ('closed', 'duplicate', 'invalid') AND l.state IN ('new', 'assigned')
      AND NOT EXISTS (SELECT FROM csflow.duplicate_queue AS q
        WHERE q.desk_id = find_duplicates.desk_id AND q.ticket_no = l.ticket_no)
  ),
  waiting AS MATERIALIZED (
    SELECT t.ticket_no, t.customer_id, t.opened_at, t.body, s.duplicate_window, s.duplicate_similarity
    FROM setting AS s
    CROSS JOIN looked_at AS l
    JOIN csflow.ticket AS t ON t.desk_id = find_duplicates.desk_id AND t.ticket_no = l.ticket_no
      AND t.state IN ('new', 'assigned') AND t.accepted_at IS NULL AND t.first_response_at IS NULL
    WHERE EXISTS (SELECT FROM csflow.transition AS r
        WHERE r.desk_id = t.desk_id AND r.from_state = t.state AND r.to_state = 'duplicate')
      AND NOT EXISTS (SELECT FROM csflow.set_aside AS a WHERE a.desk_id = t.desk_id AND a.ticket_no = t.ticket_no
        AND a.job = 'duplicate_check' AND a.retry_at > find_duplicates.at)
  ),
  alike AS MATERIALIZED (
    SELECT w.ticket_no, e.ticket_no AS original_no, e.opened_at, e.similarity
    FROM waiting AS w
    CROSS JOIN LATERAL (
      SELECT o.ticket_no, o.opened_at, o.body, csflow.text_similarity(w.body, o.body) AS similarity
      FROM (
        SELECT t.ticket_no, t.opened_at, t.body FROM csflow.ticket AS t
        WHERE t.desk_id = find_duplicates.desk_id AND t.customer_id = w.customer_id
          AND t.opened_at >= w.opened_at - w.duplicate_window AND t.opened_at <= w.opened_at
          AND (t.opened_at, t.ticket_no) < (w.opened_at, w.ticket_no) AND t.state NOT IN ('closed', 'duplicate', 'invalid')
        -- A hundred bounds the work where very many tickets go by one customer, such as a shared account.
        ORDER BY t.opened_at DESC LIMIT 100) AS o
    ) AS e
    -- Empty texts say nothing, though they are equal. Asked last, of the few that are alike.
    WHERE e.similarity >= w.duplicate_similarity AND csflow.text_similarity(e.body, '') < 1
  ),
  untouched AS MATERIALIZED (
    SELECT c.ticket_no FROM (SELECT DISTINCT a.ticket_no FROM alike AS a) AS c
    WHERE csflow.is_untouched(find_duplicates.desk_id, c.ticket_no)
  )
  -- What may itself turn out a duplicate is no original yet: the next batch looks again, so that all point at a first one.
  SELECT DISTINCT ON (a.ticket_no) a.ticket_no, o.ticket_no, CASE WHEN o.ticket_no IS NOT NULL THEN a.similarity END
  FROM alike AS a
  LEFT JOIN (
    SELECT DISTINCT f.original_no AS ticket_no FROM alike AS f
    WHERE f.original_no NOT IN (SELECT u.ticket_no FROM untouched AS u)
      AND (f.original_no = ANY (find_duplicates.checked) OR NOT EXISTS (SELECT FROM csflow.duplicate_queue AS q
        WHERE q.desk_id = find_duplicates.desk_id AND q.ticket_no = f.original_no))) AS o ON o.ticket_no = a.original_no
  WHERE a.ticket_no IN (SELECT u.ticket_no FROM untouched AS u)
  ORDER BY a.ticket_no, o.ticket_no IS NULL, a.opened_at, a.original_no;
END
$$;
COMMENT ON FUNCTION csflow.find_duplicates(bigint, timestamptz, csflow.ticket_no[]) IS
'The tickets among checked, and those of the same customers opened after them and looked at before, that are duplicates as of the instant at, each with its original and how alike they are; original_no is NULL where what it is like may itself turn out a duplicate, to be looked at again. A duplicate is new or assigned and untouched, with a body at least the desk''s duplicate_similarity like that of an earlier ticket of the same customer, not closed, opened at most duplicate_window before it and among the 100 last. The earliest such is the original. Uses the index ticket_customer. Part of mark_duplicates(). Handbook A8.';

CREATE FUNCTION csflow.mark_found_duplicates(desk_id bigint, at timestamptz, numbers csflow.ticket_no[], originals csflow.ticket_no[],
  reasons text[]) RETURNS csflow.ticket_no[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  followers csflow.ticket_no[];
  locked csflow.ticket_no[];
  marked csflow.ticket_no[];
BEGIN
  -- Duplicates of what now turns out a duplicate, as intake may have marked them meanwhile: all point at the first.
  SELECT array_agg(d.ticket_no) INTO followers
  FROM csflow.ticket AS t
  JOIN csflow.ticket AS d ON d.desk_id = t.desk_id AND d.customer_id = t.customer_id AND d.opened_at >= t.opened_at
    AND d.state = 'duplicate' AND d.duplicate_of = t.ticket_no
  WHERE t.desk_id = mark_found_duplicates.desk_id AND t.ticket_no = ANY (numbers);
  SELECT array_agg(l.ticket_no) INTO locked
  FROM (SELECT t.ticket_no FROM csflow.ticket AS t
    WHERE t.desk_id = mark_found_duplicates.desk_id AND t.ticket_no = ANY (numbers || originals || followers)
    ORDER BY t.desk_id, t.ticket_no FOR NO KEY UPDATE SKIP LOCKED) AS l;
  -- Looked at again, now that nobody else can change them: what the search saw may have.
  WITH change AS (
    UPDATE csflow.ticket AS t
    SET state = 'duplicate', duplicate_of = f.original_no, change_reason = f.reason, changed_by = NULL, changed_by_kind = 'system',
      changed_at = greatest(mark_found_duplicates.at, t.changed_at)
    FROM (
      SELECT u.ticket_no, u.original_no, u.reason
      FROM unnest(numbers, originals, reasons) AS u (ticket_no, original_no, reason)
      JOIN csflow.ticket AS c ON c.desk_id = mark_found_duplicates.desk_id AND c.ticket_no = u.ticket_no
        AND c.state IN ('new', 'assigned') AND c.accepted_at IS NULL AND c.first_response_at IS NULL
      JOIN csflow.ticket AS o ON o.desk_id = mark_found_duplicates.desk_id AND o.ticket_no = u.original_no
        AND o.state NOT IN ('closed', 'duplicate', 'invalid')
      WHERE u.ticket_no = ANY (locked) AND u.original_no = ANY (locked)
        AND csflow.is_untouched(mark_found_duplicates.desk_id, u.ticket_no)) AS f
    WHERE t.desk_id = mark_found_duplicates.desk_id AND t.ticket_no = f.ticket_no
    RETURNING t.ticket_no)
  SELECT array_agg(c.ticket_no) INTO marked FROM change AS c;
  UPDATE csflow.ticket AS t
  SET duplicate_of = o.duplicate_of, changed_by = NULL, changed_by_kind = 'system',
    changed_at = greatest(mark_found_duplicates.at, t.changed_at)
  FROM csflow.ticket AS o
  WHERE t.desk_id = mark_found_duplicates.desk_id AND t.ticket_no = ANY (followers) AND t.ticket_no = ANY (locked)
    AND o.desk_id = t.desk_id AND o.ticket_no = t.duplicate_of AND o.ticket_no = ANY (marked);
  RETURN coalesce(marked, '{}');
END
$$;
COMMENT ON FUNCTION csflow.mark_found_duplicates(bigint, timestamptz, csflow.ticket_no[], csflow.ticket_no[], text[]) IS
'Marks the tickets numbers as duplicates of originals, for reasons (arrays in step), in one go, leaving out those that somebody else has locked, or whose original is, or that have changed; what was a duplicate of one of them follows. Returns the numbers marked. Tickets are locked in the order of their numbers. Part of mark_duplicates(). Handbook A8, design 2.3.';

CREATE FUNCTION csflow.check_queued_duplicates(desk_id bigint, at timestamptz, checked csflow.ticket_no[],
  OUT settled integer, OUT marked integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  numbers csflow.ticket_no[];
  originals csflow.ticket_no[];
  reasons text[];
  due integer;
  changed csflow.ticket_no[] := '{}';
  unsettled csflow.ticket_no[];
  queued integer;
  error_code text;
  error text;
BEGIN
  SELECT array_agg(f.ticket_no), array_agg(f.original_no),
    array_agg(format('%s %% like %s', floor(f.similarity * 100), f.original_no))
  INTO numbers, originals, reasons
  FROM csflow.find_duplicates(check_queued_duplicates.desk_id, check_queued_duplicates.at, checked) AS f;
  BEGIN
    changed := csflow.mark_found_duplicates(check_queued_duplicates.desk_id, check_queued_duplicates.at, numbers, originals, reasons);
  EXCEPTION WHEN OTHERS THEN
    FOR due IN 1 .. cardinality(numbers) LOOP
      BEGIN
        changed := changed || csflow.mark_found_duplicates(check_queued_duplicates.desk_id, check_queued_duplicates.at,
          numbers[due:due], originals[due:due], reasons[due:due]);
      EXCEPTION WHEN serialization_failure OR deadlock_detected THEN
        NULL; -- somebody else was at the ticket, nothing is wrong with it: it is left to the next pass
      WHEN disk_full THEN
        RAISE; -- no ticket's fault, and the next one would meet it too
      WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS error_code = RETURNED_SQLSTATE, error = MESSAGE_TEXT;
        PERFORM csflow.set_ticket_aside(check_queued_duplicates.desk_id, numbers[due], 'duplicate_check',
          check_queued_duplicates.at, error_code, error);
      END;
    END LOOP;
  END;
  SELECT array_agg(n) INTO unsettled FROM unnest(numbers) AS n WHERE n <> ALL (changed);
  DELETE FROM csflow.duplicate_queue AS q
  WHERE q.desk_id = check_queued_duplicates.desk_id AND q.ticket_no = ANY (checked)
    AND (unsettled IS NULL OR q.ticket_no <> ALL (unsettled));
  GET DIAGNOSTICS settled = ROW_COUNT;
  INSERT INTO csflow.duplicate_queue (desk_id, ticket_no)
  SELECT check_queued_duplicates.desk_id, n FROM unnest(unsettled) AS n WHERE n <> ALL (checked) ORDER BY n
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS queued = ROW_COUNT;
  -- What goes back into the queue is taken off, so that whoever calls until nothing is settled comes to an end.
  settled := greatest(settled - queued, 0);
  marked := cardinality(changed);
END
$$;
COMMENT ON FUNCTION csflow.check_queued_duplicates(bigint, timestamptz, csflow.ticket_no[]) IS
'Looks at the queued tickets checked, whose rows of csflow.duplicate_queue the caller has locked, marks what is a duplicate and takes from the queue what is settled; what is locked, set aside or like one that may itself be a duplicate stays for later. Result: by how many rows the queue has become shorter, and how many tickets were marked. Part of check_duplicates(). Handbook A8, design 2.12.';

CREATE FUNCTION csflow.check_duplicates(desk_id bigint, at timestamptz DEFAULT NULL, batch integer DEFAULT 1000,
  OUT settled integer, OUT marked integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  checked csflow.ticket_no[];
  reached csflow.ticket_no := '190001001'; -- no ticket has a lower number
  last_checked csflow.ticket_no;
BEGIN
  IF batch IS NULL OR batch < 1 THEN
    RAISE EXCEPTION 'batch of % tickets', coalesce(batch::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give at least 1.';
  END IF;
  settled := 0;
  marked := 0;
  -- Past what cannot be settled now, such as tickets locked by others, and no further than one batch of what can.
  WHILE settled = 0 AND marked = 0 LOOP
    BEGIN
      SELECT array_agg(l.ticket_no) INTO checked
      FROM (
        SELECT q.ticket_no FROM csflow.duplicate_queue AS q
        WHERE q.desk_id = check_duplicates.desk_id AND q.ticket_no >= reached AND q.ticket_no IS DISTINCT FROM last_checked
          AND EXISTS (SELECT FROM csflow.ticket AS t
            WHERE t.desk_id = q.desk_id AND t.ticket_no = q.ticket_no AND t.opened_at <= instant)
          AND NOT EXISTS (SELECT FROM csflow.set_aside AS a WHERE a.desk_id = q.desk_id AND a.ticket_no = q.ticket_no
            AND a.job = 'duplicate_check' AND a.retry_at > instant)
        ORDER BY q.ticket_no LIMIT batch FOR UPDATE OF q SKIP LOCKED) AS l;
    EXCEPTION WHEN serialization_failure THEN
      EXIT; -- under REPEATABLE READ: another pass has been there
    END;
    EXIT WHEN checked IS NULL;
    reached := checked[cardinality(checked)];
    last_checked := reached;
    SELECT c.settled, c.marked INTO settled, marked
    FROM csflow.check_queued_duplicates(check_duplicates.desk_id, instant, checked) AS c;
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow.check_duplicates(bigint, timestamptz, integer) IS
'Looks at one batch of the tickets of a desk that wait in csflow.duplicate_queue, opened at the instant at (NULL means now) or before: state duplicate, duplicate_of the earliest ticket they repeat; their clocks become void. Never an original, never a ticket somebody has worked on or whose mark was taken back. Passes at once share the queue. Set-based; a ticket that raises an error is set aside with it. Result: by how many rows the queue has become shorter and how many tickets were marked; both 0 when nothing is left to do. Call again until then, committing between, for a ticket like one just marked is only then compared with the others. Errors: 22023 bad batch, SF009 future instant, SF010 without the right to act for others, SF014 no flow. Handbook A8, design 2.12.';

CREATE FUNCTION csflow.mark_duplicates(desk_id bigint, at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  batch_settled integer := 1;
  batch_marked integer := 0;
BEGIN
  WHILE batch_settled > 0 AND batch_marked = 0 LOOP
    SELECT c.settled, c.marked INTO batch_settled, batch_marked
    FROM csflow.check_duplicates(mark_duplicates.desk_id, mark_duplicates.at, mark_duplicates.batch) AS c;
  END LOOP;
  RETURN batch_marked;
END
$$;
COMMENT ON FUNCTION csflow.mark_duplicates(bigint, timestamptz, integer) IS
'check_duplicates() again and again, in one transaction, until a batch has marked something or none is left. Returns how many were marked; call again until 0. For use by hand: a long queue is better left to the job, which commits after each batch. Errors as csflow.check_duplicates(). Handbook A8.';

CREATE FUNCTION csflow.recheck_duplicates(desk_id bigint, since timestamptz) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  queued bigint;
BEGIN
  PERFORM csflow.require_flow();
  INSERT INTO csflow.duplicate_queue (desk_id, ticket_no)
  SELECT t.desk_id, t.ticket_no FROM csflow.ticket AS t
  WHERE t.desk_id = recheck_duplicates.desk_id AND t.opened_at >= since AND t.customer_id IS NOT NULL AND t.state IN ('new', 'assigned')
  ORDER BY t.ticket_no
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS queued = ROW_COUNT;
  RETURN queued;
END
$$;
COMMENT ON FUNCTION csflow.recheck_duplicates(bigint, timestamptz) IS
'Has the next mark_duplicates() look once more at the tickets of a desk opened at the instant since or later that are new or assigned, as after duplicate_window or duplicate_similarity was changed. Returns how many were queued. Uses the index ticket_opened. Errors: SF014 no flow. Handbook A8.';

CREATE FUNCTION csflow.duplicate_check_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  desk record;
  settled integer := 0;
BEGIN
  FOR desk IN SELECT d.desk_id FROM csflow.desk AS d WHERE d.duplicate_window > interval '0' ORDER BY d.desk_id LOOP
    settled := settled + (SELECT greatest(c.settled, c.marked) FROM csflow.check_duplicates(desk.desk_id, instant, batch) AS c);
  END LOOP;
  DELETE FROM csflow.set_aside AS s
  WHERE s.job = 'duplicate_check' AND s.retry_at <= instant
    AND NOT EXISTS (SELECT FROM csflow.ticket AS t
      WHERE t.desk_id = s.desk_id AND t.ticket_no = s.ticket_no AND t.state IN ('new', 'assigned'));
  RETURN settled;
END
$$;
COMMENT ON FUNCTION csflow.duplicate_check_batch(timestamptz, integer) IS
'check_duplicates() for every desk with a duplicate_window, one batch of each. Returns how many tickets were settled, duplicates or not: 0 when nothing is left to do. Errors as csflow.check_duplicates(). Handbook A8, design 2.12.';

CREATE FUNCTION csflow.duplicate_candidates(desk_id bigint, ticket_no csflow.ticket_no, minimum double precision DEFAULT 0.5)
RETURNS TABLE (candidate_no csflow.ticket_no, similarity double precision, state text, opened_at timestamptz, title text,
  answered_at timestamptz, closed_at timestamptz, close_reason text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  subject record;
BEGIN
  SELECT t.customer_id, t.opened_at, t.body, CASE WHEN d.duplicate_window > interval '0' THEN d.duplicate_window ELSE interval '24 hours' END AS span INTO subject
  FROM csflow.my_ticket AS t JOIN csflow.desk AS d ON d.desk_id = t.desk_id
  WHERE t.desk_id = duplicate_candidates.desk_id AND t.ticket_no = duplicate_candidates.ticket_no;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(duplicate_candidates.desk_id, duplicate_candidates.ticket_no);
  END IF;
  RETURN QUERY
  SELECT c.ticket_no, c.similarity, c.state, c.opened_at, c.title, c.answered_at, c.closed_at, c.close_reason
  FROM (
    SELECT o.*, csflow.text_similarity(subject.body, o.body) AS similarity
    FROM csflow.my_ticket AS o
    WHERE o.desk_id = duplicate_candidates.desk_id AND o.customer_id = subject.customer_id
      AND o.opened_at BETWEEN subject.opened_at - subject.span AND subject.opened_at + subject.span
      AND o.ticket_no <> duplicate_candidates.ticket_no) AS c
  WHERE c.similarity >= minimum
  ORDER BY c.similarity DESC, c.opened_at, c.ticket_no;
END
$$;
COMMENT ON FUNCTION csflow.duplicate_candidates(bigint, csflow.ticket_no, double precision) IS
'For a person who decides: tickets of the same customer opened within the desk''s duplicate_window (24 hours where that is 0) before or after this one whose body is at least minimum (0…1) like its own, the most alike first, with their outcome. Uses the index ticket_customer. Texts are those of csflow.my_ticket: compared and shown as whoever asks may read them. Errors: SF004 unknown ticket. Handbook A8.';

CREATE FUNCTION csflow.duplicate_outcome(desk_id bigint, ticket_no csflow.ticket_no)
RETURNS TABLE (original_no csflow.ticket_no, state text, answered_at timestamptz, closed_at timestamptz, close_reason text, answer text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  SELECT o.ticket_no, o.state, o.answered_at, o.closed_at, o.close_reason,
    (SELECT m.body FROM csflow.my_message AS m
      WHERE m.desk_id = o.desk_id AND m.ticket_no = o.ticket_no AND m.author_kind = 'agent' AND m.is_public
      ORDER BY m.at DESC, m.message_no DESC LIMIT 1)
  FROM csflow.my_ticket AS t
  JOIN csflow.my_ticket AS o ON o.desk_id = t.desk_id AND o.ticket_no = t.duplicate_of
  WHERE t.desk_id = duplicate_outcome.desk_id AND t.ticket_no = duplicate_outcome.ticket_no;
END
$$;
COMMENT ON FUNCTION csflow.duplicate_outcome(bigint, csflow.ticket_no) IS
'What became of the original of a ticket marked duplicate: its number and state, when it was answered and closed and why, and answer, the last public words of an agent in it, as csflow.my_message shows them. No row for a ticket that is no duplicate. Handbook A8.';

CREATE FUNCTION csflow.customer_history(desk_id bigint, ticket_no csflow.ticket_no, maximum integer DEFAULT 100)
RETURNS TABLE (earlier_no csflow.ticket_no, opened_at timestamptz, state text, kind text, category_id bigint, priority csflow.priority,
  title text, closed_at timestamptz, close_reason text, similarity double precision, relation text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  subject record;
BEGIN
  SELECT t.customer_id, t.opened_at, t.body, t.priority, d.duplicate_similarity,
    (SELECT c.category_id FROM csflow.category AS c
      WHERE c.desk_id = t.desk_id AND c.category_id = t.category_id AND c.parent_id IS NOT NULL) AS second_level_id INTO subject
  FROM csflow.my_ticket AS t JOIN csflow.desk AS d ON d.desk_id = t.desk_id
  WHERE t.desk_id = customer_history.desk_id AND t.ticket_no = customer_history.ticket_no;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(customer_history.desk_id, customer_history.ticket_no);
  END IF;
  RETURN QUERY
  SELECT e.ticket_no, e.opened_at, e.state, e.kind, e.category_id, e.priority, e.title, e.closed_at, e.close_reason, e.similarity,
    CASE WHEN e.state = 'invalid' OR NOT (e.similarity >= subject.duplicate_similarity
        OR coalesce(e.category_id = subject.second_level_id, false)) THEN NULL
      WHEN subject.priority > e.priority OR e.state NOT IN ('closed', 'duplicate') THEN 'escalation'
      ELSE 'repeat' END
  FROM (
    SELECT o.*, csflow.text_similarity(subject.body, o.body) AS similarity
    FROM csflow.my_ticket AS o
    WHERE o.desk_id = customer_history.desk_id AND o.customer_id = subject.customer_id AND o.opened_at <= subject.opened_at
      AND (o.opened_at, o.ticket_no) < (subject.opened_at, customer_history.ticket_no)
    ORDER BY o.opened_at DESC, o.ticket_no DESC
    LIMIT maximum) AS e
  ORDER BY e.opened_at DESC, e.ticket_no DESC;
END
$$;
COMMENT ON FUNCTION csflow.customer_history(bigint, csflow.ticket_no, integer) IS
'The same customer''s earlier tickets, the latest first, at most maximum. similarity: of the two bodies, 0…1. relation: NULL for another matter; for the same matter (a body alike by the desk''s duplicate_similarity, or the same second-level category) escalation when the customer comes back before it was closed or with a higher priority, else repeat. Uses the index ticket_customer. Texts are those of csflow.my_ticket: compared and shown as whoever asks may read them. Errors: SF004 unknown ticket. Handbook A7.';

CREATE FUNCTION csflow.similar_tickets(desk_id bigint, ticket_no csflow.ticket_no, maximum integer DEFAULT 20,
  span interval DEFAULT '24 hours')
RETURNS TABLE (similar_no csflow.ticket_no, similarity double precision, customer_id bigint, state text, opened_at timestamptz,
  priority csflow.priority, parent_no csflow.ticket_no, title text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  subject record;
BEGIN
  SELECT t.customer_id, t.opened_at, t.body, t.category_id INTO subject FROM csflow.my_ticket AS t
  WHERE t.desk_id = similar_tickets.desk_id AND t.ticket_no = similar_tickets.ticket_no;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(similar_tickets.desk_id, similar_tickets.ticket_no);
  END IF;
  RETURN QUERY
  SELECT c.ticket_no, c.similarity, c.customer_id, c.state, c.opened_at, c.priority, c.parent_no, c.title
  FROM (
    SELECT o.*, csflow.text_similarity(subject.body, o.body) AS similarity
    FROM (
      -- Two ways to write "the same category", since IS NOT DISTINCT FROM finds no index.
      SELECT t.* FROM csflow.my_ticket AS t
      WHERE t.desk_id = similar_tickets.desk_id AND t.category_id = subject.category_id
        AND t.opened_at BETWEEN subject.opened_at - span AND subject.opened_at + span
        AND t.state NOT IN ('answered', 'closed', 'duplicate', 'invalid')
      UNION ALL
      SELECT t.* FROM csflow.my_ticket AS t
      WHERE subject.category_id IS NULL AND t.desk_id = similar_tickets.desk_id AND t.category_id IS NULL
        AND t.opened_at BETWEEN subject.opened_at - span AND subject.opened_at + span
        AND t.state NOT IN ('answered', 'closed', 'duplicate', 'invalid')) AS o
    WHERE (o.customer_id IS NULL OR subject.customer_id IS NULL OR o.customer_id <> subject.customer_id)
      AND o.ticket_no <> similar_tickets.ticket_no) AS c
  WHERE c.similarity > 0
  ORDER BY c.similarity DESC, c.opened_at DESC, c.ticket_no DESC
  LIMIT maximum;
END
$$;
COMMENT ON FUNCTION csflow.similar_tickets(bigint, csflow.ticket_no, integer, interval) IS
'Open tickets of other customers in the same category, opened within span before or after this one, whose bodies have anything in common with its own, the most alike first, at most maximum. Uses the index ticket_category: it costs what is still open of that category in the span, not what is open or was opened. Texts are those of csflow.my_ticket: whoever may read them masked only has them compared so. Errors: SF004 unknown ticket. Handbook B9.';

REVOKE EXECUTE ON FUNCTION csflow.find_duplicates(bigint, timestamptz, csflow.ticket_no[]),
  csflow.mark_found_duplicates(bigint, timestamptz, csflow.ticket_no[], csflow.ticket_no[], text[]),
  csflow.check_queued_duplicates(bigint, timestamptz, csflow.ticket_no[]), csflow.recheck_duplicates(bigint, timestamptz),
  csflow.mark_duplicates(bigint, timestamptz, integer), csflow.check_duplicates(bigint, timestamptz, integer), csflow.duplicate_check_batch(timestamptz, integer) FROM PUBLIC;
