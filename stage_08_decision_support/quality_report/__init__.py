"""The quality of one window's data as a person reads it: numbers, a page, pictures."""

from stage_08_decision_support.quality_report.metrics import (
    SymbolQuality,
    completeness,
    quality_document,
    symbol_quality,
)
from stage_08_decision_support.quality_report.page import (
    quality_report_html,
    quality_sections,
    quality_stylesheet,
    write_quality_report,
)

__all__ = [
    "SymbolQuality",
    "completeness",
    "quality_document",
    "quality_report_html",
    "quality_sections",
    "quality_stylesheet",
    "symbol_quality",
    "write_quality_report",
]
