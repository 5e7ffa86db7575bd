-- Measuring the classifier against what people made of its verdicts, and learning keywords from that (handbook B2, B7).

CREATE FUNCTION csflow.text_terms(body text, OUT term text, OUT words smallint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'csf_text_terms_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 60;
COMMENT ON FUNCTION csflow.text_terms(text) IS
'The different terms of a text that could be keywords, folded, in the order in which they first occur: of Chinese and other scripts without spaces each run of two to four characters (words = 0), of other scripts each word of two to forty letters (1; an apostrophe inside belongs to it) and each pair of words with a single space between (2). 22P05 or 22021 where the database''s encoding cannot hold a term, SF013 for a text over 64 MB. Handbook B2.';

CREATE FUNCTION csflow.classifier_confusion_pairs(desk_id bigint, opened_from timestamptz DEFAULT '-infinity',
  opened_before timestamptz DEFAULT 'infinity')
RETURNS TABLE (predicted text, actual text, ticket_count bigint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_desk(classifier_confusion_pairs.desk_id);
  RETURN QUERY
  WITH chosen AS MATERIALIZED (
    SELECT t.ticket_no, t.category_id, t.kind, t.score
    FROM csflow.ticket AS t
    WHERE t.desk_id = classifier_confusion_pairs.desk_id AND t.opened_at >= classifier_confusion_pairs.opened_from
      AND t.opened_at < classifier_confusion_pairs.opened_before AND t.state NOT IN ('duplicate', 'invalid')
      AND NOT t.category_given
  ), first_change AS (
    SELECT DISTINCT ON (e.ticket_no) e.ticket_no, e.old_value::bigint AS category_id
    FROM chosen AS o
    JOIN csflow.event AS e ON e.ticket_no = o.ticket_no
    WHERE e.desk_id = classifier_confusion_pairs.desk_id AND e.kind = 'category_changed'
    ORDER BY e.ticket_no, e.seq
  ), verdict AS (
    SELECT o.kind, CASE
        WHEN o.score = 0 THEN NULL
        WHEN f.ticket_no IS NULL THEN o.category_id
        ELSE f.category_id
      END AS category_id
    FROM chosen AS o
    LEFT JOIN first_change AS f ON f.ticket_no = o.ticket_no
  )
  SELECT coalesce(p.code, c.code), v.kind, count(*)
  FROM verdict AS v
  LEFT JOIN csflow.category AS c ON c.desk_id = classifier_confusion_pairs.desk_id AND c.category_id = v.category_id
  LEFT JOIN csflow.category AS p ON p.desk_id = c.desk_id AND p.category_id = c.parent_id
  GROUP BY 1, 2
  ORDER BY count(*) DESC, 1, 2;
END
$$;
COMMENT ON FUNCTION csflow.classifier_confusion_pairs(bigint, timestamptz, timestamptz) IS
'The confusion table of a desk''s rules: for each pair of kinds (codes) how many tickets the rules put into predicted when they were opened and people left in, or corrected to, actual. predicted is the category before the first category_changed event, else the present one, and NULL where no rule spoke for any (score 0), whoever then named one; actual NULL: still without a kind. Of tickets opened at or after opened_from and before opened_before; duplicate and invalid ones, and those that were opened with a category, are left out. Errors: SF001 unknown desk, SF014 no flow. Handbook B7.';

CREATE FUNCTION csflow.classifier_confusion(desk_id bigint, opened_from timestamptz DEFAULT '-infinity',
  opened_before timestamptz DEFAULT 'infinity')
RETURNS TABLE (kind text, predicted_count bigint, actual_count bigint, true_positives bigint, false_positives bigint,
  false_negatives bigint, "precision" double precision, recall double precision, f1 double precision)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_desk(classifier_confusion.desk_id);
  RETURN QUERY
  WITH pair AS MATERIALIZED (
    SELECT p.predicted, p.actual, p.ticket_count
    FROM csflow.classifier_confusion_pairs(classifier_confusion.desk_id, classifier_confusion.opened_from,
      classifier_confusion.opened_before) AS p
  ), kind_count AS (
    SELECT k.code, k.sort_order, k.category_id,
      coalesce(sum(p.ticket_count) FILTER (WHERE p.predicted = k.code), 0)::bigint AS predicted,
      coalesce(sum(p.ticket_count) FILTER (WHERE p.actual = k.code), 0)::bigint AS actual,
      coalesce(sum(p.ticket_count) FILTER (WHERE p.predicted = k.code AND p.actual = k.code), 0)::bigint AS agreed
    FROM csflow.category AS k
    LEFT JOIN pair AS p ON k.code IN (p.predicted, p.actual)
    WHERE k.desk_id = classifier_confusion.desk_id AND k.parent_id IS NULL AND (k.is_active OR p.ticket_count IS NOT NULL)
    GROUP BY k.code, k.sort_order, k.category_id
  )
  SELECT c.code, c.predicted, c.actual, c.agreed, c.predicted - c.agreed, c.actual - c.agreed,
    c.agreed::double precision / nullif(c.predicted, 0), c.agreed::double precision / nullif(c.actual, 0),
    2 * c.agreed::double precision / nullif(c.predicted + c.actual, 0)
  FROM kind_count AS c
  ORDER BY c.sort_order, c.category_id;
END
$$;
COMMENT ON FUNCTION csflow.classifier_confusion(bigint, timestamptz, timestamptz) IS
'How well a desk''s rules tell the kinds apart, one row a kind: tickets the rules put there (predicted_count), tickets that are there now (actual_count), both (true_positives), put there and moved away by people (false_positives), moved there by people (false_negatives); precision = true_positives / predicted_count, recall = true_positives / actual_count, f1 = 2 true_positives / (predicted_count + actual_count), each from 0 to 1 and NULL where it would divide by 0. Kinds that are inactive appear if they have tickets. Arguments, which tickets count, and errors as csflow.classifier_confusion_pairs. Handbook B7.';

CREATE FUNCTION csflow.suggest_keywords(desk_id bigint, kind text DEFAULT NULL, opened_from timestamptz DEFAULT '-infinity',
  opened_before timestamptz DEFAULT 'infinity', max_terms integer DEFAULT 50, minimum_documents integer DEFAULT 3,
  minimum_z double precision DEFAULT 1.96)
RETURNS TABLE (kind_code text, term text, words smallint, documents_in bigint, documents_out bigint, log_odds double precision,
  z_score double precision, weight smallint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 500
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  prior_documents CONSTANT double precision := 10;
BEGIN
  PERFORM csflow.require_desk(suggest_keywords.desk_id);
  IF suggest_keywords.kind IS NOT NULL AND NOT EXISTS (SELECT FROM csflow.category AS k
      WHERE k.desk_id = suggest_keywords.desk_id AND k.parent_id IS NULL AND k.code = suggest_keywords.kind) THEN
    RAISE EXCEPTION 'desk % has no kind "%"', suggest_keywords.desk_id, suggest_keywords.kind
      USING ERRCODE = 'SF005', HINT = 'The kinds are the rows of csflow.category without parent_id.';
  END IF;
  IF coalesce(suggest_keywords.minimum_documents, 0) < 1 THEN
    RAISE EXCEPTION 'minimum_documents must be at least 1: %', coalesce(suggest_keywords.minimum_documents::text, 'null')
      USING ERRCODE = '22023';
  END IF;
  IF suggest_keywords.max_terms < 1 THEN
    RAISE EXCEPTION 'max_terms must be at least 1: %', suggest_keywords.max_terms
      USING ERRCODE = '22023', HINT = 'NULL gives all of them.';
  END IF;
  RETURN QUERY
  WITH document AS MATERIALIZED (
    -- A title made from the body would end in half a word.
    SELECT CASE WHEN suggest_keywords.kind IS NULL OR t.kind = suggest_keywords.kind THEN t.kind END AS kind,
      CASE WHEN t.title IS NULL OR starts_with(ltrim(t.body, E' \t\r\n'), regexp_replace(t.title, '[.]{3}$', '')) THEN t.body
        ELSE concat_ws(E'\n', t.title, t.body) END AS body
    FROM csflow.ticket AS t
    WHERE t.desk_id = suggest_keywords.desk_id AND t.opened_at >= suggest_keywords.opened_from
      AND t.opened_at < suggest_keywords.opened_before AND t.state NOT IN ('duplicate', 'invalid')
      AND t.kind IS NOT NULL AND t.needs_review IS NOT TRUE
  ), size AS (
    SELECT d.kind, count(*)::double precision AS inside, sum(count(*)) OVER ()::double precision AS total
    FROM document AS d
    GROUP BY d.kind
  ), term_in_kind AS MATERIALIZED (
    SELECT d.kind, x.term, x.words, count(*) AS inside
    FROM document AS d
    CROSS JOIN LATERAL csflow.text_terms(d.body) AS x
    GROUP BY d.kind, x.term, x.words
  ), term_total AS (
    SELECT i.term, sum(i.inside)::bigint AS total
    FROM term_in_kind AS i
    GROUP BY i.term
    HAVING max(i.inside) FILTER (WHERE i.kind IS NOT NULL) >= suggest_keywords.minimum_documents
  ), candidate AS MATERIALIZED (
    SELECT i.kind, i.term, i.words, i.inside, t.total - i.inside AS outside, s.inside AS kind_size,
      s.total - s.inside AS other_size, prior_documents * t.total / s.total AS prior_with,
      prior_documents * (1 - t.total / s.total) AS prior_without
    FROM term_in_kind AS i
    JOIN term_total AS t ON t.term = i.term
    JOIN size AS s ON s.kind = i.kind
    WHERE i.inside >= suggest_keywords.minimum_documents AND t.total < s.total
  ), scored AS MATERIALIZED (
    SELECT c.kind, c.term, c.words, c.inside, c.outside,
      ln((c.inside + c.prior_with) / (c.kind_size - c.inside + c.prior_without))
        - ln((c.outside + c.prior_with) / (c.other_size - c.outside + c.prior_without)) AS log_odds,
      sqrt(1 / (c.inside + c.prior_with) + 1 / (c.kind_size - c.inside + c.prior_without)
        + 1 / (c.outside + c.prior_with) + 1 / (c.other_size - c.outside + c.prior_without)) AS deviation
    FROM candidate AS c
  ), part AS (
    SELECT s.kind, p.term, s.inside, s.outside
    FROM scored AS s
    CROSS JOIN LATERAL (VALUES (left(s.term, -1)), (right(s.term, -1))) AS p (term)
    WHERE s.words = 0
  ), own AS (
    -- A run of characters that only ever occurs inside one longer run is a piece of a word. A pair of which one word only
    -- ever occurs beside the other says no more than that word.
    SELECT s.kind, s.term, s.words, s.inside, s.outside, s.log_odds, s.log_odds / s.deviation AS z_score
    FROM scored AS s
    WHERE NOT EXISTS (SELECT FROM part AS p
        WHERE p.kind = s.kind AND p.term = s.term AND p.inside = s.inside AND p.outside = s.outside)
      AND NOT EXISTS (SELECT FROM scored AS w
        WHERE w.kind = s.kind AND w.term = split_part(s.term, ' ', 1) AND w.words = s.words - 1 AND w.inside = s.inside
          AND w.outside = s.outside)
      AND NOT EXISTS (SELECT FROM scored AS w
        WHERE w.kind = s.kind AND w.term = split_part(s.term, ' ', 2) AND w.words = s.words - 1 AND w.inside = s.inside
          AND w.outside = s.outside)
  ), known AS (
    SELECT k.code AS kind, csflow.fold(regexp_replace(btrim(w.pattern), '[[:space:]]+', ' ', 'g')) AS term
    FROM csflow.keyword_rule AS r
    JOIN csflow.category AS c ON c.desk_id = r.desk_id AND c.category_id = r.category_id
    JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = coalesce(c.parent_id, c.category_id)
    CROSS JOIN LATERAL unnest(r.any_of || r.all_of) AS w (pattern)
    WHERE r.desk_id = suggest_keywords.desk_id AND r.is_active
  ), ranked AS (
    SELECT o.kind, o.term, o.words, o.inside, o.outside, o.log_odds, o.z_score,
      row_number() OVER (PARTITION BY o.kind ORDER BY o.z_score DESC, o.term COLLATE "C") AS place
    FROM own AS o
    WHERE o.z_score >= suggest_keywords.minimum_z
      AND NOT EXISTS (SELECT FROM known AS n WHERE n.kind = o.kind AND n.term = o.term)
  )
  SELECT r.kind, r.term, r.words, r.inside, r.outside, r.log_odds, r.z_score,
    least(greatest(round(r.log_odds), 1), 100)::smallint
  FROM ranked AS r
  WHERE r.place <= suggest_keywords.max_terms OR suggest_keywords.max_terms IS NULL
  ORDER BY r.kind COLLATE "C", r.place;
END
$$;
COMMENT ON FUNCTION csflow.suggest_keywords(bigint, text, timestamptz, timestamptz, integer, integer, double precision) IS
'Terms that tell the tickets of a kind from those of the others, best first, as candidates for csflow.keyword_rule. Learnt from tickets opened at or after opened_from and before opened_before, by the kind they have now, corrections included; duplicate and invalid ones, ones without a kind and ones that need review are left out. Arguments: kind (code, NULL: every kind in one pass), at most max_terms a kind (NULL: all), terms in at least minimum_documents tickets of the kind, z-score of at least minimum_z. Result: kind, term (folded, see csflow.text_terms; words: 0 a run of characters, 1 a word, 2 a pair), tickets with it in the kind and in others, log-odds ratio with an informative prior, its z-score, and a weight: the log-odds, rounded, 1 … 100. With y of n tickets of the kind and y'' of n'' others: a prior worth 10 tickets of which p = 10 (y + y'') / (n + n'') have the term, log_odds = ln((y + p) / (n - y + 10 - p)) - ln((y'' + p) / (n'' - y'' + 10 - p)), z_score = log_odds / sqrt of the sum of the reciprocals of those four. Left out: terms that a pattern of an active rule of the kind equals; a run that always occurs inside the same longer one; a pair that occurs wherever one of its words does; terms of all tickets. Errors: SF001 unknown desk, SF005 unknown kind, 22023 minimum_documents or max_terms below 1, SF014 no flow. Handbook B2, B7.';
