/*
 * calendar_fuzz.c
 *		Fuzz target of the calendar kernel: parser, printer and arithmetic, against a slow evaluation of the rules.
 *
 * Input: 8 bytes for an instant, 8 for a duration, 4 for a number of days, then calendar text.
 */
#include "kernel/calendar.h"

#include "calendar_zones.h"

#define MINUTE INT64_C(60000000)
#define DAY (1440 * MINUTE)
#define WALK (2 * 1440)
#define FIRST_INSTANT ((INT64_C(-36524) - 1) * DAY)
#define END_INSTANT ((INT64_C(73413) + 2) * DAY)

#define require(condition)                                                                                   \
	do                                                                                                       \
	{                                                                                                        \
		if (!(condition))                                                                                    \
		{                                                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
			abort();                                                                                         \
		}                                                                                                    \
	} while (0)

static int64
floor_divide(int64 value, int64 divisor)
{
	return value / divisor - (value % divisor < 0);
}

/* The definition: an instant is open when its local time lies in a shift of its local date. */
static bool
slowly_open(const csf_calendar_rules *rules, const void *zone, int64 instant, int32 *date)
{
	int64 until;
	int64 second = floor_divide(instant, 1000000);
	int64 local = second + fake_zone_offset(zone, second, &until);
	int minute;
	uint16 list;
	const csf_shift *shift;

	*date = (int32) floor_divide(local, 86400);
	minute = (int) ((local - (int64) *date * 86400) / 60);
	list = rules->weekly[csf_calendar_weekday(*date)];
	for (uint32 i = 0; i < rules->date_count; i++)
	{
		if (rules->dates[i].first <= *date && *date <= rules->dates[i].last)
			list = csf_calendar_rules_list(rules, rules->dates[i].rule);
	}
	shift = rules->shifts + rules->lists[list].first;
	for (uint32 i = 0; i < rules->lists[list].count; i++)
	{
		if (shift[i].from <= minute && minute < shift[i].to)
			return true;
	}
	return false;
}

static bool
slowly_working(const csf_calendar_rules *rules, const void *zone, int32 date)
{
	for (int64 at = date * DAY - 16 * 60 * MINUTE; at < (date + 1) * DAY + 16 * 60 * MINUTE; at += MINUTE)
	{
		int32 local_date;

		if (slowly_open(rules, zone, at, &local_date) && local_date == date)
			return true;
	}
	return false;
}

/* Two days from the minute of the instant on: open, next edges, between, and the way back by add. */
static void
check_walk(const csf_calendar_rules *rules, csf_calendar *calendar, const void *zone, int64 instant)
{
	int64 start = floor_divide(instant, MINUTE) * MINUTE;
	int64 walked = 0;
	int64 open_until = INT64_MIN;
	int64 edge[2] = {INT64_MIN, INT64_MIN}; /* next close, next open: as answered at the last minute */
	bool before = false;

	for (int i = 0; i < WALK; i++)
	{
		int64 at = start + i * MINUTE;
		int64 answer;
		int32 date;
		bool open;
		bool expected;

		if (!csf_business_in_range(at) || !csf_business_in_range(at + MINUTE))
			return;
		expected = slowly_open(rules, zone, at, &date);
		require(csf_business_open(calendar, at, &open) && open == expected);
		require(csf_business_open(calendar, at + MINUTE - 1, &open) && open == expected);
		require(csf_business_between(calendar, start, at, &answer) && answer == walked);
		require(csf_business_next_open(calendar, at, &answer));
		require(expected ? answer == at : answer > at);
		if (i > 0 && !expected && edge[1] > at)
			require(answer == edge[1]);
		edge[1] = answer;
		require(csf_business_next_close(calendar, at, &answer) && answer > at);
		if (i > 0 && before && !expected)
			require(edge[0] == at);
		else if (i > 0)
			require(answer == edge[0]);
		edge[0] = answer;
		if (expected && open_until > INT64_MIN)
			require(csf_business_add(calendar, at, -1, &answer) && answer == open_until - 1);
		if (expected)
		{
			open_until = at + MINUTE;
			walked += MINUTE;
			require(csf_business_add(calendar, start, walked, &answer) && answer == at + MINUTE);
			require(csf_business_add(calendar, at + MINUTE, -MINUTE, &answer) && answer == at);
		}
		before = expected;
	}
}

static void
check_algebra(csf_calendar *calendar, int64 instant, int64 duration)
{
	int64 sum;
	int64 half;
	int64 again;
	int64 between;

	if (!csf_business_add(calendar, instant, duration, &sum))
		return;
	require(csf_business_between(calendar, instant, sum, &between) && between == duration);
	require(duration >= 0 ? sum >= instant : sum <= instant);
	require(csf_business_add(calendar, instant, duration / 3, &half));
	require(csf_business_add(calendar, half, duration - duration / 3, &again) && again == sum);
	if (csf_business_add(calendar, instant + 977 * MINUTE, duration, &again))
		require(again >= sum);
	if (duration > 0 && csf_business_add(calendar, instant, duration + 1, &again))
		require(again > sum);
}

static void
check_days(const csf_calendar_rules *rules, csf_calendar *calendar, const void *zone, int64 instant,
		   int32 days)
{
	int32 date = (int32) floor_divide(instant, DAY);
	int32 found;
	int32 count;
	int64 answer;
	bool working;

	for (int32 day = date - 1; day <= date + 1; day++)
	{
		if (csf_business_is_working_day(calendar, day, &working))
			require(working == slowly_working(rules, zone, day));
	}
	(void) csf_business_add_days(calendar, instant, days, &answer);
	if (!csf_business_add_working_days(calendar, date, days, &found))
		return;
	require(csf_business_is_working_day(calendar, found, &working) && working);
	if (days > 0 && csf_business_count_working_days(calendar, date + 1, found, &count))
		require(count == days);
	if (days < 0 && csf_business_count_working_days(calendar, date - 1, found, &count))
		require(count == (date - 1 == found ? 1 : days));
}

static void
check_text(const csf_calendar_rules *rules)
{
	csf_fault fault;
	size_t length;
	size_t again_length;
	char *text = csf_calendar_print(rules, &length);
	csf_calendar_rules *read = csf_calendar_parse(text, length, &fake_zone_source, &fault);
	char *again;

	require(read != NULL);
	again = csf_calendar_print(read, &again_length);
	require(length == again_length && memcmp(text, again, length) == 0);
	csf_free(text);
	csf_free(again);
	csf_calendar_rules_free(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t used = 0;
	csf_calendar_memory memory = {test_allocate, test_release, &used};
	csf_calendar_rules *rules;
	csf_calendar *calendar;
	csf_fault fault;
	int64 instant;
	int64 duration;
	int32 days;
	bool open;
	char spelling[CSF_CALENDAR_ZONE_SIZE];

	if (size < 20)
		return 0;
	memcpy(&instant, data, 8);
	memcpy(&duration, data + 8, 8);
	memcpy(&days, data + 16, 4);
	rules = csf_calendar_parse((const char *) data + 20, size - 20, &fake_zone_source, &fault);
	if (rules == NULL)
	{
		require(fault.position >= -1 && fault.position <= (int) size - 20 && fault.message[0] != '\0');
		return 0;
	}
	check_text(rules);
	calendar = csf_calendar_compile(rules, &fake_zone_source, memory);
	/* the zero of the running totals lies in the first piece asked for: let it be a later one at times */
	if (days % 2 != 0)
		(void) csf_business_open(calendar, instant % END_INSTANT / 2, &open);
	check_algebra(calendar, instant, duration);
	/* and once more where the arithmetic is defined */
	instant = FIRST_INSTANT + (int64) ((uint64) instant % (uint64) (END_INSTANT - FIRST_INSTANT));
	check_algebra(calendar, instant, duration >> 20);
	check_algebra(calendar, instant, duration >> 8);
	check_walk(rules, calendar, find_fake_zone(rules->zone, spelling), instant);
	check_days(rules, calendar, find_fake_zone(rules->zone, spelling), instant, days % 40000);
	csf_calendar_release(calendar);
	require(used == 0);
	csf_calendar_rules_free(rules);
	return 0;
}
