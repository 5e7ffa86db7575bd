-- Business time against an oracle that walks minute by minute (handbook D8, design 2.5): random calendars, zones and instants.
-- Another seed, or more of it: CSFLOW_SEED=0.123 CSFLOW_WINDOWS=5000 make check-tap TESTS=business_time_oracle
-- Not in make quick: much random or real data.
SET client_min_messages = warning;
\set seed 0.5
\set windows 180
\getenv seed CSFLOW_SEED
\getenv windows CSFLOW_WINDOWS
\ir ../oracle/business_time.sql
SELECT plan(4);
SELECT diag('seed ' || :'seed' || ', ' || :'windows' || ' windows of 8 days, 2 of 250 days');
SELECT oracle.run(:'seed', :'windows', 8, 500) \gset ran_
SELECT oracle.run(:'seed', 2, 250, 2000) \gset ran_
SELECT cmp_ok(sum(cases), '>=', 50000::numeric, 'D8: at least 50,000 random cases were compared') FROM oracle.done;
SELECT cmp_ok(count(DISTINCT zone), '>=', 20::bigint, 'D8: in at least 20 time zones') FROM oracle.done;
SELECT is((SELECT count(*) FROM oracle.difference), 0::bigint, 'D8: no difference between the functions and the oracle');
SELECT is((SELECT format('%s expected %s got %s with %s', asked, expected, got, calendar) FROM oracle.difference LIMIT 1),
  NULL, 'the first difference, if any');
SELECT * FROM finish();
