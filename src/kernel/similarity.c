/*
 * similarity.c
 *		Dice coefficient over character bigrams.
 */
#include "kernel/similarity.h"

#define INTERRUPT_STRIDE 65536

/* A slot of the hash table: a bigram and how often it is left to be matched. */
typedef struct bigram
{
	uint64 key; /* two code points; 0: free */
	int64 left;
} bigram;

static bool
is_punctuation(uint32 code)
{
	if (code < 0x80)
		return code < '0' || (code > '9' && code < 'a') || code > 'z';
	return (code >= 0xA0 && code <= 0xBF) || code == 0xD7 || code == 0xF7 ||
		   (code >= 0x2000 && code <= 0x206F) || (code >= 0x3001 && code <= 0x3003) ||
		   (code >= 0x3008 && code <= 0x3020) || code == 0x30FB;
}

static bool
is_left_out(uint32 code)
{
	return csf_is_space(code) || is_punctuation(code);
}

static int
keep_letters(uint32 *code, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++)
		if (!is_left_out(code[i]))
			code[kept++] = code[i];
	return kept;
}

static bool
has_letters(const csf_folded *text)
{
	for (int i = 0; i < text->n; i++)
		if (!is_left_out(text->code[i]))
			return true;
	return false;
}

static inline uint64
bigram_key(const uint32 *code)
{
	return (uint64) (code[0] + 1) << 32 | code[1];
}

static inline bigram *
find_bigram(bigram *table, uint64 mask, uint64 key)
{
	uint64 at = key;

	at = (at ^ at >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
	at = (at ^ at >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
	at = (at ^ at >> 33) & mask;
	while (table[at].key != 0 && table[at].key != key)
		at = (at + 1) & mask;
	return &table[at];
}

static double
dice(const uint32 *a, int n_a, const uint32 *b, int n_b)
{
	uint64 size = 16;
	int64 common = 0;
	bigram *table;

	while (size < (uint64) n_a * 2)
		size *= 2;
	table = csf_alloc_zero(size * sizeof(bigram));
	for (int i = 0; i + 1 < n_a; i++)
	{
		bigram *slot = find_bigram(table, size - 1, bigram_key(&a[i]));

		slot->key = bigram_key(&a[i]);
		slot->left++;
		if (i % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
	}
	for (int i = 0; i + 1 < n_b; i++)
	{
		bigram *slot = find_bigram(table, size - 1, bigram_key(&b[i]));

		if (slot->left > 0)
		{
			slot->left--;
			common++;
		}
		if (i % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
	}
	csf_free(table);
	return 2.0 * (double) common / ((double) (n_a - 1) + (double) (n_b - 1));
}

double
csf_text_similarity(const char *a, size_t a_length, const char *b, size_t b_length)
{
	csf_folded first, second;
	double similarity;

	csf_fold(a, a_length, CSF_FOLD_SQUEEZE_SPACE, &first);
	csf_fold(b, b_length, CSF_FOLD_SQUEEZE_SPACE, &second);
	/* A text of nothing but marks is compared by them, or "???" would equal "!!!". */
	if (has_letters(&first) || has_letters(&second))
	{
		first.n = keep_letters(first.code, first.n);
		second.n = keep_letters(second.code, second.n);
	}
	if (first.n >= 2 && second.n >= 2)
		similarity = dice(first.code, first.n, second.code, second.n);
	else
		similarity =
			first.n == second.n && memcmp(first.code, second.code, first.n * sizeof(uint32)) == 0 ? 1.0 : 0.0;
	csf_folded_free(&first);
	csf_folded_free(&second);
	return similarity;
}
