-- A stored ticket is explained with the rules it was classified with, whatever has become of them. Handbook B2, B7; design 2.8.
\ir ../lib/small_desk.sql
SELECT no_plan();

CREATE FUNCTION opened(body text, title text DEFAULT NULL) RETURNS csflow.ticket_no LANGUAGE sql AS $$
  INSERT INTO csflow.ticket (desk_id, channel, body, title) VALUES (csflow.desk_id('small'), 'email', opened.body, opened.title) RETURNING ticket_no
$$;
CREATE FUNCTION shown(no csflow.ticket_no) RETURNS text STABLE LANGUAGE sql AS $$
  SELECT string_agg(format('%s %s +%s %s%s', coalesce(x.rule_id::text, 'word'), x.pattern, x.weight, x.effect, CASE WHEN x.counted THEN '' ELSE ': ' || x.reason END), '; ')
  FROM csflow.explain_ticket(csflow.desk_id('small'), no) AS x
$$;
CREATE FUNCTION version() RETURNS bigint STABLE LANGUAGE sql AS $$SELECT version FROM csflow.configuration_version WHERE desk_id = csflow.desk_id('small')$$;

INSERT INTO keyword_rule (desk_id, rule_id, any_of, weight, category_id, team_id, reason) VALUES
  (:desk, 101, '{登录失败}', 5, 2, 1, 'cannot get in'), (:desk, 102, '{登录}', 3, 1, NULL, '');
INSERT INTO keyword_rule (desk_id, rule_id, any_of, none_of, weight, category_id) VALUES (:desk, 103, '{失败}', '{测试}', 2, 1);
INSERT INTO lexicon (desk_id, word, class, weight) VALUES (:desk, '生气', 'anger', 2);
INSERT INTO keyword_alias (desk_id, word, canonical) VALUES (:desk, '登陆', '登录');
SELECT opened('登陆失败，生气') AS first \gset
SELECT shown(:'first') AS at_first \gset
SELECT is(:'at_first'::text, '101 登录失败 +5 category inquiry, team service (cannot get in); word 生气 + emotion -2.00; 102 登录 +3 category fault: inside_longer; 103 失败 +2 category fault: inside_longer',
  'B2: rule, pattern, weight, effect, and which rules lost');
SELECT is((SELECT (min(rules_version) = public.version(), max(edited) IS NULL)::text FROM explain_ticket(:desk, :'first')), '(t,t)', 'B2: by the present rules');

-- every kind of change, one after the other; after each the first ticket is shown as it was
CREATE TABLE change (n integer GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO change (statement) VALUES
  ('UPDATE csflow.keyword_rule SET weight = 1, reason = ''another'', category_id = 1, team_id = 2 WHERE rule_id = 101'),
  ('UPDATE csflow.keyword_rule SET any_of = ''{别的}'' WHERE rule_id = 102'), ('UPDATE csflow.keyword_rule SET is_active = false WHERE rule_id = 103'),
  ('UPDATE csflow.keyword_rule SET rule_id = 999 WHERE rule_id = 102'), ('DELETE FROM csflow.keyword_alias'),
  ('UPDATE csflow.lexicon SET weight = 7'), ('UPDATE csflow.lexicon SET word = ''开心'', class = ''positive'''), ('DELETE FROM csflow.lexicon'),
  ('UPDATE csflow.category SET code = ''question'' WHERE category_id = 2'), ('UPDATE csflow.category SET is_active = false WHERE category_id = 1'),
  ('UPDATE csflow.team SET code = ''front'' WHERE team_id = 1'), ('UPDATE csflow.desk SET minimum_score = 90, default_priority = ''C'''),
  ('INSERT INTO csflow.keyword_rule (desk_id, any_of, weight, category_id) SELECT desk_id, ''{登陆失败}'', 99, 1 FROM csflow.desk WHERE name = ''small'''),
  ('DELETE FROM csflow.keyword_rule WHERE rule_id IN (101, 103)'), ('TRUNCATE csflow.keyword_rule'),
  ('INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, category_id) SELECT desk_id, 101, ''{生气}'', 2 FROM csflow.desk WHERE name = ''small''');
CREATE FUNCTION after_change(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
  RETURN shown((SELECT min(ticket_no) FROM csflow.ticket));
END $$;
SELECT is(after_change(statement), :'at_first', 'B2: still as then, after ' || statement) FROM (SELECT * FROM change ORDER BY n) AS c;
SELECT results_eq(format($$SELECT rule_id, pattern, weight, effect FROM csflow.explain_classification(%s, '登陆失败，生气')$$, :desk),
  $$VALUES (101::bigint, '生气', 2, 'category question')$$, 'B2: explain_classification shows the rules of today');

-- each ticket with its own version; several of one transaction too, between changes of it
BEGIN;
UPDATE keyword_rule SET weight = 11 WHERE rule_id = 101;
SELECT opened('生气 一') AS one \gset
UPDATE keyword_rule SET weight = 12 WHERE rule_id = 101;
UPDATE keyword_rule SET any_of = '{生气,一}' WHERE rule_id = 101;
SELECT opened('生气 一') AS two \gset
SAVEPOINT s;
DELETE FROM keyword_rule WHERE rule_id = 101;
SELECT opened('生气 一') AS gone \gset
SELECT is(shown(:'gone'), NULL, 'B2: nothing fires without the rule');
SELECT is(shown(:'two'), '101 生气 +12 category question; 101 一 +12 category question', 'B2: within the transaction');
ROLLBACK TO s;
UPDATE keyword_rule SET weight = 13 WHERE rule_id = 101;
SELECT opened('生气 一') AS three \gset
COMMIT;
UPDATE keyword_rule SET weight = 14 WHERE rule_id = 101;
SELECT is(ARRAY[shown(:'one'), shown(:'two'), shown(:'three')], ARRAY['101 生气 +11 category question',
  '101 生气 +12 category question; 101 一 +12 category question', '101 生气 +13 category question; 101 一 +13 category question'],
  'B2: a version means one set of rules for ever, also within a transaction and after a savepoint');
SELECT is((SELECT count(DISTINCT rules_version) FROM ticket WHERE ticket_no IN (:'one', :'two', :'three')), 3::bigint, 'B2: so they have three');
SELECT public.version() AS before \gset
BEGIN;
UPDATE keyword_rule SET weight = 15 WHERE rule_id = 101;
UPDATE keyword_rule SET weight = 16 WHERE rule_id = 101;
INSERT INTO keyword_rule (desk_id, rule_id, any_of, category_id) SELECT :desk, 5000 + n, ARRAY['词' || n], 2 FROM generate_series(1, 500) AS n;
COMMIT;
SELECT is(public.version() - :before, 1::bigint, 'B2: what nobody reads in between is one version');
SELECT is((SELECT count(*) FROM rule_history WHERE desk_id = :desk AND version = public.version()), 501::bigint, 'B2: and one row of history a changed row');
SELECT is(shown(:'first'), :'at_first', 'B2: the first ticket, after all that');
UPDATE category SET is_active = true WHERE category_id = 1;
SELECT is(shown(:'first'), :'at_first', 'B2: and after this');
SELECT public.version() AS before \gset
SELECT is_empty(format('SELECT FROM csflow.load_playbook(%s, csflow.export_playbook(%s)) WHERE added + changed + removed > 0', :desk, :desk), 'H4: a load that changes nothing');
SELECT is(public.version(), :before::bigint, 'B2: makes no version');

-- the text is that of today, and says so; a title made from the body was not read
UPDATE ticket SET body = '开心', change_reason = 'typing error' WHERE ticket_no = :'three';
UPDATE ticket SET attributes = '{"region": "上海"}', title = '生气' WHERE ticket_no = :'two';
SELECT is((SELECT string_agg(DISTINCT field, ' ') FROM explain_ticket(:desk, :'three')), 'title', 'B2: the body of today has no such word; the title no longer comes from it');
SELECT results_eq(format($$SELECT field, matched_text, edited, counted FROM csflow.explain_ticket(%s, %L)$$, :desk, :'two'),
  $$VALUES ('title', '生气', 'attributes, title', true), ('body', '一', 'attributes, title', true), ('body', '生气', 'attributes, title', false)$$, 'B2: what was edited since is named');
SELECT is((SELECT string_agg(DISTINCT field, ' ') FROM explain_ticket(:desk, :'one')), 'body', 'A3: a title made from the body is not read twice');
SELECT opened('生气', '生气了') AS given \gset
SELECT is((SELECT string_agg(field, ' ') FROM explain_ticket(:desk, :'given')), 'title body', 'A3: one that was given is');

-- errors
SELECT throws_ok(format('SELECT * FROM csflow.explain_ticket(%s, ''202503999'')', :desk), 'SF004', format('there is no ticket 202503999 of desk %s', :desk), 'SF004: no such ticket');
SELECT throws_ok('SELECT * FROM csflow.explain_ticket(4711, ''202503999'')', 'SF001', 'unknown desk 4711', 'SF001: no such desk');
SELECT purge_rule_history(:desk, 'infinity') > 500 AS purged \gset
SELECT is(:'purged'::text, 't', 'history can be forgotten');
SELECT throws_ok(format('SELECT * FROM csflow.explain_ticket(%s, %L)', :desk, :'first'), 'SF021',
  format('the rules of desk %s in version %s are not kept', :desk, (SELECT rules_version FROM ticket WHERE ticket_no = :'first')), 'SF021: history that is no more');
SELECT opened('生气') AS later \gset
SELECT is(shown(:'later'), '101 生气 +16 category question', 'what comes later is explained');
SELECT is(purge_rule_history(:desk, 'infinity'), 0::bigint, 'nothing is left to forget');
CREATE ROLE history_reader;
GRANT USAGE ON SCHEMA csflow TO history_reader;
SET ROLE history_reader;
SELECT throws_ok(format('SELECT * FROM csflow.explain_ticket(%s, %L)', :desk, :'first'), '42501', NULL, '2.11: who may not read the desk');
RESET ROLE;
GRANT SELECT ON desk TO history_reader;
SET ROLE history_reader;
SELECT throws_ok(format('SELECT * FROM csflow.explain_ticket(%s, %L)', :desk, :'first'), '42501', NULL, '2.11: or the ticket, gets no explanation');
SELECT throws_ok(format('SELECT csflow.purge_rule_history(%s, now())', :desk), '42501', NULL, '2.11: nor forgets anything');
RESET ROLE;
DROP OWNED BY history_reader;
DROP ROLE history_reader;

-- the desk's history goes with the desk
SELECT create_desk('passing', NULL) AS passing \gset
INSERT INTO keyword_rule (desk_id, any_of, impact) VALUES (:passing, '{ab}', 1);
SELECT is((SELECT count(*) FROM rule_history WHERE desk_id = :passing), 1::bigint, 'a rule of another desk');
DELETE FROM desk WHERE desk_id = :passing;
SELECT is((SELECT count(*) FROM rule_history WHERE desk_id = :passing), 0::bigint, 'goes with its desk');

SELECT * FROM finish();
