/*
 * calendar_time.c
 *		Arithmetic on open time: every answer is a place in one piece and a running total.
 */
#include "kernel/calendar_compiled.h"

/* An instant as internal second and microseconds above it. */
typedef struct moment
{
	int64 second;
	int32 fraction;
} moment;

static bool
moment_of(int64 instant, moment *moment)
{
	uint64 since_first = (uint64) instant + (uint64) ((EPOCH_SECOND - FIRST_SECOND) * MICROSECONDS);

	if (since_first >= (uint64) ((END_SECOND - FIRST_SECOND) * MICROSECONDS))
		return false;
	moment->second = (int64) (since_first / MICROSECONDS) + FIRST_SECOND;
	moment->fraction = (int32) (since_first % MICROSECONDS);
	return true;
}

static int64
instant_of(int64 second)
{
	return (second - EPOCH_SECOND) * MICROSECONDS;
}

bool
csf_business_in_range(int64 instant)
{
	moment moment;

	return moment_of(instant, &moment);
}

/*
 * How many intervals of the piece begin before a second of it, or have less open time before them than a limit; the answer
 * lies between low and high, which the index of the piece gives.
 */
static inline uint32
count_starts_below(const csf_open_interval *interval, uint32 limit, uint32 low, uint32 high)
{
	while (high - low > 8)
	{
		uint32 middle = low + (high - low) / 2;

		if (interval[middle].start < limit)
			low = middle + 1;
		else
			high = middle;
	}
	while (low < high && interval[low].start < limit)
		low++;
	return low;
}

static inline uint32
count_totals_below(const csf_open_interval *interval, uint32 limit, uint32 low, uint32 high)
{
	while (high - low > 8)
	{
		uint32 middle = low + (high - low) / 2;

		if (interval[middle].before < limit)
			low = middle + 1;
		else
			high = middle;
	}
	while (low < high && interval[low].before < limit)
		low++;
	return low;
}

/* Where an instant lies: in interval begun - 1 (open), or after it. */
typedef struct place
{
	const csf_piece *piece;
	int number;
	uint32 begun;
	uint32 total; /* open seconds of the piece before the second */
	bool open;
} place;

static inline place
find_place(csf_calendar *calendar, int64 second)
{
	uint32 inside = (uint32) (second & (PIECE_SECONDS - 1));
	uint32 slot = inside >> SLOT_SHIFT;
	place place;

	place.number = (int) (second >> PIECE_SHIFT);
	place.piece = csf_calendar_piece(calendar, place.number);
	place.begun = count_starts_below(place.piece->interval, inside + 1, place.piece->by_start[slot],
									 place.piece->by_start[slot + 1]);
	place.total = 0;
	place.open = false;
	if (place.begun > 0)
	{
		const csf_open_interval *interval = place.piece->interval + place.begun - 1;
		uint32 since = inside - interval[0].start;

		place.open = since < interval[1].before - interval[0].before;
		place.total = place.open ? interval[0].before + since : interval[1].before;
	}
	return place;
}

/* Open microseconds before the instant, relative to wherever the calendar's counting began. */
static inline int64
total_before(csf_calendar *calendar, moment moment)
{
	place place = find_place(calendar, moment.second);

	return (calendar->piece[place.number].before + place.total) * MICROSECONDS +
		   (place.open ? moment.fraction : 0);
}

/*
 * Forward: the earliest instant that has the total before it, so that a sum which uses up a shift ends at its closing
 * edge. seconds: the total in whole seconds, rounded up. False if there is not that much open time.
 */
static bool
reach_forward(csf_calendar *calendar, int number, int64 total, int64 *result)
{
	int64 seconds = total / MICROSECONDS + (total % MICROSECONDS > 0);
	const csf_piece *piece;
	uint32 wanted;
	uint32 slot;
	uint32 at;

	while (number + 1 > calendar->high || calendar->piece[number + 1].before < seconds)
	{
		if (number + 1 > calendar->high)
			csf_calendar_reach_piece(calendar, number);
		else if (++number >= PIECES)
			return false;
	}
	piece = csf_calendar_piece(calendar, number);
	wanted = (uint32) (seconds - calendar->piece[number].before);
	slot = wanted >> calendar->piece[number].total_shift;
	at = count_totals_below(piece->interval, wanted, piece->by_total[slot], piece->by_total[slot + 1]) - 1;
	*result = instant_of((int64) number * PIECE_SECONDS + piece->interval[at].start) +
			  (total - (calendar->piece[number].before + piece->interval[at].before) * MICROSECONDS);
	return csf_business_in_range(*result);
}

/* Backward: the latest instant that has the total before it, so that a sum which uses up a shift ends at its opening. */
static bool
reach_backward(csf_calendar *calendar, int number, int64 total, int64 *result)
{
	int64 seconds = total / MICROSECONDS - (total % MICROSECONDS < 0);
	const csf_piece *piece;
	uint32 wanted;
	uint32 slot;
	uint32 at;

	while (number < calendar->low || calendar->piece[number].before > seconds ||
		   calendar->piece[number + 1].before == calendar->piece[number].before)
	{
		if (number < calendar->low)
			csf_calendar_reach_piece(calendar, number);
		else if (--number < 0)
			return false;
	}
	piece = csf_calendar_piece(calendar, number);
	wanted = (uint32) (seconds - calendar->piece[number].before) + 1;
	slot = wanted >> calendar->piece[number].total_shift;
	at = count_totals_below(piece->interval, wanted, piece->by_total[slot], piece->by_total[slot + 1]) - 1;
	*result = instant_of((int64) number * PIECE_SECONDS + piece->interval[at].start) +
			  (total - (calendar->piece[number].before + piece->interval[at].before) * MICROSECONDS);
	return csf_business_in_range(*result);
}

bool
csf_business_add(csf_calendar *calendar, int64 instant, int64 microseconds, int64 *result)
{
	moment moment;
	int64 total;

	if (!moment_of(instant, &moment))
		return false;
	*result = instant;
	if (microseconds == 0)
		return true;
	/* more than the whole range holds; also keeps the sum below from overflowing */
	if (microseconds > END_SECOND * MICROSECONDS || microseconds < -END_SECOND * MICROSECONDS)
		return false;
	total = total_before(calendar, moment) + microseconds;
	if (microseconds > 0)
		return reach_forward(calendar, (int) (moment.second >> PIECE_SHIFT), total, result);
	return reach_backward(calendar, (int) (moment.second >> PIECE_SHIFT), total, result);
}

bool
csf_business_between(csf_calendar *calendar, int64 from, int64 to, int64 *microseconds)
{
	moment first;
	moment last;
	int64 total;

	if (!moment_of(from, &first) || !moment_of(to, &last))
		return false;
	/* the second call may extend the totals, but never moves their zero */
	total = total_before(calendar, last);
	*microseconds = total - total_before(calendar, first);
	return true;
}

bool
csf_business_open(csf_calendar *calendar, int64 instant, bool *open)
{
	moment moment;

	if (!moment_of(instant, &moment))
		return false;
	*open = find_place(calendar, moment.second).open;
	return true;
}

/* Whether a piece has open time, without building it. */
static bool
piece_has_open_time(csf_calendar *calendar, int number)
{
	csf_calendar_reach_piece(calendar, number);
	return calendar->piece[number + 1].before > calendar->piece[number].before;
}

static int64
in_range_or_never(int64 second)
{
	return second < END_SECOND ? instant_of(second) : INT64_MAX;
}

/* The first interval that begins after the place, as an internal second. */
static bool
next_start(csf_calendar *calendar, const place *place, int64 *second)
{
	int number = place->number;

	if (place->begun < place->piece->count)
	{
		*second = (int64) number * PIECE_SECONDS + place->piece->interval[place->begun].start;
		return true;
	}
	while (++number < PIECES)
	{
		if (!piece_has_open_time(calendar, number))
			continue;
		*second = (int64) number * PIECE_SECONDS + csf_calendar_piece(calendar, number)->interval[0].start;
		return true;
	}
	return false;
}

bool
csf_business_next_open(csf_calendar *calendar, int64 instant, int64 *result)
{
	moment moment;
	place place;
	int64 second;

	if (!moment_of(instant, &moment))
		return false;
	*result = instant;
	place = find_place(calendar, moment.second);
	if (!place.open)
		*result = next_start(calendar, &place, &second) ? in_range_or_never(second) : INT64_MAX;
	return true;
}

/* The end of the interval that is open at this second; it may run on through the following pieces. */
static int64
end_of_interval(csf_calendar *calendar, int64 second)
{
	place place = find_place(calendar, second);
	int number = place.number;
	const csf_piece *piece = place.piece;
	uint32 at = place.begun - 1;

	for (;;)
	{
		uint32 end =
			piece->interval[at].start + (piece->interval[at + 1].before - piece->interval[at].before);

		if (end < PIECE_SECONDS || number + 1 >= PIECES)
			return (int64) number * PIECE_SECONDS + end;
		number++;
		if (!piece_has_open_time(calendar, number))
			return (int64) number * PIECE_SECONDS;
		piece = csf_calendar_piece(calendar, number);
		if (piece->interval[0].start > 0)
			return (int64) number * PIECE_SECONDS;
		at = 0;
	}
}

/* The closing edge of the interval that is open at the instant, or of the next one. */
bool
csf_business_next_close(csf_calendar *calendar, int64 instant, int64 *result)
{
	moment moment;
	place place;
	int64 second;

	if (!moment_of(instant, &moment))
		return false;
	*result = INT64_MAX;
	if (calendar->always_open)
		return true;
	second = moment.second;
	place = find_place(calendar, second);
	if (place.open || next_start(calendar, &place, &second))
		*result = in_range_or_never(end_of_interval(calendar, second));
	return true;
}

static int32
offset_in_piece(csf_piece *piece, uint32 second, uint32 *until)
{
	const csf_offset_span *spans = csf_piece_spans(piece);
	uint32 span = piece->span_count - 1;

	while (span > 0 && spans[span].start > second)
		span--;
	*until = span + 1 < piece->span_count ? spans[span + 1].start : PIECE_SECONDS;
	return spans[span].offset;
}

static int64
local_of(csf_calendar *calendar, int64 second)
{
	csf_piece *piece = csf_calendar_piece(calendar, (int) (second >> PIECE_SHIFT));
	uint32 until;

	return second + offset_in_piece(piece, (uint32) (second & (PIECE_SECONDS - 1)), &until);
}

/*
 * The instant of a local time, as PostgreSQL reads one: a time the clocks skip is read with the offset before the gap,
 * and of two instants with the same local time the later one is meant.
 */
static int64
second_of_local(csf_calendar *calendar, int64 local)
{
	int64 second = local - MAX_OFFSET;
	int64 end = local + MAX_OFFSET;
	int64 found = -1;
	int64 before_gap = -1;

	if (second >> PIECE_SHIFT == end >> PIECE_SHIFT)
	{
		csf_piece *piece = csf_calendar_piece(calendar, (int) (second >> PIECE_SHIFT));
		uint32 until;
		int32 offset = offset_in_piece(piece, (uint32) (second & (PIECE_SECONDS - 1)), &until);

		if ((end & (PIECE_SECONDS - 1)) < until)
			return local - offset;
	}
	while (second <= end)
	{
		int64 until;
		int32 offset = csf_calendar_offset(calendar, second, &until);
		int64 candidate = local - offset;

		if (candidate >= second && candidate < until)
			found = candidate;
		else if (candidate >= until)
			before_gap = candidate;
		second = until;
	}
	return found >= 0 ? found : before_gap;
}

/* The same local time of day on the n-th working day after (before, if negative) the local date. */
bool
csf_business_add_days(csf_calendar *calendar, int64 instant, int32 days, int64 *result)
{
	moment moment;
	int64 local;
	int32 day;
	int32 date;
	int64 second;

	if (!moment_of(instant, &moment))
		return false;
	*result = instant;
	if (days == 0)
		return true;
	local = local_of(calendar, moment.second);
	day = (int32) (local / DAY_SECONDS);
	if (!csf_business_add_working_days(calendar, day - EPOCH_DAY, days, &date))
		return false;
	second = second_of_local(calendar, (int64) (date + EPOCH_DAY) * DAY_SECONDS + local % DAY_SECONDS);
	*result = instant_of(second) + moment.fraction;
	return csf_business_in_range(*result);
}

/* Whether the calendar's data on holidays reach over the local date of the instant. */
bool
csf_business_covers(csf_calendar *calendar, int64 instant)
{
	moment moment;
	int32 date;

	if (!moment_of(instant, &moment))
		return false;
	date = (int32) (local_of(calendar, moment.second) / DAY_SECONDS) - EPOCH_DAY;
	return date >= (calendar->from == CSF_CALENDAR_NO_DATE ? CSF_CALENDAR_FIRST_DATE : calendar->from) &&
		   date <= (calendar->until == CSF_CALENDAR_NO_DATE ? CSF_CALENDAR_LAST_DATE : calendar->until);
}
