-- Rules about anything but words: channel, customer tier, business object, attributes, amount. Handbook A3, B2, B4, H4.
\ir ../lib/small_desk.sql
SELECT no_plan();

INSERT INTO caption (desk_id, kind, code, lang, text) VALUES (:desk, 'customer_tier', 'gold', 'en', 'gold');
INSERT INTO keyword_rule (desk_id, rule_id, field, attribute_key, any_of, none_of, weight, category_id, raise_to, notify_team_id, reason) VALUES
  (:desk, 1001, 'channel', NULL, '{hotline,live_chat}', '{}', 3, 2, NULL, NULL, ''),
  (:desk, 1002, 'customer_tier', NULL, '{gold}', '{}', 2, NULL, 'A', NULL, 'a gold customer'),
  (:desk, 1003, 'business_object', NULL, '{外卖,hotel}', '{}', 5, 1, NULL, 2, ''),
  (:desk, 1004, 'attribute', 'region', '{上海}', '{自贸区}', 2, NULL, 'A', NULL, ''),
  (:desk, 1005, 'attribute', 'versions', '{5.2.0}', '{}', 2, NULL, 'E', NULL, 'a broken version'),
  (:desk, 1006, 'title', NULL, '{投诉}', '{}', 2, NULL, 'A', NULL, '');
INSERT INTO keyword_rule (desk_id, rule_id, field, amount_at_least, amount_below, weight, category_id, raise_to, reason) VALUES
  (:desk, 1011, 'amount', 100, 1000, 4, 2, NULL, ''),
  (:desk, 1012, 'amount', 1000, NULL, 1, NULL, 'E', 'a large amount'),
  (:desk, 1013, 'amount', NULL, 0.005, 1, NULL, 'A', '');

CREATE FUNCTION fired(body text, title text DEFAULT NULL, channel text DEFAULT NULL, tier text DEFAULT NULL, amount numeric DEFAULT NULL,
  attributes jsonb DEFAULT NULL) RETURNS bigint[] STABLE LANGUAGE sql AS $$
  SELECT coalesce(array_agg(x.rule_id ORDER BY x.rule_id) FILTER (WHERE x.counted), '{}')
  FROM csflow.explain_classification(csflow.desk_id('small'), body, title, channel, tier, amount, attributes) AS x
$$;

-- channel and tier: the whole value, folded
SELECT is(fired('x', channel => c), want, 'B2: channel ' || c)
FROM (VALUES ('hotline', '{1001}'::bigint[]), ('ＨＯＴＬＩＮＥ', '{1001}'), ('live_chat', '{1001}'), ('hotline2', '{}'), ('the hotline', '{}'), ('email', '{}'), ('', '{}')) AS v (c, want);
SELECT is(fired('hotline gold 外卖 上海 100'), '{}', 'B2: what is in the text is no channel, tier, object, attribute or amount');
SELECT is(fired('x', tier => 'Gold'), '{1002}', 'B2: customer tier');
SELECT is(fired('x', tier => 'golden'), '{}', 'B2: no other tier');
-- attributes: occurrences, in texts, numbers and lists
SELECT is(fired('x', attributes => a), want, 'B2: attributes ' || a::text) FROM (VALUES
  ('{"business_module": "美食外賣"}'::jsonb, '{1003}'::bigint[]), ('{"business_module": "Hotel"}', '{1003}'), ('{"business_module": "hotels"}', '{}'),
  ('{"business_module": ["支付", "外卖"]}', '{1003}'), ('{"business_module": ["外", "卖"]}', '{}'), ('{"business_module": null}', '{}'),
  ('{"business_module": {"name": "外卖"}}', '{1003}'), ('{"module": "外卖"}', '{}'), ('{"region": "上海市"}', '{1004}'), ('{"region": "上海自贸区"}', '{}'),
  ('{"versions": ["5.1.9", "5.2.0"]}', '{1005}'), ('{"versions": "15.2.0"}', '{}'), ('{"versions": 5.2}', '{}'), ('[]', '{}'), ('"上海"', '{}')) AS v (a, want);
-- amounts: bounds of any scale, exactly
SELECT is(fired('x', amount => a), want, 'B4: amount ' || a) FROM (VALUES
  (99.999999999999999999, '{}'::bigint[]), (100, '{1011}'), (100.000, '{1011}'), (999.99999999999999999999, '{1011}'), (1000, '{1012}'), (1e40, '{1012}'),
  (0, '{1013}'), (0.004999999999999999999, '{1013}'), (0.005, '{}')) AS v (a, want);
SELECT is(fired('x', title => '投訴'), '{1006}', 'B2: a title is given by itself');

-- scores: a fact counts by itself, also beside the same word in the text
SELECT is((SELECT (kind, score)::text FROM classify(:desk, '闪退')), '(fault,2)', 'B2: as before');
SELECT is((SELECT (kind, score)::text FROM classify(:desk, '闪退', channel => 'hotline', amount => 100)), '(inquiry,7)', 'B2: channel and amount are counted');
INSERT INTO keyword_rule (desk_id, rule_id, any_of, weight, category_id) VALUES (:desk, 1020, '{外卖}', 2, 1);
SELECT is((SELECT score FROM classify(:desk, '外卖', attributes => '{"business_module": "外卖"}')), 7, 'B2: the same word in text and attribute are two facts');
SELECT is((SELECT (category, priority, priority_reason)::text FROM classify(:desk, 'x', amount => 5000)), '(,E,"keyword rule 1012: a large amount")', 'B4: the reason is the rule''s own');
SELECT is((SELECT priority_reason FROM classify(:desk, 'x', title => '投诉')), 'keyword rule 1006', 'B4: or its number alone');
SELECT is((SELECT count(*) FROM classify(:desk, NULL)), 1::bigint, 'nothing given');
SELECT is((SELECT kind FROM classify(:desk, NULL)), NULL, 'is nothing');
SELECT is((SELECT kind FROM classify(NULL, '闪退')), NULL, 'a NULL desk is nothing');
SELECT is((SELECT kind FROM classify(:desk, NULL, channel => 'hotline')), 'inquiry', 'the channel alone is something');

-- explanations say where
SELECT results_eq(format($$SELECT rule_id, field, attribute_key, pattern, matched_text, character_position, weight, effect, counted, reason
  FROM csflow.explain_classification(%s, '我的App闪退', title => '投诉', channel => 'Hotline', customer_tier => 'gold', amount => 250.50,
    attributes => '{"business_module": "點外賣", "region": "上海自贸区"}')$$, :desk),
  format($$VALUES (1006::bigint, 'title', NULL, '投诉', '投诉', 1, 2, 'raise to A', true, 'condition'),
    ((SELECT rule_id FROM csflow.keyword_rule WHERE desk_id = %1$s AND category_id = 3), 'body', NULL, '闪退', '闪退', 6, 2, 'category fault / crash', true, 'counted'),
    (1001, 'channel', NULL, 'hotline', 'Hotline', 1, 3, 'category inquiry', true, 'counted'),
    (1002, 'customer_tier', NULL, 'gold', 'gold', 1, 2, 'raise to A (a gold customer)', true, 'condition'),
    (1003, 'business_object', 'business_module', '外卖', '外賣', 2, 5, 'category fault, tell technical', true, 'counted'),
    (1011, 'amount', NULL, 'at least 100, below 1000', '250.50', NULL, 4, 'category inquiry', true, 'counted'),
    (1004, 'attribute', 'region', '上海', '上海', 1, 2, 'raise to A', false, 'not_fired'),
    (1004, 'attribute', 'region', '自贸区', '自贸区', 3, 2, 'raise to A', false, 'forbids')$$, :desk), 'B2: each with field and place');

-- a ticket is classified by all of it
INSERT INTO ticket (desk_id, channel, body, amount, attributes, customer_tier) VALUES (:desk, 'hotline', '你好', 1200, '{"business_module": "外卖", "region": "上海"}', 'gold')
RETURNING ticket_no AS whole \gset
SELECT is((SELECT (kind, score, priority, priority_reason, notified_team_ids)::text FROM ticket WHERE ticket_no = :'whole'), '(fault,5,E,"keyword rule 1012: a large amount",{2})', 'B2: intake reads every field');
SELECT results_eq(format($$SELECT DISTINCT rule_id FROM csflow.explain_ticket(%s, %L) WHERE counted ORDER BY 1$$, :desk, :'whole'), 'VALUES (1001::bigint), (1002), (1003), (1004), (1012)', 'B2: and says so');

-- what could never work is refused when written
CREATE FUNCTION refused(columns text, rest text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('INSERT INTO csflow.keyword_rule (desk_id, rule_id, impact, %s) SELECT desk_id, 2000, 1, %s FROM csflow.desk WHERE name = ''small''', columns, rest);
  RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
INSERT INTO keyword_alias (desk_id, word, canonical) VALUES (:desk, '登入', '登录');
SELECT is(refused(columns, rest), want, columns || ': ' || rest) FROM (VALUES
  ('field, any_of', '''channel'', ''{pigeon}''', 'SF005 unknown channel: "pigeon"'),
  ('field, any_of', '''customer_tier'', ''{platinum}''', 'SF005 unknown customer tier: "platinum"'),
  ('field, all_of', '''channel'', ''{email}''', 'SF011 keyword rule 2000: this field takes no all_of'),
  ('field, any_of, none_of', '''channel'', ''{email}'', ''{email}''', 'SF011 keyword rule 2000: pattern "email" contains "email" of none_of'),
  ('field, any_of', '''attribute'', ''{ab}''', 'SF011 keyword rule 2000: field attribute needs an attribute_key'),
  ('field, attribute_key, any_of', '''attribute'', '''', ''{ab}''', 'SF011 keyword rule 2000: field attribute needs an attribute_key'),
  ('attribute_key, any_of', '''region'', ''{ab}''', 'SF011 keyword rule 2000: attribute_key "region" goes with field attribute only'),
  ('field', '''amount''', 'SF011 keyword rule 2000: field amount needs amount_at_least or amount_below'),
  ('amount_below, any_of', '5, ''{ab}''', 'SF011 keyword rule 2000: amount_at_least and amount_below go with field amount only'),
  ('field, amount_below, any_of', '''amount'', 5, ''{ab}''', 'SF011 keyword rule 2000: field amount takes no patterns'),
  ('field, amount_below, within_characters', '''amount'', 5, 5', 'SF011 keyword rule 2000: within_characters 5 needs at least two patterns in all_of'),
  ('field, amount_at_least, amount_below', '''amount'', 5, 5.0', 'SF011 keyword rule 2000: the rule could never fire: at least 5, below 5.0'),
  ('field, amount_at_least, amount_below', '''amount'', 6, 5', 'SF011 keyword rule 2000: the rule could never fire: at least 6, below 5'),
  ('field, amount_at_least', '''amount'', ''NaN''', 'SF011 keyword rule 2000: amount_at_least is NaN'),
  ('field, amount_at_least', '''amount'', ''Infinity''', 'SF011 keyword rule 2000: amount_at_least is Infinity'),
  ('field, amount_at_least', '''amount'', -1', 'SF011 keyword rule 2000: amount_at_least is -1'),
  ('field, amount_below', '''amount'', 0', 'SF011 keyword rule 2000: amount_below is 0'),
  ('field, any_of', '''nonsense'', ''{ab}''', '23514 new row for relation "keyword_rule" violates check constraint "keyword_rule_field_check"'),
  ('field, any_of', '''business_object'', ''{a}''', 'SF011 keyword rule 2000: pattern "a" is a single letter or digit'),
  ('any_of, none_of', '''{登录}'', ''{登入}''', 'SF011 keyword rule 2000: pattern "登录" contains "登入" of none_of'),
  ('all_of, within_characters', '''{登录,登入}'', 9', 'SF011 keyword rule 2000: within_characters 9 needs at least two patterns in all_of'),
  ('any_of, team_id', '''{ab}'', 4711', '23503 insert or update on table "keyword_rule" violates foreign key constraint "keyword_rule_desk_id_team_id_fkey"'),
  ('any_of, notify_team_id', '''{ab}'', 4711', '23503 insert or update on table "keyword_rule" violates foreign key constraint "keyword_rule_desk_id_notify_team_id_fkey"'),
  ('any_of, category_id', '''{ab}'', 4711', '23503 insert or update on table "keyword_rule" violates foreign key constraint "keyword_rule_desk_id_category_id_fkey"'),
  ('any_of', '''{"  "}''', 'SF011 keyword rule 2000: pattern "  " is empty'), ('any_of', '''{NULL}''', 'SF011 keyword rule 2000: pattern "" is empty'),
  ('any_of', '''{x}''', 'SF011 keyword rule 2000: pattern "x" is a single letter or digit'), ('any_of', '''{}''', 'SF011 keyword rule 2000: the rule could never fire: it looks for nothing')
) AS v (columns, rest, want);
SELECT throws_ok(format('INSERT INTO csflow.lexicon (desk_id, word, class, weight) VALUES (%s, ''ab'', ''anger'', %L)', :desk, w), '23514', NULL, 'B8: no word weighs ' || w)
FROM unnest('{NaN,Infinity,-1,10.5}'::text[]) AS w;

-- a playbook has all faults at once, each with its path; and carries the fields there and back
SELECT results_eq($$SELECT * FROM csflow.check_playbook('{"aliases": {"登录": ["登入"]}, "rules": [
    {"all_of": ["登录", "登入"], "within_characters": 9, "impact": 1}, {"any_of": ["登录"], "none_of": ["登入"], "impact": 1},
    {"field": "amount", "impact": 1}, {"field": "amount", "amount_at_least": 5, "amount_below": 5, "impact": 1},
    {"field": "attribute", "any_of": ["ab"], "impact": 1}, {"field": "channel", "any_of": ["pigeon"], "impact": 1},
    {"field": "channel", "any_of": ["email"]}, {"impact": 1}, {"field": "nonsense", "any_of": ["ab"], "impact": 1},
    {"field": "amount", "amount_below": "5", "impact": 1}]}')$$,
  $$VALUES ('$.rules[0]', 'within_characters 9 needs at least two patterns in all_of'), ('$.rules[1]', 'pattern "登录" contains "登入" of none_of'),
    ('$.rules[2]', 'field amount needs amount_at_least or amount_below'), ('$.rules[3]', 'the rule could never fire: at least 5, below 5'),
    ('$.rules[4]', 'field attribute needs an attribute_key'), ('$.rules[5]', 'unknown channel: "pigeon"'),
    ('$.rules[6]', 'has no effect: give category, domain, impact, urgency, raise_to, team or notify_team'),
    ('$.rules[7]', 'the rule could never fire: it looks for nothing'),
    ('$.rules[8].field', 'must be one of text, title, body, channel, customer_tier, business_object, attribute, amount, not "nonsense"'),
    ('$.rules[9].amount_below', 'must be a number, not "5"')$$, 'H4: every fault of the rules, with its path');
SELECT export_playbook(:desk) AS exported \gset
SELECT is((SELECT count(*) FROM jsonb_array_elements(:'exported'::jsonb -> 'rules') AS r WHERE r ? 'field'), 9::bigint, 'H4: exported');
SELECT is_empty(format('SELECT * FROM csflow.load_playbook(%s, %L) WHERE added + changed + removed > 0', :desk, :'exported'), 'H4: loading that changes nothing');
SELECT create_desk('twin', NULL) AS twin \gset
SELECT is_empty(format('SELECT * FROM csflow.check_playbook(%L)', :'exported'), 'H4: it is sound');
SELECT count(*) FROM load_playbook(:twin, :'exported') \g /dev/null
SELECT is(export_playbook(:twin), :'exported'::jsonb, 'H4: and comes back from another desk');

-- what the cache holds
SELECT is((SELECT (s.rules_version = v.version, s.rules, s.left_out, s.patterns, s.automaton_nodes > s.patterns, s.classifier_bytes > 1000,
    s.total_bytes > s.classifier_bytes, s.is_current)::text
  FROM classify(:desk, 'x') AS c, LATERAL (SELECT c.priority) AS first, configuration_version AS v, LATERAL (SELECT s.* FROM classifier_status() AS s WHERE first.priority IS NOT NULL) AS s
  WHERE s.desk_id = :desk AND v.desk_id = :desk), '(t,12,0,12,t,t,t,t)', 'design 5: rules, patterns, nodes and bytes of the cache');
UPDATE keyword_rule SET weight = 9 WHERE rule_id = 1020;
SELECT is((SELECT is_current FROM classifier_status() WHERE desk_id = :desk), false, 'design 2.8: a changed desk is no longer current');

-- more than an automaton may hold
SELECT throws_ok(format($$INSERT INTO csflow.keyword_rule (desk_id, any_of, impact)
  SELECT %s, ARRAY(SELECT repeat(chr(19968 + (r + w) %% 5000), 90) || r || '-' || w FROM generate_series(1, 1000) AS w), 1 FROM generate_series(1, 24) AS r$$, :desk),
  'SF013', NULL, 'design 5: more than two million characters in the rules of a desk are refused');

-- odd texts have a result
SELECT is((SELECT count(*) FROM classify(:desk, t)), 1::bigint, 'B2: ' || name) FROM (VALUES
  ('emoji alone', repeat('😀👨‍👩‍👧', 500)), ('10,000 combining marks', 'e' || repeat(U&'\0301', 10000)), ('marks alone', repeat(U&'\0301', 10000)),
  ('nothing', ''), ('white space', E' \t\n　'), ('unassigned and private characters', U&'\E000\+0F0000\FFFE')) AS v (name, t);
SELECT is((SELECT kind FROM classify(:desk, U&'闪\0301退\200B')), 'fault', 'B2: marks strewn into a keyword hide nothing');
SELECT throws_ok($$SELECT csflow.classify(1, convert_from('\xEDA080', 'UTF8'))$$, '22021', NULL, 'B2: half of a surrogate pair is no text, PostgreSQL says');

-- A text of 1 MB can be cancelled: the limit falls into one of 400 such texts (the kernel test counts the checks within one).
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
  RETURN 'done';
EXCEPTION WHEN query_canceled THEN RETURN 'cancelled';
END
$$;
SET statement_timeout = '200ms';
SELECT outcome(format($$SELECT count(c.kind) FROM (SELECT repeat('退款一直没有到账', 43000) || i AS body FROM generate_series(1, 400) AS i) AS t, csflow.classify(%s, t.body) AS c$$, :desk)) AS outcome \gset
RESET statement_timeout;
SELECT is(:'outcome'::text, 'cancelled', 'classification of large texts is cancellable');
SELECT lives_ok(format($$SELECT * FROM csflow.classify(%s, '退款')$$, :desk), 'and works afterwards');
SELECT * FROM finish();
