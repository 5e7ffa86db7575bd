/*
 * types_fuzz.c
 *		Fuzzes the parsers of priority, tag and ticket_no, of states and signals, without a server: whatever is accepted has one
 *		canonical text that reads back equal, and the index bounds of a search enclose what it matches.
 */
#include "kernel/priority.h"
#include "kernel/state.h"
#include "kernel/tag.h"
#include "kernel/ticket_no.h"

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
check_ticket_no(const char *text, size_t length)
{
	char printed[CSF_TICKET_NO_TEXT_MAX];
	csf_ticket_no number;
	csf_ticket_no read_back;
	csf_fault fault;

	if (!csf_ticket_no_parse(text, length, &number, &fault))
		return;
	csf_ticket_no_print(number, printed);
	check(csf_ticket_no_parse(printed, strlen(printed), &read_back, &fault) && read_back == number);
}

static void
check_tag(const csf_tag_parts *parts)
{
	char stored[CSF_TAG_STORED_MAX];
	char again[CSF_TAG_STORED_MAX];
	char printed[CSF_TAG_TEXT_MAX];
	csf_tag_parts unpacked;
	csf_tag_parts read_back;
	csf_fault fault;
	size_t stored_length = csf_tag_pack(parts, stored);
	size_t printed_length;

	check(stored_length <= sizeof(stored));
	csf_tag_unpack(stored, stored_length, &unpacked);
	printed_length = csf_tag_print(&unpacked, true, printed);
	check(printed_length <= sizeof(printed));
	check(csf_tag_parse(printed, printed_length, &read_back, &fault));
	check(csf_tag_pack(&read_back, again) == stored_length && memcmp(stored, again, stored_length) == 0);
}

static void
check_search(const csf_tag_parts *parts, const csf_tag_parts *pattern)
{
	char stored[CSF_TAG_STORED_MAX];
	char least[CSF_TAG_STORED_MAX];
	char greatest[CSF_TAG_STORED_MAX];
	size_t stored_length = csf_tag_pack(parts, stored);
	size_t least_length;
	size_t greatest_length;
	bool exact;
	bool inside;
	bool matches = csf_tag_matches(parts, pattern);

	if (!csf_tag_bounds(pattern, least, &least_length, greatest, &greatest_length, &exact))
		return;
	inside = csf_tag_compare(least, least_length, stored, stored_length) <= 0 &&
			 csf_tag_compare(stored, stored_length, greatest, greatest_length) <= 0;
	check(inside || !matches);
	check(!exact || inside == matches);
}

/* Raised level by level it comes to the same, and stays at the last. */
static void
check_priority(csf_priority priority, int32 levels)
{
	csf_priority reached = priority;

	check(csf_priority_valid(priority));
	for (int32 i = 0; i < abs(levels); i++)
		reached = csf_priority_raise(reached, levels < 0 ? -1 : 1);
	check(csf_priority_valid(reached) && csf_priority_raise(priority, levels) == reached);
	for (int language = 0; language < 2; language++)
	{
		const char *caption = csf_priority_caption(priority, language);
		csf_priority read_back;

		check(csf_priority_parse(caption, strlen(caption), &read_back) && read_back == priority);
	}
}

static void
check_names(const char *text, size_t length)
{
	char name[CSF_SIGNAL_NAME_SIZE];
	char printed[CSF_SIGNAL_NAME_SIZE];
	int state = csf_state_parse(text, length);
	int signal;

	check(state < 0 ||
		  (strlen(csf_state_name(state)) == length && memcmp(csf_state_name(state), text, length) == 0));
	if (length >= sizeof(name))
		return;
	memcpy(name, text, length);
	name[length] = '\0';
	signal = csf_signal_parse(name);
	if (signal < 0)
		return;
	csf_signal_name(signal, printed);
	check(strcmp(name, printed) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a literal and, after a line feed, a search. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	const char *line_feed = size > 0 ? memchr(text, '\n', size) : NULL;
	size_t length = line_feed != NULL ? (size_t) (line_feed - text) : size;
	csf_priority priority;
	csf_tag_parts parts;
	csf_tag_parts pattern;
	csf_fault fault;
	bool searching =
		line_feed != NULL && csf_tag_parse_pattern(line_feed + 1, size - length - 1, &pattern, &fault);

	if (csf_priority_parse(text, length, &priority))
		check_priority(priority, (int32) size - 8);
	check_ticket_no(text, length);
	check_names(text, length);
	if (csf_tag_parse(text, length, &parts, &fault))
	{
		check_tag(&parts);
		if (searching)
			check_search(&parts, &pattern);
	}
	return 0;
}
