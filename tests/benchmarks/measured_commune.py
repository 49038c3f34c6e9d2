"""The sample commune up to its tables, without writing the product."""

from datetime import date

from pipeline.car_parks import measure_commune
from pipeline.configuration import Configuration
from pipeline.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    measure_commune(
        "62999",
        data=settings.sample,
        day=date(2026, 11, 22),
        configuration=Configuration.load(settings),
    )
