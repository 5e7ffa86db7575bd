/*
 * explain.c
 *		csflow.explain_classification() and csflow.explain_ticket(): every place at which a pattern occurs, what its rule
 *		says, and why it counted or not.
 *
 * All that is shown comes from the configuration that decided, not from the tables as they are now: a rule may have
 * been changed since, or be gone.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "engine/assess.h"
#include "engine/call_site.h"
#include "engine/config_rule.h"
#include "engine/flow.h"
#include "engine/ticket.h"
#include "errors.h"
#include "types/encoding.h"
#include "types/result_rows.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_explain_text);
PG_FUNCTION_INFO_V1(csf_explain_ticket);

#define TEXT_COLUMNS 10
#define TICKET_COLUMNS 12

/* With the caller's grants and row security; texts come from the view that shows them as the caller may read them. */
static csf_statement ticket_query =
	CSF_STATEMENT("SELECT m.title, m.body, t.channel, t.customer_tier, t.amount, m.attributes,"
				  " t.rules_version, m.is_as_written FROM csflow.ticket t"
				  " JOIN csflow.my_ticket m ON m.desk_id OPERATOR(pg_catalog.=) t.desk_id"
				  " AND m.ticket_no OPERATOR(pg_catalog.=) t.ticket_no"
				  " WHERE t.desk_id OPERATOR(pg_catalog.=) $1 AND t.ticket_no OPERATOR(pg_catalog.=) $2",
				  "ln");
static csf_statement edits_query =
	CSF_STATEMENT("SELECT string_agg(DISTINCT n, ', ' ORDER BY n) FROM csflow.event e"
				  " CROSS JOIN LATERAL regexp_split_to_table(CASE e.kind WHEN 'edited' THEN e.new_value"
				  " ELSE regexp_replace(e.kind, '_changed$', '') END, ', ') n"
				  " WHERE e.desk_id = $1 AND e.ticket_no = $2"
				  " AND e.kind IN ('edited', 'channel_changed', 'customer_tier_changed')"
				  " AND n IN ('title', 'body', 'channel', 'customer_tier', 'amount', 'attributes')",
				  "ln");

/* What one explanation is made of. */
typedef struct explanation
{
	const csf_desk *desk;
	const csf_submission *submission;
	csf_content content;
	int columns;
	Datum values[TICKET_COLUMNS]; /* those that are the same in all rows, from TEXT_COLUMNS on */
	bool nulls[TICKET_COLUMNS];
} explanation;

static const char *
reason_name(csf_hit_reason reason)
{
	static const char *const names[] = {"counted",   "condition", "repeated", "inside_longer",
										"not_fired", "forbids",   "emotion",  "negated"};

	return names[reason];
}

static char *
from_utf8(const char *text)
{
	return csf_utf8_to_server(text, strlen(text));
}

static void
append_part(StringInfo text, const char *part)
{
	appendStringInfo(text, "%s%s", text->len > 0 ? ", " : "", part);
}

static const char *
category_path(const csf_desk *desk, int64 category_id)
{
	const csf_category_entry *category = csf_desk_category(desk, category_id);

	if (category == NULL)
		return psprintf("category %lld", (long long) category_id);
	if (category->kind_id == category->category_id)
		return psprintf("category %s", category->code);
	return psprintf("category %s / %s", category->kind_code, category->code);
}

static const char *
team_code(const csf_desk *desk, int64 team_id)
{
	const csf_team *team = csf_desk_team(desk, team_id);

	return team == NULL ? psprintf("%lld", (long long) team_id) : team->code;
}

static char *
effect_text(const csf_desk *desk, const csf_effect *effect)
{
	StringInfoData text;

	initStringInfo(&text);
	if (effect->category_id != 0)
		append_part(&text, category_path(desk, effect->category_id));
	if (effect->domain != NULL)
		append_part(&text, psprintf("domain %s", from_utf8(effect->domain)));
	if (effect->impact != 0)
		append_part(&text, psprintf("impact %d", effect->impact));
	if (effect->urgency != 0)
		append_part(&text, psprintf("urgency %d", effect->urgency));
	if (effect->raise_to != 0)
		append_part(&text, psprintf("raise to %c", csf_priority_letter((csf_priority) effect->raise_to)));
	if (effect->team_id != 0)
		append_part(&text, psprintf("team %s", team_code(desk, effect->team_id)));
	if (effect->notify_team_id != 0)
		append_part(&text, psprintf("tell %s", team_code(desk, effect->notify_team_id)));
	if (effect->reason != NULL)
		appendStringInfo(&text, " (%s)", from_utf8(effect->reason));
	return text.data;
}

static csf_text
text_of_hit(const explanation *e, const csf_hit *hit)
{
	switch (hit->field)
	{
		case CSF_FIELD_TITLE:
			return e->content.title;
		case CSF_FIELD_BODY:
			return e->content.body;
		case CSF_FIELD_CHANNEL:
			return e->content.channel;
		case CSF_FIELD_CUSTOMER_TIER:
			return e->content.customer_tier;
		default:
			break;
	}
	for (int i = 0; i < e->desk->attribute_count; i++)
	{
		if (hit->attribute_key != NULL &&
			strcmp(csf_classifier_attribute(e->desk->classifier, i), hit->attribute_key) == 0)
			return e->content.attributes[i];
	}
	elog(ERROR, "no text for attribute \"%s\"", hit->attribute_key);
}

static char *
matched_text(const explanation *e, const csf_hit *hit)
{
	if (hit->field == CSF_FIELD_AMOUNT)
		return DatumGetCString(DirectFunctionCall1(numeric_out, e->submission->amount));
	return csf_utf8_to_server(text_of_hit(e, hit).start + hit->offset, hit->length);
}

static char *
emotion_text(double emotion)
{
	return emotion == 0.0 ? "intensifies or negates" : psprintf("emotion %.2f", emotion);
}

static void
put_hit(ReturnSetInfo *result, const explanation *e, const csf_hit *hit)
{
	Datum values[TICKET_COLUMNS];
	bool nulls[TICKET_COLUMNS] = {false};
	bool is_word = hit->rule_id == 0;

	for (int i = TEXT_COLUMNS; i < e->columns; i++)
	{
		values[i] = e->values[i];
		nulls[i] = e->nulls[i];
	}
	values[0] = Int64GetDatum(hit->rule_id);
	nulls[0] = is_word;
	values[1] = CStringGetTextDatum(csf_field_name(hit->field));
	nulls[2] = hit->attribute_key == NULL;
	values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(from_utf8(hit->attribute_key));
	values[3] = CStringGetTextDatum(from_utf8(hit->pattern));
	values[4] = CStringGetTextDatum(matched_text(e, hit));
	values[5] = Int32GetDatum(hit->position);
	nulls[5] = hit->position == 0;
	values[6] = Int32GetDatum(hit->weight);
	nulls[6] = is_word;
	values[7] = CStringGetTextDatum(is_word ? emotion_text(hit->emotion) : effect_text(e->desk, hit->effect));
	values[8] = BoolGetDatum(hit->counted);
	values[9] = CStringGetTextDatum(reason_name(hit->reason));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* What counted first, then the rest, each by place. A text may have very many hits, so memory is given back. */
static void
explain(ReturnSetInfo *result, explanation *e)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "csflow hit", ALLOCSET_SMALL_SIZES);
	csf_verdict verdict;
	csf_hit *hits;
	int count;

	csf_content_of(e->desk, e->submission, &e->content);
	count = csf_explain(e->desk->classifier, &e->content, &verdict, &hits);
	for (int pass = 0; pass < 2; pass++)
	{
		for (int i = 0; i < count; i++)
		{
			MemoryContext caller;

			if (hits[i].counted != (pass == 0))
				continue;
			caller = MemoryContextSwitchTo(scratch);
			put_hit(result, e, &hits[i]);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(scratch);
		}
	}
	MemoryContextDelete(scratch);
}

Datum
csf_explain_text(PG_FUNCTION_ARGS)
{
	csf_submission submission;
	explanation e = {.submission = &submission, .columns = TEXT_COLUMNS};
	ReturnSetInfo *result = csf_result_rows(fcinfo);

	if (!csf_submission_arguments(fcinfo, &submission))
		return (Datum) 0;
	e.desk = csf_call_desk(fcinfo, PG_GETARG_INT64(0));
	explain(result, &e);
	return (Datum) 0;
}

/* Reads the ticket as it is now; returns the version of the rules it was classified with, 0 for none. */
static int64
read_ticket(int64 desk_id, int64 ticket_no, csf_submission *submission)
{
	Datum keys[2] = {Int64GetDatum(desk_id), Int64GetDatum(ticket_no)};
	bool is_null;
	int64 version;
	HeapTuple row;
	TupleDesc description;
	MemoryContext caller = CurrentMemoryContext;

	memset(submission, 0, sizeof(*submission));
	csf_connect();
	csf_run(&ticket_query, keys, NULL, SPI_OK_SELECT);
	if (SPI_processed == 0)
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_TICKET),
						errmsg("there is no %s", csf_ticket_label(desk_id, ticket_no))));
	MemoryContextSwitchTo(caller);
	row = SPI_tuptable->vals[0];
	description = SPI_tuptable->tupdesc;
	if (!DatumGetBool(SPI_getbinval(row, description, 8, &is_null)))
		ereport(
			ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("the texts of %s are masked for role \"%s\"", csf_ticket_label(desk_id, ticket_no),
					GetUserNameFromId(GetUserId(), false)),
			 errdetail("Its rules were applied to the texts as written."),
			 errhint(
				 "Whoever handles or reviews it, and who supervises its team, may ask; see csflow.my_right.")));
	submission->title = csf_column_text(row, description, 1);
	submission->body = csf_column_text(row, description, 2);
	submission->channel = csf_column_text(row, description, 3);
	submission->customer_tier = csf_column_text(row, description, 4);
	submission->amount = SPI_getbinval(row, description, 5, &is_null);
	submission->has_amount = !is_null;
	if (submission->has_amount)
		submission->amount = PointerGetDatum(PG_DETOAST_DATUM_COPY(submission->amount));
	submission->attributes = SPI_getbinval(row, description, 6, &is_null);
	submission->has_attributes = !is_null;
	if (submission->has_attributes)
		submission->attributes = PointerGetDatum(PG_DETOAST_DATUM_COPY(submission->attributes));
	version = csf_column_int64(row, description, 7, 0);
	SPI_finish();
	if (csf_ticket_title_is_made(submission->title, submission->body))
		submission->title = NULL;
	return version;
}

/* Which of the columns that rules look at were edited later, so that what is shown may not be what was read then. */
static char *
edited_columns(int64 desk_id, int64 ticket_no)
{
	Datum keys[2] = {Int64GetDatum(desk_id), Int64GetDatum(ticket_no)};
	MemoryContext caller = CurrentMemoryContext;
	csf_owner_scope scope;
	char *names;

	csf_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
	csf_run(&edits_query, keys, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(caller);
	names = csf_column_text(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	csf_owner_leave(&scope);
	SPI_finish();
	return names;
}

Datum
csf_explain_ticket(PG_FUNCTION_ARGS)
{
	int64 desk_id = PG_GETARG_INT64(0);
	int64 ticket_no = PG_GETARG_INT64(1);
	csf_desk *desk = csf_call_desk(fcinfo, desk_id);
	csf_submission submission;
	explanation e = {.submission = &submission, .columns = TICKET_COLUMNS};
	int64 version = read_ticket(desk_id, ticket_no, &submission);
	char *edited = edited_columns(desk_id, ticket_no);

	if (version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_HISTORY_GONE),
				 errmsg("%s was not classified here", csf_ticket_label(desk_id, ticket_no)),
				 errhint("csflow.explain_classification() shows what the rules of today make of it.")));
	e.desk = csf_call_past_desk(fcinfo, desk, version);
	e.values[TEXT_COLUMNS] = Int64GetDatum(version);
	e.nulls[TEXT_COLUMNS + 1] = edited == NULL;
	if (edited != NULL)
		e.values[TEXT_COLUMNS + 1] = CStringGetTextDatum(edited);
	explain(csf_result_rows(fcinfo), &e);
	return (Datum) 0;
}
