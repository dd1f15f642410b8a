/* Waiting a moment for the interpreter lock before asking for it.
 *
 * Threads that verify in turn hold the lock for about a microsecond between two signatures. One that asks for it
 * just then would be put to sleep, and to be woken costs more than the rest of that microsecond. So a thread that
 * comes back from a signature first waits while another took the lock within the last MOMENT and has not let go
 * of it again. A batch's threads hold it for a run's claims; of them one at a time waits so, for a WHILE at most.
 * What is told here is a hint: a stale one costs at most that wait, and no lock depends on it. */
#ifndef CYJWT_TURN_H
#define CYJWT_TURN_H

#include <stdint.h>

#if defined(Py_GIL_DISABLED)
/* There is no lock to wait for. */
#elif (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#include <x86intrin.h>
#define CYJWT_TICKS() ((uint64_t)__rdtsc())
#define CYJWT_PAUSE() __builtin_ia32_pause()
#define CYJWT_MOMENT 20000 /* ticks, some seven microseconds */
#define CYJWT_WHILE 400000
#elif defined(__aarch64__) && defined(__GNUC__)
static inline uint64_t cyjwt_ticks(void) {
    uint64_t t;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t;
}
#define CYJWT_TICKS() cyjwt_ticks()
#define CYJWT_PAUSE() __asm__ volatile("yield")
#define CYJWT_MOMENT 100 /* counters of 24 to 1,000 MHz: at most four microseconds */
#define CYJWT_WHILE 2000
#endif

#if defined(CYJWT_TICKS)
static uint64_t cyjwt_taken_at; /* 0: nobody of ours holds the lock */
static int cyjwt_waiting;

static inline void cyjwt_let_go(void) { __atomic_store_n(&cyjwt_taken_at, 0, __ATOMIC_RELEASE); }

static inline void cyjwt_taken(void) { __atomic_store_n(&cyjwt_taken_at, CYJWT_TICKS(), __ATOMIC_RELEASE); }

static inline void cyjwt_await(uint64_t most) {
    for (;;) {
        const uint64_t taken = __atomic_load_n(&cyjwt_taken_at, __ATOMIC_ACQUIRE);
        if (taken == 0 || CYJWT_TICKS() - taken > most) return;
        CYJWT_PAUSE();
    }
}

static inline void cyjwt_await_turn(void) { cyjwt_await(CYJWT_MOMENT); }

static inline void cyjwt_await_run(void) {
    if (__atomic_exchange_n(&cyjwt_waiting, 1, __ATOMIC_ACQUIRE)) return;
    cyjwt_await(CYJWT_WHILE);
    __atomic_store_n(&cyjwt_waiting, 0, __ATOMIC_RELEASE);
}
#else
static inline void cyjwt_let_go(void) {}
static inline void cyjwt_taken(void) {}
static inline void cyjwt_await_turn(void) {}
static inline void cyjwt_await_run(void) {}
#endif

#endif
