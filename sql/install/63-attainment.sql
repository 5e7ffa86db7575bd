-- csflow.attainment_counts: targets met and completed, by clock, mergeable (handbook D6, G2; design 2.14).

CREATE TYPE csflow.attainment_counts;

CREATE FUNCTION csflow.attainment_counts_in(cstring) RETURNS csflow.attainment_counts
AS 'MODULE_PATHNAME', 'csf_attainment_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.attainment_counts_in(cstring) IS
'reads attainment from "CLOCK":MET/TOTAL,... or "CLOCK":MET/TOTAL+OPEN_BREACHED,...; 22P02 for anything else';

CREATE FUNCTION csflow.attainment_counts_out(csflow.attainment_counts) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_attainment_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.attainment_counts_out(csflow.attainment_counts) IS
'writes attainment as "CLOCK":MET/TOTAL,..., with +OPEN_BREACHED where there are any, clocks in the order of their bytes';

CREATE FUNCTION csflow.attainment_counts_recv(internal) RETURNS csflow.attainment_counts
AS 'MODULE_PATHNAME', 'csf_attainment_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.attainment_counts_recv(internal) IS
'reads attainment from its binary form; 22P03 when it is none';

CREATE FUNCTION csflow.attainment_counts_send(csflow.attainment_counts) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_attainment_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.attainment_counts_send(csflow.attainment_counts) IS
'writes the binary form of attainment: met, total, open and breached, and name of each clock';

CREATE TYPE csflow.attainment_counts (INPUT = csflow.attainment_counts_in, OUTPUT = csflow.attainment_counts_out, RECEIVE = csflow.attainment_counts_recv,
  SEND = csflow.attainment_counts_send, ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE csflow.attainment_counts IS
'targets met, targets completed, and targets open though overdue, by clock; merges in any order with the same result (handbook D6, G2). Of at most 1000 clocks';

CREATE FUNCTION csflow.attainment_counts_add(csflow.attainment_counts, text, boolean) RETURNS csflow.attainment_counts
AS 'MODULE_PATHNAME', 'csf_attainment_add_target' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.attainment_counts_add(csflow.attainment_counts, text, boolean) IS
'step of the aggregate attainment(text, boolean); 0A000 when called by itself';

CREATE FUNCTION csflow.attainment_counts_add(csflow.attainment_counts, text, boolean, boolean) RETURNS csflow.attainment_counts
AS 'MODULE_PATHNAME', 'csf_attainment_add_target' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.attainment_counts_add(csflow.attainment_counts, text, boolean, boolean) IS
'step of the aggregate attainment(text, boolean, boolean); 0A000 when called by itself';

CREATE FUNCTION csflow.attainment_counts_combine(csflow.attainment_counts, csflow.attainment_counts) RETURNS csflow.attainment_counts
AS 'MODULE_PATHNAME', 'csf_attainment_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.attainment_counts_combine(csflow.attainment_counts, csflow.attainment_counts) IS
'step of the aggregate rollup(attainment_counts), and what puts the results of parallel workers together; 0A000 when called by itself';

CREATE AGGREGATE csflow.attainment(clock text, met boolean) (SFUNC = csflow.attainment_counts_add, STYPE = csflow.attainment_counts,
  COMBINEFUNC = csflow.attainment_counts_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.attainment(text, boolean) IS
'targets met and completed, by clock; met is NULL where a target is not completed yet, such rows and those without a clock are left out; without any other the result is NULL. To count open targets that are overdue apart, attainment(text, boolean, boolean). 54000 beyond 1000 clocks (kpi definitions, handbook G2)';

CREATE AGGREGATE csflow.attainment(clock text, met boolean, is_overdue boolean) (SFUNC = csflow.attainment_counts_add, STYPE = csflow.attainment_counts,
  COMBINEFUNC = csflow.attainment_counts_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.attainment(text, boolean, boolean) IS
'as attainment(text, boolean), and of targets that are not completed, met being NULL, those that are overdue: open and breached, counted apart from the completed ones. is_overdue says nothing of a completed target; NULL is false (kpi definitions, handbook G2)';

CREATE AGGREGATE csflow.rollup(csflow.attainment_counts) (SFUNC = csflow.attainment_counts_combine, STYPE = csflow.attainment_counts,
  COMBINEFUNC = csflow.attainment_counts_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.rollup(csflow.attainment_counts) IS
'all the targets of several values, in any order; NULL is left out, without a value the result is NULL. 22003 beyond 2^63 - 1';

CREATE FUNCTION csflow.attainment_clocks(counts csflow.attainment_counts) RETURNS text[]
AS 'MODULE_PATHNAME', 'csf_attainment_clocks' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.attainment_clocks(csflow.attainment_counts) IS 'the clocks counted, in the order of their bytes';

CREATE FUNCTION csflow.sla_met_count(counts csflow.attainment_counts) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_attainment_met' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sla_met_count(csflow.attainment_counts) IS
'targets met, all clocks together (handbook G2)';

CREATE FUNCTION csflow.sla_met_count(counts csflow.attainment_counts, clock text) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_attainment_met' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sla_met_count(csflow.attainment_counts, text) IS
'targets met, one clock, 0 where it was not counted (handbook G2)';

CREATE FUNCTION csflow.sla_total_count(counts csflow.attainment_counts) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_attainment_total' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sla_total_count(csflow.attainment_counts) IS
'targets completed, all clocks together (handbook G2)';

CREATE FUNCTION csflow.sla_total_count(counts csflow.attainment_counts, clock text) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_attainment_total' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sla_total_count(csflow.attainment_counts, text) IS
'targets completed, one clock, 0 where it was not counted (handbook G2)';

CREATE FUNCTION csflow.sla_met_pct(counts csflow.attainment_counts) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
  100.0::double precision * csflow.sla_met_count(counts) / nullif(csflow.sla_total_count(counts), 0);
COMMENT ON FUNCTION csflow.sla_met_pct(csflow.attainment_counts) IS
'targets met in per cent of those completed, all clocks together; NULL, never 0, where none was (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.sla_met_pct(counts csflow.attainment_counts, clock text) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
  100.0::double precision * csflow.sla_met_count(counts, clock) / nullif(csflow.sla_total_count(counts, clock), 0);
COMMENT ON FUNCTION csflow.sla_met_pct(csflow.attainment_counts, text) IS
'targets met in per cent of those completed, one clock; NULL, never 0, where none was (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.sla_open_breached_count(counts csflow.attainment_counts) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_attainment_open_breached' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sla_open_breached_count(csflow.attainment_counts) IS
'targets not completed and overdue, all clocks together (handbook G2)';

CREATE FUNCTION csflow.sla_open_breached_count(counts csflow.attainment_counts, clock text) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_attainment_open_breached' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.sla_open_breached_count(csflow.attainment_counts, text) IS
'targets not completed and overdue, one clock, 0 where it was not counted (handbook G2)';

CREATE FUNCTION csflow.sla_met_pct_incl_open_breached(counts csflow.attainment_counts) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN 100.0::double precision * csflow.sla_met_count(counts)
  / nullif(csflow.sla_total_count(counts)::double precision + csflow.sla_open_breached_count(counts), 0);
COMMENT ON FUNCTION csflow.sla_met_pct_incl_open_breached(csflow.attainment_counts) IS
'targets met in per cent of those completed or open and breached, all clocks together; NULL, never 0, where there was none (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.sla_met_pct_incl_open_breached(counts csflow.attainment_counts, clock text) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN 100.0::double precision * csflow.sla_met_count(counts, clock)
  / nullif(csflow.sla_total_count(counts, clock)::double precision + csflow.sla_open_breached_count(counts, clock), 0);
COMMENT ON FUNCTION csflow.sla_met_pct_incl_open_breached(csflow.attainment_counts, text) IS
'targets met in per cent of those completed or open and breached, one clock; NULL, never 0, where there was none (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.to_jsonb(counts csflow.attainment_counts) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN (SELECT pg_catalog.jsonb_object_agg(c.clock, pg_catalog.jsonb_build_object(
  'met_count', csflow.sla_met_count(counts, c.clock), 'total_count', csflow.sla_total_count(counts, c.clock),
  'met_pct', csflow.sla_met_pct(counts, c.clock), 'open_breached_count', csflow.sla_open_breached_count(counts, c.clock),
  'met_pct_incl_open_breached', csflow.sla_met_pct_incl_open_breached(counts, c.clock)))
  FROM pg_catalog.unnest(csflow.attainment_clocks(counts)) AS c (clock));
COMMENT ON FUNCTION csflow.to_jsonb(csflow.attainment_counts) IS
'attainment as a JSON object of the clocks, each with its counts and percentages, null for a percentage of nothing; also the cast to jsonb';

CREATE CAST (csflow.attainment_counts AS jsonb) WITH FUNCTION csflow.to_jsonb(csflow.attainment_counts);
COMMENT ON CAST (csflow.attainment_counts AS jsonb) IS 'attainment as a JSON object of the clocks; explicit only';
