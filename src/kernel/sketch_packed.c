/*
 * sketch_packed.c
 *		The packed form of a sketch: bytes that are the same for the same values, and what is read from them.
 *
 * Numbers are variable-length (kernel/varint.h): count, sum - count * min as two halves, low one first, min, max - min; before
 * them, where min or max is only a bound, 0 and which of them is; then
 * runs of neighbouring buckets that hold values, each with its length and the counts of its buckets. The first run
 * begins with the bucket of min, the others after a gap, which is written before their length, less the one bucket it has at
 * least. The last run ends with the bucket of max.
 */
#include "kernel/sketch.h"
#include "kernel/varint.h"

typedef unsigned __int128 uint128_value;

static uint128_value
whole(uint64 high, uint64 low)
{
	return ((uint128_value) high << 64) | low;
}

static size_t
put(uint8 *bytes, size_t at, uint64 value)
{
	return at + csf_varint_put(bytes == NULL ? NULL : bytes + at, value);
}

static size_t
put_head(const csf_sketch *sketch, uint8 *bytes)
{
	uint128_value above =
		whole(sketch->sum_high, sketch->sum_low) - (uint128_value) sketch->count * (uint64) sketch->min;
	size_t at = 0;

	if (sketch->bounds != 0)
	{
		at = put(bytes, at, 0);
		at = put(bytes, at, sketch->bounds);
	}
	at = put(bytes, at, sketch->count);
	at = put(bytes, at, (uint64) above);
	at = put(bytes, at, (uint64) (above >> 64));
	at = put(bytes, at, (uint64) sketch->min);
	return put(bytes, at, (uint64) (sketch->max - sketch->min));
}

/* Counters as they are laid out, or a list's spread out into counters. */
static uint64
counter(const csf_sketch *sketch, const uint8 *spread, int slot)
{
	if (sketch->layout == CSF_SKETCH_NARROW)
		return ((const uint32 *) sketch->cells)[slot];
	if (sketch->layout == CSF_SKETCH_WIDE)
		return sketch->cells[slot];
	return spread[slot];
}

size_t
csf_sketch_pack(const csf_sketch *sketch, uint8 *bytes)
{
	uint8 spread[CSF_SKETCH_BUCKETS];
	int offset = sketch->first;
	int slot;
	int last;
	size_t at;

	if (sketch->count == 0)
		return 0;
	at = put_head(sketch, bytes);
	slot = csf_sketch_bucket(sketch->min);
	last = csf_sketch_bucket(sketch->max);
	if (sketch->layout == CSF_SKETCH_LIST)
	{
		offset = slot;
		memset(spread, 0, (size_t) (last - slot + 1));
		for (uint64 i = 0; i < sketch->count; i++)
			spread[((const uint16 *) sketch->cells)[i] - offset]++;
	}
	slot -= offset;
	last -= offset;
	while (slot <= last)
	{
		int end = slot;
		int next;

		while (end <= last && counter(sketch, spread, end) != 0)
			end++;
		at = put(bytes, at, (uint64) (end - slot));
		for (; slot < end; slot++)
			at = put(bytes, at, counter(sketch, spread, slot));
		if (end > last)
			break;
		for (next = end; counter(sketch, spread, next) == 0; next++)
			;
		at = put(bytes, at, (uint64) (next - end - 1));
		slot = next;
	}
	return at;
}

bool
csf_sketch_open(const uint8 *bytes, size_t length, csf_sketch_view *view)
{
	const uint8 *at = bytes;
	uint64 above_low;
	uint64 above_high;
	uint64 min;
	uint64 spread;
	uint64 bounds = 0;
	uint128_value sum;

	view->end = bytes + length;
	if (length > 0 && *at == 0 &&
		(at++, !csf_varint_get(&at, view->end, &bounds) || bounds < 1 ||
				   bounds > (CSF_SKETCH_MIN_BOUND | CSF_SKETCH_MAX_BOUND)))
		return false;
	view->bounds = (unsigned) bounds;
	if (!csf_varint_get(&at, view->end, &view->count) || !csf_varint_get(&at, view->end, &above_low) ||
		!csf_varint_get(&at, view->end, &above_high) || !csf_varint_get(&at, view->end, &min) ||
		!csf_varint_get(&at, view->end, &spread))
		return false;
	/* The mean is at most max; that also keeps every sum of sums within 128 bits. */
	if (view->count == 0 || view->count > INT64_MAX || min > (uint64) CSF_SKETCH_GREATEST ||
		spread > (uint64) CSF_SKETCH_GREATEST - min ||
		whole(above_high, above_low) > (uint128_value) view->count * spread)
		return false;
	sum = whole(above_high, above_low) + (uint128_value) view->count * min;
	view->sum_low = (uint64) sum;
	view->sum_high = (uint64) (sum >> 64);
	view->min = (int64) min;
	view->max = (int64) (min + spread);
	view->runs = at;
	return true;
}

void
csf_sketch_start(const csf_sketch_view *view, csf_sketch_cursor *cursor)
{
	cursor->at = view->runs;
	cursor->end = view->end;
	cursor->next = csf_sketch_bucket(view->min);
	if (!csf_varint_get(&cursor->at, cursor->end, &cursor->in_run) || cursor->in_run == 0)
	{
		cursor->in_run = 0;
		cursor->at = cursor->end = NULL;
	}
}

static bool
refuse(csf_fault *fault, const char *detail)
{
	fault->position = -1;
	snprintf(fault->message, sizeof(fault->message), "invalid sketch");
	snprintf(fault->detail, sizeof(fault->detail), "%s", detail);
	fault->hint[0] = '\0';
	return false;
}

bool
csf_sketch_check(const uint8 *bytes, size_t length, csf_fault *fault)
{
	uint128_value least = 0;
	uint128_value greatest = 0;
	csf_sketch_cursor cursor;
	csf_sketch_view view;
	uint64 left;
	uint64 count;
	int bucket = -1;

	if (!csf_sketch_open(bytes, length, &view))
		return refuse(fault, "Count, sum, min and max are missing or contradict each other.");
	left = view.count;
	csf_sketch_start(&view, &cursor);
	while (csf_sketch_next(&cursor, &bucket, &count))
	{
		int64 low = csf_sketch_bucket_low(bucket);
		int64 high = csf_sketch_bucket_high(bucket);

		if (count == 0 || count > left || low > view.max)
			return refuse(fault,
						  "The counts of the buckets do not make up the count, or a bucket lies above max.");
		left -= count;
		least += (uint128_value) count * (uint64) (low > view.min ? low : view.min);
		greatest += (uint128_value) count * (uint64) (high < view.max ? high : view.max);
	}
	if (view.count == 1 && view.bounds != 0)
		return refuse(fault, "A single value has no bounds but itself.");
	if (left != 0 || cursor.at != view.end || cursor.in_run != 0 || bucket != csf_sketch_bucket(view.max))
		return refuse(
			fault,
			"The counts of the buckets do not make up the count, or the last bucket is not that of max.");
	/* One of the values is min and one is max, where these are no bounds. */
	if ((view.bounds & CSF_SKETCH_MAX_BOUND) == 0)
		least +=
			(uint64) (view.max -
					  (csf_sketch_bucket_low(bucket) > view.min ? csf_sketch_bucket_low(bucket) : view.min));
	bucket = csf_sketch_bucket(view.min);
	if ((view.bounds & CSF_SKETCH_MIN_BOUND) == 0)
		greatest -= (uint64) ((csf_sketch_bucket_high(bucket) < view.max ? csf_sketch_bucket_high(bucket)
																		 : view.max) -
							  view.min);
	if (whole(view.sum_high, view.sum_low) < least || whole(view.sum_high, view.sum_low) > greatest)
		return refuse(fault, "The sum cannot be that of values in these buckets.");
	return true;
}

int64
csf_sketch_percentile(const csf_sketch_view *view, double share)
{
	double exact = share * (double) view->count;
	/* A count beyond 2^53 need not be a double; the greatest is the last value all the same. */
	uint64 rank = share >= 1 ? view->count : (uint64) exact;
	csf_sketch_cursor cursor;
	uint64 seen = 0;
	uint64 count;
	int bucket;
	int64 value;

	if ((double) rank < exact)
		rank++;
	if (rank <= 1 && (view->bounds & CSF_SKETCH_MIN_BOUND) == 0)
		return view->min;
	if (rank >= view->count && (view->bounds & CSF_SKETCH_MAX_BOUND) == 0)
		return view->max;
	csf_sketch_start(view, &cursor);
	while (csf_sketch_next(&cursor, &bucket, &count))
	{
		seen += count;
		if (seen < rank)
			continue;
		value = csf_sketch_representative(bucket);
		return value < view->min ? view->min : value > view->max ? view->max : value;
	}
	return view->max;
}

double
csf_sketch_rank(const csf_sketch_view *view, int64 value)
{
	int own = csf_sketch_bucket(value < 0 ? 0 : value > CSF_SKETCH_GREATEST ? CSF_SKETCH_GREATEST : value);
	csf_sketch_cursor cursor;
	uint64 below = 0;
	uint64 count;
	int bucket;

	if (value < view->min)
		return 0;
	if (value >= view->max)
		return 1;
	csf_sketch_start(view, &cursor);
	while (csf_sketch_next(&cursor, &bucket, &count) && bucket <= own)
		below += count;
	return (double) below / (double) view->count;
}

int64
csf_sketch_mean(const csf_sketch_view *view)
{
	return (int64) ((whole(view->sum_high, view->sum_low) + view->count / 2) / view->count);
}

/* Decimal digits of a sum, at most 39; printf knows no 128 bits. */
static size_t
print_sum(uint128_value sum, char *text)
{
	char digits[40];
	size_t n = 0;

	do
		digits[n++] = (char) ('0' + (int) (sum % 10));
	while ((sum /= 10) != 0);
	for (size_t i = 0; i < n; i++)
		text[i] = digits[n - 1 - i];
	return n;
}

size_t
csf_sketch_print(const csf_sketch_view *view, char *text)
{
	csf_sketch_cursor cursor;
	uint64 count;
	int bucket;
	size_t at = (size_t) sprintf(text, "count=%llu sum=", (unsigned long long) view->count);

	at += print_sum(whole(view->sum_high, view->sum_low), text + at);
	at += (size_t) sprintf(text + at, " min%s%lld max%s%lld buckets=",
						   (view->bounds & CSF_SKETCH_MIN_BOUND) != 0 ? ">=" : "=", (long long) view->min,
						   (view->bounds & CSF_SKETCH_MAX_BOUND) != 0 ? "<=" : "=", (long long) view->max);
	csf_sketch_start(view, &cursor);
	while (csf_sketch_next(&cursor, &bucket, &count))
		at += (size_t) sprintf(text + at, "%d:%llu,", bucket, (unsigned long long) count);
	text[--at] = '\0';
	return at;
}

typedef struct reader
{
	const char *text;
	const char *at;
	const char *end;
} reader;

static bool
read_word(reader *in, const char *word)
{
	size_t length = strlen(word);

	if ((size_t) (in->end - in->at) < length || memcmp(in->at, word, length) != 0)
		return false;
	in->at += length;
	return true;
}

static bool
read_whole(reader *in, uint128_value most, uint128_value *value)
{
	const char *start = in->at;

	*value = 0;
	while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
	{
		*value = *value * 10 + (uint128_value) (*in->at++ - '0');
		if (*value > most)
			return false;
	}
	return in->at > start;
}

static bool
read_number(reader *in, uint64 most, uint64 *value)
{
	uint128_value read;

	if (!read_whole(in, most, &read))
		return false;
	*value = (uint64) read;
	return true;
}

/* NAME=N, or NAME, the sign of a bound, N. */
static bool
read_extreme(reader *in, const char *name, const char *sign, unsigned bound, csf_sketch *sketch, int64 *value)
{
	uint64 number;

	if (!read_word(in, name))
		return false;
	if (read_word(in, sign))
		sketch->bounds |= (uint16) bound;
	if (!read_word(in, "=") || !read_number(in, (uint64) CSF_SKETCH_GREATEST, &number))
		return false;
	*value = (int64) number;
	return true;
}

static bool
read_buckets(reader *in, csf_sketch *sketch)
{
	int last = -1;

	do
	{
		uint64 bucket;
		uint64 count;

		if (!read_number(in, CSF_SKETCH_BUCKETS - 1, &bucket) || !read_word(in, ":") ||
			!read_number(in, INT64_MAX, &count) || (int) bucket <= last)
			return false;
		last = (int) bucket;
		sketch->cells[bucket] = count;
	} while (read_word(in, ","));
	return true;
}

static bool
read_sketch(reader *in, csf_sketch *sketch)
{
	uint128_value sum;

	/* Over this no sum of values can be, and there is room for the next digit. */
	if (!read_word(in, "count=") || !read_number(in, INT64_MAX, &sketch->count) || !read_word(in, " sum=") ||
		!read_whole(in, (uint128_value) INT64_MAX * (uint64) CSF_SKETCH_GREATEST, &sum) ||
		!read_extreme(in, " min", ">", CSF_SKETCH_MIN_BOUND, sketch, &sketch->min) ||
		!read_extreme(in, " max", "<", CSF_SKETCH_MAX_BOUND, sketch, &sketch->max) ||
		!read_word(in, " buckets=") || !read_buckets(in, sketch) || in->at != in->end)
		return false;
	sketch->sum_low = (uint64) sum;
	sketch->sum_high = (uint64) (sum >> 64);
	return true;
}

/* Whether packing is defined: it starts at the bucket of min and reckons the sum above count * min. */
static bool
packable(const csf_sketch *sketch)
{
	uint128_value sum = whole(sketch->sum_high, sketch->sum_low);

	return sketch->count > 0 && sketch->min <= sketch->max &&
		   sum >= (uint128_value) sketch->count * (uint64) sketch->min &&
		   sketch->cells[csf_sketch_bucket(sketch->min)] > 0 &&
		   sketch->cells[csf_sketch_bucket(sketch->max)] > 0;
}

uint8 *
csf_sketch_parse(const char *text, size_t length, size_t *packed_length, csf_fault *fault)
{
	csf_sketch_shape shape = {CSF_SKETCH_WIDE, 0, CSF_SKETCH_BUCKETS};
	csf_sketch *sketch = csf_alloc(csf_sketch_size(shape));
	reader in = {text, text, text + length};
	uint8 *packed = NULL;

	csf_sketch_init(sketch, shape);
	if (!read_sketch(&in, sketch))
	{
		refuse(
			fault,
			"The form is count=N sum=N min=N max=N buckets=BUCKET:COUNT,..., all in microseconds, with ascending buckets "
			"from 0 to 1440.");
		fault->position = (int) (in.at - text);
	}
	else if (!packable(sketch))
		refuse(fault, "Count, sum, min and max contradict each other or the buckets.");
	else
	{
		*packed_length = csf_sketch_pack(sketch, NULL);
		packed = csf_alloc(*packed_length);
		csf_sketch_pack(sketch, packed);
		if (!csf_sketch_check(packed, *packed_length, fault))
		{
			csf_free(packed);
			packed = NULL;
		}
	}
	csf_free(sketch);
	return packed;
}
