/*
 * attainment.c
 *		The type csflow.attainment_counts: targets met, completed, and open though overdue, by clock. The state of its aggregates is
 *		the value itself, counted in place once its clock has an entry.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "kernel/attainment.h"
#include "types/sketch.h"

PG_FUNCTION_INFO_V1(csf_attainment_in);
PG_FUNCTION_INFO_V1(csf_attainment_out);
PG_FUNCTION_INFO_V1(csf_attainment_recv);
PG_FUNCTION_INFO_V1(csf_attainment_send);
PG_FUNCTION_INFO_V1(csf_attainment_add_target);
PG_FUNCTION_INFO_V1(csf_attainment_combine);
PG_FUNCTION_INFO_V1(csf_attainment_clocks);
PG_FUNCTION_INFO_V1(csf_attainment_met);
PG_FUNCTION_INFO_V1(csf_attainment_total);
PG_FUNCTION_INFO_V1(csf_attainment_open_breached);

static csf_attainment *
empty_value(void)
{
	csf_attainment *value = palloc0(CSF_ATTAINMENT_EMPTY_SIZE);

	SET_VARSIZE(value, CSF_ATTAINMENT_EMPTY_SIZE);
	return value;
}

/* Adds counts to a clock, in place or, for a clock that has no entry yet, in a copy. */
static csf_attainment *
count(csf_attainment *value, const char *name, size_t length, const csf_attainment_counts *counts)
{
	csf_attainment_result result = csf_attainment_add(value, name, length, counts);
	size_t size = VARSIZE(value) + csf_attainment_entry_size(length);
	csf_attainment *larger;

	if (likely(result == CSF_ATTAINMENT_DONE))
		return value;
	if (result == CSF_ATTAINMENT_OVERFLOW)
		csf_sketch_overflow();
	if (result == CSF_ATTAINMENT_TOO_MANY)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("attainment cannot count more than %d clocks, with names of at most %d bytes",
							   CSF_ATTAINMENT_CLOCKS_MAX, CSF_ATTAINMENT_NAME_MAX)));
	larger = palloc(size);
	csf_attainment_insert(larger, value, VARSIZE(value), name, length, counts);
	SET_VARSIZE(larger, size);
	return larger;
}

static csf_attainment *
argument(FunctionCallInfo fcinfo, int n)
{
	csf_attainment *value = (csf_attainment *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n));

	if (!csf_attainment_check(value, VARSIZE(value)))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED), errmsg("damaged value of type %s", "attainment_counts")));
	return value;
}

/* What the aggregate itself made needs no check. */
static csf_attainment *
state_argument(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(0) ? empty_value() : (csf_attainment *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
}

static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* Whether a target was met, NULL while it is open; in the second form also whether it is overdue, which counts only then. */
Datum
csf_attainment_add_target(PG_FUNCTION_ARGS)
{
	csf_attainment_counts counts = {0, 0, 0};
	text *clock;

	csf_require_aggregate(fcinfo, "attainment_counts", "_add");
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		counts.total = 1;
		counts.met = PG_GETARG_BOOL(2);
	}
	else if (!PG_ARGISNULL(1) && PG_NARGS() > 3 && !PG_ARGISNULL(3) && PG_GETARG_BOOL(3))
		counts.open_breached = 1;
	else
		return unchanged(fcinfo);
	clock = PG_GETARG_TEXT_PP(1);
	PG_RETURN_POINTER(count(state_argument(fcinfo), VARDATA_ANY(clock), VARSIZE_ANY_EXHDR(clock), &counts));
}

Datum
csf_attainment_combine(PG_FUNCTION_ARGS)
{
	csf_attainment *value;
	csf_attainment *other;
	csf_attainment_entry *entry;

	csf_require_aggregate(fcinfo, "attainment_counts", "_combine");
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	value = state_argument(fcinfo);
	other = argument(fcinfo, 1);
	entry = csf_attainment_first(other);
	for (int32 i = 0; i < other->clocks; i++, entry = csf_attainment_next(entry))
		value = count(value, entry->name, (size_t) entry->length, &entry->counts);
	PG_RETURN_POINTER(value);
}

/* -- Input and output ---------------------------------------------------------------------------------------------- */

Datum
csf_attainment_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(csf_attainment_print(argument(fcinfo, 0)));
}

Datum
csf_attainment_in(PG_FUNCTION_ARGS)
{
	char *input = PG_GETARG_CSTRING(0);
	csf_fault fault;
	size_t size;
	csf_attainment *value = csf_attainment_parse(input, &size, &fault);

	if (value == NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "attainment_counts", input),
				 errdetail("%s", fault.detail)));
	SET_VARSIZE(value, size);
	PG_RETURN_POINTER(value);
}

Datum
csf_attainment_send(PG_FUNCTION_ARGS)
{
	csf_attainment *value = argument(fcinfo, 0);
	csf_attainment_entry *entry = csf_attainment_first(value);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint32(&message, (uint32) value->clocks);
	for (int32 i = 0; i < value->clocks; i++, entry = csf_attainment_next(entry))
	{
		const char *name = pg_server_to_client(entry->name, entry->length);
		int length = name == entry->name ? entry->length : (int) strlen(name);

		pq_sendint64(&message, entry->counts.met);
		pq_sendint64(&message, entry->counts.total);
		pq_sendint64(&message, entry->counts.open_breached);
		pq_sendint32(&message, (uint32) length);
		pq_sendbytes(&message, name, length);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

Datum
csf_attainment_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int32 clocks = (int32) pq_getmsgint(message, 4);
	csf_attainment *value = empty_value();

	for (int32 i = 0; i < Max(clocks, 1); i++)
	{
		csf_attainment_counts counts;
		int bytes = 0;
		char *name;
		bool found;

		counts.met = pq_getmsgint64(message);
		counts.total = pq_getmsgint64(message);
		counts.open_breached = pq_getmsgint64(message);
		name = pq_getmsgtext(message, (int) pq_getmsgint(message, 4), &bytes);
		csf_attainment_look_up(value, name, (size_t) bytes, &found);
		if (found || !csf_attainment_possible(&counts))
			ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
							errmsg("invalid binary value for type %s", "attainment_counts")));
		value = count(value, name, (size_t) bytes, &counts);
	}
	PG_RETURN_POINTER(value);
}

/* -- What it tells ------------------------------------------------------------------------------------------------- */

Datum
csf_attainment_clocks(PG_FUNCTION_ARGS)
{
	csf_attainment *value = argument(fcinfo, 0);
	Datum *names = palloc(sizeof(Datum) * (Size) (value->clocks + 1));
	csf_attainment_entry *entry = csf_attainment_first(value);

	for (int32 i = 0; i < value->clocks; i++, entry = csf_attainment_next(entry))
		names[i] = PointerGetDatum(cstring_to_text_with_len(entry->name, entry->length));
	PG_RETURN_ARRAYTYPE_P(construct_array(names, value->clocks, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Of the clock in argument 1, or of all when there is no such argument. */
static csf_attainment_counts
counts_of(FunctionCallInfo fcinfo)
{
	csf_attainment *value = argument(fcinfo, 0);
	csf_attainment_entry *entry = csf_attainment_first(value);
	csf_attainment_counts sum = {0, 0, 0};

	if (PG_NARGS() == 2)
	{
		text *clock = PG_GETARG_TEXT_PP(1);
		bool found;

		entry = csf_attainment_look_up(value, VARDATA_ANY(clock), VARSIZE_ANY_EXHDR(clock), &found);
		return found ? entry->counts : sum;
	}
	for (int32 i = 0; i < value->clocks; i++, entry = csf_attainment_next(entry))
	{
		if (pg_add_s64_overflow(sum.total, entry->counts.total, &sum.total) ||
			pg_add_s64_overflow(sum.open_breached, entry->counts.open_breached, &sum.open_breached))
			csf_sketch_overflow();
		sum.met += entry->counts.met;
	}
	return sum;
}

Datum
csf_attainment_met(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(counts_of(fcinfo).met);
}

Datum
csf_attainment_total(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(counts_of(fcinfo).total);
}

Datum
csf_attainment_open_breached(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(counts_of(fcinfo).open_breached);
}
