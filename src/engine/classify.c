/*
 * classify.c
 *		csflow.classify() and the hits behind csflow.explain_classification().
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "engine/assess.h"
#include "engine/config.h"
#include "engine/flow.h"
#include "errors.h"
#include "types/encoding.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_classify_text);
PG_FUNCTION_INFO_V1(csf_classification_hits);

#define CLASSIFY_COLUMNS 14
#define HIT_COLUMNS 8

static csf_statement access_query = CSF_STATEMENT("SELECT FROM csflow.desk"
												  " WHERE desk_id OPERATOR(pg_catalog.=) $1",
												  "l");

/*
 * The cache is filled with the owner's rights, so whoever reads it must show that they may see the desk: the look-up runs
 * as the caller, under the caller's grants and row security (design 2.11); once for all rows of a query.
 */
static void
check_access(int64 desk_id)
{
	Datum key = Int64GetDatum(desk_id);

	csf_flow_get();
	csf_connect();
	csf_run(&access_query, &key, NULL, SPI_OK_SELECT);
	if (SPI_processed == 0)
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_DESK), errmsg("unknown desk %lld", (long long) desk_id),
						errhint("SELECT desk_id, name FROM csflow.desk lists the desks you may see.")));
	SPI_finish();
}

/* What one call site keeps while its query runs: the access shown last, and the row it returns. */
typedef struct call_site
{
	int64 desk_id;
	Oid user_id; /* InvalidOid: none yet */
	TupleDesc description;
} call_site;

static csf_desk *
desk_for_caller(FunctionCallInfo fcinfo, int64 desk_id)
{
	call_site *site = fcinfo->flinfo->fn_extra;

	if (site == NULL)
		site = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(call_site));
	if (site->user_id != GetUserId() || site->desk_id != desk_id)
	{
		site->user_id = InvalidOid;
		check_access(desk_id);
		site->desk_id = desk_id;
		site->user_id = GetUserId();
	}
	return csf_desk_get(desk_id);
}

static TupleDesc
result_description(FunctionCallInfo fcinfo)
{
	call_site *site = fcinfo->flinfo->fn_extra;

	if (site->description == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc description;

		if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "classify must return a row");
		site->description = BlessTupleDesc(description);
		MemoryContextSwitchTo(caller);
	}
	return site->description;
}

static void
set_text(Datum *value, bool *null, const char *text)
{
	*null = text == NULL;
	*value = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
set_degree(Datum *value, bool *null, int degree)
{
	*null = degree == 0;
	*value = Int16GetDatum((int16) degree);
}

static void
fill_row(const csf_desk *desk, const csf_assessment *a, Datum *values, bool *nulls)
{
	const csf_category_entry *category = a->category;
	const csf_team *team = csf_desk_team(desk, a->team_id);
	struct varlena *tag = csf_assess_tag(category, a->domain, a->priority);

	set_text(&values[0], &nulls[0], category == NULL ? NULL : category->kind_code);
	set_text(&values[1], &nulls[1],
			 category == NULL || category->kind_id == category->category_id ? NULL : category->code);
	set_text(&values[2], &nulls[2], a->domain);
	set_text(&values[3], &nulls[3], team == NULL ? NULL : team->code);
	set_degree(&values[4], &nulls[4], a->impact);
	set_degree(&values[5], &nulls[5], a->urgency);
	values[6] = PriorityGetDatum((csf_priority) a->priority);
	set_text(&values[7], &nulls[7], a->priority_reason);
	nulls[8] = tag == NULL;
	values[8] = PointerGetDatum(tag);
	values[9] = Float8GetDatum(a->emotion);
	values[10] = Float8GetDatum(a->anger);
	values[11] = Float8GetDatum(a->anxiety);
	values[12] = Int32GetDatum(a->score);
	values[13] = BoolGetDatum(a->needs_review);
}

Datum
csf_classify_text(PG_FUNCTION_ARGS)
{
	csf_desk *desk = desk_for_caller(fcinfo, PG_GETARG_INT64(0));
	csf_submission submission = {.body = text_to_cstring(PG_GETARG_TEXT_PP(1))};
	csf_assessment assessment;
	Datum values[CLASSIFY_COLUMNS];
	bool nulls[CLASSIFY_COLUMNS] = {false};

	csf_assess(desk, &submission, &assessment);
	fill_row(desk, &assessment, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_description(fcinfo), values, nulls)));
}

static const char *
reason_name(csf_hit_reason reason)
{
	static const char *const names[] = {"counted",   "condition", "repeated", "inside_longer",
										"not_fired", "forbids",   "emotion",  "negated"};

	return names[reason];
}

Datum
csf_classification_hits(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	csf_desk *desk = desk_for_caller(fcinfo, PG_GETARG_INT64(0));
	text *body = PG_GETARG_TEXT_PP(1);
	size_t length;
	const char *utf8 = csf_utf8_from_server(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), &length, NULL);
	csf_verdict verdict;
	csf_hit *hits;
	int count;

	InitMaterializedSRF(fcinfo, 0);
	count = csf_explain(desk->classifier, NULL, 0, utf8, length, &verdict, &hits);
	for (int i = 0; i < count; i++)
	{
		Datum values[HIT_COLUMNS];
		bool nulls[HIT_COLUMNS] = {false};

		values[0] = Int64GetDatum(hits[i].rule_id);
		nulls[0] = hits[i].rule_id == 0;
		values[1] = CStringGetTextDatum(csf_utf8_to_server(hits[i].pattern, strlen(hits[i].pattern)));
		values[2] = CStringGetTextDatum(csf_utf8_to_server(utf8 + hits[i].offset, hits[i].length));
		values[3] = Int32GetDatum(hits[i].position);
		values[4] = Int32GetDatum(hits[i].weight);
		nulls[4] = hits[i].rule_id == 0;
		values[5] = Float8GetDatum(hits[i].emotion);
		nulls[5] = hits[i].rule_id != 0;
		values[6] = BoolGetDatum(hits[i].counted);
		values[7] = CStringGetTextDatum(reason_name(hits[i].reason));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
