// lost_bits must be ended by UndefinedBehaviorSanitizer: a number loses bits as it becomes
// a narrower one, and no cast says that it may.
int main(int argc, char **argv) {
  volatile unsigned char octet = 255u;
  (void)argv;
  octet += (unsigned char)argc;
  return octet == 7u ? 1 : 0;
}
