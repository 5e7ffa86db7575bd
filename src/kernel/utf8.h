/*
 * utf8.h
 *		Walking over UTF-8, the only encoding the kernel knows; src/types/encoding.c converts at its border.
 */
#ifndef CSF_UTF8_H
#define CSF_UTF8_H

#include "kernel/kernel.h"

/* Stands for bytes that are no UTF-8; above every code point. */
#define CSF_UTF8_INVALID UINT32_C(0xFFFFFFFF)

/*
 * Reads the character at text, of which length > 0 bytes follow, and returns its number of bytes. Never reads past
 * length, so that text from outside the server is safe too: there, a byte that starts no character counts as one.
 */
static inline size_t
csf_utf8_decode(const char *text, size_t length, uint32 *code)
{
	static const uint32 least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char) text[0];
	size_t size = first < 0x80   ? 1
				  : first < 0xC2 ? 0
				  : first < 0xE0 ? 2
				  : first < 0xF0 ? 3
				  : first < 0xF5 ? 4
								 : 0;
	uint32 value = size == 1 ? first : first & (0x7F >> size);

	*code = CSF_UTF8_INVALID;
	if (size == 0 || size > length)
		return 1;
	for (size_t i = 1; i < size; i++)
	{
		if (((unsigned char) text[i] & 0xC0) != 0x80)
			return 1;
		value = (value << 6) | ((unsigned char) text[i] & 0x3F);
	}
	if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 1;
	*code = value;
	return size;
}

/* The number of bytes of the blank at text, or 0: ASCII white space and the ideographic space U+3000. */
static inline size_t
csf_utf8_blank(const char *text, size_t length)
{
	if (length >= 1 && (*text == ' ' || (*text >= '\t' && *text <= '\r')))
		return 1;
	if (length >= 3 && memcmp(text, "\xE3\x80\x80", 3) == 0)
		return 3;
	return 0;
}

/* Narrows text to what is left without the blanks around it. */
static inline void
csf_utf8_trim(const char **text, size_t *length)
{
	size_t blank;

	while ((blank = csf_utf8_blank(*text, *length)) > 0)
	{
		*text += blank;
		*length -= blank;
	}
	for (;;)
	{
		if (*length >= 1 && csf_utf8_blank(*text + *length - 1, 1) > 0)
			*length -= 1;
		else if (*length >= 3 && csf_utf8_blank(*text + *length - 3, 3) == 3)
			*length -= 3;
		else
			return;
	}
}

#endif
