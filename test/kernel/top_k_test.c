/*
 * top_k_test.c
 *		Counters of frequent values (handbook G2, design 2.14): whatever is counted and merged in whatever order, the bounds
 *		hold the exact counts and lie no further apart than promised.
 */
#include "kernel/top_k.h"

#include "tap.h"

#define DISTINCT 5000
#define PARTS 30
#define SEED 20261122

static uint64 state = SEED;
static uint64 exact[DISTINCT];

static uint64
random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static csf_top_k *
make(uint32 places, csf_top_k_room room)
{
	csf_top_k *top = csf_alloc(csf_top_k_size(room));

	csf_top_k_init(top, places, room);
	return top;
}

static csf_top_k *
add(csf_top_k *top, const char *value, size_t length, uint64 count)
{
	csf_top_k_result result = csf_top_k_add(top, value, length, count);

	if (result == CSF_TOP_K_NO_ROOM)
	{
		csf_top_k *grown = make(top->places, csf_top_k_grown_room(top, length));

		csf_top_k_copy(grown, top);
		csf_free(top);
		top = grown;
		result = csf_top_k_add(top, value, length, count);
	}
	if (result != CSF_TOP_K_DONE)
		abort();
	return top;
}

/* As they are stored: the counters that are kept, packed and read again. */
static csf_top_k *
merge(csf_top_k *top, const csf_top_k *other)
{
	csf_top_k_content content;
	csf_top_k_content packed;
	uint64 counted = 0;
	uint8 *bytes;
	size_t length;

	csf_top_k_contents(other, &content);
	length = csf_top_k_pack(&content, NULL);
	bytes = csf_alloc(length);
	csf_top_k_pack(&content, bytes);
	if (!csf_top_k_unpack(bytes, length, &packed))
		abort();
	for (size_t i = 0; i < packed.items_count; i++)
		counted += packed.items[i].count;
	if (!csf_top_k_join(top, packed.places, packed.total, packed.error, counted))
		abort();
	for (size_t i = 0; i < packed.items_count; i++)
		top = add(top, packed.items[i].value, packed.items[i].length, packed.items[i].count);
	csf_free(content.items);
	csf_free(packed.items);
	csf_free(bytes);
	return top;
}

/* Zipf's law, roughly: one over a random share of the range. */
static int
random_value(bool skewed)
{
	uint64 number = random_number() >> 11;

	return skewed ? (int) ((double) DISTINCT / (1 + (double) (number % (DISTINCT * 20)) * 0.05)) % DISTINCT
				  : (int) (number % DISTINCT);
}

static bool
holds(const csf_top_k *top, uint64 total)
{
	csf_top_k_content content;
	uint64 listed[DISTINCT] = {0};
	bool within;

	csf_top_k_contents(top, &content);
	within = content.total == total && content.error <= total / (csf_top_k_counters(content.places) + 1) &&
			 content.items_count <= csf_top_k_counters(content.places);
	for (size_t i = 0; i < content.items_count; i++)
	{
		char text[16] = {0};

		memcpy(text, content.items[i].value, content.items[i].length);
		listed[atoi(text + 1)] = content.items[i].count;
		within = within && (i == 0 || content.items[i - 1].count >= content.items[i].count);
	}
	for (int i = 0; i < DISTINCT; i++)
		within = within && listed[i] <= exact[i] && exact[i] <= listed[i] + content.error;
	csf_free(content.items);
	return within;
}

static void
test_bounds(uint32 places, int values, bool skewed)
{
	csf_top_k *whole = make(places, csf_top_k_least_room());
	csf_top_k *merged = make(places, csf_top_k_least_room());
	csf_top_k *parts[PARTS];

	memset(exact, 0, sizeof(exact));
	for (int i = 0; i < PARTS; i++)
		parts[i] = make(places, csf_top_k_least_room());
	for (int i = 0; i < values; i++)
	{
		int value = random_value(skewed);
		int part = (int) (random_number() >> 32) % PARTS;
		char text[16];
		size_t length = (size_t) sprintf(text, "v%d", value);

		exact[value]++;
		whole = add(whole, text, length, 1);
		part = part < 0 ? -part : part;
		parts[part] = add(parts[part], text, length, 1);
	}
	ok(holds(whole, (uint64) values), "G2: %d %s values for %u places within their bounds (seed %d)", values,
	   skewed ? "skewed" : "equally frequent", places, SEED);
	for (int i = 0; i < PARTS; i++)
		merged = merge(merged, parts[i]);
	ok(holds(merged, (uint64) values), "G2: the same of %d parts merged one by one", PARTS);
	csf_free(merged);
	for (int step = 1; step < PARTS; step *= 2)
		for (int i = 0; i + step < PARTS; i += 2 * step)
			parts[i] = merge(parts[i], parts[i + step]);
	ok(holds(parts[0], (uint64) values), "G2: the same of parts merged in pairs");
	for (int i = 0; i < PARTS; i++)
		csf_free(parts[i]);
	csf_free(whole);
}

static void
test_exact(void)
{
	csf_top_k *top = make(10, csf_top_k_least_room());
	csf_top_k_content content;

	for (int i = 0; i < 200; i++)
		for (int j = 0; j <= i; j++)
		{
			char text[16];
			size_t length = (size_t) sprintf(text, "v%d", i);

			top = add(top, text, length, 1);
		}
	csf_top_k_contents(top, &content);
	ok(content.error == 0 && content.items_count == 200 && content.items[0].count == 200,
	   "G2: as many values as counters are counted exactly");
	csf_free(content.items);
	ok(csf_top_k_add(top, "v", 1, INT64_MAX) == CSF_TOP_K_OVERFLOW, "G2: no more than 63 bits are counted");
	csf_free(top);
}

int
main(void)
{
	test_exact();
	test_bounds(1, 20000, true);
	test_bounds(10, 100000, true);
	test_bounds(10, 100000, false);
	test_bounds(100, 100000, true);
	return done_testing();
}
