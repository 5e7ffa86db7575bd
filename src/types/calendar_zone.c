/*
 * calendar_zone.c
 *		The server's own time zone data for the calendar kernel, and the names of its zones.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "types/calendar.h"

PG_FUNCTION_INFO_V1(csf_zone_name);

#define SHOWN_BYTES 100
#define EPOCH_SECONDS ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/*
 * pg_tzset() also understands POSIX rules such as "FOO-8", and reports them in upper case. A calendar names a zone of the
 * database: names without a digit cannot be POSIX rules, and those of the database with a digit (Etc/GMT-8) contain
 * lower case.
 */
static bool
is_posix_rule(const char *name)
{
	bool digit = false;

	for (; *name != '\0'; name++)
	{
		if (*name >= 'a' && *name <= 'z')
			return false;
		digit = digit || (*name >= '0' && *name <= '9');
	}
	return digit;
}

static const void *
find_zone(const char *name, char *spelling)
{
	pg_tz *zone = pg_tzset(name);

	if (zone == NULL || !pg_tz_acceptable(zone) || is_posix_rule(pg_get_timezone_name(zone)))
		return NULL;
	strlcpy(spelling, pg_get_timezone_name(zone), CSF_CALENDAR_ZONE_SIZE);
	return zone;
}

static int32
zone_offset(const void *zone, int64 second, int64 *until)
{
	pg_time_t time = second + EPOCH_SECONDS;
	pg_time_t boundary;
	long int before;
	long int after;
	int before_is_dst;
	int after_is_dst;
	int found = pg_next_dst_boundary(&time, &before, &before_is_dst, &boundary, &after, &after_is_dst, zone);

	if (found < 0)
		elog(ERROR, "no time zone data for second " INT64_FORMAT, second);
	*until = found == 0 ? INT64_MAX : boundary - EPOCH_SECONDS;
	return (int32) before;
}

const csf_zone_source csf_calendar_zones = {find_zone, zone_offset};

/*
 * The name of a zone as the time zone database spells it. Desks and calendars thus take the same zones.
 */
Datum
csf_zone_name(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char spelling[CSF_CALENDAR_ZONE_SIZE];

	if (find_zone(name, spelling) == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("unknown time zone: \"%.*s\"",
							   pg_mbcliplen(name, (int) strlen(name), SHOWN_BYTES), name),
						errhint("Give an IANA name such as Asia/Shanghai; pg_timezone_names lists them.")));
	PG_RETURN_TEXT_P(cstring_to_text(spelling));
}
