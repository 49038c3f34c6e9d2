"""The services of the context of a commune, played by one server that holds nothing there."""

from tests.unit.ingestion.live_desk import answer

CONTEXT = ["icpe/georisques-62999.csv"]


def play_context(server):
    """Say what each service answers; return the folder of the server that plays each."""
    server.on("/context/installations_classees", answer({"results": 0, "page": 1, "data": []}))
    return {"georisques": "context"}
