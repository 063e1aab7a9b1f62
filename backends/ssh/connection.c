/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "connection.h"
#ifdef HAVE_LIBSSH
#include "link.h"
#endif

void connection_free(struct connection *c)
{
#ifdef HAVE_LIBSSH
	link_free(c->link);
	c->link = NULL;
#endif
	free(TAKE_PTR(c->control));
	strv_free(&c->options);
}
