/*
 * mask.c
 *		Puts the finds of all searches together.
 */
#include "kernel/mask.h"

#include "kernel/mask_search.h"
#include "kernel/utf8.h"

/*
 * What was hidden by a neighbour can show once that is gone, as 1.2.3.4 in 1.2.3.4.50::1; such finds are rare and deeper
 * chains of them made on purpose, which must not cost more than this.
 */
#define MAX_ROUNDS 4

static const char *const kind_names[] = {
	[CSF_PERSONAL_ID_NUMBER] = "id_number", [CSF_PERSONAL_BANK_CARD] = "bank_card",
	[CSF_PERSONAL_MOBILE] = "mobile",       [CSF_PERSONAL_LANDLINE] = "landline",
	[CSF_PERSONAL_EMAIL] = "email",         [CSF_PERSONAL_IP] = "ip",
	[CSF_PERSONAL_DEVICE_ID] = "device_id", [CSF_PERSONAL_PLATE] = "plate",
	[CSF_PERSONAL_ADDRESS] = "address",     [CSF_PERSONAL_NAME] = "name",
};

const char *
csf_personal_kind_name(csf_personal_kind kind)
{
	return kind_names[kind];
}

void
csf_personal_add(csf_personal_search *search, csf_personal_kind kind, int start, int end)
{
	if (search->n == search->capacity)
	{
		search->capacity *= 2;
		search->finds = csf_realloc(search->finds, search->capacity * sizeof(csf_personal_find));
	}
	search->finds[search->n++] = (csf_personal_find){kind, start, end};
}

/* Where the ten digits of other scripts begin; folding has turned those that are mere styles into Arabic ones. */
static const uint32 zeros[] = {
	0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6,
	0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0,
};

/* Where one to nine begin that folding leaves alone: in black, double or plain circles, and Suzhou numerals. */
static const uint32 ones[] = {0x2776, 0x2780, 0x278A, 0x24F5, 0x3021};

int
csf_digit_value(uint32 code)
{
	if (code >= zeros[0] && code < 0x1A00)
		for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
			if (code - zeros[i] < 10)
				return (int) (code - zeros[i]);
	for (size_t i = 0; i < sizeof(ones) / sizeof(ones[0]); i++)
		if (code - ones[i] < 9)
			return (int) (code - ones[i]) + 1;
	switch (code)
	{
		case 0x96F6: /* 零 */
		case 0x3007: /* 〇 */
		case 0x24FF: /* in circles */
		case 0x1F10B:
		case 0x1F10C:
			return 0;
		case 0x4E00: /* 一 */
		case 0x5E7A: /* 幺 */
		case 0x58F9: /* 壹 */
			return 1;
		case 0x4E8C: /* 二 */
		case 0x4E24: /* 两 */
		case 0x8D30: /* 贰 */
			return 2;
		case 0x4E09: /* 三 */
		case 0x53C1: /* 叁 */
			return 3;
		case 0x56DB: /* 四 */
		case 0x8086: /* 肆 */
			return 4;
		case 0x4E94: /* 五 */
		case 0x4F0D: /* 伍 */
			return 5;
		case 0x516D: /* 六 */
		case 0x9646: /* 陆 */
			return 6;
		case 0x4E03: /* 七 */
		case 0x67D2: /* 柒 */
			return 7;
		case 0x516B: /* 八 */
		case 0x634C: /* 捌 */
			return 8;
		case 0x4E5D: /* 九 */
		case 0x7396: /* 玖 */
			return 9;
	}
	return csf_is_digit(code) ? (int) (code - '0') : -1;
}

bool
csf_word_at(const csf_personal_search *search, int index, const char *word)
{
	size_t length = strlen(word);
	size_t position = 0;

	while (position < length)
	{
		uint32 code;

		position += csf_utf8_decode(word + position, length - position, &code);
		if (csf_code_at(search, index++) != code)
			return false;
	}
	return true;
}

static int
count_characters(const char *word, size_t length)
{
	int n = 0;
	uint32 code;

	for (size_t position = 0; position < length; n++)
		position += csf_utf8_decode(word + position, length - position, &code);
	return n;
}

static bool
links_label(uint32 code)
{
	return code == ' ' || code == ':' || code == '=' || code == '.' || code == '#' || code == '(' ||
		   code == '"' || code == 0x3010 /* 【 */ || code == 0x662F /* 是 */ || code == 0x4E3A /* 为 */;
}

bool
csf_labelled(const csf_personal_search *search, int index, const char *words, int reach)
{
	int end = index;
	uint32 last;

	while (end > 0 && index - end < reach && links_label(csf_code_at(search, end - 1)))
		end--;
	/* Every label ends with one of these; mostly a look at one character is enough. */
	last = csf_code_at(search, end - 1);
	if (!csf_is_han(last) && !csf_is_letter(last) && last != '$' && (last < 0xA2 || last > 0xA5) &&
		last != 0x20AC)
		return false;
	while (*words != '\0')
	{
		size_t size = strcspn(words, " ");
		char word[64];
		int characters = count_characters(words, size);

		memcpy(word, words, size);
		word[size] = '\0';
		if (csf_word_at(search, end - characters, word))
			return true;
		words += size + (words[size] == ' ');
	}
	return false;
}

static int
compare_finds(const void *left, const void *right)
{
	const csf_personal_find *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end)
		return a->end > b->end ? -1 : 1;
	return (int) a->kind - (int) b->kind;
}

/* Joins finds that overlap: the first and longest gives the kind, all of them are covered. */
static void
join_overlapping(csf_personal_search *search)
{
	int kept = 0;

	qsort(search->finds, search->n, sizeof(csf_personal_find), compare_finds);
	for (int i = 0; i < search->n; i++)
	{
		csf_personal_find find = search->finds[i];

		if (kept > 0 && find.start <= search->finds[kept - 1].end)
		{
			if (find.end > search->finds[kept - 1].end)
				search->finds[kept - 1].end = find.end;
		}
		else
			search->finds[kept++] = find;
	}
	search->n = kept;
}

/*
 * Turns places in the folded text into places in the original, walking it once. Two finds may meet in one character of
 * the original (a ligature); then the first has it.
 */
static int
place_items(const csf_personal_search *search, const char *text, size_t length, csf_personal_item *items)
{
	size_t offset = 0;
	int character = 0;
	int n = 0;

	for (int i = 0; i < search->n; i++)
	{
		int first = search->text->source[search->finds[i].start];
		int last = search->text->source[search->finds[i].end];
		csf_personal_item *item = &items[n];
		uint32 code;

		if (first < character)
			first = character;
		if (last < first)
			continue;
		for (; character < first; character++)
			offset += csf_utf8_decode(text + offset, length - offset, &code);
		*item = (csf_personal_item){search->finds[i].kind, first, last - first + 1, offset, 0};
		for (; character <= last; character++)
			offset += csf_utf8_decode(text + offset, length - offset, &code);
		item->length = offset - item->offset;
		n++;
	}
	return n;
}

int
csf_find_personal_data(const char *text, size_t length, csf_personal_item **items)
{
	csf_folded folded;
	csf_personal_search search = {&folded, csf_alloc(8 * sizeof(csf_personal_find)), 0, 8};
	int n;

	csf_fold(text, length, CSF_FOLD_SQUEEZE_SPACE, &folded);
	csf_search_numbers(&search);
	csf_search_network(&search);
	csf_search_places(&search);
	csf_search_streets(&search);
	join_overlapping(&search);
	*items = csf_alloc(search.n * sizeof(csf_personal_item));
	n = place_items(&search, text, length, *items);
	csf_free(search.finds);
	csf_folded_free(&folded);
	return n;
}

static char *
replace_items(const char *text, size_t length, const csf_personal_item *items, int n, size_t *masked_length)
{
	size_t capacity = length + 1;
	size_t from = 0, used = 0;
	char *masked;

	for (int i = 0; i < n; i++)
		capacity += strlen(csf_personal_kind_name(items[i].kind)) + 2;
	masked = csf_alloc(capacity);
	for (int i = 0; i < n; i++)
	{
		memcpy(masked + used, text + from, items[i].offset - from);
		used += items[i].offset - from;
		used +=
			(size_t) snprintf(masked + used, capacity - used, "[%s]", csf_personal_kind_name(items[i].kind));
		from = items[i].offset + items[i].length;
	}
	memcpy(masked + used, text + from, length - from);
	used += length - from;
	masked[used] = '\0';
	*masked_length = used;
	return masked;
}

char *
csf_mask_personal_data(const char *text, size_t length, size_t *masked_length)
{
	char *masked = replace_items(text, length, NULL, 0, masked_length);

	for (int round = 0; round < MAX_ROUNDS; round++)
	{
		csf_personal_item *items;
		int n = csf_find_personal_data(masked, *masked_length, &items);

		if (n > 0)
		{
			char *before = masked;

			masked = replace_items(before, *masked_length, items, n, masked_length);
			csf_free(before);
		}
		csf_free(items);
		if (n == 0)
			break;
	}
	return masked;
}
