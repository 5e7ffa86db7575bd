/*
 * terms.c
 *		csflow.text_terms.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "compat.h"
#include "kernel/terms.h"
#include "types/result_rows.h"
#include "types/text.h"

PG_FUNCTION_INFO_V1(csf_text_terms_sql);

/* A term as a text; bytes is room for it, four for each code point. */
static text *
term_text(const csf_terms *terms, const csf_term *term, char *bytes)
{
	size_t length = 0;

	for (int i = 0; i < term->n; i++)
		length += csf_utf8_put(terms->text.code[term->start + i], bytes + length);
	return csf_text_from_utf8(bytes, length);
}

Datum
csf_text_terms_sql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	char bytes[(2 * CSF_TERM_MAX_WORD_CHARACTERS + 1) * 4];
	bool nulls[2] = {false, false};
	size_t length;
	const char *utf8 = csf_utf8_from_text(PG_GETARG_TEXT_PP(0), &length);
	csf_terms terms;

	result = csf_result_rows(fcinfo);
	csf_terms_find(utf8, length, &terms);
	for (int i = 0; i < terms.n; i++)
	{
		text *term = term_text(&terms, &terms.at[i], bytes);
		Datum values[2] = {PointerGetDatum(term), Int16GetDatum(terms.at[i].words)};

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(term);
	}
	csf_terms_free(&terms);
	return (Datum) 0;
}
