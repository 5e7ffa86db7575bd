/*
 * attainment_fuzz.c
 *		Fuzzes targets by clock without a server. The first byte chooses. Text: whatever is accepted is a value that prints as
 *		text of the same value. Bytes: whatever passes the check as a stored value does so too, unless a zero byte cuts its text.
 */
#include "kernel/attainment.h"

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
check_round_trip(const csf_attainment *value, size_t size)
{
	char *text = csf_attainment_print(value);
	csf_fault fault;
	size_t again_size;
	csf_attainment *again = csf_attainment_parse(text, &again_size, &fault);
	const csf_attainment_entry *entry = csf_attainment_first(value);

	check(again != NULL && again_size == size && again->clocks == value->clocks);
	for (int32 i = 0; i < value->clocks; i++, entry = csf_attainment_next(entry))
	{
		bool found;
		csf_attainment_entry *there =
			csf_attainment_look_up(again, entry->name, (size_t) entry->length, &found);

		check(found && memcmp(&there->counts, &entry->counts, sizeof(csf_attainment_counts)) == 0);
		if (entry->counts.total < INT64_MAX / 2 && entry->counts.open_breached < INT64_MAX / 2)
			check(csf_attainment_add(again, entry->name, (size_t) entry->length, &entry->counts) ==
				  CSF_ATTAINMENT_DONE);
	}
	check(csf_attainment_check(again, again_size));
	csf_free(again);
	csf_free(text);
}

static bool
has_zero(const csf_attainment *value)
{
	const csf_attainment_entry *entry = csf_attainment_first(value);

	for (int32 i = 0; i < value->clocks; i++, entry = csf_attainment_next(entry))
		if (memchr(entry->name, 0, (size_t) entry->length) != NULL)
			return true;
	return false;
}

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	csf_attainment *value;
	csf_fault fault;
	size_t length;

	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
	{
		char *text = csf_alloc(size);

		memcpy(text, data + 1, size - 1);
		text[size - 1] = '\0';
		value = csf_attainment_parse(text, &length, &fault);
		csf_free(text);
		if (value == NULL)
			return 0;
		check(csf_attainment_check(value, length));
		check_round_trip(value, length);
	}
	else
	{
		value = csf_alloc(size - 1);
		memcpy(value, data + 1, size - 1);
		if (csf_attainment_check(value, size - 1) && value->clocks > 0 && !has_zero(value))
			check_round_trip(value, size - 1);
	}
	csf_free(value);
	return 0;
}
