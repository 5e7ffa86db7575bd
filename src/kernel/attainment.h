/*
 * attainment.h
 *		Targets by clock: how many were met, completed, and are still open though overdue (handbook D6, G2; kpi definitions).
 *
 * Entries are sorted by the bytes of their clock, so equal counts are equal bytes. A value is counted in place once its clock
 * has an entry.
 */
#ifndef CSF_ATTAINMENT_H
#define CSF_ATTAINMENT_H

#include "kernel/kernel.h"

#define CSF_ATTAINMENT_CLOCKS_MAX 1000
#define CSF_ATTAINMENT_NAME_MAX 1000

/* met is at most total; the open ones are not among the total. */
typedef struct csf_attainment_counts
{
	int64 met;
	int64 total;
	int64 open_breached;
} csf_attainment_counts;

typedef struct csf_attainment_entry
{
	csf_attainment_counts counts;
	int32 length;
	char name[];
} csf_attainment_entry;

/* The header belongs to whoever stores the value; on an 8-byte border. */
typedef struct csf_attainment
{
	int32 header;
	int32 clocks;
	char entries[];
} csf_attainment;

#define CSF_ATTAINMENT_EMPTY_SIZE offsetof(csf_attainment, entries)

static inline size_t
csf_attainment_entry_size(size_t length)
{
	return (offsetof(csf_attainment_entry, name) + length + 7) & ~(size_t) 7;
}

static inline csf_attainment_entry *
csf_attainment_first(const csf_attainment *value)
{
	return (csf_attainment_entry *) value->entries;
}

static inline csf_attainment_entry *
csf_attainment_next(const csf_attainment_entry *entry)
{
	return (csf_attainment_entry *) ((char *) entry + csf_attainment_entry_size((size_t) entry->length));
}

/* The entry of a clock, or where it belongs; found says which. */
extern csf_attainment_entry *csf_attainment_look_up(const csf_attainment *value, const char *name,
													size_t length, bool *found);

typedef enum csf_attainment_result
{
	CSF_ATTAINMENT_DONE,
	CSF_ATTAINMENT_ABSENT,   /* nothing changed; the clock has no entry yet */
	CSF_ATTAINMENT_OVERFLOW, /* nothing changed; a count would not fit 63 bits */
	CSF_ATTAINMENT_TOO_MANY  /* nothing changed; the clock has no entry and cannot get one */
} csf_attainment_result;

/* Adds to the counts of a clock. */
extern csf_attainment_result csf_attainment_add(csf_attainment *value, const char *name, size_t length,
												const csf_attainment_counts *counts);

/* A copy into csf_attainment_entry_size(length) more bytes than the size of the value, with an entry for another clock. */
extern void csf_attainment_insert(csf_attainment *larger, const csf_attainment *value, size_t size,
								  const char *name, size_t length, const csf_attainment_counts *counts);

/* Whether counts from outside are possible. */
extern bool csf_attainment_possible(const csf_attainment_counts *counts);

/* Whether a value of this size is one: for bytes that were stored. */
extern bool csf_attainment_check(const csf_attainment *value, size_t size);

/* Text form, allocated and zero-terminated; and back, allocated, NULL with a fault when it is none. */
extern char *csf_attainment_print(const csf_attainment *value);
extern csf_attainment *csf_attainment_parse(const char *text, size_t *size, csf_fault *fault);

#endif
