/*
 * config_trigger.c
 *		Row and TRUNCATE triggers of the configuration's tables: raise the desk's version, invalidate the caches, check
 *		keyword rules.
 *
 * They are ENABLE ALWAYS and row triggers, so that rows which replication brings count as well (design 2.8).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "engine/config.h"
#include "engine/config_target.h"
#include "engine/flow.h"
#include "errors.h"

PG_FUNCTION_INFO_V1(csf_configuration_changed);
PG_FUNCTION_INFO_V1(csf_keyword_rule_check);

static csf_statement version_insert =
	CSF_STATEMENT("INSERT INTO csflow.configuration_version (desk_id) VALUES ($1)"
				  " ON CONFLICT DO NOTHING",
				  "l");
static csf_statement version_update =
	CSF_STATEMENT("UPDATE csflow.configuration_version SET version = version + 1, changed_at = now()"
				  " WHERE desk_id = $1",
				  "l");
static csf_statement version_update_all =
	CSF_STATEMENT("UPDATE csflow.configuration_version SET version = version + 1, changed_at = now()", "");

/*
 * Desks whose version this transaction has raised already, with the subtransaction that did: once is enough, and a
 * playbook's thousand rows do not make a thousand versions of one row. In TopTransactionContext, whose reset forgets it.
 */
typedef struct raised
{
	int64 desk_id;
	SubTransactionId subtransaction;
	struct raised *next;
} raised;

static raised *raised_list = NULL;

static void
forget_raised(void *argument)
{
	(void) argument;
	raised_list = NULL;
}

/* What an aborted subtransaction raised stays in the list, but is not mistaken for ours: its number never comes back. */
static bool
is_raised(int64 desk_id)
{
	SubTransactionId mine = GetCurrentSubTransactionId();

	for (raised *r = raised_list; r != NULL; r = r->next)
	{
		if (r->desk_id == desk_id && (r->subtransaction == mine || r->subtransaction == TopSubTransactionId))
			return true;
	}
	return false;
}

static void
note_raised(int64 desk_id)
{
	raised *r = MemoryContextAlloc(TopTransactionContext, sizeof(raised));

	if (raised_list == NULL)
	{
		MemoryContextCallback *callback =
			MemoryContextAllocZero(TopTransactionContext, sizeof(MemoryContextCallback));

		callback->func = forget_raised;
		MemoryContextRegisterResetCallback(TopTransactionContext, callback);
	}
	r->desk_id = desk_id;
	r->subtransaction = GetCurrentSubTransactionId();
	r->next = raised_list;
	raised_list = r;
}

static void
raise_version(int64 desk_id, bool is_new_desk)
{
	Datum key = Int64GetDatum(desk_id);

	/* Marked each time: the next command of this transaction must see each change, not only the first. */
	csf_desk_changed_here(desk_id);
	CacheInvalidateRelcacheByRelid(csf_flow_get()->marker);
	if (is_raised(desk_id))
		return;
	csf_run(is_new_desk ? &version_insert : &version_update, &key, NULL,
			is_new_desk ? SPI_OK_INSERT : SPI_OK_UPDATE);
	note_raised(desk_id);
}

static void
raise_all(void)
{
	CacheInvalidateRelcacheByRelid(csf_flow_get()->marker);
	csf_run(&version_update_all, NULL, NULL, SPI_OK_UPDATE);
	csf_all_desks_changed_here();
}

static int64
desk_of(HeapTuple tuple, TupleDesc description)
{
	int column = SPI_fnumber(description, "desk_id");
	bool is_null;
	Datum value;

	if (column <= 0)
		ereport(ERROR, (errcode(ERRCODE_CSF_TRIGGER_MISUSE),
						errmsg("csflow.configuration_changed() needs a table with a column desk_id")));
	value = heap_getattr(tuple, column, description, &is_null);
	return is_null ? 0 : DatumGetInt64(value);
}

static void
row_changed(TriggerData *data)
{
	TupleDesc description = RelationGetDescr(data->tg_relation);
	bool is_update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	bool is_desk = strcmp(RelationGetRelationName(data->tg_relation), "desk") == 0;
	int64 old_desk = desk_of(data->tg_trigtuple, description);

	raise_version(old_desk, is_desk && TRIGGER_FIRED_BY_INSERT(data->tg_event));
	if (is_update && desk_of(data->tg_newtuple, description) != old_desk)
		raise_version(desk_of(data->tg_newtuple, description), false);
}

Datum
csf_configuration_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = csf_trigger_data(fcinfo, "configuration_changed", false);
	csf_owner_scope scope;

	csf_connect();
	csf_owner_enter(&scope, data->tg_relation->rd_rel->relowner);
	if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
		row_changed(data);
	else
		raise_all();
	csf_owner_leave(&scope);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* ---- keyword rules are refused when written, not when somebody's ticket comes in ---- */

Datum
csf_keyword_rule_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = csf_trigger_data(fcinfo, "keyword_rule_check", true);
	HeapTuple tuple = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "csflow rule check", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	csf_keyword_rule rule;
	csf_category category = {0};
	csf_classifier_input input = {.rules = &rule, .n_rules = 1, .categories = &category};
	csf_fault fault;
	int64 rule_id;

	csf_read_rule_row(&rule, tuple, RelationGetDescr(data->tg_relation));
	if (rule.category_id == 0 && rule.domain == NULL && rule.impact == 0 && rule.urgency == 0 &&
		rule.raise_to == 0 && rule.team_id == 0 && rule.notify_team_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_INVALID_RULE),
				 errmsg("keyword rule %lld: the rule has no effect", (long long) rule.rule_id),
				 errhint("Give category_id, domain, impact, urgency, raise_to, team_id or notify_team_id.")));
	category.category_id = rule.category_id;
	input.n_categories = rule.category_id == 0 ? 0 : 1;
	if (csf_classifier_build(&input, &fault, &rule_id) == NULL)
		csf_rule_fault(rule.rule_id, &fault);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return PointerGetDatum(tuple);
}
