"""Key objects whose material is elsewhere, such as in a KMS: they may be other keys the next time."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import cyjwt
from tests.remote_keys import remote

OLD, NEW = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def test_a_one_shot_call_finds_no_key_again_that_may_have_changed() -> None:
    token = cyjwt.encode({}, OLD, "ES256")
    key = remote(OLD.public_key())
    for there in (OLD, NEW):
        key.there = there.public_key()
        with pytest.raises(TypeError, match=r"Key\.from_cryptography"):
            cyjwt.decode(token, key, ["ES256"], required=())
    with pytest.raises(TypeError, match=r"Key\.from_cryptography"):
        cyjwt.encode({}, remote(OLD), "ES256")


def test_a_key_is_what_the_object_was_when_it_was_made() -> None:
    token = cyjwt.encode({}, OLD, "ES256")
    source = remote(OLD.public_key())
    key = cyjwt.Key.from_cryptography(source)
    source.there = NEW.public_key()
    assert cyjwt.decode(token, key, required=()) == {}


def test_a_private_key_that_keeps_its_material_is_refused_by_an_error_of_the_tree() -> None:
    with pytest.raises(cyjwt.InvalidKeyError, match="does not give out"):
        cyjwt.Key.from_cryptography(remote(OLD))
