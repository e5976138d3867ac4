"""What /metrics tells: counters and gauges of this process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from clarion.model import Source

_COMMIT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Meters:
    """Prometheus's names, in one registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._items = Counter(
            "clarion_items",
            "Items of callers by what became of them at the edge.",
            ("dialect", "outcome"),
            registry=self.registry,
        )
        self._commit = Histogram(
            "clarion_commit_seconds", "Time of a group's commit.", buckets=_COMMIT_S, registry=self.registry
        )
        self._backlog = Gauge(
            "clarion_backlog_items", "Accepted items that wait to be processed.", registry=self.registry
        )
        self._refusing = Gauge(
            "clarion_ingest_refusing",
            "1 while ingest answers 503 to keep the server alive.",
            registry=self.registry,
        )

    def count(self, source: Source, outcome: str, items: int) -> None:
        """`outcome`: accepted, duplicate, rejected."""
        if items:
            self._items.labels(source.dialect, outcome).inc(items)

    def committed(self, seconds: float) -> None:
        self._commit.observe(seconds)

    def stands(self, backlog: int, *, refusing: bool) -> None:
        self._backlog.set(backlog)
        self._refusing.set(refusing)
