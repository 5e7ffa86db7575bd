/*
 * calendar.h
 *		The calendar type as other C code uses it: compiled forms and arithmetic on them.
 *
 * A compiled calendar extends itself while it is used (further years are compiled when first asked for), so nothing here
 * takes it as const; its memory never comes from the caller's context.
 */
#ifndef CSF_TYPES_CALENDAR_H
#define CSF_TYPES_CALENDAR_H

#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "kernel/calendar.h"
#include "compat.h"

/* From the cache of the connection. Valid until the next look-up, here or in an SQL function, which may evict it. */
extern csf_calendar *csf_calendar_get(Datum value);

/* Owned by the context, and gone with it; extends itself there. */
extern csf_calendar *csf_calendar_compile_in(Datum value, MemoryContext context);

/* As the SQL functions business_add and business_between: errors included. */
extern TimestampTz csf_calendar_add(csf_calendar *calendar, TimestampTz instant, const Interval *interval);
extern TimestampTz csf_calendar_add_microseconds(csf_calendar *calendar, TimestampTz instant,
												 int64 microseconds);
extern int64 csf_calendar_between(csf_calendar *calendar, TimestampTz from, TimestampTz to);
extern bool csf_calendar_always_open(csf_calendar *calendar);

/*
 * The stored value: a digest of the canonical text, which is all a cache look-up reads, and the text. The type is stored
 * without compression, so that the digest of a value kept out of line is a slice of its first chunk.
 */
#define CSF_CALENDAR_DIGEST_SIZE 16

typedef struct csf_calendar_value
{
	int32 vl_len_;
	uint8 digest[CSF_CALENDAR_DIGEST_SIZE];
	char text[FLEXIBLE_ARRAY_MEMBER];
} csf_calendar_value;

extern const csf_zone_source csf_calendar_zones;

/* The rules of a value, in the current context; raises an error if its zone is no longer known. */
extern csf_calendar_rules *csf_calendar_value_rules(const csf_calendar_value *value);
extern csf_calendar_value *csf_calendar_detoast(Datum value);

/*
 * What a call site (one FmgrInfo) remembers: the last calendar it saw, by the first bytes that identify the value: its
 * digest, or the pointer of a value stored out of line. generation tells whether the cache has evicted anything since.
 */
typedef struct csf_calendar_site
{
	csf_calendar *calendar;
	uint64 generation;
	bool out_of_line;
	uint8 key[CSF_CALENDAR_DIGEST_SIZE];
	TimestampTz statement;
	uint64 pointers_generation;
	struct pointers_hash *pointers;
} csf_calendar_site;

extern uint64 csf_calendar_generation;
extern csf_calendar *csf_calendar_argument_slow(FunctionCallInfo fcinfo);

/* Argument 0 of an SQL function, compiled. Valid during the call. */
static inline csf_calendar *
csf_calendar_argument(FunctionCallInfo fcinfo)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(0);
	csf_calendar_site *site = fcinfo->flinfo == NULL ? NULL : (csf_calendar_site *) fcinfo->flinfo->fn_extra;

	if (likely(site != NULL && site->generation == csf_calendar_generation))
	{
		if (VARATT_IS_EXTERNAL(value))
		{
			if (site->out_of_line && VARATT_IS_EXTERNAL_ONDISK(value) &&
				memcmp(VARDATA_EXTERNAL(value), site->key, sizeof(site->key)) == 0 &&
				site->statement == GetCurrentStatementStartTimestamp())
				return site->calendar;
		}
		else if (!site->out_of_line && !VARATT_IS_COMPRESSED(value) &&
				 memcmp(VARDATA_ANY(value), site->key, sizeof(site->key)) == 0)
			return site->calendar;
	}
	return csf_calendar_argument_slow(fcinfo);
}

#endif
