/*
 * sweep.c
 *		csflow.fire_steps(): fires the steps of clocks that are due, and does what they say.
 *
 * Costs what is due, not what is open: a partial index leads to the clocks, and tickets that somebody else has locked
 * are left to the next sweep. Each ticket's steps fire in the order in which they were due; the event keeps both the
 * instant due and the instant fired. Clocks and events are written first, then the tickets' own columns, whose triggers
 * do the rest as for any UPDATE.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engine/clock_store.h"
#include "engine/config.h"
#include "engine/flow.h"
#include "engine/record.h"
#include "engine/ticket.h"
#include "errors.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_fire_steps);

#define DUE_TICKETS(closes, job)                                                                             \
	"SELECT " CSF_TICKET_FACT_COLUMNS " FROM csflow.clock c JOIN csflow.ticket t"                            \
	" ON t.desk_id = c.desk_id AND t.ticket_no = c.ticket_no"                                                \
	" WHERE c.desk_id = $1 AND c.next_at <= $2 AND " closes                                                  \
	" AND NOT EXISTS (SELECT FROM csflow.set_aside s WHERE s.desk_id = c.desk_id"                            \
	" AND s.ticket_no = c.ticket_no AND s.job = '" job "' AND s.retry_at > $2)"                              \
	" ORDER BY c.next_at LIMIT $3 FOR NO KEY UPDATE OF t SKIP LOCKED"

static csf_statement escalation_query = CSF_STATEMENT(DUE_TICKETS("NOT c.next_closes", "escalation"), "lzi");
static csf_statement closing_query = CSF_STATEMENT(DUE_TICKETS("c.next_closes", "auto_close"), "lzi");
static csf_statement one_query =
	CSF_STATEMENT("SELECT " CSF_TICKET_FACT_COLUMNS " FROM csflow.ticket t"
				  " WHERE t.desk_id = $1 AND t.ticket_no = $2 FOR NO KEY UPDATE OF t SKIP LOCKED",
				  "ln");
static csf_statement review_insert =
	CSF_STATEMENT("INSERT INTO csflow.review (desk_id, ticket_no, opened_at, clock, run, participants) SELECT"
				  " u.desk_id, u.ticket_no, u.at, u.clock, u.run, pg_catalog.string_to_array(u.participants,"
				  " E'\\n')"
				  " FROM engine_rows AS u(desk_id, ticket_no, at, clock, run, participants)"
				  " ON CONFLICT (desk_id, ticket_no, clock, run) DO NOTHING",
				  "LNZTIT");
static csf_statement members_query = CSF_STATEMENT(
	"SELECT a.agent_id, a.capacity, (SELECT count(*) FROM csflow.ticket t"
	" WHERE t.desk_id = a.desk_id AND t.team_id = $2 AND t.agent_id = a.agent_id AND t.state NOT"
	" IN ('answered', 'closed', 'duplicate', 'invalid')) FROM csflow.agent a"
	" WHERE a.desk_id = $1 AND a.team_id = $2 AND a.is_active AND NOT a.is_bot"
	" ORDER BY a.agent_id",
	"ll");
static csf_statement ticket_update = CSF_STATEMENT(
	"UPDATE csflow.ticket t SET changed_at = u.at, changed_by = NULL, changed_by_kind ="
	" 'system', change_reason = u.reason, priority = coalesce(u.priority, t.priority),"
	" priority_reason = CASE WHEN u.priority IS NULL THEN t.priority_reason ELSE u.reason END,"
	" team_id = coalesce(u.team_id, t.team_id), agent_id = CASE WHEN u.moves THEN u.agent_id ELSE"
	" t.agent_id END, state = coalesce(u.state, t.state), close_reason = coalesce(u.close_reason,"
	" t.close_reason)"
	" FROM engine_rows AS u(desk_id, ticket_no, at, reason, priority, team_id, moves, agent_id,"
	" state, close_reason)"
	" WHERE t.desk_id = u.desk_id AND t.ticket_no = u.ticket_no",
	"LNZTPLBLTT");

/* A locked ticket, and what its steps make of it. */
typedef struct swept_ticket
{
	int64 ticket_no;
	TimestampTz at; /* the sweep's instant, not before the ticket's last change */
	int priority;
	int64 team_id;
	int64 agent_id;
	bool is_over; /* closed, duplicate or invalid: there is nothing to move */

	const char *reason; /* set once a step changes the ticket */
	int new_priority;
	int64 new_team_id;
	bool agent_moves;
	int64 new_agent_id;
	const char *close_reason;
} swept_ticket;

/* Who could be offered a ticket, with what they hold: as read once, then with what this sweep has offered. */
typedef struct team_member
{
	int64 agent_id;
	int64 held;
	int capacity;
} team_member;

typedef struct team_members
{
	int64 team_id;
	int count;
	team_member *members;
	struct team_members *next;
} team_members;

typedef struct sweep
{
	const csf_desk *desk;
	TimestampTz at;
	bool closing;
	int count;
	swept_ticket *tickets;
	csf_ticket_clocks *clocks;
	csf_recorder recorder;
	csf_rows reviews;
	csf_rows updates;
	team_members *teams; /* of those from which somebody was sought */
	int fired;
} sweep;

/* ---- whom to tell ---- */

static void
tell(sweep *s, const swept_ticket *ticket, csf_notice *notice, const char *kind, int64 id, const char *name)
{
	notice->desk_id = s->desk->desk_id;
	notice->ticket_no = ticket->ticket_no;
	notice->at = ticket->at;
	notice->recipient_kind = kind;
	notice->recipient_id = id;
	notice->recipient = name;
	csf_record_notice(&s->recorder, notice);
}

/* A person where one is named, else the role, so that nothing is lost while a post is vacant. */
static void
tell_officer(sweep *s, const swept_ticket *ticket, csf_notice *notice, int64 agent_id, const char *role)
{
	if (agent_id != 0)
		tell(s, ticket, notice, "agent", agent_id, role);
	else
		tell(s, ticket, notice, "role", ticket->team_id, role);
}

static void
tell_recipient(sweep *s, const swept_ticket *ticket, csf_notice *notice, const char *recipient)
{
	const csf_team *team = csf_desk_team(s->desk, ticket->team_id);

	if (strcmp(recipient, "owner") == 0 && ticket->agent_id != 0)
		tell(s, ticket, notice, "agent", ticket->agent_id, recipient);
	else if (strcmp(recipient, "owner") == 0 || strcmp(recipient, "team") == 0)
		tell(s, ticket, notice, "team", team == NULL ? s->desk->review_team_id : team->team_id, recipient);
	else if (strcmp(recipient, "supervisor") == 0)
		tell_officer(s, ticket, notice, team == NULL ? 0 : team->supervisor_id, recipient);
	else if (strcmp(recipient, "head") == 0)
		tell_officer(s, ticket, notice, team == NULL ? 0 : team->head_id, recipient);
	else if (strcmp(recipient, "coordinator") == 0)
		tell(s, ticket, notice, "team", s->desk->review_team_id, recipient);
	else
	{
		const csf_team *named = csf_desk_team_by_code(s->desk, recipient);

		tell(s, ticket, notice, named == NULL ? "role" : "team", named == NULL ? 0 : named->team_id,
			 recipient);
	}
}

static void
tell_all(sweep *s, const swept_ticket *ticket, const csf_clock *clock, const csf_step *step, TimestampTz due,
		 int event)
{
	csf_notice notice = {.clock = clock->clock, .due_at = due, .topic = step->level, .event = event};

	if (step->action == CSF_ACTION_OPEN_REVIEW)
		notice.topic = "review";
	else if (step->action == CSF_ACTION_OFFER_NEXT)
		notice.topic = "offer";
	for (int i = 0; i < step->recipient_count; i++)
		tell_recipient(s, ticket, &notice, step->recipients[i]);
}

/* ---- what a step does ---- */

static void
open_review(sweep *s, const swept_ticket *ticket, const csf_clock *clock, const csf_step *step)
{
	StringInfoData participants;
	Datum values[6];
	bool nulls[6] = {false};

	initStringInfo(&participants);
	for (int i = 0; i < step->recipient_count; i++)
		appendStringInfo(&participants, "%s%s", i > 0 ? "\n" : "", step->recipients[i]);
	values[0] = Int64GetDatum(s->desk->desk_id);
	values[1] = TicketNoGetDatum(ticket->ticket_no);
	values[2] = TimestampTzGetDatum(ticket->at);
	values[3] = CStringGetTextDatum(clock->clock);
	values[4] = Int32GetDatum(clock->run);
	values[5] = CStringGetTextDatum(participants.data);
	csf_rows_add(&s->reviews, values, nulls);
}

static team_members *
members_of(sweep *s, int64 team_id)
{
	Datum values[2] = {Int64GetDatum(s->desk->desk_id), Int64GetDatum(team_id)};
	team_members *team;

	for (team = s->teams; team != NULL; team = team->next)
	{
		if (team->team_id == team_id)
			return team;
	}
	csf_run(&members_query, values, NULL, SPI_OK_SELECT);
	team = palloc(sizeof(team_members));
	team->team_id = team_id;
	team->count = (int) SPI_processed;
	team->members = palloc(sizeof(team_member) * (team->count + 1));
	for (int i = 0; i < team->count; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc description = SPI_tuptable->tupdesc;

		team->members[i].agent_id = csf_column_int64(row, description, 1, 0);
		team->members[i].capacity = csf_column_int(row, description, 2, 0);
		team->members[i].held = csf_column_int64(row, description, 3, 0);
	}
	team->next = s->teams;
	s->teams = team;
	return team;
}

/* Offers the ticket to whoever of its department holds least and has room; 0 when nobody has. */
static int64
offer_next(sweep *s, const swept_ticket *ticket)
{
	team_members *team = members_of(s, ticket->team_id);
	team_member *next = NULL;

	for (int i = 0; i < team->count; i++)
	{
		team_member *member = &team->members[i];

		if (member->agent_id != ticket->agent_id && member->held < member->capacity &&
			(next == NULL || member->held < next->held))
			next = member;
	}
	if (next == NULL)
		return 0;
	next->held++;
	for (int i = 0; i < team->count; i++)
		team->members[i].held -= team->members[i].agent_id == ticket->agent_id;
	return next->agent_id;
}

static void
act(sweep *s, swept_ticket *ticket, const csf_clock *clock, const csf_step *step)
{
	const char *reason = psprintf("step %d of clock %s", step->position, clock->clock);
	int64 agent_id;

	switch (step->action)
	{
		case CSF_ACTION_NOTIFY:
			return;
		case CSF_ACTION_RAISE_PRIORITY:
			if (ticket->priority == 0 || ticket->priority >= CSF_PRIORITY_GREATEST)
				return;
			ticket->priority = ticket->new_priority = csf_priority_raise((csf_priority) ticket->priority, 1);
			break;
		case CSF_ACTION_ASSIGN_TEAM:
			if (ticket->team_id == step->team_id)
				return;
			ticket->team_id = ticket->new_team_id = step->team_id;
			ticket->agent_moves = true;
			ticket->agent_id = ticket->new_agent_id = 0;
			break;
		case CSF_ACTION_OPEN_REVIEW:
			open_review(s, ticket, clock, step);
			return;
		case CSF_ACTION_OFFER_NEXT:
			agent_id = offer_next(s, ticket);
			if (agent_id == 0)
				return;
			ticket->agent_moves = true;
			ticket->agent_id = ticket->new_agent_id = agent_id;
			break;
		case CSF_ACTION_CLOSE:
			ticket->close_reason = step->close_reason;
			break;
	}
	ticket->reason = reason;
}

static const char *
action_name(csf_step_action action)
{
	static const char *const names[] = {"notify",      "raise_priority", "assign_team",
										"open_review", "offer_next",     "close"};

	return names[action];
}

static void
fire(sweep *s, swept_ticket *ticket, csf_clock *clock, const csf_step *step, TimestampTz due)
{
	csf_actor system = {.kind = "system"};
	bool is_moot = csf_step_is_moot(clock, step) || (ticket->is_over && csf_step_moves_ticket(step));
	csf_event event;
	int place;

	csf_event_init(&event, s->desk->desk_id, ticket->ticket_no, ticket->at,
				   is_moot ? "step_skipped" : "step_fired", system);
	event.clock = clock->clock;
	event.run = clock->run;
	event.step_position = step->position;
	event.due_at = due;
	event.old_value = step->level;
	event.new_value = action_name(step->action);
	place = csf_record_event(&s->recorder, &event);
	s->fired++;
	if (is_moot)
		return;
	tell_all(s, ticket, clock, step, due, place);
	act(s, ticket, clock, step);
}

/* ---- one ticket ---- */

/* The clock whose step was due first, or -1. */
static int
first_due(const sweep *s, const csf_clock_list *list)
{
	int first = -1;

	for (int i = 0; i < list->count; i++)
	{
		const csf_clock *clock = &list->clocks[i];

		if (clock->next_at == CSF_NO_INSTANT || clock->next_at > s->at || clock->next_closes != s->closing)
			continue;
		if (first < 0 || clock->next_at < list->clocks[first].next_at)
			first = i;
	}
	return first;
}

static void
sweep_ticket(sweep *s, swept_ticket *ticket, csf_clock_list *list)
{
	int index;

	while (ticket->close_reason == NULL && (index = first_due(s, list)) >= 0)
	{
		csf_clock *clock = &list->clocks[index];
		TimestampTz due;
		const csf_step *step;

		CHECK_FOR_INTERRUPTS();
		if (clock->target == NULL && clock->stopped_at == CSF_NO_INSTANT)
		{
			/* Its target is gone, and with it what should happen. */
			csf_clock_end(clock, ticket->at, CSF_OUTCOME_VOID);
			s->fired++;
			continue;
		}
		step = csf_clock_fire(clock, s->at, &due);
		/* Else it would fire again, and again: an error sets one ticket aside, a loop would stop every desk. */
		if (step != NULL && clock->next_position <= step->position)
			elog(ERROR, "clock %s did not move past its step %d", clock->clock, step->position);
		if (step != NULL)
			fire(s, ticket, clock, step, due);
		/* A run that ends by itself is progress, too: there may be more to do. */
		else if (csf_clock_roll(list, index, s->at))
			s->fired++;
	}
}

static void
add_update(sweep *s, const swept_ticket *ticket)
{
	Datum values[10];
	bool nulls[10] = {false};

	values[0] = Int64GetDatum(s->desk->desk_id);
	values[1] = TicketNoGetDatum(ticket->ticket_no);
	values[2] = TimestampTzGetDatum(ticket->at);
	values[3] = CStringGetTextDatum(ticket->reason);
	values[4] = PriorityGetDatum((csf_priority) ticket->new_priority);
	nulls[4] = ticket->new_priority == 0;
	values[5] = Int64GetDatum(ticket->new_team_id);
	nulls[5] = ticket->new_team_id == 0;
	values[6] = BoolGetDatum(ticket->agent_moves);
	values[7] = Int64GetDatum(ticket->new_agent_id);
	nulls[7] = ticket->new_agent_id == 0;
	values[8] = CStringGetTextDatum(csf_state_name(CSF_STATE_CLOSED));
	nulls[8] = nulls[9] = ticket->close_reason == NULL;
	values[9] = nulls[9] ? (Datum) 0 : CStringGetTextDatum(ticket->close_reason);
	csf_rows_add(&s->updates, values, nulls);
}

/* ---- the batch ---- */

static int
compare_tickets(const void *a, const void *b)
{
	const swept_ticket *left = a;
	const swept_ticket *right = b;

	return (left->ticket_no > right->ticket_no) - (left->ticket_no < right->ticket_no);
}

/* Keeps what the query locked, each ticket once, in the order of their numbers. */
static void
read_tickets(sweep *s)
{
	uint64 found = SPI_processed;
	int kept = 0;

	s->tickets = palloc0(sizeof(swept_ticket) * (found + 1));
	for (uint64 i = 0; i < found; i++)
	{
		swept_ticket *ticket = &s->tickets[i];
		csf_ticket_row row;

		csf_ticket_from_spi(&row, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
		ticket->ticket_no = csf_ticket_int64(&row, CSF_TICKET_TICKET_NO, 0);
		ticket->at = Max(s->at, csf_ticket_int64(&row, CSF_TICKET_CHANGED_AT, 0));
		ticket->priority = csf_ticket_priority(&row);
		ticket->team_id = csf_ticket_int64(&row, CSF_TICKET_TEAM_ID, 0);
		ticket->agent_id = csf_ticket_int64(&row, CSF_TICKET_AGENT_ID, 0);
		ticket->is_over = (CSF_STATE_BIT(csf_ticket_state(&row)) & CSF_STATES_OVER) != 0;
	}
	qsort(s->tickets, found, sizeof(swept_ticket), compare_tickets);
	for (uint64 i = 0; i < found; i++)
	{
		if (i == 0 || s->tickets[i].ticket_no != s->tickets[i - 1].ticket_no)
			s->tickets[kept++] = s->tickets[i];
	}
	s->count = kept;
	s->clocks = palloc0(sizeof(csf_ticket_clocks) * (kept + 1));
	for (int i = 0; i < kept; i++)
	{
		s->clocks[i].desk = s->desk;
		s->clocks[i].ticket_no = s->tickets[i].ticket_no;
	}
}

static void
run_sweep(sweep *s)
{
	read_tickets(s);
	/* Read again now that the tickets are locked: what the search saw may have changed. */
	csf_clocks_load(s->clocks, s->count);
	for (int i = 0; i < s->count; i++)
	{
		sweep_ticket(s, &s->tickets[i], &s->clocks[i].list);
		if (s->tickets[i].reason != NULL)
			add_update(s, &s->tickets[i]);
	}
	csf_clocks_save(s->clocks, s->count);
	csf_recorder_flush(&s->recorder, false);
	csf_rows_run(&s->reviews, &review_insert, SPI_OK_INSERT);
	csf_rows_run(&s->updates, &ticket_update, SPI_OK_UPDATE);
}

/*
 * Planned once per connection: with many partitions, planning took longer than an idle sweep. A plan for any instant would
 * expect a third of all clocks to be due; only what starts at once, in the order of clock_next, is therefore left to it.
 */
static void
find_due(csf_statement *query, Datum *values)
{
	static const char *const off[] = {"enable_seqscan",  "enable_bitmapscan", "enable_sort",
									  "enable_hashjoin", "enable_mergejoin",  "enable_material"};
	int level = NewGUCNestLevel();

	for (int i = 0; i < (int) lengthof(off); i++)
		(void) set_config_option(off[i], "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	csf_run(query, values, NULL, SPI_OK_SELECT);
	AtEOXact_GUC(true, level);
}

Datum
csf_fire_steps(PG_FUNCTION_ARGS)
{
	sweep s = {.at = PG_GETARG_TIMESTAMPTZ(1), .closing = PG_GETARG_BOOL(3)};
	csf_owner_scope scope;

	csf_connect();
	s.desk = csf_desk_pin(PG_GETARG_INT64(0), CurrentMemoryContext);
	csf_owner_enter(&scope, csf_flow_get()->owner);
	csf_recorder_init(&s.recorder, CurrentMemoryContext);
	csf_rows_init(&s.reviews, &review_insert);
	csf_rows_init(&s.updates, &ticket_update);
	if (PG_ARGISNULL(4))
	{
		Datum values[3] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};

		find_due(s.closing ? &closing_query : &escalation_query, values);
	}
	else
	{
		Datum values[2] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(4)};

		csf_run(&one_query, values, NULL, SPI_OK_SELECT);
	}
	run_sweep(&s);
	csf_owner_leave(&scope);
	SPI_finish();
	PG_RETURN_INT32(s.fired);
}
