// Benchmarks: how fast the core reads, how much it keeps, and that it takes no heap.
//
// Each figure is of one loop over input that lies in memory. Beside the scanners
// stand memchr and memcpy on the same octets. `allocs` counts calls of malloc and
// its kin inside a loop; in a core loop it must be 0, else the program fails.
// README.md says what each figure means.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "smtpcore/capability.h"
#include "smtpcore/client.h"
#include "smtpcore/command.h"
#include "smtpcore/content.h"
#include "smtpcore/line.h"
#include "smtpcore/reply.h"
#include "smtpcore/server.h"
#include "smtpcore/span.h"

extern "C" {
#include "shim/mem/mem.h"
}

// ------------------------------------------------------------- allocations

// A sanitizer has its own malloc; then nothing is counted.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define BENCH_COUNTS 0
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define BENCH_COUNTS 0
#endif
#ifndef BENCH_COUNTS
#define BENCH_COUNTS 1
#endif

namespace {
std::size_t alloc_count = 0;
bool core_took_heap = false;
}  // namespace

#if BENCH_COUNTS
// The C library's own names for what stands behind malloc (glibc).
extern "C" {
void *__libc_malloc(std::size_t size);
void *__libc_calloc(std::size_t count, std::size_t size);
void *__libc_realloc(void *at, std::size_t size);

void *malloc(std::size_t size) {
  alloc_count++;
  return __libc_malloc(size);
}

void *calloc(std::size_t count, std::size_t size) {
  alloc_count++;
  return __libc_calloc(count, size);
}

void *realloc(void *at, std::size_t size) {
  alloc_count++;
  return __libc_realloc(at, size);
}
}
#endif

namespace {

// Counts what is allocated from here to `report`.
class Allocs {
 public:
  Allocs() : before_(alloc_count) {}

  // Sets the counter `allocs` of a loop that may take heap.
  void report(benchmark::State &state) const {
    state.counters["allocs"] = static_cast<double>(alloc_count - before_);
  }

  // The same for a loop of the core alone, which may not.
  void report_core(benchmark::State &state) const {
    core_took_heap = core_took_heap || alloc_count != before_;
    report(state);
  }

 private:
  std::size_t before_;
};

void fail(benchmark::State &state, const char *what) {
  state.SkipWithError(what);
  core_took_heap = true;
}

// Sets the counter `name`: the time for each of `count` things a turn.
void report_each(benchmark::State &state, const char *name, double count) {
  state.counters[name] = benchmark::Counter(
      static_cast<double>(state.iterations()) * count,
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void report_bytes(benchmark::State &state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(bytes));
}

const std::uint8_t *octets_of(const std::string &text) {
  return reinterpret_cast<const std::uint8_t *>(text.data());
}

// ---------------------------------------------------------------- commands

// What a printer says in a session, with some of what it might say.
const char *const printer_commands[] = {
    "EHLO printer-3f.example.com\r\n",
    "STARTTLS\r\n",
    "AUTH PLAIN AHByaW50ZXIAbm90LXRoZS1yZWFsLW9uZQ==\r\n",
    "MAIL FROM:<scanner@example.com> SIZE=1048576 BODY=8BITMIME\r\n",
    "RCPT TO:<archive@example.com>\r\n",
    "RCPT TO:<office.manager+scan@mail.example.com>\r\n",
    "DATA\r\n",
    "BDAT 65536 LAST\r\n",
    "RSET\r\n",
    "NOOP\r\n",
    "VRFY postmaster\r\n",
    "QUIT\r\n",
};
constexpr std::size_t command_count =
    sizeof printer_commands / sizeof printer_commands[0];
constexpr std::uint32_t all_extensions = UINT32_MAX;

// Reads the commands of `stream`, and returns how many of them were well formed.
std::size_t read_commands(const std::string &stream, smtpc_line *line) {
  const std::uint8_t *data = octets_of(stream);
  std::size_t at = 0;
  std::size_t good = 0;
  while (at < stream.size()) {
    std::size_t used = 0;
    smtpc_command command;
    const smtpc_status status = smtpc_line_feed(
        line, SMTPC_LINE_MAX, 0, data + at, stream.size() - at, &used);
    at += used;
    if (status != SMTPC_OK ||
        smtpc_command_parse(line->data, line->len, all_extensions, 0,
                            &command) != SMTPC_OK) {
      return 0;
    }
    benchmark::DoNotOptimize(command);
    smtpc_line_next(line);
    good++;
  }
  return good;
}

void run_commands(benchmark::State &state, const std::string &stream,
                  std::size_t count) {
  static smtpc_line line;
  smtpc_line_init(&line);
  if (read_commands(stream, &line) != count) {
    fail(state, "a command was refused");
    return;
  }
  const Allocs allocs;
  for (auto turn : state) {
    benchmark::DoNotOptimize(read_commands(stream, &line));
  }
  allocs.report_core(state);
  report_bytes(state, stream.size());
  report_each(state, "per_command", static_cast<double>(count));
}

void commands_printer(benchmark::State &state) {
  std::string stream;
  for (const char *command : printer_commands) {
    stream += command;
  }
  run_commands(state, stream, command_count);
}
BENCHMARK(commands_printer);

// One command alone: which of them costs what.
void commands_one(benchmark::State &state) {
  const char *command = printer_commands[state.range(0)];
  std::string stream;
  for (int i = 0; i < 16; i++) {
    stream += command;
  }
  state.SetLabel(std::string(command, std::strcspn(command, " \r")));
  run_commands(state, stream, 16);
}
BENCHMARK(commands_one)->DenseRange(0, command_count - 1);

// ----------------------------------------------------------------- content

// A mail body of about `size` octets: lines of 72 letters and their CRLF; one in 64
// begins with a dot, which is doubled when it is `stuffed` as on the wire.
std::string body_of(std::size_t size, bool stuffed) {
  const std::size_t lines = size / 74 + 1;
  std::string body;
  for (std::size_t number = 0; number < lines; number++) {
    const bool dot = number % 64 == 63;
    std::string line;
    for (std::size_t i = 0; i < 72; i++) {
      line += static_cast<char>('a' + (number * 7 + i * 11) % 26);
    }
    line[0] = dot ? '.' : line[0];
    body += (dot && stuffed ? "." : "") + line + "\r\n";
  }
  return body;
}

// Scans one whole message, and returns how much content it had.
std::size_t scan(const std::string &stream, smtpc_content *content) {
  const std::uint8_t *data = octets_of(stream);
  std::size_t at = 0;
  std::size_t size = 0;
  smtpc_status status = SMTPC_MORE;
  smtpc_content_init(content);
  while (status == SMTPC_MORE && at < stream.size()) {
    std::size_t used = 0;
    smtpc_run run = {0, 0};
    status =
        smtpc_content_scan(content, data + at, stream.size() - at, &used, &run);
    size += run.end - run.begin;
    at += used;
  }
  return status == SMTPC_OK && content->anomalies == 0 ? size : 0;
}

void data_scan(benchmark::State &state) {
  const std::size_t size = static_cast<std::size_t>(state.range(0));
  const std::string stream = body_of(size, true) + ".\r\n";
  smtpc_content content;
  if (scan(stream, &content) != body_of(size, false).size()) {
    fail(state, "the content is not the body");
    return;
  }
  const Allocs allocs;
  for (auto turn : state) {
    benchmark::DoNotOptimize(scan(stream, &content));
  }
  allocs.report_core(state);
  report_bytes(state, stream.size());
}
BENCHMARK(data_scan)->Arg(64 << 10)->Arg(8 << 20);

// Stuffs one whole message, and returns how many dots it wants.
std::size_t stuff(const std::string &body, smtpc_content *content) {
  const std::uint8_t *data = octets_of(body);
  std::size_t at = 0;
  std::size_t dots = 0;
  smtpc_status status = SMTPC_MORE;
  smtpc_content_init(content);
  while (status == SMTPC_MORE && at < body.size()) {
    std::size_t used = 0;
    smtpc_run run = {0, 0};
    std::uint8_t dot = 0;
    status = smtpc_content_stuff(content, data + at, body.size() - at, &used,
                                 &run, &dot);
    benchmark::DoNotOptimize(run);
    dots += dot;
    at += used;
  }
  return smtpc_content_stuff_end(content) == SMTPC_OK ? dots : 0;
}

void data_stuff(benchmark::State &state) {
  const std::size_t size = static_cast<std::size_t>(state.range(0));
  const std::string body = body_of(size, false);
  smtpc_content content;
  if (stuff(body, &content) != body_of(size, true).size() - body.size()) {
    fail(state, "the dots are not the body's");
    return;
  }
  const Allocs allocs;
  for (auto turn : state) {
    benchmark::DoNotOptimize(stuff(body, &content));
  }
  allocs.report_core(state);
  report_bytes(state, body.size());
}
BENCHMARK(data_stuff)->Arg(64 << 10)->Arg(8 << 20);

// What the C library's fastest search does on the same octets: line by line, for
// LF alone, without any other check.
void data_memchr(benchmark::State &state) {
  const std::string stream =
      body_of(static_cast<std::size_t>(state.range(0)), true) + ".\r\n";
  for (auto turn : state) {
    const char *at = stream.data();
    const char *const end = at + stream.size();
    std::size_t lines = 0;
    while (at < end) {
      const void *found =
          std::memchr(at, '\n', static_cast<std::size_t>(end - at));
      at = static_cast<const char *>(found) + 1;
      lines++;
    }
    benchmark::DoNotOptimize(lines);
  }
  report_bytes(state, stream.size());
}
BENCHMARK(data_memchr)->Arg(64 << 10)->Arg(8 << 20);

void data_memcpy(benchmark::State &state) {
  const std::string stream =
      body_of(static_cast<std::size_t>(state.range(0)), true) + ".\r\n";
  std::vector<char> copy(stream.size());
  for (auto turn : state) {
    std::memcpy(copy.data(), stream.data(), stream.size());
    benchmark::ClobberMemory();
  }
  report_bytes(state, stream.size());
}
BENCHMARK(data_memcpy)->Arg(64 << 10)->Arg(8 << 20);

// The inner loops alone.
void span_plain_run(benchmark::State &state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'a');
  for (auto turn : state) {
    benchmark::DoNotOptimize(smtpc_plain_run(octets_of(text), 0, text.size()));
  }
  report_bytes(state, text.size());
}
BENCHMARK(span_plain_run)->Arg(16)->Arg(72)->Arg(1024)->Arg(64 << 10);

void span_copy(benchmark::State &state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'a');
  std::vector<std::uint8_t> copy(text.size());
  for (auto turn : state) {
    smtpc_copy(copy.data(), octets_of(text), text.size());
    benchmark::ClobberMemory();
  }
  report_bytes(state, text.size());
}
BENCHMARK(span_copy)->Arg(16)->Arg(72)->Arg(1024);

// ----------------------------------------------------------------- replies

const char ehlo_reply[] =
    "250-mail.example.com greets you\r\n"
    "250-PIPELINING\r\n"
    "250-SIZE 52428800\r\n"
    "250-8BITMIME\r\n"
    "250-STARTTLS\r\n"
    "250-AUTH CRAM-MD5 PLAIN LOGIN\r\n"
    "250-DSN\r\n"
    "250-SMTPUTF8\r\n"
    "250-CHUNKING\r\n"
    "250 ENHANCEDSTATUSCODES\r\n";

const char three_lines[] =
    "550-5.7.1 Relaying refused\r\n"
    "550-5.7.1 This device takes mail for itself alone\r\n"
    "550 5.7.1 See its manual\r\n";

// Reads one reply; returns its code, or 0.
unsigned read_reply(const std::uint8_t *data, std::size_t len, bool ehlo,
                    smtpc_line *line, smtpc_capabilities *caps) {
  smtpc_reply reply;
  std::size_t at = 0;
  smtpc_reply_init(&reply);
  if (ehlo) {
    smtpc_capability_init(caps);
  }
  while (at < len && reply.done == 0) {
    std::size_t used = 0;
    smtpc_span text = {0, 0};
    if (smtpc_line_feed(line, SMTPC_REPLY_LINE_MAX, 0, data + at, len - at,
                        &used) != SMTPC_OK ||
        smtpc_reply_line(&reply, line->data, line->len, 0, &text) != SMTPC_OK) {
      return 0;
    }
    if (ehlo) {
      const std::size_t from = line->len < 4 ? line->len : 4u;
      smtpc_capability_line(caps, reply.lines, line->data,
                            smtpc_span_make(from, line->len), 0);
    }
    benchmark::DoNotOptimize(text);
    smtpc_line_next(line);
    at += used;
  }
  return reply.done != 0 && at == len ? reply.code : 0u;
}

void run_reply(benchmark::State &state, const char *text, unsigned code,
               bool ehlo) {
  const std::string stream(text);
  static smtpc_line line;
  smtpc_capabilities caps = {};
  smtpc_line_init(&line);
  if (read_reply(octets_of(stream), stream.size(), ehlo, &line, &caps) !=
          code ||
      (ehlo && caps.mechanisms == 0)) {
    fail(state, "the reply was not understood");
    return;
  }
  const Allocs allocs;
  for (auto turn : state) {
    benchmark::DoNotOptimize(
        read_reply(octets_of(stream), stream.size(), ehlo, &line, &caps));
    benchmark::DoNotOptimize(caps);
  }
  allocs.report_core(state);
  report_bytes(state, stream.size());
  report_each(state, "per_reply", 1.0);
}

void reply_3_lines(benchmark::State &state) {
  run_reply(state, three_lines, 550u, false);
}
BENCHMARK(reply_3_lines);

void reply_ehlo_10_lines(benchmark::State &state) {
  run_reply(state, ehlo_reply, 250u, true);
}
BENCHMARK(reply_ehlo_10_lines);

// ---------------------------------------------------------------- sessions

const char session_before[] =
    "EHLO printer-3f.example.com\r\n"
    "MAIL FROM:<scanner@example.com> SIZE=4096 BODY=8BITMIME\r\n"
    "RCPT TO:<archive@example.com>\r\n"
    "RCPT TO:<office.manager+scan@mail.example.com>\r\n"
    "DATA\r\n";

std::string session_octets() {
  return session_before + body_of(4096, true) + ".\r\nQUIT\r\n";
}

smtpc_server_policy server_policy(unsigned tls) {
  smtpc_server_policy policy;
  smtpc_server_policy_init(&policy);
  policy.tls = static_cast<std::uint8_t>(tls);
  policy.certificate = 1;
  return policy;
}

// Runs one server session, the core alone: the smallest loop that there is around
// it. Returns how many messages it took.
std::size_t serve(const smtpc_server_policy *policy, smtpc_server *session,
                  const std::string &octets) {
  smtpc_input input = smtpc_input_make(SMTPC_IN_NONE);
  smtpc_action act = smtpc_action_make(SMTPC_DO_NOTHING);
  std::size_t at = 0;
  std::size_t messages = 0;
  smtpc_server_init(session, policy);
  while (act.kind != SMTPC_DO_CLOSE) {
    std::size_t used = 0;
    if (smtpc_server_step(policy, session, &input, &used, &act) != SMTPC_OK) {
      return 0;
    }
    at += used;
    input = smtpc_input_make(SMTPC_IN_NONE);
    if (act.kind == SMTPC_DO_NEED_INPUT) {
      input = smtpc_input_octets(SMTPC_CHANNEL_PLAIN, octets_of(octets) + at,
                                 octets.size() - at);
    } else if (act.kind == SMTPC_DO_ASK_SENDER ||
               act.kind == SMTPC_DO_ASK_RECIPIENT ||
               act.kind == SMTPC_DO_ASK_MESSAGE) {
      input = smtpc_input_make(SMTPC_IN_VERDICT);
      input.answer = SMTPC_ANSWER_YES;
      messages += act.kind == SMTPC_DO_ASK_MESSAGE ? 1 : 0;
    }
    benchmark::DoNotOptimize(act);
  }
  return at == octets.size() ? messages : 0;
}

void session_server_core(benchmark::State &state) {
  const smtpc_server_policy policy = server_policy(SMTPC_SERVER_TLS_OFF);
  const std::string octets = session_octets();
  static smtpc_server session;
  if (serve(&policy, &session, octets) != 1) {
    fail(state, "the session took no message");
    return;
  }
  const Allocs allocs;
  for (auto turn : state) {
    benchmark::DoNotOptimize(serve(&policy, &session, octets));
  }
  allocs.report_core(state);
  report_bytes(state, octets.size());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(session_server_core);

// The same through `shim/mem`, which keeps what was sent and stored on the heap.
std::size_t serve_mem(const smtpc_server_policy &policy,
                      smtpc_mem_server *server, const std::string &octets) {
  std::memset(server, 0, sizeof *server);
  server->quiet = 1;
  smtpc_mem_server_begin(server, &policy);
  (void)smtpc_mem_server_feed(server, SMTPC_CHANNEL_PLAIN, octets.data(),
                              octets.size(), 0);
  const std::size_t stored = server->stored_count;
  smtpc_mem_server_free(server);
  return stored;
}

void session_server_mem(benchmark::State &state) {
  const smtpc_server_policy policy = server_policy(SMTPC_SERVER_TLS_OFF);
  const std::string octets = session_octets();
  static smtpc_mem_server server;
  if (serve_mem(policy, &server, octets) != 1) {
    fail(state, "the session stored no message");
    return;
  }
  for (auto turn : state) {
    benchmark::DoNotOptimize(serve_mem(policy, &server, octets));
  }
  report_bytes(state, octets.size());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(session_server_mem);

// A client and a server that talk to each other; TLS is played. Returns how many
// messages arrived.
struct Pair {
  smtpc_server_policy server_policy;
  smtpc_client_policy client_policy;
  smtpc_envelope recipient;
  smtpc_mem_message message;
  smtpc_mem_server server;
  smtpc_mem_client client;
};

std::size_t converse(Pair *pair) {
  std::memset(&pair->server, 0, sizeof pair->server);
  std::memset(&pair->client, 0, sizeof pair->client);
  pair->server.quiet = 1;
  smtpc_mem_server_begin(&pair->server, &pair->server_policy);
  smtpc_mem_client_begin(&pair->client, &pair->client_policy, &pair->message,
                         1);
  (void)smtpc_mem_converse(&pair->client, &pair->server, 0, nullptr);
  const std::size_t stored =
      pair->client.done_count == 1 ? pair->server.stored_count : 0;
  smtpc_mem_server_free(&pair->server);
  smtpc_mem_client_free(&pair->client);
  return stored;
}

void session_pair_mem(benchmark::State &state) {
  static const std::string from = "scanner@example.com";
  static const std::string to = "archive@example.com";
  static const std::string body = body_of(4096, false);
  static Pair pair;
  const bool tls = state.range(0) != 0;
  pair.server_policy =
      server_policy(tls ? SMTPC_SERVER_TLS_REQUIRED : SMTPC_SERVER_TLS_OFF);
  smtpc_client_policy_init(&pair.client_policy);
  pair.client_policy.tls = static_cast<std::uint8_t>(
      tls ? SMTPC_CLIENT_TLS_VERIFIED : SMTPC_CLIENT_TLS_OFF);
  pair.recipient = {};
  pair.recipient.address = octets_of(to);
  pair.recipient.address_len = static_cast<std::uint16_t>(to.size());
  pair.message = {};
  pair.message.envelope.address = octets_of(from);
  pair.message.envelope.address_len = static_cast<std::uint16_t>(from.size());
  pair.message.recipients = &pair.recipient;
  pair.message.recipient_count = 1;
  pair.message.content = octets_of(body);
  pair.message.content_len = body.size();
  if (converse(&pair) != 1) {
    fail(state, "no message arrived");
    return;
  }
  for (auto turn : state) {
    benchmark::DoNotOptimize(converse(&pair));
  }
  state.SetLabel(tls ? "tls, played" : "clear");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(session_pair_mem)->Arg(0)->Arg(1);

// -------------------------------------------------------------------- main

// A counter that counts nothing would make every figure look right.
bool counting_works() {
  const Allocs allocs;
  const std::size_t before = alloc_count;
  void *volatile at = std::malloc(1);
  std::free(at);
  return BENCH_COUNTS == 0 || alloc_count != before;
}

void add_sizes() {
  const auto add = [](const char *name, std::size_t octets) {
    benchmark::AddCustomContext(name, std::to_string(octets) + " octets");
  };
  add("server session beside its line",
      sizeof(smtpc_server) - sizeof(smtpc_line));
  add("client session beside its line",
      sizeof(smtpc_client) - sizeof(smtpc_line));
  add("line", sizeof(smtpc_line));
#if defined(__clang__)
  benchmark::AddCustomContext("compiler", "clang " __clang_version__);
#else
  benchmark::AddCustomContext("compiler", "gcc " __VERSION__);
#endif
}

}  // namespace

int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 1;
  }
  if (!counting_works()) {
    std::fprintf(stderr, "bench: allocations are not counted\n");
    return 1;
  }
  add_sizes();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  if (core_took_heap) {
    std::fprintf(stderr, "bench: a loop failed, or the core took heap\n");
    return 1;
  }
  return 0;
}
