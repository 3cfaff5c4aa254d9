/*
 * Addresses as text. "ucx:HOST:HEX" is a worker's address, HOST the 16 digits that tell machines
 * apart; anything else is HOST:PORT, [V6]:PORT or :PORT of a listener.
 */
#ifndef TRANSPORT_UCX_ADDRESS_H
#define TRANSPORT_UCX_ADDRESS_H

#include <netinet/in.h>
#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { UCX_ADDRESS_BYTES = 1000 };

struct ucx_address {
    bool is_worker;
    uint64_t machine; /* of a worker */
    uint8_t worker[UCX_ADDRESS_BYTES];
    size_t worker_bytes;
    struct sockaddr_storage socket; /* of a listener */
    socklen_t socket_bytes;
};

/* False when `out` is too small. */
bool ucx_address_format(uint64_t machine, const void *worker, size_t worker_bytes, char *out,
                        size_t out_bytes);

/* May ask DNS for a listener's host. */
enum satsync_status ucx_address_parse(const char *text, struct ucx_address *address,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

/* HOST:PORT or [V6]:PORT; always terminated. */
void ucx_address_format_socket(const struct sockaddr_storage *socket, char *out, size_t out_bytes);

/* The same on all processes that can share memory: this boot of this machine. */
uint64_t ucx_address_machine(void);

#endif
