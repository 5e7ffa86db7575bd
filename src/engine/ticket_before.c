/*
 * ticket_before.c
 *		BEFORE ROW triggers of csflow.ticket: fill in and check NEW, nothing else (ON CONFLICT runs them for rows that
 *		are never stored).
 */
#include "engine/ticket_fill.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "utils/timestamp.h"

#include "engine/flow.h"
#include "engine/ticket_review.h"
#include "errors.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_ticket_before);

/* Whether the ticket's last change was dated by whoever made it, to an instant before the transaction. */
static csf_statement dated_query =
	CSF_STATEMENT("SELECT EXISTS (SELECT FROM csflow.event e WHERE e.desk_id = $1 AND e.ticket_no = $2"
				  " AND e.at = $3 AND e.recorded_at > e.at)",
				  "lnz");

/* ---- UPDATE ---- */

static void
check_immutable(const csf_filling *f)
{
	static const struct
	{
		csf_ticket_column column;
		const char *name;
	} fixed[] = {{CSF_TICKET_DESK_ID, "desk_id"},
				 {CSF_TICKET_TICKET_NO, "ticket_no"},
				 {CSF_TICKET_OPENED_AT, "opened_at"}};

	for (int i = 0; i < (int) lengthof(fixed); i++)
	{
		if (csf_differs(f, fixed[i].column))
			ereport(ERROR, (errcode(ERRCODE_CSF_IMMUTABLE),
							errmsg("%s of %s cannot be changed", fixed[i].name,
								   csf_ticket_label(csf_ticket_int64(&f->old, CSF_TICKET_DESK_ID, 0),
													csf_ticket_int64(&f->old, CSF_TICKET_TICKET_NO, 0)))));
	}
}

static bool
is_by_system(const csf_filling *f)
{
	char *kind = csf_ticket_text(&f->new, CSF_TICKET_CHANGED_BY_KIND);

	return kind != NULL && strcmp(kind, "system") == 0;
}

/*
 * A mapper that writes whole rows gives changed_at back as it read it: that says nothing of this change. The same instant is
 * meant where the last change was dated as well, as when a log is replayed.
 */
static bool
is_written_back(const csf_filling *f, TimestampTz last)
{
	Datum keys[3] = {f->new.values[CSF_TICKET_DESK_ID], f->new.values[CSF_TICKET_TICKET_NO],
					 TimestampTzGetDatum(last)};
	csf_owner_scope scope;
	bool was_dated;

	csf_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
	csf_run(&dated_query, keys, NULL, SPI_OK_SELECT);
	was_dated = csf_column_bool(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	csf_owner_leave(&scope);
	SPI_finish();
	return !was_dated;
}

/*
 * The instant of a change: as given, or now. A now() older than the last change is normal life (a transaction that
 * began earlier), so it is lifted; any other earlier instant is refused (design 2.9).
 */
static void
settle_changed_at(csf_filling *f)
{
	TimestampTz last = DatumGetTimestampTz(f->old.values[CSF_TICKET_CHANGED_AT]);
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	TimestampTz at = now;

	if (csf_was_given(f, CSF_TICKET_CHANGED_AT) && !f->new.nulls[CSF_TICKET_CHANGED_AT])
		at = DatumGetTimestampTz(f->new.values[CSF_TICKET_CHANGED_AT]);
	if (at == last && at < now && !csf_message_writes_ticket && !is_by_system(f) && is_written_back(f, last))
		at = now;
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER), errmsg("changed_at must be finite")));
	if (at < last && at != now)
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER),
						errmsg("%s was last changed after %s", csf_filling_label(f), timestamptz_to_str(at)),
						errdetail("Its last change was at %s.", timestamptz_to_str(last)),
						errhint("Leave changed_at empty to mean now, or give a later instant.")));
	if (at > now)
		csf_check_not_future(f->session, at, "changed_at");
	csf_fill(f, CSF_TICKET_CHANGED_AT, TimestampTzGetDatum(Max(at, last)));
}

static void
settle_update_actor(csf_filling *f)
{
	if (!csf_was_given(f, CSF_TICKET_CHANGED_BY))
		csf_fill_null(f, CSF_TICKET_CHANGED_BY);
	if (!csf_was_given(f, CSF_TICKET_CHANGED_BY_KIND))
		csf_fill_null(f, CSF_TICKET_CHANGED_BY_KIND);
	if (!csf_was_given(f, CSF_TICKET_CHANGE_REASON))
		csf_fill_null(f, CSF_TICKET_CHANGE_REASON);
	csf_fill_actor(f, "unknown");
}

/* Another impact or urgency is another cell of the matrix, unless the same UPDATE names the priority. */
static bool
settle_severity(csf_filling *f)
{
	csf_submission submission;
	csf_assessment assessment;

	if (csf_differs(f, CSF_TICKET_PRIORITY) ||
		(!csf_differs(f, CSF_TICKET_IMPACT) && !csf_differs(f, CSF_TICKET_URGENCY)))
		return false;
	submission = csf_submission_of(f);
	submission.priority = 0;
	if (csf_ticket_title_is_made(submission.title, submission.body))
		submission.title = NULL;
	csf_assess(f->desk, &submission, &assessment);
	csf_fill(f, CSF_TICKET_PRIORITY, PriorityGetDatum((csf_priority) assessment.priority));
	csf_fill_text(f, CSF_TICKET_PRIORITY_REASON, assessment.priority_reason);
	return true;
}

/* A person's correction needs its reason (handbook B7); what was unsettled is settled by it. */
static void
settle_correction(csf_filling *f)
{
	bool category = csf_differs(f, CSF_TICKET_CATEGORY_ID);
	bool kind = csf_differs(f, CSF_TICKET_KIND);
	bool severity;
	bool priority;

	if (category || kind)
		csf_settle_category(f, category, kind);
	severity = settle_severity(f);
	priority = csf_differs(f, CSF_TICKET_PRIORITY);
	if ((category || kind || priority) && !is_by_system(f))
		csf_require_reason(f, category || kind ? "correcting the category" : "correcting the priority");
	if (priority && f->new.nulls[CSF_TICKET_PRIORITY])
		ereport(ERROR,
				(errcode(ERRCODE_CSF_MISSING_VALUE), errmsg("%s needs a priority", csf_filling_label(f)),
				 errhint("Give one of E, A, B and C.")));
	if (priority && !severity && !csf_was_given(f, CSF_TICKET_PRIORITY_REASON))
		/* Everybody may read this column; the words of the reason are text and stay with the event (handbook A5, F8). */
		csf_fill_text(f, CSF_TICKET_PRIORITY_REASON, is_by_system(f) ? "corrected by a rule" : "corrected");
	if (!priority && !severity)
		csf_keep_old(f, CSF_TICKET_PRIORITY_REASON);
	if (category || kind || csf_differs(f, CSF_TICKET_TEAM_ID))
		csf_fill(f, CSF_TICKET_NEEDS_REVIEW, BoolGetDatum(false));
	if (category || kind || priority || csf_differs(f, CSF_TICKET_DOMAIN))
		csf_settle_tag(f);
}

/* What follows from the flow and from messages cannot be set by hand; they would be figures without an event. */
static void
keep_derived(csf_filling *f)
{
	static const csf_ticket_column by_flow[] = {CSF_TICKET_TRANSFER_COUNT,  CSF_TICKET_REOPEN_COUNT,
												CSF_TICKET_ACCEPTED_AT,     CSF_TICKET_ANSWERED_AT,
												CSF_TICKET_CLOSED_AT,       CSF_TICKET_SCORE,
												CSF_TICKET_RULES_VERSION,   CSF_TICKET_TAG,
												CSF_TICKET_CATEGORY_GIVEN,  CSF_TICKET_NOTIFIED_TEAM_IDS,
												CSF_TICKET_FIRST_HANDLER_ID};
	static const csf_ticket_column by_messages[] = {
		CSF_TICKET_FIRST_RESPONSE_AT, CSF_TICKET_LAST_CUSTOMER_MESSAGE_AT, CSF_TICKET_LAST_PUBLIC_MESSAGE_AT,
		CSF_TICKET_NEXT_NEWS_AT};

	for (int i = 0; i < (int) lengthof(by_flow); i++)
		csf_keep_old(f, by_flow[i]);
	for (int i = 0; i < (int) lengthof(by_messages) && !csf_message_writes_ticket; i++)
		csf_keep_old(f, by_messages[i]);
}

static void
settle_assignment(csf_filling *f)
{
	/* What stays may be of a department that is no more: its people finish what they have. */
	if (csf_differs(f, CSF_TICKET_TEAM_ID))
		csf_check_team(f);
	if (csf_differs(f, CSF_TICKET_AGENT_ID))
		csf_check_agent(f);
	if (csf_differs(f, CSF_TICKET_TEAM_ID) && !f->old.nulls[CSF_TICKET_TEAM_ID])
		csf_fill(f, CSF_TICKET_TRANSFER_COUNT,
				 Int32GetDatum(DatumGetInt32(f->old.values[CSF_TICKET_TRANSFER_COUNT]) + 1));
	if (csf_differs(f, CSF_TICKET_AGENT_ID) && !f->new.nulls[CSF_TICKET_AGENT_ID] &&
		!csf_differs(f, CSF_TICKET_STATE) && csf_ticket_state(&f->old) == CSF_STATE_NEW)
		csf_fill_text(f, CSF_TICKET_STATE, csf_state_name(CSF_STATE_ASSIGNED));
}

/* Each review has a reviewer of its own, and never the one whose work is reviewed (handbook F3). */
static void
settle_reviewer(csf_filling *f, csf_state from, csf_state to)
{
	int64 reviewer = csf_ticket_int64(&f->new, CSF_TICKET_REVIEWER_ID, 0);

	if (!csf_differs(f, CSF_TICKET_REVIEWER_ID) && from != to && to == CSF_STATE_UNDER_REVIEW)
		csf_fill_null(f, CSF_TICKET_REVIEWER_ID);
	else if (csf_differs(f, CSF_TICKET_REVIEWER_ID) && reviewer != 0)
		csf_check_reviewer(f->desk, csf_filling_label(f), reviewer,
						   csf_ticket_int64(&f->new, CSF_TICKET_FIRST_HANDLER_ID, 0), to);
}

static void
fill_update(csf_filling *f)
{
	csf_state from = csf_ticket_state(&f->old);
	csf_state to;

	check_immutable(f);
	/*
	 * A text that was accepted once stays, though the desk takes only shorter ones now, and though archiving, which masks
	 * it, makes it longer.
	 */
	if (csf_was_given(f, CSF_TICKET_TITLE) && !csf_was_given(f, CSF_TICKET_ARCHIVED_AT))
		csf_check_text_size(f, CSF_TICKET_TITLE, "title");
	if (csf_was_given(f, CSF_TICKET_BODY) && !csf_was_given(f, CSF_TICKET_ARCHIVED_AT))
		csf_check_text_size(f, CSF_TICKET_BODY, "body");
	if (csf_was_given(f, CSF_TICKET_CHANGE_REASON))
		csf_check_text_size(f, CSF_TICKET_CHANGE_REASON, "change_reason");
	if (csf_differs(f, CSF_TICKET_CHANNEL))
		csf_check_channel(f);
	keep_derived(f);
	/* Whatever was said or written since is masked in its turn (handbook F8). */
	if (!csf_was_given(f, CSF_TICKET_ARCHIVED_AT))
		csf_fill_null(f, CSF_TICKET_ARCHIVED_AT);
	settle_changed_at(f);
	settle_update_actor(f);
	settle_correction(f);
	settle_assignment(f);
	to = csf_ticket_state(&f->new);
	settle_reviewer(f, from, to);
	if (from == to)
	{
		csf_keep_old(f, CSF_TICKET_CLOSE_REASON);
		if (csf_differs(f, CSF_TICKET_DUPLICATE_OF))
		{
			if (to == CSF_STATE_DUPLICATE)
				csf_check_original(f);
			else
				csf_fill_null(f, CSF_TICKET_DUPLICATE_OF);
		}
		return;
	}
	csf_check_transition(f, (int) from, to);
	csf_settle_state(f, (int) from, to);
}

/* ---- entry ---- */

static void
read_tuple(csf_ticket_row *row, HeapTuple tuple, TupleDesc description, const csf_ticket_map *map)
{
	for (int column = 0; column < CSF_TICKET_COLUMN_COUNT; column++)
		row->values[column] = heap_getattr(tuple, map->numbers[column], description, &row->nulls[column]);
}

static HeapTuple
modified(csf_filling *f, HeapTuple tuple, TupleDesc description)
{
	int numbers[CSF_TICKET_COLUMN_COUNT];

	for (int column = 0; column < CSF_TICKET_COLUMN_COUNT; column++)
		numbers[column] = f->map->numbers[column];
	return heap_modify_tuple_by_cols(tuple, description, CSF_TICKET_COLUMN_COUNT, numbers, f->new.values,
									 f->new.nulls);
}

Datum
csf_ticket_before(PG_FUNCTION_ARGS)
{
	TriggerData *data = csf_trigger_data(fcinfo, "ticket_before", true);
	TupleDesc description = RelationGetDescr(data->tg_relation);
	bool is_update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	HeapTuple tuple = is_update ? data->tg_newtuple : data->tg_trigtuple;
	csf_filling f;

	f.map = csf_ticket_map_get(data->tg_relation);
	f.relation = data->tg_relation;
	f.given = is_update ? data->tg_updatedcols : NULL;
	read_tuple(&f.new, tuple, description, f.map);
	if (f.new.nulls[CSF_TICKET_DESK_ID] || f.new.nulls[CSF_TICKET_TICKET_NO])
		return PointerGetDatum(tuple); /* the NOT NULL constraint says it */
	f.session = csf_session_get(fcinfo->flinfo, DatumGetInt64(f.new.values[CSF_TICKET_DESK_ID]));
	f.desk = f.session->desk;
	if (is_update)
	{
		read_tuple(&f.old, data->tg_trigtuple, description, f.map);
		fill_update(&f);
	}
	else
		csf_fill_insert(&f);
	return PointerGetDatum(modified(&f, tuple, description));
}
