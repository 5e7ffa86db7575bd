/*
 * sketch_steps_fuzz.c
 *		Fuzzes the life of duration sketches without a server. The bytes are steps: values added and taken back, sketches merged,
 *		taken back, packed, laid out anew and doubled beyond 2^32 and 2^63 values. Beside them the exact values are counted. After
 *		each step count, sum and buckets are those of the values that are left, least and greatest are exact or the bounds they
 *		are said to be, and so is what is read from the packed form; without anything taken back it is the one of these values.
 */
#include "kernel/sketch.h"

#define PLACES 64
#define VALUES (PLACES * 4)
#define SKETCHES 3
#define STEPS_MOST 24
#define SHARES 16
/* Up to here ranks are reckoned without rounding. */
#define EXACT_MOST (UINT64_C(1) << 48)

#define require(condition)                                                                                   \
	do                                                                                                       \
	{                                                                                                        \
		if (!(condition))                                                                                    \
		{                                                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
			abort();                                                                                         \
		}                                                                                                    \
	} while (0)

typedef unsigned __int128 whole_number;

/* The exact values; least_left and greatest_left: the least or greatest was taken back, what is known is a bound perhaps. */
typedef struct counted
{
	csf_sketch *sketch;
	uint64 count;
	uint64 exact[VALUES];
	bool least_left;
	bool greatest_left;
} counted;

typedef struct course
{
	const uint8 *at;
	const uint8 *end;
	counted sketches[SKETCHES];
} course;

typedef struct packed
{
	uint8 *bytes;
	size_t length;
	csf_sketch_view view;
} packed;

/* In ascending order; four to a bucket. */
static int64 values[VALUES];

static uint32
next_byte(course *run)
{
	return run->at < run->end ? *run->at++ : 0;
}

/* The first 24 buckets, the last 8, and some between: neighbours and gaps of one and of many. */
static void
choose_values(void)
{
	for (int i = 0; i < PLACES; i++)
	{
		int bucket = i < 24            ? i
					 : i >= PLACES - 8 ? CSF_SKETCH_BUCKETS - PLACES + i
									   : 24 + (i - 24) * (i - 24);
		int64 low = csf_sketch_bucket_low(bucket);
		int64 high = csf_sketch_bucket_high(bucket);

		high = high < CSF_SKETCH_GREATEST ? high : CSF_SKETCH_GREATEST;
		values[i * 4] = low;
		values[i * 4 + 1] = low + 1;
		values[i * 4 + 2] = low + (high - low) / 2;
		values[i * 4 + 3] = high;
	}
}

static int
least_of(const counted *one)
{
	int at = 0;

	while (one->exact[at] == 0)
		at++;
	return at;
}

static int
greatest_of(const counted *one)
{
	int at = VALUES - 1;

	while (one->exact[at] == 0)
		at--;
	return at;
}

static uint64
count_at(const counted *one, int place)
{
	const uint64 *four = &one->exact[place * 4];

	return four[0] + four[1] + four[2] + four[3];
}

static whole_number
sum_of(const counted *one)
{
	whole_number sum = 0;

	for (int i = 0; i < VALUES; i++)
		sum += (whole_number) one->exact[i] * (uint64) values[i];
	return sum;
}

static csf_sketch *
make(csf_sketch_shape shape)
{
	csf_sketch *sketch = csf_alloc(csf_sketch_size(shape));

	csf_sketch_init(sketch, shape);
	return sketch;
}

static csf_sketch *
laid_out(const csf_sketch *sketch, csf_sketch_shape shape)
{
	csf_sketch *copy = make(shape);

	require(csf_sketch_merge(copy, sketch));
	return copy;
}

static void
make_room(counted *one, uint64 more, int64 least, int64 greatest)
{
	csf_sketch *grown;

	if (csf_sketch_fits(one->sketch, more, least, greatest))
		return;
	grown = laid_out(one->sketch, csf_sketch_grown_shape(one->sketch, more, least, greatest));
	csf_free(one->sketch);
	one->sketch = grown;
	require(csf_sketch_fits(grown, more, least, greatest));
}

static packed
pack(const csf_sketch *sketch)
{
	csf_fault fault;
	packed form;

	form.length = csf_sketch_pack(sketch, NULL);
	form.bytes = csf_alloc(form.length);
	require(csf_sketch_pack(sketch, form.bytes) == form.length && form.length > 0);
	require(csf_sketch_check(form.bytes, form.length, &fault));
	require(csf_sketch_open(form.bytes, form.length, &form.view));
	return form;
}

static bool
packs_to(const csf_sketch *sketch, const packed *before)
{
	packed now = pack(sketch);
	bool same = now.length == before->length && memcmp(now.bytes, before->bytes, now.length) == 0;

	csf_free(now.bytes);
	return same;
}

/* -- The promises ------------------------------------------------------------------------------------------------- */

static void
check_extremes(const counted *one, const csf_sketch_view *view)
{
	int64 least = values[least_of(one)];
	int64 greatest = values[greatest_of(one)];
	bool is_bound = (view->bounds & CSF_SKETCH_MIN_BOUND) != 0;

	require(is_bound ? view->min <= least && csf_sketch_bucket(view->min) == csf_sketch_bucket(least)
					 : view->min == least);
	require(!is_bound || (one->least_left && one->count > 1));
	is_bound = (view->bounds & CSF_SKETCH_MAX_BOUND) != 0;
	require(is_bound ? view->max >= greatest && csf_sketch_bucket(view->max) == csf_sketch_bucket(greatest)
					 : view->max == greatest);
	require(!is_bound || (one->greatest_left && one->count > 1));
}

/* Its text, written from the exact values; it names all that is in a sketch, and unique bytes belong to it. */
static void
check_text(const counted *one, const csf_sketch_view *view)
{
	char *text = csf_alloc(CSF_SKETCH_TEXT_FIXED + CSF_SKETCH_BUCKETS * CSF_SKETCH_TEXT_BUCKET);
	char expected[CSF_SKETCH_TEXT_FIXED + PLACES * CSF_SKETCH_TEXT_BUCKET];
	whole_number sum = sum_of(one);
	char digits[40] = {0};
	int digit = sizeof(digits) - 1;
	int at;

	do
		digits[--digit] = (char) ('0' + (int) (sum % 10));
	while ((sum /= 10) > 0);
	at = sprintf(expected, "count=%llu sum=%s min%s=%lld max%s=%lld buckets", (unsigned long long) one->count,
				 digits + digit, (view->bounds & CSF_SKETCH_MIN_BOUND) != 0 ? ">" : "", (long long) view->min,
				 (view->bounds & CSF_SKETCH_MAX_BOUND) != 0 ? "<" : "", (long long) view->max);
	for (int i = 0, before = 0; i < PLACES; i++)
		if (count_at(one, i) > 0)
			at += sprintf(expected + at, "%c%d:%llu", before++ == 0 ? '=' : ',',
						  csf_sketch_bucket(values[i * 4]), (unsigned long long) count_at(one, i));
	require(csf_sketch_print(view, text) == (size_t) at && strcmp(text, expected) == 0);
	csf_free(text);
}

static void
check_percentiles(const counted *one, const csf_sketch_view *view)
{
	for (uint64 i = 0; i <= SHARES && one->count <= EXACT_MOST; i++)
	{
		uint64 rank = i == 0 ? 1 : (i * one->count + SHARES - 1) / SHARES;
		int64 got = csf_sketch_percentile(view, (double) i / SHARES);
		uint64 seen = one->exact[0];
		int at = 0;

		while (seen < rank)
			seen += one->exact[++at];
		require(got >= view->min && got <= view->max);
		require(csf_sketch_bucket(got) == csf_sketch_bucket(values[at]));
		if (rank == 1 || rank == one->count)
			require(got == values[at] || view->bounds != 0);
		else
			require(values[at] < CSF_SKETCH_LEAST || 100 * llabs(got - values[at]) <= values[at]);
	}
	require((view->bounds & CSF_SKETCH_MIN_BOUND) != 0 ||
			csf_sketch_percentile(view, 0) == values[least_of(one)]);
	require((view->bounds & CSF_SKETCH_MAX_BOUND) != 0 ||
			csf_sketch_percentile(view, 1) == values[greatest_of(one)]);
}

static void
check_ranks(const counted *one, const csf_sketch_view *view)
{
	whole_number mean = (uint64) csf_sketch_mean(view);
	whole_number sum = sum_of(one);
	uint64 below = 0;

	for (int i = 0; i < VALUES; i++)
	{
		double rank;

		below += i % 4 == 0 ? count_at(one, i / 4) : 0;
		if (i % 7 != (int) (one->count % 7))
			continue;
		rank = csf_sketch_rank(view, values[i]);
		require(rank == (values[i] < view->min    ? 0
						 : values[i] >= view->max ? 1
												  : (double) below / (double) one->count));
	}
	require(2 * sum + one->count >= 2 * mean * one->count && 2 * sum < 2 * mean * one->count + one->count);
}

static void
check_promises(counted *one)
{
	packed form;

	require(one->sketch->count == one->count);
	if (one->count == 0)
	{
		require(csf_sketch_pack(one->sketch, NULL) == 0 && one->sketch->min == INT64_MAX &&
				one->sketch->max == -1 && one->sketch->sum_low == 0 && one->sketch->sum_high == 0);
		return;
	}
	form = pack(one->sketch);
	check_extremes(one, &form.view);
	check_text(one, &form.view);
	check_percentiles(one, &form.view);
	check_ranks(one, &form.view);
	csf_free(form.bytes);
}

/* -- Steps: what is counted ---------------------------------------------------------------------------------------- */

/* Before it is done. An exact extreme that lies at or beyond the bound of the other is that of both. */
static void
count_added(counted *to, const counted *from)
{
	bool least_known = !from->least_left && from->sketch->min <= to->sketch->min;
	bool greatest_known = !from->greatest_left && from->sketch->max >= to->sketch->max;

	least_known = least_known || (!to->least_left && to->sketch->min <= from->sketch->min);
	greatest_known = greatest_known || (!to->greatest_left && to->sketch->max >= from->sketch->max);
	to->least_left = !least_known;
	to->greatest_left = !greatest_known;
	for (int i = 0; i < VALUES; i++)
		to->exact[i] += from->exact[i];
	to->count += from->count;
}

static void
count_removed(counted *one, const counted *gone)
{
	one->least_left |= gone->count > 0 && (gone->least_left || least_of(gone) <= least_of(one));
	one->greatest_left |= gone->count > 0 && (gone->greatest_left || greatest_of(gone) >= greatest_of(one));
	for (int i = 0; i < VALUES; i++)
		one->exact[i] -= gone->exact[i];
	one->count -= gone->count;
	if (one->count <= 1)
		one->least_left = one->greatest_left = false;
}

static void
add(counted *one, int at)
{
	int64 least = one->sketch->min;
	int64 greatest = one->sketch->max;

	if (!csf_sketch_add(one->sketch, values[at]))
	{
		make_room(one, 1, values[at], values[at]);
		require(csf_sketch_add(one->sketch, values[at]) == (one->count < INT64_MAX));
		if (one->count == INT64_MAX)
			return;
	}
	one->least_left = one->least_left && values[at] > least;
	one->greatest_left = one->greatest_left && values[at] < greatest;
	one->exact[at]++;
	one->count++;
}

/* What cannot have been added is refused; that is tried on a copy, for it may do harm. */
static void
take_back(counted *one, int at)
{
	if (one->exact[at] > 0)
	{
		require(csf_sketch_remove(one->sketch, values[at]));
		one->least_left = one->count > 2 && (one->least_left || at <= least_of(one));
		one->greatest_left = one->count > 2 && (one->greatest_left || at >= greatest_of(one));
		one->exact[at]--;
		one->count--;
	}
	else if (count_at(one, at / 4) == 0)
	{
		csf_sketch *copy = laid_out(one->sketch, csf_sketch_shape_of(one->sketch));

		require(!csf_sketch_remove(copy, values[at]));
		csf_free(copy);
	}
}

/* As in a moving window: one comes, and one that came some steps before goes. */
static void
move(course *run, counted *one)
{
	int first = (int) next_byte(run);
	int width = (int) next_byte(run) % 32 + 1;
	int stride = (int) next_byte(run) % 8 - 4;

	for (int i = 0; i < 64; i++)
	{
		add(one, (first + i * stride) & (VALUES - 1));
		if (i >= width)
			take_back(one, (first + (i - width) * stride) & (VALUES - 1));
	}
}

/* As from a parallel worker. */
static void
merge_working(counted *to, const counted *from)
{
	csf_sketch *other;

	if (from->count == 0)
		return;
	other = laid_out(from->sketch, csf_sketch_shape_of(from->sketch));
	make_room(to, other->count, other->min, other->max);
	if (from->count > INT64_MAX - to->count)
		require(!csf_sketch_merge(to->sketch, other));
	else
	{
		count_added(to, from);
		require(csf_sketch_merge(to->sketch, other));
	}
	csf_free(other);
}

/* As from a table. */
static void
merge_packed(counted *to, const counted *from)
{
	csf_sketch *copy;
	packed form;

	if (from->count == 0)
		return;
	form = pack(from->sketch);
	make_room(to, form.view.count, form.view.min, form.view.max);
	if (from->count > INT64_MAX - to->count)
	{
		copy = laid_out(to->sketch, csf_sketch_shape_of(to->sketch));
		require(!csf_sketch_merge_view(copy, &form.view));
		csf_free(copy);
	}
	else
	{
		count_added(to, from);
		require(csf_sketch_merge_view(to->sketch, &form.view));
	}
	csf_free(form.bytes);
}

/* Whether it shows that this was not all added: a bucket or the sum is too small. */
static bool
is_seen_missing(const counted *one, const counted *gone)
{
	for (int i = 0; i < PLACES; i++)
		if (count_at(gone, i) > count_at(one, i))
			return true;
	return sum_of(gone) > sum_of(one);
}

static void
take_back_packed(counted *one, const counted *gone)
{
	counted kept = *gone;
	bool holds = true;
	packed form;

	if (gone->count == 0)
		return;
	for (int i = 0; i < VALUES; i++)
		holds = holds && gone->exact[i] <= one->exact[i];
	form = pack(gone->sketch);
	if (holds)
	{
		require(csf_sketch_remove_view(one->sketch, &form.view));
		count_removed(one, &kept);
	}
	else if (is_seen_missing(one, gone))
	{
		csf_sketch *copy = laid_out(one->sketch, csf_sketch_shape_of(one->sketch));

		require(!csf_sketch_remove_view(copy, &form.view));
		csf_free(copy);
	}
	csf_free(form.bytes);
}

/* -- Steps: what changes the form only ------------------------------------------------------------------------------ */

/* Counters of either width, for all buckets or only for those between least and greatest, or what it would grow into. */
static csf_sketch_shape
chosen_shape(const counted *one, uint32 which)
{
	int first = csf_sketch_bucket(values[least_of(one)]);
	int last = csf_sketch_bucket(values[greatest_of(one)]);
	uint16 layout = which % 2 == 0 || one->count > UINT32_MAX ? CSF_SKETCH_WIDE : CSF_SKETCH_NARROW;
	csf_sketch *empty;
	csf_sketch_shape shape;

	if (which % 6 < 2)
		return (csf_sketch_shape){layout, 0, CSF_SKETCH_BUCKETS};
	if (which % 6 < 4)
		return (csf_sketch_shape){layout, (uint16) first, (uint16) (last - first + 1)};
	empty = make(csf_sketch_least_shape());
	shape = csf_sketch_grown_shape(empty, one->count, one->sketch->min, one->sketch->max);
	csf_free(empty);
	return shape;
}

/* Packed or not, the new one packs to the same. */
static void
change_form(counted *one, uint32 which)
{
	csf_sketch *changed;
	packed form;

	if (one->count == 0)
		return;
	form = pack(one->sketch);
	if (which >= 128)
		changed = laid_out(one->sketch, chosen_shape(one, which));
	else
	{
		changed = make(chosen_shape(one, which));
		require(csf_sketch_merge_view(changed, &form.view));
	}
	require(packs_to(changed, &form));
	csf_free(form.bytes);
	csf_free(one->sketch);
	one->sketch = changed;
}

static void
copy(counted *to, const counted *from)
{
	csf_sketch *sketch = laid_out(from->sketch, csf_sketch_shape_of(from->sketch));

	if (to != from)
	{
		csf_free(to->sketch);
		*to = *from;
		to->sketch = sketch;
	}
	else
		csf_free(sketch);
}

static void
renew(counted *one)
{
	csf_free(one->sketch);
	*one = (counted){make(csf_sketch_least_shape()), .count = 0};
}

static void
step(course *run)
{
	uint32 what = next_byte(run);
	counted *one = &run->sketches[(what >> 4) % SKETCHES];
	counted *other = &run->sketches[(what >> 6) % SKETCHES];
	int at = (int) next_byte(run);
	uint32 times = what % 16 < 7 ? next_byte(run) : 0;
	int stride = times < 128 ? 0 : 1;

	switch (what % 16)
	{
		case 0:
		case 1:
		case 2:
			for (uint32 i = 0; i <= times; i++)
				add(one, (at + (int) i * stride) & (VALUES - 1));
			break;
		case 3:
		case 4:
			for (uint32 i = 0; i <= times; i++)
				take_back(one, (at + (int) i * stride) & (VALUES - 1));
			break;
		case 5: /* all of a value, or of all up to it or from it on */
			for (int i = times % 3 == 1 ? 0 : at; i <= (times % 3 == 2 ? VALUES - 1 : at); i++)
				for (int n = 0; n < 300 && one->exact[i] > 0; n++)
					take_back(one, i);
			break;
		case 6:
			move(run, one);
			break;
		case 7:
			merge_working(one, other);
			break;
		case 8:
			merge_packed(one, other);
			break;
		case 9:
		case 10:
			take_back_packed(one, other);
			break;
		case 11:
		case 12:
			change_form(one, (uint32) at);
			break;
		case 13:
			copy(one, other);
			break;
		case 14:
			for (int i = 0; i <= at % 64; i++)
				merge_working(one, one);
			break;
		default:
			renew(one);
			break;
	}
	check_promises(one);
}

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	course run = {data, data + size, {{0}}};

	if (values[VALUES - 1] == 0)
		choose_values();
	for (int i = 0; i < SKETCHES; i++)
		run.sketches[i].sketch = make(csf_sketch_least_shape());
	for (int i = 0; i < STEPS_MOST && run.at < run.end; i++)
		step(&run);
	for (int i = 0; i < SKETCHES; i++)
		csf_free(run.sketches[i].sketch);
	return 0;
}
