/*
 * clock_store.h
 *		Clocks between the rows of csflow.clock and the kernel: read, let events move them, write what changed.
 */
#ifndef CSF_ENGINE_CLOCK_STORE_H
#define CSF_ENGINE_CLOCK_STORE_H

#include "postgres.h"

#include "engine/config.h"
#include "engine/flow.h"
#include "engine/row_writer.h"

/* One event of one ticket, as its clocks see it. */
typedef struct csf_change
{
	const csf_desk *desk;
	int64 ticket_no;
	bool is_new; /* no clocks yet */
	bool has_before;
	csf_ticket_facts before;
	csf_ticket_facts after;
	uint64 signals;
	int64 at;
	int64 named_at;
	int64 team_id; /* the department it is about, or 0 */
	int64 task_no; /* the task it is about, or 0 */
	bool is_cancelled;
} csf_change;

/*
 * Applies the changes in order and writes the clocks. The caller is inside SPI, has the owner's rights and the tickets'
 * rows locked. Everything is allocated in the current context.
 */
extern void csf_changes_apply(csf_change *changes, int count);

/* The clocks of one ticket. */
typedef struct csf_ticket_clocks
{
	const csf_desk *desk;
	int64 ticket_no;
	csf_clock_list list;
	/* For csf_clocks_save_many, of those clocks that are not new: as they were read, and where they lie. */
	const csf_clock *before;
	csf_row_place *places;
	int place_capacity;
} csf_ticket_clocks;

/* Reads the latest run of every clock and subject, and runs with steps still to tell; each entry has desk and ticket_no set and is otherwise zero. */
extern void csf_clocks_load(csf_ticket_clocks *tickets, int count);
/* Writes what is_new or is_changed says. */
extern void csf_clocks_save(csf_ticket_clocks *tickets, int count);

/* The columns of clock c, for statements; read back by csf_clock_from_spi, the first of them being column `first`. */
#define CSF_CLOCK_COLUMNS                                                                                    \
	"c.clock, c.run, c.subject_id, c.target_id, c.calendar, c.priority::integer, c.started_at,"              \
	" c.length_microseconds, c.spent_microseconds, c.run_since, c.due_at, c.next_position, c.next_at,"       \
	" c.next_closes, c.late_steps, c.paused_at, c.paused_microseconds, c.stopped_at, c.outcome, c.missed,"   \
	" c.turn, c.counted_until, c.own_microseconds, c.customer_microseconds, c.partner_microseconds"
/* The active runs of clock c, and all of clocks that have subjects, for their runs are numbered together. */
#define CSF_CLOCK_IS_ACTIVE "(c.stopped_at IS NULL OR c.subject_id IS NOT NULL)"
/* Behind them: where clock c lies. */
#define CSF_CLOCK_PLACE ", c.tableoid, c.ctid"
/* A row has so many columns at most. */
#define CSF_CLOCK_ROW_COLUMNS 48
extern csf_clock *csf_clock_from_spi(csf_ticket_clocks *ticket, HeapTuple row, TupleDesc description,
									 int first);
/* The same from the columns themselves, the first of the clock's being the first. */
extern csf_clock *csf_clock_from_values(csf_ticket_clocks *ticket, const Datum *values, const bool *nulls);
/* The same, and its place from the columns behind. */
extern csf_clock *csf_clock_with_place(csf_ticket_clocks *ticket, const Datum *values, const bool *nulls);

/*
 * The same for very many tickets of one desk, in the order of their numbers: reads the active runs alone, and joins by range
 * where the others look up row by row.
 */
extern void csf_clocks_load_active(csf_ticket_clocks *tickets, int count);
/* Which of them have a row of csflow.clock that so few transactions ago, or fewer, was written. */
extern bool *csf_clocks_find_recent(const csf_ticket_clocks *tickets, int count, int32 age);
extern void csf_clocks_save_many(csf_ticket_clocks *tickets, int count);

#endif
