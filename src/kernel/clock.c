/*
 * clock.c
 *		How events move the clocks of a ticket: which target wins, what starts, stops, re-arms and ends its runs.
 */
#include "kernel/clock.h"

const char *const csf_step_action_names[] = {
	"notify",     "raise_priority",   "assign_team", "open_review",    "offer_next", "close",
	"raise_tier", "message_customer", "open_ticket", "ask_late_cause", NULL};

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

/* Index of the latest run of a clock for a subject, or -1. */
static int
latest_run(const csf_clock_list *list, const char *name, int64 subject_id)
{
	int latest = -1;

	for (int i = 0; i < list->count; i++)
	{
		if (list->clocks[i].subject_id == subject_id && strcmp(list->clocks[i].clock, name) == 0 &&
			(latest < 0 || list->clocks[i].run > list->clocks[latest].run))
			latest = i;
	}
	return latest;
}

static csf_turn
turn_in(csf_state state)
{
	if (state == CSF_STATE_WAITING_CUSTOMER)
		return CSF_TURN_CUSTOMER;
	if (state == CSF_STATE_WAITING_PARTNER)
		return CSF_TURN_PARTNER;
	return (CSF_STATE_BIT(state) & CSF_STATES_DONE) != 0 ? CSF_TURN_NOBODY : CSF_TURN_OWN;
}

static csf_clock *
begin_run(csf_clock_list *list, int64 subject_id, const csf_target *target, int priority, int64 at,
		  int64 named_at, int64 previous_due)
{
	int32 run = 0;
	csf_clock *clock;

	for (int i = 0; i < list->count; i++)
	{
		if (list->clocks[i].run > run && strcmp(list->clocks[i].clock, target->clock) == 0)
			run = list->clocks[i].run;
	}
	clock = csf_clock_list_add(list);
	clock->subject_id = subject_id;
	clock->run = run < INT32_MAX ? run + 1 : run; /* whose key is refused as there twice */
	clock->is_new = true;
	csf_stopwatch_start(clock, target, priority, at, named_at, previous_due);
	return clock;
}

/* Ends a run when it was due: a window lapses, a repeating clock was missed and begins anew. */
static int
roll(csf_clock_list *list, int index)
{
	csf_clock *clock = &list->clocks[index];
	csf_clock former;
	csf_clock *next;

	if (clock->target->is_window)
	{
		csf_clock_end(clock, clock->due_at, CSF_OUTCOME_LAPSED);
		return index;
	}
	former = *clock;
	csf_clock_end(clock, former.due_at, CSF_OUTCOME_BREACHED);
	next = begin_run(list, former.subject_id, former.target, former.priority, former.due_at, CSF_NO_INSTANT,
					 former.due_at);
	next->missed = former.missed + 1;
	next->turn = former.turn;
	return list->count - 1;
}

bool
csf_clock_roll(csf_clock_list *list, int index, int64 at)
{
	const csf_clock *clock = &list->clocks[index];

	if (!csf_stopwatch_ends_when_due(clock) || clock->late_count > 0 || clock->due_at >= at ||
		(clock->next_at != CSF_NO_INSTANT && clock->next_at <= clock->due_at))
		return false;
	roll(list, index);
	return true;
}

/*
 * Before a clock that ends by itself is moved, what has ended by then is accounted for, just as a sweep that looked each
 * time would have done; the sweep tells people about it later. Returns the index of the latest run.
 */
static int
catch_up(csf_clock_list *list, int index, int64 at)
{
	while (csf_stopwatch_is_active(&list->clocks[index]) &&
		   csf_stopwatch_ends_when_due(&list->clocks[index]) &&
		   csf_stopwatch_is_overdue(&list->clocks[index], at))
		index = roll(list, index);
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

/*
 * What re-arms a clock has either done what was promised, or, where the same signal also starts it, put another promise in
 * its place: then the former is neither kept nor, unless it is late already, broken.
 */
static csf_outcome
outcome_of_rearming(const csf_clock *clock, const csf_target *target, const csf_clock_event *event)
{
	bool is_replaced = (event->signals & target->rearms_on & ~target->starts_on) == 0;

	if (is_replaced && !target->is_timer && clock->length != CSF_NO_LENGTH &&
		!csf_stopwatch_is_overdue(clock, event->at))
		return CSF_OUTCOME_VOID;
	return csf_stopwatch_outcome(clock, event->at);
}

static bool
ends_by_closing(const csf_target *winner, const csf_clock_event *event)
{
	return event->after->state == CSF_STATE_CLOSED && (winner == NULL || !winner->outlives_closing);
}

/* Ends, retargets, stops or re-arms the active run; returns the index of the latest run afterwards. */
static int
move_active(csf_clock_list *list, int index, const csf_target *winner, const csf_clock_event *event)
{
	int64 at = event->at;
	csf_clock *clock;

	index = catch_up(list, index, at);
	clock = &list->clocks[index];
	if (!csf_stopwatch_is_active(clock))
		return index;
	if (winner == NULL)
	{
		csf_clock_end(clock, at, CSF_OUTCOME_VOID);
		return index;
	}
	if (clock->target_id != winner->target_id)
		csf_stopwatch_retarget(clock, winner, event->after->priority, at, event->named_at);
	if ((event->signals & winner->stops_on) != 0)
		csf_clock_end(clock, at, csf_stopwatch_outcome(clock, at));
	else if (event->is_cancelled || ends_by_closing(winner, event))
		csf_clock_end(clock, at,
					  csf_stopwatch_is_overdue(clock, at) ? csf_stopwatch_outcome(clock, at)
														  : CSF_OUTCOME_VOID);
	else if (rearms(clock, winner, event))
	{
		int64 subject_id = clock->subject_id;
		int64 due = clock->due_at;

		csf_clock_end(clock, at, outcome_of_rearming(clock, winner, event));
		clock = begin_run(list, subject_id, winner, event->after->priority, at, event->named_at, due);
		clock->turn = turn_in(event->after->state);
		return list->count - 1;
	}
	return index;
}

/* ---- runs that begin ---- */

/* Signals that tell of the ticket's state: they hold for as long as it lasts. Others tell of something said or done. */
#define STATE_SIGNALS                                                                                        \
	(((CSF_SIGNAL_BIT(2 * CSF_STATE_COUNT) - 1) << CSF_SIGNAL_ENTER_FIRST) |                                 \
	 CSF_SIGNAL_BIT(CSF_SIGNAL_ANSWERED) | CSF_SIGNAL_BIT(CSF_SIGNAL_CLOSED) |                               \
	 CSF_SIGNAL_BIT(CSF_SIGNAL_REOPENED) | CSF_SIGNAL_BIT(CSF_SIGNAL_OPENED) |                               \
	 CSF_SIGNAL_BIT(CSF_SIGNAL_CONDITION_MET))
#define MILESTONE_SIGNALS (~(CSF_SIGNAL_BIT(CSF_SIGNAL_BUILT_IN) - 1))

/* The ticket is where the clock would wait for it to come. */
static bool
stands_at_goal(const csf_target *target, csf_state state)
{
	uint64 reached = CSF_SIGNAL_ENTER(state);

	if (state == CSF_STATE_ANSWERED)
		reached |= CSF_SIGNAL_BIT(CSF_SIGNAL_ANSWERED);
	if (state == CSF_STATE_CLOSED)
		reached |= CSF_SIGNAL_BIT(CSF_SIGNAL_CLOSED);
	if (state != CSF_STATE_NEW && state != CSF_STATE_ASSIGNED)
		reached |= CSF_SIGNAL_BIT(CSF_SIGNAL_ACCEPTED);
	return (reached & target->stops_on) != 0;
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

static void
move_to_state(csf_clock *clock, csf_state state, int64 at)
{
	bool pauses = (clock->target->pauses_in & CSF_STATE_BIT(state)) != 0;

	csf_stopwatch_turn(clock, at, turn_in(state));
	if (pauses && csf_stopwatch_is_running(clock))
		csf_stopwatch_pause(clock, at);
	else if (!pauses && !csf_stopwatch_is_running(clock))
		csf_stopwatch_resume(clock, at);
}

/*
 * A run that begins by its target coming to apply may lie in the past, or ask for what has been recorded already: it then
 * goes through what happened before. A milestone such as "cause located" stays reached, so a run of mode once that would
 * wait for it is met at its start; other things said or done count from the start on.
 */
static void
live_through_past(csf_clock *clock, const csf_clock_event *event)
{
	const csf_target *target = clock->target;
	uint64 lasting = target->mode == CSF_CLOCK_ONCE && target->goal_lasts ? MILESTONE_SIGNALS : 0;
	const csf_past_event *past;
	int count;

	if (event->past == NULL || (clock->started_at == event->at && (target->stops_on & lasting) == 0))
		return;
	past = event->past(event->past_of, &count);
	for (int i = 0; i < count; i++)
	{
		int64 at = past[i].at < clock->started_at ? clock->started_at : past[i].at;
		uint64 counts =
			past[i].at < clock->started_at || clock->started_at == event->at ? lasting : ~STATE_SIGNALS;

		if ((past[i].signals & target->stops_on & counts) != 0)
		{
			csf_clock_end(clock, at, csf_stopwatch_outcome(clock, at));
			return;
		}
		if (past[i].state >= 0 && clock->started_at < event->at)
			move_to_state(clock, (csf_state) past[i].state, at);
	}
}

static int
start_if_due(csf_clock_list *list, int index, int64 subject_id, const csf_target *winner,
			 const csf_clock_event *event, bool newly_matched)
{
	csf_clock *latest = index < 0 ? NULL : &list->clocks[index];
	bool reopened = (event->signals & CSF_SIGNAL_BIT(CSF_SIGNAL_REOPENED)) != 0;
	bool by_signal = true;
	bool restarts;
	csf_clock *clock;
	int64 at;

	if (winner == NULL || event->is_cancelled || ends_by_closing(winner, event))
		return index;
	if (reopened && latest != NULL && latest->outcome != CSF_OUTCOME_VOID &&
		winner->on_reopen == CSF_REOPEN_RESUME)
	{
		/* What was in time may still be in time: its due instant is what is left, from here. */
		csf_stopwatch_reopen(latest, event->at);
		if (latest->target_id != winner->target_id)
			csf_stopwatch_retarget(latest, winner, event->after->priority, event->at, event->named_at);
		csf_stopwatch_turn(latest, event->at, turn_in(event->after->state));
		csf_stopwatch_resume(latest, event->at);
		return index;
	}
	restarts = reopened && latest != NULL && winner->on_reopen == CSF_REOPEN_RESTART;
	if (restarts)
		at = event->at;
	else
	{
		at = start_instant(latest, winner, event, newly_matched, &by_signal);
		if (at == CSF_NO_INSTANT)
			return index;
		if ((by_signal || (event->signals & winner->stops_on) == 0) &&
			stands_at_goal(winner, event->after->state))
			return index;
	}
	clock = begin_run(list, subject_id, winner, event->after->priority, at, event->named_at, CSF_NO_INSTANT);
	if (at == event->at)
		clock->turn = turn_in(event->after->state);
	if (!restarts)
		live_through_past(clock, event);
	if (!csf_stopwatch_is_active(clock))
		return list->count - 1;
	csf_stopwatch_turn(clock, event->at, turn_in(event->after->state));
	/* What it asks for is there already: a person, where the ticket was opened with one. */
	if (!by_signal && (event->signals & winner->stops_on) != 0)
		csf_clock_end(clock, event->at, csf_stopwatch_outcome(clock, event->at));
	return list->count - 1;
}

/* ---- events ---- */

/* A clock for which no target is left at all is void. */
static void
end_ungrouped(csf_clock_list *list, const csf_clock_group *groups, int group_count, int64 at)
{
	for (int i = 0; i < list->count; i++)
	{
		bool found = false;

		for (int g = 0; g < group_count && !found; g++)
			found = strcmp(list->clocks[i].clock, groups[g].clock) == 0;
		if (!found && csf_stopwatch_is_active(&list->clocks[i]))
			csf_clock_end(&list->clocks[i], at, CSF_OUTCOME_VOID);
	}
}

/*
 * Applies an event to the runs of one clock for one subject. Within an event a run first ends, then the next begins, then
 * the state decides whether it pauses and whose turn it is.
 */
static void
apply_to_subject(csf_clock_list *list, const csf_clock_group *group, int64 subject_id,
				 const csf_target *winner, const csf_clock_event *event)
{
	bool newly_matched = winner != NULL && winning_target(group, event->before) == NULL;
	int index = latest_run(list, group->clock, subject_id);

	if (index >= 0 && csf_stopwatch_is_active(&list->clocks[index]))
		index = move_active(list, index, winner, event);
	if (index < 0 || !csf_stopwatch_is_active(&list->clocks[index]))
		index = start_if_due(list, index, subject_id, winner, event, newly_matched);
	if (index >= 0 && winner != NULL && csf_stopwatch_is_active(&list->clocks[index]))
		move_to_state(&list->clocks[index], event->after->state, event->at);
}

/* Signals that concern the ticket as a whole, hence every subject's clocks. */
#define TICKET_SIGNALS                                                                                       \
	(STATE_SIGNALS | CSF_SIGNAL_BIT(CSF_SIGNAL_ASSIGNED) | CSF_SIGNAL_BIT(CSF_SIGNAL_ACCEPTED) |             \
	 CSF_SIGNAL_BIT(CSF_SIGNAL_CUSTOMER_MESSAGE))

/* The other signals concern only the department or task that the event is about. */
static void
apply_to_each_subject(csf_clock_list *list, const csf_clock_group *group, const csf_target *winner,
					  const csf_clock_event *event)
{
	int64 about = event->subjects[group->targets[0]->subject];
	csf_clock_event shared = *event;
	int count = list->count;

	shared.signals &= TICKET_SIGNALS;
	shared.is_cancelled = false;
	shared.past = NULL;
	for (int i = 0; i < count; i++)
	{
		int64 subject_id = list->clocks[i].subject_id;

		if (strcmp(list->clocks[i].clock, group->clock) == 0 && subject_id != about &&
			latest_run(list, group->clock, subject_id) == i)
			apply_to_subject(list, group, subject_id, winner, &shared);
	}
	if (about != 0)
	{
		csf_clock_event own = *event;

		own.past = NULL;
		apply_to_subject(list, group, about, winner, &own);
	}
}

void
csf_clocks_apply(csf_clock_list *list, const csf_clock_group *groups, int group_count,
				 const csf_clock_event *event)
{
	end_ungrouped(list, groups, group_count, event->at);
	for (int g = 0; g < group_count; g++)
	{
		const csf_target *winner = winning_target(&groups[g], event->after);

		if (groups[g].targets[0]->subject != CSF_SUBJECT_TICKET)
			apply_to_each_subject(list, &groups[g], winner, event);
		else if (!event->is_cancelled)
			apply_to_subject(list, &groups[g], 0, winner, event);
	}
}

csf_outcome
csf_clock_outcome(const csf_clock *clock, int64 at)
{
	if (!csf_stopwatch_is_active(clock))
		return clock->outcome;
	return csf_stopwatch_is_overdue(clock, at) && csf_stopwatch_outcome(clock, at) == CSF_OUTCOME_BREACHED
			   ? CSF_OUTCOME_BREACHED
			   : CSF_OUTCOME_NONE;
}

void
csf_clocks_catch_up(csf_clock_list *list, int64 at)
{
	for (int i = 0, count = list->count; i < count; i++)
		(void) catch_up(list, i, at);
}
