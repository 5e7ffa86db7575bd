-- csflow.priority: how urgent a ticket is (handbook B3). One byte by value; compared and hashed as "char" is, by rank.

CREATE TYPE csflow.priority;

CREATE FUNCTION csflow.priority_in(cstring) RETURNS csflow.priority
AS 'MODULE_PATHNAME', 'csf_priority_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_in(cstring) IS
'reads a priority from text in any accepted form, blanks around it ignored; 22P02 for anything else (handbook B3)';

CREATE FUNCTION csflow.priority_out(csflow.priority) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_priority_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_out(csflow.priority) IS
'writes a priority as its letter: E, A, B or C';

CREATE FUNCTION csflow.priority_recv(internal) RETURNS csflow.priority
AS 'MODULE_PATHNAME', 'csf_priority_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_recv(internal) IS
'reads a priority from one byte: 1 for C, 2 for B, 3 for A, 4 for E; 22P03 for anything else';

CREATE FUNCTION csflow.priority_send(csflow.priority) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_priority_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_send(csflow.priority) IS
'writes a priority as one byte, its rank: 1 for C, 2 for B, 3 for A, 4 for E';

CREATE TYPE csflow.priority (INPUT = csflow.priority_in, OUTPUT = csflow.priority_out,
  RECEIVE = csflow.priority_recv, SEND = csflow.priority_send, LIKE = pg_catalog."char");
COMMENT ON TYPE csflow.priority IS
'priority of a ticket, E > A > B > C (handbook B3). Written E, A, B, C; reads these, 紧急, 高, 中, 低, each with or without 级, and urgent, high, medium, low, in any case, traditional or full-width';

CREATE FUNCTION csflow.priority_eq(csflow.priority, csflow.priority) RETURNS boolean
AS 'chareq' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_eq(csflow.priority, csflow.priority) IS
'whether the first priority is equal to the second: the function behind =';

CREATE FUNCTION csflow.priority_ne(csflow.priority, csflow.priority) RETURNS boolean
AS 'charne' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_ne(csflow.priority, csflow.priority) IS
'whether the first priority differs from the second: the function behind <>';

CREATE FUNCTION csflow.priority_lt(csflow.priority, csflow.priority) RETURNS boolean
AS 'charlt' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_lt(csflow.priority, csflow.priority) IS
'whether the first priority sorts before the second: the function behind <';

CREATE FUNCTION csflow.priority_le(csflow.priority, csflow.priority) RETURNS boolean
AS 'charle' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_le(csflow.priority, csflow.priority) IS
'whether the first priority sorts before or equals the second: the function behind <=';

CREATE FUNCTION csflow.priority_gt(csflow.priority, csflow.priority) RETURNS boolean
AS 'chargt' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_gt(csflow.priority, csflow.priority) IS
'whether the first priority sorts after the second: the function behind >';

CREATE FUNCTION csflow.priority_ge(csflow.priority, csflow.priority) RETURNS boolean
AS 'charge' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_ge(csflow.priority, csflow.priority) IS
'whether the first priority sorts after or equals the second: the function behind >=';

CREATE FUNCTION csflow.priority_cmp(csflow.priority, csflow.priority) RETURNS integer
AS 'btcharcmp' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_cmp(csflow.priority, csflow.priority) IS
'negative, zero or positive as the first priority sorts before, with or after the second; C < B < A < E';

CREATE OPERATOR pg_catalog.= (FUNCTION = csflow.priority_eq, LEFTARG = csflow.priority, RIGHTARG = csflow.priority,
  COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
COMMENT ON OPERATOR pg_catalog.= (csflow.priority, csflow.priority) IS 'equal; C < B < A < E';

CREATE OPERATOR pg_catalog.<> (FUNCTION = csflow.priority_ne, LEFTARG = csflow.priority, RIGHTARG = csflow.priority,
  COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=), RESTRICT = neqsel, JOIN = neqjoinsel);
COMMENT ON OPERATOR pg_catalog.<> (csflow.priority, csflow.priority) IS 'not equal; C < B < A < E';

CREATE OPERATOR pg_catalog.< (FUNCTION = csflow.priority_lt, LEFTARG = csflow.priority, RIGHTARG = csflow.priority,
  COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
COMMENT ON OPERATOR pg_catalog.< (csflow.priority, csflow.priority) IS 'less than; C < B < A < E';

CREATE OPERATOR pg_catalog.<= (FUNCTION = csflow.priority_le, LEFTARG = csflow.priority, RIGHTARG = csflow.priority,
  COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
COMMENT ON OPERATOR pg_catalog.<= (csflow.priority, csflow.priority) IS 'less than or equal; C < B < A < E';

CREATE OPERATOR pg_catalog.> (FUNCTION = csflow.priority_gt, LEFTARG = csflow.priority, RIGHTARG = csflow.priority,
  COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
COMMENT ON OPERATOR pg_catalog.> (csflow.priority, csflow.priority) IS 'greater than; C < B < A < E';

CREATE OPERATOR pg_catalog.>= (FUNCTION = csflow.priority_ge, LEFTARG = csflow.priority, RIGHTARG = csflow.priority,
  COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);
COMMENT ON OPERATOR pg_catalog.>= (csflow.priority, csflow.priority) IS 'greater than or equal; C < B < A < E';

CREATE FUNCTION csflow.priority_sortsupport(internal) RETURNS void
AS 'MODULE_PATHNAME', 'csf_priority_sortsupport' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_sortsupport(internal) IS
'lets sorts of priority compare without a function call each';

CREATE FUNCTION csflow.priority_hash(csflow.priority) RETURNS integer
AS 'hashchar' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_hash(csflow.priority) IS
'hash of a priority; equal values have equal hashes';

CREATE FUNCTION csflow.priority_hash_extended(csflow.priority, bigint) RETURNS bigint
AS 'hashcharextended' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_hash_extended(csflow.priority, bigint) IS
'64-bit hash of a priority with a seed, for hash partitions';

CREATE FUNCTION csflow.priority_larger(csflow.priority, csflow.priority) RETURNS csflow.priority
AS 'MODULE_PATHNAME', 'csf_priority_larger' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_larger(csflow.priority, csflow.priority) IS
'the greater of two values of priority: the step of max()';

CREATE FUNCTION csflow.priority_smaller(csflow.priority, csflow.priority) RETURNS csflow.priority
AS 'MODULE_PATHNAME', 'csf_priority_smaller' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_smaller(csflow.priority, csflow.priority) IS
'the lesser of two values of priority: the step of min()';

CREATE OPERATOR CLASS csflow.priority_ops DEFAULT FOR TYPE csflow.priority USING btree AS
  OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=, OPERATOR 5 pg_catalog.>,
  FUNCTION 1 csflow.priority_cmp(csflow.priority, csflow.priority),
  FUNCTION 2 csflow.priority_sortsupport(internal),
  FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS csflow.priority_ops USING btree IS 'by urgency: C < B < A < E; equal values have equal bytes, so indexes are deduplicated';
COMMENT ON OPERATOR FAMILY csflow.priority_ops USING btree IS 'by urgency: C < B < A < E';

CREATE OPERATOR CLASS csflow.priority_hash_ops DEFAULT FOR TYPE csflow.priority USING hash AS
  OPERATOR 1 pg_catalog.=,
  FUNCTION 1 csflow.priority_hash(csflow.priority),
  FUNCTION 2 csflow.priority_hash_extended(csflow.priority, bigint);
COMMENT ON OPERATOR CLASS csflow.priority_hash_ops USING hash IS 'equality of priority: hash indexes, hash joins, hash partitions';
COMMENT ON OPERATOR FAMILY csflow.priority_hash_ops USING hash IS 'equality of priority';

CREATE AGGREGATE pg_catalog.min(csflow.priority) (SFUNC = csflow.priority_smaller, STYPE = csflow.priority, COMBINEFUNC = csflow.priority_smaller,
  SORTOP = OPERATOR(pg_catalog.<), PARALLEL = SAFE);
COMMENT ON AGGREGATE pg_catalog.min(csflow.priority) IS 'the least urgent priority; NULL without input';

CREATE AGGREGATE pg_catalog.max(csflow.priority) (SFUNC = csflow.priority_larger, STYPE = csflow.priority, COMBINEFUNC = csflow.priority_larger,
  SORTOP = OPERATOR(pg_catalog.>), PARALLEL = SAFE);
COMMENT ON AGGREGATE pg_catalog.max(csflow.priority) IS 'the most urgent priority; NULL without input';

CREATE FUNCTION csflow.priority_to_smallint(csflow.priority) RETURNS smallint
AS 'MODULE_PATHNAME', 'csf_priority_to_int2' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_to_smallint(csflow.priority) IS
'rank of a priority: 1 for C, 2 for B, 3 for A, 4 for E; the function behind the cast to smallint';

CREATE FUNCTION csflow.priority_to_integer(csflow.priority) RETURNS integer
AS 'MODULE_PATHNAME', 'csf_priority_to_int4' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_to_integer(csflow.priority) IS
'rank of a priority: 1 for C, 2 for B, 3 for A, 4 for E; the function behind the cast to integer';

CREATE FUNCTION csflow.priority_from_integer(integer) RETURNS csflow.priority
AS 'MODULE_PATHNAME', 'csf_priority_from_int4' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_from_integer(integer) IS
'priority of a rank from 1 (C) to 4 (E); 22003 for any other; the function behind the cast from integer';

CREATE CAST (csflow.priority AS smallint) WITH FUNCTION csflow.priority_to_smallint(csflow.priority);
COMMENT ON CAST (csflow.priority AS smallint) IS 'rank: 1 for C, 2 for B, 3 for A, 4 for E; explicit only';

CREATE CAST (csflow.priority AS integer) WITH FUNCTION csflow.priority_to_integer(csflow.priority);
COMMENT ON CAST (csflow.priority AS integer) IS 'rank: 1 for C, 2 for B, 3 for A, 4 for E; explicit only';

CREATE CAST (integer AS csflow.priority) WITH FUNCTION csflow.priority_from_integer(integer);
COMMENT ON CAST (integer AS csflow.priority) IS 'priority of a rank from 1 to 4; explicit only; 22003 out of range';

CREATE FUNCTION csflow.priority_caption(priority csflow.priority, lang text DEFAULT 'zh') RETURNS text
AS 'MODULE_PATHNAME', 'csf_priority_caption_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_caption(csflow.priority, text) IS
'the word for a priority in a language, zh (紧急, 高, 中, 低) or en (urgent, high, medium, low); 22023 for another language';

CREATE FUNCTION csflow.priority_raise(priority csflow.priority, levels integer) RETURNS csflow.priority
AS 'MODULE_PATHNAME', 'csf_priority_raise_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.priority_raise(csflow.priority, integer) IS
'the priority so many levels up, E at most; a negative number lowers, to C at least (handbook B4)';
