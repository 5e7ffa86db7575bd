/*
 * compat.h
 *		Every difference between the supported PostgreSQL majors (15 to 18), in one place.
 */
#ifndef CSF_COMPAT_H
#define CSF_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "csflow needs PostgreSQL 15 or newer"
#endif

/* Soft errors in input functions came with 16; before, an input error is always thrown. */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#else
#define ereturn(context, dummy_value, ...)                                                                   \
	do                                                                                                       \
	{                                                                                                        \
		(void) (context);                                                                                    \
		ereport(ERROR, __VA_ARGS__);                                                                         \
		return dummy_value;                                                                                  \
	} while (0)
#endif

/* Infinite intervals came with 17. */
#if PG_VERSION_NUM < 170000
#define INTERVAL_IS_NOBEGIN(interval) false
#define INTERVAL_NOT_FINITE(interval) false
#endif

/* Scans count what they do for EXPLAIN since 18. */
#if PG_VERSION_NUM >= 180000
#define csf_index_beginscan(table, index, snapshot, keys)                                                    \
	index_beginscan((table), (index), (snapshot), NULL, (keys), 0)
#else
#define csf_index_beginscan(table, index, snapshot, keys)                                                    \
	index_beginscan((table), (index), (snapshot), (keys), 0)
#endif

/* An UPDATE tells since 16 whether only summarizing indexes have to know of it. */
#if PG_VERSION_NUM >= 160000
#define csf_update_indexes TU_UpdateIndexes
#define csf_index_is_due(index, which) ((which) != TU_Summarizing || (index)->ii_Summarizing)
#else
#define csf_update_indexes bool
#define csf_index_is_due(index, which) (which)
#endif

/* The mark of functions that do not return went in front of the declaration in 18. */
#if PG_VERSION_NUM >= 180000
#define CSF_NORETURN pg_noreturn
#else
#define CSF_NORETURN __attribute__((noreturn))
#endif

#endif
