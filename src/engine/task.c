/*
 * task.c
 *		AFTER STATEMENT triggers of csflow.task: events and clocks of tasks that were made, moved, done or cancelled.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engine/actor.h"
#include "engine/clock_store.h"
#include "engine/erasure.h"
#include "engine/flow.h"
#include "engine/record.h"
#include "engine/ticket.h"
#include "errors.h"

PG_FUNCTION_INFO_V1(csf_task_after);

typedef enum task_column
{
	TASK_DESK_ID,
	TASK_TICKET_NO,
	TASK_TASK_NO,
	TASK_TITLE,
	TASK_DUE_AT,
	TASK_DONE_AT,
	TASK_CANCELLED_AT,
	TASK_CHANGED_AT,
	TASK_CHANGED_BY,
	TASK_COLUMNS
} task_column;

static const char *const column_names[TASK_COLUMNS] = {"desk_id",      "ticket_no",  "task_no",
													   "title",        "due_at",     "done_at",
													   "cancelled_at", "changed_at", "changed_by"};

/* What happened to one task. */
typedef struct task_change
{
	int64 desk_id;
	int64 ticket_no;
	int64 task_no;
	const char *title; /* of a new one */
	TimestampTz due_at;
	TimestampTz at;
	int64 changed_by;
	const char *kind;
	uint64 signals;
	bool is_cancelled;
} task_change;

/* Locks in the order that everybody keeps (design 2.3), and reads what the tasks act on. */
static csf_statement ticket_query =
	CSF_STATEMENT("SELECT " CSF_TICKET_FACT_COLUMNS " FROM csflow.ticket t JOIN (SELECT DISTINCT u.desk_id,"
				  " u.ticket_no FROM engine_rows AS u(desk_id, ticket_no)) AS k"
				  " ON k.desk_id = t.desk_id AND k.ticket_no = t.ticket_no"
				  " ORDER BY t.desk_id, t.ticket_no FOR NO KEY UPDATE OF t",
				  "LN");
static csf_statement ticket_update = CSF_STATEMENT(
	"UPDATE csflow.ticket t SET changed_at = u.at, changed_by = u.changed_by, changed_by_kind ="
	" u.changed_by_kind FROM engine_rows AS u(desk_id, ticket_no, at, changed_by, changed_by_kind)"
	" WHERE t.desk_id = u.desk_id AND t.ticket_no = u.ticket_no",
	"LNZLT");

static TimestampTz
instant_of(const Datum *values, const bool *nulls, task_column column)
{
	return nulls[column] ? CSF_NO_INSTANT : DatumGetTimestampTz(values[column]);
}

static void
read_columns(TupleTableSlot *slot, const int *numbers, Datum *values, bool *nulls)
{
	for (int column = 0; column < TASK_COLUMNS; column++)
		values[column] = slot_getattr(slot, numbers[column], &nulls[column]);
}

/* Names the change; another due instant is another promise about the same task. */
static void
name_change(task_change *task, const Datum *old, const bool *old_nulls, const Datum *new,
			const bool *new_nulls)
{
	if (old == NULL)
		task->kind = "task_created";
	else if (old_nulls[TASK_DONE_AT] && !new_nulls[TASK_DONE_AT])
		task->kind = "task_done";
	else if (old_nulls[TASK_CANCELLED_AT] && !new_nulls[TASK_CANCELLED_AT])
		task->kind = "task_cancelled";
	else
		task->kind = "task_changed";
	task->is_cancelled = strcmp(task->kind, "task_cancelled") == 0;
	if (old == NULL || (strcmp(task->kind, "task_changed") == 0 &&
						instant_of(old, old_nulls, TASK_DUE_AT) != instant_of(new, new_nulls, TASK_DUE_AT)))
		task->signals = CSF_SIGNAL_BIT(CSF_SIGNAL_TASK_CREATED);
	else if (strcmp(task->kind, "task_done") == 0)
		task->signals = CSF_SIGNAL_BIT(CSF_SIGNAL_TASK_DONE);
}

static task_change *
read_changes(TriggerData *data, int *count)
{
	TupleDesc description = RelationGetDescr(data->tg_relation);
	bool is_update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	TupleTableSlot *new_slot = MakeSingleTupleTableSlot(description, &TTSOpsMinimalTuple);
	TupleTableSlot *old_slot = MakeSingleTupleTableSlot(description, &TTSOpsMinimalTuple);
	task_change *changes = palloc(sizeof(task_change) * 16);
	int capacity = 16;
	int numbers[TASK_COLUMNS];

	for (int column = 0; column < TASK_COLUMNS; column++)
		numbers[column] = SPI_fnumber(description, column_names[column]);
	*count = 0;
	tuplestore_rescan(data->tg_newtable);
	if (is_update)
		tuplestore_rescan(data->tg_oldtable);
	while (tuplestore_gettupleslot(data->tg_newtable, true, false, new_slot))
	{
		Datum old[TASK_COLUMNS], new[TASK_COLUMNS];
		bool old_nulls[TASK_COLUMNS], new_nulls[TASK_COLUMNS];
		task_change *task;

		CHECK_FOR_INTERRUPTS();
		if (is_update && !tuplestore_gettupleslot(data->tg_oldtable, true, false, old_slot))
			elog(ERROR, "transition tables of csflow.task have different lengths");
		/* Words that leave are told by the ticket's own event (handbook F8, I5). */
		if (is_update && csf_slots_only_mask(old_slot, new_slot, "title"))
			continue;
		read_columns(new_slot, numbers, new, new_nulls);
		if (is_update)
			read_columns(old_slot, numbers, old, old_nulls);
		if (*count == capacity)
		{
			capacity *= 2;
			changes = repalloc_huge(changes, sizeof(task_change) * capacity);
		}
		task = &changes[(*count)++];
		memset(task, 0, sizeof(*task));
		task->desk_id = DatumGetInt64(new[TASK_DESK_ID]);
		task->ticket_no = DatumGetInt64(new[TASK_TICKET_NO]);
		task->task_no = DatumGetInt64(new[TASK_TASK_NO]);
		task->title = is_update ? NULL : TextDatumGetCString(new[TASK_TITLE]);
		task->due_at = instant_of(new, new_nulls, TASK_DUE_AT);
		task->at = instant_of(new, new_nulls, TASK_CHANGED_AT);
		task->changed_by = new_nulls[TASK_CHANGED_BY] ? 0 : DatumGetInt64(new[TASK_CHANGED_BY]);
		name_change(task, is_update ? old : NULL, old_nulls, new, new_nulls);
	}
	ExecDropSingleTupleTableSlot(new_slot);
	ExecDropSingleTupleTableSlot(old_slot);
	return changes;
}

static int
compare_changes(const void *a, const void *b)
{
	const task_change *left = a;
	const task_change *right = b;

	if (left->desk_id != right->desk_id)
		return left->desk_id < right->desk_id ? -1 : 1;
	if (left->ticket_no != right->ticket_no)
		return left->ticket_no < right->ticket_no ? -1 : 1;
	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return (left->task_no > right->task_no) - (left->task_no < right->task_no);
}

static bool
same_ticket(const task_change *a, const task_change *b)
{
	return a->desk_id == b->desk_id && a->ticket_no == b->ticket_no;
}

/* As messages do: now() older than the ticket's last change is lifted, another earlier instant refused (2.9). */
static void
settle_instant(task_change *task, TimestampTz last_change)
{
	if (task->at >= last_change)
		return;
	if (task->at != GetCurrentTransactionStartTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_CSF_INSTANT_ORDER),
				 errmsg("%s was last changed after %s", csf_ticket_label(task->desk_id, task->ticket_no),
						timestamptz_to_str(task->at)),
				 errdetail("Its last change was at %s.", timestamptz_to_str(last_change)),
				 errhint("Leave the instant empty to mean now, or give a later one.")));
	task->at = last_change;
}

static void
lock_tickets(const task_change *tasks, int count)
{
	csf_rows keys;

	csf_rows_init(&keys, &ticket_query);
	for (int i = 0; i < count; i++)
	{
		Datum values[2] = {Int64GetDatum(tasks[i].desk_id), Int64GetDatum(tasks[i].ticket_no)};
		bool nulls[2] = {false};

		csf_rows_add(&keys, values, nulls);
	}
	csf_rows_run(&keys, &ticket_query, SPI_OK_SELECT);
}

static void
add_update(csf_rows *updates, const task_change *task, csf_actor actor)
{
	Datum values[5] = {Int64GetDatum(task->desk_id), Int64GetDatum(task->ticket_no),
					   TimestampTzGetDatum(task->at), Int64GetDatum(actor.agent_id),
					   CStringGetTextDatum(actor.kind)};
	bool nulls[5] = {false, false, false, actor.agent_id == 0, false};

	csf_rows_add(updates, values, nulls);
}

static void
record_task(csf_recorder *recorder, const task_change *task, csf_actor actor)
{
	csf_event event;

	csf_event_init(&event, task->desk_id, task->ticket_no, task->at, task->kind, actor);
	event.new_value = psprintf("%lld", (long long) task->task_no);
	event.due_at = task->due_at;
	event.text = task->title;
	csf_record_event(recorder, &event);
}

/* The locked tickets come in the order of the tasks; several tasks of one act on it one after the other. */
static void
apply(task_change *tasks, const csf_actor *actors, const csf_desk **desks, int count)
{
	csf_change *changes = palloc0(sizeof(csf_change) * count);
	uint64 ticket = 0;
	csf_recorder recorder;
	csf_rows updates;
	TimestampTz last_change = 0;

	csf_recorder_init(&recorder, CurrentMemoryContext);
	csf_rows_init(&updates, &ticket_update);
	lock_tickets(tasks, count);
	for (int i = 0; i < count; i++)
	{
		csf_change *change = &changes[i];
		csf_ticket_row row;

		if (i > 0 && !same_ticket(&tasks[i], &tasks[i - 1]))
			ticket++;
		if (ticket >= SPI_processed)
			ereport(ERROR,
					(errcode(ERRCODE_CSF_UNKNOWN_TICKET),
					 errmsg("there is no %s", csf_ticket_label(tasks[i].desk_id, tasks[i].ticket_no))));
		csf_ticket_from_spi(&row, SPI_tuptable->vals[ticket], SPI_tuptable->tupdesc);
		if (i == 0 || !same_ticket(&tasks[i], &tasks[i - 1]))
			last_change = csf_ticket_int64(&row, CSF_TICKET_CHANGED_AT, 0);
		settle_instant(&tasks[i], last_change);
		last_change = tasks[i].at;
		change->desk = desks[i];
		change->ticket_no = tasks[i].ticket_no;
		change->has_before = true;
		csf_ticket_facts_of(&change->before, desks[i], &row);
		change->after = change->before;
		change->signals = tasks[i].signals;
		change->at = tasks[i].at;
		change->named_at = tasks[i].due_at;
		change->task_no = tasks[i].task_no;
		change->is_cancelled = tasks[i].is_cancelled;
		record_task(&recorder, &tasks[i], actors[i]);
		if (i + 1 == count || !same_ticket(&tasks[i], &tasks[i + 1]))
			add_update(&updates, &tasks[i], actors[i]);
	}
	csf_changes_apply(changes, count);
	csf_recorder_flush(&recorder, false);
	csf_rows_run(&updates, &ticket_update, SPI_OK_UPDATE);
}

Datum
csf_task_after(PG_FUNCTION_ARGS)
{
	TriggerData *data = csf_trigger_data(fcinfo, "task_after", false);
	csf_owner_scope scope;
	task_change *tasks;
	csf_actor *actors;
	const csf_desk **desks;
	int count;

	if (data->tg_newtable == NULL || (TRIGGER_FIRED_BY_UPDATE(data->tg_event) && data->tg_oldtable == NULL))
		ereport(ERROR, (errcode(ERRCODE_CSF_TRIGGER_MISUSE),
						errmsg("trigger \"%s\" lacks its transition tables", data->tg_trigger->tgname)));
	csf_connect();
	tasks = read_changes(data, &count);
	qsort(tasks, count, sizeof(task_change), compare_changes);
	actors = palloc(sizeof(csf_actor) * (count + 1));
	desks = palloc(sizeof(csf_desk *) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		/* Whose rights count is whoever wrote the row, before the owner's are taken. */
		csf_session *session = csf_session_get(fcinfo->flinfo, tasks[i].desk_id);

		csf_check_not_future(session, tasks[i].at, "changed_at");
		actors[i] = csf_actor_resolve(session, NULL, tasks[i].changed_by, "unknown");
		desks[i] = session->desk;
	}
	csf_owner_enter(&scope, data->tg_relation->rd_rel->relowner);
	if (count > 0)
		apply(tasks, actors, desks, count);
	csf_owner_leave(&scope);
	SPI_finish();
	return PointerGetDatum(NULL);
}
