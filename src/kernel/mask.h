/*
 * mask.h
 *		Finds personal data in free text and takes it out (handbook E7, F8).
 *
 * The search runs on the folded text, so full width, circled digits and invisible characters between them hide nothing;
 * a few separators between digits do not either. What looks like an order number, an amount, a version or a time stays.
 * doc/classification.md lists what is recognised and what is not.
 */
#ifndef CSF_MASK_H
#define CSF_MASK_H

#include "kernel/fold.h"

typedef enum csf_personal_kind
{
	CSF_PERSONAL_ID_NUMBER,
	CSF_PERSONAL_BANK_CARD,
	CSF_PERSONAL_MOBILE,
	CSF_PERSONAL_LANDLINE,
	CSF_PERSONAL_EMAIL,
	CSF_PERSONAL_IP,
	CSF_PERSONAL_DEVICE_ID,
	CSF_PERSONAL_PLATE,
	CSF_PERSONAL_ADDRESS,
	CSF_PERSONAL_NAME
} csf_personal_kind;

typedef struct csf_personal_item
{
	csf_personal_kind kind;
	int position;   /* 0-based character of the original */
	int characters; /* of the original */
	size_t offset;  /* the same in bytes */
	size_t length;
} csf_personal_item;

/* The name of a kind: mobile, id_number, … */
extern const char *csf_personal_kind_name(csf_personal_kind kind);

/*
 * The items in a text of at most CSF_MAX_FOLD_BYTES, by place and not overlapping; *items is allocated, also for none.
 * Returns how many. Linear in the length.
 */
extern int csf_find_personal_data(const char *text, size_t length, csf_personal_item **items);

/*
 * The text with each item replaced by its kind in brackets, allocated; searched again as long as that brings others to
 * light, up to four times.
 */
extern char *csf_mask_personal_data(const char *text, size_t length, size_t *masked_length);

#endif
