/*
 * mask_fuzz.c
 *		Masking any bytes: items in order, apart and within the text; no number of eleven digits in the form of a mobile
 *		survives; a masked text stays as it is unless it is made of nested finds,
 *		for which the search stops after four rounds; short texts cannot be.
 */
#include "kernel/mask.h"

int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static bool
is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static void
check_no_mobile(const char *text, size_t size)
{
	for (size_t i = 0; i + 11 <= size; i++)
	{
		bool alone = (i == 0 || text[i - 1] == ' ') && (i + 11 == size || text[i + 11] == ' ');
		size_t n = 0;

		while (n < 11 && is_digit(text[i + n]))
			n++;
		require(!(alone && n == 11 && text[i] == '1' && text[i + 1] >= '3'));
	}
}

static void
check_stays(const char *masked, size_t size)
{
	size_t again_size;
	char *again = csf_mask_personal_data(masked, size, &again_size);

	require(again_size == size && memcmp(again, masked, size) == 0);
	csf_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	const char *text = (const char *) data;
	size_t masked_size, end = 0;
	csf_personal_item *items;
	int n = csf_find_personal_data(text, size, &items);
	int characters = 0;
	char *masked;

	for (int i = 0; i < n; i++)
	{
		require(items[i].offset >= end && items[i].length > 0 && items[i].offset + items[i].length <= size);
		require(items[i].position >= characters && items[i].characters > 0);
		end = items[i].offset + items[i].length;
		characters = items[i].position + items[i].characters;
	}
	masked = csf_mask_personal_data(text, size, &masked_size);
	check_no_mobile(masked, masked_size);
	if (size <= 64)
		check_stays(masked, masked_size);
	csf_free(masked);
	csf_free(items);
	return 0;
}
