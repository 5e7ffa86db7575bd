/*
 * calendar_print.c
 *		Rules to the canonical text: equal rules give equal text, and the text reads back as the same rules.
 */
#include "kernel/calendar.h"

typedef struct printer
{
	char *text;
	size_t length;
	size_t room;
} printer;

static const char *const weekday_names[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static void
put_text(printer *printer, const char *text)
{
	size_t length = strlen(text);

	if (printer->text == NULL || printer->length + length + 1 > printer->room)
	{
		printer->room = (printer->length + length + 1) * 2;
		printer->text =
			printer->text == NULL ? csf_alloc(printer->room) : csf_realloc(printer->text, printer->room);
	}
	memcpy(printer->text + printer->length, text, length + 1);
	printer->length += length;
}

static void
put_shifts(printer *printer, const csf_calendar_rules *rules, uint16 list)
{
	const csf_shift *shift = rules->shifts + rules->lists[list].first;

	for (uint32 i = 0; i < rules->lists[list].count; i++)
	{
		char buffer[48];

		snprintf(buffer, sizeof(buffer), "%s%02d:%02d-%02d:%02d", i == 0 ? "" : ",", shift[i].from / 60,
				 shift[i].from % 60, shift[i].to / 60, shift[i].to % 60);
		put_text(printer, buffer);
	}
}

static void
put_date(printer *printer, int32 date)
{
	char buffer[48];
	int year;
	int month;
	int day;

	csf_calendar_civil(date, &year, &month, &day);
	snprintf(buffer, sizeof(buffer), "%04d-%02d-%02d", year, month, day);
	put_text(printer, buffer);
}

/* All weekdays that have this list: "mon-fri", "mon,wed-thu", "daily". */
static void
put_weekdays(printer *printer, const csf_calendar_rules *rules, uint16 list)
{
	bool first = true;

	for (int day = 0; day < 7; day++)
	{
		int last = day;

		if (rules->weekly[day] != list)
			continue;
		while (last < 6 && rules->weekly[last + 1] == list)
			last++;
		if (day == 0 && last == 6)
		{
			put_text(printer, "daily");
			return;
		}
		if (!first)
			put_text(printer, ",");
		put_text(printer, weekday_names[day]);
		if (last > day)
		{
			put_text(printer, "-");
			put_text(printer, weekday_names[last]);
		}
		first = false;
		day = last;
	}
}

static void
put_weekly_clause(printer *printer, const csf_calendar_rules *rules, uint16 list)
{
	put_weekdays(printer, rules, list);
	put_text(printer, " ");
	put_shifts(printer, rules, list);
}

static void
put_date_clause(printer *printer, const csf_calendar_rules *rules, const csf_date_clause *clause)
{
	put_date(printer, clause->first);
	if (clause->last > clause->first)
	{
		put_text(printer, "..");
		put_date(printer, clause->last);
	}
	put_text(printer, " ");
	if (clause->rule == CSF_RULE_OFF)
		put_text(printer, "off");
	else if (clause->rule < CSF_RULE_LIST)
	{
		put_text(printer, "as ");
		put_text(printer, weekday_names[clause->rule - CSF_RULE_AS]);
	}
	else
		put_shifts(printer, rules, clause->rule - CSF_RULE_LIST);
}

static void
put_bound(printer *printer, const char *word, int32 date)
{
	if (date == CSF_CALENDAR_NO_DATE)
		return;
	put_text(printer, word);
	put_date(printer, date);
}

char *
csf_calendar_print(const csf_calendar_rules *rules, size_t *length)
{
	printer printer = {NULL, 0, 0};

	put_text(&printer, rules->zone);
	for (int day = 0; day < 7; day++)
	{
		bool printed = rules->weekly[day] == 0;

		for (int earlier = 0; earlier < day; earlier++)
			printed = printed || rules->weekly[earlier] == rules->weekly[day];
		if (printed)
			continue;
		put_text(&printer, "; ");
		put_weekly_clause(&printer, rules, rules->weekly[day]);
	}
	for (uint32 i = 0; i < rules->date_count; i++)
	{
		put_text(&printer, "; ");
		put_date_clause(&printer, rules, &rules->dates[i]);
	}
	put_bound(&printer, "; from ", rules->from);
	put_bound(&printer, "; until ", rules->until);
	*length = printer.length;
	return printer.text;
}

/* The clause that decides a date, as text; NULL when no clause mentions it. */
char *
csf_calendar_print_clause(const csf_calendar_rules *rules, int32 date)
{
	printer printer = {NULL, 0, 0};
	const csf_date_clause *clause = csf_calendar_rules_clause(rules, date);
	uint16 list = rules->weekly[csf_calendar_weekday(date)];

	if (clause != NULL)
		put_date_clause(&printer, rules, clause);
	else if (list != 0)
		put_weekly_clause(&printer, rules, list);
	return printer.text;
}

/* NULL for the empty list. */
char *
csf_calendar_print_shifts(const csf_calendar_rules *rules, uint16 list)
{
	printer printer = {NULL, 0, 0};

	put_shifts(&printer, rules, list);
	return printer.text;
}
