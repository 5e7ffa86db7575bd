/*
 * right.c
 *		AFTER STATEMENT triggers of csflow.temporary_right: a right to a ticket is part of its record (handbook H1, H2).
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "engine/actor.h"
#include "engine/erasure.h"
#include "engine/flow.h"
#include "engine/record.h"
#include "engine/ticket.h"
#include "errors.h"

PG_FUNCTION_INFO_V1(csf_temporary_right_after);

/* Locks in the order that everybody keeps (design 2.3), and says when the tickets were last changed. */
static csf_statement ticket_query = CSF_STATEMENT(
	"SELECT t.desk_id, t.ticket_no, t.changed_at FROM csflow.ticket t JOIN (SELECT DISTINCT u.desk_id,"
	" u.ticket_no FROM engine_rows AS u(desk_id, ticket_no)) AS k"
	" ON k.desk_id = t.desk_id AND k.ticket_no = t.ticket_no"
	" ORDER BY t.desk_id, t.ticket_no FOR NO KEY UPDATE OF t",
	"LN");

typedef enum right_column
{
	RIGHT_DESK_ID,
	RIGHT_TICKET_NO,
	RIGHT_AGENT_ID,
	RIGHT_REASON,
	RIGHT_EXPIRES_AT,
	RIGHT_COLUMNS
} right_column;

static const char *const column_names[RIGHT_COLUMNS] = {"desk_id", "ticket_no", "agent_id", "reason",
														"expires_at"};

static void
record_right(csf_recorder *recorder, FmgrInfo *function, const Datum *values, bool is_granted)
{
	int64 desk_id = DatumGetInt64(values[RIGHT_DESK_ID]);
	/* Whose rights count is whoever wrote the row, before the owner's are taken. */
	csf_actor actor = csf_actor_resolve(csf_session_get(function, desk_id), NULL, 0, "unknown");
	csf_event event;

	csf_event_init(&event, desk_id, DatumGetInt64(values[RIGHT_TICKET_NO]),
				   GetCurrentTransactionStartTimestamp(), is_granted ? "right_granted" : "right_given_back",
				   actor);
	event.new_value = psprintf("%lld", (long long) DatumGetInt64(values[RIGHT_AGENT_ID]));
	event.due_at = DatumGetTimestampTz(values[RIGHT_EXPIRES_AT]);
	event.text = is_granted ? TextDatumGetCString(values[RIGHT_REASON]) : NULL;
	csf_record_event(recorder, &event);
}

static void
read_rights(TriggerData *data, FmgrInfo *function, csf_recorder *recorder, csf_rows *keys)
{
	TupleDesc description = RelationGetDescr(data->tg_relation);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(description, &TTSOpsMinimalTuple);
	TupleTableSlot *old_slot =
		data->tg_oldtable == NULL ? NULL : MakeSingleTupleTableSlot(description, &TTSOpsMinimalTuple);

	tuplestore_rescan(data->tg_newtable);
	if (old_slot != NULL)
		tuplestore_rescan(data->tg_oldtable);
	while (tuplestore_gettupleslot(data->tg_newtable, true, false, slot))
	{
		Datum values[RIGHT_COLUMNS];
		bool nulls[RIGHT_COLUMNS];

		CHECK_FOR_INTERRUPTS();
		if (old_slot != NULL && !tuplestore_gettupleslot(data->tg_oldtable, true, false, old_slot))
			elog(ERROR, "transition tables of csflow.temporary_right have different lengths");
		/* Words that leave are told by the ticket's own event (handbook F8, I5). */
		if (old_slot != NULL && csf_slots_only_mask(old_slot, slot, "reason"))
			continue;
		for (int column = 0; column < RIGHT_COLUMNS; column++)
			values[column] =
				slot_getattr(slot, SPI_fnumber(description, column_names[column]), &nulls[column]);
		if (nulls[RIGHT_TICKET_NO])
			continue; /* for a team */
		record_right(recorder, function, values, TRIGGER_FIRED_BY_INSERT(data->tg_event));
		csf_rows_add(keys, values, nulls);
	}
	ExecDropSingleTupleTableSlot(slot);
	if (old_slot != NULL)
		ExecDropSingleTupleTableSlot(old_slot);
}

/* An event lies never before the ticket's last change, though now() may (design 2.9). */
static void
settle_instants(csf_recorder *recorder)
{
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		bool is_null;
		HeapTuple tuple = SPI_tuptable->vals[row];
		TupleDesc description = SPI_tuptable->tupdesc;
		int64 desk_id = DatumGetInt64(SPI_getbinval(tuple, description, 1, &is_null));
		int64 ticket_no = DatumGetInt64(SPI_getbinval(tuple, description, 2, &is_null));
		TimestampTz changed_at = DatumGetTimestampTz(SPI_getbinval(tuple, description, 3, &is_null));

		for (int i = 0; i < recorder->count; i++)
		{
			csf_event *event = &recorder->events[i];

			if (event->desk_id == desk_id && event->ticket_no == ticket_no && !is_null &&
				event->at < changed_at)
				event->at = changed_at;
		}
	}
}

Datum
csf_temporary_right_after(PG_FUNCTION_ARGS)
{
	TriggerData *data = csf_trigger_data(fcinfo, "temporary_right_after", false);
	csf_owner_scope scope;
	csf_recorder recorder;
	csf_rows keys;

	if (data->tg_newtable == NULL)
		ereport(ERROR, (errcode(ERRCODE_CSF_TRIGGER_MISUSE),
						errmsg("trigger \"%s\" lacks its transition tables", data->tg_trigger->tgname)));
	csf_connect();
	csf_recorder_init(&recorder, CurrentMemoryContext);
	csf_rows_init(&keys, &ticket_query);
	read_rights(data, fcinfo->flinfo, &recorder, &keys);
	csf_owner_enter(&scope, data->tg_relation->rd_rel->relowner);
	if (recorder.count > 0)
	{
		csf_rows_run(&keys, &ticket_query, SPI_OK_SELECT);
		settle_instants(&recorder);
		csf_recorder_flush(&recorder, false);
	}
	csf_owner_leave(&scope);
	SPI_finish();
	return PointerGetDatum(NULL);
}
