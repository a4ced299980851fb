// What the core is given to parse, as seeds of the tokenizers' targets. Each function
// stands in the place of the one it is named after, and calls it.
#include "fuzz/record/record.h"
#include "smtpcore/address.h"
#include "smtpcore/header.h"

// Lines are seeds with their end.
static void save_line(const char *target, const uint8_t *line, size_t len) {
  uint8_t text[RECORD_LEN_MAX];
  if (len <= sizeof text - 2u) {
    for (size_t i = 0u; i < len; i++) {
      text[i] = line[i];
    }
    text[len] = '\r';
    text[len + 1u] = '\n';
    record_save(target, text, len + 2u);
  }
}

static void save_span(const char *target, const uint8_t *line,
                      smtpc_span span) {
  record_save(target, line + span.begin, (size_t)span.end - span.begin);
}

smtpc_status __real_smtpc_command_parse(const uint8_t *line, size_t len,
                                        uint32_t offered, uint32_t quirks,
                                        smtpc_command *out);
smtpc_status __wrap_smtpc_command_parse(const uint8_t *line, size_t len,
                                        uint32_t offered, uint32_t quirks,
                                        smtpc_command *out);
smtpc_status __wrap_smtpc_command_parse(const uint8_t *line, size_t len,
                                        uint32_t offered, uint32_t quirks,
                                        smtpc_command *out) {
  save_line("command", line, len);
  return __real_smtpc_command_parse(line, len, offered, quirks, out);
}

smtpc_status __real_smtpc_path_parse(const uint8_t *line, smtpc_span *rest,
                                     unsigned allow, smtpc_path *out);
smtpc_status __wrap_smtpc_path_parse(const uint8_t *line, smtpc_span *rest,
                                     unsigned allow, smtpc_path *out);
smtpc_status __wrap_smtpc_path_parse(const uint8_t *line, smtpc_span *rest,
                                     unsigned allow, smtpc_path *out) {
  save_span("path", line, *rest);
  return __real_smtpc_path_parse(line, rest, allow, out);
}

smtpc_status __real_smtpc_mailbox_parse(const uint8_t *line, smtpc_span span,
                                        unsigned allow, smtpc_path *out);
smtpc_status __wrap_smtpc_mailbox_parse(const uint8_t *line, smtpc_span span,
                                        unsigned allow, smtpc_path *out);
smtpc_status __wrap_smtpc_mailbox_parse(const uint8_t *line, smtpc_span span,
                                        unsigned allow, smtpc_path *out) {
  save_span("path", line, span);
  save_span("write", line, span);
  return __real_smtpc_mailbox_parse(line, span, allow, out);
}

smtpc_status __real_smtpc_address_parse(const uint8_t *text, smtpc_span span,
                                        smtpc_address *out);
smtpc_status __wrap_smtpc_address_parse(const uint8_t *text, smtpc_span span,
                                        smtpc_address *out);
smtpc_status __wrap_smtpc_address_parse(const uint8_t *text, smtpc_span span,
                                        smtpc_address *out) {
  save_span("address", text, span);
  return __real_smtpc_address_parse(text, span, out);
}

smtpc_status __real_smtpc_params_parse(const uint8_t *line, smtpc_span rest,
                                       unsigned verb, uint32_t offered,
                                       smtpc_params *out);
smtpc_status __wrap_smtpc_params_parse(const uint8_t *line, smtpc_span rest,
                                       unsigned verb, uint32_t offered,
                                       smtpc_params *out);
smtpc_status __wrap_smtpc_params_parse(const uint8_t *line, smtpc_span rest,
                                       unsigned verb, uint32_t offered,
                                       smtpc_params *out) {
  save_span("param", line, rest);
  return __real_smtpc_params_parse(line, rest, verb, offered, out);
}

smtpc_status __real_smtpc_xtext_check(const uint8_t *line, smtpc_span span);
smtpc_status __wrap_smtpc_xtext_check(const uint8_t *line, smtpc_span span);
smtpc_status __wrap_smtpc_xtext_check(const uint8_t *line, smtpc_span span) {
  save_span("xtext", line, span);
  return __real_smtpc_xtext_check(line, span);
}

smtpc_status __real_smtpc_date_parse(const uint8_t *line, smtpc_span span,
                                     uint64_t *out);
smtpc_status __wrap_smtpc_date_parse(const uint8_t *line, smtpc_span span,
                                     uint64_t *out);
smtpc_status __wrap_smtpc_date_parse(const uint8_t *line, smtpc_span span,
                                     uint64_t *out) {
  save_span("xtext", line, span);
  return __real_smtpc_date_parse(line, span, out);
}

smtpc_status __real_smtpc_base64_decode(uint8_t *data, smtpc_span span,
                                        smtpc_span *out);
smtpc_status __wrap_smtpc_base64_decode(uint8_t *data, smtpc_span span,
                                        smtpc_span *out);
smtpc_status __wrap_smtpc_base64_decode(uint8_t *data, smtpc_span span,
                                        smtpc_span *out) {
  save_span("base64", data, span);
  save_span("sasl", data, span);
  return __real_smtpc_base64_decode(data, span, out);
}

smtpc_status __real_smtpc_proxy_parse(const uint8_t *data, size_t len,
                                      smtpc_proxy *out);
smtpc_status __wrap_smtpc_proxy_parse(const uint8_t *data, size_t len,
                                      smtpc_proxy *out);
smtpc_status __wrap_smtpc_proxy_parse(const uint8_t *data, size_t len,
                                      smtpc_proxy *out) {
  record_save("proxy", data, len);
  return __real_smtpc_proxy_parse(data, len, out);
}

void __real_smtpc_header_scan(smtpc_header *header, const uint8_t *data,
                              size_t len);
void __wrap_smtpc_header_scan(smtpc_header *header, const uint8_t *data,
                              size_t len);
void __wrap_smtpc_header_scan(smtpc_header *header, const uint8_t *data,
                              size_t len) {
  record_save("header", data, len);
  __real_smtpc_header_scan(header, data, len);
}

smtpc_status __real_smtpc_content_scan(smtpc_content *content,
                                       const uint8_t *data, size_t len,
                                       size_t *out_used, smtpc_run *out_run);
smtpc_status __wrap_smtpc_content_scan(smtpc_content *content,
                                       const uint8_t *data, size_t len,
                                       size_t *out_used, smtpc_run *out_run);
smtpc_status __wrap_smtpc_content_scan(smtpc_content *content,
                                       const uint8_t *data, size_t len,
                                       size_t *out_used, smtpc_run *out_run) {
  record_save("content", data, len);
  return __real_smtpc_content_scan(content, data, len, out_used, out_run);
}

smtpc_status __real_smtpc_content_stuff(smtpc_content *content,
                                        const uint8_t *data, size_t len,
                                        size_t *out_used, smtpc_run *out_run,
                                        uint8_t *out_dot);
smtpc_status __wrap_smtpc_content_stuff(smtpc_content *content,
                                        const uint8_t *data, size_t len,
                                        size_t *out_used, smtpc_run *out_run,
                                        uint8_t *out_dot);
smtpc_status __wrap_smtpc_content_stuff(smtpc_content *content,
                                        const uint8_t *data, size_t len,
                                        size_t *out_used, smtpc_run *out_run,
                                        uint8_t *out_dot) {
  record_save("stuffing", data, len);
  return __real_smtpc_content_stuff(content, data, len, out_used, out_run,
                                    out_dot);
}

smtpc_status __real_smtpc_line_feed(smtpc_line *line, size_t max, int lf_ends,
                                    const uint8_t *data, size_t len,
                                    size_t *out_used);
smtpc_status __wrap_smtpc_line_feed(smtpc_line *line, size_t max, int lf_ends,
                                    const uint8_t *data, size_t len,
                                    size_t *out_used);
smtpc_status __wrap_smtpc_line_feed(smtpc_line *line, size_t max, int lf_ends,
                                    const uint8_t *data, size_t len,
                                    size_t *out_used) {
  record_save("line", data, len);
  // What a server says is a seed of replies too.
  if (len > 3u && data[0] >= '0' && data[0] <= '9') {
    record_save("reply", data, len);
    record_save("capability", data, len);
  }
  return __real_smtpc_line_feed(line, max, lf_ends, data, len, out_used);
}

smtpc_status __real_smtpc_reply_line(smtpc_reply *reply, const uint8_t *line,
                                     size_t len, int allow_8bit,
                                     smtpc_span *out_text);
smtpc_status __wrap_smtpc_reply_line(smtpc_reply *reply, const uint8_t *line,
                                     size_t len, int allow_8bit,
                                     smtpc_span *out_text);
smtpc_status __wrap_smtpc_reply_line(smtpc_reply *reply, const uint8_t *line,
                                     size_t len, int allow_8bit,
                                     smtpc_span *out_text) {
  save_line("reply", line, len);
  return __real_smtpc_reply_line(reply, line, len, allow_8bit, out_text);
}
