/*
 * call_site.h
 *		What a function that reads configuration keeps between its calls in one statement.
 */
#ifndef CSF_ENGINE_CALL_SITE_H
#define CSF_ENGINE_CALL_SITE_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "fmgr.h"

#include "engine/config.h"

/*
 * The desk, once it is shown that the caller may see it; the same configuration for all calls of one statement. Raises
 * SF001.
 */
extern csf_desk *csf_call_desk(FunctionCallInfo fcinfo, int64 desk_id);

/* The rules of the desk as they were in a version; the last one asked for is kept. Call csf_call_desk before. */
extern csf_desk *csf_call_past_desk(FunctionCallInfo fcinfo, csf_desk *desk, int64 version);

/* The row type that the function returns. */
extern TupleDesc csf_call_result(FunctionCallInfo fcinfo);

/* Whether the current user may see a desk, under their own grants and row security (design 2.11). */
extern bool csf_may_see_desk(int64 desk_id);

#endif
