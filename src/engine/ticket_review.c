/*
 * ticket_review.c
 *		Reviewers and approvals: what must hold before a ticket's row is accepted.
 */
#include "engine/ticket_review.h"

#include "executor/spi.h"
#include "utils/timestamp.h"

#include "engine/flow.h"
#include "errors.h"
#include "types/types.h"

static csf_statement approval_query = CSF_STATEMENT(
	"SELECT (SELECT a.subject FROM csflow.approval a WHERE a.desk_id = $1 AND a.ticket_no = $2"
	" AND a.decided_at IS NULL AND ('all' = ANY (d.approval_for) OR a.subject = ANY"
	" (d.approval_for)) ORDER BY a.approval_no LIMIT 1),"
	" 'all' = ANY (d.approval_for) AND NOT EXISTS (SELECT FROM csflow.approval a WHERE a.desk_id ="
	" $1 AND a.ticket_no = $2 AND a.is_approved AND a.decided_at >= $3)"
	" FROM csflow.desk d"
	" WHERE d.desk_id = $1",
	"lnz");

void
csf_check_reviewer(const csf_desk *desk, const char *ticket, int64 reviewer, int64 first_handler,
				   csf_state state)
{
	const csf_agent *agent = csf_desk_agent(desk, reviewer);

	if (agent == NULL || !agent->is_active)
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
						errmsg("desk \"%s\" has no active agent %lld", desk->name, (long long) reviewer),
						errhint("SELECT agent_id, name FROM csflow.agent lists the agents.")));
	if (state != CSF_STATE_UNDER_REVIEW)
		ereport(ERROR, (errcode(ERRCODE_CSF_NOT_ALLOWED), errmsg("%s is not under review", ticket),
						errdetail("Its state is \"%s\".", csf_state_name(state)),
						errhint("A reviewer is named after an objection, see csflow.object().")));
	if (reviewer == first_handler)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_NOT_ALLOWED),
				 errmsg("agent %lld handled %s first and cannot review it", (long long) reviewer, ticket),
				 errhint("Name somebody else as reviewer_id.")));
}

void
csf_check_approval(const csf_desk *desk, const char *ticket, int64 ticket_no, TimestampTz last_answer)
{
	Datum values[3] = {Int64GetDatum(desk->desk_id), TicketNoGetDatum(ticket_no),
					   TimestampTzGetDatum(last_answer)};
	MemoryContext caller = CurrentMemoryContext;
	csf_owner_scope scope;
	char *subject = NULL;
	bool is_missing = false;

	if (!desk->asks_approval)
		return;
	csf_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
	csf_run(&approval_query, values, NULL, SPI_OK_SELECT);
	if (SPI_processed == 1)
	{
		subject = csf_column_text(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		is_missing = csf_column_bool(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	}
	if (subject != NULL)
		subject = MemoryContextStrdup(caller, subject);
	csf_owner_leave(&scope);
	SPI_finish();
	if (subject != NULL)
		ereport(ERROR, (errcode(ERRCODE_CSF_NOT_ALLOWED),
						errmsg("%s waits for an approval and cannot be answered", ticket),
						errdetail("Its subject is \"%s\".", subject),
						errhint("Have it decided with csflow.decide().")));
	if (is_missing)
		ereport(ERROR, (errcode(ERRCODE_CSF_NOT_ALLOWED),
						errmsg("%s cannot be answered before its plan is approved", ticket),
						errdetail("The desk has \"all\" in approval_for."),
						errhint("Ask for it with csflow.request_approval().")));
}
