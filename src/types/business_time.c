/*
 * business_time.c
 *		Arithmetic on business time: add, between, open, next edges, working days.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/date.h"

#include "types/calendar.h"

PG_FUNCTION_INFO_V1(csf_business_add_sql);
PG_FUNCTION_INFO_V1(csf_business_between_sql);
PG_FUNCTION_INFO_V1(csf_business_open_sql);
PG_FUNCTION_INFO_V1(csf_business_next_open_sql);
PG_FUNCTION_INFO_V1(csf_business_next_close_sql);
PG_FUNCTION_INFO_V1(csf_calendar_covers_sql);
PG_FUNCTION_INFO_V1(csf_add_working_days_sql);
PG_FUNCTION_INFO_V1(csf_count_working_days_sql);
PG_FUNCTION_INFO_V1(csf_is_working_day_sql);

/* Raises an error. */
static void
out_of_range(TimestampTz instant)
{
	if (csf_business_in_range(instant))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("business time from %s leads out of range", timestamptz_to_str(instant)),
				 errdetail("The calendar has not that much open time within the years 1900 to 2200.")));
	ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					errmsg("instant out of range for business time: %s", timestamptz_to_str(instant)),
					errdetail("Business time is defined for the years 1900 to 2200.")));
}

TimestampTz
csf_calendar_add_microseconds(csf_calendar *calendar, TimestampTz instant, int64 microseconds)
{
	int64 result = 0;

	if (TIMESTAMP_NOT_FINITE(instant))
		return instant;
	if (!csf_business_add(calendar, instant, microseconds, &result))
		out_of_range(instant);
	return result;
}

/* What infinity does in timestamptz + interval, it does here. */
static TimestampTz
add_infinite(TimestampTz instant, const Interval *interval)
{
	TimestampTz sum = INTERVAL_IS_NOBEGIN(interval) ? DT_NOBEGIN : DT_NOEND;

	if (TIMESTAMP_NOT_FINITE(instant) && instant != sum)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("opposite infinities cannot be added: infinite instant, infinite interval")));
	return sum;
}

TimestampTz
csf_calendar_add(csf_calendar *calendar, TimestampTz instant, const Interval *interval)
{
	if (unlikely(INTERVAL_NOT_FINITE(interval)))
		return add_infinite(instant, interval);
	if (unlikely(interval->month != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("business time has no months: %s",
						DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)))),
				 errhint("Give working days (\"3 days\") or open time (\"72 hours\").")));
	if (interval->day != 0 && !TIMESTAMP_NOT_FINITE(instant))
	{
		int64 result = 0;

		if (!csf_business_add_days(calendar, instant, interval->day, &result))
			out_of_range(instant);
		instant = result;
	}
	return csf_calendar_add_microseconds(calendar, instant, interval->time);
}

int64
csf_calendar_between(csf_calendar *calendar, TimestampTz from, TimestampTz to)
{
	int64 microseconds = 0;

	if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("business time between infinite instants is not defined: %s, %s",
							   pstrdup(timestamptz_to_str(from)), pstrdup(timestamptz_to_str(to)))));
	if (!csf_business_between(calendar, from, to, &microseconds))
		out_of_range(csf_business_in_range(from) ? to : from);
	return microseconds;
}

bool
csf_calendar_always_open(csf_calendar *calendar)
{
	return csf_business_always_open(calendar);
}

Datum
csf_business_add_sql(PG_FUNCTION_ARGS)
{
	csf_calendar *calendar = csf_calendar_argument(fcinfo);

	PG_RETURN_TIMESTAMPTZ(csf_calendar_add(calendar, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_INTERVAL_P(2)));
}

Datum
csf_business_between_sql(PG_FUNCTION_ARGS)
{
	csf_calendar *calendar = csf_calendar_argument(fcinfo);
	int64 microseconds = csf_calendar_between(calendar, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(2));
	Interval *result = palloc(sizeof(Interval));

	result->time = microseconds;
	result->day = 0;
	result->month = 0;
	PG_RETURN_INTERVAL_P(result);
}

Datum
csf_business_open_sql(PG_FUNCTION_ARGS)
{
	csf_calendar *calendar = csf_calendar_argument(fcinfo);
	TimestampTz instant = PG_GETARG_TIMESTAMPTZ(1);
	bool open = false;

	if (TIMESTAMP_NOT_FINITE(instant))
		PG_RETURN_BOOL(false);
	if (!csf_business_open(calendar, instant, &open))
		out_of_range(instant);
	PG_RETURN_BOOL(open);
}

Datum
csf_business_next_open_sql(PG_FUNCTION_ARGS)
{
	csf_calendar *calendar = csf_calendar_argument(fcinfo);
	TimestampTz instant = PG_GETARG_TIMESTAMPTZ(1);
	int64 result = 0;

	if (TIMESTAMP_NOT_FINITE(instant))
		PG_RETURN_TIMESTAMPTZ(instant);
	if (!csf_business_next_open(calendar, instant, &result))
		out_of_range(instant);
	PG_RETURN_TIMESTAMPTZ(result);
}

Datum
csf_business_next_close_sql(PG_FUNCTION_ARGS)
{
	csf_calendar *calendar = csf_calendar_argument(fcinfo);
	TimestampTz instant = PG_GETARG_TIMESTAMPTZ(1);
	int64 result = 0;

	if (TIMESTAMP_NOT_FINITE(instant))
		PG_RETURN_TIMESTAMPTZ(instant);
	if (!csf_business_next_close(calendar, instant, &result))
		out_of_range(instant);
	PG_RETURN_TIMESTAMPTZ(result);
}

Datum
csf_calendar_covers_sql(PG_FUNCTION_ARGS)
{
	csf_calendar *calendar = csf_calendar_argument(fcinfo);

	/* infinities are out of range, and nothing out of range is covered */
	PG_RETURN_BOOL(csf_business_covers(calendar, PG_GETARG_TIMESTAMPTZ(1)));
}

/* Raises an error. */
static void
date_out_of_range(DateADT date)
{
	ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					errmsg("working days from %s lead out of range",
						   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date)))),
					errdetail("Calendars cover the years 1900 to 2200.")));
}

Datum
csf_add_working_days_sql(PG_FUNCTION_ARGS)
{
	csf_calendar *calendar = csf_calendar_argument(fcinfo);
	DateADT date = PG_GETARG_DATEADT(1);
	int32 result = 0;

	if (DATE_NOT_FINITE(date))
		PG_RETURN_DATEADT(date);
	if (!csf_business_add_working_days(calendar, date, PG_GETARG_INT32(2), &result))
		date_out_of_range(date);
	PG_RETURN_DATEADT(result);
}

Datum
csf_count_working_days_sql(PG_FUNCTION_ARGS)
{
	csf_calendar *calendar = csf_calendar_argument(fcinfo);
	DateADT from = PG_GETARG_DATEADT(1);
	DateADT to = PG_GETARG_DATEADT(2);
	int32 result = 0;

	if (!csf_business_count_working_days(calendar, from, to, &result))
		date_out_of_range(from < CSF_CALENDAR_FIRST_DATE || from > CSF_CALENDAR_LAST_DATE ? from : to);
	PG_RETURN_INT32(result);
}

Datum
csf_is_working_day_sql(PG_FUNCTION_ARGS)
{
	csf_calendar *calendar = csf_calendar_argument(fcinfo);
	DateADT date = PG_GETARG_DATEADT(1);
	bool working = false;

	if (DATE_NOT_FINITE(date))
		PG_RETURN_BOOL(false);
	if (!csf_business_is_working_day(calendar, date, &working))
		date_out_of_range(date);
	PG_RETURN_BOOL(working);
}
