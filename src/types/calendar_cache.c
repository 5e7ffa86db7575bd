/*
 * calendar_cache.c
 *		Compiled calendars of the connection, by digest, and what a call site remembers of them.
 *
 * The cache needs no invalidation: a calendar is a value, its digest names it for good. It is bounded: the calendars not
 * looked up for longest are freed. Call sites hold bare pointers into it; csf_calendar_generation changes whenever one may
 * have become invalid.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "types/calendar.h"
#include "compat.h"

/* One calendar may grow by 4 MB beyond this (PIECE_MEMORY_LIMIT) before the next look-up evicts others. */
#define CACHE_LIMIT ((Size) 64 << 20)

/* Pointers of values stored out of line that one call site remembers. */
#define POINTERS_LIMIT 4096

/* What identifies a value: its digest, or the pointer of one stored out of line. */
typedef struct calendar_key
{
	uint64 word[2];
} calendar_key;

StaticAssertDecl(sizeof(calendar_key) == CSF_CALENDAR_DIGEST_SIZE, "a digest is two words");
StaticAssertDecl(sizeof(varatt_external) == CSF_CALENDAR_DIGEST_SIZE, "a toast pointer is two words");

typedef struct cached_calendar
{
	MemoryContext context;
	Size size;
	bool joined; /* size is part of cache_size */
} cached_calendar;

/* All that a look-up touches. last_use is a number of look_ups, which may come round: only its distance is used. */
typedef struct digest_slot
{
	calendar_key key;
	csf_calendar *calendar;
	uint32 last_use;
	char status;
} digest_slot;

typedef struct pointer_slot
{
	calendar_key key;
	csf_calendar *calendar;
	char status;
} pointer_slot;

static inline uint32
key_hash(calendar_key key)
{
	return (uint32) ((key.word[0] ^ (key.word[1] * UINT64CONST(0x9E3779B97F4A7C15))) *
						 UINT64CONST(0xD6E8FEB86659FD93) >>
					 32);
}

static inline bool
key_equal(calendar_key a, calendar_key b)
{
	return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

#define SH_PREFIX digests
#define SH_ELEMENT_TYPE digest_slot
#define SH_KEY_TYPE calendar_key
#define SH_KEY key
#define SH_HASH_KEY(table, key) key_hash(key)
#define SH_EQUAL(table, a, b) key_equal(a, b)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define SH_PREFIX pointers
#define SH_ELEMENT_TYPE pointer_slot
#define SH_KEY_TYPE calendar_key
#define SH_KEY key
#define SH_HASH_KEY(table, key) key_hash(key)
#define SH_EQUAL(table, a, b) key_equal(a, b)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

uint64 csf_calendar_generation = 0;

static MemoryContext cache_context = NULL;
static digests_hash *cache = NULL;
static Size cache_size = 0;
static uint32 look_ups = 0;

static void *
allocate_cached(void *owner, size_t size)
{
	cached_calendar *cached = owner;
	void *memory = MemoryContextAllocHuge(cached->context, size);

	cached->size += size;
	if (cached->joined)
		cache_size += size;
	return memory;
}

static void
release_cached(void *owner, void *memory, size_t size)
{
	cached_calendar *cached = owner;

	pfree(memory);
	cached->size -= size;
	if (cached->joined)
		cache_size -= size;
}

static void *
allocate_in_context(void *owner, size_t size)
{
	return MemoryContextAllocHuge((MemoryContext) owner, size);
}

static void
release_in_context(void *owner, void *memory, size_t size)
{
	pfree(memory);
}

/* Compiles a value; what is needed only meanwhile goes with a context of its own. */
static csf_calendar *
compile(Datum value, csf_calendar_memory memory)
{
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "csflow calendar compilation", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	csf_calendar_rules *rules = csf_calendar_value_rules(csf_calendar_detoast(value));
	csf_calendar *calendar = csf_calendar_compile(rules, &csf_calendar_zones, memory);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	return calendar;
}

csf_calendar *
csf_calendar_compile_in(Datum value, MemoryContext context)
{
	csf_calendar_memory memory = {allocate_in_context, release_in_context, context};

	return compile(value, memory);
}

static void
create_cache(void)
{
	MemoryContext context;

	if (cache != NULL)
		return;
	context = AllocSetContextCreate(TopMemoryContext, "csflow calendars", ALLOCSET_DEFAULT_SIZES);
	cache = digests_create(context, 64, NULL);
	cache_context = context;
}

static int
latest_last(const void *a, const void *b)
{
	uint32 left = look_ups - (*(digest_slot *const *) a)->last_use;
	uint32 right = look_ups - (*(digest_slot *const *) b)->last_use;

	return (left < right) - (left > right);
}

/*
 * Frees the calendars not looked up for longest, down to three quarters of the limit, so that the sorting is paid for by
 * many additions; never the one used last, which is in use now.
 */
static void
evict(void)
{
	digest_slot **slots = palloc(cache->members * sizeof(digest_slot *));
	calendar_key *victims = palloc(cache->members * sizeof(calendar_key));
	uint32 count = 0;
	digests_iterator iterator;
	digest_slot *slot;

	digests_start_iterate(cache, &iterator);
	while ((slot = digests_iterate(cache, &iterator)) != NULL)
		slots[count++] = slot;
	qsort(slots, count, sizeof(digest_slot *), latest_last);
	/* slots move when one is deleted */
	for (uint32 i = 0; i < count; i++)
		victims[i] = slots[i]->key;
	csf_calendar_generation++;
	for (uint32 i = 0; i + 1 < count && cache_size > CACHE_LIMIT / 4 * 3; i++)
	{
		cached_calendar *victim = csf_calendar_owner(digests_lookup(cache, victims[i])->calendar);

		digests_delete(cache, victims[i]);
		cache_size -= victim->size;
		MemoryContextDelete(victim->context);
	}
	pfree(slots);
	pfree(victims);
}

/*
 * Adds a calendar. It is compiled in a context of the caller and joins the cache only when complete, so that an error
 * leaves nothing behind.
 */
static digest_slot *
add_to_cache(Datum value, calendar_key digest)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "csflow calendar", ALLOCSET_SMALL_SIZES);
	cached_calendar *cached = MemoryContextAllocZero(context, sizeof(cached_calendar));
	csf_calendar_memory memory = {allocate_cached, release_cached, cached};
	csf_calendar *calendar;
	digest_slot *slot;
	bool found;

	cached->context = context;
	cached->size = sizeof(cached_calendar);
	calendar = compile(value, memory);
	slot = digests_insert(cache, digest, &found);
	Assert(!found);
	slot->calendar = calendar;
	MemoryContextSetParent(context, cache_context);
	cached->joined = true;
	cache_size += cached->size;
	return slot;
}

static csf_calendar *
look_up(Datum value, calendar_key digest)
{
	digest_slot *slot;
	csf_calendar *calendar;

	create_cache();
	slot = digests_lookup(cache, digest);
	if (slot == NULL)
		slot = add_to_cache(value, digest);
	slot->last_use = ++look_ups;
	calendar = slot->calendar;
	if (cache_size > CACHE_LIMIT)
		evict();
	return calendar;
}

static calendar_key
digest_of(Datum value)
{
	struct varlena *slice = (struct varlena *) DatumGetPointer(value);
	bool copied = VARATT_IS_EXTENDED(slice) && !VARATT_IS_SHORT(slice);
	calendar_key digest;

	if (copied)
		slice = PG_DETOAST_DATUM_SLICE(value, 0, sizeof(digest));
	if (VARSIZE_ANY_EXHDR(slice) < sizeof(digest))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("damaged value of type %s", "calendar")));
	memcpy(&digest, VARDATA_ANY(slice), sizeof(digest));
	if (copied)
		pfree(slice);
	return digest;
}

csf_calendar *
csf_calendar_get(Datum value)
{
	return look_up(value, digest_of(value));
}

/*
 * The calendar behind a toast pointer, from what this call site has seen. Toast pointers name a value only while it exists;
 * an OID could name another once the counter has gone round, so they are trusted within one statement of the client only,
 * and only until the cache evicts something.
 */
static csf_calendar *
look_up_pointer(csf_calendar_site *site, MemoryContext context, Datum value, calendar_key pointer)
{
	TimestampTz statement = GetCurrentStatementStartTimestamp();
	pointer_slot *slot;
	csf_calendar *calendar;
	bool found;

	if (site->pointers == NULL)
		site->pointers = pointers_create(context, 16, NULL);
	else if (site->statement != statement || site->pointers_generation != csf_calendar_generation ||
			 site->pointers->members >= POINTERS_LIMIT)
		pointers_reset(site->pointers);
	site->statement = statement;
	site->pointers_generation = csf_calendar_generation;
	slot = pointers_lookup(site->pointers, pointer);
	if (slot != NULL)
		return slot->calendar;
	calendar = look_up(value, digest_of(value));
	if (site->pointers_generation == csf_calendar_generation)
		pointers_insert(site->pointers, pointer, &found)->calendar = calendar;
	return calendar;
}

csf_calendar *
csf_calendar_argument_slow(FunctionCallInfo fcinfo)
{
	Datum value = PG_GETARG_DATUM(0);
	struct varlena *varlena = (struct varlena *) DatumGetPointer(value);
	csf_calendar_site *site;
	calendar_key key;

	if (fcinfo->flinfo == NULL)
		return csf_calendar_get(value);
	site = fcinfo->flinfo->fn_extra;
	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(csf_calendar_site));
		fcinfo->flinfo->fn_extra = site;
	}
	/* should the look-up raise an error, the site must not match anything */
	site->generation = PG_UINT64_MAX;
	site->out_of_line = VARATT_IS_EXTERNAL_ONDISK(varlena);
	if (site->out_of_line)
	{
		memcpy(&key, VARDATA_EXTERNAL(varlena), sizeof(key));
		site->calendar = look_up_pointer(site, fcinfo->flinfo->fn_mcxt, value, key);
	}
	else
	{
		key = digest_of(value);
		site->calendar = look_up(value, key);
	}
	site->generation = csf_calendar_generation;
	memcpy(site->key, &key, sizeof(key));
	return site->calendar;
}
