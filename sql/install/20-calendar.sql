-- csflow.calendar: a working calendar as a value (handbook D8, design 2.4 and 4).

CREATE TYPE csflow.calendar;

CREATE FUNCTION csflow.calendar_in(cstring) RETURNS csflow.calendar
AS 'MODULE_PATHNAME', 'csf_calendar_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.calendar_in(cstring) IS
'reads a working calendar: zone; weekdays and shifts; dates; from; until. 22P02 with clause and character for an unknown zone, bad or overlapping shifts, bad or conflicting dates, no open time (design 4)';

CREATE FUNCTION csflow.calendar_out(csflow.calendar) RETURNS cstring
AS 'MODULE_PATHNAME', 'csf_calendar_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_out(csflow.calendar) IS
'writes the canonical text of a calendar; equal calendars have equal text, and it reads back as the same calendar';

CREATE FUNCTION csflow.calendar_recv(internal) RETURNS csflow.calendar
AS 'MODULE_PATHNAME', 'csf_calendar_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.calendar_recv(internal) IS
'reads the binary form of a calendar: a version byte (1) and its text, checked as on input; 22P03 if it is refused';

CREATE FUNCTION csflow.calendar_send(csflow.calendar) RETURNS bytea
AS 'MODULE_PATHNAME', 'csf_calendar_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_send(csflow.calendar) IS
'writes the binary form of a calendar: a version byte (1) and the canonical text';

-- Uncompressed, so that the digest in front of a value kept out of line is read alone.
CREATE TYPE csflow.calendar (INPUT = csflow.calendar_in, OUTPUT = csflow.calendar_out,
  RECEIVE = csflow.calendar_recv, SEND = csflow.calendar_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = external, CATEGORY = 'U');
COMMENT ON TYPE csflow.calendar IS
'working calendar, for example "Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00; 2026-10-01..2026-10-07 off; 2026-10-10 as mon; until 2026-12-31" (handbook D8). Dates from 1900-01-01 to 2200-12-31, at most 48 shifts a day';

CREATE FUNCTION csflow.calendar_eq(csflow.calendar, csflow.calendar) RETURNS boolean
AS 'MODULE_PATHNAME', 'csf_calendar_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_eq(csflow.calendar, csflow.calendar) IS
'whether two calendars are equal, by canonical text: the function behind =';

CREATE FUNCTION csflow.calendar_ne(csflow.calendar, csflow.calendar) RETURNS boolean
AS 'MODULE_PATHNAME', 'csf_calendar_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_ne(csflow.calendar, csflow.calendar) IS
'whether two calendars differ, by canonical text: the function behind <>';

CREATE FUNCTION csflow.calendar_lt(csflow.calendar, csflow.calendar) RETURNS boolean
AS 'MODULE_PATHNAME', 'csf_calendar_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_lt(csflow.calendar, csflow.calendar) IS
'whether the first calendar sorts before the second, by canonical text: the function behind <';

CREATE FUNCTION csflow.calendar_le(csflow.calendar, csflow.calendar) RETURNS boolean
AS 'MODULE_PATHNAME', 'csf_calendar_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_le(csflow.calendar, csflow.calendar) IS
'whether the first calendar sorts before or equals the second, by canonical text: the function behind <=';

CREATE FUNCTION csflow.calendar_gt(csflow.calendar, csflow.calendar) RETURNS boolean
AS 'MODULE_PATHNAME', 'csf_calendar_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_gt(csflow.calendar, csflow.calendar) IS
'whether the first calendar sorts after the second, by canonical text: the function behind >';

CREATE FUNCTION csflow.calendar_ge(csflow.calendar, csflow.calendar) RETURNS boolean
AS 'MODULE_PATHNAME', 'csf_calendar_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_ge(csflow.calendar, csflow.calendar) IS
'whether the first calendar sorts after or equals the second, by canonical text: the function behind >=';

CREATE FUNCTION csflow.calendar_cmp(csflow.calendar, csflow.calendar) RETURNS integer
AS 'MODULE_PATHNAME', 'csf_calendar_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_cmp(csflow.calendar, csflow.calendar) IS
'negative, zero or positive as the first calendar sorts before, with or after the second, by the bytes of the canonical text';

CREATE OPERATOR pg_catalog.= (FUNCTION = csflow.calendar_eq, LEFTARG = csflow.calendar, RIGHTARG = csflow.calendar,
  COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
COMMENT ON OPERATOR pg_catalog.= (csflow.calendar, csflow.calendar) IS 'equal, by canonical text';

CREATE OPERATOR pg_catalog.<> (FUNCTION = csflow.calendar_ne, LEFTARG = csflow.calendar, RIGHTARG = csflow.calendar,
  COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=), RESTRICT = neqsel, JOIN = neqjoinsel);
COMMENT ON OPERATOR pg_catalog.<> (csflow.calendar, csflow.calendar) IS 'not equal, by canonical text';

CREATE OPERATOR pg_catalog.< (FUNCTION = csflow.calendar_lt, LEFTARG = csflow.calendar, RIGHTARG = csflow.calendar,
  COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
COMMENT ON OPERATOR pg_catalog.< (csflow.calendar, csflow.calendar) IS 'less than, by canonical text';

CREATE OPERATOR pg_catalog.<= (FUNCTION = csflow.calendar_le, LEFTARG = csflow.calendar, RIGHTARG = csflow.calendar,
  COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
COMMENT ON OPERATOR pg_catalog.<= (csflow.calendar, csflow.calendar) IS 'less than or equal, by canonical text';

CREATE OPERATOR pg_catalog.> (FUNCTION = csflow.calendar_gt, LEFTARG = csflow.calendar, RIGHTARG = csflow.calendar,
  COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
COMMENT ON OPERATOR pg_catalog.> (csflow.calendar, csflow.calendar) IS 'greater than, by canonical text';

CREATE OPERATOR pg_catalog.>= (FUNCTION = csflow.calendar_ge, LEFTARG = csflow.calendar, RIGHTARG = csflow.calendar,
  COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);
COMMENT ON OPERATOR pg_catalog.>= (csflow.calendar, csflow.calendar) IS 'greater than or equal, by canonical text';

CREATE FUNCTION csflow.calendar_hash(csflow.calendar) RETURNS integer
AS 'MODULE_PATHNAME', 'csf_calendar_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_hash(csflow.calendar) IS
'hash of a calendar; equal calendars have equal hashes';

CREATE FUNCTION csflow.calendar_hash_extended(csflow.calendar, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_calendar_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_hash_extended(csflow.calendar, bigint) IS
'64-bit hash of a calendar with a seed, for hash partitions';

CREATE OPERATOR CLASS csflow.calendar_ops DEFAULT FOR TYPE csflow.calendar USING btree AS
  OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=, OPERATOR 5 pg_catalog.>,
  FUNCTION 1 csflow.calendar_cmp(csflow.calendar, csflow.calendar);
COMMENT ON OPERATOR CLASS csflow.calendar_ops USING btree IS 'by the bytes of the canonical text';
COMMENT ON OPERATOR FAMILY csflow.calendar_ops USING btree IS 'by the bytes of the canonical text';

CREATE OPERATOR CLASS csflow.calendar_hash_ops DEFAULT FOR TYPE csflow.calendar USING hash AS
  OPERATOR 1 pg_catalog.=,
  FUNCTION 1 csflow.calendar_hash(csflow.calendar),
  FUNCTION 2 csflow.calendar_hash_extended(csflow.calendar, bigint);
COMMENT ON OPERATOR CLASS csflow.calendar_hash_ops USING hash IS 'equality of calendars: hash indexes, hash joins, hash partitions';
COMMENT ON OPERATOR FAMILY csflow.calendar_hash_ops USING hash IS 'equality of calendars';

CREATE FUNCTION csflow.zone_name(zone text) RETURNS text
AS 'MODULE_PATHNAME', 'csf_zone_name' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.zone_name(text) IS
'IANA name of a time zone as this server spells it. Argument: a name in any case. Errors: 22023 no such zone (abbreviations, offsets and POSIX rules are none, for they follow no law about daylight saving). Design 2.7.';

CREATE FUNCTION csflow.calendar_zone(calendar csflow.calendar) RETURNS text
AS 'MODULE_PATHNAME', 'csf_calendar_zone' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_zone(csflow.calendar) IS
'time zone of a calendar as the time zone database spells it (design 4)';

CREATE FUNCTION csflow.calendar_from(calendar csflow.calendar) RETURNS date
AS 'MODULE_PATHNAME', 'csf_calendar_from' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.calendar_from(csflow.calendar) IS
'first date for which the calendar knows the holidays; NULL if it does not say (design 4)';

CREATE FUNCTION csflow.calendar_until(calendar csflow.calendar) RETURNS date
AS 'MODULE_PATHNAME', 'csf_calendar_until' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.calendar_until(csflow.calendar) IS
'last date for which the calendar knows the holidays; NULL if it does not say (design 4)';

CREATE FUNCTION csflow.calendar_merge(calendar csflow.calendar, dates date[], rules text[], until date DEFAULT NULL)
RETURNS csflow.calendar
AS 'MODULE_PATHNAME', 'csf_calendar_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION csflow.calendar_merge(csflow.calendar, date[], text[], date) IS
'the calendar with single dates changed: rules[i] says what happens on dates[i], as in a date clause (off, as mon, 09:00-12:00,13:00-18:00) and replaces what the calendar said of that date; of two for one date the later holds. until, if given, replaces the end of the data on holidays. NULL if calendar, dates or rules is NULL; 22023 for a bad rule or when no open time is left, 2202E for arrays of different length, 22004 for a NULL element, 22008 for a date before 1900 or after 2200 (handbook D8)';
