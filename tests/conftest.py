"""For all tests: asserts in their helper modules show values too; the user's settings stay."""

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.cluster", "tests.focus_core", "tests.sweeps")


@pytest.fixture(scope="session", autouse=True)
def settings_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Which plugins this user has given is noted elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))
        yield
