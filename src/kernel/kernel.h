/*
 * kernel.h
 *		What every kernel module may use: fixed-width integers, memory, and a place to say what was wrong.
 *
 * The kernel knows no server. Inside PostgreSQL memory comes from the current memory context and an allocation that
 * fails raises an error there; outside (CSF_STANDALONE: fuzzing, timing) it comes from malloc and ends the program.
 * Nothing here returns NULL for want of memory.
 */
#ifndef CSF_KERNEL_H
#define CSF_KERNEL_H

#ifdef CSF_STANDALONE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int8_t int8;
typedef int16_t int16;
typedef int32_t int32;
typedef int64_t int64;
typedef uint8_t uint8;
typedef uint16_t uint16;
typedef uint32_t uint32;
typedef uint64_t uint64;

static inline void *
csf_checked(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}
#define csf_alloc(size) csf_checked(malloc((size) == 0 ? 1 : (size)))
#define csf_alloc_zero(size) csf_checked(calloc(1, (size) == 0 ? 1 : (size)))
#define csf_realloc(memory, size) csf_checked(realloc((memory), (size) == 0 ? 1 : (size)))
#define csf_free(memory) free(memory)

/* Counted here, so that a test sees that long work asks often enough whether to stop; weak: one for all modules. */
__attribute__((weak)) unsigned long csf_interrupt_checks;
#define csf_check_interrupts() ((void) csf_interrupt_checks++)
#else
#include "postgres.h"

#include "miscadmin.h"

#define csf_alloc(size) palloc_extended((size), MCXT_ALLOC_HUGE)
#define csf_alloc_zero(size) palloc_extended((size), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO)
#define csf_realloc(memory, size) repalloc_huge((memory), (size))
#define csf_free(memory) pfree(memory)
#define csf_check_interrupts() CHECK_FOR_INTERRUPTS()
#endif

/*
 * What a kernel function found wrong with its input. message is a lower-case phrase without a full stop, detail and
 * hint are sentences or empty; position is a 0-based byte offset into the input, or -1. The caller turns it into an
 * error of its own world.
 */
typedef struct csf_fault
{
	int position;
	char message[256];
	char detail[256];
	char hint[256];
} csf_fault;

#endif
