-- Run by 50_accuracy.sh. The training part is a day of tickets that people have sorted; suggest_keywords() learns from that
-- day alone. Each way of loading its suggestions then sorts the test part as tickets of a day of its own, people correct
-- what is wrong, and classifier_confusion() counts.
CREATE TABLE document (desk_id bigint, body text, label text, is_test boolean);
SELECT create_desk('banking', NULL) AS banking, create_desk('complaints', NULL) AS complaints \gset
INSERT INTO document SELECT :banking, body, label, false FROM banking_train UNION ALL SELECT :banking, body, label, true FROM banking_test;
-- A third of the narratives is the test part, by a hash of the number.
INSERT INTO document SELECT :complaints, consumer_complaint_narrative, lower(regexp_replace(left(product, 60), '[^A-Za-z]+', '_', 'g')),
    get_byte(sha256(convert_to(complaint_id::text, 'UTF8')), 0) % 3 = 0
  FROM complaint WHERE consumer_complaint_narrative <> '';
INSERT INTO category (desk_id, code, caption_zh, caption_en)
  SELECT desk_id, label, 'label', 'label' FROM document GROUP BY desk_id, label ORDER BY desk_id, label;
INSERT INTO ticket (desk_id, channel, body, kind, opened_at)
  SELECT desk_id, 'email', body, label, '2025-03-01 09:00+08' FROM document WHERE NOT is_test;
ANALYZE ticket;

CREATE TABLE way (day date, name text, max_terms integer, minimum_documents integer, minimum_z double precision, word_scale double precision,
  pair_scale double precision);
INSERT INTO way VALUES ('2025-03-02', 'as suggested: 50 terms a kind, words and pairs alike', 50, 3, 1.96, 1, NULL),
  ('2025-03-03', 'words: all of two tickets or more, weight 10 times the log-odds', NULL, 2, 0, 10, 0),
  ('2025-03-04', 'words, and pairs as all_of with 3 times the log-odds', NULL, 2, 0, 10, 3);

CREATE FUNCTION learn_rules(desk_id bigint, way way) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM csflow.keyword_rule AS r WHERE r.desk_id = learn_rules.desk_id;
  CREATE TEMP TABLE suggested AS SELECT s.*, c.category_id
    FROM csflow.suggest_keywords(learn_rules.desk_id, opened_before => '2025-03-02 00:00+08', max_terms => way.max_terms,
      minimum_documents => way.minimum_documents, minimum_z => way.minimum_z) AS s
    JOIN csflow.category AS c ON c.desk_id = learn_rules.desk_id AND c.code = s.kind_code;
  INSERT INTO csflow.keyword_rule (desk_id, any_of, category_id, weight)
    SELECT learn_rules.desk_id, array_agg(r.term), r.category_id, r.weight
    FROM (SELECT s.term, s.category_id, least(greatest(round(s.log_odds * way.word_scale), 1), 100)::smallint AS weight
      FROM suggested AS s WHERE s.words < 2 OR way.pair_scale IS NULL) AS r
    GROUP BY r.category_id, r.weight;
  -- Apart from the words, not instead of them: a pair as a pattern of its own would put its words in the shade for all kinds.
  INSERT INTO csflow.keyword_rule (desk_id, all_of, within_characters, category_id, weight)
    SELECT learn_rules.desk_id, string_to_array(s.term, ' '), length(s.term), s.category_id,
      least(greatest(round(s.log_odds * way.pair_scale), 1), 100)::smallint
    FROM suggested AS s
    WHERE s.words = 2 AND way.pair_scale > 0 AND s.term !~ '^. | .$' AND split_part(s.term, ' ', 1) <> split_part(s.term, ' ', 2);
  DROP TABLE suggested;
END $$;

CREATE TABLE result (desk_id bigint, day date, patterns bigint, seconds double precision, to_review bigint);
DO $$
DECLARE
  w bench.way;
  d bigint;
  started timestamptz;
  spent double precision;
  reviewed bigint;
BEGIN
  FOR w IN SELECT * FROM bench.way ORDER BY day LOOP
    FOR d IN SELECT DISTINCT desk_id FROM bench.document ORDER BY desk_id LOOP
      started := clock_timestamp();
      PERFORM bench.learn_rules(d, w);
      spent := extract(epoch FROM clock_timestamp() - started);
      INSERT INTO csflow.ticket (desk_id, channel, body, external_id, opened_at)
        SELECT desk_id, 'email', body, w.day || ' ' || row_number() OVER (ORDER BY body, label), (w.day || ' 09:00+08')::timestamptz
        FROM bench.document WHERE desk_id = d AND is_test;
      SELECT count(*) INTO reviewed FROM csflow.ticket
        WHERE desk_id = d AND opened_at = (w.day || ' 09:00+08')::timestamptz AND needs_review;
      UPDATE csflow.ticket AS t SET kind = x.label, change_reason = 'label of the data set', changed_at = t.opened_at + interval '1 hour'
        FROM (SELECT w.day || ' ' || row_number() OVER (ORDER BY body, label) AS external_id, label FROM bench.document WHERE desk_id = d AND is_test) AS x
        WHERE t.desk_id = d AND t.external_id = x.external_id AND t.kind IS DISTINCT FROM x.label;
      INSERT INTO bench.result SELECT d, w.day, coalesce(sum(cardinality(any_of) + (all_of <> '{}')::integer), 0), spent, reviewed
        FROM csflow.keyword_rule WHERE desk_id = d;
    END LOOP;
  END LOOP;
END $$;

SELECT format('%s: %s training and %s test texts, %s kinds; always the most frequent kind: accuracy %s', d.name,
    count(*) FILTER (WHERE NOT is_test), count(*) FILTER (WHERE is_test), count(DISTINCT label),
    round((SELECT count(*) FROM document o WHERE o.desk_id = d.desk_id AND o.is_test AND o.label =
      (SELECT mode() WITHIN GROUP (ORDER BY m.label) FROM document m WHERE m.desk_id = d.desk_id AND NOT m.is_test))::numeric
      / count(*) FILTER (WHERE is_test), 3))
FROM document JOIN desk d USING (desk_id) GROUP BY d.desk_id ORDER BY d.desk_id;
SELECT format('%s, %s: accuracy %s, macro F1 %s over %s kinds, %s patterns learnt in %s s, %s texts for review', d.name, w.name,
  round(c.accuracy::numeric, 3), round(c.macro_f1::numeric, 3), c.kinds, r.patterns, round(r.seconds::numeric, 1), r.to_review)
FROM result r JOIN way w USING (day) JOIN desk d USING (desk_id)
CROSS JOIN LATERAL (
  SELECT sum(x.true_positives) / sum(x.actual_count) AS accuracy, avg(x.f1) AS macro_f1, count(*) AS kinds
  FROM classifier_confusion(r.desk_id, (r.day || ' 00:00+08')::timestamptz, (r.day + 1 || ' 00:00+08')::timestamptz) x
  WHERE x.actual_count > 0) AS c
ORDER BY d.desk_id, r.day;
