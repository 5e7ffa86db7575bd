-- Run by 30_classification.sh.
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SELECT csflow.create_desk('few') AS few, csflow.create_desk('many') AS many \gset
CREATE SCHEMA bench;
SET search_path = bench, csflow;
CREATE TABLE desk_id AS SELECT :few AS few, :many AS many;

-- Keywords of two to four characters out of 3,000, and texts with one of them in the middle.
SELECT setseed(0.42);
CREATE FUNCTION random_word(length integer) RETURNS text LANGUAGE sql VOLATILE AS
  $$SELECT string_agg(chr(19968 + floor(random() * 3000)::integer), '') FROM generate_series(1, length)$$;
CREATE TABLE keyword AS SELECT g AS id, random_word(2 + g % 3) AS word, g % 40 AS category FROM generate_series(1, 10000) g;
CREATE TABLE text_120 AS SELECT g AS id, random_word(60) || word || random_word(57) AS body
  FROM generate_series(1, 20000) g JOIN keyword k ON k.id = 1 + g % 500;

DELETE FROM keyword_rule;
DELETE FROM lexicon;
DELETE FROM keyword_alias;
INSERT INTO category (desk_id, code, caption_zh, caption_en)
  SELECT d, 'bench' || c, 'bench' || c, 'bench' || c FROM unnest(ARRAY[:few, :many]::bigint[]) d, generate_series(0, 39) c;
INSERT INTO keyword_rule (desk_id, any_of, weight, category_id)
  SELECT d, ARRAY[word], 2, c.category_id
  FROM unnest(ARRAY[:few, :many]::bigint[]) d, keyword k JOIN category c ON c.code = 'bench' || k.category
  WHERE c.desk_id = d AND (d = :many OR k.id <= 500);
VACUUM ANALYZE;

-- Measured in turn, so that a slow moment of the machine meets all of them; the least of ten rounds.
CREATE TABLE measure (name text, query text, texts double precision, least double precision DEFAULT 'infinity');
INSERT INTO measure (name, query, texts)
  SELECT 'scan', 'SELECT count(length(body)) FROM text_120', 20000 UNION ALL
  SELECT 'few', format('SELECT count((classify(%s, body)).score) FROM text_120', few), 20000 FROM desk_id UNION ALL
  SELECT 'many', format('SELECT count((classify(%s, body)).score) FROM text_120', many), 20000 FROM desk_id UNION ALL
  SELECT 'joined', 'SELECT count(*) FROM (SELECT t.id, min(k.category) FROM text_120 t JOIN keyword k ON position(k.word IN t.body) > 0
    WHERE t.id <= 500 AND k.id <= 500 GROUP BY t.id) AS found', 500 UNION ALL
  SELECT 'regex', format('SELECT count(*) FROM text_120 WHERE id <= 500 AND body ~ %L',
    (SELECT string_agg(word, '|') FROM keyword WHERE id <= 500)), 500 UNION ALL
  SELECT 'megabyte', format('SELECT score FROM megabyte, classify(%s, body)', many), 1 FROM desk_id;
CREATE TABLE megabyte AS SELECT string_agg(body, '' ORDER BY id) AS body FROM text_120 WHERE id <= 2900;

DO $$
DECLARE
  one record;
  started timestamptz;
BEGIN
  FOR round IN 1 .. 10 LOOP
    FOR one IN SELECT name, query FROM bench.measure LOOP
      started := clock_timestamp();
      EXECUTE one.query;
      UPDATE bench.measure SET least = least(least, extract(epoch FROM clock_timestamp() - started) * 1000000) WHERE name = one.name;
    END LOOP;
  END LOOP;
END $$;
CREATE TABLE figure AS SELECT
  max(least / texts) FILTER (WHERE name = 'scan') AS scan, max(least / texts) FILTER (WHERE name = 'few') AS few,
  max(least / texts) FILTER (WHERE name = 'many') AS many, max(least / texts) FILTER (WHERE name = 'joined') AS joined,
  max(least / texts) FILTER (WHERE name = 'regex') AS regex, max(least / texts) FILTER (WHERE name = 'megabyte') AS megabyte
FROM measure;

SELECT format('1 MB of text (%s bytes), 10,000 rules: %s ms', octet_length(body), round((f.megabyte / 1000)::numeric, 1))
FROM megabyte, figure f;
SELECT format('scan: %s us a text', round(scan::numeric, 2)) FROM figure;
SELECT format('classify, 500 rules: %s us a text net; 10,000 rules: %s us, %s times that', round((few - scan)::numeric, 2),
  round((many - scan)::numeric, 2), round(((many - scan) / (few - scan))::numeric, 2)) FROM figure;
SELECT format('500 rules the plain ways: join on position() %s us, %s times as long; regular expression %s us, %s times',
  round((joined - scan)::numeric), round(((joined - scan) / (few - scan))::numeric), round((regex - scan)::numeric),
  round(((regex - scan) / (few - scan))::numeric)) FROM figure;
SELECT format('right category found for %s of 20000 texts',
  (SELECT count(*) FROM text_120 t JOIN keyword k ON k.id = 1 + t.id % 500
   WHERE (classify(:few, body)).kind = 'bench' || k.category));
