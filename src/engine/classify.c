/*
 * classify.c
 *		csflow.classify().
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "engine/assess.h"
#include "engine/call_site.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_classify_text);

#define CLASSIFY_COLUMNS 14

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

static char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* Arguments from desk_id on: body, title, channel, customer_tier, amount, attributes. False: nothing is given. */
bool
csf_submission_arguments(FunctionCallInfo fcinfo, csf_submission *submission)
{
	int given = 0;

	for (int argument = 1; argument <= 6; argument++)
		given += !PG_ARGISNULL(argument);
	if (PG_ARGISNULL(0) || given == 0)
		return false;
	memset(submission, 0, sizeof(*submission));
	submission->body = text_argument(fcinfo, 1);
	submission->title = text_argument(fcinfo, 2);
	submission->channel = text_argument(fcinfo, 3);
	submission->customer_tier = text_argument(fcinfo, 4);
	submission->has_amount = !PG_ARGISNULL(5);
	if (submission->has_amount)
		submission->amount = PointerGetDatum(PG_DETOAST_DATUM(PG_GETARG_DATUM(5)));
	submission->has_attributes = !PG_ARGISNULL(6);
	if (submission->has_attributes)
		submission->attributes = PG_GETARG_DATUM(6);
	return true;
}

Datum
csf_classify_text(PG_FUNCTION_ARGS)
{
	csf_submission submission;
	csf_assessment assessment;
	csf_desk *desk;
	Datum values[CLASSIFY_COLUMNS];
	bool nulls[CLASSIFY_COLUMNS] = {false};

	if (!csf_submission_arguments(fcinfo, &submission))
		PG_RETURN_NULL();
	desk = csf_call_desk(fcinfo, PG_GETARG_INT64(0));
	csf_assess(desk, &submission, &assessment);
	fill_row(desk, &assessment, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(csf_call_result(fcinfo), values, nulls)));
}
