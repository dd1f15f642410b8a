/* Callgrind's client requests, for `bench/instructions.py`: they do nothing where no Valgrind runs the process. */
#include <valgrind/callgrind.h>

#define API __attribute__((visibility("default")))

API int marks_running(void) { return RUNNING_ON_VALGRIND != 0; }

API void marks_begin(void) {
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
}

/* Writes what was counted since marks_begin under this name, and counts no more. */
API void marks_end(const char *name) {
  CALLGRIND_DUMP_STATS_AT(name);
  CALLGRIND_STOP_INSTRUMENTATION;
}
