/*
 * Ctrl-C and SIGTERM. The first asks what is in flight to end; a second ends the program at once.
 *
 * There is one per process, as signals are; main thread only.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

enum { INTERRUPT_LAST_WORDS_BYTES = 8192 };

/* Catches both signals. `last_words` (copied) go to `descriptor` when the program ends at once. */
void interrupt_install(int descriptor, const char *last_words);

/* Gives the signals back to whoever had them. */
void interrupt_uninstall(void);

/* While patient the first signal is only remembered; otherwise, as after install, it ends the
 * program at once. Signals within a quarter of a second are one. */
void interrupt_patient(bool patient);

/* The signal that came, or 0. */
int interrupt_signal(void);

#endif
