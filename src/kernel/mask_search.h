/*
 * mask_search.h
 *		What the searches for single kinds of personal data share; nobody else's business.
 */
#ifndef CSF_MASK_SEARCH_H
#define CSF_MASK_SEARCH_H

#include "kernel/mask.h"

/* A find in the folded text, from its first to its last code point. */
typedef struct csf_personal_find
{
	csf_personal_kind kind;
	int start, end;
} csf_personal_find;

typedef struct csf_personal_search
{
	const csf_folded *text;
	csf_personal_find *finds;
	int n, capacity;
} csf_personal_search;

extern void csf_personal_add(csf_personal_search *search, csf_personal_kind kind, int start, int end);

extern void csf_search_numbers(csf_personal_search *search); /* id number, bank card, telephone, IMEI */
extern void csf_search_network(csf_personal_search *search); /* e-mail, IP, MAC, UUID */
extern void csf_search_places(csf_personal_search *search);  /* plate, Chinese address, name */
extern void csf_search_streets(csf_personal_search *search); /* English address, passport */

/* The code point at an index, or 0 outside the text. */
static inline uint32
csf_code_at(const csf_personal_search *search, int index)
{
	return index >= 0 && index < search->text->n ? search->text->code[index] : 0;
}

static inline bool
csf_is_digit(uint32 code)
{
	return code >= '0' && code <= '9';
}

static inline bool
csf_is_letter(uint32 code)
{
	return code >= 'a' && code <= 'z';
}

static inline bool
csf_is_han(uint32 code)
{
	return code >= 0x4E00 && code <= 0x9FFF;
}

/* The value of a digit of any script, Chinese ones included (folding has made 壹 of 壱 and 贰 of 貳), or -1. */
extern int csf_digit_value(uint32 code);

/* Whether the UTF-8 word lies at the index. */
extern bool csf_word_at(const csf_personal_search *search, int index, const char *word);

/*
 * Whether one of the words, separated by blanks and folded, ends within reach characters before the index, with nothing
 * but blanks and marks such as a colon between.
 */
extern bool csf_labelled(const csf_personal_search *search, int index, const char *words, int reach);

#endif
