/*
 * mask_streets.c
 *		Personal data in Latin letters: addresses as they are written in English, 221B Baker Street or Nathan Road 12, and
 *		what follows a word for a travel document.
 *
 * Capitals are gone when the search begins, so a street is known by its word (street, road, lu …) and a number near it,
 * with names between that are no words of everyday sentences: "2 minutes down the road" is no address.
 */
#include "kernel/mask_search.h"

#define INTERRUPT_STRIDE 4096
#define MAX_WORD 20
#define MAX_NAME_WORDS 4
#define MAX_HOUSE_DIGITS 5
#define MAX_ROOMS 3

/* Words that hardly mean anything else in the last place of a name. */
#define ROAD_WORDS                                                                                           \
	" street st str road rd avenue ave av boulevard blvd highway hwy parkway pkwy lu jie dadao xiang hutong "

/* These mean other things too: only with the number before, and nothing but a mark or a flat after. */
#define OTHER_ROAD_WORDS                                                                                     \
	" lane ln drive dr court ct square sq terrace place pl crescent way alley close mews "

#define ROOM_WORDS                                                                                           \
	" apt apartment suite ste unit flat floor fl room rm building bldg block tower house no number "

#define DIRECTIONS " n s e w ne nw se sw north south east west "

/* What stands between a number and a road in sentences, and what is counted. */
#define OTHER_WORDS                                                                                          \
	" a an the this that these those my your our his her its their any every each some no not same other "   \
	"another different wrong right next last more many in on at to of off for from by with into onto down "  \
	"up across along near over under through via and or but so if as is are was were be been has have had "  \
	"do does did it i we you he she they who which what where when how why there here then than too also "   \
	"only just still very please "                                                                           \
	"s sec secs second seconds min mins minute minutes h hr hrs hour hours day days week weeks month "       \
	"months year years time times m km mile miles metre metres meter meters block blocks kg g star stars "   \
	"usd eur gbp cny rmb hkd yuan dollar dollars euro euros pound pounds percent k items item pieces "       \
	"orders order tickets ticket people persons men women kids children cars bikes lanes oclock am pm gb mb tb "

static bool
is_name_character(uint32 code)
{
	return csf_is_letter(code) || csf_is_digit(code) || code == '\'' || code == 0x2019;
}

/* A word in bytes between blanks, to be looked for in a list; empty when it is too long for any. */
typedef struct word
{
	char text[MAX_WORD + 3];
	int start, end; /* the first code point, and the one behind the last */
} word;

static void
take(const csf_personal_search *search, int start, int end, word *taken)
{
	int n = 0;

	taken->start = start;
	taken->end = end;
	taken->text[n++] = ' ';
	if (end - start <= MAX_WORD)
		for (int i = start; i < end; i++)
		{
			uint32 code = csf_code_at(search, i);

			taken->text[n++] = code < 0x80 ? (char) code : '?';
		}
	taken->text[n++] = ' ';
	taken->text[n] = '\0';
}

static bool
word_after(const csf_personal_search *search, int start, word *taken)
{
	int end = start;

	while (end - start <= MAX_WORD && is_name_character(csf_code_at(search, end)))
		end++;
	take(search, start, end, taken);
	return end > start && end - start <= MAX_WORD;
}

static bool
word_before(const csf_personal_search *search, int end, word *taken)
{
	int start = end;

	while (end - start <= MAX_WORD && is_name_character(csf_code_at(search, start - 1)))
		start--;
	take(search, start, end, taken);
	return end > start && end - start <= MAX_WORD;
}

static bool
is_listed(const word *taken, const char *list)
{
	return strstr(list, taken->text) != NULL;
}

static bool
is_number(const csf_personal_search *search, const word *taken)
{
	for (int i = taken->start; i < taken->end; i++)
		if (!csf_is_digit(csf_code_at(search, i)))
			return false;
	return true;
}

/* Whether it can be part of the name of a road: no everyday word, and no number but an ordinal one, such as 5th. */
static bool
is_name(const csf_personal_search *search, const word *taken)
{
	int at = taken->start;

	if (is_listed(taken, OTHER_WORDS))
		return false;
	while (csf_is_digit(csf_code_at(search, at)))
		at++;
	return at == taken->start || csf_word_at(search, at, "st") || csf_word_at(search, at, "nd") ||
		   csf_word_at(search, at, "rd") || csf_word_at(search, at, "th");
}

/* Behind what ends a word short or a line of an address, ".,", and a blank. */
static int
skip_marks(const csf_personal_search *search, int index)
{
	if (csf_code_at(search, index) == '.')
		index++;
	if (csf_code_at(search, index) == ',')
		index++;
	return csf_code_at(search, index) == ' ' ? index + 1 : index;
}

/* Behind a house number, 12, 221b, 12-14, 12/3, at index; or index. */
static int
house_end(const csf_personal_search *search, int index)
{
	int end = index;

	for (int part = 0; part < 2; part++)
	{
		int from = end;

		while (end - from <= MAX_HOUSE_DIGITS && csf_is_digit(csf_code_at(search, end)))
			end++;
		if (end == from || end - from > MAX_HOUSE_DIGITS)
			return index;
		if (csf_is_letter(csf_code_at(search, end)) && !is_name_character(csf_code_at(search, end + 1)))
			end++;
		if ((csf_code_at(search, end) != '-' && csf_code_at(search, end) != '/') ||
			!csf_is_digit(csf_code_at(search, end + 1)))
			break;
		end += part == 0;
	}
	return is_name_character(csf_code_at(search, end)) ? index : end;
}

/* The last code point of an address with what follows it of flats and directions: ", apt. 4b", " nw". */
static int
with_rooms_after(const csf_personal_search *search, int end)
{
	for (int i = 0; i < MAX_ROOMS; i++)
	{
		word room, number;
		int at = skip_marks(search, end + 1);

		if (csf_code_at(search, at) == '#' && word_after(search, at + 1, &number))
			end = number.end - 1;
		else if (at == end + 1 || !word_after(search, at, &room))
			break;
		else if (is_listed(&room, DIRECTIONS))
			end = room.end - 1;
		else if (is_listed(&room, ROOM_WORDS) && word_after(search, skip_marks(search, room.end), &number) &&
				 (csf_is_digit(csf_code_at(search, number.start)) || number.end == number.start + 1))
			end = number.end - 1;
		else
			break;
	}
	return end;
}

/* The first code point of an address with what stands before it: "No. ", "#", "Flat 5, ", "Room 12 ". */
static int
with_rooms_before(const csf_personal_search *search, int start)
{
	for (int i = 0; i < MAX_ROOMS; i++)
	{
		word room, number;
		int at = start;

		if (csf_code_at(search, at - 1) == '#')
			return at - 1;
		while (start - at < 3 && (csf_code_at(search, at - 1) == ' ' || csf_code_at(search, at - 1) == ',' ||
								  csf_code_at(search, at - 1) == '.'))
			at--;
		if (!word_before(search, at, &number))
			break;
		room = number;
		if (csf_is_digit(csf_code_at(search, number.start)) &&
			(csf_code_at(search, number.start - 1) != ' ' || !word_before(search, number.start - 1, &room)))
			break;
		if (!is_listed(&room, ROOM_WORDS))
			break;
		start = room.start;
	}
	return start;
}

/* Order numbers, amounts and versions have the form of house numbers; what stands before tells. */
static bool
is_other_number(const csf_personal_search *search, int start)
{
	uint32 before = csf_code_at(search, start - 1);

	return is_name_character(before) ||
		   ((before == '.' || before == '-' || before == '/' || before == ',' || before == ':') &&
			csf_is_digit(csf_code_at(search, start - 2))) ||
		   csf_labelled(
			   search, start,
			   "订单号 订单编号 订单 单号 编号 流水号 order ticket case invoice id 版本 version ver ios "
			   "android ¥ $ € £ rmb cny usd hkd eur",
			   3);
}

/* 221B Baker Street: the number at index, one to four names, the word for a road. */
static void
search_number_first(csf_personal_search *search, int index)
{
	int end = house_end(search, index);
	int start = with_rooms_before(search, index);

	if (end == index || is_other_number(search, index) || is_other_number(search, start))
		return;
	for (int names = 0; names <= MAX_NAME_WORDS; names++)
	{
		word next;
		int at = names == 0 ? skip_marks(search, end) : end + 1;

		if (at == end || (names > 0 && csf_code_at(search, end) != ' ' && csf_code_at(search, end) != '-' &&
						  csf_code_at(search, end) != '.'))
			return;
		if (names > 0 && csf_code_at(search, at) == ' ')
			at++;
		if (!word_after(search, at, &next))
			return;
		end = next.end;
		if (names > 0 && is_listed(&next, ROAD_WORDS))
		{
			csf_personal_add(search, CSF_PERSONAL_ADDRESS, start, with_rooms_after(search, end - 1));
			return;
		}
		if (names > 0 && is_listed(&next, OTHER_ROAD_WORDS))
		{
			int last = with_rooms_after(search, end - 1);
			uint32 after = csf_code_at(search, last + 1);

			if (last > end - 1 || !(after == ' ' || after == '-' || is_name_character(after)))
				csf_personal_add(search, CSF_PERSONAL_ADDRESS, start, last);
			if (last > end - 1 || !(after == ' ' || after == '-' || is_name_character(after)))
				return;
		}
		if (!is_name(search, &next))
			return;
	}
}

/* Nathan Road 12, 5th Avenue no. 350: the word for a road at index, names before it, the number after it. */
static void
search_road_first(csf_personal_search *search, const word *road)
{
	int start = road->start;
	int at = skip_marks(search, road->end);
	int end;
	word name, next;

	if (at == road->end)
		return;
	if (csf_code_at(search, at) == '#')
		at++;
	else if (word_after(search, at, &next) && strstr(" no number ", next.text) != NULL)
		at = skip_marks(search, next.end);
	end = house_end(search, at);
	if (end == at)
		return;
	/* Two numbers in a row are a telephone or a list; a number of something counted is no house. */
	if ((csf_code_at(search, end) == '.' || csf_code_at(search, end) == ':' ||
		 csf_code_at(search, end) == '%') &&
		csf_code_at(search, end + 1) != ' ' && end + 1 < search->text->n)
		return;
	if (csf_code_at(search, end) == '%' ||
		(csf_code_at(search, end) == ' ' && word_after(search, end + 1, &next) &&
		 (is_listed(&next, OTHER_WORDS) || is_number(search, &next))))
		return;
	for (int names = 0; names < MAX_NAME_WORDS - 1; names++)
	{
		if (csf_code_at(search, start - 1) != ' ' || !word_before(search, start - 1, &name) ||
			!is_name(search, &name))
			break;
		start = name.start;
	}
	if (start < road->start)
		csf_personal_add(search, CSF_PERSONAL_ADDRESS, start, with_rooms_after(search, end - 1));
}

/* Passports, and identity cards of Hong Kong, Macau and Taiwan: letters and at least six digits after a word for them. */
static void
search_document(csf_personal_search *search, int index)
{
	int digits = 0, label = index;
	word number, before;

	if (!word_after(search, index, &number) || number.end - index < 7 || number.end - index > 11)
		return;
	for (int i = index; i < number.end; i++)
		digits += csf_is_digit(csf_code_at(search, i));
	if (digits < 6)
		return;
	while (index - label < 3 &&
		   (csf_code_at(search, label - 1) == ' ' || csf_code_at(search, label - 1) == '.' ||
			csf_code_at(search, label - 1) == ':' || csf_code_at(search, label - 1) == '#'))
		label--;
	if (!word_before(search, label, &before) || strstr(" no number ", before.text) == NULL)
		before.start = index;
	if (!csf_labelled(
			search, before.start,
			"护照 护照号 护照号码 护照编号 通行证 通行证号 通行证号码 回乡证 台胞证 身份证 身份证号 "
			"身份证号码 证件号 证件号码 居留证 passport hkid",
			4))
		return;
	if (csf_code_at(search, number.end) == '(' && is_name_character(csf_code_at(search, number.end + 1)) &&
		csf_code_at(search, number.end + 2) == ')')
		number.end += 3;
	csf_personal_add(search, CSF_PERSONAL_ID_NUMBER, index, number.end - 1);
}

void
csf_search_streets(csf_personal_search *search)
{
	const csf_folded *text = search->text;

	for (int i = 0; i < text->n; i++)
	{
		uint32 code = text->code[i];

		if (i % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
		if (!is_name_character(code) || is_name_character(csf_code_at(search, i - 1)))
			continue;
		if (csf_is_digit(code))
			search_number_first(search, i);
		else
		{
			word road;

			if (word_after(search, i, &road) && is_listed(&road, ROAD_WORDS))
				search_road_first(search, &road);
		}
		search_document(search, i);
	}
}
