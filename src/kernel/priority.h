/*
 * priority.h
 *		The four priorities of a ticket, E > A > B > C (handbook B3): reading and naming them.
 */
#ifndef CSF_PRIORITY_H
#define CSF_PRIORITY_H

#include "kernel/kernel.h"

/* The values are stored and sent in binary, so they never change; a higher one is more urgent. */
typedef enum csf_priority
{
	CSF_PRIORITY_C = 1,
	CSF_PRIORITY_B = 2,
	CSF_PRIORITY_A = 3,
	CSF_PRIORITY_E = 4
} csf_priority;

#define CSF_PRIORITY_LEAST CSF_PRIORITY_C
#define CSF_PRIORITY_GREATEST CSF_PRIORITY_E

typedef enum csf_language
{
	CSF_LANGUAGE_ZH,
	CSF_LANGUAGE_EN
} csf_language;

static inline bool
csf_priority_valid(int64 rank)
{
	return rank >= CSF_PRIORITY_LEAST && rank <= CSF_PRIORITY_GREATEST;
}

/* Reads any form of a priority from UTF-8; false when it is none. */
extern bool csf_priority_parse(const char *text, size_t length, csf_priority *priority);

/* E, A, B or C. */
extern char csf_priority_letter(csf_priority priority);

/* The word customers and staff use for it, in UTF-8. */
extern const char *csf_priority_caption(csf_priority priority, csf_language language);

/* So many levels up (down when negative), never beyond E or C. */
extern csf_priority csf_priority_raise(csf_priority priority, int64 levels);

#endif
