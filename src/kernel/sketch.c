/*
 * sketch.c
 *		The grid of buckets and the working form of a sketch.
 */
#include "kernel/sketch.h"

/* Room left on either side of the values when counters are laid out anew, in buckets: a factor of 2.6. */
#define SLACK 48

csf_sketch_grid csf_sketch_the_grid;

/* Percent by which the representative may differ from a value of its bucket. */
#define PERCENT 1

static int64
representative_from(int64 low)
{
	return low * (100 + PERCENT) / 100;
}

/* Each bucket is as wide as one representative, rounded to microseconds, can serve; deterministic to the last one. */
void
csf_sketch_build_grid(void)
{
	csf_sketch_grid *grid = &csf_sketch_the_grid;
	int64 low = CSF_SKETCH_LEAST;
	int bucket = 1;

	grid->low[0] = 0;
	for (int i = 1; i <= CSF_SKETCH_BUCKETS; i++)
	{
		grid->low[i] = low;
		low = representative_from(low) * 100 / (100 - PERCENT) + 1;
	}
	for (int cell = 0; cell < CSF_SKETCH_CELLS; cell++)
	{
		int64 value = (int64) ((1 << CSF_SKETCH_CELL_BITS) | (cell & ((1 << CSF_SKETCH_CELL_BITS) - 1)))
					  << ((cell >> CSF_SKETCH_CELL_BITS) + CSF_SKETCH_LEAST_EXPONENT - CSF_SKETCH_CELL_BITS);

		while (bucket < CSF_SKETCH_BUCKETS - 1 && grid->low[bucket + 1] <= value)
			bucket++;
		grid->cell[cell] = (uint16) (value < CSF_SKETCH_LEAST ? 0 : bucket);
	}
	grid->ready = true;
}

int64
csf_sketch_bucket_low(int bucket)
{
	if (!csf_sketch_the_grid.ready)
		csf_sketch_build_grid();
	return csf_sketch_the_grid.low[bucket];
}

int64
csf_sketch_bucket_high(int bucket)
{
	return csf_sketch_bucket_low(bucket + 1) - 1;
}

int64
csf_sketch_representative(int bucket)
{
	return bucket == 0 ? 0 : representative_from(csf_sketch_bucket_low(bucket));
}

csf_sketch_shape
csf_sketch_least_shape(void)
{
	return (csf_sketch_shape){CSF_SKETCH_LIST, 0, 4};
}

bool
csf_sketch_fits(const csf_sketch *sketch, uint64 more, int64 least, int64 greatest)
{
	uint64 count = sketch->count + more;

	if (more == 0)
		return true;
	if (sketch->layout == CSF_SKETCH_LIST)
		return count <= sketch->slots;
	if (sketch->layout == CSF_SKETCH_NARROW && count > UINT32_MAX)
		return false;
	return csf_sketch_bucket(least) >= sketch->first &&
		   csf_sketch_bucket(greatest) < sketch->first + sketch->slots;
}

csf_sketch_shape
csf_sketch_grown_shape(const csf_sketch *sketch, uint64 more, int64 least, int64 greatest)
{
	uint64 count = sketch->count + more;
	int first = csf_sketch_bucket(least);
	int last = csf_sketch_bucket(greatest);

	if (sketch->layout == CSF_SKETCH_LIST)
	{
		if (count <= CSF_SKETCH_LIST_MAX)
			return (csf_sketch_shape){CSF_SKETCH_LIST, 0,
									  count <= 4    ? 4
									  : count <= 16 ? 16
									  : count <= 48 ? 48
													: 128};
		if (sketch->count > 0)
		{
			int have_first = csf_sketch_bucket(sketch->min);
			int have_last = csf_sketch_bucket(sketch->max);

			first = have_first < first ? have_first : first;
			last = have_last > last ? have_last : last;
		}
	}
	else
	{
		/* What lies within has its room already; only the side that grows gets more. */
		int have_last = sketch->first + sketch->slots - 1;

		first = sketch->first <= first ? sketch->first + SLACK : first;
		last = have_last >= last ? have_last - SLACK : last;
	}
	first = first > SLACK ? first - SLACK : 0;
	last = last < CSF_SKETCH_BUCKETS - SLACK ? last + SLACK : CSF_SKETCH_BUCKETS - 1;
	return (csf_sketch_shape){count > UINT32_MAX || sketch->layout == CSF_SKETCH_WIDE ? CSF_SKETCH_WIDE
																					  : CSF_SKETCH_NARROW,
							  (uint16) first, (uint16) (last - first + 1)};
}

static size_t
cells_size(csf_sketch_shape shape)
{
	size_t width = shape.layout == CSF_SKETCH_LIST     ? sizeof(uint16)
				   : shape.layout == CSF_SKETCH_NARROW ? sizeof(uint32)
													   : sizeof(uint64);

	return (shape.slots * width + 7) & ~(size_t) 7;
}

size_t
csf_sketch_size(csf_sketch_shape shape)
{
	return offsetof(csf_sketch, cells) + cells_size(shape);
}

void
csf_sketch_init(csf_sketch *sketch, csf_sketch_shape shape)
{
	memset(sketch, 0, csf_sketch_size(shape));
	sketch->min = INT64_MAX;
	sketch->max = -1;
	sketch->layout = shape.layout;
	sketch->first = shape.first;
	sketch->slots = shape.slots;
}

void
csf_sketch_remove(csf_sketch *sketch, int64 value, int64 min, int64 max)
{
	int bucket = csf_sketch_bucket(value);

	if (sketch->layout == CSF_SKETCH_NARROW)
		((uint32 *) sketch->cells)[bucket - sketch->first]--;
	else if (sketch->layout == CSF_SKETCH_WIDE)
		sketch->cells[bucket - sketch->first]--;
	else
	{
		uint16 *list = (uint16 *) sketch->cells;

		for (uint64 i = 0; i < sketch->count; i++)
			if (list[i] == bucket)
			{
				list[i] = list[sketch->count - 1];
				break;
			}
	}
	sketch->count--;
	sketch->sum_high -= sketch->sum_low < (uint64) value;
	sketch->sum_low -= (uint64) value;
	sketch->min = sketch->count == 0 ? INT64_MAX : min;
	sketch->max = sketch->count == 0 ? -1 : max;
}

/* What the merges share: all but the counters; those of a list follow its count, so they come first. */
static void
merge_totals(csf_sketch *sketch, uint64 count, uint64 sum_low, uint64 sum_high, int64 min, int64 max)
{
	uint64 low = sketch->sum_low + sum_low;

	sketch->count += count;
	sketch->sum_high += sum_high + (low < sketch->sum_low);
	sketch->sum_low = low;
	sketch->min = min < sketch->min ? min : sketch->min;
	sketch->max = max > sketch->max ? max : sketch->max;
}

static bool
count_overflows(const csf_sketch *sketch, uint64 more)
{
	return more > INT64_MAX || sketch->count > INT64_MAX - more;
}

static void
list_put(csf_sketch *sketch, uint64 at, int bucket, uint64 count)
{
	while (count-- > 0)
		((uint16 *) sketch->cells)[at++] = (uint16) bucket;
}

bool
csf_sketch_merge(csf_sketch *sketch, const csf_sketch *other)
{
	uint64 put = sketch->count;
	uint64 entries = other->layout == CSF_SKETCH_LIST ? other->count : other->slots;

	if (other->count == 0)
		return true;
	if (count_overflows(sketch, other->count))
		return false;
	for (uint64 i = 0; i < entries; i++)
	{
		int bucket = other->first + (int) i;
		uint64 count = 1;

		if (other->layout == CSF_SKETCH_LIST)
			bucket = ((const uint16 *) other->cells)[i];
		else if (other->layout == CSF_SKETCH_NARROW)
			count = ((const uint32 *) other->cells)[i];
		else
			count = other->cells[i];
		if (count == 0)
			continue;
		if (sketch->layout == CSF_SKETCH_NARROW)
			((uint32 *) sketch->cells)[bucket - sketch->first] += (uint32) count;
		else if (sketch->layout == CSF_SKETCH_WIDE)
			sketch->cells[bucket - sketch->first] += count;
		else
		{
			list_put(sketch, put, bucket, count);
			put += count;
		}
	}
	merge_totals(sketch, other->count, other->sum_low, other->sum_high, other->min, other->max);
	return true;
}

/* The cursor stays within [min, max] of the view, for which the target has counters, as its own check of buckets shows. */
bool
csf_sketch_merge_view(csf_sketch *sketch, const csf_sketch_view *view)
{
	int first = csf_sketch_bucket(view->min);
	int last = csf_sketch_bucket(view->max);
	uint64 left = view->count;
	uint64 put = sketch->count;
	int layout = sketch->layout;
	int offset = sketch->first;
	uint32 *narrow = (uint32 *) sketch->cells;
	csf_sketch_cursor cursor;
	uint64 count;
	int bucket;

	if (count_overflows(sketch, view->count))
		return false;
	csf_sketch_start(view, &cursor);
	while (csf_sketch_next(&cursor, &bucket, &count))
	{
		if (bucket < first || bucket > last || count > left)
			return false;
		left -= count;
		if (layout == CSF_SKETCH_NARROW)
			narrow[bucket - offset] += (uint32) count;
		else if (layout == CSF_SKETCH_WIDE)
			sketch->cells[bucket - offset] += count;
		else
		{
			list_put(sketch, put, bucket, count);
			put += count;
		}
	}
	if (left != 0)
		return false;
	merge_totals(sketch, view->count, view->sum_low, view->sum_high, view->min, view->max);
	return true;
}
