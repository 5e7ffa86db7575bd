/*
 * calendar_parse.c
 *		Calendar text to rules.
 *
 *		text     := zone (';' clause)* [';']
 *		clause   := weekdays shifts | dates rule | 'from' date | 'until' date
 *		weekdays := 'daily' | weekday ['-' weekday] (',' ...)*
 *		dates    := date ['..' date]
 *		rule     := shifts | 'as' weekday
 *		shifts   := 'off' | HH:MM-HH:MM (',' HH:MM-HH:MM)*
 *
 * One pass over the text; the dates are sorted once at the end. Nothing here knows the encoding: whatever is not ASCII is
 * refused, and shown as '?' in messages.
 */
#include <stdarg.h>

#include "kernel/calendar.h"

typedef struct parser
{
	const char *text;
	int length;
	int position;
	csf_calendar_rules *rules;
	uint8 weekdays_given; /* bit per weekday, Monday lowest */
	csf_fault *fault;
} parser;

static const char *const weekday_names[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static bool fail(parser *parser, int position, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static bool
fail(parser *parser, int position, const char *hint, const char *format, ...)
{
	va_list arguments;

	parser->fault->position = position;
	parser->fault->detail[0] = '\0';
	snprintf(parser->fault->hint, sizeof(parser->fault->hint), "%s", hint);
	va_start(arguments, format);
	vsnprintf(parser->fault->message, sizeof(parser->fault->message), format, arguments);
	va_end(arguments);
	return false;
}

/* The text from a position to the end of the clause, at most 40 bytes of it, in plain ASCII. */
static const char *
excerpt(const parser *parser, int position, char *buffer)
{
	int length = 0;

	while (position + length < parser->length && length < 40 &&
		   (length == 0 || parser->text[position + length] != ';'))
	{
		char c = parser->text[position + length];

		buffer[length++] = c >= ' ' && c <= '~' ? c : '?';
	}
	while (length > 0 && buffer[length - 1] == ' ')
		length--;
	buffer[length] = '\0';
	return buffer;
}
#define EXCERPT_SIZE 41

static bool
fail_token(parser *parser, int position, const char *what, const char *hint)
{
	char buffer[EXCERPT_SIZE];

	if (position >= parser->length || parser->text[position] == ';')
		return fail(parser, position, hint, "%s is missing", what);
	return fail(parser, position, hint, "invalid %s \"%s\"", what, excerpt(parser, position, buffer));
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static bool
is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

/* The character at the position, '\0' at the end of the text. */
static char
peek(const parser *parser)
{
	return parser->position < parser->length ? parser->text[parser->position] : '\0';
}

static void
skip_spaces(parser *parser)
{
	while (parser->position < parser->length && is_space(parser->text[parser->position]))
		parser->position++;
}

static bool
at_clause_end(parser *parser)
{
	skip_spaces(parser);
	return parser->position >= parser->length || parser->text[parser->position] == ';';
}

/* Takes the word if it comes next, in any case, as a whole. */
static bool
take_word(parser *parser, const char *word)
{
	int length = (int) strlen(word);

	if (parser->length - parser->position < length)
		return false;
	for (int i = 0; i < length; i++)
	{
		if (lower(parser->text[parser->position + i]) != word[i])
			return false;
	}
	if (parser->position + length < parser->length && is_letter(parser->text[parser->position + length]))
		return false;
	parser->position += length;
	return true;
}

static bool
take_symbol(parser *parser, char symbol)
{
	skip_spaces(parser);
	if (peek(parser) != symbol)
		return false;
	parser->position++;
	skip_spaces(parser);
	return true;
}

/* Takes between least and most digits; false if there are fewer, or more. */
static bool
take_number(parser *parser, int least, int most, int *number)
{
	int digits = 0;

	*number = 0;
	while (is_digit(peek(parser)) && digits <= most)
	{
		*number = *number * 10 + (peek(parser) - '0');
		parser->position++;
		digits++;
	}
	return digits >= least && digits <= most;
}

static bool
take_weekday(parser *parser, int *weekday)
{
	for (int i = 0; i < 7; i++)
	{
		if (take_word(parser, weekday_names[i]))
		{
			*weekday = i;
			return true;
		}
	}
	return false;
}

static bool
expect_weekday(parser *parser, int *weekday)
{
	if (take_weekday(parser, weekday))
		return true;
	return fail_token(parser, parser->position, "weekday",
					  "Weekdays are mon, tue, wed, thu, fri, sat and sun.");
}

/* HH:MM to minutes; 24:00 is the end of the day. */
static bool
expect_time(parser *parser, int *minutes)
{
	int start = parser->position;
	int hour;
	int minute;

	if (take_number(parser, 1, 2, &hour) && peek(parser) == ':')
	{
		parser->position++;
		if (take_number(parser, 2, 2, &minute) && minute < 60 && hour * 60 + minute <= 1440)
		{
			*minutes = hour * 60 + minute;
			return true;
		}
	}
	return fail_token(parser, start, "time of day",
					  "A shift is written 09:00-12:00, in hours and minutes from 00:00 to 24:00.");
}

static bool
expect_shift(parser *parser, csf_shift *shift)
{
	int start = parser->position;
	int from = 0;
	int to = 0;
	char buffer[EXCERPT_SIZE];

	if (!expect_time(parser, &from))
		return false;
	if (!take_symbol(parser, '-'))
		return fail(parser, parser->position, "A shift is written 09:00-12:00.",
					"shift without an end: \"%s\"", excerpt(parser, start, buffer));
	if (!expect_time(parser, &to))
		return false;
	if (to <= from)
		return fail(parser, start,
					"A shift over midnight is two shifts: until 24:00, and from 00:00 of the next day.",
					"shift %02d:%02d-%02d:%02d does not end after it begins", from / 60, from % 60, to / 60,
					to % 60);
	shift->from = (uint16) from;
	shift->to = (uint16) to;
	return true;
}

/* Inserts a shift in order, refusing an overlap. A day has few shifts. */
static bool
insert_shift(parser *parser, csf_shift *shifts, uint32 *count, csf_shift shift, int position)
{
	uint32 at = *count;

	while (at > 0 && shifts[at - 1].from > shift.from)
		at--;
	if ((at > 0 && shifts[at - 1].to > shift.from) || (at < *count && shifts[at].from < shift.to))
	{
		csf_shift other = at > 0 && shifts[at - 1].to > shift.from ? shifts[at - 1] : shifts[at];

		return fail(parser, position, "Shifts of one day must not overlap.",
					"shift %02d:%02d-%02d:%02d overlaps %02d:%02d-%02d:%02d", shift.from / 60,
					shift.from % 60, shift.to / 60, shift.to % 60, other.from / 60, other.from % 60,
					other.to / 60, other.to % 60);
	}
	if (*count >= CSF_CALENDAR_MAX_SHIFTS)
		return fail(parser, position, "", "more than %d shifts in one day", CSF_CALENDAR_MAX_SHIFTS);
	memmove(shifts + at + 1, shifts + at, (*count - at) * sizeof(csf_shift));
	shifts[at] = shift;
	(*count)++;
	return true;
}

/* Shifts that touch are one: the canonical form knows open time, not how it was cut. */
static uint32
join_shifts(csf_shift *shifts, uint32 count)
{
	uint32 kept = 0;

	for (uint32 i = 1; i < count; i++)
	{
		if (shifts[i].from == shifts[kept].to)
			shifts[kept].to = shifts[i].to;
		else
			shifts[++kept] = shifts[i];
	}
	return count == 0 ? 0 : kept + 1;
}

static bool
expect_shifts(parser *parser, uint16 *list)
{
	csf_shift shifts[CSF_CALENDAR_MAX_SHIFTS + 1];
	uint32 count = 0;
	int start = parser->position;

	if (take_word(parser, "off"))
	{
		*list = 0;
		return true;
	}
	do
	{
		int position = parser->position;
		csf_shift shift = {0, 0};

		if (!expect_shift(parser, &shift) || !insert_shift(parser, shifts, &count, shift, position))
			return false;
	} while (take_symbol(parser, ','));
	count = join_shifts(shifts, count);
	if (!csf_calendar_rules_intern(parser->rules, shifts, count, list))
		return fail(parser, start, "", "more than %d different lists of shifts", CSF_CALENDAR_MAX_LISTS);
	return true;
}

static bool
expect_rule(parser *parser, uint16 *rule)
{
	uint16 list;

	if (take_word(parser, "as"))
	{
		int weekday;

		skip_spaces(parser);
		if (!expect_weekday(parser, &weekday))
			return false;
		*rule = (uint16) (CSF_RULE_AS + weekday);
		return true;
	}
	if (!expect_shifts(parser, &list))
		return false;
	*rule = list == 0 ? CSF_RULE_OFF : (uint16) (CSF_RULE_LIST + list);
	return true;
}

static bool
expect_date(parser *parser, int32 *date)
{
	static const int days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int start = parser->position;
	int year;
	int month;
	int day;

	if (take_number(parser, 4, 4, &year) && peek(parser) == '-')
	{
		parser->position++;
		if (take_number(parser, 2, 2, &month) && peek(parser) == '-')
		{
			parser->position++;
			if (take_number(parser, 2, 2, &day) && month >= 1 && month <= 12 && day >= 1 &&
				day <= days[month - 1] &&
				(month != 2 || day < 29 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))))
			{
				*date = csf_calendar_date(year, month, day);
				if (*date >= CSF_CALENDAR_FIRST_DATE && *date <= CSF_CALENDAR_LAST_DATE)
					return true;
			}
		}
	}
	return fail_token(parser, start, "date", "Dates are written 2026-10-01, from 1900-01-01 to 2200-12-31.");
}

static bool
weekly_clause(parser *parser)
{
	int start = parser->position;
	uint8 given = 0;
	uint16 list;

	if (take_word(parser, "daily"))
		given = 127;
	else
	{
		do
		{
			int first;
			int last;

			if (!expect_weekday(parser, &first))
				return false;
			last = first;
			if (take_symbol(parser, '-') && !expect_weekday(parser, &last))
				return false;
			for (int day = first;; day = (day + 1) % 7)
			{
				if (given & (1 << day))
					return fail(parser, start, "Name each weekday once, with all its shifts.",
								"%s is given twice", weekday_names[day]);
				given |= (uint8) (1 << day);
				if (day == last)
					break;
			}
		} while (take_symbol(parser, ','));
	}
	skip_spaces(parser);
	if (!expect_shifts(parser, &list))
		return false;
	for (int day = 0; day < 7; day++)
	{
		if (!(given & (1 << day)))
			continue;
		if (parser->weekdays_given & (1 << day))
			return fail(parser, start, "Name each weekday once, with all its shifts.", "%s is given twice",
						weekday_names[day]);
		parser->rules->weekly[day] = list;
	}
	parser->weekdays_given |= given;
	return true;
}

static bool
date_clause(parser *parser)
{
	csf_date_clause clause = {0};

	clause.position = parser->position;
	if (!expect_date(parser, &clause.first))
		return false;
	clause.last = clause.first;
	skip_spaces(parser);
	if (parser->length - parser->position >= 2 && memcmp(parser->text + parser->position, "..", 2) == 0)
	{
		parser->position += 2;
		skip_spaces(parser);
		if (!expect_date(parser, &clause.last))
			return false;
		skip_spaces(parser);
	}
	if (clause.last < clause.first)
		return fail(parser, clause.position, "", "the last date of the range lies before its first");
	if (!expect_rule(parser, &clause.rule))
		return false;
	csf_calendar_rules_add_date(parser->rules, clause);
	return true;
}

/* 'from' and 'until': the dates between which the data on holidays are complete. */
static bool
bound_clause(parser *parser, const char *word, int32 *bound)
{
	if (*bound != CSF_CALENDAR_NO_DATE)
		return fail(parser, parser->position, "", "\"%s\" is given twice", word);
	skip_spaces(parser);
	return expect_date(parser, bound);
}

static bool
any_clause(parser *parser)
{
	int start = parser->position;

	if (is_digit(peek(parser)))
		return date_clause(parser);
	if (take_word(parser, "from"))
		return bound_clause(parser, "from", &parser->rules->from);
	if (take_word(parser, "until"))
		return bound_clause(parser, "until", &parser->rules->until);
	if (is_letter(peek(parser)))
		return weekly_clause(parser);
	return fail_token(parser, start, "clause",
					  "A clause begins with a weekday, daily, a date, from or until.");
}

static bool
zone_clause(parser *parser, const csf_zone_source *source)
{
	char name[CSF_CALENDAR_ZONE_SIZE];
	char buffer[EXCERPT_SIZE];
	int start;
	uint32 length;

	skip_spaces(parser);
	start = parser->position;
	while (parser->position < parser->length && parser->text[parser->position] != ';' &&
		   !is_space(parser->text[parser->position]))
		parser->position++;
	length = (uint32) (parser->position - start);
	if (length == 0)
		return fail(parser, start, "A calendar begins with its time zone, for example Asia/Shanghai.",
					"time zone is missing");
	if (length < CSF_CALENDAR_ZONE_SIZE)
	{
		bool plain = is_letter(parser->text[start]);

		for (uint32 i = 0; i < length; i++)
		{
			char c = parser->text[start + (int) i];

			plain = plain && (is_letter(c) || is_digit(c) || c == '/' || c == '_' || c == '+' || c == '-');
			name[i] = c;
		}
		name[length] = '\0';
		if (plain && source->find(name, parser->rules->zone) != NULL)
			return true;
	}
	return fail(parser, start, "Use a name of the IANA time zone database, for example Asia/Shanghai.",
				"unknown time zone \"%s\"", excerpt(parser, start, buffer));
}

static bool
check_dates(parser *parser)
{
	int contradiction = csf_calendar_rules_sort_dates(parser->rules);
	char buffer[EXCERPT_SIZE];
	int position;

	if (contradiction < 0)
		return true;
	position = parser->rules->dates[contradiction].position;
	return fail(parser, position, "Say once what happens on a date.", "conflicting date clauses: \"%s\"",
				excerpt(parser, position, buffer));
}

static bool
parse_all(parser *parser, const csf_zone_source *source)
{
	char buffer[EXCERPT_SIZE];

	if (!zone_clause(parser, source))
		return false;
	for (uint32 clauses = 0;; clauses++)
	{
		if (clauses % 1024 == 0)
			csf_check_interrupts();
		if (!at_clause_end(parser))
			return fail(parser, parser->position, "Clauses are separated by semicolons.",
						"unexpected text \"%s\"", excerpt(parser, parser->position, buffer));
		if (parser->position >= parser->length)
			break;
		parser->position++;
		skip_spaces(parser);
		if (parser->position >= parser->length)
			break;
		if (!any_clause(parser))
			return false;
	}
	if (!check_dates(parser))
		return false;
	if (parser->rules->from != CSF_CALENDAR_NO_DATE && parser->rules->until != CSF_CALENDAR_NO_DATE &&
		parser->rules->until < parser->rules->from)
		return fail(parser, parser->length, "", "\"until\" lies before \"from\"");
	if (!csf_calendar_rules_have_open_time(parser->rules))
		return fail(parser, parser->length,
					"Give at least one weekday or date a shift, for example mon-fri 09:00-18:00.",
					"calendar has no open time");
	return true;
}

/* NULL, and the fault filled in, if the text is refused. */
csf_calendar_rules *
csf_calendar_parse(const char *text, size_t length, const csf_zone_source *source, csf_fault *fault)
{
	parser parser = {text, (int) length, 0, NULL, 0, fault};

	if (length > CSF_CALENDAR_MAX_TEXT)
	{
		parser.length = 0;
		(void) fail(&parser, -1, "", "calendar text is longer than %d bytes", CSF_CALENDAR_MAX_TEXT);
		return NULL;
	}
	parser.rules = csf_calendar_rules_new();
	if (parse_all(&parser, source))
		return parser.rules;
	csf_calendar_rules_free(parser.rules);
	return NULL;
}

/* What a date clause says after its dates; lists of shifts are added to the rules. */
bool
csf_calendar_parse_rule(csf_calendar_rules *rules, const char *text, size_t length, uint16 *rule,
						csf_fault *fault)
{
	parser parser = {text, (int) length, 0, rules, 0, fault};
	char buffer[EXCERPT_SIZE];

	if (length > CSF_CALENDAR_MAX_TEXT)
	{
		parser.length = 0;
		return fail(&parser, -1, "", "rule is longer than %d bytes", CSF_CALENDAR_MAX_TEXT);
	}
	skip_spaces(&parser);
	if (!expect_rule(&parser, rule))
		return false;
	skip_spaces(&parser);
	if (parser.position < parser.length)
		return fail(&parser, parser.position,
					"A rule is off, as mon, or shifts such as 09:00-12:00,13:00-18:00.",
					"unexpected text \"%s\"", excerpt(&parser, parser.position, buffer));
	return true;
}
