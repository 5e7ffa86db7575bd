/*
 * calendar.c
 *		The type csflow.calendar: input and output, comparison, parts, merging of dates.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "compat.h"
#include "types/calendar.h"

PG_FUNCTION_INFO_V1(csf_calendar_in);
PG_FUNCTION_INFO_V1(csf_calendar_out);
PG_FUNCTION_INFO_V1(csf_calendar_recv);
PG_FUNCTION_INFO_V1(csf_calendar_send);
PG_FUNCTION_INFO_V1(csf_calendar_eq);
PG_FUNCTION_INFO_V1(csf_calendar_ne);
PG_FUNCTION_INFO_V1(csf_calendar_lt);
PG_FUNCTION_INFO_V1(csf_calendar_le);
PG_FUNCTION_INFO_V1(csf_calendar_gt);
PG_FUNCTION_INFO_V1(csf_calendar_ge);
PG_FUNCTION_INFO_V1(csf_calendar_cmp);
PG_FUNCTION_INFO_V1(csf_calendar_hash);
PG_FUNCTION_INFO_V1(csf_calendar_hash_extended);
PG_FUNCTION_INFO_V1(csf_calendar_zone);
PG_FUNCTION_INFO_V1(csf_calendar_from);
PG_FUNCTION_INFO_V1(csf_calendar_until);
PG_FUNCTION_INFO_V1(csf_calendar_merge);

#define BINARY_VERSION 1
#define HEADER_SIZE offsetof(csf_calendar_value, text)

static size_t
text_length(const csf_calendar_value *value)
{
	return VARSIZE(value) - HEADER_SIZE;
}

/* A value with a four-byte header, whose sizes have been checked. */
csf_calendar_value *
csf_calendar_detoast(Datum datum)
{
	csf_calendar_value *value = (csf_calendar_value *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(value) <= HEADER_SIZE)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("damaged value of type %s", "calendar")));
	return value;
}

#define PG_GETARG_CALENDAR(n) csf_calendar_detoast(PG_GETARG_DATUM(n))

static void
digest_text(const char *text, size_t length, uint8 *digest)
{
	uint8 full[32];
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL || pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) text, length) < 0 ||
		pg_cryptohash_final(context, full, sizeof(full)) < 0)
		elog(ERROR, "could not compute the digest of a calendar");
	pg_cryptohash_free(context);
	memcpy(digest, full, CSF_CALENDAR_DIGEST_SIZE);
}

static csf_calendar_value *
value_of_rules(const csf_calendar_rules *rules)
{
	size_t length;
	char *text = csf_calendar_print(rules, &length);
	csf_calendar_value *value = palloc(HEADER_SIZE + length);

	SET_VARSIZE(value, HEADER_SIZE + length);
	memcpy(value->text, text, length);
	digest_text(text, length, value->digest);
	pfree(text);
	return value;
}

/* Where in the text the fault is, for people: which clause, and which character. */
static char *
fault_place(const char *text, const csf_fault *fault)
{
	int clause = 1;

	if (fault->position < 0)
		return NULL;
	for (int i = 0; i < fault->position; i++)
		clause += text[i] == ';';
	return psprintf("Clause %d, character %d.", clause, pg_mbstrlen_with_len(text, fault->position) + 1);
}

#define report_fault(context, sqlstate, text, fault)                                                         \
	ereturn(context, NULL,                                                                                   \
			(errcode(sqlstate), errmsg("invalid calendar: %s", (fault).message),                             \
			 (fault).position >= 0 ? errdetail("%s", fault_place(text, &(fault))) : 0,                       \
			 (fault).hint[0] != '\0' ? errhint("%s", (fault).hint) : 0))

/* Rules of a text; NULL after a soft error. */
static csf_calendar_rules *
parse(const char *text, size_t length, int sqlstate, Node *context)
{
	csf_fault fault;
	csf_calendar_rules *rules = csf_calendar_parse(text, length, &csf_calendar_zones, &fault);

	if (rules == NULL)
		report_fault(context, sqlstate, text, fault);
	return rules;
}

csf_calendar_rules *
csf_calendar_value_rules(const csf_calendar_value *value)
{
	return parse(value->text, text_length(value), ERRCODE_INVALID_PARAMETER_VALUE, NULL);
}

Datum
csf_calendar_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	csf_calendar_rules *rules =
		parse(text, strlen(text), ERRCODE_INVALID_TEXT_REPRESENTATION, fcinfo->context);

	if (rules == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(value_of_rules(rules));
}

Datum
csf_calendar_out(PG_FUNCTION_ARGS)
{
	const csf_calendar_value *value = PG_GETARG_CALENDAR(0);

	PG_RETURN_CSTRING(pnstrdup(value->text, text_length(value)));
}

Datum
csf_calendar_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int version = pq_getmsgbyte(message);
	int length = message->len - message->cursor;
	const char *text = pq_getmsgbytes(message, length);

	if (version != BINARY_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("unsupported version of binary calendar: %d", version)));
	PG_RETURN_POINTER(value_of_rules(parse(text, length, ERRCODE_INVALID_BINARY_REPRESENTATION, NULL)));
}

Datum
csf_calendar_send(PG_FUNCTION_ARGS)
{
	const csf_calendar_value *value = PG_GETARG_CALENDAR(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, BINARY_VERSION);
	pq_sendbytes(&message, value->text, (int) text_length(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

static void
read_digest(Datum datum, uint8 *digest)
{
	struct varlena *slice = PG_DETOAST_DATUM_SLICE(datum, 0, CSF_CALENDAR_DIGEST_SIZE);

	if (VARSIZE_ANY_EXHDR(slice) < CSF_CALENDAR_DIGEST_SIZE)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("damaged value of type %s", "calendar")));
	memcpy(digest, VARDATA_ANY(slice), CSF_CALENDAR_DIGEST_SIZE);
	if ((Pointer) slice != DatumGetPointer(datum))
		pfree(slice);
}

/* By the bytes of the canonical text, which is ASCII: the same order in every database. */
static int
compare(FunctionCallInfo fcinfo)
{
	csf_calendar_value *left = PG_GETARG_CALENDAR(0);
	csf_calendar_value *right = PG_GETARG_CALENDAR(1);
	size_t left_length = text_length(left);
	size_t right_length = text_length(right);
	int result = memcmp(left->text, right->text, Min(left_length, right_length));

	if (result == 0)
		result = (left_length > right_length) - (left_length < right_length);
	PG_FREE_IF_COPY(left, 0);
	PG_FREE_IF_COPY(right, 1);
	return result;
}

/* Different digests settle it without reading the texts. */
static bool
calendars_equal(FunctionCallInfo fcinfo)
{
	uint8 left[CSF_CALENDAR_DIGEST_SIZE];
	uint8 right[CSF_CALENDAR_DIGEST_SIZE];

	read_digest(PG_GETARG_DATUM(0), left);
	read_digest(PG_GETARG_DATUM(1), right);
	return memcmp(left, right, sizeof(left)) == 0 && compare(fcinfo) == 0;
}

Datum
csf_calendar_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(calendars_equal(fcinfo));
}

Datum
csf_calendar_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!calendars_equal(fcinfo));
}

Datum
csf_calendar_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

Datum
csf_calendar_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

Datum
csf_calendar_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

Datum
csf_calendar_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

Datum
csf_calendar_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

Datum
csf_calendar_hash(PG_FUNCTION_ARGS)
{
	uint8 digest[CSF_CALENDAR_DIGEST_SIZE];

	read_digest(PG_GETARG_DATUM(0), digest);
	PG_RETURN_DATUM(hash_any(digest, sizeof(digest)));
}

Datum
csf_calendar_hash_extended(PG_FUNCTION_ARGS)
{
	uint8 digest[CSF_CALENDAR_DIGEST_SIZE];

	read_digest(PG_GETARG_DATUM(0), digest);
	PG_RETURN_DATUM(hash_any_extended(digest, sizeof(digest), PG_GETARG_INT64(1)));
}

Datum
csf_calendar_zone(PG_FUNCTION_ARGS)
{
	const csf_calendar_value *value = PG_GETARG_CALENDAR(0);
	const char *end = memchr(value->text, ';', text_length(value));

	/* a calendar without any clause has no open time, so there is a semicolon */
	PG_RETURN_TEXT_P(cstring_to_text_with_len(value->text, (int) (end - value->text)));
}

Datum
csf_calendar_from(PG_FUNCTION_ARGS)
{
	int32 from = csf_calendar_value_rules(PG_GETARG_CALENDAR(0))->from;

	if (from == CSF_CALENDAR_NO_DATE)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(from);
}

Datum
csf_calendar_until(PG_FUNCTION_ARGS)
{
	int32 until = csf_calendar_value_rules(PG_GETARG_CALENDAR(0))->until;

	if (until == CSF_CALENDAR_NO_DATE)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(until);
}

static int32
checked_date(DateADT date)
{
	if (date < CSF_CALENDAR_FIRST_DATE || date > CSF_CALENDAR_LAST_DATE)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("date out of range for a calendar: %s",
							   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date)))),
						errdetail("Calendars cover the years 1900 to 2200.")));
	return date;
}

static uint16
parse_rule(csf_calendar_rules *rules, const text *rule)
{
	csf_fault fault;
	uint16 result;

	if (!csf_calendar_parse_rule(rules, VARDATA_ANY(rule), VARSIZE_ANY_EXHDR(rule), &result, &fault))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid calendar rule: %s", fault.message),
				 errdetail("Rule \"%s\".", text_to_cstring(rule)),
				 fault.hint[0] != '\0' ? errhint("%s", fault.hint) : 0));
	return result;
}

/* Elements of a one-dimensional array; refuses NULLs. */
static Datum *
array_elements(ArrayType *array, Oid type, int16 length, bool by_value, char alignment, int *count)
{
	Datum *elements;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("dates and rules must be one-dimensional arrays, not of %d dimensions",
							   ARR_NDIM(array))));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("dates and rules must not contain nulls")));
	deconstruct_array(array, type, length, by_value, alignment, &elements, NULL, count);
	return elements;
}

/* calendar_merge(calendar, dates, rules, until) */
Datum
csf_calendar_merge(PG_FUNCTION_ARGS)
{
	csf_calendar_rules *rules;
	csf_date_change *changes;
	Datum *dates;
	Datum *texts;
	int count;
	int text_count;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	rules = csf_calendar_value_rules(PG_GETARG_CALENDAR(0));
	dates = array_elements(PG_GETARG_ARRAYTYPE_P(1), DATEOID, sizeof(DateADT), true, TYPALIGN_INT, &count);
	texts = array_elements(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &text_count);
	if (count != text_count)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("as many rules as dates are needed: %d dates, %d rules", count, text_count)));
	changes = palloc_extended(Max(count, 1) * sizeof(csf_date_change), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		changes[i].date = checked_date(DatumGetDateADT(dates[i]));
		changes[i].rule = parse_rule(rules, DatumGetTextPP(texts[i]));
		changes[i].order = i;
	}
	csf_calendar_rules_merge(rules, changes, count);
	if (!PG_ARGISNULL(3))
		rules->until = checked_date(PG_GETARG_DATEADT(3));
	if (rules->until != CSF_CALENDAR_NO_DATE && rules->from != CSF_CALENDAR_NO_DATE &&
		rules->until < rules->from)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"until\" lies before \"from\" of the calendar")));
	if (!csf_calendar_rules_have_open_time(rules))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("calendar has no open time left")));
	PG_RETURN_POINTER(value_of_rules(rules));
}
