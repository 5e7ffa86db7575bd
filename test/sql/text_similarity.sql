-- csflow.text_similarity (handbook A8, design section 4): Dice's coefficient over character bigrams of the folded texts.
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS csflow;
RESET client_min_messages;
SET search_path = csflow;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

SELECT what, round(text_similarity(a, b)::numeric, 4) FROM (VALUES
  ('equal', '退款三天没到账', '退款三天没到账'),
  ('nothing in common', '退款', '登录'),
  ('half: 退款 of 退款|款延|延迟 and 退款', '退款延迟', '退款'),
  ('order matters', 'ab cd', 'cd ab'),
  ('how often matters', 'abab', 'ab'),
  ('script, width, case, accents do not', '訂單ＡＢＣ退款緊急Café', '订单abc退款紧急CAFE'),
  ('punctuation and space do not', '退款，三天 没到账！！', '退款三天没到账'),
  ('a like complaint', '我的订单退款三天了还没到账，请尽快处理', '订单退款已经三天还没有到账，请快点处理'),
  ('another complaint', '我的订单退款三天了还没到账，请尽快处理', '骑手态度恶劣，一直骂人'),
  ('one character, equal', '账', '帳'),
  ('one character, other', '账', '号'),
  ('one and several', '账', '账账'),
  ('empty, empty', '', ''),
  ('empty, other', '', '账号'),
  ('blank, empty', '  ', ''),
  ('marks, other marks', '？？？', '！！！'),
  ('marks, equal', '???', '？？？'),
  ('emoji', '😀😀😡', '😀😀'),
  ('English', 'My refund has not arrived', 'my REFUND hasn''t arrived')) AS example (what, a, b);
SELECT 'null', text_similarity(NULL, 'a') IS NULL, text_similarity('a', NULL) IS NULL;

-- Symmetric, between 0 and 1, 1 with itself: random texts over few characters, so that they have bigrams in common.
SELECT setseed(0.23);
CREATE TEMP TABLE random_text AS
SELECT id, (SELECT string_agg(substr('退款延迟账号登录 ,aBc', 1 + floor(random() * 13)::int, 1), '')
  FROM generate_series(1, 1 + id % 30) WHERE id = id) AS body FROM generate_series(1, 300) AS id;
SELECT 'pairs', count(*), count(*) FILTER (WHERE similarity <> opposite), count(*) FILTER (WHERE NOT similarity BETWEEN 0 AND 1),
  count(*) FILTER (WHERE a_id = b_id AND similarity <> 1), count(DISTINCT similarity) > 100
FROM (SELECT a.id AS a_id, b.id AS b_id, text_similarity(a.body, b.body) AS similarity, text_similarity(b.body, a.body) AS opposite
  FROM random_text AS a CROSS JOIN random_text AS b) AS pair;

-- Against the definition, written down in SQL.
CREATE FUNCTION pg_temp.letters(body text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
  regexp_replace(csflow.fold(body), '[ ,]', '', 'g');
CREATE FUNCTION pg_temp.bigrams(body text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS
  $$SELECT substr(body, i, 2) FROM generate_series(1, length(body) - 1) AS i$$;
SELECT 'differs from the definition', count(*) FROM (
  SELECT a.body AS a, b.body AS b FROM random_text AS a CROSS JOIN random_text AS b
  WHERE a.id <= 60 AND b.id <= 60 AND length(pg_temp.letters(a.body)) > 1 AND length(pg_temp.letters(b.body)) > 1) AS pair
WHERE abs(text_similarity(a, b) - 2.0 * (SELECT count(*) FROM (
    SELECT pg_temp.bigrams(pg_temp.letters(a)) INTERSECT ALL SELECT pg_temp.bigrams(pg_temp.letters(b))) AS common)
  / (length(pg_temp.letters(a)) + length(pg_temp.letters(b)) - 2)) > 1e-12;

SELECT 'a megabyte', text_similarity(repeat('退款三天没到账。', 43690), repeat('退款三天没到账。', 43690));
