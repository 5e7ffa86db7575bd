-- csflow.health: the figures of a group of tickets, mergeable (handbook G1, G2; design 2.14). Ratios have their numerators and
-- denominators; a ratio without a denominator is NULL, never 0 %.

CREATE TYPE csflow.health;

CREATE FUNCTION csflow.health_in(cstring) RETURNS csflow.health
AS 'MODULE_PATHNAME', 'csf_health_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.health_in(cstring) IS
'reads health figures from their counts by name, in order, and their sketches in braces; 22P02 for anything that no tickets could give (design 2.14)';

CREATE FUNCTION csflow.health_out(csflow.health) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_health_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.health_out(csflow.health) IS
'writes health figures as their counts by name and their sketches in braces; equal figures have equal text';

CREATE FUNCTION csflow.health_recv(internal) RETURNS csflow.health
AS 'MODULE_PATHNAME', 'csf_health_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.health_recv(internal) IS
'reads health figures from their binary form; 22P03 for bytes that health_send would not write';

CREATE FUNCTION csflow.health_send(csflow.health) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_health_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.health_send(csflow.health) IS
'writes the binary form of health figures; equal figures have equal bytes';

CREATE TYPE csflow.health (INPUT = csflow.health_in, OUTPUT = csflow.health_out,
  RECEIVE = csflow.health_recv, SEND = csflow.health_send, ALIGNMENT = double, STORAGE = external);
COMMENT ON TYPE csflow.health IS
'figures of a group of tickets: counts with their denominators, and sketches of first response, resolution and waiting in calendar and in business time; merges in any order with the same result (design 2.14)';

CREATE FUNCTION csflow.health_add(csflow.health, interval, interval, interval, integer, integer, boolean) RETURNS csflow.health
AS 'MODULE_PATHNAME', 'csf_health_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.health_add(csflow.health, interval, interval, interval, integer, integer, boolean) IS
'step of the aggregate health(); 0A000 when called by itself';

CREATE FUNCTION csflow.health_add_business(csflow.health, interval, interval, interval) RETURNS csflow.health
AS 'MODULE_PATHNAME', 'csf_health_add_business' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION csflow.health_add_business(csflow.health, interval, interval, interval) IS
'step of the aggregate business_health(); 0A000 when called by itself';

CREATE FUNCTION csflow.health_combine(csflow.health, csflow.health) RETURNS csflow.health
AS 'MODULE_PATHNAME', 'csf_health_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION csflow.health_combine(csflow.health, csflow.health) IS
'step of the aggregate rollup(health), and what puts the results of parallel workers together; 0A000 when called by itself';

CREATE FUNCTION csflow.health_final(csflow.health) RETURNS csflow.health
AS 'MODULE_PATHNAME', 'csf_health_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION csflow.health_final(csflow.health) IS
'packs what an aggregate counted into the form that is stored; last step of the aggregates of this type';

CREATE AGGREGATE csflow.health(first_response interval, resolution interval, waiting interval, transfers integer, reopens integer,
  first_contact boolean) (SFUNC = csflow.health_add, STYPE = csflow.health, SSPACE = 4096, FINALFUNC = csflow.health_final,
  COMBINEFUNC = csflow.health_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.health(interval, interval, interval, integer, integer, boolean) IS
'figures of tickets, a row each: time to the first response, to the resolution, waited for us (calendar time, NULL where it has not ended); number of transfers, number of reopenings (NULL where never solved), whether solved at first contact (NULL where not solved). NULL keeps a ticket out of that figure''s denominator. Every row counts as a ticket; without a row the result is NULL. 22008 for durations as duration_sketch(interval), 22003 for negative numbers (handbook G1, G2)';

CREATE AGGREGATE csflow.business_health(first_response interval, resolution interval, waiting interval) (
  SFUNC = csflow.health_add_business, STYPE = csflow.health, SSPACE = 4096, FINALFUNC = csflow.health_final,
  COMBINEFUNC = csflow.health_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.business_health(interval, interval, interval) IS
'the same durations in business time, for the other three sketches of a health; counts no tickets, so that csflow.merge(health(...), business_health(...)) is the whole. Without a row NULL; errors as health() (handbook G1)';

CREATE AGGREGATE csflow.rollup(csflow.health) (SFUNC = csflow.health_combine, STYPE = csflow.health, SSPACE = 4096,
  FINALFUNC = csflow.health_final, COMBINEFUNC = csflow.health_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE csflow.rollup(csflow.health) IS
'figures of all the tickets of several figures: equal to the last bit to those of all at once, in any order; NULL is left out, without a value the result is NULL. 22003 beyond 2^63 - 1 (design 2.14)';

CREATE FUNCTION csflow.merge(csflow.health, csflow.health) RETURNS csflow.health
AS 'MODULE_PATHNAME', 'csf_health_merge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION csflow.merge(csflow.health, csflow.health) IS
'figures of the tickets of both, as rollup() of the two; of health() and business_health() of the same tickets, their figures in both kinds of time';

CREATE FUNCTION csflow.health_count(csflow.health, name text) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_health_count_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.health_count(csflow.health, text) IS
'one of the counts by its name in the text form: tickets, transfer_total, transferred, transfers, reopen_total, reopened, reopens, first_contact_total, first_contact; 22023 for another name';

CREATE FUNCTION csflow.health_pct(csflow.health, part text, whole text) RETURNS double precision
AS 'MODULE_PATHNAME', 'csf_health_pct' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.health_pct(csflow.health, text, text) IS
'100 * one count / another, names as for health_count; NULL where the other is 0; 22023 for another name';

CREATE FUNCTION csflow.health_sketch(csflow.health, name text) RETURNS csflow.duration_sketch
AS 'MODULE_PATHNAME', 'csf_health_sketch_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.health_sketch(csflow.health, text) IS
'one of the sketches by its name in the text form: first_response, resolution, waiting, and the same with _business; NULL where it has no value; 22023 for another name';

CREATE FUNCTION csflow.ticket_count(health csflow.health) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_count(health, 'tickets');
COMMENT ON FUNCTION csflow.ticket_count(csflow.health) IS
'number of tickets (handbook G1, G2)';

CREATE FUNCTION csflow.transferred_count(health csflow.health) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_count(health, 'transferred');
COMMENT ON FUNCTION csflow.transferred_count(csflow.health) IS
'tickets transferred at least once: numerator of transfer_pct (handbook G1, G2)';

CREATE FUNCTION csflow.transfer_total_count(health csflow.health) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_count(health, 'transfer_total');
COMMENT ON FUNCTION csflow.transfer_total_count(csflow.health) IS
'tickets whose number of transfers is known: denominator of transfer_pct (handbook G1, G2)';

CREATE FUNCTION csflow.transfer_event_count(health csflow.health) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_count(health, 'transfers');
COMMENT ON FUNCTION csflow.transfer_event_count(csflow.health) IS
'number of transfers (handbook G1, G2)';

CREATE FUNCTION csflow.reopened_count(health csflow.health) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_count(health, 'reopened');
COMMENT ON FUNCTION csflow.reopened_count(csflow.health) IS
'tickets reopened at least once: numerator of reopen_pct (handbook G1, G2)';

CREATE FUNCTION csflow.reopen_total_count(health csflow.health) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_count(health, 'reopen_total');
COMMENT ON FUNCTION csflow.reopen_total_count(csflow.health) IS
'tickets ever solved: denominator of reopen_pct (handbook G1, G2)';

CREATE FUNCTION csflow.reopen_event_count(health csflow.health) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_count(health, 'reopens');
COMMENT ON FUNCTION csflow.reopen_event_count(csflow.health) IS
'number of reopenings (handbook G1, G2)';

CREATE FUNCTION csflow.fcr_count(health csflow.health) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_count(health, 'first_contact');
COMMENT ON FUNCTION csflow.fcr_count(csflow.health) IS
'tickets solved at first contact: numerator of fcr_pct (handbook G1, G2)';

CREATE FUNCTION csflow.fcr_total_count(health csflow.health) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_count(health, 'first_contact_total');
COMMENT ON FUNCTION csflow.fcr_total_count(csflow.health) IS
'solved tickets: denominator of fcr_pct (handbook G1, G2)';

CREATE FUNCTION csflow.transfer_pct(health csflow.health) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_pct(health, 'transferred', 'transfer_total');
COMMENT ON FUNCTION csflow.transfer_pct(csflow.health) IS
'share of tickets transferred at least once, in per cent; NULL, never 0, without a denominator (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.reopen_pct(health csflow.health) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_pct(health, 'reopened', 'reopen_total');
COMMENT ON FUNCTION csflow.reopen_pct(csflow.health) IS
'share of the tickets ever solved that were reopened, in per cent; NULL, never 0, without a denominator (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.fcr_pct(health csflow.health) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_pct(health, 'first_contact', 'first_contact_total');
COMMENT ON FUNCTION csflow.fcr_pct(csflow.health) IS
'first-contact resolution: share of the solved tickets that were solved at first contact, in per cent; NULL, never 0, without a denominator (kpi definitions, handbook G2)';

CREATE FUNCTION csflow.first_response(health csflow.health) RETURNS csflow.duration_sketch
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_sketch(health, 'first_response');
COMMENT ON FUNCTION csflow.first_response(csflow.health) IS
'time to the first response by a person, calendar time: sketch of those tickets that have it; NULL where none has (handbook G1)';

CREATE FUNCTION csflow.first_response_business(health csflow.health) RETURNS csflow.duration_sketch
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_sketch(health, 'first_response_business');
COMMENT ON FUNCTION csflow.first_response_business(csflow.health) IS
'time to the first response by a person, business time: sketch of those tickets that have it; NULL where none has (handbook G1)';

CREATE FUNCTION csflow.resolution(health csflow.health) RETURNS csflow.duration_sketch
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_sketch(health, 'resolution');
COMMENT ON FUNCTION csflow.resolution(csflow.health) IS
'time to the resolution, calendar time: sketch of those tickets that have it; NULL where none has (handbook G1)';

CREATE FUNCTION csflow.resolution_business(health csflow.health) RETURNS csflow.duration_sketch
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_sketch(health, 'resolution_business');
COMMENT ON FUNCTION csflow.resolution_business(csflow.health) IS
'time to the resolution, business time: sketch of those tickets that have it; NULL where none has (handbook G1)';

CREATE FUNCTION csflow.waiting(health csflow.health) RETURNS csflow.duration_sketch
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_sketch(health, 'waiting');
COMMENT ON FUNCTION csflow.waiting(csflow.health) IS
'time the customer waited for us, calendar time: sketch of those tickets that have it; NULL where none has (handbook G1)';

CREATE FUNCTION csflow.waiting_business(health csflow.health) RETURNS csflow.duration_sketch
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN csflow.health_sketch(health, 'waiting_business');
COMMENT ON FUNCTION csflow.waiting_business(csflow.health) IS
'time the customer waited for us, business time: sketch of those tickets that have it; NULL where none has (handbook G1)';

CREATE FUNCTION csflow.to_jsonb(sketch csflow.duration_sketch) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN pg_catalog.jsonb_build_object(
  'count', csflow.sketch_count(sketch),
  'mean_seconds', extract(epoch FROM csflow.sketch_mean(sketch)),
  'min_seconds', extract(epoch FROM csflow.sketch_min(sketch)),
  'p50_seconds', extract(epoch FROM csflow.approx_percentile(0.5, sketch)),
  'p90_seconds', extract(epoch FROM csflow.approx_percentile(0.9, sketch)),
  'p95_seconds', extract(epoch FROM csflow.approx_percentile(0.95, sketch)),
  'max_seconds', extract(epoch FROM csflow.sketch_max(sketch)));
COMMENT ON FUNCTION csflow.to_jsonb(csflow.duration_sketch) IS
'figures of a sketch as a JSON object, units in the keys: count, mean, least and greatest exact, percentiles within 1 %; also the cast to jsonb';

CREATE CAST (csflow.duration_sketch AS jsonb) WITH FUNCTION csflow.to_jsonb(csflow.duration_sketch);
COMMENT ON CAST (csflow.duration_sketch AS jsonb) IS 'figures of a sketch as a JSON object, units in the keys; explicit only';

CREATE FUNCTION csflow.to_jsonb(health csflow.health) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN pg_catalog.jsonb_build_object(
  'ticket_count', csflow.ticket_count(health),
  'transferred_count', csflow.transferred_count(health), 'transfer_total_count', csflow.transfer_total_count(health),
  'transfer_pct', csflow.transfer_pct(health), 'transfer_event_count', csflow.transfer_event_count(health),
  'reopened_count', csflow.reopened_count(health), 'reopen_total_count', csflow.reopen_total_count(health),
  'reopen_pct', csflow.reopen_pct(health), 'reopen_event_count', csflow.reopen_event_count(health),
  'fcr_count', csflow.fcr_count(health), 'fcr_total_count', csflow.fcr_total_count(health), 'fcr_pct', csflow.fcr_pct(health),
  'first_response', csflow.to_jsonb(csflow.first_response(health)),
  'resolution', csflow.to_jsonb(csflow.resolution(health)),
  'waiting', csflow.to_jsonb(csflow.waiting(health)),
  'first_response_business', csflow.to_jsonb(csflow.first_response_business(health)),
  'resolution_business', csflow.to_jsonb(csflow.resolution_business(health)),
  'waiting_business', csflow.to_jsonb(csflow.waiting_business(health)));
COMMENT ON FUNCTION csflow.to_jsonb(csflow.health) IS
'health figures as a JSON object, units in the keys (_count, _pct, _seconds), a ratio beside its numerator and denominator, null for what nothing is known of; also the cast to jsonb';

CREATE CAST (csflow.health AS jsonb) WITH FUNCTION csflow.to_jsonb(csflow.health);
COMMENT ON CAST (csflow.health AS jsonb) IS 'health figures as a JSON object, units in the keys; explicit only';
