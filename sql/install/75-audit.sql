-- The record verified: hashes and heads of every ticket's events, and the daily anchors that leave the database
-- (handbook H1, I5; design 2.19).

CREATE FUNCTION csflow.event_hash(previous bytea, desk_id bigint, ticket_no csflow.ticket_no, seq integer, at timestamptz,
  recorded_at timestamptz, kind text, actor_kind text, actor_id bigint, old_state text, new_state text, old_value text,
  new_value text, clock text, run integer, step_position smallint, due_at timestamptz, message_no bigint, text_digest bytea,
  same_act boolean)
RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_event_hash' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION csflow.event_hash(bytea, bigint, csflow.ticket_no, integer, timestamptz, timestamptz, text, text, bigint, text, text, text, text, text, integer, smallint, timestamptz, bigint, bytea, boolean) IS
'The hash an event must have: SHA-256 over the hash of the event before (NULL before the first) and the versioned binary form of this one. Arguments: that hash, then the columns of csflow.event. Result: 32 bytes; NULL when a column that is never NULL is. Errors: 22023 a hash that has not 32 bytes. Design 2.19.';

CREATE FUNCTION csflow.record_faults(desk_id bigint, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (ticket_no csflow.ticket_no, seq integer, fault text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  WITH linked AS (
    SELECT e.ticket_no, e.seq, e.kind, e.new_state, e.hash, e.text_digest, lag(e.seq, 1, 0) OVER w AS previous_seq,
      lead(e.seq) OVER w IS NULL AS is_last,
      max(e.seq) FILTER (WHERE e.kind = 'edited' AND 'archived_at' = ANY (string_to_array(e.new_value, ', ')))
        OVER (PARTITION BY e.ticket_no) AS archived_seq,
      e.seq = max(e.seq) FILTER (WHERE e.new_state IS NOT NULL) OVER (PARTITION BY e.ticket_no) AS is_last_state,
      csflow.event_hash(lag(e.hash) OVER w, e.desk_id, e.ticket_no, e.seq, e.at, e.recorded_at, e.kind, e.actor_kind, e.actor_id,
        e.old_state, e.new_state, e.old_value, e.new_value, e.clock, e.run, e.step_position, e.due_at, e.message_no,
        e.text_digest, e.same_act) AS computed
    FROM csflow.event AS e
    WHERE e.desk_id = record_faults.desk_id
      AND (from_at IS NULL AND to_at IS NULL OR e.ticket_no IN (SELECT t.ticket_no FROM csflow.ticket AS t
        WHERE t.desk_id = record_faults.desk_id AND t.opened_at >= coalesce(from_at, '-infinity')
          AND t.opened_at < coalesce(to_at, 'infinity')))
    WINDOW w AS (PARTITION BY e.ticket_no ORDER BY e.seq))
  SELECT l.ticket_no, l.seq, f.fault, f.detail
  FROM linked AS l
    LEFT JOIN csflow.event_text AS x ON x.desk_id = record_faults.desk_id AND x.ticket_no = l.ticket_no AND x.seq = l.seq
    LEFT JOIN csflow.ticket_chain AS c ON l.is_last AND c.desk_id = record_faults.desk_id AND c.ticket_no = l.ticket_no
    LEFT JOIN csflow.ticket AS t ON l.is_last_state AND t.desk_id = record_faults.desk_id AND t.ticket_no = l.ticket_no
    CROSS JOIN LATERAL (VALUES
      -- What a ticket of a dropped month does later begins its record anew.
      (l.seq <> l.previous_seq + 1 AND NOT (l.previous_seq = 0 AND EXISTS (SELECT FROM csflow.dropped_month AS d
        WHERE d.month = csflow.ticket_month(l.ticket_no))), 'event_missing', format('events %s to %s are gone', l.previous_seq + 1, l.seq - 1)),
      (l.seq = l.previous_seq + 1 AND l.hash IS DISTINCT FROM l.computed, 'event_changed',
        format('event %s (%s), or what stands before it, is not what was recorded', l.seq, l.kind)),
      (x.salt IS NOT NULL AND l.text_digest IS DISTINCT FROM sha256(x.salt || convert_to(x.text, 'UTF8')), 'text_changed',
        format('the text of event %s (%s) is not what was recorded', l.seq, l.kind)),
      (x.salt IS NULL AND x.text IS NOT NULL AND l.text_digest IS NULL, 'text_changed',
        format('event %s (%s) was recorded without a text', l.seq, l.kind)),
      (x.salt IS NULL AND l.text_digest IS NOT NULL AND x.text IS NOT NULL AND l.seq > coalesce(l.archived_seq, 0), 'text_changed',
        format('the text of event %s (%s) has lost its salt, and the ticket was not archived since', l.seq, l.kind)),
      (l.is_last AND c.head IS NULL, 'head_missing', 'the ticket has events but no chain head'),
      (l.is_last AND c.seq > l.seq, 'event_missing', format('events %s to %s are gone', l.seq + 1, c.seq)),
      (l.is_last AND c.seq < l.seq, 'event_inserted', format('events %s to %s stand after the chain''s head', c.seq + 1, l.seq)),
      (l.is_last AND c.seq = l.seq AND c.head <> l.hash, 'head_changed', 'the chain''s head is not the hash of the last event'),
      (l.is_last_state AND t.state <> l.new_state, 'ticket_changed',
        format('the ticket is %s, its last recorded state is %s', t.state, l.new_state))
    ) AS f (is_so, fault, detail)
  WHERE f.is_so;
END
$$;
COMMENT ON FUNCTION csflow.record_faults(bigint, timestamptz, timestamptz) IS
'What is wrong with the events that stand; part of verify_audit(), with its arguments and result. Design 2.19.';

CREATE FUNCTION csflow.absence_faults(desk_id bigint, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (ticket_no csflow.ticket_no, seq integer, fault text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  SELECT t.ticket_no, NULL::integer, 'record_missing', 'the ticket has no events'
  FROM csflow.ticket AS t
  WHERE t.desk_id = absence_faults.desk_id AND t.opened_at >= coalesce(from_at, '-infinity') AND t.opened_at < coalesce(to_at, 'infinity')
    AND NOT EXISTS (SELECT FROM csflow.event AS e WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no)
    AND NOT EXISTS (SELECT FROM csflow.dropped_month AS d WHERE d.month = csflow.ticket_month(t.ticket_no));
  -- What has lost its ticket has no opening instant: it is looked for when everything is.
  RETURN QUERY
  SELECT c.ticket_no, c.seq, 'ticket_missing', 'there are events, or their chain''s head, of a ticket that is gone'
  FROM (SELECT k.ticket_no, k.seq FROM csflow.ticket_chain AS k WHERE k.desk_id = absence_faults.desk_id
    UNION ALL
    SELECT e.ticket_no, e.seq FROM csflow.event AS e WHERE e.desk_id = absence_faults.desk_id AND e.seq = 1
      AND NOT EXISTS (SELECT FROM csflow.ticket_chain AS h WHERE h.desk_id = e.desk_id AND h.ticket_no = e.ticket_no)) AS c
  WHERE from_at IS NULL AND to_at IS NULL
    AND NOT EXISTS (SELECT FROM csflow.ticket AS t WHERE t.desk_id = absence_faults.desk_id AND t.ticket_no = c.ticket_no);
END
$$;
COMMENT ON FUNCTION csflow.absence_faults(bigint, timestamptz, timestamptz) IS
'What of the record is gone as a whole; part of verify_audit(), with its arguments and result. Design 2.19.';

CREATE FUNCTION csflow.anchor_faults(desk_id bigint, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (ticket_no csflow.ticket_no, seq integer, fault text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  SELECT a.ticket_no, a.seq, 'rewritten', format('event %s is no longer what anchor %s of %s saw', a.seq, a.anchor_no, n.at)
  FROM csflow.audit_anchor_head AS a
    JOIN csflow.audit_anchor AS n ON n.desk_id = a.desk_id AND n.anchor_no = a.anchor_no
    LEFT JOIN csflow.event AS e ON e.desk_id = a.desk_id AND e.ticket_no = a.ticket_no AND e.seq = a.seq
  WHERE a.desk_id = anchor_faults.desk_id AND a.head IS DISTINCT FROM e.hash
    AND (from_at IS NULL AND to_at IS NULL OR a.ticket_no IN (SELECT t.ticket_no FROM csflow.ticket AS t
      WHERE t.desk_id = anchor_faults.desk_id AND t.opened_at >= coalesce(from_at, '-infinity')
        AND t.opened_at < coalesce(to_at, 'infinity')));
END
$$;
COMMENT ON FUNCTION csflow.anchor_faults(bigint, timestamptz, timestamptz) IS
'Events that are no longer what a daily anchor saw; part of verify_audit(), with its arguments and result. Design 2.19.';

CREATE FUNCTION csflow.verify_audit(desk_id bigint, from_at timestamptz DEFAULT NULL, to_at timestamptz DEFAULT NULL)
RETURNS TABLE (ticket_no csflow.ticket_no, seq integer, fault text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_desk(desk_id);
  RETURN QUERY
  SELECT f.ticket_no, f.seq, f.fault, f.detail
  FROM (SELECT * FROM csflow.record_faults(verify_audit.desk_id, from_at, to_at)
    UNION ALL SELECT * FROM csflow.absence_faults(verify_audit.desk_id, from_at, to_at)
    UNION ALL SELECT * FROM csflow.anchor_faults(verify_audit.desk_id, from_at, to_at)) AS f
  ORDER BY f.ticket_no, f.seq NULLS FIRST, f.fault;
END
$$;
COMMENT ON FUNCTION csflow.verify_audit(bigint, timestamptz, timestamptz) IS
'Verifies the record of a desk''s tickets. Arguments: desk_id; tickets opened from from_at (NULL: any) to before to_at; without both, everything, also what has lost its ticket. Result: a row for each fault, none when all is as recorded: event_changed, event_missing, event_inserted, head_missing, head_changed, text_changed, ticket_changed (its state), record_missing, ticket_missing, rewritten (an anchor saw something else). Texts that were purged and months that were dropped are no faults. What it cannot show: a chain rewritten as a whole together with its anchors, for which verify_anchor() takes the digest kept outside. Errors: SF001 unknown desk, SF014 no flow. Reads all events of those tickets. Handbook H1, I5; design 2.19.';

-- Anchors. Each covers the chains that moved since the one before, by the transaction numbers of their heads: an instant
-- could not say which transactions had committed.

CREATE FUNCTION csflow.anchor_month_digest(desk_id bigint, anchor_no bigint, month date, OUT chains bigint, OUT digest bytea)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT count(*), sha256(coalesce(string_agg(csflow.ticket_no_send(a.ticket_no) || int4send(a.seq) || a.head, ''::bytea ORDER BY a.ticket_no), ''))
  INTO chains, digest
  FROM csflow.audit_anchor_head AS a
  WHERE a.desk_id = anchor_month_digest.desk_id AND a.anchor_no = anchor_month_digest.anchor_no
    AND a.ticket_no >= csflow.ticket_no(month, 1) AND a.ticket_no < csflow.ticket_no((month + interval '1 month')::date, 1);
END
$$;
COMMENT ON FUNCTION csflow.anchor_month_digest(bigint, bigint, date) IS
'SHA-256 over the heads that an anchor saw of the tickets of one month, and how many they are. Part of anchor_audit() and verify_anchor(). Design 2.19.';

CREATE FUNCTION csflow.anchor_digest(desk_id bigint, anchor_no bigint) RETURNS bytea
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  previous bytea;
  result bytea;
BEGIN
  SELECT a.digest INTO previous FROM csflow.audit_anchor AS a WHERE a.desk_id = anchor_digest.desk_id AND a.anchor_no = anchor_digest.anchor_no - 1;
  SELECT sha256(coalesce(previous, ''::bytea) || int8send(a.desk_id) || int8send(a.anchor_no) || timestamptz_send(a.at)
    || coalesce((SELECT string_agg(date_send(m.month) || int8send(m.chains) || m.digest, ''::bytea ORDER BY m.month)
      FROM csflow.audit_anchor_month AS m WHERE m.desk_id = a.desk_id AND m.anchor_no = a.anchor_no), ''::bytea))
  INTO result
  FROM csflow.audit_anchor AS a
  WHERE a.desk_id = anchor_digest.desk_id AND a.anchor_no = anchor_digest.anchor_no;
  RETURN result;
END
$$;
COMMENT ON FUNCTION csflow.anchor_digest(bigint, bigint) IS
'SHA-256 over the digest of the anchor before, this anchor''s key and instant, and the digests of its months. Part of anchor_audit() and verify_anchor(). Design 2.19.';

CREATE FUNCTION csflow.anchor_audit(desk_id bigint, at timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
  cluster bigint := (pg_control_system()).system_identifier;
  former record;
  new_no bigint;
  seen bigint;
BEGIN
  PERFORM csflow.require_desk(desk_id);
  -- The desk's row: two anchors of one desk wait for each other.
  PERFORM FROM csflow.desk AS d WHERE d.desk_id = anchor_audit.desk_id FOR NO KEY UPDATE;
  SELECT a.anchor_no, a.horizon, a.cluster INTO former FROM csflow.audit_anchor AS a WHERE a.desk_id = anchor_audit.desk_id
  ORDER BY a.anchor_no DESC LIMIT 1;
  new_no := coalesce(former.anchor_no, 0) + 1;
  INSERT INTO csflow.audit_anchor_head (desk_id, anchor_no, ticket_no, seq, head)
  SELECT c.desk_id, new_no, c.ticket_no, c.seq, c.head
  FROM csflow.ticket_chain AS c
  WHERE c.desk_id = anchor_audit.desk_id
    -- The horizon of another cluster, by dump and restore or pg_upgrade, or of so long ago that the 32 bits of xmin have come round, says
    -- nothing: then every head is looked at.
    AND (former.horizon IS NULL OR former.cluster <> cluster OR former.horizon > horizon
      OR horizon::text::bigint - former.horizon::text::bigint > 2000000000 OR age(c.xmin) <= age(former.horizon::xid))
    AND NOT EXISTS (SELECT FROM csflow.audit_anchor_head AS a
      WHERE a.desk_id = c.desk_id AND a.ticket_no = c.ticket_no AND a.seq = c.seq);
  GET DIAGNOSTICS seen = ROW_COUNT;
  INSERT INTO csflow.audit_anchor_month (desk_id, anchor_no, month, chains, digest)
  SELECT anchor_audit.desk_id, new_no, m.month, g.chains, g.digest
  FROM (SELECT DISTINCT csflow.ticket_month(a.ticket_no) AS month FROM csflow.audit_anchor_head AS a
      WHERE a.desk_id = anchor_audit.desk_id AND a.anchor_no = new_no) AS m
    CROSS JOIN LATERAL csflow.anchor_month_digest(anchor_audit.desk_id, new_no, m.month) AS g;
  INSERT INTO csflow.audit_anchor (desk_id, anchor_no, at, horizon, cluster, chains, digest)
  VALUES (anchor_audit.desk_id, new_no, instant, horizon, cluster, seen, '');
  UPDATE csflow.audit_anchor AS a SET digest = csflow.anchor_digest(a.desk_id, a.anchor_no)
  WHERE a.desk_id = anchor_audit.desk_id AND a.anchor_no = new_no;
  PERFORM csflow.send_anchor(anchor_audit.desk_id, new_no);
  RETURN new_no;
END
$$;
COMMENT ON FUNCTION csflow.anchor_audit(bigint, timestamptz) IS
'Anchors the record of a desk: keeps sequence number and hash of every chain that moved since the last anchor, and sends one digest over them and the anchor before to the outbox (topic audit_anchor, for the role auditor) and the server''s log. Arguments: desk_id, instant (NULL means now). Result: anchor_no. Errors: SF001 unknown desk, SF009 future instant, SF014 no flow. Keep the digests outside of the database, signed or keyed there. Handbook H1, design 2.19.';

CREATE FUNCTION csflow.send_anchor(desk_id bigint, anchor_no bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  line text;
BEGIN
  SELECT format('csflow audit anchor: desk %s, number %s, at %s, chains %s, digest %s', a.desk_id, a.anchor_no,
    to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), a.chains, encode(a.digest, 'hex')) INTO line
  FROM csflow.audit_anchor AS a WHERE a.desk_id = send_anchor.desk_id AND a.anchor_no = send_anchor.anchor_no;
  INSERT INTO csflow.outbox (desk_id, created_at, topic, recipient_kind, recipient, payload)
  SELECT a.desk_id, a.at, 'audit_anchor', 'role', 'auditor',
    jsonb_build_object('anchor_no', a.anchor_no, 'chains', a.chains, 'digest', encode(a.digest, 'hex'))
  FROM csflow.audit_anchor AS a WHERE a.desk_id = send_anchor.desk_id AND a.anchor_no = send_anchor.anchor_no;
  RAISE LOG '%', line;
END
$$;
COMMENT ON FUNCTION csflow.send_anchor(bigint, bigint) IS
'Puts an anchor''s digest into the outbox and the server''s log; part of anchor_audit(). Design 2.16, 2.19.';

CREATE FUNCTION csflow.verify_anchor(desk_id bigint, anchor_no bigint, digest bytea DEFAULT NULL)
RETURNS TABLE (fault text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_desk(desk_id);
  RETURN QUERY
  SELECT 'anchor_missing', format('there is no anchor %s', CASE WHEN g.former + 1 = g.anchor_no - 1 THEN (g.former + 1)::text
    ELSE format('%s to %s', g.former + 1, g.anchor_no - 1) END)
  FROM (SELECT n.anchor_no, lag(n.anchor_no, 1, 0::bigint) OVER (ORDER BY n.anchor_no) AS former
    FROM (SELECT a.anchor_no FROM csflow.audit_anchor AS a
        WHERE a.desk_id = verify_anchor.desk_id AND a.anchor_no BETWEEN 1 AND verify_anchor.anchor_no
      UNION ALL SELECT least(verify_anchor.anchor_no, 9223372036854775806) + 1) AS n) AS g
  WHERE g.former < g.anchor_no - 1
  ORDER BY g.anchor_no;
  RETURN QUERY
  SELECT f.fault, f.detail
  FROM csflow.audit_anchor AS a
    CROSS JOIN LATERAL (
      SELECT 'anchor_changed', format('anchor %s does not have the digest of what it covers', a.anchor_no)
      WHERE a.digest IS DISTINCT FROM csflow.anchor_digest(a.desk_id, a.anchor_no)
      UNION ALL
      SELECT 'heads_changed', format('the heads that anchor %s saw of %s are not those of its digest', a.anchor_no, to_char(m.month, 'YYYY-MM'))
      FROM csflow.audit_anchor_month AS m
        CROSS JOIN LATERAL csflow.anchor_month_digest(a.desk_id, a.anchor_no, m.month) AS g
      WHERE m.desk_id = a.desk_id AND m.anchor_no = a.anchor_no AND (m.chains, m.digest) IS DISTINCT FROM (g.chains, g.digest)
        AND NOT (g.chains = 0 AND EXISTS (SELECT FROM csflow.dropped_month AS d WHERE d.month = m.month))
      UNION ALL
      SELECT 'digest_differs', format('anchor %s has digest %s here', a.anchor_no, encode(a.digest, 'hex'))
      WHERE a.anchor_no = verify_anchor.anchor_no AND a.digest <> verify_anchor.digest) AS f (fault, detail)
  WHERE a.desk_id = verify_anchor.desk_id AND a.anchor_no <= verify_anchor.anchor_no
  ORDER BY a.anchor_no, f.fault;
END
$$;
COMMENT ON FUNCTION csflow.verify_anchor(bigint, bigint, bytea) IS
'Verifies the anchors of a desk up to one. Arguments: desk_id, anchor_no, its digest as it was kept outside (NULL: only what stands here is compared). Result: a row for each fault, none when all is well: anchor_missing, anchor_changed, heads_changed, digest_differs (the record was rewritten as a whole). Then verify_audit() says whether the events still are what the anchors saw. Errors: SF001 unknown desk, SF014 no flow. Design 2.19.';

CREATE FUNCTION csflow.anchor_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  next_desk bigint;
BEGIN
  PERFORM csflow.require_flow();
  SELECT d.desk_id INTO next_desk FROM csflow.desk AS d
  WHERE NOT EXISTS (SELECT FROM csflow.audit_anchor AS a WHERE a.desk_id = d.desk_id AND a.at >= instant)
  ORDER BY d.desk_id LIMIT 1;
  IF next_desk IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM csflow.anchor_audit(next_desk, instant);
  RETURN 1;
END
$$;
COMMENT ON FUNCTION csflow.anchor_batch(timestamptz, integer) IS
'Anchors the record of the next desk that has no anchor of the instant at (NULL means now) yet. Returns 1, or 0 when all have. One desk a batch, whatever batch says. Errors: as csflow.anchor_audit. Design 2.19.';

REVOKE EXECUTE ON FUNCTION csflow.anchor_audit(bigint, timestamptz), csflow.send_anchor(bigint, bigint), csflow.anchor_batch(timestamptz, integer) FROM PUBLIC;
