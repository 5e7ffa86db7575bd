/*
 * calendar_compiled.h
 *		The compiled form of a calendar; known only to calendar_compile.c, calendar_time.c and calendar_days.c.
 *
 * Open time is kept in pieces of 2^25 seconds (388 days), so that the piece of an instant and the place in a piece come from
 * shifts. A piece holds its open intervals, the running total before each, and two small indexes: one from the
 * instant, one from the total. Between them an addition is two look-ups, whatever the span. Totals at piece boundaries
 * are known for a contiguous range of pieces around the first one asked for, counted without building the pieces in
 * between. Working days are bits in blocks of 1,024 dates with running counts, known contiguously likewise.
 *
 * Internal seconds and day numbers count from 1899-12-25, a Monday: all that is valid is positive, and a weekday is a
 * remainder.
 */
#ifndef CSF_KERNEL_CALENDAR_COMPILED_H
#define CSF_KERNEL_CALENDAR_COMPILED_H

#include "kernel/calendar.h"

#define MICROSECONDS INT64_C(1000000)
#define DAY_SECONDS 86400
#define EPOCH_DAY 36531 /* 2000-01-01 */
#define EPOCH_SECOND ((int64) EPOCH_DAY * DAY_SECONDS)
#define MAX_OFFSET (16 * 3600)

/* Valid instants: 1899-12-31 00:00 UTC up to 2201-01-02 00:00 UTC, in internal seconds and days. */
#define FIRST_DAY 6
#define END_DAY (EPOCH_DAY + CSF_CALENDAR_LAST_DATE + 2)
#define FIRST_SECOND ((int64) FIRST_DAY * DAY_SECONDS)
#define END_SECOND ((int64) END_DAY * DAY_SECONDS)

#define PIECE_SHIFT 25
#define PIECE_SECONDS (1 << PIECE_SHIFT)
#define PIECES ((int) (((END_SECOND - 1) >> PIECE_SHIFT) + 1))
#define SLOT_SHIFT 16
#define SLOTS (1 << (PIECE_SHIFT - SLOT_SHIFT))

/* Kept pieces of one calendar; when they grow beyond, all are dropped and built again as needed. */
#define PIECE_MEMORY_LIMIT (4 << 20)

#define BLOCK_SHIFT 10
#define BLOCK_DAYS (1 << BLOCK_SHIFT)
#define BLOCKS ((END_DAY >> BLOCK_SHIFT) + 1)

#ifndef FLEXIBLE_ARRAY_MEMBER
#define FLEXIBLE_ARRAY_MEMBER
#endif

typedef struct csf_offset_span
{
	uint32 start; /* in the piece */
	int32 offset;
} csf_offset_span;

/*
 * An open interval: begins at second start of the piece, after before open seconds of the piece. The element after the
 * last interval holds the total; so an interval is as long as the next one's before minus its own.
 */
typedef struct csf_open_interval
{
	uint32 start;
	uint32 before;
} csf_open_interval;

/*
 * by_start[s] counts the intervals that begin at or before second s << SLOT_SHIFT; by_total[s] those with
 * before < s << total_shift. The intervals follow.
 */
typedef struct csf_piece
{
	uint16 by_start[SLOTS + 1];
	uint16 by_total[SLOTS + 1];
	uint32 size; /* of the piece in memory */
	uint32 count;
	uint32 span_count;
	csf_open_interval interval[FLEXIBLE_ARRAY_MEMBER];
} csf_piece;

/*
 * before: open seconds before the piece, relative to wherever counting began. What most calls need of a piece stands
 * here, next to the total of its successor: with many calendars in use their time is that of the memory they touch.
 */
typedef struct csf_piece_entry
{
	csf_piece *piece;
	int64 before : 56;
	uint64 total_shift : 8;
} csf_piece_entry;

/* The spans of constant offset stand behind the intervals. */
static inline csf_offset_span *
csf_piece_spans(csf_piece *piece)
{
	return (csf_offset_span *) (piece->interval + piece->count + 1);
}

/* Bit d of word w: day w * 64 + d of the block is a working day; before[w] working days of the block precede word w. */
typedef struct csf_day_block
{
	uint64 word[BLOCK_DAYS / 64];
	uint16 before[BLOCK_DAYS / 64];
} csf_day_block;

/* In internal day numbers. Two words: a calendar may have thousands, and a connection thousands of calendars. */
typedef struct csf_dated_list
{
	uint32 first : 20;
	uint32 list : 12;
	uint32 last;
} csf_dated_list;

struct csf_calendar
{
	const csf_zone_source *source;
	const void *zone;
	csf_calendar_memory memory;
	bool always_open;
	int32 from; /* as in the rules */
	int32 until;
	uint16 weekly[7];
	csf_shift *shifts;
	csf_shift_list *lists;
	csf_dated_list *dates;
	uint32 shift_count;
	uint32 list_count;
	uint32 date_count;

	/* totals are known before the pieces low to high; pieces are kept only from low to high - 1 */
	int low;
	int high;
	size_t piece_memory;
	csf_piece_entry piece[PIECES + 1];

	int block_low;
	int block_high;
	csf_day_block *block[BLOCKS];
	int32 days_before[BLOCKS + 1];
};

/* calendar_compile.c */
extern int32 csf_calendar_offset(const csf_calendar *calendar, int64 second, int64 *until);
extern csf_piece *csf_calendar_build_piece(csf_calendar *calendar, int number);
extern void csf_calendar_reach_piece(csf_calendar *calendar, int number);
extern const csf_shift_list *csf_calendar_day_list(const csf_calendar *calendar, int32 day);
extern bool csf_calendar_day_has_open_time(const csf_calendar *calendar, int32 day);

/* The piece of a number, built if it is not there. Another call may drop it. */
static inline csf_piece *
csf_calendar_piece(csf_calendar *calendar, int number)
{
	csf_piece *piece = calendar->piece[number].piece;

	return piece != NULL ? piece : csf_calendar_build_piece(calendar, number);
}

#endif
