/*
 * calendar_test.c
 *		The calendar kernel without a server: memory of a compiled calendar is bounded and given back, answers do not depend on the
 *		order of the questions.
 */
#include "kernel/calendar.h"

#include "../fuzz/calendar_zones.h"
#include "tap.h"

#define DAY INT64_C(86400000000)

/* The largest calendar there is: 48 shifts a day, and a clause of its own for every other date. */
static csf_calendar_rules *
largest_rules(void)
{
	size_t room = 4 << 20;
	size_t length = 0;
	char *text = malloc(room);
	csf_fault fault;
	csf_calendar_rules *rules;

	length += (size_t) snprintf(text + length, room - length, "Fake/Summer; daily ");
	for (int shift = 0; shift < 48; shift++)
		length += (size_t) snprintf(text + length, room - length, "%s%02d:%02d-%02d:%02d", shift ? "," : "",
									shift / 2, shift % 2 * 30, shift / 2, shift % 2 * 30 + 15);
	for (int32 date = CSF_CALENDAR_FIRST_DATE; date <= CSF_CALENDAR_LAST_DATE; date += 2)
	{
		int year;
		int month;
		int day;

		csf_calendar_civil(date, &year, &month, &day);
		length += (size_t) snprintf(text + length, room - length, "; %04d-%02d-%02d off", year, month, day);
	}
	rules = csf_calendar_parse(text, length, &fake_zone_source, &fault);
	free(text);
	return rules;
}

int
main(void)
{
	size_t used = 0;
	size_t most = 0;
	csf_calendar_memory memory = {test_allocate, test_release, &used};
	csf_calendar_rules *rules = largest_rules();
	csf_calendar *calendar;
	csf_calendar *backwards;
	int64 differences = 0;
	int64 mistakes = 0;

	ok(rules != NULL, "D8: a calendar with a clause for every other date of 300 years is read");
	calendar = csf_calendar_compile(rules, &fake_zone_source, memory);
	backwards = csf_calendar_compile(rules, &fake_zone_source, memory);
	for (int32 date = CSF_CALENDAR_FIRST_DATE; date <= CSF_CALENDAR_LAST_DATE; date += 97)
	{
		int64 there;
		int64 back;
		int64 between;

		if (!csf_business_add(calendar, date * DAY, 3 * DAY, &there))
			continue;
		mistakes += !csf_business_between(calendar, date * DAY, there, &between) || between != 3 * DAY;
		mistakes += !csf_business_add(calendar, there, -3 * DAY, &back) || back > there;
		if (used > most)
			most = used;
	}
	ok(mistakes == 0, "D8: add and between agree over 300 years");
	ok(most < (16 << 20), "D8: two such calendars never take more than 16 MB (%zu bytes)", most);
	for (int32 date = CSF_CALENDAR_LAST_DATE - 100; date >= CSF_CALENDAR_FIRST_DATE; date -= 1009)
	{
		int64 forwards_answer;
		int64 backwards_answer;

		mistakes += !csf_business_add(calendar, date * DAY, DAY, &forwards_answer);
		mistakes += !csf_business_add(backwards, date * DAY, DAY, &backwards_answer);
		differences += forwards_answer != backwards_answer;
	}
	ok(mistakes == 0 && differences == 0, "D8: answers do not depend on the order of the questions");
	csf_calendar_release(calendar);
	csf_calendar_release(backwards);
	is_int((long long) used, 0, "D8: all memory of a calendar is given back");
	csf_calendar_rules_free(rules);
	return done_testing();
}
