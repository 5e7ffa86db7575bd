/*
 * config_trigger.c
 *		Row and TRUNCATE triggers of the configuration's tables: raise the desk's version, invalidate the caches, check
 *		keyword rules.
 *
 * A version is given once for all changes of a transaction, until somebody reads the configuration: what has been read
 * as version n is what version n will always mean, and a ticket of it can be explained later (config_history.c).
 *
 * They are ENABLE ALWAYS and row triggers, so that rows which replication brings count as well (design 2.8). What was kept of them
 * where they come from is replicated too, and not kept here again.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "replication/logicalworker.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "engine/config.h"
#include "engine/config_history.h"
#include "engine/config_rule.h"
#include "engine/flow.h"
#include "errors.h"
#include "types/encoding.h"

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
 * Desks whose version this transaction has raised already and nobody has read since, with the subtransaction that did:
 * once is enough, and a playbook's thousand rows do not make a thousand versions of one row. In TopTransactionContext, whose reset forgets it.
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

void
csf_version_is_read(int64 desk_id)
{
	for (raised **link = &raised_list; *link != NULL;)
	{
		if ((*link)->desk_id == desk_id)
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
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
	/* The row of a new desk that is replicated follows it. */
	if (!is_new_desk || !IsLogicalWorker())
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
	if (!IsLogicalWorker())
		csf_history_keep(data);
}

/* Before the rows go they are kept; after it, caches are told. */
static void
table_truncated(TriggerData *data)
{
	raise_all();
	if (TRIGGER_FIRED_BEFORE(data->tg_event) && !IsLogicalWorker())
		csf_history_keep_all(RelationGetRelationName(data->tg_relation));
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
		table_truncated(data);
	csf_owner_leave(&scope);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* ---- keyword rules are refused when written, not when somebody's ticket comes in ---- */

static csf_statement alias_query = CSF_STATEMENT("SELECT word, canonical FROM csflow.keyword_alias"
												 " WHERE desk_id = $1"
												 " ORDER BY word",
												 "l");

/* The aliases of the desk that a statement checks rules of, read once for all its rows. */
typedef struct check_site
{
	MemoryContext context; /* of the aliases */
	int64 desk_id;
	csf_alias *aliases;
	int count;
} check_site;

static const char *
kept_utf8(int row, int column)
{
	char *text = csf_column_text(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
	size_t length;

	return csf_utf8_from_server(text, strlen(text), &length, NULL);
}

static void
read_aliases(check_site *site, Oid owner)
{
	Datum key = Int64GetDatum(site->desk_id);
	csf_owner_scope scope;
	MemoryContext caller;

	MemoryContextReset(site->context);
	csf_connect();
	csf_owner_enter(&scope, owner);
	csf_run(&alias_query, &key, NULL, SPI_OK_SELECT);
	caller = MemoryContextSwitchTo(site->context);
	site->count = (int) SPI_processed;
	site->aliases = palloc(sizeof(csf_alias) * (site->count + 1));
	for (int i = 0; i < site->count; i++)
		site->aliases[i] = (csf_alias){kept_utf8(i, 1), kept_utf8(i, 2)};
	MemoryContextSwitchTo(caller);
	csf_owner_leave(&scope);
	SPI_finish();
}

static check_site *
check_site_of(FmgrInfo *function, Oid owner, int64 desk_id)
{
	check_site *site = function->fn_extra;

	if (site != NULL && site->desk_id == desk_id)
		return site;
	if (site == NULL)
	{
		site = MemoryContextAllocZero(function->fn_mcxt, sizeof(check_site));
		site->context = AllocSetContextCreate(function->fn_mcxt, "csflow aliases", ALLOCSET_SMALL_SIZES);
		function->fn_extra = site;
	}
	site->desk_id = desk_id;
	read_aliases(site, owner);
	return site;
}

Datum
csf_keyword_rule_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = csf_trigger_data(fcinfo, "keyword_rule_check", true);
	HeapTuple tuple = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	TupleDesc description = RelationGetDescr(data->tg_relation);
	check_site *site =
		check_site_of(fcinfo->flinfo, data->tg_relation->rd_rel->relowner, desk_of(tuple, description));
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "csflow rule check", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	csf_rule_row row;
	csf_keyword_rule *rule = &row.rule;
	csf_fault fault;

	csf_read_rule_row(&row, tuple, description);
	if (rule->field == CSF_FIELDS) /* none, or unknown: the table's constraints say it */
	{
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(scratch);
		return PointerGetDatum(tuple);
	}
	if (rule->category_id == 0 && rule->domain == NULL && rule->impact == 0 && rule->urgency == 0 &&
		rule->raise_to == 0 && rule->team_id == 0 && rule->notify_team_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_INVALID_RULE),
				 errmsg("keyword rule %lld: the rule has no effect", (long long) rule->rule_id),
				 errhint("Give category_id, domain, impact, urgency, raise_to, team_id or notify_team_id.")));
	if (csf_rule_is_faulty(&row, site->aliases, site->count, &fault))
		csf_rule_fault(rule->rule_id, &fault);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return PointerGetDatum(tuple);
}
