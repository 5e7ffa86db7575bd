/*
 * tag.h
 *		Tags kind-domain-priority, for example 故障-支付-E级 (handbook B6): reading, printing, storing and searching them.
 *
 * Everything is UTF-8. The stored form is the kind, a zero byte, the domain, a zero byte, and one byte of priority.
 * No part contains a zero byte, so comparing two stored forms as byte strings orders by kind, then domain, then priority,
 * equal tags are equal bytes, and the tags of a kind, or of a kind and domain, are a contiguous range.
 */
#ifndef CSF_TAG_H
#define CSF_TAG_H

#include "kernel/priority.h"

#define CSF_TAG_PART_CHARS 64
#define CSF_TAG_PART_BYTES (CSF_TAG_PART_CHARS * 4)
#define CSF_TAG_STORED_MAX (2 * (CSF_TAG_PART_BYTES + 1) + 1)

/* Room for the longest text: two parts, two dashes, the letter and its suffix of three bytes. */
#define CSF_TAG_TEXT_MAX (2 * (CSF_TAG_PART_BYTES + 1) + 1 + 3)

/* A tag, or the fixed parts of a search: a NULL kind or domain, or no priority, matches every value. */
typedef struct csf_tag_parts
{
	const char *kind;
	size_t kind_length;
	const char *domain;
	size_t domain_length;
	csf_priority priority; /* 0 for any, in searches only */
} csf_tag_parts;

/*
 * The following point parts into the text given. They return false, with the reason in fault, when it is malformed.
 */
extern bool csf_tag_parse(const char *text, size_t length, csf_tag_parts *parts, csf_fault *fault);
extern bool csf_tag_parse_pattern(const char *text, size_t length, csf_tag_parts *pattern, csf_fault *fault);

/* Trims kind and domain and checks all parts of a tag that comes in parts. */
extern bool csf_tag_check(csf_tag_parts *parts, csf_fault *fault);

/* Between parts and the stored form, of at most CSF_TAG_STORED_MAX bytes; unpacked parts point into it. */
extern size_t csf_tag_pack(const csf_tag_parts *parts, char *stored);
extern void csf_tag_unpack(const char *stored, size_t length, csf_tag_parts *parts);

/* Orders stored forms: negative, zero or positive. */
extern int csf_tag_compare(const char *left, size_t left_length, const char *right, size_t right_length);

/* Writes the text, not terminated, into CSF_TAG_TEXT_MAX bytes; suffix asks for 级 after the letter. */
extern size_t csf_tag_print(const csf_tag_parts *parts, bool suffix, char *text);

extern bool csf_tag_matches(const csf_tag_parts *parts, const csf_tag_parts *pattern);

/*
 * The least and greatest stored forms that can match; false when the pattern does not fix the kind. exact says that
 * nothing else lies between them. The bounds of an open domain are no tags, sort around all that are, and print with
 * an empty domain and with an asterisk.
 */
extern bool csf_tag_bounds(const csf_tag_parts *pattern, char *least, size_t *least_length, char *greatest,
						   size_t *greatest_length, bool *exact);

#endif
