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

#include "engine/config_target.h"
#include "engine/flow.h"
#include "errors.h"
#include "types/encoding.h"
#include "types/types.h"

#define ROW(i) SPI_tuptable->vals[i], SPI_tuptable->tupdesc
#define ROWS ((int) SPI_processed)

static csf_statement version_query = CSF_STATEMENT("SELECT version FROM csflow.configuration_version"
												   " WHERE desk_id = $1",
												   "l");

static csf_statement desk_query = CSF_STATEMENT(
	"SELECT d.name, d.zone, d.review_team_id, d.default_priority::integer, d.maximum_text_bytes,"
	" d.resume_on_customer_message, d.minimum_score, d.minimum_margin, v.version,"
	" d.confirm_by_link OR d.survey_on = 'answered', d.survey_on <> 'never',"
	" d.duplicate_window > '0', d.duplicate_at_intake, d.duplicate_window, d.duplicate_similarity FROM csflow.desk"
	" d"
	" JOIN csflow.configuration_version v USING (desk_id)"
	" WHERE d.desk_id = $1",
	"l");
static csf_statement team_query =
	CSF_STATEMENT("SELECT team_id, code, supervisor_id, head_id, is_active FROM csflow.team"
				  " WHERE desk_id = $1"
				  " ORDER BY team_id",
				  "l");
static csf_statement agent_query =
	CSF_STATEMENT("SELECT agent_id, role_name::text, team_id, is_bot, may_act_for_others, is_active FROM"
				  " csflow.agent"
				  " WHERE desk_id = $1"
				  " ORDER BY agent_id",
				  "l");
static csf_statement channel_query = CSF_STATEMENT("SELECT channel, is_instant, is_active FROM csflow.channel"
												   " WHERE desk_id = $1"
												   " ORDER BY channel",
												   "l");
static csf_statement category_query =
	CSF_STATEMENT("SELECT c.category_id, coalesce(c.parent_id, c.category_id), c.code, coalesce(p.code,"
				  " c.code), coalesce(c.tag_word, p.tag_word), coalesce(c.team_id, p.team_id),"
				  " coalesce(c.impact, p.impact), coalesce(c.urgency, p.urgency), coalesce(c.handling_tier,"
				  " p.handling_tier), c.is_active AND coalesce(p.is_active, true), coalesce(c.parent_id, 0),"
				  " c.caption_zh FROM csflow.category c"
				  " LEFT JOIN csflow.category p ON p.desk_id = c.desk_id AND p.category_id = c.parent_id"
				  " WHERE c.desk_id = $1"
				  " ORDER BY c.category_id",
				  "l");
static csf_statement matrix_query =
	CSF_STATEMENT("SELECT impact, urgency, priority::integer FROM csflow.priority_rule"
				  " WHERE desk_id = $1 AND mode = 'matrix' AND is_active",
				  "l");
static csf_statement raise_query =
	CSF_STATEMENT("SELECT rule_id, impact, urgency, kind, category_id, channel, customer_tier,"
				  " amount_at_least, priority::integer, notify_team_id, reason FROM csflow.priority_rule"
				  " WHERE desk_id = $1 AND mode = 'raise' AND is_active"
				  " ORDER BY priority DESC, rule_id",
				  "l");
static csf_statement transition_query = CSF_STATEMENT("SELECT from_state, to_state FROM csflow.transition"
													  " WHERE desk_id = $1",
													  "l");
static csf_statement caption_query = CSF_STATEMENT("SELECT DISTINCT kind, code FROM csflow.caption"
												   " WHERE desk_id = $1"
												   " ORDER BY kind, code",
												   "l");
static csf_statement alias_query = CSF_STATEMENT("SELECT word, canonical FROM csflow.keyword_alias"
												 " WHERE desk_id = $1"
												 " ORDER BY word",
												 "l");
static csf_statement lexicon_query = CSF_STATEMENT("SELECT word, class, weight FROM csflow.lexicon"
												   " WHERE desk_id = $1"
												   " ORDER BY word, class",
												   "l");
static csf_statement rule_query =
	CSF_STATEMENT("SELECT r.rule_id, r.field, r.any_of, r.all_of, r.none_of, r.within_characters,"
				  " r.part_of_word, r.weight, r.category_id, r.domain, r.impact, r.urgency, r.raise_to,"
				  " r.notify_team_id, r.team_id FROM csflow.keyword_rule r"
				  " LEFT JOIN csflow.category c USING (desk_id, category_id)"
				  " WHERE r.desk_id = $1 AND r.is_active AND coalesce(c.is_active, true)"
				  " ORDER BY r.rule_id",
				  "l");

/* What is read before it is compiled into the classifier. */
typedef struct classifier_rows
{
	csf_classifier_input input;
	csf_category *categories;
} classifier_rows;

static void
query(csf_statement *statement, const csf_desk *desk, Snapshot snapshot)
{
	Datum key = Int64GetDatum(desk->desk_id);

	csf_run_under(statement, &key, NULL, snapshot);
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
	Datum *elements;
	bool *nulls;
	const char **texts;

	*count = 0;
	if (is_null)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, count);
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

	query(&desk_query, desk, snapshot);
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
	desk->version = csf_column_int64(ROW(0), 9, 0);
	desk->link_states = (csf_column_bool(ROW(0), 10) ? CSF_STATE_BIT(CSF_STATE_ANSWERED) : 0) |
						(csf_column_bool(ROW(0), 11) ? CSF_STATE_BIT(CSF_STATE_CLOSED) : 0);
	desk->queues_duplicates = csf_column_bool(ROW(0), 12);
	desk->finds_duplicates = desk->queues_duplicates && csf_column_bool(ROW(0), 13);
	desk->duplicate_window = *DatumGetIntervalP(SPI_getbinval(ROW(0), 14, &is_null));
	desk->duplicate_similarity = DatumGetFloat8(SPI_getbinval(ROW(0), 15, &is_null));
	return true;
}

static void
load_people(csf_desk *desk, Snapshot snapshot)
{
	query(&team_query, desk, snapshot);
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

	query(&category_query, desk, snapshot);
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
	query(&matrix_query, desk, snapshot);
	for (int i = 0; i < ROWS; i++)
		desk->matrix[csf_column_int(ROW(i), 1, 0)][csf_column_int(ROW(i), 2, 0)] =
			csf_column_int(ROW(i), 3, 0);
	query(&raise_query, desk, snapshot);
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

static int
find_column(TupleDesc description, const char *name)
{
	int column = SPI_fnumber(description, name);

	if (column <= 0)
		ereport(ERROR, (errcode(ERRCODE_CSF_FLOW_VERSION),
						errmsg("table csflow.keyword_rule has no column \"%s\"", name),
						errhint("Bring the tables to this version of csflow with SELECT csflow.migrate().")));
	return column;
}

/* By name: the trigger that checks rules reads rows of the table, the loader rows of its query. */
void
csf_read_rule_row(csf_keyword_rule *rule, HeapTuple row, TupleDesc description)
{
#define COLUMN(name) row, description, find_column(description, name)
	char *field = csf_column_text(COLUMN("field"));
	bool no_priority;
	Datum priority = SPI_getbinval(COLUMN("raise_to"), &no_priority);

	rule->rule_id = csf_column_int64(COLUMN("rule_id"), 0);
	rule->field = strcmp(field, "title") == 0  ? CSF_FIELD_TITLE
				  : strcmp(field, "body") == 0 ? CSF_FIELD_BODY
											   : CSF_FIELD_TEXT;
	rule->any_of = csf_text_array(COLUMN("any_of"), &rule->n_any);
	rule->all_of = csf_text_array(COLUMN("all_of"), &rule->n_all);
	rule->none_of = csf_text_array(COLUMN("none_of"), &rule->n_none);
	rule->within_characters = csf_column_int(COLUMN("within_characters"), 0);
	rule->part_of_word = csf_column_bool(COLUMN("part_of_word"));
	rule->weight = csf_column_int(COLUMN("weight"), 0);
	rule->category_id = csf_column_int64(COLUMN("category_id"), 0);
	rule->domain = utf8_column(COLUMN("domain"));
	rule->impact = csf_column_int(COLUMN("impact"), 0);
	rule->urgency = csf_column_int(COLUMN("urgency"), 0);
	rule->raise_to = no_priority ? 0 : (int) DatumGetPriority(priority);
	rule->notify_team_id = csf_column_int64(COLUMN("notify_team_id"), 0);
	rule->team_id = csf_column_int64(COLUMN("team_id"), 0);
#undef COLUMN
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
	csf_keyword_rule *rules;

	query(&alias_query, desk, snapshot);
	aliases = palloc0(sizeof(csf_alias) * (SPI_processed + 1));
	input->n_aliases = ROWS;
	for (int i = 0; i < ROWS; i++)
	{
		aliases[i].word = utf8_column(ROW(i), 1);
		aliases[i].canonical = utf8_column(ROW(i), 2);
	}
	query(&lexicon_query, desk, snapshot);
	words = palloc0(sizeof(csf_lexicon_word) * (SPI_processed + 1));
	input->n_lexicon = ROWS;
	for (int i = 0; i < ROWS; i++)
	{
		bool is_null;

		words[i].word = utf8_column(ROW(i), 1);
		words[i].class = lexicon_class(csf_column_text(ROW(i), 2));
		words[i].weight = DatumGetFloat8(SPI_getbinval(ROW(i), 3, &is_null));
	}
	query(&rule_query, desk, snapshot);
	rules = palloc0(sizeof(csf_keyword_rule) * (SPI_processed + 1));
	input->n_rules = ROWS;
	for (int i = 0; i < ROWS; i++)
		csf_read_rule_row(&rules[i], ROW(i));
	input->aliases = aliases;
	input->lexicon = words;
	input->rules = rules;
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
	MemoryContextSwitchTo(old);
	/* Rows are checked when written, but only together may they be too much; that must not stop the desk. */
	input->tolerant = true;
	desk->classifier = csf_classifier_build(input, &fault, &rule_id);
	if (desk->classifier == NULL)
		csf_rule_fault(rule_id, &fault);
	if (csf_classifier_left_out(desk->classifier) > 0)
		ereport(WARNING,
				(errcode(ERRCODE_CSF_INVALID_RULE),
				 errmsg("desk %lld classifies without %d of its rules, aliases and words",
						(long long) desk->desk_id, csf_classifier_left_out(desk->classifier)),
				 errdetail("The first is keyword rule %lld: %s.", (long long) rule_id, fault.message)));
	MemoryContextDelete(rows);
}

static void
load_all(csf_desk *desk, Snapshot snapshot, bool *found)
{
	csf_classifier_input input = {0};

	*found = load_desk_row(desk, snapshot, &input);
	if (!*found)
		return;
	load_people(desk, snapshot);
	load_categories(desk, snapshot, &input);
	load_priorities(desk, snapshot);
	load_states(desk, snapshot);
	csf_load_targets(desk, snapshot);
	load_classifier(desk, snapshot, &input);
}

csf_desk *
csf_desk_load(int64 desk_id)
{
	/* Under the caller's context until it is whole, so that an error on the way frees it. */
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "csflow desk", ALLOCSET_DEFAULT_SIZES);
	csf_desk *desk = MemoryContextAllocZero(context, sizeof(csf_desk));
	Snapshot snapshot;
	csf_owner_scope scope;
	MemoryContext old;
	bool found;

	desk->desk_id = desk_id;
	desk->context = context;
	csf_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
	snapshot = csf_latest_snapshot();
	old = MemoryContextSwitchTo(context);
	load_all(desk, snapshot, &found);
	MemoryContextSwitchTo(old);
	UnregisterSnapshot(snapshot);
	csf_owner_leave(&scope);
	SPI_finish();
	if (found)
		return desk;
	MemoryContextDelete(context);
	return NULL;
}

int64
csf_desk_version(int64 desk_id)
{
	Datum key = Int64GetDatum(desk_id);
	csf_owner_scope scope;
	Snapshot snapshot;
	int64 version;

	csf_connect();
	csf_owner_enter(&scope, csf_flow_get()->owner);
	snapshot = csf_latest_snapshot();
	csf_run_under(&version_query, &key, NULL, snapshot);
	version = SPI_processed == 1 ? csf_column_int64(ROW(0), 1, -1) : -1;
	UnregisterSnapshot(snapshot);
	csf_owner_leave(&scope);
	SPI_finish();
	return version;
}
