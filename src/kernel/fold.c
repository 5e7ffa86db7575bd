/*
 * fold.c
 *		Folding of text over the pinned table.
 */
#include "kernel/fold.h"

#include "kernel/fold_table.h"
#include "kernel/utf8.h"

/* From here on nothing is white space or joins the character before it. */
#define FIRST_PLAIN 0x3400

/* How many characters are folded between two looks for a cancelled query. */
#define INTERRUPT_STRIDE 65536

/* What a byte that is not valid UTF-8 reads as; each such byte is a character of its own. */
#define REPLACEMENT 0xFFFD

#define KANA_VOICED_MARK 0x3099
#define KANA_SEMIVOICED_MARK 0x309A
#define HANGUL_LEADING 0x1100
#define HANGUL_VOWEL 0x1161
#define HANGUL_TRAILING 0x11A7 /* one below the first, which stands for none */
#define HANGUL_SYLLABLE 0xAC00
#define HANGUL_LEADINGS 19
#define HANGUL_VOWELS 21
#define HANGUL_TRAILINGS 28
#define HANGUL_SYLLABLES (HANGUL_LEADINGS * HANGUL_VOWELS * HANGUL_TRAILINGS)

int
csf_utf8_put(uint32 code, char *destination)
{
	if (code < 0x80)
	{
		destination[0] = (char) code;
		return 1;
	}
	if (code < 0x800)
	{
		destination[0] = (char) (0xC0 | code >> 6);
		destination[1] = (char) (0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000)
	{
		destination[0] = (char) (0xE0 | code >> 12);
		destination[1] = (char) (0x80 | (code >> 6 & 0x3F));
		destination[2] = (char) (0x80 | (code & 0x3F));
		return 3;
	}
	destination[0] = (char) (0xF0 | code >> 18);
	destination[1] = (char) (0x80 | (code >> 12 & 0x3F));
	destination[2] = (char) (0x80 | (code >> 6 & 0x3F));
	destination[3] = (char) (0x80 | (code & 0x3F));
	return 4;
}

int
csf_utf8_clip(const char *text, int limit)
{
	size_t length = strlen(text);
	size_t clipped = 0;

	while (clipped < length)
	{
		uint32 code;
		size_t size = csf_utf8_decode(text + clipped, length - clipped, &code);

		if (clipped + size > (size_t) limit)
			break;
		clipped += size;
	}
	return (int) clipped;
}

/*
 * On folded code points, so upper case, full width and precomposed accents need no mention. Beyond ASCII: Latin, Greek,
 * Cyrillic, Armenian, Hebrew, Arabic and the Indic scripts up to Sinhala. Thai, Lao, Han, kana and Hangul either have
 * no spaces between words or attach endings to them.
 */
bool
csf_is_word_character(uint32 code)
{
	if (code < 0x80)
		return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9') || code == '_';
	if (code < 0xDF || code >= 0x0E00)
		return false;
	switch (code)
	{
		case 0xF7:   /* division sign */
		case 0x0589: /* Armenian full stop */
		case 0x060C: /* Arabic comma, semicolon, question mark, full stop */
		case 0x061B:
		case 0x061F:
		case 0x06D4:
		case 0x0964: /* danda, double danda */
		case 0x0965:
			return false;
	}
	return true;
}

static inline bool
may_compose(uint32 code)
{
	return code - HANGUL_VOWEL < HANGUL_TRAILING + HANGUL_TRAILINGS - HANGUL_VOWEL ||
		   code - KANA_VOICED_MARK < 2;
}

static bool
takes_both_marks(uint32 hiragana)
{
	return hiragana >= 0x306F && hiragana <= 0x307B && (hiragana - 0x306F) % 3 == 0;
}

static bool
takes_voiced_mark(uint32 hiragana)
{
	return hiragana == 0x3046 || hiragana == 0x309D ||
		   (hiragana >= 0x304B && hiragana <= 0x3061 && hiragana % 2 == 1) ||
		   (hiragana >= 0x3064 && hiragana <= 0x3068 && hiragana % 2 == 0) || takes_both_marks(hiragana);
}

/* The one character that base and the mark or letter after it make, or 0; the pairs of canonical composition. */
static uint32
compose(uint32 base, uint32 mark)
{
	uint32 leading = base - HANGUL_LEADING;
	uint32 syllable = base - HANGUL_SYLLABLE;
	uint32 hiragana = base >= 0x30A1 && base <= 0x30FD ? base - 0x60 : base;

	if (mark == KANA_SEMIVOICED_MARK)
		return takes_both_marks(hiragana) ? base + 2 : 0;
	if (mark == KANA_VOICED_MARK)
	{
		if (base >= 0x30EF && base <= 0x30F2)
			return base + 8;
		if (hiragana == 0x3046)
			return base + 0x4E;
		return takes_voiced_mark(hiragana) ? base + 1 : 0;
	}
	if (leading < HANGUL_LEADINGS && mark - HANGUL_VOWEL < HANGUL_VOWELS)
		return HANGUL_SYLLABLE + (leading * HANGUL_VOWELS + (mark - HANGUL_VOWEL)) * HANGUL_TRAILINGS;
	if (syllable < HANGUL_SYLLABLES && syllable % HANGUL_TRAILINGS == 0 && mark > HANGUL_TRAILING &&
		mark < HANGUL_TRAILING + HANGUL_TRAILINGS)
		return base + (mark - HANGUL_TRAILING);
	return 0;
}

/* Reads the character at text, of which length bytes follow, and returns its number of bytes. */
static inline size_t
decode(const char *text, size_t length, uint32 *code)
{
	const unsigned char *at = (const unsigned char *) text;

	/* ASCII and most Han characters (U+4000 to U+9FFF) need none of the checks the others do. */
	if (at[0] < 0x80)
	{
		*code = at[0];
		return 1;
	}
	if (at[0] >= 0xE4 && at[0] <= 0xE9 && length >= 3 && (at[1] & 0xC0) == 0x80 && (at[2] & 0xC0) == 0x80)
	{
		*code = (uint32) (at[0] & 0x0F) << 12 | (uint32) (at[1] & 0x3F) << 6 | (at[2] & 0x3F);
		return 3;
	}
	length = csf_utf8_decode(text, length, code);
	if (*code == CSF_UTF8_INVALID)
		*code = REPLACEMENT;
	return length;
}

static inline uint16
cell_of(uint32 code)
{
	uint32 block = csf_fold_block_of[code >> CSF_FOLD_BLOCK_BITS];

	return csf_fold_cells[block << CSF_FOLD_BLOCK_BITS | (code & ((1 << CSF_FOLD_BLOCK_BITS) - 1))];
}

/* What a code point folds to: n code points, at *code itself where it stays as it is. */
static inline const uint32 *
look_up(const uint32 *code, uint16 cell, uint32 *n)
{
	*n = cell == CSF_FOLD_DROPPED ? 0 : 1;
	if (cell <= CSF_FOLD_DROPPED)
		return code;
	*n = csf_fold_expansions[cell];
	return &csf_fold_expansions[cell + 1];
}

static inline void
append(csf_folded *folded, uint32 code, int source)
{
	if (may_compose(code) && folded->n > 0)
	{
		uint32 composed = compose(folded->code[folded->n - 1], code);

		if (composed != 0)
		{
			folded->code[folded->n - 1] = composed;
			return;
		}
	}
	folded->code[folded->n] = code;
	folded->source[folded->n++] = source;
}

/* Appends what a code point folds to; left bytes of text follow, for each of which there is room already. */
static void
append_folded(csf_folded *folded, uint32 code, uint16 cell, csf_fold_space space, size_t left,
			  size_t *capacity)
{
	uint32 n;
	const uint32 *result = look_up(&code, cell, &n);

	if (folded->n + n + left > *capacity)
	{
		*capacity = *capacity + *capacity / 2 + n;
		folded->code = csf_realloc(folded->code, *capacity * sizeof(uint32));
		folded->source = csf_realloc(folded->source, *capacity * sizeof(int32));
	}
	for (uint32 i = 0; i < n; i++)
	{
		if (space == CSF_FOLD_KEEP_SPACE || !csf_is_space(result[i]))
			append(folded, result[i], folded->characters);
		else if (folded->n == 0 || folded->code[folded->n - 1] != ' ')
			append(folded, ' ', folded->characters);
	}
}

void
csf_fold(const char *text, size_t length, csf_fold_space space, csf_folded *folded)
{
	size_t capacity = length + 16;
	size_t position = 0;

	folded->code = csf_alloc(capacity * sizeof(uint32));
	folded->source = csf_alloc(capacity * sizeof(int32));
	folded->n = 0;
	folded->characters = 0;
	for (; position < length; folded->characters++)
	{
		uint32 code;
		uint16 cell;

		position += decode(text + position, length - position, &code);
		cell = cell_of(code);
		if (folded->characters % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
		if (cell == CSF_FOLD_SELF && code >= FIRST_PLAIN)
		{
			folded->code[folded->n] = code;
			folded->source[folded->n++] = folded->characters;
		}
		else
			append_folded(folded, code, cell, space, length - position, &capacity);
	}
}

char *
csf_fold_utf8(const char *text, size_t length, size_t *folded_length)
{
	size_t capacity = length + 16;
	char *folded = csf_alloc(capacity);
	size_t used = 0, last_used = 0, position = 0;
	uint32 last = 0;

	for (int characters = 1; position < length; characters++)
	{
		uint32 code, n;
		const uint32 *result;

		position += decode(text + position, length - position, &code);
		result = look_up(&code, cell_of(code), &n);
		if (characters % INTERRUPT_STRIDE == 0)
			csf_check_interrupts();
		if (used + n * 4 + 1 > capacity)
		{
			capacity += capacity / 2 + n * 4;
			folded = csf_realloc(folded, capacity);
		}
		for (uint32 i = 0; i < n; i++)
		{
			uint32 composed = may_compose(result[i]) ? compose(last, result[i]) : 0;

			if (composed != 0)
				used = last_used;
			last = composed != 0 ? composed : result[i];
			last_used = used;
			used += csf_utf8_put(last, folded + used);
		}
	}
	folded[used] = '\0';
	*folded_length = used;
	return folded;
}

void
csf_folded_free(csf_folded *folded)
{
	csf_free(folded->code);
	csf_free(folded->source);
}
