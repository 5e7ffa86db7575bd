/*
 * ticket_after.c
 *		AFTER STATEMENT triggers of csflow.ticket: events, notices and clocks of all changed rows, in a few statements.
 */
#include "engine/ticket.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engine/actor.h"
#include "engine/clock_store.h"
#include "engine/duplicate.h"
#include "engine/flow.h"
#include "engine/record.h"
#include "errors.h"
#include "types/types.h"

/* Rows worked on at a time: bounds the memory of a bulk load. */
#define CHUNK 2000

PG_FUNCTION_INFO_V1(csf_ticket_after);

/* Surveys and questions whether it is solved (handbook F1, F5); which of them, the desk's settings say. */
static csf_statement link_statement = CSF_STATEMENT(
	"SELECT csflow.send_links(array_agg(u.desk_id), array_agg(u.ticket_no), array_agg(u.state), array_agg(u.at))"
	" FROM engine_rows AS u(desk_id, ticket_no, state, at)",
	"LNTZ");

/* What mark_duplicates() has to look at: intake cannot see what another transaction is just inserting (handbook A8). */
static csf_statement unchecked_insert =
	CSF_STATEMENT("INSERT INTO csflow.duplicate_queue (desk_id, ticket_no)"
				  " SELECT * FROM engine_rows ON CONFLICT DO NOTHING",
				  "LN");

/* A statement's rows on their way to events and clocks. */
typedef struct chunk
{
	MemoryContext context; /* reset after each chunk */
	const csf_ticket_map *map;
	TupleDesc description;
	MemoryContext statement; /* holds the configuration that the BEFORE triggers have used */
	csf_recorder recorder;
	csf_rows links; /* tickets whose customers are sent a link */
	int count;
	csf_change *changes;
	csf_rows unchecked;
} chunk;

static csf_actor
actor_of(const csf_ticket_row *row)
{
	csf_actor actor = {.kind = csf_ticket_text(row, CSF_TICKET_CHANGED_BY_KIND),
					   .agent_id = csf_ticket_int64(row, CSF_TICKET_CHANGED_BY, 0)};

	return actor;
}

static void
begin_event(csf_event *event, const csf_ticket_row *row, const char *kind)
{
	csf_event_init(event, csf_ticket_int64(row, CSF_TICKET_DESK_ID, 0),
				   csf_ticket_int64(row, CSF_TICKET_TICKET_NO, 0),
				   csf_ticket_int64(row, CSF_TICKET_CHANGED_AT, 0), kind, actor_of(row));
	event->text = csf_ticket_text(row, CSF_TICKET_CHANGE_REASON);
}

static const char *
id_text(const csf_ticket_row *row, csf_ticket_column column)
{
	return row->nulls[column] ? NULL : psprintf("%lld", (long long) DatumGetInt64(row->values[column]));
}

static const char *
priority_text(const csf_ticket_row *row)
{
	int priority = csf_ticket_priority(row);

	return priority == 0 ? NULL : psprintf("%c", csf_priority_letter((csf_priority) priority));
}

static const char *
tier_text(const csf_ticket_row *row)
{
	int tier = csf_ticket_smallint(row, CSF_TICKET_HANDLING_TIER);

	return tier == 0 ? NULL : psprintf("%d", tier);
}

/* An event for a column that changed, from the former to the new value. */
static void
record_value_change(chunk *c, const csf_ticket_row *new, const char *kind, const char *old_value,
					const char *new_value)
{
	csf_event event;

	begin_event(&event, new, kind);
	event.old_value = old_value;
	event.new_value = new_value;
	csf_record_event(&c->recorder, &event);
}

static void
notify_teams(chunk *c, const csf_ticket_row *row, int event)
{
	Datum *teams;
	int count;

	if (row->nulls[CSF_TICKET_NOTIFIED_TEAM_IDS])
		return;
	deconstruct_array(DatumGetArrayTypeP(row->values[CSF_TICKET_NOTIFIED_TEAM_IDS]), INT8OID, sizeof(int64),
					  true, TYPALIGN_DOUBLE, &teams, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		csf_notice notice = {.desk_id = csf_ticket_int64(row, CSF_TICKET_DESK_ID, 0),
							 .ticket_no = csf_ticket_int64(row, CSF_TICKET_TICKET_NO, 0),
							 .at = csf_ticket_int64(row, CSF_TICKET_OPENED_AT, 0),
							 .topic = "priority_risk",
							 .recipient_kind = "team",
							 .recipient_id = DatumGetInt64(teams[i]),
							 .due_at = CSF_NO_INSTANT,
							 .event = event};

		csf_record_notice(&c->recorder, &notice);
	}
}

static void
add_link(chunk *c, const csf_change *change)
{
	Datum values[4] = {Int64GetDatum(change->desk->desk_id), Int64GetDatum(change->ticket_no),
					   CStringGetTextDatum(csf_state_name(change->after.state)),
					   TimestampTzGetDatum(change->at)};
	bool nulls[4] = {false};

	if ((change->desk->link_states & CSF_STATE_BIT(change->after.state)) != 0)
		csf_rows_add(&c->links, values, nulls);
}

static void
queue_check(chunk *c, const csf_desk *desk, const csf_ticket_row *row)
{
	csf_state state = csf_ticket_state(row);

	if (desk->queues_duplicates && !row->nulls[CSF_TICKET_CUSTOMER_ID] &&
		(state == CSF_STATE_NEW || state == CSF_STATE_ASSIGNED))
	{
		Datum values[] = {row->values[CSF_TICKET_DESK_ID], row->values[CSF_TICKET_TICKET_NO]};
		bool nulls[] = {false, false};

		csf_rows_add(&c->unchecked, values, nulls);
	}
}

static const char *
original_text(const csf_ticket_row *row)
{
	char number[CSF_TICKET_NO_TEXT_MAX];

	csf_ticket_no_print(csf_ticket_int64(row, CSF_TICKET_DUPLICATE_OF, 0), number);
	return pstrdup(number);
}

/* ---- INSERT ---- */

/* Intake's own mark is an event after the opening, as the later pass's is. */
static void
record_recognised(chunk *c, const csf_ticket_row *row, const csf_duplicate *found, const char *opened_as)
{
	csf_event event;

	begin_event(&event, row, "state_changed");
	event.actor = (csf_actor){.kind = "system"};
	event.old_state = opened_as;
	event.new_state = csf_state_name(CSF_STATE_DUPLICATE);
	event.new_value = original_text(row);
	event.text = psprintf("%d %% like %s", (int) (found->similarity * 100), event.new_value);
	csf_record_event(&c->recorder, &event);
}

static void
add_opened(chunk *c, const csf_desk *desk, const csf_ticket_row *row)
{
	csf_change *change = &c->changes[c->count++];
	const csf_duplicate *found = NULL;
	csf_event event;
	int opened;

	memset(change, 0, sizeof(*change));
	change->desk = desk;
	change->ticket_no = csf_ticket_int64(row, CSF_TICKET_TICKET_NO, 0);
	change->is_new = true;
	change->at = csf_ticket_int64(row, CSF_TICKET_OPENED_AT, 0);
	change->named_at = CSF_NO_INSTANT;
	csf_ticket_facts_of(&change->after, desk, row);
	change->signals = csf_opening_signals(change->after.state);
	add_link(c, change);

	begin_event(&event, row, "opened");
	if (change->after.state == CSF_STATE_DUPLICATE)
		found = csf_duplicate_recall(change->ticket_no);
	event.new_state = csf_state_name(found == NULL                     ? change->after.state
									 : row->nulls[CSF_TICKET_AGENT_ID] ? CSF_STATE_NEW
																	   : CSF_STATE_ASSIGNED);
	event.new_value = priority_text(row);
	opened = csf_record_event(&c->recorder, &event);
	if (!row->nulls[CSF_TICKET_AGENT_ID])
	{
		change->signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_ASSIGNED);
		record_value_change(c, row, "assigned", NULL, id_text(row, CSF_TICKET_AGENT_ID));
	}
	queue_check(c, desk, row);
	if (found != NULL)
		record_recognised(c, row, found, event.new_state);
	else
		notify_teams(c, row, opened);
}

/* ---- UPDATE ---- */

static uint64
record_state(chunk *c, const csf_ticket_row *new, csf_state from, csf_state to)
{
	uint64 signals = csf_transition_signals(from, to);
	const char *kind = "state_changed";
	csf_event event;

	if ((signals & CSF_SIGNAL_BIT(CSF_SIGNAL_ANSWERED)) != 0)
		kind = "answered";
	else if ((signals & CSF_SIGNAL_BIT(CSF_SIGNAL_CLOSED)) != 0)
		kind = "closed";
	else if ((signals & CSF_SIGNAL_BIT(CSF_SIGNAL_REOPENED)) != 0)
		kind = "reopened";
	else if ((signals & CSF_SIGNAL_BIT(CSF_SIGNAL_ACCEPTED)) != 0)
		kind = "accepted";
	begin_event(&event, new, kind);
	event.old_state = csf_state_name(from);
	event.new_state = csf_state_name(to);
	if (to == CSF_STATE_CLOSED)
		event.new_value = csf_ticket_text(new, CSF_TICKET_CLOSE_REASON);
	else if (to == CSF_STATE_DUPLICATE)
		event.new_value = original_text(new);
	csf_record_event(&c->recorder, &event);
	return signals;
}

/* What targets ask about besides category and priority: with its values, so that history can be replayed. */
static void
record_asked_columns(chunk *c, const csf_ticket_row *old, const csf_ticket_row *new)
{
	if (!csf_ticket_same(old, new, CSF_TICKET_CHANNEL))
		record_value_change(c, new, "channel_changed", csf_ticket_text(old, CSF_TICKET_CHANNEL),
							csf_ticket_text(new, CSF_TICKET_CHANNEL));
	if (!csf_ticket_same(old, new, CSF_TICKET_CUSTOMER_TIER))
		record_value_change(c, new, "customer_tier_changed", csf_ticket_text(old, CSF_TICKET_CUSTOMER_TIER),
							csf_ticket_text(new, CSF_TICKET_CUSTOMER_TIER));
	if (!csf_ticket_same(old, new, CSF_TICKET_COMPLEXITY))
		record_value_change(c, new, "complexity_changed", csf_ticket_text(old, CSF_TICKET_COMPLEXITY),
							csf_ticket_text(new, CSF_TICKET_COMPLEXITY));
	if (!csf_ticket_same(old, new, CSF_TICKET_HANDLING_TIER))
		record_value_change(c, new, "handling_tier_changed", tier_text(old), tier_text(new));
}

static uint64
record_columns(chunk *c, const csf_ticket_row *old, const csf_ticket_row *new)
{
	uint64 signals = 0;

	if (!csf_ticket_same(old, new, CSF_TICKET_CATEGORY_ID))
		record_value_change(c, new, "category_changed", id_text(old, CSF_TICKET_CATEGORY_ID),
							id_text(new, CSF_TICKET_CATEGORY_ID));
	if (!csf_ticket_same(old, new, CSF_TICKET_PRIORITY))
		record_value_change(c, new, "priority_changed", priority_text(old), priority_text(new));
	record_asked_columns(c, old, new);
	if (!csf_ticket_same(old, new, CSF_TICKET_TEAM_ID))
	{
		bool is_transfer = !old->nulls[CSF_TICKET_TEAM_ID];

		record_value_change(c, new, is_transfer ? "transferred" : "routed", id_text(old, CSF_TICKET_TEAM_ID),
							id_text(new, CSF_TICKET_TEAM_ID));
		if (is_transfer)
			signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_TRANSFERRED);
	}
	if (!csf_ticket_same(old, new, CSF_TICKET_AGENT_ID))
	{
		record_value_change(c, new, new->nulls[CSF_TICKET_AGENT_ID] ? "unassigned" : "assigned",
							id_text(old, CSF_TICKET_AGENT_ID), id_text(new, CSF_TICKET_AGENT_ID));
		if (!new->nulls[CSF_TICKET_AGENT_ID])
			signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_ASSIGNED);
	}
	if (!csf_ticket_same(old, new, CSF_TICKET_REVIEWER_ID) && !new->nulls[CSF_TICKET_REVIEWER_ID])
	{
		record_value_change(c, new, "reviewer_named", id_text(old, CSF_TICKET_REVIEWER_ID),
							id_text(new, CSF_TICKET_REVIEWER_ID));
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_REVIEWER_NAMED);
	}
	return signals;
}

/* The columns whose change has events of its own, or follows from one. */
static bool
is_followed(const csf_ticket_map *map, int attribute)
{
	static const csf_ticket_column free_columns[] = {
		CSF_TICKET_TITLE,      CSF_TICKET_BODY,   CSF_TICKET_CUSTOMER_ID, CSF_TICKET_AMOUNT,
		CSF_TICKET_ATTRIBUTES, CSF_TICKET_IMPACT, CSF_TICKET_URGENCY,     CSF_TICKET_DOMAIN,
		CSF_TICKET_EMOTION,    CSF_TICKET_ANGER,  CSF_TICKET_ANXIETY,     CSF_TICKET_ARCHIVED_AT};

	for (int i = 0; i < (int) lengthof(free_columns); i++)
	{
		if (map->numbers[free_columns[i]] == attribute + 1)
			return false;
	}
	for (int column = 0; column < CSF_TICKET_COLUMN_COUNT; column++)
	{
		if (map->numbers[column] == attribute + 1)
			return true;
	}
	return false;
}

static bool
was_edited(const chunk *c, const TupleTableSlot *old, const TupleTableSlot *new, int i)
{
	Form_pg_attribute attribute = TupleDescAttr(c->description, i);

	if (attribute->attisdropped || is_followed(c->map, i))
		return false;
	if (old->tts_isnull[i] || new->tts_isnull[i])
		return old->tts_isnull[i] != new->tts_isnull[i];
	return !datum_image_eq(old->tts_values[i], new->tts_values[i], attribute->attbyval, attribute->attlen);
}

/* Names the other columns that were edited, so that the audit misses nothing (handbook H1). */
static void
record_edits(chunk *c, const TupleTableSlot *old, const TupleTableSlot *new, const csf_ticket_row *row)
{
	StringInfoData names;

	names.data = NULL;
	for (int i = 0; i < c->description->natts; i++)
	{
		if (!was_edited(c, old, new, i))
			continue;
		if (names.data == NULL)
			initStringInfo(&names);
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
						 NameStr(TupleDescAttr(c->description, i)->attname));
	}
	if (names.data != NULL)
		record_value_change(c, row, "edited", NULL, names.data);
}

static void
add_updated(chunk *c, const csf_desk *desk, const csf_ticket_row *old, const csf_ticket_row *new)
{
	csf_change *change = &c->changes[c->count];

	memset(change, 0, sizeof(*change));
	change->desk = desk;
	change->ticket_no = csf_ticket_int64(new, CSF_TICKET_TICKET_NO, 0);
	change->has_before = true;
	change->at = csf_ticket_int64(new, CSF_TICKET_CHANGED_AT, 0);
	change->named_at = CSF_NO_INSTANT;
	change->signals = record_columns(c, old, new);
	change->team_id = csf_ticket_int64(new, CSF_TICKET_TEAM_ID, 0);
	if (!csf_ticket_same(old, new, CSF_TICKET_STATE))
		change->signals |= record_state(c, new, csf_ticket_state(old), csf_ticket_state(new));
	else if (!csf_ticket_same(old, new, CSF_TICKET_DUPLICATE_OF))
		record_value_change(c, new, "edited", NULL, "duplicate_of");
	if (!csf_ticket_same(old, new, CSF_TICKET_CUSTOMER_ID))
		queue_check(c, desk, new);
	/* Only what targets ask about can move a clock. */
	if (change->signals != 0 || !csf_ticket_same(old, new, CSF_TICKET_CATEGORY_ID) ||
		!csf_ticket_same(old, new, CSF_TICKET_PRIORITY) || !csf_ticket_same(old, new, CSF_TICKET_CHANNEL) ||
		!csf_ticket_same(old, new, CSF_TICKET_CUSTOMER_TIER) ||
		!csf_ticket_same(old, new, CSF_TICKET_COMPLEXITY) ||
		!csf_ticket_same(old, new, CSF_TICKET_HANDLING_TIER))
	{
		csf_ticket_facts_of(&change->before, desk, old);
		csf_ticket_facts_of(&change->after, desk, new);
		if (change->before.state != change->after.state)
			add_link(c, change);
		c->count++;
	}
}

/* ---- the statement ---- */

static void
flush(chunk *c, bool all_new)
{
	MemoryContext old = MemoryContextSwitchTo(c->context);

	csf_changes_apply(c->changes, c->count);
	csf_recorder_flush(&c->recorder, all_new);
	csf_rows_run(&c->links, &link_statement, SPI_OK_SELECT);
	csf_rows_run(&c->unchecked, &unchecked_insert, SPI_OK_INSERT);
	MemoryContextSwitchTo(old);
}

static void
begin_chunk(chunk *c)
{
	MemoryContextReset(c->context);
	csf_recorder_init(&c->recorder, c->context);
	csf_rows_init(&c->links, &link_statement);
	c->changes = MemoryContextAlloc(c->context, sizeof(csf_change) * CHUNK);
	c->count = 0;
	csf_rows_init(&c->unchecked, &unchecked_insert);
}

static TupleTableSlot *
open_rows(Tuplestorestate *rows, TupleDesc description)
{
	if (rows == NULL)
		return NULL;
	tuplestore_rescan(rows);
	return MakeSingleTupleTableSlot(description, &TTSOpsMinimalTuple);
}

/* Old and new transition tables hold the rows of an UPDATE in the same order. */
static bool
next_pair(TriggerData *data, TupleTableSlot *old_slot, TupleTableSlot *new_slot)
{
	if (!tuplestore_gettupleslot(data->tg_newtable, true, false, new_slot))
		return false;
	if (old_slot != NULL && !tuplestore_gettupleslot(data->tg_oldtable, true, false, old_slot))
		elog(ERROR, "transition tables of csflow.ticket have different lengths");
	return true;
}

static void
work(TriggerData *data, chunk *c)
{
	bool is_update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	TupleTableSlot *new_slot = open_rows(data->tg_newtable, c->description);
	TupleTableSlot *old_slot = is_update ? open_rows(data->tg_oldtable, c->description) : NULL;
	MemoryContext caller = CurrentMemoryContext;
	int rows = 0;
	csf_desk *desk = NULL;

	begin_chunk(c);
	while (next_pair(data, old_slot, new_slot))
	{
		csf_ticket_row old;
		csf_ticket_row new;
		int64 desk_id;
		int first = c->recorder.count;

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(c->context);
		csf_ticket_read(&new, new_slot, c->map);
		desk_id = csf_ticket_int64(&new, CSF_TICKET_DESK_ID, 0);
		if (desk == NULL || desk->desk_id != desk_id)
			desk = csf_desk_pin(desk_id, c->statement);
		if (is_update)
		{
			csf_ticket_read(&old, old_slot, c->map);
			if (!csf_ticket_same(&old, &new, CSF_TICKET_TICKET_NO))
				elog(ERROR, "transition tables of csflow.ticket are not in the same order");
			add_updated(c, desk, &old, &new);
			record_edits(c, old_slot, new_slot, &new);
		}
		else
			add_opened(c, desk, &new);
		for (int i = first + 1; i < c->recorder.count; i++)
			c->recorder.events[i].same_act = true;
		MemoryContextSwitchTo(caller);
		if (++rows % CHUNK == 0)
		{
			flush(c, !is_update);
			begin_chunk(c);
		}
	}
	flush(c, !is_update);
	ExecDropSingleTupleTableSlot(new_slot);
	if (old_slot != NULL)
		ExecDropSingleTupleTableSlot(old_slot);
}

Datum
csf_ticket_after(PG_FUNCTION_ARGS)
{
	TriggerData *data = csf_trigger_data(fcinfo, "ticket_after", false);
	csf_owner_scope scope;
	chunk c = {0};

	if (data->tg_newtable == NULL || (TRIGGER_FIRED_BY_UPDATE(data->tg_event) && data->tg_oldtable == NULL))
		ereport(ERROR, (errcode(ERRCODE_CSF_TRIGGER_MISUSE),
						errmsg("trigger \"%s\" lacks its transition tables", data->tg_trigger->tgname)));
	c.map = csf_ticket_map_get(data->tg_relation);
	c.description = RelationGetDescr(data->tg_relation);
	csf_connect();
	csf_owner_enter(&scope, data->tg_relation->rd_rel->relowner);
	c.statement = fcinfo->flinfo->fn_mcxt;
	c.context = AllocSetContextCreate(CurrentMemoryContext, "csflow changes", ALLOCSET_DEFAULT_SIZES);
	work(data, &c);
	csf_owner_leave(&scope);
	SPI_finish();
	return PointerGetDatum(NULL);
}
