/*
 * ticket_before.c
 *		BEFORE ROW triggers of csflow.ticket: fill in and check NEW, nothing else (ON CONFLICT runs them for rows that
 *		are never stored).
 */
#include "engine/ticket.h"
#include "engine/ticket_review.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "engine/actor.h"
#include "engine/assess.h"
#include "engine/duplicate.h"
#include "engine/flow.h"
#include "errors.h"
#include "types/types.h"

#define TITLE_CHARACTERS 60

PG_FUNCTION_INFO_V1(csf_ticket_before);

static csf_statement tier_query = CSF_STATEMENT("SELECT tier FROM csflow.customer"
												" WHERE desk_id = $1 AND customer_id = $2",
												"ll");

/* Whether the ticket's last change was dated by whoever made it, to an instant before the transaction. */
static csf_statement dated_query =
	CSF_STATEMENT("SELECT EXISTS (SELECT FROM csflow.event e WHERE e.desk_id = $1 AND e.ticket_no = $2"
				  " AND e.at = $3 AND e.recorded_at > e.at)",
				  "lnz");

static csf_statement original_query = CSF_STATEMENT("SELECT FROM csflow.ticket"
													" WHERE desk_id = $1 AND ticket_no = $2",
													"ln");

/* A row being filled in. */
typedef struct filling
{
	csf_session *session;
	const csf_desk *desk;
	csf_ticket_row old; /* UPDATE only */
	csf_ticket_row new;
	const csf_ticket_map *map;
	Relation relation;
	const Bitmapset *given; /* columns named by the UPDATE */
} filling;

/* ---- setting columns ---- */

static void
set_null(filling *f, csf_ticket_column column)
{
	f->new.nulls[column] = true;
	f->new.values[column] = (Datum) 0;
}

static void
set(filling *f, csf_ticket_column column, Datum value)
{
	f->new.nulls[column] = false;
	f->new.values[column] = value;
}

static void
set_text(filling *f, csf_ticket_column column, const char *text)
{
	if (text == NULL)
		set_null(f, column);
	else
		set(f, column, CStringGetTextDatum(text));
}

/* 0 stands for none. */
static void
set_id(filling *f, csf_ticket_column column, int64 id)
{
	if (id == 0)
		set_null(f, column);
	else
		set(f, column, Int64GetDatum(id));
}

static void
set_degree(filling *f, csf_ticket_column column, int degree)
{
	if (degree == 0)
		set_null(f, column);
	else
		set(f, column, Int16GetDatum((int16) degree));
}

static void
keep_old(filling *f, csf_ticket_column column)
{
	f->new.values[column] = f->old.values[column];
	f->new.nulls[column] = f->old.nulls[column];
}

static bool
was_given(const filling *f, csf_ticket_column column)
{
	return bms_is_member(f->map->numbers[column] - FirstLowInvalidHeapAttributeNumber, f->given);
}

static bool
differs(const filling *f, csf_ticket_column column)
{
	return !csf_ticket_same(&f->old, &f->new, column);
}

static const char *
label(const filling *f)
{
	return csf_ticket_label(csf_ticket_int64(&f->new, CSF_TICKET_DESK_ID, 0),
							csf_ticket_int64(&f->new, CSF_TICKET_TICKET_NO, 0));
}

/* ---- checks ---- */

static void
check_text_size(const filling *f, csf_ticket_column column, const char *name)
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

static void
check_channel(const filling *f)
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

static void
check_team_and_agent(const filling *f)
{
	int64 team_id = csf_ticket_int64(&f->new, CSF_TICKET_TEAM_ID, 0);
	int64 agent_id = csf_ticket_int64(&f->new, CSF_TICKET_AGENT_ID, 0);
	const csf_team *team = csf_desk_team(f->desk, team_id);
	const csf_agent *agent = csf_desk_agent(f->desk, agent_id);

	if (team_id != 0 && (team == NULL || !team->is_active))
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
						errmsg("desk \"%s\" has no active team %lld", f->desk->name, (long long) team_id),
						errhint("SELECT team_id, code FROM csflow.team lists the teams.")));
	if (agent_id != 0 && (agent == NULL || !agent->is_active))
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
						errmsg("desk \"%s\" has no active agent %lld", f->desk->name, (long long) agent_id),
						errhint("SELECT agent_id, name FROM csflow.agent lists the agents.")));
}

static void
check_transition(const filling *f, int from, csf_state to)
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
									 : errmsg("%s cannot go from \"%s\" to \"%s\"", label(f),
											  csf_state_name((csf_state) from), csf_state_name(to)),
			 errdetail("Allowed: %s.", list.len > 0 ? list.data : "nothing"),
			 errhint("The allowed changes are the rows of csflow.transition.")));
}

/* Past white space, the ideographic space of Chinese input among it. */
static char *
skip_blank(char *text)
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

static void
require_reason(const filling *f, const char *what)
{
	char *reason = csf_ticket_text(&f->new, CSF_TICKET_CHANGE_REASON);

	if (reason == NULL || *skip_blank(reason) == '\0')
		ereport(ERROR, (errcode(ERRCODE_CSF_MISSING_VALUE), errmsg("%s of %s needs a reason", what, label(f)),
						errhint("Set change_reason in the same UPDATE, or use csflow.correct().")));
}

/* ---- what both INSERT and UPDATE derive ---- */

static const csf_category_entry *
category_of(const filling *f)
{
	int64 category_id = csf_ticket_int64(&f->new, CSF_TICKET_CATEGORY_ID, 0);

	return category_id == 0 ? NULL : csf_desk_category(f->desk, category_id);
}

/* kind follows category_id; a kind given alone stands for its first-level category. */
static void
settle_category(filling *f, bool category_given, bool kind_given)
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
		set_id(f, CSF_TICKET_CATEGORY_ID, category->category_id);
		return;
	}
	if (category_id == 0)
		return;
	category = csf_desk_category(f->desk, category_id);
	if (category == NULL)
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
						errmsg("desk \"%s\" has no category %lld", f->desk->name, (long long) category_id),
						errhint("SELECT category_id, code FROM csflow.category lists the categories.")));
	set_text(f, CSF_TICKET_KIND, category->kind_code);
}

static void
settle_tag(filling *f)
{
	struct varlena *tag = csf_assess_tag(category_of(f), csf_ticket_text(&f->new, CSF_TICKET_DOMAIN),
										 csf_ticket_priority(&f->new));

	if (tag == NULL)
		set_null(f, CSF_TICKET_TAG);
	else
		set(f, CSF_TICKET_TAG, PointerGetDatum(tag));
}

/* A duplicate points at a ticket that is there (handbook A8). */
static void
check_original(const filling *f)
{
	Datum keys[2] = {f->new.values[CSF_TICKET_DESK_ID], f->new.values[CSF_TICKET_DUPLICATE_OF]};
	csf_owner_scope scope;
	bool found;

	if (f->new.nulls[CSF_TICKET_DUPLICATE_OF])
		ereport(ERROR,
				(errcode(ERRCODE_CSF_MISSING_VALUE), errmsg("a duplicate must name the original ticket"),
				 errhint("Set duplicate_of, or use csflow.mark_duplicate().")));
	if (keys[1] == f->new.values[CSF_TICKET_TICKET_NO])
		ereport(ERROR,
				(errcode(ERRCODE_CSF_NOT_ALLOWED), errmsg("%s cannot be a duplicate of itself", label(f))));
	SPI_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
	csf_run(&original_query, keys, NULL, SPI_OK_SELECT);
	found = SPI_processed == 1;
	csf_owner_leave(&scope);
	SPI_finish();
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_UNKNOWN_TICKET),
				 errmsg("there is no %s", csf_ticket_label(DatumGetInt64(keys[0]), DatumGetInt64(keys[1]))),
				 errdetail("%s cannot be a duplicate of it.", label(f))));
}

/* Who took the ticket up first, or answered it untaken: that person does not review it (handbook F3). */
static void
settle_first_handler(filling *f, csf_state to)
{
	int64 handler = csf_ticket_int64(&f->new, CSF_TICKET_AGENT_ID, 0);

	if (!f->new.nulls[CSF_TICKET_FIRST_HANDLER_ID] ||
		(to != CSF_STATE_IN_PROGRESS && to != CSF_STATE_ANSWERED))
		return;
	if (handler == 0)
		handler = csf_ticket_int64(&f->new, CSF_TICKET_CHANGED_BY, 0);
	set_id(f, CSF_TICKET_FIRST_HANDLER_ID, handler);
}

/* The columns that a change of state fills, whoever asks for it. */
static void
settle_state(filling *f, int from, csf_state to)
{
	Datum at = f->new.values[CSF_TICKET_CHANGED_AT];

	if (to == CSF_STATE_IN_PROGRESS && f->new.nulls[CSF_TICKET_ACCEPTED_AT])
		set(f, CSF_TICKET_ACCEPTED_AT, at);
	settle_first_handler(f, to);
	if (to == CSF_STATE_ANSWERED && from < CSF_STATE_COUNT)
		csf_check_approval(f->desk, label(f), csf_ticket_int64(&f->new, CSF_TICKET_TICKET_NO, 0),
						   csf_ticket_int64(&f->old, CSF_TICKET_ANSWERED_AT, DT_NOBEGIN));
	if (to == CSF_STATE_ANSWERED)
		set(f, CSF_TICKET_ANSWERED_AT, at);
	if (to == CSF_STATE_CLOSED)
	{
		char *reason = csf_ticket_text(&f->new, CSF_TICKET_CLOSE_REASON);

		if (reason == NULL || !csf_desk_has_caption(f->desk, "close_reason", reason, strlen(reason)))
			ereport(ERROR,
					(errcode(reason == NULL ? ERRCODE_CSF_MISSING_VALUE : ERRCODE_CSF_UNKNOWN_REFERENCE),
					 reason == NULL ? errmsg("closing %s needs a close_reason", label(f))
									: errmsg("unknown close_reason \"%s\"", reason),
					 errdetail("Close reasons are: %s.", csf_desk_captions(f->desk, "close_reason")),
					 errhint("Add a row of kind close_reason to csflow.caption for a new one.")));
		set(f, CSF_TICKET_CLOSED_AT, at);
	}
	else
	{
		set_null(f, CSF_TICKET_CLOSED_AT);
		set_null(f, CSF_TICKET_CLOSE_REASON);
	}
	if (to == CSF_STATE_DUPLICATE)
		check_original(f);
	else
		set_null(f, CSF_TICKET_DUPLICATE_OF);
	if (from < CSF_STATE_COUNT && (CSF_STATE_BIT(from) & CSF_STATES_DONE) != 0 &&
		(CSF_STATE_BIT(to) & (CSF_STATES_DONE | CSF_STATES_DEAD)) == 0)
		set(f, CSF_TICKET_REOPEN_COUNT,
			Int32GetDatum(DatumGetInt32(f->new.values[CSF_TICKET_REOPEN_COUNT]) + 1));
}

/* ---- INSERT ---- */

static void
fill_customer_tier(filling *f)
{
	Datum keys[2] = {f->new.values[CSF_TICKET_DESK_ID], f->new.values[CSF_TICKET_CUSTOMER_ID]};
	csf_owner_scope scope;
	char *tier = NULL;

	if (!f->new.nulls[CSF_TICKET_CUSTOMER_TIER])
		return;
	if (f->new.nulls[CSF_TICKET_CUSTOMER_ID])
	{
		set_text(f, CSF_TICKET_CUSTOMER_TIER, "standard");
		return;
	}
	csf_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
	csf_run(&tier_query, keys, NULL, SPI_OK_SELECT);
	if (SPI_processed == 1)
	{
		tier = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		tier = strcpy(SPI_palloc(strlen(tier) + 1), tier);
	}
	csf_owner_leave(&scope);
	SPI_finish();
	if (tier == NULL)
		ereport(
			ERROR,
			(errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
			 errmsg("desk \"%s\" has no customer %lld", f->desk->name, (long long) DatumGetInt64(keys[1])),
			 errhint("Insert the customer into csflow.customer first, or leave customer_id NULL.")));
	set_text(f, CSF_TICKET_CUSTOMER_TIER, tier);
}

/* The first line of the body, cut to a length that fits a list (handbook A3); NULL where it has none. */
static char *
make_title(char *body)
{
	int length;
	int cut;

	body = skip_blank(body);
	length = (int) strcspn(body, "\r\n");
	if (length == 0)
		return NULL;
	cut = pg_mbcharcliplen(body, length, TITLE_CHARACTERS);
	return psprintf("%.*s%s", cut, body, cut < length ? "..." : "");
}

static void
fill_title(filling *f)
{
	char *title = csf_ticket_text(&f->new, CSF_TICKET_TITLE);
	char *body = csf_ticket_text(&f->new, CSF_TICKET_BODY);

	if (body != NULL && (title == NULL || *skip_blank(title) == '\0'))
		set_text(f, CSF_TICKET_TITLE, make_title(body));
}

bool
csf_ticket_title_is_made(const char *title, const char *body)
{
	char *made = title == NULL || body == NULL ? NULL : make_title(pstrdup(body));

	return made != NULL && strcmp(made, title) == 0;
}

static void
fill_instants(filling *f)
{
	if (f->new.nulls[CSF_TICKET_OPENED_AT])
		set(f, CSF_TICKET_OPENED_AT, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(f->new.values[CSF_TICKET_OPENED_AT])))
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER), errmsg("opened_at must be finite")));
	csf_check_not_future(f->session, DatumGetTimestampTz(f->new.values[CSF_TICKET_OPENED_AT]), "opened_at");
	f->new.values[CSF_TICKET_CHANGED_AT] = f->new.values[CSF_TICKET_OPENED_AT];
	f->new.nulls[CSF_TICKET_CHANGED_AT] = false;
	set_null(f, CSF_TICKET_ACCEPTED_AT);
	set_null(f, CSF_TICKET_FIRST_HANDLER_ID);
	set_null(f, CSF_TICKET_REVIEWER_ID);
	set_null(f, CSF_TICKET_ANSWERED_AT);
	set_null(f, CSF_TICKET_FIRST_RESPONSE_AT);
	set_null(f, CSF_TICKET_LAST_PUBLIC_MESSAGE_AT);
	set_null(f, CSF_TICKET_NEXT_NEWS_AT);
	set(f, CSF_TICKET_LAST_CUSTOMER_MESSAGE_AT, f->new.values[CSF_TICKET_OPENED_AT]);
	set(f, CSF_TICKET_TRANSFER_COUNT, Int32GetDatum(0));
	set(f, CSF_TICKET_REOPEN_COUNT, Int32GetDatum(0));
}

static void
fill_actor(filling *f, const char *if_nobody)
{
	csf_actor actor = csf_actor_resolve(f->session, csf_ticket_text(&f->new, CSF_TICKET_CHANGED_BY_KIND),
										csf_ticket_int64(&f->new, CSF_TICKET_CHANGED_BY, 0), if_nobody);

	set_id(f, CSF_TICKET_CHANGED_BY, actor.agent_id);
	set_text(f, CSF_TICKET_CHANGED_BY_KIND, actor.kind);
}

static Datum
id_array(const int64 *ids, int count)
{
	Datum elements[CSF_MAX_NOTIFIED];

	for (int i = 0; i < count; i++)
		elements[i] = Int64GetDatum(ids[i]);
	return PointerGetDatum(construct_array(elements, count, INT8OID, sizeof(int64), true, TYPALIGN_DOUBLE));
}

static void
store_assessment(filling *f, const csf_assessment *a)
{
	set_id(f, CSF_TICKET_CATEGORY_ID, a->category == NULL ? 0 : a->category->category_id);
	set_text(f, CSF_TICKET_KIND, a->category == NULL ? NULL : a->category->kind_code);
	set_text(f, CSF_TICKET_DOMAIN, a->domain);
	set_id(f, CSF_TICKET_TEAM_ID, a->team_id);
	set_degree(f, CSF_TICKET_IMPACT, a->impact);
	set_degree(f, CSF_TICKET_URGENCY, a->urgency);
	if (f->new.nulls[CSF_TICKET_HANDLING_TIER])
		set_degree(f, CSF_TICKET_HANDLING_TIER, a->handling_tier);
	set(f, CSF_TICKET_PRIORITY, PriorityGetDatum((csf_priority) a->priority));
	set_text(f, CSF_TICKET_PRIORITY_REASON, a->priority_reason);
	set(f, CSF_TICKET_SCORE, Int32GetDatum(a->score));
	set(f, CSF_TICKET_NEEDS_REVIEW, BoolGetDatum(a->needs_review));
	set(f, CSF_TICKET_EMOTION, Float8GetDatum(a->emotion));
	set(f, CSF_TICKET_ANGER, Float8GetDatum(a->anger));
	set(f, CSF_TICKET_ANXIETY, Float8GetDatum(a->anxiety));
	set(f, CSF_TICKET_RULES_VERSION, Int64GetDatum(f->desk->version));
	if (a->notified_count > 0)
		set(f, CSF_TICKET_NOTIFIED_TEAM_IDS, id_array(a->notified_team_ids, a->notified_count));
	else
		set_null(f, CSF_TICKET_NOTIFIED_TEAM_IDS);
}

static csf_submission
submission_of(const filling *f)
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

static void
classify_new(filling *f)
{
	csf_submission submission = submission_of(f);
	csf_assessment assessment;

	csf_assess(f->desk, &submission, &assessment);
	store_assessment(f, &assessment);
}

/* What nobody has begun and the customer has said before is a duplicate from the start: no clock begins (handbook A8). */
static void
recognise_duplicate(filling *f, csf_state state)
{
	csf_duplicate found;

	if ((state != CSF_STATE_NEW && state != CSF_STATE_ASSIGNED) ||
		!csf_duplicate_find(f->relation, f->map, f->desk, &f->new, &found))
		return;
	set_text(f, CSF_TICKET_STATE, csf_state_name(CSF_STATE_DUPLICATE));
	set(f, CSF_TICKET_DUPLICATE_OF, Int64GetDatum(found.original_no));
	csf_duplicate_remember(csf_ticket_int64(&f->new, CSF_TICKET_TICKET_NO, 0), &found);
}

static void
fill_insert(filling *f)
{
	csf_state state;
	int64 agent_id = csf_ticket_int64(&f->new, CSF_TICKET_AGENT_ID, 0);

	check_text_size(f, CSF_TICKET_TITLE, "title");
	check_text_size(f, CSF_TICKET_BODY, "body");
	check_text_size(f, CSF_TICKET_CHANGE_REASON, "change_reason");
	if (f->new.nulls[CSF_TICKET_BODY])
		set_text(f, CSF_TICKET_BODY, "");
	check_channel(f);
	fill_instants(f);
	fill_actor(f, "customer");
	fill_customer_tier(f);
	settle_category(f, !f->new.nulls[CSF_TICKET_CATEGORY_ID], !f->new.nulls[CSF_TICKET_KIND]);
	/* What the rules are measured by leaves out what they did not decide (handbook B7). */
	set(f, CSF_TICKET_CATEGORY_GIVEN, BoolGetDatum(!f->new.nulls[CSF_TICKET_CATEGORY_ID]));
	/* The rules read what the customer wrote; a title made from the body would count its words twice. */
	classify_new(f);
	fill_title(f);
	if (agent_id != 0 && f->new.nulls[CSF_TICKET_TEAM_ID])
	{
		const csf_agent *agent = csf_desk_agent(f->desk, agent_id);

		set_id(f, CSF_TICKET_TEAM_ID, agent == NULL ? 0 : agent->team_id);
	}
	check_team_and_agent(f);
	settle_tag(f);
	if (f->new.nulls[CSF_TICKET_STATE])
		set_text(f, CSF_TICKET_STATE, csf_state_name(CSF_STATE_NEW));
	state = csf_ticket_state(&f->new);
	if (state == CSF_STATE_NEW && agent_id != 0)
	{
		state = CSF_STATE_ASSIGNED;
		set_text(f, CSF_TICKET_STATE, csf_state_name(state));
	}
	check_transition(f, CSF_STATE_COUNT, state);
	settle_state(f, CSF_STATE_COUNT, state);
	recognise_duplicate(f, state);
}

/* ---- UPDATE ---- */

static void
check_immutable(const filling *f)
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
		if (differs(f, fixed[i].column))
			ereport(ERROR, (errcode(ERRCODE_CSF_IMMUTABLE),
							errmsg("%s of %s cannot be changed", fixed[i].name,
								   csf_ticket_label(csf_ticket_int64(&f->old, CSF_TICKET_DESK_ID, 0),
													csf_ticket_int64(&f->old, CSF_TICKET_TICKET_NO, 0)))));
	}
}

static bool
is_by_system(const filling *f)
{
	char *kind = csf_ticket_text(&f->new, CSF_TICKET_CHANGED_BY_KIND);

	return kind != NULL && strcmp(kind, "system") == 0;
}

/*
 * A mapper that writes whole rows gives changed_at back as it read it: that says nothing of this change. The same instant is
 * meant where the last change was dated as well, as when a log is replayed.
 */
static bool
is_written_back(const filling *f, TimestampTz last)
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
settle_changed_at(filling *f)
{
	TimestampTz last = DatumGetTimestampTz(f->old.values[CSF_TICKET_CHANGED_AT]);
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	TimestampTz at = now;

	if (was_given(f, CSF_TICKET_CHANGED_AT) && !f->new.nulls[CSF_TICKET_CHANGED_AT])
		at = DatumGetTimestampTz(f->new.values[CSF_TICKET_CHANGED_AT]);
	if (at == last && at < now && !csf_message_writes_ticket && !is_by_system(f) && is_written_back(f, last))
		at = now;
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER), errmsg("changed_at must be finite")));
	if (at < last && at != now)
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER),
						errmsg("%s was last changed after %s", label(f), timestamptz_to_str(at)),
						errdetail("Its last change was at %s.", timestamptz_to_str(last)),
						errhint("Leave changed_at empty for now, or give a later instant.")));
	if (at > now)
		csf_check_not_future(f->session, at, "changed_at");
	set(f, CSF_TICKET_CHANGED_AT, TimestampTzGetDatum(Max(at, last)));
}

static void
settle_update_actor(filling *f)
{
	if (!was_given(f, CSF_TICKET_CHANGED_BY))
		set_null(f, CSF_TICKET_CHANGED_BY);
	if (!was_given(f, CSF_TICKET_CHANGED_BY_KIND))
		set_null(f, CSF_TICKET_CHANGED_BY_KIND);
	if (!was_given(f, CSF_TICKET_CHANGE_REASON))
		set_null(f, CSF_TICKET_CHANGE_REASON);
	fill_actor(f, "unknown");
}

/* Another impact or urgency is another cell of the matrix, unless the same UPDATE names the priority. */
static bool
settle_severity(filling *f)
{
	csf_submission submission;
	csf_assessment assessment;

	if (differs(f, CSF_TICKET_PRIORITY) ||
		(!differs(f, CSF_TICKET_IMPACT) && !differs(f, CSF_TICKET_URGENCY)))
		return false;
	submission = submission_of(f);
	submission.priority = 0;
	if (csf_ticket_title_is_made(submission.title, submission.body))
		submission.title = NULL;
	csf_assess(f->desk, &submission, &assessment);
	set(f, CSF_TICKET_PRIORITY, PriorityGetDatum((csf_priority) assessment.priority));
	set_text(f, CSF_TICKET_PRIORITY_REASON, assessment.priority_reason);
	return true;
}

/* A person's correction needs its reason (handbook B7); what was unsettled is settled by it. */
static void
settle_correction(filling *f)
{
	bool category = differs(f, CSF_TICKET_CATEGORY_ID);
	bool kind = differs(f, CSF_TICKET_KIND);
	bool severity;
	bool priority;

	if (category || kind)
		settle_category(f, category, kind);
	severity = settle_severity(f);
	priority = differs(f, CSF_TICKET_PRIORITY);
	if ((category || kind || priority) && !is_by_system(f))
		require_reason(f, category || kind ? "correcting the category" : "correcting the priority");
	if (priority && f->new.nulls[CSF_TICKET_PRIORITY])
		ereport(ERROR, (errcode(ERRCODE_CSF_MISSING_VALUE), errmsg("%s needs a priority", label(f)),
						errhint("Give one of E, A, B and C.")));
	if (priority && !severity && !was_given(f, CSF_TICKET_PRIORITY_REASON))
		set_text(f, CSF_TICKET_PRIORITY_REASON,
				 psprintf("corrected: %s", f->new.nulls[CSF_TICKET_CHANGE_REASON]
											   ? "by a rule"
											   : csf_ticket_text(&f->new, CSF_TICKET_CHANGE_REASON)));
	if (!priority && !severity)
		keep_old(f, CSF_TICKET_PRIORITY_REASON);
	if (category || kind || differs(f, CSF_TICKET_TEAM_ID))
		set(f, CSF_TICKET_NEEDS_REVIEW, BoolGetDatum(false));
	if (category || kind || priority || differs(f, CSF_TICKET_DOMAIN))
		settle_tag(f);
}

/* What follows from the flow and from messages cannot be set by hand; they would be figures without an event. */
static void
keep_derived(filling *f)
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
		keep_old(f, by_flow[i]);
	for (int i = 0; i < (int) lengthof(by_messages) && !csf_message_writes_ticket; i++)
		keep_old(f, by_messages[i]);
}

static void
settle_assignment(filling *f)
{
	if (differs(f, CSF_TICKET_TEAM_ID) || differs(f, CSF_TICKET_AGENT_ID))
		check_team_and_agent(f);
	if (differs(f, CSF_TICKET_TEAM_ID) && !f->old.nulls[CSF_TICKET_TEAM_ID])
		set(f, CSF_TICKET_TRANSFER_COUNT,
			Int32GetDatum(DatumGetInt32(f->old.values[CSF_TICKET_TRANSFER_COUNT]) + 1));
	if (differs(f, CSF_TICKET_AGENT_ID) && !f->new.nulls[CSF_TICKET_AGENT_ID] &&
		!differs(f, CSF_TICKET_STATE) && csf_ticket_state(&f->old) == CSF_STATE_NEW)
		set_text(f, CSF_TICKET_STATE, csf_state_name(CSF_STATE_ASSIGNED));
}

/* Each review has a reviewer of its own, and never the one whose work is reviewed (handbook F3). */
static void
settle_reviewer(filling *f, csf_state from, csf_state to)
{
	int64 reviewer = csf_ticket_int64(&f->new, CSF_TICKET_REVIEWER_ID, 0);

	if (!differs(f, CSF_TICKET_REVIEWER_ID) && from != to && to == CSF_STATE_UNDER_REVIEW)
		set_null(f, CSF_TICKET_REVIEWER_ID);
	else if (differs(f, CSF_TICKET_REVIEWER_ID) && reviewer != 0)
		csf_check_reviewer(f->desk, label(f), reviewer,
						   csf_ticket_int64(&f->new, CSF_TICKET_FIRST_HANDLER_ID, 0), to);
}

static void
fill_update(filling *f)
{
	csf_state from = csf_ticket_state(&f->old);
	csf_state to;

	check_immutable(f);
	/* A text that was accepted once stays, though the desk takes only shorter ones now. */
	if (was_given(f, CSF_TICKET_TITLE))
		check_text_size(f, CSF_TICKET_TITLE, "title");
	if (was_given(f, CSF_TICKET_BODY))
		check_text_size(f, CSF_TICKET_BODY, "body");
	if (was_given(f, CSF_TICKET_CHANGE_REASON))
		check_text_size(f, CSF_TICKET_CHANGE_REASON, "change_reason");
	if (differs(f, CSF_TICKET_CHANNEL))
		check_channel(f);
	keep_derived(f);
	settle_changed_at(f);
	settle_update_actor(f);
	settle_correction(f);
	settle_assignment(f);
	to = csf_ticket_state(&f->new);
	settle_reviewer(f, from, to);
	if (from == to)
	{
		keep_old(f, CSF_TICKET_CLOSE_REASON);
		if (differs(f, CSF_TICKET_DUPLICATE_OF))
		{
			if (to == CSF_STATE_DUPLICATE)
				check_original(f);
			else
				set_null(f, CSF_TICKET_DUPLICATE_OF);
		}
		return;
	}
	check_transition(f, (int) from, to);
	settle_state(f, (int) from, to);
}

/* ---- entry ---- */

static void
read_tuple(csf_ticket_row *row, HeapTuple tuple, TupleDesc description, const csf_ticket_map *map)
{
	for (int column = 0; column < CSF_TICKET_COLUMN_COUNT; column++)
		row->values[column] = heap_getattr(tuple, map->numbers[column], description, &row->nulls[column]);
}

static HeapTuple
modified(filling *f, HeapTuple tuple, TupleDesc description)
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
	filling f;

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
		fill_insert(&f);
	return PointerGetDatum(modified(&f, tuple, description));
}
