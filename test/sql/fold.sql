-- csflow.fold (design 2.18, handbook B2): what becomes of characters, idempotence, the pinned table, index use.
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS csflow;
CREATE SCHEMA fold_test;
RESET client_min_messages;
SET search_path = fold_test, csflow;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- Script, width, case, compatibility forms, accents, invisible characters, 帐; what is left alone.
SELECT what, original, fold(original) FROM (VALUES
  ('traditional', '訂單緊急，退款延遲，賬戶資金異常，訊息'),
  ('simplified stays', '订单紧急，退款延迟'),
  ('帐 is 账', '帐号 帳號 账号 賬號'),
  ('full width', 'ＡＢＣｘｙｚ０１２９！？，．：；（）＠　ｅｎｄ'),
  ('half width kana', 'ｶﾞｷﾞｸﾞﾊﾟ'),
  ('case', 'REFUND Refund ΣΊΣΥΦΟΣ ЁЛКА'),
  ('sharp s, ligatures', 'Straße ﬁne ﬂow ĳ Ǆ'),
  ('accents, composed', 'Café naïve Ünïcödé Tiếng Việt'),
  ('accents, decomposed', E'Cafe\u0301 nai\u0308ve'),
  ('no dot, with dot', 'İstanbul ıssız'),
  ('compatibility', '①②㈱㍿™½㎏ℌ𝐁𝐨𝐥𝐝'),
  ('radicals and compatibility ideographs', '⼀⾦豈更車'),
  ('invisible', E'退\u200B款\u200D延\uFEFF迟\u00AD、re\u2060fund'),
  ('variation selectors', E'退\uFE0F款葛\U000E0100'),
  ('Hangul, composed and not', E'한국어 \u1112\u1161\u11AB'),
  ('emoji', '😀👍🏽'),
  ('nothing', '')) AS example (what, original);

SELECT 'null', fold(NULL) IS NULL;
SELECT 'only marks', fold(repeat(E'\u0301', 10000)) = '';
SELECT 'marks on a letter', fold('e' || repeat(E'\u0301', 10000));
SELECT 'a phrase in one character', fold(repeat(E'\uFDFA', 100000)) = repeat(fold(E'\uFDFA'), 100000);

-- Folding is idempotent and goes character by character (but for Hangul and kana, which are composed): every code point.
CREATE TEMP TABLE code_point AS
SELECT code, chr(code) AS original, fold(chr(code)) AS folded
FROM generate_series(1, 1114111) AS code WHERE code NOT BETWEEN 55296 AND 57343;
SELECT 'not idempotent', count(*) FROM code_point WHERE fold(folded) <> folded;
SELECT 'not by character', count(*) FROM code_point WHERE fold('退' || original || 'x') <> '退' || folded || 'x';
SELECT 'accents left', count(*) FROM code_point WHERE folded ~ E'[\u0300-\u036F]';
SELECT 'as pinned', count(*), count(*) FILTER (WHERE folded <> original), count(*) FILTER (WHERE folded = ''),
  md5(string_agg(folded, ',' ORDER BY code)) FROM code_point;

-- The same after normalization of the original by the server, whose own tables differ by version beyond the first plane.
SELECT 'differs for decomposed', count(*) FROM code_point
WHERE code < 65536 AND fold(normalize(original, NFD)) <> folded;
SELECT 'differs for composed', count(*) FROM code_point
WHERE code < 65536 AND fold(normalize(original, NFC)) <> folded;

-- Random texts of any characters: idempotent. Hangul letters and voice marks meet here.
SELECT setseed(0.17);
CREATE TEMP TABLE random_text AS
SELECT id, (SELECT string_agg(chr(CASE floor(random() * 5)::int
    WHEN 0 THEN 32 + floor(random() * 95)::int WHEN 1 THEN 19968 + floor(random() * 20000)::int
    WHEN 2 THEN 4352 + floor(random() * 256)::int WHEN 3 THEN 12352 + floor(random() * 192)::int
    ELSE 65281 + floor(random() * 200)::int END), '') FROM generate_series(1, 20) WHERE id = id) AS original
FROM generate_series(1, 5000) AS id;
SELECT 'random, not idempotent', count(*) FROM random_text WHERE fold(fold(original)) <> fold(original);
SELECT 'random, differs for decomposed', count(*) FROM random_text
WHERE fold(normalize(original, NFD)) <> fold(original);

-- An index on folded text is used.
CREATE TABLE note (id int, body text);
INSERT INTO note SELECT g, 'note ' || g FROM generate_series(1, 2000) AS g;
INSERT INTO note VALUES (0, '退款延遲');
CREATE INDEX note_folded ON note (fold(body));
ANALYZE note;
CREATE FUNCTION uses_index(query text, name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
    IF position(name IN line) > 0 THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$;
SELECT 'index used', uses_index($$SELECT * FROM fold_test.note WHERE csflow.fold(body) = csflow.fold('退款延迟')$$, 'note_folded');
SELECT 'found by the other script', id FROM note WHERE fold(body) = fold('退款延迟');

SELECT 'declared', proname, provolatile, proisstrict, proparallel, proleakproof
FROM pg_catalog.pg_proc WHERE pronamespace = 'csflow'::regnamespace
  AND proname IN ('fold', 'text_similarity', 'mask_personal_data', 'find_personal_data') ORDER BY proname;

DROP SCHEMA fold_test CASCADE;
