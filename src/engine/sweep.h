/*
 * sweep.h
 *		A sweep at work: the locked tickets, what their steps make of them, and what is still to be written.
 */
#ifndef CSF_ENGINE_SWEEP_H
#define CSF_ENGINE_SWEEP_H

#include "postgres.h"

#include "engine/clock_store.h"
#include "engine/config.h"
#include "engine/flow.h"
#include "engine/record.h"

/* A locked ticket, and what its steps make of it. */
typedef struct csf_swept_ticket
{
	int64 ticket_no;
	TimestampTz at; /* the sweep's instant, not before the ticket's last change */
	int priority;
	int handling_tier;
	int64 team_id;
	int64 agent_id;
	bool is_over; /* closed, duplicate or invalid: there is nothing to move */

	const char *reason; /* set once a step changes the ticket */
	int new_priority;
	int new_handling_tier;
	int64 new_team_id;
	bool agent_moves;
	int64 new_agent_id;
	const char *close_reason;
} csf_swept_ticket;

/* Who could be offered a ticket, with what they hold: as read once, then with what this sweep has offered. */
typedef struct csf_team_member
{
	int64 agent_id;
	int64 held;
	int capacity;
} csf_team_member;

typedef struct csf_team_members
{
	int64 team_id;
	int count;
	csf_team_member *members;
	struct csf_team_members *next;
} csf_team_members;

/* A message to send or a ticket to open: written once the events are, whose number makes it unique. */
typedef struct csf_step_effect
{
	const csf_swept_ticket *ticket;
	const csf_step *step;
	TimestampTz due_at; /* of the clock, or CSF_NO_INSTANT */
	int event;          /* place among the recorder's events */
} csf_step_effect;

typedef struct csf_sweep
{
	const csf_desk *desk;
	TimestampTz at;
	bool closing;
	int count;
	csf_swept_ticket *tickets;
	csf_ticket_clocks *clocks;
	csf_recorder recorder;
	csf_rows reviews;
	csf_rows updates;
	int effect_count;
	int effect_capacity;
	csf_step_effect *effects;
	csf_team_members *teams; /* of those from which somebody was sought */
	int fired;
} csf_sweep;

/* step_action.c */
extern void csf_step_actions_init(csf_sweep *s);
/* Records that the step fired, tells whom it names, and does what it says to the ticket. */
extern void csf_step_act(csf_sweep *s, csf_swept_ticket *ticket, const csf_clock *clock, const csf_step *step,
						 TimestampTz due);
/* Writes events, reviews, messages, the tickets' columns and new tickets; their triggers do the rest. */
extern void csf_step_actions_flush(csf_sweep *s);

#endif
