/*
 * stopwatch.c
 *		One clock by itself: started, paused, resumed, retargeted, ended; its due instant and its steps.
 *
 * A clock reckons in the calendar that was in force when its target took force. Time used stays used: it is counted once,
 * in the calendar in force while it passed, and never measured anew.
 */
#include "kernel/clock.h"

#include <float.h>

bool
csf_stopwatch_is_active(const csf_clock *clock)
{
	return clock->stopped_at == CSF_NO_INSTANT;
}

bool
csf_stopwatch_is_running(const csf_clock *clock)
{
	return clock->run_since != CSF_NO_INSTANT;
}

/* The due instant itself is still in time. */
bool
csf_stopwatch_is_overdue(const csf_clock *clock, int64 at)
{
	return clock->due_at != CSF_NO_INSTANT && at > clock->due_at;
}

bool
csf_stopwatch_ends_when_due(const csf_clock *clock)
{
	const csf_target *target = clock->target;

	if (target == NULL || clock->due_at == CSF_NO_INSTANT || !csf_stopwatch_is_running(clock))
		return false;
	if (target->mode == CSF_CLOCK_EVERY || target->mode == CSF_CLOCK_DAILY_AT)
		return clock->missed + 1 < target->repeat_limit;
	return target->is_window;
}

static int64
time_add(const csf_clock *clock, int64 at, int32 days, int64 microseconds)
{
	return clock->time.add(clock->time.calendar, at, days, microseconds);
}

static int64
time_between(const csf_clock *clock, int64 from, int64 to)
{
	return clock->time.between(clock->time.calendar, from, to);
}

int64
csf_clock_spent(const csf_clock *clock, int64 at)
{
	if (!csf_stopwatch_is_running(clock) || clock->time.calendar == NULL || at <= clock->run_since)
		return clock->spent;
	return clock->spent + time_between(clock, clock->run_since, at);
}

/* ---- whose turn it is ---- */

static void
count_turn(csf_clock *clock, int64 at)
{
	int64 *counter = clock->turn == CSF_TURN_OWN        ? &clock->own
					 : clock->turn == CSF_TURN_CUSTOMER ? &clock->customer
					 : clock->turn == CSF_TURN_PARTNER  ? &clock->partner
														: NULL;

	if (counter != NULL && clock->time.calendar != NULL && at > clock->counted_until)
		*counter += time_between(clock, clock->counted_until, at);
	clock->counted_until = at;
	clock->is_changed = true;
}

void
csf_stopwatch_turn(csf_clock *clock, int64 at, csf_turn turn)
{
	if (turn == clock->turn)
		return;
	count_turn(clock, at);
	clock->turn = turn;
}

/* ---- steps ---- */

/* The n-th step that has not fired, from 0. */
static const csf_step *
unfired_step(const csf_clock *clock, int n)
{
	if (clock->target == NULL)
		return NULL;
	for (int i = 0; i < clock->target->step_count; i++)
	{
		if (clock->target->steps[i].position >= clock->next_position && n-- == 0)
			return &clock->target->steps[i];
	}
	return NULL;
}

/* When a step is due on a running clock; a share used up before this run is due at its start. */
static int64
step_instant(const csf_clock *clock, const csf_step *step)
{
	double share;
	int64 wanted;

	if (step->is_offset)
		return clock->due_at == CSF_NO_INSTANT
				   ? CSF_NO_INSTANT
				   : time_add(clock, clock->due_at, step->offset_days, step->offset);
	if (step->share == 0)
		return clock->started_at;
	if (clock->length == CSF_NO_LENGTH)
		return CSF_NO_INSTANT;
	if (step->share == 1)
		return clock->due_at;
	share = (double) clock->length * step->share + 0.5;
	wanted = (share < (double) CSF_LONGEST_SPAN ? (int64) share : CSF_LONGEST_SPAN) - clock->spent;
	return wanted <= 0 ? clock->run_since : time_add(clock, clock->run_since, 0, wanted);
}

/*
 * Sets next_at. First come steps that were due before the clock paused or stopped; else only a running clock has a next
 * step. What ends by itself does so as soon as its due instant has passed: the microsecond after.
 */
static void
schedule(csf_clock *clock)
{
	const csf_step *step;

	clock->is_changed = true;
	clock->next_closes = false;
	clock->next_at = clock->late_count > 0 ? clock->late[0] : CSF_NO_INSTANT;
	if (clock->late_count > 0 || !csf_stopwatch_is_running(clock))
		return;
	step = unfired_step(clock, 0);
	if (step != NULL)
		clock->next_at = step_instant(clock, step);
	if (csf_stopwatch_ends_when_due(clock) &&
		(clock->next_at == CSF_NO_INSTANT || clock->next_at > clock->due_at))
		clock->next_at = clock->due_at + 1;
	else
		clock->next_closes =
			step != NULL && clock->next_at != CSF_NO_INSTANT && step->action == CSF_ACTION_CLOSE;
}

/* Before a clock stands still: the steps due by then that no sweep has fired keep their instants. */
static void
keep_late_steps(csf_clock *clock, int64 at)
{
	const csf_step *step;
	int64 due;

	if (!csf_stopwatch_is_running(clock) || clock->next_at == CSF_NO_INSTANT || clock->next_at > at)
		return;
	while ((step = unfired_step(clock, clock->late_count)) != NULL && step->action != CSF_ACTION_CLOSE &&
		   (due = step_instant(clock, step)) != CSF_NO_INSTANT && due <= at)
	{
		size_t size = sizeof(int64) * (size_t) (clock->late_count + 1);

		clock->late = clock->late == NULL ? csf_alloc(size) : csf_realloc(clock->late, size);
		clock->late[clock->late_count++] = due;
	}
}

bool
csf_step_moves_ticket(const csf_step *step)
{
	switch (step->action)
	{
		case CSF_ACTION_NOTIFY:
		case CSF_ACTION_OPEN_REVIEW:
		case CSF_ACTION_OPEN_TICKET:
		case CSF_ACTION_ASK_LATE_CAUSE:
			return false;
		default:
			return true;
	}
}

static bool
is_late(const csf_clock *clock)
{
	return clock->outcome == CSF_OUTCOME_BREACHED || clock->outcome == CSF_OUTCOME_LAPSED;
}

bool
csf_step_is_moot(const csf_clock *clock, const csf_step *step)
{
	if (csf_stopwatch_is_active(clock))
		return false;
	/* Of a promise that was kept there is nothing to warn of. */
	if (!is_late(clock) && strcmp(step->level, "escalation") != 0)
		return true;
	return csf_step_moves_ticket(step);
}

/* What a run that ended in time leaves untold is only what was to happen on the way, such as calling in a group at once. */
static void
forget_moot_steps(csf_clock *clock)
{
	if (clock->outcome == CSF_OUTCOME_VOID || (clock->target != NULL && clock->target->is_timer))
		clock->late_count = 0;
	while (clock->late_count > 0 && !is_late(clock) &&
		   ((clock->due_at != CSF_NO_INSTANT && clock->late[clock->late_count - 1] >= clock->due_at) ||
			csf_step_is_moot(clock, unfired_step(clock, clock->late_count - 1))))
		clock->late_count--;
}

const csf_step *
csf_clock_fire(csf_clock *clock, int64 at, int64 *due)
{
	const csf_step *step;

	if (clock->next_at == CSF_NO_INSTANT || clock->next_at > at)
		return NULL;
	if (clock->late_count == 0 && csf_stopwatch_ends_when_due(clock) && clock->next_at > clock->due_at)
		return NULL;
	step = unfired_step(clock, 0);
	/* The steps were changed since: what stood at this instant is gone. */
	if (step == NULL)
	{
		clock->late_count = 0;
		schedule(clock);
		return NULL;
	}
	*due = clock->next_at;
	clock->next_position = step->position + 1;
	if (clock->late_count > 0)
		memmove(clock->late, clock->late + 1, sizeof(int64) * (size_t) --clock->late_count);
	schedule(clock);
	return step;
}

/* ---- due ---- */

/* Due instant of a running clock from what is left; one that is overdue keeps the instant at which it became so. */
static void
derive_due(csf_clock *clock)
{
	if (clock->length == CSF_NO_LENGTH)
		clock->due_at = CSF_NO_INSTANT;
	else if (clock->length > clock->spent)
		clock->due_at = time_add(clock, clock->run_since, 0, clock->length - clock->spent);
	else if (clock->due_at == CSF_NO_INSTANT)
		clock->due_at = clock->run_since;
}

/* The length of a target, resolved once at the start (design 2.2), and the due instant that belongs to it. */
static void
resolve_length(csf_clock *clock, int64 named_at, int64 previous_due)
{
	const csf_target *target = clock->target;

	/* Named by nobody yet: measured until somebody does. */
	if (target->due_from == CSF_DUE_NONE || (target->due_from == CSF_DUE_NAMED && named_at == CSF_NO_INSTANT))
	{
		clock->length = CSF_NO_LENGTH;
		clock->due_at = CSF_NO_INSTANT;
		return;
	}
	if (target->due_from == CSF_DUE_NAMED)
		clock->due_at = named_at;
	else if (target->mode == CSF_CLOCK_DAILY_AT)
		clock->due_at = target->next_daily(target->zone, target->daily_at, clock->started_at, previous_due);
	else
		clock->due_at = time_add(clock, clock->started_at, target->days, target->duration);
	if (target->due_from == CSF_DUE_DURATION && target->mode != CSF_CLOCK_DAILY_AT && target->days == 0)
		clock->length = target->duration;
	else
		clock->length = time_between(clock, clock->started_at, clock->due_at);
	if (clock->length < 0)
		clock->length = 0;
}

static void
take_target(csf_clock *clock, const csf_target *target, int priority)
{
	clock->target = target;
	clock->target_id = target->target_id;
	clock->calendar = target->calendar;
	clock->time = target->time;
	clock->priority = priority;
}

/* ---- what happens to it ---- */

void
csf_stopwatch_start(csf_clock *clock, const csf_target *target, int priority, int64 at, int64 named_at,
					int64 previous_due)
{
	clock->clock = target->clock;
	take_target(clock, target, priority);
	clock->started_at = clock->run_since = clock->counted_until = at;
	clock->next_position = 1;
	resolve_length(clock, named_at, previous_due);
	schedule(clock);
}

void
csf_stopwatch_pause(csf_clock *clock, int64 at)
{
	keep_late_steps(clock, at);
	clock->spent = csf_clock_spent(clock, at);
	if (!csf_stopwatch_is_overdue(clock, at))
		clock->due_at = CSF_NO_INSTANT;
	clock->run_since = CSF_NO_INSTANT;
	clock->paused_at = at;
	schedule(clock);
}

void
csf_stopwatch_resume(csf_clock *clock, int64 at)
{
	clock->run_since = at;
	if (clock->paused_at != CSF_NO_INSTANT)
		clock->paused += at - clock->paused_at;
	clock->paused_at = CSF_NO_INSTANT;
	derive_due(clock);
	schedule(clock);
}

void
csf_stopwatch_reopen(csf_clock *clock, int64 at)
{
	if (clock->outcome != CSF_OUTCOME_BREACHED)
		clock->due_at = CSF_NO_INSTANT;
	clock->stopped_at = CSF_NO_INSTANT;
	clock->outcome = CSF_OUTCOME_NONE;
	clock->counted_until = at;
	clock->turn = CSF_TURN_NOBODY;
}

void
csf_clock_end(csf_clock *clock, int64 at, csf_outcome outcome)
{
	keep_late_steps(clock, at);
	count_turn(clock, at);
	clock->turn = CSF_TURN_OWN;
	clock->spent = csf_clock_spent(clock, at);
	if (clock->paused_at != CSF_NO_INSTANT)
		clock->paused += at - clock->paused_at;
	clock->paused_at = CSF_NO_INSTANT;
	clock->run_since = CSF_NO_INSTANT;
	clock->stopped_at = at;
	clock->outcome = outcome;
	forget_moot_steps(clock);
	schedule(clock);
}

/* Met or breached is a comparison of stored instants: stopping exactly when due is in time. */
csf_outcome
csf_stopwatch_outcome(const csf_clock *clock, int64 at)
{
	if (clock->length == CSF_NO_LENGTH || (clock->target != NULL && clock->target->is_timer))
		return CSF_OUTCOME_MEASURED;
	if (clock->target != NULL && clock->target->is_window)
		return csf_stopwatch_is_overdue(clock, at) ? CSF_OUTCOME_LAPSED : CSF_OUTCOME_MEASURED;
	return csf_stopwatch_is_overdue(clock, at) ? CSF_OUTCOME_BREACHED : CSF_OUTCOME_MET;
}

/* Where a step lies along a clock of this length: 1 is the due instant. */
static double
place_of(const csf_step *step, int64 length)
{
	double offset = (double) step->offset_days * 86400e6 + (double) step->offset;

	if (!step->is_offset)
		return step->share;
	return length > 0 ? 1 + offset / (double) length : 1;
}

/*
 * Steps of the new target that lie no further along than the last one fired have had their say: a ticket that was warned
 * is not warned again, but its breach is told, however the two targets number their steps. Between a target without
 * steps and another the position reached stands for itself.
 */
static void
carry_steps(csf_clock *clock, const csf_target *from, int64 from_length)
{
	const csf_target *to = clock->target;
	double reached = -DBL_MAX;

	if (from == NULL || from->step_count == 0 || to->step_count == 0)
		return;
	for (int i = 0; i < from->step_count && from->steps[i].position < clock->next_position; i++)
		reached = place_of(&from->steps[i], from_length);
	clock->next_position = to->steps[to->step_count - 1].position + 1;
	for (int i = to->step_count - 1; i >= 0 && place_of(&to->steps[i], clock->length) > reached; i--)
		clock->next_position = to->steps[i].position;
}

/*
 * Another target has come into force: what was used stays used, in whichever calendar it passed; what is left of the new
 * length runs in the new one. No step fires twice, and none of the former target any more.
 */
void
csf_stopwatch_retarget(csf_clock *clock, const csf_target *target, int priority, int64 at, int64 named_at)
{
	const csf_target *from = clock->target;
	bool was_running = csf_stopwatch_is_running(clock);
	int64 from_length = clock->length;
	int64 due_before = clock->due_at;
	int64 spent;

	/* Where the former calendar's row is gone, the new one has to do for the time since run_since. */
	if (clock->time.calendar == NULL)
		clock->time = target->time;
	spent = csf_clock_spent(clock, at);
	count_turn(clock, at);
	take_target(clock, target, priority);
	/* An instant once named stays named. */
	resolve_length(clock, named_at == CSF_NO_INSTANT ? due_before : named_at, CSF_NO_INSTANT);
	/* What was missed before stays missed, though from here on nothing is promised. */
	if (clock->length == CSF_NO_LENGTH && due_before != CSF_NO_INSTANT && due_before < at)
	{
		clock->length = from_length;
		clock->due_at = due_before;
	}
	clock->spent = spent;
	clock->run_since = was_running ? at : CSF_NO_INSTANT;
	if (clock->length != CSF_NO_LENGTH && clock->length <= spent)
		clock->due_at = due_before != CSF_NO_INSTANT && due_before < at ? due_before : at;
	else if (!was_running)
		clock->due_at = CSF_NO_INSTANT;
	else if (target->due_from == CSF_DUE_DURATION && target->mode != CSF_CLOCK_DAILY_AT)
		derive_due(clock);
	clock->late_count = 0;
	carry_steps(clock, from, from_length);
	schedule(clock);
}

/* The length as the target and its calendar say now, and the due instant if the clock had run without a pause. */
static void
measure_again(csf_clock *clock)
{
	const csf_target *target = clock->target;
	bool never_paused = clock->paused == 0 && clock->paused_at == CSF_NO_INSTANT;
	int64 due = clock->due_at;

	if (target->due_from == CSF_DUE_NONE || (target->due_from == CSF_DUE_NAMED && due == CSF_NO_INSTANT))
		resolve_length(clock, due, CSF_NO_INSTANT);
	else if (target->due_from == CSF_DUE_DURATION && target->mode != CSF_CLOCK_DAILY_AT)
	{
		resolve_length(clock, CSF_NO_INSTANT, CSF_NO_INSTANT);
		/* What is left counts from where it runs, as after any pause; a start that was never left keeps its own. */
		if (csf_stopwatch_is_running(clock) && clock->length > clock->spent &&
			(clock->spent != 0 || clock->run_since != clock->started_at))
			clock->due_at = time_add(clock, clock->run_since, 0, clock->length - clock->spent);
	}
	else if (never_paused && due != CSF_NO_INSTANT &&
			 (clock->length == CSF_NO_LENGTH || clock->length > clock->spent))
	{
		/* A named instant stays; a time of day stays on its date. */
		if (target->due_from != CSF_DUE_NAMED)
			due = target->same_day(target->zone, target->daily_at, due, clock->started_at);
		clock->due_at = due;
		clock->length = time_between(clock, clock->started_at, due);
		if (clock->length < 0)
			clock->length = 0;
	}
}

bool
csf_clock_rederive(csf_clock *clock)
{
	csf_clock before = *clock;
	int64 reached = csf_stopwatch_is_running(clock) ? clock->run_since : clock->paused_at;

	if (!csf_stopwatch_is_active(clock) || clock->target == NULL)
		return false;
	clock->calendar = clock->target->calendar;
	clock->time = clock->target->time;
	measure_again(clock);
	/* Missed under a target that promised something: stays missed, see csf_stopwatch_retarget(). */
	if (clock->length == CSF_NO_LENGTH && before.length != CSF_NO_LENGTH && before.length <= before.spent)
	{
		clock->length = before.length;
		clock->due_at = before.due_at;
	}
	else if (clock->length != CSF_NO_LENGTH && clock->target->due_from == CSF_DUE_DURATION)
	{
		bool is_over = clock->length < clock->spent ||
					   (clock->length == clock->spent && csf_stopwatch_is_running(clock));
		bool was_over = before.due_at != CSF_NO_INSTANT && before.length <= before.spent;

		/* Over its length before this run or pause began; when exactly, only an instant already stored can say. */
		if (is_over)
			clock->due_at = was_over || (before.due_at != CSF_NO_INSTANT && before.due_at < reached)
								? before.due_at
								: reached;
		else if (!csf_stopwatch_is_running(clock))
			clock->due_at = CSF_NO_INSTANT;
	}
	schedule(clock);
	clock->is_changed = before.is_changed || strcmp(clock->calendar, before.calendar) != 0 ||
						clock->due_at != before.due_at || clock->length != before.length ||
						clock->next_at != before.next_at || clock->next_closes != before.next_closes;
	return clock->is_changed;
}
