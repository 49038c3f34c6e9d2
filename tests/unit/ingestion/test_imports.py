"""What a run without a folder does not pay for."""

import subprocess
import sys


def test_raster_and_spreadsheet_libraries_load_only_when_needed():
    code = (
        "import sys, pipeline.ingestion.folder\n"
        "print([name for name in ('rasterio', 'python_calamine') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
