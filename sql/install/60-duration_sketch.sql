-- csflow.duration_sketch: counts of durations on a fixed grid of buckets (handbook G1, G2; design 2.14).

CREATE TYPE csflow.duration_sketch;

CREATE FUNCTION csflow.duration_sketch_in(cstring) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.duration_sketch_in(cstring) IS
'reads a sketch from count=N sum=N min=N max=N buckets=BUCKET:COUNT,..., all times in microseconds, min>=N and max<=N where they are bounds; 22P02 for anything that the values of no sketch could give (design 2.14)';

CREATE FUNCTION csflow.duration_sketch_out(csflow.duration_sketch) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_sketch_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.duration_sketch_out(csflow.duration_sketch) IS
'writes a sketch as count=N sum=N min=N max=N buckets=BUCKET:COUNT,..., all times in microseconds; equal sketches have equal text';

CREATE FUNCTION csflow.duration_sketch_recv(internal) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.duration_sketch_recv(internal) IS
'reads a sketch from its binary form; 22P03 for bytes that duration_sketch_send would not write';

CREATE FUNCTION csflow.duration_sketch_send(csflow.duration_sketch) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_sketch_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.duration_sketch_send(csflow.duration_sketch) IS
'writes the binary form of a sketch, a format byte and the packed counts; equal sketches have equal bytes';

-- Double alignment because the state of the aggregates, which has the same type, is read in place. Packed counts do not compress.
CREATE TYPE csflow.duration_sketch (INPUT = csflow.duration_sketch_in, OUTPUT = csflow.duration_sketch_out,
  RECEIVE = csflow.duration_sketch_recv, SEND = csflow.duration_sketch_send, ALIGNMENT = double, STORAGE = external);
COMMENT ON TYPE csflow.duration_sketch IS
'durations counted on a fixed grid of 1441 buckets from 0 to 100 years: percentiles within 1 % (under a millisecond: within a millisecond), exact count, sum, least and greatest; merges in any order with the same result (design 2.14). At most 4 kB for durations from a second to a year';

CREATE FUNCTION csflow.duration_sketch_add(csflow.duration_sketch, interval) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_add_interval' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.duration_sketch_add(csflow.duration_sketch, interval) IS
'step of the aggregate duration_sketch(interval); 0A000 when called by itself';

CREATE FUNCTION csflow.duration_sketch_add_seconds(csflow.duration_sketch, double precision) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_add_seconds' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.duration_sketch_add_seconds(csflow.duration_sketch, double precision) IS
'step of the aggregate seconds_sketch(double precision); 0A000 when called by itself';

CREATE FUNCTION csflow.duration_sketch_combine(csflow.duration_sketch, csflow.duration_sketch) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.duration_sketch_combine(csflow.duration_sketch, csflow.duration_sketch) IS
'step of the aggregate rollup(duration_sketch), and what puts the results of parallel workers together; 0A000 when called by itself';

CREATE FUNCTION csflow.duration_sketch_final(csflow.duration_sketch) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.duration_sketch_final(csflow.duration_sketch) IS
'packs what an aggregate counted into the form that is stored; last step of the aggregates of this type';

CREATE FUNCTION csflow.duration_sketch_add_moving(csflow.duration_sketch, interval) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_add_interval_moving' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.duration_sketch_add_moving(csflow.duration_sketch, interval) IS
'step of duration_sketch(interval) over a moving window: a value enters; 0A000 when called by itself';

CREATE FUNCTION csflow.duration_sketch_remove(csflow.duration_sketch, interval) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_remove_interval' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.duration_sketch_remove(csflow.duration_sketch, interval) IS
'step of duration_sketch(interval) over a moving window: a value leaves. Least and greatest become bounds of their bucket when the value was one of them; 0A000 when called by itself';

CREATE FUNCTION csflow.duration_sketch_add_seconds_moving(csflow.duration_sketch, double precision) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_add_seconds_moving' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.duration_sketch_add_seconds_moving(csflow.duration_sketch, double precision) IS
'step of seconds_sketch(double precision) over a moving window: a value enters; 0A000 when called by itself';

CREATE FUNCTION csflow.duration_sketch_remove_seconds(csflow.duration_sketch, double precision) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_remove_seconds' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.duration_sketch_remove_seconds(csflow.duration_sketch, double precision) IS
'step of seconds_sketch(double precision) over a moving window: a value leaves, as in duration_sketch_remove; 0A000 when called by itself';

CREATE FUNCTION csflow.duration_sketch_combine_moving(csflow.duration_sketch, csflow.duration_sketch) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_combine_moving' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.duration_sketch_combine_moving(csflow.duration_sketch, csflow.duration_sketch) IS
'step of rollup(duration_sketch) over a moving window: a sketch enters; 0A000 when called by itself';

CREATE FUNCTION csflow.duration_sketch_remove_sketch(csflow.duration_sketch, csflow.duration_sketch) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_sketch_remove_sketch' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.duration_sketch_remove_sketch(csflow.duration_sketch, csflow.duration_sketch) IS
'step of rollup(duration_sketch) over a moving window: a sketch leaves, as in duration_sketch_remove; XX001 for a damaged one; 0A000 when called by itself';

CREATE AGGREGATE csflow.duration_sketch(interval) (SFUNC = csflow.duration_sketch_add, STYPE = csflow.duration_sketch, SSPACE = 2048,
  FINALFUNC = csflow.duration_sketch_final, COMBINEFUNC = csflow.duration_sketch_combine, PARALLEL = SAFE,
  MSFUNC = csflow.duration_sketch_add_moving, MINVFUNC = csflow.duration_sketch_remove, MSTYPE = csflow.duration_sketch, MSSPACE = 2048,
  MFINALFUNC = csflow.duration_sketch_final);
COMMENT ON AGGREGATE csflow.duration_sketch(interval) IS
'sketch of durations; NULL is left out, without a value the result is NULL. A day counts 24 hours. 22008 for a duration that is negative, infinite, in months or over 36525 days (handbook G1, design 2.14)';

CREATE AGGREGATE csflow.seconds_sketch(double precision) (SFUNC = csflow.duration_sketch_add_seconds, STYPE = csflow.duration_sketch,
  SSPACE = 2048, FINALFUNC = csflow.duration_sketch_final, COMBINEFUNC = csflow.duration_sketch_combine, PARALLEL = SAFE,
  MSFUNC = csflow.duration_sketch_add_seconds_moving, MINVFUNC = csflow.duration_sketch_remove_seconds, MSTYPE = csflow.duration_sketch, MSSPACE = 2048,
  MFINALFUNC = csflow.duration_sketch_final);
COMMENT ON AGGREGATE csflow.seconds_sketch(double precision) IS
'sketch of durations given in seconds, rounded to microseconds; otherwise as duration_sketch(interval). 22008 for one that is negative, NaN, infinite or over 36525 days (handbook G1)';

CREATE AGGREGATE csflow.rollup(csflow.duration_sketch) (SFUNC = csflow.duration_sketch_combine, STYPE = csflow.duration_sketch,
  SSPACE = 2048, FINALFUNC = csflow.duration_sketch_final, COMBINEFUNC = csflow.duration_sketch_combine, PARALLEL = SAFE,
  MSFUNC = csflow.duration_sketch_combine_moving, MINVFUNC = csflow.duration_sketch_remove_sketch, MSTYPE = csflow.duration_sketch, MSSPACE = 2048,
  MFINALFUNC = csflow.duration_sketch_final);
COMMENT ON AGGREGATE csflow.rollup(csflow.duration_sketch) IS
'sketch of all the durations of several sketches: equal to the last bit to the sketch of them all at once, in any order; NULL is left out, without a sketch the result is NULL. 22003 beyond 2^63 - 1 values (design 2.14)';

CREATE FUNCTION csflow.approx_percentile(share double precision, sketch csflow.duration_sketch) RETURNS interval
AS 'MODULE_PATHNAME', 'csf_sketch_approx_percentile' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION csflow.approx_percentile(double precision, csflow.duration_sketch) IS
'the duration that percentile_disc(share) would pick from the same values, within 1 % of it (under a millisecond: within a millisecond), exact where it is the least or the greatest, unless that has left a moving window; share from 0 to 1, else 22003 (handbook G1)';

CREATE FUNCTION csflow.approx_rank(duration interval, sketch csflow.duration_sketch) RETURNS double precision
AS 'MODULE_PATHNAME', 'csf_sketch_approx_rank' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION csflow.approx_rank(interval, csflow.duration_sketch) IS
'share of the values, from 0 to 1, that are at most this duration: not less than exact, and not more than the exact share of a duration 2.1 % longer (under a millisecond: of a millisecond). 22008 as duration_sketch(interval) (handbook G1)';

CREATE FUNCTION csflow.sketch_count(sketch csflow.duration_sketch) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_sketch_count_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sketch_count(csflow.duration_sketch) IS 'number of values in a sketch, exact';

CREATE FUNCTION csflow.sketch_sum(sketch csflow.duration_sketch) RETURNS interval
AS 'MODULE_PATHNAME', 'csf_sketch_sum_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sketch_sum(csflow.duration_sketch) IS
'sum of the values in a sketch, exact to the microsecond, in hours; with days beyond 292,000 years; 22008 where no interval can hold it';

CREATE FUNCTION csflow.sketch_mean(sketch csflow.duration_sketch) RETURNS interval
AS 'MODULE_PATHNAME', 'csf_sketch_mean_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sketch_mean(csflow.duration_sketch) IS
'arithmetic mean of the values in a sketch, exact, rounded to the microsecond';

CREATE FUNCTION csflow.sketch_min(sketch csflow.duration_sketch) RETURNS interval
AS 'MODULE_PATHNAME', 'csf_sketch_min_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sketch_min(csflow.duration_sketch) IS 'least value in a sketch, exact; of a moving window that it has left, the lower bound of the least that stay, at most 2.1 % below it (within a millisecond: 0)';

CREATE FUNCTION csflow.sketch_max(sketch csflow.duration_sketch) RETURNS interval
AS 'MODULE_PATHNAME', 'csf_sketch_max_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sketch_max(csflow.duration_sketch) IS 'greatest value in a sketch, exact; of a moving window that it has left, the upper bound of the greatest that stay, at most 2.1 % above it (within a millisecond: 999 microseconds)';
