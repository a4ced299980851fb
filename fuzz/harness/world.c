#include "fuzz/harness/world.h"

static smtpc_tls_facts facts_of(const script_record *record) {
  smtpc_tls_facts facts = {0};
  facts.version = (uint16_t)(record->number & 0xffffu);
  facts.chain_ok = record->field & 1u;
  facts.name_ok = (uint8_t)(record->field >> 1u) & 1u;
  facts.resumed = (uint8_t)(record->field >> 2u) & 1u;
  return facts;
}

smtpc_input world_input_of(const script_record *record) {
  smtpc_input in = smtpc_input_make(SMTPC_IN_NONE);
  switch (record->tag) {
    case SCRIPT_TLS_UP:
      in.kind = SMTPC_IN_TLS_UP;
      in.tls = facts_of(record);
      break;
    case SCRIPT_TLS_FAILED:
      in.kind = SMTPC_IN_TLS_FAILED;
      in.tls.failure = (uint8_t)(record->number % SMTPC_TLS_FAILURE_COUNT);
      break;
    case SCRIPT_CLOSE:
      in.kind = SMTPC_IN_END_OF_STREAM;
      in.clean = record->number == 1u;
      break;
    case SCRIPT_DEADLINE:
      in.kind = SMTPC_IN_DEADLINE;
      break;
    case SCRIPT_SHUTDOWN:
      in.kind = SMTPC_IN_SHUTDOWN;
      break;
    case SCRIPT_MISUSE:
      in.kind = (uint8_t)(record->number % (SMTPC_IN_COUNT + 1u));
      break;
    default:
      break;
  }
  return in;
}
