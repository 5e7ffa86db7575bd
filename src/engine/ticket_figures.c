/*
 * ticket_figures.c
 *		csflow.ticket_figures(): the figures of many tickets from their events, read once, in their order.
 *
 * Tables are read with the caller's rights.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engine/flow.h"
#include "errors.h"
#include "kernel/state.h"
#include "kernel/ticket_figures.h"
#include "types/calendar.h"
#include "types/result_rows.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_ticket_figures_of_events);

#define COLUMNS 29

/*
 * OFFSET leaves the planner one way: each number by the key, in its own partition. Anything else it chose by estimates, and of the
 * newest tickets there are no statistics.
 */
static csf_statement event_query = CSF_STATEMENT(
	"SELECT x.ticket_no, x.at, x.kind, x.new_state, x.old_value, x.new_value"
	" FROM (SELECT DISTINCT pg_catalog.unnest($2)) AS n (ticket_no) CROSS JOIN LATERAL (SELECT e.*"
	" FROM csflow.event e WHERE e.desk_id = $1 AND e.ticket_no = n.ticket_no"
	" AND (e.new_state IS NOT NULL"
	" OR e.kind IN ('reply', 'routed', 'transferred', 'assigned', 'step_fired')) OFFSET 0) AS x"
	" ORDER BY x.ticket_no, x.seq",
	"lm");
static csf_statement period_query =
	CSF_STATEMENT("SELECT p.valid_from, p.valid_until, p.calendar FROM csflow.report_periods($1) AS p", "l");

/* A calendar that counts as business time for a while. */
typedef struct report_period
{
	TimestampTz since;
	TimestampTz until;
	csf_calendar *calendar;
} report_period;

typedef struct reading
{
	ReturnSetInfo *result;
	TimestampTz at; /* later events have not happened */
	MemoryContext context;
	int period_count;
	int period_capacity;
	report_period *periods;
	bool has_ticket;
	csf_ticket_no ticket_no;
	csf_ticket_figures figures;
	csf_told first_move; /* also of a later event: what the department was until then */
} reading;

static int64
business_time(void *of, int64 since, int64 until)
{
	const reading *r = of;
	int64 sum = 0;

	for (int i = 0; i < r->period_count; i++)
	{
		const report_period *period = &r->periods[i];

		if (period->since < until && period->until > since)
			sum +=
				csf_calendar_between(period->calendar, Max(since, period->since), Min(until, period->until));
	}
	return sum;
}

/* ---- results ---- */

/* One column after another of a row that is put together. */
typedef struct result_row
{
	int column;
	Datum values[COLUMNS];
	bool nulls[COLUMNS];
	Interval intervals[COLUMNS];
} result_row;

static void
put(result_row *row, Datum value, bool is_null)
{
	row->values[row->column] = value;
	row->nulls[row->column++] = is_null;
}

static void
put_instant(result_row *row, int64 at)
{
	put(row, TimestampTzGetDatum(at), at == CSF_NO_INSTANT);
}

static void
put_int(result_row *row, int value)
{
	put(row, Int32GetDatum(value), false);
}

static void
put_interval(result_row *row, int64 microseconds, int64 days, bool is_null)
{
	Interval *interval = &row->intervals[row->column];

	interval->time = microseconds;
	interval->day = (int32) days;
	interval->month = 0;
	put(row, IntervalPGetDatum(interval), is_null);
}

/* Elapsed and business time. */
static void
put_elapsed(result_row *row, csf_elapsed elapsed, bool is_null)
{
	put_interval(row, elapsed.left, elapsed.days, is_null);
	put_interval(row, elapsed.business, 0, is_null);
}

static void
put_from_opening(result_row *row, const csf_ticket_figures *figures, int64 until)
{
	csf_elapsed elapsed = {0, 0, 0};

	if (until != CSF_NO_INSTANT)
		elapsed = csf_figures_elapsed(figures, figures->opened_at, until);
	put_elapsed(row, elapsed, until == CSF_NO_INSTANT);
}

/* In the order of the columns of csflow.ticket_figures(). */
static void
return_ticket(const reading *r)
{
	const csf_ticket_figures *figures = &r->figures;
	int64 solved_at = csf_figures_solved_at(figures);
	bool is_open = solved_at == CSF_NO_INSTANT;
	csf_elapsed waited = csf_elapsed_sum(figures->work, figures->hold);
	result_row row;

	row.column = 0;
	put(&row, TicketNoGetDatum(r->ticket_no), false);
	put_instant(&row, figures->opened_at);
	put_instant(&row, figures->first_reply_at);
	put_from_opening(&row, figures, figures->first_reply_at);
	put_instant(&row, figures->last_reply_at);
	put_int(&row, figures->reply_count);
	put_instant(&row, figures->first_solved_at);
	put_from_opening(&row, figures, figures->first_solved_at);
	put_int(&row, figures->reopen_count);
	put_instant(&row, figures->first_reopened_at);
	put_instant(&row, solved_at);
	put_from_opening(&row, figures, solved_at);
	put_elapsed(&row, waited, is_open);
	put_elapsed(&row, figures->work, is_open);
	put_elapsed(&row, figures->pending, is_open);
	put_elapsed(&row, figures->hold, is_open);
	put_elapsed(&row, csf_elapsed_sum(waited, figures->pending), is_open);
	put_int(&row, figures->moves);
	put(&row, BoolGetDatum(r->first_move == CSF_TOLD_TRANSFERRED), r->first_move == CSF_TOLD_OTHER);
	put_int(&row, figures->assignee_stations);
	put_int(&row, figures->escalation_count);
	Assert(row.column == COLUMNS);
	tuplestore_putvalues(r->result->setResult, r->result->setDesc, row.values, row.nulls);
}

static void
end_ticket(reading *r)
{
	if (r->has_ticket && r->figures.opened_at != CSF_NO_INSTANT && r->figures.is_live)
		return_ticket(r);
	r->has_ticket = false;
}

/* ---- events ---- */

static bool
is_word(Datum value, const char *word)
{
	struct varlena *text = (struct varlena *) DatumGetPointer(value);
	size_t length = strlen(word);

	return VARSIZE_ANY_EXHDR(text) == length && memcmp(VARDATA_ANY(text), word, length) == 0;
}

/* Columns of event_query. */
enum
{
	EVENT_TICKET_NO,
	EVENT_AT,
	EVENT_KIND,
	EVENT_NEW_STATE,
	EVENT_OLD_VALUE,
	EVENT_NEW_VALUE,
	EVENT_COLUMNS
};

/* Values are looked into only where they are words of ours, which are never stored out of line. */
static csf_told
told_by(const Datum *values, const bool *nulls)
{
	if (is_word(values[EVENT_KIND], "reply"))
		return CSF_TOLD_REPLY;
	if (is_word(values[EVENT_KIND], "opened"))
		return CSF_TOLD_OPENED;
	if (is_word(values[EVENT_KIND], "assigned"))
		return CSF_TOLD_ASSIGNED;
	if (is_word(values[EVENT_KIND], "routed"))
		return CSF_TOLD_ROUTED;
	if (is_word(values[EVENT_KIND], "transferred"))
		return CSF_TOLD_TRANSFERRED;
	if (is_word(values[EVENT_KIND], "step_fired") && !nulls[EVENT_OLD_VALUE] && !nulls[EVENT_NEW_VALUE] &&
		(is_word(values[EVENT_OLD_VALUE], "breach") || is_word(values[EVENT_OLD_VALUE], "escalation")) &&
		!is_word(values[EVENT_NEW_VALUE], "close"))
		return CSF_TOLD_ESCALATED;
	return CSF_TOLD_OTHER;
}

static bool
read_event(void *of, const Datum *values, const bool *nulls)
{
	reading *r = of;
	csf_ticket_no ticket_no = DatumGetTicketNo(values[EVENT_TICKET_NO]);
	csf_told_event event;

	if (!r->has_ticket || ticket_no != r->ticket_no)
	{
		end_ticket(r);
		csf_figures_begin(&r->figures, business_time, r);
		r->has_ticket = true;
		r->ticket_no = ticket_no;
		r->first_move = CSF_TOLD_OTHER;
	}
	event.at = DatumGetTimestampTz(values[EVENT_AT]);
	event.told = told_by(values, nulls);
	event.to_department = !nulls[EVENT_NEW_VALUE];
	event.state = -1;
	if (!nulls[EVENT_NEW_STATE])
	{
		struct varlena *state = (struct varlena *) DatumGetPointer(values[EVENT_NEW_STATE]);

		event.state = csf_state_parse(VARDATA_ANY(state), VARSIZE_ANY_EXHDR(state));
	}
	if (event.at <= r->at)
	{
		csf_figures_add(&r->figures, &event);
		if (r->figures.first_move != CSF_TOLD_OTHER)
			r->first_move = r->figures.first_move;
	}
	else if (r->first_move == CSF_TOLD_OTHER &&
			 (event.told == CSF_TOLD_ROUTED || event.told == CSF_TOLD_TRANSFERRED))
		r->first_move = event.told;
	return true;
}

/* ---- the call ---- */

static bool
read_period(void *of, const Datum *values, const bool *nulls)
{
	reading *r = of;
	report_period *period;

	if (r->period_count == r->period_capacity)
	{
		r->period_capacity *= 2;
		r->periods = repalloc(r->periods, sizeof(report_period) * r->period_capacity);
	}
	period = &r->periods[r->period_count++];
	period->since = DatumGetTimestampTz(values[0]);
	period->until = DatumGetTimestampTz(values[1]);
	period->calendar = csf_calendar_compile_in(values[2], r->context);
	return true;
}

Datum
csf_ticket_figures_of_events(PG_FUNCTION_ARGS)
{
	reading r = {.has_ticket = false};
	Datum parameters[2];

	r.result = csf_result_rows(fcinfo);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return (Datum) 0;
	r.at = PG_GETARG_TIMESTAMPTZ(2);
	parameters[0] = PG_GETARG_DATUM(0);
	parameters[1] = PG_GETARG_DATUM(1);
	csf_connect();
	csf_flow_get();
	r.context = CurrentMemoryContext;
	r.period_capacity = 4;
	r.periods = palloc(sizeof(report_period) * r.period_capacity);
	csf_stream(&period_query, parameters, true, read_period, &r);
	csf_stream(&event_query, parameters, true, read_event, &r);
	end_ticket(&r);
	SPI_finish();
	return (Datum) 0;
}
