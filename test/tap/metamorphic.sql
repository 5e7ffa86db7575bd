-- Script, width and case change nothing: kind, category, domain, impact, urgency, priority, team, score and whether a second text
-- is a duplicate of the first are those of the plain texts, through the whole intake, for 5,200 texts. Handbook B2, B3, A8;
-- design 2.18. Another seed, or more: CSFLOW_SEED=7 CSFLOW_PAIRS=50000 make check-tap TESTS=metamorphic
-- Not in make quick: much random or real data.
\set seed 20261122
\set pairs 2600
\getenv seed CSFLOW_SEED
\getenv pairs CSFLOW_PAIRS
\! command -v uconv >/dev/null && perl -MJSON::PP -e 1 || echo '# SKIPPED: uconv (Debian: icu-devtools) or Perl''s JSON::PP is not here: no text was turned into traditional characters'
\set has_tools `command -v uconv >/dev/null && perl -MJSON::PP -e 1 && echo true || echo false`
\if :has_tools
\else
SELECT plan(1);
SELECT skip('uconv (Debian: icu-devtools) or JSON::PP is not here', 1);
SELECT * FROM finish();
\q
\endif
\ir ../lib/internet_desk.sql
SELECT plan(8);
UPDATE desk SET duplicate_at_intake = true WHERE desk_id = :desk;
SELECT diag('seed ' || :'seed' || ', ' || :'pairs' || ' pairs of texts');

CREATE TEMP TABLE variant (pair integer, variant text, place integer, body text);
\setenv PAIRS :pairs
\setenv SEED :seed
\copy variant FROM PROGRAM 'perl test/lib/variants.pl "$PAIRS" "$SEED"'
SELECT is((SELECT count(*) FROM variant), :pairs * 10::bigint, 'every text in five variants');
SELECT cmp_ok((SELECT count(DISTINCT body) FROM variant WHERE variant = 'plain'), '>', :pairs * 3::bigint / 2, 'of texts that differ');
SELECT cmp_ok((SELECT count(*) FROM variant v JOIN variant p USING (pair, place) WHERE v.variant = 'traditional' AND p.variant = 'plain' AND v.body <> p.body), '>', :pairs::bigint, 'more than half of which look different in traditional characters');

CREATE TEMP TABLE writer AS SELECT pair, variant, 1000000 + row_number() OVER (ORDER BY pair, variant) AS customer_id FROM (SELECT DISTINCT pair, variant FROM variant) w;
INSERT INTO customer (desk_id, customer_id, nickname) SELECT :desk, customer_id, customer_id FROM writer;
INSERT INTO ticket (desk_id, channel, customer_id, external_id, body, opened_at)
SELECT :desk, 'email', w.customer_id, concat_ws(' ', v.pair, v.variant, v.place), v.body, '2025-03-03 09:00'::timestamptz + v.place * interval '1 minute'
FROM variant v JOIN writer w USING (pair, variant) ORDER BY v.place, v.pair;
CREATE TEMP TABLE verdict AS
SELECT w.pair, w.variant, t.opened_at, t.kind, t.body, to_jsonb(ROW(t.kind, t.category_id, t.domain, t.tag, t.impact, t.urgency, t.priority, t.priority_reason, t.team_id, t.score, t.needs_review)) AS decided,
  t.state, round(t.emotion::numeric, 9) AS emotion
FROM writer w JOIN ticket t ON t.desk_id = :desk AND t.customer_id = w.customer_id;
CREATE TEMP TABLE difference AS
SELECT v.pair, v.variant, v.body, p.body AS plain, v.decided IS DISTINCT FROM p.decided AS decided, v.state <> p.state AS duplicate, v.emotion IS DISTINCT FROM p.emotion AS emotion
FROM verdict v JOIN verdict p USING (pair, opened_at) WHERE p.variant = 'plain' AND v.variant <> 'plain' AND (v.decided, v.state, v.emotion) IS DISTINCT FROM (p.decided, p.state, p.emotion);

SELECT ok((SELECT count(DISTINCT kind) = 4 AND count(*) FILTER (WHERE state = 'duplicate') BETWEEN :pairs / 4 AND :pairs * 3 / 4 FROM verdict WHERE variant = 'plain'), 'every kind, duplicates and others');
SELECT is((SELECT count(*) FROM difference WHERE decided), 0::bigint, 'B2, B3: kind, category, priority and what else the rules decide');
SELECT is((SELECT count(*) FROM difference WHERE duplicate), 0::bigint, 'A8: duplicate or not');
SELECT is((SELECT count(*) FROM difference WHERE emotion), 0::bigint, 'B8: emotion');
SELECT is((SELECT format('%s of "%s": "%s"', variant, plain, body) FROM difference ORDER BY pair, variant LIMIT 1), NULL, 'the first difference, if any');
SELECT * FROM finish();
