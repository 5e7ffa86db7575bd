/*
 * ticket.h
 *		Rows of csflow.ticket as the triggers see them.
 */
#ifndef CSF_ENGINE_TICKET_H
#define CSF_ENGINE_TICKET_H

#include "postgres.h"

#include "access/htup.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

#include "engine/config.h"

/* The columns the engine knows; others pass through untouched. */
#define CSF_TICKET_COLUMNS(COLUMN)                                                                           \
	COLUMN(DESK_ID, "desk_id")                                                                               \
	COLUMN(TICKET_NO, "ticket_no")                                                                           \
	COLUMN(STATE, "state")                                                                                   \
	COLUMN(CHANNEL, "channel")                                                                               \
	COLUMN(CUSTOMER_ID, "customer_id")                                                                       \
	COLUMN(CUSTOMER_TIER, "customer_tier")                                                                   \
	COLUMN(TITLE, "title")                                                                                   \
	COLUMN(BODY, "body")                                                                                     \
	COLUMN(KIND, "kind")                                                                                     \
	COLUMN(CATEGORY_ID, "category_id")                                                                       \
	COLUMN(CATEGORY_GIVEN, "category_given")                                                                 \
	COLUMN(DOMAIN, "domain")                                                                                 \
	COLUMN(TAG, "tag")                                                                                       \
	COLUMN(IMPACT, "impact")                                                                                 \
	COLUMN(URGENCY, "urgency")                                                                               \
	COLUMN(PRIORITY, "priority")                                                                             \
	COLUMN(PRIORITY_REASON, "priority_reason")                                                               \
	COLUMN(SCORE, "score")                                                                                   \
	COLUMN(NEEDS_REVIEW, "needs_review")                                                                     \
	COLUMN(EMOTION, "emotion")                                                                               \
	COLUMN(ANGER, "anger")                                                                                   \
	COLUMN(ANXIETY, "anxiety")                                                                               \
	COLUMN(RULES_VERSION, "rules_version")                                                                   \
	COLUMN(NOTIFIED_TEAM_IDS, "notified_team_ids")                                                           \
	COLUMN(COMPLEXITY, "complexity")                                                                         \
	COLUMN(HANDLING_TIER, "handling_tier")                                                                   \
	COLUMN(TEAM_ID, "team_id")                                                                               \
	COLUMN(AGENT_ID, "agent_id")                                                                             \
	COLUMN(FIRST_HANDLER_ID, "first_handler_id")                                                             \
	COLUMN(REVIEWER_ID, "reviewer_id")                                                                       \
	COLUMN(AMOUNT, "amount")                                                                                 \
	COLUMN(ATTRIBUTES, "attributes")                                                                         \
	COLUMN(DUPLICATE_OF, "duplicate_of")                                                                     \
	COLUMN(OPENED_AT, "opened_at")                                                                           \
	COLUMN(ACCEPTED_AT, "accepted_at")                                                                       \
	COLUMN(ANSWERED_AT, "answered_at")                                                                       \
	COLUMN(CLOSED_AT, "closed_at")                                                                           \
	COLUMN(CLOSE_REASON, "close_reason")                                                                     \
	COLUMN(ARCHIVED_AT, "archived_at")                                                                       \
	COLUMN(FIRST_RESPONSE_AT, "first_response_at")                                                           \
	COLUMN(LAST_CUSTOMER_MESSAGE_AT, "last_customer_message_at")                                             \
	COLUMN(LAST_PUBLIC_MESSAGE_AT, "last_public_message_at")                                                 \
	COLUMN(NEXT_NEWS_AT, "next_news_at")                                                                     \
	COLUMN(TRANSFER_COUNT, "transfer_count")                                                                 \
	COLUMN(REOPEN_COUNT, "reopen_count")                                                                     \
	COLUMN(CHANGED_AT, "changed_at")                                                                         \
	COLUMN(CHANGED_BY, "changed_by")                                                                         \
	COLUMN(CHANGED_BY_KIND, "changed_by_kind")                                                               \
	COLUMN(CHANGE_REASON, "change_reason")

#define CSF_TICKET_ENUM(symbol, name) CSF_TICKET_##symbol,
typedef enum csf_ticket_column
{
	CSF_TICKET_COLUMNS(CSF_TICKET_ENUM) CSF_TICKET_COLUMN_COUNT
} csf_ticket_column;

/* Where the columns stand in the table: attribute numbers by csf_ticket_column. */
typedef struct csf_ticket_map
{
	AttrNumber numbers[CSF_TICKET_COLUMN_COUNT];
	int attribute_count;
	/* B-trees over (desk_id, customer_id, opened_at) and (desk_id, ticket_no); invalid: dropped. */
	Oid customer_index;
	Oid key_index;
} csf_ticket_map;

/* Finds the columns by name, so that migrations may append or drop others; kept until the table changes. */
extern const csf_ticket_map *csf_ticket_map_get(Relation relation);

/* One row, by csf_ticket_column; values point into the tuple. */
typedef struct csf_ticket_row
{
	Datum values[CSF_TICKET_COLUMN_COUNT];
	bool nulls[CSF_TICKET_COLUMN_COUNT];
} csf_ticket_row;

extern void csf_ticket_read(csf_ticket_row *row, TupleTableSlot *slot, const csf_ticket_map *map);

extern int64 csf_ticket_int64(const csf_ticket_row *row, csf_ticket_column column, int64 if_null);
extern int csf_ticket_smallint(const csf_ticket_row *row, csf_ticket_column column);
extern int csf_ticket_priority(const csf_ticket_row *row);
/* A copy in the current memory context, or NULL. */
extern char *csf_ticket_text(const csf_ticket_row *row, csf_ticket_column column);
/* Whether a title is the one that a ticket without a title gets; the rules do not read it. */
extern bool csf_ticket_title_is_made(const char *title, const char *body);
extern csf_state csf_ticket_state(const csf_ticket_row *row);
extern bool csf_ticket_same(const csf_ticket_row *a, const csf_ticket_row *b, csf_ticket_column column);

/* What clocks ask about the ticket; strings are copies in the current memory context. */
extern void csf_ticket_facts_of(csf_ticket_facts *facts, const csf_desk *desk, const csf_ticket_row *row);

/* The columns of ticket t that facts, instants and addressees need, for statements; read back by csf_ticket_from_spi. */
#define CSF_TICKET_FACT_COLUMNS                                                                              \
	"t.desk_id, t.ticket_no, t.state, t.channel, t.customer_tier, t.category_id, t.kind, t.priority, "       \
	"t.handling_tier,"                                                                                       \
	" t.complexity, t.opened_at, t.changed_at, t.team_id, t.agent_id"
#define CSF_TICKET_FACT_COLUMN_COUNT 14
extern void csf_ticket_from_spi(csf_ticket_row *row, HeapTuple tuple, TupleDesc description);
/* The same from the columns themselves. */
extern void csf_ticket_from_values(csf_ticket_row *row, const Datum *values, const bool *nulls);

/* While a message's trigger writes the columns that follow from messages; anybody else's values for them are ignored. */
extern bool csf_message_writes_ticket;

/* "ticket 202611001 of desk 3", for messages. */
extern const char *csf_ticket_label(int64 desk_id, int64 ticket_no);

#endif
