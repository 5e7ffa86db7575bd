-- csflow.ticket_no: YYYYMM + serial (handbook A4, design 2.15). A bigint inside, YYYYMM * 10^10 + serial; compared and hashed as bigint is.

CREATE TYPE csflow.ticket_no;

CREATE FUNCTION csflow.ticket_no_in(cstring) RETURNS csflow.ticket_no
AS 'MODULE_PATHNAME', 'csf_ticket_no_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_in(cstring) IS
'reads a ticket number from YYYYMM and a serial with at least three digits and no superfluous zeros; 22P02 for anything else (handbook A4)';

CREATE FUNCTION csflow.ticket_no_out(csflow.ticket_no) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_ticket_no_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_out(csflow.ticket_no) IS
'writes a ticket number as YYYYMM and the serial with at least three digits';

CREATE FUNCTION csflow.ticket_no_recv(internal) RETURNS csflow.ticket_no
AS 'MODULE_PATHNAME', 'csf_ticket_no_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_recv(internal) IS
'reads a ticket number from the eight bytes of its internal value, YYYYMM * 10^10 + serial; 22P03 when it is none';

CREATE FUNCTION csflow.ticket_no_send(csflow.ticket_no) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_ticket_no_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_send(csflow.ticket_no) IS
'writes the internal value of a ticket number, YYYYMM * 10^10 + serial, as eight bytes';

CREATE TYPE csflow.ticket_no (INPUT = csflow.ticket_no_in, OUTPUT = csflow.ticket_no_out,
  RECEIVE = csflow.ticket_no_recv, SEND = csflow.ticket_no_send, LIKE = pg_catalog.int8);
COMMENT ON TYPE csflow.ticket_no IS
'ticket number: year and month, then the serial of the month with at least three digits, 202310001 (handbook A4). Serials go from 1 to 9999999999, years from 1900 to 9999';

CREATE FUNCTION csflow.ticket_no_eq(csflow.ticket_no, csflow.ticket_no) RETURNS boolean
AS 'int8eq' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_eq(csflow.ticket_no, csflow.ticket_no) IS
'whether the first ticket_no is equal to the second: the function behind =';

CREATE FUNCTION csflow.ticket_no_ne(csflow.ticket_no, csflow.ticket_no) RETURNS boolean
AS 'int8ne' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_ne(csflow.ticket_no, csflow.ticket_no) IS
'whether the first ticket_no differs from the second: the function behind <>';

CREATE FUNCTION csflow.ticket_no_lt(csflow.ticket_no, csflow.ticket_no) RETURNS boolean
AS 'int8lt' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_lt(csflow.ticket_no, csflow.ticket_no) IS
'whether the first ticket_no sorts before the second: the function behind <';

CREATE FUNCTION csflow.ticket_no_le(csflow.ticket_no, csflow.ticket_no) RETURNS boolean
AS 'int8le' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_le(csflow.ticket_no, csflow.ticket_no) IS
'whether the first ticket_no sorts before or equals the second: the function behind <=';

CREATE FUNCTION csflow.ticket_no_gt(csflow.ticket_no, csflow.ticket_no) RETURNS boolean
AS 'int8gt' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_gt(csflow.ticket_no, csflow.ticket_no) IS
'whether the first ticket_no sorts after the second: the function behind >';

CREATE FUNCTION csflow.ticket_no_ge(csflow.ticket_no, csflow.ticket_no) RETURNS boolean
AS 'int8ge' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_ge(csflow.ticket_no, csflow.ticket_no) IS
'whether the first ticket_no sorts after or equals the second: the function behind >=';

CREATE FUNCTION csflow.ticket_no_cmp(csflow.ticket_no, csflow.ticket_no) RETURNS integer
AS 'btint8cmp' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_cmp(csflow.ticket_no, csflow.ticket_no) IS
'negative, zero or positive as the first ticket_no sorts before, with or after the second; by month, then serial';

CREATE OPERATOR pg_catalog.= (FUNCTION = csflow.ticket_no_eq, LEFTARG = csflow.ticket_no, RIGHTARG = csflow.ticket_no,
  COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
COMMENT ON OPERATOR pg_catalog.= (csflow.ticket_no, csflow.ticket_no) IS 'equal; by month, then serial';

CREATE OPERATOR pg_catalog.<> (FUNCTION = csflow.ticket_no_ne, LEFTARG = csflow.ticket_no, RIGHTARG = csflow.ticket_no,
  COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=), RESTRICT = neqsel, JOIN = neqjoinsel);
COMMENT ON OPERATOR pg_catalog.<> (csflow.ticket_no, csflow.ticket_no) IS 'not equal; by month, then serial';

CREATE OPERATOR pg_catalog.< (FUNCTION = csflow.ticket_no_lt, LEFTARG = csflow.ticket_no, RIGHTARG = csflow.ticket_no,
  COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
COMMENT ON OPERATOR pg_catalog.< (csflow.ticket_no, csflow.ticket_no) IS 'less than; by month, then serial';

CREATE OPERATOR pg_catalog.<= (FUNCTION = csflow.ticket_no_le, LEFTARG = csflow.ticket_no, RIGHTARG = csflow.ticket_no,
  COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
COMMENT ON OPERATOR pg_catalog.<= (csflow.ticket_no, csflow.ticket_no) IS 'less than or equal; by month, then serial';

CREATE OPERATOR pg_catalog.> (FUNCTION = csflow.ticket_no_gt, LEFTARG = csflow.ticket_no, RIGHTARG = csflow.ticket_no,
  COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
COMMENT ON OPERATOR pg_catalog.> (csflow.ticket_no, csflow.ticket_no) IS 'greater than; by month, then serial';

CREATE OPERATOR pg_catalog.>= (FUNCTION = csflow.ticket_no_ge, LEFTARG = csflow.ticket_no, RIGHTARG = csflow.ticket_no,
  COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);
COMMENT ON OPERATOR pg_catalog.>= (csflow.ticket_no, csflow.ticket_no) IS 'greater than or equal; by month, then serial';

CREATE FUNCTION csflow.ticket_no_sortsupport(internal) RETURNS void
AS 'btint8sortsupport' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_sortsupport(internal) IS
'lets sorts of ticket_no compare without a function call each';

CREATE FUNCTION csflow.ticket_no_hash(csflow.ticket_no) RETURNS integer
AS 'hashint8' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_hash(csflow.ticket_no) IS
'hash of a ticket_no; equal values have equal hashes';

CREATE FUNCTION csflow.ticket_no_hash_extended(csflow.ticket_no, bigint) RETURNS bigint
AS 'hashint8extended' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_hash_extended(csflow.ticket_no, bigint) IS
'64-bit hash of a ticket_no with a seed, for hash partitions';

CREATE FUNCTION csflow.ticket_no_larger(csflow.ticket_no, csflow.ticket_no) RETURNS csflow.ticket_no
AS 'int8larger' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_larger(csflow.ticket_no, csflow.ticket_no) IS
'the greater of two values of ticket_no: the step of max()';

CREATE FUNCTION csflow.ticket_no_smaller(csflow.ticket_no, csflow.ticket_no) RETURNS csflow.ticket_no
AS 'int8smaller' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_smaller(csflow.ticket_no, csflow.ticket_no) IS
'the lesser of two values of ticket_no: the step of min()';

CREATE OPERATOR CLASS csflow.ticket_no_ops DEFAULT FOR TYPE csflow.ticket_no USING btree AS
  OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=, OPERATOR 5 pg_catalog.>,
  FUNCTION 1 csflow.ticket_no_cmp(csflow.ticket_no, csflow.ticket_no),
  FUNCTION 2 csflow.ticket_no_sortsupport(internal),
  FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS csflow.ticket_no_ops USING btree IS 'by month, then serial; equal values have equal bytes, so indexes are deduplicated';
COMMENT ON OPERATOR FAMILY csflow.ticket_no_ops USING btree IS 'by month, then serial';

CREATE OPERATOR CLASS csflow.ticket_no_hash_ops DEFAULT FOR TYPE csflow.ticket_no USING hash AS
  OPERATOR 1 pg_catalog.=,
  FUNCTION 1 csflow.ticket_no_hash(csflow.ticket_no),
  FUNCTION 2 csflow.ticket_no_hash_extended(csflow.ticket_no, bigint);
COMMENT ON OPERATOR CLASS csflow.ticket_no_hash_ops USING hash IS 'equality of ticket_no: hash indexes, hash joins, hash partitions';
COMMENT ON OPERATOR FAMILY csflow.ticket_no_hash_ops USING hash IS 'equality of ticket_no';

CREATE AGGREGATE pg_catalog.min(csflow.ticket_no) (SFUNC = csflow.ticket_no_smaller, STYPE = csflow.ticket_no, COMBINEFUNC = csflow.ticket_no_smaller,
  SORTOP = OPERATOR(pg_catalog.<), PARALLEL = SAFE);
COMMENT ON AGGREGATE pg_catalog.min(csflow.ticket_no) IS 'the earliest ticket number; NULL without input';

CREATE AGGREGATE pg_catalog.max(csflow.ticket_no) (SFUNC = csflow.ticket_no_larger, STYPE = csflow.ticket_no, COMBINEFUNC = csflow.ticket_no_larger,
  SORTOP = OPERATOR(pg_catalog.>), PARALLEL = SAFE);
COMMENT ON AGGREGATE pg_catalog.max(csflow.ticket_no) IS 'the latest ticket number; NULL without input';

CREATE FUNCTION csflow.ticket_no(month date, serial bigint) RETURNS csflow.ticket_no
AS 'MODULE_PATHNAME', 'csf_ticket_no_from_month' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no(date, bigint) IS
'ticket number of a month, given by any of its days, and a serial from 1 to 9999999999; 22003 or 22008 out of range (handbook A4)';

CREATE FUNCTION csflow.ticket_month(ticket_no csflow.ticket_no) RETURNS date
AS 'MODULE_PATHNAME', 'csf_ticket_no_month_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_month(csflow.ticket_no) IS
'first day of the month of a ticket number: 2023-10-01 of 202310001';

CREATE FUNCTION csflow.ticket_serial(ticket_no csflow.ticket_no) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_ticket_no_serial_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_serial(csflow.ticket_no) IS
'serial of a ticket number in its month: 1 of 202310001';

CREATE FUNCTION csflow.ticket_no_to_bigint(csflow.ticket_no) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_ticket_no_to_int8' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_to_bigint(csflow.ticket_no) IS
'internal value of a ticket number, YYYYMM * 10^10 + serial; the function behind the cast to bigint';

CREATE FUNCTION csflow.ticket_no_from_bigint(bigint) RETURNS csflow.ticket_no
AS 'MODULE_PATHNAME', 'csf_ticket_no_from_int8' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.ticket_no_from_bigint(bigint) IS
'ticket number of an internal value, YYYYMM * 10^10 + serial; 22003 when there is none; the function behind the cast from bigint';

CREATE CAST (csflow.ticket_no AS bigint) WITH FUNCTION csflow.ticket_no_to_bigint(csflow.ticket_no);
COMMENT ON CAST (csflow.ticket_no AS bigint) IS 'internal value, YYYYMM * 10^10 + serial; explicit only';

CREATE CAST (bigint AS csflow.ticket_no) WITH FUNCTION csflow.ticket_no_from_bigint(bigint);
COMMENT ON CAST (bigint AS csflow.ticket_no) IS 'ticket number of an internal value, YYYYMM * 10^10 + serial; explicit only; 22003 when there is none';
