/*
 * window.c
 *		csflow.window_has_lapsed(): whether a right that a clock limits in time, such as that to object, has lapsed.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "engine/flow.h"

PG_FUNCTION_INFO_V1(csf_window_has_lapsed);

static csf_statement window_query = CSF_STATEMENT(
	"SELECT (SELECT c.outcome IS NOT DISTINCT FROM 'lapsed' OR (c.stopped_at IS NULL AND c.due_at < $4)"
	" FROM csflow.clock c JOIN csflow.target g ON g.desk_id = c.desk_id AND g.target_id = c.target_id AND"
	" g.is_window WHERE c.desk_id = $1 AND c.ticket_no = $2 AND c.clock = $3 ORDER BY c.run DESC LIMIT 1)",
	"lntz");

Datum
csf_window_has_lapsed(PG_FUNCTION_ARGS)
{
	Datum values[4] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2), PG_GETARG_DATUM(3)};
	csf_owner_scope scope;
	bool has_lapsed;

	csf_connect();
	/* Verbs run with rights that need not reach the record of clocks. */
	csf_owner_enter(&scope, csf_flow_get()->owner);
	csf_run(&window_query, values, NULL, SPI_OK_SELECT);
	has_lapsed = csf_column_bool(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	csf_owner_leave(&scope);
	SPI_finish();
	PG_RETURN_BOOL(has_lapsed);
}
