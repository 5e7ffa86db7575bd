/*
 * alias.c
 *		Classes of equivalent words, and the spellings they give a pattern.
 */
#include "kernel/alias.h"

typedef struct alias_word
{
	uint32 *code;
	int n;
	int32 leader; /* while building an index on the way to the class's first word; then that word */
	int32 next;   /* of the same class; -1 after the last */
} alias_word;

struct csf_alias_set
{
	alias_word *words; /* sorted, each once */
	int n;
};

/* One piece of a pattern: a word of a class, or what lies between such words (leader < 0). */
typedef struct pattern_piece
{
	int from, n;
	int32 leader;
	int32 choice; /* the word of the class that stands here now */
} pattern_piece;

uint32 *
csf_fold_pattern(const char *pattern, int *n)
{
	csf_folded folded;

	csf_fold(pattern, strlen(pattern), CSF_FOLD_SQUEEZE_SPACE, &folded);
	csf_free(folded.source);
	if (folded.n > 0 && folded.code[folded.n - 1] == ' ')
		folded.n--;
	if (folded.n > 0 && folded.code[0] == ' ')
		memmove(folded.code, folded.code + 1, --folded.n * sizeof(uint32));
	*n = folded.n;
	return folded.code;
}

static int
compare_codes(const uint32 *a, int n_a, const uint32 *b, int n_b)
{
	for (int i = 0; i < n_a && i < n_b; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return n_a - n_b;
}

static int
compare_words(const void *left, const void *right)
{
	const alias_word *a = left, *b = right;

	return compare_codes(a->code, a->n, b->code, b->n);
}

static int32
leader_of(const csf_alias_set *set, int32 word)
{
	while (set->words[word].leader != word)
		word = set->words[word].leader;
	return word;
}

static int32
find_word(const csf_alias_set *set, const uint32 *code, int n)
{
	alias_word key = {.code = (uint32 *) code, .n = n};
	alias_word *found = bsearch(&key, set->words, set->n, sizeof(alias_word), compare_words);

	return found == NULL ? -1 : (int32) (found - set->words);
}

/* Folds both words of an alias; false if one of them is of no use, and then nothing is allocated. */
static bool
fold_alias(const csf_alias *alias, csf_pattern *both)
{
	const char *texts[2] = {alias->word, alias->canonical};
	bool useful = true;

	for (int i = 0; i < 2; i++)
	{
		both[i].code = csf_fold_pattern(texts[i] == NULL ? "" : texts[i], &both[i].n);
		if (both[i].n == 0 || both[i].n > CSF_MAX_PATTERN_CHARACTERS ||
			(both[i].n == 1 && csf_is_word_character(both[i].code[0])))
			useful = false;
	}
	for (int i = 0; i < 2 && !useful; i++)
		csf_free((uint32 *) both[i].code);
	return useful;
}

static void
join_classes(csf_alias_set *set, const csf_pattern *both)
{
	int32 leaders[2];

	for (int i = 0; i < 2; i++)
		leaders[i] = leader_of(set, find_word(set, both[i].code, both[i].n));
	if (leaders[0] < leaders[1])
		set->words[leaders[1]].leader = leaders[0];
	else
		set->words[leaders[0]].leader = leaders[1];
}

/* Sorts the words, drops those that are there already, and makes each its own class. */
static void
sort_words(csf_alias_set *set)
{
	int kept = 0;

	qsort(set->words, set->n, sizeof(alias_word), compare_words);
	for (int i = 0; i < set->n; i++)
	{
		if (kept > 0 && compare_words(&set->words[kept - 1], &set->words[i]) == 0)
		{
			csf_free(set->words[i].code);
			continue;
		}
		set->words[kept] = set->words[i];
		set->words[kept].leader = kept;
		kept++;
	}
	set->n = kept;
}

static void
describe_useless(const csf_alias *alias, csf_fault *fault)
{
	const char *word = alias->word == NULL ? "" : alias->word;
	const char *canonical = alias->canonical == NULL ? "" : alias->canonical;

	memset(fault, 0, sizeof(*fault));
	fault->position = -1;
	snprintf(fault->message, sizeof(fault->message), "alias \"%.*s\" for \"%.*s\" is too short or too long",
			 csf_utf8_clip(word, 60), word, csf_utf8_clip(canonical, 60), canonical);
	snprintf(fault->detail, sizeof(fault->detail),
			 "Each word needs a Chinese character or two letters, and at most 100, after folding.");
}

/* Chains each class's words in their order, which begins with its leader. */
static void
link_classes(csf_alias_set *set)
{
	int32 *last = csf_alloc(set->n * sizeof(int32));

	for (int32 i = 0; i < set->n; i++)
	{
		int32 leader = leader_of(set, i);

		set->words[i].leader = leader;
		set->words[i].next = -1;
		if (leader != i)
			set->words[last[leader]].next = i;
		last[leader] = i;
	}
	csf_free(last);
}

csf_alias_set *
csf_alias_set_build(const csf_alias *aliases, int n, int *n_left_out, csf_fault *fault)
{
	csf_alias_set *set = csf_alloc_zero(sizeof(csf_alias_set));
	csf_pattern both[2];

	*n_left_out = 0;
	set->words = csf_alloc((size_t) n * 2 * sizeof(alias_word));
	for (int i = 0; i < n; i++)
	{
		if (fold_alias(&aliases[i], both))
			for (int j = 0; j < 2; j++)
				set->words[set->n++] = (alias_word){(uint32 *) both[j].code, both[j].n, -1, -1};
		else if ((*n_left_out)++ == 0)
			describe_useless(&aliases[i], fault);
	}
	sort_words(set);
	for (int i = 0; i < n; i++)
	{
		if (!fold_alias(&aliases[i], both))
			continue;
		join_classes(set, both);
		csf_free((uint32 *) both[0].code);
		csf_free((uint32 *) both[1].code);
	}
	link_classes(set);
	return set;
}

void
csf_alias_set_free(csf_alias_set *set)
{
	for (int i = 0; i < set->n; i++)
		csf_free(set->words[i].code);
	csf_free(set->words);
	csf_free(set);
}

/* The longest word of the set at code[from] that does not cut a Latin word in two, or -1. */
static int32
longest_word_at(const csf_alias_set *set, const uint32 *code, int n, int from)
{
	csf_folded text = {.code = (uint32 *) code, .n = n};

	for (int length = n - from; length > 0; length--)
	{
		int32 word = find_word(set, code + from, length);

		if (word >= 0 && csf_matcher_at_word_edges(&text, from + length - 1, length))
			return word;
	}
	return -1;
}

static int
split_pattern(const csf_alias_set *set, const uint32 *code, int n, pattern_piece *pieces)
{
	int n_pieces = 0;
	int from = 0;

	while (from < n)
	{
		int32 word = longest_word_at(set, code, n, from);

		if (word >= 0)
		{
			pieces[n_pieces++] = (pattern_piece){from, set->words[word].n, set->words[word].leader, word};
			from += set->words[word].n;
			continue;
		}
		if (n_pieces == 0 || pieces[n_pieces - 1].leader >= 0)
			pieces[n_pieces++] = (pattern_piece){from, 0, -1, -1};
		pieces[n_pieces - 1].n++;
		from++;
	}
	return n_pieces;
}

static int
class_size(const csf_alias_set *set, int32 leader)
{
	int size = 0;

	for (int32 word = leader; word >= 0; word = set->words[word].next)
		size++;
	return size;
}

static csf_pattern
join_pieces(const csf_alias_set *set, const uint32 *code, const pattern_piece *pieces, int n_pieces)
{
	int n = 0;
	uint32 *joined;

	for (int i = 0; i < n_pieces; i++)
		n += pieces[i].leader < 0 ? pieces[i].n : set->words[pieces[i].choice].n;
	joined = csf_alloc(n * sizeof(uint32));
	n = 0;
	for (int i = 0; i < n_pieces; i++)
	{
		const alias_word *word = pieces[i].leader < 0 ? NULL : &set->words[pieces[i].choice];
		int length = word == NULL ? pieces[i].n : word->n;

		memcpy(joined + n, word == NULL ? code + pieces[i].from : word->code, length * sizeof(uint32));
		n += length;
	}
	return (csf_pattern){joined, n};
}

/* Moves on to the next combination of words, like an odometer whose wheels are the classes; false after the last. */
static bool
next_choice(const csf_alias_set *set, pattern_piece *pieces, int n_pieces)
{
	for (int i = 0; i < n_pieces; i++)
	{
		if (pieces[i].leader < 0)
			continue;
		pieces[i].choice = set->words[pieces[i].choice].next;
		if (pieces[i].choice >= 0)
			return true;
		pieces[i].choice = pieces[i].leader;
	}
	return false;
}

int
csf_alias_spellings(const csf_alias_set *set, const uint32 *code, int n, csf_pattern *spellings)
{
	pattern_piece *pieces = csf_alloc_zero((size_t) n * sizeof(pattern_piece));
	int n_pieces = split_pattern(set, code, n, pieces);
	int n_spellings = 0;
	int combinations = 1;

	for (int i = 0; i < n_pieces && combinations <= CSF_MAX_SPELLINGS; i++)
		if (pieces[i].leader >= 0)
			combinations *= class_size(set, pieces[i].leader);
	if (combinations > CSF_MAX_SPELLINGS)
	{
		csf_free(pieces);
		return 0;
	}
	spellings[n_spellings++] = join_pieces(set, code, pieces, n_pieces);
	for (int i = 0; i < n_pieces; i++)
		pieces[i].choice = pieces[i].leader;
	do
	{
		csf_pattern spelling = join_pieces(set, code, pieces, n_pieces);

		if (compare_codes(spelling.code, spelling.n, code, n) == 0)
			csf_free((uint32 *) spelling.code);
		else
			spellings[n_spellings++] = spelling;
	} while (next_choice(set, pieces, n_pieces));
	csf_free(pieces);
	return n_spellings;
}
