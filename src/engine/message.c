/*
 * message.c
 *		Triggers of csflow.message: what is said about a ticket, and what that does to its clocks and columns.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engine/actor.h"
#include "engine/clock_store.h"
#include "engine/erasure.h"
#include "engine/flow.h"
#include "engine/past.h"
#include "engine/record.h"
#include "engine/ticket.h"
#include "errors.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_message_before);
PG_FUNCTION_INFO_V1(csf_message_after);

/* A message on its way to events and clocks. */
typedef struct message
{
	int64 desk_id;
	int64 ticket_no;
	int64 message_no;
	TimestampTz at;
	const char *author_kind;
	int64 author_id;
	bool is_public;
	int64 team_id; /* the department it speaks for, 0: none */
	const char *milestone;
	TimestampTz next_news_at; /* or CSF_NO_INSTANT */
} message;

typedef enum message_column
{
	MESSAGE_DESK_ID,
	MESSAGE_TICKET_NO,
	MESSAGE_MESSAGE_NO,
	MESSAGE_AT,
	MESSAGE_AUTHOR_KIND,
	MESSAGE_IS_PUBLIC,
	MESSAGE_BODY,
	MESSAGE_MILESTONE,
	MESSAGE_NEXT_NEWS_AT,
	MESSAGE_CHANNEL,
	MESSAGE_CHANGED_BY,
	MESSAGE_TEAM_ID,
	MESSAGE_COLUMNS
} message_column;

static const char *const column_names[MESSAGE_COLUMNS] = {
	"desk_id", "ticket_no", "message_no",   "at",      "author_kind", "is_public",
	"body",    "milestone", "next_news_at", "channel", "changed_by",  "team_id"};

/* Locks in the order that everybody keeps (design 2.3), and reads what the messages act on. */
static csf_statement ticket_query =
	CSF_STATEMENT("SELECT " CSF_TICKET_FACT_COLUMNS ""
				  " FROM engine_rows AS u(desk_id, ticket_no)"
				  " JOIN csflow.ticket t ON t.desk_id = u.desk_id AND t.ticket_no = u.ticket_no"
				  " ORDER BY t.desk_id, t.ticket_no FOR NO KEY UPDATE OF t",
				  "LN");
static csf_statement ticket_update = CSF_STATEMENT(
	"UPDATE csflow.ticket t SET changed_at = u.at, changed_by = u.changed_by, changed_by_kind ="
	" u.changed_by_kind, state = coalesce(u.state, t.state), first_response_at = CASE WHEN"
	" u.is_person THEN coalesce(t.first_response_at, u.at) ELSE t.first_response_at END,"
	" last_public_message_at = CASE WHEN u.is_answer THEN u.at ELSE t.last_public_message_at END,"
	" last_customer_message_at = CASE WHEN u.is_customer THEN u.at ELSE"
	" t.last_customer_message_at END, next_news_at = CASE WHEN u.is_answer THEN u.next_news_at"
	" ELSE t.next_news_at END"
	" FROM engine_rows AS u(desk_id, ticket_no, at, changed_by, changed_by_kind, state,"
	" is_person, is_answer, is_customer, next_news_at)"
	" WHERE t.desk_id = u.desk_id AND t.ticket_no = u.ticket_no",
	"LNZLTTBBBZ");
static csf_statement instant_update = CSF_STATEMENT(
	"UPDATE csflow.message m SET at = u.at"
	" FROM engine_rows AS u(desk_id, ticket_no, message_no, at)"
	" WHERE m.desk_id = u.desk_id AND m.ticket_no = u.ticket_no AND m.message_no = u.message_no",
	"LNLZ");

bool csf_message_writes_ticket = false;

static void
find_columns(TupleDesc description, int *numbers)
{
	for (int column = 0; column < MESSAGE_COLUMNS; column++)
	{
		numbers[column] = SPI_fnumber(description, column_names[column]);
		if (numbers[column] <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_CSF_FLOW_VERSION),
					 errmsg("table csflow.message has no column \"%s\"", column_names[column]),
					 errhint("Bring the tables to this version of csflow with SELECT csflow.migrate().")));
	}
}

/* ---- BEFORE ROW ---- */

static char *
text_of(const Datum *values, const bool *nulls, message_column column)
{
	return nulls[column] ? NULL : TextDatumGetCString(values[column]);
}

static void
check_message(const csf_desk *desk, const Datum *values, const bool *nulls)
{
	char *milestone = text_of(values, nulls, MESSAGE_MILESTONE);
	char *channel = text_of(values, nulls, MESSAGE_CHANNEL);
	Size size = nulls[MESSAGE_BODY] ? 0 : toast_raw_datum_size(values[MESSAGE_BODY]) - VARHDRSZ;

	if (size > (Size) desk->maximum_text_bytes)
		ereport(ERROR, (errcode(ERRCODE_CSF_TOO_LARGE), errmsg("a message of %zu bytes is too long", size),
						errdetail("Desk \"%s\" accepts %d bytes.", desk->name, desk->maximum_text_bytes),
						errhint("Keep the text elsewhere and refer to it in csflow.attachment.")));
	if (milestone != NULL && !csf_desk_has_caption(desk, "milestone", milestone, strlen(milestone)))
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE), errmsg("unknown milestone \"%s\"", milestone),
						errdetail("Milestones are: %s.", csf_desk_captions(desk, "milestone")),
						errhint("Add a row of kind milestone to csflow.caption for a new one.")));
	if (channel != NULL && csf_desk_channel(desk, channel, strlen(channel)) == NULL)
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE), errmsg("unknown channel \"%s\"", channel)));
	if (!nulls[MESSAGE_TEAM_ID] && csf_desk_team(desk, DatumGetInt64(values[MESSAGE_TEAM_ID])) == NULL)
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
						errmsg("desk \"%s\" has no team %lld", desk->name,
							   (long long) DatumGetInt64(values[MESSAGE_TEAM_ID])),
						errhint("SELECT team_id, code FROM csflow.team lists the teams.")));
	if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(values[MESSAGE_AT])))
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER), errmsg("at must be finite")));
	if (!nulls[MESSAGE_NEXT_NEWS_AT] &&
		TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(values[MESSAGE_NEXT_NEWS_AT])))
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER), errmsg("next_news_at must be finite")));
	if (!nulls[MESSAGE_NEXT_NEWS_AT] &&
		DatumGetTimestampTz(values[MESSAGE_NEXT_NEWS_AT]) <= DatumGetTimestampTz(values[MESSAGE_AT]))
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER),
						errmsg("next_news_at %s is not after the message itself",
							   timestamptz_to_str(DatumGetTimestampTz(values[MESSAGE_NEXT_NEWS_AT])))));
}

/* What an agent heard on the telephone are the customer's words: the agent takes them down and is recorded as the writer. */
static bool
is_heard(const csf_session *session, const Datum *values, const bool *nulls)
{
	const char *kind = text_of(values, nulls, MESSAGE_AUTHOR_KIND);
	const char *channel = text_of(values, nulls, MESSAGE_CHANNEL);

	return session->agent != NULL && kind != NULL && strcmp(kind, "customer") == 0 && channel != NULL &&
		   strcmp(channel, "hotline") == 0;
}

static void
fill_message(csf_session *session, Datum *values, bool *nulls)
{
	bool heard = is_heard(session, values, nulls);
	csf_actor actor =
		csf_actor_resolve(session, heard ? "agent" : text_of(values, nulls, MESSAGE_AUTHOR_KIND),
						  nulls[MESSAGE_CHANGED_BY] ? 0 : DatumGetInt64(values[MESSAGE_CHANGED_BY]), NULL);

	if (heard)
		actor.kind = "customer";

	if (actor.kind == NULL)
		ereport(ERROR, (errcode(ERRCODE_CSF_MISSING_VALUE), errmsg("a message needs an author_kind"),
						errdetail("No agent of desk \"%s\" has the current role.", session->desk->name),
						errhint("Set author_kind to customer, agent or system.")));
	values[MESSAGE_AUTHOR_KIND] = CStringGetTextDatum(actor.kind);
	nulls[MESSAGE_AUTHOR_KIND] = false;
	values[MESSAGE_CHANGED_BY] = Int64GetDatum(actor.agent_id);
	nulls[MESSAGE_CHANGED_BY] = actor.agent_id == 0;
	if (nulls[MESSAGE_AT])
		values[MESSAGE_AT] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	nulls[MESSAGE_AT] = false;
	csf_check_not_future(session, DatumGetTimestampTz(values[MESSAGE_AT]), "at");
	if (nulls[MESSAGE_TEAM_ID] && actor.agent_id != 0)
	{
		const csf_agent *author = csf_desk_agent(session->desk, actor.agent_id);

		values[MESSAGE_TEAM_ID] = Int64GetDatum(author == NULL ? 0 : author->team_id);
		nulls[MESSAGE_TEAM_ID] = author == NULL || author->team_id == 0;
	}
	check_message(session->desk, values, nulls);
}

Datum
csf_message_before(PG_FUNCTION_ARGS)
{
	TriggerData *data = csf_trigger_data(fcinfo, "message_before", true);
	TupleDesc description = RelationGetDescr(data->tg_relation);
	HeapTuple tuple = data->tg_trigtuple;
	int numbers[MESSAGE_COLUMNS];
	Datum values[MESSAGE_COLUMNS];
	bool nulls[MESSAGE_COLUMNS];

	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
	{
		/* We lift a message's instant ourselves; and words may leave, never change (handbook F8, I5). */
		if (!csf_message_writes_ticket && !csf_only_masks(data, "body"))
			ereport(ERROR, (errcode(ERRCODE_CSF_IMMUTABLE), errmsg("messages cannot be changed"),
							errhint("Write another message.")));
		return PointerGetDatum(data->tg_newtuple);
	}
	find_columns(description, numbers);
	for (int column = 0; column < MESSAGE_COLUMNS; column++)
		values[column] = heap_getattr(tuple, numbers[column], description, &nulls[column]);
	if (nulls[MESSAGE_DESK_ID] || nulls[MESSAGE_TICKET_NO])
		return PointerGetDatum(tuple); /* the NOT NULL constraint says it */
	fill_message(csf_session_get(fcinfo->flinfo, DatumGetInt64(values[MESSAGE_DESK_ID])), values, nulls);
	return PointerGetDatum(
		heap_modify_tuple_by_cols(tuple, description, MESSAGE_COLUMNS, numbers, values, nulls));
}

/* ---- AFTER STATEMENT ---- */

static message *
read_messages(TriggerData *data, int *count)
{
	TupleDesc description = RelationGetDescr(data->tg_relation);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(description, &TTSOpsMinimalTuple);
	int capacity = 16;
	message *messages = palloc(sizeof(message) * capacity);
	int numbers[MESSAGE_COLUMNS];

	find_columns(description, numbers);
	*count = 0;
	tuplestore_rescan(data->tg_newtable);
	while (tuplestore_gettupleslot(data->tg_newtable, true, false, slot))
	{
		Datum values[MESSAGE_COLUMNS];
		bool nulls[MESSAGE_COLUMNS];
		message *m;

		CHECK_FOR_INTERRUPTS();
		for (int column = 0; column < MESSAGE_COLUMNS; column++)
			values[column] = slot_getattr(slot, numbers[column], &nulls[column]);
		if (*count == capacity)
		{
			capacity *= 2;
			messages = repalloc_huge(messages, sizeof(message) * capacity);
		}
		m = &messages[(*count)++];
		m->desk_id = DatumGetInt64(values[MESSAGE_DESK_ID]);
		m->ticket_no = DatumGetInt64(values[MESSAGE_TICKET_NO]);
		m->message_no = DatumGetInt64(values[MESSAGE_MESSAGE_NO]);
		m->at = DatumGetTimestampTz(values[MESSAGE_AT]);
		m->author_kind = text_of(values, nulls, MESSAGE_AUTHOR_KIND);
		m->author_id = nulls[MESSAGE_CHANGED_BY] ? 0 : DatumGetInt64(values[MESSAGE_CHANGED_BY]);
		m->is_public = DatumGetBool(values[MESSAGE_IS_PUBLIC]);
		m->team_id = nulls[MESSAGE_TEAM_ID] ? 0 : DatumGetInt64(values[MESSAGE_TEAM_ID]);
		m->milestone = text_of(values, nulls, MESSAGE_MILESTONE);
		m->next_news_at =
			nulls[MESSAGE_NEXT_NEWS_AT] ? CSF_NO_INSTANT : DatumGetTimestampTz(values[MESSAGE_NEXT_NEWS_AT]);
	}
	ExecDropSingleTupleTableSlot(slot);
	return messages;
}

static int
compare_messages(const void *a, const void *b)
{
	const message *left = a;
	const message *right = b;

	if (left->desk_id != right->desk_id)
		return left->desk_id < right->desk_id ? -1 : 1;
	if (left->ticket_no != right->ticket_no)
		return left->ticket_no < right->ticket_no ? -1 : 1;
	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return (left->message_no > right->message_no) - (left->message_no < right->message_no);
}

/* One round: at most one message a ticket, in the order of the tickets. */
typedef struct message_round
{
	csf_recorder recorder;
	csf_change *changes;
	csf_rows updates;
	csf_rows lifts;
	int count;
	message **messages;
} message_round;

/* Whether it was written by an agent who is no bot. */
static bool
is_by_person(const csf_desk *desk, const message *m)
{
	const csf_agent *agent = csf_desk_agent(desk, m->author_id);

	return strcmp(m->author_kind, "agent") == 0 && (agent == NULL || !agent->is_bot);
}

/* A person known to be no novice. */
static bool
is_by_senior(const csf_desk *desk, const message *m)
{
	const csf_agent *agent = csf_desk_agent(desk, m->author_id);

	return is_by_person(desk, m) && agent != NULL && agent->is_senior;
}

/* What the message is to the clocks (handbook A2): only a person's public words are a response. */
static uint64
message_signals(const csf_desk *desk, const message *m, const char **kind)
{
	uint64 signals = csf_desk_milestone(desk, m->milestone);

	if (strcmp(m->author_kind, "customer") == 0)
	{
		*kind = "customer_message";
		return signals | CSF_SIGNAL_BIT(CSF_SIGNAL_CUSTOMER_MESSAGE);
	}
	if (is_by_senior(desk, m))
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_SENIOR_MESSAGE);
	if (!m->is_public)
	{
		*kind = "note";
		/* A survey's answer is noted by the system: nobody has worked on the ticket by that. */
		if (strcmp(m->author_kind, "system") == 0)
			return signals;
		if (m->next_news_at != CSF_NO_INSTANT)
			signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_TIME_NAMED);
		return signals | CSF_SIGNAL_BIT(CSF_SIGNAL_INTERNAL_NOTE);
	}
	signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_PUBLIC_MESSAGE);
	if (m->next_news_at != CSF_NO_INSTANT)
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_NEWS_NAMED);
	if (is_by_person(desk, m))
	{
		*kind = "reply";
		return signals | CSF_SIGNAL_BIT(CSF_SIGNAL_PERSON_MESSAGE);
	}
	*kind = "automatic_message";
	return signals;
}

static void
record_message(message_round *round, const message *m, const char *kind, uint64 signals, TimestampTz at)
{
	csf_actor actor = {.kind = m->author_kind, .agent_id = m->author_id};
	csf_event event;

	csf_event_init(&event, m->desk_id, m->ticket_no, at, kind, actor);
	event.message_no = m->message_no;
	event.new_value = m->milestone;
	/* Agents come and go and rise; a replay must know what he was then. */
	if ((signals & CSF_SIGNAL_BIT(CSF_SIGNAL_SENIOR_MESSAGE)) != 0)
		event.old_value = CSF_BY_SENIOR;
	if (m->next_news_at != CSF_NO_INSTANT)
		event.due_at = m->next_news_at;
	csf_record_event(&round->recorder, &event);
}

/* The ticket's columns that a message changes; a customer who writes is no longer waited for. */
static void
add_update(message_round *round, const csf_desk *desk, const message *m, uint64 signals, csf_state state,
		   TimestampTz at)
{
	bool is_customer = (signals & CSF_SIGNAL_BIT(CSF_SIGNAL_CUSTOMER_MESSAGE)) != 0;
	bool is_public = (signals & CSF_SIGNAL_BIT(CSF_SIGNAL_PUBLIC_MESSAGE)) != 0;
	bool resumes = is_customer && state == CSF_STATE_WAITING_CUSTOMER && desk->resume_on_customer_message;
	Datum values[10];
	bool nulls[10] = {false};

	values[0] = Int64GetDatum(m->desk_id);
	values[1] = Int64GetDatum(m->ticket_no);
	values[2] = TimestampTzGetDatum(at);
	values[3] = Int64GetDatum(m->author_id);
	nulls[3] = m->author_id == 0;
	values[4] = CStringGetTextDatum(m->author_kind);
	values[5] = CStringGetTextDatum(csf_state_name(CSF_STATE_IN_PROGRESS));
	nulls[5] = !resumes;
	values[6] = BoolGetDatum((signals & CSF_SIGNAL_BIT(CSF_SIGNAL_PERSON_MESSAGE)) != 0);
	values[7] = BoolGetDatum(is_public);
	values[8] = BoolGetDatum(is_customer);
	values[9] = TimestampTzGetDatum(m->next_news_at);
	nulls[9] = m->next_news_at == CSF_NO_INSTANT;
	csf_rows_add(&round->updates, values, nulls);
}

/* now() older than the ticket's last change is normal life and lifted; another earlier instant is refused (2.9). */
static TimestampTz
settle_instant(message_round *round, const message *m, TimestampTz last_change)
{
	Datum values[4] = {Int64GetDatum(m->desk_id), Int64GetDatum(m->ticket_no), Int64GetDatum(m->message_no),
					   TimestampTzGetDatum(last_change)};
	bool nulls[4] = {false};

	if (m->at >= last_change)
		return m->at;
	if (m->at != GetCurrentTransactionStartTimestamp())
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER),
						errmsg("%s was last changed after %s", csf_ticket_label(m->desk_id, m->ticket_no),
							   timestamptz_to_str(m->at)),
						errdetail("Its last change was at %s.", timestamptz_to_str(last_change)),
						errhint("Leave at empty to mean now, or give a later instant.")));
	csf_rows_add(&round->lifts, values, nulls);
	return last_change;
}

static void
add_message(message_round *round, int place, const csf_desk *desk, const message *m,
			const csf_ticket_row *ticket)
{
	csf_change *change = &round->changes[place];
	TimestampTz at = settle_instant(round, m, csf_ticket_int64(ticket, CSF_TICKET_CHANGED_AT, 0));
	const char *kind;
	uint64 signals = message_signals(desk, m, &kind);

	memset(change, 0, sizeof(*change));
	change->desk = desk;
	change->ticket_no = m->ticket_no;
	change->has_before = true;
	csf_ticket_facts_of(&change->before, desk, ticket);
	change->after = change->before;
	/* Another word by a person to a customer who has been answered is an answer again (playbooks: each answer). */
	if ((signals & CSF_SIGNAL_BIT(CSF_SIGNAL_PERSON_MESSAGE)) != 0 &&
		change->before.state == CSF_STATE_ANSWERED)
		signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_ANSWERED);
	change->signals = signals;
	change->at = at;
	change->named_at = m->next_news_at;
	change->team_id = m->team_id;
	/* An agent of no department speaks for the one that has the ticket. */
	if (change->team_id == 0 && m->author_id != 0)
		change->team_id = csf_ticket_int64(ticket, CSF_TICKET_TEAM_ID, 0);
	record_message(round, m, kind, signals, at);
	add_update(round, desk, m, signals, change->before.state, at);
}

static void
lock_tickets(const message_round *round)
{
	csf_rows keys;

	csf_rows_init(&keys, &ticket_query);
	for (int i = 0; i < round->count; i++)
	{
		Datum values[2] = {Int64GetDatum(round->messages[i]->desk_id),
						   Int64GetDatum(round->messages[i]->ticket_no)};
		bool nulls[2] = {false};

		csf_rows_add(&keys, values, nulls);
	}
	csf_rows_run(&keys, &ticket_query, SPI_OK_SELECT);
}

/* The locked tickets come in the order of the messages; the first that differs is one that does not exist. */
static void
check_found(const message_round *round, uint64 found)
{
	for (int i = 0; i < round->count; i++)
	{
		const message *m = round->messages[i];

		if ((uint64) i < found &&
			csf_column_int64(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, 0) == m->ticket_no &&
			csf_column_int64(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, 0) == m->desk_id)
			continue;
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_TICKET),
						errmsg("there is no %s", csf_ticket_label(m->desk_id, m->ticket_no))));
	}
}

/* A trigger of somebody else's may write a message meanwhile, hence end up here again. */
static void
write_tickets(message_round *round)
{
	bool outer = csf_message_writes_ticket;

	csf_message_writes_ticket = true;
	PG_TRY();
	{
		csf_rows_run(&round->lifts, &instant_update, SPI_OK_UPDATE);
		csf_rows_run(&round->updates, &ticket_update, SPI_OK_UPDATE);
	}
	PG_FINALLY();
	{
		csf_message_writes_ticket = outer;
	}
	PG_END_TRY();
}

static void
run_round(message_round *round, MemoryContext pins)
{
	const csf_desk *desk = NULL;

	csf_recorder_init(&round->recorder, CurrentMemoryContext);
	csf_rows_init(&round->updates, &ticket_update);
	csf_rows_init(&round->lifts, &instant_update);
	round->changes = palloc_extended(sizeof(csf_change) * round->count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < round->count; i++)
	{
		/* Pinned before the rows are read: loading configuration runs SQL of its own. */
		if (desk == NULL || desk->desk_id != round->messages[i]->desk_id)
			desk = csf_desk_pin(round->messages[i]->desk_id, pins);
		round->changes[i].desk = desk;
	}
	lock_tickets(round);
	check_found(round, SPI_processed);
	for (int i = 0; i < round->count; i++)
	{
		csf_ticket_row ticket;

		csf_ticket_from_spi(&ticket, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
		add_message(round, i, round->changes[i].desk, round->messages[i], &ticket);
	}
	csf_changes_apply(round->changes, round->count);
	csf_recorder_flush(&round->recorder, false);
	write_tickets(round);
}

/*
 * Several messages of one ticket in a statement act one after the other, each on the ticket as the one before left it:
 * the n-th round takes the n-th message of every ticket.
 */
static void
run_rounds(message *messages, int count, MemoryContext pins)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "csflow messages", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	int *next = palloc_extended(sizeof(int) * count,
								MCXT_ALLOC_HUGE); /* where each ticket's run of messages goes on */
	int *end = palloc_extended(sizeof(int) * count, MCXT_ALLOC_HUGE);
	int tickets = 0;

	for (int i = 0; i < count; i++)
	{
		if (i == 0 || messages[i].ticket_no != messages[i - 1].ticket_no ||
			messages[i].desk_id != messages[i - 1].desk_id)
			next[tickets++] = i;
		end[tickets - 1] = i + 1;
	}
	while (tickets > 0)
	{
		message_round round = {.count = tickets};
		int left = 0;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(context);
		MemoryContextSwitchTo(context);
		round.messages = palloc_extended(sizeof(message *) * tickets, MCXT_ALLOC_HUGE);
		for (int i = 0; i < tickets; i++)
			round.messages[i] = &messages[next[i]];
		run_round(&round, pins);
		MemoryContextSwitchTo(caller);
		for (int i = 0; i < tickets; i++)
		{
			if (next[i] + 1 == end[i])
				continue;
			next[left] = next[i] + 1;
			end[left++] = end[i];
		}
		tickets = left;
	}
}

Datum
csf_message_after(PG_FUNCTION_ARGS)
{
	TriggerData *data = csf_trigger_data(fcinfo, "message_after", false);
	csf_owner_scope scope;
	message *messages;
	int count;

	if (data->tg_newtable == NULL)
		ereport(ERROR, (errcode(ERRCODE_CSF_TRIGGER_MISUSE),
						errmsg("trigger \"%s\" lacks its transition table", data->tg_trigger->tgname)));
	csf_connect();
	csf_owner_enter(&scope, data->tg_relation->rd_rel->relowner);
	messages = read_messages(data, &count);
	if (count > 0)
	{
		qsort(messages, count, sizeof(message), compare_messages);
		run_rounds(messages, count, fcinfo->flinfo->fn_mcxt);
	}
	csf_owner_leave(&scope);
	SPI_finish();
	return PointerGetDatum(NULL);
}
