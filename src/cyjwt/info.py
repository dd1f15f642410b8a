"""What this copy of cyjwt is made of."""

from __future__ import annotations

from cyjwt._engine import base64url, buildinfo, lanes, pkey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class BuildInfo(TypedDict):
        """What ``build_info`` tells."""

        version: str
        libcrypto: str
        libcrypto_version: str
        simd: str
        compiler: str
        lanes: bool
        crypto_mb: str


__all__ = ["__version__", "build_info"]

__version__ = "0.1.0"


def build_info() -> BuildInfo:
    """Tell what this copy of cyjwt is made of, for bug reports and audits.

    Returns:
        ``version`` of cyjwt; the ``libcrypto`` it is linked with (``"AWS-LC"`` or ``"OpenSSL"``) and its
        ``libcrypto_version``; the ``simd`` level that base64url runs at on this CPU; the C ``compiler``;
        ``lanes``, whether signatures that come together are verified eight at a time on this CPU; and the version
        of ``crypto_mb`` that does it, ``""`` in a build without.

    Example:
        >>> import cyjwt
        >>> cyjwt.build_info()["libcrypto"] in ("AWS-LC", "OpenSSL")
        True
    """
    return {
        "version": __version__,
        "libcrypto": pkey.libcrypto_name(),
        "libcrypto_version": pkey.libcrypto_version(),
        "simd": base64url.level(),
        "compiler": buildinfo.compiler(),
        "lanes": lanes.live(),
        "crypto_mb": lanes.crypto_mb_version(),
    }
