/*
 * clock.c
 *		The stopwatch, and how events move it.
 */
#include "kernel/clock.h"

#include <float.h>

/* ---- which target ---- */

static bool
same_text(const char *wanted, const char *actual)
{
	return wanted == NULL || (actual != NULL && strcmp(wanted, actual) == 0);
}

bool
csf_target_matches(const csf_target *target, const csf_ticket_facts *facts)
{
	const csf_condition *c = &target->condition;

	return (c->kind_id == 0 || c->kind_id == facts->kind_id) &&
		   (c->category_id == 0 || c->category_id == facts->category_id) &&
		   (c->priority == 0 || c->priority == facts->priority) && same_text(c->channel, facts->channel) &&
		   (c->channel_class == 0 || c->channel_class == facts->channel_class) &&
		   same_text(c->customer_tier, facts->customer_tier) &&
		   (c->handling_tier == 0 || c->handling_tier == facts->handling_tier) &&
		   same_text(c->complexity, facts->complexity);
}

/* How many conditions a target names: the more, the more specific. */
int
csf_target_specificity(const csf_target *target)
{
	const csf_condition *c = &target->condition;

	return (c->kind_id != 0) + (c->category_id != 0) + (c->priority != 0) + (c->channel != NULL) +
		   (c->channel_class != 0) + (c->customer_tier != NULL) + (c->handling_tier != 0) +
		   (c->complexity != NULL);
}

static const csf_target *
winning_target(const csf_clock_group *group, const csf_ticket_facts *facts)
{
	if (facts == NULL || (CSF_STATE_BIT(facts->state) & CSF_STATES_DEAD) != 0)
		return NULL;
	for (int i = 0; i < group->target_count; i++)
	{
		if (csf_target_matches(group->targets[i], facts))
			return group->targets[i]->is_exempt ? NULL : group->targets[i];
	}
	return NULL;
}

/* ---- one stopwatch ---- */

static bool
is_active(const csf_clock *clock)
{
	return clock->stopped_at == CSF_NO_INSTANT;
}

static bool
is_running(const csf_clock *clock)
{
	return clock->run_since != CSF_NO_INSTANT;
}

/* The due instant itself is still in time. */
static bool
is_overdue(const csf_clock *clock, int64 at)
{
	return clock->due_at != CSF_NO_INSTANT && at > clock->due_at;
}

static int64
time_add(const csf_target *target, int64 at, int32 days, int64 microseconds)
{
	return target->time.add(target->time.calendar, at, days, microseconds);
}

static int64
time_between(const csf_target *target, int64 from, int64 to)
{
	return target->time.between(target->time.calendar, from, to);
}

int64
csf_clock_spent(const csf_clock *clock, int64 at)
{
	if (!is_running(clock) || clock->target == NULL || at <= clock->run_since)
		return clock->spent;
	return clock->spent + time_between(clock->target, clock->run_since, at);
}

static const csf_step *
next_step(const csf_clock *clock)
{
	if (clock->target == NULL)
		return NULL;
	for (int i = 0; i < clock->target->step_count; i++)
	{
		if (clock->target->steps[i].position >= clock->next_position)
			return &clock->target->steps[i];
	}
	return NULL;
}

/* When a step is due on a running clock; a share used up before this run is due at its start. */
static int64
step_instant(const csf_clock *clock, const csf_step *step)
{
	int64 wanted;

	if (step->is_offset)
		return clock->due_at == CSF_NO_INSTANT
				   ? CSF_NO_INSTANT
				   : time_add(clock->target, clock->due_at, step->offset_days, step->offset);
	if (step->share == 0)
		return clock->started_at;
	if (clock->length == CSF_NO_LENGTH)
		return CSF_NO_INSTANT;
	if (step->share == 1)
		return clock->due_at;
	wanted = (int64) ((double) clock->length * step->share + 0.5) - clock->spent;
	return wanted <= 0 ? clock->run_since : time_add(clock->target, clock->run_since, 0, wanted);
}

/* Sets next_at from next_position: only a running clock has a next step. */
static void
schedule(csf_clock *clock)
{
	const csf_step *step = is_running(clock) ? next_step(clock) : NULL;

	clock->next_at = step == NULL ? CSF_NO_INSTANT : step_instant(clock, step);
	clock->next_closes = clock->next_at != CSF_NO_INSTANT && step->action == CSF_ACTION_CLOSE;
	clock->is_changed = true;
}

/* Due instant of a running clock from what is left; one that is overdue keeps the instant at which it became so. */
static void
derive_due(csf_clock *clock)
{
	if (clock->length == CSF_NO_LENGTH)
		clock->due_at = CSF_NO_INSTANT;
	else if (clock->length > clock->spent)
		clock->due_at = time_add(clock->target, clock->run_since, 0, clock->length - clock->spent);
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
		clock->due_at = time_add(target, clock->started_at, target->days, target->duration);
	if (target->due_from == CSF_DUE_DURATION && target->mode != CSF_CLOCK_DAILY_AT && target->days == 0)
		clock->length = target->duration;
	else
		clock->length = time_between(target, clock->started_at, clock->due_at);
	if (clock->length < 0)
		clock->length = 0;
}

static void
start(csf_clock *clock, const csf_target *target, int priority, int64 at, int64 named_at, int64 previous_due)
{
	clock->clock = target->clock;
	clock->target = target;
	clock->target_id = target->target_id;
	clock->priority = priority;
	clock->started_at = at;
	clock->run_since = at;
	clock->next_position = 1;
	resolve_length(clock, named_at, previous_due);
	schedule(clock);
}

static void
pause_clock(csf_clock *clock, int64 at)
{
	clock->spent = csf_clock_spent(clock, at);
	if (!is_overdue(clock, at))
		clock->due_at = CSF_NO_INSTANT;
	clock->run_since = CSF_NO_INSTANT;
	clock->paused_at = at;
	schedule(clock);
}

static void
resume_clock(csf_clock *clock, int64 at)
{
	clock->run_since = at;
	if (clock->paused_at != CSF_NO_INSTANT)
		clock->paused += at - clock->paused_at;
	clock->paused_at = CSF_NO_INSTANT;
	derive_due(clock);
	schedule(clock);
}

void
csf_clock_end(csf_clock *clock, int64 at, csf_outcome outcome)
{
	clock->spent = csf_clock_spent(clock, at);
	if (clock->paused_at != CSF_NO_INSTANT)
		clock->paused += at - clock->paused_at;
	clock->paused_at = CSF_NO_INSTANT;
	clock->run_since = CSF_NO_INSTANT;
	clock->stopped_at = at;
	clock->outcome = outcome;
	schedule(clock);
}

/* Met or breached is a comparison of stored instants: stopping exactly when due is in time. */
static csf_outcome
outcome_at(const csf_clock *clock, int64 at)
{
	if (clock->length == CSF_NO_LENGTH || (clock->target != NULL && clock->target->is_timer))
		return CSF_OUTCOME_MEASURED;
	return clock->due_at != CSF_NO_INSTANT && at > clock->due_at ? CSF_OUTCOME_BREACHED : CSF_OUTCOME_MET;
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
 * Another target has come into force: what was used stays used. Business time of the former calendar is settled first,
 * so that the new one counts only from here. No step fires twice.
 */
static void
retarget(csf_clock *clock, const csf_target *target, int priority, int64 at, int64 named_at)
{
	const csf_target *from = clock->target;
	bool was_running = is_running(clock);
	int64 from_length = clock->length;
	int64 due_before = clock->due_at;
	int64 spent;

	/* Where the former target's row is gone, the new calendar has to do for the time since run_since. */
	if (clock->target == NULL)
		clock->target = target;
	spent = csf_clock_spent(clock, at);
	clock->target = target;
	clock->target_id = target->target_id;
	clock->priority = priority;
	/* An instant once named stays named. */
	resolve_length(clock, named_at == CSF_NO_INSTANT ? due_before : named_at, CSF_NO_INSTANT);
	clock->spent = spent;
	clock->run_since = was_running ? at : CSF_NO_INSTANT;
	if (clock->length != CSF_NO_LENGTH && clock->length <= spent)
		clock->due_at = due_before != CSF_NO_INSTANT && due_before < at ? due_before : at;
	else if (!was_running)
		clock->due_at = CSF_NO_INSTANT;
	else if (target->due_from == CSF_DUE_DURATION && target->mode != CSF_CLOCK_DAILY_AT)
		derive_due(clock);
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
		if (is_running(clock) && clock->length > clock->spent &&
			(clock->spent != 0 || clock->run_since != clock->started_at))
			clock->due_at = time_add(target, clock->run_since, 0, clock->length - clock->spent);
	}
	else if (never_paused && due != CSF_NO_INSTANT &&
			 (clock->length == CSF_NO_LENGTH || clock->length > clock->spent))
	{
		/* A named instant stays; a time of day stays on its date. */
		if (target->due_from != CSF_DUE_NAMED)
			due = target->same_day(target->zone, target->daily_at, due, clock->started_at);
		clock->due_at = due;
		clock->length = time_between(target, clock->started_at, due);
		if (clock->length < 0)
			clock->length = 0;
	}
}

bool
csf_clock_rederive(csf_clock *clock)
{
	csf_clock before = *clock;
	int64 reached = is_running(clock) ? clock->run_since : clock->paused_at;

	if (!is_active(clock) || clock->target == NULL)
		return false;
	measure_again(clock);
	if (clock->length != CSF_NO_LENGTH && clock->target->due_from == CSF_DUE_DURATION)
	{
		bool is_over = clock->length < clock->spent || (clock->length == clock->spent && is_running(clock));
		bool was_over = before.due_at != CSF_NO_INSTANT && before.length <= before.spent;

		/* Over its length before this run or pause began; when exactly, only an instant already stored can say. */
		if (is_over)
			clock->due_at = was_over || (before.due_at != CSF_NO_INSTANT && before.due_at < reached)
								? before.due_at
								: reached;
		else if (!is_running(clock))
			clock->due_at = CSF_NO_INSTANT;
	}
	schedule(clock);
	clock->is_changed = before.is_changed || clock->due_at != before.due_at ||
						clock->length != before.length || clock->next_at != before.next_at ||
						clock->next_closes != before.next_closes;
	return clock->is_changed;
}

const csf_step *
csf_clock_fire(csf_clock *clock, int64 at, int64 *due)
{
	const csf_step *step;

	if (clock->next_at == CSF_NO_INSTANT || clock->next_at > at)
		return NULL;
	step = next_step(clock);
	/* The steps were changed since: what stood at this instant is gone. */
	if (step == NULL)
	{
		schedule(clock);
		return NULL;
	}
	*due = clock->next_at;
	clock->next_position = step->position + 1;
	schedule(clock);
	return step;
}

/* ---- the clocks of a ticket ---- */

csf_clock *
csf_clock_list_add(csf_clock_list *list)
{
	csf_clock *clock;

	if (list->count == list->capacity)
	{
		list->capacity = list->capacity == 0 ? 8 : list->capacity * 2;
		list->clocks = list->clocks == NULL
						   ? csf_alloc(sizeof(csf_clock) * (size_t) list->capacity)
						   : csf_realloc(list->clocks, sizeof(csf_clock) * (size_t) list->capacity);
	}
	clock = &list->clocks[list->count++];
	memset(clock, 0, sizeof(*clock));
	clock->run_since = clock->due_at = clock->next_at = clock->paused_at = clock->stopped_at = CSF_NO_INSTANT;
	clock->length = CSF_NO_LENGTH;
	return clock;
}

/* Index of the latest run of a clock, or -1. */
static int
latest_run(const csf_clock_list *list, const char *name)
{
	int latest = -1;

	for (int i = 0; i < list->count; i++)
	{
		if (strcmp(list->clocks[i].clock, name) == 0 &&
			(latest < 0 || list->clocks[i].run > list->clocks[latest].run))
			latest = i;
	}
	return latest;
}

static void
begin_run(csf_clock_list *list, int previous, const csf_target *target, int priority, int64 at,
		  int64 named_at, int64 previous_due)
{
	int32 run = previous < 0 ? 1 : list->clocks[previous].run + 1;
	csf_clock *clock = csf_clock_list_add(list);

	clock->run = run;
	clock->is_new = true;
	start(clock, target, priority, at, named_at, previous_due);
}

static bool
repeats(const csf_target *target)
{
	return target->mode == CSF_CLOCK_EVERY || target->mode == CSF_CLOCK_DAILY_AT;
}

/* Ends a run that was missed when it was due and begins the next there. */
static void
roll(csf_clock_list *list, int index)
{
	csf_clock *clock = &list->clocks[index];
	const csf_target *target = clock->target;
	int priority = clock->priority;
	int64 due = clock->due_at;

	csf_clock_end(clock, due, CSF_OUTCOME_BREACHED);
	begin_run(list, index, target, priority, due, CSF_NO_INSTANT, due);
}

bool
csf_clock_roll(csf_clock_list *list, int index, int64 at)
{
	const csf_clock *clock = &list->clocks[index];

	if (clock->target == NULL || !repeats(clock->target) || !is_running(clock) ||
		clock->due_at == CSF_NO_INSTANT || clock->due_at > at ||
		(clock->next_at != CSF_NO_INSTANT && clock->next_at <= clock->due_at))
		return false;
	roll(list, index);
	return true;
}

/*
 * Before a repeating clock is moved, the runs missed by then are accounted for, as many as there would be had a sweep
 * looked each time. An event that does not concern the clock leaves them to the sweep, which tells people about them.
 */
static int
catch_up(csf_clock_list *list, int index, int64 at)
{
	while (list->clocks[index].target != NULL && repeats(list->clocks[index].target) &&
		   is_running(&list->clocks[index]) && is_overdue(&list->clocks[index], at))
	{
		roll(list, index);
		index = list->count - 1;
	}
	return index;
}

/* A daily entry counts for the next due instant after it, not for one further on (playbooks: since the last 10:00). */
static bool
rearms(const csf_clock *clock, const csf_target *target, const csf_clock_event *event)
{
	const int64 two_days = INT64_C(2) * 86400 * 1000000;

	if ((event->signals & target->rearms_on) == 0)
		return false;
	return target->mode != CSF_CLOCK_DAILY_AT || clock->due_at == CSF_NO_INSTANT ||
		   clock->due_at <=
			   target->next_daily(target->zone, target->daily_at, event->at - two_days, event->at);
}

/* Ends, retargets, stops or re-arms the active run; returns the index of the latest run afterwards. */
static int
move_active(csf_clock_list *list, int index, const csf_target *winner, const csf_clock_event *event)
{
	csf_clock *clock = &list->clocks[index];
	int64 at = event->at;
	bool closed = event->after->state == CSF_STATE_CLOSED;

	if (winner == NULL || closed || clock->target_id != winner->target_id ||
		(event->signals & (winner->stops_on | winner->rearms_on)) != 0)
	{
		index = catch_up(list, index, at);
		clock = &list->clocks[index];
	}
	if (winner == NULL)
	{
		csf_clock_end(clock, at, CSF_OUTCOME_VOID);
		return index;
	}
	if (clock->target_id != winner->target_id)
		retarget(clock, winner, event->after->priority, at, event->named_at);
	if ((event->signals & winner->stops_on) != 0)
		csf_clock_end(clock, at, outcome_at(clock, at));
	else if (closed)
		csf_clock_end(clock, at, is_overdue(clock, at) ? outcome_at(clock, at) : CSF_OUTCOME_VOID);
	else if (rearms(clock, winner, event))
	{
		int64 due = clock->due_at;

		csf_clock_end(clock, at, outcome_at(clock, at));
		begin_run(list, index, winner, event->after->priority, at, event->named_at, due);
		return list->count - 1;
	}
	return index;
}

/*
 * The instant at which a run that is not there should start because of this event, or CSF_NO_INSTANT. by_signal: a signal
 * starts it, rather than that its target came to apply. Nothing begins to apply to a ticket that is answered already; it
 * does when that ticket is reopened.
 */
static int64
start_instant(const csf_clock *latest, const csf_target *winner, const csf_clock_event *event,
			  bool newly_matched, bool *by_signal)
{
	bool was_void = latest != NULL && latest->outcome == CSF_OUTCOME_VOID;
	bool fresh = latest == NULL || was_void;
	uint64 starts = winner->starts_on;
	uint64 applies = CSF_SIGNAL_BIT(CSF_SIGNAL_CONDITION_MET) | CSF_SIGNAL_BIT(CSF_SIGNAL_OPENED);
	uint64 given = event->signals & ~CSF_SIGNAL_BIT(CSF_SIGNAL_OPENED);

	/* Whoever takes a ticket up by themselves is assigned it and has accepted it at once: there is nothing to wait for. */
	if ((given & CSF_SIGNAL_BIT(CSF_SIGNAL_ACCEPTED)) != 0)
		given &= ~CSF_SIGNAL_BIT(CSF_SIGNAL_ASSIGNED);
	*by_signal = (given & starts) != 0 && (winner->mode != CSF_CLOCK_ONCE || fresh);
	if (*by_signal)
		return event->at;
	if ((starts & applies) == 0 || (CSF_STATE_BIT(event->after->state) & CSF_STATES_DONE) != 0)
		return CSF_NO_INSTANT;
	if (latest == NULL && (event->signals & CSF_SIGNAL_BIT(CSF_SIGNAL_REOPENED)) != 0)
		return event->at;
	if (!newly_matched || !fresh)
		return CSF_NO_INSTANT;
	return (starts & CSF_SIGNAL_BIT(CSF_SIGNAL_CONDITION_MET)) != 0 ? event->at : event->after->opened_at;
}

static int
start_if_due(csf_clock_list *list, int index, const csf_target *winner, const csf_clock_event *event,
			 bool newly_matched)
{
	csf_clock *latest = index < 0 ? NULL : &list->clocks[index];
	bool reopened = (event->signals & CSF_SIGNAL_BIT(CSF_SIGNAL_REOPENED)) != 0;
	bool by_signal = true;
	int64 at;

	if (winner == NULL || event->after->state == CSF_STATE_CLOSED)
		return index;
	if (reopened && latest != NULL && latest->outcome != CSF_OUTCOME_VOID &&
		winner->on_reopen == CSF_REOPEN_RESUME)
	{
		/* What was in time may still be in time: its due instant is what is left, from here. */
		if (latest->outcome != CSF_OUTCOME_BREACHED)
			latest->due_at = CSF_NO_INSTANT;
		latest->stopped_at = CSF_NO_INSTANT;
		latest->outcome = CSF_OUTCOME_NONE;
		if (latest->target_id != winner->target_id)
			retarget(latest, winner, event->after->priority, event->at, event->named_at);
		resume_clock(latest, event->at);
		return index;
	}
	if (reopened && latest != NULL && winner->on_reopen == CSF_REOPEN_RESTART)
		at = event->at;
	else
		at = start_instant(latest, winner, event, newly_matched, &by_signal);
	if (at == CSF_NO_INSTANT)
		return index;
	begin_run(list, index, winner, event->after->priority, at, event->named_at, CSF_NO_INSTANT);
	index = list->count - 1;
	/* What it asks for is there already: a person, where the ticket was opened with one. */
	if (!by_signal && (event->signals & winner->stops_on) != 0)
		csf_clock_end(&list->clocks[index], event->at, outcome_at(&list->clocks[index], event->at));
	return index;
}

/* A clock for which no target is left at all is void. */
static void
end_ungrouped(csf_clock_list *list, const csf_clock_group *groups, int group_count, int64 at)
{
	for (int i = 0; i < list->count; i++)
	{
		bool found = false;

		for (int g = 0; g < group_count && !found; g++)
			found = strcmp(list->clocks[i].clock, groups[g].clock) == 0;
		if (!found && is_active(&list->clocks[i]))
			csf_clock_end(&list->clocks[i], at, CSF_OUTCOME_VOID);
	}
}

/*
 * Applies one event to all clocks of a ticket. Within an event a run first ends, then the next begins, then the state
 * decides whether it pauses.
 */
void
csf_clocks_apply(csf_clock_list *list, const csf_clock_group *groups, int group_count,
				 const csf_clock_event *event)
{
	end_ungrouped(list, groups, group_count, event->at);
	for (int g = 0; g < group_count; g++)
	{
		const csf_target *winner = winning_target(&groups[g], event->after);
		bool newly_matched = winner != NULL && winning_target(&groups[g], event->before) == NULL;
		int index = latest_run(list, groups[g].clock);
		csf_clock *clock;

		if (index >= 0 && is_active(&list->clocks[index]))
			index = move_active(list, index, winner, event);
		if (index < 0 || !is_active(&list->clocks[index]))
			index = start_if_due(list, index, winner, event, newly_matched);
		if (index < 0 || winner == NULL || !is_active(&list->clocks[index]))
			continue;
		clock = &list->clocks[index];
		if ((winner->pauses_in & CSF_STATE_BIT(event->after->state)) != 0)
		{
			if (!is_running(clock))
				continue;
			index = catch_up(list, index, event->at); /* may move the clocks */
			pause_clock(&list->clocks[index], event->at);
		}
		else if (!is_running(clock))
			resume_clock(clock, event->at);
	}
}
