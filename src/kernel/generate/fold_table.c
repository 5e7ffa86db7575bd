/*
 * fold_table.c
 *		Prints src/kernel/fold_table.c, the pinned folding of every code point, from ICU's data.
 *
 *		cc -o /tmp/fold_table src/kernel/generate/fold_table.c -licui18n -licuuc && /tmp/fold_table > src/kernel/fold_table.c
 *
 * Run by hand when the data shall change, never by the build: what fold() returns is stored in indexes, so a new table
 * is a new version of the function and needs a REINDEX. For each code point these steps are repeated until nothing
 * changes, which makes folding idempotent:
 *
 *		compatibility decomposition; U+0300-036F dropped; NFKC case fold (lower case, width, ligatures, ignorable
 *		characters dropped); traditional to simplified; 帐 to 账
 *
 * The result stays decomposed, so that composed and decomposed spellings meet; only Hangul syllables and voiced kana,
 * which fold.c composes again by rule, are stored composed.
 *
 * Not under src/kernel itself because the build compiles every C file there.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>
#include <unicode/uversion.h>

#define LAST_CODE 0x10FFFF
#define BLOCK_BITS 7
#define BLOCK_SIZE (1 << BLOCK_BITS)
#define BLOCKS ((LAST_CODE + 1) / BLOCK_SIZE)
#define TEXT_SIZE 256
#define EXPANSIONS_SIZE 65536

/* The values of a cell below the first offset; fold.c has the same. */
#define CELL_SELF 0
#define CELL_DROPPED 1
#define FIRST_OFFSET 2

typedef struct text
{
	UChar units[TEXT_SIZE];
	int32_t length;
} text;

static const UNormalizer2 *nfc, *nfkd, *casefold;
static UTransliterator *to_simplified;

static uint16_t cells[LAST_CODE + 1];
static uint32_t expansions[EXPANSIONS_SIZE];
static int n_expansions = FIRST_OFFSET;

static void
check(UErrorCode status, const char *what)
{
	if (U_SUCCESS(status))
		return;
	fprintf(stderr, "%s: %s\n", what, u_errorName(status));
	exit(1);
}

static void
normalize(const UNormalizer2 *form, text *value)
{
	UErrorCode status = U_ZERO_ERROR;
	text result;

	result.length = unorm2_normalize(form, value->units, value->length, result.units, TEXT_SIZE, &status);
	check(status, "normalize");
	*value = result;
}

static void
drop_accents(text *value)
{
	int32_t kept = 0;

	for (int32_t i = 0; i < value->length; i++)
		if (value->units[i] < 0x0300 || value->units[i] > 0x036F)
			value->units[kept++] = value->units[i];
	value->length = kept;
}

static UChar32
simplified_once(UChar32 code)
{
	UErrorCode status = U_ZERO_ERROR;
	text value = {.length = 0};
	int32_t limit;
	UChar32 result;

	U16_APPEND_UNSAFE(value.units, value.length, code);
	limit = value.length;
	utrans_transUChars(to_simplified, value.units, &value.length, TEXT_SIZE, 0, &limit, &status);
	check(status, "simplify");
	U16_GET_UNSAFE(value.units, 0, result);
	if (value.length != U16_LENGTH(result))
	{
		fprintf(stderr, "U+%04X is simplified to more than one character\n", (unsigned) code);
		exit(1);
	}
	return result == 0x5E10 ? 0x8D26 : result;
}

/* The end of the chain of simplifications; where ICU's data go round in a circle (苎, 苧), the lowest code of it. */
static UChar32
simplified(UChar32 code)
{
	UChar32 slow = code, fast = code, lowest;

	do
	{
		slow = simplified_once(slow);
		fast = simplified_once(simplified_once(fast));
	} while (slow != fast);
	lowest = slow;
	for (UChar32 next = simplified_once(slow); next != slow; next = simplified_once(next))
		if (next < lowest)
			lowest = next;
	return lowest;
}

static void
simplify(text *value)
{
	text result = {.length = 0};

	for (int32_t i = 0; i < value->length;)
	{
		UChar32 code;

		U16_NEXT_UNSAFE(value->units, i, code);
		code = simplified(code);
		U16_APPEND_UNSAFE(result.units, result.length, code);
	}
	*value = result;
}

/* Kana that carry a voice mark, and conjoining Hangul, are what fold.c composes. */
static bool
composes(const text *value)
{
	for (int32_t i = 0; i < value->length; i++)
	{
		UChar unit = value->units[i];

		if (unit == 0x3099 || unit == 0x309A || (unit >= 0x1100 && unit <= 0x11FF))
			return true;
	}
	return false;
}

static void
fold_code(UChar32 code, text *value)
{
	text before;
	int rounds = 0;

	value->length = 0;
	U16_APPEND_UNSAFE(value->units, value->length, code);
	do
	{
		if (++rounds > 10)
		{
			fprintf(stderr, "U+%04X does not settle\n", (unsigned) code);
			exit(1);
		}
		before = *value;
		normalize(nfkd, value);
		drop_accents(value);
		normalize(casefold, value);
		normalize(nfkd, value);
		drop_accents(value);
		simplify(value);
	} while (before.length != value->length ||
			 memcmp(before.units, value->units, value->length * sizeof(UChar)) != 0);
	if (composes(value))
		normalize(nfc, value);
}

/* Equal expansions share their place; the first number of one is its length. */
static uint16_t
expansion_offset(const uint32_t *codes, int n)
{
	int at = FIRST_OFFSET;

	while (at < n_expansions)
	{
		if ((int) expansions[at] == n && memcmp(&expansions[at + 1], codes, n * sizeof(uint32_t)) == 0)
			return at;
		at += expansions[at] + 1;
	}
	if (n_expansions + n + 1 > EXPANSIONS_SIZE)
	{
		fprintf(stderr, "more expansions than a cell can point at\n");
		exit(1);
	}
	expansions[n_expansions] = n;
	memcpy(&expansions[n_expansions + 1], codes, n * sizeof(uint32_t));
	n_expansions += n + 1;
	return at;
}

static void
fill_cells(void)
{
	for (UChar32 code = 0; code <= LAST_CODE; code++)
	{
		text value;
		uint32_t codes[TEXT_SIZE];
		int n = 0;

		if (U_IS_SURROGATE(code))
			continue;
		fold_code(code, &value);
		for (int32_t i = 0; i < value.length;)
		{
			UChar32 next;

			U16_NEXT_UNSAFE(value.units, i, next);
			codes[n++] = next;
		}
		if (n == 0)
			cells[code] = CELL_DROPPED;
		else if (n != 1 || codes[0] != (uint32_t) code)
			cells[code] = expansion_offset(codes, n);
	}
}

static void
print_numbers(const char *declaration, const uint32_t *numbers, int n)
{
	printf("\n%s = {", declaration);
	for (int i = 0; i < n; i++)
		printf("%s%u,", i % 16 == 0 ? "\n\t" : " ", (unsigned) numbers[i]);
	printf("\n};\n");
}

static void
print_table(void)
{
	static uint32_t block_of[BLOCKS];
	static uint32_t blocks[LAST_CODE + 1];
	int n_blocks = 0;

	for (int i = 0; i < BLOCKS; i++)
	{
		uint32_t block[BLOCK_SIZE];
		int same = 0;

		for (int j = 0; j < BLOCK_SIZE; j++)
			block[j] = cells[i * BLOCK_SIZE + j];
		while (same < n_blocks && memcmp(&blocks[same * BLOCK_SIZE], block, sizeof(block)) != 0)
			same++;
		if (same == n_blocks)
			memcpy(&blocks[n_blocks++ * BLOCK_SIZE], block, sizeof(block));
		block_of[i] = same;
	}
	printf("/*\n * fold_table.c\n *\t\tGenerated by generate/fold_table.c from ICU %s (Unicode %s); do not "
		   "edit.\n */\n",
		   U_ICU_VERSION, U_UNICODE_VERSION);
	printf("/* clang-format off */\n#include \"kernel/fold_table.h\"\n\n");
	printf("const char csf_fold_version[] = \"ICU %s, Unicode %s\";\n", U_ICU_VERSION, U_UNICODE_VERSION);
	print_numbers("const uint16 csf_fold_block_of[]", block_of, BLOCKS);
	print_numbers("const uint16 csf_fold_cells[]", blocks, n_blocks * BLOCK_SIZE);
	print_numbers("const uint32 csf_fold_expansions[]", expansions, n_expansions);
}

int
main(void)
{
	static const UChar simplified_id[] = u"Traditional-Simplified";
	UErrorCode status = U_ZERO_ERROR;

	nfc = unorm2_getNFCInstance(&status);
	nfkd = unorm2_getNFKDInstance(&status);
	casefold = unorm2_getNFKCCasefoldInstance(&status);
	to_simplified = utrans_openU(simplified_id, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
	check(status, "open");
	fill_cells();
	print_table();
	utrans_close(to_simplified);
	return 0;
}
