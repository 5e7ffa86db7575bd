/*
 * csflow.c
 *		Module magic and settings; the work is in kernel/, types/ and engine/.
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;
