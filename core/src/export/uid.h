/*
 * UIDs of our own: "2.25." and a UUID as a decimal number (PS3.5, B.2). The UUID is of version 8
 * (RFC 9562): the first 128 bits of a SHA-256, but for the six that say so. They follow from the
 * content, so that the same bytes have the same UID and other bytes have another.
 */
#ifndef PLEURA_EXPORT_UID_H
#define PLEURA_EXPORT_UID_H

#include <stdbool.h>
#include <stddef.h>

typedef char pleura_uid[65];

/* `hex`: 64 hexadecimal digits, as pleura_sha256_hex() writes them. */
void pleura_uid_from_sha256(const char *hex, pleura_uid uid);

/* Digits and dots, 1 to 64 of them. */
bool pleura_uid_is_sound(const char *uid);

#endif
