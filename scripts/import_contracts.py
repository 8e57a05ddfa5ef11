"""Project-specific contracts for import-linter."""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class StandardLibraryOnly(Contract):
    """The modules, and all modules below them, import only the standard library and the project.

    ``except_modules`` may import more.
    """

    modules = fields.ListField(subfield=fields.StringField())
    except_modules = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001  # import-linter's signature
        """Find imports of other packages."""
        roots: list[str] = list(self.modules)  # type: ignore[call-overload]  # import-linter puts the value there
        others = {*(self.except_modules or ())}  # type: ignore[misc]  # as above
        ours = {importer for root in roots for importer in (root, *graph.find_descendants(root))} - others
        forbidden = [
            (importer, imported)
            for importer in sorted(ours)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if imported.split(".")[0] not in sys.stdlib_module_names | {"app"}
        ]
        return ContractCheck(kept=not forbidden, metadata={"forbidden": forbidden})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each forbidden import."""
        for importer, imported in check.metadata["forbidden"]:
            output.print_error(f"{importer} imports {imported}")


class OneDirection(Contract):
    """A module of ``inner`` that ``outer`` needs, directly or not, imports nothing of ``outer``."""

    inner = fields.StringField()
    outer = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001  # import-linter's signature
        """Find modules of ``inner`` that break this rule."""
        inner, outer = str(self.inner), str(self.outer)
        ports = {outer, *graph.find_descendants(outer)}
        values = {inner, *graph.find_descendants(inner)} & {
            needed for port in ports for needed in graph.find_upstream_modules(port)
        }
        violations = [
            (value, port)
            for value in sorted(values)
            for port in sorted(ports & graph.find_modules_directly_imported_by(value))
        ]
        return ContractCheck(kept=not violations, metadata={"violations": violations})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each violation."""
        for value, port in check.metadata["violations"]:
            output.print_error(f"{value} imports {port}, and a port needs {value}")
