/*
 * calendar_zones.h
 *		Time zones made up for testing the calendar kernel without a server: gaps and overlaps of every sort, all at whole
 *		minutes, so that walking by minutes is exact.
 */
#ifndef CSF_TEST_CALENDAR_ZONES_H
#define CSF_TEST_CALENDAR_ZONES_H

#include "kernel/calendar.h"

/* Days and minutes from 2000-01-01 00:00 UTC, or from the beginning of a period. */
#define AT(days, minutes) ((int64) (days) *86400 + (minutes) *60)

typedef struct fake_change
{
	int64 second;
	int32 offset; /* from then on */
} fake_change;

typedef struct fake_zone
{
	const char *name;
	int32 first_offset;
	int32 period; /* days after which the changes repeat, for ever and ever; 0: they happen once */
	int count;
	fake_change change[4]; /* ascending */
} fake_zone;

static const fake_zone fake_zones[] = {
	{"UTC", 0, 0, 0, {{0, 0}}},
	{"Asia/Shanghai", 28800, 0, 0, {{0, 0}}},
	/* spring and autumn, by an hour; by half an hour */
	{"Fake/Summer", 0, 365, 2, {{AT(85, 60), 7200}, {AT(302, 60), 3600}}},
	{"Fake/Half", 0, 365, 2, {{AT(92, 900), 37800}, {AT(277, 930), 39600}}},
	/* a date skipped, a date lived through twice */
	{"Fake/Skip", -36000, 0, 1, {{AT(4381, 600), 50400}}},
	{"Fake/Twice", 39600, 0, 1, {{AT(200, 780), -43200}}},
	/* gap and overlap at midnight */
	{"Fake/Night", 0, 365, 2, {{AT(49, 120), -10800}, {AT(290, 180), -7200}}},
	/* changes within hours of one another */
	{"Fake/Wild", 0, 40, 4, {{AT(1, 0), 7200}, {AT(1, 300), -3600}, {AT(9, 17), 57540}, {AT(20, 0), 0}}},
};

static const void *
find_fake_zone(const char *name, char *spelling)
{
	for (size_t i = 0; i < sizeof(fake_zones) / sizeof(fake_zones[0]); i++)
	{
		if (strcmp(fake_zones[i].name, name) == 0)
		{
			strcpy(spelling, name);
			return &fake_zones[i];
		}
	}
	return NULL;
}

static int32
fake_zone_offset(const void *opaque, int64 second, int64 *until)
{
	const fake_zone *zone = opaque;
	int64 period = (int64) zone->period * 86400;
	int64 start = 0;
	int32 offset = zone->first_offset;

	if (period > 0)
	{
		start = second / period * period - (second % period < 0 ? period : 0);
		offset = zone->change[zone->count - 1].offset;
	}
	for (int i = 0; i < zone->count; i++)
	{
		if (second < start + zone->change[i].second)
		{
			*until = start + zone->change[i].second;
			return offset;
		}
		offset = zone->change[i].offset;
	}
	*until = period > 0 ? start + period : INT64_MAX;
	return offset;
}

static const csf_zone_source fake_zone_source = {find_fake_zone, fake_zone_offset};

static void *
test_allocate(void *owner, size_t size)
{
	*(size_t *) owner += size;
	return csf_alloc(size);
}

static void
test_release(void *owner, void *memory, size_t size)
{
	*(size_t *) owner -= size;
	csf_free(memory);
}

#endif
