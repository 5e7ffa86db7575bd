/*
 * sketch.c
 *		The type csflow.duration_sketch: input, output and what is read from a sketch.
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "types/sketch.h"

PG_FUNCTION_INFO_V1(csf_sketch_in);
PG_FUNCTION_INFO_V1(csf_sketch_out);
PG_FUNCTION_INFO_V1(csf_sketch_recv);
PG_FUNCTION_INFO_V1(csf_sketch_send);
PG_FUNCTION_INFO_V1(csf_sketch_approx_percentile);
PG_FUNCTION_INFO_V1(csf_sketch_approx_rank);
PG_FUNCTION_INFO_V1(csf_sketch_count_sql);
PG_FUNCTION_INFO_V1(csf_sketch_sum_sql);
PG_FUNCTION_INFO_V1(csf_sketch_mean_sql);
PG_FUNCTION_INFO_V1(csf_sketch_min_sql);
PG_FUNCTION_INFO_V1(csf_sketch_max_sql);

/* -- Durations ----------------------------------------------------------------------------------------------------- */

static int64
check_duration(int64 microseconds, const char *printed)
{
	if (microseconds < 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("duration \"%s\" is negative", printed),
			 errhint(
				 "Subtract the earlier instant from the later one; FILTER (WHERE ...) leaves rows out.")));
	if (microseconds > CSF_SKETCH_GREATEST)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("duration \"%s\" is too long", printed),
				 errdetail("A sketch holds durations up to 36525 days, 100 years.")));
	return microseconds;
}

static char *
printed_interval(const Interval *interval)
{
	return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)));
}

int64
csf_duration_from_interval(const Interval *interval)
{
	int64 days;
	int64 microseconds;

	if (INTERVAL_NOT_FINITE(interval))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("duration \"%s\" is infinite", printed_interval(interval)),
						errhint("A duration that has not ended is NULL.")));
	if (interval->month != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("duration \"%s\" has months, whose length varies", printed_interval(interval)),
						errhint("The difference of two instants, a - b, has none.")));
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(days, interval->time, &microseconds))
		microseconds = interval->day < 0 ? PG_INT64_MIN : PG_INT64_MAX;
	if (microseconds < 0 || microseconds > CSF_SKETCH_GREATEST)
		check_duration(microseconds, printed_interval(interval));
	return microseconds;
}

int64
csf_duration_from_seconds(double seconds)
{
	double microseconds = rint(seconds * USECS_PER_SEC);

	/* Of NaN, no comparison holds. */
	if (likely(microseconds >= 0 && microseconds <= (double) CSF_SKETCH_GREATEST))
		return (int64) microseconds;
	if (isnan(seconds) || isinf(seconds))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("duration of %g seconds is not a finite number", seconds),
						errhint("A duration that has not ended is NULL.")));
	return check_duration(seconds < 0 ? -1 : PG_INT64_MAX, psprintf("%g seconds", seconds));
}

Interval *
csf_interval_from_microseconds(int64 microseconds)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = microseconds;
	return interval;
}

/* -- Values -------------------------------------------------------------------------------------------------------- */

void
csf_sketch_damaged(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("damaged value of type %s", "duration_sketch")));
	pg_unreachable();
}

void
csf_sketch_overflow(void)
{
	ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					errmsg("cannot count more than " INT64_FORMAT " values", PG_INT64_MAX)));
	pg_unreachable();
}

Datum
csf_sketch_datum_from_packed(const uint8 *packed, size_t length)
{
	struct varlena *value = palloc(VARHDRSZ + 1 + length);

	SET_VARSIZE(value, VARHDRSZ + 1 + length);
	*VARDATA(value) = CSF_SKETCH_PACKED;
	memcpy(VARDATA(value) + 1, packed, length);
	return PointerGetDatum(value);
}

Datum
csf_sketch_datum(const csf_sketch *sketch)
{
	size_t length = csf_sketch_pack(sketch, NULL);
	struct varlena *value = palloc(VARHDRSZ + 1 + length);

	SET_VARSIZE(value, VARHDRSZ + 1 + length);
	*VARDATA(value) = CSF_SKETCH_PACKED;
	csf_sketch_pack(sketch, (uint8 *) VARDATA(value) + 1);
	return PointerGetDatum(value);
}

void
csf_sketch_open_datum(Datum value, csf_sketch_view *view)
{
	struct varlena *varlena = PG_DETOAST_DATUM_PACKED(value);

	if (VARSIZE_ANY_EXHDR(varlena) > 1 && *VARDATA_ANY(varlena) == CSF_SKETCH_WORKING)
	{
		csf_working_sketch *working = (csf_working_sketch *) PG_DETOAST_DATUM(PointerGetDatum(varlena));

		varlena = (struct varlena *) DatumGetPointer(csf_sketch_datum(&working->sketch));
	}
	if (VARSIZE_ANY_EXHDR(varlena) < 1 || *VARDATA_ANY(varlena) != CSF_SKETCH_PACKED ||
		!csf_sketch_open((uint8 *) VARDATA_ANY(varlena) + 1, VARSIZE_ANY_EXHDR(varlena) - 1, view))
		csf_sketch_damaged();
}

Datum
csf_sketch_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	csf_fault fault;
	size_t length;
	uint8 *packed = csf_sketch_parse(text, strlen(text), &length, &fault);

	if (packed == NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "duration_sketch", text),
				 errdetail("%s", fault.detail)));
	return csf_sketch_datum_from_packed(packed, length);
}

Datum
csf_sketch_out(PG_FUNCTION_ARGS)
{
	csf_sketch_cursor cursor;
	csf_sketch_view view;
	uint64 count;
	int bucket;
	size_t buckets = 0;
	char *text;

	csf_sketch_open_datum(PG_GETARG_DATUM(0), &view);
	csf_sketch_start(&view, &cursor);
	while (csf_sketch_next(&cursor, &bucket, &count))
		buckets++;
	text = palloc(CSF_SKETCH_TEXT_FIXED + buckets * CSF_SKETCH_TEXT_BUCKET);
	csf_sketch_print(&view, text);
	PG_RETURN_CSTRING(text);
}

Datum
csf_sketch_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int form = pq_getmsgbyte(message);
	int length = message->len - message->cursor;
	const uint8 *packed = (const uint8 *) pq_getmsgbytes(message, length);
	csf_fault fault;

	if (form != CSF_SKETCH_PACKED)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid binary value for type %s: format %d", "duration_sketch", form)));
	if (!csf_sketch_check(packed, (size_t) length, &fault))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid binary value for type %s: %d bytes", "duration_sketch", length),
						errdetail("%s", fault.detail)));
	return csf_sketch_datum_from_packed(packed, (size_t) length);
}

Datum
csf_sketch_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));

	if (VARSIZE_ANY_EXHDR(value) > 1 && *VARDATA_ANY(value) == CSF_SKETCH_WORKING)
	{
		csf_working_sketch *working = (csf_working_sketch *) PG_DETOAST_DATUM(PointerGetDatum(value));

		value = (struct varlena *) DatumGetPointer(csf_sketch_datum(&working->sketch));
	}
	pq_begintypsend(&message);
	pq_sendbytes(&message, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* -- What a sketch tells ------------------------------------------------------------------------------------------- */

Datum
csf_sketch_approx_percentile(PG_FUNCTION_ARGS)
{
	double share = PG_GETARG_FLOAT8(0);
	csf_sketch_view view;

	if (!(share >= 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("percentile value %g is not between 0 and 1", share), errhint("The median is 0.5.")));
	csf_sketch_open_datum(PG_GETARG_DATUM(1), &view);
	PG_RETURN_INTERVAL_P(csf_interval_from_microseconds(csf_sketch_percentile(&view, share)));
}

Datum
csf_sketch_approx_rank(PG_FUNCTION_ARGS)
{
	int64 value = csf_duration(PG_GETARG_INTERVAL_P(0));
	csf_sketch_view view;

	csf_sketch_open_datum(PG_GETARG_DATUM(1), &view);
	PG_RETURN_FLOAT8(csf_sketch_rank(&view, value));
}

Datum
csf_sketch_count_sql(PG_FUNCTION_ARGS)
{
	csf_sketch_view view;

	csf_sketch_open_datum(PG_GETARG_DATUM(0), &view);
	PG_RETURN_INT64((int64) view.count);
}

Datum
csf_sketch_sum_sql(PG_FUNCTION_ARGS)
{
	csf_sketch_view view;
	Interval *interval = palloc0(sizeof(Interval));
	unsigned __int128 sum;

	csf_sketch_open_datum(PG_GETARG_DATUM(0), &view);
	sum = ((unsigned __int128) view.sum_high << 64) | view.sum_low;
	if (sum > PG_INT64_MAX)
	{
		if (sum / USECS_PER_DAY > PG_INT32_MAX)
			ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
							errmsg("the sum of a sketch does not fit an interval"),
							errhint("It is sketch_count() times sketch_mean().")));
		interval->day = (int32) (sum / USECS_PER_DAY);
		sum %= USECS_PER_DAY;
	}
	interval->time = (int64) sum;
	PG_RETURN_INTERVAL_P(interval);
}

Datum
csf_sketch_mean_sql(PG_FUNCTION_ARGS)
{
	csf_sketch_view view;

	csf_sketch_open_datum(PG_GETARG_DATUM(0), &view);
	PG_RETURN_INTERVAL_P(csf_interval_from_microseconds(csf_sketch_mean(&view)));
}

Datum
csf_sketch_min_sql(PG_FUNCTION_ARGS)
{
	csf_sketch_view view;

	csf_sketch_open_datum(PG_GETARG_DATUM(0), &view);
	PG_RETURN_INTERVAL_P(csf_interval_from_microseconds(view.min));
}

Datum
csf_sketch_max_sql(PG_FUNCTION_ARGS)
{
	csf_sketch_view view;

	csf_sketch_open_datum(PG_GETARG_DATUM(0), &view);
	PG_RETURN_INTERVAL_P(csf_interval_from_microseconds(view.max));
}
