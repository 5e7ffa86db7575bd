/*
 * what_if.c
 *		csflow.replay_attainment(): the clocks of past tickets once more, from their events, under other targets.
 *
 * Events come in the order of their tickets from one query; each ticket's are held until the next one's begin. What they
 * signalled is found out again, and the kernel's clocks are moved by it as they were then. Nothing is written, and tables
 * are read with the caller's rights.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "engine/clock_store.h"
#include "engine/config.h"
#include "engine/config_target.h"
#include "engine/flow.h"
#include "engine/past.h"
#include "engine/ticket.h"
#include "errors.h"
#include "kernel/priority.h"
#include "types/result_rows.h"

PG_FUNCTION_INFO_V1(csf_replay_attainment);

/* More runs than this are counted and let go while a ticket is replayed. */
#define RUNS_KEPT 64

#define EVENTS(team, messages)                                                                                  \
	"SELECT e.ticket_no, " CSF_RECORDED_COLUMNS ", "                                                            \
	"t.kind, t.category_id, t.channel, t.customer_tier, t.handling_tier,"                                       \
	" t.complexity, t.opened_at, t.team_id, " team                                                              \
	" FROM csflow.ticket t JOIN csflow.event e ON e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no" messages \
	" WHERE t.desk_id = $1 AND t.opened_at >= $2 AND t.opened_at < $3 ORDER BY e.ticket_no, e.seq"

/* Its columns. */
enum
{
	PAST_TICKET_NO,
	PAST_AT,
	PAST_TICKET_KIND = PAST_AT + CSF_RECORDED_COLUMN_COUNT,
	PAST_CATEGORY_ID,
	PAST_CHANNEL,
	PAST_CUSTOMER_TIER,
	PAST_HANDLING_TIER,
	PAST_COMPLEXITY,
	PAST_OPENED_AT,
	PAST_TEAM_ID,
	PAST_MESSAGE_TEAM_ID
};

static csf_statement event_query = CSF_STATEMENT_PLANNED(EVENTS("NULL::bigint", ""), "lzz");
/* Where a department has clocks of its own: with the department that a message speaks for. */
static csf_statement team_event_query = CSF_STATEMENT_PLANNED(
	EVENTS("m.team_id", " LEFT JOIN csflow.message m ON m.desk_id = e.desk_id"
						" AND m.ticket_no = e.ticket_no AND m.message_no = e.message_no"),
	"lzz");
static csf_statement overdue_query =
	CSF_STATEMENT_PLANNED("SELECT t.kind, " CSF_CLOCK_COLUMNS " FROM csflow.ticket t"
						  " JOIN csflow.clock c ON c.desk_id = t.desk_id AND c.ticket_no = t.ticket_no"
						  " WHERE t.desk_id = $1 AND t.opened_at >= $2 AND t.opened_at < $3"
						  " AND c.stopped_at IS NULL AND c.due_at < $4",
						  "lzzz");

/* Met and breached runs of one clock and kind of ticket. */
typedef struct tally
{
	const char *clock;
	const char *kind; /* NULL: none */
	int64 met;
	int64 breached;
} tally;

typedef struct replay
{
	const csf_desk *desk;
	int64 at; /* clocks still running are judged then */
	MemoryContext context;
	MemoryContext ticket_context; /* the ticket being replayed */
	int tally_count;
	int tally_capacity;
	tally *tallies;

	bool has_ticket;
	int64 ticket_no;
	const char *kind;
	csf_ticket_facts facts; /* as the ticket is today, then as it was at each event */
	int64 team_id;          /* likewise */
	int event_count;
	int event_capacity;
	csf_recorded_event *events;
	int past_count; /* of them, happened before the one that is being replayed */
	csf_clock_list list;
} replay;

/* ---- counting ---- */

static bool
same_word(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
count_outcome(replay *r, const char *clock, csf_outcome outcome)
{
	tally *t = NULL;

	if (outcome != CSF_OUTCOME_MET && outcome != CSF_OUTCOME_BREACHED)
		return;
	for (int i = 0; i < r->tally_count && t == NULL; i++)
	{
		if (same_word(r->tallies[i].clock, clock) && same_word(r->tallies[i].kind, r->kind))
			t = &r->tallies[i];
	}
	if (t == NULL)
	{
		if (r->tally_count == r->tally_capacity)
		{
			r->tally_capacity *= 2;
			r->tallies = repalloc(r->tallies, sizeof(tally) * r->tally_capacity);
		}
		t = &r->tallies[r->tally_count++];
		t->clock = MemoryContextStrdup(r->context, clock);
		t->kind = r->kind == NULL ? NULL : MemoryContextStrdup(r->context, r->kind);
		t->met = t->breached = 0;
	}
	t->met += outcome == CSF_OUTCOME_MET;
	t->breached += outcome == CSF_OUTCOME_BREACHED;
}

/* Counts the runs that are over and not the latest of their clock, and forgets them. */
static void
forget_old_runs(replay *r)
{
	csf_clock_list *list = &r->list;
	int kept = 0;

	if (list->count <= RUNS_KEPT)
		return;
	for (int i = 0; i < list->count; i++)
	{
		bool is_latest = true;

		for (int later = 0; later < list->count && is_latest; later++)
			is_latest = list->clocks[later].subject_id != list->clocks[i].subject_id ||
						list->clocks[later].run <= list->clocks[i].run ||
						!same_word(list->clocks[later].clock, list->clocks[i].clock);
		if (is_latest)
			list->clocks[kept++] = list->clocks[i];
		else
			count_outcome(r, list->clocks[i].clock, list->clocks[i].outcome);
	}
	list->count = kept;
}

static void
count_runs(replay *r)
{
	csf_clocks_catch_up(&r->list, r->at);
	for (int i = 0; i < r->list.count; i++)
		count_outcome(r, r->list.clocks[i].clock, csf_clock_outcome(&r->list.clocks[i], r->at));
}

/* ---- what an event was ---- */

static csf_state
state_of(const char *name)
{
	int state = name == NULL ? -1 : csf_state_parse(name, strlen(name));

	if (state < 0)
		elog(ERROR, "unexpected state \"%s\" in an event", name == NULL ? "NULL" : name);
	return (csf_state) state;
}

static int
priority_of(const char *letter)
{
	csf_priority priority;

	return letter != NULL && csf_priority_parse(letter, strlen(letter), &priority) ? (int) priority : 0;
}

static int64
number_of(const char *text)
{
	return text == NULL ? 0 : strtoll(text, NULL, 10);
}

static void
set_category(replay *r, csf_ticket_facts *facts, int64 category_id)
{
	const csf_category_entry *category = csf_desk_category(r->desk, category_id);

	facts->category_id = category_id;
	facts->kind_id = category == NULL ? 0 : category->kind_id;
}

static void
set_channel(replay *r, csf_ticket_facts *facts, const char *name)
{
	const csf_channel *channel = name == NULL ? NULL : csf_desk_channel(r->desk, name, strlen(name));

	facts->channel = name;
	facts->channel_class = channel == NULL ? 0 : channel->is_instant ? 1 : 2;
}

/* Gives a ticket's facts the value before or after an event that changed one of them; whether it is such an event. */
static bool
set_fact(replay *r, csf_ticket_facts *facts, const csf_recorded_event *event, bool before)
{
	const char *value = before ? event->old_value : event->new_value;

	if (csf_recorded_is(event, "category_changed"))
		set_category(r, facts, number_of(value));
	else if (csf_recorded_is(event, "priority_changed"))
		facts->priority = priority_of(value);
	else if (csf_recorded_is(event, "channel_changed"))
		set_channel(r, facts, value);
	else if (csf_recorded_is(event, "customer_tier_changed"))
		facts->customer_tier = value;
	else if (csf_recorded_is(event, "complexity_changed"))
		facts->complexity = value;
	else if (csf_recorded_is(event, "handling_tier_changed"))
		facts->handling_tier = (int) number_of(value);
	else if (csf_recorded_is(event, "routed"))
		r->team_id = number_of(value);
	else
		return false;
	return true;
}

/* What else an event changed and signalled. */
static uint64
apply_event(replay *r, csf_ticket_facts *facts, const csf_recorded_event *event)
{
	if (csf_recorded_is_message(event))
		return csf_message_signals(r->desk, event, (int) facts->state);
	if (csf_recorded_is_task(event))
		return csf_task_signals(r->events, (int) (event - r->events));
	if (set_fact(r, facts, event, false))
		return 0;
	if (csf_recorded_is(event, "opened"))
	{
		facts->state = state_of(event->new_state);
		return csf_opening_signals(facts->state);
	}
	if (event->new_state != NULL)
	{
		facts->state = state_of(event->new_state);
		return csf_transition_signals(state_of(event->old_state), facts->state);
	}
	if (csf_recorded_is(event, "assigned"))
		return CSF_SIGNAL_BIT(CSF_SIGNAL_ASSIGNED);
	if (csf_recorded_is(event, "reviewer_named"))
		return CSF_SIGNAL_BIT(CSF_SIGNAL_REVIEWER_NAMED);
	if (csf_recorded_is(event, "transferred"))
	{
		r->team_id = number_of(event->new_value);
		return CSF_SIGNAL_BIT(CSF_SIGNAL_TRANSFERRED);
	}
	return 0;
}

/* What sweeps and recomputes did; the clocks replayed have no part in it. */
static bool
is_of_clocks(const csf_recorded_event *event)
{
	return csf_recorded_is(event, "step_fired") || csf_recorded_is(event, "step_skipped") ||
		   csf_recorded_is(event, "clocks_recomputed");
}

/* ---- one ticket ---- */

/* Facts as they were when the ticket was opened: of each the value before its first change. */
static void
go_back(replay *r)
{
	for (int i = r->event_count - 1; i >= 0; i--)
	{
		if (!set_fact(r, &r->facts, &r->events[i], true) && csf_recorded_is(&r->events[i], "transferred"))
			r->team_id = number_of(r->events[i].old_value);
	}
	if (r->event_count > 0 && csf_recorded_is(&r->events[0], "opened"))
		r->facts.priority = priority_of(r->events[0].new_value);
}

/* The department an event is about: the ticket's, or the one that a message speaks for. */
static int64
subject_team(const replay *r, const csf_recorded_event *event)
{
	if (csf_recorded_is(event, "opened") || csf_recorded_is_task(event))
		return 0;
	if (!csf_recorded_is_message(event))
		return r->team_id;
	return event->team_id != 0 || event->actor_id == 0 ? event->team_id : r->team_id;
}

/* What a run that begins asks for: the events before. */
static const csf_past_event *
events_before(void *of, int *count)
{
	const replay *r = of;

	*count = r->past_count;
	return csf_past_of_events(r->desk, r->events, r->past_count);
}

static void
replay_ticket(replay *r)
{
	MemoryContext caller = MemoryContextSwitchTo(r->ticket_context);
	csf_ticket_facts before;
	bool is_open = false;

	go_back(r);
	memset(&r->list, 0, sizeof(r->list));
	for (int i = 0; i < r->event_count;)
	{
		const csf_recorded_event *event = &r->events[i];
		csf_clock_event moved = {.at = is_open ? event->at : r->facts.opened_at,
								 .named_at = csf_recorded_is_message(event) || csf_recorded_is_task(event)
												 ? event->due_at
												 : CSF_NO_INSTANT,
								 .before = is_open ? &before : NULL,
								 .after = &r->facts,
								 .is_cancelled = csf_recorded_is(event, "task_cancelled"),
								 .past = is_open ? events_before : NULL,
								 .past_of = r};

		before = r->facts;
		r->past_count = i;
		do
			moved.signals |= apply_event(r, &r->facts, &r->events[i++]);
		while (i < r->event_count && r->events[i].same_act);
		if (is_of_clocks(event))
			continue;
		moved.subjects[CSF_SUBJECT_TEAM] = subject_team(r, event);
		moved.subjects[CSF_SUBJECT_TASK] = csf_recorded_is_task(event) ? number_of(event->new_value) : 0;
		csf_clocks_apply(&r->list, r->desk->groups, r->desk->group_count, &moved);
		is_open = true;
		forget_old_runs(r);
	}
	count_runs(r);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(r->ticket_context);
	r->event_count = 0;
	r->has_ticket = false;
}

static int64
value_int64(const Datum *values, const bool *nulls, int place, int64 if_null)
{
	return nulls[place] ? if_null : DatumGetInt64(values[place]);
}

static char *
value_text(const Datum *values, const bool *nulls, int place)
{
	return nulls[place] ? NULL : TextDatumGetCString(values[place]);
}

static void
begin_ticket(replay *r, const Datum *values, const bool *nulls)
{
	const csf_category_entry *kind;

	memset(&r->facts, 0, sizeof(r->facts));
	r->has_ticket = true;
	r->ticket_no = value_int64(values, nulls, PAST_TICKET_NO, 0);
	r->kind = value_text(values, nulls, PAST_TICKET_KIND);
	set_category(r, &r->facts, value_int64(values, nulls, PAST_CATEGORY_ID, 0));
	kind = r->facts.category_id == 0 && r->kind != NULL ? csf_desk_kind(r->desk, r->kind) : NULL;
	if (kind != NULL)
		r->facts.kind_id = kind->category_id;
	set_channel(r, &r->facts, value_text(values, nulls, PAST_CHANNEL));
	r->facts.customer_tier = value_text(values, nulls, PAST_CUSTOMER_TIER);
	r->facts.handling_tier = nulls[PAST_HANDLING_TIER] ? 0 : DatumGetInt16(values[PAST_HANDLING_TIER]);
	r->facts.complexity = value_text(values, nulls, PAST_COMPLEXITY);
	r->facts.opened_at = value_int64(values, nulls, PAST_OPENED_AT, 0);
	r->team_id = value_int64(values, nulls, PAST_TEAM_ID, 0);
}

static bool
take_event(void *of, const Datum *values, const bool *nulls)
{
	replay *r = of;
	MemoryContext caller;
	csf_recorded_event *event;

	if (r->has_ticket && DatumGetInt64(values[PAST_TICKET_NO]) != r->ticket_no)
		replay_ticket(r);
	caller = MemoryContextSwitchTo(r->ticket_context);
	if (!r->has_ticket)
		begin_ticket(r, values, nulls);
	if (r->event_count == r->event_capacity)
	{
		r->event_capacity *= 2;
		r->events = repalloc_huge(r->events, sizeof(csf_recorded_event) * r->event_capacity);
	}
	event = &r->events[r->event_count++];
	csf_recorded_event_from(event, values + PAST_AT, nulls + PAST_AT);
	event->team_id = value_int64(values, nulls, PAST_MESSAGE_TEAM_ID, 0);
	MemoryContextSwitchTo(caller);
	return true;
}

/* A stored clock that is still running; its missed runs are those that a sweep has not accounted for. */
static bool
take_overdue(void *of, const Datum *values, const bool *nulls)
{
	replay *r = of;
	MemoryContext caller = MemoryContextSwitchTo(r->ticket_context);
	csf_ticket_clocks ticket = {.desk = r->desk};

	r->kind = value_text(values, nulls, 0);
	csf_clock_from_values(&ticket, values + 1, nulls + 1);
	r->list = ticket.list;
	count_runs(r);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(r->ticket_context);
	return true;
}

static bool
has_team_clocks(const csf_desk *desk)
{
	for (int i = 0; i < desk->target_count; i++)
	{
		if (desk->targets[i].subject == CSF_SUBJECT_TEAM)
			return true;
	}
	return false;
}

static void
return_tallies(const replay *r, ReturnSetInfo *result)
{
	for (int i = 0; i < r->tally_count; i++)
	{
		const tally *t = &r->tallies[i];
		Datum values[4] = {CStringGetTextDatum(t->clock), (Datum) 0, Int64GetDatum(t->met),
						   Int64GetDatum(t->breached)};
		bool nulls[4] = {false, t->kind == NULL, false, false};

		if (t->kind != NULL)
			values[1] = CStringGetTextDatum(t->kind);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

static void
init_replay(replay *r, int64 at)
{
	memset(r, 0, sizeof(*r));
	r->at = at;
	r->context = CurrentMemoryContext;
	r->ticket_context =
		AllocSetContextCreate(CurrentMemoryContext, "csflow replayed ticket", ALLOCSET_DEFAULT_SIZES);
	r->tally_capacity = 32;
	r->tallies = palloc(sizeof(tally) * r->tally_capacity);
	r->event_capacity = 64;
	r->events = palloc(sizeof(csf_recorded_event) * r->event_capacity);
}

Datum
csf_replay_attainment(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	Datum values[4];
	replay r;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(4))
		ereport(ERROR, (errcode(ERRCODE_CSF_MISSING_VALUE), errmsg("desk_id and at are needed")));
	result = csf_result_rows(fcinfo);
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_ARGISNULL(2) ? TimestampTzGetDatum(DT_NOBEGIN) : PG_GETARG_DATUM(2);
	values[2] = PG_ARGISNULL(3) ? TimestampTzGetDatum(DT_NOEND) : PG_GETARG_DATUM(3);
	values[3] = PG_GETARG_DATUM(4);
	csf_connect();
	init_replay(&r, PG_GETARG_TIMESTAMPTZ(4));
	r.desk = csf_desk_pin(PG_GETARG_INT64(0), CurrentMemoryContext);
	if (PG_ARGISNULL(1))
		csf_stream(&overdue_query, values, true, take_overdue, &r);
	else
	{
		Jsonb *playbook = PG_GETARG_JSONB_P(1);

		r.desk = csf_desk_with_targets(r.desk, JsonbToCString(NULL, &playbook->root, VARSIZE(playbook)),
									   GetActiveSnapshot());
		csf_stream(has_team_clocks(r.desk) ? &team_event_query : &event_query, values, true, take_event, &r);
		if (r.has_ticket)
			replay_ticket(&r);
	}
	return_tallies(&r, result);
	SPI_finish();
	return (Datum) 0;
}
