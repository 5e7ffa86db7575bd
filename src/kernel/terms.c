/*
 * terms.c
 *		See terms.h.
 */
#include "kernel/terms.h"

#define INTERRUPT_STRIDE 65536
#define RIGHT_QUOTE 0x2019

/* Finds a term already there: an open-addressing table of places in terms->at, counted from 1; 0 is free. */
typedef struct term_set
{
	csf_terms *terms;
	int capacity; /* of terms->at */
	uint32 *slot;
	uint32 mask;
} term_set;

/* Letters of scripts written without spaces, where any run of characters may be a word. */
static bool
is_unspaced_letter(uint32 code)
{
	if (code < 0x3400)
		return (code >= 0x0E01 && code <= 0x0EFF) || (code >= 0x1000 && code <= 0x109F) ||
			   (code >= 0x1780 && code <= 0x17D3) || (code >= 0x3005 && code <= 0x3007) ||
			   (code >= 0x3041 && code <= 0x3096) || (code >= 0x30A1 && code <= 0x30FA) || code == 0x30FC ||
			   (code >= 0x3105 && code <= 0x312F);
	return (code <= 0x9FFF && (code < 0x4DC0 || code > 0x4DFF)) || (code >= 0xAC00 && code <= 0xD7A3) ||
		   (code >= 0x20000 && code <= 0x3FFFF);
}

static uint32
hash_of(const uint32 *code, int n)
{
	uint64 hash = (uint64) n;

	for (int i = 0; i < n; i++)
	{
		hash = (hash ^ code[i]) * UINT64_C(0xFF51AFD7ED558CCD);
		hash ^= hash >> 32;
	}
	return (uint32) hash;
}

/* The slot of a term, or the free one where it belongs. */
static uint32 *
find_slot(const term_set *set, const uint32 *code, int n)
{
	uint32 at = hash_of(code, n) & set->mask;

	while (set->slot[at] != 0)
	{
		const csf_term *there = &set->terms->at[set->slot[at] - 1];

		if (there->n == n &&
			memcmp(&set->terms->text.code[there->start], code, (size_t) n * sizeof(uint32)) == 0)
			break;
		at = (at + 1) & set->mask;
	}
	return &set->slot[at];
}

/* Twice the room; the table stays at most half full. */
static void
grow(term_set *set)
{
	csf_terms *terms = set->terms;
	uint64 slots = ((uint64) set->mask + 1) * 2;

	set->capacity *= 2;
	terms->at = csf_realloc(terms->at, (size_t) set->capacity * sizeof(csf_term));
	csf_free(set->slot);
	set->slot = csf_alloc_zero(slots * sizeof(uint32));
	set->mask = (uint32) (slots - 1);
	for (int i = 0; i < terms->n; i++)
	{
		*find_slot(set, &terms->text.code[terms->at[i].start], terms->at[i].n) = (uint32) i + 1;
		if (i % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
	}
}

static void
add(term_set *set, int32 start, int32 n, int words)
{
	csf_terms *terms = set->terms;
	uint32 *slot = find_slot(set, &terms->text.code[start], n);

	if (*slot != 0)
		return;
	if (terms->n == set->capacity)
	{
		grow(set);
		slot = find_slot(set, &terms->text.code[start], n);
	}
	terms->at[terms->n] = (csf_term){.start = start, .n = (int16) n, .words = (int16) words};
	*slot = (uint32) ++terms->n;
}

/* Where the word that starts here ends; an apostrophe between letters belongs to it (don't). */
static int32
word_end(const csf_folded *text, int32 start)
{
	int32 end = start;

	for (;;)
	{
		while (end < text->n && csf_is_word_character(text->code[end]))
			end++;
		if (end + 1 >= text->n || (text->code[end] != '\'' && text->code[end] != RIGHT_QUOTE) ||
			!csf_is_word_character(text->code[end + 1]))
			return end;
		end++;
	}
}

/* Adds the word at start and its pair with the word before, which began at former (-1: none). Returns its end. */
static int32
add_word(term_set *set, int32 start, int32 former)
{
	const csf_folded *text = &set->terms->text;
	int32 end = word_end(text, start);

	if (end - start > CSF_TERM_MAX_WORD_CHARACTERS)
		return end;
	if (end - start > 1)
		add(set, start, end - start, 1);
	if (former >= 0)
		add(set, former, end - former, 2);
	return end;
}

static void
add_runs(term_set *set, int32 start)
{
	const csf_folded *text = &set->terms->text;

	for (int32 n = 1; n <= CSF_TERM_MAX_CHARACTERS && start + n <= text->n; n++)
	{
		if (!is_unspaced_letter(text->code[start + n - 1]))
			return;
		if (n > 1)
			add(set, start, n, 0);
	}
}

void
csf_terms_find(const char *text, size_t length, csf_terms *terms)
{
	term_set set = {.terms = terms, .capacity = 64, .mask = 127};
	int32 former = -1; /* start of a word that ended just before a single space */
	int32 next;

	csf_fold(text, length, CSF_FOLD_SQUEEZE_SPACE, &terms->text);
	terms->at = csf_alloc((size_t) set.capacity * sizeof(csf_term));
	terms->n = 0;
	set.slot = csf_alloc_zero(((size_t) set.mask + 1) * sizeof(uint32));
	for (int32 i = 0; i < terms->text.n; i = next)
	{
		next = i + 1;
		if (i % INTERRUPT_STRIDE == 0)
			csf_check_interrupts();
		if (!csf_is_word_character(terms->text.code[i]))
		{
			add_runs(&set, i);
			former = -1;
			continue;
		}
		next = add_word(&set, i, former);
		former = -1;
		if (next - i <= CSF_TERM_MAX_WORD_CHARACTERS && next < terms->text.n && terms->text.code[next] == ' ')
		{
			former = i;
			next++;
		}
	}
	csf_free(set.slot);
}

void
csf_terms_free(csf_terms *terms)
{
	csf_free(terms->at);
	csf_folded_free(&terms->text);
}
