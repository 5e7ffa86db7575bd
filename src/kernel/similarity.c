/*
 * similarity.c
 *		Dice coefficient over character bigrams.
 */
#include "kernel/similarity.h"

#define INTERRUPT_STRIDE 65536

/* A slot of the hash table: a bigram of the first text and how often it is left to be matched in this comparison. */
struct csf_bigram
{
	uint64 key; /* two code points; 0: free */
	int32 count;
	int32 left;
	uint64 comparison; /* that left is of; before another one it is count */
};

/* From here on nothing is white space or punctuation. */
#define FIRST_LETTER 0x30FC

static bool
is_punctuation(uint32 code)
{
	if (code < 0x80)
		return code < '0' || (code > '9' && code < 'a') || code > 'z';
	return (code >= 0xA0 && code <= 0xBF) || code == 0xD7 || code == 0xF7 ||
		   (code >= 0x2000 && code <= 0x206F) || (code >= 0x3001 && code <= 0x3003) ||
		   (code >= 0x3008 && code <= 0x3020) || code == 0x30FB;
}

static inline bool
is_left_out(uint32 code)
{
	return code < FIRST_LETTER && (csf_is_space(code) || is_punctuation(code));
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

static inline csf_bigram *
find_bigram(csf_bigram *table, uint64 mask, uint64 key)
{
	uint64 at = key;

	at = (at ^ at >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
	at = (at ^ at >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
	at = (at ^ at >> 33) & mask;
	while (table[at].key != 0 && table[at].key != key)
		at = (at + 1) & mask;
	return &table[at];
}

/* The bigrams of the letters of a text, or of its marks where it has no letters. */
static void
fill_table(csf_similarity *similarity)
{
	const uint32 *code = similarity->folded.code;
	uint64 size = 16;

	while (size < (uint64) similarity->folded.n * 2)
		size *= 2;
	similarity->mask = size - 1;
	similarity->table = csf_alloc_zero(size * sizeof(csf_bigram));
	for (int i = 0; i + 1 < similarity->folded.n; i++)
	{
		csf_bigram *slot = find_bigram(similarity->table, similarity->mask, bigram_key(&code[i]));

		slot->key = bigram_key(&code[i]);
		slot->count++;
		if (i % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
	}
}

void
csf_similarity_begin(csf_similarity *similarity, const char *text, size_t length)
{
	csf_fold(text, length, CSF_FOLD_SQUEEZE_SPACE, &similarity->folded);
	similarity->has_letters = has_letters(&similarity->folded);
	if (similarity->has_letters)
		similarity->folded.n = keep_letters(similarity->folded.code, similarity->folded.n);
	similarity->comparisons = 0;
	fill_table(similarity);
}

void
csf_similarity_end(csf_similarity *similarity)
{
	csf_free(similarity->table);
	csf_folded_free(&similarity->folded);
}

/* Dice's coefficient, or 0 as soon as it is sure to be less than the minimum. */
static double
dice(csf_similarity *similarity, const csf_folded *other, double minimum)
{
	int64 all = (int64) (similarity->folded.n - 1) + (other->n - 1);
	int64 common = 0;
	/* One pair of leeway, so that rounding never turns away what is just alike enough. */
	int64 may_miss = other->n - 1 - (int64) (minimum * (double) all / 2) + 1;

	similarity->comparisons++;
	for (int i = 0; i + 1 < other->n; i++)
	{
		csf_bigram *slot = find_bigram(similarity->table, similarity->mask, bigram_key(&other->code[i]));

		if (slot->comparison != similarity->comparisons)
		{
			slot->comparison = similarity->comparisons;
			slot->left = slot->count;
		}
		if (slot->left > 0)
		{
			slot->left--;
			common++;
		}
		else if (--may_miss < 0)
			return 0.0;
		if (i % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
	}
	return 2.0 * (double) common / (double) all;
}

double
csf_similarity_to(csf_similarity *similarity, const char *text, size_t length, double minimum)
{
	csf_folded other;
	double result;

	csf_fold(text, length, CSF_FOLD_SQUEEZE_SPACE, &other);
	/* A text of nothing but marks is compared by them, or "???" would equal "!!!"; with letters it has none in common. */
	if (has_letters(&other))
		other.n = keep_letters(other.code, other.n);
	else if (similarity->has_letters)
		other.n = 0;
	if (similarity->folded.n >= 2 && other.n >= 2)
		result = dice(similarity, &other, minimum);
	else
		result = similarity->folded.n == other.n &&
						 memcmp(similarity->folded.code, other.code, other.n * sizeof(uint32)) == 0
					 ? 1.0
					 : 0.0;
	csf_folded_free(&other);
	return result;
}

double
csf_text_similarity(const char *a, size_t a_length, const char *b, size_t b_length)
{
	csf_similarity similarity;
	double result;

	csf_similarity_begin(&similarity, a, a_length);
	result = csf_similarity_to(&similarity, b, b_length, 0.0);
	csf_similarity_end(&similarity);
	return result;
}
