/*
 * flow_version.h
 *		Which versions of the flow's tables this library serves (design 2.6).
 */
#ifndef CSF_ENGINE_FLOW_VERSION_H
#define CSF_ENGINE_FLOW_VERSION_H

#include "postgres.h"

/* The version that this library's flow_script() builds; it also serves the one before. */
#define CSF_FLOW_VERSION 1

/* Raises SF015 unless the tables in the schema have a version that is served. Cached until csflow.flow changes. */
extern void csf_flow_version_check(Oid schema);

/* Has it read again. */
extern void csf_flow_version_forget(void);

#endif
