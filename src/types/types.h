/*
 * types.h
 *		The scalar types as C code of the engine sees them: Datum conversions, and making and opening tags.
 */
#ifndef CSF_TYPES_H
#define CSF_TYPES_H

#include "postgres.h"

#include "fmgr.h"

#include "kernel/priority.h"
#include "kernel/tag.h"
#include "kernel/ticket_no.h"

/* csflow.priority: one byte by value. */
static inline csf_priority
DatumGetPriority(Datum datum)
{
	return (csf_priority) DatumGetChar(datum);
}

static inline Datum
PriorityGetDatum(csf_priority priority)
{
	return CharGetDatum((char) priority);
}

#define PG_GETARG_PRIORITY(n) DatumGetPriority(PG_GETARG_DATUM(n))
#define PG_RETURN_PRIORITY(priority) return PriorityGetDatum(priority)

/* What the input of priority accepts, for hints; without the Chinese forms where the database cannot hold them. */
extern const char *csf_priority_forms_hint(void);

/* csflow.ticket_no: eight bytes, stored and passed as bigint is. */
static inline csf_ticket_no
DatumGetTicketNo(Datum datum)
{
	return DatumGetInt64(datum);
}

static inline Datum
TicketNoGetDatum(csf_ticket_no number)
{
	return Int64GetDatum(number);
}

#define PG_GETARG_TICKET_NO(n) DatumGetTicketNo(PG_GETARG_DATUM(n))
#define PG_RETURN_TICKET_NO(number) return TicketNoGetDatum(number)

/* Puts a number together; raises 22003 when a part is out of its range. */
extern csf_ticket_no csf_ticket_no_from_parts(int64 year, int64 month, int64 serial);

/* csflow.tag: a varlena around the stored form of kernel/tag.h, always UTF-8. */
typedef struct varlena csf_tag;

#define CsfTagGetDatum(tag) PointerGetDatum(tag)
#define PG_RETURN_TAG(tag) return CsfTagGetDatum(tag)

/*
 * A tag in the current memory context from kind and domain in the encoding of the database; raises 22023 when one of
 * them is not allowed in a tag.
 */
extern csf_tag *csf_tag_make(const char *kind, size_t kind_length, const char *domain, size_t domain_length,
							 csf_priority priority);

/*
 * The parts of a tag, in UTF-8, pointing into the result, which is the tag itself or, if it had to be detoasted, a copy
 * for the caller to free.
 */
extern csf_tag *csf_tag_open(Datum tag, csf_tag_parts *parts);

#endif
