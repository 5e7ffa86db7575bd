-- Measuring the classifier (handbook B7) and learning keywords from tickets (B2), with figures worked out by hand.
\ir ../lib/small_desk.sql
SELECT no_plan();

-- B7: what the rules said and what people made of it
INSERT INTO category (desk_id, category_id, code, caption_zh, caption_en, is_active) VALUES
  (:desk, 4, 'praise', '表扬', 'praise', true), (:desk, 5, 'former', '旧类', 'former', false);
SELECT open_ticket(:desk, 'email', body, external_id => x, at => at) FROM (VALUES ('f1', '闪退', timestamptz '2025-03-03 09:00'),
  ('f2', '白屏了', '2025-03-03 09:00'), ('f3', '又閃退', '2025-03-03 09:00'), ('f4', '闪退', '2025-03-03 09:00'), ('i1', '怎么用', '2025-03-03 09:00'),
  ('i2', '怎么用', '2025-03-03 09:00'), ('i3', '怎么用', '2025-03-03 09:00'), ('n1', '天气', '2025-03-03 09:00'),
  ('n2', '天气', '2025-03-03 09:00'), ('x1', '闪退', '2025-03-03 09:00'), ('early', '闪退', '2025-03-01 23:59:59.999999'),
  ('late', '怎么用', '2025-03-05 00:00')) AS v (x, body, at) \g /dev/null
INSERT INTO ticket (desk_id, channel, body, kind, external_id, opened_at) VALUES (:desk, 'email', '天气', 'fault', 'given', '2025-03-02 00:00'), (:desk, 'email', '闪退', 'inquiry', 'given too', '2025-03-02 00:00');
INSERT INTO ticket (desk_id, channel, body, category_id, external_id, opened_at) VALUES (:desk, 'email', '怎么用', 2, 'the same', '2025-03-02 00:00');
UPDATE ticket SET category_given = NOT category_given, changed_by_kind = 'system', changed_at = '2025-03-03 09:30' WHERE external_id IN ('f1', 'given');
SELECT is((SELECT array_agg(external_id ORDER BY external_id COLLATE "C") FROM ticket WHERE category_given), '{given,given too,the same}', 'B7: a category named at the opening is remembered, and nobody changes that');
CREATE FUNCTION corrected(x text, kind text, category text, at timestamptz) RETURNS void LANGUAGE sql AS $$
  SELECT csflow.correct(t.desk_id, t.ticket_no, 'misread', kind => corrected.kind, category => corrected.category, agent_id => 91, at => corrected.at)
  FROM csflow.ticket t WHERE t.external_id = x $$;
SELECT corrected('f2', 'fault', NULL, '2025-03-03 10:00'), corrected('f4', 'inquiry', NULL, '2025-03-03 10:00'),
  corrected('i2', 'fault', NULL, '2025-03-03 10:00'), corrected('i2', 'inquiry', NULL, '2025-03-03 11:00'),
  corrected('i3', 'praise', NULL, '2025-03-03 10:00'), corrected('i3', 'fault', 'crash', '2025-03-03 11:00'),
  corrected('n1', 'inquiry', NULL, '2025-03-03 10:00') \g /dev/null
SELECT correct(:desk, ticket_no, 'urgent', priority => 'A', agent_id => 91, at => '2025-03-03 10:00') FROM ticket WHERE external_id = 'f1' \g /dev/null
SELECT mark_invalid(:desk, ticket_no, 'a test', agent_id => 91, at => '2025-03-03 10:00') FROM ticket WHERE external_id = 'x1' \g /dev/null
SELECT set_eq(format($$SELECT * FROM csflow.classifier_confusion_pairs(%s, '2025-03-02', '2025-03-05')$$, :desk),
  $$VALUES ('fault', 'fault', 3::bigint), ('fault', 'inquiry', 1), ('inquiry', 'inquiry', 2), ('inquiry', 'fault', 1), (NULL, 'inquiry', 1),
    (NULL, NULL, 1)$$,
  'B7: first verdict against present kind: a second correction, one within the kind, one of the priority change nothing; invalid ones, other days and what was opened with a category are out');
SELECT results_eq(format($$SELECT kind, predicted_count, actual_count, true_positives, false_positives, false_negatives, round("precision"::numeric, 9),
    round(recall::numeric, 9), round(f1::numeric, 9) FROM csflow.classifier_confusion(%s, '2025-03-02', '2025-03-05')$$, :desk),
  $$VALUES ('fault', 4::bigint, 4::bigint, 3::bigint, 1::bigint, 1::bigint, 0.75, 0.75, 0.75),
    ('inquiry', 3, 4, 2, 1, 2, round(2/3.0, 9), 0.5, round(4/7.0, 9)), ('praise', 0, 0, 0, 0, 0, NULL, NULL, NULL)$$,
  'B7: precision, recall, F1; unknown where there is nothing to divide by');
SELECT is((SELECT sum(ticket_count) FROM classifier_confusion_pairs(:desk)), 11::numeric, 'B7: without instants, all tickets');
SELECT is((SELECT count(*) FROM classifier_confusion_pairs(:desk, '2025-04-01')), 0::bigint, 'B7: none in the period');
SELECT is((SELECT sum(predicted_count) FROM classifier_confusion(:desk, '2025-04-01')), 0::numeric, 'B7: and the kinds are listed all the same');
UPDATE category SET is_active = false WHERE desk_id = :desk AND code = 'inquiry';
SELECT is((SELECT string_agg(kind, ' ') FROM classifier_confusion(:desk)), 'fault inquiry praise', 'B7: a kind out of use with tickets stays in the table');
SELECT throws_ok('SELECT * FROM csflow.classifier_confusion(-1)', 'SF001', 'unknown desk: -1', 'B7: unknown desk');
SELECT throws_ok('SELECT * FROM csflow.classifier_confusion_pairs(NULL)', 'SF001', NULL, 'B7: no desk');

-- B2: terms
SELECT results_eq($$SELECT term, words::integer FROM csflow.text_terms('退款延遲，ＡＰＰ My  new card? new card, I don''t 5 e-mail')$$,
  $$VALUES ('退款', 0), ('退款延', 0), ('退款延迟', 0), ('款延', 0), ('款延迟', 0), ('延迟', 0), ('app', 1), ('my', 1), ('app my', 2), ('new', 1),
    ('my new', 2), ('card', 1), ('new card', 2), ('don''t', 1), ('i don''t', 2), ('don''t 5', 2), ('5 e', 2), ('mail', 1)$$,
  'B2: runs of two to four characters, words, pairs; folded, each once, none across punctuation');
SELECT is((SELECT count(*) FROM unnest('{"", " ", "a", 退, "？！", "😀😀"}'::text[]) b CROSS JOIN text_terms(b)), 0::bigint, 'B2: nothing to find');
SELECT is((SELECT count(*) FROM text_terms(repeat('x', 41) || ' yes')), 1::bigint, 'B2: what is too long for a keyword is none, nor part of a pair');
SELECT is((SELECT count(*) FROM text_terms(repeat('闪退', 200000))), 6::bigint, 'B2: a long text of few terms');
SELECT is((SELECT count(*) FROM generate_series(1, 20000) g, text_terms('z' || g || 'z')), 20000::bigint, 'B2: called for each row');
SELECT is((SELECT count(*) FROM text_terms((SELECT string_agg('w' || g, ',') FROM generate_series(1, 20000) g))), 20000::bigint, 'B2: many terms in one text');

-- B2: suggestions, in English
SELECT create_desk('english', NULL) AS en \gset
INSERT INTO category (desk_id, category_id, code, caption_zh, caption_en) VALUES (:en, 11, 'money', 'm', 'm'), (:en, 12, 'other', 'o', 'o');
INSERT INTO category (desk_id, category_id, parent_id, code, caption_zh, caption_en) VALUES (:en, 13, 11, 'delay', 'd', 'd');
INSERT INTO ticket (desk_id, channel, kind, title, body, opened_at)
  SELECT :en, 'email', kind, title, body, '2025-03-03 09:00' FROM (VALUES ('money', 'Refund late', 'please', 2), ('money', NULL, 'REFUND  late please', 1), ('money', NULL, 'hello please', 1),
    ('other', NULL, 'refund please', 1), ('other', NULL, 'hello please', 5)) AS v (kind, title, body, n), generate_series(1, n);
-- refund: 3 of 4, 1 of 6, so p = 4: ln(7/7) - ln(5/11). late: 3 of 4, 0 of 6, p = 3: ln(6/8) - ln(3/13).
-- hello: 5 of 6, 1 of 4, p = 6: ln(11/5) - ln(7/7).
CREATE VIEW suggested AS SELECT s.kind_code, s.term, s.documents_in, s.documents_out, round(s.log_odds::numeric, 9) AS log_odds,
    round(s.z_score::numeric, 9) AS z_score, s.weight::integer
  FROM desk d CROSS JOIN LATERAL suggest_keywords(d.desk_id, minimum_z => 0) s WHERE d.name = 'english';
SELECT results_eq('SELECT * FROM suggested', $$VALUES
  ('money', 'late', 3::bigint, 0::bigint, round(ln(3.25), 9), round(ln(3.25) / sqrt(1/6.0 + 1/8.0 + 1/3.0 + 1/13.0), 9), 1),
  ('money', 'refund', 3, 1, round(ln(2.2), 9), round(ln(2.2) / sqrt(2/7.0 + 1/5.0 + 1/11.0), 9), 1),
  ('other', 'hello', 5, 1, round(ln(2.2), 9), round(ln(2.2) / sqrt(2/7.0 + 1/5.0 + 1/11.0), 9), 1)$$,
  'B2: log-odds with a prior of ten tickets; a pair that says no more than its word, and what everybody says, are out');
SELECT is((SELECT string_agg(term, ',') FROM suggest_keywords(:en, 'money', minimum_z => 0)), 'late,refund', 'B2: one kind alone, the same');
SELECT is((SELECT string_agg(term, ',') FROM suggest_keywords(:en, minimum_z => 0, max_terms => 1)), 'late,hello', 'B2: the best of each kind');
SELECT is((SELECT string_agg(term, ',') FROM suggest_keywords(:en, minimum_z => 1.2)), 'late', 'B2: the surest');
SELECT is((SELECT string_agg(term, ',') FROM suggest_keywords(:en, minimum_z => 0, minimum_documents => 4)), 'hello', 'B2: in enough tickets');
SELECT is((SELECT count(*) FROM suggest_keywords(:en, minimum_z => 0, opened_before => '2025-03-03 09:00')), 0::bigint, 'B2: of a period');
INSERT INTO keyword_rule (desk_id, any_of, category_id) VALUES (:en, '{" ＬＡＴＥ "}', 13);
SELECT is((SELECT string_agg(term, ',') FROM suggested), 'refund,hello', 'B2: what is a keyword of the kind already is not suggested');
UPDATE keyword_rule SET is_active = false WHERE desk_id = :en;
SELECT is((SELECT string_agg(term, ',') FROM suggested), 'late,refund,hello', 'B2: unless its rule is out of use');
SELECT throws_ok(format('SELECT * FROM csflow.suggest_keywords(%s, %L)', :en, 'delay'), 'SF005', NULL, 'B2: a second level is no kind');
SELECT throws_ok('SELECT * FROM csflow.suggest_keywords(-1)', 'SF001', 'unknown desk: -1', 'B2: unknown desk');
SELECT throws_ok(format('SELECT * FROM csflow.suggest_keywords(%s, minimum_documents => 0)', :en), '22023', NULL, 'B2: no less than one ticket');
SELECT throws_ok(format('SELECT * FROM csflow.suggest_keywords(%s, max_terms => 0)', :en), '22023', NULL, 'B2: no less than one term');

-- B2: in Chinese, from tickets people have sorted
SELECT create_desk('chinese', NULL) AS zh \gset
INSERT INTO category (desk_id, category_id, code, caption_zh, caption_en) VALUES (:zh, 21, 'money', 'm', 'm'), (:zh, 22, 'other', 'o', 'o');
SELECT open_ticket(:zh, 'email', body, at => '2025-03-03 09:00') FROM (VALUES ('退款延迟'), ('退款延遲！'), ('请问，退款延迟'), ('退款吗'), ('延迟'), ('您好'), ('您好'), ('您好')) AS v (body) \g /dev/null
SELECT is((SELECT count(*) FROM suggest_keywords(:zh, minimum_z => 0)), 0::bigint, 'B2: nothing is learnt from what nobody has sorted');
SELECT correct(:zh, ticket_no, 'sorted', kind => CASE WHEN fold(body) ~ '退款' THEN 'money' ELSE 'other' END, at => '2025-03-03 10:00') FROM ticket WHERE desk_id = :zh \g /dev/null
SELECT results_eq(format('SELECT kind_code, term, documents_in, documents_out FROM csflow.suggest_keywords(%s, minimum_z => 0)', :zh),
  $$VALUES ('money', '退款', 4::bigint, 0::bigint), ('money', '退款延迟', 3, 0), ('money', '延迟', 3, 1), ('other', '您好', 3, 0)$$, 'B2: whole words rather than their pieces, in either script');
INSERT INTO keyword_rule (desk_id, any_of, category_id, weight) SELECT :zh, ARRAY[term], category_id, s.weight + 1
  FROM suggest_keywords(:zh, minimum_z => 0) s JOIN category c ON c.desk_id = :zh AND c.code = s.kind_code;
SELECT is((SELECT (kind, needs_review)::text FROM classify(:zh, '我的退款延遲了')), '(money,f)', 'B2: suggestions taken up act');
SELECT is((SELECT count(*) FROM suggest_keywords(:zh, minimum_z => 0)), 0::bigint, 'B2: and are suggested no more');
INSERT INTO keyword_rule (desk_id, any_of, category_id, weight) VALUES (:zh, '{天气}', 22, 1);
SELECT open_ticket(:zh, 'email', '天气不错', at => '2025-03-03 11:00') FROM generate_series(1, 3) \g /dev/null
SELECT is((SELECT count(*) FROM suggest_keywords(:zh, minimum_z => 0)), 0::bigint, 'B2: nor is anything learnt from what the rules leave to a person');
SELECT * FROM finish();
