/*
 * calendar_sets.c
 *		Calendars as rows: open intervals, dates with their shifts.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "types/calendar.h"

PG_FUNCTION_INFO_V1(csf_business_intervals_sql);
PG_FUNCTION_INFO_V1(csf_calendar_days_sql);

/*
 * State between rows. The compiled calendar is looked up again for each row: between two rows others may have pushed it out
 * of the cache.
 */
typedef struct interval_scan
{
	Datum calendar;
	TimestampTz next;
	TimestampTz end;
} interval_scan;

static void
check_instant(TimestampTz instant)
{
	if (!csf_business_in_range(instant))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("instant out of range for business time: %s", timestamptz_to_str(instant)),
						errdetail("Business time is defined for the years 1900 to 2200.")));
}

static FuncCallContext *
begin_rows(FunctionCallInfo fcinfo, size_t state_size)
{
	FuncCallContext *rows = SRF_FIRSTCALL_INIT();
	MemoryContext old = MemoryContextSwitchTo(rows->multi_call_memory_ctx);

	if (get_call_result_type(fcinfo, NULL, &rows->tuple_desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	rows->tuple_desc = BlessTupleDesc(rows->tuple_desc);
	rows->user_fctx = palloc0(state_size);
	MemoryContextSwitchTo(old);
	return rows;
}

static void
begin_intervals(FunctionCallInfo fcinfo)
{
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(2);
	FuncCallContext *rows;
	interval_scan *scan;
	MemoryContext old;

	check_instant(from);
	check_instant(to);
	rows = begin_rows(fcinfo, sizeof(interval_scan));
	scan = rows->user_fctx;
	scan->next = from;
	scan->end = to;
	old = MemoryContextSwitchTo(rows->multi_call_memory_ctx);
	scan->calendar = PointerGetDatum(csf_calendar_detoast(PG_GETARG_DATUM(0)));
	MemoryContextSwitchTo(old);
}

/* The next open interval from scan->next on, cut at the end. */
static bool
next_interval(interval_scan *scan, TimestampTz *opens, TimestampTz *closes)
{
	csf_calendar *calendar = csf_calendar_get(scan->calendar);
	int64 open = INT64_MAX;
	int64 close = INT64_MAX;

	if (scan->next >= scan->end || !csf_business_next_open(calendar, scan->next, &open) ||
		open >= scan->end || !csf_business_next_close(calendar, open, &close))
		return false;
	*opens = open;
	*closes = Min(close, scan->end);
	scan->next = *closes;
	return true;
}

Datum
csf_business_intervals_sql(PG_FUNCTION_ARGS)
{
	FuncCallContext *rows;
	TimestampTz opens;
	TimestampTz closes;
	Datum values[2];
	bool nulls[2] = {false, false};

	if (SRF_IS_FIRSTCALL())
		begin_intervals(fcinfo);
	rows = SRF_PERCALL_SETUP();
	if (!next_interval(rows->user_fctx, &opens, &closes))
		SRF_RETURN_DONE(rows);
	values[0] = TimestampTzGetDatum(opens);
	values[1] = TimestampTzGetDatum(closes);
	SRF_RETURN_NEXT(rows, HeapTupleGetDatum(heap_form_tuple(rows->tuple_desc, values, nulls)));
}

typedef struct day_scan
{
	Datum calendar;
	csf_calendar_rules *rules;
	DateADT next;
	DateADT last;
} day_scan;

static void
check_date(DateADT date)
{
	if (date < CSF_CALENDAR_FIRST_DATE || date > CSF_CALENDAR_LAST_DATE)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("date out of range for a calendar: %s",
							   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date)))),
						errdetail("Calendars cover the years 1900 to 2200.")));
}

static void
begin_days(FunctionCallInfo fcinfo)
{
	FuncCallContext *rows;
	day_scan *scan;
	MemoryContext old;

	check_date(PG_GETARG_DATEADT(1));
	check_date(PG_GETARG_DATEADT(2));
	rows = begin_rows(fcinfo, sizeof(day_scan));
	scan = rows->user_fctx;
	scan->next = PG_GETARG_DATEADT(1);
	scan->last = PG_GETARG_DATEADT(2);
	old = MemoryContextSwitchTo(rows->multi_call_memory_ctx);
	scan->calendar = PointerGetDatum(csf_calendar_detoast(PG_GETARG_DATUM(0)));
	scan->rules = csf_calendar_value_rules((csf_calendar_value *) DatumGetPointer(scan->calendar));
	MemoryContextSwitchTo(old);
}

static Datum
text_or_null(char *text, bool *null)
{
	*null = text == NULL;
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static uint16
list_of_date(const csf_calendar_rules *rules, DateADT date)
{
	const csf_date_clause *clause = csf_calendar_rules_clause(rules, date);

	return clause == NULL ? rules->weekly[csf_calendar_weekday(date)]
						  : csf_calendar_rules_list(rules, clause->rule);
}

static bool
is_covered(const csf_calendar_rules *rules, DateADT date)
{
	return (rules->from == CSF_CALENDAR_NO_DATE || date >= rules->from) &&
		   (rules->until == CSF_CALENDAR_NO_DATE || date <= rules->until);
}

Datum
csf_calendar_days_sql(PG_FUNCTION_ARGS)
{
	FuncCallContext *rows;
	day_scan *scan;
	DateADT date;
	uint16 list;
	bool working = false;
	Datum values[5];
	bool nulls[5] = {false, false, false, false, false};

	if (SRF_IS_FIRSTCALL())
		begin_days(fcinfo);
	rows = SRF_PERCALL_SETUP();
	scan = rows->user_fctx;
	if (scan->next > scan->last)
		SRF_RETURN_DONE(rows);
	date = scan->next++;
	list = list_of_date(scan->rules, date);
	(void) csf_business_is_working_day(csf_calendar_get(scan->calendar), date, &working);
	values[0] = DateADTGetDatum(date);
	values[1] = BoolGetDatum(working);
	values[2] = text_or_null(csf_calendar_print_shifts(scan->rules, list), &nulls[2]);
	values[3] = text_or_null(csf_calendar_print_clause(scan->rules, date), &nulls[3]);
	values[4] = BoolGetDatum(is_covered(scan->rules, date));
	SRF_RETURN_NEXT(rows, HeapTupleGetDatum(heap_form_tuple(rows->tuple_desc, values, nulls)));
}
