-- Classification by a desk's rules. The rules are rows of the flow (csflow.keyword_rule, csflow.priority_rule, …).

CREATE FUNCTION csflow.classify(desk_id bigint, body text, OUT kind text, OUT category text, OUT domain text, OUT team text,
  OUT impact smallint, OUT urgency smallint, OUT priority csflow.priority, OUT priority_reason text, OUT tag csflow.tag,
  OUT emotion double precision, OUT anger double precision, OUT anxiety double precision, OUT score integer,
  OUT needs_review boolean)
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 200
AS 'MODULE_PATHNAME', 'csf_classify_text';
COMMENT ON FUNCTION csflow.classify(bigint, text) IS
'What the desk''s rules make of a text: kind and second-level category (codes), domain, handling team (code), impact and urgency (1 highest … 3), priority and why, tag, emotion (-1 … 1), anger and anxiety (0 … 1), score of the category, and whether a person must decide. Amount, channel and customer are not known here, so a ticket may get a higher priority. Errors: SF001 unknown desk or one the caller may not read, SF014 no flow. Handbook B1-B6, B8.';

CREATE FUNCTION csflow.classification_hits(desk_id bigint, body text, OUT rule_id bigint, OUT pattern text,
  OUT matched_text text, OUT character_position integer, OUT weight integer, OUT emotion double precision,
  OUT counted boolean, OUT reason text)
RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 200 ROWS 20
AS 'MODULE_PATHNAME', 'csf_classification_hits';
COMMENT ON FUNCTION csflow.classification_hits(bigint, text) IS
'The places at which the desk''s patterns occur in a text: rule (NULL: a word of the lexicon), pattern as written, the piece of text it matched, its character position from 1, the rule''s weight or the word''s emotion, whether it counted, and why or why not. Errors as csflow.classify(). Handbook B2.';

CREATE FUNCTION csflow.explain_classification(desk_id bigint, body text, OUT rule_id bigint, OUT pattern text,
  OUT matched_text text, OUT character_position integer, OUT weight integer, OUT effect text, OUT counted boolean,
  OUT reason text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  SELECT h.rule_id, h.pattern, h.matched_text, h.character_position, h.weight,
    CASE WHEN h.rule_id IS NULL THEN CASE h.emotion WHEN 0 THEN 'intensifies or negates' ELSE 'emotion ' || round(h.emotion::numeric, 2) END
    ELSE concat_ws(', ',
      'category ' || nullif(concat_ws(' / ', p.code, c.code), ''),
      'domain ' || r.domain,
      'impact ' || r.impact,
      'urgency ' || r.urgency,
      'raise to ' || r.raise_to::text,
      'team ' || t.code,
      'tell ' || n.code)
    END,
    h.counted, h.reason
  FROM csflow.classification_hits(explain_classification.desk_id, explain_classification.body) AS h
  LEFT JOIN csflow.keyword_rule AS r ON r.desk_id = explain_classification.desk_id AND r.rule_id = h.rule_id
  LEFT JOIN csflow.category AS c ON c.desk_id = r.desk_id AND c.category_id = r.category_id
  LEFT JOIN csflow.category AS p ON p.desk_id = c.desk_id AND p.category_id = c.parent_id
  LEFT JOIN csflow.team AS t ON t.desk_id = r.desk_id AND t.team_id = r.team_id
  LEFT JOIN csflow.team AS n ON n.desk_id = r.desk_id AND n.team_id = r.notify_team_id
  ORDER BY h.counted DESC, h.character_position, h.rule_id;
END
$$;
COMMENT ON FUNCTION csflow.explain_classification(bigint, text) IS
'Why a text is classified as it is: each occurrence of a pattern with its rule, the piece of text, its character position from 1, weight and effect; counted says whether it took part, reason why (counted, condition, repeated, inside_longer, not_fired, forbids, emotion, negated). Errors as csflow.classify(). Handbook B2.';
