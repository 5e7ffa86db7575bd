/*
 * calendar.h
 *		Working calendars: text to rules and back, rules to a compiled form, arithmetic on the compiled form.
 *
 * Instants are microseconds since 2000-01-01 00:00 UTC, dates are days since 2000-01-01, as in PostgreSQL. Zone data come
 * from the caller (csf_zone_source) and so does the memory of a compiled calendar (csf_calendar_memory): rules are
 * compiled when first needed, in whatever memory context the caller then happens to be.
 */
#ifndef CSF_KERNEL_CALENDAR_H
#define CSF_KERNEL_CALENDAR_H

#include "kernel/kernel.h"

/* Documented limits (doc/business-time.md). */
#define CSF_CALENDAR_ZONE_SIZE 64
#define CSF_CALENDAR_MAX_SHIFTS 48       /* shifts of one date */
#define CSF_CALENDAR_MAX_LISTS 512       /* different lists of shifts in one calendar */
#define CSF_CALENDAR_MAX_TEXT (16 << 20) /* bytes of text */

/* Dates a clause may name: 1900-01-01 to 2200-12-31. */
#define CSF_CALENDAR_FIRST_DATE (-36524)
#define CSF_CALENDAR_LAST_DATE 73413
#define CSF_CALENDAR_NO_DATE INT32_MIN

/*
 * Where zone data come from. find() takes a name in any case and stores the proper spelling (CSF_CALENDAR_ZONE_SIZE
 * bytes); NULL when there is no such zone. offset() tells the seconds east of Greenwich in force at a second (since
 * 2000-01-01 UTC) and the first later second at which that may change, INT64_MAX if never. |offset| < 16 hours.
 */
typedef struct csf_zone_source
{
	const void *(*find)(const char *name, char *spelling);
	int32 (*offset)(const void *zone, int64 second, int64 *until);
} csf_zone_source;

/* Where a compiled calendar lives. allocate() never returns NULL. */
typedef struct csf_calendar_memory
{
	void *(*allocate)(void *owner, size_t size);
	void (*release)(void *owner, void *memory, size_t size);
	void *owner;
} csf_calendar_memory;

/* Half-open, in minutes of the local day: 0 <= from < to <= 1440. */
typedef struct csf_shift
{
	uint16 from;
	uint16 to;
} csf_shift;

typedef struct csf_shift_list
{
	uint32 first; /* index into shifts */
	uint32 count;
} csf_shift_list;

/* What a date clause says: closed, like a weekday (CSF_RULE_AS + 0 for Monday), or a list of its own. */
#define CSF_RULE_OFF 0
#define CSF_RULE_AS 1
#define CSF_RULE_LIST 8

typedef struct csf_date_clause
{
	int32 first;
	int32 last;
	uint16 rule;
	int32 position; /* in the text, while parsing */
} csf_date_clause;

/* List 0 is empty: a weekday nobody mentions is closed. Dates are sorted, disjoint, and merged where they touch. */
typedef struct csf_calendar_rules
{
	char zone[CSF_CALENDAR_ZONE_SIZE];
	uint16 weekly[7]; /* Monday first: indexes into lists */
	csf_shift *shifts;
	uint32 shift_count;
	uint32 shift_room;
	csf_shift_list *lists;
	uint32 list_count;
	uint32 list_room;
	csf_date_clause *dates;
	uint32 date_count;
	uint32 date_room;
	int32 from;  /* CSF_CALENDAR_NO_DATE unless given */
	int32 until; /* likewise */
} csf_calendar_rules;

/* One date that calendar_merge() changes; of two for one date the later in the array holds. */
typedef struct csf_date_change
{
	int32 date;
	uint16 rule;
	uint32 order;
} csf_date_change;

/* calendar_parse.c, calendar_rules.c, calendar_print.c: memory from csf_alloc() */
extern csf_calendar_rules *csf_calendar_parse(const char *text, size_t length, const csf_zone_source *source,
											  csf_fault *fault);
extern bool csf_calendar_parse_rule(csf_calendar_rules *rules, const char *text, size_t length, uint16 *rule,
									csf_fault *fault);
extern csf_calendar_rules *csf_calendar_rules_new(void);
extern void csf_calendar_rules_free(csf_calendar_rules *rules);
extern bool csf_calendar_rules_intern(csf_calendar_rules *rules, const csf_shift *shifts, uint32 count,
									  uint16 *list);
extern void csf_calendar_rules_add_date(csf_calendar_rules *rules, csf_date_clause clause);
extern int csf_calendar_rules_sort_dates(csf_calendar_rules *rules);
extern void csf_calendar_rules_merge(csf_calendar_rules *rules, csf_date_change *changes, uint32 count);
extern bool csf_calendar_rules_have_open_time(const csf_calendar_rules *rules);
extern const csf_date_clause *csf_calendar_rules_clause(const csf_calendar_rules *rules, int32 date);
extern uint16 csf_calendar_rules_list(const csf_calendar_rules *rules, uint16 rule);
extern char *csf_calendar_print(const csf_calendar_rules *rules, size_t *length);
extern char *csf_calendar_print_clause(const csf_calendar_rules *rules, int32 date);
extern char *csf_calendar_print_shifts(const csf_calendar_rules *rules, uint16 list);
extern int csf_calendar_weekday(int32 date);
extern int32 csf_calendar_date(int year, int month, int day);
extern void csf_calendar_civil(int32 date, int *year, int *month, int *day);

/* calendar_compile.c */
typedef struct csf_calendar csf_calendar;

extern csf_calendar *csf_calendar_compile(const csf_calendar_rules *rules, const csf_zone_source *source,
										  csf_calendar_memory memory);
extern void csf_calendar_release(csf_calendar *calendar);
extern void *csf_calendar_owner(const csf_calendar *calendar);
extern bool csf_business_always_open(const csf_calendar *calendar);

/*
 * calendar_time.c. Functions that return bool say false when the instant, or the answer, lies outside the years 1900 to
 * 2200 (a day more at both ends, so that every zone has all of them). A calendar compiles further years inside these
 * calls, hence no const.
 */
extern bool csf_business_in_range(int64 instant);
extern bool csf_business_add(csf_calendar *calendar, int64 instant, int64 microseconds, int64 *result);
extern bool csf_business_add_days(csf_calendar *calendar, int64 instant, int32 days, int64 *result);
extern bool csf_business_between(csf_calendar *calendar, int64 from, int64 to, int64 *microseconds);
extern bool csf_business_open(csf_calendar *calendar, int64 instant, bool *open);
/* INT64_MAX: none up to the end of the range */
extern bool csf_business_next_open(csf_calendar *calendar, int64 instant, int64 *result);
extern bool csf_business_next_close(csf_calendar *calendar, int64 instant, int64 *result);
extern bool csf_business_covers(csf_calendar *calendar, int64 instant);

/* calendar_days.c */
extern bool csf_business_is_working_day(csf_calendar *calendar, int32 date, bool *working);
extern bool csf_business_add_working_days(csf_calendar *calendar, int32 date, int32 days, int32 *result);
extern bool csf_business_count_working_days(csf_calendar *calendar, int32 from, int32 to, int32 *days);

#endif
