/*
 * attainment.c
 *		The type csflow.attainment_counts: targets met and targets completed, by clock. Entries are sorted by the bytes of their
 *		clock, so equal counts are equal bytes; a state is the value itself, counted in place once its clock has an entry.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "types/sketch.h"

PG_FUNCTION_INFO_V1(csf_attainment_in);
PG_FUNCTION_INFO_V1(csf_attainment_out);
PG_FUNCTION_INFO_V1(csf_attainment_recv);
PG_FUNCTION_INFO_V1(csf_attainment_send);
PG_FUNCTION_INFO_V1(csf_attainment_add);
PG_FUNCTION_INFO_V1(csf_attainment_combine);
PG_FUNCTION_INFO_V1(csf_attainment_clocks);
PG_FUNCTION_INFO_V1(csf_attainment_met);
PG_FUNCTION_INFO_V1(csf_attainment_total);

#define CLOCKS_MAX 1000
#define NAME_MAX_BYTES 1000

typedef struct clock_entry
{
	int64 met;
	int64 total;
	int32 length;
	char name[];
} clock_entry;

typedef struct attainment_value
{
	int32 vl_len_;
	int32 clocks;
	char entries[];
} attainment_value;

#define ENTRY_SIZE(length) TYPEALIGN(8, offsetof(clock_entry, name) + (Size) (length))
#define FIRST(value) ((clock_entry *) (value)->entries)
#define NEXT(entry) ((clock_entry *) ((char *) (entry) + ENTRY_SIZE((entry)->length)))

static attainment_value *
empty_value(void)
{
	attainment_value *value = palloc0(offsetof(attainment_value, entries));

	SET_VARSIZE(value, offsetof(attainment_value, entries));
	return value;
}

/* The entry of a clock, or where it belongs; found says which. */
static clock_entry *
look_up(attainment_value *value, const char *name, int32 length, bool *found)
{
	clock_entry *entry = FIRST(value);

	*found = false;
	for (int32 i = 0; i < value->clocks; i++, entry = NEXT(entry))
	{
		int order = memcmp(entry->name, name, Min(entry->length, length));

		if (order == 0)
			order = entry->length - length;
		*found = order == 0;
		if (order >= 0)
			break;
	}
	return entry;
}

/* Adds counts to a clock, in place or, for a clock that has no entry yet, in a copy. NULL when a count would overflow. */
static attainment_value *
count(attainment_value *value, const char *name, int32 length, int64 met, int64 total)
{
	bool found;
	clock_entry *entry = look_up(value, name, length, &found);
	Size before = (char *) entry - (char *) value;
	Size added = ENTRY_SIZE(length);
	attainment_value *larger;

	if (found)
	{
		if (total > PG_INT64_MAX - entry->total)
			return NULL;
		entry->met += met;
		entry->total += total;
		return value;
	}
	if (value->clocks >= CLOCKS_MAX || length > NAME_MAX_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("attainment cannot count more than %d clocks, with names of at most %d bytes",
							   CLOCKS_MAX, NAME_MAX_BYTES)));
	larger = palloc0(VARSIZE(value) + added);
	memcpy(larger, value, before);
	memcpy((char *) larger + before + added, (char *) value + before, VARSIZE(value) - before);
	entry = (clock_entry *) ((char *) larger + before);
	entry->met = met;
	entry->total = total;
	entry->length = length;
	memcpy(entry->name, name, (Size) length);
	larger->clocks++;
	SET_VARSIZE(larger, VARSIZE(value) + added);
	return larger;
}

static attainment_value *
argument(FunctionCallInfo fcinfo, int n)
{
	return (attainment_value *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n));
}

Datum
csf_attainment_add(PG_FUNCTION_ARGS)
{
	attainment_value *value;
	text *clock;

	csf_require_aggregate(fcinfo, "attainment_counts", "_add");
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	value = PG_ARGISNULL(0) ? empty_value() : argument(fcinfo, 0);
	clock = PG_GETARG_TEXT_PP(1);
	value = count(value, VARDATA_ANY(clock), (int32) VARSIZE_ANY_EXHDR(clock), PG_GETARG_BOOL(2), 1);
	if (value == NULL)
		csf_sketch_overflow();
	PG_RETURN_POINTER(value);
}

Datum
csf_attainment_combine(PG_FUNCTION_ARGS)
{
	attainment_value *value;
	attainment_value *other;
	clock_entry *entry;

	csf_require_aggregate(fcinfo, "attainment_counts", "_combine");
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	value = PG_ARGISNULL(0) ? empty_value() : argument(fcinfo, 0);
	other = argument(fcinfo, 1);
	entry = FIRST(other);
	for (int32 i = 0; i < other->clocks; i++, entry = NEXT(entry))
	{
		value = count(value, entry->name, entry->length, entry->met, entry->total);
		if (value == NULL)
			csf_sketch_overflow();
	}
	PG_RETURN_POINTER(value);
}

/* -- Input and output: "CLOCK":MET/TOTAL with commas between, a quote in a name doubled ----------------------------- */

Datum
csf_attainment_out(PG_FUNCTION_ARGS)
{
	attainment_value *value = argument(fcinfo, 0);
	clock_entry *entry = FIRST(value);
	StringInfoData text;

	initStringInfo(&text);
	for (int32 i = 0; i < value->clocks; i++, entry = NEXT(entry))
	{
		appendStringInfoString(&text, i == 0 ? "\"" : ",\"");
		for (int32 at = 0; at < entry->length; at++)
		{
			if (entry->name[at] == '"')
				appendStringInfoChar(&text, '"');
			appendStringInfoChar(&text, entry->name[at]);
		}
		appendStringInfo(&text, "\":" INT64_FORMAT "/" INT64_FORMAT, entry->met, entry->total);
	}
	PG_RETURN_CSTRING(text.data);
}

static bool
read_count(const char **at, int64 *number)
{
	const char *start = *at;

	*number = 0;
	while (**at >= '0' && **at <= '9')
	{
		int digit = *(*at)++ - '0';

		if (*number > (PG_INT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return *at > start;
}

/* One entry; name has room for the rest of the text. */
static bool
read_entry(const char **at, char *name, int32 *length, int64 *met, int64 *total)
{
	*length = 0;
	if (*(*at)++ != '"')
		return false;
	for (; **at != '\0'; (*at)++)
	{
		if (**at == '"' && *++(*at) != '"')
			break;
		name[(*length)++] = **at;
	}
	return *(*at)++ == ':' && read_count(at, met) && *(*at)++ == '/' && read_count(at, total) &&
		   *met <= *total && *total > 0;
}

Datum
csf_attainment_in(PG_FUNCTION_ARGS)
{
	char *input = PG_GETARG_CSTRING(0);
	char *name = palloc(strlen(input) + 1);
	attainment_value *value = empty_value();
	const char *at = input;

	for (;;)
	{
		int32 length;
		int64 met;
		int64 total;
		bool found = true;

		if (!read_entry(&at, name, &length, &met, &total) || (look_up(value, name, length, &found), found) ||
			(*at != ',' && *at != '\0'))
			ereturn(
				fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "attainment_counts", input),
				 errdetail(
					 "The form is \"CLOCK\":MET/TOTAL with commas between, each clock once, MET at most TOTAL.")));
		value = count(value, name, length, met, total);
		if (*at++ == '\0')
			PG_RETURN_POINTER(value);
	}
}

Datum
csf_attainment_send(PG_FUNCTION_ARGS)
{
	attainment_value *value = argument(fcinfo, 0);
	clock_entry *entry = FIRST(value);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint32(&message, (uint32) value->clocks);
	for (int32 i = 0; i < value->clocks; i++, entry = NEXT(entry))
	{
		const char *name;
		int length;

		pq_sendint64(&message, entry->met);
		pq_sendint64(&message, entry->total);
		name = pg_server_to_client(entry->name, entry->length);
		length = name == entry->name ? entry->length : (int) strlen(name);
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
	attainment_value *value = empty_value();

	for (int32 i = 0; i < Max(clocks, 1); i++)
	{
		int64 met = pq_getmsgint64(message);
		int64 total = pq_getmsgint64(message);
		int bytes = 0;
		char *name = pq_getmsgtext(message, (int) pq_getmsgint(message, 4), &bytes);
		bool found;

		look_up(value, name, bytes, &found);
		if (found || met < 0 || total < 1 || met > total)
			ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
							errmsg("invalid binary value for type %s", "attainment_counts")));
		value = count(value, name, bytes, met, total);
	}
	PG_RETURN_POINTER(value);
}

/* -- What it tells ------------------------------------------------------------------------------------------------- */

Datum
csf_attainment_clocks(PG_FUNCTION_ARGS)
{
	attainment_value *value = argument(fcinfo, 0);
	Datum *names = palloc(sizeof(Datum) * (Size) (value->clocks + 1));
	clock_entry *entry = FIRST(value);

	for (int32 i = 0; i < value->clocks; i++, entry = NEXT(entry))
		names[i] = PointerGetDatum(cstring_to_text_with_len(entry->name, entry->length));
	PG_RETURN_ARRAYTYPE_P(construct_array(names, value->clocks, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Of the clock in argument 1, or of all when there is no such argument. */
static int64
sum_of(FunctionCallInfo fcinfo, bool met)
{
	attainment_value *value = argument(fcinfo, 0);
	clock_entry *entry = FIRST(value);
	int64 sum = 0;

	if (PG_NARGS() == 2)
	{
		text *clock = PG_GETARG_TEXT_PP(1);
		bool found;

		entry = look_up(value, VARDATA_ANY(clock), (int32) VARSIZE_ANY_EXHDR(clock), &found);
		return !found ? 0 : met ? entry->met : entry->total;
	}
	for (int32 i = 0; i < value->clocks; i++, entry = NEXT(entry))
		sum += met ? entry->met : entry->total;
	return sum;
}

Datum
csf_attainment_met(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(sum_of(fcinfo, true));
}

Datum
csf_attainment_total(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(sum_of(fcinfo, false));
}
