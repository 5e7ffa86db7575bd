/*
 * matcher.c
 *		The automaton: a trie over code points with suffix links.
 *
 * States are numbered breadth first, so the children of a state follow one another, ordered by label, and end where the
 * children of the next state begin: a state is four numbers, and a step is a short search in a run of labels. The root,
 * where most characters of a text end up, has a table by code point instead.
 */
#include "kernel/matcher.h"

#define ROOT 0
#define PAGE_BITS 8
#define PAGE_SIZE (1 << PAGE_BITS)
#define PAGES ((0x10FFFF >> PAGE_BITS) + 1)
#define INTERRUPT_STRIDE 65536
#define LINEAR_SEARCH 8

typedef struct state_links
{
	int32 first_child;
	int32 suffix;   /* the longest proper suffix of this state that is a state */
	int32 terminal; /* this state, or the longest suffix of it, at which a pattern ends; ROOT if none */
	uint32 labels;  /* label_bit of each child's label: most steps that lead nowhere are seen here */
} state_links;

struct csf_matcher
{
	int n_states;
	int n_patterns;
	state_links *states; /* n_states + 1: the last one only bounds the children of the one before */
	uint32 *labels;      /* by state: the code point that leads to it */
	int32 *patterns;     /* by state: the pattern that ends there, or CSF_NO_PATTERN */
	int32 *lengths;      /* by pattern */
	uint16 page_of[PAGES];
	int n_pages;
	int32 (*pages)[PAGE_SIZE]; /* children of the root by code point; page 0 is empty */
};

/* A pattern while building: which one it was, and the run of sorted patterns below a state. */
typedef struct sorted_pattern
{
	const uint32 *code;
	int n;
	int32 index;
} sorted_pattern;

typedef struct pattern_run
{
	int from, to; /* of the sorted patterns */
} pattern_run;

static int
compare_patterns(const void *left, const void *right)
{
	const sorted_pattern *a = left, *b = right;
	int shorter = a->n < b->n ? a->n : b->n;

	for (int i = 0; i < shorter; i++)
		if (a->code[i] != b->code[i])
			return a->code[i] < b->code[i] ? -1 : 1;
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

static inline int32
root_child(const csf_matcher *matcher, uint32 code)
{
	return matcher->pages[matcher->page_of[code >> PAGE_BITS]][code & (PAGE_SIZE - 1)];
}

static inline uint32
label_bit(uint32 code)
{
	return UINT32_C(1) << (code & 31);
}

/* The child of a state other than the root, or ROOT. */
static inline int32
find_child(const csf_matcher *matcher, int32 state, uint32 code)
{
	int32 low = matcher->states[state].first_child;
	int32 high = matcher->states[state + 1].first_child;

	while (high - low > LINEAR_SEARCH)
	{
		int32 middle = low + (high - low) / 2;

		if (matcher->labels[middle] <= code)
			low = middle;
		else
			high = middle;
	}
	for (; low < high; low++)
		if (matcher->labels[low] == code)
			return low;
	return ROOT;
}

static inline int32
next_state(const csf_matcher *matcher, int32 state, uint32 code)
{
	while (state != ROOT)
	{
		int32 child = ROOT;

		if ((matcher->states[state].labels & label_bit(code)) != 0)
			child = find_child(matcher, state, code);
		if (child != ROOT)
			return child;
		state = matcher->states[state].suffix;
	}
	return root_child(matcher, code);
}

static void
set_root_child(csf_matcher *matcher, uint32 code, int32 child)
{
	uint16 *page = &matcher->page_of[code >> PAGE_BITS];

	if (*page == 0)
	{
		*page = matcher->n_pages++;
		matcher->pages = csf_realloc(matcher->pages, matcher->n_pages * sizeof(*matcher->pages));
		memset(matcher->pages[*page], 0, sizeof(*matcher->pages));
	}
	matcher->pages[*page][code & (PAGE_SIZE - 1)] = child;
}

/* Gives equal patterns, which lie side by side, one number; returns how many states at most the rest can need. */
static size_t
number_patterns(csf_matcher *matcher, const sorted_pattern *sorted, int n, int32 *pattern_of)
{
	size_t states = 1;

	matcher->lengths = csf_alloc(n * sizeof(int32));
	for (int i = 0; i < n; i++)
	{
		bool repeats = i > 0 && sorted[i].n == sorted[i - 1].n &&
					   memcmp(sorted[i].code, sorted[i - 1].code, sorted[i].n * sizeof(uint32)) == 0;

		if (!repeats)
		{
			matcher->lengths[matcher->n_patterns++] = sorted[i].n;
			states += sorted[i].n;
		}
		pattern_of[sorted[i].index] = matcher->n_patterns - 1;
	}
	return states;
}

/*
 * Grows the trie breadth first: the patterns below a state are a run of the sorted ones, and each different code point
 * at its depth begins the run of a child. runs[state] and depth serve only here.
 */
static void
grow_trie(csf_matcher *matcher, const sorted_pattern *sorted, int n, const int32 *pattern_of, size_t capacity)
{
	pattern_run *runs = csf_alloc(capacity * sizeof(pattern_run));
	int32 *depths = csf_alloc(capacity * sizeof(int32));

	runs[ROOT] = (pattern_run){0, n};
	depths[ROOT] = 0;
	matcher->n_states = 1;
	for (int32 state = 0; state < matcher->n_states; state++)
	{
		int depth = depths[state];
		int from = runs[state].from;

		if (state % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
		matcher->states[state].first_child = matcher->n_states;
		matcher->states[state].labels = 0;
		matcher->patterns[state] = CSF_NO_PATTERN;
		while (from < runs[state].to && sorted[from].n == depth)
			matcher->patterns[state] = pattern_of[sorted[from++].index];
		while (from < runs[state].to)
		{
			int32 child = matcher->n_states++;
			int to = from;

			while (to < runs[state].to && sorted[to].code[depth] == sorted[from].code[depth])
				to++;
			matcher->labels[child] = sorted[from].code[depth];
			matcher->states[state].labels |= label_bit(sorted[from].code[depth]);
			runs[child] = (pattern_run){from, to};
			depths[child] = depth + 1;
			if (state == ROOT)
				set_root_child(matcher, sorted[from].code[0], child);
			from = to;
		}
	}
	matcher->states[matcher->n_states].first_child = matcher->n_states;
	csf_free(runs);
	csf_free(depths);
}

/* Parents have lower numbers and suffixes are shorter, so all that a state needs is there when its turn comes. */
static void
link_suffixes(csf_matcher *matcher)
{
	state_links *states = matcher->states;

	states[ROOT].suffix = ROOT;
	states[ROOT].terminal = ROOT;
	for (int32 state = 0; state < matcher->n_states; state++)
	{
		if (state != ROOT)
			states[state].terminal =
				matcher->patterns[state] != CSF_NO_PATTERN ? state : states[states[state].suffix].terminal;
		for (int32 child = states[state].first_child; child < states[state + 1].first_child; child++)
			states[child].suffix =
				state == ROOT ? ROOT : next_state(matcher, states[state].suffix, matcher->labels[child]);
	}
}

csf_matcher *
csf_matcher_build(const csf_pattern *patterns, int n, int32 *pattern_of)
{
	csf_matcher *matcher = csf_alloc_zero(sizeof(csf_matcher));
	sorted_pattern *sorted = csf_alloc((size_t) n * sizeof(sorted_pattern));
	size_t capacity;

	for (int i = 0; i < n; i++)
		sorted[i] = (sorted_pattern){patterns[i].code, patterns[i].n, i};
	qsort(sorted, n, sizeof(sorted_pattern), compare_patterns);
	matcher->n_pages = 1;
	matcher->pages = csf_alloc_zero(sizeof(*matcher->pages));
	capacity = number_patterns(matcher, sorted, n, pattern_of);
	matcher->states = csf_alloc((capacity + 1) * sizeof(state_links));
	matcher->labels = csf_alloc_zero(capacity * sizeof(uint32));
	matcher->patterns = csf_alloc(capacity * sizeof(int32));
	grow_trie(matcher, sorted, n, pattern_of, capacity);
	csf_free(sorted);
	link_suffixes(matcher);
	matcher->states = csf_realloc(matcher->states, (matcher->n_states + 1) * sizeof(state_links));
	matcher->labels = csf_realloc(matcher->labels, matcher->n_states * sizeof(uint32));
	matcher->patterns = csf_realloc(matcher->patterns, matcher->n_states * sizeof(int32));
	return matcher;
}

int
csf_matcher_patterns(const csf_matcher *matcher)
{
	return matcher->n_patterns;
}

int
csf_matcher_states(const csf_matcher *matcher)
{
	return matcher->n_states;
}

size_t
csf_matcher_memory(const csf_matcher *matcher)
{
	return sizeof(csf_matcher) + (matcher->n_states + 1) * sizeof(state_links) +
		   matcher->n_states * (sizeof(uint32) + sizeof(int32)) + matcher->n_patterns * sizeof(int32) +
		   matcher->n_pages * sizeof(*matcher->pages);
}

void
csf_matcher_free(csf_matcher *matcher)
{
	csf_free(matcher->states);
	csf_free(matcher->labels);
	csf_free(matcher->patterns);
	csf_free(matcher->lengths);
	csf_free(matcher->pages);
	csf_free(matcher);
}

static void
append_end(csf_match_ends *ends, int32 end, int32 state)
{
	if (ends->n == ends->capacity)
	{
		ends->capacity = ends->capacity == 0 ? 32 : ends->capacity * 2;
		ends->at = ends->at == NULL ? csf_alloc(ends->capacity * sizeof(csf_match_end))
									: csf_realloc(ends->at, ends->capacity * sizeof(csf_match_end));
	}
	ends->at[ends->n++] = (csf_match_end){end, state};
}

void
csf_matcher_scan(const csf_matcher *matcher, const csf_folded *text, csf_match_ends *ends)
{
	int32 state = ROOT;

	for (int32 i = 0; i < text->n; i++)
	{
		state = next_state(matcher, state, text->code[i]);
		if (matcher->states[state].terminal != ROOT)
			append_end(ends, i, matcher->states[state].terminal);
		if (i % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
	}
}

int32
csf_matcher_pattern(const csf_matcher *matcher, int32 state)
{
	return matcher->patterns[state];
}

int32
csf_matcher_shorter(const csf_matcher *matcher, int32 state)
{
	return matcher->states[matcher->states[state].suffix].terminal;
}

int
csf_matcher_length(const csf_matcher *matcher, int32 pattern)
{
	return matcher->lengths[pattern];
}

bool
csf_matcher_at_word_edges(const csf_folded *text, int32 end, int length)
{
	int32 start = end - length + 1;

	if (start > 0 && csf_is_word_character(text->code[start]) && csf_is_word_character(text->code[start - 1]))
		return false;
	return end + 1 == text->n || !csf_is_word_character(text->code[end]) ||
		   !csf_is_word_character(text->code[end + 1]);
}
