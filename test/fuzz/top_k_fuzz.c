/*
 * top_k_fuzz.c
 *		Fuzzes counters of frequent values without a server. The first byte chooses. Bytes and text: whatever is accepted prints
 *		and packs as itself. Otherwise the bytes are values, counted in two parts that are merged: the bounds hold them.
 */
#include "kernel/top_k.h"

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
check_round_trip(const csf_top_k_content *content)
{
	size_t length = csf_top_k_pack(content, NULL);
	uint8 *packed = csf_alloc(length);
	csf_top_k_content again;

	csf_top_k_pack(content, packed);
	check(csf_top_k_unpack(packed, length, &again));
	check(again.items_count == content->items_count && again.total == content->total &&
		  again.error == content->error);
	csf_free(again.items);
	csf_free(packed);
}

static void
fuzz_bytes(const uint8 *bytes, size_t length)
{
	csf_top_k_content content;
	csf_top_k_content again;
	csf_fault fault;

	if (csf_top_k_unpack(bytes, length, &content))
	{
		bool zero = false;

		for (size_t i = 0; i < content.items_count; i++)
			zero = zero || memchr(content.items[i].value, 0, content.items[i].length) != NULL;
		check_round_trip(&content);
		check(csf_top_k_pack(&content, NULL) == length);
		if (!zero)
		{
			char *text = csf_top_k_print(&content);
			bool is_parsed = csf_top_k_parse(text, &again, &fault);

			/* Only damaged bytes count a value twice; they are read, and go no further. */
			check(is_parsed == csf_top_k_arrange(&content, &fault));
			check(!is_parsed || csf_top_k_pack(&again, NULL) == length);
			csf_free(again.items);
			csf_free(text);
		}
	}
	csf_free(content.items);
}

static void
fuzz_text(const uint8 *bytes, size_t length)
{
	char *text = csf_alloc(length + 1);
	csf_top_k_content content;
	csf_fault fault;

	memcpy(text, bytes, length);
	text[length] = '\0';
	if (csf_top_k_parse(text, &content, &fault))
		check_round_trip(&content);
	csf_free(content.items);
	csf_free(text);
}

static csf_top_k *
add(csf_top_k *top, const char *value, size_t length, uint64 count)
{
	csf_top_k_result result = csf_top_k_add(top, value, length, count);

	if (result == CSF_TOP_K_NO_ROOM)
	{
		csf_top_k_room room = csf_top_k_grown_room(top, length);
		csf_top_k *grown = csf_alloc(csf_top_k_size(room));

		csf_top_k_init(grown, top->places, room);
		csf_top_k_copy(grown, top);
		csf_free(top);
		top = grown;
		result = csf_top_k_add(top, value, length, count);
	}
	check(result == CSF_TOP_K_DONE);
	return top;
}

static csf_top_k *
make(void)
{
	csf_top_k *top = csf_alloc(csf_top_k_size(csf_top_k_least_room()));

	csf_top_k_init(top, 1, csf_top_k_least_room());
	return top;
}

/* Values of one or two bytes, the first byte of each saying which and into which part. */
static void
fuzz_counting(const uint8 *bytes, size_t length)
{
	uint64 *exact = csf_alloc_zero(sizeof(uint64) * 65792);
	csf_top_k *parts[2] = {make(), make()};
	csf_top_k_content content;
	uint64 counted = 0;
	uint64 total = 0;

	for (size_t at = 0; at + 2 < length; at += 3)
	{
		size_t size = bytes[at] % 2 + 1;
		uint64 count = bytes[at] / 4 + 1;

		exact[size == 1 ? bytes[at + 1] : 256 + bytes[at + 1] * 256 + bytes[at + 2]] += count;
		parts[bytes[at] / 2 % 2] = add(parts[bytes[at] / 2 % 2], (const char *) bytes + at + 1, size, count);
		total += count;
	}
	if (parts[1]->total > 0)
	{
		csf_top_k_contents(parts[1], &content);
		for (size_t i = 0; i < content.items_count; i++)
			counted += content.items[i].count;
		check(csf_top_k_join(parts[0], 1, content.total, content.error, counted));
		for (size_t i = 0; i < content.items_count; i++)
			parts[0] = add(parts[0], content.items[i].value, content.items[i].length, content.items[i].count);
		csf_free(content.items);
	}
	if (total > 0)
	{
		csf_top_k_contents(parts[0], &content);
		check(content.total == total);
		for (size_t i = 0; i < content.items_count; i++)
		{
			const uint8 *value = (const uint8 *) content.items[i].value;
			uint64 *there = &exact[content.items[i].length == 1 ? value[0] : 256 + value[0] * 256 + value[1]];

			check(content.items[i].count <= *there && *there <= content.items[i].count + content.error);
			*there = 0;
		}
		for (int i = 0; i < 65792; i++)
			check(exact[i] <= content.error);
		check_round_trip(&content);
		csf_free(content.items);
	}
	csf_free(parts[0]);
	csf_free(parts[1]);
	csf_free(exact);
}

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 3 == 0)
		fuzz_bytes(data + 1, size - 1);
	else if (data[0] % 3 == 1)
		fuzz_text(data + 1, size - 1);
	else
		fuzz_counting(data + 1, size - 1);
	return 0;
}
