/*
 * calendar_days.c
 *		Working days: local dates with open time, as bits with running counts.
 */
#include "kernel/calendar_compiled.h"

static uint32
count_bits(uint64 word)
{
#if defined(__GNUC__)
	return (uint32) __builtin_popcountll(word);
#else
	uint32 count = 0;

	for (; word != 0; word &= word - 1)
		count++;
	return count;
#endif
}

static bool
test_day(const csf_day_block *block, int32 day)
{
	return (block->word[(day & (BLOCK_DAYS - 1)) / 64] >> (day & 63)) & 1;
}

/*
 * Clears the days whose shifts fall into gaps of the local time altogether. Every change of the zone around the block is
 * looked at; only days a gap touches are computed.
 */
static void
clear_skipped_days(const csf_calendar *calendar, csf_day_block *block, int32 first)
{
	int64 second = (int64) first * DAY_SECONDS - MAX_OFFSET;
	int64 end = (int64) (first + BLOCK_DAYS) * DAY_SECONDS + MAX_OFFSET;
	int64 until;
	int32 offset = csf_calendar_offset(calendar, second, &until);

	while (until < end)
	{
		int64 change = until;
		int32 next = csf_calendar_offset(calendar, change, &until);

		if (next > offset)
		{
			int64 from = (change + offset) / DAY_SECONDS;
			int64 last = (change + next - 1) / DAY_SECONDS;

			for (int64 day = from; day <= last; day++)
			{
				if (day >= first && day < first + BLOCK_DAYS && test_day(block, (int32) day) &&
					!csf_calendar_day_has_open_time(calendar, (int32) day))
					block->word[(day & (BLOCK_DAYS - 1)) / 64] &= ~(UINT64_C(1) << (day & 63));
			}
		}
		offset = next;
	}
}

static csf_day_block *
build_block(csf_calendar *calendar, int number)
{
	csf_day_block *block;
	int32 first = (int32) number << BLOCK_SHIFT;
	uint32 count = 0;

	csf_check_interrupts();
	block = calendar->memory.allocate(calendar->memory.owner, sizeof(csf_day_block));
	memset(block, 0, sizeof(csf_day_block));
	for (int32 day = first; day < first + BLOCK_DAYS; day++)
	{
		if (day >= FIRST_DAY && day < END_DAY && csf_calendar_day_list(calendar, day)->count > 0)
			block->word[(day - first) / 64] |= UINT64_C(1) << (day & 63);
	}
	clear_skipped_days(calendar, block, first);
	for (int word = 0; word < BLOCK_DAYS / 64; word++)
	{
		block->before[word] = (uint16) count;
		count += count_bits(block->word[word]);
	}
	return block;
}

static int32
block_count(const csf_day_block *block)
{
	int last = BLOCK_DAYS / 64 - 1;

	return block->before[last] + (int32) count_bits(block->word[last]);
}

/* Blocks are small (17 kB for all years) and kept. */
static void
reach_block(csf_calendar *calendar, int number)
{
	if (calendar->block_low == calendar->block_high)
	{
		calendar->block_low = number;
		calendar->block_high = number;
		calendar->days_before[number] = 0;
	}
	while (calendar->block_low > number)
	{
		csf_day_block *block = build_block(calendar, calendar->block_low - 1);

		calendar->block_low--;
		calendar->block[calendar->block_low] = block;
		calendar->days_before[calendar->block_low] =
			calendar->days_before[calendar->block_low + 1] - block_count(block);
	}
	while (calendar->block_high <= number)
	{
		csf_day_block *block = build_block(calendar, calendar->block_high);

		calendar->block[calendar->block_high] = block;
		calendar->days_before[calendar->block_high + 1] =
			calendar->days_before[calendar->block_high] + block_count(block);
		calendar->block_high++;
	}
}

static bool
valid_day(int32 day)
{
	return day >= FIRST_DAY && day < END_DAY;
}

/* Working days before a day, relative to wherever counting began. */
static int32
days_before(csf_calendar *calendar, int32 day)
{
	int number = day >> BLOCK_SHIFT;
	int word = (day & (BLOCK_DAYS - 1)) / 64;
	const csf_day_block *block;

	if (number < calendar->block_low || number >= calendar->block_high)
		reach_block(calendar, number);
	block = calendar->block[number];
	return calendar->days_before[number] + block->before[word] +
		   (int32) count_bits(block->word[word] & ((UINT64_C(1) << (day & 63)) - 1));
}

/* The working day that has this many working days before it. */
static bool
find_day(csf_calendar *calendar, int number, int32 count, int32 *day)
{
	const csf_day_block *block;
	uint64 bits;
	int word = BLOCK_DAYS / 64 - 1;
	int32 rest;

	for (;;)
	{
		if (number < 0 || number >= BLOCKS)
			return false;
		if (number < calendar->block_low || number >= calendar->block_high)
			reach_block(calendar, number);
		if (calendar->days_before[number] > count)
			number--;
		else if (calendar->days_before[number + 1] <= count)
			number++;
		else
			break;
	}
	block = calendar->block[number];
	rest = count - calendar->days_before[number];
	while (block->before[word] > rest)
		word--;
	bits = block->word[word];
	for (rest -= block->before[word]; rest > 0; rest--)
		bits &= bits - 1;
	*day = (number << BLOCK_SHIFT) + word * 64;
	for (; (bits & 1) == 0; bits >>= 1)
		(*day)++;
	return true;
}

bool
csf_business_is_working_day(csf_calendar *calendar, int32 date, bool *working)
{
	int64 day = (int64) date + EPOCH_DAY;

	if (day < FIRST_DAY || day >= END_DAY)
		return false;
	(void) days_before(calendar, (int32) day);
	*working = test_day(calendar->block[day >> BLOCK_SHIFT], (int32) day);
	return true;
}

/* The n-th working day strictly after the date, before it if negative; for 0 this day or the next working one. */
bool
csf_business_add_working_days(csf_calendar *calendar, int32 date, int32 days, int32 *result)
{
	int64 day = (int64) date + EPOCH_DAY;
	int32 number = (int32) day;
	int32 count;
	int32 found;

	if (day < FIRST_DAY || day >= END_DAY || days > END_DAY || days < -END_DAY)
		return false;
	count = days_before(calendar, number);
	if (days > 0)
		count += days - 1 + (test_day(calendar->block[number >> BLOCK_SHIFT], number) ? 1 : 0);
	else
		count += days;
	if (!find_day(calendar, number >> BLOCK_SHIFT, count, &found) || !valid_day(found))
		return false;
	*result = found - EPOCH_DAY;
	return true;
}

/* Working days from one date to another, both included; negative when reversed. */
bool
csf_business_count_working_days(csf_calendar *calendar, int32 from, int32 to, int32 *days)
{
	int32 first = from <= to ? from : to;
	int32 last = from <= to ? to : from;

	if (first < FIRST_DAY - EPOCH_DAY || last >= END_DAY - 1 - EPOCH_DAY)
		return false;
	*days = -days_before(calendar, first + EPOCH_DAY);
	*days += days_before(calendar, last + EPOCH_DAY + 1);
	if (from > to)
		*days = -*days;
	return true;
}
