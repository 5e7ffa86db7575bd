-- What csflow_demo's report reads by: captions in both languages, text cut to a width, and the tickets that tell the most.

CREATE FUNCTION csflow_demo.caption(desk_id bigint, kind text, code text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN CASE WHEN code IS NULL THEN '合计 total' ELSE coalesce((
    SELECT string_agg(c.text, ' ' ORDER BY c.lang DESC) FROM csflow.caption AS c
    WHERE c.desk_id = caption.desk_id AND c.kind = caption.kind AND c.code = caption.code), code) END;
END
$$;
COMMENT ON FUNCTION csflow_demo.caption(bigint, text, text) IS 'What people read for a code, Chinese and English.';

CREATE FUNCTION csflow_demo.team(desk_id bigint, team_id bigint) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN (SELECT CASE WHEN t.name_zh = t.name_en THEN t.name_zh ELSE t.name_zh || ' ' || t.name_en END FROM csflow.team AS t WHERE t.desk_id = team.desk_id AND t.team_id = team.team_id);
END
$$;
COMMENT ON FUNCTION csflow_demo.team(bigint, bigint) IS 'Name of a department, Chinese and English.';

CREATE FUNCTION csflow_demo.reason(desk_id bigint, priority_reason text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN concat_ws(': ', priority_reason, (SELECT k.reason FROM csflow.keyword_rule AS k
    WHERE k.desk_id = reason.desk_id AND priority_reason = 'keyword rule ' || k.rule_id));
END
$$;
COMMENT ON FUNCTION csflow_demo.reason(bigint, text) IS 'priority_reason of a ticket, with what a keyword rule says of itself.';

CREATE FUNCTION csflow_demo.told(recipients text[]) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(' → ' || array_to_string(recipients, ', '), '');
COMMENT ON FUNCTION csflow_demo.told(text[]) IS 'Recipients of a step as one text.';

CREATE FUNCTION csflow_demo.cut(value text, width integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
  -- The columns a character takes: two for most from U+1100 on (Chinese, full width), one for the others.
  sizes integer[] := ARRAY(SELECT CASE WHEN ascii(c) BETWEEN 4352 AND 8191 OR ascii(c) >= 11904 THEN 2 ELSE 1 END
    FROM regexp_split_to_table(translate(value, E'\r\n\t', '   '), '') WITH ORDINALITY AS s (c, n) ORDER BY n);
  used integer := 0;
BEGIN
  FOR i IN 1 .. coalesce(cardinality(sizes), 0) LOOP
    used := used + sizes[i];
    IF used > width - 1 AND (used > width OR i < cardinality(sizes)) THEN
      RETURN left(translate(value, E'\r\n\t', '   '), i - 1) || '…';
    END IF;
  END LOOP;
  RETURN translate(value, E'\r\n\t', '   ');
END
$$;
COMMENT ON FUNCTION csflow_demo.cut(text, integer) IS 'A text on one line, cut to so many columns of a terminal.';

CREATE FUNCTION csflow_demo.telling_ticket(desk_id bigint) RETURNS csflow.ticket_no
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN (
    SELECT e.ticket_no FROM csflow.event AS e
    WHERE e.desk_id = telling_ticket.desk_id
    GROUP BY e.ticket_no
    ORDER BY count(*) <= 36 DESC, count(DISTINCT e.kind) + count(DISTINCT e.new_state) + 2 * count(DISTINCT e.new_value) FILTER (WHERE e.kind = 'step_fired')
      + 3 * count(*) FILTER (WHERE e.kind = 'closed') DESC, e.ticket_no
    LIMIT 1);
END
$$;
COMMENT ON FUNCTION csflow_demo.telling_ticket(bigint) IS 'The ticket to which most different things happened, among those whose story fits a screen.';

CREATE FUNCTION csflow_demo.explained_ticket(desk_id bigint) RETURNS csflow.ticket_no
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN (
    SELECT t.ticket_no
    FROM (
      SELECT t.* FROM csflow.ticket AS t WHERE t.desk_id = explained_ticket.desk_id AND t.state NOT IN ('duplicate', 'invalid')
        AND t.notified_team_ids IS NOT NULL AND t.score > 0 ORDER BY t.priority DESC, t.ticket_no LIMIT 50) AS t,
      LATERAL csflow.explain_classification(t.desk_id, t.body) AS x
    GROUP BY t.ticket_no, t.priority
    -- In traditional characters, so that one sees a rule written in simplified ones find them.
    ORDER BY t.priority DESC, count(*) FILTER (WHERE x.counted AND x.matched_text <> x.pattern) DESC, count(*) FILTER (WHERE x.counted) DESC, t.ticket_no
    LIMIT 1);
END
$$;
COMMENT ON FUNCTION csflow_demo.explained_ticket(bigint) IS 'A ticket of high priority of which a department was told at once, with many hits; NULL when there is none.';
