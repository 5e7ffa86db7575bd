/*
 * fold_table.h
 *		The pinned folding of every code point, in two stages.
 *
 * csf_fold_cells[csf_fold_block_of[code >> 7] * 128 + (code & 127)] is CSF_FOLD_SELF, CSF_FOLD_DROPPED, or the offset in
 * csf_fold_expansions of a length followed by that many code points.
 */
#ifndef CSF_FOLD_TABLE_H
#define CSF_FOLD_TABLE_H

#include "kernel/kernel.h"

#define CSF_FOLD_BLOCK_BITS 7
#define CSF_FOLD_SELF 0
#define CSF_FOLD_DROPPED 1

extern const char csf_fold_version[];
extern const uint16 csf_fold_block_of[];
extern const uint16 csf_fold_cells[];
extern const uint32 csf_fold_expansions[];

#endif
