/*
 * mask_numbers.c
 *		Personal numbers: identity cards, bank cards, mobile telephones and landlines, IMEI.
 *
 * Digits are gathered into groups (written together) and groups into runs (with a few separators between). A number is
 * a row of whole groups of one run with the right digits, so it is found however it is spaced out, and a longer number
 * written together is never mistaken for a shorter one inside it.
 */
#include "kernel/mask_search.h"

/* The longest number sought, a bank card, has 19 digits; with 0086 before it a mobile has 15. */
#define MAX_DIGITS 19
#define MAX_SEPARATORS 10
#define MAX_GAP_UNCHECKED 3 /* separators inside a number that neither a checksum nor a strict form proves */
#define MAX_THOUSANDS 8     /* groups of an amount */
#define MAX_EXTENSION 6
#define INTERRUPT_STRIDE 4096

#define ORDER_LABELS "订单号 订单编号 订单 单号 流水号 流水 交易号 运单号 快递 工单号 order ticket"

/* These mean an order by themselves and behind a word for one, but "card no." is a card. */
#define NUMBER_LABELS "编号 no"
#define NUMBER_LABEL_LENGTH 2
#define NUMBERED_ORDERS "订单 工单 运单 交易 流水 快递 order ticket"
#define CURRENCY_LABELS "¥ $ € £ rmb cny usd 人民币 金额"

typedef struct digit_group
{
	int start, n; /* in the folded text */
	bool skip;    /* part of a date, a time of day or an amount */
} digit_group;

/* The digits of some groups in a row. */
typedef struct number
{
	int digits[MAX_DIGITS + 1]; /* 10 for the X that may end an identity number */
	int n;
	int start, end;
	bool skip; /* contains what looks like a date, a time of day or an amount */
	int gap;   /* most separators in a row */
} number;

/*
 * Any mark can stand between digits: punctuation, arrows, shapes, emoji. Not letters of any script, and no currency, which
 * begins an amount.
 */
static bool
is_separator(uint32 code)
{
	if (code < 0x80)
		return code >= ' ' && code != '$' && !csf_is_digit(code) && !csf_is_letter(code);
	return (code >= 0x80 && code <= 0xBF && (code < 0xA2 || code > 0xA5)) || code == 0xD7 || code == 0xF7 ||
		   (code >= 0x2000 && code < 0x20A0) || (code >= 0x20D0 && code < 0x3005) ||
		   (code >= 0x3008 && code <= 0x3030) || code == 0x30FB || code == 0x30FC ||
		   (code >= 0xFE10 && code <= 0xFE6F) || (code >= 0x1F000 && code <= 0x1FAFF);
}

static int
digit_at(const csf_personal_search *search, int index)
{
	return csf_digit_value(csf_code_at(search, index));
}

static int
group_value(const csf_personal_search *search, const digit_group *group)
{
	int value = 0;

	for (int i = 0; i < group->n && i < 8; i++)
		value = value * 10 + digit_at(search, group->start + i);
	return value;
}

/* Whether three groups have one and the same mark between them, and nothing else. */
static bool
evenly_separated(const csf_personal_search *search, const digit_group *groups)
{
	int first = groups[0].start + groups[0].n, second = groups[1].start + groups[1].n;

	return groups[1].start == first + 1 && groups[2].start == second + 1 &&
		   csf_code_at(search, first) == csf_code_at(search, second);
}

/*
 * Year, month and day in three groups, or day, month and year, are a date, unless more digits follow behind the same
 * mark: 1990-12-3-45678.
 */
static bool
is_date(const csf_personal_search *search, const digit_group *groups, int n)
{
	int year, other, month;

	if (n < 3 || groups[1].n > 2 || !evenly_separated(search, groups) ||
		(n > 3 && csf_code_at(search, groups[0].start + groups[0].n) != ' ' &&
		 evenly_separated(search, groups + 1)))
		return false;
	if (groups[0].n == 4 && groups[2].n <= 2)
	{
		year = group_value(search, &groups[0]);
		other = group_value(search, &groups[2]);
	}
	else if (groups[0].n <= 2 && groups[2].n == 4)
	{
		year = group_value(search, &groups[2]);
		other = group_value(search, &groups[0]);
	}
	else
		return false;
	month = group_value(search, &groups[1]);
	return year >= 1900 && year <= 2099 && month >= 1 && month <= 31 && other >= 1 && other <= 31;
}

/*
 * How many groups a time of day takes, 18:30, 18:30:05 or 18:30:05.123; none where more digits follow behind a colon, as
 * in 13:12:34:56:78:1.
 */
static int
time_groups(const csf_personal_search *search, const digit_group *groups, int n)
{
	int used = 1;

	if (groups[0].n > 2 || group_value(search, &groups[0]) > 24)
		return 0;
	while (used < n && groups[used].start == groups[used - 1].start + groups[used - 1].n + 1 &&
		   csf_code_at(search, groups[used].start - 1) == ':')
	{
		if (used == 3 || groups[used].n != 2 || group_value(search, &groups[used]) > 60)
			return 0;
		used++;
	}
	if (used == 3 && n > 3 && groups[3].start == groups[2].start + 3 && groups[3].n <= 6 &&
		(csf_code_at(search, groups[3].start - 1) == '.' || csf_code_at(search, groups[3].start - 1) == ','))
		return 4;
	return used > 1 ? used : 0;
}

static bool
follows_unit(const csf_personal_search *search, int index)
{
	while (csf_code_at(search, index) == ' ')
		index++;
	return csf_word_at(search, index, "元") || csf_word_at(search, index, "块") ||
		   csf_word_at(search, index, "万") || csf_word_at(search, index, "美元") ||
		   csf_word_at(search, index, "yuan") || csf_word_at(search, index, "rmb") ||
		   csf_word_at(search, index, "cny");
}

/* How many groups from the first on make an amount of money: thousands apart, decimals, a currency before or after. */
static int
amount_groups(const csf_personal_search *search, const digit_group *groups, int n)
{
	int used = 1;
	bool thousands;

	while (used < n && used < MAX_THOUSANDS && groups[used].n == 3 && groups[0].n <= 3 &&
		   csf_code_at(search, groups[used].start - 1) == ',' &&
		   groups[used].start == groups[used - 1].start + groups[used - 1].n + 1)
		used++;
	thousands = used > 1;
	if (used < n && groups[used].n <= 2 && csf_code_at(search, groups[used].start - 1) == '.' &&
		groups[used].start == groups[used - 1].start + groups[used - 1].n + 1)
		used++;
	/* Without either it is a number like any other, and may be part of a longer one. */
	if (used == 1 || (!thousands && groups[0].n > 10))
		return 0;
	if (follows_unit(search, groups[used - 1].start + groups[used - 1].n) ||
		csf_labelled(search, groups[0].start, CURRENCY_LABELS, 3))
		return used;
	return 0;
}

static void
mark_skipped(const csf_personal_search *search, digit_group *groups, int n)
{
	for (int i = 0; i < n;)
	{
		int used = is_date(search, &groups[i], n - i) ? 3 : time_groups(search, &groups[i], n - i);

		if (used == 0)
			used = amount_groups(search, &groups[i], n - i);
		for (int j = 0; j < used; j++)
			groups[i + j].skip = true;
		i += used > 0 ? used : 1;
	}
}

static bool
luhn(const number *candidate)
{
	int sum = 0;

	for (int i = 0; i < candidate->n; i++)
	{
		int digit = candidate->digits[candidate->n - 1 - i];

		if (i % 2 == 1)
			digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return sum % 10 == 0;
}

static int
digits_value(const number *candidate, int from, int n)
{
	int value = 0;

	for (int i = from; i < from + n; i++)
		value = value * 10 + candidate->digits[i];
	return value;
}

static bool
is_birthday(int year, int month, int day)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return year >= 1850 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

/* The first two digits of an identity number: a province. */
static bool
is_province(int code)
{
	return (code >= 11 && code <= 15) || (code >= 21 && code <= 23) || (code >= 31 && code <= 37) ||
		   (code >= 41 && code <= 46) || (code >= 50 && code <= 54) || (code >= 61 && code <= 65) ||
		   code == 71 || (code >= 81 && code <= 83);
}

static bool
is_id_number(const number *candidate)
{
	static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1};
	int sum = 0;

	if (candidate->n != 18 || !is_province(digits_value(candidate, 0, 2)) ||
		!is_birthday(digits_value(candidate, 6, 4), digits_value(candidate, 10, 2),
					 digits_value(candidate, 12, 2)))
		return false;
	for (int i = 0; i < 18; i++)
		sum += weights[i] * candidate->digits[i];
	return sum % 11 == 1;
}

/* Whether what stands before a number says that it is that of an order. */
static bool
follows_order(const csf_personal_search *search, int index)
{
	int label = index;
	uint32 before;

	if (csf_labelled(search, index, ORDER_LABELS, 3))
		return true;
	if (!csf_labelled(search, index, NUMBER_LABELS, 3))
		return false;
	while (!csf_is_han(csf_code_at(search, label - 1)) && !csf_is_letter(csf_code_at(search, label - 1)))
		label--;
	label -= NUMBER_LABEL_LENGTH;
	before = csf_code_at(search, csf_code_at(search, label - 1) == ' ' ? label - 2 : label - 1);
	return (!csf_is_han(before) && !csf_is_letter(before)) || csf_labelled(search, label, NUMBERED_ORDERS, 1);
}

/* Orders are numbered with their date too: the old form without a checksum is none behind a word or letters for one. */
static bool
is_old_id_number(const csf_personal_search *search, const number *candidate)
{
	return candidate->n == 15 && candidate->gap <= MAX_GAP_UNCHECKED && candidate->digits[14] < 10 &&
		   is_province(digits_value(candidate, 0, 2)) &&
		   is_birthday(1900 + digits_value(candidate, 6, 2), digits_value(candidate, 8, 2),
					   digits_value(candidate, 10, 2)) &&
		   !csf_is_letter(csf_code_at(search, candidate->start - 1)) &&
		   !follows_order(search, candidate->start);
}

/* Luhn alone would take one order number in ten; the issuer's first digits and what stands before decide too. */
static bool
is_bank_card(const csf_personal_search *search, const number *candidate)
{
	int two = digits_value(candidate, 0, 2), four = digits_value(candidate, 0, 4);

	if (candidate->n < 13 || candidate->n > 19 || !luhn(candidate))
		return false;
	if (csf_is_letter(csf_code_at(search, candidate->start - 1)) || follows_order(search, candidate->start))
		return false;
	if (candidate->n == 15)
		return two == 34 || two == 37;
	return candidate->digits[0] == 4 || (two >= 51 && two <= 55) || (four >= 2221 && four <= 2720) ||
		   two == 62 || two == 60 || two == 65 || two == 68 || two == 69 || two == 35 || two == 81 ||
		   two == 94 || two == 95;
}

static bool
is_imei(const csf_personal_search *search, const number *candidate)
{
	int two = digits_value(candidate, 0, 2);

	return candidate->n == 15 && luhn(candidate) &&
		   (two == 35 || two == 86 || two == 99 ||
			csf_labelled(search, candidate->start, "imei 设备号 串号", 3));
}

/* Whether letters after a word for an order begin the number: 运单号 YT… */
static bool
continues_order(const csf_personal_search *search, int index)
{
	int letters = 0;

	while (letters < 4 && csf_is_letter(csf_code_at(search, index - letters - 1)))
		letters++;
	return letters > 0 && follows_order(search, index - letters);
}

/* With or without 86, 0086 or a trunk 0 before it. */
static bool
is_mobile(const csf_personal_search *search, const number *candidate)
{
	int from = candidate->n - 11;

	if (from < 0 || candidate->digits[from] != 1 || candidate->digits[from + 1] < 3)
		return false;
	if (csf_is_letter(csf_code_at(search, candidate->start - 1)) &&
		csf_is_letter(csf_code_at(search, candidate->end + 1)))
		return false;
	if (continues_order(search, candidate->start))
		return false;
	return from == 0 || (from == 1 && candidate->digits[0] == 0) ||
		   (from == 2 && digits_value(candidate, 0, 2) == 86) ||
		   (from == 4 && digits_value(candidate, 0, 4) == 86);
}

/* +86 10 12345678: the country, perhaps a trunk 0 that is not dialled from abroad, the area code and the number. */
static bool
is_landline_from_abroad(const csf_personal_search *search, const number *candidate)
{
	int from = candidate->digits[0] == 0 ? 4 : 2;
	int n;

	if (candidate->n < from + 10 || digits_value(candidate, 0, from) != 86 ||
		(from == 2 && csf_code_at(search, candidate->start - 1) != '+' &&
		 digit_at(search, candidate->start + 2) >= 0))
		return false;
	if (candidate->digits[from] == 0)
		from++;
	n = candidate->n - from;
	if (digits_value(candidate, from, 2) == 10 || candidate->digits[from] == 2)
		return n == 10;
	return candidate->digits[from] >= 3 && (n == 10 || n == 11);
}

/* A telephone anywhere in the world, as +852 9123 4567: a plus sign that adds nothing up, and 10 to 15 digits. */
static bool
is_international(const csf_personal_search *search, const number *candidate)
{
	uint32 before = csf_code_at(search, candidate->start - 2);

	return csf_code_at(search, candidate->start - 1) == '+' && candidate->digits[0] > 0 &&
		   candidate->n <= 15 && before != '+' && !csf_is_letter(before) && csf_digit_value(before) < 0 &&
		   !follows_unit(search, candidate->end + 1);
}

/* An area code and seven or eight digits; ten digits from 09 are a mobile of Taiwan. */
static bool
is_landline(const csf_personal_search *search, const number *candidate)
{
	if (is_landline_from_abroad(search, candidate))
		return true;
	if (candidate->digits[0] != 0 || candidate->gap > MAX_GAP_UNCHECKED ||
		csf_is_letter(csf_code_at(search, candidate->start - 1)) || follows_order(search, candidate->start))
		return false;
	if (candidate->digits[1] == 9 && candidate->n == 10)
		return true;
	if ((candidate->digits[1] == 1 && candidate->digits[2] == 0) || candidate->digits[1] == 2)
		return candidate->n == 11;
	return candidate->digits[1] >= 3 && (candidate->n == 11 || candidate->n == 12);
}

static bool
judge_number(const csf_personal_search *search, const number *candidate, csf_personal_kind *kind)
{
	/* A checksum is worth more than the look of a birthday written with dashes. */
	if (is_id_number(candidate) || (!candidate->skip && is_old_id_number(search, candidate)))
		*kind = CSF_PERSONAL_ID_NUMBER;
	else if (candidate->skip || candidate->digits[candidate->n - 1] > 9)
		return false;
	else if (is_mobile(search, candidate))
		*kind = CSF_PERSONAL_MOBILE;
	else if (is_bank_card(search, candidate))
		*kind = CSF_PERSONAL_BANK_CARD;
	else if (is_imei(search, candidate))
		*kind = CSF_PERSONAL_DEVICE_ID;
	else if (is_landline(search, candidate))
		*kind = CSF_PERSONAL_LANDLINE;
	else if (is_international(search, candidate))
		*kind = CSF_PERSONAL_MOBILE;
	else
		return false;
	return true;
}

static bool
append_group(const csf_personal_search *search, const digit_group *group, number *candidate)
{
	if (candidate->n + group->n > MAX_DIGITS)
		return false;
	if (candidate->n > 0 && group->start - candidate->end - 1 > candidate->gap)
		candidate->gap = group->start - candidate->end - 1;
	candidate->skip = candidate->skip || group->skip;
	for (int i = 0; i < group->n; i++)
		candidate->digits[candidate->n++] = digit_at(search, group->start + i);
	candidate->end = group->start + group->n - 1;
	return true;
}

/* An X after 17 digits, perhaps behind a separator, completes an identity number. */
static bool
append_check_letter(const csf_personal_search *search, number *candidate)
{
	int at = candidate->end + 1;

	if (candidate->n != 17)
		return false;
	while (at - candidate->end <= MAX_SEPARATORS && is_separator(csf_code_at(search, at)))
		at++;
	if (csf_code_at(search, at) != 'x' || csf_is_word_character(csf_code_at(search, at + 1)))
		return false;
	candidate->digits[candidate->n++] = 10;
	candidate->end = at;
	return true;
}

/* Where a find begins, with a plus sign and the opening bracket whose closing one it contains: (+86) 10 12345678. */
static int
with_bracket(const csf_personal_search *search, const csf_personal_find *find)
{
	int start = csf_code_at(search, find->start - 1) == '+' ? find->start - 1 : find->start;

	if (csf_code_at(search, start - 1) == '(')
		for (int i = find->start; i <= find->end; i++)
			if (csf_code_at(search, i) == ')')
				return start - 1;
	return start;
}

/* The last code point of a landline with the extension behind it: -801, 转801, 转分机 801, ext. 801. */
static int
with_extension(const csf_personal_search *search, const csf_personal_find *find)
{
	static const char *const words[] = {"转分机", "转接", "转", "分机", "extension", "ext", "x", "-", "#"};
	int at = find->end + 1, digits = 0;

	if (find->kind != CSF_PERSONAL_LANDLINE)
		return find->end;
	while (csf_code_at(search, at) == ' ' || csf_code_at(search, at) == ',' || csf_code_at(search, at) == '(')
		at++;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (csf_word_at(search, at, words[i]))
		{
			for (const char *byte = words[i]; *byte != '\0'; byte++)
				at += (*byte & 0xC0) != 0x80;
			while (csf_code_at(search, at) == ' ' || csf_code_at(search, at) == '.' ||
				   csf_code_at(search, at) == ':')
				at++;
			while (digits <= MAX_EXTENSION && digit_at(search, at + digits) >= 0)
				digits++;
			break;
		}
	return digits > 0 && digits <= MAX_EXTENSION ? at + digits - 1 : find->end;
}

/* The number that begins with the first group, the longest if there are several; returns how many groups it takes. */
static int
find_number(csf_personal_search *search, const digit_group *groups, int n)
{
	number candidate = {.n = 0, .start = groups[0].start, .skip = false, .gap = 0};
	csf_personal_find found = {0, 0, 0};
	int used = 0;

	for (int i = 0; i < n && append_group(search, &groups[i], &candidate); i++)
	{
		number with_letter = candidate;
		csf_personal_kind kind;

		if (append_check_letter(search, &with_letter) && judge_number(search, &with_letter, &kind))
		{
			found = (csf_personal_find){kind, with_letter.start, with_letter.end};
			used = i + 1;
		}
		else if (candidate.n >= 10 && judge_number(search, &candidate, &kind))
		{
			found = (csf_personal_find){kind, candidate.start, candidate.end};
			used = i + 1;
		}
	}
	if (used > 0)
		csf_personal_add(search, found.kind, with_bracket(search, &found), with_extension(search, &found));
	return used;
}

static void
search_run(csf_personal_search *search, digit_group *groups, int n)
{
	mark_skipped(search, groups, n);
	for (int i = 0; i < n;)
	{
		int used = find_number(search, &groups[i], n - i);

		i += used > 0 ? used : 1;
	}
}

/* Whether two digits are written alike: both Arabic or both Chinese. */
static bool
same_script(uint32 a, uint32 b)
{
	return csf_is_digit(a) == csf_is_digit(b);
}

void
csf_search_numbers(csf_personal_search *search)
{
	const csf_folded *text = search->text;
	int capacity = 16;
	digit_group *groups = csf_alloc(capacity * sizeof(digit_group));
	int n = 0;
	int separators = 0;

	for (int i = 0; i < text->n; i++)
	{
		uint32 code = text->code[i];

		if (i % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
		if (csf_digit_value(code) < 0)
		{
			if (n > 0 && (!is_separator(code) || ++separators > MAX_SEPARATORS))
			{
				search_run(search, groups, n);
				n = 0;
			}
			continue;
		}
		if (n > 0 && separators == 0 && same_script(code, text->code[i - 1]))
		{
			groups[n - 1].n++;
			continue;
		}
		separators = 0;
		if (n == capacity)
		{
			capacity *= 2;
			groups = csf_realloc(groups, capacity * sizeof(digit_group));
		}
		groups[n++] = (digit_group){i, 1, false};
	}
	search_run(search, groups, n);
	csf_free(groups);
}
