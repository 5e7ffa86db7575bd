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
says(text *words, const char *what)
{
	return VARSIZE_ANY_EXHDR(words) == strlen(what) && memcmp(VARDATA_ANY(words), what, strlen(what)) == 0;
}

/* A column that must not be empty is erased to a dash. */
static bool
is_masked(text *old_text, text *new_text)
{
	text *masked;

	if (says(new_text, "") || says(new_text, "-"))
		return true;
	masked = DatumGetTextPP(DirectFunctionCall1(csf_mask_personal_data_sql, PointerGetDatum(old_text)));
	return VARSIZE_ANY_EXHDR(masked) == VARSIZE_ANY_EXHDR(new_text) &&
		   memcmp(VARDATA_ANY(masked), VARDATA_ANY(new_text), VARSIZE_ANY_EXHDR(masked)) == 0;
}

/* Whether the rows are the same but for the words in column number. */
static bool
rows_only_mask(TupleDesc description, const Datum *old_values, const bool *old_nulls, const Datum *new_values,
			   const bool *new_nulls, int number)
{
	if (!has_privs_of_role(GetUserId(), csf_flow_get()->owner) || number <= 0 || old_nulls[number - 1] ||
		new_nulls[number - 1])
		return false;
	for (int i = 0; i < description->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(description, i);

		if (attribute->attisdropped || i + 1 == number)
			continue;
		if (old_nulls[i] != new_nulls[i] ||
			(!old_nulls[i] &&
			 !datum_image_eq(old_values[i], new_values[i], attribute->attbyval, attribute->attlen)))
			return false;
	}
	return is_masked(DatumGetTextPP(old_values[number - 1]), DatumGetTextPP(new_values[number - 1]));
}

bool
csf_only_masks(TriggerData *data, const char *column)
{
	TupleDesc description = RelationGetDescr(data->tg_relation);
	Datum *old_values = palloc(sizeof(Datum) * description->natts);
	Datum *new_values = palloc(sizeof(Datum) * description->natts);
	bool *old_nulls = palloc(sizeof(bool) * description->natts);
	bool *new_nulls = palloc(sizeof(bool) * description->natts);

	heap_deform_tuple(data->tg_trigtuple, description, old_values, old_nulls);
	heap_deform_tuple(data->tg_newtuple, description, new_values, new_nulls);
	return rows_only_mask(description, old_values, old_nulls, new_values, new_nulls,
						  SPI_fnumber(description, column));
}

bool
csf_slots_only_mask(TupleTableSlot *old_slot, TupleTableSlot *new_slot, const char *column)
{
	TupleDesc description = new_slot->tts_tupleDescriptor;
	int number = SPI_fnumber(description, column);

	slot_getallattrs(old_slot);
	slot_getallattrs(new_slot);
	/* An UPDATE that changes nothing leaves its trace like any other. */
	if (number <= 0 || old_slot->tts_isnull[number - 1] || new_slot->tts_isnull[number - 1] ||
		datum_image_eq(old_slot->tts_values[number - 1], new_slot->tts_values[number - 1], false, -1))
		return false;
	return rows_only_mask(description, old_slot->tts_values, old_slot->tts_isnull, new_slot->tts_values,
						  new_slot->tts_isnull, number);
}
