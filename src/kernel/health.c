/*
 * health.c
 *		Working, packed and text form of the figures of a group of tickets.
 */
#include "kernel/health.h"
#include "kernel/varint.h"

const char *const csf_health_count_names[CSF_HEALTH_COUNTS] = {
	"tickets",  "transfer_total", "transferred",         "transfers",    "reopen_total",
	"reopened", "reopens",        "first_contact_total", "first_contact"};

const char *const csf_health_sketch_names[CSF_HEALTH_SKETCHES] = {
	"first_response",          "resolution",          "waiting",
	"first_response_business", "resolution_business", "waiting_business"};

size_t
csf_health_size(const csf_health *from, int which, csf_sketch_shape shape)
{
	size_t size = offsetof(csf_health, sketches);

	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
	{
		if (i == which)
			size += csf_sketch_size(shape);
		else if (from != NULL && from->offset[i] != 0)
			size += csf_sketch_size(csf_sketch_shape_of(csf_health_sketch_of(from, i)));
	}
	return size;
}

void
csf_health_copy(csf_health *to, const csf_health *from, int which, csf_sketch_shape shape)
{
	size_t at = offsetof(csf_health, sketches);

	memset(to, 0, at);
	if (from != NULL)
		memcpy(to->counts, from->counts, sizeof(to->counts));
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
	{
		const csf_sketch *have = from == NULL ? NULL : csf_health_sketch_of(from, i);
		csf_sketch *sketch = (csf_sketch *) ((char *) to + at);

		if (i == which)
		{
			csf_sketch_init(sketch, shape);
			if (have != NULL)
				csf_sketch_merge(sketch, have);
		}
		else if (have != NULL)
			memcpy(sketch, have, csf_sketch_size(csf_sketch_shape_of(have)));
		else
			continue;
		to->offset[i] = (uint32) at;
		at += csf_sketch_size(csf_sketch_shape_of(sketch));
	}
}

static size_t
put(uint8 *bytes, size_t at, uint64 value)
{
	return at + csf_varint_put(bytes == NULL ? NULL : bytes + at, value);
}

size_t
csf_health_pack(const csf_health *health, uint8 *bytes)
{
	size_t at = 0;

	for (int i = 0; i < CSF_HEALTH_COUNTS; i++)
		at = put(bytes, at, health->counts[i]);
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
	{
		const csf_sketch *sketch = csf_health_sketch_of(health, i);
		size_t length = sketch == NULL ? 0 : csf_sketch_pack(sketch, NULL);

		at = put(bytes, at, length);
		if (bytes != NULL && length > 0)
			csf_sketch_pack(sketch, bytes + at);
		at += length;
	}
	return at;
}

size_t
csf_health_pack_view(const csf_health_view *view, uint8 *bytes)
{
	size_t at = 0;

	for (int i = 0; i < CSF_HEALTH_COUNTS; i++)
		at = put(bytes, at, view->counts[i]);
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
	{
		at = put(bytes, at, view->length[i]);
		if (bytes != NULL && view->length[i] > 0)
			memcpy(bytes + at, view->sketch[i], view->length[i]);
		at += view->length[i];
	}
	return at;
}

bool
csf_health_open(const uint8 *bytes, size_t length, csf_health_view *view)
{
	const uint8 *at = bytes;
	const uint8 *end = bytes + length;

	for (int i = 0; i < CSF_HEALTH_COUNTS; i++)
		if (!csf_varint_get(&at, end, &view->counts[i]) || view->counts[i] > INT64_MAX)
			return false;
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
	{
		uint64 size;

		if (!csf_varint_get(&at, end, &size) || size > (uint64) (end - at))
			return false;
		view->sketch[i] = at;
		view->length[i] = (size_t) size;
		at += size;
	}
	return at == end;
}

static bool
refuse(csf_fault *fault, const char *format, const char *name)
{
	fault->position = -1;
	snprintf(fault->message, sizeof(fault->message), "invalid health");
	snprintf(fault->detail, sizeof(fault->detail), format, name);
	fault->hint[0] = '\0';
	return false;
}

/* A part is not more than its whole, and what happened to a ticket at least once happened at least that often. */
static bool
check_counts(const csf_health_view *view, csf_fault *fault)
{
	const uint64 *counts = view->counts;

	if (counts[CSF_HEALTH_TRANSFER_TOTAL] > counts[CSF_HEALTH_TICKETS] ||
		counts[CSF_HEALTH_TRANSFERRED] > counts[CSF_HEALTH_TRANSFER_TOTAL] ||
		counts[CSF_HEALTH_TRANSFERS] < counts[CSF_HEALTH_TRANSFERRED] ||
		(counts[CSF_HEALTH_TRANSFERRED] == 0 && counts[CSF_HEALTH_TRANSFERS] > 0))
		return refuse(fault, "The counts of %s contradict each other.", "transfers");
	if (counts[CSF_HEALTH_REOPEN_TOTAL] > counts[CSF_HEALTH_TICKETS] ||
		counts[CSF_HEALTH_REOPENED] > counts[CSF_HEALTH_REOPEN_TOTAL] ||
		counts[CSF_HEALTH_REOPENS] < counts[CSF_HEALTH_REOPENED] ||
		(counts[CSF_HEALTH_REOPENED] == 0 && counts[CSF_HEALTH_REOPENS] > 0))
		return refuse(fault, "The counts of %s contradict each other.", "reopenings");
	if (counts[CSF_HEALTH_FIRST_CONTACT_TOTAL] > counts[CSF_HEALTH_TICKETS] ||
		counts[CSF_HEALTH_FIRST_CONTACT] > counts[CSF_HEALTH_FIRST_CONTACT_TOTAL])
		return refuse(fault, "The counts of %s contradict each other.", "first contacts");
	return true;
}

bool
csf_health_check(const uint8 *bytes, size_t length, csf_fault *fault)
{
	csf_health_view view;

	if (!csf_health_open(bytes, length, &view))
		return refuse(fault, "Counts or sketches are %s.", "missing or out of range");
	if (!check_counts(&view, fault))
		return false;
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
	{
		csf_sketch_view sketch;

		if (view.length[i] == 0)
			continue;
		if (!csf_sketch_check(view.sketch[i], view.length[i], fault))
			return false;
		if (i < CSF_HEALTH_FIRST_RESPONSE_BUSINESS &&
			csf_sketch_open(view.sketch[i], view.length[i], &sketch) &&
			sketch.count > view.counts[CSF_HEALTH_TICKETS])
			return refuse(fault, "There are more durations of %s than tickets.", csf_health_sketch_names[i]);
	}
	return true;
}

static size_t
buckets_of(const csf_sketch_view *view)
{
	csf_sketch_cursor cursor;
	size_t buckets = 0;
	uint64 count;
	int bucket;

	csf_sketch_start(view, &cursor);
	while (csf_sketch_next(&cursor, &bucket, &count))
		buckets++;
	return buckets;
}

/* A name with its number is at most 40 bytes. */
char *
csf_health_print(const csf_health_view *view)
{
	csf_sketch_view sketch[CSF_HEALTH_SKETCHES];
	size_t size = CSF_HEALTH_COUNTS * 48;
	size_t at = 0;
	char *text;

	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
		if (view->length[i] > 0 && csf_sketch_open(view->sketch[i], view->length[i], &sketch[i]))
			size += 48 + CSF_SKETCH_TEXT_FIXED + buckets_of(&sketch[i]) * CSF_SKETCH_TEXT_BUCKET;
	text = csf_alloc(size);
	for (int i = 0; i < CSF_HEALTH_COUNTS; i++)
		at += (size_t) sprintf(text + at, "%s%s=%llu", i == 0 ? "" : " ", csf_health_count_names[i],
							   (unsigned long long) view->counts[i]);
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
	{
		if (view->length[i] == 0 || !csf_sketch_open(view->sketch[i], view->length[i], &sketch[i]))
			continue;
		at += (size_t) sprintf(text + at, " %s={", csf_health_sketch_names[i]);
		at += csf_sketch_print(&sketch[i], text + at);
		at += (size_t) sprintf(text + at, "}");
	}
	return text;
}

/* "NAME=", a blank before all but the first. */
static bool
read_name(const char **at, const char *end, const char *name, bool first)
{
	size_t length = strlen(name);
	const char *p = *at;

	if (!first && (p == end || *p++ != ' '))
		return false;
	if ((size_t) (end - p) < length + 1 || memcmp(p, name, length) != 0 || p[length] != '=')
		return false;
	*at = p + length + 1;
	return true;
}

static bool
read_count(const char **at, const char *end, uint64 *count)
{
	const char *start = *at;

	*count = 0;
	while (*at < end && **at >= '0' && **at <= '9')
	{
		uint64 digit = (uint64) (*(*at)++ - '0');

		if (*count > (INT64_MAX - digit) / 10)
			return false;
		*count = *count * 10 + digit;
	}
	return *at > start;
}

static bool
read_sketch(const char **at, const char *end, csf_health_view *view, int which, csf_fault *fault)
{
	const char *close;

	if (*at == end || **at != '{' || (close = memchr(*at, '}', (size_t) (end - *at))) == NULL)
		return refuse(fault, "The sketch of %s is not in braces.", csf_health_sketch_names[which]);
	view->sketch[which] = csf_sketch_parse(*at + 1, (size_t) (close - *at - 1), &view->length[which], fault);
	*at = close + 1;
	return view->sketch[which] != NULL;
}

static bool
read_health(const char *at, const char *end, csf_health_view *view, csf_fault *fault)
{
	for (int i = 0; i < CSF_HEALTH_COUNTS; i++)
		if (!read_name(&at, end, csf_health_count_names[i], i == 0) ||
			!read_count(&at, end, &view->counts[i]))
			return refuse(fault, "The count \"%s\" is missing, out of order or no whole number.",
						  csf_health_count_names[i]);
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
		if (read_name(&at, end, csf_health_sketch_names[i], false) && !read_sketch(&at, end, view, i, fault))
			return false;
	if (at != end)
		return refuse(fault, "After the counts come only the sketches, %s.",
					  "first_response, resolution, waiting and the same with _business, each {...}");
	return true;
}

uint8 *
csf_health_parse(const char *text, size_t length, size_t *packed_length, csf_fault *fault)
{
	csf_health_view view = {{0}, {NULL}, {0}};
	uint8 *packed = NULL;

	if (read_health(text, text + length, &view, fault))
	{
		*packed_length = csf_health_pack_view(&view, NULL);
		packed = csf_alloc(*packed_length);
		csf_health_pack_view(&view, packed);
		if (!csf_health_check(packed, *packed_length, fault))
		{
			csf_free(packed);
			packed = NULL;
		}
	}
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
		if (view.sketch[i] != NULL)
			csf_free((void *) view.sketch[i]);
	return packed;
}
