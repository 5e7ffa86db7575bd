/*
 * sketch_test.c
 *		Sketches of durations (handbook G1, design 2.14): the grid keeps its promise to the last value, and what is counted in
 *		one go, in parts, in any order or taken back again is the same bytes.
 */
#include "kernel/sketch.h"

#include "tap.h"

#define VALUES 20000
#define PARTS 40
#define SEED 20261122

static uint64 state = SEED;

static uint64
random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Any order of magnitude equally often, zero among them. */
static int64
random_duration(void)
{
	int64 value = (int64) (random_number() >> (12 + random_number() % 52));

	return value > CSF_SKETCH_GREATEST ? CSF_SKETCH_GREATEST : value;
}

static csf_sketch *
make(csf_sketch_shape shape)
{
	csf_sketch *sketch = csf_alloc(csf_sketch_size(shape));

	csf_sketch_init(sketch, shape);
	return sketch;
}

static csf_sketch *
grow(csf_sketch *sketch, uint64 more, int64 least, int64 greatest)
{
	csf_sketch *grown = make(csf_sketch_grown_shape(sketch, more, least, greatest));

	csf_sketch_merge(grown, sketch);
	csf_free(sketch);
	return grown;
}

static csf_sketch *
add(csf_sketch *sketch, int64 value)
{
	if (!csf_sketch_add(sketch, value))
	{
		sketch = grow(sketch, 1, value, value);
		if (!csf_sketch_add(sketch, value))
			abort();
	}
	return sketch;
}

static csf_sketch *
merge(csf_sketch *sketch, const csf_sketch *other)
{
	if (!csf_sketch_fits(sketch, other->count, other->min, other->max))
		sketch = grow(sketch, other->count, other->min, other->max);
	if (!csf_sketch_merge(sketch, other))
		abort();
	return sketch;
}

static uint8 *
pack(const csf_sketch *sketch, size_t *length)
{
	uint8 *bytes;

	*length = csf_sketch_pack(sketch, NULL);
	bytes = csf_alloc(*length);
	csf_sketch_pack(sketch, bytes);
	return bytes;
}

static bool
same(const csf_sketch *a, const csf_sketch *b)
{
	size_t a_length;
	size_t b_length;
	uint8 *a_bytes = pack(a, &a_length);
	uint8 *b_bytes = pack(b, &b_length);
	bool equal = a_length == b_length && memcmp(a_bytes, b_bytes, a_length) == 0;
	csf_fault fault;

	equal = equal && (a_length == 0 || csf_sketch_check(a_bytes, a_length, &fault));
	csf_free(a_bytes);
	csf_free(b_bytes);
	return equal;
}

static void
test_grid(void)
{
	int wrong = 0;
	int inaccurate = 0;
	int apart = 0;

	for (int bucket = 0; bucket < CSF_SKETCH_BUCKETS; bucket++)
	{
		int64 low = csf_sketch_bucket_low(bucket);
		int64 high = csf_sketch_bucket_high(bucket);
		int64 representative = csf_sketch_representative(bucket);

		wrong += csf_sketch_bucket(low) != bucket;
		wrong += csf_sketch_bucket(high < CSF_SKETCH_GREATEST ? high : CSF_SKETCH_GREATEST) != bucket;
		apart += bucket > 0 && low != csf_sketch_bucket_high(bucket - 1) + 1;
		if (bucket > 0)
			inaccurate += 100 * (representative - low) > low || 100 * (high - representative) > high;
	}
	is_int(wrong, 0, "G1: both ends of each bucket are found in it");
	is_int(apart, 0, "G1: the buckets leave no gap");
	is_int(inaccurate, 0, "G1: no value of a bucket is more than 1 % from its representative");
	is_int(csf_sketch_bucket(0), 0, "G1: zero is in bucket 0");
	is_int(csf_sketch_bucket(999), 0, "G1: less than a millisecond is in bucket 0");
	is_int(csf_sketch_bucket(1000), 1, "G1: a millisecond is in bucket 1");
	is_int(csf_sketch_bucket(CSF_SKETCH_GREATEST), CSF_SKETCH_BUCKETS - 1,
		   "G1: 100 years are in the last bucket");
	/* The grid is part of the stored form: it must never move. */
	is_int(csf_sketch_bucket_low(346), INT64_C(990877), "G1: the grid is what it was: bucket 346");
	is_int(csf_sketch_bucket_low(1440), INT64_C(3152829966351029),
		   "G1: the grid is what it was: bucket 1440");
	wrong = 0;
	for (int i = 0; i < 1000000; i++)
	{
		int64 value = random_duration();
		int bucket = csf_sketch_bucket(value);

		wrong += value < csf_sketch_bucket_low(bucket) || value > csf_sketch_bucket_high(bucket);
	}
	is_int(wrong, 0, "G1: a million random values lie in their buckets");
}

static csf_sketch *
take_back(csf_sketch *sketch, const csf_sketch *gone)
{
	csf_sketch_view view;
	size_t length;
	uint8 *bytes = pack(gone, &length);

	if (!csf_sketch_open(bytes, length, &view) || !csf_sketch_remove_view(sketch, &view))
		abort();
	csf_free(bytes);
	return sketch;
}

/* Equal but for least and greatest: these are bounds within their bucket, and every percentile is within 1 % of a value there. */
static bool
remains(const csf_sketch *moved, const csf_sketch *rest)
{
	csf_sketch_view moved_view;
	csf_sketch_view view;
	csf_fault fault;
	size_t moved_length;
	size_t length;
	uint8 *moved_bytes = pack(moved, &moved_length);
	uint8 *bytes = pack(rest, &length);
	bool good = moved->count == rest->count && moved->sum_low == rest->sum_low &&
				moved->sum_high == rest->sum_high && (length == 0) == (moved_length == 0);

	if (good && length > 0)
	{
		good = csf_sketch_check(moved_bytes, moved_length, &fault) &&
			   csf_sketch_open(moved_bytes, moved_length, &moved_view) &&
			   csf_sketch_open(bytes, length, &view) && moved_view.min <= view.min &&
			   moved_view.max >= view.max &&
			   csf_sketch_bucket(moved_view.min) == csf_sketch_bucket(view.min) &&
			   csf_sketch_bucket(moved_view.max) == csf_sketch_bucket(view.max);
		for (int i = 0; i <= 20; i++)
		{
			int64 got = csf_sketch_percentile(&moved_view, i / 20.0);
			int64 want = csf_sketch_percentile(&view, i / 20.0);

			good = good && csf_sketch_bucket(got) == csf_sketch_bucket(want) &&
				   ((i > 0 && i < 20) || want < 1000 || 100 * llabs(got - want) <= want);
		}
	}
	csf_free(moved_bytes);
	csf_free(bytes);
	return good;
}

static void
test_orders(void)
{
	static int64 values[VALUES];
	csf_sketch *whole = make(csf_sketch_least_shape());
	csf_sketch *part[PARTS];
	csf_sketch *forth = make(csf_sketch_least_shape());
	csf_sketch *back = make(csf_sketch_least_shape());
	csf_sketch *read = make(csf_sketch_least_shape());

	for (int i = 0; i < PARTS; i++)
		part[i] = make(csf_sketch_least_shape());
	for (int i = 0; i < VALUES; i++)
	{
		/* Parts of very different size: some stay lists. */
		int to = (int) (random_number() % PARTS * (random_number() % PARTS) / PARTS);

		values[i] = random_duration();
		whole = add(whole, values[i]);
		part[to] = add(part[to], values[i]);
	}
	for (int i = 0; i < PARTS; i++)
	{
		forth = merge(forth, part[i]);
		back = merge(back, part[PARTS - 1 - i]);
	}
	for (int i = 0; i < PARTS; i++)
	{
		csf_sketch_view view;
		size_t length;
		uint8 *bytes = pack(part[i], &length);

		if (length > 0 && csf_sketch_open(bytes, length, &view))
		{
			if (!csf_sketch_fits(read, view.count, view.min, view.max))
				read = grow(read, view.count, view.min, view.max);
			if (!csf_sketch_merge_view(read, &view))
				abort();
		}
		csf_free(bytes);
	}
	ok(same(whole, forth), "G1: %d parts merged are the bytes of the whole", PARTS);
	ok(same(whole, back), "G1: in the opposite order too");
	ok(same(whole, read), "G1: from packed parts too");

	/* Take values back until few are left, then all, one by one and in parts. */
	for (int keep = VALUES / 2; keep >= 0; keep = keep > 100 ? keep / 10 : keep - 1)
	{
		csf_sketch *rest = make(csf_sketch_least_shape());

		for (int i = 0; i < keep; i++)
			rest = add(rest, values[i]);
		for (int i = (int) whole->count - 1; i >= keep; i--)
			if (!csf_sketch_remove(whole, values[i]))
				abort();
		if (!remains(whole, rest))
			ok(false, "G1: %d values left after taking back the others", keep);
		while (forth->count > (uint64) keep)
		{
			csf_sketch *gone = make(csf_sketch_least_shape());
			int to = (int) forth->count - 1;

			for (int i = to; i >= keep && i > to - 50; i--)
				gone = add(gone, values[i]);
			forth = take_back(forth, gone);
			csf_free(gone);
		}
		if (!remains(forth, rest))
			ok(false, "G1: %d values left after taking back parts", keep);
		csf_free(rest);
	}
	is_int(
		(long long) (whole->count + forth->count), 0,
		"G1: what is left after taking values back has the counts and sum of those left, its extremes are bounds");
	ok(!csf_sketch_remove(whole, 5) && !csf_sketch_remove(forth, 5),
	   "G1: what is not there cannot be taken back");
	for (int i = 0; i < PARTS; i++)
		csf_free(part[i]);
	csf_free(whole);
	csf_free(forth);
	csf_free(back);
	csf_free(read);
}

static void
test_size(void)
{
	csf_sketch_shape shape = {CSF_SKETCH_NARROW, 0, CSF_SKETCH_BUCKETS};
	csf_sketch *sketch = make(shape);
	csf_sketch *doubled;
	csf_sketch_view view;
	uint8 *bytes;
	size_t length;
	int added = 0;

	sketch = add(sketch, INT64_C(3600000000));
	is_int((long long) csf_sketch_pack(sketch, NULL), 11, "G1: one value takes eleven bytes");
	for (int bucket = csf_sketch_bucket(1000000); bucket <= csf_sketch_bucket(INT64_C(31557600000000));
		 bucket++, added++)
		sketch = add(sketch, csf_sketch_representative(bucket));
	is_int(added, 864, "G1: a second to a year are 864 buckets");
	/* Doubling 27 times: every counter is near 2^27, the sum of counts beyond 32 bits. */
	for (int i = 0; i < 27; i++)
	{
		doubled = make(csf_sketch_shape_of(sketch));
		csf_sketch_merge(doubled, sketch);
		sketch = merge(sketch, doubled);
		csf_free(doubled);
	}
	is_int(sketch->layout, CSF_SKETCH_WIDE, "G1: beyond 2^32 values the counters are wide");
	bytes = pack(sketch, &length);
	ok(length <= 4096, "G1: 10^11 values from a second to a year are %d bytes, at most 4096", (int) length);
	ok(csf_sketch_open(bytes, length, &view) && view.count == UINT64_C(865) << 27,
	   "G1: and all of them are counted");
	csf_free(bytes);
	for (int i = 0; i < 40 && sketch->count <= INT64_MAX / 2; i++)
	{
		doubled = make(csf_sketch_shape_of(sketch));
		csf_sketch_merge(doubled, sketch);
		sketch = merge(sketch, doubled);
		csf_free(doubled);
	}
	doubled = make(csf_sketch_shape_of(sketch));
	csf_sketch_merge(doubled, sketch);
	ok(!csf_sketch_merge(sketch, doubled), "G1: more than 2^63 - 1 values are refused");
	csf_free(doubled);
	csf_free(sketch);
}

static void
test_damage(void)
{
	csf_sketch *sketch = make(csf_sketch_least_shape());
	csf_fault fault;
	uint8 *bytes;
	size_t length;
	int accepted = 0;

	for (int i = 0; i < 300; i++)
		sketch = add(sketch, random_duration());
	bytes = pack(sketch, &length);
	ok(csf_sketch_check(bytes, length, &fault), "G1: a packed sketch passes its check");
	for (size_t cut = 0; cut < length; cut++)
		accepted += csf_sketch_check(bytes, cut, &fault);
	is_int(accepted, 0, "G1: cut short anywhere it does not");
	for (size_t at = 0; at < 2; at++)
	{
		bytes[at] ^= 0x40;
		accepted += csf_sketch_check(bytes, length, &fault);
		bytes[at] ^= 0x40;
	}
	is_int(accepted, 0, "G1: nor with another count");
	csf_free(bytes);
	csf_free(sketch);
}

int
main(void)
{
	printf("# seed %d\n", SEED);
	test_grid();
	test_orders();
	test_size();
	test_damage();
	return done_testing();
}
