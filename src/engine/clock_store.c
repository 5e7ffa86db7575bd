/*
 * clock_store.c
 *		Reading and writing csflow.clock for many tickets at a time.
 */
#include "engine/clock_store.h"

#include "utils/builtins.h"
#include "utils/hsearch.h"

#include "errors.h"
#include "types/types.h"

#define COLUMNS 19

static csf_statement clock_query =
	CSF_STATEMENT("SELECT DISTINCT ON (u.place, c.clock) u.place, " CSF_CLOCK_COLUMNS
				  " FROM engine_rows AS u(place, desk_id, ticket_no)"
				  " JOIN csflow.clock c ON c.desk_id = u.desk_id AND c.ticket_no = u.ticket_no"
				  " ORDER BY u.place, c.clock, c.run DESC",
				  "ILN");
static csf_statement clock_insert =
	CSF_STATEMENT("INSERT INTO csflow.clock (desk_id, ticket_no, clock, run, target_id, calendar, priority,"
				  " started_at, length_microseconds, spent_microseconds, run_since, due_at, next_position,"
				  " next_at, next_closes, paused_at, paused_microseconds, stopped_at, outcome)"
				  " SELECT * FROM engine_rows",
				  "LNTILTPZLLZZSZBZLZT");
/* clang-format off: it would indent the text by the length of the name. */
#define CLOCK_UPDATE(condition)                                                                              \
	"UPDATE csflow.clock c SET target_id = u.target_id, calendar = u.calendar, priority ="                   \
	" u.priority, started_at = u.started_at, length_microseconds = u.length, spent_microseconds ="           \
	" u.spent, run_since = u.run_since, due_at = u.due_at, next_position = u.next_position,"                 \
	" next_at = u.next_at, next_closes = u.next_closes, paused_at = u.paused_at,"                            \
	" paused_microseconds = u.paused, stopped_at = u.stopped_at, outcome = u.outcome"                        \
	" FROM engine_rows AS u(desk_id, ticket_no, clock, run, target_id, calendar, priority,"                  \
	" started_at, length, spent, run_since, due_at, next_position, next_at, next_closes,"                    \
	" paused_at, paused, stopped_at, outcome)"                                                               \
	" WHERE c.desk_id = u.desk_id AND c.ticket_no = u.ticket_no AND c.clock = u.clock AND c.run ="           \
	" u.run" condition
/* clang-format on */

static csf_statement clock_update = CSF_STATEMENT(CLOCK_UPDATE(""), "LNTILTPZLLZZSZBZLZT");
static csf_statement active_query =
	CSF_STATEMENT_MANY("SELECT u.place, " CSF_CLOCK_COLUMNS " FROM engine_rows AS u(place, ticket_no)"
					   " JOIN csflow.clock c ON c.ticket_no = u.ticket_no"
					   " WHERE c.desk_id = $1 AND c.ticket_no BETWEEN $2 AND $3 AND c.stopped_at IS NULL"
					   " ORDER BY u.place, c.clock, c.run",
					   "lnnIN");
static csf_statement clock_update_many = CSF_STATEMENT_MANY(
	CLOCK_UPDATE(" AND c.desk_id = $1 AND c.ticket_no BETWEEN $2 AND $3"), "lnnLNTILTPZLLZZSZBZLZT");

static const char *const outcomes[] = {NULL, "met", "breached", "measured", "void"};

static csf_outcome
outcome_of(const char *name)
{
	for (int i = 1; name != NULL && i < (int) lengthof(outcomes); i++)
	{
		if (strcmp(outcomes[i], name) == 0)
			return (csf_outcome) i;
	}
	return CSF_OUTCOME_NONE;
}

static bool
has_text(HeapTuple row, TupleDesc description, int column, const char *wanted)
{
	bool is_null;
	Datum value = SPI_getbinval(row, description, column, &is_null);
	text *given = is_null ? NULL : DatumGetTextPP(value);

	return given != NULL && VARSIZE_ANY_EXHDR(given) == strlen(wanted) &&
		   memcmp(VARDATA_ANY(given), wanted, strlen(wanted)) == 0;
}

csf_clock *
csf_clock_from_spi(csf_ticket_clocks *ticket, HeapTuple row, TupleDesc d, int first)
{
	csf_clock *clock = csf_clock_list_add(&ticket->list);
	int n = first;

	clock->clock = csf_column_text(row, d, n++);
	clock->run = csf_column_int(row, d, n++, 0);
	clock->target_id = csf_column_int64(row, d, n++, 0);
	clock->target = csf_desk_target(ticket->desk, clock->target_id);
	clock->priority = csf_column_int(row, d, n++, 0);
	clock->started_at = csf_column_int64(row, d, n++, CSF_NO_INSTANT);
	clock->length = csf_column_int64(row, d, n++, CSF_NO_LENGTH);
	clock->spent = csf_column_int64(row, d, n++, 0);
	clock->run_since = csf_column_int64(row, d, n++, CSF_NO_INSTANT);
	clock->due_at = csf_column_int64(row, d, n++, CSF_NO_INSTANT);
	clock->next_position = csf_column_int(row, d, n++, 0);
	clock->next_at = csf_column_int64(row, d, n++, CSF_NO_INSTANT);
	clock->next_closes = csf_column_bool(row, d, n++);
	clock->paused_at = csf_column_int64(row, d, n++, CSF_NO_INSTANT);
	clock->paused = csf_column_int64(row, d, n++, 0);
	clock->stopped_at = csf_column_int64(row, d, n++, CSF_NO_INSTANT);
	clock->outcome = outcome_of(csf_column_text(row, d, n++));
	clock->is_changed = clock->target != NULL && !has_text(row, d, n, clock->target->calendar);
	return clock;
}

void
csf_clocks_load(csf_ticket_clocks *tickets, int count)
{
	csf_rows keys;

	csf_rows_init(&keys, &clock_query);
	for (int i = 0; i < count; i++)
	{
		Datum values[3] = {Int32GetDatum(i), Int64GetDatum(tickets[i].desk->desk_id),
						   Int64GetDatum(tickets[i].ticket_no)};
		bool nulls[3] = {false};

		csf_rows_add(&keys, values, nulls);
	}
	if (count == 0)
		return;
	csf_rows_run(&keys, &clock_query, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc description = SPI_tuptable->tupdesc;

		csf_clock_from_spi(&tickets[csf_column_int(row, description, 1, 0)], row, description, 2);
	}
}

/* Desk and range of numbers of tickets in order. */
static void
range_of(const csf_ticket_clocks *tickets, int count, Datum *values)
{
	values[0] = Int64GetDatum(tickets[0].desk->desk_id);
	values[1] = TicketNoGetDatum(tickets[0].ticket_no);
	values[2] = TicketNoGetDatum(tickets[count - 1].ticket_no);
}

void
csf_clocks_load_active(csf_ticket_clocks *tickets, int count)
{
	Datum range[3];
	csf_rows keys;

	if (count == 0)
		return;
	csf_rows_init(&keys, &active_query);
	for (int i = 0; i < count; i++)
	{
		Datum values[2] = {Int32GetDatum(i), TicketNoGetDatum(tickets[i].ticket_no)};
		bool nulls[2] = {false};

		csf_rows_add(&keys, values, nulls);
	}
	range_of(tickets, count, range);
	csf_rows_run_with(&keys, &active_query, range, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc description = SPI_tuptable->tupdesc;

		csf_clock_from_spi(&tickets[csf_column_int(row, description, 1, 0)], row, description, 2);
	}
}

static void
set_instant(Datum *value, bool *null, int64 instant)
{
	*null = instant == CSF_NO_INSTANT;
	*value = Int64GetDatum(instant);
}

static void
add_row(csf_rows *rows, const csf_ticket_clocks *ticket, const csf_clock *clock)
{
	Datum values[COLUMNS];
	bool nulls[COLUMNS] = {false};

	values[0] = Int64GetDatum(ticket->desk->desk_id);
	values[1] = Int64GetDatum(ticket->ticket_no);
	values[2] = CStringGetTextDatum(clock->clock);
	values[3] = Int32GetDatum(clock->run);
	values[4] = Int64GetDatum(clock->target_id);
	values[5] = CStringGetTextDatum(clock->target == NULL ? "" : clock->target->calendar);
	values[6] = PriorityGetDatum((csf_priority) clock->priority);
	nulls[6] = clock->priority == 0;
	values[7] = Int64GetDatum(clock->started_at);
	values[8] = Int64GetDatum(clock->length);
	nulls[8] = clock->length == CSF_NO_LENGTH;
	values[9] = Int64GetDatum(clock->spent);
	set_instant(&values[10], &nulls[10], clock->run_since);
	set_instant(&values[11], &nulls[11], clock->due_at);
	values[12] = Int16GetDatum((int16) clock->next_position);
	nulls[12] = clock->next_position == 0;
	set_instant(&values[13], &nulls[13], clock->next_at);
	values[14] = BoolGetDatum(clock->next_closes);
	set_instant(&values[15], &nulls[15], clock->paused_at);
	values[16] = Int64GetDatum(clock->paused);
	set_instant(&values[17], &nulls[17], clock->stopped_at);
	nulls[18] = clock->outcome == CSF_OUTCOME_NONE;
	values[18] = nulls[18] ? (Datum) 0 : CStringGetTextDatum(outcomes[clock->outcome]);
	csf_rows_add(rows, values, nulls);
}

static void
save(csf_ticket_clocks *tickets, int count, csf_statement *update, Datum *parameters)
{
	csf_rows fresh;
	csf_rows moved;
	uint64 expected;

	csf_rows_init(&fresh, &clock_insert);
	csf_rows_init(&moved, update);
	for (int i = 0; i < count; i++)
	{
		for (int c = 0; c < tickets[i].list.count; c++)
		{
			csf_clock *clock = &tickets[i].list.clocks[c];

			if (clock->is_new || clock->is_changed)
				add_row(clock->is_new ? &fresh : &moved, &tickets[i], clock);
			clock->is_new = clock->is_changed = false;
		}
	}
	expected = moved.count;
	if (csf_rows_run_with(&moved, update, parameters, SPI_OK_UPDATE) != expected)
		ereport(ERROR, (errcode(ERRCODE_CSF_CONCURRENT_CHANGE),
						errmsg("a clock of a ticket was removed by someone else"),
						errhint("Try the transaction again.")));
	csf_rows_run(&fresh, &clock_insert, SPI_OK_INSERT);
}

void
csf_clocks_save(csf_ticket_clocks *tickets, int count)
{
	save(tickets, count, &clock_update, NULL);
}

void
csf_clocks_save_many(csf_ticket_clocks *tickets, int count)
{
	Datum range[3];

	if (count == 0)
		return;
	range_of(tickets, count, range);
	save(tickets, count, &clock_update_many, range);
}

/* One entry a ticket, however many changes it has. */
static csf_ticket_clocks *
clocks_of(HTAB *places, csf_ticket_clocks *tickets, int *count, const csf_change *change)
{
	struct
	{
		int64 desk_id;
		int64 ticket_no;
	} key = {change->desk->desk_id, change->ticket_no};
	struct
	{
		int64 desk_id;
		int64 ticket_no;
		int place;
	} * entry;
	bool found;

	entry = hash_search(places, &key, HASH_ENTER, &found);
	if (!found)
	{
		entry->place = (*count)++;
		memset(&tickets[entry->place], 0, sizeof(csf_ticket_clocks));
		tickets[entry->place].desk = change->desk;
		tickets[entry->place].ticket_no = change->ticket_no;
	}
	return &tickets[entry->place];
}

static void
apply_one(csf_ticket_clocks *ticket, const csf_change *change)
{
	csf_clock_event event = {.signals = change->signals,
							 .at = change->at,
							 .named_at = change->named_at,
							 .before = change->has_before ? &change->before : NULL,
							 .after = &change->after};

	csf_clocks_apply(&ticket->list, change->desk->groups, change->desk->group_count, &event);
}

void
csf_changes_apply(csf_change *changes, int count)
{
	HASHCTL control = {
		.keysize = 2 * sizeof(int64), .entrysize = 3 * sizeof(int64), .hcxt = CurrentMemoryContext};
	HTAB *places;
	csf_ticket_clocks *tickets;
	csf_ticket_clocks **of_change;
	int ticket_count = 0;
	bool any_old = false;

	if (count == 0)
		return;
	places = hash_create("csflow tickets", count, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	tickets = palloc_extended(sizeof(csf_ticket_clocks) * count, MCXT_ALLOC_HUGE);
	of_change = palloc_extended(sizeof(csf_ticket_clocks *) * count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		of_change[i] = clocks_of(places, tickets, &ticket_count, &changes[i]);
		any_old |= !changes[i].is_new;
	}
	if (any_old)
		csf_clocks_load(tickets, ticket_count);
	for (int i = 0; i < count; i++)
		apply_one(of_change[i], &changes[i]);
	csf_clocks_save(tickets, ticket_count);
	hash_destroy(places);
}
