-- Arithmetic on business time (handbook D8, A2; design 2.5 and 4). IMMUTABLE in the sense of timezone(text, timestamptz).

CREATE FUNCTION csflow.business_add(calendar csflow.calendar, start timestamptz, duration interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'csf_business_add_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.business_add(csflow.calendar, timestamptz, interval) IS
'instant after that much open time; negative goes back. Days count working days first, to the same local time of day on the n-th working day; hours and less are open time. A sum that uses up a shift ends at its closing edge. Infinite instants stay; zero leaves the start as it is. 22023 for months, 22008 outside the years 1900 to 2200 (handbook D8, design 2.5)';

CREATE FUNCTION csflow.business_between(calendar csflow.calendar, start timestamptz, finish timestamptz) RETURNS interval
AS 'MODULE_PATHNAME', 'csf_business_between_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.business_between(csflow.calendar, timestamptz, timestamptz) IS
'open time from start to finish as hours and less, never days; negative when finish comes first. 22008 for infinite instants and outside the years 1900 to 2200 (handbook D8, design 2.5)';

CREATE FUNCTION csflow.business_open(calendar csflow.calendar, at timestamptz) RETURNS boolean
AS 'MODULE_PATHNAME', 'csf_business_open_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.business_open(csflow.calendar, timestamptz) IS
'whether the instant lies in a shift: the opening edge does, the closing edge does not; infinite instants do not. 22008 outside the years 1900 to 2200 (handbook D8, design 2.5)';

CREATE FUNCTION csflow.business_next_open(calendar csflow.calendar, at timestamptz) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'csf_business_next_open_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.business_next_open(csflow.calendar, timestamptz) IS
'the earliest open instant from this one on: itself when it is open; infinity when none follows up to 2200. 22008 outside the years 1900 to 2200 (handbook D8, design 2.5)';

CREATE FUNCTION csflow.business_next_close(calendar csflow.calendar, at timestamptz) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'csf_business_next_close_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.business_next_close(csflow.calendar, timestamptz) IS
'the closing edge of the open time the instant lies in, or of the next one; infinity when there is none up to 2200, as for 24x7. 22008 outside the years 1900 to 2200 (handbook D8, design 2.5)';

CREATE FUNCTION csflow.calendar_covers(calendar csflow.calendar, at timestamptz) RETURNS boolean
AS 'MODULE_PATHNAME', 'csf_calendar_covers_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.calendar_covers(csflow.calendar, timestamptz) IS
'whether the data of the calendar on holidays reach over the local date of the instant (its from and until); false outside the years 1900 to 2200 (design 4)';

CREATE FUNCTION csflow.add_working_days(calendar csflow.calendar, start date, days integer) RETURNS date
AS 'MODULE_PATHNAME', 'csf_add_working_days_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.add_working_days(csflow.calendar, date, integer) IS
'the n-th working day strictly after the date, before it when negative; for 0 the date itself or the next working day. A working day is a local date with open time. Infinite dates stay; 22008 outside the years 1900 to 2200 (handbook D8)';

CREATE FUNCTION csflow.count_working_days(calendar csflow.calendar, start date, finish date) RETURNS integer
AS 'MODULE_PATHNAME', 'csf_count_working_days_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.count_working_days(csflow.calendar, date, date) IS
'working days from start to finish, both included; negative when finish comes first. 22008 outside the years 1900 to 2200 (handbook D8)';

CREATE FUNCTION csflow.is_working_day(calendar csflow.calendar, day date) RETURNS boolean
AS 'MODULE_PATHNAME', 'csf_is_working_day_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION csflow.is_working_day(csflow.calendar, date) IS
'whether the local date has open time; infinite dates have none. 22008 outside the years 1900 to 2200 (handbook D8)';

CREATE FUNCTION csflow.business_intervals(calendar csflow.calendar, start timestamptz, finish timestamptz)
RETURNS TABLE (opens_at timestamptz, closes_at timestamptz)
AS 'MODULE_PATHNAME', 'csf_business_intervals_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION csflow.business_intervals(csflow.calendar, timestamptz, timestamptz) IS
'the open time between two instants as half-open intervals in ascending order, cut at both ends; no row when finish does not come after start. 22008 outside the years 1900 to 2200 (handbook D8)';

CREATE FUNCTION csflow.calendar_days(calendar csflow.calendar, start date, finish date)
RETURNS TABLE (day date, working boolean, shifts text, clause text, covered boolean)
AS 'MODULE_PATHNAME', 'csf_calendar_days_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION csflow.calendar_days(csflow.calendar, date, date) IS
'the dates from start to finish, both included: whether the date has open time (one the zone skips has none), its shifts by the rules (NULL: closed), the clause that decides it (NULL: no clause names its weekday), and whether from and until cover it. 22008 for dates before 1900 or after 2200 (handbook D8)';
