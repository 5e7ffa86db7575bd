/*
 * sketch_fuzz.c
 *		Fuzzes the two readers of duration sketches without a server. The first byte chooses. Bytes: whatever passes the check
 *		packs to itself, and whatever does not is merged, read and taken back without harm. Text: whatever is accepted prints as itself.
 */
#include "kernel/sketch.h"

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static csf_sketch *
unpack(const csf_sketch_view *view, bool *sound)
{
	csf_sketch_shape shape = csf_sketch_least_shape();
	csf_sketch *empty = csf_alloc(csf_sketch_size(shape));
	csf_sketch *sketch;

	csf_sketch_init(empty, shape);
	shape = csf_sketch_grown_shape(empty, view->count, view->min, view->max);
	csf_free(empty);
	sketch = csf_alloc(csf_sketch_size(shape));
	csf_sketch_init(sketch, shape);
	check(csf_sketch_fits(sketch, view->count, view->min, view->max));
	*sound = csf_sketch_merge_view(sketch, view);
	return sketch;
}

static void
fuzz_bytes(const uint8 *bytes, size_t length)
{
	csf_sketch_view view;
	csf_sketch *sketch;
	csf_fault fault;
	bool valid = csf_sketch_check(bytes, length, &fault);
	bool sound;

	if (!csf_sketch_open(bytes, length, &view))
	{
		check(!valid);
		return;
	}
	sketch = unpack(&view, &sound);
	check(sound || !valid);
	for (int i = 0; i <= 10; i++)
	{
		int64 value = csf_sketch_percentile(&view, i / 10.0);

		check(value >= view.min && value <= view.max);
		check(csf_sketch_rank(&view, value) <= 1 || !valid);
	}
	check(csf_sketch_mean(&view) >= view.min && csf_sketch_mean(&view) <= view.max);
	if (valid)
	{
		uint8 *again = csf_alloc(csf_sketch_pack(sketch, NULL));

		check(csf_sketch_pack(sketch, again) == length && memcmp(bytes, again, length) == 0);
		csf_free(again);
	}
	if (sound)
	{
		check(csf_sketch_remove_view(sketch, &view));
		check(sketch->count == 0 && csf_sketch_pack(sketch, NULL) == 0);
	}
	csf_free(sketch);
}

static void
fuzz_text(const char *text, size_t length)
{
	csf_sketch_view view;
	csf_fault fault;
	size_t packed_length;
	uint8 *packed = csf_sketch_parse(text, length, &packed_length, &fault);
	char *printed;
	uint8 *again;
	size_t again_length;

	if (packed == NULL)
		return;
	check(csf_sketch_open(packed, packed_length, &view));
	printed = csf_alloc(CSF_SKETCH_TEXT_FIXED + CSF_SKETCH_BUCKETS * CSF_SKETCH_TEXT_BUCKET);
	again = csf_sketch_parse(printed, csf_sketch_print(&view, printed), &again_length, &fault);
	check(again != NULL && again_length == packed_length && memcmp(packed, again, packed_length) == 0);
	csf_free(again);
	csf_free(printed);
	csf_free(packed);
}

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		fuzz_bytes(data + 1, size - 1);
	else
		fuzz_text((const char *) data + 1, size - 1);
	return 0;
}
