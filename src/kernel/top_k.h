/*
 * top_k.h
 *		The most frequent texts of a stream in bounded space (handbook G1, design 2.14): counters after Misra and Gries.
 *
 * A value that has a counter is counted there. When there are twice as many counters as are kept, the count of the first one
 * too many is taken from all, and those that fall to 0 make room. So a counter tells at least how often its value
 * occurred, and what was taken from it, the error, is at most missing. Each time at least counters + 1 values are
 * taken for one of error; merging adds counters and errors. Therefore error * (counters + 1) is at most what is missing
 * from the counters, and the error at most total / (counters + 1), whatever was merged in which order.
 *
 * Two forms as with sketches: a working form, changed in place, and a packed form that is unique for its counters.
 */
#ifndef CSF_TOP_K_H
#define CSF_TOP_K_H

#include "kernel/kernel.h"

#define CSF_TOP_K_PLACES_MAX 1000
#define CSF_TOP_K_VALUE_MAX 1024

/* Counters kept for so many places: the error is less than a tenth of the mean count of the places asked for. */
static inline uint32
csf_top_k_counters(uint32 places)
{
	return places <= 5 ? 100 : places * 20;
}

/* Working form; entries, slots of the hash table and the bytes of the values follow, so that it can be copied as a block. */
typedef struct csf_top_k
{
	uint64 total;
	uint64 error;
	uint32 places;
	uint32 used;
	uint32 room;
	uint32 slots;
	uint32 bytes_used;
	uint32 bytes_room;
	uint64 cells[];
} csf_top_k;

/* Room in a working form: entries, and bytes for their values. */
typedef struct csf_top_k_room
{
	uint32 entries;
	uint32 bytes;
} csf_top_k_room;

typedef enum csf_top_k_result
{
	CSF_TOP_K_DONE,
	CSF_TOP_K_NO_ROOM, /* nothing changed; it has to grow first */
	CSF_TOP_K_OVERFLOW /* nothing changed; the total would not fit 63 bits */
} csf_top_k_result;

extern csf_top_k_room csf_top_k_least_room(void);

/* Room for what it holds and a value of this length. */
extern csf_top_k_room csf_top_k_grown_room(const csf_top_k *top, size_t length);

extern size_t csf_top_k_size(csf_top_k_room room);

/* Makes the memory, csf_top_k_size() bytes on an 8-byte border, empty. */
extern void csf_top_k_init(csf_top_k *top, uint32 places, csf_top_k_room room);

/* Copies all into an empty one with at least as much room. */
extern void csf_top_k_copy(csf_top_k *top, const csf_top_k *from);

/* Counts a value of at most CSF_TOP_K_VALUE_MAX bytes. */
extern csf_top_k_result csf_top_k_add(csf_top_k *top, const char *value, size_t length, uint64 count);

/*
 * Where values of another are added, this is said first: the places are the lesser of both, and what the other's counters
 * lack is missing here too. False when the total would not fit 63 bits with all of the other.
 */
extern bool csf_top_k_join(csf_top_k *top, uint32 places, uint64 total, uint64 error, uint64 counted);

/* A value with its counter. */
typedef struct csf_top_k_item
{
	const char *value;
	size_t length;
	uint64 count;
} csf_top_k_item;

/* All that is counted, by descending count, then by bytes. Items and their values are allocated or those of the source. */
typedef struct csf_top_k_content
{
	uint32 places;
	uint64 total;
	uint64 error;
	size_t items_count;
	csf_top_k_item *items;
} csf_top_k_content;

/* With at most as many items as there are counters; the working form stays as it is. */
extern void csf_top_k_contents(const csf_top_k *top, csf_top_k_content *content);

/* The counters as they are, for merging; to be asked for each up to used. */
extern csf_top_k_item csf_top_k_item_at(const csf_top_k *top, uint32 index);

/* Puts content from outside in order; false when no values could have given it. */
extern bool csf_top_k_arrange(csf_top_k_content *content, csf_fault *fault);

/* Packed form. With bytes NULL only the length is computed. */
extern size_t csf_top_k_pack(const csf_top_k_content *content, uint8 *bytes);

/*
 * False when the bytes are no packed form; memory-safe whatever they are. The values point into the bytes. That none is there
 * twice under different counts is csf_top_k_arrange's to say: whatever comes from outside goes through it, and these bytes were made from such.
 */
extern bool csf_top_k_unpack(const uint8 *bytes, size_t length, csf_top_k_content *content);

/* Text form, allocated and zero-terminated; and back, false with a fault when it is none. */
extern char *csf_top_k_print(const csf_top_k_content *content);
extern bool csf_top_k_parse(const char *text, csf_top_k_content *content, csf_fault *fault);

#endif
