"""Asserts in the tests' helper modules show their values when they fail, as those in tests do."""

import pytest

pytest.register_assert_rewrite("tests.cluster", "tests.focus_core", "tests.sweeps")
