/*
 * past.h
 *		What recorded events signalled when they happened, found out from their rows.
 *
 * For runs of clocks that begin later and ask what has been reached already (csf_clock_event.past), and for replays.
 */
#ifndef CSF_ENGINE_PAST_H
#define CSF_ENGINE_PAST_H

#include "postgres.h"

#include "engine/config.h"

/* One row of csflow.event, as far as clocks ask; what old_value and new_value hold depends on the kind. */
typedef struct csf_recorded_event
{
	int64 at;
	const char *kind;
	const char *actor_kind;
	int64 actor_id;
	const char *old_state;
	const char *new_state;
	const char *old_value;
	const char *new_value;
	int64 due_at;
	bool same_act; /* of the INSERT or UPDATE that recorded the one before */
	int64 team_id; /* for which a message speaks; 0 where nobody asked */
} csf_recorded_event;

/* old_value of a message by a person known to be no novice. */
#define CSF_BY_SENIOR "senior"

/* Its columns from e.at on, for statements; read back by csf_recorded_event_from. team_id is not among them. */
#define CSF_RECORDED_COLUMNS                                                                                 \
	"e.at, e.kind, e.actor_kind, e.actor_id, e.old_state, e.new_state, e.old_value, e.new_value, e.due_at,"  \
	" e.same_act"
#define CSF_RECORDED_COLUMN_COUNT 10
extern void csf_recorded_event_from(csf_recorded_event *event, const Datum *values, const bool *nulls);

extern bool csf_recorded_is(const csf_recorded_event *event, const char *kind);
extern bool csf_recorded_is_message(const csf_recorded_event *event);
extern bool csf_recorded_is_task(const csf_recorded_event *event);
/* The state reached, or -1. */
extern int csf_recorded_state(const csf_recorded_event *event);

/*
 * What a message or task signalled, as message.c and task.c give it; events are all of the ticket, in order, of which this
 * is the i-th. state: the ticket's then, or -1 where it does not matter whether it was answered.
 */
extern uint64 csf_message_signals(const csf_desk *desk, const csf_recorded_event *event, int state);
extern uint64 csf_task_signals(const csf_recorded_event *events, int i);

/* The first count events as a run that begins after them asks for them; a copy in the current memory context. */
extern const csf_past_event *csf_past_of_events(const csf_desk *desk, const csf_recorded_event *events,
												int count);

#endif
