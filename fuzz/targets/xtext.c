// Xtext stands for printable octets and for nothing else, decoding takes back encoding,
// and a date is one moment in every spelling.
//
// The input is a value: it is read as xtext and as a date-time, encoded as if it were
// plain text, by the harness and by the writer, and its first eight octets are a number of seconds.
//
// Laws: MODEL, ROUNDTRIP, CRLFOUT, NORM, BOUNDS, PURE, COVER, MISUSE.
#include <string.h>

#include "core/model/param_model.h"
#include "fuzz/harness/block.h"
#include "fuzz/harness/choice.h"
#include "fuzz/harness/law.h"
#include "fuzz/harness/target.h"
#include "smtpcore/param.h"
#include "smtpcore/write.h"

const unsigned fuzz_target_kind = FUZZ_KIND_TOKENS;

#define INPUT_MAX 1024u
#define YEAR_10000 UINT64_C(253402300800)

static int is_hex(uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

// judge decodes by the grammar, in the fewest words. It returns the length, or -1.
static long judge(const uint8_t *text, size_t len, uint8_t *out) {
  static const char digits[] = "0123456789ABCDEF";
  long count = 0;
  for (size_t i = 0u; i < len; i++) {
    unsigned octet = text[i];
    if (octet == '+') {
      if (len - i < 3u || !is_hex(text[i + 1u]) || !is_hex(text[i + 2u])) {
        return -1;
      }
      octet = (unsigned)(strchr(digits, text[i + 1u]) - digits) * 16u +
              (unsigned)(strchr(digits, text[i + 2u]) - digits);
      i += 2u;
    } else if (octet == '=' || octet == ' ') {
      return -1;
    }
    if (octet < 32u || octet > 126u) {
      return -1;
    }
    out[count] = (uint8_t)octet;
    count++;
  }
  return count;
}

// encode writes xtext: `all` octets as hexchars, or those that must be.
static size_t encode(const uint8_t *data, size_t len, int all, uint8_t *out) {
  static const char digits[] = "0123456789ABCDEF";
  size_t to = 0u;
  for (size_t i = 0u; i < len; i++) {
    const uint8_t c = data[i];
    if (!all && c > ' ' && c < 127u && c != '+' && c != '=') {
      out[to] = c;
      to++;
    } else {
      out[to] = '+';
      out[to + 1u] = (uint8_t)digits[c >> 4u];
      out[to + 2u] = (uint8_t)digits[c & 15u];
      to += 3u;
    }
  }
  return to;
}

static int is_printable(const uint8_t *data, size_t len) {
  for (size_t i = 0u; i < len; i++) {
    if (data[i] < 32u || data[i] > 126u) {
      return 0;
    }
  }
  return 1;
}

// ----------------------------------------------------------------------- xtext

static const uint8_t zeros[INPUT_MAX * 3u];

// decode decodes `text` into a block of exactly `cap` octets and compares it with `want`.
static void decode(const uint8_t *text, size_t len, size_t cap,
                   const uint8_t *want, long want_len) {
  uint8_t *const out = fuzz_block(zeros, cap);
  size_t out_len = 99u;
  const smtpc_status status =
      smtpc_xtext_decode(text, smtpc_span_make(0u, len), out, cap, &out_len);
  if (want_len < 0) {
    FUZZ_MUST(MODEL, status == SMTPC_E_XTEXT, "what is no xtext is %s",
              smtpc_status_name(status));
    FUZZ_MUST(NORM, memcmp(out, zeros, cap) == 0,
              "what is no xtext is decoded in part");
  } else if ((size_t)want_len > cap) {
    FUZZ_MUST(BOUNDS, status == SMTPC_E_ROOM, "without room xtext is %s",
              smtpc_status_name(status));
  } else {
    FUZZ_MUST(MODEL, status == SMTPC_OK && out_len == (size_t)want_len,
              "%zu octets, not %ld, and %s", out_len, want_len,
              smtpc_status_name(status));
    FUZZ_MUST(MODEL, memcmp(out, want, out_len) == 0, "other octets come out");
    FUZZ_MUST(NORM, is_printable(out, out_len), "a control octet comes out");
    FUZZ_MUST(BOUNDS, memcmp(out + out_len, zeros, cap - out_len) == 0,
              "octets behind the text are written");
  }
  FUZZ_MUST(BOUNDS, status == SMTPC_OK || out_len == 0u,
            "an error has %zu octets", out_len);
  fuzz_block_free(out, out, cap);
}

// check_xtext returns how many octets the text stands for, and stores them; or -1.
static long check_xtext(const uint8_t *text, size_t len, uint8_t *out,
                        fuzz_choice *choice) {
  static uint8_t model[INPUT_MAX];
  const long count = judge(text, len, out);
  const smtpc_status status = smtpc_xtext_check(text, smtpc_span_make(0u, len));
  FUZZ_MUST(MODEL, status == (count < 0 ? SMTPC_E_XTEXT : SMTPC_OK),
            "xtext is %s", smtpc_status_name(status));
  FUZZ_MUST(HARNESS,
            model_xtext(text, len, model) == count &&
                (count <= 0 || memcmp(model, out, (size_t)count) == 0),
            "the model and the harness do not agree");
  decode(text, len, len, out, count);
  if (count >= 0) {
    decode(text, len, (size_t)count, out, count);
    decode(text, len, fuzz_choose(choice, (uint32_t)count + 1u), out, count);
  }
  return count;
}

// check_encoded: what the input stands for when it is plain text comes back.
static void check_encoded(const uint8_t *data, size_t len, int all,
                          fuzz_choice *choice) {
  static uint8_t text[INPUT_MAX * 3u];
  const size_t text_len = encode(data, len, all, text);
  uint8_t *const block = fuzz_block(text, text_len);
  const smtpc_span span = smtpc_span_make(0u, text_len);
  const int good = is_printable(data, len);
  const smtpc_status status = smtpc_xtext_check(block, span);
  FUZZ_MUST(NORM, (status == SMTPC_OK) == good, "encoded octets are %s",
            smtpc_status_name(status));
  decode(block, text_len, len, data, good ? (long)len : -1);
  if (good && len > 0u) {
    decode(block, text_len, len - 1u, data, (long)len);
    // A part of a hexchar is no xtext, nor is one in lower case.
    const size_t at = fuzz_choose(choice, (uint32_t)text_len);
    const smtpc_span cut = smtpc_span_make(0u, at);
    const int broken = (at >= 1u && text[at - 1u] == '+') ||
                       (at >= 2u && text[at - 2u] == '+');
    FUZZ_MUST(NORM, (smtpc_xtext_check(block, cut) == SMTPC_OK) == !broken,
              "a part of xtext is what it is not");
  }
  fuzz_block_free(block, text, text_len);
}

// check_sent: what is sent as ENVID is read as what was meant. Its room is part of a line,
// and its value has a limit.
static void check_sent(const uint8_t *data, size_t len) {
  smtpc_envelope mail;
  smtpc_params params;
  uint8_t line[SMTPC_OUT_MAX];
  size_t line_len = 0u;
  if (len < 1u || len > SMTPC_ENVID_MAX) {
    return;
  }
  memset(&mail, 0, sizeof mail);
  mail.envid = data;
  mail.envid_len = (uint16_t)len;
  mail.seen = SMTPC_HAS(ENVID);
  const smtpc_status status =
      smtpc_write_mail(line, sizeof line, &line_len, &mail);
  const size_t front = sizeof "MAIL FROM:<>" - 1u;
  uint8_t encoded[SMTPC_ENVID_MAX * 3u];
  const size_t encoded_len = encode(data, len, 0, encoded);
  const int good = is_printable(data, len) && encoded_len <= SMTPC_ENVID_MAX;
  FUZZ_MUST(ROUNDTRIP, good == (status == SMTPC_OK), "ENVID is sent as %s",
            smtpc_status_name(status));
  if (!good) {
    FUZZ_MUST(CRLFOUT, line_len == 0u, "a refused line has %zu octets",
              line_len);
    return;
  }
  const smtpc_span rest = smtpc_span_make(front, line_len - 2u);
  FUZZ_MUST(ROUNDTRIP,
            smtpc_params_parse(line, rest, SMTPC_VERB_MAIL, UINT32_MAX,
                               &params) == SMTPC_OK,
            "ENVID that was sent is refused");
  FUZZ_MUST(ROUNDTRIP,
            smtpc_span_len(params.envid) == encoded_len &&
                memcmp(line + params.envid.begin, encoded, encoded_len) == 0,
            "ENVID is not encoded as it must be");
}

// ----------------------------------------------------------------------- dates

// check_written: a date that is written is read as the same second, and all spellings of
// it are.
static void check_written(uint64_t seconds) {
  uint8_t *const out = fuzz_block(zeros, SMTPC_DATE_LEN);
  uint64_t back = 1u;
  const smtpc_status status = smtpc_date_write(seconds, out);
  if (seconds >= YEAR_10000) {
    FUZZ_MUST(MISUSE, status == SMTPC_E_ARGUMENT,
              "a date past the year 9999 is %s", smtpc_status_name(status));
    FUZZ_MUST(MISUSE, memcmp(out, zeros, SMTPC_DATE_LEN) == 0,
              "a date that cannot be is written");
  } else {
    const smtpc_span all = smtpc_span_make(0u, SMTPC_DATE_LEN);
    FUZZ_MUST(ROUNDTRIP, status == SMTPC_OK, "a date cannot be written");
    FUZZ_MUST(ROUNDTRIP,
              smtpc_date_parse(out, all, &back) == SMTPC_OK && back == seconds,
              "a date is read as another one");
    out[10] = 't';
    out[19] = 'z';
    FUZZ_MUST(ROUNDTRIP,
              smtpc_date_parse(out, all, &back) == SMTPC_OK && back == seconds,
              "a date in lower case is another one");
    // The model counts days one by one, so it is asked for some dates only.
    uint64_t model = seconds;
    const bool asked = seconds % 8u == 0u;
    FUZZ_MUST(
        MODEL,
        !asked || (model_date(out, SMTPC_DATE_LEN, &model) && model == seconds),
        "the model reads another date");
  }
  fuzz_block_free(out, out, SMTPC_DATE_LEN);
}

// check_offset says the same moment at another place on earth.
static void check_offset(const uint8_t *text, size_t len, uint64_t seconds) {
  static uint8_t other[INPUT_MAX + 8u];
  uint64_t back = 0u;
  if (len < 1u || len > INPUT_MAX || (text[len - 1u] | 0x20u) != 'z') {
    return;
  }
  memcpy(other, text, len - 1u);
  memcpy(other + len - 1u, "+00:00", 6u);
  const smtpc_span span = smtpc_span_make(0u, len + 5u);
  FUZZ_MUST(PURE,
            smtpc_date_parse(other, span, &back) == SMTPC_OK && back == seconds,
            "Z and +00:00 are two times");
  memcpy(other + len - 1u, "-00:01", 6u);
  const smtpc_status status = smtpc_date_parse(other, span, &back);
  const int leap = len > 18u && text[17] == '6';
  FUZZ_MUST(PURE,
            status == SMTPC_OK ? back == seconds + 60u
                               : leap || seconds + 60u >= YEAR_10000,
            "a minute west is another time");
}

static void check_date(const uint8_t *text, size_t len) {
  uint64_t got = 1u;
  uint64_t want = 1u;
  const smtpc_status status =
      smtpc_date_parse(text, smtpc_span_make(0u, len), &got);
  const bool good = model_date(text, len, &want);
  FUZZ_MUST(MODEL, good == (status == SMTPC_OK), "a date is %s",
            smtpc_status_name(status));
  FUZZ_MUST(MODEL, got == want, "the model reads another date");
  FUZZ_MUST(COVER, good || (status == SMTPC_E_PARAM_VALUE && got == 0u),
            "what is no date is %s", smtpc_status_name(status));
  FUZZ_MUST(BOUNDS, got < YEAR_10000, "a date past the year 9999");
  if (good) {
    check_offset(text, len, got);
    check_written(got);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX) {
    return -1;
  }
  fuzz_choice choice = fuzz_choice_of(data, size);
  static uint8_t plain[INPUT_MAX];
  uint8_t *const text = fuzz_block(data, size);
  const long count = check_xtext(text, size, plain, &choice);
  check_encoded(data, size, 0, &choice);
  if (fuzz_choose(&choice, 4u) == 0u) {
    check_encoded(data, size, 1, &choice);
  }
  if (count >= 0 && (size_t)count < size) {
    // Its shortest spelling stands for the same.
    check_encoded(plain, (size_t)count, 0, &choice);
  }
  check_sent(text, size);
  check_date(text, size);
  uint64_t seconds = 0u;
  for (size_t i = 0u; i < size && i < 8u; i++) {
    seconds = seconds << 8u | data[i];
  }
  check_written(seconds);
  check_written(fuzz_choose_bits(&choice) % YEAR_10000);
  fuzz_block_free(text, data, size);
  return 0;
}
