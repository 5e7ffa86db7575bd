/*
 * errors.h
 *		The SQLSTATEs of csflow: class SF (implementation-defined by the standard). Listed for users in doc/errors.md.
 *
 * Malformed literals of our types raise PostgreSQL's own 22P02, so that pg_input_is_valid() and drivers know them;
 * everything about the flow (desks, tickets, transitions, configuration) is SF.
 */
#ifndef CSF_ERRORS_H
#define CSF_ERRORS_H

#include "utils/elog.h"

#define CSF_SQLSTATE(number) MAKE_SQLSTATE('S', 'F', number[0], number[1], number[2])

#define ERRCODE_CSF_UNKNOWN_DESK CSF_SQLSTATE("001")
#define ERRCODE_CSF_UNKNOWN_PLAYBOOK CSF_SQLSTATE("002")
#define ERRCODE_CSF_INVALID_PLAYBOOK CSF_SQLSTATE("003")
#define ERRCODE_CSF_UNKNOWN_TICKET CSF_SQLSTATE("004")
#define ERRCODE_CSF_UNKNOWN_REFERENCE CSF_SQLSTATE("005")
#define ERRCODE_CSF_FORBIDDEN_TRANSITION CSF_SQLSTATE("006")
#define ERRCODE_CSF_IMMUTABLE CSF_SQLSTATE("007")
#define ERRCODE_CSF_INSTANT_ORDER CSF_SQLSTATE("008")
#define ERRCODE_CSF_FUTURE_INSTANT CSF_SQLSTATE("009")
#define ERRCODE_CSF_NOT_ALLOWED CSF_SQLSTATE("010")
#define ERRCODE_CSF_INVALID_RULE CSF_SQLSTATE("011")
#define ERRCODE_CSF_INVALID_TARGET CSF_SQLSTATE("012")
#define ERRCODE_CSF_TOO_LARGE CSF_SQLSTATE("013")
#define ERRCODE_CSF_FLOW_MISSING CSF_SQLSTATE("014")
#define ERRCODE_CSF_FLOW_VERSION CSF_SQLSTATE("015")
#define ERRCODE_CSF_TRIGGER_MISUSE CSF_SQLSTATE("016")
#define ERRCODE_CSF_MISSING_VALUE CSF_SQLSTATE("017")
#define ERRCODE_CSF_CONCURRENT_CHANGE CSF_SQLSTATE("018")
#define ERRCODE_CSF_SCHEDULER CSF_SQLSTATE("019")

#endif
