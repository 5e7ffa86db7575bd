/*
 * record.c
 *		Events with their hash chain, free texts and the outbox.
 *
 * An event's hash covers the hash before it and a versioned binary form of the event; of its free text only a salted
 * digest, so that the text can be purged and the chain still be verified (design 2.19).
 */
#include "engine/record.h"

#include "access/xact.h"
#include "common/cryptohash.h"
#include "common/int.h"
#include "common/sha2.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "port.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "engine/row_writer.h"
#include "engine/ticket.h"
#include "errors.h"

#define SALT_SIZE 16
/* Raised whenever the binary form below changes; verification goes by it. */
#define FORM_VERSION 1

typedef struct chain_key
{
	int64 desk_id;
	int64 ticket_no;
} chain_key;

typedef struct chain
{
	chain_key key;
	int32 seq;
	int32 first_seq; /* as it was before this flush */
	uint8 head[PG_SHA256_DIGEST_LENGTH];
	csf_row_place place; /* of its row, where they are read by range */
} chain;

static csf_statement chain_query =
	CSF_STATEMENT("SELECT c.desk_id, c.ticket_no, c.seq, c.head"
				  " FROM engine_rows AS u(desk_id, ticket_no)"
				  " JOIN csflow.ticket_chain c ON c.desk_id = u.desk_id AND c.ticket_no = u.ticket_no",
				  "LN");
static csf_statement chain_query_range =
	CSF_STATEMENT_MANY("SELECT c.desk_id, c.ticket_no, c.seq, c.head, c.tableoid, c.ctid"
					   " FROM engine_rows AS u(desk_id, ticket_no)"
					   " JOIN csflow.ticket_chain c ON c.ticket_no = u.ticket_no"
					   " WHERE c.desk_id = $1 AND c.ticket_no BETWEEN $2 AND $3",
					   "lnnLN");
static csf_statement new_ticket_query =
	CSF_STATEMENT("SELECT t.desk_id, t.ticket_no, t.xmin"
				  " FROM engine_rows AS u(desk_id, ticket_no)"
				  " JOIN csflow.ticket t ON t.desk_id = u.desk_id AND t.ticket_no = u.ticket_no",
				  "LN");
static csf_statement chain_insert =
	CSF_STATEMENT("INSERT INTO csflow.ticket_chain (desk_id, ticket_no, seq, head)"
				  " SELECT * FROM engine_rows",
				  "LNIY");
static csf_statement chain_update =
	CSF_STATEMENT("UPDATE csflow.ticket_chain c SET seq = u.seq, head = u.head"
				  " FROM engine_rows AS u(desk_id, ticket_no, seq, head, first_seq)"
				  " WHERE c.desk_id = u.desk_id AND c.ticket_no = u.ticket_no AND c.seq = u.first_seq",
				  "LNIYI");
static csf_statement chain_update_range =
	CSF_STATEMENT_MANY("UPDATE csflow.ticket_chain c SET seq = u.seq, head = u.head"
					   " FROM engine_rows AS u(desk_id, ticket_no, seq, head, first_seq)"
					   " WHERE c.desk_id = $1 AND c.ticket_no BETWEEN $2 AND $3 AND c.ticket_no = u.ticket_no"
					   " AND c.seq = u.first_seq",
					   "lnnLNIYI");
static const char *const head_columns[] = {"seq", "head"};
static csf_statement event_insert =
	CSF_STATEMENT("INSERT INTO csflow.event (desk_id, ticket_no, seq, at, recorded_at, kind, actor_kind,"
				  " actor_id, old_state, new_state, old_value, new_value, clock, run, step_position, due_at,"
				  " message_no, text_digest, same_act, hash)"
				  " SELECT * FROM engine_rows",
				  "LNIZZTTLTTTTTISZLYBY");
/* Whoever has new events has new figures: csflow.refresh_health() looks at the ticket again (design 2.14). */
static csf_statement dirty_insert = CSF_STATEMENT("INSERT INTO csflow.health_dirty (desk_id, ticket_no)"
												  " SELECT * FROM engine_rows",
												  "LN");
static csf_statement text_insert =
	CSF_STATEMENT("INSERT INTO csflow.event_text (desk_id, ticket_no, seq, salt, text)"
				  " SELECT * FROM engine_rows",
				  "LNIYT");
static csf_statement notice_insert =
	CSF_STATEMENT("INSERT INTO csflow.outbox (desk_id, ticket_no, created_at, topic, recipient_kind,"
				  " recipient_id, recipient, clock, due_at, event_seq)"
				  " SELECT * FROM engine_rows",
				  "LNZTTLTTZI");

void
csf_recorder_init(csf_recorder *recorder, MemoryContext context)
{
	memset(recorder, 0, sizeof(*recorder));
	recorder->context = context;
}

void
csf_event_init(csf_event *event, int64 desk_id, int64 ticket_no, TimestampTz at, const char *kind,
			   csf_actor actor)
{
	memset(event, 0, sizeof(*event));
	event->desk_id = desk_id;
	event->ticket_no = ticket_no;
	event->at = at;
	event->kind = kind;
	event->actor = actor;
	event->due_at = CSF_NO_INSTANT;
}

/* Room for one more element of an array in the recorder's context. */
static void *
with_room(csf_recorder *recorder, void *array, int count, int *capacity, Size size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity == 0 ? 8 : *capacity * 2;
	return array == NULL ? MemoryContextAllocHuge(recorder->context, size * *capacity)
						 : repalloc_huge(array, size * *capacity);
}

int
csf_record_event(csf_recorder *recorder, const csf_event *event)
{
	recorder->events =
		with_room(recorder, recorder->events, recorder->count, &recorder->capacity, sizeof(csf_event));
	recorder->events[recorder->count] = *event;
	return recorder->count++;
}

void
csf_record_notice(csf_recorder *recorder, const csf_notice *notice)
{
	recorder->notices = with_room(recorder, recorder->notices, recorder->notice_count,
								  &recorder->notice_capacity, sizeof(csf_notice));
	recorder->notices[recorder->notice_count++] = *notice;
}

/* ---- columns ---- */

static void
set_text(Datum *value, bool *null, const char *text)
{
	*null = text == NULL;
	*value = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
set_number(Datum *value, bool *null, int64 number)
{
	*null = number == 0;
	*value = Int64GetDatum(number);
}

static void
set_instant(Datum *value, bool *null, int64 instant)
{
	*null = instant == CSF_NO_INSTANT;
	*value = Int64GetDatum(instant);
}

static Datum
bytes(const uint8 *data, int length)
{
	bytea *value = palloc(VARHDRSZ + length);

	SET_VARSIZE(value, VARHDRSZ + length);
	memcpy(VARDATA(value), data, length);
	return PointerGetDatum(value);
}

/* ---- hashing ---- */

static void
sha256(pg_cryptohash_ctx *hash, const void *first, Size first_length, const void *second, Size second_length,
	   uint8 *digest)
{
	if (pg_cryptohash_init(hash) < 0 || pg_cryptohash_update(hash, first, first_length) < 0 ||
		pg_cryptohash_update(hash, second, second_length) < 0 ||
		pg_cryptohash_final(hash, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(hash));
}

static void
send_string(StringInfo form, const char *string)
{
	if (string == NULL)
	{
		pq_sendint32(form, UINT32_MAX);
		return;
	}
	pq_sendint32(form, (uint32) strlen(string));
	pq_sendbytes(form, string, (int) strlen(string));
}

/* The bytes that are hashed: fixed order, network byte order, strings with their length. */
static void
binary_form(StringInfo form, const csf_event *event, TimestampTz recorded_at, const uint8 *text_digest)
{
	resetStringInfo(form);
	pq_sendbyte(form, FORM_VERSION);
	pq_sendint64(form, event->desk_id);
	pq_sendint64(form, event->ticket_no);
	pq_sendint32(form, event->seq);
	pq_sendint64(form, event->at);
	pq_sendint64(form, recorded_at);
	send_string(form, event->kind);
	send_string(form, event->actor.kind);
	pq_sendint64(form, event->actor.agent_id);
	send_string(form, event->old_state);
	send_string(form, event->new_state);
	send_string(form, event->old_value);
	send_string(form, event->new_value);
	send_string(form, event->clock);
	pq_sendint32(form, event->run);
	pq_sendint32(form, event->step_position);
	pq_sendint64(form, event->due_at);
	pq_sendint64(form, event->message_no);
	pq_sendbyte(form, (text_digest != NULL ? 1 : 0) | (event->same_act ? 2 : 0));
	if (text_digest != NULL)
		pq_sendbytes(form, (const char *) text_digest, PG_SHA256_DIGEST_LENGTH);
}

void
csf_event_link(pg_cryptohash_ctx *hash, StringInfo form, const csf_event *event, TimestampTz recorded_at,
			   const uint8 *text_digest, uint8 *head)
{
	binary_form(form, event, recorded_at, text_digest);
	sha256(hash, head, PG_SHA256_DIGEST_LENGTH, form->data, form->len, head);
}

/* ---- flushing ---- */

static HTAB *
make_chains(csf_recorder *recorder)
{
	HASHCTL control = {.keysize = sizeof(chain_key), .entrysize = sizeof(chain), .hcxt = recorder->context};

	return hash_create("csflow chains", recorder->count, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static chain *
chain_of(HTAB *chains, int64 desk_id, int64 ticket_no)
{
	chain_key key = {desk_id, ticket_no};
	bool found;
	chain *entry = hash_search(chains, &key, HASH_ENTER, &found);

	if (!found)
	{
		entry->seq = entry->first_seq = 0;
		memset(entry->head, 0, sizeof(entry->head));
	}
	return entry;
}

/* For the statements that join by range. */
static void
range_of(const csf_recorder *recorder, Datum *values)
{
	values[0] = Int64GetDatum(recorder->events[0].desk_id);
	values[1] = Int64GetDatum(recorder->events[0].ticket_no);
	values[2] = Int64GetDatum(recorder->events[recorder->count - 1].ticket_no);
}

/*
 * A row trigger of somebody else's, AFTER INSERT, runs before the statement trigger that records the opening. What it does to
 * the ticket would come first in the record, and the opening fail on the head that stands there already.
 */
static void
refuse_unopened(HTAB *chains)
{
	HASH_SEQ_STATUS scan;
	chain *entry;
	csf_rows headless;
	uint64 found;

	csf_rows_init(&headless, &new_ticket_query);
	hash_seq_init(&scan, chains);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		Datum values[2] = {Int64GetDatum(entry->key.desk_id), Int64GetDatum(entry->key.ticket_no)};
		bool nulls[2] = {false, false};

		if (entry->first_seq == 0)
			csf_rows_add(&headless, values, nulls);
	}
	found = csf_rows_run(&headless, &new_ticket_query, SPI_OK_SELECT);
	for (uint64 i = 0; i < found; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc description = SPI_tuptable->tupdesc;
		bool is_null;

		if (TransactionIdIsCurrentTransactionId(
				DatumGetTransactionId(SPI_getbinval(row, description, 3, &is_null))))
			ereport(ERROR,
					(errcode(ERRCODE_CSF_TRIGGER_MISUSE),
					 errmsg("%s is written to before its opening is recorded",
							csf_ticket_label(csf_column_int64(row, description, 1, 0),
											 csf_column_int64(row, description, 2, 0))),
					 errdetail("Row triggers AFTER INSERT on csflow.ticket run before that."),
					 errhint("Make such a trigger FOR EACH STATEMENT, with a name after ticket_after_insert, "
							 "or a constraint trigger DEFERRABLE INITIALLY DEFERRED.")));
	}
}

/* Puts the heads of all tickets concerned into chains; every ticket that is not new should have one. */
static void
load_chains(csf_recorder *recorder, HTAB *chains, bool all_new)
{
	csf_statement *query = recorder->is_range ? &chain_query_range : &chain_query;
	csf_rows keys;
	Datum range[3];
	int64 previous = 0;

	csf_rows_init(&keys, query);
	for (int i = 0; i < recorder->count; i++)
	{
		const csf_event *event = &recorder->events[i];
		Datum values[2] = {Int64GetDatum(event->desk_id), Int64GetDatum(event->ticket_no)};
		bool nulls[2] = {false, false};

		chain_of(chains, event->desk_id, event->ticket_no);
		if (event->ticket_no != previous)
			csf_rows_add(&keys, values, nulls);
		previous = event->ticket_no;
	}
	if (all_new)
		return;
	range_of(recorder, range);
	csf_rows_run_with(&keys, query, range, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc description = SPI_tuptable->tupdesc;
		bool is_null;
		chain *entry = chain_of(chains, csf_column_int64(row, description, 1, 0),
								csf_column_int64(row, description, 2, 0));
		bytea *head = DatumGetByteaPP(SPI_getbinval(row, description, 4, &is_null));

		entry->seq = entry->first_seq = csf_column_int(row, description, 3, 0);
		if (VARSIZE_ANY_EXHDR(head) == sizeof(entry->head))
			memcpy(entry->head, VARDATA_ANY(head), sizeof(entry->head));
		if (recorder->is_range)
		{
			entry->place.relation = DatumGetObjectId(SPI_getbinval(row, description, 5, &is_null));
			entry->place.tid = *(ItemPointer) DatumGetPointer(SPI_getbinval(row, description, 6, &is_null));
		}
	}
	if (SPI_processed < (uint64) hash_get_num_entries(chains))
		refuse_unopened(chains);
}

static void
add_text_row(csf_rows *texts, const csf_event *event, int32 seq, const uint8 *salt)
{
	Datum values[5] = {Int64GetDatum(event->desk_id), Int64GetDatum(event->ticket_no), Int32GetDatum(seq),
					   bytes(salt, SALT_SIZE), CStringGetTextDatum(event->text)};
	bool nulls[5] = {false};

	csf_rows_add(texts, values, nulls);
}

static void
add_event_row(csf_rows *rows, const csf_event *event, const chain *entry, TimestampTz recorded_at,
			  const uint8 *digest)
{
	Datum values[20];
	bool nulls[20] = {false};

	values[0] = Int64GetDatum(event->desk_id);
	values[1] = Int64GetDatum(event->ticket_no);
	values[2] = Int32GetDatum(entry->seq);
	values[3] = Int64GetDatum(event->at);
	values[4] = Int64GetDatum(recorded_at);
	set_text(&values[5], &nulls[5], event->kind);
	set_text(&values[6], &nulls[6], event->actor.kind);
	set_number(&values[7], &nulls[7], event->actor.agent_id);
	set_text(&values[8], &nulls[8], event->old_state);
	set_text(&values[9], &nulls[9], event->new_state);
	set_text(&values[10], &nulls[10], event->old_value);
	set_text(&values[11], &nulls[11], event->new_value);
	set_text(&values[12], &nulls[12], event->clock);
	values[13] = Int32GetDatum(event->run);
	nulls[13] = event->run == 0;
	values[14] = Int16GetDatum((int16) event->step_position);
	nulls[14] = event->step_position == 0;
	set_instant(&values[15], &nulls[15], event->due_at);
	set_number(&values[16], &nulls[16], event->message_no);
	nulls[17] = digest == NULL;
	values[17] = digest == NULL ? (Datum) 0 : bytes(digest, PG_SHA256_DIGEST_LENGTH);
	values[18] = BoolGetDatum(true);
	nulls[18] = !event->same_act;
	values[19] = bytes(entry->head, PG_SHA256_DIGEST_LENGTH);
	csf_rows_add(rows, values, nulls);
}

static void
hash_events(csf_recorder *recorder, HTAB *chains, csf_rows *rows, csf_rows *texts)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	TimestampTz recorded_at = GetCurrentTransactionStartTimestamp();
	StringInfoData form;

	initStringInfo(&form);
	for (int i = 0; i < recorder->count; i++)
	{
		const csf_event *event = &recorder->events[i];
		chain *entry = chain_of(chains, event->desk_id, event->ticket_no);
		uint8 salt[SALT_SIZE];
		uint8 digest[PG_SHA256_DIGEST_LENGTH];

		if (pg_add_s32_overflow(entry->seq, 1, &entry->seq))
			ereport(
				ERROR,
				(errcode(ERRCODE_CSF_TOO_LARGE),
				 errmsg("%s has no number left for an event",
						csf_ticket_label(event->desk_id, event->ticket_no)),
				 errhint("csflow.verify_audit() says whether somebody has changed csflow.ticket_chain.")));
		recorder->events[i].seq = entry->seq;
		if (event->text != NULL)
		{
			if (!pg_strong_random(salt, SALT_SIZE))
				ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random bytes")));
			sha256(hash, salt, SALT_SIZE, event->text, strlen(event->text), digest);
			add_text_row(texts, event, entry->seq, salt);
		}
		csf_event_link(hash, &form, event, recorded_at, event->text == NULL ? NULL : digest, entry->head);
		add_event_row(rows, event, entry, recorded_at, event->text == NULL ? NULL : digest);
	}
	pg_cryptohash_free(hash);
}

/* Straight to its place, if it was read with it and that can be done. */
static bool
write_head(csf_row_writer *writer, const chain *entry, Datum seq, Datum head)
{
	Datum values[2] = {seq, head};
	bool nulls[2] = {false, false};

	if (writer == NULL || entry->first_seq == 0 || !csf_row_writer_takes(writer, entry->place.relation))
		return false;
	csf_row_writer_update(writer, &entry->place, values, nulls);
	return true;
}

/* A head that is not where we read it means that somebody wrote past the ticket's lock. */
static void
write_heads(const csf_recorder *recorder, HTAB *chains)
{
	csf_statement *update = recorder->is_range ? &chain_update_range : &chain_update;
	Datum range[3];
	HASH_SEQ_STATUS scan;
	chain *entry;
	csf_rows fresh;
	csf_rows moved;
	csf_rows dirty;
	csf_row_writer *writer =
		recorder->is_range ? csf_row_writer_open("ticket_chain", head_columns, lengthof(head_columns)) : NULL;
	uint64 expected;

	csf_rows_init(&fresh, &chain_insert);
	csf_rows_init(&moved, update);
	csf_rows_init(&dirty, &dirty_insert);
	hash_seq_init(&scan, chains);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		Datum values[5] = {Int64GetDatum(entry->key.desk_id), Int64GetDatum(entry->key.ticket_no),
						   Int32GetDatum(entry->seq), bytes(entry->head, PG_SHA256_DIGEST_LENGTH),
						   Int32GetDatum(entry->first_seq)};
		bool nulls[5] = {false};

		if (!write_head(writer, entry, values[2], values[3]))
			csf_rows_add(entry->first_seq == 0 ? &fresh : &moved, values, nulls);
		csf_rows_add(&dirty, values, nulls);
	}
	if (writer != NULL)
		csf_row_writer_close(writer);
	csf_rows_run(&fresh, &chain_insert, SPI_OK_INSERT);
	expected = moved.count;
	range_of(recorder, range);
	if (csf_rows_run_with(&moved, update, range, SPI_OK_UPDATE) != expected)
		ereport(ERROR, (errcode(ERRCODE_CSF_CONCURRENT_CHANGE),
						errmsg("the event chain of a ticket was changed by someone else"),
						errhint("Try the transaction again.")));
	csf_rows_run(&dirty, &dirty_insert, SPI_OK_INSERT);
}

static void
write_notices(csf_recorder *recorder)
{
	csf_rows rows;

	csf_rows_init(&rows, &notice_insert);
	for (int i = 0; i < recorder->notice_count; i++)
	{
		const csf_notice *notice = &recorder->notices[i];
		Datum values[10];
		bool nulls[10] = {false};

		values[0] = Int64GetDatum(notice->desk_id);
		values[1] = Int64GetDatum(notice->ticket_no);
		values[2] = Int64GetDatum(notice->at);
		values[3] = CStringGetTextDatum(notice->topic);
		values[4] = CStringGetTextDatum(notice->recipient_kind);
		set_number(&values[5], &nulls[5], notice->recipient_id);
		set_text(&values[6], &nulls[6], notice->recipient);
		set_text(&values[7], &nulls[7], notice->clock);
		set_instant(&values[8], &nulls[8], notice->due_at);
		nulls[9] = notice->event < 0;
		values[9] = nulls[9] ? (Datum) 0 : Int32GetDatum(recorder->events[notice->event].seq);
		csf_rows_add(&rows, values, nulls);
	}
	csf_rows_run(&rows, &notice_insert, SPI_OK_INSERT);
}

void
csf_recorder_flush(csf_recorder *recorder, bool all_new)
{
	MemoryContext old = MemoryContextSwitchTo(recorder->context);

	if (recorder->count > 0)
	{
		HTAB *chains = make_chains(recorder);
		csf_rows rows;
		csf_rows texts;

		csf_rows_init(&rows, &event_insert);
		csf_rows_init(&texts, &text_insert);
		load_chains(recorder, chains, all_new);
		hash_events(recorder, chains, &rows, &texts);
		/* Heads first: under an old snapshot their UPDATE fails as 40001, where the events' key would call it 23505. */
		write_heads(recorder, chains);
		csf_rows_run(&rows, &event_insert, SPI_OK_INSERT);
		csf_rows_run(&texts, &text_insert, SPI_OK_INSERT);
		hash_destroy(chains);
	}
	write_notices(recorder);
	recorder->count = recorder->notice_count = 0;
	MemoryContextSwitchTo(old);
}
