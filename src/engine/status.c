/*
 * status.c
 *		csflow.classifier_status(): what the cache of this connection holds.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"

#include "engine/call_site.h"
#include "engine/config.h"
#include "types/result_rows.h"

PG_FUNCTION_INFO_V1(csf_classifier_status);

#define STATUS_COLUMNS 9

/* Collected first: showing that the caller may see a desk runs SQL, during which the cache may change. */
typedef struct desk_status
{
	int64 desk_id;
	int64 version;
	csf_classifier_size size;
	int left_out;
	Size bytes;
	bool is_current;
} desk_status;

static void
collect(const csf_desk *desk, void *argument)
{
	List **list = argument;
	desk_status *status = palloc(sizeof(desk_status));

	status->desk_id = desk->desk_id;
	status->version = desk->version;
	status->size = csf_classifier_measure(desk->classifier);
	status->left_out = csf_classifier_left_out(desk->classifier);
	status->bytes = MemoryContextMemAllocated(desk->context, true);
	status->is_current = desk->is_current && !desk->must_rebuild;
	*list = lappend(*list, status);
}

static int
compare_desks(const ListCell *left, const ListCell *right)
{
	const desk_status *a = lfirst(left), *b = lfirst(right);

	return a->desk_id < b->desk_id ? -1 : a->desk_id > b->desk_id;
}

Datum
csf_classifier_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	List *list = NIL;
	ListCell *cell;

	result = csf_result_rows(fcinfo);
	csf_desk_visit(collect, &list);
	list_sort(list, compare_desks);
	foreach (cell, list)
	{
		const desk_status *status = lfirst(cell);
		Datum values[STATUS_COLUMNS] = {
			Int64GetDatum(status->desk_id),
			Int64GetDatum(status->version),
			Int32GetDatum(status->size.rules),
			Int32GetDatum(status->left_out),
			Int32GetDatum(status->size.patterns),
			Int32GetDatum(status->size.states),
			Int64GetDatum((int64) status->size.memory),
			Int64GetDatum((int64) status->bytes),
			BoolGetDatum(status->is_current),
		};
		bool nulls[STATUS_COLUMNS] = {false};

		if (csf_may_see_desk(status->desk_id))
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
