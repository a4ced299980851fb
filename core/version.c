#include "smtpcore/version.h"

uint32_t smtpc_version(void) {
  return SMTPC_VERSION;
}

uint64_t smtpc_settings(void) {
  return SMTPC_SETTINGS;
}
