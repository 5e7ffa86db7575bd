/*
 * fold_fuzz.c
 *		Folding any bytes: idempotent, positions in order and in range, both ways of folding equal; similarity in bounds.
 */
#include "kernel/fold.h"
#include "kernel/similarity.h"

int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_positions(const char *text, size_t size, const char *folded_text, size_t folded_size)
{
	csf_folded folded;
	char bytes[4];
	size_t at = 0;

	csf_fold(text, size, CSF_FOLD_KEEP_SPACE, &folded);
	for (int i = 0; i < folded.n; i++)
	{
		int n = csf_utf8_put(folded.code[i], bytes);

		require(folded.source[i] >= (i == 0 ? 0 : folded.source[i - 1]) &&
				folded.source[i] < folded.characters);
		require(at + (size_t) n <= folded_size && memcmp(folded_text + at, bytes, (size_t) n) == 0);
		at += (size_t) n;
	}
	require(at == folded_size);
	csf_folded_free(&folded);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	const char *text = (const char *) data;
	size_t folded_size, again_size;
	char *folded = csf_fold_utf8(text, size, &folded_size);
	char *again = csf_fold_utf8(folded, folded_size, &again_size);
	size_t half = size / 2;
	double similarity = csf_text_similarity(text, half, text + half, size - half);

	require(folded_size == again_size && memcmp(folded, again, folded_size) == 0);
	check_positions(text, size, folded, folded_size);
	require(similarity >= 0.0 && similarity <= 1.0);
	require(csf_text_similarity(text + half, size - half, text, half) == similarity);
	require(csf_text_similarity(text, size, folded, folded_size) == 1.0);
	csf_free(folded);
	csf_free(again);
	return 0;
}
