"""CSV files: Géorisques (ISO-8859-1), Mérimée (`|`), owners (DGFiP), files of the service (`;`)."""

from pathlib import Path

import shapely
from frame import to_lambert, to_lon_lat
from town import Feature, Item, Parcel, Town

_ICPE_HEADER = (
    "codeAiot;raisonSociale;adresse1;adresse2;adresse3;codePostal;codeInsee;commune;codeNaf;"
    "numeroSiret;coordonneeX;coordonneeY;systemeCoordonnees;longitude;latitude;bovins;porcs;"
    "volailles;carriere;eolienne;industrie;prioriteNationale;statutSeveso;ied;serviceAiot;"
    "etatActivite;regimeVigueur;url"
)
_RUBRIQUE_HEADER = (
    "codeAiot;numeroRubrique;nature;alinea;regimeAutoriseAlinea;quantiteTotale;unite;dateMotif"
)
_MERIMEE_HEADER = (
    "Reference|Titre_editorial_de_la_notice|Denomination_de_l_edifice|Typologie_de_la_protection|"
    "Date_et_typologie_de_la_protection|Commune_forme_editoriale|COG_Insee_lors_de_la_protection|"
    "Departement_format_numerique|coordonnees_au_format_WGS84"
)
_OWNER_HEADER = (  # « Contenance » twice, as the DGFiP writes it: the file is read by position
    "Département;Code Direction;Code Commune;Nom de la commune;Préfixe;Section;N° plan;N° voirie;"
    "Indice de répétition;Code voie MAJIC;Code voie rivoli;Nature voie;Nom voie;Contenance;SUF;"
    "Nature culture;Contenance;Code droit;N° MAJIC;N° SIREN;Groupe personne;Forme juridique;"
    "Forme juridique abrégée;Dénomination"
)
_DOSSIER_COLUMNS = (
    "x", "y", "demande_autorisation_le", "travaux_le", "surface_refaite_m2",
    "renovation_lourde", "absent_le", "concession", "contrat_le", "acompte_le", "commande_le",
    "panneaux_performants", "delai_accorde_au", "ouvert_au_public", "batiment_l171_4", "pente_pct",
    "poids_lourds_3t5", "marchandises_dangereuses", "cout_invoque", "suppression_autorisee_le",
)  # fmt: skip


def write_installations(folder: Path, town: Town) -> None:
    """Write the two files of a Géorisques extract that speak of sites and headings."""
    names = {commune.tags["code"]: commune.tags["nom"] for commune in town.communes}
    sites = [_ICPE_HEADER, *(_site(item, names) for item in town.installations)]
    headings = [_RUBRIQUE_HEADER, *(_heading(item) for item in town.installations)]
    for name, lines in (("InstallationClassee.csv", sites), ("rubriqueIC.csv", headings)):
        (folder / name).write_bytes(("\r\n".join(lines) + "\r\n").encode("iso-8859-1"))


def write_monuments(path: Path, town: Town) -> None:
    """Write the register of monuments: the castle, known better by its servitude, and a chapel."""
    names = {commune.tags["code"]: commune.tags["nom"] for commune in town.communes}
    rows = [
        _monument("PA62999001", "Château", monument, "62999", names) for monument in town.monuments
    ] + [
        _monument("PA62998001", "Chapelle", chapel, chapel.tags["commune"], names)
        for chapel in town.chapels
    ]
    path.write_text("\n".join([_MERIMEE_HEADER, *rows]) + "\n", encoding="utf-8")


def write_owners(path: Path, town: Town) -> None:
    """Write the parcels of legal persons, in the 24 columns of the DGFiP; most are not listed."""
    names = {commune.tags["code"]: commune.tags["nom"] for commune in town.communes}
    rows = [
        _right(parcel, town.persons[owner], names)
        for parcel in town.parcels
        for owner in parcel.owners
    ]
    path.write_text("\n".join([_OWNER_HEADER, *rows]) + "\n", encoding="utf-8")


def write_dossiers(path: Path, town: Town) -> None:
    """Write what the service knows of some car parks, each told by a point inside it."""
    rows = [";".join(_DOSSIER_COLUMNS), *(_dossier(item) for item in town.dossiers)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _right(parcel: Parcel, person: Item, names: dict[str, str]) -> str:
    area, form = round(parcel.geometry.area), person["form"]
    return (
        f"{parcel.commune[:2]};0;{parcel.commune[2:]};{names[parcel.commune].upper()};;"
        f"{parcel.section};{parcel.number};;;;;;;{area};A;S - Sols;{area};P - Propriétaire;;"
        f"{person['siren']};{person['group']};{form};{form.split(' - ')[1]};{person['name']}"
    )


def _dossier(item: Feature) -> str:
    x, y = shapely.get_coordinates(to_lambert(shapely.centroid(item.geometry)))[0]
    told = {"x": f"{x:.1f}", "y": f"{y:.1f}"} | item.tags
    unknown = set(told) - set(_DOSSIER_COLUMNS)
    if unknown:
        raise ValueError(unknown)
    return ";".join(str(told.get(column, "")) for column in _DOSSIER_COLUMNS)


def _site(installation: Feature, names: dict[str, str]) -> str:
    tags = installation.tags
    code = tags.get("commune", "62999")
    x, y = shapely.get_coordinates(to_lambert(installation.geometry))[0]
    lon, lat = shapely.get_coordinates(to_lon_lat(installation.geometry))[0]
    return (
        f'"{tags["code"]}";"{tags["name"]}";"Zone d\'activités";;;"62999";"{code}";{names[code]};'
        f'"25";;{x:.0f};{y:.0f};"2154";{lon:.6f};{lat:.6f};false;false;false;false;false;true;'
        f'false;"Non Seveso";false;"DREAL HdF";"En exploitation avec titre";{tags["regime"]};'
    )


def _heading(installation: Feature) -> str:
    tags = installation.tags
    return (
        f'"{tags["code"]}";"{tags["rubrique"]}";"Activité principale";"1";{tags["regime"]};'
        '"1000.000";"kW";"01/02/2024"'
    )


def _monument(
    reference: str, kind: str, monument: Feature, code: str, names: dict[str, str]
) -> str:
    lon, lat = shapely.get_coordinates(to_lon_lat(shapely.centroid(monument.geometry)))[0]
    return (
        f"{reference}|{monument.tags['name']}|{kind}|inscrit MH|1999/05/04 : inscrit MH|"
        f"{names[code]}|{code}|62|{lat:.6f}, {lon:.6f}"
    )
