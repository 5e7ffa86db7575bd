/*
 * health.h
 *		The figures of a group of tickets (handbook G1, G2; kpi definitions in doc/health.md): counts and six sketches of durations.
 *
 * As with sketches there is a working form, changed in place, and a packed form that is unique for what was counted.
 */
#ifndef CSF_HEALTH_H
#define CSF_HEALTH_H

#include "kernel/sketch.h"

/* Each ratio has its numerator and its denominator: the tickets for which the answer is known. */
typedef enum csf_health_count
{
	CSF_HEALTH_TICKETS,
	CSF_HEALTH_TRANSFER_TOTAL,
	CSF_HEALTH_TRANSFERRED,
	CSF_HEALTH_TRANSFERS,
	CSF_HEALTH_REOPEN_TOTAL,
	CSF_HEALTH_REOPENED,
	CSF_HEALTH_REOPENS,
	CSF_HEALTH_FIRST_CONTACT_TOTAL,
	CSF_HEALTH_FIRST_CONTACT,
	CSF_HEALTH_COUNTS
} csf_health_count;

typedef enum csf_health_sketch
{
	CSF_HEALTH_FIRST_RESPONSE,
	CSF_HEALTH_RESOLUTION,
	CSF_HEALTH_WAITING,
	CSF_HEALTH_FIRST_RESPONSE_BUSINESS,
	CSF_HEALTH_RESOLUTION_BUSINESS,
	CSF_HEALTH_WAITING_BUSINESS,
	CSF_HEALTH_SKETCHES
} csf_health_sketch;

extern const char *const csf_health_count_names[CSF_HEALTH_COUNTS];
extern const char *const csf_health_sketch_names[CSF_HEALTH_SKETCHES];

/* Working form. The sketches follow as blocks, at the offsets from its start; 0 where nothing has been counted yet. */
typedef struct csf_health
{
	uint64 counts[CSF_HEALTH_COUNTS];
	uint32 offset[CSF_HEALTH_SKETCHES];
	uint64 sketches[];
} csf_health;

static inline csf_sketch *
csf_health_sketch_of(const csf_health *health, int which)
{
	return health->offset[which] == 0 ? NULL : (csf_sketch *) ((char *) health + health->offset[which]);
}

/* The size of a copy in which one sketch gets another shape; which is -1 for a plain copy, from NULL for an empty one. */
extern size_t csf_health_size(const csf_health *from, int which, csf_sketch_shape shape);
extern void csf_health_copy(csf_health *to, const csf_health *from, int which, csf_sketch_shape shape);

/* Packed form. With bytes NULL only the length is computed. */
extern size_t csf_health_pack(const csf_health *health, uint8 *bytes);

/* A packed form opened for reading; a sketch without values has length 0. */
typedef struct csf_health_view
{
	uint64 counts[CSF_HEALTH_COUNTS];
	const uint8 *sketch[CSF_HEALTH_SKETCHES];
	size_t length[CSF_HEALTH_SKETCHES];
} csf_health_view;

extern bool csf_health_open(const uint8 *bytes, size_t length, csf_health_view *view);
extern size_t csf_health_pack_view(const csf_health_view *view, uint8 *bytes);

/* Whether the bytes are exactly what packing could have made: for bytes from outside. */
extern bool csf_health_check(const uint8 *bytes, size_t length, csf_fault *fault);

/* Text form, allocated and zero-terminated; and back into an allocated packed form, NULL with a fault when it is none. */
extern char *csf_health_print(const csf_health_view *view);
extern uint8 *csf_health_parse(const char *text, size_t length, size_t *packed_length, csf_fault *fault);

#endif
