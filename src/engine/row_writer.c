/*
 * row_writer.c
 *		Changes some columns of very many rows that are known by their place.
 *
 * What an UPDATE does to one row, and nothing else: checks its constraints, writes the new version, enters it into the
 * indexes. Finding the rows by a join, which is a quarter of the cost where a million are moved, is what it spares.
 */
#include "engine/row_writer.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "engine/flow.h"
#include "errors.h"

/* A partition with what is needed to write to it. */
typedef struct leaf
{
	struct leaf *next;
	Relation relation;
	bool is_taken;
	ResultRelInfo *result;
	TupleTableSlot *old;
	TupleTableSlot *new;
	AttrNumber *columns; /* numbers, in the order of the names */
	bool *keeps;         /* by index: whether none of these is in it */
} leaf;

struct csf_row_writer
{
	MemoryContext context; /* everything; parent of the executor state's */
	Relation table;
	bool is_taken;
	int count;
	const char *const *names;
	EState *estate;
	leaf *leaves;
};

static bool
is_plain(Relation relation)
{
	const TriggerDesc *triggers = relation->trigdesc;
	const TupleConstr *constraints = RelationGetDescr(relation)->constr;

	return relation->rd_rules == NULL && (constraints == NULL || !constraints->has_generated_stored) &&
		   (triggers == NULL ||
			!(triggers->trig_update_before_row || triggers->trig_update_after_row ||
			  triggers->trig_update_instead_row || triggers->trig_update_before_statement ||
			  triggers->trig_update_after_statement));
}

csf_row_writer *
csf_row_writer_open(const char *table, const char *const *columns, int count)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "csflow row writer", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	csf_row_writer *writer = palloc0(sizeof(csf_row_writer));

	writer->context = context;
	writer->table = table_open(get_relname_relid(table, csf_flow_get()->schema), RowExclusiveLock);
	/* Under one snapshot for all the executor is to say what others have written since. */
	writer->is_taken = !IsolationUsesXactSnapshot() && is_plain(writer->table);
	writer->count = count;
	writer->names = columns;
	writer->estate = CreateExecutorState();
	PushActiveSnapshot(GetTransactionSnapshot());
	MemoryContextSwitchTo(caller);
	return writer;
}

static void
find_columns(const csf_row_writer *writer, leaf *l)
{
	TupleDesc description = RelationGetDescr(l->relation);

	l->columns = palloc(sizeof(AttrNumber) * writer->count);
	for (int i = 0; i < writer->count; i++)
	{
		l->columns[i] = get_attnum(RelationGetRelid(l->relation), writer->names[i]);
		if (l->columns[i] <= 0 || l->columns[i] > description->natts)
			ereport(ERROR,
					(errcode(ERRCODE_CSF_FLOW_VERSION),
					 errmsg("table \"%s\" has no column \"%s\"", RelationGetRelationName(l->relation),
							writer->names[i]),
					 errhint("Bring the tables to this version of csflow with SELECT csflow.migrate().")));
	}
}

/* Whether none of the columns is one of the index, its expressions counted as if they were. */
static bool
keeps_index(const csf_row_writer *writer, const leaf *l, const IndexInfo *index)
{
	if (index->ii_Expressions != NIL)
		return false;
	for (int i = 0; i < index->ii_NumIndexAttrs; i++)
	{
		for (int c = 0; c < writer->count; c++)
		{
			if (index->ii_IndexAttrNumbers[i] == l->columns[c])
				return false;
		}
	}
	return true;
}

/*
 * A key that stays is its row's alone, as it was: nobody need be asked again. One that is written would have to be checked, as
 * would what an exclusion constraint forbids; that is left to statements.
 */
static bool
prepare_indexes(const csf_row_writer *writer, leaf *l)
{
	l->keeps = palloc(sizeof(bool) * (l->result->ri_NumIndices + 1));
	for (int i = 0; i < l->result->ri_NumIndices; i++)
	{
		IndexInfo *index = l->result->ri_IndexRelationInfo[i];

		l->keeps[i] = keeps_index(writer, l, index);
		if ((index->ii_Unique && (!l->keeps[i] || index->ii_Predicate != NIL)) ||
			index->ii_ExclusionOps != NULL)
			return false;
		index->ii_PredicateState = ExecPrepareQual(index->ii_Predicate, writer->estate);
	}
	return true;
}

static void
close_leaf(leaf *l)
{
	ExecDropSingleTupleTableSlot(l->old);
	ExecDropSingleTupleTableSlot(l->new);
	ExecCloseIndices(l->result);
}

static void
prepare_to_write(csf_row_writer *writer, leaf *l)
{
	CheckCmdReplicaIdentity(l->relation, CMD_UPDATE);
	l->result = makeNode(ResultRelInfo);
	InitResultRelInfo(l->result, l->relation, 0, NULL, 0);
	ExecOpenIndices(l->result, false);
	l->old = table_slot_create(l->relation, NULL);
	l->new = table_slot_create(l->relation, NULL);
	l->new->tts_tableOid = RelationGetRelid(l->relation); /* a constraint may ask for it */
	find_columns(writer, l);
	l->is_taken = prepare_indexes(writer, l);
	if (!l->is_taken)
		close_leaf(l);
}

static leaf *
leaf_of(csf_row_writer *writer, Oid relation)
{
	MemoryContext caller;
	leaf *l = writer->leaves;

	while (l != NULL && RelationGetRelid(l->relation) != relation)
		l = l->next;
	if (l != NULL)
		return l;
	caller = MemoryContextSwitchTo(writer->context);
	l = palloc0(sizeof(leaf));
	l->relation = table_open(relation, RowExclusiveLock);
	l->is_taken =
		writer->is_taken && l->relation->rd_rel->relkind == RELKIND_RELATION && is_plain(l->relation);
	if (l->is_taken)
		prepare_to_write(writer, l);
	l->next = writer->leaves;
	writer->leaves = l;
	MemoryContextSwitchTo(caller);
	return l;
}

bool
csf_row_writer_takes(csf_row_writer *writer, Oid relation)
{
	return leaf_of(writer, relation)->is_taken;
}

static void
refuse_conflict(const leaf *l)
{
	ereport(ERROR,
			(errcode(ERRCODE_CSF_CONCURRENT_CHANGE),
			 errmsg("a row of \"%s\" was changed by someone else", RelationGetRelationName(l->relation)),
			 errhint("Try the transaction again.")));
}

/* The new version of the row in l->old: the same but for the columns given. */
static void
build_new(const csf_row_writer *writer, leaf *l, const Datum *values, const bool *nulls)
{
	int natts = RelationGetDescr(l->relation)->natts;

	slot_getallattrs(l->old);
	ExecClearTuple(l->new);
	memcpy(l->new->tts_values, l->old->tts_values, sizeof(Datum) * natts);
	memcpy(l->new->tts_isnull, l->old->tts_isnull, sizeof(bool) * natts);
	for (int i = 0; i < writer->count; i++)
	{
		l->new->tts_values[l->columns[i] - 1] = values[i];
		l->new->tts_isnull[l->columns[i] - 1] = nulls[i];
	}
	ExecStoreVirtualTuple(l->new);
}

/* The new version into the indexes, as ExecInsertIndexTuples() does, but for the check of unique keys. */
static void
index_new(csf_row_writer *writer, leaf *l, csf_update_indexes which)
{
	ExprContext *expressions = GetPerTupleExprContext(writer->estate);

	expressions->ecxt_scantuple = l->new;
	for (int i = 0; i < l->result->ri_NumIndices; i++)
	{
		IndexInfo *index = l->result->ri_IndexRelationInfo[i];
		Datum values[INDEX_MAX_KEYS];
		bool nulls[INDEX_MAX_KEYS];

		if (!index->ii_ReadyForInserts || !csf_index_is_due(index, which) ||
			!ExecQual(index->ii_PredicateState, expressions))
			continue;
		FormIndexDatum(index, l->new, writer->estate, values, nulls);
		(void) index_insert(l->result->ri_IndexRelationDescs[i], values, nulls, &l->new->tts_tid, l->relation,
							UNIQUE_CHECK_NO, l->keeps[i], index);
	}
}

void
csf_row_writer_update(csf_row_writer *writer, const csf_row_place *place, const Datum *values,
					  const bool *nulls)
{
	leaf *l = leaf_of(writer, place->relation);
	ItemPointerData tid = place->tid;
	csf_update_indexes indexes;
	LockTupleMode mode;
	TM_FailureData failure;
	MemoryContext caller;

	Assert(l->is_taken);
	CHECK_FOR_INTERRUPTS();
	ResetPerTupleExprContext(writer->estate);
	caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(writer->estate));
	if (!table_tuple_fetch_row_version(l->relation, &tid, GetActiveSnapshot(), l->old))
		refuse_conflict(l);
	build_new(writer, l, values, nulls);
	if (RelationGetDescr(l->relation)->constr != NULL)
		ExecConstraints(l->result, l->new, writer->estate);
	if (table_tuple_update(l->relation, &tid, l->new, GetCurrentCommandId(true), GetActiveSnapshot(),
						   InvalidSnapshot, true, &failure, &mode, &indexes) != TM_Ok)
		refuse_conflict(l);
	if (indexes)
		index_new(writer, l, indexes);
	MemoryContextSwitchTo(caller);
}

void
csf_row_writer_close(csf_row_writer *writer)
{
	PopActiveSnapshot();
	for (leaf *l = writer->leaves; l != NULL; l = l->next)
	{
		if (l->is_taken)
			close_leaf(l);
		table_close(l->relation, NoLock);
	}
	table_close(writer->table, NoLock);
	FreeExecutorState(writer->estate);
	MemoryContextDelete(writer->context);
	CommandCounterIncrement();
}
