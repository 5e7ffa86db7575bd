/*
 * sketch.h
 *		The stored forms of csflow.duration_sketch, and durations as other C code of this floor reads them.
 */
#ifndef CSF_TYPES_SKETCH_H
#define CSF_TYPES_SKETCH_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/nodes.h"
#include "utils/timestamp.h"

#include "kernel/sketch.h"
#include "compat.h"

/*
 * A value begins with its form. Tables hold the packed form; the working form is the state of an aggregate and has room to
 * spare, so that a value is counted in place. A state may travel between processes, and a plan may show it to any function of
 * the type, so all of them read both.
 */
#define CSF_SKETCH_PACKED 1
#define CSF_SKETCH_WORKING 2

typedef struct csf_working_sketch
{
	int32 vl_len_;
	uint8 form;
	uint8 reserved[3];
	csf_sketch sketch;
} csf_working_sketch;

extern int64 csf_duration_from_interval(const Interval *interval);
extern int64 csf_duration_from_seconds(double seconds);

/* A duration as the sketches take it, in microseconds; raises 22008 for one that is negative, infinite, too long or in months. */
static inline int64
csf_duration(const Interval *interval)
{
	if (likely(interval->day == 0 && interval->month == 0 && interval->time >= 0 &&
			   interval->time <= CSF_SKETCH_GREATEST))
		return interval->time;
	return csf_duration_from_interval(interval);
}

extern Interval *csf_interval_from_microseconds(int64 microseconds);

/* A value of either form opened for reading; the memory is the value's own or the current context's. */
extern void csf_sketch_open_datum(Datum value, csf_sketch_view *view);

/* A packed value in the current context. */
extern Datum csf_sketch_datum(const csf_sketch *sketch);
extern Datum csf_sketch_datum_from_packed(const uint8 *packed, size_t length);

/* The step of an aggregate refuses to run outside of one, because it changes its state in place. */
extern void csf_require_other_aggregate(FunctionCallInfo fcinfo, const char *type, const char *step);

static inline void
csf_require_aggregate(FunctionCallInfo fcinfo, const char *type, const char *step)
{
	if (unlikely(fcinfo->context == NULL || !IsA(fcinfo->context, AggState)))
		csf_require_other_aggregate(fcinfo, type, step);
}

CSF_NORETURN extern void csf_sketch_damaged(void);
CSF_NORETURN extern void csf_sketch_overflow(void);

#endif
