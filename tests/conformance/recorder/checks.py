"""Things that ought to be so, said one a line as they are found to be, or not."""

import difflib


class Checks:
    def __init__(self) -> None:
        self.failed = 0

    def that(self, what: str, holds: bool, otherwise: object = "") -> None:
        print(f"{'ok    ' if holds else 'FAILED'} {what}" + ("" if holds or otherwise == "" else f": {otherwise}"))
        self.failed += not holds

    def same(self, what: str, expected: list[str], found: list[str]) -> None:
        self.that(what, expected == found)
        if expected != found:
            print("\n".join(difflib.unified_diff(expected, found, "expected", "found", lineterm="", n=0)))

    def exit_code(self) -> int:
        print(f"{self.failed} of the checks failed" if self.failed else "all checks passed")
        return 1 if self.failed else 0
