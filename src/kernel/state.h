/*
 * state.h
 *		The states of a ticket and the signals that events give to clocks.
 */
#ifndef CSF_KERNEL_STATE_H
#define CSF_KERNEL_STATE_H

#include "kernel/kernel.h"

typedef enum csf_state
{
	CSF_STATE_NEW,
	CSF_STATE_ASSIGNED,
	CSF_STATE_IN_PROGRESS,
	CSF_STATE_WAITING_CUSTOMER,
	CSF_STATE_WAITING_PARTNER,
	CSF_STATE_WAITING_APPROVAL,
	CSF_STATE_ANSWERED,
	CSF_STATE_UNDER_REVIEW,
	CSF_STATE_CLOSED,
	CSF_STATE_DUPLICATE,
	CSF_STATE_INVALID
} csf_state;

#define CSF_STATE_COUNT 11
#define CSF_STATE_BIT(state) (UINT32_C(1) << (state))

/* Outside every indicator; their clocks are void (handbook A8). */
#define CSF_STATES_DEAD (CSF_STATE_BIT(CSF_STATE_DUPLICATE) | CSF_STATE_BIT(CSF_STATE_INVALID))
/* Nothing is left to do or to move. */
#define CSF_STATES_OVER (CSF_STATES_DEAD | CSF_STATE_BIT(CSF_STATE_CLOSED))
/* The work is done; leaving for any other live state is a reopening. */
#define CSF_STATES_DONE (CSF_STATE_BIT(CSF_STATE_ANSWERED) | CSF_STATE_BIT(CSF_STATE_CLOSED))

extern const char *csf_state_name(csf_state state);
extern int csf_state_parse(const char *name, size_t length);

/*
 * Signals: one bit each. The first are built in; after them every desk numbers the milestones that its targets name.
 */
typedef enum csf_signal
{
	CSF_SIGNAL_OPENED,
	CSF_SIGNAL_CONDITION_MET,
	CSF_SIGNAL_ASSIGNED,
	CSF_SIGNAL_ACCEPTED,
	CSF_SIGNAL_TRANSFERRED,
	CSF_SIGNAL_ANSWERED,
	CSF_SIGNAL_CLOSED,
	CSF_SIGNAL_REOPENED,
	CSF_SIGNAL_CUSTOMER_MESSAGE,
	CSF_SIGNAL_PUBLIC_MESSAGE,
	CSF_SIGNAL_PERSON_MESSAGE,
	CSF_SIGNAL_NEWS_NAMED,
	CSF_SIGNAL_INTERNAL_NOTE,
	CSF_SIGNAL_TIME_NAMED,
	CSF_SIGNAL_SENIOR_MESSAGE,
	CSF_SIGNAL_REVIEWER_NAMED,
	CSF_SIGNAL_TASK_CREATED,
	CSF_SIGNAL_TASK_DONE,
	CSF_SIGNAL_ENTER_FIRST,
	CSF_SIGNAL_LEAVE_FIRST = CSF_SIGNAL_ENTER_FIRST + CSF_STATE_COUNT,
	CSF_SIGNAL_BUILT_IN = CSF_SIGNAL_LEAVE_FIRST + CSF_STATE_COUNT
} csf_signal;

#define CSF_SIGNAL_LIMIT 64
#define CSF_SIGNAL_BIT(signal) (UINT64_C(1) << (signal))
#define CSF_SIGNAL_ENTER(state) CSF_SIGNAL_BIT(CSF_SIGNAL_ENTER_FIRST + (state))
#define CSF_SIGNAL_LEAVE(state) CSF_SIGNAL_BIT(CSF_SIGNAL_LEAVE_FIRST + (state))

/* What it signals to open a ticket in a state, and to move it from one to another. */
extern uint64 csf_opening_signals(csf_state state);
extern uint64 csf_transition_signals(csf_state from, csf_state to);

/* Writes the name of a built-in signal into name, which must hold CSF_SIGNAL_NAME_SIZE bytes. */
#define CSF_SIGNAL_NAME_SIZE 40
extern void csf_signal_name(int signal, char *name);
/* Number of a built-in signal, or -1. */
extern int csf_signal_parse(const char *name);

#endif
