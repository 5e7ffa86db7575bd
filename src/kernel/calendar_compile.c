/*
 * calendar_compile.c
 *		Rules to open intervals with running totals, piece by piece as they are needed (see calendar_compiled.h).
 */
#include "kernel/calendar_compiled.h"

/* Collects intervals in ascending order, joining those that touch; only counts while interval is NULL. */
typedef struct sink
{
	int64 origin;
	uint32 count;
	int64 total;
	int64 end; /* of the last interval, relative to origin */
	csf_open_interval *interval;
} sink;

static void
sink_interval(sink *sink, int64 from, int64 to)
{
	from -= sink->origin;
	to -= sink->origin;
	if (sink->count == 0 || from != sink->end)
	{
		if (sink->interval != NULL)
		{
			sink->interval[sink->count].start = (uint32) from;
			sink->interval[sink->count].before = (uint32) sink->total;
		}
		sink->count++;
	}
	sink->total += to - from;
	sink->end = to;
}

static void *
allocate(csf_calendar *calendar, size_t size)
{
	return calendar->memory.allocate(calendar->memory.owner, size);
}

static void
release(csf_calendar *calendar, void *memory, size_t size)
{
	if (memory != NULL)
		calendar->memory.release(calendar->memory.owner, memory, size);
}

static bool
is_full_day(const csf_calendar_rules *rules, uint16 list)
{
	const csf_shift_list *shifts = &rules->lists[list];

	return shifts->count == 1 && rules->shifts[shifts->first].from == 0 &&
		   rules->shifts[shifts->first].to == 1440;
}

static bool
rules_always_open(const csf_calendar_rules *rules)
{
	for (int day = 0; day < 7; day++)
	{
		if (!is_full_day(rules, rules->weekly[day]))
			return false;
	}
	for (uint32 i = 0; i < rules->date_count; i++)
	{
		if (!is_full_day(rules, csf_calendar_rules_list(rules, rules->dates[i].rule)))
			return false;
	}
	return true;
}

/* A compiled calendar is complete in itself: the rules may be freed. The zone must exist. */
csf_calendar *
csf_calendar_compile(const csf_calendar_rules *rules, const csf_zone_source *source,
					 csf_calendar_memory memory)
{
	csf_calendar *calendar = memory.allocate(memory.owner, sizeof(csf_calendar));
	char spelling[CSF_CALENDAR_ZONE_SIZE];

	memset(calendar, 0, sizeof(csf_calendar));
	calendar->source = source;
	calendar->zone = source->find(rules->zone, spelling);
	calendar->memory = memory;
	calendar->always_open = rules_always_open(rules);
	calendar->from = rules->from;
	calendar->until = rules->until;
	memcpy(calendar->weekly, rules->weekly, sizeof(calendar->weekly));

	calendar->shift_count = rules->shift_count;
	calendar->list_count = rules->list_count;
	calendar->date_count = rules->date_count;
	if (rules->shift_count > 0)
	{
		calendar->shifts = allocate(calendar, rules->shift_count * sizeof(csf_shift));
		memcpy(calendar->shifts, rules->shifts, rules->shift_count * sizeof(csf_shift));
	}
	calendar->lists = allocate(calendar, rules->list_count * sizeof(csf_shift_list));
	memcpy(calendar->lists, rules->lists, rules->list_count * sizeof(csf_shift_list));
	if (rules->date_count > 0)
		calendar->dates = allocate(calendar, rules->date_count * sizeof(csf_dated_list));
	for (uint32 i = 0; i < rules->date_count; i++)
	{
		calendar->dates[i].first = (uint32) (rules->dates[i].first + EPOCH_DAY);
		calendar->dates[i].last = (uint32) (rules->dates[i].last + EPOCH_DAY);
		calendar->dates[i].list = csf_calendar_rules_list(rules, rules->dates[i].rule);
	}
	return calendar;
}

static void
release_pieces(csf_calendar *calendar)
{
	for (int i = 0; i < PIECES; i++)
	{
		csf_piece *piece = calendar->piece[i].piece;

		if (piece == NULL)
			continue;
		release(calendar, piece, piece->size);
		calendar->piece[i].piece = NULL;
	}
	calendar->piece_memory = 0;
}

/* For owners that cannot simply drop all memory of a calendar at once. */
void
csf_calendar_release(csf_calendar *calendar)
{
	release_pieces(calendar);
	for (int i = 0; i < BLOCKS; i++)
		release(calendar, calendar->block[i], sizeof(csf_day_block));
	release(calendar, calendar->shifts, calendar->shift_count * sizeof(csf_shift));
	release(calendar, calendar->lists, calendar->list_count * sizeof(csf_shift_list));
	release(calendar, calendar->dates, calendar->date_count * sizeof(csf_dated_list));
	release(calendar, calendar, sizeof(csf_calendar));
}

void *
csf_calendar_owner(const csf_calendar *calendar)
{
	return calendar->memory.owner;
}

bool
csf_business_always_open(const csf_calendar *calendar)
{
	return calendar->always_open;
}

/* The zone's offset at an internal second, and the next second at which it may change. */
int32
csf_calendar_offset(const csf_calendar *calendar, int64 second, int64 *until)
{
	int32 offset = calendar->source->offset(calendar->zone, second - EPOCH_SECOND, until);

	if (*until != INT64_MAX)
		*until += EPOCH_SECOND;
	return offset;
}

/* The first date clause that ends on this day or later. */
static uint32
find_dated_list(const csf_calendar *calendar, int32 day)
{
	uint32 low = 0;
	uint32 high = calendar->date_count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if ((int32) calendar->dates[middle].last < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The list of a day. clause: the first date clause that does not end before it; moves on with the day. */
static const csf_shift_list *
list_of_day(const csf_calendar *calendar, int32 day, uint32 *clause)
{
	while (*clause < calendar->date_count && (int32) calendar->dates[*clause].last < day)
		(*clause)++;
	if (*clause < calendar->date_count && (int32) calendar->dates[*clause].first <= day)
		return &calendar->lists[calendar->dates[*clause].list];
	return &calendar->lists[calendar->weekly[(day + 7) % 7]];
}

const csf_shift_list *
csf_calendar_day_list(const csf_calendar *calendar, int32 day)
{
	uint32 clause = find_dated_list(calendar, day);

	return list_of_day(calendar, day, &clause);
}

static int32
day_of_local(int64 local)
{
	return (int32) (local >= 0 ? local / DAY_SECONDS : -((-local + DAY_SECONDS - 1) / DAY_SECONDS));
}

/* The open time of from..to, in which the offset does not change. */
static void
open_time_of_span(const csf_calendar *calendar, int64 from, int64 to, int32 offset, sink *sink)
{
	int64 local_from = from + offset;
	int64 local_to = to + offset;
	int32 day = day_of_local(local_from);
	int32 last = day_of_local(local_to - 1);
	uint32 clause = find_dated_list(calendar, day);

	for (; day <= last; day++)
	{
		const csf_shift_list *list = list_of_day(calendar, day, &clause);
		const csf_shift *shift = calendar->shifts + list->first;
		int64 midnight = (int64) day * DAY_SECONDS;

		for (uint32 i = 0; i < list->count; i++)
		{
			int64 opens = midnight + shift[i].from * 60;
			int64 closes = midnight + shift[i].to * 60;

			if (opens < local_from)
				opens = local_from;
			if (closes > local_to)
				closes = local_to;
			if (opens < closes)
				sink_interval(sink, opens - offset, closes - offset);
		}
	}
}

/* The open time of a piece; also its spans of constant offset when spans is not NULL. Returns their number. */
static uint32
open_time_of_piece(const csf_calendar *calendar, int number, sink *sink, csf_offset_span *spans)
{
	int64 second = (int64) number << PIECE_SHIFT;
	int64 end = second + PIECE_SECONDS;
	uint32 span_count = 0;

	memset(sink, 0, offsetof(struct sink, interval));
	sink->origin = second;
	while (second < end)
	{
		int64 until;
		int32 offset = csf_calendar_offset(calendar, second, &until);

		if (until > end)
			until = end;
		if (spans != NULL)
		{
			spans[span_count].start = (uint32) (second - sink->origin);
			spans[span_count].offset = offset;
		}
		span_count++;
		open_time_of_span(calendar, second, until, offset, sink);
		second = until;
	}
	return span_count;
}

static int64
count_piece(const csf_calendar *calendar, int number)
{
	sink sink = {0};

	csf_check_interrupts();
	(void) open_time_of_piece(calendar, number, &sink, NULL);
	return sink.total;
}

/*
 * Extends the known totals to this piece. An error while counting (an interrupt) leaves what was known before.
 */
void
csf_calendar_reach_piece(csf_calendar *calendar, int number)
{
	if (calendar->low == calendar->high)
	{
		calendar->low = number;
		calendar->high = number;
		calendar->piece[number].before = 0;
	}
	while (calendar->low > number)
	{
		csf_piece_entry *entry = &calendar->piece[calendar->low];

		entry[-1].before = entry[0].before - count_piece(calendar, calendar->low - 1);
		calendar->low--;
	}
	while (calendar->high <= number)
	{
		csf_piece_entry *entry = &calendar->piece[calendar->high];

		entry[1].before = entry[0].before + count_piece(calendar, calendar->high);
		calendar->high++;
	}
}

/* Fills the indexes; returns the shift of by_total. */
static uint32
index_piece(csf_piece *piece)
{
	uint32 total = piece->interval[piece->count].before;
	uint32 shift = 0;
	uint32 at = 0;

	for (uint32 slot = 0; slot <= SLOTS; slot++)
	{
		while (at < piece->count && piece->interval[at].start <= slot << SLOT_SHIFT)
			at++;
		piece->by_start[slot] = (uint16) at;
	}
	at = 0;
	while (total >> shift >= SLOTS)
		shift++;
	for (uint32 slot = 0; slot <= SLOTS; slot++)
	{
		while (at < piece->count && piece->interval[at].before < (uint64) slot << shift)
			at++;
		piece->by_total[slot] = (uint16) at;
	}
	return shift;
}

csf_piece *
csf_calendar_build_piece(csf_calendar *calendar, int number)
{
	sink sink = {0};
	size_t size;
	csf_piece *piece;

	csf_calendar_reach_piece(calendar, number);
	size = open_time_of_piece(calendar, number, &sink, NULL) * sizeof(csf_offset_span);
	size += offsetof(csf_piece, interval) + ((size_t) sink.count + 1) * sizeof(csf_open_interval);
	if (calendar->piece_memory + size > PIECE_MEMORY_LIMIT)
		release_pieces(calendar);

	piece = allocate(calendar, size);
	piece->size = (uint32) size;
	piece->count = sink.count;
	sink.interval = piece->interval;
	piece->span_count = open_time_of_piece(calendar, number, &sink, csf_piece_spans(piece));
	piece->interval[piece->count].start = PIECE_SECONDS;
	piece->interval[piece->count].before = (uint32) sink.total;

	calendar->piece[number].total_shift = index_piece(piece);
	calendar->piece[number].piece = piece;
	calendar->piece_memory += size;
	return piece;
}

/* Whether any instant whose local date is this day is open: a day may be skipped, wholly or in part, by the zone. */
bool
csf_calendar_day_has_open_time(const csf_calendar *calendar, int32 day)
{
	const csf_shift_list *list = csf_calendar_day_list(calendar, day);
	const csf_shift *shift = calendar->shifts + list->first;
	int64 midnight = (int64) day * DAY_SECONDS;
	int64 second = midnight - MAX_OFFSET;
	int64 end = midnight + DAY_SECONDS + MAX_OFFSET;

	while (second < end)
	{
		int64 until;
		int32 offset = csf_calendar_offset(calendar, second, &until);

		if (until > end)
			until = end;
		for (uint32 i = 0; i < list->count; i++)
		{
			if (midnight + shift[i].from * 60 < until + offset &&
				midnight + shift[i].to * 60 > second + offset)
				return true;
		}
		second = until;
	}
	return false;
}
