"""Asking for memory that will soon be read; declarations only."""

cdef extern from "prefetch.h" nogil:
    void CYJWT_PREFETCH(const void* p) noexcept
    void cyjwt_prefetch_text(const void* start, size_t size) noexcept
