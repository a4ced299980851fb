#include "fuzz/tls/raw.h"

#include <openssl/mem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/random.h"
#include "shim/boringssl/tls_boringssl.h"

#define RECORD_HEAD 5u
#define RECORD_ALERT 0x15u
#define RECORD_HANDSHAKE 0x16u
#define RECORD_DATA 0x17u
#define ALERT_LEN 2u
#define ALERT_FATAL 2u
// What the hash of an input begins with, so that it is not the one of its choices.
#define HASH_FROM 0x746c73u

void tls_raw_random(const tls_raw_input *in, size_t fixed) {
  tls_prepare();
  tls_random_reset(0u);
  if (TLS_RAW_DEEP == 0) {
    tls_random_turn(fixed, fuzz_hash(HASH_FROM, in->data, in->len));
  }
}

// Returns the length of the record at the start of `data`: all of it, when its head or
// its octets are not all there.
static size_t record_len(const uint8_t *data, size_t len) {
  if (len < RECORD_HEAD) {
    return len;
  }
  const size_t want = RECORD_HEAD + (((size_t)data[3] << 8u) | data[4]);
  return want < len ? want : len;
}

// ---------------------------------------------------------------- the input's own

// What a peer would say under TLS by the input, in fuzzer mode: by this account, which
// knows records alone. Of TLS 1.3 the last octet that is not zero is the record's type.
static void said_in(const tls_raw_input *in, size_t from, int inner,
                    smtpc_octets *out) {
  size_t at = from;
  smtpc_octets_clear(out);
  while (at < in->len) {
    const uint8_t *head = in->data + at;
    const size_t whole = record_len(head, in->len - at);
    size_t len = whole > RECORD_HEAD ? whole - RECORD_HEAD : 0u;
    const uint8_t *body = head + (len > 0u ? RECORD_HEAD : 0u);
    int data = len > 0u && head[0] == RECORD_DATA;
    if (inner != 0 && data != 0) {
      while (len > 0u && body[len - 1u] == 0u) {
        len--;
      }
      data = len > 0u && body[len - 1u] == RECORD_DATA;
      len -= len > 0u ? 1u : 0u;
    }
    if (data != 0 && len > 0u) {
      smtpc_octets_add(out, body, len);
    }
    at += whole;
  }
}

// A connection begins with a handshake record or an alert, of version 3.
static int is_no_tls(const tls_raw_input *in) {
  const uint8_t *data = in->data;
  return in->len > 0u &&
                 ((data[0] != RECORD_HANDSHAKE && data[0] != RECORD_ALERT) ||
                  (in->len > 1u && data[1] != 0x03u))
             ? 1
             : 0;
}

static int is_fatal_alert(const tls_raw_input *in) {
  static const uint8_t len[2] = {0u, ALERT_LEN};
  return in->len >= RECORD_HEAD + ALERT_LEN && in->data[0] == RECORD_ALERT &&
                 in->data[1] == 0x03u && memcmp(in->data + 3u, len, 2u) == 0 &&
                 in->data[RECORD_HEAD] == ALERT_FATAL
             ? 1
             : 0;
}

static size_t handshake_records(const tls_raw_input *in) {
  size_t count = 0u;
  for (size_t at = 0u; at < in->len;
       at += record_len(in->data + at, in->len - at)) {
    count += in->data[at] == RECORD_HANDSHAKE ? 1u : 0u;
  }
  return count;
}

// ------------------------------------------------------------------------ playing

// Gives one record, or what there is of it, in pieces.
static size_t give_record(tls_side *side, const tls_raw_input *in, size_t at) {
  const size_t whole = record_len(in->data + at, in->len - at);
  size_t done = 0u;
  while (done < whole) {
    const size_t left = whole - done;
    const size_t len = in->cut > 0u && in->cut < left ? in->cut : left;
    tls_side_give(side, in->data + at + done, len);
    done += len;
  }
  return whole;
}

// In fuzzer mode records come one by one until TLS is up: from there on all that they say
// is known.
static size_t give_handshake(tls_side *side, const tls_raw_input *in,
                             smtpc_octets *said) {
  size_t at = 0u;
  side->truth.said = said;
  smtpc_octets_clear(said);
  while (at < in->len && side->closed == 0u && side->up == 0u) {
    at += give_record(side, in, at);
  }
  if (side->up != 0u) {
    said_in(in, at, side->facts.version == SMTPC_TLS_1_3, said);
  }
  return at;
}

static void give_all(tls_side *side, const tls_raw_input *in) {
  static smtpc_octets said;
  size_t at = TLS_RAW_DEEP != 0 ? give_handshake(side, in, &said) : 0u;
  while (at < in->len && side->closed == 0u) {
    const size_t left = in->len - at;
    const size_t len = in->cut > 0u && in->cut < left ? in->cut : left;
    tls_side_give(side, in->data + at, len);
    at += len;
  }
}

static void finish(tls_side *side, tls_raw_end end) {
  const smtpc_input deadline = smtpc_input_make(SMTPC_IN_DEADLINE);
  const int handshake = tls_side_where(side) == SMTPC_MEM_HANDSHAKE;
  if (end == TLS_RAW_DEADLINE) {
    tls_side_input(side, &deadline);
    FUZZ_MUST(FAILSTOP, handshake == 0 || tls_side_is_closed(side) != 0,
              "a handshake goes on after its deadline");
  }
  if (tls_side_is_closed(side) == 0) {
    tls_side_hang_up(side, end == TLS_RAW_RST);
  }
  FUZZ_MUST(BOUNDS, tls_side_is_closed(side) != 0,
            "a session outlives its connection");
}

// ----------------------------------------------------------------------- watching

// What went out before TLS was up: whole records, an alert in clear the last of them.
static void check_flight(const tls_side *side) {
  const smtpc_octets *wire = &side->wire;
  size_t at = side->wire_clear;
  while (side->up == 0u && at < wire->len) {
    const uint8_t *head = wire->data + at;
    const size_t len = record_len(head, wire->len - at);
    FUZZ_MUST(ONEWAY, len > RECORD_HEAD, "a record has nothing in it");
    FUZZ_MUST(FAILSTOP,
              head[0] != RECORD_ALERT || len != RECORD_HEAD + ALERT_LEN ||
                  at + len == wire->len,
              "a side goes on after its alert");
    at += len;
  }
}

static void check_failure(const tls_side *side, const tls_raw_input *in,
                          size_t hello_len) {
  const unsigned failure = side->stream.facts.failure;
  const size_t spoken = side->wire.len - side->wire_clear;
  // The library calls it internal when a message comes before the one before it may be
  // read: TLS 1.2's Finished without ChangeCipherSpec.
  FUZZ_MUST(INVARIANT,
            failure != SMTPC_TLS_FAILURE_INTERNAL || handshake_records(in) > 1u,
            "octets of a peer are an internal error");
  if (is_no_tls(in) != 0) {
    FUZZ_MUST(FAILSTOP,
              side->failed != 0u && failure == SMTPC_TLS_FAILURE_NOT_TLS,
              "what is no TLS ends with failure %u", failure);
    FUZZ_MUST(FAILSTOP, spoken == hello_len, "what is no TLS is answered");
  }
  if (is_fatal_alert(in) != 0) {
    FUZZ_MUST(FAILSTOP,
              side->failed != 0u && side->up == 0u &&
                  failure != SMTPC_TLS_FAILURE_NOT_TLS &&
                  failure != SMTPC_TLS_FAILURE_PROTOCOL,
              "a fatal alert ends with failure %u", failure);
    FUZZ_MUST(FAILSTOP, spoken == hello_len, "a fatal alert is answered");
  }
}

// Returns whether two certificates say the same; another signature may stand below.
static int says_the_same(X509 *a, X509 *b) {
  uint8_t *one = NULL;
  uint8_t *two = NULL;
  const int one_len = i2d_X509_tbs(a, &one);
  const int two_len = i2d_X509_tbs(b, &two);
  const int same = one_len > 0 && one_len == two_len &&
                   memcmp(one, two, (size_t)one_len) == 0;
  OPENSSL_free(one);
  OPENSSL_free(two);
  return same;
}

// Returns the identity that has a certificate which says the same, or TLS_IDENTITIES.
static unsigned identity_of(X509 *cert) {
  unsigned i = 0u;
  while (i < TLS_IDENTITIES && says_the_same(cert, tls_certificate(i)) == 0) {
    i++;
  }
  return i;
}

static int is_distrust(unsigned failure) {
  return failure == SMTPC_TLS_FAILURE_CERTIFICATE ||
                 failure == SMTPC_TLS_FAILURE_CERTIFICATE_TIME ||
                 failure == SMTPC_TLS_FAILURE_NAME
             ? 1
             : 0;
}

// What is wrong with an identity that is not good: a report says it (RFC 8460).
static unsigned fault_of(unsigned identity, int chain) {
  if (identity == TLS_EXPIRED || identity == TLS_NOT_YET) {
    return SMTPC_TLS_FAILURE_CERTIFICATE_TIME;
  }
  return chain == 0 ? SMTPC_TLS_FAILURE_CERTIFICATE : SMTPC_TLS_FAILURE_NAME;
}

// A client finds of a certificate what the table says of it, and a certificate that is
// none of ours is signed by nobody whom it trusts.
static void check_certificate(const tls_side *side) {
  const unsigned failure = side->stream.facts.failure;
  int chain = 0;
  int name = 0;
  X509 *cert =
      side->role == SMTPC_TLS_CLIENT && side->stream.tls != NULL
          ? SSL_get_peer_certificate(smtpc_boringssl_native(side->stream.tls))
          : NULL;
  if (cert == NULL) {
    return;
  }
  const unsigned identity = identity_of(cert);
  const int whole = X509_cmp(cert, tls_certificate(identity)) == 0;
  X509_free(cert);
  const int good = tls_identity_is_good(identity, &chain, &name);
  FUZZ_MUST(POLICY,
            side->up == 0u || whole == 0 ||
                (side->facts.chain_ok == chain && side->facts.name_ok == name),
            "the client finds %u and %u of a certificate that is %s",
            side->facts.chain_ok, side->facts.name_ok,
            tls_identity_name(identity));
  FUZZ_MUST(POLICY,
            side->up == 0u || identity != TLS_IDENTITIES ||
                side->facts.chain_ok == 0u,
            "the client trusts a certificate that nobody made");
  FUZZ_MUST(POLICY,
            side->failed == 0u || whole == 0 || good == 0 ||
                is_distrust(failure) == 0,
            "the client refuses a good certificate");
  FUZZ_MUST(POLICY,
            side->failed == 0u || whole == 0 || is_distrust(failure) == 0 ||
                failure == fault_of(identity, chain),
            "the client refuses a certificate that is %s for failure %u",
            tls_identity_name(identity), failure);
}

static unsigned finding_of(const tls_side *side) {
  return side->server != NULL ? world_server_session(side->server)->end_finding
                              : world_client_session(side->client)->end_finding;
}

static uint64_t events_of(const tls_side *side) {
  return side->server != NULL ? world_server_event_hash(side->server)
                              : world_client_event_hash(side->client);
}

// The side looks for the password on the wire. In fuzzer mode it is there, and an input
// that holds it may be answered with it.
static int may_say_password(const tls_raw_input *in) {
  static const char *const forms[] = {"pa55word", "cGE1NXdvcm", "BhNTV3b3Jk",
                                      "wYTU1d29yZ"};
  for (size_t i = 0u; i < sizeof forms / sizeof forms[0]; i++) {
    if (fuzz_find(in->data, in->len, forms[i], strlen(forms[i])) != 0) {
      return 1;
    }
  }
  return TLS_RAW_DEEP;
}

// start is how things stood when the handshake began.
typedef struct start {
  size_t said;         // octets of the prelude that the side said
  size_t heard_clear;  // and that it heard
  size_t hello_len;    // what the side said of TLS by itself
} start;

static start start_of(const tls_side *side) {
  size_t clear = 0u;
  const start at = {tls_side_output(side, &clear)->len, side->heard_clear,
                    side->wire.len - side->wire_clear};
  FUZZ_MUST(HARNESS,
            side->started != 0u && tls_side_where(side) == SMTPC_MEM_HANDSHAKE,
            "a play begins without a handshake");
  FUZZ_MUST(DRAIN, clear == at.said && side->wire_clear == at.said,
            "the prelude is not on the wire when TLS starts");
  return at;
}

// What must hold when all of the input has come.
static void check_given(const tls_side *side, const tls_raw_input *in,
                        const start *at) {
  size_t clear = 0u;
  const size_t out_len = tls_side_output(side, &clear)->len;
  FUZZ_MUST(ONEWAY, clear == at->said, "something is said in clear after 220");
  FUZZ_MUST(EPOCH, side->heard_clear == at->heard_clear,
            "octets in clear are heard after 220");
  FUZZ_MUST(POLICY, TLS_RAW_DEEP != 0 || side->up == 0u,
            "somebody without keys is up");
  FUZZ_MUST(EPOCH, side->up != 0u || (side->heard == 0u && out_len == at->said),
            "SMTP goes on without TLS");
  FUZZ_MUST(FAILSTOP,
            side->up != 0u || side->failed != 0u ||
                tls_side_where(side) == SMTPC_MEM_HANDSHAKE,
            "TLS is neither up, nor failed, nor awaited");
  FUZZ_MUST(BOUNDS, side->up != 0u || side->failed != 0u || is_no_tls(in) == 0,
            "what is no TLS is waited for");
  check_flight(side);
  check_failure(side, in, at->hello_len);
  check_certificate(side);
}

// What must hold when the connection is over. `waited`: the handshake had not ended.
static void check_end(const tls_side *side, const tls_raw_input *in,
                      const start *at, int waited) {
  size_t clear = 0u;
  const size_t out_len = tls_side_output(side, &clear)->len;
  FUZZ_MUST(ONEWAY, clear == at->said, "something is said in clear at the end");
  FUZZ_MUST(FAILSTOP, side->up != 0u || out_len == at->said,
            "something is said without TLS at the end");
  FUZZ_MUST(FAILSTOP,
            side->up != 0u || (waited != 0 && in->end == TLS_RAW_DEADLINE) ||
                finding_of(side) == SMTPC_FINDING_TLS_FAILED,
            "a handshake ends with finding %u", finding_of(side));
  FUZZ_MUST(ONEWAY, side->stream.channel != SMTPC_STREAM_CLEAR,
            "a stream is in clear again");
  FUZZ_MUST(FAILSTOP, side->up != 0u || finding_of(side) != SMTPC_FINDING_NONE,
            "a handshake ends without a finding");
}

tls_raw_seen tls_raw_play(tls_side *side, const tls_raw_input *in) {
  tls_raw_seen seen;
  const start at = start_of(side);
  memset(&seen, 0, sizeof seen);
  side->truth.may_come_up = TLS_RAW_DEEP;
  if (may_say_password(in) != 0) {
    side->canary = 0u;
  }
  give_all(side, in);
  check_given(side, in, &at);
  const int waited = side->up == 0u && side->failed == 0u;
  finish(side, in->end);
  check_end(side, in, &at, waited);
  seen.up = side->up;
  seen.failed = side->failed;
  seen.facts = side->stream.facts;
  seen.wire = fuzz_hash(0u, side->wire.data, side->wire.len);
  seen.rest = fuzz_hash_number(seen.wire, events_of(side));
  tls_side_end(side);
  return seen;
}

void tls_raw_compare(const tls_raw_seen *first, const tls_raw_seen *second,
                     int same_pieces) {
  FUZZ_MUST(SPLIT,
            first->up == second->up &&
                memcmp(&first->facts, &second->facts, sizeof first->facts) == 0,
            "pieces decide how a handshake ends");
  FUZZ_MUST(SPLIT, first->up != 0u || first->failed == second->failed,
            "pieces decide whether a handshake fails");
  FUZZ_MUST(SPLIT, first->up != 0u || first->wire == second->wire,
            "pieces make a difference on the wire");
  FUZZ_MUST(PURE, same_pieces == 0 || first->wire == second->wire,
            "the same input puts other octets on the wire");
  FUZZ_MUST(PURE, same_pieces == 0 || first->rest == second->rest,
            "the same input leads to something else");
}
