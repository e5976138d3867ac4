"""A pytest plugin: leaves each test's outcome in the checkout, for `clarion coverage`."""

from collections.abc import Iterator

import pytest

from clarion import coverage

_WORST_FIRST = ("failed", "skipped", "passed")


class Results:
    """Gathers outcomes; of a test's set-up, call and teardown the worst one counts."""

    def __init__(self, config: pytest.Config) -> None:
        self._root = config.rootpath
        self._tree = coverage.tree_hash(self._root)
        self._outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        outcomes = (report.outcome, self._outcomes.get(report.nodeid, report.outcome))
        self._outcomes[report.nodeid] = min(outcomes, key=_WORST_FIRST.index)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self) -> Iterator[None]:
        yield
        # A file that changed meanwhile: nobody can say what was tested.
        if self._outcomes and coverage.tree_hash(self._root) == self._tree:
            coverage.add_outcomes(self._root, self._tree, self._outcomes)


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")  # of pytest-xdist; its reports come to the one that started it
    if not is_worker:
        config.pluginmanager.register(Results(config), "clarion-results")
