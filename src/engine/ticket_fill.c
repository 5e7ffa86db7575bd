/*
 * ticket_fill.c
 *		Setting, checking and deriving columns of csflow.ticket, for INSERT and UPDATE alike.
 */
#include "engine/ticket_fill.h"

#include "access/detoast.h"
#include "access/sysattr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "engine/flow.h"
#include "engine/ticket_review.h"
#include "errors.h"

/* The original, and whether it is, by any number of others, a duplicate of $3: tickets in a circle would have nobody's attention. */
static csf_statement original_query = CSF_STATEMENT(
	"WITH RECURSIVE chain AS ("
	"SELECT ticket_no, CASE WHEN state = 'duplicate' THEN duplicate_of END AS next_no FROM csflow.ticket"
	" WHERE desk_id = $1 AND ticket_no = $2"
	" UNION SELECT t.ticket_no, CASE WHEN t.state = 'duplicate' THEN t.duplicate_of END FROM chain c JOIN csflow.ticket t"
	" ON t.desk_id = $1 AND t.ticket_no = c.next_no)"
	" SELECT bool_or(ticket_no = $3) FROM chain HAVING count(*) > 0",
	"lnn");

/* ---- setting columns ---- */

void
csf_fill_null(csf_filling *f, csf_ticket_column column)
{
	f->new.nulls[column] = true;
	f->new.values[column] = (Datum) 0;
}

void
csf_fill(csf_filling *f, csf_ticket_column column, Datum value)
{
	f->new.nulls[column] = false;
	f->new.values[column] = value;
}

void
csf_fill_text(csf_filling *f, csf_ticket_column column, const char *text)
{
	if (text == NULL)
		csf_fill_null(f, column);
	else
		csf_fill(f, column, CStringGetTextDatum(text));
}

/* 0 stands for none. */
void
csf_fill_id(csf_filling *f, csf_ticket_column column, int64 id)
{
	if (id == 0)
		csf_fill_null(f, column);
	else
		csf_fill(f, column, Int64GetDatum(id));
}

void
csf_fill_degree(csf_filling *f, csf_ticket_column column, int degree)
{
	if (degree == 0)
		csf_fill_null(f, column);
	else
		csf_fill(f, column, Int16GetDatum((int16) degree));
}

void
csf_keep_old(csf_filling *f, csf_ticket_column column)
{
	f->new.values[column] = f->old.values[column];
	f->new.nulls[column] = f->old.nulls[column];
}

bool
csf_was_given(const csf_filling *f, csf_ticket_column column)
{
	return bms_is_member(f->map->numbers[column] - FirstLowInvalidHeapAttributeNumber, f->given);
}

bool
csf_differs(const csf_filling *f, csf_ticket_column column)
{
	return !csf_ticket_same(&f->old, &f->new, column);
}

const char *
csf_filling_label(const csf_filling *f)
{
	return csf_ticket_label(csf_ticket_int64(&f->new, CSF_TICKET_DESK_ID, 0),
							csf_ticket_int64(&f->new, CSF_TICKET_TICKET_NO, 0));
}

/* ---- checks ---- */

void
csf_check_text_size(const csf_filling *f, csf_ticket_column column, const char *name)
{
	Size size;

	if (f->new.nulls[column])
		return;
	size = toast_raw_datum_size(f->new.values[column]) - VARHDRSZ;
	if (size > (Size) f->desk->maximum_text_bytes)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_TOO_LARGE), errmsg("%s of %zu bytes is too long", name, size),
				 errdetail("Desk \"%s\" accepts %d bytes.", f->desk->name, f->desk->maximum_text_bytes),
				 errhint("Keep the text elsewhere and refer to it in csflow.attachment.")));
}

void
csf_check_channel(const csf_filling *f)
{
	char *channel = csf_ticket_text(&f->new, CSF_TICKET_CHANNEL);
	const csf_channel *found = channel == NULL ? NULL : csf_desk_channel(f->desk, channel, strlen(channel));
	StringInfoData known;

	if (found != NULL && found->is_active)
		return;
	initStringInfo(&known);
	for (int i = 0; i < f->desk->channel_count; i++)
	{
		if (f->desk->channels[i].is_active)
			appendStringInfo(&known, "%s%s", known.len > 0 ? ", " : "", f->desk->channels[i].name);
	}
	ereport(ERROR,
			(errcode(channel == NULL ? ERRCODE_CSF_MISSING_VALUE : ERRCODE_CSF_UNKNOWN_REFERENCE),
			 channel == NULL ? errmsg("a ticket needs a channel")
			 : found == NULL ? errmsg("unknown channel \"%s\"", channel)
							 : errmsg("channel \"%s\" is no longer in use", channel),
			 known.len == 0 ? errdetail("Desk \"%s\" has no channel.", f->desk->name)
							: errdetail("Desk \"%s\" has these channels: %s.", f->desk->name, known.data),
			 errhint("Add a row to csflow.channel for a new one.")));
}

void
csf_check_team(const csf_filling *f)
{
	int64 team_id = csf_ticket_int64(&f->new, CSF_TICKET_TEAM_ID, 0);
	const csf_team *team = csf_desk_team(f->desk, team_id);

	if (team_id != 0 && (team == NULL || !team->is_active))
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
						errmsg("desk \"%s\" has no active team %lld", f->desk->name, (long long) team_id),
						errhint("SELECT team_id, code FROM csflow.team lists the teams.")));
}

void
csf_check_agent(const csf_filling *f)
{
	int64 agent_id = csf_ticket_int64(&f->new, CSF_TICKET_AGENT_ID, 0);
	const csf_agent *agent = csf_desk_agent(f->desk, agent_id);

	if (agent_id != 0 && (agent == NULL || !agent->is_active))
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
						errmsg("desk \"%s\" has no active agent %lld", f->desk->name, (long long) agent_id),
						errhint("SELECT agent_id, name FROM csflow.agent lists the agents.")));
}

void
csf_check_transition(const csf_filling *f, int from, csf_state to)
{
	uint32 allowed = f->desk->transitions[from];
	StringInfoData list;

	if ((allowed & CSF_STATE_BIT(to)) != 0)
		return;
	initStringInfo(&list);
	for (int state = 0; state < CSF_STATE_COUNT; state++)
	{
		if ((allowed & CSF_STATE_BIT(state)) != 0)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", csf_state_name((csf_state) state));
	}
	ereport(ERROR,
			(errcode(ERRCODE_CSF_FORBIDDEN_TRANSITION),
			 from == CSF_STATE_COUNT ? errmsg("a ticket cannot be opened in state \"%s\"", csf_state_name(to))
									 : errmsg("%s cannot go from \"%s\" to \"%s\"", csf_filling_label(f),
											  csf_state_name((csf_state) from), csf_state_name(to)),
			 errdetail("Allowed: %s.", list.len > 0 ? list.data : "nothing"),
			 errhint("The allowed changes are the rows of csflow.transition.")));
}

/* Past white space, the ideographic space of Chinese input among it. */
char *
csf_skip_blank(char *text)
{
	static const char ideographic_space[] = "\xE3\x80\x80";

	for (;;)
	{
		if (*text != '\0' && isascii((unsigned char) *text) && isspace((unsigned char) *text))
			text++;
		else if (GetDatabaseEncoding() == PG_UTF8 && strncmp(text, ideographic_space, 3) == 0)
			text += 3;
		else
			return text;
	}
}

void
csf_require_reason(const csf_filling *f, const char *what)
{
	char *reason = csf_ticket_text(&f->new, CSF_TICKET_CHANGE_REASON);

	if (reason == NULL || *csf_skip_blank(reason) == '\0')
		ereport(ERROR, (errcode(ERRCODE_CSF_MISSING_VALUE),
						errmsg("%s of %s needs a reason", what, csf_filling_label(f)),
						errhint("Set change_reason in the same UPDATE, or use csflow.correct().")));
}

/* ---- what both INSERT and UPDATE derive ---- */

const csf_category_entry *
csf_category_of(const csf_filling *f)
{
	int64 category_id = csf_ticket_int64(&f->new, CSF_TICKET_CATEGORY_ID, 0);

	return category_id == 0 ? NULL : csf_desk_category(f->desk, category_id);
}

/* kind follows category_id; a kind given alone stands for its first-level category. */
void
csf_settle_category(csf_filling *f, bool category_given, bool kind_given)
{
	char *kind = csf_ticket_text(&f->new, CSF_TICKET_KIND);
	int64 category_id = csf_ticket_int64(&f->new, CSF_TICKET_CATEGORY_ID, 0);
	const csf_category_entry *category;

	if (kind_given && !category_given && kind != NULL)
	{
		category = csf_desk_kind(f->desk, kind);
		if (category == NULL)
			ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE), errmsg("unknown kind \"%s\"", kind),
							errhint("The kinds are the rows of csflow.category without parent_id.")));
		csf_fill_id(f, CSF_TICKET_CATEGORY_ID, category->category_id);
		return;
	}
	if (category_id == 0)
		return;
	category = csf_desk_category(f->desk, category_id);
	if (category == NULL)
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
						errmsg("desk \"%s\" has no category %lld", f->desk->name, (long long) category_id),
						errhint("SELECT category_id, code FROM csflow.category lists the categories.")));
	csf_fill_text(f, CSF_TICKET_KIND, category->kind_code);
}

void
csf_settle_tag(csf_filling *f)
{
	struct varlena *tag = csf_assess_tag(csf_category_of(f), csf_ticket_text(&f->new, CSF_TICKET_DOMAIN),
										 csf_ticket_priority(&f->new));

	if (tag == NULL)
		csf_fill_null(f, CSF_TICKET_TAG);
	else
		csf_fill(f, CSF_TICKET_TAG, PointerGetDatum(tag));
}

/* A duplicate points at a ticket that is there (handbook A8). */
void
csf_check_original(const csf_filling *f)
{
	Datum keys[3] = {f->new.values[CSF_TICKET_DESK_ID], f->new.values[CSF_TICKET_DUPLICATE_OF],
					 f->new.values[CSF_TICKET_TICKET_NO]};
	csf_owner_scope scope;
	bool found;
	bool leads_back;

	if (f->new.nulls[CSF_TICKET_DUPLICATE_OF])
		ereport(ERROR,
				(errcode(ERRCODE_CSF_MISSING_VALUE), errmsg("a duplicate must name the original ticket"),
				 errhint("Set duplicate_of, or use csflow.mark_duplicate().")));
	if (keys[1] == f->new.values[CSF_TICKET_TICKET_NO])
		ereport(ERROR, (errcode(ERRCODE_CSF_NOT_ALLOWED),
						errmsg("%s cannot be a duplicate of itself", csf_filling_label(f))));
	SPI_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
	csf_run(&original_query, keys, NULL, SPI_OK_SELECT);
	found = SPI_processed == 1;
	leads_back = found && csf_column_bool(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	csf_owner_leave(&scope);
	SPI_finish();
	if (leads_back)
		ereport(ERROR, (errcode(ERRCODE_CSF_NOT_ALLOWED),
						errmsg("%s cannot be a duplicate of one of its own duplicates", csf_filling_label(f)),
						errdetail("It is the original of %s, or of one that this is a duplicate of.",
								  csf_ticket_label(DatumGetInt64(keys[0]), DatumGetInt64(keys[1]))),
						errhint("Take that mark back first with csflow.undo_mark().")));
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_UNKNOWN_TICKET),
				 errmsg("there is no %s", csf_ticket_label(DatumGetInt64(keys[0]), DatumGetInt64(keys[1]))),
				 errdetail("%s cannot be a duplicate of it.", csf_filling_label(f))));
}

/* Who took the ticket up first, or answered it untaken: that person does not review it (handbook F3). */
static void
settle_first_handler(csf_filling *f, csf_state to)
{
	int64 handler = csf_ticket_int64(&f->new, CSF_TICKET_AGENT_ID, 0);

	if (!f->new.nulls[CSF_TICKET_FIRST_HANDLER_ID] ||
		(to != CSF_STATE_IN_PROGRESS && to != CSF_STATE_ANSWERED))
		return;
	if (handler == 0)
		handler = csf_ticket_int64(&f->new, CSF_TICKET_CHANGED_BY, 0);
	csf_fill_id(f, CSF_TICKET_FIRST_HANDLER_ID, handler);
}

/* The columns that a change of state fills, whoever asks for it. */
void
csf_settle_state(csf_filling *f, int from, csf_state to)
{
	Datum at = f->new.values[CSF_TICKET_CHANGED_AT];

	if (to == CSF_STATE_IN_PROGRESS && f->new.nulls[CSF_TICKET_ACCEPTED_AT])
		csf_fill(f, CSF_TICKET_ACCEPTED_AT, at);
	settle_first_handler(f, to);
	if (to == CSF_STATE_ANSWERED && from < CSF_STATE_COUNT)
		csf_check_approval(f->desk, csf_filling_label(f), csf_ticket_int64(&f->new, CSF_TICKET_TICKET_NO, 0),
						   csf_ticket_int64(&f->old, CSF_TICKET_ANSWERED_AT, DT_NOBEGIN));
	if (to == CSF_STATE_ANSWERED)
		csf_fill(f, CSF_TICKET_ANSWERED_AT, at);
	if (to == CSF_STATE_CLOSED)
	{
		char *reason = csf_ticket_text(&f->new, CSF_TICKET_CLOSE_REASON);

		if (reason == NULL || !csf_desk_has_caption(f->desk, "close_reason", reason, strlen(reason)))
			ereport(ERROR,
					(errcode(reason == NULL ? ERRCODE_CSF_MISSING_VALUE : ERRCODE_CSF_UNKNOWN_REFERENCE),
					 reason == NULL ? errmsg("closing %s needs a close_reason", csf_filling_label(f))
									: errmsg("unknown close_reason \"%s\"", reason),
					 errdetail("Close reasons are: %s.", csf_desk_captions(f->desk, "close_reason")),
					 errhint("Add a row of kind close_reason to csflow.caption for a new one.")));
		csf_fill(f, CSF_TICKET_CLOSED_AT, at);
	}
	else
	{
		csf_fill_null(f, CSF_TICKET_CLOSED_AT);
		csf_fill_null(f, CSF_TICKET_CLOSE_REASON);
	}
	if (to == CSF_STATE_DUPLICATE)
		csf_check_original(f);
	else
		csf_fill_null(f, CSF_TICKET_DUPLICATE_OF);
	if (from < CSF_STATE_COUNT && (CSF_STATE_BIT(from) & CSF_STATES_DONE) != 0 &&
		(CSF_STATE_BIT(to) & (CSF_STATES_DONE | CSF_STATES_DEAD)) == 0)
		csf_fill(f, CSF_TICKET_REOPEN_COUNT,
				 Int32GetDatum(DatumGetInt32(f->new.values[CSF_TICKET_REOPEN_COUNT]) + 1));
}

void
csf_fill_actor(csf_filling *f, const char *if_nobody)
{
	csf_actor actor = csf_actor_resolve(f->session, csf_ticket_text(&f->new, CSF_TICKET_CHANGED_BY_KIND),
										csf_ticket_int64(&f->new, CSF_TICKET_CHANGED_BY, 0), if_nobody);

	csf_fill_id(f, CSF_TICKET_CHANGED_BY, actor.agent_id);
	csf_fill_text(f, CSF_TICKET_CHANGED_BY_KIND, actor.kind);
}

csf_submission
csf_submission_of(const csf_filling *f)
{
	csf_submission submission = {
		.title = csf_ticket_text(&f->new, CSF_TICKET_TITLE),
		.body = csf_ticket_text(&f->new, CSF_TICKET_BODY),
		.channel = csf_ticket_text(&f->new, CSF_TICKET_CHANNEL),
		.customer_tier = csf_ticket_text(&f->new, CSF_TICKET_CUSTOMER_TIER),
		.has_amount = !f->new.nulls[CSF_TICKET_AMOUNT],
		.amount = f->new.values[CSF_TICKET_AMOUNT],
		.has_attributes = !f->new.nulls[CSF_TICKET_ATTRIBUTES],
		.attributes = f->new.values[CSF_TICKET_ATTRIBUTES],
		.category_id = csf_ticket_int64(&f->new, CSF_TICKET_CATEGORY_ID, 0),
		.domain = csf_ticket_text(&f->new, CSF_TICKET_DOMAIN),
		.impact = csf_ticket_smallint(&f->new, CSF_TICKET_IMPACT),
		.urgency = csf_ticket_smallint(&f->new, CSF_TICKET_URGENCY),
		.priority = csf_ticket_priority(&f->new),
		.team_id = csf_ticket_int64(&f->new, CSF_TICKET_TEAM_ID, 0),
	};

	return submission;
}
