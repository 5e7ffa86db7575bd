/*
 * fold.c
 *		csflow.fold and csflow.text_similarity.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "errors.h"
#include "kernel/fold.h"
#include "kernel/similarity.h"
#include "types/encoding.h"
#include "types/text.h"

PG_FUNCTION_INFO_V1(csf_fold_sql);
PG_FUNCTION_INFO_V1(csf_text_similarity_sql);

const char *
csf_utf8_from_text(text *value, size_t *length)
{
	const char *utf8 = csf_utf8_from_server(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), length, NULL);

	if (*length > CSF_MAX_FOLD_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_TOO_LARGE), errmsg("text of %zu bytes is too long to analyse", *length),
				 errdetail("The limit is %d bytes in UTF-8.", CSF_MAX_FOLD_BYTES),
				 errhint("Pass a part of the text, for example left(text, 1000000).")));
	return utf8;
}

text *
csf_text_from_utf8(const char *utf8, size_t length)
{
	text *result;
	char *converted;

	if (length > MaxAllocSize - VARHDRSZ)
		ereport(ERROR, (errcode(ERRCODE_CSF_TOO_LARGE),
						errmsg("result of %zu bytes is longer than a text can be", length)));
	if (csf_server_takes_utf8())
		return cstring_to_text_with_len(utf8, (int) length);
	converted = csf_utf8_to_server(utf8, length);
	result = cstring_to_text(converted);
	pfree(converted);
	return result;
}

Datum
csf_fold_sql(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);
	size_t length, folded_length;
	const char *utf8 = csf_utf8_from_server(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &length, NULL);
	char *folded = csf_fold_utf8(utf8, length, &folded_length);
	text *result = csf_text_from_utf8(folded, folded_length);

	pfree(folded);
	PG_FREE_IF_COPY(value, 0);
	PG_RETURN_TEXT_P(result);
}

Datum
csf_text_similarity_sql(PG_FUNCTION_ARGS)
{
	size_t a_length, b_length;
	const char *a = csf_utf8_from_text(PG_GETARG_TEXT_PP(0), &a_length);
	const char *b = csf_utf8_from_text(PG_GETARG_TEXT_PP(1), &b_length);

	PG_RETURN_FLOAT8(csf_text_similarity(a, a_length, b, b_length));
}
