/*
 * top_k.c
 *		Counters of frequent values: the working form.
 */
#include "kernel/top_k.h"

/* A counter in the order in which values came; its value is at offset in the bytes. */
typedef struct entry
{
	uint64 count;
	uint32 hash;
	uint32 offset;
	uint32 length;
	uint32 reserved;
} entry;

#define LEAST_ENTRIES 16
#define LEAST_BYTES 256

static size_t
slots_for(uint32 entries)
{
	size_t slots = 2;

	while (slots < (size_t) entries * 2)
		slots *= 2;
	return slots;
}

static entry *
entries_of(const csf_top_k *top)
{
	return (entry *) top->cells;
}

/* Number of an entry, from 1; 0 is an empty slot. */
static uint32 *
slots_of(const csf_top_k *top)
{
	return (uint32 *) (entries_of(top) + top->room);
}

static char *
bytes_of(const csf_top_k *top)
{
	return (char *) (slots_of(top) + top->slots);
}

csf_top_k_room
csf_top_k_least_room(void)
{
	return (csf_top_k_room){LEAST_ENTRIES, LEAST_BYTES};
}

size_t
csf_top_k_size(csf_top_k_room room)
{
	size_t size = offsetof(csf_top_k, cells) + sizeof(entry) * room.entries +
				  sizeof(uint32) * slots_for(room.entries) + room.bytes;

	return (size + 7) & ~(size_t) 7;
}

void
csf_top_k_init(csf_top_k *top, uint32 places, csf_top_k_room room)
{
	memset(top, 0, csf_top_k_size(room));
	top->places = places;
	top->room = room.entries;
	top->slots = (uint32) slots_for(room.entries);
	top->bytes_room = room.bytes;
}

/* Twice the counters kept, beyond which there is never need to grow. */
static uint32
most_entries(const csf_top_k *top)
{
	return csf_top_k_counters(top->places) * 2;
}

csf_top_k_room
csf_top_k_grown_room(const csf_top_k *top, size_t length)
{
	uint32 entries = top->room;
	uint32 bytes = top->bytes_room;
	uint32 most = most_entries(top);

	if (top->used >= entries)
		entries = entries * 2 < most ? entries * 2 : most;
	while (bytes < top->bytes_used + length)
		bytes *= 2;
	return (csf_top_k_room){entries, bytes};
}

static uint32
hash_of(const char *value, size_t length)
{
	uint64 hash = UINT64_C(0x9e3779b97f4a7c15) ^ length;

	while (length > 0)
	{
		uint64 word = 0;
		size_t part = length < 8 ? length : 8;

		memcpy(&word, value, part);
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
		value += part;
		length -= part;
	}
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return (uint32) (hash >> 32);
}

/* The slot of a value, or the empty one where it belongs. */
static uint32 *
find(const csf_top_k *top, const char *value, size_t length, uint32 hash)
{
	uint32 *slots = slots_of(top);
	const entry *entries = entries_of(top);
	const char *bytes = bytes_of(top);
	uint32 mask = top->slots - 1;

	for (uint32 at = hash & mask;; at = (at + 1) & mask)
	{
		const entry *there;

		if (slots[at] == 0)
			return &slots[at];
		there = &entries[slots[at] - 1];
		if (there->hash == hash && there->length == length &&
			memcmp(bytes + there->offset, value, length) == 0)
			return &slots[at];
	}
}

static void
put(csf_top_k *top, uint32 *slot, const char *value, size_t length, uint32 hash, uint64 count)
{
	entry *added = &entries_of(top)[top->used++];

	added->count = count;
	added->hash = hash;
	added->offset = top->bytes_used;
	added->length = (uint32) length;
	added->reserved = 0;
	memcpy(bytes_of(top) + top->bytes_used, value, length);
	top->bytes_used += (uint32) length;
	*slot = top->used;
}

void
csf_top_k_copy(csf_top_k *top, const csf_top_k *from)
{
	const entry *entries = entries_of(from);
	const char *bytes = bytes_of(from);

	top->places = from->places;
	top->total = from->total;
	top->error = from->error;
	for (uint32 i = 0; i < from->used; i++)
	{
		const char *value = bytes + entries[i].offset;

		put(top, find(top, value, entries[i].length, entries[i].hash), value, entries[i].length,
			entries[i].hash, entries[i].count);
	}
}

/* The number at a place, from 0, of those in descending order; the numbers are moved about. */
static uint64
select_descending(uint64 *numbers, uint32 count, uint32 place)
{
	uint32 low = 0;
	uint32 high = count - 1;

	while (low < high)
	{
		uint64 pivot = numbers[low + (high - low) / 2];
		uint32 greater = low;
		uint32 at = low;
		uint32 less = high;

		/* Afterwards: greater than the pivot before greater, equal up to less, the rest behind it. */
		while (at <= less)
		{
			uint64 number = numbers[at];

			if (number > pivot)
			{
				numbers[at++] = numbers[greater];
				numbers[greater++] = number;
			}
			else if (number < pivot)
			{
				numbers[at] = numbers[less];
				numbers[less] = number;
				if (less-- == 0)
					break;
			}
			else
				at++;
		}
		if (place < greater)
			high = greater - 1;
		else if (place > less)
			low = less + 1;
		else
			return pivot;
	}
	return numbers[low];
}

/* What has to be taken from every counter so that no more are left than are kept. */
static uint64
count_to_take(const csf_top_k *top)
{
	const entry *entries = entries_of(top);
	uint32 kept = csf_top_k_counters(top->places);
	uint64 *numbers;
	uint64 take;

	if (top->used <= kept)
		return 0;
	numbers = csf_alloc(sizeof(uint64) * top->used);
	for (uint32 i = 0; i < top->used; i++)
		numbers[i] = entries[i].count;
	take = select_descending(numbers, top->used, kept);
	csf_free(numbers);
	return take;
}

static void
make_place(csf_top_k *top)
{
	entry *entries = entries_of(top);
	char *bytes = bytes_of(top);
	uint64 take = count_to_take(top);
	uint32 before = top->used;

	top->error += take;
	top->used = 0;
	top->bytes_used = 0;
	memset(slots_of(top), 0, sizeof(uint32) * top->slots);
	for (uint32 i = 0; i < before; i++)
	{
		entry kept = entries[i];

		if (kept.count <= take)
			continue;
		/* Entries and bytes move only towards the start. */
		memmove(bytes + top->bytes_used, bytes + kept.offset, kept.length);
		kept.offset = top->bytes_used;
		kept.count -= take;
		top->bytes_used += kept.length;
		*find(top, bytes + kept.offset, kept.length, kept.hash) = top->used + 1;
		entries[top->used++] = kept;
	}
}

csf_top_k_result
csf_top_k_add(csf_top_k *top, const char *value, size_t length, uint64 count)
{
	uint32 hash = hash_of(value, length);
	uint32 *slot;

	if (count > INT64_MAX - top->total)
		return CSF_TOP_K_OVERFLOW;
	slot = find(top, value, length, hash);
	if (*slot != 0)
		entries_of(top)[*slot - 1].count += count;
	else
	{
		if (top->used >= most_entries(top))
		{
			make_place(top);
			slot = find(top, value, length, hash);
		}
		if (top->used >= top->room || length > top->bytes_room - top->bytes_used)
			return CSF_TOP_K_NO_ROOM;
		put(top, slot, value, length, hash, count);
	}
	top->total += count;
	return CSF_TOP_K_DONE;
}

bool
csf_top_k_join(csf_top_k *top, uint32 places, uint64 total, uint64 error, uint64 counted)
{
	if (total > INT64_MAX - top->total)
		return false;
	top->total += total - counted;
	top->error += error;
	if (places < top->places)
		top->places = places;
	return true;
}

csf_top_k_item
csf_top_k_item_at(const csf_top_k *top, uint32 index)
{
	const entry *there = &entries_of(top)[index];

	return (csf_top_k_item){bytes_of(top) + there->offset, there->length, there->count};
}

void
csf_top_k_contents(const csf_top_k *top, csf_top_k_content *content)
{
	uint64 take = count_to_take(top);
	csf_fault fault;

	content->places = top->places;
	content->total = top->total;
	content->error = top->error + take;
	content->items_count = 0;
	content->items = csf_alloc(sizeof(csf_top_k_item) * top->used);
	for (uint32 i = 0; i < top->used; i++)
	{
		csf_top_k_item item = csf_top_k_item_at(top, i);

		if (item.count <= take)
			continue;
		item.count -= take;
		content->items[content->items_count++] = item;
	}
	csf_top_k_arrange(content, &fault);
}
