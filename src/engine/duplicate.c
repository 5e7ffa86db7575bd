/*
 * duplicate.c
 *		The customer's earlier tickets, compared with a new one at intake (handbook A8).
 *
 * The table and its indexes are read directly, not by a statement: a plan made while the table was small could read all
 * of it for each row of a bulk load. The rows are those of the new ticket's desk, hence of the same shard.
 */
#include "engine/duplicate.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "kernel/similarity.h"
#include "types/text.h"

/*
 * So many of the customer's latest tickets are looked at: enough for a person, and a bound for an account that very many
 * share. What lies further back is left to mark_duplicates().
 */
#define EARLIER_TICKETS 20

/* No longer open to be repeated. */
#define STATES_GONE (CSF_STATES_DEAD | CSF_STATE_BIT(CSF_STATE_CLOSED))

typedef struct search
{
	Relation tickets;
	const csf_ticket_map *map;
	const csf_desk *desk;
	Snapshot snapshot;
	TupleTableSlot *slot;
	TimestampTz since;
	TimestampTz until;
	Datum customer_id;
	Datum body;
	csf_similarity similarity; /* of body */
	bool is_ready;             /* similarity, with a first ticket to compare: most customers have none */
	csf_duplicate live;        /* the earliest open ticket that is alike */
	csf_duplicate marked; /* what the earliest duplicate that is alike repeats; similarity not known yet */
} search;

/* One column of the ticket in the slot; there are many, and twenty tickets to look at. */
static void
read_column(const search *s, csf_ticket_row *row, csf_ticket_column column)
{
	row->values[column] = slot_getattr(s->slot, s->map->numbers[column], &row->nulls[column]);
}

/* Looks at the ticket in the slot. */
static void
compare(search *s)
{
	csf_ticket_row earlier;
	csf_state state;
	const char *body;
	size_t length;
	double similarity;

	read_column(s, &earlier, CSF_TICKET_STATE);
	state = csf_ticket_state(&earlier);
	if (state != CSF_STATE_DUPLICATE && (CSF_STATE_BIT(state) & STATES_GONE) != 0)
		return;
	if (!s->is_ready)
	{
		body = csf_utf8_from_text(DatumGetTextPP(s->body), &length);
		csf_similarity_begin(&s->similarity, body, length);
		s->is_ready = true;
	}
	read_column(s, &earlier, CSF_TICKET_BODY);
	body = csf_utf8_from_text(DatumGetTextPP(earlier.values[CSF_TICKET_BODY]), &length);
	similarity = csf_similarity_to(&s->similarity, body, length, s->desk->duplicate_similarity);
	if (similarity < s->desk->duplicate_similarity)
		return;
	read_column(s, &earlier, CSF_TICKET_TICKET_NO);
	read_column(s, &earlier, CSF_TICKET_DUPLICATE_OF);
	if (state == CSF_STATE_DUPLICATE)
		s->marked.original_no = csf_ticket_int64(&earlier, CSF_TICKET_DUPLICATE_OF, 0);
	else
	{
		s->live.original_no = csf_ticket_int64(&earlier, CSF_TICKET_TICKET_NO, 0);
		s->live.similarity = similarity;
	}
}

static void
scan(search *s, Oid index_id, ScanKey keys, int key_count, int limit)
{
	Relation index = index_open(index_id, AccessShareLock);
	IndexScanDesc descriptor = csf_index_beginscan(s->tickets, index, s->snapshot, key_count);

	index_rescan(descriptor, keys, key_count, NULL, 0);
	while (limit-- > 0 && index_getnext_slot(descriptor, BackwardScanDirection, s->slot))
	{
		CHECK_FOR_INTERRUPTS();
		compare(s);
	}
	index_endscan(descriptor);
	index_close(index, AccessShareLock);
}

static void
look_at_latest(search *s)
{
	ScanKeyData keys[4];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(s->desk->desk_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, s->customer_id);
	ScanKeyInit(&keys[2], 3, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE, TimestampTzGetDatum(s->since));
	ScanKeyInit(&keys[3], 3, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE, TimestampTzGetDatum(s->until));
	scan(s, s->map->customer_index, keys, lengthof(keys), EARLIER_TICKETS);
}

/* A storm of one text: its first ticket lies further back than all the duplicates, but they know it. */
static void
look_at_original(search *s)
{
	int64 ticket_no = s->marked.original_no;
	Relation index = index_open(s->map->key_index, AccessShareLock);
	Oid equal = get_opfamily_member(index->rd_opfamily[1], index->rd_opcintype[1], index->rd_opcintype[1],
									BTEqualStrategyNumber);
	ScanKeyData keys[2];
	bool is_null;

	index_close(index, AccessShareLock);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(s->desk->desk_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, get_opcode(equal), Int64GetDatum(ticket_no));
	scan(s, s->map->key_index, keys, lengthof(keys), 1);
	if (s->live.original_no == 0)
		return;
	/* Somebody may have pointed the duplicate at another customer's ticket, or at one before the window. */
	if (slot_getattr(s->slot, s->map->numbers[CSF_TICKET_CUSTOMER_ID], &is_null) != s->customer_id ||
		is_null ||
		DatumGetTimestampTz(slot_getattr(s->slot, s->map->numbers[CSF_TICKET_OPENED_AT], &is_null)) <
			s->since)
		s->live.original_no = 0;
}

bool
csf_duplicate_find(Relation tickets, const csf_ticket_map *map, const csf_desk *desk,
				   const csf_ticket_row *row, csf_duplicate *found)
{
	search s = {.tickets = tickets, .map = map, .desk = desk};

	if (!desk->finds_duplicates || row->nulls[CSF_TICKET_CUSTOMER_ID] || !OidIsValid(map->customer_index) ||
		(desk->transitions[csf_ticket_state(row)] & CSF_STATE_BIT(CSF_STATE_DUPLICATE)) == 0)
		return false;
	s.customer_id = row->values[CSF_TICKET_CUSTOMER_ID];
	s.body = row->values[CSF_TICKET_BODY];
	s.until = DatumGetTimestampTz(row->values[CSF_TICKET_OPENED_AT]);
	s.since = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval, TimestampTzGetDatum(s.until),
													  IntervalPGetDatum(&desk->duplicate_window)));
	/* The rows before this one in the same statement count. */
	CommandCounterIncrement();
	s.snapshot = RegisterSnapshot(GetTransactionSnapshot());
	s.slot = table_slot_create(tickets, NULL);
	look_at_latest(&s);
	if (s.live.original_no == 0 && s.marked.original_no != 0 && OidIsValid(map->key_index))
		look_at_original(&s);
	ExecDropSingleTupleTableSlot(s.slot);
	UnregisterSnapshot(s.snapshot);
	/* Empty texts say nothing, though they are equal. */
	if (s.is_ready && s.similarity.folded.n == 0)
		s.live.original_no = 0;
	if (s.is_ready)
		csf_similarity_end(&s.similarity);
	*found = s.live;
	return s.live.original_no != 0;
}

/* ---- from BEFORE to AFTER ---- */

typedef struct remembered
{
	int64 ticket_no; /* unique over all desks (design 2.15) */
	csf_duplicate found;
} remembered;

static HTAB *remembered_tickets = NULL; /* in the transaction's context */

static void
forget_all(void *argument)
{
	(void) argument;
	remembered_tickets = NULL;
}

void
csf_duplicate_remember(int64 ticket_no, const csf_duplicate *found)
{
	remembered *entry;

	if (remembered_tickets == NULL)
	{
		HASHCTL control = {
			.keysize = sizeof(int64), .entrysize = sizeof(remembered), .hcxt = TopTransactionContext};
		MemoryContextCallback *callback =
			MemoryContextAllocZero(TopTransactionContext, sizeof(MemoryContextCallback));

		remembered_tickets =
			hash_create("csflow duplicates found", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		callback->func = forget_all;
		MemoryContextRegisterResetCallback(TopTransactionContext, callback);
	}
	entry = hash_search(remembered_tickets, &ticket_no, HASH_ENTER, NULL);
	entry->found = *found;
}

const csf_duplicate *
csf_duplicate_recall(int64 ticket_no)
{
	remembered *entry =
		remembered_tickets == NULL ? NULL : hash_search(remembered_tickets, &ticket_no, HASH_FIND, NULL);

	return entry == NULL ? NULL : &entry->found;
}
