/*
 * ticket_insert.c
 *		What a new ticket's row is filled with: title, instants, actor, classification, state (handbook A3, A9, B1-B8).
 */
#include "engine/ticket_fill.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "engine/duplicate.h"
#include "engine/flow.h"
#include "errors.h"
#include "kernel/mask.h"
#include "types/encoding.h"
#include "types/types.h"

#define TITLE_CHARACTERS 60
#define NUMBER_BYTES 40 /* no number with its separators is longer */

static csf_statement tier_query = CSF_STATEMENT("SELECT tier FROM csflow.customer"
												" WHERE desk_id = $1 AND customer_id = $2",
												"ll");

static void
fill_customer_tier(csf_filling *f)
{
	Datum keys[2] = {f->new.values[CSF_TICKET_DESK_ID], f->new.values[CSF_TICKET_CUSTOMER_ID]};
	csf_owner_scope scope;
	char *tier = NULL;

	if (!f->new.nulls[CSF_TICKET_CUSTOMER_TIER])
		return;
	if (f->new.nulls[CSF_TICKET_CUSTOMER_ID])
	{
		csf_fill_text(f, CSF_TICKET_CUSTOMER_TIER, "standard");
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
	csf_fill_text(f, CSF_TICKET_CUSTOMER_TIER, tier);
}

/* Whether a digit or at sign, full width ones too, is near the cut: hardly ever, and the search for personal data is spared. */
static bool
is_near_number(const char *line, int length, int cut)
{
	static const char full_width[] = "\xEF\xBC";

	for (int i = Max(cut - NUMBER_BYTES, 0); i < Min(cut + NUMBER_BYTES, length); i++)
	{
		if (line[i] == '@' || isdigit((unsigned char) line[i]))
			return true;
		if (i + 2 < length && memcmp(line + i, full_width, 2) == 0 && (unsigned char) line[i + 2] >= 0x90 &&
			(unsigned char) line[i + 2] <= 0xA0)
			return true;
	}
	return false;
}

/* Half a telephone number is not masked any more (handbook A5, F8): the cut moves before what it would split. */
static int
spare_personal_data(const char *line, int length, int cut)
{
	bool in_bytes = pg_database_encoding_max_length() == 1;
	int limit = in_bytes ? cut : TITLE_CHARACTERS;
	int kept = limit;
	csf_personal_item *items;
	const char *text;
	size_t text_length;
	int count;

	text = csf_utf8_from_server(
		line, in_bytes ? length : pg_mbcharcliplen(line, length, TITLE_CHARACTERS + NUMBER_BYTES),
		&text_length, NULL);
	count = csf_find_personal_data(text, text_length, &items);
	for (int i = 0; i < count; i++)
	{
		int start = in_bytes ? (int) items[i].offset : items[i].position;
		int end = start + (in_bytes ? (int) items[i].length : items[i].characters);

		if (start < limit && end > limit)
			kept = start;
	}
	pfree(items);
	return kept == limit ? cut : pg_mbcharcliplen(line, length, kept);
}

/* The first line of the body, cut to a length that fits a list (handbook A3); NULL where it has none. */
static char *
make_title(char *body)
{
	int length;
	int cut;

	body = csf_skip_blank(body);
	length = (int) strcspn(body, "\r\n");
	if (length == 0)
		return NULL;
	cut = pg_mbcharcliplen(body, length, TITLE_CHARACTERS);
	if (cut < length && is_near_number(body, length, cut))
		cut = spare_personal_data(body, length, cut);
	return psprintf("%.*s%s", cut, body, cut < length ? "..." : "");
}

static void
fill_title(csf_filling *f)
{
	char *title = csf_ticket_text(&f->new, CSF_TICKET_TITLE);
	char *body = csf_ticket_text(&f->new, CSF_TICKET_BODY);

	if (body != NULL && (title == NULL || *csf_skip_blank(title) == '\0'))
		csf_fill_text(f, CSF_TICKET_TITLE, make_title(body));
}

bool
csf_ticket_title_is_made(const char *title, const char *body)
{
	char *made = title == NULL || body == NULL ? NULL : make_title(pstrdup(body));

	return made != NULL && strcmp(made, title) == 0;
}

static void
fill_instants(csf_filling *f)
{
	if (f->new.nulls[CSF_TICKET_OPENED_AT])
		csf_fill(f, CSF_TICKET_OPENED_AT, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(f->new.values[CSF_TICKET_OPENED_AT])))
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER), errmsg("opened_at must be finite")));
	csf_check_not_future(f->session, DatumGetTimestampTz(f->new.values[CSF_TICKET_OPENED_AT]), "opened_at");
	f->new.values[CSF_TICKET_CHANGED_AT] = f->new.values[CSF_TICKET_OPENED_AT];
	f->new.nulls[CSF_TICKET_CHANGED_AT] = false;
	csf_fill_null(f, CSF_TICKET_ACCEPTED_AT);
	csf_fill_null(f, CSF_TICKET_FIRST_HANDLER_ID);
	csf_fill_null(f, CSF_TICKET_REVIEWER_ID);
	csf_fill_null(f, CSF_TICKET_ANSWERED_AT);
	csf_fill_null(f, CSF_TICKET_FIRST_RESPONSE_AT);
	csf_fill_null(f, CSF_TICKET_LAST_PUBLIC_MESSAGE_AT);
	csf_fill_null(f, CSF_TICKET_NEXT_NEWS_AT);
	csf_fill(f, CSF_TICKET_LAST_CUSTOMER_MESSAGE_AT, f->new.values[CSF_TICKET_OPENED_AT]);
	csf_fill(f, CSF_TICKET_TRANSFER_COUNT, Int32GetDatum(0));
	csf_fill(f, CSF_TICKET_REOPEN_COUNT, Int32GetDatum(0));
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
store_assessment(csf_filling *f, const csf_assessment *a)
{
	csf_fill_id(f, CSF_TICKET_CATEGORY_ID, a->category == NULL ? 0 : a->category->category_id);
	csf_fill_text(f, CSF_TICKET_KIND, a->category == NULL ? NULL : a->category->kind_code);
	csf_fill_text(f, CSF_TICKET_DOMAIN, a->domain);
	csf_fill_id(f, CSF_TICKET_TEAM_ID, a->team_id);
	csf_fill_degree(f, CSF_TICKET_IMPACT, a->impact);
	csf_fill_degree(f, CSF_TICKET_URGENCY, a->urgency);
	if (f->new.nulls[CSF_TICKET_HANDLING_TIER])
		csf_fill_degree(f, CSF_TICKET_HANDLING_TIER, a->handling_tier);
	csf_fill(f, CSF_TICKET_PRIORITY, PriorityGetDatum((csf_priority) a->priority));
	csf_fill_text(f, CSF_TICKET_PRIORITY_REASON, a->priority_reason);
	csf_fill(f, CSF_TICKET_SCORE, Int32GetDatum(a->score));
	csf_fill(f, CSF_TICKET_NEEDS_REVIEW, BoolGetDatum(a->needs_review));
	csf_fill(f, CSF_TICKET_EMOTION, Float8GetDatum(a->emotion));
	csf_fill(f, CSF_TICKET_ANGER, Float8GetDatum(a->anger));
	csf_fill(f, CSF_TICKET_ANXIETY, Float8GetDatum(a->anxiety));
	csf_fill(f, CSF_TICKET_RULES_VERSION, Int64GetDatum(f->desk->version));
	if (a->notified_count > 0)
		csf_fill(f, CSF_TICKET_NOTIFIED_TEAM_IDS, id_array(a->notified_team_ids, a->notified_count));
	else
		csf_fill_null(f, CSF_TICKET_NOTIFIED_TEAM_IDS);
}

static void
classify_new(csf_filling *f)
{
	csf_submission submission = csf_submission_of(f);
	csf_assessment assessment;

	csf_assess(f->desk, &submission, &assessment);
	store_assessment(f, &assessment);
}

/* What nobody has begun and the customer has said before is a duplicate from the start: no clock begins (handbook A8). */
static void
recognise_duplicate(csf_filling *f, csf_state state)
{
	csf_duplicate found;

	if ((state != CSF_STATE_NEW && state != CSF_STATE_ASSIGNED) ||
		!csf_duplicate_find(f->relation, f->map, f->desk, &f->new, &found))
		return;
	csf_fill_text(f, CSF_TICKET_STATE, csf_state_name(CSF_STATE_DUPLICATE));
	csf_fill(f, CSF_TICKET_DUPLICATE_OF, Int64GetDatum(found.original_no));
	csf_duplicate_remember(csf_ticket_int64(&f->new, CSF_TICKET_TICKET_NO, 0), &found);
}

void
csf_fill_insert(csf_filling *f)
{
	csf_state state;
	int64 agent_id = csf_ticket_int64(&f->new, CSF_TICKET_AGENT_ID, 0);

	csf_check_text_size(f, CSF_TICKET_TITLE, "title");
	csf_check_text_size(f, CSF_TICKET_BODY, "body");
	csf_check_text_size(f, CSF_TICKET_CHANGE_REASON, "change_reason");
	if (f->new.nulls[CSF_TICKET_BODY])
		csf_fill_text(f, CSF_TICKET_BODY, "");
	csf_check_channel(f);
	fill_instants(f);
	csf_fill_actor(f, "customer");
	fill_customer_tier(f);
	csf_settle_category(f, !f->new.nulls[CSF_TICKET_CATEGORY_ID], !f->new.nulls[CSF_TICKET_KIND]);
	/* What the rules are measured by leaves out what they did not decide (handbook B7). */
	csf_fill(f, CSF_TICKET_CATEGORY_GIVEN, BoolGetDatum(!f->new.nulls[CSF_TICKET_CATEGORY_ID]));
	/* The rules read what the customer wrote; a title made from the body would count its words twice. */
	classify_new(f);
	fill_title(f);
	if (agent_id != 0 && f->new.nulls[CSF_TICKET_TEAM_ID])
	{
		const csf_agent *agent = csf_desk_agent(f->desk, agent_id);

		csf_fill_id(f, CSF_TICKET_TEAM_ID, agent == NULL ? 0 : agent->team_id);
	}
	csf_check_team(f);
	csf_check_agent(f);
	csf_settle_tag(f);
	if (f->new.nulls[CSF_TICKET_STATE])
		csf_fill_text(f, CSF_TICKET_STATE, csf_state_name(CSF_STATE_NEW));
	state = csf_ticket_state(&f->new);
	if (state == CSF_STATE_NEW && agent_id != 0)
	{
		state = CSF_STATE_ASSIGNED;
		csf_fill_text(f, CSF_TICKET_STATE, csf_state_name(state));
	}
	csf_check_transition(f, CSF_STATE_COUNT, state);
	csf_settle_state(f, CSF_STATE_COUNT, state);
	recognise_duplicate(f, state);
}
