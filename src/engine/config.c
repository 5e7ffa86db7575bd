/*
 * config.c
 *		The cache of desks: look-up, pins, and when an entry is thrown away.
 *
 * Who invalidates: row triggers on every table of the configuration (config_trigger.c) raise the desk's version row and
 * send a relcache invalidation of csflow.configuration_version, which reaches other connections when they take in
 * messages after our commit, and ourselves at the next command. The callback only marks. The getter then compares the
 * version row, so that an "everything" reset (InvalidOid) costs one look-up a desk and no rebuild.
 *
 * An entry built after this transaction has written anything is ours alone: what was written may be configuration, also where
 * no trigger has told of it yet (RETURNING is evaluated before, and so are triggers whose name comes before ours). When
 * that is undone, or the transaction is prepared, the entry is built again.
 */
#include "engine/config.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/sinval.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "engine/flow.h"
#include "errors.h"

typedef struct desk_slot
{
	int64 desk_id;
	csf_desk *desk;
} desk_slot;

static HTAB *slots = NULL;
static Oid marker = InvalidOid;
static bool any_own = false;     /* an entry is ours alone */
static uint64 built_for = 0;     /* generation of the flow the cache belongs to */
static uint64 invalidations = 0; /* taken in so far */
static uint64 undone = 0;        /* entries of ours so far */

/* A desk kept for as long as a memory context: a statement's, so that all its triggers find the same one. */
typedef struct desk_pin
{
	MemoryContextCallback callback;
	MemoryContext until;
	csf_desk *desk;
	struct desk_pin *next;
} desk_pin;

static desk_pin *desk_pins = NULL;

static void
free_if_unused(csf_desk *desk)
{
	if (desk->detached && desk->pins == 0)
		MemoryContextDelete(desk->context);
}

static void
mark_all(bool must_rebuild)
{
	HASH_SEQ_STATUS scan;
	desk_slot *slot;

	if (slots == NULL)
		return;
	hash_seq_init(&scan, slots);
	while ((slot = hash_seq_search(&scan)) != NULL)
	{
		if (slot->desk == NULL)
			continue;
		slot->desk->is_current = false;
		slot->desk->must_rebuild |= must_rebuild;
	}
}

static void
on_invalidation(Datum argument, Oid relation)
{
	(void) argument;
	if (relation == marker || !OidIsValid(relation) || !OidIsValid(marker))
	{
		invalidations++;
		mark_all(false);
	}
}

/* What was written in this subtransaction, or in those it held, is undone. */
static void
undo_own(SubTransactionId subtransaction)
{
	HASH_SEQ_STATUS scan;
	desk_slot *slot;

	hash_seq_init(&scan, slots);
	while ((slot = hash_seq_search(&scan)) != NULL)
	{
		if (slot->desk == NULL || slot->desk->own_until < subtransaction)
			continue;
		slot->desk->must_rebuild = true;
		undone++;
	}
}

static void
keep_own(void)
{
	HASH_SEQ_STATUS scan;
	desk_slot *slot;

	hash_seq_init(&scan, slots);
	while ((slot = hash_seq_search(&scan)) != NULL)
	{
		if (slot->desk != NULL)
			slot->desk->own_until = InvalidSubTransactionId;
	}
}

static void
on_transaction_end(XactEvent event, void *argument)
{
	(void) argument;
	if (!any_own)
		return;
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		undo_own(TopSubTransactionId);
	else if (event != XACT_EVENT_COMMIT)
		return;
	keep_own();
	any_own = false;
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *argument)
{
	(void) parent;
	(void) argument;
	if (any_own && event == SUBXACT_EVENT_ABORT_SUB)
		undo_own(mine);
}

/*
 * The innermost of the open subtransactions that may have written something: if it, or one around it, is undone, so may be
 * what we read now. Numbers grow: whatever else will be undone by itself has a greater one.
 */
static SubTransactionId
last_writer(void)
{
	if (TransactionIdIsValid(GetCurrentTransactionIdIfAny()))
		return GetCurrentSubTransactionId();
	return TransactionIdIsValid(GetTopTransactionIdIfAny()) ? GetCurrentSubTransactionId() - 1
															: InvalidSubTransactionId;
}

static void
set_up(void)
{
	HASHCTL control = {.keysize = sizeof(int64), .entrysize = sizeof(desk_slot), .hcxt = CacheMemoryContext};

	if (slots != NULL)
		return;
	CacheRegisterRelcacheCallback(on_invalidation, (Datum) 0);
	RegisterXactCallback(on_transaction_end, NULL);
	RegisterSubXactCallback(on_subtransaction_end, NULL);
	slots = hash_create("csflow desks", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void
csf_desk_changed_here(int64 desk_id)
{
	desk_slot *slot;

	set_up();
	slot = hash_search(slots, &desk_id, HASH_FIND, NULL);
	if (slot != NULL && slot->desk != NULL)
	{
		slot->desk->is_current = false;
		slot->desk->must_rebuild = true;
	}
}

void
csf_all_desks_changed_here(void)
{
	set_up();
	mark_all(true);
}

/* Builds the desk anew and swaps it in; an old one that is pinned lives on by itself. */
static csf_desk *
rebuild(desk_slot *slot)
{
	int64 desk_id = slot->desk_id;
	uint64 before = invalidations;
	csf_desk *fresh = csf_desk_load(desk_id);

	/* The table of slots may have been changed while loading ran SQL. */
	slot = hash_search(slots, &desk_id, HASH_ENTER, NULL);
	if (slot->desk != NULL)
	{
		slot->desk->detached = true;
		free_if_unused(slot->desk);
		slot->desk = NULL;
	}
	if (fresh == NULL)
	{
		hash_search(slots, &desk_id, HASH_REMOVE, NULL);
		ereport(
			ERROR,
			(errcode(ERRCODE_CSF_UNKNOWN_DESK), errmsg("unknown desk %lld", (long long) desk_id),
			 errhint(
				 "SELECT desk_id, name FROM csflow.desk lists the desks; csflow.create_desk() makes one.")));
	}
	MemoryContextSetParent(fresh->context, CacheMemoryContext);
	fresh->own_until = last_writer();
	any_own |= fresh->own_until != InvalidSubTransactionId;
	/*
	 * Loading takes locks and with them invalidations, of changes that its snapshot may not have seen; and in a parallel
	 * query the snapshot may be older than the invalidation just taken in. Look again next time.
	 */
	fresh->is_current = !IsInParallelMode() && before == invalidations;
	slot->desk = fresh;
	return fresh;
}

csf_desk *
csf_desk_get(int64 desk_id)
{
	desk_slot *slot;
	bool found;

	set_up();
	AcceptInvalidationMessages();
	marker = csf_flow_get()->marker;
	if (built_for != csf_flow_generation())
	{
		mark_all(true);
		built_for = csf_flow_generation();
	}
	slot = hash_search(slots, &desk_id, HASH_ENTER, &found);
	if (!found)
		slot->desk = NULL;
	if (slot->desk != NULL && !slot->desk->is_current && !slot->desk->must_rebuild && !IsInParallelMode())
	{
		slot->desk->is_current = true;
		if (csf_desk_version(desk_id) != slot->desk->version)
			slot->desk->must_rebuild = true;
	}
	if (slot->desk == NULL || !slot->desk->is_current || slot->desk->must_rebuild)
		return rebuild(slot);
	return slot->desk;
}

uint64
csf_desks_undone(void)
{
	return undone;
}

void
csf_desk_visit(void (*visit)(const csf_desk *desk, void *argument), void *argument)
{
	HASH_SEQ_STATUS scan;
	desk_slot *slot;

	if (slots == NULL)
		return;
	hash_seq_init(&scan, slots);
	while ((slot = hash_seq_search(&scan)) != NULL)
	{
		if (slot->desk != NULL)
			visit(slot->desk, argument);
	}
}

static void
unpin(void *argument)
{
	desk_pin *pin = argument;
	desk_pin **link = &desk_pins;

	while (*link != pin)
		link = &(*link)->next;
	*link = pin->next;
	pin->desk->pins--;
	free_if_unused(pin->desk);
}

csf_desk *
csf_desk_pin(int64 desk_id, MemoryContext until)
{
	desk_pin *pin;

	for (pin = desk_pins; pin != NULL; pin = pin->next)
	{
		if (pin->until == until && pin->desk->desk_id == desk_id)
			return pin->desk;
	}
	pin = MemoryContextAllocZero(until, sizeof(desk_pin));
	pin->until = until;
	pin->desk = csf_desk_get(desk_id);
	pin->desk->pins++;
	pin->next = desk_pins;
	desk_pins = pin;
	pin->callback.func = unpin;
	pin->callback.arg = pin;
	MemoryContextRegisterResetCallback(until, &pin->callback);
	return pin->desk;
}

const csf_team *
csf_desk_team(const csf_desk *desk, int64 team_id)
{
	for (int i = 0; i < desk->team_count; i++)
	{
		if (desk->teams[i].team_id == team_id)
			return &desk->teams[i];
	}
	return NULL;
}

const csf_team *
csf_desk_team_by_code(const csf_desk *desk, const char *code)
{
	for (int i = 0; i < desk->team_count; i++)
	{
		if (strcmp(desk->teams[i].code, code) == 0)
			return &desk->teams[i];
	}
	return NULL;
}

/* Agents are sorted by agent_id: a desk may have thousands. */
const csf_agent *
csf_desk_agent(const csf_desk *desk, int64 agent_id)
{
	int low = 0, high = desk->agent_count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (desk->agents[middle].agent_id < agent_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < desk->agent_count && desk->agents[low].agent_id == agent_id ? &desk->agents[low] : NULL;
}

const csf_agent *
csf_desk_agent_by_role(const csf_desk *desk, Oid role)
{
	const char *name = GetUserNameFromId(role, false);

	for (int i = 0; i < desk->agent_count; i++)
	{
		if (desk->agents[i].role_name != NULL && desk->agents[i].is_active &&
			strcmp(desk->agents[i].role_name, name) == 0)
			return &desk->agents[i];
	}
	return NULL;
}

const csf_channel *
csf_desk_channel(const csf_desk *desk, const char *name, size_t length)
{
	for (int i = 0; i < desk->channel_count; i++)
	{
		if (strlen(desk->channels[i].name) == length && memcmp(desk->channels[i].name, name, length) == 0)
			return &desk->channels[i];
	}
	return NULL;
}

const csf_category_entry *
csf_desk_category(const csf_desk *desk, int64 category_id)
{
	int low = 0, high = desk->category_count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (desk->categories[middle].category_id < category_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < desk->category_count && desk->categories[low].category_id == category_id
			   ? &desk->categories[low]
			   : NULL;
}

const csf_category_entry *
csf_desk_kind(const csf_desk *desk, const char *code)
{
	for (int i = 0; i < desk->category_count; i++)
	{
		const csf_category_entry *entry = &desk->categories[i];

		if (entry->kind_id == entry->category_id && strcmp(entry->code, code) == 0)
			return entry;
	}
	return NULL;
}

bool
csf_desk_has_caption(const csf_desk *desk, const char *kind, const char *code, size_t length)
{
	for (int i = 0; i < desk->caption_count; i++)
	{
		if (strcmp(desk->captions[i].kind, kind) == 0 && strlen(desk->captions[i].code) == length &&
			memcmp(desk->captions[i].code, code, length) == 0)
			return true;
	}
	return false;
}

const char *
csf_desk_captions(const csf_desk *desk, const char *kind)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < desk->caption_count; i++)
	{
		if (strcmp(desk->captions[i].kind, kind) == 0)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", desk->captions[i].code);
	}
	return list.len > 0 ? list.data : "none";
}

const csf_target *
csf_desk_target(const csf_desk *desk, int64 target_id)
{
	for (int i = 0; i < desk->target_count; i++)
	{
		if (desk->targets[i].target_id == target_id)
			return &desk->targets[i];
	}
	return NULL;
}
