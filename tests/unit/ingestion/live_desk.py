"""What a test of a fetcher needs: a real server that plays the declared services, and a store."""

import json
from contextlib import contextmanager
from urllib.parse import urlsplit

from pipeline.ingestion.deliveries import Deliveries, Fetched
from pipeline.ingestion.evidence import EvidenceStore
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import Retry, load_services
from pipeline.ingestion.transport import Transport
from tests.tables import CONFIG
from tests.unit.ingestion.live_server import NOW, USER_AGENT, send

QUICK = Retry(attempts=2, first_wait_s=0.01, longest_wait_s=0.02, jitter_s=0.01)


class LiveDesk:
    """The declared services, all played by one server (`/NAME/…`); files go to `data`."""

    def __init__(self, server, data):
        self.server, self.data = server, data
        self.store = EvidenceStore(data / ".preuves")
        self.now, self.warnings = NOW, []
        bases = {name: f"{server.base}/{name}" for name in load_services(CONFIG / "services.yaml")}
        quick = {"requests_per_second": 1000, "retry": QUICK}
        self.services = {
            name: service.model_copy(update=quick)
            for name, service in load_services(CONFIG / "services.yaml", bases).items()
        }

    def change(self, name, **changes):
        """Change what is declared of a service."""
        self.services[name] = self.services[name].model_copy(update=changes)

    def fetch(self, wanted):
        """Fetch a file, write it in the data folder, return its path."""
        with self._wire() as wire:
            parts = wanted.fetch(self._retrieval(wire))
        return self.store.deliver(parts, self.data, wanted.place, self.now, make=wanted.make)

    def archives(self, *lists):
        """The archives that lists tell."""
        with self._wire() as wire:
            retrieval = self._retrieval(wire)
            return [archive for listed in lists for archive in listed.expand(retrieval)]

    def deliver(self, *lists):
        """Fetch the archives of lists and write their files; return what became of each."""
        with self._wire() as wire:
            desk = Deliveries(
                self.data,
                self._retrieval(wire),
                clock=lambda: self.now,
                on_step=lambda _: None,
            )
            rows = []
            for listed in lists:
                found = desk.archives(listed, dry_run=False)
                if isinstance(found, Fetched):
                    rows.append(found)
                else:
                    rows += [row for archive in found for row in desk.archive_fetched(archive)]
        return rows

    @contextmanager
    def asking(self):
        """What asks the services."""
        with self._wire() as wire:
            yield self._retrieval(wire)

    def _wire(self):
        return Transport(self.services, user_agent=USER_AGENT, clock=lambda: self.now)

    def _retrieval(self, wire):
        return Retrieval(self.store, wire, clock=lambda: self.now, warn=self.warnings.append)

    @property
    def asked(self):
        """The parameters of each request so far; every one went to the loopback."""
        assert urlsplit(self.server.base).hostname == "127.0.0.1"
        return [seen.params for seen in self.server.seen]


def answer(document):
    """What gives a JSON document."""
    raw = json.dumps(document).encode()
    return lambda handler: send(handler, 200, raw, Content_Type="application/json")
