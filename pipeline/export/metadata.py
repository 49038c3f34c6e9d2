"""What the metadata of a product say: its title, its abstract, its sources and licences."""

from pipeline.export.iso import Record
from pipeline.export.licences import Texts, as_texts, credit_of, used_records
from pipeline.export.product import Product


def title_of(product: Product) -> str:
    """Return the title of the product and of its project."""
    return f"Parcs de stationnement et sols — {product.commune_name} ({product.insee_code})"


def abstract_of(product: Product) -> str:
    """Return the abstract: what the file holds and what it is not."""
    return (
        "Parcs de stationnement extérieurs au regard de l'article 40 de la loi n° 2023-175 du"
        " 10 mars 2023 : superficie assujettie, exclusions, statut, échéance. Sols artificialisés"
        " ou non au sens de l'article R. 101-1 du code de l'urbanisme, par millésime. Commune :"
        f" {product.commune_name} ({product.insee_code}). Règles au"
        f" {product.as_of:%d/%m/%Y}. Estimation sur données publiques : ne vaut ni constat ni"
        " décision."
    )


def record_of(product: Product) -> Record:
    """Return what the metadata of a product say."""
    used = used_records(product.records)
    west, south, east, north = product.commune.total_bounds.tolist()
    return Record(
        identifier=f"parzan-{product.insee_code}",
        title=title_of(product),
        abstract=abstract_of(product),
        day=product.as_of,
        epsg=product.territory.epsg,
        bounds=(west, south, east, north),
        statement=_STATEMENT.format(product.version, product.as_of),
        licences=tuple(
            (str(name), "; ".join(sorted({_credit(row) for row in as_texts(rows)})))
            for name, rows in used.groupby("licence", sort=True)
        ),
        sources=tuple(
            f"{row['label']}{_vintage(row)}"
            for row in as_texts(used.sort_values(["folder", "label"]))
        ),
    )


_STATEMENT = (
    "Calculé par parzan {0} : réunion des objets des sources en parcs,"
    " retrait des exclusions du décret n° 2024-1023, application des règles au"
    " {1:%d/%m/%Y}. Superficies au sol. Détail des sources et des règles :"
    " tables « sources » et « regles » ; licence de chaque couche : table « licences »."
)


def _credit(row: Texts) -> str:
    return f"{credit_of(row)}{_vintage(row)}"


def _vintage(row: Texts) -> str:
    return f" ({row['vintage']})" if row["vintage"] else ""
