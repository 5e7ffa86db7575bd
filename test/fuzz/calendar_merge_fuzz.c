/*
 * calendar_merge_fuzz.c
 *		Fuzz target of merging dated changes into a calendar: every date from 1900 to 2200 follows the last change given for
 *		it, else the calendar as it was, and the result is a calendar that prints, reads back and is open at those minutes.
 *
 * Input: calendar text up to the end of the line; then one change a line: days counted from the first date that the
 * calendar mentions (2000-01-01 if none), and a rule, as in "-3 as mon".
 */
#include "kernel/calendar.h"

#include "calendar_zones.h"

#define MAX_CHANGES 64
#define MAX_WALKED 3
#define MINUTE INT64_C(60000000)
#define DAY (1440 * MINUTE)
#define N_DATES (CSF_CALENDAR_LAST_DATE - CSF_CALENDAR_FIRST_DATE + 1)
#define UNMENTIONED UINT16_MAX

#define require(condition)                                                                                   \
	do                                                                                                       \
	{                                                                                                        \
		if (!(condition))                                                                                    \
		{                                                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
			abort();                                                                                         \
		}                                                                                                    \
	} while (0)

/* What each date of three hundred years says by itself. */
typedef uint16 every_date[N_DATES];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint16 *
on_date(uint16 *dates, int32 date)
{
	require(date >= CSF_CALENDAR_FIRST_DATE && date <= CSF_CALENDAR_LAST_DATE);
	return &dates[date - CSF_CALENDAR_FIRST_DATE];
}

/* Writes down what the clauses say of each date; they have to be in order, apart, and joined where they say the same. */
static void
spread_clauses(const csf_calendar_rules *rules, uint16 *dates)
{
	for (int i = 0; i < N_DATES; i++)
		dates[i] = UNMENTIONED;
	for (uint32 i = 0; i < rules->date_count; i++)
	{
		const csf_date_clause *clause = &rules->dates[i];

		require(clause->first <= clause->last);
		if (i > 0)
			require(clause[-1].last + (clause[-1].rule == clause->rule) < clause->first);
		for (int32 date = clause->first; date <= clause->last; date++)
			*on_date(dates, date) = clause->rule;
	}
}

static uint16
list_on(const csf_calendar_rules *rules, uint16 *dates, int32 date)
{
	uint16 rule = *on_date(dates, date);

	if (rule == UNMENTIONED)
		return rules->weekly[csf_calendar_weekday(date)];
	if (rule == CSF_RULE_OFF)
		return 0;
	return rule < CSF_RULE_LIST ? rules->weekly[rule - CSF_RULE_AS] : rule - CSF_RULE_LIST;
}

/* Reads the changes of all lines; those whose rule is refused, or whose date is out of range, are none. */
static uint32
read_changes(csf_calendar_rules *rules, char *line, csf_date_change *changes)
{
	int32 base = rules->date_count > 0 ? rules->dates[0].first : 0;
	uint32 count = 0;

	while (line != NULL && count < MAX_CHANGES)
	{
		char *end = strchr(line, '\n');
		long date;
		char *rule;
		csf_fault fault;

		if (end != NULL)
			*end = '\0';
		date = strtol(line, &rule, 10) % N_DATES + base;
		if (date >= CSF_CALENDAR_FIRST_DATE && date <= CSF_CALENDAR_LAST_DATE)
		{
			changes[count] = (csf_date_change){(int32) date, 0, count};
			if (csf_calendar_parse_rule(rules, rule, strlen(rule), &changes[count].rule, &fault))
				count++;
			else
				require(fault.message[0] != '\0' && fault.position >= 0 &&
						fault.position <= (int) strlen(rule));
		}
		line = end == NULL ? NULL : end + 1;
	}
	return count;
}

/* What is printed of one date, or of one list of shifts, says the same when read. */
static void
check_one_date(csf_calendar_rules *rules, uint16 *dates, int32 date)
{
	const csf_date_clause *clause = csf_calendar_rules_clause(rules, date);
	uint16 list = list_on(rules, dates, date);
	char *clause_text = csf_calendar_print_clause(rules, date);
	char *shifts = csf_calendar_print_shifts(rules, list);
	uint16 rule;
	csf_fault fault;

	require((clause == NULL ? UNMENTIONED : clause->rule) == *on_date(dates, date));
	require((clause_text == NULL) == (clause == NULL && list == 0));
	if (clause != NULL)
	{
		require(csf_calendar_rules_list(rules, clause->rule) == list);
		require(csf_calendar_parse_rule(rules, strchr(clause_text, ' ') + 1,
										strlen(strchr(clause_text, ' ') + 1), &rule, &fault) &&
				rule == clause->rule);
	}
	require((shifts == NULL) == (list == 0));
	if (shifts != NULL)
		require(csf_calendar_parse_rule(rules, shifts, strlen(shifts), &rule, &fault) &&
				rule == CSF_RULE_LIST + list);
	if (clause_text != NULL)
		csf_free(clause_text);
	if (shifts != NULL)
		csf_free(shifts);
}

/* Walks three days around a date minute by minute. */
static void
check_open(const csf_calendar_rules *rules, uint16 *dates, csf_calendar *calendar, int32 around)
{
	char spelling[CSF_CALENDAR_ZONE_SIZE];
	const void *zone = find_fake_zone(rules->zone, spelling);

	for (int64 at = (around - 1) * DAY; at < (around + 2) * DAY; at += MINUTE)
	{
		int64 until;
		int64 second = at / 1000000;
		int64 local = second + fake_zone_offset(zone, second, &until);
		int32 date = (int32) (local / 86400 - (local % 86400 < 0));
		int minute = (int) ((local - date * INT64_C(86400)) / 60);
		bool expected = false;
		bool open;
		const csf_shift_list *list;

		if (date < CSF_CALENDAR_FIRST_DATE || date > CSF_CALENDAR_LAST_DATE)
			continue;
		list = &rules->lists[list_on(rules, dates, date)];
		for (uint32 i = list->first; i < list->first + list->count; i++)
			expected = expected || (rules->shifts[i].from <= minute && minute < rules->shifts[i].to);
		require(csf_business_open(calendar, at, &open) && open == expected);
	}
}

/* The merged rules as text are a calendar, unless nothing is open any more. */
static void
check_read_back(csf_calendar_rules *rules, uint16 *dates, const csf_date_change *changes, uint32 count)
{
	size_t used = 0;
	csf_calendar_memory memory = {test_allocate, test_release, &used};
	size_t length;
	size_t again_length;
	char *text = csf_calendar_print(rules, &length);
	char *again;
	csf_fault fault;
	csf_calendar_rules *read = csf_calendar_parse(text, length, &fake_zone_source, &fault);
	csf_calendar *calendar;
	bool any_open = false;

	for (int32 date = CSF_CALENDAR_FIRST_DATE; date <= CSF_CALENDAR_LAST_DATE && !any_open; date++)
		any_open = list_on(rules, dates, date) != 0;
	require(csf_calendar_rules_have_open_time(rules) == any_open && (read != NULL) == any_open);
	if (read != NULL)
	{
		again = csf_calendar_print(read, &again_length);
		require(length == again_length && memcmp(text, again, length) == 0);
		require(read->from == rules->from && read->until == rules->until);
		csf_free(again);
		calendar = csf_calendar_compile(read, &fake_zone_source, memory);
		for (uint32 i = 0; i < count && i < MAX_WALKED; i++)
			check_open(rules, dates, calendar, changes[i].date);
		csf_calendar_release(calendar);
		require(used == 0);
		csf_calendar_rules_free(read);
	}
	csf_free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static every_date expected;
	static every_date merged;
	csf_date_change changes[MAX_CHANGES];
	csf_date_change given[MAX_CHANGES];
	char *copy = csf_alloc(size + 1);
	char *lines;
	uint32 count;
	csf_fault fault;
	csf_calendar_rules *rules;

	for (size_t i = 0; i < size; i++)
		copy[i] = data[i] == 0 ? ' ' : (char) data[i];
	copy[size] = '\0';
	lines = strchr(copy, '\n');
	if (lines != NULL)
		*lines++ = '\0';
	rules = csf_calendar_parse(copy, strlen(copy), &fake_zone_source, &fault);
	if (rules != NULL)
	{
		count = read_changes(rules, lines, changes);
		memcpy(given, changes, sizeof(given));
		spread_clauses(rules, expected);
		for (uint32 i = 0; i < count; i++)
			*on_date(expected, given[i].date) = given[i].rule;
		csf_calendar_rules_merge(rules, changes, count);
		spread_clauses(rules, merged);
		require(memcmp(expected, merged, sizeof(expected)) == 0);
		for (uint32 i = 0; i < count; i++)
			for (int32 date = given[i].date - 1; date <= given[i].date + 1; date++)
				if (date >= CSF_CALENDAR_FIRST_DATE && date <= CSF_CALENDAR_LAST_DATE)
					check_one_date(rules, expected, date);
		check_read_back(rules, expected, given, count);
		csf_calendar_rules_free(rules);
	}
	csf_free(copy);
	return 0;
}
