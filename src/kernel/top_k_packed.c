/*
 * top_k_packed.c
 *		Counters of frequent values: their order, and the packed and text forms.
 *
 * Packed, all numbers of variable length (kernel/varint.h): places, total, error, number of counters; then each counter,
 * the length of its value and the value, by descending count, those of one count by the bytes of the value.
 */
#include "kernel/top_k.h"
#include "kernel/varint.h"

static int
compare_values(const csf_top_k_item *a, const csf_top_k_item *b)
{
	int order = memcmp(a->value, b->value, a->length < b->length ? a->length : b->length);

	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static int
by_value(const void *a, const void *b)
{
	return compare_values(a, b);
}

static int
by_count(const void *a, const void *b)
{
	const csf_top_k_item *x = a;
	const csf_top_k_item *y = b;

	return x->count != y->count ? (x->count < y->count ? 1 : -1) : compare_values(x, y);
}

static bool
refuse(csf_fault *fault, const char *detail)
{
	fault->position = -1;
	snprintf(fault->message, sizeof(fault->message), "invalid top_k");
	snprintf(fault->detail, sizeof(fault->detail), "%s", detail);
	fault->hint[0] = '\0';
	return false;
}

/* What is missing from the counters was taken from at least one more than are kept at a time, and something was if anything is. */
static bool
sums_hold(const csf_top_k_content *content)
{
	uint64 missing = content->total;

	for (size_t i = 0; i < content->items_count; i++)
	{
		if (content->items[i].count > missing)
			return false;
		missing -= content->items[i].count;
	}
	return content->error <= missing / (csf_top_k_counters(content->places) + 1) &&
		   (missing == 0 || content->error > 0);
}

bool
csf_top_k_arrange(csf_top_k_content *content, csf_fault *fault)
{
	if (content->places < 1 || content->places > CSF_TOP_K_PLACES_MAX || content->total < 1 ||
		content->total > INT64_MAX || content->items_count > csf_top_k_counters(content->places))
		return refuse(fault, "k, total or the number of values is out of its range.");
	for (size_t i = 0; i < content->items_count; i++)
		if (content->items[i].count < 1 || content->items[i].length > CSF_TOP_K_VALUE_MAX)
			return refuse(fault, "A count is 0 or a value is too long.");
	if (!sums_hold(content))
		return refuse(fault, "The counts, total and error contradict each other.");
	qsort(content->items, content->items_count, sizeof(csf_top_k_item), by_value);
	for (size_t i = 1; i < content->items_count; i++)
		if (compare_values(&content->items[i - 1], &content->items[i]) == 0)
			return refuse(fault, "A value is counted twice.");
	qsort(content->items, content->items_count, sizeof(csf_top_k_item), by_count);
	return true;
}

static size_t
put(uint8 *bytes, size_t at, uint64 value)
{
	return at + csf_varint_put(bytes == NULL ? NULL : bytes + at, value);
}

size_t
csf_top_k_pack(const csf_top_k_content *content, uint8 *bytes)
{
	size_t at = put(bytes, 0, content->places);

	at = put(bytes, at, content->total);
	at = put(bytes, at, content->error);
	at = put(bytes, at, content->items_count);
	for (size_t i = 0; i < content->items_count; i++)
	{
		const csf_top_k_item *item = &content->items[i];

		at = put(bytes, at, item->count);
		at = put(bytes, at, item->length);
		if (bytes != NULL)
			memcpy(bytes + at, item->value, item->length);
		at += item->length;
	}
	return at;
}

bool
csf_top_k_unpack(const uint8 *bytes, size_t length, csf_top_k_content *content)
{
	const uint8 *at = bytes;
	const uint8 *end = bytes + length;
	uint64 places;
	uint64 items;

	content->items = NULL;
	if (!csf_varint_get(&at, end, &places) || !csf_varint_get(&at, end, &content->total) ||
		!csf_varint_get(&at, end, &content->error) || !csf_varint_get(&at, end, &items) || places < 1 ||
		places > CSF_TOP_K_PLACES_MAX || items > csf_top_k_counters((uint32) places) || content->total < 1 ||
		content->total > INT64_MAX)
		return false;
	content->places = (uint32) places;
	content->items_count = items;
	content->items = csf_alloc(sizeof(csf_top_k_item) * items);
	for (size_t i = 0; i < items; i++)
	{
		csf_top_k_item *item = &content->items[i];
		uint64 bytes_here;

		if (!csf_varint_get(&at, end, &item->count) || !csf_varint_get(&at, end, &bytes_here) ||
			bytes_here > CSF_TOP_K_VALUE_MAX || bytes_here > (uint64) (end - at) || item->count < 1 ||
			(i > 0 && (item[-1].count < item->count)))
			return false;
		item->value = (const char *) at;
		item->length = bytes_here;
		at += bytes_here;
		if (i > 0 && by_count(item - 1, item) >= 0)
			return false;
	}
	return at == end && sums_hold(content);
}

/* -- Text: k=N total=N error=N, then a blank and "VALUE":COUNT for each, a quote in a value doubled ------------------ */

#define NUMBER_TEXT 24

char *
csf_top_k_print(const csf_top_k_content *content)
{
	size_t size = 4 * NUMBER_TEXT;
	char *text;
	size_t at;

	for (size_t i = 0; i < content->items_count; i++)
		size += 2 * content->items[i].length + NUMBER_TEXT + 4;
	text = csf_alloc(size);
	at = (size_t) sprintf(text, "k=%u total=%llu error=%llu", content->places,
						  (unsigned long long) content->total, (unsigned long long) content->error);
	for (size_t i = 0; i < content->items_count; i++)
	{
		const csf_top_k_item *item = &content->items[i];

		text[at++] = ' ';
		text[at++] = '"';
		for (size_t j = 0; j < item->length; j++)
		{
			if (item->value[j] == '"')
				text[at++] = '"';
			text[at++] = item->value[j];
		}
		at += (size_t) sprintf(text + at, "\":%llu", (unsigned long long) item->count);
	}
	text[at] = '\0';
	return text;
}

static bool
read_number(const char **at, const char *name, uint64 *number)
{
	size_t length = strlen(name);
	const char *start;

	if (strncmp(*at, name, length) != 0)
		return false;
	start = *at += length;
	*number = 0;
	while (**at >= '0' && **at <= '9')
	{
		uint64 digit = (uint64) (*(*at)++ - '0');

		if (*number > (INT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return *at > start;
}

/* A quoted value into room, which takes the rest of the text. */
static bool
read_item(const char **at, char *room, csf_top_k_item *item)
{
	if (strncmp(*at, " \"", 2) != 0)
		return false;
	*at += 2;
	item->value = room;
	item->length = 0;
	for (; **at != '\0'; (*at)++)
	{
		if (**at == '"' && *++(*at) != '"')
			break;
		room[item->length++] = **at;
	}
	return read_number(at, ":", &item->count);
}

bool
csf_top_k_parse(const char *text, csf_top_k_content *content, csf_fault *fault)
{
	size_t length = strlen(text);
	size_t quotes = 0;
	const char *at = text;
	uint64 places;
	char *values;

	for (size_t i = 0; i < length; i++)
		quotes += text[i] == '"';
	/* One block, the values behind the items. */
	content->items = csf_alloc(sizeof(csf_top_k_item) * (quotes / 2 + 1) + length);
	values = (char *) (content->items + quotes / 2 + 1);
	content->items_count = 0;
	if (!read_number(&at, "k=", &places) || places > CSF_TOP_K_PLACES_MAX ||
		!read_number(&at, " total=", &content->total) || !read_number(&at, " error=", &content->error))
		return refuse(fault,
					  "The form is k=N total=N error=N \"VALUE\":COUNT ..., a quote in a value doubled.");
	content->places = (uint32) places;
	while (*at != '\0')
	{
		csf_top_k_item *item = &content->items[content->items_count++];

		if (!read_item(&at, values, item))
			return refuse(fault,
						  "The form is k=N total=N error=N \"VALUE\":COUNT ..., a quote in a value doubled.");
		values += item->length;
	}
	return csf_top_k_arrange(content, fault);
}
