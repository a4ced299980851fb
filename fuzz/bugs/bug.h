// Bug: how a planted bug says that it was passed and that it made a difference.
//
// A patch of this folder puts these into the sources of core and shims, where a bug is:
//
//     FUZZ_BUG_REACHED()       the place was passed
//     FUZZ_BUG_TRIGGERED()     it did otherwise than the right code would
//     FUZZ_BUG_WHEN(condition) both: passed, and triggered when `condition` holds; its
//                              value is that of `condition`, as bool
//
// They count, and neither print nor end anything: that is for the oracles. So a bug that
// was not caught is one that no input reached, or one that was reached and changed
// nothing, or one that an oracle does not see.
//
// No other code may use them, and nothing of this folder is in what is built of the tree.
#ifndef SMTPCORE_FUZZ_BUGS_BUG_H
#define SMTPCORE_FUZZ_BUGS_BUG_H

#include <stdbool.h>

// fuzz_bug_count counts one passage, and one more bug that made a difference when
// `triggers`. With the environment's SMTPCORE_BUG_FILE the counts lie in the file that it
// names, mapped shared, so that they outlive an abort: two numbers of 64 bits in the
// machine's order, passages first. Without it they lie in static memory. It returns
// `triggers`.
bool fuzz_bug_count(bool passes, bool triggers);

#define FUZZ_BUG_REACHED() ((void)fuzz_bug_count(true, false))
#define FUZZ_BUG_TRIGGERED() ((void)fuzz_bug_count(false, true))
#define FUZZ_BUG_WHEN(condition) fuzz_bug_count(true, (condition))

#endif  // SMTPCORE_FUZZ_BUGS_BUG_H
