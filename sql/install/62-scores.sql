-- csflow.csat, csflow.nps, csflow.ces: answers to survey questions, counted by score, mergeable (handbook G2; design 2.14).

CREATE TYPE csflow.csat;

CREATE FUNCTION csflow.csat_in(cstring) RETURNS csflow.csat
AS 'MODULE_PATHNAME', 'csf_csat_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.csat_in(cstring) IS
'reads answers from SCORE:COUNT ..., scores ascending from 1 to 5; 22P02 for anything else';

CREATE FUNCTION csflow.csat_out(csflow.csat) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_csat_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.csat_out(csflow.csat) IS
'writes answers as SCORE:COUNT ..., scores ascending, those never given left out';

CREATE FUNCTION csflow.csat_recv(internal) RETURNS csflow.csat
AS 'MODULE_PATHNAME', 'csf_csat_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.csat_recv(internal) IS
'reads answers from their binary form, eight bytes for the count of each score; 22P03 when they are none';

CREATE FUNCTION csflow.csat_send(csflow.csat) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_csat_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.csat_send(csflow.csat) IS
'writes the binary form of answers, eight bytes for the count of each score';

CREATE TYPE csflow.csat (INPUT = csflow.csat_in, OUTPUT = csflow.csat_out, RECEIVE = csflow.csat_recv, SEND = csflow.csat_send,
  INTERNALLENGTH = 40, ALIGNMENT = double);
COMMENT ON TYPE csflow.csat IS
'customer satisfaction: how often each score from 1 to 5 was given; merges in any order (handbook G2)';

CREATE FUNCTION csflow.csat_add(csflow.csat, integer) RETURNS csflow.csat
AS 'MODULE_PATHNAME', 'csf_csat_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.csat_add(csflow.csat, integer) IS
'step of the aggregate csat(integer); 0A000 when called by itself';

CREATE FUNCTION csflow.csat_combine(csflow.csat, csflow.csat) RETURNS csflow.csat
AS 'MODULE_PATHNAME', 'csf_csat_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.csat_combine(csflow.csat, csflow.csat) IS
'step of the aggregate rollup(csat), and what puts the results of parallel workers together; 0A000 when called by itself';

CREATE AGGREGATE csflow.csat(score integer) (SFUNC = csflow.csat_add, STYPE = csflow.csat, COMBINEFUNC = csflow.csat_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.csat(integer) IS
'customer satisfaction, of scores from 1 to 5; NULL is left out, without an answer the result is NULL. 22003 for another score (handbook G2)';

CREATE AGGREGATE csflow.rollup(csflow.csat) (SFUNC = csflow.csat_combine, STYPE = csflow.csat, COMBINEFUNC = csflow.csat_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.rollup(csflow.csat) IS
'all the answers of several values, in any order; NULL is left out, without a value the result is NULL. 22003 beyond 2^63 - 1 answers';

CREATE FUNCTION csflow.csat_count(csat csflow.csat, lowest integer DEFAULT 1, highest integer DEFAULT 5) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_csat_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.csat_count(csflow.csat, integer, integer) IS
'number of answers with a score from lowest to highest, of all without them';

CREATE FUNCTION csflow.csat_mean(csat csflow.csat) RETURNS double precision
AS 'MODULE_PATHNAME', 'csf_csat_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.csat_mean(csflow.csat) IS 'mean score of the answers';

CREATE FUNCTION csflow.csat_positive_count(csat csflow.csat) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.csat_count(csat, 4, 5);
COMMENT ON FUNCTION csflow.csat_positive_count(csflow.csat) IS 'answers of 4 or 5: numerator of csat_pct, csat_count being the denominator (handbook G2)';

CREATE FUNCTION csflow.csat_pct(csat csflow.csat) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN 100.0::double precision * csflow.csat_count(csat, 4, 5) / csflow.csat_count(csat, 1, 5);
COMMENT ON FUNCTION csflow.csat_pct(csflow.csat) IS 'answers of 4 or 5 in per cent of all answers (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.csat_response_rate_pct(csat csflow.csat, sent_count bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN sent_count > 0 THEN
  100.0::double precision * coalesce(csflow.csat_count(csat, 1, 5), 0) / sent_count END;
COMMENT ON FUNCTION csflow.csat_response_rate_pct(csflow.csat, bigint) IS
'answers in per cent of the surveys sent, 0 where none was answered (csat NULL); NULL where none was sent (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.to_jsonb(csat csflow.csat) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN pg_catalog.jsonb_build_object('count', csflow.csat_count(csat, 1, 5), 'positive_count', csflow.csat_positive_count(csat), 'csat_pct', csflow.csat_pct(csat), 'csat_mean', csflow.csat_mean(csat));
COMMENT ON FUNCTION csflow.to_jsonb(csflow.csat) IS 'customer satisfaction as a JSON object, units in the keys; also the cast to jsonb';

CREATE CAST (csflow.csat AS jsonb) WITH FUNCTION csflow.to_jsonb(csflow.csat);
COMMENT ON CAST (csflow.csat AS jsonb) IS 'customer satisfaction as a JSON object, units in the keys; explicit only';

CREATE TYPE csflow.nps;

CREATE FUNCTION csflow.nps_in(cstring) RETURNS csflow.nps
AS 'MODULE_PATHNAME', 'csf_nps_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.nps_in(cstring) IS
'reads answers from SCORE:COUNT ..., scores ascending from 0 to 10; 22P02 for anything else';

CREATE FUNCTION csflow.nps_out(csflow.nps) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_nps_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.nps_out(csflow.nps) IS
'writes answers as SCORE:COUNT ..., scores ascending, those never given left out';

CREATE FUNCTION csflow.nps_recv(internal) RETURNS csflow.nps
AS 'MODULE_PATHNAME', 'csf_nps_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.nps_recv(internal) IS
'reads answers from their binary form, eight bytes for the count of each score; 22P03 when they are none';

CREATE FUNCTION csflow.nps_send(csflow.nps) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_nps_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.nps_send(csflow.nps) IS
'writes the binary form of answers, eight bytes for the count of each score';

CREATE TYPE csflow.nps (INPUT = csflow.nps_in, OUTPUT = csflow.nps_out, RECEIVE = csflow.nps_recv, SEND = csflow.nps_send,
  INTERNALLENGTH = 88, ALIGNMENT = double);
COMMENT ON TYPE csflow.nps IS
'net promoter score: how often each score from 0 to 10 was given; merges in any order (handbook G2)';

CREATE FUNCTION csflow.nps_add(csflow.nps, integer) RETURNS csflow.nps
AS 'MODULE_PATHNAME', 'csf_nps_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.nps_add(csflow.nps, integer) IS
'step of the aggregate nps(integer); 0A000 when called by itself';

CREATE FUNCTION csflow.nps_combine(csflow.nps, csflow.nps) RETURNS csflow.nps
AS 'MODULE_PATHNAME', 'csf_nps_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.nps_combine(csflow.nps, csflow.nps) IS
'step of the aggregate rollup(nps), and what puts the results of parallel workers together; 0A000 when called by itself';

CREATE AGGREGATE csflow.nps(score integer) (SFUNC = csflow.nps_add, STYPE = csflow.nps, COMBINEFUNC = csflow.nps_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.nps(integer) IS
'net promoter score, of scores from 0 to 10; NULL is left out, without an answer the result is NULL. 22003 for another score (handbook G2)';

CREATE AGGREGATE csflow.rollup(csflow.nps) (SFUNC = csflow.nps_combine, STYPE = csflow.nps, COMBINEFUNC = csflow.nps_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.rollup(csflow.nps) IS
'all the answers of several values, in any order; NULL is left out, without a value the result is NULL. 22003 beyond 2^63 - 1 answers';

CREATE FUNCTION csflow.nps_count(nps csflow.nps, lowest integer DEFAULT 0, highest integer DEFAULT 10) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_nps_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.nps_count(csflow.nps, integer, integer) IS
'number of answers with a score from lowest to highest, of all without them';

CREATE FUNCTION csflow.nps_mean(nps csflow.nps) RETURNS double precision
AS 'MODULE_PATHNAME', 'csf_nps_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.nps_mean(csflow.nps) IS 'mean score of the answers';

CREATE FUNCTION csflow.nps_promoter_count(nps csflow.nps) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.nps_count(nps, 9, 10);
COMMENT ON FUNCTION csflow.nps_promoter_count(csflow.nps) IS 'answers of 9 or 10 (handbook G2)';

CREATE FUNCTION csflow.nps_detractor_count(nps csflow.nps) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.nps_count(nps, 0, 6);
COMMENT ON FUNCTION csflow.nps_detractor_count(csflow.nps) IS 'answers from 0 to 6 (handbook G2)';

CREATE FUNCTION csflow.nps(nps csflow.nps) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN 100.0::double precision * (csflow.nps_count(nps, 9, 10) - csflow.nps_count(nps, 0, 6)) / csflow.nps_count(nps, 0, 10);
COMMENT ON FUNCTION csflow.nps(csflow.nps) IS 'net promoter score, from -100 to 100: answers of 9 and 10 less those from 0 to 6, in per cent of all (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.to_jsonb(nps csflow.nps) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN pg_catalog.jsonb_build_object('count', csflow.nps_count(nps, 0, 10), 'promoter_count', csflow.nps_promoter_count(nps), 'detractor_count', csflow.nps_detractor_count(nps), 'nps', csflow.nps(nps), 'nps_mean', csflow.nps_mean(nps));
COMMENT ON FUNCTION csflow.to_jsonb(csflow.nps) IS 'net promoter score as a JSON object, units in the keys; also the cast to jsonb';

CREATE CAST (csflow.nps AS jsonb) WITH FUNCTION csflow.to_jsonb(csflow.nps);
COMMENT ON CAST (csflow.nps AS jsonb) IS 'net promoter score as a JSON object, units in the keys; explicit only';

CREATE TYPE csflow.ces;

CREATE FUNCTION csflow.ces_in(cstring) RETURNS csflow.ces
AS 'MODULE_PATHNAME', 'csf_ces_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ces_in(cstring) IS
'reads answers from SCORE:COUNT ..., scores ascending from 1 to 7; 22P02 for anything else';

CREATE FUNCTION csflow.ces_out(csflow.ces) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_ces_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ces_out(csflow.ces) IS
'writes answers as SCORE:COUNT ..., scores ascending, those never given left out';

CREATE FUNCTION csflow.ces_recv(internal) RETURNS csflow.ces
AS 'MODULE_PATHNAME', 'csf_ces_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ces_recv(internal) IS
'reads answers from their binary form, eight bytes for the count of each score; 22P03 when they are none';

CREATE FUNCTION csflow.ces_send(csflow.ces) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_ces_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ces_send(csflow.ces) IS
'writes the binary form of answers, eight bytes for the count of each score';

CREATE TYPE csflow.ces (INPUT = csflow.ces_in, OUTPUT = csflow.ces_out, RECEIVE = csflow.ces_recv, SEND = csflow.ces_send,
  INTERNALLENGTH = 56, ALIGNMENT = double);
COMMENT ON TYPE csflow.ces IS
'customer effort score: how often each score from 1 to 7 was given; merges in any order (handbook G2)';

CREATE FUNCTION csflow.ces_add(csflow.ces, integer) RETURNS csflow.ces
AS 'MODULE_PATHNAME', 'csf_ces_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ces_add(csflow.ces, integer) IS
'step of the aggregate ces(integer); 0A000 when called by itself';

CREATE FUNCTION csflow.ces_combine(csflow.ces, csflow.ces) RETURNS csflow.ces
AS 'MODULE_PATHNAME', 'csf_ces_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ces_combine(csflow.ces, csflow.ces) IS
'step of the aggregate rollup(ces), and what puts the results of parallel workers together; 0A000 when called by itself';

CREATE AGGREGATE csflow.ces(score integer) (SFUNC = csflow.ces_add, STYPE = csflow.ces, COMBINEFUNC = csflow.ces_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.ces(integer) IS
'customer effort score, of scores from 1 to 7; NULL is left out, without an answer the result is NULL. 22003 for another score (handbook G2)';

CREATE AGGREGATE csflow.rollup(csflow.ces) (SFUNC = csflow.ces_combine, STYPE = csflow.ces, COMBINEFUNC = csflow.ces_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.rollup(csflow.ces) IS
'all the answers of several values, in any order; NULL is left out, without a value the result is NULL. 22003 beyond 2^63 - 1 answers';

CREATE FUNCTION csflow.ces_count(ces csflow.ces, lowest integer DEFAULT 1, highest integer DEFAULT 7) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_ces_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ces_count(csflow.ces, integer, integer) IS
'number of answers with a score from lowest to highest, of all without them';

CREATE FUNCTION csflow.ces_mean(ces csflow.ces) RETURNS double precision
AS 'MODULE_PATHNAME', 'csf_ces_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ces_mean(csflow.ces) IS 'mean score of the answers';

CREATE FUNCTION csflow.ces_top_count(ces csflow.ces) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.ces_count(ces, 5, 7);
COMMENT ON FUNCTION csflow.ces_top_count(csflow.ces) IS 'answers from 5 to 7: numerator of ces_top_pct, ces_count being the denominator (handbook G2)';

CREATE FUNCTION csflow.ces_top_pct(ces csflow.ces) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN 100.0::double precision * csflow.ces_count(ces, 5, 7) / csflow.ces_count(ces, 1, 7);
COMMENT ON FUNCTION csflow.ces_top_pct(csflow.ces) IS 'answers from 5 to 7 in per cent of all answers (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.to_jsonb(ces csflow.ces) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN pg_catalog.jsonb_build_object('count', csflow.ces_count(ces, 1, 7), 'top_count', csflow.ces_top_count(ces), 'ces_top_pct', csflow.ces_top_pct(ces), 'ces_mean', csflow.ces_mean(ces));
COMMENT ON FUNCTION csflow.to_jsonb(csflow.ces) IS 'customer effort score as a JSON object, units in the keys; also the cast to jsonb';

CREATE CAST (csflow.ces AS jsonb) WITH FUNCTION csflow.to_jsonb(csflow.ces);
COMMENT ON CAST (csflow.ces AS jsonb) IS 'customer effort score as a JSON object, units in the keys; explicit only';
