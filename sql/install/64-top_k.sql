-- csflow.top_k: the most frequent texts of any table, with a guaranteed error, mergeable (handbook G2, G4; design 2.14).

CREATE TYPE csflow.top_k;

CREATE FUNCTION csflow.top_k_in(cstring) RETURNS csflow.top_k
AS 'MODULE_PATHNAME', 'csf_top_k_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.top_k_in(cstring) IS
'reads counters from k=N total=N error=N "VALUE":COUNT ..., a quote in a value doubled; 22P02 for anything that no values could give';

CREATE FUNCTION csflow.top_k_out(csflow.top_k) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_top_k_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.top_k_out(csflow.top_k) IS
'writes counters as k=N total=N error=N "VALUE":COUNT ..., by descending count, equal ones in the order of their bytes';

CREATE FUNCTION csflow.top_k_recv(internal) RETURNS csflow.top_k
AS 'MODULE_PATHNAME', 'csf_top_k_recv' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.top_k_recv(internal) IS
'reads counters from their binary form; 22P03 for what top_k_send would not write, but values may come in any order';

CREATE FUNCTION csflow.top_k_send(csflow.top_k) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_top_k_send' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.top_k_send(csflow.top_k) IS
'writes the binary form of counters: k, total, error and number of values, then count and value of each, in the encoding of the client';

-- Double alignment because the state of the aggregates, which has the same type, is read in place.
CREATE TYPE csflow.top_k (INPUT = csflow.top_k_in, OUTPUT = csflow.top_k_out, RECEIVE = csflow.top_k_recv, SEND = csflow.top_k_send,
  ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE csflow.top_k IS
'the most frequent values of a text column: 20 counters for each of k places, at least 100, each of which tells within which bounds its value occurred; the bounds lie at most count / (counters + 1) apart, in whatever order values were merged (handbook G2, design 2.14)';

CREATE FUNCTION csflow.top_k_add(csflow.top_k, text, integer) RETURNS csflow.top_k
AS 'MODULE_PATHNAME', 'csf_top_k_add_value' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.top_k_add(csflow.top_k, text, integer) IS
'step of the aggregate top_k(text, integer); 0A000 when called by itself';

CREATE FUNCTION csflow.top_k_combine(csflow.top_k, csflow.top_k) RETURNS csflow.top_k
AS 'MODULE_PATHNAME', 'csf_top_k_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION csflow.top_k_combine(csflow.top_k, csflow.top_k) IS
'step of the aggregate rollup(top_k), and what puts the results of parallel workers together; 0A000 when called by itself';

CREATE FUNCTION csflow.top_k_final(csflow.top_k) RETURNS csflow.top_k
AS 'MODULE_PATHNAME', 'csf_top_k_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION csflow.top_k_final(csflow.top_k) IS
'packs the counters that are kept into the form that is stored; last step of the aggregates of this type';

CREATE AGGREGATE csflow.top_k(value text, k integer) (SFUNC = csflow.top_k_add, STYPE = csflow.top_k, SSPACE = 16384,
  FINALFUNC = csflow.top_k_final, COMBINEFUNC = csflow.top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.top_k(text, integer) IS
'the k most frequent values, 1 to 1000 places, within guaranteed bounds; values are the same when their bytes are. NULL is left out, without a value the result is NULL. 22023 for another k or one that changes, 54000 for a value over 1024 bytes (handbook G2, G4)';

CREATE AGGREGATE csflow.rollup(csflow.top_k) (SFUNC = csflow.top_k_combine, STYPE = csflow.top_k, SSPACE = 16384,
  FINALFUNC = csflow.top_k_final, COMBINEFUNC = csflow.top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.rollup(csflow.top_k) IS
'the most frequent values of several of these, with the least of their k and the error that goes with it, in any order; counters may differ with the order, within their bounds. NULL is left out, without one the result is NULL. 22003 beyond 2^63 - 1 values (design 2.14)';

CREATE FUNCTION csflow.top_k_values(top_k csflow.top_k, OUT rank integer, OUT value text, OUT at_least_count bigint, OUT at_most_count bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'csf_top_k_values' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION csflow.top_k_values(csflow.top_k) IS
'the most frequent values, at most k, by descending at_least_count, equal ones in the order of their bytes; each occurred at least at_least_count and at most at_most_count times, both exact where they are equal. A value that is not listed occurred at most as often as the at_most_count of the last of k rows, or top_k_error() where there are fewer rows (handbook G2, G4)';

CREATE FUNCTION csflow.top_k_count(top_k csflow.top_k) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_top_k_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.top_k_count(csflow.top_k) IS 'number of all values counted, frequent or not, exact: the denominator of shares';

CREATE FUNCTION csflow.top_k_error(top_k csflow.top_k) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_top_k_error' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.top_k_error(csflow.top_k) IS
'how far at_least_count and at_most_count lie apart, and how often a value without a counter can have occurred; 0 where nothing was left out, at most top_k_count / (20 k + 1), for k under 5 / 101';

CREATE FUNCTION csflow.top_k_places(top_k csflow.top_k) RETURNS integer
AS 'MODULE_PATHNAME', 'csf_top_k_places' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.top_k_places(csflow.top_k) IS 'the k that was asked for, of several rolled up the least';

CREATE FUNCTION csflow.to_jsonb(top_k csflow.top_k) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN pg_catalog.jsonb_build_object('count', csflow.top_k_count(top_k),
  'error_count', csflow.top_k_error(top_k), 'k', csflow.top_k_places(top_k),
  'values', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('rank', v.rank, 'value', v.value,
    'at_least_count', v.at_least_count, 'at_most_count', v.at_most_count) ORDER BY v.rank) FROM csflow.top_k_values(top_k) AS v), '[]'::jsonb));
COMMENT ON FUNCTION csflow.to_jsonb(csflow.top_k) IS
'the most frequent values as a JSON object: count, error_count, k, and values as csflow.top_k_values() lists them; also the cast to jsonb';

CREATE CAST (csflow.top_k AS jsonb) WITH FUNCTION csflow.to_jsonb(csflow.top_k);
COMMENT ON CAST (csflow.top_k AS jsonb) IS 'the most frequent values as a JSON object; explicit only';
