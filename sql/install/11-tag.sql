-- csflow.tag: kind-domain-priority (handbook B6). Stored so that the bytewise order of bytea is its order, hence bytea's functions.

CREATE TYPE csflow.tag;

CREATE FUNCTION csflow.tag_in(cstring) RETURNS csflow.tag
AS 'MODULE_PATHNAME', 'csf_tag_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_in(cstring) IS
'reads a tag from kind-domain-priority, the dash also full-width, en or em, blanks around each part ignored; 22P02 for anything else (handbook B6)';

CREATE FUNCTION csflow.tag_out(csflow.tag) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_tag_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_out(csflow.tag) IS
'writes a tag as kind-domain-priority, the priority as its letter with 级 where the database is in UTF-8';

CREATE FUNCTION csflow.tag_recv(internal) RETURNS csflow.tag
AS 'MODULE_PATHNAME', 'csf_tag_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_recv(internal) IS
'reads a tag from binary: kind and domain, each with its length in four bytes before it, and one byte of priority; 22P03 when they make no tag';

CREATE FUNCTION csflow.tag_send(csflow.tag) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_tag_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_send(csflow.tag) IS
'writes a tag in binary: kind and domain, each with its length in four bytes before it, and one byte of priority';

CREATE TYPE csflow.tag (INPUT = csflow.tag_in, OUTPUT = csflow.tag_out,
  RECEIVE = csflow.tag_recv, SEND = csflow.tag_send, INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE csflow.tag IS
'tag of the form kind-domain-priority: 故障-支付-E级, 咨询-会员-A级 (handbook B6). Kind and domain have 1 to 64 characters; the priority is read in any form csflow.priority reads';

CREATE FUNCTION csflow.tag_eq(csflow.tag, csflow.tag) RETURNS boolean
AS 'byteaeq' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_eq(csflow.tag, csflow.tag) IS
'whether the first tag is equal to the second: the function behind =';

CREATE FUNCTION csflow.tag_ne(csflow.tag, csflow.tag) RETURNS boolean
AS 'byteane' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_ne(csflow.tag, csflow.tag) IS
'whether the first tag differs from the second: the function behind <>';

CREATE FUNCTION csflow.tag_lt(csflow.tag, csflow.tag) RETURNS boolean
AS 'bytealt' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_lt(csflow.tag, csflow.tag) IS
'whether the first tag sorts before the second: the function behind <';

CREATE FUNCTION csflow.tag_le(csflow.tag, csflow.tag) RETURNS boolean
AS 'byteale' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_le(csflow.tag, csflow.tag) IS
'whether the first tag sorts before or equals the second: the function behind <=';

CREATE FUNCTION csflow.tag_gt(csflow.tag, csflow.tag) RETURNS boolean
AS 'byteagt' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_gt(csflow.tag, csflow.tag) IS
'whether the first tag sorts after the second: the function behind >';

CREATE FUNCTION csflow.tag_ge(csflow.tag, csflow.tag) RETURNS boolean
AS 'byteage' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_ge(csflow.tag, csflow.tag) IS
'whether the first tag sorts after or equals the second: the function behind >=';

CREATE FUNCTION csflow.tag_cmp(csflow.tag, csflow.tag) RETURNS integer
AS 'byteacmp' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_cmp(csflow.tag, csflow.tag) IS
'negative, zero or positive as the first tag sorts before, with or after the second; by kind, then domain, both bytewise in UTF-8 whatever the locale, then priority';

CREATE OPERATOR pg_catalog.= (FUNCTION = csflow.tag_eq, LEFTARG = csflow.tag, RIGHTARG = csflow.tag,
  COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
COMMENT ON OPERATOR pg_catalog.= (csflow.tag, csflow.tag) IS 'equal; by kind, then domain, both bytewise in UTF-8 whatever the locale, then priority';

CREATE OPERATOR pg_catalog.<> (FUNCTION = csflow.tag_ne, LEFTARG = csflow.tag, RIGHTARG = csflow.tag,
  COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=), RESTRICT = neqsel, JOIN = neqjoinsel);
COMMENT ON OPERATOR pg_catalog.<> (csflow.tag, csflow.tag) IS 'not equal; by kind, then domain, both bytewise in UTF-8 whatever the locale, then priority';

CREATE OPERATOR pg_catalog.< (FUNCTION = csflow.tag_lt, LEFTARG = csflow.tag, RIGHTARG = csflow.tag,
  COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
COMMENT ON OPERATOR pg_catalog.< (csflow.tag, csflow.tag) IS 'less than; by kind, then domain, both bytewise in UTF-8 whatever the locale, then priority';

CREATE OPERATOR pg_catalog.<= (FUNCTION = csflow.tag_le, LEFTARG = csflow.tag, RIGHTARG = csflow.tag,
  COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
COMMENT ON OPERATOR pg_catalog.<= (csflow.tag, csflow.tag) IS 'less than or equal; by kind, then domain, both bytewise in UTF-8 whatever the locale, then priority';

CREATE OPERATOR pg_catalog.> (FUNCTION = csflow.tag_gt, LEFTARG = csflow.tag, RIGHTARG = csflow.tag,
  COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
COMMENT ON OPERATOR pg_catalog.> (csflow.tag, csflow.tag) IS 'greater than; by kind, then domain, both bytewise in UTF-8 whatever the locale, then priority';

CREATE OPERATOR pg_catalog.>= (FUNCTION = csflow.tag_ge, LEFTARG = csflow.tag, RIGHTARG = csflow.tag,
  COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);
COMMENT ON OPERATOR pg_catalog.>= (csflow.tag, csflow.tag) IS 'greater than or equal; by kind, then domain, both bytewise in UTF-8 whatever the locale, then priority';

CREATE FUNCTION csflow.tag_sortsupport(internal) RETURNS void
AS 'bytea_sortsupport' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_sortsupport(internal) IS
'lets sorts of tag compare without a function call each';

CREATE FUNCTION csflow.tag_hash(csflow.tag) RETURNS integer
AS 'hashvarlena' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_hash(csflow.tag) IS
'hash of a tag; equal values have equal hashes';

CREATE FUNCTION csflow.tag_hash_extended(csflow.tag, bigint) RETURNS bigint
AS 'hashvarlenaextended' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_hash_extended(csflow.tag, bigint) IS
'64-bit hash of a tag with a seed, for hash partitions';

CREATE FUNCTION csflow.tag_larger(csflow.tag, csflow.tag) RETURNS csflow.tag
AS 'MODULE_PATHNAME', 'csf_tag_larger' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_larger(csflow.tag, csflow.tag) IS
'the greater of two values of tag: the step of max()';

CREATE FUNCTION csflow.tag_smaller(csflow.tag, csflow.tag) RETURNS csflow.tag
AS 'MODULE_PATHNAME', 'csf_tag_smaller' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_smaller(csflow.tag, csflow.tag) IS
'the lesser of two values of tag: the step of min()';

CREATE OPERATOR CLASS csflow.tag_ops DEFAULT FOR TYPE csflow.tag USING btree AS
  OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=, OPERATOR 5 pg_catalog.>,
  FUNCTION 1 csflow.tag_cmp(csflow.tag, csflow.tag),
  FUNCTION 2 csflow.tag_sortsupport(internal),
  FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS csflow.tag_ops USING btree IS 'by kind, then domain, both bytewise in UTF-8 whatever the locale, then priority; equal values have equal bytes, so indexes are deduplicated';
COMMENT ON OPERATOR FAMILY csflow.tag_ops USING btree IS 'by kind, then domain, both bytewise in UTF-8 whatever the locale, then priority';

CREATE OPERATOR CLASS csflow.tag_hash_ops DEFAULT FOR TYPE csflow.tag USING hash AS
  OPERATOR 1 pg_catalog.=,
  FUNCTION 1 csflow.tag_hash(csflow.tag),
  FUNCTION 2 csflow.tag_hash_extended(csflow.tag, bigint);
COMMENT ON OPERATOR CLASS csflow.tag_hash_ops USING hash IS 'equality of tag: hash indexes, hash joins, hash partitions';
COMMENT ON OPERATOR FAMILY csflow.tag_hash_ops USING hash IS 'equality of tag';

CREATE AGGREGATE pg_catalog.min(csflow.tag) (SFUNC = csflow.tag_smaller, STYPE = csflow.tag, COMBINEFUNC = csflow.tag_smaller,
  SORTOP = OPERATOR(pg_catalog.<), PARALLEL = SAFE);
COMMENT ON AGGREGATE pg_catalog.min(csflow.tag) IS 'the tag that sorts first; NULL without input';

CREATE AGGREGATE pg_catalog.max(csflow.tag) (SFUNC = csflow.tag_larger, STYPE = csflow.tag, COMBINEFUNC = csflow.tag_larger,
  SORTOP = OPERATOR(pg_catalog.>), PARALLEL = SAFE);
COMMENT ON AGGREGATE pg_catalog.max(csflow.tag) IS 'the tag that sorts last; NULL without input';

CREATE FUNCTION csflow.tag(kind text, domain text, priority csflow.priority) RETURNS csflow.tag
AS 'MODULE_PATHNAME', 'csf_tag_from_parts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag(text, text, csflow.priority) IS
'tag of a kind and a domain, blanks around them ignored, and a priority; 22023 when kind or domain is empty, longer than 64 characters, or contains a dash, an asterisk or a control character (handbook B6)';

CREATE FUNCTION csflow.tag_kind(tag csflow.tag) RETURNS text
AS 'MODULE_PATHNAME', 'csf_tag_kind' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_kind(csflow.tag) IS
'kind of a tag: 故障 of 故障-支付-E级';

CREATE FUNCTION csflow.tag_domain(tag csflow.tag) RETURNS text
AS 'MODULE_PATHNAME', 'csf_tag_domain' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_domain(csflow.tag) IS
'domain of a tag: 支付 of 故障-支付-E级';

CREATE FUNCTION csflow.tag_priority(tag csflow.tag) RETURNS csflow.priority
AS 'MODULE_PATHNAME', 'csf_tag_priority' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_priority(csflow.tag) IS
'priority of a tag: E of 故障-支付-E级';

CREATE FUNCTION csflow.tag_matches_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'csf_tag_matches_support' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.tag_matches_support(internal) IS
'lets the planner use a btree or hash index on a tag for tag_matches() and ~ where the search fixes the kind';

CREATE FUNCTION csflow.tag_matches(tag csflow.tag, search text) RETURNS boolean
AS 'MODULE_PATHNAME', 'csf_tag_matches_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT csflow.tag_matches_support;
COMMENT ON FUNCTION csflow.tag_matches(csflow.tag, text) IS
'whether a tag matches a search by part: 故障-*-E; * stands for any value, open parts at the end may be left out; 22023 when the search is malformed. An index on the tag is used when the search is a constant that fixes the kind (handbook B6)';

CREATE OPERATOR pg_catalog.~ (FUNCTION = csflow.tag_matches, LEFTARG = csflow.tag, RIGHTARG = text,
  RESTRICT = matchingsel, JOIN = matchingjoinsel);
COMMENT ON OPERATOR pg_catalog.~ (csflow.tag, text) IS 'tag matches a search by part, for example 故障-*-E';
