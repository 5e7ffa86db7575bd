/*
 * health_fuzz.c
 *		Fuzzes the two readers of health figures without a server. The first byte chooses. Whatever is accepted, as bytes or as
 *		text, prints as itself and packs to the same bytes, also from the working form into which it was merged.
 */
#include "kernel/health.h"

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static csf_sketch_shape
shape_for(const csf_sketch_view *view)
{
	csf_sketch_shape shape = csf_sketch_least_shape();
	csf_sketch *empty = csf_alloc(csf_sketch_size(shape));

	csf_sketch_init(empty, shape);
	shape = csf_sketch_grown_shape(empty, view->count, view->min, view->max);
	csf_free(empty);
	return shape;
}

/* With one sketch, or with none where which is -1, in another shape. */
static csf_health *
copied(csf_health *health, int which, csf_sketch_shape shape)
{
	csf_health *copy = csf_alloc(csf_health_size(health, which, shape));

	csf_health_copy(copy, health, which, shape);
	csf_free(health);
	return copy;
}

/* Sketch by sketch into the working form, as an aggregate merges them; then once more into a larger copy, which packs the same. */
static void
check_merged(const csf_health_view *view, const uint8 *packed, size_t length)
{
	csf_health *health = copied(NULL, -1, csf_sketch_least_shape());
	uint8 *again;

	memcpy(health->counts, view->counts, sizeof(health->counts));
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
	{
		csf_sketch_view sketch;

		if (view->length[i] == 0)
			continue;
		check(csf_sketch_open(view->sketch[i], view->length[i], &sketch));
		health = copied(health, i, shape_for(&sketch));
		check(csf_sketch_merge_view(csf_health_sketch_of(health, i), &sketch));
		health = copied(health, i, csf_sketch_shape_of(csf_health_sketch_of(health, i)));
	}
	check(csf_health_pack(health, NULL) == length);
	again = csf_alloc(length);
	check(csf_health_pack(health, again) == length && memcmp(packed, again, length) == 0);
	csf_free(again);
	csf_free(health);
}

static void
check_round_trip(const uint8 *packed, size_t length)
{
	csf_health_view view;
	csf_fault fault;
	size_t again_length;
	uint8 *again;
	char *text;

	check(csf_health_open(packed, length, &view));
	check_merged(&view, packed, length);
	text = csf_health_print(&view);
	again = csf_health_parse(text, strlen(text), &again_length, &fault);
	check(again != NULL && again_length == length && memcmp(packed, again, length) == 0);
	csf_free(again);
	csf_free(text);
}

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	csf_fault fault;
	size_t length;
	uint8 *packed;

	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
	{
		if (csf_health_check(data + 1, size - 1, &fault))
			check_round_trip(data + 1, size - 1);
		return 0;
	}
	packed = csf_health_parse((const char *) data + 1, size - 1, &length, &fault);
	if (packed == NULL)
		return 0;
	check(csf_health_check(packed, length, &fault));
	check_round_trip(packed, length);
	csf_free(packed);
	return 0;
}
