-- csflow.top_k: the most frequent values, input and output, what it refuses (handbook G2, G4, design 2.14).
SET search_path = csflow, public;

CREATE TABLE word (w text);
INSERT INTO word SELECT w FROM (VALUES ('登录失败', 5), ('refund "now"', 4), ('', 3), ('b', 2), ('a', 2), (NULL, 7), (' blank', 1)) v (w, n), generate_series(1, n);
CREATE TABLE kept AS SELECT top_k(w, 3) t FROM word;
SELECT t FROM kept;
SELECT v.*, top_k_count(t), top_k_error(t), top_k_places(t) FROM kept, top_k_values(t) v;
SELECT jsonb_pretty(t::jsonb) FROM kept;
SELECT rank, value, at_least_count FROM top_k_values((SELECT top_k(w, 10) FROM word));

-- With more values than counters the bounds say so: 200 values once each, 201 twice each.
INSERT INTO kept SELECT top_k(lpad(n::text, 3, '0'), 1) FROM generate_series(1, 200) n;
INSERT INTO kept SELECT top_k((n % 201)::text, 5) FROM generate_series(1, 402) n;
SELECT top_k_count(t), top_k_error(t), (SELECT count(*) FROM top_k_values(t)) AS places, t::text = 'k=1 total=200 error=1' AS nothing_left
  FROM kept WHERE top_k_count(t) >= 200 ORDER BY 1;
SELECT to_jsonb(t) FROM kept WHERE top_k_count(t) = 200;

-- Text and binary forms read back equal.
SELECT bool_and(t::text::top_k::text = t::text) AS text_round_trip FROM kept;
CREATE TABLE received (LIKE kept);
CREATE TABLE raw (b bytea);
\copy kept TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
SELECT count(*), bool_and(top_k_send(k.t) = top_k_send(r.t)) AS same FROM kept k JOIN received r ON k.t::text = r.t::text;
-- Values in another order are put in order.
SELECT 'k=3 total=6 error=0 "b":1 "c":1 "a":4'::top_k;
INSERT INTO raw VALUES ('\x0000000300000000000000050000000000000000000000020000000000000001000000016200000000000000040000000161');
\copy raw TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
SELECT t FROM received WHERE top_k_count(t) = 5;
-- Bytes that are none: k 0, a count of 0, a value twice, counts over the total, an error nothing was lost to, too many values, cut short, not UTF-8.
UPDATE raw SET b = '\x0000000000000000000000050000000000000000000000020000000000000001000000016200000000000000040000000161';
\copy raw TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
UPDATE raw SET b = '\x0000000300000000000000050000000000000000000000020000000000000000000000016200000000000000050000000161';
\copy raw TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
UPDATE raw SET b = '\x0000000300000000000000050000000000000000000000020000000000000001000000016100000000000000040000000161';
\copy raw TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
UPDATE raw SET b = '\x0000000300000000000000040000000000000000000000020000000000000001000000016200000000000000040000000161';
\copy raw TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
UPDATE raw SET b = '\x0000000300000000000000050000000000000001000000020000000000000001000000016200000000000000040000000161';
\copy raw TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
UPDATE raw SET b = '\x000000030000000000000005000000000000000000ffffff0000000000000001000000016200000000000000040000000161';
\copy raw TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
UPDATE raw SET b = '\x00000003000000000000000500000000000000000000000200000000000000010000000162000000000000000400000010';
\copy raw TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
UPDATE raw SET b = '\x00000003000000000000000500000000000000000000000200000000000000010000000162000000000000000400000001ff';
\copy raw TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
UPDATE raw SET b = '';
\copy raw TO 'results/top_k.bin' (FORMAT binary)
\copy received FROM 'results/top_k.bin' (FORMAT binary)
SELECT count(*) FROM received;

-- Merged: the least of the places; NULL is left out.
SELECT rollup(t) FROM (VALUES ('k=9 total=3 error=0 "a":2 "b":1'::top_k), ('k=7 total=3 error=0 "c":1 "b":2'), (NULL)) v (t);
SELECT rollup(NULL::top_k);
SELECT top_k(NULL::text, 3) FROM generate_series(1, 3);
SELECT top_k('a', 3) WHERE false;
SELECT top_k_count(top_k(repeat('字', 341) || n % 3, 1000)) FROM generate_series(1, 5000) n;

-- Refused.
SELECT top_k('a', 0);
SELECT top_k('a', 1001);
SELECT top_k('a', NULL);
SELECT top_k('a', n) FROM generate_series(1, 2) n;
SELECT top_k(repeat('a', 1025), 3);
SELECT top_k_add(NULL, 'a', 3);
SELECT top_k_combine(t, t) FROM kept;
SELECT rollup(t) FROM (SELECT 'k=3 total=9223372036854775807 error=0 "a":9223372036854775807'::top_k t FROM generate_series(1, 2)) q;
SELECT ''::top_k;
SELECT 'k=3 total=0 error=0'::top_k;
SELECT 'k=3 total=1 error=0'::top_k;
SELECT 'k=3 total=101 error=1'::top_k;
SELECT 'k=3 total=100 error=1'::top_k;
SELECT 'k=0 total=1 error=0 "a":1'::top_k;
SELECT 'k=1001 total=1 error=0 "a":1'::top_k;
SELECT 'k=3 total=1 error=0 "a":0'::top_k;
SELECT 'k=3 total=2 error=0 "a":1 "a":1'::top_k;
SELECT 'k=3 total=1 error=0 "a"'::top_k;
SELECT 'k=3 total=1 error=0 "a:1'::top_k;
SELECT 'k=3 total=1 error=0 "a":1 '::top_k;
SELECT 'k=3 total=1 error=0,"a":1'::top_k;
SELECT 'k=3 total=9223372036854775808 error=0 "a":1'::top_k;
DROP TABLE word, kept, received, raw;
