"""WFS pages from a local server: `python -m tests.benchmarks.live_cases NAME BASE FOLDER`."""

import json
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from tests.benchmarks.cases import peak_memory

BOX = (2.0, 50.0, 3.0, 51.0)
LAYER = "BDTOPO_V3:batiment"
PAGE = 5000
_STEP = 1e-4


def feature(number: int) -> dict:
    """Return a building with the columns of BD TOPO that a page carries."""
    west, south = BOX[0] + number % 5000 * _STEP, BOX[1] + number // 5000 * _STEP
    corners = [(0, 0), (0.8, 0), (0.8, 0.4), (0.5, 0.4), (0.5, 0.7), (0, 0.7), (0, 0)]
    ring = [[round(west + x * _STEP, 8), round(south + y * _STEP, 8)] for x, y in corners]
    return {
        "type": "Feature",
        "id": f"batiment.{number}",
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]},
        "geometry_name": "geometrie",
        "properties": {
            "cleabs": f"BATIMENT{number:016}",
            "nature": "Indifférenciée",
            "usage_1": "Résidentiel",
            "construction_legere": False,
            "etat_de_l_objet": "En service",
            "date_creation": "2011-10-18T14:36:19.345Z",
            "date_modification": "2025-04-04T12:00:00.000Z",
            "hauteur": 3 + number % 20 / 2,
            "nombre_d_etages": 1 + number % 4,
            "methode_d_acquisition_planimetrique": "BDParcellaire recalée",
            "precision_planimetrique": 3.0,
        },
    }


@contextmanager
def served(count: int):
    """Serve `count` buildings by pages made beforehand: the server costs next to nothing."""
    pages = {}
    for start in range(0, count, PAGE):
        some = [feature(number) for number in range(start, min(start + PAGE, count))]
        told = {"numberMatched": count, "numberReturned": len(some)}
        page = {"type": "FeatureCollection", "features": some, **told}
        pages[start] = json.dumps(page, ensure_ascii=False).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = pages[int(dict(parse_qsl(urlsplit(self.path).query))["STARTINDEX"])]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sum(map(len, pages.values()))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def download(base: str, folder: Path) -> int:
    """Download the pages one after the other to files, and look at none."""
    import httpx

    count = 0
    with httpx.Client() as client:
        for start in range(0, count_of(folder), PAGE):
            asked = client.stream("GET", f"{base}/ows", params={"STARTINDEX": start})
            with asked as answer, (folder / f"{start}.json").open("wb") as target:
                for chunk in answer.iter_raw():
                    target.write(chunk)
            count += 1
    return count


def parzan(base: str, folder: Path) -> int:
    """Fetch every page sorted and counted, keep the proofs, write the one file."""
    from pipeline.ingestion.evidence import EvidenceStore
    from pipeline.ingestion.retrieval import Retrieval
    from pipeline.ingestion.services import load_services
    from pipeline.ingestion.transport import Transport
    from pipeline.ingestion.wfs import fetch_pages, merged
    from tests.tables import CONFIG

    services = dict(load_services(CONFIG / "services.yaml", {"geoplateforme_wfs": base}))
    name = "geoplateforme_wfs"
    services[name] = services[name].model_copy(update={"requests_per_second": 1000})
    (layer,) = [it for it in services[name].wfs.layers if it.typename == LAYER]
    store = EvidenceStore(folder / ".preuves")
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    with Transport(services, user_agent="parzan/0 (mesure)", clock=lambda: now) as wire:
        retrieval = Retrieval(store, wire, clock=lambda: now, warn=print)
        pages = fetch_pages(retrieval, name, layer, BOX)
        store.deliver(pages, folder, "bdtopo/batiment.geojson", now, make=merged)
    return len(pages)


CASES: dict[str, Callable[[str, Path], int]] = {"download": download, "parzan": parzan}


def count_of(folder: Path) -> int:
    """Return how many buildings the server holds, which its folder tells."""
    return int((folder.parent / "count").read_text(encoding="ascii"))


def main(name: str, base: str, folder: str) -> None:
    """Run a case after its imports; print seconds, CPU seconds, peak memory and pages."""
    import httpx  # noqa: F401 - imports are not measured

    import pipeline.ingestion.transport
    import pipeline.ingestion.wfs  # noqa: F401 - idem

    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    begin, cpu = time.perf_counter(), time.process_time()
    pages = CASES[name](base, Path(folder))
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
    print(json.dumps({"s": seconds, "cpu": cpu_seconds, "MB": peak_memory(), "pages": pages}))


if __name__ == "__main__":
    main(*sys.argv[1:4])
