from collections.abc import Callable
from typing import Any, Self

from cyjwt._claimstype import ClaimsType
from cyjwt._engine.claims import ClaimRules
from cyjwt._engine.header import HeaderRules
from cyjwt._engine.keysource import KeySource
from cyjwt._engine.pkey import NativeKey
from cyjwt._engine.revocation import Revocation
from cyjwt._engine.tokencache import TokenCache
from cyjwt.keyset import KeySet

class Engine:
    def __new__(
        cls,
        header_rules: HeaderRules,
        claim_rules: ClaimRules,
        natives: tuple[NativeKey | None, ...],
        keys: tuple[object, ...],
        max_size: int,
        padding: bool,
        clock: Callable[[], float] | None,
        revocation: Revocation | None,
        claims_type: ClaimsType | None,
        cache: TokenCache | None,
        source: KeySource | None,
        compile: Callable[[KeySet], Engine] | None,
    ) -> Self: ...
    @property
    def _cache(self) -> TokenCache | None: ...
    def _keeps(self, token: Any, /) -> bool: ...
    def _held(self, token: Any, /) -> str | bytes: ...
    def _header_and_signature(self, token: str | bytes, /) -> tuple[dict[str, Any], bytes]: ...
