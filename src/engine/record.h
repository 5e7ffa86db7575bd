/*
 * record.h
 *		Writing events with their hash chain, and the outbox.
 *
 * Rows are collected in order and written in a few statements at the flush. Whoever flushes holds the rows of all
 * tickets concerned locked (lock order: ticket, its clocks, its chain head), inside SPI and with the owner's rights.
 */
#ifndef CSF_ENGINE_RECORD_H
#define CSF_ENGINE_RECORD_H

#include "postgres.h"

#include "common/cryptohash.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "utils/hsearch.h"

#include "engine/flow.h"
#include "kernel/clock.h"

typedef struct csf_actor
{
	const char *kind; /* agent, customer, system or unknown */
	int64 agent_id;   /* 0: none */
} csf_actor;

/* One event; unset strings are NULL, unset numbers 0, unset instants CSF_NO_INSTANT. */
typedef struct csf_event
{
	int64 desk_id;
	int64 ticket_no;
	TimestampTz at;
	const char *kind;
	csf_actor actor;
	const char *old_state;
	const char *new_state;
	const char *old_value;
	const char *new_value;
	const char *clock;
	int32 run;
	int step_position;
	TimestampTz due_at;
	int64 message_no;
	bool same_act;    /* the INSERT or UPDATE that recorded the event before it recorded it as well */
	const char *text; /* free text, kept apart from the event */
	int32 seq;        /* set by the flush */
} csf_event;

/* One row of the outbox; to is agent, team, role or customer. */
typedef struct csf_notice
{
	int64 desk_id;
	int64 ticket_no;
	TimestampTz at;
	const char *topic;
	const char *recipient_kind;
	int64 recipient_id;
	const char *recipient;
	const char *clock;
	TimestampTz due_at;
	int event; /* place of the event it tells of, as csf_record_event returned it; -1: none */
} csf_notice;

typedef struct csf_recorder
{
	MemoryContext context; /* holds everything until the flush */
	int count;
	int capacity;
	csf_event *events;
	int notice_count;
	int notice_capacity;
	csf_notice *notices;
	bool
		is_range; /* the events are of one desk, in the order of its tickets, and few tickets lie between: join by range */
} csf_recorder;

extern void csf_recorder_init(csf_recorder *recorder, MemoryContext context);
extern void csf_event_init(csf_event *event, int64 desk_id, int64 ticket_no, TimestampTz at, const char *kind,
						   csf_actor actor);
/* Both copy the struct, not its strings, which must live until the flush; an event's place among the events is returned. */
extern int csf_record_event(csf_recorder *recorder, const csf_event *event);
extern void csf_record_notice(csf_recorder *recorder, const csf_notice *notice);
/* Writes what was collected; all_new: the tickets have no events yet. */
extern void csf_recorder_flush(csf_recorder *recorder, bool all_new);

/*
 * One link of a ticket's chain: head is the hash of the event before (32 zero bytes before the first) and becomes that of
 * this event, whose seq is set. form is scratch space.
 */
extern void csf_event_link(pg_cryptohash_ctx *hash, StringInfo form, const csf_event *event,
						   TimestampTz recorded_at, const uint8 *text_digest, uint8 *head);

#endif
