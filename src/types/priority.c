/*
 * priority.c
 *		The type csflow.priority. Its comparison and hash functions are those of "char", which it is stored as.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/sortsupport.h"

#include "compat.h"
#include "types/encoding.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_priority_in);
PG_FUNCTION_INFO_V1(csf_priority_out);
PG_FUNCTION_INFO_V1(csf_priority_recv);
PG_FUNCTION_INFO_V1(csf_priority_send);
PG_FUNCTION_INFO_V1(csf_priority_sortsupport);
PG_FUNCTION_INFO_V1(csf_priority_larger);
PG_FUNCTION_INFO_V1(csf_priority_smaller);
PG_FUNCTION_INFO_V1(csf_priority_to_int2);
PG_FUNCTION_INFO_V1(csf_priority_to_int4);
PG_FUNCTION_INFO_V1(csf_priority_from_int4);
PG_FUNCTION_INFO_V1(csf_priority_caption_sql);
PG_FUNCTION_INFO_V1(csf_priority_raise_sql);

const char *
csf_priority_forms_hint(void)
{
	return csf_server_takes_utf8() ? "Write E, A, B or C; 紧急, 高, 中 or 低; urgent, high, medium or low."
								   : "Write E, A, B or C; urgent, high, medium or low.";
}

Datum
csf_priority_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	size_t length;
	const char *utf8 = csf_utf8_from_server(text, strlen(text), &length, fcinfo->context);
	csf_priority priority;

	if (utf8 == NULL)
		PG_RETURN_NULL();
	if (!csf_priority_parse(utf8, length, &priority))
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "priority", text),
				 errhint("%s", csf_priority_forms_hint())));
	PG_RETURN_PRIORITY(priority);
}

Datum
csf_priority_out(PG_FUNCTION_ARGS)
{
	char letter = csf_priority_letter(PG_GETARG_PRIORITY(0));

	PG_RETURN_CSTRING(pnstrdup(&letter, 1));
}

Datum
csf_priority_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int rank = pq_getmsgbyte(message);

	if (!csf_priority_valid(rank))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid binary value for type %s: %d", "priority", rank),
						errhint("Send 1 for C, 2 for B, 3 for A or 4 for E.")));
	PG_RETURN_PRIORITY((csf_priority) rank);
}

Datum
csf_priority_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, (uint8) PG_GETARG_PRIORITY(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

Datum
csf_priority_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport support = (SortSupport) PG_GETARG_POINTER(0);

	/* Small positive numbers by value: the Datum itself sorts, which the server has a specialised sort for. */
	support->comparator = ssup_datum_unsigned_cmp;
	PG_RETURN_VOID();
}

Datum
csf_priority_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_PRIORITY(Max(PG_GETARG_PRIORITY(0), PG_GETARG_PRIORITY(1)));
}

Datum
csf_priority_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_PRIORITY(Min(PG_GETARG_PRIORITY(0), PG_GETARG_PRIORITY(1)));
}

Datum
csf_priority_to_int2(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT16((int16) PG_GETARG_PRIORITY(0));
}

Datum
csf_priority_to_int4(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32((int32) PG_GETARG_PRIORITY(0));
}

Datum
csf_priority_from_int4(PG_FUNCTION_ARGS)
{
	int32 rank = PG_GETARG_INT32(0);

	if (!csf_priority_valid(rank))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("priority rank out of range: %d", rank),
				 errdetail("The ranks are 1 for C, 2 for B, 3 for A and 4 for E.")));
	PG_RETURN_PRIORITY((csf_priority) rank);
}

Datum
csf_priority_caption_sql(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	const char *caption;
	csf_language language;

	if (strcmp(name, "zh") == 0)
		language = CSF_LANGUAGE_ZH;
	else if (strcmp(name, "en") == 0)
		language = CSF_LANGUAGE_EN;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no captions of priorities in language \"%s\"", name), errhint("Use zh or en.")));
	caption = csf_priority_caption(PG_GETARG_PRIORITY(0), language);
	PG_RETURN_TEXT_P(cstring_to_text(csf_utf8_to_server(caption, strlen(caption))));
}

Datum
csf_priority_raise_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_PRIORITY(csf_priority_raise(PG_GETARG_PRIORITY(0), PG_GETARG_INT32(1)));
}
