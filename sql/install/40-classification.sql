-- Classification by a desk's rules. The rules are rows of the flow (csflow.keyword_rule, csflow.priority_rule, …).

CREATE FUNCTION csflow.classify(desk_id bigint, body text, title text DEFAULT NULL, channel text DEFAULT NULL,
  customer_tier text DEFAULT NULL, amount numeric DEFAULT NULL, attributes jsonb DEFAULT NULL, OUT kind text, OUT category text,
  OUT domain text, OUT team text, OUT impact smallint, OUT urgency smallint, OUT priority csflow.priority,
  OUT priority_reason text, OUT tag csflow.tag, OUT emotion double precision, OUT anger double precision,
  OUT anxiety double precision, OUT score integer, OUT needs_review boolean)
LANGUAGE c STABLE PARALLEL RESTRICTED COST 200
AS 'MODULE_PATHNAME', 'csf_classify_text';
COMMENT ON FUNCTION csflow.classify(bigint, text, text, text, text, numeric, jsonb) IS
'What the desk''s rules make of a ticket, given by its body and, as far as known, title, channel, customer_tier, amount (in the desk''s currency) and attributes: kind and second-level category (codes), domain, handling team (code), impact and urgency (1 highest … 3), priority and why, tag, emotion (-1 … 1), anger and anxiety (0 … 1), score of the category, and whether a person must decide. Rules about what is not given do not fire, so the ticket may get a higher priority. All rows of one statement go by the same rules. NULL where desk_id, or all of the rest, is NULL. Errors: SF001 unknown desk or one the caller may not read, SF014 no flow. Handbook B1-B6, B8.';

CREATE FUNCTION csflow.explain_classification(desk_id bigint, body text, title text DEFAULT NULL, channel text DEFAULT NULL,
  customer_tier text DEFAULT NULL, amount numeric DEFAULT NULL, attributes jsonb DEFAULT NULL, OUT rule_id bigint,
  OUT field text, OUT attribute_key text, OUT pattern text, OUT matched_text text, OUT character_position integer,
  OUT weight integer, OUT effect text, OUT counted boolean, OUT reason text)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL RESTRICTED COST 200 ROWS 20
AS 'MODULE_PATHNAME', 'csf_explain_text';
COMMENT ON FUNCTION csflow.explain_classification(bigint, text, text, text, text, numeric, jsonb) IS
'Why a ticket is classified as it is: each occurrence of a pattern with its rule (NULL: a word of the lexicon), the field it was found in (title, body, channel, customer_tier, business_object, attribute, amount) and the key of an attribute, the pattern as written or the bounds of an amount, the piece of text, its character position from 1 (NULL for an amount), weight and effect of the rule; counted says whether it took part, reason why (counted, condition, repeated, inside_longer, not_fired, forbids, emotion, negated). What counted comes first, each by place. Arguments and errors as csflow.classify(). Handbook B2.';

CREATE FUNCTION csflow.explain_ticket(desk_id bigint, ticket_no csflow.ticket_no, OUT rule_id bigint, OUT field text,
  OUT attribute_key text, OUT pattern text, OUT matched_text text, OUT character_position integer, OUT weight integer,
  OUT effect text, OUT counted boolean, OUT reason text, OUT rules_version bigint, OUT edited text)
RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'csf_explain_ticket';
COMMENT ON FUNCTION csflow.explain_ticket(bigint, csflow.ticket_no) IS
'Why a stored ticket was classified as it was: the rows of csflow.explain_classification() for its title, body, channel, customer_tier, amount and attributes, with the rules of ticket.rules_version, though they were changed or deleted since. A title made from the body is not read, as it was not then. The texts are those of today: edited names the columns among these that were edited after the ticket was opened, NULL if none was. Errors: SF001 unknown desk, SF004 no such ticket or one the caller may not read, SF021 the rules of that version are no longer kept, SF014 no flow. Handbook B2, B7.';

CREATE FUNCTION csflow.classifier_status(OUT desk_id bigint, OUT rules_version bigint, OUT rules integer, OUT left_out integer,
  OUT patterns integer, OUT automaton_nodes integer, OUT classifier_bytes bigint, OUT total_bytes bigint, OUT is_current boolean)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL RESTRICTED ROWS 10
AS 'MODULE_PATHNAME', 'csf_classifier_status';
COMMENT ON FUNCTION csflow.classifier_status() IS
'The compiled configuration this connection has in its cache, a row for each desk it has used and the caller may see: version, active keyword rules, how many rules, aliases and words were left out because together they are too much, different patterns (keywords and lexicon, in all spellings), nodes of the automaton, bytes of the classifier, bytes of the desk with all else, and whether it is still the present version. Design 2.8, 5.';

CREATE FUNCTION csflow.keyword_rule_fault(field text, attribute_key text, any_of text[], all_of text[], none_of text[],
  within_characters integer, part_of_word boolean, amount_at_least numeric, amount_below numeric, alias_words text[],
  alias_canonicals text[])
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'csf_keyword_rule_fault';
COMMENT ON FUNCTION csflow.keyword_rule_fault(text, text, text[], text[], text[], integer, boolean, numeric, numeric, text[], text[]) IS
'Why a keyword rule could never work: contradictory patterns or bounds, nothing to look for, too many spellings … Arguments: columns of csflow.keyword_rule, then words and canonical words of csflow.keyword_alias, in the same order. Result: NULL when it could. Handbook B2, H4.';

CREATE FUNCTION csflow.purge_rule_history(desk_id bigint, before timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last_version bigint;
  purged bigint;
BEGIN
  PERFORM csflow.require_desk(purge_rule_history.desk_id);
  SELECT max(h.version) INTO last_version
  FROM csflow.rule_history AS h
  WHERE h.desk_id = purge_rule_history.desk_id AND h.changed_at < purge_rule_history.before;
  IF last_version IS NULL THEN
    RETURN 0;
  END IF;
  UPDATE csflow.configuration_version AS v SET history_from = greatest(v.history_from, last_version)
  WHERE v.desk_id = purge_rule_history.desk_id;
  DELETE FROM csflow.rule_history AS h
  WHERE h.desk_id = purge_rule_history.desk_id AND h.version <= last_version;
  GET DIAGNOSTICS purged = ROW_COUNT;
  RETURN purged;
END
$$;
COMMENT ON FUNCTION csflow.purge_rule_history(bigint, timestamptz) IS
'Forgets what a desk''s rules were before the changes made before an instant; tickets classified by then can no longer be explained by csflow.explain_ticket() (SF021), unless the rules have not changed since. Result: rows removed from csflow.rule_history. Errors: SF001 unknown desk. Handbook F8.';
REVOKE EXECUTE ON FUNCTION csflow.purge_rule_history(bigint, timestamptz) FROM PUBLIC;
