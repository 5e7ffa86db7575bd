/*
 * flow_version.c
 *		Which versions of the flow's tables this library serves (design 2.6).
 *
 * A trigger on csflow.flow sends a relcache invalidation of that table, so that a connection that outlives a migration
 * looks again, also after one that was undone: PostgreSQL repeats invalidations when a transaction aborts. A version that
 * is not served is never cached.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "engine/flow.h"
#include "engine/flow_version.h"
#include "errors.h"

PG_FUNCTION_INFO_V1(csf_flow_changed);
PG_FUNCTION_INFO_V1(csf_require_flow_version);

static bool served = false;
static bool changed = false; /* since a look at the version began */
static Oid flow_table = InvalidOid;

static void
on_invalidation(Datum argument, Oid relation)
{
	(void) argument;
	if (relation == flow_table || !OidIsValid(relation))
	{
		served = false;
		changed = true;
	}
}

void
csf_flow_version_forget(void)
{
	served = false;
}

/* The version in the table's one row, 0 where there is none: while a dump is restored, triggers may be there before it. */
static int
read_version(void)
{
	Relation relation = table_open(flow_table, AccessShareLock);
	AttrNumber column = get_attnum(flow_table, "flow_version");
	Snapshot snapshot = csf_latest_snapshot();
	SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, snapshot, 0, NULL);
	HeapTuple row = systable_getnext(scan);
	bool is_null = true;
	Datum version = (Datum) 0;

	if (HeapTupleIsValid(row) && column > 0)
		version = heap_getattr(row, column, RelationGetDescr(relation), &is_null);
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(relation, AccessShareLock);
	return is_null ? 0 : DatumGetInt32(version);
}

void
csf_flow_version_check(Oid schema)
{
	static bool registered = false;
	int version;

	if (served)
		return;
	if (!registered)
	{
		CacheRegisterRelcacheCallback(on_invalidation, (Datum) 0);
		registered = true;
	}
	flow_table = get_relname_relid("flow", schema);
	if (!OidIsValid(flow_table))
		return;
	/* What arrives meanwhile must not be lost, and what fails must not count as a look. */
	changed = false;
	version = read_version();
	if (version >= CSF_FLOW_VERSION - 1 && version <= CSF_FLOW_VERSION)
	{
		served = !changed;
		return;
	}
	ereport(ERROR, (errcode(ERRCODE_CSF_FLOW_VERSION),
					errmsg("the tables of the flow have version %d, this library serves %d and %d", version,
						   CSF_FLOW_VERSION - 1, CSF_FLOW_VERSION),
					version < CSF_FLOW_VERSION
						? errhint("Bring the tables to this version of csflow with SELECT csflow.migrate().")
						: errhint("Install the version of csflow they were migrated with, or a newer one.")));
}

/* For SQL functions that touch tables without the engine. */
Datum
csf_require_flow_version(PG_FUNCTION_ARGS)
{
	(void) csf_flow_get();
	PG_RETURN_VOID();
}

/* It lends nobody any rights and reads nothing, so that it may be on any table; the version may be one not served. */
Datum
csf_flow_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_CSF_TRIGGER_MISUSE),
						errmsg("csflow.%s() can only be called as a trigger", "flow_changed")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}
