-- What leaves: personal data of closed tickets, a person's data on request, whole months (handbook F8, I5). The record of who did
-- what stays, and stays verifiable.

CREATE FUNCTION csflow.mask_attributes(attributes jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 500
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN CASE jsonb_typeof(attributes)
    WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(e.key, CASE
        WHEN e.key ~* '(^|_)(ip|phone|telephone|mobile|email|mail|address|name|device_id|imei|idfa|id_number|bank_card|card_number)$'
          AND jsonb_typeof(e.value) IN ('string', 'number') THEN to_jsonb('[' || lower(e.key) || ']')
        ELSE csflow.mask_attributes(e.value) END), '{}') FROM jsonb_each(attributes) AS e)
    WHEN 'array' THEN (SELECT coalesce(jsonb_agg(csflow.mask_attributes(e.value) ORDER BY e.n), '[]')
      FROM jsonb_array_elements(attributes) WITH ORDINALITY AS e (value, n))
    WHEN 'string' THEN to_jsonb(csflow.mask_personal_data(attributes #>> '{}'))
    WHEN 'number' THEN CASE WHEN csflow.mask_personal_data(attributes #>> '{}') = attributes #>> '{}' THEN attributes
      ELSE to_jsonb(csflow.mask_personal_data(attributes #>> '{}')) END
    ELSE attributes END;
END
$$;
COMMENT ON FUNCTION csflow.mask_attributes(jsonb) IS
'A JSON value with personal data masked: every string and number by csflow.mask_personal_data(), and whatever stands under a key that names some (…_ip, phone, email, address, name, device_id, …). Idempotent. Errors: SF013 a text over 64 MB. Handbook F8.';

CREATE FUNCTION csflow.archive_tickets(desk_id bigint, at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  age interval;
  chosen csflow.ticket_no[];
BEGIN
  PERFORM csflow.require_desk(desk_id);
  age := (SELECT d.archive_after FROM csflow.desk AS d WHERE d.desk_id = archive_tickets.desk_id);
  SELECT array_agg(k.ticket_no ORDER BY k.ticket_no) INTO chosen
  FROM (
    SELECT c.ticket_no FROM (SELECT t.ticket_no FROM csflow.ticket AS t
      WHERE t.desk_id = archive_tickets.desk_id AND t.archived_at IS NULL AND t.closed_at IS NOT NULL AND t.state = 'closed'
        AND t.closed_at <= instant - age
      ORDER BY t.closed_at LIMIT batch FOR NO KEY UPDATE SKIP LOCKED) AS c
    UNION ALL
    SELECT d.ticket_no FROM (SELECT t.ticket_no FROM csflow.ticket AS t
      WHERE t.desk_id = archive_tickets.desk_id AND t.archived_at IS NULL AND t.state IN ('duplicate', 'invalid')
        AND t.opened_at <= instant - age AND t.changed_at <= instant - age
      ORDER BY t.opened_at LIMIT batch FOR NO KEY UPDATE SKIP LOCKED) AS d
    LIMIT batch) AS k;
  IF chosen IS NULL THEN
    RETURN 0;
  END IF;
  UPDATE csflow.ticket AS t
  SET title = csflow.mask_personal_data(t.title), body = csflow.mask_personal_data(t.body), attributes = csflow.mask_attributes(t.attributes),
    archived_at = instant, changed_at = greatest(instant, t.changed_at), changed_by_kind = 'system', changed_by = NULL,
    change_reason = 'archived'
  WHERE t.desk_id = archive_tickets.desk_id AND t.ticket_no = ANY (chosen);
  UPDATE csflow.message AS m SET body = csflow.mask_personal_data(m.body)
  WHERE m.desk_id = archive_tickets.desk_id AND m.ticket_no = ANY (chosen) AND m.body <> csflow.mask_personal_data(m.body);
  UPDATE csflow.event_text AS x SET text = csflow.mask_personal_data(x.text), salt = NULL
  WHERE x.desk_id = archive_tickets.desk_id AND x.ticket_no = ANY (chosen) AND x.text <> csflow.mask_personal_data(x.text);
  UPDATE csflow.review AS r SET explanation = csflow.mask_personal_data(r.explanation)
  WHERE r.desk_id = archive_tickets.desk_id AND r.ticket_no = ANY (chosen) AND r.explanation <> csflow.mask_personal_data(r.explanation);
  UPDATE csflow.late_cause AS l SET explanation = csflow.mask_personal_data(l.explanation)
  WHERE l.desk_id = archive_tickets.desk_id AND l.ticket_no = ANY (chosen) AND l.explanation <> csflow.mask_personal_data(l.explanation);
  UPDATE csflow.review AS r SET outcome = csflow.mask_personal_data(r.outcome)
  WHERE r.desk_id = archive_tickets.desk_id AND r.ticket_no = ANY (chosen) AND r.outcome <> csflow.mask_personal_data(r.outcome);
  UPDATE csflow.approval AS p SET proposal = csflow.mask_personal_data(p.proposal), decision = csflow.mask_personal_data(p.decision)
  WHERE p.desk_id = archive_tickets.desk_id AND p.ticket_no = ANY (chosen)
    AND (p.proposal <> csflow.mask_personal_data(p.proposal) OR p.decision <> csflow.mask_personal_data(p.decision));
  UPDATE csflow.sample AS m SET finding = csflow.mask_personal_data(m.finding)
  WHERE m.desk_id = archive_tickets.desk_id AND m.ticket_no = ANY (chosen) AND m.finding <> csflow.mask_personal_data(m.finding);
  UPDATE csflow.attachment AS a SET name = csflow.mask_personal_data(a.name)
  WHERE a.desk_id = archive_tickets.desk_id AND a.ticket_no = ANY (chosen) AND a.name <> csflow.mask_personal_data(a.name);
  UPDATE csflow.temporary_right AS r SET reason = csflow.mask_personal_data(r.reason)
  WHERE r.desk_id = archive_tickets.desk_id AND r.ticket_no = ANY (chosen) AND r.reason <> csflow.mask_personal_data(r.reason);
  UPDATE csflow.task AS k SET title = csflow.mask_personal_data(k.title)
  WHERE k.desk_id = archive_tickets.desk_id AND k.ticket_no = ANY (chosen) AND k.title <> csflow.mask_personal_data(k.title);
  UPDATE csflow.survey AS s SET comment = csflow.mask_personal_data(s.comment)
  WHERE s.desk_id = archive_tickets.desk_id AND s.ticket_no = ANY (chosen) AND s.comment <> csflow.mask_personal_data(s.comment);
  UPDATE csflow.set_aside AS e SET error = csflow.mask_personal_data(e.error)
  WHERE e.desk_id = archive_tickets.desk_id AND e.ticket_no = ANY (chosen) AND e.error <> csflow.mask_personal_data(e.error);
  -- What tells the store of files to delete one must arrive first.
  UPDATE csflow.outbox AS o SET payload = NULL
  WHERE o.desk_id = archive_tickets.desk_id AND o.ticket_no = ANY (chosen) AND o.payload IS NOT NULL
    AND (o.topic <> 'erase_file' OR o.sent_at IS NOT NULL);
  RETURN cardinality(chosen);
END
$$;
COMMENT ON FUNCTION csflow.archive_tickets(bigint, timestamptz, integer) IS
'Masks personal data for good in the texts of tickets that were closed, or marked duplicate or invalid and not changed since, desk.archive_after or longer before the instant at (NULL means now): title, body, attributes, messages, reasons of events, words of reviews, causes, approvals, tasks, samples, temporary rights and surveys, errors of jobs, names of attachments; up to batch of them, those an agent is changing left for the next time. Result: tickets archived. With the rights of the flow''s owner. The record stays verifiable: verify_audit(). Errors: SF001 unknown desk, SF007 without those rights, SF009 future instant, SF014 no flow. Handbook F8.';

CREATE FUNCTION csflow.archive_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  desk record;
  done integer := 0;
BEGIN
  PERFORM csflow.require_flow();
  FOR desk IN SELECT d.desk_id FROM csflow.desk AS d WHERE d.archive_after IS NOT NULL ORDER BY d.desk_id LOOP
    done := done + csflow.archive_tickets(desk.desk_id, at, batch);
  END LOOP;
  RETURN done;
END
$$;
COMMENT ON FUNCTION csflow.archive_batch(timestamptz, integer) IS
'Archives up to batch tickets of every desk as of the instant at (NULL means now), see csflow.archive_tickets. Returns their number, 0 when nothing is left. Handbook F8.';

CREATE FUNCTION csflow.erase_customer(desk_id bigint, customer_id bigint, reason text DEFAULT 'erased on request')
RETURNS TABLE (tickets bigint, messages bigint, texts bigint, attachments bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  chosen csflow.ticket_no[];
BEGIN
  PERFORM csflow.require_desk(desk_id);
  -- FOR UPDATE, here and below, also waits for who is adding a row that refers to this one: tickets, attachments, tasks.
  PERFORM FROM csflow.customer AS c
  WHERE c.desk_id = erase_customer.desk_id AND c.customer_id = erase_customer.customer_id FOR UPDATE;
  UPDATE csflow.customer AS c
  SET nickname = NULL, external_id = NULL, attributes = '{}', erased_at = coalesce(c.erased_at, now())
  WHERE c.desk_id = erase_customer.desk_id AND c.customer_id = erase_customer.customer_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SF005',
      MESSAGE = format('desk %s has no customer %s', desk_id, coalesce(customer_id::text, 'NULL')),
      HINT = 'SELECT customer_id, external_id, nickname FROM csflow.customer lists the customers.';
  END IF;
  SELECT coalesce(array_agg(k.ticket_no ORDER BY k.ticket_no), '{}') INTO chosen
  FROM (SELECT t.ticket_no FROM csflow.ticket AS t
    WHERE t.desk_id = erase_customer.desk_id AND t.customer_id = erase_customer.customer_id
    ORDER BY t.ticket_no FOR UPDATE) AS k;
  tickets := cardinality(chosen);
  UPDATE csflow.ticket AS t
  SET title = '', body = '', attributes = '{}', archived_at = CASE WHEN t.state IN ('closed', 'duplicate', 'invalid') THEN now() END, change_reason = erase_customer.reason
  WHERE t.desk_id = erase_customer.desk_id AND t.ticket_no = ANY (chosen);
  UPDATE csflow.message AS m SET body = ''
  WHERE m.desk_id = erase_customer.desk_id AND m.ticket_no = ANY (chosen) AND m.body <> '';
  GET DIAGNOSTICS messages = ROW_COUNT;
  DELETE FROM csflow.event_text AS x
  WHERE x.desk_id = erase_customer.desk_id AND x.ticket_no = ANY (chosen) AND x.text IS DISTINCT FROM erase_customer.reason;
  GET DIAGNOSTICS texts = ROW_COUNT;
  UPDATE csflow.review AS r SET explanation = ''
  WHERE r.desk_id = erase_customer.desk_id AND r.ticket_no = ANY (chosen) AND r.explanation <> '';
  UPDATE csflow.late_cause AS l SET explanation = ''
  WHERE l.desk_id = erase_customer.desk_id AND l.ticket_no = ANY (chosen) AND l.explanation <> '';
  -- What an objection came to is a code.
  UPDATE csflow.review AS r SET outcome = ''
  WHERE r.desk_id = erase_customer.desk_id AND r.ticket_no = ANY (chosen) AND r.kind <> 'objection' AND r.outcome <> '';
  UPDATE csflow.approval AS p SET proposal = '', decision = left(p.decision, 0)
  WHERE p.desk_id = erase_customer.desk_id AND p.ticket_no = ANY (chosen) AND (p.proposal <> '' OR p.decision <> '');
  UPDATE csflow.sample AS m SET finding = ''
  WHERE m.desk_id = erase_customer.desk_id AND m.ticket_no = ANY (chosen) AND m.finding <> '';
  UPDATE csflow.temporary_right AS r SET reason = '-'
  WHERE r.desk_id = erase_customer.desk_id AND r.ticket_no = ANY (chosen) AND r.reason <> '-';
  -- An error quotes what it stumbled on; the job meets it again if it still stands.
  DELETE FROM csflow.set_aside AS e WHERE e.desk_id = erase_customer.desk_id AND e.ticket_no = ANY (chosen);
  UPDATE csflow.task AS k SET title = '-'
  WHERE k.desk_id = erase_customer.desk_id AND k.ticket_no = ANY (chosen) AND k.title <> '-';
  UPDATE csflow.survey AS s SET comment = ''
  WHERE s.desk_id = erase_customer.desk_id AND s.ticket_no = ANY (chosen) AND s.comment <> '';
  DELETE FROM csflow.customer_link AS l WHERE l.desk_id = erase_customer.desk_id AND l.ticket_no = ANY (chosen);
  -- What tells the store of files to delete one must arrive first.
  UPDATE csflow.outbox AS o SET payload = NULL
  WHERE o.desk_id = erase_customer.desk_id AND o.ticket_no = ANY (chosen) AND o.payload IS NOT NULL
    AND (o.topic <> 'erase_file' OR o.sent_at IS NOT NULL);
  WITH gone AS (
    DELETE FROM csflow.attachment AS a WHERE a.desk_id = erase_customer.desk_id AND a.ticket_no = ANY (chosen)
    RETURNING a.ticket_no, a.uri),
  told AS (
    INSERT INTO csflow.outbox (desk_id, ticket_no, created_at, topic, recipient_kind, recipient, payload)
    SELECT erase_customer.desk_id, g.ticket_no, now(), 'erase_file', 'role', 'file_store', jsonb_build_object('uri', g.uri) FROM gone AS g
    RETURNING 1)
  SELECT count(*) INTO attachments FROM told;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION csflow.erase_customer(bigint, bigint, text) IS
'Erases a person''s data: the customer''s pseudonyms and attributes, titles, bodies and attributes of their tickets, bodies of the messages, reasons of the events, words of reviews, causes, approvals, tasks, samples, temporary rights and surveys, errors of jobs, links not yet used; files are named in the outbox (topic erase_file) for their store to delete. Numbers, states, instants and clocks stay, so figures do not change, and the record stays verifiable; so do the numbers tickets and messages have in other systems (external_id), by which a repeated delivery is known, and what staff noted as improvements; each ticket''s record tells of the erasure. Arguments: desk_id, customer_id, the reason to record. Result: one row of counts. With the rights of the flow''s owner. Errors: SF001 unknown desk, SF005 unknown customer, SF007 without those rights, SF014 no flow. Handbook I5.';

CREATE FUNCTION csflow.drop_months(before date, reason text, preview boolean DEFAULT true)
RETURNS TABLE (month date, tickets bigint, partitions text[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  open_tickets bigint;
  leaving record;
  partition text;
  late record;
  late_month date;
  in_default text[] := '{}';
BEGIN
  PERFORM csflow.require_flow();
  IF before IS NULL OR coalesce(reason, '') = '' THEN
    RAISE EXCEPTION USING ERRCODE = 'SF017', MESSAGE = 'dropping months needs a date and a reason',
      HINT = 'SELECT * FROM csflow.drop_months(''2020-01-01'', ''retention of five years'');';
  END IF;
  IF NOT preview THEN
    -- Nobody reopens a ticket of a month that leaves: its new clocks would leave with the month. Partitions are made and dropped by
    -- one session at a time.
    PERFORM pg_advisory_xact_lock(hashtextextended('csflow.create_partitions', 0));
    LOCK TABLE csflow.ticket IN SHARE ROW EXCLUSIVE MODE;
  END IF;
  SELECT count(*) INTO open_tickets FROM csflow.ticket AS t
  WHERE csflow.ticket_month(t.ticket_no) < date_trunc('month', before) AND t.state NOT IN ('closed', 'duplicate', 'invalid')
    AND t.ticket_no < csflow.ticket_no(date_trunc('month', before)::date, 1);
  IF open_tickets > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'SF007',
      MESSAGE = format('%s tickets of months before %s are not closed', open_tickets, to_char(before, 'YYYY-MM')),
      HINT = 'Close them first, or choose an earlier date.';
  END IF;
  -- Rows of months that never had a partition, such as imported ones, get one to leave with.
  FOR late IN
    SELECT c.relname::text AS name, pg_get_userbyid(c.relowner)::text AS owner FROM pg_partitioned_table AS p
      JOIN pg_class AS c ON c.oid = p.partrelid
      JOIN pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE c.relnamespace = 'csflow'::regnamespace AND a.attname = 'ticket_no' AND to_regclass(format('csflow.%I', c.relname || '_default')) IS NOT NULL
    ORDER BY c.relname
  LOOP
    FOR late_month IN EXECUTE format('SELECT DISTINCT csflow.ticket_month(d.ticket_no) FROM csflow.%I AS d WHERE d.ticket_no < %L ORDER BY 1',
      late.name || '_default', csflow.ticket_no(date_trunc('month', before)::date, 1))
    LOOP
      IF preview THEN
        in_default := in_default || format('%s %s', late.name || '_default', late_month);
      ELSE
        PERFORM csflow.create_partition(late.name, late.owner, late_month);
      END IF;
    END LOOP;
  END LOOP;
  FOR leaving IN
    SELECT m.month, array_agg(m.name ORDER BY m.name) AS names
    FROM (SELECT c.relname::text AS name, to_date(right(c.relname, 6), 'YYYYMM') AS month
      FROM pg_partitioned_table AS p
        JOIN pg_inherits AS i ON i.inhparent = p.partrelid
        JOIN pg_class AS c ON c.oid = i.inhrelid
        JOIN pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
      WHERE c.relnamespace = 'csflow'::regnamespace AND a.attname = 'ticket_no' AND c.relname ~ '_[0-9]{6}$'
      UNION ALL
      SELECT split_part(d.place, ' ', 1), split_part(d.place, ' ', 2)::date FROM unnest(in_default) AS d (place)) AS m
    WHERE m.month < date_trunc('month', before)
    GROUP BY m.month ORDER BY m.month
  LOOP
    month := leaving.month;
    partitions := leaving.names;
    SELECT count(*) INTO tickets FROM csflow.ticket AS t
    WHERE t.ticket_no >= csflow.ticket_no(leaving.month, 1) AND t.ticket_no < csflow.ticket_no((leaving.month + interval '1 month')::date, 1);
    IF NOT preview THEN
      FOREACH partition IN ARRAY leaving.names LOOP
        EXECUTE format('DROP TABLE csflow.%I', partition);
      END LOOP;
      INSERT INTO csflow.dropped_month (month, dropped_at, reason) VALUES (leaving.month, clock_timestamp(), drop_months.reason)
      ON CONFLICT ON CONSTRAINT dropped_month_pkey DO UPDATE SET dropped_at = excluded.dropped_at, dropped_by = excluded.dropped_by, reason = excluded.reason;
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow.drop_months(date, text, boolean) IS
'Lets whole months leave: drops the monthly partitions (events, their texts, messages, clocks, what anchors saw) of months before the one of a date, also what of those months lies in a default partition, and notes them in csflow.dropped_month. The tickets'' rows stay. Arguments: that date, the reason to keep, preview (the default) only lists. Result: month, its tickets, its partitions. By the owner of the tables. Errors: SF007 tickets of those months are not closed, SF017 no date or reason, SF014 no flow. Handbook I5, design 2.17.';

REVOKE EXECUTE ON FUNCTION csflow.archive_tickets(bigint, timestamptz, integer), csflow.archive_batch(timestamptz, integer),
  csflow.erase_customer(bigint, bigint, text), csflow.drop_months(date, text, boolean) FROM PUBLIC;
