/*
 * ticket_review.h
 *		Who may review a ticket, and what must be approved before it is answered.
 */
#ifndef CSF_ENGINE_TICKET_REVIEW_H
#define CSF_ENGINE_TICKET_REVIEW_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "engine/config.h"

/* Refuses a reviewer who is unknown, or who handled the ticket first, or where nothing is under review (handbook F3). */
extern void csf_check_reviewer(const csf_desk *desk, const char *ticket, int64 reviewer, int64 first_handler,
							   csf_state state);

/* Refuses an answer that still needs an approval (handbook E2); last_answer: when the ticket was answered before. */
extern void csf_check_approval(const csf_desk *desk, const char *ticket, int64 ticket_no,
							   TimestampTz last_answer);

#endif
