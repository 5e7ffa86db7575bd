/*
 * mask.c
 *		csflow.mask_personal_data and csflow.find_personal_data.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "compat.h"
#include "kernel/mask.h"
#include "types/result_rows.h"
#include "types/text.h"

PG_FUNCTION_INFO_V1(csf_mask_personal_data_sql);
PG_FUNCTION_INFO_V1(csf_find_personal_data_sql);

Datum
csf_mask_personal_data_sql(PG_FUNCTION_ARGS)
{
	size_t length, masked_length;
	const char *utf8 = csf_utf8_from_text(PG_GETARG_TEXT_PP(0), &length);
	char *masked = csf_mask_personal_data(utf8, length, &masked_length);
	text *result = csf_text_from_utf8(masked, masked_length);

	pfree(masked);
	PG_RETURN_TEXT_P(result);
}

Datum
csf_find_personal_data_sql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	size_t length;
	const char *utf8 = csf_utf8_from_text(PG_GETARG_TEXT_PP(0), &length);
	csf_personal_item *items;
	int n;

	result = csf_result_rows(fcinfo);
	n = csf_find_personal_data(utf8, length, &items);
	for (int i = 0; i < n; i++)
	{
		text *found = csf_text_from_utf8(utf8 + items[i].offset, items[i].length);
		Datum values[4] = {CStringGetTextDatum(csf_personal_kind_name(items[i].kind)), PointerGetDatum(found),
						   Int32GetDatum(items[i].position + 1), Int32GetDatum(items[i].characters)};
		bool nulls[4] = {false, false, false, false};

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(found);
		pfree(DatumGetPointer(values[0]));
	}
	pfree(items);
	return (Datum) 0;
}
