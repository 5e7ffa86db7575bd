/*
 * mask_network.c
 *		Personal data of networks: e-mail addresses, IP addresses of both kinds, MAC addresses and UUIDs of devices.
 */
#include "kernel/mask_search.h"

#define MAX_LOCAL_PART 64
#define MAX_DOMAIN 255
#define MAX_CHINESE_NAME 3
#define INTERRUPT_STRIDE 4096

static bool
is_hex(uint32 code)
{
	return csf_is_digit(code) || (code >= 'a' && code <= 'f');
}

static bool
is_alphanumeric(uint32 code)
{
	return csf_is_digit(code) || csf_is_letter(code);
}

static bool
is_closing(uint32 code)
{
	return code == ')' || code == ']' || code == '}';
}

static bool
is_opening(uint32 code)
{
	return code == '(' || code == '[' || code == '{';
}

static bool
is_dot(uint32 code)
{
	return code == '.' || code == 0x3002;
}

/* Whether the word begins or ends here as a word of its own, which the next or last code point shows. */
static bool
bounded(const csf_personal_search *search, int start, int end)
{
	return !csf_is_word_character(csf_code_at(search, start - 1)) &&
		   !csf_is_word_character(csf_code_at(search, end + 1));
}

/* -- E-mail ------------------------------------------------------------------------------------------------------- */

static bool
is_local_part(uint32 code)
{
	return is_alphanumeric(code) || code == '.' || code == '_' || code == '%' || code == '+' || code == '-';
}

static int
skip_space(const csf_personal_search *search, int index, int step)
{
	while (csf_code_at(search, index) == ' ')
		index += step;
	return index;
}

/* The length of an at sign, also spelt (at), [at], {at}, (@), [@], {@} or 艾特, or 0. */
static int
at_sign(const csf_personal_search *search, int index)
{
	int at = index + 1;

	switch (csf_code_at(search, index))
	{
		case '@':
			return 1;
		case 0x827E: /* 艾 */
			return csf_word_at(search, index, "艾特") ? 2 : 0;
		case '(':
		case '[':
		case '{':
			at += csf_code_at(search, at) == '@' ? 1 : csf_word_at(search, at, "at") ? 2 : 0;
			return at > index + 1 && is_closing(csf_code_at(search, at)) ? at + 1 - index : 0;
	}
	return 0;
}

/* The length of the dot in a domain, also spelt (dot), [dot], [.] or 点, with spaces around it where allowed; or 0. */
static int
domain_dot(const csf_personal_search *search, int index, bool spaces)
{
	int at = spaces ? skip_space(search, index, 1) : index;

	if (is_dot(csf_code_at(search, at)) || csf_code_at(search, at) == 0x70B9) /* 点 */
		at++;
	else if (is_opening(csf_code_at(search, at)))
	{
		at += csf_word_at(search, at + 1, "dot") ? 4 : is_dot(csf_code_at(search, at + 1)) ? 2 : 0;
		if (!is_closing(csf_code_at(search, at)))
			return 0;
		at++;
	}
	else
		return 0;
	if (spaces)
		at = skip_space(search, at, 1);
	return is_alphanumeric(csf_code_at(search, at)) ? at - index : 0;
}

/* Behind the label of a domain at index: letters and digits, with dashes only inside, also the two of xn--. */
static int
label_end(const csf_personal_search *search, int index)
{
	int end = index, dash;

	for (;;)
	{
		while (is_alphanumeric(csf_code_at(search, end)))
			end++;
		for (dash = end; csf_code_at(search, dash) == '-' && dash - end < 2; dash++)
			;
		if (dash == end || !is_alphanumeric(csf_code_at(search, dash)))
			return end;
		end = dash;
	}
}

/*
 * The last code point of a domain that begins at start, or -1. Only its first dot may have spaces around it. It ends
 * with a label that can be a top one: what follows a full stop may be the next sentence.
 */
static int
domain_end(const csf_personal_search *search, int start)
{
	int label = start, last = -1;

	for (int dots = 0; label - start < MAX_DOMAIN; dots++)
	{
		int end = label_end(search, label);
		int dot = end == label ? 0 : domain_dot(search, end, dots == 0);

		if (dots > 0 && end - label >= 2 && csf_is_letter(csf_code_at(search, label)))
			last = end - 1;
		if (dot == 0)
			break;
		label = end + dot;
	}
	return last;
}

/* Where the part before the at sign begins that is quoted, "a b"@…, or a Chinese name, or stop. */
static int
unusual_local_part(const csf_personal_search *search, int stop)
{
	int start = stop;

	if (csf_code_at(search, stop - 1) == '"')
	{
		for (start = stop - 2; stop - start <= MAX_LOCAL_PART; start--)
			if (csf_code_at(search, start) == '"')
				return start;
			else if (csf_code_at(search, start) == 0)
				break;
		return stop;
	}
	while (stop - start < MAX_CHINESE_NAME && csf_is_han(csf_code_at(search, start - 1)))
		start--;
	return start;
}

static void
search_email(csf_personal_search *search, int index)
{
	int sign = at_sign(search, index);
	int start = skip_space(search, index - 1, -1) + 1;
	int end, stop = start;

	while (stop - start < MAX_LOCAL_PART && is_local_part(csf_code_at(search, start - 1)))
		start--;
	while (start < stop && !is_alphanumeric(csf_code_at(search, start)))
		start++;
	if (start == stop)
		start = unusual_local_part(search, stop);
	if (start == stop)
		return;
	end = domain_end(search, skip_space(search, index + sign, 1));
	if (end >= 0)
		csf_personal_add(search, CSF_PERSONAL_EMAIL, start, end);
}

/* -- IP ----------------------------------------------------------------------------------------------------------- */

/* The end of a decimal number up to 255 that begins at index, or -1. */
static int
octet_end(const csf_personal_search *search, int index)
{
	int value = 0;
	int end = index;

	while (end - index < 3 && csf_is_digit(csf_code_at(search, end)))
		value = value * 10 + (int) (csf_code_at(search, end++) - '0');
	if (end == index || value > 255 || csf_is_digit(csf_code_at(search, end)))
		return -1;
	return end;
}

/*
 * The last code point of an IPv4 address that begins at start, or -1; single spaces around the dots are allowed, and
 * brackets: 192[.]168[.]1[.]1.
 */
static int
ipv4_end(const csf_personal_search *search, int start)
{
	int end = octet_end(search, start);

	for (int octets = 1; octets < 4 && end >= 0; octets++)
	{
		int dot = skip_space(search, end, 1);
		bool bracket = is_opening(csf_code_at(search, dot));

		dot += bracket;
		if (!is_dot(csf_code_at(search, dot)) || (bracket && !is_closing(csf_code_at(search, ++dot))))
			return -1;
		end = octet_end(search, skip_space(search, dot + 1, 1));
	}
	if (end < 0 || csf_is_letter(csf_code_at(search, end)) ||
		(is_dot(csf_code_at(search, end)) && csf_is_digit(csf_code_at(search, end + 1))))
		return -1;
	return end - 1;
}

/* 登录IP1.2.3.4: the word for an address, written together with it. */
static bool
follows_ip(const csf_personal_search *search, int index)
{
	return csf_word_at(search, index - 2, "ip") && !csf_is_word_character(csf_code_at(search, index - 3));
}

/*
 * Versions have the form of addresses: what follows a v or the word is none, nor is what goes on after a number and a
 * dot; a bracket before the dot may be that of a masked number.
 */
static void
search_ipv4(csf_personal_search *search, int index)
{
	uint32 before = csf_code_at(search, index - 1), before_dot = csf_code_at(search, index - 2);
	int end;

	if ((csf_is_word_character(before) && !follows_ip(search, index)) ||
		(is_dot(before) && (csf_is_digit(before_dot) || before_dot == ']')) ||
		csf_labelled(search, index, "版本 版本号 version ver ios android", 3))
		return;
	end = ipv4_end(search, index);
	if (end >= 0)
		csf_personal_add(search, CSF_PERSONAL_IP, index, end);
}

/*
 * The last code point of an IPv6 address that begins at start, or -1: eight groups, or fewer with one "::" and a digit
 * somewhere, so that a::b of a program is none; the last two groups may be an IPv4 address.
 */
static int
ipv6_end(const csf_personal_search *search, int start)
{
	int groups = 0, at = start;
	bool shortened = false, digit = false;

	while (groups < 8)
	{
		int from = at;
		int v4 = groups > 0 ? ipv4_end(search, at) : -1;

		if (v4 >= 0 && groups <= 6)
			return shortened || groups == 6 ? v4 : -1;
		while (at - from < 4 && is_hex(csf_code_at(search, at)))
			digit = csf_is_digit(csf_code_at(search, at++)) || digit;
		groups += at > from;
		if (csf_code_at(search, at) != ':')
			break;
		if (csf_code_at(search, at + 1) == ':')
		{
			if (shortened)
				return -1;
			shortened = true;
			at += 2;
			if (!is_hex(csf_code_at(search, at)))
				break;
		}
		else if (at == from || groups == 8)
			break;
		else
			at++;
	}
	if (csf_is_word_character(csf_code_at(search, at)) || csf_code_at(search, at) == ':')
		return -1;
	return digit && (groups == 8 || (shortened && groups >= 1 && groups <= 7)) ? at - 1 : -1;
}

/* -- Devices ------------------------------------------------------------------------------------------------------ */

/* The last code point of n groups of hexadecimal digits with a mark between, or -1. */
static int
hex_groups_end(const csf_personal_search *search, int start, const int *sizes, int n, uint32 mark)
{
	int at = start;

	for (int i = 0; i < n; i++)
	{
		if (i > 0 && csf_code_at(search, at++) != mark)
			return -1;
		for (int j = 0; j < sizes[i]; j++)
			if (!is_hex(csf_code_at(search, at++)))
				return -1;
	}
	return bounded(search, start, at - 1) && csf_code_at(search, at) != mark ? at - 1 : -1;
}

static void
search_device(csf_personal_search *search, int index)
{
	static const int mac[] = {2, 2, 2, 2, 2, 2};
	static const int uuid[] = {8, 4, 4, 4, 12};
	int end = hex_groups_end(search, index, mac, 6, ':');

	if (end < 0)
		end = hex_groups_end(search, index, mac, 6, '-');
	if (end < 0 && !csf_labelled(search, index, "订单号 单号 编号 流水号 order ticket", 3))
		end = hex_groups_end(search, index, uuid, 5, '-');
	if (end >= 0)
		csf_personal_add(search, CSF_PERSONAL_DEVICE_ID, index, end);
}

/* A word of at least eight letters and digits after a label that says it names a device. */
static void
search_labelled_device(csf_personal_search *search, int index)
{
	int end = index;

	if (!csf_labelled(search, index,
					  "设备号 设备编号 设备id 设备码 序列号 串号 imei meid idfa oaid udid deviceid", 4))
		return;
	while (is_alphanumeric(csf_code_at(search, end)) || csf_code_at(search, end) == '-' ||
		   csf_code_at(search, end) == '_')
		end++;
	if (end - index >= 8)
		csf_personal_add(search, CSF_PERSONAL_DEVICE_ID, index, end - 1);
}

void
csf_search_network(csf_personal_search *search)
{
	const csf_folded *text = search->text;

	for (int i = 0; i < text->n; i++)
	{
		uint32 code = text->code[i];
		bool begins_word = !csf_is_word_character(csf_code_at(search, i - 1));

		if (i % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
		if (code == '@' || is_opening(code) || code == 0x827E) /* 艾 */
		{
			if (at_sign(search, i) > 0)
				search_email(search, i);
		}
		else if ((begins_word && (is_hex(code) || code == ':')) ||
				 (csf_is_digit(code) && follows_ip(search, i)))
		{
			int end = csf_code_at(search, i - 1) == ':' ? -1 : ipv6_end(search, i);

			if (end >= 0)
				csf_personal_add(search, CSF_PERSONAL_IP, i, end);
			if (csf_is_digit(code))
				search_ipv4(search, i);
			search_device(search, i);
		}
		if (begins_word && is_alphanumeric(code))
			search_labelled_device(search, i);
	}
}
