// Stamp: the header lines in front of a message that was received.
//
//     Return-Path: <scan@client.example>
//     Delivered-To: fax@device.example
//     Received: from client.example ([192.0.2.7])
//     	by device.example with ESMTPS id 6921f3a0-12-1;
//     	Mon, 02 Nov 2026 10:00:00 +0000
//
// They are built from checked fields only: addresses that the core parsed, the
// peer's own address, a name of EHLO that is a domain or an address literal,
// our name, and numbers. Lines end in CRLF.
#ifndef SMTPCORE_STAMP_H
#define SMTPCORE_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SMTPC_STAMP_ID_MAX 64u

// smtpc_stamp is what the Received line says. All is borrowed.
typedef struct smtpc_stamp {
  const char *peer;      // "192.0.2.1:4000" or "[2001:db8::1]:4000"
  const uint8_t *hello;  // the name of EHLO or HELO
  size_t hello_len;
  const uint8_t *host;  // our name
  size_t host_len;
  const char *id;  // an atom
  int64_t time;    // seconds since 1970
  bool esmtp;      // EHLO, not HELO
  bool tls;
  bool authenticated;
  bool utf8;  // MAIL had SMTPUTF8
  bool lmtp;  // LHLO
} smtpc_stamp;

// smtpc_stamp_id writes the id of a message to `out`: an atom (RFC 5322 section
// 3.2.3) of the time, the session's number and the message's.
void smtpc_stamp_id(char out[SMTPC_STAMP_ID_MAX], int64_t time,
                    uint64_t session, uint64_t message);

// smtpc_stamp_protocol returns the word after "with".
//= RFC 3848 section 1
//= RFC 6531 section 4.3
const char *smtpc_stamp_protocol(const smtpc_stamp *stamp);

// smtpc_stamp_date writes the date and time in UTC to `out`, as RFC 5322
// section 3.3 wants it, without a locale.
void smtpc_stamp_date(char out[48], int64_t time);

// smtpc_stamp_literal writes the address in `peer` as an address literal to
// `out`: "[192.0.2.1]" or "[IPv6:2001:db8::1]".
//= RFC 5321 section 4.1.3
void smtpc_stamp_literal(const char *peer, char out[96]);

// smtpc_stamp_path and smtpc_stamp_recipient write the lines of one address,
// which is what the core took, without brackets.
//= RFC 5321 section 4.4
void smtpc_stamp_path(FILE *out, const uint8_t *address, size_t len);
void smtpc_stamp_recipient(FILE *out, const uint8_t *address, size_t len);

// smtpc_stamp_received writes the Received lines. A name of EHLO that is no
// domain and no address literal is left out: the peer's address stands in its
// place.
//= RFC 5321 section 4.4
void smtpc_stamp_received(FILE *out, const smtpc_stamp *stamp);

#endif  // SMTPCORE_STAMP_H
