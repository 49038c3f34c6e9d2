"""The nomenclature of artificial land as dated data: codes, cells, categories, exemptions."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from itertools import chain
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from pipeline.legal_values import Dated, Strict

EVERY_OTHER = "*"
Category = Annotated[StrictInt, Field(ge=1, le=10)]
Cell = tuple[str, str]


class LandCategory(Strict):
    """A category of the annex to article R. 101-1, and the status it gives."""

    number: Category
    label: str
    is_artificial: StrictBool
    is_sealed: StrictBool = Field(default=False, description="the local report counts it as sealed")


class LandCode(Strict):
    """
    A code of land cover or of land use.

    One that `read_as` others is coarser or finer than the nomenclature: it has no cell of its own.
    """

    code: str
    label: str
    is_sealed: StrictBool = Field(default=False, description="impermeable; a cover alone may be")
    read_as: tuple[str, ...] = ()


class LandCells(Strict):
    """Cells of the table cover × use that answer one category."""

    covers: tuple[str, ...] = Field(min_length=1)
    uses: Literal["*"] | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description='"*": every use that no other line gives these covers'
    )
    category: Category
    needs_review: bool
    reading: str | None = Field(default=None, description="how a silence of the text is read")

    @model_validator(mode="after")
    def _a_doubt_says_its_reading(self) -> Self:
        if self.needs_review and self.reading is None:
            msg = f"{', '.join(self.covers)} : needs_review demande reading (la lecture retenue)"
            raise ValueError(msg)
        return self

    @property
    def named_uses(self) -> tuple[str, ...]:
        """Uses written one by one; none for `"*"`."""
        return self.uses if isinstance(self.uses, tuple) else ()

    def listed(self) -> Iterator[Cell]:
        """Yield the cells written one by one; none for `"*"`."""
        yield from ((cover, use) for cover in self.covers for use in self.named_uses)


class LandExemption(Dated):
    """
    Land that the authority may hold for not artificial, place by place.

    `conditions` are ids of rules; whether a place meets them is for the service to say, explicitly
    when `is_declared`: no map shows them.
    """

    code: str
    label: str
    article: str
    needs_review: bool
    admits: tuple[Category, ...] = Field(min_length=1)
    conditions: tuple[str, ...] = ()
    is_declared: bool = False
    cells: tuple[LandCells, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _keeps_to_what_the_text_admits(self) -> Self:
        for line in self.cells:
            if line.category not in self.admits:
                msg = f"{self.code} : catégorie {line.category}° hors de {self.admits}"
                raise ValueError(msg)
            if line.uses == EVERY_OTHER:
                msg = f'{self.code} : une exemption nomme ses usages, sans "*"'
                raise ValueError(msg)
        _refuse_two_answers(self.cells)
        return self

    @cached_property
    def categories(self) -> dict[Cell, int]:
        """Category of each cell that the exemption moves."""
        return {cell: line.category for line in self.cells for cell in line.listed()}


class LandNomenclature(Dated):
    """Cover × use → category → artificial or not, whole: one answer to each cell."""

    article: str
    categories: tuple[LandCategory, ...]
    cover_codes: tuple[LandCode, ...]
    use_codes: tuple[LandCode, ...]
    cells: tuple[LandCells, ...]
    exemptions: tuple[LandExemption, ...] = ()

    @model_validator(mode="after")
    def _codes_are_known_once(self) -> Self:
        for codes in (self.cover_codes, self.use_codes):
            _refuse_twice("code", (item.code for item in codes))
            known = set(_with_cells(codes))
            for item in codes:
                _refuse_unknown(f"{item.code} (read_as)", set(item.read_as) - known)
        _refuse_twice("catégorie", (str(item.number) for item in self.categories))
        _refuse_twice("exemption", (item.code for item in self.exemptions))
        return self

    @model_validator(mode="after")
    def _lines_use_what_is_listed(self) -> Self:
        covers, uses = set(_with_cells(self.cover_codes)), set(_with_cells(self.use_codes))
        numbers = {item.number for item in self.categories}
        exempting = (line for exemption in self.exemptions for line in exemption.cells)
        for line in (*self.cells, *exempting):
            _refuse_unknown("cells.covers", set(line.covers) - covers)
            _refuse_unknown("cells.uses", set(line.named_uses) - uses)
            if line.category not in numbers:
                msg = f"catégorie {line.category}° utilisée mais absente de categories"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _each_cell_has_one_answer(self) -> Self:
        _refuse_two_answers(self.cells)
        defaults = (line.covers for line in self.cells if line.uses == EVERY_OTHER)
        _refuse_twice('ligne "*" de la couverture', chain.from_iterable(defaults))
        for cover in _with_cells(self.cover_codes):
            for use in _with_cells(self.use_codes):
                if (cover, use) not in self.answers:
                    msg = f"{cover} × {use} : aucune catégorie"
                    raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _an_exemption_frees_artificial_land(self) -> Self:
        sealed = {item.code for item in self.cover_codes if item.is_sealed}
        for exemption in self.exemptions:
            for (cover, use), category in exemption.categories.items():
                before, after = (
                    self.status[self.answers[cover, use].category],
                    self.status[category],
                )
                if not before or after or cover in sealed:
                    msg = (
                        f"{exemption.code} : {cover} × {use} n'est pas un sol perméable et"
                        f" artificialisé que la catégorie {category}° rend non artificialisé"
                    )
                    raise ValueError(msg)
        return self

    @cached_property
    def answers(self) -> dict[Cell, LandCells]:
        """The line that answers each cell of the codes that have some."""
        found = {cell: line for line in self.cells for cell in line.listed()}
        for line in self.cells:
            if line.uses == EVERY_OTHER:
                for cover in line.covers:
                    for use in _with_cells(self.use_codes):
                        found.setdefault((cover, use), line)
        return found

    @cached_property
    def status(self) -> dict[int, bool]:
        """Whether each category is artificial."""
        return {item.number: item.is_artificial for item in self.categories}

    @property
    def doubtful_cells(self) -> int:
        """Number of cells whose reading is to be confirmed."""
        return sum(line.needs_review for line in self.answers.values())

    @property
    def needs_review(self) -> bool:
        """Tell whether the reading of some cell is to be confirmed."""
        return self.doubtful_cells > 0

    def on(self, day: date) -> Self:
        """Return the nomenclature with the exemptions that are in force on `day`."""
        kept = tuple(item for item in self.exemptions if item.covers(day))
        return self.model_copy(update={"exemptions": kept})


def expand(codes: Iterable[LandCode]) -> dict[str, tuple[str, ...]]:
    """Return the codes with cells that each code stands for: itself, or those it is read as."""
    return {item.code: item.read_as or (item.code,) for item in codes}


def _with_cells(codes: Iterable[LandCode]) -> tuple[str, ...]:
    return tuple(item.code for item in codes if not item.read_as)


def _refuse_unknown(where: str, codes: set[str]) -> None:
    if codes:
        msg = f"{where} : code {', '.join(sorted(codes))} utilisé mais non listé"
        raise ValueError(msg)


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            msg = f"{what} {name} écrite deux fois"
            raise ValueError(msg)
        seen.add(name)


def _refuse_two_answers(lines: Iterable[LandCells]) -> None:
    cells = (f"{cover} × {use}" for line in lines for cover, use in line.listed())
    _refuse_twice("case", cells)
