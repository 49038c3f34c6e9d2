import gc

import pytest

from pipeline.garbage import no_collection


def test_garbage_is_looked_for_again_even_after_an_error():
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        divide_by(0)
    assert gc.isenabled()


def divide_by(zero):
    with no_collection():
        assert not gc.isenabled()
        return 1 / zero


def test_a_search_that_was_off_stays_off():
    gc.disable()
    try:
        with no_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
