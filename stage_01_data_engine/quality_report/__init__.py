"""The quality of one window's data as a page for a person: one HTML file, pictures included."""

from stage_01_data_engine.quality_report.page import quality_report_html, write_quality_report

__all__ = ["quality_report_html", "write_quality_report"]
