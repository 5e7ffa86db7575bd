/*
 * tag.c
 *		See tag.h.
 */
#include "kernel/tag.h"

#include <stdio.h>

#include "kernel/utf8.h"

#define PARTS 3

/* No character, hence refused in parts; as a domain it sorts behind every other. */
#define LAST_DOMAIN "\xF4\x8F\xBF\xBF"
#define LAST_CODE 0x10FFFF

typedef struct span
{
	const char *start;
	size_t length;
} span;

static bool
fail(csf_fault *fault, const char *hint, const char *format, const char *part)
{
	fault->position = -1;
	snprintf(fault->message, sizeof(fault->message), "invalid tag");
	snprintf(fault->detail, sizeof(fault->detail), format, part);
	snprintf(fault->hint, sizeof(fault->hint), "%s", hint);
	return false;
}

/*
 * The number of bytes of the separator at text, or 0. Chinese keyboards type the dash as two em dashes, which are one
 * separator.
 */
static size_t
separator_length(const char *text, size_t length)
{
	static const char em_dash[] = "\xE2\x80\x94";

	if (length >= 1 && *text == '-')
		return 1;
	if (length >= 6 && memcmp(text, em_dash, 3) == 0 && memcmp(text + 3, em_dash, 3) == 0)
		return 6;
	if (length >= 3 && (memcmp(text, em_dash, 3) == 0 || memcmp(text, "\xE2\x80\x93", 3) == 0 || /* en dash */
						memcmp(text, "\xEF\xBC\x8D", 3) == 0)) /* full-width */
		return 3;
	return 0;
}

/* Cuts text at its separators into trimmed parts and returns their number, at most PARTS + 1. */
static int
split(const char *text, size_t length, span *parts)
{
	int count = 0;
	size_t start = 0;
	size_t i = 0;

	while (count <= PARTS)
	{
		size_t separator = i < length ? separator_length(text + i, length - i) : 0;

		if (i < length && separator == 0)
		{
			i++;
			continue;
		}
		if (count == PARTS)
			return PARTS + 1;
		parts[count].start = text + start;
		parts[count].length = i - start;
		csf_utf8_trim(&parts[count].start, &parts[count].length);
		count++;
		if (i == length)
			break;
		i += separator;
		start = i;
	}
	return count;
}

/* Characters that are not seen, or change how others are seen, would let different tags look the same. */
static bool
is_invisible(uint32 code)
{
	return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x200B && code <= 0x200F) ||
		   (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

static bool
check_part(const char *name, const char *text, size_t length, csf_fault *fault)
{
	int characters = 0;

	if (length == 0)
		return fail(fault, "Write all three parts, kind-domain-priority.", "The %s is empty.", name);
	for (size_t i = 0; i < length;)
	{
		uint32 code;
		size_t size = csf_utf8_decode(text + i, length - i, &code);

		if (code == CSF_UTF8_INVALID || code == LAST_CODE)
			return fail(fault, "", "The %s contains something that is no character.", name);
		if (is_invisible(code))
			return fail(fault, "Remove it: tags are compared character by character.",
						"The %s contains a control character or an invisible one.", name);
		if (code == '*' || code == 0xFF0A)
			return fail(fault, "An asterisk stands for any value in searches only.",
						"The %s contains an asterisk.", name);
		if (separator_length(text + i, length - i) > 0)
			return fail(fault, "A dash separates the parts of a tag and cannot be inside one.",
						"The %s contains a dash.", name);
		if (++characters > CSF_TAG_PART_CHARS)
			return fail(fault, "", "The %s is longer than 64 characters.", name);
		i += size;
	}
	return true;
}

bool
csf_tag_check(csf_tag_parts *parts, csf_fault *fault)
{
	csf_utf8_trim(&parts->kind, &parts->kind_length);
	csf_utf8_trim(&parts->domain, &parts->domain_length);
	if (!csf_priority_valid(parts->priority))
		return fail(fault, "", "The %s is none of E, A, B and C.", "priority");
	return check_part("kind", parts->kind, parts->kind_length, fault) &&
		   check_part("domain", parts->domain, parts->domain_length, fault);
}

static bool
parse_priority(span part, csf_priority *priority, csf_fault *fault)
{
	if (part.length == 0)
		return fail(fault, "Write all three parts, kind-domain-priority.", "The %s is empty.", "priority");
	if (!csf_priority_parse(part.start, part.length, priority))
		return fail(fault, "Write E, A, B or C, or another form that the type priority reads.",
					"The last part is no %s.", "priority");
	return true;
}

bool
csf_tag_parse(const char *text, size_t length, csf_tag_parts *parts, csf_fault *fault)
{
	span split_parts[PARTS];
	int count = split(text, length, split_parts);

	if (count != PARTS)
		return fail(fault, "Write kind-domain-priority; kind and domain contain no dash.",
					"A tag has %s parts.", "three");
	parts->kind = split_parts[0].start;
	parts->kind_length = split_parts[0].length;
	parts->domain = split_parts[1].start;
	parts->domain_length = split_parts[1].length;
	return check_part("kind", parts->kind, parts->kind_length, fault) &&
		   check_part("domain", parts->domain, parts->domain_length, fault) &&
		   parse_priority(split_parts[2], &parts->priority, fault);
}

/* Whether a part of a pattern is left open. */
static bool
is_open(span part)
{
	return (part.length == 1 && *part.start == '*') ||
		   (part.length == 3 && memcmp(part.start, "\xEF\xBC\x8A", 3) == 0);
}

bool
csf_tag_parse_pattern(const char *text, size_t length, csf_tag_parts *pattern, csf_fault *fault)
{
	span part[PARTS];
	int count = split(text, length, part);

	memset(pattern, 0, sizeof(*pattern));
	if (count > PARTS)
		return fail(fault, "Write kind-domain-priority, with * for a part that may be anything.",
					"A search has at most %s parts.", "three");
	if (!is_open(part[0]))
	{
		if (!check_part("kind", part[0].start, part[0].length, fault))
			return false;
		pattern->kind = part[0].start;
		pattern->kind_length = part[0].length;
	}
	if (count > 1 && !is_open(part[1]))
	{
		if (!check_part("domain", part[1].start, part[1].length, fault))
			return false;
		pattern->domain = part[1].start;
		pattern->domain_length = part[1].length;
	}
	if (count > 2 && !is_open(part[2]))
		return parse_priority(part[2], &pattern->priority, fault);
	return true;
}

size_t
csf_tag_pack(const csf_tag_parts *parts, char *stored)
{
	char *end = stored;

	memcpy(end, parts->kind, parts->kind_length);
	end += parts->kind_length;
	*end++ = '\0';
	memcpy(end, parts->domain, parts->domain_length);
	end += parts->domain_length;
	*end++ = '\0';
	*end++ = (char) parts->priority;
	return (size_t) (end - stored);
}

void
csf_tag_unpack(const char *stored, size_t length, csf_tag_parts *parts)
{
	parts->kind = stored;
	parts->kind_length = strlen(stored);
	parts->domain = stored + parts->kind_length + 1;
	parts->domain_length = length - parts->kind_length - 3;
	parts->priority = (csf_priority) stored[length - 1];
}

int
csf_tag_compare(const char *left, size_t left_length, const char *right, size_t right_length)
{
	int order = memcmp(left, right, left_length < right_length ? left_length : right_length);

	return order != 0 ? order : (left_length > right_length) - (left_length < right_length);
}

size_t
csf_tag_print(const csf_tag_parts *parts, bool suffix, char *text)
{
	char *end = text;

	memcpy(end, parts->kind, parts->kind_length);
	end += parts->kind_length;
	*end++ = '-';
	if (parts->domain_length == strlen(LAST_DOMAIN) &&
		memcmp(parts->domain, LAST_DOMAIN, strlen(LAST_DOMAIN)) == 0)
		*end++ = '*';
	else
	{
		memcpy(end, parts->domain, parts->domain_length);
		end += parts->domain_length;
	}
	*end++ = '-';
	*end++ = csf_priority_letter(parts->priority);
	if (suffix)
	{
		memcpy(end, "级", 3);
		end += 3;
	}
	return (size_t) (end - text);
}

bool
csf_tag_matches(const csf_tag_parts *parts, const csf_tag_parts *pattern)
{
	if (pattern->priority != 0 && pattern->priority != parts->priority)
		return false;
	if (pattern->kind != NULL && (pattern->kind_length != parts->kind_length ||
								  memcmp(pattern->kind, parts->kind, parts->kind_length) != 0))
		return false;
	return pattern->domain == NULL || (pattern->domain_length == parts->domain_length &&
									   memcmp(pattern->domain, parts->domain, parts->domain_length) == 0);
}

bool
csf_tag_bounds(const csf_tag_parts *pattern, char *least, size_t *least_length, char *greatest,
			   size_t *greatest_length, bool *exact)
{
	csf_tag_parts bound = *pattern;
	bool priority_fixed = pattern->domain != NULL && pattern->priority != 0;

	if (pattern->kind == NULL)
		return false;
	if (pattern->domain == NULL)
	{
		bound.domain = "";
		bound.domain_length = 0;
	}
	bound.priority = priority_fixed ? pattern->priority : CSF_PRIORITY_LEAST;
	*least_length = csf_tag_pack(&bound, least);
	if (pattern->domain == NULL)
	{
		bound.domain = LAST_DOMAIN;
		bound.domain_length = strlen(LAST_DOMAIN);
	}
	bound.priority = priority_fixed ? pattern->priority : CSF_PRIORITY_GREATEST;
	*greatest_length = csf_tag_pack(&bound, greatest);
	*exact = pattern->domain != NULL || pattern->priority == 0;
	return true;
}
