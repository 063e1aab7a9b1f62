/* SPDX-License-Identifier: BSD-2-Clause */
/* What state-store.c and state-save.c share: the SQLite file behind a struct state_store. */
#ifndef CROSSBPF_STATE_SQL_H
#define CROSSBPF_STATE_SQL_H

#include "shared/strbuf.h"
#include "sqlite/sqlite.h"
#include "state-store.h"

/* Once a file was opened. */
extern const struct sqlite_module *state_sqlite;

/* All: -EBADMSG where the file is of no use, -EIO where it cannot be had now, or -ENOMEM. */
int state_sql_prepare(struct state_store *s, const char *sql, sqlite3_stmt **ret);
/* 1 for a row, 0 at the end. */
int state_sql_step(sqlite3_stmt *statement);
int state_sql_execute(struct state_store *s, const char *sql);

static inline void state_sql_finalizep(sqlite3_stmt **statement)
{
	if (*statement)
		state_sqlite->finalize(*statement);
}
#define cleanup_statement CLEANUP(state_sql_finalizep)

/* A sum over bytes, so that a damaged row is known for one. */
#define SUM_START UINT64_C(0xcbf29ce484222325)
uint64_t state_sql_sum(uint64_t sum, const void *data, size_t len);

int state_store_load_meta(struct state_store *s);
/* Where an image was read: opens the file now. What fails is as with state_store_load_lookups(). */
int state_store_connect(struct state_store *s);
/* Behind a save. */
void state_store_save_image(struct state_store *s);
void state_store_close_file(struct state_store *s);

#endif
