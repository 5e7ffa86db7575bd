/*
 * sweep.c
 *		csflow.fire_steps(): fires the steps of clocks that are due; step_action.c does what they say.
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

#include "engine/sweep.h"
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

/* ---- one ticket ---- */

/* The clock whose step was due first, or -1. */
static int
first_due(const csf_sweep *s, const csf_clock_list *list)
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
sweep_ticket(csf_sweep *s, csf_swept_ticket *ticket, csf_clock_list *list)
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
			csf_step_act(s, ticket, clock, step, due);
		/* A run that ends by itself is progress, too: there may be more to do. */
		else if (csf_clock_roll(list, index, s->at))
			s->fired++;
	}
}

/* ---- the batch ---- */

static int
compare_tickets(const void *a, const void *b)
{
	const csf_swept_ticket *left = a;
	const csf_swept_ticket *right = b;

	return (left->ticket_no > right->ticket_no) - (left->ticket_no < right->ticket_no);
}

/* Keeps what the query locked, each ticket once, in the order of their numbers. */
static void
read_tickets(csf_sweep *s)
{
	uint64 found = SPI_processed;
	int kept = 0;

	s->tickets = palloc0(sizeof(csf_swept_ticket) * (found + 1));
	for (uint64 i = 0; i < found; i++)
	{
		csf_swept_ticket *ticket = &s->tickets[i];
		csf_ticket_row row;

		csf_ticket_from_spi(&row, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
		ticket->ticket_no = csf_ticket_int64(&row, CSF_TICKET_TICKET_NO, 0);
		ticket->at = Max(s->at, csf_ticket_int64(&row, CSF_TICKET_CHANGED_AT, 0));
		ticket->priority = csf_ticket_priority(&row);
		ticket->handling_tier = csf_ticket_smallint(&row, CSF_TICKET_HANDLING_TIER);
		ticket->team_id = csf_ticket_int64(&row, CSF_TICKET_TEAM_ID, 0);
		ticket->agent_id = csf_ticket_int64(&row, CSF_TICKET_AGENT_ID, 0);
		ticket->is_over = (CSF_STATE_BIT(csf_ticket_state(&row)) & CSF_STATES_OVER) != 0;
	}
	qsort(s->tickets, found, sizeof(csf_swept_ticket), compare_tickets);
	for (uint64 i = 0; i < found; i++)
	{
		if (i == 0 || s->tickets[i].ticket_no != s->tickets[i - 1].ticket_no)
			s->tickets[kept++] = s->tickets[i];
	}
	s->count = kept;
}

static void
run_sweep(csf_sweep *s)
{
	csf_step_actions_init(s);
	s->clocks = palloc0(sizeof(csf_ticket_clocks) * (s->count + 1));
	for (int i = 0; i < s->count; i++)
	{
		s->clocks[i].desk = s->desk;
		s->clocks[i].ticket_no = s->tickets[i].ticket_no;
	}
	/* Read again now that the tickets are locked: what the search saw may have changed. */
	csf_clocks_load(s->clocks, s->count);
	for (int i = 0; i < s->count; i++)
		sweep_ticket(s, &s->tickets[i], &s->clocks[i].list);
	csf_clocks_save(s->clocks, s->count);
	csf_step_actions_flush(s);
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
	csf_sweep s = {.at = PG_GETARG_TIMESTAMPTZ(1), .closing = PG_GETARG_BOOL(3)};
	csf_owner_scope scope;

	csf_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
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
	read_tickets(&s);
	/* The search comes first: of a desk with nothing due the configuration is not wanted. */
	if (s.count > 0)
	{
		s.desk = csf_desk_pin(PG_GETARG_INT64(0), CurrentMemoryContext);
		run_sweep(&s);
	}
	csf_owner_leave(&scope);
	SPI_finish();
	PG_RETURN_INT32(s.fired);
}
