/*
 * content.c
 *		What the rules look at of a ticket, as the kernel wants it: texts in UTF-8, attributes by number, the amount as a
 *		rank.
 *
 * What no rule of the desk looks at is not touched: most desks have rules for words only.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "engine/assess.h"
#include "engine/config_rule.h"
#include "types/encoding.h"

static csf_text
text_of(const char *text)
{
	csf_text result = {NULL, 0};

	if (text != NULL)
		result.start = csf_utf8_from_server(text, strlen(text), &result.length, NULL);
	return result;
}

static char *
scalar_text(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			return NULL;
	}
}

/* The items of a list, one a line, so that no word goes from one to the next. */
static char *
list_text(JsonbContainer *list)
{
	JsonbIterator *iterator = JsonbIteratorInit(list);
	JsonbIteratorToken token;
	JsonbValue value;
	StringInfoData text;

	initStringInfo(&text);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char *item = token == WJB_ELEM ? scalar_text(&value) : NULL;

		if (item != NULL)
			appendStringInfo(&text, "%s%s", text.len > 0 ? "\n" : "", item);
	}
	return text.data;
}

/* A text, number or boolean as it is, a list item by item, anything else as JSON; NULL where there is nothing. */
static char *
attribute_text(Jsonb *attributes, const char *key)
{
	JsonbValue found;

	if (!JB_ROOT_IS_OBJECT(attributes) ||
		getKeyJsonValueFromContainer(&attributes->root, key, strlen(key), &found) == NULL)
		return NULL;
	if (found.type != jbvBinary)
		return scalar_text(&found);
	if (JsonContainerIsArray(found.val.binary.data))
		return list_text(found.val.binary.data);
	return JsonbToCString(NULL, found.val.binary.data, found.val.binary.len);
}

static const csf_text *
attributes_of(const csf_desk *desk, Datum value)
{
	Jsonb *attributes = DatumGetJsonbP(value);
	csf_text *texts = palloc(sizeof(csf_text) * desk->attribute_count);

	for (int i = 0; i < desk->attribute_count; i++)
		texts[i] = text_of(attribute_text(attributes, desk->attribute_keys[i]));
	return texts;
}

void
csf_content_of(const csf_desk *desk, const csf_submission *submission, csf_content *content)
{
	memset(content, 0, sizeof(*content));
	content->title = text_of(submission->title);
	content->body = text_of(submission->body);
	if (csf_classifier_reads(desk->classifier, CSF_FIELD_CHANNEL))
		content->channel = text_of(submission->channel);
	if (csf_classifier_reads(desk->classifier, CSF_FIELD_CUSTOMER_TIER))
		content->customer_tier = text_of(submission->customer_tier);
	if (desk->attribute_count > 0 && submission->has_attributes)
		content->attributes = attributes_of(desk, submission->attributes);
	if (submission->has_amount && csf_classifier_reads(desk->classifier, CSF_FIELD_AMOUNT))
	{
		content->has_amount = true;
		content->amount_rank =
			csf_amount_rank(desk->amount_bounds, desk->amount_bound_count, submission->amount);
	}
}
