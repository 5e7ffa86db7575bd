/*
 * flow.h
 *		How the engine reaches the flow's tables: their schema and types, statements prepared once per connection, and
 *		the table owner's rights while they run.
 */
#ifndef CSF_ENGINE_FLOW_H
#define CSF_ENGINE_FLOW_H

#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

typedef struct csf_flow
{
	Oid schema;
	Oid marker; /* csflow.configuration_version: its invalidation means that configuration changed */
	Oid ticket; /* csflow.ticket */
	Oid owner;  /* of csflow.ticket, hence of the flow */
	Oid ticket_no_type;
	Oid priority_type;
	Oid tag_type;
	Oid calendar_type;
} csf_flow;

/*
 * Looks the flow up, again when it was dropped or made anew; raises SF014 where there is none, SF015 where its version is
 * not served.
 */
extern const csf_flow *csf_flow_get(void);

/*
 * Counts how often the flow was found to be another one than before. What is built from OIDs compares it.
 */
extern uint64 csf_flow_generation(void);

/*
 * Raises SF016 unless the trigger function was called as a trigger of the given timing on a table of the flow: an
 * owner's rights must not be lent to a table that somebody else made (design 2.11).
 */
extern TriggerData *csf_trigger_data(FunctionCallInfo fcinfo, const char *function, bool before_row);

/*
 * SPI_connect for the engine. PostgreSQL keeps the list of relations such as engine_rows where the current memory context
 * was at the first of them; made here, that is SPI's own, which outlives our shorter-lived ones.
 */
extern void csf_connect(void);

/*
 * The rights of the flow's owner and an empty search_path, for the engine's own statements, as referential-integrity
 * triggers do. Undone by csf_owner_leave; after an error by the transaction's own clean-up.
 */
typedef struct csf_owner_scope
{
	Oid user;
	int security_context;
	int guc_level;
} csf_owner_scope;

extern void csf_owner_enter(csf_owner_scope *scope, Oid owner);
extern void csf_owner_leave(const csf_owner_scope *scope);

/*
 * A statement prepared once per connection. types has a small letter per parameter, and a capital one per column of the
 * rows it reads from engine_rows: b boolean, s smallint, i integer, l bigint, d double precision, t text, z timestamptz,
 * a timestamptz[], y bytea, n ticket_no, m ticket_no[], p priority.
 */
typedef struct csf_statement
{
	const char *sql;
	const char *types;
	int cursor_options;
	double expected_rows; /* of engine_rows */
	SPIPlanPtr plan;
	TupleDesc rows; /* of engine_rows; NULL before its first use, or where it reads none */
	struct csf_statement *next;
	bool is_listed;
} csf_statement;

/* clang-format off: it takes the braces for a block. */
/* The generic plan is the good one where keys come from engine_rows: values would teach the planner nothing. */
#define CSF_STATEMENT(sql, types)                                                                            \
	{                                                                                                        \
		(sql), (types), CURSOR_OPT_GENERIC_PLAN, 1, NULL, NULL, NULL, false                                  \
	}
/* Planned for each call: where the values decide which index serves. */
#define CSF_STATEMENT_PLANNED(sql, types)                                                                    \
	{                                                                                                        \
		(sql), (types), CURSOR_OPT_CUSTOM_PLAN, 1, NULL, NULL, NULL, false                                   \
	}
/* The same, for a cursor that will not be read to its end. */
#define CSF_STATEMENT_FAST_START(sql, types)                                                                 \
	{                                                                                                        \
		(sql), (types), CURSOR_OPT_CUSTOM_PLAN | CURSOR_OPT_FAST_PLAN, 1, NULL, NULL, NULL, false            \
	}
/* The same, for thousands of rows in engine_rows. */
#define CSF_STATEMENT_MANY(sql, types)                                                                       \
	{                                                                                                        \
		(sql), (types), CURSOR_OPT_CUSTOM_PLAN, 10000, NULL, NULL, NULL, false                               \
	}
/* clang-format on */

/* The element type behind a letter. */
extern Oid csf_type_of_letter(char letter);

/*
 * Runs it inside SPI_connect; expected is the SPI_OK_… code. Reads see what is committed and our own changes. The current
 * memory context stays the caller's (SPI alone would leave its own).
 */
extern void csf_run(csf_statement *statement, Datum *values, const char *nulls, int expected);
/*
 * Runs a query and hands over its rows one by one as they come, without keeping them: under a snapshot of this moment, or
 * read-only under the caller's. take returns false when it wants no more; the values live until then, the current memory
 * context is the caller's, and other statements may be run meanwhile.
 */
typedef bool (*csf_take_row)(void *of, const Datum *values, const bool *nulls);
extern void csf_stream(csf_statement *statement, const Datum *values, bool read_only, csf_take_row take,
					   void *of);
/*
 * For configuration (design 2.8): a snapshot taken now whatever the isolation level, registered until the caller
 * unregisters it, and a read under it.
 */
extern Snapshot csf_latest_snapshot(void);
extern void csf_run_under(csf_statement *statement, Datum *values, const char *nulls, Snapshot snapshot);

/* Columns of a row that SPI returned, by number from 1; the text is a copy in the current memory context. */
extern int64 csf_column_int64(HeapTuple row, TupleDesc description, int column, int64 if_null);
extern int csf_column_int(HeapTuple row, TupleDesc description, int column, int if_null);
extern bool csf_column_bool(HeapTuple row, TupleDesc description, int column);
extern char *csf_column_text(HeapTuple row, TupleDesc description, int column);

/*
 * Rows collected one by one, for a statement to read as the relation engine_rows, as triggers read transition tables. Many
 * rows spill to disk by themselves.
 */
typedef struct csf_rows
{
	TupleDesc description;
	Tuplestorestate *store; /* NULL while there are none */
	int count;
} csf_rows;

/* For the columns of a statement. */
extern void csf_rows_init(csf_rows *rows, csf_statement *statement);
/* Appends a copy of a row. */
extern void csf_rows_add(csf_rows *rows, Datum *values, bool *nulls);
/* Runs the statement on the rows, if there are any, and empties them; returns SPI_processed. */
extern uint64 csf_rows_run(csf_rows *rows, csf_statement *statement, int expected);
/* The same with values for the statement's parameters. */
extern uint64 csf_rows_run_with(csf_rows *rows, csf_statement *statement, Datum *values, int expected);

#endif
