/*
 * attainment.c
 *		Counting, printing and reading targets by clock.
 */
#include "kernel/attainment.h"

static int
compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

csf_attainment_entry *
csf_attainment_look_up(const csf_attainment *value, const char *name, size_t length, bool *found)
{
	csf_attainment_entry *entry = csf_attainment_first(value);

	*found = false;
	for (int32 i = 0; i < value->clocks; i++, entry = csf_attainment_next(entry))
	{
		int order = compare_names(entry->name, (size_t) entry->length, name, length);

		*found = order == 0;
		if (order >= 0)
			break;
	}
	return entry;
}

csf_attainment_result
csf_attainment_add(csf_attainment *value, const char *name, size_t length,
				   const csf_attainment_counts *counts)
{
	bool found;
	csf_attainment_entry *entry = csf_attainment_look_up(value, name, length, &found);

	if (!found)
		return value->clocks >= CSF_ATTAINMENT_CLOCKS_MAX || length > CSF_ATTAINMENT_NAME_MAX
				   ? CSF_ATTAINMENT_TOO_MANY
				   : CSF_ATTAINMENT_ABSENT;
	if (counts->total > INT64_MAX - entry->counts.total ||
		counts->open_breached > INT64_MAX - entry->counts.open_breached)
		return CSF_ATTAINMENT_OVERFLOW;
	entry->counts.met += counts->met;
	entry->counts.total += counts->total;
	entry->counts.open_breached += counts->open_breached;
	return CSF_ATTAINMENT_DONE;
}

void
csf_attainment_insert(csf_attainment *larger, const csf_attainment *value, size_t size, const char *name,
					  size_t length, const csf_attainment_counts *counts)
{
	bool found;
	size_t before = (size_t) ((char *) csf_attainment_look_up(value, name, length, &found) - (char *) value);
	size_t added = csf_attainment_entry_size(length);
	csf_attainment_entry *entry = (csf_attainment_entry *) ((char *) larger + before);

	memcpy(larger, value, before);
	memcpy((char *) larger + before + added, (const char *) value + before, size - before);
	memset(entry, 0, added);
	entry->counts = *counts;
	entry->length = (int32) length;
	memcpy(entry->name, name, length);
	larger->clocks++;
}

bool
csf_attainment_possible(const csf_attainment_counts *counts)
{
	return counts->met >= 0 && counts->met <= counts->total && counts->open_breached >= 0 &&
		   (counts->total > 0 || counts->open_breached > 0);
}

bool
csf_attainment_check(const csf_attainment *value, size_t size)
{
	const csf_attainment_entry *entry = csf_attainment_first(value);
	const csf_attainment_entry *last = NULL;
	size_t left = size - CSF_ATTAINMENT_EMPTY_SIZE;

	if (size < CSF_ATTAINMENT_EMPTY_SIZE || value->clocks < 0 || value->clocks > CSF_ATTAINMENT_CLOCKS_MAX)
		return false;
	for (int32 i = 0; i < value->clocks; i++)
	{
		if (left < csf_attainment_entry_size(0) || entry->length < 0 ||
			entry->length > CSF_ATTAINMENT_NAME_MAX ||
			left < csf_attainment_entry_size((size_t) entry->length) ||
			!csf_attainment_possible(&entry->counts) ||
			(last != NULL &&
			 compare_names(last->name, (size_t) last->length, entry->name, (size_t) entry->length) >= 0))
			return false;
		left -= csf_attainment_entry_size((size_t) entry->length);
		last = entry;
		entry = csf_attainment_next(entry);
	}
	return left == 0;
}

/* -- Text: "CLOCK":MET/TOTAL, with +OPEN_BREACHED where there are any, commas between, a quote in a name doubled ------ */

#define COUNTS_TEXT 64

char *
csf_attainment_print(const csf_attainment *value)
{
	const csf_attainment_entry *entry = csf_attainment_first(value);
	size_t size = 1;
	size_t at = 0;
	char *text;

	for (int32 i = 0; i < value->clocks; i++, entry = csf_attainment_next(entry))
		size += 2 * (size_t) entry->length + 4 + COUNTS_TEXT;
	text = csf_alloc(size);
	entry = csf_attainment_first(value);
	for (int32 i = 0; i < value->clocks; i++, entry = csf_attainment_next(entry))
	{
		if (i > 0)
			text[at++] = ',';
		text[at++] = '"';
		for (int32 j = 0; j < entry->length; j++)
		{
			if (entry->name[j] == '"')
				text[at++] = '"';
			text[at++] = entry->name[j];
		}
		at += (size_t) sprintf(text + at, "\":%lld/%lld", (long long) entry->counts.met,
							   (long long) entry->counts.total);
		if (entry->counts.open_breached > 0)
			at += (size_t) sprintf(text + at, "+%lld", (long long) entry->counts.open_breached);
	}
	text[at] = '\0';
	return text;
}

static bool
read_count(const char **at, int64 *number)
{
	const char *start = *at;

	*number = 0;
	while (**at >= '0' && **at <= '9')
	{
		int digit = *(*at)++ - '0';

		if (*number > (INT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return *at > start;
}

/* One entry; name has room for the rest of the text. */
static bool
read_entry(const char **at, char *name, size_t *length, csf_attainment_counts *counts)
{
	*length = 0;
	counts->open_breached = 0;
	if (*(*at)++ != '"')
		return false;
	for (; **at != '\0'; (*at)++)
	{
		if (**at == '"' && *++(*at) != '"')
			break;
		name[(*length)++] = **at;
	}
	if (**at != ':' || ((*at)++, !read_count(at, &counts->met)) || **at != '/' ||
		((*at)++, !read_count(at, &counts->total)))
		return false;
	if (**at == '+' && ((*at)++, !read_count(at, &counts->open_breached) || counts->open_breached == 0))
		return false;
	return csf_attainment_possible(counts) && (**at == ',' || **at == '\0');
}

static csf_attainment *
refuse(csf_fault *fault, csf_attainment *value, char *name, const char *detail)
{
	fault->position = -1;
	snprintf(fault->message, sizeof(fault->message), "invalid attainment");
	snprintf(fault->detail, sizeof(fault->detail), "%s", detail);
	fault->hint[0] = '\0';
	csf_free(value);
	csf_free(name);
	return NULL;
}

csf_attainment *
csf_attainment_parse(const char *text, size_t *size, csf_fault *fault)
{
	char *name = csf_alloc(strlen(text) + 1);
	csf_attainment *value = csf_alloc_zero(CSF_ATTAINMENT_EMPTY_SIZE);
	const char *at = text;

	*size = CSF_ATTAINMENT_EMPTY_SIZE;
	for (;;)
	{
		csf_attainment_counts counts;
		csf_attainment *larger;
		size_t length;
		bool found;

		if (!read_entry(&at, name, &length, &counts) ||
			(csf_attainment_look_up(value, name, length, &found), found))
			return refuse(
				fault, value, name,
				"The form is \"CLOCK\":MET/TOTAL, or \"CLOCK\":MET/TOTAL+OPEN_BREACHED, with commas "
				"between, each clock once, MET at most TOTAL.");
		if (csf_attainment_add(value, name, length, &counts) != CSF_ATTAINMENT_ABSENT)
			return refuse(fault, value, name, "There are too many clocks, or a name is too long.");
		larger = csf_alloc(*size + csf_attainment_entry_size(length));
		csf_attainment_insert(larger, value, *size, name, length, &counts);
		*size += csf_attainment_entry_size(length);
		csf_free(value);
		value = larger;
		if (*at++ == '\0')
			break;
	}
	csf_free(name);
	return value;
}
