/*
 * config_rule.c
 *		Keyword rules as rows: reading them, the bounds of amounts, and what could never work.
 *
 * Amounts are numeric, which the kernel does not know. It gets ranks: all bounds of a desk's rules are sorted, and an
 * amount is as good as the number of bounds it reaches, exactly and whatever its scale.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "engine/config_rule.h"
#include "engine/config_target.h"
#include "engine/flow.h"
#include "errors.h"
#include "types/encoding.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_keyword_rule_fault);

static const char *const field_names[CSF_FIELDS] = {
	"text", "title", "body", "channel", "customer_tier", "business_object", "attribute", "amount"};

const char *
csf_field_name(csf_field field)
{
	return field_names[field];
}

csf_field
csf_field_parse(const char *name)
{
	int field = 0;

	while (field < CSF_FIELDS && (name == NULL || strcmp(field_names[field], name) != 0))
		field++;
	return (csf_field) field;
}

void
csf_rule_fault(int64 rule_id, const csf_fault *fault)
{
	ereport(ERROR, (errcode(ERRCODE_CSF_INVALID_RULE),
					errmsg("keyword rule %lld: %s", (long long) rule_id, fault->message),
					fault->detail[0] != '\0' ? errdetail_internal("%s", fault->detail) : 0,
					fault->hint[0] != '\0' ? errhint("%s", fault->hint) : 0));
}

/* ---- reading ---- */

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

static const char *
to_utf8(const char *text)
{
	size_t length;

	return text == NULL ? NULL : csf_utf8_from_server(text, strlen(text), &length, NULL);
}

/* Keeps a bound, which may point into a row that goes. */
static void
read_bound(HeapTuple tuple, TupleDesc description, const char *name, bool *has, Datum *bound)
{
	bool is_null;
	Datum value = SPI_getbinval(tuple, description, find_column(description, name), &is_null);

	*has = !is_null;
	*bound = is_null ? (Datum) 0 : datumCopy(PointerGetDatum(PG_DETOAST_DATUM(value)), false, -1);
}

static const char *
bound_text(Datum bound)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, bound));
}

static void
describe_bounds(csf_rule_row *row)
{
	if (!row->has_at_least && !row->has_below)
		return;
	row->rule.amount_text = psprintf(
		"%s%s%s%s%s", row->has_at_least ? "at least " : "",
		row->has_at_least ? bound_text(row->at_least) : "", row->has_at_least && row->has_below ? ", " : "",
		row->has_below ? "below " : "", row->has_below ? bound_text(row->below) : "");
}

/* By name: the trigger that checks rules reads rows of the table, the loader rows of its query. */
void
csf_read_rule_row(csf_rule_row *row, HeapTuple tuple, TupleDesc description)
{
#define COLUMN(name) tuple, description, find_column(description, name)
	csf_keyword_rule *rule = &row->rule;
	bool no_priority;
	Datum priority = SPI_getbinval(COLUMN("raise_to"), &no_priority);

	memset(row, 0, sizeof(*row));
	rule->rule_id = csf_column_int64(COLUMN("rule_id"), 0);
	rule->field = csf_field_parse(csf_column_text(COLUMN("field")));
	rule->attribute_key = to_utf8(csf_column_text(COLUMN("attribute_key")));
	read_bound(tuple, description, "amount_at_least", &row->has_at_least, &row->at_least);
	read_bound(tuple, description, "amount_below", &row->has_below, &row->below);
	describe_bounds(row);
	rule->any_of = csf_text_array(COLUMN("any_of"), &rule->n_any);
	rule->all_of = csf_text_array(COLUMN("all_of"), &rule->n_all);
	rule->none_of = csf_text_array(COLUMN("none_of"), &rule->n_none);
	rule->within_characters = csf_column_int(COLUMN("within_characters"), 0);
	rule->part_of_word = csf_column_bool(COLUMN("part_of_word"));
	rule->weight = csf_column_int(COLUMN("weight"), 0);
	rule->category_id = csf_column_int64(COLUMN("category_id"), 0);
	rule->domain = to_utf8(csf_column_text(COLUMN("domain")));
	rule->impact = csf_column_int(COLUMN("impact"), 0);
	rule->urgency = csf_column_int(COLUMN("urgency"), 0);
	rule->raise_to = no_priority ? 0 : (int) DatumGetPriority(priority);
	rule->notify_team_id = csf_column_int64(COLUMN("notify_team_id"), 0);
	rule->team_id = csf_column_int64(COLUMN("team_id"), 0);
	rule->reason = to_utf8(csf_column_text(COLUMN("reason")));
#undef COLUMN
}

/* ---- amounts ---- */

static int
compare_bounds(const void *left, const void *right)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, *(const Datum *) left, *(const Datum *) right));
}

int
csf_amount_rank(const Datum *bounds, int n, Datum amount)
{
	int low = 0, high = n;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (compare_bounds(&bounds[middle], &amount) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int
csf_rank_rules(csf_rule_row *rows, int n, Datum **bounds)
{
	Datum *all = palloc(sizeof(Datum) * (2 * n + 1));
	int count = 0, kept = 0;

	for (int i = 0; i < n; i++)
	{
		if (rows[i].has_at_least)
			all[count++] = rows[i].at_least;
		if (rows[i].has_below)
			all[count++] = rows[i].below;
	}
	qsort(all, count, sizeof(Datum), compare_bounds);
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || compare_bounds(&all[i], &all[kept - 1]) != 0)
			all[kept++] = all[i];
	}
	for (int i = 0; i < n; i++)
	{
		csf_rule_row *row = &rows[i];

		row->rule.amount_from = row->has_at_least ? csf_amount_rank(all, kept, row->at_least) : 0;
		row->rule.amount_to = row->has_below ? csf_amount_rank(all, kept, row->below) - 1 : kept;
	}
	*bounds = all;
	return kept;
}

/* ---- what could never work ---- */

static bool
describe_fault(csf_fault *fault, const char *message, const char *detail)
{
	memset(fault, 0, sizeof(*fault));
	strlcpy(fault->message, message, sizeof(fault->message));
	strlcpy(fault->detail, detail, sizeof(fault->detail));
	return true;
}

/* An amount is at least 0 and finite, so a bound that is not tells nothing or everything. */
static bool
is_no_bound(Datum bound, bool may_be_zero)
{
	Datum zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
	int sign;

	if (numeric_is_nan(DatumGetNumeric(bound)) || numeric_is_inf(DatumGetNumeric(bound)))
		return true;
	sign = compare_bounds(&bound, &zero);
	return may_be_zero ? sign < 0 : sign <= 0;
}

bool
csf_rule_is_faulty(csf_rule_row *row, const csf_alias *aliases, int n_aliases, csf_fault *fault)
{
	const csf_keyword_rule *rule = &row->rule;
	csf_category category = {.category_id = rule->category_id};
	csf_classifier_input input = {.rules = rule,
								  .n_rules = 1,
								  .categories = &category,
								  .n_categories = rule->category_id == 0 ? 0 : 1,
								  .aliases = aliases,
								  .n_aliases = n_aliases};
	csf_classifier *classifier;
	int64 rule_id;
	Datum *bounds;

	if (row->has_at_least && is_no_bound(row->at_least, true))
		return describe_fault(fault, psprintf("amount_at_least is %s", bound_text(row->at_least)),
							  "Amounts are finite and not negative.");
	if (row->has_below && is_no_bound(row->below, false))
		return describe_fault(fault, psprintf("amount_below is %s", bound_text(row->below)),
							  "Amounts are finite and not negative, so none is below it, or each.");
	csf_rank_rules(row, 1, &bounds);
	classifier = csf_classifier_build(&input, fault, &rule_id);
	if (classifier == NULL)
		return true;
	csf_classifier_free(classifier);
	return false;
}

/* The texts of a text[] argument; NULL is an empty list, a NULL in it an empty text. */
static const char **
text_list(FunctionCallInfo fcinfo, int argument, int *count)
{
	*count = 0;
	return PG_ARGISNULL(argument) ? palloc0(sizeof(char *))
								  : csf_array_texts(PG_GETARG_DATUM(argument), count);
}

static csf_alias *
alias_list(FunctionCallInfo fcinfo, int words_argument, int *count)
{
	int n_canonical;
	const char **words = text_list(fcinfo, words_argument, count);
	const char **canonical = text_list(fcinfo, words_argument + 1, &n_canonical);
	csf_alias *aliases;

	*count = Min(*count, n_canonical);
	aliases = palloc(sizeof(csf_alias) * (*count + 1));
	for (int i = 0; i < *count; i++)
		aliases[i] = (csf_alias){words[i], canonical[i]};
	return aliases;
}

static void
bound_argument(FunctionCallInfo fcinfo, int argument, bool *has, Datum *bound)
{
	*has = !PG_ARGISNULL(argument);
	if (*has)
		*bound = PointerGetDatum(PG_DETOAST_DATUM(PG_GETARG_DATUM(argument)));
}

/* For playbooks, whose rules are checked before there are rows. */
Datum
csf_keyword_rule_fault(PG_FUNCTION_ARGS)
{
	csf_rule_row row = {.rule = {.weight = 1}};
	csf_keyword_rule *rule = &row.rule;
	csf_fault fault;
	csf_alias *aliases;
	int n_aliases;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	rule->field = csf_field_parse(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	rule->attribute_key = PG_ARGISNULL(1) ? NULL : to_utf8(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	rule->any_of = text_list(fcinfo, 2, &rule->n_any);
	rule->all_of = text_list(fcinfo, 3, &rule->n_all);
	rule->none_of = text_list(fcinfo, 4, &rule->n_none);
	rule->within_characters = PG_ARGISNULL(5) ? 0 : PG_GETARG_INT32(5);
	rule->part_of_word = PG_ARGISNULL(6) ? false : PG_GETARG_BOOL(6);
	bound_argument(fcinfo, 7, &row.has_at_least, &row.at_least);
	bound_argument(fcinfo, 8, &row.has_below, &row.below);
	describe_bounds(&row);
	aliases = alias_list(fcinfo, 9, &n_aliases);
	if (!csf_rule_is_faulty(&row, aliases, n_aliases, &fault))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(csf_utf8_to_server(fault.message, strlen(fault.message))));
}
