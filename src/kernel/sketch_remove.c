/*
 * sketch_remove.c
 *		Taking values back from the working form of a sketch, for moving windows.
 *
 * Counts and sum stay exact. Of least and greatest only the bucket is known once the value itself has left, unless a single
 * value stays, which is the sum.
 */
#include "kernel/sketch.h"

/* Counters of a bucket down by a count; left is the length of a list. */
static bool
take(csf_sketch *sketch, int bucket, uint64 count, uint64 *left)
{
	int slot = bucket - sketch->first;
	uint16 *list = (uint16 *) sketch->cells;
	uint32 *narrow = (uint32 *) sketch->cells;

	if (sketch->layout == CSF_SKETCH_LIST)
	{
		for (uint64 i = 0; i < *left && count > 0;)
			if (list[i] == bucket)
			{
				list[i] = list[--*left];
				count--;
			}
			else
				i++;
		return count == 0;
	}
	if (slot < 0 || slot >= sketch->slots)
		return false;
	if (sketch->layout == CSF_SKETCH_NARROW)
	{
		if (narrow[slot] < count)
			return false;
		narrow[slot] -= (uint32) count;
		return true;
	}
	if (sketch->cells[slot] < count)
		return false;
	sketch->cells[slot] -= count;
	return true;
}

/* The first bucket that holds a value, from one on up (step 1) or down (step -1); there is one. */
static int
occupied_from(const csf_sketch *sketch, int bucket, int step)
{
	const uint16 *list = (const uint16 *) sketch->cells;
	int slot = bucket - sketch->first;
	int found = list[0];

	if (sketch->layout == CSF_SKETCH_LIST)
	{
		for (uint64 i = 1; i < sketch->count; i++)
			if ((list[i] - found) * step < 0)
				found = list[i];
		return found;
	}
	if (sketch->layout == CSF_SKETCH_NARROW)
		while (slot >= 0 && slot < sketch->slots && ((const uint32 *) sketch->cells)[slot] == 0)
			slot += step;
	else
		while (slot >= 0 && slot < sketch->slots && sketch->cells[slot] == 0)
			slot += step;
	return slot + sketch->first;
}

static void
settle_extremes(csf_sketch *sketch)
{
	int own;
	int bucket;

	if (sketch->count <= 1)
	{
		sketch->min = sketch->count == 0 ? INT64_MAX : (int64) sketch->sum_low;
		sketch->max = sketch->count == 0 ? -1 : (int64) sketch->sum_low;
		sketch->bounds = 0;
		return;
	}
	own = csf_sketch_bucket(sketch->min);
	bucket = occupied_from(sketch, own, 1);
	if (bucket != own)
	{
		sketch->min = csf_sketch_bucket_low(bucket);
		sketch->bounds |= CSF_SKETCH_MIN_BOUND;
	}
	own = csf_sketch_bucket(sketch->max);
	bucket = occupied_from(sketch, own, -1);
	if (bucket != own)
	{
		sketch->max = csf_sketch_bucket_high(bucket);
		sketch->bounds |= CSF_SKETCH_MAX_BOUND;
	}
}

/* What is common: totals, and what becomes of extremes when these leave. */
static bool
remove_totals(csf_sketch *sketch, uint64 count, uint64 sum_low, uint64 sum_high, int64 min, int64 max)
{
	bool borrow = sketch->sum_low < sum_low;

	if (sketch->sum_high < sum_high || (sketch->sum_high == sum_high && borrow))
		return false;
	sketch->count -= count;
	sketch->sum_high -= sum_high + borrow;
	sketch->sum_low -= sum_low;
	if (min <= sketch->min)
		sketch->bounds |= CSF_SKETCH_MIN_BOUND;
	if (max >= sketch->max)
		sketch->bounds |= CSF_SKETCH_MAX_BOUND;
	settle_extremes(sketch);
	return true;
}

bool
csf_sketch_remove(csf_sketch *sketch, int64 value)
{
	uint64 left = sketch->count;

	return sketch->count > 0 && take(sketch, csf_sketch_bucket(value), 1, &left) &&
		   remove_totals(sketch, 1, (uint64) value, 0, value, value);
}

bool
csf_sketch_remove_view(csf_sketch *sketch, const csf_sketch_view *view)
{
	uint64 left = sketch->count;
	csf_sketch_cursor cursor;
	uint64 taken = 0;
	uint64 count;
	int bucket;

	if (view->count > sketch->count)
		return false;
	csf_sketch_start(view, &cursor);
	while (csf_sketch_next(&cursor, &bucket, &count))
	{
		if (count > view->count - taken || !take(sketch, bucket, count, &left))
			return false;
		taken += count;
	}
	return taken == view->count &&
		   remove_totals(sketch, view->count, view->sum_low, view->sum_high, view->min, view->max);
}
