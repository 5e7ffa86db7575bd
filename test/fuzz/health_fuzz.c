/*
 * health_fuzz.c
 *		Fuzzes the two readers of health figures without a server. The first byte chooses. Whatever is accepted, as bytes or as
 *		text, prints as itself and packs to the same bytes.
 */
#include "kernel/health.h"

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
check_round_trip(const uint8 *packed, size_t length)
{
	csf_health_view view;
	csf_fault fault;
	size_t again_length;
	uint8 *again;
	char *text;

	check(csf_health_open(packed, length, &view));
	text = csf_health_print(&view);
	again = csf_health_parse(text, strlen(text), &again_length, &fault);
	check(again != NULL && again_length == length && memcmp(packed, again, length) == 0);
	csf_free(again);
	csf_free(text);
}

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	csf_fault fault;
	size_t length;
	uint8 *packed;

	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
	{
		if (csf_health_check(data + 1, size - 1, &fault))
			check_round_trip(data + 1, size - 1);
		return 0;
	}
	packed = csf_health_parse((const char *) data + 1, size - 1, &length, &fault);
	if (packed == NULL)
		return 0;
	check(csf_health_check(packed, length, &fault));
	check_round_trip(packed, length);
	csf_free(packed);
	return 0;
}
