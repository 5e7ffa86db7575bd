/*
 * erasure.c
 *		Words that may leave a row which otherwise stays as it was written (handbook F8, I5).
 */
#include "engine/erasure.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/rel.h"

#include "engine/flow.h"
#include "types/text.h"

static bool
is_masked(text *old_text, text *new_text)
{
	text *masked;

	if (VARSIZE_ANY_EXHDR(new_text) == 0)
		return true;
	masked = DatumGetTextPP(DirectFunctionCall1(csf_mask_personal_data_sql, PointerGetDatum(old_text)));
	return VARSIZE_ANY_EXHDR(masked) == VARSIZE_ANY_EXHDR(new_text) &&
		   memcmp(VARDATA_ANY(masked), VARDATA_ANY(new_text), VARSIZE_ANY_EXHDR(masked)) == 0;
}

bool
csf_only_masks(TriggerData *data, const char *column)
{
	TupleDesc description = RelationGetDescr(data->tg_relation);
	int number = SPI_fnumber(description, column);
	Datum old_text = (Datum) 0;
	Datum new_text = (Datum) 0;

	if (!has_privs_of_role(GetUserId(), csf_flow_get()->owner))
		return false;
	for (int i = 0; i < description->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(description, i);
		bool old_null, new_null;
		Datum old_value = heap_getattr(data->tg_trigtuple, i + 1, description, &old_null);
		Datum new_value = heap_getattr(data->tg_newtuple, i + 1, description, &new_null);

		if (attribute->attisdropped)
			continue;
		if (i + 1 == number)
		{
			if (old_null || new_null)
				return false;
			old_text = old_value;
			new_text = new_value;
		}
		else if (old_null != new_null ||
				 (!old_null && !datum_image_eq(old_value, new_value, attribute->attbyval, attribute->attlen)))
			return false;
	}
	return is_masked(DatumGetTextPP(old_text), DatumGetTextPP(new_text));
}
