/*
 * ticket.c
 *		Reading rows of csflow.ticket.
 */
#include "engine/ticket.h"

#include "access/genam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "executor/spi.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "errors.h"
#include "types/types.h"

#define CSF_TICKET_NAME(symbol, name) name,
static const char *const column_names[CSF_TICKET_COLUMN_COUNT] = {CSF_TICKET_COLUMNS(CSF_TICKET_NAME)};

static csf_ticket_map map;
static Oid mapped = InvalidOid; /* the table that map belongs to */

static void
on_invalidation(Datum argument, Oid relation)
{
	(void) argument;
	if (relation == mapped || !OidIsValid(relation))
		mapped = InvalidOid;
}

/* Whether an index has every row of the table, at least of those that have a customer: nobody looks for others in one. */
static bool
is_whole(Relation index)
{
	List *predicate = RelationGetIndexPredicate(index);
	NullTest *test = list_length(predicate) == 1 ? linitial(predicate) : NULL;

	return predicate == NIL ||
		   (test != NULL && IsA(test, NullTest) && test->nulltesttype == IS_NOT_NULL && IsA(test->arg, Var) &&
			((Var *) test->arg)->varattno == map.numbers[CSF_TICKET_CUSTOMER_ID]);
}

/* The B-tree over just these columns of the table, whatever its name. */
static Oid
index_over(Relation relation, const csf_ticket_column *columns, int count)
{
	List *indexes = RelationGetIndexList(relation);
	ListCell *cell;
	Oid found = InvalidOid;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);
		bool fits = index->rd_index->indisvalid && index->rd_rel->relam == BTREE_AM_OID &&
					index->rd_index->indnkeyatts == count && is_whole(index);

		for (int i = 0; i < count && fits; i++)
			fits = index->rd_index->indkey.values[i] == map.numbers[columns[i]] &&
				   (index->rd_indoption[i] & INDOPTION_DESC) == 0;
		if (fits)
			found = RelationGetRelid(index);
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return found;
}

static void
find_indexes(Relation relation)
{
	static const csf_ticket_column by_customer[] = {CSF_TICKET_DESK_ID, CSF_TICKET_CUSTOMER_ID,
													CSF_TICKET_OPENED_AT};
	static const csf_ticket_column by_number[] = {CSF_TICKET_DESK_ID, CSF_TICKET_TICKET_NO};

	map.customer_index = index_over(relation, by_customer, lengthof(by_customer));
	map.key_index = index_over(relation, by_number, lengthof(by_number));
}

const csf_ticket_map *
csf_ticket_map_get(Relation relation)
{
	static bool registered = false;
	TupleDesc description = RelationGetDescr(relation);

	if (!registered)
	{
		CacheRegisterRelcacheCallback(on_invalidation, (Datum) 0);
		registered = true;
	}
	if (mapped == RelationGetRelid(relation))
		return &map;
	mapped = InvalidOid;
	memset(&map, 0, sizeof(map));
	map.attribute_count = description->natts;
	for (int i = 0; i < description->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(description, i);

		for (int column = 0; column < CSF_TICKET_COLUMN_COUNT && !attribute->attisdropped; column++)
		{
			if (strcmp(NameStr(attribute->attname), column_names[column]) == 0)
				map.numbers[column] = (AttrNumber) (i + 1);
		}
	}
	for (int column = 0; column < CSF_TICKET_COLUMN_COUNT; column++)
	{
		if (map.numbers[column] == 0)
			ereport(ERROR,
					(errcode(ERRCODE_CSF_FLOW_VERSION),
					 errmsg("table csflow.ticket has no column \"%s\"", column_names[column]),
					 errhint("Bring the tables to this version of csflow with SELECT csflow.migrate().")));
	}
	find_indexes(relation);
	mapped = RelationGetRelid(relation);
	return &map;
}

void
csf_ticket_read(csf_ticket_row *row, TupleTableSlot *slot, const csf_ticket_map *columns)
{
	slot_getallattrs(slot);
	for (int column = 0; column < CSF_TICKET_COLUMN_COUNT; column++)
	{
		row->values[column] = slot->tts_values[columns->numbers[column] - 1];
		row->nulls[column] = slot->tts_isnull[columns->numbers[column] - 1];
	}
}

void
csf_ticket_from_values(csf_ticket_row *row, const Datum *values, const bool *nulls)
{
	static const csf_ticket_column columns[] = {
		CSF_TICKET_DESK_ID,       CSF_TICKET_TICKET_NO,   CSF_TICKET_STATE,     CSF_TICKET_CHANNEL,
		CSF_TICKET_CUSTOMER_TIER, CSF_TICKET_CATEGORY_ID, CSF_TICKET_KIND,      CSF_TICKET_PRIORITY,
		CSF_TICKET_HANDLING_TIER, CSF_TICKET_COMPLEXITY,  CSF_TICKET_OPENED_AT, CSF_TICKET_CHANGED_AT,
		CSF_TICKET_TEAM_ID,       CSF_TICKET_AGENT_ID};

	memset(row->nulls, true, sizeof(row->nulls));
	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		row->values[columns[i]] = values[i];
		row->nulls[columns[i]] = nulls[i];
	}
}

void
csf_ticket_from_spi(csf_ticket_row *row, HeapTuple tuple, TupleDesc description)
{
	Datum values[MaxTupleAttributeNumber / 16];
	bool nulls[MaxTupleAttributeNumber / 16];

	/* At once: a column by its number is found by walking over those before it. */
	Assert(description->natts <= (int) lengthof(values));
	heap_deform_tuple(tuple, description, values, nulls);
	csf_ticket_from_values(row, values, nulls);
}

int64
csf_ticket_int64(const csf_ticket_row *row, csf_ticket_column column, int64 if_null)
{
	return row->nulls[column] ? if_null : DatumGetInt64(row->values[column]);
}

int
csf_ticket_smallint(const csf_ticket_row *row, csf_ticket_column column)
{
	return row->nulls[column] ? 0 : DatumGetInt16(row->values[column]);
}

int
csf_ticket_priority(const csf_ticket_row *row)
{
	return row->nulls[CSF_TICKET_PRIORITY] ? 0 : (int) DatumGetPriority(row->values[CSF_TICKET_PRIORITY]);
}

char *
csf_ticket_text(const csf_ticket_row *row, csf_ticket_column column)
{
	return row->nulls[column] ? NULL : TextDatumGetCString(row->values[column]);
}

csf_state
csf_ticket_state(const csf_ticket_row *row)
{
	int state = -1;

	if (!row->nulls[CSF_TICKET_STATE])
	{
		text *name = DatumGetTextPP(row->values[CSF_TICKET_STATE]);

		state = csf_state_parse(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	}
	if (state < 0)
	{
		char *name = csf_ticket_text(row, CSF_TICKET_STATE);

		ereport(ERROR,
				(errcode(name == NULL ? ERRCODE_CSF_MISSING_VALUE : ERRCODE_CSF_UNKNOWN_REFERENCE),
				 name == NULL ? errmsg("a ticket needs a state") : errmsg("unknown state \"%s\"", name),
				 errhint("SELECT * FROM csflow.states() lists the states.")));
	}
	return (csf_state) state;
}

bool
csf_ticket_same(const csf_ticket_row *a, const csf_ticket_row *b, csf_ticket_column column)
{
	char *left;
	char *right;

	if (a->nulls[column] || b->nulls[column])
		return a->nulls[column] == b->nulls[column];
	switch (column)
	{
		case CSF_TICKET_STATE:
		case CSF_TICKET_CHANNEL:
		case CSF_TICKET_CUSTOMER_TIER:
		case CSF_TICKET_COMPLEXITY:
		case CSF_TICKET_DOMAIN:
		case CSF_TICKET_KIND:
			left = TextDatumGetCString(a->values[column]);
			right = TextDatumGetCString(b->values[column]);
			return strcmp(left, right) == 0;
		default: /* passed by value */
			return a->values[column] == b->values[column];
	}
}

void
csf_ticket_facts_of(csf_ticket_facts *facts, const csf_desk *desk, const csf_ticket_row *row)
{
	const csf_category_entry *category = NULL;
	char *kind = csf_ticket_text(row, CSF_TICKET_KIND);
	const csf_channel *channel = NULL;

	facts->state = csf_ticket_state(row);
	facts->category_id = csf_ticket_int64(row, CSF_TICKET_CATEGORY_ID, 0);
	if (facts->category_id != 0)
		category = csf_desk_category(desk, facts->category_id);
	else if (kind != NULL)
		category = csf_desk_kind(desk, kind);
	facts->kind_id = category == NULL ? 0 : category->kind_id;
	facts->priority = csf_ticket_priority(row);
	facts->channel = csf_ticket_text(row, CSF_TICKET_CHANNEL);
	if (facts->channel != NULL)
		channel = csf_desk_channel(desk, facts->channel, strlen(facts->channel));
	facts->channel_class = channel == NULL ? 0 : channel->is_instant ? 1 : 2;
	facts->customer_tier = csf_ticket_text(row, CSF_TICKET_CUSTOMER_TIER);
	facts->handling_tier = csf_ticket_smallint(row, CSF_TICKET_HANDLING_TIER);
	facts->complexity = csf_ticket_text(row, CSF_TICKET_COMPLEXITY);
	facts->opened_at = csf_ticket_int64(row, CSF_TICKET_OPENED_AT, 0);
}

const char *
csf_ticket_label(int64 desk_id, int64 ticket_no)
{
	char number[CSF_TICKET_NO_TEXT_MAX];

	csf_ticket_no_print(ticket_no, number);
	return psprintf("ticket %s of desk %lld", number, (long long) desk_id);
}
