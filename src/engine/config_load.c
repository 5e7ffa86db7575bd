/*
 * config_load.c
 *		Reads the rows of a desk's configuration and compiles them into a csf_desk.
 *
 * All rows are read under one snapshot, with the rights of the flow's owner, so that a desk is never a mixture of two
 * configurations and does not depend on who asks first.
 */
#include "engine/config.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "engine/config_rule.h"
#include "engine/config_target.h"
#include "engine/flow.h"
#include "errors.h"
#include "types/encoding.h"
#include "types/types.h"

#define ROW(i) SPI_tuptable->vals[i], SPI_tuptable->tupdesc
#define ROWS ((int) SPI_processed)

/*
 * A table of the rules as it is, and as it was at version $2 of its desk: rows that have not changed since, and of those
 * that have the first image kept after it (config_history.c).
 */
#define AS_IT_IS(table, key) "csflow." table
#define AS_IT_WAS(table, key)                                                                                \
	"(SELECT r.* FROM csflow." table " r WHERE r.desk_id = $1 AND NOT EXISTS ("                              \
	"SELECT FROM csflow.rule_history h WHERE h.desk_id = $1 AND h.table_name = '" table                      \
	"' AND h.row_key = " key " AND h.version > $2)"                                                          \
	" UNION ALL SELECT p.* FROM (SELECT DISTINCT ON (h.row_key) h.old_row FROM csflow.rule_history h"        \
	" WHERE h.desk_id = $1 AND h.table_name = '" table "' AND h.version > $2"                                \
	" ORDER BY h.row_key, h.version) h"                                                                      \
	" CROSS JOIN LATERAL jsonb_populate_record(NULL::csflow." table ", h.old_row) p"                         \
	" WHERE h.old_row IS NOT NULL)"

typedef struct versioned_statement
{
	csf_statement now, then;
} versioned_statement;

#define VERSIONED(query)                                                                                     \
	{                                                                                                        \
		CSF_STATEMENT(query(AS_IT_IS), "l"), CSF_STATEMENT(query(AS_IT_WAS), "ll")                           \
	}

static csf_statement version_query =
	CSF_STATEMENT("SELECT version, history_from FROM csflow.configuration_version"
				  " WHERE desk_id = $1",
				  "l");

static csf_statement agent_query =
	CSF_STATEMENT("SELECT agent_id, role_name::text, team_id, is_bot, may_act_for_others, is_active,"
				  " tier <> 'novice' FROM csflow.agent"
				  " WHERE desk_id = $1"
				  " ORDER BY agent_id",
				  "l");
static csf_statement channel_query = CSF_STATEMENT("SELECT channel, is_instant, is_active FROM csflow.channel"
												   " WHERE desk_id = $1"
												   " ORDER BY channel",
												   "l");
static csf_statement transition_query = CSF_STATEMENT("SELECT from_state, to_state FROM csflow.transition"
													  " WHERE desk_id = $1",
													  "l");
static csf_statement caption_query = CSF_STATEMENT("SELECT DISTINCT kind, code FROM csflow.caption"
												   " WHERE desk_id = $1"
												   " ORDER BY kind, code",
												   "l");
/* The formatter would take such macros apart. */
/* clang-format off */
#define DESK_QUERY(TABLE)                                                                                    \
	"SELECT d.name, d.zone, d.review_team_id, d.default_priority::integer, d.maximum_text_bytes,"            \
	" d.resume_on_customer_message, d.minimum_score, d.minimum_margin, v.version,"                           \
	" d.confirm_by_link OR d.survey_on = 'answered', d.survey_on <> 'never',"                                \
	" d.duplicate_window > '0', d.duplicate_at_intake, d.duplicate_window, d.duplicate_similarity,"          \
	" cardinality(d.approval_for) > 0"                                                                       \
	" FROM " TABLE("desk", "''") " d JOIN csflow.configuration_version v USING (desk_id)"                    \
	" WHERE d.desk_id = $1"
static versioned_statement desk_query = VERSIONED(DESK_QUERY);

#define TEAM_QUERY(TABLE)                                                                                    \
	"SELECT t.team_id, t.code, t.supervisor_id, t.head_id, t.is_active"                                      \
	" FROM " TABLE("team", "r.team_id::text") " t WHERE t.desk_id = $1 ORDER BY t.team_id"
static versioned_statement team_query = VERSIONED(TEAM_QUERY);

#define CATEGORIES(TABLE) TABLE("category", "r.category_id::text")
#define CATEGORY_QUERY(TABLE)                                                                                \
	"SELECT c.category_id, coalesce(c.parent_id, c.category_id), c.code, coalesce(p.code, c.code),"          \
	" coalesce(c.tag_word, p.tag_word), coalesce(c.team_id, p.team_id), coalesce(c.impact, p.impact),"       \
	" coalesce(c.urgency, p.urgency), coalesce(c.handling_tier, p.handling_tier),"                           \
	" c.is_active AND coalesce(p.is_active, true), coalesce(c.parent_id, 0), c.caption_zh"                   \
	" FROM " CATEGORIES(TABLE) " c"                                                                          \
	" LEFT JOIN " CATEGORIES(TABLE) " p ON p.desk_id = c.desk_id AND p.category_id = c.parent_id"            \
	" WHERE c.desk_id = $1 ORDER BY c.category_id"
static versioned_statement category_query = VERSIONED(CATEGORY_QUERY);

#define PRIORITY_RULES(TABLE) TABLE("priority_rule", "r.rule_id::text")
#define MATRIX_QUERY(TABLE)                                                                                  \
	"SELECT m.impact, m.urgency, m.priority::integer FROM " PRIORITY_RULES(TABLE) " m"                       \
	" WHERE m.desk_id = $1 AND m.mode = 'matrix' AND m.is_active"
static versioned_statement matrix_query = VERSIONED(MATRIX_QUERY);

#define RAISE_QUERY(TABLE)                                                                                   \
	"SELECT m.rule_id, m.impact, m.urgency, m.kind, m.category_id, m.channel, m.customer_tier,"              \
	" m.amount_at_least, m.priority::integer, m.notify_team_id, m.reason"                                    \
	" FROM " PRIORITY_RULES(TABLE) " m WHERE m.desk_id = $1 AND m.mode = 'raise' AND m.is_active"            \
	" ORDER BY m.priority DESC, m.rule_id"
static versioned_statement raise_query = VERSIONED(RAISE_QUERY);

#define ALIAS_QUERY(TABLE)                                                                                   \
	"SELECT a.word, a.canonical FROM " TABLE("keyword_alias", "r.word") " a"                                 \
	" WHERE a.desk_id = $1 ORDER BY a.word"
static versioned_statement alias_query = VERSIONED(ALIAS_QUERY);

#define LEXICON_QUERY(TABLE)                                                                                 \
	"SELECT w.word, w.class, w.weight FROM " TABLE("lexicon", "r.class || ' ' || r.word") " w"               \
	" WHERE w.desk_id = $1 ORDER BY w.word, w.class"
static versioned_statement lexicon_query = VERSIONED(LEXICON_QUERY);

#define RULE_QUERY(TABLE)                                                                                    \
	"SELECT k.rule_id, k.field, k.attribute_key, k.amount_at_least, k.amount_below, k.any_of, k.all_of,"     \
	" k.none_of, k.within_characters, k.part_of_word, k.weight, k.category_id, k.domain, k.impact,"          \
	" k.urgency, k.raise_to, k.notify_team_id, k.team_id, k.reason"                                          \
	" FROM " TABLE("keyword_rule", "r.rule_id::text") " k"                                                   \
	" LEFT JOIN " CATEGORIES(TABLE) " c USING (desk_id, category_id)"                                        \
	" LEFT JOIN " CATEGORIES(TABLE) " p ON p.desk_id = k.desk_id AND p.category_id = c.parent_id"            \
	" WHERE k.desk_id = $1 AND k.is_active AND coalesce(c.is_active, true)"                                  \
	" AND coalesce(p.is_active, true) ORDER BY k.rule_id"
static versioned_statement rule_query = VERSIONED(RULE_QUERY);
/* clang-format on */

static void
query(csf_statement *statement, const csf_desk *desk, Snapshot snapshot)
{
	Datum key = Int64GetDatum(desk->desk_id);

	csf_run_under(statement, &key, NULL, snapshot);
}

/* As it is, or as it was at the desk's version where that is a past one. */
static void
versioned_query(versioned_statement *statement, const csf_desk *desk, Snapshot snapshot)
{
	Datum keys[2] = {Int64GetDatum(desk->desk_id), Int64GetDatum(desk->version)};

	csf_run_under(desk->is_past ? &statement->then : &statement->now, keys, NULL, snapshot);
}

/* A text column in UTF-8, which is what the kernel reads, allocated in the current context. */
static const char *
utf8_column(HeapTuple row, TupleDesc description, int column)
{
	char *text = csf_column_text(row, description, column);
	size_t length;

	return text == NULL ? NULL : csf_utf8_from_server(text, strlen(text), &length, NULL);
}

const char **
csf_text_array(HeapTuple row, TupleDesc description, int column, int *count)
{
	bool is_null;
	Datum value = SPI_getbinval(row, description, column, &is_null);

	*count = 0;
	return is_null ? NULL : csf_array_texts(value, count);
}

const char **
csf_array_texts(Datum array, int *count)
{
	Datum *elements;
	bool *nulls;
	const char **texts;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, count);
	texts = palloc(sizeof(char *) * (*count + 1));
	for (int i = 0; i < *count; i++)
	{
		char *element = nulls[i] ? pstrdup("") : TextDatumGetCString(elements[i]);
		size_t length;

		texts[i] = csf_utf8_from_server(element, strlen(element), &length, NULL);
	}
	return texts;
}

static bool
load_desk_row(csf_desk *desk, Snapshot snapshot, csf_classifier_input *input)
{
	bool is_null;

	versioned_query(&desk_query, desk, snapshot);
	if (SPI_processed == 0)
		return false;
	desk->name = csf_column_text(ROW(0), 1);
	desk->zone = csf_column_text(ROW(0), 2);
	desk->review_team_id = csf_column_int64(ROW(0), 3, 0);
	desk->default_priority = csf_column_int(ROW(0), 4, 0);
	desk->maximum_text_bytes = csf_column_int(ROW(0), 5, 0);
	desk->resume_on_customer_message = csf_column_bool(ROW(0), 6);
	input->minimum_score = csf_column_int(ROW(0), 7, 0);
	input->minimum_margin = csf_column_int(ROW(0), 8, 0);
	/* An image of old may lack what has no part in classification. */
	if (desk->is_past)
		return true;
	desk->version = csf_column_int64(ROW(0), 9, 0);
	desk->asks_approval = csf_column_bool(ROW(0), 16);
	desk->link_states = (csf_column_bool(ROW(0), 10) ? CSF_STATE_BIT(CSF_STATE_ANSWERED) : 0) |
						(csf_column_bool(ROW(0), 11) ? CSF_STATE_BIT(CSF_STATE_CLOSED) : 0);
	desk->queues_duplicates = csf_column_bool(ROW(0), 12);
	desk->finds_duplicates = desk->queues_duplicates && csf_column_bool(ROW(0), 13);
	desk->duplicate_window = *DatumGetIntervalP(SPI_getbinval(ROW(0), 14, &is_null));
	desk->duplicate_similarity = DatumGetFloat8(SPI_getbinval(ROW(0), 15, &is_null));
	return true;
}

static void
load_teams(csf_desk *desk, Snapshot snapshot)
{
	versioned_query(&team_query, desk, snapshot);
	desk->team_count = ROWS;
	desk->teams = palloc0(sizeof(csf_team) * (desk->team_count + 1));
	for (int i = 0; i < desk->team_count; i++)
	{
		desk->teams[i].team_id = csf_column_int64(ROW(i), 1, 0);
		desk->teams[i].code = csf_column_text(ROW(i), 2);
		desk->teams[i].supervisor_id = csf_column_int64(ROW(i), 3, 0);
		desk->teams[i].head_id = csf_column_int64(ROW(i), 4, 0);
		desk->teams[i].is_active = csf_column_bool(ROW(i), 5);
	}
}

static void
load_people(csf_desk *desk, Snapshot snapshot)
{
	query(&agent_query, desk, snapshot);
	desk->agent_count = ROWS;
	desk->agents = palloc0(sizeof(csf_agent) * (desk->agent_count + 1));
	for (int i = 0; i < desk->agent_count; i++)
	{
		desk->agents[i].agent_id = csf_column_int64(ROW(i), 1, 0);
		desk->agents[i].role_name = csf_column_text(ROW(i), 2);
		desk->agents[i].team_id = csf_column_int64(ROW(i), 3, 0);
		desk->agents[i].is_bot = csf_column_bool(ROW(i), 4);
		desk->agents[i].may_act_for_others = csf_column_bool(ROW(i), 5);
		desk->agents[i].is_active = csf_column_bool(ROW(i), 6);
		desk->agents[i].is_senior = csf_column_bool(ROW(i), 7);
	}
	query(&channel_query, desk, snapshot);
	desk->channel_count = ROWS;
	desk->channels = palloc0(sizeof(csf_channel) * (desk->channel_count + 1));
	for (int i = 0; i < desk->channel_count; i++)
	{
		desk->channels[i].name = csf_column_text(ROW(i), 1);
		desk->channels[i].is_instant = csf_column_bool(ROW(i), 2);
		desk->channels[i].is_active = csf_column_bool(ROW(i), 3);
	}
}

/* Inactive categories stay known, for tickets that have them; the classifier does not get them. */
static void
load_categories(csf_desk *desk, Snapshot snapshot, csf_classifier_input *input)
{
	csf_category *active;
	int active_count = 0;

	versioned_query(&category_query, desk, snapshot);
	desk->category_count = ROWS;
	desk->categories = palloc0(sizeof(csf_category_entry) * (desk->category_count + 1));
	active = palloc0(sizeof(csf_category) * (desk->category_count + 1));
	for (int i = 0; i < desk->category_count; i++)
	{
		csf_category_entry *entry = &desk->categories[i];

		entry->category_id = csf_column_int64(ROW(i), 1, 0);
		entry->kind_id = csf_column_int64(ROW(i), 2, 0);
		entry->code = csf_column_text(ROW(i), 3);
		entry->kind_code = csf_column_text(ROW(i), 4);
		entry->tag_word = csf_column_text(ROW(i), 5);
		entry->team_id = csf_column_int64(ROW(i), 6, 0);
		entry->impact = csf_column_int(ROW(i), 7, 0);
		entry->urgency = csf_column_int(ROW(i), 8, 0);
		entry->handling_tier = csf_column_int(ROW(i), 9, 0);
		entry->caption = csf_column_text(ROW(i), 12);
		if (csf_column_bool(ROW(i), 10))
		{
			active[active_count].category_id = entry->category_id;
			active[active_count++].parent_id = csf_column_int64(ROW(i), 11, 0);
		}
	}
	input->categories = active;
	input->n_categories = active_count;
}

static void
load_priorities(csf_desk *desk, Snapshot snapshot)
{
	versioned_query(&matrix_query, desk, snapshot);
	for (int i = 0; i < ROWS; i++)
		desk->matrix[csf_column_int(ROW(i), 1, 0)][csf_column_int(ROW(i), 2, 0)] =
			csf_column_int(ROW(i), 3, 0);
	versioned_query(&raise_query, desk, snapshot);
	desk->raise_count = ROWS;
	desk->raises = palloc0(sizeof(csf_raise_rule) * (desk->raise_count + 1));
	for (int i = 0; i < desk->raise_count; i++)
	{
		csf_raise_rule *rule = &desk->raises[i];
		bool no_amount;
		Datum amount = SPI_getbinval(ROW(i), 8, &no_amount);

		rule->rule_id = csf_column_int64(ROW(i), 1, 0);
		rule->impact = csf_column_int(ROW(i), 2, 0);
		rule->urgency = csf_column_int(ROW(i), 3, 0);
		rule->kind = csf_column_text(ROW(i), 4);
		rule->category_id = csf_column_int64(ROW(i), 5, 0);
		rule->channel = csf_column_text(ROW(i), 6);
		rule->customer_tier = csf_column_text(ROW(i), 7);
		rule->has_amount = !no_amount;
		rule->amount_at_least = no_amount ? (Datum) 0 : datumCopy(amount, false, -1);
		rule->priority = csf_column_int(ROW(i), 9, 0);
		rule->notify_team_id = csf_column_int64(ROW(i), 10, 0);
		rule->reason = csf_column_text(ROW(i), 11);
	}
}

static void
load_states(csf_desk *desk, Snapshot snapshot)
{
	query(&transition_query, desk, snapshot);
	for (int i = 0; i < ROWS; i++)
	{
		char *from = csf_column_text(ROW(i), 1);
		char *to = csf_column_text(ROW(i), 2);
		int from_state = from == NULL ? CSF_STATE_COUNT : csf_state_parse(from, strlen(from));
		int to_state = csf_state_parse(to, strlen(to));

		if (from_state >= 0 && to_state >= 0)
			desk->transitions[from_state] |= CSF_STATE_BIT(to_state);
	}
	query(&caption_query, desk, snapshot);
	desk->caption_count = ROWS;
	desk->captions = palloc0(sizeof(csf_caption) * (desk->caption_count + 1));
	for (int i = 0; i < desk->caption_count; i++)
	{
		desk->captions[i].kind = csf_column_text(ROW(i), 1);
		desk->captions[i].code = csf_column_text(ROW(i), 2);
	}
}

static csf_lexicon_class
lexicon_class(const char *name)
{
	static const char *const names[CSF_LEXICON_CLASSES] = {"anger",    "anxiety",     "negative",
														   "positive", "intensifier", "negation"};

	for (int i = 0; i < CSF_LEXICON_CLASSES; i++)
	{
		if (strcmp(names[i], name) == 0)
			return (csf_lexicon_class) i;
	}
	elog(ERROR, "unknown lexicon class \"%s\"", name);
}

static void
read_words(const csf_desk *desk, Snapshot snapshot, csf_classifier_input *input)
{
	csf_alias *aliases;
	csf_lexicon_word *words;

	versioned_query(&alias_query, desk, snapshot);
	aliases = palloc0(sizeof(csf_alias) * (SPI_processed + 1));
	input->n_aliases = ROWS;
	for (int i = 0; i < ROWS; i++)
	{
		aliases[i].word = utf8_column(ROW(i), 1);
		aliases[i].canonical = utf8_column(ROW(i), 2);
	}
	versioned_query(&lexicon_query, desk, snapshot);
	words = palloc0(sizeof(csf_lexicon_word) * (SPI_processed + 1));
	input->n_lexicon = ROWS;
	for (int i = 0; i < ROWS; i++)
	{
		bool is_null;

		words[i].word = utf8_column(ROW(i), 1);
		words[i].class = lexicon_class(csf_column_text(ROW(i), 2));
		words[i].weight = DatumGetFloat8(SPI_getbinval(ROW(i), 3, &is_null));
	}
	input->aliases = aliases;
	input->lexicon = words;
}

/* The bounds of amounts stay with the desk. */
static void
read_rules(csf_desk *desk, Snapshot snapshot, csf_classifier_input *input)
{
	csf_rule_row *rows;
	csf_keyword_rule *rules;
	Datum *bounds;

	versioned_query(&rule_query, desk, snapshot);
	input->n_rules = ROWS;
	rows = palloc_extended(sizeof(csf_rule_row) * (input->n_rules + 1), MCXT_ALLOC_HUGE);
	rules = palloc_extended(sizeof(csf_keyword_rule) * (input->n_rules + 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < input->n_rules; i++)
		csf_read_rule_row(&rows[i], ROW(i));
	desk->amount_bound_count = csf_rank_rules(rows, input->n_rules, &bounds);
	for (int i = 0; i < input->n_rules; i++)
		rules[i] = rows[i].rule;
	input->rules = rules;
	desk->amount_bounds = MemoryContextAlloc(desk->context, sizeof(Datum) * (desk->amount_bound_count + 1));
	for (int i = 0; i < desk->amount_bound_count; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(desk->context);

		desk->amount_bounds[i] = datumCopy(bounds[i], false, -1);
		MemoryContextSwitchTo(old);
	}
}

/* Keys as the server writes them, to look them up in ticket.attributes. */
static void
keep_attribute_keys(csf_desk *desk)
{
	while (csf_classifier_attribute(desk->classifier, desk->attribute_count) != NULL)
		desk->attribute_count++;
	desk->attribute_keys = palloc(sizeof(char *) * (desk->attribute_count + 1));
	for (int i = 0; i < desk->attribute_count; i++)
	{
		const char *key = csf_classifier_attribute(desk->classifier, i);

		desk->attribute_keys[i] = pstrdup(csf_utf8_to_server(key, strlen(key)));
	}
}

/* The rows go to a context of their own: the classifier copies what it keeps. */
static void
load_classifier(csf_desk *desk, Snapshot snapshot, csf_classifier_input *input)
{
	MemoryContext rows =
		AllocSetContextCreate(CurrentMemoryContext, "csflow rule rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(rows);
	csf_fault fault;
	int64 rule_id = 0;

	read_words(desk, snapshot, input);
	read_rules(desk, snapshot, input);
	MemoryContextSwitchTo(old);
	/* Rows are checked when written, but only together may they be too much; that must not stop the desk. */
	input->tolerant = true;
	desk->classifier = csf_classifier_build(input, &fault, &rule_id);
	if (desk->classifier == NULL)
		csf_rule_fault(rule_id, &fault);
	keep_attribute_keys(desk);
	if (csf_classifier_left_out(desk->classifier) > 0)
		ereport(WARNING,
				(errcode(ERRCODE_CSF_INVALID_RULE),
				 errmsg("desk %lld classifies without %d of its rules, aliases and words",
						(long long) desk->desk_id, csf_classifier_left_out(desk->classifier)),
				 errdetail("The first is keyword rule %lld: %s.", (long long) rule_id, fault.message)));
	MemoryContextDelete(rows);
}

static bool
load_all(csf_desk *desk, Snapshot snapshot)
{
	csf_classifier_input input = {0};

	if (!load_desk_row(desk, snapshot, &input))
		return false;
	load_teams(desk, snapshot);
	load_categories(desk, snapshot, &input);
	load_priorities(desk, snapshot);
	load_classifier(desk, snapshot, &input);
	if (desk->is_past)
		return true;
	load_people(desk, snapshot);
	load_states(desk, snapshot);
	csf_load_targets(desk, snapshot);
	return true;
}

/* Current version of a desk and the oldest one whose rules are kept; -1 where there is no such desk. */
static int64
read_version(int64 desk_id, Snapshot snapshot, int64 *history_from)
{
	Datum key = Int64GetDatum(desk_id);

	csf_run_under(&version_query, &key, NULL, snapshot);
	*history_from = SPI_processed == 1 ? csf_column_int64(ROW(0), 2, 1) : 0;
	return SPI_processed == 1 ? csf_column_int64(ROW(0), 1, -1) : -1;
}

static void
require_kept(const csf_desk *desk, Snapshot snapshot)
{
	int64 from;
	int64 now = read_version(desk->desk_id, snapshot, &from);

	if (desk->version >= from && desk->version <= now)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CSF_HISTORY_GONE),
			 errmsg("the rules of desk %lld in version %lld are not kept", (long long) desk->desk_id,
					(long long) desk->version),
			 errdetail("Kept are versions %lld to %lld.", (long long) from, (long long) now),
			 errhint("csflow.explain_classification() shows what the rules of today make of a text.")));
}

static csf_desk *
load(csf_desk *desk)
{
	Snapshot snapshot;
	csf_owner_scope scope;
	MemoryContext old;
	bool found;

	csf_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
	snapshot = csf_latest_snapshot();
	if (desk->is_past)
		require_kept(desk, snapshot);
	old = MemoryContextSwitchTo(desk->context);
	found = load_all(desk, snapshot);
	MemoryContextSwitchTo(old);
	UnregisterSnapshot(snapshot);
	csf_owner_leave(&scope);
	SPI_finish();
	if (found)
		return desk;
	MemoryContextDelete(desk->context);
	return NULL;
}

static csf_desk *
make_desk(int64 desk_id, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "csflow desk", ALLOCSET_DEFAULT_SIZES);
	csf_desk *desk = MemoryContextAllocZero(context, sizeof(csf_desk));

	desk->desk_id = desk_id;
	desk->context = context;
	return desk;
}

csf_desk *
csf_desk_load(int64 desk_id)
{
	/* What has been read must keep its version: a further change of this transaction is another one. */
	csf_version_is_read(desk_id);
	/* Under the caller's context until it is whole, so that an error on the way frees it. */
	return load(make_desk(desk_id, CurrentMemoryContext));
}

csf_desk *
csf_desk_load_version(int64 desk_id, int64 version, MemoryContext parent)
{
	csf_desk *desk = make_desk(desk_id, parent);

	desk->is_past = true;
	desk->version = version;
	return load(desk);
}

int64
csf_desk_version(int64 desk_id)
{
	csf_owner_scope scope;
	Snapshot snapshot;
	int64 version, history_from;

	csf_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
	snapshot = csf_latest_snapshot();
	version = read_version(desk_id, snapshot, &history_from);
	UnregisterSnapshot(snapshot);
	csf_owner_leave(&scope);
	SPI_finish();
	return version;
}
