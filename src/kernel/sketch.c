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

/* What the merges share: all but the counters; those of a list follow its count, so they come first. */
static void
merge_totals(csf_sketch *sketch, uint64 count, uint64 sum_low, uint64 sum_high, int64 min, int64 max,
			 unsigned bounds)
{
	uint64 low = sketch->sum_low + sum_low;
	unsigned kept = 0;

	sketch->count += count;
	sketch->sum_high += sum_high + (low < sketch->sum_low);
	sketch->sum_low = low;
	/* The outer one decides; of equal ones, that which is a value. */
	if (min >= sketch->min)
		kept |= CSF_SKETCH_MIN_BOUND;
	if (min > sketch->min)
		bounds |= CSF_SKETCH_MIN_BOUND;
	if (max <= sketch->max)
		kept |= CSF_SKETCH_MAX_BOUND;
	if (max < sketch->max)
		bounds |= CSF_SKETCH_MAX_BOUND;
	sketch->bounds = (uint16) ((sketch->bounds | (kept ^ 3)) & bounds);
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
	merge_totals(sketch, other->count, other->sum_low, other->sum_high, other->min, other->max,
				 other->bounds);
	return true;
}

/* The counts of a run of buckets into neighbouring counters, each a cell of this type; the end of what was read, or NULL. */
#define ADD_RUN(name, cell)                                                                                  \
	static const uint8 *name(cell *cells, uint64 in_run, const uint8 *at, const uint8 *end, uint64 *left)    \
	{                                                                                                        \
		uint64 taken = 0;                                                                                    \
                                                                                                             \
		while (in_run > 0)                                                                                   \
		{                                                                                                    \
			uint64 count;                                                                                    \
                                                                                                             \
			if (in_run >= 8 && end - at >= 8)                                                                \
			{                                                                                                \
				memcpy(&count, at, 8);                                                                       \
				if ((count & UINT64_C(0x8080808080808080)) == 0)                                             \
				{                                                                                            \
					for (int i = 0; i < 8; i++)                                                              \
					{                                                                                        \
						cells[i] += at[i];                                                                   \
						taken += at[i];                                                                      \
					}                                                                                        \
					cells += 8;                                                                              \
					at += 8;                                                                                 \
					in_run -= 8;                                                                             \
					continue;                                                                                \
				}                                                                                            \
			}                                                                                                \
			if (!csf_varint_get(&at, end, &count) || count > *left)                                          \
				return NULL;                                                                                 \
			*left -= count;                                                                                  \
			*cells++ += (cell) count;                                                                        \
			in_run--;                                                                                        \
		}                                                                                                    \
		if (taken > *left)                                                                                   \
			return NULL;                                                                                     \
		*left -= taken;                                                                                      \
		return at;                                                                                           \
	}                                                                                                        \
	struct csf_wants_a_semicolon

ADD_RUN(add_run_narrow, uint32);
ADD_RUN(add_run_wide, uint64);

static bool
is_occupied(const csf_sketch *sketch, int bucket)
{
	int slot = bucket - sketch->first;

	return (sketch->layout == CSF_SKETCH_NARROW ? ((const uint32 *) sketch->cells)[slot]
												: sketch->cells[slot]) > 0;
}

/* All runs of a view; they stay within [min, max] of the view, for which the target has counters. */
static bool
merge_runs(csf_sketch *sketch, const csf_sketch_view *view, uint64 *left)
{
	int last = csf_sketch_bucket(view->max);
	csf_sketch_cursor cursor;
	uint64 gap;

	csf_sketch_start(view, &cursor);
	if (cursor.at == NULL)
		return false;
	for (;;)
	{
		int slot = cursor.next - sketch->first;

		if (cursor.next > last || cursor.in_run > (uint64) (last - cursor.next + 1))
			return false;
		cursor.at =
			sketch->layout == CSF_SKETCH_NARROW
				? add_run_narrow((uint32 *) sketch->cells + slot, cursor.in_run, cursor.at, cursor.end, left)
				: add_run_wide(sketch->cells + slot, cursor.in_run, cursor.at, cursor.end, left);
		if (cursor.at == NULL)
			return false;
		if (cursor.at == cursor.end)
			return is_occupied(sketch, csf_sketch_bucket(view->min)) && is_occupied(sketch, last);
		cursor.next += (int) cursor.in_run;
		if (!csf_varint_get(&cursor.at, cursor.end, &gap) || gap >= CSF_SKETCH_BUCKETS ||
			!csf_varint_get(&cursor.at, cursor.end, &cursor.in_run) || cursor.in_run == 0)
			return false;
		cursor.next += (int) gap + 1;
	}
}

static bool
merge_into_list(csf_sketch *sketch, const csf_sketch_view *view, uint64 *left)
{
	int last = csf_sketch_bucket(view->max);
	uint64 put = sketch->count;
	csf_sketch_cursor cursor;
	uint64 count;
	int bucket;

	csf_sketch_start(view, &cursor);
	while (csf_sketch_next(&cursor, &bucket, &count))
	{
		if (bucket > last || count == 0 || count > *left)
			return false;
		*left -= count;
		list_put(sketch, put, bucket, count);
		put += count;
	}
	return true;
}

bool
csf_sketch_merge_view(csf_sketch *sketch, const csf_sketch_view *view)
{
	uint64 left = view->count;

	if (count_overflows(sketch, view->count))
		return false;
	if (!(sketch->layout == CSF_SKETCH_LIST ? merge_into_list(sketch, view, &left)
											: merge_runs(sketch, view, &left)) ||
		left != 0)
		return false;
	merge_totals(sketch, view->count, view->sum_low, view->sum_high, view->min, view->max, view->bounds);
	return true;
}
