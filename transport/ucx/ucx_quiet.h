/*
 * UCX 1.13 ends the whole process when a peer over shared memory dies while its memory is being
 * read: the failed copy is logged as fatal, and logging that aborts. For us it is one broken link.
 * Between begin and end UCX's fatal log lines of this thread are dropped, and what it says of
 * requests that a dead peer left behind; with UCX_LOG_LEVEL set, only the former.
 */
#ifndef TRANSPORT_UCX_QUIET_H
#define TRANSPORT_UCX_QUIET_H

/* Other users of the same UCX in this process are not touched. Calls do not nest. */
void ucx_quiet_begin(void);
void ucx_quiet_end(void);

/* As ucx_module.quiet: UCX's signal handlers go. */
void ucx_quiet_signals(void);

#endif
