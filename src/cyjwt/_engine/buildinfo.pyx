"""What this build was made with."""

cdef extern from *:
    """
    #if defined(__clang__)
    #define CYJWT_COMPILER "clang " __clang_version__
    #elif defined(__GNUC__)
    #define CYJWT_COMPILER "gcc " __VERSION__
    #elif defined(_MSC_VER)
    #define CYJWT_TEXT_(x) #x
    #define CYJWT_TEXT(x) CYJWT_TEXT_(x)
    #define CYJWT_COMPILER "msvc " CYJWT_TEXT(_MSC_VER)
    #else
    #define CYJWT_COMPILER "unknown"
    #endif
    """
    const char* CYJWT_COMPILER


def compiler():
    """The C compiler's name and version."""
    return CYJWT_COMPILER.decode("ascii").strip()
