/*
 * priority.c
 *		See priority.h.
 */
#include "kernel/priority.h"

#include "kernel/utf8.h"

/* Longer than every accepted form once it is normalised. */
#define FORM_BYTES 16

typedef struct priority_form
{
	const char *form;
	csf_priority priority;
} priority_form;

/* Written as normalise() leaves them: lower case, simplified characters, no suffix. */
static const priority_form forms[] = {
	{"e", CSF_PRIORITY_E},  {"紧急", CSF_PRIORITY_E}, {"urgent", CSF_PRIORITY_E}, {"a", CSF_PRIORITY_A},
	{"高", CSF_PRIORITY_A}, {"高优", CSF_PRIORITY_A}, {"high", CSF_PRIORITY_A},   {"b", CSF_PRIORITY_B},
	{"中", CSF_PRIORITY_B}, {"中优", CSF_PRIORITY_B}, {"medium", CSF_PRIORITY_B}, {"c", CSF_PRIORITY_C},
	{"低", CSF_PRIORITY_C}, {"低优", CSF_PRIORITY_C}, {"low", CSF_PRIORITY_C},
};

/* One character in the writing of the table above, or 0 when no form contains it. */
static uint32
normalise(uint32 code)
{
	if (code >= 0xFF01 && code <= 0xFF5E) /* full-width forms of ASCII */
		code -= 0xFF01 - '!';
	if (code >= 'A' && code <= 'Z')
		return code - 'A' + 'a';
	if (code >= 'a' && code <= 'z')
		return code;
	switch (code)
	{
		case 0x7DCA: /* 緊 */
			return 0x7D27;
		case 0x512A: /* 優 */
			return 0x4F18;
		case 0x7D1A: /* 級 */
			return 0x7EA7;
		case 0x7D27: /* 紧 */
		case 0x6025: /* 急 */
		case 0x9AD8: /* 高 */
		case 0x4E2D: /* 中 */
		case 0x4F4E: /* 低 */
		case 0x4F18: /* 优 */
		case 0x7EA7: /* 级 */
			return code;
		default:
			return 0;
	}
}

/* Writes the normalised text; false when it can be no form. Every normalised character takes one byte or three. */
static bool
normalise_text(const char *text, size_t length, char *form, size_t *form_length)
{
	size_t used = 0;

	while (length > 0)
	{
		uint32 code;
		size_t size = csf_utf8_decode(text, length, &code);

		code = normalise(code);
		if (code == 0 || used + 3 > FORM_BYTES)
			return false;
		if (code < 0x80)
			form[used++] = (char) code;
		else
		{
			form[used++] = (char) (0xE0 | (code >> 12));
			form[used++] = (char) (0x80 | ((code >> 6) & 0x3F));
			form[used++] = (char) (0x80 | (code & 0x3F));
		}
		text += size;
		length -= size;
	}
	*form_length = used;
	return true;
}

bool
csf_priority_parse(const char *text, size_t length, csf_priority *priority)
{
	static const char suffix[] = "级";
	const size_t suffix_length = sizeof(suffix) - 1;
	char form[FORM_BYTES];
	size_t form_length;
	bool suffixed;

	csf_utf8_trim(&text, &length);
	if (!normalise_text(text, length, form, &form_length))
		return false;
	suffixed =
		form_length > suffix_length && memcmp(form + form_length - suffix_length, suffix, suffix_length) == 0;
	if (suffixed)
		form_length -= suffix_length;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
	{
		bool english_word = forms[i].form[0] < 0x7F && forms[i].form[0] > 0 && forms[i].form[1] != '\0';

		if (strlen(forms[i].form) == form_length && memcmp(forms[i].form, form, form_length) == 0 &&
			!(suffixed && english_word))
		{
			*priority = forms[i].priority;
			return true;
		}
	}
	return false;
}

char
csf_priority_letter(csf_priority priority)
{
	return "?CBAE"[priority];
}

const char *
csf_priority_caption(csf_priority priority, csf_language language)
{
	static const char *const captions[2][5] = {{"", "低", "中", "高", "紧急"},
											   {"", "low", "medium", "high", "urgent"}};

	return captions[language][priority];
}

csf_priority
csf_priority_raise(csf_priority priority, int64 levels)
{
	int64 most = CSF_PRIORITY_GREATEST - CSF_PRIORITY_LEAST;
	int64 rank;

	/* Beyond the whole scale more levels change nothing; bounding them first keeps the sum from overflowing. */
	if (levels > most)
		levels = most;
	if (levels < -most)
		levels = -most;
	rank = (int64) priority + levels;
	if (rank < CSF_PRIORITY_LEAST)
		return CSF_PRIORITY_LEAST;
	if (rank > CSF_PRIORITY_GREATEST)
		return CSF_PRIORITY_GREATEST;
	return (csf_priority) rank;
}
