/*
 * actor.h
 *		Who is acting, and which instants and names they may give (design 2.9, 2.10).
 */
#ifndef CSF_ENGINE_ACTOR_H
#define CSF_ENGINE_ACTOR_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "engine/config.h"
#include "engine/record.h"

/* What a statement's user may do at a desk; looked up once per statement and desk. */
typedef struct csf_session
{
	csf_desk *desk; /* pinned for the statement */
	const csf_agent *agent;
	bool is_owner; /* has the rights of the flow's owner: may name anybody and any instant */
	struct csf_session *next;
} csf_session;

/* The session of the current statement for a desk, kept in the function's fn_extra. */
extern csf_session *csf_session_get(FmgrInfo *function, int64 desk_id);

/*
 * Who made a change: given_kind and given_agent are what the row says (NULL, 0: nothing); otherwise the agent whose role
 * is the current user, or if_nobody. Raises SF010 for naming somebody else without the right, SF005 for an unknown one.
 */
extern csf_actor csf_actor_resolve(const csf_session *session, const char *given_kind, int64 given_agent,
								   const char *if_nobody);

/* Raises SF009 for an instant in the future, unless the session may give any. */
extern void csf_check_not_future(const csf_session *session, TimestampTz at, const char *column);

#endif
