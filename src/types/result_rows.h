/*
 * result_rows.h
 *		Functions that return many rows at once.
 */
#ifndef CSF_RESULT_ROWS_H
#define CSF_RESULT_ROWS_H

#include "postgres.h"

#include "funcapi.h"
#include "nodes/execnodes.h"

/*
 * Begins the result, rows of the type that the caller expects. Its description is made from the one that the caller has: made
 * from the catalog it would leave a kilobyte for each call behind until the end of the statement.
 */
static inline ReturnSetInfo *
csf_result_rows(FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	return (ReturnSetInfo *) fcinfo->resultinfo;
}

#endif
