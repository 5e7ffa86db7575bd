/*
 * erasure.h
 *		Words that may leave a row which otherwise stays as it was written.
 */
#ifndef CSF_ENGINE_ERASURE_H
#define CSF_ENGINE_ERASURE_H

#include "postgres.h"

#include "commands/trigger.h"
#include "executor/tuptable.h"

/*
 * Whether an UPDATE, seen BEFORE ROW, is made with the rights of the flow's owner and changes nothing but one text column,
 * which becomes empty, a dash or what csflow.mask_personal_data() makes of it.
 */
extern bool csf_only_masks(TriggerData *data, const char *column);

/* The same of a pair from the transition tables; false where the words are the same as before. */
extern bool csf_slots_only_mask(TupleTableSlot *old_slot, TupleTableSlot *new_slot, const char *column);

#endif
