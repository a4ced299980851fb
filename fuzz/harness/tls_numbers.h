// TLS numbers: what dictionaries and the mutator know of the protocol's registries. It is
// what code may take rightly or wrongly, not all that there is.
#ifndef SMTPCORE_FUZZ_HARNESS_TLS_NUMBERS_H
#define SMTPCORE_FUZZ_HARNESS_TLS_NUMBERS_H

// Each list is X(NAME, number). Numbers are those of IANA; RFC 8446 unless told.
#define FUZZ_TLS_CONTENT_LIST(X) \
  X(CHANGE_CIPHER_SPEC, 20)      \
  X(ALERT, 21)                   \
  X(HANDSHAKE, 22)               \
  X(APPLICATION_DATA, 23)        \
  X(HEARTBEAT, 24)

// As the head of a record has them.
#define FUZZ_TLS_VERSION_LIST(X) \
  X(SSL_3, 0x0300)               \
  X(TLS_1_0, 0x0301)             \
  X(TLS_1_1, 0x0302)             \
  X(TLS_1_2, 0x0303)             \
  X(TLS_1_3, 0x0304)

#define FUZZ_TLS_ALERT_LIST(X)            \
  X(CLOSE_NOTIFY, 0)                      \
  X(UNEXPECTED_MESSAGE, 10)               \
  X(BAD_RECORD_MAC, 20)                   \
  X(DECRYPTION_FAILED, 21)                \
  X(RECORD_OVERFLOW, 22)                  \
  X(DECOMPRESSION_FAILURE, 30)            \
  X(HANDSHAKE_FAILURE, 40)                \
  X(NO_CERTIFICATE, 41)                   \
  X(BAD_CERTIFICATE, 42)                  \
  X(UNSUPPORTED_CERTIFICATE, 43)          \
  X(CERTIFICATE_REVOKED, 44)              \
  X(CERTIFICATE_EXPIRED, 45)              \
  X(CERTIFICATE_UNKNOWN, 46)              \
  X(ILLEGAL_PARAMETER, 47)                \
  X(UNKNOWN_CA, 48)                       \
  X(ACCESS_DENIED, 49)                    \
  X(DECODE_ERROR, 50)                     \
  X(DECRYPT_ERROR, 51)                    \
  X(EXPORT_RESTRICTION, 60)               \
  X(PROTOCOL_VERSION, 70)                 \
  X(INSUFFICIENT_SECURITY, 71)            \
  X(INTERNAL_ERROR, 80)                   \
  X(INAPPROPRIATE_FALLBACK, 86)           \
  X(USER_CANCELED, 90)                    \
  X(NO_RENEGOTIATION, 100)                \
  X(MISSING_EXTENSION, 109)               \
  X(UNSUPPORTED_EXTENSION, 110)           \
  X(CERTIFICATE_UNOBTAINABLE, 111)        \
  X(UNRECOGNIZED_NAME, 112)               \
  X(BAD_CERTIFICATE_STATUS_RESPONSE, 113) \
  X(BAD_CERTIFICATE_HASH_VALUE, 114)      \
  X(UNKNOWN_PSK_IDENTITY, 115)            \
  X(CERTIFICATE_REQUIRED, 116)            \
  X(NO_APPLICATION_PROTOCOL, 120)         \
  X(ECH_REQUIRED, 121)

#define FUZZ_TLS_HANDSHAKE_LIST(X) \
  X(HELLO_REQUEST, 0)              \
  X(CLIENT_HELLO, 1)               \
  X(SERVER_HELLO, 2)               \
  X(NEW_SESSION_TICKET, 4)         \
  X(END_OF_EARLY_DATA, 5)          \
  X(ENCRYPTED_EXTENSIONS, 8)       \
  X(CERTIFICATE, 11)               \
  X(SERVER_KEY_EXCHANGE, 12)       \
  X(CERTIFICATE_REQUEST, 13)       \
  X(SERVER_HELLO_DONE, 14)         \
  X(CERTIFICATE_VERIFY, 15)        \
  X(CLIENT_KEY_EXCHANGE, 16)       \
  X(FINISHED, 20)                  \
  X(CERTIFICATE_STATUS, 22)        \
  X(KEY_UPDATE, 24)                \
  X(COMPRESSED_CERTIFICATE, 25)    \
  X(NEXT_PROTOCOL, 67)             \
  X(MESSAGE_HASH, 254)

#define FUZZ_TLS_EXTENSION_LIST(X)    \
  X(SERVER_NAME, 0)                   \
  X(MAX_FRAGMENT_LENGTH, 1)           \
  X(STATUS_REQUEST, 5)                \
  X(SUPPORTED_GROUPS, 10)             \
  X(EC_POINT_FORMATS, 11)             \
  X(SIGNATURE_ALGORITHMS, 13)         \
  X(USE_SRTP, 14)                     \
  X(HEARTBEAT, 15)                    \
  X(ALPN, 16)                         \
  X(CERTIFICATE_TIMESTAMP, 18)        \
  X(PADDING, 21)                      \
  X(EXTENDED_MASTER_SECRET, 23)       \
  X(COMPRESS_CERTIFICATE, 27)         \
  X(RECORD_SIZE_LIMIT, 28)            \
  X(DELEGATED_CREDENTIAL, 34)         \
  X(SESSION_TICKET, 35)               \
  X(PRE_SHARED_KEY, 41)               \
  X(EARLY_DATA, 42)                   \
  X(SUPPORTED_VERSIONS, 43)           \
  X(COOKIE, 44)                       \
  X(PSK_KEY_EXCHANGE_MODES, 45)       \
  X(CERTIFICATE_AUTHORITIES, 47)      \
  X(POST_HANDSHAKE_AUTH, 49)          \
  X(SIGNATURE_ALGORITHMS_CERT, 50)    \
  X(KEY_SHARE, 51)                    \
  X(QUIC_TRANSPORT_PARAMETERS, 57)    \
  X(NEXT_PROTOCOL_NEGOTIATION, 13172) \
  X(CHANNEL_ID, 30032)                \
  X(ENCRYPTED_CLIENT_HELLO, 0xfe0d)   \
  X(RENEGOTIATION_INFO, 0xff01)

// Those that shim/boringssl takes, some only with a lower floor, and the two signals, that
// of a fallback last.
#define FUZZ_TLS_SUITE_LIST(X)                    \
  X(AES_128_GCM_SHA256, 0x1301)                   \
  X(AES_256_GCM_SHA384, 0x1302)                   \
  X(CHACHA20_POLY1305_SHA256, 0x1303)             \
  X(ECDHE_ECDSA_AES_128_GCM_SHA256, 0xc02b)       \
  X(ECDHE_ECDSA_AES_256_GCM_SHA384, 0xc02c)       \
  X(ECDHE_RSA_AES_128_GCM_SHA256, 0xc02f)         \
  X(ECDHE_RSA_AES_256_GCM_SHA384, 0xc030)         \
  X(ECDHE_RSA_CHACHA20_POLY1305_SHA256, 0xcca8)   \
  X(ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, 0xcca9) \
  X(ECDHE_ECDSA_AES_128_CBC_SHA, 0xc009)          \
  X(ECDHE_ECDSA_AES_256_CBC_SHA, 0xc00a)          \
  X(ECDHE_RSA_AES_128_CBC_SHA, 0xc013)            \
  X(ECDHE_RSA_AES_256_CBC_SHA, 0xc014)            \
  X(RSA_AES_128_GCM_SHA256, 0x009c)               \
  X(RSA_AES_128_CBC_SHA, 0x002f)                  \
  X(RENEGOTIATION_SIGNAL, 0x00ff)                 \
  X(FALLBACK_SIGNAL, 0x5600)

#define FUZZ_TLS_GROUP_LIST(X) \
  X(X25519, 0x001d)            \
  X(SECP256R1, 0x0017)         \
  X(SECP384R1, 0x0018)         \
  X(SECP521R1, 0x0019)         \
  X(X25519MLKEM768, 0x11ec)

#define FUZZ_TLS_SIGNATURE_LIST(X)  \
  X(ED25519, 0x0807)                \
  X(ECDSA_SECP256R1_SHA256, 0x0403) \
  X(ECDSA_SECP384R1_SHA384, 0x0503) \
  X(RSA_PSS_SHA256, 0x0804)         \
  X(RSA_PKCS1_SHA256, 0x0401)       \
  X(RSA_PKCS1_SHA1, 0x0201)

#endif  // SMTPCORE_FUZZ_HARNESS_TLS_NUMBERS_H
