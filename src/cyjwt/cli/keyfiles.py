"""Keys from files, and key files written: the one place where the command line touches key material."""

from __future__ import annotations

import os
import stat
import tempfile
import warnings
from collections.abc import Collection, Iterable
from pathlib import Path

import click

from cyjwt import _material
from cyjwt._material import Material
from cyjwt.algorithms import ALGORITHMS
from cyjwt.cli.failure import Failure
from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from cyjwt.keyset import MOST_OCTETS, KeySet

__all__ = ["read_keys", "read_secret", "signing_key", "verification_keys", "write_file"]

_HMAC = frozenset(row.name for row in ALGORITHMS.values() if row.kty == "oct")


def _content(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_OCTETS + 1)
    except (OSError, ValueError) as error:
        raise Failure(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MOST_OCTETS:
        raise Failure(f"{path}: more than {MOST_OCTETS} octets are no key file")
    return content


def _key(content: bytes, kind: Material | None, kid: str | None = None) -> Key:
    """The one key of a file, which was read once: it may be a pipe."""
    if kind is Material.PEM:
        return Key.from_pem(content, kid=kid)
    if kind is Material.JWK:
        return Key.from_jwk(content, kid=kid)
    if kind is Material.SSH:
        raise InvalidKeyError("this is an SSH key: convert it with ssh-keygen -e -m PKCS8")
    if kind is None:
        raise InvalidKeyError(
            "neither PEM, DER, a JWK nor a JWK Set; the raw octets of a secret belong to --secret-file"
        )
    return Key.from_der(content, kid=kid)


def read_keys(path: str, *, private_sets: bool = False, named: bool = False) -> tuple[list[Key], bool]:
    """Read a file that holds a key (PEM, DER or JWK) or a JWK Set; its content decides which.

    Args:
        path: the file.
        private_sets: take private keys and secrets from a JWK Set too.
        named: give a public-key key without a ``kid`` its RFC 7638 thumbprint for one.

    Returns:
        The keys, and whether they came as a set.

    Raises:
        Failure: the file cannot be read, or holds no key that can be used.
    """
    content = _content(path)
    kind = _material.classify(content)
    try:
        if kind is Material.JWKS:
            with warnings.catch_warnings(record=True) as left_out:
                warnings.simplefilter("always")
                keys = list(KeySet.from_jwks(content, private=private_sets))
            for warning in left_out:
                click.echo(f"Warning: {path}: {_in_terms_of_options(str(warning.message))}", err=True)
            return keys, True
        key = _key(content, kind)
        if named and key.kid is None and key.kty != "oct":
            key = _key(content, kind, key.thumbprint())
    except InvalidKeyError as error:
        raise Failure(f"{path}: {error}") from None
    return [key], False


def _in_terms_of_options(message: str) -> str:
    return message.replace("private=True was not given", "--private-set was not given")


def read_secret(path: str, algorithms: Collection[str]) -> Key:
    """Read the raw octets of an HMAC secret, every one of them, for the HMAC algorithms among those named.

    Raises:
        click.UsageError: no HMAC algorithm is named.
        Failure: the file cannot be read, or its content is no secret.
    """
    if _HMAC.isdisjoint(algorithms):
        raise click.UsageError(f"--secret-file needs --algorithm {', '.join(sorted(_HMAC))}.")
    content = _content(path)
    try:
        return Key.from_secret(content)
    except InvalidKeyError as error:
        raise Failure(f"{path}: {error}") from None


def verification_keys(
    paths: Iterable[str], secret_file: str | None, algorithms: Collection[str], *, private_sets: bool
) -> Key | KeySet:
    """Collect the keys to verify with: a key that is given alone, or a set of all that are given.

    In a set, a key from a file that names none has its thumbprint for a ``kid``, as ``cyjwt jwks`` writes it.

    Raises:
        click.UsageError: there is no key.
        Failure: as for ``read_keys`` and ``read_secret``.
    """
    files = list(paths)
    alone = len(files) + (secret_file is not None) == 1
    held: list[Key] = []
    for path in files:
        keys, is_set = read_keys(path, private_sets=private_sets, named=not alone)
        alone = alone and not is_set
        held += keys
    if secret_file is not None:
        held.append(read_secret(secret_file, algorithms))
    if not held:
        raise click.UsageError("Give at least one key: --key FILE or --secret-file FILE.")
    return held[0] if alone else KeySet(held)


def signing_key(path: str | None, secret_file: str | None, algorithm: str | None, kid: str | None) -> Key:
    """Read the one key to sign with; of a JWK Set of one's own, the one that ``kid`` names.

    Raises:
        click.UsageError: there is no key, or there are two.
        Failure: as for ``read_keys`` and ``read_secret``, or the set holds no such key.
    """
    if (path is None) == (secret_file is None):
        raise click.UsageError("Give one key: --key FILE or --secret-file FILE.")
    if path is None:
        return read_secret(secret_file or "", (algorithm,) if algorithm else ())
    keys, is_set = read_keys(path, private_sets=True)
    if not is_set:
        return keys[0]
    fit = [
        key
        for key in keys
        if kid in (None, key.kid) and (algorithm in key.sign_algorithms if algorithm else key.sign_algorithms)
    ]
    if not fit:
        narrowed = "" if kid is None and algorithm is None else ": look at --kid and --algorithm"
        raise Failure(f"{path}: no private key in the JWK Set would serve{narrowed}")
    if len(fit) > 1:
        raise Failure(f"{path}: {len(fit)} keys of the JWK Set would serve: choose by --kid and --algorithm")
    return fit[0]


def write_file(path: str, text: str, *, private: bool, force: bool) -> None:
    """Write a key file: mode 0600 if it is private, and never through a link.

    Args:
        path: the file.
        text: its content.
        private: nobody else may read it.
        force: replace a file of that name, in one step; without it such a file is left alone.

    Raises:
        Failure: the file exists and ``force`` is off, or it cannot be written.
    """
    target = Path(path)
    try:
        if not force:
            # O_EXCL refuses whatever has the name already, a link to nowhere too.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            _fill(target, os.open(target, flags, 0o600 if private else 0o666), text)
            return
        if os.path.lexists(target) and not (target.is_symlink() or stat.S_ISREG(target.lstat().st_mode)):
            raise Failure(f"{path}: not a regular file")
        # mkstemp's mode is 0600.
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".cyjwt-")
        temporary = Path(name)
        _fill(temporary, handle, text)
        try:
            if not private:
                temporary.chmod(0o666 & ~_umask())
            temporary.replace(target)
        except OSError:
            temporary.unlink()
            raise
    except FileExistsError:
        raise Failure(f"{path}: the file exists; --force replaces it") from None
    except (OSError, ValueError) as error:
        raise Failure(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _fill(path: Path, handle: int, text: str) -> None:
    """Write to a file just made; no half of it stays."""
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        path.unlink()
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
