/*
 * varint.h
 *		Whole numbers in as few bytes as they need: seven bits each, the lowest first, the high bit set in all but the last.
 */
#ifndef CSF_VARINT_H
#define CSF_VARINT_H

#include "kernel/kernel.h"

#define CSF_VARINT_MAX 10

/* Returns the number of bytes; with bytes NULL nothing is written. */
static inline size_t
csf_varint_put(uint8 *bytes, uint64 value)
{
	size_t length = 0;

	while (value >= 0x80)
	{
		if (bytes != NULL)
			bytes[length] = (uint8) (value | 0x80);
		length++;
		value >>= 7;
	}
	if (bytes != NULL)
		bytes[length] = (uint8) value;
	return length + 1;
}

/* False at the end of the bytes, and for a number over 64 bits or with a superfluous last byte: one number, one form. */
static inline bool
csf_varint_get(const uint8 **at, const uint8 *end, uint64 *value)
{
	const uint8 *p = *at;
	uint64 result = 0;

	if (p < end && *p < 0x80)
	{
		*value = *p;
		*at = p + 1;
		return true;
	}
	for (int shift = 0; p < end && shift < 64; shift += 7)
	{
		uint8 byte = *p++;

		if (shift == 63 && byte > 1)
			return false;
		result |= (uint64) (byte & 0x7f) << shift;
		if (byte < 0x80)
		{
			*value = result;
			*at = p;
			return byte != 0 || shift == 0;
		}
	}
	return false;
}

#endif
