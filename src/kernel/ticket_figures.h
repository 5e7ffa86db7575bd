/*
 * ticket_figures.h
 *		The figures of a ticket from its events (handbook G1; kpi definitions in doc/health.md), in one pass in their order.
 */
#ifndef CSF_KERNEL_TICKET_FIGURES_H
#define CSF_KERNEL_TICKET_FIGURES_H

#include "kernel/clock.h"
#include "kernel/kernel.h"

typedef enum csf_told
{
	CSF_TOLD_OTHER,
	CSF_TOLD_OPENED,
	CSF_TOLD_REPLY, /* public, by a person */
	CSF_TOLD_ROUTED,
	CSF_TOLD_TRANSFERRED,
	CSF_TOLD_ASSIGNED, /* to a person */
	CSF_TOLD_ESCALATED /* a step of level breach or escalation fired, those that close left out */
} csf_told;

/* What an event tells. state is a csf_state, or -1 where the event does not change it. */
typedef struct csf_told_event
{
	int64 at;
	csf_told told;
	int state;
	bool to_department; /* of ROUTED and TRANSFERRED: to one, not to none */
} csf_told_event;

/*
 * A duration as intervals add up: whole days of each stay and what is left of them apart, so that SQL gives the same; and the
 * open time in it. All but days in microseconds.
 */
typedef struct csf_elapsed
{
	int64 days;
	int64 left;
	int64 business;
} csf_elapsed;

/* Open time from one instant to another; raises its own errors. */
typedef int64 (*csf_business_time)(void *of, int64 since, int64 until);

/* Instants are CSF_NO_INSTANT where nothing of the kind has happened. */
typedef struct csf_ticket_figures
{
	csf_business_time business_time;
	void *business_of;

	int64 opened_at;
	int64 first_reply_at;
	int64 last_reply_at;
	int reply_count;
	int64 first_solved_at;
	int64 last_solved_at; /* from a working state; solved since then only if is_done */
	int reopen_count;
	int64 first_reopened_at;
	int moves;           /* to a department */
	csf_told first_move; /* of these events; OTHER: there was none */
	int assignee_stations;
	int escalation_count;
	csf_elapsed work; /* in new and open states */
	csf_elapsed pending;
	csf_elapsed hold;

	bool is_live; /* was ever in a state that is neither duplicate nor invalid */
	bool is_done; /* the last such state was answered or closed */
	int state;    /* of now, -1 before the first */
	int64 since;
} csf_ticket_figures;

extern void csf_figures_begin(csf_ticket_figures *figures, csf_business_time business_time,
							  void *business_of);
extern void csf_figures_add(csf_ticket_figures *figures, const csf_told_event *event);

/* From one instant to a later one of the ticket. */
extern csf_elapsed csf_figures_elapsed(const csf_ticket_figures *figures, int64 since, int64 until);
extern csf_elapsed csf_elapsed_sum(csf_elapsed a, csf_elapsed b);

/* When it was solved for good, as far as is known; CSF_NO_INSTANT: it is open. */
extern int64 csf_figures_solved_at(const csf_ticket_figures *figures);

#endif
