/*
 * config_target.h
 *		Targets, steps and calendars of a desk (part of loading its configuration).
 */
#ifndef CSF_ENGINE_CONFIG_TARGET_H
#define CSF_ENGINE_CONFIG_TARGET_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/snapshot.h"

#include "engine/config.h"

/* Reads and compiles them into desk->groups, in the current context, which is the desk's. */
extern void csf_load_targets(csf_desk *desk, Snapshot snapshot);

/*
 * The desk with the targets and calendars of a complete playbook document (JSON) instead of its own, in the current memory
 * context; everything else is shared with the desk, which must stay pinned. Reads with the current user's rights.
 */
extern csf_desk *csf_desk_with_targets(const csf_desk *desk, const char *playbook, Snapshot snapshot);

/* Elements of a text[] column, in UTF-8 and zero-terminated, in the current context. */
extern const char **csf_text_array(HeapTuple row, TupleDesc description, int column, int *count);

/* The same of a text[]; a NULL in it is an empty text. */
extern const char **csf_array_texts(Datum array, int *count);

#endif
