#define _POSIX_C_SOURCE 200809L

#include "shim/net/address.h"

#include <netinet/in.h>
#include <string.h>

#include "core/testing.h"

typedef struct row {
  unsigned family;
  uint8_t octets[16];
  uint16_t port;
  const char *text;
} row;

static const row rows[] = {
    {SMTPC_FAMILY_IPV4, {192, 0, 2, 1}, 25, "192.0.2.1:25"},
    {SMTPC_FAMILY_IPV4, {255, 255, 255, 255}, 65535, "255.255.255.255:65535"},
    {SMTPC_FAMILY_IPV4, {0}, 0, "0.0.0.0:0"},
    {SMTPC_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8}, 25, "[2001:db8::]:25"},
    {SMTPC_FAMILY_IPV6,
     {0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10, 0xfe, 0xdc, 0xba, 0x98,
      0x76, 0x54, 0x32, 0x10},
     65535,
     "[fedc:ba98:7654:3210:fedc:ba98:7654:3210]:65535"},
    {SMTPC_FAMILY_IPV6,
     {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1},
     25,
     "192.0.2.1:25"}};

#define COUNT (sizeof rows / sizeof rows[0])

static void store(const row *r, struct sockaddr_storage *out) {
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
  memset(&in, 0, sizeof in);
  memset(&in6, 0, sizeof in6);
  memset(out, 0, sizeof *out);
  if (r->family == SMTPC_FAMILY_IPV4) {
    in.sin_family = AF_INET;
    in.sin_port = htons(r->port);
    memcpy(&in.sin_addr, r->octets, 4u);
    memcpy(out, &in, sizeof in);
  } else {
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(r->port);
    memcpy(&in6.sin6_addr, r->octets, 16u);
    memcpy(out, &in6, sizeof in6);
  }
}

// What is said of a socket's address and of the core's is the same.
static void test_address_has_one_text(void **state) {
  (void)state;
  for (size_t i = 0u; i < COUNT; i++) {
    struct sockaddr_storage address;
    char text[SMTPC_NET_ADDRESS_MAX];
    store(&rows[i], &address);
    test_label("%s", rows[i].text);
    test_number(smtpc_net_address_print(&address, text, sizeof text),
                rows[i].port);
    assert_string_equal(text, rows[i].text);
    const smtpc_address taken = smtpc_net_address_take(&address);
    test_number(smtpc_address_equal(
                    taken, smtpc_address_make(rows[i].family, rows[i].octets)),
                1);
    smtpc_net_address_text(taken, rows[i].port, text, sizeof text);
    assert_string_equal(text, rows[i].text);
  }
}

static void test_address_that_is_none_is_unknown(void **state) {
  struct sockaddr_storage address;
  char text[SMTPC_NET_ADDRESS_MAX];
  (void)state;
  memset(&address, 0, sizeof address);
  address.ss_family = AF_UNIX;
  const smtpc_address taken = smtpc_net_address_take(&address);
  test_number(taken.family, SMTPC_FAMILY_NONE);
  test_number(smtpc_net_address_print(&address, text, sizeof text), 0);
  assert_string_equal(text, "unknown");
  smtpc_net_address_text(taken, 25u, text, sizeof text);
  assert_string_equal(text, "unknown");
}

// A text that does not fit is cut, never written past its end.
static void test_address_text_keeps_to_its_room(void **state) {
  char text[8];
  (void)state;
  memset(text, 'x', sizeof text);
  smtpc_net_address_text(smtpc_address_make(rows[0].family, rows[0].octets),
                         25u, text, 4u);
  assert_string_equal(text, "192");
  test_number(text[4], 'x');
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_address_has_one_text),
      cmocka_unit_test(test_address_that_is_none_is_unknown),
      cmocka_unit_test(test_address_text_keeps_to_its_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
