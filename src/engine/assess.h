/*
 * assess.h
 *		What the rules make of a ticket: category, team, impact, urgency, priority, tag, emotion, and why.
 */
#ifndef CSF_ENGINE_ASSESS_H
#define CSF_ENGINE_ASSESS_H

#include "postgres.h"

#include "engine/config.h"

/* What is known before; NULL or 0: not given. Texts are in the server's encoding. */
typedef struct csf_submission
{
	const char *title;
	const char *body;
	const char *channel;
	const char *customer_tier;
	bool has_amount;
	Datum amount; /* numeric */
	bool has_attributes;
	Datum attributes; /* jsonb */
	int64 category_id;
	const char *domain;
	int impact;
	int urgency;
	int priority;
	int64 team_id;
} csf_submission;

/* From the arguments of classify() and explain_classification(); false if nothing is given. */
extern bool csf_submission_arguments(FunctionCallInfo fcinfo, csf_submission *submission);

/* The outcome; strings are in the server's encoding, in the current context or the desk's. */
typedef struct csf_assessment
{
	const csf_category_entry *category; /* NULL: none */
	const char *domain;
	int64 team_id;
	int impact;
	int urgency;
	int priority;
	const char *priority_reason;
	int handling_tier;
	int score;
	bool needs_review;
	double emotion;
	double anger;
	double anxiety;
	int notified_count;
	int64 notified_team_ids[CSF_MAX_NOTIFIED];
} csf_assessment;

/* What the desk's rules look at of a submission, for the kernel; texts in the current context or the submission's. */
extern void csf_content_of(const csf_desk *desk, const csf_submission *submission, csf_content *content);

extern void csf_assess(const csf_desk *desk, const csf_submission *submission, csf_assessment *assessment);

/* The tag of these parts (a csflow.tag in the current context), or NULL where one is missing. */
extern struct varlena *csf_assess_tag(const csf_category_entry *category, const char *domain, int priority);

#endif
