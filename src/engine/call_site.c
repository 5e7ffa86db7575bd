/*
 * call_site.c
 *		What a function that reads configuration keeps between its calls in one statement.
 *
 * Memory does not grow with the calls: desks are pinned in a context that is emptied when another statement begins.
 */
#include "engine/call_site.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "engine/flow.h"
#include "errors.h"

static csf_statement access_query = CSF_STATEMENT("SELECT FROM csflow.desk"
												  " WHERE desk_id OPERATOR(pg_catalog.=) $1",
												  "l");

/* What tells statements apart that share a call site: everything a new snapshot can differ in. */
typedef struct statement_mark
{
	TransactionId xmin, xmax;
	uint32 running;
	CommandId command;
	uint64 completions;
	uint64 undone; /* of the configuration: to a savepoint, which leaves the rest as it is */
} statement_mark;

typedef struct call_site
{
	MemoryContext pins; /* emptied with the statement */
	statement_mark statement;
	int64 desk_id;
	Oid user_id; /* InvalidOid: none yet */
	csf_desk *desk;
	csf_desk *past; /* NULL none; in pins */
	TupleDesc description;
} call_site;

bool
csf_may_see_desk(int64 desk_id)
{
	Datum key = Int64GetDatum(desk_id);
	bool seen;

	csf_flow_get();
	csf_connect();
	csf_run(&access_query, &key, NULL, SPI_OK_SELECT);
	seen = SPI_processed > 0;
	SPI_finish();
	return seen;
}

static statement_mark
current_statement(void)
{
	statement_mark mark;
	Snapshot snapshot = GetActiveSnapshot();

	memset(&mark, 0, sizeof(mark));
	mark.xmin = snapshot->xmin;
	mark.xmax = snapshot->xmax;
	mark.running = snapshot->xcnt;
	mark.command = snapshot->curcid;
	mark.completions = snapshot->snapXactCompletionCount;
	mark.undone = csf_desks_undone();
	return mark;
}

/*
 * A call site usually lives as long as its statement. That of an expression which PL/pgSQL evaluates by itself lives as
 * long as the transaction; there each evaluation is a statement of its own. It is told by its snapshot, and, since all
 * snapshots of a repeatable read are alike, by where its memory hangs.
 */
static bool
is_same_statement(FunctionCallInfo fcinfo, const call_site *site, const statement_mark *mark)
{
	return memcmp(&site->statement, mark, sizeof(*mark)) == 0 &&
		   MemoryContextGetParent(fcinfo->flinfo->fn_mcxt) != TopTransactionContext;
}

static call_site *
site_of(FunctionCallInfo fcinfo)
{
	call_site *site = fcinfo->flinfo->fn_extra;

	if (site != NULL)
		return site;
	site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(call_site));
	site->pins = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "csflow call site", ALLOCSET_SMALL_SIZES);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

csf_desk *
csf_call_desk(FunctionCallInfo fcinfo, int64 desk_id)
{
	call_site *site = site_of(fcinfo);
	statement_mark mark = current_statement();
	bool same = is_same_statement(fcinfo, site, &mark);

	if (same && site->user_id == GetUserId() && site->desk_id == desk_id)
		return site->desk;
	site->user_id = InvalidOid;
	if (!same)
	{
		site->past = NULL;
		MemoryContextReset(site->pins);
		site->statement = mark;
	}
	if (!csf_may_see_desk(desk_id))
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_DESK), errmsg("unknown desk %lld", (long long) desk_id),
						errhint("SELECT desk_id, name FROM csflow.desk lists the desks you may see.")));
	site->desk = csf_desk_pin(desk_id, site->pins);
	site->desk_id = desk_id;
	site->user_id = GetUserId();
	return site->desk;
}

csf_desk *
csf_call_past_desk(FunctionCallInfo fcinfo, csf_desk *desk, int64 version)
{
	call_site *site = fcinfo->flinfo->fn_extra;

	if (version == desk->version)
		return desk;
	if (site->past != NULL && site->past->desk_id == desk->desk_id && site->past->version == version)
		return site->past;
	if (site->past != NULL)
	{
		MemoryContext context = site->past->context;

		site->past = NULL;
		MemoryContextDelete(context);
	}
	site->past = csf_desk_load_version(desk->desk_id, version, site->pins);
	return site->past;
}

TupleDesc
csf_call_result(FunctionCallInfo fcinfo)
{
	call_site *site = site_of(fcinfo);

	if (site->description == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc description;

		if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "the function must return a row");
		site->description = BlessTupleDesc(description);
		MemoryContextSwitchTo(caller);
	}
	return site->description;
}
