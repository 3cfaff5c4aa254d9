/* Keeps the support library non-empty before it has a source of its own. */
int tests_support_is_linked;
