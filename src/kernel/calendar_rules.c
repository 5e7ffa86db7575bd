/*
 * calendar_rules.c
 *		The rules of a working calendar in memory: shift lists without duplicates, date clauses in order, merging.
 */
#include "kernel/calendar.h"

csf_calendar_rules *
csf_calendar_rules_new(void)
{
	csf_calendar_rules *rules = csf_alloc_zero(sizeof(csf_calendar_rules));
	uint16 empty;

	rules->from = CSF_CALENDAR_NO_DATE;
	rules->until = CSF_CALENDAR_NO_DATE;
	csf_calendar_rules_intern(rules, NULL, 0, &empty);
	return rules;
}

void
csf_calendar_rules_free(csf_calendar_rules *rules)
{
	if (rules->shifts != NULL)
		csf_free(rules->shifts);
	if (rules->lists != NULL)
		csf_free(rules->lists);
	if (rules->dates != NULL)
		csf_free(rules->dates);
	csf_free(rules);
}

/* Makes room for more elements; sizes double, so that n additions cost O(n). */
static void *
grow(void *array, uint32 *room, uint32 needed, size_t size)
{
	uint32 wanted = *room ? *room : 8;

	if (needed <= *room)
		return array;
	while (wanted < needed)
		wanted *= 2;
	*room = wanted;
	size *= wanted;
	return array == NULL ? csf_alloc(size) : csf_realloc(array, size);
}

/* Finds or adds a list. The number of lists is limited, which keeps the search cheap; false when it is exhausted. */
bool
csf_calendar_rules_intern(csf_calendar_rules *rules, const csf_shift *shifts, uint32 count, uint16 *list)
{
	csf_shift_list *added;

	for (uint32 i = 0; i < rules->list_count; i++)
	{
		const csf_shift_list *known = &rules->lists[i];

		if (known->count == count &&
			(count == 0 || memcmp(rules->shifts + known->first, shifts, count * sizeof(csf_shift)) == 0))
		{
			*list = (uint16) i;
			return true;
		}
	}
	if (rules->list_count >= CSF_CALENDAR_MAX_LISTS)
		return false;
	rules->lists = grow(rules->lists, &rules->list_room, rules->list_count + 1, sizeof(csf_shift_list));
	rules->shifts = grow(rules->shifts, &rules->shift_room, rules->shift_count + count, sizeof(csf_shift));
	added = &rules->lists[rules->list_count];
	added->first = rules->shift_count;
	added->count = count;
	if (count > 0)
		memcpy(rules->shifts + rules->shift_count, shifts, count * sizeof(csf_shift));
	rules->shift_count += count;
	*list = (uint16) rules->list_count++;
	return true;
}

void
csf_calendar_rules_add_date(csf_calendar_rules *rules, csf_date_clause clause)
{
	rules->dates = grow(rules->dates, &rules->date_room, rules->date_count + 1, sizeof(csf_date_clause));
	rules->dates[rules->date_count++] = clause;
}

static int
by_first_date(const void *a, const void *b)
{
	const csf_date_clause *left = a;
	const csf_date_clause *right = b;

	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return (left->position > right->position) - (left->position < right->position);
}

/*
 * Sorts the date clauses and joins those that touch or repeat one another and say the same. Returns the index of a clause
 * that contradicts an earlier one (the list is then of no further use), or -1.
 */
int
csf_calendar_rules_sort_dates(csf_calendar_rules *rules)
{
	uint32 kept = 0;

	if (rules->date_count > 1)
		qsort(rules->dates, rules->date_count, sizeof(csf_date_clause), by_first_date);
	for (uint32 i = 1; i < rules->date_count; i++)
	{
		csf_date_clause *last = &rules->dates[kept];
		csf_date_clause *next = &rules->dates[i];

		if (next->first <= last->last && next->rule != last->rule)
			return (int) i;
		if (next->first <= last->last + 1 && next->rule == last->rule)
		{
			if (next->last > last->last)
				last->last = next->last;
		}
		else
			rules->dates[++kept] = *next;
	}
	if (rules->date_count > 0)
		rules->date_count = kept + 1;
	return -1;
}

static int
by_date_and_order(const void *a, const void *b)
{
	const csf_date_change *left = a;
	const csf_date_change *right = b;

	if (left->date != right->date)
		return left->date < right->date ? -1 : 1;
	return (left->order > right->order) - (left->order < right->order);
}

/* Copies what a clause says about the dates first..last, if that is any. */
static void
copy_part(csf_calendar_rules *rules, const csf_date_clause *clause, int32 first, int32 last)
{
	csf_date_clause part = *clause;

	part.first = first;
	part.last = last;
	if (first <= last)
		csf_calendar_rules_add_date(rules, part);
}

/* Lays changes over the date clauses. Sorts the array of changes; linear after that. */
void
csf_calendar_rules_merge(csf_calendar_rules *rules, csf_date_change *changes, uint32 count)
{
	csf_date_clause *old = rules->dates;
	uint32 old_count = rules->date_count;
	uint32 distinct = 0;
	uint32 next = 0;

	if (count == 0)
		return;
	qsort(changes, count, sizeof(csf_date_change), by_date_and_order);
	for (uint32 i = 0; i < count; i++)
	{
		if (i + 1 == count || changes[i].date != changes[i + 1].date)
			changes[distinct++] = changes[i];
	}

	rules->dates = NULL;
	rules->date_count = 0;
	rules->date_room = 0;
	for (uint32 i = 0; i < old_count; i++)
	{
		int32 first = old[i].first;

		while (next < distinct && changes[next].date < first)
			next++;
		for (; next < distinct && changes[next].date <= old[i].last; next++)
		{
			copy_part(rules, &old[i], first, changes[next].date - 1);
			first = changes[next].date + 1;
		}
		copy_part(rules, &old[i], first, old[i].last);
	}
	for (uint32 i = 0; i < distinct; i++)
	{
		csf_date_clause clause = {changes[i].date, changes[i].date, changes[i].rule, 0};

		csf_calendar_rules_add_date(rules, clause);
	}
	if (old != NULL)
		csf_free(old);
	(void) csf_calendar_rules_sort_dates(rules);
}

/* The list of shifts a date rule stands for. */
uint16
csf_calendar_rules_list(const csf_calendar_rules *rules, uint16 rule)
{
	if (rule == CSF_RULE_OFF)
		return 0;
	if (rule < CSF_RULE_LIST)
		return rules->weekly[rule - CSF_RULE_AS];
	return rule - CSF_RULE_LIST;
}

/* The clause that decides a date, NULL if the weekly rule does. */
const csf_date_clause *
csf_calendar_rules_clause(const csf_calendar_rules *rules, int32 date)
{
	uint32 low = 0;
	uint32 high = rules->date_count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (rules->dates[middle].last < date)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < rules->date_count && rules->dates[low].first <= date)
		return &rules->dates[low];
	return NULL;
}

/* Whether the weekly rule opens any of the dates first..last. */
static bool
weekly_opens(const csf_calendar_rules *rules, int32 first, int32 last)
{
	for (int32 date = first; date <= last && date < first + 7; date++)
	{
		if (rules->weekly[csf_calendar_weekday(date)] != 0)
			return true;
	}
	return false;
}

bool
csf_calendar_rules_have_open_time(const csf_calendar_rules *rules)
{
	int32 next = CSF_CALENDAR_FIRST_DATE;

	for (uint32 i = 0; i < rules->date_count; i++)
	{
		const csf_date_clause *clause = &rules->dates[i];

		if (csf_calendar_rules_list(rules, clause->rule) != 0 || weekly_opens(rules, next, clause->first - 1))
			return true;
		next = clause->last + 1;
	}
	return weekly_opens(rules, next, CSF_CALENDAR_LAST_DATE);
}

/* 0 for Monday. 2000-01-01 was a Saturday. */
int
csf_calendar_weekday(int32 date)
{
	int weekday = (date + 5) % 7;

	return weekday < 0 ? weekday + 7 : weekday;
}

/*
 * Days since 2000-01-01 in the Gregorian calendar. Years are counted from March, so that the leap day comes last.
 */
int32
csf_calendar_date(int year, int month, int day)
{
	int shifted = month > 2 ? year : year - 1;
	int since_march = (month + 9) % 12;

	return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (since_march * 306 + 5) / 10 + day -
		   730426;
}

void
csf_calendar_civil(int32 date, int *year, int *month, int *day)
{
	int guess = (int) (((int64) date + 730425) * 400 / 146097);
	int32 rest = date - csf_calendar_date(guess, 3, 1);
	int since_march;

	if (rest < 0)
		rest = date - csf_calendar_date(--guess, 3, 1);
	else if (date >= csf_calendar_date(guess + 1, 3, 1))
		rest = date - csf_calendar_date(++guess, 3, 1);
	since_march = (rest * 10 + 5) / 306;
	*month = since_march < 10 ? since_march + 3 : since_march - 9;
	*year = since_march < 10 ? guess : guess + 1;
	*day = rest - (since_march * 306 + 5) / 10 + 1;
}
