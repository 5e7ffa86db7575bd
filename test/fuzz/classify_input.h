/*
 * classify_input.h
 *		Reads the keyword rules, aliases, lexicon, categories and the content that classify_model_fuzz.c tries. Each line is
 *		one thing, by its first character; its parts are separated by bars:
 *
 *		r	a rule: words of any_of, &words of all_of, ^words of none_of, and what else it says after a sign of equality:
 *			=w weight, =n within_characters, =p part_of_word, =c category, =d domain, =f field, =k key of an attribute,
 *			=i impact, =u urgency, =r raise_to, =t team, =o team to notify, =y reason, =a amount from, =b amount to
 *		a	an alias and its canonical word
 *		l	a word of the lexicon, its class and tenths of its weight
 *		c	a category and its parent; without any, two kinds with two second levels each
 *		m	minimum score and minimum margin
 *		T	tolerant
 *		t b h e $	title, body, channel, customer tier, rank of the amount; x y z: an attribute, see attribute_keys
 */
#ifndef CSF_TEST_CLASSIFY_INPUT_H
#define CSF_TEST_CLASSIFY_INPUT_H

#include "kernel/classify.h"

#define MAX_RULES 24
#define MAX_WORDS 8
#define MAX_ALIASES 12
#define MAX_LEXICON 24
#define MAX_CATEGORIES 12
#define N_ATTRIBUTES 3

static const char *const attribute_keys[N_ATTRIBUTES] = {CSF_BUSINESS_OBJECT_KEY, "k", "m"};

typedef struct fuzz_input
{
	csf_keyword_rule rules[MAX_RULES];
	const char *words[MAX_RULES][3][MAX_WORDS];
	csf_alias aliases[MAX_ALIASES];
	csf_lexicon_word lexicon[MAX_LEXICON];
	csf_category categories[MAX_CATEGORIES];
	int n_rules, n_aliases, n_lexicon, n_categories;
	int minimum_score, minimum_margin;
	bool tolerant;
	const char *texts[4 + N_ATTRIBUTES]; /* title, body, channel, tier, attributes; NULL: none */
	bool has_amount;
	int amount_rank;
} fuzz_input;

static int
number(const char *text)
{
	return text == NULL ? 0 : (int) (strtol(text, NULL, 10) % 100000);
}

static void
read_option(csf_keyword_rule *rule, char *option)
{
	int value = option[0] == '\0' ? 0 : number(option + 1);

	switch (option[0])
	{
		case 'w':
			rule->weight = value;
			break;
		case 'n':
			rule->within_characters = value;
			break;
		case 'p':
			rule->part_of_word = true;
			break;
		case 'c':
			rule->category_id = value;
			break;
		case 'd':
			rule->domain = option + 1;
			break;
		case 'f':
			rule->field = (csf_field) value;
			break;
		case 'k':
			rule->attribute_key = option + 1;
			break;
		case 'i':
			rule->impact = value;
			break;
		case 'u':
			rule->urgency = value;
			break;
		case 'r':
			rule->raise_to = value;
			break;
		case 't':
			rule->team_id = value;
			break;
		case 'o':
			rule->notify_team_id = value;
			break;
		case 'y':
			rule->reason = option + 1;
			break;
		case 'a':
			rule->amount_from = value;
			rule->amount_text = option;
			break;
		case 'b':
			rule->amount_to = value;
			rule->amount_text = option;
			break;
	}
}

/* Attributes that no text is known for would be nothing to compare with: they become the one called m. */
static void
settle_key(csf_keyword_rule *rule)
{
	for (int i = 0; i < N_ATTRIBUTES; i++)
		if (rule->attribute_key == NULL || rule->attribute_key[0] == '\0' ||
			strcmp(rule->attribute_key, attribute_keys[i]) == 0)
			return;
	rule->attribute_key = attribute_keys[N_ATTRIBUTES - 1];
}

static void
read_rule(fuzz_input *input, char *line)
{
	csf_keyword_rule *rule = &input->rules[input->n_rules];
	const char *(*words)[MAX_WORDS] = input->words[input->n_rules];
	int *n[3] = {&rule->n_any, &rule->n_all, &rule->n_none};

	*rule = (csf_keyword_rule){.rule_id = ++input->n_rules,
							   .any_of = words[0],
							   .all_of = words[1],
							   .none_of = words[2],
							   .weight = 1};
	for (char *part = strtok(line, "|"); part != NULL; part = strtok(NULL, "|"))
	{
		int list = part[0] == '&' ? 1 : part[0] == '^' ? 2 : 0;

		if (part[0] == '=')
			read_option(rule, part + 1);
		else if (*n[list] < MAX_WORDS)
			words[list][(*n[list])++] = part + (list > 0);
	}
	settle_key(rule);
}

static void
read_row(fuzz_input *input, char kind, char *line)
{
	const char *part[3];

	for (int i = 0; i < 3; i++)
		part[i] = strtok(i == 0 ? line : NULL, "|");
	if (kind == 'a' && input->n_aliases < MAX_ALIASES)
		input->aliases[input->n_aliases++] =
			(csf_alias){part[0] == NULL ? "" : part[0], part[1] == NULL ? "" : part[1]};
	else if (kind == 'l' && input->n_lexicon < MAX_LEXICON)
		input->lexicon[input->n_lexicon++] =
			(csf_lexicon_word){part[0], (csf_lexicon_class) number(part[1]), number(part[2]) / 10.0};
	else if (kind == 'c' && input->n_categories < MAX_CATEGORIES)
		input->categories[input->n_categories++] = (csf_category){number(part[0]), number(part[1])};
	else if (kind == 'm')
	{
		input->minimum_score = number(part[0]);
		input->minimum_margin = number(part[1]);
	}
}

static void
read_line(fuzz_input *input, char *line)
{
	static const char text_kinds[] = "tbhexyz";
	const char *kind = strchr(text_kinds, line[0]);

	if (line[0] == '\0')
		return;
	if (kind != NULL)
		input->texts[kind - text_kinds] = line + 1;
	else if (line[0] == 'r' && input->n_rules < MAX_RULES)
		read_rule(input, line + 1);
	else if (line[0] == 'T')
		input->tolerant = true;
	else if (line[0] == '$')
	{
		input->has_amount = true;
		input->amount_rank = number(line + 1);
	}
	else
		read_row(input, line[0], line + 1);
}

/* The strings of the input lie in text, whose bars and ends of lines become their ends. */
static void
read_input(fuzz_input *input, char *text)
{
	static const csf_category usual[] = {{1, 0}, {2, 0}, {11, 1}, {12, 1}, {21, 2}, {22, 2}};
	char *line = text;

	memset(input, 0, sizeof(*input));
	input->minimum_score = 2;
	input->minimum_margin = 1;
	while (line != NULL)
	{
		char *end = strchr(line, '\n');

		if (end != NULL)
			*end = '\0';
		read_line(input, line);
		line = end == NULL ? NULL : end + 1;
	}
	if (input->n_categories == 0)
	{
		memcpy(input->categories, usual, sizeof(usual));
		input->n_categories = sizeof(usual) / sizeof(usual[0]);
	}
}

#endif
