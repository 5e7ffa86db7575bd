/*
 * sketch.h
 *		Quantile sketch of durations (handbook G1, design 2.14): counts of values on a fixed grid of buckets.
 *
 * The grid never changes with the data, so merging is adding counts and gives the same result in every order. Bucket 0
 * holds durations under a millisecond; every other bucket is so narrow that one whole number of microseconds, its
 * representative, differs from none of its values by more than 1 %. All arithmetic is on integers: the same on every machine.
 *
 * Two forms. The working form, csf_sketch, is updated in place and has room to spare. The packed form is a string of
 * bytes that is unique for what was counted: equal sketches are equal bytes.
 */
#ifndef CSF_SKETCH_H
#define CSF_SKETCH_H

#include "kernel/kernel.h"
#include "kernel/varint.h"

/* Bucket 0 and the 1440 that reach from a millisecond to beyond 100 years of 365.25 days. */
#define CSF_SKETCH_BUCKETS 1441
#define CSF_SKETCH_LEAST INT64_C(1000)
#define CSF_SKETCH_GREATEST INT64_C(3155760000000000)

/* Up to this many values are kept as a list of bucket numbers: most groups are small. */
#define CSF_SKETCH_LIST_MAX 128

/* The text form needs at most this much for each bucket and for all else. */
#define CSF_SKETCH_TEXT_BUCKET 26
#define CSF_SKETCH_TEXT_FIXED 160

/* No value may be as small as min, or as great as max; but one lies in its bucket. */
#define CSF_SKETCH_MIN_BOUND 1
#define CSF_SKETCH_MAX_BOUND 2

typedef enum csf_sketch_layout
{
	CSF_SKETCH_LIST,   /* uint16[slots]: a bucket number for each value, in no order */
	CSF_SKETCH_NARROW, /* uint32[slots]: counters of the buckets from first on; count <= UINT32_MAX */
	CSF_SKETCH_WIDE    /* uint64[slots]: the same for any count */
} csf_sketch_layout;

/*
 * Working form; the cells follow, so that it can be copied as a block. Durations are microseconds. The sum has 128 bits.
 * min and max are exact until the least or greatest value is taken back: from then on, as bounds tells, they are bounds of
 * the values in the bucket of the least or greatest. Without values they are INT64_MAX and -1.
 */
typedef struct csf_sketch
{
	uint64 count;
	uint64 sum_low;
	uint64 sum_high;
	int64 min;
	int64 max;
	uint16 layout;
	uint16 first;
	uint16 slots;
	uint16 bounds;
	uint64 cells[];
} csf_sketch;

typedef struct csf_sketch_shape
{
	uint16 layout;
	uint16 first;
	uint16 slots;
} csf_sketch_shape;

/* The least value of each bucket, one more for the end; and, by leading bits of a value, the bucket it can begin in. */
#define CSF_SKETCH_CELL_BITS 6
#define CSF_SKETCH_LEAST_EXPONENT 9
#define CSF_SKETCH_CELLS ((52 - CSF_SKETCH_LEAST_EXPONENT) << CSF_SKETCH_CELL_BITS)

typedef struct csf_sketch_grid
{
	bool ready;
	int64 low[CSF_SKETCH_BUCKETS + 1];
	uint16 cell[CSF_SKETCH_CELLS];
} csf_sketch_grid;

extern csf_sketch_grid csf_sketch_the_grid;
extern void csf_sketch_build_grid(void);

/*
 * Bucket of a duration from 0 to CSF_SKETCH_GREATEST. A cell of the table spans at most 1/64 of its values, a bucket at
 * least 1/50, so there is at most one border of a bucket within a cell.
 */
static inline int
csf_sketch_bucket(int64 value)
{
	int exponent;
	int bucket;

	if (value < CSF_SKETCH_LEAST)
		return 0;
	if (!csf_sketch_the_grid.ready)
		csf_sketch_build_grid();
	exponent = 63 - __builtin_clzll((unsigned long long) value);
	bucket = csf_sketch_the_grid
				 .cell[((exponent - CSF_SKETCH_LEAST_EXPONENT) << CSF_SKETCH_CELL_BITS) |
					   ((value >> (exponent - CSF_SKETCH_CELL_BITS)) & ((1 << CSF_SKETCH_CELL_BITS) - 1))];
	return bucket + (value >= csf_sketch_the_grid.low[bucket + 1]);
}

/* Least and greatest value of a bucket, and the one that stands for all. */
extern int64 csf_sketch_bucket_low(int bucket);
extern int64 csf_sketch_bucket_high(int bucket);
extern int64 csf_sketch_representative(int bucket);

static inline void
csf_sketch_tally(csf_sketch *sketch, int64 value)
{
	uint64 low = sketch->sum_low + (uint64) value;

	sketch->count++;
	sketch->sum_high += low < sketch->sum_low;
	sketch->sum_low = low;
	if (value <= sketch->min)
	{
		sketch->min = value;
		sketch->bounds &= (uint16) ~CSF_SKETCH_MIN_BOUND;
	}
	if (value >= sketch->max)
	{
		sketch->max = value;
		sketch->bounds &= (uint16) ~CSF_SKETCH_MAX_BOUND;
	}
}

/* Counts a duration from 0 to CSF_SKETCH_GREATEST; false, and nothing changed, when the sketch has to grow first. */
static inline bool
csf_sketch_add(csf_sketch *sketch, int64 value)
{
	unsigned bucket = (unsigned) csf_sketch_bucket(value);
	unsigned slot = bucket - sketch->first;

	if (sketch->layout == CSF_SKETCH_NARROW)
	{
		if (slot >= sketch->slots || sketch->count >= UINT32_MAX)
			return false;
		((uint32 *) sketch->cells)[slot]++;
	}
	else if (sketch->layout == CSF_SKETCH_LIST)
	{
		if (sketch->count >= sketch->slots)
			return false;
		((uint16 *) sketch->cells)[sketch->count] = (uint16) bucket;
	}
	else
	{
		if (slot >= sketch->slots || sketch->count >= INT64_MAX)
			return false;
		sketch->cells[slot]++;
	}
	csf_sketch_tally(sketch, value);
	return true;
}

/* Takes back a value that was added; false when it cannot have been. */
extern bool csf_sketch_remove(csf_sketch *sketch, int64 value);

/* An empty sketch of the least size. */
extern csf_sketch_shape csf_sketch_least_shape(void);

/* A shape that holds what the sketch holds and that many more values in the buckets of least and greatest. */
extern csf_sketch_shape csf_sketch_grown_shape(const csf_sketch *sketch, uint64 more, int64 least,
											   int64 greatest);
extern bool csf_sketch_fits(const csf_sketch *sketch, uint64 more, int64 least, int64 greatest);

extern size_t csf_sketch_size(csf_sketch_shape shape);
static inline csf_sketch_shape
csf_sketch_shape_of(const csf_sketch *sketch)
{
	return (csf_sketch_shape){sketch->layout, sketch->first, sketch->slots};
}

/* Makes the memory, csf_sketch_size() bytes on an 8-byte border, an empty sketch. */
extern void csf_sketch_init(csf_sketch *sketch, csf_sketch_shape shape);

/* Adds all of another; the target must be large enough (csf_sketch_fits). False when the count would not fit 63 bits. */
extern bool csf_sketch_merge(csf_sketch *sketch, const csf_sketch *other);

/* Packed form. With bytes NULL only the length is computed; it is 0 for a sketch without values. */
extern size_t csf_sketch_pack(const csf_sketch *sketch, uint8 *bytes);

/* A packed sketch opened for reading; not empty. */
typedef struct csf_sketch_view
{
	uint64 count;
	uint64 sum_low;
	uint64 sum_high;
	int64 min;
	int64 max;
	unsigned bounds;
	const uint8 *runs;
	const uint8 *end;
} csf_sketch_view;

/* False when the bytes are no packed sketch; what follows the head is checked only as it is read, or by csf_sketch_check. */
extern bool csf_sketch_open(const uint8 *bytes, size_t length, csf_sketch_view *view);

/* Whether the bytes are exactly what packing could have made: for bytes from outside. */
extern bool csf_sketch_check(const uint8 *bytes, size_t length, csf_fault *fault);

/* As csf_sketch_merge; false also when the view is damaged, and then the target is in no defined state. */
extern bool csf_sketch_merge_view(csf_sketch *sketch, const csf_sketch_view *view);

/* Takes back what was merged; false when it cannot have been, and then the target is in no defined state. */
extern bool csf_sketch_remove_view(csf_sketch *sketch, const csf_sketch_view *view);

/* The buckets of a view in ascending order. */
typedef struct csf_sketch_cursor
{
	const uint8 *at;
	const uint8 *end;
	uint64 in_run;
	int next;
} csf_sketch_cursor;

extern void csf_sketch_start(const csf_sketch_view *view, csf_sketch_cursor *cursor);
static inline bool
csf_sketch_damaged_at(csf_sketch_cursor *cursor)
{
	cursor->at = NULL;
	return false;
}

/* False at the end, at then being the end of the view, and where the bytes make no sense, at then being NULL. */
static inline bool
csf_sketch_next(csf_sketch_cursor *cursor, int *bucket, uint64 *count)
{
	if (cursor->in_run == 0)
	{
		uint64 gap;

		if (cursor->at == cursor->end)
			return false;
		if (!csf_varint_get(&cursor->at, cursor->end, &gap) || gap >= CSF_SKETCH_BUCKETS ||
			!csf_varint_get(&cursor->at, cursor->end, &cursor->in_run) || cursor->in_run == 0)
			return csf_sketch_damaged_at(cursor);
		cursor->next += (int) gap + 1;
	}
	if (cursor->next >= CSF_SKETCH_BUCKETS || !csf_varint_get(&cursor->at, cursor->end, count))
		return csf_sketch_damaged_at(cursor);
	cursor->in_run--;
	*bucket = cursor->next++;
	return true;
}

/*
 * The value of rank ceil(share * count), at least 1, as percentile_disc() picks it, within 1 % (under a millisecond: within
 * a millisecond), and exact where it is the least or the greatest, unless that is only a bound. share is from 0 to 1.
 */
extern int64 csf_sketch_percentile(const csf_sketch_view *view, double share);

/* The share of the values that are at most this one or in its bucket; exact outside of min and max. */
extern double csf_sketch_rank(const csf_sketch_view *view, int64 value);

/* Arithmetic mean, rounded to the nearest microsecond. */
extern int64 csf_sketch_mean(const csf_sketch_view *view);

/* Text form, zero-terminated, into CSF_SKETCH_TEXT_FIXED + CSF_SKETCH_TEXT_BUCKET per bucket bytes; the length. */
extern size_t csf_sketch_print(const csf_sketch_view *view, char *text);

/* The packed form of a text, allocated; NULL, with the reason in fault, when it is none. */
extern uint8 *csf_sketch_parse(const char *text, size_t length, size_t *packed_length, csf_fault *fault);

#endif
