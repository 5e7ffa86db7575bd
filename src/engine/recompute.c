/*
 * recompute.c
 *		csflow.recompute_clocks(): moves the clocks that are not stopped to what targets, calendars and steps say now.
 *
 * A first pass reads all of them in the order of their tickets, under one snapshot and without a lock, and finds the tickets
 * whose clocks would change. Those are then locked some thousands at a time and moved, in a few statements: whoever works
 * on any other ticket is not kept waiting. Clocks written since that snapshot are read again once they are locked, in which
 * order nothing escapes: whoever wrote them was at work on the ticket when it was taken, or came later, and has committed.
 * Lock order: tickets by number, their clocks, their chain heads.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "engine/clock_store.h"
#include "engine/config.h"
#include "engine/flow.h"
#include "engine/record.h"
#include "engine/ticket.h"
#include "errors.h"
#include "types/result_rows.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_recompute_clocks);

/* Tickets locked and moved at a time: bounds memory, and the rows that the statements join. */
#define CHUNK 2000
#define RESULT_COLUMNS 9
/* Of ticket_no in CSF_TICKET_FACT_COLUMNS. */
#define TICKET_NO_PLACE 1

#define ACTIVE_CLOCKS                                                                                        \
	"SELECT " CSF_TICKET_FACT_COLUMNS ", " CSF_CLOCK_COLUMNS CSF_CLOCK_PLACE " FROM csflow.clock c"          \
	" JOIN csflow.ticket t ON t.desk_id = c.desk_id AND t.ticket_no = c.ticket_no"                           \
	" WHERE c.desk_id = $1 AND c.ticket_no > $2 AND " CSF_CLOCK_IS_ACTIVE                                    \
	" ORDER BY c.ticket_no, c.clock, c.run"

static csf_statement instant_query = CSF_STATEMENT("SELECT csflow.sweep_instant($1)", "z");
/* In the order of an index: sorting whole rows costs more than reading them in it. */
static csf_statement active_query = CSF_STATEMENT_FAST_START(ACTIVE_CLOCKS, "ln");
static csf_statement lock_query =
	CSF_STATEMENT_MANY("SELECT " CSF_TICKET_FACT_COLUMNS " FROM engine_rows AS u(ticket_no)"
					   " JOIN csflow.ticket t ON t.ticket_no = u.ticket_no"
					   " WHERE t.desk_id = $1 AND t.ticket_no BETWEEN $2 AND $3"
					   " ORDER BY t.ticket_no FOR NO KEY UPDATE OF t",
					   "lnnN");

/* What has become of a clock. */
typedef enum change_kind
{
	CHANGE_NONE,
	CHANGE_STEPS, /* its next step only, or the name of its calendar */
	CHANGE_DUE,
	CHANGE_LENGTH, /* of a clock that stands still or is overdue */
	CHANGE_PAUSED,
	CHANGE_RESUMED,
	CHANGE_TARGET,
	CHANGE_VOID
} change_kind;

static const char *const change_names[] = {NULL,     "steps",   "due",    "length",
										   "paused", "resumed", "target", "void"};

typedef struct ticket_clocks
{
	csf_ticket_clocks now;
	csf_clock *before;
	int before_count;
	TimestampTz changed_at;
	csf_ticket_facts facts;
} ticket_clocks;

typedef struct recompute
{
	const csf_desk *desk;
	TimestampTz at;
	bool preview;
	ticket_clocks ticket; /* being read; without a desk: none yet */
	int64 limit;          /* of tickets; 0: all */
	int64 moved;          /* tickets so far */
	ReturnSetInfo *result;
	MemoryContext ticket_context; /* what belongs to ticket */
	int count;
	MemoryContext chunk_context; /* the tickets to move */
	csf_ticket_clocks found[CHUNK];
	int32 age; /* in transactions, of the oldest that the snapshot does not see */
} recompute;

/* ---- one ticket ---- */

/* The clocks as they are, to compare with and to go back to: what they then become must not reach into it. */
static csf_clock *
copy_clocks(const csf_clock *clocks, int count)
{
	csf_clock *copy = palloc(sizeof(csf_clock) * (count + 1));

	for (int i = 0; i < count; i++)
	{
		copy[i] = clocks[i];
		if (copy[i].late_count == 0)
			continue;
		copy[i].late = palloc(sizeof(int64) * copy[i].late_count);
		memcpy(copy[i].late, clocks[i].late, sizeof(int64) * copy[i].late_count);
	}
	return copy;
}

/* Another winner, or none, or another state to pause in: an event at which nothing else happens brings that about. */
static void
derive(const recompute *r, ticket_clocks *t)
{
	csf_clock_event event = {.signals = 0,
							 .at = Max(r->at, t->changed_at),
							 .named_at = CSF_NO_INSTANT,
							 .before = &t->facts,
							 .after = &t->facts};

	t->before_count = t->now.list.count;
	t->before = copy_clocks(t->now.list.clocks, t->now.list.count);
	for (int i = 0; i < t->now.list.count; i++)
		(void) csf_clock_rederive(&t->now.list.clocks[i]);
	csf_clocks_apply(&t->now.list, r->desk->groups, r->desk->group_count, &event);
}

static change_kind
change_of(const csf_clock *before, const csf_clock *now)
{
	if (now->stopped_at != before->stopped_at)
		return CHANGE_VOID;
	if (now->target_id != before->target_id)
		return CHANGE_TARGET;
	if ((now->paused_at == CSF_NO_INSTANT) != (before->paused_at == CSF_NO_INSTANT))
		return now->paused_at == CSF_NO_INSTANT ? CHANGE_RESUMED : CHANGE_PAUSED;
	if (now->due_at != before->due_at)
		return CHANGE_DUE;
	if (now->length != before->length)
		return CHANGE_LENGTH;
	if (now->next_at != before->next_at || now->next_closes != before->next_closes ||
		strcmp(now->calendar, before->calendar) != 0)
		return CHANGE_STEPS;
	return CHANGE_NONE;
}

/* The same for one of a ticket's clocks; those past before_count are runs that have begun. */
static change_kind
change_at(ticket_clocks *t, int i)
{
	csf_clock *now = &t->now.list.clocks[i];
	change_kind change;

	if (i >= t->before_count)
		return CHANGE_DUE;
	change = change_of(&t->before[i], now);
	now->is_changed = change != CHANGE_NONE;
	return change;
}

static bool
is_moved(ticket_clocks *t)
{
	bool moved = false;

	for (int i = 0; i < t->now.list.count; i++)
		moved |= change_at(t, i) != CHANGE_NONE;
	return moved;
}

static void
set_instant(Datum *value, bool *null, int64 instant)
{
	*null = instant == CSF_NO_INSTANT;
	*value = TimestampTzGetDatum(instant);
}

static void
return_rows(const recompute *r, ticket_clocks *t)
{
	for (int i = 0; i < t->now.list.count; i++)
	{
		const csf_clock *now = &t->now.list.clocks[i];
		change_kind change = change_at(t, i);
		Datum values[RESULT_COLUMNS];
		bool nulls[RESULT_COLUMNS] = {false};

		if (change == CHANGE_NONE)
			continue;
		values[0] = TicketNoGetDatum(t->now.ticket_no);
		values[1] = CStringGetTextDatum(now->clock);
		values[2] = Int32GetDatum(now->run);
		values[3] = Int64GetDatum(now->subject_id);
		nulls[3] = now->subject_id == 0;
		values[4] = CStringGetTextDatum(change_names[change]);
		set_instant(&values[5], &nulls[5], i < t->before_count ? t->before[i].due_at : CSF_NO_INSTANT);
		set_instant(&values[6], &nulls[6], now->due_at);
		set_instant(&values[7], &nulls[7], i < t->before_count ? t->before[i].next_at : CSF_NO_INSTANT);
		set_instant(&values[8], &nulls[8], now->next_at);
		tuplestore_putvalues(r->result->setResult, r->result->setDesc, values, nulls);
	}
}

/* ---- the event ---- */

static void
append_digits(StringInfo text, int number, int digits, char after)
{
	char field[16];

	for (int i = digits - 1; i >= 0; i--, number /= 10)
		field[i] = (char) ('0' + number % 10);
	field[digits] = after;
	appendBinaryStringInfo(text, field, digits + 1);
}

/* In UTC, so that what is hashed does not depend on a session's settings. By hand, for there are millions of them. */
static void
append_instant(StringInfo text, TimestampTz instant)
{
	struct pg_tm tm;
	fsec_t fraction;

	if (timestamp2tm(instant, NULL, &tm, &fraction, NULL, NULL) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	append_digits(text, tm.tm_year, tm.tm_year > 9999 ? 6 : 4, '-');
	append_digits(text, tm.tm_mon, 2, '-');
	append_digits(text, tm.tm_mday, 2, 'T');
	append_digits(text, tm.tm_hour, 2, ':');
	append_digits(text, tm.tm_min, 2, ':');
	append_digits(text, tm.tm_sec, 2, fraction != 0 ? '.' : 'Z');
	if (fraction != 0)
		append_digits(text, (int) fraction, 6, 'Z');
}

static void
append_clock(StringInfo text, const csf_clock *clock)
{
	if (text->len > 0)
		appendStringInfoString(text, ", ");
	appendStringInfoString(text, clock->clock);
	appendStringInfoChar(text, ' ');
	if (clock->stopped_at != CSF_NO_INSTANT)
		appendStringInfoString(text, "void");
	else if (clock->due_at != CSF_NO_INSTANT)
		append_instant(text, clock->due_at);
	else if (clock->length == CSF_NO_LENGTH)
		appendStringInfoString(text, "measured");
	else
		appendStringInfo(text, "paused, of %lld s", (long long) (clock->length / USECS_PER_SEC));
}

/* One a ticket, and none where only steps moved. */
static void
record_move(const recompute *r, csf_recorder *recorder, ticket_clocks *t)
{
	csf_actor system = {.kind = "system"};
	csf_event event;
	StringInfoData before;
	StringInfoData now;
	int told = 0;

	csf_event_init(&event, r->desk->desk_id, t->now.ticket_no, Max(r->at, t->changed_at), "clocks_recomputed",
				   system);
	initStringInfo(&before);
	initStringInfo(&now);
	for (int i = 0; i < t->before_count; i++)
	{
		const csf_clock *clock = &t->now.list.clocks[i];

		if (change_at(t, i) <= CHANGE_STEPS)
			continue;
		append_clock(&before, &t->before[i]);
		append_clock(&now, clock);
		event.clock = told == 0 ? clock->clock : NULL;
		event.run = told == 0 ? clock->run : 0;
		told++;
	}
	event.old_value = before.data;
	event.new_value = now.data;
	if (told > 0)
		csf_record_event(recorder, &event);
}

/* ---- moving ---- */

static void
keep(recompute *r, const ticket_clocks *t)
{
	MemoryContext caller = MemoryContextSwitchTo(r->chunk_context);
	csf_ticket_clocks *kept = &r->found[r->count++];

	kept->desk = r->desk;
	kept->ticket_no = t->now.ticket_no;
	kept->list.count = kept->list.capacity = t->before_count;
	kept->list.clocks = copy_clocks(t->before, t->before_count);
	kept->places = palloc(sizeof(csf_row_place) * t->before_count);
	memcpy(kept->places, t->now.places, sizeof(csf_row_place) * t->before_count);
	for (int i = 0; i < t->before_count; i++)
	{
		csf_clock *clock = &kept->list.clocks[i];

		clock->clock = pstrdup(clock->clock);
		clock->calendar = pstrdup(clock->calendar);
	}
	MemoryContextSwitchTo(caller);
}

/* Locks what was found; clocks becomes those of the tickets that are still there, with their clocks as they were found. */
static int
lock_tickets(const recompute *r, ticket_clocks *tickets, csf_ticket_clocks *clocks)
{
	Datum range[3] = {Int64GetDatum(r->desk->desk_id), TicketNoGetDatum(r->found[0].ticket_no),
					  TicketNoGetDatum(r->found[r->count - 1].ticket_no)};
	csf_rows keys;
	int count;

	csf_rows_init(&keys, &lock_query);
	for (int i = 0; i < r->count; i++)
	{
		Datum value = TicketNoGetDatum(r->found[i].ticket_no);
		bool null = false;

		csf_rows_add(&keys, &value, &null);
	}
	csf_rows_run_with(&keys, &lock_query, range, SPI_OK_SELECT);
	count = (int) SPI_processed;
	for (int i = 0, place = 0; i < count; i++)
	{
		csf_ticket_row row;

		csf_ticket_from_spi(&row, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
		csf_ticket_facts_of(&tickets[i].facts, r->desk, &row);
		tickets[i].changed_at = csf_ticket_int64(&row, CSF_TICKET_CHANGED_AT, 0);
		while (r->found[place].ticket_no != csf_ticket_int64(&row, CSF_TICKET_TICKET_NO, 0))
			place++;
		clocks[i] = r->found[place];
	}
	return count;
}

/* Clocks that the snapshot of the search may not have seen as they are now. */
static void
read_again(const recompute *r, csf_ticket_clocks *clocks, int count)
{
	bool *recent = csf_clocks_find_recent(clocks, count, r->age);
	csf_ticket_clocks *again = palloc0(sizeof(csf_ticket_clocks) * (count + 1));
	int again_count = 0;

	for (int i = 0; i < count; i++)
	{
		if (!recent[i])
			continue;
		again[again_count].desk = r->desk;
		again[again_count++].ticket_no = clocks[i].ticket_no;
	}
	csf_clocks_load_active(again, again_count);
	for (int i = 0, place = 0; i < count; i++)
	{
		if (recent[i])
			clocks[i] = again[place++];
	}
}

/* Moves the tickets collected, as they are now that they are locked. */
static void
move_tickets(recompute *r)
{
	csf_recorder recorder;
	ticket_clocks *tickets;
	csf_ticket_clocks *clocks;
	int count;

	if (r->count == 0)
		return;
	/* Nested, so that its end frees all that the statements return. */
	csf_connect();
	tickets = palloc0(sizeof(ticket_clocks) * r->count);
	clocks = palloc0(sizeof(csf_ticket_clocks) * r->count);
	csf_recorder_init(&recorder, CurrentMemoryContext);
	recorder.is_range = true;
	count = lock_tickets(r, tickets, clocks);
	read_again(r, clocks, count);
	for (int i = 0; i < count; i++)
	{
		tickets[i].now = clocks[i];
		derive(r, &tickets[i]);
		return_rows(r, &tickets[i]);
		record_move(r, &recorder, &tickets[i]);
		tickets[i].now.before = tickets[i].before;
		clocks[i] = tickets[i].now;
	}
	csf_clocks_save_many(clocks, count);
	csf_recorder_flush(&recorder, false);
	SPI_finish();
	r->count = 0;
	MemoryContextReset(r->chunk_context);
}

/* ---- finding ---- */

/* Whether the ticket just read completely is one to move; in a preview its rows are returned at once. */
static void
judge(recompute *r)
{
	ticket_clocks *t = &r->ticket;
	MemoryContext caller = MemoryContextSwitchTo(r->ticket_context);

	if (t->now.desk != NULL)
		derive(r, t);
	if (t->now.desk != NULL && is_moved(t))
	{
		r->moved++;
		if (r->preview)
			return_rows(r, t);
		else
			keep(r, t);
	}
	MemoryContextSwitchTo(caller);
	memset(t, 0, sizeof(*t));
	MemoryContextReset(r->ticket_context);
	if (r->count == CHUNK)
		move_tickets(r);
}

static bool
is_enough(const recompute *r)
{
	return r->limit > 0 && r->moved >= r->limit;
}

static void
read_ticket(recompute *r, const Datum *values, const bool *nulls)
{
	csf_ticket_row row;

	csf_ticket_from_values(&row, values, nulls);
	csf_ticket_facts_of(&r->ticket.facts, r->desk, &row);
	r->ticket.changed_at = csf_ticket_int64(&row, CSF_TICKET_CHANGED_AT, 0);
	r->ticket.now.desk = r->desk;
	r->ticket.now.ticket_no = csf_ticket_int64(&row, CSF_TICKET_TICKET_NO, 0);
}

/* A row of ACTIVE_CLOCKS; a ticket is complete when the next one's begin. */
static bool
take_row(void *of, const Datum *values, const bool *nulls)
{
	recompute *r = of;
	MemoryContext caller;

	if (r->ticket.now.desk != NULL && r->ticket.now.ticket_no != DatumGetInt64(values[TICKET_NO_PLACE]))
	{
		judge(r);
		if (is_enough(r))
			return false;
	}
	caller = MemoryContextSwitchTo(r->ticket_context);
	if (r->ticket.now.desk == NULL)
		read_ticket(r, values, nulls);
	csf_clock_with_place(&r->ticket.now, values + CSF_TICKET_FACT_COLUMN_COUNT,
						 nulls + CSF_TICKET_FACT_COLUMN_COUNT);
	MemoryContextSwitchTo(caller);
	return true;
}

static void
run(recompute *r, Datum after)
{
	Datum values[2] = {Int64GetDatum(r->desk->desk_id), after};

	csf_stream(&active_query, values, false, take_row, r);
	if (!is_enough(r))
		judge(r);
	move_tickets(r);
}

Datum
csf_recompute_clocks(PG_FUNCTION_ARGS)
{
	recompute *r = palloc0(sizeof(recompute));
	Datum at = PG_GETARG_DATUM(2);
	csf_owner_scope scope;
	bool is_null;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_DESK), errmsg("unknown desk NULL")));
	if (!PG_ARGISNULL(4) && PG_GETARG_INT32(4) < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("batch of %d tickets", PG_GETARG_INT32(4)), errhint("Give at least 1.")));
	r->result = csf_result_rows(fcinfo);
	r->preview = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	r->limit = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4);
	csf_connect();
	(void) csf_flow_get();
	csf_run(&instant_query, &at, PG_ARGISNULL(2) ? "n" : " ", SPI_OK_SELECT);
	r->at = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
	r->desk = csf_desk_pin(PG_GETARG_INT64(0), CurrentMemoryContext);
	r->age = (int32) (GetStableLatestTransactionId() - GetTransactionSnapshot()->xmin);
	r->chunk_context =
		AllocSetContextCreate(CurrentMemoryContext, "csflow recomputed tickets", ALLOCSET_DEFAULT_SIZES);
	r->ticket_context =
		AllocSetContextCreate(CurrentMemoryContext, "csflow recomputed ticket", ALLOCSET_SMALL_SIZES);
	csf_owner_enter(&scope, csf_flow_get()->owner);
	run(r, PG_ARGISNULL(3) ? TicketNoGetDatum(0) : PG_GETARG_DATUM(3));
	csf_owner_leave(&scope);
	SPI_finish();
	return (Datum) 0;
}
