"""A contract of our own for import-linter."""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class StandardLibraryOnly(Contract):
    """The modules and everything below them import the standard library and the project itself, nothing else."""

    modules = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001  # their signature
        """Find the imports of packages that are neither."""
        roots: list[str] = list(self.modules)  # type: ignore[call-overload]  # import-linter puts the value there
        ours = {importer for root in roots for importer in (root, *graph.find_descendants(root))}
        foreign = [
            (importer, imported)
            for importer in sorted(ours)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if imported.split(".")[0] not in sys.stdlib_module_names | {"app"}
        ]
        return ContractCheck(kept=not foreign, metadata={"foreign": foreign})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each of them."""
        for importer, imported in check.metadata["foreign"]:
            output.print_error(f"{importer} imports {imported}")
