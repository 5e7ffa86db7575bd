/*
 * ticket_fill.h
 *		A row of csflow.ticket while it is filled in and checked, BEFORE INSERT or UPDATE: what both share.
 */
#ifndef CSF_ENGINE_TICKET_FILL_H
#define CSF_ENGINE_TICKET_FILL_H

#include "engine/actor.h"
#include "engine/assess.h"
#include "engine/ticket.h"

/* A row being filled in. */
typedef struct csf_filling
{
	csf_session *session;
	const csf_desk *desk;
	csf_ticket_row old; /* UPDATE only */
	csf_ticket_row new;
	const csf_ticket_map *map;
	Relation relation;
	const Bitmapset *given; /* columns named by the UPDATE */
} csf_filling;

/* ---- ticket_fill.c ---- */

extern void csf_fill_null(csf_filling *f, csf_ticket_column column);
extern void csf_fill(csf_filling *f, csf_ticket_column column, Datum value);
extern void csf_fill_text(csf_filling *f, csf_ticket_column column, const char *text);
extern void csf_fill_id(csf_filling *f, csf_ticket_column column, int64 id);
extern void csf_fill_degree(csf_filling *f, csf_ticket_column column, int degree);
extern void csf_keep_old(csf_filling *f, csf_ticket_column column);
extern bool csf_was_given(const csf_filling *f, csf_ticket_column column);
extern bool csf_differs(const csf_filling *f, csf_ticket_column column);
extern const char *csf_filling_label(const csf_filling *f);
extern void csf_check_text_size(const csf_filling *f, csf_ticket_column column, const char *name);
extern void csf_check_channel(const csf_filling *f);
extern void csf_check_team(const csf_filling *f);
extern void csf_check_agent(const csf_filling *f);
extern void csf_check_transition(const csf_filling *f, int from, csf_state to);
extern char *csf_skip_blank(char *text);
extern void csf_require_reason(const csf_filling *f, const char *what);
extern const csf_category_entry *csf_category_of(const csf_filling *f);
extern void csf_settle_category(csf_filling *f, bool category_given, bool kind_given);
extern void csf_settle_tag(csf_filling *f);
extern void csf_settle_state(csf_filling *f, int from, csf_state to);
extern void csf_check_original(const csf_filling *f);
extern void csf_fill_actor(csf_filling *f, const char *if_nobody);
extern csf_submission csf_submission_of(const csf_filling *f);

/* ---- ticket_insert.c ---- */

extern void csf_fill_insert(csf_filling *f);

#endif
