/*
 * top_k_steps_fuzz.c
 *		Fuzzes the life of counters of frequent values without a server. The bytes are steps: values counted one by one, in long
 *		runs, with great weights; counters merged, packed, copied and made anew. Beside them the exact counts are kept in plain
 *		arrays. Whatever was done in whatever order, the bounds hold the exact counts, the error is as small as promised, values
 *		no more than the counters are counted exactly, and what was refused changed nothing.
 */
#include "kernel/top_k.h"

#define VALUES 2048
#define TOPS 3
#define STEPS_MOST 24
#define ADDED_MOST 8000

#define require(condition)                                                                                   \
	do                                                                                                       \
	{                                                                                                        \
		if (!(condition))                                                                                    \
		{                                                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
			abort();                                                                                         \
		}                                                                                                    \
	} while (0)

typedef struct counted
{
	csf_top_k *top;
	uint32 places;
	uint64 total;
	uint64 *exact;
} counted;

typedef struct course
{
	const uint8 *at;
	const uint8 *end;
	int added;
	counted tops[TOPS];
} course;

typedef struct packed
{
	uint8 *bytes;
	size_t length;
} packed;

static uint32
next_byte(course *run)
{
	return run->at < run->end ? *run->at++ : 0;
}

static uint32
next_value(course *run)
{
	uint32 high = next_byte(run);

	return (high * 256 + next_byte(run)) % VALUES;
}

/* Each number has its own text: of 0 to 1024 bytes, zero bytes among them, some the beginning of others. */
static size_t
text_of(uint32 number, char *text)
{
	size_t length = number == 0        ? 0
					: number < 256     ? 1
					: number % 97 == 0 ? CSF_TOP_K_VALUE_MAX
									   : 2 + number % 29;

	memset(text, (int) (number % 3), length);
	if (length > 1)
		text[1] = (char) (number & 255);
	if (length > 0)
		text[0] = (char) (length == 1 ? number : number >> 8);
	return length;
}

static uint32
number_of(const char *value, size_t length)
{
	const uint8 *bytes = (const uint8 *) value;
	uint32 number = length == 0 ? 0 : length == 1 ? bytes[0] : (uint32) bytes[0] * 256 + bytes[1];
	char text[CSF_TOP_K_VALUE_MAX];

	require(number < VALUES && text_of(number, text) == length && memcmp(value, text, length) == 0);
	return number;
}

static csf_top_k *
make(uint32 places, csf_top_k_room room)
{
	csf_top_k *top = csf_alloc(csf_top_k_size(room));

	csf_top_k_init(top, places, room);
	return top;
}

static packed
pack(const csf_top_k *top)
{
	csf_top_k_content content;
	packed form;

	csf_top_k_contents(top, &content);
	form.length = csf_top_k_pack(&content, NULL);
	form.bytes = csf_alloc(form.length);
	require(csf_top_k_pack(&content, form.bytes) == form.length);
	csf_free(content.items);
	return form;
}

/* Whether the counters still pack to this, which is freed. */
static bool
packs_to(const csf_top_k *top, packed before)
{
	packed now = pack(top);
	bool same = now.length == before.length && memcmp(now.bytes, before.bytes, now.length) == 0;

	csf_free(now.bytes);
	csf_free(before.bytes);
	return same;
}

/* -- The promises ------------------------------------------------------------------------------------------------- */

static void
check_order(const csf_top_k_item *before, const csf_top_k_item *after)
{
	size_t shorter = before->length < after->length ? before->length : after->length;
	int order = memcmp(before->value, after->value, shorter);

	require(before->count > after->count ||
			(before->count == after->count && (order < 0 || (order == 0 && before->length < after->length))));
}

static void
check_promises(const counted *one)
{
	uint32 kept = csf_top_k_counters(one->places);
	bool listed[VALUES] = {false};
	csf_top_k_content content;
	uint32 distinct = 0;
	uint64 held = 0;

	csf_top_k_contents(one->top, &content);
	require(content.places == one->places && content.total == one->total && content.items_count <= kept);
	for (size_t i = 0; i < content.items_count; i++)
	{
		const csf_top_k_item *item = &content.items[i];
		uint32 number = number_of(item->value, item->length);

		require(!listed[number] && item->count > 0);
		require(item->count <= one->exact[number] && one->exact[number] <= item->count + content.error);
		if (i > 0)
			check_order(item - 1, item);
		listed[number] = true;
		held += item->count;
	}
	for (int i = 0; i < VALUES; i++)
	{
		require(listed[i] || one->exact[i] <= content.error);
		distinct += one->exact[i] > 0;
	}
	require(content.error <= (one->total - held) / (kept + 1));
	require(distinct > kept || content.error == 0);
	csf_free(content.items);
}

/* -- Steps -------------------------------------------------------------------------------------------------------- */

static csf_top_k_result
put(counted *one, const char *value, size_t length, uint64 count)
{
	csf_top_k_result result = csf_top_k_add(one->top, value, length, count);

	if (result == CSF_TOP_K_NO_ROOM)
	{
		csf_top_k *grown = make(one->top->places, csf_top_k_grown_room(one->top, length));

		csf_top_k_copy(grown, one->top);
		csf_free(one->top);
		one->top = grown;
		result = csf_top_k_add(one->top, value, length, count);
		require(result != CSF_TOP_K_NO_ROOM);
	}
	return result;
}

static void
add(course *run, counted *one, uint32 number, uint64 count)
{
	bool fits = count <= INT64_MAX - one->total;
	char text[CSF_TOP_K_VALUE_MAX];
	size_t length = text_of(number, text);

	if (run->added++ >= ADDED_MOST)
		return;
	require(put(one, text, length, count) == (fits ? CSF_TOP_K_DONE : CSF_TOP_K_OVERFLOW));
	if (fits)
	{
		one->exact[number] += count;
		one->total += count;
	}
}

/* Whatever is not done has changed nothing, also where the counters were full. */
static void
add_watched(course *run, counted *one, uint32 number, uint64 count)
{
	packed before = pack(one->top);
	char text[CSF_TOP_K_VALUE_MAX];
	size_t length = text_of(number, text);
	csf_top_k_result result = csf_top_k_add(one->top, text, length, count);

	if (result == CSF_TOP_K_DONE)
	{
		require(count <= INT64_MAX - one->total);
		one->exact[number] += count;
		one->total += count;
		csf_free(before.bytes);
		return;
	}
	require(packs_to(one->top, before));
	add(run, one, number, count);
}

/* Neighbouring values with equal, falling, rising or scattered counts. */
static void
add_run(course *run, counted *one)
{
	uint32 number = next_value(run);
	uint32 length = next_byte(run) * 4 + 1;
	uint32 way = next_byte(run);
	uint64 most = (uint64) 1 << (way >> 2) % 40;
	uint64 scattered = way + 1;

	for (uint32 i = 0; i < length; i++)
	{
		uint64 count = way % 4 == 0 ? most : way % 4 == 1 ? length - i : way % 4 == 2 ? i + 1 : 0;

		if (count == 0)
		{
			scattered = scattered * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			number = (uint32) (scattered >> 33) % VALUES;
			count = 1 + (scattered >> 45) % most;
		}
		add(run, one, number, count);
		number = (number + 1) % VALUES;
	}
}

static void
count_merged(counted *to, const counted *from)
{
	for (int i = 0; i < VALUES; i++)
		to->exact[i] += from->exact[i];
	to->total += from->total;
	if (from->places < to->places)
		to->places = from->places;
}

/* As it comes from a table: of the other only the counters that are kept. */
static void
merge_packed(counted *to, const counted *from)
{
	bool fits = from->total <= INT64_MAX - to->total;
	csf_top_k_content content;
	uint64 held = 0;
	packed form;

	if (from->total == 0)
		return;
	form = pack(from->top);
	require(csf_top_k_unpack(form.bytes, form.length, &content));
	for (size_t i = 0; i < content.items_count; i++)
		held += content.items[i].count;
	require(csf_top_k_join(to->top, content.places, content.total, content.error, held) == fits);
	for (size_t i = 0; fits && i < content.items_count; i++)
		require(put(to, content.items[i].value, content.items[i].length, content.items[i].count) ==
				CSF_TOP_K_DONE);
	if (fits)
		count_merged(to, from);
	csf_free(content.items);
	csf_free(form.bytes);
}

/* As it comes from a parallel worker: with all counters, up to twice those that are kept. */
static void
merge_working(counted *to, const counted *from)
{
	bool fits = from->total <= INT64_MAX - to->total;
	uint64 held = 0;

	for (uint32 i = 0; i < from->top->used; i++)
		held += csf_top_k_item_at(from->top, i).count;
	require(csf_top_k_join(to->top, from->top->places, from->top->total, from->top->error, held) == fits);
	for (uint32 i = 0; fits && i < from->top->used; i++)
	{
		csf_top_k_item item = csf_top_k_item_at(from->top, i);

		require(put(to, item.value, item.length, item.count) == CSF_TOP_K_DONE);
	}
	if (fits)
		count_merged(to, from);
}

/* Read again from its packed form it packs to the same. */
static void
reload(counted *one)
{
	counted again = {make(one->places, csf_top_k_least_room()), one->places, 0,
					 csf_alloc_zero(sizeof(uint64) * VALUES)};

	merge_packed(&again, one);
	require(packs_to(again.top, pack(one->top)));
	csf_free(again.exact);
	csf_free(one->top);
	one->top = again.top;
}

static void
renew(counted *one, uint32 places)
{
	csf_free(one->top);
	one->top = make(places, csf_top_k_least_room());
	one->places = places;
	one->total = 0;
	memset(one->exact, 0, sizeof(uint64) * VALUES);
}

static void
copy(counted *one)
{
	csf_top_k *grown = make(one->places, csf_top_k_grown_room(one->top, CSF_TOP_K_VALUE_MAX));

	csf_top_k_copy(grown, one->top);
	require(packs_to(grown, pack(one->top)));
	csf_free(one->top);
	one->top = grown;
}

static void
step(course *run)
{
	static const uint32 places[] = {1, 5, 6, 10, 50, CSF_TOP_K_PLACES_MAX};
	uint32 what = next_byte(run);
	counted *one = &run->tops[(what >> 4) % TOPS];
	counted *other = &run->tops[(what >> 6) % TOPS];
	uint32 number = 0;

	run->added += what % 16 >= 3 && what % 16 <= 9 ? (int) other->top->used : 0;
	switch (what % 16)
	{
		case 0:
			number = next_value(run);
			add_watched(run, one, number, (uint64) 1 << next_byte(run) % 64 >> 1 | 1);
			break;
		case 1: /* to the last that fits, and one more */
			number = next_value(run);
			if (one->total < INT64_MAX)
				add_watched(run, one, number, INT64_MAX - one->total);
			add_watched(run, one, number, 1);
			break;
		case 2:
			renew(one, places[next_byte(run) % 6]);
			break;
		case 3:
			reload(one);
			break;
		case 4:
			copy(one);
			break;
		case 5:
		case 6:
		case 7:
			merge_packed(one, other);
			break;
		case 8:
		case 9:
			if (one != other)
				merge_working(one, other);
			break;
		default:
			add_run(run, one);
			break;
	}
	check_promises(one);
}

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	course run = {data, data + size, 0, {{0}}};

	for (int i = 0; i < TOPS; i++)
		run.tops[i] =
			(counted){make(1, csf_top_k_least_room()), 1, 0, csf_alloc_zero(sizeof(uint64) * VALUES)};
	for (int i = 0; i < STEPS_MOST && run.at < run.end && run.added < ADDED_MOST; i++)
		step(&run);
	for (int i = 0; i < TOPS; i++)
	{
		csf_free(run.tops[i].top);
		csf_free(run.tops[i].exact);
	}
	return 0;
}
