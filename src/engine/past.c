/*
 * past.c
 *		What recorded events signalled when they happened.
 */
#include "engine/past.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

static int64
read_int64(const Datum *values, const bool *nulls, int place, int64 if_null)
{
	return nulls[place] ? if_null : DatumGetInt64(values[place]);
}

static char *
read_text(const Datum *values, const bool *nulls, int place)
{
	return nulls[place] ? NULL : TextDatumGetCString(values[place]);
}

void
csf_recorded_event_from(csf_recorded_event *event, const Datum *values, const bool *nulls)
{
	event->at = read_int64(values, nulls, 0, 0);
	event->kind = read_text(values, nulls, 1);
	event->actor_kind = read_text(values, nulls, 2);
	event->actor_id = read_int64(values, nulls, 3, 0);
	event->old_state = read_text(values, nulls, 4);
	event->new_state = read_text(values, nulls, 5);
	event->old_value = read_text(values, nulls, 6);
	event->new_value = read_text(values, nulls, 7);
	event->due_at = read_int64(values, nulls, 8, CSF_NO_INSTANT);
	event->same_act = !nulls[9] && DatumGetBool(values[9]);
	event->team_id = 0;
}

bool
csf_recorded_is(const csf_recorded_event *event, const char *kind)
{
	return strcmp(event->kind, kind) == 0;
}

bool
csf_recorded_is_message(const csf_recorded_event *event)
{
	return csf_recorded_is(event, "customer_message") || csf_recorded_is(event, "reply") ||
		   csf_recorded_is(event, "automatic_message") || csf_recorded_is(event, "note");
}

bool
csf_recorded_is_task(const csf_recorded_event *event)
{
	return strncmp(event->kind, "task_", 5) == 0;
}

int
csf_recorded_state(const csf_recorded_event *event)
{
	return event->new_state == NULL ? -1 : csf_state_parse(event->new_state, strlen(event->new_state));
}

uint64
csf_message_signals(const csf_desk *desk, const csf_recorded_event *event, int state)
{
	uint64 signals = csf_desk_milestone(desk, event->new_value);
	bool names_time = event->due_at != CSF_NO_INSTANT;

	if (csf_recorded_is(event, "customer_message"))
		return signals | CSF_SIGNAL_BIT(CSF_SIGNAL_CUSTOMER_MESSAGE);
	if (event->old_value != NULL && strcmp(event->old_value, CSF_BY_SENIOR) == 0)
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_SENIOR_MESSAGE);
	if (csf_recorded_is(event, "note"))
	{
		if (strcmp(event->actor_kind, "system") == 0)
			return signals;
		if (names_time)
			signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_TIME_NAMED);
		return signals | CSF_SIGNAL_BIT(CSF_SIGNAL_INTERNAL_NOTE);
	}
	signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_PUBLIC_MESSAGE);
	if (names_time)
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_NEWS_NAMED);
	if (csf_recorded_is(event, "automatic_message"))
		return signals;
	if (state == CSF_STATE_ANSWERED)
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_ANSWERED);
	return signals | CSF_SIGNAL_BIT(CSF_SIGNAL_PERSON_MESSAGE);
}

/* Whether a task has another due instant than it had before: another promise. */
static bool
is_another_date(const csf_recorded_event *events, int i)
{
	for (int before = i - 1; before >= 0; before--)
	{
		if ((csf_recorded_is(&events[before], "task_created") ||
			 csf_recorded_is(&events[before], "task_changed")) &&
			strcmp(events[before].new_value, events[i].new_value) == 0)
			return events[before].due_at != events[i].due_at;
	}
	return true;
}

uint64
csf_task_signals(const csf_recorded_event *events, int i)
{
	if (csf_recorded_is(&events[i], "task_done"))
		return CSF_SIGNAL_BIT(CSF_SIGNAL_TASK_DONE);
	if (csf_recorded_is(&events[i], "task_cancelled") ||
		(csf_recorded_is(&events[i], "task_changed") && !is_another_date(events, i)))
		return 0;
	return CSF_SIGNAL_BIT(CSF_SIGNAL_TASK_CREATED);
}

/* What is said or done stays so; of the states only which one was reached is asked for later. */
static uint64
past_signals(const csf_desk *desk, const csf_recorded_event *events, int i, int state)
{
	const csf_recorded_event *event = &events[i];

	if (csf_recorded_is_message(event))
		return csf_message_signals(desk, event, -1);
	if (csf_recorded_is_task(event))
		return csf_task_signals(events, i);
	if (csf_recorded_is(event, "assigned"))
		return CSF_SIGNAL_BIT(CSF_SIGNAL_ASSIGNED);
	if (csf_recorded_is(event, "reviewer_named"))
		return CSF_SIGNAL_BIT(CSF_SIGNAL_REVIEWER_NAMED);
	if (csf_recorded_is(event, "accepted") ||
		(csf_recorded_is(event, "opened") && state == CSF_STATE_IN_PROGRESS))
		return CSF_SIGNAL_BIT(CSF_SIGNAL_ACCEPTED);
	if (csf_recorded_is(event, "transferred"))
		return CSF_SIGNAL_BIT(CSF_SIGNAL_TRANSFERRED);
	return 0;
}

const csf_past_event *
csf_past_of_events(const csf_desk *desk, const csf_recorded_event *events, int count)
{
	csf_past_event *past = palloc_extended(sizeof(csf_past_event) * (count + 1), MCXT_ALLOC_HUGE);

	for (int i = 0; i < count; i++)
	{
		past[i].at = events[i].at;
		past[i].state = csf_recorded_state(&events[i]);
		past[i].signals = past_signals(desk, events, i, past[i].state);
	}
	return past;
}
