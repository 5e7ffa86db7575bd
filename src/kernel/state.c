/*
 * state.c
 *		Names of ticket states and signals.
 */
#include "kernel/state.h"

static const char *const state_names[CSF_STATE_COUNT] = {
	"new",      "assigned",     "in_progress", "waiting_customer", "waiting_partner", "waiting_approval",
	"answered", "under_review", "closed",      "duplicate",        "invalid"};

static const char *const signal_names[CSF_SIGNAL_ENTER_FIRST] = {
	"opened",        "condition_met", "assigned",         "accepted",       "transferred",    "answered",
	"closed",        "reopened",      "customer_message", "public_message", "person_message", "news_named",
	"internal_note", "time_named",    "senior_message",   "reviewer_named", "task_created",   "task_done"};

const char *
csf_state_name(csf_state state)
{
	return state_names[state];
}

/* The state called so, or -1. */
int
csf_state_parse(const char *name, size_t length)
{
	for (int state = 0; state < CSF_STATE_COUNT; state++)
	{
		if (strlen(state_names[state]) == length && memcmp(state_names[state], name, length) == 0)
			return state;
	}
	return -1;
}

void
csf_signal_name(int signal, char *name)
{
	if (signal < CSF_SIGNAL_ENTER_FIRST)
		snprintf(name, CSF_SIGNAL_NAME_SIZE, "%s", signal_names[signal]);
	else if (signal < CSF_SIGNAL_LEAVE_FIRST)
		snprintf(name, CSF_SIGNAL_NAME_SIZE, "enter_%s", state_names[signal - CSF_SIGNAL_ENTER_FIRST]);
	else
		snprintf(name, CSF_SIGNAL_NAME_SIZE, "leave_%s", state_names[signal - CSF_SIGNAL_LEAVE_FIRST]);
}

int
csf_signal_parse(const char *name)
{
	for (int signal = 0; signal < CSF_SIGNAL_BUILT_IN; signal++)
	{
		char known[CSF_SIGNAL_NAME_SIZE];

		csf_signal_name(signal, known);
		if (strcmp(known, name) == 0)
			return signal;
	}
	return -1;
}

uint64
csf_opening_signals(csf_state state)
{
	uint64 signals = CSF_SIGNAL_BIT(CSF_SIGNAL_OPENED) | CSF_SIGNAL_ENTER(state);

	if (state == CSF_STATE_IN_PROGRESS)
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_ACCEPTED);
	else if (state == CSF_STATE_ANSWERED)
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_ANSWERED);
	return signals;
}

uint64
csf_transition_signals(csf_state from, csf_state to)
{
	uint64 signals = CSF_SIGNAL_LEAVE(from) | CSF_SIGNAL_ENTER(to);

	if (to == CSF_STATE_ANSWERED)
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_ANSWERED);
	else if (to == CSF_STATE_CLOSED)
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_CLOSED);
	else if ((CSF_STATE_BIT(from) & CSF_STATES_DONE) != 0 && (CSF_STATE_BIT(to) & CSF_STATES_DEAD) == 0)
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_REOPENED);
	else if (to == CSF_STATE_IN_PROGRESS && (from == CSF_STATE_NEW || from == CSF_STATE_ASSIGNED))
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_ACCEPTED);
	return signals;
}
