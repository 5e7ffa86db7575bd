/*
 * clock_store.c
 *		Reading and writing csflow.clock for many tickets at a time.
 */
#include "engine/clock_store.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "engine/past.h"
#include "errors.h"
#include "types/types.h"

#define COLUMNS 27
/* Of CSF_CLOCK_COLUMNS. */
#define CLOCK_COLUMN_COUNT 25

/* What is written, in this order. */
#define CLOCK_COLUMNS                                                                                        \
	"desk_id, ticket_no, clock, run, subject_id, target_id, calendar, "                                      \
	"priority, started_at, length_microseconds, spent_microseconds, "                                        \
	"run_since, due_at, next_position, next_at, next_closes, late_steps, "                                   \
	"paused_at, paused_microseconds, stopped_at, outcome, missed, turn, "                                    \
	"counted_until, own_microseconds, customer_microseconds, "                                               \
	"partner_microseconds"
#define CLOCK_TYPES "LNTILLTPZLLZZSZBAZLZTSTZLLL"

/* The latest run of each clock and subject, and older ones with steps that are still to be told. */
static csf_statement clock_query = CSF_STATEMENT(
	"SELECT DISTINCT ON (u.place, c.clock, c.subject_id, CASE WHEN c.stopped_at IS NOT NULL AND c.next_at"
	" IS NOT NULL THEN c.run END) "
	"u.place, " CSF_CLOCK_COLUMNS " FROM engine_rows AS u(place, desk_id, ticket_no)"
	" JOIN csflow.clock c ON c.desk_id = u.desk_id AND c.ticket_no = u.ticket_no"
	" ORDER BY u.place, c.clock, c.subject_id, CASE WHEN c.stopped_at IS NOT NULL AND c.next_at IS NOT"
	" NULL THEN c.run END, c.run DESC",
	"ILN");
static csf_statement clock_insert =
	CSF_STATEMENT("INSERT INTO csflow.clock (" CLOCK_COLUMNS ") SELECT * FROM engine_rows", CLOCK_TYPES);
/* clang-format off: it would indent the text by the length of the name. */
#define CLOCK_UPDATE(desk)                                                                                   \
	"UPDATE csflow.clock c SET "                                                                             \
	"target_id = u.target_id, calendar = u.calendar, "                                                       \
	"priority = u.priority, started_at = u.started_at, "                                                     \
	"length_microseconds = u.length_microseconds, "                                                          \
	"spent_microseconds = u.spent_microseconds, run_since = u.run_since, "                                   \
	"due_at = u.due_at, next_position = u.next_position, "                                                   \
	"next_at = u.next_at, next_closes = u.next_closes, "                                                     \
	"late_steps = u.late_steps, paused_at = u.paused_at, "                                                   \
	"paused_microseconds = u.paused_microseconds, "                                                          \
	"stopped_at = u.stopped_at, outcome = u.outcome, missed = u.missed, "                                    \
	"turn = u.turn, counted_until = u.counted_until, "                                                       \
	"own_microseconds = u.own_microseconds, "                                                                \
	"customer_microseconds = u.customer_microseconds, "                                                      \
	"partner_microseconds = u.partner_microseconds"                                                          \
	" FROM engine_rows AS u(" CLOCK_COLUMNS ") WHERE c.desk_id = " desk " AND c.ticket_no = u.ticket_no"     \
	" AND c.clock = u.clock AND c.run = u.run"
/* clang-format on */

static csf_statement clock_update = CSF_STATEMENT(CLOCK_UPDATE("u.desk_id"), CLOCK_TYPES);
/* What has subjects is read whole, for its runs are numbered together. */
static csf_statement active_query = CSF_STATEMENT_MANY(
	"SELECT u.place, " CSF_CLOCK_COLUMNS CSF_CLOCK_PLACE " FROM engine_rows AS u(place, ticket_no)"
	" JOIN csflow.clock c ON c.ticket_no = u.ticket_no"
	" WHERE c.desk_id = $1 AND c.ticket_no BETWEEN $2 AND $3 AND " CSF_CLOCK_IS_ACTIVE
	" ORDER BY u.place, c.clock, c.run",
	"lnnIN");
/* Stopped ones too: they may have been running a moment ago. */
static csf_statement recent_query =
	CSF_STATEMENT_MANY("SELECT u.place FROM engine_rows AS u(place, ticket_no)"
					   " JOIN csflow.clock c ON c.ticket_no = u.ticket_no"
					   " WHERE c.desk_id = $1 AND c.ticket_no BETWEEN $2 AND $3 AND age(c.xmin) <= $4",
					   "lnniIN");
static csf_statement clock_update_many =
	CSF_STATEMENT_MANY(CLOCK_UPDATE("$1 AND c.ticket_no BETWEEN $2 AND $3"), "lnn" CLOCK_TYPES);
static csf_statement past_query =
	CSF_STATEMENT("SELECT " CSF_RECORDED_COLUMNS
				  " FROM csflow.event e WHERE e.desk_id = $1 AND e.ticket_no = $2 ORDER BY e.seq",
				  "ln");

/* Where a clock has only another length, due instant or next step, as nearly always after a change of the configuration. */
#define SCHEDULE_TYPES "NTILZSZB"
/* Of these come last what is written. */
static const char *const schedule_columns[] = {"length_microseconds", "due_at", "next_position", "next_at",
											   "next_closes"};
#define SCHEDULE_KEYS 3
static csf_statement schedule_update_many = CSF_STATEMENT_MANY(
	"UPDATE csflow.clock c SET length_microseconds = u.length_microseconds, due_at = u.due_at,"
	" next_position = u.next_position, next_at = u.next_at, next_closes = u.next_closes"
	" FROM engine_rows AS u(ticket_no, clock, run, length_microseconds, due_at, next_position, next_at,"
	" next_closes) WHERE c.desk_id = $1 AND c.ticket_no BETWEEN $2 AND $3 AND c.ticket_no = u.ticket_no"
	" AND c.clock = u.clock AND c.run = u.run",
	"lnn" SCHEDULE_TYPES);

static const char *const outcomes[] = {NULL, "met", "breached", "measured", "void", "lapsed"};
static const char *const turns[] = {NULL, "customer", "partner", "nobody"};

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

static csf_turn
turn_of(const char *name)
{
	for (int i = 1; name != NULL && i < (int) lengthof(turns); i++)
	{
		if (strcmp(turns[i], name) == 0)
			return (csf_turn) i;
	}
	return CSF_TURN_OWN;
}

/* One column after another of a row that has been taken apart. */
typedef struct row_reader
{
	const Datum *value;
	const bool *is_null;
} row_reader;

static bool
read_next(row_reader *row, Datum *value)
{
	*value = *row->value++;
	return !*row->is_null++;
}

static int64
read_int64(row_reader *row, int64 if_null)
{
	Datum value;

	return read_next(row, &value) ? DatumGetInt64(value) : if_null;
}

/* Whatever somebody wrote there by hand, it can be reckoned with. */
static int64
read_span(row_reader *row, int64 if_null)
{
	Datum value;

	if (!read_next(row, &value))
		return if_null;
	return Max(0, Min(DatumGetInt64(value), CSF_LONGEST_SPAN));
}

static int
read_int(row_reader *row)
{
	Datum value;

	return read_next(row, &value) ? DatumGetInt32(value) : 0;
}

static int
read_smallint(row_reader *row)
{
	Datum value;

	return read_next(row, &value) ? DatumGetInt16(value) : 0;
}

static bool
read_bool(row_reader *row)
{
	Datum value;

	return read_next(row, &value) && DatumGetBool(value);
}

static const char *
read_text(row_reader *row)
{
	Datum value;

	return read_next(row, &value) ? TextDatumGetCString(value) : NULL;
}

static void
read_late_steps(csf_clock *clock, row_reader *row)
{
	Datum array;
	Datum *instants;

	if (!read_next(row, &array))
		return;
	deconstruct_array(DatumGetArrayTypeP(array), TIMESTAMPTZOID, sizeof(TimestampTz), true, TYPALIGN_DOUBLE,
					  &instants, NULL, &clock->late_count);
	clock->late = palloc(sizeof(int64) * clock->late_count);
	for (int i = 0; i < clock->late_count; i++)
		clock->late[i] = DatumGetTimestampTz(instants[i]);
}

csf_clock *
csf_clock_from_values(csf_ticket_clocks *ticket, const Datum *values, const bool *nulls)
{
	csf_clock *clock = csf_clock_list_add(&ticket->list);
	row_reader r = {.value = values, .is_null = nulls};

	clock->clock = read_text(&r);
	clock->run = read_int(&r);
	clock->subject_id = read_int64(&r, 0);
	clock->target_id = read_int64(&r, 0);
	clock->target = csf_desk_target(ticket->desk, clock->target_id);
	clock->calendar = read_text(&r);
	clock->time = csf_desk_time(ticket->desk, clock->calendar);
	/* Where the row of its calendar is gone, its target's has to do, as when the clock is recomputed. */
	if (clock->time.calendar == NULL && clock->target != NULL)
		clock->time = clock->target->time;
	clock->priority = read_int(&r);
	clock->started_at = read_int64(&r, CSF_NO_INSTANT);
	clock->length = read_span(&r, CSF_NO_LENGTH);
	clock->spent = read_span(&r, 0);
	clock->run_since = read_int64(&r, CSF_NO_INSTANT);
	clock->due_at = read_int64(&r, CSF_NO_INSTANT);
	clock->next_position = read_smallint(&r);
	clock->next_at = read_int64(&r, CSF_NO_INSTANT);
	clock->next_closes = read_bool(&r);
	read_late_steps(clock, &r);
	clock->paused_at = read_int64(&r, CSF_NO_INSTANT);
	clock->paused = read_span(&r, 0);
	clock->stopped_at = read_int64(&r, CSF_NO_INSTANT);
	clock->outcome = outcome_of(read_text(&r));
	clock->missed = read_smallint(&r);
	clock->turn = turn_of(read_text(&r));
	clock->counted_until = read_int64(&r, clock->started_at);
	clock->own = read_span(&r, 0);
	clock->customer = read_span(&r, 0);
	clock->partner = read_span(&r, 0);
	return clock;
}

csf_clock *
csf_clock_from_spi(csf_ticket_clocks *ticket, HeapTuple row, TupleDesc description, int first)
{
	Datum values[CSF_CLOCK_ROW_COLUMNS];
	bool nulls[CSF_CLOCK_ROW_COLUMNS];

	/* At once: a column by its number is found by walking over those before it. */
	Assert(description->natts <= CSF_CLOCK_ROW_COLUMNS);
	heap_deform_tuple(row, description, values, nulls);
	return csf_clock_from_values(ticket, values + first - 1, nulls + first - 1);
}

csf_clock *
csf_clock_with_place(csf_ticket_clocks *ticket, const Datum *values, const bool *nulls)
{
	csf_clock *clock = csf_clock_from_values(ticket, values, nulls);
	csf_row_place *place;

	if (ticket->place_capacity < ticket->list.capacity)
	{
		ticket->place_capacity = ticket->list.capacity;
		ticket->places = ticket->places == NULL
							 ? palloc(sizeof(csf_row_place) * ticket->place_capacity)
							 : repalloc(ticket->places, sizeof(csf_row_place) * ticket->place_capacity);
	}
	place = &ticket->places[ticket->list.count - 1];
	place->relation = DatumGetObjectId(values[CLOCK_COLUMN_COUNT]);
	place->tid = *(ItemPointer) DatumGetPointer(values[CLOCK_COLUMN_COUNT + 1]);
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

static void
add_places(csf_rows *keys, const csf_ticket_clocks *tickets, int count)
{
	for (int i = 0; i < count; i++)
	{
		Datum values[2] = {Int32GetDatum(i), TicketNoGetDatum(tickets[i].ticket_no)};
		bool nulls[2] = {false};

		csf_rows_add(keys, values, nulls);
	}
}

void
csf_clocks_load_active(csf_ticket_clocks *tickets, int count)
{
	Datum range[3];
	csf_rows keys;

	if (count == 0)
		return;
	csf_rows_init(&keys, &active_query);
	add_places(&keys, tickets, count);
	range_of(tickets, count, range);
	csf_rows_run_with(&keys, &active_query, range, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Datum values[CSF_CLOCK_ROW_COLUMNS];
		bool nulls[CSF_CLOCK_ROW_COLUMNS];

		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, values, nulls);
		csf_clock_with_place(&tickets[DatumGetInt32(values[0])], values + 1, nulls + 1);
	}
}

bool *
csf_clocks_find_recent(const csf_ticket_clocks *tickets, int count, int32 age)
{
	bool *recent = palloc0(sizeof(bool) * (count + 1));
	Datum values[4] = {0, 0, 0, Int32GetDatum(age)};
	csf_rows keys;

	if (count == 0)
		return recent;
	csf_rows_init(&keys, &recent_query);
	add_places(&keys, tickets, count);
	range_of(tickets, count, values);
	csf_rows_run_with(&keys, &recent_query, values, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
		recent[csf_column_int(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, 0)] = true;
	return recent;
}

static void
set_instant(Datum *value, bool *null, int64 instant)
{
	*null = instant == CSF_NO_INSTANT;
	*value = Int64GetDatum(instant);
}

/* NULL, which takes no room, where there is nothing. */
static void
set_number(Datum *value, bool *null, int64 number)
{
	*null = number == 0;
	*value = Int64GetDatum(number);
}

static void
set_word(Datum *value, bool *null, const char *word)
{
	*null = word == NULL;
	*value = word == NULL ? (Datum) 0 : CStringGetTextDatum(word);
}

static Datum
instants(const int64 *list, int count)
{
	Datum *values = palloc(sizeof(Datum) * count);

	for (int i = 0; i < count; i++)
		values[i] = TimestampTzGetDatum(list[i]);
	return PointerGetDatum(
		construct_array(values, count, TIMESTAMPTZOID, sizeof(TimestampTz), true, TYPALIGN_DOUBLE));
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
	set_number(&values[4], &nulls[4], clock->subject_id);
	values[5] = Int64GetDatum(clock->target_id);
	values[6] = CStringGetTextDatum(clock->calendar);
	values[7] = PriorityGetDatum((csf_priority) clock->priority);
	nulls[7] = clock->priority == 0;
	values[8] = Int64GetDatum(clock->started_at);
	values[9] = Int64GetDatum(clock->length);
	nulls[9] = clock->length == CSF_NO_LENGTH;
	values[10] = Int64GetDatum(clock->spent);
	set_instant(&values[11], &nulls[11], clock->run_since);
	set_instant(&values[12], &nulls[12], clock->due_at);
	values[13] = Int16GetDatum((int16) clock->next_position);
	nulls[13] = clock->next_position == 0;
	set_instant(&values[14], &nulls[14], clock->next_at);
	values[15] = BoolGetDatum(clock->next_closes);
	nulls[16] = clock->late_count == 0;
	values[16] = nulls[16] ? (Datum) 0 : instants(clock->late, clock->late_count);
	set_instant(&values[17], &nulls[17], clock->paused_at);
	values[18] = Int64GetDatum(clock->paused);
	set_instant(&values[19], &nulls[19], clock->stopped_at);
	set_word(&values[20], &nulls[20], outcomes[clock->outcome]);
	values[21] = Int16GetDatum((int16) clock->missed);
	nulls[21] = clock->missed == 0;
	set_word(&values[22], &nulls[22], turns[clock->turn]);
	/* A stopped clock has counted to its end, a fresh one from its start. */
	values[23] = Int64GetDatum(clock->counted_until);
	nulls[23] = clock->stopped_at != CSF_NO_INSTANT || clock->counted_until == clock->started_at;
	set_number(&values[24], &nulls[24], clock->own);
	set_number(&values[25], &nulls[25], clock->customer);
	set_number(&values[26], &nulls[26], clock->partner);
	csf_rows_add(rows, values, nulls);
}

/* Straight to its place where that can be done, else as a row for the statement. */
static void
write_schedule(csf_row_writer *writer, csf_rows *rows, const csf_ticket_clocks *ticket, int place)
{
	const csf_clock *clock = &ticket->list.clocks[place];
	bool is_direct = csf_row_writer_takes(writer, ticket->places[place].relation);
	Datum values[sizeof(SCHEDULE_TYPES) - 1];
	bool nulls[sizeof(SCHEDULE_TYPES) - 1] = {false};

	values[0] = TicketNoGetDatum(ticket->ticket_no);
	values[1] = is_direct ? (Datum) 0 : CStringGetTextDatum(clock->clock);
	values[2] = Int32GetDatum(clock->run);
	values[3] = Int64GetDatum(clock->length);
	nulls[3] = clock->length == CSF_NO_LENGTH;
	set_instant(&values[4], &nulls[4], clock->due_at);
	values[5] = Int16GetDatum((int16) clock->next_position);
	nulls[5] = clock->next_position == 0;
	set_instant(&values[6], &nulls[6], clock->next_at);
	values[7] = BoolGetDatum(clock->next_closes);
	if (is_direct)
		csf_row_writer_update(writer, &ticket->places[place], values + SCHEDULE_KEYS, nulls + SCHEDULE_KEYS);
	else
		csf_rows_add(rows, values, nulls);
}

/* Whether all that write_schedule leaves out is as it was. */
static bool
only_schedule_differs(const csf_clock *now, const csf_clock *before)
{
	return now->subject_id == before->subject_id && now->target_id == before->target_id &&
		   strcmp(now->calendar, before->calendar) == 0 && now->priority == before->priority &&
		   now->started_at == before->started_at && now->spent == before->spent &&
		   now->run_since == before->run_since && now->late_count == 0 && before->late_count == 0 &&
		   now->paused_at == before->paused_at && now->paused == before->paused &&
		   now->stopped_at == before->stopped_at && now->outcome == before->outcome &&
		   now->missed == before->missed && now->turn == before->turn &&
		   now->counted_until == before->counted_until && now->own == before->own &&
		   now->customer == before->customer && now->partner == before->partner;
}

static void
update(csf_rows *rows, csf_statement *statement, Datum *parameters)
{
	uint64 expected = rows->count;

	if (csf_rows_run_with(rows, statement, parameters, SPI_OK_UPDATE) != expected)
		ereport(ERROR, (errcode(ERRCODE_CSF_CONCURRENT_CHANGE),
						errmsg("a clock of a ticket was removed by someone else"),
						errhint("Try the transaction again.")));
}

void
csf_clocks_save(csf_ticket_clocks *tickets, int count)
{
	csf_rows fresh;
	csf_rows moved;

	csf_rows_init(&fresh, &clock_insert);
	csf_rows_init(&moved, &clock_update);
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
	update(&moved, &clock_update, NULL);
	csf_rows_run(&fresh, &clock_insert, SPI_OK_INSERT);
}

void
csf_clocks_save_many(csf_ticket_clocks *tickets, int count)
{
	Datum range[3];
	csf_rows fresh;
	csf_rows moved;
	csf_rows rescheduled;
	csf_row_writer *writer;

	if (count == 0)
		return;
	csf_rows_init(&fresh, &clock_insert);
	csf_rows_init(&moved, &clock_update_many);
	csf_rows_init(&rescheduled, &schedule_update_many);
	writer = csf_row_writer_open("clock", schedule_columns, lengthof(schedule_columns));
	for (int i = 0; i < count; i++)
	{
		for (int c = 0; c < tickets[i].list.count; c++)
		{
			const csf_clock *clock = &tickets[i].list.clocks[c];

			if (clock->is_new)
				add_row(&fresh, &tickets[i], clock);
			else if (clock->is_changed && only_schedule_differs(clock, &tickets[i].before[c]))
				write_schedule(writer, &rescheduled, &tickets[i], c);
			else if (clock->is_changed)
				add_row(&moved, &tickets[i], clock);
		}
	}
	csf_row_writer_close(writer);
	range_of(tickets, count, range);
	update(&rescheduled, &schedule_update_many, range);
	update(&moved, &clock_update_many, range);
	csf_rows_run(&fresh, &clock_insert, SPI_OK_INSERT);
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

static const csf_past_event *
read_past(void *of, int *count)
{
	const csf_change *change = of;
	Datum keys[2] = {Int64GetDatum(change->desk->desk_id), Int64GetDatum(change->ticket_no)};
	csf_recorded_event *events;

	csf_run(&past_query, keys, NULL, SPI_OK_SELECT);
	*count = (int) SPI_processed;
	events = palloc_extended(sizeof(csf_recorded_event) * (*count + 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < *count; i++)
	{
		Datum values[CSF_RECORDED_COLUMN_COUNT];
		bool nulls[CSF_RECORDED_COLUMN_COUNT];

		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, values, nulls);
		csf_recorded_event_from(&events[i], values, nulls);
	}
	return csf_past_of_events(change->desk, events, *count);
}

static void
apply_one(csf_ticket_clocks *ticket, csf_change *change)
{
	csf_clock_event event = {.signals = change->signals,
							 .at = change->at,
							 .named_at = change->named_at,
							 .before = change->has_before ? &change->before : NULL,
							 .after = &change->after,
							 .is_cancelled = change->is_cancelled,
							 .past = change->is_new ? NULL : read_past,
							 .past_of = change};

	event.subjects[CSF_SUBJECT_TEAM] = change->team_id;
	event.subjects[CSF_SUBJECT_TASK] = change->task_no;
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
