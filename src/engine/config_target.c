/*
 * config_target.c
 *		Targets, steps and calendars of a desk, compiled for the kernel's clocks.
 */
#include "engine/config_target.h"

#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "engine/flow.h"
#include "errors.h"
#include "types/calendar.h"

#define ROW(i) SPI_tuptable->vals[i], SPI_tuptable->tupdesc
#define ROWS ((int) SPI_processed)

static csf_statement calendar_query = CSF_STATEMENT("SELECT code, calendar FROM csflow.working_calendar"
													" WHERE desk_id = $1"
													" ORDER BY code",
													"l");
static csf_statement target_query =
	CSF_STATEMENT("SELECT target_id, clock, kind, category_id, priority::integer, channel, channel_class,"
				  " customer_tier, handling_tier, complexity, is_exempt, mode, duration, due_from, daily_at,"
				  " calendar, starts_on, stops_on, rearms_on, pauses_in, on_reopen, is_active, subject,"
				  " outlives_closing, is_window, goal_lasts, repeat_limit FROM csflow.target"
				  " WHERE desk_id = $1"
				  " ORDER BY clock, target_id",
				  "l");
static csf_statement step_query = CSF_STATEMENT(
	"SELECT s.target_id, s.position, s.at_share_pct, s.at_offset, s.level, s.action,"
	" s.recipients, s.team_id, s.close_reason, coalesce(s.review_kind, 'escalation'), s.template,"
	" s.category_id FROM csflow.step s"
	" JOIN csflow.target t USING (desk_id, target_id)"
	" WHERE s.desk_id = $1"
	" ORDER BY s.target_id, s.position",
	"l");

/* The same from a playbook that is only tried out. */
static csf_statement tried_calendar_query =
	CSF_STATEMENT("SELECT code, calendar FROM csflow.what_if_calendar_rows($2::text::jsonb)", "lt");
static csf_statement tried_target_query =
	CSF_STATEMENT("SELECT target_id, clock, kind, category_id, priority::integer, channel, channel_class,"
				  " customer_tier, handling_tier, complexity, is_exempt, mode, duration, due_from, daily_at,"
				  " calendar, starts_on, stops_on, rearms_on, pauses_in, on_reopen, is_active, subject,"
				  " outlives_closing, is_window, goal_lasts, repeat_limit"
				  " FROM csflow.what_if_target_rows($1, $2::text::jsonb)",
				  "lt");
static csf_statement tried_step_query =
	CSF_STATEMENT("SELECT target_id, position, at_share_pct, at_offset, level, action, recipients, team_id,"
				  " close_reason FROM csflow.what_if_step_rows($1, $2::text::jsonb)",
				  "lt");

/* Where targets are read from. */
typedef struct target_source
{
	csf_statement *calendars;
	csf_statement *targets;
	csf_statement *steps;
	Datum values[2];
	Snapshot snapshot;
} target_source;

/* ---- business time and local time for the kernel ---- */

/* Only of a clock that lost both its calendar and its target, by somebody's hand. */
static void *
existing(void *calendar)
{
	if (calendar == NULL)
		ereport(
			ERROR,
			(errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
			 errmsg("a clock reckons in a working calendar that is gone"),
			 errhint(
				 "SELECT * FROM csflow.clock AS c WHERE NOT EXISTS (SELECT FROM csflow.working_calendar AS w"
				 " WHERE (w.desk_id, w.code) = (c.desk_id, c.calendar)) finds it: put the calendar back.")));
	return calendar;
}

static int64
calendar_add(void *calendar, int64 at, int32 days, int64 microseconds)
{
	Interval span = {.time = microseconds, .day = days, .month = 0};

	return csf_calendar_add(existing(calendar), at, &span);
}

static int64
calendar_between(void *calendar, int64 from, int64 to)
{
	return csf_calendar_between(existing(calendar), from, to);
}

static TimestampTz
local_instant(int julian_day, int64 time_of_day, pg_tz *zone)
{
	struct pg_tm tm = {0};
	fsec_t fraction;
	TimestampTz result;
	int offset;

	j2date(julian_day, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	dt2time(time_of_day, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &fraction);
	offset = DetermineTimeZoneOffset(&tm, zone);
	if (tm2timestamp(&tm, fraction, &offset, &result) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	return result;
}

static int64
next_daily(void *zone, int64 time_of_day, int64 at, int64 after)
{
	struct pg_tm tm;
	fsec_t fraction;
	int offset;
	int day;
	TimestampTz instant;

	if (timestamp2tm(at, &offset, &tm, &fraction, NULL, zone) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	day = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday);
	do
		instant = local_instant(++day, time_of_day, zone);
	while (instant <= after);
	return instant;
}

static int64
same_day(void *zone, int64 time_of_day, int64 at, int64 after)
{
	struct pg_tm tm;
	fsec_t fraction;
	int offset;
	int day;
	TimestampTz instant;

	if (timestamp2tm(at, &offset, &tm, &fraction, NULL, zone) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	day = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday);
	while ((instant = local_instant(day++, time_of_day, zone)) <= after)
		;
	return instant;
}

/* ---- rows ---- */

/* The bit of a signal; a milestone gets the next free one of this desk. */
static uint64
signal_bit(csf_desk *desk, const char *name)
{
	int built_in = csf_signal_parse(name);

	if (built_in >= 0)
		return CSF_SIGNAL_BIT(built_in);
	for (int i = 0; i < desk->milestone_signal_count; i++)
	{
		if (strcmp(desk->milestone_signals[i], name) == 0)
			return CSF_SIGNAL_BIT(CSF_SIGNAL_BUILT_IN + i);
	}
	if (desk->milestone_signal_count == CSF_SIGNAL_LIMIT - CSF_SIGNAL_BUILT_IN)
		ereport(ERROR, (errcode(ERRCODE_CSF_INVALID_TARGET),
						errmsg("the targets of desk \"%s\" name more than %d milestones", desk->name,
							   CSF_SIGNAL_LIMIT - CSF_SIGNAL_BUILT_IN)));
	desk->milestone_signals[desk->milestone_signal_count] = name;
	return CSF_SIGNAL_BIT(CSF_SIGNAL_BUILT_IN + desk->milestone_signal_count++);
}

uint64
csf_desk_milestone(const csf_desk *desk, const char *milestone)
{
	for (int i = 0; milestone != NULL && i < desk->milestone_signal_count; i++)
	{
		if (strcmp(desk->milestone_signals[i], milestone) == 0)
			return CSF_SIGNAL_BIT(CSF_SIGNAL_BUILT_IN + i);
	}
	return 0;
}

static uint64
signals_column(csf_desk *desk, HeapTuple row, TupleDesc description, int column)
{
	int count;
	const char **names = csf_text_array(row, description, column, &count);
	uint64 bits = 0;

	for (int i = 0; i < count; i++)
		bits |= signal_bit(desk, names[i]);
	return bits;
}

static uint32
states_column(HeapTuple row, TupleDesc description, int column)
{
	int count;
	const char **names = csf_text_array(row, description, column, &count);
	uint32 bits = 0;

	for (int i = 0; i < count; i++)
	{
		int state = csf_state_parse(names[i], strlen(names[i]));

		if (state >= 0)
			bits |= CSF_STATE_BIT(state);
	}
	return bits;
}

/* Index of a word in a list that the table's CHECK constraint repeats. */
static int
word_index(const char *word, const char *const *words)
{
	for (int i = 0; words[i] != NULL; i++)
	{
		if (strcmp(words[i], word) == 0)
			return i;
	}
	elog(ERROR, "unexpected configuration word \"%s\"", word);
}

static void
read_condition(csf_desk *desk, csf_condition *condition, HeapTuple row, TupleDesc description)
{
	char *kind = csf_column_text(row, description, 3);
	char *channel_class = csf_column_text(row, description, 7);

	if (kind != NULL)
	{
		const csf_category_entry *entry = csf_desk_kind(desk, kind);

		/* A kind that does not exist matches no ticket. */
		condition->kind_id = entry == NULL ? -1 : entry->category_id;
	}
	condition->category_id = csf_column_int64(row, description, 4, 0);
	condition->priority = csf_column_int(row, description, 5, 0);
	condition->channel = csf_column_text(row, description, 6);
	if (channel_class != NULL)
		condition->channel_class = strcmp(channel_class, "instant") == 0 ? 1 : 2;
	condition->customer_tier = csf_column_text(row, description, 8);
	condition->handling_tier = csf_column_int(row, description, 9, 0);
	condition->complexity = csf_column_text(row, description, 10);
}

static void
read_target(csf_desk *desk, csf_target *target, HeapTuple row, TupleDesc description)
{
	static const char *const modes[] = {"once", "each", "every", "daily_at", NULL};
	static const char *const dues[] = {"duration", "named", "none", NULL};
	static const char *const subjects[] = {"ticket", "team", "task", NULL};
	static const char *const reopens[] = {"none", "resume", "restart", NULL};
	bool no_duration;
	bool no_time;
	Datum duration = SPI_getbinval(row, description, 13, &no_duration);
	Datum daily_at = SPI_getbinval(row, description, 15, &no_time);

	target->target_id = csf_column_int64(row, description, 1, 0);
	target->clock = csf_column_text(row, description, 2);
	read_condition(desk, &target->condition, row, description);
	target->is_exempt = csf_column_bool(row, description, 11);
	target->mode = (csf_clock_mode) word_index(csf_column_text(row, description, 12), modes);
	if (!no_duration)
	{
		target->days = DatumGetIntervalP(duration)->day;
		target->duration = DatumGetIntervalP(duration)->time;
	}
	target->due_from = (csf_due_from) word_index(csf_column_text(row, description, 14), dues);
	target->daily_at = no_time ? 0 : DatumGetTimeADT(daily_at);
	target->calendar = csf_column_text(row, description, 16);
	target->starts_on = signals_column(desk, row, description, 17);
	target->stops_on = signals_column(desk, row, description, 18);
	target->rearms_on = signals_column(desk, row, description, 19);
	target->pauses_in = states_column(row, description, 20);
	target->on_reopen = (csf_on_reopen) word_index(csf_column_text(row, description, 21), reopens);
	target->is_active = csf_column_bool(row, description, 22);
	target->subject = (csf_subject) word_index(csf_column_text(row, description, 23), subjects);
	target->outlives_closing = csf_column_bool(row, description, 24);
	target->is_window = csf_column_bool(row, description, 25);
	target->goal_lasts = csf_column_bool(row, description, 26);
	target->repeat_limit = csf_column_int(row, description, 27, 1);
}

static void
read_step(csf_step *step, HeapTuple row, TupleDesc description)
{
	bool no_share;
	bool no_offset;
	Datum share = SPI_getbinval(row, description, 3, &no_share);
	Datum offset = SPI_getbinval(row, description, 4, &no_offset);

	step->position = csf_column_int(row, description, 2, 0);
	step->is_offset = no_share;
	step->share = no_share ? 0 : DatumGetFloat8(share) / 100.0;
	if (!no_offset)
	{
		step->offset_days = DatumGetIntervalP(offset)->day;
		step->offset = DatumGetIntervalP(offset)->time;
	}
	step->level = csf_column_text(row, description, 5);
	step->action = (csf_step_action) word_index(csf_column_text(row, description, 6), csf_step_action_names);
	step->recipients = csf_text_array(row, description, 7, &step->recipient_count);
	step->team_id = csf_column_int64(row, description, 8, 0);
	step->close_reason = csf_column_text(row, description, 9);
	step->review_kind = csf_column_text(row, description, 10);
	step->template = csf_column_text(row, description, 11);
	step->category_id = csf_column_int64(row, description, 12, 0);
}

static void
load_calendars(csf_desk *desk, target_source *source)
{
	csf_run_under(source->calendars, source->values, NULL, source->snapshot);
	desk->calendar_count = ROWS;
	desk->calendars = palloc(sizeof(csf_named_calendar) * (desk->calendar_count + 1));
	for (int i = 0; i < desk->calendar_count; i++)
	{
		bool is_null;

		desk->calendars[i].code = csf_column_text(ROW(i), 1);
		desk->calendars[i].calendar =
			csf_calendar_compile_in(SPI_getbinval(ROW(i), 2, &is_null), desk->context);
	}
}

csf_working_time
csf_desk_time(const csf_desk *desk, const char *calendar)
{
	csf_working_time time = {.add = calendar_add, .between = calendar_between};

	for (int i = 0; i < desk->calendar_count; i++)
	{
		if (strcmp(desk->calendars[i].code, calendar) == 0)
			time.calendar = desk->calendars[i].calendar;
	}
	return time;
}

static void
bind_time(const csf_desk *desk, csf_target *target)
{
	target->time = csf_desk_time(desk, target->calendar);
	target->next_daily = next_daily;
	target->same_day = same_day;
	target->zone = pg_tzset(desk->zone);
	if (target->time.calendar == NULL || target->zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_INVALID_PLAYBOOK),
				 errmsg("target %lld has no calendar or zone", (long long) target->target_id),
				 errhint("Give a complete document, as csflow.check_playbook() finds no fault with.")));
}

static void
load_steps(csf_desk *desk, target_source *source)
{
	csf_step *steps;

	csf_run_under(source->steps, source->values, NULL, source->snapshot);
	steps = palloc0(sizeof(csf_step) * (SPI_processed + 1));
	for (int i = 0; i < ROWS; i++)
	{
		int64 target_id = csf_column_int64(ROW(i), 1, 0);

		read_step(&steps[i], ROW(i));
		for (int t = 0; t < desk->target_count; t++)
		{
			csf_target *target = &desk->targets[t];

			if (target->target_id != target_id)
				continue;
			if (target->step_count++ == 0)
				target->steps = &steps[i];
			target->is_timer |= steps[i].action == CSF_ACTION_CLOSE;
		}
	}
}

/* Within a group: the most specific first, then the older row. */
static int
compare_targets(const void *a, const void *b)
{
	const csf_target *left = *(csf_target *const *) a;
	const csf_target *right = *(csf_target *const *) b;
	int difference = csf_target_specificity(right) - csf_target_specificity(left);

	return difference != 0 ? difference
						   : (left->target_id > right->target_id) - (left->target_id < right->target_id);
}

static void
group_targets(csf_desk *desk)
{
	csf_target **pointers = palloc(sizeof(csf_target *) * (desk->target_count + 1));
	int used = 0;

	desk->groups = palloc0(sizeof(csf_clock_group) * (desk->target_count + 1));
	for (int i = 0; i < desk->target_count; i++)
	{
		csf_target *target = &desk->targets[i];
		csf_clock_group *group = &desk->groups[Max(desk->group_count - 1, 0)];

		if (!target->is_active)
			continue;
		if (desk->group_count == 0 || strcmp(group->clock, target->clock) != 0)
		{
			group = &desk->groups[desk->group_count++];
			group->clock = target->clock;
			group->targets = &pointers[used];
		}
		pointers[used++] = target;
		group->target_count++;
	}
	for (int g = 0; g < desk->group_count; g++)
		qsort(desk->groups[g].targets, desk->groups[g].target_count, sizeof(csf_target *), compare_targets);
}

static void
load_from(csf_desk *desk, target_source *source)
{
	load_calendars(desk, source);
	csf_run_under(source->targets, source->values, NULL, source->snapshot);
	desk->target_count = ROWS;
	desk->targets = palloc0(sizeof(csf_target) * (desk->target_count + 1));
	for (int i = 0; i < desk->target_count; i++)
	{
		read_target(desk, &desk->targets[i], ROW(i));
		bind_time(desk, &desk->targets[i]);
	}
	load_steps(desk, source);
	group_targets(desk);
}

void
csf_load_targets(csf_desk *desk, Snapshot snapshot)
{
	target_source source = {.calendars = &calendar_query,
							.targets = &target_query,
							.steps = &step_query,
							.values = {Int64GetDatum(desk->desk_id)},
							.snapshot = snapshot};

	load_from(desk, &source);
}

csf_desk *
csf_desk_with_targets(const csf_desk *desk, const char *playbook, Snapshot snapshot)
{
	target_source source = {.calendars = &tried_calendar_query,
							.targets = &tried_target_query,
							.steps = &tried_step_query,
							.values = {Int64GetDatum(desk->desk_id), CStringGetTextDatum(playbook)},
							.snapshot = snapshot};
	csf_desk *other = palloc(sizeof(csf_desk));

	*other = *desk;
	other->context = CurrentMemoryContext;
	other->milestone_signal_count = other->target_count = other->group_count = 0;
	load_from(other, &source);
	return other;
}
