/*
 * assess.c
 *		Rules, matrix and raises put together (handbook B1–B6, C1, C2).
 *
 * What is given is kept; what is missing comes from the rules, then from the category, then from the desk. Priority is
 * the matrix cell of impact and urgency, lifted by every rule whose conditions hold; the last lift is the reason kept.
 */
#include "engine/assess.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "types/encoding.h"
#include "types/types.h"

/* The more severe of two degrees; 0 is none, 1 the most severe. */
static int
more_severe(int a, int b)
{
	if (a == 0 || b == 0)
		return Max(a, b);
	return Min(a, b);
}

static void
notify(csf_assessment *assessment, int64 team_id)
{
	if (team_id == 0 || assessment->notified_count == CSF_MAX_NOTIFIED)
		return;
	for (int i = 0; i < assessment->notified_count; i++)
	{
		if (assessment->notified_team_ids[i] == team_id)
			return;
	}
	assessment->notified_team_ids[assessment->notified_count++] = team_id;
}

static bool
wanted(const char *condition, const char *actual)
{
	return condition == NULL || (actual != NULL && strcmp(condition, actual) == 0);
}

static bool
raise_applies(const csf_raise_rule *rule, const csf_submission *submission, const csf_assessment *assessment)
{
	const csf_category_entry *category = assessment->category;

	if (rule->impact != 0 && (assessment->impact == 0 || assessment->impact > rule->impact))
		return false;
	if (rule->urgency != 0 && (assessment->urgency == 0 || assessment->urgency > rule->urgency))
		return false;
	if (!wanted(rule->kind, category == NULL ? NULL : category->kind_code) ||
		!wanted(rule->channel, submission->channel) ||
		!wanted(rule->customer_tier, submission->customer_tier))
		return false;
	if (rule->category_id != 0 && (category == NULL || (category->category_id != rule->category_id &&
														category->kind_id != rule->category_id)))
		return false;
	return !rule->has_amount ||
		   (submission->has_amount &&
			DatumGetBool(DirectFunctionCall2(numeric_ge, submission->amount, rule->amount_at_least)));
}

static const char *
rule_reason(const char *what, int64 rule_id, const char *reason)
{
	return reason[0] == '\0' ? psprintf("%s %lld", what, (long long) rule_id)
							 : psprintf("%s %lld: %s", what, (long long) rule_id, reason);
}

/*
 * What the desk's matrix says; 0: nothing. The values may be those of a row that its table's constraints have yet to
 * refuse: this is asked by a BEFORE trigger.
 */
static int
matrix_cell(const csf_desk *desk, int impact, int urgency)
{
	if (impact < 0 || impact >= (int) lengthof(desk->matrix) || urgency < 0 ||
		urgency >= (int) lengthof(desk->matrix[0]))
		return 0;
	return desk->matrix[impact][urgency];
}

static void
decide_priority(const csf_desk *desk, const csf_submission *submission, const csf_verdict *verdict,
				csf_assessment *assessment)
{
	int cell = matrix_cell(desk, assessment->impact, assessment->urgency);

	if (cell != 0)
		assessment->priority_reason =
			psprintf("matrix: impact %d, urgency %d", assessment->impact, assessment->urgency);
	else
		assessment->priority_reason = "default of the desk";
	assessment->priority = cell != 0 ? cell : desk->default_priority;
	if (verdict->raise_to > assessment->priority)
	{
		assessment->priority = verdict->raise_to;
		assessment->priority_reason =
			rule_reason("keyword rule", verdict->raise_rule_id,
						verdict->raise_reason == NULL
							? ""
							: csf_utf8_to_server(verdict->raise_reason, strlen(verdict->raise_reason)));
	}
	for (int i = 0; i < desk->raise_count; i++)
	{
		const csf_raise_rule *rule = &desk->raises[i];

		if (!raise_applies(rule, submission, assessment))
			continue;
		notify(assessment, rule->notify_team_id);
		if (rule->priority <= assessment->priority)
			continue;
		assessment->priority = rule->priority;
		assessment->priority_reason = rule_reason("priority rule", rule->rule_id, rule->reason);
	}
	if (submission->priority != 0 && submission->priority != assessment->priority)
	{
		assessment->priority = submission->priority;
		assessment->priority_reason = "given";
	}
}

static int64
in_use(const csf_desk *desk, int64 team_id)
{
	const csf_team *team = csf_desk_team(desk, team_id);

	return team != NULL && team->is_active ? team_id : 0;
}

/*
 * A department that is out of use gets nothing, and no customer is turned away because a rule or category still names it: the
 * coordinators have the ticket then, as what the rules could not decide.
 */
static int64
handling_team(const csf_desk *desk, const csf_verdict *verdict, const csf_assessment *assessment)
{
	int64 named = assessment->needs_review ? desk->review_team_id : 0;
	int64 team_id;

	if (in_use(desk, named) == 0)
		named = verdict->team_id;
	if (in_use(desk, named) == 0 && assessment->category != NULL && assessment->category->team_id != 0)
		named = assessment->category->team_id;
	team_id = in_use(desk, named);
	return team_id == 0 && named != 0 ? in_use(desk, desk->review_team_id) : team_id;
}

void
csf_assess(const csf_desk *desk, const csf_submission *submission, csf_assessment *assessment)
{
	csf_content content;
	csf_verdict verdict;
	bool given = submission->category_id != 0;

	memset(assessment, 0, sizeof(*assessment));
	csf_content_of(desk, submission, &content);
	csf_classify(desk->classifier, &content, &verdict);
	assessment->category = csf_desk_category(desk, given ? submission->category_id : verdict.category_id);
	assessment->score = verdict.score;
	assessment->needs_review = !given && (verdict.needs_review || assessment->category == NULL);
	assessment->emotion = verdict.emotion;
	assessment->anger = verdict.anger;
	assessment->anxiety = verdict.anxiety;
	assessment->domain = submission->domain;
	if (assessment->domain == NULL && verdict.domain != NULL)
		assessment->domain = csf_utf8_to_server(verdict.domain, strlen(verdict.domain));
	for (int i = 0; i < verdict.n_notify; i++)
		notify(assessment, verdict.notify_team_ids[i]);
	assessment->impact = submission->impact;
	assessment->urgency = submission->urgency;
	assessment->team_id = submission->team_id;
	if (assessment->category != NULL)
	{
		assessment->handling_tier = assessment->category->handling_tier;
		if (submission->impact == 0)
			assessment->impact = assessment->category->impact;
		if (submission->urgency == 0)
			assessment->urgency = assessment->category->urgency;
	}
	if (submission->impact == 0)
		assessment->impact = more_severe(assessment->impact, verdict.impact);
	if (submission->urgency == 0)
		assessment->urgency = more_severe(assessment->urgency, verdict.urgency);
	if (assessment->team_id == 0)
		assessment->team_id = handling_team(desk, &verdict, assessment);
	decide_priority(desk, submission, &verdict, assessment);
}

struct varlena *
csf_assess_tag(const csf_category_entry *category, const char *domain, int priority)
{
	const char *kind;

	if (category == NULL || priority == 0)
		return NULL;
	kind = category->tag_word != NULL ? category->tag_word : category->kind_code;
	/* Without a domain the second level stands in its place. */
	if (domain == NULL)
		domain = category->caption;
	return csf_tag_make(kind, strlen(kind), domain, strlen(domain), (csf_priority) priority);
}
