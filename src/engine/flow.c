/*
 * flow.c
 *		The engine's way to the flow's tables: look-up, rights, prepared statements, rows as arrays.
 */
#include "engine/flow.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/queryenvironment.h"
#include "utils/syscache.h"

#include "engine/flow_version.h"
#include "errors.h"

static csf_flow flow;
static uint64 generation = 0;
static csf_statement *statements = NULL;

static Oid
type_in(Oid schema, const char *name)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name), ObjectIdGetDatum(schema));
}

static Oid
owner_of(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
free_statements(void)
{
	while (statements != NULL)
	{
		csf_statement *statement = statements;

		statements = statement->next;
		if (statement->plan != NULL)
			SPI_freeplan(statement->plan);
		if (statement->rows != NULL)
			FreeTupleDesc(statement->rows);
		statement->plan = NULL;
		statement->rows = NULL;
		statement->next = NULL;
		statement->is_listed = false;
	}
}

const csf_flow *
csf_flow_get(void)
{
	csf_flow now;

	now.schema = get_namespace_oid("csflow", true);
	now.ticket = OidIsValid(now.schema) ? get_relname_relid("ticket", now.schema) : InvalidOid;
	now.marker = OidIsValid(now.schema) ? get_relname_relid("configuration_version", now.schema) : InvalidOid;
	if (!OidIsValid(now.ticket) || !OidIsValid(now.marker))
		ereport(ERROR,
				(errcode(ERRCODE_CSF_FLOW_MISSING), errmsg("this database has no csflow desk yet"),
				 errhint("Create the tables and a first desk with SELECT csflow.create_desk('support').")));
	now.owner = owner_of(now.ticket);
	now.ticket_no_type = type_in(now.schema, "ticket_no");
	now.priority_type = type_in(now.schema, "priority");
	now.tag_type = type_in(now.schema, "tag");
	now.calendar_type = type_in(now.schema, "calendar");
	if (memcmp(&now, &flow, sizeof(flow)) != 0)
	{
		free_statements();
		flow = now;
		generation++;
		csf_flow_version_forget();
	}
	csf_flow_version_check(now.schema);
	return &flow;
}

uint64
csf_flow_generation(void)
{
	return generation;
}

TriggerData *
csf_trigger_data(FunctionCallInfo fcinfo, const char *function, bool before_row)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	const csf_flow *found;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_CSF_TRIGGER_MISUSE),
						errmsg("csflow.%s() can only be called as a trigger", function)));
	if (before_row ? !(TRIGGER_FIRED_BEFORE(data->tg_event) && TRIGGER_FIRED_FOR_ROW(data->tg_event))
				   : !(TRIGGER_FIRED_AFTER(data->tg_event) || TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)))
		ereport(ERROR, (errcode(ERRCODE_CSF_TRIGGER_MISUSE),
						errmsg("trigger \"%s\" fires csflow.%s() at the wrong time", data->tg_trigger->tgname,
							   function),
						errdetail("It must fire %s.", before_row ? "BEFORE, FOR EACH ROW" : "AFTER")));
	found = csf_flow_get();
	if (RelationGetNamespace(data->tg_relation) != found->schema ||
		data->tg_relation->rd_rel->relowner != found->owner)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_TRIGGER_MISUSE),
				 errmsg("csflow.%s() serves only the tables of the flow, not \"%s\"", function,
						RelationGetRelationName(data->tg_relation)),
				 errdetail("The table must be in schema csflow and have the owner of csflow.ticket.")));
	return data;
}

void
csf_connect(void)
{
	/* Static: it is looked at only between the two calls. */
	static EphemeralNamedRelationData none = {.md = {.name = "engine_none", .enrtype = ENR_NAMED_TUPLESTORE}};

	SPI_connect();
	if (SPI_register_relation(&none) != SPI_OK_REL_REGISTER ||
		SPI_unregister_relation(none.md.name) != SPI_OK_REL_UNREGISTER)
		elog(ERROR, "could not prepare for engine_rows");
}

void
csf_owner_enter(csf_owner_scope *scope, Oid owner)
{
	GetUserIdAndSecContext(&scope->user, &scope->security_context);
	SetUserIdAndSecContext(owner,
						   scope->security_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	scope->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

void
csf_owner_leave(const csf_owner_scope *scope)
{
	AtEOXact_GUC(true, scope->guc_level);
	SetUserIdAndSecContext(scope->user, scope->security_context);
}

Oid
csf_type_of_letter(char letter)
{
	switch (letter)
	{
		case 'b':
			return BOOLOID;
		case 's':
			return INT2OID;
		case 'i':
			return INT4OID;
		case 'l':
			return INT8OID;
		case 'd':
			return FLOAT8OID;
		case 't':
			return TEXTOID;
		case 'z':
			return TIMESTAMPTZOID;
		case 'a':
			return TIMESTAMPTZARRAYOID;
		case 'y':
			return BYTEAOID;
		case 'n':
			return flow.ticket_no_type;
		case 'm':
			return get_array_type(flow.ticket_no_type);
		case 'p':
			return flow.priority_type;
		default:
			elog(ERROR, "unknown parameter type letter \"%c\"", letter);
	}
}

/* Whatever is built from OIDs goes when the flow turns out to be another one. */
static void
list_statement(csf_statement *statement)
{
	if (statement->is_listed)
		return;
	statement->next = statements;
	statements = statement;
	statement->is_listed = true;
}

static bool
is_column(char letter)
{
	return letter >= 'A' && letter <= 'Z';
}

static void
prepare(csf_statement *statement)
{
	Oid types[FUNC_MAX_ARGS];
	int count = 0;

	if (statement->plan != NULL)
		return;
	for (const char *letter = statement->types; *letter != '\0'; letter++)
	{
		if (!is_column(*letter))
			types[count++] = csf_type_of_letter(*letter);
	}
	statement->plan = SPI_prepare_cursor(statement->sql, count, types, statement->cursor_options);
	if (statement->plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", statement->sql, SPI_result_code_string(SPI_result));
	SPI_keepplan(statement->plan);
	list_statement(statement);
}

void
csf_run(csf_statement *statement, Datum *values, const char *nulls, int expected)
{
	MemoryContext caller = CurrentMemoryContext;
	int result;

	prepare(statement);
	result = SPI_execute_plan(statement->plan, values, nulls, false, 0);
	MemoryContextSwitchTo(caller);
	if (result != expected)
		elog(ERROR, "\"%s\" returned %s", statement->sql, SPI_result_code_string(result));
}

/* Where csf_stream has the executor send the rows. */
typedef struct row_receiver
{
	DestReceiver receiver;
	csf_take_row take;
	void *of;
	MemoryContext caller;
} row_receiver;

static bool
receive_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	const row_receiver *r = (const row_receiver *) receiver;
	MemoryContext executor = MemoryContextSwitchTo(r->caller);
	bool more;

	slot_getallattrs(slot);
	more = r->take(r->of, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(executor);
	return more;
}

static void
start_rows(DestReceiver *receiver, int operation, TupleDesc description)
{
}

static void
end_rows(DestReceiver *receiver)
{
}

void
csf_stream(csf_statement *statement, const Datum *values, bool read_only, csf_take_row take, void *of)
{
	MemoryContext caller = CurrentMemoryContext;
	/* DestNone would tell SPI that nobody wants the rows. */
	row_receiver receiver = {.receiver = {.receiveSlot = receive_row,
										  .rStartup = start_rows,
										  .rShutdown = end_rows,
										  .rDestroy = end_rows,
										  .mydest = DestTuplestore},
							 .take = take,
							 .of = of,
							 .caller = caller};
	SPIExecuteOptions options = {.read_only = read_only, .dest = &receiver.receiver};
	int count = (int) strlen(statement->types);
	int result;

	prepare(statement);
	options.params = makeParamList(count);
	for (int i = 0; i < count; i++)
	{
		options.params->params[i].value = values[i];
		options.params->params[i].isnull = false;
		options.params->params[i].pflags = PARAM_FLAG_CONST;
		options.params->params[i].ptype = csf_type_of_letter(statement->types[i]);
	}
	result = SPI_execute_plan_extended(statement->plan, &options);
	MemoryContextSwitchTo(caller);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "\"%s\" returned %s", statement->sql, SPI_result_code_string(result));
}

Snapshot
csf_latest_snapshot(void)
{
	/* A parallel query cannot take a new snapshot; its own is the best there is (the caller marks what it loads). */
	return RegisterSnapshot(IsInParallelMode() ? GetActiveSnapshot() : GetLatestSnapshot());
}

void
csf_run_under(csf_statement *statement, Datum *values, const char *nulls, Snapshot snapshot)
{
	MemoryContext caller = CurrentMemoryContext;
	int result;

	prepare(statement);
	result = SPI_execute_snapshot(statement->plan, values, nulls, snapshot, InvalidSnapshot, true, false, 0);
	MemoryContextSwitchTo(caller);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "\"%s\" returned %s", statement->sql, SPI_result_code_string(result));
}

int64
csf_column_int64(HeapTuple row, TupleDesc description, int column, int64 if_null)
{
	bool is_null;
	Datum value = SPI_getbinval(row, description, column, &is_null);

	return is_null ? if_null : DatumGetInt64(value);
}

/* For integer and smallint columns alike. */
int
csf_column_int(HeapTuple row, TupleDesc description, int column, int if_null)
{
	bool is_null;
	Datum value = SPI_getbinval(row, description, column, &is_null);

	if (is_null)
		return if_null;
	return SPI_gettypeid(description, column) == INT2OID ? DatumGetInt16(value) : DatumGetInt32(value);
}

bool
csf_column_bool(HeapTuple row, TupleDesc description, int column)
{
	bool is_null;
	Datum value = SPI_getbinval(row, description, column, &is_null);

	return !is_null && DatumGetBool(value);
}

char *
csf_column_text(HeapTuple row, TupleDesc description, int column)
{
	bool is_null;
	Datum value = SPI_getbinval(row, description, column, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

/* Built once: the look-ups of nineteen types cost more than the row they describe. */
static void
describe_rows(csf_statement *statement)
{
	MemoryContext caller = MemoryContextSwitchTo(CacheMemoryContext);
	AttrNumber column = 0;
	int columns = 0;
	TupleDesc description;

	for (const char *letter = statement->types; *letter != '\0'; letter++)
		columns += is_column(*letter);
	description = CreateTemplateTupleDesc(columns);
	for (const char *letter = statement->types; *letter != '\0'; letter++)
	{
		char name[NAMEDATALEN];

		if (!is_column(*letter))
			continue;
		/* A column without a name would count as dropped. */
		snprintf(name, sizeof(name), "column%d", ++column);
		TupleDescInitEntry(description, column, name, csf_type_of_letter((char) (*letter - 'A' + 'a')), -1,
						   0);
	}
	MemoryContextSwitchTo(caller);
	statement->rows = description;
	list_statement(statement);
}

void
csf_rows_init(csf_rows *rows, csf_statement *statement)
{
	if (statement->rows == NULL)
		describe_rows(statement);
	rows->description = statement->rows;
	rows->store = NULL;
	rows->count = 0;
}

void
csf_rows_add(csf_rows *rows, Datum *values, bool *nulls)
{
	if (rows->store == NULL)
		rows->store = tuplestore_begin_heap(false, false, work_mem);
	tuplestore_putvalues(rows->store, rows->description, values, nulls);
	rows->count++;
}

uint64
csf_rows_run(csf_rows *rows, csf_statement *statement, int expected)
{
	return csf_rows_run_with(rows, statement, NULL, expected);
}

uint64
csf_rows_run_with(csf_rows *rows, csf_statement *statement, Datum *values, int expected)
{
	/* As a rule planned once, for a row or two: by index. A plan made for thousands would read whole tables for each. */
	EphemeralNamedRelationData relation = {.md = {.name = "engine_rows",
												  .reliddesc = InvalidOid,
												  .tupdesc = rows->description,
												  .enrtype = ENR_NAMED_TUPLESTORE,
												  .enrtuples = statement->expected_rows},
										   .reldata = rows->store};
	uint64 processed;

	if (rows->count == 0)
		return 0;
	if (SPI_register_relation(&relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register engine_rows");
	csf_run(statement, values, NULL, expected);
	processed = SPI_processed;
	SPI_unregister_relation(relation.md.name);
	tuplestore_end(rows->store);
	rows->store = NULL;
	rows->count = 0;
	return processed;
}
