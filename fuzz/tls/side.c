#define _GNU_SOURCE
#include "fuzz/tls/side.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/harness/block.h"
#include "fuzz/harness/law.h"
#include "fuzz/tls/credentials.h"
#include "fuzz/tls/hello.h"

#define RECORD_HEAD 5u
// RFC 8446 section 5.2 and RFC 5246 section 6.2.3: the longer of the two.
#define RECORD_MAX (16384u + 2048u)
#define WIRE_KEPT_MAX 65536u
#define TURNS_MAX 200000u
// What a side says at once goes out in pieces of so many octets, and of each but the last
// so many stay behind: the start of the stream's ring moves, and the ring wraps.
#define SENT_MAX 4096u
#define SENT_LATER 3001u
// So many octets of what arrives are kept, for the ClientHello among them.
#define CAME_MAX 16384u
#define RECORD_ALERT 0x15u
#define RECORD_HANDSHAKE 0x16u
// Its two octets, its type, and a tag of AEAD.
#define ALERT_RECORD_MAX 19u
#define ALERT_UNRECOGNIZED_NAME 112u

static const char *const role_names[2] = {"server", "client"};
// An address and a name that no certificate here is for.
#define ADDRESS "192.0.2.7"
#define OTHER_NAME "other.example"

static const char *name_of(const tls_side *s) {
  return role_names[s->role];
}

static int is_traced(void) {
  static int traced = -1;
  if (traced < 0) {
    const char *value = getenv("SMTPCORE_FUZZ_TRACE");
    traced = value != NULL && strcmp(value, "1") == 0 ? 1 : 0;
  }
  return traced;
}

static void trace_event(const tls_side *s, const char *what) {
  if (is_traced() != 0) {
    fprintf(stderr, "~ %s: %s %u\n", name_of(s), what, s->stream.facts.failure);
  }
}

// ----------------------------------------------------------------- the session

smtpc_mem_where tls_side_where(const tls_side *s) {
  return s->server != NULL ? world_server_where(s->server)
                           : world_client_where(s->client);
}

int tls_side_is_closed(const tls_side *s) {
  return tls_side_where(s) == SMTPC_MEM_CLOSED ? 1 : 0;
}

const smtpc_octets *tls_side_output(const tls_side *s, size_t *out_clear) {
  return s->server != NULL ? world_server_out(s->server, out_clear)
                           : world_client_out(s->client, out_clear);
}

int tls_side_has_finding(const tls_side *s, unsigned finding) {
  return s->client != NULL && world_client_found(s->client, finding) != 0;
}

static int tls_is_on(const tls_side *s) {
  return s->server != NULL ? world_server_tls(s->server)
                           : world_client_tls(s->client);
}

static size_t output_len(const tls_side *s) {
  size_t clear = 0u;
  return tls_side_output(s, &clear)->len;
}

static size_t feed(tls_side *s, unsigned channel, const uint8_t *data,
                   size_t len) {
  return s->server != NULL
             ? world_server_feed(s->server, channel, data, len, s->cut)
             : world_client_feed(s->client, channel, data, len, s->cut);
}

static void give(tls_side *s, const smtpc_input *input) {
  s->turns++;
  if (s->server != NULL) {
    world_server_give(s->server, input);
  } else {
    world_client_give(s->client, input);
  }
}

// -------------------------------------------------------------------- the wire

// From the first octet after the clear ones on there are TLS records alone.
static void check_records(tls_side *s) {
  while (s->started != 0u && s->wire.len - s->record_at >= RECORD_HEAD) {
    const uint8_t *head = s->wire.data + s->record_at;
    const size_t len = ((size_t)head[3] << 8u) | head[4];
    FUZZ_MUST(ONEWAY,
              head[0] >= 0x14u && head[0] <= 0x17u && head[1] == 0x03u &&
                  head[2] <= 0x04u && len <= RECORD_MAX,
              "the %s puts something on the wire that is no TLS record",
              name_of(s));
    FUZZ_MUST(ONEWAY, s->up == 0u || head[0] != RECORD_HANDSHAKE,
              "the %s begins another handshake", name_of(s));
    if (s->wire.len - s->record_at - RECORD_HEAD < len) {
      return;
    }
    s->last_record_at = s->record_at;
    s->record_at += RECORD_HEAD + len;
  }
}

// How much of what a stream has for the network is to be taken now, of the first part.
static size_t taken_of(smtpc_stream *stream, smtpc_stream_part parts[2],
                       size_t later) {
  const unsigned count = smtpc_stream_parts(stream, parts);
  const size_t len = count > 0u ? parts[0].len : 0u;
  const size_t all = len + (count > 1u ? parts[1].len : 0u);
  if (all <= later) {
    return 0u;
  }
  return all - later < len ? all - later : len;
}

// The network takes what the stream has for it, but for `later` octets.
static void flush_but(tls_side *s, size_t later) {
  smtpc_stream_part parts[2];
  size_t len = taken_of(&s->stream, parts, later);
  while (len > 0u) {
    smtpc_octets_add(&s->wire, parts[0].data, len);
    smtpc_stream_sent(&s->stream, len);
    len = taken_of(&s->stream, parts, later);
  }
  check_records(s);
}

static void flush(tls_side *s) {
  flush_but(s, 0u);
}

static void send(tls_side *s, unsigned channel, const uint8_t *data,
                 size_t len) {
  size_t done = 0u;
  while (done < len) {
    const size_t room = smtpc_stream_room(&s->stream);
    const size_t most = room < SENT_MAX ? room : SENT_MAX;
    const size_t n = len - done < most ? len - done : most;
    FUZZ_MUST(BOUNDS, n > 0u, "an empty stream has no room");
    FUZZ_MUST(EPOCH,
              smtpc_stream_send(&s->stream, channel, data + done, n) == 1,
              "the %s speaks on a channel that is not in force", name_of(s));
    done += n;
    flush_but(s, done < len ? SENT_LATER : 0u);
  }
}

// What the session has said since the last time goes to the wire.
static void carry(tls_side *s) {
  size_t clear = 0u;
  const smtpc_octets *out = tls_side_output(s, &clear);
  FUZZ_MUST(HARNESS, clear <= out->len && s->said <= out->len,
            "the %s's output shrank", name_of(s));
  if (s->said < clear) {
    FUZZ_MUST(ONEWAY, s->started == 0u, "the %s speaks in clear after TLS",
              name_of(s));
    send(s, SMTPC_CHANNEL_PLAIN, out->data + s->said, clear - s->said);
    s->said = clear;
  }
  if (s->said < out->len) {
    FUZZ_MUST(FAILSTOP, s->up != 0u, "the %s speaks under TLS, which is not up",
              name_of(s));
    send(s, SMTPC_CHANNEL_TLS, out->data + s->said, out->len - s->said);
    s->said = out->len;
  }
}

// --------------------------------------------------------------------- the turns

static void start_tls(tls_side *s) {
  FUZZ_MUST(ONEWAY, s->started == 0u, "the %s starts TLS again", name_of(s));
  FUZZ_MUST(DRAIN, smtpc_stream_is_idle(&s->stream) != 0,
            "the %s starts TLS with clear octets in its queue", name_of(s));
  s->started = 1u;
  s->wire_clear = s->wire.len;
  s->record_at = s->wire.len;
  trace_event(s, "start TLS");
  smtpc_stream_start_tls(&s->stream, s->context, &s->peer);
}

static void bind(tls_side *s) {
  uint8_t data[SMTPC_BINDING_MAX];
  for (unsigned kind = 1u; kind < SMTPC_BINDING_COUNT; kind++) {
    const size_t len = smtpc_stream_binding(&s->stream, kind, data);
    // RFC 5929 section 4.1: the signature of an Ed25519 certificate has no one hash.
    FUZZ_MUST(SECRET, kind != SMTPC_BINDING_END_POINT || len == 0u,
              "the %s is bound to a certificate that nothing can be bound to",
              name_of(s));
    // RFC 8446 section 7.5 has always what RFC 7627 added before.
    FUZZ_MUST(SECRET,
              kind != SMTPC_BINDING_EXPORTER || len > 0u ||
                  s->facts.version != SMTPC_TLS_1_3,
              "the %s's TLS 1.3 has nothing to be bound to", name_of(s));
    if (kind == SMTPC_BINDING_EXPORTER) {
      memcpy(s->bound, data, len);
      s->bound_len = len;
    }
    if (s->server != NULL) {
      world_server_bind(s->server, kind, data, len);
    } else {
      world_client_bind(s->client, kind, data, len);
    }
  }
}

static void must_be(const tls_side *s, int want, unsigned have,
                    const char *what) {
  FUZZ_MUST(POLICY, want == TLS_SIDE_WHATEVER || (unsigned)want == have,
            "the %s finds %u of %s, and it is %d", name_of(s), have, what,
            want);
}

static void check_facts(const tls_side *s) {
  const smtpc_tls_facts *facts = &s->stream.facts;
  FUZZ_MUST(POLICY, s->truth.may_come_up != 0,
            "the %s is up with a peer that has no keys", name_of(s));
  FUZZ_MUST(POLICY, facts->version >= s->peer.min_version,
            "the %s takes a version below its floor", name_of(s));
  FUZZ_MUST(RESET, facts->resumed == 0u, "the %s has resumed a session",
            name_of(s));
  FUZZ_MUST(INVARIANT, facts->cipher != 0u, "TLS is up without a cipher");
  FUZZ_MUST(POLICY, tls_cipher_is_good(facts->cipher, s->peer.min_version) != 0,
            "the %s is up with cipher %04x", name_of(s), facts->cipher);
  if (s->role == SMTPC_TLS_SERVER) {
    return;
  }
  must_be(s, s->truth.chain_ok, facts->chain_ok, "a good chain");
  must_be(s, s->truth.name_ok, facts->name_ok, "the right name");
  FUZZ_MUST(
      POLICY,
      s->peer.verify == 0u || (facts->chain_ok == 1u && facts->name_ok == 1u),
      "the client is up with whom it must not trust");
}

static void come_up(tls_side *s) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_TLS_UP);
  input.tls = s->stream.facts;
  FUZZ_MUST(COUNT, s->up == 0u, "the %s is told twice that TLS is up",
            name_of(s));
  check_facts(s);
  s->up = 1u;
  s->wire_up = s->wire.len;
  s->facts = input.tls;
  trace_event(s, "TLS is up");
  bind(s);
  give(s, &input);
  FUZZ_MUST(EPOCH, tls_is_on(s) != 0, "the %s does not know of its TLS",
            name_of(s));
  FUZZ_MUST(POLICY,
            s->client == NULL || s->facts.version >= SMTPC_TLS_1_2 ||
                tls_side_has_finding(s, SMTPC_FINDING_TLS_OLD) != 0,
            "the client says nothing of an old version of TLS");
}

static int is_distrust(unsigned failure) {
  return failure == SMTPC_TLS_FAILURE_CERTIFICATE ||
                 failure == SMTPC_TLS_FAILURE_CERTIFICATE_TIME ||
                 failure == SMTPC_TLS_FAILURE_NAME
             ? 1
             : 0;
}

static void fail(tls_side *s) {
  const size_t before = output_len(s);
  smtpc_input input = smtpc_input_make(SMTPC_IN_TLS_FAILED);
  input.tls = s->stream.facts;
  s->failed = 1u;
  trace_event(s, "TLS failed");
  FUZZ_MUST(FAILSTOP, input.tls.failure != SMTPC_TLS_FAILURE_NONE,
            "TLS fails at the %s for no reason", name_of(s));
  give(s, &input);
  FUZZ_MUST(FAILSTOP, tls_side_is_closed(s) != 0,
            "the %s goes on after TLS has failed", name_of(s));
  FUZZ_MUST(POLICY,
            s->client == NULL || is_distrust(input.tls.failure) == 0 ||
                tls_side_has_finding(s, SMTPC_FINDING_TLS_UNVERIFIED) != 0,
            "the client says nothing of a certificate that it refused");
  FUZZ_MUST(FAILSTOP, output_len(s) == before,
            "the %s speaks after TLS has failed", name_of(s));
}

static void end_of_stream(tls_side *s, int clean) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_END_OF_STREAM);
  input.clean = clean != 0 ? 1u : 0u;
  s->ended = 1u;
  trace_event(s, clean != 0 ? "the end" : "a torn end");
  FUZZ_MUST(ONEWAY,
            s->up == 0u || s->truth.clean == TLS_SIDE_WHATEVER ||
                s->truth.clean == clean,
            "the %s is told an end that is %s, and it is not", name_of(s),
            clean != 0 ? "clean" : "torn");
  give(s, &input);
  FUZZ_MUST(BOUNDS, tls_side_is_closed(s) != 0,
            "the %s goes on after the end of the stream", name_of(s));
}

// Octets that the stream has for the session.
static void hear(tls_side *s, const uint8_t *data, size_t len) {
  const int tls = s->stream.channel == SMTPC_STREAM_TLS;
  const smtpc_octets *said = s->truth.said;
  const smtpc_mem_where where = tls_side_where(s);
  FUZZ_MUST(FAILSTOP, where == SMTPC_MEM_INPUT,
            "octets for the %s, which is in its handshake", name_of(s));
  FUZZ_MUST(EPOCH, tls == tls_is_on(s),
            "octets of another channel than the %s's", name_of(s));
  FUZZ_MUST(EPOCH,
            tls == 0 || (said != NULL && s->heard + len <= said->len &&
                         memcmp(said->data + s->heard, data, len) == 0),
            "the %s hears under TLS what nobody said there", name_of(s));
  FUZZ_MUST(EPOCH,
            tls != 0 || s->came.len == CAME_MAX ||
                (s->heard_clear + len <= s->came.len &&
                 memcmp(s->came.data + s->heard_clear, data, len) == 0),
            "the %s hears in clear what did not arrive", name_of(s));
  const size_t taken =
      feed(s, tls != 0 ? SMTPC_CHANNEL_TLS : SMTPC_CHANNEL_PLAIN, data, len);
  FUZZ_MUST(BOUNDS, taken <= len, "more was taken than given");
  FUZZ_MUST(BOUNDS, taken == len || tls_side_where(s) != SMTPC_MEM_INPUT,
            "the %s waits for octets and does not take them", name_of(s));
  smtpc_stream_take(&s->stream, taken);
  s->heard_clear += tls != 0 ? 0u : taken;
  s->heard += tls != 0 ? taken : 0u;
}

// One thing that the stream has for the session. It returns 0 when there is none.
static int turn(tls_side *s) {
  const uint8_t *data = NULL;
  const size_t len = smtpc_stream_peek(&s->stream, &data);
  flush(s);
  if (len > 0u) {
    hear(s, data, len);
    return 1;
  }
  switch (smtpc_stream_take_event(&s->stream)) {
    case SMTPC_STREAM_EVENT_TLS_UP:
      come_up(s);
      return 1;
    case SMTPC_STREAM_EVENT_TLS_FAILED:
      fail(s);
      return 1;
    case SMTPC_STREAM_EVENT_END:
      end_of_stream(s, 1);
      return 1;
    case SMTPC_STREAM_EVENT_TORN:
      end_of_stream(s, 0);
      return 1;
    case SMTPC_STREAM_EVENT_NONE:
      break;
  }
  return 0;
}

// A close under TLS is said, unless the stream broke: by an alert, which under TLS 1.3
// looks like data.
static void check_close(const tls_side *s) {
  if (s->up == 0u || s->stream.channel != SMTPC_STREAM_TLS ||
      s->stream.muted != 0u) {
    return;
  }
  const uint8_t *head = s->wire.data + s->last_record_at;
  const size_t len = ((size_t)head[3] << 8u) | head[4];
  FUZZ_MUST(ONEWAY,
            s->facts.version == SMTPC_TLS_1_3 ? len <= ALERT_RECORD_MAX
                                              : head[0] == RECORD_ALERT,
            "the %s closes without a word", name_of(s));
}

static void run(tls_side *s) {
  size_t turns = 0u;
  int moved = 1;
  while (moved != 0 && s->closed == 0u) {
    carry(s);
    if (tls_side_is_closed(s) != 0) {
      smtpc_stream_close(&s->stream);
      flush(s);
      check_close(s);
      s->closed = 1u;
      return;
    }
    if (tls_side_where(s) == SMTPC_MEM_HANDSHAKE && s->started == 0u) {
      start_tls(s);
    }
    moved = turn(s);
    turns++;
    FUZZ_MUST(BOUNDS, turns < TURNS_MAX, "the %s never rests", name_of(s));
  }
  FUZZ_MUST(BOUNDS,
            s->closed != 0u || (s->stream.in_begin == s->stream.in_end &&
                                s->stream.plain_begin == s->stream.plain_end),
            "the %s rests with octets at hand", name_of(s));
}

// ------------------------------------------------------------------- interface

static int script_says_password(const script *in) {
  const size_t len = strlen(WORLD_PASSWORD);
  for (size_t i = 0u; i < in->count; i++) {
    const script_record *record = &in->records[i];
    if (record->tag == SCRIPT_CREDENTIALS ||
        fuzz_find(record->data, record->len, WORLD_PASSWORD, len) != 0 ||
        fuzz_find(record->more, record->more_len, WORLD_PASSWORD, len) != 0) {
      return 1;
    }
  }
  return 0;
}

static void begin(tls_side *s, const script *in, const script_tls *tls,
                  smtpc_tls_context *context, smtpc_tls_role role) {
  static const tls_side_truth nobody = {NULL, 0, TLS_SIDE_WHATEVER,
                                        TLS_SIDE_WHATEVER, TLS_SIDE_WHATEVER};
  smtpc_octets wire = s->wire;
  smtpc_octets came = s->came;
  memset(s, 0, offsetof(tls_side, stream));
  smtpc_octets_clear(&wire);
  smtpc_octets_clear(&came);
  smtpc_stream_init(&s->stream);
  s->wire = wire;
  s->came = came;
  s->role = role;
  s->context = context;
  s->truth = nobody;
  s->peer.role = (uint8_t)role;
  s->peer.min_version = tls->floor;
  s->canary = script_says_password(in) == 0 ? 1u : 0u;
}

void tls_side_begin_server(tls_side *s, unsigned slot, const script *in,
                           const smtpc_server_policy *policy,
                           const script_tls *tls, smtpc_tls_context *context) {
  begin(s, in, tls, context, SMTPC_TLS_SERVER);
  s->server = world_server_begin(slot, policy, in);
  run(s);
}

static const char *client_name(const script_tls *tls) {
  static const char *const names[4] = {TLS_HOST, "", OTHER_NAME, ADDRESS};
  return names[tls->name % 4u];
}

void tls_side_begin_client(tls_side *s, unsigned slot, const script *in,
                           const smtpc_client_policy *policy,
                           const script_tls *tls, smtpc_tls_context *context) {
  begin(s, in, tls, context, SMTPC_TLS_CLIENT);
  const char *name = client_name(tls);
  s->peer.name_len = (uint16_t)strlen(name);
  memcpy(s->peer.name, name, s->peer.name_len);
  // Without a name there is nothing to verify; the core's own rules hold.
  s->peer.verify =
      policy->tls == SMTPC_CLIENT_TLS_VERIFIED && s->peer.name_len > 0u ? 1u
                                                                        : 0u;
  s->client = world_client_begin(slot, policy, in);
  run(s);
}

void tls_side_give(tls_side *s, const uint8_t *data, size_t len) {
  size_t done = 0u;
  while (done < len && s->closed == 0u) {
    size_t room = 0u;
    uint8_t *space = smtpc_stream_space(&s->stream, &room);
    const size_t n = len - done < room ? len - done : room;
    FUZZ_MUST(BOUNDS, n > 0u, "a stream at rest has no room");
    memcpy(space, data + done, n);
    const size_t kept = CAME_MAX - s->came.len;
    smtpc_octets_add(&s->came, data + done, n < kept ? n : kept);
    smtpc_stream_arrived(&s->stream, n);
    done += n;
    run(s);
  }
}

void tls_side_hang_up(tls_side *s, int reset) {
  smtpc_stream_end(&s->stream,
                   reset != 0 ? SMTPC_STREAM_RESET : SMTPC_STREAM_ENDED);
  run(s);
  FUZZ_MUST(BOUNDS, s->closed != 0u,
            "the %s goes on after the end of the stream", name_of(s));
}

void tls_side_input(tls_side *s, const smtpc_input *input) {
  const int handshake = tls_side_where(s) == SMTPC_MEM_HANDSHAKE;
  const size_t before = output_len(s);
  if (s->closed != 0u) {
    return;
  }
  give(s, input);
  FUZZ_MUST(FAILSTOP, handshake == 0 || output_len(s) == before,
            "the %s speaks in the handshake", name_of(s));
  run(s);
}

void tls_side_must_have_heard(const tls_side *s) {
  const size_t said = s->truth.said != NULL ? s->truth.said->len : 0u;
  FUZZ_MUST(BOUNDS, s->up == 0u || s->closed != 0u || s->heard == said,
            "the %s heard %zu of %zu octets", name_of(s), s->heard, said);
}

static void check_secret(const tls_side *s) {
  static const char *const forms[4] = {WORLD_PASSWORD, "Y2FuYXJ5OnBhNTV3b3Jk",
                                       "NhbmFyeTpwYTU1d29yZ",
                                       "jYW5hcnk6cGE1NXdvcm"};
  const size_t from = s->wire_clear;
  if (s->started == 0u || s->canary == 0u || s->wire.len == from) {
    return;
  }
  for (size_t i = 0u; i < 4u; i++) {
    FUZZ_MUST(SECRET,
              fuzz_find(s->wire.data + from, s->wire.len - from, forms[i],
                        strlen(forms[i])) == 0,
              "the %s puts the password on the wire", name_of(s));
  }
}

static int is_host(const char *name) {
  return name[0] >= 'a' && name[0] <= 'z' ? 1 : 0;
}

// What a client offers in its first message.
static void check_client_hello(const tls_side *s) {
  tls_hello hello;
  const unsigned floor = s->peer.min_version;
  if (s->started == 0u || s->wire.len == s->wire_clear) {
    return;
  }
  FUZZ_MUST(POLICY,
            tls_hello_read_client(s->wire.data + s->wire_clear,
                                  s->wire.len - s->wire_clear, &hello) == 1,
            "the client does not begin with a ClientHello");
  FUZZ_MUST(POLICY, hello.lowest >= floor && hello.version >= floor,
            "the client offers a version below its floor");
  FUZZ_MUST(POLICY, tls_hello_cipher_at(&hello, 0u) != 0u,
            "the client offers no cipher");
  for (size_t i = 0u; i < hello.ciphers.len / 2u; i++) {
    FUZZ_MUST(POLICY,
              tls_cipher_is_good(tls_hello_cipher_at(&hello, i), floor) != 0,
              "the client offers cipher %04x", tls_hello_cipher_at(&hello, i));
  }
  FUZZ_MUST(RESET,
            hello.ticket == 0u && hello.early == 0u && hello.resumes == 0u,
            "the client offers to go on with another session");
  FUZZ_MUST(POLICY,
            hello.protocols.len == 0u || tls_hello_speaks(&hello, "smtp") != 0,
            "the client offers protocols, and SMTP is not among them");
  const size_t name_len =
      is_host((const char *)s->peer.name) != 0 ? s->peer.name_len : 0u;
  FUZZ_MUST(POLICY,
            (hello.named != 0u) == (name_len > 0u) &&
                hello.name.len == name_len &&
                (name_len == 0u ||
                 memcmp(hello.name.data, s->peer.name, name_len) == 0),
            "a ClientHello does not say whom it is for, or what is no name");
}

static int is_no_name(tls_part name) {
  for (size_t i = 0u; i < name.len; i++) {
    const uint8_t c = name.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
          (c >= '0' && c <= '9') || c == '.' || c == '-')) {
      return 1;
    }
  }
  return 0;
}

// What a server takes of a client's first message.
static void check_server_hello(const tls_side *s) {
  tls_hello theirs;
  tls_hello ours;
  const size_t len = s->wire.len - s->wire_clear;
  const uint8_t *answer = len > 0u ? s->wire.data + s->wire_clear : NULL;
  const size_t from =
      s->heard_clear < s->came.len ? s->heard_clear : s->came.len;
  if (s->started == 0u || len == 0u || s->came.len == from ||
      tls_hello_read_client(s->came.data + from, s->came.len - from, &theirs) ==
          0) {
    return;
  }
  const int served = tls_hello_read_server(answer, len, &ours);
  FUZZ_MUST(POLICY,
            served == 0 || (tls_cipher_is_good(tls_hello_cipher_at(&ours, 0u),
                                               s->peer.min_version) != 0 &&
                            ours.version >= s->peer.min_version),
            "the server takes cipher %04x of version %04x",
            tls_hello_cipher_at(&ours, 0u), ours.version);
  FUZZ_MUST(RESET,
            served == 0 ||
                (ours.ticket == 0u && ours.early == 0u && ours.resumes == 0u),
            "the server goes on with another session, or will");
  FUZZ_MUST(POLICY,
            served == 0 || theirs.protocols.len == 0u ||
                tls_hello_speaks(&theirs, "smtp") != 0,
            "the server serves who does not speak SMTP");
  FUZZ_MUST(POLICY,
            ours.protocols.len == 0u || tls_hello_speaks(&ours, "smtp") != 0,
            "the server takes another protocol than SMTP");
  FUZZ_MUST(POLICY, served == 0 || is_no_name(theirs.name) == 0,
            "the server serves a name that is none");
  FUZZ_MUST(POLICY,
            theirs.named != 0u || answer[0] != RECORD_ALERT ||
                len < RECORD_HEAD + 2u ||
                answer[RECORD_HEAD + 1u] != ALERT_UNRECOGNIZED_NAME,
            "the server refuses a name that nobody said");
}

void tls_side_end(tls_side *s) {
  FUZZ_MUST(FAILSTOP, s->failed == 0u || tls_side_is_closed(s) != 0,
            "the %s outlived its TLS", name_of(s));
  FUZZ_MUST(ONEWAY, s->started == 0u || s->record_at == s->wire.len,
            "the %s's last record is not whole", name_of(s));
  check_secret(s);
  if (s->role == SMTPC_TLS_CLIENT) {
    check_client_hello(s);
  } else {
    check_server_hello(s);
  }
  smtpc_stream_free(&s->stream);
  if (s->server != NULL) {
    world_server_end(s->server);
  } else {
    world_client_end(s->client);
  }
  if (s->wire.cap > WIRE_KEPT_MAX) {
    smtpc_octets_free(&s->wire);
  }
}
