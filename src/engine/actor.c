/*
 * actor.c
 *		Who is acting, and which instants and names they may give.
 */
#include "engine/actor.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

#include "engine/flow.h"
#include "errors.h"

csf_session *
csf_session_get(FmgrInfo *function, int64 desk_id)
{
	csf_session *session;

	for (session = function->fn_extra; session != NULL; session = session->next)
	{
		if (session->desk->desk_id == desk_id)
			return session;
	}
	session = MemoryContextAllocZero(function->fn_mcxt, sizeof(csf_session));
	session->desk = csf_desk_pin(desk_id, function->fn_mcxt);
	session->agent = csf_desk_agent_by_role(session->desk, GetUserId());
	session->is_owner = has_privs_of_role(GetUserId(), csf_flow_get()->owner);
	session->next = function->fn_extra;
	function->fn_extra = session;
	return session;
}

static bool
may_act_for_others(const csf_session *session)
{
	return session->is_owner || (session->agent != NULL && session->agent->may_act_for_others);
}

csf_actor
csf_actor_resolve(const csf_session *session, const char *given_kind, int64 given_agent,
				  const char *if_nobody)
{
	int64 own = session->agent == NULL ? 0 : session->agent->agent_id;
	csf_actor actor;

	/* Nobody hides: who is an agent and may not speak for others is not unknown (handbook H1). */
	if (own != 0 && given_kind != NULL && strcmp(given_kind, "unknown") == 0 && !may_act_for_others(session))
		given_kind = NULL;
	actor = (csf_actor){.kind = given_kind, .agent_id = given_agent};
	if (given_agent != 0 && csf_desk_agent(session->desk, given_agent) == NULL)
		ereport(ERROR, (errcode(ERRCODE_CSF_UNKNOWN_REFERENCE),
						errmsg("desk \"%s\" has no agent %lld", session->desk->name, (long long) given_agent),
						errhint("SELECT agent_id, name FROM csflow.agent lists the agents.")));
	if (given_agent != 0 && given_agent != own && !may_act_for_others(session))
		ereport(
			ERROR,
			(errcode(ERRCODE_CSF_NOT_ALLOWED),
			 errmsg("role \"%s\" may not act as agent %lld", GetUserNameFromId(GetUserId(), false),
					(long long) given_agent),
			 errhint("Leave changed_by empty, or set agent.may_act_for_others for the role's own agent.")));
	if (actor.agent_id == 0 && (given_kind == NULL || strcmp(given_kind, "agent") == 0))
		actor.agent_id = own;
	if (actor.agent_id == 0 && given_kind != NULL && strcmp(given_kind, "agent") == 0 &&
		!may_act_for_others(session))
		ereport(ERROR, (errcode(ERRCODE_CSF_NOT_ALLOWED),
						errmsg("role \"%s\" may not act as \"agent\"", GetUserNameFromId(GetUserId(), false)),
						errdetail("It is no active agent of desk \"%s\".", session->desk->name),
						errhint("Set agent.role_name to the role.")));
	if (actor.kind == NULL)
		actor.kind = actor.agent_id != 0 ? "agent" : if_nobody;
	else if (strcmp(actor.kind, "agent") != 0 && strcmp(actor.kind, "unknown") != 0 &&
			 !may_act_for_others(session) && !(own == 0 && strcmp(actor.kind, "customer") == 0))
		ereport(ERROR, (errcode(ERRCODE_CSF_NOT_ALLOWED),
						errmsg("role \"%s\" may not act as \"%s\"", GetUserNameFromId(GetUserId(), false),
							   actor.kind),
						errhint("Set agent.may_act_for_others for the role's own agent.")));
	return actor;
}

void
csf_check_not_future(const csf_session *session, TimestampTz at, const char *column)
{
	if (session->is_owner || at <= GetCurrentTransactionStartTimestamp())
		return;
	ereport(ERROR, (errcode(ERRCODE_CSF_FUTURE_INSTANT),
					errmsg("%s %s is in the future", column, timestamptz_to_str(at)),
					errhint("Only the owner of the flow's tables may record what has not happened yet.")));
}
