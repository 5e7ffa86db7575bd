/*
 * ticket_figures.c
 *		Stays in states, turns between working and solved, replies and moves of one ticket.
 */
#include "kernel/ticket_figures.h"

#include "kernel/state.h"

#define DAY INT64_C(86400000000)

void
csf_figures_begin(csf_ticket_figures *figures, csf_business_time business_time, void *business_of)
{
	memset(figures, 0, sizeof(*figures));
	figures->business_time = business_time;
	figures->business_of = business_of;
	figures->opened_at = CSF_NO_INSTANT;
	figures->first_reply_at = CSF_NO_INSTANT;
	figures->last_reply_at = CSF_NO_INSTANT;
	figures->first_solved_at = CSF_NO_INSTANT;
	figures->last_solved_at = CSF_NO_INSTANT;
	figures->first_reopened_at = CSF_NO_INSTANT;
	figures->state = -1;
}

csf_elapsed
csf_figures_elapsed(const csf_ticket_figures *figures, int64 since, int64 until)
{
	int64 length = until - since;

	return (csf_elapsed){length / DAY, length % DAY,
						 figures->business_time(figures->business_of, since, until)};
}

csf_elapsed
csf_elapsed_sum(csf_elapsed a, csf_elapsed b)
{
	return (csf_elapsed){a.days + b.days, a.left + b.left, a.business + b.business};
}

static void
earliest(int64 *instant, int64 at)
{
	if (*instant == CSF_NO_INSTANT || at < *instant)
		*instant = at;
}

static void
latest(int64 *instant, int64 at)
{
	if (at > *instant)
		*instant = at;
}

/* Where the time in a state counts; NULL: nowhere. */
static csf_elapsed *
total_of_state(csf_ticket_figures *figures, int state)
{
	switch (state)
	{
		case CSF_STATE_NEW:
		case CSF_STATE_ASSIGNED:
		case CSF_STATE_IN_PROGRESS:
		case CSF_STATE_WAITING_APPROVAL:
		case CSF_STATE_UNDER_REVIEW:
			return &figures->work;
		case CSF_STATE_WAITING_CUSTOMER:
			return &figures->pending;
		case CSF_STATE_WAITING_PARTNER:
			return &figures->hold;
		default:
			return NULL;
	}
}

static void
enter_state(csf_ticket_figures *figures, int state, int64 at)
{
	csf_elapsed *total = total_of_state(figures, figures->state);
	bool is_done = (CSF_STATE_BIT(state) & CSF_STATES_DONE) != 0;

	if (total != NULL)
		*total = csf_elapsed_sum(*total, csf_figures_elapsed(figures, figures->since, at));
	figures->state = state;
	figures->since = at;
	/* A mark as duplicate or invalid that is taken back neither solves nor reopens. */
	if ((CSF_STATE_BIT(state) & CSF_STATES_DEAD) != 0)
		return;
	if (is_done)
	{
		earliest(&figures->first_solved_at, at);
		if (!figures->is_done)
			latest(&figures->last_solved_at, at);
	}
	else if (figures->is_done)
	{
		figures->reopen_count++;
		earliest(&figures->first_reopened_at, at);
	}
	figures->is_live = true;
	figures->is_done = is_done;
}

void
csf_figures_add(csf_ticket_figures *figures, const csf_told_event *event)
{
	switch (event->told)
	{
		case CSF_TOLD_OPENED:
			earliest(&figures->opened_at, event->at);
			break;
		case CSF_TOLD_REPLY:
			earliest(&figures->first_reply_at, event->at);
			latest(&figures->last_reply_at, event->at);
			figures->reply_count++;
			break;
		case CSF_TOLD_ROUTED:
		case CSF_TOLD_TRANSFERRED:
			figures->moves += event->to_department;
			if (figures->first_move == CSF_TOLD_OTHER)
				figures->first_move = event->told;
			break;
		case CSF_TOLD_ASSIGNED:
			figures->assignee_stations++;
			break;
		case CSF_TOLD_ESCALATED:
			figures->escalation_count++;
			break;
		case CSF_TOLD_OTHER:
			break;
	}
	if (event->state >= 0)
		enter_state(figures, event->state, event->at);
}

int64
csf_figures_solved_at(const csf_ticket_figures *figures)
{
	return figures->is_done ? figures->last_solved_at : CSF_NO_INSTANT;
}
